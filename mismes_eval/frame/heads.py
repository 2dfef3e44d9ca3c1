"""The row of names of a table that people wrote: where it stands, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from mismes_eval.errors import Problem, worded
from mismes_eval.frame.codes import plain

TITLES = 30  # rows that may stand above the names
LEAST = 2  # known names that make a row the row of names
SHARED = 0.8  # share of the names of the smaller of two sheets that makes them of one shape


def find_head(rows: Sequence[Sequence[object]], known: Collection[str]) -> int:
    """Place of the row of names: the one of the first rows with most of the known names (the first
    of equals); the first row where no row has two of them.
    """
    spelled = {plain(name) for name in known}
    best, most = 0, LEAST - 1
    for place, row in enumerate(rows[:TITLES]):
        hits = len({plain(cell) for cell in row if isinstance(cell, str)} & spelled)
        if hits > most:
            best, most = place, hits
    return best


def same_shape(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether a second row of names can stand over records of the first: it has the leading name,
    and the larger of the two has most of the names of the smaller, however spelled.
    """
    one, two = set(map(plain, first)), set(map(plain, second))
    if not first or plain(first[0]) not in two:
        return False
    shared = len(one & two)
    return shared >= LEAST and shared >= SHARED * min(len(one), len(two))


def head_problems(
    names: Sequence[str], filled: Sequence[bool], where: str, label: Callable[[int], str]
) -> list[Problem]:
    """Columns with cells and no name, and names that stand twice. A column without a name and
    without cells is none.
    """
    problems = []
    nameless = [
        place
        for place, (name, has) in enumerate(zip(names, filled, strict=True), start=1)
        if has and not name
    ]
    if nameless:
        title = len(nameless) > 1 or not any(names)
        fix = "Name or delete it."
        if title:
            fix = "Delete the rows above the names of the columns, or name or delete the columns."
        problems.append(
            Problem(
                what="column without a name",
                where=where,
                expected="a name for every column",
                got=worded(
                    "column {label} of {names} has cells and none",
                    {"label": label(nameless[0]), "names": len(names)},
                ),
                fix=fix,
                count=len(nameless),
            )
        )
    twice = sorted({n for n in names if n and list(names).count(n) > 1})
    if twice:
        problems.append(
            Problem(
                what="duplicated columns",
                where=worded("{where}: {twice}", {"where": where, "twice": ", ".join(twice)}),
                expected="each column once",
                got=worded("two or more of the same name"),
                fix="Rename or drop one of each.",
            )
        )
    return problems


def part_of(heading: str, names: Collection[str]) -> str:
    """The only name of which the heading is the first word or all words in another order ("Budget"
    for budget_total); empty where none or several of equal standing are.
    """
    words = _words(heading)
    if not words:
        return ""
    found = [n for n in names if _words(n)[: len(words)] == words or set(_words(n)) == set(words)]
    several = [n for n in names if len(_words(n)) > 1]
    found = found or [n for n in several if set(_words(n)) <= set(words)]
    return found[0] if found else ""


def _words(name: str) -> list[str]:
    return [w for w in re.split(r"[\W_]+", plain(name)) if w]
