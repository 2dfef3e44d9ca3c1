"""Whom a tracer study enrolled: consent, vulnerability and the way they came back, by arm (T14b)."""

from __future__ import annotations

import pandas as pd

from mismes_eval.estimate.totals import proportion
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import ARMS, arm_of, joined, pooled_basis
from mismes_eval.report.chapters.returns import KINDS
from mismes_eval.report.document.cells import Persons, Standing
from mismes_eval.report.document.estimated_cells import cells_by
from mismes_eval.report.document.items import no_cells
from mismes_eval.report.document.tables import Table

YES = frozenset({"1", "1.0", "true"})
SAFE = (
    "Personal identifiers are refused when files are read, and groups of a few persons are hidden"
    " in every table."
)

# the usual codes of the template in words; any other answer stands as it is
SCOPES = {"SURVEY": "for the survey", "SURVEY+LINK": "for the survey and links to registers"}


def enrolled_items(context: Context, study: Tracing) -> Items:
    """T14b, or a sentence where the persons' file says nothing of it."""
    asked = _answers(context, study)
    if not asked:
        reason = "the tracer study records neither consent nor vulnerability"
        return [context.nothing("T14b", context.text("consent and vulnerability"), reason)]
    parts = [
        _shares(context, study, name, level, arm) for name, level in asked.items() for arm in ARMS
    ]
    notes = (
        "Shares of those who answered. Consent as it was given at enrolment.",
        SAFE,
        *pooled_basis(context, study),
    )
    title = "Consent, vulnerability and return of those enrolled, %"
    return [
        Table(
            id="T14b",
            title=title,
            cells=joined(parts),
            source=study.source,
            notes=notes,
            scale=100.0,
        )
    ]


def _answers(context: Context, study: Tracing) -> dict[str, pd.Series]:
    """Question -> answer of each person (n,) in words; missing where not known. Questions that
    nobody answered are left out.
    """
    frame = study.sample.frame
    out: dict[str, pd.Series] = {}
    if "consent_scope" in frame.columns:
        out["scope of the consent"] = (
            frame["consent_scope"]
            .astype("string")
            .map(lambda v: SCOPES.get(v) or context.name(v), na_action="ignore")
        )
    if "vulnerable" in frame.columns:
        known = frame["vulnerable"].astype("string").str.lower()
        out["vulnerable"] = known.map(lambda v: "yes" if v in YES else "no", na_action="ignore")
    if "ret_type" in frame.columns:
        out["way of return"] = frame["ret_type"].astype("string").map(KINDS)
    return {name: level for name, level in out.items() if level[study.sample.active].notna().any()}


def _shares(
    context: Context, study: Tracing, name: str, level: pd.Series, arm: float
) -> pd.DataFrame:
    """Shares of the answers in one arm."""
    sample = study.sample
    inside = sample.where((arm_of(sample) == arm) & level.notna().to_numpy(bool))
    if not inside.active.any():
        return no_cells()
    answer = level.astype(object).where(level.notna(), None)
    if answer[inside.active].nunique() == 1:  # nothing is compared
        return no_cells()
    estimate = proportion(inside.with_columns({"_answer": answer.to_numpy()}), "_answer").annotated(
        kind="share"
    )
    answers = [str(v) for v in estimate.keys["level"]]
    rows = [context.answer(name, answer) for answer in answers]
    counted = [
        Standing(tells=(Persons.among(inside, (answer == v).to_numpy(bool)),)) for v in answers
    ]
    return cells_by(estimate, context.rules, rows, ARMS[arm], counted)
