"""The panel that the waves of a tracer study make: persons who answered them all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    IdentificationError,
    Problem,
    in_column,
    worded,
)
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import verb_name
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.order import ordering
from mismes_eval.weighting.panel import Panel, PanelLike, Wanted
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import (
    Timeline,
    of_ordering,
)


def unanswered(gone: Bool, column: str) -> Problem | None:
    """The problem of rows without a time since treatment."""
    if not gone.any():
        return None
    return Problem(
        what="the time since treatment is missing for persons who answered",
        where=in_column(column),
        expected="a number in every wave, infinite for never",
        got=worded("missing"),
        fix=worded(
            "Where missing means never treated: frame['{column}'].fillna(numpy.inf).",
            {"column": column},
        ),
    ).in_rows(np.flatnonzero(gone))


def waves_of(data: PanelLike) -> Timeline:
    """The waves of a panel, in the order that it states."""
    values = pd.Series(list(data.waves), name=getattr(data, "wave", "wave"))
    found = ordering(values, tuple(data.waves))  # type: ignore[arg-type]
    if isinstance(found, Problem):
        raise IdentificationError(found)
    return of_ordering(found)


def of_waves(data: PanelLike, wanted: Wanted) -> Panel:
    """Persons who answered all waves, with the attrition steps in their weight; those without a
    value that may not be missing are outside the domain, and said.
    """
    sample = data.weight_sample(data.waves)
    time = waves_of(data)
    _refuse_unknown(data, wanted)
    made = {
        number: wave_values(data, number, data.waves, infinite=number in wanted.infinite)
        for number in wanted.numbers
    }
    lacking = [
        unanswered(sample.active & np.isnan(made[number]).any(axis=1), number)
        for number in wanted.infinite
    ]
    IdentificationError.refuse(p for p in lacking if p is not None)
    needed = [~np.isnan(v).any(axis=1) for name, v in made.items() if name not in wanted.gaps]
    seen = sample.active & np.all([np.ones(sample.n, bool), *needed], axis=0)
    silent = int((sample.active & ~seen).sum())
    said = f"{silent:,} responding persons lack a value in some wave and are outside the domain."
    inside = np.flatnonzero(seen)
    t = time.size
    unit = np.repeat(np.arange(inside.size), t)
    return Panel(
        sample=sample.where(seen) if silent else sample,
        row=inside[unit],
        unit=unit,
        period=np.tile(np.arange(t), inside.size),
        units=inside.size,
        time=time,
        columns={name: v[inside].ravel() for name, v in made.items()},
        notes=(said,) if silent else (),
    )


def cohort_of_waves(data: PanelLike, column: str, panel: Panel) -> pd.Series:
    """A column of persons, or of their waves, in the rows of a panel."""
    frame = data.sample.frame
    inside = panel.row[panel.first]
    long = getattr(data, "long", None)
    if column in frame.columns and not (long is not None and column in long.columns):
        return frame[column].iloc[panel.row]
    each = [np.asarray(data.values(column, wave), object)[inside] for wave in data.waves]
    table = pd.DataFrame(np.column_stack(each)).bfill(axis=1).ffill(axis=1)
    return pd.Series(table.to_numpy(object).ravel(), name=column).infer_objects()


def _refuse_unknown(data: PanelLike, wanted: Wanted) -> None:
    long = getattr(data, "long", None)
    known = set(data.sample.frame.columns)
    if isinstance(long, pd.DataFrame):
        known |= set(long.columns)
    named = [*wanted.numbers, *wanted.also, *([wanted.cohort] if wanted.cohort else [])]
    missing = [column for column in dict.fromkeys(named) if column not in known]
    IdentificationError.refuse(
        Problem(
            worded("{verb_name} names an unknown column", {"verb_name": verb_name()}),
            in_column(column),
            "a column of the waves or of the persons",
        )
        for column in missing
    )


def outcome_values(data: PanelLike, outcome: str, waves: Sequence[object]) -> Float:
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
                in_column(outcome),
                "a column of the waves",
                worded("a column of the persons"),
            )
        )
    return wave_values(data, outcome, waves)


def wave_values(
    data: PanelLike, column: str, waves: Sequence[object], infinite: bool = False
) -> Float:
    """(n, k) a column of the panel at some waves, NaN where a person has none. infinite: whether
    that is a value. Raises IdentificationError for text and infinite values.
    """
    each = []
    for wave in waves:
        values = pd.Series(data.values(column, wave))
        number = float64(values)
        if number is None and values.notna().any():
            raise IdentificationError(
                Problem(
                    "a column of the waves is not a number",
                    in_column(column),
                    "a numeric or boolean column",
                    str(values.dtype),
                )
            )
        each.append(np.full(len(values), np.nan) if number is None else number)
    out = np.column_stack(each)
    bad = np.isinf(out).any(axis=1)
    if bad.any() and not infinite:
        raise IdentificationError(
            Problem(
                what="a column of the waves is infinite",
                where=in_column(column),
                expected="finite numbers, or missing where there is none",
                got=worded("infinite"),
                fix="Mend the column.",
            ).in_rows(np.flatnonzero(bad))
        )
    return out
