"""Triple difference: the change of those whom a measure addresses where it ran, less three
comparisons that each miss one of the two conditions or both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    of_argument,
    unknown,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.impact.did.breaks import refuse_between
from mismes_eval.impact.did.two_by_two import (
    NAMES,
    design_matrix,
)
from mismes_eval.impact.did.two_periods import (
    TwoTimes,
    order_said,
    outcome_pair,
    pair_of,
    side_by_side,
    two_periods,
    waves_named,
)
from mismes_eval.numerics.averages import arms
from mismes_eval.numerics.did import METHODS, Effect, Method, cross_sections, panel
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.logit import Separation
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import public
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.columns import Number, YesNo, read, refuse_unknown
from mismes_eval.weighting.panel import PanelLike, refuse_other
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample

Fit = Callable[[Float, Float], Effect]


@public(EstimateError)
def triple_difference(
    data: Sample | PanelLike,
    outcome: str | tuple[str, str],
    treated: str,
    eligible: str,
    time: TwoTimes = None,
    covariates: Sequence[str] = (),
    method: Method = "dr",
    series_breaks: Sequence[float] = (),
    acknowledge_breaks: bool = False,
) -> Estimate:
    """Average effect on eligible units in treated places by the difference of two
    differences-in-differences.

    Parameters
    ----------
    data, outcome, time, covariates, method, series_breaks, acknowledge_breaks : as in `att_2x2`.
    treated : 0/1, the unit's place or arm has the measure.
    eligible : 0/1, the measure addresses the unit.

    Returns
    -------
    Estimate "ATT", and "placebo": the difference-in-differences among those not eligible, which
    bias common to both groups would show. Without covariates ATT is the difference-in-differences
    of the eligible less the placebo. With covariates all three comparisons stand at the covariates
    of eligible units in treated places; the difference of two separately adjusted estimates does
    not, and misses the effect where the groups differ in covariates.

    Raises
    ------
    IdentificationError : one of the four groups has no rows, separation, collinear covariates,
        missing values.

    References
    ----------
    Gruber (1994), American Economic Review 84, 622-641; Ortiz-Villavicencio and Sant'Anna (2025),
    Better understanding triple differences estimators.
    """
    refuse_other(data)
    IdentificationError.refuse(unknown("unknown method", "method", method, METHODS))
    covariates = listed_names(covariates)
    pair = pair_of(data, time)
    said = refuse_between(data, pair, series_breaks, acknowledge_breaks)
    ready = _prepared(data, outcome, [treated, eligible, *covariates], pair, covariates, method)
    sample, fit = ready.sample, ready.fit
    inside = sample.active
    c = read(sample, IdentificationError, d=YesNo(treated), e=YesNo(eligible))
    d, e = (np.where(inside, values, 0.0) for values in (c.d, c.e))
    groups = {(arm, side): inside & (d == arm) & (e == side) for arm in (0, 1) for side in (0, 1)}
    _refuse_empty(groups, ready.masks, treated, eligible)
    w = np.where(inside, sample.weights, 0.0)
    try:
        att, placebo, z = _effects(w, groups, fit)
        each = None
        if sample.design.replicates is not None:
            each = replicated(
                sample, lambda v: np.array(_effects(np.where(inside, v, 0.0), groups, fit)[:2])
            )
    except Separation as error:
        raise IdentificationError(
            Problem(
                what="a comparison cannot be fitted",
                where=worded(
                    "covariates {columns}, method '{method}'",
                    {"columns": ", ".join(ready.columns[1:]) or "none", "method": method},
                ),
                expected="overlap between the four groups, covariates not collinear",
                got=error.named(ready.columns),
                fix="Merge categories or drop a covariate.",
            )
        ) from error
    value = np.array([att, placebo])
    count = {group: int(rows.sum()) for group, rows in groups.items()}
    notes = (
        (
            f"Triple difference, {NAMES[method]}; covariates: {', '.join(covariates) or 'none'};"
            f" {count[1, 1]:,} eligible and {count[1, 0]:,} other rows in treated places,"
            f" {count[0, 1]:,} and {count[0, 0]:,} elsewhere."
        ),
    )
    keys = pd.DataFrame({"variable": [ready.what] * 2, "effect": ["ATT", "placebo"]})
    taken = arms(w, [rows.astype(float) for rows in groups.values()], 2)
    full = None if each is None else value
    part = Part(sample.design, Influence.of(z), each, full, averages=taken)
    n = np.array([float(inside.sum()), float(count[1, 0] + count[0, 0])])
    return Estimate(
        value=value,
        names=("ATT", "placebo"),
        parts=(part,),
        keys=keys,
        n=n,
        dof=np.full(2, sample.degf),
        kind="effect",
        definition="Average effect of the treatment on eligible treated units.",
        notes=(*notes, order_said(*ready.order), *said, *sample.notes),
        extra={"method": method},
    )


@dataclass(frozen=True)
class _Prepared:
    """fit: (weights, treated) -> Effect; what is measured; masks in which all four groups must
    occur; columns: names of the covariates'; order: before and after.
    """

    sample: Sample
    fit: Fit
    what: str
    masks: list[tuple[str, Bool]]
    columns: tuple[str, ...]
    order: tuple[str, str]


def _prepared(
    data: Sample | PanelLike,
    outcome: str | tuple[str, str],
    named: Sequence[str],
    time: TwoTimes,
    covariates: Sequence[str],
    method: Method,
) -> _Prepared:
    """A panel, a wide sample, or repeated cross-sections. named: the other columns of the call."""
    if not isinstance(data, Sample):
        sample, pair = side_by_side(data, outcome, time)
        ready = _of_changes(sample, pair, named, covariates, method)
        return replace(ready, order=waves_named(data, time))
    if isinstance(outcome, str):
        return _of_cross_sections(data, outcome, named, time, covariates, method)
    if time is not None:
        raise IdentificationError(
            Problem(
                "a wide sample has no time column",
                of_argument("time"),
                "None with outcome=(before, after)",
                repr(time),
            )
        )
    return _of_changes(data, outcome_pair(outcome), named, covariates, method)


def _of_changes(
    sample: Sample,
    pair: tuple[str, str],
    named: Sequence[str],
    covariates: Sequence[str],
    method: Method,
) -> _Prepared:
    refuse_unknown(sample, [*pair, *named])
    x, columns = design_matrix(sample, covariates, sample.active, method)
    data = read(sample, IdentificationError, before=Number(pair[0]), after=Number(pair[1]))
    change = np.where(sample.active, data.after - data.before, 0.0)
    return _Prepared(
        sample=sample,
        fit=lambda w, d: panel(w, d, change, x, method),
        what=f"{pair[0]} to {pair[1]}",
        masks=[("", sample.active)],
        columns=columns,
        order=pair,
    )


def _of_cross_sections(
    sample: Sample,
    outcome: str,
    named: Sequence[str],
    time: TwoTimes,
    covariates: Sequence[str],
    method: Method,
) -> _Prepared:
    refuse_unknown(sample, [outcome, *named])
    two = two_periods(sample, time, [outcome, *named])
    sample, post, order = two.sample, two.post, (two.before, two.after)
    inside = sample.active
    x, columns = design_matrix(sample, covariates, inside, method)
    y = np.where(inside, read(sample, IdentificationError, y=Number(outcome)).y, 0.0)
    masks = [(f" in {two.column} {p}", inside & (post == place)) for place, p in enumerate(order)]
    return _Prepared(
        sample=sample,
        fit=lambda w, d: cross_sections(w, d, post, y, x, method),
        what=f"{outcome}, {two.before} to {two.after}",
        masks=masks,
        columns=columns,
        order=order,
    )


def _effects(w: Float, groups: dict[tuple[int, int], Bool], fit: Fit) -> tuple[float, float, Float]:
    """ATT, placebo and influence (n, 2)."""
    target = groups[1, 1]
    z = np.zeros((w.size, 2))
    att = 0.0
    for sign, other in ((1, (1, 0)), (1, (0, 1)), (-1, (0, 0))):
        part = _compared(w, target, groups[other], fit)
        att += sign * part.att
        z[:, 0] += sign * part.z
    placebo = _compared(w, groups[1, 0], groups[0, 0], fit)
    z[:, 1] = placebo.z
    return att, placebo.att, z


def _compared(w: Float, one: Bool, other: Bool, fit: Fit) -> Effect:
    rows = one | other
    effect = fit(np.where(rows, w, 0.0), one.astype(float))
    return Effect(effect.att, np.where(rows, effect.z, 0.0), effect.propensity)


def _refuse_empty(
    groups: dict[tuple[int, int], Bool],
    periods: list[tuple[str, Bool]],
    treated: str,
    eligible: str,
) -> None:
    problems = [
        Problem(
            worded("one of the four groups has no rows{where}", {"where": where}),
            worded(
                "{treated} = {arm}, {eligible} = {side}",
                {"treated": treated, "arm": arm, "eligible": eligible, "side": side},
            ),
            "rows in all four groups",
            worded("none"),
        )
        for where, mask in periods
        for (arm, side), rows in groups.items()
        if not (rows & mask).any()
    ]
    IdentificationError.refuse(problems)
