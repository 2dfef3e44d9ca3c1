"""Draws made again by their seed, replicates by brute force with rows outside the domain, results
on given axes, weights that went through a step: numbers that only a rare call shows.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mismes_eval as me
from mismes_eval.impact.did.base_design import on_base, together
from mismes_eval.impact.did.event_path import event_path
from mismes_eval.impact.did.heterogeneity import joint
from mismes_eval.impact.planning.fieller import fieller
from mismes_eval.weighting.replication import replicate_weights

N = 48
P, U, T = np.arange(N), np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)


def frame(**columns: object) -> pd.DataFrame:
    """48 persons in 12 PSUs and two strata; treated, eligible and periods cross."""
    f = pd.DataFrame(
        {
            "w": 1.0 + P % 3,
            "y0": np.sin(P),
            "y1": np.cos(2 * P) + P % 2,
            "d": P % 2,
            "e": P // 2 % 2,
            "t": P // 4 % 2,
            "x": np.tan(P / 45),
            "s": P % 11 > 0,
            "psu": P // 4,
            "h": P // 24,
            "in": P % 7 > 0,
            "g": P // 16,
        }
    )
    return f.assign(**columns)


def of(**columns: object) -> me.Sample:
    return me.Sample.from_frame(frame(**columns), weights="w", strata="h", psu="psu")


def long(**columns: object) -> pd.DataFrame:
    g = np.array([0.0, 3.0, 4.0])[U % 3]
    return pd.DataFrame(
        {
            "u": U,
            "t": T,
            "g": g,
            "y": np.sin(U * 7.0 + T * T),
            "w": 1.0 + U % 2,
            "on": 1.0 * ((g > 0) & (g <= T)),
            "z": np.cos(U * T),
        }
    ).assign(**columns)


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


def mean(w: np.ndarray, y: np.ndarray, rows: np.ndarray) -> float:
    return float(w[rows] @ y[rows] / w[rows].sum())


# Replicates, with rows outside the domain


def replicated(e: me.Estimate) -> np.ndarray:
    each = e.parts[0].replicates
    assert each is not None
    return each


@pytest.mark.identity
def test_replicates_of_a_triple_difference_leave_rows_outside_the_domain_out() -> None:
    s = me.replicates(of(), "jackknife").where(frame()["in"])
    f, inside = frame(), frame()["in"].to_numpy()
    change = (f["y1"] - f["y0"]).to_numpy()
    cell = {
        (a, b): inside & (f["d"] == a).to_numpy() & (f["e"] == b).to_numpy()
        for a in (0, 1)
        for b in (0, 1)
    }
    expected = []
    for w in replicate_weights(s.design):
        m = {k: mean(w, change, rows) for k, rows in cell.items()}
        expected.append([m[1, 1] - m[1, 0] - m[0, 1] + m[0, 0], m[1, 0] - m[0, 0]])
    found = me.triple_difference(s, ("y0", "y1"), "d", "e", method="none")
    np.testing.assert_allclose(replicated(found), expected, rtol=1e-12)
    assert found.n.tolist() == [inside.sum(), (cell[1, 0] | cell[0, 0]).sum()]
    again = me.triple_difference(
        me.replicates(of(), "jackknife").where(frame()["in"]),
        "y1",
        "d",
        "e",
        time="t",
        method="none",
    )
    y, t = f["y1"].to_numpy(), f["t"].to_numpy()
    for w, row in zip(replicate_weights(s.design), replicated(again), strict=True):
        m = {
            k: mean(w, y, rows & (t == 1)) - mean(w, y, rows & (t == 0)) for k, rows in cell.items()
        }
        assert row.tolist() == pytest.approx(
            [m[1, 1] - m[1, 0] - m[0, 1] + m[0, 0], m[1, 0] - m[0, 0]]
        )


@pytest.mark.identity
def test_replicates_of_two_periods_of_bounds_and_of_shifts_leave_them_out_too() -> None:
    s = me.replicates(of(), "jackknife").where(frame()["in"])
    f, inside = frame(), frame()["in"].to_numpy()
    d, y0, y1, seen = f["d"].to_numpy(), f["y0"].to_numpy(), f["y1"].to_numpy(), f["s"].to_numpy()
    two, worst, shifted = [], [], []
    for w in replicate_weights(s.design):
        arm = [inside & (d == k) for k in (0, 1)]
        two.append([mean(w, y1 - y0, arm[1]) - mean(w, y1 - y0, arm[0])])
        part = [mean(w, y1, a & seen) for a in arm]
        rate = [w[a & seen].sum() / w[a].sum() for a in arm]
        low, high = (
            [r * m + (1 - r) * fill for r, m in zip(rate, part, strict=True)]
            for fill in (-2.0, 3.0)
        )
        worst.append([low[1] - high[0], high[1] - low[0]])
        shifted.append(
            [part[1] - part[0], part[1] + 0.5 * (1 - rate[1]) - part[0] - 0.5 * (1 - rate[0])]
        )
    np.testing.assert_allclose(replicated(att(s)), two, rtol=1e-12)
    np.testing.assert_allclose(
        replicated(me.manski_bounds(s, "y1", "d", "s", -2.0, 3.0)), worst, rtol=1e-12
    )
    np.testing.assert_allclose(
        replicated(me.delta_sensitivity(s, "y1", "d", "s", [0.0, 0.5], arm="both")),
        shifted,
        rtol=1e-12,
    )


@pytest.mark.identity
def test_group_time_effects_in_every_replicate_are_differences_of_mean_changes() -> None:
    f = long()
    s = me.replicates(me.Sample.from_frame(f, weights="w", psu="u"), "jackknife")
    g = me.att_gt(s, "y", "g", "t", "u", method="none")
    y = f["y"].to_numpy().reshape(12, 4)
    cohort, w0 = f["g"].to_numpy()[::4], f["w"].to_numpy()[::4]
    each = replicated(g.joint)
    for b in range(12):
        w = np.where(np.arange(12) == b, 0.0, w0 * 12 / 11)
        for j, row in enumerate(g.estimate.keys.itertuples()):
            change = y[:, int(row.time) - 1] - y[:, int(row.base) - 1]
            assert each[b, j] == pytest.approx(
                mean(w, change, cohort == row.cohort) - mean(w, change, cohort == 0)
            )
        assert each[b, 6:].tolist() == pytest.approx([w[cohort == k].sum() for k in (3, 4)])


@pytest.mark.identity
def test_imputation_in_every_replicate_is_a_regression_on_dummies() -> None:
    f = long()
    s = me.replicates(me.Sample.from_frame(f, weights="w", psu="u"), "jackknife")
    e = me.imputation(s, "y", "g", unit="u", time="t", by="event")
    free = ~((f["g"] > 0) & (f["t"] >= f["g"])).to_numpy()
    x = np.column_stack(
        [pd.get_dummies(f["u"]).to_numpy(float), pd.get_dummies(f["t"]).to_numpy(float)[:, 1:]]
    )
    for b in (0, 5, 11):
        w = np.where(f["u"] == b, 0.0, f["w"] * 12 / 11)
        root = np.sqrt(w * free)
        beta = np.linalg.lstsq(x * root[:, None], f["y"].to_numpy() * root, rcond=None)[0]
        gap = f["y"].to_numpy() - x @ beta
        since = (f["t"] - f["g"]).to_numpy()
        expected = [mean(w, gap, ~free & (since == k) & (f["u"] != b).to_numpy()) for k in (0, 1)]
        assert replicated(e)[b].tolist() == pytest.approx(expected)


def test_bounds_that_lose_an_arm_in_a_replicate_are_refused() -> None:
    """All observed comparison rows lie in the first PSU: the jackknife without it trims everybody."""
    s = me.replicates(of(s=(P % 2 == 1) | (P < 4)), "jackknife")
    with pytest.raises(me.IdentificationError) as caught:
        me.lee_bounds(s, "y1", "d", "s")
    problem = caught.value.problems[0]
    assert (problem.what, problem.where, problem.expected) == (
        "trimming leaves no rows",
        "lee_bounds",
        "more observed rows than the trimmed share takes",
    )
    assert problem.got == "22 rows, 100.0% trimmed"


# Draws made again by their seed


def test_a_band_is_the_quantile_of_the_largest_t_of_its_draws() -> None:
    e = me.mean(of(), ["y0", "y1", "x"]).on_design_df()
    for level, seed, draws in ((0.95, 0, 10_000), (0.8, 7, 400)):
        rng = np.random.default_rng(seed)
        values, vectors = np.linalg.eigh(e.vcov / np.outer(e.se, e.se))
        t = np.abs(rng.standard_normal((draws, 3)) @ (vectors * np.sqrt(values)).T).max(
            axis=1
        ) / np.sqrt(rng.chisquare(10, draws) / 10)
        band = me.sup_t(e, level, seed, draws)
        assert band.critical == pytest.approx(np.quantile(t, level))
        expected = (level, seed, draws, "covariance")
        assert (band.level, band.seed, band.draws, band.method) == expected
        np.testing.assert_allclose(
            band.table[["low", "high"]],
            np.column_stack([e.value - band.critical * e.se, e.value + band.critical * e.se]),
        )
        assert list(band.table.columns) == [*e.keys.columns, "value", "se", "low", "high"]


def test_a_multiplier_band_draws_two_points_for_each_psu() -> None:
    """Mammen's points (1 -+ sqrt 5) / 2 on deviations inside strata, which sum to zero; the design
    has 12 PSUs, so that all draws are of one table.
    """
    e = me.mean(of(), ["y0", "y1"])
    rng = np.random.default_rng(5)
    high = rng.integers(0, 65536, (12, 500), np.uint16) < round(
        65536 * (np.sqrt(5) - 1) / (2 * np.sqrt(5))
    )
    point = np.where(high, (1 + np.sqrt(5)) / 2, (1 - np.sqrt(5)) / 2)
    z = of().design.pull_back(e.parts[0].influence)  # type: ignore[arg-type]
    totals = z.sums(of().design.base, P // 4, 12)
    deviation = (
        totals - np.repeat([totals[:6].mean(axis=0), totals[6:].mean(axis=0)], 6, axis=0)
    ) * np.sqrt(6 / 5)
    t = np.abs(deviation.T @ point) / np.sqrt((deviation**2).sum(axis=0))[:, None]
    band = me.sup_t(e, 0.9, 5, 500, "multiplier")
    assert band.critical == pytest.approx(np.quantile(t.max(axis=0), 0.9), rel=1e-5)
    assert band.method == "multiplier"
    still = me.sup_t(me.mean(of(one=1.0), ["y0", "one"]), draws=100)
    assert np.isnan(still.table.loc[1, ["se", "low", "high"]].astype(float)).all()
    assert still.table["value"].tolist()[1] == 1.0


def test_step_down_p_values_by_a_loop_over_their_draws() -> None:
    e = me.mean(of(y0=np.sin(P) + 0.4, y1=np.cos(2 * P) + 0.1), ["y0", "y1", "x"]).on_design_df()
    rng = np.random.default_rng(3)
    values, vectors = np.linalg.eigh(e.vcov / np.outer(e.se, e.se))
    t = np.abs(rng.standard_normal((900, 3)) @ (vectors * np.sqrt(values)).T)
    t *= np.sqrt(10 / rng.chisquare(10, 900))[:, None]
    own = np.abs(e.value / e.se)
    expected, largest = np.zeros(3), 0.0
    left = list(np.argsort(-own))
    while left:
        j = left[0]
        among = (1 + (t[:, left].max(axis=1) >= own[j]).sum()) / 901
        largest = max(largest, among, e.pvalue[j])  # never below its own
        expected[j] = largest
        left = left[1:]
    found = me.adjust_pvalues(e, draws=900, seed=3)
    assert found.adjusted.tolist() == pytest.approx(expected.tolist())
    assert found.notes[0].endswith("; 3 values in the family.")
    assert found.method == "romano_wolf"
    assert found.notes[1:] == e.notes


def test_values_on_fewer_psus_are_compared_on_the_scale_of_the_fewest() -> None:
    e = me.mean(of(y0=np.sin(P) + 0.4, y1=np.cos(2 * P) + 0.1), ["y0", "y1"])
    fewer = replace(e, dof=np.array([10.0, 4.0]))
    rng = np.random.default_rng(1)
    values, vectors = np.linalg.eigh(e.vcov / np.outer(e.se, e.se))
    t = (
        np.abs(rng.standard_normal((500, 2)) @ (vectors * np.sqrt(values)).T)
        * np.sqrt(4 / rng.chisquare(4, 500))[:, None]
    )
    own = np.abs(e.value / e.se)
    own = stats.t.isf(stats.t.sf(own, [10, 4]), 4)
    first = int(own.argmax())
    found = me.adjust_pvalues(fewer, draws=500).adjusted
    assert found[first] == pytest.approx((1 + (t.max(axis=1) >= own[first]).sum()) / 501)
    assert found[1 - first] == pytest.approx(
        max(found[first], (1 + (t[:, 1 - first] >= own[1 - first]).sum()) / 501)
    )


def test_draws_of_a_cost_are_of_a_joint_t_or_of_the_replicates() -> None:
    e = att(of()).on_design_df()
    r = me.cost_effectiveness(
        e, 90.0, participants=3, years=2.0, cost_se=6.0, correlation=0.5, draws=200, seed=4
    )
    se = np.array([2 * e.se[0], 2.0])
    vcov = np.outer(se, se) * [[1, 0.5], [0.5, 1]]
    np.testing.assert_allclose(r.vcov, vcov)
    assert (r.effect, r.cost, r.dof, r.att, r.years, r.participants) == pytest.approx(
        (2 * e.value[0], 30, 10, e.value[0], 2, 3)
    )
    rng = np.random.default_rng(4)
    values, vectors = np.linalg.eigh(vcov)
    normal = rng.standard_normal((200, 2)) @ (vectors * np.sqrt(np.maximum(values, 0))).T
    np.testing.assert_allclose(
        r.draws, [r.effect, r.cost] + normal * np.sqrt(10 / rng.chisquare(10, 200))[:, None]
    )
    assert r.notes == (
        "The effect is taken to last 2 years. Intervals at 95% with 10 degrees of freedom.",
        *e.notes,
    )
    known = me.cost_effectiveness(e, 90.0, draws=100)
    assert known.notes[:2] == (
        "The effect is taken to last 1 years. Intervals at 95% with 10 degrees of freedom.",
        "The cost is taken as known: no uncertainty of it is in the intervals.",
    )
    s = me.replicates(of(c=50 + 5 * np.cos(P)), "bootstrap", n=60, seed=2)
    effect, cost = att(s), me.mean(s, "c")
    r = me.cost_effectiveness(effect, cost, draws=150, seed=4)
    both = np.column_stack([effect.parts[0].replicates, cost.parts[0].replicates])  # type: ignore[arg-type]
    spread = both - both.mean(axis=0)
    size = np.sqrt(np.diag(r.vcov) / spread.var(axis=0))
    expected = [r.effect, r.cost] + (spread * size)[np.random.default_rng(4).integers(0, 60, 150)]
    np.testing.assert_allclose(r.draws, expected, rtol=1e-9)
    endless = me.cost_effectiveness(
        replace(e, dof=np.array([np.inf])), 90.0, cost_se=6.0, draws=100, seed=4
    )
    rng = np.random.default_rng(4)
    values, vectors = np.linalg.eigh(endless.vcov)
    np.testing.assert_allclose(
        endless.draws,
        [endless.effect, endless.cost]
        + rng.standard_normal((100, 2)) @ (vectors * np.sqrt(np.maximum(values, 0))).T,
    )


def test_a_cost_in_words_figures_and_corners() -> None:
    e = att(of()).on_design_df()
    r = me.cost_effectiveness(
        e, 90.0, cost_se=60.0, value=400.0, unit="job", currency="EUR", draws=500
    )
    gain, cost = r.draws.T
    assert r.quadrants == pytest.approx(
        {
            "gain at a cost": ((gain > 0) & (cost > 0)).mean(),
            "gain and saving": ((gain > 0) & (cost <= 0)).mean(),
            "loss at a cost": ((gain <= 0) & (cost > 0)).mean(),
            "loss and saving": ((gain <= 0) & (cost <= 0)).mean(),
        }
    )
    t = stats.t.ppf(0.975, 10)
    assert r.effect_interval == pytest.approx((e.value[0] - t * e.se[0], e.value[0] + t * e.se[0]))
    assert r.cost_interval == pytest.approx((90 - 60 * t, 90 + 60 * t))
    assert r.ratio == pytest.approx(90 / e.value[0])
    assert r.fieller == pytest.approx(
        fieller(float(e.value[0]), 90.0, r.effect_interval, r.cost_interval, 0.0)
    )
    each = np.sort(np.where(gain > 0, cost / np.where(gain > 0, gain, 1), np.inf))
    assert r.bootstrap == pytest.approx(
        (each[int(np.ceil(0.025 * 500)) - 1], each[int(np.ceil(0.975 * 500)) - 1])
    )
    net = r.net_benefit
    assert not isinstance(net, me.NotEstimable) and r.break_even == pytest.approx(90 / 400)
    three = me.cost_effectiveness(e, 90.0, value=400.0, years=3, draws=100)
    assert three.break_even == pytest.approx(90 / 400 / 3)
    side = "pays" if net[1] > 0 else "does not pay" if net[2] < 0 else "may or may not pay"
    low, high = r.fieller  # type: ignore[misc]
    assert r.text == (
        f"An additional job cost {90 / e.value[0]:,.0f} EUR (95% interval {low:,.0f} to {high:,.0f}). At 400 EUR a job the measure {side}: net benefit {net[0]:,.0f} per participant "
        f"({net[1]:,.0f} to {net[2]:,.0f}); it breaks even at an effect of 0.225."
    )
    sides = {
        me.cost_effectiveness(e, c, cost_se=1.0, value=400.0)
        .text.split("the measure ")[1]
        .split(":")[0]
        for c in (1.0, 400.0 * e.value[0], 4000.0)
    }
    assert sides == {"pays", "may or may not pay", "does not pay"}
    reversed_ = me.cost_effectiveness(replace(e, value=-e.value), 90.0, draws=100)
    assert isinstance(reversed_.ratio, me.NotEstimable)
    assert (
        reversed_.ratio.reason
        == f"the effect is negative ({-e.value[0]:.4g} job-year per participant): the measure costs and gains nothing"
    )
    free = me.cost_effectiveness(e, -5.0, draws=100)
    assert isinstance(free.ratio, me.NotEstimable)
    expected = "the measure costs nothing or saves money: a ratio would mislead; read the plane"
    assert free.ratio.reason == expected
    assert (
        free.text
        == f"No cost per additional job-year is given: {free.ratio.reason}. In {100 * (free.draws[:, 0] > 0).mean():.0f}% of the draws the measure gains anything."
    )
    small = replace(e, value=np.array([0.01]))
    low, high = me.cost_effectiveness(small, 5.0, draws=100).effect_interval
    nothing = me.cost_effectiveness(small, 5.0, draws=100).ratio
    assert isinstance(nothing, me.NotEstimable)
    assert (
        nothing.reason
        == f"the 95% interval of the effect [{low:.4g}, {high:.4g}] covers 0: a cost per job-year has no finite interval; read the plane"
    )
    unfree = me.cost_effectiveness(replace(e, dof=np.array([0.0])), 5.0, draws=100)
    assert unfree.ratio == me.NotEstimable("no degrees of freedom for the effect's interval")
    for bad in (replace(e, value=np.array([np.nan])), replace(e, value=np.array([np.inf]))):
        with pytest.raises(
            me.EstimateError,
            match=r"^one value is needed: argument 'att'\. Expected a finite value with a standard error, got (nan|inf) with (0\.\d+|nan)\.$",
        ):
            me.cost_effectiveness(bad, 5.0)


# Designs joined, steps, axes


def test_estimates_of_other_steps_meet_on_the_base() -> None:
    s = of(r=P % 5 > 0)
    answered = me.nonresponse(s, "r", "g")
    one, two = me.mean(answered, "y1"), me.mean(s, "y1")
    both = on_base([one, two])
    expected = [one.value[0], two.value[0]]
    assert both.value.tolist() == expected
    assert both.se.tolist() == pytest.approx([one.se[0], two.se[0]])
    pair, said = together(one, two)
    assert said == () and pair.vcov[0, 1] == pytest.approx(both.vcov[0, 1]) and pair.vcov[0, 1] > 0
    other, said = together(one, me.mean(of(w=2.0), "y1"))
    assert said == ("The two estimates are taken as coming from independent samples.",)
    assert other.vcov[0, 1] == 0
    again = joint([att(s), att(s.where(frame()["in"]))])
    assert again.p == 2 and again.vcov[0, 1] > 0
    equal = joint([att(of()), att(of())])  # two equal copies of one design
    assert equal.vcov[0, 1] == pytest.approx(equal.vcov[0, 0])
    with pytest.raises(me.EstimateError, match="the estimates stand on different designs"):
        joint([att(s), att(answered)])


def test_a_regression_carries_the_steps_of_its_weights_and_clusters_whole_units() -> None:
    """A cap that nobody reaches is a step that changes nothing; units split between PSUs are summed
    as they lie.
    """
    plain = me.Sample.from_frame(long(), weights="w", psu="u")
    capped = me.trim(plain, upper=100.0)
    for verb in (
        lambda s: me.two_way(s, "y", "on", unit="u", time="t", covariates="z"),
        lambda s: me.imputation(s, "y", "g", unit="u", time="t", covariates="z", by="cohort"),
    ):
        a, b = verb(plain), verb(capped)
        np.testing.assert_allclose(b.value, a.value, rtol=1e-12)
        np.testing.assert_allclose(b.se, a.se, rtol=1e-9)
        np.testing.assert_allclose(b.influence, a.influence, atol=1e-12)
    split = me.Sample.from_frame(long(v=U * 4 + T % 2), weights="w", psu="v")
    whole = me.two_way(plain, "y", "on", unit="u", time="t")
    parts = me.two_way(split, "y", "on", unit="u", time="t")
    z = whole.influence[:, 0] * plain.weights
    np.testing.assert_allclose(parts.influence, whole.influence, atol=1e-12)
    sums = pd.Series(z).groupby(U * 4 + T % 2).sum().to_numpy()
    assert parts.se[0] ** 2 == pytest.approx(24 / 23 * ((sums - sums.mean()) ** 2).sum())
    by_unit = pd.Series(z).groupby(U).sum().to_numpy()
    assert whole.se[0] ** 2 == pytest.approx(12 / 11 * (by_unit**2).sum())


@pytest.mark.whole
def test_small_sample_rules_multiply_the_variance() -> None:
    """48 rows, one coefficient, 12 units and 4 periods: K is 1 + 4 where unit effects are nested in
    the clusters, 1 + 15 where all count.
    """
    s = me.Sample.from_frame(long(), weights="w", psu="u")
    v = {
        rule: float(me.two_way(s, "y", "on", unit="u", time="t", small_sample=rule).se[0]) ** 2
        for rule in ("design", "nested", "full")
    }  # type: ignore[arg-type]
    assert v["nested"] / v["design"] == pytest.approx(47 / 43)
    assert v["full"] / v["design"] == pytest.approx(47 / 32)
    fits = {
        (e, r): me.panel_ols(s, "y", "on", unit="u", time="t", errors=e, rule=r)
        for e in ("unit", "unit_and_period", "independent")
        for r in ("nested", "full", "none")
    }  # type: ignore[arg-type]
    assert {k: (f.df, f.clusters, f.counted, f.observations) for k, f in fits.items()} == {
        ("unit", "nested"): (11, 12, 5, 48),
        ("unit", "full"): (11, 12, 16, 48),
        ("unit", "none"): (11, 12, 0, 48),
        ("unit_and_period", "nested"): (3, 4, 2, 48),
        ("unit_and_period", "full"): (3, 4, 16, 48),
        ("unit_and_period", "none"): (3, 4, 0, 48),
        ("independent", "nested"): (32, 0, 16, 48),
        ("independent", "full"): (32, 0, 16, 48),
        ("independent", "none"): (48, 0, 0, 48),
    }
    base = fits["unit", "none"].se[0] ** 2
    assert fits["unit", "nested"].se[0] ** 2 / base == pytest.approx(12 / 11 * 47 / 43)
    assert fits["unit", "full"].se[0] ** 2 / base == pytest.approx(12 / 11 * 47 / 32)
    assert fits["independent", "full"].se[0] ** 2 / fits["independent", "none"].se[
        0
    ] ** 2 == pytest.approx(48 / 32)
    assert (
        fits["unit", "nested"].note
        == "Standard errors: 12 clusters; degrees of freedom: unit effects nested in clusters are not counted, all periods are (fixest, Stata xtreg and reghdfe); no survey design."
    )
    assert (
        fits["unit_and_period", "full"].note
        == "Standard errors: clusters by unit and by period, 4 of the fewer; degrees of freedom: all effects are counted (Stata areg); no survey design."
    )
    assert (
        fits["independent", "none"].note
        == "Standard errors: independent rows of equal variance; degrees of freedom: nothing is counted; no survey design."
    )
    assert fits["unit", "none"].names == ("ATT",)
    expected = ("none", "unit")
    assert (fits["unit", "none"].rule, fits["unit", "none"].errors) == expected


def test_an_event_path_is_sorted_and_knows_its_reference() -> None:
    s = me.Sample.from_frame(long(), weights="w", psu="u")
    e = me.att_gt(s, "y", "g", "t", "u", base="universal").aggregate("event")
    mixed = e.select([3, 1, 0, 2, *range(4, e.p)]) if e.p > 4 else e.select([3, 1, 0, 2])
    path = event_path(mixed)
    times = e.keys["event_time"].to_numpy()
    kept = times != -1
    assert path.reference == -1
    expected = (tuple(times[times < -1].astype(int)), tuple(times[times > -1].astype(int)))
    assert (path.before, path.after) == expected
    np.testing.assert_allclose(path.beta, e.value[kept])
    np.testing.assert_allclose(path.vcov, e.vcov[np.ix_(kept, kept)])
    assert path.dof == e.degf[e.degf < e.dof].min()
    assert path.pre == len(path.before) == int((times < -1).sum())


def test_a_forest_of_studies_is_drawn_on_given_axes() -> None:
    _, ax = plt.subplots()
    r = me.random_effects([0.1, 0.3, 0.9], [0.1, 0.1, 0.2])
    assert r.plot(["a", "b", "c"], ax) is ax
    own = r.plot()
    assert own is not ax and own.figure.get_size_inches().tolist() == [7, 1.4 + 0.32 * 5]
    plt.close("all")
