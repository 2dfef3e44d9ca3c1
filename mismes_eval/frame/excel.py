"""Excel sheets to a frame: every row that is written, whatever the file says about its size. What
a sheet can hide (formulas, merged cells, a second sheet of the same shape) is named by its cell.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, TypeVar

import pandas as pd
from openpyxl.utils.cell import get_column_letter, range_boundaries
from openpyxl.utils.datetime import to_excel

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame.heads import (
    TITLES,
    find_head,
    head_problems,
    likely_head,
    stated_head,
    titles_above,
)
from mismes_eval.frame.limits import (
    LETTER,
    NOT_READ,
    SHEET_PART,
    STEP,
    bare,
    check_bytes,
    check_cell,
    check_parts,
    check_places,
    check_sheet,
)
from mismes_eval.frame.number_formats import Sign, signs_of
from mismes_eval.frame.sheets import Sheet, SheetRow, chosen_sheet
from mismes_eval.libraries import library

Made = TypeVar("Made")
ABOUT_SHEETS = (
    "notes",
    "codes",
)  # what the package's own fillable workbooks hold beside their one sheet of data
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # first bytes of a compound file: .xls, or a locked .xlsx
LOCKED = "EncryptedPackage".encode("utf-16-le")
BEFORE_2007 = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
YEARS = (1900, 2100)  # a number in this range that a date format shows as a day of 1905
EMPTY_CELL = re.compile(
    rb'<(?:\w+:)?c\s[^<>]*\br="[^<>]*?(?:/>|>(?:<(?:\w+:)?v\s*/>|<v></v>)?</(?:\w+:)?c>)'
)
EMPTY_ROW = re.compile(rb'<(?:\w+:)?row\s[^<>]*\br="[^<>]*?(?:/>|>\s*</(?:\w+:)?row>)')
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]*\bref="([A-Z]+\d+:[A-Z]+\d+)"')


@dataclass(frozen=True, slots=True)
class Table:
    """frame indexed by the rows of the sheet, letters of its columns, title of the sheet, numbers
    that are shown with a sign.
    """

    frame: pd.DataFrame
    letters: dict[str, str]
    title: str
    signs: tuple[Sign, ...]


def read_excel(
    content: bytes,
    name: str,
    *,
    sheet: str | None,
    columns: list[str] | None,
    known: Collection[str] = (),
    names_row: int | None = None,
) -> Table:
    """Cells of one sheet, the frame's index being the rows of the sheet; text cells stay text.

    sheet : the one that is meant; None takes the only one with data beside the notes and codes of
        our own workbooks or, where the names of columns are known, the only one that has them.
    known : names of columns that the table may have; the head is the row that has them, and titles
        may stand above it. Without them the first row with cells is the head.
    names_row : number of the head in the sheet, where it is said.
    """
    _right_kind(content, name)
    sheets = _whole(lambda: _sheets(content, name, sheet), name)
    if not sheets:
        raise InputError(Problem("the workbook has no sheet", name, "one sheet of data"))
    chosen = chosen_sheet(sheets, name, sheet, known)
    if not chosen.rows:
        raise InputError(Problem("the sheet is empty", name, "a header and rows"))
    cells = [row.cells for row in chosen.rows]
    numbers = [row.number for row in chosen.rows]
    at = find_head(cells, known) if names_row is None else stated_head(numbers, names_row, name)
    likely = likely_head(cells[: 2 * TITLES]) if names_row is None and not at else None
    head = chosen.rows[at]
    body = _body(chosen.rows[at:], known, name)
    width = max((_width(row.cells) for row in (head, *body)), default=0)
    filled = [any(_at(row, place) is not None for row in body) for place in range(width)]
    names = ["" if cell is None else str(cell).strip() for cell in _padded(head.cells, width)]
    problems = head_problems(
        names,
        filled,
        worded(
            "{name}: sheet '{sheet}', row {row}",
            {"name": name, "sheet": chosen.title, "row": head.number},
        ),
        get_column_letter,
    )
    if problems and likely is not None:
        problems = [titles_above(numbers[likely], f"{name}: {chosen.title}")]
    InputError.refuse(problems)
    letters = {column: get_column_letter(place + 1) for place, column in enumerate(names) if column}
    problems = [
        *_cell_problems(body, names, name),
        *_merged_problems(chosen, head.number, width, name),
        *_year_problems(body, names, chosen.epoch, name),
    ]
    InputError.refuse(problems)
    check_places(len(body) * width, name)
    frame = pd.DataFrame(
        [_padded(row.cells, width) for row in body],
        columns=names,
        index=pd.Index([row.number for row in body], dtype="int64"),
        dtype=object,
    )
    kept = [column for column in names if column and (columns is None or column in columns)]
    signs = tuple(
        Sign(
            column,
            position,
            f"{letters[column]}{row.number}",
            row.signs[place],
            float(str(row.cells[place])),
        )
        for place, column in enumerate(names)
        if column in kept
        for position, row in enumerate(body)
        if place in row.signs
    )
    return Table(frame[kept], letters, chosen.title, signs)


def _body(rows: Sequence[SheetRow], known: Collection[str], name: str) -> list[SheetRow]:
    """The rows below the first. Blank rows between them are rows of a table whose names nobody
    knows, and none of a filled form.
    """
    if known:
        return list(rows[1:])
    body: list[SheetRow] = []
    check_places(rows[-1].number * max(len(row.cells) for row in rows), name)
    for before, row in pairwise(rows):
        body += [SheetRow(number, (), ()) for number in range(before.number + 1, row.number)]
        body.append(row)
    return body


def _right_kind(content: bytes, name: str) -> None:
    """What is not an .xlsx at all is said by what it is."""
    if content.startswith(OLE) and LOCKED in content:
        what = "a workbook with a password"
        got = worded("an encrypted workbook")
        fix = "Open it in Excel with the password, take it off (File, Info) and save it again."
    elif content.startswith(OLE) and any(stream in content for stream in BEFORE_2007):
        what = "an old Excel workbook"
        got = worded("the format .xls of Excel 97 to 2003")
        fix = "Open it in Excel and save it as Excel workbook (.xlsx)."
    elif content.startswith(OLE):
        what = "a workbook with a password, or an old Excel workbook (.xls)"
        got = worded("a compound file")
        fix = "Open it in Excel, take the password off and save it as Excel workbook (.xlsx)."
    elif not content.startswith(b"PK") and content.lstrip()[:1] in (b"<",):
        what = "a web page or XML in a file named as a workbook"
        got = worded("markup")
        fix = "Open it in Excel and save it as Excel workbook (.xlsx)."
    else:
        return
    raise InputError(
        Problem(
            what=what, where=name, expected="an Excel workbook (.xlsx) that opens", got=got, fix=fix
        )
    )


def sheet_titles(content: bytes, name: str) -> tuple[str, ...]:
    """Titles of the sheets of a workbook. Raises InputError for any other content."""
    _right_kind(content, name)
    return _whole(lambda: _titles(content, name), name)


def _titles(content: bytes, name: str) -> tuple[str, ...]:
    check_parts(content, name)
    book = library("openpyxl").load_workbook(bare(content), read_only=True, keep_links=False)
    return tuple(sheet.title for sheet in book.worksheets)


def _sheets(content: bytes, name: str, asked: str | None) -> list[Sheet]:
    """The sheet of cells that is asked for; all of them, without our own notes and codes, where
    none is or it is not there. Dimensions that the file states are not believed.
    """
    check_parts(content, name)
    slim, merged = _slim(content, name)
    book = library("openpyxl").load_workbook(io.BytesIO(slim), read_only=True, keep_links=False)
    named = [sheet for sheet in book.worksheets if sheet.title == asked]
    found: list[Sheet] = []
    places = 0
    for sheet in named or book.worksheets:
        about = sheet.title in ABOUT_SHEETS and len(book.worksheets) > 1
        if about and sheet.title != asked:
            continue
        sheet.reset_dimensions()
        rows = tuple(_rows(sheet, name, places))
        places += sum(len(row.cells) for row in rows)
        part = str(sheet._worksheet_path).lstrip("/")  # the only name that openpyxl keeps of it
        found.append(Sheet(sheet.title, rows, merged.get(part, ()), book.epoch))
    return found


def _rows(sheet: Any, name: str, places: int) -> Iterator[SheetRow]:
    """The rows that hold something. A text that the workbook keeps once counts wherever it stands,
    and so does every place before a cell. places : of the sheets before.
    """
    size = 0
    by_style = dict[int, str]()
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = tuple(_value(cell) for cell in row)
        if any(value is not None for value in cells):
            lengths = [len(value) for value in cells if isinstance(value, str)]
            check_cell(max(lengths, default=0), name)
            size += sum(lengths)
            check_bytes(size, name, text=True)
            places += len(cells)
            check_places(places, name)
            kinds = tuple(cell.data_type for cell in row)
            yield SheetRow(number, cells, kinds, signs_of(row, by_style))


def _slim(content: bytes, name: str) -> tuple[bytes, dict[str, tuple[str, ...]]]:
    """The workbook without cells and rows that hold a format only, and its merged ranges by part:
    a sheet formatted to its last row is read as fast as its data.
    """
    merged: dict[str, tuple[str, ...]] = {}
    slim = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(slim, "w") as made:
        parts = dict.fromkeys(given.namelist())
        sheets = (_without_formats(given, p, name) for p in parts if SHEET_PART.fullmatch(p))
        check_sheet(chain.from_iterable(sheets), name)
        for part in parts:
            if NOT_READ.match(part):
                continue
            if not SHEET_PART.fullmatch(part):
                made.writestr(part, given.read(part))
                continue
            texts = list(_without_formats(given, part, name))
            merged[part] = tuple(m.decode() for text in texts for m in MERGED.findall(text))
            made.writestr(part, b"".join(texts))
    return slim.getvalue(), merged


def _without_formats(archive: zipfile.ZipFile, part: str, name: str) -> Iterator[bytes]:
    """The XML of a sheet without empty cells and rows, in parts that end between tags."""
    with archive.open(part) as stream:
        kept = b""
        while step := stream.read(STEP):
            text = kept + step
            cut = max(text.rfind(b"row>") + len(b"row>"), text.rfind(b"/>") + len(b"/>"))
            if cut < len(b"row>"):
                check_cell(len(text) // LETTER, name)
                kept = text
                continue
            yield EMPTY_ROW.sub(b"", EMPTY_CELL.sub(b"", text[:cut]))
            kept = text[cut:]
        yield kept


def _value(cell: Any) -> object:
    """The value; a cell of blanks is empty."""
    value = cell.value
    return None if isinstance(value, str) and not value.strip() else value


def _width(cells: Sequence[object]) -> int:
    return max((place for place, cell in enumerate(cells, start=1) if cell is not None), default=0)


def _padded(cells: Sequence[object], width: int) -> list[object]:
    return [*cells[:width], *[None] * (width - len(cells))]


def _at(row: SheetRow, place: int) -> object:
    return row.cells[place] if place < len(row.cells) else None


def _whole(step: Callable[[], Made], name: str) -> Made:
    """What a step of the reader makes. openpyxl meets damaged archives and XML with errors of any
    kind.
    """
    try:
        return step()
    except InputError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or ["no reason given"]
        raise InputError(
            Problem(
                what="truncated or damaged file",
                where=name,
                expected="an Excel workbook (.xlsx)",
                got=worded("{kind}: {lines}", {"kind": type(error).__name__, "lines": lines[0]}),
                fix="Fetch the file again.",
            )
        ) from error


def _cell_problems(body: Sequence[SheetRow], names: list[str], name: str) -> list[Problem]:
    """Formulas and error cells: what they show is not in the file, or not a value."""
    places: dict[str, list[str]] = {"f": [], "e": []}
    for row in body:
        for place, kind in enumerate(row.kinds[: len(names)]):
            if kind in places:
                places[kind].append(
                    f"{names[place]} row {row.number} ({get_column_letter(place + 1)}{row.number})"
                )
    problems = []
    for kind, what, got, fix in (
        ("f", "formula cells", "formulas", "Copy the cells and paste them as values."),
        ("e", "error cells", "#REF!, #N/A or the like", "Correct or empty the cells."),
    ):
        if cells := places[kind]:
            problems.append(
                Problem(
                    what=what,
                    where=name,
                    expected="values",
                    got=got,
                    fix=fix,
                ).in_rows(cells)
            )
    return problems


def _merged_problems(sheet: Sheet, head: int, width: int, name: str) -> list[Problem]:
    """Merged cells from the head downward: the value stands in the first of them only."""
    numbers = {row.number for row in sheet.rows if row.number >= head}
    inside = []
    for merged in sheet.merged:
        left, top, _, bottom = range_boundaries(merged)
        if left <= width and any(number in numbers for number in range(top, bottom + 1)):
            inside.append(merged)
    if not inside:
        return []
    return [
        Problem(
            what="merged cells",
            where=worded("{name}: sheet '{title}'", {"name": name, "title": sheet.title}),
            expected="each cell with its own value",
            got=worded("cells merged into one, so that the others are empty"),
            fix="Unmerge them and write the value into every cell that it is meant for.",
        ).in_rows(inside)
    ]


def _year_problems(
    body: Sequence[SheetRow], names: list[str], epoch: Any, name: str
) -> list[Problem]:
    """A year typed into a cell with a date format: 2021 becomes 13 July 1905."""
    problems = []
    for place, column in enumerate(names):
        found: list[tuple[str, str]] = []
        for row in body:
            cell = _at(row, place)
            kind = row.kinds[place] if place < len(row.kinds) else ""
            if kind == "d" and (year := _typed_year(cell, epoch)):
                found.append((f"{get_column_letter(place + 1)}{row.number}", f"{cell} for {year}"))
        if found:
            problems.append(
                Problem(
                    what="a year in a cell formatted as a date",
                    where=worded(
                        "{name}: {column} ({found})",
                        {"name": name, "column": column, "found": found[0][0]},
                    ),
                    expected="a whole date, or a year in a cell formatted as a number",
                    got=found[0][1].replace(" 00:00:00", ""),
                    fix="Write the date with day and month (YYYY-MM-DD); where the column takes a"
                    " year, format its cells as numbers.",
                    count=len(found),
                    rows=tuple(cell for cell, _ in found),
                )
            )
    return problems


def _typed_year(cell: object, epoch: Any) -> int:
    """The number behind a date where it is a whole one between 1900 and 2100, else 0."""
    if not (hasattr(cell, "year") and hasattr(cell, "month")):
        return 0
    serial = float(to_excel(cell, epoch))
    return int(serial) if serial.is_integer() and YEARS[0] <= serial <= YEARS[1] else 0
