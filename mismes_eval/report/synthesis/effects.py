"""Effects of the synthesis: table, forest plot, summary of each model and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.estimate.verdict import Span, Verdict
from mismes_eval.evaluation.published_effects import ROLLOUT
from mismes_eval.evaluation.summaries import Summary
from mismes_eval.impact.planning.meta_analysis import RandomEffects
from mismes_eval.message import Message
from mismes_eval.report import figures_synthesis
from mismes_eval.report.document.tables import P_VALUE, Table
from mismes_eval.report.figures import Caption, Figure
from mismes_eval.report.sentences import About, excluded
from mismes_eval.report.synthesis.tables import FROM, SOURCE, TO, Record, Words, cell, table

FEW_COUNTRIES = 5  # below this the spread between countries is hardly known
POINTS = ("percentage point", "percentage points")
PERCENTAGE_POINTS = POINTS[1]


def effect_label(w: Words, r: Mapping[Any, Any]) -> str:
    """Country and measure; with a mark where the groups moved apart before enrolment."""
    label = w.t.name(f"{w.country(str(r['country']))}, {r['measure']}")
    return w.t("{label} (a)", label=label) if r["moved_apart"] is True else label


ROLLED = (
    "Roll-outs: standard error and interval with regions as the clusters (wild bootstrap) where the"
    " country report has them."
)
SPOKEN = (
    "Intervals are those with which the reports speak: over regions where those are wider than the"
    " design's. Means weigh the effects by the standard errors of their designs."
)
MOVED = (
    "(a) The groups moved apart already in the year before enrolment: the effect may be wrong by as"
    " much."
)


def effects(w: Words) -> Table:
    """S05: main effects by model and country."""
    cells = []
    text = w.t
    for summary in w.evidence.summaries:
        for row in summary.effects.to_dict("records"):
            label = text("{model}: {who}", model=w.model(summary.model), who=effect_label(w, row))
            share = row["unit_of_outcome"] == "share"
            scale = 100.0 if share else 1.0
            unit = PERCENTAGE_POINTS if share else str(row["unit_of_outcome"])
            ends = [row[name] * scale for name in ("value", "ci_low", "ci_high")]
            more = {"se": row["se"] * scale, "n": row["n"], "degf": row["degf"]}
            cells += _with_ends(label, "effect", ends, unit, **more)
    designs = sorted({followed(w, summary) for summary in w.evidence.summaries})
    return table(
        w,
        "S05",
        "Effects by model and country",
        cells,
        ("Percentage points, 95% intervals.", *too_few(w), *designs, ROLLED, SPOKEN, MOVED),
    )


def followed(w: Words, s: Summary) -> str:
    """Outcome, follow-up and design of a group of effects."""
    when = w.t("after {m:.0f} months", m=s.months)
    if np.isnan(s.months):
        when = w.t("over all rounds") if s.design == ROLLOUT else w.t("months not stated")
    return w.t(
        "{outcome}, {when}, {design}", outcome=w.outcome(s.outcome), when=when, design=w.t(s.design)
    )


def forest_row(
    kind: str,
    label: str,
    numbers: Iterable[float] = (np.nan,) * 3,
    weight: float = np.nan,
    hollow: bool = False,
) -> Record:
    """A line of a forest plot. numbers: value, low, high, shown in percentage points."""
    value, low, high = (100 * number for number in numbers)
    return {
        "kind": kind,
        "label": label,
        "value": value,
        "low": low,
        "high": high,
        "weight": weight,
        "hollow": hollow,
    }


def forest(w: Words) -> Figure:
    """G01: the main effects, their summary and where the next country's effect may lie."""
    text = w.t
    rows = []
    for summary in w.evidence.summaries:
        head = (
            text("{model} (survey rounds)", model=w.model(summary.model))
            if summary.design == ROLLOUT
            else w.model(summary.model)
        )
        rows.append(forest_row(figures_synthesis.HEAD, head))
        pooled = summary.main if isinstance(summary.main, RandomEffects) else None
        for place, row in enumerate(summary.effects.to_dict("records")):
            rows.append(
                forest_row(
                    figures_synthesis.EFFECT,
                    effect_label(w, row),
                    [row[name] for name in ("value", "ci_low", "ci_high")],
                    weight=np.nan if pooled is None else float(pooled.weights[place]),
                    hollow=row["moved_apart"] is True,
                )
            )
        if pooled is not None:
            value, ends = pooled.value, pooled.prediction
            label = text("Random-effects summary")
            mean = (value, pooled.low, pooled.high)
            rows.append(forest_row(figures_synthesis.SUMMARY, label, mean))
            if np.isfinite(ends[0]):
                label = text("Prediction for another country")
                rows.append(forest_row(figures_synthesis.PREDICTION, label, (value, *ends)))
    notes = (
        (
            "Square: effect and 95% interval, its size the weight in the summary; hollow: see (a)."
            " Diamond: summary with the Hartung-Knapp interval. Dashed: 95% prediction interval."
        ),
        *too_few(w),
        SPOKEN,
        MOVED,
    )
    return figures_synthesis.forest(
        Caption("G01", "Effects by model and country", SOURCE, notes, w.synthetic, t=text),
        pd.DataFrame(rows),
        text("effect, percentage points (95% interval)"),
    )


def sentences(w: Words) -> list[str]:
    """What the summary of each model says, and why there is none."""
    out = []
    for summary in w.evidence.summaries:
        model = w.model(summary.model)
        if isinstance(summary.main, NotEstimable):
            out.append(
                w.t("{model}: no summary, {reason}.", model=model, reason=w.t(summary.main.reason))
            )
            continue
        out.append(_summary_sentence(w, model, summary.main))
    out.append(w.t("Effects of different models are not averaged: they are different treatments."))
    return out


def _summary_sentence(w: Words, model: str, r: RandomEffects) -> str:
    """Mean, prediction and heterogeneity in words, with what few countries allow."""
    n = w.t.number
    mean = "{model}: {k} effects, on average {v} percentage points ({lo} to {hi})."
    out = [w.t(mean, model=model, k=r.k, v=n(100 * r.value), lo=n(100 * r.low), hi=n(100 * r.high))]
    if np.isfinite(r.prediction[0]):
        out.append(
            w.t(
                "In another country the effect may lie between {lo} and {hi}.",
                lo=n(100 * r.prediction[0]),
                hi=n(100 * r.prediction[1]),
            )
        )
    else:
        out.append(w.t("Two effects do not allow a prediction for another country."))
    out.append(
        w.t(
            "Of the variance {i2:.0%} lies between countries ({lo:.0%} to {hi:.0%}).",
            i2=r.i2,
            lo=r.i2_interval[0],
            hi=r.i2_interval[1],
        )
    )
    if r.k < FEW_COUNTRIES:
        out.append(w.t("With {k} countries the spread between countries is hardly known.", k=r.k))
    return " ".join(out)


def _doubts(w: Words, s: Summary, r: RandomEffects) -> list[str]:
    """What stands against a mean effect that excludes zero: countries whose groups moved apart
    before, and the next country.
    """
    n = w.t.number
    out = []
    alike = s.alike_before
    hangs = isinstance(alike, RandomEffects) and not Verdict(mean_span(alike)).shown
    if isinstance(alike, RandomEffects) and hangs:
        text = (
            "It hangs on measures whose groups moved apart already before enrolment: without them"
            " no effect could be shown ({v}, {lo} to {hi})."
        )
        out.append(
            w.t(
                text,
                v=n(100 * alike.value),
                lo=n(100 * alike.low),
                hi=n(100 * alike.high),
            )
        )
    elif isinstance(s.alike_before, NotEstimable):
        out.append(
            w.t(
                "It hangs on measures whose groups moved apart already before enrolment: without"
                " them there is nothing to average."
            )
        )
    low, high = r.prediction
    if Span(r.value, low, high).sign == "unclear":
        out.append(
            w.t(
                "In another country there may be no effect, or one the other way ({lo} to {hi}).",
                lo=n(100 * low),
                hi=n(100 * high),
            )
        )
    return out


def _mean_cells(label: str, r: RandomEffects) -> list[Record]:
    """A mean effect with its interval, in percentage points."""
    ends = (100 * r.value, 100 * r.low, 100 * r.high)
    unit = PERCENTAGE_POINTS
    return _with_ends(label, "estimate", ends, unit, se=100 * r.se, n=float(r.k))


def _with_ends(
    label: str, column: str, numbers: Sequence[float], unit: str, **more: Any
) -> list[Record]:
    """An effect and the ends of its interval. numbers: value, low, high; more: of the effect."""
    value, low, high = numbers
    return [
        cell(label, column, value, kind="effect", unit=unit, **more),
        cell(label, FROM, low, kind="effect", unit=unit),
        cell(label, TO, high, kind="effect", unit=unit),
    ]


def too_few(w: Words) -> list[str]:
    """Which means rest on too few countries to conclude from; said wherever one is shown."""
    pooled = [
        (summary.model, summary.main.k)
        for summary in w.evidence.summaries
        if isinstance(summary.main, RandomEffects)
    ]
    text = (
        "{model}: {k} countries are too few. How much countries differ is hardly known, and nothing"
        " can be said of another country; fewer than {least} are too few for a mean."
    )
    return [
        w.t(text, model=w.model(model), k=countries, least=FEW_COUNTRIES)
        for model, countries in pooled
        if countries < FEW_COUNTRIES
    ]


def summaries(w: Words) -> Table | None:
    """S06: the summary of each model by three estimators of the spread, its heterogeneity, and
    without measures whose groups moved apart before.
    """
    text = w.t
    cells = []
    units: dict[str, tuple[float, int]] = {"p": (1.0, 3)}
    for summary in w.evidence.summaries:
        if not isinstance(summary.main, RandomEffects):
            continue
        names = {"reml": "REML", "dl": "DerSimonian-Laird", "pm": "Paule-Mandel"}
        for mean in (summary.main, *summary.others):
            label = text(
                "{model}: mean effect, {how}",
                model=w.model(summary.model),
                how=text.name(names[mean.method]),
            )
            cells += _mean_cells(label, mean)
        if isinstance(summary.alike_before, RandomEffects):
            mean = summary.alike_before
            label = text("{model}: mean effect without (a), REML", model=w.model(summary.model))
            cells += _mean_cells(label, mean)
        mean = summary.main
        for name, value, (low, high), scale in (
            ("prediction for another country", mean.value, mean.prediction, 100.0),
            (
                "standard deviation between countries (tau)",
                np.sqrt(mean.tau2),
                tuple(np.sqrt(mean.tau2_interval)),
                100.0,
            ),
            ("I2, %", mean.i2, mean.i2_interval, 100.0),
        ):
            if not np.isfinite(low):
                continue
            label = text("{model}: {what}", model=w.model(summary.model), what=text(name))
            unit = "%" if name == "I2, %" else PERCENTAGE_POINTS
            ends = (("estimate", value), (FROM, low), (TO, high))
            cells += [cell(label, column, end * scale, unit=unit) for column, end in ends]
        label = text(
            "{model}: Q with {df} degrees of freedom", model=w.model(summary.model), df=mean.q_dof
        )
        cells += [cell(label, "estimate", mean.q), cell(label, "p", mean.q_pvalue, unit=P_VALUE)]
    notes = (
        *too_few(w),
        (
            "Hartung-Knapp intervals (ad hoc: never from a smaller standard error than the usual"
            " one), t with one degree of freedom less than countries; tau and I2 with Q-profile"
            " intervals."
        ),
    )
    return (
        replace(table(w, "S06", "Summary of effects", cells, notes, units), of="effects")
        if cells
        else None
    )


TOO_FEW = "{k} countries are too few for a mean: {least} are needed."
MEANS = {
    "higher": (
        "{model}: on average over {k} countries '{o}' is {v} higher than without the"
        " measures (95% interval {lo} to {hi}), {assumption}."
    ),
    "lower": (
        "{model}: on average over {k} countries '{o}' is {v} lower than without the"
        " measures (95% interval {lo} to {hi}), {assumption}."
    ),
    "unclear": (
        "{model}: no effect on '{o}' could be shown on average over {k} countries: {v} (95%"
        " interval {lo} to {hi}), {assumption}."
    ),
    "unknown": "{model}: the mean effect on '{o}' over {k} countries has no interval.",
}


def mean_span(r: RandomEffects) -> Span:
    """Mean effect over countries with its interval, which few countries make doubtful."""
    return Span(r.value, r.low, r.high, doubtful=r.k < FEW_COUNTRIES)


def _mean_in_words(w: Words, s: Summary, r: RandomEffects) -> str:
    """What may be said of a mean effect, and what stands against it."""
    verdict = Verdict(mean_span(r), clusters=r.k)
    span = verdict.span.size if verdict.shown else verdict.span
    about = About(w.model(s.model), w.outcome(s.outcome), "", 100.0, *POINTS)
    values = about.values(span) | {
        "model": about.measure,
        "k": r.k,
        "assumption": verdict.assumption or "",
    }
    words = [w.t(Message(MEANS[verdict.sign], values))]
    words += [w.t(message) for message in excluded(verdict, about)]
    if r.k < FEW_COUNTRIES:
        words.append(w.t(TOO_FEW, k=r.k, least=FEW_COUNTRIES))
    return " ".join([*words, *(_doubts(w, s, r) if verdict.shown else ())])


def findings(w: Words) -> list[tuple[str, str]]:
    """(sentence, anchor of its table), at most five: what was evaluated, what the effects show,
    what is not known. Countries are not ranked.
    """
    t, n, out = w.t, w.t.number, []
    m, budget = w.evidence.models, w.evidence.budget
    if len(m):
        text = (
            "{done} of {all} measures in {k} countries were evaluated; the reports themselves estimate"
            " effects of {known} measures against comparison groups."
        )
        out.append(
            (
                t(
                    text,
                    done=int(m["evaluated"].sum()),
                    all=int(m["measures"].sum()),
                    k=len(w.evidence.countries),
                    known=int(m["effects"].sum()),
                ),
                "S07",
            )
        )
    total, without = float(budget["total"].sum()), float(budget["without_evidence"].sum())
    if len(budget) and budget[["total", "without_evidence"]].notna().all().all() and total > 0:
        text = (
            "{share:.0%} of the recorded budget, {v} of {all} million euro, went to measures"
            " without an evaluation."
        )
        out.append((t(text, share=without / total, v=n(without), all=n(total)), "S08"))
    differing = sorted(
        {str(definition) for line in w.evidence.comparable["differing"] for definition in line}
    )
    if differing:
        out.append(
            (
                t(
                    "Countries differ in: {what}. They are not ranked.",
                    what=", ".join(t(definition) for definition in differing),
                ),
                "S02",
            )
        )
    for summary in w.evidence.summaries:
        if isinstance(summary.main, RandomEffects):
            out.append((_mean_in_words(w, summary, summary.main), "S06"))
    alone = [summary for summary in w.evidence.summaries if isinstance(summary.main, NotEstimable)]
    if alone:
        out.append(
            (
                t(
                    "For {k} models the effects come from one country or cannot be compared, and"
                    " are not summarised.",
                    k=len({summary.model for summary in alone}),
                ),
                "S05",
            )
        )
    return out[:5]
