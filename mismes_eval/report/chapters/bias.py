"""Threats to each measure's effect and its precision, item by item (T19c): what it was put to, and
whether it passed. The same list stands behind the headline and the matrix.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.estimate.verdict import DRAWN_BY_LOT, Verdict
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.message import Quantity
from mismes_eval.report.chapters.base import Context, Items, text_table
from mismes_eval.report.chapters.cells import headline_cell, unit_of
from mismes_eval.report.chapters.strength import FINDABLE
from mismes_eval.report.chapters.verdicts import (
    ALIKE,
    CERTAIN,
    CLUSTERS,
    LEFT_OUT,
    LOSS,
    MODE,
    OTHERS,
    PLANNED,
    PRE,
    PSUS,
    TRENDS,
    effect_verdict,
)
from mismes_eval.report.document.cells import CellKey
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.document.tables import HIDDEN, TextTable

Cell = Mapping[Any, Any]

LOST_ALIKE = (
    "Loss: were as many lost in both groups (0 lies in the interval of the difference, which ends"
    " within 10 percentage points)?"
)
# item -> what is asked, in the order of a study's life, and the table or figure that it rests on
ITEMS = {
    DRAWN_BY_LOT: ("Start: were participants drawn by lot?", "inventory"),
    ALIKE: ("Start: did no covariate differ by more than 0.1 standard deviations?", "F10"),
    LOSS: (LOST_ALIKE, "T15"),
    PRE: (
        "Trends: did both groups move alike in the year before enrolment, and would the test have"
        " seen it?",
        "F11, T19",
    ),
    OTHERS: ("Trends: do other ways to estimate it agree?", "F12"),
    TRENDS: ("Trends: does it hold if trends part by half as much as before the measure?", "F11b"),
    MODE: ("Measurement: were both groups interviewed in the same way?", "T15"),
    PLANNED: ("Plan: are the main outcome and wave those of a registered plan?", "T22"),
    PSUS: ("Precision: does each group lie in enough primary sampling units?", "T17"),
    CERTAIN: ("Precision: are most other ways to estimate it as certain?", "F12"),
    LEFT_OUT: ("Precision: does it hold without any single region?", "T19"),
    CLUSTERS: ("Precision: can it be told from chance with regions as clusters?", "T19"),
}
SIZE, FREEDOM, POWER = (
    "Precision: persons behind the effect",
    "Precision: degrees of freedom",
    "Precision: effect that this study finds with 80% chance",
)
NOT_ASSESSED = "not assessed"
NOTE = (
    "Start, loss, trends, measurement and plan ask for bias; a measure without any effect can pass"
    " all of them. Precision asks for chance. Yes: no sign of a problem. No: a sign of one. Too weak:"
    " the test could not have seen it: it misses a parting that explains the whole effect (of a"
    " null: the largest effect not excluded) in more than 20% of samples, or an interval of loss"
    " beyond 10 percentage points. Loss and mode are those of the measure's own groups at the wave"
    " of the"
    " headline. Many outcomes and groups at once: see T18 and T18c."
)


def bias(context: Context, study: Tracing) -> Items:
    """T19c: one row an item, one column a measure; of an effect that is not shown no number is."""
    evaluation = context.evaluation
    if not evaluation.effects:
        return []
    measures = [effect.measure for effect in evaluation.effects]
    verdicts = [effect_verdict(evaluation, effect) for effect in evaluation.effects]
    answers = [
        (
            context.text(asked),
            *(context.text(_answer(verdict, item)) for verdict in verdicts),
            context.text(where),
        )
        for item, (asked, where) in ITEMS.items()
    ]
    places = [
        (headline_cell(context, measure, study), CellKey(f"T19b-{measure}", FINDABLE, "value"))
        for measure in measures
    ]
    title = "Threats to the effects and their precision, item by item"

    def draw(published: pd.DataFrame) -> TextTable:
        return text_table(
            context,
            id="T19c",
            title=title,
            rows=[*answers, *_figures(context, published, places)],
            columns=("Source of bias or chance", *map(context.name, measures), "Rests on"),
            source=study.source,
            notes=(context.text(NOTE),),
        )

    return [PictureSpec("T19c", title, draw, refers=tuple(itertools.chain.from_iterable(places)))]


def _answer(verdict: Verdict | None, item: str) -> str:
    checks = () if verdict is None else verdict.checks
    return next((check.answer for check in checks if check.code == item), NOT_ASSESSED)


def _figures(
    context: Context, published: pd.DataFrame, places: Sequence[tuple[CellKey, CellKey]]
) -> list[tuple[str, ...]]:
    """Persons, degrees of freedom and what could have been found, as they are published. places: of
    each measure, its effect and what could have been found.
    """
    keys = itertools.starmap(CellKey, published[["table", "row", "column"]].itertuples(index=False))
    cells = dict(zip(keys, published.to_dict("records"), strict=True))
    columns = [_precision(context, cells.get(effect), cells.get(it)) for effect, it in places]
    tables = {SIZE: "T17", FREEDOM: "T17", POWER: "T19b"}
    return [
        (context.text(words), *(column[place] for column in columns), where)
        for place, (words, where) in enumerate(tables.items())
    ]


def _precision(context: Context, effect: Cell | None, found: Cell | None) -> tuple[str, str, str]:
    if effect is None or found is None or np.isnan(effect["value"]):
        absent = context.text(NOT_ASSESSED)
        return absent, absent, absent
    scale, one, many = unit_of(context, context.evaluation.main_cell[0])
    size = Quantity(scale * found["value"], one, many)
    n, degf = (
        context.words.number(effect[name], 0) if np.isfinite(effect[name]) else HIDDEN
        for name in ("n", "degf")
    )
    return n, degf, context.words.quantity(size)
