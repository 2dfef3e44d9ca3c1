"""Weighted Poisson regression with a log link, converged to rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval.numerics.logit import Separation, relative_step, separating
from mismes_eval.numerics.rows import Float

EMPTY_GROUP = "fitted means run to 0: the outcome is 0 throughout some group of rows"


@dataclass(frozen=True, slots=True)
class PoissonFit:
    """beta (q,); mu (n,) fitted means; information (q, q) = X' diag(w mu) X; iterations."""

    beta: Float
    mu: Float
    information: Float
    iterations: int


def fit_poisson(
    x: Float, y: Float, w: Float, steps: int = 100, start: Float | None = None
) -> PoissonFit:
    """Maximum weighted quasi-likelihood by Newton steps with halving. x (n, q) of full rank, y (n,)
    of 0 or more, w (n,) above 0; start (q,).

    Converged where a step moves no scaled coefficient by more than 1e-12, or where steps below 1e-7
    shrink no more (rounding).
    Raises Separation where fitted means run to 0 (a group of rows with outcome 0 throughout).
    """
    if not (y > 0).any():
        raise Separation("the outcome is 0 in every row")
    scale = np.sqrt(np.average(x**2, axis=0, weights=w))
    xs = x / scale
    beta = _first(xs, y, w) if start is None else start * scale
    eta = xs @ beta
    last = np.inf
    value = _loglik(eta, y, w)
    for iteration in range(1, steps + 1):
        mu = np.exp(eta)
        try:
            move = _newton(xs.T @ (xs * (w * mu)[:, None]), xs.T @ (w * (y - mu)))
        except Separation:
            at_fault = separating(np.ascontiguousarray(xs.T), y, beta)
            raise Separation(EMPTY_GROUP, at_fault) from None
        step = 1.0
        trial = eta
        trial_value = -np.inf
        while step > 1e-10:
            trial = eta + step * (xs @ move)
            trial_value = _loglik(trial, y, w)
            if trial_value >= value - 1e-12 * abs(value):
                break
            step /= 2
        beta, eta, value = beta + step * move, trial, trial_value
        size = relative_step(move, beta)
        if eta.min() < np.log(y[y > 0].min()) - 30 and size > 1e-6:
            raise Separation(EMPTY_GROUP, separating(np.ascontiguousarray(xs.T), y, beta))
        if size <= 1e-12 or last / 4 < size < 1e-7:
            mu = np.exp(eta)
            return PoissonFit(beta / scale, mu, x.T @ (x * (w * mu)[:, None]), iteration)
        last = size
    raise Separation("the fit does not settle")


def _first(x: Float, y: Float, w: Float) -> Float:
    """One weighted least-squares step from means between each outcome and the average."""
    mu = (y + np.average(y, weights=w)) / 2
    solved = np.linalg.lstsq(
        x * np.sqrt(w * mu)[:, None], np.sqrt(w * mu) * (np.log(mu) + (y - mu) / mu), rcond=None
    )[0]
    return np.asarray(solved, float)


def _loglik(eta: Float, y: Float, w: Float) -> float:
    with np.errstate(over="ignore"):
        return float(w @ (y * eta - np.exp(eta)))


def _newton(information: Float, score: Float) -> Float:
    try:
        return np.asarray(np.linalg.solve(information, score), float)
    except np.linalg.LinAlgError:
        raise Separation(EMPTY_GROUP) from None
