"""Files from outside that are no data file of a template: tables of text, YAML, JSON. One way to
them, with the limits of data files and no traceback where one is damaged.
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from mismes_eval.errors import NARROWER, InputError, Problem, at_line, beyond, in_place, worded
from mismes_eval.frame.delimited import SEPARATORS, read_delimited
from mismes_eval.frame.excel import read_excel, sheet_titles
from mismes_eval.frame.limits import FILE, TEXT, check_text_file

YAML_BYTES = 200_000  # of a file that somebody wrote by hand
DEEPEST = 50  # levels of JSON
JSON_BYTES = 50_000_000  # numbers of a report: one of 300 tables has 700 kB
JSON_MARKS = 1_000_000  # values and lists, each an object in memory: that report has 30,000
YAML_MARKS = 20_000  # values and lists: the longest of this package has 2,000
TABLE_ENDS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}
BOOK = ".xlsx"


def bytes_of(path: Path, most: int = TEXT, fix: str = NARROWER) -> bytes:
    """The bytes of a file. Raises InputError where there is none, or more than `most`; fix : what
    to do then.
    """
    if not path.is_file():
        raise InputError(Problem("no such file", str(path)))
    if (size := path.stat().st_size) > most:
        expected = worded("at most {most:,} bytes", {"most": most})
        raise InputError(
            Problem(
                what="the file is too large",
                where=path.name,
                expected=expected,
                got=worded("{size:,}", {"size": size}),
                fix=fix,
            )
        )
    return path.read_bytes()


def text_of(path: Path, most: int = TEXT) -> str:
    """A UTF-8 text. Raises InputError for any other content."""
    try:
        return bytes_of(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fix = "Save the file as UTF-8."
        problem = Problem(
            what="wrong encoding",
            where=path.name,
            expected="UTF-8 text",
            got=worded("byte {start}", {"start": error.start}),
            fix=fix,
        )
        raise InputError(problem) from error


def yaml_of(path: Path, loader: type[yaml.SafeLoader] = yaml.SafeLoader) -> object:
    """A YAML file written by hand, without anchors: a few of them can stand for more than a
    computer holds. Raises InputError for any other content.
    """
    text = text_of(path, YAML_BYTES)
    try:
        events = list(islice(yaml.parse(text, Loader=yaml.SafeLoader), YAML_MARKS + 1))
        _check_marks(len(events), YAML_MARKS, path)
        again = [event for event in events if isinstance(event, yaml.AliasEvent)]
        value: object = None if again else yaml.load(text, loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        got = " ".join(str(error).split()) or type(error).__name__
        raise InputError(Problem("the file is not YAML", path.name, "YAML", got)) from error
    if again:
        line = again[0].start_mark.line + 1 if again[0].start_mark else 0
        where = in_place(path.name, at_line(line))
        fix = "Write the value out."
        raise InputError(Problem("the file has aliases", where, "plain YAML", fix=fix))
    return value


def json_of(path: Path, most: int = JSON_BYTES) -> object:
    """A JSON file. Raises InputError for any other content, and for one nested too deeply."""
    try:
        text = text_of(path, most)
        _check_marks(sum(map(text.count, "[{,")), JSON_MARKS, path)
        value: object = json.loads(text, parse_int=_whole_number)
        if _levels(value) > DEEPEST:
            raise ValueError(f"more than {DEEPEST} levels")
    except (ValueError, RecursionError) as error:
        got = str(error) or type(error).__name__
        raise InputError(Problem("the file is not JSON", path.name, "JSON", got)) from error
    return value


def _whole_number(digits: str) -> int:
    """A number of JSON, no larger than what can be computed with."""
    if len(digits) > sys.float_info.max_10_exp:
        raise ValueError(f"a number of {len(digits):,} digits")
    return int(digits)


def _check_marks(found: int, most: int, path: Path) -> None:
    """Raise InputError for more values and lists than are read."""
    if found > most:
        raise beyond("the file has too many values", path.name, most, "values", worded("more"))


def _levels(value: object) -> int:
    """How deeply lists and mappings are nested, at most one more than is read."""
    level = 0
    inside = [value] if isinstance(value, (dict, list)) else []
    while inside and level <= DEEPEST:
        parts = [v.values() if isinstance(v, dict) else v for v in inside]
        inside = [v for part in parts for v in part if isinstance(v, (dict, list))]
        level += 1
    return level


def table_of(path: Path) -> pd.DataFrame:
    """A table as text, stripped, empty where a cell is: .csv (comma, or the one other sign that its
    names are separated by), .tsv, .tab, .txt, or the first sheet of an .xlsx.

    Raises
    ------
    InputError : another kind of file, a damaged one, or one beyond the limits of data files.
    """
    kind = path.suffix.lower()
    if kind == BOOK:
        content = bytes_of(path, FILE)
        first = sheet_titles(content, path.name)[:1]
        title = first[0] if first else None
        frame = read_excel(content, path.name, sheet=title, columns=None).frame
        return frame.map(_written).reset_index(drop=True)
    if kind not in TABLE_ENDS:
        known = worded(
            "{table_ends} or {book}", {"table_ends": ", ".join(TABLE_ENDS), "book": BOOK}
        )
        raise InputError(
            Problem("no table that can be read", path.name, known, kind or worded("no ending"))
        )
    if path.is_file():
        check_text_file(path, TABLE_ENDS[kind])
    content = bytes_of(path)
    separator = _separator(content) if kind == ".csv" else TABLE_ENDS[kind]
    found = read_delimited(content, path.name, encoding="utf-8", separator=separator, columns=None)
    return found.frame.map(_written).reset_index(drop=True)


def _separator(content: bytes) -> str:
    """The comma, or where the names of a table have none the one other sign that they have."""
    names = content.lstrip().split(b"\n", 1)[0]
    others = [sign for sign in SEPARATORS if sign.encode() in names]
    return others[0] if len(others) == 1 else ","


def _written(cell: Any) -> str:
    """A cell as text: whole numbers without a point."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if pd.isna(cell) else str(cell)
