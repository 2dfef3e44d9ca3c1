"""Worst-case (Manski) bounds, double sampling of the lost, and what an effect becomes when the lost
differ by a stated amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    in_column,
    in_place,
    of_argument,
    of_arguments,
    unknown,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.impact.bounds.partial_identification import both_arms, bounds_of, observed, part_of
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.public import public
from mismes_eval.weighting.columns import Kind, Stated, YesNo, refuse_unknown
from mismes_eval.weighting.domain import By, Domains, grouped, zero_outside
from mismes_eval.weighting.sample import Sample

Variance = Literal["design", "neyman"]


@dataclass(frozen=True, slots=True)
class _Rows:
    """w (n,) weights, 0 outside; d (n,) 1 treated; first (n,) observed at once; tried, second (n,):
    followed up, found; y (n,) outcome where observed.
    """

    w: Float
    d: Float
    first: Bool
    tried: Bool | None
    second: Bool | None
    y: Float
    neyman: bool


@public(EstimateError)
def manski_bounds(
    sample: Sample,
    outcome: str,
    treated: str,
    selected: str,
    low: float,
    high: float,
    attempted: str | None = None,
    recovered: str | None = None,
    poststratify: By = None,
    delta: float = 1.0,
    variance: Variance = "design",
) -> Estimate:
    """Bounds on the effect on everybody, when nothing is assumed of those whose outcome is missing
    but its range.

    Parameters
    ----------
    sample : one row a unit as assigned, also those not observed: weights from before any correction
        for loss.
    outcome : needed where `selected` or `recovered` is yes.
    treated, selected : boolean or 0/1.
    low, high : smallest and largest value the outcome can take.
    attempted, recovered : boolean or 0/1 columns of a random follow-up of the lost (double
        sampling): who was tried again, who was found. The found stand for the lost; only the share
        still missing among the tried is bounded.
    poststratify : columns; bounds in each combination, averaged with its share of the sample
        (shares treated as fixed).
    delta : share of the missing that take the worst value; the others have the mean of those seen
        at the same stage. 1: worst case, 0: missing at random.
    variance : "design", or "neyman": the closed form of a plain experiment (variances with n - 1 in
        each group, normal quantiles), refused for weights, strata or clusters.

    Returns
    -------
    Estimate "lower", "upper" in the outcome's units. extra["imbens_manski"]: 95% interval of the
    effect.

    Raises
    ------
    EstimateError : an observed outcome outside [low, high], missing or infinite among observed
        rows. IdentificationError : an arm (or cell) without observed rows.

    References
    ----------
    Manski (1990), AER Papers and Proceedings 80, 319-323; Coppock, Gerber, Green and Kern (2017),
    Political Analysis 25, 188-206.
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        raise EstimateError(
            Problem(
                "an outcome without ends has no worst case",
                of_arguments("low", "high"),
                "finite numbers",
                worded("{low:g}, {high:g}", {"low": low, "high": high}),
            )
        )
    rows, where = _read(
        sample,
        outcome,
        treated,
        selected,
        attempted,
        recovered,
        poststratify,
        low,
        high,
        delta,
        variance,
    )
    size = np.bincount(where.code, weights=rows.w, minlength=where.count + 1)[: where.count]

    def statistic(w: Float) -> tuple[Float, Float]:
        return _bounds(replace(rows, w=w), where.code, size / size.sum(), (low, high), delta)

    value, part = part_of(sample, statistic, rows.d, _observed(rows))
    how = (
        "double sampling and worst-case bounds"
        if attempted is not None
        else "worst-case (Manski) bounds"
    )
    if delta < 1:
        how += f", {100 * delta:g}% of the missing at the extreme"
    notes = [
        f"{how[0].upper()}{how[1:]} for outcomes between {low:g} and {high:g}; {_losses(rows)}."
    ]
    if poststratify is not None:
        notes.append(f"Averaged over {where.count} cells with fixed shares.")
    definition = Message(
        "Effect of '{t}' on '{o}' on everybody, whatever the missing outcomes are.",
        {"t": treated, "o": outcome},
        "definition",
    )
    return bounds_of(
        sample,
        value,
        part,
        outcome,
        definition,
        tuple(notes),
        {"delta": delta, "variance": variance},
        np.inf if variance == "neyman" else sample.degf,
    )


@public(EstimateError)
def delta_sensitivity(
    sample: Sample,
    outcome: str,
    treated: str,
    selected: str,
    shifts: Sequence[float],
    arm: Literal["treated", "comparison", "both"] = "treated",
) -> Estimate:
    """The effect if those not observed differ from the observed of their arm by a stated amount.

    Parameters
    ----------
    sample, outcome, treated, selected : as in manski_bounds.
    shifts : mean of the missing minus mean of the observed, in the outcome's units, one effect
        each.
    arm : whose missing are shifted; the missing of the other arm resemble its observed.

    Returns
    -------
    Estimate, one value a shift (keys: shift), with design standard errors; extra["tipping_shift"]:
    the shift at which the effect is 0.

    References
    ----------
    Little and Rubin (2019), Statistical Analysis with Missing Data, ch. 15 (pattern mixture).
    """
    EstimateError.refuse(unknown("unknown arm", "arm", arm, ("treated", "comparison", "both")))
    shift = np.asarray(list(shifts), float)
    if not shift.size or not np.isfinite(shift).all():
        raise EstimateError(
            Problem(
                "the shifts are not numbers",
                of_argument("shifts"),
                "one finite number or more",
                str(list(shifts)),
            )
        )
    rows, where = _read(
        sample, outcome, treated, selected, None, None, None, -np.inf, np.inf, 0.0, "design"
    )
    sign = {"treated": {1: 1.0}, "comparison": {0: -1.0}, "both": {1: 1.0, 0: -1.0}}[arm]

    def statistic(w: Float) -> tuple[Float, Float]:
        line, z_line = _shifted(replace(rows, w=w), where.code == 0, sign)
        powers = np.vstack([np.ones(shift.size), shift])
        return line @ powers, z_line @ powers

    value, part = part_of(sample, statistic, rows.d, _observed(rows))
    (effect, slope), _ = _shifted(rows, where.code == 0, sign)
    keys = pd.DataFrame({"variable": outcome, "shift": shift})
    notes = (
        (
            f"Missing of the {arm} arm{'s' if arm == 'both' else ''} shifted against the observed"
            f" of the arm; {_losses(rows)}."
        ),
        *sample.notes,
    )
    return Estimate(
        value=value,
        names=tuple(f"shift {amount:g}" for amount in shift),
        parts=(part,),
        keys=keys,
        n=np.full(shift.size, float(sample.active.sum())),
        dof=np.full(shift.size, sample.degf),
        kind="effect",
        definition=Message(
            "Effect of '{t}' on '{o}' for a stated difference of the missing.",
            {"t": treated, "o": outcome},
            "definition",
        ),
        notes=notes,
        extra={"tipping_shift": float(-effect / slope) if slope else float("inf")},
    )


def _bounds(
    rows: _Rows, code: Int, share: Float, ends: tuple[float, float], delta: float
) -> tuple[Float, Float]:
    """Value (2,) and influence (n, 2) of the bounds, averaged over cells with fixed shares."""
    low, high = ends
    value, z = np.zeros(2), np.zeros((code.size, 2))
    for cell, weight in enumerate(share):
        here = code == cell
        means = {
            (arm, fill): _arm(rows, here & (rows.d == arm), fill, delta)
            for arm in (0, 1)
            for fill in ends
        }
        for j, (up, down) in enumerate(((low, high), (high, low))):
            value[j] += weight * (means[1, up][0] - means[0, down][0])
            z[:, j] += weight * (means[1, up][1] - means[0, down][1])
    n = int((rows.w != 0).sum())
    return value, z * np.sqrt((n - 1) / n) if rows.neyman else z


def _shifted(rows: _Rows, here: Bool, sign: dict[int, float]) -> tuple[Float, Float]:
    """Effect without a shift and its change per unit of shift, (2,), with their influence (n, 2)."""
    (y1, z1), (y0, z0) = (_arm(rows, here & (rows.d == arm), 0.0, 0.0) for arm in (1, 0))
    slope = 0.0
    z_slope = np.zeros(here.size)
    for arm, factor in sign.items():
        of = here & (rows.d == arm)
        rate = float(rows.w[of & ~rows.first].sum() / rows.w[of].sum())
        slope += factor * rate
        z_slope = z_slope + factor * of * (~rows.first - rate) / rows.w[of].sum()
    return np.array([y1 - y0, slope]), np.column_stack([z1 - z0, z_slope])


def _arm(rows: _Rows, of: Bool, fill: float, delta: float) -> tuple[float, Float]:
    """Mean of an arm, and its influence (n,), when a share delta of the missing takes the value
    `fill` and the others the mean of those seen at their stage.
    """
    if rows.tried is None or rows.second is None:
        return _filled(rows, of, rows.first, fill, delta)
    size = rows.w[of].sum()
    p = float(rows.w[of & rows.first].sum() / size)
    z_p = of * (rows.first - p) / size
    y1, z1 = _filled(rows, of & rows.first, rows.first, fill, 0.0)
    if p >= 1:
        return y1, z1
    y2, z2 = _filled(rows, of & rows.tried, rows.second, fill, delta)
    return p * y1 + (1 - p) * y2, p * z1 + (1 - p) * z2 + (y1 - y2) * z_p


def _filled(rows: _Rows, of: Bool, seen: Bool, fill: float, delta: float) -> tuple[float, Float]:
    """Mean over rows `of` where the unseen are worth delta * fill + (1 - delta) * mean of the seen."""
    seen_there = of & seen
    size = rows.w[of].sum()
    size_seen = rows.w[seen_there].sum()
    p = float(size_seen / size)
    mean = float(rows.w[seen_there] @ rows.y[seen_there]) / size_seen
    stand_in = delta * fill + (1 - delta) * mean if delta else mean
    m = int(seen_there.sum())
    z_mean = (
        seen_there
        * (rows.y - mean)
        / size_seen
        * (np.sqrt(m / max(m - 1, 1)) if rows.neyman else 1.0)
    )
    z_p = of * (seen - p) / size
    share = p + (1 - p) * (1 - delta)
    z = share * z_mean + (mean - stand_in) * z_p
    if rows.neyman and 0 < delta < 1:
        raise EstimateError(
            Problem(
                "the closed form covers delta 0 and 1 only",
                of_argument("variance"),
                "'design' for a delta in between",
                "'neyman'",
            )
        )
    return share * mean + (delta * (1 - p) * fill if delta else 0.0), z


def _read(
    sample: Sample,
    outcome: str,
    treated: str,
    selected: str,
    attempted: str | None,
    recovered: str | None,
    by: By,
    low: float,
    high: float,
    delta: float,
    variance: str,
) -> tuple[_Rows, Domains]:
    caller = "manski_bounds"
    refuse_unknown(sample, [outcome, treated, selected])
    if problems := _argument_problems(sample, (low, high), delta, variance, attempted, recovered):
        raise EstimateError(problems)
    inside = sample.active
    again: dict[str, Kind] = {}
    if attempted is not None and recovered is not None:
        again = {"tried": YesNo(attempted), "second": YesNo(recovered)}
    where, data = grouped(
        sample,
        by,
        y=Stated(outcome, missing=True),
        d=YesNo(treated),
        first=YesNo(selected),
        **again,
    )
    (d,), first = zero_outside(sample, data.d), inside & (data.first == 1)
    tried = second = None
    if again:
        tried, second = inside & (data.tried == 1) & ~first, inside & (data.second == 1)
        stray = second & ~tried
        EstimateError.refuse(
            Problem(
                what="recovered rows that were not tried, or were observed at once",
                where=in_column(recovered),
                expected="attempted yes and selected no",
                got=worded("other rows"),
            ).where_true(stray)
        )
    seen = first if second is None else first | second
    y = observed(sample, outcome, seen, caller)
    outside = seen & ((y < low) | (y > high))
    if outside.any():
        raise EstimateError(
            Problem(
                what="outcomes outside their range",
                where=in_column(outcome),
                expected=worded("{low:g} to {high:g}", {"low": low, "high": high}),
                got=worded(
                    "{value:g} to {value2:g}",
                    {"value": y[outside].min(), "value2": y[outside].max()},
                ),
                fix="Widen low and high.",
            ).in_rows(np.flatnonzero(outside))
        )
    both_arms(inside, d, first, treated, caller)
    rows = _Rows(
        np.where(inside, sample.weights, 0.0), d, first, tried, second, y, variance == "neyman"
    )
    _refuse_empty_cells(rows, where, inside)
    return rows, where


def _argument_problems(
    sample: Sample,
    limits: tuple[float, float],
    delta: float,
    variance: str,
    attempted: str | None,
    recovered: str | None,
) -> list[Problem]:
    """What is wrong with the arguments, whatever the columns hold."""
    low, high = limits
    problems = []
    if not low < high:
        problems.append(
            Problem(
                "the range of the outcome is empty",
                of_arguments("low", "high"),
                "low < high",
                worded("{low:g}, {high:g}", {"low": low, "high": high}),
            )
        )
    if not 0 <= delta <= 1:
        problems.append(
            Problem(
                "delta is not a share",
                of_argument("delta"),
                "a number between 0 and 1",
                worded("{delta:g}", {"delta": delta}),
            )
        )
    problems += unknown("unknown variance", "variance", variance, ("design", "neyman"))
    if (attempted is None) != (recovered is None):
        problems.append(
            Problem(
                "double sampling needs both columns",
                of_arguments("attempted", "recovered"),
                "both or neither",
                worded(
                    "{attempted}, {recovered}",
                    {"attempted": repr(attempted), "recovered": repr(recovered)},
                ),
            )
        )
    design = sample.design
    plain = (
        not design.steps
        and design.strata == 1
        and design.level == "element"
        and design.replicates is None
        and np.ptp(sample.weights[sample.active]) == 0
        and sample.active.all()
    )
    if variance == "neyman" and not plain:
        problems.append(
            Problem(
                what="the closed form needs a plain experiment",
                where=of_argument("variance"),
                expected="equal weights, no strata, no clusters, no narrowed domain",
                got=design.describe().rstrip("."),
                fix="Use variance='design'.",
            )
        )
    return problems


def _refuse_empty_cells(rows: _Rows, where: Domains, inside: Bool) -> None:
    problems = []
    for cell, label in enumerate(where.labels):
        for arm, place in ((1, worded("treated arm")), (0, worded("comparison arm"))):
            of = inside & (where.code == cell) & (rows.d == arm)
            if not (of & rows.first).any():
                problems.append(
                    Problem(
                        what="nobody is observed",
                        where=in_place(place, label) if label else place,
                        expected="observed rows in every arm and cell",
                        got=worded("none"),
                        fix="Merge cells.",
                    )
                )
            elif (
                rows.tried is not None
                and rows.second is not None
                and (of & rows.first).sum() != of.sum()
                and not (of & rows.second).any()
            ):
                problems.append(
                    Problem(
                        what="nobody of the lost was found again",
                        where=in_place(place, label) if label else place,
                        expected="recovered rows in every arm and cell that lost some",
                        got=worded("none"),
                        fix="Merge cells, or leave out the follow-up.",
                    )
                )
    IdentificationError.refuse(problems)


def _observed(rows: _Rows) -> Float:
    """(n,) 1 where the outcome was observed, at once or in the follow-up."""
    seen = rows.first if rows.second is None else rows.first | rows.second
    return seen.astype(float)


def _losses(rows: _Rows) -> str:
    parts = []
    for arm, name in ((1, "treated"), (0, "comparison")):
        of = (rows.d == arm) & (rows.w != 0)
        text = f"{name}: {int((of & ~rows.first).sum()):,} of {int(of.sum()):,} not observed"
        if rows.tried is not None and rows.second is not None:
            text += (
                f", {int((of & rows.tried).sum()):,} tried again, {int((of & rows.second).sum()):,}"
                " found"
            )
        parts.append(text)
    return "; ".join(parts)
