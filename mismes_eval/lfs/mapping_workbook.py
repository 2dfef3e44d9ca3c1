"""A mapping as an Excel workbook with drop-downs, for those who would rather not write YAML: empty,
and read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from mismes_eval import frame as frames
from mismes_eval.errors import InputError, Problem
from mismes_eval.lfs.mapping import REASONS, shipped

SHEETS = {
    "columns": ("gld_column", "file_column", "unit_factor", "constant"),
    "codes": ("gld_column", "file_code", "gld_code", "missing_reason"),
    "settings": ("setting", "value"),
}
SETTINGS = {
    "name": "a name for this layout",
    "icls": "ICLS-13 or ICLS-19",
    "isco": "isco_1988 or isco_2008",
    "isic": "isic_3, isic_3.1 or isic_4",
    "isced": "isced_1997 or isced_2011",
}
ABOUT = (
    (
        "Sheet 'columns': one row a GLD column that your file has: its name in the file, a factor"
        " where the unit differs (0.001 for thousands), or one constant for every row instead of a"
        " column."
    ),
    (
        "Sheet 'codes': every code of a column that is recoded: the file's code (or a range 1..7),"
        " and either the GLD code or the reason why it is no answer. A code that is not listed is"
        " an error."
    ),
    (
        "Sheet 'settings': a name, and the versions of the classifications. Layouts that ship need"
        " no workbook: mapping: {name: ...} in the params."
    ),
    (
        "Then name this file in the params as mapping.workbook and run mismes check: it counts"
        " every mapped value."
    ),
)


def mapping_workbook(path: str | Path, rows: int = 400) -> Path:
    """Write an empty mapping workbook; drop-downs offer the template's columns, the reasons for
    missing answers and the settings.
    """
    path = Path(path)
    book = Workbook()
    book.remove(book.active)
    columns = frames.template("lfs_person").columns
    drop = {
        "gld_column": f"gld!$A$2:$A${len(columns) + 1}",
        "missing_reason": f"gld!$G$2:$G${len(REASONS) + 1}",
        "setting": f"gld!$H$2:$H${len(SETTINGS) + 1}",
    }
    for name, heads in SHEETS.items():
        _entry_sheet(book.create_sheet(name), heads, drop, rows)
    listed = book.create_sheet("gld")
    _row(
        listed,
        1,
        (
            "column",
            "kind",
            "fill in?",
            "codes",
            "unit",
            "meaning",
            "missing_reason",
            "setting",
            "setting: values",
        ),
        bold=True,
    )
    for number, c in enumerate(columns, start=2):
        allowed = (
            ", ".join(f"{r.code} {r.label_en}" for r in frames.codes(c.codes).itertuples())
            if c.codes and len(frames.codes(c.codes)) <= 20
            else c.codes
        )
        _row(listed, number, (c.name, c.kind, c.required, allowed, c.unit, c.description))
    for column, values in ((7, REASONS), (8, tuple(SETTINGS)), (9, tuple(SETTINGS.values()))):
        for number, value in enumerate(values, start=2):
            listed.cell(number, column, value)
    notes = book.create_sheet("notes")
    for number, line in enumerate((*ABOUT, f"Layouts that ship: {', '.join(shipped())}."), start=1):
        notes.cell(number, 1, line)
    book.save(path)
    return path


def read_mapping(path: str | Path) -> dict[str, object]:
    """A filled mapping workbook as the mapping section of params.

    Raises
    ------
    InputError : rows without a GLD column, unknown GLD columns, a code with neither or both of its
        meanings, factors that are no numbers: all at once, with row numbers.
    """
    path = Path(path)
    columns, codes, settings = (_filled(path, name) for name in SHEETS)
    problems = _problems(path.name, columns, codes, settings)
    if problems:
        raise InputError(problems)
    gld, theirs, factor, constant = (columns[c].tolist() for c in SHEETS["columns"])
    recode: dict[str, dict[object, object]] = {}
    missing: dict[str, dict[object, str]] = {}
    for column, code, new, reason in zip(
        *(codes[c].tolist() for c in SHEETS["codes"]), strict=True
    ):
        if reason:
            missing.setdefault(column, {})[code] = reason
        else:
            recode.setdefault(column, {})[code] = new
    versions = {
        k: v
        for k, v in zip(settings["setting"].tolist(), settings["value"].tolist(), strict=True)
        if v
    }
    return {
        "name": versions.pop("name", path.stem),
        "columns": {g: f for g, f in zip(gld, theirs, strict=True) if f},
        "units": {g: float(f) for g, f in zip(gld, factor, strict=True) if f},
        "constants": {g: c for g, c in zip(gld, constant, strict=True) if c},
        "recode": recode,
        "missing": missing,
        "versions": versions,
    }


def _entry_sheet(sheet: Worksheet, heads: Sequence[str], drop: dict[str, str], rows: int) -> None:
    _row(sheet, 1, heads, bold=True)
    sheet.freeze_panes = "A2"
    for number, head in enumerate(heads, start=1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = 24
        for row in range(2, rows + 2):
            sheet.cell(row, number).number_format = "@"
        if head in drop:
            rule = DataValidation(type="list", formula1=f"={drop[head]}", allow_blank=True)
            rule.error = "Choose from the list; sheet 'gld' says what each name means."
            rule.showErrorMessage = True
            sheet.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{rows + 1}")


def _row(sheet: Worksheet, number: int, values: Sequence[object], bold: bool = False) -> None:
    for column, value in enumerate(values, start=1):
        cell = sheet.cell(number, column, value)
        if bold:
            cell.font = Font(bold=True)


def _filled(path: Path, sheet: str) -> pd.DataFrame:
    """Rows of a sheet that hold anything, as stripped text, with Excel's row numbers as index;
    empty cells are empty text.
    """
    raw = frames.read(path, sheet=sheet, allowed=None).frame
    gone = [c for c in SHEETS[sheet] if c not in raw.columns]
    if gone:
        raise InputError(
            [
                Problem(
                    "the mapping workbook lacks a column",
                    f"{path.name}, sheet '{sheet}', column '{c}'",
                    "the head that `mismes new` wrote",
                )
                for c in gone
            ]
        )
    text = raw[list(SHEETS[sheet])].map(_text).set_axis(range(2, len(raw) + 2), axis=0)
    return text[(text != "").any(axis=1)]


def _text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124
        return ""
    return (
        str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    )


def _problems(
    file: str, columns: pd.DataFrame, codes: pd.DataFrame, settings: pd.DataFrame
) -> list[Problem]:
    known = frames.template("lfs_person").names
    mapped = set(columns["gld_column"])
    found: list[Problem] = []

    def failing(what: str, sheet: str, expected: str, rows: pd.Series, fix: str = "") -> None:
        if rows.any():
            found.append(
                Problem(
                    what,
                    f"{file}, sheet '{sheet}'",
                    expected,
                    "",
                    fix,
                    int(rows.sum()),
                    tuple(rows.index[rows])[:5],
                )
            )

    if not len(columns):
        found.append(
            Problem(
                "the mapping is empty",
                f"{file}, sheet 'columns'",
                "one row a GLD column",
                fix="Fill it, or leave out mapping.workbook.",
            )
        )
    for sheet, table in (("columns", columns), ("codes", codes)):
        failing(
            "no such GLD column", sheet, "a name of the drop-down", ~table["gld_column"].isin(known)
        )
    failing(
        "a GLD column stands twice", "columns", "one row each", columns["gld_column"].duplicated()
    )
    failing(
        "a column has neither or both",
        "columns",
        "file_column, or constant",
        (columns["file_column"] == "") == (columns["constant"] == ""),
    )
    failing(
        "a unit factor is no number",
        "columns",
        "a factor such as 0.001",
        (columns["unit_factor"] != "")
        & pd.to_numeric(columns["unit_factor"], errors="coerce").isna(),
    )
    failing(
        "codes of a column that is not mapped",
        "codes",
        "a GLD column of sheet 'columns'",
        ~codes["gld_column"].isin(mapped),
    )
    failing(
        "a code without the file's code",
        "codes",
        "the code that stands in the file",
        codes["file_code"] == "",
    )
    failing(
        "a code has neither or both",
        "codes",
        "gld_code, or missing_reason",
        (codes["gld_code"] == "") == (codes["missing_reason"] == ""),
    )
    failing(
        "a code stands twice",
        "codes",
        "every code of a column once",
        codes.duplicated(["gld_column", "file_code"]),
    )
    failing(
        "no such reason",
        "codes",
        ", ".join(REASONS),
        (codes["missing_reason"] != "") & ~codes["missing_reason"].isin(REASONS),
    )
    failing(
        "no such setting",
        "settings",
        ", ".join(SETTINGS),
        ~settings["setting"].isin(list(SETTINGS)),
    )
    return found
