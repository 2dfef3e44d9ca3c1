"""One panel: who, when, which row of the design weighs it, and the values asked for. A long sample
makes one, and so do the waves of a tracer panel; every estimator of a change reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    IdentificationError,
    Problem,
    in_column,
    in_columns,
    named,
    of_arguments,
    worded,
)
from mismes_eval.message import Message
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Bool, Float, Int, group_sums
from mismes_eval.public import verb_name
from mismes_eval.weighting.columns import Key, Kind, Number, Order, Stated, float64, read
from mismes_eval.weighting.order import Ordering, ordering
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import (
    Starts,
    TimeColumn,
    Timeline,
    cohorts_on,
    of_ordering,
    stated_order,
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

    @property
    def weights(self) -> Float:
        """(r,)."""
        return self.sample.weights[self.row]

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
class SinceTreatment:
    """Time since treatment as float64: infinite for never, never missing."""

    column: str
    where: str | None = None
    missing: bool = True

    def of(self, values: pd.Series, needed: Bool) -> Float | list[Problem]:
        """The numbers, or what is wrong with them."""
        out = float64(values)
        if out is None:
            return Number(self.column).of(values, needed)
        problem = unanswered(needed & np.isnan(out), self.column)
        return out if problem is None else [problem]


def unanswered(gone: Bool, column: str) -> Problem | None:
    """The problem of rows without a time since treatment."""
    if not gone.any():
        return None
    return Problem(
        what="the time since treatment is missing for persons who answered",
        where=in_column(column),
        expected="a number in every wave, infinite for never",
        got=worded("missing"),
        fix=worded(
            "Where missing means never treated: frame['{column}'].fillna(numpy.inf).",
            {"column": column},
        ),
    ).in_rows(np.flatnonzero(gone))


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
                got=worded("a {kind}", {"kind": type(data).__name__}),
                fix=made,
            )
        )


def panel_of(data: Sample | PanelLike, unit: str | None, time: TimeColumn, wanted: Wanted) -> Panel:
    """The panel of a long sample with columns `unit` and `time`, or of a tracer panel, whose own
    they are.

    time : a column whose values have an order, or {column: (first, ..., last)}, which states it;
        rows of other periods are then outside. Covariates among the numbers have the value of each
        row's period.

    Raises
    ------
    IdentificationError : every problem of the columns at once; duplicate unit-periods; cohorts that
        change inside units.
    """
    refuse_other(data)
    if isinstance(data, Sample):
        return _of_sample(data, unit, time, wanted)
    own_key(data, unit, time)
    return _of_waves(data, wanted)


def own_key(data: object, unit: object, time: object) -> None:
    """Raise IdentificationError where a panel is told another key than its own."""
    own = getattr(data, "unit", None), getattr(data, "wave", None)
    if unit not in (None, own[0]) or time not in (None, own[1]):
        raise IdentificationError(
            Problem(
                "a tracer panel knows its units and waves",
                of_arguments("unit", "time"),
                worded(
                    "None, or its own columns {own} and {second}",
                    {"own": repr(own[0]), "second": repr(own[1])},
                ),
                worded("{unit}, {time}", {"unit": repr(unit), "time": repr(time)}),
            )
        )


def _of_sample(sample: Sample, unit: str | None, time: TimeColumn, wanted: Wanted) -> Panel:
    column, stated = stated_order(time)
    if unit is None or not isinstance(column, str):
        raise IdentificationError(
            Problem(
                worded("{verb_name} needs the panel's key", {"verb_name": verb_name()}),
                of_arguments("unit", "time"),
                "two columns",
                worded("{unit}, {time}", {"unit": repr(unit), "time": repr(time)}),
            )
        )
    kinds: dict[str, Kind] = {}
    for number in wanted.numbers:
        finite = Number(number, missing=number in wanted.gaps)
        kinds[f"value {number}"] = SinceTreatment(number) if number in wanted.infinite else finite
    others = (*wanted.also, *((wanted.cohort,) if wanted.cohort else ()))
    kinds |= {f"other {other}": Stated(other, missing=True) for other in others}
    key = None if stated else _regular(sample, unit, column)
    if key is None:
        kinds |= {"unit": Key(unit), "time": Order(column, stated, _argument(column))}
    got = vars(read(sample, IdentificationError, **kinds))
    if key is None:
        axis, position = of_ordering(got["time"]), got["time"].code
        rows = np.flatnonzero(sample.active & (position >= 0))
        units, code = _coded(got["unit"].code[rows])
        period = position[rows].astype(np.intp)
    else:
        axis, code, period, units = key
        rows = np.arange(sample.n)
    if key is None:
        _refuse_twice(sample, unit, column, rows, code, period, axis.size)
    read_whole = {number: got[f"value {number}"] for number in wanted.numbers}
    whole = key is not None
    panel = Panel(
        sample=sample,
        row=rows,
        unit=code,
        period=period,
        units=units,
        time=axis,
        columns={
            column: values if whole else values[rows] for column, values in read_whole.items()
        },
        notes=_stated_only(sample, rows),
        key_is_regular=whole,
    )
    if wanted.cohort is None:
        return panel
    return _with_cohort(panel, sample.frame[wanted.cohort].iloc[rows], wanted.cohort)


def _argument(column: str) -> str:
    return f'time={{"{column}": (first, ..., last)}}'


def _stated_only(sample: Sample, rows: Int) -> tuple[str, ...]:
    lost = int(sample.active.sum()) - rows.size
    return (f"{lost:,} rows of periods that the order does not name are outside.",) if lost else ()


def _coded(code: Int) -> tuple[int, Int]:
    """How many units, and codes without those that have no row."""
    present = np.flatnonzero(np.bincount(code)) if code.size else np.zeros(0, np.intp)
    if present.size == (int(code.max()) + 1 if code.size else 0):
        return present.size, code
    return present.size, np.searchsorted(present, code).astype(np.intp)


def _regular(sample: Sample, unit: str, column: str) -> tuple[Timeline, Int, Int, int] | None:
    """The key of a frame that stands unit by unit, each in all periods in their order, so that
    nothing has to be looked up: periods, codes of units and periods (n,), number of units.
    """
    frame = sample.frame
    if unit not in frame.columns or column not in frame.columns or not sample.active.all():
        return None
    ids, time = frame[unit], frame[column]
    if any(
        not isinstance(series.dtype, np.dtype) or series.dtype.kind not in "iuf"
        for series in (ids, time)
    ):
        return None
    times, units = time.to_numpy(np.float64), ids.to_numpy()
    periods = np.unique(times[: min(times.size, 1000)])
    k = periods.size
    if times.size == 0 or times.size % k or not (times.reshape(-1, k) == periods).all():
        return None
    each = units.reshape(-1, k)
    if not ((each[:, 1:] == each[:, :1]).all() and (each[1:, 0] > each[:-1, 0]).all()):
        return None
    if units.dtype.kind == "f" and not (units == np.round(units)).all():
        return None
    found = ordering(pd.Series(periods, name=column))
    if not isinstance(found, Ordering) or len(found.levels) != k:
        return None
    n = times.size // k
    return of_ordering(found), np.repeat(np.arange(n), k), np.tile(np.arange(k), n), n


def _refuse_twice(
    sample: Sample, unit: str, time: str, rows: Int, code: Int, period: Int, periods: int
) -> None:
    key = code * periods + period
    twice = np.bincount(key)[key] > 1 if key.size else np.zeros(0, bool)
    if twice.any():
        at = rows[np.flatnonzero(twice)]
        raise IdentificationError(
            Problem(
                what="a unit has several rows in one period",
                where=in_columns(unit, time),
                expected="one row a unit and period",
                got=worded(
                    "{twice} rows, of {iloc}",
                    {"twice": twice.sum(), "iloc": named(sample.frame[unit].iloc[at])},
                ),
                fix="Remove duplicates.",
                count=int(twice.sum()),
                rows=tuple(sample.frame[unit].iloc[at[:5]].tolist()),
            )
        )


def _with_cohort(panel: Panel, values: pd.Series, column: str) -> Panel:
    """The panel with the cohort of each row. values (r,): the column in the panel's rows. Raises
    IdentificationError for a unit with several.
    """
    first = panel.first
    _refuse_changes(panel, _raw(values, panel.time), column)
    of_units = values.iloc[first]
    starts = cohorts_on(panel.time, of_units, np.ones(first.size, bool))
    if isinstance(starts, Problem):
        raise IdentificationError(starts)
    notes = (*panel.notes, *starts.notes, *zero_said(of_units, panel.time))
    return replace(panel, cohort=starts.place[panel.unit], time=starts.time, notes=notes)


def _raw(values: pd.Series, time: Timeline) -> np.ndarray:
    """(n,) what tells cohorts apart: numbers with one value for never, else codes."""
    number = float64(values)
    if number is None:
        return pd.factorize(values)[0]
    never = np.isnan(number) | (number == 0) if time.numeric else np.isnan(number)
    return np.where(never, np.inf, number)


def _refuse_changes(panel: Panel, value: np.ndarray, column: str) -> None:
    differs = panel.changes(value)
    if differs.any():
        raise IdentificationError(
            Problem(
                what="a column changes inside units",
                where=in_column(column),
                expected="one first treated period for each unit",
                got=worded(
                    "{size:,} units with several", {"size": np.unique(panel.unit[differs]).size}
                ),
                fix=worded(
                    "{switches_off}A cohort is the first treated period and treatment stays on.",
                    {"switches_off": _switches_off(panel, value)},
                ),
                count=int(differs.sum()),
                rows=tuple(panel.row[np.flatnonzero(differs)[:5]].tolist()),
            )
        )


def _switches_off(panel: Panel, value: np.ndarray) -> str:
    """A sentence where the column is a path that goes back to never: treatment that ends."""
    if value.dtype.kind != "f":
        return ""
    order = np.lexsort((panel.period, panel.unit))
    treated, unit = np.isfinite(value[order]), panel.unit[order]
    ends = treated[:-1] & ~treated[1:] & (unit[1:] == unit[:-1])
    units = np.unique(unit[1:][ends]).size
    if not units:
        return ""
    return (
        f"In {units:,} units it goes back to never: treatment switches off, which these effects do"
        " not know. "
    )


def zero_said(values: pd.Series, time: Timeline) -> tuple[str, ...]:
    """A sentence where 0, which means never treated, is a period after the first as well."""
    if not time.numeric or 0 not in time.at[1:]:
        return ()
    if not (pd.to_numeric(values, errors="coerce") == 0).any():
        return ()
    return (
        Message(
            "0 in '{c}' is read as never treated, although 0 is one of the periods: where it means a"
            " start, count the periods from 1.",
            {"c": str(values.name)},
        ),
    )


def waves_of(data: PanelLike) -> Timeline:
    """The waves of a panel, in the order that it states."""
    values = pd.Series(list(data.waves), name=getattr(data, "wave", "wave"))
    found = ordering(values, tuple(data.waves))  # type: ignore[arg-type]
    if isinstance(found, Problem):
        raise IdentificationError(found)
    return of_ordering(found)


def _of_waves(data: PanelLike, wanted: Wanted) -> Panel:
    """Persons who answered all waves, with the attrition steps in their weight; those without a
    value that may not be missing are outside the domain, and said.
    """
    sample, time = data.weight_sample(data.waves), waves_of(data)
    _refuse_unknown(data, wanted)
    made = {
        number: wave_values(data, number, data.waves, infinite=number in wanted.infinite)
        for number in wanted.numbers
    }
    lacking = [
        unanswered(sample.active & np.isnan(made[number]).any(axis=1), number)
        for number in wanted.infinite
    ]
    if any(lacking):
        raise IdentificationError([p for p in lacking if p is not None])
    needed = [~np.isnan(v).any(axis=1) for name, v in made.items() if name not in wanted.gaps]
    seen = sample.active & np.all([np.ones(sample.n, bool), *needed], axis=0)
    silent = int((sample.active & ~seen).sum())
    notes = (
        (f"{silent:,} responding persons lack a value in some wave and are outside the domain.",)
        if silent
        else ()
    )
    inside, t = np.flatnonzero(seen), time.size
    unit = np.repeat(np.arange(inside.size), t)
    panel = Panel(
        sample=sample.where(seen) if silent else sample,
        row=inside[unit],
        unit=unit,
        period=np.tile(np.arange(t), inside.size),
        units=inside.size,
        time=time,
        columns={name: v[inside].ravel() for name, v in made.items()},
        notes=notes,
    )
    if wanted.cohort is None:
        return panel
    values = _cohort_of_waves(data, wanted.cohort, inside)
    return _with_cohort(panel, values, wanted.cohort)


def _cohort_of_waves(data: PanelLike, column: str, inside: Int) -> pd.Series:
    """A column of persons, or of their waves, in the rows of a panel."""
    frame = data.sample.frame
    long = getattr(data, "long", None)
    if column in frame.columns and not (long is not None and column in long.columns):
        return frame[column].iloc[np.repeat(inside, len(data.waves))]
    each = [np.asarray(data.values(column, wave), object)[inside] for wave in data.waves]
    table = pd.DataFrame(np.column_stack(each)).bfill(axis=1).ffill(axis=1)
    return pd.Series(table.to_numpy(object).ravel(), name=column).infer_objects()


def _refuse_unknown(data: PanelLike, wanted: Wanted) -> None:
    long, known = getattr(data, "long", None), set(data.sample.frame.columns)
    if isinstance(long, pd.DataFrame):
        known |= set(long.columns)
    named = [*wanted.numbers, *wanted.also, *([wanted.cohort] if wanted.cohort else [])]
    missing = [column for column in dict.fromkeys(named) if column not in known]
    if missing:
        raise IdentificationError(
            [
                Problem(
                    worded("{verb_name} names an unknown column", {"verb_name": verb_name()}),
                    in_column(column),
                    "a column of the waves or of the persons",
                )
                for column in missing
            ]
        )


def outcome_values(data: PanelLike, outcome: str, waves: Sequence[object]) -> Float:
    """`wave_values` of an outcome, which has to be a column of the waves: a column of the persons
    is the same in each and has no change.
    """
    long, persons = getattr(data, "long", None), getattr(data, "sample", None)
    if (
        isinstance(long, pd.DataFrame)
        and isinstance(persons, Sample)
        and outcome not in long.columns
        and outcome in persons.frame.columns
    ):
        raise IdentificationError(
            Problem(
                "an outcome is known of persons once, not at each wave",
                in_column(outcome),
                "a column of the waves",
                worded("a column of the persons"),
            )
        )
    return wave_values(data, outcome, waves)


def wave_values(
    data: PanelLike, column: str, waves: Sequence[object], infinite: bool = False
) -> Float:
    """(n, k) a column of the panel at some waves, NaN where a person has none. infinite: whether
    that is a value. Raises IdentificationError for text and infinite values.
    """
    each = []
    for wave in waves:
        values = pd.Series(data.values(column, wave))
        number = float64(values)
        if number is None and values.notna().any():
            raise IdentificationError(
                Problem(
                    "a column of the waves is not a number",
                    in_column(column),
                    "a numeric or boolean column",
                    str(values.dtype),
                )
            )
        each.append(np.full(len(values), np.nan) if number is None else number)
    out = np.column_stack(each)
    bad = np.isinf(out).any(axis=1)
    if bad.any() and not infinite:
        raise IdentificationError(
            Problem(
                what="a column of the waves is infinite",
                where=in_column(column),
                expected="finite numbers, or missing where there is none",
                got=worded("infinite"),
                fix="Mend the column.",
            ).in_rows(np.flatnonzero(bad))
        )
    return out


__all__ = ["Panel", "PanelLike", "Starts", "Wanted", "panel_of", "refuse_other"]
