"""Dates that cannot be of the survey: after its year, after its last interview."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, in_columns, in_place, named, worded
from mismes_eval.numerics.rows import Float

LONGEST = 1  # years that interviews may reach into after the year of the survey


def refuse_late_interviews(persons: pd.DataFrame, file: str) -> None:
    """Raises InputError where interviews lie more than a year after the year of the survey."""
    if not {"year", "int_year"} <= {*persons.columns}:
        return
    year, interview = _number(persons["year"]), _number(persons["int_year"])
    late = interview > year + LONGEST
    InputError.refuse(
        Problem(
            what="interviews after the year of the survey",
            where=in_place(file, in_columns("year", "int_year")),
            expected="an interview in the year of the survey or the next",
            got=named(f"{value:g}" for value in np.unique(interview[late])),
            fix="Correct the year of the interview or that of the survey.",
        ).where_true(late, 2)
    )


def refuse_late_departures(absent: pd.DataFrame | None, persons: pd.DataFrame, file: str) -> None:
    """Raises InputError where absent members left in a year after that of the last interview."""
    years = [_number(persons[name]) for name in ("year", "int_year") if name in persons.columns]
    if absent is None or "dep_ym" not in absent.columns or not years:
        return
    told = np.concatenate(years)
    if np.isnan(told).all():
        return
    last = float(np.nanmax(told))
    late = _number(absent["dep_ym"].astype("string").str[:4]) > last
    InputError.refuse(
        Problem(
            what="departures after the last interview",
            where=in_place(file, in_column("dep_ym")),
            expected=worded("a month until {year:.0f}", {"year": last}),
            got=named(absent["dep_ym"][late].astype(str)),
            fix="Correct the months; one that is unknown is an empty cell.",
        ).where_true(late, 2)
    )


def _number(column: pd.Series) -> Float:
    """A column as floats, NaN where it has no number."""
    found = pd.to_numeric(column, errors="coerce")
    return found.to_numpy(dtype=float, na_value=np.nan)
