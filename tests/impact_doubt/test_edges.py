"""Where the impact floor has little to stand on: no spread, no degrees of freedom, one group, gaps,
weak overlap. Each says what is known, or why nothing is.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import EstimateError, IdentificationError
from mismes_eval.impact.did.event_path import event_path
from mismes_eval.impact.regression.bacon import bacon


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


def test_weak_overlap_of_a_cohort_is_told() -> None:
    n = 400
    x = np.linspace(-4, 4, n)
    d = (np.random.default_rng(0).random(n) < 1 / (1 + np.exp(-3 * x))).astype(int)
    d[-3] = 0
    s = me.Sample.from_frame(
        pd.DataFrame({"y0": x, "y1": x + d, "d": d, "x": x, "w": 1.0}), weights="w"
    )
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


def test_event_studies_of_odd_times_say_so() -> None:
    e = gt(of(panel()), base="universal").aggregate("event")
    half = replace(
        e,
        keys=e.keys.assign(
            event_time=e.keys["event_time"] + np.where(e.keys["event_time"] > 0, 0.5, 0.0)
        ),
    )
    path = event_path(half)
    assert path.after == (0.0, 1.5, 2.5) and "not evenly spaced" in path.notes[0]


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


def test_selection_when_nothing_is_left_to_explain_or_nothing_moved() -> None:
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
    assert isinstance(found.joint, me.NotEstimable)
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


def test_the_power_of_a_study_without_degrees_of_freedom_is_unknown() -> None:
    d = me.minimum_detectable_effect(500, share=0.4)
    assert np.isnan(replace(d, n=2.0).power_at(0.1))
    assert me.sample_size(5.0, share=0.4).n <= 10


def test_a_heat_map_is_drawn_on_given_axes() -> None:
    _, ax = plt.subplots()
    assert gt(of(panel())).plot("heat", ax=ax) is ax
    plt.close("all")
