"""Stata, SPSS and Parquet files: values as stored, labels beside them, user missing codes kept in
`<name>_miss`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import is_numeric_dtype
from pyarrow import compute

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame.heads import head_problems
from mismes_eval.frame.limits import (
    check_bytes,
    check_cell,
    check_packed,
    check_table,
)
from mismes_eval.frame.long_texts import Stored, check_texts
from mismes_eval.frame.parse import LARGEST_EXACT
from mismes_eval.frame.validate import MISS
from mismes_eval.libraries import library
from mismes_eval.parquet_files import parquet_file

READERS: Mapping[str, str] = {
    ".dta": "read_dta",
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".sas7bdat": "read_sas7bdat",
    ".xpt": "read_xport",
}

TEXT_TYPES = (
    *(pa.string(), pa.large_string(), pa.string_view()),
    *(pa.binary(), pa.large_binary(), pa.binary_view()),
)
SPSS = (".sav", ".zsav")
PORTABLE = ".por"
NUMBER = 8  # bytes of a number in memory
XPORT = 80  # bytes of a record of the SAS transport format
CASES_AT, OPEN = 80, b"\xff\xff\xff\xff"  # of the header of an SPSS file: number of cases, unknown

# Stata's date formats: periods in a year, and pandas' name where it has one
PERIODS: dict[str, tuple[int, str]] = {
    "tm": (12, "M"),
    "tq": (4, "Q-DEC"),
    "th": (2, ""),
    "tw": (52, ""),
    "ty": (1, "Y-DEC"),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """frame, column -> label, column -> {code: label}."""

    frame: pd.DataFrame
    labels: Mapping[str, str]
    value_labels: Mapping[str, Mapping[object, str]]


def read_statistical(path: Path, *, encoding: str, columns: list[str] | None) -> Labelled:
    """A .dta, .sav, .zsav, .por, .sas7bdat or .xpt file; coded missing values (.a, or SPSS user
    missing) leave the value empty and their code in the companion.
    """
    pyreadstat = library("pyreadstat")
    suffix = path.suffix.lower()
    reader = _reader(pyreadstat, suffix)
    reasons = {"user_missing": True} if suffix != ".xpt" else {}
    written = None if encoding == "utf-8" else encoding
    try:
        declared = reader(str(path), metadataonly=True, encoding=written)[1]
        _check_declared(declared, path)
        with _every_row(path, declared) as whole:
            plain = partial(reader, str(whole), encoding=written)
            check_texts(path, path.name, declared, columns, plain)
            rows = declared.number_rows
            most = {} if rows is None else {"row_limit": rows + 1}
            frame, meta = plain(**reasons, **most, usecols=columns)
    except UnicodeDecodeError as error:
        raise InputError(
            Problem(
                what="wrong encoding",
                where=path.name,
                expected=encoding,
                got=str(error),
                fix='Say the encoding that it was written in, for instance encoding="cp1252".',
            )
        ) from error
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError) as error:
        raise InputError(
            Problem(
                what="truncated, damaged or unreadable file",
                where=path.name,
                expected=worded("a {suffix} file", {"suffix": path.suffix}),
                got=str(error),
                fix="Fetch or export the file again.",
            )
        ) from error
    if declared.number_rows is not None and len(frame) != declared.number_rows:
        raise InputError(
            _other_rows(path, declared.number_rows, worded("{rows:,} rows", {"rows": len(frame)}))
        )
    labels = {
        column_name: label
        for column_name, label in zip(meta.column_names, meta.column_labels, strict=True)
        if label
    }
    named: dict[str, Mapping[object, str]] = {
        column: {code: str(n) for code, n in v.items()}
        for column, v in meta.variable_value_labels.items()
    }
    letters = getattr(meta, "missing_user_values", None) or {}
    for column, codes in letters.items():
        frame = companion(
            frame, column, frame[column].isin(codes), dot="" if suffix in (*SPSS, PORTABLE) else "."
        )
    for column, ranges in (getattr(meta, "missing_ranges", None) or {}).items():
        coded = pd.Series(False, index=frame.index)
        for span in ranges:
            coded |= (
                (frame[column] >= span["lo"]) & (frame[column] <= span["hi"])
                if not isinstance(span["lo"], str)
                else frame[column] == span["lo"]
            )
        frame = companion(frame, column, coded, dot="")
    formats = getattr(meta, "original_variable_types", None) or {}
    if suffix == ".dta":
        frame = frame.assign(**_periods(frame, formats))
    return Labelled(frame, labels, named)


def _reader(pyreadstat: Any, suffix: str) -> Any:
    """pyreadstat's reader. Its `read_por` drops the codes that a portable file declares missing and
    takes no encoding; the function below it does neither.
    """
    if suffix == PORTABLE:
        return partial(pyreadstat.pyreadstat.parser_entry_point, parser_format="por")
    return getattr(pyreadstat, READERS[suffix])


class Declared(Stored, Protocol):
    """What the header of a file says of its table."""

    number_columns: int


def _check_declared(declared: Declared, path: Path) -> None:
    """Raise InputError where a header declares a table that is too large, or one that the bytes of
    an uncompressed file cannot hold: the reader would take the memory first.
    """
    rows = declared.number_rows or 0
    columns = declared.number_columns
    check_table(rows, columns, path.name)
    size = path.stat().st_size
    check_packed(rows * columns * NUMBER, size, path.name)
    kinds = declared.readstat_variable_types
    wide = sum(  # the reader counts the end of a text, which stands in memory alone
        width - 1 if width and kinds[column] == "string" else width
        for column, width in declared.variable_storage_width.items()
    )
    if path.suffix.lower() == ".dta" and rows * max(wide, columns) > size:
        raise InputError(_other_rows(path, rows, worded("{bytes:,} bytes in all", {"bytes": size})))
    if path.suffix.lower() == ".xpt" and size % XPORT:
        raise InputError(
            Problem(
                what="truncated or damaged file",
                where=path.name,
                expected=worded("records of {xport} bytes", {"xport": XPORT}),
                got=worded("{size} bytes at the end", {"size": size % XPORT}),
                fix="Fetch the file again.",
            )
        )


def _other_rows(path: Path, declared: int, got: str) -> Problem:
    return Problem(
        what="the file has other rows than its header declares",
        where=path.name,
        expected=worded("{declared:,} rows", {"declared": declared}),
        got=got,
        fix="Fetch or export the file again.",
    )


@contextmanager
def _every_row(path: Path, declared: Declared) -> Iterator[Path]:
    """The file, or of an SPSS file a copy whose header leaves the number of cases open: a reader
    that believes the header would drop the rows after it without a word.
    """
    if path.suffix.lower() not in SPSS or declared.number_rows is None:
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(shutil.copyfile(path, Path(folder) / path.name))
        with copy.open("r+b") as stream:
            stream.seek(CASES_AT)
            stream.write(OPEN)
        yield copy


def _periods(frame: pd.DataFrame, formats: Mapping[str, str]) -> dict[str, pd.Series]:
    """Stata's counts of months, quarters and years since 1960 (%tm, %tq, %ty) as periods, of
    half-years and of its weeks (52 a year, which no calendar has) as text such as 2019h1 and
    2019w07.
    """
    out = {}
    for column, stored in formats.items():
        kind = next(
            (period for period in PERIODS if str(stored).lower().startswith(f"%{period}")), None
        )
        if kind is None or column not in frame or not is_numeric_dtype(frame[column].dtype):
            continue
        out[column] = _as_periods(frame[column], kind)
    return out


def _as_periods(count: pd.Series, kind: str) -> pd.Series:
    """A column of counts as periods of a kind of PERIODS."""
    a_year, freq = PERIODS[kind]
    known = count.notna()
    whole = count.where(known, 0).astype("int64")
    if kind == "ty":
        whole -= 1960  # the year itself, not a count
    if freq:
        since_1970 = whole - 10 * a_year
        array = pd.arrays.PeriodArray(since_1970.to_numpy(), dtype=pd.PeriodDtype(freq))
        return pd.Series(array, index=count.index).where(known)
    part = (whole % a_year + 1).astype(str).str.zfill(len(str(a_year)))
    return ((whole // a_year + 1960).astype(str) + kind[1] + part).where(known)


def companion(frame: pd.DataFrame, column: str, coded: pd.Series, dot: str) -> pd.DataFrame:
    """The coded cells moved from `column` to its companion."""
    if column not in frame or not coded.any():
        return frame
    written = frame[column].map(
        lambda v: f"{dot}{v:g}" if isinstance(v, float | int) else f"{dot}{v}"
    )
    values = frame[column].mask(coded, np.nan)
    if values.dtype == object and values.dropna().map(lambda v: isinstance(v, float | int)).all():
        values = values.astype("float64")
    position = list(frame.columns).index(column) + 1
    frame = frame.assign(**{column: values})
    frame.insert(position, column + MISS, written.where(coded).astype("str"))
    return frame


def read_parquet(content: bytes, name: str, *, columns: list[str] | None) -> pd.DataFrame:
    """A Parquet file. A key that stands in the index of the frame it was written from is a column."""
    try:
        table = _table(content, name, columns)
        whole: pd.DataFrame = table.to_pandas(use_threads=False)
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        got = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            Problem(
                what="truncated or damaged file",
                where=name,
                expected="a Parquet file",
                got=got,
                fix="Fetch the file again.",
            )
        ) from error
    for place, field in enumerate(table.schema):
        rounded = field.name in whole and pd.api.types.is_float_dtype(whole[field.name].dtype)
        whole_numbers = rounded and pa.types.is_integer(field.type)
        if whole_numbers and whole[field.name].abs().max() >= LARGEST_EXACT:
            whole[field.name] = table.column(place).to_pandas(types_mapper=pd.ArrowDtype)
            whole[field.name] = whole[field.name].astype("Int64")
    named = [name for name in whole.index.names if name is not None and name not in whole.columns]
    frame = whole.reset_index(level=named).reset_index(drop=True)
    if columns is None:
        return frame
    return frame[[column for column in columns if column in frame.columns]]


def _table(content: bytes, name: str, columns: list[str] | None) -> pa.Table:
    """The table of a Parquet file, without columns of lists and records that nobody reads. A file
    of a few bytes can hold one long text a thousand million times, so each text is first read once,
    and what all rows of it will take is known before.
    """
    file = parquet_file(content, name)
    rows = file.metadata.num_rows
    check_table(rows, file.metadata.num_columns, name)
    names = file.schema_arrow.names
    InputError.refuse(head_problems(names, [True] * len(names), name, str))
    read_here = [f for f in file.schema_arrow if columns is None or f.name in columns]
    check_packed(rows * sum(_width(field.type) for field in read_here), len(content), name)
    nested = [field.name for field in file.schema_arrow if pa.types.is_nested(field.type)]
    read_nested = [n for n in nested if columns is None or n in columns]
    if read_nested:
        raise InputError([_nested(name, column) for column in read_nested])
    texts = {field.name: field.type for field in file.schema_arrow if field.type in TEXT_TYPES}
    flat = [field.name for field in file.schema_arrow if field.name not in nested]
    # without threads: one that still starts when the process ends aborts it
    table = parquet_file(content, name, tuple(texts)).read(
        columns=flat if nested else None, use_threads=False
    )
    held = 0
    for place, column_name in enumerate(table.column_names):
        column = table.column(place)
        if not pa.types.is_dictionary(column.type) or column.type.value_type not in TEXT_TYPES:
            continue
        sizes = [_sizes(chunk) for chunk in column.chunks]
        check_cell(max((longest for longest, _ in sizes), default=0), name)
        of_column = sum(size for _, size in sizes)
        held += of_column
        check_bytes(of_column, f"{name}: {column_name}", text=True)
        check_packed(held, len(content), name)
        if column_name in texts:
            table = table.set_column(place, column_name, column.cast(texts[column_name]))
    return _texts(table, name)


def _texts(table: pa.Table, name: str) -> pa.Table:
    """The table with texts that are stored as bytes, which Spark and Impala write, as texts."""
    problems = []
    for place, field in enumerate(table.schema):
        fixed = pa.types.is_fixed_size_binary(field.type)
        if not fixed and field.type not in TEXT_TYPES[3:]:
            continue
        try:
            read = table.column(place).cast(pa.large_binary()).cast(pa.large_string())
            table = table.set_column(place, field.name, read)
        except pa.ArrowInvalid:
            where = worded("{name}: {column}", {"name": name, "column": field.name})
            what = "a column of bytes that are no text"
            fix = "Leave it out, or write it as text."
            problems.append(Problem(what, where, "text in UTF-8", fix=fix))
    InputError.refuse(problems)
    return table


def _nested(name: str, column: str) -> Problem:
    return Problem(
        "a column of lists or records",
        worded("{name}: {column}", {"name": name, "column": column}),
        "one value in every row",
        fix="Leave it out, or write its parts as columns.",
    )


def _width(kind: pa.DataType) -> int:
    """Bytes of a cell in memory."""
    return max(NUMBER, kind.byte_width) if isinstance(kind, pa.FixedSizeBinaryType) else NUMBER


def _sizes(chunk: pa.DictionaryArray) -> tuple[int, int]:
    """Bytes of the longest text, and of all."""
    length = compute.binary_length(chunk.dictionary)
    every = compute.sum(compute.take(length, chunk.indices)).as_py()
    return compute.max(length).as_py() or 0, every or 0
