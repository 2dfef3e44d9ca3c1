"""One base error: what is wrong, where, what was expected, what was found, how to mend it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mismes_eval.message import Message, as_message, listed

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SHOWN = 5  # rows that a problem names


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    what : the rule that fails, in plain words.  where : file, column, argument or cell.
    expected, got : what the rule wants and what stands there.  fix : how to mend it.
    count : how many rows fail (0 where rows make no sense).  rows : the first failing row numbers or keys.
    """

    what: str
    where: str = ""
    expected: str = ""
    got: str = ""
    fix: str = ""
    count: int = 0
    rows: tuple[object, ...] = field(default=())

    def __str__(self) -> str:
        return str.__str__(self.message)

    @property
    def message(self) -> Message:
        """The problem as a message of kind "reason": each of its sentences is translated by
        itself.
        """
        clauses = [_clause("{what}: {where}." if self.where else "{what}.", self)]
        if self.expected:
            clauses.append(
                _clause(
                    "Expected {expected}, got {got}." if self.got else "Expected {expected}.", self
                )
            )
        elif self.got:
            clauses.append(_clause("Got {got}.", self))
        if self.count:
            clauses.append(self._counted())
        if self.fix:
            clauses.append(as_message(self.fix, "reason"))
        return listed(clauses, " ", "reason")

    def in_rows(self, failing: np.ndarray | pd.Index | Sequence[Any]) -> Problem:
        """The same problem with the rows that fail: how many, and the first five of these numbers
        or keys.
        """
        first = failing[:SHOWN]
        keys = first if isinstance(first, Sequence) else first.tolist()
        return replace(self, count=len(failing), rows=tuple(keys))

    def _counted(self) -> Message:
        count: dict[str, object] = {"count": self.count}
        if not self.rows:
            words = "{count} row." if self.count == 1 else "{count} rows."
            return Message(words, count, "reason")
        words = "{count} row, first: {rows}." if self.count == 1 else "{count} rows, first: {rows}."
        shown = ", ".join(str(row) for row in self.rows[:SHOWN])
        return Message(words, count | {"rows": shown}, "reason")


def in_column(name: object) -> Message:
    """Where a problem is: a column."""
    return Message("column '{c}'", {"c": name}, "reason")


def of_argument(name: str) -> Message:
    """Where a problem is: an argument."""
    return Message("argument '{a}'", {"a": name}, "reason")


def of_covariates(names: Iterable[object]) -> Message:
    """Where a problem is: the covariates together."""
    return Message("covariates {c}", {"c": ", ".join(map(str, names))}, "reason")


def unknown_columns(
    subject: str, columns: Iterable[object], known: Collection[Any], expected: str, fix: str = ""
) -> list[Problem]:
    """A problem for each column that is not among the known ones. subject : what names it."""
    return [
        Problem(f"{subject} names an unknown column", in_column(column), expected, fix=fix)
        for column in columns
        if column not in known
    ]


NAMED = 50  # keys that a sentence lists before it only counts


def named(keys: Iterable[object]) -> str:
    """Every distinct key that is wrong, in the order in which it is met: one who mends a file needs
    them all. Beyond NAMED the others are counted.
    """
    distinct = list(dict.fromkeys(str(key) for key in keys))
    shown = ", ".join(distinct[:NAMED])
    more = len(distinct) - NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def _clause(template: str, problem: Problem) -> Message:
    """One sentence of a problem."""
    words = {
        "what": problem.what,
        "where": problem.where,
        "expected": problem.expected,
        "got": problem.got,
    }
    values = {name: as_message(text, "reason") for name, text in words.items()}
    return Message(template, values, "reason")


class MismesError(Exception):
    """Every error of this package. `problems` lists all that was found, not only the first;
    `exit_status` is the command line's.
    """

    exit_status = 2

    def __init__(self, problems: Problem | str | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems: Sequence[Problem] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        super().__init__("\n".join(str(p) for p in self.problems))

    @property
    def message(self) -> Message:
        """All problems as a message, each in a line of its own."""
        return listed([problem.message for problem in self.problems], "\n", "reason")

    def __reduce__(self) -> tuple[type[MismesError], tuple[tuple[Problem, ...]]]:
        return type(self), (tuple(self.problems),)


class InputError(MismesError):
    """A file or frame breaks its template."""


class ParamsError(MismesError):
    """A params file has an unknown key, a wrong type or a path out of bounds."""


class DesignError(MismesError):
    """Weights, strata, PSUs or fpc do not make a survey design."""


class CalibrationError(MismesError):
    """Margins that cannot be met."""


class EstimateError(MismesError):
    """A statistic that is not defined for these data."""


class EmptyDomain(EstimateError):
    """A statistic of a domain without rows. It stops a composition of statistics; the verbs of the
    package answer it with NotEstimable.
    """


class IdentificationError(EstimateError):
    """An impact design from which the effect is not identified."""


class DisclosureError(MismesError):
    """A result that would publish a cell too small to publish."""


class ReportError(MismesError):
    """A report that could not be made whole."""

    exit_status = 1


class MismesWarning(UserWarning):
    """Something the reader of a result must know; reports carry it."""


class DesignWarning(MismesWarning):
    """A weakness of the survey design: lonely PSUs, lost design variables, repeated PSU codes."""
