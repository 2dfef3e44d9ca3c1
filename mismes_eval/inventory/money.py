"""Amounts to euro through a rate table that the user owns: a missing rate is an error, never a
guess.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import template, validate
from mismes_eval.public import held

TOLERANCE = 0.01


@dataclass(frozen=True)
class Converted:
    """frame with budget_eur and price_year_eur; used: currency, year, rate and source of every
    conversion; differing: given euro amounts that differ by more than 1%.
    """

    frame: pd.DataFrame
    used: pd.DataFrame
    differing: pd.DataFrame


@held(InputError)
def to_euro(
    frame: pd.DataFrame,
    rates: pd.DataFrame,
    *,
    year: int | None = None,
    index: pd.DataFrame | None = None,
) -> Converted:
    """budget_total to budget_eur: times the rate of its currency and price year, and to prices of
    `year` with a price index.

    Parameters
    ----------
    rates : template `inventory_rate`: currency, year, eur_per_unit, source. The euro itself needs
        no rate.
    year : price year of the euro amounts; None leaves each in euro of its own price year (nominal).
    index : template `inventory_index`: year, index, source; needed with `year`.

    Raises
    ------
    InputError : lists every currency-year without a rate and every year without an index.
    """
    rates = validate(rates, template("inventory_rate"))
    given = frame["budget_total"].notna()
    keyed = frame.loc[given, ["measure_id", "budget_total", "currency", "price_year"]].merge(
        rates,
        left_on=["currency", "price_year"],
        right_on=["currency", "year"],
        how="left",
        suffixes=("", "_rate"),
    )
    keyed.index = frame.index[given]
    euro = keyed["currency"] == "EUR"
    keyed.loc[euro, "eur_per_unit"] = 1.0
    problems = _no_rates(keyed)
    factor = pd.Series(1.0, index=keyed.index)
    if year is not None:
        factor, found = _to_year(keyed, year, index)
        problems += found
    InputError.refuse(problems)
    amount = keyed["budget_total"] * keyed["eur_per_unit"] * factor
    old = (
        frame["budget_eur"] if "budget_eur" in frame else pd.Series(float("nan"), index=frame.index)
    )
    before = old.loc[amount.index]
    differs = before.notna() & ((before - amount).abs() > TOLERANCE * amount.abs())
    differing = pd.DataFrame(
        {"measure_id": frame["measure_id"], "given": old, "computed": amount}
    ).loc[differs[differs].index]
    new = frame.assign(
        budget_eur=amount.reindex(frame.index).where(given, old),
        price_year_eur=(
            keyed["price_year"] if year is None else pd.Series(float(year), index=keyed.index)
        ).reindex(frame.index),
    )
    used = keyed.groupby(["currency", "price_year", "eur_per_unit"], as_index=False).agg(
        measures=("measure_id", "size"), source=("source", "first")
    )
    used["price_year"] = used["price_year"].astype("int64")
    return Converted(new, used, differing.reset_index(drop=True))


def _no_rates(keyed: pd.DataFrame) -> list[Problem]:
    lacking = keyed[keyed["eur_per_unit"].isna()]
    labels = [
        f"{currency}, no price year" if pd.isna(y) else f"{currency} {y:.0f}"
        for currency, y in zip(lacking["currency"], lacking["price_year"], strict=True)
    ]
    return [
        Problem(
            "no exchange rate",
            worded("rates: {label}", {"label": label}),
            "a row of the rate table",
            fix="Add it with its source.",
        ).in_rows(rows["measure_id"].tolist())
        for label, rows in lacking.groupby(pd.Series(labels, index=lacking.index, dtype=object))
    ]


def _to_year(
    keyed: pd.DataFrame, year: int, index: pd.DataFrame | None
) -> tuple[pd.Series, list[Problem]]:
    if index is None:
        return pd.Series(1.0, index=keyed.index), [
            Problem(
                what="no price index",
                where="index",
                expected=worded("a price index to bring amounts to {year}", {"year": year}),
                got="None",
                fix="Give index=, a table of year, index and source.",
            )
        ]
    levels = validate(index, template("inventory_index")).set_index("year")["index"]
    wanted = {int(y) for y in keyed["price_year"].dropna()} | {year}
    problems = [
        Problem(
            "no price index",
            worded("index: {value}", {"value": y}),
            "a row of the index table",
            fix="Add it with its source.",
        )
        for y in sorted(wanted - set(levels.index))
    ]
    factor = levels.get(year, float("nan")) / keyed["price_year"].map(levels)
    return factor, problems
