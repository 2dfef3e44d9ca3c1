"""What two publications of the same persons tell of the few whose answers changed between them: the
number of persons is the same, a value is not.

A share times its number of persons is persons: where it moved by 1.4 of 722 and its neighbours
stand, one person's answer changed, and which one. What moves is measured in persons: of a share,
the change times n; of a mean or a total, the change in standard deviations of one person. New
weights move every cell of a base, and a little each; an edit moves some, and these much more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from statistics import median

Record = Mapping[str, object]  # a cell as published
SHARES = ("proportion", "share")
OF_PERSONS = (*SHARES, "mean", "total", "quantile")  # kinds whose value is made of persons' answers
STANDS = 1e-6  # persons that rounding makes
LEAST_CELLS = 6  # of one base that tell whether weights moved
MOST = 2 / 3  # of the cells that stand: an edit, for new weights leave only calibrated cells
MUCH, SEEN = 10.0, 0.1  # times what the others moved by; persons that are told apart from that


def moves(
    pairs: Sequence[tuple[Record, Record]], least: int
) -> Iterator[tuple[tuple[str, str, str], int, float]]:
    """(table, row, column; n; persons) of cells, as the one and the other publication print them,
    whose value moved by what fewer than `least` of the n persons make, while the others of the same
    persons stand, or moved far less. The same persons are those of one number; where few cells have
    it, those of one column of a table.
    """
    measured = [(now, _moved(then, now)) for then, now in pairs]
    told = [(cell, persons) for cell, persons in measured if persons is not None]
    by_number: dict[object, list[float]] = {}
    by_column: dict[object, list[float]] = {}
    for cell, persons in told:
        by_number.setdefault(cell.get("n"), []).append(persons)
        by_column.setdefault((cell.get("table"), cell.get("column")), []).append(persons)
    for cell, persons in told:
        alike = by_number[cell.get("n")] if cell.get("n") else []
        if len(alike) < LEAST_CELLS:
            alike = by_column[cell.get("table"), cell.get("column")]
        if _apart(persons, alike) and persons < least:
            table, row, column = (str(cell.get(part, "")) for part in ("table", "row", "column"))
            yield (table, row, column), round(_persons(cell)), persons


def _apart(persons: float, alike: Sequence[float]) -> bool:
    """Whether a cell moved although the others did not, or moved much more than those that did."""
    others = [p for p in alike if p > STANDS]
    if len(others) <= (1 - MOST) * len(alike):
        return persons > STANDS
    return persons > max(SEEN, MUCH * median(others))


def _moved(then: Record, now: Record) -> float | None:
    """By how many persons' answers a value moved; None where it is not made of persons, one of the
    two does not show it, or persons came or went.
    """
    numbers = [_number(cell, "value") for cell in (then, now)]
    if now.get("kind") not in OF_PERSONS or now.get("n") != then.get("n") or None in numbers:
        return None
    n, change = _persons(now), abs((numbers[0] or 0.0) - (numbers[1] or 0.0))
    if not n:
        return None
    if now.get("kind") in SHARES:
        return change * n
    error = _number(now, "se")
    return change * sqrt(n) / error if error else None


def _persons(cell: Record) -> float:
    """The printed number of persons, or what a share and its error give for it."""
    n, value, error = (_number(cell, part) for part in ("n", "value", "se"))
    if n:
        return n
    if cell.get("kind") not in SHARES or not value or not error:
        return 0.0
    return max(0.0, value * (1.0 - value)) / error**2


def _number(cell: Record, part: str) -> float | None:
    found = cell.get(part)
    return float(found) if isinstance(found, int | float) else None
