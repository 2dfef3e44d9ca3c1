"""A frame against its template: every failure gathered, each with rule, column, rows and the
nearest valid value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import NAMED, InputError, Problem, named, worded
from mismes_eval.frame.codes import codes, nearest, nearest_code
from mismes_eval.frame.declared import declared_of_nothing, declared_reasons
from mismes_eval.frame.heads import part_of
from mismes_eval.frame.parse import THOUSANDS, finish, other_form, parse, rows, text
from mismes_eval.frame.ranges import SENTINELS, day_range, heaped, out_of_range
from mismes_eval.frame.rules import failing
from mismes_eval.frame.template import NUMERIC, Column, Template
from mismes_eval.public import held

SENTINEL_TEXTS = frozenset(f"{sentinel:g}" for sentinel in SENTINELS)
SHOWN_VALUES = 10
MISS = "_miss"
GROUPED = re.compile(r"\d[\s\u00a0\u202f'\u2019.,]\d{3}(?!\d)")  # thousands with signs between
COMMA_IS_READ = 'A comma as decimal sign is read with decimal=",". '
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
DECIMALS, EXPORT = (
    ".0",
    "Export the column as whole numbers or as text: a missing cell has made its numbers decimal.",
)


@dataclass(frozen=True, slots=True)
class Checked:
    """frame typed (bad cells missing), problems found, extra columns that the template does not
    know (kept as they are).
    """

    frame: pd.DataFrame
    problems: tuple[Problem, ...]
    extra: tuple[str, ...]


@held(InputError)
def validate(
    frame: pd.DataFrame,
    template: Template,
    *,
    decimal: str = ".",
    missing: Mapping[str, Mapping[str, str]] | None = None,
) -> pd.DataFrame:
    """The frame with the template's types, every row and every extra column kept.

    Parameters
    ----------
    frame : text or typed columns; rows are reported as spreadsheet rows (header row 1) when the
        index is a plain range.
    missing : column -> {cell text: missing reason}, beside what the template declares; the reason
        goes to the companion column `<name>_miss`.
        An empty mapping says that the column has no missing codes (a heap at 99 is then true).

    Raises
    ------
    InputError : lists all failures of the file.
    """
    checked = check(frame, template, decimal=decimal, missing=missing)
    if checked.problems:
        raise InputError(checked.problems)
    return checked.frame


@held(InputError)
def check(
    frame: pd.DataFrame,
    template: Template,
    *,
    decimal: str = ".",
    missing: Mapping[str, Mapping[str, str]] | None = None,
) -> Checked:
    """What `validate` does, without raising: typed frame (bad cells missing) and all problems."""
    repeated = frame.columns[frame.columns.duplicated()].unique().tolist()
    if repeated:
        what = Problem(
            what="duplicated columns",
            where=", ".join(map(str, repeated)),
            expected="each column once",
            got=worded("two or more of the same name"),
            fix="Rename or drop one of each.",
        )
        return Checked(frame, (what,), ())
    problems = _columns(frame, template) + declared_of_nothing(frame, missing or {})
    typed = frame.copy()
    for column in template.columns:
        if column.name in frame:
            declared = (missing or {}).get(column.name)
            found, values, reasons = _column(
                frame, column, decimal, dict(column.missing) | dict(declared or {})
            )
            if declared is None:
                found += heaped(values, column)
            typed[column.name] = values
            if reasons is not None:
                typed[column.name + MISS] = reasons
            problems += found
    problems += _keys(typed, template)
    for rule in template.rules:
        broken = failing(typed, rule)
        if broken.any():
            where = worded(
                "{name}: {value}",
                {"name": template.name, "value": ", ".join((*rule.left, *rule.right))},
            )
            problems.append(
                Problem(
                    worded("rule {name} fails", {"name": rule.name}),
                    where,
                    rule.description,
                    fix="Correct the cells.",
                ).in_rows(rows(broken))
            )
    known = set(template.names) | {n + MISS for n in template.names}
    return Checked(
        typed,
        tuple(problems),
        tuple(str(column) for column in frame.columns if column not in known),
    )


def fitting(typed: pd.DataFrame, problems: Sequence[Problem]) -> pd.DataFrame:
    """The rows of which no problem is told, by the number of each in the file."""
    numbered = typed.set_axis(rows(pd.Series(True, index=typed.index)))
    wrong = {row for problem in problems for row in problem.rows}
    return numbered[~numbered.index.isin(list(wrong))]


def _columns(frame: pd.DataFrame, template: Template) -> list[Problem]:
    problems = []
    absent = [column.name for column in template.columns if column.name not in frame]
    known = set(template.names) | {n + MISS for n in template.names}
    taken: dict[str, str] = {}
    for extra in (str(column) for column in frame.columns if column not in known):
        near = nearest(extra, absent, cutoff=80.0) or part_of(extra, absent)
        if near:
            taken[near] = extra
            problems.append(
                Problem(
                    "unknown column",
                    extra,
                    worded("'{near}'", {"near": near}),
                    fix=worded(
                        "Rename it to '{near}', or to a name that cannot be mistaken for it.",
                        {"near": near},
                    ),
                )
            )
    for column in template.columns:
        if column.required == "yes" and column.name not in frame and column.name not in taken:
            problems.append(
                Problem(
                    what="missing column",
                    where=worded(
                        "{template}.{column}", {"template": template.name, "column": column.name}
                    ),
                    expected=column.description,
                    got=worded("no such column"),
                    fix="Add the column.",
                )
            )
    return problems


Found = tuple[list[Problem], pd.Series, "pd.Series | None"]


def _column(frame: pd.DataFrame, column: Column, decimal: str, declared: dict[str, str]) -> Found:
    cells = frame[column.name]
    companion = None
    problems = []
    if column.name + MISS in frame:
        companion = text(frame[column.name + MISS])
        problems += _bad_codes(companion, column.name + MISS, "missing_reasons")
    if declared:
        reasons = declared_reasons(cells, declared)
        coded = reasons.notna()
        companion = (
            companion
            if companion is not None
            else pd.Series(np.nan, index=cells.index, dtype="str")
        ).mask(coded, reasons)
        cells = cells.mask(coded)
    values, bad, expected = parse(cells, column, decimal)
    problems += _unreadable(cells, bad, column, expected)
    given = values.notna()
    if companion is not None and (both := given & companion.notna()).any():
        problems.append(
            Problem(
                "a value and a missing reason",
                column.name,
                "one of them",
                fix="Empty the cell or its reason.",
            ).in_rows(rows(both))
        )
    if column.required == "yes" and (blank := ~given & ~bad).any():
        problems.append(
            Problem(
                "blank cells",
                column.name,
                "a value in every row",
                fix="Fill the cells or mend the source.",
            ).in_rows(rows(blank))
        )
    if column.codes:
        problems += (
            _multi_codes(values, column)
            if column.kind == "multi"
            else _bad_codes(values, column.name, column.codes)
        )
    elif column.kind in NUMERIC and (column.low is not None or column.high is not None):
        problems += out_of_range(values, column)
    elif column.kind == "date" and column.low is not None and column.high is not None:
        problems += day_range(values, column, column.low, column.high)
    if column.pattern:
        problems += _pattern(values, column)
    return problems, finish(values, column), companion


def _unreadable(cells: pd.Series, bad: pd.Series, column: Column, expected: str) -> list[Problem]:
    if not bad.any():
        return []
    got = text(cells[bad]).dropna().unique()
    what, fix = {
        "id": (
            "identifiers that lost digits",
            (
                "Export the column as text: a number above 2^53 or in scientific notation has lost"
                " digits for good."
            ),
        ),
        "date": (
            "unreadable dates",
            "Write dates as YYYY-MM-DD; 03/04/2021 can be read in two ways.",
        ),
        "month": ("unreadable months", "Write months as YYYY-MM."),
    }.get(
        column.kind,
        (
            "text in a number column" if column.kind in NUMERIC else "unreadable cells",
            f"Empty the cell and put the reason in {column.name}{MISS}, or correct it.",
        ),
    )
    if column.kind in NUMERIC and any(GROUPED.search(text) for text in got):
        fix = "Write numbers without signs between the thousands. " + fix
    if column.kind == "bool" and all(text in ("1.0", "0.0") for text in got):
        fix = worded("{export} {fix}", {"export": EXPORT, "fix": fix})
    if column.kind in NUMERIC and all(
        re.fullmatch(THOUSANDS, text.replace(",", ".")) for text in got
    ):
        return [unclear_number(str(got[0]), column.name, bad)]
    if column.kind in NUMERIC and any(DECIMAL_COMMA.fullmatch(text) for text in got):
        fix = COMMA_IS_READ + fix
    return [
        Problem(
            what=what,
            where=column.name,
            expected=expected,
            got=", ".join(map(repr, got)),
            fix=fix,
        ).in_rows(rows(bad))
    ]


def unclear_number(got: str, name: str, bad: pd.Series) -> Problem:
    """The problem of numbers as text that may be thousands or fractions."""
    return Problem(
        what="a number that can be read in two ways",
        where=name,
        expected="a number without a sign between thousands",
        got=repr(got),
        fix=worded(
            "Write {re} if thousands are meant, or the fraction with one or two places; in a workbook as a number, not as text.",
            {"re": re.sub("[.,]", "", got)},
        ),
    ).in_rows(rows(bad))


def _bad_codes(values: pd.Series, name: str, code_list: str) -> list[Problem]:
    known = set(codes(code_list)["code"])
    if known.issuperset(text(pd.Series(values.dropna().unique())).dropna()):
        return []
    written = text(values)
    wrong = written.notna() & ~written.isin(known)
    problems = []
    counts = written[wrong].value_counts()
    for value in counts.index[:SHOWN_VALUES]:
        fix = _code_fix(str(value), name, code_list)
        problems.append(
            Problem(
                what="not a code",
                where=name,
                expected=worded("a code of '{code_list}'", {"code_list": code_list}),
                got=repr(value),
                fix=fix,
            ).in_rows(rows(wrong & (written == value)))
        )
    further = counts.index[SHOWN_VALUES:]
    expected = worded("a code of '{code_list}'", {"code_list": code_list})
    return [*problems, *_further(further, name, expected, written.isin(further))]


def _further(values: pd.Index, name: str, expected: str, where: pd.Series) -> list[Problem]:
    """The values beyond those that have a problem of their own, with what each may mean."""
    if values.empty:
        return []
    return [Problem("not a code", name, expected, named(map(repr, values))).in_rows(rows(where))]


def _code_fix(value: str, name: str, code_list: str) -> str:
    if value in SENTINEL_TEXTS:
        return worded(
            "If it means missing, declare it: missing={{'{name}': {{'{value}': 'DK'}}}} with the"
            " reason that the questionnaire gives.",
            {"name": name, "value": value},
        )
    near = nearest_code(code_list, value)
    return f"The nearest code is {near}." if near else f"See the code list '{code_list}'."


def _multi_codes(values: pd.Series, column: Column) -> list[Problem]:
    parts = values.dropna().str.split(";").explode().str.strip()
    known = set(codes(column.codes)["code"])
    problems = []
    wrong = parts[~parts.isin(known)]
    counts = wrong.value_counts()
    for value in counts.index[:SHOWN_VALUES]:
        near = nearest_code(column.codes, str(value))
        where = pd.Series(values.index.isin(wrong.index[wrong == value]), index=values.index)
        fix = (
            worded("The nearest code is {near}; codes are separated by ;.", {"near": near})
            if near
            else worded(
                "See the code list '{codes}'; codes are separated by ;.", {"codes": column.codes}
            )
        )
        problems.append(
            Problem(
                what="not a code",
                where=column.name,
                expected=worded("codes of '{codes}'", {"codes": column.codes}),
                got=repr(value),
                fix=fix,
            ).in_rows(rows(where))
        )
    further = counts.index[SHOWN_VALUES:]
    where = pd.Series(values.index.isin(wrong.index[wrong.isin(further)]), index=values.index)
    expected = worded("codes of '{codes}'", {"codes": column.codes})
    problems += _further(further, column.name, expected, where)
    twice = values.map(
        lambda v: isinstance(v, str) and len(v.split(";")) != len({p.strip() for p in v.split(";")})
    ).astype(bool)
    if twice.any():
        problems.append(
            Problem(
                "a code twice in one cell",
                column.name,
                "each code once",
            ).in_rows(rows(twice))
        )
    return problems


def _pattern(values: pd.Series, column: Column) -> list[Problem]:
    written, wrong = other_form(values, column.pattern)
    if not wrong.any():
        return []
    got = written[wrong].iloc[0]
    hyphened = re.sub(r"[\u2010-\u2015\u2212\s]+", "-", got)
    whole = got.removesuffix(DECIMALS)
    fix = column.description + "."
    if re.fullmatch(column.pattern, hyphened):
        fix = worded("Write {hyphened}, with a plain hyphen.", {"hyphened": repr(hyphened)})
    elif re.fullmatch(column.pattern, whole):
        fix = worded("Write {whole}. {export}", {"whole": repr(whole), "export": EXPORT})
    return [
        Problem(
            what="wrong form",
            where=column.name,
            expected=worded("the form {pattern}", {"pattern": column.pattern}),
            got=repr(got),
            fix=fix,
        ).in_rows(rows(wrong))
    ]


def _keys(frame: pd.DataFrame, template: Template) -> list[Problem]:
    keys = [key for key in template.keys if key in frame]
    needed = [key for key in template.keys if template[key].required == "yes"]
    if not keys or any(key not in frame for key in needed):
        return []
    whole = frame[needed].notna().all(axis=1)
    twice = frame.duplicated(keys, keep=False) & whole
    if not twice.any():
        return []
    which = named(" ".join(map(str, key)) for key in frame.loc[twice, keys].to_numpy())
    return [
        Problem(
            what="duplicated key",
            where=worded("{name}: {keys}", {"name": template.name, "keys": ", ".join(keys)}),
            expected="each key once",
            got=which,
            fix="Keep one row of each, or correct the key.",
        ).in_rows(rows(twice))
    ]


@held(InputError)
def references(
    child: pd.DataFrame, column: str, parent: pd.DataFrame, key: str
) -> tuple[Problem, ...]:
    """Problems where `child[column]` names a row that `parent[key]` does not have (missing cells
    are left alone).
    """
    lost = child[column].notna() & ~child[column].isin(parent[key])
    if not lost.any():
        return ()
    strange = child.loc[lost, column].astype(str).drop_duplicates().tolist()
    there = list(map(str, parent[key].dropna().unique()))
    meant = [f"{near} for {code}" for code in strange[:NAMED] if (near := nearest(code, there))]
    return (
        Problem(
            what="no such row to refer to",
            where=column,
            expected=worded("a value of {key}", {"key": key}),
            got=named(map(repr, strange)),
            fix=_nearest_ones(strange, meant),
        ).in_rows(rows(lost)),
    )


@held(InputError)
def problem_frame(problems: tuple[Problem, ...]) -> pd.DataFrame:
    """Problems as a table: what, where, expected, got, fix, count, rows (text)."""
    fields = [
        (p.what, p.where, p.expected, p.got, p.fix, p.count, ", ".join(map(str, p.rows)))
        for p in problems
    ]
    return pd.DataFrame(
        fields, columns=["what", "where", "expected", "got", "fix", "count", "rows"]
    )


def _nearest_ones(strange: list[str], meant: list[str]) -> str:
    """What the keys that are not there may mean."""
    if not meant:
        return ""
    if len(strange) == 1:
        return f"The nearest is {meant[0].rpartition(' for ')[0]}."
    return f"The nearest are {', '.join(meant)}."
