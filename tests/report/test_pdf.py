"""The PDF says what the page says: numbered pages, contents with the pages where chapters begin,
nothing outside the paper; from Chromium or from typst, else one clear error.
"""

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import ParamsError, ReportError
from mismes_eval.report.document import pdf, typeset
from mismes_eval.report.document.blocks import (
    Block,
    Front,
    Grid,
    Heading,
    Manuscript,
    Paragraph,
    paragraph,
    plain_text,
)
from mismes_eval.report.document.estimated_cells import counts
from mismes_eval.report.document.foreign import foreign_blocks
from mismes_eval.report.document.grids import Shown, block_of
from mismes_eval.report.document.language import language
from mismes_eval.report.document.markdown import markdown_blocks
from mismes_eval.report.document.page import STYLE, number
from mismes_eval.report.document.pdf import (
    Printer,
    page_numbers,
    printer,
    with_page_numbers,
    write_pdf,
)
from mismes_eval.report.factory.run import Order, run_report
from mismes_eval.report.figures import Caption, Figure, canvas, finish
from mismes_eval.report.trust.provenance import changed_outputs, read_manifest

WIDE = 14
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def told() -> Manuscript:
    """A report with short, long and wide tables and a figure."""
    blocks: list[Block] = []
    for item in items():
        is_title = isinstance(item, str) and item.startswith("Chapter")
        block = Heading(1, str(item)) if is_title else block_of(item, language("en"))
        blocks.append(block)
    front = Front(
        title="a title",
        country="Moldova",
        kind="Country report",
        lang="en",
        run="r",
        facts=(("Year", "2023"),),
        banner="SYNTHETIC DATA",
        contents="Contents",
    )
    drawn = {item.id: item.png for item in items() if isinstance(item, Figure)}
    return Manuscript(front, tuple(blocks), drawn)


@cache
def items() -> tuple[Shown, ...]:
    out: list[Shown] = []
    for k, (rows, columns) in enumerate([(6, 3), (70, 3), (8, WIDE), (20, 2)], 1):
        table = counts(f"T{k}", f"Table {k}", _frame(rows, columns), "made up")
        out += [f"Chapter {k} on work", "Words of the chapter. " * 40, table]
    fig, ax = canvas()
    ax.plot([0, 1], [0, 1])
    drawn = finish(Caption("F1", "A line"), fig, "A line that rises", pd.DataFrame({"x": [0, 1]}))
    return (*out, drawn)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a page."""
    body = ""
    for item in items():
        tag = "h2" if str(item).startswith("Chapter") else "p"
        body += f"<{tag}>{item}</{tag}>" if isinstance(item, str) else item.to_html()
    html = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Moldova: a title</title><style>{STYLE}</style></head><body>'
        f'<p class="banner">SYNTHETIC DATA</p><header class="cover"><p class="kind">Country report</p><h1>Moldova</h1><dl><dt>Year</dt><dd>2023</dd></dl></header>'
        f"<!-- contents --><main>{body}</main></body></html>"
    )
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(number(html, language("en")), encoding="utf-8")
    return path


def _frame(rows: int, columns: int) -> pd.DataFrame:
    return pd.DataFrame(
        np.full((rows, columns), 1234567.0),
        index=[f"row {i} end" for i in range(rows)],
        columns=[f"column {j}" for j in range(columns)],
    )


@pytest.fixture(scope="module", params=["chromium", "typst"])
def printed(page: Path, told: Manuscript, request: pytest.FixtureRequest) -> Path:
    """The page as PDF by each printer."""
    out = page.parent / f"{request.param}.pdf"
    write_pdf(page, told, out, by(request.param, request))
    return out


def by(name: str, request: pytest.FixtureRequest) -> Printer:
    if name == "typst":
        pytest.importorskip("typst")
        return Printer("typst")
    return Printer("chromium", request.getfixturevalue("chromium"))


def words(file: Path) -> list[str]:
    """Text page by page."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("no pdftotext on this machine")
    return (
        subprocess.run([tool, "-layout", str(file), "-"], capture_output=True, check=True)
        .stdout.decode("utf-8")
        .split("\f")[:-1]
    )


@pytest.mark.browser
def test_pages_are_numbered_listed_and_whole(printed: Path) -> None:
    assert printed.read_bytes().startswith(b"%PDF-")
    pages = words(printed)
    assert len(pages) >= 4
    for k, text in enumerate(pages, 1):
        assert re.search(rf"\b{k} ?/ ?{len(pages)}\b", text), k
    first = {
        int(m[1]): int(m[2]) for m in re.finditer(r"Chapter (\d) on work[^\w\n]*(\d+)\n", pages[0])
    }
    assert sorted(first) == [1, 2, 3, 4]
    for chapter, at in first.items():
        assert f"Chapter {chapter} on work" in pages[at - 1]
        assert f"Table {chapter}" in pages[at - 1] + (pages[at] if at < len(pages) else "")
    whole = "\n".join(pages)
    assert all(f"row {i} end" in whole for i in range(70))
    assert "A line" in whole and "Source: made up" in whole


@pytest.mark.browser
def test_no_word_leaves_the_paper(printed: Path) -> None:
    words(printed)
    boxes = subprocess.run(
        ["pdftotext", "-bbox", str(printed), "-"], capture_output=True, check=True
    ).stdout.decode("utf-8")
    width = float(re.search(r'<page width="([\d.]+)"', boxes)[1])  # type: ignore[index]
    ends = [float(x) for x in re.findall(r'xMax="([\d.]+)"', boxes)]
    assert len(ends) > 500
    assert max(ends) <= width - 20
    assert sum("1,234,567" in w for w in boxes.split("\n")) == 6 * 3 + 70 * 3 + 8 * WIDE + 20 * 2


def test_typst_is_told_every_block(told: Manuscript) -> None:
    said = typeset.told(told)
    tables = [b for b in said["blocks"] if b["kind"] == "table"]
    expected = [(6, 4), (70, 4), (8, WIDE + 1), (20, 3)]
    assert [(len(b["rows"]), b["width"]) for b in tables] == expected
    headings = [b["text"] for b in said["blocks"] if b["kind"] == "heading"]
    assert headings == [f"{k} Chapter {k} on work" for k in (1, 2, 3, 4)]
    assert said["facts"] == [["Year", "2023"]] and said["banner"] == "SYNTHETIC DATA"
    assert [b["alt"] for b in said["blocks"] if b["kind"] == "figure"] == ["A line that rises"]


def test_headings_below_a_chapter_are_numbered_in_it() -> None:
    levels = (1, 2, 2, 3, 1, 2)
    front = Front("t", "c", "k", "en", "r")
    said = typeset.told(Manuscript(front, tuple(Heading(level, "x") for level in levels)))
    numbers = ["1 x", "1.1 x", "1.2 x", "x", "2 x", "2.1 x"]
    assert [b["text"] for b in said["blocks"]] == numbers


def test_words_of_the_notebook_are_blocks() -> None:
    source = "## A `b`\n\nx *y* [z](http://q)\n\n- one\n- two\n  1. three\n\n|a|b|\n|-|-|\n|1|2|\n"
    head, text, *entries, grid = markdown_blocks(source)
    assert head == Heading(1, "A b") and text == paragraph("x y z")
    styles = [(plain_text(e.runs), e.style) for e in entries if isinstance(e, Paragraph)]
    assert styles == [("one", "bullet"), ("two", "bullet"), ("three", "number")]
    assert isinstance(grid, Grid) and grid.heads == ("a", "b")
    assert [plain_text(cell) for cell in grid.rows[0]] == ["1", "2"]


def test_outputs_of_other_libraries_are_blocks() -> None:
    frame = pd.DataFrame({"n": [1234]}, index=["north"])
    html = f"<h3>Own</h3><p>a<br>b</p><ul><li>c</li></ul>{frame.to_html()}<script>1</script>"
    head, text, entry, grid = foreign_blocks(html)
    assert head == Heading(2, "Own") and isinstance(text, Paragraph)
    assert isinstance(entry, Paragraph) and entry.style == "bullet"
    assert isinstance(grid, Grid) and grid.heads == ("", "n")
    assert [plain_text(cell) for cell in grid.rows[0]] == ["north", "1234"]


def test_page_numbers_stand_behind_the_entries_of_the_contents_only() -> None:
    html = '<nav class="contents"><ol><li><a href="#a">A</a></li><li><a href="#b&amp;c">B</a></li></ol></nav><p><a href="#a">A</a></p>'
    said = with_page_numbers(html, {"a": 3, "b&c": 4})
    assert said.count('<span class="page">') == 2
    assert 'B<span class="page">4</span></a></li></ol></nav><p><a href="#a">A</a></p>' in said
    assert page_numbers(b"%PDF-1.4 nothing") == {}


def test_without_a_printer_the_mend_is_told_before_anything_runs(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setattr(pdf, "PLACES", ())
    monkeypatch.setattr(pdf, "installed", lambda name: False)
    with pytest.raises(ParamsError, match=r"mismes-eval\[pdf\]"):
        printer()
    outcome = run_report(_order(project), lambda a, b: None)
    assert outcome.status == "failed" and outcome.exit_status == 2
    assert not (project / "reports").exists()


def test_a_browser_that_fails_is_named(page: Path, told: Manuscript, tmp_path: Path) -> None:
    false = shutil.which("false")
    if false is None:
        pytest.skip("no `false` on this machine")
    with pytest.raises(ReportError, match="could not be printed"):
        write_pdf(page, told, tmp_path / "x.pdf", Printer("chromium", false))
    assert not (tmp_path / "x.pdf").exists()


def _order(root: Path) -> Order:
    return Order(
        "MDA",
        root / "params" / "MDA.yaml",
        root / "notebooks" / "country_report.ipynb",
        root / "reports",
        pdf=True,
    )


@pytest.mark.whole
def test_an_unchanged_report_gets_its_pdf_without_a_second_run(made: Path, tmp_path: Path) -> None:
    try:
        printer()
    except ParamsError:
        pytest.skip("no printer on this machine")
    root = tmp_path / "made"
    shutil.copytree(made, root)
    before = json.loads((root / "reports" / "MDA" / "MANIFEST.json").read_text(encoding="utf-8"))
    said: list[str] = []
    outcome = run_report(_order(root), lambda a, b: said.append(b))
    assert outcome.status == "made" and not said
    record = read_manifest(root / "reports" / "MDA")
    assert record["started"] == before["started"]
    assert changed_outputs(root / "reports" / "MDA", record) == []
    assert (root / "reports" / "MDA" / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert run_report(_order(root), lambda a, b: None).status == "unchanged"


LINE = re.compile(r'<line xMin="[\d.]+" yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">')
WORD = re.compile(r"<word [^>]*>([^<]*)</word>")
TOP, FOOT = 0.067, 0.935  # of a page: below the running head, above the running foot
FULL, MAIN = 0.6, 22
ANNEX = re.compile(r"(\d+ )?Annexe? ?: ")


def lines_by_page(file: Path) -> list[list[tuple[float, float, str]]]:
    """Page -> its lines between the running head and foot: top, bottom (shares of the page), words."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("no pdftotext on this machine")
    told = subprocess.run([tool, "-bbox-layout", str(file), "-"], capture_output=True, check=True)
    out = []
    for page in told.stdout.decode("utf-8").split("<page ")[1:]:
        height = float(re.search(r'height="([\d.]+)"', page)[1])  # type: ignore[index]
        lines = []
        for part in page.split("</line>"):
            place = LINE.search(part)
            if place is not None:
                top, bottom = (float(end) / height for end in place.groups())
                lines.append((top, bottom, " ".join(WORD.findall(part[place.end() :]))))
        out.append(sorted(line for line in lines if line[0] > TOP and line[1] < FOOT))
    return out


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("country", ["MAR", "MDA", "TUN"])
def test_pages_are_full_and_the_main_part_is_short(
    country: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """At most 22 pages before the annex, the first with its picture; no page is less than 60% full but where a chapter or a
    sheet ends; a caption stands on the page of what it names.
    """
    by("chromium", request)
    params = ROOT / "params" / f"{country}.yaml"
    notebook = ROOT / "notebooks" / "country_report.ipynb"
    order = Order(country, params, notebook, tmp_path, pdf=True)
    outcome = run_report(order, lambda name, chapter: None)
    assert outcome.status == "made", outcome.problems
    pages = lines_by_page(tmp_path / country / "report.pdf")
    begins = [bool(re.match(r"\d+(\.\d+)?( \D|$)", page[0][2])) for page in pages]
    full = [(page[-1][1] - TOP) / (FOOT - TOP) for page in pages]
    last = [*begins[1:], True]
    short = [
        number for number, share in enumerate(full, 1) if share < FULL and not last[number - 1]
    ]
    assert [number for number in short if number > 1] == []
    assert any(line[2].startswith("F00 ") for line in pages[0])
    annex = [k for k, page in enumerate(pages, 1) if any(ANNEX.match(line[2]) for line in page)]
    assert annex[-1] - 1 <= MAIN
    assert not [page[-1][2] for page in pages if re.match(r"[TF]\d\d[^\s,]* \w", page[-1][2])]
