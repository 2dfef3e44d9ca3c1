"""Record layouts as offices deliver them: programs of Stata (.do, .dct), SAS and SPSS that read the
text, with the labels that they give.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from mismes_eval.errors import InputError, Problem

Kind = Literal["", "text", "number"]
STATA, SAS, SPSS = (".do", ".dct"), (".sas",), (".sps",)
PROGRAMS = (*STATA, *SAS, *SPSS)
SHOWN = 40  # letters of what is not understood

QUOTED = r"`\"(?:.*?)\"'|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'"
PLACES = r"(?P<first>\d+)(?:\s*-\s*(?P<last>\d+))?"
STATA_TYPE = r"(?:(?P<type>byte|int|long|float|double|str\d*)\s+)?"
INFIX = re.compile(rf"\s*{STATA_TYPE}(?P<name>[a-z_]\w*)\s+(?:1:\s*)?{PLACES}(?!\w|:)", re.I)
INFILE = re.compile(
    rf"\s*(?:_col(?:umn)?\((?P<at>\d+)\)\s*|_skip\((?P<skip>\d+)\)\s*)?{STATA_TYPE}"
    rf"(?P<name>(?!_)\w+)\s+%(?P<width>\d+)(?:\.(?P<decimals>\d+))?(?P<format>[a-z])\s*"
    rf"(?P<label>{QUOTED})?",
    re.I | re.S,
)
INPUT = re.compile(
    r"\s*(?:@\s*(?P<at>\d+)\s*|\+\s*(?P<skip>\d+)\s*)?(?P<name>[a-z_]\w*)\s*(?P<text>\$)?\s*"
    r"(?:(?:char|f|best|z)?(?P<width>\d+)\.(?P<decimals>\d*)"
    rf"|{PLACES}(?!\.)(?:\s*\.(?P<behind>\d+))?)(?!\w)",
    re.I,
)
DATA_LIST = re.compile(
    rf"\s*(?P<name>[a-z@#$][\w.@#$]*)\s+{PLACES}"
    r"(?:\s*\(\s*(?:(?P<text>a)\d*|f?\s*,?\s*(?P<decimals>\d+))\s*\))?(?!\w)",
    re.I,
)
ITEM = {STATA: INFIX, SAS: INPUT, SPSS: DATA_LIST}
# a code and its label, not the end of a list or range of codes that share one
PAIR = re.compile(
    rf"(?<![\w,-])(?<![,-]\s)(?P<code>{QUOTED}|-?[\w.]+)\s*=?\s*(?P<label>{QUOTED})", re.S
)


@dataclass(frozen=True, slots=True)
class Field:
    """A column: the places of its first and last letter, counted from 1; decimals: how many of its
    digits stand behind a point that is not written; kind: what it holds, where the layout says so.
    """

    name: str
    first: int
    last: int
    decimals: int = 0
    kind: Kind = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns at fixed places, and what a program calls them and their codes."""

    fields: tuple[Field, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[object, str]] = field(default_factory=dict)


def read_program(text: str, file: str) -> Layout:
    """The columns that a program reads, and its labels.

    Raises
    ------
    InputError : it reads none at fixed places, or a part of its list of columns is not understood.
    """
    family = next(family for family in ITEM if file.lower().endswith(family))
    plain = _without_comments(text, family)
    labels, named, scales = _labels_of(plain, family)
    fields = [
        replace(found, decimals=found.decimals or scales.get(found.name, 0))
        for found in _fields(plain, family, file, labels)
    ]
    kinds = {found.name: found.kind for found in fields}
    value_labels = {
        name: {_code(code, kinds[name]): label for code, label in codes.items()}
        for name, codes in named.items()
        if name in kinds
    }
    return Layout(tuple(fields), {n: v for n, v in labels.items() if n in kinds}, value_labels)


def _without_comments(text: str, family: tuple[str, ...]) -> str:
    """The program without what its language passes over; quoted texts stay."""
    marks = [r"/\*.*?\*/"]
    if family is STATA:
        marks += [r"(?<![:\w])//[^\n]*", r"(?m:^[ \t]*\*[^\n]*$)", r"#delimit[^\n]*"]
    elif family is SAS:
        marks += [r"(?m:^[ \t]*\*[^;]*;)"]
    else:
        marks += [r"(?m:^[ \t]*\*[^\n]*$)"]
    either = re.compile(f"(?P<kept>{QUOTED})|{'|'.join(marks)}", re.S)
    return either.sub(lambda found: found["kept"] or " ", text)


def _list_of_columns(text: str, family: tuple[str, ...]) -> tuple[str, re.Pattern[str]] | None:
    """The part of a program that lists columns, and how each is written."""
    if family is STATA:
        book = re.search(
            r"\b(infix\s+)?(?:infile\s+)?dictionary\b[^{]*\{(.*?)\}", text, re.I | re.S
        )
        if book:
            return book[2], INFIX if book[1] else INFILE
        found = re.search(r"\binfix\b(.*?)\busing\b", text, re.I | re.S)
    elif family is SAS:
        found = re.search(r"\binput\b([^;]*);", text, re.I)
    else:
        head = rf"\bdata\s+list\b(?:{QUOTED}|(?!\brecords\b)[^/\"'])*/\s*(?:1\s)?"
        found = re.search(rf"{head}(.*?)\.\s*(?:\n|$)", text, re.I | re.S)
    return (found[1], ITEM[family]) if found else None


def _fields(
    text: str, family: tuple[str, ...], file: str, labels: dict[str, str]
) -> Iterator[Field]:
    listed = _list_of_columns(text, family)
    if listed is None or not listed[0].strip():
        raise InputError(
            Problem(
                what="a program that reads no columns at fixed places",
                where=file,
                expected="infix or a dictionary (Stata), INPUT (SAS) or DATA LIST (SPSS), one line"
                " a record",
                fix="Write the places as a table: name, first, last, decimals.",
            )
        )
    part, item = listed
    place = at = 0
    while part[at:].strip():
        found = item.match(part, at)
        if found is None:
            raise InputError(_not_understood(part[at:], file))
        at = found.end()
        said = found.groupdict()
        if said.get("label"):
            labels.setdefault(said["name"], _unquoted(said["label"]))
        yield (column := _field(said, place))
        place = column.last


def _not_understood(rest: str, file: str) -> Problem:
    return Problem(
        what="a part of a record layout that is not understood",
        where=file,
        expected="a column with its places, every record in one line",
        got=repr(" ".join(rest.split())[:SHOWN]),
        fix="Write the places as a table: name, first, last, decimals.",
    )


def _field(said: Mapping[str, str | None], place: int) -> Field:
    """A column as its program writes it; place : of the last letter before it."""
    if said.get("width"):
        first = int(said.get("at") or place + 1 + int(said.get("skip") or 0))
        last = first + int(str(said["width"])) - 1
    else:
        first = int(str(said["first"]))
        last = int(said.get("last") or first)
    text = said.get("text") or (said.get("type") or "").lower().startswith("str")
    as_text = bool(text) or said.get("format") == "s"
    decimals = 0 if as_text else int(said.get("decimals") or said.get("behind") or 0)
    return Field(str(said["name"]), first, last, decimals, "text" if as_text else "number")


def _labels_of(
    text: str, family: tuple[str, ...]
) -> tuple[dict[str, str], dict[str, dict[str, str]], dict[str, int]]:
    """Column -> label, column -> {code: label}, column -> decimals that a division says."""
    if family is STATA:
        return _stata_labels(text)
    labels, named = _sas_labels(text) if family is SAS else _spss_labels(text)
    return labels, named, {}


def _stata_labels(
    text: str,
) -> tuple[dict[str, str], dict[str, dict[str, str]], dict[str, int]]:
    of_column = re.findall(rf"\blab(?:el)?\s+var(?:iable)?\s+(\w+)\s+({QUOTED})", text, re.S)
    lists: dict[str, dict[str, str]] = {}
    define = rf"\blab(?:el)?\s+de(?:f(?:ine)?)?\s+(\w+)((?:\s+(?:-?\d+|\.[a-z])\s*(?:{QUOTED}))+)"
    for name, pairs in re.findall(define, text, re.S):
        lists.setdefault(name, {}).update(_pairs(pairs))
    uses = re.findall(r"\blab(?:el)?\s+val(?:ues?)?\s+([\w \t]+?)[ \t]+(\w+)\s*$", text, re.M)
    named = {column: lists.get(name, {}) for columns, name in uses for column in columns.split()}
    scaled = re.findall(r"\breplace\s+(\w+)\s*=\s*\1\s*/\s*1(0+)\s*$", text, re.M)
    labels = {name: _unquoted(label) for name, label in of_column}
    return labels, named, {name: len(zeros) for name, zeros in scaled}


def _sas_labels(text: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    def statements(word: str) -> list[str]:
        found = re.findall(rf"\b{word}\b((?:{QUOTED}|[^;\"'])*);", text, re.I | re.S)
        return [str(one) for one in found]

    labels = {code: label for part in statements("label") for code, label in _pairs(part).items()}
    lists = {}
    for part in statements("value"):
        name, _, pairs = part.strip().partition("\n" if "\n" in part.strip() else " ")
        lists[name.strip().lstrip("$").lower()] = _pairs(pairs)
    named = dict[str, dict[str, str]]()
    waiting = list[str]()
    for word in " ".join(statements("format")).split():
        if not word.endswith("."):
            waiting.append(word)
            continue
        codes = lists.get(word.strip("$.").lower(), {})
        named |= dict.fromkeys(waiting, codes)
        waiting = []
    return labels, named


def _spss_labels(text: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    def statements(words: str) -> list[str]:
        ends = rf"\b{words}\b((?:{QUOTED}|[^\"'])*?)\.[ \t]*(?:\n|$)"
        return [str(one) for one in re.findall(ends, text, re.I | re.S)]

    labels = {
        code: label
        for part in statements(r"var(?:iable)?\s+labels?")
        for code, label in _pairs(part).items()
    }
    named = dict[str, dict[str, str]]()
    for part in statements(r"val(?:ue)?\s+labels?"):
        for of_columns in re.findall(rf"(?:{QUOTED}|[^/\"'])+", part, re.S):
            codes = PAIR.search(of_columns)
            names = of_columns[: codes.start()].split() if codes else []
            named |= dict.fromkeys(names, _pairs(of_columns[codes.start() :] if codes else ""))
    return labels, named


def _pairs(text: str) -> dict[str, str]:
    return {_unquoted(found["code"]): _unquoted(found["label"]) for found in PAIR.finditer(text)}


def _unquoted(text: str) -> str:
    if text.startswith('`"'):
        return text[2:-2].strip()
    quote = text[:1]
    return text[1:-1].replace(quote * 2, quote).strip() if quote in ('"', "'") else text


def _code(text: str, kind: Kind) -> object:
    """A code as the column holds it: a number, or its text."""
    try:
        return float(text) if kind == "number" else text
    except ValueError:
        return text
