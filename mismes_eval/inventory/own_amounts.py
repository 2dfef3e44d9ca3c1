"""Amounts of single measures that may be published: those that the payer has published, or whose
document others can read; what a questionnaire or an interview told is one payer's own.
"""

from __future__ import annotations

import pandas as pd

from mismes_eval.frame import codes, template

AMOUNTS = tuple(
    column.name
    for column in template("inventory").columns
    if column.section == "Money" and column.kind == "float"
)
CONFIDENTIAL, PUBLISHED = "confidential", "published"


def kinds_of_amounts(frame: pd.DataFrame) -> pd.Series:
    """By where a record comes from: confidential, published, made up. What does not say where it
    comes from is confidential.
    """
    if "source_type" not in frame:
        return pd.Series(CONFIDENTIAL, index=frame.index)
    kinds = codes("source_types").set_index("code")["amounts"]
    return frame["source_type"].astype(str).map(kinds).fillna(CONFIDENTIAL)


def confidential(frame: pd.DataFrame) -> pd.Series:
    """Records with an amount that is one payer's own."""
    given = frame[[name for name in AMOUNTS if name in frame]].notna().any(axis=1)
    return (kinds_of_amounts(frame) == CONFIDENTIAL) & given


def publishable(frame: pd.DataFrame) -> pd.DataFrame:
    """The records without amounts that are one payer's own."""
    own = confidential(frame)
    shown = frame.copy()
    for name in AMOUNTS:
        if name in shown:
            shown[name] = shown[name].mask(own)
    return shown
