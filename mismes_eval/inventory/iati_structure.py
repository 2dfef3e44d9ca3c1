"""What the schemas of IATI 2.01, 2.02 and 2.03 ask of the elements that are read: how often, in
which order, with which attributes.

The table is this package's own, written from the published schemas (https://iatistandard.org);
elements that are not read here are held to their place and number only.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.resources import files
from xml.etree.ElementTree import Element

import pandas as pd

VERSIONS = ("2.01", "2.02", "2.03")
SINCE = {"humanitarian-scope": "2.02", "tag": "2.03"}


@cache
def _rules() -> dict[str, dict[str, tuple[int, int | None, tuple[str, ...]]]]:
    """Parent -> element -> least, most, attributes that must be there; in the standard's order."""
    path = files("mismes_eval.inventory") / "iati_structure.csv"
    with path.open(encoding="utf-8") as handle:
        table = pd.read_csv(handle, dtype=str, keep_default_na=False)
    rules: dict[str, dict[str, tuple[int, int | None, tuple[str, ...]]]] = {}
    for row in table.to_dict("records"):
        most = int(row["most"]) if row["most"] else None
        wanted = (int(row["least"]), most, tuple(row["attributes"].split()))
        rules.setdefault(str(row["parent"]), {})[str(row["element"])] = wanted
    return rules


def departures(activity: Element, version: str) -> tuple[str, ...]:
    """Where an activity departs from the structure that its version asks for, each once."""
    found = _of_element(activity, version)
    for name in ("title", "budget", "transaction"):
        for element in activity.findall(name):
            found += _of_element(element, version)
    return tuple(dict.fromkeys([*found, *_out_of_order(activity)]))


def _of_element(element: Element, version: str) -> list[str]:
    rules = _rules()[element.tag]
    present = Counter(child.tag for child in element if isinstance(child.tag, str))
    found = []
    for name, (least, most, attributes) in rules.items():
        if present[name] < least:
            found.append(f"{element.tag} without {name}")
        if most is not None and present[name] > most:
            found.append(f"{element.tag} with {present[name]} of {name}, at most {most}")
        for attribute in attributes:
            if any(not child.get(attribute) for child in element.findall(name)):
                found.append(f"{name} without {attribute}")
    return found + _unknown(element, present, version)


def _unknown(element: Element, present: Counter[str], version: str) -> list[str]:
    """Elements of the activity that its version does not have (other namespaces are allowed)."""
    if element.tag != "iati-activity":
        return []
    known = _rules()["iati-activity"]
    later = [n for n in present if n in SINCE and version < SINCE[n]]
    other = [n for n in present if n not in known and not n.startswith("{")]
    return [f"{n} is not an element of {version}" for n in [*later, *other]]


def _out_of_order(activity: Element) -> list[str]:
    places = {name: place for place, name in enumerate(_rules()["iati-activity"])}
    order = [places[child.tag] for child in activity if child.tag in places]
    return ["elements in another order"] if order != sorted(order) else []
