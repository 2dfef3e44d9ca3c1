"""The cells of a field of the template out of a register, by the rule of its mapping file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import nearest
from mismes_eval.frame.codes import plain
from mismes_eval.frame.missing import is_missing
from mismes_eval.inventory.balance import as_cell
from mismes_eval.inventory.intake import Issue
from mismes_eval.inventory.mapped_places import countries_named
from mismes_eval.inventory.mapping_file import Mapped


def field_cells(
    field: str, rule: Mapping[str, Any], rows: pd.DataFrame, mapping: Mapped, issues: list[Issue]
) -> pd.Series:
    values = pd.Series([None] * len(rows), index=rows.index, dtype=object)
    needed = [str(rule[key]) for key in ("column", "date", "year") if key in rule]
    InputError.refuse(
        Problem(
            "no such column",
            worded(
                "{register}: fields.{field}: {column}",
                {"register": mapping.register, "field": field, "column": column},
            ),
            fix=worded("Nearest: {nearest}.", {"nearest": nearest(column, map(str, rows.columns))}),
        )
        for column in needed
        if column not in rows
    )
    if "constant" in rule:
        values[:] = str(rule["constant"])
    elif "format" in rule:
        values = (
            rows.apply(
                lambda r: str(rule["format"]).format(
                    **{key: "" if pd.isna(value) else value for key, value in r.items()}
                ),
                axis=1,
            )
            if len(rows)
            else values
        )
    elif "flags" in rule:
        values = _flags(rows, dict(rule["flags"]))
    elif "any" in rule:
        values = _any(rows, [str(column) for column in rule["any"]])
    elif "country" in rule:
        values = _others(field, rows, [str(column) for column in rule["country"]], mapping, issues)
    elif "date" in rule:
        values = _dates(
            field, rows, str(rule["date"]), str(rule.get("written", "%Y-%m-%d")), issues
        )
    elif "column" in rule:
        values = _column(field, rows, rule, issues)
    if "year" in rule:
        values = values.where(
            values.notna(), _years(field, rows, str(rule["year"]), issues, values.notna())
        )
    if "else" in rule:
        fallback = field_cells(field, dict(rule["else"]), rows, mapping, issues)
        values = values.where(values.notna(), fallback)
    return values.astype("str")


def _column(
    field: str, rows: pd.DataFrame, rule: Mapping[str, Any], issues: list[Issue]
) -> pd.Series:
    cells = rows[str(rule["column"])]
    if "codes" not in rule:
        return cells.map(_written)
    table = {plain(str(code)): str(value) for code, value in dict(rule["codes"]).items()}
    values = cells.map(lambda v: None if pd.isna(v) else table.get(plain(str(v))))
    what = "no code for this value in the mapping file"
    _left_empty(field, rows, cells, cells.notna() & values.isna(), what, issues)
    return values


def _left_empty(
    field: str,
    rows: pd.DataFrame,
    cells: pd.Series,
    odd: pd.Series,
    what: str,
    issues: list[Issue],
) -> None:
    """Issues of the cells that are odd."""
    for record, cell in zip(rows["record"][odd], cells[odd], strict=True):
        issues.append((record, field, str(cell), what, "left empty"))


def _written(cell: object) -> str | None:
    """A cell as text; a whole number that a blank elsewhere made a float is whole again."""
    if is_missing(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, float):
        return as_cell(cell)
    return str(cell).strip().strip('"')


def _flags(rows: pd.DataFrame, flags: Mapping[str, str]) -> pd.Series:
    """Codes whose column is 1, joined by ;"""
    chosen = [
        [code for code, column in flags.items() if row.get(column) in (1, 1.0, "1", True)]
        for row in rows.to_dict("records")
    ]
    return pd.Series(
        [";".join(codes_) or None for codes_ in chosen], index=rows.index, dtype=object
    )


def _any(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """TRUE when one of the columns is 1, FALSE when all are 0, empty when all are missing."""
    table = rows[columns].apply(pd.to_numeric, errors="coerce")
    return pd.Series(
        [
            None if m else ("TRUE" if lacking else "FALSE")
            for m, lacking in zip(table.isna().all(axis=1), table.eq(1).any(axis=1), strict=True)
        ],
        index=rows.index,
        dtype=object,
    )


def _others(
    field: str, rows: pd.DataFrame, columns: list[str], mapping: Mapped, issues: list[Issue]
) -> pd.Series:
    """ISO3 codes of the columns but the record's own country, joined by ;"""
    values = []
    for row in rows.to_dict("records"):
        found = countries_named([row[column] for column in columns], mapping)
        issues.extend(
            (row["record"], field, n, "not a country of today; give it in `aliases`", "left empty")
            for n in found.unread
        )
        values.append(";".join(code for code in found.codes if code != row["country"]) or None)
    return pd.Series(values, index=rows.index, dtype=object)


def _dates(
    field: str, rows: pd.DataFrame, column: str, form: str, issues: list[Issue]
) -> pd.Series:
    cells = rows[column]
    text = cells.map(lambda v: None if pd.isna(v) else " ".join(str(v).split()))
    parsed = pd.to_datetime(text, format=form, errors="coerce")
    what = f"not a date of the form {form}"
    _left_empty(field, rows, text, text.notna() & parsed.isna(), what, issues)
    return parsed.dt.strftime("%Y-%m-%d").astype(object).where(parsed.notna(), None)


def _years(
    field: str, rows: pd.DataFrame, column: str, issues: list[Issue], known: pd.Series
) -> pd.Series:
    """First of January of the year; a year outside 1900-2100 (9999) is refused."""
    years = pd.to_numeric(rows[column], errors="coerce")
    good = years.between(1900, 2100) & (years % 1 == 0)
    _left_empty(field, rows, rows[column], ~good & rows[column].notna(), "not a year", issues)
    for record, year in zip(rows["record"][good & ~known], years[good & ~known], strict=True):
        issues.append(
            (record, field, f"{year:.0f}", "only the year is known", f"read as {year:.0f}-01-01")
        )
    return years.where(good).map(lambda y: None if pd.isna(y) else f"{y:.0f}-01-01").astype(object)
