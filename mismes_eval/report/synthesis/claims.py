"""The claims of the MISMES studies over all countries (S11)."""

from __future__ import annotations

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
from mismes_eval.report.document.tables import TextTable
from mismes_eval.report.synthesis.tables import Words, words_table

ID, TITLE = "S11", "Claims of the MISMES studies over all countries"
POOLED = (
    "Over samples: the mean of the countries' distances (random effects, Hartung-Knapp). Over"
    " registers: all measures of all countries together. Success factors: measures as units, from"
    " the regression of effects on features."
)


def claims_table(w: Words) -> TextTable:
    """A line for each claim: the verdict over all countries beside those of the countries."""
    rows = [_line(w, one) for one in w.evidence.claims]
    head = [*HEAD[:3], "Verdicts of the countries", *HEAD[3:]]
    notes = (
        w.t(POOLED),
        w.t(LEDGER, version=version(), source=w.t(SOURCE)),
    )
    return words_table(w, ID, TITLE, rows, head, notes)


def _line(w: Words, one: OverallClaim) -> tuple[str, ...]:
    text, claim = w.t, one.claim
    told = Judged(claim, one.verdict, one.units)
    countries = "; ".join(f"{text(answer)}: {n}" for answer, n in one.answers.items() if n)
    return (
        text.name(f"{claim.id} {text(claim.claim)}"),
        text(claim.indicator),
        text(one.verdict.answer),
        text.name(countries),
        text.name(distance_text(text, told)),
        text.name(margin_text(text, claim)),
        text.name(why(text, told)),
    )
