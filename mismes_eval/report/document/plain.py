"""Text from data on its way into a page or a file: shown as text, whatever is in it."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence

import pandas as pd

from mismes_eval.frame.formulas import runs_as_formula

# control characters, lone surrogates, and the signs that turn the direction of the text that
# follows
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)
_LONGEST = 80


def printable(text: str) -> str:
    """The text with a replacement sign for what cannot be shown or would reorder its surroundings."""
    return _UNSEEN.sub("\ufffd", text)


def escape(text: str) -> str:
    """Text as HTML, in an element or an attribute."""
    return html.escape(printable(text))


def scrolled(id: str, title: str) -> str:
    """Attributes of a box that may be wider than the screen: a keyboard reaches and scrolls it, and
    a screen reader says which table or figure it is.
    """
    return f' tabindex="0" role="region" aria-label="{escape(f"{id} {title}")}"'


def text_cell(text: object) -> object:
    """A cell of a CSV file that no spreadsheet takes for a formula; numbers are left alone."""
    if not isinstance(text, str):
        return text
    said = re.sub(
        r"[\t\r\n]+", " ", printable(text)
    )  # a line break that a reader of CSV does not know begins a new cell
    return (
        f"'{said}"
        if runs_as_formula(said.lstrip(" \u00a0\u200b\ufeff")) or runs_as_formula(text)
        else said
    )


def safe_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every text of a cell or a heading as `text_cell`; columns of numbers as they
    are.
    """
    safe = frame.copy()
    for place, dtype in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            column = frame.iloc[:, place]
            if dtype == "str":
                safe.isetitem(place, pd.array([text_cell(cell) for cell in column.tolist()], dtype))
            else:
                safe.isetitem(place, column.map(text_cell).array)
    safe.columns = pd.Index([text_cell(str(column)) for column in frame.columns])
    return safe


def file_names(
    identifiers: Sequence[str], longest: int = _LONGEST, allowed: str = r"A-Za-z0-9_.-"
) -> dict[str, str]:
    """A name for each identifier that every file system takes; two identifiers never share one,
    upper and lower case apart or not.
    """
    out: dict[str, str] = {}
    taken: set[str] = set()
    for identifier in identifiers:
        name = re.sub(rf"[^{allowed}]+", "_", identifier)
        if len(name) > longest or name.casefold() in taken or not name.strip("._-"):
            name = f"{name[: longest - 9]}-{hashlib.sha256(identifier.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        taken.add(name.casefold())
        out[identifier] = name
    return out
