"""How far trends may have parted before the conclusion falls (Rambachan and Roth 2023)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import EstimateError, Problem, of_argument, unknown, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.result_table import ResultTable
from mismes_eval.impact.did.event_path import EventPath, event_path
from mismes_eval.impact.sensitivity import smoothness
from mismes_eval.impact.sensitivity.relative_magnitudes import (
    breaks,
    confidence_set,
    from_one_break,
    identified_set,
)
from mismes_eval.numerics.rows import Float
from mismes_eval.pictures.robustness import parting_trends
from mismes_eval.public import public

Target = Literal["average", "first"] | Mapping[float, float]


FEW_BEFORE = 2  # periods before treatment up to which one change of slope, or none, was seen
ONE_BREAK = "the upper end of the interval of the one before treatment"
RELATIVE = "M: post-treatment breaks over the largest before"
SLOPE = "M: change of the slope of the deviation, per period"


@dataclass(frozen=True)
class HonestDiD(ResultTable):
    """table: one row an allowed deviation (m, set_low, set_high, ci_low, ci_high); original: value,
    low, high under parallel trends.

    breakdown: the largest grid value with an interval that excludes 0; None where even the first
    covers 0.
    one_before: only one period lies before, so that relative magnitudes are multiples of the upper
    end of the interval of its break.
    """

    method: str
    target: str
    original: tuple[float, float, float]
    table: pd.DataFrame
    breakdown: float | None
    level: float
    notes: tuple[str, ...]
    one_before: bool = False

    def to_frame(self) -> pd.DataFrame:
        """m, set_low, set_high (what the point estimates allow), ci_low, ci_high (robust interval)."""
        return self.table.copy()

    @property
    def text(self) -> str:
        """The finding in a sentence."""
        allowed = "a slope that changes by up to M from one period to the next"
        if self.method == "relative_magnitude":
            largest = ONE_BREAK if self.one_before else "the largest one before treatment"
            allowed = f"breaks in trend up to M times {largest}"
        value, low, high = self.original
        first = f"Under parallel trends {self.target} is {value:.4g} ({low:.4g} to {high:.4g})."
        if self.breakdown is None:
            return (
                f"{first} Allowing for {allowed}, the interval covers 0 already at M ="
                f" {self.table['m'].iloc[0]:g}."
            )
        beyond = self.table.loc[self.table["m"] > self.breakdown, "m"]
        tail = (
            f" and covers it at M = {beyond.iloc[0]:g}"
            if len(beyond)
            else ", the largest value tried"
        )
        return (
            f"{first} Allowing for {allowed}, the interval excludes 0 at M ="
            f" {self.breakdown:g}{tail}."
        )

    def plot(self, ax: Any = None) -> Any:
        """Robust interval for each allowed deviation, the parallel-trends interval first. Returns
        the axes.
        """
        allowed = self.table["m"].to_numpy(float)
        relative = self.method == "relative_magnitude"
        made = parting_trends(
            ax,
            parallel=self.original,
            allowed=allowed,
            low=self.table["ci_low"].to_numpy(float),
            high=self.table["ci_high"].to_numpy(float),
            ticks=["parallel", *(f"{m:.3g}" for m in allowed)],
            words=("parallel trends", f"robust {100 * self.level:g}% interval"),
            xlabel=RELATIVE if relative else SLOPE,
            ylabel=self.target,
        )
        made.legend(frameon=False)
        return made

    def __repr__(self) -> str:
        return f"{self.text}\n{self.table.to_string(index=False)}"


@public(EstimateError)
def honest_did(
    event_study: Estimate,
    method: Literal["relative_magnitude", "smoothness"] = "relative_magnitude",
    grid: Sequence[float] | None = None,
    target: Target = "average",
    level: float = 0.95,
) -> HonestDiD:
    """Intervals for the effect that stay right when trends were not quite parallel.

    Parameters
    ----------
    event_study : an Estimate with keys column 'event_time' and a common reference period (its row
        missing, or 0 with standard error 0).
        Coefficients must be differences from that period: a varying base does not have one.
        A step counts by its length where periods are unevenly far apart (2001, 2003, 2007: breaks
        are slopes a year), as one where they are evenly so; the notes say what the unit of M is.
    method : "relative_magnitude": breaks after treatment up to M times the largest break before it;
        "smoothness": the slope of the deviation changes by at most M between periods (M = 0: a
        straight line).
    grid : values of M. Default 0, 0.5, 1, 1.5, 2; for smoothness five values up to the largest
        change of slope seen before treatment. Where only one was seen, or with one period before
        none but a slope, they go up to the upper end of its interval: its size is luck.
    target : "average" of the effects from event time 0 on, "first" (at 0), or weights by event
        time. Periods in which units may anticipate carry deviations on and are no effect.
    level : of the intervals.

    Returns
    -------
    HonestDiD. Relative magnitudes: conditional test with a least-favourable first stage, inverted
    (HonestDiD in R: C-LF). With one period before, the size of its only break is luck: M multiplies
    the upper end of its interval instead (R multiplies the estimate). Smoothness: shortest interval
    of fixed length (FLCI). With few PSUs the covariance is widened by (t / normal quantile)^2, t
    with the design's degrees of freedom.

    Raises
    ------
    IdentificationError : no event times, no or several reference periods, gaps, no period before or
        after; covariance that is not finite.

    References
    ----------
    Rambachan and Roth (2023), Review of Economic Studies 90, 2555-2591.
    """
    EstimateError.refuse(
        unknown("unknown restriction", "method", method, ("relative_magnitude", "smoothness"))
    )
    if not 0.5 < level < 1:
        raise EstimateError(
            Problem(
                "the level is no probability above one half",
                of_argument("level"),
                "a number between 0.5 and 1",
                str(level),
            )
        )
    path = event_path(event_study)
    relative = method == "relative_magnitude"
    weights, label = _target(path, target)
    widened = _widened(path, level)
    values = _grid(path, widened, method, grid, level)
    table = pd.DataFrame(
        [_row(path, widened, weights, method, m, level) for m in values],
        columns=["m", "set_low", "set_high", "ci_low", "ci_high"],
    )
    value = float(weights @ path.beta[path.pre :])
    se = float(np.sqrt(weights @ path.vcov[path.pre :, path.pre :] @ weights))
    q = float(stats.t.ppf(0.5 + level / 2, path.dof))
    excluded = ((table["ci_low"] > 0) | (table["ci_high"] < 0)).to_numpy()
    held = int(excluded.argmin()) if not excluded.all() else excluded.size
    one_before = relative and path.pre == 1
    notes = [
        f"Reference period {path.reference:g}; {path.pre} periods before, {len(path.after)} after;"
        f" {path.dof:g} degrees of freedom.",
        *_anticipated(path),
        *path.notes,
    ]
    return HonestDiD(
        method=method,
        target=label,
        original=(value, value - q * se, value + q * se),
        table=table,
        breakdown=None if held == 0 else float(values[held - 1]),
        level=level,
        notes=(
            *notes,
            *_how(relative, one_before),
            *_reach_of_grid(path, relative, grid),
            *event_study.notes,
        ),
        one_before=one_before,
    )


def _how(relative: bool, one_before: bool) -> tuple[str, ...]:
    """How the intervals were made."""
    if not relative:
        return ("Rambachan and Roth (2023), fixed-length interval.",)
    if one_before:
        return (
            "One period before treatment: M multiplies the upper end of the interval of its break,"
            " as the break itself is luck. Rambachan and Roth (2023), fixed-length interval.",
        )
    return (
        "The sampling error of the largest break before treatment is in the interval; the set"
        " between set_low and set_high ignores it.",
        "Rambachan and Roth (2023), conditional test with a least-favourable first stage.",
    )


def _reach_of_grid(
    path: EventPath, relative: bool, grid: Sequence[float] | None
) -> tuple[str, ...]:
    """How far M goes where nobody said it and too little lies before to see it."""
    if relative or grid is not None or path.pre > FEW_BEFORE:
        return ()
    seen = "slope" if path.pre == 1 else "change of slope"
    return (
        f"M goes up to the upper end of the interval of the one {seen} before treatment, as its"
        " estimate is luck.",
    )


def _row(
    path: EventPath, widened: Float, weights: Float, method: str, m: float, level: float
) -> tuple[float, float, float, float, float]:
    if method == "relative_magnitude" and path.pre == 1:
        quantile = float(stats.norm.ppf(0.5 + level / 2))
        return (m, *from_one_break(path.beta, widened, weights, m, level, quantile, path.gaps))
    if method == "relative_magnitude":
        return (
            m,
            *identified_set(path.beta, path.pre, weights, m, path.gaps),
            *confidence_set(path.beta, widened, path.pre, weights, m, level, path.gaps),
        )
    return (
        m,
        *smoothness.identified_set(path.beta, path.pre, weights, m, path.gaps),
        *smoothness.confidence_set(path.beta, widened, path.pre, weights, m, level, path.gaps),
    )


def _widened(path: EventPath, level: float) -> Float:
    ratio = float(stats.t.ppf(0.5 + level / 2, path.dof) / stats.norm.ppf(0.5 + level / 2))
    return path.vcov * ratio**2


def _anticipated(path: EventPath) -> tuple[str, ...]:
    early = [moment for moment, effect in zip(path.after, path.effects, strict=True) if not effect]
    if not early:
        return ()
    return (
        f"Event time {', '.join(f'{moment:g}' for moment in early)} lies between the reference and treatment:"
        " deviations of trend add up over it, and the effect counts from 0.",
    )


def _target(path: EventPath, target: Target) -> tuple[Float, str]:
    effects = np.flatnonzero(path.effects)
    if isinstance(target, Mapping):
        unknown = sorted(set(target) - set(path.after))
        if unknown or not target:
            raise EstimateError(
                Problem(
                    "weights name no period after treatment",
                    of_argument("target"),
                    worded(
                        "event times among {after}",
                        {"after": [_plain(moment) for moment in path.after]},
                    ),
                    str(unknown),
                )
            )
        return np.array(
            [float(target.get(moment, 0.0)) for moment in path.after]
        ), "weighted effect at " + ", ".join(f"{moment:g} ({w:g})" for moment, w in target.items())
    first, last = path.after[effects[0]], path.after[effects[-1]]
    if target == "average":
        return (
            path.effects / effects.size,
            f"average effect over event times {first:g} to {last:g}",
        )
    if target == "first":
        return np.eye(len(path.after))[effects[0]], f"effect at event time {first:g}"
    raise EstimateError(
        Problem(
            "unknown target",
            of_argument("target"),
            "'average', 'first' or weights by event time",
            repr(target),
        )
    )


def _plain(number: float) -> float | int:
    """A whole number without its decimals."""
    return int(number) if number == int(number) else number


def _grid(
    path: EventPath, widened: Float, method: str, grid: Sequence[float] | None, level: float
) -> list[float]:
    if grid is not None:
        values = [float(m) for m in grid]
        if (
            not values
            or any(not np.isfinite(m) or m < 0 for m in values)
            or values != sorted(set(values))
        ):
            raise EstimateError(
                Problem(
                    "the grid does not fit",
                    of_argument("grid"),
                    "increasing values of 0 or more",
                    str(list(grid)),
                )
            )
        return values
    if method == "relative_magnitude":
        return [0.0, 0.5, 1.0, 1.5, 2.0]
    return [float(m) for m in np.linspace(0, _largest_bend(path, widened, level), 5)]


def _largest_bend(path: EventPath, widened: Float, level: float) -> float:
    """The largest change of slope before treatment; the upper end of the interval of the only one,
    or, with one period before, of the slope itself, which may have been none before.
    """
    slopes = breaks(path.gaps[: path.pre])
    seen = slopes if path.pre == 1 else np.diff(slopes, axis=0)
    size = np.abs(seen @ path.beta[: path.pre])
    if path.pre > FEW_BEFORE:
        return float(size.max())
    spread = float(np.sqrt((seen @ widened[: path.pre, : path.pre] @ seen.T)[0, 0]))
    return float(size[0]) + float(stats.norm.ppf(0.5 + level / 2)) * spread
