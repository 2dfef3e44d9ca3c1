"""Row matrices kept small: a dense (n, k) array, (C, k) distinct rows with a cell code for each of
n rows, or k columns left where they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

Float = NDArray[np.float64]
Int = NDArray[np.intp]
Bool = NDArray[np.bool_]


_FEW = 4  # columns for which no matrix of members is worth its making
_TOGETHER = 16  # columns summed in one pass over the rows
_TURN = 1024  # rows put into row order at a time, so that they stay in the cache
_CACHED = 16_384  # rows of separate columns laid side by side at a time, for the same reason


def group_sums(x: Float, group: Int, m: int, weight: Float | None = None) -> Float:
    """Sum the rows of x, shape (n, p), times weight (n,), inside each group code 0..m-1. Returns
    (m, p).

    The rows are added in their order, as bincount does, but all columns in one pass: each group's
    sums lie side by side in memory.
    """
    n, p = x.shape
    if n == 0:
        return np.zeros((m, p))
    if p <= _FEW:
        out = np.empty((m, p))
        for j in range(p):
            column = x[:, j] if weight is None else weight * x[:, j]
            out[:, j] = np.bincount(group, weights=column, minlength=m)
        return out
    member = csc_array(
        (np.ones(n) if weight is None else weight, group, np.arange(n + 1)), shape=(m, n)
    )
    if p <= _TOGETHER or x.flags.c_contiguous:
        return np.asarray(member @ in_row_order(x))
    out = np.empty((m, p))
    for j in range(0, p, _TOGETHER):
        out[:, j : j + _TOGETHER] = member @ in_row_order(x[:, j : j + _TOGETHER])
    return out


def in_row_order(x: Float) -> Float:
    """x, shape (n, p), with each row contiguous in memory: itself where it is so already."""
    if x.flags.c_contiguous:
        return x
    out = np.empty(x.shape)
    for i in range(0, x.shape[0], _TURN):
        out[i : i + _TURN] = x[i : i + _TURN]
    return out


@dataclass(frozen=True, slots=True)
class Rows:
    """A matrix of n rows and k columns. values: (n, k) where cell is None, else (C, k); cell: (n,)
    codes 0..C-1.
    """

    values: Float
    cell: Int | None = None

    @classmethod
    def among(cls, values: Float, at: Int | Bool, n: int) -> Rows:
        """n rows: those `at` some places have values (k, q), the others are zero. The codes take the
        fewest bytes that hold them: arithmetic on them needs a wider partner.
        """
        k, q = values.shape
        cell = np.full(n, k, np.min_scalar_type(k))
        cell[at] = np.arange(k)
        return cls(np.vstack([values, np.zeros((1, q))]), cell)

    @property
    def k(self) -> int:
        return int(self.values.shape[1])

    @property
    def n(self) -> int:
        return int(self.values.shape[0] if self.cell is None else self.cell.size)

    def column(self, j: int) -> Float:
        """(n,) column j."""
        return self.values[:, j] if self.cell is None else self.values[:, j][self.cell]

    def dense(self) -> Float:
        """(n, k), formed here and only here."""
        return self.values if self.cell is None else self.values[self.cell]

    def dot(self, coef: Float) -> Float:
        """Rows times coef, shape (k,) or (k, p)."""
        out: Float = self.values @ coef
        return out if self.cell is None else out[self.cell]

    def take(self, index: Int | Bool) -> Rows:
        """The rows at index."""
        return (
            Rows(self.values[index]) if self.cell is None else Rows(self.values, self.cell[index])
        )

    def collapse(self, weight: Float) -> Float:
        """Sum of the weights, shape (n,), over equal rows: (C,), or the weights themselves where
        the rows are dense.
        """
        return (
            weight
            if self.cell is None
            else np.bincount(self.cell, weights=weight, minlength=self.values.shape[0]).astype(
                float, copy=False
            )
        )

    def totals(self, weight: Float) -> Float:
        """X' w, shape (k,)."""
        return self.values.T @ self.collapse(weight)

    def gram(self, weight: Float) -> Float:
        """X' diag(w) X, shape (k, k)."""
        return self.values.T @ (self.values * self.collapse(weight)[:, None])

    def sums(self, weight: Float, group: Int, m: int) -> Float:
        """Weighted sums of the rows in each group code 0..m-1, shape (m, k)."""
        if m == 1:
            return self.totals(weight)[None]
        if self.cell is None:
            return group_sums(self.values, group, m, weight)
        out = np.empty((m, self.k))
        for j in range(0, self.k, _TOGETHER):
            some = np.ascontiguousarray(self.values[:, j : j + _TOGETHER])
            out[:, j : j + _TOGETHER] = group_sums(some.take(self.cell, axis=0), group, m, weight)
        return out


@dataclass(frozen=True, slots=True)
class Columns:
    """A matrix of n rows and k columns left where they stand: nothing is copied, so that an
    estimate that is kept costs no memory of its own.

    arrays : k arrays of n numbers or booleans, as a frame holds them.
    less : (k,) taken off each column, or None.
    inside : (n,) rows that count; the others are zero whatever the arrays hold there; None for all.
    """

    arrays: tuple[NDArray[np.generic], ...]
    less: Float | None = None
    inside: Bool | None = None

    @property
    def k(self) -> int:
        return len(self.arrays)

    @property
    def n(self) -> int:
        return int(self.arrays[0].size)

    @property
    def cell(self) -> None:
        """No distinct rows are known."""
        return None

    @property
    def values(self) -> Float:
        """(n, k), formed here."""
        return self.dense()

    def column(self, j: int) -> Float:
        """(n,) column j."""
        return self._into(j, np.empty(self.n))

    def _into(self, j: int, out: Float) -> Float:
        np.subtract(self.arrays[j], 0.0 if self.less is None else self.less[j], out=out)
        if self.inside is not None:
            np.copyto(out, 0.0, where=~self.inside)
        return out

    def dense(self) -> Float:
        """(n, k), formed here and only here."""
        out = np.empty((self.n, self.k))
        some = np.empty((self.k, min(self.n, _CACHED)))
        for i in range(0, self.n, _CACHED):
            rows = slice(i, i + _CACHED)
            part = self.take(rows)
            block = some[:, : part.n]
            for j in range(self.k):
                part._into(j, block[j])
            out[rows] = block.T
        return out

    def take(self, index: Int | Bool | slice) -> Columns:
        """The rows at index."""
        return Columns(
            tuple(array[index] for array in self.arrays),
            self.less,
            None if self.inside is None else self.inside[index],
        )

    def sums(self, weight: Float, group: Int, m: int) -> Float:
        """Weighted sums of the rows in each group code 0..m-1, shape (m, k)."""
        if m > 1 and self.k > _FEW:
            each = [group_sums(some.dense(), group, m, weight) for some in self._together()]
            return each[0] if len(each) == 1 else np.hstack(each)
        out, some = np.empty((m, self.k), order="F"), np.empty(self.n)
        plain = self.less is None and self.inside is None
        for j, array in enumerate(self.arrays):
            if m > 1 and array.dtype == bool and (self.less is None or not self.less[j]):
                out[:, j] = self._counted(array, weight, group, m)
                continue
            column: NDArray[Any] = array if plain else self._into(j, some)
            if m == 1:
                out[0, j] = weight @ column
                continue
            np.multiply(column, weight, out=some)
            out[:, j] = np.bincount(group, weights=some, minlength=m)
        return in_row_order(out)

    def _together(self) -> Iterator[Columns]:
        """A few columns at a time."""
        for j in range(0, self.k, _TOGETHER):
            some = slice(j, j + _TOGETHER)
            less = None if self.less is None else self.less[some]
            yield Columns(self.arrays[some], less, self.inside)

    def _counted(self, true: NDArray[np.generic], weight: Float, group: Int, m: int) -> Float:
        """Weights (m,) of the rows that are true, in each group: the others are not looked at."""
        member = true if self.inside is None else np.logical_and(true, self.inside)
        if not member.all():
            rows = np.flatnonzero(member)
            weight, group = weight[rows], group[rows]
        return np.bincount(group, weights=weight, minlength=m).astype(float, copy=False)


def cells(codes: list[Int], sizes: list[int]) -> tuple[Int, Int]:
    """Distinct combinations of several codes. Returns the combination of each cell, shape (C,
    len(codes)), and the cell of each row, shape (n,).
    """
    joint = codes[0].astype(np.intp)
    space = int(sizes[0])
    folded = False
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        if (
            space * size >= 2**62
        ):  # more combinations than a number can tell apart: count those that occur
            joint = np.unique(joint, return_inverse=True)[1].astype(np.intp)
            folded = True
            space = int(joint.max(initial=0)) + 1
        joint *= size
        joint += code
        space *= int(size)
    if space <= max(4 * joint.size, 1_000_000):
        present = np.flatnonzero(np.bincount(joint, minlength=space))
        lookup = np.zeros(space, np.intp)
        lookup[present] = np.arange(present.size)
        cell = lookup[joint]
    else:
        present, cell = np.unique(joint, return_inverse=True)
    combination = np.empty((present.size, len(codes)), np.intp)
    if folded:
        for j, code in enumerate(codes):
            combination[cell, j] = code
        return combination, cell.astype(np.intp)
    rest = present
    for j in range(len(codes) - 1, -1, -1):
        combination[:, j] = rest % sizes[j]
        rest = rest // sizes[j]
    return combination, cell.astype(np.intp)
