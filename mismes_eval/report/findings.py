"""The findings of the first page, worded by rules that follow the intervals: nothing is said that a
table does not show.
"""

from __future__ import annotations

from datetime import date

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.estimate.verdict import Span
from mismes_eval.evaluation.tracer_study import Effects, Tracing
from mismes_eval.lfs.catalogue import catalogue
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.criteria import interval, returnee_gap
from mismes_eval.report.chapters.impact import NOT_SHOWN, headline, headline_cell, named
from mismes_eval.report.chapters.measures import (
    evaluated_here,
    register_summary,
    with_evaluations,
)
from mismes_eval.report.chapters.people import RETURNEES_ROW
from mismes_eval.report.chapters.rollout import said
from mismes_eval.report.chapters.study import study_items
from mismes_eval.report.document.cells import CellKey, Published
from mismes_eval.report.document.items import Number, Part, SentenceSpec

GAPS = {
    "higher": (
        "The employment rate of returnees is {v} points higher than that of non-migrants (95%"
        " interval {lo} to {hi}); age, sex and schooling of the two groups are not made equal."
    ),
    "lower": (
        "The employment rate of returnees is {v} points lower than that of non-migrants (95%"
        " interval {lo} to {hi}); age, sex and schooling of the two groups are not made equal."
    ),
    "unclear": (
        "No difference between the employment rates of returnees and non-migrants could be shown:"
        " {v} points (95% interval {lo} to {hi})."
    ),
    "unknown": (
        "The difference between the employment rates of returnees and non-migrants has no interval."
    ),
}
MOST, EFFECTS = 5, 3
Finding = tuple[str, str]


def findings(context: Context, published: Published) -> list[Finding]:
    """(sentence, anchor of its table), at most five, the most important first: what the measures
    do, what was never evaluated, whom they reach, how returnees fare, how many they are.

    Where more than three effects are known the third says how many more there are, so that the rest
    of the page is not crowded out.
    """
    effects, others = (
        _impact(context, published),
        [
            *_inventory(context),
            *_participation(context, published),
            *_people(context, published),
        ],
    )
    first = effects[:EFFECTS]
    if len(effects) > EFFECTS:
        text, anchor = first[-1]
        first[-1] = (
            f"{text} "
            + context.text("The chapter on impact has {k} more effects.", k=len(effects) - EFFECTS),
            anchor,
        )
    return [*first, *others][:MOST] or [(context.text("No evidence was supplied."), "data")]


def _inventory(context: Context) -> list[Finding]:
    inventory = context.evaluation.inventory
    if inventory is None:
        return []
    year = context.evaluation.params.year or date.today().year
    register = inventory.evaluation_due(date(year, 12, 31))
    register = with_evaluations(register, evaluated_here(context.evaluation))
    n = register_summary(register.table).set_index("status")["measures"]
    text = context.text(
        "{n} measures are on record; {done} were evaluated and {late} are past 24 months without an"
        " evaluation.",
        n=int(inventory.counted.sum()),
        done=int(n.get("evaluated", 0)),
        late=int(n.get("overdue", 0)),
    )
    return [(text, "T05b")]


def _people(context: Context, published: Published) -> list[Finding]:
    if published.get("T07a", RETURNEES_ROW, "estimate") is None:
        rate = catalogue()["L3.unemployment"].title
        said_ = "The unemployment rate is {v}% (95% interval {lo} to {hi})."
        return _share(context, published, said_, CellKey("T08", rate, "all residents"))
    number = "Returnees are {v}% of residents (95% interval {lo} to {hi})."
    return [
        *_gap(context, published),
        *_share(context, published, number, CellKey("T07a", RETURNEES_ROW, "estimate")),
    ]


def _share(context: Context, published: Published, template: str, key: CellKey) -> list[Finding]:
    """A sentence on one share in percent, where its cell is shown."""
    parts: dict[str, Part] = {"v": "value", "lo": "ci_low", "hi": "ci_high"}
    numbers = {name: Number(key, part, 100.0, 1) for name, part in parts.items()}
    text = SentenceSpec(template, numbers).text(published, context.words)
    return [(text, key.table)] if text else []


def _gap(context: Context, published: Published) -> list[Finding]:
    gap = returnee_gap(context, "L3.employment")
    title = catalogue()["L3.employment"].title
    rates = [published.get("T08", title, group) for group in ("returnees", "non-migrants")]
    if isinstance(gap, NotEstimable) or any(cell is None or cell.closed for cell in rates):
        return []
    sign = Span.of(gap).sign
    numbers = interval(context, gap, size=sign in ("higher", "lower"))
    return [(context.text(GAPS[sign], **numbers), "T08")]


def _participation(context: Context, published: Published) -> list[Finding]:
    text = "{v}% of returnees took part in any support measure (95% interval {lo} to {hi})."
    key = CellKey("T10", "any measure", "returnees who took part")
    return _share(context, published, text, key)


def _impact(context: Context, published: Published) -> list[Finding]:
    """Every effect that the report knows, in the order of its chapter."""
    out: list[Finding] = []
    study, own, rolled = (
        context.evaluation.tracing,
        context.evaluation.study,
        context.evaluation.rollout,
    )
    if study is not None:
        out += [
            (_headline(context, published, effect, study), f"T17-{effect.measure}")
            for effect in context.evaluation.effects
        ]
    if rolled is not None:
        out.append(
            (
                context.text("{m}: {r}", m=named(context, rolled.measure), r=said(context, rolled)),
                "T24",
            )
        )
    if own is not None:
        out += [
            (s, "T32" if own.before else "T31")
            for s in study_items(context, own)
            if isinstance(s, str)
        ][1:]
    return out


def _headline(context: Context, published: Published, effect: Effects, study: Tracing) -> str:
    cell = published.cells.get(headline_cell(context, effect.measure, study))
    if cell is not None and not cell.shown:
        return context.text(NOT_SHOWN, m=named(context, effect.measure))
    return " ".join(headline(context, effect, study))
