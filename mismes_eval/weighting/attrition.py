"""A response propensity that is stabilised: multiplied by a restricted propensity and scaled so that the weights keep the sum they had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Float, Rows
from mismes_eval.weighting.steps import ResponsePropensity


@dataclass(frozen=True)
class StabilisedPropensity:
    """factor = c * r * q / p: p the full propensity, q the restricted one (None: a constant), c such that the sum of weights stays.

    Both propensities and the scale c are estimated and linearised. inner holds r, p and the weights before the step; restricted holds q as its p.

    References: Baulch and Quisumbing (2011), Testing and adjusting for attrition in household panel data; Kim and Kim (2007).
    """

    inner: ResponsePropensity
    restricted: ResponsePropensity | None = None

    @property
    def name(self) -> str:
        return self.inner.name

    def _ratio(self) -> Float:
        ratio = self.inner.factor
        return ratio if self.restricted is None else ratio * self.restricted.p

    def _scale(self, ratio: Float, before: Float) -> float:
        return float(before.sum() / (before @ ratio))

    @property
    def factor(self) -> Float:
        ratio = self._ratio()
        return ratio * self._scale(ratio, self.inner.before)

    def pull_back(self, z: Influence) -> Influence:
        before, ratio = self.inner.before, self._ratio()
        one = Rows(np.ones((z.n, 1)))
        scale = self._scale(ratio, before)
        centre = z.cross(one, before * ratio) / (before @ ratio)
        centred = z.plus(one, -centre).scaled(np.full(z.n, scale))
        if self.restricted is None:
            return self.inner.pull_back(centred).plus(one, centre)
        q = self.restricted
        information = q.x.gram(before * q.p * (1 - q.p))
        slope = centred.cross(q.x, before * ratio * (1 - q.p))
        out = self.inner.pull_back(centred.scaled(q.p)).plus(one, centre)
        return out.plus(q.x, np.linalg.solve(information, slope), q.r - q.p) if information.any() else out

    def added_vcov(self, z: Influence) -> Float | None:
        return None

    def refit(self, before: Float) -> Float:
        ratio = self.inner.refit(before)
        if self.restricted is not None:
            r, response = self.restricted, self.restricted.refit(before)
            ratio = ratio * np.divide(r.r, response, out=np.ones_like(response), where=response > 0)
        return ratio * self._scale(ratio, before)
