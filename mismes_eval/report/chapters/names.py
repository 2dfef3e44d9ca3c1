"""Names of measures in words."""

from __future__ import annotations

from mismes_eval.report.chapters.base import Context


def named(context: Context, measure: str) -> str:
    """A measure with its model in words, where the inventory knows it: a reader outside the project
    does not know ids.
    """
    inventory = context.evaluation.inventory
    mine: list[str] = []
    if inventory is not None:
        known = inventory.frame["measure_id"].astype(str) == measure
        mine = inventory.frame.loc[known, "model_primary"].dropna().astype(str).tolist()
    model = context.codes("models").get(mine[0]) if mine else None
    return measure if model is None else context.text("{m} ({what})", m=measure, what=model)
