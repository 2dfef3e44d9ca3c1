"""One base error: what is wrong, where, what was expected, what was found, how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mismes_eval.message import NO_VALUES, Message, as_message, as_name, listed

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SHOWN = 5  # rows that the words of a problem name; `rows` has them all


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    what : the rule that fails, in plain words.
    where : file, column, argument or cell.
    expected, got : what the rule wants and what stands there.
    fix : how to mend it.
    A plain `where` or `got` is a name out of the data and the same in every language; one with
    words in it is a message: `in_column`, `of_argument`, `at_key`, `in_place` and the others below,
    `worded` for what they do not say.
    count : how many rows fail (0 where rows make no sense).
    rows : all failing row numbers or keys. The words say how many there are and the first ones;
        `mismes check --json` prints all.
    who : whose rule it is, where `what` begins with its verb: what was called, the kind of column.
    """

    what: str
    where: str = ""
    expected: str = ""
    got: str = ""
    fix: str = ""
    count: int = 0
    rows: tuple[object, ...] = field(default=())
    who: str = ""

    def __str__(self) -> str:
        return str.__str__(self.message)

    @property
    def message(self) -> Message:
        """The problem as a message of kind "reason": each of its sentences is translated by
        itself.
        """
        what = "{who} {what}" if self.who else "{what}"
        clauses = [_clause(f"{what}: {{where}}." if self.where else f"{what}.", self)]
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

    @property
    def reason(self) -> Message:
        """The problem as the reason for which there is no number: without what was found and
        without rows, which would tell how many persons there are, and who.
        """
        return replace(self, got="", count=0, rows=()).message

    def in_rows(self, failing: np.ndarray | pd.Index | Sequence[Any]) -> Problem:
        """The same problem with the rows that fail, their numbers or keys."""
        keys = failing if isinstance(failing, Sequence) else failing.tolist()
        return replace(self, count=len(failing), rows=tuple(keys))

    def where_true(self, failing: np.ndarray, first: int = 0) -> list[Problem]:
        """The same problem with the rows in which `failing` is true, the first row being number
        `first`; nothing where none is.
        """
        return [self.in_rows(failing.nonzero()[0] + first)] if failing.any() else []

    def _counted(self) -> Message:
        count: dict[str, object] = {"count": self.count}
        if not self.rows:
            words = "{count} row." if self.count == 1 else "{count} rows."
            return Message(words, count, "reason")
        words = "{count} row, first: {rows}." if self.count == 1 else "{count} rows, first: {rows}."
        shown = ", ".join(str(row) for row in self.rows[:SHOWN])
        return Message(words, count | {"rows": shown}, "reason")


def worded(template: str, values: Mapping[str, object] = NO_VALUES) -> Message:
    """Words of a refusal: what stands in them are numbers, messages, and names out of the data."""
    held = {name: as_name(value) for name, value in values.items()}
    return Message(template, held, "reason")


def kind_of(value: object) -> Message:
    """What was given, where its kind is what is wrong with it: a list, an int."""
    kind = type(value).__name__
    template = "an {kind}" if kind[0] in "AEIOUaeiou" else "a {kind}"
    return worded(template, {"kind": kind})


def in_column(name: object) -> Message:
    """The place of a column."""
    return worded("column '{column}'", {"column": str(name)})


def of_argument(name: str) -> Message:
    """The place of an argument of the verb that was called."""
    return worded("argument '{argument}'", {"argument": name})


def of_arguments(*names: str) -> Message:
    """The place of two or three arguments that do not go together."""
    *first, last = (f"'{name}'" for name in names)
    return worded("arguments {first} and {last}", {"first": ", ".join(first), "last": last})


def in_columns(first: object, second: object) -> Message:
    """The place of two columns that do not go together."""
    values = {"first": str(first), "second": str(second)}
    return worded("columns '{first}' and '{second}'", values)


def in_section(name: str) -> Message:
    """The place of a section of the params."""
    return worded("section '{section}'", {"section": name})


def at_key(name: str) -> Message:
    """The place of a key of a params file or a mapping, its sections before it."""
    return worded("key '{key}'", {"key": name})


def in_sheet(name: str) -> Message:
    """The place of a sheet of a workbook."""
    return worded("sheet '{sheet}'", {"sheet": name})


def at_line(number: int) -> Message:
    """The place of a line of a file."""
    return worded("line {line}", {"line": number})


def in_place(outer: str, inner: str) -> Message:
    """A place inside another: file and column, section and key."""
    return worded("{outer}, {inner}", {"outer": outer, "inner": inner})


def of_covariates(names: Iterable[object]) -> Message:
    """The place of the covariates together."""
    return worded("covariates {names}", {"names": ", ".join(map(str, names))})


def unknown(what: str, argument: str, given: object, choices: Iterable[str]) -> list[Problem]:
    """The problem of an argument that is none of its choices, in the words `what`; none where it is
    one.
    """
    allowed = tuple(choices)
    if isinstance(given, str) and given in allowed:
        return []
    return [
        Problem(
            what,
            of_argument(argument),
            worded("one of {choices}", {"choices": ", ".join(map(repr, allowed))}),
            repr(given),
        )
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
    values = {
        "who": as_name(problem.who),
        "what": as_message(problem.what, "reason"),
        "where": as_name(problem.where),
        "expected": as_message(problem.expected, "reason"),
        "got": as_name(problem.got),
    }
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

    @classmethod
    def refuse(cls, problems: Iterable[Problem]) -> None:
        """Raise all problems as one error, where there are any."""
        found = tuple(problems)
        if found:
            raise cls(found)

    @property
    def message(self) -> Message:
        """All problems as a message, each in a line of its own."""
        return listed([problem.message for problem in self.problems], "\n", "reason")

    @property
    def reason(self) -> Message:
        """The problems as the reason for which there is no number (`Problem.reason`)."""
        return listed([problem.reason for problem in self.problems], " ", "reason")

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


NARROWER = (
    "Keep the columns and rows that are needed, and export them again; large files are best as"
    " .parquet."
)


def beyond(what: str, name: str, most: int, unit: str, got: str) -> InputError:
    """The error of a file beyond a limit."""
    return InputError(
        Problem(
            what=what,
            where=name,
            expected=worded("at most {most:,} {unit}", {"most": most, "unit": as_message(unit)}),
            got=got,
            fix=NARROWER,
        )
    )


def too_many(what: str, name: str, most: int, got: str) -> InputError:
    words = worded("the table has too many {what}", {"what": as_message(what)})
    return beyond(words, name, most, what, got)
