"""What could be wrong with the effect of one measure: other estimators, balance and overlap,
parting trends, single regions, few clusters.
"""

from __future__ import annotations

import numpy as np

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.evaluation import Result
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.message import Message
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import (
    SPOKEN,
    YEAR_BEFORE,
    P,
    after,
    cell_unit,
    following,
    headline_cell,
    in_unit,
    joined,
    outcome_scale,
    outcome_unit,
    over_clusters,
    single,
    spoken_cell,
    with_interval,
)
from mismes_eval.report.chapters.comparability import comparable
from mismes_eval.report.chapters.doubt_pictures import curve_items, honest_items, path_figure
from mismes_eval.report.chapters.strength import main_outcome, strength
from mismes_eval.report.chapters.verdicts import spoken_outcomes, spoken_span
from mismes_eval.report.document.tables import Table

WIDEST = (
    "The widest of the intervals that there are of an effect speaks in sentences and figures: the"
    " design's (table T17, with its standard error here) or one over clusters (wild bootstrap,"
    " without one)."
)


def doubt_items(context: Context, study: Tracing, effect: Effects, d: Doubt) -> Items:
    """F11 path, T19, T19d and F12 other ways to estimate, F10 and F10b comparability, F11b trends
    that part, T19b how strong a hidden cause would have to be.
    """
    return [
        path_figure(context, study, effect, d),
        *curve_items(context, study, d),
        beside(context, study, effect, d),
        spoken_table(context, study, effect),
        *comparable(context, study, d),
        *_honest(context, study, d),
        strength(context, study, effect, d),
    ]


def beside(context: Context, study: Tracing, effect: Effects, d: Doubt) -> Table:
    """T19: the main effect next to other estimators, bounds, placebos, single regions left out and
    few clusters, each with its interval and p-value.
    """
    outcome, wave = context.evaluation.main_cell
    unasked = NotEstimable("not asked for")
    no_year = NotEstimable("the params name no column for the year before enrolment")
    lines: list[tuple[str, Result]] = [
        (
            "doubly robust, attrition adjusted (headline)",
            effect.by_wave.get((outcome, wave), unasked),
        ),
        (
            "difference of mean changes, complete cases",
            effect.unadjusted.get((outcome, wave), unasked),
        ),
        *effect.beside.items(),
    ]
    if isinstance(d.bounds, Estimate):
        lines += [
            (
                Message("worst case of those lost (Manski): {side}", {"side": side}),
                d.bounds.select([place]).annotated(kind="effect"),
            )
            for place, side in enumerate(("lower", "upper"))
        ]
    else:
        lines.append(("worst case of those lost (Manski)", d.bounds))
    lines.append((YEAR_BEFORE, effect.pre.get(outcome, no_year)))
    unit = cell_unit(context, outcome)
    cells = [with_interval(context, name, in_unit(estimate, unit)) for name, estimate in lines]
    cells += [
        with_interval(context, context.text(name, r=region), in_unit(estimate, unit))
        for name, region, estimate in _regions(d)
    ]
    headline = headline_cell(context, effect.measure, study)
    for level, found in d.wild.items():
        row = context.text("wild cluster bootstrap, clusters: {c}", c=context.text(level))
        cells.append(following(over_clusters(context, row, found, unit), headline))
    scale, digits = outcome_scale(context, outcome)
    title = context.text(
        "'{o}' after {w}: what stands beside the headline ({m})",
        o=context.column(outcome),
        w=after(context, study, wave),
        m=effect.measure,
    )
    notes = (
        "From a year before enrolment: a dip at enrolment does not enter (donut).",
        (
            "The wild cluster bootstrap tests the effect with the totals of each cluster; its n"
            " counts clusters."
        ),
        study.published_basis,
    )
    return Table(
        id=f"T19-{effect.measure}",
        title=title,
        cells=joined(cells),
        source=study.source,
        notes=notes,
        scale=scale,
        digits=digits,
        units={P: (1.0, 3)},
    )


def spoken_table(context: Context, study: Tracing, effect: Effects) -> Table:
    """T19d: the effects of which sentences and figures speak, each with the widest of its
    intervals.
    """
    units = {}
    cells = []
    named = []
    for outcome in spoken_outcomes(context.evaluation):
        row = context.column(outcome)
        units[row] = outcome_scale(context, outcome)
        unit = outcome_unit(context, outcome)
        named.append(context.text("{row}: {reason}", row=row, reason=unit))
        for wave in study.waves:
            estimate = effect.stated.get((outcome, wave))
            if estimate is None:
                continue
            column = after(context, study, wave)
            stated = in_unit(estimate, cell_unit(context, outcome))
            cell = single(context, row, column, stated)
            span = spoken_span(context.evaluation, effect, outcome, wave)
            if span is not None and span.basis is not None:
                cell = cell.assign(se=np.nan, ci_low=span.low, ci_high=span.high)
            cells.append(cell)
    return Table(
        id=f"{SPOKEN}-{effect.measure}",
        title=context.text("The intervals that speak of the effects of {m}", m=effect.measure),
        cells=joined(cells),
        source=study.source,
        notes=(
            WIDEST,
            context.text("Units: {rows}.", rows="; ".join(named)),
            study.published_basis,
        ),
        units=units,
        intervals=True,
    )


def _regions(d: Doubt) -> list[tuple[str, str, Result]]:
    """Smallest and largest effect when one region is left out."""
    if isinstance(d.left_out, NotEstimable):
        return [("one region left out at a time", "", d.left_out)]
    runs = [
        (run.choices["left out"], run.result)
        for run in d.left_out.runs
        if run.name != "all" and isinstance(run.result, Estimate)
    ]
    if not runs:
        return [("one region left out at a time", "", NotEstimable("no region can be left out"))]
    ordered = sorted(runs, key=lambda run: float(run[1].value[0]))
    return [
        ("one region left out at a time, smallest: without {r}", *ordered[0]),
        ("one region left out at a time, largest: without {r}", *ordered[-1]),
    ]


def _honest(context: Context, study: Tracing, d: Doubt) -> Items:
    """F11b and what it says."""
    return honest_items(
        context,
        d.honest,
        f"F11b-{d.measure}",
        d.measure,
        outcome_scale(context, main_outcome(context))[0],
        study.source,
        study.published_basis,
        d.path,
        headline_cell(context, d.measure, study),
        (spoken_cell(context, d.measure, study, *context.evaluation.main_cell),),
    )
