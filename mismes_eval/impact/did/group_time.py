"""Group-time average effects for staggered starts: panels, tracer panels and repeated
cross-sections, with the survey's design in every standard error.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    of_argument,
    unknown,
)
from mismes_eval.impact.did.group_time_cells import (
    Impossible,
    fit_cells,
    without_lost,
)
from mismes_eval.impact.did.group_time_result import GroupTime, result
from mismes_eval.impact.did.layout import Layout, Unbalanced, layout_of
from mismes_eval.impact.did.panel_pairs import enrolled, fit_pairs
from mismes_eval.impact.did.periods import Base, Control, Plan, plan
from mismes_eval.impact.did.two_by_two import PROPENSITY
from mismes_eval.numerics.did import METHODS, Method
from mismes_eval.public import public
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.domain import no_negative_weights
from mismes_eval.weighting.panel import PanelLike, refuse_other
from mismes_eval.weighting.panel_reading import own_key
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import TimeColumn


@public(EstimateError)
def att_gt(
    data: Sample | PanelLike,
    outcome: str,
    cohort: str,
    time: TimeColumn = None,
    unit: str | None = None,
    covariates: Sequence[str] = (),
    control: Control = "never",
    base: Base = "varying",
    anticipation: float = 0,
    method: Method = "dr",
    unbalanced: Unbalanced = "balanced",
    series_breaks: Sequence[float] = (),
    acknowledge_breaks: bool = False,
    impossible: Impossible = "refuse",
) -> GroupTime:
    """Group-time average effects on the treated under staggered starts (R did: att_gt).

    Parameters
    ----------
    data : a tracer panel (time and unit are its own, and may be named), or a long Sample with
        `time` and `unit` (panel) or `time` and unit=None (repeated cross-sections).
    time : a column of numbers, dates, Periods, ordered categories, or text that reads as one kind
        of period ("2019Q4"); {column: (first, ..., last)} states the order of any other text. What
        is no number is counted in its order, and results show the labels.
    cohort : first treated period of the unit, written as time is; 0 (where periods are numbers),
        missing or infinite: never. One that is no period counts from the next, and is named.
    covariates : columns known before treatment; one that changes over time has its value of the
        unit's first period, in a long sample as in a panel, and is named.
    method : as in `att_2x2`.
    control : "never" or "not_yet" treated.
    base : "varying" (before treatment: change from the period before) or "universal" (always from
        the last period before treatment).
    anticipation : periods before treatment in which units may react; the base lies before them.
    unbalanced : "balanced" keeps units seen in all periods, "pairs" those seen in both periods of a
        comparison (tracer panels: weighted for the loss up to those two waves), "refuse" stops.
        Said in the notes.
    series_breaks : first periods of new series: a cohort that starts on one stops the run unless
        acknowledge_breaks.
    impossible : what happens to cells that have no rows or cannot be fitted (separation, collinear
        covariates): "refuse" names cohort, periods and covariate and stops, "leave_out" leaves them
        out and says so. A cohort with a category that nobody it is compared with has is left out
        and said in any case; rows of a category that no treated row has get no weight.

    Returns
    -------
    GroupTime. Standard errors are the design's; weights of a unit are those of its first period.

    Raises
    ------
    IdentificationError : every reason at once: no never-treated, no cohort inside the window,
        duplicate unit-periods, columns that change, breaks, separation.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225, 200-230.
    """
    covariates = listed_names(covariates)
    refuse_other(data)
    if not isinstance(data, Sample):
        own_key(data, unit, time)
    check_call(method, covariates, unbalanced, impossible)
    pairs = data if not isinstance(data, Sample) and unbalanced == "pairs" else None
    layout = (
        layout_of(data, outcome, cohort, time, unit, covariates, unbalanced)
        if pairs is None
        else enrolled(pairs, cohort, covariates)
    )
    if covariates and method in PROPENSITY:
        no_negative_weights(layout.sample, f"method '{method}'")
    chosen = planned(layout, control, base, anticipation, series_breaks, acknowledge_breaks)
    fitted = (
        fit_cells(layout, layout.weights, chosen, method)
        if pairs is None
        else fit_pairs(pairs, outcome, layout, chosen, method)
    )
    chosen, fitted = without_lost(chosen, fitted, impossible)
    return result(layout, chosen, fitted, outcome, covariates, control, base, anticipation, method)


def planned(
    layout: Layout,
    control: Control,
    base: Base,
    anticipation: float = 0,
    series_breaks: Sequence[float] = (),
    acknowledge_breaks: bool = False,
) -> Plan:
    """The cells of a layout. Units whose cohort is NaN take no part."""
    return plan(
        layout.time,
        np.unique(layout.cohort[~np.isnan(layout.cohort)]),
        control,
        base,
        anticipation,
        series_breaks,
        acknowledge_breaks,
        layout.absent,
    )


def check_call(
    method: str, covariates: Sequence[str], unbalanced: str, impossible: str = "refuse"
) -> None:
    """Refuse what no call of group-time effects can mean."""
    problems = []
    problems += unknown(
        "unknown treatment of cells that cannot be fitted",
        "impossible",
        impossible,
        ("refuse", "leave_out"),
    )
    problems += unknown(
        "unknown treatment of unbalanced panels",
        "unbalanced",
        unbalanced,
        ("refuse", "balanced", "pairs"),
    )
    problems += unknown("unknown method", "method", method, METHODS)
    if method == "none" and covariates:
        problems.append(
            Problem(
                "method 'none' takes no covariates",
                of_argument("covariates"),
                "()",
                ", ".join(covariates),
            )
        )
    IdentificationError.refuse(problems)
