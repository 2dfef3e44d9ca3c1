"""Cells of a table, made from estimates and counts: each with what is said of its number and of
whom it counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.report.document.cells import (
    COLUMNS,
    NOBODY,
    NUMBERS,
    STANDING,
    Persons,
    Standing,
    Status,
    counted_in,
    persons_behind,
    population,
    psus_behind,
)
from mismes_eval.report.document.rules import LEVEL_KINDS, Rules
from mismes_eval.report.document.tables import POOR, TEXTS, Table

# the unit of a number whose maker stated none
UNIT_OF_KIND = {"share": "share", "proportion": "share", "count": "number"}


CARRIED = (*COLUMNS, STANDING)
COUNTED = (*NUMBERS, "n")


def cells_of(
    items: Sequence[tuple[str, str, Estimate | NotEstimable]],
    rules: Rules,
    standing: Standing = NOBODY,
) -> pd.DataFrame:
    """Cells from (row, column, estimate) triples; an estimate with several values stands for its
    first. Reliability is decided by the rules; who stands behind a cell is read off its estimate.

    standing : what the numbers tell or compare besides the persons they print.
    """
    return frame_of(records_of(items, rules, standing))


def records_of(
    items: Sequence[tuple[str, str, Estimate | NotEstimable]],
    rules: Rules,
    standing: Standing = NOBODY,
) -> list[dict[str, object]]:
    """What `cells_of` makes a frame of: a mapping of its columns for each cell."""
    out = []
    for row, column, item in items:
        if isinstance(item, NotEstimable):
            out.append(_cell(row, column, definition=item.reason, status=Status.NOT_ESTIMABLE))
        else:
            told = [standing] * item.p
            out += _estimated(item, [row] * item.p, [column] * item.p, rules, told)[:1]
    return out


def cells_by(
    item: Estimate | NotEstimable,
    rules: Rules,
    rows: Sequence[str] | str,
    columns: Sequence[str] | str,
    standing: Sequence[Standing] = (),
) -> pd.DataFrame:
    """Cells of an estimate with several values: one row name and one column name a value (or one
    for all).

    standing : for each value, what it tells or compares besides the persons it prints.
    """
    if isinstance(item, NotEstimable):
        name, head = _first(rows), _first(columns)
        return frame_of([_cell(name, head, definition=item.reason, status=Status.NOT_ESTIMABLE)])
    names = [rows] * item.p if isinstance(rows, str) else list(rows)
    heads = [columns] * item.p if isinstance(columns, str) else list(columns)
    told = list(standing) or [NOBODY] * item.p
    return frame_of(_estimated(item, names, heads, rules, told))


def _first(names: Sequence[str] | str) -> str:
    return names if isinstance(names, str) else next(iter(names), "")


def frame_of(cells: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Cells as a frame with a row each. Its texts are kept as they are: a message stays one until
    it is put into a language.
    """
    columns: dict[str, object] = {}
    for name in CARRIED:
        told = [cell[name] for cell in cells]
        if name in (*TEXTS, STANDING):
            columns[name] = np.fromiter(told, object, len(cells))
        else:
            columns[name] = np.array(told, float) if cells and name in COUNTED else told
    return pd.DataFrame(columns)


def _estimated(
    item: Estimate,
    rows: Sequence[str],
    columns: Sequence[str],
    rules: Rules,
    standing: Sequence[Standing],
) -> list[dict[str, object]]:
    out = []
    columns_of = {name: column.tolist() for name, column in item.numbers().items()}
    for i in range(item.p):
        r = {name: column[i] for name, column in columns_of.items()}
        kind = item.kind
        n = float(item.n[i])
        weighted = float(r["value"]) if kind == "total" else np.inf
        certain = kind in ("proportion", "share", "ratio") and r["se"] == 0
        flag = "" if certain else rules.flag(kind, float(r["cv"]), weighted, item.doubtful_at(i))
        status = Status.UNRELIABLE if flag == POOR else Status.SHOWN
        if rules.confidential(kind, n):
            status = Status.CONFIDENTIAL
        numbers = {column: r[column] for column in (*NUMBERS, "n")}
        unit = item.unit or UNIT_OF_KIND.get(kind, "")
        words = {"kind": kind, "unit": unit, "definition": item.definition}
        sign = flag if status == Status.SHOWN else ""
        out.append(
            _cell(rows[i], columns[i], status=status)
            | numbers
            | words
            | {"flag": sign, STANDING: standing_of(item, i, standing[i])}
        )
    return out


def standing_of(item: Estimate, k: int = 0, given: Standing = NOBODY) -> Standing:
    """What is said of a number, with the persons that its estimate itself names."""
    if given.persons is not None:
        return given
    persons = persons_behind(item, k)
    unknown = persons is None and len(item.parts) == 1
    among = (population(item.parts[0].design),) if unknown else ()
    whole = given.whole
    if whole is None and given.tells and item.kind in LEVEL_KINDS:
        whole = persons
    tells = given.tells or counted_in(item, k)
    compares = tuple(arm if persons is None else arm.within(persons) for arm in given.compares)
    psus = psus_behind(item.parts[0].design, persons)
    told = replace(given, persons=persons, tells=tells, whole=whole, compares=compares)
    return replace(told, among=among, psus=psus)


def _cell(
    row: str,
    column: str,
    value: float = np.nan,
    kind: str = "",
    unit: str = "",
    definition: str = "",
    status: Status = Status.SHOWN,
    standing: Standing = NOBODY,
) -> dict[str, object]:
    """One cell of a number without an error of its own."""
    unit = unit or UNIT_OF_KIND.get(kind, "")
    words = {"flag": "", "kind": kind, "unit": unit, "definition": definition}
    place = {"row": row, "column": column, "value": value}
    empty = dict.fromkeys(CARRIED, np.nan)
    return {**empty, **place, **words, "status": str(status), STANDING: standing}


def counted(
    row: str, column: str, persons: Persons, scale: float = 1.0, unit: str = "persons"
) -> dict[str, object]:
    """The cell of a count of persons: hidden where they are few, known where they are none."""
    standing = Standing(tells=(persons,))
    return _cell(row, column, float(persons.n) * scale, kind="count", unit=unit, standing=standing)


def counts(
    id: str,
    title: str,
    frame: pd.DataFrame,
    source: str,
    notes: Sequence[str] = (),
    digits: int = 0,
    unit: str = "",
    synthetic: bool = False,
) -> Table:
    """A table of plain counts or amounts (a census of measures, a run's facts): index = rows,
    columns = columns, no sampling error.
    """
    cells = [
        _cell(
            str(row),
            str(column),
            float(value) if pd.notna(value) else np.nan,
            kind="count",
            unit=unit,
        )
        for row, line in zip(frame.index, frame.itertuples(index=False), strict=True)
        for column, value in zip(frame.columns, line, strict=True)
    ]
    return Table(
        id=id,
        title=title,
        cells=pd.DataFrame(cells, columns=list(COLUMNS)),
        source=source,
        notes=tuple(notes),
        digits=digits,
        synthetic=synthetic,
    )
