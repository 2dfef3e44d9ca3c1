"""Groups of ages by their labels: "15 to 24", "65 ans et plus", "menores de 15"; and columns that
have the first year of each group and look like single years.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, named, worded
from mismes_eval.frame.codes import plain

AGE_GROUP = "age_group"
SURVEYED = 1_000  # rows among which most single years of age are met
OLDEST = 110
AGES_BETWEEN = re.compile(r"(\d+)(?: years?| ans| anos| ani)? ?(?:-|to|a|la) ?(\d+)")
AGES_FROM = re.compile(
    r"(\d+)(?: years?| ans| anos| ani)? ?(?:\+|(?:and|or|et|ou|y|o|e|si) (?:over|more|above|older|plus|mas|"
    r"mais|peste))"
)
AGES_BELOW = re.compile(r"(?:under|below|less than|moins de|menos de|menores de|sub) (\d+)")


def age_group(label: str) -> str:
    """Ages that a label names, as the template writes them: "15-24", "65+"; empty where it names
    none.
    """
    said = plain(label)
    if found := AGES_BETWEEN.search(said):
        return f"{int(found[1])}-{int(found[2])}"
    if found := AGES_FROM.search(said):
        return f"{int(found[1])}+"
    found = AGES_BELOW.search(said)
    return f"0-{int(found[1]) - 1}" if found else ""


def first_years(values: pd.Series) -> list[float]:
    """Ages that are first years of groups (0, 5, 10): half of the years between them are met by
    nobody. Empty where the column may have single years.
    """
    ages = pd.to_numeric(values, errors="coerce").to_numpy(float, na_value=np.nan)
    met = np.unique(ages[(ages >= 0) & (ages <= OLDEST)])
    groups = len(ages) >= SURVEYED and met.size > 1 and 2 * met.size <= met[-1] - met[0]
    return met.tolist() if groups else []


def groups_asked(met: list[float], where: str) -> Problem:
    """The question, with the groups that the first years seem to begin."""
    known = [f"{age:.0f}" for age in met]
    until = [f"-{after - 1:.0f}" for after in met[1:]]
    pairs = zip(known, [*until, "+"], strict=True)
    groups = ", ".join(f"{first}={first}{last}" for first, last in pairs)
    return Problem(
        what="ages seem to be the first years of groups",
        where=where,
        expected="ages in single years",
        got=worded("only {ages}", {"ages": named(known)}),
        fix=worded(
            "Say that there is no age, and map the column to age_group: in `mismes map` n, then COLUMN; {groups}.",
            {"groups": groups},
        ),
    )
