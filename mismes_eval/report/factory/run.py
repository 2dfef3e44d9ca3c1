"""Orders for reports and what becomes of them: each is made whole or not at all, several at a time,
and nothing is done where nothing changed.

What makes a report (papermill, a kernel, the page) is in `factory.execute` and is loaded when there
is one to make: a run in which nothing changed needs none of it.
"""

from __future__ import annotations

import json
import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Literal

from mismes_eval.errors import MismesError, ParamsError, Problem
from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.language import language
from mismes_eval.report.document.pdf import PDF, printer, write_pdf
from mismes_eval.report.factory.publish import publish, work_folder, write_whole
from mismes_eval.report.trust.provenance import (
    MANIFEST,
    Ingredients,
    changed_outputs,
    ingredients,
    outputs,
    read_manifest,
)

if TYPE_CHECKING:
    from mismes_eval.report.factory.kernels import ReportKernel

Status = Literal["made", "unchanged", "failed"]
Progress = Callable[[str, str], None]
NOTEBOOK, PAGE = "report.ipynb", "report.html"
CELL_SECONDS = 900
MAKING, KERNEL, FORKING, NOTEBOOKS = (
    f"mismes_eval.report.factory.{name}" for name in ("execute", "kernels", "forking", "notebook")
)


@dataclass(frozen=True)
class Order:
    """One report to make. name: its folder below `out`. params: the YAML file. pdf: print the page
    as well.
    """

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
    """What became of an order. folder: where the report is, whole ("made", "unchanged"); None where
    it failed. exit_status: 2 where the input is to blame, 1 otherwise.
    """

    name: str
    status: Status
    seconds: float
    folder: Path | None = None
    problems: tuple[Problem, ...] = ()
    exit_status: int = 0
    failed_notebook: Path | None = None


def run_reports(
    orders: Sequence[Order],
    jobs: int,
    progress: Progress,
    done: Callable[[Outcome], None],
    forked: bool = False,
) -> list[Outcome]:
    """Every order, `jobs` at a time; a failing one does not stop the others. progress(name,
    chapter) and done(outcome) are called from several threads.

    forked : kernels are forked from one preloaded process (Linux) instead of started anew; the
        reports are the same.
    """
    distinct(orders)
    if forked:
        import_module(FORKING).refuse_where_impossible()
    stop, kernels = Event(), _Kernels(forked)

    with closing(kernels), ThreadPoolExecutor(max(1, jobs)) as pool:

        def one(order: Order) -> Outcome:
            if stop.is_set():
                raise KeyboardInterrupt
            outcome = run_report(order, progress, kernels)
            if not stop.is_set():
                done(outcome)
            return outcome

        waiting = {
            order.name: pool.submit(one, order) for order in sorted(orders, key=_size, reverse=True)
        }
        try:
            return [waiting[order.name].result() for order in orders]
        except KeyboardInterrupt:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            import_module(KERNEL).stop_kernels()
            raise


class _Kernels:
    """The class of kernels of one run, made when the first report needs one: a run in which nothing
    changed starts no process.
    """

    def __init__(self, forked: bool) -> None:
        self._forked, self._lock, self._opened = forked, Lock(), ExitStack()
        self._kernel: type[ReportKernel] | None = None

    def __call__(self) -> type[ReportKernel]:
        with self._lock:
            if self._kernel is None:
                self._kernel = self._opened.enter_context(
                    import_module(FORKING).kernels(self._forked)
                )
            return self._kernel

    def close(self) -> None:
        """End the process from which kernels were forked, where there is one."""
        self._opened.close()


def _size(order: Order) -> int:
    """Bytes of a report's inputs: the longest reports are begun first, so that none is left for the
    end. 0 where the params cannot be read, which the run will say.
    """
    try:
        return sum(
            v.stat().st_size
            for v in Params.load(order.params, order.data_root).values.values()
            if isinstance(v, Path) and v.is_file()
        )
    except (MismesError, OSError):
        return 0


def distinct(orders: Sequence[Order]) -> None:
    """Raise ParamsError where two orders would write one folder."""
    if len({o.name for o in orders}) != len(orders):
        twice = sorted({o.name for o in orders if sum(p.name == o.name for p in orders) > 1})
        raise ParamsError(
            Problem("two reports have one name", ", ".join(twice), "every params file name once")
        )


def run_report(
    order: Order, progress: Progress, kernels: Callable[[], type[ReportKernel]] | None = None
) -> Outcome:
    """One report. Never raises: what went wrong is in the outcome. kernels: gives the class of its
    kernel when one is needed; None: a new process.
    """
    begin = time.monotonic()
    try:
        status, folder = _make(order, progress, kernels or _Kernels(forked=False))
        return Outcome(order.name, status, time.monotonic() - begin, folder)
    except Failed as failure:
        return Outcome(
            order.name,
            "failed",
            time.monotonic() - begin,
            None,
            failure.problems,
            failure.exit_status,
            failure.notebook,
        )
    except MismesError as error:
        return Outcome(
            order.name,
            "failed",
            time.monotonic() - begin,
            None,
            tuple(error.problems),
            error.exit_status,
        )
    except OSError as error:
        where = str(error.filename or order.out)
        return Outcome(
            order.name,
            "failed",
            time.monotonic() - begin,
            None,
            (Problem("the report cannot be written", where, got=str(error.strerror or error)),),
            1,
        )
    except (
        Exception
    ) as error:  # a fault of ours in one country must not cost the others their report
        trace = order.out / ".failed" / f"{order.name}.txt"
        with suppress(OSError):
            write_whole(trace, traceback.format_exc())
        problem = Problem(
            "the runner failed",
            order.name,
            got=f"{type(error).__name__}: {error}",
            fix=f"Please report it with {trace}.",
        )
        return Outcome(order.name, "failed", time.monotonic() - begin, None, (problem,), 1)


class Failed(Exception):
    """A notebook that did not end well; the notebook is kept for reading."""

    def __init__(
        self, problems: Sequence[Problem], exit_status: int, notebook: Path | None
    ) -> None:
        super().__init__()
        self.problems, self.exit_status, self.notebook = tuple(problems), exit_status, notebook


def _make(
    order: Order, progress: Progress, kernels: Callable[[], type[ReportKernel]]
) -> tuple[Status, Path]:
    params = Params.load(order.params, order.data_root)
    language(params.language)
    if not order.notebook.is_file():
        import_module(NOTEBOOKS).checked(order.notebook)  # says what to do
    made_of = ingredients(params, order.params, order.notebook)
    final = order.out / order.name
    if order.pdf:
        printer()
    if not order.force and _unchanged(final, made_of):
        return (
            _printed(order, final)
            if order.pdf and not (final / PDF).is_file()
            else ("unchanged", final)
        )
    import_module(MAKING).make(order, params, made_of, progress, kernels())
    return "made", final


def _printed(order: Order, final: Path) -> tuple[Status, Path]:
    """An unchanged report with the PDF that it lacked."""
    work = work_folder(order.out, order.name)
    try:
        shutil.copytree(final, work, dirs_exist_ok=True)
        write_pdf(work / PAGE, work / PDF)
        (work / MANIFEST).write_text(
            json.dumps(
                {**read_manifest(work), "outputs": outputs(work)}, ensure_ascii=False, indent=1
            ),
            encoding="utf-8",
        )
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
