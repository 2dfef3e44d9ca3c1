"""Imputation: unit and period effects from untreated rows, effects as what treated rows have beyond them (Borusyak, Jaravel and Spiess 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.estimate.estimate import Estimate, Part
from mismes_eval.impact.long import Long, read_long
from mismes_eval.impact.two_by_two import PanelLike
from mismes_eval.numerics.rows import Bool, Float, group_sums
from mismes_eval.weighting.sample import Sample

Errors = Literal["influence", "conservative"]


def imputation(
    data: Sample | PanelLike, outcome: str, cohort: str, unit: str | None = None, time: str | None = None, by: str = "att", cluster: str | None = None, errors: Errors = "influence",
) -> Estimate:  # fmt: skip
    """Effects on treated rows against their imputed untreated outcomes. Cohorts with a single period before treatment are kept.

    Parameters
    ----------
    cohort : first treated period; 0, or after the last period: never.  by : "att" (all treated rows), "event" (by time since treatment), "cohort".
    errors : "influence" (two-step estimation error and the sampling of who is treated, as did2s) or "conservative" (Borusyak, Jaravel and Spiess, section 4.3:
        spread of effects inside cohort and period only, as didimputation).

    Returns
    -------
    Estimate in the outcome's units. Units without an untreated row and periods without one are refused or left out by name.
    """
    if by not in ("att", "event", "cohort"):
        raise IdentificationError(Problem("unknown average", "argument 'by'", "'att', 'event' or 'cohort'", repr(by)))
    if errors not in ("influence", "conservative"):
        raise IdentificationError(Problem("unknown errors", "argument 'errors'", "'influence' or 'conservative'", repr(errors)))
    long = read_long(data, [outcome], unit, time, cluster, "imputation", cohort)
    g, t = long.columns[cohort], long.periods[long.period]
    treated = t >= g
    if not treated.any() or treated.all():
        raise IdentificationError(
            Problem("imputation needs treated and untreated rows", f"column '{cohort}'", "both", f"{int(treated.sum()):,} of {treated.size:,} treated")
        )
    w = long.weights
    w0 = np.where(treated, 0.0, w)
    known_period = np.bincount(long.period, weights=w0, minlength=long.periods.size) > 0
    known_unit = np.bincount(long.unit, weights=w0, minlength=long.units) > 0
    use = treated & known_unit[long.unit] & known_period[long.period]
    notes = _left_out(long, treated & ~use, known_unit, known_period)
    key = np.zeros(t.size) if by == "att" else (t - g if by == "event" else g)
    groups = np.unique(key[use])
    chosen = use[:, None] & (key[:, None] == groups)
    target = chosen * w[:, None] / (w @ chosen)
    effects = _Effects(long, w0)
    y = long.columns[outcome]
    gap = y - effects.predict(effects.solve((y * w0)[:, None]))[:, 0]
    value = target.T @ gap
    share = target / np.where(w > 0, w, 1.0)[:, None]
    back = effects.predict(effects.solve(target))
    z = share * (gap[:, None] - (value if errors == "influence" else _inside(gap, g, t, target))) - np.where(treated, 0.0, gap)[:, None] * back
    keys = pd.DataFrame({"variable": "ATT", **({} if by == "att" else {"event_time" if by == "event" else "cohort": groups})}, index=range(groups.size))
    text = f"Imputation from untreated rows, {outcome}; {int(use.sum()):,} treated and {int((~treated).sum()):,} untreated rows, {long.units:,} units; errors: {errors}."
    names = ("ATT",) if by == "att" else tuple(f"{k:g}" for k in groups)
    return Estimate(
        value, names, (Part(long.sample.design, long.influence(z)),), keys, chosen.sum(axis=0).astype(float), np.full(groups.size, long.sample.degf), "effect",
        notes=(text, *notes, *long.notes, *long.sample.notes), extra={"base": "universal"},
    )  # fmt: skip


class _Effects:
    """Weighted unit and period effects of the rows where w0 > 0; units are eliminated, periods solved for."""

    def __init__(self, long: Long, w0: Float) -> None:
        self.long = long
        n, t = long.units, long.periods.size
        self.table = np.bincount(long.unit * t + long.period, weights=w0, minlength=n * t).reshape(n, t)
        total = self.table.sum(axis=1)
        self.inverse = np.divide(1.0, total, out=np.zeros(n), where=total > 0)
        schur = np.diag(self.table.sum(axis=0)) - self.table.T @ (self.table * self.inverse[:, None])
        self.schur = np.linalg.pinv(schur, rcond=1e-11, hermitian=True)
        if np.linalg.matrix_rank(schur, tol=1e-9 * max(float(np.abs(schur).max()), 1e-300), hermitian=True) < int((self.table.sum(axis=0) > 0).sum()) - 1:
            raise IdentificationError(
                Problem(
                    "untreated rows do not connect all periods",
                    "unit and period effects",
                    "untreated units seen across periods",
                    "separate groups",
                    "Narrow the periods.",
                )
            )

    def solve(self, rhs: Float) -> tuple[Float, Float]:
        """Effects (units, p) and (periods, p) for right-hand sides given by row, (n, p)."""
        a = group_sums(rhs, self.long.unit, self.long.units)
        b = group_sums(rhs, self.long.period, self.long.periods.size)
        period = self.schur @ (b - self.table.T @ (a * self.inverse[:, None]))
        return (a - self.table @ period) * self.inverse[:, None], period

    def predict(self, effects: tuple[Float, Float]) -> Float:
        """(n, p) unit plus period effect of each row."""
        out: Float = effects[0][self.long.unit] + effects[1][self.long.period]
        return out


def _inside(gap: Float, g: Float, t: Float, target: Float) -> Float:
    """(n, p) average gap in the row's cohort and period, rows weighted by the square of their part."""
    cell = pd.factorize(pd.MultiIndex.from_arrays([g, t]))[0].astype(np.intp)
    m = int(cell.max()) + 1
    weight = target**2
    total = group_sums(weight, cell, m)
    mean = np.divide(group_sums(weight * gap[:, None], cell, m), total, out=np.zeros_like(total), where=total > 0)
    out: Float = mean[cell]
    return out


def _left_out(long: Long, lost: Bool, known_unit: Bool, known_period: Bool) -> Sequence[str]:
    if not lost.any():
        return ()
    late = ", ".join(f"{p:g}" for p in long.periods[~known_period])
    units = int((~known_unit).sum())
    return (
        f"{int(lost.sum()):,} treated rows have nothing to impute from and are left out: {units:,} units never seen untreated"
        + (f"; nobody is untreated in {late}" if late else "")
        + ".",
    )
