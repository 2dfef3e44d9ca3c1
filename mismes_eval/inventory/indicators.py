"""The inventory indicators I1-I7 and I10-I12 of one set of measures: a census, so numbers with n
and missing n and no standard errors.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

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

Row = tuple[str, str, str, float, str, int, int, str]


def portfolio_rows(frame: pd.DataFrame, on: pd.Timestamp) -> pd.DataFrame:
    """Every indicator of these measures; columns COLUMNS. n: measures behind the value, n_missing:
    measures without the fields it needs.
    """
    rows = [
        *_shares(frame, "stage_code", "stage"),
        *_shares(frame, "model_primary", "model"),
        *_unit_costs(frame, "all"),
        *(
            row
            for model, part in frame.groupby("model_primary")
            for row in _unit_costs(part, f"model {model}")
        ),
        *_overhead(frame),
        *_who_pays(frame, "all measures"),
        *_who_pays(frame[frame["stage_code"] == "AFT"], "return measures (stage AFT)"),
        *_rates(frame, "all"),
        *_concentration(frame),
        *_evaluated(frame, on),
        *_success(frame),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def share(part: float, whole: float) -> float:
    """part / whole, NaN when the whole is 0."""
    return float(part) / float(whole) if whole else float("nan")


def pairs(
    frame: pd.DataFrame, numerator: str, denominator: str
) -> tuple[pd.Series, pd.Series, int]:
    """The measures that have both fields (denominator above 0), and how many have not."""
    both = frame[numerator].notna() & frame[denominator].notna() & (frame[denominator] > 0)
    return (
        frame.loc[both, numerator].astype(float),
        frame.loc[both, denominator].astype(float),
        int((~both).sum()),
    )


def _shares(frame: pd.DataFrame, field: str, name: str) -> Iterator[Row]:
    budget, known = frame["budget_eur"].sum(), int(frame["budget_eur"].isna().sum())
    reached, unknown = frame["benef_reached"].sum(), int(frame["benef_reached"].isna().sum())
    for code, part in frame.groupby(field, sort=True):
        group = f"{name} {code}"
        yield (
            "I1",
            "measures",
            group,
            float(len(part)),
            "measures",
            len(part),
            0,
            f"measures with {field} = {code}",
        )
        yield (
            "I1",
            "share of measures",
            group,
            share(len(part), len(frame)),
            "share",
            len(part),
            0,
            "measures of the group / all measures",
        )
        given = int(part["budget_eur"].notna().sum())
        yield (
            "I2",
            "budget",
            group,
            float(part["budget_eur"].sum()),
            "EUR",
            given,
            len(part) - given,
            "sum of budget_eur",
        )
        yield (
            "I2",
            "share of budget",
            group,
            share(part["budget_eur"].sum(), budget),
            "share",
            given,
            known,
            "budget_eur of the group / of all measures with a budget",
        )
        given = int(part["benef_reached"].notna().sum())
        yield (
            "I2",
            "beneficiaries",
            group,
            float(part["benef_reached"].sum()),
            "persons",
            given,
            len(part) - given,
            "sum of benef_reached; a person in two measures counts twice",
        )
        yield (
            "I2",
            "share of beneficiaries",
            group,
            share(part["benef_reached"].sum(), reached),
            "share",
            given,
            unknown,
            "benef_reached of the group / of all measures that report it",
        )


def _unit_costs(frame: pd.DataFrame, group: str) -> Iterator[Row]:
    for field, name in (
        ("benef_reached", "beneficiary"),
        ("benef_completed", "completer"),
        ("benef_placed", "placement"),
    ):
        cost, persons, missing = pairs(frame, "budget_eur", field)
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
            f"sum of budget_eur / sum of {field}, the same measures",
        )


def _overhead(frame: pd.DataFrame) -> Iterator[Row]:
    overhead, total, missing = pairs(frame, "cost_overhead", "budget_total")
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


def _who_pays(frame: pd.DataFrame, group: str) -> Iterator[Row]:
    side = frame["funder_side"]
    given = side.notna()
    paid = given & frame["budget_eur"].notna()
    for code in ("DESTINATION", "ORIGIN", "MULTILATERAL"):
        by_count = share((side == code).sum(), given.sum())
        by_money = share(
            frame.loc[paid & (side == code), "budget_eur"].sum(),
            frame.loc[paid, "budget_eur"].sum(),
        )
        name = code.lower()
        yield (
            "I5",
            f"{name}-funded share of budget",
            group,
            by_money,
            "share",
            int(paid.sum()),
            int((~paid).sum()),
            f"budget_eur with funder_side {code} / budget_eur with a funder_side",
        )
        yield (
            "I5",
            f"{name}-funded share of measures",
            group,
            by_count,
            "share",
            int(given.sum()),
            int((~given).sum()),
            f"measures with funder_side {code} / measures with a funder_side",
        )


def _rates(frame: pd.DataFrame, group: str) -> Iterator[Row]:
    named = (
        ("I6", "completion rate", "benef_completed", "benef_reached"),
        ("I7", "placement rate", "benef_placed", "benef_completed"),
        ("I2", "women among beneficiaries", "benef_women", "benef_reached"),
    )
    for id_, name, numerator, denominator in named:
        part, whole, missing = pairs(frame, numerator, denominator)
        yield (
            id_,
            name,
            group,
            share(part.sum(), whole.sum()),
            "share",
            len(part),
            missing,
            f"sum of {numerator} / sum of {denominator}, measures with both",
        )


def _concentration(frame: pd.DataFrame) -> Iterator[Row]:
    named = frame["funder_main"].notna()
    paid = named & frame["budget_eur"].notna()
    for name, weights in (
        ("by budget", frame.loc[paid].groupby("funder_main")["budget_eur"].sum()),
        ("by measures", frame.loc[named].groupby("funder_main").size()),
    ):
        total = float(weights.sum())
        n = int((paid if name == "by budget" else named).sum())
        value = float(((weights / total) ** 2).sum()) if total else float("nan")
        yield (
            "I10",
            f"Herfindahl index of funders, {name}",
            "all",
            value,
            "index 0-1",
            n,
            len(frame) - n,
            f"sum of squared shares of {len(weights)} funders, as they are spelled",
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
    text = (
        f"the same among measures that started {MONTHS_TO_EVALUATION} months or more before"
        f" {'(no day given)' if pd.isna(on) else on.date()}"
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
    compared = frame["impact_design"].isin(["MATCH", "DID", "RD", "RCT"])
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
