"""Published figures that the survey should reproduce: `inputs.targets`, each row held to what the
report can compare before anything is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, in_place, named, worded
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.reading import own_table
from mismes_eval.evaluation.survey_calibration import of_the_run

SHARE, PERSONS = "share", "persons"
UNITS = {
    "population": PERSONS,
    "lfpr": SHARE,
    "employment_rate": SHARE,
    "unemployment_rate": SHARE,
    "returnee_share": SHARE,
    "absent_total": PERSONS,
    "absent_share": SHARE,
}  # item -> its unit
COLUMNS = ("item", "domain", "value")
KEY = ["item", "domain"]
DOMAIN = r"all|\w+=[^=]+"


def published_figures(params: Params) -> pd.DataFrame | None:
    """The published figures of a run, one row an item and domain, value (float, a share or
    persons); None where the run names no file.

    Raises
    ------
    InputError : an item that nothing is computed for, a unit or value that is not the item's, a
        domain that is none, an item told twice; rows of another country than the run's.
    """
    path = params.inputs.targets
    if path is None:
        return None
    table = own_table(path).frame
    where = path.name
    lacking = [name for name in COLUMNS if name not in table.columns]
    if lacking:
        found = ", ".join(map(str, table.columns))
        expected = ", ".join(COLUMNS)
        raise InputError(Problem("columns are missing", where, expected, found))
    of_the_run(params, table, "country", where)
    InputError.refuse(_of_items(table, where))
    return table.assign(value=pd.to_numeric(table["value"]).astype(float))


def _of_items(table: pd.DataFrame, where: str) -> Iterator[Problem]:
    """What is wrong with a row by itself, and with rows that tell one figure twice."""
    item = table["item"].astype(str)
    domain = table["domain"].astype(str)
    choices = worded("one of {choices}", {"choices": ", ".join(UNITS)})
    yield from _rows(
        "nothing is computed for an item", where, "item", item, ~item.isin(UNITS), choices
    )
    form = worded("all, or a column and its code (male=1)")
    strange = ~domain.str.fullmatch(DOMAIN)
    yield from _rows("a domain is none", where, "domain", domain, strange, form)
    unit = item.map(UNITS)
    if "unit" in table.columns:
        told = table["unit"].astype(str)
        other = unit.notna() & (told != unit)
        units = worded("the unit of the item: share or persons, not thousands or percent")
        yield from _rows("a unit is not that of its item", where, "unit", told, other, units)
    value = pd.to_numeric(table["value"], errors="coerce")
    highest = np.where(unit == SHARE, 1.0, np.finfo(float).max)
    wrong = ~((value >= 0) & (value <= highest))
    bounds = worded("a share from 0 to 1, or a number of persons from 0")
    yield from _rows(
        "a published figure is out of its range", where, "value", table["value"], wrong, bounds
    )
    twice = table.duplicated(KEY, keep=False)
    once = worded("one row an item and domain")
    yield from _rows("a figure is told twice", where, "item", item + " " + domain, twice, once)


def _rows(
    what: str,
    where: str,
    column: str,
    told: pd.Series[Any],
    failing: pd.Series[bool],
    expected: str,
) -> Iterator[Problem]:
    """The problem of the failing rows, by the lines of the file; none where none fails."""
    lines: Sequence[int] = (np.flatnonzero(failing) + 2).tolist()
    if lines:
        place = in_place(where, in_column(column))
        got = named(told[failing].astype(str))
        yield Problem(what, place, expected, got, "Mend or remove these rows.").in_rows(lines)
