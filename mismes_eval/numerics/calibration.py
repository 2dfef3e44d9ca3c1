"""Calibration factors g with sum(d g x) = t (Deville and Sarndal 1992), and the projection that
linearises them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mismes_eval.numerics.rows import Float, Rows

Method = Literal["linear", "raking", "logit"]
OTHER_UNIT = 10.0  # a common factor from which weights and totals are in different units


@dataclass(frozen=True, slots=True)
class Solution:
    """factor (C,) one g per distinct row; gap (q,) totals minus what the factors reach; iterations;
    size (q,) what a gap is measured against; scale: what all weights were multiplied by first,
    where bounds could not be kept otherwise (inside the factor).
    """

    factor: Float
    gap: Float
    iterations: int
    size: Float
    scale: float = 1.0

    @property
    def missed(self) -> float:
        """The largest gap as a share of its size; NaN where the factors are not finite."""
        return float(np.max(np.abs(self.gap) / self.size))

    @property
    def worst(self) -> int:
        """The margin of that gap."""
        return int(np.argmax(np.abs(self.gap) / self.size))


Curve = tuple[Callable[[Float], Float], Callable[[Float], Float]]


def distance(method: Method, bounds: tuple[float, float] | None) -> Curve:
    """F(u) and F'(u) of a distance; F(0) = 1 and F'(0) = 1."""
    if method == "linear":
        if bounds is None:
            return lambda u: 1.0 + u, np.ones_like
        lo, hi = bounds
        return lambda u: np.clip(1.0 + u, lo, hi), lambda u: (
            (1.0 + u > lo) & (1.0 + u < hi)
        ).astype(float)
    if method == "raking":
        if bounds is None:
            return np.exp, np.exp
        lo, hi = bounds
        return lambda u: np.clip(np.exp(np.minimum(u, 700.0)), lo, hi), lambda u: np.where(
            (u > np.log(lo)) & (u < np.log(hi)), np.exp(np.minimum(u, 700.0)), 0.0
        )
    if bounds is None:
        raise ValueError("the logit distance needs bounds")
    lo, hi = bounds
    a = (hi - lo) / ((1.0 - lo) * (hi - 1.0))

    def f(u: Float) -> Float:
        e = np.exp(np.clip(a * u, -700.0, 700.0))
        out: Float = (lo * (hi - 1.0) + hi * (1.0 - lo) * e) / (hi - 1.0 + (1.0 - lo) * e)
        return out

    def df(u: Float) -> Float:
        factor = f(u)
        out: Float = a * (factor - lo) * (hi - factor) / (hi - lo)
        return out

    return f, df


def steepness(factor: Float, method: Method, bounds: tuple[float, float] | None) -> Float:
    """F'(u) where F(u) = factor, of any shape: how fast the factor moves with its multiplier; 0 for
    factors that stand at a bound.
    """
    if method == "logit" and bounds is not None:
        lo, hi = bounds
        a = (hi - lo) / ((1.0 - lo) * (hi - 1.0))
        curve: Float = a * (factor - lo) * (hi - factor) / (hi - lo)
        return curve
    moving = factor if method == "raking" else np.ones_like(factor)
    if bounds is None:
        return moving
    return np.where((factor > bounds[0]) & (factor < bounds[1]), moving, 0.0)


def sizes(d: Float, x: Rows, totals: Float) -> Float:
    """(q,) what a gap of each total is measured against: the total, or a thousandth of the mass sum
    |d x| at the totals' scale where that is more (a centred variable).

    No unit of weights or variables is presumed: d, x and totals times any constants give sizes
    times the same.
    """
    mass = np.asarray(np.abs(x.values).T @ np.abs(x.collapse(d)), float)
    known = np.abs(totals)
    change = np.divide(known, mass, out=np.zeros_like(mass), where=mass > 0).max(initial=0.0)
    out = np.maximum(known, 1e-3 * mass * (min(change, 1.0) if change > 0 else 1.0))
    return np.where(out > 0, out, 1.0)


def solve(
    d: Float,
    x: Rows,
    totals: Float,
    method: Method,
    bounds: tuple[float, float] | None = None,
    tol: float = 1e-12,
    steps: int = 200,
) -> Solution:
    """Newton solution with step halving of sum d F(x lambda) x = totals.

    d : (n,) weights before.
    x : n rows, q columns.
    totals : (q,).  Converged where every gap is below tol times its size (see `sizes`); the caller
        looks at `gap`, this never raises on an unmet margin. Rows of x that are zero keep their
        weight.

    Where the totals say how many there are, the search starts at the common factor that gives this
    sum. Where bounds leave it out and it is 10 or more (0.1 or less), weights and totals have other
    units: all weights are multiplied by it first and the bounds count from there.
    """
    f, df = distance(method, bounds)
    dc = x.collapse(d)
    xc = x.values
    size = sizes(d, x, totals)
    concerned = (xc != 0).any(axis=1)
    scale, lam = _start(np.where(concerned, dc, 0.0), xc, totals, method, bounds)
    dc = dc * scale

    def gap_at(lam: Float) -> Float:
        with np.errstate(over="ignore", invalid="ignore"):
            out: Float = totals - xc.T @ (dc * f(xc @ lam))
        return out

    gap = gap_at(lam)
    if not np.isfinite(gap).all():
        lam = np.zeros(x.k)
        gap = gap_at(lam)
    done = 0
    while done < steps:
        done += 1
        if np.max(np.abs(gap) / size) < tol:
            break
        u = xc @ lam
        move = psd_solve(xc.T @ (xc * (dc * df(u))[:, None]), gap)
        step = 1.0
        best = None
        norm = np.max(np.abs(gap) / size)
        while step > 1e-6:
            trial = gap_at(lam + step * move)
            if np.isfinite(trial).all() and np.max(np.abs(trial) / size) < norm:
                best = trial
                break
            step /= 2.0
        if best is None:
            break
        lam = lam + step * move
        gap = best
    factor = f(xc @ lam)
    return Solution(
        factor=np.where(concerned, scale * factor, factor),
        gap=gap,
        iterations=done,
        size=size,
        scale=scale,
    )


def _start(
    d: Float, x: Float, totals: Float, method: Method, bounds: tuple[float, float] | None
) -> tuple[float, Float]:
    """What all weights d (C,) are multiplied by first, and the multipliers (q,) to start from."""
    nothing = 1.0, np.zeros(x.shape[1])
    used = d != 0
    one = psd_solve(x[used].T @ x[used], x[used].sum(axis=0))
    if not used.any() or np.abs(x[used] @ one - 1).max() > 1e-8:
        return nothing  # the totals do not say how many there are
    common = float(totals @ one) / float(d.sum())
    if not (np.isfinite(common) and common > 0):
        return nothing
    if bounds is not None and not bounds[0] < common < bounds[1]:
        other_unit = not 1 / OTHER_UNIT < common < OTHER_UNIT
        return (common if other_unit else 1.0), np.zeros(x.shape[1])
    if method == "linear" and bounds is None:  # one step from anywhere, but for lost digits
        return (1.0 if 1 / OTHER_UNIT < common < OTHER_UNIT else common), np.zeros(x.shape[1])
    return 1.0, one * _inverse(common, method, bounds)


def _inverse(factor: float, method: Method, bounds: tuple[float, float] | None) -> float:
    """u with F(u) = factor, inside the bounds."""
    if method == "linear":
        return factor - 1.0
    if method == "raking" or bounds is None:
        return float(np.log(factor))
    lo, hi = bounds
    a = (hi - lo) / ((1.0 - lo) * (hi - 1.0))
    return float(np.log((factor - lo) * (hi - 1.0) / ((hi - factor) * (1.0 - lo))) / a)


@dataclass(frozen=True, slots=True)
class Gram:
    """A symmetric matrix a (q, q), possibly singular (redundant margins), with its inverse root (q,
    rank), for many right sides.
    """

    a: Float
    root: Float

    @classmethod
    def of(cls, a: Float) -> Gram:
        scale = 1.0 / np.sqrt(np.maximum(np.diag(a), np.finfo(float).tiny))
        value, vector = np.linalg.eigh(a * scale[:, None] * scale[None, :])
        keep = value > value[-1] * 1e-11
        return cls(a, (vector[:, keep] * scale[:, None]) / np.sqrt(value[keep]))

    def solve(self, b: Float) -> Float:
        """Minimum-norm solution of a x = b, b (q,) or (q, p), refined once."""
        x: Float = self.root @ (self.root.T @ b)
        refined: Float = x + self.root @ (self.root.T @ (b - self.a @ x))
        return refined


def psd_solve(a: Float, b: Float) -> Float:
    """Minimum-norm solution of a x = b for one right side."""
    return Gram.of(a).solve(b)


def projection(x: Rows, weight: Float, cross: Float) -> Float:
    """B = (X' diag(w) X)^- X' diag(w) z for cross = X' diag(w) z, shape (q, p)."""
    return psd_solve(x.gram(weight), cross)
