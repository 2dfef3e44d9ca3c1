"""Disclosure control: cells that must be hidden so that no small cell can be computed from what is
published, and the attack that proves it.

A relation says that parts add up to a total (rows of a table and its margin, groups and "all", the
same group in two tables). Hidden cells are protected when an attacker who knows every published
cell, every relation and that counts are not negative still has an interval around each hidden
count.
Secondary cells come from the linear programme of Kelly, Golden and Assad (1992, Networks 22): the
cheapest way to move a small cell up and down without touching what is published.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, csr_matrix

from mismes_eval.errors import DisclosureError, Problem
from mismes_eval.numerics.rows import Float
from mismes_eval.report.document.tables import Table

Key = Hashable


@dataclass(frozen=True)
class Relation:
    """total = sum of the parts."""

    total: Key
    parts: tuple[Key, ...]


@dataclass(frozen=True)
class Protection:
    """secondary: cells to hide beside the primary ones; interval: what an attacker can say of each
    hidden cell (low, high).
    """

    secondary: tuple[Key, ...]
    interval: Mapping[Key, tuple[float, float]]


def protect(
    values: Mapping[Key, float],
    primary: Sequence[Key],
    relations: Sequence[Relation],
    width: float = 1.0,
    fixed: Sequence[Key] = (),
    unpublished: Sequence[Key] = (),
) -> Protection:
    """Cells to hide so that every primary cell stays uncertain by at least `width` upwards, and
    downwards as far as zero allows.

    values : count of every cell (0 or more).  primary : cells too small to publish.  relations : everything that adds up.
    fixed : cells that stay published (a total that stands elsewhere).  unpublished : cells that no table shows, so that nobody knows them anyway.

    Raises
    ------
    DisclosureError : a primary cell is fixed by its relations even when all its neighbours are
        hidden (a total with a single part).
    """
    keys, matrix = _system(values, relations)
    position = {k: i for i, k in enumerate(keys)}
    value = np.array([float(values[k]) for k in keys])
    hidden = np.zeros(len(keys), bool)
    hidden[[position[k] for k in (*primary, *unpublished)]] = True
    held = np.zeros(len(keys), bool)
    held[[position[k] for k in fixed]] = True
    cost = np.log1p(value) + 1.0
    for k in primary:
        for move in (width, -min(width, value[position[k]])):
            if move == 0:
                continue
            delta = _cheapest_move(
                matrix, value, position[k], move, np.where(hidden, 0.0, cost), held
            )
            if delta is None:
                raise DisclosureError(
                    Problem(
                        "a small cell cannot be protected",
                        f"cell {k!r}",
                        "a neighbour to hide with it",
                        "its total has no other part",
                        "Drop the row or merge it with another.",
                    )
                )
            hidden |= np.abs(delta) > 1e-7
    given, nowhere = set(primary), set(unpublished)
    secondary = tuple(k for k in keys if hidden[position[k]] and k not in given | nowhere)
    known = attack(values, [k for k in keys if hidden[position[k]]], relations)
    return Protection(secondary, {k: v for k, v in known.items() if k not in nowhere})


def attack(
    values: Mapping[Key, float], hidden: Sequence[Key], relations: Sequence[Relation]
) -> dict[Key, tuple[float, float]]:
    """The interval that the published cells, the relations and non-negativity leave for each hidden
    cell (two linear programmes a cell).
    """
    keys, matrix = _system(values, relations)
    position = {k: i for i, k in enumerate(keys)}
    value = np.array([float(values[k]) for k in keys])
    open_ = np.array([position[k] for k in hidden], int)
    if not open_.size:
        return {}
    left, right = matrix[:, open_], matrix[:, open_] @ value[open_]
    out = {}
    for j, k in enumerate(hidden):
        bound = []
        for sign in (1.0, -1.0):
            objective = np.zeros(open_.size)
            objective[j] = sign
            answer = linprog(objective, A_eq=left, b_eq=right, bounds=(0, None), method="highs")
            bound.append(
                sign * answer.fun
                if answer.status == 0
                else -sign * np.inf
                if answer.status == 3
                else value[open_[j]]
            )
        out[k] = (float(bound[0]), float(bound[1]))
    return out


def recovered(intervals: Mapping[Key, tuple[float, float]], tolerance: float = 0.5) -> list[Key]:
    """Hidden cells whose interval is narrower than the tolerance: an attacker knows them."""
    return [k for k, (low, high) in intervals.items() if high - low < tolerance]


def _system(
    values: Mapping[Key, float], relations: Sequence[Relation]
) -> tuple[list[Key], csr_matrix]:
    keys = list(values)
    position = {k: i for i, k in enumerate(keys)}
    unknown = [k for r in relations for k in (r.total, *r.parts) if k not in position]
    if unknown:
        raise DisclosureError(
            Problem("a relation names an unknown cell", repr(unknown[0]), "cells with a value")
        )
    row, column, entry = [], [], []
    for i, r in enumerate(relations):
        row += [i] * (len(r.parts) + 1)
        column += [position[r.total], *(position[p] for p in r.parts)]
        entry += [-1.0] + [1.0] * len(r.parts)
    return keys, coo_matrix((entry, (row, column)), shape=(len(relations), len(keys))).tocsr()


def _cheapest_move(
    matrix: csr_matrix, value: Float, target: int, move: float, cost: Float, held: NDArray[np.bool_]
) -> Float | None:
    """delta with matrix @ delta = 0, delta[target] = move, value + delta >= 0, least cost |delta|;
    None where there is none.
    """
    m = value.size
    both = (
        csr_matrix(np.hstack([matrix.toarray(), -matrix.toarray()]))
        if matrix.shape[0]
        else csr_matrix((0, 2 * m))
    )
    up: list[tuple[float, float | None]] = [(0.0, 0.0 if h else None) for h in held]
    down: list[tuple[float, float | None]] = [
        (0.0, 0.0 if h else float(v)) for v, h in zip(value, held, strict=True)
    ]
    up[target], down[target] = (
        ((move, move), (0.0, 0.0)) if move > 0 else ((0.0, 0.0), (-move, -move))
    )
    answer = linprog(
        np.concatenate([cost, cost]),
        A_eq=both,
        b_eq=np.zeros(matrix.shape[0]),
        bounds=up + down,
        method="highs",
    )
    return None if answer.status != 0 else np.asarray(answer.x[:m] - answer.x[m:])


def dominance(contributions: Float, p_percent: float = 10.0) -> bool:
    """p% rule for a sum of budgets: True where the second largest contributor could learn the
    largest within p percent (Hundepool et al. 2012, ch. 4).
    """
    x = np.sort(np.asarray(contributions, float))[::-1]
    if x.size < 3:
        return bool(x.size > 0)
    return bool(x[2:].sum() < p_percent / 100.0 * x[0])


def protected_levels(
    counts: pd.DataFrame, least: int, whole: str = "", elsewhere: Sequence[str] = ()
) -> pd.DataFrame:
    """Which shares of a profile may not be published: those of few persons, and those that would
    give them away.

    counts : unweighted persons, one row a level, one column a group; the sizes of the groups are
        published, all levels of a group add up to its size.
    whole : the column that holds everybody, of which the others are parts (persons in none of them
        are not published). "": the groups are unrelated.
    elsewhere : levels whose persons another table counts (the young, as the base of a rate): hiding
        them here would protect nobody.

    Returns
    -------
    DataFrame of "shown", "confidential" and "secondary", like counts.
    """
    values: dict[Key, float] = {
        (level, group): float(counts.at[level, group])
        for level in counts.index
        for group in counts.columns
    }
    primary = [
        (level, group)
        for level in counts.index
        for group in counts.columns
        if 0 < counts.at[level, group] < least
    ]
    relations: list[Relation] = []
    fixed: list[Key] = []
    unpublished: list[Key] = []
    for group in counts.columns:
        size = ("size", group)
        values[size] = float(counts[group].sum())
        fixed.append(size)
        relations.append(Relation(size, tuple((level, group) for level in counts.index)))
    fixed += [k for k in values if k[0] in elsewhere and k not in primary]
    parts = [g for g in counts.columns if g != whole] if whole in counts.columns else []
    for level in counts.index if parts else ():
        others = ("in no group", level)
        values[others] = float(counts.at[level, whole] - counts.loc[level, parts].sum())
        if values[others] > 0:
            unpublished.append(others)
            relations.append(Relation((level, whole), (*((level, g) for g in parts), others)))
        else:
            relations.append(Relation((level, whole), tuple((level, g) for g in parts)))
    status = pd.DataFrame("shown", index=counts.index, columns=counts.columns)
    if not primary:
        return status
    try:
        done = protect(values, primary, relations, 1.0, fixed, unpublished)
    except (
        DisclosureError
    ):  # nothing smaller can be protected: no level of any group with a small one is shown
        for group in {str(k[1]) for k in primary}:
            status[group] = "secondary"
        done = Protection((), {})
    for name, keys in (("secondary", done.secondary), ("confidential", tuple(primary))):
        for level, group in keys:
            status.at[level, group] = name
    return status


@dataclass(frozen=True)
class Partition:
    """In these tables the row (or column) `total` is the sum of the rows (columns) `parts`: sexes
    and all, regions and all. population names who is counted.

    across : "rows": the names are rows, for every column; "columns": the names are columns, for
        every row.
    total : "" where the sum is published elsewhere and the parts are everybody.
    rest : others belong to the total whom no table shows.
    contrast : the total is the difference between two parts: of the three cells, one that is hidden
        follows from two that are shown.
    elsewhere : parts whose persons another table counts in public; they protect nobody.
    """

    population: str
    total: str
    parts: tuple[str, ...]
    across: Literal["rows", "columns"] = "rows"
    rest: bool = False
    contrast: bool = False
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True)
class System:
    """What adds up in a report. values: persons of each cell (population, row, column); primary:
    too small to show; where: the places (table, index) of each cell.
    """

    values: Mapping[Key, float]
    primary: tuple[Key, ...]
    relations: tuple[Relation, ...]
    fixed: tuple[Key, ...]
    unpublished: tuple[Key, ...]
    where: Mapping[Key, tuple[tuple[int, int], ...]]


def system(tables: Sequence[Table], partitions: Mapping[str, Sequence[Partition]]) -> System:
    """Every cell of the tables that have partitions, and every sum among them, over all tables at
    once.
    """
    values: dict[Key, float] = {}
    primary: dict[Key, None] = {}
    where: dict[Key, list[tuple[int, int]]] = {}
    for at, table in enumerate(tables):
        for population in dict.fromkeys(p.population for p in partitions.get(table.id, ())):
            for index, cell in table.cells[np.isfinite(table.cells["n"].astype(float))].iterrows():
                key = (population, str(cell["row"]), str(cell["column"]))
                values.setdefault(key, float(cell["n"]))
                where.setdefault(key, []).append((at, int(index)))
                if cell["status"] == "confidential":
                    primary[key] = None
    relations: dict[tuple[Key, tuple[Key, ...]], Relation] = {}
    fixed: list[Key] = []
    unpublished: list[Key] = []
    for part in dict.fromkeys(p for many in partitions.values() for p in many):
        lines = dict.fromkeys(
            (k[2] if part.across == "rows" else k[1]) for k in where if k[0] == part.population
        )
        for line in lines:
            made = _relation(part, line, values, fixed, unpublished)
            fixed += [
                k
                for name in part.elsewhere
                if (
                    k := (
                        part.population,
                        *((name, line) if part.across == "rows" else (line, name)),
                    )
                )
                in values
            ]
            if made is not None:
                relations[(made.total, made.parts)] = made
    known = set(fixed)
    return System(
        values,
        tuple(k for k in primary if k not in known),
        tuple(relations.values()),
        tuple(fixed),
        tuple(unpublished),
        {k: tuple(v) for k, v in where.items()},
    )


def _relation(
    part: Partition, line: str, values: dict[Key, float], fixed: list[Key], unpublished: list[Key]
) -> Relation | None:
    """The sum of one line of a table; adds what stands elsewhere or nowhere to the cells."""

    def key(name: str) -> Key:
        return (
            (part.population, name, line)
            if part.across == "rows"
            else (part.population, line, name)
        )

    parts = tuple(key(name) for name in part.parts if key(name) in values)
    if not parts:
        return None
    total = key(part.total)
    summed = sum(values[k] for k in parts)
    if part.contrast:
        if len(parts) < 2 or total not in values:
            return None
        values[total] = summed
        return Relation(total, parts)
    if not part.total and len(parts) < 2:
        return None
    if not part.total:
        total = ("published elsewhere", part.population, line, *part.parts)
        values[total] = summed
        fixed.append(total)
        return Relation(total, parts)
    if total not in values:
        return None
    left = values[total] - summed
    if part.rest and left > 0.5:
        others = ("shown nowhere", part.population, line, *part.parts)
        values[others] = left
        unpublished.append(others)
        return Relation(total, (*parts, others))
    return Relation(total, parts) if abs(left) < 0.5 else None


def _protected(s: System) -> Protection:
    """Protection of a report. Where a group is everybody (nothing beside it could be hidden), sums
    that are published elsewhere are left out: its number is that sum.
    """
    try:
        return protect(s.values, list(s.primary), s.relations, 1.0, s.fixed, s.unpublished)
    except DisclosureError:
        known = set(s.fixed)
        return protect(
            s.values,
            list(s.primary),
            [r for r in s.relations if r.total not in known],
            1.0,
            [k for k in s.fixed if k in s.where],
            s.unpublished,
        )


def protect_tables(
    tables: Sequence[Table], partitions: Mapping[str, Sequence[Partition]]
) -> tuple[list[Table], pd.DataFrame]:
    """Secondary suppression over a whole report. partitions: table id -> its partitions. Returns
    the tables and the audit of everything hidden.

    A cell is a count of persons (population, row, column); tables that count the same persons in
    the same cell share it, so what one hides the others hide.
    """
    s = system(tables, partitions)
    primary, where = s.primary, s.where
    done = _protected(s) if primary else Protection((), {})
    done = Protection(tuple(k for k in done.secondary if k in where), done.interval)
    leak = recovered(done.interval)
    if leak:
        raise DisclosureError(
            Problem(
                "a hidden cell can be computed from published ones",
                ", ".join(map(str, leak[:5])),
                "an interval",
                fix="Merge rows of the table.",
            )
        )
    out = [replace(t, cells=t.cells.copy()) for t in tables]
    for key in (*done.secondary, *primary):
        for at, index in where[key]:
            if out[at].cells.loc[index, "status"] != "confidential":
                out[at].cells.loc[index, ["status", "flag"]] = [
                    "confidential" if key in primary else "secondary",
                    "",
                ]
    hidden = [t.hidden() for t in out]
    audit = (
        pd.concat(hidden, ignore_index=True)[["table", "row", "column", "kind", "status"]]
        if hidden
        else pd.DataFrame()
    )
    return out, audit


def attack_report(
    tables: Sequence[Table], partitions: Mapping[str, Sequence[Partition]]
) -> list[Key]:
    """The confidential cells that an attacker computes from everything a report publishes: its
    shown cells, every sum among its tables, and that counts are not negative.
    """
    s = system(tables, partitions)
    known = set(s.fixed)
    hidden = [
        k
        for k, places in s.where.items()
        if k not in known
        and all(
            tables[at].cells.loc[index, "status"] in ("confidential", "secondary")
            for at, index in places
        )
    ]
    bounds = attack(s.values, [*hidden, *s.unpublished], s.relations)
    return [k for k in recovered(bounds) if k in set(s.primary)]
