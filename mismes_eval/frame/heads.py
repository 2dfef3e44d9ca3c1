"""The row of names of a table that people wrote: where it stands, and what is wrong with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from mismes_eval.errors import InputError, Problem, of_argument, worded
from mismes_eval.frame.codes import plain

TITLES = 30  # rows that may stand above the names
LEAST = 2  # known names that make a row the row of names
LETTER = re.compile(r"[^\W\d_]")
SHARED = 0.8  # share of the names of the smaller of two sheets that makes them of one shape


def find_head(rows: Sequence[Sequence[object]], known: Collection[str]) -> int:
    """Place of the row of names: the one of the first rows with most of the known names (the first
    of equals); the first row where no row has two of them.
    """
    spelled = {plain(name) for name in known}
    best = 0
    most = LEAST - 1
    for place, row in enumerate(rows[:TITLES]):
        hits = len({plain(cell) for cell in row if isinstance(cell, str)} & spelled)
        if hits > most:
            best, most = place, hits
    return best


def stated_head(numbers: Sequence[int], names_row: int, where: str) -> int:
    """Place, among rows of these numbers, of the row that is said to hold the names. Raises
    InputError where no such row has cells.
    """
    if names_row in numbers:
        return list(numbers).index(names_row)
    raise InputError(
        Problem(
            what="the row of names has no cells",
            where=of_argument("names_row"),
            expected=worded("a row of {where} with the names of the columns", {"where": where}),
            got=str(names_row),
        )
    )


def likely_head(rows: Sequence[Sequence[object]]) -> int | None:
    """Place of the first row below the first that has a text in every column in which the rows
    below it have cells, none twice; None where there is none.
    """
    for place, row in enumerate(rows[:TITLES]):
        body = rows[place + 1 : place + 1 + TITLES]
        width = max((sum(cell not in (None, "") for cell in cells) for cells in body), default=0)
        names = [cell for cell in row if isinstance(cell, str) and LETTER.search(cell)]
        if place and width > 1 and len(names) >= width and len(set(names)) == len(names):
            return place
    return None


def titles_above(names_row: int, where: str) -> Problem:
    """What is wrong with a table whose names seem to stand in a lower row."""
    return Problem(
        what="titles above the names of the columns",
        where=where,
        expected="the names of the columns in the first row",
        got=worded("row {row} looks like the names", {"row": names_row}),
        fix=worded(
            "Say which row holds the names: names_row={row}; or delete the rows above it.",
            {"row": names_row},
        ),
    )


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
    twice = sorted(name for name, times in Counter(names).items() if name and times > 1)
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
