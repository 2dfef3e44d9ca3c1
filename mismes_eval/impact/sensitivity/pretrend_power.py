"""What a pre-trend test could have seen: the straight-line difference in trends found with a stated
chance (Roth 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from mismes_eval.errors import EstimateError, Problem, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.result_table import ResultTable
from mismes_eval.impact.did.event_path import event_path
from mismes_eval.public import Count, Level, Seed, public


@dataclass(frozen=True)
class PretrendPower(ResultTable):
    """table: test, power, slope (per period, or per unit of uneven event times), bias (of the
    average effect from event time 0 on, were that slope to go on).

    average : from the reference to the effects, on average, in the unit of the slope.
    """

    table: pd.DataFrame
    average: float
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """test, power, slope, bias."""
        return self.table.copy()


def _short(power: Callable[[float], float], wanted: float, slope: float) -> float:
    """How much more power a slope has than is wanted."""
    return power(slope) - wanted


@public(EstimateError)
def pretrend_power(
    event_study: Estimate,
    powers: Sequence[float] = (0.5, 0.8),
    level: Level = 0.95,
    draws: Count = 40_000,
    seed: Seed = 1,
) -> PretrendPower:
    """The straight-line difference in trends that the pre-trend test would find with the stated
    power: what it could not see.

    Parameters
    ----------
    event_study : as for honest_did.
    powers : chances of rejection.
    level : of the tests.
    draws, seed : for the test of separate coefficients.

    Returns
    -------
    PretrendPower, for two tests: any coefficient before treatment outside its own interval
    ("separate"), and all of them jointly ("joint", F).

    References
    ----------
    Roth (2022), American Economic Review: Insights 4, 305-322.
    """
    if not powers or any(not 1 - level < p < 1 for p in powers):
        raise EstimateError(
            Problem(
                "a power is out of range",
                of_argument("powers"),
                worded("between {value:g} and 1", {"value": 1 - level}),
                str(list(powers)),
            )
        )
    path = event_path(event_study)
    covariance = path.vcov[: path.pre, : path.pre]
    se = np.sqrt(np.diag(covariance))
    line, after = path.steps
    values, vectors = np.linalg.eigh(covariance / np.outer(se, se))
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((draws, path.pre)) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    if np.isfinite(path.dof):
        stretch = np.sqrt(rng.chisquare(path.dof, draws) / path.dof)[:, None]
    else:
        stretch = np.ones((draws, 1))
    critical = float(stats.t.ppf(0.5 + level / 2, path.dof))
    size = float(line @ np.linalg.solve(covariance, line))
    f = (
        stats.f.ppf(level, path.pre, path.dof)
        if np.isfinite(path.dof)
        else stats.chi2.ppf(level, path.pre) / path.pre
    )

    def separate(slope: float) -> float:
        return float((np.abs(drawn + slope * line / se) > critical * stretch).any(axis=1).mean())

    def joint(slope: float) -> float:
        if slope == 0:  # scipy's noncentral F is not defined without a shift
            return 1 - level
        if np.isfinite(path.dof):
            return float(stats.ncf.sf(f, path.pre, path.dof, slope**2 * size))
        return float(stats.ncx2.sf(f * path.pre, path.pre, slope**2 * size))

    top = 40 / np.sqrt(size)
    average = float(after[path.effects].mean())
    rows = []
    for name, power in (("separate", separate), ("joint", joint)):
        for p in powers:
            slope = 0.0
            if power(0.0) < p:
                slope = float(brentq(partial(_short, power, p), 0.0, top, xtol=1e-10 * top))
            rows.append((name, p, slope, slope * average))
    notes = (
        (
            "A line of this slope through the periods before treatment would have been found with"
            " this chance; bias is what it adds to the average effect after it."
        ),
        (
            f"Chance of a rejection without any difference in trends: separate {separate(0.0):.3f},"
            f" joint {joint(0.0):.3f}."
        ),
    )
    return PretrendPower(
        pd.DataFrame(rows, columns=["test", "power", "slope", "bias"]),
        average,
        (*notes, *path.notes, *event_study.notes),
    )
