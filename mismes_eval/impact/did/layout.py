"""A panel or repeated cross-sections as arrays for staggered designs: outcomes by unit and period,
cohorts, covariates, and where weights and design come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem, in_columns, of_argument, worded
from mismes_eval.impact.did.covariates import Covariates, covariates_of
from mismes_eval.impact.did.unit_design import one_row_a_unit
from mismes_eval.message import Message
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Bool, Float, Int, Rows
from mismes_eval.weighting.columns import Number, Order, Stated, read
from mismes_eval.weighting.numbers import float64, numbers_in
from mismes_eval.weighting.panel import Panel, PanelLike, Wanted
from mismes_eval.weighting.panel_reading import panel_of, zero_said
from mismes_eval.weighting.panel_waves import outcome_values
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import (
    TimeColumn,
    Timeline,
    cohorts_on,
    of_ordering,
    stated_order,
)

ALIKE = 200  # rows looked at to see whether a column could be a treatment
Unbalanced = Literal["refuse", "balanced", "pairs"]


@dataclass(frozen=True)
class Layout:
    """N units (or rows of repeated cross-sections) and T periods.

    sample : whose design carries the variance.
    row (N,) : the row of the sample that gives a unit its weight.
    y (N, T) outcomes, NaN where not seen; in cross-sections (N,) with period (N,) positions.
    cohort (N,) on the numbers of `time`, inf = never.
    covariates : of the N units, with intercept.
    absent : cohorts that have no unit left, and why.
    """

    sample: Sample
    row: Int
    y: Float
    cohort: Float
    covariates: Covariates
    time: Timeline
    period: Int | None = None
    notes: tuple[str, ...] = ()
    absent: Mapping[float, str] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return int(self.row.size)

    @property
    def periods(self) -> Float:
        """(T,)."""
        return self.time.at

    @property
    def x(self) -> Float:
        """(N, q) covariates with intercept."""
        return self.covariates.x

    @property
    def weights(self) -> Float:
        """(N,)."""
        return self.sample.weights[self.row]

    def influence(self, z: Float, coef: Float) -> Influence:
        """Influence z (N, k) @ coef (k, p) of units, put on the rows of the design that weigh them."""
        if self.row.size == self.sample.n and np.array_equal(self.row, np.arange(self.sample.n)):
            return Influence((Block(Rows(z), coef),), self.sample.n)
        rows = Rows.among(z, self.row, self.sample.n)
        return Influence((Block(rows, coef),), self.sample.n)


def layout_of(
    data: Sample | PanelLike,
    outcome: str,
    cohort: str,
    time: TimeColumn,
    unit: str | None,
    covariates: Sequence[str],
    unbalanced: Unbalanced,
) -> Layout:
    """The layout of a tracer panel, of a long panel, or of repeated cross-sections (a Sample
    without `unit`).

    Raises
    ------
    IdentificationError : what `panel_of` refuses; units in several PSUs, missing periods,
        covariates that are missing in a unit's first period.
    """
    if not isinstance(data, Sample):
        return _of_waves(data, outcome, cohort, covariates, unbalanced)
    if time is None:
        raise IdentificationError(
            Problem("a long sample needs its time column", of_argument("time"), "a column", "None")
        )
    if not data.active.any():
        raise IdentificationError(
            Problem("the domain is empty", "", "rows with weight", worded("none"))
        )
    if unit is None:
        return _of_cross_sections(data, outcome, cohort, time, covariates)
    return _of_long(data, outcome, cohort, time, unit, covariates, unbalanced)


def _of_cross_sections(
    sample: Sample, outcome: str, cohort: str, time: TimeColumn, covariates: Sequence[str]
) -> Layout:
    """Repeated cross-sections: every row a person seen once."""
    column, stated = stated_order(time)
    others = {f"other {column}": Stated(column, missing=True) for column in (cohort, *covariates)}
    data = read(
        sample,
        IdentificationError,
        y=Number(outcome),
        t=Order(str(column), stated, f'time={{"{column}": (first, ..., last)}}'),
        **others,
    )
    axis = of_ordering(data.t)
    inside = np.flatnonzero(sample.active & (data.t.code >= 0))
    values = sample.frame[cohort].iloc[inside]
    starts = cohorts_on(axis, values, np.ones(inside.size, bool))
    if isinstance(starts, Problem):
        raise IdentificationError(starts)
    return Layout(
        sample=sample,
        row=inside,
        y=data.y[inside],
        cohort=starts.place,
        covariates=covariates_at(sample, covariates, inside),
        time=starts.time,
        period=data.t.code[inside].astype(np.intp),
        notes=(*starts.notes, *zero_said(values, axis)),
        absent=_weightless(sample, cohort),
    )


def _of_waves(
    data: PanelLike,
    outcome: str,
    cohort: str,
    covariates: Sequence[str],
    unbalanced: Unbalanced,
) -> Layout:
    """A tracer panel: persons who answered all waves carry weight, the attrition steps in their
    standard error.
    """
    outcome_values(data, outcome, data.waves[:1])
    wanted = Wanted([outcome], gaps=[outcome], also=covariates, cohort=cohort)
    panel = panel_of(data, None, None, wanted)
    sample = panel.sample
    y = panel.table(outcome)
    full: Bool = np.asarray(~np.isnan(y).any(axis=1))
    row = panel.row[panel.first]
    lost = int(data.sample.active.sum()) - int(full.sum())
    if unbalanced == "refuse" and lost:
        raise IdentificationError(
            Problem(
                what="the panel is unbalanced",
                where=worded("'{outcome}'", {"outcome": outcome}),
                expected=worded(
                    "every person with '{outcome}' in all {size} waves",
                    {"outcome": outcome, "size": panel.time.size},
                ),
                got=worded("{lost:,} persons with gaps", {"lost": lost}),
                fix="Choose unbalanced='balanced' (those who answered all waves, weighted for"
                " attrition) or 'pairs'.",
                count=lost,
            )
        )
    notes = (*panel.notes, *moving_in_waves(data, covariates))
    silent = int((~full).sum())
    if silent:
        notes += (
            f"{silent:,} responding persons without '{outcome}' in every wave are outside the"
            " domain.",
        )
    start = panel.start[panel.first]
    absent, named = _lost_cohorts(panel.time, start, full, outcome)
    seen = np.zeros(sample.n, bool)
    seen[row[full]] = True
    return Layout(
        sample=sample.where(seen),
        row=row[full],
        y=y[full],
        cohort=start[full],
        covariates=covariates_at(sample, covariates, row[full]),
        time=panel.time,
        notes=(*notes, *named),
        absent=absent,
    )


def moving_in_waves(data: PanelLike, covariates: Sequence[str]) -> tuple[str, ...]:
    """A sentence where covariates change over the waves of a panel: those of enrolment count."""
    long, key = getattr(data, "long", None), getattr(data, "unit", None)
    if not isinstance(long, pd.DataFrame) or key not in long.columns:
        return ()
    unit = pd.factorize(long[key])[0]
    moving = [
        covariate
        for covariate in covariates
        if covariate in long.columns and _changes(long[covariate], unit)
    ]
    return first_period_said(moving, "of the person's first row")


def _changes(values: pd.Series, unit: Int) -> bool:
    """Whether a column has several values in a unit."""
    code = pd.factorize(values)[0]
    first = np.zeros(int(unit.max(initial=0)) + 1, np.intp)
    first[unit[::-1]] = code[::-1]
    return bool((code != first[unit]).any())


def first_period_said(moving: Sequence[str], which: str) -> tuple[Message, ...]:
    """What is said of covariates that change over time."""
    if not moving:
        return ()
    what = "changes" if len(moving) == 1 else "change"
    words = (
        f"{{covariates}} {what} over time: each unit has the value {which}, which treatment has not"
        " moved."
    )
    return (Message(words, {"covariates": ", ".join(moving)}),)


def _of_long(
    sample: Sample,
    outcome: str,
    cohort: str,
    time: TimeColumn,
    unit: str,
    covariates: Sequence[str],
    unbalanced: Unbalanced,
) -> Layout:
    wanted = Wanted([outcome], gaps=[outcome], also=covariates, cohort=cohort)
    panel = panel_of(sample, unit, time, wanted)
    first = panel.first
    y = panel.table(outcome)
    start, row = panel.start[first], panel.row[first]
    moving = [
        covariate for covariate in covariates if _moves(panel, sample.frame[covariate], first)
    ]
    notes = (
        *_weights_note(panel, first),
        *first_period_said(moving, "of its first period"),
        *_ended(panel),
        *panel.notes,
    )
    full: Bool = np.asarray(~np.isnan(y).any(axis=1))
    absent: Mapping[float, str] = _weightless(sample, cohort)
    if not full.all():
        key = unit, str(stated_order(time)[0])
        _refuse_gaps(sample, panel, row, full, outcome, key, unbalanced)
        lost = f"{int((~full).sum()):,} of {full.size:,} units lack '{outcome}' in some period"
        if unbalanced == "balanced":
            absent, named = _lost_cohorts(panel.time, start, full, outcome)
            notes += (
                f"{lost} and are outside the domain; nothing stands in for them.",
                *named,
            )
            row, y, start = row[full], y[full], start[full]
        else:
            notes += (f"{lost}; each comparison uses the units seen in both of its periods.",)
    owner, at = one_row_a_unit(sample, sample.frame[unit], row, panel.unit, panel.row)
    return Layout(
        sample=owner,
        row=at,
        y=y,
        cohort=start,
        covariates=covariates_at(sample, covariates, row),
        time=panel.time,
        notes=notes,
        absent=absent,
    )


def _ended(panel: Panel) -> tuple[str, ...]:
    """A sentence where a column of the sample is each row's treatment, as the cohorts say when it
    starts, and goes back to 0 in later periods.
    """
    frame = panel.sample.frame
    if not np.isfinite(panel.start).any():
        return ()
    notes = []
    for column in frame.columns:
        some = float64(frame[column].iloc[:ALIKE])
        if some is None or not np.isin(some, (0, 1)).all():
            continue
        whole = float64(frame[column])
        if whole is None:
            continue
        path = panel.of_rows(whole)
        if (path == 1).all() or not np.isin(path, (0, 1)).all():
            continue
        since = panel.at - panel.start
        units = np.unique(panel.unit[(since > 0) & (path == 0)]).size
        if units and (path[since < 0] == 0).all() and (path[since == 0] == 1).all():
            notes.append(
                f"Treatment switches off: '{column}' is 1 from each unit's start and 0 again in"
                f" later periods of {units:,} units. Effects are those of having started, not of"
                " being treated."
            )
    return tuple(notes)


def _refuse_gaps(
    sample: Sample,
    panel: Panel,
    row: Int,
    full: Bool,
    outcome: str,
    key: tuple[str, str],
    unbalanced: Unbalanced,
) -> None:
    unit = key[0]
    lost = int((~full).sum())
    where = in_columns(unit, key[1])
    if unbalanced == "refuse":
        raise IdentificationError(
            Problem(
                what="the panel is unbalanced",
                where=where,
                expected=worded(
                    "every unit with '{outcome}' in all {size} periods",
                    {"outcome": outcome, "size": panel.time.size},
                ),
                got=worded("{lost:,} units with gaps", {"lost": lost}),
                fix="Weight for attrition in a TracerPanel, or choose unbalanced='balanced'"
                " (complete units) or 'pairs' (units seen in both periods of a comparison).",
                count=lost,
                rows=tuple(sample.frame[unit].iloc[row[np.flatnonzero(~full)]].tolist()),
            )
        )
    if not full.any() and unbalanced == "balanced":
        raise IdentificationError(
            Problem(
                what="no unit is complete",
                where=where,
                expected=worded(
                    "units with '{outcome}' in all {size} periods",
                    {"outcome": outcome, "size": panel.time.size},
                ),
                got=worded("none"),
                fix="Narrow the domain to the periods that were asked, or choose unbalanced='pairs'.",
            )
        )


def _lost_cohorts(
    time: Timeline, cohort: Float, full: Bool, outcome: str
) -> tuple[dict[float, str], tuple[str, ...]]:
    """Cohorts none of whose units (N,) is complete: why, and the sentence for the notes."""
    absent = {}
    notes = []
    for start in np.setdiff1d(cohort, cohort[full]):
        n = int((cohort == start).sum())
        who = "never treated" if np.isinf(start) else f"cohort {time.shown(start)}"
        absent[float(start)] = f"{n:,} units {who}, none with '{outcome}' in every period"
        notes.append(
            f"Nobody of {who} ({n:,} units) has '{outcome}' in every period: left out with them."
            " unbalanced='pairs' uses who is seen in both periods of a comparison."
        )
    return absent, tuple(notes)


def _weightless(sample: Sample, cohort: str) -> dict[float, str]:
    """Why there is no never-treated unit, where those in the frame carry no weight or lie outside."""
    column = sample.frame[cohort]
    number = numbers_in(column)
    never = column.isna().to_numpy() | (number == 0) | np.isinf(number)
    if not never.any() or (never & sample.active).any():
        return {}
    zero = int((never & sample.domain & (sample.weights == 0)).sum())
    outside = int((never & ~sample.domain).sum())
    said = [
        f"{count:,} rows {what}"
        for count, what in ((zero, "with weight 0"), (outside, "outside the domain"))
        if count
    ]
    return {np.inf: f"only {' and '.join(said)}"}


def _moves(panel: Panel, values: pd.Series, first: Int) -> bool:
    """Whether a column changes inside units of the panel."""
    if pd.api.types.is_numeric_dtype(values) and isinstance(values.dtype, np.dtype):
        value = panel.of_rows(values.to_numpy())
        differs = panel.changes(value)
        if value.dtype.kind == "f" and differs.any():
            differs &= ~(np.isnan(value) & np.isnan(value[first][panel.unit]))
        return bool(differs.any())
    return bool(panel.changes(panel.of_rows(pd.factorize(values)[0])).any())


def _weights_note(panel: Panel, first: Int) -> tuple[str, ...]:
    w = panel.weights
    other = panel.changes(w)
    if not other.any():
        return ()
    of_first = w[first][panel.unit]
    moved = np.abs(w - of_first) > 1e-9 * np.abs(of_first)
    if not moved.any():
        return ()
    return (
        f"Weights differ between periods in {np.unique(panel.unit[moved]).size:,} units: each unit"
        " has its weight of its first period in the window (R did).",
    )


def covariates_at(sample: Sample, covariates: Sequence[str], row: Int) -> Covariates:
    """Covariates of some rows (N,)."""
    named = list(dict.fromkeys(covariates))
    frame = sample.frame[named].iloc[row].reset_index(drop=True)
    return covariates_of(frame, list(covariates))
