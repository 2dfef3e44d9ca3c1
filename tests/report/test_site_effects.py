"""Identity: every effect on the site is that of page one or of T17, T24, T35 of its report: words,
interval and grade; what the report hides is not there.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.published_effects import DRAW, ROLLOUT
from mismes_eval.report.brief import brief
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.description import OWN_AMOUNT, ROWS
from mismes_eval.report.country import CountryReport
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.site import write_site
from mismes_eval.report.site.evidence import evaluations
from mismes_eval.report.synthesis.comparable import comparable
from mismes_eval.report.synthesis.published import Origin
from tests.report.conftest import WholeReport

pytestmark = pytest.mark.identity


def origin_of(report: CountryReport, code: str) -> Origin:
    facts: Any = comparable(report.context, report.chapters)
    return Origin(code, code, True, "2024-07-01", "0" * 64, "a" * 64, facts)


OTHERS = [pytest.param(code, marks=pytest.mark.slow) for code in ("ARM", "MAR", "TUN")]


@pytest.mark.whole
@pytest.mark.parametrize("country", ["MDA", *OTHERS])
def test_the_site_says_of_an_effect_what_its_report_says(
    country: str, whole_report: Callable[[str, str], WholeReport], tmp_path: Path
) -> None:
    report = whole_report(country, "en").report
    inventory = report.context.evaluation.inventory
    assert inventory is not None
    origin = origin_of(report, country)
    found = evaluations([origin], inventory.frame)
    site = write_site(inventory, tmp_path / "site", origins=[origin])
    page = unescape((site.folder / "en" / "evidence.html").read_text(encoding="utf-8"))
    first = brief(report.context, report.published)
    assert first is not None and found
    rows = {row.id: row for row in first.rows}
    number = language("en").number
    printed = {
        (cell.key.table, number(scale * cell.value), number(scale * low), number(scale * high))
        for cell in report.published
        for scale in (100.0, 1.0)
        for low, high in [(cell.ci_low, cell.ci_high)]
        if cell.shown and np.isfinite([cell.value, low, high]).all()
    }
    for e in found:
        scale = 100.0 if e.unit == "share" else 1.0
        told = {ROLLOUT: ["T24"], DRAW: ["T35"]}.get(e.design, ["T17", "T19d"])
        lone = e.design in (ROLLOUT, DRAW)
        tables = told if lone else [f"{table}-{e.measure_id}" for table in told]
        if not e.main:
            ends = tuple(number(scale * end) for end in (e.value, e.ci_low, e.ci_high))
            assert any((table, *ends) in printed for table in tables), e
            assert e.grade == ""
        elif e.measure_id in rows:
            row = rows[e.measure_id]
            words = row.effect.partition(" after ")[0].partition(" residents,")[0]
            words = (
                words.partition("(")[2].rstrip(")").removesuffix(" pp") or words
            )  # its unit is whole
            lines = [line for line in page.split("<tr>") if f"/{e.measure_id}.html" in line]
            (line,) = [line for line in lines if words in line]
            assert f"<td>{e.grade}</td>" in line and row.sure.startswith(e.grade), row
            measure = site.folder / "en" / "measures" / f"{e.measure_id}.html"
            assert words in unescape(measure.read_text(encoding="utf-8"))


@pytest.mark.whole
def test_an_effect_that_a_report_hides_is_not_on_the_site(
    whole_report: Callable[[str, str], WholeReport], tmp_path: Path
) -> None:
    """A rule that lets no effect out leaves none on any page and in no download."""
    report = whole_report("MDA", "en").report
    inventory = report.context.evaluation.inventory
    assert inventory is not None
    origin = origin_of(report, "MDA")
    hidden = [e | {"status": "confidential"} for e in origin.facts["effects"]]
    site = write_site(
        inventory,
        tmp_path / "site",
        origins=[replace(origin, facts={**origin.facts, "effects": hidden})],
    )
    assert site.effects == 0
    numbers = {f"{100 * e['value']:.1f} (" for e in hidden if e["unit_of_outcome"] == "share"}
    for path in site.folder.rglob("*.html"):
        text = re.sub(r"<svg.*?</svg>", "", path.read_text(encoding="utf-8"))
        assert not any(n in text for n in numbers), path


@pytest.mark.parametrize(
    ("source", "told"), [("WEB", "1,000 EUR"), ("REGISTER", "1,000 EUR"), ("INTERVIEW", OWN_AMOUNT)]
)
def test_the_sheet_of_a_measure_follows_the_rule_of_the_site(
    source: str, told: str, evaluated: Callable[[str], Evaluation]
) -> None:
    context = Context(evaluated("MDA"), Rules(), language("en"))
    record = {"budget_eur": 1000.0, "source_type": source}
    assert ROWS["Budget"](context, record) == told
    assert ROWS["Budget"](context, {"source_type": source}) == ""
