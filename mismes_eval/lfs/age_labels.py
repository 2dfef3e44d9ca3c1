"""Groups of ages by their labels: "15 to 24", "65 ans et plus", "menores de 15"."""

from __future__ import annotations

import re

from mismes_eval.frame.codes import plain

AGE_GROUP = "age_group"
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
