"""Event time in the order of periods: anticipation, balance, gaps and references give what the same
data give when periods are numbered one by one.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mismes_eval as me
from mismes_eval.errors import IdentificationError

SEVEN = tuple(range(1, 8))


def panel(cohorts: dict[float, int], periods: tuple[float, ...], sd: float = 1.0) -> pd.DataFrame:
    """Effect 1 from the start on; unit and period effects."""
    rng = np.random.default_rng(1)
    rows = []
    for g in (g for g, n in cohorts.items() for _ in range(n)):
        level, unit = rng.normal(), len(rows) // len(periods)
        for k, t in enumerate(periods):
            treated = bool(g) and t >= g
            rows.append((unit, t, g, level + 0.3 * k + sd * rng.normal() + treated, 1.0))
    return pd.DataFrame(rows, columns=["id", "t", "g", "y", "w"])


def of(frame: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(frame, weights="w", psu="id")


def gt(frame: pd.DataFrame, **arguments: object) -> me.GroupTime:
    return me.att_gt(of(frame), "y", "g", "t", "id", **arguments)


@pytest.mark.parametrize("control", ["never", "not_yet"])
def test_a_cohort_that_may_react_is_no_comparison(control: str) -> None:
    """Cohort 7 reacts by 5 in period 6, one before its start: as in csdid, (4, 6) has nobody."""
    frame = panel({4: 60, 7: 60}, SEVEN[:6], sd=0.1)
    frame.loc[(frame["g"] == 7) & (frame["t"] == 6), "y"] += 5.0
    found = gt(frame, anticipation=1, control=control)
    assert found.to_frame()["time"].tolist() == [2, 3, 4, 5]
    np.testing.assert_allclose(found.to_frame()["att"][2:], 1.0, atol=0.15)
    assert any("(4, 6)" in note for note in found.estimate.notes)
    with_never = gt(
        pd.concat([frame, panel({0: 60}, SEVEN[:6], 0.1).assign(id=lambda f: f["id"] + 999)]),
        anticipation=1,
        control=control,
    ).to_frame()
    np.testing.assert_allclose(with_never["att"][2:], 1.0, atol=0.2)


def test_a_balanced_study_is_that_of_the_cohorts_which_have_all_its_times() -> None:
    """Not-yet controls: cohort 5 has nobody to be compared with from its start on, so that event
    times 0 and 1 are those of cohort 3 by itself.
    """
    frame = panel({3: 40, 5: 40}, SEVEN[:6])
    found = gt(frame, control="not_yet")
    balanced = found.aggregate("event", balance=1)
    cells = found.to_frame().set_index(["cohort", "event_time"])["att"]
    assert balanced.keys["event_time"].tolist() == [-1.0, 0.0, 1.0]
    np.testing.assert_allclose(balanced.value, [cells[3, e] for e in (-1, 0, 1)], rtol=1e-12)
    assert any(n.startswith("Cohort 5 is left out of the balanced") for n in balanced.notes)
    mean = found.overall("event", balance=1)
    assert mean.value[0] == pytest.approx((cells[3, 0] + cells[3, 1]) / 2, rel=1e-12)
    assert any("Cohort 5" in n for n in mean.notes)


def test_what_is_asked_before_treatment_is_asked_of_every_cohort() -> None:
    frame = panel({0: 40, 3: 40, 5: 40}, SEVEN)
    study = gt(frame).aggregate("event", min_event=-3, balance=1)
    assert any("Cohort 3 is left out" in n and "-3, -2" in n for n in study.notes)


def test_the_effect_counts_from_0_after_anticipation() -> None:
    """Effect 0.5 one period ahead of the start, 1 from the start on."""
    frame = panel({0: 80, 5: 80}, SEVEN, sd=0.5)
    frame.loc[(frame["g"] == 5) & (frame["t"] == 4), "y"] += 0.5
    found = gt(frame, base="universal", anticipation=1)
    study = found.aggregate("event")
    at = dict(zip(study.keys["event_time"], study.value, strict=True))
    first, average = (me.honest_did(study, target=t) for t in ("first", "average"))
    assert first.original[0] == pytest.approx(at[0.0], rel=1e-12)
    assert average.original[0] == pytest.approx(found.overall("event").value[0], rel=1e-12)
    assert "event time 0" in first.target and "0 to 2" in average.target
    # Rambachan and Roth: a break in each of the two periods from the reference to 0
    row = first.to_frame().set_index("m").loc[1.0]
    before = max(abs(at[-4] - at[-3]), abs(at[-3] - at[-2]))
    assert (row["set_high"] - row["set_low"]) / 2 == pytest.approx(2 * before, rel=1e-9)
    assert me.pretrend_power(study).average == 3.0


YEARS = {1: 2001, 2: 2002, 3: 2005, 4: 2007, 5: 2012, 6: 2013}
GAPS = {
    "every second year": {k: 1999 + 2 * k for k in range(1, 7)},
    "months around enrolment": {k: 6 * (k - 3) + 0.5 for k in range(1, 7)},
    "uneven years": YEARS,
}


@pytest.mark.whole
@pytest.mark.parametrize("way", ["group-time", "interaction-weighted"])
@pytest.mark.parametrize("name", list(GAPS))
def test_gaps_between_periods_change_no_robust_interval(name: str, way: str) -> None:
    numbered = panel({0: 60, 3: 50, 5: 50}, SEVEN[:6])
    gap = GAPS[name]
    frame = numbered.assign(t=numbered["t"].map(gap), g=numbered["g"].map({0: np.inf, **gap}))
    make = {
        "group-time": lambda f: gt(f, base="universal").aggregate("event"),
        "interaction-weighted": lambda f: me.sun_abraham(of(f), "y", "g", "id", "t"),
    }[way]
    plain, spread = make(numbered.assign(g=numbered["g"].replace(0, np.inf))), make(frame)
    for method in ("relative_magnitude", "smoothness"):
        one, other = (me.honest_did(e, method).to_frame() for e in (plain, spread))
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        me.pretrend_power(spread).to_frame()[["slope", "bias"]],
        me.pretrend_power(plain).to_frame()[["slope", "bias"]],
        rtol=1e-9,
    )
    assert any("period" in n for n in me.honest_did(spread).notes[1:2])


def test_one_cohort_on_an_uneven_grid_says_the_unit_of_m() -> None:
    frame = panel({0: 60, 2007: 60}, (2001, 2003, 2007, 2008))
    found = me.honest_did(gt(frame, base="universal").aggregate("event"))
    assert any("not evenly spaced (-6, -4, 0, 1)" in note for note in found.notes)


def test_a_finite_event_time_is_always_a_time() -> None:
    """Days up to 1,095 give what the same periods give when numbered (pyfixest's i(e, ref))."""
    days = (-365, -182, 0, 182, 365, 547, 730, 912, 1095)
    frame = panel({0: 40, 3: 40}, tuple(range(1, 10)))
    e = np.where(frame["g"] > 0, frame["t"] - 3.0, np.inf)
    by_day = np.where(np.isinf(e), np.inf, np.array(days)[frame["t"] - 1])
    s = of(frame.assign(e=e, d=by_day))
    numbered = me.two_way(s, "y", event_time="e", unit="id", time="t")
    dated = me.two_way(s, "y", event_time="d", unit="id", time="t")
    np.testing.assert_allclose(dated.value, numbered.value, rtol=1e-10)
    np.testing.assert_allclose(dated.se, numbered.se, rtol=1e-10)
    assert "reference -182." in dated.notes[0] and 1095.0 in dated.keys["event_time"].tolist()
    fit = me.panel_ols(s, "y", event_time="d", unit="id", time="t")
    np.testing.assert_allclose(fit.value, numbered.value, rtol=1e-9)
    for wrong in (-1000.0, 999.0):
        bad = s.with_columns({"d": np.where(np.isinf(e), wrong, by_day)})
        with pytest.raises(IdentificationError, match=r"does not pass.*numpy\.inf"):
            me.two_way(bad, "y", event_time="d", unit="id", time="t")
    with pytest.raises(IdentificationError, match="a reference event time does not occur"):
        me.two_way(s, "y", event_time="d", unit="id", time="t", reference=(-1,))


PYFIXEST = {  # 0.60: feols("y ~ d | id + t", vcov={"CRV1": c}, ssc=ssc(k_fixef="nonnested"))
    "id": 0.21466594351244955,
    "area": 0.19380144117918474,
    "cross": 0.37972762859524606,
    "t": 0.25668039001602083,
    "season": 0.25105183441918527,
}


@pytest.mark.golden
@pytest.mark.parametrize("cluster", list(PYFIXEST))
def test_nested_effects_are_looked_up(cluster: str) -> None:
    rng, n, periods = np.random.default_rng(5), 40, 6
    f = pd.DataFrame(
        {"id": np.repeat(np.arange(n), periods), "t": np.tile(np.arange(periods), n), "w": 1.0}
    )
    f["d"] = ((f["id"] < 20) & (f["t"] >= 3)).astype(int)
    level = np.repeat(rng.normal(size=n), periods)
    f["y"] = level + 0.3 * f["t"] + f["d"] + rng.normal(size=n * periods)
    f["area"], f["season"] = f["id"] % 8, f["t"] // 2
    f["cross"] = (f["id"] * 7 + f["t"] * 3) % 9
    s = me.Sample.from_frame(f, weights="w")
    e = me.two_way(s, "y", "d", unit="id", time="t", cluster=cluster, small_sample="nested")
    assert e.se[0] == pytest.approx(PYFIXEST[cluster], rel=1e-9)


@pytest.mark.parametrize("method", ["covariance", "multiplier"])
def test_no_band_is_narrower_than_its_intervals(method: str) -> None:
    single = gt(panel({0: 60, 2: 60}, (1, 2))).aggregate("event")
    several = gt(panel({0: 60, 3: 50}, SEVEN[:4])).aggregate("event")
    for seed in range(4):
        band = me.sup_t(single, seed=seed, method=method)
        assert band.critical == pytest.approx(stats.t.ppf(0.975, single.degf[0]), rel=1e-12)
        assert me.sup_t(several, 0.5, seed, 100, method).critical >= stats.t.ppf(
            0.75, several.degf.min()
        )


def test_no_outcome_before_treatment_is_named() -> None:
    frame = panel({0: 60, 4: 60}, SEVEN[:6])
    frame["y"] = np.where(frame["t"] < 4, 0.0, frame["y"] > frame["y"].median())
    with pytest.raises(IdentificationError, match="event time -3, -2"):
        me.honest_did(gt(frame, base="universal").aggregate("event"))
