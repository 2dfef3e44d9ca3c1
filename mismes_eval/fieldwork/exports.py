"""Exports of survey servers as answers to the question table: names without their groups, codes or
labels of any language, split columns of several answers, repeats, system columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, named, worded
from mismes_eval.fieldwork.questions import LANGUAGES, Question, choices, numbered
from mismes_eval.frame.identifiers import find_identifiers
from mismes_eval.frame.outside import table_of

GROUPS = re.compile(r"[/:.\-]|\[\d+\]/")  # what stands between a group and a name
SPLIT = ("/", "__", "_", "-", ":", ".")  # between a question and one of its answers
SYSTEM = re.compile(
    r"^(_.*|__.*|key|parent_key|set-of-.*|set_of_.*|meta.*|.*instance_?id|.*instancename|start|end|"
    r"today|deviceid|subscriberid|simid|username|caseid|submissiondate|completiondate|"
    r"starttime|endtime|formdef_version|review_.*|attachments.*|interview__.*|sssys_.*|"
    r"has__errors|assignment__id|formhub.*|earlier_.*|.*_count|simserial|devicephonenum)$",
    re.IGNORECASE,
)
YES = {"1", "true", "yes", "1.0", "selected"}
NUMBERED = "interview__key"  # a column of every export of Survey Solutions, whose codes are numbers
NOT_ANSWERED = ("##N/A##", "-999999999", "-999999999.0")  # as Survey Solutions writes it


@dataclass
class Decoded:
    """answers: one row a submission, a column a question, codes as text; used: columns of the
    export that were read; problems: everything that is wrong, with its rows.
    """

    answers: pd.DataFrame
    used: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_export(path: str | Path) -> pd.DataFrame:
    """An export as text, empty where nothing was answered; of a workbook its first sheet, where a
    server writes the submissions. Raises InputError for other files and those beyond the limits of
    data files.
    """
    table = table_of(Path(path))
    return table.replace(list(NOT_ANSWERED), "") if NUMBERED in table else table


def personal_columns(frame: pd.DataFrame) -> list[str]:
    """Columns that look like names, telephone numbers or coordinates."""
    return [p.where for p in find_identifiers(frame) if p.where in frame.columns]


def unused_columns(frame: pd.DataFrame, used: list[str], personal: list[str]) -> list[str]:
    """Columns that are no question, no system column and not personal: nobody reads them."""
    known = {*used, *personal}
    return [
        column
        for column in map(str, frame.columns)
        if column not in known and not SYSTEM.match(last(column)) and not SYSTEM.match(column)
    ]


def last(column: str) -> str:
    """A column's name without the groups before it."""
    return GROUPS.split(column)[-1]


def decode(frame: pd.DataFrame, asked: tuple[Question, ...]) -> Decoded:
    """The answers to some questions. A question without any column is empty throughout."""
    out = Decoded(pd.DataFrame(index=frame.index))
    by_number = NUMBERED in frame.columns
    names = {q.name for q in asked}
    for question in asked:
        columns = [
            column for column in map(str, frame.columns) if _stands_for(column, question.name)
        ]
        if len(columns) > 1:
            out.problems.append(
                Problem(
                    "several columns hold one question",
                    ", ".join(columns),
                    worded("one column for '{name}'", {"name": question.name}),
                    fix="Export one form at a time.",
                )
            )
            continue
        values = frame[columns[0]] if columns else pd.Series("", index=frame.index)
        out.used += columns
        if question.several:
            values, parts = _several(frame, question, values, names)
            out.used += parts
        out.answers[question.name] = _read(values, question, out.problems, by_number)
    return out


def _stands_for(column: str, name: str) -> bool:
    return column == name or last(column) == name


def _several(
    frame: pd.DataFrame, question: Question, whole: pd.Series, names: set[str]
) -> tuple[pd.Series, list[str]]:
    """Several answers as codes with spaces, from one column or from one a choice."""
    parts = {}
    spelled = {choice.code: choice.code for choice in choices(question.choices)}
    if NUMBERED in frame.columns:
        spelled = {str(spelling): code for spelling, code in numbered(question.choices).items()}
    for written, code in spelled.items():
        ends = [f"{question.name}{sep}{written}" for sep in SPLIT]
        for column in map(str, frame.columns):
            if column not in names and any(_ends_with(column, end) for end in ends):
                parts[column] = code
    if not parts or (whole != "").any():
        return whole, list(parts)
    picked = pd.Series("", index=frame.index)
    for column, code in parts.items():
        chosen = frame[column].str.casefold().isin(YES)
        picked = picked.where(~chosen, picked + " " + code)
    return picked.str.strip(), list(parts)


def _ends_with(column: str, end: str) -> bool:
    return column == end or column.endswith(("/" + end, "-" + end, ":" + end, "." + end))


def _read(
    values: pd.Series, question: Question, problems: list[Problem], by_number: bool
) -> pd.Series:
    if question.choices:
        return _coded(values, question, problems, by_number)
    if question.kind in ("integer", "decimal"):
        number = pd.to_numeric(values.where(values != ""), errors="coerce")
        _refuse(values, (values != "") & number.isna(), question, "a number", problems)
        return number
    if question.kind.startswith("date"):
        moment = pd.to_datetime(values.where(values != ""), errors="coerce", format="mixed")
        _refuse(values, (values != "") & moment.isna(), question, "a date", problems)
        shown = "%Y-%m" if question.month else "%Y-%m-%d"
        return moment.dt.strftime(shown).where(moment.notna(), "")
    return values


def _coded(
    values: pd.Series, question: Question, problems: list[Problem], by_number: bool
) -> pd.Series:
    """Codes or labels of any language as codes; what is neither is a problem."""
    spelled = {}
    if question.choices == "measures":
        return values
    if by_number:
        spelled = {str(spelling): code for spelling, code in numbered(question.choices).items()}
    for choice in choices(question.choices):
        spelled[choice.code.casefold()] = choice.code
        for language in LANGUAGES:
            spelled.setdefault(choice.words[language].casefold(), choice.code)
    read = {value: _codes(value, spelled, question.several) for value in values.unique()}
    _refuse(
        values,
        values.map(lambda v: read[v] is None),
        question,
        worded("codes or labels of the list '{choices}'", {"choices": question.choices}),
        problems,
    )
    return values.map(lambda v: read[v] or "")


def _codes(value: str, spelled: dict[str, str], several: bool) -> str | None:
    if value == "" or value.casefold() in spelled:
        return spelled.get(value.casefold(), "")
    whole = re.sub(r"\.0$", "", value).casefold()
    if whole in spelled:
        return spelled[whole]
    if not several:
        return None
    for separator in (" ", ",", ";"):
        found = [spelled.get(part.strip().casefold()) for part in value.split(separator) if part]
        if found and None not in found:
            return " ".join(str(code) for code in found)
    return None


def _refuse(
    values: pd.Series,
    bad: pd.Series,
    question: Question,
    expected: str,
    problems: list[Problem],
) -> None:
    if not bad.any():
        return
    seen = named(map(repr, values[bad].unique()))
    problems.append(
        Problem(
            what="an answer cannot be read",
            where=worded("question '{name}'", {"name": question.name}),
            expected=expected,
            got=seen,
            fix="Export codes, or labels in one of the form's languages.",
        ).in_rows(np.flatnonzero(bad))
    )
