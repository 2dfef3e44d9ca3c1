"""What is allowed in each cell and cannot be true of two together: in one row, in two files of a
person, in a file and the inventory. Sentences with the place and what mends it; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pandas as pd

from mismes_eval.errors import named
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.inventory import Inventory
from mismes_eval.lfs.answers import month_number

COST_ITEMS = tuple(
    f"mig_rec_cost_{item}"
    for item in ("visa", "agency", "travel", "training", "docs", "medical", "informal", "other")
)
ABROAD = ("mig_months_abroad_last", "mig_ret_year")
RETURN = "mig_last_ret_ym"
INTERVIEW = ("int_year", "int_month")


def of_survey(frame: pd.DataFrame) -> list[str]:
    """Answers of one person that contradict each other."""
    found = chain(_costs(frame), _never_abroad(frame), _after_the_interview(frame))
    return [f"labour force survey: {sentence}" for sentence in found]


def _costs(frame: pd.DataFrame) -> Iterator[str]:
    items = [column for column in COST_ITEMS if column in frame.columns]
    if not items or "mig_rec_cost_total" not in frame.columns:
        return
    parts = frame[items].apply(pd.to_numeric, errors="coerce").sum(axis=1)
    total = pd.to_numeric(frame["mig_rec_cost_total"], errors="coerce")
    beyond = int((parts > total * 1.001).sum())
    if beyond:
        yield (
            f"{beyond:,} persons name items of recruitment cost that add to more than their total"
            " (mig_rec_cost_total)"
        )


def _never_abroad(frame: pd.DataFrame) -> Iterator[str]:
    told = [column for column in ABROAD if column in frame.columns]
    if not told or "mig_ever_abroad" not in frame.columns:
        return
    never = frame["mig_ever_abroad"].astype("string").str.lower().isin(["false", "0", "0.0"])
    both = int((never & frame[told].notna().any(axis=1)).sum())
    if both:
        yield (
            f"{both:,} persons were never abroad (mig_ever_abroad) and answer questions on a stay"
            f" abroad ({', '.join(told)}): correct the one, or leave the other empty"
        )


def _after_the_interview(frame: pd.DataFrame) -> Iterator[str]:
    if not {*INTERVIEW, RETURN} <= set(frame.columns):
        return
    year, month = (pd.to_numeric(frame[name], errors="coerce") for name in INTERVIEW)
    interview = (year * 12 + month - 1).to_numpy(dtype=float, na_value=np.nan)
    late = int((month_number(frame, RETURN) > interview).sum())
    if late:
        yield (
            f"{late:,} persons returned after the interview ({RETURN}, {', '.join(INTERVIEW)}):"
            " correct the month of return or that of the interview"
        )


def of_tracer(study: Tracing) -> list[str]:
    """What services and episodes of the tracer study contradict."""
    said: list[str] = []
    if study.services is not None:
        said += _services(study.services, study.panel.sample.frame, study.panel.unit)
    if study.panel.episodes is not None:
        said += _after_the_field(study.panel.episodes, study.panel.long)
    return [f"tracer study: {sentence}" for sentence in said]


def _services(services: pd.DataFrame, persons: pd.DataFrame, unit: str) -> Iterator[str]:
    twice = services[services.duplicated(keep=False)]
    if len(twice):
        who = named(twice[unit].astype(str).unique())
        yield (
            f"services: {len(twice):,} rows stand more than once, with every cell alike (persons"
            f" {who}): their costs and hours count each time. Leave one of each"
        )
    if {"start"} <= set(services.columns) and "enrol_date" in persons.columns:
        begun = pd.to_datetime(services["start"], errors="coerce")
        enrolled = pd.to_datetime(persons.set_index(unit)["enrol_date"], errors="coerce")
        early = services[begun.to_numpy() < services[unit].map(enrolled).to_numpy()]
        if len(early):
            who = named(early[unit].astype(str).unique())
            yield (
                f"services: {len(early):,} rows begin before the person's day of enrolment"
                f" (start, enrol_date; persons {who}): correct the one or the other"
            )


def _after_the_field(episodes: pd.DataFrame, long: pd.DataFrame) -> Iterator[str]:
    if "fieldwork_date" not in long.columns or "start_ym" not in episodes.columns:
        return
    last = pd.to_datetime(long["fieldwork_date"], errors="coerce").max()
    begun = pd.to_datetime(episodes["start_ym"].astype("string"), errors="coerce")
    late = int((begun > last).sum()) if pd.notna(last) else 0
    if late:
        yield (
            f"episodes: {late:,} rows begin after the last interview of the study, {last:%Y-%m-%d}"
            " (start_ym): correct the month"
        )


def listed(inventory: Inventory) -> set[str]:
    """The ids of the measures of an inventory, those that were merged into others too."""
    dropped = inventory.merged.get("drop", pd.Series(dtype=str))
    return {*inventory.frame["measure_id"].astype(str), *dropped.astype(str)}


def unknown_measures(
    inventory: Inventory | None, evidence: str, frame: pd.DataFrame | None, column: str
) -> list[str]:
    """Rows that name a measure that the inventory lacks, with every such measure."""
    if inventory is None or frame is None or column not in frame.columns:
        return []
    known = listed(inventory)
    ids = frame[column].dropna().astype(str).str.split(";").explode().str.strip()
    strange = ids[(ids != "") & ~ids.isin(known)]
    if strange.empty:
        return []
    named_there = ", ".join(strange.unique())
    return [
        f"{evidence}: {len(strange):,} rows name a measure that the inventory lacks ({column}:"
        f" {named_there}): add it to the inventory, or mend the id"
    ]
