"""One panel: who, when, which row of the design weighs it, and the values asked for. A long sample
makes one, and so do the waves of a tracer panel; every estimator of a change reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np

from mismes_eval.errors import IdentificationError, Problem, kind_of, worded
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Bool, Float, Int, group_sums
from mismes_eval.public import verb_name
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import (
    Timeline,
)


@runtime_checkable
class PanelLike(Protocol):
    """What is read of a tracer panel."""

    @property
    def sample(self) -> Sample:
        """One row a person at enrolment."""
        ...

    @property
    def waves(self) -> tuple[object, ...]:
        """Waves in time order."""
        ...

    def values(self, column: str, wave: object) -> Float:
        """(n,) a column at a wave, NaN where not observed."""
        ...

    def weight_sample(self, waves: Sequence[object] | None = None) -> Sample:
        """The sample after the attrition steps of these waves; persons lost keep their row with
        weight 0.
        """
        ...

    def where(self, mask: Bool) -> PanelLike:
        """The same panel with a narrower domain of persons."""
        ...

    def with_columns(self, columns: dict[str, object]) -> PanelLike:
        """The same panel with added columns of persons."""
        ...


@dataclass(frozen=True)
class Panel:
    """r rows of units in periods. row (r,): the row of `sample` that weighs each; unit, period (r,)
    codes, of `units` units and of the periods of `time`; columns: values (r,) by name.

    cohort : (r,) first treated period on the numbers of `time`, inf for never, where one was asked.
    key_is_regular : whether the frame was found to stand unit by unit, each in all periods.
    """

    sample: Sample
    row: Int
    unit: Int
    period: Int
    units: int
    time: Timeline
    columns: dict[str, Float]
    cohort: Float | None = None
    notes: tuple[str, ...] = ()
    key_is_regular: bool = False

    @property
    def periods(self) -> Float:
        """(T,) increasing numbers of the periods."""
        return self.time.at

    @property
    def at(self) -> Float:
        """(r,) number of each row's period."""
        return self.time.at[self.period]

    @property
    def start(self) -> Float:
        """(r,) first treated period of each row's unit."""
        if self.cohort is None:
            raise AssertionError("this panel was read without a cohort")
        return self.cohort

    def of_rows(self, values: np.ndarray) -> np.ndarray:
        """(r,) what the panel's rows have of values (n,) of the sample."""
        return values if self.key_is_regular else values[self.row]

    @property
    def weights(self) -> Float:
        """(r,)."""
        return self.of_rows(self.sample.weights)

    @cached_property
    def first(self) -> Int:
        """(units,) the row of each unit's first period."""
        if self.sorted_and_complete:
            return np.arange(0, self.unit.size, self.periods.size)
        order = np.lexsort((self.period, self.unit))
        starts = np.append(0, np.flatnonzero(np.diff(self.unit[order])) + 1)
        return np.asarray(order[starts], np.intp)

    @cached_property
    def sorted_and_complete(self) -> bool:
        """Every unit in every period, unit by unit in the order of periods."""
        t = self.periods.size
        return self.key_is_regular or (
            self.unit.size == self.units * t
            and bool(
                (self.unit.reshape(-1, t) == np.arange(self.units)[:, None]).all()
                and (self.period.reshape(-1, t) == np.arange(t)).all()
            )
        )

    def changes(self, value: np.ndarray) -> Bool:
        """(r,) rows whose value is another than in their unit's first row."""
        if self.sorted_and_complete:
            table = value.reshape(-1, self.periods.size)
            return np.asarray(table != table[:, :1]).ravel()
        return np.asarray(value != value[self.first][self.unit])

    def table(self, column: str) -> Float:
        """(units, T) a column by unit and period, NaN where a unit has no row."""
        if self.sorted_and_complete:
            return self.columns[column].reshape(-1, self.periods.size)
        out = np.full((self.units, self.periods.size), np.nan)
        out[self.unit, self.period] = self.columns[column]
        return out

    @property
    def regular(self) -> bool:
        """Every unit in every period, with one weight."""
        t = self.periods.size
        w = self.weights
        complete = self.unit.size == self.units * t and bool((np.bincount(self.unit) == t).all())
        first = np.zeros(self.units)
        first[self.unit] = w
        return complete and bool((np.abs(w - first[self.unit]) <= 1e-12 * np.abs(w)).all())

    def influence(self, z: Float) -> Influence:
        """Influence (r, p) of rows, added up on the rows of the design that weigh them."""
        whole = self.row.size == self.sample.n and bool(
            (self.row == np.arange(self.row.size)).all()
        )
        return Influence.of(z if whole else group_sums(z, self.row, self.sample.n))

    def carried(self, blocks: Sequence[Block]) -> Influence:
        """Influence of rows as blocks, of which the last sums to zero inside units, on the rows of
        the design; formed only where rows have to be added up.
        """
        design, n = self.sample.design, self.sample.n
        if self.row.size != n or not np.array_equal(self.row, np.arange(n)):
            return self.influence(Influence(tuple(blocks), self.row.size).dense())
        if not design.steps and self._whole_units_in_psus():
            nothing = np.zeros((design.stages[-1].stratum.size, blocks[-1].coef.shape[0]))
            blocks = (*blocks[:-1], replace(blocks[-1], formed=(design.base, design.unit, nothing)))
        return Influence(tuple(blocks), n)

    def _whole_units_in_psus(self) -> bool:
        """Whether all rows of a unit lie in one unit of the last sampling stage."""
        code = self.sample.design.unit
        first = np.zeros(self.units, np.intp)
        first[self.unit] = code
        return bool((first[self.unit] == code).all())


@dataclass(frozen=True)
class Wanted:
    """What a verb reads of a panel. numbers: columns of finite numbers; gaps: of these, the ones
    that may be missing; infinite: the ones that may be infinite; also: columns that must exist;
    cohort: column of first treated periods.
    """

    numbers: Sequence[str]
    gaps: Sequence[str] = ()
    infinite: Sequence[str] = ()
    also: Sequence[str] = ()
    cohort: str | None = None


def refuse_other(data: object) -> None:
    """Raise IdentificationError for what is neither a Sample nor a panel."""
    if not isinstance(data, Sample | PanelLike):
        made = (
            "Make one: Sample.from_frame(frame, weights=...), or TracerPanel.from_frame(frame,"
            " ...)."
        )
        raise IdentificationError(
            Problem(
                what=worded(
                    "{verb_name} takes a Sample or a tracer panel", {"verb_name": verb_name()}
                ),
                where=worded("first argument"),
                expected="one of them",
                got=kind_of(data),
                fix=made,
            )
        )
