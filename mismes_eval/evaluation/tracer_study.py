"""The tracer study of a run: panel with its design and attrition, one impact question a measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    InputError,
    Problem,
    at_key,
    in_column,
    in_columns,
    in_place,
    in_section,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.number_format import figure
from mismes_eval.evaluation.attempt import attempted
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.survey import SYNTHETIC
from mismes_eval.impact.bounds.lee import lee_bounds
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.numerics.did import Method
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.tracer import TracerPanel, attrition_weights, read
from mismes_eval.tracer.attrition import Adjustment
from mismes_eval.tracer.outcomes import PARTICIPANTS, Outcome, composites, selected

Result = Estimate | NotEstimable
TREATED = "_treated"


@dataclass(frozen=True)
class Tracing:
    """panel: all persons; measures: their ids; measure: column that names them; baseline and waves
    as in the params; months: wave -> months since enrolment; outcomes: what each one is.
    """

    panel: TracerPanel
    measures: tuple[str, ...]
    measure: str
    baseline: object
    waves: tuple[object, ...]
    months: Mapping[object, float]
    source: str
    services: pd.DataFrame | None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    kept: dict[str, TracerPanel] = field(default_factory=dict, repr=False, compare=False)

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
            raise EstimateError(_not_alike(kind))

    def fielded(self, wave: object) -> Bool:
        """(n,) who is not pending at a wave, nor outside its fieldwork."""
        return ~self.panel.outside[:, self.panel.waves.index(wave)]


@dataclass(frozen=True)
class Effects:
    """The impact question of one measure: outcome and wave -> effect; pre-trend tests; what stands
    beside the headline.

    bounds: outcomes that not everybody has (use of skills, of those in work) -> Lee bounds of the
    effect on those who have it either way.
    """

    measure: str
    by_wave: Mapping[tuple[str, object], Result]
    unadjusted: Mapping[tuple[str, object], Result]
    pre: Mapping[str, Result]
    beside: Mapping[str, Result]
    n_treated: int
    n_comparison: int
    bounds: Mapping[tuple[str, object], tuple[Result, Result]] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """outcome, wave, value, se, ci_low, ci_high and, where there is no number, the reason."""
        rows = []
        for (outcome, wave), found in self.by_wave.items():
            numbers = (
                {}
                if isinstance(found, NotEstimable)
                else found.to_frame()[["value", "se", "ci_low", "ci_high"]].iloc[0].to_dict()
            )
            rows.append(
                {
                    "outcome": outcome,
                    "wave": wave,
                    **numbers,
                    "why not": found.reason if isinstance(found, NotEstimable) else "",
                }
            )
        return pd.DataFrame(
            rows, columns=["outcome", "wave", "value", "se", "ci_low", "ci_high", "why not"]
        )

    def _repr_html_(self) -> str:
        head = (
            f"<p><strong>Effects of {escape(self.measure)}</strong>: {self.n_treated:,} treated and"
            f" {self.n_comparison:,} comparison persons</p>"
        )
        return head + self.to_frame().to_html(index=False, float_format=figure, na_rep="")


def tracing(params: Params) -> Tracing | None:
    """The tracer study that a run names; None where none is supplied."""
    persons, waves_file, outcomes_file = (
        params.inputs.tracer_person,
        params.inputs.tracer_wave,
        params.inputs.tracer_outcome,
    )
    if persons is None:
        return None
    if waves_file is None or outcomes_file is None:
        raise InputError(
            Problem(
                "the tracer study is not complete",
                in_place("params", in_section("inputs")),
                "tracer_person, tracer_wave and tracer_outcome",
            )
        )
    panel = read(
        persons,
        waves_file,
        outcomes_file,
        params.inputs.tracer_service,
        params.inputs.tracer_episode,
        weights=params.tracer.weights,
        strata=params.tracer.strata or None,
        psu=params.tracer.psu or None,
    )
    person = panel.sample.frame
    treated = params.tracer.treated
    measure = params.tracer.measure
    missing = [
        column
        for column in (treated, measure, params.tracer.weights)
        if column not in person.columns
    ]
    if missing:
        raise InputError(
            [
                Problem(
                    "the tracer study lacks a column",
                    in_place(persons.name, in_column(column)),
                    "a column of tracer_person",
                )
                for column in missing
            ]
        )
    arm = _arm(person[treated], persons.name).to_numpy()
    _one_arm(person, treated, persons.name)
    flags = (SYNTHETIC,) if params.synthetic else ()
    panel = replace(panel, sample=panel.sample.with_columns({TREATED: arm}).flagged(*flags))
    covariates = params.tracer.attrition_covariates
    _known(covariates, person, params.source)
    panel, outcomes = composites(_employed(panel, params.impact.outcomes), _outcomes(params))
    panel = attrition_weights(panel, covariates)
    measures = params.tracer.measures or tuple(
        sorted(person.loc[arm == 1, measure].dropna().astype(str).unique())
    )
    waves = params.tracer.waves
    unknown = [w for w in (params.tracer.baseline, *waves) if w not in panel.waves]
    if unknown:
        raise InputError(
            Problem(
                "a wave of the params is not in the data",
                in_place("params", in_section("tracer")),
                worded("waves {waves}", {"waves": panel.waves}),
                ", ".join(map(str, unknown)),
            )
        )
    return Tracing(
        panel=panel,
        measures=measures,
        measure=measure,
        baseline=params.tracer.baseline,
        waves=waves,
        months=_months(panel),
        source=persons.name,
        services=panel.services,
        outcomes=outcomes,
    )


def _outcomes(params: Params) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*params.impact.outcomes, params.impact.main_outcome)))


def _known(covariates: Sequence[str], person: pd.DataFrame, source: str) -> None:
    """Every covariate of the attrition model is a column of the persons."""
    where, fix = (
        in_place(source, at_key("tracer.attrition_covariates")),
        (
            worded(
                "Name what the file has and what was known at enrolment; it has: {columns}.",
                {"columns": ", ".join(map(str, person.columns))},
            )
        ),
    )
    gone = [covariate for covariate in covariates if covariate not in person.columns]
    if gone:
        raise InputError(
            Problem(
                what="the persons lack a covariate of the attrition model",
                where=where,
                expected="columns of tracer_person",
                got=", ".join(gone),
                fix=fix,
            )
        )


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
    if bad.any():
        raise InputError(
            Problem(
                what="the arm is neither treated nor comparison",
                where=in_place(file, in_column(column.name)),
                expected="T or C",
                got=str(column[bad].iloc[0]),
                count=int(bad.sum()),
            )
        )
    return out


def _one_arm(person: pd.DataFrame, chosen: str, file: str) -> None:
    """Raises InputError where the two columns that say who was treated contradict each other."""
    if not {"arm", "treated"} <= set(person.columns):
        return
    arm, treated = _arm(person["arm"], file), _arm(person["treated"], file)
    apart = (arm != treated).to_numpy(bool)
    if apart.any():
        raise InputError(
            Problem(
                what="two columns say different things about who was treated",
                where=in_place(file, in_columns("arm", "treated")),
                expected="T with 1, C with 0",
                got=worded("persons in one arm by one column and in the other by the other"),
                fix=worded(
                    "Correct them, or leave one out: the report goes by '{chosen}'.",
                    {"chosen": chosen},
                ),
            ).in_rows(np.flatnonzero(apart) + 2)
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


def effects(params: Params, study: Tracing, measure: str) -> Effects:
    """Difference-in-differences of every outcome and wave of one measure. A number that cannot be
    had is NotEstimable with the reason.
    """
    panel = study.of(measure)
    covariates = params.impact.covariates
    method = params.impact.method
    by_wave: dict[tuple[str, object], Result] = {}
    plain: dict[tuple[str, object], Result] = {}
    lost_ignored = complete_cases(panel)
    bounds: dict[tuple[str, object], tuple[Result, Result]] = {}
    for outcome in params.impact.outcomes:
        kind = study.outcomes.get(outcome, Outcome(outcome))
        for w in study.waves:
            if not kind.comparable:
                by_wave[outcome, w] = plain[outcome, w] = NotEstimable(_not_alike(kind))
                if kind.universe != PARTICIPANTS:
                    bounds[outcome, w] = _selected_bounds(panel, outcome, w)
                continue
            dates = (study.baseline, w)
            by_wave[outcome, w] = attempted(
                partial(att_2x2, panel, outcome, TREATED, dates, covariates, method)
            )
            plain[outcome, w] = attempted(
                partial(att_2x2, lost_ignored, outcome, TREATED, dates, (), "none")
            )
    pre = {
        str(outcome): _pre_trend(study, panel, str(outcome), str(column), covariates, method)
        for outcome, column in params.impact.pre.items()
    }
    inside = panel.sample.active
    treated = panel.sample.frame[TREATED].to_numpy(float)
    beside = _beside(params, study, panel, covariates)
    return Effects(
        measure=measure,
        by_wave=by_wave,
        unadjusted=plain,
        pre=pre,
        beside=beside,
        n_treated=int((treated[inside] == 1).sum()),
        n_comparison=int((treated[inside] == 0).sum()),
        bounds=bounds,
    )


_HAVE_IT = {
    "employed": "only persons in work have it",
    "business": "only owners of a business have it",
    "home": "only persons at home are asked",
    PARTICIPANTS: "only participants are asked: there is nothing to compare with",
}


def _not_alike(outcome: Outcome) -> str:
    """Why a difference between the arms would be no effect."""
    why = _HAVE_IT[outcome.universe]
    if outcome.universe == PARTICIPANTS:
        return why
    return (
        f"{why}, and who that is may depend on the measure: a difference between the arms would not"
        " be of the same persons; see the bounds"
    )


def _selected_bounds(panel: TracerPanel, outcome: str, wave: object) -> tuple[Result, Result]:
    """Lee bounds with having the outcome as the selection, on the weights of those who answered."""
    if outcome not in panel.long.columns:
        absent = NotEstimable(f"the tracer study has no column '{outcome}'")
        return absent, absent
    has, name = selected(panel, outcome, wave), f"{outcome}@{wave}"

    def bounded() -> Estimate:
        sample = panel.weight_sample([wave]).with_columns(
            {name: panel.values(outcome, wave), "_has": has}
        )
        return lee_bounds(sample, name, TREATED, "_has")

    both = attempted(bounded)
    if isinstance(both, NotEstimable):
        return both, both
    stated = both.annotated(kind="effect", definition=LEE_SELECTED)
    return stated.select([0]), stated.select([1])


LEE_SELECTED = (
    "Effect on those who have the outcome with the measure and without it (Lee bounds): the measure"
    " moves who has it in one direction only."
)
LEE = (
    "Effect for those observed whatever their treatment; observation depends on treatment in one"
    " direction only."
)
_OTHERS: Mapping[Method, str] = {
    "dr_improved": "doubly robust, improved",
    "ipw": "inverse probability weighting, normalised",
    "or": "outcome regression",
}


def _beside(
    params: Params, study: Tracing, panel: TracerPanel, covariates: tuple[str, ...]
) -> dict[str, Result]:
    """The main effect by other estimators, with attrition ignored, and against the year before
    enrolment instead of enrolment.
    """
    outcome, wave = params.impact.main_outcome, params.impact.main_wave
    dates, complete = (study.baseline, wave), complete_cases(panel)

    def other(data: TracerPanel, method: Method) -> Estimate:
        study.comparable(outcome)
        return att_2x2(data, outcome, TREATED, dates, covariates, method)

    out: dict[str, Result] = {
        name: attempted(partial(other, panel, method)) for method, name in _OTHERS.items()
    }
    out["doubly robust, attrition ignored"] = attempted(partial(other, complete, "dr"))
    low, high = _bounds(study, panel, outcome, wave)
    out["bounds under selective loss (Lee), level after the measure: lower"] = low
    out["bounds under selective loss (Lee), level after the measure: upper"] = high
    before = params.impact.pre.get(outcome)
    if before is not None and str(before) in panel.sample.frame.columns:
        out["doubly robust, from a year before enrolment"] = attempted(
            lambda: _from_before(study, panel, outcome, str(before), wave, covariates)
        )
    return out


def _bounds(
    study: Tracing, panel: TracerPanel, outcome: str, wave: object
) -> tuple[Result, Result]:
    """Lee bounds of the difference in levels at a wave, on enrolment weights: what selective loss
    alone could have made of it.
    """
    value = study.values(outcome, wave)
    name = f"{outcome}@{wave}"
    sample = panel.sample.where(study.fielded(wave)).with_columns(
        {name: value, "_seen": np.isfinite(value) & study.responded(wave)}
    )

    def bounded() -> Estimate:
        study.comparable(outcome)
        return lee_bounds(sample, name, TREATED, "_seen")

    both = attempted(bounded)
    if isinstance(both, NotEstimable):
        return both, both
    said = both.annotated(kind="effect", definition=LEE)
    return said.select([0]), said.select([1])


def _from_before(
    study: Tracing,
    panel: TracerPanel,
    outcome: str,
    before: str,
    wave: object,
    covariates: tuple[str, ...],
) -> Estimate:
    """Long baseline: an Ashenfelter dip at enrolment does not enter."""
    study.comparable(outcome)
    sample = panel.weight_sample([study.baseline, wave])
    wide = sample.with_columns({f"{outcome}@{wave}": panel.values(outcome, wave)})
    seen = (
        np.isfinite(wide.frame[f"{outcome}@{wave}"].to_numpy(float))
        & wide.frame[before].notna().to_numpy()
    )
    return att_2x2(wide.where(seen), (before, f"{outcome}@{wave}"), TREATED, None, covariates, "dr")


def _pre_trend(
    study: Tracing,
    panel: TracerPanel,
    outcome: str,
    before: str,
    covariates: tuple[str, ...],
    method: Method,
) -> Result:
    """The same estimator where no effect can be: from a year before enrolment to enrolment."""
    if before not in panel.sample.frame.columns:
        return NotEstimable(f"the tracer study has no column '{before}'")
    at = study.values(outcome, study.baseline)
    sample = panel.sample.with_columns({f"{outcome} at enrolment": at})
    seen = np.isfinite(at) & sample.frame[before].notna().to_numpy()
    return attempted(
        lambda: att_2x2(
            sample.where(seen),
            (before, f"{outcome} at enrolment"),
            TREATED,
            None,
            covariates,
            method,
        )
    )


def complete_cases(panel: TracerPanel) -> TracerPanel:
    """The panel with attrition ignored."""
    return panel.with_adjustment(Adjustment.none())
