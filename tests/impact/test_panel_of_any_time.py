"""One panel: whatever periods are written in, whatever numbers are stored as, the effect is that of
periods numbered 1, 2, 3 and of float64; the order is stated, never guessed.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import IdentificationError

T = range(1, 7)
FRAME = pd.DataFrame


def made(cohorts: dict[int, int] | None = None) -> pd.DataFrame:
    """Effect 1 from the start on; x is known before treatment."""
    rng, rows, unit = np.random.default_rng(11), [], 0
    for g, n in (cohorts or {0: 30, 3: 25, 5: 25}).items():
        for _ in range(n):
            level, x = rng.normal(), int(rng.integers(0, 5))
            for t in T:
                on = int(g > 0 and t >= g)
                y = level + 0.3 * t + 0.2 * x + rng.normal() + on
                rows.append((unit, t, g, x, y, on, float(t - g) if g else np.inf, 1.0))
            unit += 1
    return FRAME(rows, columns=["id", "t", "g", "x", "y", "on", "e", "w"])


def of(frame: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(frame, weights="w", psu="id")


def relabelled(labels: dict[int, object]) -> pd.DataFrame:
    f = made()
    return f.assign(t=f["t"].map(labels), g=f["g"].map({0: None, **labels}))


QUARTERS = {k: f"{2019 + (k + 2) // 4}Q{(k + 2) % 4 + 1}" for k in T}
MONTHS = pd.period_range("2019-11", periods=6, freq="M")
LABELS: dict[str, dict[int, object]] = {
    "quarters": QUARTERS,
    "quarters in words": {k: f"Q{v[-1]} {v[:4]}" for k, v in QUARTERS.items()},
    "waves over nine": {k: f"wave {k + 6}" for k in T},
    "ISO dates": {k: f"{2018 + k}-03-01" for k in T},
    "timestamps": {k: pd.Timestamp(2018 + k, 3, 1) for k in T},
    "periods": dict(zip(T, MONTHS, strict=True)),
    "years with gaps": dict(zip(T, ["2001", "2003", "2004", "2007", "2010", "2011"], strict=True)),
}
VERBS: dict[str, Callable[[me.Sample], me.Estimate]] = {
    "group-time": lambda s: me.att_gt(s, "y", "g", "t", "id", covariates=["x"]).estimate,
    "cross-sections": lambda s: me.att_gt(s, "y", "g", "t").estimate,
    "event study": lambda s: me.att_gt(s, "y", "g", "t", "id").aggregate("event"),
    "by cohort": lambda s: me.att_gt(s, "y", "g", "t", "id").aggregate("cohort"),
    "interaction-weighted": lambda s: me.sun_abraham(s, "y", "g", "id", "t"),
    "imputation": lambda s: me.imputation(s, "y", "g", "id", "t", by="event"),
    "two-way": lambda s: me.two_way(s, "y", "on", unit="id", time="t"),
    "dynamic": lambda s: me.two_way(s, "y", event_time="e", unit="id", time="t"),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_labels_give_what_numbers_give(verb: Callable[[me.Sample], me.Estimate]) -> None:
    plain = verb(of(made()))
    for name, labels in LABELS.items():
        named = verb(of(relabelled(labels)))
        np.testing.assert_allclose(named.value, plain.value, rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(named.se, plain.se, rtol=1e-12, err_msg=name)
        if "event_time" in plain.keys:
            assert named.keys["event_time"].tolist() == plain.keys["event_time"].tolist(), name


@pytest.mark.whole
def test_results_show_the_labels() -> None:
    g = me.att_gt(of(relabelled(QUARTERS)), "y", "g", "t", "id", base="universal")
    frame = g.to_frame()
    assert set(frame["cohort"]) == {QUARTERS[3], QUARTERS[5]}
    assert frame["base"].iloc[0] == QUARTERS[2]
    assert f"ATT({QUARTERS[3]},{QUARTERS[4]})" in g.estimate.names
    assert g.aggregate("calendar").keys["time"].iloc[0] == QUARTERS[3]
    order = ", ".join(QUARTERS.values())
    assert any(order in note for note in g.estimate.notes)
    table = me.bacon(of(relabelled(QUARTERS)), "y", "g", "id", "t").to_frame()
    assert QUARTERS[3] in table["treated"].tolist() and np.inf in table["comparison"].tolist()
    assert me.honest_did(g.aggregate("event")).target.endswith("event times 0 to 3")
    for kind in ("event", "cohort", "calendar", "heat"):
        assert g.plot(kind) is not None


@pytest.mark.parametrize(
    "pair", [("pre", "post"), ("before", "after"), ("avant", "après"), ("baseline", "endline")]
)
def test_an_order_is_stated_and_never_guessed(pair: tuple[str, str]) -> None:
    rng, d = np.random.default_rng(3), np.arange(200) % 2
    frame = pd.concat(
        [
            FRAME({"t": t, "d": d, "y": rng.normal(size=200) * 0.3 + d * (t == pair[1]), "w": 1.0})
            for t in pair
        ],
        ignore_index=True,
    )
    s = me.Sample.from_frame(frame, weights="w")
    with pytest.raises(IdentificationError, match="order of periods is not stated") as caught:
        me.att_2x2(s, "y", "d", "t")
    assert f"time=({pair[0]!r}, {pair[1]!r})" in str(caught.value)
    means = frame.groupby(["d", "t"])["y"].mean()
    change = {k: means[k, pair[1]] - means[k, pair[0]] for k in (0, 1)}
    ordered = pd.Categorical(frame["t"], categories=pair, ordered=True)
    for effect in (
        me.att_2x2(s, "y", "d", pair),
        me.att_2x2(s, "y", "d", {"t": pair}),
        me.att_2x2(s.with_columns({"t": ordered}), "y", "d", "t"),
    ):
        assert effect.value[0] == pytest.approx(change[1] - change[0], rel=1e-12)
        assert f"Before: {pair[0]}; after: {pair[1]}." in effect.notes
    other = me.att_2x2(s, "y", "d", pair[::-1])
    assert other.value[0] == pytest.approx(change[0] - change[1], rel=1e-12)
    eligible = s.with_columns({"k": np.arange(400) % 4 // 2})
    with pytest.raises(IdentificationError, match="not stated"):
        me.triple_difference(eligible, "y", "d", "k", "t")
    assert "Before: " in " ".join(me.triple_difference(eligible, "y", "d", "k", pair).notes)
    panel = FRAME({"i": np.tile(np.arange(200), 2), "t": frame["t"], "d": frame["d"]})
    waves = me.TracerPanel.from_frame(
        panel.assign(y=frame["y"], w=1.0), "i", "t", weights="w", waves=pair
    )
    by_wave = me.att_2x2(waves, "y", "d", pair)
    assert by_wave.value[0] == pytest.approx(change[1] - change[0], rel=1e-12)


def test_the_column_of_a_stated_pair_is_clear_or_named() -> None:
    f = made({0: 20, 3: 20}).query("t in (2, 3)").reset_index(drop=True)
    s = of(f.assign(d=(f["g"] > 0) * 1, period=f["t"], when=f["t"]))
    with pytest.raises(IdentificationError, match=r"is not clear.*period, when"):
        me.att_2x2(s, "y", "d", (2, 3))
    by_name = me.att_2x2(s, "y", "d", {"when": (2, 3)})
    assert by_name.value[0] == me.att_2x2(s, "y", "d", "t").value[0]
    three = of(made({0: 20, 3: 20})).with_columns({"d": (made({0: 20, 3: 20})["g"] > 0) * 1})
    some = me.att_2x2(three, "y", "d", {"t": (2, 3)})
    assert some.value[0] == pytest.approx(by_name.value[0], rel=1e-12)
    assert any("rows of other periods are outside" in n for n in some.notes)


def test_an_order_of_waves_in_words_is_stated_for_a_staggered_design() -> None:
    words = dict(zip(T, ["enrolment", "exit", "half", "year", "later", "last"], strict=True))
    s, plain = of(relabelled(words)), of(made())
    with pytest.raises(IdentificationError, match=r'time=\{"t": \(first, ..., last\)\}'):
        me.att_gt(s, "y", "g", "t", "id")
    stated = {"t": tuple(words.values())}
    np.testing.assert_allclose(
        me.att_gt(s, "y", "g", stated, "id").estimate.value,
        me.att_gt(plain, "y", "g", "t", "id").estimate.value,
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        me.sun_abraham(s, "y", "g", "id", stated).value,
        me.sun_abraham(plain, "y", "g", "id", "t").value,
        rtol=1e-12,
    )


def test_decimal_years_are_matched_within_a_tolerance() -> None:
    """Months as years: event times fall on the months, starts to two or four decimals as well."""
    f = made()
    month = {k: 2003 + (k - 1) / 12 for k in T}
    plain = me.att_gt(of(f), "y", "g", "t", "id")
    for digits in (2, 4, 15):
        start = f["g"].map({0: 0.0, **month}).round(digits)
        decimal = me.att_gt(of(f.assign(t=f["t"].map(month), g=start)), "y", "g", "t", "id")
        np.testing.assert_allclose(decimal.estimate.value, plain.estimate.value, rtol=1e-12)
        one, other = decimal.aggregate("event"), plain.aggregate("event")
        np.testing.assert_allclose(one.keys["event_time"] * 12, other.keys["event_time"], atol=1e-6)
        np.testing.assert_allclose(one.value, other.value, rtol=1e-12)
    both = of(f.assign(t=f["t"].map(month).round(4), g=f["g"].map({0: 0.0, **month}).round(4)))
    study = me.sun_abraham(both, "y", "g", "id", "t")
    np.testing.assert_allclose(
        study.value, me.sun_abraham(of(f), "y", "g", "id", "t").value, rtol=1e-9
    )


def test_a_cohort_between_rounds_says_where_it_counts() -> None:
    f = made()
    two_years = {k: 2001 + 2 * k for k in T}
    start = f["g"].map({0: 0, 3: 2006, 5: 2011})
    found = me.att_gt(of(f.assign(t=f["t"].map(two_years), g=start)), "y", "g", "t", "id")
    note = "Cohort 2006 is no period: it counts as treated from 2007 on, its event time 1."
    assert note in found.estimate.notes
    plain = me.att_gt(of(f), "y", "g", "t", "id").to_frame()
    np.testing.assert_allclose(found.to_frame()["att"], plain["att"], rtol=1e-12)
    quarters = {k: v for k, v in QUARTERS.items() if k != 3}
    some = f[f["t"] != 3]
    named = some.assign(t=some["t"].map(quarters), g=some["g"].map({0: None, **QUARTERS}))
    late = me.att_gt(of(named), "y", "g", "t", "id")
    assert f"Cohort {QUARTERS[3]} is no period: it counts as treated from {QUARTERS[4]} on" in (
        " ".join(late.estimate.notes)
    )


def test_a_cohort_lost_by_balancing_is_named() -> None:
    f = made()
    gone = f.assign(y=f["y"].where(~((f["g"] == 5) & (f["t"] == 2))))
    found = me.att_gt(of(gone), "y", "g", "t", "id")
    assert any(n.startswith("Nobody of cohort 5 (25 units) has 'y'") for n in found.estimate.notes)
    nevers = f.assign(y=f["y"].where(~((f["g"] == 0) & (f["t"] == 2))))
    with pytest.raises(IdentificationError, match="30 units never treated, none with 'y'"):
        me.att_gt(of(nevers), "y", "g", "t", "id")
    weightless = me.Sample.from_frame(f.assign(w=(f["g"] > 0) * 1.0), weights="w", psu="id")
    with pytest.raises(IdentificationError, match="only 180 rows with weight 0"):
        me.att_gt(weightless, "y", "g", "t", "id")


def test_a_covariate_that_changes_means_the_same_in_a_sample_and_in_a_panel() -> None:
    """The value of the unit's first period, and it is said."""
    f = made()
    f = f.assign(age=20 + f["x"] + f["t"])
    fixed = me.att_gt(of(f.assign(age=20 + f["x"] + 1)), "y", "g", "t", "id", covariates=["age"])
    moving = me.att_gt(of(f), "y", "g", "t", "id", covariates=["age"])
    panel = me.TracerPanel.from_frame(f, unit="id", wave="t", weights="w", psu="id")
    waves = me.att_gt(panel, "y", "g", covariates=["age"])
    for found in (moving, waves):
        np.testing.assert_allclose(found.estimate.value, fixed.estimate.value, rtol=1e-9)
        np.testing.assert_allclose(found.estimate.se, fixed.estimate.se, rtol=1e-9)
        assert any(n.startswith("age changes over time") for n in found.estimate.notes)
    assert not any("changes over time" in n for n in fixed.estimate.notes)


def test_a_panel_is_the_long_sample_of_its_waves() -> None:
    f = made()
    panel = me.TracerPanel.from_frame(f, unit="id", wave="t", weights="w", psu="id")
    s = of(f)
    for verb in (
        lambda d, **k: me.att_gt(d, "y", "g", **k).estimate,
        lambda d, **k: me.sun_abraham(d, "y", "g", **k),
        lambda d, **k: me.imputation(d, "y", "g", by="event", **k),
        lambda d, **k: me.two_way(d, "y", "on", **k),
    ):
        one, other = verb(panel), verb(s, unit="id", time="t")
        np.testing.assert_allclose(one.value, other.value, rtol=1e-10)
        np.testing.assert_allclose(one.se, other.se, rtol=1e-10)


def test_units_seen_once_carry_nothing_and_are_said() -> None:
    f = made({0: 5, 3: 40})
    once = FRAME({"id": np.arange(900, 1000), "t": np.arange(100) % 6 + 1, "g": 0, "x": 0})
    once = once.assign(y=np.sin(np.arange(100)), on=0, e=np.inf, w=1.0)
    for verb in (
        lambda s: me.two_way(s, "y", "on", unit="id", time="t"),
        lambda s: me.imputation(s, "y", "g", "id", "t"),
        lambda s: me.sun_abraham(s, "y", "g", "id", "t", by="att"),
    ):
        plain, more = verb(of(f)), verb(of(pd.concat([f, once], ignore_index=True)))
        assert more.value[0] == pytest.approx(plain.value[0], rel=1e-9)
        assert more.degf <= plain.degf + 1e-9 and more.doubtful == plain.doubtful
        assert any(n.startswith("100 units are seen once") for n in more.notes)


def test_float_keys_are_the_numbers_they_are() -> None:
    f = made()
    plain = me.att_gt(of(f), "y", "g", "t", "id").estimate
    floats = me.att_gt(of(f.assign(id=f["id"].astype(float))), "y", "g", "t", "id").estimate
    np.testing.assert_array_equal(floats.value, plain.value)
    halves = of(f.assign(key=f["id"] + 0.5))
    with pytest.raises(IdentificationError, match="column 'key'"):
        me.att_gt(halves, "y", "g", "t", "key")
    shuffled = f.sample(frac=1, random_state=3).reset_index(drop=True)
    other = me.att_gt(of(shuffled), "y", "g", "t", "id").estimate
    np.testing.assert_allclose(other.value, plain.value, rtol=1e-12)
    np.testing.assert_allclose(other.se, plain.se, rtol=1e-12)
