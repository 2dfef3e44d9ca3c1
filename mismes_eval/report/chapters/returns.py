"""Voluntary and forced returns apart: who was sent back did not choose when to come home, so the
two are never read from one average.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval import lfs
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.totals import proportion
from mismes_eval.evaluation.survey import Survey
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import joined
from mismes_eval.report.chapters.survey_basis import with_status
from mismes_eval.report.document.cells import Persons, Standing
from mismes_eval.report.document.estimated_cells import cells_by
from mismes_eval.report.document.tables import Table

KIND, COLUMN = "_return", "mig_ret_type"
KINDS = {
    "SPONT": "voluntary return",
    "AVRR": "voluntary return",
    "DEPORT": "forced return",
    "READMISSION": "forced return",
}
BOTH = ("voluntary return", "forced return")
ID = "T08d"
LABOUR = ("L3.participation", "L3.employment", "L3.unemployment", "L12")


def returns(context: Context, s: Survey, basis: tuple[str, ...]) -> Item:
    """T08d: share, labour status and participation of returnees by voluntariness of return; a
    sentence where the survey does not ask.
    """
    frame = s.sample.frame
    kind = (
        frame[COLUMN].astype("string").map(KINDS)
        if COLUMN in frame.columns
        else pd.Series(pd.NA, index=frame.index, dtype="string")
    )
    inside = with_status(s, "RET") & kind.notna().to_numpy(bool)
    if not inside.any():
        reason = "the survey does not ask how people returned"
        return context.nothing(ID, context.text("voluntariness of return"), reason)
    known = s.sample.with_columns(
        {KIND: kind.astype(object).where(kind.notna(), None).to_numpy()}
    ).where(inside)
    share = _in_turn(proportion(known, KIND), "level").annotated(kind="share")
    levels = list(share.keys["level"].astype(str))
    of_kind = known.frame[KIND].astype(str).to_numpy()
    counted = [Persons.among(known, of_kind == level) for level in levels]
    whole = Persons.among(known)
    standing = [Standing(persons=who, tells=(who,), whole=whole) for who in counted]
    shares = cells_by(share, context.rules, "share of returnees", levels, standing)
    parts = [shares.assign(n=[float(who.n) for who in counted])]
    for id_, estimate in lfs.indicators(known, by=[KIND], which=list(LABOUR), ages=s.ages).items():
        if id_ in LABOUR and isinstance(estimate, Estimate):
            variable = estimate.keys["variable"].to_numpy(object)
            first = estimate.select(np.flatnonzero(variable == variable[0]).tolist())
            first = _in_turn(first, KIND)
            heads = list(map(str, first.keys[KIND]))
            parts.append(cells_by(first, context.rules, str(estimate.extra["title"]), heads))
    note = (
        "Voluntary: spontaneous and assisted voluntary return; forced: deportation and readmission."
        " Returnees who did not say are left out."
    )
    return Table(
        id=ID,
        title="Voluntary and forced returns, %",
        cells=joined(parts),
        source=s.source,
        notes=(note, *basis),
        scale=100.0,
    )


def _in_turn(e: Estimate, column: str) -> Estimate:
    """Voluntary returns first."""
    return e.select(sorted(range(e.p), key=lambda k: BOTH.index(str(e.keys[column].iloc[k]))))
