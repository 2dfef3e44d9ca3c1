"""What could be wrong with the effect of one measure: other estimators, balance and overlap,
parting trends, single regions, few clusters.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Span, Verdict
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.did.bands import Band
from mismes_eval.impact.inference.wild_draws import WildBootstrap
from mismes_eval.impact.sensitivity.honest import HonestDiD
from mismes_eval.message import Message
from mismes_eval.report import figures_common, figures_impact
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import (
    FROM,
    TO,
    P,
    cell_unit,
    headline_cell,
    in_unit,
    outcome_scale,
    outcome_unit,
    persons,
    plain,
    rows,
    wave_cell,
    with_interval,
)
from mismes_eval.report.chapters.comparability import comparable
from mismes_eval.report.chapters.strength import Result, main_outcome, strength
from mismes_eval.report.chapters.verdicts import curve_spans, spoken_outcomes, spoken_span
from mismes_eval.report.document.cells import CellKey
from mismes_eval.report.document.estimated_cells import cells_of
from mismes_eval.report.document.items import Number, PictureSpec, SentenceSpec
from mismes_eval.report.document.tables import P_VALUE, Table
from mismes_eval.report.figures import Figure

HIDDEN_PICTURE = "{f}: {m}: not shown, too few persons."
SPOKEN = "T19d"
WIDEST = (
    "The widest of the intervals that there are of an effect speaks in sentences and figures: the"
    " design's (table T17, with its standard error here) or one over clusters (wild bootstrap,"
    " without one)."
)
SHARE_UNIT, OTHER_UNIT = "percentage points (95% interval)", "units (95% interval)"


def doubt_items(context: Context, study: Tracing, effect: Effects, d: Doubt) -> list[Item]:
    """F11 path, T19, T19d and F12 other ways to estimate, F10 and F10b comparability, F11b trends that
    part, T19b how strong a hidden cause would have to be.
    """
    return [
        path_figure(context, study, effect, d),
        *_curve(context, study, d),
        beside(context, study, effect, d),
        spoken_table(context, study, effect),
        *comparable(context, study, d),
        *_honest(context, study, d),
        strength(context, study, effect, d),
    ]


def _ylabel(context: Context, outcome: str) -> str:
    return context.text(SHARE_UNIT if outcome_scale(context, outcome)[0] == 100 else OTHER_UNIT)


def path_figure(context: Context, study: Tracing, effect: Effects, d: Doubt) -> Item:
    """F11: effect by months since enrolment with pointwise and simultaneous intervals; the wave of
    the headline with the interval that speaks there. Waves that T17 hides are not drawn, and
    nothing is where it hides the wave of the headline.
    """
    outcome = main_outcome(context)
    if isinstance(d.path, NotEstimable):
        return context.text("{f}: {m}: {r}.", f="F11", m=d.measure, r=context.text(d.path.reason))
    ci = d.path.ci()
    wide = (
        d.band.to_frame()
        if isinstance(d.band, Band)
        else pd.DataFrame({"low": ci["low"].to_numpy(), "high": ci["high"].to_numpy()})
    )
    frame = pd.DataFrame(
        {
            "x": d.path.keys["months"],
            "value": d.path.value,
            "low": ci["low"].to_numpy(),
            "high": ci["high"].to_numpy(),
            "wide_low": wide["low"],
            "wide_high": wide["high"],
        }
    )
    spoken = _spoken_intervals(context, study, effect, frame)
    zero = pd.DataFrame(
        {"x": [0.0]} | {key: [0.0] for key in ("value", "low", "high", "wide_low", "wide_high")}
    )
    frame = (
        pd.concat([frame, zero], ignore_index=True)
        .sort_values("x", ignore_index=True)
        .assign(series=d.measure)
    )
    notes = (
        (
            "The comparison with enrolment is 0 by construction; the point a year before is the"
            " pre-trend."
        ),
        (
            "Thick: 95% interval of each point; thin: 95% band that holds for all points together"
            " (sup-t)."
        ),
        *spoken,
        persons(context, d.path.n.max()),
        study.panel.sample.design.basis,
    )
    title = context.text("Effect of {m} on '{o}'", m=d.measure, o=context.column(outcome))
    waves = {wave_cell(context, d.measure, study, wave): wave for wave in study.waves}
    spoken_of = headline_cell(context, d.measure, study)

    def draw(cells: pd.DataFrame) -> Figure | str:
        shown = set(cells.loc[cells["value"].notna(), "column"])
        if spoken_of.column not in shown:
            return context.text(HIDDEN_PICTURE, f="F11", m=d.measure)
        gone = [study.months[w] for key, w in waves.items() if key.column not in shown]
        return figures_common.paths(
            f"F11-{d.measure}",
            title,
            frame[~frame["x"].isin(gone)].reset_index(drop=True),
            "months since enrolment",
            _ylabel(context, outcome),
            outcome_scale(context, outcome)[0],
            True,
            study.source,
            notes,
            context.synthetic,
            context.words,
        )

    return PictureSpec(f"F11-{d.measure}", title, draw, refers=tuple(waves))


def _spoken_intervals(
    context: Context, study: Tracing, effect: Effects, frame: pd.DataFrame
) -> list[str]:
    """Puts the interval that speaks into the row of each wave, where it is wider than the design's,
    and says so. The band that holds for all points is no narrower than it.
    """
    wider = {}
    for wave in study.waves:
        span = spoken_span(context.evaluation, effect, main_outcome(context), wave)
        if span is not None and span.basis is not None and span.known:
            wider[study.months[wave]] = span
    for months, span in wider.items():
        row = frame["x"] == months
        frame.loc[row, "low"], frame.loc[row, "high"] = span.low, span.high
        frame.loc[row, "wide_low"] = np.minimum(frame.loc[row, "wide_low"], span.low)
        frame.loc[row, "wide_high"] = np.maximum(frame.loc[row, "wide_high"], span.high)
    if not wider:
        return []
    return [
        context.text(
            "Intervals after {w} are those over clusters, wider than the design's ({t}).",
            w=", ".join(context.text("{m:.0f} months", m=months) for months in wider),
            t=f"{SPOKEN}-{effect.measure}",
        )
    ]


def _curve(context: Context, study: Tracing, d: Doubt) -> list[Item]:
    """F12 and the sentence that sums it up."""
    table, n, outcome = d.curve.to_frame(), context.words.number, main_outcome(context)
    done = table[table["reason"] == ""]
    title = context.text("{m}: the effect in every way that was declared", m=d.measure)
    if done.empty:
        return [
            context.text(
                "{f}: {m}: {r}.",
                f="F12",
                m=d.measure,
                r=context.text("no specification could be estimated"),
            )
        ]
    scale = outcome_scale(context, outcome)[0]
    values = done["value"] * scale
    same = max(int((values > 0).sum()), int((values < 0).sum()))
    said = context.text(
        "{m}: estimated in {k} ways (estimator, weights, date of comparison) the effect lies"
        " between {lo} and {hi}; {same} of {k} have one sign, {sure} intervals exclude 0.",
        m=d.measure,
        k=len(done),
        lo=n(values.min()),
        hi=n(values.max()),
        same=same,
        sure=sum(Verdict(span).shown for span in curve_spans(d.curve)),
    )
    gone = len(table) - len(done)
    notes = (
        *(
            (context.text("{k} {k:=specification|specifications} could not be estimated.", k=gone),)
            if gone
            else ()
        ),
        persons(context, done["n"].max()),
        study.panel.sample.design.basis,
    )
    figure = figures_impact.specification_curve(
        f"F12-{d.measure}",
        title,
        d.curve,
        scale,
        _ylabel(context, outcome),
        study.source,
        notes,
        context.synthetic,
        context.words,
    )
    return [said, figure]


def beside(context: Context, study: Tracing, effect: Effects, d: Doubt) -> Table:
    """T19: the main effect next to other estimators, bounds, placebos, single regions left out and
    few clusters, each with its interval and p-value.
    """
    p = context.evaluation.params
    outcome, wave = main_outcome(context), p.impact.main_wave
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


def spoken_table(context: Context, study: Tracing, effect: Effects) -> Table:
    """T19d: the effects of which sentences and figures speak, each with the widest of its intervals."""
    units, cells = {}, []
    for outcome in spoken_outcomes(context.evaluation):
        row = context.column(outcome)
        units[row] = outcome_scale(context, outcome)
        for wave in study.waves:
            estimate = effect.by_wave.get((outcome, wave))
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
            study.panel.sample.design.basis,
        ),
        digits=1,
        synthetic=context.synthetic,
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
        main_outcome(context),
        study.source,
        study.panel.sample.design.basis,
        d.path,
        headline_cell(context, d.measure, study),
    )


NEEDS = (
    "{m}: the finding needs parallel trends: it does not survive breaks of trend {x} times as large"
    " as the one seen before the measure."
)
NEEDS_ALL = (
    "{m}: the finding needs parallel trends: it does not survive breaks of trend {x} times as large"
    " as the one before the measure can have been (upper end of its 95% interval)."
)
SURVIVES = (
    "{m}: the finding survives breaks of trend up to {x} times as large as the one seen before the"
    " measure."
)
SURVIVES_ALL = (
    "{m}: the finding survives breaks of trend up to {x} times as large as the one before the"
    " measure can have been (upper end of its 95% interval)."
)


def honest_items(
    context: Context,
    h: HonestDiD | NotEstimable,
    id: str,
    measure: str,
    outcome: str,
    source: str,
    basis: str,
    path: Result,
    cell: CellKey,
) -> list[Item]:
    """Interval of the effect under departures from parallel trends, and how large they may be
    before it covers 0; both where `cell`, which holds the effect, is shown.
    """
    if isinstance(h, NotEstimable):
        return [context.text("{f}: {m}: {r}.", f=id, m=measure, r=context.text(h.reason))]
    n, scale = context.words.number, outcome_scale(context, outcome)[0]
    if not Verdict(Span(*h.original)).shown:
        said = context.text(
            "{m}: the interval covers 0 already under parallel trends, so no departure from them"
            " can be excluded.",
            m=measure,
        )
    elif h.breakdown is None or h.breakdown == 0:
        needs = NEEDS_ALL if h.one_before else NEEDS
        said = context.text(needs, m=measure, x=n(h.table["m"].iloc[min(1, len(h.table) - 1)]))
    else:
        said = context.text(SURVIVES_ALL if h.one_before else SURVIVES, m=measure, x=n(h.breakdown))
    notes = [
        "Rambachan and Roth (2023), relative magnitudes; one step is from one wave or period to the"
        " next, whatever months lie between."
    ]
    if isinstance(path, Estimate):
        notes.append(persons(context, path.n.max()))
    title = context.text("{m}: the effect if trends were not quite parallel", m=measure)

    def draw(cells: pd.DataFrame) -> Figure | str:
        if not cells["value"].notna().any():
            return context.text(HIDDEN_PICTURE, f=id, m=measure)
        return figures_impact.honest(
            id,
            title,
            h,
            scale,
            _ylabel(context, outcome),
            source,
            (*notes, basis),
            context.synthetic,
            context.words,
        )

    return [
        SentenceSpec("{said}", {"shown": Number(cell)}, {"said": said}),
        PictureSpec(id, title, draw, refers=(cell,)),
    ]
