"""The data dictionary page, written from the templates and code lists: `python -m
mismes_eval.frame.dictionary docs/data-dictionary.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mismes_eval.frame.codes import code_lists, codes
from mismes_eval.frame.template import Column, Template, template, template_names

KINDS = {
    "str": "text",
    "id": "identifier (text)",
    "int": "whole number",
    "float": "number",
    "bool": "TRUE/FALSE",
    "date": "date YYYY-MM-DD",
    "month": "month YYYY-MM",
    "cat": "code",
    "code": "whole-number code",
    "multi": "codes separated by ;",
    "list": "texts separated by ;",
    "url": "address",
}
UNIVERSES = {
    "employed": "persons in work",
    "business": "owners of a business",
    "home": "persons at home",
    "participants": "participants of a measure",
}
LONGEST = 30
INTRODUCTION = """# Data dictionary

Written from the templates in `mismes_eval/frame/templates` and the code lists in `mismes_eval/frame/codelists`; change those, not this page
(`python -m mismes_eval.frame.dictionary docs/data-dictionary.md`).

UTF-8 CSV or Parquet; snake_case names; dates `YYYY-MM-DD`, months `YYYY-MM`; countries ISO 3166-1 alpha-3; currencies ISO 4217, amounts nominal with `price_year`.
A missing value is an empty cell; its reason, where known, stands in the companion column `<name>_miss` (code list `missing_reasons`).
Required: **yes** the column and every cell; *expected* counts in completeness; blank optional. A file may have further columns: they are kept.
"""


def data_dictionary() -> str:
    """The page, as Markdown."""
    parts = [
        INTRODUCTION,
        *(_template(template(name)) for name in template_names()),
        "## Code lists\n",
        *(
            _code_list(*map(str, listed))
            for listed in code_lists()[["name", "version", "description", "source"]].to_numpy()
        ),
    ]
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _template(declared: Template) -> str:
    lines = [
        f"## {declared.name}\n",
        (
            f"{declared.description}. Version {declared.version}. Key:"
            f" {', '.join(declared.keys) or 'none'}.\n"
        ),
    ]
    lines += [
        "| column | type | required | codes, range, unit | meaning |",
        "|---|---|---|---|---|",
    ]
    section = ""
    for column in declared.columns:
        if column.section != section:
            section = column.section
            lines.append(f"| **{section}** | | | | |")
        required = {"yes": "**yes**", "expected": "*expected*"}.get(column.required, "")
        lines.append(
            f"| `{column.name}` | {KINDS[column.kind]} | {required} | {_cell(_range(column))} |"
            f" {_cell(column.description)} |"
        )
    if declared.rules:
        lines += [
            "\nRules:\n",
            *(
                f"- `{rule.name}`: {rule.description} ({', '.join((*rule.left, *rule.right))})"
                for rule in declared.rules
            ),
        ]
    return "\n".join(lines) + "\n"


def _range(column: Column) -> str:
    parts = [f"[{column.codes}](#{column.codes})"] if column.codes else []
    if column.low is not None or column.high is not None:
        low = "" if column.low is None else f"{column.low:g}"
        high = "" if column.high is None else f"{column.high:g}"
        parts.append(f"{low} to {high}" if high else f"{low} or more")
    parts += [f"`{column.pattern}`"] if column.pattern else []
    parts += [column.unit] if column.unit else []
    parts += [f"outcome: {column.outcome}"] if column.outcome else []
    parts += [f"of: {UNIVERSES[column.universe]}"] if column.universe else []
    return ", ".join(parts)


def _code_list(name: str, version: str, description: str, source: str) -> str:
    table = codes(name)
    lines = [f"### {name}\n", f"{description}. Version {version}. Source: {source}.\n"]
    if len(table) > LONGEST:
        return "\n".join(
            [*lines, f"{len(table)} codes, in `mismes_eval/frame/codelists/{name}.csv`.\n"]
        )
    lines += ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += [
        "| " + " | ".join(map(_cell, row)) + " |"
        for row in table.itertuples(index=False, name=None)
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(data_dictionary(), encoding="utf-8")
