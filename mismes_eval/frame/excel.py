"""Excel sheets to a frame: formula cells, error cells and doubled names are named, values keep
their kind.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Protocol, TypeVar

import pandas as pd

from mismes_eval.errors import InputError, Problem
from mismes_eval.frame.limits import check_cell, check_parts, check_sheet

Made = TypeVar("Made")


class Cell(Protocol):
    """What is read of a cell."""

    value: object
    data_type: str


class Sheet(Protocol):
    """What is read of a sheet."""

    def iter_rows(self) -> Iterable[tuple[Cell, ...]]:
        """Its rows, from the first."""
        ...


ABOUT_SHEETS = (
    "notes",
    "codes",
)  # what the package's own fillable workbooks hold beside their one sheet of data


def read_excel(
    content: bytes, name: str, *, sheet: str | None, columns: list[str] | None
) -> pd.DataFrame:
    """Cells of one sheet (the only one, or the only one beside the notes and codes of our own
    workbooks; else it must be named); blank rows at the end are left off, text cells stay text.
    """
    _whole(lambda: check_parts(content, name), name)
    book = _whole(
        lambda: import_module("openpyxl").load_workbook(
            io.BytesIO(content), read_only=True, data_only=False
        ),
        name,
    )
    data_sheets = [n for n in book.sheetnames if n not in ABOUT_SHEETS]
    if sheet is None and len(data_sheets) == 1:
        sheet = data_sheets[0]
    if sheet is None and len(book.sheetnames) > 1:
        raise InputError(
            Problem(
                "several sheets",
                name,
                "the name of one",
                ", ".join(book.sheetnames),
                f'Say which, for instance sheet="{book.sheetnames[0]}".',
            )
        )
    if sheet is not None and sheet not in book.sheetnames:
        raise InputError(
            Problem("no such sheet", f"{name}: {sheet}", "one of " + ", ".join(book.sheetnames))
        )
    if not book.sheetnames:
        raise InputError(Problem("the workbook has no sheet", name, "one sheet of data"))
    chosen = book[sheet or book.sheetnames[0]]
    part = getattr(chosen, "_worksheet_path", None)
    if part is None:
        raise InputError(Problem("the sheet is no table", f"{name}: {sheet}", "a header and rows"))
    _whole(lambda: check_sheet(content, part, name), name)
    chosen.reset_dimensions()  # the extent that the file declares may be another than it has
    rows = _whole(lambda: _rows(chosen), name)
    if not rows:
        raise InputError(Problem("the sheet is empty", name, "a header and rows"))
    header = _header(rows[0], name)
    _no_formulas(rows, header, name)
    check_cell(_longest(rows), name)
    cells = [[cell.value for cell in row[: len(header)]] for row in rows[1:]]
    whole = [row + [None] * (len(header) - len(row)) for row in cells]
    frame = pd.DataFrame(whole, columns=header, dtype=object)
    return frame if columns is None else frame[[c for c in header if c in columns]]


def _rows(sheet: Sheet) -> list[tuple[Cell, ...]]:
    """Rows of a sheet up to the last one with a value; one that only has a format is empty."""
    kept: list[tuple[Cell, ...]] = []
    blank = 0
    for row in sheet.iter_rows():
        if all(cell.value is None for cell in row):
            blank += 1
            continue
        kept += [()] * blank
        kept.append(row)
        blank = 0
    return kept


def _whole(step: Callable[[], Made], name: str) -> Made:
    """What a step of the reader makes. openpyxl meets damaged archives and XML with errors of any
    kind.
    """
    try:
        return step()
    except InputError:
        raise
    except Exception as error:
        got = (
            f"{type(error).__name__}:"
            f" {str(error).strip().splitlines()[0] if str(error).strip() else 'no reason given'}"
        )
        raise InputError(
            Problem(
                "truncated or damaged file",
                name,
                "an Excel workbook (.xlsx)",
                got,
                "Fetch the file again.",
            )
        ) from error


def _longest(rows: list[tuple[Cell, ...]]) -> int:
    """Characters of the longest text."""
    texts = (cell.value for row in rows for cell in row)
    return max((len(text) for text in texts if isinstance(text, str)), default=0)


def _header(row: tuple[Cell, ...], name: str) -> list[str]:
    names = ["" if cell.value is None else str(cell.value).strip() for cell in row]
    while names and not names[-1]:
        names.pop()
    if "" in names:
        raise InputError(
            Problem(
                "column without a name",
                name,
                "a name for every column",
                f"column {names.index('') + 1} has none",
                "Name or delete it.",
            )
        )
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise InputError(
            Problem(
                "duplicated columns",
                f"{name}: {', '.join(twice)}",
                "each column once",
                "two or more of the same name",
                "Rename or drop one of each.",
            )
        )
    return names


def _no_formulas(grid: list[tuple[Cell, ...]], header: list[str], name: str) -> None:
    formulas, errors = [], []
    for number, row in enumerate(grid[1:], start=2):
        for column, cell in zip(header, row, strict=False):
            if cell.data_type == "f":
                formulas.append(f"{column} row {number}")
            elif cell.data_type == "e":
                errors.append(f"{column} row {number}")
    problems = []
    if formulas:
        problems.append(
            Problem(
                "formula cells",
                name,
                "values",
                "formulas",
                "Copy the cells and paste them as values.",
                len(formulas),
                tuple(formulas[:5]),
            )
        )
    if errors:
        problems.append(
            Problem(
                "error cells",
                name,
                "values",
                "#REF!, #N/A or the like",
                "Correct or empty the cells.",
                len(errors),
                tuple(errors[:5]),
            )
        )
    if problems:
        raise InputError(problems)
