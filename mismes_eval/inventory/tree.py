"""Measures and their parts: the one place that decides what is added up.

An amount of a measure counts where none of its parts, at any depth, has that amount; so each euro
is added once, and none is lost where only the whole is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, worded
from mismes_eval.frame import nearest

AMOUNTS = (
    "budget_total",
    "budget_eur",
    "budget_indicative",
    "budget_committed",
    "cost_direct",
    "cost_overhead",
    "cost_benef_transfer",
    "benef_planned",
    "benef_reached",
    "benef_women",
    "benef_completed",
    "benef_placed",
    "benef_returned",
    "jobs_created",
)


@dataclass(frozen=True)
class Tree:
    """Records with the tree of `parent_id`; a parent that is not in the frame is no parent here.

    frame : measure_id, parent_id (optional) and amounts; one row a measure.
    ancestors : row -> the rows that it is a part of, nearest first (rows without one are left out).
    inside : rows of the frame that are looked at; the tree is that of the whole frame.
    """

    frame: pd.DataFrame
    ancestors: Mapping[int, tuple[int, ...]]
    inside: pd.Series

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Tree:
        """The tree of a frame."""
        everything = pd.Series(True, index=frame.index)
        if "parent_id" not in frame or frame["parent_id"].isna().all():
            return cls(frame, {}, everything)
        rows = {name: row for row, name in enumerate(frame["measure_id"])}
        above = {
            row: rows[parent]
            for row, parent in enumerate(frame["parent_id"])
            if parent in rows and rows[parent] != row
        }
        return cls(frame, {row: _chain(row, above) for row in above}, everything)

    def where(self, mask: pd.Series) -> Tree:
        """The same tree, of which the rows where `mask` holds are looked at."""
        return Tree(self.frame, self.ancestors, self.inside & mask.fillna(False).astype(bool))

    def once(self, has: pd.Series) -> pd.Series:
        """Rows (bool) that have something and none of whose parts, at any depth, has it too."""
        flags = has.to_numpy(dtype=bool)
        kept = flags.copy()
        for row, wholes in self.ancestors.items():
            if flags[row]:
                kept[list(wholes)] = False
        return pd.Series(kept, index=self.frame.index) & self.inside

    def lacking(self, has: pd.Series) -> pd.Series:
        """Measures without parts (bool) that neither have something nor are part of one that has."""
        flags = has.to_numpy(dtype=bool)
        covered = flags.copy()
        for row, wholes in self.ancestors.items():
            covered[row] = flags[row] or any(flags[w] for w in wholes)
        return self.leaves & ~pd.Series(covered, index=self.frame.index)

    @cached_property
    def leaves(self) -> pd.Series:
        """Measures that are counted (bool): those without parts in the frame."""
        return self.once(pd.Series(True, index=self.frame.index))

    @cached_property
    def measures(self) -> pd.DataFrame:
        """The rows of the measures that are counted."""
        return self.frame[self.leaves]

    def has(self, *columns: str) -> pd.Series:
        """Rows with a value in every one of the columns."""
        given = [self.frame[column].notna().to_numpy() for column in columns]
        return pd.Series(np.logical_and.reduce(given), index=self.frame.index)

    def paid(self, column: str, *also: str) -> pd.DataFrame:
        """Rows whose amount in a column is added up; `also`: columns that must have a value too."""
        return self.frame[self.once(self.has(column, *also))]

    def amount(self, column: str) -> pd.Series:
        """The amounts of a column that are added up."""
        return self.frame[column][self.once(self.has(column))]

    def total(self, column: str) -> float:
        """The sum of an amount, each part of it once; 0 where no row has one."""
        return float(self.amount(column).sum())

    def amounts(self) -> pd.DataFrame:
        """The rows looked at, with every amount empty where it is not added up."""
        masked = {
            name: self.frame[name].where(self.once(self.has(name)))
            for name in AMOUNTS
            if name in self.frame
        }
        return self.frame.assign(**masked)[self.inside]


def _chain(row: int, above: Mapping[int, int]) -> tuple[int, ...]:
    chain = []
    at = above.get(row)
    while at is not None and at != row and at not in chain:
        chain.append(at)
        at = above.get(at)
    return tuple(chain)


def parent_differences(frame: pd.DataFrame) -> pd.DataFrame:
    """Parents beside the sums of their parts at any depth, each part once.

    Returns
    -------
    measure_id, parts (rows directly below), parts_without (of them, those for which no budget is
    recorded at any depth), currency, budget_parent, budget_parts, difference; budgets in the one
    currency of parent and parts, empty where they have several.
    """
    tree = Tree.of(frame)
    columns = ["measure_id", "parts", "parts_without", "currency"]
    columns += ["budget_parent", "budget_parts", "difference"]
    below: dict[int, list[int]] = {}
    direct: dict[int, list[int]] = {}
    for row, wholes in tree.ancestors.items():
        direct.setdefault(wholes[0], []).append(row)
        for whole in wholes:
            below.setdefault(whole, []).append(row)
    lines = [
        _difference(tree, parent, below[parent], direct.get(parent, []), below)
        for parent in sorted(below)
    ]
    return pd.DataFrame(lines, columns=columns)


def _difference(
    tree: Tree, parent: int, parts: list[int], children: list[int], below: Mapping[int, list[int]]
) -> tuple[object, ...]:
    frame = tree.frame
    known = tree.has("budget_total").to_numpy()
    without = [child for child in children if not known[[child, *below.get(child, [])]].any()]
    inside = pd.Series(False, index=frame.index)
    inside.iloc[parts] = True
    paid = tree.where(inside).paid("budget_total")
    own = frame["budget_total"].iloc[parent]
    sums = paid["budget_total"].sum(min_count=1)
    named = [frame.index[parent]] if known[parent] else []
    currencies = _currencies(frame, [*named, *paid.index])
    if len(currencies) > 1:
        own, sums = float("nan"), float("nan")
    name = frame["measure_id"].iloc[parent]
    return name, len(children), len(without), "; ".join(currencies), own, sums, own - sums


def _currencies(frame: pd.DataFrame, rows: list[object]) -> list[str]:
    if "currency" not in frame:
        return []
    return sorted({str(currency) for currency in frame.loc[rows, "currency"].dropna()})


def parent_problems(frame: pd.DataFrame) -> tuple[Problem, ...]:
    """A measure that is its own ancestor, and a parent_id that names no measure."""
    if "parent_id" not in frame:
        return ()
    parents = dict(zip(frame["measure_id"], frame["parent_id"], strict=True))
    circles = [start for start in parents if comes_back(start, parents)]
    problems = []
    if circles:
        problems.append(
            Problem(
                "a measure is part of itself",
                "parent_id",
                "a tree of parents and parts",
                fix="Correct parent_id.",
            ).in_rows(circles)
        )
    lost = [(m, p) for m, p in parents.items() if isinstance(p, str) and p not in parents]
    for name in dict.fromkeys(p for _, p in lost):
        rows = tuple(str(m) for m, p in lost if p == name)
        problems.append(
            Problem(
                what="parent_id names no measure",
                where="parent_id",
                expected="the measure_id of a row of the files read together",
                got=name,
                fix=worded(
                    "Nearest: {nearest}. Leave it empty where the whole is not recorded.",
                    {"nearest": nearest(name, parents)},
                ),
                count=len(rows),
                rows=rows,
            )
        )
    return tuple(problems)


def comes_back(start: str, parents: Mapping[str, object]) -> bool:
    """Whether the parents of a measure lead back to it."""
    return start in wholes(start, parents)


def wholes(measure: str, parents: Mapping[str, object]) -> set[str]:
    """What a measure is part of, at any height."""
    found: set[str] = set()
    at = parents.get(measure)
    while isinstance(at, str) and at not in found:
        found.add(at)
        at = parents.get(at)
    return found
