"""Effects that should not be there: outcomes that the measure cannot move, dates before it, groups
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, in_column, of_argument, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.hypothesis import Test, wald
from mismes_eval.impact.did.heterogeneity import joint
from mismes_eval.impact.inference.randomisation import D, sample_of
from mismes_eval.impact.sensitivity.robustness import Specification, SpecificationCurve, attempt
from mismes_eval.public import public
from mismes_eval.weighting.columns import Category, Kind, YesNo, read
from mismes_eval.weighting.domain import zero_outside


@dataclass(frozen=True)
class Placebo:
    """curve: one run a placebo; joint: Wald test that all are 0, where they stand on one design;
    rank_p: share of placebos at least as large as the actual, or None.
    """

    curve: SpecificationCurve
    joint: Test | NotEstimable
    rank_p: float | None = None

    def to_frame(self) -> pd.DataFrame:
        """One row a placebo: specification, value, se, ci_low, ci_high, p, n, degf, reason."""
        return self.curve.to_frame()

    def plot(self, ax: Any = None) -> Any:
        """The placebo effects with their intervals. Returns the axes."""
        return self.curve.plot(ax)

    def _repr_html_(self) -> str:
        rank = (
            ""
            if self.rank_p is None
            else (
                "<p>Share of effects at least as large as the actual one, itself counted:"
                f" {self.rank_p:.3g}.</p>"
            )
        )
        return f"{self.curve._repr_html_()}<p>All placebos 0: {self.joint}</p>{rank}"


@public(EstimateError)
def placebo_outcomes(
    function: Callable[[D, str], Estimate], data: D, outcomes: Sequence[str]
) -> Placebo:
    """The effect on outcomes that the measure cannot have moved (schooling at enrolment, say).

    Parameters
    ----------
    function : function(data, outcome) gives an Estimate of one value, as the main analysis does.
    data : a Sample or a panel.
    outcomes : names of columns.

    Returns
    -------
    Placebo: one run an outcome, and the Wald test that all are 0. An outcome whose estimate raises
    one of this package's errors stays in it with the reason.

    Raises
    ------
    EstimateError : no outcome.
    """
    if not outcomes:
        raise EstimateError(
            Problem(
                "no placebo outcome", of_argument("outcomes"), "one or more columns", worded("none")
            )
        )
    runs = [
        Specification(
            outcome,
            {"outcome": outcome},
            attempt(data, lambda d, name=outcome: function(d, name), {}),
        )
        for outcome in outcomes
    ]
    return _placebo(
        runs, None, ("Outcomes that the measure cannot have moved.", *sample_of(data).notes)
    )


@public(EstimateError)
def placebo_dates(
    function: Callable[[D, object], Estimate], data: D, dates: Sequence[object]
) -> Placebo:
    """The effect of a treatment that is dated before it began.

    Parameters
    ----------
    function : function(data, date) gives an Estimate of one value, and must use only what came
        before the true date.
    data : a Sample or a panel.
    dates : pretended dates of the treatment.

    Returns
    -------
    Placebo: one run a date, and the Wald test that all are 0. A date whose estimate raises one of
    this package's errors stays in it with the reason.

    Raises
    ------
    EstimateError : no date.
    """
    if not dates:
        raise EstimateError(
            Problem("no placebo date", of_argument("dates"), "one or more", worded("none"))
        )
    runs = [
        Specification(
            str(date), {"date": str(date)}, attempt(data, lambda d, at=date: function(d, at), {})
        )
        for date in dates
    ]
    return _placebo(runs, None, ("Treatment dated before it began.", *sample_of(data).notes))


@public(EstimateError)
def placebo_groups(function: Callable[[D], Estimate], data: D, treated: str, group: str) -> Placebo:
    """The effect of the measure where there was none: each group (region, say) of the comparison
    rows in turn plays the treated.

    Parameters
    ----------
    function : of data like `data`, gives one value; it reads the column `treated`.
    treated : boolean or 0/1.
    group : column; groups that have comparison rows.

    Returns
    -------
    Placebo with the actual effect first ("actual") and rank_p: how many of all these effects are at
    least as large.
    """
    sample = sample_of(data)
    wanted: dict[str, Kind] = {"d": YesNo(treated), "group": Category(group, missing=True)}
    (d,) = zero_outside(sample, read(sample, EstimateError, **wanted).d)
    compared = sample.active & (d == 0)
    levels = sorted(sample.frame.loc[compared, group].dropna().unique().tolist(), key=str)
    if len(levels) < 2:
        raise EstimateError(
            Problem(
                "too few groups without the measure",
                in_column(group),
                "two or more",
                str(levels),
            )
        )
    kind = sample.frame[treated].dtype
    plain = isinstance(kind, np.dtype) and kind.kind in "biuf"
    actual = attempt(data, function, {})
    runs = []
    for level in levels:
        here = (sample.frame[group] == level).to_numpy(bool, na_value=False)
        fake = pd.Series(here, index=sample.frame.index).astype(kind if plain else float)
        runs.append(
            Specification(
                str(level),
                {group: str(level)},
                attempt(data.with_columns({treated: fake}).where(d == 0), function, {}),
            )
        )
    sizes = [abs(float(run.result.value[0])) for run in runs if isinstance(run.result, Estimate)]
    rank = None
    if isinstance(actual, Estimate) and sizes:
        rank = (1 + sum(size >= abs(float(actual.value[0])) for size in sizes)) / (1 + len(sizes))
    placebo = _placebo(
        runs,
        rank,
        (f"Groups of '{group}' without the measure play the treated, in turn.", *sample.notes),
    )
    curve = placebo.curve
    return Placebo(
        SpecificationCurve(
            (Specification("actual", {group: "actual"}, actual), *curve.runs), "actual", curve.notes
        ),
        placebo.joint,
        rank,
    )


def _placebo(runs: list[Specification], rank: float | None, notes: tuple[str, ...]) -> Placebo:
    done = [run.result for run in runs if isinstance(run.result, Estimate)]
    return Placebo(SpecificationCurve(tuple(runs), None, notes), _all_zero(done), rank)


def _all_zero(done: Sequence[Estimate]) -> Test | NotEstimable:
    if not done:
        return NotEstimable("no placebo could be estimated")
    try:
        together = joint(done)
    except EstimateError as error:
        return NotEstimable(error.reason)
    return wald(together, np.eye(together.p))
