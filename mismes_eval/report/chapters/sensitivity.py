"""What could be wrong with the effect of one measure: other estimators, balance and overlap,
parting trends, single regions, few clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_study import Effects, Tracing
from mismes_eval.impact.inference.wild_draws import WildBootstrap
from mismes_eval.impact.planning.detectable import detectable_effect
from mismes_eval.impact.sensitivity.honest import HonestDiD
from mismes_eval.message import Message
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import (
    FROM,
    TO,
    P,
    cell_unit,
    following,
    headline_cell,
    in_unit,
    outcome_scale,
    plain,
    rows,
    with_interval,
)
from mismes_eval.report.chapters.doubt_pictures import (
    comparable_items,
    curve_items,
    honest_items,
    path_figure,
)
from mismes_eval.report.document.tables import P_VALUE, Table, cells_of

Result = Estimate | NotEstimable
BREAK = "largest break of trend, times the one before, that the finding survives"
TREND_50 = "difference in trends that the pre-trend test finds with 50% chance, a step"
TREND_80 = "difference in trends that the pre-trend test finds with 80% chance, a step"
BIAS = "bias of the average effect that such a difference (80%) would bring"
FINDABLE = "effect that this study finds with 80% chance"
PLACEBO = "placebo regions: share of effects at least as large as the actual one"
SELECTION = (
    "selection on unseen causes, times that on seen ones, that would bring the effect to 0 (Oster)"
)
STRENGTH_NOTES = (
    (
        "Effects and trends in percentage points or units of the outcome. A negative multiple:"
        " unseen causes would have to work against the seen ones."
    ),
    (
        "A dash for the break of trend: the finding does not survive even parallel trends with"
        " sampling error."
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of T19b: its number, with the scale and the decimals that it is shown with."""

    row: str
    value: float | NotEstimable
    scale: float = 1.0
    digits: int = 1


def doubt_items(context: Context, study: Tracing, effect: Effects, d: Doubt) -> list[Item]:
    """F11 path, T19 and F12 other ways to estimate, F10 and F10b comparability, F11b trends that
    part, T19b how strong a hidden cause would have to be.
    """
    return [
        path_figure(context, study, effect, d),
        *curve_items(context, study, d),
        beside(context, study, effect, d),
        *comparable_items(context, study, d),
        *_honest(context, study, d),
        strength(context, study, effect, d),
    ]


def _main(context: Context) -> str:
    return context.evaluation.params.impact.main_outcome


def beside(context: Context, study: Tracing, effect: Effects, d: Doubt) -> Table:
    """T19: the main effect next to other estimators, bounds, placebos, single regions left out and
    few clusters, each with its interval and p-value.
    """
    p = context.evaluation.params
    outcome, wave = _main(context), p.impact.main_wave
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
            "placebo: change in the year before enrolment",
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
    cells += [_wild(context, name, w, unit) for name, w in d.wild.items()]
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
        study.panel.sample.design.basis,
    )
    return Table(
        id=f"T19-{effect.measure}",
        title=title,
        cells=pd.concat(cells, ignore_index=True),
        source=study.source,
        notes=notes,
        scale=scale,
        digits=digits,
        synthetic=context.synthetic,
        units={P: (1.0, 3)},
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


def _wild(context: Context, level: str, w: WildBootstrap | NotEstimable, unit: str) -> pd.DataFrame:
    row = context.text("wild cluster bootstrap, clusters: {c}", c=context.text(level))
    if isinstance(w, NotEstimable):
        return cells_of([(row, "estimate", w)], context.rules)
    f = w.to_frame().iloc[0]
    made = [
        plain(row, "estimate", f["value"], unit, kind="effect", n=float(f["clusters"]))
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
        _main(context),
        study.source,
        study.panel.sample.design.basis,
        d.path,
        headline_cell(context, d.measure, study),
    )


def strength(context: Context, study: Tracing, effect: Effects, d: Doubt) -> Table:
    """T19b: how strong a hidden cause would have to be, and what the tests could see. Where the
    main effect is hidden, nothing that is computed from it is said.
    """
    outcome = _main(context)
    main = effect.by_wave.get((outcome, context.evaluation.params.impact.main_wave))
    scale, unit = outcome_scale(context, outcome)[0], cell_unit(context, outcome)
    headline = headline_cell(context, d.measure, study)
    lines = [*_of_trends(d, scale), *_findable(main, scale)]
    lines += [*_of_placebos(d), *_of_unseen(d, scale)]
    cells, units = [], {}
    for line in lines:
        if isinstance(line.value, NotEstimable):
            cells.append(cells_of([(line.row, "value", line.value)], context.rules))
        else:
            units[line.row] = (line.scale, line.digits)
            stated = _strength_unit(line.row, unit)
            cells.append(following(rows([plain(line.row, "value", line.value, stated)]), headline))
    title = context.text("{m}: how strong a hidden cause would have to be", m=d.measure)
    return Table(
        id=f"T19b-{d.measure}",
        title=title,
        cells=pd.concat(cells, ignore_index=True),
        source=study.source,
        notes=(*STRENGTH_NOTES, study.panel.sample.design.basis),
        scale=1.0,
        digits=2,
        synthetic=context.synthetic,
        units=units,
    )


def _of_trends(d: Doubt, scale: float) -> list[Line]:
    """The break of trend that the finding survives, and what the pre-trend test could see."""
    if isinstance(d.honest, HonestDiD):
        breakdown = d.honest.breakdown
        lines = [Line(BREAK, np.nan if breakdown is None else breakdown)]
    else:
        lines = [Line(BREAK, d.honest)]
    if isinstance(d.power, NotEstimable):
        return [*lines, Line(TREND_80, d.power)]
    seen = d.power.table.set_index(["test", "power"])
    asked = ((TREND_50, 0.5, "slope"), (TREND_80, 0.8, "slope"), (BIAS, 0.8, "bias"))
    for row, power, column in asked:
        lines.append(Line(row, float(str(seen.loc[("joint", power), column])), scale))
    return lines


def _findable(main: Result | None, scale: float) -> list[Line]:
    """The effect that the study could find."""
    return [Line(FINDABLE, detectable_effect(main), scale)] if isinstance(main, Estimate) else []


def _of_placebos(d: Doubt) -> list[Line]:
    """Effects in regions where there was no measure, against the actual one."""
    if isinstance(d.placebo, NotEstimable):
        return [Line(PLACEBO, d.placebo)]
    rank = d.placebo.rank_p
    joint = d.placebo.joint
    p = joint if isinstance(joint, NotEstimable) else float(joint.p)
    return [
        Line(PLACEBO, np.nan if rank is None else rank, digits=2),
        Line("placebo regions: p-value of the test that all their effects are 0", p, digits=3),
    ]


def _of_unseen(d: Doubt, scale: float) -> list[Line]:
    """Selection on causes that the data do not show (Oster)."""
    if isinstance(d.unseen, NotEstimable):
        return [Line(SELECTION, d.unseen)]
    adjusted = "effect if unseen causes select as strongly as seen ones (Oster)"
    return [Line(SELECTION, d.unseen.delta), Line(adjusted, d.unseen.adjusted, scale)]


def _strength_unit(row: str, effect: str) -> str:
    """The unit of a row of T19b: that of the effect, or a multiple, a share, a p-value."""
    if "p-value" in row:
        return P_VALUE
    if row.startswith("placebo regions"):
        return "share"
    return "multiple" if "times" in row else effect
