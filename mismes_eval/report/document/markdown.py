"""Words that a notebook's author wrote in Markdown, as blocks of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mismes_eval.libraries import library
from mismes_eval.report.document.blocks import Block, Grid, Heading, Line, Paragraph, Run, Style
from mismes_eval.report.document.plain import printable

DEEPEST = 3
BREAKS = frozenset({"softbreak", "linebreak"})
Token = Mapping[str, Any]


def markdown_blocks(source: str) -> Iterator[Block]:
    """Blocks in reading order. The second level of a notebook's headings is a chapter."""
    read = library("mistune").create_markdown(renderer=None, plugins=["table", "strikethrough"])
    yield from _blocks(read(source))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    for token in tokens:
        kind = token["type"]
        if kind == "heading":
            level = min(max(token["attrs"]["level"] - 1, 1), DEEPEST)
            yield Heading(level, _words(token))
        elif kind == "list":
            yield from _entries(token)
        elif kind == "table":
            yield _table(token)
        elif kind == "block_quote":
            yield from _blocks(token["children"])
        elif _words(token):
            yield Paragraph(_line(token))


def _entries(token: Token) -> Iterator[Block]:
    """The entries of a list, those of lists inside it below their own."""
    style: Style = "number" if token["attrs"]["ordered"] else "bullet"
    for entry in token["children"]:
        for part in entry["children"]:
            if part["type"] == "list":
                yield from _entries(part)
            elif _words(part):
                yield Paragraph(_line(part), style)


def _table(token: Token) -> Grid:
    head, *body = token["children"]
    rows = [row for part in body for row in part["children"]]
    return Grid(
        id="",
        title="",
        heads=tuple(map(_words, head["children"])),
        rows=tuple(tuple(map(_line, row["children"])) for row in rows),
        numbers=False,
    )


def _line(token: Token) -> Line:
    return (Run(_words(token)),)


def _words(token: Token) -> str:
    """The text of a token without its marks, as one line."""
    return printable(" ".join(_text(token).split()))


def _text(token: Token) -> str:
    if token["type"] in BREAKS:
        return " "
    children = token.get("children")
    return token.get("raw", "") if children is None else "".join(map(_text, children))
