"""Measures on migration and on support measures: status, recognition, intention, circularity,
awareness, participation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, named, worded
from mismes_eval.frame.codes import codes
from mismes_eval.lfs.answers import coded, if_known, spelled, values, yes
from mismes_eval.lfs.labour import Measure
from mismes_eval.lfs.persons import residents
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import held

RECOGNITION = ("NOTSOUGHT", "SOUGHT_NO", "PARTIAL", "FULL")
NONE = ("NONE", "0")


@dataclass(frozen=True)
class Several:
    """value (n, k), one column a label; NaN rows gave no answer; universe (n,)."""

    value: Float
    labels: tuple[str, ...]
    universe: Bool


def has_status(status: pd.Categorical[str], in_age: Bool, code: str) -> Measure:
    """Share of one migration status among residents in the definition's age range."""
    value = if_known(status.isna(), status == code)
    return Measure(value, in_age & (status != "CUR_ABS"))


def recognition_sought(frame: pd.DataFrame, status: pd.Categorical[str]) -> Measure:
    answer = _coded(frame, "mig_recognised", RECOGNITION)
    return Measure(if_known(answer.isna(), answer != "NOTSOUGHT"), status == "RET")


def recognised(frame: pd.DataFrame, status: pd.Categorical[str]) -> Measure:
    """FULL or PARTIAL among those who sought recognition."""
    answer = _coded(frame, "mig_recognised", RECOGNITION)
    value = if_known(answer.isna(), answer.isin(["FULL", "PARTIAL"]))
    return Measure(value, (status == "RET") & (answer != "NOTSOUGHT"))


def intends(frame: pd.DataFrame, in_age: Bool) -> Measure:
    return Measure(yes(frame, "mig_intend_6m"), in_age & residents(frame))


def duration(frame: pd.DataFrame, status: pd.Categorical[str]) -> Measure:
    return Measure(values(frame, "mig_months_abroad_last"), status == "RET")


def circular(frame: pd.DataFrame, status: pd.Categorical[str]) -> Measure:
    spells = values(frame, "mig_n_spells")
    return Measure(if_known(np.isnan(spells), spells >= 2), status == "RET")


def models(frame: pd.DataFrame, column: str, universe: Bool) -> Several:
    """Any model, and each model, in a multi-answer column such as "M01;M06".

    "NONE" or empty text is the answer none. A missing cell is the answer none where
    `<column>_miss` tells the reason of the other missing ones; else it is no answer.
    """
    code, distinct = spelled(frame, column)
    if f"{column}_miss" in frame.columns and not set(distinct) & {"", *NONE}:
        none = (code < 0) & frame[f"{column}_miss"].isna().to_numpy()
        code = np.where(none, len(distinct), code)
        distinct = np.append(distinct, "")
    known = list(codes("models")["code"])
    rows = np.full((len(distinct) + 1, len(known) + 1), np.nan)
    unknown = []
    for j, answer in enumerate(distinct):
        short = [p.strip()[:3] for p in answer.split(";") if p.strip() and p.strip() not in NONE]
        unknown += [j] if any(code not in known for code in short) else []
        rows[j] = [float(bool(short)), *(float(code in short) for code in known)]
    if unknown:
        bad = np.flatnonzero(np.isin(code, unknown))
        raise InputError(
            Problem(
                what="an answer names no model of support measure",
                where=in_column(column),
                expected=worded(
                    "codes {known} to {last} separated by ;, or NONE",
                    {"known": known[0], "last": known[-1]},
                ),
                got=named(repr(str(distinct[j])) for j in unknown),
            ).in_rows(bad)
        )
    return Several(rows[code], ("any", *known), universe)


def blank_is_open(frame: pd.DataFrame, column: str) -> bool:
    """Whether blank cells of a multi-answer column may be the answer none or no answer: nobody's
    answer is none, and no companion column gives reasons.
    """
    if f"{column}_miss" in frame.columns:
        return False
    code, distinct = spelled(frame, column)
    return bool((code < 0).any()) and not set(distinct) & {"", *NONE}


@held(InputError)
def took_part(frame: pd.DataFrame) -> Float:
    """(n,) 1 for persons who took part in any measure, 0 for none, NaN where it is not known."""
    known = models(frame, "msm_part", np.ones(len(frame), bool)).value[:, 0]
    return np.full_like(known, np.nan) if blank_is_open(frame, "msm_part") else known


def useful(frame: pd.DataFrame, took_part: Float) -> Measure:
    """4 or 5 on the scale of 1 to 5, among participants."""
    score = values(frame, "msm_useful")
    return Measure(if_known(np.isnan(score), score >= 4), took_part == 1)


def _coded(frame: pd.DataFrame, column: str, allowed: tuple[str, ...]) -> pd.Categorical[str]:
    code, distinct = coded(frame, column)
    bad = np.append(~np.isin(distinct, allowed), False)[code]
    InputError.refuse(
        Problem(
            what="a column has unknown codes",
            where=in_column(column),
            expected=", ".join(allowed),
            got=named(map(repr, sorted(set(distinct) - set(allowed)))),
            fix="Recode it in the params.",
        ).where_true(bad)
    )
    return pd.Categorical.from_codes(code, pd.Index(distinct))
