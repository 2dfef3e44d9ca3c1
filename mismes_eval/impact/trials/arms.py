"""Arms that were drawn by lot: who was assigned, in which block, with what known before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mismes_eval.errors import (
    EmptyDomain,
    IdentificationError,
    Problem,
    in_column,
    named,
    of_argument,
    worded,
)
from mismes_eval.message import Message
from mismes_eval.numerics.arms import Adjustment, ArmDifference, arm_difference, difference_row
from mismes_eval.numerics.averages import Averages, arms
from mismes_eval.numerics.qr import Collinear
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.columns import Category, Number, Stated, YesNo, read
from mismes_eval.weighting.nonresponse import named_effects
from mismes_eval.weighting.sample import Sample

BLOCK = "block "  # begins the name of a block's indicator


@dataclass(frozen=True)
class Trial:
    """rows (n_a,) of the sample; y (n_a, k) outcomes; assigned (n_a,); covariates (n_a, q) with
    their names, block indicators among them; counts (2,) persons assigned and not.
    """

    sample: Sample
    rows: Int
    y: Float
    assigned: Bool
    covariates: Float
    names: tuple[str, ...]

    @property
    def weights(self) -> Float:
        return self.sample.weights[self.rows]

    @property
    def counts(self) -> tuple[int, int]:
        """Persons assigned and not."""
        one = int(self.assigned.sum())
        return one, int(self.assigned.size) - one

    @property
    def adjusted_for(self) -> str:
        """What the arms are made equal in, blocks counted."""
        covariates = [name for name in self.names if not name.startswith(BLOCK)]
        blocks = len(self.names) - len(covariates)
        return ", ".join([*covariates, *([f"{blocks + 1} blocks"] if blocks else [])])

    @property
    def averages(self) -> Averages:
        """Those offered against those not, for each outcome."""
        groups = np.zeros((2, self.sample.n))
        groups[:, self.rows] = [self.assigned, ~self.assigned]
        return arms(self.sample.weights, list(groups), self.y.shape[1])

    def difference(self, adjustment: Adjustment) -> tuple[ArmDifference, Float]:
        """The difference on the trial's rows, and its influence on all rows of the sample (n, k).
        Raises IdentificationError where covariates depend on each other in an arm.
        """
        try:
            found = arm_difference(self.y, self.assigned, self.covariates, self.weights, adjustment)
        except Collinear as error:
            raise IdentificationError([self._dependent(j) for j, _ in error.dependent]) from error
        influence = np.zeros((self.sample.n, self.y.shape[1]))
        influence[self.rows] = found.influence
        return found, influence

    def row(self, adjustment: Adjustment) -> Float:
        """(m,) the row r on the trial's rows for which the difference of an outcome y is r @ y.
        Raises IdentificationError as `difference`.
        """
        try:
            return difference_row(self.assigned, self.covariates, self.weights, adjustment)
        except Collinear as error:
            raise IdentificationError([self._dependent(j) for j, _ in error.dependent]) from error

    def redrawn(self, weights: Float, adjustment: Adjustment) -> Float:
        """(k,) the differences with other weights (n,) of the sample's rows."""
        w = weights[self.rows]
        used = w > 0
        return arm_difference(
            self.y[used], self.assigned[used], self.covariates[used], w[used], adjustment
        ).value

    def _dependent(self, column: int) -> Problem:
        at = column - (1 if column - 1 < len(self.names) else 2)
        name = self.names[at] if 0 <= at < len(self.names) else "the assignment"
        return Problem(
            what="a covariate depends on others in an arm",
            where=worded("'{name}'", {"name": name}),
            expected="columns none of which follows from the others, in each arm",
            got=worded("a combination of others"),
            fix="Leave it out, merge its rare levels, or choose adjustment='additive'.",
        )


def trial(
    sample: Sample,
    outcomes: Sequence[str],
    assigned: str,
    covariates: str | Sequence[str],
    blocks: str | Sequence[str],
    binary: Sequence[str] = (),
) -> Trial:
    """Read a trial. outcomes: numbers; binary: those of them that must be yes or no.

    Raises IdentificationError with every problem: missing or unknown columns, one arm, a block
    without both arms. EmptyDomain where no row carries weight.
    """
    known = list(as_names(covariates, "covariates", IdentificationError))
    block = list(as_names(blocks, "blocks", IdentificationError))
    if not outcomes:
        raise IdentificationError(
            Problem("a trial names no outcome", of_argument("outcome"), "a column, or several")
        )
    _refuse_two_roles([*outcomes, assigned], [*known, *block])
    wanted = {
        f"y{place}": YesNo(name) if name in binary else Number(name)
        for place, name in enumerate(outcomes)
    }
    stated = {f"x{place}": Stated(name) for place, name in enumerate(known)}
    grouped = {f"b{place}": Category(name) for place, name in enumerate(block)}
    data = read(sample, d=YesNo(assigned), **wanted, **stated, **grouped)
    inside = sample.active
    if not inside.any():
        raise EmptyDomain(
            Problem("a trial has an empty domain", "", "rows with weight", worded("none"))
        )
    if (sample.weights[inside] < 0).any():
        raise IdentificationError(
            Problem("a trial cannot use negative weights", worded("the sample's last weight"))
        )
    d = data.d[inside] == 1.0
    if d.all() or not d.any():
        raise IdentificationError(
            Problem("a trial needs two arms", in_column(assigned), "0 and 1", worded("one arm"))
        )
    cell = _cells([getattr(data, f"b{place}").code[inside] for place in range(len(block))], d.size)
    _refuse_one_armed(cell, d, block, sample, inside)
    x, names = named_effects(sample.frame, known, inside)
    dummies = (cell[:, None] == np.arange(1, int(cell.max()) + 1)).astype(float)
    y = np.column_stack([getattr(data, f"y{place}")[inside] for place in range(len(outcomes))])
    return Trial(
        sample=sample,
        rows=np.flatnonzero(inside),
        y=y,
        assigned=d,
        covariates=np.column_stack([x.dense()[inside][:, 1:], dummies]),
        names=(*names[1:], *(f"{BLOCK}{j + 2}" for j in range(dummies.shape[1]))),
    )


def _refuse_two_roles(measured: Sequence[str], adjusted: Sequence[str]) -> None:
    """Raise where the draw, the take-up or an outcome is adjusted for: it would explain itself."""
    both = [name for name in dict.fromkeys(adjusted) if name in measured]
    problems = [
        Problem(
            what="a column stands in two places",
            where=in_column(name),
            expected="an outcome, the draw, the take-up, or something known before the draw",
            got=worded("two of them"),
            fix="Adjust only for what was known before the draw.",
        )
        for name in both
    ]
    IdentificationError.refuse(problems)


def _cells(codes: list[Int], n: int) -> Int:
    """(n,) one code for each combination of blocks that occurs."""
    if not codes:
        return np.zeros(n, np.intp)
    _, cell = np.unique(np.column_stack(codes), axis=0, return_inverse=True)
    return np.asarray(cell.reshape(-1), np.intp)


def compared(cell: Int, d: Bool) -> Bool:
    """(n,) units whose block, a code from 0 for each, holds both arms. Those of the others have
    nobody to be compared with.
    """
    size, one = np.bincount(cell), np.bincount(cell, d)
    out: Bool = ((one > 0) & (one < size))[cell]
    return out


def _refuse_one_armed(cell: Int, d: Bool, block: list[str], sample: Sample, inside: Bool) -> None:
    alone = np.unique(cell[~compared(cell, d)]) if block else np.zeros(0, np.intp)
    if not alone.size:
        return
    frame = sample.frame.loc[inside, block]
    shown = [", ".join(map(str, frame[cell == k].iloc[0])) for k in alone]
    raise IdentificationError(
        Problem(
            what="a block has one arm only",
            where=Message("columns {c}", {"c": ", ".join(block)}),
            expected="persons assigned and not assigned in every block",
            got=named(shown),
            fix="Nothing can be compared there: narrow the sample to the other blocks, and say so.",
            count=int(np.isin(cell, alone).sum()),
        )
    )
