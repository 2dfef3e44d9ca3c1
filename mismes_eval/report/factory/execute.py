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
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from mismes_eval import errors
from mismes_eval.errors import MismesError, Problem
from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.page import page
from mismes_eval.report.document.pdf import PDF, write_pdf
from mismes_eval.report.factory.kernels import ReportKernel, close_event_loop, kernel_config
from mismes_eval.report.factory.notebook import checked, scrub, shown_html
from mismes_eval.report.factory.publish import publish, work_folder
from mismes_eval.report.factory.run import NOTEBOOK, PAGE, Failed, Order, Progress
from mismes_eval.report.session import PROGRESS, RUN_FILE
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
) -> None:
    """Make the report of an order and publish it below `order.out`.

    Raises
    ------
    Failed : the notebook did not end well.  ParamsError : it cannot be run.
    """
    source = checked(order.notebook)
    final = order.out / order.name
    work = work_folder(order.out, order.name)
    started, begin = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), time.monotonic()
    try:
        seconds = _execute(order, params, source, work, progress, kernel)
        folders = (str(work), str(params.root), str(params.data_root or ""), str(Path.home()))
        executed = scrub(nbformat.read(work / NOTEBOOK, as_version=4), order.params.name, folders)  # type: ignore[no-untyped-call]
        nbformat.write(executed, work / NOTEBOOK)  # type: ignore[no-untyped-call]
        (work / RUN_FILE).unlink()
        results = json.loads((work / ESTIMATES).read_text(encoding="utf-8"))
        (work / PAGE).write_text(
            page(executed, params, started, made_of.fingerprint, results["warnings"]),
            encoding="utf-8",
        )
        if order.pdf:
            write_pdf(work / PAGE, work / PDF)
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
        publish(work, final)
    finally:
        shutil.rmtree(work, ignore_errors=True)


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
    sockets = Path(mkdtemp(prefix="mismes-"))
    raised: Problem | None = None
    try:
        execute_notebook(
            source,
            str(work / NOTEBOOK),
            {"run": str(work / RUN_FILE)},
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            execution_timeout=order.cell_seconds,
            config=kernel_config(sockets),
            kernel_manager_class=kernel,
            shutdown_kernel="immediate",
            stdout_file=watch,
        )
    except PapermillExecutionError as error:
        raised = _kernel_problem(str(error.ename), str(error.evalue))
    except CellTimeoutError:
        raised = Problem(
            "a chapter took too long",
            f"chapter '{watch.chapter}'",
            f"at most {order.cell_seconds} seconds a cell",
            fix="Raise --timeout.",
        )
    except (
        DeadKernelError,
        RuntimeError,
        # nbclient raises a bare RuntimeError for a kernel that dies or stays silent while starting
    ) as error:
        if not isinstance(error, DeadKernelError) and "ernel" not in str(error):
            raise
        raised = Problem(
            "the kernel died",
            f"chapter '{watch.chapter}'",
            "enough memory",
            fix="Close other programs or use --jobs 1.",
        )
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
        return [
            {"title": title, "seconds": round(end - begin, 2)}
            for (title, begin), end in zip(self.seen, ends, strict=True)
        ]


def _kernel_problem(name: str, text: str) -> Problem:
    return Problem(f"{name}: {text}")


def _judge(order: Order, work: Path, raised: Problem | None, chapter: str) -> None:
    """Raise Failed unless everything says that the run is whole."""
    executed = nbformat.read(work / NOTEBOOK, as_version=4) if (work / NOTEBOOK).is_file() else None  # type: ignore[no-untyped-call]
    cells = [c for c in executed.cells if c.cell_type == "code"] if executed is not None else []
    problems: list[Problem] = []
    status = 1
    outputs = [o for c in cells for o in c.outputs if o.output_type == "error"]
    for output in outputs:
        kind = getattr(errors, output.ename, None)
        if isinstance(kind, type) and issubclass(kind, MismesError):
            problems += [
                Problem(line.removesuffix(".")) for line in str(output.evalue).split("\n") if line
            ]
            status = kind.exit_status
        else:
            problems.append(
                Problem(
                    "the notebook failed",
                    f"chapter '{chapter}'",
                    got=f"{output.ename}: {output.evalue}",
                )
            )
    if raised is not None and not outputs:
        problems.append(raised)
    if not problems and any(c.execution_count is None for c in cells if c.source.strip()):
        problems.append(
            Problem(
                "the notebook stopped before its end", f"chapter '{chapter}'", "every cell executed"
            )
        )
    if not problems and not (work / ESTIMATES).is_file():
        problems.append(
            Problem(
                "the notebook wrote no results", order.notebook.name, "finish() in its last cell"
            )
        )
    if problems:
        raise Failed(problems, status, _keep(order, work) if status == 1 else None)


def _keep(order: Order, work: Path) -> Path | None:
    """The failed notebook, kept for reading beside the reports and never under a report's name."""
    if not (work / NOTEBOOK).is_file():
        return None
    folder = order.out / ".failed"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{order.name}.ipynb"
    os.replace(work / NOTEBOOK, kept)
    return kept
