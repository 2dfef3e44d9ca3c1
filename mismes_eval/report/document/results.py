"""Results of one report as files: estimates.json, tables as Parquet and Excel, figures as PNG with
their numbers. Readable without this package.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.language import ENGLISH, Language
from mismes_eval.report.document.passages import Passage
from mismes_eval.report.document.plain import file_names, safe_cells
from mismes_eval.report.document.workbook import workbook
from mismes_eval.report.trust.provenance import ESTIMATES

NUMBERS = "estimates.parquet"
TEXTS = ("table", "row", "column", "flag", "kind", "unit", "definition", "status")
SCHEMA = 1
TEXT = pd.StringDtype("pyarrow", na_value=np.nan)


def write_results(
    work: Path,
    params: Params,
    tables: Sequence[Any],
    figures: Sequence[Any],
    facts: Mapping[str, object],
    warnings: Sequence[str],
    t: Language = ENGLISH,
    origins: Mapping[str, Sequence[str]] | None = None,
    passages: Sequence[Passage] = (),
) -> None:
    """Everything that a report leaves behind besides its page; estimates.json last, so that its
    presence says the rest is there.

    t : the report's language; what its catalogue lacked is listed in estimates.json under
        "untranslated".
    origins : id of a table or figure -> keys of the inputs behind it.
    passages : what people wrote beside the evidence.
    """
    published = [table.published() for table in tables]
    filled = [p for p in published if len(p)]
    numbers = (
        pd.concat(filled, ignore_index=True)
        if filled
        else pd.DataFrame({"table": pd.Series(dtype=str)})
    )
    _numbers(work / NUMBERS, numbers, params)
    (work / "tables").mkdir(exist_ok=True)
    names = file_names([table.id for table in tables])
    for table, frame in zip(tables, published, strict=True):
        if len(frame):
            _parquet(frame, work / "tables" / f"{names[table.id]}.parquet")
    workbook(work / "tables.xlsx", params.synthetic, tables, t, passages)
    (work / "figures").mkdir(exist_ok=True)
    names = file_names([figure.id for figure in figures])
    for figure in figures:
        (work / "figures" / f"{names[figure.id]}.png").write_bytes(figure.png)
        write_csv(figure.data, work / "figures" / f"{names[figure.id]}.csv")
    hidden = [(frame["status"] != "shown").sum() for frame in filled]
    out = {
        "schema": SCHEMA,
        "country": params.country,
        "synthetic": params.synthetic,
        "params_sha256": params.fingerprint(),
        "tables": {table.id: table.title for table in tables},
        "figures": {figure.id: figure.title for figure in figures},
        "hidden_cells": int(sum(hidden)),
        "facts": dict(facts),
        "warnings": list(warnings),
        "language": t.code,
        "untranslated": sorted(t.unknown),
        "evaluator": [words.facts() for words in passages],
        "origins": {key: list(values) for key, values in (origins or {}).items()},
        "estimates": [
            {key: _plain(value) for key, value in row.items()} for row in numbers.to_dict("records")
        ],
    }
    text = json.dumps(out, ensure_ascii=False, indent=1, allow_nan=False)
    (work / ESTIMATES).write_text(text, encoding="utf-8")


def _plain(value: Any) -> Any:
    """A value as JSON has it: missing and not finite are null."""
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    """A Parquet file whose texts are of one kind, however pandas keeps them meanwhile."""
    texts = [name for name, kind in frame.dtypes.items() if kind.name == "str"]
    frame.astype(dict.fromkeys(texts, TEXT)).to_parquet(path, index=False)


def _numbers(path: Path, numbers: pd.DataFrame, params: Params) -> None:
    """One row a number: country, synthetic, table, row, column, value, se, ci_low, ci_high, cv, n,
    degf, flag, kind, unit, definition, status.
    """
    out = numbers.assign(
        **{
            column: numbers[column].astype(pd.StringDtype("pyarrow"))
            for column in TEXTS
            if column in numbers.columns
        }
    )
    out = out.assign(
        **{column: out[column].astype(float) for column in out.columns if column not in TEXTS}
    )
    out.insert(0, "country", params.country)
    out.insert(1, "synthetic", params.synthetic)
    _parquet(out, path)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """A CSV file without formulas."""
    safe_cells(frame).to_csv(path, index=False, encoding="utf-8")
