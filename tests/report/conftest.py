"""A small project with two countries, and notebooks that end well or badly."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import nbformat
import pytest

from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.report import country
from mismes_eval.report.chapters import Chapter, Context
from mismes_eval.report.country import CountryReport, Released, release
from mismes_eval.report.document.language import language
from mismes_eval.report.document.passages import PARTS
from mismes_eval.report.document.tables import Table, TextTable, footnotes
from mismes_eval.report.figures import Figure
from mismes_eval.report.session import Session

OPEN = """import pandas as pd
from mismes_eval.report import session
from mismes_eval.report.figures import Caption, canvas, finish
from mismes_eval.report.document.estimated_cells import (counts)
report = session.open(run)"""
SHOW = """report.progress("data", 1, 2)
data = pd.read_csv(report.params.inputs.lfs)
report.add_table(counts("T01", "Persons & places", data.set_index("place")[["persons"]], "made up", synthetic=report.synthetic))"""
FIGURE = """report.progress("impact", 2, 2)
fig, ax = canvas()
ax.plot([0, 1], [0, 1])
report.add_figure(finish(Caption("F01", "A line", synthetic=report.synthetic), fig, "A line that rises", pd.DataFrame({"x": [0, 1]})))"""
FINISH = "report.finish()"
# words that no sentence in another language has; names of files, codes and titles of measures stand apart
ENGLISH = re.compile(
    r"(?<![\w./_-])(the|of|and|with|from|which|who|whose|is|are|was|were|has|have|not|by|for|between"
    r"|than|this|these|those|there|their|to|in|at|if|or|no|none|each|every|both|year|years|month"
    r"|months|share|weights?|measures? of|wild|sample|survey|estimates?|value|values|effects?|higher"
    r"|lower|inside|outside|shown|hidden|men|women|rural and|returnees?|employed|unemployed|persons?"
    r"|households?|because|more|less|few|many|does|do|can|cannot|could|would|its|it)(?![\w_-])",
    re.IGNORECASE,
)


def write_notebook(path: Path, *cells: str, parameters: str = 'run = "params/MDA.yaml"') -> Path:
    """A notebook with a parameters cell and the given code cells."""
    new = nbformat.v4.new_notebook()
    code = nbformat.v4.new_code_cell
    first = code(parameters)
    first.metadata["tags"] = ["parameters"]
    new.cells = [
        nbformat.v4.new_markdown_cell("# Country report\n\nWords of the notebook."),
        first,
        *map(code, cells),
    ]
    for i, cell in enumerate(new.cells):
        cell.id = f"cell{i}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new, path)
    return path


def make_project(folder: Path) -> Path:
    """params/MDA.yaml (synthetic) and params/FRA.yaml (not) with an input each, and
    notebooks/country_report.ipynb.
    """
    for code, synthetic in (("MDA", "true"), ("FRA", "false")):
        (folder / "data_raw" / code).mkdir(parents=True)
        (folder / "data_raw" / code / "lfs.csv").write_text(
            "place,persons\nnorth,120\nsouth,80\n", encoding="utf-8"
        )
        (folder / "params").mkdir(exist_ok=True)
        (folder / "params" / f"{code}.yaml").write_text(
            f"country: {code}\nsynthetic: {synthetic}\nyear: 2023\ninputs:\n  lfs: data_raw/{code}/lfs.csv\n",
            encoding="utf-8",
        )
    write_notebook(
        folder / "notebooks" / "country_report.ipynb",
        OPEN,
        SHOW,
        "from IPython.display import HTML, display\ndisplay(HTML('<h2 id=\"here\">Impact & cost</h2><script>document.title=1</script>'))",
        FIGURE,
        FINISH,
    )
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without reports."""
    return make_project(tmp_path)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with both reports made; tests copy what they change."""
    run = pytest.importorskip("mismes_eval.report.factory.run")
    index = pytest.importorskip("mismes_eval.report.index")
    root = make_project(tmp_path_factory.mktemp("made"))
    orders = [
        run.Order(
            n,
            root / "params" / f"{n}.yaml",
            root / "notebooks/country_report.ipynb",
            root / "reports",
        )
        for n in ("MDA", "FRA")
    ]
    said: list[tuple[str, str]] = []
    outcomes = run.run_reports(
        orders,
        2,
        lambda name, what: said.append((name, what)),
        lambda o: said.append((o.name, o.status)),
    )
    assert [o.status for o in outcomes] == ["made", "made"], outcomes
    (root / "said.txt").write_text("\n".join(f"{a} {b}" for a, b in said), encoding="utf-8")
    index.write_index(root / "reports", outcomes)
    return root


@dataclass(frozen=True)
class WholeReport:
    """A report on a country that ships; shown and written when that is asked for.
    context, built: what it was decided on which numbers are hidden; released: what was left.
    """

    report: CountryReport
    context: Context
    built: Mapping[str, Chapter]
    released: Released

    @cached_property
    def pages(self) -> dict[str, str]:
        """The first page ("findings") and each chapter as HTML; its files are written."""
        shown = {"findings": self.report.findings().html}
        shown |= {name: self.report.chapter(name).html for name in self.report.chapters}
        for part in PARTS:
            self.report.evaluator(part)
        self.report.finish()
        return shown


@pytest.fixture(scope="session")
def whole_report(
    evaluated: Callable[[str], Evaluation], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], WholeReport]:
    """The report on a country in a language, made once in a process."""

    def made(code: str, lang: str) -> WholeReport:
        evaluation = evaluated(code)
        work = tmp_path_factory.mktemp(f"{code}-{lang}")
        session = Session(evaluation.params, work, language(lang), True)
        decided: list[tuple[Context, Mapping[str, Chapter], Released]] = []

        def kept(context: Context, built: Mapping[str, Chapter]) -> Released:
            released = release(context, built)
            decided.append((context, built, replace(released, chapters={**released.chapters})))
            return released

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(country, "release", kept)
            report = country.country_report(session, evaluation)
        return WholeReport(report, *decided[0])

    return lru_cache(made)


def texts(report: CountryReport) -> list[tuple[str, str]]:
    """(where, text) of everything that the report says."""
    t, out = report.session.language, []
    for name, chapter in report.chapters.items():
        for item in chapter.items:
            if isinstance(item, str):
                out.append((name, item))
                continue
            assert isinstance(item, (Table, TextTable, Figure))
            said = item.in_language(t)
            out += [(said.id, said.title), (said.id, said.source)]
            if isinstance(said, Figure):
                out += [(said.id, text) for text in (said.alt, *said.notes)]
                continue
            out += [(said.id, note) for note in footnotes(said, t)]
            if isinstance(said, Table):
                words = (*said.rows, *said.columns, *map(t, said.cells["unit"].dropna().unique()))
                out += [(said.id, str(word)) for word in words if word]
            else:
                out += [(said.id, str(v)) for line in said.frame.to_numpy() for v in line]
                out += [(said.id, str(c)) for c in said.frame.columns]
    return out
