"""What helps to find one's way in a page: chapters as sections, names of tables as links to them."""

from __future__ import annotations

import re

from mismes_eval.report.document.plain import escape
from mismes_eval.report.document.sanitize import EMPTY

_TAG = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_HELD = re.compile(r'<(?:div(?=[^>]* class="table")|figure)[^>]*? id="([^"]+)"')
# parts of an entry of the contents stand side by side, each element in a place of its own
_KEPT = re.compile(r"(<svg\b.*?</svg>|<nav\b.*?</nav>|<[^>]*>)", re.DOTALL)
_MEASURE = re.compile(r"(?<![\w-])[A-Z]{3}-\d{3,6}(?![\w-])")
# inside these a name is not turned into a link
_CLOSED = frozenset(
    {"a", "h1", "h2", "h3", "caption", "figcaption", "nav", "code", "pre", "header"}
)


def sections(body: str) -> list[str]:
    """The top-level elements of a chapter's body grouped: each group but the first begins with an
    element that has a heading of the second level in it.
    """
    groups, start, depth, begin = [""], 0, 0, 0
    for match in _TAG.finditer(body):
        named = _NAME.match(match[0])
        if named is None or named[2].lower() in EMPTY:
            continue
        if not named[1]:
            begin = match.start() if depth == 0 else begin
            depth += 1
            continue
        depth -= 1
        if depth == 0:
            element = body[begin : match.end()]
            gap = body[start:begin]
            start = match.end()
            if re.search(r"<h2\b", element):
                groups.append(gap + element)
            else:
                groups[-1] += gap + element
    groups[-1] += body[start:]
    return groups


def sectioned(body: str, titles: list[tuple[str, str]]) -> str:
    """Each chapter as a section named after its heading. titles: (anchor, words) of the headings of
    the second level.
    """
    first, *chapters = sections(body)
    if len(chapters) != len(titles):
        return body
    parts = [
        f'<section class="chapter c{number}" aria-labelledby="{escape(anchor)}">{chapter}</section>'
        for number, ((anchor, _), chapter) in enumerate(zip(titles, chapters, strict=True), 1)
    ]
    return first + "".join(parts)


def linked(html: str) -> str:
    """The names of tables and figures in sentences and cells as links to where they stand."""
    names = sorted(set(_HELD.findall(html)), key=len, reverse=True)
    if not names:
        return html
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, names))})(?![\w-])")
    out: list[str] = []
    closed: list[str] = []
    for part in _TAG.split(html):
        if not part.startswith("<"):
            out.append(part if closed else pattern.sub(r'<a href="#\1">\1</a>', part))
            continue
        out.append(part)
        named = _NAME.match(part)
        if named is None or named[2].lower() not in _CLOSED:
            continue
        if not named[1]:
            closed.append(named[2])
        elif closed:
            closed.pop()
    return "".join(out)


def unbroken(html: str) -> str:
    """Ids of measures kept on one line; the text stays as it is, so that it can be searched and
    copied.
    """
    head, begin, body = html.partition("<body")
    kept = [
        part if part.startswith("<") else _MEASURE.sub(r'<span class="whole">\g<0></span>', part)
        for part in _KEPT.split(begin + body)
    ]
    return head + "".join(kept)


def current_section_style(chapters: int) -> str:
    """Which entry of the contents is marked while its chapter is read: the browser's view timelines
    do it, without a script; a browser that has none marks nothing.
    """
    names = ", ".join(f"--c{number}" for number in range(1, chapters + 1))
    rules = [
        f".chapter.c{number} {{ view-timeline: --c{number}; }}"
        f" .contents li.level2.c{number} > a {{ animation-timeline: --c{number}; }}"
        for number in range(1, chapters + 1)
    ]
    if not rules:
        return ""
    return (
        "@media screen { @supports (animation-timeline: view()) {"
        f" body {{ timeline-scope: {names}; }} {' '.join(rules)}"
        " .contents .level2 > a { animation: here linear;"
        " animation-range: cover calc(0% + 65vh) cover calc(100% - 35vh); } } }"
    )
