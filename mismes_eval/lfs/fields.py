"""Field-of-study mismatch: a job in none of the occupations that the field prepares for. The list is a versioned file."""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem
from mismes_eval.lfs.answers import text
from mismes_eval.lfs.labour import Measure, workers
from mismes_eval.lfs.match import education_rank, isco_codes
from mismes_eval.lfs.persons import Ages

GENERIC = "00"


@cache
def field_occupations() -> dict[str, frozenset[str]]:
    """Broad field (ISCED-F 2013, two digits) -> ISCO-08 two-digit groups that match it."""
    with (resources.files("mismes_eval.lfs") / "field_occupations.csv").open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    return {row.field: frozenset(row.isco2.split()) for row in table.itertuples(index=False)}


def mismatch(frame: pd.DataFrame, ages: Ages) -> Measure:
    """1 where the ISCO-2 group of the job is not on the field's list; generic programmes and education below upper secondary have no field and are outside."""
    known = field_occupations()
    field = np.array([f[:2].zfill(2) if f is not None else None for f in text(frame, "field_isced_f")], dtype=object)
    unknown = np.array([f is not None and f != GENERIC and f not in known for f in field])
    if unknown.any():
        raise InputError(Problem("a field of study is not in ISCED-F", "column 'field_isced_f'", f"two or more digits that begin with {', '.join(sorted(known))}",
                                 ", ".join(map(repr, sorted(set(field[unknown]))[:5])), "", int(unknown.sum()), tuple(int(i) for i in np.flatnonzero(unknown)[:5])))  # fmt: skip
    jobs = isco_codes(frame, "occup_isco")
    told = np.array([f is not None and j is not None and len(j) >= 2 and j[1:] != "000" for f, j in zip(field, jobs, strict=True)])
    off = np.array([bool(t) and j[:2] not in known.get(f, frozenset()) for t, f, j in zip(told, field, jobs, strict=True)], dtype=float)
    return Measure(np.where(told, off, np.nan), workers(frame, ages) & (education_rank(frame) >= 2) & (field != GENERIC))
