"""What stands in a file named .xls: a workbook, or what the web pages of statistical offices and
SAS, SPSS and Stata write under that name, a page with one table or a text with tabs.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from mismes_eval.errors import InputError, Problem, worded

MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
TABLE = re.compile(rb"<table[\s>]", re.IGNORECASE)
XML_BOOK = re.compile(rb"<(?:\w+:)?Workbook[\s>]")
CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]+)", re.IGNORECASE)
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")  # how a text begins that is UTF-16
SPACES = re.compile(r"[\s\u00a0]+")
CELLS, ROW, WHOLE = ("td", "th"), "tr", "table"


@dataclass(frozen=True)
class CellText:
    """content : text of separated cells.  encoding, separator : of it."""

    content: bytes
    encoding: str
    separator: str


def web_text(content: bytes, name: str, encoding: str, separator: str) -> CellText | None:
    """The text of cells in a file named as a workbook; None where it is a workbook, or markup
    without a table.

    Raises
    ------
    InputError : several tables, or letters of another encoding.
    """
    if content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return None
    if MARKUP.match(content):
        if XML_BOOK.search(content) or not TABLE.search(content):
            return None
        return CellText(_page_cells(content, name, encoding), "utf-8", ",")
    stated = "utf-16" if content.startswith(WIDE_MARKS) else encoding
    first = content.split(b"\n", 1)[0]
    return CellText(content, stated, "\t" if b"\t" in first else separator)


@dataclass
class _Tables(HTMLParser):
    """Rows of text of every table of a page. Mutable, because the parser hands over piece by
    piece.
    """

    tables: list[list[list[str]]] = field(default_factory=list)
    open_cell: list[str] | None = None
    spanned: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == WHOLE:
            self._close()
            self.tables.append([])
        elif tag == ROW and self.tables:
            self._close()
            self.tables[-1].append([])
        elif tag in CELLS and self.tables:
            self._close()
            self.open_cell = []
            self.spanned |= any(key == "rowspan" and value != "1" for key, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in (*CELLS, ROW, WHOLE):
            self._close()

    def handle_data(self, data: str) -> None:
        if self.open_cell is not None:
            self.open_cell.append(data)

    def _close(self) -> None:
        if self.open_cell is None:
            return
        rows = self.tables[-1]
        if not rows:
            rows.append([])
        rows[-1].append(SPACES.sub(" ", "".join(self.open_cell)).strip())
        self.open_cell = None


def _page_cells(content: bytes, name: str, encoding: str) -> bytes:
    """The one table of a page as comma-separated text."""
    stated = CHARSET.search(content[:4096])
    read_as = stated[1].decode("ascii") if stated else encoding
    try:
        page = content.decode("utf-8-sig" if read_as.lower() in ("utf-8", "utf8") else read_as)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(
            Problem(
                what="wrong encoding",
                where=name,
                expected=read_as,
                got=str(error),
                fix='Say the encoding that it was written in, for instance encoding="cp1252".',
            )
        ) from error
    parser = _Tables()
    parser.feed(page)
    parser.close()
    tables = [rows for rows in parser.tables if sum(bool(row) for row in rows) > 1]
    if len(tables) != 1 or parser.spanned:
        raise InputError(
            Problem(
                what="a web page in a file named as a workbook",
                where=name,
                expected="one table, each cell in one row",
                got=worded("{tables} tables", {"tables": len(tables)})
                if len(tables) != 1
                else worded("cells that reach over rows"),
                fix="Open it in Excel, keep the data and save it as Excel workbook (.xlsx).",
            )
        )
    out = io.StringIO()
    csv.writer(out).writerows(row for row in tables[0] if any(row))
    return out.getvalue().encode("utf-8")
