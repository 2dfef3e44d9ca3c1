"""The words of a verdict: one sentence for each thing that may be said of an effect, the same in
the headline, beside a table, in the matrix and in the synthesis. Messages, put into the report's
language last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mismes_eval.estimate.verdict import Span, Step, Verdict
from mismes_eval.message import Message, Quantity, listed

# what is said of an effect by its sign
NO_INTERVAL = "{m}: the effect on '{o}' after {w} has no interval, so nothing is said of it."
TAKEN_UNCLEAR = (
    "No effect of taking part on '{o}' could be shown among those who take part if drawn and not"
    " otherwise: {v} (95% interval {lo} to {hi})."
)
EFFECT = {
    "higher": (
        "{m}: after {w}, '{o}' among participants is {v} higher than it would have been without the"
        " measure (95% interval {lo} to {hi}{basis}), {assumption}."
    ),
    "lower": (
        "{m}: after {w}, '{o}' among participants is {v} lower than it would have been without the"
        " measure (95% interval {lo} to {hi}{basis}), {assumption}."
    ),
    "unclear": (
        "{m}: no effect on '{o}' could be shown after {w}: {v} (95% interval {lo} to {hi}{basis}),"
        " {assumption}."
    ),
    "unknown": NO_INTERVAL,
}
ROLLED = {
    "higher": (
        "'{o}' is {v} higher where the measure was rolled out (95% interval {lo} to {hi}{basis}),"
        " {assumption}."
    ),
    "lower": (
        "'{o}' is {v} lower where the measure was rolled out (95% interval {lo} to {hi}{basis}),"
        " {assumption}."
    ),
    "unclear": (
        "No effect of the roll-out on '{o}' could be shown: {v} (95% interval {lo} to {hi}{basis}),"
        " {assumption}."
    ),
    "unknown": ("The effect of the roll-out on '{o}' has no interval."),
}
BESIDE = {
    "higher": ("{m}: '{o}' is {v} higher (95% interval {lo} to {hi}{basis}), {assumption}."),
    "lower": ("{m}: '{o}' is {v} lower (95% interval {lo} to {hi}{basis}), {assumption}."),
    "unclear": (
        "{m}: no difference in '{o}' could be shown: {v} (95% interval {lo} to {hi}{basis}),"
        " {assumption}."
    ),
    "unknown": ("{m}: the effect on '{o}' has no interval, so nothing is said of it."),
}
DRAWN = {
    "higher": (
        "{m}: '{o}' is {v} higher among those drawn than among the others (95% interval {lo} to {hi}),"
        " {assumption}."
    ),
    "lower": (
        "{m}: '{o}' is {v} lower among those drawn than among the others (95% interval {lo} to {hi}),"
        " {assumption}."
    ),
    "unclear": (
        "{m}: no effect of being drawn on '{o}' could be shown: {v} (95% interval {lo} to {hi}),"
        " {assumption}."
    ),
    "unknown": ("{m}: the effect of being drawn on '{o}' has no interval, so nothing is said."),
}
TAKEN = {
    "higher": (
        "Taking part raised '{o}' by {v} among those who take part if drawn and not otherwise (95%"
        " interval {lo} to {hi}), if being drawn works through taking part alone."
    ),
    "lower": (
        "Taking part lowered '{o}' by {v} among those who take part if drawn and not otherwise (95%"
        " interval {lo} to {hi}), if being drawn works through taking part alone."
    ),
    "unclear": TAKEN_UNCLEAR,
    "unknown": TAKEN_UNCLEAR,
}
IN_SHORT = {
    "higher": (
        "{m}: after {w}, '{o}' is {v} higher than without the measure ({lo} to {hi}), {assumption}."
    ),
    "lower": (
        "{m}: after {w}, '{o}' is {v} lower than without the measure ({lo} to {hi}), {assumption}."
    ),
    "unclear": (
        "{m}: no effect on '{o}' could be shown after {w}: {v} ({lo} to {hi}), {assumption}."
    ),
    "unknown": NO_INTERVAL,
}
IN_BRIEF = {
    "higher": "{v} more ({lo} to {hi})",
    "lower": "{v} fewer ({lo} to {hi})",
    "unclear": "unproven ({lo} to {hi})",
    "unknown": "no interval",
}
PARTS_IN_BRIEF = "home: {home}; abroad: {abroad}"
STEPS = {
    "continue": "continue {m}",
    "test again": "evaluate {m} again before expanding",
    "undecided": "neither expand nor end {m}",
    "find out why": "find out why {m} did worse",
    "look for harm": "test whether {m} does harm",
}
EXCLUDED = "Excluded at the 95% level, {assumption}: effects larger than {most} in size."
CAUTION = Message(
    "Caution: few primary sampling units stand behind this effect, with fewer than 8 degrees of"
    " freedom (tables mark it i).",
    kind="caution",
)
APART = (
    "Caution: already in the year before enrolment the groups moved apart by {v} ({lo} to {hi});"
    " the effect above may be wrong by as much."
)
SEEN = (
    "In the year before enrolment no parting of the groups was seen: {v} ({lo} to {hi}); one that"
    " explains the whole effect would have been missed in {x:.0%} of samples."
)
SEEN_NULL = (
    "In the year before enrolment no parting of the groups was seen: {v} ({lo} to {hi}); one that"
    " hides an effect of {most} would have been missed in {x:.0%} of samples."
)
SURE = "Strength of the evidence: {word}."
RESERVED = "Reservations: {checks}."
NO_END = Message("no end")


@dataclass(frozen=True)
class About:
    """What a number is of: measure, outcome and time after enrolment in words, its unit (English,
    singular and plural), the scale that brings it into that unit, the decimals shown.
    """

    measure: str
    outcome: str
    horizon: str
    scale: float
    one: str
    many: str
    digits: int = 1

    def quantity(self, value: float) -> Quantity:
        """A value of the estimate in the unit of the sentence."""
        return Quantity(value * self.scale, self.one, self.many, self.digits)

    def number(self, value: float) -> Quantity | Message:
        """The same without its unit, for the ends of an interval."""
        if value in (float("inf"), float("-inf")):
            return NO_END
        return Quantity(value * self.scale, "", "", self.digits)

    def values(self, span: Span) -> dict[str, object]:
        """The names that sentences on an interval have in common."""
        return {
            "m": self.measure,
            "o": self.outcome,
            "w": self.horizon,
            "v": self.quantity(span.value),
            "lo": self.number(span.low),
            "hi": self.number(span.high),
        }


def effect_sentence(verdict: Verdict, about: About) -> Message:
    """The effect after so many months, with its interval and its assumption."""
    return _sentence(EFFECT, verdict, about)


def rollout_sentence(verdict: Verdict, about: About) -> Message:
    """The effect of a measure rolled out by region."""
    return _sentence(ROLLED, verdict, about)


def design_sentence(verdict: Verdict, about: About) -> Message:
    """What a design beside the headline gives."""
    return _sentence(BESIDE, verdict, about)


def drawn_sentence(verdict: Verdict, about: About) -> Message:
    """The difference between those drawn by lot and the others."""
    return _sentence(DRAWN, verdict, about)


def taken_sentence(verdict: Verdict, about: About) -> Message:
    """The effect of taking part on those whom the lot made take part."""
    return _sentence(TAKEN, verdict, about)


def effect_in_short(verdict: Verdict, about: About) -> Message:
    """The effect in a cell of the matrix."""
    return _sentence(IN_SHORT, verdict, about)


def excluded(verdict: Verdict, about: About) -> list[Message]:
    """The sizes that a null excludes, where that may be said."""
    size = verdict.excluded_size
    if size is None:
        return []
    most = about.quantity(size)
    return [Message(EXCLUDED, {"most": most, "assumption": verdict.assumption or ""})]


def before(pre: Span, missed: float, verdict: Verdict, about: About) -> Message:
    """What was seen of the groups before the measure, and what would not have been."""
    values = about.values(pre)
    if pre.sign in ("higher", "lower"):
        return Message(APART, values, "caution")
    if verdict.shown:
        return Message(SEEN, values | {"x": missed})
    largest = max(abs(verdict.span.low), abs(verdict.span.high))
    return Message(SEEN_NULL, values | {"most": about.quantity(largest), "x": missed})


def sureness(verdict: Verdict) -> Message:
    """How sure that is, in one of four words."""
    return Message(SURE, {"word": Message(verdict.sureness)})


def reservations(verdict: Verdict, told: tuple[str, ...] = ()) -> list[Message]:
    """The checks that are not passed, in one sentence; those told already (by code) are left out."""
    failed = [check.reservation for check in verdict.reservations if check.code not in told]
    return [Message(RESERVED, {"checks": listed(failed)})] if failed else []


def _sentence(templates: Mapping[str, str], verdict: Verdict, about: About) -> Message:
    """What is said by the sign; where another interval stands beside it, how it was made."""
    span, basis = verdict.span, verdict.span.basis
    values = about.values(span.size if verdict.shown else span)
    values["basis"] = "" if basis is None else Message("; {how}", {"how": basis})
    values["assumption"] = verdict.assumption or ""
    return Message(templates[verdict.sign], values)


def in_brief(span: Span, about: About, when: str = "") -> Message:
    """An effect in a few words: size with its unit, interval, and when it is of. The only wording
    of the first page, of the index and of the site; the level of the interval stands in their
    heads.

    when : in words ("after 24 months"); "" where the head of the column says it.
    """
    sure = span.sign in ("higher", "lower")
    shown = span.size if sure else span
    values = {"v": shown.value, "lo": shown.low, "hi": shown.high}
    told: dict[str, Quantity] = {
        name: Quantity(value * about.scale, "", "", about.digits) for name, value in values.items()
    }
    last = "hi" if math.isfinite(shown.high) else "lo"
    if sure:
        last = "v"
    told[last] = about.quantity(values[last])
    effect = Message(IN_BRIEF[span.sign], told)
    return Message("{effect} {when}", {"effect": effect, "when": when}) if when else effect


def parts_in_brief(home: Span, abroad: Span) -> Message:
    """Which part of an effect that is shown is work at home and which work abroad: each as far as
    its own interval tells, in percentage points.
    """
    bare = About("", "", "", 100.0, "", "")
    return Message(PARTS_IN_BRIEF, {"home": in_brief(home, bare), "abroad": in_brief(abroad, bare)})


def to_do(steps: Mapping[str, Step]) -> Message:
    """What follows from the evidence, measures with the same step together."""
    told = []
    for step, words in STEPS.items():
        measures = [measure for measure, own in steps.items() if own == step]
        if measures:
            told.append(Message(words, {"m": ", ".join(measures)}))
    return listed(told)
