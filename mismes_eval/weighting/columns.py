"""The one way in for data: a verb says what it wants of a sample's columns, `read` gives it as
float64 and integer codes, or every problem of the call in one error that names the verb.

    c = read(sample, d=YesNo(treated), seen=YesNo(selected), y=Number(outcome, where="seen"))

The dtype of the file never reaches the arithmetic. Rows of the domain that carry weight need a
value; rows outside may hold anything.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from numbers import Real
from types import SimpleNamespace
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mismes_eval.errors import (
    EstimateError,
    MismesError,
    Problem,
    in_column,
    kind_of,
    named,
    worded,
)
from mismes_eval.message import as_message
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.public import verb_error, verb_name
from mismes_eval.weighting.levels import levels_of, occurring, one_spelling
from mismes_eval.weighting.numbers import float64, temporal
from mismes_eval.weighting.order import Ordering, ordering
from mismes_eval.weighting.read_once import absent, once
from mismes_eval.weighting.sample import Sample, needs_sample

CODED, NO_WORDS = worded(", or code missing as a category"), worded("")


class Kind(Protocol):
    """What a verb wants of one column. where: name of a wanted yes-no column; only rows with 1 in
    it need a value; missing: whether a row of the domain may lack a value.
    """

    @property
    def column(self) -> Hashable: ...
    @property
    def where(self) -> str | None: ...
    @property
    def missing(self) -> bool: ...

    def of(self, values: pd.Series, needed: Bool) -> object | list[Problem]:
        """What is read, or what is wrong with it in the rows that need a value."""
        ...


@dataclass(frozen=True)
class Number:
    """Finite numbers as float64, NaN where missing. within: lowest and highest allowed value."""

    column: Hashable
    where: str | None = None
    within: tuple[float, float] | None = None
    whole: bool = False
    missing: bool = False

    def of(self, values: pd.Series, needed: Bool) -> Float | list[Problem]:
        out = float64(values)
        if out is None:
            return [_not_numbers(values, needed)]
        problems: list[Problem | None] = []
        if not _finite(out):
            infinite = needed & np.isinf(out)
            line = "Narrow the domain: sample.where(numpy.isfinite(sample.frame[{column}]))."
            fix = worded(line, {"column": repr(values.name)})
            problems.append(_bad(values, infinite, "an infinite value", "finite numbers", fix))
        if self.within is not None:
            low, high = self.within
            beyond = needed & ((out < low) | (out > high))
            problems.append(_bad(values, beyond, "a value out of bounds", f"{low:g} to {high:g}"))
        if self.whole:
            broken = needed & np.isfinite(out) & (out != np.round(out))
            problems.append(_bad(values, broken, "a value that is not whole", "whole numbers"))
        found = [p for p in problems if p is not None]
        return found or out


@dataclass(frozen=True)
class YesNo:
    """1.0, 0.0 or NaN: booleans and 0/1 of any dtype, also as objects."""

    column: Hashable
    where: str | None = None
    missing: bool = False

    def of(self, values: pd.Series, needed: Bool) -> Float | list[Problem]:
        out = float64(values)
        if out is None:
            return [_problem(values, "neither yes nor no", "True or False, 1 or 0", needed)]
        odd = needed & ~np.isnan(out) & ~np.isin(out, (0.0, 1.0))
        if odd.any():
            return [_problem(values, "neither yes nor no", "True or False, 1 or 0", odd)]
        return out


@dataclass(frozen=True)
class Levels:
    """code (n,), -1 where missing; levels that occur, in order."""

    code: Int
    levels: pd.Index

    def inside(self, rows: Bool) -> tuple[Int, list[object]]:
        """Codes (n,) of the levels that occur in the rows, -1 outside them, and these levels."""
        code, levels = occurring(np.where(rows, self.code, -1), self.levels)
        return code, levels.tolist()


@dataclass(frozen=True)
class Category:
    """Groups: codes and levels, in the order of a categorical, else sorted."""

    column: Hashable
    where: str | None = None
    missing: bool = False

    def of(self, values: pd.Series, needed: Bool) -> Levels | list[Problem]:
        return grouping(values)


@dataclass(frozen=True)
class Answer:
    """value (n,): numbers, or whether a row has the level; level: its name, empty for numbers."""

    level: str
    value: NDArray[np.generic]


@dataclass(frozen=True)
class Answers:
    """Numbers or yes and no as they are, anything else as one indicator a level that occurs."""

    column: Hashable
    where: str | None = None
    missing: bool = False

    def of(self, values: pd.Series, needed: Bool) -> list[Answer] | list[Problem]:
        kind = values.dtype
        if isinstance(kind, np.dtype) and kind.kind == "b":
            return [Answer("", values.to_numpy())]
        if not isinstance(kind, pd.CategoricalDtype) and float64(values) is not None:
            found = Number(self.column).of(values, needed)
            return found if isinstance(found, list) else [Answer("", found)]
        if temporal(values) and not isinstance(kind, pd.PeriodDtype):
            return [
                Problem(
                    what="meets dates",
                    where=in_column(values.name),
                    expected="numbers or categories",
                    got=str(kind),
                    fix="Count months or years from a fixed date, or make periods categories.",
                )
            ]
        if kind.kind == "c":
            return [_not_numbers(values, needed)]
        group = Category(self.column).of(values, needed)
        if isinstance(group, list):
            return group
        code, levels = group.inside(needed & (group.code >= 0))
        return [Answer(str(level), code == place) for place, level in enumerate(levels)]


@dataclass(frozen=True)
class Order:
    """Periods, waves, rounds: their positions and their scale. stated: the order where the caller
    gives it; argument: how it is given, for the refusal.
    """

    column: Hashable
    stated: Sequence[Hashable] | None = None
    argument: str = ""
    where: str | None = None
    missing: bool = False

    def of(self, values: pd.Series, needed: Bool) -> Ordering | list[Problem]:
        occurring = values.where(pd.Series(needed, index=values.index))
        found = ordering(occurring, self.stated, self.argument)
        return [found] if isinstance(found, Problem) else found


@dataclass(frozen=True)
class Cohort:
    """First treated period on the scale of the periods in another wanted Order (`order` names it),
    inf for never: 0, missing and infinite where periods are numbers, missing elsewhere.
    """

    column: Hashable
    order: str
    where: str | None = None
    missing: bool = True

    def of(self, values: pd.Series, needed: Bool) -> Float | list[Problem]:
        raise AssertionError("a cohort is read on the scale of its periods")  # by `read`


@dataclass(frozen=True)
class Key:
    """Units: codes 0..N-1 in the order of their first row, and their identifiers. Whole numbers
    stored as floats are the numbers they are.
    """

    column: Hashable
    where: str | None = None
    missing: bool = False

    def of(self, values: pd.Series, needed: Bool) -> Levels | list[Problem]:
        plain = values
        if pd.api.types.is_float_dtype(values.dtype):
            number = values.to_numpy(float, na_value=np.nan)
            whole = np.isnan(number) | (np.isfinite(number) & (number == np.round(number)))
            problem = _bad(values, needed & ~whole, "a unit with decimals", "whole identifiers")
            if problem is not None:
                return [problem]
            plain = pd.Series(np.where(whole, number, np.nan), values.index).astype("Int64")
        code, level = pd.factorize(plain)
        return Levels(code.astype(np.intp), pd.Index(level))


@dataclass(frozen=True)
class Stated:
    """Any value, where one is needed: the column as it stands, for what reads it further."""

    column: Hashable
    where: str | None = None
    missing: bool = False

    def of(self, values: pd.Series, needed: Bool) -> pd.Series | list[Problem]:
        return values


def grouping(values: pd.Series) -> Levels | list[Problem]:
    """The groups of a column, or what is wrong with it."""
    problem = one_spelling(values)
    return Levels(*levels_of(values)) if problem is None else [problem]


def read(
    sample: Sample, error: type[MismesError] | None = None, /, **wanted: Kind
) -> SimpleNamespace:
    """The wanted columns as arrays, under the names of the keywords.

    Number and YesNo give (n,) float64 with NaN where missing, Category and Key `Levels`, Order an
    `Ordering`, Cohort (n,) float64 on its Order's scale. error: the class of
    the refusal where it is not the called verb's own.

    Raises
    ------
    the verb's error : every problem of the call, each with column, rows and mend.
    """
    kind = error or verb_error(EstimateError)
    refuse_unknown(sample, [want.column for want in wanted.values()], kind)
    problems: list[Problem] = []
    got: dict[str, object] = {}
    for name, want in sorted(wanted.items(), key=lambda item: item[1].where is not None):
        if isinstance(want, Cohort):
            continue
        needed = _needed(sample, want, got)
        if isinstance(want, Category):
            made: object = once(sample.frame, want.column, grouping)
        else:
            made = _spelled_twice(sample, want) or want.of(sample.frame[want.column], needed)
        if isinstance(made, list) and made and isinstance(made[0], Problem):
            problems += made
            continue
        got[name] = made
        problems += _missing(sample.frame, want, needed)
    for name, want in wanted.items():
        periods = got.get(want.order) if isinstance(want, Cohort) else None
        if not isinstance(want, Cohort) or not isinstance(periods, Ordering):
            continue
        cohort = cohorts(sample.frame[want.column], periods, sample.active)
        if isinstance(cohort, Problem):
            problems.append(cohort)
        else:
            got[name] = cohort
    if problems:
        raise kind([_named(p) for p in dict.fromkeys(problems)])
    return SimpleNamespace(**got)


def _spelled_twice(sample: Sample, want: Kind) -> list[Problem]:
    """The problem that units or periods of one spelling to a reader are two to a computer."""
    problem = None
    if isinstance(want, Key | Order | Stated):
        problem = once(sample.frame, want.column, one_spelling)
    return [] if problem is None else [problem]


def with_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every column of numbers as float64, however they are stored; categoricals and
    everything else as they are.
    """
    read = {}
    for column in frame.columns:
        values = frame[column]
        number = None if isinstance(values.dtype, pd.CategoricalDtype) else float64(values)
        read[column] = values if number is None else pd.Series(number, frame.index)
    return pd.DataFrame(read, index=frame.index)


def spelled(values: pd.Series) -> pd.Series:
    """(n,) values as a person writes them (whole numbers without a point), missing as they are."""
    number = float64(values)
    if number is None:
        return values.astype("string")
    text = pd.Series(number, values.index).map("{:.15g}".format).astype("string")
    return text.mask(np.isnan(number))


def cohorts(values: pd.Series, periods: Ordering, needed: Bool) -> Float | Problem:
    """(n,) first treated period on the scale of the periods, inf for never. A cohort need not be
    one of the periods; one that is, up to rounding, is exactly it.
    """
    code, level = pd.factorize(values)
    zero_is_never = periods.kind in ("number", "number in text")
    at: Float = np.array(
        [_place(value, periods, zero_is_never) for value in level], dtype=np.float64
    )
    used = np.zeros(at.size, bool)
    used[np.unique(code[needed & (code >= 0)])] = True
    odd = np.flatnonzero(np.isnan(at) & used)
    if odd.size:
        rows = needed & np.isin(code, odd)
        seen = named(map(repr, level[odd].tolist()))
        return Problem(
            what="a cohort is not of the kind of the periods",
            where=in_column(values.name),
            expected=worded(
                "the first treated period, written like {periods}; missing for never",
                {"periods": periods.label(0)},
            ),
            got=seen,
            fix="Write it as the time column does, or leave it empty for never treated.",
        ).in_rows(np.flatnonzero(rows))
    near = np.searchsorted(periods.scale, at).clip(0, periods.scale.size - 1)
    for shift in (0, -1):
        closest = periods.scale[(near + shift).clip(0, periods.scale.size - 1)]
        at = np.where(np.isclose(at, closest, rtol=1e-8, atol=1e-8), closest, at)
    return np.append(at, np.inf)[code]


def _place(value: object, periods: Ordering, zero_is_never: bool) -> float:
    if isinstance(value, (bool, np.bool_)) and not isinstance(periods.levels[0], type(value)):
        return float("nan")  # who is treated, not when
    place = float(value) if isinstance(value, (Real, Decimal)) else periods.place(value)
    if np.isinf(place) or (zero_is_never and place == 0):
        return float("inf")
    return periods.place(value)


def refuse_unknown(
    sample: Sample, columns: Sequence[object], error: type[MismesError] = EstimateError
) -> None:
    """Raise one error for all columns that the frame lacks, for lists where one name is due, and
    for what is no Sample.
    """
    needs_sample(sample, verb_name(), error)
    known = named(sample.frame.columns)
    names = [column for column in columns if isinstance(column, Hashable)]
    problems = [
        Problem(
            worded("{verb_name} names an unknown column", {"verb_name": verb_name()}),
            in_column(column),
            "one of the frame's columns",
            fix=worded("The frame has: {known}.", {"known": known}),
        )
        for column in dict.fromkeys(names)
        if column not in sample.frame.columns
    ]
    problems += [
        Problem(
            what="a column is named, not handed over",
            where=worded("an argument of {verb_name}", {"verb_name": verb_name()}),
            expected="one column name",
            got=kind_of(column),
            fix="Columns stand in the sample's frame: give their names.",
        )
        for column in columns
        if not isinstance(column, Hashable)
    ]
    error.refuse(problems)


def _needed(sample: Sample, want: Kind, got: dict[str, object]) -> Bool:
    """(n,) rows that need a value: the domain's rows with weight, where `where` says so."""
    gate = got.get(want.where) if want.where is not None else None
    return sample.active & (gate == 1.0) if isinstance(gate, np.ndarray) else sample.active


def _finite(values: Float) -> bool:
    """Whether all are surely finite, in one pass: a finite sum has finite terms."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()))


def _missing(frame: pd.DataFrame, want: Kind, needed: Bool) -> list[Problem]:
    values = frame[want.column]
    kind = values.dtype
    whole = isinstance(kind, np.dtype) and kind.kind in "iub"
    if want.missing or whole or (kind == np.float64 and _finite(values.to_numpy())):
        return []
    gone = needed & once(frame, want.column, absent)
    if not gone.any():
        return []
    categories = isinstance(want, Category)
    return [
        _problem(
            values,
            "meets missing values in the domain",
            "a value in every row of the domain that carries weight",
            gone,
            "missing",
            worded(
                "Narrow the domain: sample.where(sample.frame[{column}].notna()){or_else}.",
                {"column": repr(values.name), "or_else": CODED if categories else NO_WORDS},
            ),
        )
    ]


def _not_numbers(values: pd.Series, needed: Bool) -> Problem:
    name = values.name
    return Problem(
        what="needs numbers",
        where=in_column(name),
        expected="a numeric or boolean column",
        got=str(values.dtype),
        fix=worded("frame[{name}] = pd.to_numeric(frame[{name}])", {"name": repr(name)}),
    )


def _bad(values: pd.Series, rows: Bool, what: str, expected: str, fix: str = "") -> Problem | None:
    if not rows.any():
        return None
    meets = worded("meets {what}", {"what": as_message(what)})
    return _problem(values, meets, expected, rows, fix=fix)


def _problem(
    values: pd.Series, what: str, expected: str, rows: Bool, got: str = "", fix: str = ""
) -> Problem:
    seen = named(map(repr, values[rows].drop_duplicates()))
    return Problem(
        what=what,
        where=in_column(values.name),
        expected=expected,
        got=got or seen,
        fix=fix,
    ).in_rows(np.flatnonzero(rows))


def _named(problem: Problem) -> Problem:
    """The problem with the called verb as its subject, where it has none."""
    lower = problem.what.split(" ", 1)[0]
    if lower not in ("meets", "needs", "holds", "neither"):
        return problem
    what = (
        worded("{verb} {what}", {"verb": verb_name(), "what": as_message(problem.what)})
        if lower != "neither"
        else worded("{verb} needs a yes or no", {"verb": verb_name()})
    )
    return replace(problem, what=what)
