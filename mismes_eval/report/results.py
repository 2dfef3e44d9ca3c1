"""Results of one report as files: estimates.json, tables as Parquet and Excel, figures as PNG with their numbers. Readable without this package."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mismes_eval.evaluation.params import Params
from mismes_eval.report.language import ENGLISH, Language

ESTIMATES = "estimates.json"
SCHEMA = 1
CODED = ("kind", "unit", "status")


def write_results(
    work: Path, params: Params, tables: Sequence[Any], figures: Sequence[Any], facts: Mapping[str, object], warnings: Sequence[str], t: Language = ENGLISH
) -> None:
    """Everything that a report leaves behind besides its page; estimates.json last, so that its presence says the rest is there.

    t : the report's language; what its catalogue lacked is listed in estimates.json under "untranslated".
    """
    published = [t.published() for t in tables]
    filled = [p for p in published if len(p)]
    numbers = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame({"table": pd.Series(dtype=str)})
    (work / "tables").mkdir(exist_ok=True)
    for table, frame in zip(tables, published, strict=True):
        if len(frame):
            frame.to_parquet(work / "tables" / f"{_name(table.id)}.parquet", index=False)
    _workbook(work / "tables.xlsx", params, tables, t)
    (work / "figures").mkdir(exist_ok=True)
    for figure in figures:
        (work / "figures" / f"{_name(figure.id)}.png").write_bytes(figure.png)
        figure.data.to_csv(work / "figures" / f"{_name(figure.id)}.csv", index=False)
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
        "estimates": [{k: _plain(v) for k, v in row.items()} for row in numbers.to_dict("records")],
    }
    text = json.dumps(out, ensure_ascii=False, indent=1, allow_nan=False)
    (work / ESTIMATES).write_text(text, encoding="utf-8")


def _plain(value: Any) -> Any:
    """A value as JSON has it: missing and not finite are null."""
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def _name(identifier: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", identifier)


def _workbook(path: Path, params: Params, tables: Sequence[Any], t: Language) -> None:
    """One sheet a table, headings and codes in the report's language; text that a spreadsheet would run as a formula stays text."""
    note = t("SYNTHETIC DATA: made-up persons, no finding about the real country.") if params.synthetic else ""
    contents = pd.DataFrame([(a.id, a.title, getattr(a, "source", "")) for a in tables], columns=[t("sheet"), t("title"), t("source")])
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        _sheet(book, t("Contents"), contents, note)
        for table in tables:
            _sheet(book, re.sub(r"[\[\]:*?/\\]", "_", table.id)[:31], _spelled(table.to_frame(), t), note)


def _spelled(frame: pd.DataFrame, t: Language) -> pd.DataFrame:
    """Headings and the codes of status, kind and unit in words of the language; a table of words is in it already."""
    words = {c: [t(v) if isinstance(v, str) and v else v for v in frame[c]] for c in CODED if c in frame.columns}
    return frame.assign(**words).rename(columns={c: t(str(c)) for c in frame.columns})


def _sheet(book: pd.ExcelWriter, name: str, frame: pd.DataFrame, note: str) -> None:
    frame.to_excel(book, sheet_name=name, index=False, startrow=2 if note else 0)
    sheet = book.sheets[name]
    if note:
        sheet.cell(1, 1, note)
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"
    sheet.freeze_panes = "B4" if note else "B2"
    for column in sheet.columns:
        width = max((len(str(c.value)) for c in column[2 if note else 0 :] if c.value is not None), default=8)
        sheet.column_dimensions[column[0].column_letter].width = min(max(width + 2, 9), 48)
