"""Records that stand for the same thing: activities in several countries, likely duplicates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import nearest, template, validate
from mismes_eval.frame.codes import plain
from mismes_eval.frame.missing import is_missing
from mismes_eval.inventory.tree import AMOUNTS

OTHER_NUMBER = 15.0


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


def likely_duplicates(frame: pd.DataFrame, threshold: float = 85.0) -> pd.DataFrame:
    """Pairs of measures of one country that look alike, most alike first, and why; nothing is
    merged.

    Parameters
    ----------
    threshold : lowest similarity of the titles (0-100, words in any order; rapidfuzz
        token_sort_ratio, less 15 where their numbers differ: "phase 1" and "phase 2").

    Returns
    -------
    keep, drop (the fuller record first), score, title_keep, title_drop, why.
    """
    filled = frame.notna().sum(axis=1).to_numpy()
    found, records = [], frame.to_dict("records")
    for _, block in frame.groupby("country", sort=True):
        places = frame.index.get_indexer(block.index)
        titles = [plain(str(title)) for title in block["title_en"]]
        for i, j, score in _pairs(titles, threshold):
            a, b = places[i], places[j]
            if filled[b] > filled[a]:
                a, b = b, a
            one, two = records[a], records[b]
            found.append(
                (
                    one["measure_id"],
                    two["measure_id"],
                    score,
                    one["title_en"],
                    two["title_en"],
                    _why(one, two),
                )
            )
    table = pd.DataFrame(
        found, columns=["keep", "drop", "score", "title_keep", "title_drop", "why"]
    )
    return table.sort_values(
        ["score", "keep", "drop"], ascending=[False, True, True], ignore_index=True
    )


def _pairs(titles: list[str], threshold: float) -> list[tuple[int, int, float]]:
    pairs: list[tuple[int, int, float]] = []
    numbers = [re.findall(r"\d+", title) for title in titles]
    for start in range(0, len(titles), 500):
        scores = process.cdist(
            titles[start : start + 500],
            titles,
            scorer=fuzz.token_sort_ratio,
            score_cutoff=threshold,
            dtype=np.uint8,
        )
        for i, j in zip(*np.nonzero(scores), strict=True):
            score = float(scores[i, j]) - (OTHER_NUMBER if numbers[start + i] != numbers[j] else 0)
            if start + i < j and score >= threshold:
                pairs.append((start + int(i), int(j), score))
    return pairs


def _why(a: Mapping[str, object], b: Mapping[str, object]) -> str:
    reasons = [
        "same title" if plain(str(a["title_en"])) == plain(str(b["title_en"])) else "similar title"
    ]
    if re.findall(r"\d+", str(a["title_en"])) != re.findall(r"\d+", str(b["title_en"])):
        reasons.append("another number in the title")
    for field, words in (
        ("implementer_name", "implementer"),
        ("funder_main", "funder"),
        ("start_date", "start"),
        ("budget_total", "budget"),
        ("iati_id", "IATI identifier"),
        ("model_primary", "model"),
    ):
        one, two = a.get(field), b.get(field)
        if not (is_missing(one) or is_missing(two)):
            same = plain(str(one)) == plain(str(two))
            reasons.append(f"same {words}" if same else f"another {words}")
    return ", ".join(reasons)


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
