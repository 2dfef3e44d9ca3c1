"""Refusals of what runs on the params name the key of the params beside the argument or the column
that the verb's own words name: an office has written keys, and no call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mismes_eval.errors import Problem, in_column, in_columns, in_place, of_argument, worded
from mismes_eval.evaluation.params import BY_NAME, Params, used_at
from mismes_eval.message import Message

ARGUMENT = of_argument("").template
COLUMNS = {in_column("").template: "column", in_columns("", "").template: "first"}
IN_FILE = in_place("", "").template
CORRECTED = "Correct the cells; one whose answer is unknown is left empty."
# a section whose keys declare a missing code of its file, and the line that does
DECLARED: Mapping[str, str] = {
    "mapping": (
        "Declare it in the params: mapping.missing: {{{name}: {{'{value}': DK}}}} with the reason"
        " that the questionnaire gives."
    ),
    "study": "Declare it in the params: study.missing: {{{name}: ['{value}']}}, or correct the cells.",
}
# arguments that a key of another name gives
ARGUMENTS: Mapping[tuple[str, str], str] = {
    ("tracer", "covariates"): "tracer.attrition_covariates",
    ("calibration", "totals"): "inputs.margins",
}


def said_by_key(
    params: Params, problems: Sequence[Problem], sections: Sequence[str]
) -> list[Problem]:
    """The problems of a reader that works on these sections, in the office's words."""
    fix = next((DECLARED[section] for section in sections if section in DECLARED), CORRECTED)
    return [_fixed(_placed(params, problem, sections), fix) for problem in problems]


def _placed(params: Params, problem: Problem, sections: Sequence[str]) -> Problem:
    key = _key(params, problem.where, sections)
    if key is None:
        return problem
    place = params.where(key)
    template = getattr(problem.where, "template", "")
    rows = problem.rows
    if template in (ARGUMENT, *COLUMNS):  # of a sample, from 0: in its file the names are row 1
        rows = tuple(row + 2 if isinstance(row, int) else row for row in rows)
    where = place if template == ARGUMENT else used_at(place, problem.where)
    return replace(problem, where=where, rows=rows)


def _key(params: Params, where: object, sections: Sequence[str]) -> str | None:
    """The key that gave what stands in a place: an argument, a column or a part of a mapping."""
    template = getattr(where, "template", "")
    values = getattr(where, "values", {})
    if template == ARGUMENT:
        name = str(values["argument"])
        keys = [ARGUMENTS.get((section, name), f"{section}.{name}") for section in sections]
        return next((key for key in keys if key in BY_NAME), None)
    if template == IN_FILE:
        return _key(params, values["inner"], sections)
    if template in COLUMNS:
        return _naming(params, str(values[COLUMNS[template]]), sections)
    if "calibration" in sections and str(where).startswith("totals"):
        return "inputs.margins"
    if "mapping" in sections and str(where).split(".")[0] == "mapping":
        part = ".".join(str(where).split(".")[:2])
        return part if part in BY_NAME else "mapping"
    return None


def _naming(params: Params, column: str, sections: Sequence[str]) -> str | None:
    """The key of these sections that names a column."""
    for key in BY_NAME.values():
        value = params[key.name] if key.section in sections else None
        named = (value,) if isinstance(value, str) else value
        if isinstance(named, tuple) and column in named:
            return key.name
    return None


def _fixed(problem: Problem, said: str) -> Problem:
    """A line that declares a missing code, as the params take it."""
    fix = problem.fix
    if not (isinstance(fix, Message) and "missing={" in fix):
        return problem
    return replace(problem, fix=worded(said, fix.values))
