"""Probability of being still observed, from discrete hazards of being lost: a logit with a level of
its own at each time at which somebody is lost. Without covariates it is the Kaplan-Meier curve of
being lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval.numerics.rows import Bool, Float

_STEPS = 60
_FAR = 30.0  # an index beyond which a hazard is 0 or 1 to rounding


class NoHazard(ValueError):
    """No finite hazard of being lost: covariates tell it apart, or are collinear."""


@dataclass(frozen=True)
class Observed:
    """kept (n,) probability of being still observed just before the exit (at most the horizon);
    slope (n, K + q) derivative of its negative logarithm by the parameters; score (n, K + q);
    information (K + q, K + q).
    """

    kept: Float
    slope: Float
    score: Float
    information: Float


def observed(exit: Float, lost: Bool, horizon: float, x: Float, weight: Float) -> Observed:
    """exit (n,) last time seen; lost (n,) whether the row was lost then, without an event; x (n, q)
    covariates without a constant; weight (n,). Events at a time come before losses at it.

    Raises NoHazard.
    """
    times = np.unique(exit[lost & (exit < horizon) & (weight > 0)])
    if not times.size:
        return _at(np.zeros(x.shape[1]), times, exit, lost, horizon, x, weight)
    theta = np.concatenate([_levels(times, exit, lost, weight), np.zeros(x.shape[1])])
    if not np.isfinite(theta).all():
        raise NoHazard("everybody who was still there is lost at one time before the horizon")
    for _ in range(_STEPS):
        fit = _at(theta, times, exit, lost, horizon, x, weight)
        try:
            move = np.linalg.solve(fit.information, weight @ fit.score)
        except np.linalg.LinAlgError:
            raise NoHazard("the covariates are collinear, or tell who is lost") from None
        move /= max(1.0, float(np.abs(move).max(initial=0.0)) / 2)
        theta = theta + move
        if np.abs(theta).max(initial=0.0) > _FAR * (1 + np.abs(x).max(initial=0.0)):
            break
        if np.abs(move).max(initial=0.0) < 1e-11 * (1 + np.abs(theta).max(initial=0.0)):
            return _at(theta, times, exit, lost, horizon, x, weight)
    raise NoHazard("the covariates tell completely who is lost")


def _levels(times: Float, exit: Float, lost: Bool, weight: Float) -> Float:
    """Index of the share lost at each time, without covariates."""
    gone = np.array([weight[lost & (exit == time)].sum() for time in times])
    stay = np.array([weight[exit > time].sum() for time in times])
    with np.errstate(divide="ignore"):
        levels: Float = np.log(gone) - np.log(stay)
    return levels


def _at(
    theta: Float, times: Float, exit: Float, lost: Bool, horizon: float, x: Float, weight: Float
) -> Observed:
    k = times.size
    q = x.shape[1]
    kept, score = np.zeros(exit.size), np.zeros((exit.size, k + q))
    slope = np.zeros_like(score)
    information = np.zeros((k + q, k + q))
    index = x @ theta[k:]
    for j, time in enumerate(times):
        gone = lost & (exit == time)
        there = gone | (exit > time)
        h = np.where(there, 1 / (1 + np.exp(-(theta[j] + index))), 0.0)
        row = np.zeros((exit.size, k + q))
        row[:, j], row[:, k:] = 1.0, x
        score += (gone - h)[:, None] * row
        information += row.T @ ((weight * h * (1 - h))[:, None] * row)
        past = there & (np.minimum(exit, horizon) > time)
        slope += np.where(past, h, 0.0)[:, None] * row
        kept += np.where(past, np.log1p(-h), 0.0)
    return Observed(kept=np.exp(kept), slope=slope, score=score, information=information)
