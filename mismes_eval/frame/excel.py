"""Excel sheets to a frame: formula cells, error cells and doubled names are named, values keep
their kind.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib import import_module
from typing import TypeVar

import pandas as pd

from mismes_eval.errors import InputError, Problem

Made = TypeVar("Made")
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
    grid = _whole(lambda: list(book[sheet or book.sheetnames[0]].iter_rows()), name)
    if not grid:
        raise InputError(Problem("the sheet is empty", name, "a header and rows"))
    header = _header(grid[0], name)
    _no_formulas(grid, header, name)
    cells = [[cell.value for cell in row[: len(header)]] for row in grid[1:]]
    while cells and all(v is None for v in cells[-1]):
        cells.pop()
    frame = pd.DataFrame(cells, columns=header, dtype=object)
    return frame if columns is None else frame[[c for c in header if c in columns]]


def _whole(step: Callable[[], Made], name: str) -> Made:
    """What a step of the reader makes. openpyxl meets damaged archives and XML with errors of any
    kind.
    """
    try:
        return step()
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


def _header(row: tuple[object, ...], name: str) -> list[str]:
    names = ["" if cell.value is None else str(cell.value).strip() for cell in row]  # type: ignore[attr-defined]
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


def _no_formulas(grid: list[tuple[object, ...]], header: list[str], name: str) -> None:
    formulas, errors = [], []
    for number, row in enumerate(grid[1:], start=2):
        for column, cell in zip(header, row, strict=False):
            if cell.data_type == "f":  # type: ignore[attr-defined]
                formulas.append(f"{column} row {number}")
            elif cell.data_type == "e":  # type: ignore[attr-defined]
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
