"""Zip files whose bytes depend on their contents only."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

STAMP = (1980, 1, 1, 0, 0, 0)
PROPERTIES = "docProps/core.xml"
DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_zip(to: Path, contents: Iterable[tuple[str, bytes]]) -> None:
    """A zip file of (name, content), in the given order and without times."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for name, data in contents:
            info = zipfile.ZipInfo(name, STAMP)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            out.writestr(info, data)


def write_workbook(to: Path, workbook: BinaryIO) -> None:
    """A finished .xlsx or .docx without the moment at which it was made."""
    with zipfile.ZipFile(workbook) as made:
        contents = [(name, made.read(name)) for name in made.namelist()]
    write_zip(
        to,
        [
            (name, DATES.sub(rb"\g<1>1980-01-01T00:00:00Z", data) if name == PROPERTIES else data)
            for name, data in contents
        ],
    )
