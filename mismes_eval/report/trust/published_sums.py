"""What adds up in published files, learned from the files alone, and what two publications tell of
the parts that neither shows.

A run of cells of one row or column of a table that adds up to another cell of it, in both
publications, is taken for a total with its parts, and to hold wherever cells of these names stand
in one line. So is the attack that anybody can make who has both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Cell = tuple[str, str, str]  # table, row, column
Number = int | None  # of persons; None where it is hidden
Sum = tuple[str, tuple[str, ...]]  # name of the total, names of the parts
KNOWN = 1e-8


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of one row or column of a table in two publications, by the names across."""

    table: str
    name: str
    is_row: bool
    before: Mapping[str, Number]
    after: Mapping[str, Number]

    def cell(self, across: str) -> Cell:
        """Where a cell of the line stands."""
        return (self.table, self.name, across) if self.is_row else (self.table, across, self.name)

    def change(self, across: str) -> Number:
        """Persons more in the later one; None where one of the two hides the cell."""
        then, now = self.before[across], self.after[across]
        return None if then is None or now is None else now - then


@dataclass(frozen=True, slots=True)
class Union:
    """Cells of a line of which two publications tell the number of persons together."""

    cells: tuple[Cell, ...]
    earlier: int
    now: int


def lines(before: Mapping[Cell, Number], after: Mapping[Cell, Number]) -> list[Line]:
    """Every row and column of every table, with the cells that stand in both publications."""
    found: dict[tuple[str, str, bool], list[Cell]] = {}
    for cell in after:
        if cell in before:
            table, row, column = cell
            found.setdefault((table, row, True), []).append(cell)
            found.setdefault((table, column, False), []).append(cell)
    return [
        Line(
            table=table,
            name=name,
            is_row=is_row,
            before={cell[2 if is_row else 1]: before[cell] for cell in cells},
            after={cell[2 if is_row else 1]: after[cell] for cell in cells},
        )
        for (table, name, is_row), cells in found.items()
    ]


def learned(every: Iterable[Line]) -> list[Sum]:
    """The sums that hold in both publications."""
    out: dict[Sum, None] = {}
    for line in every:
        both = set(_sums(line.before)) & set(_sums(line.after))
        out.update(dict.fromkeys(sorted(both)))
    return list(out)


def _sums(numbers: Mapping[str, Number]) -> list[Sum]:
    """Runs of two shown cells or more, of some persons each, that add up to a cell outside."""
    names, persons = list(numbers), list(numbers.values())
    found = []
    for first in range(len(names)):
        total = persons[first] or 0
        for last in range(first + 1, len(names)):
            more = persons[last]
            if not total or not more:
                break
            total += more
            whole = (k for k, n in enumerate(persons) if n == total and not first <= k <= last)
            found += [(names[k], tuple(names[first : last + 1])) for k in whole]
    return found


def unions(line: Line, sums: Sequence[Sum]) -> Iterator[Union]:
    """Parts, together, that a total and its other parts tell of in both publications although one
    of the two hides each of them.
    """
    for total, parts in _of(line, sums):
        apart = [p for p in parts if line.change(p) is None]
        then, now = line.before[total], line.after[total]
        if not apart or then is None or now is None or line.change(total) is None:
            continue
        seen = [p for p in parts if p not in apart]
        earlier = then - sum(line.before[p] or 0 for p in seen)
        later = now - sum(line.after[p] or 0 for p in seen)
        yield Union(tuple(line.cell(p) for p in apart), earlier, later)


def unmasked(line: Line, sums: Sequence[Sum]) -> Iterator[Union]:
    """Cells that both publications hide and that follow where each shows what the other hides:
    nothing that both show has changed, so that the two are one table.
    """
    names = list(line.after)
    changes = [line.change(name) for name in names]
    if any(changes) or all(change is None for change in changes):
        return
    one = {n: line.before[n] if line.after[n] is None else line.after[n] for n in names}
    rows = _of(line, sums)
    hidden = [name for name in names if one[name] is None]
    for name, number in _solved(one, hidden, rows).items():
        yield Union((line.cell(name),), number, number)


def _of(line: Line, sums: Sequence[Sum]) -> list[Sum]:
    """The sums whose cells stand in the line and that neither publication contradicts."""
    fitting = [s for s in sums if {s[0], *s[1]} <= line.after.keys()]
    return [s for s in fitting if _agrees(line.before, s) and _agrees(line.after, s)]


def _agrees(numbers: Mapping[str, Number], found: Sum) -> bool:
    total, parts = numbers[found[0]], [numbers[p] for p in found[1]]
    shown = [p for p in parts if p is not None]
    if total is None:
        return True
    return total == sum(shown) if len(shown) == len(parts) else total >= sum(shown)


def _solved(
    numbers: Mapping[str, Number], hidden: Sequence[str], sums: Sequence[Sum]
) -> dict[str, int]:
    """The hidden numbers that linear algebra gives from the others: those in which no solution
    without a right side has a part.
    """
    if not hidden or not sums:
        return {}
    place = {name: k for k, name in enumerate(hidden)}
    matrix = np.zeros((len(sums), len(hidden)))
    right = np.zeros(len(sums))
    for k, (total, parts) in enumerate(sums):
        for name, sign in ((total, -1.0), *((p, 1.0) for p in parts)):
            number = numbers[name]
            if number is None:
                matrix[k, place[name]] += sign
            else:
                right[k] -= sign * number
    _, size, across = np.linalg.svd(matrix)
    rank = int((size > KNOWN).sum())
    free = np.abs(across[rank:]).max(axis=0, initial=0.0)
    answer = np.linalg.lstsq(matrix, right, rcond=None)[0]
    if np.abs(matrix @ answer - right).max() > KNOWN * max(1.0, np.abs(right).max()):
        return {}  # one of the sums was a chance
    return {name: round(answer[k]) for name, k in place.items() if free[k] < KNOWN}
