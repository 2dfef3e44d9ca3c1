"""Where the impact floor has little to stand on: no spread, no degrees of freedom, one group, gaps,
weak overlap. Each says what is known, or why nothing is.
"""

from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mismes_eval as me
from mismes_eval.errors import EstimateError, IdentificationError
from mismes_eval.impact.bounds.lee import _pctile, _type7
from mismes_eval.impact.bounds.partial_identification import _critical
from mismes_eval.impact.did.event_path import event_path
from mismes_eval.impact.regression.bacon import bacon
from mismes_eval.impact.regression.sun_abraham import sun_abraham
from mismes_eval.impact.sensitivity.oster import proportional_selection

from ..some import some


def panel(
    n: int = 60, starts: tuple[float, ...] = (3.0, 4.0, 0.0), periods: int = 5
) -> pd.DataFrame:
    unit, t = np.repeat(np.arange(n), periods), np.tile(np.arange(1, periods + 1), n)
    cohort = np.array(starts)[unit % len(starts)]
    rng = np.random.default_rng(1)
    y = (
        rng.normal(size=n)[unit]
        + 0.3 * t
        + 1.5 * ((cohort > 0) & (t >= cohort))
        + rng.normal(scale=0.3, size=unit.size)
    )
    return pd.DataFrame(
        {"unit": unit, "t": t, "cohort": cohort, "y": y, "x": rng.normal(size=n)[unit], "w": 1.0}
    )


def of(frame: pd.DataFrame, **words: object) -> me.Sample:
    return me.Sample.from_frame(frame, **({"weights": "w", "psu": "unit"} | words))  # type: ignore[arg-type]


def gt(sample: me.Sample, **words: object) -> me.GroupTime:
    return me.att_gt(sample, "y", "cohort", "t", **({"unit": "unit"} | words))  # type: ignore[arg-type]


def wide(n: int = 80, **columns: object) -> me.Sample:
    rng = np.random.default_rng(2)
    d = np.arange(n) % 2
    f = pd.DataFrame(
        {
            "y0": rng.normal(size=n),
            "d": d,
            "x": rng.normal(size=n),
            "w": 1.0,
            "s": np.arange(n) % 5 > 0,
        }
    )
    return me.Sample.from_frame(
        f.assign(y1=f["y0"] + d + rng.normal(size=n)).assign(**columns), weights="w"
    )


def att(s: me.Sample, **words: object) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d", **words)  # type: ignore[arg-type]


def test_the_decomposition_does_not_depend_on_the_order_of_rows() -> None:
    f = panel()
    ordered = bacon(of(f), "y", "cohort", unit="unit", time="t").to_frame()
    mixed = bacon(
        of(f.sample(frac=1, random_state=3)), "y", "cohort", unit="unit", time="t"
    ).to_frame()
    np.testing.assert_allclose(
        mixed.select_dtypes("number"), ordered.select_dtypes("number"), rtol=1e-9
    )


def test_sun_abrahams_cells_average_to_its_event_times() -> None:
    cells = sun_abraham(of(panel()), "y", "cohort", unit="unit", time="t", by="cells").to_frame()
    event = (
        sun_abraham(of(panel()), "y", "cohort", unit="unit", time="t", by="event")
        .to_frame()
        .set_index("event_time")["value"]
    )
    for e, rows in some(cells.groupby("event_time")):  # both cohorts have 20 units
        assert rows["value"].mean() == pytest.approx(event[e], rel=1e-9)


def test_cohorts_without_a_comparison_are_left_out_and_named() -> None:
    found = gt(of(panel(starts=(3.0, 5.0))), control="not_yet")
    assert any(
        "No comparison group is left for" in n and "(3, 5)" in n for n in found.estimate.notes
    )
    with pytest.raises(IdentificationError, match="no comparison group in any period"):
        gt(of(panel(starts=(3.0,))), control="not_yet")


def test_without_a_period_before_there_is_no_pretrend_test() -> None:
    two = gt(of(panel(starts=(2.0, 0.0), periods=3)))
    assert two.pretrend_test() == me.NotEstimable(
        "no period before treatment to compare", "Pre-trend test"
    )


def test_weights_that_move_between_periods_are_taken_from_the_first_and_told() -> None:
    f = panel()
    moved = f.assign(w=np.where((f["unit"] < 5) & (f["t"] > 2), 2.0, 1.0))
    found = gt(of(moved))
    assert any(
        n.startswith("Weights differ between periods in 5 units") for n in found.estimate.notes
    )
    np.testing.assert_allclose(found.estimate.value, gt(of(f)).estimate.value)


def test_a_panel_without_psu_is_taken_unit_by_unit_unless_its_weights_were_stepped() -> None:
    f = panel()
    np.testing.assert_allclose(gt(of(f, psu=None)).estimate.se, gt(of(f)).estimate.se, rtol=1e-9)
    stepped = me.calibrate(of(f, psu=None), {"1": 400.0})
    with pytest.raises(
        IdentificationError, match=r"rows of one unit are taken for independent.*psu='unit'"
    ):
        gt(stepped)


@pytest.mark.parametrize("unbalanced", ["balanced", "pairs"])
def test_gaps_that_leave_a_comparison_without_rows_are_named(unbalanced: str) -> None:
    f = panel(12)
    gap = f[~((f["cohort"] == 3) & (f["t"] == 4) & (f["unit"] >= 0))]
    if unbalanced == "balanced":  # the units with the gap leave, and with them their cohort
        assert gt(of(gap), unbalanced=unbalanced).estimate.keys["cohort"].unique().tolist() == [4.0]
    else:
        with pytest.raises(
            IdentificationError,
            match=r"a group-time comparison has no rows: cohort 3, 2 to 4.*0 treated, 4 comparison.*Merge cohorts",
        ):
            gt(of(gap), unbalanced=unbalanced)


def test_weak_overlap_is_told_with_its_share() -> None:
    n = 400
    x = np.linspace(-4, 4, n)
    d = (np.random.default_rng(0).random(n) < 1 / (1 + np.exp(-3 * x))).astype(int)
    d[-3] = 0
    s = me.Sample.from_frame(
        pd.DataFrame({"y0": x, "y1": x + d, "d": d, "x": x, "w": 1.0}), weights="w"
    )
    e = att(s, covariates="x", method="ipw")
    assert any("Weak overlap" in note and "nothing was trimmed" in note for note in e.notes)
    assert e.extra["extreme_overlap"] > 0
    long = pd.concat(
        [
            s.frame.assign(
                unit=range(n), t=t, y=s.frame[f"y{t}"], cohort=np.where(s.frame["d"] == 1, 1.0, 0.0)
            )
            for t in (0, 1)
        ]
    )
    assert any(
        note.startswith("Weak overlap") and "1 (" in note
        for note in gt(of(long), covariates=("x",), method="ipw").estimate.notes
    )


def test_one_group_alone_has_no_difference() -> None:
    found = me.by_group(
        att,
        wide(
            g=np.where(np.arange(80) < 78, "a", "b"),
            d=np.where(np.arange(80) < 78, np.arange(80) % 2, 0),
        ),
        "g",
    )
    assert found.differences == me.NotEstimable(
        "only one group has an estimate: nothing to compare"
    )
    assert list(found.missing) == ["b"]
    assert "b" in found.to_frame()["group"].tolist()


def test_a_measure_that_saves_money_has_no_cost_per_job() -> None:
    saving = me.cost_effectiveness(att(wide()), -50.0, cost_se=1.0)
    assert saving.ratio == me.NotEstimable(
        "the measure costs nothing or saves money: a ratio would mislead; read the plane"
    )
    nothing = replace(att(wide()), dof=np.array([0.0]))
    assert isinstance(me.cost_effectiveness(nothing, 50.0).ratio, me.NotEstimable)
    ax = me.cost_effectiveness(att(wide()), 50.0, cost_se=1.0).plot()
    assert ax.has_data()
    plt.close("all")


def test_replicates_of_both_effect_and_cost_give_the_joint_bootstrap() -> None:
    s = me.replicates(
        wide(c=100 + np.random.default_rng(4).normal(size=80)), "bootstrap", n=200, seed=3
    )
    e, c = att(s), me.mean(s, "c")
    made = me.cost_effectiveness(e, c, draws=4000)
    spread = np.cov(made.draws.T) if hasattr(made, "draws") else made.vcov
    np.testing.assert_allclose(np.sqrt(np.diag(spread)), [e.se[0], c.se[0]], rtol=0.1)


def test_bounds_of_one_row_and_of_equal_values() -> None:
    assert _type7(np.array([4.0]), np.array([2.0]), 0.3) == 4.0
    assert _type7(np.array([1.0, 2.0, 4.0]), np.ones(3), 0.75) == np.quantile([1, 2, 4], 0.75)
    assert _pctile(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2, 3, 4]), 0.5) == 2.5
    assert _pctile(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2, 3]), 0.5) == 2.0


def test_intervals_of_bounds_move_from_one_side_to_two() -> None:
    assert np.isnan(_critical(1.0, 1.0, 0.95, 0.0))
    assert _critical(1.0, 0.0, 0.95, 30.0) == pytest.approx(stats.t.ppf(0.975, 30))
    assert _critical(0.0, 1.0, 0.95, 30.0) == pytest.approx(stats.t.ppf(0.975, 30))
    assert _critical(50.0, 1.0, 0.95, 30.0) == pytest.approx(stats.t.ppf(0.95, 30))
    c = _critical(1.0, 1.0, 0.95, 30.0)
    assert stats.t.cdf(c + 1, 30) - stats.t.cdf(-c, 30) == pytest.approx(0.95, abs=1e-12)


def test_event_studies_that_have_no_covariance_or_odd_times_are_refused() -> None:
    e = gt(of(panel()), base="universal").aggregate("event")
    half = replace(
        e,
        keys=e.keys.assign(
            event_time=e.keys["event_time"] + np.where(e.keys["event_time"] > 0, 0.5, 0.0)
        ),
    )
    path = event_path(half)
    assert path.after == (0.0, 1.5, 2.5) and "not evenly spaced" in path.notes[0]
    with pytest.raises(IdentificationError, match="the event study has no degrees of freedom"):
        event_path(replace(e, dof=np.zeros(e.p)))
    first = gt(of(panel(starts=(2.0, 0.0), periods=4)), base="universal").aggregate("event")
    with pytest.raises(IdentificationError, match="periods on both sides of its reference"):
        me.pretrend_power(first)


def test_the_smooth_restriction_has_a_grid_of_its_own_and_says_where_it_breaks_down() -> None:
    e = gt(of(panel()), base="universal").aggregate("event")
    found = me.honest_did(e, "smoothness")
    grid = found.table["m"].tolist()
    assert len(grid) == 5 and grid[0] == 0.0 and grid == sorted(grid)
    weak = replace(e, value=e.value * 0.001)
    assert "the interval covers 0 already at M = 0" in me.honest_did(weak, grid=[0.0, 0.5]).text


def test_adjusted_p_values_leave_values_without_error_out_and_say_so() -> None:
    s = wide(one=1.0)
    found = me.adjust_pvalues(me.mean(s, ["y0", "one", "y1"]), "romano_wolf", draws=4000)
    assert np.isnan(found.adjusted[1]) and np.isfinite(found.adjusted[[0, 2]]).all()
    assert any("1 values without a standard error are not in the family" in n for n in found.notes)
    with pytest.raises(EstimateError, match="no value has a standard error"):
        me.adjust_pvalues(me.mean(s, "one"))
    by = me.mean(
        me.Sample.from_frame(
            s.frame.assign(psu=np.arange(80) % 20, g=np.arange(80) % 20 > 14),
            weights="w",
            psu="psu",
        ),
        "y1",
        by="g",
    )
    assert np.ptp(by.dof) > 0
    adjusted = me.adjust_pvalues(by, draws=4000).adjusted
    assert (adjusted >= by.pvalue - 0.02).all()


def test_selection_when_nothing_is_left_to_explain_or_nothing_moved() -> None:
    assert proportional_selection(1.0, 0.2, 0.8, 0.9, 0.9, 1.0, 1.0, 0.8, 0.0)[1] == 0.8
    assert proportional_selection(0.8, 0.2, 0.8, 0.3, 0.9, 1.0, 1.0, 0.8, 0.0)[1] == 0.8
    collinear = wide(z=lambda f: f["x"] * 2)
    with pytest.raises(EstimateError):
        me.oster(collinear, "y1", "d", ["x", "z"])
    against = me.oster(
        wide(
            x=lambda f: f["d"] * -1.0 + np.random.default_rng(1).normal(size=80),
            y1=lambda f: f["d"] + f["x"],
        ),
        "y1",
        "d",
        ["x"],
    )
    assert (against.delta < 0) == ("work against the seen ones" in against.text)


def test_bounds_when_everybody_is_seen_or_nobody_was_found_again() -> None:
    full = me.manski_bounds(wide(s=True, a=False, r=False), "y1", "d", "s", -9.0, 9.0, "a", "r")
    low, high = full.value
    difference = wide().frame.groupby("d")["y1"].mean().diff().iloc[-1]
    assert low == pytest.approx(high) == pytest.approx(difference)
    with pytest.raises(IdentificationError):
        me.manski_bounds(wide(a=lambda f: ~f["s"], r=False), "y1", "d", "s", -9.0, 9.0, "a", "r")
    cells = wide(
        g=np.arange(80) // 40,
        s=lambda f: (np.arange(80) % 5 > 0) & ~((f["d"] == 1) & (np.arange(80) < 40)),
    )
    with pytest.raises(
        IdentificationError,
        match=r"nobody is observed: treated arm, g=0|nobody is observed: treated arm, 0",
    ):
        me.manski_bounds(cells, "y1", "d", "s", -9.0, 9.0, poststratify="g")


def test_a_wild_bootstrap_of_a_constant_has_no_spread() -> None:
    s = wide(one=1.0, g=np.arange(80) % 8)
    found = me.wild_bootstrap(me.mean(s, "one"), cluster=s.frame["g"], draws=99).to_frame()
    assert found["se"].iloc[0] == 0
    assert found[["t", "p", "ci_low", "ci_high"]].isna().all(axis=None)


def test_placebos_that_cannot_be_estimated_have_no_joint_test() -> None:
    def fails(data: me.Sample, outcome: str) -> me.Estimate:
        raise EstimateError("no")

    found = me.placebo_outcomes(fails, wide(), ["y0"])
    assert found.joint == me.NotEstimable("no placebo could be estimated")
    mixed = me.placebo_outcomes(
        lambda s, o: me.mean(s if o == "a" else wide(60), "y0"), wide(), ["a", "b"]
    )
    assert isinstance(mixed.joint, me.NotEstimable)


def test_a_specification_may_answer_that_it_cannot() -> None:
    curve = me.robustness(
        wide(),
        lambda s, **words: me.NotEstimable("too few"),
        {"a": {"method": "dr"}, "b": {"covariates": ("x", "y0")}, "c": {"covariates": ()}},
    )
    t = curve.to_frame()
    assert t["reason"].tolist() == ["too few"] * 3
    assert {"dr", "x, y0", "none"} <= set(t.astype(str).to_numpy().ravel())


def test_acknowledged_breaks_that_cannot_be_placed_are_noted() -> None:
    e = att(wide(), series_breaks=(2019,), acknowledge_breaks=True)
    assert "Breaks of the series were acknowledged and not placed." in e.notes


def test_the_power_of_a_study_without_degrees_of_freedom_is_unknown() -> None:
    d = me.minimum_detectable_effect(500, share=0.4)
    assert np.isnan(replace(d, n=2.0).power_at(0.1))
    assert me.sample_size(5.0, share=0.4).n <= 10


def test_a_heat_map_is_drawn_on_given_axes() -> None:
    _, ax = plt.subplots()
    assert gt(of(panel())).plot("heat", ax=ax) is ax
    plt.close("all")
