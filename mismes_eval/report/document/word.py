"""A report as a Word document that an office edits: headings, real tables with captions, pictures
with their words, and every number as a field whose tag is its place in the report.

The bytes depend on what is told only: no moment, no name of the machine or its user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Inches, Length, Pt, RGBColor

from mismes_eval.report.document.blocks import (
    LONGEST,
    Front,
    Grid,
    Heading,
    Line,
    Manuscript,
    Paragraph,
    Picture,
    Run,
    plain_text,
)
from mismes_eval.report.document.language import with_colon
from mismes_eval.report.document.plain import printable
from mismes_eval.report.factory.zipped import write_workbook

TEXT_WIDTH = Cm(16.5)
LONGEST_PROPERTY = 255
DOTS = 150  # dots an inch of the report's pictures
STYLES = {
    "": "Normal",
    "bullet": "List Bullet",
    "number": "List Number",
    "mark": "Intense Quote",
    "note": "Normal",
}
NOTE = Pt(8)
LETTERS = ((6, Pt(9)), (10, Pt(8)), (100, Pt(7)))  # columns of a table at most, size of its letters
RUN = "run"  # tag of the report's fingerprint
_CHAPTERS = f"""<w:abstractNum {nsdecls("w")} w:abstractNumId="90">
<w:multiLevelType w:val="multilevel"/>
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:pStyle w:val="Heading1"/>
<w:lvlText w:val="%1"/><w:lvlJc w:val="left"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:pStyle w:val="Heading2"/>
<w:lvlText w:val="%1.%2"/><w:lvlJc w:val="left"/></w:lvl></w:abstractNum>"""
_NUMBERED = f'<w:num {nsdecls("w")} w:numId="90"><w:abstractNumId w:val="90"/></w:num>'


@dataclass
class _Writer:
    """The document in work. Mutable because it is written from its first line to its last."""

    document: Any
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    marks: dict[str, str] = field(default_factory=dict)


def write_word(to: Path, told: Manuscript) -> None:
    """Write the document."""
    front, blocks = told.front, told.blocks
    writer = _Writer(Document())
    _settings(writer.document, front)
    _cover(writer, front)
    headings = [block for block in blocks if isinstance(block, Heading)]
    anchors = {id(heading): f"s{number}" for number, heading in enumerate(headings, 1)}
    _contents(writer, front, headings, anchors)
    for block in blocks:
        if isinstance(block, Heading):
            heading = writer.document.add_heading("", min(block.level, 4))
            _marked(writer, heading, anchors[id(block)], printable(block.text))
        elif isinstance(block, Paragraph):
            _paragraph(writer, block)
        elif isinstance(block, Grid):
            _table(writer, block)
        else:
            _picture(writer, block, told.pictures[block.id])
    made = BytesIO()
    writer.document.save(made)
    write_workbook(to, made)


def _settings(document: Any, front: Front) -> None:
    """Language, properties, paper, numbered chapters, head and foot of every page."""
    about = document.core_properties
    about.title = _property(with_colon(front.lang, front.country, front.title))
    about.author, about.last_modified_by = _property(front.authors), ""
    about.subject, about.comments = _property(front.kind), _property(front.banner)
    about.language, about.identifier = front.lang, front.run
    styles = document.styles
    for spoken in styles.element.iter(qn("w:lang")):
        spoken.set(qn("w:val"), front.lang)
    styles["Normal"].font.size = Pt(10.5)
    _letters(document)
    _number_chapters(document)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = (Cm(21.0) - TEXT_WIDTH) // 2
    head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
    head.add_run(printable(with_colon(front.lang, front.country, front.title))).font.size = Pt(8)
    if front.mark:
        _warning(head.add_run(f"   {front.mark}"))
    foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    page = OxmlElement("w:fldSimple")
    page.set(qn("w:instr"), "PAGE")
    page.append(_piece("1"))
    foot._p.append(page)


def _property(text: str) -> str:
    """A text as the properties of a document take it."""
    return printable(text)[:LONGEST_PROPERTY]


def _letters(document: Any) -> None:
    """Styles of the letters in tables and notes: an office changes them in one place, and a field
    has the letters of the words around it in every word processor.
    """
    for size in {NOTE, *(letters for _, letters in LETTERS)}:
        style = document.styles.add_style(_small(size), WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        style.font.size = size
        style.paragraph_format.space_after = Pt(0)


def _small(size: Length) -> str:
    """The name of the style with letters of a size."""
    return f"Table {size.pt:g} pt"


def _number_chapters(document: Any) -> None:
    numbering = document.part.numbering_part.element
    first = numbering.find(qn("w:num"))
    first.addprevious(parse_xml(_CHAPTERS))
    numbering.append(parse_xml(_NUMBERED))
    for level, name in enumerate(("Heading 1", "Heading 2")):
        numbered = document.styles[name].element.get_or_add_pPr().get_or_add_numPr()
        numbered.get_or_add_ilvl().val = level
        numbered.get_or_add_numId().val = 90
    contents = document.styles["TOC Heading"].element.get_or_add_pPr().get_or_add_numPr()
    contents.get_or_add_numId().val = 0  # it takes its looks after Heading 1, but is no chapter


def _cover(writer: _Writer, front: Front) -> None:
    document = writer.document
    if front.banner:
        _warning(document.add_paragraph(style=STYLES["mark"]).add_run(printable(front.banner)))
    document.add_paragraph(printable(front.kind), style="Subtitle")
    document.add_paragraph(
        printable(with_colon(front.lang, front.country, front.title)), style="Title"
    )
    for name, text in front.facts:
        _fill(writer, document.add_paragraph(), _fact(front, name, text))


def _fact(front: Front, name: str, text: str) -> Line:
    """A fact of the cover; the run is a field, by which the document is known again."""
    before, found, after = text.partition(front.run)
    told = with_colon(front.lang, name, before)
    if not found:
        return (Run(told),)
    return (Run(told), Run(front.run, RUN, name), Run(after))


def _contents(
    writer: _Writer, front: Front, headings: Sequence[Heading], anchors: Mapping[int, str]
) -> None:
    """A table of contents that is filled already, and that Word makes again with page numbers."""
    if not headings:
        return
    title = writer.document.add_paragraph(style="TOC Heading")
    title.add_run(printable(front.contents))
    field_at = _field_signs('TOC \\o "1-2" \\h')
    for place, heading in enumerate(headings):
        line = writer.document.add_paragraph()
        line.paragraph_format.left_indent = Cm(0.6 * (heading.level - 1))
        if place == 0:
            for sign in field_at[:-1]:
                line._p.append(sign)
        line._p.append(_link(anchors[id(heading)], printable(heading.text)))
        if place == len(headings) - 1:
            line._p.append(field_at[-1])


def _field_signs(instruction: str) -> list[Any]:
    """The runs that begin a field, say what it is, and end it."""
    runs = []
    for kind in ("begin", "", "separate", "end"):
        run = OxmlElement("w:r")
        sign = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            sign.set(qn("w:fldCharType"), kind)
        else:
            sign.text = instruction
        run.append(sign)
        runs.append(run)
    return runs


def _link(anchor: str, text: str) -> Any:
    """A link inside the document."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), anchor)
    link.set(qn("w:history"), "1")
    link.append(_piece(text))
    return link


def _marked(writer: _Writer, paragraph: Any, anchor: str, text: str) -> None:
    """A paragraph that links lead to."""
    number = str(next(writer.ids))
    for name in ("w:bookmarkStart", "w:bookmarkEnd"):
        mark = OxmlElement(name)
        mark.set(qn("w:id"), number)
        if name == "w:bookmarkStart":
            mark.set(qn("w:name"), anchor)
            paragraph._p.append(mark)
            paragraph._p.append(_piece(text))
        else:
            paragraph._p.append(mark)


def _paragraph(writer: _Writer, block: Paragraph) -> None:
    paragraph = writer.document.add_paragraph(style=STYLES[block.style])
    _fill(writer, paragraph, block.runs)
    if block.anchor:
        paragraph._p.append(_piece(" "))
        paragraph._p.append(_link(bookmark(block.anchor), block.anchor))


def bookmark(id: str) -> str:
    """The name under which links find a table or a picture."""
    return f"t_{re.sub(r'[^A-Za-z0-9_]', '_', id)}"[:40]


def _caption(writer: _Writer, block: Grid | Picture) -> None:
    paragraph = writer.document.add_paragraph(style="Caption")
    paragraph.paragraph_format.keep_with_next = True
    text = f"{block.id} {block.title}".strip()
    if block.id:
        _marked(writer, paragraph, bookmark(block.id), printable(text))
    else:
        paragraph.add_run(printable(text))


def _notes(writer: _Writer, notes: Sequence[Line]) -> None:
    for line in notes:
        _fill(writer, writer.document.add_paragraph(style=_small(NOTE)), line)
    writer.document.add_paragraph().paragraph_format.space_after = Pt(0)


def _table(writer: _Writer, block: Grid) -> None:
    """Caption, table and notes. The row of the heads comes again on every page."""
    _caption(writer, block)
    width = len(block.heads)
    table = writer.document.add_table(rows=len(block.rows) + 1, cols=width, style="Table Grid")
    size = next(letters for columns, letters in LETTERS if width <= columns or columns == 100)
    _describe(table, block)
    heads = tuple((Run(head),) for head in block.heads)
    widths = _widths(block)
    style = writer.document.styles[_small(size)].style_id
    for k, (row, cells) in enumerate(zip(table._tbl.tr_lst, (heads, *block.rows), strict=True)):
        _row_rules(row, head=k == 0)
        for j, (place, line) in enumerate(zip(row.tc_lst, cells, strict=True)):
            place.width = widths[j]
            paragraph = place.p_lst[0]
            paragraph.style = style
            if block.numbers and j:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            for run in line:
                paragraph.append(_field(writer, run, bold=k == 0))
    _notes(writer, block.notes)


def _describe(table: Any, block: Grid) -> None:
    """Widths, and what the table is, for readers who hear it."""
    for column, width in zip(table._tbl.tblGrid.gridCol_lst, _widths(block), strict=True):
        column.w = width
    properties = table._tbl.tblPr
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        look.set(qn("w:firstColumn"), "1")
        look.set(qn("w:firstRow"), "1")
    words = f"{block.id} {block.title}".strip()
    heads = "; ".join(head for head in block.heads if head)
    for name, text in (("w:tblCaption", words), ("w:tblDescription", f"{words}: {heads}")):
        element = OxmlElement(name)
        element.set(qn("w:val"), printable(text))
        properties.append(element)


def _row_rules(row: Any, head: bool) -> None:
    """A row is not broken between pages; the heads are said again on each."""
    rules = row.get_or_add_trPr()
    rules.append(OxmlElement("w:cantSplit"))
    if head:
        rules.append(OxmlElement("w:tblHeader"))


def _widths(block: Grid) -> list[Length]:
    """Width of each column by the longest text in it, within limits."""
    columns = range(len(block.heads))
    longest = [
        max(
            max((len(w) for w in block.heads[j].split()), default=0),
            *(len(plain_text(row[j])) for row in block.rows),
            0,
        )
        for j in columns
    ]
    parts = [min(max(n, 4), 40) for n in longest]
    return [Length(int(TEXT_WIDTH * part / sum(parts))) for part in parts]


def _picture(writer: _Writer, block: Picture, png: bytes) -> None:
    _caption(writer, block)
    dots = int.from_bytes(png[16:20], "big")
    width = min(Inches(dots / DOTS), TEXT_WIDTH)
    shape = writer.document.add_picture(BytesIO(png), width=width)
    about = shape._inline.docPr
    about.set("name", printable(block.id))
    about.set("title", printable(f"{block.id} {block.title}".strip()))
    about.set("descr", printable(block.alt))
    _notes(writer, block.notes)


def _fill(writer: _Writer, paragraph: Any, line: Line) -> None:
    for run in line:
        paragraph._p.append(_field(writer, run))


def _field(writer: _Writer, run: Run, bold: bool = False) -> Any:
    """A run of words, or a number inside a content control that says where it is from."""
    piece = _piece(printable(run.text), bold)
    if not run.tag:
        return piece
    control, about, inside = (OxmlElement(name) for name in ("w:sdt", "w:sdtPr", "w:sdtContent"))
    told = {"w:alias": field_title(run.what), "w:tag": run.tag, "w:id": str(next(writer.ids))}
    for name, value in told.items():
        element = OxmlElement(name)
        element.set(qn("w:val"), value)
        about.append(element)
    about.append(OxmlElement("w:text"))
    inside.append(piece)
    control.append(about)
    control.append(inside)
    return control


def field_title(text: str) -> str:
    """What a field is called in the document: its place, cut to the length that Word keeps."""
    told = printable(text)
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"


def _piece(text: str, bold: bool = False) -> Any:
    run, words = OxmlElement("w:r"), OxmlElement("w:t")
    if bold:
        look = OxmlElement("w:rPr")
        look.append(OxmlElement("w:b"))
        run.append(look)
    words.text = text
    words.set(qn("xml:space"), "preserve")
    run.append(words)
    return run


def _warning(run: Any) -> None:
    run.font.bold, run.font.color.rgb = True, RGBColor(0x8A, 0x15, 0x38)
