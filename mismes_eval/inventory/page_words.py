"""Words of pages, from tables with a row a key and a column a language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from mismes_eval.frame.codes import read_packaged


@dataclass(frozen=True)
class PageWords:
    """The table of a page: a file below mismes_eval."""

    file: str

    @cached_property
    def _table(self) -> pd.DataFrame:
        return read_packaged(self.file).set_index("key")

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that the page has words in."""
        return tuple(str(code) for code in self._table.columns)

    def said(self, code: str) -> dict[str, str]:
        """Words of the page by key, in one language."""
        return {str(key): str(text) for key, text in self._table[code].items()}
