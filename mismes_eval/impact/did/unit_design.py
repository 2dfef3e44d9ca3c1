"""Units of a long panel as rows of the design that carries their variance: those left out stay in
it with nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem, worded
from mismes_eval.numerics.rows import Bool, Int
from mismes_eval.numerics.variance import Stage
from mismes_eval.weighting.sample import Sample


def one_row_a_unit(
    sample: Sample, ids: pd.Series, row: Int, u: Int, inside: Int
) -> tuple[Sample, Int]:
    """The sample whose design carries the variance of units, and the rows in it: the long one after
    weight steps, else one row a unit, units left out without a part in the domain.
    """
    design = sample.design
    element = design.level == "element"
    if element and (
        design.steps
        or design.replicates is not None
        or any(stage.fraction.any() for stage in design.stages)
    ):
        raise IdentificationError(
            Problem(
                what="rows of one unit are taken for independent",
                where=worded("the design of the long sample"),
                expected="a PSU that holds whole units",
                got=worded("no PSU"),
                fix=worded("Give psu='{name}' (or a larger cluster).", {"name": ids.name}),
            )
        )
    if not element:
        _refuse_split(design.psu, inside, u)
    if design.steps or design.replicates is not None:
        keep: Bool = np.zeros(sample.n, bool)
        keep[row] = True
        return sample.where(keep), row
    rows, at = (
        (row, np.arange(row.size))
        if inside.size == sample.n and row.size == u.max() + 1
        else _units(ids, row)
    )
    domain = np.zeros(rows.size, bool)
    domain[at] = True
    one = replace(design, base=design.base[rows], unit=design.unit[rows])
    if element:
        stage = design.stages[0]
        one = replace(
            one,
            unit=np.arange(rows.size),
            stages=(Stage(stage.stratum[one.unit], np.zeros(rows.size, np.intp), stage.fraction),),
        )
    return Sample(sample.frame.iloc[rows], one, domain, sample.flags), at


def _units(ids: pd.Series, row: Int) -> tuple[Int, Int]:
    """A row of every unit of the frame: the given one (N,), else its first; and where the given
    ones stand among them.
    """
    code, level = pd.factorize(ids)
    known = np.flatnonzero(code >= 0)
    first = np.zeros(len(level), np.intp)
    first[code[known][::-1]] = known[::-1]
    first[code[row]] = row
    return first, code[row].astype(np.intp)


def _refuse_split(psu: Int, inside: Int, u: Int) -> None:
    first = np.zeros(u.max() + 1, np.intp)
    first[u] = inside
    split = psu[inside] != psu[first][u]
    if split.any():
        raise IdentificationError(
            Problem(
                what="units lie in several PSUs",
                where=worded("the design of the long sample"),
                expected="a PSU that holds whole units",
                got=worded("{size} units that do not", {"size": np.unique(u[split]).size}),
                fix="Freeze the PSU at the first period.",
            )
        )
