"""axe-core finds no violation of WCAG 2.2 AA or its best practice in a report (English and French),
the index and the page of the measures, light, dark and with a record open.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.report.document.page import STYLE
from mismes_eval.report.document.tables import COLUMNS, Table, TextTable
from mismes_eval.report.factory.run import Outcome
from mismes_eval.report.figures import Caption, canvas, finish
from mismes_eval.report.index import write_index

from .conftest import WholeReport

pytestmark = [pytest.mark.browser, pytest.mark.whole]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Check = Callable[[Path, str, str], list[str]]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    with playwright.sync_playwright() as tool:
        opened = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def check(browser: Any) -> Check:
    """Violations of a page, after a script that opens parts of it."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python"
    ).Axe()

    def violations(path: Path, scheme: str = "light", script: str = "") -> list[str]:
        page = browser.new_page(color_scheme=scheme)
        asked: list[str] = []
        page.on("request", lambda r: asked.append(r.url))
        page.goto(path.resolve().as_uri())
        if script:
            page.evaluate(script)
        found = axe.run(page, options={"runOnly": RULES}).response["violations"]
        page.close()
        assert [u for u in asked if not u.startswith(("file:", "data:"))] == []
        return [f"{v['id']}: {n['html'][:200]}" for v in found for n in v["nodes"]]

    return violations


def test_axe_would_find_a_violation(check: Check, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<html><head><title>x</title></head><body><main><h1>A</h1><img src="data:,"><p style="color:#ccc">faint</p></main></body></html>'
    )
    found = {v.split(":")[0] for v in check(bad, "light", "")}
    assert found >= {"image-alt", "html-has-lang", "color-contrast"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report(check: Check, made: Path, scheme: str) -> None:
    assert check(made / "reports" / "MDA" / "report.html", scheme, "") == []


# sentences that run beyond the right edge; tables have boxes that are moved sideways
CUT = """[...document.querySelectorAll('p, li, h1, h2, h3, figcaption')].filter(text => {
  const words = document.createRange();
  words.selectNodeContents(text);
  const wide = [...words.getClientRects()].some(line => line.right > innerWidth + 1);
  return wide && !text.closest('table') && !text.querySelector('table');
}).map(text => text.textContent.slice(0, 80))"""


def test_no_sentence_leaves_the_screen_of_a_telephone(
    browser: Any, whole_report: Callable[[str, str], WholeReport], tmp_path: Path
) -> None:
    report = whole_report("TUN", "fr").report
    shown = [report.findings(), *map(report.main, ("sheets", "people", "tracer", "impact"))]
    body = "".join(part._repr_html_() for part in shown)
    path = tmp_path / "report.html"
    path.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style><main>{body}</main>"
    )
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(path.as_uri())
    assert page.evaluate("document.querySelectorAll('.findings li').length") > 0
    assert page.evaluate(CUT) == []
    page.close()


def test_every_kind_of_table_and_figure(check: Check, made: Path, tmp_path: Path) -> None:
    """The parts of a long report: flags, hidden cells, empty cells, words, a picture, warnings of
    the run.
    """
    states = ["shown", "shown", "unreliable", "confidential", "secondary", "not estimable"]
    blank = dict.fromkeys(COLUMNS, np.nan) | {
        "kind": "share",
        "unit": "share",
        "definition": "why not",
    }
    cells = pd.DataFrame(
        [
            blank
            | {
                "row": f"row {i}",
                "column": c,
                "value": 0.5,
                "se": 0.1,
                "n": 40.0,
                "flag": "u" * (i == 1),
                "status": s,
            }
            for i, s in enumerate(states)
            for c in ("men", "women")
        ],
        columns=list(COLUMNS),
    )
    fig, ax = canvas()
    ax.plot([0, 1], [0, 1])
    parts = [
        Table("T1", "Numbers", cells, "a file", ("a note",), 100.0, 1, True).to_html(),
        TextTable(
            "T2", "Words", pd.DataFrame({"what": ["a"], "why": ["b"]}), "a file", (), True
        ).to_html(),
        finish(
            Caption("F1", "A line", synthetic=True),
            fig,
            "A line that rises",
            pd.DataFrame({"x": [0, 1]}),
        ).to_html(),
        '<div class="findings"><ol><li>Found <a href="#T1">T1</a></li></ol></div><section class="warnings"><h2>Warnings</h2><ul><li>w</li></ul></section>',
    ]
    html = (made / "reports" / "MDA" / "report.html").read_text(encoding="utf-8")
    page = tmp_path / "report.html"
    page.write_text(
        re.sub(
            r'(<main id="text">).*(</main>)',
            lambda m: m[1] + "".join(parts) + m[2],
            html,
            flags=re.DOTALL,
        ),
        encoding="utf-8",
    )
    assert check(page, "light", "") == []


def test_the_index(check: Check, made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "reports", tmp_path / "reports")
    (tmp_path / "reports" / "inventory.html").write_text("<!DOCTYPE html><title>x</title>")
    index = write_index(
        tmp_path / "reports", [Outcome("MDA", "failed", 1.0), Outcome("TUN", "failed", 1.0)]
    )
    assert (
        check(index, "light", "document.querySelectorAll('details').forEach(d => d.open = true)")
        == []
    )


@pytest.mark.parametrize(
    ("scheme", "language"),
    [
        ("dark", "fr"),
        pytest.param("light", "en", marks=pytest.mark.slow),
        pytest.param("light", "fr", marks=pytest.mark.slow),
        pytest.param("dark", "en", marks=pytest.mark.slow),
    ],
)
def test_the_page_of_the_measures(
    check: Check, root: Path, tmp_path: Path, language: str, scheme: str
) -> None:
    page = inventory.read(root / "data_raw" / "MDA" / "inventory.csv").site(
        tmp_path / "inventory.html", language=language
    )
    assert check(page, scheme, "") == []
    assert check(page, scheme, "document.querySelector('#rows button').click()") == []
