"""A key of the params is a field of a frozen dataclass: its annotation is its type, its metadata
say what it means. The docs, the comments of a new file and the nearest key are read off the fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from mismes_eval.errors import worded
from mismes_eval.message import Message

Texts = tuple[str, ...]
File = Path | None  # None: not supplied
Country = Annotated[str, "country"]
Encoding = Annotated[str, "encoding"]
Spoken = Annotated[str, "language"]
Shipped = Annotated[str, "layout"]
Steps = Annotated[Mapping[str, tuple[str, ...]], "steps"]
Rules = Annotated[Mapping[str, tuple[Mapping[str, object], ...]], "rules"]
KINDS: Mapping[object, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "yes/no",
    Path: "path",
}


def key(
    about: str,
    default: object = MISSING,
    *,
    low: float | None = None,
    high: float | None = None,
    example: str = "",
) -> Any:
    """A field that is a key. low, high: bounds of a number, or of every number of a list. example:
    what stands in a blank file where there is no default.
    """
    metadata = {"about": about, "low": low, "high": high, "example": example}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def section(kind: type, about: str) -> Any:
    """A field that is a section: its keys are the fields of `kind`."""
    return field(default_factory=kind, metadata={"about": about})


@dataclass(frozen=True)
class Key:
    """One key. name: dotted path. hint: its type. choices: allowed values (of each item of a
    list).
    """

    name: str
    hint: Any
    about: str
    default: object
    required: bool
    low: float | None
    high: float | None
    example: str

    @property
    def section(self) -> str:
        return self.name.split(".")[0] if "." in self.name else ""

    @property
    def kind(self) -> str:
        return kind_of(self.hint)

    @property
    def choices(self) -> tuple[str, ...]:
        return choices_of(self.hint)


@cache
def hints_of(kind: type) -> dict[str, Any]:
    """Field -> its annotation, resolved."""
    return get_type_hints(kind, include_extras=True)


def sections_of(kind: type) -> dict[str, type]:
    """Section -> its dataclass, in the order of the file."""
    hints = hints_of(kind)
    return {
        field.name: hints[field.name] for field in fields(kind) if is_dataclass(hints[field.name])
    }


def keys_of(kind: type, above: str = "") -> tuple[Key, ...]:
    """Every key of a dataclass and of its sections, in the order of the file."""
    out: list[Key] = []
    for one in fields(kind):
        hint = hints_of(kind)[one.name]
        if "about" not in one.metadata:
            continue
        if is_dataclass(hint) and isinstance(hint, type):
            out += keys_of(hint, f"{one.name}.")
        else:
            out.append(_key(one, hint, above))
    return tuple(out)


def _key(one: Field[Any], hint: Any, above: str) -> Key:
    default = one.default
    if default is MISSING and one.default_factory is not MISSING:
        default = one.default_factory()
    required = default is MISSING
    return Key(
        name=above + one.name,
        hint=hint,
        about=str(one.metadata["about"]),
        default=None if required else default,
        required=required,
        low=one.metadata["low"],
        high=one.metadata["high"],
        example=str(one.metadata["example"]),
    )


def stripped(hint: Any) -> Any:
    """A type without "or None"; choices of several lists as one."""
    if get_origin(hint) not in (Union, UnionType):
        return hint
    kinds = [part for part in get_args(hint) if part is not NoneType]
    if len(kinds) == 1:
        return kinds[0]
    return Literal[tuple(choice for kind in kinds for choice in get_args(kind))]


def may_be_none(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint)


def kind_of(hint: Any) -> str:
    """A type in a word or two."""
    hint = stripped(hint)
    origin = get_origin(hint)
    inside = get_args(hint)
    if origin is Annotated:
        return str(hint.__metadata__[0])
    if origin is Literal:
        return "text"
    if origin is tuple and inside[-1] is Ellipsis:
        return "list" if kind_of(inside[0]) == "text" else f"list of {kind_of(inside[0])}s"
    if origin is tuple:
        return f"{len(inside)} {kind_of(inside[0])}s"
    if is_dataclass(hint) or origin is not None:
        return "mapping"
    return KINDS[hint]


def choices_of(hint: Any) -> tuple[str, ...]:
    """Allowed values of a text, or of each item of a list."""
    hint = stripped(hint)
    origin = get_origin(hint)
    inside = get_args(hint)
    if origin is Literal:
        return inside
    return choices_of(inside[0]) if origin is tuple and inside[-1] is Ellipsis else ()


def between(low: float | None, high: float | None) -> Message:
    """The bounds of a number in words; None where there is none."""
    if high is None:
        return worded("{low} or more", {"low": f"{low}"})
    if low is None:
        return worded("{high} or less", {"high": f"{high}"})
    return worded("{low} to {high}", {"low": f"{low}", "high": f"{high}"})
