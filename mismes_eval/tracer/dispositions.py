"""Final dispositions of a wave: AAPOR outcome groups with the migrant extensions. Being abroad is a
state, not a loss.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, named, worded
from mismes_eval.frame import codes as code_list
from mismes_eval.numerics.rows import Bool, Int

GROUPS = ("I", "P", "R", "NC", "O", "UH", "UO", "NE")
OUTSIDE = ("PD", "NF")  # pending; not fielded: of no outcome rate
NO_CONTACT = GROUPS.index("NC")
WHEREABOUTS = ("known", "abroad", "dead", "unknown")
PROXY = "2.52"


@cache
def known_dispositions() -> pd.DataFrame:
    """Disposition codes with label, outcome group and what is known of the person's whereabouts;
    index: code.
    """
    return code_list("dispositions").set_index("code")


def unknown_codes(codes: pd.Series) -> pd.Series:
    """Rows whose disposition is given and not in the list."""
    return codes.notna() & ~codes.astype("string").isin(known_dispositions().index)


def group(codes: pd.Series) -> Int:
    """(n,) position in GROUPS and, after them, OUTSIDE; -1 where the disposition is missing. Raises
    InputError for codes that are not in the list.
    """
    return _looked_up(codes, "outcome", (*GROUPS, *OUTSIDE))


def whereabouts(codes: pd.Series) -> Int:
    """(n,) position in WHEREABOUTS, -1 where the disposition is missing."""
    return _looked_up(codes, "whereabouts", WHEREABOUTS)


def _looked_up(codes: pd.Series, column: str, order: tuple[str, ...]) -> Int:
    code, level = pd.factorize(codes.astype("string") if codes.dtype == object else codes)
    level = pd.Index(level).astype(str)
    table = known_dispositions()[column]
    unknown = [value for value in level if value not in table.index]
    if unknown:
        bad = np.isin(code, [i for i, value in enumerate(level) if value in unknown])
        raise InputError(
            Problem(
                what="a disposition is not in the code list",
                where=in_column(codes.name),
                expected=worded("one of {index}", {"index": ", ".join(table.index)}),
                got=named(unknown),
            ).in_rows(np.flatnonzero(bad))
        )
    position = np.array([order.index(table[value]) for value in level] + [-1], np.intp)
    return position[code]


def responded(groups: Int) -> Bool:
    """Interview or partial interview, by the person or a proxy, at home or abroad."""
    return np.asarray((groups == 0) | (groups == 1))
