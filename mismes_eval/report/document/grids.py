"""Tables, figures and sentences of a report as blocks: the same texts as on its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mismes_eval.report.document.blocks import (
    Block,
    Grid,
    Line,
    Paragraph,
    Picture,
    Run,
    numbered,
    tag_of_cell,
    tag_of_sentence,
)
from mismes_eval.report.document.items import Said
from mismes_eval.report.document.language import Language
from mismes_eval.report.document.plain import printable
from mismes_eval.report.document.tables import (
    HIDDEN,
    Table,
    TextTable,
    columns_with_n,
    footnotes,
    n_hidden,
    pieces,
    scale_of,
)
from mismes_eval.report.figures import Figure

MARK = "SYNTHETIC DATA: made-up persons and measures, no finding about the real country."
Shown = Table | TextTable | Figure | str


def block_of(item: Shown, t: Language) -> Block:
    """One item of a chapter, in the report's language."""
    if isinstance(item, str):
        return Paragraph(_sentence(item))
    if isinstance(item, Figure):
        return _picture(item.in_language(t), t)
    if isinstance(item, TextTable):
        return _words(item.in_language(t), t)
    return _numbers(item.in_language(t), t)


def _picture(figure: Figure, t: Language) -> Picture:
    notes = list(figure.notes)
    if figure.source:
        notes.append(t("Source: {source}", source=figure.source))
    return Picture(
        id=figure.id,
        title=printable(figure.title),
        alt=printable(figure.alt),
        notes=_notes(figure.id, notes, figure.synthetic, t),
    )


def _words(table: TextTable, t: Language) -> Grid:
    rows = []
    for line in table.frame.itertuples(index=False):
        first, *rest = map(str, line)
        place = f"{table.id}, {first}"
        rows.append(
            ((Run(printable(first)),), *(numbered(printable(item), place) for item in rest))
        )
    return Grid(
        id=table.id,
        title=printable(table.title),
        heads=tuple(printable(str(column)) for column in table.frame.columns),
        rows=tuple(rows),
        notes=_notes(table.id, footnotes(table, t), table.synthetic, t),
        numbers=False,
    )


def _numbers(table: Table, t: Language) -> Grid:
    with_n = columns_with_n(table)
    heads = [t("Group")]
    for column in table.columns:
        heads += [printable(column), "n"] if column in with_n else [printable(column)]
    cells = {(cell["row"], cell["column"]): cell for cell in table.records}
    rows = []
    for row in table.rows:
        line: list[Line] = [(Run(printable(row)),)]
        for column in table.columns:
            cell = cells.get((row, column))
            line.append(() if cell is None else _cell(table, cell, t))
            if column in with_n:
                line.append(() if cell is None else (_count(table, cell, t),))
        rows.append(tuple(line))
    return Grid(
        id=table.id,
        title=printable(table.title),
        heads=tuple(heads),
        rows=tuple(rows),
        notes=_notes(table.id, footnotes(table, t), table.synthetic, t),
    )


def _cell(table: Table, cell: Mapping[Any, Any], t: Language) -> Line:
    """A number, its error and its interval, each a run of its own, with the signs between."""
    scale, digits = scale_of(table, cell)
    hidden = str(cell["status"]) != "shown"
    return tuple(
        Run(piece.text, *_place(table, cell, piece.part), hidden=hidden)
        if piece.part
        else Run(piece.text)
        for piece in pieces(cell, scale, digits, t, table.intervals)
    )


def _count(table: Table, cell: Mapping[Any, Any], t: Language) -> Run:
    hidden = n_hidden(cell)
    text = HIDDEN if hidden else t.number(cell["n"], 0)
    return Run(text, *_place(table, cell, "n"), hidden=hidden)


def _place(table: Table, cell: Mapping[Any, Any], part: str) -> tuple[str, str]:
    """The tag of a number, and its place in words."""
    row, column = str(cell["row"]), str(cell["column"])
    return tag_of_cell(table.id, row, column, part), f"{table.id}, {row} / {column}, {part}"


def _notes(id: str, notes: list[str], synthetic: bool, t: Language) -> tuple[Line, ...]:
    told = [t(MARK), *notes] if synthetic else notes
    return tuple(numbered(printable(note), id) for note in dict.fromkeys(told))


def finding_block(finding: tuple[str, str]) -> Paragraph:
    """A finding of the first page: its sentence, and the table that it is read from."""
    text, anchor = finding
    return Paragraph(_sentence(text), "bullet", anchor)


def _sentence(text: str) -> Line:
    """A sentence whose numbers are fields with the place of the cell that they are of."""
    if not isinstance(text, Said) or not text.cells:
        return numbered(printable(text))
    first = text.cells[0]
    where = "; ".join(f"{cell.table}, {cell.row} / {cell.column}" for cell in text.cells)
    return numbered(printable(text), where, tag_of_sentence(first.table, first.row, first.column))
