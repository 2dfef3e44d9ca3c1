"""SurveyDesign: who was sampled, with what weight, and how the weight was made. The one place that
computes a design-based variance.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from mismes_eval.message import Message, Quantity, listed
from mismes_eval.numerics.averages import Averages
from mismes_eval.numerics.effective_df import Clusters
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.numerics.variance import Lonely, Stage, multistage_vcov
from mismes_eval.weighting.steps import Calibration, Embedded, WeightShare, WeightStep

Level = Literal["psu", "household", "element"]
BELOW_ONE = 0.1  # share of weights below 1 from which their sums are no population counts
LARGEST_RANK = 2000  # units and replicates beyond which the rank of a domain's factors is not made


def sums_can_be_counts(base: Float) -> bool:
    """Whether sums of weights (n,) can be numbers of people: a row stands for at least itself, so
    not where their mean is 1 or less or a tenth of them is below 1, as in files whose weights are
    scaled to a mean of 1 (DHS, ESS).
    """
    if base.size and base.min() >= 1 and base.max() > 1 + 1e-6 * base.size:
        return True  # as in most files, without a look at every weight
    w = base[base > 0]
    return bool(w.size and w.mean() > 1 + 1e-6 and (w < 1).mean() < BELOW_ONE)


def rank(factor: Float) -> int:
    """Rank of replicate weights (m, B) with the tolerance that R survey uses (1e-5)."""
    scaled = factor / np.maximum(np.sqrt((factor**2).sum(axis=0)), np.finfo(float).tiny)
    gram = scaled.T @ scaled if scaled.shape[1] <= scaled.shape[0] else scaled @ scaled.T
    value = np.linalg.eigvalsh(gram)
    return int((value > 1e-10 * value[-1]).sum())


@dataclass(frozen=True)
class ReplicateSet:
    """Replicate factors, constant inside a PSU: factor (m, B) on the base weight, scale, rscales
    (B,); mse centres on the full-sample estimate.

    degf : degrees of freedom.  unit (n,) row of factor for each base row, where a file's replicate
        weights are not constant inside PSUs; else None.
    """

    factor: Float
    scale: float
    rscales: Float
    mse: bool
    method: str
    degf: float
    unit: Int | None = None

    @property
    def count(self) -> int:
        return int(self.factor.shape[1])

    def degf_within(self, unit: Int) -> float:
        """Degrees of freedom of rows with these units (k,) of `factor`: the rank of their factors
        less 1 (R survey), at most those of all.
        """
        present = np.unique(unit)
        if present.size == len(self.factor) or min(present.size, self.count) > LARGEST_RANK:
            return min(self.degf, present.size - 1.0)
        return min(self.degf, rank(self.factor[present]) - 1.0)

    def vcov(self, replicates: Float, full: Float) -> Float:
        """replicates (B, p) -> covariance (p, p)."""
        used = self.rscales > 0
        centre = full if self.mse else replicates[used].mean(axis=0)
        deviation = (replicates - centre) * np.sqrt(self.rscales)[:, None]
        out: Float = self.scale * (deviation.T @ deviation)
        return out


def _clusters(stage: Stage, lonely: Lonely) -> Clusters:
    """The units of a stage. One alone in its stratum is set against zero under "adjust" (its
    deviation from the mean of all units) and adds nothing under the other rules.
    """
    size = np.bincount(stage.stratum, minlength=stage.strata).astype(float)
    alone = size == 1
    scale = np.where(alone, float(lonely == "adjust"), size / np.maximum(size - 1, 1))
    scale *= 1 - stage.fraction
    size = np.where(alone, np.inf, size)
    return Clusters(stage.stratum, size[stage.stratum], scale[stage.stratum])


@dataclass(frozen=True)
class SurveyDesign:
    """base (n,) design weights; unit (n,) codes of the last stage's units; stages, first to last;
    steps in the order they were taken.

    level : what stood in the file to carry clustering (ladder: psu, household, element);
        cluster_deff multiplies an element-level variance.
    notes : sentences that every table of the design carries.
    """

    base: Float
    unit: Int
    stages: tuple[Stage, ...]
    lonely: Lonely = "adjust"
    level: Level = "psu"
    cluster_deff: float = 1.0
    steps: tuple[WeightStep, ...] = ()
    replicates: ReplicateSet | None = None
    notes: tuple[str, ...] = ()
    stratum_labels: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def weights(self) -> Float:
        """(n,) the weight after all steps."""
        return self.weights_after(len(self.steps))

    def weights_after(self, count: int) -> Float:
        """(n,) the weight after the first `count` steps."""
        w = self.base
        for step in self.steps[:count]:
            w = (w[step.link] if isinstance(step, WeightShare) else w) * step.factor
        return w

    @cached_property
    def rows_name(self) -> str:
        """A name of the rows: the same base weights and units have the same, whatever the steps."""
        made = hashlib.sha256(np.ascontiguousarray(self.base, float).tobytes())
        made.update(np.ascontiguousarray(self.unit).astype(np.int64).tobytes())
        return made.hexdigest()[:16]

    @cached_property
    def base_psu(self) -> Int:
        """Code 0..m-1 of the first-stage unit of each row of the base weights."""
        code = self.unit
        for stage in self.stages[:0:-1]:
            code = stage.parent[code]
        return code

    def _linked(self, code: Int) -> Int:
        """A code of the rows of the base weights, of the rows after all steps."""
        for step in self.steps:
            code = code[step.link] if isinstance(step, WeightShare) else code
        return code

    @cached_property
    def psu(self) -> Int:
        """(n,) codes 0..m-1 of the first-stage units, of the rows after all steps."""
        return self._linked(self.base_psu)

    @cached_property
    def clusters(self) -> tuple[Int, Clusters]:
        """Code (n,) of the unit of each row after all steps, and the units, between which the
        variance is taken: first-stage units, or, inside those that were certain to be drawn, the
        units of the second stage.
        """
        first = self.stages[0]
        code = self.psu
        clusters = _clusters(first, self.lonely)
        certain = first.fraction[first.stratum] >= 1
        if len(self.stages) == 1 or not certain.any():
            return code, clusters
        second = self.stages[1]
        inner = self._second_stage
        below = _clusters(second, self.lonely)
        return np.where(certain[code], self.psus + inner, code), Clusters(
            np.concatenate([clusters.stratum, first.strata + below.stratum]),
            np.concatenate([clusters.size, below.size]),
            np.concatenate([clusters.scale, below.scale]),
        )

    @property
    def _second_stage(self) -> Int:
        """Code (n,) of the second-stage unit of each row after all steps."""
        code = self.unit
        for stage in self.stages[:1:-1]:
            code = stage.parent[code]
        return self._linked(code)

    def behind(self, averages: Averages) -> tuple[Float, Float]:
        """Effective degrees of freedom (p,) and effective number of first-stage units (p,) of
        values made of these averages (numerics.effective_df).
        """
        code, clusters = self.clusters
        return averages.behind(self.weights, code, clusters)

    @property
    def psus(self) -> int:
        return int(self.stages[0].stratum.size)

    @property
    def strata(self) -> int:
        return self.stages[0].strata

    @property
    def degf(self) -> float:
        """PSUs minus strata (R survey: degf); replicate designs: at most the number of replicates
        minus 1.
        """
        if self.replicates is not None:
            return self.replicates.degf
        return float(self.psus - self.strata)

    def degf_within(self, rows: Bool) -> float:
        """PSUs minus strata that have rows in the domain; with replicates the rank of their factors
        there less 1 (R survey: degf of a subset).
        """
        if self.replicates is not None:
            return self.replicates.degf_within(self.replicate_unit[rows])
        present = np.bincount(self.psu[rows], minlength=self.psus) > 0
        return float(present.sum() - np.unique(self.stages[0].stratum[present]).size)

    @cached_property
    def replicate_unit(self) -> Int:
        """(n,) row of the replicate factors of each row after all steps."""
        if self.replicates is None or self.replicates.unit is None:
            return self.psu
        return self._linked(self.replicates.unit)

    @cached_property
    def sums_can_be_counts(self) -> bool:
        """Whether sums of the base weights can be numbers of people."""
        return sums_can_be_counts(self.base)

    @cached_property
    def lonely_strata(self) -> tuple[str, ...]:
        """Names of the first-stage strata with one PSU that is not a certainty."""
        first = self.stages[0]
        alone = np.flatnonzero(
            (np.bincount(first.stratum, minlength=first.strata) == 1) & (first.fraction < 1)
        )
        return tuple(
            self.stratum_labels[stratum] if self.stratum_labels else str(stratum)
            for stratum in alone
        )

    def add(self, step: WeightStep) -> SurveyDesign:
        """The same design after one more step."""
        return replace(self, steps=(*self.steps, step))

    def pull_back(self, z: Influence) -> Influence:
        """Influence on the final weight -> influence on the base weight."""
        for step in reversed(self.steps):
            z = step.pull_back(z)
        return z

    def vcov(self, z: Influence, diagonal: bool = False) -> Float:
        """Covariance (p, p), or its diagonal (p,), of estimates whose unweighted influence columns
        on the final weight are z, (n, p).
        """
        extra = np.zeros(z.p if diagonal else (z.p, z.p))
        for step in reversed(self.steps):
            added = step.added_vcov(z)
            if added is not None:
                extra += np.diag(added) if diagonal else added
            z = step.pull_back(z)
        totals = z.sums(self.base, self.unit, self.stages[-1].stratum.size)
        return (
            self.cluster_deff * multistage_vcov(totals, self.stages, self.lonely, diagonal) + extra
        )

    def outside_vcov(self, z: Influence) -> Float:
        """Covariance (p, p) that calibration to estimated totals brings from outside the sample:
        replicates of the sample do not show it.
        """
        extra = np.zeros((z.p, z.p))
        for count in range(len(self.steps), 0, -1):
            step = self.steps[count - 1]
            inner = step.inner if isinstance(step, Embedded) else step
            added = step.added_vcov(z) if isinstance(inner, Calibration) else None
            if added is not None:
                extra += added
            z = step.pull_back(z)
        return extra

    @property
    def totals_have_error(self) -> bool:
        """Whether a step calibrated to totals with an error of their own."""
        inner = [step.inner if isinstance(step, Embedded) else step for step in self.steps]
        return any(isinstance(step, Calibration) and step.total_vcov is not None for step in inner)

    @property
    def basis(self) -> Message:
        """How the variance is taken, for the note of a table: method, level on the ladder, units
        and strata.
        """
        return self._basis(counted=True)

    @property
    def published_basis(self) -> Message:
        """The same without the number of clusters where it tells how many persons there are: with
        fewer than two in a cluster it is theirs, or nearly.
        """
        return self._basis(counted=not self.psus_are_few_persons)

    @property
    def psus_are_few_persons(self) -> bool:
        """Whether there are fewer than two persons in a PSU: their number is that of the persons, or
        nearly.
        """
        return 2 * self.psus > self.base.size

    def _basis(self, *, counted: bool) -> Message:
        ladder = self._ladder(counted=counted)
        if self.replicates is None:
            return Message("Variance: linearised, {ladder}.", {"ladder": ladder}, "variance")
        made = {"method": self.replicates.method, "count": f"{self.replicates.count}"}
        how: dict[str, object] = {"how": Message("{method}, {count} replicates", made)}
        if self.replicates.unit is None and self.level != "element":
            return Message("Variance: {how}, {ladder}.", how | {"ladder": ladder}, "variance")
        words = "Variance: {how}; strata and clusters are those that the replicates were made with."
        return Message(words, how, "variance")

    def _ladder(self, *, counted: bool) -> Message:
        """The units whose totals the variance is taken from, and their strata."""
        strata: dict[str, object] = {"strata": Quantity(self.strata, "stratum", "strata", 0)}
        if self.level == "psu" and not counted:
            return Message("PSUs of few persons in {strata}", strata)
        if self.level == "household" and not counted:
            return Message("household clusters in {strata}, no PSU in the file", strata)
        if self.level == "psu":
            psus = {"psus": Quantity(self.psus, "PSU", "PSUs", 0)}
            return Message("{psus} in {strata}", psus | strata)
        if self.level == "household":
            clusters: dict[str, object] = {"psus": f"{self.psus:,}"}
            return Message(
                "household clusters ({psus}) in {strata}, no PSU in the file", clusters | strata
            )
        if self.cluster_deff == 1:
            return Message(
                "independent persons in {strata}, no PSU or household in the file, no cluster"
                " effect supplied",
                strata,
            )
        return Message(
            "independent persons in {strata}, no PSU or household in the file, variance times a"
            " supplied cluster effect of {deff}",
            strata | {"deff": f"{self.cluster_deff:g}"},
        )

    def describe(self) -> Message:
        """One line: how the variance is taken, and the steps of the weight."""
        steps = listed([step.name for step in self.steps] or ["no weight step"])
        values = {"basis": self.basis, "steps": steps}
        return Message("{basis} Weight: base weight; {steps}.", values, "variance")

    def __repr__(self) -> str:
        return f"SurveyDesign of {self.base.size:,} rows. {self.describe()}"
