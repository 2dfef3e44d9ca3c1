"""Limits of intervals for proportions, on arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from mismes_eval.numerics.rows import Float, Int

Limits = Callable[[float, Float], tuple[Float, Float]]  # level, degf (p,) -> low, high (p,)


def log_odds(v: Float) -> Float:
    """log(v / (1 - v)) for v inside (0, 1)."""
    out: Float = np.log(v / (1 - v))
    return out


def logit_se(value: Float, se: Float) -> Float:
    """(p,) standard error of the log-odds by the delta method, NaN where the value is not inside
    (0, 1).
    """
    inside = (value > 0) & (value < 1)
    share = np.where(inside, value, 0.5)
    return np.where(inside, se / (share * (1 - share)), np.nan)


def logit_limits(value: Float, se: Float, t: Float) -> tuple[Float, Float]:
    """value on the log-odds +- t se, back on the scale of shares; NaN where se is NaN."""
    eta = log_odds(np.where(np.isnan(se), 0.5, value))
    return 1 / (1 + np.exp(-(eta - t * se))), 1 / (1 + np.exp(-(eta + t * se)))


def beta_limits(value: Float, se: Float, n: Float, level: float, t: Float) -> tuple[Float, Float]:
    """Clopper-Pearson at the effective sample size (Korn and Graubard 1998; R survey: svyciprop,
    method="beta").
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        size = value * (1 - value) / se**2 * (special.stdtrit(n - 1, 0.5 + level / 2) / t) ** 2
        low = _beta(0.5 - level / 2, size * value, size * (1 - value) + 1)
        high = _beta(0.5 + level / 2, size * value + 1, size * (1 - value))
    return low, high


def at_the_ends(
    value: Float, n: Float, level: float, t: Float, limits: tuple[Float, Float]
) -> tuple[Float, Float]:
    """Limits (p,) with the exact ones where none or all of n have it: Clopper-Pearson at the
    effective n. The variance is 0 there and gives no design effect, so the effective n is n itself,
    times (t of n - 1 over t of the design)^2 (Korn and Graubard 1998; NCHS, Parker et al. 2017,
    Vital and Health Statistics 2(175)).
    """
    low, high = limits
    with np.errstate(divide="ignore", invalid="ignore"):
        size = n * np.minimum(special.stdtrit(n - 1, 0.5 + level / 2) / t, 1.0) ** 2
    size = np.where(np.isnan(size), n, size)
    furthest = _beta(0.5 + level / 2, np.ones_like(size), size)
    none, everybody = value == 0, value == 1
    low = np.where(none, 0.0, np.where(everybody, 1 - furthest, low))
    return low, np.where(everybody, 1.0, np.where(none, furthest, high))


def _beta(p: float, a: Float, b: Float) -> Float:
    """Quantile of the beta distribution, NaN where it has none. (scipy.special: scipy.stats takes
    half a second to import.)
    """
    possible = (a > 0) & (b > 0)
    out: Float = np.where(
        possible,
        special.betaincinv(np.where(possible, a, 1.0), np.where(possible, b, 1.0), p),
        np.nan,
    )
    return out


def some_limits(limits: Limits, index: Int, p: int) -> Limits:
    """The limits of some of p values, from the function that makes those of all."""

    def chosen(level: float, degf: Float) -> tuple[Float, Float]:
        every = np.full(p, np.nan)
        every[index] = degf
        low, high = limits(level, every)
        return low[index], high[index]

    return chosen
