"""HTML that another library put into a notebook's output, as blocks of plain text. What this
package shows has blocks of its own and is never read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser

from mismes_eval.report.document.blocks import Block, Grid, Heading, Line, Paragraph, numbered
from mismes_eval.report.document.plain import printable
from mismes_eval.report.document.sanitize import sanitized

HEADINGS = {"h1": 1, "h2": 1, "h3": 2, "h4": 3, "h5": 3, "h6": 3}
CELLS = frozenset({"th", "td"})
# where a text ends; what stands in between is one line of words
ENDS = frozenset({"p", "pre", "li", "caption", "div", "section", "ul", "ol", "table"})


class _Reader(HTMLParser):
    """Mutable because a parser reads tag by tag."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.words: list[str] = []
        self.rows: list[list[str]] | None = None
        self.caption = ""
        self.skipped = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "style":
            self.skipped = True
        elif tag in ENDS or tag in HEADINGS:
            self._end("")
        if tag == "table":
            self.rows, self.caption = [], ""
        elif tag == "tr" and self.rows is not None:
            self.rows.append([])
        elif tag in CELLS:
            self.words = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self.skipped = False
        elif tag in CELLS and self.rows:
            self.rows[-1].append(self._text())
        elif tag == "caption":
            self.caption = self._text()
        elif tag == "table" and self.rows is not None:
            self._table(self.rows)
            self.rows = None
        elif tag in ENDS or tag in HEADINGS:
            self._end(tag)

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.words.append(data)

    def _text(self) -> str:
        """The words since the last end, as one line."""
        told = printable(" ".join("".join(self.words).split()))
        self.words = []
        return told

    def _end(self, tag: str) -> None:
        text = "" if self.rows is not None else self._text()
        if text and tag in HEADINGS:
            self.blocks.append(Heading(HEADINGS[tag], text))
        elif text:
            self.blocks.append(Paragraph(numbered(text), "bullet" if tag == "li" else ""))

    def _table(self, rows: Sequence[Sequence[str]]) -> None:
        width = max((len(row) for row in rows), default=0)
        if not width:
            return
        heads, *body = [[*row, *[""] * (width - len(row))] for row in rows if row]
        lines: list[tuple[Line, ...]] = [tuple(map(numbered, row)) for row in body]
        grid = Grid(id="", title=self.caption, heads=tuple(heads), rows=tuple(lines), numbers=False)
        self.blocks.append(grid)


def foreign_blocks(html: str) -> list[Block]:
    """Headings, paragraphs, entries of lists and tables of an output; its pictures are left out."""
    reader = _Reader()
    reader.feed(sanitized(html))
    reader.close()
    reader._end("")
    return reader.blocks
