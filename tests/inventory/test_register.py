"""Identity: the register's statuses partition the measures and move with the day; property: the
calendar obeys RFC 5545.
"""

import re
from datetime import date

import openpyxl
import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError

pytestmark = pytest.mark.identity


def statuses(inv, on):
    return inv.evaluation_due(on=on).table.set_index("measure_id")["status"].to_dict()


def test_statuses_of_six_measures(six):
    found = statuses(six, date(2024, 6, 30))
    assert found == {
        "MDA-001": "overdue",
        "MDA-002": "overdue",
        "MDA-003": "overdue",
        "MDA-004": "later",
        "MDA-005": "evaluated",
        "MDA-006": "no start date",
    }
    assert statuses(six, date(2024, 9, 1))["MDA-004"] == "due next"
    assert statuses(six, date(2025, 8, 31))["MDA-004"] == "due next"
    assert statuses(six, date(2025, 9, 1))["MDA-004"] == "overdue"


def test_summary_adds_up_with_budget_at_stake(six):
    register = six.evaluation_due(on=date(2024, 6, 30))
    assert register.summary["measures"].sum() == 6
    overdue = register.summary.set_index("status").loc["overdue"]
    assert overdue[["measures", "budget_eur", "n_missing"]].tolist() == [3, 400000, 1]
    assert register.table.set_index("measure_id").loc["MDA-001", "months_overdue"] == 29
    assert register.table.set_index("measure_id").loc["MDA-005", "strength"] == 3


def test_no_record_of_an_evaluation_is_none_but_said(write, measure):
    read = inventory.read(write([measure(1, eval_done="")]))
    row = read.evaluation_due(on=date(2024, 1, 1)).table.iloc[0]
    assert row["status"] == "overdue" and not row["recorded"]


def test_the_day_must_be_a_day(six):
    for on in ("2024-13-01", "soon", 2024):
        with pytest.raises(InputError, match="not a day"):
            six.evaluation_due(on=on)
    pd.testing.assert_frame_equal(
        six.evaluation_due(on="2024-01-01").table, six.evaluation_due(on=date(2024, 1, 1)).table
    )


def test_calendar(tmp_path, write, measure):
    title = "Aide au retour; r\u00e9int\u00e9gration, \u00e9tape 1\\2 " + "tr\u00e8s longue " * 12
    read = inventory.read(
        write(
            [
                measure(1, title_en=title),
                measure(2, start_date="2023-01-31"),
                measure(3, eval_done="TRUE", eval_type="FINAL", eval_year="2022"),
            ]
        )
    )
    register = read.evaluation_due(on=date(2024, 6, 30))
    raw = register.to_calendar(tmp_path / "due.ics").read_bytes()
    lines = raw.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines) and b"\n" not in raw.replace(b"\r\n", b"")
    text = raw.decode("utf-8").replace("\r\n ", "")
    assert text.count("BEGIN:VEVENT") == 2 == text.count("END:VEVENT")
    assert "retour\\; r\u00e9int\u00e9gration\\, \u00e9tape 1\\\\2" in text and "SYNTHETIC" in text
    assert "DTSTART;VALUE=DATE:20250131" in text and "UID:MDA-002@mismes-eval" in text
    assert register.to_calendar(tmp_path / "again.ics").read_bytes() == raw


def test_register_as_tables(six, tmp_path):
    register = inventory.evaluation_due(six, on=date(2024, 6, 30))
    assert len(pd.read_csv(register.to_csv(tmp_path / "r.csv"))) == 6
    assert len(pd.read_excel(register.to_excel(tmp_path / "r.xlsx"), sheet_name="summary")) == 5
    sheets = openpyxl.load_workbook(tmp_path / "r.xlsx")
    for sheet in sheets:
        for head, *cells in sheet.iter_cols():
            shown = [str(cell.value or "").removesuffix(" 00:00:00") for cell in (head, *cells)]
            longest = max(map(len, shown))
            assert sheet.column_dimensions[head.column_letter].width >= min(longest, 60)
    late = register.overdue()
    assert len(late) == 3
    fewer = register.with_evaluated({late["measure_id"].iloc[0]})
    assert len(fewer.overdue()) == 2 and len(fewer.worklist()) == len(register.worklist()) - 1
    counts = (r.summary.set_index("status")["measures"] for r in (register, fewer))
    before, after = counts
    assert (after["overdue"], after["evaluated"]) == (2, before["evaluated"] + 1)


def test_reminders_lie_ahead_and_the_best_to_evaluate_comes_first(write, measure):
    euros = {n: str(n * 1000) for n in range(1, 8)}
    rows = [measure(n, budget_total=e, budget_eur=e, cost_overhead="") for n, e in euros.items()]
    rows[2] |= {"participant_list": "TRUE", "comparison_group": "TRUE", "budget_left": "FALSE"}
    rows[6] |= {"start_date": "2023-01-31", "ongoing": "TRUE"}
    on = date(2024, 6, 30)
    register = inventory.evaluation_due(inventory.read(write(rows)), on)
    work = register.worklist()
    assert (work["reminder"] > pd.Timestamp(on)).all() and len(work) == 7
    late = work[work["status"] == "overdue"]
    assert late["measure_id"].tolist() == [f"MDA-00{n}" for n in (3, 6, 5, 4, 2, 1)]
    assert (
        late["reminder"].tolist()
        == [pd.Timestamp("2024-08-05")] * 4 + [pd.Timestamp("2024-09-02")] * 2
    )  # first Mondays, at least two weeks ahead
    assert work.set_index("measure_id").loc["MDA-007", "reminder"] == pd.Timestamp("2025-01-31")


def test_what_an_evaluation_needs_is_counted_and_what_is_not_recorded_is_named(write, measure):
    rows = [
        measure(1, ongoing="TRUE", participant_list="TRUE", comparison_group="FALSE"),
        measure(2, ongoing="FALSE", end_date="2021-01-01"),
        measure(3, ongoing="", end_date=""),
        measure(4, ongoing="TRUE", end_date="", start_date="2030-01-01"),
    ]
    table = inventory.evaluation_due(inventory.read(write(rows)), date(2024, 6, 30)).table
    found = table.set_index("measure_id")[["score", "not_recorded", "running"]]
    assert found["score"].to_dict() == {"MDA-001": 2, "MDA-002": 0, "MDA-003": 0, "MDA-004": 0}
    assert found.loc["MDA-001", "not_recorded"] == "budget_left"
    assert found.loc["MDA-003", "not_recorded"].startswith("running;participant_list")
    assert found["running"].astype(object).tolist()[0] is True
    assert not found.loc["MDA-004", "running"]


def test_no_event_of_the_calendar_lies_in_the_past(six, tmp_path):
    text = six.evaluation_due(date(2040, 1, 1)).to_calendar(tmp_path / "d.ics").read_text("utf-8")
    days = [line.split(":")[1].strip() for line in text.splitlines() if "DTSTART" in line]
    assert len(days) == 4 and all(day > "20400101" for day in days)
    assert text.count("BEGIN:VALARM") == 4


def test_no_alarm_lies_before_the_day_of_the_register(write, measure, tmp_path):
    """Due tomorrow, in three days, in a month: the alarm is on the day, two days and a week before."""
    starts = ("2022-07-02", "2022-07-04", "2022-08-01")
    rows = [
        measure(n, start_date=day, eval_done="", end_date="") for n, day in enumerate(starts, 1)
    ]
    on = date(2024, 7, 1)
    path = inventory.read(write(rows)).evaluation_due(on).to_calendar(tmp_path / "due.ics")
    text = path.read_text(encoding="utf-8")
    assert re.findall("TRIGGER:(.*)", text) == ["PT9H", "-P2D", "-P7D"]
    assert re.findall("DATE:(.*)", text) == ["20240702", "20240704", "20240801"]
