"""Message: words with the values that stand in them, made into text last.

What a note, a reason, a definition and a caution are. A message is the English text to the eye
(it is a str), and keeps its template and its values: a report translates the template and puts the
values in, chooses among notes by kind, and a test compares templates. Nothing reads a finished
sentence back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from numbers import Integral, Real
from string import Formatter
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal["note", "caution", "reason", "definition", "estimand", "variance", "step"]
SEPARATOR = "_separator"  # the value that says that a message is a list; no sentence names one so
NO_NUMBER = "–"  # what stands where a number could not be computed
# control signs but tabs and ends of lines, halves of characters, and those that turn the direction
_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
NO_VALUES: Final[Mapping[str, object]] = MappingProxyType({})


class _Counted(Formatter):
    """ "{n:=region|regions}" is the word that a number asks for, without the number."""

    def format_field(self, value: object, format_spec: str) -> str:
        if not format_spec.startswith("="):
            return str(format(value, format_spec))
        one, many = format_spec[1:].split("|")
        return one if str(value) in ("1", "-1") else many


_COUNTED = _Counted()


def _filled(template: str, values: Mapping[str, object]) -> str:
    """The English words with their values."""
    if ":=" in template:
        return _COUNTED.vformat(template, (), values)
    return template.format(**values)


class Message(str):
    """template: English words with {names}, the entry of the catalogue; values: what stands at the
    names (numbers, names out of the data, other messages); kind: what the message is for.

    "{n:=measure|measures}" in a template is the word that n asks for, as in a catalogue.
    """

    __slots__ = ("kind", "template", "values")
    template: str
    values: Mapping[str, object]
    kind: Kind

    def __new__(
        cls, template: str, values: Mapping[str, object] = NO_VALUES, kind: Kind = "note"
    ) -> Message:
        message = super().__new__(cls, _filled(template, values) if values else template)
        message.template = template
        message.values = MappingProxyType(dict(values))
        message.kind = kind
        return message

    def __reduce__(self) -> tuple[type[Message], tuple[str, dict[str, object], Kind]]:
        return type(self), (self.template, dict(self.values), self.kind)

    def of_kind(self, kind: Kind) -> Message:
        """The same words for another purpose."""
        return Message(self.template, self.values, kind)

    def extended(self, words: str, values: Mapping[str, object] = NO_VALUES) -> Message:
        """The words with more behind them: one entry of the catalogue together."""
        return Message(self.template + words, {**self.values, **values}, self.kind)


class Name(str):
    """A name out of the data or of the code (a column, a file, a value as it was written): shown as
    it stands in every language, never looked up. What would command a terminal, or turn what is
    written around, is spelled out.
    """

    __slots__ = ()

    def __new__(cls, text: object) -> Name:
        return super().__new__(cls, _COMMANDS.sub(_spelled, str(text)))


def _spelled(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def as_name(value: object) -> object:
    """What stands in a refusal, as data: messages and numbers as they are, anything else a name."""
    if isinstance(value, (Message, Quantity)):
        return value
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    return value if isinstance(value, Real) and not isinstance(value, bool) else Name(value)


def as_message(text: str, kind: Kind = "note") -> Message:
    """A text as a message; one that is a message already stays what it is."""
    return text if isinstance(text, Message) else Message(text, kind=kind)


def listed(parts: Iterable[str], separator: str = "; ", kind: Kind = "note") -> Message:
    """Messages one after the other, each translated by itself; separator: an entry of the
    catalogue, too.
    """
    values = {f"part{place}": as_message(part) for place, part in enumerate(parts)}
    template = separator.join(f"{{{name}}}" for name in values)
    return Message(template, values | {SEPARATOR: separator}, kind)


def chosen(messages: Iterable[str], kind: Kind) -> tuple[Message, ...]:
    """The messages of one kind, in their order."""
    return tuple(m for m in messages if isinstance(m, Message) and m.kind == kind)


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, in the singular or plural that its language asks for.

    one, many : the English unit ("percentage point", "percentage points"); digits : decimals shown.
    """

    value: float
    one: str
    many: str
    digits: int = 1

    @property
    def number(self) -> str:
        """The number alone, the English way; minus zero is zero, and what is no number a dash."""
        if not isfinite(self.value):
            return NO_NUMBER
        return f"{round(self.value, self.digits) + 0.0:,.{self.digits}f}"

    def __str__(self) -> str:
        unit = self.one if self.number in ("1", "-1") else self.many
        return f"{self.number} {unit}" if unit and isfinite(self.value) else self.number

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def packed(value: object) -> object:
    """A message as plain data (JSON), with all that stands in it; other values as they are."""
    if isinstance(value, Message):
        values = {name: packed(part) for name, part in value.values.items()}
        return {"template": value.template, "values": values, "kind": value.kind}
    if isinstance(value, Name):
        return {"name": str(value)}
    return {"quantity": asdict(value)} if isinstance(value, Quantity) else value


def unpacked(data: object) -> object:
    """What `packed` made plain data of."""
    if not isinstance(data, Mapping):
        return data
    if "quantity" in data:
        return Quantity(**data["quantity"])
    if "name" in data:
        return Name(data["name"])
    values = {name: unpacked(part) for name, part in data["values"].items()}
    return Message(data["template"], values, data["kind"])
