"""The order of periods, waves and rounds: stated by the values themselves or by the caller, never
guessed from the alphabet.

Numbers, dates, Periods and ordered categoricals have an order. Text has one where every value reads
as the same one of: a number, an ISO date, a month, a quarter, a half-year, a week, or one word with
a number ("wave 10"). Any other text has none until `stated` says it: so too words that may count
backwards ("before 2") and hyphens that may be a minus ("t-1").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, in_column, named, worded
from mismes_eval.numerics.rows import Float, Int

TOLERANCE = 1e-8  # decimal times closer than this, relative to their size, are one period
_MONTHS = (
    ("january", "janvier", "enero", "ianuarie"),
    ("february", "fevrier", "febrero", "februarie"),
    ("march", "mars", "marzo", "martie"),
    ("april", "avril", "abril", "aprilie"),
    ("may", "mai", "mayo"),
    ("june", "juin", "junio", "iunie"),
    ("july", "juillet", "julio", "iulie"),
    ("august", "aout", "agosto"),
    ("september", "septembre", "septiembre", "septembrie"),
    ("october", "octobre", "octubre", "octombrie"),
    ("november", "novembre", "noviembre", "noiembrie"),
    ("december", "decembre", "diciembre", "decembrie"),
)
_MONTH_OF = {name: month for month, names in enumerate(_MONTHS, 1) for name in names}
_MONTH_OF |= {
    name[:3]: month for name, month in _MONTH_OF.items() if name[:3] not in ("jui", "mar")
}
_MONTH_OF |= {"mar": 3, "juin": 6, "juil": 7, "sept": 9, "janv": 1, "fevr": 2}


@dataclass(frozen=True)
class Ordering:
    """levels (T,) labels as they stand in the file, first to last; scale (T,) increasing numbers:
    the periods themselves where they are numbers, else counts of the unit; unit: what a step of 1
    on the scale is; code (n,) position of each row, -1 where missing or not among the levels.
    """

    levels: tuple[Hashable, ...]
    scale: Float
    unit: str
    code: Int
    kind: str

    @property
    def even(self) -> bool:
        """Whether neighbouring periods are equally far apart."""
        steps = np.diff(self.scale)
        return steps.size < 2 or bool(np.ptp(steps) <= TOLERANCE * np.abs(steps).max())

    def label(self, position: int) -> str:
        """A period in words."""
        return shown(self.levels[position])

    def place(self, value: object) -> float:
        """A value on the scale of these periods, NaN where it is not of their kind. It need not be
        one of them.
        """
        series = pd.Series([value], dtype=None if self.kind != "text" else object)
        if value in self.levels:
            return float(self.scale[self.levels.index(value)])
        read = _read(series, self.kind) if self.kind in _readers_for(series) else None
        return float("nan") if read is None else float(read[0])


def ordering(
    values: pd.Series, stated: Sequence[Hashable] | None = None, argument: str = ""
) -> Ordering | Problem:
    """The order of a column's values, or the problem that it has none.

    stated : the values in their order; values of the column that it does not name are outside (code
        -1). argument : how a caller states the order, for the refusal.
    """
    name = in_column(values.name)
    if stated is not None:
        return _stated(values, tuple(stated), name)
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        return _ordered_categories(values)
    code, level = pd.factorize(values)
    boxed = isinstance(level.dtype, (pd.CategoricalDtype, pd.ArrowDtype))
    distinct = pd.Series(level, dtype=object if boxed else None)
    kinds = [
        (kind, read)
        for kind in _readers_for(distinct)
        if (read := _read(distinct, kind)) is not None
    ]
    if len(kinds) != 1:
        return _unstated(distinct, [kind for kind, _ in kinds], name, argument)
    kind, at = kinds[0]
    return _sorted(code.astype(np.intp), list(level), at, kind, name)


def shown(value: object) -> str:
    """A period as people write it: 2019, not 2019.0."""
    if isinstance(value, (float, np.floating)):
        return f"{value:.10g}"
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return f"{value:%Y-%m-%d}"
    return str(value)


def _stated(values: pd.Series, levels: tuple[Hashable, ...], name: str) -> Ordering | Problem:
    if len(set(levels)) < len(levels):
        return Problem("an order names a value twice", name, "every value once", str(levels))
    present = set(values.dropna().unique().tolist())
    absent = [value for value in levels if value not in present]
    if absent:
        seen = named(map(repr, sorted(present, key=str)))
        return Problem(
            "a period that is stated does not occur",
            name,
            worded("values that occur, such as {seen}", {"seen": seen}),
            ", ".join(map(repr, absent)),
        )
    code = pd.Index(levels, dtype=object).get_indexer(pd.Index(values.astype(object)))
    own = pd.Series(list(levels))
    kinds = [kind for kind in _readers_for(own) if _read(own, kind) is not None]
    at = _read(own, kinds[0]) if len(kinds) == 1 else None
    if at is not None and (np.diff(at) > 0).all():
        return Ordering(
            levels=levels, scale=at, unit=_unit(kinds[0]), code=code.astype(np.intp), kind=kinds[0]
        )
    scale = np.arange(len(levels), dtype=float)
    return Ordering(
        levels=levels, scale=scale, unit="period", code=code.astype(np.intp), kind="stated"
    )


def _ordered_categories(values: pd.Series) -> Ordering:
    used = values.cat.remove_unused_categories()
    levels = tuple(used.cat.categories.tolist())
    code = np.asarray(used.cat.codes, np.intp)
    return Ordering(
        levels=levels,
        scale=np.arange(len(levels), dtype=float),
        unit="period",
        code=code,
        kind="stated",
    )


def _sorted(
    code: Int, level: list[Hashable], at: Float, kind: str, name: str
) -> Ordering | Problem:
    """Levels by their place; decimal places that rounding alone tells apart are one period."""
    order = np.argsort(at, kind="stable")
    ranked = at[order]
    near = np.diff(ranked) <= TOLERANCE * np.maximum(np.abs(ranked[1:]), 1.0)
    if near.any() and kind != "number":
        gap = int(np.flatnonzero(near)[0])
        both = worded(
            "{level} and {other}",
            {"level": repr(level[order[gap]]), "other": repr(level[order[gap + 1]])},
        )
        return Problem(
            what="two spellings of one period",
            where=name,
            expected="one spelling each",
            got=both,
            fix="Make them one.",
        )
    position = np.concatenate([[0], np.cumsum(~near)]).astype(np.intp) if at.size else order
    first = np.flatnonzero(np.concatenate([[True], ~near])) if at.size else order
    place = np.empty(at.size, np.intp)
    place[order] = position
    levels = tuple(level[order[k]] for k in first)
    out = np.append(place, -1)[code].astype(np.intp)
    return Ordering(levels=levels, scale=ranked[first], unit=_unit(kind), code=out, kind=kind)


def _unstated(distinct: pd.Series, kinds: list[str], name: str, argument: str) -> Problem:
    seen = list(distinct)
    values = named(map(repr, seen))
    got = (
        worded(
            "{values}, which read as {kinds}", {"values": values, "kinds": " or as ".join(kinds)}
        )
        if kinds
        else values
    )
    by_category = (
        (
            f"frame['{distinct.name or name}'] = pd.Categorical(..., categories=[first, ..., last],"
            " ordered=True)"
        )
        .replace("column '", "")
        .replace("''", "'")
    )
    own = (
        f"Say {argument}, or make it an ordered categorical: {by_category}"
        if argument
        else f"Make it an ordered categorical: {by_category}"
    )
    return Problem(
        what="the order of periods is not stated",
        where=name,
        expected="numbers, dates, ordered categories, or text that is one kind of period throughout",
        got=got or worded("no value"),
        fix=own + ".",
    )


Reader = Callable[[str], "float | None"]


def _readers_for(distinct: pd.Series) -> tuple[str, ...]:
    """Which kinds of period a column's dtype can hold."""
    kind = distinct.dtype
    if isinstance(kind, pd.PeriodDtype):
        return ("period",)
    if pd.api.types.is_datetime64_any_dtype(kind):
        return ("date",)
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        return () if kind.kind == "c" else ("number",)
    inferred = pd.api.types.infer_dtype(distinct, skipna=True)
    if inferred in ("integer", "floating", "mixed-integer-float", "boolean", "decimal"):
        return ("number",)
    if inferred in ("datetime64", "datetime", "date"):
        return ("date",)
    if inferred == "period":
        return ("period",)
    return tuple(_TEXT) if inferred in ("string", "empty") else ()


def _read(distinct: pd.Series, kind: str) -> Float | None:
    """(T,) places of values on the scale of a kind, None where one is not of it."""
    if kind == "number":
        out: Float = pd.to_numeric(distinct, errors="coerce").to_numpy(float, na_value=np.nan)
        return out if np.isfinite(out).all() and out.size else None
    if kind == "date":
        stamps = pd.to_datetime(distinct, errors="coerce")
        if stamps.isna().any():
            return None
        days = (stamps - pd.Timestamp(0, tz=stamps.dt.tz)) / pd.Timedelta(days=1)
        return np.asarray(days, float)
    if kind == "period":
        periods = pd.PeriodIndex(distinct)
        return None if periods.hasnans else np.asarray(periods.asi8, float)
    if kind not in _TEXT:
        return None
    found = [_TEXT[kind](_clean(value)) if isinstance(value, str) else None for value in distinct]
    if kind == "word and number":
        stems = {_stem(_clean(value)) for value in distinct if isinstance(value, str)}
        found = found if len(stems) == 1 else [None]
    if not found or any(value is None for value in found):
        return None
    return np.array(found, float)


def _clean(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    letters = "".join(
        sign for sign in plain if not unicodedata.combining(sign) and sign.isprintable()
    )
    return re.sub(r"\s+", " ", letters).strip().casefold()


def _unit(kind: str) -> str:
    units = {"date": "day", "ISO date": "day", "number": "unit of the time column"}
    return units.get(kind, "period" if kind in ("period", "word and number") else kind)


def _plain_number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) else None


def _iso_date(text: str) -> float | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}([t ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?", text):
        return None
    stamp = pd.to_datetime(text, errors="coerce")
    return None if pd.isna(stamp) else float((stamp - pd.Timestamp(0)) / pd.Timedelta(days=1))


def _of_year(text: str, letters: str, most: int) -> float | None:
    """Year and part of it in either order, with a letter for the part: 2019Q4, Q4 2019, 2019-T4."""
    sep = r"[\s\-_/.]*"
    match = re.fullmatch(rf"(\d{{4}}){sep}(?:{letters}){sep}0?(\d{{1,2}})", text) or None
    year, part = (match[1], match[2]) if match else ("", "")
    if match is None:
        match = re.fullmatch(rf"(?:{letters}){sep}0?(\d{{1,2}}){sep}(\d{{4}})", text)
        if match is None:
            return None
        part, year = match[1], match[2]
    if not 1 <= int(part) <= most:
        return None
    return float(int(year) * most + int(part) - 1)


def _quarter(text: str) -> float | None:
    return _of_year(text, "q|t|qtr|quarter|trim|trimestre", 4)


def _half_year(text: str) -> float | None:
    return _of_year(text, "h|s|half|sem|semestre|semester", 2)


def _week(text: str) -> float | None:
    return _of_year(text, "w|week|semaine", 53)


def _month(text: str) -> float | None:
    numbered = _of_year(text, "m|month|mois", 12)
    if numbered is not None:
        return numbered
    match = re.fullmatch(r"(\d{4})[-/._](\d{1,2})", text)
    if match and 1 <= int(match[2]) <= 12:
        return float(int(match[1]) * 12 + int(match[2]) - 1)
    match = re.fullmatch(r"(0?[1-9]|1[0-2])[-/._](\d{4})", text)
    if match:
        return float(int(match[2]) * 12 + int(match[1]) - 1)
    match = re.fullmatch(r"([a-z]+)\.?[\s\-_/]*(\d{4})", text)
    name, year = (match[1], match[2]) if match else ("", "")
    if match is None and (match := re.fullmatch(r"(\d{4})[\s\-_/]*([a-z]+)\.?", text)):
        year, name = match[1], match[2]
    month = _MONTH_OF.get(name)
    return None if month is None else float(int(year) * 12 + month - 1)


def _split_year(text: str) -> float | None:
    """2019/20 or 2019-2020: a year that spans two."""
    match = re.fullmatch(r"(\d{4})[-/](\d{2}|\d{4})", text)
    if match is None:
        return None
    later = int(match[1]) + 1
    return float(match[1]) if match[2] in (str(later), f"{later % 100:02d}") else None


_NUMBERED = re.compile(r"([a-z][a-z ]*?)([\s_\-.#:]*)(\d+(?:\.\d+)?)")
# words with which a hyphen may be a minus ("year-1"), and words that may count backwards
_UNIT_OF_TIME = re.compile(
    "t|time|event|k|y|yr|years?|annee|ano|an|anul|m|months?|mois|mes|luna|q|quarters?|trimestre"
    "|w|weeks?|semaine|semana|d|days?|jour|dia|periods?"
)
_BACKWARDS = re.compile("before|pre|prior|lead|lag|ago|minus|avant|antes|inainte")


def _stem(text: str) -> str:
    """The word before a number; with its hyphen, so that "t-1" and "t0" are of two kinds."""
    match = _NUMBERED.fullmatch(text)
    return "" if match is None else match[1] + ("-" if "-" in match[2] else "")


def _word_and_number(text: str) -> float | None:
    """The number after a word. None where the word or a hyphen may count backwards: "t-1", "wave
    -1", "before 2".
    """
    match = _NUMBERED.fullmatch(text)
    if match is None or match[1] in _MONTH_OF:
        return None
    word = match[1].split()[-1]
    minus = "-" in match[2] and (match[2] != "-" or _UNIT_OF_TIME.fullmatch(word))
    return None if minus or _BACKWARDS.fullmatch(word) else float(match[3])


_TEXT: dict[str, Reader] = {
    "number in text": _plain_number,
    "ISO date": _iso_date,
    "month": _month,
    "quarter": _quarter,
    "half-year": _half_year,
    "week": _week,
    "year over two": _split_year,
    "word and number": _word_and_number,
}
