"""How a result that is a table with notes stands in a notebook and in a terminal."""

from __future__ import annotations

import pandas as pd

from mismes_eval.estimate.number_format import figure


class ResultTable:
    """What a dataclass with `notes` and `to_frame` looks like; with `repr=False` its text is the
    table.
    """

    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """The result, one row a value."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        table = self.to_frame().to_html(index=False, float_format=figure, na_rep="")
        return table + "".join(f"<p><small>{note}</small></p>" for note in self.notes)

    def __repr__(self) -> str:
        return "\n".join([self.to_frame().to_string(index=False), *self.notes])
