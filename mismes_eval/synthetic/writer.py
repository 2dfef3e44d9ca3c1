"""Files with reproducible bytes: parquet (zstd, no timestamps), CSV and YAML, a manifest of hashes,
and the word SYNTHETIC in each.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mismes_eval.synthetic.scenario import MARK

NOTICE = (
    "SYNTHETIC data from mismes_eval.synthetic: made-up persons, households and measures. Not the"
    " data of any country or statistical office."
)


def parquet(table: pd.DataFrame, path: Path) -> Path:
    """One parquet file; its schema metadata says SYNTHETIC. Flags with gaps become 0/1/missing so
    that every reader gets numbers.
    """
    flags = {column: "Int8" for column in table.columns if str(table[column].dtype) == "boolean"}
    columns = pa.Table.from_pandas(table.astype(flags), preserve_index=False)
    columns = columns.replace_schema_metadata(
        {b"synthetic": b"true", b"data_status": MARK.encode(), b"notice": NOTICE.encode()}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        columns,
        path,
        compression="zstd",
        compression_level=15,
        version="2.6",
        write_page_index=False,
    )
    return path


def csv(table: pd.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table.to_csv(file, index=False, lineterminator="\n")
    return path


def text(content: str, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(content)
    return path


def manifest(root: Path, folders: tuple[str, ...]) -> Path:
    """MANIFEST.csv: file, sha256, bytes, source, licence, access_class of every file in the country
    folders.
    """
    files = sorted(p for folder in folders for p in (root / folder).rglob("*") if p.is_file())
    rows = [
        (
            p.relative_to(root).as_posix(),
            hashlib.sha256(p.read_bytes()).hexdigest(),
            p.stat().st_size,
        )
        for p in files
    ]
    table = pd.DataFrame(rows, columns=["file", "sha256", "bytes"])
    return csv(
        table.assign(
            source="mismes demo (mismes_eval.synthetic)",
            licence="BSD-3-Clause; see SOURCES.md for the aggregates",
            access_class="public",
            data_status=MARK,
        ),
        root / "MANIFEST.csv",
    )
