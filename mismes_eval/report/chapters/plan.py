"""What was planned and what was done (T22), and which table rests on which cell and file (T23)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mismes_eval.evaluation.analysis_plan import ITEMS, REGISTERED
from mismes_eval.evaluation.heterogeneity import GROUP_COLUMNS, columns_compared
from mismes_eval.impact.did.two_by_two import NAMES
from mismes_eval.report.chapters.base import Chapter, Context, Item, text_table
from mismes_eval.report.document.tables import TextTable
from mismes_eval.report.document.words import DESIGN
from mismes_eval.report.trust.provenance import file_hash

AS_PLANNED, NOT_DONE, NOT_PLANNED = "as planned", "planned, not done", "done, not planned"
UNREGISTERED = (
    "The plan file names no registration: when it was written, before or after the data, cannot be"
    " checked."
)
# the same where a draw by lot is all that is estimated
ITEMS_OF_LOTTERY = {
    "outcome": "lottery.outcomes",
    "main outcome": "lottery.main_outcome",
    "covariate": "lottery.covariates",
    "estimator": "lottery.adjustment",
    "group": "study.group",
}
# chapter -> inputs that its tables and figures may rest on
INPUTS = {
    "overview": ("tracer_person", "tracer_wave", "tracer_outcome", "lfs_rounds"),
    "data": (
        "lfs",
        "margins",
        "targets",
        "listing",
        "inventory",
        "inventory_contacts",
        "tracer_wave",
    ),
    "inventory": ("inventory", "inventory_contacts", "inventory_decisions"),
    "people": ("lfs", "absent", "margins", "rates"),
    "participation": ("lfs", "margins", "inventory", "rates"),
    "tracer": ("tracer_person", "tracer_wave", "tracer_outcome", "tracer_episode"),
    "sheets": ("tracer_person", "tracer_wave", "tracer_outcome", "tracer_service", "inventory"),
    "claims": (
        "lfs",
        "margins",
        "tracer_person",
        "tracer_wave",
        "tracer_outcome",
        "tracer_service",
        "inventory",
    ),
    "impact": (
        "tracer_person",
        "tracer_wave",
        "tracer_outcome",
        "tracer_service",
        "inventory",
        "lfs_rounds",
        "study",
        "truth",
    ),
    "limits": (
        "lfs",
        "inventory",
        "tracer_person",
        "tracer_wave",
        "tracer_outcome",
        "tracer_service",
        "lfs_rounds",
        "analysis_plan",
    ),
}
SHORT = 16


def deviations(context: Context) -> Item:
    """T22: every planned choice beside the one of this run."""
    title = "Deviations from the pre-analysis plan"
    plan = context.evaluation.plan
    path = context.params.inputs.analysis_plan
    if plan is None or path is None:
        none = context.text("None was supplied: every choice of this report was made without one.")
        return text_table(
            context, "T22", title, [(context.text("Analysis plan"), none)], ("Subject", "Deviation")
        )
    done = {item: _done(item, context) for item in ITEMS}
    registered = plan["item"].isin(REGISTERED)
    laid_down, plan = plan[registered], plan[~registered]
    rows = []
    for item, value, reason in zip(plan["item"], plan["value"], plan["reason"], strict=True):
        deviation = AS_PLANNED if value in done[item] else NOT_DONE
        rows.append(_line(context, item, value, deviation, reason))
    for item in dict.fromkeys(plan["item"]):
        planned = set(plan.loc[plan["item"] == item, "value"])
        rows += [
            _line(context, item, value, NOT_PLANNED, "")
            for value in done[item]
            if value not in planned
        ]
    kept = sum(row[3] == context.text(AS_PLANNED) for row in rows)
    notes = [
        context.text(
            "{k} of {n} choices are as planned. Items that the plan does not name are not"
            " compared.",
            k=kept,
            n=len(rows),
        )
    ]
    notes += [] if len(laid_down) else [context.text(UNREGISTERED)]
    first = [
        _line(context, item, value, "not compared", reason)
        for item, value, reason in zip(
            laid_down["item"], laid_down["value"], laid_down["reason"], strict=True
        )
    ]
    return text_table(
        context,
        "T22",
        title,
        [*first, *rows],
        ("Subject", "Value", "In words", "Deviation", "Reason given in the plan file"),
        path.name,
        notes,
    )


def _line(context: Context, item: str, value: str, deviation: str, reason: str) -> tuple[str, ...]:
    return (
        context.text(item),
        context.name(value),
        _in_words(context, item, value),
        context.text(deviation),
        context.name(reason),
    )


def _in_words(context: Context, item: str, value: str) -> str:
    """A planned value as the report's tables name it; "" where the value says it itself."""
    study = context.evaluation.tracing
    said = ""
    if item == "group":
        named = {column: factor for factor, column in GROUP_COLUMNS.items()}
        return context.column(named.get(value, value))
    if item in ("covariate", "attrition covariate") and value in DESIGN:
        said = context.text(DESIGN[value])
    elif item in ("outcome", "main outcome", "covariate", "attrition covariate"):
        said = context.column(value)
    elif item == "estimator" and value in NAMES:
        said = context.text(NAMES[value])
    elif item in ("wave", "main wave") and study is not None:
        months = {str(wave): months for wave, months in study.months.items()}
        said = context.text("{m:.0f} months", m=months[value]) if value in months else ""
    return said if said != value else ""


def _done(item: str, context: Context) -> list[str]:
    """What this run did, as text."""
    tracing, draw = context.evaluation.tracing, context.evaluation.lottery
    params = context.params
    if item == "measure" and tracing is not None:
        return list(tracing.measures)
    if item == "group" and context.evaluation.whom is not None:
        return columns_compared(context.evaluation.whom)
    if draw is not None and tracing is None:
        if item == "main outcome":
            return [draw.main_outcome]
        if item == "attrition covariate":
            return list(draw.response_covariates)
        value = params[ITEMS_OF_LOTTERY[item]] if item in ITEMS_OF_LOTTERY else None
    else:
        value = params[ITEMS[item]]
    if isinstance(value, (list, tuple)):
        return [str(part) for part in value]
    return [] if value is None else [str(value)]


def source_map(
    context: Context, chapters: Mapping[str, Chapter], cells: Mapping[str, str]
) -> TextTable:
    """T23: chapter by chapter, its tables and figures, the notebook's cell and every file behind
    them with its hash. cells: chapter -> the notebook's cells.
    """
    hashes: dict[Path, str] = {}
    rows: list[tuple[str, ...]] = []
    for name, chapter in chapters.items():
        shown = ", ".join(i.id for i in chapter.items if not isinstance(i, str))
        if not shown:
            continue
        given = context.params.inputs.named(INPUTS.get(name, ())).values()
        hashes |= {path: file_hash(path)[:SHORT] for path in given if path not in hashes}
        files = "; ".join(f"{path.name} {hashes[path]}" for path in given)
        rows.append((shown, cells[name], files or context.text("no file")))
    notes = (
        context.text(
            "First {k} characters of the sha256; whole hashes of inputs, notebook, parameters and"
            " package are in MANIFEST.json.",
            k=SHORT,
        ),
    )
    columns = ("Tables and figures", "Cell of the notebook", "Files and their sha256")
    return text_table(
        context, "T23", "Which table rests on which cell and file", rows, columns, "", notes
    )
