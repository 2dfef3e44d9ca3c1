"""The Word document of a report, from what stands in its folder: the executed notebook with the
blocks of every chapter, the results, the pictures.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from mismes_eval.errors import Problem, ReportError
from mismes_eval.evaluation.params import Params
from mismes_eval.libraries import library
from mismes_eval.report.document.blocks import (
    MIME,
    Block,
    Grid,
    Heading,
    Line,
    Paragraph,
    Picture,
    Run,
    Style,
    from_text,
    lines_of,
    numbered,
)
from mismes_eval.report.document.language import Language, language
from mismes_eval.report.document.page import about, cover_of, in_language, run_warnings
from mismes_eval.report.document.plain import file_names, printable
from mismes_eval.report.document.typeset import read_page
from mismes_eval.report.document.word import Front, write_word
from mismes_eval.report.factory.orders import NOTEBOOK, WORD
from mismes_eval.report.trust.provenance import ESTIMATES

if TYPE_CHECKING:
    from nbformat import NotebookNode

_ANCHOR = re.compile(r'<a class="anchor-link".*?</a>', re.DOTALL)
RUN = "run"  # tag of the report's fingerprint


@dataclass(frozen=True)
class Body:
    """blocks in reading order; pictures: id -> PNG."""

    blocks: list[Block] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)


def write_report(folder: Path, params: Params, started: str, fingerprint: str) -> None:
    """Write the Word document of a report into its folder.

    Raises
    ------
    ReportError : its notebook was made by a version that kept no blocks.
    """
    text = language(params.language)
    results = json.loads((folder / ESTIMATES).read_text(encoding="utf-8"))
    body = read_body(folder, results, text)
    cover = cover_of(params, started, fingerprint, text)
    last = about(cover, params, fingerprint, text) + run_warnings(results["warnings"], text)
    blocks = [*body.blocks, *_html_blocks(last, Body(), tagged=False)]
    front = Front(
        title=cover.title,
        country=cover.country,
        kind=text("Country report"),
        lang=text.code,
        run=fingerprint[:12],
        lines=tuple(_cover_line(key, value, fingerprint) for key, value in cover.lines),
        banner=cover.banner,
        mark=text("SYNTHETIC DATA") if params.synthetic else "",
        contents=text("Contents"),
        authors=params.authors or "",
    )
    write_word(folder / WORD, front, blocks, body.pictures)


def read_body(folder: Path, results: Mapping[str, Any], t: Language) -> Body:
    """The text of a report between its cover and its last page."""
    notebook = nbformat.read(folder / NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    body = Body()
    names = file_names(list(results["figures"]))
    for id, name in names.items():
        body.pictures[id] = (folder / "figures" / f"{name}.png").read_bytes()
    for cell in in_language(notebook, t).cells:
        if cell.cell_type == "markdown":
            turned = library("nbconvert.filters").markdown2html(cell.source)
            body.blocks.extend(_html_blocks(turned, body, tagged=False))
        elif cell.cell_type == "code":
            for output in cell.outputs:
                body.blocks.extend(_shown(output, body))
    if not any(numbers_of(block) for block in body.blocks) and results["estimates"]:
        raise ReportError(
            Problem(
                "the report was made by an earlier version, which kept nothing to edit",
                folder.name,
                fix="Make it again: `mismes report --docx --force`.",
            )
        )
    return body


def numbers_of(block: Block) -> list[Run]:
    """The numbers of a block."""
    return [run for line in lines_of(block) for run in line if run.tag]


def _shown(output: NotebookNode, body: Body) -> Iterator[Block]:
    """What an output of a cell shows on the page."""
    data = output.get("data", {})
    if MIME in data:
        yield from from_text(data[MIME])
    elif "text/html" in data:
        yield from _html_blocks(data["text/html"], body, tagged=True)
    elif "image/png" in data:
        alt = str(output.get("metadata", {}).get("image/png", {}).get("alt", ""))
        yield _own_picture(base64.b64decode(data["image/png"]), alt, body)
    elif "text/plain" in data:
        yield Paragraph(numbered(printable(data["text/plain"])))
    elif output.output_type == "stream" and output.name == "stdout":
        yield Paragraph(numbered(printable(output.text)))


def _own_picture(png: bytes, alt: str, body: Body) -> Picture:
    """A picture that the notebook drew by itself."""
    id = f"picture {len(body.pictures) + 1}"
    body.pictures[id] = png
    return Picture(id=id, title="", alt=alt)


def _html_blocks(html: str, body: Body, tagged: bool) -> Iterator[Block]:
    """Blocks of HTML that no block was kept of: the notebook's own words and outputs. tagged:
    whether its numbers are fields.
    """
    document = read_page(_ANCHOR.sub("", html))
    for told in document.blocks:
        kind = told["kind"]
        if kind == "heading":
            yield Heading(told["level"], told["text"])
        elif kind in ("paragraph", "caption"):
            yield Paragraph(_line(told["text"], tagged))
        elif kind in ("list", "notes"):
            style: Style = "number" if told["numbered"] else "bullet"
            for item in told["items"]:
                yield Paragraph(_line(item, tagged), style)
        elif kind == "table":
            yield _own_table(told, tagged)
        elif kind == "figure":
            number = int(told["picture"].removesuffix(".png"))
            yield _own_picture(document.pictures[number], told["alt"], body)


def _own_table(told: Mapping[str, Any], tagged: bool) -> Grid:
    """A table that the notebook made by itself."""
    head = told["head"][0] if told["head"] else [{"text": ""}] * told["width"]
    rows = []
    for row in told["rows"]:
        rows.append(tuple(_line(cell["text"], tagged) for cell in row))
    heads = tuple(cell["text"] for cell in head)
    return Grid(id="", title=told["caption"], heads=heads, rows=tuple(rows), numbers=False)


def _line(text: str, tagged: bool) -> Line:
    return numbered(printable(text)) if tagged else (Run(printable(text)),)


def _cover_line(what: str, text: str, fingerprint: str) -> Line:
    """A fact of the cover; the run is a field, by which the document is known again."""
    short = fingerprint[:12]
    before, found, after = text.partition(short)
    if not found:
        return (Run(f"{what}: {text}"),)
    return (Run(f"{what}: {before}"), Run(short, RUN, what), Run(after))
