"""Mapping files of registers (YAML): what they may say, and the check of what they do say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import nearest, template
from mismes_eval.frame.codes import plain
from mismes_eval.frame.outside import yaml_of
from mismes_eval.public import held

KEYS = {
    "register",
    "source",
    "record",
    "read",
    "join",
    "countries",
    "split",
    "several",
    "aliases",
    "ignore",
    "fields",
}
RULES = {
    "column",
    "constant",
    "format",
    "codes",
    "any",
    "flags",
    "date",
    "written",
    "year",
    "country",
    "else",
}
SEVERAL = ("refuse", "first", "each", "equal", "percentage")
READ_KEYS = {"encoding", "separator", "decimal", "text_columns"}


class OnlyText(yaml.SafeLoader):
    """Words and numbers as they are written: a column may be called "no", a code be 01."""


OnlyText.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag.endswith((":null", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Mapped:
    """A mapping file: register, source, record (identifier column), read options, join, country
    columns, what stands between several countries of a cell (split), what becomes of a record in
    several countries, aliases of names, fields.
    """

    register: str
    source: str
    record: str
    read: Mapping[str, Any]
    join: Mapping[str, str]
    countries: tuple[str, ...]
    split: str | None
    several: str
    aliases: Mapping[str, str]
    fields: Mapping[str, Mapping[str, Any]]


def shipped_mappings() -> tuple[str, ...]:
    """Names of the mapping files of this package."""
    return tuple(
        sorted(
            p.name.removesuffix(".yaml")
            for p in (files("mismes_eval.inventory") / "mappings").iterdir()
            if p.name.endswith(".yaml")
        )
    )


@held(InputError)
def load_mapping(name: str | Path) -> Mapped:
    """A shipped mapping by name, or a mapping file by path.

    Raises
    ------
    InputError : unknown keys, fields or rules, with the nearest known one.
    """
    shipped = files("mismes_eval.inventory") / "mappings" / f"{name}.yaml"
    where = Path(name)
    content: Any
    if str(name) in shipped_mappings():
        content = yaml_of(Path(str(shipped)), OnlyText)
    elif where.is_file():
        content = yaml_of(where, OnlyText)
    else:
        raise InputError(
            Problem(
                "no such mapping file",
                str(name),
                worded("a path, or one of {shipped}", {"shipped": ", ".join(shipped_mappings())}),
            )
        )
    _refuse_unknown(content, str(name))
    return Mapped(
        register=str(content["register"]),
        source=str(content["source"]),
        record=str(content["record"]),
        read=content.get("read") or {},
        join=content.get("join") or {},
        countries=tuple(content["countries"]),
        split=content.get("split"),
        several=str(content.get("several", "refuse")),
        aliases={
            plain(alias): country for alias, country in (content.get("aliases") or {}).items()
        },
        fields=content["fields"],
    )


def _refuse_unknown(content: object, name: str) -> None:
    if not isinstance(content, dict):
        raise InputError(
            Problem(
                "the mapping file is empty",
                name,
                worded("keys {keys}", {"keys": ", ".join(sorted(KEYS))}),
            )
        )
    known = set(template("inventory").names)
    problems = [
        Problem(
            "unknown key",
            worded("{name}: {key}", {"name": name, "key": key}),
            fix=worded("Nearest: {nearest}.", {"nearest": nearest(str(key), KEYS)}),
        )
        for key in content
        if key not in KEYS
    ]
    if not isinstance(content.get("countries", []), list):
        where = worded("{file}: {key}", {"file": name, "key": "countries"})
        got = repr(content["countries"])
        problems.append(Problem("no list of columns", where, "[column, ...]", got))
    problems += [
        Problem("missing key", worded("{name}: {key}", {"name": name, "key": key}))
        for key in ("register", "source", "record", "countries", "fields")
        if key not in content
    ]
    problems += [
        Problem(
            "unknown key",
            worded("{name}: read.{key}", {"name": name, "key": key}),
            worded("one of {keys}", {"keys": ", ".join(sorted(READ_KEYS))}),
        )
        for key in content.get("read") or {}
        if key not in READ_KEYS
    ]
    if content.get("several", "refuse") not in SEVERAL:
        problems.append(
            Problem(
                "no such rule",
                worded("{file}: {key}", {"file": name, "key": "several"}),
                ", ".join(SEVERAL),
                str(content["several"]),
            )
        )
    split = content.get("split")
    if split is not None and not (isinstance(split, str) and split):
        problems.append(
            Problem(
                "not a separator",
                worded("{file}: {key}", {"file": name, "key": "split"}),
                "text between two countries",
                repr(split),
            )
        )
    for field, rule in (content.get("fields") or {}).items():
        if field not in known:
            problems.append(
                Problem(
                    "no such field in the template",
                    worded("{name}: fields.{field}", {"name": name, "field": field}),
                    fix=worded("Nearest: {nearest}.", {"nearest": nearest(field, known)}),
                )
            )
        wrong = ["not a rule"]
        if isinstance(rule, dict):
            wrong = [key for key in rule if key not in RULES]
        problems += [
            Problem(
                "no such rule",
                worded("{name}: fields.{field}: {key}", {"name": name, "field": field, "key": key}),
                worded("one of {rules}", {"rules": ", ".join(sorted(RULES))}),
            )
            for key in wrong
        ]
    InputError.refuse(problems)
