"""Columns and domains of a sample as arrays: what estimators read from a frame, with every problem
named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mismes_eval.errors import (
    EmptyDomain,
    EstimateError,
    Problem,
    in_column,
    kind_of,
    of_argument,
    worded,
)
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.weighting.arguments import Column, Names, as_name, as_names
from mismes_eval.weighting.levels import levels_of, one_spelling
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.sample import Sample

RESERVED = ("variable", "level", "value", "se", "ci_low", "ci_high", "p", "cv", "n", "degf")

By = Column | Sequence[Column] | None
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class Domains:
    """code (n,) 0..D-1, or D for rows outside; keys (D rows): the by-values of each; labels (D,)."""

    code: Int
    keys: pd.DataFrame
    labels: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.keys)

    @cached_property
    def small(self) -> Int:
        """code in the fewest bytes that hold it, for what is kept. Arithmetic on it needs a wider
        partner.
        """
        return self.code.astype(np.min_scalar_type(self.count))


def listed(columns: Names, argument: str = "columns") -> list[Column]:
    """A column or several -> list. Raises EstimateError where values stand instead of names."""
    return list(as_names(columns, argument, EstimateError))


def some(columns: Names, caller: str) -> list[Column]:
    """The same of one column at least."""
    names = listed(columns)
    if not names:
        raise EstimateError(
            Problem(
                worded("{caller} names no column", {"caller": caller}),
                of_argument("columns"),
                "a column name, or a list of names",
            )
        )
    return names


def together(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """What two readers return, or one EstimateError with the problems of both: EmptyDomain where
    nothing else is wrong.
    """
    errors: list[EstimateError] = []
    out: list[Any] = []
    for read in (first, second):
        try:
            out.append(read())
        except EstimateError as error:
            errors.append(error)
    if errors:
        empty = all(isinstance(error, EmptyDomain) for error in errors)
        kind = EmptyDomain if empty else EstimateError
        raise kind(dict.fromkeys(problem for error in errors for problem in error.problems))
    return out[0], out[1]


def require(sample: Sample, columns: Sequence[Column], caller: str) -> None:
    """Raise one error for all columns that the frame lacks, for lists where one name is due, and
    for what is no Sample.
    """
    if not isinstance(sample, Sample):
        made = "Make one: Sample.from_frame(frame, weights=...)."
        raise EstimateError(
            Problem(
                what=worded("{caller} takes a Sample", {"caller": caller}),
                where=worded("first argument"),
                expected="a Sample",
                got=kind_of(sample),
                fix=made,
            )
        )
    for column in columns:
        as_name(column, "column", EstimateError)
    missing = [column for column in columns if column not in sample.frame.columns]
    if missing:
        have = ", ".join(map(str, sample.frame.columns[:30]))
        raise EstimateError(
            [
                Problem(
                    worded("{caller} names an unknown column", {"caller": caller}),
                    in_column(column),
                    "one of the frame's columns",
                    fix=worded("The frame has: {have}.", {"have": have}),
                )
                for column in missing
            ]
        )


def no_negative_weights(sample: Sample, caller: str) -> None:
    """Raise EstimateError where rows of the domain carry negative weights, as linear calibration
    without bounds can make them: distributions and likelihoods have no meaning then.
    """
    negative = sample.domain & (sample.weights < 0)
    if negative.any():
        fix = "Calibrate with bounds=(0.3, 3) or the like, or with method='raking'."
        raise EstimateError(
            Problem(
                what=worded("{caller} cannot use negative weights", {"caller": caller}),
                where=worded("the sample's last weight"),
                expected="weights of 0 or more",
                got=worded("negative ones"),
                fix=fix,
            ).in_rows(np.flatnonzero(negative))
        )


def occupied(sample: Sample, caller: str) -> NDArray[np.bool_]:
    """(n,) the rows of the domain that carry weight. Raises EmptyDomain where there are none."""
    inside = sample.active
    if not inside.any():
        raise EmptyDomain(
            Problem(
                what=worded("{caller} has an empty domain", {"caller": caller}),
                expected="at least one row with a weight above 0",
                got=worded("none"),
                fix="Widen the mask of where().",
            )
        )
    return inside


def domains(sample: Sample, by: By, caller: str) -> Domains:
    """The combinations of the by-columns that occur among rows of the domain with weight. Raises
    EmptyDomain where there are none, EstimateError for columns that are amiss.
    """
    columns = list(as_names(by, "by", EstimateError))
    require(sample, columns, caller)
    twice = [column for column in dict.fromkeys(columns) if columns.count(column) > 1]
    if twice:
        raise EstimateError(
            [
                Problem(
                    worded("{caller} names a column of 'by' twice", {"caller": caller}),
                    in_column(column),
                    "every column once",
                )
                for column in twice
            ]
        )
    inside = occupied(sample, caller)
    if not columns:
        return Domains(np.where(inside, 0, 1).astype(np.intp), pd.DataFrame(index=range(1)), ("",))
    spellings = [
        replace(problem, who=worded("{caller} by {column}", {"caller": caller, "column": column}))
        for column in columns
        if (problem := one_spelling(sample.frame[column])) is not None
    ]
    EstimateError.refuse(spellings)
    missing = (
        np.logical_or.reduce([sample.frame[column].isna().to_numpy() for column in columns])
        & inside
    )
    if missing.any():
        named = ", ".join(map(str, columns))
        raise EstimateError(
            Problem(
                what=worded(
                    "{caller} by {named} meets missing values in the domain",
                    {"caller": caller, "named": named},
                ),
                where=in_column(named),
                expected="a value in every row of the domain",
                got=worded("missing"),
                fix="Narrow the domain with where(), or code missing as a category.",
            ).in_rows(np.flatnonzero(missing))
        )
    return _combinations(sample.frame[columns], inside)


def _combinations(frame: pd.DataFrame, inside: np.ndarray) -> Domains:
    code: Int = np.zeros(0, np.intp)
    levels: list[pd.Index] = []
    for column in frame.columns:
        each, level = levels_of(frame[column])
        if each.size and each.min() < 0:
            each = np.maximum(each, 0)
        code = code * max(len(level), 1) + each if levels else each
        levels.append(level)
    space = int(np.prod([float(max(len(level), 1)) for level in levels]))
    if space < max(4 * code.size, 1_000_000):
        present = np.flatnonzero(
            np.bincount(code if inside.all() else code[inside], minlength=space)
        )
        lookup = np.full(space, present.size, np.intp)
        lookup[present] = np.arange(present.size)
        dense = code if present.size == space else lookup[code]
    else:
        present = np.unique(code[inside])
        dense = np.searchsorted(present, code).astype(np.intp)
    out: Int = dense if inside.all() else np.where(inside, dense, present.size).astype(np.intp)
    keys: dict[str, object] = {}
    rest = present.copy()
    for column, level in zip(reversed(list(frame.columns)), reversed(levels), strict=True):
        keys[key_name(column)] = np.asarray(level)[rest % len(level)]
        rest = rest // len(level)
    table = pd.DataFrame({key_name(column): keys[key_name(column)] for column in frame.columns})
    labels = tuple(
        ", ".join(f"{column}={value}" for column, value in zip(frame.columns, row, strict=True))
        for row in table.itertuples(index=False)
    )
    return Domains(out, table, labels)


def key_name(column: object) -> str:
    """A by-column's name in the table of an estimate: `by_level` where the table has a column
    `level` of its own.
    """
    return f"by_{column}" if str(column) in RESERVED else str(column)


def numbers(sample: Sample, column: Column, caller: str) -> Float:
    """(n,) values of a numeric or boolean column, zero outside the domain. Missing or infinite
    inside it is an error.
    """
    value = stated(sample, column, caller)
    return np.where(sample.active, value, 0.0)


def yes_no(
    sample: Sample,
    column: Column,
    caller: str,
    what: str = "",
    error: type[EstimateError] = EstimateError,
) -> Float:
    """(n,) 0.0 or 1.0, 0 outside the domain. Raises `error`, saying `what`, where a row with weight
    holds anything else.
    """
    value = numbers(sample, column, caller)
    bad = sample.active & ~np.isin(value, (0.0, 1.0))
    if bad.any():
        raise error(
            Problem(
                what=what or worded("{caller} needs a yes or no", {"caller": caller}),
                where=in_column(column),
                expected="True or False, 1 or 0",
                got=worded("other values"),
            ).in_rows(np.flatnonzero(bad))
        )
    return value


def stated(sample: Sample, column: Column, caller: str) -> NDArray[np.generic]:
    """(n,) a numeric column as float64 or a column of booleans as it is, not copied where that can
    be: finite inside the domain (anything else is an error), unread outside.
    """
    series = sample.frame[column]
    if isinstance(series.dtype, np.dtype) and series.dtype == bool:
        return series.to_numpy()
    value = None if isinstance(series.dtype, pd.CategoricalDtype) else float64(series)
    if value is None:
        raise EstimateError(
            Problem(
                what=worded("{caller} needs numbers", {"caller": caller}),
                where=in_column(column),
                expected="a numeric or boolean column",
                got=str(series.dtype),
                fix="Use proportion() for categories.",
            )
        )
    if np.isfinite(value.sum()):  # a finite sum has finite terms
        return value
    bad = sample.active & ~np.isfinite(value)
    if bad.any():
        raise EstimateError(
            Problem(
                what=worded(
                    "{caller} meets missing or infinite values in the domain", {"caller": caller}
                ),
                where=in_column(column),
                expected="a finite number in every row of the domain that carries weight",
                got=worded("missing or infinite"),
                fix=worded(
                    "Narrow the domain: sample.where(frame['{column}'].notna()).",
                    {"column": column},
                ),
            ).in_rows(np.flatnonzero(bad))
        )
    return value


def variables(
    sample: Sample, columns: Names, caller: str
) -> tuple[list[NDArray[np.generic]], pd.DataFrame, list[str]]:
    """k arrays of n values, unread outside the domain, keys (k rows: variable, level) and names
    (k,). A text or categorical column becomes one indicator a level.
    """
    names = some(columns, caller)
    require(sample, names, caller)
    found: list[tuple[tuple[str, str], str, NDArray[np.generic]]] = []
    problems: list[Problem] = []
    for name in names:
        try:
            found += (
                _indicators(sample, name, caller)
                if _is_category(sample.frame[name], caller)
                else [((str(name), ""), str(name), stated(sample, name, caller))]
            )
        except EstimateError as error:
            problems += error.problems
    if problems:
        raise EstimateError(dict.fromkeys(problems))
    return laid_out(found)


def laid_out(
    found: Sequence[tuple[tuple[str, str], str, A]],
) -> tuple[list[A], pd.DataFrame, list[str]]:
    """Columns with their keys (variable, level) and names -> the columns, a frame, the names."""
    arrays = [array for _, _, array in found]
    keys = pd.DataFrame([key for key, _, _ in found], columns=["variable", "level"])
    return arrays, keys, [name for _, name, _ in found]


def _indicators(
    sample: Sample, column: Column, caller: str
) -> list[tuple[tuple[str, str], str, NDArray[np.generic]]]:
    code, level = categories(sample, column, caller)
    own = str(column)
    return [((own, str(name)), f"{own}={name}", code == j) for j, name in enumerate(level)]


def _is_category(series: pd.Series, caller: str) -> bool:
    """Whether a column is one of categories; raises EstimateError for dates."""
    number = not isinstance(series.dtype, pd.CategoricalDtype) and float64(series) is not None
    if number or series.dtype.kind == "c":
        return False
    where = in_column(series.name)
    if series.dtype.kind in "mM":
        raise EstimateError(
            Problem(
                what=worded("{caller} meets dates", {"caller": caller}),
                where=where,
                expected="numbers or categories",
                got=str(series.dtype),
                fix="Count months or years from a fixed date, or make periods categories.",
            )
        )
    return True


def categories(sample: Sample, column: Column, caller: str) -> tuple[Int, list[object]]:
    """Codes (n,), -1 outside the domain, and the levels that occur inside it."""
    series = sample.frame[column]
    inside = sample.active
    bad = inside & series.isna().to_numpy()
    if bad.any():
        raise EstimateError(
            Problem(
                what=worded("{caller} meets missing values in the domain", {"caller": caller}),
                where=in_column(column),
                expected="a category in every row of the domain that carries weight",
                got=worded("missing"),
                fix=worded(
                    "Narrow the domain: sample.where(frame['{column}'].notna()).",
                    {"column": column},
                ),
            ).in_rows(np.flatnonzero(bad))
        )
    spelling = one_spelling(series)
    if spelling is not None:
        raise EstimateError(replace(spelling, who=caller))
    code, level = levels_of(series)
    present = np.unique(code[inside])
    lookup = np.full(len(level) + 1, -1, np.intp)
    lookup[present] = np.arange(present.size)
    return np.where(inside, lookup[code], -1), [level[i] for i in present]
