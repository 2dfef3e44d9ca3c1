"""Results of one report as files: estimates.json, tables as Parquet and Excel, figures as PNG with
their numbers. Readable without this package.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mismes_eval.evaluation.params import Params
from mismes_eval.inventory.export import runs_as_formula
from mismes_eval.report.document.cells import COLUMNS
from mismes_eval.report.document.language import ENGLISH, Language
from mismes_eval.report.document.plain import file_names, printable, text_cell
from mismes_eval.report.document.tables import P_VALUE, Table, TextTable, footnotes
from mismes_eval.report.factory.zipped import write_workbook
from mismes_eval.report.trust.provenance import ESTIMATES

NUMBERS = "estimates.parquet"
TEXTS = ("table", "row", "column", "flag", "kind", "unit", "definition", "status")
SCHEMA = 1
CODED = ("kind", "unit", "status")
HEAD = 3  # row of the headings in a sheet
PUBLISHED = ("table", *COLUMNS)  # columns of a table as it is published


def write_results(
    work: Path,
    params: Params,
    tables: Sequence[Any],
    figures: Sequence[Any],
    facts: Mapping[str, object],
    warnings: Sequence[str],
    t: Language = ENGLISH,
    origins: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Everything that a report leaves behind besides its page; estimates.json last, so that its
    presence says the rest is there.

    t : the report's language; what its catalogue lacked is listed in estimates.json under
        "untranslated".
    origins : id of a table or figure -> keys of the inputs behind it.
    """
    published = [t.published() for t in tables]
    filled = [p for p in published if len(p)]
    numbers = (
        pd.concat(filled, ignore_index=True)
        if filled
        else pd.DataFrame({"table": pd.Series(dtype=str)})
    )
    _parquet(work / NUMBERS, numbers, params)
    (work / "tables").mkdir(exist_ok=True)
    names = file_names([a.id for a in tables])
    for table, frame in zip(tables, published, strict=True):
        if len(frame):
            frame.to_parquet(work / "tables" / f"{names[table.id]}.parquet", index=False)
    _workbook(work / "tables.xlsx", params, tables, t)
    (work / "figures").mkdir(exist_ok=True)
    names = file_names([f.id for f in figures])
    for figure in figures:
        (work / "figures" / f"{names[figure.id]}.png").write_bytes(figure.png)
        write_csv(figure.data, work / "figures" / f"{names[figure.id]}.csv")
    hidden = [h for h in (t.hidden() for t in tables) if len(h)]
    out = {
        "schema": SCHEMA,
        "country": params.country,
        "synthetic": params.synthetic,
        "params_sha256": params.fingerprint(),
        "tables": {t.id: t.title for t in tables},
        "figures": {f.id: f.title for f in figures},
        "hidden_cells": int(sum(len(h) for h in hidden)),
        "facts": dict(facts),
        "warnings": list(warnings),
        "language": t.code,
        "untranslated": sorted(t.unknown),
        "origins": {k: list(v) for k, v in (origins or {}).items()},
        "estimates": [{k: _plain(v) for k, v in row.items()} for row in numbers.to_dict("records")],
    }
    text = json.dumps(out, ensure_ascii=False, indent=1, allow_nan=False)
    (work / ESTIMATES).write_text(text, encoding="utf-8")


def _plain(value: Any) -> Any:
    """A value as JSON has it: missing and not finite are null."""
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def _parquet(path: Path, numbers: pd.DataFrame, params: Params) -> None:
    """One row a number: country, synthetic, table, row, column, value, se, ci_low, ci_high, cv, n,
    degf, flag, kind, unit, definition, status.
    """
    out = numbers.assign(**{c: numbers[c].astype("string") for c in TEXTS if c in numbers.columns})
    out = out.assign(**{c: out[c].astype(float) for c in out.columns if c not in TEXTS})
    out.insert(0, "country", params.country)
    out.insert(1, "synthetic", params.synthetic)
    out.to_parquet(path, index=False)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """A CSV file without formulas."""
    frame.map(text_cell).rename(columns=lambda c: text_cell(str(c))).to_csv(
        path, index=False, encoding="utf-8"
    )


def _workbook(path: Path, params: Params, tables: Sequence[Any], t: Language) -> None:
    """One sheet a table, headings and codes in the report's language; text that a spreadsheet would
    run as a formula stays text.
    """
    note = (
        t("SYNTHETIC DATA: made-up persons, no finding about the real country.")
        if params.synthetic
        else ""
    )
    contents = pd.DataFrame(
        [(a.id, a.title, getattr(a, "source", "")) for a in tables],
        columns=[t("sheet"), t("title"), t("source")],
    )
    made = io.BytesIO()
    with pd.ExcelWriter(made, engine="openpyxl") as book:
        _sheet(book, t("Contents"), contents, note, t("Contents"))
        names = file_names([t("Contents"), *(a.id for a in tables)], 31, r"\w .-")
        for table in tables:
            formats = _formats(table) if isinstance(table, Table) else []
            below = footnotes(table, t) if isinstance(table, (Table, TextTable)) else []
            _sheet(
                book,
                names[table.id],
                _spelled(table.to_frame(), t),
                note,
                str(table.title),
                below,
                formats,
            )
    write_workbook(path, made)


def _spelled(frame: pd.DataFrame, t: Language) -> pd.DataFrame:
    """Headings and the codes of status, kind and unit in words of the language; a table of words is
    in it already.
    """
    words = {
        c: [t(v) if isinstance(v, str) and v else v for v in frame[c]]
        for c in CODED
        if c in frame.columns
    }
    return frame.assign(**words).rename(columns={c: t(str(c)) for c in frame.columns})


def _formats(table: Table) -> list[dict[str, str]]:
    """Number format of each cell of a table by column: as many decimals as the page shows; the
    cells keep every digit.
    """
    out = []
    for c in table.cells.to_dict("records"):
        scale, digits = table.units.get(
            str(c["row"]), table.units.get(str(c["column"]), (table.scale, table.digits))
        )
        share = scale == 100.0 and c["kind"] in ("share", "proportion")
        decimals = (
            max(digits, 1)
            if share
            else 3
            if c["unit"] == P_VALUE
            else max(0, digits + round(math.log10(scale)))
        )
        number = (
            ("0." + "0" * decimals + "%")
            if share
            else "#,##0" + ("." + "0" * decimals if decimals else "")
        )
        error = number if share or decimals else "#,##0.0"
        out.append(
            {
                "value": number,
                "ci_low": number,
                "ci_high": number,
                "se": error,
                "cv": "0.0%",
                "n": "#,##0",
                "degf": "#,##0",
            }
        )
    return out


def _sheet(
    book: pd.ExcelWriter,
    name: str,
    frame: pd.DataFrame,
    note: str,
    title: str = "",
    below: Sequence[str] = (),
    formats: Sequence[Mapping[str, str]] = (),
) -> None:
    """Mark and title in the first two rows, headings in the third, then the cells and, below them,
    the notes.
    """
    frame = frame.map(lambda v: printable(v) if isinstance(v, str) else v).rename(
        columns=lambda c: printable(str(c))
    )
    frame.to_excel(book, sheet_name=name, index=False, startrow=HEAD - 1)
    sheet = book.sheets[name]
    for column in sheet.columns:
        width = max(
            (
                len(f"{c.value:.6g}" if isinstance(c.value, float) else str(c.value))
                for c in column[HEAD - 1 :]
                if c.value is not None
            ),
            default=8,
        )
        sheet.column_dimensions[column[0].column_letter].width = min(max(width + 2, 9), 48)
    for k, line in enumerate([x for x in (note, title) if x], 1):
        sheet.cell(k, 1, printable(line))
    for k, line in enumerate(below, HEAD + 2 + len(frame)):
        sheet.cell(k, 1, printable(line))
    for k, codes in enumerate(formats, HEAD + 1):
        for column, code in codes.items():
            sheet.cell(k, 1 + PUBLISHED.index(column)).number_format = code
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"
            if runs_as_formula(cell.value):
                cell.quotePrefix = True
    sheet.freeze_panes = f"B{HEAD + 1}"
