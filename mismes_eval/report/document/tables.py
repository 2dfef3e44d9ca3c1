"""Table: estimates and plain counts as data, with everything a reader needs, until it is rendered."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import starmap
from typing import Any, Literal

import numpy as np
import pandas as pd

from mismes_eval.report.document.cells import (
    COLUMNS,
    NUMBERS,
    empty,
)
from mismes_eval.report.document.download import download
from mismes_eval.report.document.language import Language, language
from mismes_eval.report.document.plain import escape, printable, scrolled

EMPTY = "–"
HIDDEN = "c"
POOR = ":"
P_VALUE, LEAST_P = "p", 0.001
_OWN_COLUMN = re.compile(r"['«“„]\s?_")  # a column made on the way, quoted in any language
NO_ERROR = "No standard error: nobody or everybody of those asked, and a sample tells none of that."
_FEW = {
    "persons": "c: not shown, too few persons.",
    "measures": "c: not shown, too few measures or funders.",
}
_ERRORS = {
    "persons": "Standard errors in brackets; n: unweighted persons.",
    "effects": "Standard errors in brackets; n: effects.",
    "claims": "Standard errors in brackets; n: unweighted persons, or the measures of a claim about"
    " measures.",
}


@dataclass(frozen=True)
class Table:
    """cells: one row a number with COLUMNS; status "shown", "confidential" (too few persons),
    "unreliable" (CV), "secondary" (protects another), "not estimable".

    id, title, source, notes : words around it.
    scale : 100 shows shares as percent.
    digits : decimals shown.
    lang : the language it was put into.
    of : what n counts, and what there are too few of where a cell is confidential.
    intervals : whether a cell shows its 95% interval too.
    """

    id: str
    title: str
    cells: pd.DataFrame
    source: str = ""
    notes: tuple[str, ...] = ()
    scale: float = 1.0
    digits: int = 1
    synthetic: bool = False
    units: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    lang: str = ""
    of: Literal["persons", "measures", "effects", "claims"] = "persons"
    intervals: bool = False

    @cached_property
    def rows(self) -> list[str]:
        return list(dict.fromkeys(self.cells["row"]))

    @cached_property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(self.cells["column"]))

    @cached_property
    def records(self) -> tuple[Mapping[Any, Any], ...]:
        """The cells one by one, each a column's name -> what stands there; not to be changed."""
        return tuple(self.cells.to_dict("records"))

    def hidden(self) -> pd.DataFrame:
        """The cells that are not shown, for the audit file: no values."""
        out = self.cells.loc[
            ~self.cells["status"].isin(["shown"]), ["row", "column", "n", "kind", "status"]
        ].assign(table=self.id)
        return out

    def published(self) -> pd.DataFrame:
        """One row a number, with the numbers of hidden cells removed. What goes to estimates.json,
        Parquet and Excel.
        """
        return self._published.copy()

    @cached_property
    def _published(self) -> pd.DataFrame:
        out = self.cells[list(COLUMNS)].copy()
        status = out["status"].to_numpy(object)
        hide = status != "shown"
        empty(out, NUMBERS, hide)
        empty(out, ("n",), hide & np.isin(status, ("confidential", "secondary")))
        out.insert(0, "table", self.id)
        return out

    @cached_property
    def at(self) -> Mapping[tuple[str, str], Mapping[Any, Any]]:
        """Row and column -> what is published of the first cell there; not to be changed."""
        cells = self._published.to_dict("records")
        return {(cell["row"], cell["column"]): cell for cell in reversed(cells)}

    def to_frame(self) -> pd.DataFrame:
        """What is published of the table, one row a number."""
        return self.published()

    def in_language(self, t: Language) -> Table:
        """Every text of the table in a language. A table that was put into one stays in it."""
        if self.lang:
            return self
        cells = self.cells.assign(
            **{
                column: [
                    printable(t(value)) if isinstance(value, str) else value
                    for value in self.cells[column]
                ]
                for column in TEXTS
            }
        )
        units = {t(unit): form for unit, form in self.units.items()}
        return replace(
            self,
            title=t(self.title),
            cells=cells,
            source=t(self.source),
            notes=tuple(t(n) for n in self.notes),
            units=units,
            lang=t.code,
        )

    def to_html(self, lang: str = "en") -> str:
        """Semantic HTML: caption, header scopes, value (SE) flag, n, notes. Every text is escaped."""
        text = language(self.lang or lang)
        return render(self.in_language(text), text)

    def _repr_html_(self) -> str:
        return self.to_html()


TEXTS = ("row", "column", "definition")  # words of a cell that a reader sees


@dataclass(frozen=True)
class TextTable:
    """A table of words (definitions, sources, limits). frame: strings; the first column heads the
    rows.
    """

    id: str
    title: str
    frame: pd.DataFrame
    source: str = ""
    notes: tuple[str, ...] = ()
    synthetic: bool = False
    lang: str = ""

    def in_language(self, t: Language) -> TextTable:
        """Every text of the table in a language. A table that was put into one stays in it."""
        if self.lang:
            return self
        frame = self.frame.map(lambda v: printable(t(v if isinstance(v, str) else str(v))))
        frame.columns = pd.Index([printable(t(str(column))) for column in frame.columns])
        return replace(
            self,
            title=t(self.title),
            frame=frame,
            source=t(self.source),
            notes=tuple(t(n) for n in self.notes),
            lang=t.code,
        )

    def published(self) -> pd.DataFrame:
        return pd.DataFrame(columns=["table", *COLUMNS])

    def hidden(self) -> pd.DataFrame:
        return pd.DataFrame(columns=["row", "column", "n", "kind", "status", "table"])

    def to_frame(self) -> pd.DataFrame:
        return self.frame

    def to_html(self, lang: str = "en") -> str:
        text = language(self.lang or lang)
        said = self.in_language(text)
        head = "".join(
            f'<th scope="col">{escape(str(column))}</th>' for column in said.frame.columns
        )
        body = ""
        for line in said.frame.itertuples(index=False):
            first, *rest = [escape(str(value)) for value in line]
            body += (
                f'<tr><th scope="row">{first}</th>'
                + "".join(f'<td class="text">{value}</td>' for value in rest)
                + "</tr>"
            )
        return _frame(said, text, f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>")

    def _repr_html_(self) -> str:
        return self.to_html()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a printed cell. part: value, se, ci_low or ci_high; "" for the signs between."""

    text: str
    part: str = ""


def pieces(
    cell: Mapping[Any, Any], scale: float, digits: int, t: Language, interval: bool = False
) -> list[Piece]:
    """One cell as it is printed: value (SE), its 95% interval where asked, and flag, or the sign
    for what is hidden.
    """
    sign = _sign(cell)
    if sign:
        return [Piece(sign, "value")]
    if cell["unit"] == P_VALUE and 0 <= cell["value"] < LEAST_P:
        return [Piece(f"<{t.number(LEAST_P, 3)}", "value")]
    finer = max(digits, 1)
    out = [Piece(t.number(cell["value"] * scale, digits), "value")]
    if np.isfinite(cell["se"]) and cell["se"] != 0:
        out += [Piece(" ("), Piece(t.number(cell["se"] * scale, finer), "se"), Piece(")")]
    if interval and np.isfinite(cell["ci_low"]) and np.isfinite(cell["ci_high"]):
        low, high = (t.number(cell[end] * scale, finer) for end in ("ci_low", "ci_high"))
        between = Piece(t("; ").replace(" ", "\u00a0"))
        out += [Piece(" ["), Piece(low, "ci_low"), between, Piece(high, "ci_high")]
        out.append(Piece("]"))
    return [*out, Piece(f"\u00a0{cell['flag']}")] if cell["flag"] else out


def _sign(cell: Mapping[Any, Any]) -> str:
    """What stands in place of a number that is not shown; "" where it is."""
    if cell["status"] in ("confidential", "secondary"):
        return HIDDEN
    if cell["status"] == "unreliable":
        return POOR
    if cell["status"] == "not estimable" or not np.isfinite(cell["value"]):
        return EMPTY
    return ""


def shown(
    cell: Mapping[Any, Any], scale: float, digits: int, t: Language, interval: bool = False
) -> str:
    """One cell as text."""
    return "".join(piece.text for piece in pieces(cell, scale, digits, t, interval))


def scale_of(table: Table, cell: Mapping[Any, Any]) -> tuple[float, int]:
    """Factor and decimals of a cell on the page and in the workbook: a p-value's own, else those of
    its row, of its column, of the table.
    """
    if cell["unit"] == P_VALUE:
        return 1.0, 3
    of_table = (table.scale, table.digits)
    return table.units.get(str(cell["row"]), table.units.get(str(cell["column"]), of_table))


def render(table: Table, t: Language) -> str:
    """HTML of a table of numbers, already in the language: one column of numbers and one of n for
    each column.
    """
    with_n = columns_with_n(table)
    head = f'<th scope="col">{escape(t("Group"))}</th>'
    for column in table.columns:
        head += f'<th scope="col" class="num">{escape(column)}</th>' + (
            '<th scope="col" class="num n">n</th>' if column in with_n else ""
        )
    lookup = {(cell["row"], cell["column"]): cell for cell in table.records}
    body = ""
    for row in table.rows:
        body += f'<tr><th scope="row">{escape(row)}</th>'
        for column in table.columns:
            cell = lookup.get((row, column))
            if cell is None:
                body += "<td></td>" + ("<td></td>" if column in with_n else "")
                continue
            scale, digits = scale_of(table, cell)
            tip = (
                f' title="{escape(str(cell["definition"]))}"'
                if cell["status"] == "not estimable"
                else ""
            )
            kind = "num wrap" if table.intervals else "num"
            body += f'<td class="{kind}"{tip}>{escape(shown(cell, scale, digits, t, table.intervals))}</td>'
            if column in with_n:
                body += (
                    f'<td class="num n">{HIDDEN if n_hidden(cell) else t.number(cell["n"], 0)}</td>'
                )
        body += "</tr>"
    return _frame(table, t, f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>")


def columns_with_n(table: Table) -> set[str]:
    """Columns beside which the number of persons stands, or that it is not shown."""
    return {
        cell["column"] for cell in table.records if not math.isnan(cell["n"]) or n_withheld(cell)
    }


def n_hidden(cell: Mapping[Any, Any]) -> bool:
    """Whether the number of persons of a cell is not shown."""
    return cell["status"] in ("confidential", "secondary") or n_withheld(cell)


def n_withheld(cell: Mapping[Any, Any]) -> bool:
    """Whether an estimate is shown without its n, which would tell a hidden cell."""
    return _n_withheld(cell["status"], cell["se"], cell["n"])


def _n_withheld(status: str, se: float, n: float) -> bool:
    return status == "shown" and math.isfinite(se) and math.isnan(n)


def _legend(table: Table, used: set[str], t: Language) -> list[str]:
    signs = {
        "u": t("u: coefficient of variation above the flag limit, use with care."),
        "i": t(
            "i: few primary sampling units stand behind it (fewer than 8 degrees of freedom): to be"
            " read with caution."
        ),
        "unreliable": t(": not shown, sampling error too large."),
        "confidential": t(_FEW.get(table.of, _FEW["persons"])),
        "secondary": t("c: not shown, it would reveal another cell."),
    }
    legend = [text for sign, text in signs.items() if sign in used]
    status = table.cells["status"].tolist()
    numbers = (table.cells[column].tolist() for column in ("se", "n"))
    if any(starmap(_n_withheld, zip(status, *numbers, strict=True))):
        legend.append(t("n = c: not shown, it would reveal another cell."))
    texts = (table.cells[column].tolist() for column in ("row", "definition"))
    reasons = dict.fromkeys(
        (row, reason)
        for state, row, reason in zip(status, *texts, strict=True)
        if state == "not estimable" and reason
    )
    legend += [t("– {row}: {reason}", row=row, reason=reason) for row, reason in reasons]
    if table.cells["se"].notna().any():
        legend.insert(0, t(_ERRORS.get(table.of, _ERRORS["persons"])))
        if ((table.cells["se"] == 0) & (table.cells["status"] == "shown")).any():
            legend.append(t(NO_ERROR))
        if table.intervals:
            legend.insert(1, t("95% confidence intervals in square brackets."))
    return [*legend, *_definitions(table, t)]


def _definitions(table: Table, t: Language) -> list[str]:
    """What the numbers shown are, each said once; definitions that name a column made on the way
    are for the data files only.
    """
    rows: dict[str, list[str]] = {}
    columns = (table.cells[column].tolist() for column in ("status", "definition", "row"))
    for status, definition, row in zip(*columns, strict=True):
        if status == "shown" and isinstance(definition, str) and _tells(definition):
            named = rows.setdefault(definition, [])
            if row not in named:
                named.append(row)
    return [
        (
            definition
            if len(named) > 1 or definition.startswith(str(named[0]))
            else t("{row}: {reason}", row=named[0], reason=definition)
        )
        for definition, named in rows.items()
    ]


def _tells(definition: str) -> bool:
    return len(definition) > 3 and not _OWN_COLUMN.search(definition)


def footnotes(table: Table | TextTable, t: Language) -> list[str]:
    """What stands below a table that is in the language already: its signs, definitions, notes and
    source.
    """
    used: set[str] = set()
    if isinstance(table, Table):
        used = {
            str(flag if status == "shown" else status)
            for status, flag in zip(table.cells["status"], table.cells["flag"], strict=True)
        }
    legend = _legend(table, used, t) if isinstance(table, Table) else []
    return list(
        dict.fromkeys(
            [
                *legend,
                *table.notes,
                *([t("Source: {source}", source=table.source)] if table.source else []),
            ]
        )
    )


def _frame(table: Table | TextTable, t: Language, inner: str) -> str:
    notes = footnotes(table, t)
    if table.synthetic:
        notes.insert(
            0, t("SYNTHETIC DATA: made-up persons and measures, no finding about the real country.")
        )
    foot = "".join(f"<li>{escape(n)}</li>" for n in dict.fromkeys(notes))
    caption = f'<caption><span class="id">{escape(table.id)}</span> {escape(table.title)}</caption>'
    return (
        f'<div class="table" id="{escape(table.id)}"{scrolled(table.id, table.title)}><table>'
        f"{caption}{inner}</table><ul"
        f' class="notes">{foot}</ul>{download(table.id, table.to_frame(), t)}</div>'
    )
