"""A fillable Excel workbook from a template: drop-downs, input checks, notes on every column, and
the code lists.
"""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from mismes_eval.frame import Column, Template, codes
from mismes_eval.inventory.export import write_row

SHEET, NOTES, CODES = "measures", "notes", "codes"
FILL = {
    "yes": PatternFill("solid", fgColor="F8CBAD"),
    "expected": PatternFill("solid", fgColor="FFF2CC"),
    "no": PatternFill("solid", fgColor="E7E6E6"),
}
# kind of a column -> how its cells are shown
FORMATS = {"date": "yyyy-mm-dd"} | dict.fromkeys(
    ("str", "id", "cat", "multi", "list", "url", "month"), "@"
)
ASKED = {"yes": "required", "expected": "please fill", "no": "optional"}


def fillable_workbook(
    template: Template,
    path: str | Path,
    rows: int = 500,
    sheet_name: str = SHEET,
    unit: str = "measure",
) -> Path:
    """Write the workbook; `rows` rows have drop-downs and input checks. One row a `unit` on the
    sheet `sheet_name`. It reads back with `inventory.read(path)` or `frame.read(path)`.

    Column heads: red required, yellow counts in completeness, grey optional; a note on each says
    what goes in.
    """
    path = Path(path)
    book = Workbook()
    sheet = book.active
    sheet.title = sheet_name
    ranges = _code_sheet(book.create_sheet(CODES), template)
    for number, column in enumerate(template.columns, start=1):
        _head(sheet, number, column)
        letter = get_column_letter(number)
        _input_check(sheet, f"{letter}2:{letter}{rows + 1}", column, ranges)
        if column.kind in FORMATS:
            for row in range(2, rows + 2):
                sheet.cell(row, number).number_format = FORMATS[column.kind]
    sheet.freeze_panes = "C2"
    _notes_sheet(book.create_sheet(NOTES, 1), template, sheet_name, unit)
    book.save(path)
    return path


def _head(sheet: Worksheet, number: int, column: Column) -> None:
    cell = sheet.cell(1, number, column.name)
    cell.font = Font(bold=True)
    cell.fill = FILL[column.required]
    unit = f" [{column.unit}]" if column.unit else ""
    listed = f"\nCodes: see sheet '{CODES}', list {column.codes}." if column.codes else ""
    cell.comment = Comment(
        f"{column.description}{unit}\n{ASKED[column.required]}; {column.kind}{listed}",
        "mismes-eval",
        width=320,
        height=140,
    )
    sheet.column_dimensions[get_column_letter(number)].width = max(
        12, min(40, len(column.name) + 3)
    )


def _code_sheet(sheet: Worksheet, template: Template) -> dict[str, str]:
    """Each list in its own columns (code, English, French); returns list name -> range of the
    codes.
    """
    ranges = {}
    for position, name in enumerate(
        sorted({column.codes for column in template.columns if column.codes})
    ):
        first = position * 4 + 1
        table = codes(name)
        for offset, head in enumerate(("code", "label_en", "label_fr")):
            sheet.cell(1, first + offset, f"{name}: {head}").font = Font(bold=True)
            numeric = head == "code" and _numeric(template, name)
            for row, value in enumerate(table[head], start=2):
                written = int(value) if numeric and value.isdigit() else value
                sheet.cell(row, first + offset, written)
        letter = get_column_letter(first)
        ranges[name] = f"{CODES}!${letter}$2:${letter}${len(table) + 1}"
    sheet.freeze_panes = "A2"
    return ranges


def _numeric(template: Template, code_list: str) -> bool:
    return any(column.kind == "code" for column in template.columns if column.codes == code_list)


def _input_check(sheet: Worksheet, cells: str, column: Column, ranges: dict[str, str]) -> None:
    if column.codes and column.kind != "multi":
        rule = DataValidation(type="list", formula1=f"={ranges[column.codes]}", allow_blank=True)
    elif column.kind == "bool":
        rule = DataValidation(type="list", formula1='"TRUE,FALSE"', allow_blank=True)
    elif column.kind in ("int", "float"):
        low = -1e15 if column.low is None else column.low
        high = 1e15 if column.high is None else column.high
        rule = DataValidation(
            type="whole" if column.kind == "int" else "decimal",
            operator="between",
            formula1=f"{low:.0f}",
            formula2=f"{high:.0f}",
            allow_blank=True,
        )
    elif column.kind == "date":
        first = 1900 if column.low is None else column.low
        last = 2100 if column.high is None else column.high
        rule = DataValidation(
            type="date",
            operator="between",
            formula1=f"DATE({first:g},1,1)",
            formula2=f"DATE({last:g},12,31)",
            allow_blank=True,
        )
    else:
        return
    rule.error = f"{column.description}."[:250]
    rule.errorTitle = column.name[:30]
    rule.showErrorMessage = True
    sheet.add_data_validation(rule)
    rule.add(cells)


def _notes_sheet(sheet: Worksheet, template: Template, sheet_name: str, unit: str) -> None:
    write_row(sheet, 1, [f"{template.description} (version {template.version})"])
    write_row(
        sheet,
        2,
        [
            f"One row a {unit} on the sheet '{sheet_name}'. Dates YYYY-MM-DD. Several codes in a"
            " cell: separated by ; . Empty where unknown. Never a person's name."
        ],
    )
    write_row(
        sheet,
        4,
        [
            "section",
            "column",
            "fill in?",
            "kind",
            "code list",
            "lowest",
            "highest",
            "unit",
            "meaning",
        ],
    )
    for number, column in enumerate(template.columns, start=5):
        write_row(
            sheet,
            number,
            [
                column.section,
                column.name,
                ASKED[column.required],
                column.kind,
                column.codes,
                column.low,
                column.high,
                column.unit,
                column.description,
            ],
        )
    last = 6 + len(template.columns)
    write_row(sheet, last, ["Checked when the file is read:"])
    for number, rule in enumerate(template.rules, start=last + 1):
        write_row(
            sheet, number, [rule.name, ", ".join((*rule.left, *rule.right)), rule.description]
        )
    for cell in (*sheet[1], *sheet[4], *sheet[last]):
        cell.font = Font(bold=True)
