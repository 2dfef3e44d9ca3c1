"""IATI 2.03 activity files to inventory records: parsed defensively (no entities, no DTD, limits on
size, depth and number).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import pandas as pd
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from mismes_eval.errors import InputError, Problem
from mismes_eval.frame import codes
from mismes_eval.inventory.intake import Intake, issue_frame, numbered
from mismes_eval.inventory.relations import allocate

LARGEST_FILE, MOST_ACTIVITIES, DEEPEST, LONGEST_TEXT = 200_000_000, 100_000, 20, 20_000
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
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
Issue = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Activity:
    """What is read of one iati-activity; amounts (value, currency, year)."""

    identifier: str
    titles: Mapping[str, str]
    status: str
    dates: Mapping[str, str]
    organisations: tuple[tuple[str, str, str, str], ...]  # role, type, ref, name
    countries: tuple[tuple[str, float | None], ...]
    sectors: tuple[str, ...]
    budgets: tuple[tuple[float, str, str, str], ...]  # value, currency, value date, status
    commitments: tuple[tuple[float, str, str], ...]
    parents: tuple[str, ...]
    children: tuple[str, ...]
    problems: tuple[Issue, ...] = field(default=())


def read_iati(
    path: str | Path,
    *,
    countries: tuple[str, ...],
    allocation: str | Mapping[str, Mapping[str, float]] | None = None,
) -> Intake:
    """Activities of an IATI file that concern `countries` (ISO3), in the columns of the inventory
    template.

    Parameters
    ----------
    allocation : how an activity in several countries is divided: "percentage" (the file's own
        percentages), or a table identifier -> {ISO3: share} (other countries under their own code;
        shares add up to 1). None refuses such activities, by name.

    Stage, model and target group are not in IATI: a coder adds them (`Intake.coded`). A parent
    whose children are in the file keeps its amounts, and is not added up again (parent_id). Amounts
    in several currencies are refused as an amount, not converted.

    Raises
    ------
    InputError : entities or a DTD in the file, too large, not IATI, no such country.
    """
    path = Path(path)
    known = codes("countries").set_index("alpha2")["code"]
    unknown = [c for c in countries if c not in set(known)]
    if unknown or not countries:
        raise InputError(
            Problem(
                "not a country",
                "countries",
                "ISO 3166-1 alpha-3 codes",
                ", ".join(unknown) or "none",
            )
        )
    if isinstance(allocation, str) and allocation != "percentage":
        raise InputError(
            Problem(
                "no such allocation rule",
                "allocation",
                "'percentage', a table of shares, or None",
                repr(allocation),
            )
        )
    content = _content(path)
    activities = list(_activities(content, path.name))
    _no_repeats(activities, path.name)
    issues: list[Issue] = []
    rows, outside, refused, shares = [], [], [], {}
    for activity in activities:
        issues += activity.problems
        here = [(known.get(c, c), p) for c, p in activity.countries]
        if not any(c in countries for c, _ in here):
            outside.append((activity.identifier, "none of the chosen countries"))
            continue
        if len(here) > 1:
            stated = _shares(activity.identifier, here, allocation)
            if isinstance(stated, str):
                refused.append((activity.identifier, stated))
                continue
            shares[activity.identifier] = stated
        rows.append(_row(activity, str(here[0][0]), issues))
    frame = pd.DataFrame(rows)
    if len(frame):
        frame = allocate(frame, "record", shares)
        frame = numbered(frame[frame["country"].isin(countries)].reset_index(drop=True))
        frame = _with_parents(frame)
    sources = pd.DataFrame(
        [(path.name, hashlib.sha256(content).hexdigest(), len(activities))],
        columns=["name", "sha256", "rows"],
    )
    tables = [pd.DataFrame(t, columns=["record", "reason"]) for t in (refused, outside)]
    return Intake(
        frame, tables[0], tables[1], issue_frame(issues), len(activities), sources, "IATI"
    )


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise InputError(Problem("no such file", str(path)))
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise InputError(
            Problem(
                "the file is too large",
                path.name,
                f"at most {LARGEST_FILE:,} bytes",
                f"{size:,}",
                "Split it by country or year.",
            )
        )
    return path.read_bytes()


def _activities(content: bytes, name: str) -> Iterator[Activity]:
    depth = number = 0
    root: Element | None = None
    try:
        for event, element in iterparse(
            io.BytesIO(content), events=("start", "end"), forbid_dtd=True
        ):
            depth += 1 if event == "start" else -1
            if depth > DEEPEST:
                raise InputError(
                    Problem("elements nested too deeply", name, f"at most {DEEPEST} levels")
                )
            if event == "start" and root is None:
                root = element
                if element.tag != "iati-activities":
                    raise InputError(
                        Problem("not an IATI activity file", name, "iati-activities", element.tag)
                    )
                if not element.get("version", "").startswith("2."):
                    raise InputError(
                        Problem(
                            "another version of IATI",
                            name,
                            "version 2.x (2.03)",
                            element.get("version", "none"),
                            "Ask the publisher for a 2.03 file.",
                        )
                    )
            if event == "end" and element.tag == "iati-activity" and depth == 1:
                number += 1
                if number > MOST_ACTIVITIES:
                    raise InputError(
                        Problem(
                            "too many activities",
                            name,
                            f"at most {MOST_ACTIVITIES:,}",
                            fix="Split the file.",
                        )
                    )
                yield _activity(element, number)
                element.clear()
    except DefusedXmlException as error:
        raise InputError(
            Problem(
                "entities or a document type in the file",
                name,
                "plain XML",
                type(error).__name__,
                "Such files can attack the reader: get it from the publisher's registry.",
            )
        ) from error
    except ParseError as error:
        raise InputError(
            Problem(
                "truncated or damaged XML",
                name,
                "a whole document",
                str(error),
                "Fetch the file again.",
            )
        ) from error


def _text(element: Element | None) -> str:
    return " ".join((element.text or "").split())[:LONGEST_TEXT] if element is not None else ""


def _activity(node: Element, number: int) -> Activity:
    identifier = _text(node.find("iati-identifier"))
    notes: list[Issue] = []
    if not identifier:
        identifier = f"activity {number}"
        notes.append(
            (identifier, "iati_id", "", "no IATI identifier", "named by its place in the file")
        )
    default = node.get(LANG, "en")
    titles: dict[str, str] = {}
    for narrative in node.findall("title/narrative"):
        titles.setdefault(narrative.get(LANG, default), _text(narrative))
    currency = node.get("default-currency", "")
    organisations = tuple(
        (o.get("role", ""), o.get("type", ""), o.get("ref", ""), _text(o.find("narrative")))
        for o in node.findall("participating-org")
    )
    countries = tuple(
        (c.get("code", ""), _percentage(c, identifier, notes))
        for c in node.findall("recipient-country")
    )
    budgets = tuple(
        (*amount, b.get("status", "1"))
        for b in node.findall("budget")
        if b.get("type", "1") == "1"
        and (amount := _amount(b.find("value"), currency, identifier, notes))
    )
    spent = [
        t
        for t in node.findall("transaction")
        if (kind := t.find("transaction-type")) is not None and kind.get("code") == "2"
    ]
    commitments = tuple(
        amount for t in spent if (amount := _amount(t.find("value"), currency, identifier, notes))
    )
    dates = {
        d.get("type", ""): (d.get("iso-date") or "")[:10] for d in node.findall("activity-date")
    }
    related = [(r.get("type"), r.get("ref", "")) for r in node.findall("related-activity")]
    sectors = tuple(
        s.get("code", "") for s in node.findall("sector") if s.get("vocabulary", "1") == "1"
    )
    status = node.find("activity-status")
    return Activity(
        identifier,
        titles,
        status.get("code", "") if status is not None else "",
        dates,
        organisations,
        countries,
        sectors,
        budgets,
        commitments,
        tuple(r for t, r in related if t == "1"),
        tuple(r for t, r in related if t == "2"),
        tuple(notes),
    )


def _percentage(node: Element, identifier: str, notes: list[Issue]) -> float | None:
    written = node.get("percentage")
    try:
        return None if written is None else float(written)
    except ValueError:
        notes.append((identifier, "country", written or "", "not a percentage", "left empty"))
        return None


def _amount(
    node: Element | None, default: str, identifier: str, notes: list[Issue]
) -> tuple[float, str, str] | None:
    if node is None:
        return None
    try:
        return float(_text(node)), node.get("currency", default), node.get("value-date", "")
    except ValueError:
        notes.append((identifier, "budget_total", _text(node), "not an amount", "left out"))
        return None


def _no_repeats(activities: list[Activity], name: str) -> None:
    names = [a.identifier for a in activities]
    twice = sorted({n for n in names if names.count(n) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise InputError(
            Problem(
                "an activity stands twice",
                f"{name}: iati-identifier",
                "each identifier once",
                twice[0],
                "Keep the latest of each.",
                len(twice),
                tuple(twice[:5]),
            )
        )


def _shares(
    identifier: str,
    here: list[tuple[str, float | None]],
    allocation: str | Mapping[str, Mapping[str, float]] | None,
) -> dict[str, float] | str:
    """Country -> share, or why there is none."""
    named = ", ".join(c for c, _ in here)
    if isinstance(allocation, Mapping):
        stated = allocation.get(identifier)
        return (
            dict(stated)
            if stated is not None
            else f"several countries ({named}) and no shares in the allocation table"
        )
    if allocation is None:
        return f"several countries ({named}) and no allocation rule"
    percentages = [p for _, p in here if p is not None]
    if len(percentages) < len(here) or abs(sum(percentages) - 100) > 0.5:
        return f"several countries ({named}) whose percentages do not add up to 100"
    return {c: p / sum(percentages) for c, p in here if p is not None}


def _money(activity: Activity, issues: list[Issue]) -> tuple[float | None, str | None, int | None]:
    """Sum of the budgets (revised ones where there are any), else of the commitments; one currency
    or nothing. The year is the first value date's.
    """
    revised = [b[:3] for b in activity.budgets if b[3] == "2"]
    amounts = revised if revised else [b[:3] for b in activity.budgets if b[3] == "1"]
    amounts = amounts or list(activity.commitments)
    if not amounts:
        return None, None, None
    currencies = sorted({currency for _, currency, _ in amounts})
    if len(currencies) > 1 or currencies == [""]:
        issues.append(
            (
                activity.identifier,
                "budget_total",
                ", ".join(currencies),
                "amounts in several currencies, or in none",
                "left empty",
            )
        )
        return None, None, None
    years = sorted({d[:4] for _, _, d in amounts if d[:4].isdigit()})
    if len(years) > 1:
        issues.append(
            (
                activity.identifier,
                "price_year",
                ", ".join(years),
                "amounts of several years",
                f"read as {years[0]}",
            )
        )
    return sum(v for v, _, _ in amounts), currencies[0], int(years[0]) if years else None


def _row(activity: Activity, country: str, issues: list[Issue]) -> dict[str, object]:
    total, currency, year = _money(activity, issues)
    english = activity.titles.get("en") or activity.titles.get("EN")
    funder = next((o for o in activity.organisations if o[0] == "1"), ("", "", "", ""))
    implementer = next((o for o in activity.organisations if o[0] == "4"), ("", "", "", ""))
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
    parents = activity.parents
    return {
        "record": activity.identifier,
        "country": country,
        "title_en": english or next(iter(activity.titles.values()), None),
        "title_orig": next(
            (t for lang, t in activity.titles.items() if lang.lower() != "en"), english
        ),
        "start_date": activity.dates.get("2") or activity.dates.get("1") or None,
        "end_date": activity.dates.get("4") or activity.dates.get("3") or None,
        "ongoing": (
            "TRUE"
            if activity.status in ("2", "3")
            else "FALSE"
            if activity.status in ENDED
            else None
        ),
        "implementer_name": implementer[3] or None,
        "implementer_type": kind,
        "funder_main": funder[3] or funder[2] or None,
        "funder_type": "EU" if funder[2].startswith(EU_COMMISSION) else None,
        "iati_id": activity.identifier,
        "crs_purpose": next((s for s in activity.sectors if len(s) == 5 and s.isdigit()), None),
        "budget_total": total,
        "currency": currency,
        "price_year": year,
        "source_type": "REGISTER",
        "source_ref": f"IATI {activity.identifier}",
        "confidence": "B",
        "iati_parent": parents[0] if parents else None,
    }


def _with_parents(frame: pd.DataFrame) -> pd.DataFrame:
    """parent_id from the related activities of the file: the parent's row in the same country."""
    places = {
        (r, c): m
        for r, c, m in zip(frame["record"], frame["country"], frame["measure_id"], strict=True)
    }
    parent = [
        places.get((p, c)) for p, c in zip(frame["iati_parent"], frame["country"], strict=True)
    ]
    return frame.assign(parent_id=pd.array(parent, dtype="str"))
