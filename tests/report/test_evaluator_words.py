"""Identity: a number in the evaluator's words is the number of its table, in every output; property:
whatever is hidden, gone, unsigned or not set is refused by file and line, all of it at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from mismes_eval.errors import ParamsError, Problem, ReportError
from mismes_eval.evaluation.evaluator_words import SUBJECTS, evaluator_words, outline
from mismes_eval.evaluation.params import Params
from mismes_eval.report.chapters.verdicts import effect_verdict, spoken_span
from mismes_eval.report.country import CountryReport, country_report, passages_of
from mismes_eval.report.document.cells import COLUMNS, Status, published_cells
from mismes_eval.report.document.language import language
from mismes_eval.report.document.passages import PARTS, TITLES, Passage, passage
from mismes_eval.report.document.references import Filled, Quotable, slug
from mismes_eval.report.document.tables import Table
from mismes_eval.report.session import Session
from mismes_eval.report.trust.provenance import file_hash, ingredients

from .conftest import WholeReport

ROOT = Path(__file__).resolve().parents[2]
HEAD = "---\nauthor: Ana Example\nrole: lead evaluator\ndate: 2026-05-31\n---\n"
WORDS = (
    HEAD
    + """
## What follows

MDA-001 raised employment by **{T17.MDA-001.24.estimate} points**
({T17.MDA-001.employed.24.interval}) after two years, at home {T17.MDA-001.employed_home.24.interval}.

- Returnees are {T07a.returnees.estimate}% of residents.
- See [the site](https://example.org/a?b=1&c=2) & T17.
"""
)


def write(folder: Path, text: str, subject: str = "conclusions") -> Path:
    path = folder / f"{subject}.md"
    path.write_text(text, encoding="utf-8")
    return path


def named(folder: Path, text: str) -> Params:
    """The run of Moldova with one file of words in a folder of its own."""
    params = Params.load(ROOT / "params" / "MDA.yaml")
    return params.changed({"evaluator.conclusions": write(folder, text)})


@pytest.fixture(scope="module")
def bare(whole_report: Callable[[str, str], WholeReport]) -> CountryReport:
    """The report without words of an evaluator."""
    return whole_report("MDA", "en").report


@pytest.fixture(scope="module")
def report(bare: CountryReport, tmp_path_factory: pytest.TempPathFactory) -> CountryReport:
    """The same with words: numbers of its tables are put into them."""
    params = named(tmp_path_factory.mktemp("words"), WORDS)
    session = Session(params, tmp_path_factory.mktemp("out"), language("en"), True)
    passages = passages_of(bare.context, evaluator_words(params), bare.chapters)
    return replace(bare, session=session, passages=passages)


def cells(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    """(row, column, value, status) as cells of a table of shares."""
    blank = dict.fromkeys(COLUMNS, np.nan) | {"flag": "", "definition": ""}
    made = [
        blank
        | {"row": r, "column": c, "value": v, "ci_low": v - 0.05, "ci_high": v + 0.05, "n": 120.0}
        | {"kind": "share", "unit": "share", "status": status}
        for r, c, v, status in rows
    ]
    return pd.DataFrame(made, columns=list(COLUMNS))


def quotable(code: str = "en", value: float = 0.1234) -> Quotable:
    """One table of effects by measure and one of shares, with a hidden and a missing number."""
    t = language(code)
    months = t("{m:.0f} months", m=24)
    main = t("employed, at home or abroad")
    home = t("employed at home")
    effects = cells((main, months, value, "shown"), (home, months, 0.2, "shown"))
    shares = cells(
        ("sex: men", "returnees", 0.3, "shown"),
        ("sex: women", "returnees", np.nan, "secondary"),
        ("sex: women", "residents", np.nan, "unreliable"),
        ("age: 15-24", "returnees", np.nan, "not estimable"),
    )
    shares.loc[0, ["ci_low", "n"]] = np.nan
    tables = {"T17-X-1": effects, "T07": shares}
    return Quotable(
        tables={k: Table(k, k, v, scale=100.0) for k, v in tables.items()},
        published=published_cells([v.assign(table=k) for k, v in tables.items()]),
        t=t,
        aliases={main: "employed", home: "employed_home"},
        main_row=main,
    )


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("T17.X-1.24.estimate", "12.3"),
        ("T17-X-1.24", "12.3"),
        ("T17.X-1.employed.24.low", "7.3"),
        ("T17.X-1.24.high", "17.3"),
        ("T17.X-1.employed_home.24-months.interval", "15.0 to 25.0"),
        ("T17.X-1.employed-at-home.24.n", "120"),
        ("T07.sex-men.returnees.estimate", "30.0"),
        ("t07.SEX: men.returnees", "30.0"),
    ],
)
def test_a_reference_is_the_number_of_its_table(reference: str, text: str) -> None:
    found = quotable().fill(reference, "x.md, line 1")
    assert isinstance(found, Filled), found
    assert found.text == text


def test_references_mean_the_same_in_every_language() -> None:
    french = quotable("fr")
    told = [
        french.fill(f"T17.X-1.{row}24.estimate", "x.md, line 1")
        for row in ("", "employed.", f"{slug(french.main_row)}.")
    ]
    assert {f.text for f in told if isinstance(f, Filled)} == {"12,3"} and len(told) == 3


def test_a_number_follows_its_cell() -> None:
    words = [quotable(value=v).fill("T17.X-1.24.estimate", "x.md, line 1") for v in (0.1, 0.2)]
    assert [w.text for w in words if isinstance(w, Filled)] == ["10.0", "20.0"]


@pytest.mark.parametrize(
    ("reference", "what", "got"),
    [
        ("T07.sex-women.returnees.estimate", "not shown", "another number away"),
        ("T07.sex-women.residents.estimate", "not shown", "sampling error"),
        ("T07.age.returnees.estimate", "not shown", "could not be estimated"),
        ("T07.sex-men.returnees.low", "not shown", "has no low"),
        ("T07.sex-men.returnees.n", "not shown", "has no n"),
        ("T07.sex.returnees.estimate", "several cells", "T07.sex-men.returnees"),
        ("T07.sex-men.migrants", "no cell", "none"),
        ("T17.X-2.24.estimate", "no cell", "none"),
        ("T99.a.b", "no cell", "none"),
        ("T07", "another form", ""),
        ("T07..a", "another form", ""),
        ("", "another form", ""),
    ],
)
def test_what_cannot_be_quoted_is_refused(reference: str, what: str, got: str) -> None:
    found = quotable().fill(reference, "x.md, line 7")
    assert isinstance(found, Problem)
    assert what in found.what and got in found.got
    assert found.where == f"x.md, line 7, {{{reference}}}"


def test_the_nearest_shown_cell_is_named_and_nothing_hidden() -> None:
    found = quotable().fill("T17.X-1.employed_homes.24.estimate", "x.md, line 7")
    assert isinstance(found, Problem)
    assert "{T17-X-1.employed-at-home.24-months.estimate}" in found.fix
    hidden = quotable().fill("T07.sex-women.returnees.estimate", "x.md, line 7")
    assert isinstance(hidden, Problem) and "women" not in hidden.fix


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Words.", "not signed"),
        ("---\nauthor: A\n---\nWords.", "not signed"),
        ("---\nauthor: A\nrole: r\ndate: 31.5.2026\n---\nWords.", "not a date"),
        ("---\nauthor: A\nrole: r\ndate: 2026-02-30\n---\nWords.", "not a date"),
        ("---\nauthor: A\nauthor: B\nrole: r\ndate: 2026-02-01\n---\nWords.", "stands twice"),
        ("---\nwriter: A\n---\nWords.", "unknown line"),
        (HEAD, "missing"),
        (HEAD + "a <b>word</b>", "raw HTML"),
        (HEAD + "<!-- hidden -->", "raw HTML"),
        (HEAD + "</section>", "raw HTML"),
        (HEAD + "![a](b.png)", "picture"),
        (HEAD + "| a | b |", "table"),
        (HEAD + "```", "code"),
        (HEAD + "> said", "quotation"),
        (HEAD + "- a\n  - b", "list inside a list"),
        (HEAD + "[here](javascript:alert(1))", "link"),
        (HEAD + "[here](file.html)", "link"),
        (HEAD + "an open {T17.a", "brace"),
        (HEAD + "a shut a}", "brace"),
        (HEAD + "[here](https://x.org/{T17.X-1.24})", "address of a link"),
        (HEAD + "by 1{T17.X-1.24} points", "no space beside"),
        (HEAD + "by -{T17.X-1.24} points", "no space beside"),
        (HEAD + "{T17.X-1.24}{T17.X-1.24.low}", "no space beside"),
        (HEAD + "by {T17.X-1.24}.5 points", "no space beside"),
        (HEAD + "call +373 69 123 456", "identifier"),
    ],
)
def test_words_that_cannot_be_shown_are_refused(tmp_path: Path, text: str, what: str) -> None:
    read = evaluator_words(named(tmp_path, text))
    assert not read.supplied
    assert [what in problem.what for problem in read.problems].count(True) == 1, read.problems
    assert all(problem.where.startswith("conclusions.md") for problem in read.problems)


def test_an_outline_is_not_supplied_until_it_is_filled(tmp_path: Path) -> None:
    for subject in SUBJECTS:
        read = evaluator_words(named(tmp_path, outline(subject)))
        assert not read.supplied and not read.problems
    begun = evaluator_words(named(tmp_path, outline("lessons") + "A lesson."))
    assert [p.what for p in begun.problems] == ["words are not signed"]


def test_every_subject_has_a_title_and_a_place() -> None:
    assert set(TITLES) == set(SUBJECTS) == {s for part in PARTS.values() for s in part}


def test_whatever_is_written_is_text(tmp_path: Path) -> None:
    signed = HEAD.replace("Ana Example", "<i>Ana</i> & \u202e")
    read = evaluator_words(named(tmp_path, signed + 'a < b & "c" *d* **{T17.X-1.24}**'))
    made = passage(read.supplied["conclusions"], quotable(), synthetic=True)
    assert isinstance(made, Passage)
    html = made.html()
    assert "&lt;i&gt;Ana&lt;/i&gt; &amp; \ufffd" in html and "<i>" not in html
    assert "a &lt; b &amp; &quot;c&quot; <em>d</em> <strong><a " in html
    assert "SYNTHETIC" in html
    assert made.text() == 'a < b & "c" d 12.3'


def test_the_report_shows_signed_words_with_the_numbers_of_its_tables(
    report: CountryReport,
) -> None:
    html = report.evaluator("conclusions").html
    cell = report.published.get("T17-MDA-001", "employed, at home or abroad", "24 months")
    share = next(
        c for c in report.published if c.key.table == "T07a" and c.key.row[:9] == "returnees"
    )
    assert cell is not None
    evaluation = report.context.evaluation
    verdict = effect_verdict(evaluation, evaluation.effects[0])
    assert verdict is not None and verdict.span.low < cell.ci_low  # the headline's is the wider one
    spoken = (cell.value, verdict.span.low, verdict.span.high)
    points, low, high = (f"{100 * v:.1f}" for v in spoken)
    words = unescape(re.sub(r"<[^>]+>", "", html))
    place = f"24 months; percentage points; 95% interval {low} to {high}"
    assert f"T17-MDA-001: employed, at home or abroad; {place}" in words
    home = spoken_span(evaluation, evaluation.effects[0], "employed_home", 3)
    assert home is not None and home.basis is not None
    at_home = f"at home {100 * home.low:.1f} to {100 * home.high:.1f}."
    assert f"by {points} points ({low} to {high}) after two years, {at_home}" in words
    assert f"Returnees are {100 * share.value:.1f}% of residents." in words
    assert "Ana Example, lead evaluator, 31 May 2026; a person's judgement" in words
    assert '<a class="number" href="#T17-MDA-001"' in html
    assert "Not supplied by the evaluator: Recommendations; Lessons" in words
    missing = report.evaluator("purpose").html
    assert "Purpose of the evaluation; Evaluation questions; Context" in missing
    assert 'evaluator"' not in missing
    with pytest.raises(ReportError, match="no such part"):
        report.evaluator("foreword")


def test_the_words_are_in_the_results_the_workbook_and_the_manifest(
    report: CountryReport, tmp_path: Path
) -> None:
    session = Session(report.session.params, tmp_path, language("en"), True)
    report = replace(report, session=session)
    with pytest.raises(ReportError, match="does not show what the evaluator wrote"):
        report.finish()
    report.evaluator("conclusions")
    report.finish()
    told = json.loads((session.work / "estimates.json").read_text(encoding="utf-8"))["evaluator"]
    cell = report.published.get("T17-MDA-001", "employed, at home or abroad", "24 months")
    assert cell is not None and len(told) == 1
    assert f"{100 * cell.value:.1f} points" in told[0]["text"]
    assert told[0]["author"] == "Ana Example" and told[0]["date"] == "2026-05-31"
    book = load_workbook(session.work / "tables.xlsx")
    sheet = [[c.value for c in row] for row in book["Words of the evaluator"].iter_rows()]
    assert any(f"{100 * cell.value:.1f} points" in str(line[2]) for line in sheet)
    params = session.params
    record = ingredients(params, ROOT / "params" / "MDA.yaml", ROOT / "README.md")
    (entry,) = [i for i in record.inputs if i["key"] == "evaluator.conclusions"]
    assert params.evaluator.conclusions is not None
    assert entry["sha256"] == file_hash(params.evaluator.conclusions)


@pytest.mark.slow
def test_everything_that_is_wrong_is_refused_at_once(report: CountryReport, tmp_path: Path) -> None:
    hidden = next(c.key for c in report.published if c.closed and c.key.table == "T03b")
    text = (
        f"{HEAD}The index is {{T03b.{slug(hidden.row)}.index.estimate}}.\n\n"
        "It rose {T17.MDA-009.24.estimate}.\n"
    )
    params = named(tmp_path, text)
    unsigned = write(tmp_path, "Words.", "lessons")
    params = params.changed({"evaluator.lessons": unsigned})
    session = Session(params, tmp_path, language("en"), True)
    with pytest.raises(ParamsError) as caught:
        country_report(session, replace(report.context.evaluation, params=params))
    places = [p.where for p in caught.value.problems]
    assert any(place.startswith("conclusions.md, line 6, {T03b") for place in places)
    assert "conclusions.md, line 8, {T17.MDA-009.24.estimate}" in places
    assert any(place.startswith("lessons.md") for place in places)
    gone = next(p for p in caught.value.problems if "MDA-009" in p.where)
    assert "{T17-MDA-00" in gone.fix
    assert not any(Status.CONFIDENTIAL in p.where for p in caught.value.problems)
