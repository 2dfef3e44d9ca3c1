"""What estimates speak of: the rows of a sample's domain that carry weight, and the groups among
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

import numpy as np
import pandas as pd

from mismes_eval.errors import EmptyDomain, EstimateError, Problem, in_column, worded
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.public import verb_name
from mismes_eval.weighting.arguments import Column, as_names
from mismes_eval.weighting.columns import Category, Kind, Levels, read
from mismes_eval.weighting.levels import present
from mismes_eval.weighting.sample import Sample

RESERVED = ("variable", "level", "value", "se", "ci_low", "ci_high", "p", "cv", "n", "degf")

By = Column | Sequence[Column] | None


@dataclass(frozen=True)
class Domains:
    """code (n,) 0..D-1, or D for rows outside; keys (D rows): the by-values of each; labels (D,)."""

    code: Int
    keys: pd.DataFrame
    labels: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.keys)

    @cached_property
    def small(self) -> Int:
        """code in the fewest bytes that hold it, for what is kept. Arithmetic on it needs a wider
        partner.
        """
        return self.code.astype(np.min_scalar_type(self.count))


def domains(sample: Sample, by: By) -> Domains:
    """The combinations of the by-columns that occur among rows of the domain with weight. Raises
    EmptyDomain where there are none, EstimateError for columns that are amiss.
    """
    return grouped(sample, by)[0]


def grouped(sample: Sample, by: By, /, **wanted: Kind) -> tuple[Domains, SimpleNamespace]:
    """The same, and what a verb wants of other columns: every problem of both at once."""
    columns = as_names(by, "by", EstimateError)
    groups: dict[str, Kind] = {f"by {at}": Category(column) for at, column in enumerate(columns)}
    data = read(sample, EstimateError, **wanted, **groups)
    EstimateError.refuse(
        Problem(
            worded("{caller} names a column of 'by' twice", {"caller": verb_name()}),
            in_column(column),
            "every column once",
        )
        for column in dict.fromkeys(columns)
        if columns.count(column) > 1
    )
    inside = occupied(sample)
    if not columns:
        code = np.where(inside, 0, 1).astype(np.intp)
        return Domains(code, pd.DataFrame(index=range(1)), ("",)), data
    each = {column: getattr(data, name) for name, column in zip(groups, columns, strict=True)}
    return _combinations(each, inside), data


def occupied(sample: Sample) -> Bool:
    """(n,) the rows of the domain that carry weight. Raises EmptyDomain where there are none."""
    inside = sample.active
    if not inside.any():
        raise EmptyDomain(
            Problem(
                what=worded("{caller} has an empty domain", {"caller": verb_name()}),
                expected="at least one row with a weight above 0",
                got=worded("none"),
                fix="Widen the mask of where().",
            )
        )
    return inside


def zero_outside(sample: Sample, *columns: Float) -> tuple[Float, ...]:
    """Columns (n,) with 0 in rows that carry no weight in the domain."""
    return tuple(np.where(sample.active, values, 0.0) for values in columns)


def no_negative_weights(sample: Sample, who: str = "") -> None:
    """Raise EstimateError where rows of the domain carry negative weights, as linear calibration
    without bounds can make them: distributions and likelihoods have no meaning then.
    """
    negative = sample.domain & (sample.weights < 0)
    if negative.any():
        fix = "Calibrate with bounds=(0.3, 3) or the like, or with method='raking'."
        raise EstimateError(
            Problem(
                what=worded("{caller} cannot use negative weights", {"caller": who or verb_name()}),
                where=worded("the sample's last weight"),
                expected="weights of 0 or more",
                got=worded("negative ones"),
                fix=fix,
            ).in_rows(np.flatnonzero(negative))
        )


def key_name(column: object, own: Sequence[str] = RESERVED) -> str:
    """A by-column's name in the table of an estimate: `by_level` where the table has a column
    `level` of its own.
    """
    return f"by_{column}" if str(column) in own else str(column)


def _combinations(each: Mapping[Column, Levels], inside: Bool) -> Domains:
    code: Int = np.zeros(0, np.intp)
    sizes: list[int] = []
    for own in each.values():
        known = np.maximum(own.code, 0) if own.code.size and own.code.min() < 0 else own.code
        size = max(len(own.levels), 1)
        code = code * size + known if sizes else known
        sizes.append(size)
    space = int(np.prod(np.array(sizes, float)))
    if space < max(4 * code.size, 1_000_000):
        out: Int = code if inside.all() else np.where(inside, code, space)
        found = present(out, space)
        if found.size < space:
            lookup = np.full(space + 1, found.size, np.intp)
            lookup[found] = np.arange(found.size)
            out = lookup[out]
    else:
        found = np.unique(code[inside])
        out = np.where(inside, np.searchsorted(found, code), found.size).astype(np.intp)
    keys: dict[str, object] = {}
    rest = found.copy()
    for column in reversed(list(each)):
        level = each[column].levels
        keys[key_name(column)] = np.asarray(level)[rest % len(level)]
        rest = rest // len(level)
    table = pd.DataFrame({key_name(column): keys[key_name(column)] for column in each})
    labels = tuple(
        ", ".join(f"{column}={value}" for column, value in zip(each, row, strict=True))
        for row in table.itertuples(index=False)
    )
    return Domains(out, table, labels)
