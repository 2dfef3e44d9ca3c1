"""Breaks of a series: a treatment that starts at one, or two periods on either side of one, stops
the run unless the break is acknowledged, and then it is printed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mismes_eval.errors import IdentificationError, Problem, of_argument, worded
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import Timeline, stated_order

BRIDGE = "Bridge the series, or pass acknowledge_breaks=True and say so in the text."


def starts_at_breaks(
    periods: Float, cohorts: Sequence[float], breaks: Sequence[float], anticipation: float = 0.0
) -> list[Problem]:
    """One problem a cohort and break between its last period before treatment and its first treated
    one. Cohorts without a period on either side have none.
    """
    problems = []
    for cohort in cohorts:
        before, after = periods[periods + anticipation < cohort], periods[periods >= cohort]
        if not before.size or not after.size:
            continue
        problems += [
            Problem(
                what="treatment starts at a break of the series",
                where=worded(
                    "cohort {cohort:g}, break at {break:g}", {"cohort": cohort, "break": break_}
                ),
                expected=worded(
                    "no break after {before:g} and up to {after:g}",
                    {"before": before[-1], "after": after[0]},
                ),
                got=worded("{break:g}", {"break": break_}),
                fix=BRIDGE,
            )
            for break_ in breaks
            if before[-1] < break_ <= after[0]
        ]
    return problems


def placed(time: Timeline, breaks: Sequence[float]) -> Float:
    """(T,) the periods among which breaks lie. Raise IdentificationError for breaks of periods that
    are no numbers: they would be taken for positions.
    """
    if breaks and not time.numeric:
        raise IdentificationError(
            Problem(
                what="breaks of the series cannot be placed",
                where=of_argument("series_breaks"),
                expected="periods that are numbers",
                got=worded("periods such as {labels}", {"labels": time.labels[0]}),
                fix="Number the periods.",
            )
        )
    return time.at


def refuse_starts(
    periods: Float, cohorts: Float, breaks: Sequence[float], acknowledged: bool
) -> tuple[str, ...]:
    """Notes on the breaks that were acknowledged. Raises IdentificationError listing every cohort
    that starts at a break which was not.
    """
    problems = starts_at_breaks(
        periods, [float(start) for start in np.unique(cohorts[np.isfinite(cohorts)])], breaks
    )
    if problems and not acknowledged:
        raise IdentificationError(problems)
    return _said(problems)


def refuse_between(
    data: object,
    time: object,
    breaks: Sequence[float],
    acknowledged: bool,
) -> tuple[str, ...]:
    """A break between two periods, likewise; breaks that cannot be placed are refused too.

    data : a Sample whose column `time` has the two periods, or anything with time=(before, after).
    """
    if not breaks:
        return ()
    stated = stated_order(time)[1]
    ends = list(time) if isinstance(time, tuple) else list(stated or ())
    if isinstance(data, Sample) and isinstance(time, str) and time in data.frame.columns:
        ends = data.frame.loc[data.active, time].dropna().unique().tolist()
    numeric = [float(end) for end in ends if isinstance(end, int | float | np.number)]
    if len(numeric) < 2:
        if acknowledged:
            return ("Breaks of the series were acknowledged and not placed.",)
        raise IdentificationError(
            Problem(
                what="breaks of the series cannot be placed",
                where=of_argument("series_breaks"),
                expected="two periods that are numbers",
                got=repr(time),
                fix="Leave it out for outcomes named by column.",
            )
        )
    low = min(numeric)
    high = max(numeric)
    problems = [
        Problem(
            what="a break of the series lies between the two periods",
            where=worded("break at {break:g}", {"break": break_}),
            expected=worded("none after {low:g} and up to {high:g}", {"low": low, "high": high}),
            got=worded("{break:g}", {"break": break_}),
            fix=BRIDGE,
        )
        for break_ in breaks
        if low < break_ <= high
    ]
    if problems and not acknowledged:
        raise IdentificationError(problems)
    return _said(problems)


def _said(problems: Sequence[Problem]) -> tuple[str, ...]:
    return tuple(acknowledged_break(p) for p in problems)


def acknowledged_break(problem: Problem) -> Message:
    """The note of a break that the caller has acknowledged."""
    where = {"where": problem.where}
    return worded("Acknowledged break of the series: {where}.", where).of_kind("note")
