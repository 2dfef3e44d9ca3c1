"""Fieller's interval inverts the t-test and covers as stated, the plane replaces the ratio where
the effect covers 0, and joint costs use their covariance.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.impact.planning.cost import cost_effectiveness
from mismes_eval.impact.planning.fieller import fieller
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample


def sample(shift: float = 0.4, n: int = 200, seed: int = 1) -> Sample:
    rng = np.random.default_rng(seed)
    effect = rng.normal(size=n) * 0.5 + shift
    return Sample.from_frame(
        pd.DataFrame(
            {
                "e": effect,
                "c": 900 + 300 * effect + rng.normal(size=n) * 100,
                "w": rng.uniform(1, 2, n),
                "psu": np.arange(n) // 5,
            }
        ),
        weights="w",
        psu="psu",
    )


def by_t(effect: float, cost: float, se: float, se_cost: float, r: float, critical: float):
    """Fieller's interval from standard errors and their correlation."""
    ends = (effect - critical * se, effect + critical * se)
    return fieller(effect, cost, ends, (cost - critical * se_cost, cost + critical * se_cost), r)


@pytest.mark.identity
def test_fieller_ends_are_where_the_t_test_turns():
    low, high = by_t(0.12, 900.0, 0.03, 40.0, 0.3, 2.0)
    for r in (low, high):
        t = (900 - r * 0.12) / np.sqrt(40.0**2 - 2 * r * 0.3 * 0.03 * 40 + r**2 * 0.03**2)
        assert abs(t) == pytest.approx(2.0, abs=1e-10)
    assert low < 900 / 0.12 < high
    assert by_t(0.05, 900.0, 0.03, 40.0, 0.0, 2.0) is None
    known = by_t(0.12, 900.0, 0.03, 0.0, 0.0, 2.0)
    np.testing.assert_allclose(
        known, [900 / 0.18, 900 / 0.06], rtol=1e-12
    )  # a known cost: the reciprocal of the effect's interval


@pytest.mark.identity
@pytest.mark.parametrize("high", [0.19, 0.24, 0.4, np.inf])
def test_a_lopsided_interval_of_the_effect_turns_over_into_the_ratio(high: float):
    low, top = fieller(0.12, 900.0, (0.02, high), (900.0, 900.0), 0.0)
    np.testing.assert_allclose([low, top], [900 / high, 900 / 0.02], rtol=1e-12)
    wider = fieller(0.12, 900.0, (0.02, high), (850.0, 950.0), 0.0)
    assert wider[0] <= low and wider[1] > top


def test_the_interval_that_speaks_is_that_of_ratio_and_net_benefit():
    s = sample()
    own = cost_effectiveness(mean(s, "e"), mean(s, "c"), years=2, value=3000)
    spoken = replace(own, spoken=(0.1, 2.0))
    assert spoken.effect_interval == (0.1, 2.0) and spoken.ratio == own.ratio
    assert spoken.fieller[0] < own.fieller[0] and spoken.fieller[1] > own.fieller[1]
    assert spoken.net_benefit[1] < own.net_benefit[1] < own.net_benefit[2] < spoken.net_benefit[2]
    assert isinstance(replace(own, spoken=(-0.1, 2.0)).ratio, NotEstimable)
    same = replace(own, spoken=own.effect_interval)
    assert same.net_benefit == pytest.approx(own.net_benefit)


def test_fieller_covers_95_percent():
    rng = np.random.default_rng(7)
    covered, size = 0, 4000
    for _ in range(size):
        e, c = rng.multivariate_normal(
            [0.15, 1000], [[0.03**2, 0.5 * 0.03 * 100], [0.5 * 0.03 * 100, 100**2]]
        )
        limits = by_t(e, c, 0.03, 100.0, 0.5, 1.959964)
        inside = abs(c - 1000 / 0.15 * e) <= 1.959964 * np.sqrt(
            100**2 - 2 * 1000 / 0.15 * 1.5 + (1000 / 0.15 * 0.03) ** 2
        )
        covered += inside
        if limits is not None:
            assert (limits[0] <= 1000 / 0.15 <= limits[1]) == inside
    assert 0.94 < covered / size < 0.96


def test_cost_of_the_same_sample_uses_the_covariance():
    s = sample()
    joint = cost_effectiveness(mean(s, "e"), mean(s, "c"), years=2, value=3000)
    assert joint.vcov[0, 1] > 0
    apart = cost_effectiveness(
        mean(s, "e"), float(mean(s, "c").value[0]), cost_se=float(mean(s, "c").se[0]), years=2
    )
    assert apart.vcov[0, 1] == 0
    assert joint.ratio == pytest.approx(apart.ratio)
    assert np.ptp(joint.fieller) < np.ptp(apart.fieller)
    by_hand = cost_effectiveness(
        mean(s, "e"),
        joint.cost,
        cost_se=float(np.sqrt(joint.vcov[1, 1])),
        correlation=float(joint.vcov[0, 1] / np.sqrt(joint.vcov[0, 0] * joint.vcov[1, 1])),
        years=2,
    )
    np.testing.assert_allclose(by_hand.fieller, joint.fieller, rtol=1e-10)
    np.testing.assert_allclose(joint.bootstrap, joint.fieller, rtol=0.03)
    net = joint.net_benefit
    assert net[0] == pytest.approx(3000 * joint.effect - joint.cost)
    other = cost_effectiveness(mean(s, "e"), mean(sample(seed=2), "c"))
    assert other.vcov[0, 1] == 0


def test_total_cost_is_divided_by_participants():
    s = sample()
    a = cost_effectiveness(mean(s, "e"), 1000.0, cost_se=50.0)
    b = cost_effectiveness(mean(s, "e"), 400_000.0, cost_se=20_000.0, participants=400)
    np.testing.assert_allclose(b.fieller, a.fieller, rtol=1e-12)
    assert "400 participants" in b.to_frame()["note"].str.cat(sep=" ")


def test_plane_instead_of_ratio():
    s = sample(shift=0.01)
    r = cost_effectiveness(mean(s, "e"), 1000.0, cost_se=50.0, value=2500)
    low, high = r.effect_interval
    assert low < 0 < high
    assert isinstance(r.ratio, NotEstimable) and r.fieller is None and r.bootstrap is None
    assert "covers 0" in r.text and "covers 0" in r.to_frame()["note"].str.cat(sep=" ")
    assert sum(r.quadrants.values()) == pytest.approx(1)
    negative = cost_effectiveness(mean(sample(shift=-0.5), "e"), 1000.0)
    assert "negative" in negative.text
    axes = r.plot()
    assert axes.get_xlabel() == "job-year gained per participant"
    plt.close("all")


def test_draws_have_the_stated_law():
    r = cost_effectiveness(mean(sample(), "e"), 1000.0, cost_se=50.0, correlation=0.4, draws=40_000)
    v = np.cov(r.draws.T)
    np.testing.assert_allclose(v / (r.vcov * r.dof / (r.dof - 2)), 1, atol=0.05)
    assert r.draws.mean(axis=0) == pytest.approx([r.effect, r.cost], rel=0.01)
    assert stats.t.ppf(0.975, r.dof) * np.sqrt(r.vcov[0, 0]) == pytest.approx(
        r.effect_interval[1] - r.effect
    )


@pytest.mark.identity
@pytest.mark.parametrize("kind", ["linearised", "jackknife"])
def test_cost_before_weight_steps_keeps_its_covariance(kind):
    """Effect among those who answered, cost of everybody: other weight steps, the same persons. The
    covariance is the jackknife's.
    """
    s = sample()
    s = s.with_columns({"seen": np.arange(200) % 4 > 0, "x": np.arange(200) % 3})
    s = replicates(s, "jackknife") if kind == "jackknife" else s
    effect, cost = mean(nonresponse(s, "seen", ["x"]), "e"), mean(s, "c")
    joint = cost_effectiveness(effect, cost)
    np.testing.assert_allclose(np.sqrt(np.diag(joint.vcov)), [effect.se[0], cost.se[0]], rtol=1e-10)
    jack = replicates(s, "jackknife") if kind == "linearised" else s
    other = cost_effectiveness(mean(nonresponse(jack, "seen", ["x"]), "e"), mean(jack, "c"))
    assert joint.vcov[0, 1] == pytest.approx(other.vcov[0, 1], rel=0.03)
    assert joint.vcov[0, 1] > 0.5 * effect.se[0] * cost.se[0]
    assert not any("independent samples" in note for note in joint.notes)
    apart = cost_effectiveness(effect, mean(sample(seed=2), "c"))
    assert apart.vcov[0, 1] == 0
    assert "The two estimates are taken as coming from independent samples." in apart.notes
