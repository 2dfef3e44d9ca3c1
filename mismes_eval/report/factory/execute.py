"""Makes one report: the notebook run in a kernel of its own, judged, cleaned, rendered and
published whole. Loaded when there is something to make.

papermill saves timed-out and killed runs as completed and executes parameter names as code. So the
only parameter is the path of a run.json that we wrote, and a run counts as done when nothing was
raised, every code cell was executed without error output, and the last cell wrote estimates.json.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from mismes_eval import errors
from mismes_eval.errors import MismesError, ParamsError, Problem
from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.manuscript import manuscript
from mismes_eval.report.document.page import page
from mismes_eval.report.document.pdf import PDF, write_pdf
from mismes_eval.report.document.word import write_word
from mismes_eval.report.factory import endings
from mismes_eval.report.factory.client import ENGINE
from mismes_eval.report.factory.hermetic import socket_folder
from mismes_eval.report.factory.kernels import (
    STDERR,
    ReportKernel,
    close_event_loop,
    kernel_config,
)
from mismes_eval.report.factory.notebook import checked, scrub, shown_html, without_data
from mismes_eval.report.factory.orders import FAILED, NOTEBOOK, PAGE, WORD, Failed, Order, Progress
from mismes_eval.report.factory.publish import discard, publish, work_folder
from mismes_eval.report.session import PROGRESS, RUN_FILE
from mismes_eval.report.trust.differencing import differences, stands_at, told
from mismes_eval.report.trust.provenance import (
    ESTIMATES,
    MANIFEST,
    PACKAGE,
    Ingredients,
    manifest,
    shown_by,
)

logging.getLogger("papermill").addHandler(
    logging.NullHandler()
)  # outcomes say it; nothing else prints


def make(
    order: Order,
    params: Params,
    made_of: Ingredients,
    progress: Progress,
    kernel: type[ReportKernel],
) -> list[Problem]:
    """Make the report of an order and publish it below `order.out`. Gives what its maker must know
    before it is given to others.

    Raises
    ------
    Failed : the notebook did not end well.
    ParamsError : it cannot be run.
    """
    source = checked(order.notebook)
    final = order.out / order.name
    work = work_folder(order.out, order.name)
    started = order.started or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    begin = time.monotonic()
    try:
        seconds = _execute(order, params, source, work, progress, kernel)
        folders = (str(work), str(params.root), str(params.data_root or ""), str(Path.home()))
        executed = scrub(nbformat.read(work / NOTEBOOK, as_version=4), order.params.name, folders)
        nbformat.write(executed, work / NOTEBOOK)
        (work / RUN_FILE).unlink()
        results = json.loads((work / ESTIMATES).read_text(encoding="utf-8"))
        (work / PAGE).write_text(
            page(executed, params, started, made_of.fingerprint, results["warnings"]),
            encoding="utf-8",
        )
        write_papers(order, params, work, started, made_of.fingerprint)
        record = manifest(
            params,
            made_of,
            work,
            started,
            time.monotonic() - begin,
            seconds,
            shown_by(shown_html(executed), results),
        )
        (work / MANIFEST).write_text(
            json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8"
        )
        cautions = beside_earlier(order, work, final, params.disclosure.min_cell)
        cautions += publish(work, final)
        _forget_failures(order)
    finally:
        discard(work)
    return cautions


def write_papers(order: Order, params: Params, work: Path, started: str, fingerprint: str) -> None:
    """The PDF and the Word document that an order asks for and the folder lacks."""
    pdf = order.pdf and not (work / PDF).is_file()
    docx = order.docx and not (work / WORD).is_file()
    if not (pdf or docx):
        return
    told = manuscript(work, params, started, fingerprint)
    if pdf:
        write_pdf(work / PAGE, told, work / PDF)
    if docx:
        write_word(work / WORD, told)


def beside_earlier(order: Order, work: Path, final: Path, least: int) -> list[Problem]:
    """What this report and an earlier one tell together. Raises Failed where the earlier one was
    named as published.
    """
    if order.earlier is not None:
        found = differences(order.earlier, work, least)
        if found:
            raise Failed([told(found, order.earlier, least)], 1, None)
        return []
    if not stands_at(final):
        return []
    try:
        found = differences(final, work, least)
    except ParamsError:
        return []  # what stands there is no report of this country that anybody could compare
    return [told(found, final, least)] if found else []


def _execute(
    order: Order,
    params: Params,
    source: NotebookNode,
    work: Path,
    progress: Progress,
    kernel: type[ReportKernel],
) -> list[dict[str, object]]:
    """Run the notebook in the work folder; seconds of each chapter."""
    spec = {
        "params": str(order.params.resolve()),
        "root": str(params.root),
        "data_root": None if params.data_root is None else str(params.data_root),
        "work": str(work),
        "package": str(PACKAGE),
    }
    (work / RUN_FILE).write_text(json.dumps(spec), encoding="utf-8")
    watch = _Watch(order.name, progress)
    home = Path(mkdtemp(prefix="mismes-home-")).resolve()
    sockets = socket_folder()
    killed = endings.killed_for_memory()
    raised: Problem | None = None
    try:
        execute_notebook(
            source,
            str(work / NOTEBOOK),
            {"run": str(work / RUN_FILE)},
            engine_name=ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            execution_timeout=order.cell_seconds,
            config=kernel_config(home, sockets),
            kernel_manager_class=kernel,
            shutdown_kernel="immediate",
            stdout_file=watch,
        )
    except PapermillExecutionError as error:
        raised = endings.error_of_a_cell(str(error.ename), str(error.evalue), watch.where)
    except CellTimeoutError:
        raised = endings.took_too_long(watch.where, order.cell_seconds)
    except (
        DeadKernelError,
        RuntimeError,
        # nbclient raises a bare RuntimeError for a kernel that dies or stays silent while starting
    ) as error:
        if not isinstance(error, DeadKernelError) and "ernel" not in str(error):
            raise
        status = kernel.ended.get(str(home))
        for_memory = endings.killed_for_memory() > killed
        words = _last_words(home) if not watch.begun else ""
        raised = endings.kernel_ended(status, watch.where, for_memory, words)
    finally:
        kernel.ended.pop(str(home), None)
        close_event_loop()
        for folder in (home, sockets):
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
    if watch.too_large:
        raised = endings.output_too_large(watch.where)
    _judge(order, params, work, raised, watch.where)
    return watch.seconds()


def _last_words(home: Path) -> str:
    """The last line of a kernel's standard error: why it did not start."""
    try:
        lines = (home / STDERR).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:200] if said else ""


class _Watch:
    """Reads the kernel's standard output for the chapter in work. A file to papermill."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.name, self.progress = name, progress
        self.seen: list[tuple[str, float]] = [("start", time.monotonic())]
        self.too_large = False

    @property
    def begun(self) -> bool:
        """Whether a first chapter was reached."""
        return len(self.seen) > 1

    @property
    def where(self) -> str:
        return f"chapter '{self.seen[-1][0]}'"

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
        ends = [*(title for _, title in self.seen[1:]), time.monotonic()]
        return [
            {"title": title, "seconds": round(end - begin, 2)}
            for (title, begin), end in zip(self.seen, ends, strict=True)
        ]


def _judge(order: Order, params: Params, work: Path, raised: Problem | None, where: str) -> None:
    """Raise Failed unless everything says that the run is whole."""
    executed = nbformat.read(work / NOTEBOOK, as_version=4) if (work / NOTEBOOK).is_file() else None
    every = [] if executed is None else executed.cells
    cells = [cell for cell in every if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    problems, status = _told_by_cells(outputs, where)
    if raised is not None and not outputs:
        problems.append(raised)
    if not problems and any(cell.execution_count is None for cell in cells if cell.source.strip()):
        problems.append(
            Problem("the notebook stopped before its end", where, "every cell executed")
        )
    if not problems and not (work / ESTIMATES).is_file():
        expected = "finish() in its last cell"
        problems.append(Problem("the notebook wrote no results", order.notebook.name, expected))
    if problems:
        raise Failed(problems, status, _keep(order, params, work) if status == 1 else None)


def _told_by_cells(outputs: list[NotebookNode], where: str) -> tuple[list[Problem], int]:
    """Problems that cells raised, and the exit status of the last one that is bad input."""
    problems: list[Problem] = []
    status = 1
    for output in outputs:
        kind = getattr(errors, output.ename, None)
        if isinstance(kind, type) and issubclass(kind, MismesError):
            lines = str(output.evalue).split("\n")
            problems += [Problem(line.removesuffix(".")) for line in lines if line]
            status = kind.exit_status
        else:
            problems.append(endings.error_of_a_cell(output.ename, str(output.evalue), where))
    return problems, status


def _keep(order: Order, params: Params, work: Path) -> Path | None:
    """The failed notebook, kept for its user alone beside the reports and never under a report's
    name; without outputs where the data are real.
    """
    if not (work / NOTEBOOK).is_file():
        return None
    folder = order.out / FAILED
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{order.name}.ipynb"
    if not params.synthetic:
        read = nbformat.read(work / NOTEBOOK, as_version=4)
        nbformat.write(without_data(read), work / NOTEBOOK)
    (work / NOTEBOOK).chmod(0o600)
    os.replace(work / NOTEBOOK, kept)
    return kept


def _forget_failures(order: Order) -> None:
    """What an earlier run that failed left, once a report is made."""
    folder = order.out / FAILED
    for ending in ("ipynb", "txt"):
        with suppress(OSError):
            (folder / f"{order.name}.{ending}").unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
