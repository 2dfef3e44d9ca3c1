"""A sample in one file: its frame, its domain and its design with every weight step, so that it
reads back to the same estimates. A zip of Parquet, plain arrays and JSON; nothing in it is code.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from mismes_eval.errors import DesignError, Problem
from mismes_eval.numerics.rows import Bool, Columns, Rows
from mismes_eval.numerics.variance import Stage
from mismes_eval.weighting import attrition, balanced_groups, steps
from mismes_eval.weighting.design import ReplicateSet, SurveyDesign

LAYOUT = 1
FRAME, ARRAYS, RECORD = "frame.parquet", "arrays.npz", "sample.json"
STAMP = (1980, 1, 1, 0, 0, 0)
LARGEST = 8_000_000_000  # bytes of a saved sample, unpacked
KIND, ARRAY, LIST = "kind", "array", "list"


def _parts() -> dict[str, type]:
    """What a design is made of, by name. A file can name nothing else."""
    own = [
        found
        for module in (steps, attrition, balanced_groups)
        for found in vars(module).values()
        if isinstance(found, type) and is_dataclass(found)
    ]
    return {
        part.__name__: part for part in [SurveyDesign, ReplicateSet, Stage, Rows, Columns, *own]
    }


@dataclass
class _Writer:
    """Arrays met on the way, each stored once."""

    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def plain(self, value: Any) -> Any:
        if value is None or isinstance(value, (str, bool, int, float)):
            return value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            name = f"a{len(self.arrays)}"
            self.arrays[name] = value
            return {ARRAY: name}
        if isinstance(value, (tuple, list)):
            return {LIST: [self.plain(item) for item in value]}
        if is_dataclass(value) and type(value).__name__ in _parts():
            inner = {
                field.name: self.plain(getattr(value, field.name))
                for field in fields(value)
                if field.init
            }
            return {KIND: type(value).__name__, **inner}
        raise DesignError(
            Problem("a design holds what cannot be saved", type(value).__name__, "arrays and steps")
        )


def _made(record: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if not isinstance(record, dict):
        return record
    if ARRAY in record:
        return arrays[record[ARRAY]]
    if LIST in record:
        return tuple(_made(item, arrays) for item in record[LIST])
    values = {name: _made(item, arrays) for name, item in record.items() if name != KIND}
    return _parts()[record[KIND]](**values)


def write(
    path: str | Path,
    frame: pd.DataFrame,
    design: SurveyDesign,
    domain: Bool,
    flags: tuple[str, ...],
) -> Path:
    """Write a sample. The file appears under its name only when it is whole."""
    writer = _Writer()
    record = {
        "layout": LAYOUT,
        "flags": list(flags),
        "domain": writer.plain(domain),
        "design": writer.plain(design),
    }
    arrays, table = io.BytesIO(), io.BytesIO()
    np.savez_compressed(arrays, allow_pickle=False, **writer.arrays)
    frame.to_parquet(table)
    out = Path(path)
    part = out.with_name(f".{out.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as file:
        text = json.dumps(record, allow_nan=True).encode()
        for name, content in (
            (FRAME, table.getvalue()),
            (ARRAYS, arrays.getvalue()),
            (RECORD, text),
        ):
            file.writestr(zipfile.ZipInfo(name, STAMP), content)
    part.replace(out)
    return out


def _refuse_large(file: zipfile.ZipFile) -> None:
    """Raise ValueError where an archive unpacks to more than is read."""
    size = sum(member.file_size for member in file.infolist())
    if size > LARGEST:
        raise ValueError(f"{size:,} bytes unpacked, at most {LARGEST:,} are read")


def read(path: str | Path) -> tuple[pd.DataFrame, SurveyDesign, Bool, tuple[str, ...]]:
    """Frame, design, domain and flags of a saved sample. Raises DesignError for any other file."""
    try:
        with zipfile.ZipFile(path) as file:
            _refuse_large(file)
            record = json.loads(file.read(RECORD))
            if record["layout"] != LAYOUT:
                raise ValueError(f"layout {record['layout']}")
            stored_frame = parquet.ParquetFile(pa.BufferReader(file.read(FRAME)))
            frame = stored_frame.read(use_threads=False).to_pandas(use_threads=False)
            packed = io.BytesIO(file.read(ARRAYS))
            with zipfile.ZipFile(packed) as parts:
                _refuse_large(parts)
            with np.load(packed) as stored:
                arrays = {name: stored[name] for name in stored.files}
            design, domain = _made(record["design"], arrays), _made(record["domain"], arrays)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DesignError(
            Problem(
                what="not a saved sample",
                where=str(path),
                expected="a file that Sample.save wrote with this version",
                got=str(error) or type(error).__name__,
                fix="Make it again with sample.save(path).",
            )
        ) from error
    return frame, design, domain, tuple(record["flags"])
