"""Arguments that name columns: a name or a list of names, never the values themselves."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from mismes_eval.errors import DesignError, MismesError, Problem, kind_of, of_argument, worded
from mismes_eval.public import verb_name

Column = str | int  # a column's name
Names = Column | Sequence[Column]  # a column's name, or several


def as_names(
    value: object, argument: str, error: type[MismesError] = DesignError
) -> tuple[Any, ...]:
    """A column name, several, or None -> tuple. Raises `error` where values stand instead of names,
    and for a set, which has no order.
    """
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        return (value,)
    values = isinstance(value, (pd.Series, pd.DataFrame, set, frozenset)) or (
        isinstance(value, np.ndarray) and (value.ndim != 1 or value.dtype.kind not in "OUT")
    )
    names = () if values else tuple(value)
    if values or not all(isinstance(item, Hashable) for item in names):
        raise error(_values("a column name, or a list of names", argument, value))
    return names


def listed_names(value: str | Sequence[str]) -> tuple[str, ...]:
    """A name, or several, as several."""
    return (value,) if isinstance(value, str) else tuple(value)


def one_or_more(value: object, error: type[MismesError]) -> tuple[Any, ...]:
    """The names of the argument `columns`, one at least."""
    names = as_names(value, "columns", error)
    if not names:
        raise error(
            Problem(
                worded("{caller} names no column", {"caller": verb_name()}),
                of_argument("columns"),
                "a column name, or a list of names",
            )
        )
    return names


def as_name(value: object, argument: str, error: type[MismesError] = DesignError) -> str:
    """One column name, as it is. Raises `error` for a list of names and for values."""
    if not isinstance(value, str) and isinstance(value, Iterable):
        raise error(_values("one column name", argument, value))
    return cast(str, value)


def frame_problem(frame: object, made: str) -> Problem | None:
    """The problem that a table is no pandas DataFrame, with the line that converts it. made: the
    call that takes it, with {} where the frame goes.
    """
    if isinstance(frame, pd.DataFrame):
        return None
    kind = type(frame)
    library = kind.__module__.partition(".")[0]
    known = {"builtins": "", "polars": "polars ", "pyarrow": "pyarrow ", "duckdb": "duckdb "}
    if isinstance(frame, (dict, list, np.ndarray)):
        fix = made.format("pd.DataFrame(frame)")
    elif library == "duckdb":
        fix = made.format("frame.df()")
    elif hasattr(frame, "collect") and not hasattr(frame, "to_pandas"):
        fix = made.format("frame.collect().to_pandas()")
    elif hasattr(frame, "to_pandas"):
        fix = made.format("frame.to_pandas()")
    else:
        fix = "Read it with pandas first."
    return Problem(
        what="a sample is made of a frame",
        where=of_argument("frame"),
        expected="a pandas DataFrame",
        got=worded(
            "a {known}{kind}", {"known": known.get(library, library + " "), "kind": kind.__name__}
        ),
        fix=fix,
    )


def _values(expected: str, argument: str, value: object) -> Problem:
    return Problem(
        what="a column is named, not handed over",
        where=of_argument(argument),
        expected=expected,
        got=kind_of(value),
        fix="Columns stand in the sample's frame: give their names.",
    )
