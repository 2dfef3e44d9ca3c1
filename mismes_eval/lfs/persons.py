"""Who is counted: residents in the age range of an indicator, and the breakdowns that tables use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, InputError, Problem, in_column, named, worded
from mismes_eval.lfs.answers import values, yes
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import held

OLDER = 10  # persons; fewer may have kept silent by chance
LABELS = {
    "NON": "non-migrant",
    "RET": "returnee",
    "IMM": "immigrant",
    "INT_INTERNAL": "internal migrant",
    "CUR_ABS": "absent member",
}
NOT_STATED = "not stated"
_GROUPS = ((0, 14), (15, 24), (25, 34), (35, 44), (45, 54), (55, 64), (65, None))
_EDUCATION = {
    "educat7": {1: "low", 2: "low", 3: "low", 4: "low", 5: "medium", 6: "medium", 7: "high"},
    "educat5": {1: "low", 2: "low", 3: "low", 4: "medium", 5: "high"},
    "educat4": {1: "low", 2: "low", 3: "medium", 4: "high"},
}
BREAKDOWNS = ("status", "sex", "age_group", "education", "region")


@dataclass(frozen=True)
class Ages:
    """Age ranges in completed years and cell sizes that indicators use.

    labour_min, labour_max : population whose labour status is reported.
    neet : youth range.
    match_cell : fewest workers in an ISCO-2 cell for realised matches.
    recruitment_months : recruitment cost is asked of first departures within so many months before
        the interview; None: all.
    """

    labour_min: int = 15
    labour_max: int | None = None
    neet_min: int = 15
    neet_max: int = 24
    match_cell: int = 30
    recruitment_months: float | None = 36

    @property
    def labour(self) -> Message:
        return aged_said(self.labour_min, self.labour_max)

    def asked(self, frame: pd.DataFrame) -> Ages:
        """With the oldest age (the end of its group) at which anybody was asked for labour status,
        where the file has persons who are older and none of them was: nothing is known of them.
        """
        there = set(frame.columns)
        if (
            self.labour_max is not None
            or "lstatus" not in there
            or not {"age", "age_group"} & there
        ):
            return self
        bottom, top = age_bounds(frame)
        asked = ~np.isnan(values(frame, "lstatus")) & ~np.isnan(top)
        oldest = top[asked].max(initial=-np.inf)
        few = int((bottom > oldest).sum()) < OLDER
        return self if few or np.isinf(oldest) else replace(self, labour_max=int(oldest))


def aged_said(low: float, high: float | None) -> Message:
    """An age range in words."""
    if high is None:
        return Message("aged {x}+", {"x": f"{low:g}"})
    return Message("aged {x} to {y}", {"x": f"{low:g}", "y": f"{high:g}"})


def age_bounds(frame: pd.DataFrame) -> tuple[Float, Float]:
    """Lowest and highest completed age of each row, (n,) each: equal where the file has single
    years, else the bounds of `age_group` ("15-19", "65+").
    """
    single = values(frame, "age") if "age" in frame.columns else np.full(len(frame), np.nan)
    if "age_group" not in frame.columns or not np.isnan(single).any():
        if "age" not in frame.columns:
            raise InputError(
                Problem(
                    "the file has no age",
                    worded("columns 'age', 'age_group'"),
                    "completed years, or groups such as 15-19 and 65+",
                )
            )
        return single, single
    code, level = pd.factorize(frame["age_group"].astype("string").str.strip())
    bounds = [_bounds(str(value)) for value in level]
    low, high = (np.array([*(bound[side] for bound in bounds), np.nan])[code] for side in (0, 1))
    return np.where(np.isnan(single), low, single), np.where(np.isnan(single), high, single)


def _bounds(label: str) -> tuple[float, float]:
    text = label.replace("–", "-").replace(" ", "")
    if text.endswith("+") and text[:-1].isdigit():
        return float(text[:-1]), np.inf
    ends = text.split("-")
    if len(ends) == 2 and all(end.isdigit() for end in ends):
        return float(ends[0]), float(ends[1])
    raise InputError(
        Problem(
            what="an age group cannot be read",
            where=in_column("age_group"),
            expected="groups such as 15-19 or 65+",
            got=repr(label),
            fix="Recode it in the params.",
        )
    )


def _borders(low: int, high: int | None) -> Message:
    """Where groups of age have to break."""
    if high is None:
        return worded("groups that break at {low}", {"low": low})
    return worded("groups that break at {low} and {above}", {"low": low, "above": high + 1})


def aged(frame: pd.DataFrame, low: int, high: int | None, what: str) -> Bool:
    """(n,) rows in the age range; a group that straddles a limit is an error."""
    bottom, top = age_bounds(frame)
    limit = np.inf if high is None else float(high)
    inside = (bottom >= low) & ((top <= limit) | (limit == np.inf))
    straddles = ~inside & (top >= low) & (bottom <= limit)
    if straddles.any():
        seen = named(pd.unique(frame.loc[straddles, "age_group"]))
        raise InputError(
            Problem(
                what=worded("an age group straddles the limits of {what}", {"what": what}),
                where=in_column("age_group"),
                expected=_borders(low, high),
                got=seen,
                fix="Choose age limits at group borders, in the params definitions.labour_min and labour_max (migration: age_min, age_max).",
            ).in_rows(np.flatnonzero(straddles))
        )
    return inside


def residents(frame: pd.DataFrame) -> Bool:
    """(n,) rows that are not absent members listed in the person file."""
    return (
        np.ones(len(frame), bool)
        if "mig_absent" not in frame.columns
        else yes(frame, "mig_absent") != 1
    )


@held(InputError)
def has_breakdown(frame: pd.DataFrame, name: str) -> bool:
    """Whether a frame has the column, or one that the breakdown is made from."""
    made_from = {
        "status": ("mig_status",),
        "sex": ("male",),
        "age_group": ("age",),
        "education": tuple(_EDUCATION),
        "region": ("subnatid1",),
    }
    return name in frame.columns or bool({*made_from.get(name, ())} & {*frame.columns})


@held(InputError)
def breakdown(frame: pd.DataFrame, name: str) -> pd.Series:
    """A by-column: one of status, sex, age_group, education, region, or any column. A missing value
    becomes the level "not stated".
    """
    if name in frame.columns:
        return _stated(frame[name])
    if name == "status" and "mig_status" in frame.columns:
        return _stated(frame["mig_status"].map(LABELS))
    if name == "sex" and "male" in frame.columns:
        return _in_words(frame, "male", {1: "men", 0: "women"})
    if name == "age_group" and "age" in frame.columns:
        return _age_groups(frame)
    if name == "education":
        for column, levels in _EDUCATION.items():
            if column in frame.columns:
                return _in_words(frame, column, levels)
    if name == "region" and "subnatid1" in frame.columns:
        return _stated(frame["subnatid1"])
    raise EstimateError(
        Problem(
            "no such breakdown",
            worded("by '{name}'", {"name": name}),
            worded(
                "a column of the frame, or {breakdowns} with the column it is made from",
                {"breakdowns": ", ".join(BREAKDOWNS)},
            ),
        )
    )


def _age_groups(frame: pd.DataFrame) -> pd.Series:
    age = values(frame, "age")
    edges = [group[0] for group in _GROUPS] + [np.inf]
    labels = [f"{low}+" if high is None else f"{low}-{high}" for low, high in _GROUPS]
    return _stated(pd.Series(pd.cut(age, edges, right=False, labels=labels), index=frame.index))


def _in_words(frame: pd.DataFrame, column: str, words: Mapping[int, str]) -> pd.Series:
    return _stated(pd.Series(values(frame, column), index=frame.index).map(dict(words)))


def _stated(series: pd.Series) -> pd.Series:
    if not series.isna().any():
        return series if pd.api.types.is_numeric_dtype(series) else series.astype("category")
    if isinstance(series.dtype, pd.CategoricalDtype):
        spelled = series.astype("object")
        levels = list(series.cat.categories)
    else:
        spelled = series.astype("string")
        levels = sorted(pd.unique(spelled.dropna()))
    return spelled.fillna(NOT_STATED).astype(pd.CategoricalDtype([*levels, NOT_STATED]))
