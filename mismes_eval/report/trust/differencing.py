"""Two publications of one country, one taken from the other: whoever keeps last quarter's report and
this one knows what the persons between them answered, where they are few.

The attack reads published numbers only, as anybody can: the numbers of persons behind the cells that
stand in both. A cell whose number of persons changed by 1 to `least` - 1 tells of that few persons. What nobody can see from two reports (who left and who came in equal numbers,
which groups hold which others) is not looked for here; within one report, protection compares sets
of persons and needs no guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mismes_eval.errors import ParamsError, Problem, named
from mismes_eval.report.trust.provenance import ESTIMATES, MANIFEST, read_results


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell of which two publications tell another, small number of persons apart."""

    table: str
    row: str
    column: str
    earlier: int
    now: int

    def __str__(self) -> str:
        where = " / ".join(part for part in (self.table, self.row, self.column) if part)
        return f"{where} ({self.earlier:,} then, {self.now:,} now)"


def differences(earlier: Path, now: Path, least: int) -> list[Difference]:
    """Cells of two report folders whose numbers of persons differ by 1 to least - 1.

    Raises
    ------
    ParamsError : a folder is no report, or the reports are of two countries.
    """
    then, today = _results(earlier), _results(now)
    countries = then.get("country"), today.get("country")
    if countries[0] != countries[1]:
        raise ParamsError(
            Problem(
                "the earlier publication is of another country",
                str(earlier),
                str(countries[1]),
                str(countries[0]),
            )
        )
    before, after = _persons(then), _persons(today)
    return [
        Difference(*key, earlier=before[key], now=number)
        for key, number in after.items()
        if key in before and 0 < abs(number - before[key]) < least
    ]


def told(found: list[Difference], earlier: Path, least: int) -> Problem:
    """The problem of cells that two publications together tell too much of."""
    return Problem(
        "with the earlier publication this one tells what few persons answered",
        str(earlier),
        f"numbers of persons that are the same, or differ by {least} or more",
        f"{len(found):,} cells that differ by fewer: {named(found)}",
        "Where the earlier report was given to others, keep this one back until more persons are in"
        " it, or leave those tables out.",
    )


def stands_at(folder: Path) -> bool:
    """Whether a folder holds a report."""
    return (folder / MANIFEST).is_file() and (folder / ESTIMATES).is_file()


def _results(folder: Path) -> dict[str, object]:
    record = read_results(folder)
    if not isinstance(record.get("estimates"), list):
        raise ParamsError(Problem("the earlier publication is no report", str(folder)))
    return record


def _persons(results: dict[str, object]) -> dict[tuple[str, str, str], int]:
    """(table, row, column) -> how many persons stand behind a cell that shows a value."""
    estimates = results["estimates"]
    cells = estimates if isinstance(estimates, list) else []
    return {
        (str(cell["table"]), str(cell["row"]), str(cell["column"])): int(cell["n"])
        for cell in cells
        if cell.get("n") is not None and cell.get("value") is not None
    }
