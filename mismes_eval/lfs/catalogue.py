"""The list of indicators: id, words for the table, columns needed. Read from indicators.csv."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from mismes_eval.errors import EstimateError, Problem, worded
from mismes_eval.frame.codes import packaged_rows
from mismes_eval.weighting.read_once import absent, once


@dataclass(frozen=True)
class Indicator:
    """needs : columns the indicator reads, each a tuple of alternatives.  minimum_n : fewest
    unweighted rows that a table publishes.
    """

    id: str
    title: str
    unit: str
    universe: str
    definition: str
    needs: tuple[tuple[str, ...], ...]
    minimum_n: int
    source: str

    def lacking(self, frame: pd.DataFrame) -> list[str]:
        """What the frame does not have, one entry a need; a column without a single value counts as
        lacking.
        """
        return [
            " or ".join(names)
            for names in self.needs
            if not any(
                name in frame.columns and not once(frame, name, absent).all() for name in names
            )
        ]


@cache
def catalogue() -> dict[str, Indicator]:
    """All indicators by id."""
    return {row["id"]: _indicator(row) for row in packaged_rows("lfs/indicators.csv")}


def _indicator(row: dict[str, str]) -> Indicator:
    needs = tuple(tuple(n.split("|")) for n in row["needs"].split(";") if n)
    return Indicator(
        id=row["id"],
        title=row["title"],
        unit=row["unit"],
        universe=row["universe"],
        definition=row["definition"],
        needs=needs,
        minimum_n=int(row["minimum_n"]),
        source=row["source"],
    )


def chosen(which: str | Sequence[str] | None) -> list[Indicator]:
    """Indicators by id, in catalogue order; "L3" names L3 and every L3.<part>. None: all."""
    table = catalogue()
    if which is None:
        return list(table.values())
    asked = [which] if isinstance(which, str) else list(which)
    found = {
        asked_id: [i for i in table if i == asked_id or i.startswith(f"{asked_id}.")]
        for asked_id in asked
    }
    EstimateError.refuse(
        Problem(
            "no such indicator",
            worded("which '{asked_id}'", {"asked_id": asked_id}),
            worded("ids among {table}", {"table": ", ".join(table)}),
        )
        for asked_id, ids in found.items()
        if not ids
    )
    ids = {i for some in found.values() for i in some}
    return [table[i] for i in table if i in ids]
