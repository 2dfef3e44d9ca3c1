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
from importlib import import_module
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Literal

from mismes_eval.errors import MismesError, ParamsError, Problem, worded
from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.pdf import PDF, printer
from mismes_eval.report.factory import endings
from mismes_eval.report.factory.open_files import provide
from mismes_eval.report.factory.orders import (
    FAILED,
    WORD,
    Failed,
    Order,
    Outcome,
    Progress,
    Status,
    distinct,
)
from mismes_eval.report.factory.publish import discard, publish, work_folder, write_whole
from mismes_eval.report.trust.provenance import (
    MANIFEST,
    ingredients,
    outputs,
    read_manifest,
    unchanged,
)

if TYPE_CHECKING:
    from mismes_eval.report.factory.kernels import ReportKernel

Maker = Literal[
    "factory.execute", "factory.forking", "factory.kernels", "factory.notebook", "rehearsal"
]


def _maker(name: Maker) -> Any:
    """A module that makes reports, loaded when there is one to make."""
    return import_module(f"mismes_eval.report.{name}")


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
        _maker("factory.forking").refuse_where_impossible()
    stop = Event()
    kernels = _Kernels(forked, jobs)

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
            _maker("factory.kernels").stop_kernels()
            raise


class _Kernels:
    """The class of kernels of one run, made when the first report needs one: a run in which nothing
    changed starts no process.
    """

    def __init__(self, forked: bool, jobs: int) -> None:
        self._forked, self._jobs, self._lock, self._opened = forked, jobs, Lock(), ExitStack()
        self._kernel: type[ReportKernel] | None = None

    def __call__(self) -> type[ReportKernel]:
        with self._lock:
            if self._kernel is None:
                provide(self._jobs)
                self._kernel = self._opened.enter_context(
                    _maker("factory.forking").kernels(self._forked)
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
            value.stat().st_size
            for value in Params.load(order.params, order.data_root).values.values()
            if isinstance(value, Path) and value.is_file()
        )
    except (MismesError, OSError):
        return 0


def run_report(
    order: Order, progress: Progress, kernels: Callable[[], type[ReportKernel]] | None = None
) -> Outcome:
    """One report. Never raises: what went wrong is in the outcome. kernels: gives the class of its
    kernel when one is needed; None: a new process.
    """
    begin = time.monotonic()
    notebook = None
    try:
        status, folder, cautions = _make(order, progress, kernels or _Kernels(forked=False, jobs=1))
        return Outcome(
            order.name, status, time.monotonic() - begin, folder, cautions=tuple(cautions)
        )
    except Failed as failure:
        problems, exit_status = failure.problems, failure.exit_status
        notebook = failure.notebook
    except MismesError as error:
        problems, exit_status = tuple(error.problems), error.exit_status
    except OSError as error:
        where = str(error.filename or order.out)
        problems, exit_status = (endings.cannot_write(error, where),), 1
    except (
        Exception
    ) as error:  # a fault of ours in one country must not cost the others their report
        problems, exit_status = (_fault(order, error),), 1
    return Outcome(
        name=order.name,
        status="failed",
        seconds=time.monotonic() - begin,
        problems=problems,
        exit_status=exit_status,
        failed_notebook=notebook,
    )


def _fault(order: Order, error: Exception) -> Problem:
    """A fault of ours, with the file that says where it is."""
    trace = order.out / FAILED / f"{order.name}.txt"
    with suppress(OSError):
        write_whole(trace, _trace(error))
        trace.chmod(0o600)
    return Problem(
        "the runner failed",
        order.name,
        got=worded("{kind}: {error}", {"kind": type(error).__name__, "error": error}),
        fix=worded("Please report it with {trace}.", {"trace": trace}),
    )


def _trace(error: BaseException) -> str:
    """Where a fault of ours is, without the words of the error, which may quote data."""
    lines = "".join(traceback.format_tb(error.__traceback__))
    return f"{lines}{type(error).__name__}\n"


def _make(
    order: Order, progress: Progress, kernels: Callable[[], type[ReportKernel]]
) -> tuple[Status, Path, list[Problem]]:
    params, problems = Params.partly(order.params, order.data_root)
    if problems:
        ParamsError.refuse(_maker("rehearsal").refusals(order.params, order.data_root))
    if not order.notebook.is_file():
        _maker("factory.notebook").checked(order.notebook)  # says what to do
    made_of = ingredients(params, order.params, order.notebook)
    final = order.out / order.name
    if order.pdf:
        printer()
    if not order.force and unchanged(final, made_of.fingerprint):
        if order.earlier is not None:
            least = params.disclosure.min_cell
            _maker("factory.execute").beside_earlier(order, final, final, least)
        if lacking(order, final):
            return "made", final, _completed(order, params, final)
        return "unchanged", final, []
    cautions = _maker("factory.execute").make(order, params, made_of, progress, kernels())
    return "made", final, cautions


def lacking(order: Order, final: Path) -> bool:
    """Whether a finished report has no PDF or Word document that its order asks for."""
    pdf = order.pdf and not (final / PDF).is_file()
    return pdf or (order.docx and not (final / WORD).is_file())


def _completed(order: Order, params: Params, final: Path) -> list[Problem]:
    """Give an unchanged report the PDF or the Word document that it lacked."""
    work = work_folder(order.out, order.name)
    try:
        shutil.copytree(final, work, dirs_exist_ok=True)
        record = read_manifest(work)
        _maker("factory.execute").write_papers(
            order, params, work, record["started"], record["fingerprint"]
        )
        told = json.dumps({**record, "outputs": outputs(work)}, ensure_ascii=False, indent=1)
        (work / MANIFEST).write_text(told, encoding="utf-8")
        return publish(work, final)
    finally:
        discard(work)
