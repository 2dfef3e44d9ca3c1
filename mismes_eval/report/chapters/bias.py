"""Threats to each measure's effect and its precision, item by item (T19c): what it was put to, and
whether it passed. The same list stands behind the headline and the matrix.
"""

from __future__ import annotations

from collections.abc import Mapping

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.verdict import DRAWN_BY_LOT, Verdict
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.planning.detectable import detectable_effect
from mismes_eval.message import Quantity
from mismes_eval.report.chapters.base import Context, Item, text_table
from mismes_eval.report.chapters.cells import published, unit_of
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
    main_cell,
)

LOST_ALIKE = (
    "Loss: were as many lost in both groups (0 lies in the interval of the difference, which ends"
    " within 10 percentage points)?"
)
# item -> what is asked, in the order of a study's life, and the table or figure that it rests on
ITEMS: Mapping[str, tuple[str, str]] = {
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


def bias(context: Context, study: Tracing) -> list[Item]:
    """T19c: one row an item, one column a measure."""
    evaluation = context.evaluation
    if not evaluation.effects:
        return []
    pairs = zip(evaluation.effects, evaluation.doubts, strict=True)
    verdicts = {
        effect.measure: effect_verdict(evaluation, effect, doubt) for effect, doubt in pairs
    }
    rows = [
        (
            context.text(asked),
            *(context.text(_answer(verdict, item)) for verdict in verdicts.values()),
            context.text(where),
        )
        for item, (asked, where) in ITEMS.items()
    ]
    columns = ("Source of bias or chance", *map(context.name, verdicts), "Rests on")
    return [
        text_table(
            context,
            id="T19c",
            title="Threats to the effects and their precision, item by item",
            rows=[*rows, *_figures(context, evaluation.effects)],
            columns=columns,
            source=study.source,
            notes=(context.text(NOTE),),
        )
    ]


def _answer(verdict: Verdict | None, item: str) -> str:
    checks = () if verdict is None else verdict.checks
    return next((check.answer for check in checks if check.code == item), NOT_ASSESSED)


def _figures(context: Context, effects: tuple[Effects, ...]) -> list[tuple[str, ...]]:
    """Persons, degrees of freedom and what could have been found, where the effect is published."""
    key = main_cell(context.evaluation)
    found = [effect.by_wave.get(key) for effect in effects]
    cells = [_precision(context, effect, key[0]) for effect in found]
    tables = {SIZE: "T17", FREEDOM: "T17", POWER: "T19b"}
    return [
        (context.text(words), *(cell[place] for cell in cells), where)
        for place, (words, where) in enumerate(tables.items())
    ]


def _precision(context: Context, effect: object, outcome: str) -> tuple[str, str, str]:
    if not isinstance(effect, Estimate) or not published(context, effect):
        absent = context.text(NOT_ASSESSED)
        return absent, absent, absent
    n, text = context.words.number, context.words
    scale, one, many = unit_of(context, outcome)
    size = Quantity(scale * detectable_effect(effect), one, many)
    return n(float(effect.n[0]), 0), n(float(effect.degf[0]), 0), text.quantity(size)
