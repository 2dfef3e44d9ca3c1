"""The averages that estimates are made of: who has which share in them, and so how many units and
degrees of freedom stand behind each value (see `effective_df`).

Shares are kept as blocks of rows like influence columns, and summed over the units of a design only
when somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from mismes_eval.numerics.effective_df import Clusters, degrees, effective_count, spread
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Bool, Columns, Float, Int, Rows, group_sums

_TOGETHER = 16  # values looked at in one pass over the rows
_PAIRED = 64  # averages that are all compared with each other at once
_NEGLIGIBLE = 0.05  # share in the variance of an estimate below which an average decides nothing


@dataclass(frozen=True, slots=True)
class Shares:
    """Averages with known shares: w * of (n, g) are the shares of the rows in g lists, each column
    summing to 1 (or to the weight that it has in the estimate).

    coef : (p, a) how often each value takes each of a averages.
    column : (a,) whose shares each has: averages of different variables over the same rows share a
        column.
    centred : False for totals, whose units do not lose the mean.
    """

    of: Influence
    coef: Float
    column: Int
    centred: bool = True

    @property
    def p(self) -> int:
        return int(self.coef.shape[0])

    def scaled(self, factor: Float) -> Shares:
        """The same on weights that are this factor (n,) smaller."""
        return replace(self, of=self.of.scaled(factor))

    def linear(self, j: Float) -> Shares:
        """The averages of j @ values."""
        return replace(self, coef=j @ self.coef)

    def table(self, weight: Float, unit: Int, units: int) -> tuple[Float, Float]:
        """Shares of the units (units, g) and squared coefficients (p, g)."""
        squares = group_sums(np.ascontiguousarray((self.coef**2).T), self.column, self.of.p).T
        size = weight if weight.min(initial=0.0) >= 0 else np.abs(weight)
        return np.abs(self.of.sums(size, unit, units)), squares


@dataclass(frozen=True, slots=True)
class _OfInfluence:
    """Averages that the influence columns of p values themselves tell."""

    of: Influence

    @property
    def p(self) -> int:
        return self.of.p

    def scaled(self, factor: Float) -> Self:
        """The same on weights that are this factor (n,) smaller."""
        return replace(self, of=self.of.scaled(factor))

    def linear(self, j: Float) -> Self:
        """The averages of j @ values."""
        return replace(self, of=self.of.linear(j))


@dataclass(frozen=True, slots=True)
class SignedRows(_OfInfluence):
    """A value sum w a v of rows a (n, p): the average over the rows with positive a against that
    over the rows with negative a. So a coefficient of a dummy is a difference of two means.
    """

    centred: bool = True

    def table(self, weight: Float, unit: Int, units: int) -> tuple[Float, Float]:
        """Shares of the units (units, 2p) and squared coefficients (p, 2p)."""
        a = self.of.dense() * weight[:, None]
        above, below = np.maximum(a, 0.0), np.maximum(-a, 0.0)
        both = np.hstack([group_sums(above, unit, units), group_sums(below, unit, units)])
        return both, np.hstack([np.eye(self.p), np.eye(self.p)])


@dataclass(frozen=True, slots=True)
class AbsoluteInfluence(_OfInfluence):
    """Where no average is at hand: the shares of the absolute influence (n, p), of all rows or of
    those of each arm.

    arm : (n,) codes 0..arms-1, rows outside them carry no influence; None for one arm.
    """

    arm: Int | None = None
    centred: bool = True

    def table(self, weight: Float, unit: Int, units: int) -> tuple[Float, Float]:
        """Shares of the units (units, arms * p) and squared coefficients (p, arms * p)."""
        size = np.abs(self.of.dense() * weight[:, None])
        if self.arm is None:
            return group_sums(size, unit, units), np.eye(self.p)
        arms = int(self.arm.max()) + 1
        sums = group_sums(size, self.arm * units + unit, arms * units)
        table = sums.reshape(arms, units, self.p).transpose(1, 0, 2).reshape(units, -1)
        return table, np.tile(np.eye(self.p), (1, arms))


Source = Shares | SignedRows | AbsoluteInfluence


@dataclass(frozen=True, slots=True)
class Averages:
    """The averages of p values, from one or several sources."""

    sources: tuple[Source, ...]

    @property
    def p(self) -> int:
        return self.sources[0].p

    def linear(self, j: Float) -> Averages:
        """The averages of j @ values."""
        return Averages(tuple(source.linear(j) for source in self.sources))

    def scaled(self, factor: Float) -> Averages:
        """The same on weights that are this factor (n,) smaller."""
        return Averages(tuple(source.scaled(factor) for source in self.sources))

    def behind(self, weight: Float, unit: Int, clusters: Clusters) -> tuple[Float, Float]:
        """Effective degrees of freedom (p,), and the effective number of units (p,) in the average
        that has fewest. weight (n,), unit (n,) code of each row among the clusters.
        """
        if all(isinstance(source, Shares) for source in self.sources):
            return self._behind(weight, unit, clusters)
        df, fewest = np.empty(self.p), np.empty(self.p)
        for start in range(0, self.p, _TOGETHER):
            index = np.arange(start, min(start + _TOGETHER, self.p))
            some = self.linear(np.eye(self.p)[index])
            df[index], fewest[index] = some._behind(weight, unit, clusters)
        return df, fewest

    def _behind(self, weight: Float, unit: Int, clusters: Clusters) -> tuple[Float, Float]:
        tables, squares, centred = [], [], []
        for source in self.sources:
            table, square = source.table(weight, unit, clusters.count)
            tables.append(table)
            squares.append(square)
            centred.append(np.full(table.shape[1], source.centred))
        table = tables[0] if len(tables) == 1 else np.hstack(tables)
        return _of_values(table, np.hstack(squares), np.concatenate(centred), clusters)


def _of_values(
    table: Float, squares: Float, centred: Bool, clusters: Clusters
) -> tuple[Float, Float]:
    """`Averages.behind` of shares (m, g) and squared coefficients (p, g)."""
    total = table.sum(axis=0)
    used = (squares > 0).any(axis=0) & (total > 0)
    if not used.all():  # picking columns costs a copy
        table, squares = table[:, used], squares[:, used]
        centred, total = centred[used], total[used]
    shares = table / total
    squares = squares * total**2
    fewest = _fewest(shares, squares, clusters)
    together = (squares > 0).sum(axis=1)
    if not (together > 1).any():
        trace, norm = spread(shares, centred, clusters, pairs=False)
        return degrees(trace, norm, squares), fewest
    if squares.shape[1] <= _PAIRED:
        trace, norm = spread(shares, centred, clusters, pairs=True)
        return degrees(trace, norm, squares), fewest
    df = np.empty(squares.shape[0])
    for value, row in enumerate(squares):
        own = row > 0
        trace, norm = spread(shares[:, own], centred[own], clusters, pairs=True)
        df[value] = degrees(trace, norm, row[own][None, :])[0]
    return df, fewest


def _fewest(shares: Float, squares: Float, clusters: Clusters) -> Float:
    """(p,) effective units of the average that has fewest, of those that matter to each value."""
    count = effective_count(shares, clusters)
    weight = squares * np.einsum("ij,ij->j", shares, shares)
    matters = weight > _NEGLIGIBLE * weight.sum(axis=1, keepdims=True)
    out: Float = np.min(np.where(matters, count, np.inf), axis=1, initial=np.inf)
    return out


def by_influence(of: Influence) -> Averages:
    """The shares of the absolute influence (n, p), where no averages are at hand."""
    return Averages((AbsoluteInfluence(of),))


def unknown(n: int, p: int) -> Averages:
    """No averages of p values over n rows: they decide nothing."""
    return Averages(
        (Shares(of_groups(np.zeros(n, np.intp), 1), np.zeros((p, 1)), np.zeros(1, int)),)
    )


def of_rows(rows: Float, coef: Float) -> Averages:
    """Averages from their rows (n, g), of 0 or more before the weight: w * rows are scaled to sum
    to 1. coef (p, g).
    """
    return Averages((Shares(Influence.of(rows), coef, np.arange(rows.shape[1])),))


def of_domains(
    weight: Float,
    domain: Int,
    domains: int,
    each: int,
    formed: tuple[Float, Int, Float] | None = None,
) -> Averages:
    """Averages of `each` variables in domains 0..domains-1, domain by domain. weight (n,) after all
    steps, 0 outside; domain (n,) codes, or `domains` for rows in none.

    formed : weights (n,), units (n,) and the sums of `weight` in each unit and domain, (m,
        domains), where they were made already.
    """
    if formed is not None and weight.min(initial=0.0) >= 0:
        size = formed[2].sum(axis=0)
    else:
        size = np.bincount(domain, weights=np.abs(weight), minlength=domains + 1)[:domains]
    every = Columns((np.broadcast_to(True, weight.size),))  # no row costs a byte
    scale = np.diag(1 / np.where(size > 0, size, 1.0))
    one = Influence((Block(every, scale, domain, formed=formed),), weight.size)
    count = domains * each
    return Averages((Shares(one, np.eye(count), np.repeat(np.arange(domains), each)),))


def of_groups(code: Int, groups: int) -> Influence:
    """One column a group: 1 for its rows. code (n,), `groups` for rows in none."""
    one = np.vstack([np.eye(groups), np.zeros((1, groups))])
    return Influence((Block(Rows(one, code), np.eye(groups)),), code.size)


def arms(weight: Float, rows: Sequence[Float], values: int = 1) -> Averages:
    """Differences of averages over rows (n,) each, of 0 or more before the weight: the treated and
    the compared, +1 and -1. The same for each of the values. weight (n,) 0 outside.
    """
    columns = np.column_stack(rows) * (weight != 0)[:, None]
    total = np.abs(weight) @ columns
    return of_rows(columns / np.where(total > 0, total, 1.0), np.ones((values, len(rows))))


def joined(parts: Sequence[Averages]) -> Averages:
    """The averages of several lists of values on the same rows, one after the other."""
    p = sum(part.p for part in parts)
    start = 0
    sources: list[Source] = []
    for part in parts:
        place = np.zeros((p, part.p))
        place[start : start + part.p] = np.eye(part.p)
        sources += part.linear(place).sources
        start += part.p
    return Averages(tuple(sources))
