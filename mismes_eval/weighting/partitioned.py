"""A survey that does not fit in memory: one pass over its partitions adds persons up into cells, on
which totals, means, ratios, calibration and two-period effects are what they are on the persons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from mismes_eval.errors import DesignError, EstimateError, Problem, in_column, of_argument, worded
from mismes_eval.numerics import did
from mismes_eval.numerics.calibration import Method
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.numerics.variance import Lonely
from mismes_eval.public import held
from mismes_eval.weighting import saved
from mismes_eval.weighting.arguments import Column, Names, as_names
from mismes_eval.weighting.calibrate import calibrate, poststratify
from mismes_eval.weighting.data_warnings import scaled_weights
from mismes_eval.weighting.margins import Totals
from mismes_eval.weighting.partial_sums import (
    MOST_VALUES,
    PERSONS,
    WEIGHT,
    Held,
    Partition,
    Wanted,
    means_of,
    merged,
    partial_sums,
    row_groups,
)
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.stages import Columns
from mismes_eval.weighting.steps import Slope

Interval = Literal["logit", "beta", "t"]
UNIT = "1"  # the name under which calibrate knows the number of units


@dataclass(frozen=True)
class PartitionedSample:
    """cells: the sample of cells; keys: columns that are the same for all persons of a cell;
    values: columns of which a cell has the mean.

    What is needed for each person (quantiles, regressions, trimming) is not here: draw a
    `Sample` of the persons that it concerns.
    """

    cells: Sample
    keys: tuple[str, ...]
    values: tuple[str, ...]

    @classmethod
    @held(DesignError)
    def from_parquet(
        cls,
        source: str | Path,
        weights: str,
        psu: Columns,
        strata: Columns = None,
        fpc: Columns = None,
        by: Names = (),
        values: Names = (),
        lonely_psu: Lonely = "adjust",
        nest: bool | None = None,
        executor: Executor | None = None,
    ) -> PartitionedSample:
        """A Parquet file, or a folder of them, whose row groups are read one at a time.

        Parameters
        ----------
        weights, psu, strata, fpc, lonely_psu, nest : as for `Sample.from_frame`; PSUs are needed.
        by : columns of domains, margins, treatment, periods and covariates: what an estimate needs
            of each person. Columns with few values; they tell cells apart.
        values : numeric columns of totals, means, ratios and outcomes.
        executor : where partitions are added up: any `concurrent.futures.Executor`, for example
            `dask.distributed.Client(...).get_executor(retries=3)`, which survives a killed worker.
            None: here, one after the other.

        Memory: one row group of the named columns a worker, and the cells (at most PSUs times
        combinations of `by`, and never more than persons).

        Raises
        ------
        DesignError : every problem of columns, weights, strata, PSUs and fpc, with its partition.
        """
        path = Path(source)
        if not path.exists():
            raise DesignError(
                Problem("no such file or folder", worded("'{source}'", {"source": source}))
            )
        design = _Design(weights, as_names(psu, "psu"), as_names(strata, "strata"), fpc)
        return cls._of(row_groups(path), design, by, values, lonely_psu, nest, executor)

    @classmethod
    @held(DesignError)
    def from_frames(
        cls,
        frames: Iterable[pd.DataFrame],
        weights: str,
        psu: Columns,
        strata: Columns = None,
        fpc: Columns = None,
        by: Names = (),
        values: Names = (),
        lonely_psu: Lonely = "adjust",
        nest: bool | None = None,
    ) -> PartitionedSample:
        """Frames that come one after the other (chunks of a text file, batches of a query); the
        arguments are those of `from_parquet`.
        """
        design = _Design(weights, as_names(psu, "psu"), as_names(strata, "strata"), fpc)
        held = (Held(frame, number) for number, frame in enumerate(frames, start=1))
        return cls._of(held, design, by, values, lonely_psu, nest, None)

    @classmethod
    def _of(
        cls,
        partitions: Iterable[Partition],
        design: _Design,
        by: Names,
        values: Names,
        lonely_psu: Lonely,
        nest: bool | None,
        executor: Executor | None,
    ) -> PartitionedSample:
        wanted = design.wanted(as_names(by, "by"), as_names(values, "values"))
        add_up = partial(partial_sums, wanted=wanted)
        if executor is None:
            whole = merged(map(add_up, partitions), wanted)
        else:
            whole = merged(executor.map(add_up, list(partitions)), wanted)
        if whole.problems:
            raise DesignError(whole.problems)
        cells = whole.cells
        frame = cells[list(wanted.keys)].assign(**means_of(cells, wanted))
        frame[wanted.weights] = cells[WEIGHT]
        sample = Sample.from_frame(
            frame,
            weights=wanted.weights,
            strata=design.strata,
            psu=design.psu,
            fpc=design.fpc,
            lonely_psu=lonely_psu,
            nest=nest,
            unit=None,
        )
        persons: Float = cells[PERSONS].to_numpy(float)
        return cls(_counting(sample, persons), wanted.keys, wanted.values)

    def save(self, path: str | Path) -> Path:
        """Write the cells with every weight step to one file, from which `load` makes the same
        estimates. Cells may hold one person: keep it where microdata may be kept.
        """
        return saved.write(path, self, PartitionedSample, Sample)

    @classmethod
    @held(DesignError)
    def load(cls, path: str | Path) -> PartitionedSample:
        """Cells that `save` wrote. Raises DesignError for any other file."""
        return saved.read(path, cls, Sample)

    @property
    def persons(self) -> int:
        """How many persons the cells were made of."""
        return self.cells.counted(self.cells.domain)

    @property
    def frame(self) -> pd.DataFrame:
        """The key columns of the cells: what masks are made of."""
        return self.cells.frame[list(self.keys)]

    def where(self, mask: Sequence[bool] | Bool | pd.Series) -> PartitionedSample:
        """A narrower domain, by a mask over the rows of `frame`."""
        return replace(self, cells=self.cells.where(mask))

    def known(self, values: Names) -> PartitionedSample:
        """A narrower domain: persons of whom these values are known."""
        names = list(as_names(values, "values"))
        other = [name for name in names if name not in self.values]
        if other or not names:
            expected = worded("value columns: {values}", {"values": ", ".join(self.values)})
            got = ", ".join(map(str, other)) or worded("none")
            raise EstimateError(
                Problem("known takes value columns", of_argument("values"), expected, got)
            )
        return self.where(self.cells.frame[names].notna().all(axis=1))

    def calibrate(
        self,
        totals: Totals,
        method: Method = "linear",
        bounds: tuple[float, float] | None = None,
        total_se: Totals | None = None,
        totals_unit: float = 1.0,
        scale_to: str | tuple[str, ...] | None = None,
        slope: Slope = "derivative",
    ) -> PartitionedSample:
        """`mismes_eval.calibrate`, to totals of key columns."""
        if isinstance(totals, Mapping):
            named = chain.from_iterable(k if isinstance(k, tuple) else (k,) for k in totals)
            self._check("calibrate", [name for name in named if name != UNIT])
        return replace(
            self,
            cells=calibrate(
                self.cells,
                totals,
                method=method,
                bounds=bounds,
                total_se=total_se,
                totals_unit=totals_unit,
                scale_to=scale_to,
                slope=slope,
            ),
        )

    def poststratify(
        self,
        by: str | Sequence[str],
        totals: Mapping[object, float] | pd.Series,
        totals_unit: float = 1.0,
    ) -> PartitionedSample:
        """`mismes_eval.poststratify`, in cells of key columns."""
        self._check("poststratify", as_names(by, "by"))
        return replace(self, cells=poststratify(self.cells, by, totals, totals_unit))

    def total(self, columns: Names, by: Names | None = None) -> Any:
        """`mismes_eval.total`, of values and keys."""
        self._check("total", as_names(by, "by"), as_names(columns, "columns"))
        return self.cells.total(columns, by)

    def mean(self, columns: Names, by: Names | None = None) -> Any:
        """`mismes_eval.mean`, of values and keys."""
        self._check("mean", as_names(by, "by"), as_names(columns, "columns"))
        return self.cells.mean(columns, by)

    def proportion(
        self, columns: Names, by: Names | None = None, interval: Interval = "logit"
    ) -> Any:
        """`mismes_eval.proportion`, of keys."""
        self._check("proportion", [*as_names(columns, "columns"), *as_names(by, "by")])
        return self.cells.proportion(columns, by, interval)

    def ratio(self, numerator: Column, denominator: Column, by: Names | None = None) -> Any:
        """`mismes_eval.ratio`, of values and keys."""
        self._check("ratio", as_names(by, "by"), [numerator, denominator])
        return self.cells.ratio(numerator, denominator, by)

    def att_2x2(
        self,
        outcome: str | tuple[str, str],
        treated: str,
        time: Any = None,
        covariates: Sequence[str] = (),
        method: did.Method = "dr",
    ) -> Any:
        """`mismes_eval.att_2x2`: outcome among the values, the rest among the keys."""
        column = next(iter(time)) if isinstance(time, Mapping) else time
        periods = [column] if isinstance(column, str) else []
        each = [treated, *periods, *as_names(covariates, "covariates")]
        self._check("att_2x2", each, as_names(outcome, "outcome"))
        return self.cells.att_2x2(outcome, treated, time, covariates, method)

    def _check(self, caller: str, each: Sequence[object], averaged: Sequence[object] = ()) -> None:
        """Refuse columns of which a cell has only the mean where each person's value counts, and
        values that are missing for persons of the domain.
        """
        fix = "Name it in by= when the survey is read."
        problems = [
            Problem(
                worded(
                    "{caller} needs each person's value, a cell has the mean", {"caller": caller}
                ),
                in_column(column),
                "a key column",
                fix=fix,
            )
            for column in dict.fromkeys(each)
            if column in self.values
        ]
        for column in dict.fromkeys(averaged):
            if column not in self.values:
                continue
            gone = self.cells.active & self.cells.frame[column].isna().to_numpy()
            if gone.any():
                problems.append(self._missing(caller, str(column), self.cells.counted(gone)))
        EstimateError.refuse(problems)

    @staticmethod
    def _missing(caller: str, column: str, persons: int) -> Problem:
        return Problem(
            what=worded("{caller} meets missing values in the domain", {"caller": caller}),
            where=in_column(column),
            expected="a value of every person of the domain who carries weight",
            got=worded("missing"),
            fix=worded("Narrow the domain: survey.known('{column}').", {"column": column}),
            count=persons,
        )

    def __repr__(self) -> str:
        return f"PartitionedSample: {self.persons:,} persons in {self.cells.n:,} cells. {self.cells.design.describe()}"


@dataclass(frozen=True)
class _Design:
    """The design's columns."""

    weights: str
    psu: tuple[str, ...]
    strata: tuple[str, ...]
    fpc: Columns

    def wanted(self, by: tuple[str, ...], values: tuple[str, ...]) -> Wanted:
        """The columns to read. Raises DesignError for a column in two roles, too many values and a
        survey without PSUs.
        """
        problems = []
        keys = tuple(dict.fromkeys([*self.strata, *self.psu, *as_names(self.fpc, "fpc"), *by]))
        if not self.psu:
            problems.append(Problem("a partitioned survey needs its PSUs", of_argument("psu")))
        for name in dict.fromkeys((self.weights, *values)):
            if name in keys or (name == self.weights and name in values):
                problems.append(Problem("a column has two roles", in_column(name), "one role"))
        if len(values) > MOST_VALUES:
            most = worded("at most {most_values}", {"most_values": MOST_VALUES})
            problems.append(
                Problem("too many values at once", of_argument("values"), most, str(len(values)))
            )
        DesignError.refuse(problems)
        return Wanted(self.weights, keys, tuple(dict.fromkeys(values)))


def _counting(sample: Sample, persons: Float) -> Sample:
    """The sample with the persons of its cells, and what is to be said of their mean weight."""
    scaled = scaled_weights(sample.design.base / persons)
    notes = sample.design.notes if scaled is None else (*sample.design.notes, scaled)
    return replace(sample, persons=persons, design=replace(sample.design, notes=notes))
