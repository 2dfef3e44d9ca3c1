"""What adds up in published files, learned from the files alone, and what two publications tell of
the parts that neither shows.

A run of cells of one row or column of a table that adds up to another cell of it, in both
publications, is taken for a total with its parts, and to hold wherever cells of these names stand
in one line; a part of which 0 is printed is known. A base is taken for a part of another where its
name says so. So is the attack that anybody can make who has both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

Cell = tuple[str, str, str]  # table, row, column
Number = int | None  # of persons; None where it is hidden
Numbers = Mapping[Cell, Number]
Named = Mapping[str, Number]  # the numbers of a line
Sum = tuple[str, tuple[str, ...]]  # name of the total, names of the parts
KNOWN = 1e-8
PARTS = 2  # of some persons that make a sum


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of one row or column of a table in two publications, by the names across."""

    table: str
    name: str
    is_row: bool
    before: Named
    after: Named

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


def lines(before: Numbers, after: Numbers) -> list[Line]:
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


def _sums(numbers: Named) -> list[Sum]:
    """Runs of shown cells, two or more of them of some persons, that add up to a cell outside."""
    names, persons = list(numbers), list(numbers.values())
    found = []
    for first in range(len(names)):
        total, peopled = 0, 0
        for last in range(first, len(names)):
            more = persons[last]
            if more is None:
                break
            total, peopled = total + more, peopled + (more > 0)
            if peopled >= PARTS:
                whole = (
                    place
                    for place, n in enumerate(persons)
                    if n == total and not first <= place <= last
                )
                found += [(names[place], tuple(names[first : last + 1])) for place in whole]
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
    """Cells of a line in which nothing that both publications show has changed, that both hide and
    that follow where each shows what the other hides: the two are one table.
    """
    names = list(line.after)
    one = {n: line.before[n] if line.after[n] is None else line.after[n] for n in names}
    rows = _of(line, sums)
    hidden = [name for name in names if one[name] is None]
    for name, number in _solved(one, hidden, rows).items():
        yield Union((line.cell(name),), number, number)


def unchanged(every: Iterable[Line]) -> list[Line]:
    """The lines in which nothing that both publications show has changed. Where a line shows
    nothing in both, its table must not have changed, or the whole where that shows nothing either.
    """
    moved: dict[str, bool] = {}
    told = [(line, _changes(line)) for line in every]
    for line, changes in told:
        if changes:
            moved[line.table] = moved.get(line.table, False) or any(changes)
    anywhere = any(moved.values())
    return [
        line
        for line, changes in told
        if not (any(changes) if changes else moved.get(line.table, anywhere))
    ]


def _changes(line: Line) -> list[int]:
    """The changes of the cells that both publications show."""
    return [change for change in map(line.change, line.after) if change is not None]


def bases(before: Numbers, after: Numbers, sums: Sequence[Sum]) -> Iterator[tuple[Cell, Cell]]:
    """Pairs of cells, the first shown by the earlier publication only and the second by the later
    one only, of which one may be the other without a group: a whole and those of it who were asked.
    Their columns have one name, or the one begins with the other's, and nobody came or went in
    what both publications show of such columns. Where one publication prints both numbers in such
    columns, the other adds nothing.
    """
    then = _by_column(cell for cell, n in before.items() if n and after.get(cell) is None)
    now = _by_column(cell for cell, n in after.items() if n and before.get(cell) is None)
    apart = {frozenset(two) for _, parts in sums for two in combinations(parts, 2)}
    moved = _moved_columns(before, after)
    printed = (_printed(before), _printed(after))
    for column, earlier in then.items():
        for other, later in now.items():
            if not _one_people(column, other):
                continue
            if any(there for name, there in moved.items() if _one_people(name, column)):
                continue
            for one, two in product(earlier, later):
                is_new = before[one] not in printed[1].get(column, ())
                is_new = is_new and after[two] not in printed[0].get(other, ())
                if is_new and not _unlike((one, two), apart):
                    yield one, two


def _by_column(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    out: dict[str, list[Cell]] = {}
    for cell in cells:
        out.setdefault(cell[2], []).append(cell)
    return out


def _printed(numbers: Numbers) -> dict[str, set[Number]]:
    """Name of a column -> the numbers of persons that stand in columns of that name."""
    out: dict[str, set[Number]] = {}
    for cell, n in numbers.items():
        out.setdefault(cell[2], set()).add(n)
    return out


def _moved_columns(before: Numbers, after: Numbers) -> dict[str, bool]:
    """Name of a column -> whether a number of persons in it has changed."""
    out: dict[str, bool] = {}
    for cell, now in after.items():
        then = before.get(cell)
        if then is not None and now is not None:
            out[cell[2]] = out.get(cell[2], False) or then != now
    return out


def _one_people(column: str, other: str) -> bool:
    """Whether two columns are of one people by their names: returnees, returnees who took part."""
    short, long = sorted((column, other), key=len)
    return long == short or (long.startswith(short) and not long[len(short)].isalnum())


def _unlike(pair: tuple[Cell, Cell], apart: set[frozenset[str]]) -> bool:
    """Whether nobody stands in both cells, by their names: parts of one sum, sex: men and women."""
    one, other = (cell[1] for cell in pair)
    if one == other:
        return False
    label, mark, _ = one.partition(": ")
    return frozenset((one, other)) in apart or (bool(mark) and other.startswith(label + mark))


def _of(line: Line, sums: Sequence[Sum]) -> list[Sum]:
    """The sums whose cells stand in the line and that neither publication contradicts."""
    fitting = [addition for addition in sums if {addition[0], *addition[1]} <= line.after.keys()]
    return [
        addition
        for addition in fitting
        if _agrees(line.before, addition) and _agrees(line.after, addition)
    ]


def _agrees(numbers: Named, found: Sum) -> bool:
    total = numbers[found[0]]
    parts = [numbers[p] for p in found[1]]
    shown = [p for p in parts if p is not None]
    if total is None:
        return True
    return total == sum(shown) if len(shown) == len(parts) else total >= sum(shown)


def _solved(numbers: Named, hidden: Sequence[str], sums: Sequence[Sum]) -> dict[str, int]:
    """The hidden numbers that linear algebra gives from the others: those in which no solution
    without a right side has a part.
    """
    if not hidden or not sums:
        return {}
    place = {name: place for place, name in enumerate(hidden)}
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
    return {name: round(answer[place]) for name, place in place.items() if free[place] < KNOWN}
