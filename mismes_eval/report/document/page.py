"""The page of a report: one self-contained file, no script, readable on screen, on paper and by a
screen reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING

from traitlets.config import Config

from mismes_eval import errors
from mismes_eval.evaluation.params import Params
from mismes_eval.libraries import library
from mismes_eval.report.document import blocks
from mismes_eval.report.document.blocks import Page
from mismes_eval.report.document.language import Language, country_name, language, with_colon
from mismes_eval.report.document.plain import escape
from mismes_eval.report.document.reading import current_section_style, linked, sectioned, unbroken
from mismes_eval.report.document.sanitize import sanitized

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent.parent / "templates"
STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
CSP = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action"
    " 'none'"
)
SHOWN_KINDS = frozenset({"text/html", "text/plain", "image/png", "image/jpeg"})
MAIN = '<main id="text">'
VERSION = package_version("mismes-eval")
BANNER = "SYNTHETIC DATA: made-up persons and measures, no finding about the real country."


@dataclass(frozen=True)
class Cover:
    """What stands above the text of a report."""

    title: str
    country: str
    lines: tuple[tuple[str, str], ...]
    banner: str
    lang: str
    style: str = STYLE
    csp: str = CSP
    year: int = 0

    @property
    def mark(self) -> str:
        """The word on made-up data as a CSS string, for the foot of printed pages."""
        return _css(language(self.lang)("SYNTHETIC DATA"))

    @property
    def running(self) -> str:
        """Country and title as a CSS string, for the head of printed pages: every sign but letters,
        digits and spaces is written as its number.
        """
        return _css(with_colon(self.lang, self.country, self.title))


def _css(text: str) -> str:
    held = re.sub(r"[\x00-\x1f]", "", text)
    escaped = re.sub(r"[^A-Za-z0-9 ]", lambda sign: f"\\{ord(sign[0]):x} ", held)
    return f'"{escaped}"'


def page(
    notebook: NotebookNode, params: Params, started: str, fingerprint: str, warnings: list[str]
) -> str:
    """A whole HTML document from an executed notebook: title block, contents, numbered chapters,
    tables, figures, warnings of the run.

    Code is left out, headings and paragraphs of the notebook are put into the report's language
    where the catalogue has them.
    """
    text = language(params.language)
    cover = cover_of(params, started, fingerprint, text)
    exporter = library("nbconvert").HTMLExporter(
        config=Config(
            {
                "HTMLExporter": {
                    "exclude_input": True,
                    "exclude_input_prompt": True,
                    "exclude_output_prompt": True,
                    "theme": "light",
                }
            }
        ),
        template_name="mismes",
        extra_template_basedirs=[str(TEMPLATES)],
    )
    words = {words: text(words) for words in ("Contents", "Skip to the text", "Country report")}
    body, _ = exporter.from_notebook_node(
        _harmless(in_language(notebook, text)),
        resources={"cover": cover, "words": words, "closing": ""},
    )
    begin = body.index(MAIN) + len(MAIN)
    end = body.rindex("</main>")
    last = (about(cover, params, fingerprint, text), run_warnings(warnings, text))
    closing = "".join(part.html for part in last)
    inside = accessible(sanitized(body[begin:end])) + closing
    return arranged(body[:begin], inside, body[end:], text)


def arranged(head: str, body: str, foot: str, t: Language) -> str:
    """The page with numbered chapters as sections, contents beside them, names of tables linked."""
    numbered = number(head + body + foot, t)
    begin = numbered.index(MAIN) + len(MAIN)
    end = numbered.rindex("</main>")
    inside = numbered[begin:end]
    titles = re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', inside, re.DOTALL)
    style = current_section_style(len(titles))
    start = numbered[:begin].replace("</style>", f"{style}</style>", 1)
    body = linked(sectioned(inside, titles))
    return unbroken(_brief_first(start, body) + numbered[end:])


def _brief_first(start: str, body: str) -> str:
    """On paper the contents stand behind the chapter that holds the findings: a page of their own
    before it would be what a reader sees first. On a screen they stay beside the text.
    """
    first = body.find("</section>") + len("</section>")
    contents = re.search(r'<nav class="contents".*?</nav>', start, re.DOTALL)
    if contents is None or '<div class="findings">' not in body[:first]:
        return start + body
    beside = contents[0].replace('class="contents"', 'class="contents beside"', 1)
    behind = contents[0].replace('class="contents"', 'class="contents behind"', 1)
    start = start.replace(contents[0], beside, 1)
    return start + body[:first] + behind + body[first:]


def about(cover: Cover, params: Params, fingerprint: str, t: Language) -> Page:
    """How the report is cited, who wrote it, whom to ask, under which licence, by which version."""
    missing = t("not supplied")
    authors = t.name(params.authors) if params.authors else missing
    year = t.name(str(cover.year))
    cited = {"country": cover.country, "title": cover.title, "run": fingerprint[:12]}
    cite_as = t("{country}: {title} ({year}). Run {run}.", year=year, **cited)
    if params.authors:
        who = f"{authors} ({year})"
        cite_as = t("{who}. {country}: {title}. Run {run}.", who=who, **cited)
    lines = [
        (t("Cite as"), cite_as),
        (t("Authors"), authors),
        (t("Contact"), t.name(params.contact) if params.contact else missing),
        (t("Licence"), t.name(params.licence) if params.licence else missing),
        (t("Software"), f"mismes-eval {VERSION}"),
    ]
    named = [(t("{what}:", what=what), text) for what, text in lines]
    words = "".join(
        f"<p><strong>{escape(what)}</strong> {escape(text)}</p>" for what, text in named
    )
    title = t("About this report")
    html = f'<div class="colophon"><h2 id="about">{escape(title)}</h2>{words}</div>'
    said = [blocks.paragraph(f"{what} {text}") for what, text in named]
    return Page(html, (blocks.Heading(1, title), *said))


def cover_of(params: Params, started: str, fingerprint: str, t: Language) -> Cover:
    """The title block's words."""
    country = country_name(params.country, t.code)
    when = t.date(datetime.fromisoformat(started))
    lines = [
        (t("Reference year"), str(params.year or "")),
        (t("Data"), t(params.data_vintage)),
        (t("Produced on"), when),
        (t("Run"), f"{fingerprint[:12]} (MANIFEST.json)"),
    ]
    title = str(
        params.title
        or t("Migrant support measures: evaluation from an employment and skills perspective")
    )
    return Cover(
        title=title,
        country=country,
        lines=tuple((label, value) for label, value in lines if value),
        banner=t(BANNER) if params.synthetic else "",
        lang=t.code,
        year=datetime.fromisoformat(started).year,
    )


def in_language(notebook: NotebookNode, t: Language) -> NotebookNode:
    """Markdown of the notebook, paragraph by paragraph through the catalogue; its first-level
    heading gives way to the cover.
    """
    if t.source:
        turned = notebook
    else:
        turned = type(notebook)(notebook)
        turned.cells = [
            type(cell)({**cell, "source": _translated(cell.source, t)})
            if cell.cell_type == "markdown"
            else cell
            for cell in notebook.cells
        ]
    out = type(notebook)(turned)
    out.cells = [
        (
            type(cell)({**cell, "source": re.sub(r"(?m)^# .*$", "", cell.source)})
            if cell.cell_type == "markdown"
            else cell
        )
        for cell in turned.cells
    ]
    return out


def _harmless(notebook: NotebookNode) -> NotebookNode:
    """A notebook whose cells cannot change the page around them: HTML in Markdown is text, HTML of
    outputs is sanitized, other markup is left out.
    """
    out = type(notebook)(notebook)
    out.cells = []
    for cell in notebook.cells:
        new = type(cell)(cell)
        if cell.cell_type == "markdown":
            new["source"] = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", cell.source)
        elif cell.cell_type == "code":
            new["outputs"] = [
                output for output in map(_harmless_output, cell.outputs) if output.get("data") != {}
            ]
        if cell.cell_type != "raw":
            out.cells.append(new)
    return out


def _harmless_output(output: NotebookNode) -> NotebookNode:
    if "data" not in output:
        return output
    kept = {kind: value for kind, value in output.data.items() if kind in SHOWN_KINDS}
    if "text/html" in kept:
        kept["text/html"] = sanitized(kept["text/html"])
    return type(output)({**output, "data": type(output)(kept)})


def _translated(source: str, t: Language) -> str:
    blocks = []
    for block in re.split(r"\n\s*\n", source):
        bare = block.strip()
        text = bare.lstrip("#")
        heading = text != bare and text.startswith(" ")
        mark = bare[: -len(text)] + " " if heading else ""
        blocks.append(mark + t(" ".join((text if heading else bare).split())))
    return "\n\n".join(blocks)


def run_warnings(warnings: Sequence[str], t: Language) -> Page:
    """The warnings of the run, in the report's language already, below everything else."""
    if not warnings:
        return Page("")
    items = "".join(f"<li>{escape(w)}</li>" for w in warnings)
    title = t("Warnings of this run")
    html = f'<section class="warnings"><h2>{escape(title)}</h2><ul>{items}</ul></section>'
    said = [blocks.paragraph(warning, "bullet") for warning in warnings]
    return Page(html, (blocks.Heading(1, title), *said))


def accessible(html: str) -> str:
    """Header scopes on every table, no style blocks from data frames."""
    html = re.sub(r"<style scoped>.*?</style>", "", html, flags=re.DOTALL)
    html = re.sub(r'<table border="1" class="dataframe">', '<table class="dataframe">', html)

    def scoped(match: re.Match[str], scope: str) -> str:
        return re.sub(r"<th(?![a-z])(?![^>]*scope=)", f'<th scope="{scope}"', match[0])

    html = re.sub(r"<thead>.*?</thead>", lambda m: scoped(m, "col"), html, flags=re.DOTALL)
    return re.sub(r"<tbody>.*?</tbody>", lambda m: scoped(m, "row"), html, flags=re.DOTALL)


def number(html: str, t: Language) -> str:
    """Number chapters and sections, and write the table of contents where the template left room."""
    chapter = section = 0
    entries: list[tuple[int, str, str, str]] = []

    def numbered(match: re.Match[str]) -> str:
        nonlocal chapter, section
        level = int(match[1])
        if level == 2:
            chapter = chapter + 1
            section = 0
        else:
            section += 1
        mark = f"{chapter}" if level == 2 else f"{chapter}.{section}"
        text = re.sub(r'<a class="anchor-link".*?</a>', "", match[3], flags=re.DOTALL).strip()
        given = re.search(r'\bid="([^"]+)"', match[2])
        anchor = given[1] if given else f"s{mark.replace('.', '-')}"
        entries.append((level, mark, anchor, re.sub(r"<[^>]+>", "", text)))
        return f'<h{level} id="{anchor}"><span class="no">{mark}</span> {text}</h{level}>'

    html = re.sub(r"<h([23])\b([^>]*)>(.*?)</h\1>", numbered, html, flags=re.DOTALL)
    items = "".join(
        f'<li class="level{level} c{mark.split(".")[0]}"><a href="#{anchor}"><span class="no">{mark}</span>'
        f" {text}</a></li>"
        for level, mark, anchor, text in entries
    )
    contents = (
        f'<nav class="contents" aria-label="{escape(t("Contents"))}"><p'
        f' class="head">{escape(t("Contents"))}</p><ol>{items}</ol></nav>'
        if items
        else ""
    )
    return html.replace("<!-- contents -->", contents, 1)


def missing_alternatives(html: str) -> int:
    """Pictures without words."""
    return sum(
        'alt="' not in tag or 'alt=""' in tag or "No description has been provided" in tag
        for tag in re.findall(r"<img\b[^>]*>", html)
    )


def require_alternatives(html: str) -> None:
    """Raise ReportError for a page with a picture that a blind reader cannot use."""
    count = missing_alternatives(html)
    if count:
        raise errors.ReportError(
            errors.Problem(
                "pictures have no alternative text",
                "report.html",
                "words for every picture",
                count=count,
                fix="Show figures with report.add_figure.",
            )
        )
