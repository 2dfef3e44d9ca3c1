"""The Word document of a report: read back cell by cell, it says what the tables publish; what was
changed in it by hand is named, and nothing else.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from docx import Document
from lxml import etree

from mismes_eval.cli import verify as verify_command
from mismes_eval.errors import ParamsError, ReportError
from mismes_eval.report.country import CountryReport
from mismes_eval.report.document.blocks import (
    MIME,
    Front,
    Grid,
    Heading,
    Manuscript,
    Paragraph,
    Picture,
    Run,
    from_text,
    numbered,
    plain_text,
    tag_of_cell,
    tag_of_sentence,
    to_text,
)
from mismes_eval.report.document.cells import COLUMNS
from mismes_eval.report.document.grids import block_of
from mismes_eval.report.document.language import language
from mismes_eval.report.document.manuscript import manuscript
from mismes_eval.report.document.tables import HIDDEN, Table, TextTable, render, scale_of
from mismes_eval.report.document.word import write_word
from mismes_eval.report.factory.orders import WORD
from mismes_eval.report.figures import Figure
from mismes_eval.report.session import Session
from mismes_eval.report.trust.differences import places
from mismes_eval.report.trust.edited import edited
from mismes_eval.report.trust.provenance import outputs
from mismes_eval.report.trust.spelling import Runs

from ..some import some
from .conftest import WholeReport

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
RUN = "0123456789abcdef" * 4
MARK = "SYNTHETIC DATA"
STARTED = "2026-01-02T03:04:05Z"


@dataclass(frozen=True)
class Made:
    """A report of the made-up Moldova, with its folder."""

    report: CountryReport
    folder: Path

    @property
    def tables(self) -> list[Table]:
        items = [i for c in self.report.chapters.values() for i in c.items]
        return [i for i in items if isinstance(i, Table)]

    @property
    def figures(self) -> list[Figure]:
        """In the order of the page."""
        return [f for f in self.report.session.figures.values() if isinstance(f, Figure)]


@pytest.fixture(scope="module")
def made(
    root: Path,
    tmp_path_factory: pytest.TempPathFactory,
    whole_report: Callable[[str, str], WholeReport],
) -> Made:
    """The report's notebook, executed by hand: a kernel would import the installed package."""
    folder = tmp_path_factory.mktemp("word") / "MDA"
    folder.mkdir()
    built = whole_report("MDA", "en").report
    params = built.session.params
    report = replace(built, session=Session(params, folder, language("en"), True))
    notebook = nbformat.read(root / "notebooks" / "country_report.ipynb", as_version=4)
    for cell in notebook.cells:
        called = re.fullmatch(r'report\.(\w+)\((?:"(\w+)")?\)', cell.source.strip())
        if cell.cell_type == "code" and called is not None:
            page = getattr(report, called[1])(*([called[2]] if called[2] else []))
            data = {"text/html": page._repr_html_(), **page._repr_mimebundle_()}
            cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    nbformat.write(notebook, folder / "report.ipynb")
    write_word(folder / WORD, manuscript(folder, params, STARTED, RUN))
    manifest(folder)
    return Made(report, folder)


def manifest(folder: Path) -> None:
    record = {
        "schema": 1,
        "country": "MDA",
        "synthetic": True,
        "fingerprint": RUN,
        "started": "2026-01-02T03:04:05Z",
        "params": {"file": "params/MDA.yaml", "sha256": RUN, "values": {}},
        "notebook": {"name": "country_report.ipynb", "sha256": RUN},
        "inputs": [],
        "package_sha256": RUN,
        "lock_sha256": None,
        "versions": {},
        "chapters": [],
        "shown": [],
        "outputs": outputs(folder),
    }
    (folder / "MANIFEST.json").write_text(json.dumps(record), encoding="utf-8")


def tree(path: Path, part: str = "word/document.xml") -> etree._Element:
    with zipfile.ZipFile(path) as archive:
        return etree.fromstring(archive.read(part))


def said(element: etree._Element) -> str:
    return "".join(t.text or "" for t in element.iter(f"{W}t"))


def word_tables(document: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """(caption, table) of every table, in order."""
    caption = ""
    for child in document[0]:
        if child.tag == f"{W}tbl":
            yield caption, child
        elif child.find(f"{W}pPr/{W}pStyle[@{W}val='Caption']") is not None:
            caption = said(child)


def fields(document: etree._Element) -> dict[str, str]:
    """Tag -> text of every field."""
    return {c.find(f"{W}sdtPr/{W}tag").get(f"{W}val"): said(c) for c in document.iter(f"{W}sdt")}


def test_every_cell_of_every_table_says_what_is_published(made: Made) -> None:
    found = fields(tree(made.folder / "report.docx"))
    shown = hidden = 0
    for table in made.tables:
        told = table.in_language(language("en"))
        published = told.published().drop_duplicates(["row", "column"], keep="last")
        for cell in published.to_dict("records"):
            text = found[tag_of_cell(table.id, cell["row"], cell["column"], "value")]
            if cell["status"] != "shown" or np.isnan(cell["value"]):
                assert text in (HIDDEN, ":", "–"), (table.id, cell["row"], text)
                hidden += 1
                continue
            scale, digits = scale_of(told, cell)
            if not text.startswith("<"):
                number = float(text.replace(",", ""))
                assert number == pytest.approx(cell["value"] * scale, abs=0.5 * 10**-digits + 1e-9)
            shown += 1
            n = found.get(tag_of_cell(table.id, cell["row"], cell["column"], "n"))
            if n is not None and n not in (HIDDEN, "–"):
                assert float(n.replace(",", "")) == cell["n"]
    assert shown > 500 and hidden > 20


@pytest.mark.whole
def test_a_table_is_a_table_with_caption_heads_and_the_texts_of_the_page(made: Made) -> None:
    document = tree(made.folder / "report.docx")
    tables = dict(word_tables(document))
    for table in some(made.tables):
        told = table.in_language(language("en"))
        grid = tables[f"{table.id} {told.title}"]
        head, *rows = grid.findall(f"{W}tr")
        assert head.find(f"{W}trPr/{W}tblHeader") is not None
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)
        page = render(told, language("en"))
        lines = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
        texts = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in lines]
        in_word = [[said(cell) for cell in row.iter(f"{W}tc")] for row in (head, *rows)]
        plain = [[etree.fromstring(f"<a>{t}</a>").text or "" for t in line] for line in texts]
        assert in_word == plain, table.id
        about = grid.find(f"{W}tblPr/{W}tblDescription").get(f"{W}val")
        assert table.id in about and told.title in about


def test_pictures_have_words_and_made_up_data_say_so(made: Made) -> None:
    document = tree(made.folder / "report.docx")
    drawing = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
    told = {p.get("name"): p.get("descr") for p in document.iter(drawing)}
    assert told == {f.id: f.alt for f in made.figures} and all(told.values())
    paragraphs = [said(p) for p in document.iter(f"{W}p")]
    assert paragraphs[0].startswith(MARK)
    assert sum(p.startswith(MARK) for p in paragraphs) > len(made.tables) + len(made.figures)
    with zipfile.ZipFile(made.folder / "report.docx") as archive:
        head = next(n for n in archive.namelist() if "header" in n)
        assert MARK in archive.read(head).decode()
        styles = archive.read("word/styles.xml").decode()
    assert re.findall(r'<w:lang [^>]*w:val="(\w+)', styles) == ["en"]
    headings = document.findall(f".//{W}pStyle[@{W}val='Heading1']")
    assert len(headings) >= 9


@pytest.mark.whole
def test_every_file_of_the_report_has_the_same_bytes_again(made: Made, tmp_path: Path) -> None:
    before = (made.folder / "report.docx").read_bytes()
    params = made.report.session.params
    write_word(made.folder / WORD, manuscript(made.folder, params, STARTED, RUN))
    assert (made.folder / "report.docx").read_bytes() == before
    with zipfile.ZipFile(io.BytesIO(before)) as archive:
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"(\d{4})-\d\d-\d\dT", core)) == {"1980"}


def test_no_hidden_cell_has_a_number_anywhere_in_the_document(made: Made) -> None:
    document = tree(made.folder / "report.docx")
    tags = fields(document)
    closed = 0
    for table in made.tables:
        told = table.in_language(language("en"))
        for cell in told.cells.to_dict("records"):
            if cell["status"] in ("confidential", "secondary"):
                place = (table.id, cell["row"], cell["column"])
                mine = {k: v for k, v in tags.items() if k.startswith(tag_of_cell(*place, ""))}
                assert set(mine.values()) == {HIDDEN}, place
                closed += 1
    assert closed > 10


Change = Callable[[bytes], bytes]


def changed(made: Made, to: Path, change: Change, part: str = "word/document.xml") -> Path:
    """The document as somebody saved it after a change of one of its parts."""
    with zipfile.ZipFile(made.folder / "report.docx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts[part]
    parts[part] = change(before)
    assert parts[part] != before
    with zipfile.ZipFile(to, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return to


def control(content: bytes, tag: str) -> re.Match[bytes]:
    """The field of a tag."""
    own = rb"<w:sdt>(?:(?!<w:sdt>).)*?w:tag w:val=\"" + tag.encode() + rb"\".*?</w:sdt>"
    found = re.search(own, content, re.DOTALL)
    assert found is not None
    return found


def typed(tag: str, text: str) -> Change:
    """Another text in the field of a tag."""

    def change(content: bytes) -> bytes:
        field = control(content, tag)
        new = re.sub(rb">[^<]*</w:t>", f">{text}</w:t>".encode(), field[0])
        return content.replace(field[0], new)

    return change


def place_of(made: Made, status: str) -> tuple[str, str, str]:
    """A cell of that status: table, row, column."""
    for table in made.tables:
        told = table.in_language(language("en"))
        for cell in told.published().to_dict("records"):
            if cell["status"] == status and (status != "shown" or cell["n"] > 50):
                return table.id, cell["row"], cell["column"]
    raise AssertionError(status)


@pytest.mark.whole
def test_an_untouched_document_and_one_with_other_words_are_as_the_report(
    made: Made, tmp_path: Path
) -> None:
    assert edited(made.folder / "report.docx", made.folder).unchanged
    copy = changed(made, tmp_path / "a.docx", lambda c: c.replace(b"Group", b"Groupe", 3))
    found = edited(copy, made.folder)
    assert found.unchanged and found.numbers > 1500


def test_a_number_that_was_changed_is_named_with_both_texts(made: Made, tmp_path: Path) -> None:
    table, row, column = place_of(made, "shown")
    tag = tag_of_cell(table, row, column, "value")
    found = edited(changed(made, tmp_path / "a.docx", typed(tag, "77.7")), made.folder)
    assert [(e.found, e.where) for e in found.changed] == [
        ("77.7", f"{table}, {row} / {column}, value")
    ]
    assert not (found.hidden or found.missing or found.unknown or found.pictures)
    assert "changed by hand" in found.text() and not found.unchanged


@pytest.mark.whole
def test_a_number_in_a_hidden_cell_is_named_by_itself(made: Made, tmp_path: Path) -> None:
    for status in ("confidential", "secondary"):
        table, row, column = place_of(made, status)
        tag = tag_of_cell(table, row, column, "value")
        found = edited(changed(made, tmp_path / "a.docx", typed(tag, "4")), made.folder)
        assert [(e.reported, e.found) for e in found.hidden] == [(HIDDEN, "4")]
        assert not found.changed and "not published" in found.text()


@pytest.mark.whole
def test_a_number_that_was_taken_out_is_named(made: Made, tmp_path: Path) -> None:
    table, row, column = place_of(made, "shown")
    tag = tag_of_cell(table, row, column, "value")

    def cut(content: bytes) -> bytes:
        return content.replace(control(content, tag)[0], b"")

    def tracked(content: bytes) -> bytes:
        whole = control(content, tag)[0]
        return content.replace(whole, b'<w:del w:id="9" w:author="x">' + whole + b"</w:del>")

    for change in (cut, tracked):
        found = edited(changed(made, tmp_path / "a.docx", change), made.folder)
        assert found.missing == (f"{table}, {row} / {column}, value",)


def without_tags(content: bytes) -> bytes:
    """As LibreOffice 7.4 saves a document: titles of fields without their tags."""
    return re.sub(rb"<w:tag w:val=[^>]*/>", b"", content)


@pytest.mark.whole
def test_fields_that_kept_only_their_titles_are_known_by_them(made: Made, tmp_path: Path) -> None:
    table, row, column = place_of(made, "shown")
    tag, place = tag_of_cell(table, row, column, "value"), f"{table}, {row} / {column}, value"
    assert edited(changed(made, tmp_path / "a.docx", without_tags), made.folder).unchanged
    typing = typed(tag, "77.7")
    found = edited(
        changed(made, tmp_path / "b.docx", lambda c: without_tags(typing(c))), made.folder
    )
    assert [(e.found, e.where) for e in found.changed] == [("77.7", place)] and not found.missing
    gone = edited(
        changed(
            made, tmp_path / "c.docx", lambda c: without_tags(c.replace(control(c, tag)[0], b""))
        ),
        made.folder,
    )
    assert gone.missing == (place,) and not gone.unchanged


def test_what_word_puts_around_a_number_changes_nothing(made: Made, tmp_path: Path) -> None:
    """Split runs, spelling marks, comments and changes that were tracked and give the same text."""
    table, row, column = place_of(made, "shown")
    tag = tag_of_cell(table, row, column, "value")

    def marked(content: bytes) -> bytes:
        field = control(content, tag)[0]
        text = re.search(rb">([^<]*)</w:t></w:r></w:sdtContent>", field)
        first, rest = text[1][:1], text[1][1:]
        new = (
            b'><w:commentRangeStart w:id="1"/><w:proofErr w:type="spellStart"/><w:r><w:t>'
            + first
            + b'</w:t></w:r><w:del w:id="7" w:author="x"><w:r><w:delText>9</w:delText></w:r></w:del>'
            b'<w:ins w:id="8" w:author="x"><w:r><w:t>' + rest + b"</w:t></w:r></w:ins>"
            b'<w:commentRangeEnd w:id="1"/></w:sdtContent>'
        )
        whole = re.sub(
            rb"<w:sdtContent>.*?</w:sdtContent>", lambda _: b"<w:sdtContent" + new, field
        )
        return content.replace(field, whole)

    assert edited(changed(made, tmp_path / "a.docx", marked), made.folder).unchanged


@pytest.mark.whole
def test_a_number_of_a_sentence_is_a_field_too(made: Made, tmp_path: Path) -> None:
    sentences = [b for b in made.report.findings().blocks if isinstance(b, Paragraph)]
    run = next(r for b in sentences for r in b.runs if r.tag)
    found = edited(changed(made, tmp_path / "a.docx", typed(run.tag, "99")), made.folder)
    assert [e.reported for e in found.changed] == [run.text]


def test_the_fields_of_a_sentence_name_the_cell_that_it_is_about(made: Made) -> None:
    keys = {(k.table, k.row, k.column) for k in made.report.published.cells}
    stems = {tag_of_sentence(*key): key for key in keys}
    sentences = [b for b in made.report.findings().blocks if isinstance(b, Paragraph)]
    told = [
        r for b in sentences for r in b.runs if r.tag.rpartition(".")[0].rpartition(".")[0] in stems
    ]
    assert told
    for run in told:
        table, row, column = stems[run.tag.rpartition(".")[0].rpartition(".")[0]]
        assert f"{table}, {row} / {column}" in run.what


def test_the_table_of_contents_is_no_chapter_and_letters_are_styles(tmp_path: Path) -> None:
    front = Front(title="t", country="c", kind="k", lang="en", run="r", contents="Contents")
    cells = ((Run("row"),), (Run("1.5", "T1.a.value", "T1"),))
    grid = Grid(id="T1", title="t", heads=("", "value"), rows=(cells,), notes=((Run("note"),),))
    write_word(tmp_path / "a.docx", Manuscript(front, (Heading(1, "One"), grid)))
    document = Document(str(tmp_path / "a.docx"))
    contents = document.styles["TOC Heading"].element.pPr.numPr
    assert contents.numId.val == 0
    cell = document.tables[0].cell(1, 1).paragraphs[0]
    assert cell.style.name == "Table 9 pt" and cell.style.font.size.pt == 9
    assert not list(cell._p.iter(f"{W}sz"))
    assert document.paragraphs[-2].style.name == "Table 8 pt"


@pytest.mark.whole
def test_foreign_fields_pictures_and_runs_are_named(made: Made, tmp_path: Path) -> None:
    table, row, column = place_of(made, "shown")
    tag = tag_of_cell(table, row, column, "value").encode()
    foreign = changed(made, tmp_path / "a.docx", lambda c: c.replace(tag, b"X.1.value"))
    found = edited(foreign, made.folder)
    assert len(found.unknown) == 1 and len(found.missing) == 1
    other = changed(made, tmp_path / "b.docx", typed("run", "ffffffffffff"))
    assert "ffffffffffff" in edited(other, made.folder).run
    picture = changed(made, tmp_path / "c.docx", lambda c: c + b"0", "word/media/image1.png")
    assert edited(picture, made.folder).pictures == (f"{made.figures[0].id}: another picture",)


def test_a_report_that_was_changed_itself_is_no_witness(made: Made, tmp_path: Path) -> None:
    copy = changed(made, tmp_path / "a.docx", lambda c: c.replace(b"Group", b"Groupe", 1))
    file = made.folder / "report.ipynb"
    before = file.read_bytes()
    try:
        file.write_bytes(before + b"\n")
        found = edited(copy, made.folder)
    finally:
        file.write_bytes(before)
    assert found.report == ("report.ipynb: changed",) and not found.unchanged


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04broken"])
def test_what_is_no_word_document_is_refused(made: Made, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.docx").write_bytes(content)
    with pytest.raises(ParamsError, match="no Word document"):
        edited(tmp_path / "a.docx", made.folder)


def test_entities_of_a_document_are_not_read(made: Made, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("4711", encoding="utf-8")
    doctype = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>'.encode()
    table, row, column = place_of(made, "shown")
    tag = tag_of_cell(table, row, column, "value")

    def planted(content: bytes) -> bytes:
        head, _, rest = typed(tag, "&x;")(content).partition(b"?>")
        return head + b"?>" + doctype + rest

    assert "4711" not in edited(changed(made, tmp_path / "a.docx", planted), made.folder).text()


@pytest.mark.whole
def test_the_command_says_what_was_changed_and_asks_which_report(
    made: Made, tmp_path: Path
) -> None:
    table, row, column = place_of(made, "shown")
    tag = tag_of_cell(table, row, column, "value")
    copy = changed(made, tmp_path / "a.docx", typed(tag, "77.7"))
    run = CliRunner().invoke(
        verify_command.command, [str(copy), "--report", str(made.folder)], standalone_mode=False
    )
    assert run.return_value == 1 and f"{table}, {row} / {column}, value" in run.output
    told = CliRunner().invoke(
        verify_command.command, [str(made.folder / "report.docx"), "--json"], standalone_mode=False
    )
    assert told.return_value == 0 and json.loads(told.output)[0]["unchanged"] is True
    silent = [str(made.folder / "report.docx"), "--quiet"]
    assert CliRunner().invoke(verify_command.command, silent, standalone_mode=False).output == ""
    for arguments in ([str(copy)], ["MDA", "--report", str(made.folder)]):
        lost = CliRunner().invoke(verify_command.command, arguments, standalone_mode=False)
        assert isinstance(lost.exception, ParamsError)


def test_two_documents_are_compared_by_paragraphs(made: Made, tmp_path: Path) -> None:
    table, row, column = place_of(made, "shown")
    tag = tag_of_cell(table, row, column, "value")
    copy = changed(made, tmp_path / "a.docx", typed(tag, "77.7"))
    found = places(made.folder / "report.docx", copy)
    assert len(found) == 1 and found[0][0] == "paragraph" and "77.7" in str(found[0][2])
    renamed = changed(
        made, tmp_path / "b.docx", lambda c: c.replace(RUN[:12].encode(), b"ffffffffffff")
    )
    core = places(made.folder / "report.docx", renamed, Runs(RUN[:12], "ffffffffffff"))
    assert [p[0] for p in core] == ["part docProps/core.xml"]


def test_a_report_without_blocks_is_made_again(made: Made, tmp_path: Path) -> None:
    notebook = nbformat.read(made.folder / "report.ipynb", as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.data = {"text/plain": "Page(...)"}
    nbformat.write(notebook, tmp_path / "report.ipynb")
    (tmp_path / "estimates.json").write_bytes((made.folder / "estimates.json").read_bytes())
    (tmp_path / "figures").symlink_to(made.folder / "figures")
    with pytest.raises(ReportError, match="earlier version"):
        manuscript(tmp_path, made.report.session.params, STARTED, RUN)


def table_of(rows: list[dict[str, object]], **words: object) -> Table:
    blank = dict.fromkeys(COLUMNS, np.nan) | {"flag": "", "kind": "share", "unit": "share"}
    blank |= {"definition": "", "status": "shown", "column": "all"}
    frame = pd.DataFrame([blank | row for row in rows], columns=list(COLUMNS))
    table = Table("T1", "A <title> & more", frame, "a file", ("A note of 7.",), 100.0, 1)
    return replace(table, **words)  # type: ignore[arg-type]


def test_french_numbers_and_words(tmp_path: Path) -> None:
    t = language("fr")
    table = table_of([{"row": "x", "value": 12.3456, "se": 0.5, "n": 1234.0, "flag": "u"}])
    grid = block_of(table, t)
    assert isinstance(grid, Grid)
    assert plain_text(grid.rows[0][1]).replace("\u202f", " ") == "1 234,6 (50,0)\u00a0u"
    assert [r.text for r in grid.rows[0][1] if r.tag] == ["1\u202f234,6", "50,0"]
    front = Front("t", "Tunisie", "Rapport", "fr", "r")
    write_word(tmp_path / "a.docx", Manuscript(front, (grid,)))
    assert "1\u202f234,6" in said(tree(tmp_path / "a.docx"))
    assert 'w:val="fr"' in etree.tostring(tree(tmp_path / "a.docx", "word/styles.xml")).decode()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("T08 and wave2, MDA-001: 1,234.5 of 58 (-0.3 to 12%)", ["1,234.5", "58", "-0.3", "12%"]),
        ("the gap is 4.5e-13 of it", ["4.5e-13"]),
        ("\u22121\u202f234,5 point, 3\u00a0%", ["\u22121\u202f234,5", "3\u00a0%"]),
        ("on 2021-07-25 and 3/4", []),
        ("none", []),
    ],
)
def test_numbers_of_a_sentence_are_found(text: str, numbers: list[str]) -> None:
    line = numbered(text)
    assert plain_text(line) == text
    assert [run.text for run in line if run.tag] == numbers
    assert len({run.tag for run in line if run.tag}) == len(numbers)


@pytest.mark.whole
def test_blocks_come_back_from_their_text(made: Made) -> None:
    words = TextTable("T2", "t", pd.DataFrame({"a": ["x 1"], "b": ["2 y"]}), synthetic=True)
    blocks = [block_of(words, language("en")), *made.report.findings().blocks]
    blocks += [Picture("F1", "t", "alt")]
    assert from_text(to_text(blocks)) == blocks
    assert MIME not in made.report.findings()._repr_mimebundle_(exclude={MIME})


def test_marks_of_a_text_are_no_marks_of_the_document(tmp_path: Path) -> None:
    nasty = "</w:t><w:p/>& \x07 ]]>"
    blocks = (
        Paragraph(numbered(f"{nasty} \ud800")),
        block_of(table_of([{"row": nasty}]), language("en")),
    )
    write_word(tmp_path / "a.docx", Manuscript(Front(nasty, "c", "k", "en", "r"), blocks))
    document = tree(tmp_path / "a.docx")
    assert sum("</w:t><w:p/>&" in said(p) for p in document.iter(f"{W}p")) == 3
