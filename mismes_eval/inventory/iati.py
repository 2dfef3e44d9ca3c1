"""IATI 2.01 to 2.03 activity files to inventory records, held to the structure of the version that
the file claims.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import codes
from mismes_eval.inventory.balance import IN_ROWS, balance, money_in
from mismes_eval.inventory.iati_file import Activity, activities_of, content_of
from mismes_eval.inventory.iati_money import (
    Budget,
    Money,
    Payment,
    commitments_or_spending,
    money_of,
)
from mismes_eval.inventory.iati_places import Allocation, Placement, placed
from mismes_eval.inventory.intake import Intake, Issue, issue_frame, numbered, translated_parents
from mismes_eval.inventory.purposes import as_purposes
from mismes_eval.inventory.relations import allocate
from mismes_eval.inventory.stated_shares import TOLERANCE, WHOLE
from mismes_eval.public import held

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
OLDER = "an older state of an activity of another file"
EU_COMMISSION = ("XI-IATI-EC", "EU-", "XM-DAC-918")
ENDED = ("4", "5", "6")  # finalisation's successors: closed, cancelled, suspended


@held(InputError)
def read_iati(
    path: str | Path | Sequence[str | Path],
    *,
    countries: tuple[str, ...],
    allocation: Allocation = None,
) -> Intake:
    """Activities of IATI files that concern `countries` (ISO3), in the columns of the inventory
    template.

    Parameters
    ----------
    path : a file, or several that are read as one: a parent may stand in another file than its
        parts, and of an activity that stands in two files the one updated last counts.
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
    InputError : entities or a DTD in a file, too large, not IATI 2.01 to 2.03, no such country, an
        activity twice in a file, or in two that do not say which state is the later one.

    Source: IATI Standard 2.03, activity standard and code lists (https://iatistandard.org).
    """
    _refuse_options(countries, allocation)
    paths = [Path(one) for one in ([path] if isinstance(path, str | Path) else path)]
    if not paths:
        raise InputError(Problem("no file to read", "path"))
    activities, older, sources = _of_files(paths)
    issues = [issue for activity in activities for issue in activity.problems]
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
    known = {activity.identifier for activity in activities}
    frame = _frame(rows, shares, countries, known, issues)
    for name, activity in older.items():
        fates.append((name, "merged", OLDER))
        amounts += [
            (name, "merged", OLDER, used.currency, used.value) for used in _amounts_of(activity)
        ]
    read = [*activities, *older.values()]
    counted = balance(fates, amounts, len(read), _money_read(read))
    return Intake(
        frame=frame,
        refused=counted.of_fate("refused"),
        outside=counted.of_fate("outside"),
        issues=issue_frame(issues),
        read=len(read),
        sources=sources,
        register="IATI",
        balance=counted.held_by(frame),
    )


def _of_files(paths: Sequence[Path]) -> tuple[list[Activity], dict[str, Activity], pd.DataFrame]:
    """The activities that count, those of which another file has a later state (by name and file),
    and the sources.
    """
    latest = {}
    older = {}
    sources = []
    for path in paths:
        content = content_of(path)
        found = list(activities_of(content, path.name))
        _no_repeats(found, path.name)
        sources.append((path.name, hashlib.sha256(content).hexdigest(), len(found)))
        for activity in found:
            name = activity.identifier
            if name not in latest:
                latest[name] = (path.name, activity)
                continue
            before, other = latest[name]
            if _is_later(activity, other, f"{before}, {path.name}"):
                latest[name], activity, where = (path.name, activity), other, before
            else:
                where = path.name
            older[f"{name} in {where}"] = activity
    table = pd.DataFrame(sources, columns=["name", "sha256", "rows"])
    return [activity for _, activity in latest.values()], older, table


def _is_later(activity: Activity, other: Activity, files: str) -> bool:
    """Whether an activity is a later state of the same one in another file."""
    if activity.updated != other.updated and activity.updated and other.updated:
        return activity.updated > other.updated
    if activity != replace(other, updated=activity.updated):
        raise InputError(
            Problem(
                what="an activity stands in two files that say different things",
                where=files,
                expected="two values of last-updated-datetime, the later one counts",
                got=activity.identifier,
                fix="Take it out of one of the files.",
            )
        )
    return False


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
    known: set[str],
    issues: list[Issue],
) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    divided = {name: share for name, share in shares.items() if len(share) > 1}
    frame["country"] = [next(iter(shares[str(name)])) for name in frame["record"]]
    frame = allocate(frame, "record", divided)
    frame = numbered(frame[frame["country"].isin(countries)].reset_index(drop=True))
    return translated_parents(frame, "iati_parent", issues, known)


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
    read = [
        (used.value, used.currency) for activity in activities for used in _amounts_of(activity)
    ]
    table = pd.DataFrame(read, columns=["amount", "currency"])
    return money_in(table["amount"], table["currency"])


def _amounts_of(activity: Activity) -> tuple[Budget | Payment, ...]:
    return activity.budgets or commitments_or_spending(activity.payments)[0]


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
    return parents


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
    first = {role: organisation for role, *organisation in reversed(activity.organisations)}
    _, funder_code, funder = first.get("1", ["", "", ""])
    written, code, implementer = first.get("4", ["", "", ""])
    kind = IMPLEMENTERS.get(written)
    if written and kind is None:
        what = "no code for this IATI organisation type"
        issues.append((activity.identifier, "implementer_type", written, what, "left empty"))
    return {
        "record": activity.identifier,
        "country": None,
        "title_en": english,
        "title_orig": original,
        "start_date": activity.dates.get("2") or activity.dates.get("1") or None,
        "end_date": activity.dates.get("4") or activity.dates.get("3") or None,
        "ongoing": _ongoing(activity.status),
        "implementer_name": implementer or code or None,
        "implementer_type": kind,
        "funder_main": funder or funder_code or None,
        "funder_type": "EU" if funder_code.startswith(EU_COMMISSION) else None,
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
    """The sectors with their percentages, which the one or several of them must have; one alone may
    leave them out.
    """
    known = {code: number for code, number in activity.sectors if code}
    if not known:
        return None
    given = [number for number in known.values() if number is not None]
    unsaid = sum(number or 0.0 for code, number in activity.sectors if not code)
    said = "; ".join(
        code if number is None else f"{code} {number:g}%" for code, number in known.items()
    )
    if len(known) == 1 and not given:
        return next(iter(known))
    whole = math.fsum([*given, unsaid])
    alone = len(known) == 1 and whole < WHOLE
    if len(given) < len(known) or min(given) <= 0 or not (alone or abs(whole - WHOLE) <= TOLERANCE):
        what = "percentages of sectors that do not add up to 100"
        issues.append((activity.identifier, "crs_purpose", said, what, "left empty"))
        return None
    if math.fsum(given) < WHOLE - TOLERANCE:
        what = "sectors of a part of the money"
        issues.append((activity.identifier, "crs_purpose", said, what, "the rest is not said"))
    return as_purposes({code: number for code, number in known.items() if number is not None})
