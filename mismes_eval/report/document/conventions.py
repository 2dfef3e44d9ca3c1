"""How a language writes numbers, counts and signs, one record a language: what a catalogue of words
cannot say. Separators, percent sign, plural rule and names of months come from the Unicode locale
data; here stands what those leave open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MINUS = "\N{MINUS SIGN}"
Sign = tuple[re.Pattern[str], str]
_TRUE_MINUS = (re.compile(r"(?<![\w\u2212.)\]%-])-(?=\d)"), MINUS)


@dataclass(frozen=True)
class Conventions:
    """locale : of the Unicode locale data.
    classes : plural classes of those data, in the order of the forms of "{n:=mesure|mesures}"; the
    last form that is written stands for the classes behind it.
    between : plural class -> word between a number and what it counts ("20 de persoane").
    minus : sign of a negative number.
    first : what the first day of a month has behind it ("1er").
    signs : (pattern, what stands in its place) of the typesetting, each of which leaves a text that
    was typeset as it is.
    """

    locale: str
    classes: tuple[str, ...] = ("one", "other")
    between: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    minus: str = MINUS
    first: str = ""
    signs: tuple[Sign, ...] = ()


# narrow space before ; ? ! and %, space before :, inside quotation marks, no break at any
_FRENCH = (
    (re.compile(r"(?<=\w)'(?=\w)"), "\u2019"),
    (re.compile(r"[ \u00a0\u202f]*([;?!])(?=\s|$)"), "\u202f\\1"),
    (re.compile(r"(?<=[^\s\u00a0\u202f:]) ?:(?=\s|$)"), "\u00a0:"),
    (re.compile(r"(?<=\d)[ \u00a0]?%"), "\u202f%"),
    (re.compile(r"[ ](?=%)"), "\u00a0"),
    (re.compile(r"«[ \u202f]?(?=\S)"), "«\u00a0"),
    (re.compile(r"(?<=\S)[ \u202f]?»"), "\u00a0»"),
    _TRUE_MINUS,
)
# comma below and never the cedilla of old fonts; quotation marks low and high; a space that does
# not break before %
_ROMANIAN = (
    (re.compile("\u015f"), "\u0219"),
    (re.compile("\u0163"), "\u021b"),
    (re.compile("\u015e"), "\u0218"),
    (re.compile("\u0162"), "\u021a"),
    (re.compile(r"(?<=[a-zăâîșț])'(?=[a-zăâîșț])"), "\u2019"),
    (re.compile(r"(?<=\d)[ \u00a0]?%"), "\u00a0%"),
    (re.compile(r"[ ](?=%)"), "\u00a0"),
    _TRUE_MINUS,
)
CONVENTIONS: Mapping[str, Conventions] = MappingProxyType(
    {
        "en": Conventions(locale="en_GB", minus="-"),
        "fr": Conventions(locale="fr", first="er", signs=_FRENCH),
        "ro": Conventions(
            locale="ro",
            classes=("one", "few", "other"),
            between=MappingProxyType({"other": "de"}),
            signs=_ROMANIAN,
        ),
    }
)
