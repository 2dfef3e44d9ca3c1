"""Before and after: the two columns, two waves or two periods of a comparison in time order, the
values of waves as numbers, and arms that are too small for a standard error.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    IdentificationError,
    Problem,
    in_column,
    of_argument,
    of_arguments,
    worded,
)
from mismes_eval.errors import (
    named as listing,
)
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.weighting.columns import Order, read
from mismes_eval.weighting.order import shown
from mismes_eval.weighting.panel import PanelLike
from mismes_eval.weighting.panel_waves import outcome_values
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import stated_order

TwoTimes = str | tuple[object, object] | Mapping[str, Sequence[Hashable]] | None


def outcome_pair(outcome: object) -> tuple[str, str]:
    """(before, after) of a wide sample. Raises IdentificationError unless it is two different
    column names.
    """
    if (
        isinstance(outcome, tuple | list)
        and len(outcome) == 2
        and all(isinstance(column, str) for column in outcome)
        and outcome[0] != outcome[1]
    ):
        return str(outcome[0]), str(outcome[1])
    raise IdentificationError(
        Problem(
            "a wide sample needs its outcome twice",
            of_argument("outcome"),
            "two different columns, (before, after)",
            repr(outcome),
        )
    )


def pair_of(data: object, time: TwoTimes) -> TwoTimes:
    """`time` as a tuple where it is a list of two; and the two waves of a panel that has no others,
    where its wave column or nothing is named.
    """
    if isinstance(time, list) and len(time) == 2:
        return time[0], time[1]
    waves: tuple[object, ...] = () if isinstance(data, Sample) else getattr(data, "waves", ())
    unstated = time is None or time == getattr(data, "wave", None)
    if len(waves) == 2 and unstated:
        before, after = waves
        return before, after
    return time


def wave_pair(data: PanelLike, outcome: object, time: object) -> tuple[object, object]:
    """(before, after) of a panel. Raises IdentificationError unless `time` is two of its waves in
    time order and the outcome one column.
    """
    pair = tuple(time) if isinstance(time, tuple | list) else ()
    if (
        len(pair) != 2
        or not all(wave in data.waves for wave in pair)
        or not isinstance(outcome, str)
    ):
        raise IdentificationError(
            Problem(
                "a panel needs one outcome and two waves",
                of_arguments("outcome", "time"),
                worded("time=(before, after) among waves {waves}", {"waves": data.waves}),
                worded("{outcome}, {time}", {"outcome": repr(outcome), "time": repr(time)}),
            )
        )
    if data.waves.index(pair[0]) >= data.waves.index(pair[1]):
        raise IdentificationError(
            Problem(
                "the two waves are not in time order",
                of_argument("time"),
                "(before, after), the wave before treatment first",
                worded("({pair}, {after})", {"pair": pair[0], "after": pair[1]}),
            )
        )
    return pair[0], pair[1]


def waves_named(data: PanelLike, time: object) -> tuple[str, str]:
    """Before and after of a panel, in words."""
    wave = getattr(data, "wave", "wave")
    before, after = tuple(time) if isinstance(time, tuple | list) else ("", "")
    return f"{wave} {shown(before)}", f"{wave} {shown(after)}"


def side_by_side(data: PanelLike, outcome: object, time: object) -> tuple[Sample, tuple[str, str]]:
    """A panel as a wide sample: the outcome before and after in two columns, its domain those who
    have both; who answered and lacks one is counted in the notes.
    """
    before, after = wave_pair(data, outcome, time)
    names, y = (
        (f"{outcome}@{before}", f"{outcome}@{after}"),
        outcome_values(data, str(outcome), (before, after)),
    )
    wide = data.weight_sample([before, after]).with_columns({names[0]: y[:, 0], names[1]: y[:, 1]})
    sample = wide.where(~np.isnan(y.sum(axis=1)))
    silent = int((wide.active & ~sample.active).sum())
    return (
        sample.flagged(
            f"{silent:,} responding persons without '{outcome}' in both waves are outside the"
            " domain."
        )
        if silent
        else sample
    ), names


@dataclass(frozen=True)
class TwoPeriods:
    """A long sample narrowed to two periods. post (n,): 1.0 in the later; before, after: what they
    are called; column: where they stand.
    """

    sample: Sample
    post: Float
    column: str
    before: str
    after: str


def two_periods(sample: Sample, time: object, named: Sequence[str]) -> TwoPeriods:
    """The two periods of a long sample in their order. time: a column whose two values have one;
    {column: (before, after)} or (before, after), which state it (the pair: of the one column that
    holds both, `named` columns aside).

    Raises
    ------
    IdentificationError : an order that is not stated, more or fewer periods, missing ones.
    """
    column, stated = stated_order(time)
    if isinstance(time, tuple):
        column = _column_of(sample, time, named)
        stated = time
    if not isinstance(column, str):
        raise IdentificationError(
            Problem(
                "repeated cross-sections need a time column",
                of_argument("time"),
                "the name of a column with two values",
                repr(time),
            )
        )
    found = read(sample, IdentificationError, t=Order(column, stated, _pair_line(sample, column))).t
    if len(found.levels) != 2:
        raise IdentificationError(
            Problem(
                what="two periods are needed",
                where=in_column(column),
                expected="two values and none missing in the domain",
                got=worded(
                    "{levels} values: {named}",
                    {
                        "levels": len(found.levels),
                        "named": listing(map(shown, found.levels)),
                    },
                ),
                fix="Narrow the domain, or use att_gt.",
            )
        )
    outside = sample.active & (found.code < 0)
    if outside.any():
        said = f"{sample.counted(outside):,} rows of other periods are outside the domain."
        sample = sample.where(~outside).flagged(said)
    post = np.where(sample.active, (found.code == 1).astype(float), 0.0)
    return TwoPeriods(
        sample=sample, post=post, column=column, before=found.label(0), after=found.label(1)
    )


def _pair_line(sample: Sample, column: str) -> str:
    """How a caller states the order of the two values of a column."""
    if column not in sample.frame.columns or pd.api.types.is_numeric_dtype(sample.frame[column]):
        return "time=(before, after)"
    two = sample.frame[column][sample.active].dropna().unique().tolist()
    if len(two) != 2:
        return "time=(before, after)"
    return f"time=({two[0]!r}, {two[1]!r}) or time=({two[1]!r}, {two[0]!r}), the earlier first"


def _column_of(sample: Sample, pair: tuple[object, ...], named: Sequence[str]) -> str:
    """The one column that holds both values of a pair."""
    frame = sample.frame.loc[sample.active]
    holds = [
        str(column)
        for column in frame.columns
        if column not in named and all((frame[column] == value).any() for value in pair)
    ]
    if len(holds) == 1:
        return holds[0]
    example = f"time={{{(holds or ['period'])[0]!r}: {pair!r}}}"
    raise IdentificationError(
        Problem(
            what="the column of two stated periods is not clear",
            where=of_argument("time"),
            expected=worded(
                "one column that holds {pair}", {"pair": " and ".join(map(repr, pair))}
            ),
            got=", ".join(holds) or worded("none"),
            fix=worded("Name it: {example}.", {"example": example}),
        )
    )


def order_said(before: object, after: object) -> Message:
    """What a change was taken between."""
    order = {"before": str(before), "after": str(after)}
    return Message("Before: {before}; after: {after}.", order)


def distinct(code: Int) -> int:
    """How many of the codes 0.. occur."""
    return int((np.bincount(code) > 0).sum())
