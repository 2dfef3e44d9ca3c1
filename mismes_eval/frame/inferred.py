"""The types of columns that no template describes: what cannot be told for sure is an error."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mismes_eval.errors import Problem, named, worded
from mismes_eval.frame.declared import declared_of_nothing, declared_reasons
from mismes_eval.frame.parse import (
    LARGEST_EXACT,
    SCIENTIFIC,
    Distinct,
    each_matches,
    each_text,
    plain_numbers,
    rows,
    text,
    two_ways,
    whole,
    written_number,
)
from mismes_eval.frame.validate import MISS, unclear_number

MOSTLY = 0.9  # of the cells that are numbers: the others are slips


def infer(
    frame: pd.DataFrame,
    decimal: str,
    as_text: frozenset[str],
    missing: Mapping[str, Mapping[str, str]],
) -> tuple[pd.DataFrame, list[Problem]]:
    """Types without a template: a column is numeric when every cell is; digits are never lost,
    mixtures are named.
    """
    # one frame is made of all at the end: each column set into a frame moves all the others
    typed = {name: frame[name] for name in frame.columns}
    problems = declared_of_nothing(frame, missing)
    for name, cells in tuple(typed.items()):
        if name in missing:
            typed[name + MISS] = declared_reasons(cells, missing[name])
            cells = cells.mask(typed[name + MISS].notna())
        if _typed(cells):
            typed[name] = cells
            problems += _lost_digits(cells, name)
        elif name in as_text or str(name).endswith(MISS):
            typed[name] = text(cells)
        else:
            typed[name], found = _infer_text(cells, str(name), decimal)
            problems += found
    return pd.DataFrame(typed, index=frame.index), problems


def _typed(cells: pd.Series) -> bool:
    """Whether a column's type is settled by the file: numbers, dates, periods."""
    return (
        pd.api.types.is_numeric_dtype(cells.dtype)
        or pd.api.types.is_datetime64_any_dtype(cells.dtype)
        or isinstance(cells.dtype, pd.PeriodDtype)
    )


def _identifier(name: str) -> bool:
    return name.lower().endswith(("id", "_no", "code")) or name.lower() in ("psu", "ssu", "strata")


def _lost_digits(cells: pd.Series, name: str) -> list[Problem]:
    if not (_identifier(name) and pd.api.types.is_float_dtype(cells.dtype)):
        return []
    lost = cells.abs() > LARGEST_EXACT
    if not lost.any():
        return []
    return [
        _digits_lost(name, worded("{iloc:.0f} as a number", {"iloc": cells[lost].iloc[0]}), lost)
    ]


def _digits_lost(name: str, got: str, where: pd.Series) -> Problem:
    return Problem(
        what="identifiers that lost digits",
        where=name,
        expected="text",
        got=got,
        fix="Export the column as text.",
    ).in_rows(rows(where))


def _infer_text(cells: pd.Series, name: str, decimal: str) -> tuple[pd.Series, list[Problem]]:
    plain = plain_numbers(cells, decimal)
    if plain is not None:
        return plain, []
    column = Distinct.of(cells)
    given = column.cells
    written = each_text(given)
    if not written.notna().any():
        return column.spread(written), []
    if cells.dtype == object and given.dropna().map(lambda v: hasattr(v, "year")).all():
        return pd.to_datetime(cells), []
    values, bad = written_number(written, decimal)
    share = column.rows(values.notna() & ~bad) / column.rows(written.notna())
    # leading zeros, or more digits than a number holds
    coded = each_matches(written, r"0\d+|[+-]?\d{16,}")
    scientific = each_matches(written, SCIENTIFIC)
    if scientific.any() and _identifier(name):
        got = repr(written[scientific].iloc[0])
        return column.spread(written), [_digits_lost(name, got, column.spread(scientific))]
    if coded.any():
        return column.spread(written), []
    unclear = two_ways(given, decimal) if cells.dtype == object else coded
    if unclear.any() and share >= MOSTLY:
        return column.spread(written), [
            unclear_number(str(written[unclear].iloc[0]), name, column.spread(unclear))
        ]
    if not bad.any():
        return whole(column.spread(values)), []
    if share >= MOSTLY:
        got = named(map(repr, written[bad].unique()))
        fix = worded(
            "Correct the cells; if they mean missing: missing={{'{name}': {{'{value}': 'DK'}}}}; if the column is text: text_columns=['{name}'].",
            {"name": name, "value": str(written[bad].iloc[0])},
        )
        return column.spread(written), [
            Problem(
                what="text in a number column",
                where=name,
                expected="numbers",
                got=got,
                fix=fix,
            ).in_rows(rows(column.spread(bad)))
        ]
    return column.spread(written), []
