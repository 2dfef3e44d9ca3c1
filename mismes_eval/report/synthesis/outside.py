"""Effects of outside evaluations beside those of the country reports: the tables of the synthesis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mismes_eval.evaluation.features import MARGIN
from mismes_eval.evaluation.outside_evidence import OWN, Together
from mismes_eval.frame.codes import codes
from mismes_eval.not_estimable import NotEstimable
from mismes_eval.report.document.language import code_labels
from mismes_eval.report.document.tables import TextTable
from mismes_eval.report.synthesis.features import RELIABLE
from mismes_eval.report.synthesis.tables import Words, words_table

SOURCE = "published results of the country reports; outside evaluations as cited"
NOTE_OF_EFFECTS = (
    "Own effects are named by the hash of the manifest of their report, outside ones by their"
    " citation, as its reader entered them: their data were not seen here. Outside intervals: 95%,"
    " normal, from the standard error."
)
NOTES_OF_MEANS = (
    (
        "Units are measures, not persons: random effects (REML) over own and outside evaluations"
        " with a comparison group, whatever their design and their risk of bias; Knapp-Hartung"
        " intervals, and errors robust (CR2) where effects come from one measure or one sample."
    ),
    (
        "At least five measures from independent samples make a mean. Evaluations that were"
        " published may be those that found something."
    ),
)


def beside(w: Words) -> TextTable:
    """S05b: own and outside effects, one row an effect."""
    t = w.t
    rows = [_effect_row(w, r) for r in w.evidence.evidence.to_dict("records")]
    head = [
        t("Source"),
        t("Country and measure"),
        t("Model"),
        t("Outcome"),
        t("Effect (95% interval)"),
        t("Design"),
        t("Risk of bias"),
        t("In a mean"),
    ]
    title = "Own effects and effects of outside evaluations"
    return replace(words_table(w, "S05b", title, rows, head, (NOTE_OF_EFFECTS,)), source=SOURCE)


def _effect_row(w: Words, r: Mapping[Any, Any]) -> tuple[str, ...]:
    t, own = w.t, r["kind"] == OWN
    source = t.name(str(r["source"]))
    if own:
        source = t("country report, manifest {sha}", sha=str(r["source"])[:16])
    if r["synthetic"] and "SYNTHETIC" not in str(r["source"]):
        source = t("{source} (SYNTHETIC)", source=source)
    place = w.country(str(r["country"]))
    if r["measure"]:
        place = t.name(f"{place}, {r['measure']}")
    if own:
        bias, design = t(str(r["risk_of_bias"]) or "not assessed"), t(str(r["design"]))
    else:
        bias = _label(w, "bias_risks", str(r["risk_of_bias"]))
        design = _label(w, "impact_designs", str(r["design"]))
    model = w.model(str(r["model"]))
    kept = t(str(r["left_out"])) if r["left_out"] else t("yes")
    return (
        source,
        place,
        model,
        _outcome(w, r["outcome"], r["months"]),
        _size(w, r),
        design,
        bias,
        kept,
    )


def _label(w: Words, table: str, code: str) -> str:
    """A code's label in the language of the page."""
    return code_labels(table, w.t)[code]


def _outcome(w: Words, name: str, months: float) -> str:
    if np.isnan(months):
        return w.outcome(str(name))
    return w.t("{outcome}, after {m:.0f} months", outcome=w.outcome(str(name)), m=months)


def _unit(w: Words, unit: str) -> str:
    """Words of a unit of `outside_evidence`: shares are told in percentage points."""
    if unit == "share":
        return w.t("percentage points")
    known = set(codes("effect_units")["code"])
    return _label(w, "effect_units", unit.upper()) if unit.upper() in known else w.t(unit)


def _size(w: Words, r: Mapping[Any, Any]) -> str:
    """Value, interval where there is one, unit."""
    unit = str(r["unit"])
    scale = 100.0 if unit == "share" else 1.0
    number = w.t.number
    value = number(scale * r["value"])
    if np.isfinite(r["low"]):
        ends = {"lo": number(scale * r["low"]), "hi": number(scale * r["high"])}
        value = w.t("{v} ({lo} to {hi})", v=value, **ends)
    return w.t("{v} {unit}", v=value, unit=_unit(w, unit))


def means(w: Words) -> TextTable:
    """S05c: means over own and outside effects, measures as units."""
    t = w.t
    head = [
        t("Model"),
        t("Outcome"),
        t("Own effects"),
        t("Outside effects"),
        t("Measures"),
        t("Mean effect (95% interval)"),
        t("Samples needed for {m} points", m=f"{100 * MARGIN:.0f}"),
    ]
    rows = [_mean_row(w, one) for one in w.evidence.together]
    title = "Own and outside effects together, measures as units"
    return replace(words_table(w, "S05c", title, rows, head, NOTES_OF_MEANS), source=SOURCE)


def _mean_row(w: Words, one: Together) -> tuple[str, ...]:
    needed = str(one.needed) if one.needed else "–"
    counts = str(one.own), str(one.outside), str(one.measures)
    outcome = _outcome(w, one.outcome, one.months)
    return w.model(one.model), outcome, *counts, _mean(w, one), needed


def _mean(w: Words, one: Together) -> str:
    found = one.found
    if isinstance(found, NotEstimable):
        return w.t(found.reason)
    ends = {"value": found.value[0], "low": found.low[0], "high": found.high[0]}
    size = _size(w, {"unit": one.unit, **ends})
    if found.degf[0] >= RELIABLE:
        return size
    few = w.t(
        "too few measures for a p-value ({df} degrees of freedom)", df=w.t.number(found.degf[0])
    )
    return w.t("{told}; {few}", told=size, few=few)
