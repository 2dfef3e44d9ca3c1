"""Records that stand for the same thing: activities in several countries, decided duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import check, nearest, template, validate
from mismes_eval.inventory.tree import AMOUNTS, comes_back, wholes
from mismes_eval.public import held

CURRENCY = "currency"


def _section(name: str) -> tuple[str, ...]:
    return tuple(c.name for c in template("inventory").columns if c.section == name)


# numbers that mean something beside each other only
BLOCKS = tuple(map(_section, ("Money", "Reach", "Evaluation")))


@held(InputError)
def allocate(
    frame: pd.DataFrame, key: str, shares: Mapping[str, Mapping[str, float]]
) -> pd.DataFrame:
    """One row a country for the activities named in `shares` (key value -> {ISO3: share}); amounts
    are multiplied by the share.

    Raises
    ------
    InputError : shares that do not add up to 1, or an activity that is not in the frame.
    """
    problems = [
        Problem(
            what="shares do not add up to 1",
            where=name,
            expected="1",
            got=worded("{shares:g}", {"shares": sum(shares_.values())}),
            fix="State shares that add up, the rest under another country.",
        )
        for name, shares_ in shares.items()
        if abs(sum(shares_.values()) - 1) > 1e-6
    ]
    problems += [
        Problem(
            "no such activity",
            name,
            fix=worded("Nearest: {nearest}.", {"nearest": nearest(name, frame[key].dropna())}),
        )
        for name in shares
        if name not in set(frame[key])
    ]
    InputError.refuse(problems)
    parts = []
    for row in frame.to_dict("records"):
        for country, share in shares.get(row[key], {row.get("country"): 1.0}).items():
            part = row | {"country": country}
            if row[key] in shares:
                part |= {
                    amount: row[amount] * share
                    for amount in AMOUNTS
                    if amount in row and pd.notna(row[amount])
                } | {"allocation": f"{share:.4%} of {row[key]}"}
            parts.append(part)
    return pd.DataFrame(parts)


@dataclass(frozen=True)
class Merged:
    """frame without the merged rows; merged: keep, drop, decided_by, reason, filled (fields of
    `keep` filled from `drop`).
    """

    frame: pd.DataFrame
    merged: pd.DataFrame


@held(InputError)
def merge_decided(frame: pd.DataFrame, decisions: pd.DataFrame) -> Merged:
    """Merge the pairs that the decision table (template `inventory_decision`) calls SAME: `keep`
    stays, its empty fields are filled from `drop`, and parts of `drop` are parts of `keep`. Amounts,
    persons reached and what is said of an evaluation are filled only where the two say nothing
    different of any of them: an amount never stands beside the currency of another, nor women
    beside another's total.

    Raises
    ------
    InputError : a measure that does not exist, is merged twice, is kept in one line and dropped in
        another, or is part of the other one; a record of both that contradicts itself.
    """
    decisions = validate(decisions, template("inventory_decision"))
    same = decisions[decisions["decision"] == "SAME"]
    InputError.refuse(_undecidable(frame, same))
    records = {str(row["measure_id"]): row for row in frame.to_dict("records")}
    log = []
    for row in same.to_dict("records"):
        kept = records[str(row["keep"])]
        dropped = records.pop(str(row["drop"]))
        fields = [field for field in kept if pd.isna(kept[field]) and pd.notna(dropped[field])]
        apart = [name for block in BLOCKS if not _agree(kept, dropped, block) for name in block]
        fields = [field for field in fields if field not in apart]
        kept.update({field: dropped[field] for field in fields})
        log.append(
            (
                row["keep"],
                row["drop"],
                row["decided_by"],
                row.get("reason", ""),
                "; ".join(map(str, fields)),
            )
        )
    merged = pd.DataFrame(log, columns=["keep", "drop", "decided_by", "reason", "filled"])
    made = pd.DataFrame(list(records.values()), columns=frame.columns)
    into = dict(zip(same["drop"], same["keep"], strict=True))
    made["parent_id"] = [into.get(parent, parent) for parent in made["parent_id"]]
    made = made.astype(frame.dtypes.to_dict())
    both = made[made["measure_id"].isin(same["keep"])].reset_index(drop=True)
    above = dict(zip(made["measure_id"], made["parent_id"], strict=True))
    problems = [
        Problem(
            "a measure is part of itself",
            worded("decisions: {name}", {"name": name}),
            "a tree of parents and parts",
        )
        for name in both["measure_id"]
        if comes_back(name, above)
    ]
    for name, record in both.groupby("measure_id"):
        found = check(record.reset_index(drop=True), template("inventory")).problems
        problems += [problem.in_rows([str(name)]) for problem in found]
    InputError.refuse(problems)
    return Merged(made, merged)


def _undecidable(frame: pd.DataFrame, same: pd.DataFrame) -> list[Problem]:
    """Pairs that cannot be one measure."""
    known = set(frame["measure_id"])
    problems = [
        Problem(
            "no such measure",
            worded("decisions: {margin}", {"margin": m}),
            fix=worded("Nearest: {nearest}.", {"nearest": nearest(m, known)}),
        )
        for m in pd.concat([same["keep"], same["drop"]]).unique()
        if m not in known
    ]
    problems += [
        Problem(
            "merged twice",
            worded("decisions: {margin}", {"margin": m}),
            "one line a merged measure",
        )
        for m in same.loc[same["drop"].duplicated(), "drop"].unique()
    ]
    problems += [
        Problem(
            "kept in one line and dropped in another",
            worded("decisions: {margin}", {"margin": m}),
            fix="Name the last one kept in both lines.",
        )
        for m in sorted(set(same["keep"]) & set(same["drop"]))
    ]
    above = dict(zip(frame["measure_id"], frame["parent_id"], strict=True))
    problems += [
        Problem(
            "a measure and a part of it",
            worded("decisions: {margin}", {"margin": f"{keep}, {drop}"}),
            "two records of one measure",
            fix="Decide DIFFERENT, or correct parent_id first: a whole is not the same as its part.",
        )
        for keep, drop in zip(same["keep"], same["drop"], strict=True)
        if keep in wholes(drop, above) or drop in wholes(keep, above)
    ]
    return problems


def _agree(kept: Mapping[Any, Any], dropped: Mapping[Any, Any], block: Sequence[str]) -> bool:
    """Whether the numbers of two records may stand in one: the one has none at all, or nothing
    that both say differs; amounts also need the same currency.
    """
    names = [name for name in block if name in kept and pd.notna(kept[name])]
    same = all(pd.isna(dropped[name]) or kept[name] == dropped[name] for name in names)
    unlike = CURRENCY in block and kept[CURRENCY] != dropped[CURRENCY]
    return not names or (same and not unlike)
