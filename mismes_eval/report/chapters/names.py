"""Names of measures in words."""

from __future__ import annotations

import pandas as pd

from mismes_eval.report.chapters.base import Context

TITLES = ("title_en", "title_orig")
ELSEWHERE = {"title_en": "{title} (in English)", "title_orig": "{title} (original title)"}

SHORT = {  # the models of the typology in a few words, for the first page
    "M01": "job matching abroad",
    "M02": "pre-departure training",
    "M03": "skills for migration",
    "M04": "information and protection abroad",
    "M05": "skills across borders",
    "M06": "recognition of skills",
    "M07": "job information on return",
    "M08": "entrepreneurship",
    "M09": "assisted voluntary return",
    "M10": "migrant resource centres",
    "M11": "migrant welfare funds",
}


def named(context: Context, measure: str) -> str:
    """A measure with its model in words, where the inventory knows it: a reader outside the project
    does not know ids.
    """
    model = context.codes("models").get(_model(context, measure))
    return measure if model is None else context.text("{m} ({what})", m=measure, what=model)


def named_in_short(context: Context, measure: str) -> str:
    """A measure with its model in a few words; in all of them where it has no short name."""
    short = SHORT.get(_model(context, measure))
    if short is None:
        return named(context, measure)
    return context.text("{m}, {what}", m=measure, what=context.text(short))


def titles(context: Context, frame: pd.DataFrame) -> pd.Series:
    """Title of each measure: the English one in an English report, the original one in any other;
    where only the other is recorded, that one, which says so. "" where there is none.
    """
    first, second = TITLES if context.words.source else TITLES[::-1]
    columns = [
        frame[column].tolist() if column in frame.columns else [None] * len(frame)
        for column in (first, second)
    ]
    said = []
    for own, other in zip(*columns, strict=True):
        if pd.notna(own):
            said.append(context.name(own))
        elif pd.notna(other):
            said.append(context.text(ELSEWHERE[second], title=context.name(other)))
        else:
            said.append("")
    return pd.Series(said, index=frame.index, dtype=object)


def _model(context: Context, measure: str) -> str:
    """The code of a measure's main model; "" where the inventory has none."""
    inventory = context.evaluation.inventory
    if inventory is None:
        return ""
    known = inventory.frame["measure_id"].astype(str) == measure
    models = inventory.frame.loc[known, "model_primary"].dropna().astype(str).tolist()
    return models[0] if models else ""
