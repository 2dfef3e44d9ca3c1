"""A report as a typst document: its blocks handed over as JSON, so that no text is ever read as
markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mismes_eval.errors import Problem, ReportError
from mismes_eval.libraries import library
from mismes_eval.report.document.blocks import (
    Block,
    Grid,
    Heading,
    Line,
    Manuscript,
    Paragraph,
    plain_text,
)
from mismes_eval.report.document.language import with_colon

TEMPLATE = Path(__file__).parent.parent / "templates" / "report.typ"
NUMBERED = 2  # levels of headings that have numbers
LISTS = {"bullet": "list", "number": "list", "note": "notes"}


def told(report: Manuscript) -> dict[str, Any]:
    """What the template reads: the cover and the blocks, each with its kind (heading, paragraph,
    list, notes, table, caption, figure). first: whether the first chapter stands before the
    contents.
    """
    front = report.front
    mark = f" ({front.mark})" if front.mark else ""
    return {
        "lang": front.lang,
        "title": with_colon(front.lang, front.country, front.title) + mark,
        "kind": front.kind,
        "banner": front.banner,
        "contents": front.contents,
        "facts": [[name, text] for name, text in front.facts],
        "first": _begins_with_findings(report.blocks),
        "blocks": list(_blocks(report)),
    }


def _begins_with_findings(blocks: Iterable[Block]) -> bool:
    """Whether the first chapter holds the findings."""
    chapter = 0
    for block in blocks:
        chapter += isinstance(block, Heading) and block.level == 1
        if chapter == 1 and isinstance(block, Paragraph) and block.anchor:
            return True
    return False


def _blocks(report: Manuscript) -> Iterator[dict[str, Any]]:
    numbers = [0] * NUMBERED
    names = {id: f"{place}.png" for place, id in enumerate(report.pictures)}
    for style, group in groupby(report.blocks, _style):
        if style in LISTS:
            items = [_sentence(block) for block in group if isinstance(block, Paragraph)]
            yield {"kind": LISTS[style], "numbered": style == "number", "items": items}
            continue
        for block in group:
            if isinstance(block, Heading):
                yield {"kind": "heading", "level": block.level, "text": _heading(block, numbers)}
            elif isinstance(block, Paragraph):
                yield {"kind": "paragraph", "text": _sentence(block)}
            elif isinstance(block, Grid):
                yield _table(block)
                yield from _notes(block.notes)
            else:
                yield {"kind": "caption", "text": f"{block.id} {block.title}".strip()}
                yield {"kind": "figure", "picture": names[block.id], "alt": block.alt}
                yield from _notes(block.notes)


def _style(block: Block) -> str:
    """The style of the list that a paragraph is an entry of, "" for what is none."""
    return block.style if isinstance(block, Paragraph) and block.style in LISTS else ""


def _sentence(block: Paragraph) -> str:
    """The words of a paragraph, with the name of the table that they are read from."""
    text = " ".join(plain_text(block.runs).split())
    return f"{text} {block.anchor}".strip()


def _heading(block: Heading, numbers: list[int]) -> str:
    """The words of a heading behind its number; `numbers` counts on."""
    if block.level > NUMBERED:
        return block.text
    numbers[block.level - 1] += 1
    numbers[block.level :] = [0] * (NUMBERED - block.level)
    return f"{'.'.join(map(str, numbers[: block.level]))} {block.text}"


def _table(block: Grid) -> dict[str, Any]:
    heads = [_cell(head, block.numbers and place > 0) for place, head in enumerate(block.heads)]
    rows = [
        [_cell(plain_text(cell), block.numbers and place > 0) for place, cell in enumerate(row)]
        for row in block.rows
    ]
    return {
        "kind": "table",
        "caption": f"{block.id} {block.title}".strip(),
        "width": len(heads),
        "head": heads if any(block.heads) else [],
        "rows": rows,
    }


def _cell(text: str, number: bool) -> dict[str, Any]:
    return {"text": text, "number": number}


def _notes(notes: Iterable[Line]) -> Iterator[dict[str, Any]]:
    items = [plain_text(note) for note in notes]
    if items:
        yield {"kind": "notes", "numbered": False, "items": items}


def typeset(report: Manuscript) -> bytes:
    """PDF of a report by typst: numbered pages, contents with page numbers, headers. Raises
    ReportError where typst fails.
    """
    typst = library("typst")
    with TemporaryDirectory(prefix="mismes-typst-") as folder:
        root = Path(folder)
        for number, png in enumerate(report.pictures.values()):
            (root / f"{number}.png").write_bytes(png)
        text = json.dumps(told(report), ensure_ascii=False)
        (root / "report.json").write_text(text, encoding="utf-8")
        (root / "report.typ").write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
        try:
            made: bytes = typst.compile(str(root / "report.typ"), root=str(root))
        except RuntimeError as error:
            raise ReportError(
                Problem(
                    "typst could not set the page",
                    "report.pdf",
                    got=str(error).replace(folder, "<folder>")[:300],
                )
            ) from error
        return made
