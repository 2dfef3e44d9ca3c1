"""Difference-in-differences of many outcomes on the same rows: one propensity, one factored regression and as many changes as there are periods.

The formulas are those of `mismes_eval.numerics.did.panel`, column by column; they are proved equal in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval.numerics.did import Method, propensity, tilting
from mismes_eval.numerics.logit import Separation
from mismes_eval.numerics.rows import Float


@dataclass(frozen=True, slots=True)
class Effects:
    """att (m,); z (n, m) influence on the weights; propensity (n,) fitted once for all, or None."""

    att: Float
    z: Float
    propensity: Float | None = None


def panel_many(w: Float, d: Float, dy: Float, x: Float, method: Method) -> Effects:
    """ATT of each column of dy (n, m). w (n,) above 0, d (n,) 1 treated, x (n, q) with intercept. Raises Separation."""
    c = 1 - d
    if method == "none" or (x.shape[1] == 1 and method != "ipw_ht"):
        r1, z1 = _means(w, d, dy)
        r0, z0 = _means(w, c, dy)
        return Effects(r1 - r0, z1 - z0)
    if method == "or":
        bread, e = _regressions(w, c, dy, x)
        r, z = _means(w, d, e)
        z += (x @ (bread @ -_pull(x, w * d, float(w @ d)))[:, None]) * c[:, None] * e
        return Effects(r, z)
    ps = tilting(w, d, x) if method == "dr_improved" else propensity(w, d, x)
    a = c * ps.odds
    if method == "ipw_ht":
        s = float(w @ d)
        att = (w * (d - a)) @ dy / s
        z = ((d - a)[:, None] * dy - d[:, None] * att) / s - ps.fit.times(x.T @ ((w * a)[:, None] * dy) / s)
        return Effects(att, z, ps.p)
    if method == "ipw":
        r1, z1 = _means(w, d, dy)
        r0, z0 = _means(w, a, dy)
        z0 += ps.fit.times(x.T @ (w[:, None] * z0))
        return Effects(r1 - r0, z1 - z0, ps.p)
    bread, e = _regressions(w, a if method == "dr_improved" else c, dy, x)
    r1, z = _means(w, d, e)
    r0, z0 = _means(w, a, e)
    z -= z0
    if method == "dr":
        z -= ps.fit.times(x.T @ (w[:, None] * z0))
        slope = bread @ (_pull(x, w * a, float(w @ a)) - _pull(x, w * d, float(w @ d)))
        z += ((x @ slope) * c)[:, None] * e
    return Effects(r1 - r0, z, ps.p)


def _means(w: Float, a: Float, v: Float) -> tuple[Float, Float]:
    wa = w * a
    s = float(wa.sum())
    r = wa @ v / s
    return r, (a / s)[:, None] * (v - r)


def _pull(x: Float, wa: Float, s: float) -> Float:
    out: Float = x.T @ wa / s
    return out


def _regressions(w: Float, on: Float, y: Float, x: Float) -> tuple[Float, Float]:
    """Least squares of every column of y on x where on > 0: bread (q, q) and residuals of all rows (n, m)."""
    used = on > 0
    root = np.sqrt((w * on)[used])
    q, r = np.linalg.qr(x[used] * root[:, None])
    diagonal = np.abs(np.diag(r))
    if used.sum() < x.shape[1] or diagonal.min() < 1e-9 * diagonal.max():
        raise Separation("covariates are collinear in the comparison group")
    beta = np.linalg.solve(r, q.T @ (y[used] * root[:, None]))
    inverse = np.linalg.inv(r)
    return inverse @ inverse.T, y - x @ beta
