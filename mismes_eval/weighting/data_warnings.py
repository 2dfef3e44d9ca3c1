"""What looks wrong in a frame and may yet be right: told in a sentence that a warning and every
table carry.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float
from mismes_eval.weighting.design import SurveyDesign, sums_can_be_counts

_PREFIX = 2000  # rows looked at to see whether a column could be a key
_SOME = 50  # repeated values looked at before all


def rounded_codes(frame: pd.DataFrame, psu: tuple[str, ...]) -> str:
    """A sentence where numeric PSU codes lost their last digits: beyond the exact range of floats,
    or long codes that all end in the same zeros.
    """
    for column in psu:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            continue
        code = np.unique(frame[column].dropna().to_numpy(float))
        long = code.size > 1 and code.max() >= 1e7
        step = 1000.0
        beyond = (
            bool(pd.api.types.is_float_dtype(frame[column]))
            and code.size > 0
            and code.max() >= 2.0**53
        )
        if beyond or (long and bool((code % step == 0).all())):
            return (
                f"PSU codes in column '{column}' look rounded: {code.size:,} distinct values are"
                " left. Compare with the number of PSUs that the office states, and read the"
                " column as text."
            )
    return ""


def scaled_weights(base: Float) -> Message | None:
    """A sentence where weights were scaled so that their sums cannot be numbers of people (DHS,
    ESS: a mean of 1). Weights that are all 1 are no weights, and nothing is said.
    """
    if sums_can_be_counts(base):
        return None
    w = base[base > 0]
    if not w.size or (w == w[0]).all():
        return None
    words = (
        "Weights add to {sum} for {rows} rows: their sums cannot be population counts. Totals are in"
        " the unit of the weights; design effects are over sampling with replacement."
    )
    return Message(words, {"sum": f"{w.sum():,.6g}", "rows": f"{w.size:,}"})


def all_sampled(design: SurveyDesign, fpc: tuple[str, ...]) -> str:
    """A sentence where the fpc says that every unit of every stage and stratum was taken, so that
    every standard error is 0, while the weights say otherwise.
    """
    taken = all(bool((stage.fraction >= 1).all()) for stage in design.stages)
    if not fpc or not taken or (design.base == 1).all():
        return ""
    return (
        f"The fpc column '{fpc[0]}' says that every PSU of every stratum is in the sample: every"
        " standard error is 0. If it means per cent, give a fraction (0.1); if"
        " it counts the sampled PSUs, give those of the population."
    )


def repeated_rows(frame: pd.DataFrame, weights: Float) -> str:
    """A sentence where some rows with weight repeat another row in every column although one column
    tells all other rows apart: what a merge leaves that was not one to one. It stands in reports
    and says neither which rows nor how many.
    """
    try:
        return _repeated(frame, weights)
    except (TypeError, NotImplementedError):  # cells that cannot be compared, such as lists
        return ""


def _repeated(frame: pd.DataFrame, weights: Float) -> str:
    first = frame.iloc[:_PREFIX]
    for column in sorted(frame.columns, key=lambda c: pd.api.types.is_float_dtype(frame[c])):
        if 2 * first[column].nunique(dropna=False) <= len(first):
            continue
        again = frame[column].duplicated().to_numpy()
        if not again.any():
            return ""
        if (
            2 * again.sum() < len(frame)
            and _whole(frame, column, frame[column].isin(frame.loc[again, column].iloc[:_SOME]))
            and _whole(frame, column, frame[column].duplicated(keep=False))
        ):
            if (again & (weights > 0)).any():
                return (
                    f"Some rows repeat another row in every column, while '{column}' tells all"
                    " others apart. Duplicates of a merge? No row is dropped; frame.duplicated()"
                    " finds them, and the key of a row named with unit= has them refused."
                )
            return ""
    return ""


def _whole(frame: pd.DataFrame, column: str, rows: pd.Series) -> bool:
    """Whether rows that agree in the column agree in all."""
    some = frame[rows.to_numpy()]
    return bool(some.duplicated().sum() == some[column].duplicated().sum())
