"""Params of a run: one strict YAML file a country. An unknown key, a wrong type or a path out of
bounds is an error that names file, key and the nearest key.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from mismes_eval.errors import ParamsError, Problem
from mismes_eval.evaluation.schema import BY_NAME, KEYS, SECTIONS, Key
from mismes_eval.evaluation.theory_of_change import read_steps
from mismes_eval.evaluation.yaml_text import Node, read_yaml
from mismes_eval.frame.codes import codes
from mismes_eval.frame.summary_html import as_html, as_text

TRUE, FALSE = ("true", "yes"), ("false", "no")


@dataclass(frozen=True)
class Params:
    """values: dotted key -> value, defaults filled in. root: folder that relative paths start from;
    data_root: a second one, for data kept elsewhere.
    """

    values: Mapping[str, object]
    source: str
    root: Path
    data_root: Path | None = None
    given: frozenset[str] = field(default=frozenset())

    @classmethod
    def load(
        cls, path: str | Path, data_root: str | Path | None = None, root: str | Path | None = None
    ) -> Params:
        """Read and check a params file.

        Parameters
        ----------
        path : YAML file.  root : project folder; None: the nearest folder above the file that has a `params` folder in it.
        data_root : folder of data kept outside the project; None: the environment variable
            MISMES_DATA_ROOT.

        Raises
        ------
        ParamsError : lists every problem of the file.
        """
        file = Path(path).resolve()
        base = Path(root).resolve() if root is not None else _project(file)
        named = data_root if data_root is not None else os.environ.get("MISMES_DATA_ROOT")
        outside = Path(named).resolve() if named else None
        problems: list[Problem] = []
        if outside is not None and not outside.is_dir():
            problems.append(
                Problem(
                    "the data root is not a folder",
                    "--data-root or MISMES_DATA_ROOT",
                    "a folder",
                    str(named),
                )
            )
            outside = None
        flat = _flatten(read_yaml(file), file.name, problems)
        values: dict[str, object] = {}
        for key in KEYS:
            where = f"{file.name}, key '{key.name}'"
            if key.name not in flat or flat[key.name] is None:
                if key.required:
                    problems.append(Problem("a required key is missing", where, key.about))
                values[key.name] = key.default
                continue
            values[key.name] = _value(key, flat[key.name], where, problems, base, outside)
        if problems:
            raise ParamsError(problems)
        return cls(
            MappingProxyType(values),
            file.name,
            base,
            outside,
            frozenset(k for k in flat if flat[k] is not None),
        )

    def __getitem__(self, name: str) -> object:
        if name not in BY_NAME:
            raise ParamsError(
                Problem("no such key", name, "a key of the schema", fix=_nearest(name))
            )
        return self.values[name]

    @property
    def country(self) -> str:
        return str(self.values["country"])

    @property
    def synthetic(self) -> bool:
        return bool(self.values["synthetic"])

    def text(self, name: str) -> str | None:
        """A text value."""
        value = self[name]
        return None if value is None else str(value)

    def integer(self, name: str) -> int | None:
        """A whole number."""
        value = self[name]
        return None if value is None else int(str(value))

    def number(self, name: str) -> float | None:
        """A number."""
        value = self[name]
        return None if value is None else float(str(value))

    def items(self, name: str) -> list[str]:
        """A list of texts."""
        value = self[name]
        return [str(v) for v in value] if isinstance(value, (list, tuple)) else []

    def mapping(self, name: str) -> dict[str, object]:
        """A mapping."""
        value = self[name]
        return dict(value) if isinstance(value, Mapping) else {}

    def steps(self, name: str) -> dict[str, tuple[str, ...]]:
        """Steps of a theory of change -> ids of the tables and figures that measure each."""
        return {
            step: tuple(map(str, ids)) if isinstance(ids, (list, tuple)) else ()
            for step, ids in self.mapping(name).items()
        }

    def path(self, name: str) -> Path | None:
        """An input's file; None where it is not supplied."""
        value = self[name]
        return value if isinstance(value, Path) else None

    def section(self, name: str) -> dict[str, object]:
        """The keys of one section that the file gives, without the section's name."""
        return {
            k.split(".", 1)[1]: self.values[k]
            for k in self.values
            if k.startswith(f"{name}.") and k in self.given
        }

    def facts(self) -> dict[str, object]:
        """The keys that the file gives, in the order of the schema, and how many stand at their
        default.
        """
        given = {k.name: self.portable(self.values[k.name]) for k in KEYS if k.name in self.given}
        return {
            **{
                k: ", ".join(map(str, v)) if isinstance(v, (list, tuple)) else v
                for k, v in given.items()
            },
            "at their default": f"{len(KEYS) - len(given)} keys",
        }

    def _repr_html_(self) -> str:
        return as_html(f"Params of {self.source}", self.facts())

    def __repr__(self) -> str:
        return as_text(f"Params of {self.source}", self.facts())

    def to_json(self) -> str:
        """Resolved values with paths relative to the project or data root, sorted: what a notebook
        is handed and a manifest records.
        """
        return json.dumps(
            {k: self.portable(v) for k, v in sorted(self.values.items())},
            ensure_ascii=False,
            default=list,
            sort_keys=True,
        )

    def fingerprint(self) -> str:
        """sha256 of the resolved values."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def portable(self, value: object) -> object:
        """A value as it may be published: paths relative to the project or the data root."""
        if not isinstance(value, Path):
            return dict(value) if isinstance(value, Mapping) else value
        if value.is_relative_to(self.root):
            return value.relative_to(self.root).as_posix()
        return (
            f"<data root>/{value.relative_to(self.data_root).as_posix()}"
            if self.data_root is not None and value.is_relative_to(self.data_root)
            else value.name
        )


def _project(file: Path) -> Path:
    for folder in file.parents:
        if (folder / "params").is_dir():
            return folder
    return file.parent


def _nearest(name: str) -> str:
    tail = {k.split(".")[-1]: k for k in reversed(BY_NAME)}
    last = [
        tail[t] for t in get_close_matches(name.rsplit(".", maxsplit=1)[-1], list(tail), 1, 0.6)
    ]
    whole = get_close_matches(name, list(BY_NAME), 1, 0.5)
    near = (whole or last) if "." in name else (last or whole)
    return f"Nearest key: '{near[0]}'." if near else f"Keys: {', '.join(list(BY_NAME)[:8])}, ..."


def _flatten(tree: Mapping[str, Node], file: str, problems: list[Problem]) -> dict[str, Node]:
    out: dict[str, Node] = {}
    for key, value in tree.items():
        if key in SECTIONS:
            if value is None:
                continue
            if not isinstance(value, dict):
                problems.append(
                    Problem(
                        "a section is not a mapping", f"{file}, section '{key}'", "indented keys"
                    )
                )
                continue
            for inner, v in value.items():
                name = f"{key}.{inner}"
                if name in BY_NAME:
                    out[name] = v
                else:
                    problems.append(
                        Problem(
                            "unknown key",
                            f"{file}, key '{name}'",
                            "a key of the schema",
                            repr(inner),
                            _nearest(name),
                        )
                    )
        elif key in BY_NAME:
            out[key] = value
        else:
            below = {k.split(".")[-1] for k in BY_NAME}
            near = (
                []
                if key in below
                else get_close_matches(
                    key, [*SECTIONS, *(k.name for k in KEYS if not k.section)], 1, 0.6
                )
            )
            problems.append(
                Problem(
                    "unknown key",
                    f"{file}, key '{key}'",
                    "a key of the schema",
                    repr(key),
                    f"Nearest key: '{near[0]}'." if near else _nearest(key),
                )
            )
    return out


def _value(
    key: Key, node: Node, where: str, problems: list[Problem], root: Path, data_root: Path | None
) -> object:
    if key.kind == "mapping":
        if not isinstance(node, dict):
            problems.append(
                Problem("a mapping is needed", where, "indented 'from: to' lines", repr(node))
            )
        return node
    if key.kind == "list":
        items = node if isinstance(node, list) else [node]
        if any(not isinstance(v, str) for v in items):
            problems.append(Problem("a list of texts is needed", where, "[a, b, ...]", repr(node)))
            return ()
        for v in items:
            if key.choices and v not in key.choices:
                problems.append(
                    Problem(
                        "a value is not allowed", where, f"one of {', '.join(key.choices)}", repr(v)
                    )
                )
        return tuple(str(v) for v in items)
    if key.kind == "steps":
        return read_steps(node, where, problems)
    if not isinstance(node, str):
        problems.append(Problem("one value is needed", where, key.kind, repr(node)))
        return None
    return _scalar(key, node, where, problems, root, data_root)


def _scalar(
    key: Key, text: str, where: str, problems: list[Problem], root: Path, data_root: Path | None
) -> object:
    if key.kind == "yes/no":
        if text.lower() in TRUE + FALSE:
            return text.lower() in TRUE
        problems.append(Problem("the value is not yes or no", where, "true or false", repr(text)))
    elif key.kind in ("integer", "number"):
        try:
            value = int(text) if key.kind == "integer" else float(text)
        except ValueError:
            problems.append(
                Problem(
                    "the value is not a number",
                    where,
                    f"a {'whole ' if key.kind == 'integer' else ''}number",
                    repr(text),
                )
            )
            return None
        if not (
            not math.isnan(value)
            and (key.low is None or value >= key.low)
            and (key.high is None or value <= key.high)
        ):
            problems.append(
                Problem(
                    "the number is out of range",
                    where,
                    f"{key.low if key.low is not None else 'any'} to"
                    f" {key.high if key.high is not None else 'any'}",
                    text,
                )
            )
        return value
    elif key.kind == "country":
        known = set(codes("countries")["code"])
        if text in known:
            return text
        near = get_close_matches(text.upper(), sorted(known), 1, 0.5)
        problems.append(
            Problem(
                "unknown country code",
                where,
                "an ISO 3166 alpha-3 code in capitals",
                repr(text),
                f"Nearest: {near[0]}." if near else "",
            )
        )
    elif key.kind == "path":
        return _path(text, where, problems, root, data_root)
    else:
        if key.choices and text not in key.choices:
            near = get_close_matches(text, key.choices, 1, 0.5)
            problems.append(
                Problem(
                    "a value is not allowed",
                    where,
                    f"one of {', '.join(key.choices)}",
                    repr(text),
                    f"Nearest: {near[0]}." if near else "",
                )
            )
        return text
    return None


def _path(
    text: str, where: str, problems: list[Problem], root: Path, data_root: Path | None
) -> Path | None:
    given = Path(text)
    if given.is_absolute() or ".." in given.parts or "\x00" in text:
        problems.append(
            Problem(
                "a path leaves the project",
                where,
                "a path below the project or the data root, without '..'",
                repr(text),
            )
        )
        return None
    bases = [root] + ([data_root] if data_root is not None else [])
    for base in bases:
        found = (base / given).resolve()
        if found.exists():
            if not found.is_relative_to(base):
                problems.append(
                    Problem(
                        "a path leaves the project through a link",
                        where,
                        "a file below the project or the data root",
                        repr(text),
                    )
                )
                return None
            return found
    fix = (
        ""
        if data_root is not None
        else "Data kept elsewhere: name their folder with --data-root or MISMES_DATA_ROOT."
    )
    problems.append(
        Problem(
            "an input file is missing",
            where,
            "a file below the project" + (" or the data root" if data_root is not None else ""),
            repr(text),
            fix,
        )
    )
    return None
