"""The impact question of each measure of a tracer study: effects, their pre-trends and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.number_format import figure
from mismes_eval.evaluation.attempt import attempted, made_of
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.tracer_study import (
    LEE,
    LEE_SELECTED,
    OTHERS,
    TREATED,
    Result,
    Tracing,
    not_alike,
)
from mismes_eval.impact.bounds.lee import lee_bounds
from mismes_eval.impact.did.base_design import on_base
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.numerics.did import Method
from mismes_eval.tracer import TracerPanel
from mismes_eval.tracer.attrition import Adjustment
from mismes_eval.tracer.outcomes import PARTICIPANTS, Outcome, selected

WORK, HOME, ABROAD = "employed", "employed_home", "employed_abroad"


@dataclass(frozen=True)
class Effects:
    """The impact question of one measure: outcome and wave -> effect; pre-trend tests; what stands
    beside the headline.

    bounds: outcomes that not everybody has (use of skills, of those in work) -> Lee bounds of the
    effect on those who have it either way.
    abroad: effects on work abroad: those on work anywhere less those on work at home, where the
    study follows both, so that the three add up.
    """

    measure: str
    by_wave: Mapping[tuple[str, object], Result]
    unadjusted: Mapping[tuple[str, object], Result]
    pre: Mapping[str, Result]
    beside: Mapping[str, Result]
    n_treated: int
    n_comparison: int
    bounds: Mapping[tuple[str, object], tuple[Result, Result]] = field(default_factory=dict)
    abroad: Mapping[tuple[str, object], Result] = field(default_factory=dict)

    @property
    def stated(self) -> Mapping[tuple[str, object], Result]:
        """Every effect that tables state: those asked for, and those on work abroad behind those on
        work at home.
        """
        out = {}
        for (outcome, wave), found in self.by_wave.items():
            out[outcome, wave] = found
            if outcome == HOME and (ABROAD, wave) in self.abroad:
                out[ABROAD, wave] = self.abroad[ABROAD, wave]
        return out

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
                by_wave[outcome, w] = plain[outcome, w] = NotEstimable(not_alike(kind))
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
        abroad=_abroad(by_wave),
    )


def _abroad(by_wave: Mapping[tuple[str, object], Result]) -> dict[tuple[str, object], Result]:
    """The effects on work abroad, where those on work anywhere and at home were asked for and those
    on work abroad were not.
    """
    found = {}
    for (outcome, wave), anywhere in by_wave.items():
        at_home = by_wave.get((HOME, wave))
        if outcome != WORK or at_home is None or (ABROAD, wave) in by_wave:
            continue
        found[ABROAD, wave] = made_of(anywhere, partial(_less, at_home))
    return found


def _less(part: Result, whole: Estimate) -> Result:
    """The rest of an effect beside one of its parts."""
    return made_of(part, partial(_rest, whole))


def _rest(whole: Estimate, part: Estimate) -> Estimate:
    rest = np.array([[1.0, -1.0]])
    made = on_base([whole, part]).through(lambda both: rest @ both, rest, (ABROAD,))
    same_persons = replace(made, n=np.minimum(whole.n, part.n))
    return same_persons.annotated(kind="effect", unit=whole.unit, definition=whole.definition)


def _selected_bounds(panel: TracerPanel, outcome: str, wave: object) -> tuple[Result, Result]:
    """Lee bounds with having the outcome as the selection, on the weights of those who answered."""
    if outcome not in panel.long.columns:
        absent = NotEstimable(f"the tracer study has no column '{outcome}'")
        return absent, absent
    has = selected(panel, outcome, wave)
    name = f"{outcome}@{wave}"

    def bounded() -> Estimate:
        sample = panel.weight_sample([wave]).with_columns(
            {name: panel.values(outcome, wave), "_has": has}
        )
        return lee_bounds(sample, name, TREATED, "_has")

    return _lower_and_upper(attempted(bounded), LEE_SELECTED)


def _lower_and_upper(both: Result, definition: str) -> tuple[Result, Result]:
    if isinstance(both, NotEstimable):
        return both, both
    stated = both.annotated(kind="effect", definition=definition)
    return stated.select([0]), stated.select([1])


def _beside(
    params: Params, study: Tracing, panel: TracerPanel, covariates: tuple[str, ...]
) -> dict[str, Result]:
    """The main effect by other estimators, with attrition ignored, and against the year before
    enrolment instead of enrolment.
    """
    outcome, wave = params.impact.main_outcome, params.impact.main_wave
    dates = (study.baseline, wave)
    complete = complete_cases(panel)

    def other(data: TracerPanel, method: Method) -> Estimate:
        study.comparable(outcome)
        return att_2x2(data, outcome, TREATED, dates, covariates, method)

    out = {name: attempted(partial(other, panel, method)) for method, name in OTHERS.items()}
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

    return _lower_and_upper(attempted(bounded), LEE)


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
