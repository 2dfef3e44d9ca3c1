"""Two publications of one country, one taken from the other: whoever keeps last quarter's report
and this one knows what the persons between them answered, where they are few.

The attack reads published numbers only, as anybody can: the numbers of persons behind the cells,
and counts of persons. A cell whose number changed by 1 to `least` - 1 tells of that few persons; so
does a base in the one and a base of the other that holds it, where nobody came or went in what both
show. What nobody can see from two reports (who left and who came in equal numbers) is not looked
for here; within one report, protection compares sets of persons and needs no guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mismes_eval.errors import ParamsError, Problem, named, worded
from mismes_eval.report.trust.provenance import ESTIMATES, MANIFEST, read_results
from mismes_eval.report.trust.published_edits import Record, moves
from mismes_eval.report.trust.published_sums import (
    Cell,
    Union,
    bases,
    learned,
    lines,
    unchanged,
    unions,
    unmasked,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell of which two publications tell another, small number of persons apart, or several
    cells together (row and column then name each once). moved: persons whose answers make the
    change of its value, where the number of persons is the same.
    """

    table: str
    row: str
    column: str
    earlier: int
    now: int
    moved: float = 0.0

    def __str__(self) -> str:
        where = " / ".join(part for part in (self.table, self.row, self.column) if part)
        if self.moved:
            return f"{where} (moved by {self.moved:.1f} of {self.now:,} persons)"
        if self.earlier == self.now:
            return f"{where} ({self.now:,}, hidden in both)"
        return f"{where} ({self.earlier:,} then, {self.now:,} now)"


def differences(earlier: Path, now: Path, least: int) -> list[Difference]:
    """Cells of two report folders, and sums of cells, whose numbers of persons differ by 1 to least
    - 1; cells of as few persons that both hide and that the two together give; cells whose value
    moved by what as few persons make.

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
    records, records_now = _cells(then), _cells(today)
    before, after = _persons(records), _persons(records_now)
    out = []
    for cell, n in after.items():
        then_n = before.get(cell)
        if n is not None and then_n is not None and 0 < abs(n - then_n) < least:
            out.append(Difference(*cell, earlier=then_n, now=n))
    pairs = [(records[cell], now) for cell, now in records_now.items() if cell in records]
    out += [
        Difference(*place, earlier=n, now=n, moved=persons)
        for place, n, persons in moves(pairs, least)
    ]
    return list(dict.fromkeys([*out, *_together(before, after, least)]))


def _together(
    before: Mapping[Cell, int | None], after: Mapping[Cell, int | None], least: int
) -> Iterator[Difference]:
    """What sums of cells of both tell of cells that one of them hides, and a base that only the one
    shows of a base that only the other does.
    """
    every = lines(before, after)
    sums = learned(every)
    for line in every:
        for found in unions(line, sums):
            if 0 < abs(found.now - found.earlier) < least:
                yield _difference(found)
    for line in unchanged(every):
        for found in unmasked(line, sums):
            if 0 < found.now < least:
                yield _difference(found)
    for one, other in bases(before, after, sums):
        then, now = before[one], after[other]
        if then is not None and now is not None and 0 < abs(now - then) < least:
            yield Difference(
                table=one[0],
                row=f"{one[1]} / {one[2]}, and {other[0]}",
                column=f"{other[1]} / {other[2]}",
                earlier=then,
                now=now,
            )


def _difference(found: Union) -> Difference:
    tables, rows, columns = (list(dict.fromkeys(part)) for part in zip(*found.cells, strict=True))
    return Difference(
        table=tables[0],
        row=" + ".join(rows),
        column=" + ".join(columns),
        earlier=found.earlier,
        now=found.now,
    )


def told(found: list[Difference], earlier: Path, least: int) -> Problem:
    """The problem of cells that two publications together tell too much of."""
    return Problem(
        what="with the earlier publication this one tells what few persons answered",
        where=str(earlier),
        expected=worded(
            "the same numbers of persons and values, or {least} persons or more between them, and the same cells hidden",
            {"least": least},
        ),
        got=worded(
            "{found:,} cells or sums of cells that tell of fewer: {telling}",
            {"found": len(found), "telling": named(found)},
        ),
        fix="Where the earlier report was given to others, keep this one back until more persons are in"
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


def _cells(results: Mapping[str, object]) -> dict[Cell, Record]:
    """(table, row, column) -> a cell as it is published. A name that comes again gets its place."""
    estimates = results["estimates"]
    out: dict[Cell, Record] = {}
    for cell in estimates if isinstance(estimates, list) else []:
        table, row, column = (_name(cell.get(part, "")) for part in ("table", "row", "column"))
        name = row
        count = 1
        while (table, name, column) in out:
            count += 1
            name = f"{row} ({count})"
        out[table, name, column] = cell
    return out


def _persons(cells: Mapping[Cell, Record]) -> dict[Cell, int | None]:
    """How many persons stand behind a cell or are counted in it; None where the number is not
    printed. Numbers of measures, or of the register, are none.
    """
    return {
        place: _number(cell)
        for place, cell in cells.items()
        if cell.get("kind") != "count" or cell.get("unit") == "persons"
    }


def _name(label: object) -> str:
    """A label with one kind of apostrophe and of space: what is set otherwise is no other cell."""
    return " ".join(str(label).replace("\u2019", "'").split())


def _number(cell: Record) -> int | None:
    """The persons that a cell prints. An n is printed beside a value that is too uncertain to be
    shown as well.
    """
    if cell.get("kind") == "count":
        value = cell.get("value")
        return int(value) if isinstance(value, int | float) and value == int(value) else None
    n = cell.get("n")
    return int(n) if isinstance(n, int | float) else None
