"""Cells to values, one function per kind of column: what cannot be read for sure is marked bad,
never guessed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pandas.api import types

from mismes_eval.errors import InputError
from mismes_eval.frame.template import Column
from mismes_eval.numerics.rows import Bool
from mismes_eval.public import held

NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
SCIENTIFIC = r"[+-]?\d(?:[.,]\d+)?[eE]\+?\d+"
LARGEST_EXACT = 2.0**53
# numbers that can be read in one way only: whole ones; those and fractions with a point
PLAIN = (r"^-?(?:0|[1-9]\d{0,14})$", r"^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,20})?$")
REPEATED = 100  # cells of which it is worth knowing which are alike
# types of cells that are written alike where they are equal: not of True, which equals 1
ALIKE = frozenset({str, float, np.float64, int, np.int64, type(None)})
THOUSANDS = r"[+-]?[1-9]\d{0,2}\.\d{3}"  # a fraction, or thousands with a sign between them
MONEY = ("currency", "EUR")  # units that nobody writes with three places
# yes and no in the languages of the templates: English, French, Romanian, Russian, Georgian,
# Armenian, Arabic; and what Excel calls them in French, Romanian and Russian
TRUE = (
    *("true", "yes", "1", "oui", "vrai", "da", "adevărat", "adevarat"),
    *("да", "истина", "დიახ", "კი", "այո", "نعم"),
)
FALSE = ("false", "no", "0", "non", "faux", "nu", "fals", "нет", "ложь", "არა", "ոչ", "لا")

Parsed = tuple[pd.Series, pd.Series, str]  # values, bad cells, what was expected


@dataclass(frozen=True)
class Distinct:
    """Cells of a column, those of text or of mixed types that are alike once.

    cells : the distinct ones, at last a missing one; all of them where few are alike.  code (n,) :
        which of them each row has.
    index (n,) : the labels of the rows.
    """

    cells: pd.Series
    code: NDArray[np.intp]
    index: pd.Index

    @classmethod
    def of(cls, cells: pd.Series) -> Distinct:
        """The distinct cells of a column."""
        mixed = cells.dtype == object
        if len(cells) >= REPEATED and (
            cells.dtype.name == "str" or (mixed and set(map(type, cells)) <= ALIKE)
        ):
            code, level = pd.factorize(cells)
            if 2 * len(level) <= len(cells):
                alike = pd.Series([*level.tolist(), np.nan], dtype=cells.dtype, name=cells.name)
                return cls(alike, np.where(code < 0, len(level), code), cells.index)
        return cls(cells, np.arange(len(cells)), cells.index)

    def spread(self, read: pd.Series) -> pd.Series:
        """What was read of the distinct cells, in every row that has them."""
        if self.cells.index is self.index:
            return read
        return read.take(self.code).set_axis(self.index)

    def rows(self, wanted: pd.Series) -> int:
        """In how many rows a distinct cell that is wanted stands."""
        return int(wanted.to_numpy(bool)[self.code].sum())


def once(cells: pd.Series, read: Callable[[pd.Series], Sequence[pd.Series]]) -> list[pd.Series]:
    """What is read of cells one by one (aligned), where each is text read once for all alike."""
    distinct = Distinct.of(cells)
    return [distinct.spread(part) for part in read(distinct.cells)]


def matches(written: pd.Series, pattern: str) -> pd.Series:
    """Cells of text that the whole pattern fits (bool, aligned; a missing cell fits nothing). RE2
    syntax, digits are 0-9.
    """
    return once(written, lambda cells: [each_matches(cells, pattern)])[0]


def each_matches(written: pd.Series, pattern: str) -> pd.Series:
    """`matches` of cells that are alike once."""
    found = pc.match_substring_regex(
        pa.array(written, type=pa.string(), from_pandas=True), f"^(?:{pattern})$"
    )
    return pd.Series(
        pc.fill_null(found, False).to_numpy(zero_copy_only=False), index=written.index, dtype=bool
    )


def other_form(cells: pd.Series, pattern: str) -> tuple[pd.Series, pd.Series]:
    """The cells as `text`, and those that the pattern does not fit (bool)."""

    def read(given: pd.Series) -> list[pd.Series]:
        written = each_text(given)
        return [written, written.notna() & ~each_matches(written, pattern)]

    written, other = once(cells, read)
    return written, other


def text(cells: pd.Series) -> pd.Series:
    """Cells as stripped text; empty and blank are missing. Whole numbers lose the '.0' that a float
    column gives them.
    """
    return once(cells, lambda given: [each_text(given)])[0]


def each_text(cells: pd.Series) -> pd.Series:
    """`text` of cells that are alike once."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(cells.cat.categories.dtype)
    given = cells.dtype
    if types.is_bool_dtype(cells.dtype):
        return cells.astype("object").map({True: "TRUE", False: "FALSE"}).astype("str")
    if types.is_float_dtype(cells.dtype):
        code, level = pd.factorize(cells)
        written = np.array(
            [*(_as_text(value) for value in level), np.nan], dtype=object
        )  # a missing cell has code -1
        cells = pd.Series(written[code], index=cells.index, name=cells.name, dtype=object)
    if types.is_datetime64_any_dtype(cells.dtype):
        cells = cells.dt.strftime("%Y-%m-%d")
    elif cells.dtype == object and not types.is_float_dtype(given):
        cells = cells.map(_as_text)
    return _stripped(cells.astype("str"))


def _stripped(written: pd.Series) -> pd.Series:
    """Text without outer blanks, missing where nothing is left."""
    kind = written.dtype
    if isinstance(kind, pd.StringDtype) and kind.storage == "python":  # mostly it is so already
        cells = written.tolist()
        stripped = [(cell.strip() or np.nan) if isinstance(cell, str) else cell for cell in cells]
        if all(map(operator.is_, stripped, cells)):
            return written
        return pd.Series(stripped, written.index, dtype=kind, name=written.name)
    trimmed: pd.Series = written.str.strip()
    blank = trimmed == ""
    return trimmed.mask(blank) if blank.any() else trimmed


def _as_text(cell: object) -> object:
    if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        return np.nan
    if isinstance(cell, bool | np.bool_):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    if isinstance(cell, float | np.floating):
        return repr(float(cell))
    if isinstance(cell, pd.Timestamp) or hasattr(cell, "isoformat"):
        return str(cell)[:10]
    return str(cell)


def number(cells: pd.Series, decimal: str = ".") -> tuple[pd.Series, pd.Series]:
    """Float values and the cells that are not finite numbers."""
    values, bad = once(cells, lambda given: each_number(given, decimal))
    return values, bad


def each_number(cells: pd.Series, decimal: str) -> list[pd.Series]:
    """`number` of cells that are alike once."""
    if types.is_numeric_dtype(cells.dtype):
        values = (
            cells.astype("Float64").astype("float64")
            if types.is_extension_array_dtype(cells.dtype)
            else cells.astype("float64")
        )
        return [values, pd.Series(np.isinf(values), index=cells.index)]
    return written_number(each_text(cells), decimal)


def plain_numbers(cells: pd.Series, decimal: str) -> pd.Series | None:
    """The numbers of a short column in which every cell is one as a program writes it (a fraction
    with a point, where that is the decimal sign), or none is filled; None for any other column. A
    file of very many columns is read in seconds only where most of them ask for no more than this.
    """
    if cells.dtype.name != "str" or len(cells) >= REPEATED:
        return None
    written = pa.array(cells, type=pa.string(), from_pandas=True)
    if written.null_count == len(written):
        return cells
    if not pc.all(pc.match_substring_regex(written, PLAIN[decimal == "."])).as_py():
        return None
    values = pc.cast(written, pa.float64()).to_numpy(zero_copy_only=False)
    return whole(pd.Series(values, index=cells.index, name=cells.name))


def written_number(written: pd.Series, decimal: str) -> list[pd.Series]:
    """`each_number` of cells that are `each_text` already."""
    plain = written.str.replace(decimal, ".", regex=False) if decimal != "." else written
    fits = each_matches(plain, NUMBER)
    if decimal != ".":
        fits &= ~written.str.contains(".", regex=False).fillna(False).astype(bool)
    values = pd.Series(np.nan, index=written.index, dtype="float64")
    if fits.any():
        values[fits] = plain[fits].astype("float64")
    bad = written.notna() & (~fits | np.isinf(values))
    return [values.where(~bad), bad]


def whole(values: pd.Series) -> pd.Series:
    """int64 where every value is whole and none is missing, else float64 as it was."""
    return values.astype("int64") if len(values) and _are_whole(values).all() else values


def _are_whole(values: pd.Series) -> Bool:
    """(n,) values that are finite and without decimals."""
    number = values.to_numpy(float)
    found: Bool = np.isfinite(number) & (np.floor(number) == number)
    return found


def two_ways(cells: pd.Series, decimal: str = ".") -> pd.Series:
    """Cells of text that are a fraction or thousands, by who reads them: 100.000 (bool, aligned)."""
    if types.is_numeric_dtype(cells.dtype):
        return pd.Series(False, index=cells.index)
    written = each_text(cells.where(cells.map(lambda v: isinstance(v, str))))
    return each_matches(written.str.replace(decimal, ".", regex=False), THOUSANDS)


def _number(cells: pd.Series, column: Column, decimal: str) -> Parsed:
    values, bad = each_number(cells, decimal)
    # text in a workbook; counts and money in any file
    if cells.dtype == object or column.kind == "int" or column.unit in MONEY:
        if not types.is_numeric_dtype(cells.dtype):
            bad = bad | two_ways(cells, decimal)
        values = values.where(~bad) if bad.any() else values
    if column.kind == "float":
        return values, bad, "a number" + (" with a decimal comma" if decimal == "," else "")
    broken = ~_are_whole(values) & ~np.isnan(values.to_numpy())
    if broken.any():
        bad = bad | broken
        values = values.where(~bad)
    return values, bad, "a whole number"


def _bool(cells: pd.Series, column: Column, decimal: str) -> Parsed:
    written = each_text(cells).str.lower()
    values = pd.Series(pd.NA, index=cells.index, dtype="boolean")
    values[written.isin(TRUE)] = True
    values[written.isin(FALSE)] = False
    return (
        values,
        written.notna() & values.isna(),
        "TRUE or FALSE (also yes/no, oui/non, da/nu, 1/0)",
    )


def _date(cells: pd.Series, column: Column, decimal: str) -> Parsed:
    if types.is_datetime64_any_dtype(cells.dtype):
        return (
            cells.dt.tz_localize(None).dt.normalize(),
            pd.Series(False, index=cells.index),
            "a date",
        )
    written = each_text(cells)
    iso = each_matches(written, r"\d{4}-\d{2}-\d{2}(?: 00:00:00)?")
    values = pd.to_datetime(written.where(iso).str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    return values, written.notna() & values.isna(), "a date YYYY-MM-DD"


def _month(cells: pd.Series, column: Column, decimal: str) -> Parsed:
    written = cells.astype("str") if isinstance(cells.dtype, pd.PeriodDtype) else each_text(cells)
    if types.is_datetime64_any_dtype(cells.dtype):
        written = written.str.slice(0, 7)
    bad = written.notna() & ~each_matches(written, r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2])")
    return written.where(~bad), bad, "a month YYYY-MM"


def _id(cells: pd.Series, column: Column, decimal: str) -> Parsed:
    written = each_text(cells)
    bad = each_matches(written, SCIENTIFIC)
    if types.is_float_dtype(cells.dtype) or cells.dtype == object:
        values = pd.to_numeric(
            cells.where(cells.map(lambda v: isinstance(v, float))), errors="coerce"
        ).astype("float64")
        bad |= (values.abs() > LARGEST_EXACT) | (values.notna() & (values % 1 != 0))
    return written.where(~bad), bad, "an identifier kept as text, with all its digits"


def _url(cells: pd.Series, column: Column, decimal: str) -> Parsed:
    written = each_text(cells)
    bad = written.notna() & ~each_matches(written, r"https?://[^\s<>\"]+")
    return written.where(~bad), bad, "an address http:// or https://"


def _parts(cells: pd.Series, column: Column, decimal: str) -> Parsed:
    written = each_text(cells).str.replace(r"\s*;\s*", ";", regex=True).str.strip(";")
    return written.where(written != ""), pd.Series(False, index=cells.index), ""


def _text(cells: pd.Series, column: Column, decimal: str) -> Parsed:
    return each_text(cells), pd.Series(False, index=cells.index), "text"


PARSERS = {
    "str": _text,
    "cat": _text,
    "id": _id,
    "int": _number,
    "float": _number,
    "code": _number,
    "bool": _bool,
    "date": _date,
    "month": _month,
    "multi": _parts,
    "list": _parts,
    "url": _url,
}


def parse(cells: pd.Series, column: Column, decimal: str = ".") -> Parsed:
    """Values of the column's kind (missing where bad or empty), the bad cells (bool, aligned), and
    what a cell should be.
    """
    expected = ""

    def read(given: pd.Series) -> list[pd.Series]:
        nonlocal expected
        values, bad, expected = PARSERS[column.kind](given, column, decimal)
        return [values, bad]

    values, bad = once(cells, read)
    return values, bad, expected


def finish(values: pd.Series, column: Column) -> pd.Series:
    """The dtype that a validated column has: whole numbers int64 (float64 with NaN where missing),
    bool (boolean where missing).
    """
    if column.kind in ("int", "code"):
        return whole(values)
    if column.kind == "bool" and len(values) and values.notna().all():
        return values.astype(bool)
    return values


@held(InputError)
def rows(mask: pd.Series) -> pd.Index:
    """The rows where `mask` holds: spreadsheet rows (the header is row 1) for a plain index, else
    the index labels.
    """
    labels = mask.index[mask.to_numpy(dtype=bool)]
    return labels + 2 if isinstance(mask.index, pd.RangeIndex) else labels
