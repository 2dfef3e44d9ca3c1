"""Numbers in the words of people: `{T17.MDA-001.24.estimate}` stands for what a table shows there.

A reference is table, row, column and part, with dots between them; of a long name of a row or
column the first words are enough where only one begins so. What it becomes is read off published
cells, so that a hidden number cannot be quoted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Final, Literal

from mismes_eval.errors import Problem, named, worded
from mismes_eval.report.document.cells import CellKey, Published, PublishedCell, Status
from mismes_eval.report.document.language import Language
from mismes_eval.report.document.tables import Table, scale_of, shown

Part = Literal["estimate", "low", "high", "interval", "n"]
PARTS: Final[tuple[Part, ...]] = ("estimate", "low", "high", "interval", "n")
NEAREST = 3
HIDDEN_BECAUSE: Mapping[Status, str] = {
    Status.CONFIDENTIAL: "it is hidden: too few persons stand behind it",
    Status.SECONDARY: "it is hidden: it would give another number away",
    Status.UNRELIABLE: "it is hidden: its sampling error is too large",
    Status.NOT_ESTIMABLE: "it could not be estimated",
}
FORM = "table, row, column and part with dots between them, as in {T17.MDA-001.24.estimate}"


@dataclass(frozen=True, slots=True)
class Filled:
    """A reference with its number. text: the number as its table shows it; table: where it stands;
    place: row, column, unit and interval in words.
    """

    text: str
    table: str
    place: str


@dataclass(frozen=True, slots=True)
class Place:
    """The cell that a reference names, and which of its numbers."""

    key: CellKey
    part: Part


@dataclass(frozen=True)
class Quotable:
    """What can be quoted from a report: its tables with their published cells.

    aliases : name of a row in the report's language -> another name for it, the same in every
        language.
    main_row : the row that is meant where a reference to a table of effects names none.
    spoken : cell -> the ends of the interval with which the report speaks of it, where that is
        wider than the cell's own.
    """

    tables: Mapping[str, Table]
    published: Published
    t: Language
    aliases: Mapping[str, str] = field(default_factory=dict)
    main_row: str = ""
    spoken: Mapping[CellKey, tuple[float, float]] = field(default_factory=dict)

    def fill(self, reference: str, where: str) -> Filled | Problem:
        """The number that a reference stands for, or what is wrong with it. where: file and line."""
        at = worded("{where}, {{{reference}}}", {"where": where, "reference": reference})
        words = [part.strip() for part in reference.split(".")]
        if len(words) < 2 or not all(words):
            what = "a reference has another form"
            return Problem(what, at, FORM, fix=self._nearest(reference))
        places = self._places(words)
        if not places:
            what = "a reference names no cell of this report"
            return Problem(
                what=what,
                where=at,
                expected="a cell that a table shows",
                got=worded("none"),
                fix=self._nearest(reference),
            )
        if len({place.key for place in places}) > 1:
            what = "a reference names several cells"
            among = named(self.name_of(place.key) for place in places)
            return Problem(
                what=what,
                where=at,
                expected="one cell",
                got=among,
                fix="Write more of the row or the column.",
            )
        return self._number(places[0], at, reference)

    def name_of(self, key: CellKey) -> str:
        """The reference that stands for a cell."""
        return f"{{{key.table}.{slug(key.row)}.{slug(key.column)}.estimate}}"

    @cached_property
    def _cells(self) -> dict[str, list[PublishedCell]]:
        """Table -> its cells."""
        out: dict[str, list[PublishedCell]] = {}
        for cell in self.published:
            if cell.key.table in self.tables:
                out.setdefault(cell.key.table, []).append(cell)
        return out

    def _places(self, words: Sequence[str]) -> list[Place]:
        """The cells that the words may mean; the last word may be a part or a column of that name."""
        found = self._at(words, "estimate")
        last = words[-1].casefold()
        for part in PARTS:
            if part == last:
                found += self._at(words[:-1], part)
        distinct = dict.fromkeys(place.key for place in found)
        if len(distinct) > 1 or not found:
            return found
        return [next((p for p in found if p.part == last), found[0])]

    def _at(self, words: Sequence[str], part: Part) -> list[Place]:
        out: list[Place] = []
        for length in range(1, len(words)):
            name = slug("-".join(words[:length]))
            for table in (cell for cell in self._cells if slug(cell) == name):
                out += [Place(key, part) for key in self._keys(table, words[length:])]
        return out

    def _keys(self, table: str, words: Sequence[str]) -> list[CellKey]:
        """The cells of a table by row and column, or by one of them where the other is understood."""
        keys = [cell.key for cell in self._cells[table]]
        rows = list(dict.fromkeys(key.row for key in keys))
        columns = list(dict.fromkeys(key.column for key in keys))
        pairs: set[tuple[str, str]] = set()
        if len(words) == 2:
            pairs |= _pairs(self._named(words[0], rows), self._named(words[1], columns))
        elif len(words) == 1:
            if len(columns) == 1:
                pairs |= _pairs(self._named(words[0], rows), columns)
            understood = rows
            if len(rows) > 1:
                understood = [row for row in rows if row == self.main_row]
            pairs |= _pairs(understood, self._named(words[0], columns))
        return [key for key in keys if (key.row, key.column) in pairs]

    def _named(self, word: str, names: Sequence[str]) -> list[str]:
        """The names that a word stands for: the name itself, else those that begin with it."""
        wanted = slug(word)
        own = {name: self._names(name) for name in names}
        exact = [name for name, known in own.items() if wanted in known]
        if exact or not wanted:
            return exact
        begins = f"{wanted}-"
        return [
            name for name, known in own.items() if any(name.startswith(begins) for name in known)
        ]

    def _names(self, name: str) -> tuple[str, ...]:
        """A row or column as it may be called: as the page has it, in English, by its code."""
        shown_as = self.t.words.get(name, name)
        return tuple(slug(n) for n in (name, shown_as, self.aliases.get(name, name)))

    def _number(self, place: Place, at: str, reference: str) -> Filled | Problem:
        cell, table = self.published[place.key], self.tables[place.key.table]
        text = self._text(cell, table, place.part) if cell.shown else ""
        if text:
            return Filled(text, table.id, self._place(cell, table))
        because = HIDDEN_BECAUSE.get(cell.status, f"it has no {place.part}")
        what = "a reference names a number that is not shown"
        return Problem(
            what=what,
            where=at,
            expected="a cell that a table shows",
            got=because,
            fix=self._nearest(reference),
        )

    def _text(self, cell: PublishedCell, table: Table, part: Part) -> str:
        """One number of a cell as its table shows it; "" where the cell has none."""
        plain = _plain(cell)
        scale, digits = scale_of(table, plain)
        if part == "estimate":
            alone = {**plain, "se": math.nan}
            return shown(alone, scale, digits, self.t) if math.isfinite(cell.value) else ""
        if part == "n":
            return self.t.number(cell.n, 0) if math.isfinite(cell.n) else ""
        low, high = self.spoken.get(cell.key, (cell.ci_low, cell.ci_high))
        ends = {"low": low, "high": high}
        if not all(math.isfinite(end) for end in ends.values()):
            return ""
        said = {name: self.t.number(end * scale, max(digits, 1)) for name, end in ends.items()}
        if part != "interval":
            return said[part]
        return self.t("{lo} to {hi}", lo=said["low"], hi=said["high"])

    def _place(self, cell: PublishedCell, table: Table) -> str:
        """Where a number stands, in words."""
        text = self.t
        names = [name for name in (cell.key.row, cell.key.column) if name != "estimate"]
        words = [text.words.get(name, name) for name in names]
        unit = self._unit(cell, table)
        words += [text(unit)] if unit else []
        interval = self._text(cell, table, "interval")
        words += [text("95% interval {i}", i=interval)] if interval else []
        return f"{table.id}: {'; '.join(words)}"

    def _unit(self, cell: PublishedCell, table: Table) -> str:
        """The unit of a number as its table shows it: of shares times 100, per cent or points."""
        in_hundreds = cell.unit == "share" and scale_of(table, _plain(cell))[0] == 100.0
        if not in_hundreds:
            return cell.unit
        return "percentage points" if cell.kind == "effect" else "%"

    def _nearest(self, reference: str) -> str:
        """The names of shown cells that look most like a reference."""
        spelled = {
            slug(spelling): self.name_of(cell.key)
            for cells in self._cells.values()
            for cell in cells
            if cell.shown
            for spelling in self._spellings(cell.key)
        }
        close = get_close_matches(slug(reference), spelled, 2 * NEAREST, 0.3)
        names = list(dict.fromkeys(spelled[spelling] for spelling in close))[:NEAREST]
        return f"Nearest: {', '.join(names)}." if names else ""

    def _spellings(self, key: CellKey) -> list[str]:
        """How an author may have written a cell: with its row's name, its code, or no row."""
        rows = [key.row, self.aliases.get(key.row, key.row)]
        rows += [""] if key.row == self.main_row else []
        return [f"{key.table}.{row}.{key.column}.estimate" for row in rows]


def slug(text: str) -> str:
    """A name as it is written in a reference: small letters and digits, hyphens for the rest."""
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")


def _pairs(rows: Iterable[str], columns: Iterable[str]) -> set[tuple[str, str]]:
    names = list(columns)
    return {(row, column) for row in rows for column in names}


def _plain(cell: PublishedCell) -> dict[str, object]:
    """The cell as tables take it."""
    numbers = {name: getattr(cell, name) for name in ("value", "se", "ci_low", "ci_high", "n")}
    words = {"row": cell.key.row, "column": cell.key.column, "unit": cell.unit, "flag": cell.flag}
    return {**numbers, **words, "status": str(cell.status)}
