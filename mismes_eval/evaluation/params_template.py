"""A new country's params file, and the page that explains every key: both made from the fields of
the params.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType

from mismes_eval.evaluation.keys import Key, between
from mismes_eval.evaluation.params import KEYS, SECTIONS, Params


def section_about() -> Mapping[str, str]:
    """Section -> what it is for."""
    return {
        field.name: str(field.metadata["about"])
        for field in fields(Params)
        if field.name in SECTIONS
    }


def blank_params(
    country: str, synthetic: bool, given: Mapping[str, str] = MappingProxyType({})
) -> str:
    """A params file for `country` in which every key stands with its meaning, its default, and
    whether it may stay as it is. given: dotted key -> its value, ready to run.
    """
    filled = {"country": country, "synthetic": "true" if synthetic else "false", **given}
    lines = [
        f"# Run parameters for {country}. Keys that start with '#' are optional and stand at their"
        " default; take the '#' away to change one."
    ]
    for key in (key for key in KEYS if not key.section):
        lines += _key(key, filled.get(key.name), "", country)
    for section, about in section_about().items():
        lines += ["", f"# {about}", f"{section}:"]
        for key in (key for key in KEYS if key.section == section):
            lines += _key(key, filled.get(key.name), "  ", country)
    return "\n".join(lines) + "\n"


def _key(key: Key, value: str | None, indent: str, country: str) -> list[str]:
    name = key.name.split(".")[-1]
    about = f"{indent}# {key.about}{_allowed(key)}"
    if value is not None:
        return [about, f"{indent}{name}: {value}"]
    return [about, f"{indent}# {name}: {_example(key, country)}".rstrip()]


def _example(key: Key, country: str) -> str:
    """What stands behind a key that is not given: its default, or an example."""
    if not key.example:
        return _default(key)
    return f"data_raw/{country}/{key.example}" if key.kind == "path" else key.example


def _allowed(key: Key) -> str:
    if key.choices:
        return f" ({', '.join(map(_quoted, key.choices))})"
    if key.kind == "steps":
        return " (sentences with ids; the line below is an example)"
    if key.low is not None or key.high is not None:
        return f" ({key.kind}, {between(key.low, key.high)})"
    return f" ({key.kind})"


def _default(key: Key) -> str:
    if key.default is None or key.default == {}:
        return ""
    if isinstance(key.default, bool):
        return str(key.default).lower()
    if isinstance(key.default, tuple):
        return f"[{', '.join(map(str, key.default))}]"
    return _quoted(str(key.default))


def _quoted(text: str) -> str:
    """A text as YAML takes it: signs alone stand in quotation marks."""
    return text if any(character.isalnum() for character in text) else f'"{text}"'


def parameters_page() -> str:
    """docs/parameters.md: every key with type, default and meaning."""
    lines = [
        "# Params: every key of a run",
        "",
        (
            "One YAML file a country in `params/`. It is read strictly: text stays text, an unknown"
            " key, a key that stands twice, a value that does not fit its type, two values that"
            " contradict each other or a path that leaves the project is an error that names file,"
            " line, key and the nearest valid key or value; all of a file come at once. Anchors,"
            " aliases and tags are refused. Paths are relative to the project, or to the data root"
            " that `--data-root` or `MISMES_DATA_ROOT` names. In a notebook a key is an attribute"
            ' of its type: `run = me.Params.load("params/MDA.yaml")`, then `run.impact.seed` is a'
            " whole number and `run.calibration.bounds` two numbers or None. This page is made from"
            " the dataclasses in the code."
        ),
        "",
    ]
    about = section_about()
    for section in ("", *SECTIONS):
        lines += [f"## {section or 'The run'}", ""]
        if section:
            lines += [f"{about[section][:1].upper()}{about[section][1:]}.", ""]
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        lines += [_row(key) for key in KEYS if key.section == section]
        lines.append("")
    return "\n".join(lines)


def _row(key: Key) -> str:
    default = f"`{_default(key)}`" if _default(key) else ""
    bounded = key.choices or key.low is not None or key.high is not None
    meaning = key.about + (_allowed(key) if bounded else "")
    return f"| `{key.name}` | {key.kind} | {'required' if key.required else default} | {meaning} |"
