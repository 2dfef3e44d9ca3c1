"""What a report says on paper: cover and blocks in reading order, from what stands in its folder
(the executed notebook with the blocks of every chapter, the results, the pictures). The Word
document and the PDF of typst are both written from it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from mismes_eval.errors import Problem, ReportError
from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.blocks import (
    MIME,
    Block,
    Front,
    Manuscript,
    Paragraph,
    Picture,
    Run,
    from_text,
    lines_of,
    numbered,
)
from mismes_eval.report.document.foreign import foreign_blocks
from mismes_eval.report.document.language import Language, language
from mismes_eval.report.document.markdown import markdown_blocks
from mismes_eval.report.document.page import about, cover_of, in_language, run_warnings
from mismes_eval.report.document.plain import file_names, printable
from mismes_eval.report.factory.orders import NOTEBOOK
from mismes_eval.report.trust.provenance import ESTIMATES

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Body:
    """blocks in reading order; pictures: id -> PNG."""

    blocks: list[Block] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)


def manuscript(folder: Path, params: Params, started: str, fingerprint: str) -> Manuscript:
    """The manuscript of the report in a folder.

    Raises
    ------
    ReportError : its notebook was made by a version that kept no blocks.
    """
    text = language(params.language)
    results = json.loads((folder / ESTIMATES).read_text(encoding="utf-8"))
    body = read_body(folder, results, text)
    cover = cover_of(params, started, fingerprint, text)
    closing = about(cover, params, fingerprint, text).blocks
    warned = run_warnings(results["warnings"], text).blocks
    front = Front(
        title=cover.title,
        country=cover.country,
        kind=text("Country report"),
        lang=text.code,
        run=fingerprint[:12],
        facts=cover.lines,
        banner=cover.banner,
        mark=text("SYNTHETIC DATA") if params.synthetic else "",
        contents=text("Contents"),
        authors=params.authors or "",
    )
    return Manuscript(front, (*body.blocks, *closing, *warned), body.pictures)


def read_body(folder: Path, results: Mapping[str, Any], t: Language) -> Body:
    """The text of a report between its cover and its last page."""
    notebook = nbformat.read(folder / NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    body = Body()
    names = file_names(list(results["figures"]))
    for id, name in names.items():
        body.pictures[id] = (folder / "figures" / f"{name}.png").read_bytes()
    for cell in in_language(notebook, t).cells:
        if cell.cell_type == "markdown":
            body.blocks.extend(markdown_blocks(cell.source))
        elif cell.cell_type == "code":
            for output in cell.outputs:
                body.blocks.extend(_shown(output, body))
    if not any(numbers_of(block) for block in body.blocks) and results["estimates"]:
        raise ReportError(
            Problem(
                "the report was made by an earlier version, which kept nothing to edit",
                folder.name,
                fix="Make it again: `mismes report --force`.",
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
        yield from foreign_blocks(data["text/html"])
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
