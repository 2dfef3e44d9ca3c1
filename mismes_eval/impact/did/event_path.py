"""The coefficients of an event study around one common reference period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.numerics.rows import Float


@dataclass(frozen=True)
class EventPath:
    """beta (pre + post,), vcov of it, event times before and after the reference, degrees of
    freedom.
    """

    beta: Float
    vcov: Float
    before: tuple[int, ...]
    after: tuple[int, ...]
    reference: int
    dof: float

    @property
    def pre(self) -> int:
        return len(self.before)


def event_path(estimate: Estimate) -> EventPath:
    """Coefficients before and after the reference period of an event study. Raises
    IdentificationError where it is not one with a common reference.
    """
    if not isinstance(estimate, Estimate) or "event_time" not in estimate.keys.columns:
        have = (
            f"keys {', '.join(map(str, estimate.keys.columns))}"
            if isinstance(estimate, Estimate)
            else type(estimate).__name__
        )
        raise IdentificationError(
            Problem(
                "not an event study",
                "argument 'event_study'",
                "an Estimate with the keys column 'event_time'",
                have,
                "Aggregate with aggregate('event').",
            )
        )
    time = pd.to_numeric(estimate.keys["event_time"], errors="coerce").to_numpy(float)
    vcov = estimate.vcov
    zero = (estimate.value == 0) & ~(np.diag(vcov) > 0)
    if estimate.extra.get("base") == "varying":
        raise IdentificationError(
            Problem(
                "the coefficients have no common reference period",
                "argument 'event_study'",
                "a universal base",
                "a varying base",
                "Estimate with base='universal'.",
            )
        )
    real = ~zero
    if (
        not np.isfinite(time).all()
        or (time != np.round(time)).any()
        or np.unique(time).size < time.size
    ):
        raise IdentificationError(
            Problem(
                "event times are not whole and distinct",
                "keys column 'event_time'",
                "whole numbers, each once",
                str(list(estimate.keys["event_time"])[:10]),
            )
        )
    order = np.argsort(time[real])
    index = np.flatnonzero(real)[order]
    e = time[index].astype(int)
    missing = sorted(set(range(int(e.min()), int(e.max()) + 1)) - set(e.tolist())) if e.size else []
    if len(missing) != 1:
        raise IdentificationError(
            Problem(
                "an event study needs one reference period",
                "keys column 'event_time'",
                "whole numbers without gaps but the reference",
                f"{e.tolist()}" + (f", missing {missing}" if missing else ", none missing"),
                "Use a universal base, or choose consecutive event times.",
            )
        )
    v = vcov[np.ix_(index, index)]
    if not np.isfinite(v).all() or (np.diag(v) <= 0).any() or not estimate.dof[index].min() > 0:
        raise IdentificationError(
            Problem(
                "the event study has no covariance",
                "argument 'event_study'",
                "finite positive variances and degrees of freedom",
                "missing or 0",
            )
        )
    reference = missing[0]
    return EventPath(
        estimate.value[index],
        v,
        tuple(int(x) for x in e if x < reference),
        tuple(int(x) for x in e if x > reference),
        reference,
        float(estimate.dof[index].min()),
    )
