"""The evaluation register: which measures are past 24 months without an evaluation, which come
next, with the budget at stake.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from mismes_eval.errors import InputError, Problem
from mismes_eval.frame import codes
from mismes_eval.inventory.evaluability import QUESTIONS, evaluability, reminders
from mismes_eval.inventory.export import to_csv, to_excel
from mismes_eval.inventory.indicators import MONTHS_TO_EVALUATION, evaluated
from mismes_eval.inventory.own_amounts import CONFIDENTIAL, kinds_of_amounts
from mismes_eval.inventory.tree import Tree
from mismes_eval.public import held

STATUSES = ("overdue", "due next", "later", "evaluated", "no start date")
FOLD = 73
NOTICE_DAYS = 7  # before the day of an event, for its alarm
A_MONTH = 4  # overdue measures that are taken up on the first Monday of a month
WORKLIST = (
    *("reminder", "measure_id", "country", "title_en", "status", "due_date", "months_overdue"),
    *("score", *QUESTIONS, "not_recorded", "budget_eur", "implementer_name", "source_type"),
)
IDENTITY = ("measure_id", "country", "title_en", "model_primary", "start_date")
EVALUATION = ("eval_type", "eval_year", "impact_design")
MONEY = ("budget_eur", "implementer_name", "funder_main", "source_type")
ORDER = (
    *IDENTITY,
    *("months_since_start", "due_date", "status", "months_overdue", "recorded"),
    *EVALUATION,
    *("strength", "budget_eur", "budget_once", "implementer_name", "funder_main", "source_type"),
    *QUESTIONS,
    *("score", "not_recorded", "reminder"),
)


@dataclass(frozen=True)
class EvaluationRegister:
    """table: one row a measure; summary: status, measures, budget_eur, n_missing budget; on: the
    day it holds for.

    table columns: measure_id, country, title_en, model_primary, start_date, months_since_start,
    due_date, status, months_overdue, recorded (whether the record says anything about evaluation),
    eval_type, eval_year, impact_design, strength (0-5), budget_eur, budget_once (what of
    it is added up: empty where parts of the measure have budgets), implementer_name, funder_main,
    source_type, running, participant_list, comparison_group, budget_left (missing: not recorded),
    score (yes among these four), not_recorded, reminder (day, never before `on`).
    """

    table: pd.DataFrame
    summary: pd.DataFrame
    on: date

    def to_frame(self) -> pd.DataFrame:
        """The table, most overdue first."""
        return self.table.copy()

    def overdue(self) -> pd.DataFrame:
        """Measures past 24 months without an evaluation."""
        return self.table[self.table["status"] == "overdue"].reset_index(drop=True)

    @held(InputError)
    def with_evaluated(self, measures: Collection[str]) -> EvaluationRegister:
        """The register in which these measures are evaluated, whatever the inventory records of
        them: nothing of theirs is due.
        """
        mine = self.table["measure_id"].astype(str).isin(measures)
        table = self.table.assign(
            status=self.table["status"].mask(mine, "evaluated"),
            months_overdue=self.table["months_overdue"].mask(mine),
            reminder=self.table["reminder"].mask(mine),
        )
        return replace(self, table=table, summary=_summary(table))

    def worklist(self) -> pd.DataFrame:
        """What is to be evaluated, in the order of the reminders: overdue ones that can be
        evaluated best first.
        """
        due = self.table[self.table["reminder"].notna()]
        ranked = due.sort_values(
            ["reminder", "score", "budget_eur", "measure_id"], ascending=[True, False, False, True]
        )
        return ranked[list(WORKLIST)].reset_index(drop=True)

    def to_csv(self, path: str | Path) -> Path:
        """The table as CSV, text kept text."""
        return to_csv(self.table, path)

    def to_excel(self, path: str | Path) -> Path:
        """The table, the work list and the summary as a workbook."""
        sheets = {"register": self.table, "work list": self.worklist(), "summary": self.summary}
        return to_excel(sheets, path)

    @held(InputError)
    def to_calendar(self, path: str | Path) -> Path:
        """An iCalendar file (RFC 5545), one all-day event with an alarm a week before it (later,
        where that would lie behind) for each measure that is due, on the day of its reminder: no
        event and no alarm lies before the day of the register.
        """
        path = Path(path)
        path.write_bytes(
            calendar(
                self.table[self.table["status"].isin(["overdue", "due next", "later"])], self.on
            ).encode("utf-8")
        )
        return path

    def _repr_html_(self) -> str:
        return self.summary.to_html(index=False) + self.overdue().to_html(index=False, na_rep="")


def evaluation_due(
    frame: pd.DataFrame,
    on: date | str,
    months: int = MONTHS_TO_EVALUATION,
    ahead: int = 12,
    a_month: int = A_MONTH,
) -> EvaluationRegister:
    """Every measure with its evaluation status on the day `on`.

    Parameters
    ----------
    on : the day, a date or YYYY-MM-DD; required, so that the register of a day can be made again.
    months : an evaluation is due this long after the start.
    ahead : months that count as "due next".
    a_month : overdue measures that are reminded of on the first Monday of each month ahead.

    A measure is evaluated when eval_done is TRUE and eval_type is more than monitoring; no record
    of an evaluation counts as none (`recorded` is then False).
    """
    if isinstance(on, str):
        with suppress(ValueError):
            on = date.fromisoformat(on)
    if not isinstance(on, date):
        raise InputError(
            Problem("on is not a day", "evaluation_due", "a datetime.date or YYYY-MM-DD", repr(on))
        )
    if a_month < 1:
        raise InputError(Problem("too few reminders a month", "a_month", "1 or more", str(a_month)))
    day = pd.Timestamp(on).normalize()
    start = frame["start_date"]
    due = start + pd.DateOffset(months=months)
    status = _status(frame, due, day, ahead)
    strength = codes("impact_designs").set_index("code")["strength"].astype(int)
    table = (
        frame[[*IDENTITY, *EVALUATION, *MONEY]]
        .assign(
            months_since_start=_months(start, day),
            due_date=due,
            status=status,
            months_overdue=_months(due, day).where(status == "overdue"),
            recorded=frame["eval_done"].notna(),
            strength=frame["impact_design"].map(strength),
            budget_once=Tree.of(frame).amounts()["budget_eur"],
        )
        .join(evaluability(frame, day))
    )
    table["status"] = pd.Categorical(table["status"], STATUSES, ordered=True)
    table = table.sort_values(["status", "due_date", "measure_id"], ignore_index=True)
    table["status"] = table["status"].astype("str")
    table["reminder"] = reminders(table, day, a_month)
    table = table[list(ORDER)]
    return EvaluationRegister(table, _summary(table), on)


def _status(frame: pd.DataFrame, due: pd.Series, day: pd.Timestamp, ahead: int) -> pd.Series:
    status = pd.Series("later", index=frame.index)
    status[due <= day + pd.DateOffset(months=ahead)] = "due next"
    status[due <= day] = "overdue"
    status[frame["start_date"].isna()] = "no start date"
    status[evaluated(frame)] = "evaluated"
    return status


def _months(start: pd.Series, day: pd.Timestamp) -> pd.Series:
    """Whole months from start to day."""
    months: pd.Series = (
        (day.year - start.dt.year) * 12 + (day.month - start.dt.month) - (start.dt.day > day.day)
    )
    counted: pd.Series = months.astype("float64")
    return counted


def _summary(table: pd.DataFrame) -> pd.DataFrame:
    money = table[["budget_once", "budget_eur"]]
    parts = [(status, money[table["status"] == status]) for status in STATUSES]
    return pd.DataFrame(
        [
            (status, len(p), float(p["budget_once"].sum()), int(p["budget_eur"].isna().sum()))
            for status, p in parts
        ],
        columns=["status", "measures", "budget_eur", "n_missing"],
    )


def calendar(table: pd.DataFrame, on: date) -> str:
    """iCalendar text: CRLF, folded at 75 octets, text escaped; stamps come from `on`, so the same
    register gives the same file.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//mismes-eval//evaluation register//EN",
        "CALSCALE:GREGORIAN",
    ]
    for row in table.to_dict("records"):
        budget = f"budget {_budget(row)}"
        made_up = "SYNTHETIC. " if row["source_type"] == "SYNTHETIC" else ""
        implementer = (
            "not recorded" if pd.isna(row["implementer_name"]) else row["implementer_name"]
        )
        text = (
            f"{made_up}Status on {on}: {row['status']}; due on {row['due_date'].date()}; started"
            f" {row['start_date'].date()}, {budget}, implementer {implementer}. Can be evaluated:"
            f" {row['score']} of {len(QUESTIONS)}"
            f" (not recorded: {row['not_recorded'].replace(';', ', ') or 'none'})"
        )
        lines += [
            "BEGIN:VEVENT",
            f"UID:{row['measure_id']}@mismes-eval",
            f"DTSTAMP:{on:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{row['reminder']:%Y%m%d}",
            f"SUMMARY:{_escape('Evaluation due: ' + row['measure_id'] + ' ' + row['title_en'])}",
            f"DESCRIPTION:{_escape(text)}",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"TRIGGER:{_alarm(row['reminder'].date(), on)}",
            f"DESCRIPTION:{_escape('Evaluation due: ' + row['measure_id'])}",
            "END:VALARM",
            "END:VEVENT",
        ]
    return "\r\n".join(part for line in [*lines, "END:VCALENDAR"] for part in _fold(line)) + "\r\n"


def _budget(row: Mapping[Any, Any]) -> str:
    """The budget of a row; a site leaves amounts out that were told in confidence."""
    if not pd.isna(row["budget_eur"]):
        return f"EUR {row['budget_eur']:,.0f}"
    confidential = kinds_of_amounts(pd.DataFrame([row])).iloc[0] == CONFIDENTIAL
    return "not recorded, or told in confidence" if confidential else "not recorded"


def _alarm(reminder: date, on: date) -> str:
    """When an alarm goes off: a week before the day of the event, or as much of it as lies ahead;
    on the morning of the day where that is tomorrow.
    """
    days = min(NOTICE_DAYS, (reminder - on).days - 1)
    return f"-P{days}D" if days > 0 else "PT9H"


def _escape(text: str) -> str:
    return (
        text.replace("\\", "\\\\")
        .replace(";", "\\;")
        .replace(",", "\\,")
        .replace("\r", "")
        .replace("\n", "\\n")
    )


def _fold(line: str) -> list[str]:
    parts = []
    part = ""
    for letter in line:
        if len((part + letter).encode("utf-8")) > FOLD:
            parts.append(part)
            part = " "
        part += letter
    return [*parts, part]
