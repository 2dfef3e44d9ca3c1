"""The one way into a Parquet file: what it says of itself is weighed before it is read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

import pyarrow as pa
from pyarrow import parquet

from mismes_eval.errors import beyond, too_many, worded

COLUMNS = 10_000
PARQUET = b"PAR1"  # ends a Parquet file, behind the size of its footer
FOOTER = 16_000_000  # bytes behind the rows of a Parquet file, which are read whole and first


def parquet_file(
    source: Path | bytes, name: str, texts: tuple[str, ...] = ()
) -> parquet.ParquetFile:
    """What a Parquet file says of itself, where that is no more than is read.

    texts : columns of which each text is kept once.

    Raises
    ------
    InputError : its footer is too large, or names more columns than are read.
    """
    stream = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
    with stream:
        check_footer(stream, name)
    most = 3 * COLUMNS  # a list is three elements of the footer
    where = source if isinstance(source, Path) else pa.BufferReader(source)
    try:
        return parquet.ParquetFile(
            where, read_dictionary=list(texts), thrift_container_size_limit=most
        )
    except OSError as error:
        if "Exceeded size limit" in str(error):
            raise too_many("columns", name, COLUMNS, worded("more")) from error
        raise


def check_footer(source: IO[bytes], name: str) -> None:
    """Raise InputError for a Parquet file that says more of its columns than is read: the last
    eight bytes tell how much. A file too short for them, or no Parquet file, is the reader's.
    """
    if source.seek(0, io.SEEK_END) >= len(PARQUET) + 4:
        source.seek(-len(PARQUET) - 4, io.SEEK_END)
        size = int.from_bytes(source.read(4), "little")
        mark = source.read()
        if mark == PARQUET and size > FOOTER:
            what = "what the file says of its columns is too large"
            raise beyond(what, name, FOOTER, "bytes", f"{size:,}")
