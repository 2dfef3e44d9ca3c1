"""What a report shows, as blocks of plain text in reading order: what its Word document and
its PDF of typst are made of.

A block holds published text only, as the page prints it. A number is a run with a tag, the name of
its place: of a table's cell, its row, column and part; of a sentence, the sentence and which number
of it, after the cell that the sentence is about. The tag of a number is the same in every report
that has the same place, so that a document that somebody edited can be held against the report.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mismes_eval.report.document.plain import printable

MIME = "text/x-mismes-blocks"  # beside the HTML of a notebook's output
LONGEST = 60  # signs of a tag or a title that every word processor takes
# a number with its separators and sign; one inside a name (T08, wave2) or a date is none
_NUMBER = re.compile(
    "(?<![\\w.,/-])[-\u2212+]?\\d+(?:[.,\u00a0\u202f]\\d+)*(?:e[-+]?\\d+)?(?:[\u00a0\u202f]?%)?(?![\\w/-])"
)

Style = Literal["", "bullet", "number", "mark", "note"]


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text. tag: the place of a number, "" for words; what: that place in words;
    hidden: it stands for a number that is not published.
    """

    text: str
    tag: str = ""
    what: str = ""
    hidden: bool = False


Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """level 1: a chapter."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """anchor: id of the table that a finding is read from, or ""."""

    runs: Line
    style: Style = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: heads (c,), rows of c cells, the first of each its name; numbers: whether the other
    cells hold numbers or words; notes below.
    """

    id: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    notes: tuple[Line, ...] = ()
    numbers: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the report's folder `figures`; alt: what it shows, in words."""

    id: str
    title: str
    alt: str
    notes: tuple[Line, ...] = ()


Block = Heading | Paragraph | Grid | Picture


@dataclass(frozen=True)
class Front:
    """What stands before the text and around it. facts: what the report is of, each a name and a
    text; banner: the word on made-up data, or ""; run: the beginning of the report's fingerprint.
    """

    title: str
    country: str
    kind: str
    lang: str
    run: str
    facts: tuple[tuple[str, str], ...] = ()
    banner: str = ""
    mark: str = ""
    contents: str = ""
    authors: str = ""


@dataclass(frozen=True)
class Manuscript:
    """A report as it goes on paper. blocks in reading order; pictures: id -> PNG of every picture
    among them.
    """

    front: Front
    blocks: tuple[Block, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)


KINDS: dict[str, type[Block]] = {
    kind.__name__: kind for kind in (Heading, Paragraph, Grid, Picture)
}


@dataclass(frozen=True)
class Page:
    """HTML that a notebook cell shows; blocks: the same as plain text, for a document that can be
    edited.
    """

    html: str
    blocks: tuple[Block, ...] = ()

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        """The blocks, beside the HTML that IPython asks for by itself."""
        left_out = exclude is not None and MIME in exclude
        asked = include is None or MIME in include
        return {MIME: to_text(self.blocks)} if self.blocks and asked and not left_out else {}

    def __repr__(self) -> str:
        """Short, so that an executed notebook does not hold every page twice."""
        return "Page(...)"


def paragraph(text: str, style: Style = "") -> Paragraph:
    """Words without a number that is a field."""
    return Paragraph((Run(printable(text)),), style)


def tag_of_cell(table: str, row: str, column: str, part: str) -> str:
    """The tag of one number of a table's cell."""
    return f"{_plain(table)}.{_digest(table, row, column)}.{part}"


def tag_of_sentence(table: str, row: str, column: str) -> str:
    """The beginning of the tags of a sentence that says the number of a cell."""
    return f"{_plain(table)}.{_digest(table, row, column)[:12]}"


def numbered(text: str, where: str = "", of: str = "text") -> Line:
    """A text whose numbers are runs with tags. where: the table or the cell whose text it is, or
    "";
    of: the beginning of the tags (`tag_of_sentence`).
    """
    runs: list[Run] = []
    end = 0
    place = _digest(where, text)
    for k, found in enumerate(_NUMBER.finditer(text), 1):
        if found.start() > end:
            runs.append(Run(text[end : found.start()]))
        told = f"'{_shortened(text)}' ({k})"
        words = f"{where}: {told}" if where else told
        runs.append(Run(found[0], f"{of}.{place}.{k}", words))
        end = found.end()
    if end < len(text) or not runs:
        runs.append(Run(text[end:]))
    return tuple(runs)


def plain_text(line: Line) -> str:
    """The words of a line."""
    return "".join(run.text for run in line)


def lines_of(block: Block) -> Iterator[Line]:
    """Every line of a block that may hold numbers."""
    if isinstance(block, Paragraph):
        yield block.runs
    elif isinstance(block, Grid):
        for row in block.rows:
            yield from row
        yield from block.notes
    elif isinstance(block, Picture):
        yield from block.notes


def to_text(blocks: Sequence[Block]) -> str:
    """Blocks as JSON."""
    return json.dumps(list(blocks), ensure_ascii=False, default=_fields)


def _fields(part: Block | Run) -> dict[str, object]:
    told = {name: getattr(part, name) for name in part.__slots__}
    return told if isinstance(part, Run) else {"kind": type(part).__name__, **told}


def from_text(text: str) -> list[Block]:
    """Blocks from `to_text`. Raises ValueError, KeyError or TypeError for anything else."""
    return [_block(dict(told)) for told in json.loads(text)]


def _block(told: dict[str, Any]) -> Block:
    kind = KINDS[str(told.pop("kind"))]
    if kind is Paragraph:
        told["runs"] = _line(told["runs"])
    if kind is Grid:
        told["heads"] = tuple(map(str, told["heads"]))
        told["rows"] = tuple(tuple(_line(cell) for cell in row) for row in told["rows"])
    if kind in (Grid, Picture):
        told["notes"] = tuple(_line(note) for note in told["notes"])
    return kind(**told)


def _line(told: Sequence[dict[str, Any]]) -> Line:
    return tuple(Run(**run) for run in told)


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:24]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
