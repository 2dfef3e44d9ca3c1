"""Countries as they are written: ISO 3166-1 codes of two and three letters, UN M49 numbers, and
names in many languages (Unicode CLDR through Babel, formal names of ISO 3166-1 and UN M49); one or
several in a cell. Never the merely similar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from babel import Locale
from babel.core import get_global

from mismes_eval.frame import codes
from mismes_eval.frame.codes import packaged_rows, plain
from mismes_eval.frame.missing import is_missing
from mismes_eval.inventory.stated_shares import Stated, stated_shares

LANGUAGES = ("en", "fr", "es", "de", "it", "pt", "nl", "ro", "ru", "ar", "hy", "ka", "tr", "uk")
SEPARATORS = (";", "；", "|", "\n", "\t", "•", "·", "/", ",", "，", "、", " - ", " – ", " — ", "+")
AND = re.compile(r"\s+(?:and|et|und|y|e|i|[sșş]i|и|та|ve|&|\+)\s+", re.IGNORECASE)
FORM_OF_STATE = re.compile(
    r"(?:the )?(?:republic|kingdom) (?:of )?(?:the )?|(?:la |le )?(?:republique|royaume) (?:de la |de |du |d')"
    r"|republica (?:de |del |da |do )?|republik |республика "
)
NAME_AND_CODE = re.compile(r"(.+?) [(\[]([A-Za-z]{2,3})[)\]]")  # Armenia (AM)
CODE_AND_NAME = re.compile(  # MDA - Moldova, [MD] Moldova, 498 Moldova
    r"[(\[]?([A-Za-z]{2,3}|\d{3})(?: ?[-–—:] ?|[)\]] ?|(?<=\d) )(.+)"
)
NOTE_OF_STATUS = re.compile(
    r" \((?:(?:under )?(?:unscr|un security council)[^)]*|country)\)", re.IGNORECASE
)
PART_OF = {("GEO", "USA")}  # "Georgia, USA": also a part of the second, named as a place is
CODES = re.compile(r"[A-Z]{2,3}|\d{3}")
HYPHEN = re.compile(r" ?[-–—] ?")
AND_IN_FRONT = re.compile(r"^(?:and|et|und|y|e|i|[sșş]i|и|та|ve|&)\s+(?=\S)", re.IGNORECASE)
NOTHING = {"n/a", "n.a.", "n.a", "n/d", "n.d.", "-", "–", "—"}  # as much as an empty cell
FOOTNOTE = re.compile(r"[*†‡¹²³⁴⁵\s]+$")
ABBREVIATIONS = (
    ("rep", "republic"),
    ("r", "republic"),
    ("dem", "democratic"),
    ("fed", "federated"),
    ("sts", "states"),
)
APOSTROPHES = str.maketrans("\u2019\u02bc`", "'''")
ARTICLE = re.compile(r"(?:the|la|le|les|l') ?")
# formal names of ISO 3166-1 and UN M49 (English, French), spellings of every day, and former names
# of countries that stand for one of today; in the plain form
OTHER_SPELLINGS = "inventory/country_spellings.csv"


@dataclass(frozen=True)
class Countries:
    """What a cell names: ISO3 codes in the order of the cell, each once; pieces that are no
    country that is known; where the cell says so, the percentage of each of both (a country that
    stands twice is added).
    """

    codes: tuple[str, ...]
    unread: tuple[str, ...] = ()
    percentages: Mapping[str, float] = field(default_factory=dict)


def country(text: object, aliases: Mapping[str, str] | None = None) -> str:
    """ISO3 of one country by code, number or name; empty where it is none that is known.

    text : a name in one of `LANGUAGES`, an alpha-2 or alpha-3 code in any case, an M49 number with
        or without its leading zeros.
    aliases : plain spelling -> ISO3, before everything else.
    """
    written = NOTE_OF_STATUS.sub("", FOOTNOTE.sub("", _written(text)))
    spelling = plain(written)
    if aliases and spelling in aliases:
        return aliases[spelling]
    number = re.fullmatch(r"(\d{1,3})(?:\.0)?", spelling)
    if number:
        return _numbers().get(number.group(1).zfill(3), "")
    known = _spellings()
    for form in (spelling, _bare(spelling), _turned(spelling), _turned(_bare(spelling))):
        if form in known:
            return known[form]
        stated = FORM_OF_STATE.match(form)
        if stated and form[stated.end() :] in known:
            return known[form[stated.end() :]]
    coded = NAME_AND_CODE.fullmatch(written) or CODE_AND_NAME.fullmatch(written)
    if coded:
        by_name, by_code = country(coded.group(1)), country(coded.group(2))
        return by_name if by_name == by_code else ""
    return ""


def countries_of(
    text: object, separator: str | None = None, aliases: Mapping[str, str] | None = None
) -> Countries:
    """Every country of a cell.

    separator : what stands between countries; None tries ; | / , a line break and "and" in several
        languages, and only where the whole cell is not one country ("Moldova, Republic of").
    """
    written = _written(text)
    if not written:
        return Countries(())
    stated = stated_shares(written, separator)
    if stated:
        return _with_percentages(stated, aliases or {})
    found = list(_read(written, separator, aliases or {}))
    codes = [code for code, _ in found if code]
    unread = [piece for code, piece in found if not code]
    return Countries(tuple(dict.fromkeys(codes)), tuple(dict.fromkeys(unread)))


def _with_percentages(stated: tuple[Stated, ...], aliases: Mapping[str, str]) -> Countries:
    percentages: dict[str, float] = {}
    unread = []
    for one in stated:
        code = country(one.name, aliases)
        place = code or f"{one.name} {one.percentage:g}%"
        if not code:
            unread.append(place)
        percentages[place] = percentages.get(place, 0.0) + one.percentage
    codes = tuple(place for place in percentages if place not in unread)
    return Countries(codes, tuple(dict.fromkeys(unread)), percentages)


def _written(text: object) -> str:
    return "" if is_missing(text) else str(text).strip()


def _read(
    text: str, separator: str | None, aliases: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """(ISO3 or empty, piece) of every piece of a text that says something."""
    if text.lower() in NOTHING or not any(character.isalnum() for character in text):
        return
    whole = country(text, aliases)
    if whole:
        yield whole, text
        return
    parts = _parts(text, separator)
    if parts == [text] or _contradicts(text, aliases) or _place_in(parts, text, separator, aliases):
        yield "", text
        return
    place = 0
    while place < len(parts):
        pair = _pair(parts[place : place + 2], aliases)
        if pair:
            yield pair, " ".join(parts[place : place + 2])
            place += 2
        else:
            yield from _read(parts[place], separator, aliases)
            place += 1


def _place_in(
    parts: list[str], text: str, separator: str | None, aliases: Mapping[str, str]
) -> bool:
    """Whether a text may name a part of the country that it ends with, rather than a list."""
    if separator is not None or "," not in text or CODES.fullmatch(parts[-2].upper()):
        return False
    named = [country(part, aliases) for part in parts]
    return tuple(named[-2:]) in PART_OF and not any(named[:-2])


def _contradicts(text: str, aliases: Mapping[str, str]) -> bool:
    """Whether a code stands before the name of another country ("GE - Moldova")."""
    coded = CODE_AND_NAME.fullmatch(text)
    if coded is None or CODES.fullmatch(coded.group(2)):
        return False
    return bool(country(coded.group(1), aliases) and country(coded.group(2), aliases))


def _pair(parts: list[str], aliases: Mapping[str, str]) -> str:
    """The one country that two neighbouring pieces are: "Moldova", "Republic of"."""
    if len(parts) < 2:
        return ""
    return country(", ".join(parts), aliases) or country(" and ".join(parts), aliases)


def _parts(text: str, separator: str | None) -> list[str]:
    if separator is not None:
        pieces = text.split(separator)
    else:
        words = text.split()
        if len(words) > 1 and all(CODES.fullmatch(word) and country(word) for word in words):
            return words
        mark = next((s for s in SEPARATORS if s in text), None)
        pieces = AND.split(text) if mark is None else text.split(mark)
        joined = HYPHEN.split(text)
        if len(pieces) == 1 and all(country(piece) for piece in joined):
            return joined
    parts = [AND_IN_FRONT.sub("", piece.strip(), count=1) for piece in pieces]
    return [part for part in parts if part] or [text]


def _bare(spelling: str) -> str:
    """Without an article, with the apostrophe and the dots of today's keyboards."""
    straight = spelling.translate(APOSTROPHES)
    straight = re.sub(r"\bst\.? ", "saint ", straight)
    for short, whole in ABBREVIATIONS:
        straight = re.sub(rf"\b{short}\.(?=\W|$)|\b{short}(?= of )", whole, straight)
    return re.sub(ARTICLE, "", straight, count=1) if ARTICLE.match(straight) else straight


def _turned(spelling: str) -> str:
    """ "moldova (the republic of)" and "moldova, republic of" as "republic of moldova",
    "netherlands (the)" as its name.
    """
    found = re.fullmatch(r"(.+?) \((?:the )?(.+)\)|(.+?), (?:the )?(.+)", spelling)
    if found is None:
        return ""
    name, rest = (part for part in found.groups() if part is not None)
    if rest in ("the", "la", "le", "les"):
        return name
    return f"{rest} of {name}" if rest.endswith("republic") else f"{rest} {name}"


@cache
def _numbers() -> dict[str, str]:
    """M49 number -> ISO3 of the countries of the code list."""
    by_alpha2 = _by_alpha2()
    return {
        number: by_alpha2[places[0]]
        for number, places in get_global("territory_aliases").items()
        if number.isdigit() and len(number) == 3 and len(places) == 1 and places[0] in by_alpha2
    }


@cache
def _by_alpha2() -> dict[str, str]:
    table = codes("countries")
    return dict(zip(table["alpha2"], table["code"], strict=True))


@cache
def _spellings() -> dict[str, str]:
    """Plain spelling -> ISO3; a spelling that two countries share names none of them."""
    found: dict[str, set[str]] = {}
    for spelling, code in (*_of_the_code_list(), *_of_cldr()):
        for form in {plain(spelling), _bare(plain(spelling))}:
            found.setdefault(form, set()).add(code)
    single = {form: next(iter(those)) for form, those in found.items() if form and len(those) == 1}
    return single | {plain(row["spelling"]): row["code"] for row in packaged_rows(OTHER_SPELLINGS)}


def _of_the_code_list() -> Iterator[tuple[str, str]]:
    for row in codes("countries").to_dict("records"):
        for column in ("code", "alpha2", "label_en", "label_fr"):
            if isinstance(row[column], str):
                yield row[column], str(row["code"])


def _of_cldr() -> Iterator[tuple[str, str]]:
    by_alpha2 = _by_alpha2()
    for language in LANGUAGES:
        for alpha2, name in Locale(language).territories.items():
            if alpha2 in by_alpha2:
                yield name, by_alpha2[alpha2]
