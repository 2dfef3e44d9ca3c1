"""What was said of the columns of a file, and the sheets of a mapping workbook that hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
from openpyxl import Workbook

from mismes_eval import frame as frames
from mismes_eval.lfs.code_labels import NUMBERS
from mismes_eval.lfs.mapping_workbook import (
    NO,
    REFUSED,
    SHEETS,
    YES,
)


@dataclass(frozen=True)
class Answer:
    """What somebody said of a column of the template.

    column : of the file; "" where there is none.
    factor : where the unit differs.
    constant : one value for every row instead of a column.
    codes : file code -> code of the template.
    reasons : file code -> why it is no answer.
    """

    gld: str
    column: str = ""
    factor: str = ""
    constant: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def absent(self) -> bool:
        """Whether it says that the file has no such column."""
        return not self.column and not self.constant


def tables(answers: list[Answer]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the sheets 'columns' and 'codes', with Excel's row numbers as index."""
    columns = [(a.gld, a.column, a.factor, a.constant) for a in answers]
    codes = [(a.gld, code, new, "") for a in answers for code, new in _recoded(a).items()]
    codes += [(a.gld, code, "", why) for a in answers for code, why in a.reasons.items()]
    made = []
    for name, rows in (("columns", columns), ("codes", codes)):
        index = range(2, len(rows) + 2)
        made.append(pd.DataFrame(rows, columns=list(SHEETS[name]), index=index, dtype=object))
    return made[0], made[1]


def _recoded(answer: Answer) -> Mapping[str, str]:
    """Codes that change; none of a number whose every code was said to stand as it is."""
    kinds = {c.name: c.kind for c in frames.template("lfs_person").columns}
    same = all(code == new for code, new in answer.codes.items())
    return {} if same and kinds.get(answer.gld) in NUMBERS else answer.codes


def fill(book: Workbook, name: str, table: pd.DataFrame) -> None:
    sheet = book[name]
    rows = table.to_numpy(object).tolist()
    for number in range(2, max(sheet.max_row, len(rows) + 1) + 1):
        values = rows[number - 2] if number - 2 < len(rows) else [""] * len(SHEETS[name])
        for column, value in enumerate(values, start=1):
            sheet.cell(number, column).value = value or None


def mark(book: Workbook, answers: Mapping[str, Answer]) -> None:
    """Beside each proposal yes or no; beside what was found nowhere that somebody said so."""
    offered = book["proposals"]
    heads = [cell.value for cell in offered[1]]
    take, gld, column, code = (
        heads.index(name) for name in ("take", "gld_column", "file_column", "file_code")
    )
    for row in offered.iter_rows(min_row=2):
        answer = answers.get(str(row[gld].value))
        if answer is not None and row[code].value is None:
            row[take].value = YES[0] if answer.column == row[column].value else NO[0]
    gone = book["not found"]
    gone.cell(1, 3, "answer")
    listed = {str(line[0].value) for line in offered.iter_rows(min_row=2, min_col=gld + 1)}
    for line in gone.iter_rows(min_row=2, max_col=3):
        listed.add(str(line[0].value))
        answer = answers.get(str(line[0].value))
        if answer is not None:
            line[2].value = REFUSED if answer.absent else answer.column or answer.constant
    for name, answer in answers.items():
        if answer.absent and name not in listed:
            gone.append((name, None, REFUSED))
