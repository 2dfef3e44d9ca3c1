"""What could be wrong with the effect of one measure: other estimators, balance and overlap,
parting trends, single regions, few clusters.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.inference.wild_draws import WildBootstrap
from mismes_eval.message import Message
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import (
    FROM,
    SPOKEN,
    TO,
    YEAR_BEFORE,
    P,
    cell_unit,
    following,
    headline_cell,
    in_unit,
    outcome_scale,
    outcome_unit,
    plain,
    rows,
    spoken_cell,
    with_interval,
)
from mismes_eval.report.chapters.comparability import comparable
from mismes_eval.report.chapters.doubt_pictures import curve_items, honest_items, path_figure
from mismes_eval.report.chapters.strength import Result, main_outcome, strength
from mismes_eval.report.chapters.verdicts import main_cell, spoken_outcomes, spoken_span
from mismes_eval.report.document.cells import NO_PERSONS
from mismes_eval.report.document.estimated_cells import cells_of
from mismes_eval.report.document.tables import P_VALUE, Table

WIDEST = (
    "The widest of the intervals that there are of an effect speaks in sentences and figures: the"
    " design's (table T17, with its standard error here) or one over clusters (wild bootstrap,"
    " without one)."
)


def doubt_items(context: Context, study: Tracing, effect: Effects, d: Doubt) -> list[Item]:
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
    p = context.evaluation.params
    outcome = main_outcome(context)
    wave = p.impact.main_wave
    lines: list[tuple[str, Result]] = [
        (
            "doubly robust, attrition adjusted (headline)",
            effect.by_wave.get((outcome, wave), NotEstimable("not asked for")),
        )
    ]
    lines.append(
        (
            "difference of mean changes, complete cases",
            effect.unadjusted.get((outcome, wave), NotEstimable("not asked for")),
        )
    )
    lines += list(effect.beside.items())
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
    lines.append(
        (
            YEAR_BEFORE,
            effect.pre.get(
                outcome, NotEstimable("the params name no column for the year before enrolment")
            ),
        )
    )
    unit = cell_unit(context, outcome)
    cells = [with_interval(context, name, in_unit(estimate, unit)) for name, estimate in lines]
    cells += [
        with_interval(context, context.text(name, r=region), in_unit(estimate, unit))
        for name, region, estimate in _regions(d)
    ]
    headline = headline_cell(context, effect.measure, study)
    cells += [following(_wild(context, name, w, unit), headline) for name, w in d.wild.items()]
    scale, digits = outcome_scale(context, outcome)
    title = context.text(
        "'{o}' after {w}: what stands beside the headline ({m})",
        o=context.column(outcome),
        w=context.text("{m:.0f} months", m=study.months[wave]),
        m=effect.measure,
    )
    notes = (
        "From a year before enrolment: a dip at enrolment does not enter (donut).",
        (
            "The wild cluster bootstrap tests the effect with the totals of each cluster; its n"
            " counts clusters."
        ),
        study.panel.sample.design.published_basis,
    )
    return Table(
        id=f"T19-{effect.measure}",
        title=title,
        cells=pd.concat(cells, ignore_index=True),
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
    for outcome in spoken_outcomes(context.evaluation):
        row = context.column(outcome)
        units[row] = outcome_scale(context, outcome)
        for wave in study.waves:
            estimate = effect.stated.get((outcome, wave))
            if estimate is None:
                continue
            column = context.text("{m:.0f} months", m=study.months[wave])
            stated = in_unit(estimate, cell_unit(context, outcome))
            cell = cells_of([(row, column, stated)], context.rules)
            span = spoken_span(context.evaluation, effect, outcome, wave)
            if span is not None and span.basis is not None:
                cell = cell.assign(se=np.nan, ci_low=span.low, ci_high=span.high)
            cells.append(cell)
    return Table(
        id=f"{SPOKEN}-{effect.measure}",
        title=context.text("The intervals that speak of the effects of {m}", m=effect.measure),
        cells=pd.concat(cells, ignore_index=True),
        source=study.source,
        notes=(
            WIDEST,
            context.text("Units: {rows}.", rows=_units_of(context)),
            study.panel.sample.design.published_basis,
        ),
        units=units,
        intervals=True,
    )


def _units_of(context: Context) -> str:
    """The unit of each row of T19d."""
    rows_of = [
        context.text(
            "{row}: {reason}", row=context.column(name), reason=outcome_unit(context, name)
        )
        for name in spoken_outcomes(context.evaluation)
    ]
    return "; ".join(rows_of)


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


def _wild(context: Context, level: str, w: WildBootstrap | NotEstimable, unit: str) -> pd.DataFrame:
    row = context.text("wild cluster bootstrap, clusters: {c}", c=context.text(level))
    if isinstance(w, NotEstimable):
        return cells_of([(row, "estimate", w)], context.rules)
    f = w.to_frame().iloc[0]
    made = [
        plain(
            row, "estimate", f["value"], unit, float(f["clusters"]), "effect", standing=NO_PERSONS
        )
        | {
            "se": f["se"],
            "ci_low": f["ci_low"],
            "ci_high": f["ci_high"],
        }
    ]
    made += [
        plain(row, column, f[key], of, kind="effect")
        for column, key, of in ((FROM, "ci_low", unit), (TO, "ci_high", unit), (P, "p", P_VALUE))
    ]
    return rows(made)


def _honest(context: Context, study: Tracing, d: Doubt) -> list[Item]:
    """F11b and what it says."""
    return honest_items(
        context,
        d.honest,
        f"F11b-{d.measure}",
        d.measure,
        main_outcome(context),
        study.source,
        study.panel.sample.design.published_basis,
        d.path,
        headline_cell(context, d.measure, study),
        (spoken_cell(context, d.measure, study, *main_cell(context.evaluation)),),
    )
