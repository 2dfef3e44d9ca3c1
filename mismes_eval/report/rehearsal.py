"""A report made for nobody: everything that the notebook does, without a kernel, a page or a file
that stays. What `mismes check` calls ready is what came through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mismes_eval.errors import MismesError, Problem, worded
from mismes_eval.evaluation.evaluation import Evaluation, gather
from mismes_eval.evaluation.params import Params
from mismes_eval.report.chapters.base import Item
from mismes_eval.report.chapters.theory import steps
from mismes_eval.report.country import CountryReport, country_report
from mismes_eval.report.document.language import language
from mismes_eval.report.document.passages import PARTS
from mismes_eval.report.document.tables import Table
from mismes_eval.report.session import Session

REASON = 90


@dataclass(frozen=True)
class Filled:
    """One chapter of the report to be. shown: ids of tables and figures with something in them;
    empty: id -> why a table has no number.
    """

    chapter: str
    shown: tuple[str, ...]
    empty: Mapping[str, str]

    def __str__(self) -> str:
        """The chapter in a line: what is filled, what is not and why."""
        shown = ", ".join(self.shown) or "words only"
        return f"{self.chapter}: {shown}" + "".join(
            f"; {name} has no number ({reason})" for name, reason in self.empty.items()
        )


@dataclass(frozen=True)
class Rehearsal:
    """chapters: what the report will hold; problems: what stops it from being made; unmeasured: ids
    that the theory of change names and the report will not have.
    """

    chapters: tuple[Filled, ...]
    problems: tuple[Problem, ...]
    unmeasured: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """A line a chapter, and what the theory of change names in vain."""
        gone = ", ".join(self.unmeasured)
        vain = f"theory_of_change: {gone} not in this report: mend the id, or leave it empty"
        return (*map(str, self.chapters), *((vain,) if gone else ()))


def refusals(path: Path, data_root: Path | None) -> tuple[Problem, ...]:
    """Everything that is wrong with a params file and with what it names, in one go. What rests on
    a key that is wrong is not read, and nothing more is told of that key.
    """
    params, problems = Params.partly(path, data_root)
    wrong = {str(problem.where) for problem in problems}
    later = (problem for problem in gather(params)[1] if str(problem.where) not in wrong)
    return tuple(dict.fromkeys((*problems, *later)))


def rehearse(evaluation: Evaluation) -> Rehearsal:
    """Make the report of a run and throw it away."""
    params = evaluation.params
    with TemporaryDirectory() as folder:
        session = Session(params, Path(folder), language(params.language), interactive=True)
        try:
            report = country_report(session, evaluation)
            report.findings()
            report.picture()
            for part in PARTS:
                report.evaluator(part)
            for name in report.chapters:
                report.chapter(name)
            report.finish()
        except MismesError as error:
            return Rehearsal((), tuple(error.problems))
        except Exception as error:
            return Rehearsal((), (_fault(params.source, error),))
    chain = steps(report.context, report.context.shown)
    gone = [name for step in chain for name, tables in step.found.items() if not tables]
    chapters = tuple(_filled(report, name) for name in report.chapters)
    return Rehearsal(chapters, (), tuple(dict.fromkeys(gone)))


def _fault(source: str, error: Exception) -> Problem:
    return Problem(
        what="the report cannot be made",
        where=source,
        expected="evidence that every chapter can read",
        got=worded("{kind}: {error}", {"kind": type(error).__name__, "error": error}),
        fix="This is a fault of mismes-eval and not of your file: please report it.",
    )


def _filled(report: CountryReport, name: str) -> Filled:
    items = [item for item in report.chapters[name].items if not isinstance(item, str)]
    empty = {item.id: reason for item in items if (reason := _emptiness(item))}
    return Filled(name, tuple(item.id for item in items if item.id not in empty), empty)


def _emptiness(item: Item) -> str:
    """Why a table shows no number; "" where it shows one."""
    if not isinstance(item, Table) or (item.cells["status"] == "shown").any():
        return ""
    if item.cells.empty:
        return "nothing to show"
    reasons = item.cells["definition"].astype(str)[item.cells["status"] == "not estimable"]
    said = next((reason for reason in reasons if reason), "too few persons or too uncertain")
    return said if len(said) <= REASON else f"{said[:REASON]}..."
