"""The survey's file as the params say that it is written; what they do not say is an error that
names the key, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd

from mismes_eval import frame as frames
from mismes_eval import lfs
from mismes_eval.errors import InputError, Problem, in_column, in_place, worded
from mismes_eval.evaluation.params import Params
from mismes_eval.frame.dataset import Dataset
from mismes_eval.frame.ranges import SENTINELS
from mismes_eval.frame.validate import COMMA_IS_READ

TAB = "tab"
KEYS_THAT_MEND: Mapping[str, str] = {
    "wrong encoding": (
        "Name it in the params, for instance reading: {encoding: cp1252} (Excel in Western Europe)"
        " or utf-16; or save the file as UTF-8."
    ),
    "wrong separator": (
        "Name it in the params, for instance reading: {separator: ';', decimal: ','}; or save the"
        " file with commas."
    ),
    "several sheets": "Name one in the params: reading: {sheet: NAME}.",
    "an archive of several files": "Name one in the params: reading: {member: NAME}; or unpack it.",
    "a text without separators and names": (
        "Say in the params where the columns stand: reading: {layout: FILE}, the program of Stata,"
        " SAS or SPSS that reads the text, or a table with name, first, last and decimals."
    ),
    "titles above the names of the columns": (
        "Say in the params which row holds the names, for instance reading: {names_row: 4}; or delete"
        " the rows above it."
    ),
    "a personal identifier": (
        "Take the column out of the file, or name it in the params: reading: {drop: [COLUMN]};"
        " where it is harmless, reading: {allowed: [COLUMN]}."
    ),
    "a column said to be harmless is not suspected of anything": (
        "Take it out of the params: reading.allowed."
    ),
}
AS_IT_SHOULD_BE: Mapping[str, str] = {
    "wrong encoding": "Save the file as UTF-8.",
    "wrong separator": "Save the file with commas between its columns.",
    "several sheets": "Keep one sheet of data in the workbook.",
    "several sheets of the same shape": "Put all rows on one sheet, or delete the copy.",
    "a further sheet of rows without the names of the columns": "Put all rows on one sheet.",
    "an archive of several files": "Unpack it, and name the file itself.",
    "a text without separators and names": (
        "Save it with commas between its columns, and their names in the first line."
    ),
    "titles above the names of the columns": "Delete the rows above the names.",
    "a personal identifier": "Take it out of the file.",
}
OF_EVERY_TEXT = ("wrong encoding", "wrong separator", "titles above the names of the columns")
TEXT, STATISTICAL, WORKBOOK = (
    (".csv", ".gz", ".tsv", ".tab", ".txt", ".dat", ".xls"),
    (".dta", ".sav", ".zsav", ".por", ".sas7bdat", ".xpt", ".rds", ".rda", ".rdata"),
    (".xlsx", ".xlsm", ".xls"),
)
ARCHIVE = ".zip"
KINDS_OF_FILE: Mapping[str, tuple[str, ...]] = {
    "reading.encoding": TEXT + STATISTICAL,
    "reading.separator": TEXT,
    "reading.decimal": TEXT,
    "reading.sheet": WORKBOOK,
    "reading.member": (),
    "reading.layout": TEXT,
    "reading.names_row": TEXT + WORKBOOK,
}


def persons(params: Params, path: Path, mapping: Mapping[str, object] | str | None) -> pd.DataFrame:
    """Persons of the survey under GLD and mig_ names, read with section 'reading' of the params.

    Raises
    ------
    InputError : everything that is wrong with the file, each with the key that mends it where there
        is one.
    """
    _of_use(params, path)
    written = params.reading
    with mended_by_key():
        return lfs.read(
            path,
            mapping,
            encoding=written.encoding,
            separator=sign(written.separator),
            decimal=written.decimal,
            sheet=written.sheet,
            member=written.member,
            layout=written.layout,
            names_row=written.names_row,
            missing=params.mapping.missing if mapping is None else None,
            drop=written.drop,
            allowed=written.allowed,
        )


def delivered(params: Params, path: Path) -> Dataset:
    """The survey's file as the office delivered it, read with section 'reading'. Raises InputError
    as `persons`.
    """
    _of_use(params, path)
    written = params.reading
    with mended_by_key():
        return frames.read(
            path,
            encoding=written.encoding,
            separator=sign(written.separator),
            decimal=written.decimal,
            sheet=written.sheet,
            member=written.member,
            layout=written.layout,
            names_row=written.names_row,
            allowed=None,
        )


def delivered_study(params: Params, path: Path) -> pd.DataFrame:
    """The file of inputs.study, read with section 'study': values that are no answer are empty.
    Raises InputError as `persons`, and for a column of study.missing that is not there.
    """
    keys = params.study
    with mended_by_key("study"):
        frame = frames.read(
            path,
            encoding=keys.encoding,
            separator=sign(keys.separator),
            decimal=keys.decimal,
            names_row=keys.names_row,
        ).frame
    InputError.refuse(
        Problem(
            "the study lacks a column",
            params.where("study.missing"),
            "a column of the file",
            column,
        )
        for column in keys.missing
        if column not in frame.columns
    )
    return frame.assign(**{c: _answers(frame[c], said) for c, said in keys.missing.items()})


def _answers(values: pd.Series, missing: Sequence[str]) -> pd.Series:
    """A column without the values that are no answer."""
    spelled = values.map(lambda value: f"{value:g}" if isinstance(value, float) else str(value))
    kept = values.mask(spelled.isin(missing) & values.notna())
    numbers = pd.to_numeric(kept, errors="coerce")
    return numbers if (numbers.isna() == kept.isna()).all() else kept


def codes_among_outcomes(
    params: Params, frame: pd.DataFrame, columns: Sequence[str], source: str
) -> list[Problem]:
    """Numbers that stand for no answer in most files (-99, 999), where an outcome is else 0 or 1,
    or never negative: they would be averaged as numbers.
    """
    problems = []
    for column in dict.fromkeys(columns):
        numbers = pd.to_numeric(frame[column], errors="coerce").dropna()
        if column in params.study.missing or numbers.empty:
            continue
        suspicious = numbers.isin(SENTINELS)
        others = numbers[~suspicious]
        yes_or_no = bool(others.isin((0.0, 1.0)).all()) and others.nunique() > 1
        odd = suspicious if yes_or_no else suspicious & (numbers < 0) & bool((others >= 0).all())
        if odd.any():
            codes = sorted(numbers[odd].unique())
            problems.append(_unsaid(column, codes, int(odd.sum()), source))
    return problems


def _unsaid(column: str, codes: Sequence[float], count: int, source: str) -> Problem:
    listed = ", ".join(f"{code:g}" for code in codes)
    return Problem(
        what="numbers that may be no answer",
        where=in_place(source, in_column(column)),
        expected="answers, and empty cells where there is none",
        got=listed,
        fix=worded(
            "Say it: study.missing: {{{column}: [{codes}]}}; where they are numbers, {{{column}: []}}.",
            {"column": column, "codes": listed},
        ),
        count=count,
    )


def own_table(
    path: str | Path,
    template: str | None = None,
    further: Callable[[pd.DataFrame, Sequence[str]], Iterable[Problem]] | None = None,
) -> Dataset:
    """A table of the run for which no key of the params says how it is written: rounds, published
    figures, margins. further: as of `frame.read`.

    Raises
    ------
    InputError : everything that is wrong with the file, mended in the file.
    """
    with mended_in_the_file():
        return frames.read(path, template=template, further=further)


def sign(separator: str) -> str:
    """The separator that a word of the params means."""
    return "\t" if separator == TAB else separator


@contextmanager
def mended_by_key(section: str = "reading") -> Iterator[None]:
    """Errors of a reader name the key of the params that mends them."""
    try:
        yield
    except InputError as error:
        raise InputError([_by_key(found, section) for found in error.problems]) from error


@contextmanager
def mended_in_the_file() -> Iterator[None]:
    """Errors of a reader say how the file is saved, where no key of the params says how to read it."""
    try:
        yield
    except InputError as error:
        found = [
            replace(p, fix=AS_IT_SHOULD_BE.get(p.what) or _with_points(p.fix))
            for p in error.problems
        ]
        raise InputError(found) from error


def _with_points(fix: str) -> str:
    """What mends a cell, where no key says which decimal sign the file has."""
    read = fix.startswith(COMMA_IS_READ)
    return f"Write a point as decimal sign. {fix.removeprefix(COMMA_IS_READ)}" if read else fix


def _of_use(params: Params, path: Path) -> None:
    """A key that says nothing about this kind of file is a mistake, not a detail to pass over."""
    InputError.refuse(
        Problem(
            what="a key says nothing about this kind of file",
            where=params.where(key),
            expected=worded("a file of {kinds}", {"kinds": ", ".join(kinds) or ARCHIVE}),
            got=path.name,
            fix="Take the key out.",
        )
        for key, kinds in KINDS_OF_FILE.items()
        if key in params.given and path.suffix.lower() not in (*kinds, ARCHIVE)
    )


def _by_key(problem: Problem, section: str) -> Problem:
    fix = KEYS_THAT_MEND.get(problem.what, "")
    said = f"{section}:" in fix or f"{section}." in fix
    if fix and not said and problem.what in OF_EVERY_TEXT:
        fix = fix.replace("reading:", f"{section}:")
        said = True
    if not said and problem.fix.startswith(COMMA_IS_READ):
        key = f'A comma as decimal sign: {section}: {{decimal: ","}}; in a workbook write a point. '
        fix = key + problem.fix.removeprefix(COMMA_IS_READ)
        said = True
    return replace(problem, fix=fix) if said else problem
