"""The activities of an IATI file as they are written: parsed without entities or document types,
with limits on size, depth and number.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame.outside import bytes_of
from mismes_eval.inventory.iati_money import (
    STATUSES,
    TYPES,
    Budget,
    Payment,
    Territory,
    commitments_or_spending,
    decimal,
)
from mismes_eval.inventory.iati_structure import VERSIONS, departures
from mismes_eval.inventory.intake import Issue
from mismes_eval.inventory.stated_shares import WHOLE

LARGEST_FILE, MOST_ACTIVITIES, DEEPEST, LONGEST_TEXT = 200_000_000, 100_000, 20, 20_000
MOST_ELEMENTS = 500_000  # of one activity
WITHOUT_STATUS = "2.01"  # budgets have a status since 2.02
ORGANISATIONS = "iati-organisations"  # budgets of organisations, which name no activity
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True)
class Activity:
    """What is read of one iati-activity.

    titles : language -> text.
    sectors : DAC code of five digits and its percentage, None where none can be told; a sector that
        transactions do not name stands under an empty code.
    organisations : role, type, ref, name.
    unread : amounts of the budgets (without budgets, of the commitments) that are no decimal
        numbers.
    updated : its last-updated-datetime, empty where it has none.
    """

    identifier: str
    updated: str
    titles: Mapping[str, str]
    status: str
    dates: Mapping[str, str]
    organisations: tuple[tuple[str, str, str, str], ...]
    territories: tuple[Territory, ...]
    sectors: tuple[tuple[str, float | None], ...]
    budgets: tuple[Budget, ...]
    payments: tuple[Payment, ...]
    unread: tuple[str, ...]
    parents: tuple[str, ...]
    children: tuple[str, ...]
    problems: tuple[Issue, ...] = field(default=())


def content_of(path: Path) -> bytes:
    return bytes_of(path, LARGEST_FILE, "Split it by country or year.")


def activities_of(content: bytes, name: str) -> Iterator[Activity]:
    depth = number = inside = 0
    version = None
    root = None
    try:
        for event, element in iterparse(
            io.BytesIO(content), events=("start", "end"), forbid_dtd=True
        ):
            depth += 1 if event == "start" else -1
            if depth > DEEPEST:
                raise InputError(
                    Problem(
                        "elements nested too deeply",
                        name,
                        worded("at most {deepest} levels", {"deepest": DEEPEST}),
                    )
                )
            if event == "start" and root is None:
                root = element
                version = _version(element, name)
            inside += event == "start"
            if inside > MOST_ELEMENTS:
                expected = worded("at most {most_elements:,}", {"most_elements": MOST_ELEMENTS})
                raise InputError(Problem("an activity has too many elements", name, expected))
            if event == "start" or depth != 1 or root is None:
                continue
            if element.tag == "iati-activity":
                number += 1
                _refuse_number(number, name)
                yield _activity(element, number, version, name)
            root.remove(element)
            inside = 0
    except DefusedXmlException as error:
        raise InputError(
            Problem(
                what="entities or a document type in the file",
                where=name,
                expected="plain XML",
                got=type(error).__name__,
                fix="Such files can attack the reader: get it from the publisher's registry.",
            )
        ) from error
    except ParseError as error:
        raise InputError(
            Problem(
                what="truncated or damaged XML",
                where=name,
                expected="a whole document",
                got=str(error),
                fix="Fetch the file again.",
            )
        ) from error


def _version(root: Element, name: str) -> str | None:
    """The version that the file claims; None where it claims none."""
    if root.tag == ORGANISATIONS:
        raise InputError(
            Problem(
                what="an IATI organisation file: what a publisher plans to spend, and no measures",
                where=name,
                expected="iati-activities",
                got=ORGANISATIONS,
                fix="Take the publisher's file of activities.",
            )
        )
    if root.tag != "iati-activities":
        raise InputError(
            Problem("not an IATI activity file", name, "iati-activities", str(root.tag))
        )
    version = root.get("version", "").strip()
    if version and version not in VERSIONS:
        raise InputError(
            Problem(
                what="another version of IATI",
                where=name,
                expected=worded("version {versions}", {"versions": ", ".join(VERSIONS)}),
                got=version,
                fix="Ask the publisher for a 2.03 file.",
            )
        )
    return version or None


def _refuse_number(number: int, name: str) -> None:
    if number > MOST_ACTIVITIES:
        raise InputError(
            Problem(
                "too many activities",
                name,
                worded("at most {most_activities:,}", {"most_activities": MOST_ACTIVITIES}),
                fix="Split the file.",
            )
        )


def _text(element: Element | None) -> str:
    return " ".join((element.text or "").split())[:LONGEST_TEXT] if element is not None else ""


def _activity(node: Element, number: int, version: str | None, name: str) -> Activity:
    if version is None and node.find("title/narrative") is None:
        raise InputError(
            Problem(
                what="another version of IATI",
                where=worded("{name}: activity {number}", {"name": name, "number": number}),
                expected=worded("version {versions}", {"versions": ", ".join(VERSIONS)}),
                got=worded("no version, and no title in narratives"),
                fix="Ask the publisher for a 2.03 file.",
            )
        )
    identifier = _text(node.find("iati-identifier"))
    notes = []
    if not identifier:
        identifier = f"activity {number}"
        notes.append(
            (identifier, "iati_id", "", "no IATI identifier", "named by its place in the file")
        )
    if version is None:
        notes.append((identifier, "iati_id", "", "the file claims no version", "read as 2.03"))
    else:
        notes += [
            (identifier, "iati_id", found, f"not the structure of IATI {version}", "read")
            for found in departures(node, version)
        ]
    currency = node.get("default-currency", "").strip().upper()
    payments, unread_payments = _payments(node, currency)
    unsaid = "" if version == WITHOUT_STATUS else "1"
    budgets, unread_budgets = _budgets(node, currency, unsaid, identifier, notes)
    why_no_budget = node.get("budget-not-provided", "").strip()
    if why_no_budget:
        what = "the publisher gives no budget (code BudgetNotProvided)"
        done = "the budgets of the file count" if budgets else "commitments count, if there are any"
        notes.append((identifier, "budget_total", why_no_budget, what, done))
    status = node.find("activity-status")
    return Activity(
        identifier=identifier,
        updated=node.get("last-updated-datetime", "").strip(),
        titles=_titles(node),
        status=status.get("code", "") if status is not None else "",
        dates=_dates(node, identifier, notes),
        organisations=tuple(_organisations(node)),
        territories=_territories(node),
        sectors=_sectors(node, payments),
        budgets=budgets,
        payments=payments,
        unread=unread_budgets if node.find("budget") is not None else unread_payments,
        parents=_related(node, "1"),
        children=_related(node, "2"),
        problems=tuple(notes),
    )


def _titles(node: Element) -> dict[str, str]:
    """Language -> title, in the order of the file; several of one language are joined."""
    default = node.get(LANG, "")
    titles: dict[str, str] = {}
    for narrative in node.findall("title/narrative"):
        language = narrative.get(LANG, default).strip().lower().split("-")[0]
        text = _text(narrative)
        if text:
            titles[language] = f"{titles[language]} / {text}" if language in titles else text
    return titles


def _organisations(node: Element) -> Iterator[tuple[str, str, str, str]]:
    """Role, type, reference and name (the English narrative where there is one)."""
    default = node.get(LANG, "")
    for organisation in node.findall("participating-org"):
        narratives = organisation.findall("narrative")
        english = [n for n in narratives if n.get(LANG, default).lower().startswith("en")]
        name = _text(next(iter([*english, *narratives]), None))
        role, kind, reference = (organisation.get(one, "") for one in ("role", "type", "ref"))
        yield (role, kind, reference, name)


def _dates(node: Element, identifier: str, notes: list[Issue]) -> dict[str, str]:
    """ActivityDateType -> ISO date; a day that the calendar does not have is left empty."""
    dates = {}
    for element in node.findall("activity-date"):
        written = (element.get("iso-date") or "").strip()
        try:
            dates[element.get("type", "")] = date.fromisoformat(written[:10]).isoformat()
        except ValueError:
            field_name = "start_date" if element.get("type") in ("1", "2") else "end_date"
            notes.append((identifier, field_name, written, "not a date", "left empty"))
    return dates


def _territories(node: Element) -> tuple[Territory, ...]:
    return tuple(
        Territory(
            code=element.get("code", "").strip(),
            percentage=element.get("percentage"),
            region=element.tag == "recipient-region",
            vocabulary=element.get("vocabulary", "") if element.tag == "recipient-region" else "",
        )
        for element in node
        if element.tag in ("recipient-country", "recipient-region")
    )


def _sectors(node: Element, payments: tuple[Payment, ...]) -> tuple[tuple[str, float | None], ...]:
    """DAC sectors with their percentages; those of the transactions where the activity has none, by
    the amounts that name them.
    """
    stated = [
        (code, _percentage(sector))
        for sector in node.findall("sector")
        for code in _dac_sectors([sector])
    ]
    if node.find("sector") is None:
        asked = commitments_or_spending(payments)
        used = next((part for part in asked if any(payment.sectors for payment in part)), ())
        return tuple(_by_amounts(used).items())
    found: dict[str, float | None] = {}
    for code, number in stated:
        before = found.get(code, 0.0)
        found[code] = None if before is None or number is None else before + number
    return tuple(found.items())


def _percentage(sector: Element) -> float | None:
    written = sector.get("percentage")
    return decimal(written.strip()) if written else None


def _by_amounts(used: tuple[Payment, ...]) -> dict[str, float | None]:
    """Sector -> percentage of the amounts that name it; None where these divide nothing (several
    currencies, an amount below 0, a transaction in several sectors).
    """
    sums: dict[str, float] = {}
    for payment in used:
        for code in payment.sectors or ("",):
            sums[code] = sums.get(code, 0.0) + payment.value
    if len(sums) == 1:
        return {code: WHOLE for code in sums}
    whole = math.fsum(sums.values())
    several = len({p.currency for p in used}) > 1 or any(len(p.sectors) > 1 for p in used)
    if several or min(sums.values(), default=0.0) <= 0:
        return {code: None for code in sums}
    return {code: WHOLE * value / whole for code, value in sums.items()}


def _dac_sectors(sectors: list[Element]) -> tuple[str, ...]:
    """The codes of five digits of the DAC vocabulary, which is meant where none is said."""
    of_dac = [s.get("code", "").strip() for s in sectors if s.get("vocabulary", "1") in ("1", "")]
    return tuple(code for code in of_dac if len(code) == 5 and code.isdigit())


def _budgets(
    node: Element, default: str, unsaid: str, identifier: str, notes: list[Issue]
) -> tuple[tuple[Budget, ...], tuple[str, ...]]:
    """Budgets, and the amounts that are no decimal numbers. default: their currency, unsaid: their
    status, where they name none.
    """
    budgets, unread = [], []
    for element in node.findall("budget"):
        value = element.find("value")
        amount = decimal(_text(value))
        kind, status = element.get("type", "1"), element.get("status", unsaid)
        if amount is None or kind not in TYPES or value is None:
            unread.append(_text(value) or "(empty)" if kind in TYPES else f"type {kind}")
            continue
        if status not in (*STATUSES, unsaid):
            notes.append((identifier, "budget_total", status, "no BudgetStatus", "counted"))
        if amount < 0:
            notes.append((identifier, "budget_total", _text(value), "below 0", "counted"))
        start, end = (_day(element.find(f"period-{side}")) for side in ("start", "end"))
        budgets.append(
            Budget(
                value=amount,
                currency=_currency(value, default),
                value_date=value.get("value-date", "").strip()[:10],
                kind=TYPES[kind],
                status=STATUSES.get(status, ""),
                start=start,
                end=end,
            )
        )
    return tuple(budgets), tuple(unread)


def _day(element: Element | None) -> str:
    return (element.get("iso-date") or "").strip()[:10] if element is not None else ""


def _payments(node: Element, default: str) -> tuple[tuple[Payment, ...], tuple[str, ...]]:
    """Transactions, and the amounts of commitments that are no decimal numbers."""
    payments, unread = [], []
    for element in node.findall("transaction"):
        kind = element.find("transaction-type")
        code = kind.get("code", "") if kind is not None else ""
        value = element.find("value")
        amount = decimal(_text(value))
        if amount is None or value is None:
            unread += [_text(value) or "(empty)"] if code == "2" else []
            continue
        payments.append(
            Payment(
                kind=code,
                value=amount,
                currency=_currency(value, default),
                day=value.get("value-date", "")[:10] or _day(element.find("transaction-date")),
                territories=_territories(element),
                sectors=_dac_sectors(element.findall("sector")),
            )
        )
    return tuple(payments), tuple(unread)


def _currency(value: Element, default: str) -> str:
    """The currency of an amount; that of the activity where the amount names none."""
    return value.get("currency", "").strip().upper() or default


def _related(node: Element, kind: str) -> tuple[str, ...]:
    """RelatedActivityType 1 is a parent of this activity, 2 a child."""
    return tuple(
        element.get("ref", "").strip()
        for element in node.findall("related-activity")
        if element.get("type") == kind and element.get("ref", "").strip()
    )
