"""Numbers and days outside the range of their column, and missing codes inside it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, named, worded
from mismes_eval.frame.parse import rows
from mismes_eval.frame.template import Column

SENTINELS = (
    -99.0,
    -98.0,
    -97.0,
    -9.0,
    -8.0,
    -7.0,
    -1.0,
    9.0,
    98.0,
    99.0,
    998.0,
    999.0,
    9998.0,
    9999.0,
    99999.0,
    999999.0,
    9999999.0,
    99999999.0,
)


HEAPS = (98.0, 99.0, 998.0, 999.0, 9999.0)


def out_of_range(values: pd.Series, column: Column) -> list[Problem]:
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    number = values.to_numpy(float)
    outside = pd.Series((number < low) | (number > high), index=values.index)
    if not outside.any():
        return []
    weight = _is_weight(column)
    coded = outside & values.isin(SENTINELS) & (not weight)  # a weight has no reason to be missing
    problems = []
    expected = f"{low:g} to {high:g} {column.unit}".strip()
    for value in values[coded].value_counts().index:
        fix = worded(
            "Declare it: missing={{'{name}': {{'{value}': 'NOTASKED'}}}} with the reason that the questionnaire gives.",
            {"name": column.name, "value": f"{value:g}"},
        )
        problems.append(
            Problem(
                what="undeclared missing code",
                where=column.name,
                expected=expected,
                got=worded("{value:g}", {"value": value}),
                fix=fix,
            ).in_rows(rows(coded & (values == value)))
        )
    odd = outside & ~coded
    if odd.any():
        got = named(f"{v:g}" for v in values[odd].unique())
        problems.append(
            Problem(
                what="out of range",
                where=column.name,
                expected=expected,
                got=got,
                fix=_beside_zeros(values) if weight else "Correct the cells or mend the source.",
            ).in_rows(rows(odd))
        )
    return problems


def _is_weight(column: Column) -> bool:
    return column.unit == "persons" and "weight" in column.description.lower()


def _beside_zeros(values: pd.Series) -> str:
    """How to mend weights that are negative, and what the weights of 0 among them do."""
    mend = "Correct the cells or mend the source; no row is dropped."
    zeros = int((values == 0).sum())
    if not zeros:
        return mend
    words = "Beside them {zeros:=row has|rows have} weight 0: {zeros:,}, outside the sample. {mend}"
    return worded(words, {"zeros": zeros, "mend": mend})


def day_range(values: pd.Series, column: Column, low: float, high: float) -> list[Problem]:
    """Days outside the years of the column."""
    first, last = int(low), int(high)
    outside = values.notna() & ~values.dt.year.between(first, last)
    if not outside.any():
        return []
    # year 0, which strftime does not know, among them
    days = values[outside].unique()
    got = named(f"{day.year:04d}-{day.month:02d}-{day.day:02d}" for day in days)
    return [
        Problem(
            what="out of range",
            where=column.name,
            expected=worded("a day of the years {first} to {last}", {"first": first, "last": last}),
            got=got,
            fix="Correct the cells; a day that is unknown or open is an empty cell.",
        ).in_rows(rows(outside))
    ]


def heaped(values: pd.Series, column: Column) -> list[Problem]:
    """A missing code inside the range (99 for an age): far more rows than its neighbours together
    have.
    """
    if column.kind != "int" or column.unit == "year" or column.high is None:
        return []
    problems = []
    for code in (top for top in HEAPS if (column.low or 0) <= top <= column.high):
        at = values == code
        if at.sum() < 10:
            continue
        near = int((values.between(code - 5, code + 5) & ~values.isin(HEAPS)).sum())
        if at.sum() > 5 * near:
            name = column.name
            fix = worded(
                "If it means missing: missing={{'{name}': {{'{value}': 'DK'}}}}; if it is true: missing={{'{name}': {{}}}}.",
                {"name": name, "value": f"{code:g}"},
            )
            got = worded(
                "{code:g} in {at} rows, its neighbours in {near}",
                {"code": code, "at": int(at.sum()), "near": near},
            )
            problems.append(
                Problem(
                    what="looks like an undeclared missing code",
                    where=name,
                    expected="values that go on smoothly",
                    got=got,
                    fix=fix,
                ).in_rows(rows(at))
            )
    return problems
