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
from mismes_eval.report.document.protect import Partition
from mismes_eval.report.document.tables import COLUMNS, Table, cells_by

KIND, COLUMN = "_return", "mig_ret_type"
KINDS = {
    "SPONT": "voluntary return",
    "AVRR": "voluntary return",
    "DEPORT": "forced return",
    "READMISSION": "forced return",
}
BOTH = ("voluntary return", "forced return")
ID, LABOUR = "T08d", ("L3.participation", "L3.employment", "L3.unemployment", "L12")
SPLIT = Partition("labour", "returnees", BOTH, "columns", rest=True)


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
    returnee = (frame["mig_status"].astype("string") == "RET").fillna(False).to_numpy(bool)
    if not (returnee & kind.notna().to_numpy(bool)).any():
        return context.text(
            "{f}: {m}: {r}.",
            f=ID,
            m=context.text("voluntariness of return"),
            r=context.text("the survey does not ask how people returned"),
        )
    known = s.sample.with_columns(
        {KIND: kind.astype(object).where(kind.notna(), None).to_numpy()}
    ).where(returnee & kind.notna().to_numpy(bool))
    share = _in_turn(proportion(known, KIND), "level")
    people = known.frame.loc[known.active, KIND].value_counts()
    parts = [
        cells_by(
            share.annotated(kind="share"),
            context.rules,
            "share of returnees",
            list(share.keys["level"].astype(str)),
        ).assign(n=lambda c: c["column"].map(people))
    ]
    small = [k for k in BOTH if 0 < people.get(k, 0) < context.rules.min_cell]
    parts[0].loc[np.full(len(parts[0]), bool(small)), ["status", "flag"]] = ["confidential", ""]
    for id_, e in lfs.indicators(known, by=[KIND], which=list(LABOUR), ages=s.ages).items():
        if id_ in LABOUR and isinstance(e, Estimate):
            first = _in_turn(
                e.select(
                    [
                        k
                        for k in range(e.p)
                        if e.keys["variable"].iloc[k] == e.keys["variable"].iloc[0]
                    ]
                ),
                KIND,
            )
            parts.append(
                cells_by(
                    first, context.rules, str(e.extra["title"]), [str(v) for v in first.keys[KIND]]
                )
            )
    note = (
        "Voluntary: spontaneous and assisted voluntary return; forced: deportation and readmission."
        " Returnees who did not say are left out."
    )
    cells = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    return Table(
        ID,
        "Voluntary and forced returns, %",
        cells,
        s.source,
        (note, *basis),
        100.0,
        1,
        context.synthetic,
    )


def _in_turn(e: Estimate, column: str) -> Estimate:
    """Voluntary returns first."""
    return e.select(sorted(range(e.p), key=lambda k: BOTH.index(str(e.keys[column].iloc[k]))))
