"""What of each chapter stands in the main part of the page, and what behind it in the annex.

The main part answers a chapter's question within a few pages: the tables and figures that are named
here, and the sentences that stand before the first table. Everything else is in the annex, nothing
is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from mismes_eval.report.chapters.base import Chapter, Item

CORE = {
    "data": frozenset({"T06"}),
    "inventory": frozenset({"T01", "F01", "T02", "T05b"}),
    "people": frozenset({"T07a", "T08", "T09"}),
    "participation": frozenset({"T10", "T03b"}),
    "tracer": frozenset({"F03", "T15"}),
    "impact": frozenset(
        {"T05d", "T18", "T20", "T24", "F11-rollout", "T31", "T32", "T33", "T34", "T35", "T36"}
    ),
    "claims": frozenset(),  # the answer alone: 35 lines take three pages
    "limits": frozenset({"T05c", "T21"}),
}
WHOLE = ("sheets", "overview")
HEADED = frozenset({"T35", "T36"})  # with the sentence before them, which says what they show


def core(chapter: Chapter) -> tuple[Item, ...]:
    """The items of the main part, in their order."""
    return tuple(i for place, i in enumerate(chapter.items) if _in_main(chapter, place))


def behind(chapter: Chapter) -> tuple[Item, ...]:
    """The items of the annex, in their order."""
    return tuple(i for place, i in enumerate(chapter.items) if not _in_main(chapter, place))


def _in_main(chapter: Chapter, place: int) -> bool:
    item = chapter.items[place]
    if chapter.id in WHOLE or chapter.id not in CORE:
        return True
    if isinstance(item, str):
        following = chapter.items[place + 1 : place + 2]
        if any(not isinstance(after, str) and after.id in HEADED for after in following):
            return True
        return all(isinstance(before, str) for before in chapter.items[:place])
    return item.id in CORE[chapter.id]


def cells_of_notebook(chapters: Mapping[str, Chapter]) -> dict[str, str]:
    """Chapter -> the cells of the notebook that show it."""
    cells = {"overview": "report.picture()"}
    for name, chapter in chapters.items():
        parts = [f'report.main("{name}")'] if core(chapter) else []
        parts += ["report.annex()"] if behind(chapter) else []
        cells[name] = ", ".join(parts)
    return cells
