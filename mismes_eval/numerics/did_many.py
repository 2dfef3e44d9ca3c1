"""Difference-in-differences of many changes on the same rows: one propensity, one regression of all
periods, as many changes as are asked for.

The formulas are those of `mismes_eval.numerics.did.panel`; they are proved equal in the tests.
Arrays lie period by period, (T, n), so that a row of numbers is one period of all units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval.numerics.did import COLLINEAR, Method, column_size, refuse_collinear, tilting
from mismes_eval.numerics.logit import Separation, fit_logit, inverse_of
from mismes_eval.numerics.rows import Float, Int


@dataclass(frozen=True, slots=True)
class Group:
    """n units: weights w (n,) of 0 or more, covariates x (q, n) with intercept, outcomes y (T, n)."""

    w: Float
    x: Float
    y: Float

    @property
    def n(self) -> int:
        return int(self.w.size)


@dataclass(frozen=True, slots=True)
class Levels:
    """Regression of every period's outcome among a comparison group: bread (q, q), beta (T, q),
    residuals (T, n) of the group itself.
    """

    bread: Float
    beta: Float
    residual: Float


@dataclass(frozen=True, slots=True)
class Effects:
    """att (m,); influence of the treated (m, n1) and of the comparison units (m, n0); propensities
    of both, or None.
    """

    att: Float
    treated: Float
    compared: Float
    propensity: tuple[Float, Float] | None = None


def levels(group: Group, w: Float | None = None) -> Levels:
    """Least squares of all periods on the covariates, weights w (n,) or the group's. Raises
    Separation where covariates are collinear.
    """
    w = group.w if w is None else w
    size = column_size(group.x.T, np.abs(w))
    x = group.x / size[:, None]
    if (w < 0).any():  # linear calibration in a replicate can make them: then by normal equations
        gram = (x * w) @ x.T
        if np.linalg.cond(gram) > 1e14:
            raise Separation(COLLINEAR)
        inverse_gram = np.asarray(np.linalg.inv(gram), float)
        slopes = (group.y * w) @ x.T @ inverse_gram
        return Levels(inverse_gram / size[:, None] / size, slopes / size, group.y - slopes @ x)
    root = np.sqrt(w)
    q, r = np.linalg.qr((x * root).T)
    refuse_collinear(r)
    beta = np.linalg.solve(r, q.T @ (group.y * root).T).T
    inverse = np.linalg.inv(r) / size[:, None]
    return Levels(inverse @ inverse.T, beta / size, group.y - beta @ x)


def many(
    one: Group, other: Group, time: Int, base: Int, method: Method, fitted: Levels | None = None
) -> Effects:
    """ATT of the changes from period base[j] to time[j], both (m,), of treated units `one` against
    `other`. fitted: `levels` of `other`, where it is at hand.

    Raises Separation.
    """
    s1 = float(one.w.sum())
    if method == "none" or (one.x.shape[0] == 1 and method != "ipw_ht"):
        r1, z1 = _mean(one.y[time] - one.y[base], one.w, 1 / s1)
        r0, z0 = _mean(other.y[time] - other.y[base], other.w, 1 / float(other.w.sum()))
        return Effects(r1 - r0, z1, -z0)
    if method == "or":
        fitted = fitted or levels(other)
        e1, e0 = _residuals(one, fitted, time, base)
        att, z1 = _mean(e1, one.w, 1 / s1)
        return Effects(att, z1, e0 * ((fitted.bread @ -(one.x @ one.w / s1)) @ other.x))
    p1, p0, inverse = _propensity(one, other, method)
    odds = p0 / (1 - p0)
    if method == "ipw_ht":
        return _not_normalised(one, other, time, base, odds, (p1, p0), inverse)
    if method == "ipw":
        e1, e0, slope = one.y[time] - one.y[base], other.y[time] - other.y[base], None
    else:
        fitted = (
            levels(other, other.w * odds) if method == "dr_improved" else fitted or levels(other)
        )
        e1, e0 = _residuals(one, fitted, time, base)
        a = other.w * odds
        slope = (
            fitted.bread @ (other.x @ a / a.sum() - one.x @ one.w / s1) if method == "dr" else None
        )
    through_regression = None if slope is None else e0 * (slope @ other.x)
    r1, z1 = _mean(e1, one.w, 1 / s1)
    r0, z0 = _mean(e0, other.w * odds, odds / float(other.w @ odds))
    if method != "dr_improved":
        pull = inverse @ (other.x @ (other.w * z0).T)
        z1 -= pull.T @ (one.x * (1 - p1))
        z0 -= pull.T @ (other.x * p0)
    if through_regression is not None:
        z0 -= through_regression
    return Effects(r1 - r0, z1, np.negative(z0, out=z0), (p1, p0))


def _residuals(one: Group, fitted: Levels, time: Int, base: Int) -> tuple[Float, Float]:
    e1 = one.y[time] - one.y[base]
    e1 -= (fitted.beta[time] - fitted.beta[base]) @ one.x
    return e1, fitted.residual[time] - fitted.residual[base]


def _mean(v: Float, w: Float, part: Float | float) -> tuple[Float, Float]:
    """Weighted means of v (m, n), and v - mean times part, in place of v."""
    r = v @ w / float(w.sum())
    v -= r[:, None]
    v *= part
    return r, v


def _propensity(one: Group, other: Group, method: Method) -> tuple[Float, Float, Float]:
    """Fitted probabilities of both groups, and the inverse information (q, q)."""
    x = np.concatenate([one.x, other.x], axis=1).T
    w = np.concatenate([one.w, other.w])
    d = np.append(np.ones(one.n), np.zeros(other.n))
    if method == "dr_improved":
        p = tilting(w, d, x).p
        return p[: one.n], p[one.n :], np.zeros((0, 0))
    share = one.w.sum() / w.sum()
    start = np.append(np.log(share / (1 - share)), np.zeros(x.shape[1] - 1))
    fit = fit_logit(x, d, w, start=start)
    return fit.p[: one.n], fit.p[one.n :], inverse_of(fit.information)


def _not_normalised(
    one: Group,
    other: Group,
    time: Int,
    base: Int,
    odds: Float,
    p: tuple[Float, Float],
    inverse: Float,
) -> Effects:
    s, v1, v0 = float(one.w.sum()), one.y[time] - one.y[base], other.y[time] - other.y[base]
    att = (v1 @ one.w - v0 @ (other.w * odds)) / s
    z0 = v0 * (odds / -s)
    pull = inverse @ (other.x @ (other.w * z0).T)
    return Effects(
        att,
        (v1 - att[:, None]) / s + pull.T @ (one.x * (1 - p[0])),
        z0 - pull.T @ (other.x * p[1]),
        p,
    )
