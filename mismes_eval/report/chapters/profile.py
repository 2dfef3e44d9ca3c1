"""Sex, age, education and place of the groups that the survey compares."""

from __future__ import annotations

import re

import pandas as pd

from mismes_eval import lfs
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.totals import proportion
from mismes_eval.evaluation.survey import Survey
from mismes_eval.lfs.persons import age_bounds
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import joined
from mismes_eval.report.chapters.survey_basis import (
    basis,
    meaning,
    statuses,
)
from mismes_eval.report.document.cells import Persons, Standing
from mismes_eval.report.document.estimated_cells import cells_by
from mismes_eval.report.document.tables import Table

BANDS = ("0-14", "15-24", "25-34", "35-44", "45-54", "55-64", "65+")


def profile(context: Context, s: Survey) -> Table:
    """Sex, age, education, place: shares within each group."""
    there = [n for n in ("sex", "education", "region") if lfs.has_breakdown(s.sample.frame, n)]
    frame = pd.DataFrame({name: lfs.breakdown(s.sample.frame, name) for name in there})
    if {"age", "age_group"} & set(s.sample.frame.columns):
        frame.insert(min(1, len(there)), "age", bands(s.sample.frame))
    if "urban" in s.sample.frame.columns:
        frame["place"] = s.sample.frame["urban"].map({1: "urban", 0: "rural"}).fillna("not stated")
    named = s.sample.with_columns(
        {column: frame[column].astype(str).to_numpy() for column in frame.columns}
    )
    parts = []
    for group, part in statuses(s).items():
        inside = named.where(part.domain)
        if not inside.active.any():
            continue
        for column in frame.columns:
            if column == "region" and frame[column].nunique() > 12:
                continue
            estimate = in_order(proportion(inside, column), "level")
            level = estimate.keys["level"].tolist() if "level" in estimate.keys else [column]
            named_rows = [context.answer(column, str(value)) for value in level]
            values = inside.frame[column].astype(str).to_numpy()
            counted = [
                Standing(tells=(Persons.among(inside, values == str(value)),)) for value in level
            ]
            parts.append(cells_by(estimate, context.rules, named_rows, group, counted))
    return Table(
        id="T07",
        title="Profile, % of each group",
        cells=joined(parts),
        source=s.source,
        notes=(*meaning(s), *basis(s), *_lacking(context, frame)),
        scale=100.0,
    )


def _lacking(context: Context, frame: pd.DataFrame) -> tuple[str, ...]:
    """The note on groups that the file cannot tell."""
    gone = [n for n in ("sex", "age", "education", "region") if n not in frame.columns]
    if not gone:
        return ()
    names = ", ".join(context.text(name) for name in gone)
    return (context.text("Not in the file: {names}.", names=names),)


def in_order(e: Estimate, column: str) -> Estimate:
    """The values in the order in which people read their levels: low before high, region 2 before
    region 10.
    """
    if column not in e.keys:
        return e
    levels = e.keys[column].astype(str).tolist()
    return e.select(sorted(range(e.p), key=lambda k: _place(levels[k])))


def _place(level: str) -> tuple[int, list[tuple[int, str]]]:
    rank = {"low": 1, "medium": 2, "high": 3}.get(level, 0)
    return rank, [
        (int(part), "") if part.isdigit() else (-1, part)
        for part in re.split(r"(\d+)", level)
        if part
    ]


def bands(frame: pd.DataFrame) -> pd.Series:
    """Ten-year bands from the lowest age of the file's own groups: migrants are too few for
    narrower ones.
    """
    low, _ = age_bounds(frame)
    return pd.cut(
        pd.Series(low, index=frame.index), [-1, 14, 24, 34, 44, 54, 64, 200], labels=list(BANDS)
    ).astype(str)
