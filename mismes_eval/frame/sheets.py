"""Which sheet of a workbook is meant: several with data, or one that goes on from another, are named."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame.heads import LEAST, SHARED, find_head, same_shape

FEWEST_CELLS = 4  # in the first row of a sheet that goes on from another


@dataclass(frozen=True, slots=True)
class SheetRow:
    """number in the sheet, cells as values, kinds of the cells as openpyxl names them, place ->
    what a number is shown with.
    """

    number: int
    cells: tuple[object, ...]
    kinds: tuple[str, ...]
    signs: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """title, rows that hold something, merged ranges, day that the workbook counts dates from."""

    title: str
    rows: tuple[SheetRow, ...]
    merged: tuple[str, ...]
    epoch: Any


def chosen_sheet(
    sheets: Sequence[Sheet], name: str, asked: str | None, known: Collection[str]
) -> Sheet:
    """The sheet that is asked for; else the only one with data, or with the known names. Raises
    InputError where that is none or several.
    """
    titles = [sheet.title for sheet in sheets]
    if asked is not None:
        if asked not in titles:
            raise InputError(
                Problem(
                    "no such sheet",
                    worded("{name}: {asked}", {"name": name, "asked": asked}),
                    worded("one of {titles}", {"titles": ", ".join(titles)}),
                )
            )
        return sheets[titles.index(asked)]
    full = [sheet for sheet in sheets if sheet.rows or not known] or list(sheets[:1])
    alike = _alike(full, known) if known and len(full) > 1 else []
    if len(alike) > 1:
        counts = ", ".join(
            f"'{sheet.title}' with {_data_rows(sheet, known)} rows" for sheet in alike
        )
        raise InputError(
            Problem(
                what="several sheets of the same shape",
                where=name,
                expected="one sheet of data",
                got=counts,
                fix=worded(
                    'Put all rows on one sheet, delete the copy, or say which one is meant: sheet="{title}".',
                    {"title": alike[0].title},
                ),
            )
        )
    if len(alike) == 1:
        _refuse_rows_without_names(alike[0], full, name, known)
        return alike[0]
    if len(full) == 1:
        return full[0]
    raise InputError(
        Problem(
            what="several sheets",
            where=name,
            expected="the name of one",
            got=", ".join(titles),
            fix=worded('Say which, for instance sheet="{titles}".', {"titles": titles[0]}),
        )
    )


def _alike(sheets: Sequence[Sheet], known: Collection[str]) -> list[Sheet]:
    """The sheet with most of the known names and those of its shape; none where no sheet has two."""
    heads = {sheet.title: _head_names(sheet, known) for sheet in sheets}
    names = set(known)
    most = max(sheets, key=lambda s: len(names.intersection(heads[s.title])))
    if len(names.intersection(heads[most.title])) < LEAST:
        return []
    return [sheet for sheet in sheets if same_shape(heads[most.title], heads[sheet.title])]


def _refuse_rows_without_names(
    chosen: Sheet, sheets: Sequence[Sheet], name: str, known: Collection[str]
) -> None:
    """A further sheet as wide as the table, without names: its rows go on from the first."""
    width = len(_head_names(chosen, known))
    for sheet in sheets:
        if sheet is chosen or not sheet.rows:
            continue
        filled = sum(cell is not None for cell in sheet.rows[0].cells)
        nameless = not set(_head_names(sheet, known)) & set(known)
        if nameless and filled >= max(SHARED * width, FEWEST_CELLS):
            got = worded(
                "'{title}' with {rows} rows and no names",
                {"title": sheet.title, "rows": len(sheet.rows)},
            )
            raise InputError(
                Problem(
                    what="a further sheet of rows without the names of the columns",
                    where=name,
                    expected="one sheet of data",
                    got=got,
                    fix=worded(
                        'Put all rows on one sheet, or say which one is meant: sheet="{title}".',
                        {"title": chosen.title},
                    ),
                )
            )


def _head_names(sheet: Sheet, known: Collection[str]) -> list[str]:
    head = sheet.rows[find_head([row.cells for row in sheet.rows], known)]
    return [str(cell).strip() for cell in head.cells if cell is not None]


def _data_rows(sheet: Sheet, known: Collection[str]) -> int:
    return len(sheet.rows) - 1 - find_head([row.cells for row in sheet.rows], known)
