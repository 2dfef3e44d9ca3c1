"""How soon, in months: time spent without the event within a horizon, and time lost to one of
several events.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.survival import cumulative_incidence, survival
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float
from mismes_eval.public import Finite, public
from mismes_eval.weighting.columns import Category, Number, YesNo, read
from mismes_eval.weighting.domain import By
from mismes_eval.weighting.sample import Sample


@public(EstimateError, answers=True)
def rmst(
    sample: Sample,
    duration: str,
    event: str,
    tau: Finite,
    by: By = None,
    of: object = None,
    entry: str | None = None,
) -> Estimate:
    """Restricted mean time: mean time without the event during the first `tau`, by group.

    Parameters
    ----------
    duration : time to the event or to the end of observation, above 0.
    event : 1 where the event was seen, 0 where the row is censored; with `of`, the event that ended
        the spell, missing where censored.
    tau : horizon, in units of the duration, not beyond the last time observed in any group.
    by : columns; one value a combination. The contrast of two is the difference of their means:
        months gained. Make groups alike first (`balance_weights`), the step's error is inside.
    of : one of several events: the value is then the mean time *lost* to it within tau.
    entry : time at which a row came under observation, where that was after the start; rows count
        among those at risk from then on. None: from the start.

    Returns
    -------
    Estimate, in units of the duration; keys: by-columns.

    Raises
    ------
    EstimateError : as `survival`; a horizon that is not above 0 or beyond what was observed.

    References
    ----------
    Royston and Parmar (2013), BMC Medical Research Methodology 13, 152; Andersen (2013), Statistics
    in Medicine 32, 5278-5285 (time lost to a cause).
    """
    times = _times(sample, duration, event, tau, of)
    if of is None:
        curve = survival(sample, duration, event, by, times.tolist(), entry)
    else:
        curve = cumulative_incidence(sample, duration, event, of, by, times.tolist(), entry)
    groups = _groups(curve)
    width = np.diff(np.append(times, tau))
    jacobian = np.zeros((len(groups), curve.p))
    for place, rows in enumerate(groups):
        jacobian[place, rows] = width
    if np.isnan(curve.value).any():
        raise EstimateError(
            Problem(
                what="the horizon lies beyond what was observed in a group",
                where=of_argument("tau"),
                expected="a time that every group was observed for",
                got=worded("{tau:g}", {"tau": tau}),
                fix="Take a shorter horizon.",
            )
        )
    start = float(times[0]) if of is None else 0.0

    def area(value: Float) -> Float:
        return start + jacobian @ value

    keys = curve.keys.drop(columns=["time", "at_risk"], errors="ignore")
    own = keys.iloc[[rows[0] for rows in groups]].reset_index(drop=True)
    names = tuple(_name(row) for row in own.to_dict("records"))
    found = curve.through(area, jacobian, names)
    words = "mean time without the event within {t}"
    if of is not None:
        words = "mean time lost to {event} within {t}"
    return _keyed(found, own, Message(words, {"t": f"{tau:g}", "event": f"{of}"}, "definition"))


def _keyed(found: Estimate, keys: pd.DataFrame, definition: Message) -> Estimate:
    named = found.annotated(kind="mean", definition=definition)
    return replace(named, keys=keys) if len(keys.columns) else named


def _name(row: Mapping[Hashable, object]) -> str:
    own = {key: value for key, value in row.items() if key != "variable"}
    return ", ".join(f"{key}={value}" for key, value in own.items()) or "restricted mean"


def _times(sample: Sample, duration: str, event: str, tau: float, of: object) -> Float:
    """Distinct times of events up to the horizon, from the rows that count."""
    if not tau > 0:
        raise EstimateError(
            Problem(
                "no horizon", of_argument("tau"), "a time above 0", worded("{tau:g}", {"tau": tau})
            )
        )
    kind = YesNo(event) if of is None else Category(event, missing=True)
    data = read(sample, t=Number(duration), e=kind)
    happened = data.e == 1.0 if of is None else data.e.code >= 0
    rows = sample.active & happened & (data.t <= tau)
    times: Float = np.unique(data.t[rows])
    return np.union1d(times, [tau])


def _groups(curve: Estimate) -> list[list[int]]:
    """Positions of each group's values, in time order."""
    columns = [column for column in curve.keys.columns if column not in ("time", "at_risk")]
    if not columns:
        return [list(range(curve.p))]
    code = curve.keys.groupby(columns, sort=False, dropna=False).ngroup().to_numpy()
    return [np.flatnonzero(code == place).tolist() for place in dict.fromkeys(code.tolist())]
