"""Degrees of freedom that belong to one estimate, from the averages it is made of.

An estimate takes averages, +1 of the treated and -1 of the compared, say. s (m,) are the shares of
the units in one average. If unit j is shocked by u_j, its total in the influence moves by
s_j (u_j - s'u), so all totals move by G u with G = diag(s) (I - 1 s'); totals are not centred, G =
diag(s). The stratified variance is the quadratic form t'Pt, P in blocks n/(n-1) (I - 11'/n). With
independent shocks of one variance in each average, coefficients c and N_gh = G_g' P G_h,

    E = sum_g c_g^2 tr N_gg,    Var = 2 sum_gh c_g^2 c_h^2 |N_gh|^2,    df = 2 E^2 / Var.

The products of two averages count where they lie in the same units: before and after in the same
three PSUs have two degrees of freedom, not four. Nothing (m, m) is formed.
References: Satterthwaite (1946), Biometrics Bulletin 2, 110-114; Bell and McCaffrey (2002), Survey
Methodology 28, 169-181; Imbens and Kolesar (2016), Review of Economics and Statistics 98, 701-712.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval.numerics.rows import Bool, Float, Int, group_sums

_LIKE = 1.75  # 1 / sum s^2 of two units of which one is 2.2 times the other
_CACHED = 32_768  # shares looked at together, so that they stay in the cache


@dataclass(frozen=True, slots=True)
class Clusters:
    """The units between which a design's variance is taken.

    stratum : (m,) codes.
    size : (m,) units in the stratum of each, infinite where a unit alone in its stratum is set
        against zero.
    scale : (m,) size / (size - 1) times 1 - n/N; 0 where a unit adds nothing to the variance.
    """

    stratum: Int
    size: Float
    scale: Float

    @property
    def count(self) -> int:
        return int(self.stratum.size)

    def sums(self, x: Float) -> Float:
        """(strata, g) sums of x (m, g) over the units of each stratum."""
        strata = int(self.stratum.max()) + 1 if self.count else 0
        one = strata == 1
        out: Float = x.sum(axis=0)[None] if one else group_sums(x, self.stratum, strata)
        return out

    def of_strata(self, x: Float) -> Float:
        """(strata, 1) what all units (m,) of a stratum have."""
        out = np.ones((int(self.stratum.max(initial=-1)) + 1, 1))
        out[self.stratum, 0] = x
        return out


def spread(shares: Float, centred: Bool, clusters: Clusters, pairs: bool) -> tuple[Float, Float]:
    """tr N_gg (g,), and |N_gh|^2: (g, g) of all pairs, or (g,) of each average with itself.

    shares : (m, g) of 0 or more, each column summing to 1.
    centred : (g,) False for a total.
    """

    def products(a: Float, b: Float) -> Float:
        out: Float = a.T @ b if pairs else np.einsum("ij,ij->j", a, b)
        return out

    g = shares.shape[1]
    size, scale = clusters.of_strata(clusters.size), clusters.of_strata(clusters.scale)
    square_sums = clusters.sums(shares**2)
    mean, square_mean = clusters.sums(shares) / size, square_sums / size
    length = square_sums.sum(axis=0)
    trace: Float = (scale * (1 - 1 / size))[:, 0] @ square_sums
    moments = np.zeros((6, g, g) if pairs else (6, g))
    step = max(1, _CACHED // max(g, 1))
    for start in range(0, clusters.count, step):
        rows = slice(start, start + step)
        at = clusters.stratum[rows] if len(size) > 1 else slice(None)
        share = shares[rows]
        square = share**2
        image = scale[at] * (share - mean[at])
        square_image = scale[at] * (square - square_mean[at])
        moments += [
            products(share, image),
            products(square, image),
            products(square, image**2),
            products(square, square_image * image),
            products(square, square_image),
            products(square, (scale**2 * (1 - 2 / size))[at] * square),
        ]
    total, first, long, mixed, plain, norm = moments
    own_total, own_first = (np.diagonal(x) if pairs else x for x in (total, first))
    trace = trace + centred * (own_total * length - 2 * own_first)
    if pairs:
        one = centred[:, None].astype(float)
        other = centred[None, :].astype(float)
        left, right = length[:, None], length[None, :]
    else:
        one, other, left, right = centred, centred, length, length
    between = scale / size * square_sums
    norm = norm + products(between, between)
    norm = norm + one * (left * long.T - 2 * mixed.T) + other * (right * long - 2 * mixed)
    norm = norm + one * other * (
        total**2 * left * right
        + 2 * total * plain
        + 2 * first * first.T
        - 2 * total * (left * first.T + right * first)
    )
    return np.maximum(trace, 0.0), np.maximum(norm, 0.0)


def effective_count(shares: Float, clusters: Clusters) -> Float:
    """(g,) effective number of units in each average, 1 / sum s^2, of units that add to the
    variance; infinite where none does. Two units of like size count as two: a share of a third and
    of two thirds is none of one unit that stands for the other.
    """
    adds = clusters.scale > 0
    varying = shares if adds.all() else shares * adds[:, None]
    total = varying.sum(axis=0)
    squares = np.einsum("ij,ij->j", varying, varying)
    with np.errstate(divide="ignore", invalid="ignore"):
        kish = total**2 / squares
    near = np.flatnonzero((kish >= _LIKE) & (kish < 2.0))
    two = (varying[:, near] > 0).sum(axis=0) == 2
    kish[near[two]] = 2.0
    return np.where(total > 0, kish, np.inf)


def degrees(trace: Float, norm: Float, squares: Float) -> Float:
    """(p,) E^2 / (Var / 2), infinite where no average adds to the variance. trace (g,), norm (g, g)
    or (g,) from `spread`; squares (p, g) of the coefficients.
    """
    expected = squares @ trace
    if norm.ndim == 2:
        variance = np.einsum("pg,gh,ph->p", squares, norm, squares, optimize=True)
    else:
        variance = squares**2 @ norm
    with np.errstate(divide="ignore", invalid="ignore"):
        out: Float = np.where(variance > 0, expected**2 / variance, np.inf)
    return out
