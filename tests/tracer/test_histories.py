"""Work histories: the Job Corps spells, calendars and back, months by hand, first events with their
censoring, the seam effect as counted.
"""

import json
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.tracer import (
    elapsed,
    first_event,
    flow,
    flow_diagram,
    hazard,
    monthly,
    seam_effect,
    sequence_plot,
    sequences,
    wave_states,
)
from mismes_eval.tracer.months import month_label, month_number


@pytest.mark.shared
@pytest.mark.golden
def test_job_corps_spells(shared: Path) -> None:
    folder = shared / "reference" / "panel"
    raw = pd.read_csv(folder / "jobcorps_lee2009_weekly_employment.csv.gz")
    r = json.loads((folder / "jobcorps_duration_ref.json").read_text())["spells"]
    spells = me.episodes(raw, [f"emp_{k}" for k in range(1, 209)], unit="row")
    work = spells[spells["state"] == 1]
    assert len(work) == r["employment_spells"] == 23_884
    assert int(work["right_censored"].sum()) == r["right_censored"]
    assert int(work["left_censored"].sum()) == r["left_censored"]
    assert int(work.groupby("row").size().max()) == r["max_spells"]
    assert len(raw) - work["row"].nunique() == r["persons_never"]
    assert int(work["length"].sum()) == r["person_weeks_employed"]
    np.testing.assert_allclose(work["length"].mean(), r["mean_length_all"], rtol=1e-12)


def history() -> me.TracerPanel:
    """Four persons: a job in month 3, abroad in month 2, employed from the start, lost after
    enrolment (and seen abroad by a neighbour a year later).
    """
    persons = pd.DataFrame(
        {
            "person_id": list("abcd"),
            "country": "MDA",
            "enrol_date": pd.Timestamp("2021-01-15"),
            "w": [1.0, 2.0, 3.0, 4.0],
            "psu": list("abcd"),
        }
    )
    rows = [
        ("a", 0, "1.1", "2021-01-15"),
        ("a", 1, "1.1", "2021-07-20"),
        ("b", 0, "1.1", "2021-01-15"),
        ("b", 1, "2.51", "2021-07-01"),
        ("c", 0, "1.1", "2021-01-15"),
        ("c", 1, "1.1", "2021-08-02"),
        ("d", 0, "1.1", "2021-01-15"),
        ("d", 1, "2.53", "2021-07-10"),
    ]
    waves = pd.DataFrame(rows, columns=["person_id", "wave", "disp_code", "fieldwork_date"]).assign(
        fieldwork_date=lambda f: pd.to_datetime(f["fieldwork_date"])
    )
    spells = [
        ("a", "2020-06", "2021-03", "UNEMP"),
        ("a", "2021-04", None, "EMP_WAGE"),
        ("b", "2020-12", "2021-02", "OLF"),
        ("b", "2021-03", None, "ABROAD_EMP"),
        ("c", "2019-01", None, "EMP_SELF"),
        ("d", "2020-01", None, "UNEMP"),
    ]
    e = pd.DataFrame(spells, columns=["person_id", "start_ym", "end_ym", "state"])
    p = me.TracerPanel.from_frame(
        waves, sample=me.Sample.from_frame(persons, weights="w", psu="psu"), disposition="disp_code"
    )
    return replace(p, episodes=e)


def test_months_follow_dates_and_stop_at_the_last_interview() -> None:
    p = history()
    state = monthly(p, after=8)
    assert state[0].tolist() == ["UNEMP"] * 3 + ["EMP_WAGE"] * 4 + [None, None]
    assert state[1].tolist() == ["OLF"] * 2 + ["ABROAD_EMP"] * 5 + [None, None]
    assert state[3].tolist() == ["UNEMP"] + [None] * 8
    assert monthly(p, before=2, after=1)[0].tolist() == ["UNEMP"] * 4
    np.testing.assert_allclose(elapsed(p, "enrol_date")[0], [0, 186 / 30.4375])
    assert month_label(month_number(pd.Series(["2021-03"]))[0]) == "2021-03"


def test_first_events_compete_and_are_censored() -> None:
    p = history()
    s = first_event(p, {"job": ("EMP_WAGE", "EMP_SELF"), "abroad": ("ABROAD_EMP", "ABROAD_NOEMP")})
    inside = s.active
    assert inside.tolist() == [
        True,
        True,
        False,
        False,
    ]  # c works at the start, d has no interview after it
    assert s.frame.loc[inside, "duration"].tolist() == [3.0, 2.0]
    assert s.frame.loc[inside, "cause"].tolist() == ["job", "abroad"]
    assert any("not at risk" in n for n in s.notes)
    gone = first_event(p, {"abroad": ("ABROAD_EMP",)}, abroad="abroad")
    assert gone.frame["duration"].tolist() == [6.0, 2.0, 7.0, 6.0]
    assert gone.frame["event"].tolist() == [0.0, 1.0, 0.0, 1.0]
    e = me.cumulative_incidence(gone, "duration", "cause", "abroad", times=[2, 6])
    np.testing.assert_allclose(e.value, [2 / 10, 2 / 10 + 8 / 10 * 4 / 8])
    np.testing.assert_allclose(
        hazard(gone, "abroad").value, (2 + 4) / (6 * 1 + 2 * 2 + 7 * 3 + 6 * 4)
    )
    with pytest.raises(me.EstimateError, match="overlap"):
        first_event(p, {"a": ("EMP_WAGE",), "b": ("EMP_WAGE",)})


def test_calendar_and_spells_are_each_others_inverse() -> None:
    p = history()
    months = me.calendar(p.episodes, "2020-12", "2021-06")
    expected = ["UNEMP", "UNEMP", "EMP_WAGE"]
    assert months.loc[0, ["2020-12", "2021-03", "2021-04"]].tolist() == expected
    until = pd.Series(["2021-05"], index=["a"])
    assert me.calendar(p.episodes, "2020-12", "2021-06", until=until).loc[0, "2021-06"] is None
    back = me.episodes(months, list(months.columns[1:]))
    assert back[back["person_id"] == "a"][
        ["state", "start", "end", "right_censored"]
    ].to_numpy().tolist() == [["UNEMP", 1, 4, False], ["EMP_WAGE", 5, 7, True]]
    with pytest.raises(me.InputError, match="unknown column"):
        me.episodes(months, ["1999-01"])


def test_seam_effect_counts_changes_after_interviews() -> None:
    p = history()
    e = pd.concat(
        [
            p.episodes.iloc[[0]].assign(end_ym="2021-01"),
            p.episodes.iloc[[1]].assign(start_ym="2021-02"),
            p.episodes.iloc[2:],
        ],
        ignore_index=True,
    )
    out = seam_effect(
        replace(p, episodes=e), states=("EMP_WAGE", "EMP_SELF", "ABROAD_EMP"), after=6
    )
    # seams: a, b and c after enrolment, weights 1, 2, 3, where a changes; elsewhere 5 months each,
    # where b changes once
    np.testing.assert_allclose(out.value, [1 / 6, 2 / (5 * 6), (1 / 6) / (2 / 30)])
    assert (out.se > 0).all()


def test_spells_from_waves(panel: me.TracerPanel) -> None:
    told = panel.long.assign(job=panel.long["job"].astype("boolean").where(panel.long["y"].notna()))
    p = me.TracerPanel.from_frame(told, sample=panel.sample, disposition="disp")
    runs = wave_states(p, "job")
    one = runs[runs["person_id"] == runs["person_id"].iloc[0]]
    assert one["start_gap"].isna().tolist()[0]
    assert one["end_gap"].isna().tolist()[-1]
    assert (
        runs.groupby("person_id")["state"].apply(
            lambda s: (s.to_numpy()[1:] != s.to_numpy()[:-1]).all()
        )
    ).all()


def test_panel_transitions_and_sequences() -> None:
    p = history()
    e = me.transitions(p, "disp_code", minimum=0)
    assert e.keys["transitions"].sum() == 3  # d did not answer the second wave
    table = sequences(p, after=6)
    np.testing.assert_allclose(table[table.columns[2:]].sum(axis=1), 1.0)
    assert table["n"].tolist() == [4, 3, 3, 3, 3, 3, 3]
    for axes in (sequence_plot(p, after=6), flow_diagram(p, 100)):
        assert axes.figure is not None
        plt.close(axes.figure)
    steps = flow(p, 100)
    assert steps["n"].tolist() == [100, 4, 4, 3, 3]
    assert "abroad 1" in steps["lost"].iloc[3]
