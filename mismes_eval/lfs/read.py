"""A labour force survey file, read, mapped and validated in one call; the codebook shows what a
mapping did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import replace
from functools import cache, partial
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from mismes_eval import frame as frames
from mismes_eval.errors import InputError, Problem, in_column, in_place, worded
from mismes_eval.frame.limits import FILE
from mismes_eval.frame.outside import bytes_of
from mismes_eval.frame.statistical import read_parquet
from mismes_eval.lfs.age_labels import first_years, groups_asked
from mismes_eval.lfs.code_labels import FileCode, in_question, mapped_codes, no_numbers
from mismes_eval.lfs.code_meanings import template_labels
from mismes_eval.lfs.implied_decimals import WEIGHT, decimals_asked, doubtful_weights
from mismes_eval.lfs.mapping import Mapping, MappingLike, as_mapping
from mismes_eval.lfs.proposals import NOT_THERE
from mismes_eval.lfs.translate import map_columns, unused_columns
from mismes_eval.message import Message, Name
from mismes_eval.public import held

FILE_CODES = (
    "file_codes"  # attribute of a read frame: column -> {code: the file's codes with labels}
)
FILE_NAMES = "file_names"  # attribute: column -> the file's name and label of it
NUMBERED_KEYS = "numbered_keys"  # attribute: keys that the number of the row stands for
CONSTANTS = "constants"  # attribute: columns that the mapping gives one value
MISSING_COLUMN = "missing column"
_MULTI = ("msm_aware", "msm_applied", "msm_part")


@held(InputError)
def read(
    path: str | Path,
    mapping: MappingLike | None = None,
    *,
    encoding: str = "utf-8",
    separator: str = ",",
    decimal: str = ".",
    sheet: str | None = None,
    member: str | None = None,
    layout: str | Path | None = None,
    names_row: int | None = None,
    missing: Dict[str, Dict[str, str]] | None = None,
    drop: Sequence[str] = (),
    allowed: Sequence[str] = (),
) -> pd.DataFrame:
    """Persons of a labour force survey under GLD and mig_ names, validated.

    Parameters
    ----------
    path : CSV, Parquet, Stata, SPSS or Excel file.
    mapping : how the office's columns become GLD names: a `Mapping`, params, a shipped layout or a
        YAML file. None: the file has GLD names.
    encoding, separator, decimal : of text files, never guessed.
    sheet : of a workbook with several.
    member : of an archive with several.
    layout : places of the columns of a text (see `frame.read`).
    names_row : row or line of the names, where titles stand above it.
    missing : {column: {code: reason}} for a file with GLD names; a mapping declares its own.
    drop : columns left out at once (personal identifiers).
    allowed : columns that look like personal identifiers and are harmless.

    Returns
    -------
    DataFrame with the template's types. `.attrs` holds source, sha256, rows, mapping, unused (raw
    columns that no mapping entry reads), file_names (column -> name and label in the file),
    numbered_keys and constants (what the mapping gives and the file does not).

    Raises
    ------
    InputError : one list of everything that is wrong, personal identifiers included.
    """
    reading = partial(
        frames.read,
        path,
        encoding=encoding,
        separator=separator,
        decimal=decimal,
        sheet=sheet,
        member=member,
        layout=layout,
        names_row=names_row,
        missing=missing,
    )
    if mapping is None:
        try:
            if drop:
                data = reading(allowed=None)
            else:
                data = reading(template="lfs_person", allowed=allowed)
        except InputError as error:
            raise InputError([_without_mapping(p) for p in error.problems]) from error
        own = _as_it_is(data)
        found = mapped_codes(data, own, data.frame)
        InputError.refuse(
            [
                *in_question(data, own, found, stated=False),
                *no_numbers(data, own),
                *_ages_in_question(data, own),
            ]
        )
        kept = _harmless(_without(data.frame, drop, path), allowed)
        out = kept
        if drop:
            out = frames.validate(kept, frames.template("lfs_person"), missing=missing)
        return _stamped(_answered_none(_some(out, data.name), path), data, "", (), allowed)
    data = reading(text_columns=_keys_of(mapping), allowed=None)
    raw = _harmless(_without(data.frame, drop, path), allowed)
    m = as_mapping(mapping)
    mapped = map_columns(raw, m)
    codes = mapped_codes(data, m, mapped)
    InputError.refuse(
        [
            *in_question(data, m, codes, stated=True),
            *no_numbers(data, m),
            *_decimals_in_question(data, m),
            *_ages_in_question(data, m),
        ]
    )
    out = _validated(mapped)
    out = _stamped(_some(out, data.name), data, m.name, unused_columns(raw, m), allowed)
    out.attrs[FILE_CODES] = {gld: _of_targets(found) for gld, found in codes.items()}
    out.attrs[FILE_NAMES] = {
        target: f"{column} {data.labels.get(column, '')}" for target, column in m.columns.items()
    }
    out.attrs[NUMBERED_KEYS] = tuple(m.row_keys)
    out.attrs[CONSTANTS] = tuple(m.constants)
    return out


def _decimals_in_question(data: frames.Dataset, mapping: Mapping) -> Iterator[Problem]:
    """Weights without a factor whose decimal point may not be written."""
    column = mapping.columns.get(WEIGHT)
    if column is None or WEIGHT in mapping.units or WEIGHT in mapping.recode:
        return
    label = data.labels.get(column, "")
    if doubtful_weights(data.frame[column], label):
        yield decimals_asked(data.frame[column], in_place(data.name, in_column(column)), label)


def _ages_in_question(data: frames.Dataset, mapping: Mapping) -> Iterator[Problem]:
    """First years of groups that are read as ages."""
    column = mapping.columns.get("age")
    if column is None or "age" in mapping.recode:
        return
    if met := first_years(data.frame[column]):
        yield groups_asked(met, in_place(data.name, in_column(column)))


def _validated(mapped: pd.DataFrame) -> pd.DataFrame:
    """Mapped persons under the template's rules; a column that is not there is asked for in the
    mapping, not in the office's file.
    """
    every_number: Dict[str, Dict[str, str]] = {"age": {}} if "age" in mapped else {}
    try:
        return frames.validate(mapped, frames.template("lfs_person"), missing=every_number)
    except InputError as error:
        raise InputError([_in_the_mapping(p) for p in error.problems]) from error


def _without_mapping(problem: Problem) -> Problem:
    """A column that is missing where no mapping was named: an office's own file needs one."""
    fix = (
        "An office's own file needs a mapping: `mismes new ISO3 --lfs FILE` makes its workbook"
        " (mapping.workbook); where the file is the template, fill the column in."
    )
    return replace(problem, fix=fix) if problem.what == MISSING_COLUMN else problem


def _in_the_mapping(problem: Problem) -> Problem:
    if problem.what != MISSING_COLUMN:
        return problem
    gld = problem.where.rpartition(".")[2]
    without = f" Without one: {NOT_THERE[gld]}." if gld in NOT_THERE else ""
    say = "Say which column of the file it is, in the mapping workbook or with `mismes map`"
    none = ", or that the file has none" if gld in NOT_THERE else ""
    return replace(
        problem,
        what="the mapping does not say which column this is",
        got="nothing in the mapping",
        fix=f"{say}{none}.{without}",
    )


def _of_targets(codes: Sequence[FileCode]) -> dict[str, str]:
    """Code of the template -> the file's codes with their labels that became it."""
    out: dict[str, str] = {}
    for code in codes:
        spelling = f"{code.code} {code.label}".strip()
        out[code.target] = f"{out[code.target]}, {spelling}" if code.target in out else spelling
    return out


def _as_it_is(data: frames.Dataset) -> Mapping:
    """The mapping of a file that has the template's names: every column is what it says."""
    known = set(frames.template("lfs_person").names)
    return Mapping(
        "", {str(column): str(column) for column in data.frame.columns if str(column) in known}
    )


def _some(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    if frame.empty:
        raise InputError(
            Problem(
                what="the file has no persons",
                where=name,
                expected="one row a person",
                got=worded("a header only"),
                fix="Export the file again with its rows.",
            )
        )
    return frame


UNSAID = "no reason"


@held(InputError)
def codebook(frame: pd.DataFrame, weight: str = "weight", levels: int = 25) -> pd.DataFrame:
    """Every column with its values: unweighted rows and sum of weights, so that a mistaken recode
    is seen.

    Returns
    -------
    DataFrame: column, value, label (of the template), file (the file's codes with their labels that
    became the value, where it has labels), rows, weighted, share (weighted). A column with more
    than `levels` values is shown by its range and mean; missing by reason.
    """
    w = np.ones(len(frame))
    if weight in frame.columns:
        w = frame[weight].to_numpy(dtype=float, na_value=0.0)
    tables = [
        _column(frame, str(column), w, levels)
        for column in frame.columns
        if not str(column).endswith("_miss")
    ]
    whole = pd.concat(tables, ignore_index=True)
    delivered = frame.attrs.get(FILE_CODES, {})
    pairs = list(zip(whole["column"], whole["value"], strict=True))
    whole.insert(
        2, "label", [template_labels(column).get(str(value), "") for column, value in pairs]
    )
    if delivered:
        whole.insert(
            3, "file", [delivered.get(column, {}).get(str(value), "") for column, value in pairs]
        )
    return whole


def _values_told(series: pd.Series, w: np.ndarray, levels: int) -> object:
    """Each value as the codebook has it, or one message on all where there are many."""
    code, values = pd.factorize(series)
    kind = _kinds().get(str(series.name), "")
    if len(values) <= levels and kind != "id":
        spelled = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
        return np.array(spelled, dtype=object)[code] if spelled else []
    if not pd.api.types.is_numeric_dtype(series) or kind in ("id", "str", "cat"):
        return Message("{n:,} different texts", {"n": len(values)})
    value = series.to_numpy(dtype=float)
    mean = np.average(value, weights=w) if w.sum() else np.nan
    span = {"low": value.min(), "high": value.max(), "mean": mean}
    return Message("{low:g} to {high:g}, weighted mean {mean:.4g}", span)


@cache
def _kinds() -> Dict[str, str]:
    """Column of the template -> its kind."""
    return {column.name: column.kind for column in frames.template("lfs_person").columns}


def _turn(value: object) -> tuple[int, float, str]:
    """Where a value of the codebook stands: numbers by size, then texts, then what is missing."""
    if isinstance(value, Message):
        return 2, 0.0, str(value)
    number = re.match(r"-?\d+(\.\d+)?", str(value))
    return (0, float(number[0]), str(value)) if number else (1, 0.0, str(value))


def _column(frame: pd.DataFrame, name: str, w: np.ndarray, levels: int) -> pd.DataFrame:
    series = frame[name]
    reason = (
        frame[f"{name}_miss"].astype("string")
        if f"{name}_miss" in frame.columns
        else pd.Series(pd.NA, index=frame.index, dtype="string")
    )
    why = {
        said: Message("missing: {reason}", {"reason": said if said == UNSAID else Name(said)})
        for said in (*reason.dropna().unique(), UNSAID)
    }
    missing = series.isna().to_numpy(bool)
    label = np.empty(len(frame), dtype=object)  # messages stay messages
    label[missing] = [why[said] for said in reason[missing].fillna(UNSAID)]
    label[~missing] = _values_told(series[~missing], w[~missing], levels)
    code, values = pd.factorize(np.array([*sorted(set(label), key=_turn), *label], dtype=object))
    code = code[len(values) :]
    weighted = np.bincount(code, weights=w, minlength=len(values))
    return pd.DataFrame(
        {
            "column": name,
            "value": pd.Series(list(values), dtype=object),
            "rows": np.bincount(code, minlength=len(values)),
            "weighted": weighted,
            "share": weighted / w.sum() if w.sum() else np.nan,
        }
    )


def _keys_of(mapping: MappingLike) -> tuple[str, ...]:
    m = as_mapping(mapping)
    keys = ("hhid", "pid", "psu", "strata", "ssu", "panel")
    raw = [m.columns[key] for key in keys if key in m.columns]
    return tuple(dict.fromkeys([*raw, *chain.from_iterable(m.join.values())]))


def _harmless(frame: pd.DataFrame, allowed: Sequence[str]) -> pd.DataFrame:
    """The columns of the file, none of which tells who a person is."""
    problems = (*frames.find_identifiers(frame, allowed), *frames.idle_allowances(frame, allowed))
    InputError.refuse(problems)
    return frame


def _without(frame: pd.DataFrame, drop: Sequence[str], path: str | Path) -> pd.DataFrame:
    InputError.refuse(
        Problem(
            "a column to drop is not in the file",
            worded("{name}: '{column}'", {"name": Path(path).name, "column": column}),
            "a column of the file",
        )
        for column in drop
        if column not in frame.columns
    )
    return frame.drop(columns=list(drop))


def _answered_none(frame: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """Empty text in a Parquet file is the answer "none" to a question with several answers; the
    template reads it as missing.
    """
    several = [column for column in _MULTI if column in frame.columns]
    if Path(path).suffix != ".parquet" or not several:
        return frame
    content = bytes_of(Path(path), FILE)
    stored = read_parquet(content, Path(path).name, columns=several)
    return frame.assign(
        **{
            column: frame[column].mask(
                (stored[column] == "").to_numpy(dtype=bool, na_value=False), ""
            )
            for column in several
        }
    )


def _stamped(
    frame: pd.DataFrame,
    data: frames.Dataset,
    mapping: str,
    unused: tuple[str, ...],
    allowed: Sequence[str],
) -> pd.DataFrame:
    out = frames.identifiers(frame, allowed)
    out.attrs.update(
        source=data.name, sha256=data.sha256, rows=data.rows, mapping=mapping, unused=unused
    )
    return out
