"""Searches for ends, roots and critical values on functions whose answer is known: every step they
take, where they stop and how exact they are; draws, signs and shares of a bootstrap.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mismes_eval as me
from mismes_eval.impact.bounds.partial_identification import _critical
from mismes_eval.impact.inference.multiple_testing import adjust_pvalues
from mismes_eval.impact.inference.wild_bootstrap import _spread, wild_bootstrap
from mismes_eval.impact.inference.wild_draws import (
    WEBB,
    codes,
    invert,
    ratios,
    share_beyond,
    signs,
    words,
)
from mismes_eval.impact.planning.meta_analysis import _falls_to
from mismes_eval.impact.planning.power import StudyDesign
from mismes_eval.impact.sensitivity.relative_magnitudes import (
    _ends,
    _moments,
    _Test,
    breaks,
    confidence_set,
    identified_set,
    reach,
)


class Known:
    """Accepts what lies between two ends, and keeps what it was asked."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high, self.asked = low, high, []

    def accepts(self, theta: np.ndarray) -> np.ndarray:
        self.asked.append(theta)
        return (theta >= self.low) & (theta <= self.high)


def test_ends_are_found_on_a_grid_refined_three_times() -> None:
    """600 points from -299.5 to 299.5 stand a unit apart; each refinement takes 59 steps to the
    next point: 10.3 lies 0.8 beyond 9.5, and 0.8 is 47/59 + 11/59^2 + 47/59^3 and a rest.
    """
    test = Known(-20.1, 10.3)
    low, high = _ends(test, 0.0, 299.5)  # type: ignore[arg-type]
    assert high == pytest.approx(9.5 + 47 / 59 + 11 / 59**2 + 47 / 59**3, abs=1e-9)
    assert low == pytest.approx(-(19.5 + 35 / 59 + 23 / 59**2 + 35 / 59**3), abs=1e-9)
    assert [t.size for t in test.asked] == [600] + [60] * 6
    np.testing.assert_allclose(test.asked[0], np.arange(600) - 299.5)
    assert test.asked[1][0] == -19.5 and test.asked[1][-1] == pytest.approx(-20.5)
    assert test.asked[4][0] == 9.5 and test.asked[4][-1] == pytest.approx(10.5)
    assert _ends(Known(5.0, 4.0), 0.0, 299.5) == []  # type: ignore[arg-type]
    shifted = _ends(Known(-2.1, 12.3), 2.0, 299.5)  # type: ignore[arg-type]
    assert shifted[1] == pytest.approx(11.5 + 47 / 59 + 11 / 59**2 + 47 / 59**3, abs=1e-9)


def test_an_interval_is_sought_outwards_in_steps_half_as_long_again() -> None:
    """p = exp(-|v - 2|) falls to 0.05 at 3.0 from the value; with standard errors of 1/2 that is 6
    of them: 1, 1.5, 2.25, 3.4, 5.1 are inside, 7.6 beyond.
    """
    asked: list[float] = []

    def p(v: float) -> float:
        asked.append(v)
        return float(np.exp(-abs(v - 2.0)))

    low, high = invert(p, 2.0, 0.5, 0.95)
    assert low == pytest.approx(2 + np.log(0.05), abs=2e-6)
    assert high == pytest.approx(2 - np.log(0.05), abs=2e-6)
    outwards = [1.5**k for k in range(6)]
    np.testing.assert_allclose(asked[:6], [2 - 0.5 * c for c in outwards])
    up = asked.index(2.5)
    np.testing.assert_allclose(asked[up : up + 6], [2 + 0.5 * c for c in outwards])
    assert asked[6:8] == [2 - 0.5 * 1.5**4, 2 - 0.5 * 1.5**5]  # the root lies between the last two


def test_an_interval_without_a_rejected_value_is_infinite() -> None:
    asked: list[float] = []

    def p(v: float) -> float:
        asked.append(v)
        return 1.0 if v < 0 else float(v < 3.0)

    low, high = invert(p, 0.0, 1.0, 0.9)
    assert low == -np.inf and high == pytest.approx(3.0, abs=1e-5) and min(asked) == -(1.5**17)
    assert invert(lambda v: 1.0, 0.0, 1.0, 0.9) == (-np.inf, np.inf)


def test_a_falling_function_is_followed_by_doubling() -> None:
    asked: list[float] = []

    def f(t: float) -> float:
        asked.append(t)
        return 100 / (1 + t)

    assert _falls_to(f, 4.0, 5.0) == pytest.approx(24.0, rel=1e-12)
    assert asked[:5] == [0.0, 5.0, 10.0, 20.0, 40.0]
    assert _falls_to(f, 100.0, 5.0) == 0.0 and _falls_to(f, 101.0, 5.0) == 0.0


@pytest.mark.parametrize("width", [0.0, 0.5, 2.0])
def test_the_critical_value_between_two_bounds_solves_its_equation(width: float) -> None:
    c = _critical(width, 0.5, 0.95, 12.0)
    assert stats.t.cdf(c + width / 0.5, 12) - stats.t.cdf(-c, 12) == pytest.approx(0.95, abs=1e-12)
    assert stats.t.ppf(0.95, 12) <= c <= stats.t.ppf(0.975, 12)


def test_critical_values_at_the_ends_of_their_range() -> None:
    one, two = stats.t.ppf(0.9, 7), stats.t.ppf(0.95, 7)
    assert _critical(1e9, 1.0, 0.9, 7.0) == pytest.approx(one)
    assert _critical(0.0, 1.0, 0.9, 7.0) == pytest.approx(two)
    assert _critical(-1.0, 1.0, 0.9, 7.0) == pytest.approx(two)
    assert _critical(1.0, 0.0, 0.9, 7.0) == pytest.approx(two)
    assert _critical(1.0, np.inf, 0.9, 7.0) == pytest.approx(two)
    assert np.isnan(_critical(1.0, 1.0, 0.9, 0.0))
    assert _critical(0.0, 1.0, 0.9, np.inf) == pytest.approx(stats.norm.ppf(0.95))
    assert np.isfinite(_critical(1.0, 1.0, 0.9, 0.5))


# Relative magnitudes


def test_moments_of_one_case_by_hand() -> None:
    """Two periods before: steps b2 - b1 and -b2. Twice half the second one, upwards, for the mean
    of two effects, whose reach is 1 + 1/2.
    """
    np.testing.assert_array_equal(breaks(np.ones(2)), [[-1, 1], [0, -1]])
    target = np.array([0.5, 0.5])
    assert reach(target, np.ones(2)) == 1.5
    a, shift = _moments(2, target, 2.0, 1, 1.0, np.ones(4))
    np.testing.assert_allclose(a, [[0, 3, 0.5, 0.5], [0, 3, -0.5, -0.5]])
    assert shift.tolist() == [1, -1]
    down, _ = _moments(2, target, 2.0, 0, -1.0, np.ones(4))
    np.testing.assert_allclose(down, [[-3, 3, 0.5, 0.5], [-3, 3, -0.5, -0.5]])
    beta = np.array([0.1, -0.2, 1.0, 3.0])
    assert identified_set(beta, 2, target, 2.0, np.ones(4)) == pytest.approx((2 - 0.9, 2 + 0.9))


def test_without_a_break_allowed_the_set_is_the_hybrid_of_a_plain_test() -> None:
    """M = 0: the larger of t and -t. The first stage rejects above the 99.5% point of |z|; inside
    it the second takes alpha 0.045 / 0.995 of what is left: a two-sided test at 5%.
    """
    beta, vcov = np.array([0.1, -0.2, 1.0, 3.0]), np.diag([0.04, 0.04, 0.09, 0.09])
    target = np.array([1.0, 0.0])
    test = _Test(
        *_moments(2, target, 0.0, 0, 1.0, np.ones(4)),
        beta,
        vcov,
        0.95,
        np.random.default_rng(1).standard_normal((20_000, 4)),
    )
    np.testing.assert_allclose(test.centre, [1 / 0.3, -1 / 0.3])
    np.testing.assert_allclose(test.slope, [1 / 0.3, -1 / 0.3])
    np.testing.assert_allclose(test.correlation, [[1, -1], [-1, 1]])
    assert test.first == pytest.approx(0.005) and test.second == pytest.approx(0.045 / 0.995)
    assert test.least_favourable == pytest.approx(stats.norm.ppf(0.9975), abs=0.06)
    high = stats.norm.cdf(test.least_favourable)
    critical = stats.norm.ppf(0.5 + (1 - test.second) * (high - 0.5))
    assert critical == pytest.approx(1.96, abs=0.02) and critical < test.least_favourable
    theta = np.linspace(0.0, 2.0, 4001)
    np.testing.assert_array_equal(test.accepts(theta), np.abs(1 - theta) / 0.3 <= critical)
    far = test.accepts(np.array([-50.0, 50.0]))
    assert not far.any()


def test_the_set_is_drawn_with_seed_1_and_moves_with_the_effect() -> None:
    beta, vcov = np.array([0.1, -0.2, 1.0, 3.0]), np.diag([0.04, 0.04, 0.09, 0.09])
    target = np.array([0.5, 0.5])
    found = confidence_set(beta, vcov, 2, target, 1.0, 0.95, np.ones(4))
    assert found == confidence_set(beta, vcov, 2, target, 1.0, 0.95, np.ones(4), seed=1)
    assert found != confidence_set(beta, vcov, 2, target, 1.0, 0.95, np.ones(4), seed=2)
    moved = confidence_set(
        beta + np.array([0, 0, 1.0, 1.0]), vcov, 2, target, 1.0, 0.95, np.ones(4)
    )
    assert moved == pytest.approx((found[0] + 1, found[1] + 1), abs=1e-6)
    scaled = confidence_set(10 * beta, 100 * vcov, 2, target, 1.0, 0.95, np.ones(4))
    assert scaled == pytest.approx((10 * found[0], 10 * found[1]), abs=1e-5)


# The wild bootstrap


def test_signs_are_all_combinations_where_they_are_few_enough() -> None:
    v, whole, used = signs(3, "rademacher", 7, 1)
    assert whole
    assert used == "rademacher"
    assert sorted(map(tuple, v)) == sorted(
        map(tuple, np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T)
    )
    v, whole, used = signs(3, "rademacher", 6, 1)
    assert not whole and v.shape == (6, 3) and set(v.ravel()) == {-1.0, 1.0}
    assert signs(3, "auto", 215, 1)[0].shape == (216, 3) and signs(3, "auto", 215, 1)[2] == "webb"
    assert signs(11, "auto", 99, 1)[2] == "webb" and signs(12, "auto", 99, 1)[2] == "rademacher"
    np.testing.assert_array_equal(
        signs(9, "webb", 50, 4)[0], WEBB[np.random.default_rng(4).integers(0, 6, (50, 9))]
    )


def test_words_name_clusters_points_and_the_smallest_p() -> None:
    assert (
        words(10, 1024, True, "rademacher", 10)
        == "Wild cluster bootstrap, 10 clusters, rademacher points, all 1,024 combinations; with 10 clusters no p-value is below 0.00195."
    )
    expected = "Wild cluster bootstrap, 11 clusters, rademacher points, all 2,048 combinations."
    assert words(11, 2048, True, "rademacher", 11) == expected
    expected = "Wild cluster bootstrap, 9 clusters, webb points, 9,999 draws."
    assert words(9, 9999, False, "webb", 9) == expected
    assert "9 clusters, signs drawn by 30 units inside them" in words(9, 99, False, "webb", 30)


def test_shares_count_ties_and_the_estimate_itself() -> None:
    ratio = np.array([0.5, 1.0, 2.0, np.inf])
    assert share_beyond(1.0, ratio, True) == 0.75 and share_beyond(1.0, ratio, False) == 0.8
    assert share_beyond(1.0 + 1e-11, ratio, True) == 0.75
    assert share_beyond(1.0 + 1e-9, ratio, True) == 0.5
    np.testing.assert_array_equal(
        ratios(np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.0, 1e-13])), [0.5, np.inf, np.inf]
    )
    np.testing.assert_array_equal(ratios(np.array([1.0]), np.array([0.0])), [np.inf])


def test_codes_are_in_the_order_of_labels_and_rows_not_needed_have_none() -> None:
    code, m = codes(["b", "a", "c", "a"], np.ones(4, bool), "cluster")
    assert code.tolist() == [1, 0, 2, 0] and m == 3
    code, m = codes(
        pd.Series(["b", None, "c", "a"], index=[7, 8, 9, 10]),
        np.array([True, False, True, True]),
        "cluster",
        4,
    )
    assert code.tolist() == [1, 0, 2, 0] and m == 3
    code, m = codes(["z", "a", "c", "a"], np.array([False, True, True, True]), "cluster")
    assert code.tolist() == [0, 0, 1, 0] and m == 2


def test_the_spread_of_totals_is_inside_strata() -> None:
    """Deviations -1, 1 of the first stratum times 2/1, and -2, 0, 2 of the second times 3/2; a
    stratum of one has none of its own.
    """
    x = np.array([[1.0, 3, 2, 4, 6, 9]])
    assert _spread(x, np.array([0, 0, 1, 1, 1, 2]))[0] == pytest.approx(np.sqrt(2 * 2 + 8 * 1.5))
    assert _spread(x[:, :5], np.zeros(5, int))[0] == pytest.approx(
        np.sqrt(1.25 * ((x[0, :5] - 3.2) ** 2).sum())
    )


def few(n: int = 48) -> me.Sample:
    i = np.arange(n)
    f = pd.DataFrame(
        {
            "w": 1.0 + i % 3,
            "y": np.sin(3.0 * i) + (i % 2),
            "d": i // 6 % 2,
            "h": i // 6,
            "s": i // 24,
        }
    )
    return me.Sample.from_frame(f, weights="w")


def many() -> me.Sample:
    i = np.arange(240)
    f = pd.DataFrame({"w": 1.0 + i % 3, "y": np.sin(3.0 * i) + i % 2, "h": i // 6, "s": i // 120})
    return me.Sample.from_frame(f, weights="w")


def test_a_bootstrap_of_a_mean_by_every_sign() -> None:
    """Forty clusters without an imposed null: t, p and the symmetric interval by brute force over the
    same signs, with and without strata.
    """
    s = many()
    e = me.mean(s, "y")
    w, y, h = s.weights, s.frame["y"].to_numpy(), s.frame["h"].to_numpy()
    total = np.bincount(h, weights=w * (y - e.value[0]) / w.sum())
    every = signs(40, "rademacher", 299, 1)[0]
    for strata in (None, s.frame["s"]):
        of = np.zeros(40, int) if strata is None else np.arange(40) // 20
        out = wild_bootstrap(
            e,
            cluster=s.frame["h"],
            strata=strata,
            points="rademacher",
            null=0.2,
            level=0.9,
            impose=False,
            draws=299,
        )
        ratio = np.abs((every * total).sum(axis=1)) / _spread(every * total, of)
        se = _spread(total[None], of)[0]
        q = np.quantile(ratio, 0.9, method="higher")
        found = (out.clusters, out.draws, out.enumerated, out.points, out.null, out.level)
        assert found == (40, 299, False, "rademacher", 0.2, 0.9)
        assert out.se[0] == pytest.approx(se)
        assert out.statistic[0] == pytest.approx((e.value[0] - 0.2) / se)
        assert out.p[0] == pytest.approx((1 + (ratio >= abs(e.value[0] - 0.2) / se).sum()) / 300)
        assert (out.low[0], out.high[0]) == pytest.approx(
            (e.value[0] - q * se, e.value[0] + q * se)
        )
        assert out.notes == (
            words(40, 299, False, "rademacher", 40),
            "Cluster totals of the influence; null not imposed, symmetric percentile-t interval.",
            *e.notes,
        )
    none = wild_bootstrap(e, cluster=s.frame["h"], level=None)
    assert np.isnan(none.low[0]) and np.isnan(none.high[0]) and none.level is None and none.p[0] > 0


def test_a_bootstrap_that_compares_arms_says_when_one_lies_in_few_clusters() -> None:
    s = few()
    e = me.ols(s, "y ~ d").select([1])
    out = wild_bootstrap(e, cluster=s.frame["h"], treated=s.frame["d"], points="rademacher")
    expected = "Cluster totals of the influence; null imposed, interval by inverting the test."
    assert out.notes[1] == expected
    assert len(out.notes) == 2 + len(e.notes)
    three = s.with_columns({"d": (s.frame["h"] > 4) * 1.0})
    e = me.ols(three, "y ~ d").select([1])
    few_said = wild_bootstrap(
        e, cluster=s.frame["h"], treated=three.frame["d"], points="rademacher"
    )
    assert (
        few_said.notes[2]
        == "Treated rows lie in 3 clusters, comparison rows in 5: with three in an arm the test leans on few patterns of signs. Read it beside the interval of the design; a randomisation test stands in only where the assignment was random."
    )
    assert (
        wild_bootstrap(me.mean(s, "y"), cluster=s.frame["h"], treated=np.ones(48))
        .notes[1]
        .startswith("Cluster totals of the influence; null imposed")
    )


# A family of values


def test_step_down_with_known_variances_is_normal() -> None:
    """Bounds by the closed form have infinite degrees of freedom: the law under the null is normal,
    and one value needs no adjustment.
    """
    i = np.arange(400)
    s = me.Sample.from_frame(
        pd.DataFrame({"w": 1.0, "d": i % 2, "y": (i % 7 < 3) * 1.0, "s": i % 20 > 0}), weights="w"
    )
    bounds = me.manski_bounds(s, "y", "d", "s", low=0.0, high=1.0, variance="neyman")
    assert np.isinf(bounds.dof).all()
    one = adjust_pvalues(bounds.select([1]), draws=200_000)
    assert one.adjusted[0] == pytest.approx(one.p[0], abs=0.005)
    expected = adjust_pvalues(bounds, "romano_wolf", 20_000, 1).adjusted.tolist()
    assert adjust_pvalues(bounds).adjusted.tolist() == expected
    assert (
        adjust_pvalues(bounds, seed=2).adjusted.tolist() != adjust_pvalues(bounds).adjusted.tolist()
    )


# Planned studies


def plan(**words: object) -> StudyDesign:
    return me.minimum_detectable_effect(
        **{"n": 600.0, "sd": 2.0, "icc": 0.1, "cluster_size": 12.0, "rho": 0.4, **words}
    )  # type: ignore[arg-type]


def test_a_planned_study_by_hand() -> None:
    """50 clusters, of whose 12 persons 9 stay: change against change of 9 icc (2 - 2 0.6) + 0.9 (2
    - 2 0.4), less the 20% that covariates explain, times the weights' 1.5.
    """
    p = plan(attrition=0.25, cluster_rho=0.6, r2=0.2, deff=1.5, take_up=0.5, share_treated=0.4)
    assert (p.clusters, p.dof) == (50, 48)
    assert p.design_effect == pytest.approx(1.5 * 0.8 * (9 * 0.1 * 0.8 + 0.9 * 1.2))
    assert p.se == pytest.approx(2 * np.sqrt(p.design_effect * (1 / 180 + 1 / 270)) / 0.5)
    assert p.power_at(p.effect) == pytest.approx(0.8)
    assert p.power_at(-p.effect) == pytest.approx(0.8)
    t = stats.t.isf(0.025, 48)
    assert p.power_at(p.se) == pytest.approx(stats.nct.sf(t, 48, 1.0) + stats.nct.cdf(-t, 48, 1.0))
    assert p.to_frame().iloc[0].to_dict() == pytest.approx(
        {
            "n": 600,
            "clusters": 50,
            "effect": p.effect,
            "effect_in_sd": p.effect / 2,
            "power": 0.8,
            "se": p.se,
            "design_effect": p.design_effect,
            "degf": 48,
            "estimator": "did",
            "share_treated": 0.4,
            "icc": 0.1,
            "cluster_size": 12,
            "rho": 0.4,
            "attrition": 0.25,
            "take_up": 0.5,
            "alpha": 0.05,
            "assigned": "cluster",
        }
    )
    assert p.text == (
        f"600 persons in 50 clusters find an effect of {p.effect:.3g} ({p.effect / 2:.2f} standard deviations) with 80% power, two-sided at 5%; 25% loss and 50% take-up assumed. "
        "Loss at random: a loss that depends on the measure is no matter of numbers."
    )
    curve = p.curve([0.0, p.effect])
    assert curve["effect"].tolist() == [0.0, p.effect]
    assert curve["power"].tolist() == pytest.approx([0.05, 0.8])


def test_persons_assigned_one_by_one_and_waves_that_are_averaged() -> None:
    p = plan(assigned="person", attrition=0.25)
    assert p.dof == 448 and p.design_effect == pytest.approx(0.9 * 1.2)
    alone = plan(icc=0.0, cluster_size=1.0)
    assert alone.dof == 598 and alone.design_effect == pytest.approx(1.2)
    several = plan(waves_before=2, waves_after=3, cluster_rho=0.5)
    each = {rho: (1 + 2 * rho) / 3 - 2 * rho + (1 + rho) / 2 for rho in (0.4, 0.5)}
    assert several.design_effect == pytest.approx(1.2 * each[0.5] + 0.9 * each[0.4])
    adjusted = plan(estimator="ancova", waves_before=2, cluster_rho=0.5)
    total = 0.1 * 0.5 + 0.9 * 0.4
    slope = total * 2 / (1 + total)
    each = {rho: 1 - 2 * slope * rho + slope**2 * (1 + rho) / 2 for rho in (0.4, 0.5)}
    assert adjusted.design_effect == pytest.approx(1.2 * each[0.5] + 0.9 * each[0.4])
    large = plan(n=12e6, icc=0.0, cluster_size=1.0)
    z = stats.norm.isf(0.025)
    assert large.power_at(large.se) == pytest.approx(stats.norm.sf(z - 1) + stats.norm.cdf(-z - 1))


def test_the_number_of_clusters_is_the_smallest_that_finds_the_effect() -> None:
    for effect, size in ((0.3, 1.0), (0.8, 10.0), (-0.3, 10.0), (5.0, 10.0)):
        p = me.sample_size(
            effect, sd=1.0, cluster_size=size, icc=0.05 if size > 1 else 0.0, power=0.9
        )
        fewer = StudyDesign(
            **{**{f: getattr(p, f) for f in p.__dataclass_fields__}, "n": p.n - size}
        )
        assert p.power == p.power_at(effect) >= 0.9
        assert p.effect == abs(effect)
        assert p.clusters == int(p.clusters)
        assert p.clusters == 4 or not fewer.power_at(effect) >= 0.9


@pytest.mark.parametrize("m", [0.5, 1.0, 3.0])
def test_the_second_stage_conditions_on_the_largest_of_two_moments(m: float) -> None:
    """The larger t is a normal cut off below at (t_other - rho t) / (1 - rho), rho the correlation
    of the two, and above at the first stage's point.
    """
    rng = np.random.default_rng(8)
    root = rng.normal(size=(4, 4))
    beta, vcov = np.array([0.1, -0.2, 1.0, 3.0]), 0.02 * (root @ root.T + np.eye(4))
    a, shift = _moments(2, np.array([0.7, 0.3]), m, 0, 1.0, np.ones(4))
    test = _Test(a, shift, beta, vcov, 0.95, np.random.default_rng(1).standard_normal((20_000, 4)))
    sd = np.sqrt(np.diag(a @ vcov @ a.T))
    rho = float((a @ vcov @ a.T)[0, 1] / sd.prod())
    for theta in np.linspace(-1.0, 4.0, 101):
        t = (a @ beta - shift * theta) / sd
        top, other = t.max(), t.min()
        low = stats.norm.cdf((other - rho * top) / (1 - rho))
        point = stats.norm.ppf(
            low + (1 - test.second) * (stats.norm.cdf(test.least_favourable) - low)
        )
        assert test.accepts(np.array([theta]))[0] == (
            top <= test.least_favourable and top <= max(point, 0.0)
        )
