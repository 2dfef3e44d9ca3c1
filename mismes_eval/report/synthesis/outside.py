"""Effects of outside evaluations beside those of the country reports: the tables and the picture of
the synthesis, and the words that the site shares with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.estimate.verdict import Span, Verdict
from mismes_eval.evaluation.features import MARGIN
from mismes_eval.evaluation.outside_evidence import NOT_ASSESSED, OWN, Together
from mismes_eval.frame.codes import codes
from mismes_eval.impact.planning.meta_regression import LEAST, MetaRegression
from mismes_eval.not_estimable import NotEstimable
from mismes_eval.report import figures_synthesis
from mismes_eval.report.document.tables import TextTable
from mismes_eval.report.figures import Caption, Figure
from mismes_eval.report.sentences import About
from mismes_eval.report.synthesis.effects import forest_row
from mismes_eval.report.synthesis.features import RELIABLE
from mismes_eval.report.synthesis.tables import Names, Record, Words, words_table

Row = Mapping[Any, Any]  # of `outside_evidence.beside`

SOURCE = "published results of the country reports; outside evaluations as cited"
DIGITS = 16  # of a hash that are shown
MOVED_APART = "groups moved apart before enrolment"
POINTS = 100.0
EFFECTS = (
    *("Source", "Country and measure", "Model", "Outcome", "Effect (95% interval)", "Design"),
    *("Risk of bias", "In a mean"),
)
MEANS = (
    *("Model", "Outcome", "Own effects", "Outside effects", "Mean effect (95% interval)"),
    *("What may be said", "Measures; needed for {m} points"),
)
NOTE_OF_EFFECTS = (
    "Own effects are named by the hash of the manifest of their report, with the interval with which"
    " the report speaks of them; outside ones by their citation, as its reader entered them: their"
    " data were not seen here. Outside intervals: 95%, normal, from the standard error."
    " Positive is more of the outcome; where less is better, it says so beside it."
)
NOTES_OF_MEANS = (
    (
        "Units are measures, not persons: random effects (REML) over own and outside evaluations"
        " with a comparison group, whatever their design and their risk of bias; Knapp-Hartung"
        " intervals, and errors robust (CR2) where effects come from one measure or one sample."
        " Effects are weighed by the standard errors of their designs."
    ),
    (
        "At least five measures from independent samples make a mean. Evaluations that were"
        " published may be those that found something."
    ),
)
SAID = {
    "higher": "on average higher",
    "lower": "on average lower",
    "unclear": "no mean effect could be shown",
    "unknown": "no interval",
}


def beside(w: Words) -> TextTable:
    """S05b: own and outside effects, one row an effect."""
    rows = [effect_cells(w, row) for row in w.evidence.evidence.to_dict("records")]
    title = "Own effects and effects of outside evaluations"
    head = [w.t(name) for name in EFFECTS]
    return replace(words_table(w, "S05b", title, rows, head, (NOTE_OF_EFFECTS,)), source=SOURCE)


def effect_cells(w: Names, r: Row) -> tuple[str, ...]:
    """The cells of EFFECTS for a row of `outside_evidence.beside`."""
    kept = w.t(str(r["left_out"])) if r["left_out"] else w.t("yes")
    return (
        source_words(w, r),
        _place(w, r),
        w.model(str(r["model"])),
        _outcome(w, w.outcome(str(r["outcome"]), str(r["better"])), r["months"]),
        size_words(w, r),
        design_words(w, str(r["design"])),
        bias_words(w, r),
        kept,
    )


def source_words(w: Names, r: Row) -> str:
    """Citation, or hash of the manifest; marked where the effect is made up."""
    text = w.t
    source = w.t.name(str(r["source"]))
    if r["kind"] == OWN:
        source = text("country report, manifest {sha}", sha=str(r["source"])[:DIGITS])
    if r["synthetic"] and "SYNTHETIC" not in str(r["source"]):
        return text("{source} (SYNTHETIC)", source=source)
    return source


def design_words(w: Names, design: str) -> str:
    """Label of a design; a design without a code as it stands."""
    known = design in set(codes("impact_designs")["code"])
    return w.label("impact_designs", design) if known else w.t(design)


def bias_words(w: Names, r: Row) -> str:
    """Risk of bias as a reader saw it, and groups that moved apart before."""
    code = str(r["risk_of_bias"])
    assessed = w.label("bias_risks", code) if code != NOT_ASSESSED else ""
    apart = w.t(MOVED_APART) if r["moved_apart"] else ""
    told = [words for words in (assessed, apart) if words]
    return w.t.name("; ".join(told)) if told else w.t("not assessed")


def _place(w: Names, r: Row) -> str:
    place = w.country(str(r["country"]))
    return w.t.name(f"{place}, {r['measure']}") if r["measure"] else place


def _outcome(w: Names, label: str, months: float) -> str:
    if np.isnan(months):
        return label
    return w.t("{outcome}, after {m:.0f} months", outcome=label, m=months)


def unit_words(w: Names, unit: str) -> str:
    """Words of a unit of `outside_evidence`: shares are told in percentage points."""
    if unit == "share":
        return w.t("percentage points")
    known = set(codes("effect_units")["code"])
    if unit.upper() not in known:
        return w.t(unit)
    label = w.label("effect_units", unit.upper())
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def scale_of(unit: str) -> tuple[float, int]:
    """Scale and decimals in which a report prints an effect in a unit."""
    return {"share": (POINTS, 1), "score": (1.0, 2)}.get(unit, (1.0, 1))


def about_unit(w: Names, unit: str) -> About:
    """What an effect in a unit of `outside_evidence` is in."""
    scale, digits = scale_of(unit)
    one = many = w.t.name(unit_words(w, unit))
    if unit == "share":
        one, many = "percentage point", "percentage points"
    return About("", "", "", scale, one, many, digits)


def size_words(w: Names, r: Row) -> str:
    """Value, interval where there is one, unit."""
    scale, digits = scale_of(str(r["unit"]))
    value = w.t.number(scale * r["value"], digits)
    if np.isfinite(r["low"]) and np.isfinite(r["high"]):
        ends = {"lo": r["low"], "hi": r["high"]}
        texts = {name: w.t.number(scale * end, digits) for name, end in ends.items()}
        value = w.t("{v} ({lo} to {hi})", v=value, **texts)
    return w.t("{v} {unit}", v=value, unit=unit_words(w, str(r["unit"])))


def means(w: Words) -> TextTable:
    """S05c: means over own and outside effects, measures as units."""
    rows = [mean_cells(w, one) for one in w.evidence.together]
    title = "Own and outside effects together, measures as units"
    made = words_table(w, "S05c", title, rows, mean_head(w), NOTES_OF_MEANS)
    return replace(made, source=SOURCE)


def mean_head(w: Names) -> list[str]:
    """The head of a table of means."""
    return [w.t(name, m=f"{POINTS * MARGIN:.0f}") for name in MEANS]


def mean_cells(w: Names, one: Together) -> tuple[str, ...]:
    """The cells of MEANS for a mean, or for effects too few to make one."""
    counts = str(one.own), str(one.outside)
    outcome = _outcome(w, w.outcome(one.outcome, one.better), one.months)
    return w.model(one.model), outcome, *counts, _mean(w, one), said_of_mean(w, one), needed(w, one)


def needed(w: Names, one: Together) -> str:
    """How many measures there are, and how many it takes."""
    if isinstance(one.found, NotEstimable):
        return w.t(
            "{k} {k:=measure|measures}; {least} needed",
            k=min(one.measures, one.samples),
            least=LEAST,
        )
    if not one.needed:
        return w.t("{k} {k:=measure|measures}", k=one.measures)
    return w.t("{k} {k:=measure|measures}; {least} needed", k=one.measures, least=one.needed)


def _mean(w: Names, one: Together) -> str:
    if isinstance(one.found, NotEstimable):
        return "–"
    return size_words(w, {"unit": one.unit, **_numbers(one.found)})


def _numbers(found: MetaRegression) -> dict[str, float]:
    return {
        "value": float(found.value[0]),
        "low": float(found.low[0]),
        "high": float(found.high[0]),
    }


def mean_verdict(one: Together) -> Verdict | None:
    """The verdict on a mean; with few degrees of freedom its interval is doubtful. None without a
    mean.
    """
    if isinstance(one.found, NotEstimable):
        return None
    few = float(one.found.degf[0]) < RELIABLE
    numbers = _numbers(one.found)
    span = Span(numbers["value"], numbers["low"], numbers["high"], doubtful=few)
    return Verdict(span, assumption=None, clusters=one.samples)


def said_of_mean(w: Names, one: Together) -> str:
    """What may be said of a mean, in words."""
    text = w.t
    verdict = mean_verdict(one)
    if verdict is None or isinstance(one.found, NotEstimable):
        return text("too few measures for a mean")
    said = text(SAID[verdict.sign])
    if verdict.doubtful:
        return text(
            "{told}; {few}",
            told=said,
            few=text(
                "too few measures for a p-value ({df} degrees of freedom)",
                df=text.number(one.found.degf[0]),
            ),
        )
    if verdict.excluded_size is None:
        return said
    scale = POINTS if one.unit == "share" else 1.0
    most = f"{text.number(scale * verdict.excluded_size)} {unit_words(w, one.unit)}"
    return text("{told}; a mean of more than {most} is excluded", told=said, most=text.name(most))


def forest(w: Words) -> Figure | None:
    """G01b: own and outside effects on shares, with their mean; None without one."""
    groups = [one for one in w.evidence.together if one.unit == "share"]
    if not groups:
        return None
    rows = [row for one in groups for row in _forest_rows(w, one)]
    notes = (
        (
            "Square: effect and 95% interval; hollow: an outside evaluation. Diamond: the mean with"
            " its interval, where there are measures enough."
        ),
        *NOTES_OF_MEANS,
    )
    return figures_synthesis.forest(
        Caption(
            "G01b",
            "Own and outside effects, and their mean",
            SOURCE,
            notes,
            synthetic=w.synthetic or bool(w.evidence.evidence["synthetic"].any()),
            t=w.t,
        ),
        pd.DataFrame(rows),
        w.t("effect, percentage points (95% interval)"),
    )


def _forest_rows(w: Words, one: Together) -> list[Record]:
    """Heading, effects and mean of one model and outcome."""
    text = w.t
    outcome = _outcome(w, w.outcome(one.outcome, one.better), one.months)
    what = f"{w.model(one.model)}: {outcome}"
    head = text("{what} ({how})", what=text.name(what), how=needed(w, one))
    rows = [forest_row(figures_synthesis.HEAD, head)]
    for row in one.effects.to_dict("records"):
        own = row["kind"] == OWN
        label = (
            _place(w, row)
            if own
            else text.name(f"{w.country(str(row['country']))}, {row['source']}")
        )
        ends = [row[name] for name in ("value", "low", "high")]
        rows.append(forest_row(figures_synthesis.EFFECT, label, ends, hollow=not own))
    if isinstance(one.found, MetaRegression):
        label = text("mean over {k} {k:=measure|measures}", k=one.measures)
        mean = _numbers(one.found).values()
        rows.append(forest_row(figures_synthesis.SUMMARY, label, mean))
    return rows
