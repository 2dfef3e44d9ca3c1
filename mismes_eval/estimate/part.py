"""Part: what an estimate is on one design. Independent designs are parts of one estimate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mismes_eval.errors import EstimateError, Problem
from mismes_eval.estimate.limits import log_odds
from mismes_eval.numerics.averages import Averages
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.design import SurveyDesign

_LEAST = 1e-6  # degrees of freedom of a part that has none


@dataclass(frozen=True)
class Part:
    """One design with the influence (n, p) on it. replicates (B, p): the estimate in each
    replicate, where the design has replicate weights.

    known (p, p): the design's covariance of this influence where it was made already, so that
    linear combinations need no second pass over the rows.
    averages : what the values average over whom; None: not known, the design's degrees of freedom.
    """

    design: SurveyDesign
    influence: Influence | None
    replicates: Float | None = None
    full: Float | None = None
    known: Float | None = None
    averages: Averages | None = None

    @property
    def vcov(self) -> Float:
        """(p, p)."""
        return self._covariance(diagonal=False)

    @cached_property
    def variance(self) -> Float:
        """(p,): the diagonal, without the products between different values."""
        return self._covariance(diagonal=True)

    def _covariance(self, diagonal: bool) -> Float:
        made = None
        if (
            self.design.replicates is not None
            and self.replicates is not None
            and self.full is not None
        ):
            made = self.design.replicates.vcov(self.replicates, self.full) + self.outside
        elif self.known is not None:
            made = self.known
        if made is not None:
            return np.diag(made) if diagonal else made
        if self.influence is None:
            raise EstimateError(
                Problem("this estimate has neither influence columns nor replicates")
            )
        return self.design.vcov(self.influence, diagonal)

    @property
    def outside(self) -> Float | float:
        """(p, p) covariance that totals with an error of their own bring and replicates do not
        show, or 0.
        """
        if self.influence is None or not self.design.totals_have_error:
            return 0.0
        return self.design.outside_vcov(self.influence)

    def standing(self, columns: Bool) -> int:
        """How many rows with weight stand in any of the columns (p,), each counted once; 0 where no
        influence is kept.
        """
        if self.influence is None:
            return 0
        return int((self.influence.standing(columns) & (self.design.weights != 0)).sum())

    def linear(self, j: Float) -> Part:
        return replace(
            self,
            influence=None if self.influence is None else self.influence.linear(j),
            replicates=None if self.replicates is None else self.replicates @ j.T,
            full=None if self.full is None else j @ self.full,
            known=None if self.known is None else j @ self.known @ j.T,
            averages=None if self.averages is None else self.averages.linear(j),
        )

    def through(self, function: Callable[[Float], Float], value: Float, j: Float) -> Part:
        """What `function` makes of the values, to the first order by its derivatives j (k, p); in a
        replicate design by the function in every replicate. value (k,): of the whole sample.
        """
        made = self.linear(j)
        if self.replicates is None:
            return made
        each = [np.atleast_1d(function(replicate)) for replicate in self.replicates]
        return replace(made, replicates=np.array(each), full=value)

    def logit_se(self, value: Float, linear: Float) -> Float:
        """(p,) standard error of the log-odds: `linear` (p,), or over the log-odds of each
        replicate where there are replicates and all lie inside (0, 1) (R survey: svyciprop).
        """
        if self.replicates is None or self.design.replicates is None:
            return linear
        inside = ((self.replicates > 0) & (self.replicates < 1)).all(axis=0)
        inside &= (value > 0) & (value < 1)
        share = value[inside]
        odds = log_odds(self.replicates[:, inside])
        outside = (np.zeros((value.size, value.size)) + self.outside).diagonal()[inside]
        own = self.design.replicates.vcov(odds, log_odds(share)).diagonal()
        out = linear.copy()
        out[inside] = np.sqrt(own + outside / (share * (1 - share)) ** 2)
        return out

    @cached_property
    def behind(self) -> tuple[Float, Float]:
        """Effective degrees of freedom (p,) and effective number of first-stage units (p,) in the
        average that has fewest; infinite where the averages are not known.
        """
        if self.averages is not None:
            return self.design.behind(self.averages)
        columns = self.full if self.influence is None else np.empty(self.influence.p)
        size = 0 if columns is None else columns.size
        return np.full(size, np.inf), np.full(size, np.inf)


def behind_all(parts: Sequence[Part], p: int) -> tuple[Float, Float]:
    """`behind` of p values on several independent designs: Welch and Satterthwaite over their
    variances.
    """
    if len(parts) == 1:
        return parts[0].behind
    variance = np.array([part.variance for part in parts])
    df = np.array([part.behind[0] for part in parts])
    units = np.array([part.behind[1] for part in parts])
    own = np.array([np.full(p, part.design.degf) for part in parts])
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = variance**2 / np.minimum(np.maximum(df, _LEAST), np.maximum(own, _LEAST))
        joint = variance.sum(axis=0) ** 2 / spread.sum(axis=0)
    joint = np.where(np.isnan(joint), np.inf, joint)
    return joint, np.where(variance > 0, units, np.inf).min(axis=0)


def one_linearised(parts: Sequence[Part]) -> tuple[SurveyDesign, Influence] | None:
    """The one design without replicates, and the influence on it, that values stand on, if any."""
    if len(parts) != 1 or parts[0].influence is None or parts[0].design.replicates is not None:
        return None
    return parts[0].design, parts[0].influence
