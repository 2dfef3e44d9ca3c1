"""What may be said of an interval: its sign, the sizes that it excludes, how sure that is and under
which assumption. The only place that decides it, for headlines, tables, the matrix and the
synthesis alike; no other module compares the ends of an interval with zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.message import Message

Sign = Literal["higher", "lower", "unclear", "unknown"]
Answer = Literal["yes", "no", "too weak"]
Aspect = Literal["start", "loss", "trends", "measurement", "plan", "precision"]
Sureness = Literal["strong", "moderate", "weak", "none"]
Step = Literal["continue", "test again", "undecided", "find out why", "look for harm"]
SURENESS: tuple[Sureness, ...] = ("none", "weak", "moderate", "strong")  # the least sure first

# Fewer clusters in an arm than this, and no size is excluded: the interval of so few is hardly one.
FEWEST_CLUSTERS = 3
# A reassuring test counts only if it would have missed what it is to exclude in at most this share
# of samples: Roth (2022) reads tests at a power of 80%.
MISSED_AT_MOST = 0.2
MANY_FAILED = 2
DRAWN_BY_LOT = "drawn_by_lot"

PARALLEL = Message("if beneficiaries would otherwise have changed like the comparison group")
BY_LOT = Message("if nothing but the lot parted the groups")


@dataclass(frozen=True)
class Span:
    """A value with its 95% interval. NaN ends: there is no interval; an infinite end: it has no
    end. basis: how it was made, where another one stands beside it. doubtful: known to be too
    short.
    """

    value: float
    low: float
    high: float
    basis: Message | None = None
    doubtful: bool = False

    @classmethod
    def of(cls, estimate: Estimate, position: int = 0, basis: Message | None = None) -> Span:
        """The interval of one of the values of an estimate."""
        low, high = estimate.ends()
        return cls(
            value=float(estimate.value[position]),
            low=float(low[position]),
            high=float(high[position]),
            basis=basis,
            doubtful=estimate.doubtful,
        )

    @property
    def known(self) -> bool:
        """Whether there is an interval at all."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    @property
    def width(self) -> float:
        return self.high - self.low

    @property
    def sign(self) -> Sign:
        """On which side of zero the whole interval lies."""
        if not self.known:
            return "unknown"
        if self.low > 0:
            return "higher"
        return "lower" if self.high < 0 else "unclear"

    @property
    def size(self) -> Span:
        """The same without its sign, for sentences that say "higher" or "lower"."""
        if self.sign != "lower":
            return self
        return Span(
            value=-self.value,
            low=-self.high,
            high=-self.low,
            basis=self.basis,
            doubtful=self.doubtful,
        )

    def scaled(self, factor: float) -> Span:
        """In another unit; factor is positive."""
        ends = self.value * factor, self.low * factor, self.high * factor
        return Span(*ends, self.basis, self.doubtful)


def moved_apart(pre: object) -> bool | None:
    """Whether two groups moved apart before a measure, at the 95% level; None where there is no
    interval to tell.
    """
    if not isinstance(pre, Estimate):
        return None
    sign = Span.of(pre).sign
    return None if sign == "unknown" else sign != "unclear"


@dataclass(frozen=True)
class Check:
    """One question put to an effect. aspect: what kind of threat it asks for; answer: "yes" passes,
    "too weak" is a test that could not have seen the threat; reservation: what is said of an effect
    that does not pass. started_apart: the groups parted before the measure began.
    """

    code: str
    aspect: Aspect
    answer: Answer
    reservation: Message
    started_apart: bool = False

    @property
    def passed(self) -> bool:
        return self.answer == "yes"


@dataclass(frozen=True)
class Verdict:
    """What may be said of an estimate.

    estimate : its own interval (of its first value).
    checks : what it was put to, threats and precision.
    wider : other intervals of the same number; the widest speaks.
    assumption : under which the number is an effect; None for what is only described.
    clusters : in the arm that has fewest.
    headline : how sure the effect of the headline is, where this is another wave of the same
        measure: no wave is surer.
    """

    estimate: Estimate | Span
    checks: tuple[Check, ...] = ()
    wider: tuple[Span, ...] = ()
    assumption: Message | None = PARALLEL
    clusters: float = math.inf
    headline: Sureness | None = None

    @cached_property
    def own(self) -> Span:
        """The interval of the estimate itself."""
        return self.estimate if isinstance(self.estimate, Span) else Span.of(self.estimate)

    @cached_property
    def span(self) -> Span:
        """The interval that speaks: the widest of those there are of this number."""
        same = [span for span in self.wider if math.isclose(span.value, self.own.value)]
        known = [span for span in (self.own, *same) if span.known]
        return max(known, key=lambda span: span.width, default=self.own)

    def of_published(self, value: float, low: float, high: float) -> Verdict:
        """The same verdict with the numbers of the cell that is published of it."""
        span = Span(value, low, high, basis=self.span.basis, doubtful=self.doubtful)
        return replace(self, estimate=span, wider=())

    @property
    def sign(self) -> Sign:
        return self.span.sign

    @property
    def shown(self) -> bool:
        """Whether an effect, or a difference, could be shown."""
        return self.sign in ("higher", "lower")

    @property
    def doubtful(self) -> bool:
        """Whether the interval is known to be too short."""
        return self.span.doubtful or self.own.doubtful

    @property
    def excluded_size(self) -> float | None:
        """Effects larger than this in size are excluded at the 95% level, under the assumption;
        None where that may not be said: an effect was shown, the interval is doubtful or has no
        end, or an arm has fewer than three clusters.
        """
        if self.sign != "unclear" or self.doubtful or self.clusters < FEWEST_CLUSTERS:
            return None
        size = max(abs(self.span.low), abs(self.span.high))
        return size if math.isfinite(size) else None

    @property
    def threats(self) -> tuple[Check, ...]:
        """Checks on bias. They hold for a finding and for a null alike."""
        return tuple(check for check in self.checks if check.aspect != "precision")

    @property
    def precision(self) -> tuple[Check, ...]:
        """Checks on chance."""
        return tuple(check for check in self.checks if check.aspect == "precision")

    @property
    def reservations(self) -> tuple[Check, ...]:
        """Checks that are not passed: groups that parted before, tests too weak to see it, then the
        others in their order.
        """
        failed = [check for check in self.checks if not check.passed]
        return tuple(sorted(failed, key=_rank))

    @property
    def step(self) -> Step | None:
        """What follows for a measure from its effect on an outcome of which more is better; None
        without an interval. Weak evidence is reason to test again, never to expand or to end.
        """
        weak = self.sureness in ("weak", "none")
        steps: dict[Sign, Step] = {
            "higher": "test again" if weak else "continue",
            "lower": "look for harm" if weak else "find out why",
            "unclear": "undecided",
        }
        return steps.get(self.sign)

    @property
    def sureness(self) -> Sureness:
        """Strong: drawn by lot and no check fails. Moderate: one or two fail, or no lot. Weak: more
        fail, the groups moved apart before, the interval is too short, an arm has fewer than three
        clusters, or no check could be made. None: no interval. Never surer than the headline.
        """
        own = self._own_sureness
        return own if self.headline is None else min(own, self.headline, key=SURENESS.index)

    @property
    def _own_sureness(self) -> Sureness:
        if not self.span.known:
            return "none"
        made = [check for check in self.checks if check.code != DRAWN_BY_LOT]
        failed = [check for check in made if not check.passed]
        apart = any(check.started_apart for check in failed)
        few = self.clusters < FEWEST_CLUSTERS
        if not made or apart or few or self.doubtful or len(failed) > MANY_FAILED:
            return "weak"
        return "moderate" if failed or not self._drawn_by_lot else "strong"

    @property
    def _drawn_by_lot(self) -> bool:
        return any(check.passed for check in self.checks if check.code == DRAWN_BY_LOT)


def _rank(check: Check) -> int:
    if check.started_apart:
        return 0
    return 1 if check.answer == "too weak" else 2
