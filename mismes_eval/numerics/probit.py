"""Weighted probit by Fisher scoring, converged to rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

from mismes_eval.numerics.logit import (
    Separation,
    column_scales,
    dependent,
    relative_step,
    separating,
)
from mismes_eval.numerics.rows import Float, Int


@dataclass(frozen=True, slots=True)
class ProbitFit:
    """beta (q,); p (n,) fitted probabilities; information (q, q) expected (R: glm); loglik;
    iterations.
    """

    beta: Float
    p: Float
    information: Float
    loglik: float
    iterations: int


def fit_probit(x: Float, y: Float, w: Float, steps: int = 200) -> ProbitFit:
    """Maximum weighted likelihood of P(y = 1) = Phi(x b). x (n, q), y (n,) 0 or 1, w (n,) of 0 or
    more. Raises Separation.
    """
    used = w > 0
    if y[used].min(initial=1.0) == y[used].max(initial=0.0):
        raise Separation(f"the outcome is {y[used].max(initial=0.0):g} in every row")
    scale = column_scales(np.average(x**2, axis=0, weights=w))
    xs = x / scale
    sign = 2 * y - 1

    def apart(beta: Float) -> Int:
        return separating(np.ascontiguousarray(xs[used].T), y[used], beta)

    beta = np.zeros(x.shape[1])
    last = np.inf
    value = float(w @ log_ndtr(sign * (xs @ beta)))
    for iteration in range(1, steps + 1):
        eta = xs @ beta
        information = xs.T @ (xs * (w * probit_information(eta))[:, None])
        if np.linalg.cond(information) > 1e14:
            if iteration == 1:
                raise Separation("covariates are collinear", dependent(information))
            raise Separation("fitted probabilities run to 0 or 1", apart(beta))
        move = np.linalg.solve(information, xs.T @ (w * probit_score(eta, y)))
        step = 1.0
        trial = value
        while step > 1e-10:
            trial = float(w @ log_ndtr(sign * (xs @ (beta + step * move))))
            if trial >= value - 1e-12 * abs(value):
                break
            step /= 2
        beta = beta + step * move
        value = trial
        size = relative_step(move, beta)
        if size <= 1e-13 or last / 4 < size < 1e-9:
            eta = x @ (beta / scale)
            return ProbitFit(
                beta=beta / scale,
                p=ndtr(eta),
                information=x.T @ (x * (w * probit_information(eta))[:, None]),
                loglik=value,
                iterations=iteration,
            )
        if np.max(np.abs((xs @ beta)[used])) > 8 and size > 1e-6:
            raise Separation("fitted probabilities run to 0 or 1", apart(beta))
        last = size
    raise Separation("the fit does not settle")


def density(eta: Float) -> Float:
    """(n,) standard normal density."""
    out: Float = np.exp(-0.5 * eta**2) / np.sqrt(2 * np.pi)
    return out


def probit_score(eta: Float, y: Float) -> Float:
    """(n,) derivative of the log likelihood of each row by eta."""
    sign = 2 * y - 1
    out: Float = sign * np.exp(-0.5 * eta**2 - log_ndtr(sign * eta)) / np.sqrt(2 * np.pi)
    return out


def probit_information(eta: Float) -> Float:
    """(n,) expected information of each row."""
    out: Float = np.exp(-(eta**2) - log_ndtr(eta) - log_ndtr(-eta)) / (2 * np.pi)
    return out
