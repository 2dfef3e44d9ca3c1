"""Response propensities of a panel: by probit, and stabilised by a restricted propensity with the
sum of the weights kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.probit import density, fit_probit, probit_information, probit_score
from mismes_eval.numerics.rows import Float, Rows
from mismes_eval.weighting.steps import ResponsePropensity


@dataclass(frozen=True)
class ProbitPropensity:
    """Division by a fitted probit propensity. x: n rows of q covariates, zero where not at risk; r
    (n,) 1 for respondents and rows not at risk; p (n,) propensity, 1 where not at risk; before (n,)
    weights of the fit."""

    name: str
    x: Rows
    r: Float
    p: Float
    before: Float

    @property
    def factor(self) -> Float:
        return np.divide(self.r, self.p, out=np.zeros_like(self.p), where=self.r > 0)

    def pull_back(self, z: Influence) -> Influence:
        return _pulled(self, self._information, z, z.scaled(self.factor), self.factor, -1.0)

    @cached_property
    def _information(self) -> Float:
        return _information(self)

    def added_vcov(self, z: Influence) -> Float | None:
        return None

    def refit(self, before: Float) -> Float:
        return np.divide(self.r, self.fitted(before), out=np.zeros_like(self.p), where=self.r > 0)

    def fitted(self, before: Float) -> Float:
        """(n,) propensities of the same model fitted with other weights."""
        at_risk = self.p < 1
        p = np.ones(self.p.size)
        p[at_risk] = fit_probit(self.x.dense()[at_risk], self.r[at_risk], before[at_risk]).p
        return p


Propensity = ResponsePropensity | ProbitPropensity


@dataclass(frozen=True)
class StabilisedPropensity:
    """factor = c * r * q / p: p the full propensity, q the restricted one (None: a constant), c
    such that the sum of the weights stays.

    Both propensities and the scale c are estimated and linearised. inner holds r, p and the weights
    before the step; restricted holds q as its p.

    References: Baulch and Quisumbing (2011), Testing and adjusting for attrition in household panel
    data; Kim and Kim (2007).
    """

    inner: Propensity
    restricted: Propensity | None = None

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def ratio(self) -> Float:
        """(n,) r q / p, before it is scaled."""
        ratio = self.inner.factor
        return ratio if self.restricted is None else ratio * self.restricted.p

    @cached_property
    def _at_risk(self) -> Float:
        """(n,) 1 for rows that the response model concerns; the others pass."""
        x = self.inner.x
        known: Float = np.asarray((x.values != 0).any(axis=1), float)
        return known if x.cell is None else known[x.cell]

    def _scaled(self, ratio: Float, before: Float) -> Float:
        at_risk = self._at_risk
        mass = before * at_risk
        scaled: Float = np.where(at_risk > 0, ratio * (mass.sum() / (mass @ ratio)), 1.0)
        return scaled

    @cached_property
    def factor(self) -> Float:
        return self._scaled(self.ratio, self.inner.before)

    @cached_property
    def _models(self) -> tuple[tuple[Propensity, Float, float], ...]:
        """The propensities, the information of each, and whether the factor is divided or
        multiplied by it.
        """
        divided = (self.inner, _information(self.inner), -1.0)
        if self.restricted is None:
            return (divided,)
        return divided, (self.restricted, _information(self.restricted), 1.0)

    def pull_back(self, z: Influence) -> Influence:
        before, ratio, at_risk = self.inner.before, self.ratio, self._at_risk
        one = Rows(at_risk[:, None])
        mass = before * at_risk
        scale = mass.sum() / (mass @ ratio)
        centre = z.cross(one, before * ratio) / (mass @ ratio)
        centred = z.scaled(at_risk).plus(one, -centre).scaled(np.full(z.n, scale))
        out = centred.scaled(ratio).plus(one, centre)
        for model, information, sign in self._models:
            out = _pulled(model, information, centred, out, ratio, sign)
        return (
            out if at_risk.all() else Influence((*out.blocks, *z.scaled(1 - at_risk).blocks), z.n)
        )

    def added_vcov(self, z: Influence) -> Float | None:
        return None

    def refit(self, before: Float) -> Float:
        ratio = self.inner.refit(before)
        if self.restricted is not None:
            ratio = ratio * _fitted(self.restricted, before)
        return self._scaled(ratio, before)


def _curves(step: Propensity) -> tuple[Float, Float, Float]:
    """(n,) d log p / d eta, the score by eta, and the expected information by eta, of each row; 0
    where not at risk.
    """
    if isinstance(step, ResponsePropensity):
        return 1 - step.p, step.r - step.p, step.p * (1 - step.p)
    at_risk = step.p < 1
    eta = np.where(at_risk, ndtri(np.where(at_risk, step.p, 0.5)), 0.0)
    score = np.where(at_risk, probit_score(eta, step.r), 0.0)
    return (
        np.where(at_risk, density(eta) / step.p, 0.0),
        score,
        np.where(at_risk, probit_information(eta), 0.0),
    )


def _information(step: Propensity) -> Float:
    """(q, q) expected information of the coefficients."""
    return step.x.gram(step.before * _curves(step)[2])


def _pulled(
    step: Propensity, information: Float, z: Influence, out: Influence, factor: Float, sign: float
) -> Influence:
    """out plus the part of the influence that comes through the estimated coefficients of a
    propensity that the factor is divided (-1) or multiplied (+1) by.
    """
    if not information.any():
        return out
    log_slope, score, _ = _curves(step)
    slope = z.cross(step.x, step.before * factor * log_slope)
    coef = np.asarray(sign * np.linalg.solve(information, slope), float)
    return out.plus(step.x, coef, score)


def _fitted(step: Propensity, before: Float) -> Float:
    if isinstance(step, ProbitPropensity):
        return step.fitted(before)
    return step._model.fit(before)
