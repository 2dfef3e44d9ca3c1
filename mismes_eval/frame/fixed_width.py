"""Text whose columns stand at fixed places of the line, as a record layout says: a table with the
first and the last place of each column and the decimals that its digits imply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, in_place, worded
from mismes_eval.frame.limits import check_table
from mismes_eval.frame.outside import table_of

HEADS = ("name", "first", "last")
DECIMALS = "decimals"
PLACE = re.compile(r"[1-9]\d{0,5}")
DIGITS = re.compile(r"([+-]?)(\d+)")
MOST_DECIMALS = 12


@dataclass(frozen=True, slots=True)
class Field:
    """A column: the places of its first and last letter, counted from 1; decimals: how many of its
    digits stand behind a point that is not written.
    """

    name: str
    first: int
    last: int
    decimals: int = 0


def read_layout(path: Path) -> tuple[Field, ...]:
    """The record layout in a table with columns name, first, last and, where there are any,
    decimals.

    Raises
    ------
    InputError : everything that is wrong with it.
    """
    table = table_of(path)
    lost = [head for head in HEADS if head not in table.columns]
    if lost:
        raise InputError(
            [
                Problem(
                    "a record layout lacks a column",
                    in_place(path.name, in_column(head)),
                    "name, first, last, and decimals where digits behind the point are implied",
                )
                for head in lost
            ]
        )
    decimals = table[DECIMALS] if DECIMALS in table.columns else pd.Series("", table.index)
    rows = list(zip(*(table[head] for head in HEADS), decimals, strict=True))
    if problems := list(_wrong(rows, path.name)):
        raise InputError(problems)
    return tuple(Field(n, int(first), int(last), int(d or 0)) for n, first, last, d in rows)


def _wrong(rows: Sequence[tuple[str, str, str, str]], file: str) -> Iterator[Problem]:
    if not rows:
        yield Problem("the record layout is empty", file, "one row a column")
    seen: set[str] = set()
    for number, (name, first, last, decimals) in enumerate(rows, start=2):
        where = worded("{file}, row {row}", {"file": file, "row": number})
        if not name or name in seen:
            yield Problem("a column without a name of its own", where, "each once", name)
        seen.add(name)
        if not (PLACE.fullmatch(first) and PLACE.fullmatch(last) and int(first) <= int(last)):
            expected = "first and last place of the line, counted from 1"
            yield Problem("places that are none", where, expected, f"{first}, {last}")
        if decimals and not (decimals.isdecimal() and int(decimals) <= MOST_DECIMALS):
            yield Problem("decimals that are no number", where, "0 to 12", decimals)


def read_fixed(text: str, name: str, fields: Sequence[Field]) -> pd.DataFrame:
    """Text cells of a file by the places of its layout; blanks are missing.

    Raises
    ------
    InputError : lines that end inside a column, digits that are none where decimals are implied.
    """
    lines = pd.Series(text.splitlines(), dtype="str")
    lines = lines[lines.str.strip() != ""]
    check_table(len(lines), len(fields), name)
    length = lines.str.len()
    columns, problems = dict[str, pd.Series](), list[Problem]()
    for field in fields:
        cells = lines.str.slice(field.first - 1, field.last).str.strip()
        cut = (length >= field.first) & (length < field.last)
        if cut.any() or (length < field.first).all():
            problems.append(_cut(field, name, cut | (length < field.first)))
        columns[field.name] = cells.where(cells != "")
    if problems:
        raise InputError(problems)
    frame = pd.DataFrame(columns).reset_index(drop=True)
    return frame.assign(**{f.name: _scaled(frame[f.name], f) for f in fields if f.decimals})


def _cut(field: Field, name: str, cut: pd.Series) -> Problem:
    return Problem(
        what="lines end inside a column of the layout",
        where=in_place(name, in_column(field.name)),
        expected=worded("places {first} to {last}", {"first": field.first, "last": field.last}),
        fix="Compare the layout with the office's; fetch the file again where it is truncated.",
    ).in_rows(cut.index[cut] + 1)


def _scaled(cells: pd.Series, field: Field) -> pd.Series:
    """Digits with the point that the layout implies; a number with a point keeps its own."""
    found = cells.str.extract(DIGITS.pattern + "$")
    whole = cells.str.fullmatch(DIGITS.pattern).fillna(False).astype(bool)
    digits = found[1].str.zfill(field.decimals + 1)
    pointed = found[0] + digits.str[: -field.decimals] + "." + digits.str[-field.decimals :]
    return cells.mask(whole, pointed)
