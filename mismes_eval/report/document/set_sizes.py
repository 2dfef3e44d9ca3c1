"""Which numbers of persons agree with what is printed: the sizes of sets as sums of kinds of people.

One person in the place of another shows that a size is not known, without a linear programme; where
no such pair is hidden, two programmes find the fewest and the most persons, and one the cheapest
way to make room (Kelly, Golden and Assad 1992).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, eye, hstack, vstack

from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.report.document.cells import Persons

MOVED = 1e-7


@dataclass(frozen=True)
class Counts:
    """Sets of one population as sums of kinds of people: persons who are in the same sets. Nobody
    knows how many there are of a kind; the sizes of the sets are what is printed or hidden.
    """

    sets: tuple[Persons, ...]
    least: int

    @cached_property
    def size(self) -> Float:
        """(sets,) persons."""
        return np.array([float(persons.n) for persons in self.sets])

    @cached_property
    def _kinds(self) -> tuple[csr_matrix, Float]:
        member = np.array([persons.rows for persons in self.sets])
        member = member[:, member.any(axis=0)]
        packed = np.packbits(member, axis=0).T
        _, first, number = np.unique(packed, axis=0, return_index=True, return_counts=True)
        return csr_matrix(member[:, first].astype(float)), number.astype(float)

    @property
    def matrix(self) -> csr_matrix:
        """(sets, kinds) which kinds a set is made of."""
        return self._kinds[0]

    @property
    def persons(self) -> Float:
        """(kinds,) persons of each kind."""
        return self._kinds[1]

    def limits(self) -> tuple[Float, Float]:
        """(sets,) fewest and most persons that an attacker thinks of in each hidden set."""
        few = self.size < self.least
        return np.where(few, 1.0, float(self.least)), np.where(few, self.least - 1.0, np.inf)

    def swap(self, hidden: Bool, target: int, move: float, held: Bool | None = None) -> bool:
        """Whether one person of a kind in the target more (move 1) or fewer (-1), in the place of
        one of a kind outside it or of nobody, changes no set but hidden ones that are not held, and
        these within the limits.
        """
        low, high = self.limits()
        open_ = hidden if held is None else hidden & ~held
        along = open_ & (self.size + move >= low) & (self.size + move <= high)
        against = open_ & (self.size - move >= low) & (self.size - move <= high)
        up = self.matrix[~along]  # the sets that a person more, or one fewer, must not change
        down = self.matrix[~against]
        inside = self.matrix[[target]].indices
        alone = np.asarray(up[:, inside].sum(axis=0)).ravel()
        instead = np.asarray(down.sum(axis=0)).ravel() + alone[:, None]
        instead -= (up[:, inside].T @ up + down[:, inside].T @ down).toarray()
        instead[:, inside] = 1.0
        return bool(along[target] and (not alone.all() or not instead.all()))

    def cheapest_move(
        self, hidden: Bool, target: int, move: float, cost: Float, held: Bool
    ) -> Bool | None:
        """(sets,) the open sets that change where the target changes by `move`, at the least cost;
        None where it cannot change.

        hidden : sets that nobody knows; they stay within the limits.
        held : sets that must not change.
        """
        if self.swap(hidden, target, move, held):
            return np.zeros(len(self.sets), bool)
        a = self.matrix
        p = self.matrix.shape[1]
        free = np.flatnonzero(~hidden & ~held)
        still = np.flatnonzero(held)
        both = hstack([a, -a]).tocsr()
        width = free.size
        low, high = self.limits()
        equal = vstack([both[[target]], both[still]])
        equal = hstack([equal, csr_matrix((1 + still.size, width))])
        right = np.concatenate([[move], np.zeros(still.size)])
        up = hstack([both[free], -eye(width)])
        down = hstack([-both[free], -eye(width)])
        bounded = np.flatnonzero(~held)
        least = hstack([-both[bounded], csr_matrix((bounded.size, width))])
        closed = np.flatnonzero(hidden & np.isfinite(high))
        most = hstack([both[closed], csr_matrix((closed.size, width))])
        limit = np.concatenate(
            [
                np.zeros(2 * width),
                self.size[bounded] - low[bounded],
                high[closed] - self.size[closed],
            ]
        )
        answer = linprog(
            np.concatenate([np.full(2 * p, 1e-6), cost[free]]),
            A_ub=vstack([up, down, least, most]).tocsr(),
            b_ub=limit,
            A_eq=equal.tocsr(),
            b_eq=right,
            bounds=[(0, None)] * p
            + [(0, float(count)) for count in self.persons]
            + [(0, None)] * width,
            method="highs",
        )
        if answer.status != 0:
            return None
        change = a @ (answer.x[:p] - answer.x[p : 2 * p])
        return np.asarray((np.abs(change) > MOVED) & ~hidden)

    def interval(self, hidden: Bool, target: int) -> tuple[float, float]:
        """The fewest and most persons in the target that agree with everything that is printed."""
        a = self.matrix
        shut = np.flatnonzero(hidden)
        open_ = np.flatnonzero(~hidden)
        low, high = self.limits()
        finite = shut[np.isfinite(high[shut])]
        bounds = []
        for sign in (1.0, -1.0):
            answer = linprog(
                sign * a[[target]].toarray().ravel(),
                A_ub=vstack([-a[shut], a[finite]]).tocsr(),
                b_ub=np.concatenate([-low[shut], high[finite]]),
                A_eq=a[open_] if open_.size else None,
                b_eq=self.size[open_] if open_.size else None,
                bounds=(0, None),
                method="highs",
            )
            bounds.append(float(sign * answer.fun) if answer.status == 0 else float("nan"))
        return bounds[0], bounds[1]
