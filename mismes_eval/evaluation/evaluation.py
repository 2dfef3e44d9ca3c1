"""Evaluation: everything a country report speaks of, computed once from its params."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from typing import TypeVar

import pandas as pd

from mismes_eval import inventory as inventories
from mismes_eval import lfs
from mismes_eval.errors import (
    InputError,
    MismesError,
    ParamsError,
    Problem,
    in_column,
    in_place,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Span, Verdict
from mismes_eval.evaluation.analysis_plan import read_plan
from mismes_eval.evaluation.contradictions import listed
from mismes_eval.evaluation.conversion import RESTS
from mismes_eval.evaluation.demands import of_designs, of_measures, of_survey, of_tracer
from mismes_eval.evaluation.designs import Beside, beside
from mismes_eval.evaluation.evaluator_words import evaluator_words
from mismes_eval.evaluation.heterogeneity import ForWhom, for_whom
from mismes_eval.evaluation.idle_keys import idle
from mismes_eval.evaluation.lottery import Lottery, lottery
from mismes_eval.evaluation.measure_costs import Money
from mismes_eval.evaluation.params import Params, of_known
from mismes_eval.evaluation.published_figures import published_figures
from mismes_eval.evaluation.reading import mended_in_the_file, own_table
from mismes_eval.evaluation.rollout import Rollout, earlier_round, rollout
from mismes_eval.evaluation.said_by_key import said_by_key
from mismes_eval.evaluation.sensitivity import Doubt, doubt, few_clusters, wild_spans
from mismes_eval.evaluation.study import Study, study
from mismes_eval.evaluation.survey import Survey, survey
from mismes_eval.evaluation.tracer_effects import Effects, effects
from mismes_eval.evaluation.tracer_study import Tracing, followed, tracing
from mismes_eval.frame.summary_html import as_html, as_text
from mismes_eval.lfs.catalogue import chosen
from mismes_eval.lfs.context import Context
from mismes_eval.lfs.indicators import indicators_of, shared_by_all
from mismes_eval.message import Message
from mismes_eval.public import held
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable
T = TypeVar("T")
NO_BREAKDOWN = "the file has no column for a breakdown by {names}"


OF_TRUTH = ("source", "measure_id", "outcome", "wave", "att", "n_treated_population")


@dataclass(frozen=True)
class Evaluation:
    """The evidence of one run. What was not supplied is None and the report says so."""

    params: Params
    survey: Survey | None
    tracing: Tracing | None
    inventory: inventories.Inventory | None
    study: Study | None
    lottery: Lottery | None
    rollout: Rollout | None
    truth: pd.DataFrame | None
    targets: pd.DataFrame | None
    earlier: Sample | None = None
    kept: dict[tuple[str, ...], Mapping[str, Result]] = field(default_factory=dict, repr=False)
    verdicts: dict[str, tuple[Effects, Verdict | None]] = field(
        init=False, default_factory=dict, repr=False
    )  # by measure, with the effect that each is on
    spent: dict[str, tuple[Tracing, Effects, Money]] = field(
        init=False, default_factory=dict, repr=False
    )  # by measure, with the study and the effect whose costs they are
    wider: dict[tuple[str, str, object], tuple[Result, tuple[Span, ...]]] = field(
        init=False, default_factory=dict, repr=False
    )  # by measure, outcome and wave, with the effect that each is of

    def facts(self) -> dict[str, object]:
        """Each kind of evidence in a few words."""
        survey, tracing, i = self.survey, self.tracing, self.inventory
        none = "not supplied"
        return {
            "labour force survey": (
                none
                if survey is None
                else (
                    f"{survey.sample.n:,} persons ({survey.source}), {survey.sample.design.psus:,} PSUs or what"
                    " stands for them"
                )
            ),
            "tracer study": (
                none
                if tracing is None
                else (
                    f"{tracing.panel.n:,} persons, waves {', '.join(map(str, tracing.panel.waves))}; measures"
                    f" {', '.join(tracing.measures)}"
                )
            ),
            "inventory of measures": none if i is None else f"{len(i)} measures",
            "impact study": none if self.study is None else "supplied",
            "draw by lot": none if self.lottery is None else f"units in {self.lottery.file.source}",
            "roll-out over regions": (
                none if self.rollout is None else f"rounds in {self.rollout.source}"
            ),
        }

    def _repr_html_(self) -> str:
        survey = self.survey
        notes = () if survey is None else (survey.migrant, *survey.sample.notes)
        return as_html(f"Evaluation of {self.params.country}", self.facts(), notes)

    def __repr__(self) -> str:
        return as_text(f"Evaluation of {self.params.country}", self.facts())

    def indicators(
        self, by: tuple[str, ...] = (), which: tuple[str, ...] = ()
    ) -> Mapping[str, Result]:
        """LFS indicators of the calibrated survey, by the run's definition of a migrant; computed
        once for each breakdown.
        """
        if self.survey is None:
            return {}
        key = (*by, "|", *which)
        if key not in self.kept:
            frame = self.survey.sample.frame
            lacking = [name for name in by if not lfs.has_breakdown(frame, name)]
            if lacking:
                none = NotEstimable(Message(NO_BREAKDOWN, {"names": ", ".join(lacking)}))
                self.kept[key] = {i.id: none for i in chosen(list(which) or None)}
                return self.kept[key]
            self.kept[key] = indicators_of(self._shared, list(by) or None, list(which) or None)
        return self.kept[key]

    @cached_property
    def _shared(self) -> Context:
        """What all indicators of the survey, which must be there, share: statuses are told once."""
        survey = self.survey
        assert survey is not None
        return shared_by_all(
            survey.sample, survey.definition, survey.ages, absent=survey.absent, rates=self.rates
        )

    @cached_property
    def rates(self) -> Mapping[str, float] | None:
        """Units of each currency for one euro in the reference year, from the run's rate table;
        None where none is supplied.
        """
        return self._rates_of(self.params.year or 0)

    def _rates_of(self, year: int) -> dict[str, float] | None:
        table = _rates(self.params)
        if table is None:
            return None
        mine = table[table["year"].astype(float) == float(year)]
        return {
            str(currency): 1.0 / float(rate)
            for currency, rate in zip(mine["currency"], mine["eur_per_unit"], strict=True)
        } | {"EUR": 1.0}

    @cached_property
    def per_euro(self) -> float:
        """Units of the currency that costs are shown in for one euro, in the year of
        cost.price_year. Raises ParamsError where the run's rate table does not say.
        """
        currency, year = self.params.cost.currency, self.params.cost.price_year
        rates = (None if year is None else self._rates_of(year)) or {"EUR": 1.0}
        if currency in rates:
            return rates[currency]
        raise ParamsError(
            Problem(
                what="costs cannot be shown in this currency",
                where=self.params.where("cost.currency"),
                expected="EUR, or a currency that inputs.rates has for cost.price_year",
                got=worded("{currency}, {year}", {"currency": currency, "year": year or "no year"}),
                fix=worded("Rates are there for {rates}.", {"rates": ", ".join(sorted(rates))}),
            )
        )

    @cached_property
    def effects(self) -> tuple[Effects, ...]:
        """The impact question of every measure of the tracer study."""
        if self.tracing is None:
            return ()
        return tuple(effects(self.params, self.tracing, m) for m in self.tracing.measures)

    @cached_property
    def doubts(self) -> tuple[Doubt, ...]:
        """What can be held against the main effect of every measure of the tracer study."""
        if self.tracing is None:
            return ()
        return tuple(doubt(self.params, self.tracing, effect) for effect in self.effects)

    @cached_property
    def evaluated(self) -> frozenset[str]:
        """Measures whose effect this run estimates against a comparison group."""
        traced = {
            effect.measure
            for effect in self.effects
            if any(isinstance(found, Estimate) for found in effect.by_wave.values())
        }
        if self.rollout is not None and isinstance(self.rollout.overall, Estimate):
            traced.add(self.rollout.measure)
        return frozenset(traced)

    @property
    def main_cell(self) -> tuple[str, object]:
        """Main outcome and wave of a run."""
        impact = self.params.impact
        return impact.main_outcome, impact.main_wave

    @property
    def measures(self) -> tuple[str, ...]:
        """Measures, and the study file, whose effect this run asks for."""
        traced = () if self.tracing is None else self.tracing.measures
        rolled = () if self.rollout is None else (self.rollout.measure,)
        own = () if self.study is None else (self.study.source,)
        drawn = () if self.lottery is None else (self.lottery.measure,)
        return tuple(dict.fromkeys([*traced, *rolled, *own, *drawn]))

    def doubt_of(self, measure: str) -> Doubt | None:
        """What can be held against the main effect of one measure."""
        return next((found for found in self.doubts if found.measure == measure), None)

    def spans_beside(self, effect: Effects, outcome: str, wave: object) -> tuple[Span, ...]:
        """The intervals over clusters that stand beside the design's for the effect on an outcome
        at a wave; the widest of all speaks. Each is made once.
        """
        if self.tracing is None:
            return ()
        place = (effect.measure, outcome, wave)
        found = effect.stated.get((outcome, wave), NotEstimable("not asked for"))
        kept = self.wider.get(place)
        if kept is None or kept[0] is not found:
            panel = self.tracing.of(effect.measure)
            kept = (found, wild_spans(few_clusters(self.params, panel, found)))
            self.wider[place] = kept
        return kept[1]

    @cached_property
    def plan(self) -> pd.DataFrame | None:
        """The pre-analysis plan (`read_plan`); None where none is supplied."""
        return _planned(self.params)

    @cached_property
    def register(self) -> inventories.EvaluationRegister:
        """The evaluation register of the inventory, which must be there, at the end of the report's
        year, with what this report evaluates.
        """
        assert self.inventory is not None
        year = self.params.year or date.today().year
        return self.inventory.evaluation_due(date(year, 12, 31)).with_evaluated(self.evaluated)

    @cached_property
    def beside(self) -> tuple[Beside, ...]:
        """The designs that the params name beside the difference-in-differences."""
        if self.tracing is None:
            return ()
        return beside(self.params, self.tracing, self.survey, self.earlier)

    @cached_property
    def whom(self) -> ForWhom | None:
        """For whom the measures of the tracer study work; None without one."""
        return None if self.tracing is None else for_whom(self.params, self.tracing, self.inventory)


@held(ParamsError)
def evaluate(params: Params) -> Evaluation:
    """Read, weight and join the evidence that a run names; estimates are made when they are asked
    for.

    Raises
    ------
    InputError : everything that is wrong with the params and the files they name, at once.
    """
    found, problems = gather(params)
    InputError.refuse(problems)
    return found


def gather(params: Params) -> tuple[Evaluation, list[Problem]]:
    """The evidence as far as it can be read, and everything that stops a report from being made."""
    problems = idle(params)

    def tried(read: Callable[[Params], T | None], *sections: str) -> T | None:
        try:
            return read(params)
        except MismesError as error:
            problems.extend(said_by_key(params, error.problems, sections))
            return None

    panel = tried(followed, "tracer")
    traced = None if panel is None else tried(lambda p: tracing(p, panel), "tracer")
    found = Evaluation(
        params=params,
        survey=tried(survey, "design", "calibration", "mapping"),
        tracing=traced,
        inventory=tried(_inventory),
        study=tried(study, "study"),
        lottery=tried(lottery, "lottery", "study"),
        rollout=tried(rollout, "rollout", "design"),
        truth=tried(_truth),
        targets=tried(published_figures),
        earlier=tried(earlier_round, "rollout", "design"),
    )
    known = None if found.inventory is None else listed(found.inventory)
    measures = None if problems else found.measures
    tried(_rates)
    tried(_planned)
    tried(lambda _: found.per_euro)
    problems += of_known(
        (
            partial(of_survey, params, found.survey),
            partial(of_measures, params, known, measures),
            partial(of_tracer, params, panel, traced),
            partial(of_designs, params, panel, traced, found.survey, found.earlier),
            lambda: evaluator_words(params).problems,
        )
    )
    problems = [problem for problem in problems if problem.what != RESTS]
    evidence = ("lfs", "tracer_person", "inventory", "study", "lfs_rounds")
    if not (problems or params.refused or params.inputs.named(evidence)):
        expected = (
            "at least one of lfs, the tracer's person, wave and outcome files, inventory, study,"
            " lfs_rounds"
        )
        where = params.where("inputs")
        fix = "Fill a template in data_raw/ and name it."
        problems.append(Problem("no evidence is named", where, expected, fix=fix))
    return found, problems


def _inventory(params: Params) -> inventories.Inventory | None:
    path = params.inputs.inventory
    if path is None:
        return None
    with mended_in_the_file():
        out = inventories.read(path)
    contacts, decisions = (
        params.inputs.inventory_contacts,
        params.inputs.inventory_decisions,
    )
    if contacts is not None:
        out = replace(out, contacts=own_table(contacts, template="inventory_contact").frame)
    return out if decisions is None else out.decided(decisions)


def _rates(params: Params) -> pd.DataFrame | None:
    """The run's table of exchange rates; None where none is supplied."""
    path = params.inputs.rates
    return None if path is None else own_table(path, template="inventory_rate").frame


def _planned(params: Params) -> pd.DataFrame | None:
    """The pre-analysis plan; None where none is supplied."""
    path = params.inputs.analysis_plan
    return None if path is None else read_plan(path)


def _truth(params: Params) -> pd.DataFrame | None:
    path = params.inputs.truth
    if path is None:
        return None
    table = own_table(path).frame
    InputError.refuse(
        Problem(
            what="true effects lack a column",
            where=in_place(path.name, in_column(column)),
            expected=", ".join(OF_TRUTH),
        )
        for column in OF_TRUTH
        if column not in table.columns
    )
    return table
