"""Arguments that name columns: a name or a list of names, never the values themselves."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd

from mismes_eval.errors import DesignError, MismesError, Problem


def as_names(
    value: object, argument: str, error: type[MismesError] = DesignError
) -> tuple[str, ...]:
    """A column name, several, or None -> tuple. Raises `error` where values stand instead of names."""
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        return (value,)  # type: ignore[return-value]
    values = isinstance(value, (pd.Series, pd.DataFrame)) or (
        isinstance(value, np.ndarray) and (value.ndim != 1 or value.dtype.kind not in "OUT")
    )
    if values or not all(isinstance(v, Hashable) for v in value):
        raise error(_values("a column name, or a list of names", argument, value))
    return tuple(value)


def as_name(value: object, argument: str, error: type[MismesError] = DesignError) -> str:
    """One column name, as it is. Raises `error` for a list of names and for values."""
    if not isinstance(value, str) and isinstance(value, Iterable):
        raise error(_values("one column name", argument, value))
    return value  # type: ignore[return-value]


def _values(expected: str, argument: str, value: object) -> Problem:
    return Problem(
        "a column is named, not handed over",
        f"argument '{argument}'",
        expected,
        f"a {type(value).__name__}",
        "Columns stand in the sample's frame: give their names.",
    )
