"""Designing the next study: the effect that it would find, and the persons it needs, under
clusters, repeated waves, loss and partial take-up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from mismes_eval.errors import EstimateError, Problem, of_argument, of_arguments, worded
from mismes_eval.estimate.number_format import figure
from mismes_eval.public import public

Estimator = Literal["post", "did", "ancova"]

OUT_OF_RANGE = "a planning figure is out of range"


@dataclass(frozen=True)
class StudyDesign:
    """A planned comparison of two arms: persons enrolled (n), the effect on the treated that it
    finds with `power`, and everything assumed.

    effect and se are in the outcome's units, per person who takes the measure up. float(design) is
    the effect.
    """

    n: float
    effect: float
    power: float
    estimator: Estimator
    share_treated: float
    sd: float
    icc: float
    cluster_size: float
    rho: float
    cluster_rho: float
    waves_before: int
    waves_after: int
    attrition: float
    take_up: float
    r2: float
    deff: float
    alpha: float
    assigned: Literal["cluster", "person"]

    def __float__(self) -> float:
        return self.effect

    @property
    def clusters(self) -> float:
        """Clusters enrolled."""
        return self.n / self.cluster_size

    @property
    def dof(self) -> float:
        """Clusters (persons, where they are assigned one by one) minus 2."""
        return (
            self.clusters
            if self.assigned == "cluster" and self.cluster_size > 1
            else self.n * (1 - self.attrition)
        ) - 2

    @property
    def design_effect(self) -> float:
        """Variance over that of the same persons, drawn one by one, measured once after treatment."""
        m = self.cluster_size * (1 - self.attrition) if self.assigned == "cluster" else 0.0
        before, after = self.waves_before, self.waves_after
        total = self.icc * self.cluster_rho + (1 - self.icc) * self.rho
        slope = {"post": 0.0, "did": 1.0, "ancova": total * before / (1 + (before - 1) * total)}[
            self.estimator
        ]

        def factor(rho: float) -> float:
            return (
                (1 + (after - 1) * rho) / after
                - 2 * slope * rho
                + slope**2 * (1 + (before - 1) * rho) / before
            )

        if self.cluster_size <= 1:
            return self.deff * (1 - self.r2) * factor(self.rho)
        return (
            self.deff
            * (1 - self.r2)
            * (m * self.icc * factor(self.cluster_rho) + (1 - self.icc) * factor(self.rho))
        )

    @property
    def se(self) -> float:
        """Standard error of the effect on those who take up."""
        kept = self.n * (1 - self.attrition)
        return (
            self.sd
            * float(
                np.sqrt(
                    self.design_effect
                    * (1 / (kept * self.share_treated) + 1 / (kept * (1 - self.share_treated)))
                )
            )
            / self.take_up
        )

    def power_at(self, effect: float) -> float:
        """Chance to find an effect of this size, two-sided test at alpha."""
        if not self.dof > 0:
            return float("nan")
        away = abs(effect) / self.se
        if self.dof > 1e5:
            z = stats.norm.isf(self.alpha / 2)
            return float(stats.norm.sf(z - away) + stats.norm.cdf(-z - away))
        critical = stats.t.isf(self.alpha / 2, self.dof)
        return float(
            stats.nct.sf(critical, self.dof, away)
            + (stats.nct.cdf(-critical, self.dof, away) if away < 8 else 0.0)
        )

    def curve(self, effects: list[float]) -> pd.DataFrame:
        """effect, power."""
        return pd.DataFrame(
            {"effect": effects, "power": [self.power_at(effect) for effect in effects]}
        )

    def to_frame(self) -> pd.DataFrame:
        """One row: n, clusters, effect, effect_in_sd, power, se, design_effect, degf and the
        assumptions.
        """
        return pd.DataFrame(
            {
                "n": [self.n],
                "clusters": self.clusters,
                "effect": self.effect,
                "effect_in_sd": self.effect / self.sd,
                "power": self.power,
                "se": self.se,
                "design_effect": self.design_effect,
                "degf": self.dof,
                "estimator": self.estimator,
                "share_treated": self.share_treated,
                "icc": self.icc,
                "cluster_size": self.cluster_size,
                "rho": self.rho,
                "attrition": self.attrition,
                "take_up": self.take_up,
                "alpha": self.alpha,
                "assigned": self.assigned,
            }
        )

    @property
    def text(self) -> str:
        """The plan in a sentence."""
        return (
            f"{self.n:,.0f} persons in {self.clusters:,.0f} clusters find an effect of"
            f" {self.effect:.3g} ({self.effect / self.sd:.2f} standard deviations) with"
            f" {100 * self.power:.0f}% power, two-sided at {100 * self.alpha:g}%;"
            f" {100 * self.attrition:.0f}% loss and {100 * self.take_up:.0f}% take-up assumed. Loss"
            " at random: a loss that depends on the measure is no matter of numbers."
        )

    def _repr_html_(self) -> str:
        return f"<p>{self.text}</p>{self.to_frame().T.to_html(header=False, float_format=figure, na_rep='')}"


@public(EstimateError)
def minimum_detectable_effect(
    n: float,
    share_treated: float = 0.5,
    sd: float | None = None,
    icc: float = 0.0,
    cluster_size: float = 1.0,
    rho: float = 0.0,
    attrition: float = 0.0,
    deff: float = 1.0,
    alpha: float = 0.05,
    power: float = 0.8,
    estimator: Estimator = "did",
    share: float | None = None,
    cluster_rho: float | None = None,
    waves_before: int = 1,
    waves_after: int = 1,
    take_up: float = 1.0,
    r2: float = 0.0,
    assigned: Literal["cluster", "person"] = "cluster",
) -> StudyDesign:
    """Smallest effect that a study of n enrolled persons finds with the stated power.

    Parameters
    ----------
    n, share_treated : persons enrolled; of the persons (or clusters).
    sd : of the outcome; or share : of a yes-no outcome (sd = sqrt(share (1 - share))).
    icc : share of the outcome's variance between clusters.
    cluster_size, assigned : persons enrolled in one; what is assigned, "cluster" or "person".
    rho : correlation of a person's outcome (within its cluster) between two waves.
    cluster_rho : of the cluster's mean; default rho.
    attrition : share lost, at random.
    take_up : share of the treated who take the measure up; the effect is on those.
    deff : of the weights, beyond clusters.
    r2 : share of the variance that covariates explain, beyond the outcome before.
    estimator : "post", "did" (change against change) or "ancova" (outcome before as a covariate).
    waves_before, waves_after : averaged.
    alpha, power : two-sided size, and chance of a finding.

    Returns
    -------
    StudyDesign: effect, se, design_effect, power_at, curve, to_frame, text.

    Raises
    ------
    EstimateError : every figure out of its range; too few clusters for a test.

    References
    ----------
    McKenzie (2012), Journal of Development Economics 99, 210-221; Bloom (1995), Evaluation Review
    19, 547-556; Teerenstra et al. (2012), Statistics in Medicine 31, 2169-2178.
    """
    design = _design(
        n,
        share_treated,
        sd,
        icc,
        cluster_size,
        rho,
        attrition,
        deff,
        alpha,
        power,
        estimator,
        share,
        cluster_rho,
        waves_before,
        waves_after,
        take_up,
        r2,
        assigned,
    )
    if design.dof < 1:
        raise EstimateError(
            Problem(
                what="too few clusters for a test",
                where=of_arguments("n", "cluster_size"),
                expected="3 clusters or more",
                got=worded("{clusters:g}", {"clusters": design.clusters}),
                fix="Enrol more clusters.",
            )
        )
    effect = brentq(
        lambda e: design.power_at(e) - power, 0.0, 60 * design.se, xtol=1e-12 * design.se
    )
    return replace(design, effect=float(effect))


@public(EstimateError)
def sample_size(
    effect: float,
    share_treated: float = 0.5,
    sd: float | None = None,
    icc: float = 0.0,
    cluster_size: float = 1.0,
    rho: float = 0.0,
    attrition: float = 0.0,
    deff: float = 1.0,
    alpha: float = 0.05,
    power: float = 0.8,
    estimator: Estimator = "did",
    share: float | None = None,
    cluster_rho: float | None = None,
    waves_before: int = 1,
    waves_after: int = 1,
    take_up: float = 1.0,
    r2: float = 0.0,
    assigned: Literal["cluster", "person"] = "cluster",
) -> StudyDesign:
    """Persons to enrol so that an effect is found with the stated power.

    Parameters
    ----------
    effect : to be found, in the outcome's units (of a share: 0.05 for 5 points); its sign does not
        matter.

    The others are those of `minimum_detectable_effect`.

    Returns
    -------
    StudyDesign with n rounded up to whole clusters and the power that it then has.

    Raises
    ------
    EstimateError : an effect of 0, figures out of their ranges, an effect so small that no number
        of persons is enough.
    """
    if not (np.isfinite(effect) and effect != 0):
        raise EstimateError(
            Problem(
                "no effect to look for", of_argument("effect"), "a number other than 0", str(effect)
            )
        )

    def design(clusters: float) -> StudyDesign:
        return _design(
            clusters * cluster_size,
            share_treated,
            sd,
            icc,
            cluster_size,
            rho,
            attrition,
            deff,
            alpha,
            power,
            estimator,
            share,
            cluster_rho,
            waves_before,
            waves_after,
            take_up,
            r2,
            assigned,
        )

    low, high = 4.0, 8.0
    while design(high).power_at(effect) < power:
        high *= 2
        if high > 1e10:
            raise EstimateError(
                Problem(
                    "no number of persons is enough",
                    of_argument("effect"),
                    "an effect that is not vanishing",
                    str(effect),
                )
            )
    if design(low).power_at(effect) < power:
        low = brentq(lambda c: design(c).power_at(effect) - power, low, high, xtol=1e-6)
    found = design(float(np.ceil(low - 1e-6)))
    return replace(found, effect=abs(effect), power=found.power_at(effect))


def _design(
    n: float,
    share_treated: float,
    sd: float | None,
    icc: float,
    cluster_size: float,
    rho: float,
    attrition: float,
    deff: float,
    alpha: float,
    power: float,
    estimator: Estimator,
    share: float | None,
    cluster_rho: float | None,
    waves_before: int,
    waves_after: int,
    take_up: float,
    r2: float,
    assigned: Literal["cluster", "person"],
) -> StudyDesign:
    shares = {
        "icc": icc,
        "rho": rho,
        "cluster_rho": cluster_rho,
        "attrition": attrition,
        "r2": r2,
    }
    problems = [
        *_spread_once(sd, share),
        *_outside(
            ("n", n, 0, np.inf),
            ("share_treated", share_treated, 0, 1),
            ("sd", sd, 0, np.inf),
            ("share", share, 0, 1),
            ("take_up", take_up, 0, 1 + 1e-12),
            ("deff", deff, 0, np.inf),
            ("alpha", alpha, 0, 1),
            ("power", power, alpha, 1),
        ),
        *_no_shares(shares),
        *_no_counts(cluster_size, waves_before, waves_after),
        *_unknown(estimator, assigned),
        *_without_clusters(icc, cluster_size),
    ]
    EstimateError.refuse(problems)
    spread = (
        float(sd) if sd is not None else float(np.sqrt(float(share or 0) * (1 - float(share or 0))))
    )
    return StudyDesign(
        n=n,
        effect=float("nan"),
        power=power,
        estimator=estimator,
        share_treated=share_treated,
        sd=spread,
        icc=icc,
        cluster_size=cluster_size,
        rho=rho,
        cluster_rho=rho if cluster_rho is None else cluster_rho,
        waves_before=waves_before,
        waves_after=waves_after,
        attrition=attrition,
        take_up=take_up,
        r2=r2,
        deff=deff,
        alpha=alpha,
        assigned=assigned,
    )


def _spread_once(sd: float | None, share: float | None) -> list[Problem]:
    if (sd is None) != (share is None):
        return []
    return [
        Problem(
            "the spread of the outcome is needed once",
            of_arguments("sd", "share"),
            "one of the two",
            worded("both") if sd is not None else worded("neither"),
        )
    ]


def _outside(*ranges: tuple[str, float | None, float, float]) -> list[Problem]:
    """Figures that are not strictly between two bounds."""
    return [
        Problem(
            OUT_OF_RANGE,
            of_argument(name),
            worded("above {low:g} and below {high:g}", {"low": low, "high": high}),
            worded("{given:g}", {"given": given}),
        )
        for name, given, low, high in ranges
        if given is not None and not low < given < high
    ]


def _no_shares(shares: dict[str, float | None]) -> list[Problem]:
    return [
        Problem(
            OUT_OF_RANGE,
            of_argument(name),
            "0 or more and below 1",
            worded("{share:g}", {"share": share}),
        )
        for name, share in shares.items()
        if share is not None and not 0 <= share < 1
    ]


def _no_counts(cluster_size: float, waves_before: int, waves_after: int) -> list[Problem]:
    if all(1 <= count < np.inf for count in (cluster_size, waves_before, waves_after)):
        return []
    return [
        Problem(
            OUT_OF_RANGE,
            worded("cluster_size, waves_before, waves_after"),
            "1 or more",
            worded(
                "{cluster_size:g}, {waves_before}, {waves_after}",
                {
                    "cluster_size": cluster_size,
                    "waves_before": waves_before,
                    "waves_after": waves_after,
                },
            ),
        )
    ]


def _unknown(estimator: str, assigned: str) -> list[Problem]:
    if estimator in ("post", "did", "ancova") and assigned in ("cluster", "person"):
        return []
    return [
        Problem(
            "unknown choice",
            of_arguments("estimator", "assigned"),
            "post, did or ancova; cluster or person",
            worded(
                "{estimator}, {assigned}",
                {"estimator": repr(estimator), "assigned": repr(assigned)},
            ),
        )
    ]


def _without_clusters(icc: float, cluster_size: float) -> list[Problem]:
    if icc <= 0 or cluster_size != 1:
        return []
    return [
        Problem(
            "a correlation inside clusters without clusters",
            of_arguments("icc", "cluster_size"),
            "cluster_size above 1 where icc is above 0",
            worded("{icc:g}, 1", {"icc": icc}),
        )
    ]
