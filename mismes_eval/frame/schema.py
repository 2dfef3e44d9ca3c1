"""A template as JSON Schema (draft 2020-12) for one record, for other programs that fill it."""

from __future__ import annotations

from collections.abc import Mapping

from mismes_eval.errors import InputError
from mismes_eval.frame.codes import codes
from mismes_eval.frame.template import Column, Template
from mismes_eval.public import held

TYPES: Mapping[str, dict[str, object]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "month": {"type": "string", "pattern": r"^(19|20)\d{2}-(0[1-9]|1[0-2])$"},
    "url": {"type": "string", "format": "uri", "pattern": "^https?://"},
    "code": {"type": "integer"},
    "multi": {"type": "array", "uniqueItems": True},
    "list": {"type": "array", "items": {"type": "string"}},
}


@held(InputError)
def json_schema(template: Template) -> dict[str, object]:
    """One record of the template; multi-code cells are arrays, missing values are null or absent,
    cross-field rules are text in `$comment`.
    """
    properties = {column.name: _property(column) for column in template.columns}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": template.name,
        "description": f"{template.description} (version {template.version})",
        "$comment": (
            "Also checked: " + "; ".join(rule.description for rule in template.rules)
            if template.rules
            else ""
        ),
        "type": "object",
        "properties": properties,
        "required": [column.name for column in template.columns if column.required == "yes"],
        "additionalProperties": True,
    }


def _property(column: Column) -> dict[str, object]:
    schema = dict(TYPES.get(column.kind, {"type": "string"}))
    if column.codes:
        allowed: list[object] = codes(column.codes)["code"].tolist()
        if column.kind == "code":
            allowed = [int(str(code)) for code in allowed]
        if column.kind == "multi":
            schema["items"] = {"enum": allowed}
        else:
            schema["enum"] = allowed
    if column.pattern:
        schema["pattern"] = f"^{column.pattern}$"
    if column.low is not None and column.kind != "date":
        schema["minimum"] = column.low
    if column.high is not None and column.kind != "date":
        schema["maximum"] = column.high
    if column.required == "yes":
        if schema.get("type") == "string" and "enum" not in schema:
            schema["minLength"] = 1
        if schema.get("type") == "array":
            schema["minItems"] = 1
    else:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*allowed, None]
    unit = f" [{column.unit}]" if column.unit else ""
    if column.kind == "date" and column.low is not None:
        unit = f" [years {column.low:g} to {column.high:g}]"
    schema["description"] = column.description + unit
    return schema
