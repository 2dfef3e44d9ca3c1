"""Runs a notebook for each country: a kernel process each, a hidden work folder, published whole or not at all.

papermill saves timed-out and killed runs as completed and executes parameter names as code. So the only parameter is the path of a run.json that we wrote, and a run
counts as done when nothing was raised, every code cell was executed without error output, and the last cell wrote estimates.json.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from typing import Literal

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from mismes_eval import errors
from mismes_eval.errors import MismesError, ParamsError, Problem
from mismes_eval.evaluation.params import Params
from mismes_eval.report.forking import kernels
from mismes_eval.report.html import page
from mismes_eval.report.kernel import ReportKernel, close_event_loop, kernel_config, stop_kernels
from mismes_eval.report.language import language
from mismes_eval.report.notebook import checked, scrub, shown_html
from mismes_eval.report.pdf import PDF, printer, write_pdf
from mismes_eval.report.provenance import MANIFEST, PACKAGE, Ingredients, changed_outputs, ingredients, manifest, outputs, read_manifest, shown_by
from mismes_eval.report.publish import publish, work_folder, write_whole
from mismes_eval.report.results import ESTIMATES
from mismes_eval.report.session import PROGRESS, RUN_FILE

Status = Literal["made", "unchanged", "failed"]
Progress = Callable[[str, str], None]
NOTEBOOK, PAGE = "report.ipynb", "report.html"
CELL_SECONDS = 900
logging.getLogger("papermill").addHandler(logging.NullHandler())  # outcomes say it; nothing else prints


@dataclass(frozen=True)
class Order:
    """One report to make. name: its folder below `out`. params: the YAML file. pdf: print the page as well."""

    name: str
    params: Path
    notebook: Path
    out: Path
    data_root: Path | None = None
    cell_seconds: int = CELL_SECONDS
    force: bool = False
    pdf: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of an order. folder: where the report is, whole ("made", "unchanged"); None where it failed. exit_status: 2 where the input is to blame, 1 otherwise."""

    name: str
    status: Status
    seconds: float
    folder: Path | None = None
    problems: tuple[Problem, ...] = ()
    exit_status: int = 0
    failed_notebook: Path | None = None


def run_reports(orders: Sequence[Order], jobs: int, progress: Progress, done: Callable[[Outcome], None], forked: bool = False) -> list[Outcome]:
    """Every order, `jobs` at a time; a failing one does not stop the others. progress(name, chapter) and done(outcome) are called from several threads.

    forked : kernels are forked from one preloaded process (Linux) instead of started anew; the reports are the same.
    """
    distinct(orders)
    stop = Event()

    with kernels(forked) as kernel, ThreadPoolExecutor(max(1, jobs)) as pool:

        def one(order: Order) -> Outcome:
            if stop.is_set():
                raise KeyboardInterrupt
            outcome = run_report(order, progress, kernel)
            if not stop.is_set():
                done(outcome)
            return outcome

        waiting = {order.name: pool.submit(one, order) for order in sorted(orders, key=_size, reverse=True)}
        try:
            return [waiting[order.name].result() for order in orders]
        except KeyboardInterrupt:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            stop_kernels()
            raise


def _size(order: Order) -> int:
    """Bytes of a report's inputs: the longest reports are begun first, so that none is left for the end. 0 where the params cannot be read, which the run will say."""
    try:
        return sum(v.stat().st_size for v in Params.load(order.params, order.data_root).values.values() if isinstance(v, Path) and v.is_file())
    except (MismesError, OSError):
        return 0


def distinct(orders: Sequence[Order]) -> None:
    """Raise ParamsError where two orders would write one folder."""
    if len({o.name for o in orders}) != len(orders):
        twice = sorted({o.name for o in orders if sum(p.name == o.name for p in orders) > 1})
        raise ParamsError(Problem("two reports have one name", ", ".join(twice), "every params file name once"))


def run_report(order: Order, progress: Progress, kernel: type[ReportKernel] = ReportKernel) -> Outcome:
    """One report. Never raises: what went wrong is in the outcome."""
    begin = time.monotonic()
    try:
        status, folder = _make(order, progress, kernel)
        return Outcome(order.name, status, time.monotonic() - begin, folder)
    except _Failed as failure:
        return Outcome(order.name, "failed", time.monotonic() - begin, None, failure.problems, failure.exit_status, failure.notebook)
    except MismesError as error:
        return Outcome(order.name, "failed", time.monotonic() - begin, None, tuple(error.problems), error.exit_status)
    except OSError as error:
        where = str(error.filename or order.out)
        return Outcome(
            order.name, "failed", time.monotonic() - begin, None, (Problem("the report cannot be written", where, got=str(error.strerror or error)),), 1
        )
    except Exception as error:  # a fault of ours in one country must not cost the others their report
        trace = order.out / ".failed" / f"{order.name}.txt"
        with suppress(OSError):
            write_whole(trace, traceback.format_exc())
        problem = Problem("the runner failed", order.name, got=f"{type(error).__name__}: {error}", fix=f"Please report it with {trace}.")
        return Outcome(order.name, "failed", time.monotonic() - begin, None, (problem,), 1)


class _Failed(Exception):
    """A notebook that did not end well; the notebook is kept for reading."""

    def __init__(self, problems: Sequence[Problem], exit_status: int, notebook: Path | None) -> None:
        super().__init__()
        self.problems, self.exit_status, self.notebook = tuple(problems), exit_status, notebook


def _make(order: Order, progress: Progress, kernel: type[ReportKernel]) -> tuple[Status, Path]:
    params = Params.load(order.params, order.data_root)
    language(str(params["language"]))
    source = checked(order.notebook)
    made_of = ingredients(params, order.params, order.notebook)
    final = order.out / order.name
    if order.pdf:
        printer()
    if not order.force and _unchanged(final, made_of):
        return _printed(order, final) if order.pdf and not (final / PDF).is_file() else ("unchanged", final)
    work = work_folder(order.out, order.name)
    started, begin = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), time.monotonic()
    try:
        seconds = _execute(order, params, source, work, progress, kernel)
        folders = (str(work), str(params.root), str(params.data_root or ""), str(Path.home()))
        executed = scrub(nbformat.read(work / NOTEBOOK, as_version=4), order.params.name, folders)  # type: ignore[no-untyped-call]
        nbformat.write(executed, work / NOTEBOOK)  # type: ignore[no-untyped-call]
        (work / RUN_FILE).unlink()
        results = json.loads((work / ESTIMATES).read_text(encoding="utf-8"))
        (work / PAGE).write_text(page(executed, params, started, made_of.fingerprint, results["warnings"]), encoding="utf-8")
        if order.pdf:
            write_pdf(work / PAGE, work / PDF)
        record = manifest(params, made_of, work, started, time.monotonic() - begin, seconds, shown_by(shown_html(executed), results))
        (work / MANIFEST).write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
        publish(work, final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return "made", final


def _printed(order: Order, final: Path) -> tuple[Status, Path]:
    """An unchanged report with the PDF that it lacked."""
    work = work_folder(order.out, order.name)
    try:
        shutil.copytree(final, work, dirs_exist_ok=True)
        write_pdf(work / PAGE, work / PDF)
        (work / MANIFEST).write_text(json.dumps({**read_manifest(work), "outputs": outputs(work)}, ensure_ascii=False, indent=1), encoding="utf-8")
        publish(work, final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return "made", final


def _unchanged(final: Path, made_of: Ingredients) -> bool:
    if not (final / MANIFEST).is_file():
        return False
    try:
        record = read_manifest(final)
    except ParamsError:
        return False
    return record.get("fingerprint") == made_of.fingerprint and not changed_outputs(final, record)


def _execute(order: Order, params: Params, source: NotebookNode, work: Path, progress: Progress, kernel: type[ReportKernel]) -> list[dict[str, object]]:
    """Run the notebook in the work folder; seconds of each chapter."""
    spec = {
        "params": str(order.params.resolve()), "root": str(params.root), "data_root": None if params.data_root is None else str(params.data_root), "work": str(work),
        "package": str(PACKAGE),
    }  # fmt: skip
    (work / RUN_FILE).write_text(json.dumps(spec), encoding="utf-8")
    watch = _Watch(order.name, progress)
    sockets = Path(mkdtemp(prefix="mismes-"))
    raised: Problem | None = None
    try:
        execute_notebook(
            source, str(work / NOTEBOOK), {"run": str(work / RUN_FILE)}, kernel_name="python3", language="python", progress_bar=False, request_save_on_cell_execute=False,
            execution_timeout=order.cell_seconds, config=kernel_config(sockets), kernel_manager_class=kernel, shutdown_kernel="immediate", stdout_file=watch,
        )  # fmt: skip
    except PapermillExecutionError as error:
        raised = _kernel_problem(str(error.ename), str(error.evalue))
    except CellTimeoutError:
        raised = Problem("a chapter took too long", f"chapter '{watch.chapter}'", f"at most {order.cell_seconds} seconds a cell", fix="Raise --timeout.")
    except (DeadKernelError, RuntimeError) as error:  # nbclient raises a bare RuntimeError for a kernel that dies or stays silent while starting
        if not isinstance(error, DeadKernelError) and "ernel" not in str(error):
            raise
        raised = Problem("the kernel died", f"chapter '{watch.chapter}'", "enough memory", fix="Close other programs or use --jobs 1.")
    finally:
        close_event_loop()
        shutil.rmtree(sockets, ignore_errors=True)
    _judge(order, work, raised, watch.chapter)
    return watch.seconds()


class _Watch:
    """Reads the kernel's standard output for the chapter in work. A file to papermill."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.name, self.progress = name, progress
        self.seen: list[tuple[str, float]] = [("start", time.monotonic())]

    @property
    def chapter(self) -> str:
        return self.seen[-1][0]

    def write(self, text: str) -> None:
        for line in text.splitlines():
            if line.startswith(PROGRESS):
                said = line.removeprefix(PROGRESS)
                self.seen.append((said.partition(" ")[2] or said, time.monotonic()))
                self.progress(self.name, said)

    def flush(self) -> None:
        """Nothing is held back."""
        return None

    def seconds(self) -> list[dict[str, object]]:
        ends = [*(t for _, t in self.seen[1:]), time.monotonic()]
        return [{"title": title, "seconds": round(end - begin, 2)} for (title, begin), end in zip(self.seen, ends, strict=True)]


def _kernel_problem(name: str, text: str) -> Problem:
    return Problem(f"{name}: {text}")


def _judge(order: Order, work: Path, raised: Problem | None, chapter: str) -> None:
    """Raise _Failed unless everything says that the run is whole."""
    executed = nbformat.read(work / NOTEBOOK, as_version=4) if (work / NOTEBOOK).is_file() else None  # type: ignore[no-untyped-call]
    cells = [c for c in executed.cells if c.cell_type == "code"] if executed is not None else []
    problems: list[Problem] = []
    status = 1
    outputs = [o for c in cells for o in c.outputs if o.output_type == "error"]
    for output in outputs:
        kind = getattr(errors, output.ename, None)
        if isinstance(kind, type) and issubclass(kind, MismesError):
            problems += [Problem(line.removesuffix(".")) for line in str(output.evalue).split("\n") if line]
            status = kind.exit_status
        else:
            problems.append(Problem("the notebook failed", f"chapter '{chapter}'", got=f"{output.ename}: {output.evalue}"))
    if raised is not None and not outputs:
        problems.append(raised)
    if not problems and any(c.execution_count is None for c in cells if c.source.strip()):
        problems.append(Problem("the notebook stopped before its end", f"chapter '{chapter}'", "every cell executed"))
    if not problems and not (work / ESTIMATES).is_file():
        problems.append(Problem("the notebook wrote no results", order.notebook.name, "finish() in its last cell"))
    if problems:
        raise _Failed(problems, status, _keep(order, work) if status == 1 else None)


def _keep(order: Order, work: Path) -> Path | None:
    """The failed notebook, kept for reading beside the reports and never under a report's name."""
    if not (work / NOTEBOOK).is_file():
        return None
    folder = order.out / ".failed"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{order.name}.ipynb"
    os.replace(work / NOTEBOOK, kept)
    return kept
