"""The weight step of groups that were made alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval.numerics.balancing import Balancing, Estimand, Method, balancing
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float, Rows


@dataclass(frozen=True)
class BalancedGroups:
    """Factor of an estimated logistic index. x: n rows of q covariates, zero outside the two
    groups; d (n,) 1 treated; inside (n,) rows of the two groups; before (n,) weights before.

    factor, moment, curvature, slope (n,) at the solution: 1, 0, 0, 0 outside.
    """

    name: str
    x: Rows
    d: Float
    inside: Bool
    before: Float
    factor: Float
    moment: Float
    curvature: Float
    slope: Float
    method: Method
    estimand: Estimand

    def pull_back(self, z: Influence) -> Influence:
        left = z.cross(self.x, self.before * self.slope)
        coef = np.asarray(np.linalg.solve(self.x.gram(self.before * self.curvature), left), float)
        return z.scaled(self.factor).plus(self.x, coef, self.moment)

    def added_vcov(self, z: Influence) -> Float | None:
        return None

    def refit(self, before: Float) -> Float:
        used = self.inside & (before > 0)
        factor = np.ones(before.size)
        factor[used] = _solved(self, used, before).parts.factor
        return factor


def _solved(step: BalancedGroups, used: Bool, before: Float) -> Balancing:
    x = step.x.dense()[used]
    return balancing(x, step.d[used], before[used], step.method, step.estimand)
