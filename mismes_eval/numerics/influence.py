"""Influence columns that are formed only when asked for.

An influence matrix z, shape (n, p), is a sum of blocks `scale_i * (onehot(domain_i) kron rows_i) @
coef`. Ten means in twenty domains are one block with eleven columns instead of 200 dense ones; a
weight step adds a block. Sums over PSUs and cross-products never form the n x p matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from mismes_eval.numerics.rows import Bool, Columns, Float, Int, Rows

_TOGETHER = 32  # columns of which it is asked at once where rows stand
_FIRST = 1000  # rows in which all kinds of rows are looked for first
_BINS = 4_000_000  # (left cell x domain) tables up to this size are summed by one pass a column


@dataclass(frozen=True)
class Block:
    """rows (n, k); domain (n,) codes 0..D-1, or D for rows in no domain, or None (one domain, all
    rows); coef (D*k, p); scale (n,) or None for ones.

    formed : (weight, group, sums) of one call of basis_sums that was made already; used again only
        for the very same arrays.
    """

    rows: Rows | Columns
    coef: Float
    domain: Int | None = None
    scale: Float | None = None
    formed: tuple[Float, Int, Float] | None = None

    @property
    def domains(self) -> int:
        return int(self.coef.shape[0] // self.rows.k)

    def _weight(self, weight: Float) -> Float:
        return weight if self.scale is None else weight * self.scale

    def basis_sums(self, weight: Float, group: Int, m: int) -> Float:
        """Weighted sums of the extended rows in each group, shape (m, D*k)."""
        if self.formed is not None and self.formed[0] is weight and self.formed[1] is group:
            return self.formed[2]
        w, d, k = self._weight(weight), self.domains, self.rows.k
        if self.domain is None:
            return self.rows.sums(w, group, m)
        width = max(d, int(self.domain.max()) + 1) if self.domain.size else d
        joint = group * np.intp(width) + self.domain
        table = self.rows.sums(w, joint, m * width).reshape(m, width, k)[:, :d, :]
        return table.reshape(m, d * k)

    def sums(self, weight: Float, group: Int, m: int) -> Float:
        """Weighted sums of the block in each group, shape (m, p)."""
        return _times(self.basis_sums(weight, group, m), self.coef, self.domains)

    def basis_cross(self, left: Rows, weight: Float) -> Float:
        """left' diag(weight) times the extended rows, shape (q, D*k)."""
        d, k = self.domains, self.rows.k
        if left.cell is not None and left.values.shape[0] * (d + 1) <= _BINS:
            return left.values.T @ self.basis_sums(weight, left.cell, left.values.shape[0])
        x = left.dense()
        w = self._weight(weight)
        weighted = self.rows.dense() * w[:, None]
        if self.domain is None:
            return x.T @ weighted
        out = np.empty((x.shape[1], d, k))
        order = np.argsort(self.domain, kind="stable")
        ends = np.cumsum(np.bincount(self.domain, minlength=d + 1))
        for j in range(d):
            index = order[ends[j - 1] if j else 0 : ends[j]]
            out[:, j, :] = x[index].T @ weighted[index]
        return out.reshape(x.shape[1], d * k)

    def take(self, index: Int | Bool) -> Block:
        """The rows at index."""
        return Block(
            self.rows.take(index),
            self.coef,
            None if self.domain is None else self.domain[index],
            None if self.scale is None else self.scale[index],
        )

    def extended(self) -> Float:
        """scale * (onehot(domain) kron rows), shape (n, D*k)."""
        rows = self.rows.dense() if self.scale is None else self.rows.dense() * self.scale[:, None]
        if self.domain is None:
            return rows
        d, k = self.domains, self.rows.k
        if d == 1 and not self.domain.any():
            return rows
        out = np.zeros((rows.shape[0], d + 1, k))
        out[np.arange(rows.shape[0]), self.domain, :] = rows
        return out[:, :d, :].reshape(rows.shape[0], d * k)

    def standing(self, columns: Bool) -> Bool:
        """(n,) the rows that stand in any of the columns (p,): all rows of a domain that carries
        one, else those whose values are not all zero.
        """
        if self.domain is None:
            code, kinds = self._kinds
            some: Bool = np.asarray(kinds[:, columns].any(axis=1))[code]
            out: Bool = some if self.rows.cell is None else some[self.rows.cell]
        else:
            carries: Bool = np.append(
                (self.coef[:, columns] != 0).reshape(self.domains, -1).any(axis=1), False
            )
            out = carries[np.minimum(self.domain, self.domains)]
        return out if self.scale is None else out & (self.scale != 0)

    @cached_property
    def _kinds(self) -> tuple[Int, Bool]:
        """(distinct rows,) the kind of each row, and (kinds, p) where rows of a kind stand in a
        column: few kinds, asked for again and again by averages of the same effects.
        """
        code = np.zeros(self.rows.values.shape[0], int)
        kinds = np.zeros((1, 0), bool)
        alone = _is_identity(self.coef)
        for at in range(0, self.coef.shape[1], _TOGETHER):
            some = slice(at, at + _TOGETHER)
            stands = (
                self.rows.values[:, some] if alone else self.rows.values @ self.coef[:, some]
            ) != 0
            wide = np.zeros((len(code), _TOGETHER // 8), np.uint8)
            bits = np.packbits(stands, axis=1)
            wide[:, : bits.shape[1]] = bits
            like, now = _distinct(code * 2**_TOGETHER + wide.view(np.uint32)[:, 0])
            one = np.empty(like.size, int)
            one[now] = np.arange(now.size)
            kinds = np.hstack([kinds[code[one]], stands[one]])
            code = now
        return code, kinds

    def dense(self) -> Float:
        """(n, p)."""
        rows = self.rows.dense() if self.scale is None else self.rows.dense() * self.scale[:, None]
        if self.domain is None:
            return rows @ self.coef
        d, k = self.domains, self.rows.k
        coef = np.concatenate([self.coef, np.zeros((k, self.coef.shape[1]))]).reshape(d + 1, k, -1)
        out = np.zeros((rows.shape[0], self.coef.shape[1]))
        for j in range(k):
            out += rows[:, j, None] * coef[self.domain, j, :]
        return out


@dataclass(frozen=True, slots=True)
class Influence:
    """z, shape (n, p), as blocks."""

    blocks: tuple[Block, ...]
    n: int

    @classmethod
    def of(cls, z: Float) -> Influence:
        """From a dense array, shape (n,) or (n, p)."""
        z = np.atleast_2d(np.asarray(z, float).T).T
        return cls((Block(Rows(z), np.eye(z.shape[1])),), z.shape[0])

    @property
    def p(self) -> int:
        return int(self.blocks[0].coef.shape[1])

    def sums(self, weight: Float, group: Int, m: int) -> Float:
        """Weighted sums of z in each group code 0..m-1, shape (m, p)."""
        first = self.blocks[0].sums(weight, group, m)
        if len(self.blocks) == 1:
            return first
        out = first.copy()
        for block in self.blocks[1:]:
            out += block.sums(weight, group, m)
        return out

    def cross(self, left: Rows, weight: Float) -> Float:
        """left' diag(weight) z, shape (q, p)."""
        out = np.zeros((left.k, self.p))
        for block in self.blocks:
            out += block.basis_cross(left, weight) @ block.coef
        return out

    def scaled(self, factor: Float) -> Influence:
        """Each row times factor, shape (n,)."""
        return Influence(
            tuple(
                replace(
                    block,
                    scale=factor if block.scale is None else block.scale * factor,
                    formed=None,
                )
                for block in self.blocks
            ),
            self.n,
        )

    def plus(self, rows: Rows, coef: Float, scale: Float | None = None) -> Influence:
        """z + scale * rows @ coef; rows (n, q), coef (q, p)."""
        return Influence((*self.blocks, Block(rows, coef, None, scale)), self.n)

    def linear(self, j: Float) -> Influence:
        """z @ j.T for j, shape (k, p)."""
        return Influence(
            tuple(replace(block, coef=block.coef @ j.T) for block in self.blocks), self.n
        )

    def standing(self, columns: Bool) -> Bool:
        """(n,) the rows that stand in any of the columns (p,)."""
        out = self.blocks[0].standing(columns)
        for block in self.blocks[1:]:
            out = out | block.standing(columns)
        return out

    def take(self, index: Int | Bool) -> Influence:
        """The rows at index."""
        blocks = tuple(block.take(index) for block in self.blocks)
        return Influence(blocks, blocks[0].rows.n)

    def dense(self) -> Float:
        """(n, p)."""
        out = np.zeros((self.n, self.p))
        for block in self.blocks:
            out += block.dense()
        return out


def _distinct(code: Int) -> tuple[Int, Int]:
    """Different codes, and which of them each is: those of the first rows are mostly all."""
    like = np.unique(code[:_FIRST])
    place = np.minimum(np.searchsorted(like, code), like.size - 1)
    if (like[place] == code).all():
        return like, place
    return np.unique(code, return_inverse=True)


def _is_identity(coef: Float) -> bool:
    return coef.shape[0] == coef.shape[1] and np.array_equal(coef, np.eye(coef.shape[0]))


def _times(s: Float, coef: Float, domains: int) -> Float:
    """s (m, D*k) @ coef (D*k, p), domain by domain where no value of one domain depends on
    another's totals.
    """
    if _is_identity(coef):
        return s
    d, (dk, p) = domains, coef.shape
    if d > 1 and p % d == 0:
        own = coef.reshape(d, dk // d, d, p // d)[np.arange(d), :, np.arange(d), :]
        if np.count_nonzero(own) == np.count_nonzero(coef):
            if own.shape[1:] == (1, 1):
                return s * own.ravel()
            m = s.shape[0]
            out = np.empty((m, d, p // d))
            np.matmul(s.reshape(m, d, dk // d).transpose(1, 0, 2), own, out=out.transpose(1, 0, 2))
            return out.reshape(m, p)
    if coef.size > 10_000 and np.count_nonzero(coef) < coef.size // 10:
        return np.asarray((csr_matrix(coef.T) @ s.T).T)
    return s @ coef


def side_by_side(parts: Sequence[Influence]) -> Influence:
    """Columns of several influence matrices on the same n rows, joined."""
    p = sum(part.p for part in parts)
    blocks = []
    at = 0
    for part in parts:
        pad = np.zeros((part.p, p))
        pad[:, at : at + part.p] = np.eye(part.p)
        blocks += [replace(block, coef=block.coef @ pad) for block in part.blocks]
        at += part.p
    return Influence(tuple(blocks), parts[0].n)


def one_above_other(parts: Sequence[Influence]) -> Influence:
    """Rows of several influence matrices with the same p columns, stacked: part j holds rows of its
    own and zero elsewhere.
    """
    n = sum(part.n for part in parts)
    at = 0
    blocks = []
    for part in parts:
        inside = np.zeros(n)
        inside[at : at + part.n] = 1.0
        for block in part.blocks:
            before = at
            after = n - at - part.n
            cell = block.rows.cell
            values = (
                block.rows.values
                if cell is not None
                else np.pad(block.rows.values, ((before, after), (0, 0)))
            )
            rows = Rows(values, None if cell is None else np.pad(cell, (before, after)))
            scale = inside if block.scale is None else np.pad(block.scale, (before, after))
            domain = (
                None
                if block.domain is None
                else np.pad(block.domain, (before, after), constant_values=block.domains)
            )
            blocks.append(Block(rows, block.coef, domain, scale))
        at += part.n
    return Influence(tuple(blocks), n)
