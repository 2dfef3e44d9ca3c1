"""Tables out to CSV and Excel: a text cell that a spreadsheet would run as a formula stays text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mismes_eval.errors import InputError
from mismes_eval.frame.formulas import keep_texts, runs_as_formula
from mismes_eval.public import held

NARROWEST, WIDEST = 8, 60  # letters


def as_text_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with an apostrophe before every text cell (and column name) that begins with = + -
    @; numbers are left alone.
    """
    safe = frame.copy()
    for name in _texts(safe):
        safe[name] = safe[name].map(lambda v: "'" + v if runs_as_formula(v) else v)
    return safe.rename(columns=lambda c: "'" + c if runs_as_formula(c) else c)


def _texts(frame: pd.DataFrame) -> list[Any]:
    """The columns that are neither numbers nor dates."""
    return [
        name
        for name, kind in frame.dtypes.items()
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind))
    ]


@held(InputError)
def to_csv(frame: pd.DataFrame, path: str | Path) -> Path:
    """UTF-8 CSV, dates YYYY-MM-DD, text cells kept text; a line break inside a cell is written as a
    line feed, since a lone carriage return would end the row.
    """
    path = Path(path)
    safe = as_text_cells(frame)
    for name in _texts(safe):
        safe[name] = safe[name].map(
            lambda v: v.replace("\r\n", "\n").replace("\r", "\n") if isinstance(v, str) else v
        )
    safe.to_csv(path, index=False, encoding="utf-8", date_format="%Y-%m-%d", lineterminator="\n")
    return path


@held(InputError)
def to_excel(tables: Mapping[str, pd.DataFrame], path: str | Path) -> Path:
    """One sheet a table; a text cell is written as text and marked so (quotePrefix), whatever it
    begins with.
    """
    path = Path(path)
    book = Workbook(write_only=False)
    book.remove(book.active)
    for title, frame in tables.items():
        sheet = book.create_sheet(title[:31])
        write_row(sheet, 1, list(frame.columns))
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for number, row in enumerate(frame.itertuples(index=False, name=None), start=2):
            write_row(sheet, number, row)
        sheet.freeze_panes = "A2"
        _widths(sheet)
    keep_texts(book)
    book.save(path)
    return path


def _widths(sheet: Worksheet) -> None:
    """Columns as wide as what stands in them: a date or an amount that does not fit shows as ###."""
    for cells in sheet.iter_cols():
        longest = max(len("" if cell.value is None else str(cell.value)) for cell in cells)
        width = max(NARROWEST, min(WIDEST, longest + 2))
        sheet.column_dimensions[get_column_letter(cells[0].column)].width = width


def write_row(sheet: Worksheet, number: int, row: Iterable[Any]) -> None:
    """One row of cells; missing values are left empty."""
    for column, value in enumerate(row, start=1):
        if value is None or value is pd.NA or (not isinstance(value, str) and pd.isna(value)):
            continue
        if isinstance(value, pd.Timestamp):
            plain = value.to_pydatetime().date()
        else:
            plain = value.item() if hasattr(value, "item") else value
        sheet.cell(number, column, plain)
