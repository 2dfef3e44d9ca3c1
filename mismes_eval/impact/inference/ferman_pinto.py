"""Few treated groups of unequal size: residuals of all groups, rescaled to the spread that a group
of this size has (Ferman and Pinto 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from mismes_eval.errors import EstimateError, Problem, of_argument, of_arguments, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.result_table import ResultTable
from mismes_eval.impact.inference.arms import (
    Arms,
    Labels,
    arms_of,
    influence_of,
    labels_of,
    totals_of,
)
from mismes_eval.impact.inference.wild_draws import LEAST_DRAWS, invert, share_beyond
from mismes_eval.numerics.rows import Float, Int, group_sums
from mismes_eval.public import Finite, Seed, public

FEWEST_GROUPS = 20  # in both arms together: residuals of fewer are no distribution
_METHOD = "the test of Ferman and Pinto"


@dataclass(frozen=True, repr=False)
class FermanPinto(ResultTable):
    """One row a tested value: names, estimate, se, p, low, high, between, within (all (p,));
    between and within: a group's change has the variance between + within / persons; groups that
    are treated and compared.
    """

    names: tuple[str, ...]
    estimate: Float
    se: Float
    p: Float
    low: Float
    high: Float
    between: Float
    within: Float
    null: float
    level: float | None
    treated: int
    compared: int
    draws: int
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """variable, value, se, p, ci_low, ci_high, between, within, treated, compared, draws."""
        return pd.DataFrame(
            {
                "variable": self.names,
                "value": self.estimate,
                "se": self.se,
                "p": self.p,
                "ci_low": self.low,
                "ci_high": self.high,
                "between": self.between,
                "within": self.within,
                "treated": self.treated,
                "compared": self.compared,
                "draws": self.draws,
            }
        )


@public(EstimateError)
def ferman_pinto(
    estimate: Estimate,
    cluster: Sequence[object] | pd.Series | None = None,
    treated: Sequence[float] | pd.Series | None = None,
    null: Finite = 0.0,
    draws: int = 9999,
    level: float | None = 0.95,
    seed: Seed = 1,
) -> FermanPinto:
    """Test of an effect on few treated groups (one will do) beside many others of unequal size.

    The residual of a group is the mean of its influence under the null. Its variance is a + b q, q
    = sum w^2 / (sum w)^2 (one over the number of persons under equal weights), a and b not
    negative, fitted to the squares. Residuals divided by their standard deviation are drawn with
    replacement from all groups, multiplied by that of the group they come to, and give the effect
    that chance makes.

    Parameters
    ----------
    estimate : a difference between treated and comparison groups (att_2x2) on one linearised
        design.
    cluster : (n,) label of each row's group (regions); None: the design's PSUs.
    treated : (n,) treatment, 0/1; None: the arms that the estimate knows.
    null : value tested.
    draws : of residuals.
    seed : of the draws.
    level : of the interval (values that are not rejected; infinite where none is); None: no
        interval.

    Returns
    -------
    FermanPinto; p is two-sided; se is what the fitted variances make of the effect, for reading
    only.

    Raises
    ------
    EstimateError : several or replicate designs, labels of the wrong length or missing, arms that
        nobody stated, a group in both arms, fewer than 20 groups in all, an arm without a group.

    References
    ----------
    Ferman and Pinto (2019), Review of Economics and Statistics 101, 452-467; Conley and Taber
    (2011), Review of Economics and Statistics 93, 113-125 (groups alike in size).
    """
    z = influence_of(estimate, _METHOD)
    labels = labels_of(estimate, z.n, cluster, None)
    arms = arms_of(estimate, z, treated)
    if arms is None:
        raise EstimateError(
            Problem(
                "who is treated is not known",
                of_argument("treated"),
                "1 for treated and 0 for comparison rows",
                "None",
            )
        )
    _refuse(arms, labels, level, draws)
    totals = totals_of(estimate, z, labels, arms)
    sums = totals.treated + totals.compared
    rng = np.random.default_rng(seed)
    tests = []
    counts = (0, 0)
    for j in range(estimate.p):
        groups = _groups(arms.weight[:, :, j], labels, sums[:, j])
        value = float(estimate.value[j])
        test = _Test(groups, value, float(totals.pi[j]), groups.drawn(rng, draws))
        tests.append(test.row(null, level))
        counts = groups.counts
    se, p, low, high, between, within = (np.array(column) for column in zip(*tests, strict=True))
    return FermanPinto(
        names=estimate.names,
        estimate=estimate.value,
        se=se,
        p=p,
        low=low,
        high=high,
        between=between,
        within=within,
        null=null,
        level=level,
        treated=counts[0],
        compared=counts[1],
        draws=draws,
        notes=(*_said(counts, draws), *estimate.notes),
    )


@dataclass(frozen=True, slots=True)
class _Groups:
    """residual (m,) mean influence of each group; signed (m,) share of it in its arm, minus in the
    comparison; size (m,) sum of squared weights over the square of their sum.
    """

    residual: Float
    signed: Float
    size: Float

    @property
    def counts(self) -> tuple[int, int]:
        return int((self.signed > 0).sum()), int((self.signed < 0).sum())

    def drawn(self, rng: np.random.Generator, draws: int) -> Int:
        """(draws, m) whose residual each group gets."""
        m = self.signed.size
        return rng.integers(0, m, (draws, m))


@dataclass(frozen=True, slots=True)
class _Test:
    """groups; value of the effect; pi: treated share of the weight; drawn (B, m)."""

    groups: _Groups
    value: float
    pi: float
    drawn: Int

    def residual(self, at: float) -> Float:
        """(m,) residuals from the mean of all groups, were the effect `at`."""
        far = self.value - at
        return self.groups.residual + far * np.where(self.groups.signed > 0, 1 - self.pi, -self.pi)

    def p_of(self, at: float) -> float:
        """Share of draws that are as far from 0 as the effect is from `at`."""
        residual = self.residual(at)
        scale = np.sqrt(_variance(residual, self.groups.size)[0])
        made = (residual / scale)[self.drawn] @ (scale * self.groups.signed)
        return share_beyond(abs(self.value - at), np.abs(made), enumerated=False)

    def row(
        self, null: float, level: float | None
    ) -> tuple[float, float, float, float, float, float]:
        """se, p, low, high, between, within."""
        nothing = float("nan")
        residual = self.residual(null)
        if not np.abs(residual).max() > 0:
            return 0.0, nothing, nothing, nothing, 0.0, 0.0
        variance, between, within = _variance(residual, self.groups.size)
        se = float(np.sqrt(self.groups.signed**2 @ variance))
        low, high = nothing, nothing
        if level is not None:
            low, high = invert(self.p_of, self.value, se, level)
        return se, self.p_of(null), low, high, between, within


def _variance(residual: Float, size: Float) -> tuple[Float, float, float]:
    """(m,) between + within * size, fitted to the squares, neither part negative."""
    unit = float(size.mean())
    both = np.column_stack([np.ones(size.size), size / unit])
    between, within = nnls(both, residual**2)[0]
    return both @ np.array([between, within]), float(between), float(within) / unit


def _groups(weight: Float, labels: Labels, total: Float) -> _Groups:
    """The groups that have weight (n, 2) of (treated, comparison) rows; total (k,) of influence."""
    sums = group_sums(weight, labels.code, labels.count)
    squares = group_sums(weight**2, labels.code, labels.count).sum(axis=1)
    share = sums / sums.sum(axis=0)
    mine = sums.sum(axis=1)
    there = mine > 0
    return _Groups(
        total[there] / (share[:, 0] - share[:, 1])[there],
        (share[:, 0] - share[:, 1])[there],
        squares[there] / mine[there] ** 2,
    )


def _refuse(arms: Arms, labels: Labels, level: float | None, draws: int) -> None:
    """Raise where a group lies in both arms, or groups, arms, level or draws do not carry the test."""
    weight = group_sums(arms.weight.sum(axis=2), labels.code, labels.count) > 0
    groups, crossing = int(weight.any(axis=1).sum()), int(weight.all(axis=1).sum())
    treated, compared = (int(count) for count in weight.sum(axis=0))
    problems = []
    if crossing:
        problems.append(
            Problem(
                what="a group lies in both arms",
                where=of_argument("cluster"),
                expected="every group treated or not",
                got=worded("both"),
                count=crossing,
            )
        )
    if not (treated and compared) or groups < FEWEST_GROUPS:
        problems.append(
            Problem(
                what="there are too few groups",
                where=of_argument("cluster"),
                expected=worded(
                    "{fewest_groups} groups or more in all, one or more in each arm",
                    {"fewest_groups": FEWEST_GROUPS},
                ),
                got=worded(
                    "{groups} groups, {treated} with treated rows, {compared} with others",
                    {"groups": groups, "treated": treated, "compared": compared},
                ),
                fix="Take smaller groups (the design's PSUs), or randomisation_test where the assignment"
                " was random.",
            )
        )
    if draws < LEAST_DRAWS or not (level is None or 0.5 < level < 1):
        problems.append(
            Problem(
                "the residuals cannot be drawn",
                of_arguments("draws", "level"),
                worded(
                    "{least_draws} draws or more, a level between 0.5 and 1",
                    {"least_draws": LEAST_DRAWS},
                ),
                worded("{draws} draws, level {level}", {"draws": draws, "level": level}),
            )
        )
    EstimateError.refuse(problems)


def _said(counts: tuple[int, int], draws: int) -> tuple[str, ...]:
    return (
        f"Ferman and Pinto (2019): {counts[0]} treated and {counts[1]} comparison groups,"
        f" {draws:,} draws of residuals that are rescaled to each group's size.",
        "Groups are taken to differ in the spread of their shocks by their size alone: a treated"
        " group with shocks of its own kind is not covered.",
    )
