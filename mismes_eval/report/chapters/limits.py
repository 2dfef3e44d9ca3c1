"""What this report cannot say, and where each number comes from."""

from __future__ import annotations

import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.report.chapters.base import Chapter, Context, Item, text_table


def limits(context: Context) -> Chapter:
    """T21 limitations, T22 deviations from the analysis plan, T23 which table rests on which input."""
    items: list[Item] = [_limitations(context), _plan(context), _map(context)]
    return Chapter("limits", "Limits and sources", tuple(items))


def _limitations(context: Context) -> Item:
    e, rows = context.evaluation, []
    if context.synthetic:
        rows.append(
            (
                "Synthetic data",
                "The persons, households and measures of this report are made up. It shows what a report looks like; it says nothing about the country.",
            )
        )
    if e.survey is not None:
        level = e.survey.sample.design.level
        if level == "household":
            rows.append(
                ("No PSU in the survey file", "Variances use households as clusters; clustering between households is missed, so intervals may be too narrow.")
            )
        if level == "element":
            rows.append(("Neither PSU nor household in the survey file", "Variances treat persons as independent apart from the supplied cluster effect."))
        if e.survey.absent is not None:
            rows.append(("Absent members", "Households that left as a whole are reported by nobody and are not covered."))
    if e.inventory is not None:
        rows.append(("Inventory", "A purposive census: measures whose implementers did not answer are missing and not estimated."))
    if e.tracing is not None:
        rows.append(("Attrition", "Response propensities use what was known at enrolment; loss that depends on what happened later remains."))
        rows.append(("Parallel trends", "The effect rests on an assumption about what would have been; the pre-trend test has limited power."))
        for effect in e.effects:
            for outcome, pre in effect.pre.items():
                if isinstance(pre, Estimate) and not (pre.ci()["low"].iloc[0] <= 0 <= pre.ci()["high"].iloc[0]):
                    rows.append(
                        (
                            context.text("{m}: {o}", m=effect.measure, o=context.column(outcome)),
                            "The groups moved apart before the measure began: do not read the effect as caused by it.",
                        )
                    )
    rows = rows or [("Scope", "Only what the chapters show was supplied.")]
    return text_table(context, "T21", "Limitations", [(context.text(a), context.text(b)) for a, b in rows], ("Subject", "What to keep in mind"))


def _plan(context: Context) -> Item:
    path = context.evaluation.params.path("inputs.analysis_plan")
    if path is None:
        return text_table(
            context,
            "T22",
            "Deviations from the pre-analysis plan",
            [(context.text("Analysis plan"), context.text("None was supplied: every choice of this report was made without one."))],
            ("Subject", "Deviation"),
        )
    plan = pd.read_csv(path)
    p, rows = context.evaluation.params, []
    asked = {str(o) for o in p.items("impact.outcomes")}
    for r in plan.to_dict("records"):
        planned = context.name(r.get("outcome", ""))
        rows.append((planned, context.text("as planned") if planned in asked else context.text("planned, not estimated")))
    rows += [(context.name(o), context.text("estimated, not planned")) for o in sorted(asked - {str(v) for v in plan.get("outcome", [])})]
    return text_table(context, "T22", "Deviations from the pre-analysis plan", rows, ("Outcome", "Deviation"), context.name(path.name))


_INPUTS = {
    "T01, T02, T04, T05, F01, F02": ("inputs.inventory", "inventory"),
    "T06, T07, T08, T09, T12, F05, F06": ("inputs.lfs", "survey"),
    "T03, T10, T11": ("inputs.lfs", "survey and inventory"),
    "T13, T14, T15, T16, F03, F08": ("inputs.tracer_person", "tracer study"),
    "T17, T18, T19, T20, F11": ("inputs.tracer_outcome", "tracer study"),
}


def _map(context: Context) -> Item:
    rows = []
    for tables, (key, what) in _INPUTS.items():
        path = context.evaluation.params.path(key)
        rows.append((context.name(tables), context.name(path.name) if path is not None else context.text("not supplied"), context.text(what)))
    return text_table(
        context,
        "T23",
        "Which table rests on which input",
        rows,
        ("Tables and figures", "File", "Evidence"),
        "",
        ("Hashes of every file are in MANIFEST.json.",),
    )
