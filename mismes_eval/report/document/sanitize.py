"""What may stand in the body of a report: known elements with known attributes. Everything else a
notebook shows is dropped or shown as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser

from mismes_eval.report.document.plain import escape

ELEMENTS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "section",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
EMPTY = frozenset({"br", "hr", "img", "col"})
UNREAD = frozenset(
    {
        "script",
        "style",
        "iframe",
        "object",
        "embed",
        "svg",
        "math",
        "template",
        "noscript",
        "noembed",
        "noframes",
        "textarea",
        "title",
        "xmp",
        "plaintext",
        "select",
    }
)
ATTRIBUTES = frozenset(
    {
        "class",
        "id",
        "lang",
        "dir",
        "title",
        "scope",
        "colspan",
        "data-label",
        "rowspan",
        "span",
        "headers",
        "alt",
        "start",
        "open",
        "role",
    }
)
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+")
# the numbers of a table as a file, inside the page
FILE = re.compile(r"data:text/csv;base64,[A-Za-z0-9+/=]+")
LINK = re.compile(r"(?:#|https?://|mailto:)\S*", re.IGNORECASE)


class _Writer(HTMLParser):
    """Writes down what may stay. Mutable because a parser reads tag by tag."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []
        self.unread: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag in UNREAD and tag not in EMPTY and tag != "embed":
            self.unread.append(tag)
        if self.unread or tag not in ELEMENTS:
            return
        kept = [
            (attribute, value or "")
            for attribute, value in dict(attrs).items()
            if _may_stay(tag, attribute, value or "")
        ]
        if tag == "img" and not any(attribute == "src" for attribute, _ in kept):
            return
        self.out.append(
            f"<{tag}"
            + "".join(f' {attribute}="{escape(value)}"' for attribute, value in kept)
            + ">"
        )
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.unread:
            if tag in self.unread:
                del self.unread[self.unread.index(tag) :]
            return
        if tag in self.open:
            while (last := self.open.pop()) != tag:
                self.out.append(f"</{last}>")
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.out.append(escape(data))


def _may_stay(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return tag == "a" and (LINK.fullmatch(value) or FILE.fullmatch(value)) is not None
    if name == "download":
        return tag == "a" and re.fullmatch(r"[\w.-]+\.csv", value) is not None
    if name in ("width", "height"):
        return tag == "img" and value.isdigit()
    if name == "src":
        return tag == "img" and PICTURE.fullmatch(value) is not None
    if name == "tabindex":
        return value == "0"
    return name in ATTRIBUTES or re.fullmatch(r"aria-[a-z]+", name) is not None


def sanitized(html: str) -> str:
    """The same HTML with nothing in it that could run, load or hide: no script, style, form, frame,
    event attribute or unknown address.
    """
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return "".join(writer.out) + "".join(f"</{tag}>" for tag in reversed(writer.open))
