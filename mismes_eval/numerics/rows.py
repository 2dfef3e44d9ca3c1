"""Row matrices kept small: a dense (n, k) array, or (C, k) distinct rows with a cell code for each of n rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.intp]
Bool = NDArray[np.bool_]


def group_sums(x: Float, group: Int, m: int) -> Float:
    """Sum the rows of x, shape (n, p), inside each group code 0..m-1. Returns (m, p)."""
    out = np.empty((m, x.shape[1]), order="F")
    for j in range(x.shape[1]):
        out[:, j] = np.bincount(group, weights=x[:, j], minlength=m)
    return out


@dataclass(frozen=True, slots=True)
class Rows:
    """A matrix of n rows and k columns. values: (n, k) where cell is None, else (C, k); cell: (n,) codes 0..C-1."""

    values: Float
    cell: Int | None = None

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
        return Rows(self.values[index]) if self.cell is None else Rows(self.values, self.cell[index])

    def collapse(self, weight: Float) -> Float:
        """Sum of the weights, shape (n,), over equal rows: (C,), or the weights themselves where the rows are dense."""
        return weight if self.cell is None else np.bincount(self.cell, weights=weight, minlength=self.values.shape[0]).astype(float, copy=False)

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
        out = np.empty((m, self.k))
        for j in range(self.k):
            out[:, j] = np.bincount(group, weights=weight * self.column(j), minlength=m)
        return out


def cells(codes: list[Int], sizes: list[int]) -> tuple[Int, Int]:
    """Distinct combinations of several codes. Returns the combination of each cell, shape (C, len(codes)), and the cell of each row, shape (n,)."""
    joint = np.zeros(codes[0].size, np.intp)
    for code, size in zip(codes, sizes, strict=True):
        joint = joint * size + code
    space = int(np.prod([float(s) for s in sizes])) if np.prod([float(s) for s in sizes]) < 2**62 else 2**62
    if space <= max(4 * joint.size, 1_000_000):
        present = np.flatnonzero(np.bincount(joint, minlength=space))
        lookup = np.zeros(space, np.intp)
        lookup[present] = np.arange(present.size)
        cell = lookup[joint]
    else:
        present, cell = np.unique(joint, return_inverse=True)
    combination = np.empty((present.size, len(codes)), np.intp)
    rest = present
    for j in range(len(codes) - 1, -1, -1):
        combination[:, j] = rest % sizes[j]
        rest = rest // sizes[j]
    return combination, cell.astype(np.intp)
