"""Docstrings of this package as Markdown: numpydoc's section headings, one item a line, meanings
where numpydoc has types. An extension of griffe for the reference pages.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

SECTION = re.compile(
    r"^(Parameters|Returns|Raises|References|Notes|Examples|Attributes)\n-{3,}[ ]*$", re.MULTILINE
)
ITEM = re.compile(r"^([A-Za-z_][\w.]*(?:, [A-Za-z_]\w*)*)\s+: (.*)$")
NEXT = re.compile(r"\.?\s{2,}(?=[a-z_]\w*(?:, [a-z_]\w*)* : )")
CODE = re.compile(r"(`[^`]*`)")


def plain(text: str) -> str:
    """Text in which nothing is taken for markup but code in backticks."""
    parts = CODE.split(text)
    return "".join(
        p
        if p.startswith("`")
        else p.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace("{", "&#123;")
        .replace("*", "\\*")
        .replace("_", "\\_")
        for p in parts
    )


def joined(lines: list[str]) -> list[str]:
    """Lines of one section with what is indented below an item put onto the item's line."""
    out: list[str] = []
    for line in lines:
        if out and line.startswith(" ") and ITEM.match(out[-1]):
            out[-1] += f" {line.strip()}" if not ITEM.match(line.strip()) else f"  {line.strip()}"
        else:
            out.append(line.strip())
    return out


def block(lines: list[str]) -> list[str]:
    """Lines of one section: `name : meaning` becomes a list item, also where several stand on one
    line; the rest are paragraphs.
    """
    out: list[str] = []
    for line in joined(lines):
        found = [ITEM.match(piece) for piece in NEXT.split(line)] if ITEM.match(line) else []
        items = [f"- **{plain(m[1])}**: {plain(m[2])}" for m in found if m]
        follows = items or [plain(line)]
        if out and out[-1] and bool(items) != out[-1].startswith("- "):
            out.append("")
        out += follows
    return out


def as_markdown(text: str) -> str:
    """A docstring of this package as Markdown."""
    parts = SECTION.split(text)
    out = block(parts[0].splitlines())
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        out += ["", f"**{name}**", "", *block(body.strip("\n").splitlines())]
    return "\n".join(out)


class HouseDocstrings(griffe.Extension):
    """Every docstring turned into Markdown as it is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for each module, class, function and attribute."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
