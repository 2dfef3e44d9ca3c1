"""Clusters and arms of an estimate, and what its influence adds up to in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, kind_of, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import one_linearised
from mismes_eval.impact.inference.wild_draws import codes
from mismes_eval.numerics.averages import Shares
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float, Int, group_sums
from mismes_eval.weighting.numbers import numbers_in

ARM = "arm"  # in Estimate.extra: (n,) 1 for treated, 0 for comparison rows


@dataclass(frozen=True, slots=True)
class Labels:
    """code (n,) of each row 0..count-1, stratum (count,)."""

    code: Int
    count: int
    stratum: Int

    def into(self, larger: Labels) -> Float:
        """(count, larger.count) 1 where a unit lies in a larger one."""
        of = np.zeros(self.count, np.intp)
        of[self.code] = larger.code
        return np.eye(larger.count)[of]


@dataclass(frozen=True, slots=True)
class Totals:
    """treated, compared (k, p) weighted influence totals of the arms' rows; share (k, 2, p) of each
    unit in the weight of (treated, comparison), or None where the null is not imposed (then
    `compared` holds everything); pi (p,): treated share of the weight.
    """

    treated: Float
    compared: Float
    share: Float | None
    pi: Float


@dataclass(frozen=True, slots=True)
class Arms:
    """weight (n, 2, p) of each row in the (treated, comparison) arm of each value; treated (n,) 1
    for rows whose influence counts with the first.
    """

    weight: Float
    treated: Bool


def influence_of(estimate: Estimate, method: str) -> Influence:
    """Influence on the base weights of the one design; method: whose refusal it is."""
    if not isinstance(estimate, Estimate):
        raise EstimateError(
            Problem(
                worded("{method} takes an estimate", {"method": method}),
                of_argument("estimate"),
                "an Estimate",
                kind_of(estimate),
            )
        )
    found = one_linearised(estimate.parts)
    if found is None:
        raise EstimateError(
            Problem(
                worded("{method} needs influence columns on one design", {"method": method}),
                of_argument("estimate"),
                "a linearised design, one sample",
                worded("{parts} designs or replicates", {"parts": len(estimate.parts)}),
            )
        )
    design, influence = found
    return design.pull_back(influence)


def labels_of(
    estimate: Estimate,
    n: int,
    cluster: Sequence[object] | pd.Series | None,
    strata: Sequence[object] | pd.Series | None,
) -> Labels:
    """The stated clusters, or the design's PSUs in its strata."""
    design = estimate.parts[0].design
    everybody = np.ones(n, bool)
    if cluster is None:
        if strata is not None:
            raise EstimateError(
                Problem(
                    "strata come with clusters",
                    of_argument("strata"),
                    "None without 'cluster': the design's strata are used",
                )
            )
        return Labels(design.base_psu, design.psus, design.stages[0].stratum)
    code, m = codes(cluster, everybody, "cluster", n)
    if strata is None:
        return Labels(code, m, np.zeros(m, np.intp))
    stratum, _ = codes(strata, everybody, "strata", n)
    return Labels(code, m, _stratum_of(code, m, stratum))


def arms_of(
    estimate: Estimate, z: Influence, treated: Sequence[float] | pd.Series | None
) -> Arms | None:
    """The arms as stated, or as the estimate knows them; None where neither says."""
    if treated is None:
        known = estimate.extra.get(ARM)
        if known is None:
            return _one_group(estimate, z.n)
        treated = pd.Series(np.asarray(known, float))
    given = pd.Series(treated)
    if given.shape != (z.n,):
        raise EstimateError(
            Problem(
                "treatment has another length",
                of_argument("treated"),
                worded("{count} rows", {"count": z.n}),
                str(given.size),
            )
        )
    d = numbers_in(given)
    used = _behind(estimate, z)
    if not np.isin(d[used], (0.0, 1.0)).all():
        raise EstimateError(
            Problem(
                "treatment is not yes or no",
                of_argument("treated"),
                "0 or 1 in every row behind the estimate",
                worded("other values"),
            )
        )
    w = estimate.parts[0].design.base * used
    if not (w * (d == 1)).any():
        raise EstimateError(
            Problem(
                "nobody is treated",
                of_argument("treated"),
                "treated rows behind the estimate",
                worded("none"),
            )
        )
    share = _in_averages(estimate, z.n)
    share = np.where(share.any(axis=0), share, w[:, None])
    both = np.stack([share * (d == 1)[:, None], share * (d == 0)[:, None]], axis=1)
    return Arms(both, d == 1)


def _in_averages(estimate: Estimate, n: int) -> Float:
    """(n, p) weight of each row in the averages of each value: rows that only move the weights of
    others are in none. Zeros where the averages are not known, or where nothing varies in them.
    """
    averages, weight = estimate.averages, estimate.parts[0].design.weights
    share = np.zeros((n, estimate.p))
    if averages is None or weight.size != n:
        return share
    for source in averages.sources:
        if not isinstance(source, Shares):
            return np.zeros_like(share)
        share += np.abs(source.of.dense()[:, source.column]) @ np.abs(source.coef).T
    return share * np.abs(weight)[:, None]


def _behind(estimate: Estimate, z: Influence) -> Bool:
    """(n,) rows that the estimate rests on: those that move it, and those with a share in its
    averages, which do not move it where they equal the average (one treated row, say).
    """
    used: Bool = np.abs(z.dense()).sum(axis=1) > 0
    averages = estimate.averages
    if averages is None or estimate.parts[0].design.weights.size != z.n:
        return used
    for source in averages.sources:
        if source.of.n == z.n:
            used = used | (np.abs(source.of.dense()).sum(axis=1) > 0)
    return used


def _one_group(estimate: Estimate, n: int) -> Arms | None:
    """One arm where every value is one average: its rows by their share in it."""
    averages, design = estimate.averages, estimate.parts[0].design
    if averages is None or len(averages.sources) > 1 or design.weights.size != n:
        return None
    (source,) = averages.sources
    if not isinstance(source, Shares) or ((source.coef != 0).sum(axis=1) != 1).any():
        return None
    column = source.column[np.abs(source.coef).argmax(axis=1)]
    share = np.abs(source.of.dense()[:, column] * design.weights[:, None])
    weight = np.stack([share, np.zeros_like(share)], axis=1)
    return Arms(weight, np.ones(n, bool))


def totals_of(estimate: Estimate, z: Influence, units: Labels, arms: Arms | None) -> Totals:
    """Totals of the influence in the units whose signs are drawn, by arm."""
    base, code, units_ = estimate.parts[0].design.base, units.code, units.count
    if arms is None:
        everything = z.sums(base, code, units_)
        return Totals(np.zeros_like(everything), everything, None, np.zeros(estimate.p))
    n = arms.weight.shape[0]
    share = group_sums(arms.weight.reshape(n, -1), code, units_).reshape(units_, 2, -1)
    size = share.sum(axis=0)
    weight = estimate.parts[0].design.weights
    whole = size if weight.size != n else np.einsum("n,nap->ap", np.abs(weight), arms.weight != 0)
    return Totals(
        z.scaled(arms.treated.astype(float)).sums(base, code, units_),
        z.scaled((~arms.treated).astype(float)).sums(base, code, units_),
        share / np.where(size > 0, size, 1.0),
        whole[0] / np.where(whole.sum(axis=0) > 0, whole.sum(axis=0), 1.0),
    )


def _stratum_of(code: Int, m: int, stratum: Int) -> Int:
    first = np.zeros(m, np.intp)
    first[code] = stratum
    if (first[code] != stratum).any():
        raise EstimateError(
            Problem(
                what="clusters cross strata",
                where=of_argument("strata"),
                expected="every cluster in one stratum",
                got=worded("clusters in several"),
                count=int(np.unique(code[first[code] != stratum]).size),
            )
        )
    return first
