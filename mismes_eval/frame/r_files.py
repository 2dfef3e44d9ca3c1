"""R's files (.rds, .rda, .RData): the data frame in them. Factors are the text of their levels;
haven's labels stand beside the codes, its missing codes and tagged NAs in `<name>_miss`.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, beyond, in_column, in_place, named, worded
from mismes_eval.frame.limits import (
    FILE,
    STEP,
    check_bytes,
    check_cell,
    check_packed,
    check_table,
)
from mismes_eval.frame.statistical import Labelled, companion
from mismes_eval.frame.validate import MISS
from mismes_eval.libraries import library
from mismes_eval.numerics.rows import Bool

PACKED: Mapping[bytes, Callable[[io.BytesIO], Any]] = MappingProxyType(
    {
        b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
        b"BZh": bz2.BZ2File,
        b"\xfd7zXZ": lzma.LZMAFile,
    }
)
TEXTS = {8: "utf-8", 4: "latin-1", 64: "ascii"}  # R's mark of a text's encoding
TAGGED = 1954  # low word of R's NA; haven keeps a letter in the byte above it
AIR_OF_OBJECTS = 2_000_000  # four bytes of an R file can be an object of 300 in memory
NO_WHOLE = np.iinfo(np.int64).min  # NA of a whole number of package bit64
ROW_NAMES = "row_names"
SEVERAL = (b"RDX", b"RDA", b"RDB")  # the beginning of files that save() writes
BROKEN = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError),
    *(NotImplementedError, OverflowError, RecursionError, MemoryError, EOFError, OSError),
    *(NameError, np.ma.MaskError, struct.error, zlib.error, lzma.LZMAError),
)


@dataclass(frozen=True)
class Column:
    """values; words: the column's label; codes: {code: label}; coded: cells that are missing codes;
    letters: haven's letter of a tagged NA, where there is one.
    """

    values: pd.Series
    words: str = ""
    codes: Mapping[object, str] = field(default_factory=dict)
    coded: pd.Series | None = None
    letters: pd.Series | None = None


def read_r(content: bytes, name: str, *, encoding: str, columns: list[str] | None) -> Labelled:
    """The data frame of an R file.

    Raises
    ------
    InputError : a damaged file; none or several data frames; columns that are no vectors of
        numbers, text or dates.
    """
    try:
        found, native = _parsed(_unpacked(content, name))
        reader = _Reader(name, native or encoding)
        table = reader.only_frame(found)
        with np.errstate(all="ignore"):  # numbers of a damaged file
            frame = reader.columns(table, columns)
        problems = reader.problems
    except UnicodeDecodeError as error:
        fix = 'Say the encoding that it was written in, for instance encoding="cp1252".'
        problem = Problem(
            what="wrong encoding", where=name, expected=error.encoding, got=str(error), fix=fix
        )
        raise InputError(problem) from error
    except BROKEN as error:
        got = " ".join(str(error).split())[:200] or type(error).__name__
        problem = Problem(
            what="truncated or damaged file",
            where=name,
            expected="an R file",
            got=got,
            fix="Fetch it again.",
        )
        raise InputError(problem) from error
    InputError.refuse(problems)
    return frame


def _unpacked(content: bytes, name: str) -> bytes:
    """The content without its compression. What is beyond the limit of a file is refused on a first
    pass that keeps nothing.
    """
    opened = next((make for sign, make in PACKED.items() if content.startswith(sign)), None)
    if opened is None:
        return content
    size = 0
    with opened(io.BytesIO(content)) as stream:
        while part := stream.read(STEP):
            size += len(part)
            if size > FILE:
                raise beyond("the file is too large", name, FILE, "bytes unpacked", worded("more"))
            check_packed(size, len(content), name, air=AIR_OF_OBJECTS)
    with opened(io.BytesIO(content)) as stream:
        return bytes(stream.read())


def _parsed(content: bytes) -> tuple[Any, str]:
    """The object of a file, and the encoding of its texts where it says it."""
    parser = library("rdata.parser")
    usual = parser._parser.DEFAULT_ALTREP_MAP
    sequences = {key: _bounded(usual[key]) for key in (b"compact_intseq", b"compact_realseq")}
    ending = ".rda" if content.startswith(SEVERAL) else ".rds"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of parts of the file that are no table
        made = parser.parse_data(
            content, altrep_constructor_dict={**usual, **sequences}, extension=ending
        )
    return made.object, made.extra.encoding or ""


def _bounded(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A sequence is stored as its length: no longer one than a table may have rows."""

    def made(state: Any) -> Any:
        check_table(int(state.value[0]), 1, "a sequence of the R file")
        return make(state)

    return made


class _Reader:
    """Objects of one file, with what is wrong with its columns."""

    def __init__(self, name: str, encoding: str) -> None:
        self.name, self.encoding = name, encoding
        self.problems: list[Problem] = []

    def only_frame(self, found: Any) -> Any:
        """The one data frame of an .rds, or among the objects of an .rda."""
        frames = {title: item for title, item in self._objects(found) if self._is_frame(item)}
        if len(frames) == 1:
            return next(iter(frames.values()))
        got = named(frames) or _kind(found)
        fix = "In R: saveRDS(as.data.frame(x), 'x.rds'), with the one that is meant."
        what = "several data frames" if frames else "no data frame"
        raise InputError(
            Problem(what=what, where=self.name, expected="one data frame", got=got, fix=fix)
        )

    def _objects(self, found: Any) -> list[tuple[str, Any]]:
        listed = list(_pairs(found)) if _kind(found) == "LIST" else []
        return [(self._text(tag), item) for tag, item in listed] or [("", found)]

    def _is_frame(self, item: Any) -> bool:
        return _kind(item) == "VEC" and "data.frame" in self._classes(self.attributes(item))

    def attributes(self, item: Any) -> dict[str, Any]:
        """Name -> object."""
        return {self._text(tag): value for tag, value in _pairs(item.attributes)}

    def columns(self, table: Any, wanted: list[str] | None) -> Labelled:
        """The columns of a data frame, those that are wanted."""
        about = self.attributes(table)
        names = self._texts(about.get("names"))
        rows = _rows(about.get("row.names"))
        check_table(rows, len(names), self.name)
        twice = sorted({title for title in names if names.count(title) > 1})
        for title in twice:
            where = in_place(self.name, in_column(title))
            fix = "In R: names(x) <- make.unique(names(x))."
            self.problems.append(
                Problem(
                    what="two columns of one name",
                    where=where,
                    expected="one",
                    got=worded("several"),
                    fix=fix,
                )
            )
        parts = self._row_names(about.get("row.names"), rows, names)
        for title, item in zip(names, table.value, strict=True):
            if wanted is None or title in wanted:
                parts[title] = self._column(title, item, rows)
        labels = {title: part.words for title, part in parts.items() if part.words}
        codes = {title: part.codes for title, part in parts.items() if part.codes}
        return Labelled(_joined(parts), {**self._labels(about, names), **labels}, codes)

    def _row_names(self, item: Any, rows: int, names: list[str]) -> dict[str, Column]:
        """Names of rows that somebody gave are a column."""
        if item is None or _kind(item) != "STR" or ROW_NAMES in names:
            return {}
        written = pd.Series(self._texts(item), dtype="str")
        counted = written.equals(pd.Series(range(1, rows + 1)).astype("str"))
        return {} if counted else {ROW_NAMES: Column(written)}

    def _labels(self, about: Mapping[str, Any], names: list[str]) -> dict[str, str]:
        """Labels of columns that package foreign keeps at the data frame."""
        item = about.get("variable.labels") or about.get("var.labels")
        if item is None or _kind(item) != "STR":
            return {}
        return {name: words for name, words in zip(names, self._texts(item), strict=False) if words}

    def _column(self, title: str, item: Any, rows: int) -> Column:
        about = self.attributes(item)
        classes = self._classes(about)
        kind = _kind(item)
        length = _length(item)
        if kind not in ("LGL", "INT", "REAL", "STR") or "dim" in about or length != rows:
            where = in_place(self.name, in_column(title))
            got = (
                worded("a list, matrix or the like")
                if length == rows
                else worded("{length:,} values", {"length": length})
            )
            fix = "Leave the column out (columns=), or make it a vector in R."
            expected = worded("{rows:,} numbers, texts or dates", {"rows": rows})
            self.problems.append(
                Problem(
                    what="no column of a table", where=where, expected=expected, got=got, fix=fix
                )
            )
            return Column(pd.Series(dtype=float))
        words = next(iter(self._texts(about.get("label"))), "")
        if "factor" in classes:
            return Column(self._factor(item, about), words)
        values = self._values(item, classes, about)
        if kind == "STR" or not pd.api.types.is_numeric_dtype(values.dtype):
            return Column(values, words)
        coded = self._coded(values, about)
        return Column(
            values=values,
            words=words,
            codes=self._codes(about),
            coded=coded,
            letters=_letters(item),
        )

    def _factor(self, item: Any, about: Mapping[str, Any]) -> pd.Series:
        """The text of each level; a code without a level is no factor."""
        levels = self._texts(about.get("levels"))
        codes = np.ma.filled(item.value, 0).astype(int)
        if codes.min(initial=0) < 0 or codes.max(initial=0) > len(levels):
            raise ValueError("a factor has a code without a level")
        lengths = np.array([0, *(len(level or "") for level in levels)])
        check_cell(int(lengths.max()), self.name)
        check_bytes(int(lengths[codes].sum()), self.name, text=True)
        return pd.Series(pd.array([None, *levels], dtype="str").take(codes))

    def _values(self, item: Any, classes: list[str], about: Mapping[str, Any]) -> pd.Series:
        kind = _kind(item)
        raw = item.value
        if kind == "STR":
            written = self._texts(item)
            check_cell(max((len(w) for w in written if w), default=0), self.name)
            return pd.Series(written, dtype="str")
        if "integer64" in classes:
            whole = raw.view(np.int64)
            return _whole(whole, whole == NO_WHOLE)
        if "Date" in classes or "POSIXct" in classes:
            return self._moments(item, "Date" in classes, about)
        if kind == "REAL":
            return pd.Series(np.asarray(raw, float))
        if kind == "LGL":
            gone = np.ma.getmaskarray(raw)
            values = pd.Series(np.ma.filled(raw, False).astype(bool))
            return values.astype("boolean").mask(gone) if gone.any() else values
        return _whole(np.ma.filled(raw, 0).astype(np.int64), np.ma.getmaskarray(raw))

    def _moments(self, item: Any, days: bool, about: Mapping[str, Any]) -> pd.Series:
        """Dates, and moments on the clock of their time zone (UTC where none is said)."""
        count = pd.Series(np.ma.filled(item.value.astype(float), np.nan))
        if days:
            return pd.Series(pd.to_datetime(np.floor(count), unit="D"))
        zone = next(iter(self._texts(about.get("tzone"))), "") or "UTC"
        moments = pd.Series(pd.to_datetime(count, unit="s", utc=True)).dt.round("ms")
        return moments.dt.tz_convert(zone).dt.tz_localize(None)

    def _codes(self, about: Mapping[str, Any]) -> dict[object, str]:
        """{code: label} of haven, labelled or foreign; the letter of a tagged NA is its code."""
        item = about.get("labels") or about.get("value.labels")
        if item is None or _kind(item) not in ("INT", "REAL"):
            return {}
        named = self._texts(self.attributes(item).get("names"))
        letters = _letters(item)
        out: dict[object, str] = {}
        for code, words in enumerate(named[: _length(item)]):
            value = float(np.ma.filled(item.value.astype(float), np.nan)[code])
            letter = None if letters is None else letters[code]
            if not np.isnan(value):
                out[int(value) if value.is_integer() else value] = words
            elif letter:
                out[letter] = words
        return out

    def _coded(self, values: pd.Series, about: Mapping[str, Any]) -> pd.Series | None:
        """Cells with a code that SPSS declares missing."""
        listed, ends = about.get("na_values"), about.get("na_range")
        coded = pd.Series(False, index=values.index)
        if listed is not None:
            coded |= values.isin(np.asarray(listed.value, float))
        if ends is not None:
            low, high = (float(end) for end in ends.value)
            coded |= values.between(low, high)
        return coded if coded.any() else None

    def _classes(self, about: Mapping[str, Any]) -> list[str]:
        return self._texts(about.get("class"))

    def _texts(self, item: Any) -> list[Any]:
        """The texts of a vector, None where one is missing."""
        if item is None or _kind(item) != "STR":
            return []
        return [self._text(cell) for cell in item.value]

    def _text(self, cell: Any) -> Any:
        while cell is not None and _kind(cell) == "REF":
            cell = cell.referenced_object
        if cell is None or cell.value is None:
            return None
        if _kind(cell) == "SYM":
            return self._text(cell.value)
        mark = next((code for bit, code in TEXTS.items() if cell.info.gp & bit), self.encoding)
        return cell.value.decode(mark)


def _kind(item: Any) -> str:
    return str(item.info.type.name)


def _length(item: Any) -> int:
    return len(item.value) if hasattr(item.value, "__len__") else 0


def _rows(names: Any) -> int:
    """How many rows a data frame has, from their names: texts, or NA and the negative count."""
    if _kind(names) != "INT" or not np.ma.getmaskarray(names.value).any():
        return _length(names)
    return abs(int(names.value[1]))


def _pairs(item: Any) -> Iterator[tuple[Any, Any]]:
    """Tag and object of each link of a list."""
    while item is not None and _kind(item) == "LIST":
        yield item.tag, item.value[0]
        item = item.value[1]


def _whole(values: np.ndarray, gone: Bool) -> pd.Series:
    """Whole numbers, missing where they are."""
    return pd.Series(values).astype("Int64").mask(gone) if gone.any() else pd.Series(values)


def _letters(item: Any) -> pd.Series | None:
    """The letter of each tagged NA, None elsewhere; None where there is none."""
    if _kind(item) != "REAL":
        return None
    bits = np.ascontiguousarray(item.value, dtype=np.float64).view(np.uint64)
    letter = ((bits >> np.uint64(32)) & np.uint64(0xFF)).astype(int)
    tagged = np.isnan(item.value) & ((bits & np.uint64(0xFFFFFFFF)) == TAGGED) & (letter > 0)
    if not tagged.any():
        return None
    return pd.Series([chr(code) if is_one else None for code, is_one in zip(letter, tagged)])


def _joined(parts: Mapping[str, Column]) -> pd.DataFrame:
    """Columns beside each other, each followed by its reasons."""
    frame = pd.DataFrame({title: part.values for title, part in parts.items()})
    for title, part in parts.items():
        if part.coded is not None:
            frame = companion(frame, title, part.coded, dot="")
        if part.letters is None:
            continue
        written = part.letters.map(lambda letter: f".{letter}", na_action="ignore")
        if title + MISS in frame:
            frame[title + MISS] = frame[title + MISS].where(written.isna(), written)
        else:
            position = list(frame.columns).index(title) + 1
            frame.insert(position, title + MISS, written.astype("str"))
    return frame
