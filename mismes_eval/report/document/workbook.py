"""The workbook of a report, for people: one sheet a table in the shape of the page, linked
contents, heads that stay and are printed on every page, and all numbers in their long form on the
last sheet.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from mismes_eval.frame.formulas import runs_as_formula
from mismes_eval.report.document.language import Language
from mismes_eval.report.document.passages import Passage
from mismes_eval.report.document.plain import file_names, printable
from mismes_eval.report.document.tables import (
    EMPTY,
    HIDDEN,
    P_VALUE,
    POOR,
    Table,
    TextTable,
    footnotes,
    n_withheld,
    scale_of,
)
from mismes_eval.report.factory.zipped import write_workbook

CODED = ("kind", "unit", "status")
SIGNS = {"confidential": HIDDEN, "secondary": HIDDEN, "unreliable": POOR, "not estimable": EMPTY}
HEAD = 3  # row of the headings
NOISE = 1e-9  # to which numbers are compared when a run is repeated
WIDEST, NARROWEST = 48, 9
LINE = 15.0  # height of a line in points
BOLD, SMALL, LINK = Font(bold=True), Font(size=9, color="4A5560"), Font(underline="single")
TOP, RIGHT = (
    Alignment(vertical="top", wrap_text=True),
    Alignment(horizontal="right", vertical="top"),
)
RULE = Border(bottom=Side(style="thin"))


def workbook(
    path: Path,
    synthetic: bool,
    tables: Sequence[Table | TextTable],
    t: Language,
    passages: Sequence[Passage] = (),
) -> None:
    """Write the workbook of tables that are in the language already, and of what people wrote."""
    mark = "SYNTHETIC DATA: made-up persons and measures, no finding about the real country."
    note = t(mark) if synthetic else ""
    contents, numbers = t("Contents"), t("All numbers")
    words = t("Words of the evaluator")
    names = file_names([contents, numbers, words, *(table.id for table in tables)], 31, r"\w .-")
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = names[contents]
    _contents(first, tables, names, note, t)
    if passages:
        _written(book.create_sheet(names[words]), passages, note, names[contents], t)
    for table in tables:
        sheet = book.create_sheet(names[table.id])
        _top(sheet, note, str(table.title), names[contents], t)
        if isinstance(table, Table):
            last = _numbers(sheet, table, t)
        else:
            heads = list(map(str, table.frame.columns))
            last = _grid(sheet, heads, table.frame.to_numpy(object), wrap=True)
        _footnotes(sheet, footnotes(table, t), last + 2)
        _printed(sheet)
    _long(book.create_sheet(names[numbers]), tables, note, names[contents], t)
    made = io.BytesIO()
    book.save(made)
    write_workbook(path, made)


def _contents(
    sheet: Any,
    tables: Sequence[Table | TextTable],
    names: Mapping[str, str],
    note: str,
    t: Language,
) -> None:
    """Every sheet with its title and source, as links."""
    _top(sheet, note, t("Contents"), "", t)
    rows = [(names[table.id], table.title, table.source) for table in tables]
    rows.append((names[t("All numbers")], t("Every number of the tables, one row each"), ""))
    _grid(sheet, [t("sheet"), t("title"), t("source")], np.array(rows, object), wrap=True)
    for place, (name, *_) in enumerate(rows, HEAD + 1):
        cell = sheet.cell(place, 1)
        cell.hyperlink, cell.font = f"#'{name}'!A1", LINK
    _printed(sheet)


def _written(sheet: Any, passages: Sequence[Passage], note: str, back: str, t: Language) -> None:
    """What people wrote: subject, who and when, and the words with their numbers."""
    _top(sheet, note, t("Words of the evaluator"), back, t)
    rows = [(p.title, p.signature, line) for p in passages for line in p.text().splitlines()]
    heads = [t("Subject"), t("Signed"), t("Words")]
    _grid(sheet, heads, np.array(rows, object), wrap=True)
    _printed(sheet)


def _top(sheet: Any, note: str, title: str, back: str, t: Language) -> None:
    """The mark of made-up data, the title, and the way back to the contents."""
    for place, line in enumerate([x for x in (note, title) if x], 1):
        _text(sheet, place, 1, line, BOLD)
    if back:
        cell = _text(sheet, 1 if not note else 2, 6, t("Contents"), LINK)
        cell.hyperlink = f"#'{back}'!A1"


def _numbers(sheet: Any, table: Table, t: Language) -> int:
    """A table of numbers: its rows, and for each of its columns the value, its error, the ends of
    its interval where the page shows them, and n. Returns the last row.
    """
    of_column: dict[str, list[Mapping[Any, Any]]] = {column: [] for column in table.columns}
    for record in table.records:
        of_column[record["column"]].append(record)
    parts = {column: _parts(table, cells) for column, cells in of_column.items()}
    names = {"value": "", "se": t("SE"), "ci_low": "95% from", "ci_high": "95% to", "n": "n"}
    heads = [t("Group")]
    places = {}
    for column, kept in parts.items():
        for part in kept:
            places[column, part] = len(heads) + 1
            label = t(names[part]) if names[part] else ""
            heads.append(f"{column}, {label}" if label else str(column))
    _headings(sheet, heads)
    cells = {(record["row"], record["column"]): record for record in table.records}
    right = _number_of(sheet, RIGHT)
    for place, row in enumerate(table.rows, HEAD + 1):
        _text(sheet, place, 1, row)
        for column, kept in parts.items():
            cell = cells.get((row, column))
            if cell is None:
                continue
            for part in kept:
                target = sheet.cell(place, places[column, part])
                _number(target, table, cell, part)
                _align(target, right)
    _widths(sheet, len(heads), HEAD + len(table.rows))
    return HEAD + len(table.rows)


def _number_of(sheet: Any, alignment: Alignment) -> int:
    """Under which number the workbook keeps an alignment: openpyxl compares every field of one that
    is set on a cell with every one that it has.
    """
    return int(sheet.parent._alignments.add(alignment))


def _align(cell: Any, number: int) -> None:
    if cell._style is None:
        cell._style = StyleArray()
    cell._style.alignmentId = number


def _parts(table: Table, cells: Sequence[Mapping[Any, Any]]) -> list[str]:
    """What a column with these cells shows of its numbers."""
    kept = ["value"]
    if any(not np.isnan(cell["se"]) for cell in cells):
        kept.append("se")
    if table.intervals and any(not np.isnan(cell["ci_low"]) for cell in cells):
        kept += ["ci_low", "ci_high"]
    if any(not np.isnan(cell["n"]) for cell in cells):
        kept.append("n")
    return kept


def _number(target: Any, table: Table, cell: Mapping[Any, Any], part: str) -> None:
    """A number as the page shows it, with every digit behind; a sign where it is not shown."""
    status = str(cell["status"])
    closed = status in ("confidential", "secondary") or n_withheld(cell)
    if part == "n" and closed:
        target.value = HIDDEN
    elif part == "n":
        target.value = float(cell["n"]) if np.isfinite(cell["n"]) else None
        target.number_format = "#,##0"
    elif status in SIGNS:
        target.value = SIGNS[status] if part == "value" else None
    elif np.isfinite(cell[part]):
        scale, code = _format(table, cell)
        flag = f' "{cell["flag"]}"' if cell["flag"] and part == "value" else ""
        target.value, target.number_format = float(cell[part]) * scale, code + flag


def _format(table: Table, cell: Mapping[Any, Any]) -> tuple[float, str]:
    """Factor and number format: shares stay shares and are shown in percent; everything else is in
    the unit of the page, with its decimals.
    """
    scale, digits = scale_of(table, cell)
    if cell["unit"] == P_VALUE:
        return scale, f"0.{'0' * digits}"
    if scale == 100.0 and cell["kind"] in ("share", "proportion"):
        return 1.0, f"0.{'0' * max(digits, 1)}%"
    return scale, "#,##0" + (f".{'0' * digits}" if digits else "")


def _long(
    sheet: Any, tables: Sequence[Table | TextTable], note: str, back: str, t: Language
) -> None:
    """Every number of every table, one row each, unrounded and unscaled."""
    _top(sheet, note, t("All numbers"), back, t)
    published = [table.published() for table in tables]
    filled = [part for part in published if len(part)]
    if not filled:
        return
    frame = pd.concat(filled, ignore_index=True)
    for column in CODED:
        frame[column] = [
            t(value) if isinstance(value, str) and value else value for value in frame[column]
        ]
    heads = [t(str(column)) for column in frame.columns]
    last = _grid(sheet, heads, frame.to_numpy(object))
    sheet.auto_filter.ref = f"A{HEAD}:{get_column_letter(len(heads))}{last}"
    _printed(sheet)


def _grid(sheet: Any, heads: Sequence[str], rows: Any, wrap: bool = False) -> int:
    """Headings and rows as they stand, long texts on several lines where asked. Returns the last
    row.
    """
    _headings(sheet, heads)
    for place, line in enumerate(rows, HEAD + 1):
        for column, value in enumerate(line, 1):
            if isinstance(value, str):
                _text(sheet, place, column, value)
            elif value is not None and not (isinstance(value, float) and np.isnan(value)):
                sheet.cell(place, column).value = value
    last = HEAD + len(rows)
    _widths(sheet, len(heads), last, len(heads) if wrap else 1)
    return last


def _footnotes(sheet: Any, lines: Sequence[str], first: int) -> None:
    """Below a table, as wide as it: a line that runs on would make the printed page as wide as
    itself, and its letters too small to read.
    """
    columns = sheet.max_column
    wide = sum(sheet.column_dimensions[get_column_letter(k)].width for k in range(1, columns + 1))
    for place, line in enumerate(lines, first):
        _text(sheet, place, 1, line, SMALL).alignment = TOP
        sheet.merge_cells(start_row=place, start_column=1, end_row=place, end_column=columns)
        _height(sheet, place, [(line, wide)])


def _height(sheet: Any, row: int, texts: Sequence[tuple[str, float]]) -> None:
    """A row as high as the lines of its texts, each with the width of its column: a program that
    prints without being opened does not find them itself.
    """
    long = [
        (text, max(int(wide), 1)) for text, wide in texts if len(text) > int(wide) or "\t" in text
    ]
    lines = max((len(textwrap.wrap(text, wide)) for text, wide in long), default=1)
    if lines > 1:
        sheet.row_dimensions[row].height = LINE * lines


def _headings(sheet: Any, heads: Sequence[str]) -> None:
    for column, head in enumerate(heads, 1):
        cell = _text(sheet, HEAD, column, head, BOLD)
        cell.alignment, cell.border = TOP, RULE


def _text(sheet: Any, row: int, column: int, text: str, font: Font | None = None) -> Any:
    """A text that no spreadsheet runs as a formula."""
    cell = sheet.cell(row, column)
    cell.value = printable(text)
    if cell.data_type == "f":
        cell.data_type = "s"
    if runs_as_formula(cell.value):
        cell.quotePrefix = True
    if font is not None:
        cell.font = font
    return cell


def _widths(sheet: Any, columns: int, last: int, wrapped: int = 1) -> None:
    """Columns as wide as what stands in them, within limits; long texts wrap in the headings and in
    the first columns, as many as `wrapped`. Rounding errors are as wide as 0: they differ from run
    to run.
    """
    widths = [0.0]
    for column in range(1, columns + 1):
        longest = NARROWEST - 2
        for row in range(HEAD, last + 1):
            cell = sheet._cells.get((row, column))  # cell() makes one where there is none
            value = None if cell is None else cell.value
            shown = f"{_without_noise(value):.6g}" if isinstance(value, float) else str(value or "")
            longest = max(longest, min(len(shown), WIDEST) if row > HEAD else min(len(shown), 14))
        widths.append(longest + 2.0)
        sheet.column_dimensions[get_column_letter(column)].width = longest + 2
    top = _number_of(sheet, TOP)
    for row in range(HEAD, last + 1):
        places = range(1, (columns if row == HEAD else wrapped) + 1)
        if row > HEAD:
            for column in places:
                _align(sheet.cell(row, column), top)
        texts = [(sheet.cell(row, column).value, widths[column]) for column in places]
        _height(sheet, row, [(text, wide) for text, wide in texts if isinstance(text, str)])


def _without_noise(value: float) -> float:
    return value if abs(value) > NOISE else 0.0


def _printed(sheet: Any) -> None:
    """Heads stay on screen and stand on every printed page, which is as wide as the table."""
    sheet.freeze_panes = f"B{HEAD + 1}"
    sheet.print_title_rows = f"{HEAD}:{HEAD}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.oddFooter.right.text = "&P / &N"
