"""What every table of the survey says of itself: whom it compares, where that comes from, and at
which level its errors are taken.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mismes_eval.evaluation.survey import Survey
from mismes_eval.lfs.definitions import ORIGIN_GROUPS
from mismes_eval.lfs.persons import LABELS
from mismes_eval.numerics.rows import Bool
from mismes_eval.weighting.sample import Sample

INTERNAL_AMONG = (
    "Non-migrants: residents who are neither returnees nor immigrants; no answer that the definition"
    " reads tells moves inside the country."
)


GROUPS = {"RET": "returnees", "NON": "non-migrants"}


def basis(s: Survey) -> tuple[str, ...]:
    """What every table of the survey says of itself: who is a migrant, where somebody may be, and
    at which level its variance is taken.
    """
    return (*(() if s.definition is None else (s.definition.text,)), *variance(s))


def variance(s: Survey) -> tuple[str, ...]:
    """At which level the variance of the survey is taken."""
    return (s.sample.design.published_basis,)


def groups(s: Survey) -> Mapping[str, str]:
    """Status -> its name, of the two groups that the tables compare."""
    if s.definition is None or s.tells_return:
        return GROUPS
    return ORIGIN_GROUPS[s.definition.immigrant_by]


def named_levels(s: Survey) -> Mapping[str, str]:
    """Level of the breakdown by status -> name of its group."""
    return {LABELS[code]: name for code, name in groups(s).items()}


def tells_internal(s: Survey) -> bool:
    """Whether the survey tells who moved inside the country."""
    return bool(with_status(s, "INT_INTERNAL").any())


def meaning(s: Survey) -> tuple[str, ...]:
    """What non-migrant means, where it is more than the words say."""
    return () if tells_internal(s) or not s.tells_return else (INTERNAL_AMONG,)


def with_status(s: Survey, code: str) -> Bool:
    """(n,) who has a migration status."""
    status = s.sample.frame["mig_status"].astype("string")
    return np.asarray((status == code).fillna(False).to_numpy(bool))


def statuses(s: Survey) -> Mapping[str, Sample]:
    there = {name: s.sample.where(with_status(s, status)) for status, name in groups(s).items()}
    known = s.sample.frame["mig_status"].astype("string").notna().to_numpy(bool)
    return there | {"all residents": s.sample.where(known)}
