"""A pre-analysis plan as the params name it: one row a planned choice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError, Problem, at_line, in_column, in_place, worded
from mismes_eval.frame.outside import table_of

REGISTERED = (
    "registration",
    "registered on",
)  # items that say where and when the plan was laid down; nothing is compared
# item of the plan -> key of the params that holds what was done
ITEMS = {
    "outcome": "impact.outcomes",
    "main outcome": "impact.main_outcome",
    "main wave": "impact.main_wave",
    "wave": "tracer.waves",
    "measure": "tracer.measures",
    "covariate": "impact.covariates",
    "estimator": "impact.method",
    "group": "impact.groups",
    "attrition covariate": "tracer.attrition_covariates",
}


def read_plan(path: Path) -> pd.DataFrame:
    """A pre-analysis plan: columns item (one of ITEMS or REGISTERED), value, and reason where the
    authors explain a change.

    Raises InputError with every line that names an unknown item or no value.
    """
    frame = table_of(path)
    InputError.refuse(
        Problem(
            "the analysis plan lacks a column",
            in_place(path.name, in_column(column)),
            "item and value",
            ", ".join(map(str, frame.columns)),
        )
        for column in ("item", "value")
        if column not in frame.columns
    )
    frame = frame.assign(
        item=frame["item"].str.strip().str.lower(),
        value=frame["value"].str.strip(),
        reason=frame["reason"].str.strip() if "reason" in frame.columns else "",
    )
    known = [*ITEMS, *REGISTERED]
    bad = ~frame["item"].isin(known) | (frame["value"] == "")
    InputError.refuse(
        Problem(
            "a line of the analysis plan cannot be compared",
            in_place(path.name, at_line(int(line) + 2)),
            worded("an item among {known} and a value", {"known": ", ".join(known)}),
            worded("{loc}, {place}", {"loc": repr(item), "place": repr(value)}),
        )
        for line, item, value in frame.loc[bad, ["item", "value"]].itertuples()
    )
    return frame[["item", "value", "reason"]]
