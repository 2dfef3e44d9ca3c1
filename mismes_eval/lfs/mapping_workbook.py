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
from mismes_eval.errors import InputError, Problem, in_column, in_place, in_sheet, worded
from mismes_eval.frame.codes import labels
from mismes_eval.frame.dataset import Dataset
from mismes_eval.frame.excel import sheet_titles
from mismes_eval.frame.formulas import keep_texts
from mismes_eval.frame.limits import FILE
from mismes_eval.frame.outside import bytes_of
from mismes_eval.lfs.carried import carried, spelled
from mismes_eval.lfs.code_meanings import template_labels
from mismes_eval.lfs.mapping import REASONS, shipped
from mismes_eval.lfs.proposals import (
    JOIN,
    FileColumn,
    Proposal,
    file_columns,
    lacking,
    proposals,
)
from mismes_eval.public import held

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
        " column. Columns that make one identifier together are written A + B."
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
Rules = Sequence[tuple[str, str, pd.Series]]  # what is wrong, what is expected, rows that fail


PROPOSED = (
    "take",
    "gld_column",
    "file_column",
    "confidence",
    "why",
    "file_label",
    "file_code",
    "file_code_label",
    "rows",
    "gld_code",
    "gld_code_label",
    "missing_reason",
)
REFUSED = "not there"
JOINED = ("hhid", "pid", "psu", "strata", "ssu", "panel")
NUMBERED = ("hhid", "pid")  # keys that the number of the row stands for where the file has none
YES = ("yes", "y", "x", "oui", "si", "sí", "1", "true")
NO = ("no", "n", "non", "0", "false")
ABOUT_FILE = (
    "Sheet 'file': every column of your file with its label, type, share missing and commonest"
    " codes with their labels. Sheet 'proposals': what a column may be, by its name and label, and"
    " what its codes may be, by their labels. Nothing is taken by itself: write yes under 'take' in"
    " every row that is right (a code is taken with its column's row), correct the others in sheets"
    " 'columns' and 'codes'. Sheet 'not found': what the template needs and no column seems to be;"
    f" where the file has none, write {REFUSED} under 'answer'. Sheet 'who is a migrant':"
    " definitions that the file may carry, with what each needs; one is chosen in the params.",
)


@held(InputError)
def mapping_workbook(path: str | Path, rows: int = 400, data: Dataset | None = None) -> Path:
    """Write an empty mapping workbook; drop-downs offer the template's columns, the reasons for
    missing answers and the settings. data: the office's file, whose columns are listed with
    proposals.
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
            ", ".join(f"{row.code} {row.label_en}" for row in frames.codes(c.codes).itertuples())
            if c.codes and len(frames.codes(c.codes)) <= 20
            else c.codes
        )
        _row(listed, number, (c.name, c.kind, c.required, allowed, c.unit, c.description))
    for column, values in ((7, REASONS), (8, tuple(SETTINGS)), (9, tuple(SETTINGS.values()))):
        for number, value in enumerate(values, start=2):
            listed.cell(number, column, value)
    notes = book.create_sheet("notes")
    about = ABOUT if data is None else (*ABOUT, *ABOUT_FILE)
    for number, line in enumerate((*about, f"Layouts that ship: {', '.join(shipped())}."), start=1):
        notes.cell(number, 1, line)
    if data is not None:
        write_file_sheets(book, data)
    keep_texts(book)
    book.save(path)
    return path


@held(InputError)
def read_mapping(path: str | Path, country: str = "ISO3") -> dict[str, object]:
    """A filled mapping workbook as the mapping section of params. country: whose, as refusals name
    it.

    Raises
    ------
    InputError : rows without a GLD column, unknown GLD columns, a code with neither or both of its
        meanings, factors that are no numbers: all at once, with row numbers.
    """
    path = Path(path)
    section = mapping_of(path, *workbook_rows(path), country)
    return {**section, **_instead(section, refused_columns(path))}


def _instead(section: dict[str, object], refused: tuple[str, ...]) -> dict[str, object]:
    """What stands for the columns that somebody said the file has none of: a row's number for its
    keys, 1 for the weight.
    """
    constants = section["constants"]
    assert isinstance(constants, dict)
    weight = {"weight": "1"} if "weight" in refused else {}
    return {
        "row_keys": [name for name in NUMBERED if name in refused],
        "constants": {**weight, **constants},
    }


def refused_columns(path: Path) -> tuple[str, ...]:
    """Columns of the template of which somebody said that the file has none, and that no row of the
    workbook maps all the same.
    """
    offered, gone = offered_rows(path, "proposals"), offered_rows(path, "not found")
    said = [
        str(row["gld_column"])
        for row in offered.to_dict("records")
        if str(row["take"]).lower() in NO and not row["file_code"]
    ]
    said += [
        str(row["gld_column"])
        for row in gone.to_dict("records")
        if str(row.get("answer", "")).strip().lower() in (REFUSED, *NO)
    ]
    mapped = set(workbook_rows(path)[0]["gld_column"])
    return tuple(name for name in dict.fromkeys(said) if name not in mapped)


def workbook_rows(path: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows of the sheets 'columns' and 'codes', with the proposals that were taken, and of
    'settings'.
    """
    columns, codes, settings = (_filled(path, name) for name in SHEETS)
    return (*_with_taken(path, columns, codes), settings)


def mapping_of(
    path: Path,
    columns: pd.DataFrame,
    codes: pd.DataFrame,
    settings: pd.DataFrame,
    country: str = "ISO3",
) -> dict[str, object]:
    """The mapping section that the rows of a workbook say. Raises InputError as `read_mapping`."""
    problems = _problems(path.name, country, columns, codes, settings)
    InputError.refuse(problems)
    gld, theirs, factor, constant = (columns[column].tolist() for column in SHEETS["columns"])
    recode: dict[str, dict[object, object]] = {}
    missing: dict[str, dict[object, str]] = {}
    for column, code, new, reason in zip(
        *(codes[column].tolist() for column in SHEETS["codes"]), strict=True
    ):
        if reason:
            missing.setdefault(column, {})[code] = reason
        else:
            recode.setdefault(column, {})[code] = new
    versions = {
        name: value
        for name, value in zip(
            settings["setting"].tolist(), settings["value"].tolist(), strict=True
        )
        if value
    }
    named = {target: column for target, column in zip(gld, theirs, strict=True) if column}
    joined = {target: parts_of(column) for target, column in named.items() if JOIN in column}
    return {
        "name": versions.pop("name", path.stem),
        "columns": {target: column for target, column in named.items() if target not in joined},
        "join": joined,
        "units": {target: float(scale) for target, scale in zip(gld, factor, strict=True) if scale},
        "constants": {target: text for target, text in zip(gld, constant, strict=True) if text},
        "recode": recode,
        "missing": missing,
        "versions": versions,
    }


def parts_of(column: str) -> list[str]:
    """Columns of the file that are written as one, "A + B"."""
    return [part.strip() for part in column.split(JOIN)]


def write_file_sheets(book: Workbook, data: Dataset) -> None:
    """The file's columns, what they may be, and what none of them seems to be."""
    columns = file_columns(data)
    listed = book.create_sheet("file")
    _row(listed, 1, ("column", "label", "type", "missing", "commonest codes"), bold=True)
    for number, column in enumerate(columns, start=2):
        spelled = [f"{code} {label} ({n:,})".replace("  ", " ") for code, label, n in column.codes]
        _row(
            listed,
            number,
            (column.name, column.label, column.kind, f"{column.missing:.1%}", "; ".join(spelled)),
        )
    offered = book.create_sheet("proposals")
    _row(offered, 1, PROPOSED, bold=True)
    found = proposals(columns)
    number = 2
    for proposal in found:
        for row in _proposal_rows(proposal, columns):
            _row(offered, number, row)
            number += 1
    gone = book.create_sheet("not found")
    _row(gone, 1, ("gld_column", "what happens without it", "answer"), bold=True)
    for number, line in enumerate(lacking(found), start=2):
        _row(gone, number, line)
    _definitions(book, [p.gld for p in found])


def _definitions(book: Workbook, columns: Sequence[str]) -> None:
    """Who can be a migrant: each preset with what it needs, and what no proposal of the file
    meets. One is chosen in the params.
    """
    sheet = book.create_sheet("who is a migrant")
    _row(sheet, 1, ("definitions.preset", "needs", "no column seems to be", "means"), bold=True)
    for number, one in enumerate(carried(columns), start=2):
        line = (one.preset, spelled(one.needs), spelled(one.lacking), one.definition.text)
        _row(sheet, number, line)


def _proposal_rows(proposal: Proposal, columns: Sequence[FileColumn]) -> list[tuple[object, ...]]:
    """The column's row, and a row for each code with the label of the file and of the template."""
    head: tuple[object, ...] = (
        "",
        proposal.gld,
        proposal.column,
        proposal.confidence,
        proposal.why,
    )
    column = next((one for one in columns if one.name == proposal.column), None)
    if column is None:  # several, joined
        return [head]
    head = (*head, column.label)
    rows: list[tuple[object, ...]] = [head]
    codes = frames.template("lfs_person")[proposal.gld].codes
    named = labels(codes) if codes else {}
    told = bool(template_labels(proposal.gld)) and any(label for _, label, _ in column.codes)
    listed = column.codes if proposal.codes or told else ()
    for code, label, n in listed or [c for c in column.codes if c[0] in proposal.reasons]:
        new = proposal.codes.get(code, "")
        other = named.get(code, "") if label and new != code else ""
        why = f"by its number it would be {code} {other}" if other else ""
        place = ("", proposal.gld, proposal.column, "", why, "")
        reason = "" if new else proposal.reasons.get(code, "")
        rows.append((*place, code, label, n, new, named.get(new, ""), reason))
    return rows


def offered_rows(path: Path, sheet: str) -> pd.DataFrame:
    """Rows of a sheet about the file, as text; none where the workbook has no such sheet."""
    if sheet not in sheet_titles(bytes_of(path, FILE), path.name):
        return pd.DataFrame()
    return _cells(path, sheet, (*PROPOSED, "answer")).map(_text)


def _with_taken(
    path: Path, columns: pd.DataFrame, codes: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Columns and codes with the proposals that somebody took; what is filled by hand goes first."""
    offered = offered_rows(path, "proposals")
    if offered.empty:
        return columns, codes
    heads = offered[offered["take"].str.lower().isin(YES) & (offered["file_code"] == "")]
    by_hand = set(columns["gld_column"])
    heads = heads[~heads["gld_column"].isin(by_hand)]
    if "missing_reason" not in offered.columns:  # a workbook of before reasons were proposed
        offered = offered.assign(missing_reason="")
    taken = offered[
        offered["gld_column"].isin(heads["gld_column"])
        & (offered["file_code"] != "")
        & ((offered["gld_code"] != "") | (offered["missing_reason"] != ""))
        & ~offered["gld_column"].isin(set(codes["gld_column"]))
    ]
    more = heads.reindex(columns=list(SHEETS["columns"]), fill_value="")
    recodes = taken.reindex(columns=list(SHEETS["codes"]), fill_value="")
    return pd.concat([columns, more]), pd.concat([codes, recodes])


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
    raw = _cells(path, sheet, SHEETS[sheet])
    InputError.refuse(
        Problem(
            "the mapping workbook lacks a column",
            in_place(in_place(path.name, in_sheet(sheet)), in_column(column)),
            "the head that `mismes new` wrote",
        )
        for column in SHEETS[sheet]
        if column not in raw.columns
    )
    text = raw[list(SHEETS[sheet])].map(_text).set_axis(range(2, len(raw) + 2), axis=0)
    return text[(text != "").any(axis=1)]


def _cells(path: Path, sheet: str, heads: Sequence[str]) -> pd.DataFrame:
    """A sheet whose cells are text: ranges (2..6) and words stand among codes that are numbers."""
    return frames.read(path, sheet=sheet, text_columns=heads, allowed=None).frame


def _text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124
        return ""
    return (
        str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    )


def _problems(
    file: str, country: str, columns: pd.DataFrame, codes: pd.DataFrame, settings: pd.DataFrame
) -> list[Problem]:
    strange = ~settings["setting"].isin(list(SETTINGS))
    found = [
        Problem(
            what=what,
            where=in_place(file, in_sheet(sheet)),
            expected=expected,
            count=int(rows.sum()),
            rows=tuple(rows.index[rows]),
        )
        for sheet, rules in (
            ("columns", _rules_of_columns(columns)),
            ("codes", _rules_of_codes(codes, set(columns["gld_column"]))),
            ("settings", [("no such setting", ", ".join(SETTINGS), strange)]),
        )
        for what, expected, rows in rules
        if rows.any()
    ]
    if len(columns):
        return found
    empty = Problem(
        "the mapping is empty",
        in_place(file, in_sheet("columns")),
        "one row a GLD column, or yes beside what is right in sheet 'proposals'",
        fix=worded(
            "Say what the columns of the file are: mismes map {country} asks one by one.",
            {"country": country},
        ),
    )
    return [empty, *found]


def _no_such_column(column: pd.Series) -> tuple[str, str, pd.Series]:
    known = frames.template("lfs_person").names
    return "no such GLD column", "a name of the drop-down", ~column.isin(known)


def _rules_of_columns(columns: pd.DataFrame) -> Rules:
    name, factor = columns["gld_column"], columns["unit_factor"]
    joined = columns["file_column"].str.contains(JOIN, regex=False)
    no_number = pd.to_numeric(factor, errors="coerce").isna()
    return [
        _no_such_column(name),
        ("a GLD column stands twice", "one row each", name.duplicated()),
        (
            "a column has neither or both",
            "file_column, or constant",
            (columns["file_column"] == "") == (columns["constant"] == ""),
        ),
        (
            "columns joined that are no identifier",
            f"A{JOIN}B for {', '.join(JOINED)} only, without a factor",
            joined & (~name.isin(JOINED) | (factor != "")),
        ),
        ("a unit factor is no number", "a factor such as 0.001", (factor != "") & no_number),
    ]


def _rules_of_codes(codes: pd.DataFrame, mapped: set[str]) -> Rules:
    reason = codes["missing_reason"]
    return [
        _no_such_column(codes["gld_column"]),
        (
            "codes of a column that is not mapped",
            "a GLD column of sheet 'columns'",
            ~codes["gld_column"].isin(mapped),
        ),
        (
            "a code without the file's code",
            "the code that stands in the file",
            codes["file_code"] == "",
        ),
        (
            "a code has neither or both",
            "gld_code, or missing_reason",
            (codes["gld_code"] == "") == (reason == ""),
        ),
        (
            "a code stands twice",
            "every code of a column once",
            codes.duplicated(["gld_column", "file_code"]),
        ),
        ("no such reason", ", ".join(REASONS), (reason != "") & ~reason.isin(REASONS)),
    ]
