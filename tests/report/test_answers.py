"""Identity: the answer with which a chapter begins is made of the numbers of its tables, with the
strength that the matrix gives them; where a number is hidden, the answer has none.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from mismes_eval.lfs.catalogue import catalogue
from mismes_eval.report.brief import brief, effect_and_time
from mismes_eval.report.chapters.answers import ANSWERS, answered
from mismes_eval.report.chapters.criteria import GAP
from mismes_eval.report.country import CountryReport
from mismes_eval.report.document.cells import CellKey, Published, PublishedCell, Status
from mismes_eval.report.document.tables import TextTable

from ..some import some
from .conftest import WholeReport

pytestmark = pytest.mark.whole

RATE = catalogue()["L3.employment"].title


@pytest.fixture(scope="module")
def report(whole_report: Callable[[str, str], WholeReport]) -> CountryReport:
    return whole_report("MDA", "en").report


def answer(report: CountryReport, chapter: str) -> str:
    first = report.chapters[chapter].items[0]
    assert isinstance(first, str) and first.startswith("Question: ")
    return first


def cell(report: CountryReport, table: str, row: str, column: str) -> PublishedCell:
    found = report.published.get(table, row, column)
    assert found is not None and found.shown
    return found


def strengths(report: CountryReport, rests_on: str) -> set[str]:
    matrix = next(i for i in report.chapters["limits"].items if getattr(i, "id", "") == "T05c")
    assert isinstance(matrix, TextTable)
    lines = matrix.frame[matrix.frame["Rests on"] == rests_on]
    assert set(lines["Criterion"]) == {"Relevance"}
    return set(lines["Strength"])


def test_each_chapter_begins_with_its_answer(report: CountryReport) -> None:
    for name in set(ANSWERS) - {"impact"}:
        said = answer(report, name).split(" Answer: ")[1]
        assert len(re.findall(r"[.?](?= [A-Z]|$)", said)) <= 3, said


def test_returnees_are_compared_by_the_rates_of_t08(report: CountryReport) -> None:
    rates = [cell(report, "T08", RATE, group).value for group in ("returnees", "non-migrants")]
    gap = 100 * (rates[0] - rates[1])
    said = answer(report, "people")
    assert f"{abs(gap):.1f} percentage points" in said or f"{gap:.1f} percentage points" in said
    assert "95% interval" in said
    marked = any(cell(report, "T08", RATE, group).flag for group in ("returnees", "non-migrants"))
    assert f"Evidence: {'moderate' if marked else 'strong'} (by the rule of T05c)." in said


def test_reach_is_the_share_of_t10(report: CountryReport) -> None:
    share = cell(report, "T10", "any measure", "returnees who took part")
    numbers = [f"{100 * v:.1f}" for v in (share.value, share.ci_low, share.ci_high)]
    said = answer(report, "participation")
    assert f"{numbers[0]}% of returnees took part" in said
    assert f"(95% interval {numbers[1]} to {numbers[2]})" in said
    (strength,) = strengths(report, "T10")
    assert f"Evidence: {strength} (by the rule of T05c)." in said


def test_the_portfolio_is_counted_as_in_t05b(report: CountryReport) -> None:
    late = cell(report, "T05b", "overdue", "measures").value
    said = answer(report, "inventory")
    assert f"; {late:.0f} " in said and "no sampling error" in said


def test_losses_are_those_of_t15(report: CountryReport) -> None:
    study = report.context.evaluation.tracing
    row = f"{study.months[report.context.evaluation.params.impact.main_wave]:.0f} months"
    said = answer(report, "tracer")
    for column in ("participants", "comparison"):
        assert f"{100 * cell(report, 'T15', row, column).value:.1f}% of" in said
    gap = cell(report, "T15", row, "difference")
    low, high = (f"{100 * v:.1f}" for v in (gap.ci_low, gap.ci_high))
    assert f"(95% interval {low} to {high})" in said


def test_effects_are_those_of_page_one(report: CountryReport) -> None:
    told = brief(report.context, report.published)
    assert told is not None and told.rows
    said = answer(report, "impact")
    for row in some(told.rows):
        assert f"{row.measure}: {effect_and_time(report.context, row)}; evidence {row.sure}" in said


def test_a_hidden_number_is_in_no_answer(report: CountryReport) -> None:
    hidden = (
        CellKey("T10", "any measure", "returnees who took part"),
        replace(GAP, row=RATE),
        CellKey("T15", "24 months", "comparison"),
    )
    cells = dict(report.published.cells)
    for key in hidden:
        cells[key] = replace(cells[key], status=Status.CONFIDENTIAL, value=float("nan"))
    context = replace(report.context, published=Published(cells))
    bare = {name: replace(report.chapters[name], items=()) for name in ANSWERS}
    made = answered(context, bare)
    for name in ("people", "participation", "tracer"):
        (said,) = made[name].items
        assert isinstance(said, str)
        assert said.endswith("Answer: Nothing can be said: too few persons.")


def test_effects_on_participants_stand_under_effectiveness(report: CountryReport) -> None:
    matrix = next(i for i in report.chapters["limits"].items if getattr(i, "id", "") == "T05c")
    assert isinstance(matrix, TextTable)
    first = matrix.frame["Rests on"].str.split(",").str[0]
    headline = matrix.frame["Rests on"].str.contains("T19-")
    assert headline.any() and set(matrix.frame.loc[headline, "Criterion"]) == {"Effectiveness"}
    impact = matrix.frame[matrix.frame["Criterion"] == "Impact"]
    assert set(first[impact.index]) <= {"T24", ""}
    expected = ["Relevance", "Coherence", "Effectiveness", "Efficiency", "Impact", "Sustainability"]
    assert list(dict.fromkeys(matrix.frame["Criterion"])) == expected
