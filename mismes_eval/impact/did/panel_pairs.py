"""Group-time effects of a tracer panel in which each comparison uses the persons who answered its
two waves, with the attrition weights made for those two waves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.estimate.domains import require
from mismes_eval.impact.did.group_time_cells import Fitted, Overlap, extreme, no_rows
from mismes_eval.impact.did.layout import Layout, cohorts, covariate_rows, wave_numbers, zero_said
from mismes_eval.impact.did.periods import Cell, Plan
from mismes_eval.impact.did.two_by_two import PanelLike
from mismes_eval.impact.did.two_periods import outcome_values
from mismes_eval.numerics.did import Method
from mismes_eval.numerics.did_many import Group, many
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.sample import Sample


def enrolled(data: PanelLike, cohort: str, covariates: Sequence[str]) -> Layout:
    """Persons at enrolment on the design before any weight step, where influence pulled back from
    differently weighted waves meets. Cohort NaN: outside the domain.
    """
    sample = data.sample
    require(sample, [cohort, *covariates], "att_gt")
    if sample.design.replicates is not None:
        raise IdentificationError(
            Problem(
                "pairs of waves and replicate weights cannot be had together",
                "argument 'unbalanced'",
                "'balanced' for replicate designs",
                "'pairs'",
            )
        )
    inside = sample.active
    some = covariate_rows(sample, covariates, np.flatnonzero(inside))
    x = np.zeros((sample.n, some.shape[1]))
    x[inside] = some
    base = replace(sample, design=replace(sample.design, steps=()))
    first = np.where(inside, cohorts(sample.frame[cohort]), np.nan)
    note = (
        "Each comparison uses the persons who answered its two waves, with the weights made for"
        " those waves."
    )
    periods = wave_numbers(data.waves)
    return Layout(
        base,
        np.arange(sample.n),
        np.zeros((sample.n, 0)),
        first,
        x,
        periods,
        None,
        (note, *zero_said(sample.frame[cohort], periods)),
    )


def fit_pairs(data: PanelLike, outcome: str, layout: Layout, plan: Plan, method: Method) -> Fitted:
    """Effects of all cells; influence on the design's base weights. Raises Separation, and
    IdentificationError listing the cells without rows.
    """
    k, n = len(plan.cells), layout.n
    z = np.zeros((k, n)).T
    out = Fitted(
        np.zeros(k),
        z,
        np.zeros(len(plan.cohorts)),
        np.zeros(k, np.intp),
        np.zeros(k, np.intp),
        pd.DataFrame(),
        column=np.full((k, 2), -1, np.intp),
    )
    overlap: Overlap = []
    problems: list[Problem] = []
    silent = 0
    for pair in sorted({(c.base, c.time) for c in plan.cells if c.against}):
        sample = data.weight_sample([data.waves[t] for t in pair])
        y = outcome_values(data, outcome, [data.waves[t] for t in pair]).T
        seen = sample.active & ~np.isnan(y).any(axis=0)
        silent = max(silent, int((sample.active & ~seen).sum()))
        _refuse_estimated_totals(sample)
        members = [j for j, c in enumerate(plan.cells) if c.against and (c.base, c.time) == pair]
        here = np.zeros((n, len(members)))
        for i, j in enumerate(members):
            overlap += _cell(
                plan.cells[j], plan, sample, y, seen, layout, method, (out, j, here[:, i]), problems
            )
        z[:, members] = sample.design.pull_back(Influence.of(here)).dense()
    if problems:
        raise IdentificationError(problems)
    table = (
        pd.DataFrame(overlap, columns=["cohort", "extreme", "largest"])
        .groupby("cohort", as_index=False)
        .max()
    )
    whole = np.zeros((n, len(plan.cohorts)))
    for j, g in enumerate(plan.cohorts):
        whole[:, j] = layout.cohort == g
    size = data.sample.weights @ whole
    joined = np.concatenate([z, data.sample.design.pull_back(Influence.of(whole)).dense()], axis=1)
    notes = (
        (
            (
                f"Of the persons who answered both waves of a comparison, up to {silent:,} have no"
                f" '{outcome}' in one of them and are left out of it."
            ),
        )
        if silent
        else ()
    )
    return replace(out, z=joined, size=size, overlap=table, notes=notes)


def _cell(
    cell: Cell,
    plan: Plan,
    sample: Sample,
    y: Float,
    seen: Bool,
    layout: Layout,
    method: Method,
    into: tuple[Fitted, int, Float],
    problems: list[Problem],
) -> Overlap:
    out, j, column = into
    mine, theirs = (
        np.flatnonzero(seen & (layout.cohort == cell.cohort)),
        np.flatnonzero(seen & np.isin(layout.cohort, cell.against)),
    )
    if not mine.size or not theirs.size:
        problems.append(no_rows(cell, plan.periods, mine.size, theirs.size))
        return []
    one, other = (
        Group(sample.weights[rows], np.ascontiguousarray(layout.x[rows].T), y[:, rows])
        for rows in (mine, theirs)
    )
    effects = many(one, other, np.array([1]), np.array([0]), method)
    out.att[j], out.n_treated[j], out.n_comparison[j] = effects.att[0], mine.size, theirs.size
    column[mine], column[theirs] = effects.treated[0], effects.compared[0]
    p = None if effects.propensity is None else effects.propensity[1]
    out.takes([j], mine, theirs, p)
    for shares in out.shares[-2:]:
        shares *= sample.weights / np.where(layout.weights != 0, layout.weights, 1.0)
    return extreme(cell.cohort, other.w, effects.propensity)


def _refuse_estimated_totals(sample: Sample) -> None:
    nothing = Influence.of(np.ones(sample.n))
    named = [s.name for s in sample.design.steps if s.added_vcov(nothing) is not None]
    if named:
        raise IdentificationError(
            Problem(
                "pairs of waves and totals with an error of their own cannot be had together",
                "; ".join(named),
                "exact totals, or unbalanced='balanced'",
                "estimated totals",
            )
        )
