"""Is the index of reports what it says it is: its pages made again from the reports beside it, and
compared text by text.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mismes_eval.report.index import INDEX, index_pages
from mismes_eval.report.trust.differences import places
from mismes_eval.report.trust.verify import Difference, Verification

PAGES = "index*.html"
_NAME = re.compile(r"index(\.[a-z]{2})?\.html")
_UNSEEN = re.compile(r"<style>.*?</style>|<[^>]*>", re.DOTALL)
_NUMBER = re.compile(r"\d[\d.,]*")


def is_index(page: Path) -> bool:
    """Whether a file is a page of the index of reports."""
    return page.is_file() and _NAME.fullmatch(page.name) is not None


def verify_index(out: Path) -> Verification:
    """Make every page of the index in `out` again and compare. The reports are taken as they
    stand; a notice of a report that failed is nothing that they tell, and differs.
    """
    again = index_pages(out, [])
    there = {page.name: page for page in out.glob(PAGES) if _NAME.fullmatch(page.name)}
    extra = [f"{name}: no report beside it makes it" for name in sorted({*there} - {*again})]
    lacking = [f"{name}: missing" for name in sorted({*again} - {*there})]
    inside: list[Difference] = []
    numbers = 0
    with tempfile.TemporaryDirectory(prefix="mismes-verify-") as clean:
        for name in sorted({*there} & {*again}):
            made = Path(clean) / name
            made.write_text(again[name], encoding="utf-8")
            inside += unlike_page(there[name], made)
            numbers += numbers_on(made)
    return Verification(
        name=INDEX,
        numbers=numbers,
        tampered=(*extra, *lacking),
        changed=(),
        differences=(),
        inside=tuple(inside),
    )


def numbers_on(page: Path) -> int:
    """How many numbers a reader sees on a page."""
    return len(_NUMBER.findall(_UNSEEN.sub(" ", page.read_text(encoding="utf-8"))))


def unlike_page(page: Path, made: Path) -> Iterator[Difference]:
    """Where a page differs from the one that its reports make."""
    for place, was, now in places(page, made):
        yield Difference(
            table=page.name, cell=place, quantity="", reported=str(was), repeated=str(now)
        )
