"""How large a data file may be: asked of what the file says of itself and of a pass over it that
keeps nothing, before memory is taken for its cells.

A file of four megabytes can hold 14 million cells, one of one megabyte a gigabyte of text, and a
header can declare two thousand million rows: none of that may end a session or a computer.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from gzip import GzipFile
from pathlib import Path
from typing import IO
from zipfile import ZipFile, ZipInfo, is_zipfile

from mismes_eval.errors import beyond, too_many, worded
from mismes_eval.parquet_files import COLUMNS

TEXT = 500_000_000  # bytes of a text file, unpacked
FILE = 2_000_000_000  # bytes of a file of any other kind
ROWS = 20_000_000
CELLS = 100_000_000
CELL = 1_000_000  # characters of one cell
SHEET_ROWS = (
    500_000  # rows of a workbook's sheets, the empty ones that only have a format among them
)
SHEET_CELLS = 5_000_000
SHEET_LAST = 1_048_576  # number of the last row that a sheet can have
SHEET_PLACES = 10_000_000  # cells and the gaps before them, which take memory too
BESIDE_SHEETS = 100_000_000  # bytes of a part of a workbook that is no sheet: styles, shared texts
MARKS = 200_000  # elements of such a part; of the texts that cells share more
SHARED_MARKS = 2_000_000
WHOLE = 300_000_000  # bytes of a workbook that is read with all its sheets, unpacked
PARTS = 10_000  # files in one workbook or archive
TIMES = 200  # a file holds this often its own bytes at most; tables of surveys reach 50
AIR = 25_000_000  # bytes that every file may hold
STEP = 1 << 20
SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml")
NOT_READ = re.compile(  # parts that no reader of cells opens
    r"xl/(?:media|drawings|charts|pivotCache|pivotTables|externalLinks|embeddings|printerSettings)/"
)
BARE_SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
LETTER = 12  # bytes of a letter in XML, written as a reference
WIDEST = 4  # bytes of a letter in a text
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_NUMBER = re.compile(rb"<(?:\w+:)?row\s[^<>]*\br=[\"'](\d+)")
_SHARED = re.compile(r"sharedstrings", re.IGNORECASE)


def check_bytes(size: int, name: str, text: bool) -> None:
    """Raise InputError for a file of more bytes than are read."""
    most = TEXT if text else FILE
    if size > most:
        raise beyond("the file is too large", name, most, "bytes", f"{size:,}")


def check_table(rows: int, columns: int, name: str) -> None:
    """Raise InputError for a table of more rows, columns or cells than are read."""
    for what, most, got in (
        ("rows", ROWS, rows),
        ("columns", COLUMNS, columns),
        ("cells", CELLS, rows * columns),
    ):
        if got > most:
            raise too_many(what, name, most, f"{got:,}")


def check_cell(longest: int, name: str) -> None:
    """Raise InputError for a cell of more characters than are read."""
    if longest > CELL:
        raise beyond("a cell is too long", name, CELL, "characters", f"{longest:,}")


def check_packed(holds: int, packed: int, name: str, *, air: int = AIR, times: int = TIMES) -> None:
    """Raise InputError for a file that holds far more than its own size.

    holds : bytes of its cells in memory, or of its text unpacked; packed : of the file as it is.
    air : bytes that are too few to be looked at.
    """
    most = max(air, times * packed)
    if holds > most:
        what = "the file is too large for its size: it repeats the same content"
        raise beyond(what, name, most, "bytes unpacked", worded("more"))


def check_text(parts: Iterable[bytes], name: str, separator: str) -> None:
    """Raise InputError for the parts of a text with more lines or cells than are read, or with a
    longer cell; nothing is kept. Quoted signs count: this is what a reader would take at most.
    """
    sign = separator.encode()
    lines = signs = since = 0
    for part in parts:
        lines += max(part.count(b"\n"), part.count(b"\r"))
        signs += part.count(sign)
        last = max(part.rfind(mark) for mark in (b"\n", b"\r", sign))
        since = len(part) - last if last >= 0 else since + len(part)
        for what, most, got in (("rows", ROWS, lines - 1), ("cells", CELLS, signs + lines)):
            if got > most:
                raise too_many(what, name, most, worded("more"))
        if since > CELL * WIDEST:
            raise beyond("a cell is too long", name, CELL, "characters", worded("more"))


def check_text_file(path: Path, separator: str) -> None:
    """`check_text` of a file that is no gzip file, before it is read."""
    with path.open("rb") as stream:
        check_text(iter(partial(stream.read, STEP), b""), path.name, separator)


def gunzip(content: bytes, name: str, separator: str) -> bytes:
    """The text of a gzip file. What is more than is read is refused on a first pass that keeps
    nothing.

    Raises
    ------
    InputError : too large.
    EOFError, OSError, zlib.error : cut or damaged.
    """
    check_text(_unpacked(content, name), name, separator)
    with GzipFile(fileobj=io.BytesIO(content)) as stream:
        return stream.read()


def _unpacked(content: bytes, name: str) -> Iterator[bytes]:
    """The text of a gzip file, step by step, up to the limit."""
    size = 0
    with GzipFile(fileobj=io.BytesIO(content)) as stream:
        while part := stream.read(STEP):
            size += len(part)
            if size > TEXT:
                raise beyond("the file is too large", name, TEXT, "bytes unpacked", worded("more"))
            check_packed(size, len(content), name)
            yield part


def check_parts(content: bytes, name: str) -> None:
    """Raise InputError for a workbook with too many parts, or one whose shared texts or styles are
    too large: they are read whole before the first cell is.
    """
    if not is_zipfile(io.BytesIO(content)):
        return  # the reader says what is damaged
    with ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if len(members) > PARTS:
            got = f"{len(members):,}"
            raise beyond("the workbook has too many parts", name, PARTS, "parts", got)
        beside = [m for m in members if not SHEET_PART.fullmatch(m.filename)]
        _check_sizes(beside, name)
        for member in beside:
            if not NOT_READ.match(member.filename):
                with archive.open(member) as stream:
                    _check_marks(stream, member.filename, name)


def _check_sizes(beside: Sequence[ZipInfo], name: str) -> None:
    for member in beside:
        if member.file_size > BESIDE_SHEETS:
            where = worded("{name}: {part}", {"name": name, "part": member.filename})
            got = f"{member.file_size:,}"
            raise beyond("a part of the workbook is too large", where, BESIDE_SHEETS, "bytes", got)
    size = sum(member.file_size for member in beside)
    if size > WHOLE:
        raise beyond(
            "the parts beside the sheets are too large", name, WHOLE, "bytes unpacked", f"{size:,}"
        )


def _check_marks(stream: IO[bytes], part: str, name: str) -> None:
    """Raise InputError for a part of more elements than are read, or of a text that is too long. A
    reader makes an object of every element.
    """
    most = SHARED_MARKS if _SHARED.search(part) else MARKS
    marks = since = 0
    before = b""
    while step := stream.read(STEP):
        joined = before + step
        marks += joined.count(b"<") - joined.count(b"</")
        before = joined[-1:] if joined.endswith(b"<") else b""
        marks -= len(before)
        since = len(step) - step.rfind(b"<") if b"<" in step else since + len(step)
        where = worded("{name}: {part}", {"name": name, "part": part})
        if marks > most:
            what = "a part of the workbook has too many elements"
            raise beyond(what, where, most, "elements", worded("more"))
        if since > CELL * LETTER:
            raise beyond("a cell is too long", where, CELL, "characters", worded("more"))


def bare(content: bytes) -> io.BytesIO:
    """A workbook without cells, and without the parts that no reader of cells opens."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as given, ZipFile(out, "w") as made:
        for part in dict.fromkeys(given.namelist()):
            if SHEET_PART.fullmatch(part):
                made.writestr(part, BARE_SHEET)
            elif not NOT_READ.match(part):
                made.writestr(part, given.read(part))
    return out


def check_workbook(content: bytes, name: str) -> None:
    """Raise InputError for a workbook that is too large to be read whole, all sheets of it."""
    if not is_zipfile(io.BytesIO(content)):
        return  # the reader says what is damaged
    check_parts(content, name)
    with ZipFile(io.BytesIO(content)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > WHOLE:
        raise beyond("the workbook is too large", name, WHOLE, "bytes unpacked", f"{size:,}")


def check_places(places: int, name: str) -> None:
    """Raise InputError for sheets with more cells, gaps before them included, than are read."""
    if places > SHEET_PLACES:
        what = "the workbook has too many cells and gaps between them"
        raise beyond(what, name, SHEET_PLACES, "cells", worded("more"))


def check_sheet(texts: Iterable[bytes], name: str) -> None:
    """Raise InputError for sheets of more rows, cells or bytes than are read, all of a workbook
    together. texts : their XML in parts that end between tags. Stops at the limit.
    """
    rows = cells = size = 0
    for text in texts:
        rows += len(_ROW.findall(text))
        last = max(map(int, _NUMBER.findall(text)), default=0)
        if last > SHEET_LAST:
            raise beyond("a row of the workbook is none", name, SHEET_LAST, "rows", f"{last:,}")
        cells += len(_CELL.findall(text))
        size += len(text)
        _refuse_sheet(rows, cells, name)
        if size > WHOLE:
            raise beyond("the workbook is too large", name, WHOLE, "bytes unpacked", worded("more"))


def _refuse_sheet(rows: int, cells: int, name: str) -> None:
    if cells > SHEET_CELLS:
        raise beyond("the workbook has too many cells", name, SHEET_CELLS, "cells", worded("more"))
    if rows > SHEET_ROWS:
        raise beyond(
            "the workbook has too many rows (rows that only have a format are among them)",
            name,
            SHEET_ROWS,
            "rows",
            "more",
        )
