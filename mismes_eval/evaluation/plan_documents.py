"""A plan of an evaluation in words: the analysis plan as a file, the keys for the params, and the
plan for people to read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pandas as pd
from docx import Document

from mismes_eval.evaluation.evaluation_plan import HEADS, PLAN_FILE, READ, Plan


def analysis_plan(plan: Plan, groups: Sequence[str]) -> str:
    """The planned choices as the file that `inputs.analysis_plan` takes; the report compares what
    was done with it.
    """
    p = plan.params
    rows = [("measure", plan.measure), ("main outcome", p.impact.main_outcome)]
    rows += [("main wave", str(p.impact.main_wave)), ("estimator", p.impact.method)]
    rows += [("outcome", outcome) for outcome in p.impact.outcomes]
    rows += [("wave", str(w)) for w in p.tracer.waves]
    rows += [("covariate", covariate) for covariate in p.impact.covariates]
    rows += [("attrition covariate", covariate) for covariate in p.tracer.attrition_covariates]
    rows += [("group", group) for group in groups]
    return pd.DataFrame(
        [(item, value, "") for item, value in rows], columns=["item", "value", "reason"]
    ).to_csv(index=False)


def stub(plan: Plan, digest: str) -> str:
    """Keys for the measure's params file, with the hash of the plan that they follow."""
    return (
        f"# plan of {plan.measure}; sha256 of {PLAN_FILE}: {digest}\n"
        f"inputs:\n  analysis_plan: data_raw/{plan.params.country}/{PLAN_FILE}\n"
        "theory_of_change:\n"
        f"  measures: [{plan.measure}]\n"
        '  inputs:\n    # "money, staff, places": T20\n'
        '  activities:\n    # "what the measure does": F03\n'
        '  outputs:\n    # "what participants have received": T20\n'
        '  outcomes:\n    # "what changes in their lives": T17\n'
        '  assumptions:\n    # "what must hold": F11\n'
    )


def markdown(plan: Plan, digest: str) -> str:
    """The plan in words and tables."""
    mark = (
        "\n\n**SYNTHETIC DATA: made-up persons and measures, no finding about the real country.**"
        if plan.params.synthetic
        else ""
    )
    lines = [f"# Evaluation plan: {plan.measure}{mark}", ""]
    lines += ["## What was measured at home", ""]
    lines += _table(["figure", "value", "from"], plan.figures.rows())
    lines += ["", f"## Designs, {plan.persons:,.0f} persons enrolled", ""]
    lines += _table(HEADS, _design_rows(plan))
    lines += ["", f"Outcome: {plan.figures.outcome}. {READ}", ""]
    lines += [f"Planned choices: {PLAN_FILE}, sha256 {digest}."]
    return "\n".join([*lines, ""])


def _design_rows(plan: Plan) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for line in plan.to_frame().to_dict("records"):
        cost, power = line["cost of interviews"], line["power simulated"]
        rows.append(
            (
                str(line["design"]),
                f"{line['detectable effect']:.3g}",
                f"{100 * power:.0f}%",
                f"{line['months']:.0f}",
                f"{line['interviews']:,.0f}",
                "–" if np.isnan(cost) else f"{cost:,.0f}",
                str(line["assumes"]),
            )
        )
    return rows


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    body = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(row) + " |" for row in body]


def word(plan: Plan, digest: str) -> bytes:
    """The plan as a Word document."""
    document = Document()
    document.add_heading(f"Evaluation plan: {plan.measure}", 1)
    if plan.params.synthetic:
        document.add_paragraph(
            "SYNTHETIC DATA: made-up persons and measures, no finding about the real country."
        )
    for title, heads, rows in (
        ("What was measured at home", ["figure", "value", "from"], plan.figures.rows()),
        (f"Designs, {plan.persons:,.0f} persons enrolled", HEADS, _design_rows(plan)),
    ):
        document.add_heading(title, 2)
        table = document.add_table(rows=1, cols=len(heads), style="Light List Accent 1")
        for row in (heads, *rows):
            cells = table.rows[0].cells if row is heads else table.add_row().cells
            for cell, text in zip(cells, row, strict=True):
                cell.text = text
    document.add_paragraph(f"Outcome: {plan.figures.outcome}. {READ}")
    document.add_paragraph(f"Planned choices: {PLAN_FILE}, sha256 {digest}.")
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def digest_of(text: str) -> str:
    """sha256 of a planned file."""
    return hashlib.sha256(text.encode()).hexdigest()
