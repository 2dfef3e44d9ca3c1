"""The variance of true effects between studies by restricted maximum likelihood, with or without
features of the studies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.optimize import brentq

from mismes_eval.errors import EstimateError, Problem, kind_of, of_arguments, worded
from mismes_eval.numerics.rows import Float

GRID = 400


@dataclass(frozen=True)
class Fit:
    """beta (p,), residual (k,), bread (p, p): inverse of X'WX."""

    beta: Float
    residual: Float
    bread: Float
    weight: Float


def fitted(y: Float, v: Float, x: Float, tau2: float) -> Fit:
    w = 1 / (v + tau2)
    bread = linalg.inv(x.T @ (w[:, None] * x))
    beta = bread @ (x.T @ (w * y))
    return Fit(beta, y - x @ beta, bread, w)


def _score(y: Float, v: Float, x: Float, tau2: Float) -> Float:
    """(g,) derivative of twice the restricted log likelihood at each tau2 (g,): y'PPy - tr P."""
    w = 1 / (v + tau2[:, None])
    bread = np.linalg.inv(np.einsum("gk,kp,kq->gpq", w, x, x))
    beta = np.einsum("gpq,kq,gk,k->gp", bread, x, w, y)
    residual = y - beta @ x.T
    lost = np.einsum("gpq,gk,kp,kq->g", bread, w**2, x, x)
    return np.asarray((w**2 * residual**2).sum(axis=1) - w.sum(axis=1) + lost)


def _likelihood(y: Float, v: Float, x: Float, tau2: float) -> float:
    fit = fitted(y, v, x, tau2)
    logdet = np.linalg.slogdet(fit.bread)[1]
    return float(np.log(fit.weight).sum() + logdet - fit.weight @ fit.residual**2) / 2


def reml(y: Float, v: Float, x: Float) -> float:
    """Largest restricted likelihood over tau2 >= 0: every root of its slope on a grid, and 0."""
    top = 4 * (float(np.var(y, ddof=1)) + float(v.max()))
    grid = np.r_[0.0, np.geomspace(top * 1e-8, top, GRID)]
    score = _score(y, v, x, grid)
    candidates = [0.0]
    for i in np.flatnonzero((score[:-1] > 0) & (score[1:] <= 0)):
        root = brentq(
            lambda t: float(_score(y, v, x, np.array([t]))[0]),
            grid[i],
            grid[i + 1],
            xtol=1e-300,
            rtol=1e-13,
            maxiter=1000,
        )
        candidates.append(float(root))
    return max(candidates, key=lambda t: _likelihood(y, v, x, t))


def numbers(value: object, se: object) -> tuple[Float, Float]:
    """Effects and standard errors as float64; EstimateError for anything else."""
    try:
        return np.atleast_1d(np.asarray(value, float)), np.atleast_1d(np.asarray(se, float))
    except (TypeError, ValueError):
        raise EstimateError(
            Problem(
                "estimates are not numbers",
                of_arguments("value", "se"),
                "two lists of numbers",
                worded(
                    "{kind} and {other}",
                    {"kind": kind_of(value), "other": kind_of(se)},
                ),
            )
        ) from None
