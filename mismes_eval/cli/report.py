"""`mismes report`: country reports, several at a time, with progress by country and chapter."""

from __future__ import annotations

import datetime
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Lock

import click

from mismes_eval.cli.project import (
    NOTEBOOK,
    all_params,
    country_names,
    data_root_option,
    params_file,
    project,
)
from mismes_eval.cli.spoken import reader_language
from mismes_eval.cli.terminal import problem, say
from mismes_eval.errors import MismesError, ParamsError, Problem, worded
from mismes_eval.evaluation.params import Params
from mismes_eval.inventory import read as read_inventory
from mismes_eval.report.document.language import Language, language
from mismes_eval.report.document.pdf import printer
from mismes_eval.report.factory.orders import CELL_SECONDS, PAGE, Order, Outcome
from mismes_eval.report.factory.publish import tidy
from mismes_eval.report.factory.run import run_reports
from mismes_eval.report.index import INVENTORY, write_index
from mismes_eval.report.synthesis.published import (
    FOLDER,
    evidence_beside,
    fingerprint,
    read_published,
    spoken,
)
from mismes_eval.report.trust.provenance import unchanged

ENGLISH = "en"


@click.command("report")
@click.argument("names", nargs=-1, metavar="[ISO3 ...]", shell_complete=country_names)
@click.option("--all", "every", is_flag=True, help="Every params/*.yaml.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=None,
    help="Reports at the same time (default: the number of processors, at most 4).",
)
@click.option(
    "--forked",
    is_flag=True,
    help=(
        "Fork the kernels from one process that has everything loaded (Linux): faster, the same"
        " reports."
    ),
)
@click.option(
    "--cluster",
    default=None,
    metavar="ADDRESS",
    help="Run on a Dask cluster, for example tcp://127.0.0.1:8786.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of the reports (default: reports).",
)
@data_root_option
@click.option(
    "--earlier",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=None,
    help=(
        "Folder of the reports that were published before: one that tells of few persons when it"
        " is taken from its earlier one is not made."
    ),
)
@click.option(
    "--notebook",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help=f"Notebook to run (default: {NOTEBOOK}).",
)
@click.option(
    "--timeout",
    type=click.IntRange(1),
    default=CELL_SECONDS,
    show_default=True,
    help="Seconds that one cell may take.",
)
@click.option(
    "--pdf",
    is_flag=True,
    help="Also print each report as a PDF (Chromium where it is installed, typst otherwise).",
)
@click.option(
    "--docx",
    is_flag=True,
    help="Also write each report as a Word document, in which numbers are fields.",
)
@click.option("--force", is_flag=True, help="Make reports again even where nothing changed.")
@click.option("--quiet", is_flag=True, help="Print only what failed.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcomes as JSON.")
def command(
    names: tuple[str, ...],
    every: bool,
    jobs: int | None,
    forked: bool,
    cluster: str | None,
    out: Path | None,
    data_root: Path | None,
    earlier: Path | None,
    notebook: Path | None,
    timeout: int,
    pdf: bool,
    docx: bool,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Make the reports of the named countries, or of all; with --all also the synthesis and the
    pages of all measures.

    A report is made whole or not at all: a failing country keeps its earlier report, the others go
    on, and the exit status is 1 (2 where the input is to blame for all).
    """
    root = project()
    _refuse(names, every, jobs, forked, cluster)
    files = [params_file(root, name) for name in dict.fromkeys(names)] or all_params(root)
    target = (out or root / "reports").resolve()
    orders = [
        Order(
            name=file.stem,
            params=file,
            notebook=(notebook or root / NOTEBOOK).resolve(),
            out=target,
            data_root=data_root,
            cell_seconds=timeout,
            force=force,
            pdf=pdf,
            docx=docx,
            earlier=None if earlier is None else _published(earlier, file.stem),
        )
        for file in files
    ]
    if pdf and cluster is None:
        printer()
    at_once = jobs or min(4, os.cpu_count() or 1)
    os.environ.setdefault(
        "OMP_NUM_THREADS",
        "1",
        # threads that wait for each other at every small product took ten times as long for a roll-out
    )
    silent = quiet or as_json
    watch = Watch(len(orders), silent, {} if silent else _languages(files, data_root))
    try:
        outcomes = (
            _on_cluster(cluster, orders, watch)
            if cluster
            else run_reports(orders, at_once, watch.chapter, watch.done, forked)
        )
        whole = [outcome for outcome in outcomes if outcome.status != "failed"]
        together = _together(target, outcomes) if every and len(outcomes) > 1 else ""
        pages = repository(target, files, data_root) if every and whole else ""
        index = write_index(target, outcomes) if whole else None
    finally:
        tidy(target)
    if as_json:
        say(json.dumps([_record(outcome) for outcome in outcomes], ensure_ascii=False, indent=1))
    for outcome in outcomes:
        _complain(outcome)
    made = f"{len(whole)} of {len(outcomes)} reports are in {_shown(target)}."
    opened = "" if index is None else f"{made} Open {_shown(index)}"
    for line in filter(None, (together, pages, opened)):
        if not quiet and not as_json:
            say(line)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if not failed:
        return 0
    return 2 if not whole and all(outcome.exit_status == 2 for outcome in failed) else 1


def _refuse(
    names: Sequence[str], every: bool, jobs: int | None, forked: bool, cluster: str | None
) -> None:
    """Options that contradict each other."""
    if bool(names) == every:
        raise ParamsError(
            Problem(
                "which reports?",
                "mismes report",
                "country codes or --all",
                worded("both") if names else worded("neither"),
            )
        )
    if cluster is not None and (forked or jobs is not None):
        raise ParamsError(
            Problem(
                "the cluster's workers decide how reports run",
                "--cluster",
                "without --jobs and --forked",
                "--forked" if forked else "--jobs",
            )
        )


def _published(earlier: Path, name: str) -> Path:
    """The earlier report of a country: in a folder of reports, or the folder itself."""
    inside = (earlier / name).resolve()
    return inside if inside.is_dir() else earlier.resolve()


def _together(target: Path, outcomes: Sequence[Outcome]) -> str:
    """Make the synthesis where every country has a report of this run; the sentence that says so,
    or why there is none.
    """
    failed = [outcome.name for outcome in outcomes if outcome.status == "failed"]
    if failed:
        return f"synthesis    not made: {', '.join(failed)} failed"
    names = sorted(outcome.name for outcome in outcomes)
    lang = spoken(target / FOLDER)
    outside = evidence_beside(target / FOLDER)
    if outside:
        again = f"mismes synthesis --evidence {outside}"
        return f"synthesis    not made: it has outside evaluations, make it with `{again}`"
    try:
        if unchanged(target / FOLDER, fingerprint(read_published(target, names), lang)):
            return f"synthesis    unchanged {_shown(target / FOLDER / PAGE)}"
        made, _ = import_module("mismes_eval.report.synthesis.synthesis").write_synthesis(
            target, names, lang
        )
    except MismesError as error:
        return f"synthesis    not made: {error.problems[0]}"
    return f"synthesis    made {_shown(made / PAGE)}"


def repository(target: Path, files: Sequence[Path], data_root: Path | None = None) -> str:
    """Make the pages of all measures beside the reports, to which the index links; the sentence
    that says so, or why there are none.

    Parameters
    ----------
    target : folder of the reports.
    files : params whose inventories are put together.
    data_root : folder of data kept outside the project.
    """
    site = import_module("mismes_eval.report.site")
    page = target / INVENTORY
    if site.with_outside_evidence(page.with_suffix("")):
        again = "mismes inventory site --evidence FILE"
        return f"repository   not made: it has outside evaluations, make it with `{again}`"
    try:
        inputs = [Params.load(file, data_root).inputs for file in files]
        inventories = [given.inventory for given in inputs if given.inventory is not None]
        told = [given.inventory_decisions for given in inputs if given.inventory is not None]
        if not inventories:
            return "repository   not made: the params name no inventory"
        decisions = [file for file in told if file is not None]
        measures = read_inventory(inventories).decided(*decisions)
        made = site.write_site(
            measures,
            page.with_suffix(""),
            on=datetime.datetime.now(datetime.UTC).date(),
            origins=read_published(target),
        )
        site.front_page(measures, made, page, ENGLISH)
    except MismesError as error:
        return f"repository   not made: {error.problems[0]}"
    return f"repository   made {_shown(page)} and {made.pages} pages"


def _languages(files: Sequence[Path], data_root: Path | None) -> dict[str, Language]:
    """Country -> language of its report; params that cannot be read have none."""
    found = {}
    for file in files:
        with suppress(MismesError):
            found[file.stem] = language(Params.load(file, data_root).language)
    return found


class Watch:
    """Lines of progress, from several threads, with the time that is left at the pace so far."""

    def __init__(self, total: int, silent: bool, languages: Mapping[str, Language]) -> None:
        self.total, self.silent, self.finished = total, silent, 0
        self.languages = languages
        self.began, self.lock = time.monotonic(), Lock()

    def chapter(self, name: str, what: str) -> None:
        if not self.silent:
            with self.lock:
                place, _, title = what.partition(" ")
                say(f"{name:<12} {place} {self._words(name)(title)}")

    def _words(self, name: str) -> Language:
        return self.languages.get(name, language(ENGLISH))

    def done(self, outcome: Outcome) -> None:
        with self.lock:
            self.finished += 1
            left = (time.monotonic() - self.began) / self.finished * (self.total - self.finished)
            if not self.silent:
                where = f" {_shown(outcome.folder / PAGE)}" if outcome.folder is not None else ""
                rest = (
                    f"  [{self.finished}/{self.total}, about {left:.0f} s left]"
                    if self.finished < self.total
                    else f"  [{self.finished}/{self.total}]"
                )
                status = self._words(outcome.name)(outcome.status)
                say(f"{outcome.name:<12} {status} {outcome.seconds:.1f} s{where}{rest}")


def _on_cluster(address: str, orders: Sequence[Order], watch: Watch) -> list[Outcome]:
    try:
        cluster = import_module("mismes_eval.report.factory.cluster")
    except ModuleNotFoundError as error:
        raise ParamsError(
            Problem(
                what="Dask is not installed",
                where="--cluster",
                expected="the extra [cluster]",
                got=str(error.name),
                fix="pip install 'mismes-eval[cluster]'",
            )
        ) from error
    found: list[Outcome] = cluster.run_on_cluster(address, orders, watch.chapter, watch.done)
    return found


def _complain(outcome: Outcome) -> None:
    words = reader_language([outcome.name]).whole
    for found in (*outcome.problems, *outcome.cautions):
        problem(found, words, f"{outcome.name}: ")
    if outcome.failed_notebook is not None:
        click.echo(
            f"{outcome.name}: the notebook as far as it came: {_shown(outcome.failed_notebook)}\n",
            err=True,
        )


def _record(o: Outcome) -> dict[str, object]:
    return {
        "name": o.name,
        "status": o.status,
        "seconds": round(o.seconds, 2),
        "folder": None if o.folder is None else _shown(o.folder),
        "problems": [str(p) for p in o.problems],
        "cautions": [str(p) for p in o.cautions],
    }


def _shown(path: Path) -> str:
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
