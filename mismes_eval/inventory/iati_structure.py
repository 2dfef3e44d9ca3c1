"""What the schemas of IATI 2.01, 2.02 and 2.03 ask of the elements that are read: how often, in
which order, with which attributes, amounts and dates that are ones.

The table is this package's own, written from the published schemas (https://iatistandard.org);
elements that are not read here are held to their place and number only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from xml.etree.ElementTree import Element

from mismes_eval.frame.codes import packaged_rows

VERSIONS = ("2.01", "2.02", "2.03")
DECIMAL = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)\s*")
DAY = re.compile(r"\s*(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?\s*")
DAYS = ("iso-date", "value-date")


@dataclass(frozen=True)
class Rule:
    """How often a child may stand, and the attributes that it must have. since: the first version
    that has it; several_since: the first in which it may stand more than once, "" for every one.
    """

    least: int
    most: int | None
    attributes: tuple[str, ...]
    since: str
    several_since: str

    def most_in(self, version: str) -> int | None:
        return 1 if version < self.several_since else self.most


@cache
def _rules() -> Mapping[str, Mapping[str, Rule]]:
    """Parent -> element -> rule; in the standard's order."""
    rules: dict[str, dict[str, Rule]] = {}
    for row in packaged_rows("inventory/iati_structure.csv"):
        rules.setdefault(row["parent"], {})[row["element"]] = Rule(
            least=int(row["least"]),
            most=int(row["most"]) if row["most"] else None,
            attributes=tuple(row["attributes"].split()),
            since=row["since"],
            several_since=row["several_since"],
        )
    return rules


def departures(activity: Element, version: str) -> tuple[str, ...]:
    """Where an activity departs from the structure that its version asks for, each once."""
    found = list(_of_element(activity, version))
    for child in activity:
        if child.tag in _rules():
            found += _of_element(child, version)
    return tuple(dict.fromkeys(found))


def _of_element(element: Element, version: str) -> Iterator[str]:
    rules = _rules()[element.tag]
    present = Counter(child.tag for child in element if isinstance(child.tag, str))
    for name, rule in rules.items():
        most = rule.most_in(version)
        if present[name] < rule.least:
            yield f"{element.tag} without {name}"
        if most is not None and present[name] > most:
            yield f"{element.tag} with {present[name]} of {name}, at most {most}"
        for attribute in rule.attributes:
            if any(not child.get(attribute) for child in element.findall(name)):
                yield f"{name} without {attribute}"
    for name in present:
        unknown = version < rules[name].since if name in rules else not name.startswith("{")
        if unknown:
            yield f"{name} is not an element of {version}"
    yield from _out_of_order(element, rules)
    yield from _values(element)


def _out_of_order(element: Element, rules: Mapping[str, Rule]) -> Iterator[str]:
    """Elements of other namespaces stand behind those of the standard."""
    places = {name: place for place, name in enumerate(rules)}
    order = [places.get(child.tag, len(places)) for child in element if isinstance(child.tag, str)]
    if order != sorted(order):
        where = "" if element.tag == "iati-activity" else f" in {element.tag}"
        yield f"elements in another order{where}"


def _values(element: Element) -> Iterator[str]:
    """Amounts that are no decimal numbers, days that the calendar does not have."""
    for child in element:
        if child.tag == "value" and not DECIMAL.fullmatch(child.text or ""):
            yield f"value of {element.tag} is no decimal number"
        for attribute in DAYS:
            written = child.get(attribute)
            if written and not _is_day(written):
                yield f"{attribute} of {child.tag} is no day"


def _is_day(written: str) -> bool:
    found = DAY.fullmatch(written)
    if found is None:
        return False
    try:
        date.fromisoformat(found[1])
    except ValueError:
        return False
    return True
