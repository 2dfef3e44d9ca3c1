"""The page of a report as a typst document: read from its HTML into plain blocks, handed over as
JSON, so that no text is ever read as markup.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mismes_eval.errors import Problem, ReportError
from mismes_eval.libraries import library

TEMPLATE = Path(__file__).parent.parent / "templates" / "report.typ"
VOID = frozenset({"img", "br", "meta", "hr", "link", "input", "wbr", "col"})
BLOCKS = frozenset(
    {
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "pre",
        "li",
        "caption",
        "figcaption",
        "th",
        "td",
        "dt",
        "dd",
        "title",
        "aside",
    }
)
SKIPPED = frozenset({"style", "script", "nav", "template"})


@dataclass
class Document:
    """Blocks in reading order. Each has a kind: heading, paragraph, list, table, notes, figure.
    brief: whether the first chapter stands before the contents.
    """

    lang: str = "en"
    title: str = ""
    kind: str = ""
    banner: str = ""
    contents: str = "Contents"
    facts: list[list[str]] = field(default_factory=list)
    brief: bool = False
    blocks: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)


class _Reader(HTMLParser):
    """Fills a Document. Mutable because a parser reads tag by tag."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.document = Document()
        self.text: list[str] = []
        self.skipped = 0
        self.lists: list[list[str]] = []
        self.marks: list[str] = []
        self.table: dict[str, Any] | None = None
        self.classes: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {attribute: value or "" for attribute, value in attrs}
        if tag in SKIPPED or self.skipped or "downloads" in given.get("class", "").split():
            self.skipped += tag not in VOID
            if tag == "nav":
                self.document.contents = given.get("aria-label", "") or "Contents"
                self.document.brief = "behind" in given.get("class", "").split()
            return
        if tag == "html":
            self.document.lang = given.get("lang", "en")
        elif tag in ("ul", "ol"):
            self.lists.append([])
            self.marks.append(
                "notes"
                if "notes" in given.get("class", "")
                else "numbers"
                if tag == "ol"
                else "bullets"
            )
        elif tag == "table":
            self.table = {"kind": "table", "caption": "", "head": [], "rows": []}
        elif tag == "tr" and self.table is not None:
            self.table["rows"].append([])
        elif tag == "img":
            self._picture(given)
        if tag in BLOCKS:
            self.text = []
            self.classes.append(given.get("class", ""))
        elif tag == "br":
            self.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.skipped:
            self.skipped -= 1
            return
        if tag in BLOCKS and self.classes:
            self._block(tag, " ".join("".join(self.text).split()), self.classes.pop())
            self.text = []
        elif tag in ("ul", "ol") and self.lists:
            items, mark = self.lists.pop(), self.marks.pop()
            if items:
                self.document.blocks.append(
                    {
                        "kind": "notes" if mark == "notes" else "list",
                        "numbered": mark == "numbers",
                        "items": items,
                    }
                )
        elif tag == "table" and self.table is not None:
            self._close_table(self.table)
            self.table = None

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.text.append(data)

    def _block(self, tag: str, text: str, cls: str) -> None:
        document = self.document
        if tag == "title":
            document.title = text
        elif tag in ("h2", "h3", "h4"):
            document.blocks.append({"kind": "heading", "level": int(tag[1]) - 1, "text": text})
        elif "banner" in cls.split():
            document.banner = text
        elif tag == "p" and "kind" in cls.split():
            document.kind = text
        elif tag == "dt":
            document.facts.append([text, ""])
        elif tag == "dd" and document.facts:
            document.facts[-1][1] = text
        elif tag in ("p", "pre") and text:
            document.blocks.append({"kind": "paragraph", "text": text})
        elif tag == "li" and self.lists:
            self.lists[-1].append(text)
        elif tag in ("caption", "figcaption"):
            if self.table is not None:
                self.table["caption"] = text
            else:
                document.blocks.append({"kind": "caption", "text": text})
        elif tag in ("th", "td") and self.table is not None and self.table["rows"]:
            self.table["rows"][-1].append(
                {"text": text, "number": "num" in cls.split(), "head": tag == "th"}
            )

    def _picture(self, given: dict[str, str]) -> None:
        head, _, body = given.get("src", "").partition(",")
        if head != "data:image/png;base64":
            return
        try:
            png = base64.b64decode(body)
        except binascii.Error:
            return
        self.document.blocks.append(
            {
                "kind": "figure",
                "picture": f"{len(self.document.pictures)}.png",
                "alt": given.get("alt", ""),
            }
        )
        self.document.pictures.append(png)

    def _close_table(self, table: dict[str, Any]) -> None:
        rows = [row for row in table["rows"] if row]
        if not rows:
            return
        width = max(len(row) for row in rows)
        full = [
            [*row, *({"text": "", "number": False, "head": False} for _ in range(width - len(row)))]
            for row in rows
        ]
        head = 1 if all(cell["head"] for cell in rows[0]) else 0
        self.document.blocks.append(
            {
                "kind": "table",
                "caption": table["caption"],
                "width": width,
                "head": full[:head],
                "rows": full[head:],
            }
        )


def read_page(html: str) -> Document:
    """The blocks of a report's page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.document


def typeset(html: str) -> bytes:
    """PDF of a report's page by typst: numbered pages, contents with page numbers, headers. Raises
    ReportError where typst fails.
    """
    typst = library("typst")
    document = read_page(html)
    with TemporaryDirectory(prefix="mismes-typst-") as folder:
        root = Path(folder)
        for number, png in enumerate(document.pictures):
            (root / f"{number}.png").write_bytes(png)
        told = {name: value for name, value in vars(document).items() if name != "pictures"}
        (root / "report.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
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
