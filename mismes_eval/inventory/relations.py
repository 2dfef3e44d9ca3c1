"""Records that stand for the same thing: activities in several countries, decided duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import nearest, template, validate
from mismes_eval.inventory.tree import AMOUNTS


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


def merge_decided(frame: pd.DataFrame, decisions: pd.DataFrame) -> Merged:
    """Merge the pairs that the decision table (template `inventory_decision`) calls SAME: `keep`
    stays, its empty fields are filled from `drop`.

    Raises
    ------
    InputError : a measure that does not exist, is merged twice, or is kept in one line and dropped
        in another.
    """
    decisions = validate(decisions, template("inventory_decision"))
    same = decisions[decisions["decision"] == "SAME"]
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
    InputError.refuse(problems)
    records = {str(row["measure_id"]): row for row in frame.to_dict("records")}
    log = []
    for row in same.to_dict("records"):
        kept, dropped = records[str(row["keep"])], records.pop(str(row["drop"]))
        fields = [field for field in kept if pd.isna(kept[field]) and pd.notna(dropped[field])]
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
    return Merged(
        pd.DataFrame(list(records.values()), columns=frame.columns).astype(frame.dtypes.to_dict()),
        merged,
    )
