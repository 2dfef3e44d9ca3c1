"""The findings of the first page, worded by rules that follow the intervals: nothing is said that a
table does not show.
"""

from __future__ import annotations

from datetime import date

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.criteria import interval, returnee_gap
from mismes_eval.report.chapters.impact import headline, named
from mismes_eval.report.chapters.rollout import said
from mismes_eval.report.chapters.study import study_items
from mismes_eval.report.document.cells import Published

MOST, EFFECTS = 5, 3
Finding = tuple[str, str]


def findings(context: Context, published: Published) -> list[Finding]:
    """(sentence, anchor of its table), at most five, the most important first: what the measures
    do, what was never evaluated, whom they reach, how returnees fare, how many they are.

    Where more than three effects are known the third says how many more there are, so that the rest
    of the page is not crowded out.
    """
    effects, others = (
        _impact(context),
        [*_inventory(context), *_participation(context), *_people(context)],
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
    n = register.summary.set_index("status")["measures"]
    text = context.text(
        "{n} measures are on record; {done} were evaluated and {late} are past 24 months without an"
        " evaluation.",
        n=int(inventory.counted.sum()),
        done=int(n.get("evaluated", 0)),
        late=int(n.get("overdue", 0)),
    )
    return [(text, "T05b")]


def _people(context: Context) -> list[Finding]:
    found = context.indicators(which=("L1",)).get("L1")
    if not isinstance(found, Estimate):
        rate = context.indicators(which=("L3",)).get("L3.unemployment")
        said_ = "The unemployment rate is {v}% (95% interval {lo} to {hi})."
        return (
            [(context.text(said_, **interval(context, rate)), "T08")]
            if isinstance(rate, Estimate)
            else []
        )
    return [
        *_gap(context),
        (
            context.text(
                "Returnees are {v}% of residents (95% interval {lo} to {hi}).",
                **interval(context, found),
            ),
            "T07a",
        ),
    ]


def _gap(context: Context) -> list[Finding]:
    gap = returnee_gap(context, "L3.employment")
    if isinstance(gap, NotEstimable):
        return []
    low, high = (float(v) for v in gap.ci().iloc[0])
    if low <= 0 <= high:
        text = (
            "No difference between the employment rates of returnees and non-migrants could be"
            " shown: {v} points (95% interval {lo} to {hi})."
        )
    elif low > 0:
        text = (
            "The employment rate of returnees is {v} points higher than that of non-migrants (95%"
            " interval {lo} to {hi}); age, sex and schooling of the two groups are not made equal."
        )
    else:
        text = (
            "The employment rate of returnees is {v} points lower than that of non-migrants (95%"
            " interval {lo} to {hi}); age, sex and schooling of the two groups are not made equal."
        )
    return [(context.text(text, **interval(context, gap, size=not low <= 0 <= high)), "T08")]


def _participation(context: Context) -> list[Finding]:
    e = context.indicators(which=("L12",)).get("L12")
    if (
        not isinstance(e, Estimate)
        or context.rules.confidential("share", float(e.n[0]))
        or context.rules.flag("share", float(e.cv[0])) == ":"
    ):
        return []
    return [
        (
            context.text(
                "{v}% of returnees took part in any support measure (95% interval {lo} to {hi}).",
                **interval(context, e),
            ),
            "T10",
        )
    ]


def _impact(context: Context) -> list[Finding]:
    """Every effect that the report knows, in the order of its chapter."""
    out: list[Finding] = []
    study, own, rolled = (
        context.evaluation.tracing,
        context.evaluation.study,
        context.evaluation.rollout,
    )
    if study is not None:
        out += [
            (" ".join(headline(context, effect, study)), f"T17-{effect.measure}")
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
