"""Lee bounds: the effect on those who are observed under either treatment, when observation itself
depends on the treatment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    in_column,
    unknown,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.impact.bounds.partial_identification import both_arms, bounds_of, observed, part_of
from mismes_eval.message import Message
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.public import public
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.columns import Stated, YesNo, read
from mismes_eval.weighting.domain import domains, no_negative_weights, zero_outside
from mismes_eval.weighting.sample import Sample

Rule = Literal["exact", "type7", "stata"]
RULES = ("exact", "type7", "stata")


@dataclass(frozen=True, slots=True)
class Trimming:
    """value (2,) lower and upper bound; z (n, 2) influence; share trimmed; arm trimmed (1 treated,
    0 comparison); rates of observation (comparison, treated).
    """

    value: Float
    z: Float
    share: float
    arm: int
    rates: tuple[float, float]


@public(EstimateError)
def lee_bounds(
    sample: Sample,
    outcome: str,
    treated: str,
    selected: str,
    tighten: str | Sequence[str] | None = None,
    rule: Rule = "exact",
) -> Estimate:
    """Bounds on the effect on the always-observed, by trimming the arm that is observed more often.

    Parameters
    ----------
    sample : one row a unit as assigned, also those not observed: weights from before any correction
        for loss.
    outcome : numeric; needed where `selected` is yes, not read elsewhere.
    treated, selected : boolean or 0/1 (selected: the outcome is observed).
    tighten : columns known before treatment; bounds are made in each combination and averaged over
        the always-observed (narrower in expectation).
        Each cell trims the arm that is observed more often in it; the notes name cells that differ
        from the whole.
    rule : what is cut when the share does not end at a whole row. "exact": the weight of the row at
        the cut is split. "type7": rows beyond the quantile interpolated between neighbours (R's and
        numpy's default). "stata": rows beyond Stata's _pctile.

    Returns
    -------
    Estimate "lower", "upper" in the outcome's units; the design's standard errors hold the
    estimated trimming share and the estimated cut.
    extra: trimming_share, trimmed_arm, rates (comparison, treated), cells (frame, with tighten),
    imbens_manski (95% interval of the effect).
    Assumes that treatment moves observation in one direction only (within cells). Returnees who
    moved abroad may break it: say so.

    Raises
    ------
    EstimateError : missing or infinite outcomes among selected rows (with counts), unknown columns.
    IdentificationError : an arm without observed rows.

    References
    ----------
    Lee (2009), Review of Economic Studies 76, 1071-1102; Tauchmann (2014), Stata Journal 14,
    884-894; Semenova (2020), arXiv 2008.12720 (cells that differ in direction).
    """
    EstimateError.refuse(unknown("unknown trimming rule", "rule", rule, RULES))
    delivered = Stated(outcome, missing=True)
    data = read(sample, EstimateError, y=delivered, d=YesNo(treated), s=YesNo(selected))
    no_negative_weights(sample)
    inside = sample.active
    d, s = zero_outside(sample, data.d, data.s)
    seen = inside & (s == 1)
    y = observed(sample, outcome, seen, "lee_bounds")
    both_arms(inside, d, seen, treated, "lee_bounds")
    _refuse_single(seen, d, treated)
    whole = trimmed(np.where(inside, sample.weights, 0.0), d, s, y, rule)
    name = "treated" if whole.arm else "comparison"
    notes: list[str] = [
        f"Lee bounds, rule '{rule}': {100 * whole.share:.2f}% of the observed {name} arm is trimmed"
        f" ({_direction(sample, d, s, inside, whole)})."
    ]
    extra: dict[str, object] = {
        "trimming_share": whole.share,
        "trimmed_arm": name,
        "rates": whole.rates,
        "rule": rule,
    }
    cell: Int = np.zeros(sample.n, np.intp)
    labels: tuple[str, ...] = ("",)
    if tighten is not None and len(tighten):
        where = domains(sample, tighten)
        cell, labels = where.code, where.labels
        _refuse_empty(inside & seen, d, cell, labels)
        _, _, cells = _over_cells(
            np.where(inside, sample.weights, 0.0), d, s, y, cell, labels, rule
        )
        extra["cells"] = cells
        other = [str(cell) for cell in cells.loc[cells["trimmed_arm"] != name, "cell"]]
        notes.append(
            f"Tightened by {', '.join(map(str, as_names(tighten, 'tighten')))}: {len(cells)} cells"
            + (f"; trimmed in the other arm: {'; '.join(other)}." if other else ".")
        )
    value, part = part_of(sample, lambda w: _over_cells(w, d, s, y, cell, labels, rule)[:2], d, s)
    definition = Message(
        "Effect of '{t}' on '{o}' for those observed whatever their treatment; observation depends"
        " on treatment in one direction only.",
        {"t": treated, "o": outcome},
        "definition",
    )
    return bounds_of(sample, value, part, outcome, definition, tuple(notes), extra, sample.degf)


def trimmed(w: Float, d: Float, s: Float, y: Float, rule: Rule) -> Trimming:
    """Lee bounds on arrays of n rows; w 0 outside. Every arm must have observed rows."""
    arms = [w * (d == arm) for arm in (0, 1)]
    size = [float(arm.sum()) for arm in arms]
    rate = [float((arm * s).sum()) / n for arm, n in zip(arms, size, strict=True)]
    arm = int(rate[1] >= rate[0])
    kept = rate[1 - arm] / rate[arm]
    z_rate = [
        (d == arm) * (s - share) / n * (w > 0)
        for arm, share, n in zip((0, 1), rate, size, strict=True)
    ]
    z_kept = (z_rate[1 - arm] - kept * z_rate[arm]) / rate[arm]
    here, there = (w > 0) & (d == arm) & (s == 1), (w > 0) & (d != arm) & (s == 1)
    low, z_low = _tail(w, y, here, kept, z_kept, rule, top=False)
    high, z_high = _tail(w, y, here, kept, z_kept, rule, top=True)
    mean = float(w[there] @ y[there] / w[there].sum())
    z_mean = there * (y - mean) / w[there].sum()
    if arm:
        value, z = (
            np.array([low - mean, high - mean]),
            np.column_stack([z_low - z_mean, z_high - z_mean]),
        )
    else:
        value, z = (
            np.array([mean - high, mean - low]),
            np.column_stack([z_mean - z_high, z_mean - z_low]),
        )
    return Trimming(value=value, z=z, share=1 - kept, arm=arm, rates=(rate[0], rate[1]))


def _tail(
    w: Float, y: Float, rows: Bool, kept: float, z_kept: Float, rule: Rule, top: bool
) -> tuple[float, Float]:
    """Mean of the lowest or highest share of the rows, and its influence (n,): d mean / d share =
    (cut - mean) / share.
    """
    sign = -1.0 if top else 1.0
    values = sign * y[rows]
    weight = w[rows]
    fraction, cut = _keep(values, weight, kept, rule)
    total = float(weight @ fraction)
    if not total > 0:
        raise IdentificationError(
            Problem(
                "trimming leaves no rows",
                "lee_bounds",
                "more observed rows than the trimmed share takes",
                worded(
                    "{rows} rows, {value:.1f}% trimmed",
                    {"rows": int(rows.sum()), "value": 100 * (1 - kept)},
                ),
            )
        )
    mean = float(weight @ (fraction * values)) / total
    z = (cut - mean) / kept * z_kept
    z[rows] += (fraction * (values - cut) - total / weight.sum() * (mean - cut)) / total
    return sign * mean, sign * z


def _keep(v: Float, weight: Float, kept: float, rule: Rule) -> tuple[Float, float]:
    """Fraction of each value that stays when the lowest share `kept` of the weight stays, and the
    value at the cut.
    """
    order = np.argsort(v, kind="stable")
    x = v[order]
    c = np.cumsum(weight[order])
    if kept >= 1 or rule == "exact":
        target = min(kept, 1.0) * c[-1]
        stay = np.clip((target - (c - weight[order])) / weight[order], 0.0, 1.0)
        fraction = np.empty_like(stay)
        fraction[order] = stay
        return fraction, float(x[min(int(np.searchsorted(c, target * (1 - 1e-12))), x.size - 1)])
    cut = _type7(x, weight[order], kept) if rule == "type7" else _pctile(x, c, kept)
    return (v <= cut).astype(float), cut


def _type7(x: Float, weight: Float, share: float) -> float:
    """Quantile interpolated between neighbours; with weights, positions run from the first to the
    last by the mean weight of neighbours.
    """
    if x.size == 1:
        return float(x[0])
    position = np.concatenate([[0.0], np.cumsum((weight[1:] + weight[:-1]) / 2)])
    return float(np.interp(share * position[-1], position, x))


def _pctile(x: Float, c: Float, share: float) -> float:
    """Stata's _pctile: the first value whose cumulated weight passes the share, averaged with the
    next where it meets it.
    """
    target = share * c[-1]
    i = int(np.searchsorted(c, target * (1 - 1e-12)))
    if i + 1 < x.size and abs(c[i] - target) <= 1e-12 * c[-1]:
        return float((x[i] + x[i + 1]) / 2)
    return float(x[min(i, x.size - 1)])


def _refuse_single(seen: Bool, d: Float, treated: str) -> None:
    """One observed row of an arm has no spread, so that a bound would have no error of it."""
    problems = [
        Problem(
            worded("a single observed {name} row has no standard error", {"name": name}),
            in_column(treated),
            "two observed rows in each arm",
            worded("one"),
        )
        for arm, name in ((1, "treated"), (0, "comparison"))
        if int((seen & (d == arm)).sum()) < 2
    ]
    IdentificationError.refuse(problems)


def _direction(sample: Sample, d: Float, s: Float, inside: Bool, whole: Trimming) -> str:
    w = np.where(inside, sample.weights, 0.0)
    z = sum(
        sign * inside * (d == arm) * (s - whole.rates[arm]) / w[d == arm].sum()
        for arm, sign in ((1, 1.0), (0, -1.0))
    )
    se = float(np.sqrt(max(sample.design.vcov(Influence.of(np.asarray(z)))[0, 0], 0.0)))
    gap = whole.rates[1] - whole.rates[0]
    text = (
        f"observed: treated {100 * whole.rates[1]:.2f}%, comparison {100 * whole.rates[0]:.2f}%,"
        f" difference {100 * gap:.2f} points, standard error {100 * se:.2f}"
    )
    return text + ("; the direction of trimming is not certain" if abs(gap) < 1.96 * se else "")


def _refuse_empty(seen: Bool, d: Float, cell: Int, labels: tuple[str, ...]) -> None:
    problems = []
    for c, label in enumerate(labels):
        for arm, name in ((1, "treated"), (0, "comparison")):
            if not (seen & (cell == c) & (d == arm)).any():
                problems.append(
                    Problem(
                        what=worded("a cell has no observed {name} rows", {"name": name}),
                        where=label,
                        expected="observed rows of both arms in every cell",
                        got=worded("none"),
                        fix="Merge cells.",
                    )
                )
    IdentificationError.refuse(problems)


def _over_cells(
    w: Float, d: Float, s: Float, y: Float, cell: Int, labels: tuple[str, ...], rule: Rule
) -> tuple[Float, Float, pd.DataFrame]:
    """Bounds averaged over cells with the always-observed as weights; value (2,), influence (n, 2),
    and one row a cell.
    """
    count = len(labels)
    found, share, z_share = [], np.empty(count), np.empty((w.size, count))
    for c in range(count):
        here = cell == c
        cell_bounds = trimmed(w * here, d, s, y, rule)
        found.append(cell_bounds)
        other = (w > 0) & (d == 1 - cell_bounds.arm)
        size = w[other].sum()
        hit = other & here & (s == 1)
        share[c] = w[hit].sum() / size
        z_share[:, c] = (hit - share[c] * other) / size
    pi = share / share.sum()
    z_pi = (z_share - z_share.sum(axis=1, keepdims=True) * pi) / share.sum()
    each = np.array([part.value for part in found])
    z = np.asarray(sum(p * part.z for p, part in zip(pi, found, strict=True)) + z_pi @ each)
    cells = pd.DataFrame(
        {
            "cell": list(labels),
            "weight": pi,
            "lower": each[:, 0],
            "upper": each[:, 1],
            "trimming_share": [part.share for part in found],
            "trimmed_arm": ["treated" if part.arm else "comparison" for part in found],
        }
    )
    return pi @ each, z, cells
