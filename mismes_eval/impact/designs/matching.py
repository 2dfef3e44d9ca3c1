"""Nearest-neighbour matching with replacement, corrected for what matching leaves unlike, with the
survey's design in its error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    IdentificationError,
    Problem,
    in_column,
    of_argument,
    of_covariates,
    unknown,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.message import Message
from mismes_eval.numerics.averages import arms
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.public import Count, public
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.columns import Number, YesNo, read
from mismes_eval.weighting.sample import Sample

Metric = Literal["scaled", "mahalanobis"]
TIE = 1e-5  # squared distances closer than this are one (as R Matching)
TOGETHER = 500  # rows whose distances are held at once


@dataclass(frozen=True)
class _Pairs:
    """One row a use of a donor: for (m,) position among those who look, of (m,) position among the
    donors, share (m,), summing to 1 for each who looks; nearest (k,) distances to the first donor.
    """

    looking: Int
    donor: Int
    share: Float
    nearest: Float


@public(IdentificationError)
def match(
    sample: Sample,
    outcome: str,
    treated: str,
    covariates: Sequence[str],
    neighbours: Count = 1,
    metric: Metric = "scaled",
    caliper: float | None = None,
) -> Estimate:
    """Average effect on the treated by nearest neighbours.

    Parameters
    ----------
    sample : one row a person.
    outcome : numeric or yes-no; a change from before, where there is one.
    treated : yes-no.
    covariates : numeric or yes-no columns known before treatment.
    neighbours : comparison persons for each treated one, with replacement; as many as are equally
        near. They share by their weights.
    metric : "scaled" (each covariate by its weighted variance) or "mahalanobis".
    caliper : largest distance, in standard deviations of the metric, at which somebody is a
        neighbour; a treated person without one is a refusal, never dropped. None: any.

    Returns
    -------
    Estimate, one value: the mean difference to the neighbours, corrected by a regression of the
    comparison persons on the covariates. `extra`: "uncorrected", "abadie_imbens" (standard error
    for independent persons, heteroskedastic), "uses" (largest weight of a comparison person, in
    treated persons), "nearest" (largest distance to the first neighbour).
    The standard error linearises the corrected estimator over the design (Otsu and Rai): matching
    is not redone.

    Raises
    ------
    IdentificationError : one arm, too few comparison persons, covariates that do not vary or depend
        on each other, treated persons beyond the caliper.

    References
    ----------
    Abadie and Imbens (2006), Econometrica 74, 235-267; (2011), Journal of Business and Economic
    Statistics 29, 1-11.  Otsu and Rai (2017), Journal of the American Statistical Association 112,
    1720-1732.
    """
    names = [*listed_names(covariates)]
    _refuse_call(names, metric, caliper, (outcome, treated))
    data = read(
        sample,
        d=YesNo(treated),
        y=Number(outcome),
        **{f"x{place}": Number(name) for place, name in enumerate(names)},
    )
    x = np.column_stack([getattr(data, f"x{place}") for place in range(len(names))])
    inside = np.flatnonzero(sample.active)
    d, y, x, w = data.d[inside] == 1, data.y[inside], x[inside], sample.weights[inside]
    _refuse_arms(d, x, names, neighbours)
    x = x - np.average(x, axis=0, weights=w)
    near = _scaled(x, w, metric)
    pairs = _weighted(_neighbours(near[d], near[~d], neighbours), w[~d])
    if caliper is not None:
        _refuse_far(pairs.nearest, caliper, int(d.sum()))
    return _estimate(sample, inside, (d, y, x, w, near), pairs, outcome, neighbours)


def _estimate(
    sample: Sample,
    inside: Int,
    arrays: tuple[Bool, Float, Float, Float, Float],
    pairs: _Pairs,
    outcome: str,
    neighbours: int,
) -> Estimate:
    d, y, x, w, near = arrays
    donated = w[d][pairs.looking] * pairs.share
    use = np.asarray(np.bincount(pairs.donor, donated, int((~d).sum())), float)
    residual = _residual(y, x, d, use)
    total = w[d].sum()
    value = float((w[d] @ residual[d] - use @ residual[~d]) / total)
    z = np.zeros(y.size)
    z[d] = (residual[d] - value) / total
    z[~d] = -use * residual[~d] / (w[~d] * total)
    full = np.zeros(sample.n)
    full[inside] = z
    averaged = np.zeros(
        (2, sample.n)
    )  # rows of the mean of the treated, and of who stands for them
    averaged[0, inside[d]], averaged[1, inside[~d]] = 1.0, use / w[~d]
    stands_for = np.zeros(sample.n)
    stands_for[inside[d]], stands_for[inside[~d]] = w[d], use
    influence = Influence.of(full)
    plain = float((w[d] @ y[d] - use @ y[~d]) / total)
    return Estimate(
        value=np.array([value]),
        names=(outcome,),
        parts=(Part(sample.design, influence, averages=arms(sample.weights, list(averaged))),),
        keys=pd.DataFrame({"variable": [outcome]}),
        n=np.array([float(y.size)]),
        dof=np.array([float(sample.degf)]),
        kind="effect",
        definition=(
            f"effect on the treated, {neighbours} nearest neighbours with replacement,"
            f" bias-corrected: {int(d.sum()):,} treated, {int((use > 0).sum()):,} of"
            f" {int((~d).sum()):,} comparison persons used"
        ),
        notes=sample.notes,
        extra={
            "uncorrected": plain,
            "abadie_imbens": _abadie_imbens(y, d, near, pairs),
            "uses": float((use / w[d].mean()).max()),
            "nearest": float(pairs.nearest.max()),
            "weights": stands_for,
        },
    )


def _residual(y: Float, x: Float, d: Bool, use: Float) -> Float:
    """(n,) outcome less its regression on the covariates among matched comparison persons."""
    rows = np.column_stack([np.ones(y.size), x])
    root = np.sqrt(use)
    beta, *_ = np.linalg.lstsq(rows[~d] * root[:, None], y[~d] * root, rcond=None)
    return np.asarray(y - rows @ beta)


def _abadie_imbens(y: Float, d: Bool, near: Float, pairs: _Pairs) -> float:
    """Standard error of the uncorrected mean difference for independent persons of equal weight
    (Abadie and Imbens 2006, theorem 7); variances among each and the nearest of the own arm.
    """
    treated, donors = y[d], y[~d]
    difference = treated - np.bincount(pairs.looking, donors[pairs.donor] * pairs.share)
    use = np.bincount(pairs.donor, pairs.share, donors.size)
    squares = np.bincount(pairs.donor, pairs.share**2, donors.size)
    own = _neighbours(near[~d], near[~d], 1, itself=False)
    beside = np.bincount(own.looking, donors[own.donor] * own.share)
    squared = np.bincount(own.looking, donors[own.donor] ** 2 * own.share)
    kin = np.bincount(own.looking)
    total, all_squared = kin * beside + donors, kin * squared + donors**2
    variance = (all_squared - total**2 / (kin + 1)) / kin
    spread = ((difference - difference.mean()) ** 2).sum() + ((use**2 - squares) @ variance)
    return float(np.sqrt(spread) / treated.size)


def _scaled(x: Float, w: Float, metric: Metric) -> Float:
    """(n, q) covariates, about their means, whose squared distance is the metric's."""
    n = len(x)
    spread = (x * w[:, None]).T @ x / w.sum() * n / (n - 1)
    if metric == "scaled":
        return np.asarray(x / np.sqrt(np.diag(spread)))
    return np.asarray(x @ np.linalg.cholesky(np.linalg.inv(spread)))


def _weighted(pairs: _Pairs, w: Float) -> _Pairs:
    """Those who share one place share it by their weights: one person of weight 2 is two of 1."""
    mass = w[pairs.donor]
    return replace(pairs, share=mass / np.bincount(pairs.looking, mass)[pairs.looking])


def _neighbours(looking: Float, donors: Float, count: int, itself: bool = True) -> _Pairs:
    """The nearest donors of each; itself: False where both are the same persons."""
    at, who, share, first = [], [], [], []
    for start in range(0, len(looking), TOGETHER):
        rows = looking[start : start + TOGETHER]
        distance = ((rows[:, None, :] - donors[None, :, :]) ** 2).sum(axis=2)
        if not itself:
            distance[np.arange(len(rows)), start + np.arange(len(rows))] = np.inf
        last = np.partition(distance, count - 1, axis=1)[:, count - 1]
        near = distance <= last[:, None] + TIE
        i, j = np.nonzero(near)
        at.append(i + start)
        who.append(j)
        share.append(1 / near.sum(axis=1)[i])
        first.append(np.sqrt(distance.min(axis=1)))
    return _Pairs(
        np.concatenate(at), np.concatenate(who), np.concatenate(share), np.concatenate(first)
    )


def _refuse_call(
    names: list[str], metric: str, caliper: float | None, measured: tuple[str, str]
) -> None:
    problems = [
        Problem(
            what="a column stands in two places",
            where=in_column(name),
            expected="covariates known before the treatment",
            got=worded("the outcome or the treatment"),
            fix="Leave it out of the covariates.",
        )
        for name in names
        if name in measured
    ]
    if not names:
        problems.append(
            Problem(
                "nobody can be matched on nothing",
                of_argument("covariates"),
                "columns",
                worded("none"),
            )
        )
    problems += unknown("unknown metric", "metric", metric, ("scaled", "mahalanobis"))
    if caliper is not None and not caliper > 0:
        problems.append(
            Problem("a caliper is a distance", of_argument("caliper"), "above 0", str(caliper))
        )
    IdentificationError.refuse(problems)


def _refuse_arms(d: Bool, x: Float, names: list[str], neighbours: int) -> None:
    donors = int((~d).sum())
    problems = []
    if not d.any() or donors < max(neighbours, len(names) + 2):
        problems.append(
            Problem(
                "too few persons to match",
                of_argument("treated"),
                Message(
                    "treated persons, and at least {n} others",
                    {"n": max(neighbours, len(names) + 2)},
                ),
                Message("{a:,} and {b:,}", {"a": int(d.sum()), "b": donors}),
            )
        )
    scale = np.where(np.abs(x).max(axis=0) > 0, np.abs(x).max(axis=0), 1.0)
    centred = (x - x.mean(axis=0)) / scale
    if np.linalg.matrix_rank(centred, tol=1e-9 * np.sqrt(len(x))) < len(names):
        problems.append(
            Problem(
                "covariates do not tell people apart",
                of_covariates(names),
                "covariates that vary and do not depend on each other",
            )
        )
    IdentificationError.refuse(problems)


def _refuse_far(nearest: Float, caliper: float, treated: int) -> None:
    far = int((nearest > caliper).sum())
    if far:
        raise IdentificationError(
            Problem(
                what="treated persons have nobody near",
                where=Message("caliper {c:g}", {"c": caliper}),
                expected="a comparison person within the caliper for each",
                got=Message("{a:,} of {b:,} have none", {"a": far, "b": treated}),
                fix="Narrow the domain with sample.where to persons who can be compared, and say whom"
                " the effect is then about.",
                count=far,
            )
        )
