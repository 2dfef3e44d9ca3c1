"""Simultaneous (sup-t) bands: the critical value of the largest of several t statistics, from their
covariance or by multiplier bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from mismes_eval.errors import EstimateError, Problem, of_argument, unknown
from mismes_eval.estimate.estimate import Estimate, need_estimates
from mismes_eval.estimate.part import one_linearised
from mismes_eval.estimate.result_table import in_notebook
from mismes_eval.numerics.rows import Bool, Float, group_sums
from mismes_eval.pictures.intervals import Series, path
from mismes_eval.pictures.style import axes
from mismes_eval.public import Seed, check, public

METHODS = ("covariance", "multiplier")


@dataclass(frozen=True)
class Band:
    """critical: multiplies every standard error; low, high (p,), NaN where a value has no standard
    error.
    """

    critical: float
    level: float
    table: pd.DataFrame
    method: str
    draws: int
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """One row a value: keys, value, se, low, high."""
        return self.table.copy()

    def plot(self, ax: Any = None) -> Any:
        """Values with their simultaneous interval, in the order of the table. Returns the axes."""
        known = [
            column for column in ("cohort", "time", "event_time") if column in self.table.columns
        ]
        keys = (
            known[:2]
            if "time" in known
            else known
            or [key for key in self.table.columns if key not in ("value", "se", "low", "high")]
        )
        labels = [
            ", ".join(
                f"{key} {value:g}" if isinstance(value, float | int) else str(value)
                for key, value in zip(keys, row, strict=True)
            )
            for row in self.table[keys].to_numpy(object)
        ]
        at = np.arange(len(self.table), dtype=float)
        value, low, high = (
            self.table[column].to_numpy(float) for column in ("value", "low", "high")
        )
        ax = path(axes(ax, 7, 4), [Series(name="", at=at, value=value, low=low, high=high)])
        ax.set_xticks(at, labels, rotation=45, ha="right")
        ax.set_title(
            f"Simultaneous {100 * self.level:g}% band, critical value {self.critical:.3f}",
            loc="left",
        )
        return ax

    def _repr_html_(self) -> str:
        note = (
            f"Simultaneous {100 * self.level:g}% band, critical value {self.critical:.3f}"
            f" ({self.method}, {self.draws:,} draws)."
        )
        return in_notebook(self.table, [note])


@public(EstimateError)
def sup_t(
    estimate: Estimate,
    level: float = 0.95,
    seed: Seed = 0,
    draws: int = 10_000,
    method: str = "covariance",
) -> Band:
    """Band that covers all values together with probability `level`.

    method : "covariance" (normal draws with the estimate's correlation, over the root of a
        chi-square with the design's degrees of freedom) or
        "multiplier" (Mammen's two-point weights on the design's PSU totals, centred in strata, as R
        did on units). Values without variance take no part. The band of one value is its own t
        interval, and no band is narrower than the intervals of its values.

    References
    ----------
    Montiel Olea and Plagborg-Moller (2019), Journal of Applied Econometrics 34, 1-17; Callaway and
    Sant'Anna (2021), section 4.
    """
    need_estimates((estimate,), "sup_t")
    problems = []
    problems += unknown("unknown way to a band", "method", method, METHODS)
    check(
        EstimateError, "sup_t", ("seed", seed, Seed), ("draws", draws, int), ("level", level, float)
    )
    if not 0 < level < 1:
        problems.append(
            Problem(
                "the level is not a probability",
                of_argument("level"),
                "between 0 and 1",
                str(level),
            )
        )
    if draws < 100:
        problems.append(Problem("too few draws", of_argument("draws"), "100 or more", str(draws)))
    EstimateError.refuse(problems)
    moving = estimate.se > 1e-12 * max(float(estimate.se.max(initial=0.0)), 1e-300)
    if not moving.any():
        raise EstimateError(
            Problem("no value has a standard error", of_argument("estimate"), "one at least")
        )
    critical = _critical(estimate, moving, level, draws, seed, method)
    half = np.where(moving, critical * estimate.se, np.nan)
    table = estimate.keys.reset_index(drop=True).assign(
        value=estimate.value,
        se=np.where(moving, estimate.se, np.nan),
        low=estimate.value - half,
        high=estimate.value + half,
    )
    return Band(critical=critical, level=level, table=table, method=method, draws=draws, seed=seed)


def _critical(
    estimate: Estimate, moving: Bool, level: float, draws: int, seed: Seed, method: str
) -> float:
    """Quantile of the largest |t|: drawn, and never below that of a single value, which is known
    exactly.
    """
    dof = np.where(estimate.degf[moving] > 0, estimate.degf[moving], np.nan)
    single = float(np.nanmax(special.stdtrit(dof, 0.5 + level / 2), initial=0.0))
    rng = np.random.default_rng(seed)
    if method == "multiplier":
        largest = _multiplier(estimate, moving, draws, rng)
    elif moving.sum() == 1 and single > 0:
        return single
    else:
        largest = _normal(estimate, moving, draws, rng)
    return single if moving.sum() == 1 else max(float(np.quantile(largest, level)), single)


def _normal(estimate: Estimate, moving: np.ndarray, draws: int, rng: np.random.Generator) -> Float:
    covariance = estimate.vcov[np.ix_(moving, moving)]
    root = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(root, root))
    scale = vectors * np.sqrt(np.maximum(values, 0.0))
    statistic: Float = np.abs(rng.standard_normal((draws, values.size)) @ scale.T).max(axis=1)
    df = float(estimate.degf[moving].min())
    return (
        statistic / np.sqrt(rng.chisquare(df, draws) / df)
        if np.isfinite(df) and df > 0
        else statistic
    )


def _multiplier(
    estimate: Estimate, moving: np.ndarray, draws: int, rng: np.random.Generator
) -> Float:
    """Largest |t| in each draw. PSU totals of the influence pulled back through the weight steps,
    first stage only.

    A weight is (1 - sqrt 5) / 2, or sqrt 5 more with probability 0.276: the constant falls out, as
    deviations sum to zero, and a draw is a sum over the PSUs drawn high.
    """
    found = one_linearised(estimate.parts)
    if found is None:
        raise EstimateError(
            Problem(
                "the multiplier bootstrap needs one linearised design",
                of_argument("method"),
                "'covariance' here",
            )
        )
    design, influence = found
    stage = design.stages[0]
    totals = design.pull_back(influence).sums(design.base, design.base_psu, design.psus)[:, moving]
    m = np.bincount(stage.stratum, minlength=stage.strata)
    centre = group_sums(totals, stage.stratum, stage.strata) / np.maximum(m, 1)[:, None]
    scale = np.sqrt(np.where(m > 1, m / np.maximum(m - 1, 1), 0.0) * (1 - stage.fraction))
    deviation = (totals - centre[stage.stratum]) * scale[stage.stratum][:, None]
    se = np.sqrt((deviation**2).sum(axis=0))
    deviation = deviation / np.where(se > 0, se, 1.0)
    spread = np.ascontiguousarray(deviation.T, np.float32) * np.float32(np.sqrt(5))
    cut = np.uint16(round(65536 * (np.sqrt(5) - 1) / (2 * np.sqrt(5))))
    out = np.empty(draws)
    step = max(1, 2_000_000 // max(design.psus, 1))
    for at in range(0, draws, step):
        high = (
            rng.integers(0, 65536, (design.psus, min(step, draws - at)), np.uint16) < cut
        ).astype(np.float32)
        out[at : at + step] = np.abs(spread @ high).max(axis=0)
    return out
