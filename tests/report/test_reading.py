"""What helps to read a page: names of tables link to them, chapters are sections, each table has its
published numbers as a file inside the page.
"""

import base64
import io
import re

import numpy as np
import pandas as pd

from mismes_eval.report.document.estimated_cells import CARRIED
from mismes_eval.report.document.language import ENGLISH
from mismes_eval.report.document.page import arranged
from mismes_eval.report.document.reading import linked, sectioned, sections
from mismes_eval.report.document.sanitize import sanitized
from mismes_eval.report.document.tables import Table
from mismes_eval.report.figures import Caption, canvas, finish

HEAD = '<style></style><!-- contents --><main id="text">'


def cells() -> pd.DataFrame:
    blank = dict.fromkeys(CARRIED, np.nan) | {"kind": "share", "unit": "share", "flag": ""}
    rows = [("men", 0.25, "shown"), ("women", 0.123456, "confidential")]
    made = [
        blank | {"row": r, "column": "c", "value": v, "definition": "", "status": s}
        for r, v, s in rows
    ]
    return pd.DataFrame(made, columns=list(CARRIED))


def test_names_of_tables_become_links_outside_captions_and_links() -> None:
    page = (
        '<div aria-label="T17-A" class="table" id="T17-A"><caption>T17-A</caption></div>'
        '<p>See T17-A, not T17-AB, and <a href="#T17-A">T17-A</a>.</p>'
    )
    said = linked(page)
    assert said.count('<a href="#T17-A">T17-A</a>') == 2
    assert "<caption>T17-A</caption>" in said and "not T17-AB" in said


def test_every_element_is_in_the_section_of_its_chapter() -> None:
    body = "<p>before</p><div><h2 id='a'>A</h2></div><p>x</p><img src='y'><h2 id='b'>B</h2><p>z</p>"
    groups = sections(body)
    assert "".join(groups) == body
    assert [re.findall(r"<h2", g) for g in groups] == [[], ["<h2"], ["<h2"]]
    made = sectioned(body, [("a", "A"), ("b", "B")])
    assert made.count("<section") == 2 and made.index("<p>x</p>") < made.index("</section>")


def test_the_contents_name_the_chapter_that_is_read() -> None:
    page = arranged(HEAD, "<h2>One</h2><p>T1</p><h2>Two</h2>", "</main>", ENGLISH)
    assert ".chapter.c2 { view-timeline: --c2; }" in page
    assert '<li class="level2 c2">' in page and '<section class="chapter c2"' in page


def test_the_file_of_a_table_has_the_published_numbers_only() -> None:
    html = sanitized(Table("T1", "Numbers", cells()).to_html())
    body = re.search(r'href="data:text/csv;base64,([^"]+)"', html)
    assert body is not None and 'download="T1.csv"' in html
    read = pd.read_csv(io.BytesIO(base64.b64decode(body[1])))
    assert read["value"].iloc[0] == 0.25 and np.isnan(read["value"].iloc[1])
    assert "0.123456" not in base64.b64decode(body[1]).decode()


def test_no_other_file_may_hide_in_a_link() -> None:
    for address in ("data:text/html;base64,AAAA", "javascript:x", "data:text/csv,=1"):
        assert "href" not in sanitized(f'<a download="x.csv" href="{address}">x</a>')
    assert "download" not in sanitized('<a download="x.exe" href="#a">x</a>')


def test_what_is_wider_than_a_phone_is_moved_with_the_keyboard_and_has_a_name() -> None:
    """A table may always be; a picture where its letters need more than a phone has."""
    drawn, data = np.zeros((8, 8)), pd.DataFrame({"x": [1]})
    box = 'tabindex="0" role="region" aria-label="{} A title"'
    table = sanitized(Table("T1", "A title", cells()).to_html())
    assert f'<div class="table" id="T1" {box.format("T1")}>' in table
    for inches, named in ((10.0, 1), (2.0, 0)):
        fig, ax = canvas(inches, 2.0)
        ax.imshow(drawn)
        figure = finish(Caption("F1", "A title"), fig, "Nothing", data)
        assert sanitized(figure.to_html()).count(box.format("F1")) == named
