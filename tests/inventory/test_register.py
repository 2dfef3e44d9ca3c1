"""Identity: the register's statuses partition the measures and move with the day; property: the
calendar obeys RFC 5545.
"""

from datetime import date

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
    assert (
        statuses(six, date(2025, 8, 31))["MDA-004"] == "due next"
        and statuses(six, date(2025, 9, 1))["MDA-004"] == "overdue"
    )


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
    assert len(register.overdue()) == 3
