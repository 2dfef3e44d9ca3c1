"""Confidence set of an effect when trends may break by a multiple of the largest pre-treatment
break: conditional test with a least-favourable first stage.

The post-treatment deviations that a multiple M allows form the interval +-M L c around 0, c the
largest break before treatment and L a constant of the target; so the hypothesis is a set of
inequalities in the estimates alone, without nuisance parameters, and its test has closed form.
References: Rambachan and Roth (2023), Review of Economic Studies 90, 2555-2591; Andrews, Roth and
Pakes (2023), same journal 90, 2763-2791.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import ncx2, norm

from mismes_eval.numerics.rows import Bool, Float

_DRAWS = 20_000
_GRID = 600


def reach(target: Float, gaps: Float) -> float:
    """L: largest deviation of target' delta (m,) when the slope of each step of delta is at most 1
    and delta starts at 0. gaps (m,): length of each step.
    """
    carried = np.abs(np.cumsum(target[::-1]))[::-1]
    return float(carried @ gaps)


def breaks(gaps: Float) -> Float:
    """(pre, pre): slopes of the steps of the coefficients before treatment, the last one into the
    reference period. gaps (pre,): length of each step.
    """
    step: Float = np.diff(np.eye(gaps.size + 1), axis=0)[:, :-1]
    return step / gaps[:, None]


def identified_set(
    beta: Float, pre: int, target: Float, m: float, gaps: Float
) -> tuple[float, float]:
    """What the point estimates alone allow: target' beta_post +- m L max |break|."""
    slope, allowed = _slopes(pre, target, gaps)
    value = float(target @ beta[pre:])
    half = m * allowed * float(np.abs(slope @ beta[:pre]).max())
    return value - half, value + half


def _slopes(pre: int, target: Float, gaps: Float) -> tuple[Float, float]:
    """The breaks before treatment, and L."""
    return breaks(gaps[:pre]), reach(target, gaps[pre:])


def from_one_break(
    beta: Float,
    vcov: Float,
    target: Float,
    m: float,
    level: float,
    quantile: float,
    gaps: Float,
) -> tuple[float, float, float, float]:
    """Set and confidence interval where only one period lies before: deviations up to M times the
    upper end of the interval of the one break, whose point estimate is luck.

    vcov : widened for few degrees of freedom; quantile : of the normal at level.

    Returns
    -------
    set low, set high, interval low, interval high. The interval is the shortest of fixed length
    under a bias of known bound (Armstrong and Kolesar 2018, Econometrica 86, 655-683).
    """
    value = float(target @ beta[1:])
    se = float(np.sqrt(target @ vcov[1:, 1:] @ target))
    slope, allowed = _slopes(1, target, gaps)
    largest = abs(float(slope[0] @ beta[:1])) + quantile * float(
        np.sqrt(slope[0] @ vcov[:1, :1] @ slope[0])
    )
    bias = m * allowed * largest
    half = se * float(np.sqrt(ncx2.ppf(level, 1, (bias / se) ** 2))) if bias else quantile * se
    return value - bias, value + bias, value - half, value + half


def confidence_set(
    beta: Float,
    vcov: Float,
    pre: int,
    target: Float,
    m: float,
    level: float,
    gaps: Float,
    seed: int = 1,
) -> tuple[float, float]:
    """Ends of the set of effects that are not rejected; beta (pre + post,), vcov of it, target
    (post,); gaps (pre + post,): length of each step.

    The largest break may be any one, of either sign: the set is the union over these cases.
    """
    value = float(target @ beta[pre:])
    se = float(np.sqrt(target @ vcov[pre:, pre:] @ target))
    slope, allowed = _slopes(pre, target, gaps)
    spread = np.sqrt(np.diag(slope @ vcov[:pre, :pre] @ slope.T))
    half = 8 * se + m * allowed * float((np.abs(slope @ beta[:pre]) + 6 * spread).max())
    normal = np.random.default_rng(seed).standard_normal((_DRAWS, beta.size))
    low = np.inf
    high = -np.inf
    for place in range(pre):
        for sign in (1.0, -1.0):
            a, shift = _moments(pre, target, m, place, sign, gaps)
            test = _Test(a, shift, beta, vcov, level, normal)
            for end in _ends(test, value, half):
                low = min(low, end)
                high = max(high, end)
    return float(low), float(high)


def _moments(
    pre: int, target: Float, m: float, s: int, sign: float, gaps: Float
) -> tuple[Float, Float]:
    """Rows a (2, p) and shift (2,): under the hypothesis that the effect is theta, the mean of a
    beta - shift theta is at most 0.

    Comparisons among the breaks themselves are left out: they hold whatever theta is, and where
    they nearly bind they only cost power.
    """
    slope, most = _slopes(pre, target, gaps)
    effect = np.concatenate([np.zeros(pre), target])
    allowed = np.concatenate([m * most * sign * slope[s], np.zeros(target.size)])
    return np.array([effect - allowed, -effect - allowed]), np.array([1.0, -1.0])


class _Test:
    """The hybrid test of one case, for many values of theta at once."""

    def __init__(
        self, a: Float, shift: Float, beta: Float, vcov: Float, level: float, normal: Float
    ) -> None:
        covariance = a @ vcov @ a.T
        sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        keep = sd > 1e-12 * sd.max()
        self.correlation = covariance[np.ix_(keep, keep)] / np.outer(sd[keep], sd[keep])
        self.centre, self.slope = (a @ beta)[keep] / sd[keep], shift[keep] / sd[keep]
        alpha = 1 - level
        self.first = alpha / 10
        self.second = (alpha - self.first) / (1 - self.first)
        values, vectors = np.linalg.eigh(vcov)
        draws = (
            normal @ (vectors * np.sqrt(np.maximum(values, 0.0))).T @ (a[keep] / sd[keep, None]).T
        )
        self.least_favourable = float(np.quantile(draws.max(axis=1), 1 - self.first))

    def accepts(self, theta: Float) -> Bool:
        """(g,) for values of theta (g,)."""
        statistic = self.centre[:, None] - self.slope[:, None] * theta
        best = statistic.argmax(axis=0)
        top = statistic.max(axis=0)
        rho = self.correlation[best].T
        with np.errstate(divide="ignore", invalid="ignore"):
            bound = np.where(rho < 1 - 1e-9, (statistic - rho * top) / (1 - rho), -np.inf)
        lower = bound.max(axis=0)
        low, high = norm.cdf(lower), norm.cdf(self.least_favourable)
        critical = np.maximum(
            norm.ppf(np.clip(low + (1 - self.second) * (high - low), 0.0, 1.0)), 0.0
        )
        out: Bool = (top <= self.least_favourable) & (top <= critical)
        return out


def _ends(test: _Test, value: float, half: float) -> list[float]:
    """Smallest and largest accepted theta on a grid, refined three times; nothing where none is
    accepted.
    """
    grid = np.linspace(value - half, value + half, _GRID)
    accepted = np.flatnonzero(test.accepts(grid))
    if accepted.size == 0:
        return []
    ends = []
    for at, out in ((accepted[0], -1), (accepted[-1], 1)):
        inside, width = float(grid[at]), float(grid[1] - grid[0])
        for _ in range(3):
            finer = inside + out * np.linspace(0, width, 60)
            held = np.flatnonzero(test.accepts(finer))
            inside = float(finer[held[-1]]) if held.size else inside
            width = width / 59
        ends.append(inside)
    return ends
