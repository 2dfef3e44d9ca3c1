"""What is asked for, what becomes of it, and how a run that did not end well is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mismes_eval.errors import ParamsError, Problem

Status = Literal["made", "unchanged", "failed"]
Progress = Callable[[str, str], None]
NOTEBOOK, PAGE, WORD = "report.ipynb", "report.html", "report.docx"
FAILED = ".failed"  # folder of what is left of runs that failed, for their user alone
CELL_SECONDS = 900


@dataclass(frozen=True)
class Order:
    """One report to make. name: its folder below `out`. params: the YAML file. pdf: print the page
    as well. docx: write a Word document as well. started: the moment that page and manifest state;
    None: now. earlier: the folder of a report that was published before, with which this one may
    not tell of few persons; None: what stands at its place is compared, and said.
    """

    name: str
    params: Path
    notebook: Path
    out: Path
    data_root: Path | None = None
    cell_seconds: int = CELL_SECONDS
    force: bool = False
    pdf: bool = False
    docx: bool = False
    started: str | None = None
    earlier: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of an order. folder: where the report is, whole ("made", "unchanged"); None where
    it failed. cautions: what the maker of a report must know before it is given to others.
    exit_status: 2 where the input is to blame, 1 otherwise.
    """

    name: str
    status: Status
    seconds: float
    folder: Path | None = None
    problems: tuple[Problem, ...] = ()
    exit_status: int = 0
    failed_notebook: Path | None = None
    cautions: tuple[Problem, ...] = ()


class Failed(Exception):
    """A notebook that did not end well; the notebook is kept for reading."""

    def __init__(
        self, problems: Sequence[Problem], exit_status: int, notebook: Path | None
    ) -> None:
        super().__init__()
        self.problems, self.exit_status, self.notebook = tuple(problems), exit_status, notebook


def distinct(orders: Sequence[Order]) -> None:
    """Raise ParamsError where two orders would write one folder."""
    if len({order.name for order in orders}) != len(orders):
        count = Counter(order.name for order in orders)
        twice = sorted(name for name in count if count[name] > 1)
        raise ParamsError(
            Problem("two reports have one name", ", ".join(twice), "every params file name once")
        )
