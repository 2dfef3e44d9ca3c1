"""A panel read from a long sample, or from the waves of a tracer panel, with every problem of its
key and columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.public import verb_name
from mismes_eval.weighting.columns import Key, Kind, Number, Order, Stated, read
from mismes_eval.weighting.numbers import float64, numbers_in
from mismes_eval.weighting.order import Ordering, ordering
from mismes_eval.weighting.panel import Panel, PanelLike, Wanted, refuse_other
from mismes_eval.weighting.panel_waves import cohort_of_waves, of_waves, unanswered
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import (
    TimeColumn,
    Timeline,
    cohorts_on,
    of_ordering,
    stated_order,
)


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
        panel = _of_sample(data, unit, time, wanted)
        if wanted.cohort is None:
            return panel
        cohort = data.frame[wanted.cohort]
        own = cohort if panel.key_is_regular else cohort.iloc[panel.row]
        return _with_cohort(panel, own, wanted.cohort)
    own_key(data, unit, time)
    panel = of_waves(data, wanted)
    if wanted.cohort is None:
        return panel
    return _with_cohort(panel, cohort_of_waves(data, wanted.cohort, panel), wanted.cohort)


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
        told = f'time={{"{column}": (first, ..., last)}}'
        kinds |= {"unit": Key(unit), "time": Order(column, stated, told)}
    got = vars(read(sample, IdentificationError, **kinds))
    if key is None:
        axis = of_ordering(got["time"])
        position = got["time"].code
        rows = np.flatnonzero(sample.active & (position >= 0))
        units, code = _coded(got["unit"].code[rows])
        period = position[rows].astype(np.intp)
        _refuse_twice(sample, unit, column, rows, code, period, axis.size)
    else:
        axis, code, period, units = key
        rows = np.arange(sample.n)
    whole = key is not None
    columns = {number: got[f"value {number}"] for number in wanted.numbers}
    return Panel(
        sample=sample,
        row=rows,
        unit=code,
        period=period,
        units=units,
        time=axis,
        columns=columns if whole else {name: values[rows] for name, values in columns.items()},
        notes=_stated_only(sample, rows),
        key_is_regular=whole,
    )


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
    times = time.to_numpy(np.float64)
    units = ids.to_numpy()
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
                rows=tuple(sample.frame[unit].iloc[at].tolist()),
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
                rows=tuple(panel.row[np.flatnonzero(differs)].tolist()),
            )
        )


def _switches_off(panel: Panel, value: np.ndarray) -> str:
    """A sentence where the column is a path that goes back to never: treatment that ends."""
    if value.dtype.kind != "f":
        return ""
    order = np.lexsort((panel.period, panel.unit))
    treated = np.isfinite(value[order])
    unit = panel.unit[order]
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
    if not (numbers_in(values) == 0).any():
        return ()
    return (
        Message(
            "0 in '{c}' is read as never treated, although 0 is one of the periods: where it means a"
            " start, count the periods from 1.",
            {"c": str(values.name)},
        ),
    )
