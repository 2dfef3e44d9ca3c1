"""Pages of the site that are made from the code: the API reference by floor, the gallery, and the
parameters page. A hook of mkdocs, and a command.

`python docs/make_pages.py` writes docs/parameters.md again; mkdocs calls `on_files` for the pages
that exist only in the site, and `on_page_markdown` for formulas.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import mismes_eval as me
from mismes_eval.evaluation.params_template import parameters_page

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mismes_eval"
REPORTS = ROOT / "reports"
FLOORS = {
    "numerics": "Arrays in, small frozen results out. NumPy and SciPy only.",
    "pictures": "Each picture drawn once, from arrays and labels, for notebooks and reports.",
    "frame": "Files, column templates, code lists, validation. No statistics.",
    "weighting": "Sample, SurveyDesign, the steps a weight is made of, replicates, planning.",
    "estimate": "Totals, means, shares, ratios, quantiles, regressions, survival, tests, decompositions.",
    "impact": "Effects of a measure and what can be doubted about them.",
    "fieldwork": "Questionnaires, and what comes back from the field.",
    "inventory": "The repository of migrant support measures.",
    "lfs": "Labour force surveys with a migration module.",
    "tracer": "Persons followed over waves.",
    "synthetic": "Made-up countries with known truth. Everything they give says SYNTHETIC.",
    "evaluation": "Where the evidence meets: params, coverage, targeting, the impact question, cost.",
    "report": "Tables, disclosure control, figures, notebooks, pages, verification.",
}
PIECE = re.compile(
    r'<div class="table"[^>]*? id="[^"]+">.*?</div>|<figure id="[^"]+">.*?</figure>', re.DOTALL
)
ID = re.compile(r'id="([^"]+)"')
SOURCE = re.compile(r'src="data:image/[^"]*"')


FORMULA = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.DOTALL | re.MULTILINE)


def as_mathml(markdown: str) -> str:
    """A page's formulas ($$ on a line of its own, one LaTeX formula a line, $$) as MathML, which
    browsers set without a script.
    """

    def block(found: re.Match[str]) -> str:
        rows = [f"<div>{convert(row, display='block')}</div>" for row in found[1].splitlines()]
        return '<div class="formula">' + "".join(rows) + "</div>"

    return FORMULA.sub(block, markdown)


def on_page_markdown(markdown: str, **_: object) -> str:
    """mkdocs: the Markdown of a page before it is read."""
    return as_mathml(markdown)


def modules(floor: str) -> list[str]:
    """Public modules of a floor, dotted, that have a docstring."""
    found = []
    for path in sorted((PACKAGE / floor).rglob("*.py")):
        if (
            path.name.startswith("_")
            or ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
        ):
            continue
        found.append(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return found


def api_page(floor: str) -> str:
    """Reference of a floor, every public module of it."""
    return f"# {floor}\n\n{FLOORS[floor]}\n\n" + "\n".join(f"::: {m}\n" for m in modules(floor))


def api_index() -> str:
    """The floors, and the names of the flat language."""
    rows = "\n".join(
        f"| `me.{name}` | [`{module}`]({module.split('.')[1]}.md) |"
        for name, (module, _) in sorted(me._HOME.items())
    )
    floors = "\n".join(f"| [{name}]({name}.md) | {about} |" for name, about in FLOORS.items())
    return (
        "# API reference\n\nAn import goes down this list of floors read upwards, never the other way; the reference is made from the code.\n\n"
        f"| floor | holds |\n|---|---|\n{floors}\n| [errors](errors.md) | one base error: what, where, expected, got, fix |\n\n"
        f"## The flat language\n\n`import mismes_eval as me` gives these names.\n\n| name | lives in |\n|---|---|\n{rows}\n"
    )


@dataclass(frozen=True)
class Shown:
    """A table or a figure of a finished report. kind: its id without the measure's ("T17" of
    "T17-MDA-001"); html: as the report shows it, a figure's picture beside it.
    """

    report: str
    id: str
    kind: str
    html: str
    picture: Path | None


def shown(report: Path) -> list[Shown]:
    """Tables and figures of a finished report in its order, as they were published: what is hidden
    there is hidden here.
    """
    page = (report / "report.html").read_text(encoding="utf-8")
    found = []
    for piece in PIECE.findall(page):
        name = ID.findall(piece)[0]
        picture = report / "figures" / f"{name}.png"
        html = SOURCE.sub(f'src="gallery/{report.name}/{picture.name}"', piece)
        found.append(
            Shown(
                report.name,
                name,
                name.split("-")[0],
                html,
                picture if html.startswith("<figure") else None,
            )
        )
    return [s for s in found if s.picture is None or s.picture.is_file()]


def gallery(reports: Path) -> list[Shown]:
    """Every kind of table and figure once, from the first finished report that has it; reports in
    English go first.
    """
    finished = sorted(
        p.parent
        for p in reports.glob("[!.]*/report.html")
        if (p.parent / "MANIFEST.json").is_file()
    )
    english = [
        r
        for r in finished
        if '<html lang="en"' in (r / "report.html").read_text(encoding="utf-8")[:1000]
    ]
    once: dict[str, Shown] = {}
    for report in [*english, *(r for r in finished if r not in english)]:
        for piece in shown(report):
            once.setdefault(piece.kind, piece)
    return list(once.values())


def gallery_page(pieces: Sequence[Shown]) -> str:
    """Figures, then tables, under the report that each is from; how to make them where there are
    none.
    """
    lines = [
        "# Gallery",
        "",
        "Every kind of table and figure once, taken from the reports that were made in this checkout. Those of the countries that ship rest on SYNTHETIC data.",
        "",
    ]
    if not pieces:
        return "\n".join(
            [
                *lines,
                "No report has been made here yet. Run `make report`, then `make docs`, and its tables and figures stand on this page.",
                "",
            ]
        )
    for heading, wanted in (("Figures", True), ("Tables", False)):
        for report in dict.fromkeys(p.report for p in pieces):
            found = [p for p in pieces if p.report == report and (p.picture is not None) == wanted]
            lines += (
                [f"## {heading} of report {report}", "", *(f"{p.html}\n" for p in found)]
                if found
                else []
            )
    return "\n".join(lines)


def listed(nav: object) -> list[str]:
    """Pages of a navigation, in its order."""
    if isinstance(nav, str):
        return [nav]
    below = nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else []
    return [page for item in below for page in listed(item)]


def unlisted(nav: object) -> list[str]:
    """Pages of docs/ that the navigation does not name."""
    known = set(listed(nav))
    return [
        where
        for p in sorted((ROOT / "docs").rglob("*.md"))
        if (where := p.relative_to(ROOT / "docs").as_posix()) not in known
    ]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """A page that nobody put into the navigation stands at its end, so that none is lost."""
    more = unlisted(config.nav)
    if more and config.nav is not None:
        config.nav.append({"More": more})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that exist only in the site."""
    pieces = gallery(REPORTS)
    made = {f"api/{floor}.md": api_page(floor) for floor in FLOORS}
    made |= {
        "api/errors.md": "# errors\n\n::: mismes_eval.errors\n",
        "api/index.md": api_index(),
        "gallery.md": gallery_page(pieces),
        "parameters.md": parameters_page(),
    }
    for where, text in made.items():
        old = files.get_file_from_path(where)
        if old is not None:
            files.remove(old)
        files.append(File.generated(config, where, content=text))
    for piece in pieces:
        if piece.picture is not None:
            files.append(
                File.generated(
                    config,
                    f"gallery/{piece.report}/{piece.picture.name}",
                    abs_src_path=str(piece.picture),
                )
            )
    return files


def main() -> None:
    """Write the page that is kept in git."""
    (ROOT / "docs" / "parameters.md").write_text(parameters_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
