"""A sheet for each measure that was evaluated: what it is, who was followed, what became of them,
the effect and its doubts, the cost, for whom it works.
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.heterogeneity import SEX, VOLUNTARY, VULNERABLE
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.did.heterogeneity import GroupEffects
from mismes_eval.report import figures, figures_common
from mismes_eval.report.chapters.base import Chapter, Context, Items, Sheet
from mismes_eval.report.chapters.cells import (
    ARMS,
    after,
    arm_of,
    cell_unit,
    interval_numbers,
    joined,
    known_persons,
    outcome_kind,
    outcome_scale,
    outcome_unit,
    rows,
    single,
)
from mismes_eval.report.chapters.costs import cost_row, job_item
from mismes_eval.report.chapters.description import description
from mismes_eval.report.chapters.heterogeneity import group_row
from mismes_eval.report.chapters.impact import headline_items
from mismes_eval.report.chapters.job_year import priced
from mismes_eval.report.chapters.names import named
from mismes_eval.report.chapters.rollout import said
from mismes_eval.report.chapters.tracer import INTERVAL, arm_means, arms_of
from mismes_eval.report.chapters.verdicts import effect_verdict
from mismes_eval.report.document.cells import CellKey, Persons, population
from mismes_eval.report.document.estimated_cells import cells_by, counted
from mismes_eval.report.document.items import PictureSpec, SentenceSpec
from mismes_eval.report.document.tables import Table

LOW = 1.9  # inches of a picture that leaves room on a sheet
FLOW, PATH, GROUPS = "T26", "F14", "T27"
COST = "Cost per participant: {v} {c} (95% interval {lo} to {hi})."
NO_COST = "Cost per participant: not known."
MORE = (
    "Every outcome and wave: table T17-{m}; what stands beside the effect: T19-{m}; threats, item by"
    " item: T19c."
)
MORE_ROLLOUT = "Every group and year: table T24b; what stands beside the effect: T24."
STUDIED = "What the study of this report found stands in the chapter on impact."
NARROWER = "Intervals of the survey's design; the headline speaks with a wider one (T19)."


def sheets(context: Context) -> Chapter:
    """T25 description, T26 flow, F14 outcome path, T27 for whom, with the headline and the cost:
    one sheet a measure.
    """
    study, rolled = context.evaluation.tracing, context.evaluation.rollout
    items: Items = []
    if study is not None:
        for effect in context.evaluation.effects:
            items += _followed(context, study, effect)
    if rolled is not None:
        items += _rolled_out(context, rolled)
    if not items and (context.evaluation.lottery is None and context.evaluation.study is None):
        items = [context.absent("tracer study or impact study")]
    if not items:
        items = [context.text(STUDIED)]
    return Chapter("sheets", "Measure by measure", tuple(items))


def _followed(context: Context, study: Tracing, effect: Effects) -> Items:
    """The sheet of a measure whose participants were followed."""
    measure = effect.measure
    return [
        Sheet(named(context, measure)),
        description(context, measure, study),
        _flow(context, study, measure),
        *_path(context, study, measure),
        *headline_items(context, effect, study),
        *_costs(context, study, effect),
        *_for_whom(context, study, measure),
        context.text(MORE, m=context.name(measure)),
    ]


def _rolled_out(context: Context, r: Rollout) -> Items:
    """The sheet of a measure that regions got one after the other."""
    return [
        Sheet(named(context, r.measure)),
        description(context, r.measure, None),
        said(context, r),
        context.text(MORE_ROLLOUT),
    ]


def _flow(context: Context, study: Tracing, measure: str) -> Table:
    """T26: persons of both groups from enrolment to the analysis."""
    panel = study.of(measure)
    inside = panel.sample.active
    treated = arm_of(panel.sample)
    main = context.evaluation.main_cell[1]
    steps = {context.text("enrolled"): inside}
    for wave in (study.baseline, *study.waves):
        words = "interviewed after {m:.0f} months"
        if wave == study.baseline:
            words = "interviewed at enrolment"
        steps[context.text(words, m=study.months[wave])] = inside & study.responded(wave)
    if main in study.waves:
        both = study.responded(study.baseline) & study.responded(main)
        steps[context.text("answered at enrolment and in the wave of the headline")] = inside & both
    name = population(panel.sample.design)
    cells = [
        counted(step, arm, Persons.of(name, who & (treated == code)))
        for step, who in steps.items()
        for code, arm in ARMS.items()
    ]
    return Table(
        id=f"{FLOW}-{measure}",
        title=context.text("{m}: who was followed, persons", m=context.name(measure)),
        cells=rows(cells),
        source=study.source,
        notes=(),
        digits=0,
    )


def _path(context: Context, study: Tracing, measure: str) -> Items:
    """F14: the main outcome of this measure's participants and comparison group over time."""
    outcome, _ = context.evaluation.main_cell
    parts = []
    months = {}
    for wave in (study.baseline, *study.waves):
        found = arm_means(study, outcome, wave, study.of(measure))
        if isinstance(found, NotEstimable):
            continue
        stated = found.annotated(unit=cell_unit(context, outcome))
        if outcome_kind(context, outcome).kind == "share":
            stated = stated.annotated(kind="share")
        row = after(context, study, wave)
        months[row] = study.months[wave]
        parts.append(cells_by(stated, context.rules, row, arms_of(found)))
    if not parts:
        return []
    title = context.text(
        "{m}, since enrolment: {o}", m=context.name(measure), o=context.column(outcome)
    )
    name = (f"{PATH}-{measure}", title)
    draw = partial(_drawn_path, context, study, name, months)
    return [PictureSpec(*name, draw, joined(parts))]


def _drawn_path(
    context: Context,
    study: Tracing,
    name: tuple[str, str],
    months: dict[str, float],
    published: pd.DataFrame,
) -> figures.Figure | str:
    if not published["value"].notna().any():
        return ""
    outcome, _ = context.evaluation.main_cell
    share = outcome_kind(context, outcome).kind == "share"
    ylabel = context.name(context.text(INTERVAL, u=outcome_unit(context, outcome)))
    frame = pd.DataFrame(
        {
            "series": published["column"],
            "x": published["row"].map(months),
            "value": published["value"],
            "low": published["ci_low"],
            "high": published["ci_high"],
        }
    )
    notes = known_persons(context, published)
    notes += ["A broken line: not shown."] if frame["value"].isna().any() else []
    return figures_common.paths(
        context.caption(*name, study.source, notes),
        frame,
        "months since enrolment",
        "% (95% interval)" if share else ylabel,
        outcome_scale(context, outcome)[0],
        False,
        height=LOW,
    )


def _costs(context: Context, study: Tracing, effect: Effects) -> Items:
    """Cost per participant and per additional job-year, where they are shown."""
    currency = context.params.cost.currency
    key = CellKey("T20", cost_row(context, effect.measure, "cost per participant"), "estimate")
    spent = priced(context.evaluation, study, effect)
    return [
        SentenceSpec(COST, interval_numbers(key), {"c": currency}, NO_COST),
        job_item(context, study, spent),
    ]


def _for_whom(context: Context, study: Tracing, measure: str) -> Items:
    """T27: the main effect by sex, vulnerability and voluntariness of return."""
    found = context.evaluation.whom
    if found is None:
        return []
    outcome, wave = context.evaluation.main_cell
    unit = cell_unit(context, outcome)
    parts = []
    for factor in (SEX, VULNERABLE, VOLUNTARY):
        groups = found.groups.get((measure, factor))
        if isinstance(groups, GroupEffects):
            for place, name in enumerate(groups.effects.names):
                stated = groups.effects.select([place]).annotated(kind="effect", unit=unit)
                row = group_row(context, factor, name)
                parts.append(cells_by(stated, context.rules, row, "effect"))
        elif isinstance(groups, NotEstimable):
            parts.append(single(context, context.column(factor), "effect", groups))
    scale, digits = outcome_scale(context, outcome)
    title = context.text(
        "{m}: effect on '{o}' by group after {w:.0f} months, {u}",
        o=context.column(outcome),
        m=context.name(measure),
        w=study.months[wave],
        u=outcome_unit(context, outcome),
    )
    notes = ["Differences between groups and p-values that count all of them: T18b."]
    notes += [NARROWER] if _spoken_wider(context, measure) else []
    return [
        Table(
            id=f"{GROUPS}-{measure}",
            title=title,
            cells=joined(parts),
            source=study.source,
            notes=(*notes, study.published_basis),
            scale=scale,
            digits=digits,
            intervals=True,
        )
    ]


def _spoken_wider(context: Context, measure: str) -> bool:
    """Whether the headline speaks with a wider interval than that of the survey's design."""
    effect = next(found for found in context.evaluation.effects if found.measure == measure)
    verdict = effect_verdict(context.evaluation, effect)
    return verdict is not None and verdict.span.basis is not None
