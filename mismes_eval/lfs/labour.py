"""Labour-market measures on persons: participation, unemployment, underuse, status in employment,
informality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.lfs.answers import if_known, values, yes
from mismes_eval.lfs.persons import Ages, aged, residents
from mismes_eval.numerics.rows import Bool, Float

EMPLOYED, UNEMPLOYED, OUTSIDE = 1, 2, 3
PAID, UNPAID_FAMILY, EMPLOYER, OWN_ACCOUNT = 1, 2, 3, 4


@dataclass(frozen=True)
class Measure:
    """value (n,), NaN where the person gave no answer; universe (n,) the persons whom the indicator
    speaks of.
    """

    value: Float
    universe: Bool


def adults(frame: pd.DataFrame, ages: Ages) -> Bool:
    """(n,) residents in the labour age range."""
    return residents(frame) & aged(
        frame, ages.labour_min, ages.labour_max, "the labour-force indicators"
    )


def _of(status: Float, true: tuple[int, ...]) -> Float:
    return if_known(np.isnan(status), np.isin(status, true))


def participation(frame: pd.DataFrame, ages: Ages) -> Measure:
    return Measure(_of(values(frame, "lstatus"), (EMPLOYED, UNEMPLOYED)), adults(frame, ages))


def employment(frame: pd.DataFrame, ages: Ages) -> Measure:
    return Measure(_of(values(frame, "lstatus"), (EMPLOYED,)), adults(frame, ages))


def unemployment(frame: pd.DataFrame, ages: Ages) -> Measure:
    status = values(frame, "lstatus")
    return Measure(_of(status, (UNEMPLOYED,)), adults(frame, ages) & (status != OUTSIDE))


def unemployed(frame: pd.DataFrame, ages: Ages) -> Measure:
    """The unemployed themselves are the universe, so that n counts them: it is they who must not be
    too few.
    """
    status = values(frame, "lstatus")
    return Measure(
        _of(status, (UNEMPLOYED,)),
        adults(frame, ages) & ((status == UNEMPLOYED) | np.isnan(status)),
    )


def extended_labour_force(frame: pd.DataFrame) -> tuple[Float, Float]:
    """lstatus, and 1 for the potential labour force among those outside; a person outside without
    an answer is NaN.
    """
    status = values(frame, "lstatus")
    return status, np.where(status == OUTSIDE, yes(frame, "potential_lf"), 0.0)


def lu3(frame: pd.DataFrame, ages: Ages) -> Measure:
    status, potential = extended_labour_force(frame)
    unknown = np.isnan(status) | np.isnan(potential)
    used = if_known(unknown, (status == UNEMPLOYED) | (potential == 1))
    return Measure(used, adults(frame, ages) & ~((status == OUTSIDE) & (potential == 0)))


def lu4(frame: pd.DataFrame, ages: Ages) -> Measure:
    status, potential = extended_labour_force(frame)
    under = np.where(status == EMPLOYED, yes(frame, "underemployment"), 0.0)
    unknown = np.isnan(status) | np.isnan(potential) | np.isnan(under)
    return Measure(
        if_known(unknown, (status == UNEMPLOYED) | (potential == 1) | (under == 1)),
        adults(frame, ages) & ~((status == OUTSIDE) & (potential == 0)),
    )


def neet(frame: pd.DataFrame, ages: Ages) -> Measure:
    status = values(frame, "lstatus")
    school = yes(frame, "school")
    value = np.where(
        (status == EMPLOYED) | (school == 1),
        0.0,
        np.where(np.isnan(status) | np.isnan(school), np.nan, 1.0),
    )
    return Measure(
        value, residents(frame) & aged(frame, ages.neet_min, ages.neet_max, "the NEET rate")
    )


def workers(frame: pd.DataFrame, ages: Ages) -> Bool:
    """(n,) employed residents in the labour age range."""
    out: Bool = adults(frame, ages) & (values(frame, "lstatus") == EMPLOYED)
    return out


def vulnerable(frame: pd.DataFrame, ages: Ages) -> Measure:
    return Measure(
        _of(values(frame, "empstat"), (UNPAID_FAMILY, OWN_ACCOUNT)), workers(frame, ages)
    )


def informal(frame: pd.DataFrame, ages: Ages) -> Measure:
    """Employees without social security from the job or, where that is not asked, without a
    contract.
    """
    column = (
        "socialsec"
        if "socialsec" in frame.columns and frame["socialsec"].notna().any()
        else "contract"
    )
    return Measure(
        1.0 - yes(frame, column), workers(frame, ages) & (values(frame, "empstat") == PAID)
    )


def self_employed(frame: pd.DataFrame, ages: Ages) -> Measure:
    return Measure(_of(values(frame, "empstat"), (EMPLOYER, OWN_ACCOUNT)), workers(frame, ages))


def employer(frame: pd.DataFrame, ages: Ages) -> Measure:
    return Measure(_of(values(frame, "empstat"), (EMPLOYER,)), workers(frame, ages))
