"""Shortest interval of fixed length for an effect when the slope of the deviation from parallel
trends changes by at most M from one period to the next.

The interval is centred on an affine function of the estimates: the target after treatment plus
weights v on the coefficients before it. A deviation that is a straight line must cancel, else the
bias has no bound; what is left of the deviation is a combination of its bends, each at most M, so
the worst bias is M times the sum of that combination's absolute coefficients. Half the length is
the standard error times the quantile of the absolute value of a normal around the worst bias in
standard errors: a convex function of v, minimised here.
References: Rambachan and Roth (2023), Review of Economic Studies 90, 2555-2591, section 4.1;
Armstrong and Kolesar (2018), Econometrica 86, 655-683.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import brentq, linprog, minimize
from scipy.stats import norm

from mismes_eval.numerics.rows import Float

_STEPS = 500
_TINY = 1e-14


def bends(pre: int, gaps: Float) -> Float:
    """(pre + post - 1, pre + post): changes of the slope of a path that is 0 in the reference
    period, between the pre coefficients before it and the post ones after. gaps (pre + post,):
    length of each step.
    """
    step = np.diff(np.insert(np.eye(gaps.size), pre, 0.0, axis=0), axis=0)
    return np.diff(step / gaps[:, None], axis=0)


def identified_set(
    beta: Float, pre: int, target: Float, m: float, gaps: Float
) -> tuple[float, float]:
    """What the point estimates alone allow: ends of target' (beta_post - deviation) over deviations
    that equal the coefficients before treatment; NaN where those bend by more than m.
    """
    bend = bends(pre, gaps)
    known = bend[:, :pre] @ beta[:pre]
    open_ = bend[:, pre:]
    value = float(target @ beta[pre:])
    ends = []
    for sign in (-1.0, 1.0):
        answer = linprog(
            sign * target,
            A_ub=np.vstack([open_, -open_]),
            b_ub=np.concatenate([m - known, m + known]),
            bounds=(None, None),
        )
        if answer.status == 2:
            return float("nan"), float("nan")
        ends.append(value - sign * float(answer.fun))
    return ends[0], ends[1]


def confidence_set(
    beta: Float,
    vcov: Float,
    pre: int,
    target: Float,
    m: float,
    level: float,
    gaps: Float,
) -> tuple[float, float]:
    """Ends of the shortest interval of fixed length. beta (pre + post,), vcov of it, target
    (post,); gaps as for `bends`.
    """
    problem = _Problem.of(vcov, pre, target, m, level, gaps)
    weights = problem.best()
    centre = float(weights @ beta)
    half = problem.half_length(weights)
    return centre - half, centre + half


def quantile(bias: float, level: float) -> tuple[float, float]:
    """q with P(|N(bias, 1)| <= q) = level, and its derivative by the bias. bias : 0 or more."""
    low = norm.ppf(0.5 + level / 2)
    high = bias + norm.ppf(0.5 + level / 2)
    if bias <= _TINY:
        return float(low), 0.0
    q = brentq(
        lambda q: norm.cdf(q - bias) - norm.cdf(-q - bias) - level, low * 0.5, high, xtol=_TINY
    )
    near, far = norm.pdf(q - bias), norm.pdf(q + bias)
    return float(q), float((near - far) / (near + far))


@dataclass(frozen=True)
class _Problem:
    """start + free @ z are the weights (pre + post,) that a straight line does not move; combine
    gives the coefficients of the bends in the bias of such weights.
    """

    vcov: Float
    start: Float
    free: Float
    combine: Float
    m: float
    level: float

    @classmethod
    def of(
        cls, vcov: Float, pre: int, target: Float, m: float, level: float, gaps: Float
    ) -> _Problem:
        when = np.insert(np.cumsum(gaps), 0, 0.0)
        line = np.delete(when - when[pre], pre)
        start = np.concatenate([np.zeros(pre), target])
        start[:pre] = -(start @ line) * line[:pre] / (line[:pre] @ line[:pre])
        free = np.vstack([null_space(line[None, :pre]), np.zeros((target.size, pre - 1))])
        combine = np.asarray(np.linalg.pinv(bends(pre, gaps).T), float)
        return cls(vcov, start, free, combine, m, level)

    def half_length(self, weights: Float) -> float:
        se = float(np.sqrt(weights @ self.vcov @ weights))
        bias = self.m * float(np.abs(self.combine @ weights).sum())
        return se * quantile(bias / se, self.level)[0]

    def best(self) -> Float:
        """The weights of the shortest interval: from those of the least variance and those of the
        least bias downhill, the better of both.
        """
        if not self.free.shape[1]:
            return self.start
        spread = self.free.T @ self.vcov
        least_variance = np.asarray(
            np.linalg.solve(spread @ self.free, -spread @ self.start), float
        )
        if self.m == 0:
            return np.asarray(self.start + self.free @ least_variance, float)
        begins = (least_variance, self._least_bias())
        ends = [self.start + self.free @ self._downhill(z) for z in begins]
        best: Float = min(ends, key=self.half_length)
        return best

    def _least_bias(self) -> Float:
        """z of the least worst bias: a linear programme."""
        g, moved = self.combine @ self.start, self.combine @ self.free
        k = self.free.shape[1]
        b = g.size
        above = np.vstack([np.hstack([moved, -np.eye(b)]), np.hstack([-moved, -np.eye(b)])])
        cost = np.concatenate([np.zeros(k), np.ones(b)])
        bounds = [(None, None)] * k + [(0, None)] * b
        answer = linprog(cost, A_ub=above, b_ub=np.concatenate([-g, g]), bounds=bounds)
        return np.asarray(answer.x[:k], float)

    def _downhill(self, z: Float) -> Float:
        """z of a smallest half length from a start, with bounds u on the coefficients of the bends
        beside it. Lengths are counted in that of the start.
        """
        k = z.size
        unit = self.half_length(self.start + self.free @ z)
        g, moved = self.combine @ self.start, self.combine @ self.free

        def length(x: Float) -> tuple[float, Float]:
            weights = self.start + self.free @ x[:k]
            spread = self.vcov @ weights
            se = float(np.sqrt(weights @ spread))
            bias = self.m * float(x[k:].sum()) / se
            q, slope = quantile(max(bias, 0.0), self.level)
            by_z = (q - bias * slope) * (self.free.T @ spread) / se
            by_u = np.full(x.size - k, slope * self.m)
            return se * q / unit, np.concatenate([by_z, by_u]) / unit

        rows = np.vstack([np.hstack([-moved, np.eye(g.size)]), np.hstack([moved, np.eye(g.size)])])
        held = {
            "type": "ineq",
            "fun": lambda x: rows @ x + np.concatenate([-g, g]),
            "jac": lambda x: rows,
        }
        begin = np.concatenate([z, np.abs(g + moved @ z)])
        answer = minimize(
            length,
            begin,
            jac=True,
            constraints=[held],
            method="SLSQP",
            options={"maxiter": _STEPS, "ftol": _TINY},
        )
        return np.asarray(answer.x[:k], float)
