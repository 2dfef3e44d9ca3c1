"""Stata, SPSS and Parquet files: values as stored, labels beside them, user missing codes kept in
`<name>_miss`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from mismes_eval.errors import InputError, Problem
from mismes_eval.frame.validate import MISS

READERS: Mapping[str, str] = {
    ".dta": "read_dta",
    ".sav": "read_sav",
    ".sas7bdat": "read_sas7bdat",
    ".xpt": "read_xport",
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """frame, column -> label, column -> {code: label}."""

    frame: pd.DataFrame
    labels: Mapping[str, str]
    value_labels: Mapping[str, Mapping[object, str]]


def read_statistical(path: Path, *, encoding: str, columns: list[str] | None) -> Labelled:
    """A .dta or .sav file; coded missing values (.a, or SPSS user missing) leave the value empty
    and their code in the companion.
    """
    pyreadstat = import_module(
        "pyreadstat"
    )  # a fifth of a second that reports without such a file do without
    suffix = path.suffix.lower()
    reader = getattr(pyreadstat, READERS[suffix])
    reasons = {"user_missing": True} if suffix in (".dta", ".sav", ".sas7bdat") else {}
    try:
        frame, meta = reader(
            str(path),
            **reasons,
            usecols=columns,
            encoding=None if encoding == "utf-8" else encoding,
        )
    except UnicodeDecodeError as error:
        raise InputError(
            Problem(
                "wrong encoding",
                path.name,
                encoding,
                str(error),
                'Say the encoding that it was written in, for instance encoding="cp1252".',
            )
        ) from error
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError) as error:
        raise InputError(
            Problem(
                "truncated, damaged or unreadable file",
                path.name,
                f"a {path.suffix} file",
                str(error),
                "Fetch or export the file again.",
            )
        ) from error
    labels = {
        c: label for c, label in zip(meta.column_names, meta.column_labels, strict=True) if label
    }
    named: dict[str, Mapping[object, str]] = {
        c: {k: str(n) for k, n in v.items()} for c, v in meta.variable_value_labels.items()
    }
    letters = getattr(meta, "missing_user_values", None) or {}
    for column, codes in letters.items():
        frame = _companion(
            frame, column, frame[column].isin(codes), dot="" if suffix == ".sav" else "."
        )
    for column, ranges in (getattr(meta, "missing_ranges", None) or {}).items():
        coded = pd.Series(False, index=frame.index)
        for span in ranges:
            coded |= (
                (frame[column] >= span["lo"]) & (frame[column] <= span["hi"])
                if not isinstance(span["lo"], str)
                else frame[column] == span["lo"]
            )
        frame = _companion(frame, column, coded, dot="")
    return Labelled(frame, labels, named)


def _companion(frame: pd.DataFrame, column: str, coded: pd.Series, dot: str) -> pd.DataFrame:
    """The coded cells moved from `column` to its companion."""
    if column not in frame or not coded.any():
        return frame
    written = frame[column].map(
        lambda v: f"{dot}{v:g}" if isinstance(v, float | int) else f"{dot}{v}"
    )
    values = frame[column].mask(coded, np.nan)
    if values.dtype == object and values.dropna().map(lambda v: isinstance(v, float | int)).all():
        values = values.astype("float64")
    position = list(frame.columns).index(column) + 1
    frame = frame.assign(**{column: values})
    frame.insert(position, column + MISS, written.where(coded).astype("str"))
    return frame


def read_parquet(content: bytes, name: str, *, columns: list[str] | None) -> pd.DataFrame:
    """A Parquet file."""
    try:
        frame: pd.DataFrame = parquet.read_table(io.BytesIO(content), columns=columns).to_pandas()
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        got = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            Problem(
                "truncated or damaged file", name, "a Parquet file", got, "Fetch the file again."
            )
        ) from error
    return frame
