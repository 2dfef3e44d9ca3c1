"""Where an IATI activity is: countries and regions add up to 100 together, a country that stands
twice is added, transactions say it where the activity does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mismes_eval.inventory.country_names import country
from mismes_eval.inventory.iati_money import Payment, Territory, commitments_or_spending, decimal
from mismes_eval.inventory.intake import Issue
from mismes_eval.inventory.stated_shares import TOLERANCE

OWN_REGIONS = ("", "1")  # RegionVocabulary 1, OECD DAC, is meant where none is said
NOT_SAID = "not said where"
Allocation = str | Mapping[str, Mapping[str, float]] | None


@dataclass(frozen=True)
class Placement:
    """shares: ISO3, "region CODE" or other code -> share of the amounts, adding up to 1; fate:
    accepted, refused or outside, with its reason.
    """

    fate: str
    reason: str = ""
    shares: Mapping[str, float] | None = None


def placed(
    identifier: str,
    territories: tuple[Territory, ...],
    payments: tuple[Payment, ...],
    chosen: tuple[str, ...],
    allocation: Allocation,
    issues: list[Issue],
) -> Placement:
    """Whether an activity is accepted for the chosen countries, and how its amounts are shared.

    "Outside" holds activities only whose countries were all read and are others.
    """
    parts = _percentages(identifier, territories, issues)
    by_payments = not parts
    if by_payments:
        parts, said = _of_payments(identifier, payments, issues)
        if said:
            return Placement("refused", said)
    places = [p for p in parts if not p.startswith("region ") and p != NOT_SAID]
    unread = [p for p in places if p.startswith("code ")]
    regions = [p.removeprefix("region ") for p in parts if p.startswith("region ")]
    if not places:
        return Placement("refused", _no_country(regions))
    if not any(p in chosen for p in places):
        if unread:
            return Placement("refused", f"a country that cannot be read: {', '.join(unread)}")
        return Placement("outside", "none of the chosen countries")
    shares = _shares(identifier, parts, len(places), allocation, by_payments)
    if isinstance(shares, str):
        return Placement("refused", shares)
    _say_the_rest(identifier, shares, issues)
    return Placement("accepted", shares=shares)


def _no_country(regions: list[str]) -> str:
    if not regions:
        return "neither a country nor a region"
    return f"regions only ({', '.join(regions)}): no country is named"


def label_of(code: str, identifier: str, issues: list[Issue]) -> str:
    """ISO3 of a country code as it is written, or "code ..." where it is none."""
    found = country(code)
    if not found:
        issues.append((identifier, "country", code, "not a country code", "kept apart"))
        return f"code {code or '(empty)'}"
    if len(code.strip()) != 2:
        issues.append((identifier, "country", code, "not an ISO 3166-1 alpha-2 code", found))
    return found


def _percentages(
    identifier: str, territories: tuple[Territory, ...], issues: list[Issue]
) -> dict[str, float | None]:
    """Territory -> its percentage (None: not said). A territory that stands twice is added."""
    own = [
        territory
        for territory in territories
        if not territory.region or territory.vocabulary in OWN_REGIONS
    ]
    if not own and territories:
        first = territories[0].vocabulary
        own = [territory for territory in territories if territory.vocabulary == first]
    parts: dict[str, float | None] = {}
    for territory in own:
        name = (
            f"region {territory.code}"
            if territory.region
            else label_of(territory.code, identifier, issues)
        )
        value = _percentage(identifier, territory.percentage, issues)
        if name in parts and (before := parts[name]) is not None and value is not None:
            issues.append((identifier, "country", name, "a territory stands twice", "added up"))
            value += before
        elif name in parts and (parts[name] is not None or value is not None):
            issues.append((identifier, "country", name, "stands twice, once without", "left out"))
            value = None
        parts[name] = value
    return parts


def _percentage(identifier: str, written: str | None, issues: list[Issue]) -> float | None:
    if written is None:
        return None
    value = decimal(written.strip())
    if value is None or not 0 <= value <= 100:
        issues.append(
            (identifier, "country", written, "not a percentage from 0 to 100", "left empty")
        )
        return None
    return value


def _of_payments(
    identifier: str, payments: tuple[Payment, ...], issues: list[Issue]
) -> tuple[dict[str, float | None], str]:
    """Percentages of the territories that transactions name: of the commitments, where none of
    them names one of the disbursements and expenditure. Or why there are none.
    """
    for used in commitments_or_spending(payments):
        if any(payment.territories for payment in used):
            break
    else:
        return {}, ""
    amounts: dict[str, list[float]] = {}
    for payment in used:
        shares = _places(payment, identifier, issues)
        if isinstance(shares, str):
            return {}, shares
        for place, share in shares.items():
            amounts.setdefault(place, []).append(payment.value * share)
    if len(amounts) == 1:
        return {name: 100.0 for name in amounts}, ""
    sums = {name: math.fsum(values) for name, values in amounts.items()}
    whole = math.fsum(sums.values())
    currencies = {payment.currency for payment in used}
    if len(currencies) > 1 or whole <= 0 or min(sums.values()) < 0:
        named = ", ".join(amounts)
        return {}, f"several territories in transactions ({named}) that give no shares"
    return {name: 100 * value / whole for name, value in sums.items()}, ""


def _places(payment: Payment, identifier: str, issues: list[Issue]) -> dict[str, float] | str:
    """Territory -> share of a transaction, or why there is none. A country is more exact than a
    region beside it that has no percentage.
    """
    parts = _percentages(identifier, payment.territories, issues)
    countries = {name: value for name, value in parts.items() if not name.startswith("region ")}
    if countries and all(value is None for value in parts.values()):
        parts = countries
    if not parts:
        return {NOT_SAID: 1.0}
    shares = _divided(parts)
    return f"a transaction in {shares}" if isinstance(shares, str) else shares


def _shares(
    identifier: str,
    parts: Mapping[str, float | None],
    countries: int,
    allocation: Allocation,
    by_payments: bool,
) -> dict[str, float] | str:
    """Territory -> share, or why there is none."""
    named = ", ".join(parts)
    if isinstance(allocation, Mapping) and identifier in allocation:
        return dict(allocation[identifier])
    if countries > 1 and allocation != "percentage":
        lacking = "no allocation rule"
        if isinstance(allocation, Mapping):
            lacking = "no shares in the allocation table"
        where = " in transactions" if by_payments else ""
        return f"several countries{where} ({named}) and {lacking}"
    return _divided(parts)


def _divided(parts: Mapping[str, float | None]) -> dict[str, float] | str:
    """Territory -> share by the percentages, or why there is none."""
    named = ", ".join(parts)
    given = {name: value for name, value in parts.items() if value is not None}
    if len(parts) == 1:
        share = given.get(named, 100.0) / 100
        return {named: share} | ({NOT_SAID: 1 - share} if share < 1 else {})
    if len(given) < len(parts):
        return f"several territories ({named}), and not every one has a percentage"
    whole = math.fsum(given.values())
    if abs(whole - 100) > TOLERANCE:
        return f"several territories ({named}) whose percentages do not add up to 100: {whole:g}"
    return {name: value / whole for name, value in given.items()}


def _say_the_rest(
    identifier: str,
    shares: Mapping[str, float],
    issues: list[Issue],
) -> None:
    """A share of the activity that is in a region, or that the file does not place."""
    for name, share in shares.items():
        if name == NOT_SAID or name.startswith(("region ", "code ")):
            issues.append(
                (identifier, "country", name, f"{share:.1%} of the activity", "not in a country")
            )
