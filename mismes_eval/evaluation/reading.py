"""The survey's file as the params say that it is written; what they do not say is an error that
names the key, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from mismes_eval import lfs
from mismes_eval.errors import InputError, Problem, at_key, in_place, worded
from mismes_eval.evaluation.params import Params

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
    "a personal identifier": (
        "Take the column out of the file, or name it in the params: reading: {drop: [COLUMN]};"
        " where it is harmless, reading: {allowed: [COLUMN]}."
    ),
    "a column said to be harmless is not suspected of anything": (
        "Take it out of the params: reading.allowed."
    ),
}
TEXT, STATISTICAL, WORKBOOK = (
    (".csv", ".gz", ".tsv", ".txt"),
    (".dta", ".sav", ".zsav", ".sas7bdat", ".xpt", ".rds", ".rda", ".rdata"),
    (".xlsx", ".xlsm"),
)
ARCHIVE = ".zip"
KINDS_OF_FILE: Mapping[str, tuple[str, ...]] = {
    "reading.encoding": TEXT + STATISTICAL,
    "reading.separator": TEXT,
    "reading.decimal": TEXT,
    "reading.sheet": WORKBOOK,
}


def persons(params: Params, path: Path, mapping: Mapping[str, object] | str | None) -> pd.DataFrame:
    """Persons of the survey under GLD and mig_ names, read with section 'reading' of the params.

    Raises
    ------
    InputError : everything that is wrong with the file, each with the key that mends it where there
        is one.
    """
    _of_use(params, path)
    separator = params.reading.separator
    try:
        return lfs.read(
            path,
            mapping,
            encoding=params.reading.encoding,
            separator="\t" if separator == TAB else separator,
            decimal=params.reading.decimal,
            sheet=params.reading.sheet,
            drop=params.reading.drop,
            allowed=params.reading.allowed,
        )
    except InputError as error:
        raise InputError([_by_key(p) for p in error.problems]) from error


def _of_use(params: Params, path: Path) -> None:
    """A key that says nothing about this kind of file is a mistake, not a detail to pass over."""
    idle = [
        key
        for key, kinds in KINDS_OF_FILE.items()
        if key in params.given and path.suffix.lower() not in (*kinds, ARCHIVE)
    ]
    if idle:
        raise InputError(
            [
                Problem(
                    what="a key says nothing about this kind of file",
                    where=in_place(params.source, at_key(key)),
                    expected=worded("a file of {kinds}", {"kinds": ", ".join(KINDS_OF_FILE[key])}),
                    got=path.name,
                    fix="Take the key out.",
                )
                for key in idle
            ]
        )


def _by_key(problem: Problem) -> Problem:
    return replace(problem, fix=KEYS_THAT_MEND.get(problem.what, problem.fix))
