"""Cells: what a report may publish, each with the persons behind it.

A chapter says of every number which persons stand behind it and whom it would give away; whether
the number is shown is decided once, over the whole report (`protect`). What is drawn, written or
said afterwards is a `PublishedCell`, in which a hidden cell has no number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.numerics.rows import Bool
from mismes_eval.weighting.design import SurveyDesign
from mismes_eval.weighting.sample import Sample

COLUMNS = (
    "row",
    "column",
    "value",
    "se",
    "ci_low",
    "ci_high",
    "cv",
    "n",
    "degf",
    "flag",
    "kind",
    "unit",
    "definition",
    "status",
)
PLACE = ("table", "row", "column")
NUMBERS = ("value", "se", "ci_low", "ci_high", "cv", "degf")
SHARES = ("share", "proportion")
COUNTING = (*SHARES, "ratio", "mean", "total")  # kinds that tell numbers of persons of like weights
ROUNDS = 0.5  # of a person: what a number of persons is told apart by
LIKE = 1e-9  # numbers that differ by rounding alone, relative to the largest
STANDING = "standing"  # column of the cells of a table that says which persons stand behind them


class Status(StrEnum):
    """Whether a cell is shown: few persons behind it, its error too large, it would give another
    cell away, or there is no number.
    """

    SHOWN = "shown"
    CONFIDENTIAL = "confidential"
    SECONDARY = "secondary"
    UNRELIABLE = "unreliable"
    NOT_ESTIMABLE = "not estimable"


@dataclass(frozen=True, slots=True)
class CellKey:
    """Where a cell stands: table, row and column as the chapter names them, before any language."""

    table: str
    row: str
    column: str


@dataclass(frozen=True, slots=True)
class Persons:
    """A set of persons. population: the file that they are rows of; members: one bit a row of it;
    n: how many they are, unweighted. Two sets are one where population and members are.
    """

    population: str
    members: bytes
    n: int

    @classmethod
    def of(cls, population: str, rows: Bool) -> Persons:
        """rows (n,): who of the population is in the set."""
        rows = np.asarray(rows, bool)
        return cls(population, np.packbits(rows).tobytes(), int(rows.sum()))

    @classmethod
    def among(cls, sample: Sample, rows: Bool | None = None) -> Persons:
        """The rows of a sample's domain that carry weight, or those of them that `rows` (n,) names."""
        inside = sample.active if rows is None else sample.active & np.asarray(rows, bool)
        return cls.of(population(sample.design), inside)

    def within(self, others: Persons) -> Persons:
        """Those who are in the other set too, where both are of one population; else the set."""
        if self.population != others.population:
            return self
        return Persons.of(self.population, self.rows & others.rows)

    @property
    def rows(self) -> Bool:
        """(n,) membership, filled up with False to whole bytes."""
        return np.unpackbits(np.frombuffer(self.members, np.uint8)).astype(bool)


def population(design: SurveyDesign) -> str:
    """The name of the rows that a design is over: the same file gives the same name, whatever its
    domain and its weight steps.
    """
    return design.rows_name


def persons_behind(estimate: Estimate, k: int) -> Persons | None:
    """The persons of the k-th value: the rows that stand in its influence, or in the part of it
    that is the estimate's own where weight steps have added to it. None where neither are as many
    as the estimate's n.
    """
    if len(estimate.parts) != 1 or estimate.parts[0].influence is None:
        return None
    part = estimate.parts[0]
    which = np.zeros(estimate.p, bool)
    which[k] = True
    influence = estimate.parts[0].influence
    for standing in (influence.standing, *(block.standing for block in influence.blocks)):
        rows = standing(which) & (part.design.weights != 0)
        if int(rows.sum()) == int(estimate.n[k]):
            return Persons.of(population(part.design), rows)
    return None


def psus_behind(design: SurveyDesign, persons: Persons | None) -> int:
    """How many sampling units persons lie in where their degrees of freedom tell it; else 0."""
    if persons is None or design.replicates is not None or design.psu.size != design.weights.size:
        return 0
    return int(np.unique(design.psu[persons.rows[: design.psu.size]]).size)


def have_like_weights(design: SurveyDesign, rows: Bool) -> bool:
    """Whether a share of these persons times their number rounds to a number of persons: their
    weights differ by less than one in them.
    """
    own = design.weights[rows]
    return bool(own.size) and bool(np.ptp(own) <= _rounded(own.size) * np.abs(own).max())


def _rounded(n: int) -> float:
    return LIKE + ROUNDS / max(n, 1)


def counted_in(estimate: Estimate, k: int) -> tuple[Persons, ...]:
    """The sets whose numbers the k-th value gives away where persons have like weights: a share is
    then one number of persons over another, a mean a sum over a number of persons, a total a
    number of persons times a weight. Who is in it, and of whom; of a mean, of whom; of a total, who
    is in it. Empty where weights differ, or where something else than persons is counted.
    """
    part = estimate.parts[0] if len(estimate.parts) == 1 else None
    if estimate.kind not in COUNTING or part is None or part.influence is None:
        return ()
    weights = part.design.weights
    behind = persons_behind(estimate, k)
    if behind is None:
        return ()
    rows = behind.rows[: weights.size]
    if not have_like_weights(part.design, rows):
        return ()
    value, rounded = float(estimate.value[k]), _rounded(behind.n)
    column = part.influence.linear(np.eye(estimate.p)[[k]]).dense().ravel() * (weights != 0)
    least = LIKE * np.abs(column).max()
    name = population(part.design)
    inside, whole = Persons.of(name, column > least), Persons.of(name, np.abs(column) > least)
    if estimate.kind == "total":
        counted = value / float(weights[rows].mean())
        return (inside,) if abs(counted - inside.n) <= rounded * inside.n else ()
    if whole.n and abs(inside.n / whole.n - value) <= rounded:
        return (inside, whole)
    return (behind,) if estimate.kind == "mean" else ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Which persons a number has to do with.

    persons : whose number is printed as n.
    tells : sets whose size the number tells (who is counted; of a share, those who are in it).
    compares : groups that the number compares; each must be large enough by itself.
    whole : of whom the cell is a part; its parts add up to it, and it is known.
    among : populations that the persons behind n belong to, where it is not known who they are.
    private : the number is one payer's or one actor's own, or gives such a number away.
    follows : cells that the number is computed from: it is shown where all of them are.
    units : n counts no persons (measures, regions).
    psus : sampling units that the persons lie in, which degrees of freedom and the number of strata
        give; 0: not known, or the variance is that of replicates.
    """

    persons: Persons | None = None
    tells: tuple[Persons, ...] = ()
    compares: tuple[Persons, ...] = ()
    whole: Persons | None = None
    among: tuple[str, ...] = ()
    private: bool = False
    follows: tuple[CellKey, ...] = ()
    units: bool = False
    psus: int = 0


NOBODY = Standing()
NO_PERSONS = Standing(units=True)
PRIVATE = Standing(private=True, units=True)


@dataclass(frozen=True, slots=True)
class PublishedCell:
    """A cell as it leaves the report. A hidden one has no number (NaN), and no n where that would
    tell it.
    """

    key: CellKey
    status: Status
    value: float
    se: float
    ci_low: float
    ci_high: float
    cv: float
    n: float
    degf: float
    flag: str
    kind: str
    unit: str
    definition: str

    @property
    def shown(self) -> bool:
        return self.status == Status.SHOWN

    @property
    def closed(self) -> bool:
        """Hidden because of the persons behind it, not because of its error."""
        return self.status in (Status.CONFIDENTIAL, Status.SECONDARY)


@dataclass(frozen=True)
class Published:
    """Everything that a report publishes, by place. What is drawn or said reads this and nothing
    else.
    """

    cells: Mapping[CellKey, PublishedCell] = field(default_factory=dict)

    def get(self, table: str, row: str, column: str) -> PublishedCell | None:
        """The cell of a place, or None where no table has it."""
        return self.cells.get(CellKey(table, row, column))

    def __getitem__(self, key: CellKey) -> PublishedCell:
        return self.cells[key]

    def __iter__(self) -> Iterator[PublishedCell]:
        return iter(self.cells.values())

    def of(self, keys: Sequence[CellKey]) -> pd.DataFrame:
        """The cells of these places as a frame, in their order: table and COLUMNS."""
        cells = [self.cells[key] for key in keys if key in self.cells]
        places = {part: [getattr(cell.key, part) for cell in cells] for part in PLACE}
        told = {name: [getattr(cell, name) for cell in cells] for name in COLUMNS[2:]}
        numbers = {name: np.array(told[name], float) for name in (*NUMBERS, "n")}
        status = [str(state) for state in told["status"]]
        return pd.DataFrame({**places, **told, **numbers, "status": status})


def empty(cells: pd.DataFrame, columns: Sequence[str], where: Bool) -> None:
    """Take the numbers of these columns out of rows (n,) of cells, in place."""
    if not where.any():
        return
    for column in columns:
        numbers = cells[column].to_numpy(float, copy=True)
        numbers[where] = np.nan
        cells[column] = numbers


def published_cells(frames: Sequence[pd.DataFrame]) -> Published:
    """The published cells of tables: frames with the column 'table' and COLUMNS, numbers of hidden
    cells removed already.
    """
    out: dict[CellKey, PublishedCell] = {}
    for frame in frames:
        places = zip(
            *(frame[column].astype(str) for column in ("table", "row", "column")), strict=True
        )
        columns: dict[str, list[Any]] = {column: frame[column].tolist() for column in COLUMNS}
        for i, place in enumerate(places):
            key = CellKey(*place)
            told: dict[str, Any] = {name: float(columns[name][i]) for name in (*NUMBERS, "n")}
            told |= {name: str(columns[name][i]) for name in ("flag", "kind", "unit", "definition")}
            status = Status(str(columns["status"][i]))
            out[key] = PublishedCell(key=key, status=status, **told)
    return Published(out)
