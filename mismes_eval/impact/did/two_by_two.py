"""ATT from two periods: panels, wide samples and repeated cross-sections, with the survey, the
calibration and the attrition in its standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.estimate.domains import no_negative_weights, numbers, require, yes_no
from mismes_eval.estimate.estimate import Estimate, Part
from mismes_eval.impact.did.breaks import refuse_between
from mismes_eval.impact.did.two_periods import (
    outcome_pair,
    pair_of,
    period_pair,
    side_by_side,
)
from mismes_eval.numerics.averages import arms
from mismes_eval.numerics.did import METHODS, Effect, Method, compared, cross_sections, panel
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.logit import Separation
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.covariates import unreadable
from mismes_eval.weighting.nonresponse import named_effects
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample

NAMES = {
    "dr": "doubly robust",
    "dr_improved": "doubly robust, improved",
    "ipw": "inverse probability weighted, normalised",
    "ipw_ht": "inverse probability weighted, not normalised",
    "or": "outcome regression",
    "none": "difference of mean changes",
}
EXTREME = 0.995
PROPENSITY = ("dr", "dr_improved", "ipw", "ipw_ht")


@runtime_checkable
class PanelLike(Protocol):
    """What an impact estimator needs of a tracer panel."""

    @property
    def sample(self) -> Sample:
        """One row a person at enrolment."""
        ...

    @property
    def waves(self) -> tuple[object, ...]:
        """Waves in time order."""
        ...

    def values(self, column: str, wave: object) -> Float:
        """(n,) a column at a wave, NaN where not observed."""
        ...

    def weight_sample(self, waves: Sequence[object] | None = None) -> Sample:
        """The sample after the attrition steps of these waves; persons lost keep their row with
        weight 0.
        """
        ...


def refuse_other(data: object, caller: str) -> None:
    """Raise IdentificationError for what is neither a Sample nor a panel."""
    if not isinstance(data, Sample | PanelLike):
        made = (
            "Make one: Sample.from_frame(frame, weights=...), or TracerPanel.from_frame(frame,"
            " ...)."
        )
        raise IdentificationError(
            Problem(
                f"{caller} takes a Sample or a tracer panel",
                "first argument",
                "one of them",
                f"a {type(data).__name__}",
                made,
            )
        )


def att_2x2(
    data: Sample | PanelLike,
    outcome: str | tuple[str, str],
    treated: str,
    time: str | tuple[object, object] | None = None,
    covariates: Sequence[str] = (),
    method: Method = "dr",
    series_breaks: Sequence[float] = (),
    acknowledge_breaks: bool = False,
) -> Estimate:
    """Average effect on the treated by difference-in-differences with two periods.

    Parameters
    ----------
    data : a tracer panel with time=(wave before, wave after), which a panel of two waves does not
        need; or a Sample with one row a unit and outcome=("y_before", "y_after"); or a long Sample
        with `time`, a column with two values (repeated cross-sections).
    treated : boolean or 0/1 column.  covariates : columns known before treatment; categories become indicators, an intercept is always there.
    method : "dr", "dr_improved" (Sant'Anna and Zhao 2020), "ipw" (normalised), "ipw_ht" (Abadie
        2005), "or" (regression), "none" (no covariates).
    series_breaks : first periods of new series: one between the two periods stops the run unless
        acknowledge_breaks.

    Returns
    -------
    Estimate "ATT" in the outcome's units, on the design's degrees of freedom. Rows with weight 0
    (lost, outside the domain) stay in the design.

    Raises
    ------
    IdentificationError : no treated or no comparison rows, missing outcomes among rows with weight,
        separation, collinear covariates.

    References
    ----------
    Sant'Anna and Zhao (2020), Journal of Econometrics 219, 101-122. The variance is the design's,
    not the iid one.
    """
    refuse_other(data, "att_2x2")
    if method not in METHODS:
        raise IdentificationError(
            Problem(
                "unknown method", "argument 'method'", f"one of {', '.join(METHODS)}", repr(method)
            )
        )
    if isinstance(covariates, str):
        covariates = (covariates,)
    time = pair_of(data, time)  # type: ignore[assignment]
    notes = refuse_between(data, time, series_breaks, acknowledge_breaks)
    return _by_layout(data, outcome, treated, time, covariates, method).annotated(notes=notes)


def _by_layout(
    data: Sample | PanelLike,
    outcome: str | tuple[str, str],
    treated: str,
    time: str | tuple[object, object] | None,
    covariates: Sequence[str],
    method: Method,
) -> Estimate:
    """A panel, a wide sample, or repeated cross-sections."""
    if not isinstance(data, Sample):
        sample, names = side_by_side(data, outcome, time)
        return _of_changes(sample, names, treated, covariates, method)
    if not isinstance(outcome, str):
        if time is not None:
            raise IdentificationError(
                Problem(
                    "a wide sample has no time column",
                    "argument 'time'",
                    "None with outcome=(before, after)",
                    repr(time),
                )
            )
        return _of_changes(data, outcome_pair(outcome), treated, covariates, method)
    if not isinstance(time, str):
        raise IdentificationError(
            Problem(
                "repeated cross-sections need a time column",
                "argument 'time'",
                "the name of a column with two values",
                repr(time),
            )
        )
    return _of_cross_sections(data, outcome, treated, time, covariates, method)


def _of_changes(
    sample: Sample,
    outcome: tuple[str, str],
    treated: str,
    covariates: Sequence[str],
    method: Method,
) -> Estimate:
    require(sample, [*outcome, treated, *covariates], "att_2x2")
    inside, d = sample.active, treated_column(sample, treated)
    change = numbers(sample, outcome[1], "att_2x2") - numbers(sample, outcome[0], "att_2x2")
    w = np.where(inside, sample.weights, 0.0)
    _refuse_one_sided([("", inside)], d, treated)
    x, names = design_matrix(sample, covariates, inside, method)
    change = np.where(inside, change, 0.0)
    size = max(float(np.abs(numbers(sample, c, "att_2x2")).max()) for c in outcome)
    effect, part = _fitted(lambda v: panel(v, d, change, x, method), sample, w, names, method)
    return _settled(
        _estimate(
            sample,
            effect,
            replace(part, averages=arms(w, compared(d, effect))),
            d,
            f"{outcome[0]} to {outcome[1]}",
            covariates,
            method,
            "one row a unit",
        ),
        size,
    )


def _of_cross_sections(
    sample: Sample, outcome: str, treated: str, time: str, covariates: Sequence[str], method: Method
) -> Estimate:
    require(sample, [outcome, treated, time, *covariates], "att_2x2")
    inside, d = sample.active, treated_column(sample, treated)
    periods = period_pair(sample, time)
    post = np.where(inside, (sample.frame[time] == periods[1]).to_numpy(float, na_value=0.0), 0.0)
    y = numbers(sample, outcome, "att_2x2")
    w = np.where(inside, sample.weights, 0.0)
    _refuse_one_sided(
        [(f" in {time} {periods[k]}", inside & (post == k)) for k in (0, 1)], d, treated
    )
    x, names = design_matrix(sample, covariates, inside, method)
    size = float(np.abs(y).max())
    effect, part = _fitted(
        lambda v: cross_sections(v, d, post, y, x, method), sample, w, names, method
    )
    return _settled(
        _estimate(
            sample,
            effect,
            replace(part, averages=arms(w, compared(d, effect, post))),
            d,
            f"{outcome}, {periods[0]} to {periods[1]}",
            covariates,
            method,
            "repeated cross-sections",
        ),
        size,
    )


def treated_column(sample: Sample, column: str) -> Float:
    """(n,) a 0/1 column, 0 outside the domain; anything else in it is refused."""
    return yes_no(sample, column, "att_2x2", "treatment is not yes or no", IdentificationError)


def _refuse_one_sided(parts: Sequence[tuple[str, Bool]], d: Float, column: str) -> None:
    problems = []
    for where, rows in parts:
        treated, compared = int((d[rows] == 1).sum()), int((d[rows] == 0).sum())
        if not treated or not compared:
            problems.append(
                Problem(
                    f"no {'treated' if not treated else 'comparison'} rows{where}",
                    f"column '{column}'",
                    "both groups",
                    f"{treated} treated, {compared} comparison",
                )
            )
    if problems:
        raise IdentificationError(problems)


def design_matrix(
    sample: Sample, covariates: Sequence[str], inside: Bool, method: Method
) -> tuple[Float, tuple[str, ...]]:
    """(n, q) intercept and covariates, categories as indicators, 0 outside, and their names;
    missing values are refused.
    """
    gone = [c for c in dict.fromkeys(covariates) if sample.frame.loc[inside, c].isna().any()]
    if gone:
        raise IdentificationError(
            [
                Problem(
                    "a covariate is missing",
                    f"column '{c}'",
                    "a value in every row of the domain that carries weight",
                    "missing",
                    "Narrow the domain, or make missing a category.",
                    int(sample.frame.loc[inside, c].isna().sum()),
                )
                for c in gone
            ]
        )
    unread = unreadable(sample.frame, list(covariates), inside)
    if unread:
        raise IdentificationError(unread)
    if covariates and method in PROPENSITY:
        no_negative_weights(sample, f"method '{method}'")
    if covariates and method == "none":
        raise IdentificationError(
            Problem(
                "method 'none' takes no covariates",
                "argument 'covariates'",
                "()",
                ", ".join(covariates),
            )
        )
    rows, names = named_effects(sample.frame, list(covariates), inside)
    return rows.values, names


def _fitted(
    estimator: Callable[[Float], Effect],
    sample: Sample,
    w: Float,
    names: Sequence[str],
    method: Method,
) -> tuple[Effect, Part]:
    """The effect, and the part that carries its variance: influence, and in replicate designs the
    effect fitted anew in each replicate.
    """
    where = ""
    try:
        effect = estimator(w)
        where = " in a replicate"
        each = (
            None
            if sample.design.replicates is None
            else replicated(sample, lambda v: np.array([estimator(v).att]))
        )
    except Separation as error:
        raise IdentificationError(
            Problem(
                f"the comparison cannot be fitted{where}",
                f"covariates {', '.join(names[1:]) or 'none'}, method '{method}'",
                "overlap between the groups and covariates that are not collinear",
                error.named(names),
                "Merge categories, drop a covariate, or choose a comparison group that overlaps.",
            )
        ) from error
    return effect, Part(
        sample.design,
        Influence.of(np.where(w > 0, effect.z, 0.0)),
        each,
        None if each is None else np.array([effect.att]),
    )


def _settled(e: Estimate, size: float) -> Estimate:
    """The estimate; where its error is the rounding of outcomes of this size, without error, and 0
    where it is as small itself: their ratio would be a finding.
    """
    if not e.se[0] <= 1e-13 * size:
        return e
    value = np.array([0.0 if abs(e.value[0]) <= 1e-13 * size else e.value[0]])
    return replace(
        e.through(lambda _: value, np.zeros((1, 1)), e.names),
        keys=e.keys,
        n=e.n,
        dof=e.dof,
        extra=e.extra,
    )


def _estimate(
    sample: Sample,
    effect: Effect,
    part: Part,
    d: Float,
    what: str,
    covariates: Sequence[str],
    method: Method,
    kind: str,
) -> Estimate:
    inside = sample.active
    treated, compared = int((d[inside] == 1).sum()), int((d[inside] == 0).sum())
    notes = [
        f"Difference-in-differences, {NAMES[method]}, {kind}; covariates:"
        f" {', '.join(covariates) or 'none'}; {treated:,} treated and {compared:,} comparison rows."
    ]
    extreme = 0.0
    if effect.propensity is not None and covariates:
        compare = inside & (d == 0)
        extreme = float(
            sample.weights[compare & (effect.propensity > EXTREME)].sum()
            / sample.weights[compare].sum()
        )
        if extreme > 0:
            notes.append(
                f"Weak overlap: {100 * extreme:.1f}% of the comparison weight has a propensity"
                f" above {EXTREME}; nothing was trimmed."
            )
    keys = pd.DataFrame({"variable": [what]})
    return Estimate(
        np.array([effect.att]),
        ("ATT",),
        (part,),
        keys,
        np.array([float(inside.sum())]),
        np.array([sample.degf]),
        "effect",
        definition="Average effect of the treatment on the treated.",
        notes=(*notes, *sample.notes),
        extra={
            "n_treated": treated,
            "n_comparison": compared,
            "method": method,
            "extreme_overlap": extreme,
            "propensity": effect.propensity,
        },
    )
