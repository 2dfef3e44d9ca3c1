"""Parts that every page of the site shares: head, menu, tables, numbers and dates in a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from mismes_eval.frame.missing import is_missing
from mismes_eval.inventory.page_words import PageWords
from mismes_eval.report.document.language import Language, own_name
from mismes_eval.report.document.page import CSP
from mismes_eval.report.document.plain import escape
from mismes_eval.report.pages_from_templates import Html, rendered

PAGES = (
    ("index", "search"),
    ("evidence", "evidence"),
    ("gap-map", "gap"),
    ("countries", "countries"),
    ("costs", "costs"),
    ("due", "due"),
    ("lessons", "lessons"),
)
ARROWS = {"higher": "↑", "lower": "↓", "unclear": "○", "unknown": "–"}
WORDS = PageWords("report/site/strings.csv")
DOWNLOADS = ("measures.csv", "measures.json", "evaluations.csv", "register.csv", "register.ics")


@dataclass(frozen=True)
class Shell:
    """What is around the text of a page. synthetic: sentence on made-up data, empty where none is."""

    t: Language
    words: Mapping[str, str]
    synthetic: str

    def page(
        self,
        name: str,
        title: str,
        body: Html,
        *,
        up: str = "",
        warning: str = "",
        goes_on: str = "",
    ) -> Html:
        """A whole page. name: its path without .html below the language's folder; up: the way from
        it back to that folder; warning: instead of the sentence on all data; goes_on: the page that
        stands in its place.
        """
        style = (files("mismes_eval.report.site") / "site.css").read_text(encoding="utf-8")
        return rendered(
            "site/page.html.j2",
            t=self.t,
            words=self.words,
            csp=CSP,
            style=Html(style),
            title=title,
            warning=warning or self.synthetic,
            menu=self.menu(name, up),
            body=body,
            name=name,
            up=up,
            goes_on=goes_on,
            downloads=DOWNLOADS,
            others=[code for code in WORDS.languages if code != self.t.code],
            own_name=own_name,
        )

    def menu(self, name: str, up: str) -> Html:
        """Links to the pages."""
        return rendered("site/menu.html.j2", words=self.words, pages=PAGES, name=name, up=up)

    def number(self, value: Any, digits: int = 0) -> str:
        """A number in the language; what is not recorded says so."""
        if is_missing(value):
            return self.words["empty"]
        return self.t.number(float(value), digits)


def day(value: date) -> Html:
    """A day as HTML; it is never broken over two lines."""
    written = f"{value:%Y-%m-%d}"
    return Html(f'<time datetime="{written}">{written}</time>')


def link(measure: str, title: object, up: str = "") -> Html:
    """Link to the page of a measure."""
    name = "" if is_missing(title) else f" {title}"
    return Html(f'<a href="{up}measures/{measure}.html">{escape(measure + name)}</a>')


def address(url: object) -> Html:
    """Link to an address outside the site."""
    return Html(f'<a rel="noreferrer" href="{escape(str(url))}">{escape(str(url))}</a>')


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()
) -> Html:
    """A table. numbers: places of columns of numbers."""
    return rendered("site/table.html.j2", caption=caption, head=head, rows=rows, numbers=numbers)
