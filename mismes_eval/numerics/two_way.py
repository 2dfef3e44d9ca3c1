"""Regression with unit and period effects and sets of indicators (event times, cohorts by event
time), without a matrix of rows by columns.

Units are swept out exactly, in unbalanced and weighted data too: the normal equations need only
each column's weighted sums inside units, a table (m, K).
Periods are columns like the others and are then partialled out of the normal equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mismes_eval.numerics.influence import Block
from mismes_eval.numerics.rows import Float, Int, Rows


@dataclass(frozen=True, slots=True)
class Columns:
    """Regressors of n rows. dense (n, q) come first; sets: (code (n,), size): one indicator a code
    0..size-1, none for code = size. K = q + sum of sizes.
    """

    dense: Float
    sets: tuple[tuple[Int, int], ...]

    @property
    def k(self) -> int:
        return int(self.dense.shape[1]) + sum(size for _, size in self.sets)

    @property
    def spans(self) -> list[slice]:
        """Columns of each set."""
        at = self.dense.shape[1]
        out = []
        for _, size in self.sets:
            out.append(slice(at, at + size))
            at += size
        return out

    def inside(self, weight: Float, unit: Int, m: int) -> Float:
        """Weighted sums of each column inside units, (m, K)."""
        parts = [
            np.bincount(unit, weights=weight * column, minlength=m)[:, None]
            for column in self.dense.T
        ]
        parts += [
            np.bincount(unit * (size + 1) + code, weights=weight, minlength=m * (size + 1)).reshape(
                m, size + 1
            )[:, :size]
            for code, size in self.sets
        ]
        return np.concatenate(parts, axis=1)

    def totals(self, weight: Float) -> Float:
        """Weighted sums of each column, (K,)."""
        parts = [
            weight @ self.dense,
            *(
                np.bincount(code, weights=weight, minlength=size + 1)[:size]
                for code, size in self.sets
            ),
        ]
        return np.concatenate(parts)

    def gram(self, weight: Float) -> Float:
        """R' diag(weight) R, (K, K)."""
        out = np.zeros((self.k, self.k))
        q = self.dense.shape[1]
        out[:q, :q] = self.dense.T @ (self.dense * weight[:, None])
        for i, ((code, size), mine) in enumerate(zip(self.sets, self.spans, strict=True)):
            out[mine, mine] = np.diag(np.bincount(code, weights=weight, minlength=size + 1)[:size])
            for c in range(q):
                out[mine, c] = out[c, mine] = np.bincount(
                    code, weights=weight * self.dense[:, c], minlength=size + 1
                )[:size]
            for (other, width), theirs in zip(self.sets[:i], self.spans[:i], strict=True):
                both = np.bincount(
                    code * (width + 1) + other, weights=weight, minlength=(size + 1) * (width + 1)
                ).reshape(size + 1, width + 1)[:size, :width]
                out[mine, theirs], out[theirs, mine] = both, both.T
        return out

    def times(self, b: Float) -> Float:
        """R b for b (K,), (n,)."""
        q = self.dense.shape[1]
        out: Float = self.dense @ b[:q] if q else np.zeros(self.dense.shape[0])
        for (code, _), span in zip(self.sets, self.spans, strict=True):
            out += np.append(b[span], 0.0)[code]
        return out


@dataclass(frozen=True, slots=True)
class Within:
    """Units swept out of columns whose last `periods` are the period effects; p = K - periods
    columns are reported.

    unit (n,) codes 0..m-1; weight (n,) of 0 or more; size (m,) weight of units; means (m, K) of the
    columns inside units; gram (K, K) within units; whole (K,) weighted sums of squares before; left
    (p, p) gram of the reported columns with units and periods taken out.
    """

    columns: Columns
    unit: Int
    weight: Float
    size: Float
    means: Float
    gram: Float
    whole: Float
    periods: int

    @property
    def p(self) -> int:
        return self.columns.k - self.periods

    def _period_part(self) -> Float:
        """(periods, p): what the periods explain of the reported columns."""
        out: Float = (
            np.linalg.pinv(self.gram[self.p :, self.p :], rcond=1e-12, hermitian=True)
            @ self.gram[self.p :, : self.p]
        )
        return out

    def left(self) -> Float:
        """(p, p)."""
        out: Float = (
            self.gram[: self.p, : self.p] - self.gram[: self.p, self.p :] @ self._period_part()
        )
        return (out + out.T) / 2

    def coefficients(self, bread: Float) -> Float:
        """(K, p) that turns residual times swept row into influence; bread (p, p) = inverse of
        `left`.
        """
        return np.concatenate([bread, -self._period_part() @ bread])

    def unit_mean(self, v: Float) -> Float:
        """(m,) weighted mean of v (n,) inside units; 0 where a unit has no weight."""
        sums = np.bincount(self.unit, weights=self.weight * v, minlength=self.size.size)
        out: Float = np.divide(sums, self.size, out=np.zeros(self.size.size), where=self.size > 0)
        return out

    def fit(self, y: Float, bread: Float) -> tuple[Float, Float]:
        """Reported coefficients (p,) and residuals (n,) of y (n,), once refined."""
        p = self.p
        beta = np.zeros(self.columns.k)
        part, periods = (
            self._period_part(),
            np.linalg.pinv(self.gram[self.p :, self.p :], rcond=1e-12, hermitian=True),
        )
        target = y - self.unit_mean(y)[self.unit]
        residual = target
        for _ in range(2):
            right = self.columns.totals(self.weight * residual)
            move = bread @ (right[:p] - part.T @ right[p:])
            beta = beta + np.concatenate([move, periods @ (right[p:] - self.gram[p:, :p] @ move)])
            residual = target - self.columns.times(beta) + (self.means @ beta)[self.unit]
        return beta[:p], residual

    def blocks(self, residual: Float, coef: Float) -> tuple[Block, ...]:
        """Influence residual * (row - unit mean) @ coef for coef (K, j), on the weights of the
        rows. The last block sums to zero inside units.
        """
        q = self.columns.dense.shape[1]
        out = [
            Block(Rows(residual[:, None]), coef[span], code)
            for (code, _), span in zip(self.columns.sets, self.columns.spans, strict=True)
        ]
        if q:
            out.append(Block(Rows(self.columns.dense), coef[:q], None, residual))
        return (*out, Block(Rows(self.means, self.unit), -coef, None, residual))


def within(weight: Float, unit: Int, m: int, columns: Columns) -> Within:
    """Sweep units out. weight (n,) of 0 or more; the last set of columns holds the periods."""
    size = np.bincount(unit, weights=weight, minlength=m).astype(float)
    sums = columns.inside(weight, unit, m)
    means = np.divide(sums, size[:, None], out=np.zeros_like(sums), where=size[:, None] > 0)
    whole = columns.gram(weight)
    return Within(
        columns=columns,
        unit=unit,
        weight=weight,
        size=size,
        means=means,
        gram=whole - means.T @ sums,
        whole=np.diag(whole),
        periods=columns.sets[-1][1],
    )


def codes(label: Float, levels: Sequence[float] | Float) -> Int:
    """(n,) position of each label among the levels, their number where it is none of them."""
    wanted = np.asarray(levels, float)
    order = np.argsort(wanted)
    at = np.minimum(np.searchsorted(wanted[order], label), wanted.size - 1)
    found = wanted[order][at] == label if wanted.size else np.zeros(label.size, bool)
    return np.where(found, order[at] if wanted.size else 0, wanted.size).astype(np.intp)
