"""What taking part changed for those whom the offer made take part (LATE, CACE)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from mismes_eval.errors import IdentificationError, Problem, in_column, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.impact.trials.arms import trial
from mismes_eval.impact.trials.itt import Correction, assigned_difference
from mismes_eval.numerics.arms import Adjustment
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import Level, public
from mismes_eval.weighting.arguments import as_name
from mismes_eval.weighting.sample import Sample

NOTHING = 1e-12  # a difference of shares that is rounding
WEAK = 10.0  # first-stage F below which the usual interval is not to be trusted


@dataclass(frozen=True)
class RatioSet:
    """All effects that a test of "reduced form = effect x first stage" does not reject (Anderson
    and Rubin; the same set as Fieller's). intervals: one; two, open to both sides; or none, where
    every value is possible ("everything").
    """

    intervals: tuple[tuple[float, float], ...]

    @property
    def bounded(self) -> bool:
        """Whether the set has two ends."""
        return len(self.intervals) == 1 and bool(np.isfinite(self.intervals[0]).all())

    @property
    def text(self) -> str:
        """The set in words."""
        if self.bounded:
            return f"{self.intervals[0][0]:.4g} to {self.intervals[0][1]:.4g}"
        if len(self.intervals) == 2:
            low, high = self.intervals[0][1], self.intervals[1][0]
            return f"below {low:.4g} or above {high:.4g}"
        return "any value"


@public(IdentificationError, answers=True)
def late(
    sample: Sample,
    outcome: str,
    takeup: str,
    assigned: str,
    covariates: str | Sequence[str] = (),
    blocks: str | Sequence[str] = (),
    adjustment: Adjustment = "additive",
    level: Level = 0.95,
    small_sample: Correction = "design",
) -> Estimate:
    """Effect of taking part on those who take part if offered and not otherwise.

    Parameters
    ----------
    outcome : numeric or yes-no column.
    takeup : yes-no, whether a person took part.
    assigned : yes-no, what the lottery or the encouragement said.
    covariates, blocks, adjustment : as in `itt`; "additive" makes the value that of two-stage least
        squares with the covariates as controls.
    level : of the set in `extra["set"]`.
    small_sample : as in `itt`.

    Returns
    -------
    Estimate with the values "late" (outcome units), "first stage" (difference in take-up) and
    "offer" (intention to treat), jointly estimated. extra: "set" (RatioSet: Anderson-Rubin, right
    however weak the offer; unbounded where take-up hardly differs), "first_stage_f", "took_part"
    (share among offered, among not offered). Below a first-stage F of 10 a note says to read the
    set.

    Raises
    ------
    IdentificationError : as `itt`; take-up that does not differ at all.

    References
    ----------
    Angrist, Imbens and Rubin (1996), JASA 91, 444-455; Anderson and Rubin (1949), Annals of
    Mathematical Statistics 20, 46-63; Fieller (1954), JRSS B 16, 175-185.
    """
    names = (as_name(outcome, "outcome"), as_name(takeup, "takeup"))
    read = trial(sample, names, assigned, covariates, blocks, binary=(takeup,))
    both = assigned_difference(read, ("offer", "first stage"), adjustment, small_sample)
    reduced, first = (float(part) for part in both.value)
    if abs(first) < NOTHING:
        raise IdentificationError(
            Problem(
                what="the offer changed nobody's take-up",
                where=in_column(takeup),
                expected="a difference between the arms",
                got=worded("the same share in both"),
                fix="There is no effect of taking part to be had; `itt` is the effect of the offer.",
            )
        )
    jacobian = np.array([[1 / first, -reduced / first**2], [0.0, 1.0], [1.0, 0.0]])

    def ratio(v: Float) -> Float:
        return np.array([v[0] / v[1], v[1], v[0]])

    found = both.through(ratio, jacobian, ("late", "first stage", "offer"))
    error = float(both.se[1])
    f = (first / error) ** 2 if error > NOTHING else np.inf  # everybody offered came, nobody else
    possible = ratio_set(both, level)
    definition = (
        f"effect of '{takeup}' on those who take part if offered ({both.definition}); nobody takes"
        " part only if not offered, and the offer works through taking part alone"
    )
    return replace(
        found.annotated(kind="effect", definition=definition, notes=_notes(f, possible, level)),
        extra={
            "set": possible,
            "first_stage_f": f,
            "took_part": _shares(read.y[:, 1], read.assigned, read.weights),
        },
    )


def ratio_set(both: Estimate, level: float) -> RatioSet:
    """The set of ratios of the first value to the second that are not rejected at 1 - level."""
    critical = float(stats.t.ppf(0.5 + level / 2, both.degf.min()))
    covariance = both.vcov
    c2 = critical**2
    y, d = (float(x) for x in both.value)
    a = d**2 - c2 * float(covariance[1, 1])
    b = y * d - c2 * float(covariance[0, 1])
    c = y**2 - c2 * float(covariance[0, 0])
    inside = b**2 - a * c
    if a > 0:
        root = max(inside, 0.0) ** 0.5
        return RatioSet((((b - root) / a, (b + root) / a),))
    if inside <= 0 or a == 0:
        return RatioSet(())
    root = inside**0.5
    low, high = sorted(((b - root) / a, (b + root) / a))
    return RatioSet(((-np.inf, low), (high, np.inf)))


def _shares(took: Float, assigned: Bool, w: Float) -> tuple[float, float]:
    one, other = (w * assigned, w * ~assigned)
    return float(one @ took / one.sum()), float(other @ took / other.sum())


def _notes(f: float, possible: RatioSet, level: float) -> tuple[str, ...]:
    words = f"{100 * level:g}% Anderson-Rubin set: {possible.text}."
    if f >= WEAK:
        return (words,)
    return (
        words,
        f"The offer moved take-up weakly (first-stage F {f:.1f}, below {WEAK:g}): read the"
        " Anderson-Rubin set, not the interval.",
    )
