"""Tests and intervals for few clusters: the wild cluster bootstrap on influence columns and on
regression coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.formula import build
from mismes_eval.impact.inference.wild_draws import (
    FEWEST,
    UNIMPOSED,
    Draws,
    WildBootstrap,
    codes,
    invert,
    ratios,
    refuse_few,
    share_beyond,
    signs,
    words,
)
from mismes_eval.numerics.averages import Shares
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.qr import least_squares
from mismes_eval.numerics.rows import Bool, Float, Int, group_sums
from mismes_eval.public import Finite, Seed, public
from mismes_eval.weighting.sample import Sample

ARM = "arm"  # in Estimate.extra: (n,) 1 for treated, 0 for comparison rows


@public(EstimateError)
def wild_bootstrap(
    estimate: Estimate,
    cluster: Sequence[object] | pd.Series | None = None,
    treated: Sequence[float] | pd.Series | None = None,
    strata: Sequence[object] | pd.Series | None = None,
    null: Finite = 0.0,
    impose: bool = True,
    subcluster: Sequence[object] | pd.Series | None = None,
    points: Draws = "auto",
    draws: int = 9999,
    level: float | None = 0.95,
    seed: Seed = 1,
) -> WildBootstrap:
    """Wild cluster bootstrap-t of any estimate, on the cluster totals of its influence columns;
    weights and their making are in them.

    Parameters
    ----------
    estimate : on one linearised design.  cluster : (n,) label of each row (regions); None: the design's PSUs in its strata.
    treated : (n,) treatment, 0/1: the null is imposed on the totals, and clusters count against the
        mean of their own arm (exactly the restricted bootstrap for a difference of means). None:
        the arms that the estimate knows (att_2x2), or one arm where it is a mean of one group.
    strata : (n,) label, with `cluster`: totals are centred inside strata.  null : value tested.
    impose : False: totals as they are, symmetric percentile-t; refused below 20 clusters an arm,
        where it covers 92-94% instead of 95% (94-95% with the null imposed).
    subcluster : (n,) label of smaller units inside the clusters (PSUs, persons) whose signs are
        drawn; errors still count clusters. For few clusters in an arm that are alike.
    points : "rademacher" (two points), "webb" (six), "auto" (webb below 12 clusters). All
        combinations are taken where they are no more than `draws`.
    level : of the interval (values not rejected, by inverting the test where the null is imposed); None: no interval, only the test.  seed : of the draws.

    Returns
    -------
    WildBootstrap; its notes say how many clusters, and the smallest p that the number of
    combinations allows.

    Raises
    ------
    EstimateError : several or replicate designs, labels of the wrong length or missing, fewer than
        3 clusters in all or in an arm, arms that nobody stated, clusters of both arms missing.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90, 414-427; Kline and
    Santos (2012), Journal of Econometric Methods 1, 23-41; MacKinnon and Webb (2018), Econometrics
    Journal 21, 114-135 (subclusters); Webb (2023), Canadian Journal of Economics 56, 839-858.
    """
    z = _influence(estimate)
    labels = _clusters(estimate, z.n, cluster, strata)
    refuse_few(labels.count, level, draws)
    arms = _arms(estimate, z, treated)
    touched = _touched(arms, labels)
    _refuse_arms(touched, labels.count, impose)
    drawn = labels if subcluster is None else _inside(labels, subcluster, z.n)
    clusters = _totals(estimate, z, drawn, arms if impose else None)
    v, enumerated, used = signs(drawn.count, points, draws, seed)
    into = None if subcluster is None else drawn.into(labels)
    rows = [
        _score_test(
            _Starred(clusters, j, float(estimate.value[j]), v, into, labels.stratum),
            float(estimate.value[j]),
            null,
            enumerated,
            level,
        )
        for j in range(estimate.p)
    ]
    se, t, p, low, high = (np.array(column) for column in zip(*rows, strict=True))
    how = (
        "null imposed, interval by inverting the test"
        if impose
        else "null not imposed, symmetric percentile-t interval"
    )
    notes = [
        words(labels.count, v.shape[0], enumerated, used, drawn.count),
        f"Cluster totals of the influence; {how}.",
        *_few_said(touched),
    ]
    return WildBootstrap(
        names=estimate.names,
        estimate=estimate.value,
        se=se,
        statistic=t,
        p=p,
        low=low,
        high=high,
        null=null,
        level=level,
        clusters=labels.count,
        draws=v.shape[0],
        enumerated=enumerated,
        points=used,
        notes=(*notes, *estimate.notes),
    )


@public(EstimateError)
def wild_bootstrap_ols(
    sample: Sample,
    formula: str,
    coefficient: str,
    cluster: str,
    null: Finite = 0.0,
    points: Draws = "auto",
    draws: int = 9999,
    level: float | None = 0.95,
    seed: Seed = 1,
) -> WildBootstrap:
    """Restricted wild cluster bootstrap-t of a coefficient of a weighted regression (the two-way or
    DiD interaction term, say).

    Parameters
    ----------
    formula : "y ~ treated * post + C(region)".  coefficient : a name of its terms.  cluster : column of the frame.  Others as in wild_bootstrap.

    Returns
    -------
    WildBootstrap with one row; the interval holds the values that the test does not reject.

    Raises
    ------
    EstimateError : as ols; an unknown coefficient, a missing cluster, fewer than 3 clusters.

    References
    ----------
    Cameron, Gelbach and Miller (2008); Roodman, MacKinnon, Nielsen and Webb (2019), Stata Journal
    19, 4-60.
    """
    model = build(sample, formula, "wild_bootstrap_ols")
    if coefficient not in model.names:
        raise EstimateError(
            Problem(
                "the formula has no such coefficient",
                f"argument 'coefficient' = {coefficient!r}",
                f"one of {', '.join(model.names[:30])}",
            )
        )
    code, m = codes(
        sample.frame[cluster] if cluster in sample.frame.columns else _no_column(cluster),
        sample.active,
        "cluster",
    )
    code = code[model.inside]
    refuse_few(m, level, draws)
    k = model.names.index(coefficient)
    x, w = model.x, model.w
    others = np.delete(x, k, axis=1)
    tilde = least_squares(others, x[:, k], w).residual
    y_tilde = least_squares(others, model.y, w).residual
    fit = least_squares(x, model.y, w)
    size = float(w @ (tilde * x[:, k]))
    sums = group_sums(
        np.column_stack([w * tilde * y_tilde, w * tilde * tilde, (w * tilde)[:, None] * x]), code, m
    )
    cross_y, cross_x = (
        group_sums((w * y_tilde)[:, None] * x, code, m),
        group_sums((w * tilde)[:, None] * x, code, m),
    )
    hat = sums[:, 2:] @ fit.inverse
    own = group_sums((w * tilde * fit.residual)[:, None], code, m)[:, 0]
    factor = m / (m - 1)
    beta, se = float(fit.beta[k]), float(np.sqrt(factor * own @ own)) / size
    v, enumerated, used = signs(m, points, draws, seed)

    def p_of(value: float) -> float:
        s = sums[:, 0] - value * sums[:, 1]
        u = cross_y - value * cross_x
        starred = v * s - (v @ u) @ hat.T
        return share_beyond(
            abs(beta - value) / se,
            ratios(np.abs(v @ s), np.sqrt(factor * (starred**2).sum(axis=1))),
            enumerated,
        )

    low, high = (float("nan"), float("nan")) if level is None else invert(p_of, beta, se, level)
    notes = (
        words(m, v.shape[0], enumerated, used, m),
        f"Regression {formula}, null imposed, clusters by {cluster}.",
        *sample.notes,
    )
    return WildBootstrap(
        (coefficient,),
        np.array([beta]),
        np.array([se]),
        np.array([(beta - null) / se]),
        np.array([p_of(null)]),
        np.array([low]),
        np.array([high]),
        null,
        level,
        m,
        v.shape[0],
        enumerated,
        used,
        notes,
    )


@dataclass(frozen=True, slots=True)
class _Labels:
    """code (n,) of each row 0..count-1, stratum (count,)."""

    code: Int
    count: int
    stratum: Int

    def into(self, larger: _Labels) -> Float:
        """(count, larger.count) 1 where a unit lies in a larger one."""
        of = np.zeros(self.count, np.intp)
        of[self.code] = larger.code
        return np.eye(larger.count)[of]


@dataclass(frozen=True, slots=True)
class _Totals:
    """treated, compared (k, p) weighted influence totals of the arms' rows; share (k, 2, p) of each
    unit in the weight of (treated, comparison), or None where the null is not imposed (then
    `compared` holds everything); pi (p,): treated share of the weight.
    """

    treated: Float
    compared: Float
    share: Float | None
    pi: Float


class _Starred:
    """The bootstrap totals (B, m) of value j under any null `at`: they are linear in value - at.

    into (k, m) puts the units whose signs were drawn into clusters; None where they are the same.
    """

    def __init__(
        self, c: _Totals, j: int, value: float, v: Float, into: Float | None, stratum: Int
    ) -> None:
        self.value, self.stratum, self.imposed = value, stratum, c.share is not None
        t0, c0 = c.treated[:, j], c.compared[:, j]
        self.own = _gathered((t0 + c0)[None, :], into)
        if c.share is None:
            self.fixed, self.moving = _gathered(v * c0, into), None
            return
        s1, s0, pi = c.share[:, 0, j], c.share[:, 1, j], float(c.pi[j])
        self.fixed = _centred(v * t0, s1, into) + _centred(v * c0, s0, into)
        steps = _centred(v * ((1 - pi) * s1), s1, into) + _centred(v * (pi * s0), s0, into)
        self.moving = steps
        self.sums = v @ (t0 + c0), v @ ((1 - pi) * s1 + pi * s0)

    def ratios(self, at: float) -> Float:
        """(B,) absolute t statistics in the draws."""
        if self.moving is None:
            return ratios(np.abs(self.fixed.sum(axis=1)), _spread(self.fixed, self.stratum))
        far = self.value - at
        top = np.abs(self.sums[0] + far * self.sums[1])
        return ratios(top, _spread(self.fixed + far * self.moving, self.stratum))

    @property
    def se(self) -> float:
        """Standard error over the clusters."""
        return float(_spread(self.own, self.stratum)[0])


def _gathered(x: Float, into: Float | None) -> Float:
    return x if into is None else x @ into


def _centred(x: Float, share: Float, into: Float | None) -> Float:
    """Totals x (B, k) of an arm against its mean, in clusters."""
    return _gathered(x, into) - np.outer(x.sum(axis=1), _gathered(share[None, :], into)[0])


def _influence(estimate: Estimate) -> Influence:
    """Influence on the base weights of the one design."""
    if not isinstance(estimate, Estimate):
        raise EstimateError(
            Problem(
                "the wild bootstrap takes an estimate",
                "argument 'estimate'",
                "an Estimate",
                f"a {type(estimate).__name__}",
            )
        )
    if (
        len(estimate.parts) != 1
        or estimate.parts[0].influence is None
        or estimate.parts[0].design.replicates is not None
    ):
        raise EstimateError(
            Problem(
                "the wild bootstrap needs influence columns on one design",
                "argument 'estimate'",
                "a linearised design, one sample",
                f"{len(estimate.parts)} designs or replicates",
            )
        )
    return estimate.parts[0].design.pull_back(estimate.parts[0].influence)


def _clusters(
    estimate: Estimate,
    n: int,
    cluster: Sequence[object] | pd.Series | None,
    strata: Sequence[object] | pd.Series | None,
) -> _Labels:
    """The stated clusters, or the design's PSUs in its strata."""
    design, everybody = estimate.parts[0].design, np.ones(n, bool)
    if cluster is None:
        if strata is not None:
            raise EstimateError(
                Problem(
                    "strata come with clusters",
                    "argument 'strata'",
                    "None without 'cluster': the design's strata are used",
                )
            )
        return _Labels(design.base_psu, design.psus, design.stages[0].stratum)
    code, m = codes(cluster, everybody, "cluster", n)
    if strata is None:
        return _Labels(code, m, np.zeros(m, np.intp))
    return _Labels(code, m, _stratum_of(code, m, *codes(strata, everybody, "strata", n)))


def _inside(labels: _Labels, subcluster: Sequence[object] | pd.Series, n: int) -> _Labels:
    """The units whose signs are drawn, each inside one cluster."""
    code, k = codes(subcluster, np.ones(n, bool), "subcluster", n)
    first = np.zeros(k, np.intp)
    first[code] = labels.code
    crossing = np.unique(code[first[code] != labels.code]).size
    if crossing:
        raise EstimateError(
            Problem(
                "subclusters cross clusters",
                "argument 'subcluster'",
                "every subcluster in one cluster",
                "subclusters in several",
                "",
                int(crossing),
            )
        )
    return _Labels(code, k, labels.stratum[first])


@dataclass(frozen=True, slots=True)
class _Arms:
    """weight (n, 2, p) of each row in the (treated, comparison) arm of each value; treated (n,) 1
    for rows whose influence counts with the first.
    """

    weight: Float
    treated: Bool


def _arms(
    estimate: Estimate, z: Influence, treated: Sequence[float] | pd.Series | None
) -> _Arms | None:
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
                "treatment has another length", "argument 'treated'", f"{z.n} rows", str(given.size)
            )
        )
    d = pd.to_numeric(given, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    used = np.abs(z.dense()).sum(axis=1) > 0
    if not np.isin(d[used], (0.0, 1.0)).all():
        raise EstimateError(
            Problem(
                "treatment is not yes or no",
                "argument 'treated'",
                "0 or 1 in every row behind the estimate",
                "other values",
            )
        )
    w = estimate.parts[0].design.base * used
    if not (w * (d == 1)).any():
        raise EstimateError(
            Problem(
                "nobody is treated",
                "argument 'treated'",
                "treated rows behind the estimate",
                "none",
            )
        )
    both = np.column_stack([w * (d == 1), w * (d == 0)])
    return _Arms(np.repeat(both[:, :, None], estimate.p, axis=2), d == 1)


def _one_group(estimate: Estimate, n: int) -> _Arms | None:
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
    return _Arms(weight, np.ones(n, bool))


def _touched(arms: _Arms | None, labels: _Labels) -> tuple[int, ...]:
    """In how many clusters each arm lies, of the arms that there are."""
    if arms is None:
        return ()
    weight = arms.weight.sum(axis=2)
    found = (int(np.unique(labels.code[weight[:, a] != 0]).size) for a in (0, 1))
    return tuple(count for count in found if count)


def _refuse_arms(touched: tuple[int, ...], clusters: int, impose: bool) -> None:
    if impose and not touched:
        raise EstimateError(
            Problem(
                "on whom the null is to be imposed is not known",
                "argument 'treated'",
                "1 for treated and 0 for comparison rows (1 throughout for a mean of one group)",
                "None",
                "State it; for a coefficient use wild_bootstrap_ols; with 20 clusters or more in"
                " each arm impose=False will do.",
            )
        )
    fewest = min(touched, default=clusters)
    if fewest < FEWEST:
        raise EstimateError(
            Problem(
                "an arm lies in too few clusters",
                "argument 'cluster'",
                f"{FEWEST} clusters or more in each arm",
                str(fewest),
                "So few say nothing of how clusters differ: take smaller clusters (the design's"
                " PSUs), or randomisation_test where the assignment was random.",
            )
        )
    if not impose and fewest < UNIMPOSED:
        raise EstimateError(
            Problem(
                "too few clusters for a bootstrap that imposes no null",
                "argument 'impose'",
                f"True, or {UNIMPOSED} clusters in each arm",
                f"{fewest} clusters",
            )
        )


def _few_said(touched: tuple[int, ...]) -> list[str]:
    if len(touched) < 2 or min(touched) > FEWEST:
        return []
    return [
        f"Treated rows lie in {touched[0]} clusters, comparison rows in {touched[1]}: with three in"
        " an arm the test leans on few patterns of signs. Read it beside the interval of the"
        " design; a randomisation test stands in only where the assignment was random."
    ]


def _totals(estimate: Estimate, z: Influence, units: _Labels, arms: _Arms | None) -> _Totals:
    """Totals of the influence in the units whose signs are drawn, by arm."""
    base, code, k = estimate.parts[0].design.base, units.code, units.count
    if arms is None:
        everything = z.sums(base, code, k)
        return _Totals(np.zeros_like(everything), everything, None, np.zeros(estimate.p))
    n = arms.weight.shape[0]
    share = group_sums(arms.weight.reshape(n, -1), code, k).reshape(k, 2, -1)
    size = share.sum(axis=0)
    return _Totals(
        z.scaled(arms.treated.astype(float)).sums(base, code, k),
        z.scaled((~arms.treated).astype(float)).sums(base, code, k),
        share / np.where(size > 0, size, 1.0),
        size[0] / np.where(size.sum(axis=0) > 0, size.sum(axis=0), 1.0),
    )


def _score_test(
    starred: _Starred, value: float, null: float, enumerated: bool, level: float | None
) -> tuple[float, float, float, float, float]:
    """se, t, p, low, high of one value."""
    se = starred.se
    if not se > 0:
        return se, float("nan"), float("nan"), float("nan"), float("nan")

    def p_of(at: float) -> float:
        return share_beyond(abs(value - at) / se, starred.ratios(at), enumerated)

    low, high = float("nan"), float("nan")
    if level is not None and starred.imposed:
        low, high = invert(p_of, value, se, level)
    elif level is not None:
        q = float(np.quantile(starred.ratios(null), level, method="higher"))
        low, high = value - q * se, value + q * se
    return se, (value - null) / se, p_of(null), low, high


def _spread(x: Float, stratum: Int) -> Float:
    """(B,) standard error of the sum of the cluster totals in each row of x (B, m), deviations
    inside strata.
    """
    count = np.bincount(stratum)
    means = x @ (np.eye(count.size)[stratum] / np.maximum(count, 1))
    scale = np.where(count > 1, count / np.maximum(count - 1, 1), 1.0)[stratum]
    out: Float = np.sqrt((x - means[:, stratum]) ** 2 @ scale)
    return out


def _stratum_of(code: Int, m: int, stratum: Int, strata: int) -> Int:
    first = np.zeros(m, np.intp)
    first[code] = stratum
    if (first[code] != stratum).any():
        raise EstimateError(
            Problem(
                "clusters cross strata",
                "argument 'strata'",
                "every cluster in one stratum",
                "clusters in several",
                "",
                int(np.unique(code[first[code] != stratum]).size),
            )
        )
    return first


def _no_column(name: str) -> pd.Series:
    raise EstimateError(Problem("unknown column", f"column '{name}'", "a column of the frame"))
