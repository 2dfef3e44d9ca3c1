"""A long sample or a tracer panel as arrays for staggered designs: outcomes by unit and period,
cohorts, covariates, and where weights and design come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.estimate.domains import numbers, require
from mismes_eval.impact.did.covariates import Covariates, covariates_of
from mismes_eval.impact.did.two_by_two import PanelLike
from mismes_eval.impact.did.two_periods import outcome_values
from mismes_eval.impact.did.units import one_row_a_unit
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Float, Int, Rows
from mismes_eval.weighting.sample import Sample

Unbalanced = Literal["refuse", "balanced", "pairs"]


@dataclass(frozen=True)
class Layout:
    """N units (or rows of repeated cross-sections) and T periods.

    sample : whose design carries the variance.  row (N,) : the row of the sample that gives a unit its weight.
    y (N, T) outcomes, NaN where not seen; in cross-sections (N,) with period (N,) positions.  cohort (N,), inf = never.  covariates: of the N units, with intercept.
    """

    sample: Sample
    row: Int
    y: Float
    cohort: Float
    covariates: Covariates
    periods: Float
    period: Int | None = None
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return int(self.row.size)

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
        cell = np.full(self.sample.n, self.n, np.intp)
        cell[self.row] = np.arange(self.n)
        return Influence(
            (Block(Rows(np.vstack([z, np.zeros((1, z.shape[1]))]), cell), coef),), self.sample.n
        )


def of_panel(
    data: PanelLike, outcome: str, cohort: str, covariates: Sequence[str], unbalanced: Unbalanced
) -> Layout:
    """A tracer panel: persons who answered all waves carry weight, the attrition steps in their
    standard error.
    """
    sample = data.weight_sample(data.waves)
    require(sample, [cohort, *covariates], "att_gt")
    periods = wave_numbers(data.waves)
    y = outcome_values(data, outcome, data.waves)
    seen = sample.active & ~np.isnan(y).any(axis=1)
    silent, lost = int((sample.active & ~seen).sum()), int((data.sample.active & ~seen).sum())
    if unbalanced == "refuse" and lost:
        raise IdentificationError(
            Problem(
                "the panel is unbalanced",
                f"'{outcome}'",
                f"every person with '{outcome}' in all {periods.size} waves",
                f"{lost:,} persons with gaps",
                "Choose unbalanced='balanced' (those who answered all waves, weighted for"
                " attrition) or 'pairs'.",
                lost,
            )
        )
    notes = zero_said(sample.frame[cohort], periods)
    if silent:
        notes += (
            (
                f"{silent:,} responding persons without '{outcome}' in every wave are outside the"
                " domain."
            ),
        )
    inside = np.flatnonzero(seen)
    sample = sample.where(seen)
    return Layout(
        sample,
        inside,
        y[inside],
        cohorts(sample.frame[cohort])[inside],
        covariate_rows(sample, covariates, inside),
        periods,
        None,
        notes,
    )


def of_cross_sections(
    sample: Sample, outcome: str, cohort: str, time: str, covariates: Sequence[str]
) -> Layout:
    """Repeated cross-sections: every row a person seen once."""
    require(sample, [outcome, cohort, time, *covariates], "att_gt")
    y = numbers(sample, outcome, "att_gt")
    inside = np.flatnonzero(sample.active)
    t = _times(sample, time)[inside]
    periods = np.unique(t)
    g = cohorts(sample.frame[cohort])
    return Layout(
        sample,
        inside,
        y[inside],
        g[inside],
        covariate_rows(sample, covariates, inside),
        periods,
        np.searchsorted(periods, t),
        zero_said(sample.frame[cohort], periods),
    )


def of_long(
    sample: Sample,
    outcome: str,
    cohort: str,
    time: str,
    unit: str,
    covariates: Sequence[str],
    unbalanced: Unbalanced,
) -> Layout:
    """A long panel. Raises IdentificationError: duplicate unit-periods, cohorts or covariates that
    change, units in several PSUs, missing periods.
    """
    require(sample, [outcome, cohort, time, unit, *covariates], "att_gt")
    inside = np.flatnonzero(sample.active)
    whole = inside.size == sample.n
    t_all, ids = _times(sample, time), sample.frame[unit]
    outcomes = _outcomes(sample, outcome)
    t, y = (t_all, outcomes) if whole else (t_all[inside], outcomes[inside])
    periods = np.unique(t[: min(t.size, 1000)])
    regular = _is_regular(ids.to_numpy() if whole else ids.to_numpy()[inside], t, periods)
    if regular:
        u = np.repeat(np.arange(t.size // periods.size), periods.size)
        first, table = np.arange(0, t.size, periods.size), y.reshape(-1, periods.size)
    else:
        code, level = pd.factorize(ids if whole else ids.iloc[inside])
        u, periods = code.astype(np.intp), np.unique(t)
        _refuse_keys(ids, u, t, periods, inside, time, unit)
        table = np.full((len(level), periods.size), np.nan)
        table[u, np.searchsorted(periods, t)] = y
        order = np.lexsort((t, u))
        first = order[np.append(0, np.flatnonzero(np.diff(u[order])) + 1)]
    row = inside[first]
    g = cohorts(sample.frame[cohort])
    problems = _changes(sample, cohort, g, inside, row, u) + [
        p for c in covariates for p in _changes(sample, c, None, inside, row, u)
    ]
    if problems:
        raise IdentificationError(problems)
    notes = (
        *_weights_note(sample.weights[inside], sample.weights[row], u),
        *zero_said(sample.frame[cohort], periods),
    )
    full = ~np.isnan(table).any(axis=1)
    if not full.all():
        lost = int((~full).sum())
        if unbalanced == "refuse":
            raise IdentificationError(
                Problem(
                    "the panel is unbalanced",
                    f"columns '{unit}' and '{time}'",
                    f"every unit with '{outcome}' in all {periods.size} periods",
                    f"{lost:,} units with gaps",
                    "Weight for attrition in a TracerPanel, or choose unbalanced='balanced'"
                    " (complete units) or 'pairs' (units seen in both periods of a comparison).",
                    lost,
                    tuple(ids.iloc[row[np.flatnonzero(~full)[:5]]].tolist()),
                )
            )
        if not full.any() and unbalanced == "balanced":
            raise IdentificationError(
                Problem(
                    "no unit is complete",
                    f"columns '{unit}' and '{time}'",
                    f"units with '{outcome}' in all {periods.size} periods",
                    "none",
                    "Narrow the domain to the periods that were asked, or choose"
                    " unbalanced='pairs'.",
                )
            )
        if unbalanced == "balanced":
            row, table = row[full], table[full]
            notes += (
                (
                    f"{lost:,} of {full.size:,} units lack '{outcome}' in some period and are"
                    " outside the domain; nothing stands in for them."
                ),
            )
        else:
            notes += (
                (
                    f"{lost:,} of {full.size:,} units lack '{outcome}' in some period; each"
                    " comparison uses the units seen in both of its periods."
                ),
            )
    x = covariate_rows(sample, covariates, row)
    cohort_of = g[row]
    owner, row = one_row_a_unit(sample, ids, row, u, inside)
    return Layout(owner, row, table, cohort_of, x, periods, None, notes)


def _outcomes(sample: Sample, outcome: str) -> Float:
    """(n,) outcomes, NaN where missing. Text and infinite values are refused."""
    column = sample.frame[outcome]
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        raise IdentificationError(
            Problem(
                "an outcome is not a number",
                f"column '{outcome}'",
                "a numeric or boolean column",
                str(column.dtype),
                f"frame['{outcome}'] = pd.to_numeric(frame['{outcome}'])",
            )
        )
    y = column.to_numpy(dtype=float, na_value=np.nan)
    bad = sample.active & np.isinf(y)
    if bad.any():
        raise IdentificationError(
            Problem(
                "an outcome is infinite",
                f"column '{outcome}'",
                "finite numbers, or missing where there is none",
                "infinite",
                "Mend the column.",
                int(bad.sum()),
                tuple(np.flatnonzero(bad)[:5].tolist()),
            )
        )
    return y


def cohorts(column: pd.Series) -> Float:
    """(n,) first period of treatment; 0, missing and infinite mean never. Dates and text are
    refused.
    """
    if column.dtype.kind in "mM" or isinstance(column.dtype, pd.PeriodDtype):
        raise IdentificationError(
            Problem(
                "a cohort is a date",
                f"column '{column.name}'",
                "numbers in the units of the time column, e.g. years",
                str(column.dtype),
                "Count periods from a fixed date.",
            )
        )
    g = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    text = column.notna().to_numpy() & np.isnan(g)
    if text.any():
        raise IdentificationError(
            Problem(
                "a cohort is not a number",
                f"column '{column.name}'",
                "the first treated period; 0, missing or infinite for never",
                str(column[text].iloc[0]),
                "",
                int(text.sum()),
            )
        )
    return np.where(np.isnan(g) | (g == 0), np.inf, g)


def zero_said(column: pd.Series, periods: Float) -> tuple[str, ...]:
    """A sentence where 0, which means never treated, is a period after the first as well."""
    if 0 not in periods[1:] or not (pd.to_numeric(column, errors="coerce") == 0).any():
        return ()
    return (
        (
            f"0 in '{column.name}' is read as never treated, although 0 is one of the periods:"
            " where it means a start, count the periods from 1."
        ),
    )


def _times(sample: Sample, time: str) -> Float:
    column = sample.frame[time]
    if not pd.api.types.is_numeric_dtype(column):
        raise IdentificationError(
            Problem(
                "time is not a number",
                f"column '{time}'",
                "numbers in the units of the cohort column, e.g. years",
                str(column.dtype),
            )
        )
    t = column.to_numpy(dtype=float, na_value=np.nan)
    gone = sample.active & ~np.isfinite(t)
    if gone.any():
        raise IdentificationError(
            Problem(
                "time is missing",
                f"column '{time}'",
                "a period in every row of the domain",
                "missing",
                "",
                int(gone.sum()),
                tuple(np.flatnonzero(gone)[:5].tolist()),
            )
        )
    return t


def wave_numbers(waves: Sequence[object]) -> Float:
    """(T,) waves as numbers."""
    out = np.array([float(t) if isinstance(t, int | float | np.number) else np.nan for t in waves])
    if not np.isfinite(out).all():
        raise IdentificationError(
            Problem(
                "waves are not numbers",
                "the panel's waves",
                "numbers in the units of the cohort column",
                ", ".join(map(str, waves)),
            )
        )
    return out


def _is_regular(ids: np.ndarray, t: Float, periods: Float) -> bool:
    """Sorted by unit and period, every unit with every period: no key has to be looked up."""
    k = periods.size
    if t.size == 0 or t.size % k or ids.dtype == object or not (t.reshape(-1, k) == periods).all():
        return False
    each = ids.reshape(-1, k)
    return bool((each[:, 1:] == each[:, :1]).all() and (each[1:, 0] > each[:-1, 0]).all())


def _refuse_keys(
    ids: pd.Series, u: Int, t: Float, periods: Float, inside: Int, time: str, unit: str
) -> None:
    if (u < 0).any():
        raise IdentificationError(
            Problem(
                "a unit is missing",
                f"column '{unit}'",
                "an identifier in every row of the domain",
                "missing",
                "",
                int((u < 0).sum()),
            )
        )
    key = u * periods.size + np.searchsorted(periods, t)
    twice = np.bincount(key)[key] > 1
    if twice.any():
        at = inside[np.flatnonzero(twice)]
        raise IdentificationError(
            Problem(
                "a unit has several rows in one period",
                f"columns '{unit}' and '{time}'",
                "one row a unit and period",
                f"{twice.sum()} rows",
                "Remove duplicates.",
                int(twice.sum()),
                tuple(ids.iloc[at[:5]].tolist()),
            )
        )


def _changes(
    sample: Sample, column: str, value: Float | None, inside: Int, row: Int, u: Int
) -> list[Problem]:
    """A problem where a column is not constant inside units."""
    if value is None:
        series = sample.frame[column]
        value = (
            series.to_numpy(float)
            if pd.api.types.is_numeric_dtype(series) and not series.isna().any()
            else pd.factorize(series)[0].astype(float)
        )
    differs = value[inside] != value[row][u]
    if not differs.any():
        return []
    return [
        Problem(
            "a column changes inside units",
            f"column '{column}'",
            "one value for each unit",
            f"{np.unique(u[differs]).size:,} units with several",
            "A cohort is the first treated period and treatment stays on; take covariates from the"
            " period before treatment.",
            int(differs.sum()),
            tuple(inside[np.flatnonzero(differs)[:5]].tolist()),
        )
    ]


def _weights_note(w: Float, first: Float, u: Int) -> tuple[str, ...]:
    moved = np.abs(w - first[u]) > 1e-9 * np.abs(first[u])
    if not moved.any():
        return ()
    return (
        (
            f"Weights differ between periods in {np.unique(u[moved]).size:,} units: each unit has"
            " its weight of its first period in the window (R did)."
        ),
    )


def covariate_rows(sample: Sample, covariates: Sequence[str], row: Int) -> Covariates:
    """Covariates of some rows (N,)."""
    named = list(dict.fromkeys(covariates))
    frame = sample.frame[named].iloc[row].reset_index(drop=True)
    return covariates_of(frame, list(covariates))
