"""F00, the picture of the first page: the effect of each measure that was evaluated, wave by wave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.verdict import Verdict
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report import figures_effects
from mismes_eval.report.chapters.base import Chapter, Context
from mismes_eval.report.chapters.cells import (
    beside_main,
    effect_cell,
    outcome_scale,
    outcome_unit,
    spoken_cell,
    unit_in_files,
)
from mismes_eval.report.chapters.verdicts import (
    effect_verdict,
    later_verdict,
    rollout_verdict,
    spoken_span,
)
from mismes_eval.report.document.cells import CellKey
from mismes_eval.report.document.estimated_cells import cells_by
from mismes_eval.report.document.items import PictureSpec, no_cells
from mismes_eval.report.figures import Figure
from mismes_eval.report.figures_effects import Panel

PICTURE, PATH = "F00", "F11-rollout"
ROWS = 4  # measures that the first page has room for
PARTS = ("value", "ci_low", "ci_high")
WEAK = ("weak", "none")
HOLLOW = "Hollow: weak evidence."
RESIDENTS = (
    "{m}: {o}; the year before the roll-out, without a bar, is the starting point, set to 0."
)
HEADLINE = "Shaded: the headline, after {m:.0f} months."
WIDER = "Intervals: the widest of each effect (T19d)."
BROKEN = "A broken line: not shown."


@dataclass(frozen=True)
class Line:
    """The effects of one measure. keys: cell -> where it stands along the axis; weak: cells of
    which the evidence is weak; spoken: cell -> that of the interval which speaks for it, where it
    is not the cell's own; headline: where the headline stands along the axis, None where it is of
    all places; wider: whether an interval over clusters speaks anywhere.
    """

    measure: str
    xlabel: str
    keys: Mapping[CellKey, float]
    weak: frozenset[CellKey]
    spoken: Mapping[CellKey, CellKey] = field(default_factory=dict)
    headline: float | None = None
    wider: bool = False


def overview(context: Context) -> Chapter:
    """F00, where a measure was followed or rolled out."""
    lines, own = _lines(context)
    items = () if not lines else (_picture(context, lines, own),)
    return Chapter("overview", "What the evidence supports", items)


def _lines(context: Context) -> tuple[list[Line], pd.DataFrame]:
    """The measures in the order of the first page, and cells that no table has."""
    study, rolled = context.evaluation.tracing, context.evaluation.rollout
    lines = []
    if study is not None:
        lines = [_followed(context, study, effect) for effect in context.evaluation.effects]
    if rolled is None or not isinstance(rolled.event, Estimate) or len(lines) >= ROWS:
        return lines[:ROWS], no_cells()
    if study is not None and not beside_main(context, rolled):
        return lines, no_cells()
    own = _rolled_cells(context, rolled, rolled.event)
    return [*lines, _rolled_out(rolled, rolled.event, own)], own


def _followed(context: Context, study: Tracing, effect: Effects) -> Line:
    """A measure of the tracer study, from the cells of T17."""
    outcome, main_wave = context.evaluation.main_cell
    headline = effect_verdict(context.evaluation, effect)
    keys, weak, spoken, wider = {}, set(), {}, False
    for wave in study.waves:
        key = effect_cell(context, effect.measure, study, outcome, wave)
        keys[key] = study.months[wave]
        if _weak(context, effect, wave, headline):
            weak.add(key)
        span = spoken_span(context.evaluation, effect, outcome, wave)
        if span is not None:
            spoken[key] = spoken_cell(context, effect.measure, study, outcome, wave)
            wider = wider or span.basis is not None
    return Line(
        measure=effect.measure,
        xlabel="months since enrolment",
        keys=keys,
        weak=frozenset(weak),
        spoken=spoken,
        headline=study.months.get(main_wave),
        wider=wider,
    )


def _weak(context: Context, effect: Effects, wave: object, headline: Verdict | None) -> bool:
    """Whether the evidence at a wave is weak: that on the headline is, or that of the wave itself.
    What the headline fails is asked of the measure, so no other wave is surer.
    """
    outcome, _ = context.evaluation.main_cell
    if headline is None or headline.sureness in WEAK:
        return True
    if not isinstance(effect.by_wave.get((outcome, wave)), Estimate):
        return True
    return later_verdict(context.evaluation, effect, outcome, wave).sureness in WEAK


def _rolled_cells(context: Context, r: Rollout, event: Estimate) -> pd.DataFrame:
    years = [f"{year:g}" for year in event.keys["event_time"].astype(float)]
    stated = event.annotated(kind="effect", unit=unit_in_files(context, r.what))
    return cells_by(stated, context.rules, [context.rolled_out(r.outcome)] * len(years), years)


def _rolled_out(r: Rollout, event: Estimate, own: pd.DataFrame) -> Line:
    """A roll-out over regions, by years since it began."""
    verdict = rollout_verdict(r)
    places = zip(own["row"], own["column"], event.keys["event_time"].astype(float), strict=True)
    keys = {CellKey(PICTURE, str(row), str(column)): float(at) for row, column, at in places}
    weak = frozenset(keys) if verdict is None or verdict.sureness in WEAK else frozenset()
    return Line(r.measure, "years since the roll-out", keys, weak)


def _picture(context: Context, lines: list[Line], own: pd.DataFrame) -> PictureSpec:
    """A panel a line, on one vertical axis."""
    rolled = context.evaluation.rollout
    study = context.evaluation.tracing
    outcome, _ = context.evaluation.main_cell
    named = context.column(outcome)
    if study is None and rolled is not None:
        outcome = rolled.outcome
        named = context.rolled_out(rolled.outcome)
    title = context.text("Effects at every wave: {o}", o=named)
    places = [key for line in lines for key in (*line.keys, *line.spoken.values())]
    refers = tuple(dict.fromkeys(key for key in places if key.table != PICTURE))

    def draw(published: pd.DataFrame) -> Figure | str:
        cells = {
            CellKey(str(cell["table"]), str(cell["row"]), str(cell["column"])): cell
            for _, cell in published.iterrows()
        }
        panels = [_panel(line, cells) for line in lines]
        frames = [panel.frame for panel in panels]
        if not any(frame["value"].notna().any() for frame in frames):
            return ""
        weak = any(frame["weak"].any() for frame in frames)
        broken = any(frame["value"].isna().any() for frame in frames)
        notes = [HOLLOW] if weak else []
        notes += _shaded(context, lines)
        notes += [BROKEN] if broken else []
        if rolled is not None and any(line.measure == rolled.measure for line in lines):
            told = context.rolled_out(rolled.outcome)
            notes.append(context.text(RESIDENTS, m=context.name(rolled.measure), o=told))
        return figures_effects.small_multiples(
            context.caption(PICTURE, title, context.name(", ".join(_behind(lines))), notes),
            panels,
            outcome_unit(context, outcome),
            outcome_scale(context, outcome)[0],
        )

    return PictureSpec(id=PICTURE, title=title, draw=draw, cells=own, refers=refers)


def _shaded(context: Context, lines: list[Line]) -> list[str]:
    """What is shaded in the panels of measures that were followed."""
    months = [line.headline for line in lines if line.headline is not None]
    if not months:
        return []
    wider = any(line.wider for line in lines)
    return [context.text(HEADLINE, m=months[0]), *([WIDER] if wider else [])]


def _behind(lines: list[Line]) -> list[str]:
    """The tables and figures that hold the numbers of the panels."""
    tables = [next(iter(line.keys)).table for line in lines if line.keys]
    return [{PICTURE: PATH}.get(table, table) for table in tables]


def _panel(line: Line, cells: Mapping[CellKey, pd.Series]) -> Panel:
    """The published numbers of a line: nothing where a cell is hidden. A point that is 0 by
    construction is no evidence, and so not weak.
    """
    rows = []
    for key, at in line.keys.items():
        cell = cells.get(key)
        if cell is None or cell["status"] != "shown":
            rows.append((line.measure, at, np.nan, np.nan, np.nan, False))
            continue
        value, low, high = (float(cell[name]) for name in PARTS)
        speaks = cells.get(line.spoken.get(key, key))
        if speaks is not None and speaks["status"] == "shown":
            low, high = float(speaks["ci_low"]), float(speaks["ci_high"])
        weak = (key in line.weak or cell["flag"] == "i") and high > low
        rows.append((line.measure, at, value, low, high, weak))
    columns = ["series", "x", "value", "low", "high", "weak"]
    frame = pd.DataFrame(rows, columns=columns).sort_values("x", ignore_index=True)
    return Panel(line.measure, line.xlabel, frame, line.headline)
