"""The findings of the first page, worded by rules that follow the intervals: nothing is said that a table does not show."""

from __future__ import annotations

from datetime import date

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.impact import headline
from mismes_eval.report.chapters.study import study_items


def findings(context: Context) -> list[tuple[str, str]]:
    """(sentence, anchor of its table), at most five, in the order of the chapters."""
    out = [*_inventory(context), *_people(context), *_participation(context), *_impact(context)]
    return out[:5] or [(context.text("No evidence was supplied."), "data")]


def _share(context: Context, e: Estimate) -> dict[str, str]:
    ci = e.ci().iloc[0]
    n = context.words.number
    return {"v": n(float(e.value[0]) * 100), "lo": n(float(ci["low"]) * 100), "hi": n(float(ci["high"]) * 100)}


def _inventory(context: Context) -> list[tuple[str, str]]:
    inventory = context.evaluation.inventory
    if inventory is None:
        return []
    year = context.evaluation.params.integer("year") or date.today().year
    register = inventory.evaluation_due(date(year, 12, 31))
    n = register.summary.set_index("status")["measures"]
    text = context.text(
        "{n} measures are on record; {done} were evaluated and {late} are past 24 months without an evaluation.",
        n=int(inventory.counted.sum()),
        done=int(n.get("evaluated", 0)),
        late=int(n.get("overdue", 0)),
    )
    return [(text, "T05b")]


def _people(context: Context) -> list[tuple[str, str]]:
    found = context.evaluation.indicators(which=("L1", "L2"))
    e = found.get("L1")
    if not isinstance(e, Estimate):
        rate = context.evaluation.indicators(which=("L3",)).get("L3.unemployment")
        return (
            [(context.text("The unemployment rate is {v}% (95% interval {lo} to {hi}).", **_share(context, rate)), "T08")] if isinstance(rate, Estimate) else []
        )
    out = [(context.text("Returnees are {v}% of residents (95% interval {lo} to {hi}).", **_share(context, e)), "T07a")]
    both = context.evaluation.indicators(by=("status",), which=("L3",)).get("L3.employment")
    if isinstance(both, Estimate):
        names = {str(s): k for k, s in enumerate(both.keys["status"].astype(str))}
        if {"returnee", "non-migrant"} <= set(names):
            pair = both.contrast({both.names[names["returnee"]]: 1.0, both.names[names["non-migrant"]]: -1.0})
            shown = _share(context, pair)
            low, high = (float(v) for v in pair.ci().iloc[0])
            sure = "The employment rate of returnees differs from that of non-migrants by {v} points ({lo} to {hi})."
            unsure = "No difference between the employment rates of returnees and non-migrants could be shown: {v} points ({lo} to {hi})."
            out.append((context.text(unsure if low <= 0 <= high else sure, **shown), "T08"))
    return out


def _participation(context: Context) -> list[tuple[str, str]]:
    e = context.evaluation.indicators(which=("L12",)).get("L12")
    if not isinstance(e, Estimate) or context.rules.confidential("share", float(e.n[0])):
        return []
    return [(context.text("{v}% of returnees took part in any support measure ({lo} to {hi}).", **_share(context, e)), "T10")]


def _impact(context: Context) -> list[tuple[str, str]]:
    study = context.evaluation.tracing
    if study is None:
        own = context.evaluation.study
        return [] if own is None else [(s, "T32" if own.before else "T31") for s in study_items(context, own) if isinstance(s, str)][1:]
    return [(" ".join(headline(context, effect, study)), f"T17-{effect.measure}") for effect in context.evaluation.effects]
