"""Every claim of the ledger put to the evidence of a run: a number with its interval, or what is
missing. What is said of it is decided after it is known which numbers are published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.claims.census import (
    CENSUS,
    FEW_MEASURES,
    LEAST_MEASURES,
    Census,
    census,
)
from mismes_eval.evaluation.claims.fields import missing_fields
from mismes_eval.evaluation.claims.ledger import Claim, ledger
from mismes_eval.evaluation.claims.persons import Evidence, evidence
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.message import Message


@dataclass(frozen=True)
class ClaimEvidence:
    """A claim with what the run has on it. missing: fields that it lacks, or that hold nothing of
    what the claim compares; then there is no number.

    found : of persons an Evidence, of the register a Census.
    few : a register with too few measures for a number of its own, which still counts over all
        countries.
    """

    claim: Claim
    missing: tuple[str, ...]
    found: Evidence | Census | None
    few: Census | None = None


def put_to_the_test(evaluation: Evaluation) -> tuple[ClaimEvidence, ...]:
    """All claims of the ledger, in its order."""
    day = date(evaluation.params.year or date.today().year, 12, 31)
    return tuple(_tested(evaluation, claim, day) for claim in ledger().values())


def _tested(evaluation: Evaluation, claim: Claim, day: date) -> ClaimEvidence:
    missing = missing_fields(evaluation, claim)
    if missing:
        return ClaimEvidence(claim, missing, None)
    if claim.id not in CENSUS:
        of_persons = evidence(evaluation, claim.id)
        found = None if of_persons.lacking else of_persons
        return ClaimEvidence(claim, of_persons.lacking, found)
    assert evaluation.inventory is not None
    counted = census(evaluation.inventory, claim.id, day, evaluation.evaluated)
    if counted.measures >= LEAST_MEASURES:
        return ClaimEvidence(claim, (), counted)
    said = Message(FEW_MEASURES, {"k": counted.measures, "least": LEAST_MEASURES})
    none = Evidence(NotEstimable(said), needed=float(LEAST_MEASURES))
    return ClaimEvidence(claim, (), none, few=counted)
