"""What an additional job costs, countries side by side: the table of the synthesis, and the words
that the site shares with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mismes_eval.report.chapters.job_year import lasting_in_words
from mismes_eval.report.document.language import Language
from mismes_eval.report.document.tables import TextTable
from mismes_eval.report.synthesis.tables import Words, words_table

Line = Mapping[Any, Any]

ID, TITLE = "S06c", "What an additional job costs, by country"
HEAD = ("Measure", "Model", "Per additional job-year (95% interval)", "Assumption")
NOTES = (
    "In the currency and prices of each report: amounts are not converted here.",
    (
        "A job-year: one person employed for twelve months. An additional one has a price only"
        " where"
        " the effect is shown; intervals by Fieller. What a report hides is hidden here."
    ),
)


def job_costs(w: Words) -> TextTable | None:
    """S06c: cost per additional job-year of each measure; None where no report states one."""
    lines = w.evidence.job_costs
    if lines.empty:
        return None
    rows = [_row(w, line) for line in lines.to_dict("records")]
    return words_table(w, ID, TITLE, rows, [w.t(name) for name in HEAD], NOTES)


def _row(w: Words, line: Line) -> tuple[str, ...]:
    place = w.t.name(f"{w.country(str(line['country']))}, {line['measure']}")
    return place, w.model(str(line["model"])), amount(w.t, line), assumption(w.t, line)


def amount(t: Language, line: Line) -> str:
    """Amount and interval; what is hidden or not given has no number."""
    if line["status"] == "not estimable":
        return t("not given: the report shows no gain in jobs that has a price")
    if line["status"] != "shown" or pd.isna(line["value"]):
        return t("hidden by the report")
    numbers = {"v": line["value"], "lo": line["ci_low"], "hi": line["ci_high"]}
    texts = {name: t.number(float(number), 0) for name, number in numbers.items()}
    year = line["price_year"]
    prices = t("no stated year") if pd.isna(year) else f"{int(year)}"
    money = {"c": t.name(str(line["currency"])), "y": prices}
    return t("{v} ({lo} to {hi}) {c}, prices of {y}", **texts, **money)


def assumption(t: Language, line: Line) -> str:
    """Under which assumption the amount holds."""
    return t(lasting_in_words(float(line["horizon"]), float(line["measured"])))
