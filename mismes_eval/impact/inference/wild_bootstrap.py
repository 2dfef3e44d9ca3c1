"""Tests and intervals for few clusters: the wild cluster bootstrap on influence columns and on
regression coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, in_column, named, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.formula import Model, build
from mismes_eval.impact.inference.arms import (
    Arms,
    Labels,
    Totals,
    arms_of,
    influence_of,
    labels_of,
    totals_of,
)
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
from mismes_eval.numerics.qr import least_squares
from mismes_eval.numerics.rows import Float, Int, group_sums
from mismes_eval.public import Finite, Seed, public
from mismes_eval.weighting.sample import Sample


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
    estimate : on one linearised design.
    cluster : (n,) label of each row (regions); None: the design's PSUs in its strata.
    treated : (n,) treatment, 0/1: the null is imposed on the totals, and clusters count against the
        mean of their own arm (exactly the restricted bootstrap for a difference of means). None:
        the arms that the estimate knows (att_2x2), or one arm where it is a mean of one group.
    strata : (n,) label, with `cluster`: totals are centred inside strata.
    null : value tested.
    impose : False: totals as they are, symmetric percentile-t; refused below 20 clusters an arm,
        where it covers 92-94% instead of 95% (94-95% with the null imposed).
    subcluster : (n,) label of smaller units inside the clusters (PSUs, persons) whose signs are
        drawn; errors still count clusters. For few clusters in an arm that are alike.
    points : "rademacher" (two points), "webb" (six), "auto" (webb below 12 clusters). All
        combinations are taken where they are no more than `draws`.
    level : of the interval (values not rejected, by inverting the test where the null is imposed);
        None: no interval, only the test.
    seed : of the draws.

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
    z = influence_of(estimate, "the wild bootstrap")
    labels = labels_of(estimate, z.n, cluster, strata)
    refuse_few(labels.count, level, draws)
    arms = arms_of(estimate, z, treated)
    touched = _touched(arms, labels)
    _refuse_arms(touched, labels.count, impose)
    drawn = labels if subcluster is None else _inside(labels, subcluster, z.n)
    clusters = totals_of(estimate, z, drawn, arms if impose else None)
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
    formula : "y ~ treated * post + C(region)".
    coefficient : a name of its terms.
    cluster : column of the frame.  Others as in wild_bootstrap.

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
    place = _place(model, coefficient)
    code, m = codes(
        sample.frame[cluster] if cluster in sample.frame.columns else _no_column(cluster),
        sample.active,
        "cluster",
    )
    code = code[model.inside]
    refuse_few(m, level, draws)
    x, w = model.x, model.w
    others = np.delete(x, place, axis=1)
    tilde = least_squares(others, x[:, place], w).residual
    y_tilde = least_squares(others, model.y, w).residual
    fit = least_squares(x, model.y, w)
    size = float(w @ (tilde * x[:, place]))
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
    beta = float(fit.beta[place])
    se = float(np.sqrt(factor * own @ own)) / size
    v, enumerated, used = signs(m, points, draws, seed)

    def p_of(value: float) -> float:
        numerator = sums[:, 0] - value * sums[:, 1]
        u = cross_y - value * cross_x
        starred = v * numerator - (v @ u) @ hat.T
        return share_beyond(
            abs(beta - value) / se,
            ratios(np.abs(v @ numerator), np.sqrt(factor * (starred**2).sum(axis=1))),
            enumerated,
        )

    low, high = (float("nan"), float("nan")) if level is None else invert(p_of, beta, se, level)
    notes = (
        words(m, v.shape[0], enumerated, used, m),
        f"Regression {formula}, null imposed, clusters by {cluster}.",
        *sample.notes,
    )
    return WildBootstrap(
        names=(coefficient,),
        estimate=np.array([beta]),
        se=np.array([se]),
        statistic=np.array([(beta - null) / se]),
        p=np.array([p_of(null)]),
        low=np.array([low]),
        high=np.array([high]),
        null=null,
        level=level,
        clusters=m,
        draws=v.shape[0],
        enumerated=enumerated,
        points=used,
        notes=notes,
    )


def _place(model: Model, coefficient: str) -> int:
    if coefficient in model.names:
        return model.names.index(coefficient)
    raise EstimateError(
        Problem(
            "the formula has no such coefficient",
            worded("argument 'coefficient' = {coefficient}", {"coefficient": repr(coefficient)}),
            worded("one of {names}", {"names": named(model.names)}),
        )
    )


class _Starred:
    """The bootstrap totals (B, m) of value j under any null `at`: they are linear in value - at.

    into (k, m) puts the units whose signs were drawn into clusters; None where they are the same.
    """

    def __init__(
        self, c: Totals, j: int, value: float, v: Float, into: Float | None, stratum: Int
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


def _inside(labels: Labels, subcluster: Sequence[object] | pd.Series, n: int) -> Labels:
    """The units whose signs are drawn, each inside one cluster."""
    code, k = codes(subcluster, np.ones(n, bool), "subcluster", n)
    first = np.zeros(k, np.intp)
    first[code] = labels.code
    crossing = np.unique(code[first[code] != labels.code]).size
    if crossing:
        raise EstimateError(
            Problem(
                what="subclusters cross clusters",
                where=of_argument("subcluster"),
                expected="every subcluster in one cluster",
                got=worded("subclusters in several"),
                count=int(crossing),
            )
        )
    return Labels(code, k, labels.stratum[first])


def _touched(arms: Arms | None, labels: Labels) -> tuple[int, ...]:
    """In how many clusters each arm lies, of the arms that there are."""
    if arms is None:
        return ()
    weight = arms.weight.sum(axis=2)
    found = (int(np.unique(labels.code[weight[:, arm] != 0]).size) for arm in (0, 1))
    return tuple(count for count in found if count)


def _refuse_arms(touched: tuple[int, ...], clusters: int, impose: bool) -> None:
    if impose and not touched:
        raise EstimateError(
            Problem(
                what="on whom the null is to be imposed is not known",
                where=of_argument("treated"),
                expected="1 for treated and 0 for comparison rows (1 throughout for a mean of one group)",
                got="None",
                fix="State it; for a coefficient use wild_bootstrap_ols; with 20 clusters or more in"
                " each arm impose=False will do.",
            )
        )
    fewest = min(touched, default=clusters)
    if fewest < FEWEST:
        raise EstimateError(
            Problem(
                what="an arm lies in too few clusters",
                where=of_argument("cluster"),
                expected=worded("{fewest} clusters or more in each arm", {"fewest": FEWEST}),
                got=str(fewest),
                fix="So few say nothing of how clusters differ: take smaller clusters (the design's"
                " PSUs), or randomisation_test where the assignment was random.",
            )
        )
    if not impose and fewest < UNIMPOSED:
        raise EstimateError(
            Problem(
                "too few clusters for a bootstrap that imposes no null",
                of_argument("impose"),
                worded("True, or {unimposed} clusters in each arm", {"unimposed": UNIMPOSED}),
                worded("{fewest} clusters", {"fewest": fewest}),
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
        low = value - q * se
        high = value + q * se
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


def _no_column(name: str) -> pd.Series:
    raise EstimateError(Problem("unknown column", in_column(name), "a column of the frame"))
