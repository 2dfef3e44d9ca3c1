"""Rows that a key of the params chooses: column -> [values], in study.where and designs.residents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, in_column, named, worded
from mismes_eval.evaluation.params import Params, used_at
from mismes_eval.numerics.rows import Bool
from mismes_eval.weighting.columns import spelled

STANDING = {"missing", "stated", ""}  # for no answer and any answer; an empty text is none


def has_one_of(column: pd.Series, values: Sequence[str]) -> Bool:
    """(n,) rows with one of the values; 'missing' and 'stated' stand for no answer, an empty text
    among them, and any.
    """
    text = spelled(column)
    known = (column.notna() & text.ne("")).to_numpy(bool, na_value=False)
    hit = text.isin(_as_in(column, values)).to_numpy(bool, na_value=False)
    return np.asarray(hit | ("missing" in values) & ~known | ("stated" in values) & known, bool)


def _as_in(column: pd.Series, values: Sequence[str]) -> list[str]:
    """The values as the column spells them: true and false of a column of them are 1 and 0."""
    words = {"true": "1", "false": "0"} if pd.api.types.is_bool_dtype(column) else {}
    return [words.get(value.lower(), value) for value in values]


def absent_values(params: Params, key: str, frame: pd.DataFrame) -> list[Problem]:
    """Values that a key names and no row has. A column that the frame lacks is told elsewhere."""
    chosen = params[key]
    assert isinstance(chosen, Mapping)
    problems = []
    for column, values in chosen.items():
        if column not in frame.columns:
            continue
        rows = frame[str(column)]
        known = set(spelled(rows).dropna())
        spelled_so = zip(values, _as_in(rows, values), strict=True)
        absent = [value for value, text in spelled_so if text not in known | STANDING]
        if absent:
            problems.append(
                Problem(
                    what="the data lack what a key names",
                    where=used_at(params.where(key), in_column(column)),
                    expected="values of the column, missing or stated",
                    got=", ".join(absent),
                    fix=worded("It has: {known}.", {"known": named(sorted(known))}),
                )
            )
    return problems
