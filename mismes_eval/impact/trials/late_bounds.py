"""Bounds on the effect of taking part where an offer was drawn by lot and some were not followed:
on compliers who would be followed whether they took part or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from mismes_eval.errors import IdentificationError, Problem, in_column
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.impact.bounds.partial_identification import imbens_manski, observed
from mismes_eval.impact.trials.arms import Trial, trial
from mismes_eval.impact.trials.itt import Correction, assigned_difference
from mismes_eval.message import Message
from mismes_eval.numerics.arms import Adjustment
from mismes_eval.numerics.rows import Float
from mismes_eval.public import Level, public
from mismes_eval.weighting.arguments import as_name
from mismes_eval.weighting.columns import YesNo, read
from mismes_eval.weighting.domain import no_negative_weights
from mismes_eval.weighting.sample import Sample

ONE_MASS = 1e-9  # relative difference of two masses that is rounding
CROSSED = (
    "The lower bound lies above the upper one: in this sample a distribution of compliers has"
    " negative parts. Read the interval of the effect."
)
MEANING = (
    "The effect is that on compliers who would be followed whether they took part or not; taking"
    " part is assumed to move being followed in one direction only, and the offer to move it"
    " through taking part alone."
)


@dataclass(frozen=True)
class _Followed:
    """y (n,) outcomes, 0 where not followed; treated, untreated (n,): columns whose difference
    between the arms is the share of compliers followed when they take part, and when they do not;
    row (n,) makes that difference of a column.
    """

    y: Float
    treated: Float
    untreated: Float
    row: Float

    @property
    def shares(self) -> tuple[float, float]:
        """Compliers followed when they take part and when they do not, in everybody drawn for."""
        return float(self.row @ self.treated), float(self.row @ self.untreated)

    def columns(self) -> tuple[Float, Float]:
        """(n, 2) columns whose differences between the arms are the lower and the upper bound
        times the share of those followed either way, and (n,) the column of that share.
        """
        more, fewer, sign = self.treated, self.untreated, 1.0
        if self.shares[0] < self.shares[1]:
            more, fewer, sign = self.untreated, self.treated, -1.0
        cut_low, cut_high = self._cuts(more, float(self.row @ fewer))
        low = cut_low * fewer - more * np.maximum(cut_low - self.y, 0.0)
        high = cut_high * fewer + more * np.maximum(self.y - cut_high, 0.0)
        ends = [sign * (end - fewer * self.y) for end in (low, high)]
        return np.column_stack(ends if sign > 0 else ends[::-1]), fewer

    def _all_kept(self, more: Float, kept: float) -> bool:
        """Whether both parts have one mass, and nothing is trimmed."""
        return bool(kept >= (1 - ONE_MASS) * float(self.row @ more))

    def _cuts(self, more: Float, kept: float) -> tuple[float, float]:
        """Outcomes at which the lowest and the highest part of mass `kept` ends, of a distribution
        that is a difference of two: where the dual of the trimmed total is largest (smallest).
        """
        if self._all_kept(more, kept):
            return float(self.y[more != 0].max()), float(self.y[more != 0].min())
        mass = self.row * more
        order = np.argsort(self.y[more != 0], kind="stable")
        y, m = self.y[more != 0][order], mass[more != 0][order]
        below = y * np.cumsum(m) - np.cumsum(m * y)
        above = below + float(m @ y) - y * float(m.sum())
        return float(y[np.argmax(y * kept - below)]), float(y[np.argmin(y * kept + above)])


@public(IdentificationError, answers=True)
def late_bounds(
    sample: Sample,
    outcome: str,
    takeup: str,
    assigned: str,
    selected: str,
    covariates: str | Sequence[str] = (),
    blocks: str | Sequence[str] = (),
    adjustment: Adjustment = "interacted",
    level: Level = 0.95,
    small_sample: Correction = "design",
) -> Estimate:
    """Bounds on the effect of taking part where loss differs between those offered and not.

    Parameters
    ----------
    sample : one row a person in the draw, also those who were lost: weights from before any
        correction for loss.
    outcome : numeric or yes-no; needed where `selected` is yes, not read elsewhere.
    takeup : yes-no, whether a person took part, for everybody.
    assigned : yes-no, the offer.
    selected : yes-no, whether the outcome was observed.
    covariates, blocks, adjustment, small_sample : as in `itt`.
    level : of the set in `extra["set"]`.

    Returns
    -------
    Estimate "lower", "upper" in outcome units. The outcomes of compliers who took part, and of
    those who did not, are differences of distributions between the arms of the offer; the larger of
    the two is trimmed to the mass of the smaller, from above and from below.
    extra: "set" (interval of the effect at `level`, by inversion of the tests on both bounds;
        (-inf, inf) where the share of compliers followed either way is not clearly above 0),
        "imbens_manski" (interval from the bounds' own errors), "first_stage", "followed" (share of
        compliers followed if they take part, if not), "trimmed_arm" ("taking part" or "not taking
        part"), "trimming_share". The cut and the direction are kept in replicates.

    Raises
    ------
    IdentificationError : as `late`; no followed compliers on one side.

    References
    ----------
    Chen and Flores (2015), Journal of Business and Economic Statistics 33, 523-540 (the estimand
    and its assumptions); Lee (2009), Review of Economic Studies 76, 1071-1102; Imbens and Rubin
    (1997), Review of Economic Studies 64, 555-574 (distributions of compliers).
    """
    names = (as_name(takeup, "takeup"), as_name(selected, "selected"))
    drawn = trial(sample, names, assigned, covariates, blocks, binary=names)
    no_negative_weights(sample)
    seen = sample.active & (read(sample, s=YesNo(selected)).s == 1)
    y = observed(sample, as_name(outcome, "outcome"), seen, "late_bounds")[drawn.rows]
    followed = _followed(drawn, y, adjustment)
    _refuse_nobody(followed.shares, takeup)
    ends, either = followed.columns()
    columns = np.column_stack([ends, either, drawn.y[:, 0], followed.treated, followed.untreated])
    parts = ("low", "high", "either", "first", "treated", "untreated")
    joint = assigned_difference(replace(drawn, y=columns), parts, adjustment, small_sample)
    return _bounds(joint, outcome, takeup, level)


def _followed(drawn: Trial, y: Float, adjustment: Adjustment) -> _Followed:
    took, seen = drawn.y[:, 0], drawn.y[:, 1]
    row = drawn.row(adjustment)
    return _Followed(y=y, treated=seen * took, untreated=-seen * (1 - took), row=row)


def _refuse_nobody(shares: tuple[float, float], takeup: str) -> None:
    """Raise where the arms show no followed compliers who took part, or none who did not."""
    words = ("took part", "did not take part")
    problems = [
        Problem(
            what=Message("no followed compliers who {did}", {"did": Message(word)}),
            where=in_column(takeup),
            expected="more of the offered who took part, and fewer who did not, among those followed",
            got=Message("a difference of {x:.4g} between the arms", {"x": share}),
            fix="There are no bounds on an effect of taking part; `itt` and `lee_bounds` are on the"
            " offer.",
        )
        for word, share in zip(words, shares, strict=True)
        if not share > 0
    ]
    IdentificationError.refuse(problems)


def _bounds(joint: Estimate, outcome: str, takeup: str, level: float) -> Estimate:
    low, high, either, first, treated, untreated = (float(value) for value in joint.value)
    jacobian = np.zeros((2, joint.p))
    jacobian[[0, 1], [0, 1]] = 1 / either
    jacobian[:, 2] = [-low / either**2, -high / either**2]
    bounds = joint.through(lambda v: v[:2] / v[2], jacobian, ("lower", "upper"))
    possible = possible_effects(joint, level)
    interval = imbens_manski(bounds)
    more = max(treated, untreated)
    return replace(
        bounds.annotated(
            kind="bounds on an effect",
            definition=f"bounds on the effect of '{takeup}' on '{outcome}' ({joint.definition})",
            notes=(_set_note(possible, level), MEANING, *_crossed(bounds), *joint.notes),
        ),
        keys=bounds.keys.assign(variable=outcome, bound=["lower", "upper"]),
        extra={
            "set": possible,
            "imbens_manski": interval,
            "first_stage": first,
            "followed": (treated / first, untreated / first),
            "trimmed_arm": "taking part" if treated >= untreated else "not taking part",
            "trimming_share": 1 - either / more,
        },
    )


def possible_effects(joint: Estimate, level: float) -> tuple[float, float]:
    """Effects e for which neither "low - e either is at most 0" nor "high - e either is at least 0"
    is rejected, each at a two-sided level (joint: low, high, either first). Without ends where
    `either` is not clearly above 0.
    """
    critical = float(stats.t.ppf(0.5 + level / 2, joint.degf[:3].min()))
    covariance = joint.vcov
    square = critical**2
    either = float(joint.value[2])
    clear = either**2 - square * float(covariance[2, 2])
    if not clear > 0:
        return -np.inf, np.inf
    ends = []
    for place, sign in ((0, -1.0), (1, 1.0)):
        total = float(joint.value[place])
        middle = total * either - square * float(covariance[place, 2])
        root = (
            max(middle**2 - clear * (total**2 - square * float(covariance[place, place])), 0.0)
            ** 0.5
        )
        ends.append((middle + sign * root) / clear)
    return ends[0], ends[1]


def _set_note(possible: tuple[float, float], level: float) -> str:
    if not np.isfinite(possible[0]):
        return (
            f"At {100 * level:g}% no effect is excluded: compliers who would be followed either way"
            " are not clearly there."
        )
    return f"{100 * level:g}% interval of the effect: {possible[0]:.4g} to {possible[1]:.4g}."


def _crossed(bounds: Estimate) -> tuple[str, ...]:
    lower, upper = bounds.value
    return (CROSSED,) if lower > upper + 1e-9 * (abs(lower) + abs(upper)) else ()
