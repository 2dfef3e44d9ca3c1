"""Where two files of a report differ: the table and cell of a Parquet file or workbook, the line of
a page or a CSV file, the cell of a notebook.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

MOST = 10  # places that are named in one file
Place = tuple[str, object, object]
_PICTURE, _TAG = re.compile(r'"data:[^"]*"'), re.compile(r"<[^>]*>")


def places(reported: Path, repeated: Path) -> list[Place]:
    """(place, reported, repeated) of what differs between two files of one kind, at most MOST; a
    file that cannot be read, or no place found, is one place without values.
    """
    how = {
        ".parquet": _parquet,
        ".xlsx": _workbook,
        ".html": _page,
        ".csv": _lines,
        ".ipynb": _notebook,
    }.get(reported.suffix)
    if how is None or not reported.is_file() or not repeated.is_file():
        return []
    try:
        found = how(reported, repeated)
        return [place for place, _ in zip(found, range(MOST), strict=False)]
    except (OSError, ValueError, KeyError) as error:
        return [(f"cannot be read ({type(error).__name__})", None, None)]


def _same(a: Any, b: Any) -> bool:
    return bool(a == b) or (pd.isna(a) is True and pd.isna(b) is True)


def _parquet(a: Path, b: Path) -> Iterator[Place]:
    one, two = pd.read_parquet(a), pd.read_parquet(b)
    if list(one.columns) != list(two.columns) or len(one) != len(two):
        yield (
            "shape",
            f"{len(one)} rows, {len(one.columns)} columns",
            f"{len(two)} rows, {len(two.columns)} columns",
        )
        return
    for x, y in zip(one.to_dict("records"), two.to_dict("records"), strict=True):
        where = " / ".join(str(y[c]) for c in ("table", "row", "column") if c in y)
        for c in one.columns:
            if not _same(x[c], y[c]):
                yield f"{where}, {c}", x[c], y[c]


def _workbook(a: Path, b: Path) -> Iterator[Place]:
    one, two = (openpyxl.load_workbook(p, read_only=True) for p in (a, b))
    for name in dict.fromkeys([*one.sheetnames, *two.sheetnames]):
        if name not in one.sheetnames or name not in two.sheetnames:
            yield (
                f"sheet {name}",
                "there" if name in one.sheetnames else None,
                "there" if name in two.sheetnames else None,
            )
            continue
        for x, y in zip_longest(one[name].iter_rows(), two[name].iter_rows(), fillvalue=()):
            for left, right in zip_longest(x, y):
                value, other = getattr(left, "value", None), getattr(right, "value", None)
                if not _same(value, other):
                    at = left if hasattr(left, "coordinate") else right
                    yield f"sheet {name}, cell {getattr(at, 'coordinate', '')}", value, other


def _page(a: Path, b: Path) -> Iterator[Place]:
    """Texts of the page below its cover, which has the day of the run."""
    one, two = (_texts(p.read_text(encoding="utf-8").partition("<main")[2]) for p in (a, b))
    yield from _unlike(one, two)


def _texts(page: str) -> list[str]:
    return [
        t
        for part in _TAG.sub("\n", _PICTURE.sub('""', page)).split("\n")
        if (t := html.unescape(part).strip())
    ]


def _lines(a: Path, b: Path) -> Iterator[Place]:
    one, two = (p.read_text(encoding="utf-8").splitlines() for p in (a, b))
    for k, (x, y) in enumerate(zip_longest(one, two), 1):
        if x != y:
            yield f"line {k}", x, y


def _unlike(one: list[str], two: list[str]) -> Iterator[Place]:
    """Texts that stand in one of the two more often than in the other, side by side in their order."""
    gone, new = Counter(one) - Counter(two), Counter(two) - Counter(one)
    for x, y in zip_longest(
        [t for t in dict.fromkeys(one) if t in gone], [t for t in dict.fromkeys(two) if t in new]
    ):
        yield "text", x, y


def _notebook(a: Path, b: Path) -> Iterator[Place]:
    one, two = (
        list[dict[str, Any]](json.loads(p.read_text(encoding="utf-8"))["cells"]) for p in (a, b)
    )
    nothing: dict[str, Any] = {}
    for k, (x, y) in enumerate(zip_longest(one, two, fillvalue=nothing), 1):
        source, other = ("".join(c.get("source", "")) for c in (x, y))
        if (
            source != other
            and "parameters" not in x.get("metadata", {}).get("tags", [])
            and "injected-parameters" not in x.get("metadata", {}).get("tags", [])
        ):
            yield f"cell {k}, code", source[:120], other[:120]
        for left, right in zip_longest(
            x.get("outputs", []), y.get("outputs", []), fillvalue=nothing
        ):
            for place, v, w in _unlike(_texts(_shown(left)), _texts(_shown(right))):
                yield f"cell {k}, output, {place}", v, w


def _shown(output: dict[str, Any]) -> str:
    data = output.get("data")
    text = (
        data.get("text/html", data.get("text/plain", ""))
        if isinstance(data, dict)
        else output.get("text", "")
    )
    return "".join(text) if isinstance(text, list) else str(text)
