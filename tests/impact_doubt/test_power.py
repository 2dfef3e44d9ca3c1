"""Planned power is the share of simulated studies that find the effect, and the formulas equal the
published special cases.
"""

import numpy as np
import pytest
from scipy import stats

from mismes_eval.impact.planning.power import StudyDesign, minimum_detectable_effect, sample_size


def simulated(plan: StudyDesign, effect: float, runs: int, seed: int) -> float:
    """Share of studies in which a t-test between the arms' cluster means finds the effect at
    plan.alpha.
    """
    rng = np.random.default_rng(seed)
    g, m = int(plan.clusters), int(plan.cluster_size)
    treated = np.arange(g) < round(g * plan.share_treated)
    found = 0
    for _ in range(runs):
        u = stats.multivariate_normal([0, 0], [[1, plan.cluster_rho], [plan.cluster_rho, 1]]).rvs(
            g, random_state=rng
        ) * np.sqrt(plan.icc)
        e = rng.standard_normal((g, m, 2)) * np.sqrt(1 - plan.icc)
        e[..., 1] = plan.rho * e[..., 0] + np.sqrt(1 - plan.rho**2) * e[..., 1]
        y = plan.sd * (u[:, None, :] + e)
        y[treated, :, 1] += effect
        kept = round(m * (1 - plan.attrition))
        y = y[:, :kept]
        if plan.estimator == "ancova":
            x = y[..., 0] - np.where(
                treated[:, None], y[treated][..., 0].mean(), y[~treated][..., 0].mean()
            )
            slope = (x * y[..., 1]).sum() / (x * x).sum()
        else:
            slope = 1.0 if plan.estimator == "did" else 0.0
        means = (y[..., 1] - slope * y[..., 0]).mean(axis=1)
        found += stats.ttest_ind(means[treated], means[~treated]).pvalue < plan.alpha
    return found / runs


@pytest.mark.whole
@pytest.mark.parametrize(
    ("estimator", "rho", "cluster_rho"),
    [("did", 0.6, None), ("ancova", 0.5, 0.8), ("post", 0.3, None)],
)
def test_power_is_what_simulation_finds(estimator, rho, cluster_rho):
    plan = minimum_detectable_effect(
        600,
        sd=2.0,
        icc=0.1,
        cluster_size=15,
        rho=rho,
        cluster_rho=cluster_rho,
        attrition=0.2,
        estimator=estimator,
    )
    share = simulated(plan, plan.effect, 700, 5)
    assert share == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / 700))


def test_size_is_alpha():
    plan = minimum_detectable_effect(300, sd=1.0, icc=0.05, cluster_size=10, rho=0.5)
    assert plan.power_at(0.0) == pytest.approx(0.05)


@pytest.mark.identity
def test_special_cases():
    z = stats.norm.isf(0.025) + stats.norm.ppf(0.8)
    post = minimum_detectable_effect(1_000_000, sd=1.0, estimator="post")
    assert post.effect == pytest.approx(z * np.sqrt(4 / 1_000_000), rel=1e-4)
    did = minimum_detectable_effect(4000, sd=1.0, rho=0.5, estimator="did")
    ancova = minimum_detectable_effect(4000, sd=1.0, rho=0.5, estimator="ancova")
    one = minimum_detectable_effect(4000, sd=1.0, rho=0.5, estimator="post")
    assert did.design_effect == pytest.approx(2 * (1 - 0.5))  # McKenzie (2012)
    assert ancova.design_effect == pytest.approx(1 - 0.5**2)
    assert one.design_effect == 1
    several = minimum_detectable_effect(
        4000, sd=1.0, rho=0.3, estimator="ancova", waves_before=2, waves_after=3
    )
    assert several.design_effect == pytest.approx((1 + 2 * 0.3) / 3 - 2 * 0.3**2 / (1 + 0.3))
    moulton = minimum_detectable_effect(3000, sd=1.0, icc=0.1, cluster_size=30, estimator="post")
    assert moulton.design_effect == pytest.approx(1 + 29 * 0.1)
    inside = minimum_detectable_effect(
        3000, sd=1.0, icc=0.1, cluster_size=30, estimator="post", assigned="person"
    )
    assert inside.design_effect == pytest.approx(0.9)
    half = minimum_detectable_effect(3000, sd=1.0, take_up=0.5, estimator="post")
    full = minimum_detectable_effect(3000, sd=1.0, estimator="post")
    assert half.effect == pytest.approx(2 * full.effect)
    assert minimum_detectable_effect(1000, share=0.4).sd == pytest.approx(np.sqrt(0.24))


@pytest.mark.identity
def test_sample_size_inverts_the_detectable_effect():
    plan = sample_size(0.08, share=0.5, icc=0.05, cluster_size=20, rho=0.3, attrition=0.15)
    assert plan.n == plan.clusters * 20 and plan.clusters == int(plan.clusters)
    assert plan.power >= 0.8
    fewer = minimum_detectable_effect(
        plan.n - 20, share=0.5, icc=0.05, cluster_size=20, rho=0.3, attrition=0.15
    )
    exact = minimum_detectable_effect(
        plan.n, share=0.5, icc=0.05, cluster_size=20, rho=0.3, attrition=0.15
    )
    assert exact.effect <= 0.08 < fewer.effect
    assert float(exact) == exact.effect and "power" in exact.text and exact.to_frame().shape[0] == 1
