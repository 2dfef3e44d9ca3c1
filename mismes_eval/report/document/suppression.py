"""Sums of amounts: which of them must be hidden so that no small one can be computed from what is
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
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, csr_matrix

from mismes_eval.errors import DisclosureError, Problem, worded
from mismes_eval.numerics.rows import Float

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

    values : count of every cell (0 or more).
    primary : cells too small to publish.
    relations : everything that adds up.
    fixed : cells that stay published (a total that stands elsewhere).
    unpublished : cells that no table shows, so that nobody knows them anyway.

    Raises
    ------
    DisclosureError : a primary cell is fixed by its relations even when all its neighbours are
        hidden (a total with a single part).
    """
    position, matrix = _system(values, relations)
    keys = list(position)
    value = np.array(list(values.values()), float)
    hidden = np.zeros(len(keys), bool)
    hidden[[position[key] for key in (*primary, *unpublished)]] = True
    held = np.zeros(len(keys), bool)
    held[[position[key] for key in fixed]] = True
    cost = np.log1p(value) + 1.0
    for key in primary:
        for move in (width, -min(width, value[position[key]])):
            if move == 0:
                continue
            delta = _cheapest_move(
                matrix, value, position[key], move, np.where(hidden, 0.0, cost), held
            )
            if delta is None:
                raise DisclosureError(
                    Problem(
                        what="a small cell cannot be protected",
                        where=worded("cell {key}", {"key": repr(key)}),
                        expected="a neighbour to hide with it",
                        got=worded("its total has no other part"),
                        fix="Drop the row or merge it with another.",
                    )
                )
            hidden |= np.abs(delta) > 1e-7
    given, nowhere = set(primary), set(unpublished)
    secondary = tuple(key for key in keys if hidden[position[key]] and key not in given | nowhere)
    known = attack(values, [key for key in keys if hidden[position[key]]], relations)
    return Protection(secondary, {key: value for key, value in known.items() if key not in nowhere})


def attack(
    values: Mapping[Key, float], hidden: Sequence[Key], relations: Sequence[Relation]
) -> dict[Key, tuple[float, float]]:
    """The interval that the published cells, the relations and non-negativity leave for each hidden
    cell (two linear programmes a cell).
    """
    position, matrix = _system(values, relations)
    value = np.array(list(values.values()), float)
    open_ = np.array([position[key] for key in hidden], int)
    if not open_.size:
        return {}
    left = matrix[:, open_]
    right = matrix[:, open_] @ value[open_]
    out = {}
    for j, key in enumerate(hidden):
        bound = []
        for sign in (1.0, -1.0):
            objective = np.zeros(open_.size)
            objective[j] = sign
            answer = linprog(objective, A_eq=left, b_eq=right, bounds=(0, None), method="highs")
            ends = {0: sign * (answer.fun or 0.0), 3: -sign * np.inf}
            bound.append(ends.get(answer.status, value[open_[j]]))
        out[key] = (float(bound[0]), float(bound[1]))
    return out


def recovered(intervals: Mapping[Key, tuple[float, float]], tolerance: float = 0.5) -> list[Key]:
    """Hidden cells whose interval is narrower than the tolerance: an attacker knows them."""
    return [key for key, (low, high) in intervals.items() if high - low < tolerance]


def _system(
    values: Mapping[Key, float], relations: Sequence[Relation]
) -> tuple[dict[Key, int], csr_matrix]:
    position = {key: i for i, key in enumerate(values)}
    unknown = [
        key
        for relation in relations
        for key in (relation.total, *relation.parts)
        if key not in position
    ]
    if unknown:
        raise DisclosureError(
            Problem("a relation names an unknown cell", repr(unknown[0]), "cells with a value")
        )
    row, column, entry = [], [], []
    for i, relation in enumerate(relations):
        row += [i] * (len(relation.parts) + 1)
        column += [position[relation.total], *(position[p] for p in relation.parts)]
        entry += [-1.0] + [1.0] * len(relation.parts)
    shape = (len(relations), len(position))
    return position, coo_matrix((entry, (row, column)), shape=shape).tocsr()


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
    up: list[tuple[float, float | None]] = [(0.0, 0.0 if fixed else None) for fixed in held]
    down: list[tuple[float, float | None]] = [
        (0.0, 0.0 if fixed else float(number)) for number, fixed in zip(value, held, strict=True)
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
