"""How much text a Stata, SPSS or SAS file holds, counted before it is read whole: Stata keeps a
long text once and names it in many rows, SPSS and SAS compress, so that a file of a few kilobytes
can hold more than a computer.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from mismes_eval.frame.limits import TEXT, check_bytes, check_cell, check_packed, check_table

AT_ONCE = 50_000_000  # bytes of text that one part of a count may take
MOST_ROWS = 1_000_000  # rows of one part
STORED = re.compile(
    rb"<stata_dta><header><release>(\d{3})</release><byteorder>([LM]SF)</byteorder>"
)
COMPRESSED = (".sav", ".zsav", ".por", ".sas7bdat")
STRLS = 10  # place of the long texts among the offsets of a file's map
Reader = Callable[..., tuple[Any, Any]]


class Stored(Protocol):
    """What the header of a file says of its columns."""

    number_rows: int | None
    column_names: Sequence[str]
    readstat_variable_types: Mapping[str, str]
    variable_storage_width: Mapping[str, int]


def check_texts(
    path: Path, name: str, stored: Stored, columns: Sequence[str] | None, reader: Reader
) -> None:
    """Raise InputError where the texts of the columns that are read are more than is read of a text
    file. reader : of the file, with usecols, row_offset and row_limit.
    """
    compressed = path.suffix.lower() in COMPRESSED
    texts = [
        column_name
        for column_name in stored.column_names
        if stored.readstat_variable_types[column_name] == "string"
    ]
    texts = [text for text in texts if columns is None or text in columns]
    long = [text for text in texts if not stored.variable_storage_width[text]]
    longest = _longest_text(path) if long else 0
    check_cell(longest, name)
    wide = sum(stored.variable_storage_width[text] or longest for text in texts)
    rows = stored.number_rows
    if not (compressed or long) or (rows is not None and rows * wide <= TEXT):
        return
    counted = texts or list(stored.column_names[:1])
    step = max(1, min(MOST_ROWS, AT_ONCE // max(wide, 8)))
    size, found, packed = 0, 0, path.stat().st_size
    for part in _parts(reader, counted, step, rows):
        found += len(part[counted[0]])
        check_table(found, len(stored.column_names), name)
        check_packed(8 * found * len(stored.column_names) + size, packed, name)
        for column in texts:
            lengths = [len(text) for text in part[column] if isinstance(text, str)]
            check_cell(max(lengths, default=0), name)
            size += sum(lengths)
        check_bytes(size, name, text=True)


def _parts(reader: Reader, columns: list[str], step: int, rows: int | None) -> Iterator[Any]:
    """The rows in parts, up to the number that the header declares, or to the last, as plain
    columns: a frame would hold each text twice.
    """
    first = 0
    while rows is None or first < rows:
        part, _ = reader(usecols=columns, row_offset=first, row_limit=step, output_format="dict")
        if not len(part[columns[0]]):
            return
        yield part
        first += step


def _longest_text(path: Path) -> int:
    """Bytes of the longest text that a Stata file keeps apart (strL), by the map in its header; the
    size of the file where it has no such map.
    """
    content = path.read_bytes()
    head = STORED.match(content)
    at = _map_of(content, head) if head else -1
    if head is None or at < 0:
        return len(content)
    order = "<" if head[2] == b"LSF" else ">"
    (place,) = struct.unpack_from(f"{order}Q", content, at + 8 * STRLS)
    place += len(b"<strls>")
    wide = 8 if int(head[1]) >= 118 else 4
    longest = 0
    while content[place : place + 3] == b"GSO":
        place += 3 + 4 + wide + 1
        (length,) = struct.unpack_from(f"{order}I", content, place)
        longest = max(longest, length)
        place += 4 + length
    return longest


def _map_of(content: bytes, head: re.Match[bytes]) -> int:
    """Where the offsets of a Stata file stand, after the label and the day of its header; -1 where
    it is built otherwise.
    """
    release = int(head[1])
    order = "<" if head[2] == b"LSF" else ">"
    at = head.end() + len(b"<K></K>") + (4 if release >= 119 else 2)
    at += len(b"<N></N>") + (8 if release >= 118 else 4)
    sizes = (f"{order}H" if release >= 118 else "B", "B")
    for tag, size in zip((b"label", b"timestamp"), sizes, strict=True):
        if content[at : at + len(tag) + 2] != b"<" + tag + b">":
            return -1
        at += len(tag) + 2
        (length,) = struct.unpack_from(size, content, at)
        at += struct.calcsize(size) + length + len(tag) + 3
    start = b"</header><map>"
    return at + len(start) if content[at : at + len(start)] == start else -1
