"""Mapping: how a statistical office's raw file becomes GLD names and codes. Described once,
validated before the first row is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

import yaml

from mismes_eval.errors import InputError, ParamsError, Problem, kind_of, of_argument, worded
from mismes_eval.frame.outside import yaml_of
from mismes_eval.message import Message
from mismes_eval.public import held

VERSION_KEYS = ("icls_v", "isco_version", "isic_version", "isced_version")
Reason = Literal["NA_notapp", "DK", "REF", "NOTASKED", "PROXY_UNKNOWN", "NOCODE"]
REASONS: tuple[str, ...] = get_args(Reason)


class Rule(TypedDict):
    """when: raw column -> wanted values ("a..b" is a range); value: what the row then gets."""

    when: Dict[str, object]
    value: object


@dataclass(frozen=True)
class Mapping:
    """columns : {GLD name: raw column}.  recode : {GLD name: {raw value or "a..b": new value}},
    complete: a value it does not name is an error.
    missing : {GLD name: {raw value: reason}}, one of REASONS.
    units : {GLD name: factor}, numeric columns are multiplied.
    versions : icls_v, isco_version, isic_version, isced_version.
    constants : {GLD name: value for all rows}.
    design : weights, strata, psu, household columns by GLD name.
    derive : {GLD name: [{"when": {raw column: [values or "a..b"]}, "value": new value}, ...]}, the
        first rule whose conditions all hold; none: missing.
    join : {GLD key: [raw columns]}, joined by "-" into one identifier.
    row_keys : GLD keys (hhid, pid) that the file lacks and that the row number stands for.
    absent : {"column": raw column, "values": [...]} marks rows that list absent members.
    source : where the layout was read; verified : tried on a real file.
    """

    name: str
    columns: Dict[str, str] = field(default_factory=dict)
    recode: Dict[str, Dict[object, object]] = field(default_factory=dict)
    missing: Dict[str, Dict[object, str]] = field(default_factory=dict)
    units: Dict[str, float] = field(default_factory=dict)
    versions: Dict[str, object] = field(default_factory=dict)
    constants: Dict[str, object] = field(default_factory=dict)
    design: Dict[str, object] = field(default_factory=dict)
    absent: Dict[str, object] = field(default_factory=dict)
    derive: Dict[str, Sequence[Rule]] = field(default_factory=dict)
    join: Dict[str, Sequence[str]] = field(default_factory=dict)
    row_keys: Sequence[str] = ()
    source: str = ""
    verified: bool = False

    @classmethod
    @held(ParamsError)
    def from_dict(cls, values: Dict[str, object], where: str = "mapping") -> Mapping:
        """From params. Every unknown key, wrong type and dangling name is listed."""
        known = [field.name for field in fields(cls)]
        problems = [
            Problem(
                "a mapping has an unknown key",
                worded("{where}.{key}", {"where": where, "key": key}),
                worded("one of {known}", {"known": ", ".join(known)}),
            )
            for key in values
            if key not in known
        ]
        dicts = (
            "columns",
            "recode",
            "missing",
            "units",
            "versions",
            "constants",
            "design",
            "absent",
            "derive",
            "join",
        )
        problems += [
            Problem(
                "a mapping section has the wrong type",
                worded("{where}.{key}", {"where": where, "key": key}),
                "names with values",
                type(values[key]).__name__,
            )
            for key in dicts
            if not isinstance(values.get(key, {}), dict)
        ]
        reads = any(values.get(part) for part in ("columns", "constants", "join"))
        if not reads or "name" not in values:
            problems.append(
                Problem(
                    "a mapping lacks its name or its columns",
                    where,
                    "name: ..., columns: {GLD name: raw column}",
                )
            )
        ParamsError.refuse(problems)
        parts: dict[str, Any] = {**values, **_plain(values)}
        out = cls(**parts)
        problems = list(_inconsistencies(out, where))
        ParamsError.refuse(problems)
        return out

    @classmethod
    @held(ParamsError)
    def load(cls, path: str | Path) -> Mapping:
        """From a YAML file. Raises InputError where it cannot be read, ParamsError for its words."""
        written = yaml_of(Path(path))
        if not isinstance(written, dict):
            raise ParamsError(
                Problem("a mapping file is not one mapping", str(path), "key: value lines")
            )
        return cls.from_dict(written, str(path))


MappingLike = Mapping | Dict[str, object] | str | Path


def shipped() -> tuple[str, ...]:
    """Names of the layouts that come with the package."""
    return tuple(
        sorted(
            p.name.removesuffix(".yaml")
            for p in (resources.files("mismes_eval.lfs") / "mappings").iterdir()
            if p.name.endswith(".yaml")
        )
    )


@held(InputError)
def as_mapping(spec: MappingLike) -> Mapping:
    """A mapping from itself, params (which may carry the name of a shipped layout and change parts
    of it), that name alone, or a YAML file.
    """
    if isinstance(spec, Mapping):
        return spec
    if isinstance(spec, dict):
        base = _layout(str(spec["name"])) if spec.get("name") in shipped() else {}
        merged = {part: changed(base.get(part), value) for part, value in spec.items()}
        return Mapping.from_dict({**base, **merged})
    if not isinstance(spec, str | Path):
        raise ParamsError(
            Problem(
                what="this is no mapping",
                where=of_argument("mapping"),
                expected="a Mapping, its keys as a dict, the name of a shipped layout or a YAML file",
                got=kind_of(spec),
                fix="Of params hand over the section 'mapping' alone.",
            )
        )
    if str(spec) in shipped():
        return Mapping.from_dict(_layout(str(spec)), str(spec))
    if not Path(str(spec)).is_file():
        raise ParamsError(
            Problem(
                "no such mapping",
                repr(str(spec)),
                worded("a file, or a shipped layout: {shipped}", {"shipped": ", ".join(shipped())}),
            )
        )
    return Mapping.load(str(spec))


def changed(part: object, changes: object) -> object:
    """A part of a mapping with changes; what is no mapping is replaced."""
    if isinstance(part, dict) and isinstance(changes, dict):
        return {**part, **changes}
    return changes


def _layout(name: str) -> dict[str, object]:
    text = (resources.files("mismes_eval.lfs") / "mappings" / f"{name}.yaml").read_text(
        encoding="utf-8"
    )
    return dict(yaml.safe_load(text))


def _plain(values: Dict[str, object]) -> dict[str, object]:
    """Units as numbers where params give text; isco, isic, isced and icls as the GLD version
    columns.
    """
    alias = {
        "icls": "icls_v",
        "isco": "isco_version",
        "isic": "isic_version",
        "isced": "isced_version",
    }
    named, factors = values.get("versions", {}), values.get("units", {})
    versions = {}
    if isinstance(named, dict):
        versions = {alias.get(name, name): column for name, column in named.items()}
    units = {}
    if isinstance(factors, dict):
        units = {name: _factor(factor) for name, factor in factors.items()}
    return {"versions": versions, "units": units}


def _factor(value: object) -> object:
    """A number that params give as text; anything else is left to the check of units."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


MAPPED_ALREADY = {
    "constants": "a column is mapped and constant",
    "derive": "a column is mapped and derived",
}


def _inconsistencies(m: Mapping, where: str) -> list[Problem]:
    def at(*keys: str) -> Message:
        return worded("{where}.{key}", {"where": where, "key": ".".join(keys)})

    problems = [
        Problem("a mapping section names a column that is not mapped", place, "a key of columns")
        for place in _places(at, m, ("recode", "missing", "units"), known=False)
    ]
    problems += [
        Problem("unknown version key", at("versions", key), ", ".join(VERSION_KEYS))
        for key in m.versions
        if key not in VERSION_KEYS
    ]
    problems += [
        Problem(
            "unknown reason for a missing answer",
            at("missing", column, str(code)),
            ", ".join(REASONS),
            repr(reason),
        )
        for column, codes in m.missing.items()
        for code, reason in codes.items()
        if reason not in REASONS
    ]
    problems += [
        Problem(
            "a unit factor is not a positive number",
            at("units", name),
            "a factor such as 0.001",
            repr(factor),
        )
        for name, factor in m.units.items()
        if not isinstance(factor, (int, float)) or not factor > 0
    ]
    for section, what in MAPPED_ALREADY.items():
        problems += [
            Problem(what, place, "one of the two")
            for place in _places(at, m, (section,), known=True)
        ]
    problems += [
        Problem(
            "a derive rule is not {when: {column: values}, value: ...}",
            at("derive", f"{name}[{number}]"),
            "the keys when and value",
            str(rule)[:80],
        )
        for name, rules in m.derive.items()
        for number, rule in enumerate(rules)
        if not _is_rule(rule)
    ]
    problems += [
        Problem("a row key is mapped", at("row_keys"), "keys that the file lacks", name)
        for name in m.row_keys
        if name in m.columns
    ]
    if m.absent and set(m.absent) != {"column", "values"}:
        problems.append(
            Problem(
                "absent members need a column and its values",
                at("absent"),
                "{column: ..., values: [...]}",
                str(dict(m.absent)),
            )
        )
    return problems


def _places(
    at: Callable[..., Message], m: Mapping, sections: Sequence[str], known: bool
) -> list[Message]:
    """The keys of sections that are, or are not, mapped columns."""
    keys = [(section, key) for section in sections for key in getattr(m, section)]
    return [at(section, key) for section, key in keys if (key in m.columns) is known]


def _is_rule(rule: object) -> bool:
    return (
        isinstance(rule, dict) and set(rule) == {"when", "value"} and isinstance(rule["when"], dict)
    )
