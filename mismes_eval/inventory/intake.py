"""What came in from a register: records accepted, refused and outside, which always add up to the
records read, and every cell that was refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import check, problem_frame, template
from mismes_eval.inventory.balance import Balance
from mismes_eval.inventory.export import to_excel

ISSUES = ("record", "field", "value", "what", "done")


@dataclass(frozen=True)
class Intake:
    """Records of another register in the columns of the inventory template.

    frame : accepted records, one row a record and country (`record` is the register's own
        identifier).
    refused : record, reason.  outside : records that the selection leaves out (record, reason).
    issues : record, field, value, what, done: every cell that was refused or read in another way;
        nothing is dropped silently.
    read : records in the file.  sources : name, sha256, rows.  balance : where every record and
        every amount went.
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
        accepted = self.frame["record"].nunique() if len(self.frame) else 0
        if accepted + len(self.refused) + len(self.outside) != self.read:
            got = worded(
                "{accepted} accepted + {refused} refused + {outside} outside",
                {"accepted": accepted, "refused": len(self.refused), "outside": len(self.outside)},
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
    def counts(self) -> pd.DataFrame:
        """Records read, accepted, refused, outside the selection; rows made; cells that were
        refused or read in another way.
        """
        accepted = self.frame["record"].nunique() if len(self.frame) else 0
        values = {
            "records read": self.read,
            "accepted": accepted,
            "refused": len(self.refused),
            "outside the selection": len(self.outside),
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
        known = set(template("inventory").names)
        return self.frame[
            [
                column
                for column in self.frame
                if column in known or column in ("record", "allocation")
            ]
        ].reset_index(drop=True)

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


def issue_frame(issues: list[tuple[str, str, str, str, str]]) -> pd.DataFrame:
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
