"""One base error: what is wrong, where, what was expected, what was found, how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


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
        text = self.what
        if self.where:
            text += f": {self.where}"
        text += "."
        if self.expected:
            text += f" Expected {self.expected}" + (f", got {self.got}." if self.got else ".")
        elif self.got:
            text += f" Got {self.got}."
        if self.count:
            shown = ", ".join(str(r) for r in self.rows[:5])
            text += f" {self.count} row{'s' if self.count != 1 else ''}" + (
                f", first: {shown}." if shown else "."
            )
        if self.fix:
            text += f" {self.fix}"
        return text


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


class DataWarning(MismesWarning):
    """A weakness of the data that does not stop the run."""
