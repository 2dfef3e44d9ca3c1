"""What may be said of a claim: the only place that decides and words it, for country reports, the
synthesis and the command line alike.

A claim says that a number lies on one side of a threshold, by a margin that would matter. The
signed distance is that number minus the threshold, counted in the direction of the claim.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mismes_eval.estimate.verdict import Span
from mismes_eval.message import Message, listed

ClaimAnswer = Literal["supported", "contradicted", "undecided", "cannot be tested"]
Direction = Literal[-1, 0, 1]
ANSWERS: tuple[ClaimAnswer, ...] = (
    "supported",
    "contradicted",
    "undecided",
    "cannot be tested",
)

SMALLER = "there is a distance, but it is smaller than what would matter"
OPPOSITE = "the number lies on the other side of the threshold"
TOO_SMALL = "a distance that would matter is excluded"
BEYOND = "the distance is there, and one that would matter is not excluded"
OPEN = "both no distance and one that would matter are possible"
DOUBTFUL = "too few units stand behind the interval to decide"
HIDDEN = "not shown: too few persons, or it would give another number away"
NO_NUMBER = "no number: {reason}"
NO_INTERVAL = "the number has no interval"
LACKING = "missing: {fields}"
DIVIDED = (
    "the countries differ: in {ahead} the number surely lies on the side of the claim, in {against}"
    " on the other, so no number speaks for all"
)
AGAINST = "the number of {k} {k:=country|countries} surely lies on the other side"
MATTERING = "in {k} {k:=country|countries} the distance is surely one that would matter"


@dataclass(frozen=True)
class Measured:
    """A number that a claim is about, with its interval, in the unit of the claim.

    value, low, high : the number and its 95% interval.
    n : persons or measures behind it.
    doubtful : the interval is known to be too short.
    """

    value: float
    low: float
    high: float
    n: float = math.nan
    doubtful: bool = False

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return all(math.isfinite(end) for end in (self.value, self.low, self.high))

    def widened(self, factor: float) -> Measured:
        """The same with an interval `factor` times as wide."""
        low = self.value - factor * (self.value - self.low)
        high = self.value + factor * (self.high - self.value)
        return Measured(self.value, low, high, self.n, self.doubtful)


def distance(measured: Measured, direction: Direction, threshold: float) -> Span:
    """Signed distance from the threshold in the direction of a claim, with its interval.

    Parameters
    ----------
    direction : 1, the claim says "above"; -1, "below"; 0, "apart", on whichever side.
    """
    value, low, high = (end - threshold for end in (measured.value, measured.low, measured.high))
    if direction == 1:
        return Span(value, low, high, doubtful=measured.doubtful)
    if direction == -1:
        return Span(-value, -high, -low, doubtful=measured.doubtful)
    nearest = max(0.0, low, -high)
    return Span(abs(value), nearest, max(abs(low), abs(high)), doubtful=measured.doubtful)


def decide(span: Span, margin: float) -> ClaimAnswer:
    """The verdict on an interval of the signed distance; margin above 0: the least distance that
    would matter.

    Contradicted: the whole interval lies below the margin, be it on the other side of the threshold
    or too near to it. Supported: the whole interval lies above 0 and reaches the margin. Else
    undecided.
    """
    if not span.known or span.doubtful:
        return "undecided"
    if span.high < margin:
        return "contradicted"
    return "supported" if span.low > 0 else "undecided"


@dataclass(frozen=True)
class ClaimVerdict:
    """answer; span: the signed distance, NaN where there is none; reason: why, in words; needed:
    how many persons or measures would decide, NaN where that cannot be told.

    together : the answer where all claims of a table are to hold together.
    """

    answer: ClaimAnswer
    span: Span
    reason: Message
    needed: float = math.nan
    together: ClaimAnswer | None = None


NOWHERE = Span(math.nan, math.nan, math.nan)


def without_field(fields: tuple[str, ...]) -> ClaimVerdict:
    """A claim for which the data lack fields."""
    named = listed(fields, ", ")
    return ClaimVerdict("cannot be tested", NOWHERE, Message(LACKING, {"fields": named}))


def hidden() -> ClaimVerdict:
    """A claim whose number is not published: no verdict may give it away."""
    return ClaimVerdict("undecided", NOWHERE, Message(HIDDEN))


def without_number(reason: str, needed: float = math.nan) -> ClaimVerdict:
    """A claim whose fields are there, but whose number cannot be had. needed: units that it takes."""
    said = Message(NO_NUMBER, {"reason": reason})
    return ClaimVerdict("undecided", NOWHERE, said, needed=needed)


def judge(
    measured: Measured,
    direction: Direction,
    threshold: float,
    margin: float,
    factor: float = 1.0,
) -> ClaimVerdict:
    """The verdict on a claim.

    Parameters
    ----------
    margin : above 0, in the unit of the number.
    factor : by how much the interval is wider where all claims of a table are to hold together (1:
        only one is looked at).
    """
    if not margin > 0:
        raise ValueError(f"a margin that would matter is above 0, not {margin}")
    span = distance(measured, direction, threshold)
    answer = decide(span, margin)
    wider = distance(measured.widened(factor), direction, threshold)
    needed = math.nan
    if answer == "undecided" and span.known and not span.doubtful:
        side: Direction = 1 if measured.value >= threshold else -1
        straight = distance(measured, direction or side, threshold)
        needed = needed_to_decide(straight, margin, measured)
    return ClaimVerdict(
        answer=answer,
        span=span,
        reason=_reason(span, margin, answer),
        needed=needed,
        together=decide(wider, margin),
    )


def held_against(
    verdict: ClaimVerdict, spans: Sequence[Span], margin: float, cancels: bool = True
) -> ClaimVerdict:
    """The verdict on several countries together, undecided where a country's own interval excludes
    what it says, or where countries surely lie on both sides of the threshold.

    Parameters
    ----------
    spans : the signed distance of each country with its 95% interval.
    cancels : False for a size on whichever side, in which the two sides add up.
    """
    sure = [span for span in spans if span.known and not span.doubtful]
    ahead = sum(span.low > 0 for span in sure)
    against = sum(span.high < 0 for span in sure)
    mattering = sum(span.low >= margin for span in sure)
    reason: Message | None = None
    if cancels and ahead and against:
        reason = Message(DIVIDED, {"ahead": ahead, "against": against})
    elif verdict.answer == "supported" and against:
        reason = Message(AGAINST, {"k": against})
    elif verdict.answer == "contradicted" and mattering:
        reason = Message(MATTERING, {"k": mattering})
    if reason is None:
        return verdict
    return replace(verdict, answer="undecided", reason=reason, needed=math.nan, together=None)


def needed_to_decide(span: Span, margin: float, measured: Measured) -> float:
    """Units with which the interval would decide if the number stayed where it is; its ends come
    nearer with the root of their number.
    """
    ways = []
    if span.value > 0:
        ways.append((span.value - span.low) / span.value)
    if span.value < margin:
        ways.append((span.high - span.value) / (margin - span.value))
    return math.ceil(measured.n * min(ways) ** 2) if math.isfinite(measured.n) else math.nan


def _reason(span: Span, margin: float, answer: ClaimAnswer) -> Message:
    if not span.known:
        return Message(NO_INTERVAL)
    if span.doubtful:
        return Message(DOUBTFUL)
    if answer == "supported":
        return Message(BEYOND)
    if answer == "undecided":
        return Message(OPEN)
    if span.high < 0:
        return Message(OPPOSITE)
    return Message(SMALLER) if span.low > 0 else Message(TOO_SMALL)
