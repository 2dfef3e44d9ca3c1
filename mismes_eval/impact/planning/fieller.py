"""Interval of a ratio of two estimates from the interval of each."""

from __future__ import annotations

import math

Ends = tuple[float, float]


def fieller(
    effect: float, cost: float, effect_ends: Ends, cost_ends: Ends, correlation: float
) -> Ends | None:
    """Interval of cost / effect. Where both intervals are symmetric it is Fieller's; where one is
    not (a bootstrap over clusters), each limit takes the side of it that can bring the ratio there.

    effect_ends, cost_ends : at one level.
    correlation : of the two estimates.

    Returns
    -------
    None where the interval of the effect is not above 0: the ratio then has no two ends.

    References
    ----------
    Fieller (1954), JRSS B 16, 175-185; Donner and Zou (2012), Statistical Methods in Medical
    Research 21, 347-359 (variances recovered from each limit).
    """
    if not effect_ends[0] > 0:
        return None
    below = cost - cost_ends[0], effect_ends[1] - effect
    above = cost_ends[1] - cost, effect - effect_ends[0]
    return _root(effect, cost, below, correlation)[0], _root(effect, cost, above, correlation)[1]


def _root(effect: float, cost: float, reach: Ends, correlation: float) -> Ends:
    """The ratios r for which cost - r * effect is as far from 0 as its error reaches; reach: of the
    cost and of the effect.
    """
    of_cost, of_effect = reach
    if math.isinf(of_effect):
        return 0.0, math.inf
    a, c = effect**2 - of_effect**2, cost**2 - of_cost**2
    b = effect * cost - correlation * of_cost * of_effect
    root = math.sqrt(max(b**2 - a * c, 0.0))
    return ((b - root) / a, (b + root) / a) if a > 0 else (c / (b + root), math.inf)
