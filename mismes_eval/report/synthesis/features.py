"""Features of measures beside their effects: the table of the synthesis."""

from __future__ import annotations

import math

from mismes_eval.evaluation.features import MARGIN, MODEL, FeatureContrast
from mismes_eval.impact.planning.meta_regression import LEAST
from mismes_eval.not_estimable import NotEstimable
from mismes_eval.report.document.tables import TextTable
from mismes_eval.report.synthesis.tables import Words, words_table

RELIABLE = 4.0  # degrees of freedom below which no p-value is told (Tipton 2015)
NOTES = (
    (
        "Units are measures, not persons: main effects of tracer studies by random-effects"
        " meta-regression (REML, Knapp-Hartung; errors robust where a country has several"
        " measures). Interval: 95%. Errors are as wide as the intervals with which reports speak of"
        " their effects."
    ),
    (
        "With the feature: scored fairly or fully in the inventory. Nothing was drawn by lot here:"
        " measures that differ in one feature differ in others. At least five measures are compared;"
        " models, where there are two measures more than models."
    ),
)
NOTES_TOGETHER = (
    (
        "Units are measures, not persons: own and outside effects on shares that may be averaged, by"
        " random-effects meta-regression (REML, Knapp-Hartung; errors robust where one measure or"
        " one sample has several). Interval: 95%. Errors are as wide as the intervals with which"
        " reports speak of their effects."
    ),
    (
        "With the feature: scored fairly or fully, or stated by the reader of the evaluation."
        " Features were not drawn by lot: measures that differ in one differ in others. At least"
        " five measures are compared; models, where there are two measures more than models."
    ),
)


def features(w: Words) -> TextTable | None:
    """S06b: how effects differ with features of the measures; None without an effect."""
    rows = [_row(w, contrast) for contrast in w.evidence.features]
    if not rows:
        return None
    text = w.t
    head = [
        text("Feature"),
        text("Measures"),
        text("With the feature"),
        text("Difference, percentage points"),
        text("Samples needed for {m} points", m=f"{100 * MARGIN:.0f}"),
    ]
    title = "Features of measures: do effects differ with them?"
    notes = NOTES_TOGETHER if w.evidence.together else NOTES
    return words_table(w, "S06b", title, rows, head, notes)


def _row(w: Words, c: FeatureContrast) -> tuple[str, ...]:
    text = w.t
    when = text("after {m:.0f} months", m=c.months)
    label = text(
        "{feature} ({outcome}, {when})",
        feature=text(c.feature),
        outcome=w.outcome(c.outcome, c.better),
        when=when,
    )
    having = (
        text("{n} {n:=model|models}", n=c.with_feature)
        if c.feature == MODEL
        else str(c.with_feature)
    )
    needed = str(c.needed) if c.needed else "–"
    return label, str(c.measures), having, _difference(w, c), needed


def _difference(w: Words, c: FeatureContrast) -> str:
    text, found = w.t, c.found
    if isinstance(found, NotEstimable):
        return text("not estimable: {reason}", reason=text(found.reason))
    if c.feature == MODEL:
        return text("variance left between measures: {v}", v=text.number(1e4 * found.tau2))
    j = found.names.index("feature")
    texts = {
        "v": text.number(100 * found.value[j]),
        "lo": text.number(100 * found.low[j]),
        "hi": text.number(100 * found.high[j]),
    }
    told = text("{v} ({lo} to {hi})", **texts)
    if c.measures < LEAST or found.degf[j] < RELIABLE:
        few = text(
            "too few measures for a p-value ({df} degrees of freedom)",
            df=text.number(found.degf[j]),
        )
        return text("{told}; {few}", told=told, few=few)
    chance = found.permutation[j]
    p = found.pvalue[j] if math.isnan(chance) else chance
    return text("{told}, p={p}", told=told, p=f"{p:.3f}")
