"""Robust intervals equal those that R and Stata print for two published event studies, identified
sets equal linear programmes, and the intervals cover.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.stats import foldnorm, norm

import mismes_eval as me
from mismes_eval.impact.did.event_path import event_path
from mismes_eval.impact.sensitivity import smoothness
from mismes_eval.impact.sensitivity.relative_magnitudes import (
    _moments,
    _Test,
    breaks,
    confidence_set,
    identified_set,
    reach,
)
from mismes_eval.numerics.rows import Float

from .event_studies import event_study, published

# R HonestDiD and Stata honestdid as compared in github.com/mcaceresb/stata-honestdid,
# test/unit-tests-consistency.md; three digits printed.
# Ends are grid points (spacing 0.0008 and 0.02), taken inward, so ours may lie up to one spacing
# outside.
BC_RELATIVE = {
    0: (0.159, 0.233),
    0.2222: (0.143, 0.248),
    0.4444: (0.123, 0.267),
    0.6667: (0.101, 0.288),
    0.8889: (0.0786, 0.309),
    1.1111: (0.0551, 0.330),
    1.3333: (0.0308, 0.352),
}
BC_RELATIVE_THIRD = {
    0.5: (0.0707, 0.414),
    1.0: (-0.0909, 0.576),
    1.5: (-0.253, 0.737),
    2.0: (-0.434, 0.919),
}
BC_SMOOTH = {
    0: (0.131, 0.216),
    0.0225: (0.183, 0.327),
    0.1123: (0.107, 0.431),
    0.2022: (0.017, 0.521),
}
LW_SMOOTH = {0: (0.795, 1.762), 0.4432: (-2.253, 0.193), 3.9884: (-5.766, 3.886)}


@pytest.mark.shared
@pytest.mark.golden
def test_relative_magnitudes_equal_r(shared):
    e = published(shared, "BC")
    out = me.honest_did(e, grid=list(BC_RELATIVE), target="first").to_frame()
    np.testing.assert_allclose(
        out[["ci_low", "ci_high"]].to_numpy(), list(BC_RELATIVE.values()), atol=0.0016
    )
    third = me.honest_did(e, grid=list(BC_RELATIVE_THIRD), target={2: 1.0}).to_frame()
    inward = np.array(list(BC_RELATIVE_THIRD.values()))
    excess = (third[["ci_low", "ci_high"]].to_numpy() - inward) * np.array([-1, 1])
    assert (excess > -0.002).all() and (excess < 2 / 99 + 0.002).all()


@pytest.mark.shared
@pytest.mark.golden
def test_smoothness_equals_r_and_stata(shared):
    for name, table, tolerance in (("BC", BC_SMOOTH, 0.0015), ("LW", LW_SMOOTH, 0.003)):
        out = me.honest_did(
            published(shared, name), "smoothness", grid=list(table), target="first"
        ).to_frame()
        np.testing.assert_allclose(
            out[["ci_low", "ci_high"]].to_numpy(), list(table.values()), atol=tolerance
        )


def uneven_times(keys: pd.DataFrame) -> pd.DataFrame:
    """Event times around -1 whose distances grow: 1.5, 2, 2.5 and so on."""
    size, before = len(keys) + 1, int((keys["event_time"] < 0).sum())
    time = np.cumsum(1.0 + 0.5 * np.arange(size))
    return keys.assign(event_time=np.delete(time - time[before] - 1.0, before))


def programme(beta: Float, pre: int, target: Float, a: Float, b: Float) -> tuple[float, float]:
    """Ends of target' (beta_post - delta_post) over a delta <= b with delta_pre = beta_pre."""
    k = beta.size
    c = np.concatenate([np.zeros(pre), target])
    pin = np.hstack([np.eye(pre), np.zeros((pre, k - pre))])
    low, high = (
        linprog(sign * c, A_ub=a, b_ub=b, A_eq=pin, b_eq=beta[:pre], bounds=(None, None))
        for sign in (-1.0, 1.0)
    )
    if low.status == 2:
        return np.nan, np.nan
    return float(target @ beta[pre:] + low.fun), float(target @ beta[pre:] - high.fun)


@pytest.mark.shared
@pytest.mark.identity
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("name", ["BC", "LW"])
def test_identified_sets_are_linear_programmes(shared, name, uneven):
    """Also where the steps of a path are unequally long: slopes are what is bounded."""
    study = published(shared, name)
    if uneven:
        study = replace(study, keys=uneven_times(study.keys), extra={"references": (-1.0,)})
    path = event_path(study)
    k, pre, post = path.beta.size, path.pre, len(path.after)
    when = np.concatenate([path.before, [path.reference], path.after])
    # slopes of the path with its reference period, which is 0
    steps = np.diff(np.insert(np.eye(k), pre, 0.0, axis=0), axis=0) / np.diff(when)[:, None]
    largest = np.abs(steps[:pre, :pre] @ path.beta[:pre]).max()
    for target in (np.eye(post)[0], np.full(post, 1 / post), np.linspace(-1, 2, post)):
        after = steps[pre:]
        ends = programme(
            path.beta, pre, target, np.vstack([after, -after]), np.full(2 * post, 1.3 * largest)
        )
        ours = identified_set(path.beta, pre, target, 1.3, path.gaps)
        np.testing.assert_allclose(ours, ends, atol=1e-8)
    bend = np.diff(steps, axis=0)
    for m in (0.01, 0.2, 5.0):
        ends = programme(
            path.beta, pre, np.eye(post)[0], np.vstack([bend, -bend]), np.full(2 * bend.shape[0], m)
        )
        ours = me.honest_did(study, "smoothness", grid=[m], target="first").to_frame()
        np.testing.assert_allclose(ours[["set_low", "set_high"]].to_numpy()[0], ends, atol=1e-6)


def brute_force(vcov: Float, pre: int, target: Float, m: float) -> float:
    """Half the shortest length over a fine grid of weights on two or three coefficients before."""
    bend = smoothness.bends(pre, np.ones(pre + target.size))
    line = np.r_[np.arange(-pre, 0), np.arange(1, target.size + 1)].astype(float)
    best = np.inf
    first = [0.0] if pre == 1 else np.linspace(-3, 3, 2401)
    for v in first:
        v_last = (line[:1] * v if pre == 2 else np.zeros(1))[0] + line[pre:] @ target
        before = np.array([v, v_last]) if pre == 2 else np.array([v_last])
        a = np.concatenate([before, target])
        assert abs(a @ line) < 1e-9
        g = np.linalg.lstsq(bend.T, a, rcond=None)[0]
        se, bias = np.sqrt(a @ vcov @ a), m * np.abs(g).sum()
        best = min(best, se * foldnorm.ppf(0.95, bias / se))
    return float(best)


@pytest.mark.parametrize("m", [0.0, 0.02, 0.2, 2.0])
@pytest.mark.parametrize("pre", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_interval_of_fixed_length_is_the_shortest(m: float, pre: int) -> None:
    rng = np.random.default_rng(8)
    for target in (np.eye(3)[0], np.full(3, 1 / 3)):
        root = rng.normal(size=(pre + 3, pre + 3))
        vcov = 0.02 * root @ root.T + 0.01 * np.eye(pre + 3)
        beta = rng.normal(size=pre + 3)
        low, high = smoothness.confidence_set(beta, vcov, pre, target, m, 0.95, np.ones(beta.size))
        tried = brute_force(vcov, pre, target, m)
        assert tried * (1 - 1e-4) < (high - low) / 2 < tried * (1 + 1e-9)


@pytest.mark.parametrize("bias", [0.0, 0.1, 1.0, 5.0, 60.0])
def test_the_quantile_of_a_folded_normal(bias: float) -> None:
    q, slope = smoothness.quantile(bias, 0.9)
    assert q == pytest.approx(foldnorm.ppf(0.9, bias), rel=1e-9)
    step = 1e-6 * max(bias, 1.0)
    if bias:
        ends = [smoothness.quantile(bias + s * step, 0.9)[0] for s in (-1, 1)]
        assert slope == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-4)


def test_a_straight_line_does_not_move_the_interval() -> None:
    rng = np.random.default_rng(9)
    beta, vcov = rng.normal(size=7), np.diag(rng.uniform(0.1, 0.3, 7))
    line = np.r_[-3.0:0, 1.0:5]
    target = np.full(4, 0.25)
    plain = smoothness.confidence_set(beta, vcov, 3, target, 0.1, 0.95, np.ones(beta.size))
    tilted = smoothness.confidence_set(
        beta + 2 * line, vcov, 3, target, 0.1, 0.95, np.ones(beta.size)
    )
    np.testing.assert_allclose(tilted, plain, atol=1e-6)


def test_reach_is_the_longest_sum():
    assert reach(np.array([1.0, 0.0, 0.0]), np.ones(3)) == 1
    assert reach(np.full(3, 1 / 3), np.ones(3)) == pytest.approx(2)
    rng = np.random.default_rng(2)
    target = rng.normal(size=5)
    best = max(
        float(target @ np.cumsum(signs))
        for signs in np.array(np.meshgrid(*[[-1, 1]] * 5)).reshape(5, -1).T
    )
    assert reach(target, np.ones(target.size)) == pytest.approx(best)


@pytest.mark.parametrize("method", ["relative_magnitude", "smoothness"])
@pytest.mark.parametrize("pre", [1, 3])
def test_uneven_steps_count_by_their_length_whatever_their_unit(pre: int, method: str) -> None:
    """Months or years, one set; a year in one step or in two that carry nothing between them."""
    rng = np.random.default_rng(4)
    beta, vcov = 0.1 * rng.normal(size=pre + 2), 0.01 * (np.eye(pre + 2) + 0.3)
    years = [*range(-pre, 0), 0.5, 2.0]
    sets = [
        me.honest_did(
            replace(
                event_study(beta, vcov, [unit * year for year in years]),
                extra={"references": (0.0,)},
            ),
            method,
        ).to_frame()
        for unit in (1.0, 12.0)
    ]
    pd.testing.assert_frame_equal(sets[0].iloc[:, 1:], sets[1].iloc[:, 1:], atol=1e-6)
    assert reach(np.array([0.0, 1.0]), np.array([0.5, 1.5])) == 2.0
    if method == "relative_magnitude":
        largest = np.abs(np.diff([*beta[:pre], 0.0])).max()
        if pre == 1:
            largest += norm.ppf(0.975) * np.sqrt(vcov[0, 0])
        row = sets[0].iloc[2]  # M = 1, average of the effects after half a year and after two years
        assert (row["set_high"] - row["set_low"]) / 2 == pytest.approx((0.5 + 0.75) * largest)


def test_relative_magnitudes_cover():
    rng = np.random.default_rng(11)
    vcov = 0.01 * (np.eye(5) + 0.5)
    delta = np.array(
        [0.05, -0.1, 0.1, 0.2, 0.3]
        # breaks before treatment at most 0.2 (-0.1 to 0.1 lies on both sides of the reference), 0.1
        # after
    )
    truth, target = 0.5, np.full(2, 0.5)
    beta0 = delta + np.array([0, 0, 0, truth, truth])
    largest = np.abs(breaks(np.ones(3)) @ delta[:3]).max()
    m = abs(target @ delta[3:]) / (
        reach(target, np.ones(target.size)) * largest
    )  # the smallest M that allows these deviations
    normal = rng.standard_normal((4000, 5))
    covered = 0
    size = 400
    draws = rng.multivariate_normal(beta0, vcov, size)
    for beta in draws:
        tests = (
            _Test(*_moments(3, target, m, s, sign, np.ones(beta.size)), beta, vcov, 0.95, normal)
            for s in range(3)
            for sign in (1.0, -1.0)
        )
        covered += any(test.accepts(np.array([truth]))[0] for test in tests)
    assert covered / size >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / size)
    naive = np.mean(
        [
            abs(target @ (b - delta)[3:] - truth) <= 1.96 * np.sqrt(target @ vcov[3:, 3:] @ target)
            for b in draws
        ]
    )
    assert 0.9 < naive < 0.99


def test_ends_of_the_set_are_where_the_test_turns():
    rng = np.random.default_rng(3)
    beta, vcov = rng.normal(size=6) * 0.1 + np.array([0, 0, 0, 1, 1, 1]), 0.01 * (np.eye(6) + 0.3)
    target = np.array([1.0, 0, 0])
    low, high = confidence_set(beta, vcov, 3, target, 0.0, 0.95, np.ones(beta.size))
    half = norm.ppf(0.975) * np.sqrt(vcov[3, 3])
    assert low == pytest.approx(beta[3] - half, abs=0.003) and high == pytest.approx(
        beta[3] + half, abs=0.003
    )  # M = 0 is the plain interval
    wider = confidence_set(beta, vcov, 3, target, 1.0, 0.95, np.ones(beta.size))
    assert wider[0] < low < high < wider[1]


def test_few_psus_widen():
    rng = np.random.default_rng(5)
    beta, vcov = rng.normal(size=6) * 0.1 + np.array([0, 0, 0, 1, 1, 1]), 0.01 * (np.eye(6) + 0.3)
    times = [-4, -3, -2, 0, 1, 2]
    many, few = (
        me.honest_did(event_study(beta, vcov, times)),
        me.honest_did(event_study(beta, vcov, times, dof=6)),
    )
    assert (few.to_frame()["ci_low"] < many.to_frame()["ci_low"]).all()
    assert many.breakdown is not None and "the interval excludes 0 at M" in many.text
    axes = many.plot()
    assert "largest before" in axes.get_xlabel()
    plt.close("all")


@pytest.mark.identity
def test_one_period_before_counts_by_the_upper_end_of_its_interval():
    """Break 0.02 with error 0.1: M = 1 allows 0.02 + 1.96 x 0.1 = 0.216; the interval of fixed length
    under a bias of 0.216 with error 0.05 is the 95% point of |N(4.32, 1)| x 0.05 = 0.2982 wide.
    """
    vcov, times = np.diag([0.01, 0.0025, 0.0025]), [-2, 0, 1]
    study = event_study(np.array([0.02, 0.4, 0.5]), vcov, times)
    h = me.honest_did(study, grid=[0.0, 1.0], target="first")
    table = h.to_frame()
    assert h.one_before and "upper end of the interval" in h.text
    np.testing.assert_allclose(table["ci_low"][0], 0.4 - norm.ppf(0.975) * 0.05)
    bias = 0.02 + norm.ppf(0.975) * 0.1
    np.testing.assert_allclose(table["set_high"][1], 0.4 + bias)
    half = table["ci_high"][1] - 0.4
    inside = norm.cdf(half / 0.05 - bias / 0.05) - norm.cdf(-half / 0.05 - bias / 0.05)
    assert inside == pytest.approx(0.95, abs=1e-9)
    assert half == pytest.approx(bias + norm.ppf(0.95) * 0.05, rel=1e-4)
    luck = event_study(np.array([0.0, 0.4, 0.5]), vcov, times)
    lucky = me.honest_did(luck, grid=[1.0], target="first").to_frame()
    assert lucky["ci_low"][0] < 0.4 - norm.ppf(0.975) * 0.1


@pytest.mark.identity
@pytest.mark.parametrize("pre", [1, 2, 3])
def test_smoothness_is_tried_up_to_what_one_bend_may_have_been(pre: int) -> None:
    """One slope of 0.02 with error 0.1 reaches 0.02 + 1.96 x 0.1; one bend of it is b(-3) - 2 b(-2),
    error 0.1 x root 5. Three periods before show two bends, and the larger one is taken as it is.
    """
    before = np.array([0.05, -0.03, 0.02])[3 - pre :]
    vcov = np.diag([0.01] * pre + [0.0025] * 2)
    study = event_study(np.array([*before, 0.4, 0.5]), vcov, [*range(-1 - pre, -1), 0, 1])
    h = me.honest_did(study, "smoothness", target="first")
    bend = abs(-0.03 - 2 * 0.02)
    other = abs(0.05 - 2 * -0.03 + 0.02)
    top = {
        1: 0.02 + norm.ppf(0.975) * 0.1,
        2: bend + norm.ppf(0.975) * 0.1 * np.sqrt(5),
        3: max(bend, other),
    }[pre]
    np.testing.assert_allclose(h.to_frame()["m"], top * np.arange(5) / 4)
    assert any("upper end of the interval of the one" in note for note in h.notes) == (pre < 3)
    stated = me.honest_did(study, "smoothness", grid=[0.0, 0.1], target="first")
    assert not any("upper end" in note for note in stated.notes)


@pytest.mark.identity
def test_luck_before_does_not_end_the_grid_of_smoothness_at_nothing() -> None:
    study = event_study(np.array([0.0, 0.1, 0.1]), np.diag([0.01, 0.0025, 0.0025]), [-2, 0, 1])
    luck = me.honest_did(study, "smoothness").to_frame()
    assert luck["m"].iloc[-1] == pytest.approx(norm.ppf(0.975) * 0.1)
    assert luck["ci_low"].iloc[-1] < luck["ci_low"].iloc[0] < 0.1


def test_reference_row_may_stand_or_miss():
    vcov = np.diag([0.01, 0.01, 0.02, 0.02])
    beta = np.array([0.05, -0.02, 0.4, 0.5])
    e = event_study(beta, vcov, [-3, -2, 0, 1])
    path = event_path(e)
    assert path.before == (-3, -2) and path.after == (0, 1) and path.reference == -1
    with pytest.raises(me.IdentificationError, match="one reference period"):
        event_path(event_study(beta, vcov, [-2, -1, 0, 1]))
    with pytest.raises(me.IdentificationError, match="one reference period"):
        event_path(event_study(beta, vcov, [-5, -2, 0, 1]))
    with pytest.raises(me.EstimateError, match="grid"):
        me.honest_did(e, grid=[1.0, 0.5])
    with pytest.raises(me.EstimateError, match="no period after"):
        me.honest_did(e, target={7: 1.0})


def test_pretrend_power_is_the_power():
    rng = np.random.default_rng(8)
    vcov = 0.01 * (np.eye(5) + 0.4)
    e = event_study(np.zeros(5), vcov, [-4, -3, -2, 0, 1])
    out = me.pretrend_power(e).to_frame().set_index(["test", "power"])["slope"]
    line = np.array([-3.0, -2.0, -1.0])
    for power in (0.5, 0.8):
        draws = rng.multivariate_normal(out["separate", power] * line, vcov[:3, :3], 20_000)
        assert (np.abs(draws / np.sqrt(0.014)) > norm.ppf(0.975)).any(
            axis=1
        ).mean() == pytest.approx(power, abs=0.015)
        draws = rng.multivariate_normal(out["joint", power] * line, vcov[:3, :3], 20_000)
        wald = np.einsum("ij,jk,ik->i", draws, np.linalg.inv(vcov[:3, :3]), draws)
        assert (wald > 7.814728).mean() == pytest.approx(power, abs=0.015)
    assert out["separate", 0.8] > out["separate", 0.5]
    table = me.pretrend_power(e).to_frame()
    np.testing.assert_allclose(table["bias"], table["slope"] * 1.5)


@pytest.mark.shared
def test_event_study_of_group_time_effects(shared):
    frame = pd.read_csv(shared / "reference" / "did" / "mpdta.csv").assign(w=1.0)
    sample = me.Sample.from_frame(frame, weights="w")
    e = me.att_gt(
        sample, "lemp", "first.treat", "year", unit="countyreal", base="universal"
    ).aggregate("event")
    out = me.honest_did(e)
    assert event_path(e).before == (-4, -3, -2) and event_path(e).after == (0, 1, 2, 3)
    assert out.original[0] == pytest.approx(e.value[-4:].mean()) and out.breakdown == 0


def test_a_test_without_a_shift_rejects_as_often_as_it_says():
    for dof in (28.0, np.inf):
        out = me.pretrend_power(
            event_study(np.array([0.1, 0.2, 1.0]), 0.04 * np.eye(3), [-3, -2, 0], dof)
        )
        assert "joint 0.050" in out.notes[1]
