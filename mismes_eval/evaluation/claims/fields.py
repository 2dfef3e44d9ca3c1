"""Which fields a claim takes that a run does not have."""

from __future__ import annotations

import pandas as pd

from mismes_eval.evaluation.claims.ledger import Claim
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.message import listed

Missing = tuple[str, ...]
OR = " or "  # between columns of which one would do


def missing_fields(evaluation: Evaluation, claim: Claim) -> Missing:
    """The needs of a claim that nothing fills: file.column, alternatives joined by "or"; the file
    alone where the run has none. A column without a single value counts as missing.
    """
    lacking = []
    for need in claim.needs:
        ways = need.split("|")
        if not any(_filled(evaluation, *way.partition(".")[::2]) for way in ways):
            lacking.append(_said(evaluation, ways))
    return tuple(dict.fromkeys(lacking))


def _said(evaluation: Evaluation, ways: list[str]) -> str:
    files = {way.partition(".")[0] for way in ways}
    if len(files) == 1 and not _supplied(evaluation, min(files)):
        return min(files)
    return listed(ways, OR)


def _supplied(evaluation: Evaluation, file: str) -> bool:
    if file == "params":
        return True
    return _frame(evaluation, file) is not None


def _filled(evaluation: Evaluation, file: str, column: str) -> bool:
    if file == "params":
        return _set_in_params(evaluation, column)
    frame = _frame(evaluation, file)
    if frame is None:
        return False
    return not column or (column in frame.columns and bool(frame[column].notna().any()))


def _set_in_params(evaluation: Evaluation, key: str) -> bool:
    section, _, name = key.partition(".")
    return getattr(getattr(evaluation.params, section), name) is not None


def _frame(evaluation: Evaluation, file: str) -> pd.DataFrame | None:
    """The rows of a file of the run under the name of its template."""
    survey, study, inventory = evaluation.survey, evaluation.tracing, evaluation.inventory
    if file == "lfs_person":
        return None if survey is None else survey.sample.frame
    if file == "inventory":
        return None if inventory is None else inventory.frame
    if study is None:
        return None
    if file == "tracer_outcome":
        return study.panel.long
    return study.services if file == "tracer_service" else study.panel.sample.frame
