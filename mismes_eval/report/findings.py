"""The findings of the first page, worded by rules that follow the intervals: nothing is said that a
table does not show.
"""

from __future__ import annotations

from dataclasses import replace

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.lfs.catalogue import catalogue
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import interval_numbers
from mismes_eval.report.chapters.criteria import EMPLOYMENT, interval, published_gap
from mismes_eval.report.chapters.lottery import draw_sentence, main_key
from mismes_eval.report.chapters.measures import register_summary
from mismes_eval.report.chapters.people import RETURNEES_ROW
from mismes_eval.report.chapters.study import study_findings
from mismes_eval.report.document.cells import CellKey, Published
from mismes_eval.report.document.items import SentenceSpec

GAPS = {
    "higher": (
        "The employment rate of returnees is {v} percentage points higher than that of non-migrants"
        " (95%"
        " interval {lo} to {hi}); age, sex and schooling of the two groups are not made equal."
    ),
    "lower": (
        "The employment rate of returnees is {v} percentage points lower than that of non-migrants"
        " (95%"
        " interval {lo} to {hi}); age, sex and schooling of the two groups are not made equal."
    ),
    "unclear": (
        "No difference between the employment rates of returnees and non-migrants could be shown:"
        " {v} percentage points (95% interval {lo} to {hi})."
    ),
    "unknown": (
        "The difference between the employment rates of returnees and non-migrants has no interval."
    ),
}
MOST = 2
NO_EVIDENCE = "No evidence was supplied."
Finding = tuple[str, str]


def findings(context: Context, published: Published) -> list[Finding]:
    """(sentence, anchor of its table), at most two, below the brief of the measures: effects that
    the brief has no row for, what was never evaluated, whom the measures reach, how returnees fare,
    how many they are.
    """
    found = [
        *_own_study(context, published),
        *_inventory(context),
        *_participation(context, published),
        *_people(context, published),
    ]
    return found[:MOST]


def _own_study(context: Context, published: Published) -> list[Finding]:
    """The effect of a draw by lot, then that of a study of its own."""
    out: list[Finding] = []
    draw, own = context.evaluation.lottery, context.evaluation.study
    if draw is not None:
        key = main_key(context, draw)
        out.append((draw_sentence(context, draw, published.of([key])), key.table))
    if own is not None:
        found = study_findings(context, own)
        out += [(line.finding, line.tables.rpartition(", ")[2] or "T05c") for line in found]
    return out


def _inventory(context: Context) -> list[Finding]:
    inventory = context.evaluation.inventory
    if inventory is None:
        return []
    register = context.evaluation.register
    n = register_summary(register.table).set_index("status")["measures"]
    late = int(n.get("overdue", 0))
    text = context.text(
        "{n} {n:=measure|measures}: {done} evaluated, {late} overdue after 24 months.",
        n=int(inventory.counted.sum()),
        done=int(n.get("evaluated", 0)),
        late=late,
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
    numbers = interval_numbers(key, 100.0, 1)
    text = SentenceSpec(template, numbers).text(published, context.words)
    return [(text, key.table)] if text else []


def _gap(context: Context, published: Published) -> list[Finding]:
    span = published_gap(replace(context, published=published), EMPLOYMENT)
    if isinstance(span, NotEstimable):
        return []
    return [(context.text(GAPS[span.sign], **interval(context, span)), "T08")]


def _participation(context: Context, published: Published) -> list[Finding]:
    text = "{v}% of returnees took part in any measure ({lo} to {hi})."
    key = CellKey("T10", "any measure", "returnees who took part")
    return _share(context, published, text, key)
