"""Long and wide shapes of a panel, both ways without loss."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, in_columns, kind_of, named, worded
from mismes_eval.numerics.rows import Int
from mismes_eval.public import public
from mismes_eval.tracer.dispositions import known_dispositions, unknown_codes
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.levels import one_spelling
from mismes_eval.weighting.order import Ordering, ordering
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.stages import Columns, repeated_names

PRESENT = "row"


def refuse_other(panel: object, caller: str) -> None:
    """Raise InputError for what is no tracer panel."""
    if not (hasattr(panel, "responded") and hasattr(panel, "weight_sample")):
        raise InputError(
            Problem(
                what=worded("{caller} takes a tracer panel", {"caller": caller}),
                where=worded("first argument"),
                expected="a TracerPanel",
                got=kind_of(panel),
                fix="Make one: TracerPanel.from_frame(frame, ...).",
            )
        )


def check_keys(frame: pd.DataFrame, unit: str, wave: str, disposition: str | None) -> None:
    """Raise one InputError for missing columns, missing or duplicate keys and unknown dispositions."""
    needed = [unit, wave, *([disposition] if disposition is not None else [])]
    problems = [
        Problem("the panel names an unknown column", in_column(column), "a column of the frame")
        for column in needed
        if column not in frame.columns
    ]
    problems += repeated_names(frame)
    InputError.refuse(problems)
    for column in (unit, wave):
        gone = frame[column].isna().to_numpy()
        problems += Problem(
            what="a key is missing",
            where=in_column(column),
            expected="a value in every row",
            got=worded("missing"),
        ).where_true(gone)
    spelled = one_spelling(frame[unit])
    if spelled is not None:
        InputError.refuse([*problems, replace(spelled, who="a panel")])
    twice = (
        frame.duplicated([unit, wave], keep=False).to_numpy()
        & frame[[unit, wave]].notna().all(axis=1).to_numpy()
    )
    if twice.any():
        ids = frame.loc[twice, unit].unique()
        problems.append(
            Problem(
                what="a person has two rows at one wave",
                where=in_columns(unit, wave),
                expected="one row a person and wave",
                got=worded("{ids} persons", {"ids": len(ids)}),
                fix="Decide which row is right.",
                count=int(twice.sum()),
                rows=tuple(ids),
            )
        )
    if disposition is not None:
        bad = unknown_codes(frame[disposition]).to_numpy()
        if bad.any():
            got = named(frame.loc[bad, disposition].unique())
            problems.append(
                Problem(
                    what="a disposition is not in the code list",
                    where=in_column(disposition),
                    expected=worded(
                        "one of {index}", {"index": ", ".join(known_dispositions().index)}
                    ),
                    got=got,
                    count=int(bad.sum()),
                    rows=tuple(frame.loc[bad, unit]),
                )
            )
    InputError.refuse(problems)


def wave_order(column: pd.Series, stated: Sequence[Hashable] | None = None) -> Ordering:
    """The waves in time order, and the place of each row among them: numbers, dates, ordered
    categories, text that reads as one kind of period throughout, or the order that is stated.
    Raises InputError for no waves, for an order that nothing states, and for rows of waves that the
    stated order leaves out.
    """
    if not len(column):
        raise InputError(
            Problem(
                "the panel has no waves", in_column(column.name), "one row or more", worded("none")
            )
        )
    found = ordering(column, stated, "waves=(first, ..., last)")
    if isinstance(found, Problem):
        raise InputError(_of_several_kinds(column) or found)
    outside = found.code < 0
    InputError.refuse(
        Problem(
            what="a wave is not in the stated order",
            where=in_column(column.name),
            expected=worded("one of {levels}", {"levels": ", ".join(map(str, found.levels))}),
            got=named(column[outside].unique()),
            fix="State all waves; leave out rows of others yourself.",
        ).where_true(outside)
    )
    return found


def _of_several_kinds(column: pd.Series) -> Problem | None:
    kinds = sorted({type(value).__name__ for value in column.dropna().unique()})
    if len(kinds) < 2:
        return None
    return Problem(
        what="waves cannot be put in order",
        where=in_column(column.name),
        expected="numbers, dates or text",
        got=worded("values of several kinds: {kinds}", {"kinds": ", ".join(kinds)}),
        fix="Say waves=(first, ..., last).",
    )


def varying(frame: pd.DataFrame, unit: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Columns that are not the same in all rows of a person."""
    person = pd.factorize(frame[unit])[0]
    first = np.zeros(person.max(initial=0) + 1, np.intp)
    out = []
    for column in columns:
        value = pd.factorize(frame[column])[0]
        first[person[::-1]] = value[::-1]
        if (value != first[person]).any():
            out.append(column)
    return tuple(out)


def enrolment(
    frame: pd.DataFrame,
    unit: str,
    order: Ordering,
    weights: str | None,
    strata: Columns,
    psu: Columns,
    fpc: Columns,
) -> Sample:
    """Each person's first row, in the order of first appearance, as a sample."""
    ordered = frame.iloc[np.argsort(order.code, kind="stable")]
    first = (
        ordered.drop_duplicates(unit).sort_index(kind="stable")
        if frame.index.is_unique
        else ordered.drop_duplicates(unit)
    )
    first = first.reset_index(drop=True)
    named = [
        column
        for columns in (weights, strata, psu, fpc)
        if columns is not None
        for column in as_names(columns, "columns", InputError)
        if column in frame.columns
    ]
    changing = varying(frame, unit, [str(column) for column in named])
    said = (
        (
            (
                f"Columns {', '.join(changing)} change between a person's rows: those of the first"
                " row are the design."
            ),
        )
        if changing
        else ()
    )
    if weights is not None or fpc is not None:
        return Sample.from_frame(first, weights=weights, strata=strata, psu=psu, fpc=fpc).flagged(
            *said
        )
    sample = Sample.from_frame(
        first.assign(equal_weight=1.0), weights="equal_weight", strata=strata, psu=psu
    )
    return sample.flagged("No weight column was given: every person counts 1.", *said)


def positions(frame: pd.DataFrame, sample: Sample, unit: str, order: Ordering) -> Int:
    """(n, T) row of the frame for each person and wave, -1 where there is none. Raises InputError
    for persons that the sample lacks or repeats.
    """
    if unit not in sample.frame.columns:
        raise InputError(
            Problem(
                "the sample does not name its persons",
                in_column(unit),
                "the panel's unit in the sample's frame",
            )
        )
    persons = pd.Index(sample.frame[unit])
    if persons.has_duplicates:
        twice = persons[persons.duplicated(keep=False)]
        raise InputError(
            Problem(
                what="a person stands twice in the sample",
                where=in_column(unit),
                expected="one row a person",
                count=len(twice),
                rows=tuple(twice.unique()),
            )
        )
    at = persons.get_indexer(pd.Index(frame[unit]))
    if (at < 0).any():
        strange = frame.loc[at < 0, unit].unique()
        raise InputError(
            Problem(
                what="a wave has persons that the sample lacks",
                where=in_column(unit),
                expected="persons of the sample",
                got=worded("{strange} others", {"strange": len(strange)}),
                fix="Add them to the sample with their weight.",
                count=int((at < 0).sum()),
                rows=tuple(strange),
            )
        )
    row = np.full((len(persons), len(order.levels)), -1, np.intp)
    row[at, order.code] = np.arange(len(frame))
    return row


def to_wide(
    frame: pd.DataFrame,
    persons: pd.Series,
    unit: str,
    wave: str,
    waves: tuple[object, ...],
    row: Int,
    separator: str,
) -> pd.DataFrame:
    """One row a person; `name@wave` for each column and wave; `row@wave` is the row of the long
    frame, missing where the person has none.
    """
    if any(separator in str(column) for column in frame.columns):
        raise InputError(
            Problem(
                "the separator stands in a column name",
                worded("argument 'separator' {separator}", {"separator": repr(separator)}),
                "a text that no column holds",
            )
        )
    columns: dict[str, object] = {unit: persons.to_numpy()}
    rest = [column for column in frame.columns if column not in (unit, wave)]
    for place, w in enumerate(waves):
        there = row[:, place] >= 0
        present = pd.array(np.where(there, row[:, place], 0), dtype="Int64")
        present[~there] = pd.NA
        columns[f"{PRESENT}{separator}{w}"] = present
        for column in rest:
            columns[f"{column}{separator}{w}"] = (
                frame[column].array.take(np.where(there, row[:, place], -1), allow_fill=True)
                if _nullable(frame[column])
                else _wider(frame[column], row[:, place], there)
            )
    out = pd.DataFrame(columns)
    out.attrs["long"] = {
        "unit": unit,
        "wave": wave,
        "waves": list(waves),
        "separator": separator,
        "dtypes": {str(column): str(frame[column].dtype) for column in frame.columns},
        "columns": list(frame.columns),
    }
    return out


@public(InputError)
def from_wide(
    frame: pd.DataFrame,
    unit: str = "person_id",
    wave: str = "wave",
    waves: tuple[object, ...] | None = None,
    separator: str = "@",
) -> pd.DataFrame:
    """Long frame of a wide one: columns `name@wave` become rows; columns without the separator are
    repeated in every wave.

    A person has no row at a wave where `row@wave` is missing or, without that column, where all its
    columns of the wave are missing.
    waves : their values and types (the names hold text); None: as recorded by `to_wide`, else whole
        numbers where all of them are.

    Raises
    ------
    InputError : no column has the separator, or `unit` is missing or repeated.
    """
    shape = frame.attrs.get("long", {})
    recorded = bool(shape) and shape["separator"] == separator and shape["unit"] == unit
    split = [
        (str(column).rsplit(separator, 1)[0], str(column).rsplit(separator, 1)[1])
        for column in frame.columns
        if separator in str(column)
    ]
    _refuse_wide(frame, unit, separator, split)
    texts = list(dict.fromkeys(w for _, w in split))
    if waves is None:
        waves = (
            tuple(shape["waves"])
            if recorded
            else tuple(int(text) if all(_whole(text) for text in texts) else text for text in texts)
        )
    names = [column for column in dict.fromkeys(n for n, _ in split) if column != PRESENT]
    fixed = [column for column in frame.columns if separator not in str(column) and column != unit]
    parts = [_at_wave(frame, unit, wave, at, separator, names, fixed) for at in waves]
    out = pd.concat(parts)
    if all(f"{PRESENT}{separator}{at}" in frame.columns for at in waves):
        out = out.sort_index(kind="stable")
    out = out.reset_index(drop=True)
    if not recorded:
        return out
    kinds = {
        column: dtype
        for column, dtype in shape["dtypes"].items()
        if column in out.columns and str(out[column].dtype) != dtype
    }
    return out.astype(kinds)[[column for column in shape["columns"] if column in out.columns]]


def _refuse_wide(
    frame: pd.DataFrame, unit: str, separator: str, split: Sequence[tuple[str, str]]
) -> None:
    problems = []
    if not split:
        problems.append(
            Problem(
                "no column belongs to a wave",
                worded("separator '{separator}'", {"separator": separator}),
                "names such as employed@1",
            )
        )
    if unit not in frame.columns:
        problems.append(
            Problem("the unit is missing", in_column(unit), "a column of the wide frame")
        )
    elif frame[unit].duplicated().any():
        twice = frame.loc[frame[unit].duplicated(keep=False), unit]
        problems.append(
            Problem(
                what="a person has two rows",
                where=in_column(unit),
                expected="one row a person in a wide frame",
                count=len(twice),
                rows=tuple(twice.unique()),
            )
        )
    InputError.refuse(problems)


def _at_wave(
    frame: pd.DataFrame,
    unit: str,
    wave: str,
    at: object,
    separator: str,
    names: Sequence[str],
    fixed: Sequence[str],
) -> pd.DataFrame:
    """The rows of one wave, in the order of the long frame where that is known."""
    present = f"{PRESENT}{separator}{at}"
    wide = {f"{name}{separator}{at}": name for name in names}
    have = {column: name for column, name in wide.items() if column in frame.columns}
    answered = [present] if present in frame.columns else list(have)
    there = frame[answered].notna().any(axis=1).to_numpy()
    part = frame.loc[there, [unit, *fixed, *have]].rename(columns=have)
    part.insert(1, wave, [at] * len(part))
    if present in frame.columns:
        part.index = pd.Index(frame.loc[there, present].to_numpy(dtype=np.int64))
    return part


def _nullable(series: pd.Series) -> bool:
    return not isinstance(series.dtype, np.dtype) or series.dtype.kind in "fOMm"


def _wider(series: pd.Series, at: Int, there: np.ndarray) -> object:
    """A numpy column that has no missing value, in the nullable type that has one where a person
    has no row.
    """
    kind = (
        "boolean"
        if series.dtype.kind == "b"
        else series.dtype.name.replace("uint", "UInt").replace("int", "Int")
    )
    made: pd.api.extensions.ExtensionArray = series.astype(pd.api.types.pandas_dtype(kind)).array
    return made.take(np.where(there, at, -1), allow_fill=True)


def _whole(text: str) -> bool:
    return text.lstrip("-").isdigit()
