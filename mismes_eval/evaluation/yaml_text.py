"""YAML read strictly: text stays text, nothing executes, nothing repeats. Numbers and true/false
are read by the schema, not by YAML's guesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from mismes_eval.errors import ParamsError, Problem, at_key, at_line, in_place, worded

LIMIT = 64 * 1024
DEPTH = 8
Node = str | list["Node"] | dict[str, "Node"] | None
Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """tree: nested text. lines: keys and places in lists that lead to a value -> its line."""

    tree: dict[str, Node]
    lines: Mapping[Steps, int]


def read_yaml(path: Path) -> dict[str, Node]:
    """A params file as nested text: every scalar is a string (quoted or not), a list or a mapping;
    an empty value is None.

    Refused: files above 64 KB, tags, anchors and aliases, duplicate keys, more than 8 levels,
    anything but one mapping.
    """
    return read_document(path).tree


def read_document(path: Path) -> Document:
    """A params file as nested text, with the line of every value."""
    if not path.is_file():
        raise ParamsError(
            Problem(
                "the params file is missing", str(path), "a file", fix="Make one with `mismes new`."
            )
        )
    size = path.stat().st_size
    if size > LIMIT:
        raise ParamsError(
            Problem(
                "the params file is too large",
                path.name,
                worded("at most {limit} bytes", {"limit": LIMIT}),
                worded("{size} bytes", {"size": size}),
            )
        )
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
        events = list(yaml.parse(text, Loader=yaml.SafeLoader))
    except UnicodeDecodeError as error:
        raise ParamsError(
            Problem(
                "the params file is not UTF-8",
                path.name,
                "UTF-8 text",
                worded("byte {start}", {"start": error.start}),
            )
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = in_place(path.name, at_line(mark.line + 1)) if mark is not None else path.name
        raise ParamsError(
            Problem(
                "the params file is not YAML",
                where,
                "key: value lines",
                str(getattr(error, "problem", error)),
            )
        ) from error
    problems = [
        Problem(
            "anchors, aliases and tags are not allowed in params",
            in_place(path.name, at_line(event.start_mark.line + 1 if event.start_mark else 0)),
            "plain text, lists and mappings",
            fix="Write the value out.",
        )
        for event in events
        if isinstance(event, yaml.AliasEvent)
        or getattr(event, "anchor", None)
        or (getattr(event, "tag", None) is not None)
    ]
    ParamsError.refuse(problems)
    if len(documents) != 1 or not isinstance(documents[0], yaml.MappingNode):
        raise ParamsError(
            Problem(
                "the params file is not one mapping",
                path.name,
                "key: value lines",
                worded("{documents} documents", {"documents": len(documents)})
                if len(documents) != 1
                else worded("something else"),
            )
        )
    lines: dict[Steps, int] = {}
    out = _plain(documents[0], path.name, problems, (), lines)
    ParamsError.refuse(problems)
    assert isinstance(out, dict)
    return Document(out, lines)


def _plain(
    node: yaml.Node, name: str, problems: list[Problem], at: Steps, lines: dict[Steps, int]
) -> Node:
    line = in_place(name, at_line(node.start_mark.line + 1))
    lines.setdefault(at, node.start_mark.line + 1)
    if len(at) >= DEPTH:
        problems.append(
            Problem(
                "params are nested too deeply",
                line,
                worded("at most {depth} levels", {"depth": DEPTH}),
            )
        )
        return None
    if isinstance(node, yaml.ScalarNode):
        return None if node.value in ("", "~", "null") and node.style is None else str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(child, name, problems, (*at, place), lines)
            for place, child in enumerate(node.value)
        ]
    out = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            problems.append(Problem("a key is not text", line, "a plain key"))
            continue
        if key.value in out:
            problems.append(
                Problem(
                    "a key stands twice",
                    in_place(in_place(name, at_line(key.start_mark.line + 1)), at_key(key.value)),
                    "every key once",
                )
            )
        inside = (*at, str(key.value))
        lines[inside] = key.start_mark.line + 1
        out[str(key.value)] = _plain(value, name, problems, inside, lines)
    return out
