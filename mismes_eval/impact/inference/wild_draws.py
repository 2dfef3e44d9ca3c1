"""What every wild cluster bootstrap shares: its weights, its p-value, the inverted interval and the
result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from mismes_eval.errors import EstimateError, Problem, of_argument, unknown, worded
from mismes_eval.estimate.result_table import ResultTable
from mismes_eval.numerics.rows import Bool, Float, Int

Draws = Literal["auto", "rademacher", "webb"]
FEW = 12  # below this number of clusters Webb's six points are the default (Webb 2023)
FEWEST = 3  # clusters in an arm: fewer say nothing of how clusters differ
LEAST_DRAWS = 99
UNIMPOSED = 20  # clusters in an arm from which the null need not be imposed
WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])


@dataclass(frozen=True, repr=False)
class WildBootstrap(ResultTable):
    """One row a tested value: names, estimate, se, statistic, p, low, high (all (p,)); level of the
    intervals; how it was drawn.
    """

    names: tuple[str, ...]
    estimate: Float
    se: Float
    statistic: Float
    p: Float
    low: Float
    high: Float
    null: float
    level: float | None
    clusters: int
    draws: int
    enumerated: bool
    points: str
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """variable, value, se, t, p, ci_low, ci_high, clusters, draws."""
        return pd.DataFrame(
            {
                "variable": self.names,
                "value": self.estimate,
                "se": self.se,
                "t": self.statistic,
                "p": self.p,
                "ci_low": self.low,
                "ci_high": self.high,
                "clusters": self.clusters,
                "draws": self.draws,
            }
        )


def ratios(top: Float, bottom: Float) -> Float:
    return np.divide(
        top,
        bottom,
        out=np.full_like(top, np.inf),
        where=bottom > 1e-12 * max(float(bottom.max()), 1e-300),
    )


def share_beyond(t: float, ratio: Float, enumerated: bool) -> float:
    beyond = int((ratio >= t * (1 - 1e-10)).sum())
    return beyond / ratio.size if enumerated else (1 + beyond) / (1 + ratio.size)


def _beyond(
    p_of: Callable[[float], float], value: float, step: float, least: float, steps: float
) -> float:
    """How far the p-value some steps from the estimate is above the least that is kept."""
    return p_of(value + steps * step) - least


def invert(
    p_of: Callable[[float], float], value: float, se: float, level: float
) -> tuple[float, float]:
    """Ends of the values with p above 1 - level, sought outwards from the estimate; infinite where
    no value within 1,000 standard errors is rejected.
    """
    ends = []
    for sign in (-1.0, 1.0):
        inner, step = 0.0, 1.0
        while step < 1000 and p_of(value + sign * step * se) > 1 - level:
            inner = step
            step = step * 1.5
        if step >= 1000:
            ends.append(sign * np.inf)
            continue
        beyond = partial(_beyond, p_of, value, sign * se, 1 - level + 1e-12)
        at = brentq(beyond, inner, step, xtol=1e-6)
        ends.append(value + sign * float(at) * se)
    return float(ends[0]), float(ends[1])


def signs(m: int, points: str, draws: int, seed: int) -> tuple[Float, bool, str]:
    """(B, m) bootstrap weights, whether they are all there are, and their name."""
    EstimateError.refuse(
        unknown("unknown bootstrap weights", "points", points, ("auto", "rademacher", "webb"))
    )
    used = ("webb" if m < FEW else "rademacher") if points == "auto" else points
    values = WEBB if used == "webb" else np.array([-1.0, 1.0])
    if m * np.log(values.size) <= np.log(draws + 1):
        return np.array(list(product(values, repeat=m))), True, used
    return values[np.random.default_rng(seed).integers(0, values.size, (draws, m))], False, used


def words(m: int, draws: int, enumerated: bool, used: str, units: int) -> str:
    """How it was drawn: m clusters, signs of so many units (the clusters, or units inside them)."""
    drawn = f"all {draws:,} combinations" if enumerated else f"{draws:,} draws"
    inside = "" if units == m else f", signs drawn by {units:,} units inside them"
    text = f"Wild cluster bootstrap, {m} clusters{inside}, {used} points, {drawn}"
    if used == "rademacher" and units <= 10:
        text += f"; with {units} clusters no p-value is below {2 / 2**units:.3g}"
    return text + "."


def codes(
    labels: Sequence[object] | pd.Series, needed: Bool, what: str, n: int | None = None
) -> tuple[Int, int]:
    """Codes (n,) of labels and their number; every needed row must have one."""
    series = pd.Series(labels).reset_index(drop=True)
    if n is not None and series.size != n:
        raise EstimateError(
            Problem(
                worded("{what} has another length", {"what": what}),
                of_argument(what),
                worded("{count} rows", {"count": n}),
                worded("{size} rows", {"size": series.size}),
            )
        )
    gone = series.isna().to_numpy() & needed
    EstimateError.refuse(
        Problem(
            what=worded("{what} is missing", {"what": what}),
            where=of_argument(what),
            expected="a label in every row",
            got=worded("missing"),
        ).where_true(gone)
    )
    code, level = pd.factorize(series.where(needed), sort=True)
    return np.maximum(code, 0).astype(np.intp), len(level)


def refuse_few(m: int, level: float | None, draws: int) -> None:
    """Raise where there are too few clusters or draws, or the level is none."""
    if m >= FEWEST and (level is None or 0.5 < level < 1) and draws >= LEAST_DRAWS:
        return
    smaller = (
        "Two clusters say nothing of how clusters differ: take smaller ones (the design's PSUs), or"
        " randomisation_test where the assignment was random."
    )
    raise EstimateError(
        Problem(
            what="the wild bootstrap cannot be drawn",
            expected=worded(
                "{fewest} clusters or more, a level between 0.5 and 1, {least_draws} draws or more",
                {"fewest": FEWEST, "least_draws": LEAST_DRAWS},
            ),
            got=worded(
                "{margin} clusters, level {level}, {draws} draws",
                {"margin": m, "level": level, "draws": draws},
            ),
            fix=smaller if m < FEWEST else "",
        )
    )
