"""How a result that is a table with notes stands in a notebook and in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import pandas as pd

from mismes_eval.estimate.number_format import figure


def in_notebook(table: pd.DataFrame, notes: Iterable[object] = (), text: object = "") -> str:
    """A table as HTML, below a sentence and above its notes."""
    head = f"<p>{escape(str(text), quote=False)}</p>" if text else ""
    body = table.to_html(index=False, float_format=figure, na_rep="")
    return (
        head
        + body
        + "".join(f"<p><small>{escape(str(note), quote=False)}</small></p>" for note in notes)
    )


class ResultTable:
    """What a dataclass with `notes` and `to_frame` looks like, below its `text` where it has one;
    with `repr=False` its text is the table.
    """

    notes: tuple[str, ...]

    @property
    def text(self) -> str:
        """The finding in a sentence, where there is one."""
        return ""

    def to_frame(self) -> pd.DataFrame:
        """The result, one row a value."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return in_notebook(self.to_frame(), self.notes, self.text)

    def __repr__(self) -> str:
        return "\n".join([self.to_frame().to_string(index=False), *self.notes])
