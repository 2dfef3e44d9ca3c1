"""One reader for every format: hash, cells, types, template; what cannot be read for sure is an
error that names the cells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from mismes_eval.errors import InputError, Problem, of_argument, worded
from mismes_eval.frame.archive import only_member
from mismes_eval.frame.codes import nearest
from mismes_eval.frame.dataset import Dataset
from mismes_eval.frame.delimited import decode, read_delimited, unzip
from mismes_eval.frame.excel import read_excel
from mismes_eval.frame.fixed_width import read_fixed, read_layout
from mismes_eval.frame.identifiers import find_identifiers, idle_allowances
from mismes_eval.frame.inferred import infer
from mismes_eval.frame.limits import check_bytes, check_text_file
from mismes_eval.frame.number_formats import Sign, mixed, of_template
from mismes_eval.frame.parse import rows
from mismes_eval.frame.r_files import read_r
from mismes_eval.frame.statistical import Labelled, read_parquet, read_statistical
from mismes_eval.frame.template import Template
from mismes_eval.frame.template import template as named_template
from mismes_eval.frame.validate import MISS, check, fitting
from mismes_eval.frame.web_exports import CellText, web_text
from mismes_eval.message import Message
from mismes_eval.parquet_files import PARQUET, check_footer
from mismes_eval.public import held

FORMATS = (
    *(
        ".csv",
        ".csv.gz",
        ".tsv",
        ".tab",
        ".txt",
        ".dat",
        ".parquet",
        ".dta",
        ".sav",
        ".zsav",
        ".por",
    ),
    *(".sas7bdat", ".xpt", ".rds", ".rda", ".rdata", ".xlsx", ".xlsm", ".xls", ".zip"),
)
STATISTICAL = (".dta", ".sav", ".zsav", ".por", ".sas7bdat", ".xpt")
TABS = (".tsv", ".tab")
R_FILES = (".rds", ".rda", ".rdata")
OTHER_BOOKS = {
    ".xlsb": "the binary format .xlsb of Excel",
    ".ods": "the format .ods of LibreOffice",
    ".numbers": "the format of Numbers",
}
TEXTS = (".csv", ".csv.gz", ".tsv", ".tab", ".txt", ".dat")
WORKBOOKS = (".xlsx", ".xlsm", ".xls")
MEMBERS = (*(end for end in FORMATS if end not in (".csv.gz", ".zip")), ".gz")
FIRST_BYTES = 4096
# how files of a kind begin: what they are, and the endings that they have
BEGINNINGS: Mapping[bytes, tuple[str, tuple[str, ...]]] = {
    b"PK\x03\x04": ("a workbook or an archive", (".xlsx", ".zip")),
    b"\x1f\x8b": ("a packed text", (".csv.gz",)),
    PARQUET: ("a Parquet file", (".parquet",)),
    b"\xd0\xcf\x11\xe0": ("a workbook of old Excel", (".xls",)),
}
COMMA = ","
UTF_8 = "utf-8"
SILENT = {"separator": COMMA, "encoding": UTF_8}  # what these arguments are where nobody gave them
# arguments that say something of some kinds of files only
OF_KINDS: Mapping[str, tuple[str, ...]] = {
    "member": (".zip",),
    "layout": (*TEXTS, ".zip"),
    "names_row": (*TEXTS, *WORKBOOKS, ".zip"),
    "sheet": (*WORKBOOKS, ".zip"),
    "separator": (*TEXTS, ".xls", ".zip"),
    "encoding": (*TEXTS, *STATISTICAL, *R_FILES, ".xls", ".zip"),
}
BY_MARK = (".xlsx", ".xlsm", ".zip", ".parquet")  # kinds that begin with one of them


@held(InputError)
def read(
    path: str | Path,
    *,
    template: Template | str | None = None,
    encoding: str = UTF_8,
    separator: str = COMMA,
    decimal: str = ".",
    columns: Sequence[str] | None = None,
    sheet: str | None = None,
    member: str | None = None,
    layout: str | Path | None = None,
    names_row: int | None = None,
    text_columns: Sequence[str] = (),
    missing: Mapping[str, Mapping[str, str]] | None = None,
    allowed: Sequence[str] | None = (),
    further: Callable[[pd.DataFrame, Sequence[str]], Iterable[Problem]] | None = None,
) -> Dataset:
    """A data file, whole, with its hash.

    Parameters
    ----------
    path : .csv, .csv.gz, .tsv, .txt, .parquet, .dta, .sav, .zsav, .sas7bdat, .xpt, .rds, .rda,
        .xlsx or .xlsm; a .por; a .xls that is a web page's table or a text with tabs; or a .zip of
        one such file, which keeps the archive's name and hash.
    template : validate against it (a name or a Template); without one, columns of numbers become
        numbers and all else stays text.
    encoding, separator, decimal : of text files (encoding also of Stata, SPSS, SAS and R files that
        name none); never guessed.
    columns : read only these.
    sheet : of a workbook with several.
    member : of an archive of several.
    layout : where the columns of a text without separators stand: a table (name, first, last,
        decimals), or the program of Stata (.do, .dct), SAS or SPSS (.sps) that reads it.
    names_row : number of the row of a sheet, or line of a text, with the names of the columns, where
        titles stand above it.
    text_columns : without a template, columns that stay text although most cells are numbers.
    missing : column -> {cell text: missing reason} (see `validate`).
    allowed : columns that look like personal identifiers and are harmless. None: the caller looks
        for identifiers itself.
    further : of a template: what is wrong with the rows that fit it, given typed, and with the
        columns that it does not know; told with all else.

    Raises
    ------
    InputError : lists everything that is wrong with the file; personal identifiers first and alone,
        so that no other message can show them.
    """
    said = dict(locals())
    path = Path(path)
    suffix = _suffix(path)
    _of_use(path, suffix, said)
    _signs(separator, decimal)
    content = _bytes(path, suffix, separator)
    if suffix == ".zip":
        with TemporaryDirectory() as folder:
            packed = only_member(content, path.name, Path(folder), member, MEMBERS, TEXTS)
            inside = read(**(said | {"path": packed, "member": None}))
        return replace(inside, name=path.name, sha256=hashlib.sha256(content).hexdigest())
    wanted = None if columns is None else list(columns)
    chosen = named_template(template) if isinstance(template, str) else template
    known = tuple(wanted or ()) if chosen is None else (*chosen.names, *map(_reason, chosen.names))
    if layout is None:
        written = CellText(content, encoding, _separator(suffix, separator))
        read_as, letters, signs = _cells(path, suffix, written, wanted, known, sheet, names_row)
    else:
        whole_text = decode(unzip(content, path.name, "\n"), path.name, encoding)
        places = read_layout(Path(layout), encoding)
        fixed = read_fixed(whole_text, path.name, places)
        read_as = Labelled(fixed, places.labels, places.value_labels)
        text_columns = (*text_columns, *(f.name for f in places.fields if f.kind == "text"))
        letters, signs = {}, ()
    frame = read_as.frame
    _wanted(frame, wanted, path.name)
    _refuse_names_again(frame, path.name)
    if allowed is not None:
        personal = (*find_identifiers(frame, allowed), *idle_allowances(frame, allowed))
        InputError.refuse(_at(personal, path.name, letters))
    if chosen is None:
        typed, problems = infer(frame, decimal, frozenset(text_columns), missing or {})
        problems += mixed(signs, frame, path.name)
        extra: tuple[str, ...] = ()
    else:
        checked = check(frame, chosen, decimal=decimal, missing=missing)
        typed = checked.frame
        problems = list(checked.problems)
        extra = checked.extra
        problems += of_template(signs, frame, chosen, path.name)
        if further is not None:
            problems += further(fitting(typed, problems), extra)
    InputError.refuse(_at(problems, path.name, letters))
    return Dataset(
        frame=typed.reset_index(drop=True),
        name=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        rows=len(typed),
        labels=read_as.labels,
        value_labels=read_as.value_labels,
        template=chosen.name if chosen else "",
        extra=extra,
        signs=signs,
    )


def _refuse_names_again(frame: pd.DataFrame, name: str) -> None:
    """Raises InputError where rows are the names of the columns once more."""
    again = pd.Series(len(frame.columns) > 1, index=frame.index)
    for column in frame.columns:
        again &= frame[column].eq(column).fillna(False).astype(bool)
        if not again.any():
            return
    raise InputError(
        Problem(
            what="rows of names among the data",
            where=name,
            expected="the names of the columns once, above the rows",
            fix="Delete these rows. Where files were put one below the other: is every row there once?",
        ).in_rows(rows(again))
    )


def _plain(frame: pd.DataFrame) -> Labelled:
    return Labelled(frame, {}, {})


def _cells(
    path: Path,
    suffix: str,
    written: CellText,
    wanted: list[str] | None,
    known: tuple[str, ...],
    sheet: str | None,
    names_row: int | None,
) -> tuple[Labelled, dict[str, str], tuple[Sign, ...]]:
    """What stands in the file, by the reader of its format; the letters of a sheet's columns, and
    its numbers that are shown with a sign.
    """
    content = written.content
    name = path.name
    if suffix in STATISTICAL:
        return read_statistical(path, encoding=written.encoding, columns=wanted), {}, ()
    if suffix in R_FILES:
        return read_r(content, name, encoding=written.encoding, columns=wanted), {}, ()
    if suffix == ".parquet":
        return _plain(read_parquet(content, name, columns=wanted)), {}, ()
    web = web_text(content, name, written.encoding, written.separator) if suffix == ".xls" else None
    if suffix in WORKBOOKS and web is None:
        book = read_excel(
            content, name, sheet=sheet, columns=wanted, known=known, names_row=names_row
        )
        return _plain(book.frame), book.letters, book.signs
    written = web or written
    table = read_delimited(
        written.content,
        name,
        encoding=written.encoding,
        separator=written.separator,
        columns=wanted,
        known=known,
        names_row=names_row,
    )
    return _plain(table.frame), {}, ()


def _of_use(path: Path, suffix: str, said: Mapping[str, object]) -> None:
    """What is said of an archive or of a text says nothing of another file. said: the arguments."""
    idle = [
        Problem(
            what="an argument says nothing about this kind of file",
            where=of_argument(argument),
            expected=worded("a file of {kinds}", {"kinds": ", ".join(kinds)}),
            got=path.name,
            fix="Leave it out.",
        )
        for argument, kinds in OF_KINDS.items()
        if said[argument] not in (None, SILENT.get(argument)) and suffix not in kinds
    ]
    InputError.refuse(idle)


def _signs(separator: str, decimal: str) -> None:
    """Raise InputError for signs that no text is written with."""
    problems = []
    if len(separator) != 1:
        expected = "one sign, for instance ; or a tab"
        what = "a separator is not one sign"
        problems.append(Problem(what, of_argument("separator"), expected, repr(separator)))
    if decimal not in (".", ","):
        what = "unknown decimal sign"
        problems.append(Problem(what, of_argument("decimal"), "a point or a comma", repr(decimal)))
    InputError.refuse(problems)


def _suffix(path: Path) -> str:
    suffix = "".join(path.suffixes[-2:]) if path.name.endswith(".gz") else path.suffix.lower()
    if suffix in OTHER_BOOKS:
        fix = "Open it and save it as Excel workbook (.xlsx)."
        raise InputError(
            Problem(
                what="a workbook of another format",
                where=path.name,
                expected="an Excel workbook (.xlsx)",
                got=OTHER_BOOKS[suffix],
                fix=fix,
            )
        )
    if suffix not in FORMATS:
        raise InputError(
            Problem(
                what="unknown file format",
                where=path.name,
                expected=", ".join(FORMATS),
                got=suffix or worded("no ending"),
                fix="Export the file to one of these formats.",
            )
        )
    return suffix


def _bytes(path: Path, suffix: str, separator: str) -> bytes:
    if not path.is_file():
        beside = [other.name for other in path.parent.glob("*")]
        near = nearest(path.name, beside)
        raise InputError(
            Problem(
                "no such file",
                str(path),
                fix=worded("Beside it there is '{near}'.", {"near": near})
                if near
                else "Check the folder and the name.",
            )
        )
    check_bytes(path.stat().st_size, path.name, text=suffix in TEXTS)
    if suffix == ".parquet":
        with path.open("rb") as stream:
            check_footer(stream, path.name)
    if suffix in TEXTS and not path.name.endswith(".gz"):
        check_text_file(path, _separator(suffix, separator))
    content = path.read_bytes()
    if not content:
        raise InputError(
            Problem("the file is empty", path.name, "data", fix="Fetch the file again.")
        )
    _of_its_kind(content[:FIRST_BYTES], path.name, suffix)
    return content


def _separator(suffix: str, separator: str) -> str:
    """What stands between the columns: a tab by the file's name, unless something else is said."""
    return "\t" if suffix in TABS and separator == COMMA else separator


def _of_its_kind(first: bytes, name: str, suffix: str) -> None:
    """Raise InputError where a file begins as one of another kind than its ending says."""
    found = next((mark for mark in BEGINNINGS if first.startswith(mark)), b"")
    text = suffix in TEXTS and not suffix.endswith(".gz")
    if text and found:
        expected, (got, endings) = "text", BEGINNINGS[found]
    elif suffix in BY_MARK and first.isascii() and not (b"\0" in first or first[:2] == b"PK"):
        expected, (got, endings) = worded("a {suffix}", {"suffix": suffix}), ("text", (".csv",))
    else:
        return
    fix = worded(
        "Give the file the ending of what it is: {endings}.", {"endings": ", ".join(endings)}
    )
    raise InputError(Problem("a file is not what its name says", name, expected, worded(got), fix))


def _wanted(frame: pd.DataFrame, wanted: list[str] | None, name: str) -> None:
    if wanted == []:
        raise InputError(
            Problem("no column is wanted", of_argument("columns"), "one or more names")
        )
    lost = [column for column in wanted or () if column not in frame]
    if lost:
        raise InputError(
            [
                Problem(
                    "no such column",
                    worded("{name}: {column}", {"name": name, "column": column}),
                    fix=(
                        worded("The nearest is '{near}'.", {"near": near})
                        if (near := nearest(column, map(str, frame.columns)))
                        else ""
                    ),
                )
                for column in lost
            ]
        )


def _reason(column: str) -> str:
    """Name of the companion column with the reasons of missing cells."""
    return column + MISS


def _at(problems: Sequence[Problem], name: str, letters: Mapping[str, str]) -> list[Problem]:
    """The problems with the file, and with the first cell where a workbook has one."""
    return [p if name in p.where else replace(p, where=_place(p, name, letters)) for p in problems]


def _place(problem: Problem, name: str, letters: Mapping[str, str]) -> Message:
    values = {"file": name, "where": problem.where}
    if problem.where not in letters or not problem.rows:
        return worded("{file}: {where}", values)
    cell = f"{letters[problem.where]}{problem.rows[0]}"
    return worded("{file}: {where} ({cell})", {**values, "cell": cell})
