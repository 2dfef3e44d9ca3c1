"""Mapping: how a statistical office's raw file becomes GLD names and codes. Described once, validated before the first row is touched."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, fields
from importlib import resources
from numbers import Real
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from mismes_eval.errors import InputError, ParamsError, Problem

VERSION_KEYS = ("icls_v", "isco_version", "isic_version", "isced_version")
REASONS = ("NA_notapp", "DK", "REF", "NOTASKED", "PROXY_UNKNOWN")


@dataclass(frozen=True)
class Mapping:
    """columns : {GLD name: raw column}.  recode : {GLD name: {raw value or "a..b": new value}}, complete: a value it does not name is an error.
    missing : {GLD name: {raw value: reason}}, reasons NA_notapp, DK, REF, NOTASKED, PROXY_UNKNOWN.  units : {GLD name: factor}, numeric columns are multiplied.
    versions : icls_v, isco_version, isic_version, isced_version.  constants : {GLD name: value for all rows}.  design : weights, strata, psu, household columns by GLD name.
    absent : {"column": raw column, "values": [...]} marks rows that list absent members.  source : where the layout was read; verified : tried on a real file.
    """

    name: str
    columns: Dict[str, str]
    recode: Dict[str, Dict[object, object]] = field(default_factory=dict)
    missing: Dict[str, Dict[object, str]] = field(default_factory=dict)
    units: Dict[str, float] = field(default_factory=dict)
    versions: Dict[str, object] = field(default_factory=dict)
    constants: Dict[str, object] = field(default_factory=dict)
    design: Dict[str, object] = field(default_factory=dict)
    absent: Dict[str, object] = field(default_factory=dict)
    source: str = ""
    verified: bool = False

    @classmethod
    def from_dict(cls, values: Dict[str, object], where: str = "mapping") -> Mapping:
        """From params. Every unknown key, wrong type and dangling name is listed."""
        known = [f.name for f in fields(cls)]
        problems = [Problem("a mapping has an unknown key", f"{where}.{k}", f"one of {', '.join(known)}") for k in values if k not in known]
        dicts = ("columns", "recode", "missing", "units", "versions", "constants", "design", "absent")
        problems += [
            Problem("a mapping section has the wrong type", f"{where}.{k}", "names with values", type(values[k]).__name__)
            for k in dicts
            if not isinstance(values.get(k, {}), dict)
        ]
        if not values.get("columns") or "name" not in values:
            problems.append(Problem("a mapping lacks its name or its columns", where, "name: ..., columns: {GLD name: raw column}"))
        if problems:
            raise ParamsError(problems)
        out = cls(**values)  # type: ignore[arg-type]
        problems = list(_inconsistencies(out, where))
        if problems:
            raise ParamsError(problems)
        return out

    @classmethod
    def load(cls, path: str | Path) -> Mapping:
        """From a YAML file."""
        return cls.from_dict(yaml.safe_load(Path(path).read_text(encoding="utf-8")), str(path))


def shipped() -> tuple[str, ...]:
    """Names of the layouts that come with the package."""
    return tuple(sorted(p.name.removesuffix(".yaml") for p in (resources.files("mismes_eval.lfs") / "mappings").iterdir() if p.name.endswith(".yaml")))


def as_mapping(spec: Mapping | Dict[str, object] | str | Path) -> Mapping:
    """A mapping from itself, params, the name of a shipped layout, or a YAML file."""
    if isinstance(spec, Mapping):
        return spec
    if isinstance(spec, dict):
        return Mapping.from_dict(spec)
    if str(spec) in shipped():
        text = (resources.files("mismes_eval.lfs") / "mappings" / f"{spec}.yaml").read_text(encoding="utf-8")
        return Mapping.from_dict(yaml.safe_load(text), str(spec))
    if not Path(str(spec)).is_file():
        raise ParamsError(Problem("no such mapping", repr(str(spec)), f"a file, or a shipped layout: {', '.join(shipped())}"))
    return Mapping.load(str(spec))


def map_columns(frame: pd.DataFrame, mapping: Mapping | Dict[str, object] | str | Path) -> pd.DataFrame:
    """A raw frame under GLD names and codes.

    Parameters
    ----------
    frame : the office's file as it was read, values untouched.
    mapping : a `Mapping`, its params, the name of a shipped layout or a YAML file.

    Returns
    -------
    DataFrame on the same rows: the mapped columns, `<column>_miss` with the reason where an answer is missing by a declared code, constants, versions.

    Raises
    ------
    InputError : all raw columns that are not there, all raw values that no recode names, all texts where a unit asks for numbers.
    """
    m = as_mapping(mapping)
    gone = [Problem("the raw file lacks a mapped column", f"column '{raw}' (for {gld})", "a column of the file", fix=f"The file has: {', '.join(map(str, frame.columns[:30]))}.")
            for gld, raw in m.columns.items() if raw not in frame.columns]  # fmt: skip
    if m.absent and m.absent["column"] not in frame.columns:
        gone.append(Problem("the raw file lacks the column that marks absent members", f"column '{m.absent['column']}'", "a column of the file"))
    if gone:
        raise InputError(gone)
    problems: list[Problem] = []
    out: dict[str, object] = {}
    for gld, raw in m.columns.items():
        series, reason = _without_missing(frame[raw], m.missing.get(gld, {}))
        if gld in m.recode:
            series = _recoded(series, m.recode[gld], gld, raw, problems)
        if gld in m.units:
            series = _scaled(series, m.units[gld], gld, raw, problems)
        out[gld] = series
        if reason is not None:
            out[f"{gld}_miss"] = reason
    if m.absent:
        listed = [_key(v) for v in m.absent["values"]]  # type: ignore[attr-defined]
        out["mig_absent"] = _keys(frame[str(m.absent["column"])]).isin(listed).astype("boolean").fillna(False)
    if problems:
        raise InputError(problems)
    for name, value in {**m.versions, **m.constants}.items():
        out[name] = pd.Series([value] * len(frame), index=frame.index)
    return pd.DataFrame(out, index=frame.index)


def unused_columns(frame: pd.DataFrame, mapping: Mapping | Dict[str, object] | str | Path) -> tuple[str, ...]:
    """Raw columns that no mapping entry reads."""
    m = as_mapping(mapping)
    used = {*m.columns.values(), m.absent.get("column")}
    return tuple(str(c) for c in frame.columns if c not in used)


def _inconsistencies(m: Mapping, where: str) -> list[Problem]:
    problems = [Problem("a mapping section names a column that is not mapped", f"{where}.{s}.{k}", "a key of columns")
                for s in ("recode", "missing", "units") for k in getattr(m, s) if k not in m.columns]  # fmt: skip
    problems += [Problem("unknown version key", f"{where}.versions.{k}", ", ".join(VERSION_KEYS)) for k in m.versions if k not in VERSION_KEYS]
    problems += [Problem("unknown reason for a missing answer", f"{where}.missing.{c}.{v}", ", ".join(REASONS), repr(r))
                 for c, codes in m.missing.items() for v, r in codes.items() if r not in REASONS]  # fmt: skip
    problems += [Problem("a unit factor is not a positive number", f"{where}.units.{k}", "a factor such as 0.001", repr(f))
                 for k, f in m.units.items() if not isinstance(f, (int, float)) or not f > 0]  # fmt: skip
    problems += [Problem("a column is mapped and constant", f"{where}.constants.{k}", "one of the two") for k in m.constants if k in m.columns]
    if m.absent and set(m.absent) != {"column", "values"}:
        problems.append(Problem("absent members need a column and its values", f"{where}.absent", "{column: ..., values: [...]}", str(dict(m.absent))))
    return problems


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
    spelled = np.array([_key(v) for v in distinct] + [None], dtype=object)
    return pd.Series(spelled[code], index=series.index, dtype="string")


def _without_missing(series: pd.Series, codes: Dict[object, str]) -> tuple[pd.Series, pd.Series | None]:
    if not codes:
        return series, None
    reason = _keys(series).map({_key(k): v for k, v in codes.items()}).astype("string")
    return series.mask(reason.notna()), reason


def _recoded(series: pd.Series, table: Dict[object, object], gld: str, raw: str, problems: list[Problem]) -> pd.Series:
    code, distinct = pd.factorize(series)
    exact = {_key(k): v for k, v in table.items() if ".." not in str(k)}
    ranges = [(*(float(x) for x in str(k).split("..")), v) for k, v in table.items() if ".." in str(k)]
    new: list[object] = []
    unknown: list[int] = []
    for j, value in enumerate(distinct):
        key = _key(value)
        inside = [v for low, high, v in ranges if _is_number(key) and low <= float(key) <= high]
        if key in exact or inside:
            new.append(exact[key] if key in exact else inside[0])
        else:
            unknown.append(j)
            new.append(None)
    if unknown:
        rows = np.flatnonzero(np.isin(code, unknown))
        seen = ", ".join(repr(_key(distinct[j])) for j in unknown[:8])
        problems.append(Problem("a raw value is not named in the recode", f"column '{raw}' (for {gld})", "every value in recode or missing", seen, "Add it; null makes it missing.",
                                rows.size, tuple(int(i) for i in rows[:5])))  # fmt: skip
    return pd.Series(np.array([*new, None], dtype=object)[code], index=series.index).infer_objects().pipe(_tidy)


def _tidy(series: pd.Series) -> pd.Series:
    """Numbers as Float64, answers as boolean, the rest as text."""
    some = series.dropna()
    if len(some) and all(isinstance(v, (bool, np.bool_)) for v in pd.unique(some)):
        return series.astype("boolean")
    if len(some) and all(isinstance(v, Real) for v in pd.unique(some)):
        return pd.to_numeric(series).astype("Float64")
    return series.astype("string")


def _is_number(key: str) -> bool:
    try:
        float(key)
    except ValueError:
        return False
    return True


def _scaled(series: pd.Series, factor: float, gld: str, raw: str, problems: list[Problem]) -> pd.Series:
    value = pd.to_numeric(series, errors="coerce")
    bad = (value.isna() & series.notna()).to_numpy(dtype=bool)
    if bad.any():
        problems.append(Problem("a column with a unit is not numeric", f"column '{raw}' (for {gld})", "numbers", ", ".join(map(repr, pd.unique(series[bad])[:5])),
                                "Declare its codes as missing.", int(bad.sum()), tuple(int(i) for i in np.flatnonzero(bad)[:5])))  # fmt: skip
    return value * factor
