"""A new country's params file, and the page that explains every key: both made from the schema."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mismes_eval.evaluation.schema import KEYS, SECTIONS, Key

WIDTH = 100
SECTION_ABOUT: Mapping[str, str] = {
    "inputs": (
        "files, relative to the project or to the data root; leave out what you do not have, and"
        " the report says so"
    ),
    "reading": "how the labour force survey's file is written; nothing is guessed",
    "mapping": "from the file's columns and codes to the template's",
    "definitions": "who counts as a migrant, and at which ages",
    "design": "how the sample was drawn: what the variance rests on",
    "calibration": "how the weights are adjusted to the control totals of inputs.margins",
    "tracer": "the tracer study's design and waves",
    "impact": "the difference-in-differences",
    "theory_of_change": (
        "how the measure is meant to work: sentences, each with the ids of the tables or figures of"
        " the report that measure it, empty where nothing does; without it the report says so"
    ),
    "cost": "cost per outcome",
    "disclosure": "what is too few or too uncertain to print",
    "breaks": "breaks in series",
    "rollout": "a measure rolled out region by region, seen in the rounds of inputs.lfs_rounds",
    "study": "an impact study that is not a tracer: one file, one outcome, before and after",
}
EXAMPLES = {
    "inputs.inventory": "inventory.xlsx",
    "inputs.lfs": "lfs_person.xlsx",
    "inputs.margins": "margins.csv",
    "mapping.workbook": "mapping.xlsx",
    **{
        f"inputs.tracer_{t}": f"tracer_{t}.xlsx"
        for t in ("person", "wave", "outcome", "service", "episode")
    },
}


CHAIN = {
    "inputs": '{"Grants and counsellors, paid by the funder": T20}',
    "activities": '{"Counselling, training and a grant for returnees": T20}',
    "outputs": '{"Participants complete what they began": T05}',
    "outcomes": '{"Participants are in work two years later": "T17, F11"}',
    "assumptions": '{"Employers know of the training": }',
}
EXAMPLES |= {f"theory_of_change.{part}": example for part, example in CHAIN.items()}


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
    for key in (k for k in KEYS if not k.section):
        lines += _key(key, filled.get(key.name), "")
    for section in SECTIONS:
        about = SECTION_ABOUT.get(section, "")
        lines += ["", f"# {about}" if about else "", f"{section}:"]
        lines = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
        for key in (k for k in KEYS if k.section == section):
            value = EXAMPLES.get(key.name)
            value = (
                f"data_raw/{country}/{value}" if value is not None and key.kind == "path" else value
            )
            lines += _key(key, filled.get(key.name), "  ", value)
    return "\n".join(lines) + "\n"


def _key(key: Key, value: str | None, indent: str, example: str | None = None) -> list[str]:
    name = key.name.split(".")[-1]
    about = f"{indent}# {key.about}{_allowed(key)}"
    if value is not None:
        return [about, f"{indent}{name}: {value}"]
    return [
        about,
        f"{indent}# {name}: {example if example is not None else _default(key)}".rstrip(),
    ]


def _allowed(key: Key) -> str:
    if key.choices:
        return f" ({', '.join(map(_quoted, key.choices))})"
    if key.kind == "steps":
        return " (sentences with ids; the line below is an example)"
    if key.low is not None or key.high is not None:
        return (
            f" ({key.kind}, {key.low if key.low is not None else 'any'} to"
            f" {key.high if key.high is not None else 'any'})"
        )
    return f" ({key.kind})"


def _default(key: Key) -> str:
    if key.default is None:
        return ""
    if isinstance(key.default, bool):
        return str(key.default).lower()
    if isinstance(key.default, tuple):
        return f"[{', '.join(map(str, key.default))}]"
    return _quoted(str(key.default))


def _quoted(text: str) -> str:
    """A text as YAML takes it: signs alone stand in quotation marks."""
    return text if any(c.isalnum() for c in text) else f'"{text}"'


def parameters_page() -> str:
    """docs/parameters.md: every key with type, default and meaning."""
    lines = [
        "# Params: every key of a run",
        "",
        (
            "One YAML file a country in `params/`. It is read strictly: text stays text, an unknown"
            " key, a key that stands twice, a wrong type or a path that leaves the project is an"
            " error that names file, key and the nearest valid key. Anchors, aliases and tags are"
            " refused. Paths are relative to the project, or to the data root that `--data-root` or"
            " `MISMES_DATA_ROOT` names. This page is made from the schema in the code."
        ),
        "",
    ]
    for section in ("", *SECTIONS):
        lines += [f"## {section or 'The run'}", ""]
        if section in SECTION_ABOUT:
            lines += [f"{SECTION_ABOUT[section][:1].upper()}{SECTION_ABOUT[section][1:]}.", ""]
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        for key in (k for k in KEYS if k.section == section):
            default = "required" if key.required else f"`{_default(key)}`" if _default(key) else ""
            lines.append(
                f"| `{key.name}` | {key.kind} | {default} |"
                f" {key.about}{_allowed(key) if key.choices or key.low is not None or key.high is not None else ''} |"
            )
        lines.append("")
    return "\n".join(lines)
