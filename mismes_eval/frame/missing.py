"""Whether a single cell holds anything."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd


def is_missing(cell: object) -> bool:
    """Whether a cell is None, NaN, NaT or pandas' NA."""
    return bool(pd.isna(cast(Any, cell)))
