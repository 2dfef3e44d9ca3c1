"""A sample or panel in one file: its frames, its domain and its design with every weight step, so
that it reads back to the same estimates. A zip of Parquet, plain arrays and JSON; nothing in it is
code.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from mismes_eval.errors import DesignError, Problem, worded
from mismes_eval.numerics.rows import Columns, Rows
from mismes_eval.numerics.variance import Stage
from mismes_eval.parquet_files import parquet_file
from mismes_eval.weighting import attrition, balanced_groups, steps
from mismes_eval.weighting.design import ReplicateSet, SurveyDesign

T = TypeVar("T")
LAYOUT = 2
FILE, ARRAYS, RECORD = "frame_{}.parquet", "arrays.npz", "saved.json"
STAMP = (1980, 1, 1, 0, 0, 0)
LARGEST = 8_000_000_000  # bytes of a saved sample, unpacked
KIND, ARRAY, LIST, FRAME, PAIRS = "$kind", "$array", "$list", "$frame", "$pairs"


def _parts(own: tuple[type, ...]) -> dict[str, type]:
    """What a sample or panel is made of, by name. A file can name nothing else."""
    found = [
        part
        for module in (steps, attrition, balanced_groups)
        for part in vars(module).values()
        if isinstance(part, type) and is_dataclass(part)
    ]
    return {
        part.__name__: part
        for part in [SurveyDesign, ReplicateSet, Stage, Rows, Columns, *found, *own]
    }


@dataclass
class _Writer:
    """Arrays and frames met on the way, each stored once."""

    parts: Mapping[str, type]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    frames: list[pd.DataFrame] = field(default_factory=list)

    def plain(self, value: Any) -> Any:
        if value is None or isinstance(value, (str, bool, int, float)):
            return value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            name = f"a{len(self.arrays)}"
            self.arrays[name] = value
            return {ARRAY: name}
        if isinstance(value, pd.DataFrame):
            return {FRAME: self._place(value)}
        if isinstance(value, Mapping):
            return {PAIRS: [[self.plain(key), self.plain(item)] for key, item in value.items()]}
        if isinstance(value, (tuple, list)):
            return {LIST: [self.plain(item) for item in value]}
        if is_dataclass(value) and type(value).__name__ in self.parts:
            inner = {
                field.name: self.plain(getattr(value, field.name))
                for field in fields(value)
                if field.init
            }
            return {KIND: type(value).__name__, **inner}
        raise DesignError(
            Problem(
                what="what is saved holds what a file cannot keep",
                where=type(value).__name__,
                expected="frames, arrays and steps",
                fix="Save the sample from before it, and do that step again after loading.",
            )
        )

    def _place(self, frame: pd.DataFrame) -> int:
        for place, known in enumerate(self.frames):
            if known is frame:
                return place
        self.frames.append(frame)
        return len(self.frames) - 1


@dataclass
class _Reader:
    """Makes what a record describes from its arrays and frames."""

    parts: Mapping[str, type]
    arrays: Mapping[str, np.ndarray]
    frames: list[pd.DataFrame]

    def made(self, record: Any) -> Any:
        if not isinstance(record, dict):
            return record
        if ARRAY in record:
            return self.arrays[record[ARRAY]]
        if FRAME in record:
            return self.frames[record[FRAME]]
        if PAIRS in record:
            return {self.made(key): self.made(item) for key, item in record[PAIRS]}
        if LIST in record:
            return tuple(self.made(item) for item in record[LIST])
        values = {name: self.made(item) for name, item in record.items() if name != KIND}
        return self.parts[record[KIND]](**values)


def write(path: str | Path, whole: object, *own: type) -> Path:
    """Write a sample or panel; own: its class, and what it holds beside a design. The file appears
    under its name only when it is whole.
    """
    writer = _Writer(_parts(own))
    record = {"layout": LAYOUT, "saved": writer.plain(whole)}
    arrays = io.BytesIO()
    np.savez_compressed(arrays, allow_pickle=False, **writer.arrays)
    contents = {ARRAYS: arrays.getvalue(), RECORD: json.dumps(record, allow_nan=True).encode()}
    for place, frame in enumerate(writer.frames):
        table = io.BytesIO()
        frame.to_parquet(table)
        contents[FILE.format(place)] = table.getvalue()
    out = Path(path)
    part = out.with_name(f".{out.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as file:
        for name, content in contents.items():
            file.writestr(zipfile.ZipInfo(name, STAMP), content)
    part.replace(out)
    return out


def _refuse_large(file: zipfile.ZipFile) -> None:
    """Raise ValueError where an archive unpacks to more than is read."""
    size = sum(member.file_size for member in file.infolist())
    if size > LARGEST:
        raise ValueError(f"{size:,} bytes unpacked, at most {LARGEST:,} are read")


def read(path: str | Path, kind: type[T], *own: type) -> T:
    """What `write` wrote of this kind. Raises DesignError for any other file."""
    try:
        with zipfile.ZipFile(path) as file:
            _refuse_large(file)
            record = json.loads(file.read(RECORD))
            if record["layout"] != LAYOUT:
                raise ValueError(f"layout {record['layout']}")
            if record["saved"][KIND] != kind.__name__:
                raise ValueError(f"a {record['saved'][KIND]}")
            count = len(file.namelist()) - 2
            frames = [_frame(file.read(FILE.format(place))) for place in range(count)]
            packed = io.BytesIO(file.read(ARRAYS))
            with zipfile.ZipFile(packed) as parts:
                _refuse_large(parts)
            with np.load(packed) as stored:
                arrays = {name: stored[name] for name in stored.files}
            whole: T = _Reader(_parts((kind, *own)), arrays, frames).made(record["saved"])
    except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
        made = {"kind": kind.__name__}
        raise DesignError(
            Problem(
                what=worded("not a saved {kind}", made),
                where=str(path),
                expected=worded("a file that {kind}.save wrote with this version", made),
                got=str(error) or type(error).__name__,
                fix="Make it again with save(path).",
            )
        ) from error
    return whole


def _frame(content: bytes) -> pd.DataFrame:
    stored = parquet_file(content, FILE)
    frame: pd.DataFrame = stored.read(use_threads=False).to_pandas(use_threads=False)
    return frame
