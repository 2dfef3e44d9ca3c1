"""Weights that make two groups alike: odds and propensities from a logistic index, solved from the
balance they must meet or from the likelihood.

Every method is one estimating equation of an index eta = x beta: the sum of w * m(eta) * x is 0,
and the factor of a weight is a function of eta. Their derivatives by eta are all that a standard
error needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mismes_eval.numerics.rows import Float

Method = Literal["entropy", "cbps", "overlap", "ipw"]
Estimand = Literal["att", "ate", "ato"]
STEPS = 200
FAR = 40.0  # an index beyond this has no propensity that a computer can tell from 0 or 1


class NoOverlap(ValueError):
    """No index meets the balance: the groups do not overlap, or columns depend on each other."""


@dataclass(frozen=True, slots=True)
class Parts:
    """(n,) each, as functions of the index: the moment m of the equation, minus its derivative, the
    factor of the weight and its derivative.
    """

    moment: Float
    curvature: Float
    factor: Float
    slope: Float


@dataclass(frozen=True, slots=True)
class Balancing:
    """beta (q,) of the index; p (n,) propensities; parts at the solution."""

    beta: Float
    p: Float
    parts: Parts


def _odds(d: Float, odds: Float) -> Parts:
    """The comparison's weighted covariates meet the treated's: entropy balancing, and for effects
    on the treated the just-identified covariate-balancing propensity score.
    """
    other = (1 - d) * odds
    return Parts(d - other, other, d + other, other)


def _both(d: Float, odds: Float) -> Parts:
    """Both groups' weighted covariates meet each other (CBPS for everybody)."""
    own = d / odds
    other = (1 - d) * odds
    return Parts(d + own - (1 - d) - other, own + other, 1 + own + other, other - own)


def _likelihood_odds(d: Float, odds: Float) -> Parts:
    p = odds / (1 + odds)
    other = (1 - d) * odds
    return Parts(d - p, p * (1 - p), d + other, other)


def _likelihood_both(d: Float, odds: Float) -> Parts:
    p, own, other = odds / (1 + odds), d / odds, (1 - d) * odds
    return Parts(d - p, p * (1 - p), 1 + own + other, other - own)


def _overlap(d: Float, odds: Float) -> Parts:
    p = odds / (1 + odds)
    spread = p * (1 - p)
    return Parts(d - p, spread, d * (1 - p) + (1 - d) * p, (1 - 2 * d) * spread)


PARTS: dict[tuple[str, str], Callable[[Float, Float], Parts]] = {
    ("entropy", "att"): _odds,
    ("cbps", "att"): _odds,
    ("cbps", "ate"): _both,
    ("ipw", "att"): _likelihood_odds,
    ("ipw", "ate"): _likelihood_both,
    ("overlap", "ato"): _overlap,
}


def balancing(x: Float, d: Float, w: Float, method: Method, estimand: Estimand) -> Balancing:
    """Solve the equation of a method by Newton steps that never raise the size of its moments.

    x (n, q) with a constant, d (n,) 1 treated and 0 compared, w (n,) above 0. Raises NoOverlap.

    References
    ----------
    Hainmueller (2012), Political Analysis 20, 25-46; Imai and Ratkovic (2014), JRSS B 76, 243-263;
    Li, Morgan and Zaslavsky (2018), JASA 113, 390-400; Zhao and Percival (2017), Journal of Causal
    Inference 5 (entropy balancing as a logistic propensity).
    """
    parts_at = PARTS[method, estimand]
    scale = np.sqrt((x**2 * w[:, None]).sum(axis=0) / w.sum())
    if (scale == 0).any():
        raise NoOverlap(f"column {int(np.flatnonzero(scale == 0)[0])} is 0 in every row")
    columns = x / scale
    beta = np.zeros(x.shape[1])
    share = w @ d / w.sum()
    beta += np.linalg.lstsq(columns, np.full(w.size, np.log(share / (1 - share))), rcond=None)[0]
    parts = parts_at(d, np.exp(columns @ beta))
    moments = columns.T @ (w * parts.moment)
    for _ in range(STEPS):
        information = columns.T @ (columns * (w * parts.curvature)[:, None])
        move = _solved(information, moments)
        beta, parts, moments = _stepped(columns, d, w, parts_at, (beta, move, moments))
        if np.max(np.abs(move)) <= 1e-12 * max(1.0, float(np.max(np.abs(beta)))):
            odds = np.exp(columns @ beta)
            return Balancing(beta / scale, odds / (1 + odds), parts)
    raise NoOverlap("no weights meet the balance")


def _solved(information: Float, moments: Float) -> Float:
    if not np.linalg.cond(information) < 1e13:
        raise NoOverlap("covariates depend on each other, or no weights meet the balance")
    return np.asarray(np.linalg.solve(information, moments), float)


def _stepped(
    columns: Float,
    d: Float,
    w: Float,
    parts_at: Callable[[Float, Float], Parts],
    at: tuple[Float, Float, Float],
) -> tuple[Float, Parts, Float]:
    """The next index, halved until the moments are no larger than they were."""
    beta, move, moments = at
    size = float(np.abs(moments).max())
    share = 1.0
    floor = 1e-13 * w.sum()
    while share > 1e-12:
        trial = beta + share * move
        eta = columns @ trial
        if np.abs(eta).max() < FAR:
            parts = parts_at(d, np.exp(eta))
            after = columns.T @ (w * parts.moment)
            if np.abs(after).max() <= max(size, floor):
                return trial, parts, after
        share /= 2
    raise NoOverlap("the groups do not overlap in these covariates: weights run away")
