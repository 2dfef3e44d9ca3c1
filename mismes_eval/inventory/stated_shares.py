"""Percentages beside the countries of a cell: "Moldova 40%, Georgia 60%", "MDA:40;GEO:60"."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

WHOLE = 100.0
TOLERANCE = 0.5  # percentage points of rounding in percentages that add up to 100
NUMBER = r"\d{1,3}(?:[.,]\d+)?"
SIGN = r"\s*(?:[%％٪]|per ?cent\b|pour ?cents?\b|pct\b\.?|la sut[aă]\b|процент\w*)"
SIGNED = re.compile(rf"(?<!\d)(?<!\d[.,])({NUMBER}){SIGN}", re.IGNORECASE)
NAME_FIRST = re.compile(rf"(?P<name>.*\w.*?)(?:\s*[:=(\[–—-]\s*|\s+)(?P<number>{NUMBER})\s*[)\]]?")
NUMBER_FIRST = re.compile(rf"(?P<number>{NUMBER})(?:\s*[:=–—-]\s*|\s+)(?P<name>[^\d\W].*)")
AND = r"(?:and|et|und|y|e|și|şi|si|и|та|ve)"
BETWEEN = (r";", r"\|", r"\n", "[•·]", "/", r",(?!\d)|(?<!\d),", r"\+", rf"\s+(?:{AND}|&)\s+")
BEFORE_NAME = " \t\r\n;|,/•·+:=&–—-)]"
AFTER_NAME = " \t\r\n;|,/•·+:=&–—-(["
AND_AT_AN_END = re.compile(rf"^{AND}\s+|\s+{AND}$", re.IGNORECASE)


@dataclass(frozen=True)
class Stated:
    """What a piece of a cell says: the name as it is written, and its percentage."""

    name: str
    percentage: float


def stated_shares(text: str, separator: str | None) -> tuple[Stated, ...]:
    """Every country of a cell with its percentage; empty where not each of them has one.

    text : the cell.
    separator : what stands between countries; None tries the usual ones.

    With a percent sign, any numbers are read, whatever they add up to. Without one, numbers are
    percentages only where they add up to 100, and parts of the whole where they add up to 1.
    """
    if SIGNED.search(text):
        return _signed(text, separator)
    patterns = BETWEEN if separator is None else (_between(separator),)
    for pattern in patterns:
        found = _plain([piece.strip() for piece in re.split(pattern, text) if piece.strip()])
        if found:
            return found
    return ()


def does_not_add_up(percentages: tuple[float, ...]) -> bool:
    """Whether percentages are no division of a whole; rounding is allowed for."""
    whole = math.fsum(percentages)
    return min(percentages) <= 0 or abs(whole - WHOLE) > TOLERANCE


def _between(separator: str) -> str:
    return r",(?!\d)|(?<!\d)," if separator == "," else re.escape(separator)


def _signed(text: str, separator: str | None) -> tuple[Stated, ...]:
    pieces = SIGNED.split(text)
    numbers = [_number(piece) for piece in pieces[1::2]]
    between = pieces[0::2]
    if separator is not None:
        parts = [part for part in re.split(_between(separator), text) if part.strip()]
        if [len(SIGNED.findall(part)) for part in parts] != [1] * len(numbers):
            return ()
    names = [_name(piece) for piece in between]
    empty = names.pop() if names[0] else names.pop(0)
    if empty or not all(names):
        return ()
    return tuple(map(Stated, names, numbers))


def _plain(pieces: list[str]) -> tuple[Stated, ...]:
    matches = [NAME_FIRST.fullmatch(piece) or NUMBER_FIRST.fullmatch(piece) for piece in pieces]
    found = [Stated(_name(match["name"]), _number(match["number"])) for match in matches if match]
    whole = math.fsum(one.percentage for one in found)
    if len(found) < len(pieces) or not found:
        return ()
    if abs(whole - WHOLE) <= TOLERANCE:
        return tuple(found)
    if len(found) > 1 and abs(whole - 1) <= TOLERANCE / WHOLE:
        return tuple(Stated(one.name, one.percentage * WHOLE) for one in found)
    return ()


def _number(written: str) -> float:
    return float(written.replace(",", "."))


def _name(piece: str) -> str:
    return AND_AT_AN_END.sub("", piece.lstrip(BEFORE_NAME).rstrip(AFTER_NAME)).strip()
