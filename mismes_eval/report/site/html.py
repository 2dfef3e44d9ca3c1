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
        body: str,
        *,
        up: str = "",
        warning: str = "",
        goes_on: str = "",
    ) -> str:
        """A whole page. name: its path without .html below the language's folder; up: the way from
        it back to that folder; warning: instead of the sentence on all data; goes_on: the page that
        stands in its place.
        """
        turn = (
            f'<meta http-equiv="refresh" content="3; url={escape(goes_on)}">\n' if goes_on else ""
        )
        warning = warning or self.synthetic
        banner = f'<p class="synthetic" role="note">{escape(warning)}</p>' if warning else ""
        style = (files("mismes_eval.report.site") / "site.css").read_text(encoding="utf-8")
        return (
            f'<!DOCTYPE html>\n<html lang="{self.t.code}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{escape(CSP)}">\n'
            f"{turn}<title>{escape(title)} · {escape(self.words['repository'])}</title>\n"
            f"<style>{style}</style>\n</head>\n<body>\n"
            f'<header><a class="skip" href="#text">{escape(self.words["skip"])}</a>{banner}'
            f"{self.menu(name, up)}</header>\n"
            f'<main id="text"><h1>{escape(title)}</h1>\n{body}\n</main>\n'
            f'<footer><p class="quiet">{escape(self.words["census"])}</p>'
            f"<p>{escape(self.words['downloads'])}: {_downloads(up)}</p>"
            f"<p>{self.others(name, up)}</p></footer>\n</body>\n</html>\n"
        )

    def others(self, name: str, up: str) -> str:
        """Links to the page in the other languages, each named in its own."""
        return " · ".join(
            f'<a lang="{code}" hreflang="{code}" href="{up}../{code}/{name}.html">'
            f"{escape(own_name(code))}</a>"
            for code in WORDS.languages
            if code != self.t.code
        )

    def menu(self, name: str, up: str) -> str:
        """Links to the pages."""
        items = "".join(
            f'<li><a href="{up}{page}.html"{_current(page == name)}>'
            f"{escape(self.words[key])}</a></li>"
            for page, key in PAGES
        )
        return f'<nav aria-label="{escape(self.words["pages"])}"><ul>{items}</ul></nav>'

    def number(self, value: Any, digits: int = 0) -> str:
        """A number in the language; what is not recorded says so."""
        if is_missing(value):
            return self.words["empty"]
        return self.t.number(float(value), digits)


def day(value: date) -> str:
    """A day as HTML; it is never broken over two lines."""
    written = f"{value:%Y-%m-%d}"
    return f'<time datetime="{written}">{written}</time>'


def _current(here: bool) -> str:
    return ' aria-current="page"' if here else ""


def _downloads(up: str) -> str:
    return " · ".join(f'<a href="{up}../{name}">{name}</a>' for name in DOWNLOADS)


def link(measure: str, title: object, up: str = "") -> str:
    """Link to the page of a measure."""
    name = "" if is_missing(title) else f" {title}"
    return f'<a href="{up}measures/{measure}.html">{escape(measure + name)}</a>'


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()
) -> str:
    """A table of cells that are HTML already. numbers: places of columns of numbers."""
    kind = {place: ' class="number"' for place in numbers}
    names = "".join(
        f'<th scope="col"{kind.get(place, "")}>{escape(name)}</th>'
        for place, name in enumerate(head)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind.get(place, '')}>{cell}</td>" for place, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{names}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )
