"""From the text of a params file to values: what the annotation of a key says, or a problem with
its line and the nearest value. Nothing is guessed and nothing is passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from mismes_eval.errors import (
    ParamsError,
    Problem,
    at_key,
    at_line,
    in_place,
    in_section,
    named,
    worded,
)
from mismes_eval.evaluation.keys import (
    between,
    choices_of,
    hints_of,
    keys_of,
    kind_of,
    may_be_none,
    sections_of,
    stripped,
)
from mismes_eval.evaluation.theory_of_change import read_steps
from mismes_eval.evaluation.yaml_text import Document, Node
from mismes_eval.frame.codes import catalogues, codes
from mismes_eval.lfs.mapping import shipped
from mismes_eval.message import Message

T = TypeVar("T")
RESTS = "rests on a key that was refused"  # said to nobody: the key's own problem is
# what terminals act on and pages turn the reading order by; line breaks and tabs are none of it
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
TRUE, FALSE = ("true", "yes"), ("false", "no")
FOLDERS = ("inputs.inventory",)  # keys that may name one
EXAMPLES: Mapping[str, str] = {
    "list": "[a, b, ...]",
    "mapping": "indented 'from: to' lines",
}


@dataclass(frozen=True)
class Place:
    """Where a value stands in a file."""

    file: str
    lines: Mapping[tuple[str | int, ...], int]
    steps: tuple[str | int, ...] = ()

    def inside(self, step: str | int) -> Place:
        return replace(self, steps=(*self.steps, step))

    @property
    def key(self) -> str:
        return ".".join(str(step) for step in self.steps if isinstance(step, str))

    @property
    def line(self) -> int | None:
        """The line of the last step that the file gives one of."""
        known = [self.steps[:depth] for depth in range(len(self.steps), 0, -1)]
        return next((self.lines[steps] for steps in known if steps in self.lines), None)

    @property
    def message(self) -> Message:
        return self._in_file(at_key(self.key))

    @property
    def section(self) -> Message:
        return self._in_file(in_section(self.key))

    def _in_file(self, inside: Message) -> Message:
        if self.line is None:
            return in_place(self.file, inside)
        return in_place(in_place(self.file, at_line(self.line)), inside)


@dataclass(frozen=True)
class Conversion:
    """Reads nodes by the type of their key; what does not fit is added to problems, and its key to
    refused. bases: folders that a path may start from.
    """

    problems: list[Problem]
    bases: tuple[Path, ...]
    refused: set[str]

    def of(self, kind: type, document: Document, file: str) -> dict[str, Any]:
        """Fields of the whole params; those that do not fit are told in problems."""
        return self._fields(kind, document.tree, Place(file, document.lines), whole=kind)

    def _fields(
        self, kind: type, tree: Mapping[str, Node], at: Place, whole: type
    ) -> dict[str, Any]:
        hints = hints_of(kind)
        named = {field.name: field for field in fields(kind) if "about" in field.metadata}
        left_out = [name for name in named if tree.get(name) is None]
        for name in tree:
            if name not in named:
                self._unknown(name, at, whole)
                meant = get_close_matches(name, left_out, 1, 0.6) or left_out
                self.refused.update(at.inside(one).key for one in meant)
        out = {}
        for name, one in named.items():
            place = at.inside(name)
            node = tree.get(name)
            hint = hints[name]
            if is_dataclass(hint):
                out[name] = self._section(hint, node, place, whole)
            elif node is not None:
                before = len(self.problems)
                value = self.value(hint, node, place)
                self._within(value, one.metadata, place)
                if len(self.problems) == before:
                    out[name] = value
                else:
                    self.refused.add(place.key)
            elif one.default is MISSING and one.default_factory is MISSING:
                self._problem("a required key is missing", place, str(one.metadata["about"]))
                self.refused.add(place.key)
        return out

    def _section(self, kind: Any, node: Node, at: Place, whole: type) -> Any:
        values = {}
        if isinstance(node, dict):
            values = self._fields(kind, node, at, whole)
        elif node is not None:
            what = "a section is not a mapping"
            self.problems.append(Problem(what, at.section, "indented keys"))
            self.refused.add(at.key)
        above = f"{at.key}."
        lost = {one.name for one in fields(kind) if {at.key, above + one.name} & self.refused}
        return partly(kind, values, lost)

    def value(self, hint: Any, node: Node, at: Place) -> Any:
        """A node as its type; None, with a problem, where it does not fit."""
        if node is None and may_be_none(hint):
            return None
        hint = stripped(hint)
        origin = get_origin(hint)
        if origin is Annotated and (named := NAMED_NODES.get(hint.__metadata__[0])):
            return named(self, node, at)
        if origin is tuple:
            return self._tuple(hint, node, at)
        if is_dataclass(hint):
            return self._nested(hint, node, at)
        if origin is not None and origin not in (Annotated, Literal):
            return self._mapping(hint, node, at)
        if not isinstance(node, str):
            return self._problem("one value is needed", at, kind_of(hint), repr(node))
        if not node.strip():
            return self._problem("the value is empty", at, kind_of(hint), repr(node))
        if origin is Literal:
            return self._choice(choices_of(hint), node, at)
        return SCALARS[hint.__metadata__[0] if origin is Annotated else hint](self, node, at)

    def _tuple(self, hint: Any, node: Node, at: Place) -> Any:
        inside = get_args(hint)
        items = node if isinstance(node, list) else [node]
        if any(not isinstance(item, str) for item in items):
            what = "a list of texts is needed"
            return self._problem(what, at, EXAMPLES["list"], repr(node))
        if inside[-1] is not Ellipsis and len(items) != len(inside):
            return self._problem("a value is missing or too many", at, kind_of(hint), repr(node))
        kinds = (inside[0],) * len(items) if inside[-1] is Ellipsis else inside
        pairs = enumerate(zip(kinds, items, strict=True))
        out = tuple(self.value(kind, item, at.inside(place)) for place, (kind, item) in pairs)
        twice = [value for place, value in enumerate(out) if value in out[:place]]
        if inside[-1] is Ellipsis and twice and None not in out:
            self._problem("a value stands twice", at, "every value once", repr(twice[0]))
        return out

    def _mapping(self, hint: Any, node: Node, at: Place) -> Any:
        names, inside = get_args(hint)
        if not isinstance(node, dict):
            return self._problem("a mapping is needed", at, EXAMPLES["mapping"], repr(node))
        return {
            self.value(names, name, at.inside(name)): self.value(inside, below, at.inside(name))
            for name, below in node.items()
        }

    def _nested(self, kind: Any, node: Node, at: Place) -> Any:
        names = [field.name for field in fields(kind)]
        if not isinstance(node, dict) or set(node) != set(names):
            expected = "{" + ", ".join(f"{name}: ..." for name in names) + "}"
            return self._problem("a mapping is needed", at, expected, repr(node))
        hints = hints_of(kind)
        return kind(**{n: self.value(hints[n], node[n], at.inside(n)) for n in names})

    def _choice(self, choices: tuple[str, ...], text: str, at: Place) -> Any:
        if text in choices:
            return text
        near = get_close_matches(text, choices, 1, 0.5)
        return self._problem(
            "a value is not allowed",
            at,
            worded("one of {choices}", {"choices": ", ".join(choices)}),
            repr(text),
            f"Nearest: {near[0]}." if near else "",
        )

    def _within(self, value: object, limits: Mapping[str, Any], at: Place) -> None:
        low, high = limits["low"], limits["high"]
        if isinstance(value, Mapping):
            for name, one in value.items():
                self._within(one, limits, at.inside(name))
            return
        for number in value if isinstance(value, tuple) else (value,):
            if not isinstance(number, (int, float)) or isinstance(number, bool):
                continue
            above = low is None or number >= low
            below = high is None or number <= high
            if not (math.isfinite(number) and above and below):
                self._problem("the number is out of range", at, between(low, high), f"{number}")

    def _text(self, text: str, at: Place) -> Any:
        if UNSEEN.search(text):
            what = "a text holds signs that nobody sees"
            return self._problem(what, at, "letters, digits and signs", ascii(text))
        return text

    def _truth(self, text: str, at: Place) -> Any:
        if text.lower() in TRUE + FALSE:
            return text.lower() in TRUE
        return self._problem("the value is not yes or no", at, "true or false", repr(text))

    def _integer(self, text: str, at: Place) -> Any:
        try:
            return int(_digits(text))
        except ValueError:
            return self._problem("the value is not a number", at, "a whole number", repr(text))

    def _number(self, text: str, at: Place) -> Any:
        try:
            return float(_digits(text))
        except ValueError:
            return self._problem("the value is not a number", at, "a number", repr(text))

    def _country(self, text: str, at: Place) -> Any:
        known = sorted(set(codes("countries")["code"]))
        if text in known:
            return text
        near = get_close_matches(text.upper(), known, 1, 0.5)
        return self._problem(
            "unknown country code",
            at,
            "an ISO 3166 alpha-3 code in capitals",
            repr(text),
            f"Nearest: {near[0]}." if near else "",
        )

    def _language(self, text: str, at: Place) -> Any:
        known = catalogues()
        if text in known:
            return text
        expected = worded("one of {known}", {"known": ", ".join(known)})
        return self._problem("no catalogue for this language", at, expected, repr(text))

    def _encoding(self, text: str, at: Place) -> Any:
        try:
            "".encode(text)
        except (LookupError, ValueError):
            expected = "an encoding of text, for instance utf-8, cp1252, latin-1 or utf-16"
            return self._problem("unknown encoding", at, expected, repr(text))
        return text

    def _layout(self, text: str, at: Place) -> Any:
        known = shipped()
        if text in known:
            return text
        near = get_close_matches(text, known, 1, 0.5)
        own = "Your own mapping goes into mapping.workbook or the other keys of this section."
        return self._problem(
            "no such mapping ships",
            at,
            worded("one of {known}", {"known": ", ".join(known)}),
            repr(text),
            f"Nearest: {near[0]}. {own}" if near else own,
        )

    def _steps(self, node: Node, at: Place) -> Mapping[str, tuple[str, ...]]:
        steps = read_steps(node, at.message, self.problems)
        for step in steps:
            self._text(step, at)
        return steps

    def _rules(self, node: Node, at: Place) -> Any:
        expected = "column: [{when: {file column: [values]}, value: code}, ...]"
        whole = isinstance(node, dict) and all(
            isinstance(rules, list) and all(_is_rule(rule) for rule in rules)
            for rules in node.values()
        )
        if not whole:
            return self._problem("rules are needed", at, expected, repr(node))
        return node

    def _path(self, text: str, at: Place) -> Any:
        given = Path(text)
        anywhere = "a path below the project or the data root, without '..'"
        if given.is_absolute() or ".." in given.parts or "\x00" in text:
            return self._problem("a path leaves the project", at, anywhere, repr(text))
        for base in self.bases:
            found = (base / given).resolve()
            if not found.exists():
                continue
            if not found.is_relative_to(base):
                what = "a path leaves the project through a link"
                expected = "a file below the project or the data root"
                return self._problem(what, at, expected, repr(text))
            if found.is_dir() and at.key not in FOLDERS:
                return self._problem("an input is a folder", at, "a file", repr(text))
            return found
        alone = len(self.bases) == 1
        expected = "a file below the project" + ("" if alone else " or the data root")
        fix = "Data kept elsewhere: name their folder with --data-root or MISMES_DATA_ROOT."
        what = "an input file is missing"
        return self._problem(what, at, expected, repr(text), fix if alone else "")

    def _unknown(self, name: str, at: Place, whole: type) -> None:
        place = at.inside(name)
        near = nearest_key(place.key, whole)
        self._problem("unknown key", place, "a key of the schema", repr(name), near)

    def _problem(
        self, what: str, at: Place, expected: str = "", got: str = "", fix: str = ""
    ) -> Any:
        """Nothing to go on with: the value is None and stands in the problems."""
        self.problems.append(
            Problem(what=what, where=at.message, expected=expected, got=got, fix=fix)
        )


def partly(kind: type[T], values: Mapping[str, Any], refused: Collection[str]) -> T:
    """A section, or the whole params, with these values. Whoever asks for a key that was refused
    is refused as well: nothing is found out of a value that nobody gave.
    """
    if not refused:
        return kind(**values)

    def refuse(_: object) -> None:
        raise ParamsError(Problem(RESTS))

    known = type(kind.__name__, (kind,), dict.fromkeys(refused, property(refuse)))
    made: T = object.__new__(known)
    for one in fields(kind):  # type: ignore[arg-type]
        if one.name not in refused:
            factory = one.default_factory
            default = one.default if factory is MISSING else factory()
            object.__setattr__(made, one.name, values.get(one.name, default))
    return made


def nearest_key(name: str, whole: type) -> str:
    """The key that a name was meant to be, as a sentence; a name without a section may be a
    section, or a key that stands outside its own.
    """
    names = [key.name for key in keys_of(whole)]
    tails = {n.split(".")[-1]: n for n in reversed(names)}
    last = get_close_matches(name.rsplit(".", maxsplit=1)[-1], list(tails), 1, 0.6)
    by_tail = [tails[tail] for tail in last]
    if "." in name:
        near = get_close_matches(name, names, 1, 0.5) or by_tail
    elif name in tails:
        near = by_tail
    else:
        top = [*sections_of(whole), *(n for n in names if "." not in n)]
        near = get_close_matches(name, top, 1, 0.6) or by_tail
        near = near or get_close_matches(name, names, 1, 0.5)
    first = list(dict.fromkeys(n.partition(".")[0] for n in names))
    return f"Nearest key: '{near[0]}'." if near else f"Sections and keys: {named(first)}."


def _is_rule(rule: Node) -> bool:
    return (
        isinstance(rule, dict)
        and set(rule) == {"when", "value"}
        and isinstance(rule["when"], dict)
        and not isinstance(rule["value"], (list, dict))
    )


def _digits(text: str) -> str:
    """Figures as YAML and clerks write them: no underscores, no figures of other scripts."""
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return text


NAMED_NODES: Mapping[str, Callable[[Conversion, Node, Place], Any]] = {
    "steps": Conversion._steps,
    "rules": Conversion._rules,
}
SCALARS: Mapping[Any, Callable[[Conversion, str, Place], Any]] = {
    str: Conversion._text,
    int: Conversion._integer,
    float: Conversion._number,
    bool: Conversion._truth,
    Path: Conversion._path,
    "country": Conversion._country,
    "language": Conversion._language,
    "encoding": Conversion._encoding,
    "layout": Conversion._layout,
}
