"""The contract between the runner and a notebook.

A report notebook has one `parameters` cell with the single parameter `run`, opens it, hands over
every table and figure that it shows, and finishes in its last cell:

    run = "params/MDA.yaml"                      # the parameters cell: the default lets the
    notebook be read in JupyterLab report = me.report.open(run)                 # .params,
    .language, .synthetic report.progress("people", 3, 7)              # what the command line says
    while it waits report.add_table(table)                      # shows the table and keeps it
    report.add_figure(figure) report.finish()                              # the last cell: writes
    the results

The runner gives `run` the path of a run.json in a hidden work folder; `finish` writes there,
estimates.json last. A report without that file has failed.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from mismes_eval.errors import MismesWarning, Problem, ReportError, named, worded
from mismes_eval.evaluation.params import Params
from mismes_eval.message import Message
from mismes_eval.public import held
from mismes_eval.report.document.blocks import Page
from mismes_eval.report.document.grids import block_of
from mismes_eval.report.document.language import Language, language
from mismes_eval.report.document.passages import Passage
from mismes_eval.report.document.plain import escape
from mismes_eval.report.document.results import write_results
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.figures import Figure
from mismes_eval.report.trust.provenance import PACKAGE

UNTRANSLATED = "{n} texts of this report have no entry in report/locale/{code}.po: {first}"
RUN_FILE = "run.json"
# begins a line of standard output that tells the command line which chapter is in work
PROGRESS = "::chapter::"
INTERACTIVE = "data_processed"
# "building the font cache" is said on slow machines only, and would stand in the published notebook
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


@dataclass
class Session:
    """One report while it runs: params, and what it has shown so far. Mutable because a notebook
    adds to it cell by cell.
    """

    params: Params
    work: Path
    language: Language
    interactive: bool
    tables: dict[str, Table | TextTable] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    passages: dict[str, Passage] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    origins: dict[str, list[str]] = field(
        default_factory=dict
    )  # id of a table or figure -> keys of the inputs behind it

    @property
    def synthetic(self) -> bool:
        return self.params.synthetic

    def add_table(self, table: Table | TextTable) -> Page:
        """Keep a table for the results and show it. Raises ReportError where the id is taken, or
        the data are synthetic and the table does not say so.
        """
        self._check(table, self.tables)
        said = table.in_language(self.language)
        self.tables[table.id] = said
        return self._page(said)

    def add_figure(self, figure: Figure) -> Page:
        """Keep a figure for the results and show it. Raises ReportError where the id is taken, the
        words for the picture are missing, or synthetic data are not marked.
        """
        self._check(figure, self.figures)
        if not figure.alt.strip():
            raise ReportError(
                Problem(
                    "a figure has no alternative text",
                    worded("figure {id}", {"id": figure.id}),
                    "words that say what the picture shows",
                )
            )
        said = figure.in_language(self.language)
        self.figures[figure.id] = said
        return self._page(said)

    def progress(self, chapter: str, number: int, of: int) -> None:
        """Tell the command line which chapter is in work; nothing is shown in the report or in
        JupyterLab.
        """
        if not self.interactive:
            print(f"{PROGRESS}{number}/{of} {chapter}", flush=True)

    def say(self, text: str, **values: object) -> Page:
        """A paragraph in the report's language, with {names} filled in."""
        said = self.language(text, **values)
        return Page(f"<p>{escape(said)}</p>", (block_of(said, self.language),))

    def finish(self) -> Page:
        """Write tables, figures and, last, estimates.json. Nothing can be added afterwards that
        counts.
        """
        lacking = sorted(self.language.unknown)
        if lacking:
            what = {
                "n": len(lacking),
                "code": self.language.code,
                "first": named(lacking),
            }
            self.warnings.append(Message(UNTRANSLATED, what))
        write_results(
            self.work,
            self.params,
            list(self.tables.values()),
            list(self.figures.values()),
            self.facts,
            [self.language(warning) for warning in self.warnings],
            self.language,
            self.origins,
            list(self.passages.values()),
        )
        where = f" {self.work.name}" if self.interactive else ""
        said = self.language("{n} tables, {m} figures", n=len(self.tables), m=len(self.figures))
        html = f"<p class='finished'>{escape(said + where)}</p>"
        return Page(html, (block_of(said + where, self.language),))

    def _page(self, said: Table | TextTable | Figure) -> Page:
        """What is shown of a table or figure that is in the report's language."""
        return Page(said.to_html(self.language.code), (block_of(said, self.language),))

    def _check(self, shown: Table | TextTable | Figure, known: Mapping[str, object]) -> None:
        if shown.id in known:
            raise ReportError(
                Problem("two of the report's parts have one id", shown.id, "every id once")
            )
        if self.synthetic and not shown.synthetic:
            raise ReportError(
                Problem(
                    what="made-up data are shown without saying so",
                    where=shown.id,
                    expected="synthetic=True",
                    got="synthetic=False",
                    fix="Pass synthetic=report.synthetic.",
                )
            )

    def _warn(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = message.args[0] if isinstance(message, Warning) and message.args else message
        if issubclass(category, MismesWarning) and str(text) not in self.warnings:
            self.warnings.append(text if isinstance(text, str) else str(text))


@held(ReportError)
def open(run: str) -> Session:
    """Begin a report.

    Parameters
    ----------
    run : path of the run.json that the runner wrote, or of a params file for work in JupyterLab
        (results then go to data_processed/<name>/).

    Raises
    ------
    ReportError : the kernel runs another installation of the package than the runner.
    ParamsError : the params file breaks the schema.
    """
    if run.endswith(".json"):
        order = json.loads(Path(run).read_text(encoding="utf-8"))
        if order["package"] != str(PACKAGE):
            raise ReportError(
                Problem(
                    "the notebook's kernel runs another mismes_eval than the command line",
                    worded("Jupyter kernel 'python3'"),
                    fix="Remove the kernel spec of that name from your Jupyter folder.",
                )
            )
        params = Params.load(Path(order["params"]), order["data_root"], order["root"])
        session = Session(params, Path(order["work"]), language(params.language), False)
        warnings.simplefilter("always", MismesWarning)
        warnings.showwarning = session._warn
        return session
    file = _above(run)
    params = Params.load(file)
    work = params.root / INTERACTIVE / file.stem
    work.mkdir(parents=True, exist_ok=True)
    return Session(params, work, language(params.language), True)


def _above(run: str) -> Path:
    """The params file, looked for from the working folder upwards: notebooks/ is one below the
    project.
    """
    here = Path(os.getcwd())
    for folder in (here, *here.parents):
        if (folder / run).is_file():
            return folder / run
    return Path(run)
