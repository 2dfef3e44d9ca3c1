"""Pages of the site that are made from the code: the API reference by floor, the gallery, and the parameters page. A hook of mkdocs, and a command.

`python docs/make_pages.py` writes docs/parameters.md again; mkdocs calls `on_files` for the pages that exist only in the site.
"""

from __future__ import annotations

import ast
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from mismes_eval.evaluation.blank import parameters_page

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mismes_eval"
REPORTS = ROOT / "reports"
FLOORS = {
    "numerics": "Arrays in, small frozen results out. NumPy and SciPy only.",
    "frame": "Files, column templates, code lists, validation. No statistics.",
    "weighting": "Sample, SurveyDesign, the steps a weight is made of, replicates, planning.",
    "estimate": "Totals, means, shares, ratios, quantiles, regressions, survival, tests, decompositions.",
    "impact": "Effects of a measure and what can be doubted about them.",
    "inventory": "The repository of migrant support measures.",
    "lfs": "Labour force surveys with a migration module.",
    "tracer": "Persons followed over waves.",
    "synthetic": "Made-up countries with known truth. Everything they give says SYNTHETIC.",
    "evaluation": "Where the evidence meets: params, coverage, targeting, the impact question, cost.",
    "report": "Tables, disclosure control, figures, notebooks, pages, verification.",
}
PICTURES = (".png", ".svg")


def modules(floor: str) -> list[str]:
    """Public modules of a floor, dotted, that have a docstring."""
    found = []
    for path in sorted((PACKAGE / floor).rglob("*.py")):
        if path.name.startswith("_") or ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None:
            continue
        found.append(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return found


def api_page(floor: str) -> str:
    """Reference of a floor, every public module of it."""
    return f"# {floor}\n\n{FLOORS[floor]}\n\n" + "\n".join(f"::: {m}\n" for m in modules(floor))


def api_index() -> str:
    """The floors, and the names of the flat language."""
    home = _flat_names()
    rows = "\n".join(f"| `me.{name}` | [`mismes_eval.{module}`]({_page(module)}) |" for name, module in sorted(home.items()))
    floors = "\n".join(f"| [{name}]({name}.md) | {about} |" for name, about in FLOORS.items())
    return (
        "# API reference\n\nAn import goes down this list of floors read upwards, never the other way; the reference is made from the code.\n\n"
        f"| floor | holds |\n|---|---|\n{floors}\n| [errors](errors.md) | one base error: what, where, expected, got, fix |\n\n"
        f"## The flat language\n\n`import mismes_eval as me` gives these names.\n\n| name | lives in |\n|---|---|\n{rows}\n"
    )


def _page(module: str) -> str:
    floor = module.split(".", maxsplit=1)[0]
    return f"{floor}.md"


def _flat_names() -> dict[str, str]:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "_WHERE" and node.value is not None:
            where: dict[str, tuple[str, ...]] = ast.literal_eval(node.value)
            return {name: module for module, names in where.items() for name in names}
    return {}


def pictures(reports: Path) -> list[Path]:
    """Figures of the finished reports in a folder."""
    return sorted(p for p in reports.glob("[!.]*/figures/*") if p.suffix in PICTURES)


def gallery_page(reports: Path) -> str:
    """Every figure of the reports in this checkout, by report; how to make them where there are none."""
    lines = [
        "# Gallery",
        "",
        "Figures of the reports that were made in this checkout. Those of the countries that ship with the package rest on SYNTHETIC data.",
        "",
    ]
    found = pictures(reports)
    if not found:
        return "\n".join([*lines, "No report has been made here yet. Run `make report`, then `make docs`, and its figures stand on this page.", ""])
    for report in dict.fromkeys(p.parents[1].name for p in found):
        lines += [f"## {report}", ""]
        for p in found:
            if p.parents[1].name == report:
                title = p.stem.replace("_", " ").replace("-", " ")
                lines += [f"![Figure {title} of report {report}](gallery/{report}/{p.name})", "", f"*{title}*", ""]
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
    return [where for p in sorted((ROOT / "docs").rglob("*.md")) if (where := p.relative_to(ROOT / "docs").as_posix()) not in known]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """A page that nobody put into the navigation stands at its end, so that none is lost."""
    more = unlisted(config.nav)
    if more and config.nav is not None:
        config.nav.append({"More": more})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that exist only in the site."""
    made = {f"api/{floor}.md": api_page(floor) for floor in FLOORS}
    made |= {
        "api/errors.md": "# errors\n\n::: mismes_eval.errors\n",
        "api/index.md": api_index(),
        "gallery.md": gallery_page(REPORTS),
        "parameters.md": parameters_page(),
    }
    for where, text in made.items():
        old = files.get_file_from_path(where)
        if old is not None:
            files.remove(old)
        files.append(File.generated(config, where, content=text))
    for picture in pictures(REPORTS):
        files.append(File.generated(config, f"gallery/{picture.parents[1].name}/{picture.name}", abs_src_path=str(picture)))
    return files


def main() -> None:
    """Write the page that is kept in git."""
    (ROOT / "docs" / "parameters.md").write_text(parameters_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
