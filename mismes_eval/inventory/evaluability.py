"""What an evaluation needs: whether the measure still runs, has a list of participants, somebody to
compare them with, and money left; and when somebody should be reminded of it.
"""

from __future__ import annotations

import pandas as pd

QUESTIONS = ("running", "participant_list", "comparison_group", "budget_left")
NOTICE = 14  # days from the day of the register to the first reminder
MONDAY = 0


def evaluability(frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The four questions (boolean, missing where nothing is recorded), score (yes among the four, 0
    to 4) and not_recorded (names of the questions without an answer, joined by ;). A question
    without an answer adds nothing to the score.
    """
    answers = pd.DataFrame(
        {
            "running": running(frame, day),
            **{name: _answer(frame, name) for name in QUESTIONS[1:]},
        },
        index=frame.index,
    )
    unknown = answers.isna()
    return answers.assign(
        score=answers.fillna(False).astype(bool).sum(axis=1).astype("int64"),
        not_recorded=[
            ";".join(name for name in QUESTIONS if row[name]) for row in unknown.to_dict("records")
        ],
    )


def running(frame: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Whether a measure runs on the day: by its dates; without an end by `ongoing`."""
    end, start = frame["end_date"], frame["start_date"]
    runs = frame["ongoing"].astype("boolean")
    runs = runs.mask(end.notna(), (end >= day).astype("boolean"))
    return runs.mask(start.notna() & (start > day), False)


def _answer(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series(pd.NA, index=frame.index, dtype="boolean")
    return frame[name].astype("boolean")


def reminders(table: pd.DataFrame, day: pd.Timestamp, a_month: int) -> pd.Series:
    """Day of the reminder of each row: the due day where it lies ahead; measures past it one after
    another on first Mondays of the months ahead, `a_month` on each, the best to evaluate first
    (score, then budget). Missing where nothing is due.
    """
    due = table["due_date"].where(table["status"].isin(["overdue", "due next", "later"]))
    late = table[table["status"] == "overdue"]
    order = late.sort_values(
        ["score", "budget_eur", "measure_id"], ascending=[False, False, True]
    ).index
    reminded = due.copy()
    monday = _first_monday(day + pd.Timedelta(days=NOTICE))
    for place, row in enumerate(order):
        if place and place % a_month == 0:
            monday = _first_monday(monday + pd.Timedelta(days=1))
        reminded[row] = monday
    return reminded


def _first_monday(day: pd.Timestamp) -> pd.Timestamp:
    """The first Monday of a month that is not before the day."""
    first = day.replace(day=1)
    monday = first + pd.Timedelta(days=(MONDAY - first.weekday()) % 7)
    return monday if monday >= day else _first_monday(first + pd.DateOffset(months=1))
