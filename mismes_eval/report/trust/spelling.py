"""What a comparison of contents passes over: how a file is written. A report's files are written in
one way, so two that say the same are the same, but for the last digits of numbers and the moments
and versions that they name.

Texts are compared letter by letter, JSON by the way it is written, workbooks and Word documents by
every part and every field of the archive around them, pictures by every block of the file, Parquet
files by writing them again.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import pyarrow
from pyarrow import parquet

from mismes_eval.errors import worded
from mismes_eval.parquet_files import parquet_file

Place = tuple[str, object, object]
TOLERANCE, ZERO = 1e-9, 1e-12
PUBLISHED = worded("the published table")
LONG = 12  # digits of a number that may differ in its last ones
CONTEXT = 40  # characters that are shown around a place
PNG = b"\x89PNG\r\n\x1a\n"
_PIECE = re.compile(r"([-+]?\d[\d.]*(?:[eE][-+]?\d+)?)")
_BLOB = re.compile(r"(?:(?<=;base64,)|[A-Za-z0-9+/]{80})[A-Za-z0-9+/]*={0,2}")
_WRITER = "parquet-cpp-arrow version "
_VERSION = re.compile(rb'"(pandas_version|version)": "[^"]*"')
_LOCAL, _CENTRAL, _END = 30, 46, 22  # bytes of a zip file's headers without names
_LOCAL_FIELDS = struct.Struct("<4s5H3I2H")


@dataclass(frozen=True)
class Runs:
    """What two runs call themselves on their pages (the beginning of each fingerprint), and the
    version of pyarrow that the manifest of the first one names.
    """

    reported: str = ""
    repeated: str = ""
    arrow: str = pyarrow.__version__


NO_RUNS = Runs()


def unlike_spelling(suffix: str, one: bytes, two: bytes, runs: Runs = NO_RUNS) -> Iterator[Place]:
    """Where two files that say the same are written in two ways."""
    if suffix in (".xlsx", ".docx"):
        return _archive(one, two, runs)
    if suffix == ".parquet":
        return _written_again(one, two, runs)
    if suffix == ".pdf":  # compared by its bytes
        return iter(())
    how: Mapping[str, Callable[[bytes, bytes], Iterator[Place]]] = {
        ".json": _json,
        ".ipynb": _notebook,
        ".png": unlike_blocks,
    }
    return how[suffix](one, two) if suffix in how else _texts(one, two, runs)


def without_runs(one: str, two: str, runs: Runs) -> tuple[str, str]:
    """Two pages without what their runs call themselves."""
    if not (runs.reported and runs.repeated):
        return one, two
    return one.replace(runs.reported, "run"), two.replace(runs.repeated, "run")


def unlike_text(one: str, two: str, runs: Runs = NO_RUNS) -> Iterator[Place]:
    """The first place where two texts differ beside the last digits of long numbers. Files inside
    are compared by what is in them: pictures are not, they have pixels.
    """
    one, two = without_runs(one, two, runs)
    left, right = _PIECE.split(_unpacked(one)), _PIECE.split(_unpacked(two))
    for at, (x, y) in enumerate(zip_longest(left, right)):
        if x != y and not _same_number(x, y):
            yield "spelling", _around(left, at, x, y), _around(right, at, y, x)
            return


def _around(pieces: list[str], at: int, piece: str | None, other: str | None) -> str:
    """The text at a piece, from where it begins to differ from another."""
    if piece is None:
        return ""
    pairs = enumerate(zip(piece, other or "", strict=False))
    first = next((i for i, (x, y) in pairs if x != y), min(len(piece), len(other or "")))
    before = "".join(pieces[max(at - 4, 0) : at])[-CONTEXT // 2 :]
    return (before + piece[:first])[-CONTEXT // 2 :] + piece[first:][: CONTEXT // 2]


def _same_number(x: str | None, y: str | None) -> bool:
    """Whether two pieces are one number, up to its last digits."""
    if x is None or y is None or max(sum(map(str.isdigit, piece)) for piece in (x, y)) < LONG:
        return False
    try:
        return math.isclose(float(x), float(y), rel_tol=TOLERANCE, abs_tol=ZERO)
    except ValueError:
        return False


def _unpacked(text: str) -> str:
    """A text with the files that it holds in base64 as texts, and without its pictures."""
    return _BLOB.sub(_blob, text)


def _blob(found: re.Match[str]) -> str:
    try:
        content = base64.b64decode(found[0], validate=True)
    except binascii.Error:
        return found[0]
    if base64.b64encode(content).decode() != found[0]:
        return found[0]
    if content.startswith(PNG):
        return "(picture)"
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return found[0]


def _texts(one: bytes, two: bytes, runs: Runs = NO_RUNS) -> Iterator[Place]:
    try:
        yield from unlike_text(one.decode("utf-8"), two.decode("utf-8"), runs)
    except UnicodeDecodeError:
        if one != two:
            yield "bytes", len(one), len(two)


def _json(one: bytes, two: bytes) -> Iterator[Place]:
    yield from _layout(one, two)
    yield from _texts(one, two)


def _layout(one: bytes, two: bytes) -> Iterator[Place]:
    """JSON that is not as this package writes it, where the other file is."""
    if _as_written(two) and not _as_written(one):
        yield "layout of the JSON", "another", "as this package writes it"


def _as_written(content: bytes) -> bool:
    text = content.decode("utf-8")
    return json.dumps(json.loads(text), ensure_ascii=False, indent=1) == text.removesuffix("\n")


def _notebook(one: bytes, two: bytes) -> Iterator[Place]:
    yield from _layout(one, two)
    notebooks = (without_version(json.loads(content)) for content in (one, two))
    told, now = (json.dumps(notebook, ensure_ascii=False) for notebook in notebooks)
    yield from unlike_text(told, now)


def without_version(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook without the version of Python that its kernel had."""
    told = notebook.get("metadata", {})
    language = {k: v for k, v in told.get("language_info", {}).items() if k != "version"}
    return {**notebook, "metadata": {**told, "language_info": language}}


def _archive(one: bytes, two: bytes, runs: Runs) -> Iterator[Place]:
    """Fields of the archive, then its parts, pictures by their blocks."""
    shells = [_shell(content) for content in (one, two)]
    for what, was, now in zip(("before it", "between its parts"), *shells[:2], strict=False):
        if was != now:
            yield f"archive, {what}", was, now
    books = [zipfile.ZipFile(io.BytesIO(content)) for content in (one, two)]
    names = [book.namelist() for book in books]
    for name in [name for name in names[0] if name in names[1]]:
        left, right = (book.read(name) for book in books)
        if left == right:
            continue
        if name.endswith(".png"):
            found = unlike_blocks(left, right)
        else:
            found = unlike_text(left.decode("utf-8"), right.decode("utf-8"), runs)
        for place, was, now in found:
            yield f"part {name}, {place}", was, now


def _shell(content: bytes) -> tuple[str, str]:
    """What an archive says beside the contents of its parts, and how many of its bytes belong to
    none of its parts and headers.
    """
    told = []
    counted = _END
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        counted += len(book.comment)
        for entry in book.infolist():
            local = _LOCAL_FIELDS.unpack_from(content, entry.header_offset)
            name, extra = local[-2:]
            begin = entry.header_offset + _LOCAL + name + extra
            packed = content[begin : begin + entry.compress_size]
            ahead = content[entry.header_offset + _LOCAL : begin]
            counted += _LOCAL + len(ahead) + len(packed)
            counted += _CENTRAL + len(entry.orig_filename.encode()) + len(entry.extra)
            counted += len(entry.comment)
            told.append((*_fields(entry), local[1:5], ahead, _behind(packed, entry)))
    return repr(told), f"{len(content) - counted} bytes"


def _fields(entry: zipfile.ZipInfo) -> tuple[object, ...]:
    return (
        entry.orig_filename,
        entry.date_time,
        entry.compress_type,
        entry.comment,
        entry.extra,
        entry.create_system,
        entry.create_version,
        entry.extract_version,
        entry.flag_bits,
        entry.internal_attr,
        entry.external_attr,
    )


def _behind(packed: bytes, entry: zipfile.ZipInfo) -> int:
    """Bytes behind the packed content of a part."""
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        return 0
    reader = zlib.decompressobj(-15)
    reader.decompress(packed, entry.file_size + 1)
    return len(reader.unused_data) + len(reader.unconsumed_tail)


def unlike_blocks(one: bytes, two: bytes) -> Iterator[Place]:
    """Blocks of two PNG files with the same pixels that differ: their kinds, their order, what
    stands in those that are no pixels, and bytes that are in none.
    """
    first, second = _blocks(one), _blocks(two)
    if first != second:
        unlike = (pair for pair in zip_longest(first, second) if pair[0] != pair[1])
        was, now = next(unlike)
        yield "blocks of the file", repr(was)[:80], repr(now)[:80]


def _blocks(content: bytes) -> list[tuple[bytes, bytes]]:
    """(kind, what is in it) of every block; of those with pixels, what follows their end."""
    found, pixels, at, most = [], b"", len(PNG), 0
    while at + 12 <= len(content):
        (size,) = struct.unpack_from(">I", content, at)
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        (sum_,) = struct.unpack_from(">I", content[at + 8 + size : at + 12 + size].ljust(4, b"\0"))
        whole = sum_ == zlib.crc32(kind + body)
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", body)
            most = (width * 8 + 1) * height  # bytes of the pixels, at 16 bits in four colours
        if kind == b"IDAT" and whole:
            pixels += body
        elif not (kind == b"tEXt" and body.startswith(b"Software\0")):
            found.append((kind, body if whole else b"damaged: " + body))
        at += 12 + size
    reader = zlib.decompressobj()
    reader.decompress(pixels, most + 1)
    behind = reader.unused_data + reader.unconsumed_tail
    return [*found, (b"behind the pixels", behind), (b"behind it", content[at:])]


def _written_again(one: bytes, two: bytes, runs: Runs) -> Iterator[Place]:
    """A Parquet file that is not what writing its table again gives, where the other one is. Another
    version of pyarrow may lay a file out in another way, and says the same of its rows.
    """
    makers = [parquet_file(content, PUBLISHED).metadata.created_by for content in (one, two)]
    if makers[0] != _WRITER + runs.arrow:
        yield "written by", makers[0], _WRITER + runs.arrow
    again = _rewritten(one)
    if makers[0] != makers[1]:
        as_written = told_of_rows(one) == told_of_rows(again)
    else:
        as_written = one == again or _rewritten(two) != two
    if not as_written:
        yield "statistics and layout", "another", "as this package writes it"


def _rewritten(content: bytes) -> bytes:
    out = io.BytesIO()
    table = parquet_file(content, PUBLISHED).read(use_threads=False)
    parquet.write_table(table, out, compression="snappy")
    return out.getvalue()


def told_of_rows(content: bytes) -> list[tuple[object, ...]]:
    """What a Parquet file says of its rows before they are read: programs pass over those that
    cannot hold what they look for.
    """
    groups = parquet_file(content, PUBLISHED).metadata.to_dict()["row_groups"]
    facts = ("path_in_schema", "physical_type", "num_values", "is_stats_set", "statistics")
    return [
        (group["num_rows"], *(str(column[fact]) for fact in facts))
        for group in groups
        for column in group["columns"]
    ]


def told_of_itself(schema: Any) -> list[tuple[bytes, ...]]:
    """What a Parquet file says of itself and of its columns, without the versions of the programs
    that wrote it.
    """
    whole = (schema.metadata or {}).items()
    columns = ((f.name.encode(), f.metadata or {}) for f in schema)
    told = [(name, key, text) for name, about in columns for key, text in about.items()]
    return sorted([*((key, _VERSION.sub(b"", text)) for key, text in whole), *told])
