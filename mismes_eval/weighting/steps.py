"""Weight steps: one stage in the making of a weight, and how it pulls an influence back (decision 0001)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mismes_eval.numerics import calibration
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Float, Rows


class WeightStep(Protocol):
    """w_after = w_before * factor; `pull_back` turns influence on w_after into influence on w_before."""

    @property
    def name(self) -> str:
        """What the step did, in a few words, for the provenance table."""
        ...

    @property
    def factor(self) -> Float:
        """(n,) multiplier of the weight."""
        ...

    def pull_back(self, z: Influence) -> Influence:
        """Influence on the weight after the step -> influence on the weight before it; both (n, p)."""
        ...

    def added_vcov(self, z: Influence) -> Float | None:
        """Variance (p, p) that the step brings from outside the sample (totals with an error of their own), or None."""
        ...


@dataclass(frozen=True)
class Calibration:
    """Calibration to totals of x. Every distance linearises alike: residuals with the weights *before* the step (R survey: calibrate).

    factor (n,); x: n rows of q calibration variables; before (n,) weights before the step; total_vcov (q, q) or None for exact totals.
    estimated : the totals are sums over this same sample before the step (two-phase), so their own error stays in z.
    """

    name: str
    factor: Float
    x: Rows
    before: Float
    total_vcov: Float | None = None
    estimated: bool = False
    margins: tuple[str, ...] = ()
    totals: Float | None = None

    def slope(self, z: Influence) -> Float:
        """B (q, p)."""
        return calibration.projection(self.x, self.before, z.cross(self.x, self.before))

    def pull_back(self, z: Influence) -> Influence:
        b = self.slope(z)
        out = z.scaled(self.factor).plus(self.x, -b, self.factor)
        return out.plus(self.x, b) if self.estimated else out

    def added_vcov(self, z: Influence) -> Float | None:
        if self.total_vcov is None:
            return None
        b = self.slope(z)
        return b.T @ self.total_vcov @ b


@dataclass(frozen=True)
class ResponsePropensity:
    """Division by a fitted logit propensity. x: n rows of q covariates; r (n,) 1 for respondents; p (n,) propensity; before (n,) weights of the fit.

    stabiliser (n,) or None: a numerator that multiplies 1/p and is treated as fixed.
    """

    name: str
    x: Rows
    r: Float
    p: Float
    before: Float
    stabiliser: Float | None = None

    @property
    def factor(self) -> Float:
        f = np.divide(self.r, self.p, out=np.zeros_like(self.p), where=self.r > 0)
        return f if self.stabiliser is None else f * self.stabiliser

    def pull_back(self, z: Influence) -> Influence:
        slope = z.cross(self.x, self.before * self.factor * (1 - self.p))
        information = self.x.gram(self.before * self.p * (1 - self.p))
        if not information.any():
            return z.scaled(self.factor)
        return z.scaled(self.factor).plus(self.x, -np.linalg.solve(information, slope), self.r - self.p)

    def added_vcov(self, z: Influence) -> Float | None:
        return None


@dataclass(frozen=True)
class KnownFactor:
    """A factor that is not estimated: frame shares, weight shares, caps (treated as fixed and said so in the name)."""

    name: str
    factor: Float

    def pull_back(self, z: Influence) -> Influence:
        return z.scaled(self.factor)

    def added_vcov(self, z: Influence) -> Float | None:
        return None
