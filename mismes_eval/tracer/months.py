"""Time in months: calendar months as whole numbers, and elapsed time from real dates, never from
the nominal wave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mismes_eval.errors import EstimateError, InputError, Problem, in_column, worded
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import held

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel

DAYS = 30.4375  # a month, on average over four years


def month_number(months: pd.Series) -> Float:
    """'2021-03' -> 2021 * 12 + 2, as floats; NaN where missing. Dates and periods are taken too;
    anything else is refused.
    """
    if pd.api.types.is_datetime64_any_dtype(months):
        return np.asarray(months.dt.year * 12 + months.dt.month - 1, float)
    bad = unreadable_months(months)
    if bad.any():
        raise InputError(not_months(months, bad))
    code, level = pd.factorize(months.astype(object).where(months.notna(), None))
    number = np.array(
        [int(str(value)[:4]) * 12 + int(str(value)[5:7]) - 1 for value in level] + [np.nan]
    )
    return np.asarray(number[code], float)


def interview_months(panel: TracerPanel) -> Float:
    """(n, waves) calendar month of each interview; NaN where there is none."""
    return np.append(month_number(dates(panel.long["fieldwork_date"])), np.nan)[panel.row]


def unreadable_months(months: pd.Series) -> Bool:
    """(n,) where a value is given and is no month."""
    if pd.api.types.is_datetime64_any_dtype(months):
        return np.zeros(len(months), bool)
    code, level = pd.factorize(months)
    readable = pd.Series(level).astype(str).str.match(r"\d{4}-(0[1-9]|1[0-2])(?!\d)")
    return np.append(~readable.to_numpy(bool), False)[code]  # a missing cell has code -1


def not_months(months: pd.Series, bad: Bool) -> Problem:
    """The problem of values that are no months, bad (n,)."""
    rows = np.flatnonzero(bad)
    return Problem(
        what="a month cannot be read",
        where=in_column(months.name) if months.name is not None else "",
        expected="year and month, as in 2021-03",
        got=str(months.iloc[rows[0]]),
        count=int(rows.size),
        rows=tuple(rows.tolist()),
    )


def month_label(number: float) -> str:
    """2021 * 12 + 2 -> '2021-03'."""
    return f"{int(number) // 12}-{int(number) % 12 + 1:02d}"


def state_text(level: Sequence[object]) -> NDArray[np.object_]:
    """(k + 1,) the levels and None, so that code -1 gives None."""
    out: NDArray[np.object_] = np.full(len(level) + 1, None, dtype=object)
    out[:-1] = list(level)
    return out


def dates(values: object) -> pd.Series:
    """Dates of a column that holds dates or ISO text; NaT where missing."""
    series = pd.Series(values)
    return (
        series
        if pd.api.types.is_datetime64_any_dtype(series)
        else pd.to_datetime(series, format="ISO8601", errors="coerce")
    )


@held(InputError)
def elapsed(panel: TracerPanel, since: str, on: str = "fieldwork_date") -> Float:
    """(n, T) months from a date of the person (enrol_date, event_date) to the date `on` of each
    wave; NaN where either is missing.
    """
    EstimateError.refuse(
        Problem(
            "elapsed time needs dates",
            in_column(column),
            worded("'{since}' of the persons and '{on}' of the waves", {"since": since, "on": on}),
        )
        for column, frame in ((since, panel.sample.frame), (on, panel.long))
        if column not in frame.columns
    )
    start = dates(panel.sample.frame[since]).to_numpy(dtype="datetime64[D]")
    end = np.append(
        dates(panel.long[on]).to_numpy(dtype="datetime64[D]"), np.datetime64("NaT", "D")
    )[panel.row]
    days = (end - start[:, None]) / np.timedelta64(1, "D")
    return np.asarray(days / DAYS, float)
