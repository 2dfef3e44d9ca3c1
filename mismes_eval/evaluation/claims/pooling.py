"""Numbers of several countries put together, for claims about persons: a mean for a claim that
names a side, a size for one that does not. Neither can be had by numbers that cancel unseen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from mismes_eval.estimate.claim_verdict import Measured
from mismes_eval.impact.planning.meta_analysis import random_effects
from mismes_eval.numerics.rows import Float

TAIL = 0.025
NORMAL = float(special.ndtri(1 - TAIL))
MOST_COUNTRIES = 1000  # that could decide; more are not told


@dataclass(frozen=True)
class Pooled:
    """measured : the number over all countries, its n the persons behind it.  i2 : share of the
    variance that lies between countries.
    next_country : where the true number of another country lies (NaN below three countries, and
        where the number is of these countries alone).
    """

    measured: Measured
    i2: float
    next_country: tuple[float, float]
    countries: int


def error_of(low: float, value: float, high: float) -> float:
    """The standard error whose normal interval is as wide as the wider side of an interval: the
    interval with which a report speaks may be wider than that of its design.
    """
    return max(value - low, high - value) / NORMAL


def mean_of(value: Sequence[float], error: Sequence[float], n: float) -> Pooled:
    """Mean of the countries' true numbers by random effects (REML), with the interval of Hartung
    and Knapp, its standard error never below that of the usual one.
    """
    mean = random_effects(value, error, interval="hartung_knapp_adhoc")
    measured = Measured(mean.value, mean.low, mean.high, n)
    return Pooled(measured, mean.i2, mean.prediction, mean.k)


def size_of(value: Sequence[float], error: Sequence[float], threshold: float, n: float) -> Pooled:
    """How far the countries' numbers lie from a threshold, on whichever side: the root of the mean
    of their squared distances, precise numbers counting more. Squares do not cancel.

    The sum of squared distances over their errors is noncentral chi-squared about the true one; the
    95% interval holds the sizes that it does not reject. Its upper end is never below that of the
    least sum that chance alone would be expected to give. Countries are those at hand, not a
    sample.

    References
    ----------
    Kent and Hainsworth (1995), J. Statistical Planning and Inference 46, 147-159.
    """
    distance = np.asarray(value) - threshold
    precision = 1 / np.square(error)
    total, k, weight = float(precision @ distance**2), len(distance), float(precision.sum())
    low, high = _noncentral(total, k, 1 - TAIL), _noncentral(max(total, float(k)), k, TAIL)
    measured = Measured(
        value=math.sqrt(max(total - k, 0.0) / weight),
        low=math.sqrt(low / weight),
        high=math.sqrt(high / weight),
        n=n,
    )
    return Pooled(measured, i2_of(distance, precision), (math.nan, math.nan), k)


def _noncentral(total: float, k: int, probability: float) -> float:
    """The noncentrality at which a sum of k squares lies below `total` with a probability; 0 where
    it does so less often without any.
    """

    def excess(noncentrality: float) -> float:
        return float(special.chndtr(total, k, noncentrality)) - probability

    if excess(0.0) <= 0:
        return 0.0
    most = total + k + 1.0
    while excess(most) > 0:
        most *= 2
    return float(optimize.brentq(excess, 0.0, most, xtol=1e-10))


def i2_of(distance: Float, precision: Float) -> float:
    """Share of the variance between countries that their errors do not explain; 0 where there is
    one country or none.
    """
    if len(distance) < 2:
        return 0.0
    mean = precision @ distance / precision.sum()
    q = float(precision @ (distance - mean) ** 2)
    return max(0.0, 1 - (len(distance) - 1) / q) if q > 0 else 0.0


def countries_to_decide(pooled: Pooled, distances: tuple[float, float]) -> float:
    """How many countries with numbers like these would decide: their mean stays, its interval comes
    nearer with the root of their number and the quantile of their degrees of freedom.

    distances : from the mean to what has to be excluded, at least one of them; NaN beyond
    `MOST_COUNTRIES`.
    """
    k = pooled.countries
    width = pooled.measured.high - pooled.measured.value
    aim = max(distances)
    if not aim > 0:
        return math.nan
    known = np.arange(k, MOST_COUNTRIES + 1)
    narrower = special.stdtrit(known - 1, 1 - TAIL) / special.stdtrit(k - 1, 1 - TAIL)
    enough = known[width * narrower * np.sqrt(k / known) < aim]
    return float(enough[0]) if enough.size else math.nan
