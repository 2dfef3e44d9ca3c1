"""The answer to an evaluation question with which a chapter begins: one or two sentences of what
its tables show, with interval and reliability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.lfs.catalogue import catalogue
from mismes_eval.report.brief import brief, effect_and_time
from mismes_eval.report.chapters.base import QUESTION, Chapter, Context
from mismes_eval.report.chapters.cells import span_at
from mismes_eval.report.chapters.criteria import (
    EMPLOYMENT,
    TOOK_PART,
    Cell,
    interval,
    published_gap,
    rates_of,
    returnee_gap,
    survey_strength,
)
from mismes_eval.report.chapters.measures import register_summary
from mismes_eval.report.document.cells import CellKey
from mismes_eval.report.document.items import Number, SentenceSpec

GRADED = "{said} Evidence: {strength} (by the rule of T05c)."
FARE = "Are those who have returned in work as often as those who never left?"
FARES = {
    "higher": (
        "More often: their employment rate is {v} percentage points higher (95% interval {lo} to"
        " {hi}); age, sex"
        " and schooling are not made equal."
    ),
    "lower": (
        "Less often: their employment rate is {v} percentage points lower (95% interval {lo} to"
        " {hi}); age, sex"
        " and schooling are not made equal."
    ),
    "unclear": (
        "No difference could be shown: {v} percentage points in the employment rate (95% interval"
        " {lo} to {hi})."
    ),
    "unknown": "Nothing can be said: the difference has no interval.",
}
NO_ANSWER = "Nothing can be said: {r}."
REACH = "Do the measures reach those who have returned?"
REACHED = "{v}% of returnees took part in a measure (95% interval {lo} to {hi})."
FOLLOWED = "How many of those who are compared were lost on the way?"
STAYED = (
    "After {m:.0f} months {t}% of participants and {c}% of the comparison group were lost, a difference of"
    " {d} percentage points (95% interval {lo} to {hi})."
)
WORKED = "What did the measures change for those who took part?"
CHANGED = "{m}: {effect}; evidence {sure}"
BY_MEASURE = "{caption}. {rows}. {more}"
KNOWN = "Do we know whether the measures work?"
ON_RECORD = (
    "Of {n} measures on record {done} {done:=was|were} evaluated; {late} {late:=is|are} past 24"
    " months without. A census of what implementers reported: no sampling error."
)


@dataclass(frozen=True)
class Answer:
    """question and answer in the report's language."""

    question: str
    answer: str


def answered(context: Context, chapters: Mapping[str, Chapter]) -> dict[str, Chapter]:
    """The chapters with their answers in front. context: with published cells."""
    out = dict(chapters)
    for name, make in ANSWERS.items():
        answer = make(context)
        if answer is None or name not in out:
            continue
        text = context.text(QUESTION, question=answer.question, answer=answer.answer)
        out[name] = replace(out[name], items=(text, *out[name].items))
    return out


def _fare(context: Context) -> Answer | None:
    """Returnees against those who never left."""
    survey = context.evaluation.survey
    if survey is None or not survey.tells_return:
        return None
    question = context.text(FARE)
    gap = returnee_gap(context, EMPLOYMENT)
    title = catalogue()[EMPLOYMENT].title
    span = published_gap(context, EMPLOYMENT)
    if isinstance(span, NotEstimable):
        return Answer(question, context.text(NO_ANSWER, r=context.text(span.reason)))
    assert isinstance(gap, Estimate)
    said = context.text(FARES[span.sign], **interval(context, span))
    return Answer(question, _graded(context, said, gap, rates_of("T08", title)))


def _reach(context: Context) -> Answer | None:
    """How many of those meant take part."""
    found = context.indicators(which=("L12",)).get("L12")
    published = context.published
    if not isinstance(found, Estimate) or published is None:
        return None
    key = CellKey(*TOOK_PART)
    span = span_at(published.of([key]), key)
    question = context.text(REACH)
    if span is None:
        return Answer(question, context.text(NO_ANSWER, r=context.text("too few persons")))
    said = context.text(REACHED, **interval(context, span))
    return Answer(question, _graded(context, said, found, [TOOK_PART]))


def _known(context: Context) -> Answer | None:
    """How much of the portfolio was evaluated."""
    inventory = context.evaluation.inventory
    if inventory is None:
        return None
    register = context.evaluation.register
    counts = register_summary(register.table).set_index("status")["measures"]
    said = context.text(
        ON_RECORD,
        n=int(inventory.counted.sum()),
        done=int(counts.get("evaluated", 0)),
        late=int(counts.get("overdue", 0)),
    )
    return Answer(context.text(KNOWN), said)


def _followed(context: Context) -> Answer | None:
    """How many were lost in either arm by the wave of the headline."""
    study = context.evaluation.tracing
    if study is None or context.published is None:
        return None
    months = study.months[context.params.impact.main_wave]
    row = context.text("{m:.0f} months", m=months)
    gap = CellKey("T15", row, "difference")
    numbers = {
        "t": Number(CellKey("T15", row, "participants"), scale=100.0, digits=1),
        "c": Number(CellKey("T15", row, "comparison"), scale=100.0, digits=1),
        "d": Number(gap, scale=100.0, digits=1),
        "lo": Number(gap, "ci_low", 100.0, 1),
        "hi": Number(gap, "ci_high", 100.0, 1),
    }
    few = context.text(NO_ANSWER, r=context.text("too few persons"))
    said = SentenceSpec(STAYED, numbers, {"m": months}).text(context.published, context.words)
    return Answer(context.text(FOLLOWED), said or few)


def _worked(context: Context) -> Answer | None:
    """The effect of each measure in the words of the first page."""
    told = None if context.published is None else brief(context, context.published)
    if told is None:
        return None
    rows = [
        context.text(CHANGED, m=row.measure, effect=effect_and_time(context, row), sure=row.sure)
        for row in told.rows
    ]
    words = {"caption": told.caption, "rows": "; ".join(rows), "more": told.more}
    return Answer(context.text(WORKED), context.text(BY_MEASURE, **words).strip())


def _graded(context: Context, said: str, estimate: Estimate, cells: Sequence[Cell]) -> str:
    strength = context.text(survey_strength(context, estimate, cells))
    return context.text(GRADED, said=said, strength=strength)


ANSWERS = {
    "impact": _worked,
    "inventory": _known,
    "people": _fare,
    "participation": _reach,
    "tracer": _followed,
}
