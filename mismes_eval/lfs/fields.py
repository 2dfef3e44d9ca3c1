"""Field-of-study mismatch: a job in none of the occupations that the field prepares for. The list
is a versioned file.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, named, worded
from mismes_eval.frame.codes import packaged_rows
from mismes_eval.lfs.answers import coded
from mismes_eval.lfs.labour import Measure, workers
from mismes_eval.lfs.match import education_rank, isco_codes
from mismes_eval.lfs.persons import Ages

GENERIC = "00"


@cache
def field_occupations() -> dict[str, frozenset[str]]:
    """Broad field (ISCED-F 2013, two digits) -> ISCO-08 two-digit groups that match it."""
    rows = packaged_rows("lfs/field_occupations.csv")
    return {row["field"]: frozenset(row["isco2"].split()) for row in rows}


def mismatch(frame: pd.DataFrame, ages: Ages) -> Measure:
    """1 where the ISCO-2 group of the job is not on the field's list; generic programmes and
    education below upper secondary have no field and are outside.
    """
    known = field_occupations()
    code, distinct = coded(frame, "field_isced_f")
    short = [code.removesuffix(".0")[:2].zfill(2) for code in distinct]
    bad = [j for j, field in enumerate(short) if field != GENERIC and field not in known]
    if bad:
        rows = np.flatnonzero(np.isin(code, bad))
        raise InputError(
            Problem(
                what="a field of study is not in ISCED-F",
                where=in_column("field_isced_f"),
                expected=worded(
                    "two or more digits that begin with {known}",
                    {"known": ", ".join(sorted(known))},
                ),
                got=named(repr(distinct[j]) for j in bad),
            ).in_rows(rows)
        )
    job, jobs = isco_codes(frame, "occup_isco")
    two_digits = np.array([len(j) >= 2 and j[1:] != "000" for j in jobs] + [False], bool)
    on = np.array(
        [[j[:2] in known.get(field, frozenset()) for j in [*jobs, ""]] for field in [*short, ""]],
        bool,
    )
    told = (code >= 0) & two_digits[job]
    off = (~on[code, job]).astype(float)
    generic = np.array([*(field == GENERIC for field in short), False], bool)[code]
    return Measure(
        np.where(told, off, np.nan), workers(frame, ages) & (education_rank(frame) >= 2) & ~generic
    )
