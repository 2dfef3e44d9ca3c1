"""Difference between two arms that were drawn by lot, adjusted for what was known before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mismes_eval.numerics.qr import least_squares
from mismes_eval.numerics.rows import Bool, Float

Adjustment = Literal["interacted", "additive"]


@dataclass(frozen=True, slots=True)
class ArmDifference:
    """value (k,): assigned less not assigned, of k outcomes; influence (n, k), unweighted;
    comparison (k,): adjusted mean of those not assigned.
    """

    value: Float
    influence: Float
    comparison: Float


def arm_difference(
    y: Float, assigned: Bool, covariates: Float, w: Float, adjustment: Adjustment
) -> ArmDifference:
    """Adjusted difference of the means of y (n, k) between arms (n,) with weights w (n,) above 0.

    covariates (n, q), no constant.  "interacted": a regression in each arm, evaluated at the
    weighted mean of the covariates of both (Lin 2013); that mean's own error is in the influence.
    "additive": one coefficient of the arm beside the covariates. Raises Collinear.

    References
    ----------
    Lin (2013), Annals of Applied Statistics 7, 295-318.
    """
    centred = covariates - (w @ covariates) / w.sum()
    if adjustment == "additive":
        return _additive(y, assigned, centred, w)
    x = np.column_stack([np.ones(w.size), centred])
    mean = {}
    slope = {}
    influence = np.zeros(y.shape)
    for arm, sign in ((True, 1.0), (False, -1.0)):
        inside = assigned == arm
        fits = [least_squares(x[inside], column[inside], w[inside]) for column in y.T]
        row = x[inside] @ fits[0].inverse[:, 0]
        influence[inside] += sign * row[:, None] * np.column_stack([fit.residual for fit in fits])
        beta = np.column_stack([fit.beta for fit in fits])
        mean[arm], slope[arm] = beta[0], beta[1:]
    influence += centred @ (slope[True] - slope[False]) / w.sum()
    return ArmDifference(mean[True] - mean[False], influence, mean[False])


def _additive(y: Float, assigned: Bool, centred: Float, w: Float) -> ArmDifference:
    x = np.column_stack([np.ones(w.size), assigned.astype(float), centred])
    fits = [least_squares(x, column, w) for column in y.T]
    row = x @ fits[0].inverse[:, 1]
    beta = np.array([fit.beta for fit in fits])
    residual = np.column_stack([fit.residual for fit in fits])
    return ArmDifference(beta[:, 1], row[:, None] * residual, beta[:, 0])


def difference_row(assigned: Bool, covariates: Float, w: Float, adjustment: Adjustment) -> Float:
    """(n,) the row r for which `arm_difference` of an outcome y is r @ y; arguments likewise."""
    centred = covariates - (w @ covariates) / w.sum()
    zero = np.zeros(w.size)
    if adjustment == "additive":
        x = np.column_stack([np.ones(w.size), assigned.astype(float), centred])
        return np.asarray(w * (x @ least_squares(x, zero, w).inverse[:, 1]))
    x = np.column_stack([np.ones(w.size), centred])
    row = zero.copy()
    for arm, sign in ((True, 1.0), (False, -1.0)):
        inside = assigned == arm
        fit = least_squares(x[inside], zero[inside], w[inside])
        row[inside] = sign * w[inside] * (x[inside] @ fit.inverse[:, 0])
    return row
