"""A raw frame becomes GLD names and codes: recodes, rules over several questions, missing reasons,
units, absent members.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import replace
from numbers import Real

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, named, worded
from mismes_eval.frame.validate import MISS
from mismes_eval.lfs.mapping import Mapping, MappingLike, Rule, as_mapping
from mismes_eval.numerics.rows import Bool
from mismes_eval.public import held


@held(InputError)
def map_columns(frame: pd.DataFrame, mapping: MappingLike) -> pd.DataFrame:
    """A raw frame under GLD names and codes.

    Parameters
    ----------
    frame : the office's file as it was read, values untouched.
    mapping : a `Mapping`, its params, the name of a shipped layout or a YAML file.

    Returns
    -------
    DataFrame on the same rows: mapped and derived columns, `<column>_miss` with the reason where an
    answer is missing by a declared code, constants, versions; `mig_absent` where the layout lists
    absent members among the persons.

    Raises
    ------
    InputError : all raw columns that are not there, all raw values that no recode names, all texts
        where a unit asks for numbers.
    """
    m = as_mapping(mapping)
    _require(frame, m)
    problems: list[Problem] = []
    out: dict[str, object] = {}
    for gld, raw in m.columns.items():
        series, reason = _without_missing(frame, raw, m.missing.get(gld, {}))
        if gld in m.recode:
            series = _recoded(series, m.recode[gld], gld, raw, problems)
        if gld in m.units:
            series = _scaled(series, m.units[gld], gld, raw, problems)
        out[gld] = series
        if reason is not None:
            out[f"{gld}_miss"] = reason
    for gld, parts in m.join.items():
        out[gld] = _joined(frame, parts)
    for gld, rules in m.derive.items():
        out[gld] = _derived(frame, rules)
    if m.absent:
        out["mig_absent"] = pd.array(
            holds(frame[str(m.absent["column"])], m.absent["values"]), dtype="boolean"
        )
    InputError.refuse(problems)
    for name, value in {**m.versions, **m.constants}.items():
        out[name] = pd.Series([value] * len(frame), index=frame.index)
    for name in m.row_keys:
        out[name] = pd.Series(
            [str(i + 1) for i in range(len(frame))], index=frame.index, dtype="string"
        )
    return pd.DataFrame(out, index=frame.index)


@held(InputError)
def unused_columns(frame: pd.DataFrame, mapping: MappingLike) -> tuple[str, ...]:
    """Raw columns that no mapping entry reads."""
    used = _raw_columns(as_mapping(mapping))
    delivered = [str(c) for c in frame.columns if not is_companion(str(c), frame)]
    return tuple(c for c in delivered if c not in used)


def is_companion(column: str, frame: pd.DataFrame) -> bool:
    """Whether a column holds the codes that a file declares missing in another one."""
    return column.endswith(MISS) and column.removesuffix(MISS) in frame.columns


def _raw_columns(m: Mapping) -> dict[str, str]:
    """Raw columns the mapping reads -> what for."""
    out = {raw: gld for gld, raw in m.columns.items()}
    out |= {
        raw: f"rule of {gld}"
        for gld, rules in m.derive.items()
        for rule in rules
        for raw in rule["when"]
    }
    out |= {raw: gld for gld, parts in m.join.items() for raw in parts}
    return out | ({str(m.absent["column"]): "absent members"} if m.absent else {})


def _require(frame: pd.DataFrame, m: Mapping) -> None:
    have = named(frame.columns)
    gone = [
        Problem(
            "the raw file lacks a mapped column",
            worded("column '{raw}' (for {use})", {"raw": raw, "use": use}),
            "a column of the file",
        )
        for raw, use in _raw_columns(m).items()
        if raw not in frame.columns
    ]
    if gone:
        raise InputError(
            [*gone[:-1], replace(gone[-1], fix=f"The file has: {have}.")]
        )  # the columns once, below the last


def _joined(frame: pd.DataFrame, parts: Sequence[str]) -> pd.Series:
    """Identifiers joined by "-"; missing where a part is missing."""
    out = _keys(frame[parts[0]])
    for raw in parts[1:]:
        out = out + "-" + _keys(frame[raw])
    return out


def _derived(frame: pd.DataFrame, rules: Sequence[Rule]) -> pd.Series:
    """Value of the first rule whose conditions all hold; missing where none does."""
    value = np.full(len(frame), None, dtype=object)
    open_rows = np.ones(len(frame), bool)
    for rule in rules:
        met = open_rows.copy()
        for raw, wanted in rule["when"].items():
            met &= holds(frame[raw], wanted)
        value[met] = rule["value"]
        open_rows &= ~met
    return _tidy(pd.Series(value, index=frame.index).infer_objects())


def holds(series: pd.Series, wanted: object) -> Bool:
    """(n,) rows whose value is among the wanted ones: a value, "a..b", null (missing), or a list of
    such.
    """
    listed = wanted if isinstance(wanted, (list, tuple)) else [wanted]
    code, distinct = pd.factorize(series)
    hit = [any(matches(_key(value), w) for w in listed if w is not None) for value in distinct]
    return np.array([*hit, None in listed], bool)[code]


def matches(key: str, wanted: object) -> bool:
    if ".." in str(wanted):
        low, high = (float(x) for x in str(wanted).split(".."))
        return _is_number(key) and low <= float(key) <= high
    return key == _key(wanted)


def _key(value: object) -> str:
    """One spelling for 1, 1.0, '1' and ' 1 '."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _keys(series: pd.Series) -> pd.Series:
    """Values as keys, missing stays missing; the distinct values are spelled once."""
    code, distinct = pd.factorize(series)
    spelled = np.array([_key(value) for value in distinct] + [None], dtype=object)
    return pd.Series(spelled[code], index=series.index, dtype="string")


def _without_missing(
    frame: pd.DataFrame, raw: str, codes: Dict[object, str]
) -> tuple[pd.Series, pd.Series | None]:
    """A column without its codes for no answer, and their reasons: codes among its values, and
    codes that the file itself declares missing (.a of Stata, user missing values of SPSS).
    """
    series = frame[raw]
    if not codes:
        return series, None
    reason = _reasons(series, codes)
    if raw + MISS in frame.columns:
        reason = reason.fillna(_reasons(frame[raw + MISS], codes))
    return series.mask(reason.notna()), reason


def _reasons(series: pd.Series, codes: Dict[object, str]) -> pd.Series:
    """The reason of every value that is one of the codes, or lies in one that is a range."""
    code, distinct = pd.factorize(series)
    found = [
        next((why for known, why in codes.items() if matches(_key(value), known)), None)
        for value in distinct
    ]
    return pd.Series(np.array([*found, None], dtype=object)[code], series.index, dtype="string")


def _recoded(
    series: pd.Series, table: Dict[object, object], gld: str, raw: str, problems: list[Problem]
) -> pd.Series:
    code, distinct = pd.factorize(series)
    new = []
    unknown = []
    for j, value in enumerate(distinct):
        found = [meaning for code, meaning in table.items() if matches(_key(value), code)]
        new.append(found[0] if found else None)
        unknown += [] if found else [j]
    if unknown:
        rows = np.flatnonzero(np.isin(code, unknown))
        seen = named(repr(_key(distinct[j])) for j in unknown)
        problems.append(
            Problem(
                what="a raw value is not named in the recode",
                where=worded("column '{raw}' (for {gld})", {"raw": raw, "gld": gld}),
                expected="every value in recode or missing",
                got=seen,
                fix="Add it; null makes it missing.",
            ).in_rows(rows)
        )
    return (
        pd.Series(np.array([*new, None], dtype=object)[code], index=series.index)
        .infer_objects()
        .pipe(_tidy)
    )


def _tidy(series: pd.Series) -> pd.Series:
    """Numbers as Float64, answers as boolean, the rest as text."""
    some = series.dropna()
    if len(some) and all(isinstance(value, (bool, np.bool_)) for value in pd.unique(some)):
        return series.astype("boolean")
    if len(some) and all(isinstance(value, Real) for value in pd.unique(some)):
        return pd.to_numeric(series).astype("Float64")
    return series.astype("string")


def _is_number(key: str) -> bool:
    try:
        float(key)
    except ValueError:
        return False
    return True


def _scaled(
    series: pd.Series, factor: float, gld: str, raw: str, problems: list[Problem]
) -> pd.Series:
    value = pd.to_numeric(series, errors="coerce")
    bad = (value.isna() & series.notna()).to_numpy(dtype=bool)
    problems += Problem(
        what="a column with a unit is not numeric",
        where=worded("column '{raw}' (for {gld})", {"raw": raw, "gld": gld}),
        expected="numbers",
        got=named(map(repr, pd.unique(series[bad]))),
        fix="Declare its codes as missing.",
    ).where_true(bad)
    return value * factor
