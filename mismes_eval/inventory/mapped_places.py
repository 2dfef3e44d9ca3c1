"""The country that each record of a register is filed under, and its share of the amounts."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from mismes_eval.inventory.balance import IN_ROWS, Balance, amount_of, as_cell, balance, money_in
from mismes_eval.inventory.country_names import Countries, countries_of
from mismes_eval.inventory.intake import Issue
from mismes_eval.inventory.mapping_file import Mapped
from mismes_eval.inventory.stated_shares import does_not_add_up
from mismes_eval.inventory.tree import AMOUNTS

UNREAD = "a country that cannot be read"
UNDIVIDED, ELSEWHERE = "not divided among several countries", "in other countries"


def place_records(
    table: pd.DataFrame,
    mapping: Mapped,
    countries: tuple[str, ...],
    money: pd.DataFrame,
    issues: list[Issue],
) -> tuple[pd.DataFrame, Balance]:
    """Records with the country they are filed under and the share of their amounts; several of
    `countries` in one record go by the mapping's rule. "Outside" holds records only whose countries
    were all read.
    """
    rows = []
    fates = []
    parts = []
    cells = table[list(mapping.countries)].to_dict("records")
    for place, (record, row) in enumerate(zip(table["record"], cells, strict=True)):
        named = countries_named(list(row.values()), mapping)
        fate, reason = _fate(named, countries, mapping.several)
        amount = money["amount"].iloc[place]
        currency = str(money["currency"].iloc[place])
        budget = None if pd.isna(amount) else float(amount)
        fates.append((record, fate, reason))
        filed = _filed(named, countries, mapping.several) if fate == "accepted" else {}
        _say_countries(record, named, fate, reason, filed, budget, currency, issues)
        rows += [(place, code, share) for code, share in filed.items()]
        if budget is not None:
            held = sum(filed.values())
            parts.append((record, fate, IN_ROWS if filed else reason, currency, budget * held))
            if held < 1 and filed:
                rest = UNDIVIDED if mapping.several == "each" else ELSEWHERE
                parts.append((record, fate, rest, currency, budget * (1 - held)))
            elif not filed:
                parts[-1] = (record, fate, reason, currency, budget)
    chosen = (
        table.iloc[[place for place, _, _ in rows]]
        .assign(country=[country for _, country, _ in rows], share=[share for _, _, share in rows])
        .reset_index(drop=True)
    )
    read = money_in(money["amount"].astype(object), money["currency"])
    return chosen, balance(fates, parts, len(table), read)


def countries_named(cells: list[object], mapping: Mapped) -> Countries:
    """The countries of all country columns of a record."""
    found = [countries_of(cell, mapping.split, mapping.aliases) for cell in cells]
    percentages: dict[str, float] = {}
    for cell in found:
        for place, percentage in cell.percentages.items():
            percentages[place] = percentages.get(place, 0.0) + percentage
    codes = [code for place in found for code in place.codes]
    unread = [piece for place in found for piece in place.unread]
    return Countries(tuple(dict.fromkeys(codes)), tuple(dict.fromkeys(unread)), percentages)


def _fate(named: Countries, countries: tuple[str, ...], several: str) -> tuple[str, str]:
    here = [code for code in named.codes if code in countries]
    wrong = _wrong_percentages(named)
    if wrong:
        return "refused", wrong
    if named.unread and (not here or several == "refuse"):
        return "refused", UNREAD
    if not here and not named.codes:
        return "refused", "no country is stated"
    if not here:
        return "outside", "none of the chosen countries"
    several_places = len(named.codes) + len(named.unread) > 1
    if several_places and several == "refuse":
        places = ", ".join(named.codes)
        return "refused", f"several countries ({places}) and no rule in the mapping file"
    if several_places and several == "percentage" and not named.percentages:
        places = ", ".join((*named.codes, *named.unread))
        return "refused", f"several countries ({places}) without percentages"
    return "accepted", ""


def _wrong_percentages(named: Countries) -> str:
    """Why numbers that stand beside countries divide nothing; empty where they do, or where there
    are none.
    """
    names = named.unread
    if named.percentages:
        names = tuple(piece.rpartition(" ")[0] for piece in named.unread)
    if any(character.isdigit() for name in names for character in name):
        return UNREAD
    if not named.percentages:
        return ""
    if len(named.percentages) < len(named.codes) + len(named.unread):
        return "not every country has a percentage"
    if does_not_add_up(tuple(named.percentages.values())):
        written = ", ".join(f"{place} {value:g}" for place, value in named.percentages.items())
        return f"percentages that do not add up to 100 ({written})"
    return ""


def _filed(named: Countries, countries: tuple[str, ...], several: str) -> dict[str, float]:
    """Country -> share of the record's amounts: its own percentages under "percentage", and under
    "equal" where it has some. Several countries have no shares under "each": their amounts are left
    empty, since the record says them once.
    """
    here = [code for code in named.codes if code in countries]
    if named.percentages and several in ("percentage", "equal"):
        stated = math.fsum(named.percentages.values())
        return {country: named.percentages[country] / stated for country in here}
    whole = len(named.codes) + len(named.unread)
    if several == "equal":
        return {country: 1 / whole for country in here}
    if several == "each" and whole > 1:
        return {country: 0.0 for country in here}
    return {here[0]: 1.0}


def _say_countries(
    record: str,
    named: Countries,
    fate: str,
    reason: str,
    filed: Mapping[str, float],
    budget: float | None,
    currency: str,
    issues: list[Issue],
) -> None:
    """Issues of a record's countries, with its budget."""
    amount = "no budget" if budget is None else f"budget {budget:,.2f} {currency}".strip()
    for piece in named.unread:
        issues.append((record, "country", piece, f"no country that is known; {amount}", fate))
    if fate == "refused" and reason != UNREAD:
        issues.append((record, "country", "; ".join(named.codes), f"{reason}; {amount}", fate))
    divided = len(named.codes) > 1 or len(named.percentages) > 1
    if len(filed) > 1 or (filed and divided and budget is not None):
        shares = ", ".join(
            f"{country} {share:.1%} of the amounts" for country, share in filed.items()
        )
        issues.append(
            (
                record,
                "country",
                "; ".join(named.codes),
                f"several countries; {amount}",
                f"filed under {shares}",
            )
        )


def divide_amounts(frame: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """Amounts times the share of the row; empty where a record in several countries has none."""
    part = placed["share"] < 1
    if not part.any():
        return frame
    shares = placed["share"]
    for name in (column for column in AMOUNTS if column in frame):
        cells = [
            _share_of(cell, share) if divided else cell
            for cell, share, divided in zip(frame[name], shares, part, strict=True)
        ]
        frame[name] = pd.Series(cells, index=frame.index, dtype=object).astype("str")
    said = [
        f"{share:.4%} of {record}" if divided else None
        for record, share, divided in zip(placed["record"], shares, part, strict=True)
    ]
    return frame.assign(allocation=pd.Series(said, index=frame.index, dtype=object))


def _share_of(cell: object, share: float) -> str | None:
    amount = amount_of(cell)
    return None if amount is None or share == 0 else as_cell(amount * share)
