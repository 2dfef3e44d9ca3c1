"""F03: who was enrolled, who answered each wave, and who was lost on the way."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from mismes_eval import tracer as tracers
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.numerics.rows import Bool
from mismes_eval.report import figures
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import (
    persons,
    pooled,
    rows,
)
from mismes_eval.report.chapters.description import FRAMES
from mismes_eval.report.chapters.portfolio import COUNTED, FROM, flow_of
from mismes_eval.report.document.cells import (
    Persons,
    population,
)
from mismes_eval.report.document.estimated_cells import counted
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.document.tables import HIDDEN

AWAY = "of them known to be abroad"


def flow(context: Context, study: Tracing) -> PictureSpec:
    """F03: frame, enrolment, every wave with its losses, analysed."""
    wave = context.params.impact.main_wave
    steps = tracers.flow_steps(study.panel, analysed=(study.baseline, wave))
    name = population(study.sample.design)
    cells = [
        counted(FROM, source, Persons.of(name, who)) for source, who in _sources(context, study)
    ]
    for step in steps:
        what = _step(context, study, step.step)
        cells.append(counted(what, COUNTED, Persons.of(name, step.rows)))
        lost = {**step.lost, **({AWAY: step.away} if step.away.any() else {})}
        cells += [counted(what, reason, Persons.of(name, who)) for reason, who in lost.items()]
    title = "From the frame to the analysis"
    return PictureSpec("F03", title, partial(_drawn_flow, context, study, title), rows(cells))


def _sources(context: Context, study: Tracing) -> list[tuple[str, Bool]]:
    """Where the enrolled come from, and who they are: by name, since an order by size would rank
    sources whose numbers are hidden.
    """
    sample = study.sample
    if "source_frame" not in sample.frame.columns:
        return [(context.text("persons of the study"), sample.active)]
    source = sample.frame["source_frame"].astype(str)
    known = sorted(source[sample.active].unique())
    return [
        (
            context.text(FRAMES[kind]) if kind in FRAMES else context.name(kind.replace("_", " ")),
            sample.active & (source == kind).to_numpy(bool),
        )
        for kind in known
    ]


def _drawn_flow(
    context: Context, study: Tracing, title: str, published: pd.DataFrame
) -> figures.Figure:
    most = published.loc[published["column"] == COUNTED, "value"].max()
    notes = [
        "In the box of a wave: why others of those enrolled did not answer it; who is lost may come"
        " back."
    ]
    if np.isfinite(most):
        notes.append(persons(context, most))
    notes += pooled(context, study)
    if not (published["status"] == "shown").all():
        notes.append("c: not shown, too few persons, or it would reveal another number.")

    def lost(reason: str, n: float) -> str:
        known = context.words.number(n, 0) if np.isfinite(n) else HIDDEN
        return f"{context.text(reason)} {known}"

    return flow_of(context.caption("F03", title, study.source, notes), published, lost)


def _step(context: Context, study: Tracing, step: str) -> str:
    if step.startswith("answered waves"):
        return context.text("answered at enrolment and in the wave of the headline")
    if not step.startswith("answered wave "):
        return context.text(step)
    wave = next((w for w in study.months if str(w) == step.removeprefix("answered wave ")), None)
    return (
        context.text("interviewed at enrolment")
        if wave == study.baseline
        else context.text("interviewed after {m:.0f} months", m=study.months[wave])
    )
