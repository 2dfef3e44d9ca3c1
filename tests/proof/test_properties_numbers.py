"""Properties of weights, estimates and effects that hold for any data: bounds, orders, sums and
limits.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

import mismes_eval as me
from mismes_eval.impact.planning.fieller import fieller
from mismes_eval.impact.sensitivity.relative_magnitudes import confidence_set, identified_set
from mismes_eval.numerics.calibration import solve
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.qr import least_squares
from mismes_eval.numerics.rows import Rows, cells, group_sums
from mismes_eval.numerics.variance import Stage, multistage_vcov

pytestmark = pytest.mark.property
quick = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much],
)
seeds = st.integers(0, 10_000)
LONELY = st.sampled_from(["adjust", "average", "remove", "certainty"])


def drawn(
    seed: int, n: int = 200, psus: int = 24, strata: int = 4
) -> tuple[me.Sample, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    psu = np.arange(n) % psus
    f = pd.DataFrame(
        {
            "psu": psu,
            "stratum": psu % strata,
            "w": rng.uniform(0.5, 4, n),
            "y": rng.normal(2, 3, n),
            "d": rng.integers(0, 2, n),
            "x": rng.normal(size=n),
            "c": rng.choice(list("abc"), n),
            "g": rng.choice(["u", "v"], n),
        }
    )
    return me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu"), f


@quick
@given(seeds, st.integers(1, 40), st.integers(1, 9), st.integers(1, 20))
def test_group_sums_add_up_to_the_column_sums(seed: int, n: int, m: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    x, group = rng.normal(size=(n, k)), rng.integers(0, m, n)
    np.testing.assert_allclose(group_sums(x, group, m).sum(axis=0), x.sum(axis=0), atol=1e-10)


@quick
@given(seeds, st.integers(1, 60), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_cells_name_the_combination_of_every_row(seed: int, n: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, s, n) for s in sizes]
    combination, cell = cells(codes, sizes)
    np.testing.assert_array_equal(combination[cell], np.column_stack(codes))
    assert len(np.unique(combination, axis=0)) == len(combination)


@quick
@given(seeds, LONELY, st.floats(0, 1))
def test_a_covariance_is_symmetric_and_positive(seed: int, lonely: str, fraction: float) -> None:
    rng = np.random.default_rng(seed)
    stratum = np.sort(rng.integers(0, 5, 20))
    stratum = np.unique(stratum, return_inverse=True)[1]
    stage = Stage(stratum, np.zeros(20, np.intp), np.full(stratum.max() + 1, fraction))
    v = multistage_vcov(rng.normal(size=(20, 4)), (stage,), lonely)
    np.testing.assert_allclose(v, v.T, atol=1e-12)
    assert np.linalg.eigvalsh(v).min() > -1e-10
    assert fraction < 1 or np.abs(v).max() == 0


@quick
@given(seeds, st.sampled_from(["linear", "raking", "logit"]))
def test_calibrated_weights_meet_their_totals_inside_their_bounds(seed: int, method: str) -> None:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(120), rng.normal(size=120), rng.integers(0, 2, 120)])
    d = rng.uniform(1, 3, 120)
    totals = x.T @ (d * rng.uniform(0.9, 1.1, 120))
    solution = solve(d, Rows(x), totals, method, (0.3, 3.0) if method == "logit" else None)
    np.testing.assert_allclose(
        x.T @ (d * solution.factor), totals, rtol=1e-9, atol=1e-9 * np.abs(totals).max()
    )
    assert method == "linear" or solution.factor.min() > 0
    assert method != "logit" or (solution.factor.min() >= 0.3 and solution.factor.max() <= 3.0)


@quick
@given(seeds)
def test_a_logit_fit_leaves_no_score(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(150), rng.normal(size=150)])
    y, w = (rng.random(150) < 0.4).astype(float), rng.uniform(0.1, 5, 150)
    try:
        fit = fit_logit(x, y, w)
    except Separation:
        assume(False)
    assert np.abs(x.T @ (w * (y - fit.p))).max() < 1e-8 * w.sum()
    assert (fit.p > 0).all() and (fit.p < 1).all()


@quick
@given(seeds)
def test_residuals_are_orthogonal_to_regressors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, w = (
        rng.normal(size=(80, 4)) * 10.0 ** rng.integers(-4, 5, 4),
        rng.normal(size=80),
        rng.uniform(0.1, 5, 80),
    )
    fit = least_squares(x, y, w)
    gap = x.T @ (w * (y - x @ fit.beta))
    assert (np.abs(gap) <= 1e-9 * np.abs(x).T @ (w * np.abs(y))).all()


@quick
@given(seeds)
def test_poststratified_cells_have_their_sizes(seed: int) -> None:
    s, f = drawn(seed)
    totals = {
        ("u", "a"): 40.0,
        ("u", "b"): 10.0,
        ("u", "c"): 25.0,
        ("v", "a"): 30.0,
        ("v", "b"): 35.0,
        ("v", "c"): 60.0,
    }
    after = me.poststratify(s, ["g", "c"], totals)
    made = pd.Series(after.weights).groupby([f["g"], f["c"]]).sum()
    np.testing.assert_allclose([made[k] for k in totals], list(totals.values()), rtol=1e-12)


@quick
@given(seeds, st.floats(1.0, 3.5))
def test_trimming_keeps_the_sum_and_caps(seed: int, upper: float) -> None:
    s, _ = drawn(seed)
    after = me.trim(s, upper=upper, redistribute=False)
    assert after.weights.max() <= upper * (1 + 1e-12)
    kept = me.trim(s, upper=upper)
    assert kept.weights.sum() == pytest.approx(s.weights.sum(), rel=1e-12)


@quick
@given(seeds)
def test_weighting_cells_carry_the_weight_of_those_who_did_not_answer(seed: int) -> None:
    s, f = drawn(seed)
    answered = f["y"] > 0
    assume(answered.groupby(f["c"]).any().all())
    after = me.nonresponse(s.with_columns({"answered": answered}), "answered", "c", method="cells")
    for level in "abc":
        rows = (f["c"] == level).to_numpy()
        assert after.weights[rows].sum() == pytest.approx(s.weights[rows].sum(), rel=1e-12)
    assert (after.weights[~answered.to_numpy()] == 0).all()


@quick
@given(seeds)
def test_the_design_effect_of_weights_is_at_least_one(seed: int) -> None:
    w = np.random.default_rng(seed).lognormal(0, 1, 50)
    assert me.kish_deff(w) >= 1
    assert me.kish_deff(np.full(7, w[0])) == pytest.approx(1)


@quick
@given(seeds, st.lists(st.floats(0.02, 0.98), min_size=2, max_size=6, unique=True))
def test_means_and_quantiles_lie_inside_the_data_and_in_order(
    seed: int, probs: list[float]
) -> None:
    s, f = drawn(seed)
    q = me.quantile(s, "y", sorted(probs)).value
    m = me.mean(s, "y").value[0]
    low, high = f["y"].min(), f["y"].max()
    assert low <= m <= high and (q >= low).all() and (q <= high).all() and (np.diff(q) >= 0).all()


@quick
@given(seeds, st.sampled_from(["logit", "beta"]))
def test_intervals_of_shares_stay_between_0_and_1(seed: int, interval: str) -> None:
    s, _ = drawn(seed, n=60, psus=12, strata=2)
    e = me.proportion(s, "c", interval=interval)
    ci = e.ci()
    assert (ci["low"] >= 0).all() and (ci["high"] <= 1).all()
    assert (ci["low"].to_numpy() <= e.value).all() and (ci["high"].to_numpy() >= e.value).all()


@quick
@given(seeds, st.floats(0.5, 0.9))
def test_a_surer_interval_is_wider(seed: int, level: float) -> None:
    e = me.mean(drawn(seed)[0], "y", by="c")
    narrow, wide = e.ci(level), e.ci(level + 0.05)
    assert (wide["low"] < narrow["low"]).all() and (wide["high"] > narrow["high"]).all()


@quick
@given(seeds, st.floats(-3, 3), st.floats(-3, 3))
def test_contrasts_are_linear(seed: int, a: float, b: float) -> None:
    e = me.mean(drawn(seed)[0], "y", by="c")
    first, second, third = e.names
    whole = e.contrast({first: a + b, second: -a, third: -b})
    parts = a * (e.value[0] - e.value[1]) + b * (e.value[0] - e.value[2])
    j = np.array([a + b, -a, -b])
    assert whole.value[0] == pytest.approx(parts, abs=1e-12)
    assert whole.se[0] ** 2 == pytest.approx(float(j @ e.vcov @ j), rel=1e-9, abs=1e-15)


@quick
@given(seeds)
def test_domains_have_no_more_degrees_of_freedom_than_the_whole(seed: int) -> None:
    s, f = drawn(seed)
    inside = s.where(f["psu"] % 3 == 0)
    assert 0 < me.mean(inside, "y").dof[0] <= me.mean(s, "y").dof[0]


@quick
@given(seeds)
def test_survival_falls_from_one_to_zero(seed: int) -> None:
    s, _ = drawn(seed)
    rng = np.random.default_rng(seed)
    s = s.with_columns(
        {"months": rng.integers(1, 12, s.n).astype(float), "ended": rng.integers(0, 2, s.n)}
    )
    curve = me.survival(s, "months", "ended").value
    assert (np.diff(curve) <= 1e-12).all() and curve[0] <= 1 and curve[-1] >= -1e-12


@quick
@given(seeds)
def test_the_jackknife_of_a_total_is_its_linearised_error(seed: int) -> None:
    s, _ = drawn(seed)
    a, b = (
        me.total(s, ["y", "d"]),
        me.total(me.replicates(s, method="jackknife", mse=True), ["y", "d"]),
    )
    np.testing.assert_allclose(a.se, b.se, rtol=1e-10)


@quick
@given(seeds)
def test_wald_does_not_depend_on_how_the_hypothesis_is_written(seed: int) -> None:
    e = me.mean(drawn(seed)[0], "y", by="c")
    a = me.wald(e, np.array([[1.0, -1, 0], [0, 1, -1]]))
    b = me.wald(e, np.array([[3.0, -3, 0], [1, 0, -1]]))
    assert a.p == pytest.approx(b.p, rel=1e-8) and 0 <= a.p <= 1


@quick
@given(seeds)
def test_a_band_is_no_narrower_than_an_interval(seed: int) -> None:
    e = me.mean(drawn(seed)[0], "y", by="c")
    band = me.sup_t(e, seed=seed, draws=4000)
    point = stats.t.ppf(0.975, e.degf.max())
    bonferroni = stats.t.ppf(1 - 0.025 / e.p, e.degf.min())
    assert 0.97 * point <= band.critical <= 1.06 * bonferroni


@quick
@given(seeds, st.sampled_from(["bonferroni", "holm", "benjamini_hochberg"]))
def test_adjusted_p_values_are_no_smaller_and_keep_their_order(seed: int, method: str) -> None:
    e = me.mean(
        drawn(seed)[0].with_columns({"z": np.random.default_rng(seed).normal(size=200)}),
        ["y", "x", "z", "d"],
    )
    table = me.adjust_pvalues(e, method=method).to_frame()
    raw = e.pvalue
    adjusted = table[[c for c in table.columns if "adjust" in c][0]].to_numpy()  # noqa: RUF015
    assert (adjusted >= raw - 1e-15).all() and (adjusted <= 1).all()
    order = np.argsort(raw)
    assert (np.diff(adjusted[order]) >= -1e-15).all()


@quick
@given(
    st.floats(0.5, 5),
    st.floats(10, 1000),
    st.floats(0.001, 0.01),
    st.floats(0.1, 10),
    st.floats(-0.5, 0.5),
)
def test_a_ratio_lies_inside_its_fieller_limits(
    effect: float, cost: float, ve: float, vc: float, correlation: float
) -> None:
    reach, of_cost = 1.96 * np.sqrt(ve), 1.96 * np.sqrt(vc)
    ends = (effect - reach, effect + reach), (cost - of_cost, cost + of_cost)
    limits = fieller(effect, cost, *ends, correlation)
    assert limits is not None and limits[0] <= cost / effect <= limits[1]


@quick
@given(seeds, st.floats(0, 2), st.floats(0.05, 1))
def test_doubt_widens_the_set_of_effects(seed: int, m: float, more: float) -> None:
    rng = np.random.default_rng(seed)
    beta, target = rng.normal(size=5), np.array([0.5, 0.5])
    narrow, wide = (identified_set(beta, 3, target, each, np.ones(5)) for each in (m, m + more))
    assert wide[0] <= narrow[0] + 1e-12 and wide[1] >= narrow[1] - 1e-12


@settings(max_examples=4, deadline=None, derandomize=True)
@given(seeds)
def test_the_honest_interval_holds_the_point_it_starts_from(seed: int) -> None:
    rng = np.random.default_rng(seed)
    beta = np.concatenate([0.02 * rng.normal(size=3), 0.5 + 0.1 * rng.normal(size=2)])
    low, high = confidence_set(
        beta, 0.01 * np.eye(5), 3, np.array([0.5, 0.5]), 0.5, 0.95, np.ones(5)
    )
    assert low < beta[3:].mean() < high


@quick
@given(st.integers(200, 4000), st.floats(0.01, 0.2), st.integers(5, 30), st.floats(0, 0.5))
def test_more_persons_find_smaller_effects(n: int, icc: float, size: int, loss: float) -> None:
    few = me.minimum_detectable_effect(n, share=0.4, icc=icc, cluster_size=size, attrition=loss)
    many = me.minimum_detectable_effect(
        2 * n, share=0.4, icc=icc, cluster_size=size, attrition=loss
    )
    assert 0 < many.effect < few.effect
    assert few.power_at(few.effect) == pytest.approx(0.8, abs=1e-6)
    assert few.power_at(1.2 * few.effect) > 0.8 > few.power_at(0.8 * few.effect)


@quick
@given(seeds, st.floats(0.05, 0.45))
def test_lee_bounds_hold_the_difference_of_those_seen(seed: int, lost: float) -> None:
    rng = np.random.default_rng(seed)
    n = 400
    d = rng.integers(0, 2, n)
    f = pd.DataFrame(
        {
            "d": d,
            "y": rng.normal(size=n) + d,
            "w": rng.uniform(1, 2, n),
            "seen": rng.random(n) > lost * (1 - d),
        }
    )
    f.loc[~f["seen"], "y"] = np.nan
    e = me.lee_bounds(me.Sample.from_frame(f, weights="w"), "y", "d", "seen")
    seen = f[f["seen"]]
    naive = np.average(
        seen.loc[seen["d"] == 1, "y"], weights=seen.loc[seen["d"] == 1, "w"]
    ) - np.average(seen.loc[seen["d"] == 0, "y"], weights=seen.loc[seen["d"] == 0, "w"])
    assert e.value[0] <= naive + 1e-9 and naive - 1e-9 <= e.value[1]
