"""Group-time comparisons that some layout cannot make are refused with their cohort, periods and
counts; those with gaps are means over the units seen in both periods; bands show what they hold.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me


def long(n: int = 60) -> pd.DataFrame:
    """n units in periods 1 to 4, treated from 2, from 3 or never; whole-number outcomes, unequal
    weights.
    """
    unit, t = np.repeat(np.arange(n), 4), np.tile(np.arange(1, 5), n)
    g = np.array([0, 2, 3])[unit % 3]
    y = (unit * 7) % 11 + t * (1 + unit % 2) + np.where((g > 0) & (t >= g), 4, 0) + (unit * t) % 5
    return pd.DataFrame(
        {"unit": unit, "t": t, "g": g, "y": y.astype(float), "w": 1.0 + unit % 4, "psu": unit % 20}
    )


def gt(frame: pd.DataFrame, **options: object) -> me.GroupTime:
    return me.att_gt(me.Sample.from_frame(frame, weights="w"), "y", "g", "t", "unit", **options)  # type: ignore[arg-type]


def by_hand(frame: pd.DataFrame, g: float, base: int, t: int) -> tuple[float, int, int]:
    """Weighted mean change of the cohort less that of the never treated, among units with both
    outcomes; counts of both.
    """
    wide = frame.pivot(index="unit", columns="t", values="y")
    of = frame.groupby("unit")[["g", "w"]].first()
    change = wide[t] - wide[base]
    seen = change.notna()
    mean, count = {}, {}
    for who in (g, 0):
        rows = seen & (of["g"] == who)
        mean[who], count[who] = np.average(change[rows], weights=of["w"][rows]), int(rows.sum())
    return mean[g] - mean[0], count[g], count[0]


@pytest.mark.identity
@pytest.mark.parametrize("base", ["varying", "universal"])
def test_with_gaps_each_cell_is_a_difference_of_mean_changes(base: str) -> None:
    frame = long()
    frame.loc[(frame["unit"] % 7 == 1) & (frame["t"] == 2), "y"] = np.nan
    frame.loc[(frame["unit"] % 5 == 2) & (frame["t"] == 4), "y"] = np.nan
    table = gt(frame, unbalanced="pairs", base=base, method="none").to_frame()
    assert len(table) == (6 if base == "varying" else 8)
    for row in table.itertuples():
        if row.base == row.time:
            assert base == "universal"
            assert (row.att, row.n_treated, row.n_comparison) == (0.0, 0, 0)
            assert np.isnan(row.se)
            continue
        att, treated, compared = by_hand(frame, row.cohort, int(row.base), int(row.time))
        assert row.att == pytest.approx(att, abs=1e-12)
        expected = (treated, compared)
        assert (row.n_treated, row.n_comparison) == expected


@pytest.mark.identity
def test_cross_sections_with_a_universal_base_are_four_means() -> None:
    frame = long()
    found = me.att_gt(
        me.Sample.from_frame(frame, weights="w"), "y", "g", "t", method="none", base="universal"
    ).to_frame()
    mean = frame.groupby(["g", "t"])[["y", "w"]].apply(lambda f: np.average(f["y"], weights=f["w"]))
    assert len(found) == 8 and (found["base"] == found["time"]).sum() == 2
    for row in found.itertuples():
        g, t, b = row.cohort, row.time, row.base
        assert row.att == pytest.approx(
            mean[g, t] - mean[g, b] - mean[0, t] + mean[0, b], abs=1e-12
        )
        assert (row.n_treated, row.n_comparison) == ((40, 40) if t != b else (0, 0))


def refused(frame: pd.DataFrame, unit: str | None, **options: object) -> list[str]:
    with pytest.raises(me.IdentificationError) as caught:
        me.att_gt(
            me.Sample.from_frame(frame, weights="w"), "y", "g", "t", unit, method="none", **options
        )  # type: ignore[arg-type]
    return [
        f"{p.where}: {p.got}"
        for p in caught.value.problems
        if p.what == "a group-time comparison has no rows"
    ]


def test_a_cohort_never_seen_in_one_period_is_refused_in_every_comparison_that_needs_it() -> None:
    frame = long()
    frame.loc[(frame["g"] == 3) & (frame["t"] == 4), "y"] = np.nan
    assert refused(frame, "unit", unbalanced="pairs") == [
        "cohort 3, 2 to 4: 0 treated, 20 comparison"
    ]
    frame.loc[(frame["g"] == 0) & (frame["t"] == 1), "y"] = np.nan
    assert refused(frame, "unit", unbalanced="pairs") == [
        "cohort 2, 1 to 2: 20 treated, 0 comparison",
        "cohort 2, 1 to 3: 20 treated, 0 comparison",
        "cohort 2, 1 to 4: 20 treated, 0 comparison",
        "cohort 3, 1 to 2: 20 treated, 0 comparison",
        "cohort 3, 2 to 4: 0 treated, 20 comparison",
    ]


def test_a_cohort_without_rows_in_one_cross_section_is_refused() -> None:
    frame = long()
    frame = frame[~((frame["g"] == 3) & (frame["t"] == 1))]
    assert refused(frame, None) == ["cohort 3, 1 to 2: 20 treated, 40 comparison"]
    assert refused(frame, None, base="universal") == ["cohort 3, 2 to 1: 20 treated, 40 comparison"]


def test_a_replicate_that_loses_a_cohort_is_refused() -> None:
    """Cohort 3 lives in one PSU: the jackknife without it has nobody to compare."""
    frame = long()
    frame["psu"] = np.where(frame["g"] == 3, 99, frame["psu"])
    sample = me.replicates(me.Sample.from_frame(frame, weights="w", psu="psu"), method="jackknife")
    with pytest.raises(me.IdentificationError) as caught:
        me.att_gt(sample, "y", "g", "t", "unit", method="none")
    assert {(p.what, p.got) for p in caught.value.problems} == {
        ("a group-time comparison has no rows", "0 treated, 20 comparison")
    }
    expected = ["cohort 3, 1 to 2", "cohort 3, 2 to 3", "cohort 3, 2 to 4"]
    assert [p.where for p in caught.value.problems] == expected


def tracer(frame: pd.DataFrame) -> me.TracerPanel:
    return me.TracerPanel.from_frame(
        frame.rename(columns={"unit": "person_id", "t": "wave"}), weights="w"
    )


def test_a_tracer_panel_by_pairs_names_the_comparisons_without_rows() -> None:
    frame = long()
    frame.loc[(frame["g"] == 3) & (frame["t"] == 4), "y"] = np.nan
    with pytest.raises(me.IdentificationError) as caught:
        me.att_gt(tracer(frame), "y", "g", unbalanced="pairs", method="none")
    assert [(p.where, p.got) for p in caught.value.problems] == [
        ("cohort 3, 2 to 4", "0 treated, 20 comparison")
    ]


def test_pairs_of_waves_refuse_totals_with_an_error_of_their_own() -> None:
    """The same totals without an error are taken."""
    panel = tracer(long().assign(kind=lambda f: np.where(f["unit"] % 2, "a", "b")))
    totals = {"kind": {"a": 80.0, "b": 75.0}}
    known = me.calibrate(panel.sample, totals)
    exact = me.TracerPanel.from_frame(panel.long, sample=known)
    assert len(me.att_gt(exact, "y", "g", unbalanced="pairs", method="none").to_frame()) == 6
    guessed = me.calibrate(panel.sample, totals, total_se={"kind": {"a": 1.0, "b": 1.0}})
    with pytest.raises(
        me.IdentificationError, match="totals with an error of their own cannot be had together"
    ):
        me.att_gt(
            me.TracerPanel.from_frame(panel.long, sample=guessed),
            "y",
            "g",
            unbalanced="pairs",
            method="none",
        )


def test_a_band_is_drawn_with_its_values_and_limits() -> None:
    found = gt(long())
    band = found.bands(seed=3)
    _, ax = plt.subplots()
    assert band.plot(ax) is ax
    table = band.to_frame()
    points = ax.lines[0]
    np.testing.assert_allclose(points.get_ydata(), table["value"])
    np.testing.assert_array_equal(points.get_xdata(), np.arange(6))
    np.testing.assert_allclose(
        [s[:, 1] for s in ax.collections[0].get_segments()], table[["low", "high"]]
    )
    assert [t.get_text() for t in ax.get_xticklabels()] == [
        f"cohort {g}, time {t}" for g in (2, 3) for t in (2, 3, 4)
    ]
    assert ax.get_title(loc="left") == f"Simultaneous 95% band, critical value {band.critical:.3f}"
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [0, 0])
    html = band._repr_html_()
    assert html.endswith(
        f"<p><small>Simultaneous 95% band, critical value {band.critical:.3f} (covariance, 10,000 draws).</small></p>"
    )
    assert html.count("<tr") == 7
    alone = band.plot()
    assert alone is not ax and alone.figure.get_size_inches().tolist() == [7, 4]


def test_a_band_of_an_event_study_is_labelled_by_event_time() -> None:
    estimate = gt(long()).aggregate("event")
    ax = me.sup_t(estimate, level=0.9, seed=1).plot()
    expected = ["event_time -1", "event_time 0", "event_time 1", "event_time 2"]
    assert [t.get_text() for t in ax.get_xticklabels()] == expected
    assert ax.get_title(loc="left").startswith("Simultaneous 90% band, critical value ")
