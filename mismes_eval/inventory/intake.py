"""What came in from a register: records accepted, refused and outside, which always add up to the
records read, and every cell that was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import check, problem_frame, template
from mismes_eval.inventory.balance import Balance
from mismes_eval.inventory.export import to_excel
from mismes_eval.inventory.tree import comes_back

ISSUES = ("record", "field", "value", "what", "done")
Issue = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Intake:
    """Records of another register in the columns of the inventory template.

    frame : accepted records, one row a record and country (`record` is the register's own
        identifier).
    refused : record, reason.
    outside : records that the selection leaves out (record, reason). A record that is an older
        state of another is `merged` in the balance.
    issues : record, field, value, what, done: every cell that was refused or read in another way;
        nothing is dropped silently.
    read : records in the file.
    sources : name, sha256, rows.
    balance : where every record and every amount went.
    """

    frame: pd.DataFrame
    refused: pd.DataFrame
    outside: pd.DataFrame
    issues: pd.DataFrame
    read: int
    sources: pd.DataFrame
    register: str
    balance: Balance

    def __post_init__(self) -> None:
        counts = {
            "accepted": self.accepted,
            "refused": len(self.refused),
            "outside": len(self.outside),
            "merged": self.merged,
        }
        if sum(counts.values()) != self.read:
            got = worded(
                "{accepted} accepted + {refused} refused + {outside} outside + {merged} merged",
                counts,
            )
            raise InputError(
                Problem(
                    what="the counts of the import do not add up",
                    where=self.register,
                    expected=worded("{read} records", {"read": self.read}),
                    got=got,
                    fix="Records of the register share an identifier.",
                )
            )

    @property
    def accepted(self) -> int:
        """Records of which rows were made."""
        return int(self.frame["record"].nunique()) if len(self.frame) else 0

    @property
    def merged(self) -> int:
        """Records that are an older state of another."""
        return int((self.balance.records["fate"] == "merged").sum())

    @property
    def counts(self) -> pd.DataFrame:
        """Records read, accepted, refused, outside the selection; rows made; cells that were
        refused or read in another way.
        """
        values = {
            "records read": self.read,
            "accepted": self.accepted,
            "refused": len(self.refused),
            "outside the selection": len(self.outside),
            "merged": self.merged,
            "rows made": len(self.frame),
            "cells noted in issues": len(self.issues),
        }
        return pd.DataFrame({"what": list(values), "count": list(values.values())})

    @property
    def lacking(self) -> pd.DataFrame:
        """What a coder must still fill or correct before the records are an inventory: the
        validator's problems as a table.
        """
        return problem_frame(check(self._inventory_columns(), template("inventory")).problems)

    def _inventory_columns(self) -> pd.DataFrame:
        known = {*template("inventory").names, "record", "allocation"}
        kept = [column for column in self.frame if column in known]
        return self.frame[kept].reset_index(drop=True)

    def coded(self, coding: pd.DataFrame) -> Intake:
        """The same with a coder's decisions: a table of `record` and template columns; its cells
        fill and replace those of the records.

        Raises
        ------
        InputError : a record that is not there, a record twice, a column that the template does not
            have.
        """
        known = set(template("inventory").names)
        problems = [
            Problem("no such column in the template", str(column))
            for column in coding.columns
            if column not in known and column != "record"
        ]
        if "record" not in coding:
            raise InputError(
                Problem("missing column", "coding.record", "the register's own identifiers")
            )
        problems += [
            Problem("no such record", str(record))
            for record in coding["record"]
            if record not in set(self.frame["record"])
        ]
        problems += [
            Problem("a record stands twice", str(record))
            for record in coding.loc[coding["record"].duplicated(), "record"]
        ]
        InputError.refuse(problems)
        frame = self.frame.copy()
        table = coding.set_index("record")
        for column in table.columns:
            given = frame["record"].map(table[column])
            frame[column] = given.where(given.notna(), frame[column]) if column in frame else given
        return replace(self, frame=frame)

    def to_excel(self, path: str) -> None:
        """Records to code, with the counts and everything that was refused."""
        to_excel(
            {
                "measures": self.frame,
                "counts": self.counts,
                "balance": self.balance.to_frame(),
                "lacking": self.lacking,
                "issues": self.issues,
                "refused": self.refused,
                "outside": self.outside,
                "sources": self.sources,
            },
            path,
        )

    def _repr_html_(self) -> str:
        return self.balance._repr_html_() + self.lacking.to_html(index=False)


def issue_frame(issues: list[Issue]) -> pd.DataFrame:
    """Issues as a table."""
    return pd.DataFrame(issues, columns=list(ISSUES)).astype("str")


def numbered(frame: pd.DataFrame, start: Callable[[str], int] = lambda country: 1) -> pd.DataFrame:
    """measure_id {ISO3}-{NNN} in the order of the records, within each country from start(country)."""
    order = frame.groupby("country").cumcount()
    ids = [
        f"{country}-{start(country) + n:03d}" if isinstance(country, str) else None
        for country, n in zip(frame["country"], order, strict=True)
    ]
    return frame.assign(measure_id=pd.array(ids, dtype="str"))


def translated_parents(
    frame: pd.DataFrame,
    column: str,
    issues: list[Issue],
    records: Collection[str] = (),
) -> pd.DataFrame:
    """parent_id: the rows made of the records that a column names, in the same country, or in
    another where the parent has one row only; so a part never counts beside its whole.

    records : every identifier of the register, also those of which no row was made.
    """
    made = frame.groupby("record")["measure_id"].agg(list).to_dict()
    keys = zip(frame["record"], frame["country"], strict=True)
    places = dict(zip(keys, frame["measure_id"], strict=True))
    known = {*records, *made}
    parents = []
    for row in frame.to_dict("records"):
        written = row[column]
        name = written.strip() if isinstance(written, str) else ""
        whole = name.removesuffix(".0")
        parent = whole if name not in known and whole in known else name
        rows = made.get(parent, [])
        found = places.get((parent, row["country"])) or (rows[0] if len(rows) == 1 else None)
        if name and found is None:
            what = "no record of the register has this identifier"
            if parent in known:
                what = "the parent is not among the records of this country"
            issues.append((str(row["record"]), "parent_id", written, what, "left empty"))
        parents.append(found)
    above = dict(zip(frame["measure_id"], parents, strict=True))
    for place, start in enumerate(above):
        if comes_back(start, above):
            what = "parents that come back to the activity"
            written = str(frame[column].iloc[place])
            issues.append(
                (str(frame["record"].iloc[place]), "parent_id", written, what, "left out")
            )
            parents[place] = None
    return frame.assign(parent_id=pd.array(parents, dtype="str"))
