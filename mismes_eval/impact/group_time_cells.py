"""All group-time cells of a plan: cells with the same rows share one propensity and one factored regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.impact.layout import Layout
from mismes_eval.impact.periods import Cell, Plan
from mismes_eval.impact.two_by_two import EXTREME
from mismes_eval.numerics.did import Method, cross_sections
from mismes_eval.numerics.did_many import panel_many
from mismes_eval.numerics.rows import Bool, Float, Int


@dataclass(frozen=True)
class Fitted:
    """att (K,); z (N, K) influence on the units' weights; rows behind each cell; overlap: cohort, extreme, largest, per propensity."""

    att: Float
    z: Float
    n_treated: Int
    n_comparison: Int
    overlap: pd.DataFrame


def fit_cells(layout: Layout, weights: Float, plan: Plan, method: Method) -> Fitted:
    """Effects of all cells. Raises Separation, and IdentificationError listing the cells without rows."""
    k = len(plan.cells)
    z = np.zeros((layout.n, k), order="F")
    att, treated, compared = np.zeros(k), np.zeros(k, np.intp), np.zeros(k, np.intp)
    overlap, problems = [], []
    for rows, members in _batches(layout, weights, plan.cells):
        cells = [plan.cells[j] for j in members]
        d = (layout.cohort[rows] == cells[0].cohort).astype(float)
        if not 0 < d.sum() < d.size:
            problems += [_empty(c, plan.periods, d) for c in cells]
            continue
        w, x = weights[rows], layout.x[rows]
        treated[members], compared[members] = int(d.sum()), int(d.size - d.sum())
        if layout.period is None:
            y = layout.y[rows]
            effects = panel_many(w, d, y[:, [c.time for c in cells]] - y[:, [c.base for c in cells]], x, method)
            att[members], p = effects.att, effects.propensity
            for j, column in zip(members, effects.z.T, strict=True):
                z[rows, j] = column
        else:
            post = (layout.period[rows] == cells[0].time).astype(float)
            gone = [(v, s) for v in (0, 1) for s in (0, 1) if not ((d == v) & (post == s)).any()]
            if gone:
                problems.append(_empty(cells[0], plan.periods, d))
                continue
            effect = cross_sections(w, d, post, layout.y[rows], x, method)
            att[members[0]], p = effect.att, effect.propensity
            z[rows, members[0]] = effect.z
        if p is not None:
            compare = d == 0
            overlap.append((cells[0].cohort, float(w[compare & (p > EXTREME)].sum() / w[compare].sum()), float(p.max())))
    if problems:
        raise IdentificationError(problems)
    table = pd.DataFrame(overlap, columns=["cohort", "extreme", "largest"]).groupby("cohort", as_index=False).max()
    return Fitted(att, z, treated, compared, table)


def _batches(layout: Layout, weights: Float, cells: tuple[Cell, ...]) -> list[tuple[Int, list[int]]]:
    """Rows and the cells they serve. Complete panels: one batch a cohort and comparison group; else one a cell, with the rows seen in both periods."""
    carries = weights != 0
    complete = layout.period is None and bool(np.isfinite(layout.y).all())
    groups: dict[tuple[object, ...], list[int]] = {}
    for j, c in enumerate(cells):
        if c.against:
            groups.setdefault((c.cohort, c.against) if complete else (j,), []).append(j)
    out = []
    for members in groups.values():
        c = cells[members[0]]
        mask: Bool = carries & np.isin(layout.cohort, (c.cohort, *c.against))
        if layout.period is not None:
            mask &= (layout.period == c.time) | (layout.period == c.base)
        elif not complete:
            mask &= np.isfinite(layout.y[:, c.time]) & np.isfinite(layout.y[:, c.base])
        out.append((np.flatnonzero(mask), members))
    return out


def _empty(cell: Cell, periods: Float, d: Float) -> Problem:
    return Problem("a group-time comparison has no rows", f"cohort {cell.cohort:g}, {periods[cell.base]:g} to {periods[cell.time]:g}", "treated and comparison rows in both periods",
                   f"{int(d.sum())} treated, {int(d.size - d.sum())} comparison", "Merge cohorts, narrow the periods, or choose unbalanced='balanced'.")  # fmt: skip
