"""Where two files of a report differ: the table and cell of a Parquet file or workbook, the text or
mark of a page, the line of a CSV file, the cell of a notebook, the pixels of a picture.

Numbers are compared at the tolerance of `verify`; what names a moment or a version of a program is
not compared.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import html
import io
import json
import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
from PIL import Image, UnidentifiedImageError

from mismes_eval.frame.limits import FILE, check_workbook
from mismes_eval.frame.outside import bytes_of
from mismes_eval.frame.statistical import read_parquet
from mismes_eval.parquet_files import parquet_file
from mismes_eval.report.trust.spelling import (
    NO_RUNS,
    PUBLISHED,
    TOLERANCE,
    ZERO,
    Runs,
    told_of_itself,
    unlike_blocks,
    unlike_spelling,
    without_runs,
    without_version,
)

MOST = 10  # places that are named in one file
Place = tuple[str, object, object]
_DATA_URI = re.compile(r"data:(image/png|text/csv);base64,([A-Za-z0-9+/=\s]*)")
_PDF_MOMENT = re.compile(rb"/(?:CreationDate|ModDate) ?\([^)]*\)|/ID ?\[[^\]]*\]")
_XMP_MOMENT = re.compile(
    rb"<xmp:(\w+Date)>[^<]*</xmp:\1>|<xmpMM:(\w+ID)>[^<]*</xmpMM:\2>|xmp.iid:[0-9a-f-]+"
)
_PRODUCER = re.compile(rb"/Producer ?\(([^)]*)\)")
_WORDS = "word/document.xml"
_ZIPPED, _ENTRY, _DIRECTORY = (".xlsx", ".docx"), b"PK\x03\x04", b"PK\x05\x06"
_BEHIND = "bytes behind it"


def places(reported: Path, repeated: Path, runs: Runs = NO_RUNS) -> list[Place]:
    """(place, reported, repeated) of what differs between two files of one kind, at most MOST; a
    file that cannot be read is one place without values. Equal bytes have no place.
    """
    if not reported.is_file() or not repeated.is_file():
        return []
    try:
        one, two = bytes_of(reported, FILE), bytes_of(repeated, FILE)
        if one == two:
            return []
        found = chain(_around(reported.suffix, one, two), _found(reported.suffix, one, two, runs))
        told = list(islice(found, MOST))
        return told or list(unlike_spelling(reported.suffix, one, two, runs))
    except Exception as error:  # what somebody made of a file may end any reader
        return [(f"cannot be read ({type(error).__name__})", None, None)]


def _found(suffix: str, one: bytes, two: bytes, runs: Runs) -> Iterator[Place]:
    if suffix == ".html":
        return _page(*without_runs(one.decode("utf-8"), two.decode("utf-8"), runs))
    if suffix == ".docx":
        return _word(one, two, runs)
    how = {
        ".parquet": _parquet,
        ".xlsx": _workbook,
        ".csv": _lines,
        ".ipynb": _notebook,
        ".json": _json,
        ".png": _picture,
        ".pdf": _print,
    }.get(suffix, _bytes)
    return how(one, two)


def _around(suffix: str, one: bytes, two: bytes) -> Iterator[Place]:
    """What programs that read a file pass over: bytes before and behind it, line ends, keys that
    stand twice.
    """
    was, now = (_passed_over(suffix, content) for content in (one, two))
    for what, count in was.items():
        if count != now[what]:
            yield what, count, now[what]


def _passed_over(suffix: str, content: bytes) -> dict[str, int]:
    """What is passed over, and how much of it there is."""
    if suffix in _ZIPPED:
        behind = len(content) - content.rfind(_DIRECTORY) - 22
        return {"bytes before it": max(content.find(_ENTRY), 0), _BEHIND: behind}
    if suffix == ".png":
        return {_BEHIND: len(content) - content.rfind(b"IEND") - 8}
    if suffix == ".csv":
        return {"carriage returns": content.count(b"\r")}
    if suffix in (".json", ".ipynb"):
        return {"keys that stand twice": keys_twice(content)}
    return {}


def keys_twice(content: bytes) -> int:
    """Keys that stand twice in one mapping of a JSON file."""
    more = 0

    def counted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal more
        made = dict(pairs)
        more += len(pairs) - len(made)
        return made

    json.loads(content, object_pairs_hook=counted)
    return more


def same_value(a: Any, b: Any) -> bool:
    """Equal, both missing, or numbers within the tolerance relative to the larger; numbers below
    1e-12 count as zero.
    """
    if isinstance(a, bool) or isinstance(b, bool):
        return type(a) is type(b) and a == b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        missing = math.isnan(a), math.isnan(b)
        return all(missing) or math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=ZERO)
    return bool(a == b) or (pd.isna(a) is True and pd.isna(b) is True)


def _bytes(one: bytes, two: bytes) -> Iterator[Place]:
    yield "bytes", f"sha256 {_short(one)}", f"sha256 {_short(two)}"


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _parquet(one: bytes, two: bytes) -> Iterator[Place]:
    schemas = [parquet_file(content, PUBLISHED).schema_arrow for content in (one, two)]
    for name in dict.fromkeys([*schemas[0].names, *schemas[1].names]):
        kinds = [
            str(schema.field(name).type) if name in schema.names else None for schema in schemas
        ]
        if kinds[0] != kinds[1]:
            yield f"column {name}, type", kinds[0], kinds[1]
    yield from _other("metadata", *map(told_of_itself, schemas))
    first, second = (read_parquet(content, PUBLISHED, columns=None) for content in (one, two))
    if list(first.columns) != list(second.columns) or len(first) != len(second):
        yield (
            "shape",
            f"{len(first)} rows, {first.shape[1]} columns",
            f"{len(second)} rows, {second.shape[1]} columns",
        )
        return
    for x, y in zip(first.to_dict("records"), second.to_dict("records"), strict=True):
        where = " / ".join(str(y[column]) for column in ("table", "row", "column") if column in y)
        for column in first.columns:
            if not same_value(x[column], y[column]):
                yield f"{where}, {column}", x[column], y[column]


def _workbook(one: bytes, two: bytes) -> Iterator[Place]:
    """Sheets, cells and names of two workbooks that differ, and parts that one of them lacks."""
    for content in (one, two):
        check_workbook(content, "the published workbook")
    first, second = (openpyxl.load_workbook(io.BytesIO(content)) for content in (one, two))
    for name in dict.fromkeys([*first.sheetnames, *second.sheetnames]):
        if name in first.sheetnames and name in second.sheetnames:
            yield from _sheet(name, first[name], second[name])
        else:
            yield _missing(f"sheet {name}", name in first.sheetnames)
    if first.sheetnames != second.sheetnames and set(first.sheetnames) == set(second.sheetnames):
        yield "order of the sheets", ", ".join(first.sheetnames), ", ".join(second.sheetnames)
    yield from _other("defined names", sorted(first.defined_names), sorted(second.defined_names))
    parts = [sorted(zipfile.ZipFile(io.BytesIO(content)).namelist()) for content in (one, two)]
    for part in sorted(set(parts[0]) ^ set(parts[1])):
        yield _missing(f"part {part}", part in parts[0])


def _sheet(name: str, a: Any, b: Any) -> Iterator[Place]:
    if a.sheet_state != b.sheet_state:
        yield f"sheet {name}, state", a.sheet_state, b.sheet_state
    for x, y in zip_longest(a.iter_rows(), b.iter_rows(), fillvalue=()):
        for left, right in zip_longest(x, y):
            at = left if left is not None else right
            for what, value, other in _cell(left, right):
                yield f"sheet {name}, cell {at.coordinate}{what}", value, other
    for kind in ("row_dimensions", "column_dimensions"):
        what = f"sheet {name}, hidden {kind.partition('_')[0]}s"
        yield from _other(what, *(_hidden(getattr(sheet, kind)) for sheet in (a, b)))


def _hidden(dimensions: Mapping[Any, Any]) -> list[str]:
    """Rows or columns of a sheet that are hidden."""
    return sorted(str(key) for key, dimension in dimensions.items() if dimension.hidden)


def _other(what: str, was: object, now: object) -> Iterator[Place]:
    """Two lists of a file where they differ."""
    if was != now:
        yield what, str(was), str(now)


def _missing(what: str, in_first: bool) -> Place:
    """What stands in one of two files only."""
    return (what, "there", None) if in_first else (what, None, "there")


def _cell(left: Any, right: Any) -> Iterator[Place]:
    value, other = getattr(left, "value", None), getattr(right, "value", None)
    if not same_value(value, other):
        yield "", value, other
    formulas = [getattr(cell, "data_type", None) == "f" for cell in (left, right)]
    if formulas[0] != formulas[1]:
        yield ", formula", formulas[0], formulas[1]
    for what in ("number_format", "comment", "hyperlink"):
        pair = [getattr(cell, what, None) for cell in (left, right)]
        texts = [getattr(p, "text", getattr(p, "target", p)) for p in pair]
        if texts[0] != texts[1] and left is not None and right is not None and value == other:
            yield f", {what.replace('_', ' ')}", texts[0], texts[1]


def _word(one: bytes, two: bytes, runs: Runs) -> Iterator[Place]:
    """Word documents: their paragraphs, then every other part, pictures by their pixels."""
    first, second = _named(one, runs.reported), _named(two, runs.repeated)
    told = [_paragraphs(parts.get(_WORDS, b"")) for parts in (first, second)]
    yield from _unlike("paragraph", *told)
    for name in dict.fromkeys([*first, *second]):
        if name not in first or name not in second:
            yield _missing(f"part {name}", name in first)
        elif first[name] != second[name] and name.endswith(".png"):
            for place, x, y in _picture(first[name], second[name]):
                yield f"{name}, {place}", x, y
        elif first[name] != second[name] and (name != _WORDS or told[0] == told[1]):
            yield f"part {name}", f"sha256 {_short(first[name])}", f"sha256 {_short(second[name])}"


def _named(content: bytes, run: str) -> dict[str, bytes]:
    """The parts of a Word document, with the run's name left out."""
    check_workbook(content, "the published document")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if not run:
        return parts
    texts = {n: c.replace(run.encode(), b"run") for n, c in parts.items() if n.endswith(".xml")}
    return parts | texts


def _paragraphs(content: bytes) -> list[str]:
    marked = (re.findall(rb"<w:t[ >][^<]*", part) for part in content.split(b"</w:p>"))
    joined = (b"".join(piece.partition(b">")[2] for piece in pieces) for pieces in marked)
    return [html.unescape(text.decode("utf-8")) for text in joined if text]


def _page(page: str, other: str) -> Iterator[Place]:
    a, second = _Parts(page), _Parts(other)
    yield from _unlike("text", a.texts, second.texts)
    if sorted(a.texts) == sorted(second.texts) and a.texts != second.texts:
        first = next(
            place for place, (x, y) in enumerate(zip(a.texts, second.texts, strict=True)) if x != y
        )
        yield "order of the texts", a.texts[first], second.texts[first]
    yield from _unlike("mark", a.marks, second.marks)
    if len(a.inside) != len(second.inside):
        yield "pictures and files", len(a.inside), len(second.inside)
    for (called, x), (_, y) in zip(a.inside, second.inside, strict=False):
        for place, reported, w in _inside_page(x, y):
            yield f"{called}, {place}", reported, w


class _Parts(HTMLParser):
    """Texts, tags with their attributes, and pictures and files inside a page, in their order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.marks: list[str] = []
        self.inside: list[tuple[str, str]] = []  # what to call it, and the data: link
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = []
        for name, value in attrs:
            if value is not None and value.startswith("data:"):
                self.inside.append((self._called(dict(attrs)), value))
                value = "data:"
            told.append(f'{name}="{value}"')
        self.marks.append(" ".join([f"<{tag}", *told]) + ">")

    def _called(self, attributes: Mapping[str, str | None]) -> str:
        """The name under which a file is saved, else the number of the picture."""
        if name := attributes.get("download"):
            return f"file {name}"
        return f"picture {1 + sum(called.startswith('picture ') for called, _ in self.inside)}"

    def handle_data(self, data: str) -> None:
        self.texts += [text for part in data.split("\n") if (text := part.strip())]

    def handle_comment(self, data: str) -> None:
        self.marks.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.marks.append(f"<!{decl}>")


def _inside_page(one: str, two: str) -> Iterator[Place]:
    """Two data: links: pictures by their pixels, CSV files by their numbers, others as they are."""
    if one == two:
        return
    found = [_DATA_URI.fullmatch(text) for text in (one, two)]
    if found[0] is None or found[1] is None or found[0][1] != found[1][1]:
        yield "data", one[:60], two[:60]
        return
    try:
        first, second = (base64.b64decode(match[2]) for match in found if match)
        yield from _lines(first, second) if found[0][1] == "text/csv" else _picture(first, second)
    except (binascii.Error, UnicodeDecodeError, csv.Error):
        yield "cannot be read", None, None


def _picture(one: bytes, two: bytes) -> Iterator[Place]:
    """Size, pixels, and what a PNG file says beside them."""
    try:
        first, second = (Image.open(io.BytesIO(content)) for content in (one, two))
        pixels = [np.asarray(image.convert("RGBA")) for image in (first, second)]
    except UnidentifiedImageError:
        yield "cannot be read", None, None
        return
    if first.size != second.size:
        yield "size", f"{first.size[0]} x {first.size[1]}", f"{second.size[0]} x {second.size[1]}"
        return
    unlike = np.any(pixels[0] != pixels[1], axis=2)
    if unlike.any():
        row, column = np.argwhere(unlike)[0]
        place = f"{int(unlike.sum())} pixels, first at {column}, {row}"
        yield place, _colour(pixels[0][row, column]), _colour(pixels[1][row, column])
    told = [
        {str(key): str(value) for key, value in i.info.items() if key != "Software"}
        for i in (first, second)
    ]
    if told[0] != told[1]:
        yield "words in the file", str(told[0])[:120], str(told[1])[:120]
    yield from unlike_blocks(one, two)


def _colour(pixel: Any) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in pixel)


def _lines(one: bytes, two: bytes) -> Iterator[Place]:
    rows = [
        list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""))) for content in (one, two)
    ]
    for place, (x, y) in enumerate(zip_longest(*rows), 1):
        alike = x is not None and y is not None and len(x) == len(y)
        if not alike or not all(map(_same_text, x, y)):
            yield f"line {place}", _written(x), _written(y)


def _written(row: Sequence[str] | None) -> str | None:
    return None if row is None else ",".join(row)


def _same_text(a: str, b: str) -> bool:
    """Equal as text, or as numbers."""
    if a == b:
        return True
    try:
        return same_value(float(a), float(b))
    except ValueError:
        return False


def _unlike(what: str, one: list[str], two: list[str]) -> Iterator[Place]:
    """Texts that stand in one of the two more often than in the other, side by side in their
    order.
    """
    gone, new = Counter(one) - Counter(two), Counter(two) - Counter(one)
    left = [token for token in dict.fromkeys(one) if token in gone]
    right = [token for token in dict.fromkeys(two) if token in new]
    for x, y in zip_longest(left, right):
        yield what, x, y


def _json(one: bytes, two: bytes) -> Iterator[Place]:
    """Every leaf of two JSON files."""
    return unlike_leaves(json.loads(one), json.loads(two))


def unlike_leaves(a: Any, b: Any, where: str = "") -> Iterator[Place]:
    """(way to it, a, b) of every leaf that differs between two JSON values."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in dict.fromkeys([*a, *b]):
            yield from unlike_leaves(a.get(key), b.get(key), f"{where} / {key}" if where else key)
    elif isinstance(a, list) and isinstance(b, list):
        for place, (x, y) in enumerate(zip_longest(a, b), 1):
            yield from unlike_leaves(x, y, f"{where} / {place}")
    elif not same_value(a, b):
        yield where, a, b


def _notebook(one: bytes, two: bytes) -> Iterator[Place]:
    first, second = (without_version(json.loads(content)) for content in (one, two))
    for key in dict.fromkeys([*first, *second]):
        left = first.get(key)
        right = second.get(key)
        if key != "cells":
            yield from unlike_leaves(left, right, key)
    nothing: dict[str, Any] = {}
    for k, (x, y) in enumerate(zip_longest(first["cells"], second["cells"], fillvalue=nothing), 1):
        source, other = ("".join(cell.get("source", "")) for cell in (x, y))
        if source != other:
            yield f"cell {k}, code", source[:120], other[:120]
        for key in dict.fromkeys([*x, *y]):
            if key not in ("source", "outputs"):
                yield from unlike_leaves(x.get(key), y.get(key), f"cell {k}, {key}")
        outputs = zip_longest(x.get("outputs", []), y.get("outputs", []), fillvalue=nothing)
        for left, right in outputs:
            for place, reported, w in _output(left, right):
                yield f"cell {k}, output, {place}", reported, w


def _output(left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[Place]:
    data, other = left.get("data") or {}, right.get("data") or {}
    for kind in dict.fromkeys([*data, *other]):
        x, y = (
            "".join(bundle.get(kind, "")) if _is_text(bundle.get(kind, "")) else None
            for bundle in (data, other)
        )
        if x is None or y is None:
            yield from unlike_leaves(data.get(kind), other.get(kind), kind)
        elif kind == "image/png":
            yield from _inside_page(*(f"data:image/png;base64,{text.strip()}" for text in (x, y)))
        elif kind == "text/html":
            yield from _page(x, y)
        elif x != y:
            yield kind, x[:120], y[:120]
    for key in dict.fromkeys([*left, *right]):
        if key != "data":
            yield from unlike_leaves(left.get(key), right.get(key), key)


def _is_text(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )


def _print(one: bytes, two: bytes) -> Iterator[Place]:
    """PDF files of one printer, without their moments; another printer draws another file."""
    if not same_printer(one, two):
        return
    first, second = (_XMP_MOMENT.sub(b"", _PDF_MOMENT.sub(b"", content)) for content in (one, two))
    if first != second:
        yield "pages", f"{len(one):,} bytes", f"{len(two):,} bytes"


def same_printer(one: bytes, two: bytes) -> bool:
    """Whether two PDF files were made by one version of one program."""
    return _PRODUCER.findall(one) == _PRODUCER.findall(two)
