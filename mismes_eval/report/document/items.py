"""What stands in a chapter besides tables: pictures and sentences that refer to cells.

None holds a number. A picture is drawn, with the file of its numbers and its alternative text, from
the published cells it is given; a sentence is said where every cell that it names is shown, or is
counted from those that are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from mismes_eval.report.document.cells import CellKey, Published, PublishedCell
from mismes_eval.report.document.estimated_cells import CARRIED
from mismes_eval.report.document.language import Language
from mismes_eval.report.document.tables import TextTable
from mismes_eval.report.figures import Figure

Part = Literal["value", "se", "ci_low", "ci_high", "n"]


def no_cells() -> pd.DataFrame:
    return pd.DataFrame(columns=list(CARRIED))


def keys_of(table: str, cells: pd.DataFrame) -> list[CellKey]:
    """The places of the cells of a table, picture or sentence."""
    places = zip(cells["row"], cells["column"], strict=True)
    return [CellKey(table, str(row), str(column)) for row, column in places]


@dataclass(frozen=True)
class PictureSpec:
    """A picture, or a table of words, before anything is drawn.

    cells : cells of its own, which no table has.
    refers : cells of tables, by their place.
    draw : published cells (a frame with table and COLUMNS: its own, then those it refers to; a
        hidden cell has no number) -> the figure or table of words, or the sentence that stands in
        its place.
    """

    id: str
    title: str
    draw: Callable[[pd.DataFrame], Figure | TextTable | str]
    cells: pd.DataFrame = field(default_factory=no_cells)
    refers: tuple[CellKey, ...] = ()

    def drawn(self, published: Published) -> Figure | TextTable | str:
        """The picture of what is published."""
        return self.draw(published.of([*keys_of(self.id, self.cells), *self.refers]))


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a cell inside a sentence. digits: decimals shown, None for the number itself,
    which the template formats.
    """

    key: CellKey
    part: Part = "value"
    scale: float = 1.0
    digits: int | None = None

    def said(self, cell: PublishedCell, t: Language) -> str | float | int:
        value = float(getattr(cell, self.part)) * self.scale
        if self.digits is not None:
            return t.number(value, self.digits)
        return int(value) if value.is_integer() else value


class Said(str):
    """A sentence, and the places of the cells whose numbers stand in it."""

    __slots__ = ("cells",)
    cells: tuple[CellKey, ...]

    @classmethod
    def of(cls, text: str, cells: Iterable[CellKey]) -> Said:
        """The sentence with its cells."""
        said = cls(text)
        said.cells = tuple(dict.fromkeys(cells))
        return said


@dataclass(frozen=True)
class SentenceSpec:
    """A sentence with numbers of cells in it.

    template : an entry of the catalogue with {names}.
    numbers : name -> the number of a cell.
    words : name -> text in the report's language.
    otherwise : what is said, with `words` alone, where a cell is hidden; "": nothing.
    id, cells : cells of its own, which no table has.
    """

    template: str
    numbers: Mapping[str, Number]
    words: Mapping[str, object] = field(default_factory=dict)
    otherwise: str = ""
    id: str = ""
    cells: pd.DataFrame = field(default_factory=no_cells)

    def text(self, published: Published, t: Language) -> str:
        """The sentence in the language of the report."""
        cells = {name: published.cells.get(n.key) for name, n in self.numbers.items()}
        numbers = {
            name: self.numbers[name].said(cell, t)
            for name, cell in cells.items()
            if cell is not None and cell.shown and _has(cell, self.numbers[name].part)
        }
        if len(numbers) == len(self.numbers):
            text = t(self.template, **self.words, **numbers)
            return Said.of(text, (number.key for number in self.numbers.values()))
        return t(self.otherwise, **self.words) if self.otherwise else ""


@dataclass(frozen=True)
class SummarySpec:
    """A sentence that is counted or picked from cells, or that follows from their interval.

    refers : the cells.
    say : the published ones (a frame with table and COLUMNS; a hidden cell has no number) -> the
        sentence in the report's language, "" for none.
    id, cells : cells of its own, which no table has.
    """

    refers: tuple[CellKey, ...]
    say: Callable[[pd.DataFrame], str]
    id: str = ""
    cells: pd.DataFrame = field(default_factory=no_cells)

    def text(self, published: Published, t: Language) -> str:
        """The sentence, with the places of its cells."""
        keys = (*self.refers, *keys_of(self.id, self.cells))
        return Said.of(self.say(published.of(keys)), keys)


def _has(cell: PublishedCell, part: Part) -> bool:
    """Whether the number is there: it is not NaN."""
    return not math.isnan(float(getattr(cell, part)))
