"""Cell texts that somebody declares to be no answer, with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from mismes_eval.errors import Problem, worded
from mismes_eval.frame.codes import codes, nearest
from mismes_eval.frame.parse import text

RANGE = ".."  # between the first and the last of several codes
WHOLE = r"^([+-]?\d+)\.0+$"  # a whole number that a column with gaps has made decimal


def declared_of_nothing(
    frame: pd.DataFrame, missing: Mapping[str, Mapping[str, str]]
) -> list[Problem]:
    """Missing codes that are declared for a column that the file has not, or with another reason
    than those of the code list.
    """
    reasons = codes("missing_reasons")["code"].tolist()
    unknown = [
        Problem(
            what="unknown reason of missing cells",
            where=name,
            expected=worded("one of {choices}", {"choices": ", ".join(reasons)}),
            got=repr(reason),
        )
        for name, declared in missing.items()
        for reason in dict.fromkeys(declared.values())
        if reason not in reasons
    ]
    return unknown + [
        Problem(
            what="missing codes of a column that is not there",
            where=name,
            expected="a column of the file",
            got=worded("no such column"),
            fix=worded("The nearest is '{near}'.", {"near": near})
            if (near := nearest(name, map(str, frame.columns)))
            else "",
        )
        for name in missing
        if name not in frame
    ]


def declared_reasons(cells: pd.Series, declared: Mapping[str, str]) -> pd.Series:
    """Why a cell is no answer, by its code or a range of codes (9997..9999); -9.0 is the code -9.
    Text on the cells' index, missing where the cell is an answer.
    """
    written = text(cells).str.replace(WHOLE, r"\1", regex=True)
    of_code = {re.sub(WHOLE, r"\1", str(code)): why for code, why in declared.items()}
    reasons = written.map({code: why for code, why in of_code.items() if RANGE not in code})
    numbers = pd.to_numeric(written, errors="coerce")
    for code, why in of_code.items():
        low, dots, high = code.partition(RANGE)
        if dots:
            reasons = reasons.mask(numbers.between(float(low), float(high)), why)
    return reasons.astype("str")
