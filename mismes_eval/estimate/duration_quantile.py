"""The time by which a share has had the event, with Woodruff's interval on the survival curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import EmptyDomain, EstimateError, Problem, of_argument
from mismes_eval.estimate.estimate import Estimate, NotEstimable, finite
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.survival import MANY, survival
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float
from mismes_eval.public import public
from mismes_eval.weighting.columns import Number, YesNo, read
from mismes_eval.weighting.domain import By, grouped
from mismes_eval.weighting.sample import Sample


@public(EstimateError)
def duration_quantile(
    sample: Sample,
    duration: str,
    event: str,
    prob: float = 0.5,
    by: By = None,
    entry: str | None = None,
) -> dict[str, Estimate | NotEstimable]:
    """The time by which a share `prob` has had the event (prob=0.5: the median duration), for each
    combination of the by-columns ("" without them).

    Returns
    -------
    {label: Estimate (one value, in the unit of the duration), or NotEstimable where fewer had it by
    the last time}; {"": NotEstimable} over an empty domain. The standard error is that of the curve
    at the quantile over its local slope (over the times between survival + and - 2 SE of it). `ci`
    gives the times at which the curve passes t standard errors above and below the quantile's share
    (Woodruff), without an upper end where it never does; `extra` has those of 2 standard errors.

    References
    ----------
    Brookmeyer and Crowley (1982), Biometrics 38, 29-41; Woodruff (1952), JASA 47, 635-646.
    """
    if not (finite(prob) and 0 < prob < 1):
        raise EstimateError(
            Problem(
                "the share is not a probability",
                of_argument("prob"),
                "a number between 0 and 1",
                repr(prob),
            )
        )
    entered = {} if entry is None else {"start": Number(entry)}
    try:
        where, _ = grouped(sample, by, length=Number(duration), event=YesNo(event), **entered)
    except EmptyDomain as error:
        return {"": NotEstimable(error.reason)}
    return {
        label: _quantile(sample.where(where.code == place), duration, event, prob, entry)
        for place, label in enumerate(where.labels)
    }


def _quantile(
    sample: Sample, duration: str, event: str, prob: float, entry: str | None
) -> Estimate | NotEstimable:
    if sample.design.replicates is not None:
        return NotEstimable(
            "the quantile of a duration has no replicate standard error; use the linearised design"
        )
    times = _event_times(sample, duration, event)
    if not times.size:
        return NotEstimable("nobody had the event")
    curve = (
        survival(sample, duration, event, times=list(times), entry=entry)
        if times.size <= MANY
        else _many(sample, duration, event, times, entry)
    )
    below = np.flatnonzero(curve.value <= 1 - prob + 1e-12)
    if not below.size:
        return NotEstimable(
            Message(
                "only {share}% had the event by the last time ({time}); {needed}% are needed",
                {
                    "share": f"{100 * (1 - curve.value[-1]):.1f}",
                    "time": f"{times[-1]:g}",
                    "needed": f"{100 * prob:g}",
                },
            )
        )
    j = int(below[0])
    at = float(times[j])
    error = float(curve.se[j])

    def limits(level: float, df: Float) -> tuple[Float, Float]:
        ends = _times_about(
            times,
            curve.value,
            1 - prob,
            error * float(stats.t.ppf(0.5 + level / 2, df[0])) if df[0] > 0 else np.nan,
        )
        return np.array(ends[:1]), np.array(ends[1:])

    half = 2.0 * max(error, 1e-12)
    early, late = _times_about(times, curve.value, 1 - prob, half)
    fallen = 1 - prob + half - (1 - prob - half if np.isfinite(late) else float(curve.value[-1]))
    last = late if np.isfinite(late) else float(times[-1])
    slope = fallen / (last - early) if last > early else np.inf
    z = (
        curve.parts[0].linear(np.eye(curve.p)[[j]] / slope)
        if np.isfinite(slope)
        else curve.parts[0].linear(np.zeros((1, curve.p)))
    )
    keys = pd.DataFrame({"variable": [duration], "prob": [prob]})
    notes = [
        "Standard error: of the curve at the quantile over its local slope; interval: the times at"
        " which the curve lies its error above and below."
    ]
    if not np.isfinite(late):
        notes.append(
            "The curve never falls two of its errors below the quantile: the upper end is open."
        )
    if not np.isfinite(slope):
        notes.append(
            "The curve passes the quantile, and what is seen of two of its errors about it, at one"
            " time: the error is smaller than the step of time, or unknown, and stands as 0."
        )
    return Estimate(
        value=np.array([at]),
        names=(f"{duration} by which {100 * prob:g}% had the event",),
        parts=(Part(z.design, z.influence, averages=z.averages),),
        keys=keys,
        n=curve.n[:1],
        dof=curve.dof[:1],
        kind="quantile",
        notes=(*notes, *sample.notes),
        limits=limits,
        extra={"low": early, "high": late},
    )


def _times_about(times: Float, curve: Float, share: float, half: float) -> tuple[float, float]:
    """The first times at which the curve is down to share + half and to share - half; infinite
    where it never is.
    """
    ends = []
    for level in (share + half, share - half):
        below = np.flatnonzero(curve <= level)
        ends.append(float(times[below[0]]) if below.size else np.inf)
    return (ends[0], ends[1]) if np.isfinite(half) else (np.nan, np.nan)


def _many(sample: Sample, duration: str, event: str, times: Float, entry: str | None) -> Estimate:
    chosen = np.unique(times[np.linspace(0, times.size - 1, MANY).astype(int)])
    return survival(sample, duration, event, times=list(chosen), entry=entry)


def _event_times(sample: Sample, duration: str, event: str) -> Float:
    data = read(sample, EstimateError, length=Number(duration), event=YesNo(event))
    return np.unique(data.length[sample.active & (data.event == 1)])
