"""The periods of a panel in their order, as numbers to reckon with and labels to show: numbers stay
what they are, everything else counts 0, 1, 2, ... in the order that it has or that is stated.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, in_column, worded
from mismes_eval.message import Message, listed
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.columns import cohorts as cohorts_of
from mismes_eval.weighting.order import Ordering, shown

NEAR = 1 / 16  # of the shortest step: decimal times closer than this are one (2003.42 is 2003.4167)

TimeColumn = str | Mapping[str, Sequence[Hashable]] | None


@dataclass(frozen=True)
class Timeline:
    """at (T,): increasing numbers, the periods themselves where they are numbers, else 0..T-1;
    labels (T,) to show.

    numeric : whether `at` is in the units of the time column.
    beyond : labels of starts after the last period, by their place.
    """

    at: Float
    labels: tuple[str, ...]
    numeric: bool
    ordering: Ordering = field(repr=False, compare=False)
    beyond: Mapping[float, str] = field(default_factory=dict, compare=False)

    @property
    def size(self) -> int:
        return int(self.at.size)

    @property
    def tolerance(self) -> float:
        """How far apart two times may lie that are the same: rounding of decimal times."""
        if self.size < 2:
            return 0.0
        step = float(np.diff(self.at).min())
        decimal = bool((self.at != np.round(self.at)).any())
        return step * (NEAR if decimal else 1e-6)

    @property
    def even(self) -> bool:
        """Whether neighbouring periods are equally far apart, up to the tolerance."""
        step = np.diff(self.at)
        return step.size < 2 or bool(np.ptp(step) <= 2 * self.tolerance)

    @property
    def said(self) -> Message:
        """The periods in the order that was taken; where they are labels, how they are counted."""
        some = self.labels
        if self.size > 12:
            some = (*self.labels[:11], "...", self.labels[-1])
        order = Message("Periods in their order: {periods}.", {"periods": ", ".join(some)})
        return order if self.numeric else listed([order, "Event time counts them."], " ")

    def shown(self, place: float) -> str:
        """A period or cohort as people write it."""
        if np.isinf(place):
            return "never"
        if self.numeric:
            return shown(float(place))
        if place in self.beyond:
            return self.beyond[place]
        return self.labels[min(int(np.ceil(place)), self.size - 1)]

    def key(self, place: float) -> float | str:
        """A period or cohort as a table's key: the number, or its label."""
        return float(place) if self.numeric or np.isinf(place) else self.shown(place)

    def listed(self, places: Sequence[float] | Float) -> str:
        """Several, with commas."""
        return ", ".join(self.shown(float(p)) for p in places)

    def since(self, time: Float, start: Float) -> Float:
        """Time since the start, equal up to rounding made equal; 0 at a start that is a period."""
        known = np.isfinite(start)
        out = np.full(time.shape, np.inf)
        out[known] = time[known] - start[known]
        return one_value_each(out, self.tolerance)


@dataclass(frozen=True)
class Starts:
    """place (n,): first treated period on the numbers of the timeline, inf for never; time: which
    knows the labels of starts outside it; notes: where starts that are no period count.
    """

    time: Timeline
    place: Float
    notes: tuple[str, ...]


def one_value_each(values: Float, tolerance: float) -> Float:
    """Values that lie closer than the tolerance made one: the middle of them, 0 where it is among
    them.
    """
    finite = np.isfinite(values)
    distinct = np.unique(values[finite])
    if distinct.size < 2 or tolerance <= 0 or not (np.diff(distinct) <= tolerance).any():
        return values
    group = np.concatenate([[0], np.cumsum(np.diff(distinct) > tolerance)])
    middle = np.array([np.round(distinct[group == cell].mean(), 10) for cell in np.unique(group)])
    zero = np.abs(middle) <= tolerance
    middle[zero] = 0.0
    out = values.copy()
    out[finite] = middle[group[np.searchsorted(distinct, values[finite])]]
    return out


def stated_order(time: object) -> tuple[object, tuple[Hashable, ...] | None]:
    """A time column and its order, where the caller states one: {"wave": ("pre", "post")}."""
    if isinstance(time, Mapping) and len(time) == 1:
        column, order = next(iter(time.items()))
        if isinstance(order, Sequence) and not isinstance(order, str):
            return column, tuple(order)
    return time, None


def of_ordering(found: Ordering) -> Timeline:
    """The periods of an order."""
    size = len(found.levels)
    numeric = found.kind == "number"
    at = found.scale if numeric else np.arange(size, dtype=float)
    labels = tuple(found.label(place) for place in range(size))
    return Timeline(np.asarray(at, float), labels, numeric, found)


def cohorts_on(time: Timeline, values: pd.Series, needed: Bool) -> Starts | Problem:
    """First treated periods: what is a period up to rounding is exactly it."""
    if time.numeric and (values.dtype.kind in "mM" or isinstance(values.dtype, pd.PeriodDtype)):
        return Problem(
            what="a cohort is not of the kind of the periods",
            where=in_column(values.name),
            expected=worded(
                "the first treated period, written like {labels}; missing for never",
                {"labels": time.labels[0]},
            ),
            got=worded("a date ({dtype})", {"dtype": values.dtype}),
            fix="Write it as the time column does, or leave it empty for never treated.",
        )
    given = cohorts_of(values, time.ordering, needed)
    if isinstance(given, Problem):
        return given
    if time.numeric:
        place = _snapped(given, time.at, time.tolerance)
        return Starts(time, place, _between(time, place[needed], place[needed], values[needed]))
    scale = time.ordering.scale
    place = np.searchsorted(scale, given).astype(float)
    step = float(np.median(np.diff(scale))) if time.size > 1 else 1.0
    last = np.isfinite(given) & (given > scale[-1])
    place[last] = time.size - 1 + (given[last] - scale[-1]) / step
    early = given < scale[0]
    place[early] = -1.0
    place[np.isinf(given)] = np.inf
    outside = (last | early) & needed
    labels = values.astype(object).to_numpy()[outside]
    named = {float(p): shown(period) for p, period in zip(place[outside], labels, strict=True)}
    axis = replace(time, beyond=named)
    off = np.where(np.isin(given, scale), place, place - 0.5)
    return Starts(axis, place, _between(axis, off[needed], place[needed], values[needed]))


def _between(time: Timeline, place: Float, counted: Float, values: pd.Series) -> tuple[str, ...]:
    """Where starts that are no period count: place (n,) of each, counted (n,) as which cohort."""
    inside = (place > time.at[0]) & (place < time.at[-1]) & ~np.isin(place, time.at)
    notes = []
    for cell in np.unique(place[inside], return_index=True)[1]:
        row = np.flatnonzero(inside)[cell]
        first = float(time.at[np.searchsorted(time.at, place[row])])
        since = first - counted[row]
        notes.append(
            f"Cohort {shown(values.iloc[row])} is no period: it counts as treated from"
            f" {time.shown(first)} on, its event time {since:g}."
        )
    return tuple(notes)


def _snapped(given: Float, at: Float, tolerance: float) -> Float:
    """Starts within the tolerance of a period are that period."""
    distinct, code = np.unique(given, return_inverse=True)
    finite = np.isfinite(distinct)
    near = np.searchsorted(at, distinct[finite]).clip(0, at.size - 1)
    settled = distinct[finite].copy()
    for position in (near, (near - 1).clip(0)):
        close = np.abs(at[position] - distinct[finite]) <= tolerance
        settled[close] = at[position][close]
    distinct[finite] = settled
    return distinct[code]
