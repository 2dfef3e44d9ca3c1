"""The tracer study of a run: panel with its design and attrition, one impact question a measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    InputError,
    Problem,
    in_column,
    in_columns,
    in_place,
    named,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.params import Params, of_known
from mismes_eval.evaluation.reading import mended_in_the_file
from mismes_eval.evaluation.survey import SYNTHETIC
from mismes_eval.message import Message
from mismes_eval.numerics.did import Method
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.tracer import TracerPanel, attrition_weights, read
from mismes_eval.tracer.outcomes import PARTICIPANTS, Outcome, composites
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable
TREATED = "_treated"


@dataclass(frozen=True)
class Tracing:
    """panel: all persons; measures: their ids; measure: column that names them; baseline and waves
    as in the params, the panel's only ones; months: wave -> months since enrolment; unused: waves of
    the data that the params do not name; outcomes: what each one is.
    """

    panel: TracerPanel
    measures: tuple[str, ...]
    measure: str
    baseline: object
    waves: tuple[object, ...]
    months: Mapping[object, float]
    source: str
    services: pd.DataFrame | None
    unused: tuple[object, ...] = ()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    kept: dict[str, TracerPanel] = field(default_factory=dict, repr=False, compare=False)

    @property
    def sample(self) -> Sample:
        """The persons at enrolment."""
        return self.panel.sample

    @property
    def published_basis(self) -> Message:
        """How the variance of the study is taken, as reports say it."""
        return self.sample.design.published_basis

    def of(self, measure: str) -> TracerPanel:
        """The panel with one measure's treated and comparison persons as its domain."""
        if measure not in self.kept:
            mine = (
                (self.panel.sample.frame[self.measure].astype("string") == measure)
                .fillna(False)
                .to_numpy(bool)
            )
            self.kept[measure] = self.panel.where(mine)
        return self.kept[measure]

    @cached_property
    def home_currency(self) -> str | None:
        """The currency of earnings, where the panel names one for those at home."""
        long = self.panel.long
        if not {"earn_currency", "abroad"} <= set(long.columns):
            return None
        at_home = pd.to_numeric(long["abroad"], errors="coerce") == 0
        named = long.loc[at_home, "earn_currency"].dropna().astype(str).unique()
        return str(named[0]) if len(named) == 1 else None

    def responded(self, wave: object) -> Bool:
        """(n,) who answered a wave."""
        return self.panel.responded[:, self.panel.waves.index(wave)]

    def values(self, outcome: str, wave: object) -> Float:
        """(n,) an outcome at a wave, NaN where the study has no number."""
        if outcome not in self.panel.long.columns:
            return np.full(self.panel.n, np.nan)
        value = self.panel.values(outcome, wave)
        return value if value.dtype != object else np.full(self.panel.n, np.nan)

    def comparable(self, outcome: str) -> None:
        """Raises EstimateError where a difference in an outcome is none of the same persons."""
        kind = self.outcomes.get(outcome, Outcome(outcome))
        if not kind.comparable:
            raise EstimateError(not_alike(kind))

    def fielded(self, wave: object) -> Bool:
        """(n,) who is not pending at a wave, nor outside its fieldwork."""
        return ~self.panel.outside[:, self.panel.waves.index(wave)]


def followed(params: Params) -> TracerPanel | None:
    """The files of the tracer study that a run names, with the outcomes that are made of their
    columns; None where none is supplied.
    """
    inputs = params.inputs
    persons, waves, outcomes = inputs.tracer_person, inputs.tracer_wave, inputs.tracer_outcome
    if persons is None:
        return None
    if waves is None or outcomes is None:
        raise InputError(
            Problem(
                "the tracer study is not complete",
                params.where("inputs.tracer_person"),
                "tracer_person, tracer_wave and tracer_outcome",
            )
        )
    with mended_in_the_file():
        panel = read(
            persons,
            waves,
            outcomes,
            inputs.tracer_service,
            inputs.tracer_episode,
            weights=params.tracer.weights,
            strata=_columns(params, "tracer.strata"),
            psu=_columns(params, "tracer.psu"),
        )
    return panel


def _columns(params: Params, key: str) -> tuple[str, ...] | None:
    """The columns that a key names; none where it is refused: what the files hold is found all the
    same.
    """
    given = () if key in params.refused else params[key]
    assert isinstance(given, tuple)
    return given or None


def tracing(params: Params, panel: TracerPanel | None = None) -> Tracing | None:
    """The tracer study that a run names; None where none is supplied. panel: its files, where they
    have been read.
    """
    panel = followed(params) if panel is None else panel
    if panel is None:
        return None
    persons = params.inputs.tracer_person
    assert persons is not None
    person = panel.sample.frame
    treated = params.tracer.treated
    measure = params.tracer.measure
    missing = [
        column
        for column in (treated, measure, params.tracer.weights)
        if column not in person.columns
    ]
    InputError.refuse(
        Problem(
            "the tracer study lacks a column",
            in_place(persons.name, in_column(column)),
            "a column of tracer_person",
        )
        for column in missing
    )
    arm = _arm(person[treated], persons.name).to_numpy()
    _one_arm(person, treated, persons.name)
    flags = (SYNTHETIC,) if params.synthetic else ()
    panel = replace(panel, sample=panel.sample.with_columns({TREATED: arm}).flagged(*flags))
    covariates = params.tracer.attrition_covariates
    panel, outcomes = composites(_employed(panel, params.impact.outcomes), _outcomes(params))
    InputError.refuse(
        of_known((partial(_known, params, person), partial(_unknown_waves, params, panel.waves)))
    )
    panel = attrition_weights(panel, covariates)
    measures = params.tracer.measures or tuple(
        sorted(person.loc[arm == 1, measure].dropna().astype(str).unique())
    )
    named = panel.chosen((params.tracer.baseline, *params.tracer.waves))
    place = [panel.place(wave) for wave in named]
    return Tracing(
        panel=replace(panel, waves=named, row=panel.row[:, place]),
        measures=measures,
        measure=measure,
        baseline=params.tracer.baseline,
        waves=params.tracer.waves,
        months=_months(panel),
        source=persons.name,
        services=panel.services,
        unused=tuple(wave for wave in panel.waves if wave not in named),
        outcomes=outcomes,
    )


def _unknown_waves(params: Params, there: Sequence[object]) -> list[Problem]:
    """Waves of the params that the data do not have, each by its key."""
    asked = {"tracer.baseline": (params.tracer.baseline,), "tracer.waves": params.tracer.waves}
    problems = []
    for key, waves in asked.items():
        lost = [str(wave) for wave in waves if wave not in there]
        if lost:
            expected = worded("waves {waves}", {"waves": ", ".join(map(str, there))})
            what = "a wave of the params is not in the data"
            where = params.where(key)
            problems.append(Problem(what, where, expected, ", ".join(lost)))
    return problems


def _outcomes(params: Params) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*params.impact.outcomes, params.impact.main_outcome)))


def _known(params: Params, person: pd.DataFrame) -> list[Problem]:
    """Covariates of the attrition model that are no column of the persons."""
    covariates = params.tracer.attrition_covariates
    lost = [covariate for covariate in covariates if covariate not in person.columns]
    if not lost:
        return []
    return [
        Problem(
            what="the persons lack a covariate of the attrition model",
            where=params.where("tracer.attrition_covariates"),
            expected="columns of tracer_person",
            got=", ".join(lost),
            fix=worded(
                "Name what the file has and what was known at enrolment; it has: {columns}.",
                {"columns": ", ".join(map(str, person.columns))},
            ),
        )
    ]


def _employed(panel: TracerPanel, outcomes: Sequence[str]) -> TracerPanel:
    """The outcome 'employed' from the labour status, where the outcome file has the template's
    columns only; every estimate's note says so.
    """
    if (
        "employed" not in outcomes
        or "employed" in panel.long.columns
        or "lstatus" not in panel.long.columns
    ):
        return panel
    status = panel.long["lstatus"].astype("Float64")
    made = panel.long.assign(
        employed=status.eq(1).astype("Float64").mask(status.isna()).astype(float)
    )
    return replace(
        panel,
        long=made,
        sample=panel.sample.flagged("Outcome 'employed': labour status 1 at the wave."),
    )


def _arm(column: pd.Series, file: str) -> pd.Series:
    known = {
        "T": 1.0,
        "C": 0.0,
        "1": 1.0,
        "0": 0.0,
        "True": 1.0,
        "False": 0.0,
        "1.0": 1.0,
        "0.0": 0.0,
    }
    out = column.astype("string").map(known).astype(float)
    bad = out.isna().to_numpy()
    InputError.refuse(
        Problem(
            what="the arm is neither treated nor comparison",
            where=in_place(file, in_column(column.name)),
            expected="T or C",
            got=named(column[bad]),
        ).where_true(bad, 2)
    )
    return out


def _one_arm(person: pd.DataFrame, chosen: str, file: str) -> None:
    """Raises InputError where the two columns that say who was treated contradict each other."""
    if not {"arm", "treated"} <= set(person.columns):
        return
    arm, treated = _arm(person["arm"], file), _arm(person["treated"], file)
    apart = (arm != treated).to_numpy(bool)
    InputError.refuse(
        Problem(
            what="two columns say different things about who was treated",
            where=in_place(file, in_columns("arm", "treated")),
            expected="T with 1, C with 0",
            got=worded("persons in one arm by one column and in the other by the other"),
            fix=worded(
                "Correct them, or leave one out: the report goes by '{chosen}'.",
                {"chosen": chosen},
            ),
        ).where_true(apart, 2)
    )


def _months(panel: TracerPanel) -> dict[object, float]:
    """Median months from enrolment to each wave's target date, or to its fieldwork where no target
    is stated.
    """
    column = next(
        (column for column in ("target_date", "fieldwork_date") if column in panel.long.columns),
        None,
    )
    if column is None:
        return {w: float("nan") for w in panel.waves}
    date = pd.to_datetime(panel.long[column])
    first = date.groupby(panel.long[panel.unit]).transform("min")
    return {
        w: float(months)
        for w, months in (
            ((date - first).dt.days / 30.4375)
            .groupby(panel.long[panel.wave])
            .median()
            .round(0)
            .items()
        )
    }


_HAVE_IT = {
    "employed": "only persons in work have it",
    "business": "only owners of a business have it",
    "home": "only persons at home are asked",
    PARTICIPANTS: "only participants are asked: there is nothing to compare with",
}


def not_alike(outcome: Outcome) -> str:
    """Why a difference between the arms would be no effect."""
    why = _HAVE_IT[outcome.universe]
    if outcome.universe == PARTICIPANTS:
        return why
    return (
        f"{why}, and who that is may depend on the measure: a difference between the arms would not"
        " be of the same persons; see the bounds"
    )


LEE_SELECTED = (
    "Effect on those who have the outcome with the measure and without it (Lee bounds): the measure"
    " moves who has it in one direction only."
)
LEE = (
    "Effect for those observed whatever their treatment; observation depends on treatment in one"
    " direction only."
)
OTHERS: Mapping[Method, str] = {
    "dr_improved": "doubly robust, improved",
    "ipw": "inverse probability weighting, normalised",
    "or": "outcome regression",
}
