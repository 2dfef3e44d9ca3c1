"""CSV text to a frame of text cells: encoding, separator, cut rows and doubled names are found, not
guessed around.
"""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute
from pyarrow import csv as arrow_csv

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame.heads import (
    TITLES,
    find_head,
    head_problems,
    likely_head,
    stated_head,
    titles_above,
)
from mismes_eval.frame.limits import check_cell, check_table, gunzip

SEPARATORS = (",", ";", "\t", "|")
STATED = re.compile(r'"?sep=(?P<sign>[,;|\t])"?[ \t]*\r?\n')  # how Excel states it
LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
FIRST_LINES, NARROWEST = 50, 12  # lines that are looked at; letters of a line of several columns
FIRST_PART = 1 << 16  # characters in which the row of names is looked for


@dataclass(frozen=True, slots=True)
class Delimited:
    """frame of text cells (empty is missing), header as written."""

    frame: pd.DataFrame
    header: tuple[str, ...]


def read_delimited(
    content: bytes,
    name: str,
    *,
    encoding: str,
    separator: str,
    columns: list[str] | None,
    known: Collection[str] = (),
    names_row: int | None = None,
) -> Delimited:
    """Text cells of a CSV file; `content` is the file, gzipped when its name says so.

    known : names of columns that the table may have: titles may stand above the row that has them.
    A first line "sep=;" states the separator. Rows without a cell are left out, the rows after
    them keep their numbers.
    names_row : number of the line with the names, where it is said.
    """
    text = decode(unzip(content, name, separator), name, encoding)
    text, separator, above = _table_part(text, name, separator, known, names_row)
    header = _header(text, name, separator)
    check_table(text.count("\n") + 1, len(header), name)
    bad: list[arrow_csv.InvalidRow] = []
    options = arrow_csv.ReadOptions(
        use_threads=False,
        column_names=_unique(header),
        skip_rows=0,
        block_size=max(1 << 20, min(len(text), 1 << 30)),
    )
    parsing = arrow_csv.ParseOptions(
        delimiter=separator,
        newlines_in_values=True,
        ignore_empty_lines=True,
        invalid_row_handler=lambda row: _keep(bad, row),
    )
    kinds = {column: pa.string() for column in _unique(header)}
    converting = arrow_csv.ConvertOptions(
        column_types=kinds,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    _quotes_closed(text, name)
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text.encode("utf-8")), options, parsing, converting
        )
    except pa.ArrowInvalid as error:
        raise InputError(
            Problem(
                what="the file is not a table of cells",
                where=name,
                expected="rows of cells",
                got=str(error).splitlines()[0],
                fix="Export it again.",
            )
        ) from error
    stated = bool(known) or names_row is not None
    likely = None if stated else _likely_line(text, separator, above)
    if likely is not None and (bad or "" in header):
        raise InputError(titles_above(likely, name))
    if bad:
        raise InputError(_cut_rows(bad, name, len(header)))
    check_cell(_longest(table), name)
    frame = table.slice(1).to_pandas(
        use_threads=False,
        types_mapper=lambda kind: (
            pd.StringDtype(na_value=float("nan")) if kind == pa.string() else None
        ),
    )
    frame.columns = list(header)
    frame = _named_columns(_full_rows(frame, above, known), name)
    header = tuple(head for head in header if head)
    if columns is not None:
        frame = frame[[column for column in header if column in columns]]
    return Delimited(frame, header)


def _longest(table: pa.Table) -> int:
    """Bytes of the longest cell."""
    longest = (compute.max(compute.binary_length(column)).as_py() for column in table.columns)
    return max((n for n in longest if n is not None), default=0)


def _keep(bad: list[arrow_csv.InvalidRow], row: arrow_csv.InvalidRow) -> str:
    bad.append(row)
    return "skip"


def unzip(content: bytes, name: str, separator: str) -> bytes:
    """The text of a file, unpacked within the limits where its name says that it is packed."""
    if not name.endswith(".gz"):
        return content
    try:
        return gunzip(content, name, separator)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(
            Problem(
                what="truncated or damaged file",
                where=name,
                expected="a whole gzip file",
                got=str(error),
                fix="Fetch the file again.",
            )
        ) from error


def decode(content: bytes, name: str, encoding: str) -> str:
    if not content or content.isspace():
        raise InputError(Problem("the file is empty", name, "a header and rows"))
    try:
        text = content.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        fix = (
            'Say the encoding that it was written in, for instance encoding="cp1252" or "utf-16";'
            " or save the file as UTF-8."
        )
        got = (
            worded(
                "a byte that is not {encoding} in line {content}",
                {"encoding": encoding, "content": content[: error.start].count(10) + 1},
            )
            if isinstance(error, UnicodeDecodeError)
            else worded("no such encoding")
        )
        raise InputError(
            Problem(what="wrong encoding", where=name, expected=encoding, got=got, fix=fix)
        ) from error
    if "\ufffd" in text or "\x00" in text:
        line = text[: max(text.find("\ufffd"), text.find("\x00"))].count("\n") + 1
        fix = "Letters were lost before this file was made: export it again from its source."
        raise InputError(
            Problem(
                what="damaged text",
                where=name,
                expected="readable text",
                got=worded("a replacement or null character in line {line}", {"line": line}),
                fix=fix,
            )
        )
    return text


def _header(text: str, name: str, separator: str) -> tuple[str, ...]:
    try:
        header = next(
            (
                row
                for row in csv.reader(io.StringIO(text[: 1 << 20], newline=""), delimiter=separator)
                if row
            ),
            [],
        )
    except csv.Error as error:
        raise InputError(
            Problem(
                what="the header cannot be read",
                where=name,
                expected="a first row of column names",
                got=str(error),
                fix="Export the file again.",
            )
        ) from error
    if not header:
        raise InputError(
            Problem(
                what="the file has no header",
                where=name,
                expected="a first row of column names",
                got=worded("blank lines"),
                fix="Export the file again.",
            )
        )
    if len(header) == 1:
        lines = text[:FIRST_PART].strip().splitlines()[:TITLES]
        below = lines[len(lines) // 2 :]  # where a title may stand above the names
        counts = {
            other: lines[0].count(other) or min(line.count(other) for line in below)
            for other in {*SEPARATORS, separator}
        }
        best = max(sorted(counts), key=lambda sign: counts[sign])
        if counts[best] > counts[separator]:
            raise InputError(
                Problem(
                    what="wrong separator",
                    where=name,
                    expected=worded(
                        "columns separated by {separator}", {"separator": repr(separator)}
                    ),
                    got=worded(
                        "one column, and {counts} times {best} in a line",
                        {"counts": counts[best], "best": repr(best)},
                    ),
                    fix=worded(
                        "Read it with separator={best}, or save it with {separator}.",
                        {"best": repr(best), "separator": repr(separator)},
                    ),
                )
            )
        _not_of_fixed_width(text, name)
    return tuple(head.strip() for head in header)


def _not_of_fixed_width(text: str, name: str) -> None:
    """Raise InputError for lines of one length without a separator: no name stands in the first."""
    lines = text[:FIRST_PART].splitlines()[:FIRST_LINES]
    digits = sum(letter.isdigit() for letter in lines[0])
    alike = len(lines) > 1 and len({len(line) for line in lines[:-1]}) == 1
    if not alike or len(lines[0]) < NARROWEST or 2 * digits < len(lines[0].replace(" ", "")):
        return
    raise InputError(
        Problem(
            what="a text without separators and names",
            where=name,
            expected="columns with a separator, their names in the first line",
            got=worded("lines of {length} letters", {"length": len(lines[0])}),
            fix='Say where the columns stand: layout="FILE", the program of Stata, SAS or SPSS that reads'
            " the text, or a table with name, first, last and decimals.",
        )
    )


def _named_columns(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The frame without the columns that have neither a name nor a cell (a separator at the end of
    every line).
    """
    names = [str(column) for column in frame.columns]
    filled = frame.notna().any().tolist()
    if problems := head_problems(names, filled, name, str):
        raise InputError(problems)
    return frame if all(names) else frame[[column for column in names if column]]


def _full_rows(frame: pd.DataFrame, above: int, known: Collection[str]) -> pd.DataFrame:
    """The rows with a cell (all rows of a table whose names nobody knows); where rows are left out
    or stand above the names, the index is the row of the file.
    """
    empty = np.full(len(frame), bool(known))
    for place in range(frame.shape[1]):
        empty &= frame.iloc[:, place].isna().to_numpy(bool)
        if not empty.any():
            break
    if not above and not empty.any():
        return frame
    return frame.set_axis(pd.Index(frame.index.to_numpy() + 2 + above))[~empty]


def _table_part(
    text: str, name: str, separator: str, known: Collection[str], names_row: int | None
) -> tuple[str, str, int]:
    """The text from the row of names on, its separator, and how many lines stand above it."""
    stated = STATED.match(text)
    above = 0
    if stated:
        separator, text, above = stated["sign"], text[stated.end() :], 1
    if names_row is not None:
        blank = f"{separator} \t\r\n"
        rest = LINE_END.split(text, maxsplit=names_row)
        filled = [above + n for n, line in enumerate(rest, start=1) if line.strip(blank)]
        stated_head(filled, names_row, name)
        return text[sum(map(len, rest[: names_row - above - 1])) :], separator, names_row - 1
    if not known:
        return text, separator, above
    reader = csv.reader(io.StringIO(text[:FIRST_PART], newline=""), delimiter=separator)
    first = list(islice(reader, TITLES))
    titles = first[: find_head(first, known)]
    if not titles or any("\n" in cell for row in titles for cell in row):
        return text, separator, above
    lines = LINE_END.split(text[:FIRST_PART])[: len(titles)]
    return text[sum(map(len, lines)) :], separator, above + len(titles)


def _likely_line(text: str, separator: str, above: int) -> int | None:
    """Number of the line that looks like the names, where it is not the first."""
    reader = csv.reader(io.StringIO(text[:FIRST_PART], newline=""), delimiter=separator)
    rows = [(above + reader.line_num, row) for row in islice(reader, 2 * TITLES) if row]
    place = likely_head([row for _, row in rows])
    return None if place is None else rows[place][0]


def _unique(header: tuple[str, ...]) -> list[str]:
    return [f"{i}" for i in range(len(header))]


def _quotes_closed(text: str, name: str) -> None:
    if text.count('"') % 2:
        raise InputError(
            Problem(
                what="truncated file",
                where=name,
                expected="every quotation mark closed",
                got=worded("a quoted cell that never ends"),
                fix="Fetch the file again, or double the quotation mark inside the cell.",
            )
        )


def _cut_rows(bad: list[arrow_csv.InvalidRow], name: str, width: int) -> Problem:
    numbers = tuple(row.number for row in bad)
    got = ", ".join(sorted({str(row.actual_columns) for row in bad}))
    last = "" if len(bad) > 1 else f" It ends: ...{bad[0].text[-40:]!r}."
    what = "truncated file or rows of uneven length"
    return Problem(
        what=what,
        where=name,
        expected=worded("{width} cells in every row", {"width": width}),
        got=worded("{got} cells", {"got": got}),
        fix="Fetch the file again; quote cells that hold the separator." + last,
        count=len(bad),
        rows=numbers,
    )
