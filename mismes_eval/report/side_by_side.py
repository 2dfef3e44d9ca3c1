"""Estimates side by side, as papers print them: a column an estimate, a row a coefficient, the
standard error or interval below it. Data until it is rendered; one model for every output.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from great_tables import GT
from great_tables._text import BaseText
from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from mismes_eval.errors import (
    EstimateError,
    Problem,
    in_column,
    kind_of,
    named,
    of_argument,
    unknown,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.frame.formulas import runs_as_formula
from mismes_eval.public import held, public
from mismes_eval.report.document.plain import printable

Result = Estimate | NotEstimable
Below = Literal["se", "ci", "p"]
STARS = ((0.01, "***"), (0.05, "**"), (0.1, "*"))
ABSENT, NONE = "–", ""
STUB = "row"
INFINITE = "∞"
LATEX = {  # beside & % $ # _ { }, which great_tables writes out itself
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    INFINITE: r"$\infty$",
    "−": r"$-$",
    ABSENT: "--",
}
STAND_IN = {sign: chr(0xE000 + place) for place, sign in enumerate(LATEX)}  # private use
WORDS = {"se": "standard error", "ci": "95% interval", "p": "p-value"}


@dataclass(frozen=True)
class SideBySide:
    """columns (c,) headings; body: one pair of lines a coefficient and one line each for n and the
    degrees of freedom, as text; values: the same numbers unrounded, one row a coefficient and
    column; notes: what stands below.
    """

    columns: tuple[str, ...]
    body: pd.DataFrame
    values: pd.DataFrame
    notes: tuple[str, ...]
    title: str = ""

    def to_frame(self) -> pd.DataFrame:
        """The numbers, unrounded: row, column, value, se, ci_low, ci_high, p, n, degf."""
        return self.values.copy()

    def to_great_table(self) -> GT:
        """The table as a great_tables object, to be styled further: columns are c0 (the rows'
        names), c1, c2, ...
        """
        names = [f"c{place}" for place in range(len(self.columns) + 1)]
        table = GT(self.body.set_axis(names, axis=1), rowname_col=names[0])
        if self.title:
            table = table.tab_header(title=self.title)
        for note in self.notes:
            table = table.tab_source_note(note)
        headings: dict[str, str | BaseText] = dict(zip(names[1:], self.columns, strict=True))
        return table.cols_label(headings).cols_align(align="center", columns=names[1:])

    def to_latex(self) -> str:
        """A LaTeX table (booktabs rules)."""
        text = str(self._escaped(_stood_in).to_great_table().as_latex())
        for sign, stand_in in STAND_IN.items():
            text = text.replace(stand_in, LATEX[sign])
        return text

    def to_markdown(self) -> str:
        """A table in Markdown, its notes below, a paragraph each."""
        shown = self._escaped(_in_markdown)
        lines = [["", *shown.columns], ["---"] * (len(self.columns) + 1)]
        lines += shown.body.to_numpy().tolist()
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        head = f"**{shown.title}**\n\n" if self.title else ""
        return head + table + "\n\n" + "\n\n".join(shown.notes) + "\n"

    def _escaped(self, sign: Callable[[str], str]) -> SideBySide:
        """The table with every text as a format writes it."""
        return replace(
            self,
            columns=tuple(map(sign, self.columns)),
            body=self.body.map(sign),
            notes=tuple(map(sign, self.notes)),
            title=sign(self.title),
        )

    @held(EstimateError)
    def to_docx(self, path: str | Path) -> Path:
        """A Word document with the table as a real table, its title as caption and its notes."""
        document = Document()
        if self.title:
            document.add_paragraph(self.title, style="Caption")
        lines = [["", *self.columns], *self.body.to_numpy().tolist()]
        table = document.add_table(
            rows=len(lines), cols=len(self.columns) + 1, style="Light List Accent 1"
        )
        for row, line in zip(table.rows, lines, strict=True):
            for place, (cell, text) in enumerate(zip(row.cells, line, strict=True)):
                cell.text = text
                if place:
                    cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        for note in self.notes:
            document.add_paragraph(note)
        made = BytesIO()
        document.save(made)
        return _written(path, made.getvalue())

    @held(EstimateError)
    def to_excel(self, path: str | Path) -> Path:
        """A workbook: the table as it is read on one sheet, the unrounded numbers on another."""
        book = Workbook()
        shown = book.active
        numbers = book.create_sheet("numbers")
        shown.title = "table"
        lines = [["", *self.columns], *self.body.to_numpy().tolist(), []]
        for line in [*lines, *([note] for note in self.notes)]:
            shown.append([_as_text(shown, text) for text in line])
        numbers.append(list(self.values.columns))
        for row in self.values.to_dict("records"):
            values = [None if pd.isna(value) else value for value in row.values()]
            numbers.append(
                [_as_text(numbers, value) if isinstance(value, str) else value for value in values]
            )
        made = BytesIO()
        book.save(made)
        return _written(path, made.getvalue())

    def _repr_html_(self) -> str:
        return str(self.to_great_table().as_raw_html())

    def __repr__(self) -> str:
        return self.to_markdown()


@public(EstimateError)
def table(
    *estimates: Result,
    columns: Sequence[str] | None = None,
    rows: Sequence[str] | Mapping[str, str] | None = None,
    below: Below = "se",
    digits: int = 3,
    stars: bool = False,
    title: str = "",
) -> SideBySide:
    """Estimates side by side.

    Parameters
    ----------
    estimates : a column each; NotEstimable gives a column of dashes with its reason below.
    columns : headings; left out: (1), (2), ...
    rows : names of the coefficients or values to show, in this order, or name -> label; left out:
        every name, in the order in which they are met. A name that no estimate has is refused.
    below : what stands below a value: its standard error in brackets, its 95% interval, or its
        p-value.
    digits : decimals.
    stars : mark p-values below 0.1, 0.05 and 0.01; only if asked for.

    Returns
    -------
    SideBySide, with to_latex, to_docx, to_excel, to_markdown, to_great_table, to_frame.

    Raises
    ------
    EstimateError : lists every problem of the arguments.
    """
    headings = _headings(estimates, columns)
    labels = _rows(estimates, rows)
    _refuse(estimates, below, digits)
    numbers = pd.concat(
        [
            _numbers(estimate, heading, labels)
            for estimate, heading in zip(estimates, headings, strict=True)
        ],
        ignore_index=True,
    )
    if "n" in numbers:
        numbers = numbers.assign(n=numbers["n"].round().astype("Int64"))
    body = _body(numbers, headings, labels, below, digits, stars)
    return SideBySide(
        columns=headings,
        body=body,
        values=numbers,
        notes=tuple(map(_seen, _notes(estimates, headings, below, stars))),
        title=_seen(title),
    )


def _stood_in(text: str) -> str:
    """Text whose signs that LaTeX would set as something else are held by others for a while."""
    return "".join(STAND_IN.get(sign, sign) for sign in text)


def _in_markdown(text: str) -> str:
    """Text whose signs Markdown sets as they are."""
    return re.sub(r"([\\`*<|\[\]]|(?<!\w)_|_(?!\w))", r"\\\1", text)


def _as_text(sheet: Worksheet, text: str) -> Cell | None:
    """A cell that holds a text, whatever it begins with."""
    if not text:
        return None
    cell = Cell(sheet, value=text)
    cell.data_type = "s"
    cell.quotePrefix = runs_as_formula(text)
    return cell


def _seen(text: str) -> str:
    """A text on one line, without signs that cannot be shown."""
    return " ".join(printable(text).split())


def _written(path: str | Path, content: bytes) -> Path:
    out = Path(path)
    out.write_bytes(content)
    return out


def _headings(estimates: Sequence[Result], columns: Sequence[str] | None) -> tuple[str, ...]:
    if not estimates:
        raise EstimateError(Problem("no estimate is given", of_argument("estimates"), "estimates"))
    names = tuple(f"({number})" for number in range(1, len(estimates) + 1))
    headings = names if columns is None else tuple(_seen(str(name)) for name in columns)
    differ = len(set(headings)) == len(headings) == len(estimates) and all(headings)
    if not differ:
        raise EstimateError(
            Problem(
                "the headings do not fit the estimates",
                of_argument("columns"),
                worded(
                    "{estimates} different headings, one an estimate", {"estimates": len(estimates)}
                ),
                ", ".join(headings) or worded("no estimate"),
            )
        )
    return headings


def _rows(
    estimates: Sequence[Result], rows: Sequence[str] | Mapping[str, str] | None
) -> dict[str, str]:
    """Name of a value -> label of its row."""
    known = dict.fromkeys(
        n for estimate in estimates if isinstance(estimate, Estimate) for n in estimate.names
    )
    if rows is None:
        return {name: _seen(name) for name in known}
    names = [rows] if isinstance(rows, str) else list(rows)
    labels = {name: rows[name] if isinstance(rows, Mapping) else name for name in names}
    labels = {name: _seen(str(label)) for name, label in labels.items()}
    if len(labels) < len(names) or len(set(labels.values())) < len(labels):
        raise EstimateError(
            Problem(
                "two rows of one name",
                of_argument("rows"),
                "every row once, each with a label of its own",
                ", ".join(labels[name] for name in names),
            )
        )
    lacking = [name for name in labels if name not in known]
    if lacking:
        raise EstimateError(
            Problem(
                "a row that no estimate has",
                of_argument("rows"),
                worded("names among {known}", {"known": named(known)}),
                ", ".join(lacking),
            )
        )
    return labels


def _refuse(estimates: Sequence[object], below: str, digits: int) -> None:
    problems = [
        Problem(
            "table takes estimates",
            worded("argument {place}", {"place": place}),
            "an Estimate or a NotEstimable",
            kind_of(estimate),
        )
        for place, estimate in enumerate(estimates, 1)
        if not isinstance(estimate, (Estimate, NotEstimable))
    ]
    problems += unknown("unknown line below", "below", below, WORDS)
    if not 0 <= digits <= 12:
        problems.append(
            Problem("no number of decimals", of_argument("digits"), "0 to 12", str(digits))
        )
    EstimateError.refuse(problems)


def _numbers(e: Result, heading: str, labels: Mapping[str, str]) -> pd.DataFrame:
    """One row a label: the numbers of an estimate, missing where it has no such value."""
    out = pd.DataFrame({"row": list(labels.values()), "column": heading})
    if isinstance(e, NotEstimable):
        return out.assign(value=np.nan)
    ci = e.ci()
    own = pd.DataFrame(
        {
            "value": e.value,
            "se": e.se,
            "ci_low": ci["low"].to_numpy(),
            "ci_high": ci["high"].to_numpy(),
            "p": e.pvalue,
            "n": e.n,
            "degf": e.degf,
        },
        index=list(e.names),
    )
    if not own.index.is_unique:
        raise EstimateError(
            Problem(
                what="two values of one name",
                where=in_column(heading),
                expected="every name once",
                got=named(own.index[own.index.duplicated()].unique()),
                fix="Pick some with estimate.select([...]).",
            )
        )
    return pd.concat([out, own.reindex(list(labels)).reset_index(drop=True)], axis=1)


def _body(
    numbers: pd.DataFrame,
    headings: Sequence[str],
    labels: Mapping[str, str],
    below: Below,
    digits: int,
    stars: bool,
) -> pd.DataFrame:
    lines: list[list[str]] = []
    by_column = {
        heading: numbers[numbers["column"] == heading].reset_index(drop=True)
        for heading in headings
    }
    for place, label in enumerate(labels.values()):
        cells = [by_column[heading].iloc[place] for heading in headings]
        lines.append([label, *(_value(cell, digits, stars) for cell in cells)])
        lines.append([NONE, *(_below(cell, below, digits) for cell in cells)])
    lines.append(["n", *(_span(by_column[heading], "n") for heading in headings)])
    lines.append(
        ["degrees of freedom", *(_span(by_column[heading], "degf") for heading in headings)]
    )
    return pd.DataFrame(lines, columns=[STUB, *headings])


def _value(cell: pd.Series, digits: int, stars: bool) -> str:
    if pd.isna(cell["value"]):
        return ABSENT
    text = _fixed(cell["value"], digits)
    mark = next((sign for limit, sign in STARS if cell["p"] < limit), "") if stars else ""
    return text + mark


def _fixed(number: float, digits: int) -> str:
    """A number with its decimals; one that rounds to zero has no sign."""
    if math.isinf(number):
        return INFINITE if number > 0 else f"-{INFINITE}"
    text = f"{number:,.{digits}f}"
    return text if re.search("[1-9]", text) else text.removeprefix("-")


def _below(cell: pd.Series, below: Below, digits: int) -> str:
    if pd.isna(cell["value"]):
        return NONE
    if below == "ci":
        ends = [cell["ci_low"], cell["ci_high"]]
        return "[" + ", ".join(ABSENT if pd.isna(x) else _fixed(x, digits) for x in ends) + "]"
    number = cell[below]
    if pd.isna(number):
        return f"({ABSENT})"
    least = 10.0**-digits
    text = f"<{least:.{digits}f}" if below == "p" and number < least else _fixed(number, digits)
    return f"({text})" if below == "se" else f"p = {text}".replace("= <", "< ")


def _span(column: pd.DataFrame, name: str) -> str:
    """The one number of a column, or its range over the rows shown."""
    known = column[name].dropna() if name in column.columns else pd.Series(dtype=float)
    if known.empty:
        return ABSENT
    ends = [_fixed(float(known.min()), 0), _fixed(float(known.max()), 0)]
    return " to ".join(dict.fromkeys(ends))


def _notes(
    estimates: Sequence[Result],
    headings: Sequence[str],
    below: Below,
    stars: bool,
) -> tuple[str, ...]:
    """What stands below: the line's meaning, how each variance is taken, reservations, reasons."""
    notes = [f"Below each value: its {WORDS[below]}."]
    if stars:
        notes.append("* p < 0.1, ** p < 0.05, *** p < 0.01.")
    said: dict[str, list[str]] = {}
    for estimate, heading in zip(estimates, headings, strict=True):
        for text in _own_notes(estimate):
            said.setdefault(text, []).append(heading)
    estimable = [
        heading
        for estimate, heading in zip(estimates, headings, strict=True)
        if isinstance(estimate, Estimate)
    ]
    for text, of in said.items():
        notes.append(text if of == estimable and len(of) > 1 else f"{', '.join(of)}: {text}")
    return tuple(notes)


def _own_notes(e: Result) -> list[str]:
    """How the variance is taken, the definition and the notes of one column, each once."""
    if isinstance(e, NotEstimable):
        return [f"not estimable, {e.reason}"]
    notes = [e.definition, *map(str, (*e.notes, *e.cautions))]
    bases = [part.design.published_basis for part in e.parts]
    silent = [basis for basis in bases if not any(note.startswith(basis) for note in notes)]
    return [text for text in dict.fromkeys([*silent, *notes]) if text]
