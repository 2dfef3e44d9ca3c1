"""Words, numbers and dates of a report's language. Adding a language is adding one .po file to
report/locale and its record to conventions.py.

Every text is put into the language once: sentences with numbers where they are written (`t("{n:,}
persons", n=12)`), names of rows, columns, notes and definitions when the table or figure that
carries them is shown. What already is in the language, and names out of the data, stay as they are
however often they are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from pathlib import Path
from string import Formatter

import numpy as np
from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

from mismes_eval.errors import ParamsError, Problem, at_key, in_place, worded
from mismes_eval.frame.codes import CATALOGUES, catalogues, labels, languages
from mismes_eval.message import NO_NUMBER, SEPARATOR, Message, Name, Quantity
from mismes_eval.report.document.conventions import CONVENTIONS, MINUS, Conventions

LOCALE = CATALOGUES
_FIELD = re.compile(r"\{\w+[^}]*\}")
_LETTERS = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?%?")
_CODE = re.compile(
    r"(((?=\S*(\d|_|/|\.\w))\S+|[A-Z]{2,})( |$))+"
)  # identifiers, files, hashes, and lists of them
_NAME = re.compile(r"\w+(\.\w+)*")
_JOINED = re.compile(r"(, | x | and | or | = )")  # between the names of a list


@dataclass(frozen=True)
class Language(Formatter):
    """code: "en", "fr", "ro"; words: English text -> text. Called like gettext: t("Returnees"),
    t("{n:,} persons", n=12).

    A sentence that was put together below the report is a `Message`: its template is the entry of
    the catalogue, and what stands in it is translated in turn. unknown collects what has no entry,
    for the test of completeness.
    """

    code: str
    words: Mapping[str, str]
    unknown: set[str] = field(default_factory=set, compare=False, repr=False)
    _said: set[str] = field(default_factory=set, compare=False, repr=False)
    _lists: dict[str, Mapping[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language, with {names} filled in; numbers among the values get the
        language's separators.
        """
        if not values and text in self._said:
            return self._kept(text)
        if isinstance(text, Message) and not values:
            return self._message(text)
        found = self._sentence(text) if values else self._look_up(text)
        said = typeset(self.vformat(found, (), values) if values else found, self.code)
        if self.words and (values or said != text):
            self._said.add(said)
        return said

    def whole(self, message: Message) -> str:
        """The message in this language where each of its sentences has an entry, else all of it in
        English: nobody reads half a sentence of each.
        """
        trial = Language(self.code, self.words)
        said = trial(message)
        return str.__str__(message) if trial.unknown else said

    def name(self, text: str) -> str:
        """A name out of the data (a region, a measure, a column of the user): shown as it stands,
        never looked up.
        """
        if self.words:
            self._said.add(text)
        return text

    def level(self, text: str) -> str:
        """An answer: translated where the catalogue has it ("men"), else a name out of the data."""
        return self(text) if text in self.words else self.name(text)

    def format_field(self, value: object, format_spec: str) -> str:
        """A value in a sentence: "{n:,}", "{share:.1%}" and "{x:.2f}" with the language's
        separators; "{n:=mesure|mesures}" is the word that n asks for, without n, in the order of
        the language's plural classes ("{n:=măsură|măsuri|de măsuri}").
        """
        if format_spec.startswith("="):
            return self._form(value, *format_spec[1:].split("|"))
        text = format(value, format_spec)
        return (
            self.numeral(text)
            if isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
            else text
        )

    @property
    def conventions(self) -> Conventions:
        """How the language writes numbers, counts and signs."""
        return CONVENTIONS[self.code]

    @property
    def source(self) -> bool:
        """Whether this is the language that the package is written in."""
        return not self.words

    def _form(self, value: object, *forms: str) -> str:
        """The form for a number, as the language has it: French has "1,5 point", Romanian "20 de
        puncte".
        """
        shown = self._counted(value)
        if shown is None:
            return forms[-1]
        place = self.conventions.classes.index(self._class(shown))
        return forms[min(place, len(forms) - 1)]

    def _class(self, shown: Decimal) -> str:
        """The plural class of a number as it is shown; one that the language does not tell apart
        (French millions) is its last.
        """
        known = self.conventions.classes
        found = Locale.parse(self.code).plural_form(abs(shown))
        return found if found in known else known[-1]

    def _counted(self, value: object) -> Decimal | None:
        """The number in a value, also where it stands in the sentence as text already."""
        if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
            plain = f"{float(value):.6f}".rstrip("0").rstrip(".")
        else:
            thousands, decimal, _ = self._signs
            plain = re.sub(r"[\s\u202f\u00a0]", "", str(value)).replace(MINUS, "-")
            plain = plain.replace(thousands, "").replace(decimal, ".")
        try:
            number = Decimal(plain)
        except InvalidOperation:
            return None
        return number if number.is_finite() else None

    def number(self, value: float, digits: int = 1) -> str:
        """A number with the language's separators; missing is a dash."""
        if value is None or not np.isfinite(value):
            return NO_NUMBER
        return self.numeral(f"{round(float(value), digits) + 0.0:,.{digits}f}")

    def quantity(self, quantity: Quantity) -> str:
        """A number with its unit in the singular or plural of the language: French has "1,5 point",
        English "1.5 points". A sign has one form and follows the number at once: "20 EUR".
        """
        number = self.numeral(quantity.number)
        if self.source:
            return str(quantity)
        if not quantity.many or quantity.number == NO_NUMBER:
            return number
        form = self._class(Decimal(quantity.number.replace(",", "")))
        unit = self(quantity.one if form == "one" else quantity.many)
        sign = quantity.one == quantity.many
        between = None if sign else self.conventions.between.get(form)
        return self._kept(" ".join(part for part in (number, between, unit) if part))

    def date(self, day: date) -> str:
        """A day in words."""
        words = format_date(day, "long", locale=self.conventions.locale)
        return words.replace("1", f"1{self.conventions.first}", 1) if day.day == 1 else words

    def numeral(self, text: str) -> str:
        """A number written the English way, written the language's way."""
        thousands, decimal, percent = self._signs
        return (
            text.replace(",", "\0")
            .replace(".", decimal)
            .replace("\0", thousands)
            .replace("%", percent)
            .replace("-", self.conventions.minus)
        )

    @cached_property
    def _signs(self) -> tuple[str, str, str]:
        """Separator of thousands, decimal separator, percent sign with the space before it, from
        the Unicode locale data.
        """
        percent = Locale.parse(self.code).percent_formats[None]
        return get_group_symbol(self.code), get_decimal_symbol(self.code), percent.suffix[0]

    def _message(self, message: Message) -> str:
        """A message by its template; what stands in it is put into the language in turn."""
        if not message.values:
            return self._kept(self._look_up(message.template))
        values = {name: self._value(value) for name, value in message.values.items()}
        if SEPARATOR in values:
            separator = self._look_up(str(message.values[SEPARATOR]))
            parts = [str(value) for name, value in values.items() if name != SEPARATOR]
            return self._kept(separator.join(parts))
        return self._kept(self.vformat(self._sentence(message.template), (), values))

    def _value(self, value: object) -> object:
        """A value of a message: another message, a word of the catalogue, a number, a name."""
        if isinstance(value, Message):
            return self(value)
        if isinstance(value, Quantity):
            return self.quantity(value)
        if isinstance(value, Name):
            return self._kept(value)
        return self._part(value) if isinstance(value, str) and value else value

    def _kept(self, text: str) -> str:
        text = typeset(text, self.code)
        if self.words:
            self._said.add(text)
        return text

    def _sentence(self, text: str) -> str:
        """A sentence with {names} still to fill in: it has an entry of its own or none."""
        if self.words and text not in self.words:
            self._miss(text)
        return self.words.get(text) or text

    def _miss(self, text: str) -> None:
        if len(_LETTERS.findall(_FIELD.sub("", text))) >= 2 and not _CODE.fullmatch(text):
            self.unknown.add(text)

    def _look_up(self, text: str) -> str:
        if not self.words or text in self.words:
            return self.words.get(text) or text
        self._miss(text)
        return text

    def _part(self, text: str) -> str:
        """What stands in a {name}: a number, a text of the catalogue, or names of columns and the
        like.
        """
        if _NUMBER.fullmatch(text):
            return self.numeral(text)
        if text in self._said:
            return text
        pieces = _JOINED.split(text)  # every second one joins its neighbours
        if text not in self.words and all(
            p in self.words or _NAME.fullmatch(p) for p in pieces[::2]
        ):
            return "".join(
                (
                    self.words.get(p, p)
                    if place % 2 == 0
                    else f" {self.words.get(p[1:-1], p[1:-1])} "
                    if p[0] == " "
                    else p
                )
                for place, p in enumerate(pieces)
            )
        return self._look_up(text)


def typeset(text: str, code: str) -> str:
    """The text with the signs of its language: spaces that do not break, apostrophe, minus. A text
    that was typeset stays as it is.
    """
    for pattern, sign in CONVENTIONS[code].signs:
        text = pattern.sub(sign, text)
    return text


def available() -> tuple[str, ...]:
    """Language codes that have a catalogue and conventions; English needs no catalogue."""
    return tuple(code for code in catalogues(LOCALE) if code in CONVENTIONS)


def language(code: str) -> Language:
    """The language of one report, with a memory of its own. Raises ParamsError for one without a
    catalogue.
    """
    if code not in available():
        raise ParamsError(
            Problem(
                what="no catalogue for this language",
                where=in_place("params", at_key("language")),
                expected=worded("one of {available}", {"available": ", ".join(available())}),
                got=repr(code),
                fix=worded(
                    "Add report/locale/{code}.po and a record to report/document/conventions.py.",
                    {"code": code},
                ),
            )
        )
    return Language(code, {} if code == "en" else catalogue(LOCALE / f"{code}.po"))


@lru_cache
def catalogue(path: Path) -> Mapping[str, str]:
    """English text -> text of one .po file."""
    with path.open("rb") as file:
        return {
            str(m.id): str(m.string) for m in read_po(file, locale=path.stem) if m.id and m.string
        }


def own_name(code: str) -> str:
    """A language's name in the language itself."""
    name = Locale.parse(code).get_display_name(code) or code
    return name[:1].upper() + name[1:]


def country_name(code: str, lang: str) -> str:
    """A country's name in a language; a code that the list does not have stays."""
    return labels("countries", lang).get(code, code)


def code_labels(name: str, t: Language) -> Mapping[str, str]:
    """Code -> label of a code list in a language: of the list where it has them, else by the
    catalogue. Made once for each language.
    """
    if name not in t._lists:
        own = t.code in languages(name)
        of_list = labels(name, t.code if own else "en")
        t._lists[name] = {code: (t.name if own else t)(label) for code, label in of_list.items()}
    return t._lists[name]


ENGLISH = Language("en", {})


def with_colon(code: str, what: str, text: str) -> str:
    """Two texts with a colon between them as the language sets it (with a space before it in
    French).
    """
    t = language(code)
    return f"{t('{what}:', what=t.name(what))} {text}"
