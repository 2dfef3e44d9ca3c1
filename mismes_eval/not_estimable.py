"""What stands where a number cannot be had."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd


@dataclass(frozen=True)
class NotEstimable:
    """Stands where a number cannot be had, so that a report says why and goes on."""

    reason: str
    definition: str = ""

    def to_frame(self) -> pd.DataFrame:
        return pd.DataFrame({"not estimable": [self.reason]})

    def plot(self, ax: object | None = None) -> NotEstimable:
        """There is no picture: the reason itself."""
        return self

    def _repr_html_(self) -> str:
        return f"<p><em>Not estimable: {escape(self.reason)}</em></p>"
