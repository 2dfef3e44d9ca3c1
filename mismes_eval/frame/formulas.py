"""Texts that a spreadsheet would run: kept as texts in every workbook that leaves."""

from __future__ import annotations

from openpyxl import Workbook

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def runs_as_formula(value: object) -> bool:
    """Whether a spreadsheet would take this text for a formula."""
    return isinstance(value, str) and value.startswith(FORMULA_STARTS)


def keep_texts(book: Workbook) -> None:
    """Make every cell whose text would run a text, and marked so (quotePrefix). For workbooks that
    hold no formula of ours.
    """
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if runs_as_formula(cell.value):
                    cell.data_type, cell.quotePrefix = "s", True
