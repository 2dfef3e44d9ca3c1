"""Words and number formats of a report's language. Adding a language is adding one .po file to report/locale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from babel.messages.pofile import read_po

from mismes_eval.errors import ParamsError, Problem

LOCALE = Path(__file__).parent / "locale"
_FIELD = re.compile(r"\{\w+[^}]*\}")
_LETTERS = re.compile(r"[A-Za-z]")
_SEPARATORS = {"en": (",", "."), "fr": ("\u202f", ",")}


@dataclass(frozen=True)
class Language:
    """code: "en", "fr", ...; words: English text -> text. Called like gettext: t("Returnees").

    A sentence that was put together below the report ("Variance: linearised, 417 PSUs in 8 strata") is found by the catalogue entry it was made from
    ("Variance: {how}, {psus} PSUs in {strata} strata"); its parts are translated in turn. unknown collects what has no entry, for the test of completeness.
    """

    code: str
    words: Mapping[str, str]
    unknown: set[str] = field(default_factory=set, compare=False, repr=False)
    _found: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language, with {names} filled in."""
        found = self._look_up(text)
        return found.format(**values) if values else found

    def _look_up(self, text: str) -> str:
        if not self.words or text in self.words:
            return self.words.get(text) or text
        if text not in self._found:
            self._found[text] = self._composed(text)
        return self._found[text]

    def _composed(self, text: str) -> str:
        for pattern, target in self._patterns:
            match = pattern.fullmatch(text)
            if match:
                return target.format(**{k: self._look_up(v) for k, v in match.groupdict().items()})
        if len(_LETTERS.findall(text)) >= 3:
            self.unknown.add(text)
        return text

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """Entries with {names} as patterns, the most literal first."""
        many = [m for m in self.words if "{" in m]
        many.sort(key=lambda m: -len(_FIELD.sub("", m)))
        return [(_pattern(m), re.sub(r"\{(\w+)[^}]*\}", r"{\1}", self.words[m])) for m in many]

    def number(self, value: float, digits: int = 1) -> str:
        """A number with the language's separators; missing is a dash."""
        if value is None or not np.isfinite(value):
            return "–"
        thousands, decimal = _SEPARATORS.get(self.code, (",", "."))
        rounded = round(float(value), digits) + 0.0
        return f"{rounded:,.{digits}f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)


def available() -> tuple[str, ...]:
    """Language codes that have a catalogue; English needs none."""
    return ("en", *sorted(p.stem for p in LOCALE.glob("*.po")))


def _pattern(entry: str) -> re.Pattern[str]:
    """A catalogue entry with {names} -> a pattern that captures them; a name that stands twice must match itself."""
    seen: set[str] = set()
    out, at = "", 0
    for match in _FIELD.finditer(entry):
        name = re.split(r"\W", match.group(0)[1:-1])[0]
        out += re.escape(entry[at : match.start()]) + (f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
        seen.add(name)
        at = match.end()
    return re.compile(out + re.escape(entry[at:]), re.DOTALL)


@lru_cache
def language(code: str) -> Language:
    """The language of a report. Raises ParamsError for one without a catalogue."""
    if code not in available():
        raise ParamsError(
            Problem("no catalogue for this language", "params, key 'language'", f"one of {', '.join(available())}", repr(code), f"Add report/locale/{code}.po.")
        )
    if code == "en":
        return Language("en", {})
    with (LOCALE / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    return Language(code, {str(m.id): str(m.string) for m in catalogue if m.id and m.string})
