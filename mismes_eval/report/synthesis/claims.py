"""The claims of the MISMES studies over all countries (S11)."""

from __future__ import annotations

import math

from mismes_eval.estimate.claim_verdict import Measured, distance
from mismes_eval.evaluation.claims.ledger import SOURCE, version
from mismes_eval.evaluation.claims.overall import OverallClaim
from mismes_eval.report.chapters.claims import (
    HEAD,
    LEDGER,
    Judged,
    distance_text,
    margin_text,
    why,
)
from mismes_eval.report.document.language import Language
from mismes_eval.report.document.tables import TextTable
from mismes_eval.report.synthesis.tables import Words, words_table

ID, TITLE = "S11", "Claims of the MISMES studies over all countries"
POOLED = (
    "Over samples: the mean of the countries' numbers (random effects, Hartung-Knapp), each with the"
    " interval with which its report speaks; of claims that name no side, the size of the distance"
    " on whichever side (root of the mean square). Over registers: all measures of all countries"
    " together. Success factors: measures as units, from the regression of effects on features."
)
HELD_AGAINST = (
    "Nothing cancels unseen: where countries surely lie on both sides of a threshold, or the number"
    " of one country surely excludes what all together say, the verdict is undecided."
)
DIFFER = "{why}; I2 between countries {i2}%"
NEXT = "{why}; I2 between countries {i2}%, the next country {low} to {high}"


def claims_table(w: Words) -> TextTable:
    """A line for each claim: the verdict over all countries beside those of the countries."""
    rows = [_line(w, one) for one in w.evidence.claims]
    head = [*HEAD[:3], "Verdicts of the countries", *HEAD[3:]]
    notes = (
        w.t(POOLED),
        w.t(HELD_AGAINST),
        w.t(LEDGER, version=version(), source=w.t(SOURCE)),
    )
    return words_table(w, ID, TITLE, rows, head, notes)


def _line(w: Words, one: OverallClaim) -> tuple[str, ...]:
    text, claim = w.t, one.claim
    told = Judged(claim, one.verdict, one.units)
    countries = "; ".join(f"{text(answer)}: {n}" for answer, n in one.answers.items() if n)
    return (
        text.name(f"{claim.id} {text(claim.claim)}"),
        text(claim.measured_by),
        text(one.verdict.answer),
        text.name(countries),
        text.name(distance_text(text, told)),
        text.name(margin_text(text, claim)),
        text.name(_why(text, one, why(text, told))),
    )


def _why(text: Language, one: OverallClaim, reason: str) -> str:
    """The reason with how the countries' numbers differ: the part of their variance that their
    errors do not explain, and the distance at which another country would lie.
    """
    if one.pooled is None or not one.verdict.span.known:
        return reason
    i2 = text.number(100 * one.pooled.i2, 0)
    low, high = one.pooled.next_country
    if math.isnan(low):
        return text(DIFFER, why=reason, i2=i2)
    next_country = distance(Measured(low, low, high), one.claim.direction, one.claim.threshold)
    lower, upper = (
        text.number(end * one.claim.scale, 1) for end in (next_country.low, next_country.high)
    )
    return text(NEXT, why=reason, i2=i2, low=lower, high=upper)
