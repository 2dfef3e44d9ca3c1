"""The inventory indicators I1-I7 and I10-I12 of one set of measures: a census, so numbers with n
and missing n and no standard errors.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mismes_eval.inventory.tree import Tree
from mismes_eval.message import Message

SUCCESS_FACTORS = (
    "linked_job_offer",
    "employer_involved",
    "qual_attention",
    "expectation_mgmt",
    "embedded_national",
)
COLUMNS = ("id", "indicator", "group", "value", "unit", "n", "n_missing", "definition")
WEAK = ("NONE", "MONITORING")
MONTHS_TO_EVALUATION = 24
COMPARED = ("MATCH", "DID", "RD", "RCT")  # designs with a comparison group

Row = tuple[str, str, str, float, str, int, int, str]


def portfolio_rows(tree: Tree, on: pd.Timestamp) -> pd.DataFrame:
    """Every indicator of these measures; columns COLUMNS. n: measures behind the value, n_missing:
    measures without the fields it needs. Each amount is added once (see `tree`).
    """
    frame = tree.measures
    rows = [
        *_shares(tree, "stage_code", "stage"),
        *_shares(tree, "model_primary", "model"),
        *_unit_costs(tree, "all"),
        *(
            row
            for model, part in _groups(tree, "model_primary")
            for row in _unit_costs(part, f"model {model}")
        ),
        *_overhead(tree),
        *_who_pays(tree, "all measures"),
        *_who_pays(tree.where(tree.frame["stage_code"] == "AFT"), "return measures (stage AFT)"),
        *_rates(tree, "all"),
        *_concentration(tree),
        *_evaluated(frame, on),
        *_success(frame),
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["definition"] = pd.Series([row[-1] for row in rows], dtype=object)
    return table


def share(part: float, whole: float) -> float:
    """part / whole, NaN when the whole is 0."""
    return float(part) / float(whole) if whole else float("nan")


def pairs(tree: Tree, numerator: str, denominator: str) -> tuple[pd.Series, pd.Series, int]:
    """The measures that have both fields (denominator above 0), and how many have not. A measure
    whose parts have both is not taken beside them.
    """
    both = tree.has(numerator, denominator) & (tree.frame[denominator] > 0)
    taken = tree.once(both)
    return (
        tree.frame[numerator][taken].astype(float),
        tree.frame[denominator][taken].astype(float),
        int(tree.lacking(both).sum()),
    )


def _groups(tree: Tree, field: str) -> Iterator[tuple[str, Tree]]:
    codes = tree.frame.loc[tree.inside, field].dropna().astype(str)
    for code in sorted(codes.unique()):
        yield code, tree.where(tree.frame[field].astype(str) == code)


def _shares(tree: Tree, field: str, name: str) -> Iterator[Row]:
    measures = int(tree.leaves.sum())
    for code, part in _groups(tree, field):
        group = f"{name} {code}"
        n = int(part.leaves.sum())
        definition = f"measures with {field} = {code}"
        yield "I1", "measures", group, float(n), "measures", n, 0, definition
        yield (
            "I1",
            "share of measures",
            group,
            share(n, measures),
            "share",
            n,
            0,
            "measures of the group / all measures",
        )
        yield from _share_of_amount(
            (tree, part),
            group,
            ("budget_eur", "budget", "EUR"),
            ("sum of budget_eur", "budget_eur of the group / of all measures with a budget"),
        )
        yield from _share_of_amount(
            (tree, part),
            group,
            ("benef_reached", "beneficiaries", "persons"),
            (
                "sum of benef_reached; a person in two measures counts twice",
                "benef_reached of the group / of all measures that report it",
            ),
        )


def _share_of_amount(
    trees: tuple[Tree, Tree],
    group: str,
    amount: tuple[str, str, str],
    definitions: tuple[str, str],
) -> Iterator[Row]:
    """Sum of an amount of a group and its share of the whole.

    trees : of all measures and of the group.
    amount : column, name, unit.
    """
    whole, part = trees
    column, name, unit = amount
    paid = part.amount(column)
    has = whole.has(column)
    missing, unknown = int(part.lacking(has).sum()), int(whole.lacking(has).sum())
    part_of_whole = share(paid.sum(), whole.total(column))
    n = len(paid)
    yield "I2", name, group, float(paid.sum()), unit, n, missing, definitions[0]
    yield "I2", f"share of {name}", group, part_of_whole, "share", n, unknown, definitions[1]


def _unit_costs(tree: Tree, group: str) -> Iterator[Row]:
    for field, name in (
        ("benef_reached", "beneficiary"),
        ("benef_completed", "completer"),
        ("benef_placed", "placement"),
    ):
        cost, persons, missing = pairs(tree, "budget_eur", field)
        n = len(cost)
        median = float((cost / persons).median()) if n else float("nan")
        yield (
            "I3",
            f"cost per {name}, median",
            group,
            median,
            f"EUR per {name}",
            n,
            missing,
            f"median of budget_eur / {field}, measures with both and {field} > 0",
        )
        yield (
            "I3",
            f"cost per {name}, budget-weighted",
            group,
            share(cost.sum(), persons.sum()),
            f"EUR per {name}",
            n,
            missing,
            Message(
                "sum of {a} / sum of {b}, the same measures",
                {"a": "budget_eur", "b": field},
                "definition",
            ),
        )


def _overhead(tree: Tree) -> Iterator[Row]:
    overhead, total, missing = pairs(tree, "cost_overhead", "budget_total")
    ratio = overhead / total
    yield (
        "I4",
        "overhead ratio, median",
        "all",
        float(ratio.median()) if len(ratio) else float("nan"),
        "share",
        len(ratio),
        missing,
        "median of cost_overhead / budget_total",
    )


def _who_pays(tree: Tree, group: str) -> Iterator[Row]:
    side = tree.measures["funder_side"]
    given = int(side.notna().sum())
    both = tree.has("budget_eur", "funder_side")
    paid = tree.frame[tree.once(both)]
    lacking = int(tree.lacking(both).sum())
    for code in ("DESTINATION", "ORIGIN", "MULTILATERAL"):
        of_side = paid.loc[paid["funder_side"] == code, "budget_eur"]
        name = code.lower()
        yield (
            "I5",
            f"{name}-funded share of budget",
            group,
            share(of_side.sum(), paid["budget_eur"].sum()),
            "share",
            len(paid),
            lacking,
            f"budget_eur with funder_side {code} / budget_eur with a funder_side",
        )
        yield (
            "I5",
            f"{name}-funded share of measures",
            group,
            share((side == code).sum(), given),
            "share",
            given,
            int(side.isna().sum()),
            f"measures with funder_side {code} / measures with a funder_side",
        )


def _rates(tree: Tree, group: str) -> Iterator[Row]:
    named = (
        ("I6", "completion rate", "benef_completed", "benef_reached"),
        ("I7", "placement rate", "benef_placed", "benef_completed"),
        ("I2", "women among beneficiaries", "benef_women", "benef_reached"),
    )
    for id_, name, numerator, denominator in named:
        part, whole, missing = pairs(tree, numerator, denominator)
        yield (
            id_,
            name,
            group,
            share(part.sum(), whole.sum()),
            "share",
            len(part),
            missing,
            Message(
                "sum of {a} / sum of {b}, measures with both",
                {"a": numerator, "b": denominator},
                "definition",
            ),
        )


def _concentration(tree: Tree) -> Iterator[Row]:
    both = tree.has("budget_eur", "funder_main")
    paid = tree.frame[tree.once(both)]
    named = tree.measures[tree.measures["funder_main"].notna()]
    unnamed = len(tree.measures) - len(named)
    for name, weights, n, missing in (
        (
            "by budget",
            paid.groupby("funder_main")["budget_eur"].sum(),
            len(paid),
            int(tree.lacking(both).sum()),
        ),
        ("by measures", named.groupby("funder_main").size(), len(named), unnamed),
    ):
        total = float(weights.sum())
        value = float(((weights / total) ** 2).sum()) if total else float("nan")
        yield (
            "I10",
            f"Herfindahl index of funders, {name}",
            "all",
            value,
            "index 0-1",
            n,
            missing,
            Message(
                "sum of squared shares of {n} funders, as they are spelled",
                {"n": f"{len(weights)}"},
                "definition",
            ),
        )


def evaluated(frame: pd.DataFrame) -> pd.Series:
    """Measures with an evaluation that is more than monitoring."""
    return frame["eval_done"].fillna(False).astype(bool) & ~frame["eval_type"].isin(WEAK)


def _evaluated(frame: pd.DataFrame, on: pd.Timestamp) -> Iterator[Row]:
    done = evaluated(frame)
    started = frame["start_date"].notna()
    old = started & (frame["start_date"] + pd.DateOffset(months=MONTHS_TO_EVALUATION) <= on)
    unknown = int(frame["eval_done"].isna().sum())
    yield (
        "I11",
        "evaluated share",
        "all",
        share(done.sum(), len(frame)),
        "share",
        len(frame),
        unknown,
        "measures with an evaluation beyond monitoring / all measures; no record counts as none",
    )
    text = Message(
        f"the same among measures that started {MONTHS_TO_EVALUATION} months or more before {{day}}",
        {"day": "(no day given)" if pd.isna(on) else str(on.date())},
        "definition",
    )
    yield (
        "I11",
        "evaluated share, 24 months and older",
        "all",
        share((done & old).sum(), old.sum()),
        "share",
        int(old.sum()),
        int((~started).sum()),
        text,
    )
    compared = frame["impact_design"].isin(COMPARED)
    yield (
        "I11",
        "share with a comparison group",
        "all",
        share(compared.sum(), len(frame)),
        "share",
        len(frame),
        unknown,
        "measures whose impact evaluation has a comparison group / all measures",
    )


def _success(frame: pd.DataFrame) -> Iterator[Row]:
    for factor in SUCCESS_FACTORS:
        scores = frame[factor].dropna()
        value = float(scores.mean()) if len(scores) else float("nan")
        yield (
            "I12",
            f"success factor {factor}, mean",
            "all",
            value,
            "score 0-3",
            len(scores),
            int(frame[factor].isna().sum()),
            f"mean of {factor}, measures that have a score",
        )
    each = frame[list(SUCCESS_FACTORS)].astype(float)
    whole = each.notna().all(axis=1)
    value = float(each[whole].to_numpy().mean()) if whole.any() else float(np.nan)
    yield (
        "I12",
        "success factors, mean of all",
        "all",
        value,
        "score 0-3",
        int(whole.sum()),
        int((~whole).sum()),
        "mean over the five factors, measures that have all five",
    )
