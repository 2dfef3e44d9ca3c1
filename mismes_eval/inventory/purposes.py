"""The purposes of a measure (CRS codes) with the percentage of its money that goes to each:
"11330:60;16020:40". One code alone is all of it; what percentages below 100 leave is not said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from mismes_eval.errors import Problem
from mismes_eval.inventory.stated_shares import TOLERANCE, WHOLE
from mismes_eval.inventory.tree import Tree

FIELD = "crs_purpose"
NOT_SAID = ""


def purposes_of(cell: object) -> dict[str, float]:
    """Code -> share of the money, NOT_SAID -> the rest; shares add up to 1. A cell as the template
    has it.
    """
    if not isinstance(cell, str):
        return {NOT_SAID: 1.0}
    parts = [piece.partition(":") for piece in cell.split(";")]
    percentages = {code: float(number or WHOLE) for code, _, number in parts}
    whole = math.fsum(percentages.values())
    if abs(whole - WHOLE) <= TOLERANCE:
        return {code: number / whole for code, number in percentages.items()}
    shares = {code: number / WHOLE for code, number in percentages.items()}
    return {**shares, NOT_SAID: 1 - whole / WHOLE}


def as_purposes(percentages: Mapping[str, float]) -> str:
    """Codes with their percentages as a cell of the template."""
    if len(percentages) == 1 and min(percentages.values()) == WHOLE:
        return next(iter(percentages))
    return ";".join(
        f"{code}:{number:.4f}".rstrip("0").rstrip(".") for code, number in percentages.items()
    )


def purpose_problems(frame: pd.DataFrame) -> Iterator[Problem]:
    """Cells whose percentages are no division: more than 100, a code twice, one of several without."""
    given = frame[FIELD].dropna() if FIELD in frame else pd.Series(dtype="str")
    rows = {
        str(cell): tuple(frame.loc[given.index[given == cell], "measure_id"])
        for cell in given.unique()
        if _is_no_division(str(cell))
    }
    for cell, measures in rows.items():
        yield Problem(
            what="percentages of purposes that divide nothing",
            where=FIELD,
            expected="each code once, with percentages above 0 of at most 100 together",
            got=cell,
            fix="Write 11330:60;16020:40, or one code alone.",
            rows=measures,
        )


def _is_no_division(cell: str) -> bool:
    pieces = [piece.partition(":") for piece in cell.split(";")]
    numbers = [float(number) for _, _, number in pieces if number]
    twice = len({code for code, _, _ in pieces}) < len(pieces)
    unsaid = len(pieces) > 1 and len(numbers) < len(pieces)
    return twice or unsaid or 0.0 in numbers or math.fsum(numbers) > WHOLE + TOLERANCE


def by_purpose(tree: Tree) -> pd.DataFrame:
    """purpose (empty: not said), measures (that name it; one may name several), budget_eur: every
    budget divided by its percentages, so that the purposes add up to the budget of all.
    """
    budget = tree.frame["budget_eur"].where(tree.once(tree.has("budget_eur"))).fillna(0.0)
    lines = [
        (code, int(leaf), share * amount)
        for cell, amount, leaf in zip(tree.frame[FIELD], budget, tree.leaves, strict=True)
        for code, share in purposes_of(cell).items()
    ]
    table = pd.DataFrame(lines, columns=["purpose", "measures", "budget_eur"])
    summed = table.groupby("purpose", as_index=False).sum()
    return summed.sort_values(["budget_eur", "purpose"], ascending=[False, True], ignore_index=True)
