"""All group-time cells of a plan: cells with the same rows share one propensity and one factored
regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.impact.did.layout import Layout
from mismes_eval.impact.did.periods import Cell, Plan
from mismes_eval.impact.did.two_by_two import EXTREME
from mismes_eval.numerics.did import Method, cross_sections
from mismes_eval.numerics.did_many import Group, Levels, levels, many
from mismes_eval.numerics.rows import Float, Int


@dataclass(frozen=True)
class Fitted:
    """att (K,); z (N, K + G) influence on the units' weights, of the cells and of the sizes of the
    cohorts; size (G,) of the cohorts; rows behind each cell; overlap: cohort, extreme, largest, per
    propensity; notes: who was left out; shares: columns (N,), who is averaged, and column (K, 2)
    the one of the treated and of the compared of each cell, -1 for a reference cell.
    """

    att: Float
    z: Float
    size: Float
    n_treated: Int
    n_comparison: Int
    overlap: pd.DataFrame
    notes: tuple[str, ...] = ()
    shares: list[Float] = field(default_factory=list)
    column: Int = field(default_factory=lambda: np.zeros((0, 2), np.intp))

    def takes(self, cells: Sequence[int], treated: Int, compared: Int, p: Float | None) -> None:
        """Note down who is averaged in some cells: treated rows, and comparison rows by the odds
        p / (1 - p) of treatment, or evenly where p is None.
        """
        odds = np.ones(compared.size) if p is None else p / (1 - p)
        for side, rows, values in ((0, treated, np.ones(treated.size)), (1, compared, odds)):
            column = np.zeros(self.z.shape[0])
            column[rows] = values
            self.column[list(cells), side] = len(self.shares)
            self.shares.append(column)


def fit_cells(layout: Layout, weights: Float, plan: Plan, method: Method) -> Fitted:
    """Effects of all cells. Raises Separation, and IdentificationError listing the cells without
    rows.
    """
    k = len(plan.cells)
    z = np.zeros((k + len(plan.cohorts), layout.n)).T
    for j, g in enumerate(plan.cohorts):
        z[:, k + j] = layout.cohort == g
    out = Fitted(
        np.zeros(k),
        z,
        weights @ z[:, k:],
        np.zeros(k, np.intp),
        np.zeros(k, np.intp),
        pd.DataFrame(),
        column=np.full((k, 2), -1, np.intp),
    )
    if layout.period is not None:
        overlap = _cross_sections(layout, weights, plan, method, out)
    elif np.isfinite(layout.y).all():
        overlap = _complete(layout, weights, plan, method, out)
    else:
        overlap = _pairs(layout, weights, plan, method, out)
    table = (
        pd.DataFrame(overlap, columns=["cohort", "extreme", "largest"])
        .groupby("cohort", as_index=False)
        .max()
    )
    return replace(out, overlap=table)


Overlap = list[tuple[float, float, float]]


def _complete(layout: Layout, weights: Float, plan: Plan, method: Method, out: Fitted) -> Overlap:
    """Complete panels: one propensity for all cells of a cohort with the same comparison group, one
    regression for each comparison group.
    """
    batches: dict[tuple[float, tuple[float, ...]], list[int]] = {}
    for j, c in enumerate(plan.cells):
        if c.against:
            batches.setdefault((c.cohort, c.against), []).append(j)
    where = {
        g: np.flatnonzero((layout.cohort == g) & (weights != 0)) for g in np.unique(layout.cohort)
    }
    members = {g: _group(layout, weights, rows) for g, rows in where.items()}
    joined: dict[tuple[float, ...], tuple[Group, Levels | None]] = {}
    regress = method == "or" or (method == "dr" and layout.x.shape[1] > 1)
    overlap, problems = [], []
    for (cohort, against), cells in batches.items():
        if against not in joined:
            group = (
                members[against[0]] if len(against) == 1 else _joined([members[g] for g in against])
            )
            joined[against] = (group, levels(group) if regress and group.n else None)
        one, (other, fitted) = members[cohort], joined[against]
        if not one.n or not other.n:
            problems += [no_rows(plan.cells[j], plan.periods, one.n, other.n) for j in cells]
            continue
        time, base = (
            np.array([getattr(plan.cells[j], name) for j in cells]) for name in ("time", "base")
        )
        effects = many(one, other, time, base, method, fitted)
        out.att[cells], out.n_treated[cells], out.n_comparison[cells] = effects.att, one.n, other.n
        rows = (
            where[against[0]] if len(against) == 1 else np.concatenate([where[g] for g in against])
        )
        for i, j in enumerate(cells):
            out.z.T[j][where[cohort]] = effects.treated[i]
            out.z.T[j][rows] = effects.compared[i]
        p = None if effects.propensity is None else effects.propensity[1]
        out.takes(cells, where[cohort], rows, p)
        overlap += extreme(cohort, other.w, effects.propensity)
    if problems:
        raise IdentificationError(problems)
    return overlap


def _pairs(layout: Layout, weights: Float, plan: Plan, method: Method, out: Fitted) -> Overlap:
    """Panels with gaps: each cell by the units seen in both of its periods."""
    overlap, problems = [], []
    for j, c in enumerate(plan.cells):
        if not c.against:
            continue
        seen = (weights != 0) & np.isfinite(layout.y[:, c.time]) & np.isfinite(layout.y[:, c.base])
        mine, theirs = (
            np.flatnonzero(seen & (layout.cohort == c.cohort)),
            np.flatnonzero(seen & np.isin(layout.cohort, c.against)),
        )
        if not mine.size or not theirs.size:
            problems.append(no_rows(c, plan.periods, mine.size, theirs.size))
            continue
        other = _group(layout, weights, theirs)
        effects = many(
            _group(layout, weights, mine), other, np.array([c.time]), np.array([c.base]), method
        )
        out.att[j], out.n_treated[j], out.n_comparison[j] = effects.att[0], mine.size, theirs.size
        out.z[mine, j], out.z[theirs, j] = effects.treated[0], effects.compared[0]
        p = None if effects.propensity is None else effects.propensity[1]
        out.takes([j], mine, theirs, p)
        overlap += extreme(c.cohort, other.w, effects.propensity)
    if problems:
        raise IdentificationError(problems)
    return overlap


def _cross_sections(
    layout: Layout, weights: Float, plan: Plan, method: Method, out: Fitted
) -> Overlap:
    """Repeated cross-sections: each cell by the rows of its two periods."""
    overlap, problems = [], []
    for j, c in enumerate(plan.cells):
        if not c.against:
            continue
        rows = np.flatnonzero(
            (weights != 0)
            & np.isin(layout.cohort, (c.cohort, *c.against))
            & ((layout.period == c.time) | (layout.period == c.base))
        )
        d, post = (
            (layout.cohort[rows] == c.cohort).astype(float),
            (np.asarray(layout.period)[rows] == c.time).astype(float),
        )
        out.n_treated[j], out.n_comparison[j] = int(d.sum()), int(d.size - d.sum())
        if any(not ((d == v) & (post == s)).any() for v in (0, 1) for s in (0, 1)):
            problems.append(no_rows(c, plan.periods, int(d.sum()), int(d.size - d.sum())))
            continue
        effect = cross_sections(weights[rows], d, post, layout.y[rows], layout.x[rows], method)
        out.att[j], out.z[rows, j] = effect.att, effect.z
        compare = d == 0
        odds = None if effect.propensity is None else effect.propensity[compare]
        out.takes([j], rows[~compare], rows[compare], odds)
        if effect.propensity is not None and layout.x.shape[1] > 1:
            p = effect.propensity[~compare], effect.propensity[compare]
            overlap += extreme(c.cohort, weights[rows][compare], p)
    if problems:
        raise IdentificationError(problems)
    return overlap


def _group(layout: Layout, weights: Float, rows: Int) -> Group:
    return Group(
        weights[rows],
        np.ascontiguousarray(layout.x[rows].T),
        np.ascontiguousarray(layout.y[rows].T),
    )


def _joined(groups: list[Group]) -> Group:
    return Group(
        np.concatenate([g.w for g in groups]),
        np.concatenate([g.x for g in groups], axis=1),
        np.concatenate([g.y for g in groups], axis=1),
    )


def extreme(cohort: float, w: Float, p: tuple[Float, Float] | None) -> Overlap:
    """Share of the comparison weight with an extreme propensity, and the largest of all
    propensities.
    """
    if p is None or np.ptp(p[1]) == 0:  # without covariates it is the share of the treated
        return []
    return [(cohort, float(w[p[1] > EXTREME].sum() / w.sum()), float(max(p[0].max(), p[1].max())))]


def no_rows(cell: Cell, periods: Float, treated: int, compared: int) -> Problem:
    """A cell that cannot be made."""
    return Problem(
        "a group-time comparison has no rows",
        f"cohort {cell.cohort:g}, {periods[cell.base]:g} to {periods[cell.time]:g}",
        "treated and comparison rows in both periods",
        f"{treated} treated, {compared} comparison",
        "Merge cohorts, narrow the periods, or choose unbalanced='balanced'.",
    )
