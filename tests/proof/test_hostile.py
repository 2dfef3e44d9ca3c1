"""Forty hostile labels in six places reach page, notebook, PDF and exports as text; hostile
parameters are refused with nothing executed.
"""

import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import openpyxl
import pandas as pd
import pytest

from mismes_eval.errors import MismesError
from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.blocks import MIME, to_text
from mismes_eval.report.document.grids import block_of
from mismes_eval.report.document.language import language
from mismes_eval.report.document.manuscript import manuscript
from mismes_eval.report.document.page import page
from mismes_eval.report.document.pdf import Printer, write_pdf
from mismes_eval.report.document.plain import printable
from mismes_eval.report.document.results import write_results
from mismes_eval.report.document.sanitize import ELEMENTS
from mismes_eval.report.document.tables import COLUMNS, Table, TextTable
from mismes_eval.report.figures import Caption, Figure, canvas, finish
from mismes_eval.report.index import write_index

RAN = "document.title='RAN'"
LABELS = [
    f"<script>{RAN}</script>",
    f"</script><script>{RAN}</script>",
    f"<svg onload={RAN}>",
    f"<img src=x onerror={RAN}>",
    f'"><img src=x onerror="{RAN}">',
    f"' autofocus onfocus='{RAN}",
    f"<iframe srcdoc='<script>{RAN}</script>'>",
    "<style>*{display:none}</style>",
    "</title></style></table></main></body></html>",
    "<!--",
    "--><b>x</b>",
    "]]>",
    "<![CDATA[x]]>",
    f'<a href="javascript:{RAN}">x</a>',
    f"javascript:{RAN}",
    f"[x](javascript:{RAN})",
    f'![x](x" onerror="{RAN})',
    "[text](http://127.0.0.1:9/x)",
    "![p](http://127.0.0.1:9/p.png)",
    "$\\frac{1}{$",
    "$x_{1}$ and $",
    "\\input{/etc/passwd}",
    "\\(x\\)<b>",
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "{x}",
    "{{x}}",
    "{0.__class__}",
    "%s %(x)s %n",
    "abc\u202egnp.exe",
    "nul\x00l",
    "very long " * 400,
    "\"quotes\" 'and' `ticks`",
    "zero\u200bwidth\ufeff",
    "&lt;script&gt; &amp; &#60;",
    '#let x = read("/etc/passwd") #x $a$ *b* _c_',
]
LANG = "fr"  # every text goes through the catalogue, its patterns and its number signs
ALLOWED = ELEMENTS | set("html head meta title style body aside header main footer nav".split())


class Seen(HTMLParser):
    """Tags, attributes and texts of a page as a browser's parser would meet them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, k, v or "") for k, v in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def hostile_table(k: int, label: str) -> Table:
    """The label in a row, a column, a definition, the title, a footnote, the source and the id (a
    file name).
    """
    blank = dict.fromkeys(COLUMNS, np.nan) | {
        "flag": "",
        "kind": "share",
        "unit": "share",
        "definition": label,
        "n": 50.0,
        "se": 0.1,
    }
    cells = [
        blank | {"row": label, "column": label, "value": 0.5, "status": "shown"},
        blank | {"row": f"{label}2", "column": label, "status": "not estimable"},
    ]
    return Table(
        f"T{k} {label}",
        label,
        pd.DataFrame(cells, columns=list(COLUMNS)),
        label,
        (label,),
        100.0,
        1,
        True,
    )


def hostile_figure(k: int, label: str) -> Figure:
    """The label on both axes, at a tick, in the legend, and in the words around the picture."""
    fig, ax = canvas(3, 2)
    ax.plot([0, 1], [0, 1], label=label)
    ax.set_xticks([0, 1], [label[:200], "b"])
    ax.set_xlabel(label[:200])
    ax.set_title(label[:200])
    ax.text(0, 0, label[:200])
    ax.legend()
    return finish(
        Caption(f"F{k} {label}", label, label, (label,), True),
        fig,
        label or "x",
        pd.DataFrame({"label": [label], label: [1.0]}),
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report folder of hostile labels: page, notebook, JSON, Parquet, Excel, CSV, pictures;
    names=... in the words of the report's language.
    """
    work = tmp_path_factory.mktemp("hostile")
    (work / "params").mkdir()
    params_file = work / "params" / "MDA.yaml"
    params_file.write_text(
        f"country: MDA\nsynthetic: true\nyear: 2023\nlanguage: {LANG}\ntitle: {json.dumps(LABELS[4])}\n",
        encoding="utf-8",
    )
    params, t = Params.load(params_file), language(LANG)
    tables: list[Table | TextTable] = [
        hostile_table(k, label).in_language(t) for k, label in enumerate(LABELS)
    ]
    tables.append(
        TextTable(
            "T words", LABELS[0], pd.DataFrame({label: [label] for label in LABELS}), "", (), True
        ).in_language(t)
    )
    figures = [hostile_figure(k, label).in_language(t) for k, label in enumerate(LABELS)]
    write_results(work, params, tables, figures, {"fact": LABELS[0]}, LABELS, t)
    new = nbformat.v4.new_notebook()
    outputs = [
        nbformat.v4.new_output(
            "display_data", {"text/html": x.to_html(t.code), MIME: to_text([block_of(x, t)])}
        )
        for x in (*tables, *figures)
    ]
    raw = [nbformat.v4.new_output("display_data", {"text/html": label}) for label in LABELS]
    raw += [
        nbformat.v4.new_output("display_data", {m: LABELS[0]})
        for m in (
            "text/markdown",
            "text/latex",
            "image/svg+xml",
            "application/javascript",
            "text/plain",
        )
    ]
    new.cells = [nbformat.v4.new_code_cell("1", outputs=outputs + raw, execution_count=1)] + [
        nbformat.v4.new_markdown_cell(f"## H {k}\n\n{x}\n") for k, x in enumerate(LABELS)
    ]
    nbformat.write(
        nbformat.from_dict(json.loads(printable(json.dumps(new)))), work / "report.ipynb"
    )
    (work / "report.html").write_text(
        page(new, params, "2026-01-01T00:00:00Z", "f" * 64, LABELS), encoding="utf-8"
    )
    return work


pytestmark = pytest.mark.filterwarnings(
    "ignore:.*[Gg]lyph.*",
    "ignore:.*constrained_layout.*",
    "ignore:.*Tight layout.*",
    "ignore:.*IPython3 lexer.*",
)


def test_there_are_forty_labels() -> None:
    assert len(set(LABELS)) == 40


@pytest.mark.whole
def test_no_label_is_markup_in_the_page(made: Path) -> None:
    html = (made / "report.html").read_text(encoding="utf-8")
    seen = Seen()
    seen.feed(html)
    assert seen.tags <= ALLOWED
    assert [
        a
        for a in seen.attributes
        if a[1].startswith("on") or a[1] in ("srcdoc", "style", "action", "formaction", "ping")
    ] == []
    assert [
        v
        for _, k, v in seen.attributes
        if k in ("href", "src")
        and not re.match(r"#|data:image/png;base64,|data:text/csv[^,]*;base64,|https?://", v)
    ] == []
    assert [v for tag, k, v in seen.attributes if k == "src" and not v.startswith("data:")] == []
    text = " ".join(" ".join(seen.texts).split())
    for label in LABELS:
        assert " ".join(printable(label).split()) in text, label[:60]
    assert not re.search("[\x00-\x08\u202a-\u202e\u2066-\u2069]", html)


@pytest.mark.whole
@pytest.mark.browser
def test_nothing_runs_or_loads_in_a_browser(made: Path, chromium: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_context(
            bypass_csp=True
        ).new_page()  # the page must be harmless even where its policy is not obeyed
        asked: list[str] = []
        tab.on("request", lambda r: asked.append(r.url))
        tab.goto((made / "report.html").as_uri())
        tab.wait_for_timeout(300)
        assert tab.title() != "RAN"
        assert [u for u in asked if not u.startswith(("file:", "data:"))] == []
        assert (
            tab.evaluate(
                "document.querySelectorAll('main script, svg, iframe, object, embed, form').length"
            )
            == 0
        )
        found = tab.evaluate("getComputedStyle(document.querySelector('main table')).display")
        assert found == "table"
        browser.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", ["chromium", "typst"])
def test_the_pdf_holds_no_action(
    made: Path, tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    if name == "typst":
        pytest.importorskip("typst")
    by = (
        Printer("typst")
        if name == "typst"
        else Printer("chromium", request.getfixturevalue("chromium"))
    )
    out = tmp_path / "report.pdf"
    params = Params.load(made / "params" / "MDA.yaml")
    told = manuscript(made, params, "2026-01-01T00:00:00Z", "f" * 64)
    write_pdf(made / "report.html", told, out, by)
    raw = out.read_bytes()
    assert raw.startswith(b"%PDF-")
    assert [
        w
        for w in (b"/JavaScript", b"/JS ", b"/Launch", b"/OpenAction", b"/EmbeddedFile")
        if w in raw
    ] == []
    assert not re.search(rb"/URI\s*\((?!https?:|mailto:)", raw)


def test_no_cell_of_an_export_starts_a_formula(made: Path) -> None:
    starts = ("=", "+", "-", "@", "\t", "\r")
    for path in made.rglob("*.csv"):
        cells = pd.read_csv(path, dtype=str, keep_default_na=False)
        texts = [*map(str, cells.columns), *cells.select_dtypes("str").to_numpy().ravel()]
        assert not [
            c for c in texts if c.startswith(starts) and not re.fullmatch(r"-?\d+(\.\d+)?", c)
        ], path
    book = openpyxl.load_workbook(made / "tables.xlsx")
    assert len(book.sheetnames) == len(LABELS) + 3
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (sheet.title, cell.coordinate)
                assert (
                    not (isinstance(cell.value, str) and cell.value.startswith(starts))
                    or cell.quotePrefix
                ), (sheet.title, cell.value[:40])
    with zipfile.ZipFile(made / "tables.xlsx") as packed:
        assert not [n for n in packed.namelist() if b"<f>" in packed.read(n)]


def test_every_table_and_figure_has_a_file_of_its_own(made: Path) -> None:
    assert (
        len(list((made / "figures").glob("*.png")))
        == len(list((made / "tables").glob("*.parquet")))
        == len(LABELS)
    )
    assert all(
        re.fullmatch(r"[A-Za-z0-9_.-]{1,90}", p.name) for p in made.rglob("*") if p.is_file()
    )
    told = json.loads((made / "estimates.json").read_text(encoding="utf-8"))
    assert len(told["estimates"]) == 2 * len(LABELS)


def test_folders_with_hostile_names_are_text_in_the_index(tmp_path: Path) -> None:
    for label in (f"<img src=x onerror={RAN}>", "javascript:alert(1)", "a' onclick='x"):
        folder = tmp_path / label
        folder.mkdir()
        record = {
            "schema": 1,
            "country": label,
            "synthetic": True,
            "started": label,
            "params": {"values": {"year": label}},
            "outputs": [],
        }
        (folder / "MANIFEST.json").write_text(json.dumps(record))
        (folder / "estimates.json").write_text(json.dumps({"tables": {}, "estimates": []}))
    seen = Seen()
    seen.feed(write_index(tmp_path, []).read_text(encoding="utf-8"))
    assert seen.tags <= ALLOWED
    assert [a for a in seen.attributes if a[1].startswith("on")] == []
    assert [v for _, k, v in seen.attributes if k == "href" and re.match(r"(?i)[a-z]+:", v)] == []


MARK = "ran"
REFUSED = {
    "code in a name": "country: MDA\n'x; import os; os.mkdir(\"ran\")': 1\n",
    "code in a section's name": "country: MDA\nimpact:\n  \"__import__('os').mkdir('ran')\": 1\n",
    "a dunder": "country: MDA\n__class__: x\n",
    "a python tag": "country: !!python/object/apply:os.mkdir ['ran']\n",
    "a python name": "country: MDA\ntitle: !!python/name:os.system\n",
    "an alias": "country: &c MDA\ntitle: *c\n",
    "a bomb of aliases": "a: &a [x,x]\nb: &b [*a,*a]\ncountry: MDA\n",
    "a key twice": "country: MDA\ncountry: ARM\n",
    "traversal": "country: MDA\ninputs:\n  lfs: ../../etc/passwd\n",
    "an absolute path": "country: MDA\ninputs:\n  lfs: /etc/passwd\n",
    "a link": "country: MDA\ninputs:\n  lfs: link.csv\n",
    "code as a country": 'country: "MDA\'; import os"\n',
    "traversal as a country": "country: ../MDA\n",
    "not a number": "country: MDA\ndisclosure:\n  min_cell: .nan\n",
    "NaN": "country: MDA\ndisclosure:\n  cv_flag: nan\n",
    "infinity": "country: MDA\nyear: inf\n",
    "a list for a number": "country: MDA\nyear: [2023]\n",
    "a mapping for a text": "country: MDA\ntitle: {a: b}\n",
    "a merge key": "country: MDA\n<<: {year: 2023}\n",
    "a secret": "country: MDA\napi_token: ghp_0123456789abcdefghijABCDEFGHIJ\n",
    "a password in a section": "country: MDA\ninputs:\n  password: hunter2hunter2\n",
    "too deep": "country: MDA\nimpact: {a: {b: {c: {d: {e: 1}}}}}\n",
    "two documents": "country: MDA\n---\ncountry: ARM\n",
    "too large": "country: MDA\ntitle: " + "x" * 70_000 + "\n",
    "a NUL": 'country: MDA\ninputs:\n  lfs: "a\\0b"\n',
}


@pytest.mark.parametrize("what", REFUSED, ids=str)
def test_a_hostile_params_file_is_refused_and_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params").mkdir()
    outside = tmp_path.parent / f"outside-{tmp_path.name}.csv"
    outside.write_text("a\n1\n")
    (tmp_path / "link.csv").symlink_to(outside)
    path = tmp_path / "params" / "MDA.yaml"
    path.write_text(REFUSED[what], encoding="utf-8")
    with pytest.raises(MismesError) as caught:
        Params.load(path)
    assert caught.value.problems
    assert not list(tmp_path.rglob(MARK))
    assert "hunter2" not in str(caught.value) and "ghp_" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "{country}",
        "${HOME}",
        "$(mkdir ran)",
        "`mkdir ran`",
        "'; import os; os.mkdir('ran') #",
        "%(x)s",
        "{{ 7*7 }}",
        "<script>",
    ],
)
def test_a_hostile_value_stays_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params").mkdir()
    path = tmp_path / "params" / "MDA.yaml"
    path.write_text(
        f"country: MDA\nsynthetic: true\nyear: 2023\ntitle: {json.dumps(value)}\n", encoding="utf-8"
    )
    assert Params.load(path)["title"] == value
    assert not list(tmp_path.rglob(MARK))
