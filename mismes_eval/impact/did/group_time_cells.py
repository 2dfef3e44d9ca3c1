"""All group-time cells of a plan: cells with the same rows share one propensity and one factored
regression. Cells that cannot be made are named, and can be left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import NAMED, IdentificationError, Problem, worded
from mismes_eval.impact.did.covariates import EVERYTHING, Common, Covariates, common
from mismes_eval.impact.did.layout import Layout
from mismes_eval.impact.did.periods import Cell, Plan
from mismes_eval.impact.did.two_by_two import EXTREME, PROPENSITY
from mismes_eval.message import Message, as_message, listed
from mismes_eval.numerics.did import Method, cross_sections
from mismes_eval.numerics.did_many import Effects, Group, Levels, levels, many
from mismes_eval.numerics.logit import Separation
from mismes_eval.numerics.rows import Float, Int

Impossible = Literal["refuse", "leave_out"]
BOTH_PERIODS = ("dr", "dr_improved", "or")


@dataclass(frozen=True)
class Fitted:
    """att (K,); z (N, K + G) influence on the units' weights, of the cells and of the sizes of the
    cohorts; size (G,) of the cohorts; rows behind each cell; overlap: cohort, extreme, largest, per
    propensity; notes: who was left out.

    failed : what is wrong with cells that could not be fitted, by their position.
    apart : with those whose treated rows have a category that no compared row has.
    shares : columns (N,), who is averaged.
    column : (K, 2) the one of the treated and of the compared of each cell, -1 for a reference
        cell.
    """

    att: Float
    z: Float
    size: Float
    n_treated: Int
    n_comparison: Int
    overlap: pd.DataFrame
    notes: tuple[str, ...] = ()
    failed: dict[int, Problem] = field(default_factory=dict)
    apart: dict[int, Problem] = field(default_factory=dict)
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


Overlap = list[tuple[float, float, float]]
Against = tuple[float, ...]


def fit_cells(layout: Layout, weights: Float, plan: Plan, method: Method) -> Fitted:
    """Effects of all cells; those that cannot be had are 0 and stand in `failed` or `apart`."""
    k = len(plan.cells)
    z = np.zeros((k + len(plan.cohorts), layout.n)).T
    for j, cohort in enumerate(plan.cohorts):
        z[:, k + j] = layout.cohort == cohort
    out = nothing_fitted(z, weights @ z[:, k:], k)
    if layout.period is not None:
        overlap, notes = _cross_sections(layout, weights, plan, method, out)
    else:
        overlap, notes = _panel(layout, weights, plan, method, out)
    return replace(out, overlap=largest(overlap), notes=tuple(dict.fromkeys(notes)))


def nothing_fitted(z: Float, size: Float, k: int) -> Fitted:
    """K cells of effect 0, to be filled."""
    counts = np.zeros(k, np.intp), np.zeros(k, np.intp)
    column = np.full((k, 2), -1, np.intp)
    return Fitted(np.zeros(k), z, size, *counts, pd.DataFrame(), column=column)


def largest(overlap: Overlap) -> pd.DataFrame:
    """One row a cohort: the worst overlap of its comparisons."""
    table = pd.DataFrame(overlap, columns=["cohort", "extreme", "largest"])
    return table.groupby("cohort", as_index=False).max()


def without_lost(plan: Plan, fitted: Fitted, impossible: Impossible) -> tuple[Plan, Fitted]:
    """Plan and cells without those that could not be had, which the notes name. Raises
    IdentificationError with every problem where a fit failed and is not to be left out, or where
    nothing remains.
    """
    lost = {**fitted.apart, **fitted.failed}
    if not lost:
        return plan, fitted
    problems = list(dict.fromkeys(lost.values()))
    if fitted.failed and impossible == "refuse":
        raise IdentificationError(problems)
    have = {cell.cohort for j, cell in enumerate(plan.cells) if cell.against and j not in lost}
    if not have:
        raise IdentificationError(problems)
    keep = [j for j, cell in enumerate(plan.cells) if j not in lost and cell.cohort in have]
    cohorts = [i for i, cohort in enumerate(plan.cohorts) if cohort in have]
    columns = [*keep, *(len(plan.cells) + i for i in cohorts)]
    notes = tuple(_left_out(p) for p in problems)
    return (
        replace(
            plan,
            cells=tuple(plan.cells[j] for j in keep),
            cohorts=tuple(plan.cohorts[i] for i in cohorts),
        ),
        replace(
            fitted,
            att=fitted.att[keep],
            z=fitted.z[:, columns],
            size=fitted.size[cohorts],
            n_treated=fitted.n_treated[keep],
            n_comparison=fitted.n_comparison[keep],
            notes=(*fitted.notes, *notes),
            failed={},
            apart={},
            column=fitted.column[keep],
        ),
    )


def _panel(
    layout: Layout, weights: Float, plan: Plan, method: Method, out: Fitted
) -> tuple[Overlap, list[str]]:
    """Panels, by batches of cells that have their rows in common: all cells of a cohort with the
    same comparison group where every unit is seen throughout, else each by the units seen in both
    of its periods.
    """
    complete = bool(np.isfinite(layout.y).all())
    batches: dict[tuple[float, Against, tuple[int, int] | None], list[int]] = {}
    for j, cell in enumerate(plan.cells):
        if cell.against:
            pair = None if complete else (cell.time, cell.base)
            batches.setdefault((cell.cohort, cell.against, pair), []).append(j)
    rows_of = {
        start: np.flatnonzero((layout.cohort == start) & (weights != 0))
        for start in np.unique(layout.cohort)
    }
    whole: dict[Against, tuple[Group, Levels | None]] = {}
    overlap: Overlap = []
    notes: list[str] = []
    for (cohort, against, pair), cells in batches.items():
        treated = rows_of[cohort]
        compared = np.concatenate([rows_of[start] for start in against])
        if pair is not None:
            seen = np.asarray(np.isfinite(layout.y[:, pair]).all(axis=1))
            treated, compared = treated[seen[treated]], compared[seen[compared]]
        shared, compared = _shared(layout, plan, cells, treated, compared, method, out, notes)
        if shared is None:
            continue
        one = _group(layout, weights, treated, shared.columns)
        time, base = (
            np.array([getattr(plan.cells[j], name) for j in cells]) for name in ("time", "base")
        )
        try:
            if not (complete and shared is EVERYTHING):
                other = _group(layout, weights, compared, shared.columns)
                fitted = None
            else:
                if against not in whole:
                    group = _group(layout, weights, compared, None)
                    whole[against] = group, _regression(group, method)
                other, fitted = whole[against]
            effects = many(one, other, time, base, method, fitted)
        except Separation as error:
            problem = _not_fitted(plan, cells, layout.covariates, shared, method, error)
            out.failed.update(dict.fromkeys(cells, problem))
            continue
        _place(out, cells, treated, compared, effects)
        overlap += extreme(cohort, other.w, effects.propensity)
    return overlap, notes


def _regression(other: Group, method: Method) -> Levels | None:
    """The regression that all cohorts with one comparison group share."""
    needed = method == "or" or (method == "dr" and other.x.shape[0] > 1)
    return levels(other) if needed else None


def _place(out: Fitted, cells: list[int], treated: Int, compared: Int, effects: Effects) -> None:
    out.att[cells], out.n_treated[cells] = effects.att, treated.size
    out.n_comparison[cells] = compared.size
    for i, j in enumerate(cells):
        out.z.T[j][treated] = effects.treated[i]
        out.z.T[j][compared] = effects.compared[i]
    out.takes(
        cells, treated, compared, None if effects.propensity is None else effects.propensity[1]
    )


def _shared(
    layout: Layout,
    plan: Plan,
    cells: list[int],
    treated: Int,
    compared: Int,
    method: Method,
    out: Fitted,
    notes: list[str],
) -> tuple[Common | None, Int]:
    """What the two groups of a batch share, and the compared rows that have a part in it; None
    where the batch cannot be had.
    """
    if not treated.size or not compared.size:
        for j in cells:
            out.failed[j] = no_rows(plan.cells[j], plan, treated.size, compared.size)
        return None, compared
    shared = common(layout.covariates, treated, compared, method in PROPENSITY)
    if shared.alone:
        out.apart.update(dict.fromkeys(cells, alone(plan, cells, shared.alone)))
        return None, compared
    if shared.kept is not None:
        compared = compared[shared.kept]
        notes.append(beyond(plan.cells[cells[0]], plan, shared.beyond))
    return shared, compared


def _cross_sections(
    layout: Layout, weights: Float, plan: Plan, method: Method, out: Fitted
) -> tuple[Overlap, list[str]]:
    """Repeated cross-sections: each cell by the rows of its two periods."""
    overlap: Overlap = []
    notes: list[str] = []
    used = weights != 0
    period = np.asarray(layout.period)
    for j, cell in enumerate(plan.cells):
        if not cell.against:
            continue
        both = used & ((period == cell.time) | (period == cell.base))
        treated = np.flatnonzero(both & (layout.cohort == cell.cohort))
        compared = np.flatnonzero(both & np.isin(layout.cohort, cell.against))
        parts = [
            group[period[group] == moment]
            for group in (treated, compared)
            for moment in (cell.time, cell.base)
        ]
        if not all(part.size for part in parts):
            out.failed[j] = no_rows(cell, plan, treated.size, compared.size)
            continue
        shared, compared = _shared(layout, plan, [j], treated, compared, method, out, notes)
        if shared is None or _lacking(layout, plan, j, treated, parts, method, out):
            continue
        rows = np.sort(np.concatenate([treated, compared]))
        treated_now = (layout.cohort[rows] == cell.cohort).astype(float)
        x = layout.x[rows] if shared.columns is None else layout.x[np.ix_(rows, shared.columns)]
        post = (period[rows] == cell.time).astype(float)
        try:
            effect = cross_sections(weights[rows], treated_now, post, layout.y[rows], x, method)
        except Separation as error:
            out.failed[j] = _not_fitted(plan, [j], layout.covariates, shared, method, error)
            continue
        out.n_treated[j], out.n_comparison[j] = treated.size, compared.size
        out.att[j], out.z[rows, j] = effect.att, effect.z
        odds = None if effect.propensity is None else effect.propensity[treated_now == 0]
        out.takes([j], rows[treated_now == 1], rows[treated_now == 0], odds)
        if effect.propensity is not None and x.shape[1] > 1:
            p = effect.propensity[treated_now == 1], effect.propensity[treated_now == 0]
            overlap += extreme(cell.cohort, weights[rows][treated_now == 0], p)
    return overlap, notes


def _lacking(
    layout: Layout,
    plan: Plan,
    j: int,
    treated: Int,
    parts: Sequence[Int],
    method: Method,
    out: Fitted,
) -> bool:
    """Whether a category of the treated has nobody in one of the regressions by group and period."""
    needed = {"or": parts[2:]}.get(method, parts) if method in BOTH_PERIODS else ()
    for part in needed:
        missing = common(layout.covariates, treated, part, False).alone
        if missing:
            out.apart[j] = alone(plan, [j], missing)
            return True
    return False


def _group(layout: Layout, weights: Float, rows: Int, columns: Int | None) -> Group:
    x = layout.x[rows] if columns is None else layout.x[np.ix_(rows, columns)]
    return Group(weights[rows], np.ascontiguousarray(x.T), np.ascontiguousarray(layout.y[rows].T))


def extreme(cohort: float, w: Float, p: tuple[Float, Float] | None) -> Overlap:
    """Share of the comparison weight with an extreme propensity, and the largest of all
    propensities.
    """
    if p is None or np.ptp(p[1]) == 0:  # without covariates it is the share of the treated
        return []
    return [(cohort, float(w[p[1] > EXTREME].sum() / w.sum()), float(max(p[0].max(), p[1].max())))]


LEAVE_OUT = "or leave its cells out: impossible='leave_out'."


def no_rows(cell: Cell, plan: Plan, treated: int, compared: int) -> Problem:
    """A cell that has nobody on one side."""
    return Problem(
        what="a group-time comparison has no rows",
        where=_place_of(plan, [cell]),
        expected="treated and comparison rows in both periods",
        got=worded(
            "{treated} treated, {compared} comparison", {"treated": treated, "compared": compared}
        ),
        fix=worded(
            "Merge cohorts, narrow the periods, choose unbalanced='balanced', {leave_out}",
            {"leave_out": LEAVE_OUT},
        ),
    )


def alone(plan: Plan, cells: Sequence[int], labels: Sequence[str]) -> Problem:
    """Cells whose treated rows have categories that nobody compared with them has."""
    return Problem(
        what="a category of the treated has nobody to be compared with",
        where=_place_of(plan, [plan.cells[j] for j in cells]),
        expected="every category of the treated among the comparison rows",
        got=worded("none with {labels}", {"labels": ", ".join(labels)}),
        fix="Merge categories, or drop the covariate.",
    )


def beyond(cell: Cell, plan: Plan, labels: Sequence[str]) -> str:
    """What is said of compared rows that resemble nobody treated."""
    return (
        f"Comparison rows with {', '.join(labels)} resemble nobody in cohort"
        f" {plan.label(cell.cohort)} and have no part in its comparison."
    )


def _not_fitted(
    plan: Plan,
    cells: Sequence[int],
    covariates: Covariates,
    shared: Common,
    method: Method,
    error: Separation,
) -> Problem:
    names = covariates.names
    if shared.columns is not None:
        names = tuple(names[j] for j in shared.columns)
    return not_fitted(_place_of(plan, [plan.cells[j] for j in cells]), names, method, error)


def not_fitted(where: str, names: Sequence[str], method: Method, error: Separation) -> Problem:
    """A comparison whose covariates tell its groups apart, or depend on each other."""
    return Problem(
        what="the comparison cannot be fitted",
        where=worded(
            "{where}; covariates {names}, method '{method}'",
            {"where": where, "names": ", ".join(names[1:]) or worded("none"), "method": method},
        ),
        expected="overlap between cohort and comparison group, covariates not collinear",
        got=error.named(names),
        fix=worded(
            "Merge categories, drop a covariate, merge cohorts, choose control='not_yet', {leave_out}",
            {"leave_out": LEAVE_OUT},
        ),
    )


def _place_of(plan: Plan, cells: Sequence[Cell]) -> Message:
    """Cohort and periods of cells of one cohort."""
    spans = [span_of(plan.at(cell.base), plan.at(cell.time)) for cell in cells[:NAMED]]
    where = cohort_at(plan.label(cells[0].cohort), listed(spans, ", ", "reason"))
    more = len(cells) - NAMED
    return where.extended(" and {more} more", {"more": more}) if more > 0 else where


def _left_out(problem: Problem) -> Message:
    """The note of a comparison that could not be made."""
    values = {"where": problem.where, "what": as_message(problem.what), "got": problem.got}
    return worded("Left out: {where} ({what}; {got}).", values).of_kind("note")


def span_of(base: str, time: str) -> Message:
    """From one period to another."""
    return worded("{base} to {time}", {"base": base, "time": time})


def cohort_at(cohort: str, periods: Message) -> Message:
    """A cohort's effect at its periods, as a place."""
    return worded("cohort {cohort}, {periods}", {"cohort": cohort, "periods": periods})
