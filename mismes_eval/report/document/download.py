"""The numbers of one table or figure as a file inside the page: a link that a reader can save, with
what is published and nothing else.
"""

from __future__ import annotations

import base64

import pandas as pd

from mismes_eval.report.document.language import Language
from mismes_eval.report.document.plain import escape, file_names, safe_cells


def csv_text(frame: pd.DataFrame) -> str:
    """A frame as CSV that no spreadsheet takes for formulas."""
    return str(safe_cells(frame).to_csv(index=False))


def download(id: str, frame: pd.DataFrame, t: Language) -> str:
    """The link to the numbers of a table or figure; "" where there are none."""
    if not len(frame):
        return ""
    body = base64.b64encode(csv_text(frame).encode("utf-8")).decode("ascii")
    name = f"{file_names([id])[id]}.csv"
    words = escape(t("{id}: numbers (CSV)", id=t.name(id)))
    return (
        f'<p class="downloads"><a download="{escape(name)}"'
        f' href="data:text/csv;base64,{body}">{words}</a></p>'
    )
