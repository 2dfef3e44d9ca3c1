"""Text whose columns stand at fixed places of the line, as a record layout says: a table with the
first and the last place of each column and the decimals that its digits imply, or the program of
another package that reads the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, in_place, worded
from mismes_eval.frame.delimited import decode
from mismes_eval.frame.limits import check_table
from mismes_eval.frame.outside import bytes_of, table_of
from mismes_eval.frame.record_programs import PROGRAMS, Field, Layout, read_program

HEADS = ("name", "first", "last")
DECIMALS = "decimals"
PLACE = re.compile(r"[1-9]\d{0,5}")
DIGITS = re.compile(r"([+-]?)(\d+)")
MOST_DECIMALS = 12


def read_layout(path: Path, encoding: str) -> Layout:
    """The record layout in a table with columns name, first, last and, where there are any,
    decimals; or in a program of Stata, SAS or SPSS, in UTF-8 or else in `encoding`.

    Raises
    ------
    InputError : everything that is wrong with it.
    """
    if path.suffix.lower() in PROGRAMS:
        return _checked(read_program(_text(path, encoding), path.name), path.name)
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
    return Layout(tuple(Field(n, int(first), int(last), int(d or 0)) for n, first, last, d in rows))


def _text(path: Path, encoding: str) -> str:
    content = bytes_of(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return decode(content, path.name, encoding)


def _checked(layout: Layout, file: str) -> Layout:
    """The layout of a program, held to the same rules as a table."""
    rows = [(f.name, str(f.first), str(f.last), str(f.decimals)) for f in layout.fields]
    InputError.refuse(_wrong(rows, file))
    return layout


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


def read_fixed(text: str, name: str, layout: Layout) -> pd.DataFrame:
    """Text cells of a file by the places of its layout; blanks are missing.

    Raises
    ------
    InputError : lines that end inside a column, digits that are none where decimals are implied.
    """
    fields = layout.fields
    lines = pd.Series(text.splitlines(), dtype="str")
    lines = lines[lines.str.strip() != ""]
    check_table(len(lines), len(fields), name)
    length = lines.str.len()
    columns = dict[str, pd.Series]()
    problems = list[Problem]()
    for field in fields:
        cells = lines.str.slice(field.first - 1, field.last).str.strip()
        cut = (length >= field.first) & (length < field.last)
        if cut.any() or (length < field.first).all():
            problems.append(_cut(field, name, cut | (length < field.first)))
        columns[field.name] = cells.where(cells != "")
    if problems:
        raise InputError(problems)
    frame = pd.DataFrame(columns).reset_index(drop=True)
    said = [field for field in fields if field.decimals or field.kind]
    return frame.assign(**{field.name: _spelled_out(frame[field.name], field) for field in said})


def _cut(field: Field, name: str, cut: pd.Series) -> Problem:
    return Problem(
        what="lines end inside a column of the layout",
        where=in_place(name, in_column(field.name)),
        expected=worded("places {first} to {last}", {"first": field.first, "last": field.last}),
        fix="Compare the layout with the office's; fetch the file again where it is truncated.",
    ).in_rows(cut.index[cut] + 1)


def _spelled_out(cells: pd.Series, field: Field) -> pd.Series:
    """Numbers with the point that the layout implies and without the zeros that fill their places;
    one with a point keeps its own. A point alone is how programs write that there is none.
    """
    if field.kind == "text":
        return cells
    found = cells.str.extract(DIGITS.pattern + "$")
    whole = cells.str.fullmatch(DIGITS.pattern).fillna(False).astype(bool)
    digits = found[1].str.lstrip("0").str.zfill(field.decimals + 1)
    if field.decimals:
        digits = digits.str[: -field.decimals] + "." + digits.str[-field.decimals :]
    return cells.mask(whole, found[0] + digits).mask(cells == ".")
