"""Pictures of what could be wrong with the effect of one measure: its path, the ways to estimate
it, how alike the groups are, trends that part. Each is drawn from its own published cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Span, Verdict
from mismes_eval.evaluation.evaluation import Result
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.did.bands import Band
from mismes_eval.impact.sensitivity.honest import HonestDiD
from mismes_eval.impact.sensitivity.robustness import SpecificationCurve
from mismes_eval.message import Quantity
from mismes_eval.report import figures_common, figures_impact
from mismes_eval.report.chapters.base import Context, Item, Items
from mismes_eval.report.chapters.cells import (
    HIDDEN_PICTURE,
    SPOKEN,
    P,
    after,
    following,
    following_each,
    headline_cell,
    joined,
    known_persons,
    outcome_scale,
    plain,
    rows,
    spoken_cell,
    unit_of,
    wave_cell,
    with_interval,
)
from mismes_eval.report.chapters.strength import main_outcome
from mismes_eval.report.chapters.verdicts import spoken_span
from mismes_eval.report.document.cells import STANDING, CellKey
from mismes_eval.report.document.estimated_cells import cells_by, standing_of
from mismes_eval.report.document.items import PictureSpec, SummarySpec
from mismes_eval.report.figures import Figure

NONE_ESTIMATED = "no specification could be estimated"
SHARE_UNIT, OTHER_UNIT = "percentage points (95% interval)", "units (95% interval)"
POINT, BAND = "effect", "band"  # columns of F11
ESTIMATE = "estimate"
PARALLEL, BREAKDOWN, INTERVAL = "parallel trends", "breakdown", "interval"
WAYS = (
    "{m}: estimated in {k} ways (estimator, weights, date of comparison) the effect lies"
    " between {lo} and {hi}; {same} of {k} have one sign, {sure} intervals exclude 0."
)


def ylabel_of(context: Context, scale: float) -> str:
    """The unit of an effect that is shown times the scale, on the axis of a picture."""
    return context.text(SHARE_UNIT if scale == 100 else OTHER_UNIT)


def path_figure(context: Context, study: Tracing, effect: Effects, d: Doubt) -> Item:
    """F11: effect by months since enrolment with pointwise and simultaneous intervals; each wave
    with the interval that speaks there. Waves that T17 hides are not drawn, and nothing is where it
    hides the wave of the headline.
    """
    outcome = main_outcome(context)
    scale, id = outcome_scale(context, outcome)[0], f"F11-{d.measure}"
    if isinstance(d.path, NotEstimable):
        return context.nothing("F11", d.measure, d.path.reason)
    headline = headline_cell(context, d.measure, study)
    spoken = {
        spoken_cell(context, d.measure, study, outcome, wave): study.months[wave]
        for wave in study.waves
    }
    title = context.text("Effect of {m} on '{o}'", m=d.measure, o=context.column(outcome))
    notes = (
        "The comparison with enrolment is 0 by construction; the point a year before is the"
        " pre-trend.",
        "Thick: 95% interval of each point; thin: 95% band that holds for all points together"
        " (sup-t).",
        *_wider_note(context, study, effect),
    )

    def draw(cells: pd.DataFrame) -> Figure | str:
        frame = drawn_points(cells, spoken)
        if frame.empty:
            return context.text(HIDDEN_PICTURE, f="F11", m=d.measure)
        zero = pd.DataFrame(0.0, index=[0], columns=frame.columns)
        frame = pd.concat([frame, zero]).sort_values("x", ignore_index=True)
        return figures_common.paths(
            context.caption(
                id,
                title,
                study.source,
                (
                    *notes,
                    *known_persons(context, cells[cells["table"] == id]),
                    study.published_basis,
                ),
            ),
            frame.assign(series=d.measure),
            "months since enrolment",
            ylabel_of(context, scale),
            scale,
            True,
        )

    cells = path_cells(context, d.path, "months", d.band)
    waves = {study.months[wave]: wave_cell(context, d.measure, study, wave) for wave in study.waves}
    of_wave = [waves.get(float(row), headline) for row in cells["row"]]
    own = following_each(cells, [dict.fromkeys((headline, key)) for key in of_wave])
    return PictureSpec(id, title, draw, own, refers=tuple(spoken))


def path_cells(
    context: Context, path: Estimate, time: str, band: Band | NotEstimable
) -> pd.DataFrame:
    """By time: the effect, and the band that holds for all points. time: the key that says when."""
    when = [f"{at:g}" for at in path.keys[time].astype(float)]
    points = cells_by(path.annotated(kind="effect"), context.rules, when, POINT)
    if isinstance(band, NotEstimable):
        return points
    wide = band.to_frame()[["low", "high"]].fillna(0.0).to_numpy(float)
    ends = [(at, float(low), float(high)) for at, (low, high) in zip(when, wide, strict=True)]
    return joined([points, _spans(BAND, ends)])


def _spans(column: str, ends: Sequence[tuple[str, float, float]]) -> pd.DataFrame:
    """Cells that hold an interval alone. ends: row, lower and upper end."""
    made = [
        plain(row, column, (low + high) / 2, kind="effect") | {"ci_low": low, "ci_high": high}
        for row, low, high in ends
    ]
    return rows(made)


def drawn_points(
    cells: pd.DataFrame, spoken: Mapping[CellKey, float] | None = None
) -> pd.DataFrame:
    """The points of a path as `figures_common.paths` takes them. spoken: cells with the intervals
    that speak -> when; the band that holds for all points is no narrower.
    """
    by_column = {name: part.set_index("row") for name, part in cells.groupby("column")}
    if POINT not in by_column:
        return pd.DataFrame()
    points = by_column[POINT]
    points = points[points["value"].notna()]
    if points.empty:
        return points
    frame = points[["value", "ci_low", "ci_high"]].set_axis(["value", "low", "high"], axis=1)
    wide = by_column.get(BAND, points)
    frame["wide_low"], frame["wide_high"] = wide["ci_low"], wide["ci_high"]
    for key, at in (spoken or {}).items():
        row = f"{at:g}"
        mine = cells[(cells["table"] == key.table) & (cells["column"] == key.column)]
        if mine.empty or row not in frame.index or not mine["value"].notna().all():
            continue
        low, high = (float(mine[end].iloc[0]) for end in ("ci_low", "ci_high"))
        frame.loc[row, ["low", "high"]] = low, high
        frame.loc[row, "wide_low"] = min(float(frame["wide_low"][row]), low)
        frame.loc[row, "wide_high"] = max(float(frame["wide_high"][row]), high)
    frame.insert(0, "x", frame.index.astype(float))
    return frame.sort_values("x", ignore_index=True)


def _wider_note(context: Context, study: Tracing, effect: Effects) -> list[str]:
    """The waves at which an interval over clusters speaks."""
    wider = []
    for wave in study.waves:
        span = spoken_span(context.evaluation, effect, main_outcome(context), wave)
        if span is not None and span.basis is not None and span.known:
            wider.append(after(context, study, wave))
    if not wider:
        return []
    words = "Intervals after {w} are those over clusters, wider than the design's ({t})."
    return [context.text(words, w=", ".join(wider), t=f"{SPOKEN}-{effect.measure}")]


def curve_items(context: Context, study: Tracing, d: Doubt) -> Items:
    """F12 and the sentence that sums it up."""
    title = context.text("{m}: the effect in every way that was declared", m=d.measure)
    if d.curve.drawn().empty:
        return [context.nothing("F12", d.measure, NONE_ESTIMATED)]
    gone = sum(isinstance(run.result, NotEstimable) for run in d.curve.runs)
    words = "{k} {k:=specification|specifications} could not be estimated."
    notes = [context.text(words, k=gone)] if gone else []
    id = f"F12-{d.measure}"
    headline = headline_cell(context, d.measure, study)
    made = [(run.name, run.result) for run in d.curve.runs if isinstance(run.result, Estimate)]
    cells = [with_interval(context, name, result) for name, result in made]
    own = following(joined(cells), headline)
    told = figures_impact.WAYS
    picture = specification_picture(context, study, (id, title), d.curve, own, notes, told)
    keys = tuple(CellKey(id, run.name, ESTIMATE) for run in d.curve.runs)
    return [SummarySpec(keys, partial(_ways, context, d.measure)), picture]


def _ways(context: Context, measure: str, published: pd.DataFrame) -> str:
    """How far the ways to estimate an effect lie apart."""
    done = published[published["value"].notna()]
    if done.empty:
        return ""
    scale, one, many = unit_of(context, main_outcome(context))
    values = done["value"] * scale
    spans = (Span(*ends) for ends in done[["value", "ci_low", "ci_high"]].itertuples(index=False))
    return context.text(
        WAYS,
        m=measure,
        k=len(done),
        lo=context.words.number(values.min()),
        hi=context.words.quantity(Quantity(values.max(), one, many, 1)),
        same=max(int((values > 0).sum()), int((values < 0).sum())),
        sure=sum(Verdict(span).shown for span in spans),
    )


def specification_picture(
    context: Context,
    study: Tracing,
    name: tuple[str, str],
    curve: SpecificationCurve,
    own: pd.DataFrame,
    notes: Sequence[str],
    told: str,
    least: int = 1,
) -> PictureSpec:
    """A specification curve. name: id and title; own: a cell for each way that was estimated, with
    its interval; told: the alternative text; least: the fewest ways that are drawn.
    """
    scale, (id, title) = outcome_scale(context, main_outcome(context))[0], name
    choices = pd.DataFrame([{"specification": run.name, **run.choices} for run in curve.runs])

    def draw(published: pd.DataFrame) -> Figure | str:
        done = _estimated(choices, published)
        if len(done) < least:
            return context.text(HIDDEN_PICTURE, f=id, m=title)
        return figures_impact.specification_curve(
            context.caption(
                id,
                title,
                study.source,
                (*notes, *known_persons(context, done), study.published_basis),
            ),
            done,
            curve.reference,
            scale,
            ylabel_of(context, scale),
            told=told,
        )

    return PictureSpec(id, title, draw, own)


def _estimated(choices: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The choices of every way whose number is shown, with it, in order of size."""
    main = published[published["column"] == ESTIMATE].set_index("row")
    columns = ["value", "se", "ci_low", "ci_high", "n", "degf"]
    p = published[published["column"] == P].set_index("row")["value"].rename("p")
    told = main[columns].join(p).rename_axis("specification").reset_index()
    done = choices.merge(told[told["value"].notna()], on="specification")
    return done.sort_values("value", ignore_index=True)


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
NO_FINDING = (
    "{m}: no effect is shown by the widest of its intervals, so there is no finding that breaks of"
    " trend could overturn; the figure begins with the interval of the design."
)
COVERS = (
    "{m}: the interval covers 0 already under parallel trends, so no departure from them"
    " can be excluded."
)


def honest_items(
    context: Context,
    h: HonestDiD | NotEstimable,
    id: str,
    measure: str,
    scale: float,
    source: str,
    basis: str,
    path: Result,
    cell: CellKey,
    spoken: tuple[CellKey, ...],
) -> Items:
    """Interval of the effect under departures from parallel trends, and how large they may be
    before it covers 0; both where `cell`, which holds the effect, is shown. spoken: the cell with
    the interval that sentences speak of, none where the figure has an effect of its own.
    """
    if isinstance(h, NotEstimable):
        return [context.nothing(id, measure, h.reason)]
    notes = ["Rambachan and Roth (2023), relative magnitudes.", *_by_period(path)]
    title = context.text("{m}: the effect if trends were not quite parallel", m=measure)
    keys = (*spoken, *(CellKey(id, row, INTERVAL) for row in (PARALLEL, BREAKDOWN)))
    first = float(h.table["m"].iloc[min(1, len(h.table) - 1)])

    def draw(cells: pd.DataFrame) -> Figure | str:
        if not cells["ci_low"].notna().any():
            return context.text(HIDDEN_PICTURE, f=id, m=measure)
        return figures_impact.honest(
            context.caption(id, title, source, (*notes, *known_persons(context, cells), basis)),
            cells[cells["row"] != BREAKDOWN],
            h.one_before,
            scale,
            ylabel_of(context, scale),
        )

    def say(cells: pd.DataFrame) -> str:
        told = _span_of(cells[cells["table"] != id])
        drawn = cells[cells["table"] == id].set_index("row")
        return _survives(context, measure, drawn, told, h.one_before, first)

    own = following(_honest_cells(h, path), cell)
    return [SummarySpec(keys, say), PictureSpec(id, title, draw, own)]


def _by_period(path: Result) -> tuple[str, ...]:
    """What a step is where cohorts leave no common time to count it in."""
    if isinstance(path, NotEstimable) or "in_order" not in path.extra:
        return ()
    return ("A step is from one period to the next: the cohorts' periods lie unevenly far apart.",)


def _span_of(cells: pd.DataFrame) -> Span | None:
    """The interval of a published cell; None where it is hidden."""
    numbers = cells[["value", "ci_low", "ci_high"]].astype(float).dropna()
    return Span(*numbers.iloc[0].to_list()) if len(numbers) else None


def _honest_cells(h: HonestDiD, path: Result) -> pd.DataFrame:
    """The interval under parallel trends, that of every departure, and the largest that the finding
    survives: 0 where it survives none.
    """
    value, low, high = h.original
    ends = {"ci_low": low, "ci_high": high}
    parallel = plain(PARALLEL, INTERVAL, value, kind="effect") | ends
    if isinstance(path, Estimate):
        most = int(np.argmax(path.n))
        parallel |= {"n": float(path.n[most]), STANDING: standing_of(path, most)}
    table = h.table[["m", "ci_low", "ci_high"]].astype(float).itertuples(index=False)
    departures = _spans(INTERVAL, [(f"{m:g}", low, high) for m, low, high in table])
    largest = plain(BREAKDOWN, INTERVAL, h.breakdown or 0.0, "multiple", kind="effect")
    return joined([rows([parallel, largest]), departures])


def _survives(
    context: Context,
    measure: str,
    cells: pd.DataFrame,
    told: Span | None,
    one_before: bool,
    first: float,
) -> str:
    """How large departures from parallel trends may be. told: what sentences say of the effect.
    first: the smallest departure that was looked at.
    """
    numbers = cells[["value", "ci_low", "ci_high"]].astype(float)
    value, low, high = (float(end) for end in numbers.loc[PARALLEL].to_numpy(float))
    largest = float(numbers.loc[[BREAKDOWN], "value"].iloc[0])
    if np.isnan(largest) or np.isnan(value):
        return ""
    n = context.words.number
    if not Verdict(Span(value, low, high)).shown:
        return context.text(COVERS, m=measure)
    if told is not None and not Verdict(told).shown:
        return context.text(NO_FINDING, m=measure)
    if largest == 0:
        return context.text(NEEDS_ALL if one_before else NEEDS, m=measure, x=n(first))
    return context.text(SURVIVES_ALL if one_before else SURVIVES, m=measure, x=n(largest))
