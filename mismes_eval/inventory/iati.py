"""IATI 2.01 to 2.03 activity files to inventory records, held to the structure of the version that
the file claims.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import codes
from mismes_eval.inventory.balance import IN_ROWS, balance, money_in
from mismes_eval.inventory.iati_file import Activity, activities_of, content_of
from mismes_eval.inventory.iati_money import Issue, Money, money_of
from mismes_eval.inventory.iati_places import Allocation, Placement, placed
from mismes_eval.inventory.intake import Intake, issue_frame, numbered
from mismes_eval.inventory.relations import allocate

# IATI organisation types -> implementer and funder types of this package; what is not here is left
# empty and noted
IMPLEMENTERS = {
    "10": "MIN",
    "11": "MIN",
    "15": "MIN",
    "21": "NGO",
    "22": "NGO",
    "23": "NGO",
    "24": "NGO",
    "40": "IO",
    "60": "NGO",
    "70": "PRIVATE_AGENCY",
    "71": "PRIVATE_AGENCY",
    "72": "PRIVATE_AGENCY",
    "73": "PRIVATE_AGENCY",
    "80": "EDU",
}
EU_COMMISSION = ("XI-IATI-EC", "EU-", "XM-DAC-918")
ENDED = ("4", "5", "6")  # finalisation's successors: closed, cancelled, suspended


def read_iati(
    path: str | Path,
    *,
    countries: tuple[str, ...],
    allocation: Allocation = None,
) -> Intake:
    """Activities of an IATI file that concern `countries` (ISO3), in the columns of the inventory
    template.

    Parameters
    ----------
    allocation : how an activity in several countries is divided: "percentage" (the file's own
        percentages, or what its transactions name), or a table identifier -> {ISO3: share} (other
        countries under their own code; shares add up to 1). None refuses such activities, by name.

    The budget is the sum of the revised budgets and of the originals whose period no revised one
    covers, indicative and committed alike (budget_indicative, budget_committed), else of the
    commitments. The one country of an activity has its stated percentage of it; the rest is in a
    region or not placed, and stands in the balance. Stage, model and target group are not in IATI:
    a coder adds them (`Intake.coded`). A parent whose children are in the file keeps its amounts
    (parent_id, stated from either side). Amounts in several currencies are refused as an amount,
    not converted. What departs from the structure of the version stands in `issues`.

    Raises
    ------
    InputError : entities or a DTD in the file, too large, not IATI 2.01 to 2.03, no such country.

    Source: IATI Standard 2.03, activity standard and code lists (https://iatistandard.org).
    """
    path = Path(path)
    _refuse_options(countries, allocation)
    content = content_of(path)
    activities = list(activities_of(content, path.name))
    _no_repeats(activities, path.name)
    issues: list[Issue] = [issue for activity in activities for issue in activity.problems]
    parents = _parents(activities, issues)
    rows, shares, fates, amounts = [], {}, [], []
    for activity in activities:
        name = activity.identifier
        place = placed(name, activity.territories, activity.payments, countries, allocation, issues)
        money = money_of(name, activity.budgets, activity.payments, activity.unread, issues)
        fates.append((name, place.fate, place.reason))
        amounts += _entries(name, place, money, countries)
        if place.shares is not None:
            shares[name] = place.shares
            rows.append(_row(activity, money, parents.get(name), issues))
    frame = _frame(rows, shares, countries, issues)
    counted = balance(fates, amounts, len(activities), _money_read(activities))
    digest = hashlib.sha256(content).hexdigest()
    sources = pd.DataFrame(
        [(path.name, digest, len(activities))], columns=["name", "sha256", "rows"]
    )
    return Intake(
        frame=frame,
        refused=counted.of_fate("refused"),
        outside=counted.of_fate("outside"),
        issues=issue_frame(issues),
        read=len(activities),
        sources=sources,
        register="IATI",
        balance=counted.held_by(frame),
    )


def _refuse_options(countries: tuple[str, ...], allocation: Allocation) -> None:
    unknown = [country for country in countries if country not in set(codes("countries")["code"])]
    if unknown or not countries:
        named = ", ".join(unknown) or worded("none")
        raise InputError(Problem("not a country", "countries", "ISO 3166-1 alpha-3 codes", named))
    if isinstance(allocation, str) and allocation != "percentage":
        raise InputError(
            Problem(
                "no such allocation rule",
                "allocation",
                "'percentage', a table of shares, or None",
                repr(allocation),
            )
        )


def _frame(
    rows: list[dict[str, object]],
    shares: Mapping[str, Mapping[str, float]],
    countries: tuple[str, ...],
    issues: list[Issue],
) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    divided = {name: share for name, share in shares.items() if len(share) > 1}
    frame["country"] = [next(iter(shares[str(name)])) for name in frame["record"]]
    frame = allocate(frame, "record", divided)
    frame = numbered(frame[frame["country"].isin(countries)].reset_index(drop=True))
    return _with_parents(frame, issues)


def _entries(
    name: str, place: Placement, money: Money, countries: tuple[str, ...]
) -> list[tuple[str, str, str, str, float]]:
    """Where every amount of an activity goes."""
    entries = [
        (name, place.fate, reason, currency, value) for reason, currency, value in money.not_in_it
    ]
    if money.total is None or money.currency is None:
        return entries
    if place.shares is None:
        return [*entries, (name, place.fate, place.reason, money.currency, money.total)]
    for territory, share in place.shares.items():
        where = IN_ROWS if territory in countries else "in other countries, in regions, not placed"
        entries.append((name, place.fate, where, money.currency, money.total * share))
    return entries


def _money_read(activities: list[Activity]) -> dict[str, float]:
    """Currency -> sum of every budget in the file; of commitments where there is no budget."""
    read = []
    for activity in activities:
        commitments = [p for p in activity.payments if p.kind == "2"]
        used = activity.budgets or commitments
        read += [(amount.value, amount.currency) for amount in used]
    table = pd.DataFrame(read, columns=["amount", "currency"])
    return money_in(table["amount"], table["currency"])


def _parents(activities: list[Activity], issues: list[Issue]) -> dict[str, str]:
    """Activity -> its parent, from whichever side states it."""
    stated: dict[str, list[str]] = {}
    for activity in activities:
        for parent in activity.parents:
            stated.setdefault(activity.identifier, []).append(parent)
        for child in activity.children:
            stated.setdefault(child, []).append(activity.identifier)
    known = {activity.identifier for activity in activities}
    parents = {}
    for child, names in stated.items():
        others = [n for n in dict.fromkeys(names) if n != child]
        if child not in known:
            issues.append((names[0], "parent_id", child, "a part that is not in the file", "noted"))
        elif others:
            parents[child] = next((n for n in others if n in known), others[0])
        if len(others) > 1:
            issues.append(
                (child, "parent_id", ", ".join(others), "several parents", "the first one counts")
            )
        if len(others) < len(set(names)):
            issues.append((child, "parent_id", child, "an activity is its own parent", "left out"))
    return _without_circles(parents, issues)


def _without_circles(parents: dict[str, str], issues: list[Issue]) -> dict[str, str]:
    """The parents of activities that do not come back to themselves; who is above whom in a circle
    the file does not say.
    """
    circles: set[str] = set()
    for start in parents:
        above, seen = parents.get(start), {start}
        while above is not None and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above == start:
            circles.add(start)
    for child in sorted(circles):
        what = "parents that come back to the activity"
        issues.append((child, "parent_id", parents[child], what, "left out"))
    return {child: parent for child, parent in parents.items() if child not in circles}


def _no_repeats(activities: list[Activity], name: str) -> None:
    names = [activity.identifier for activity in activities]
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise InputError(
            Problem(
                what="an activity stands twice",
                where=worded("{name}: iati-identifier", {"name": name}),
                expected="each identifier once",
                got=twice[0],
                fix="Keep the latest of each.",
            ).in_rows(twice)
        )


def _row(
    activity: Activity, money: Money, parent: str | None, issues: list[Issue]
) -> dict[str, object]:
    english, original = _two_titles(activity, issues)
    funder = next(
        (organisation for organisation in activity.organisations if organisation[0] == "1"),
        ("", "", "", ""),
    )
    implementer = next(
        (organisation for organisation in activity.organisations if organisation[0] == "4"),
        ("", "", "", ""),
    )
    kind = IMPLEMENTERS.get(implementer[1])
    if implementer[1] and kind is None:
        issues.append(
            (
                activity.identifier,
                "implementer_type",
                implementer[1],
                "no code for this IATI organisation type",
                "left empty",
            )
        )
    return {
        "record": activity.identifier,
        "country": None,
        "title_en": english,
        "title_orig": original,
        "start_date": activity.dates.get("2") or activity.dates.get("1") or None,
        "end_date": activity.dates.get("4") or activity.dates.get("3") or None,
        "ongoing": _ongoing(activity.status),
        "implementer_name": implementer[3] or implementer[2] or None,
        "implementer_type": kind,
        "funder_main": funder[3] or funder[2] or None,
        "funder_type": "EU" if funder[2].startswith(EU_COMMISSION) else None,
        "iati_id": activity.identifier,
        "crs_purpose": _sector(activity, issues),
        "budget_total": money.total,
        "currency": money.currency,
        "price_year": money.year,
        "source_type": "REGISTER",
        "source_ref": f"IATI {activity.identifier}",
        "confidence": "B",
        "iati_parent": parent,
        "iati_titles": " | ".join(
            f"{language or 'no language'}: {title}" for language, title in activity.titles.items()
        ),
        "budget_basis": money.basis,
        "budget_indicative": money.indicative,
        "budget_committed": money.committed,
    }


def _ongoing(status: str) -> str | None:
    if status in ("2", "3"):
        return "TRUE"
    return "FALSE" if status in ENDED else None


def _two_titles(activity: Activity, issues: list[Issue]) -> tuple[str | None, str | None]:
    """The English title and the first one in another language; a title in another language is
    never taken for the English one.
    """
    titles = activity.titles
    original = next(
        (title for language, title in titles.items() if language not in ("en", "")), None
    )
    english = titles.get("en")
    if english is None and "" in titles:
        english = titles[""]
        issues.append(
            (activity.identifier, "title_en", english, "no language is said", "read as English")
        )
    if english is None:
        named = ", ".join(titles) or "none"
        issues.append((activity.identifier, "title_en", named, "no title in English", "left empty"))
    return english, original or english


def _sector(activity: Activity, issues: list[Issue]) -> str | None:
    """The sector with the largest share; the first of those that are equal."""
    if not activity.sectors:
        return None
    largest = max(activity.sectors, key=lambda s: s[1])[0]
    if len(activity.sectors) > 1:
        named = ", ".join(code for code, _ in activity.sectors)
        issues.append(
            (activity.identifier, "crs_purpose", named, "several sectors", f"read as {largest}")
        )
    return largest


def _with_parents(frame: pd.DataFrame, issues: list[Issue]) -> pd.DataFrame:
    """parent_id from the related activities of the file: the parent's row in the same country."""
    places = {
        (record, country): m
        for record, country, m in zip(
            frame["record"], frame["country"], frame["measure_id"], strict=True
        )
    }
    parents = []
    for row in frame.to_dict("records"):
        parent = row["iati_parent"]
        place = places.get((parent, row["country"])) if isinstance(parent, str) else None
        if isinstance(parent, str) and place is None:
            what = "the parent is not among the records of this country"
            issues.append((str(row["record"]), "parent_id", parent, what, "left empty"))
        parents.append(place)
    return frame.assign(parent_id=pd.array(parents, dtype="str"))
