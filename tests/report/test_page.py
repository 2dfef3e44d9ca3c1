"""The page of a report is one self-contained file: no script that runs, no address, header scopes,
alternative texts, numbered chapters, a banner where data are made up.
"""

import re
from pathlib import Path

from mismes_eval.errors import Problem
from mismes_eval.report.document.language import language
from mismes_eval.report.document.page import Cover, accessible, missing_alternatives, number
from mismes_eval.report.document.reading import unbroken
from mismes_eval.report.factory.orders import Outcome
from mismes_eval.report.index import write_index


def page(made: Path, name: str) -> str:
    return (made / "reports" / name / "report.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_elsewhere(made: Path) -> None:
    html = page(made, "FRA")
    assert "default-src 'none'" in html.replace("&#39;", "'")
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:|#)[^"']*["']""", html)
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_the_banner_stands_where_data_are_made_up_and_only_there(made: Path) -> None:
    assert page(made, "MDA").count("SYNTHETIC DATA") >= 4
    assert "SYNTHETIC" not in page(made, "FRA")


def test_the_code_is_left_out(made: Path) -> None:
    html = page(made, "MDA")
    assert "read_csv" not in html
    assert "::chapter::" not in html


def test_headers_have_scopes_and_pictures_have_words(made: Path) -> None:
    html = page(made, "MDA")
    assert re.findall(r"<th\b", html)
    assert not re.findall(r"<th(?![^>]*scope=)[^>a-z]*>", html)
    assert missing_alternatives(html) == 0
    assert '<html lang="en">' in html


def test_chapters_are_numbered_and_listed_under_their_own_anchor() -> None:
    html = number(
        '<!-- contents --><h2 id="people">People &amp; work</h2><h3>Men</h3><h2>Costs</h2>',
        language("en"),
    )
    assert '<a href="#people"><span class="no">1</span> People &amp; work</a>' in html
    assert '<h3 id="s1-1"><span class="no">1.1</span> Men</h3>' in html
    assert '<h2 id="s2">' in html


def test_the_id_of_a_measure_stays_on_one_line() -> None:
    """As text that is found and copied; the names of tables, attributes, contents and drawings stay."""
    kept = (
        "<head><title>MDA-001</title></head><body><nav>MDA-001</nav><svg><text>MDA-001</text></svg>"
    )
    html = unbroken(kept + '<p title="MDA-001">T17-MDA-001, MDA-001.</p></body>')
    whole = '<p title="MDA-001">T17-MDA-001, <span class="whole">MDA-001</span>.</p></body>'
    assert html == kept + whole


def test_a_data_frame_gets_scopes() -> None:
    html = accessible(
        '<style scoped>x</style><table border="1" class="dataframe"><thead><tr><th></th><th>a</th></tr></thead><tbody><tr><th>0</th><td>1</td></tr></tbody></table>'
    )
    assert html.count('scope="col"') == 2
    assert html.count('scope="row"') == 1
    assert "style" not in html


def test_the_index_lists_every_report(made: Path) -> None:
    html = (made / "reports" / "index.html").read_text(encoding="utf-8")
    assert 'href="MDA/report.html"' in html
    assert 'href="FRA/report.html"' in html
    assert html.count('class="tag"') == 1


def test_the_foot_of_printed_pages_speaks_the_report_s_language() -> None:
    """The mark on made-up data is a CSS string: signs beyond ASCII are written as their numbers."""
    english, french = (Cover("t", "c", (), "banner", lang).mark for lang in ("en", "fr"))
    assert english == '"SYNTHETIC DATA"'
    assert (
        re.sub(r"\\([0-9a-f]+) ", lambda m: chr(int(m[1], 16)), french) == '"DONNÉES SYNTHÉTIQUES"'
    )
    assert french.isascii()


def test_the_index_does_not_repeat_why_a_report_failed(tmp_path: Path) -> None:
    why = Problem("a value that is no number", "row 7", "a number", "Maria Popescu, 0712 345 678")
    failed = Outcome("MDA", "failed", 1.0, None, (why,), 1)
    html = write_index(tmp_path, [failed]).read_text(encoding="utf-8")
    assert "MDA: failed" in html and "may quote data" in html
    assert "Popescu" not in html and "0712" not in html and "row 7" not in html
