"""What a workbook shows beside a number and its value does not say: a percent sign (0.25 shown as
25%), a currency, a word, a scale (5,000 shown as 5). The value is what is read, so the sign must be
that of the column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
from babel import Locale
from babel.numbers import get_currency_name, get_currency_symbol

from mismes_eval.errors import Problem, worded
from mismes_eval.frame.codes import codes
from mismes_eval.frame.template import Template

PERCENT, SCALED = "%", "÷"
LOCAL = "¤"  # LOCAL: the currency of whoever opens the workbook
OWN_FORMATS = 164  # numbers of formats below are those of the program
UNSHOWN = re.compile(r"\[(?!\$)[^\]]*\]|_.|\*.")  # colours, conditions; spaces of a sign's width
IN_BRACKETS = re.compile(r"\[\$([^\]-]*)[^\]]*\]")
LITERAL = re.compile(r'"([^"]*)"|\\(.)')
SCALE = re.compile(r"[0#?](,+)(?=\.|[^0#?.,]*\Z)")  # commas behind the last digit: thousands each
PLACEHOLDERS = re.compile(r"General|[0#?.,/ ()+-]|[eE][+-]|@")
SHORT = {"dh": ("MAD", "AED"), "dhs": ("MAD", "AED"), "dt": ("TND",)}  # as offices write them
LANGUAGES = ("en", "fr", "ro", "de", "ru", "ar", "hy", "ka", "tr", "uk")


@dataclass(frozen=True, slots=True)
class Sign:
    """A number that is shown with a sign. position: row of the frame; cell: F12; value: the number."""

    column: str
    position: int
    cell: str
    text: str
    value: float


def signs_of(row: Sequence[Any], by_style: dict[int, str]) -> dict[int, str]:
    """Place -> sign of the numbers of a row of openpyxl's cells. by_style: what is known so far of
    the styles of the workbook.
    """
    found = {}
    for place, cell in enumerate(row):
        if cell.data_type == "n" and cell.value is not None and cell.has_style:
            style = cell._style_id
            if style not in by_style:
                by_style[style] = sign_of(cell.number_format, cell.style_array.numFmtId)
            if by_style[style]:
                found[place] = by_style[style]
    return found


def sign_of(number_format: str, number: int) -> str:
    """What a number format shows beside the digits of a positive number; empty where nothing.

    number : of the format in the workbook; a dollar in those of the program is the local currency.
    """
    first = UNSHOWN.sub("", number_format.split(";", maxsplit=1)[0])
    shown = IN_BRACKETS.sub(r"\1", first)
    commas = sum(len(those) for those in SCALE.findall(LITERAL.sub("", shown)))
    bare = LITERAL.sub(lambda found: found[1] or found[2] or "", shown)
    text = PLACEHOLDERS.sub("", bare).strip("\xa0 ':")
    if commas:
        return f"{text} {SCALED}{1000**commas:,}".strip()
    return LOCAL if "$" in text and number < OWN_FORMATS else text


def currencies_of(sign: str) -> frozenset[str]:
    """The currencies (ISO 4217) that a sign or a word may stand for; empty where it is none."""
    if sign == LOCAL:
        return frozenset(codes("currencies")["code"])
    return _currencies().get(sign.casefold().rstrip("."), frozenset())


@cache
def _currencies() -> dict[str, frozenset[str]]:
    found = {sign: set(those) for sign, those in SHORT.items()}
    for code in codes("currencies")["code"]:
        signs = {code}
        for locale in map(Locale, LANGUAGES):
            symbol = get_currency_symbol(code, locale)
            signs |= {symbol, re.sub(r"\A[A-Z]+(?=\W)", "", symbol)}
            for count in (1, 2, 5):
                name = get_currency_name(code, count, locale)
                signs |= {name, *name.split()}
        for sign in signs:
            found.setdefault(sign.casefold().rstrip("."), set()).add(code)
    return {sign: frozenset(those) for sign, those in found.items()}


def sign_problems(
    signs: Iterable[Sign], name: str, fits: Callable[[Sign], bool] = lambda sign: False
) -> list[Problem]:
    """The signs that do not fit their column, those of one column and text together."""
    found: dict[tuple[str, str], list[Sign]] = {}
    for sign in signs:
        if not fits(sign):
            found.setdefault((sign.column, sign.text), []).append(sign)
    return [
        Problem(
            what="a number shown with a sign that its column does not have",
            where=worded(
                "{name}: {column} ({cell})",
                {"name": name, "column": column, "cell": those[0].cell},
            ),
            expected="numbers in the unit and the currency of the column",
            got=worded("{value:g} shown with {text}", {"value": those[0].value, "text": text}),
            fix="Write the value in the unit of the column and format its cells as numbers; a"
            " currency goes into its own column.",
            count=len(those),
            rows=tuple(sign.cell for sign in those),
        )
        for (column, text), those in found.items()
    ]


def of_template(
    signs: Sequence[Sign], frame: pd.DataFrame, template: Template, name: str
) -> list[Problem]:
    """The signs of a filled template that are neither the unit of their column nor the currency
    that the row states.
    """
    units = {column.name: column.unit for column in template.columns}
    stating = [c.name for c in template.columns if c.codes == "currencies" and c.name in frame]

    def fits(sign: Sign) -> bool:
        unit = units[sign.column]
        possible = currencies_of(sign.text)
        if not possible:
            return sign.text != PERCENT and unit.startswith(sign.text.casefold())
        if unit in set(codes("currencies")["code"]):
            return unit in possible
        if "currency" not in unit:
            return False
        stated = {str(frame[column].iloc[sign.position]).strip().upper() for column in stating}
        return not stating or bool(stated & possible)

    return sign_problems((sign for sign in signs if sign.column in units), name, fits)


def mixed(signs: Sequence[Sign], frame: pd.DataFrame, name: str) -> list[Problem]:
    """Percentages and scaled numbers in a column that also holds numbers shown without a sign, or
    with another.
    """
    problems = []
    apart = [sign for sign in signs if sign.text == PERCENT or SCALED in sign.text]
    for column, text in dict.fromkeys((sign.column, sign.text) for sign in apart):
        numbers = sum(isinstance(cell, int | float) and bool(cell) for cell in frame[column])
        those = [sign for sign in apart if (sign.column, sign.text) == (column, text)]
        if sum(bool(sign.value) for sign in those) < numbers:
            problems += sign_problems(those, name)
    return problems
