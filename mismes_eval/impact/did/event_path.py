"""The coefficients of an event study around one common reference period, in the order of periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem, named, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.numerics.rows import Bool, Float, Int


@dataclass(frozen=True)
class EventPath:
    """beta (pre + post,), vcov of it, event times before and after the reference in their order,
    degrees of freedom.

    notes : what the unit of one step is, where it is not one unit of event time.
    """

    beta: Float
    vcov: Float
    before: tuple[float, ...]
    after: tuple[float, ...]
    reference: float
    dof: float
    notes: tuple[str, ...] = ()

    @property
    def pre(self) -> int:
        return len(self.before)

    @property
    def steps(self) -> tuple[Float, Float]:
        """From the reference to each coefficient, before (below 0) and after: in periods where they
        are evenly far apart, else in units of event time.
        """
        before, after = (
            np.array(self.before) - self.reference,
            np.array(self.after) - self.reference,
        )
        gaps = np.diff(np.concatenate([before, [0.0], after]))
        unit = gaps[0] if np.allclose(gaps, gaps[0]) else 1.0
        return before / unit, after / unit

    @property
    def gaps(self) -> Float:
        """(pre + post,) length of each step, from the first coefficient to the last."""
        before, after = self.steps
        return np.diff(np.concatenate([before, [0.0], after]))

    @property
    def effects(self) -> Bool:
        """(post,) coefficients from the start of treatment on. Those between the reference and 0
        belong to the anticipation: they carry deviations of trend on, and are no effect.
        """
        from_start = np.array(self.after) >= 0
        return from_start if from_start.any() else np.ones(len(self.after), bool)


def event_path(estimate: Estimate) -> EventPath:
    """Coefficients before and after the reference period of an event study. Raises
    IdentificationError where it is not one with a common reference.
    """
    study, words = _by_order(_event_study(estimate))
    time = _times(study)
    order = np.argsort(time)
    reference = _reference(study, time[order], order)
    index = order[time[order] != reference]
    variance = np.diag(study.vcov)[index]
    event_time = time[index]
    _refuse_one_side(event_time, reference)
    _refuse_still(event_time, variance, study.degf[index])
    return EventPath(
        beta=study.value[index],
        vcov=study.vcov[np.ix_(index, index)],
        before=tuple(float(x) for x in event_time if x < reference),
        after=tuple(float(x) for x in event_time if x > reference),
        reference=reference,
        dof=float(study.degf[index].min()),
        notes=(*words, *_unit_of_step(np.union1d(event_time, reference))),
    )


def _event_study(estimate: object) -> Estimate:
    if not isinstance(estimate, Estimate) or "event_time" not in estimate.keys.columns:
        have = (
            worded("keys {columns}", {"columns": ", ".join(map(str, estimate.keys.columns))})
            if isinstance(estimate, Estimate)
            else type(estimate).__name__
        )
        raise IdentificationError(
            Problem(
                what="not an event study",
                where=of_argument("event_study"),
                expected="an Estimate with the keys column 'event_time'",
                got=have,
                fix="Aggregate with aggregate('event').",
            )
        )
    if estimate.extra.get("base") == "varying":
        raise IdentificationError(
            Problem(
                what="the coefficients have no common reference period",
                where=of_argument("event_study"),
                expected="a universal base",
                got=worded("a varying base"),
                fix="Estimate with base='universal'.",
            )
        )
    return estimate


def _by_order(estimate: Estimate) -> tuple[Estimate, tuple[str, ...]]:
    """The study with event time counted in periods, where cohorts have their last period before
    treatment at different distances.
    """
    kept = estimate.extra.get("in_order")
    if not isinstance(kept, tuple) or kept[0] != estimate.p:  # none, or rows were chosen since
        return estimate, ()
    counted: Estimate = kept[1]
    return counted, (
        "Cohorts have their last period before treatment at different distances: event time is"
        " counted in periods, 0 the first treated one.",
    )


def _times(study: Estimate) -> Float:
    time = pd.to_numeric(study.keys["event_time"], errors="coerce").to_numpy(float)
    if not np.isfinite(time).all() or np.unique(time).size < time.size:
        raise IdentificationError(
            Problem(
                "event times are not numbers, each once",
                worded("keys column 'event_time'"),
                "distinct numbers",
                named(study.keys["event_time"]),
            )
        )
    return time


def _reference(study: Estimate, time: Float, order: Int) -> float:
    """The period all coefficients are differences from: stated by the estimator, else the row
    without value and error, else the one period that is missing.
    """
    stated = study.extra.get("references")
    if isinstance(stated, Sequence) and len(stated) == 1 and not isinstance(stated, str):
        return float(stated[0])
    zero = (study.value == 0) & ~(np.diag(study.vcov) > 0)
    still = time[zero[order]]
    before = still[still < 0]
    if still.size == 1 or before.size:
        return float(before[-1] if before.size else still[0])
    missing = _missing(time)
    if len(missing) == 1:
        return missing[0]
    raise IdentificationError(
        Problem(
            what="an event study needs one reference period",
            where=worded("keys column 'event_time'"),
            expected="one period whose coefficient is 0 without error, or left out",
            got=_periods(time, missing),
            fix="Use a universal base, or add the reference as a row of value 0.",
        )
    )


def _periods(time: Float, missing: Sequence[float]) -> str:
    """The event times that there are, and those that fail among them."""
    there = ", ".join(f"{e:g}" for e in time)
    absent = ", ".join(f"{m:g}" for m in missing)
    values = {"there": there, "absent": absent}
    return worded("{there}; missing {absent}", values) if missing else there


def _missing(time: Float) -> list[float]:
    """Periods left out between the first and the last, where event times are even otherwise."""
    gap = np.diff(time)
    if gap.size < 1 or not np.allclose(gap / gap.min(), np.round(gap / gap.min()), atol=1e-6):
        return []
    steps = np.round((time - time[0]) / gap.min()).astype(int)
    absent = np.setdiff1d(np.arange(steps[-1] + 1), steps)
    return [float(time[0] + place * gap.min()) for place in absent]


def _refuse_one_side(time: Float, reference: float) -> None:
    if (time < reference).any() and (time > reference).any():
        return
    raise IdentificationError(
        Problem(
            what="an event study needs periods on both sides of its reference",
            where=worded("keys column 'event_time'"),
            expected=worded("periods before and after {reference:g}", {"reference": reference}),
            got=", ".join(f"{moment:g}" for moment in time) or worded("none"),
            fix="Estimate with more periods before treatment.",
        )
    )


def _refuse_still(time: Float, variance: Float, dof: Float) -> None:
    still = time[~(variance > 0) | ~np.isfinite(variance)]
    if still.size:
        raise IdentificationError(
            Problem(
                what="coefficients of the event study have no variance",
                where=worded(
                    "event time {still}", {"still": ", ".join(f"{moment:g}" for moment in still)}
                ),
                expected="an outcome that varies in every period before and after treatment",
                got=worded("one value for everybody, or no variance at all"),
                fix="Where nobody can have the outcome before treatment, no trend before it can be"
                " judged: choose an outcome that varies there.",
            )
        )
    if time.size and not dof.min() > 0:
        raise IdentificationError(
            Problem(
                "the event study has no degrees of freedom",
                of_argument("event_study"),
                "more PSUs than strata",
                worded("{dof:g}", {"dof": dof.min()}),
            )
        )


def _unit_of_step(time: Float) -> tuple[str, ...]:
    gap = np.diff(time)
    if gap.size == 0 or np.allclose(gap, 1.0):
        return ()
    if np.allclose(gap, gap[0]):
        return (f"One step is one period, {gap[0]:g} units of event time.",)
    listed = ", ".join(f"{moment:g}" for moment in time)
    return (
        f"Event times are not evenly spaced ({listed}): a step counts by its length, and M and"
        " slopes are per unit of event time.",
    )
