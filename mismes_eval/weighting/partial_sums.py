"""Persons of one partition added up into cells: rows that no sum of the survey can tell apart.

A cell is a PSU crossed with the key columns. Totals, calibration and effects are sums over persons
whose other ingredients are the same in the whole cell, so a cell of weight sum(w) and mean
sum(w y) / sum(w) gives each of them what its persons give (decision 0032).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from pyarrow import ArrowException

from mismes_eval.errors import Problem, in_column, worded
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.parquet_files import parquet_file
from mismes_eval.weighting.numbers import float64

SPLIT, PERSONS, WEIGHT = "split of the cell", "persons of the cell", "weight of the cell"
MOST_VALUES = 31  # value columns whose four states fit one 64-bit code
MERGED_AT = 2_000_000  # cells that wait before they are added up
ABSENT = 3  # state of a value that is missing; 0, 1 and 2: negative, zero and positive


class Partition(Protocol):
    """Some persons of the survey, read when they are wanted, and where they stand."""

    @property
    def place(self) -> str: ...

    def read(self, columns: list[str]) -> pd.DataFrame:
        """These columns of them, as far as they are there."""
        ...


@dataclass(frozen=True)
class RowGroup:
    """One row group of a Parquet file."""

    path: Path
    group: int

    @property
    def place(self) -> str:
        return f"{self.path.name}, row group {self.group}"

    def read(self, columns: list[str]) -> pd.DataFrame:
        file = parquet_file(self.path, self.path.name)
        table = file.read_row_group(self.group, columns=columns, use_threads=False)
        frame: pd.DataFrame = table.to_pandas(use_threads=False)
        return frame


@dataclass(frozen=True)
class Held:
    """A frame of a sequence of frames."""

    frame: pd.DataFrame
    number: int

    @property
    def place(self) -> str:
        return f"frame {self.number}"

    def read(self, columns: list[str]) -> pd.DataFrame:
        return self.frame[[name for name in columns if name in self.frame]]


@dataclass(frozen=True)
class Wanted:
    """weights: column of base weights; keys: columns that tell cells apart, the design's among
    them; values: columns of numbers, of which a cell keeps the weighted sum.
    """

    weights: str
    keys: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys((self.weights, *self.keys, *self.values)))

    @property
    def cell(self) -> list[str]:
        """What tells cells apart: keys, and which values are negative, zero, positive, missing."""
        return [*self.keys, SPLIT]

    @property
    def sums(self) -> list[str]:
        return [WEIGHT, PERSONS, *(summed(value) for value in self.values)]


@dataclass(frozen=True)
class Partial:
    """Cells of one partition or of several; what is wrong in them; keys that are text."""

    cells: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    text: frozenset[str] = frozenset()
    number: frozenset[str] = frozenset()


def summed(value: str) -> str:
    """The column of the weighted sum of a value."""
    return f"sum of {value}"


def partial_sums(partition: Partition, wanted: Wanted) -> Partial:
    """The cells of one partition, or what is wrong with it."""
    nothing = pd.DataFrame()
    try:
        frame = partition.read(wanted.columns)
    except (ArrowException, OSError) as error:
        return Partial(
            nothing, (Problem("a partition cannot be read", partition.place, got=str(error)),)
        )
    lacking = [name for name in wanted.columns if name not in frame]
    if lacking:
        place = worded("a column of every partition, not in {place}", {"place": partition.place})
        return Partial(
            nothing, tuple(Problem("no such column", in_column(name), place) for name in lacking)
        )
    numbers = {name: float64(frame[name]) for name in (wanted.weights, *wanted.values)}
    problems: list[Problem] = []
    for name, number in numbers.items():
        problems += _amiss(name, number, name == wanted.weights, partition.place)
    arrays = {name: number for name, number in numbers.items() if number is not None}
    if problems:
        return Partial(nothing, tuple(problems))
    weight = arrays[wanted.weights]
    values = [arrays[name] for name in wanted.values]
    rows = frame[list(wanted.keys)].assign(**{SPLIT: _split(weight, values), WEIGHT: weight})
    rows[PERSONS] = 1.0
    for name, value in zip(wanted.values, values, strict=True):
        rows[summed(name)] = weight * value
    cells = added_up(rows, wanted)
    known = [name for name in wanted.keys if cells[name].notna().any()]
    number_keys = frozenset(name for name in known if float64(cells[name]) is not None)
    return Partial(cells, text=frozenset(known) - number_keys, number=number_keys)


def added_up(cells: pd.DataFrame, wanted: Wanted) -> pd.DataFrame:
    """Rows of the same cell made one."""
    grouped = cells.groupby(wanted.cell, sort=False, dropna=False, observed=True)
    return grouped[wanted.sums].sum().reset_index()


def merged(parts: Iterable[Partial], wanted: Wanted) -> Partial:
    """All partitions as one; problems of the same kind counted together, with their places."""
    waiting: list[pd.DataFrame] = []
    held = 0
    problems: dict[tuple[str, str], Problem] = {}
    text: frozenset[str] = frozenset()
    number: frozenset[str] = frozenset()
    for part in parts:
        for problem in part.problems:
            _count(problems, problem)
        text, number = text | part.text, number | part.number
        if len(part.cells):
            waiting.append(part.cells)
            held += len(part.cells)
        if held > MERGED_AT:
            waiting = [added_up(pd.concat(waiting, ignore_index=True), wanted)]
            held = len(waiting[0])
    for name in sorted(text & number):
        what = "a key is a number in one partition and text in another"
        _count(problems, Problem(what, in_column(name), "one kind in all partitions"))
    if not waiting and not problems:
        _count(
            problems,
            Problem("the survey has no person", worded("its partitions"), "at least one row"),
        )
    if problems:
        return Partial(pd.DataFrame(), tuple(problems.values()))
    return Partial(added_up(pd.concat(waiting, ignore_index=True), wanted))


def means_of(cells: pd.DataFrame, wanted: Wanted) -> dict[str, Float]:
    """Each value's mean in each cell, NaN where it is missing or the cell has no weight."""
    weight = cells[WEIGHT].to_numpy(float)
    size = np.where(weight > 0, weight, np.nan)
    code = cells[SPLIT].to_numpy(np.int64)
    means: dict[str, Float] = {}
    for name in reversed(wanted.values):
        code, state = np.divmod(code, 4)
        means[name] = np.where(state == ABSENT, np.nan, cells[summed(name)].to_numpy(float) / size)
    return means


def row_groups(source: Path) -> Iterator[RowGroup]:
    """Every row group of a Parquet file, or of all in a folder by their names."""
    files = sorted(source.rglob("*.parquet")) if source.is_dir() else [source]
    for path in files:
        try:
            groups = parquet_file(path, path.name).num_row_groups
        except (ArrowException, OSError):
            groups = 1  # whoever reads it says what is wrong
        for group in range(groups):
            yield RowGroup(path, group)


def _split(weight: Float, values: list[Float]) -> Int:
    """(n,) which values are negative, zero, positive or missing, and whether there is weight: what
    averages by absolute size tell apart inside a cell.
    """
    code: Int = (weight > 0).astype(np.int64)
    for value in values:
        state = np.where(np.isnan(value), ABSENT, np.sign(value) + 1)
        code = code * 4 + state.astype(np.int64)
    return code


def _amiss(name: str, number: Float | None, weight: bool, place: str) -> list[Problem]:
    column = in_column(name)
    if number is None:
        return [
            Problem(
                "a column is not of numbers",
                column,
                "numbers",
                worded("other cells in {place}", {"place": place}),
            )
        ]
    if not weight:
        return _rows("a value is infinite", column, np.isinf(number), place)
    bad = ~np.isfinite(number) | (number < 0)
    return _rows("a weight is missing, infinite or negative", column, bad, place)


def _rows(what: str, column: str, bad: Bool, place: str) -> list[Problem]:
    if not bad.any():
        return []
    first = tuple(f"{place}, row {row}" for row in np.flatnonzero(bad))
    return [Problem(what=what, where=column, count=int(bad.sum()), rows=first)]


def _count(problems: dict[tuple[str, str], Problem], problem: Problem) -> None:
    kind = (problem.what, problem.where)
    known = problems.get(kind)
    if known is None:
        problems[kind] = problem
        return
    rows = (*known.rows, *problem.rows)
    problems[kind] = replace(known, count=known.count + problem.count, rows=rows)
