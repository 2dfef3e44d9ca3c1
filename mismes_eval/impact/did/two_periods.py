"""Before and after: the two columns, two waves or two periods of a comparison in time order, the
values of waves as numbers, and arms that are too small for a standard error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.weighting.sample import Sample


class Waves(Protocol):
    """What is read of a tracer panel."""

    @property
    def waves(self) -> tuple[object, ...]:
        """Waves in time order."""
        ...

    def values(self, column: str, wave: object) -> Float:
        """(n,) a column at a wave."""
        ...

    def weight_sample(self, waves: Sequence[object] | None = None) -> Sample:
        """Persons with the weights of those who answered some waves."""
        ...


def outcome_pair(outcome: object) -> tuple[str, str]:
    """(before, after) of a wide sample. Raises IdentificationError unless it is two different
    column names.
    """
    if (
        isinstance(outcome, tuple | list)
        and len(outcome) == 2
        and all(isinstance(c, str) for c in outcome)
        and outcome[0] != outcome[1]
    ):
        return str(outcome[0]), str(outcome[1])
    raise IdentificationError(
        Problem(
            "a wide sample needs its outcome twice",
            "argument 'outcome'",
            "two different columns, (before, after)",
            repr(outcome),
        )
    )


def pair_of(data: object, time: object) -> object:
    """`time` as a tuple where it is a list of two; and the two waves of a panel that has no others,
    where its wave column or nothing is named.
    """
    if isinstance(time, list) and len(time) == 2:
        return time[0], time[1]
    waves = () if isinstance(data, Sample) else getattr(data, "waves", ())
    return waves if len(waves) == 2 and time in (None, getattr(data, "wave", None)) else time


def key_of(data: object, unit: object, time: object) -> None:
    """Raise IdentificationError where a panel is told another key than its own."""
    own = getattr(data, "unit", None), getattr(data, "wave", None)
    if unit not in (None, own[0]) or time not in (None, own[1]):
        raise IdentificationError(
            Problem(
                "a tracer panel knows its units and waves",
                "arguments 'unit' and 'time'",
                f"None, or its own columns {own[0]!r} and {own[1]!r}",
                f"{unit!r}, {time!r}",
            )
        )


def wave_pair(data: Waves, outcome: object, time: object) -> tuple[object, object]:
    """(before, after) of a panel. Raises IdentificationError unless `time` is two of its waves in
    time order and the outcome one column.
    """
    pair = tuple(time) if isinstance(time, tuple | list) else ()
    if len(pair) != 2 or not all(t in data.waves for t in pair) or not isinstance(outcome, str):
        raise IdentificationError(
            Problem(
                "a panel needs one outcome and two waves",
                "arguments 'outcome' and 'time'",
                f"time=(before, after) among waves {data.waves}",
                f"{outcome!r}, {time!r}",
            )
        )
    if data.waves.index(pair[0]) >= data.waves.index(pair[1]):
        raise IdentificationError(
            Problem(
                "the two waves are not in time order",
                "argument 'time'",
                "(before, after), the wave before treatment first",
                f"({pair[0]}, {pair[1]})",
            )
        )
    return pair[0], pair[1]


def outcome_values(data: Waves, outcome: str, waves: Sequence[object]) -> Float:
    """`wave_values` of an outcome, which has to be a column of the waves: a column of the persons
    is the same in each and has no change.
    """
    long, persons = getattr(data, "long", None), getattr(data, "sample", None)
    if (
        isinstance(long, pd.DataFrame)
        and isinstance(persons, Sample)
        and outcome not in long.columns
        and outcome in persons.frame.columns
    ):
        raise IdentificationError(
            Problem(
                "an outcome is known of persons once, not at each wave",
                f"column '{outcome}'",
                "a column of the waves",
                "a column of the persons",
            )
        )
    return wave_values(data, outcome, waves)


def side_by_side(data: Waves, outcome: object, time: object) -> tuple[Sample, tuple[str, str]]:
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


def wave_values(data: Waves, column: str, waves: Sequence[object], infinite: bool = False) -> Float:
    """(n, k) a column of the panel at some waves, NaN where a person has none. infinite: whether
    that is a value. Raises IdentificationError for text and infinite values.
    """
    each = [np.asarray(data.values(column, wave)) for wave in waves]
    text = next((v for v in each if v.dtype.kind not in "biuf"), None)
    if text is not None:
        raise IdentificationError(
            Problem(
                "a column of the waves is not a number",
                f"column '{column}'",
                "a numeric or boolean column",
                str(text.dtype),
            )
        )
    out = np.column_stack(each).astype(float)
    bad = np.isinf(out).any(axis=1)
    if bad.any() and not infinite:
        raise IdentificationError(
            Problem(
                "a column of the waves is infinite",
                f"column '{column}'",
                "finite numbers, or missing where there is none",
                "infinite",
                "Mend the column.",
                int(bad.sum()),
                tuple(np.flatnonzero(bad)[:5].tolist()),
            )
        )
    return out


def period_pair(sample: Sample, time: str) -> tuple[object, object]:
    """(before, after) of a time column, by the order of its categories where they have one. Raises
    IdentificationError unless the domain has two values and none missing.
    """
    seen = sample.frame.loc[sample.active, time]
    if isinstance(seen.dtype, pd.CategoricalDtype) and seen.dtype.ordered:
        periods = [c for c in seen.dtype.categories if (seen == c).any()]
    else:
        try:
            periods = sorted(seen.dropna().unique())
        except TypeError:
            kinds = ", ".join(sorted({type(v).__name__ for v in seen.dropna().unique()}))
            raise IdentificationError(
                Problem(
                    "periods cannot be put in order",
                    f"column '{time}'",
                    "numbers, dates or text",
                    f"values of several kinds: {kinds}",
                )
            ) from None
    if len(periods) != 2 or seen.isna().any():
        raise IdentificationError(
            Problem(
                "two periods are needed",
                f"column '{time}'",
                "two values and none missing in the domain",
                f"{len(periods)} values: {', '.join(map(str, periods[:6]))}",
                "Narrow the domain, or use att_gt.",
            )
        )
    return periods[0], periods[1]


def distinct(code: Int) -> int:
    """How many of the codes 0.. occur."""
    return int((np.bincount(code) > 0).sum())
