"""Claims over all countries, from what their reports published: no microdata."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mismes_eval.estimate.claim_verdict import (
    ANSWERS,
    ClaimVerdict,
    Direction,
    Measured,
    distance,
    held_against,
    judge,
    without_field,
    without_number,
)
from mismes_eval.estimate.verdict import Span
from mismes_eval.evaluation.claims.census import FEW_MEASURES, LEAST_MEASURES, PAIRED, interval
from mismes_eval.evaluation.claims.ledger import FEATURES, Claim, ledger
from mismes_eval.evaluation.claims.pooling import (
    Pooled,
    countries_to_decide,
    error_of,
    i2_of,
    mean_of,
    size_of,
)
from mismes_eval.evaluation.features import FeatureContrast
from mismes_eval.evaluation.published_effects import Published
from mismes_eval.evaluation.success_factors import FACTORS
from mismes_eval.impact.planning.meta_regression import MetaRegression
from mismes_eval.message import Message
from mismes_eval.not_estimable import NotEstimable

Record = Mapping[str, Any]  # what one country's report says of a claim
ONE_COUNTRY = "one country has a number; two or more are needed"
NO_COUNTRY = "no country has a number"
UNLIKE = "the countries' numbers are of different things: {named}"
FACTOR_OF: Mapping[str, str] = {
    "C32": FACTORS["employer_involved"],
    "C33": FACTORS["qual_attention"],
    "C34": FACTORS["expectation_mgmt"],
}


@dataclass(frozen=True)
class OverallClaim:
    """verdict : over all countries.  countries : how many have a number (of registers: a measure).
    answers : verdict -> how many countries have it.
    units : what would decide is counted in (persons, measures, pairs of them or countries).
    pooled : how the countries' numbers differ.
    """

    claim: Claim
    verdict: ClaimVerdict
    countries: int
    answers: Mapping[str, int]
    units: str
    pooled: Pooled | None = None


def overall(
    reports: Sequence[Published], features: Sequence[FeatureContrast]
) -> tuple[OverallClaim, ...]:
    """Every claim of the ledger over the countries whose reports say something of it; empty where
    no report does.
    """
    told = [
        {str(claim["id"]): claim for claim in report.facts.get("claims", [])} for report in reports
    ]
    if not any(told):
        return ()
    return tuple(
        _overall(claim, [one[claim.id] for one in told if claim.id in one], features)
        for claim in ledger().values()
    )


def _overall(
    claim: Claim, records: Sequence[Record], features: Sequence[FeatureContrast]
) -> OverallClaim:
    numbers = [record for record in records if record["value"] is not None]
    if claim.evidence == "inventory":
        numbers = [record for record in records if record.get("n")]
    answers: dict[str, int] = {
        answer: sum(record["answer"] == answer for record in records) for answer in ANSWERS
    }
    pooled: Pooled | None = None
    if claim.evidence == FEATURES:
        verdict = _of_features(claim, features)
        units = "measures"
    elif claim.evidence == "inventory":
        verdict, pooled = _of_registers(claim, numbers, records)
        units = "pairs" if claim.id in PAIRED else "measures"
    else:
        verdict, pooled = _of_samples(claim, numbers, records)
        units = "countries" if claim.direction else "persons"
    return OverallClaim(claim, verdict, len(numbers), answers, units, pooled)


def _without(records: Sequence[Record], countries: int) -> ClaimVerdict:
    """Why there is no number over all: a field that every country lacks, or too few countries."""
    missing = [tuple(record["missing"]) for record in records]
    if missing and all(missing):
        return without_field(tuple(dict.fromkeys(field for one in missing for field in one)))
    return without_number(Message(ONE_COUNTRY if countries == 1 else NO_COUNTRY))


def _of_samples(
    claim: Claim, numbers: Sequence[Record], records: Sequence[Record]
) -> tuple[ClaimVerdict, Pooled | None]:
    """The mean of the countries' numbers, or their size where the claim names no side."""
    usable = [number for number in numbers if _usable(number)]
    if len(usable) < 2:
        return _without(records, len(usable)), None
    named = sorted({str(number["of"]) for number in usable if number.get("of")})
    if len(named) > 1:
        return without_number(Message(UNLIKE, {"named": ", ".join(named)})), None
    values = [float(number["value"]) for number in usable]
    errors = [error_of(number["low"], number["value"], number["high"]) for number in usable]
    persons = sum(math.nan if number["n"] is None else float(number["n"]) for number in usable)
    if claim.direction == 0:
        pooled = size_of(values, errors, claim.threshold, persons)
        verdict = judge(pooled.measured, 1, 0.0, claim.margin)
    else:
        pooled = mean_of(values, errors, persons)
        verdict = judge(pooled.measured, claim.direction, claim.threshold, claim.margin)
        verdict = replace(verdict, needed=_countries_needed(verdict, claim.margin, pooled))
    return held_against(verdict, _spans(claim, usable), claim.margin, claim.direction != 0), pooled


def _usable(number: Record) -> bool:
    """Whether a number has an interval with two ends, which is not known to be too short."""
    return _has_interval(number) and number["low"] < number["high"] and not number["doubtful"]


def _has_interval(number: Record) -> bool:
    """Whether a number is there with both ends; registers that say nothing have ends alone."""
    return not any(number.get(part) is None for part in ("value", "low", "high"))


def _countries_needed(verdict: ClaimVerdict, margin: float, pooled: Pooled) -> float:
    if verdict.answer != "undecided":
        return math.nan
    value = verdict.span.value
    return countries_to_decide(pooled, (value, margin - value))


def _spans(claim: Claim, numbers: Sequence[Record]) -> list[Span]:
    """The signed distance of each country with its interval."""
    return [
        distance(
            Measured(number["value"], number["low"], number["high"]),
            claim.direction,
            claim.threshold,
        )
        for number in numbers
        if _has_interval(number)
    ]


def _of_registers(
    claim: Claim, numbers: Sequence[Record], records: Sequence[Record]
) -> tuple[ClaimVerdict, Pooled | None]:
    """The measures of all registers together."""
    if not numbers:
        return _without(records, 0), None
    silent = sum(int(number["silent"]) for number in numbers)
    answered = sum(int(number["n"]) for number in numbers) - silent
    if answered + silent < LEAST_MEASURES:
        said = {"k": answered + silent, "least": LEAST_MEASURES}
        return without_number(Message(FEW_MEASURES, said), float(LEAST_MEASURES)), None
    total = sum((number["n"] - number["silent"]) * (number["value"] or 0.0) for number in numbers)
    least = min(number["least"] for number in numbers)
    ends = least, max(number["most"] for number in numbers)
    measured = interval(total, answered, silent, ends)
    verdict = judge(measured, claim.direction, claim.threshold, claim.margin)
    pooled = Pooled(measured, _differ(numbers), (math.nan, math.nan), len(numbers))
    return held_against(verdict, _spans(claim, numbers), claim.margin), pooled


def _differ(numbers: Sequence[Record]) -> float:
    """I2 of the registers that have an interval of their own."""
    known = [number for number in numbers if _usable(number)]
    errors = [error_of(number["low"], number["value"], number["high"]) for number in known]
    return i2_of(np.array([number["value"] for number in known]), np.array(errors) ** -2.0)


def _of_features(claim: Claim, features: Sequence[FeatureContrast]) -> ClaimVerdict:
    """The regression of effects on a success factor, over the outcome and age with most measures, of
    outcomes of which it is known whether more or less is better.
    """
    mine = [one for one in features if one.feature == FACTOR_OF[claim.id] and one.better]
    if not mine:
        return without_number(Message(NO_COUNTRY))
    widest = max(mine, key=lambda f: f.measures)
    if isinstance(widest.found, NotEstimable):
        return without_number(widest.found.reason, float(widest.needed or math.nan))
    direction: Direction = claim.direction if widest.better == "more" else -claim.direction
    measured = _coefficient(widest.found, widest.measures)
    verdict = judge(measured, direction, claim.threshold, claim.margin)
    within = [
        distance(Measured(span.value, span.low, span.high), direction, claim.threshold)
        for span in widest.within
    ]
    return held_against(verdict, within, claim.margin)


def _coefficient(made: MetaRegression, measures: int) -> Measured:
    at = made.names.index("feature")
    low, high = float(made.low[at]), float(made.high[at])
    return Measured(float(made.value[at]), low, high, float(measures))
