"""Weight steps: one stage in the making of a weight, and how it pulls an influence back (decision
0001).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from mismes_eval.message import Message
from mismes_eval.numerics import calibration
from mismes_eval.numerics.influence import Influence, one_above_other
from mismes_eval.numerics.logit import Propensity
from mismes_eval.numerics.rows import Float, Int, Rows


class WeightStep(Protocol):
    """w_after = w_before * factor; `pull_back` turns influence on w_after into influence on
    w_before.
    """

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
        """Variance (p, p) that the step brings from outside the sample (totals with an error of
        their own), or None.
        """
        ...

    def refit(self, before: Float) -> Float:
        """(n,) factor of the same step made anew from other weights before it: what a replicate
        needs. Raises ValueError where it cannot be made.
        """
        ...


Slope = Literal["derivative", "before"]


@dataclass(frozen=True)
class Calibration:
    """Calibration to totals of x, with factors F(u), u = x'lambda. Influence becomes the residual
    of a regression on x.

    factor (n,); x: n rows of q calibration variables; before (n,) weights before the step;
    total_vcov (q, q) or None for exact totals.
    slope : weights of that regression. "derivative": before x F'(u), so that the influence is the
        derivative of what is estimated, whatever the factors; "before": as if all factors were near
        1 (Deville and Sarndal 1992; R survey: calibrate). Alike for the linear distance.
    scale : what all weights were multiplied by before the bounds counted (inside the factor).
    """

    name: str
    factor: Float
    x: Rows
    before: Float
    total_vcov: Float | None = None
    margins: tuple[str, ...] = ()
    totals: Float | None = None
    method: calibration.Method = "linear"
    bounds: tuple[float, float] | None = None
    slope: Slope = "derivative"
    scale: float = 1.0

    def coefficients(self, z: Influence) -> Float:
        """B (q, p) of the regression of z on x."""
        return self._gram.solve(z.cross(self.x, self._weights))

    @cached_property
    def _weights(self) -> Float:
        if self.slope == "before":
            return self.before
        moves = calibration.steepness(self.factor / self.scale, self.method, self.bounds)
        return self.before * moves

    @cached_property
    def _gram(self) -> calibration.Gram:
        return calibration.Gram.of(self.x.gram(self._weights))

    @cached_property
    def _one(self) -> Float:
        """(q,) coefficients with which x gives 1 in every row that it concerns: there are some
        where all weights were multiplied first.
        """
        return calibration.projection(self.x, self.before, self.x.totals(self.before))

    def pull_back(self, z: Influence) -> Influence:
        b = self.coefficients(z)
        out = z.scaled(self.factor).plus(self.x, -b, self.factor)
        if not self._rescaled:
            return out
        common = np.outer(self._one, self._beyond(z, b)) / float(self._one @ self._sums)
        return out.plus(self.x, -common)

    def added_vcov(self, z: Influence) -> Float | None:
        if self.total_vcov is None:
            return None
        b = self.coefficients(z)
        if self._rescaled and self.totals is not None:
            b = b + np.outer(self._one, self._beyond(z, b)) / float(self._one @ self.totals)
        return b.T @ self.total_vcov @ b

    @property
    def _rescaled(self) -> bool:
        """Whether the common factor, which is itself made of the weights, moves what is estimated."""
        return self.slope == "derivative" and self.bounds is not None and self.scale != 1

    @cached_property
    def _sums(self) -> Float:
        return self.x.totals(self.before)

    def _beyond(self, z: Influence, b: Float) -> Float:
        """(p,) sum of the weighted residuals z - x b after the step, of the rows that it concerns."""
        weight = self.before * self.factor
        out: Float = self._one @ (z.cross(self.x, weight) - self.x.gram(weight) @ b)
        return out

    def refit(self, before: Float) -> Float:
        if self.totals is None:
            raise ValueError(f"{self.name}: the totals were not kept")
        solution = calibration.solve(before, self.x, self.totals, self.method, self.bounds)
        if not solution.missed < 1e-8:
            raise ValueError(
                f"{self.name}: margin"
                f" '{self.margins[solution.worst] if self.margins else solution.worst}' cannot"
                " be met"
            )
        return solution.factor if self.x.cell is None else solution.factor[self.x.cell]


@dataclass(frozen=True)
class ResponsePropensity:
    """Division by a fitted logit propensity. x: n rows of q covariates; r (n,) 1 for respondents; p
    (n,) propensity; before (n,) weights of the fit.

    stabiliser (n,) or None: a numerator that multiplies 1/p and is treated as fixed.
    """

    name: str
    x: Rows
    r: Float
    p: Float
    before: Float
    stabiliser: Float | None = None

    @cached_property
    def factor(self) -> Float:
        f = np.divide(self.r, self.p, out=np.zeros_like(self.p), where=self.r > 0)
        return f if self.stabiliser is None else f * self.stabiliser

    def pull_back(self, z: Influence) -> Influence:
        slope = z.cross(self.x, self.before * self.factor * (1 - self.p))
        if not self._information.any():
            return z.scaled(self.factor)
        return z.scaled(self.factor).plus(
            self.x, -np.asarray(np.linalg.solve(self._information, slope), float), self.r - self.p
        )

    @cached_property
    def _information(self) -> Float:
        return self.x.gram(self.before * self.p * (1 - self.p))

    def added_vcov(self, z: Influence) -> Float | None:
        return None

    @cached_property
    def _model(self) -> Propensity:
        return Propensity(self.x, self.r)

    def fitted(self, before: Float) -> Float:
        """(n,) propensities of the same model fitted with other weights."""
        return self._model.fit(before)

    def refit(self, before: Float) -> Float:
        p = self.fitted(before)
        f = np.divide(self.r, p, out=np.zeros_like(p), where=self.r > 0)
        return f if self.stabiliser is None else f * self.stabiliser


@dataclass(frozen=True)
class KnownFactor:
    """A factor that is not estimated: frame shares, weight shares, caps (treated as fixed and said
    so in the name).
    """

    name: str
    factor: Float

    def pull_back(self, z: Influence) -> Influence:
        return z.scaled(self.factor)

    def added_vcov(self, z: Influence) -> Float | None:
        return None

    def refit(self, before: Float) -> Float:
        return self.factor


@dataclass(frozen=True)
class PhaseTwo:
    """Screening: a subsample of the phase-1 rows with known conditional probabilities, optionally
    calibrated to phase-1 totals of x.

    share (n,) selected / probability; g (n,) calibration factor; x: n rows of the phase-1 variables
    or None; before (n,) phase-1 weights; fraction (n,) first-stage sampling fraction, through which
    the phase-2 variance would else be lost.

    References: Sarndal, Swensson and Wretman (1992), ch. 9; the phase-1 totals keep their own
    error, so X B stays in the influence.
    """

    name: str
    share: Float
    g: Float
    x: Rows | None
    before: Float
    fraction: Float

    @property
    def factor(self) -> Float:
        return self.share * self.g

    def _residual(self, z: Influence) -> tuple[Influence, Float | None]:
        if self.x is None:
            return z, None
        weight = self.before * self.share
        b = calibration.projection(self.x, weight, z.cross(self.x, weight))
        return z.plus(self.x, -b), b

    def pull_back(self, z: Influence) -> Influence:
        residual, b = self._residual(z)
        out = residual.scaled(self.factor)
        return out if b is None or self.x is None else out.plus(self.x, b)

    def added_vcov(self, z: Influence) -> Float | None:
        if not self.fraction.any():
            return None
        chance = np.divide(1.0, self.share, out=np.ones_like(self.share), where=self.share > 0)
        residual, _ = self._residual(z)
        e = (
            residual.dense()
            * (self.before * self.factor * np.sqrt(self.fraction * (1 - chance)))[:, None]
        )
        out: Float = e.T @ e
        return out

    def refit(self, before: Float) -> Float:
        if self.x is None:
            return self.share
        g = calibration.solve(before * self.share, self.x, self.x.totals(before), "linear").factor
        return self.share * (g if self.x.cell is None else g[self.x.cell])


@dataclass(frozen=True)
class WeightShare:
    """Weights of reporting rows handed to reported ones: w_j = w_link(j) * factor_j. The rows after
    the step are others than those before it.

    factor (n_after,) 1 / multiplicity; link (n_after,) row before the step that reports each row
    after it; n_before.
    References: Sirken (1970), JASA 65, 257-266; Deville and Lavallee (2006).
    """

    name: str
    factor: Float
    link: Int
    n_before: int

    def pull_back(self, z: Influence) -> Influence:
        return Influence.of(z.sums(self.factor, self.link, self.n_before))

    def added_vcov(self, z: Influence) -> Float | None:
        return None

    def refit(self, before: Float) -> Float:
        return self.factor


@dataclass(frozen=True)
class PseudoWeight:
    """Inverse odds of being in a non-probability sample, estimated against a reference sample
    stacked below it.

    x: n rows of covariates; r (n,) 1 in the non-probability sample; p (n,) fitted probability;
    before (n,) 1 for it and design weights for the reference.
    References: Elliott and Valliant (2017), Statistical Science 32, 249-264.
    """

    name: str
    x: Rows
    r: Float
    p: Float
    before: Float

    @property
    def factor(self) -> Float:
        return self.r * (1 - self.p) / self.p

    def pull_back(self, z: Influence) -> Influence:
        slope = -z.cross(self.x, self.before * self.factor)
        g = np.asarray(
            np.linalg.solve(self.x.gram(self.before * self.p * (1 - self.p)), slope), float
        )
        return z.scaled(self.factor).plus(self.x, g, self.r - self.p)

    def added_vcov(self, z: Influence) -> Float | None:
        return None

    @cached_property
    def _model(self) -> Propensity:
        return Propensity(self.x, self.r)

    def refit(self, before: Float) -> Float:
        p = self._model.fit(before)
        return self.r * (1 - p) / p


@dataclass(frozen=True)
class Embedded:
    """A step that one of several joined samples had taken: it acts on rows start..start+size-1 of
    n, the others pass.
    """

    inner: WeightStep
    start: int
    size: int
    n: int

    @property
    def name(self) -> str:
        rows = {"first": f"{self.start + 1:,}", "last": f"{self.start + self.size:,}"}
        words = "{step} (rows {first} to {last})"
        return Message(words, {"step": self.inner.name, **rows}, "step")

    @property
    def factor(self) -> Float:
        f = np.ones(self.n)
        f[self.start : self.start + self.size] = self.inner.factor
        return f

    def _inside(self, z: Influence) -> Influence:
        return z.take(np.arange(self.start, self.start + self.size))

    def pull_back(self, z: Influence) -> Influence:
        end = self.start + self.size
        pieces = [
            z.take(np.arange(self.start)),
            self.inner.pull_back(self._inside(z)),
            z.take(np.arange(end, self.n)),
        ]
        return one_above_other([piece for piece in pieces if piece.n])

    def added_vcov(self, z: Influence) -> Float | None:
        return self.inner.added_vcov(self._inside(z))

    def refit(self, before: Float) -> Float:
        f = np.ones(self.n)
        f[self.start : self.start + self.size] = self.inner.refit(
            before[self.start : self.start + self.size]
        )
        return f


@dataclass(frozen=True)
class RoundShares:
    """Rounds whose weights stand on different scales, pooled: each round's weights are brought to
    the average sum of all and multiplied by its share.

    group (n,) round of each row, 0..R-1, or R for rows that it does not concern; shares (R,) adding
    to 1, known; before (n,) weights before the step. factor_i = a_r S / S_r with S_r the sum of
    round r and S = sum of a_r S_r. The sums are those of the sample, and linearised.
    """

    name: str
    group: Int
    shares: Float
    before: Float

    def _sums(self, before: Float) -> Float:
        rounds = self.shares.size
        sums = np.bincount(self.group, weights=before, minlength=rounds + 1)
        return np.asarray(sums[:rounds], float)

    def _factors(self, before: Float) -> Float:
        """(R + 1,) of each round, and 1."""
        sums = self._sums(before)
        return np.append(self.shares * (self.shares @ sums) / sums, 1.0)

    @property
    def factor(self) -> Float:
        return self._factors(self.before)[self.group]

    def pull_back(self, z: Influence) -> Influence:
        rounds = self.shares.size
        sums = self._sums(self.before)
        members = Rows(np.eye(rounds + 1, rounds)[self.group])
        mass = z.cross(members, self.before)
        common = np.outer(self.shares, (self.shares / sums) @ mass)
        own = (self._factors(self.before)[:rounds] / sums)[:, None] * mass
        return z.scaled(self.factor).plus(members, common - own)

    def added_vcov(self, z: Influence) -> Float | None:
        return None

    def refit(self, before: Float) -> Float:
        return self._factors(before)[self.group]
