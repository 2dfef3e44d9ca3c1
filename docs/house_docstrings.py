"""Docstrings of this package as Markdown: numpydoc's section headings, one item a line, meanings where numpydoc has types. An extension of griffe for the reference pages."""

from __future__ import annotations

import re
from typing import Any

import griffe

SECTION = re.compile(r"^(Parameters|Returns|Raises|References|Notes|Examples|Attributes)\n-{3,}[ ]*$", re.MULTILINE)
ITEM = re.compile(r"^([A-Za-z_][\w.]*(?:, [A-Za-z_]\w*)*)\s+: (.*)$")
NEXT = re.compile(r"\.?\s{2,}(?=[a-z_]\w*(?:, [a-z_]\w*)* : )")
CODE = re.compile(r"(`[^`]*`)")


def plain(text: str) -> str:
    """Text in which nothing is taken for markup but code in backticks."""
    parts = CODE.split(text)
    return "".join(
        p if p.startswith("`") else p.replace("&", "&amp;").replace("<", "&lt;").replace("{", "&#123;").replace("*", "\\*").replace("_", "\\_") for p in parts
    )


def block(lines: list[str]) -> list[str]:
    """Lines of one section: `name : meaning` becomes a list item, what is indented below it belongs to it, the rest are paragraphs."""
    out: list[str] = []
    item = False
    for line in lines:
        if not line.strip():
            out.append("")
            item = False
            continue
        pieces = [line] if not ITEM.match(line.strip()) else NEXT.split(line.strip())
        for piece in pieces:
            found = ITEM.match(piece.strip())
            if found:
                if out and out[-1] and not out[-1].startswith("- "):
                    out.append("")
                out.append(f"- **{plain(found[1])}**: {plain(found[2])}")
                item = True
            elif item and line.startswith(" "):
                out[-1] += " " + plain(piece.strip())
            else:
                if item:
                    out.append("")
                out.append(plain(piece.strip()))
                item = False
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
