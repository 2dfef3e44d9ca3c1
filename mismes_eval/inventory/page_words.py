"""Words of pages, from tables with a row a key and a column a language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import pandas as pd


@dataclass(frozen=True)
class PageWords:
    """The table of a page: a file of a package."""

    package: str
    file: str

    @cached_property
    def _table(self) -> pd.DataFrame:
        with (files(self.package) / self.file).open(encoding="utf-8") as handle:
            return pd.read_csv(handle, dtype=str).set_index("key")

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that the page has words in."""
        return tuple(str(code) for code in self._table.columns)

    def said(self, code: str) -> dict[str, str]:
        """Words of the page by key, in one language."""
        return {str(key): str(text) for key, text in self._table[code].items()}
