"""Time to a first event after an origin, from episodes: durations with their censoring, ready for
survival and cumulative incidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mismes_eval.errors import EstimateError, Problem, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.totals import ratio
from mismes_eval.numerics.rows import Float
from mismes_eval.public import public
from mismes_eval.tracer.dispositions import WHEREABOUTS
from mismes_eval.tracer.histories import last_month, origin_month
from mismes_eval.tracer.months import interview_months, month_number, state_text
from mismes_eval.weighting.domain import By
from mismes_eval.weighting.sample import Sample

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel


@public(EstimateError)
def first_event(
    panel: TracerPanel,
    causes: Mapping[str, Sequence[str]],
    origin: str = "enrol_date",
    waves: Sequence[object] | object | None = (),
    abroad: str | None = None,
) -> Sample:
    """The persons with the time from `origin` to their first spell in one of the causes' states.

    Parameters
    ----------
    causes : name -> states, e.g. {"job at home": EMPLOYED_HOME, "abroad": ABROAD}; several names
        compete.
    waves : weights of those who answered these waves; (): enrolment weights, losses are censored at
        the last interview in person.

    abroad : cause that a disposition abroad (by proxy, not reached, re-migrated) counts as, dated
        by its wave, where it comes after the last interview in person and no event was seen before;
        None: such persons are censored at that interview, which loses departures.

    Returns
    -------
    Sample with columns `duration` (months), `event` (1 or 0) and `cause` (name, missing where
    censored). Its domain leaves out persons who are in one of the states already in the month of
    the origin, and those without an interview after it; the notes count them.
    """
    if panel.episodes is None:
        raise EstimateError(Problem("the panel has no episodes", fix="Give `episode` to read()."))
    listed = [state for states in causes.values() for state in states]
    if not listed or len(set(listed)) < len(listed):
        raise EstimateError(
            Problem(
                "the causes overlap or are empty",
                of_argument("causes"),
                "each state under one name",
            )
        )
    sample = panel.sample if isinstance(waves, tuple) and not waves else panel.weight_sample(waves)
    start = origin_month(panel, origin)
    length = last_month(panel) - start
    first, cause, already = _first(panel, causes, start)
    event = first <= length
    gone = np.zeros(panel.n, bool)
    if abroad is not None:
        if abroad not in causes:
            raise EstimateError(
                Problem(
                    "the cause of dispositions abroad is not among the causes",
                    of_argument("abroad"),
                    worded("one of {causes}", {"causes": ", ".join(causes)}),
                    repr(abroad),
                )
            )
        away = _seen_abroad(panel, start + length) - start
        gone = ~event & np.isfinite(away)
        first, cause = (
            np.where(gone, away, first),
            np.where(gone, list(causes).index(abroad), cause),
        )
        event |= gone
    duration = np.where(event, first, length)
    usable = np.isfinite(duration) & (duration > 0) & ~already
    named = state_text(list(causes))[np.where(event & usable, cause, -1)]
    out = sample.with_columns(
        {
            "duration": np.where(usable, duration, 1.0),
            "event": np.where(event & usable, 1.0, 0.0),
            "cause": named,
        }
    )
    inside = sample.active
    left, early = int((inside & already).sum()), int((inside & ~already & ~usable).sum())
    notes = []
    if left:
        notes.append(
            f"{left:,} persons were in the state in the month of {origin} and are not at risk."
        )
    if early:
        notes.append(
            f"{early:,} persons have no interview after the month of {origin} and are left out."
        )
    dated = int((inside & gone & usable).sum())
    if dated:
        notes.append(
            f"{dated:,} departures are known from dispositions only and dated by the wave."
        )
    return out.where(usable).flagged(*notes)


def _seen_abroad(panel: TracerPanel, after: Float) -> Float:
    """(n,) calendar month of the first wave, after a month, at which a person is known to be
    abroad; inf where there is none.
    """
    when = interview_months(panel)
    abroad = (panel.whereabouts == WHEREABOUTS.index("abroad")) & (when > after[:, None])
    return np.asarray(np.where(abroad, when, np.inf).min(axis=1))


def _first(
    panel: TracerPanel, causes: Mapping[str, Sequence[str]], start: Float
) -> tuple[Float, np.ndarray, np.ndarray]:
    """(n,) months from the origin to the first spell in the states (inf: none), the cause's
    position (-1: none), and whether one covers the origin.
    """
    episodes = panel.episodes
    assert episodes is not None
    position = {state: cause for cause, states in enumerate(causes.values()) for state in states}
    kind = episodes["state"].astype(str).map(position).to_numpy(dtype=float, na_value=np.nan)
    person = panel.rows_of(episodes)
    begin = month_number(episodes["start_ym"]) - start[person]
    end = np.nan_to_num(month_number(episodes["end_ym"]) - start[person], nan=np.inf)
    target = ~np.isnan(kind)
    already = np.zeros(panel.n, bool)
    already[person[target & (begin <= 0) & (end >= 0)]] = True
    later = np.flatnonzero(target & (begin > 0))
    later = later[np.lexsort((begin[later], person[later]))]
    _, which = np.unique(person[later], return_index=True)
    chosen = later[which]
    first, cause = np.full(panel.n, np.inf), np.full(panel.n, -1)
    first[person[chosen]] = begin[chosen]
    cause[person[chosen]] = kind[chosen].astype(int)
    return first, cause, already


@public(EstimateError, classes=True)
def hazard(sample: Sample, of: str | None = None, by: By = None) -> Estimate:
    """Events a person-month at risk, from a sample made by `first_event`: weighted events over
    weighted months. of: one cause; None: any.
    """
    event = sample.frame["event"].to_numpy(float)
    if of is not None:
        event = event * (sample.frame["cause"].to_numpy() == of)
    out = ratio(
        sample.with_columns(
            {"events": event, "months at risk": sample.frame["duration"].to_numpy(float)}
        ),
        "events",
        "months at risk",
        by,
    )
    return out.annotated(kind="hazard", unit="events a person-month")
