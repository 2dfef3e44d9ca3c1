"""The balance of an import: every record read, and every amount by currency, is accepted, refused,
outside the selection or merged, with its reason; what does not add up stops the import.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame.parse import THOUSANDS

FATES = ("accepted", "refused", "outside", "merged")
IN_ROWS = ""  # the reason of what stands in the rows that were made
CENT = 0.01
OF_ONE_RECORD = r" \([^)]*\)|: (?:code .*|[\d.]+)\Z"
PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)


@dataclass(frozen=True)
class Balance:
    """records: record, fate, reason; one row a record.  amounts: record, fate, reason, currency,
    amount; an amount that is divided has a row for each part.
    read: records in the source.
    money: currency -> sum of the amounts in the source, counted apart from `amounts`.

    Raises
    ------
    InputError : records or amounts of a currency that do not add up.
    """

    records: pd.DataFrame
    amounts: pd.DataFrame
    read: int
    money: Mapping[str, float]

    def __post_init__(self) -> None:
        lost_money = _differences(self.money, self._sums(self.amounts))
        InputError.refuse([*self._lost_records(), *lost_money])

    def _lost_records(self) -> list[Problem]:
        accounted = int(self.records["fate"].isin(FATES).sum())
        if accounted == self.read and not self.records["record"].duplicated().any():
            return []
        counts = self.records["fate"].value_counts()
        named = " + ".join(f"{int(counts.get(fate, 0))} {fate}" for fate in FATES)
        return [
            Problem(
                what="the records of the import do not add up",
                where="balance",
                expected=worded("{read} records", {"read": self.read}),
                got=named,
                fix="Records of the register share an identifier, or a record was lost.",
            )
        ]

    def held_by(self, frame: pd.DataFrame) -> Balance:
        """The balance itself, where the rows made hold the amounts that it calls accepted.

        Raises
        ------
        InputError : an amount that the rows have and the balance has not, or the other way.
        """
        InputError.refuse(self._lost_in(frame))
        return self

    def _lost_in(self, frame: pd.DataFrame) -> list[Problem]:
        made = {}
        if {"budget_total", "currency"} <= set(frame.columns):
            made = money_in(frame["budget_total"], frame["currency"])
        return _differences(self.accepted, made)

    def followed_by(self, later: Balance, frame: pd.DataFrame) -> Balance:
        """The balance of an import with what became of its rows: itself where they are all there
        with their amounts; else the rows as they are, beside what never became one.

        later : of the rows.
        frame : the rows that are there.
        """
        if later.records["fate"].eq("accepted").all() and not self._lost_in(frame):
            return self
        left = self.records[self.records["fate"] != "accepted"]
        in_rows = (self.amounts["fate"] == "accepted") & (self.amounts["reason"] == IN_ROWS)
        away = self.amounts[~in_rows]
        rest = Balance(left, away, len(left), self._sums(away))
        return joined([("import", rest), ("measures", later)])

    @staticmethod
    def _sums(amounts: pd.DataFrame) -> dict[str, float]:
        return {
            str(currency): math.fsum(part["amount"])
            for currency, part in amounts.groupby("currency")
        }

    @property
    def accepted(self) -> dict[str, float]:
        """Currency -> sum that stands in the rows made."""
        held = (self.amounts["fate"] == "accepted") & (self.amounts["reason"] == IN_ROWS)
        return self._sums(self.amounts[held])

    def of_fate(self, fate: str) -> pd.DataFrame:
        """record, reason, amounts (with their currencies) of the records of one fate."""
        rows = self.records[self.records["fate"] == fate]
        held = self.amounts[self.amounts["record"].isin(rows["record"])]
        written: dict[str, list[str]] = {}
        for record, amount, currency in held[["record", "amount", "currency"]].itertuples(
            index=False
        ):
            written.setdefault(record, []).append(f"{amount:,.2f} {currency}".strip())
        amounts = ["; ".join(written.get(record, [])) for record in rows["record"]]
        return rows[["record", "reason"]].assign(amounts=amounts).reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """One line a reason: line, reason, records (0: their records stand in another line), and
        a column of amounts for each currency; first what was read, last what is accounted for.
        """
        lines = [self._line("read", "", self.read, self.money)]
        for fate in FATES:
            of_fate = _by_kind(self.records[self.records["fate"] == fate])
            moved = _by_kind(self.amounts[self.amounts["fate"] == fate])
            reasons = dict.fromkeys([*of_fate["reason"], *moved["reason"]])
            lines += [
                self._line(
                    fate,
                    reason,
                    int((of_fate["reason"] == reason).sum()),
                    self._sums(moved[moved["reason"] == reason]),
                )
                for reason in reasons
            ]
        whole = self._sums(self.amounts)
        return pd.DataFrame([*lines, self._line("accounted for", "", len(self.records), whole)])

    def _line(
        self, line: str, reason: str, records: int, sums: Mapping[str, float]
    ) -> dict[str, object]:
        money = {
            currency or "no currency": sums.get(currency, 0.0) for currency in sorted(self.money)
        }
        return {"line": line, "reason": reason, "records": records, **money}

    def to_dict(self) -> dict[str, object]:
        """The lines, for JSON."""
        table = self.to_frame()
        named = ["line", "reason", "records"]
        lines = [
            {name: row[name] for name in named}
            | {"amounts": {name: row[name] for name in row if name not in named}}
            for row in table.to_dict("records")
        ]
        return {"holds": True, "lines": lines}

    def __str__(self) -> str:
        return self.to_frame().to_string(index=False, float_format="{:,.2f}".format)

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False, float_format="{:,.2f}".format)


def _by_kind(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with reasons that name nothing of one record: no list of its countries or numbers."""
    kinds = [re.sub(OF_ONE_RECORD, "", str(reason)) for reason in rows["reason"]]
    return rows.assign(reason=kinds)


def _differences(expected: Mapping[str, float], found: Mapping[str, float]) -> list[Problem]:
    return [
        Problem(
            what="the amounts of the import do not add up",
            where=worded("balance: {currency}", {"currency": currency or "no currency"}),
            expected=worded("{expected:,.2f}", {"expected": expected.get(currency, 0.0)}),
            got=worded("{found:,.2f}", {"found": found.get(currency, 0.0)}),
            fix="An amount was lost or counted twice on the way.",
        )
        for currency in sorted({*expected, *found})
        if not math.isclose(
            expected.get(currency, 0.0), found.get(currency, 0.0), rel_tol=1e-9, abs_tol=CENT
        )
    ]


def of_inventory(read: pd.DataFrame, frame: pd.DataFrame, merged: pd.DataFrame) -> Balance:
    """Where the measures that were read went: still there, merged by decision, or left out by a
    selection.

    read, frame : measure_id, budget_total and currency of the measures read and of those that are
        there.
    merged : keep, drop and filled, as `merge_decided` logs them.
    """
    there = set(frame["measure_id"])
    drops = {
        str(row["drop"]): "budget_total" in str(row["filled"]).split("; ")
        for row in merged.to_dict("records")
    }
    fates, amounts = [], []
    for row in read.to_dict("records"):
        name = str(row["measure_id"])
        amount = amount_of(row["budget_total"])
        fate, reason = "outside", "left out by a selection"
        if name in drops:
            fate, reason = "merged", "the same measure as another, by decision"
        elif name in there:
            fate = "accepted"
            reason = IN_ROWS
        fates.append((name, fate, reason))
        if amount is not None:
            moved = ("accepted", IN_ROWS) if drops.get(name) else (fate, reason)
            currency = row["currency"] if isinstance(row["currency"], str) else ""
            amounts.append((name, *moved, currency, amount))
    money = money_in(read["budget_total"], read["currency"])
    return balance(fates, amounts, len(read), money)


def joined(balances: Sequence[tuple[str, Balance]]) -> Balance:
    """The balances of several sources (with their names) as one; a record whose identifier stands
    in two of them is named with the number and name of its source.
    """
    names = Counter(name for _, one in balances for name in set(one.records["record"]))
    records, amounts = [], []
    money: dict[str, list[float]] = {}
    for number, (source, one) in enumerate(balances, start=1):
        apart = {
            name: f"{number}. {source}: {name}"
            for name in set(one.records["record"])
            if names[name] > 1
        }
        records.append(one.records.replace({"record": apart}))
        amounts.append(one.amounts.replace({"record": apart}))
        for currency, amount in one.money.items():
            money.setdefault(currency, []).append(amount)
    return Balance(
        pd.concat(records, ignore_index=True),
        pd.concat(amounts, ignore_index=True),
        sum(one.read for _, one in balances),
        {currency: math.fsum(parts) for currency, parts in money.items()},
    )


def balance(
    records: list[tuple[str, str, str]],
    amounts: list[tuple[str, str, str, str, float]],
    read: int,
    money: Mapping[str, float],
) -> Balance:
    """A balance of rows: (record, fate, reason) and (record, fate, reason, currency, amount)."""
    return Balance(
        pd.DataFrame(records, columns=["record", "fate", "reason"]),
        pd.DataFrame(amounts, columns=["record", "fate", "reason", "currency", "amount"]),
        read,
        money,
    )


def amount_of(cell: object) -> float | None:
    """The number of a cell of amounts, or None where it is blank, no plain number, or one that can
    be read in two ways (100.000).
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell) if math.isfinite(cell) else None
    text = str(cell).strip() if isinstance(cell, str) else ""
    plain = PLAIN_NUMBER.match(text) and not re.fullmatch(THOUSANDS, text)
    return float(text) if plain else None


def as_cell(amount: float) -> str:
    """An amount as text that nobody takes for thousands: 12.3750 for 12.375."""
    written = repr(amount)
    return f"{written}0" if re.fullmatch(THOUSANDS, written) else written


def money_in(amounts: pd.Series, currencies: pd.Series) -> dict[str, float]:
    """Currency -> sum of the amounts of a table; "" where no currency is said."""
    named = [
        str(currency).strip().upper() if isinstance(currency, str) else ""
        for currency in currencies
    ]
    sums: dict[str, list[float]] = {}
    for currency, cell in zip(named, amounts, strict=True):
        amount = amount_of(cell)
        if amount is not None:
            sums.setdefault(currency, []).append(amount)
    return {currency: math.fsum(values) for currency, values in sums.items()}
