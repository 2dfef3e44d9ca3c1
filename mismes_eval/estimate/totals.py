"""Totals, means, proportions and ratios: smooth functions of weighted totals in domains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mismes_eval.errors import EstimateError, Problem, unknown, worded
from mismes_eval.estimate.estimate import Estimate, Interval
from mismes_eval.estimate.part import Part
from mismes_eval.message import Message
from mismes_eval.numerics import averages
from mismes_eval.numerics.averages import Averages
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Bool, Columns, Float, Int, Rows, group_sums
from mismes_eval.public import public
from mismes_eval.weighting.arguments import Column, Names, one_or_more
from mismes_eval.weighting.columns import Answer, Answers, Category, Levels, Number
from mismes_eval.weighting.design import SurveyDesign
from mismes_eval.weighting.domain import By, Domains, grouped
from mismes_eval.weighting.replication import replicated_totals
from mismes_eval.weighting.sample import Sample


@dataclass(frozen=True)
class OfTotals:
    """A statistic of the totals of one domain.

    value : totals (D, k) -> values (D, p).
    slope : totals (D, k) -> derivatives (D, k, p).
    """

    value: Callable[[Float], Float]
    slope: Callable[[Float], Float]


def over_last(k: int, shift: float | Float = 0.0) -> OfTotals:
    """k totals divided by the one behind them, a constant added."""

    def value(t: Float) -> Float:
        out: Float = shift + t[:, :k] / t[:, k:]
        return out

    def slope(t: Float) -> Float:
        out = np.zeros((t.shape[0], k + 1, k))
        out[:, np.arange(k), np.arange(k)] = 1 / t[:, k:]
        out[:, k, :] = -t[:, :k] / t[:, k:] ** 2
        return out

    return OfTotals(value, slope)


LaidOut = tuple[list[NDArray[np.generic]], pd.DataFrame, list[str]]


def answers(sample: Sample, columns: Names, by: By = None) -> tuple[LaidOut, Domains]:
    """k arrays of n values, unread outside the domain, keys (k rows: variable, level) and names
    (k,); and the groups. A text or categorical column becomes one indicator a level.
    """
    chosen = one_or_more(columns, EstimateError)
    each = {f"y{place}": Answers(column) for place, column in enumerate(chosen)}
    where, data = grouped(sample, by, **each)
    return laid_out(chosen, [getattr(data, name) for name in each]), where


def laid_out(columns: Sequence[Column], found: Sequence[Sequence[Answer]]) -> LaidOut:
    """What was found of each column, side by side."""
    pairs = [(column, one) for column, own in zip(columns, found, strict=True) for one in own]
    rows = [(str(column), one.level) for column, one in pairs]
    names = [f"{column}={level}" if level else column for column, level in rows]
    keys = pd.DataFrame(rows, columns=["variable", "level"])
    return [one.value for _, one in pairs], keys, names


def evaluate(
    sample: Sample, y: Float | Columns, where: Domains, statistic: OfTotals
) -> tuple[Float, Part]:
    """Values (D*p,) and the part that carries their variance; y (n, k) must be zero where the
    sample has no weight.
    """
    rows = Rows(y) if isinstance(y, np.ndarray) else y
    d, k = where.count, rows.k
    block = Block(rows, np.eye(d * k), where.small)
    design = sample.design
    if design.steps:
        formed = None
        totals = block.basis_sums(sample.weights, np.zeros(sample.n, np.intp), 1).reshape(d, k)
    else:
        sums = block.basis_sums(design.base, design.unit, design.stages[-1].stratum.size)
        formed = (design.base, design.unit, sums)
        totals = sums.sum(axis=0).reshape(d, k)
    value = statistic.value(totals)
    slope = statistic.slope(totals)
    p = slope.shape[2]
    coef = np.zeros((d, k, d, p))
    coef[np.arange(d), :, np.arange(d), :] = slope
    influence = Influence(
        (Block(block.rows, coef.reshape(d * k, d * p), where.small, formed=formed),), sample.n
    )
    if design.replicates is not None:
        with np.errstate(
            divide="ignore", invalid="ignore"
        ):  # a domain that is empty in some replicate has no standard error: NaN
            each = np.array(
                [
                    statistic.value(totals).ravel()
                    for totals in replicated_totals(design, block).reshape(-1, d, k)
                ]
            )
        full = value.ravel()
        return full, Part(design, influence, each, full, averages=averages.by_influence(influence))
    return value.ravel(), Part(design, influence, averages=averages.by_influence(influence))


@public(EstimateError, answers=True)
def total(sample: Sample, columns: Names, by: By = None) -> Estimate:
    """Weighted totals (R survey: svytotal, svyby).

    Parameters
    ----------
    columns : numeric or boolean columns; a text column gives one total a level. No missing values
        inside the domain.
    by : column names; one estimate per combination that occurs.

    Returns
    -------
    Estimate, value (D * k,) in the columns' units, domain by domain.
    """
    (arrays, keys, names), where = answers(sample, columns, by)
    y = inside_domain(sample, arrays)
    k = y.k
    eye = np.eye(k)
    value, part = evaluate(
        sample, y, where, OfTotals(lambda t: t, lambda t: np.broadcast_to(eye, (t.shape[0], k, k)))
    )
    part = replace(part, averages=_of_totals(y, where))
    return wrap(
        sample,
        value,
        part,
        where,
        keys,
        names,
        "total",
        srs=partial(_srs_of_totals, sample.design, sample.active, y, where.small, where.count),
    )


@public(EstimateError, answers=True)
def mean(sample: Sample, columns: Names, by: By = None) -> Estimate:
    """Weighted means (R survey: svymean, svyby). Text columns give the share of each level.

    Parameters
    ----------
    columns : numeric or boolean columns without missing values inside the domain (narrow it with
        `sample.where`).
    by : column names; one estimate per combination that occurs.

    Returns
    -------
    Estimate, value (D * k,) in the columns' units, domain by domain.

    References
    ----------
    Sarndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, ch. 5.
    """
    (arrays, keys, names), where = answers(sample, columns, by)
    value, part, centred = _means(sample, arrays, where)
    return wrap(
        sample,
        value,
        part,
        where,
        keys,
        names,
        "mean",
        srs=partial(_srs_of_means, sample.design, sample.active, centred, where.small, where.count),
    )


@public(EstimateError, answers=True)
def proportion(
    sample: Sample, columns: Names, by: By = None, interval: Interval = "logit"
) -> Estimate:
    """Share of each level of categorical or boolean columns (R survey: svyciprop).

    Parameters
    ----------
    columns : any column; every distinct value inside the domain is a level. A boolean or 0/1 column
        gives the share of True.
    interval : "logit", "beta" (Korn and Graubard 1998; R: method="beta") or "t".

    Returns
    -------
    Estimate, value (D * levels,), shares of the domain between 0 and 1.
    """
    EstimateError.refuse(
        unknown("unknown interval for proportions", "interval", interval, ("logit", "beta", "t"))
    )
    chosen = one_or_more(columns, EstimateError)
    each = {f"y{place}": Category(column) for place, column in enumerate(chosen)}
    where, data = grouped(sample, by, **each)
    found = [_levels(sample, getattr(data, name)) for name in each]
    arrays, table, names = laid_out(chosen, found)
    value, part, centred = _means(sample, arrays, where)
    return wrap(
        sample,
        value,
        part,
        where,
        table,
        names,
        "proportion",
        interval,
        srs=partial(_srs_of_means, sample.design, sample.active, centred, where.small, where.count),
    )


def _levels(sample: Sample, column: Levels) -> list[Answer]:
    """Every level of a column; True or 1 alone where they are no and yes."""
    code, levels = column.inside(sample.active)
    if not set(levels) <= {0, 1}:
        return [Answer(str(level), code == place) for place, level in enumerate(levels)]
    none = np.zeros(sample.n, bool)
    return [Answer("", code == levels.index(1) if 1 in levels else none)]


@public(EstimateError, answers=True)
def ratio(sample: Sample, numerator: Column, denominator: Column, by: By = None) -> Estimate:
    """Ratio of two weighted totals (R survey: svyratio).

    Parameters
    ----------
    numerator, denominator : numeric columns without missing values inside the domain.
    by : column names; one estimate per combination that occurs.

    Returns
    -------
    Estimate, value (D,), numerator units per denominator unit.

    Raises
    ------
    EstimateError : every denominator total is zero. One of several: that row is NaN, a note says
    so, the others stand.

    References
    ----------
    Sarndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, ch. 5.
    """
    where, data = grouped(sample, by, above=Number(numerator), below=Number(denominator))
    y = inside_domain(sample, [data.above, data.below])
    empty = _zero_totals(sample, y.column(1), where)
    if empty.all():
        raise EstimateError(
            Problem(
                what="ratio has a zero denominator",
                where=worded(
                    "column '{denominator}', domain '{labels}'",
                    {"denominator": denominator, "labels": where.labels[0] or "all"},
                ),
                expected="a non-zero weighted total",
                got="0",
                fix="Widen the domain or drop this table row.",
            )
        )

    def value(t: Float) -> Float:
        out: Float = np.divide(t[:, 0], t[:, 1], out=np.full(len(t), np.nan), where=t[:, 1] != 0)
        return out[:, None]

    def slope(t: Float) -> Float:
        size = np.where(t[:, 1] != 0, t[:, 1], np.inf)
        return np.stack([1 / size, -t[:, 0] / size**2], axis=1)[:, :, None]

    values, part = evaluate(sample, y, where, OfTotals(value, slope))
    part = replace(part, averages=_of_ratios(sample, y, where, np.nan_to_num(values)))
    name = f"{numerator}/{denominator}"
    keys = pd.DataFrame([(name, "")], columns=["variable", "level"])
    out = wrap(sample, values, part, where, keys, [name], "ratio")
    reason = f"the weighted total of '{denominator}' is 0"
    return out.annotated(notes=not_estimable(out.names, empty, reason))


def _zero_totals(sample: Sample, y: Float, where: Domains) -> Bool:
    """(D,) domains in which the weighted total of y (n,) is 0."""
    size = np.bincount(where.code, weights=sample.weights * y, minlength=where.count + 1)
    out: Bool = size[: where.count] == 0
    return out


def not_estimable(names: Sequence[str], rows: Bool, reason: str) -> tuple[Message, ...]:
    """The note of the values (p,) that cannot be had while others of the table stand."""
    if not rows.any():
        return ()
    named = [name for name, lost in zip(names, rows, strict=True) if lost]
    values = {"names": "; ".join(named), "reason": reason}
    return (Message("Not estimable: {names}, for {reason}.", values),)


def inside_domain(sample: Sample, arrays: Sequence[NDArray[np.generic]]) -> Columns:
    """k arrays of n as a matrix that is zero outside the sample's domain."""
    return Columns(tuple(arrays), None, None if sample.active.all() else sample.active)


def _means(
    sample: Sample, arrays: Sequence[NDArray[np.generic]], where: Domains
) -> tuple[Float, Part, Columns]:
    """Means of k arrays of n, taken about their overall means so that a large level costs no
    digits; and the centred columns (n, k), zero outside.
    """
    k = len(arrays)
    raw = inside_domain(sample, arrays)
    one = sample.active
    w = sample.weights if raw.inside is None else sample.weights * one
    counted = np.array([array.dtype == bool for array in arrays])  # shares keep their exact 0 and 1
    shift = np.zeros(k)
    if not counted.all():
        shift = np.where(counted, 0.0, raw.sums(w, where.code, 1)[0] / w.sum())
    centred = Columns((*arrays, one), np.append(shift, 0.0), raw.inside)

    values, part = evaluate(sample, centred, where, over_last(k, shift))
    formed = _weights_of_units(part, k)
    shares = averages.of_domains(w, where.small, where.count, k, formed=formed)
    return values, replace(part, averages=shares), Columns(tuple(arrays), shift, raw.inside)


def _weights_of_units(part: Part, k: int) -> tuple[Float, Int, Float] | None:
    """The sums of weights that means of k columns made of every unit and domain on the way; None
    where they made none.
    """
    made = None if part.influence is None else part.influence.blocks[0].formed
    if made is None:
        return None
    weight, unit, sums = made
    return weight, unit, sums[:, k :: k + 1]


def _of_totals(y: Columns, where: Domains) -> Averages:
    """A total is no average: a unit that has more of it moves it more, and loses no mean."""
    count = where.count * y.k
    positive = y.less is None and all(array.min() >= 0 for array in y.arrays)
    rows = y if positive else Rows(np.abs(y.dense()))
    size = Influence((Block(rows, np.eye(count), where.small),), y.n)
    return Averages((averages.Shares(size, np.eye(count), np.arange(count), centred=False),))


def _of_ratios(sample: Sample, y: Columns, where: Domains, ratios: Float) -> Averages:
    """A ratio averages numerator per denominator with the denominator as weight; what stands in the
    numerator alone is a total.
    """
    above, below = np.abs(y.column(0)), np.abs(y.column(1))
    above = np.where(below > 0, 0.0, above)
    d = where.count
    size = np.bincount(where.small, weights=np.abs(sample.weights) * below, minlength=d + 1)[:d]
    scale = np.diag(1 / np.where(size > 0, size, 1.0))
    sources = []
    for rows, coef, centred in ((below, np.abs(ratios), True), (above, np.ones(d), False)):
        of = Influence((Block(Rows(rows[:, None]), scale, where.small),), sample.n)
        sources.append(averages.Shares(of, np.diag(coef), np.arange(d), centred))
    return Averages(tuple(sources))


def _srs_of_means(
    design: SurveyDesign, active: Bool, y: Columns, code: Int, d: int, replacement: bool
) -> Float:
    """(D*k,) variance of a mean under simple random sampling of the domain's n, with replacement or
    without, from its weighted size. The frame is not held: it would stay as long as the estimate.
    """
    w = design.weights
    n = np.bincount(code[active], minlength=d + 1)[:d].astype(float)
    size = np.bincount(code, weights=w, minlength=d + 1)[:d]
    each = [y.column(j) for j in range(y.k)]
    first = (
        np.column_stack(
            [np.bincount(code, weights=w * column, minlength=d + 1)[:d] for column in each]
        )
        / size[:, None]
    )
    second = (
        np.column_stack(
            [np.bincount(code, weights=w * column * column, minlength=d + 1)[:d] for column in each]
        )
        / size[:, None]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (second - first**2) * (n / (n - 1))[:, None]
        drawn = _drawn(design, n, np.asarray(size, float), replacement)
        out: Float = spread / n[:, None] * (1 - drawn)[:, None]
    return out.ravel()


def _drawn(design: SurveyDesign, n: Float, size: Float, replacement: bool) -> Float:
    """Sampling fractions n / size; 0 with replacement, and where sums of weights are no counts."""
    if replacement or not design.sums_can_be_counts:
        return np.zeros_like(size)
    fraction: Float = np.where(size > n, n / size, 0.0)
    return fraction


def _srs_of_totals(
    design: SurveyDesign, inside: Bool, y: Columns, code: Int, domains: int, replacement: bool
) -> Float:
    """(D*k,) variance of a domain total under simple random sampling from the whole sample."""
    w = design.weights[inside]
    x = y.take(inside).dense()
    drawn = _drawn(design, np.array([w.size]), np.array([w.sum()]), replacement)[0]
    out = []
    for place in range(domains):
        z = x * (code[inside] == place)[:, None]
        m = w @ z / w.sum()
        spread = (
            (w @ (z - m) ** 2 / w.sum()) * w.size / (w.size - 1)
            if w.size > 1
            else np.full(z.shape[1], np.nan)
        )
        out.append(w.sum() ** 2 * spread / w.size * (1 - drawn))
    return np.concatenate(out)


def wrap(
    sample: Sample,
    value: Float,
    part: Part,
    where: Domains,
    keys: pd.DataFrame,
    names: list[str],
    kind: str,
    interval: Interval = "t",
    srs: Callable[[bool], Float] | None = None,
) -> Estimate:
    d = where.count
    k = len(names)
    count = np.bincount(where.code, sample.persons, minlength=d + 1)[:d].astype(float)
    dof = np.array([sample.degf]) if d == 1 else _domain_degf(sample, where)
    of_domain, of_name = np.repeat(np.arange(d), k), np.tile(np.arange(k), d)
    table = {name: column.array.take(of_domain) for name, column in where.keys.items()}
    table |= {name: column.array.take(of_name) for name, column in keys.items()}
    pairs = [(name, label) for label in where.labels for name in names]
    labels = tuple(", ".join(filter(None, pair)) for pair in pairs)
    return Estimate(
        value=value,
        names=labels,
        parts=(part,),
        keys=pd.DataFrame(table),
        n=np.repeat(count, k),
        dof=np.repeat(dof, k),
        kind=kind,
        notes=(*sample.notes, *_absent_in_replicates(part, value, labels)),
        interval=interval,
        srs=srs if sample.persons is None else None,
    )


def _absent_in_replicates(part: Part, value: Float, names: Sequence[str]) -> tuple[Message, ...]:
    """The note of values that some replicates do not have, for their domain is empty there."""
    if part.replicates is None:
        return ()
    lost = np.isnan(part.replicates) & ~np.isnan(value)
    if not lost.any():
        return ()
    named = [
        name for name, gone in zip(names, np.atleast_1d(lost.any(axis=0)), strict=True) if gone
    ]
    values = {
        "names": "; ".join(named),
        "empty": int(lost.any(axis=1).sum()),
        "replicates": len(part.replicates),
    }
    words = (
        "No standard error of {names}: the domain is empty in {empty} of {replicates} replicates."
        " Merge domains, or use the linearised design."
    )
    return (Message(words, values),)


def _domain_degf(sample: Sample, where: Domains) -> Float:
    """(D,) degrees of freedom of the design in each domain."""
    if sample.design.replicates is not None:
        inside = [sample.active & (where.code == place) for place in range(where.count)]
        return np.array([sample.design.degf_within(rows) for rows in inside])
    design = sample.design
    width = where.count + 1  # the last for rows outside
    rows = np.bincount(design.psu * width + where.code, minlength=design.psus * width)
    seen = (rows.reshape(design.psus, width)[:, :-1] > 0).astype(float)
    strata = group_sums(seen, design.stages[0].stratum, design.strata) > 0
    out: Float = seen.sum(axis=0) - strata.sum(axis=0)
    return out
