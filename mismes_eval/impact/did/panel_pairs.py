"""Group-time effects of a tracer panel in which each comparison uses the persons who answered its
two waves, with the attrition weights made for those two waves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mismes_eval.errors import IdentificationError, Problem, of_argument, worded
from mismes_eval.impact.did.covariates import Covariates, common
from mismes_eval.impact.did.group_time_cells import (
    Fitted,
    Overlap,
    alone,
    beyond,
    cohort_at,
    extreme,
    largest,
    no_rows,
    not_fitted,
    nothing_fitted,
    span_of,
)
from mismes_eval.impact.did.layout import Layout, covariates_at, moving_in_waves
from mismes_eval.impact.did.periods import Cell, Plan
from mismes_eval.impact.did.two_by_two import PROPENSITY
from mismes_eval.numerics.did import Method
from mismes_eval.numerics.did_many import Group, many
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.logit import Separation
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.columns import refuse_unknown
from mismes_eval.weighting.panel import PanelLike
from mismes_eval.weighting.panel_reading import zero_said
from mismes_eval.weighting.panel_waves import outcome_values, waves_of
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import cohorts_on


def enrolled(data: PanelLike, cohort: str, covariates: Sequence[str]) -> Layout:
    """Persons at enrolment on the design before any weight step, where influence pulled back from
    differently weighted waves meets. Cohort NaN: outside the domain.
    """
    sample = data.sample
    refuse_unknown(sample, [cohort, *covariates])
    if sample.design.replicates is not None:
        raise IdentificationError(
            Problem(
                "pairs of waves and replicate weights cannot be had together",
                of_argument("unbalanced"),
                "'balanced' for replicate designs",
                "'pairs'",
            )
        )
    inside = sample.active
    some = covariates_at(sample, covariates, np.flatnonzero(inside))
    x = _spread(some, inside)
    base = replace(sample, design=replace(sample.design, steps=()))
    starts = cohorts_on(waves_of(data), sample.frame[cohort], inside)
    if isinstance(starts, Problem):
        raise IdentificationError(starts)
    first = np.where(inside, starts.place, np.nan)
    note = (
        "Each comparison uses the persons who answered its two waves, with the weights made for"
        " those waves."
    )
    zero = zero_said(sample.frame[cohort][inside], starts.time)
    return Layout(
        sample=base,
        row=np.arange(sample.n),
        y=np.zeros((sample.n, 0)),
        cohort=first,
        covariates=x,
        time=starts.time,
        notes=(note, *moving_in_waves(data, covariates), *starts.notes, *zero),
    )


def _spread(some: Covariates, inside: Bool) -> Covariates:
    """Covariates of the rows inside as those of all, 0 elsewhere."""
    x = np.zeros((inside.size, some.x.shape[1]))
    x[inside] = some.x
    categories = []
    for category in some.categories:
        code = np.zeros(inside.size, np.intp)
        code[inside] = category.code
        categories.append(replace(category, code=code))
    return replace(some, x=x, categories=tuple(categories))


def fit_pairs(data: PanelLike, outcome: str, layout: Layout, plan: Plan, method: Method) -> Fitted:
    """Effects of all cells; influence on the design's base weights. Those that cannot be had stand
    in `failed` or `apart`.
    """
    k = len(plan.cells)
    n = layout.n
    z = np.zeros((k, n)).T
    out = nothing_fitted(z, np.zeros(len(plan.cohorts)), k)
    overlap: Overlap = []
    said: list[str] = []
    silent = 0
    for pair in sorted({(cell.base, cell.time) for cell in plan.cells if cell.against}):
        sample = data.weight_sample([data.waves[wave] for wave in pair])
        y = outcome_values(data, outcome, [data.waves[wave] for wave in pair]).T
        seen = sample.active & ~np.isnan(y).any(axis=0)
        silent = max(silent, int((sample.active & ~seen).sum()))
        _refuse_estimated_totals(sample)
        members = [
            j
            for j, cell in enumerate(plan.cells)
            if cell.against and (cell.base, cell.time) == pair
        ]
        here = np.zeros((n, len(members)))
        for i, j in enumerate(members):
            overlap += _cell(
                plan.cells[j], plan, sample, y, seen, layout, method, (out, j, here[:, i]), said
            )
        z[:, members] = sample.design.pull_back(Influence.of(here)).dense()
    whole = np.zeros((n, len(plan.cohorts)))
    for j, start in enumerate(plan.cohorts):
        whole[:, j] = layout.cohort == start
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
    return replace(
        out,
        z=joined,
        size=size,
        overlap=largest(overlap),
        notes=(*notes, *dict.fromkeys(said)),
    )


def _cell(
    cell: Cell,
    plan: Plan,
    sample: Sample,
    y: Float,
    seen: Bool,
    layout: Layout,
    method: Method,
    into: tuple[Fitted, int, Float],
    said: list[str],
) -> Overlap:
    out, j, column = into
    mine, theirs = (
        np.flatnonzero(seen & (layout.cohort == cell.cohort)),
        np.flatnonzero(seen & np.isin(layout.cohort, cell.against)),
    )
    if not mine.size or not theirs.size:
        out.failed[j] = no_rows(cell, plan, mine.size, theirs.size)
        return []
    shared = common(layout.covariates, mine, theirs, method in PROPENSITY)
    if shared.alone:
        out.apart[j] = alone(plan, [j], shared.alone)
        return []
    if shared.kept is not None:
        theirs = theirs[shared.kept]
        said.append(beyond(cell, plan, shared.beyond))
    names, columns = layout.covariates.names, shared.columns
    chosen = np.arange(len(names)) if columns is None else columns
    one, other = (
        Group(
            sample.weights[rows], np.ascontiguousarray(layout.x[np.ix_(rows, chosen)].T), y[:, rows]
        )
        for rows in (mine, theirs)
    )
    try:
        effects = many(one, other, np.array([1]), np.array([0]), method)
    except Separation as error:
        kept = [names[i] for i in chosen]
        span = span_of(plan.at(cell.base), plan.at(cell.time))
        where = cohort_at(plan.label(cell.cohort), span)
        out.failed[j] = not_fitted(where, kept, method, error)
        return []
    out.att[j], out.n_treated[j], out.n_comparison[j] = effects.att[0], mine.size, theirs.size
    column[mine], column[theirs] = effects.treated[0], effects.compared[0]
    p = None if effects.propensity is None else effects.propensity[1]
    out.takes([j], mine, theirs, p)
    for shares in out.shares[-2:]:
        shares *= sample.weights / np.where(layout.weights != 0, layout.weights, 1.0)
    return extreme(cell.cohort, other.w, effects.propensity)


def _refuse_estimated_totals(sample: Sample) -> None:
    nothing = Influence.of(np.ones(sample.n))
    named = [step.name for step in sample.design.steps if step.added_vcov(nothing) is not None]
    if named:
        raise IdentificationError(
            Problem(
                "pairs of waves and totals with an error of their own cannot be had together",
                "; ".join(named),
                "exact totals, or unbalanced='balanced'",
                worded("estimated totals"),
            )
        )
