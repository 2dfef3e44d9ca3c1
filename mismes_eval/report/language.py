"""Words and number formats of a report's language. Adding a language is adding one .po file to report/locale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from babel.messages.pofile import read_po

from mismes_eval.errors import ParamsError, Problem

LOCALE = Path(__file__).parent / "locale"
_SEPARATORS = {"en": (",", "."), "fr": ("\u202f", ",")}


@dataclass(frozen=True)
class Language:
    """code: "en", "fr", ...; words: English text -> text. Called like gettext: t("Returnees")."""

    code: str
    words: Mapping[str, str]

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language, with {names} filled in."""
        found = self.words.get(text) or text
        return found.format(**values) if values else found

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


@lru_cache
def language(code: str) -> Language:
    """The language of a report. Raises ParamsError for one without a catalogue."""
    if code not in available():
        raise ParamsError(Problem("no catalogue for this language", "params, key 'language'", f"one of {', '.join(available())}", repr(code), f"Add report/locale/{code}.po."))
    if code == "en":
        return Language("en", {})
    with (LOCALE / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    return Language(code, {str(m.id): str(m.string) for m in catalogue if m.id and m.string})
