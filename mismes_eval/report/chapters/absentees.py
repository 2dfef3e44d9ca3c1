"""T07b: members of households who are abroad, by sex, age and country, as their households report
them.
"""

from __future__ import annotations

import pandas as pd

from mismes_eval import lfs
from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.survey import Survey
from mismes_eval.frame.codes import labels
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import joined, single
from mismes_eval.report.document.cells import Persons, Standing
from mismes_eval.report.document.language import country_name
from mismes_eval.report.document.tables import Table

ID = "T07b"
MOST = 12  # levels of a trait that are shown
TRAITS = {"sex": "sex", "age_group": "age", "country": "country abroad"}
LISTED = (
    "Absent members are rows of the file of persons. Each is counted once: the file does not say how"
    " many households could report them."
)
NOT_ASKED = "the roster does not say"


def listed_note(s: Survey) -> tuple[str, ...]:
    """What is said where absent members are rows among the persons."""
    return (LISTED,) if s.absent is not None and s.absent.attrs.get(lfs.LISTED) else ()


def absentees(context: Context, s: Survey) -> Items:
    """T07b, where households report absent members."""
    if s.absent is None or s.absent.empty:
        return []
    cells = joined([_cells(context, s, s.absent, trait) for trait in TRAITS])
    return [
        Table(
            id=ID,
            title="Absent members",
            cells=cells,
            source=s.source,
            notes=(lfs.UNCOVERED, *listed_note(s), s.sample.design.published_basis),
            scale=100.0,
        )
    ]


def _cells(context: Context, s: Survey, roster: pd.DataFrame, trait: str) -> pd.DataFrame:
    """Share of each level of a trait among the absent members."""
    name = context.text(TRAITS[trait])
    if not lfs.has_breakdown(roster, trait) or roster_levels(roster, trait).nunique() > MOST:
        return single(context, name, "% of absent members", NotEstimable(NOT_ASKED))
    level = roster_levels(roster, trait)
    found = lfs.among_absent(s.sample, roster, level)
    parts = []
    for value, one in found.items():
        row = context.text("{c}: {level}", c=name, level=_level(context, trait, value))
        who = Persons.of("absent members", (level == value).to_numpy(bool))
        standing = Standing(persons=who, tells=(who,))
        parts.append(single(context, row, "% of absent members", one, standing))
    return joined(parts)


def _level(context: Context, trait: str, value: str) -> str:
    """A level of a trait in the report's language."""
    if trait == "country" and value in labels("countries"):
        return context.name(country_name(value, context.words.code))
    return context.words.level(value)


def roster_levels(roster: pd.DataFrame, trait: str) -> pd.Series:
    return lfs.breakdown(roster, trait).astype("string")
