"""Weighted logistic regression, converged to rounding; separation is found and named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval.numerics.rows import Float


class Separation(ValueError):
    """No finite maximum: some combination of covariates tells the outcome apart completely, or columns are collinear."""


@dataclass(frozen=True, slots=True)
class LogitFit:
    """beta (q,); p (n,) fitted probabilities; information (q, q) = X' diag(w p (1-p)) X; iterations."""

    beta: Float
    p: Float
    information: Float
    iterations: int


def fit_logit(x: Float, y: Float, w: Float, steps: int = 100) -> LogitFit:
    """Maximum weighted likelihood by Newton steps with halving. x (n, q), y (n,) in [0, 1], w (n,) of 0 or more.

    Converged where a Newton step moves no linear predictor by more than 1e-12 of its size. Raises Separation.
    """
    used = w > 0
    y0, y1 = y[used].min(initial=1.0), y[used].max(initial=0.0)
    if y0 == y1:
        raise Separation(f"the outcome is {y0:g} in every row")
    scale = np.sqrt(np.average(x**2, axis=0, weights=w))
    if (scale == 0).any():
        raise Separation(f"column {int(np.flatnonzero(scale == 0)[0])} is zero in every row")
    xs = x / scale
    beta = np.zeros(x.shape[1])
    eta = xs @ beta
    value = _loglik(eta, y, w)
    for iteration in range(1, steps + 1):
        p = _expit(eta)
        information = xs.T @ (xs * (w * p * (1 - p))[:, None])
        move = _newton(information, xs.T @ (w * (y - p)), iteration == 1)
        step = 1.0
        while step > 1e-10:
            trial = eta + step * (xs @ move)
            trial_value = _loglik(trial, y, w)
            if trial_value >= value - 1e-12 * abs(value):
                break
            step /= 2
        beta, eta, value = beta + step * move, trial, trial_value
        if np.max(np.abs(eta[used])) > 35 and np.max(np.abs(move)) > 1e-6:
            raise Separation("fitted probabilities run to 0 or 1")
        if np.max(np.abs(move)) <= 1e-12 * max(1.0, float(np.max(np.abs(beta)))):
            p = _expit(eta)
            return LogitFit(beta / scale, p, x.T @ (x * (w * p * (1 - p))[:, None]), iteration)
    raise Separation("the fit does not settle")


def _expit(eta: Float) -> Float:
    out: Float = 0.5 * (1.0 + np.tanh(0.5 * eta))
    return out


def _loglik(eta: Float, y: Float, w: Float) -> float:
    return float(w @ (y * eta - np.logaddexp(0.0, eta)))


def _newton(information: Float, score: Float, first: bool) -> Float:
    try:
        root = np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        raise Separation("covariates are collinear" if first else "fitted probabilities run to 0 or 1") from None
    if first and np.min(np.diag(root)) < 1e-7 * np.max(np.diag(root)):
        raise Separation("covariates are collinear")
    out: Float = np.linalg.solve(information, score)
    return out
