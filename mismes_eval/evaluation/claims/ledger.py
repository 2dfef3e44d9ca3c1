"""The ledger of claims: what the MISMES studies say, what would show it, and by how much it would
have to differ to matter. Read from ledger.csv.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from mismes_eval.estimate.claim_verdict import Direction
from mismes_eval.frame.codes import packaged_rows
from mismes_eval.message import Message

SOURCE = (
    "European Training Foundation, slides on migrant support measures from an employment and skills"
    " perspective (MISMES)"
)
FEATURES = "features"  # claims about measures as units: one country has too few


@dataclass(frozen=True)
class Claim:
    """One line of the ledger.

    title, claim : in two to five words, and in one sentence.
    slide : heading of the slide that says so.
    evidence : inventory, survey, tracer, costs or features (measures as units).
    indicator : what is computed, and against what.
    beyond : what the slide also says and the number does not hold, with the field that is lacking.
    direction, threshold, margin : see `estimate.claim_verdict`; in the unit of the number (share,
    score or money).
    needs : file.column of every field it takes, alternatives separated by |.
    since : version of the ledger in which the line last changed.
    """

    id: str
    title: str
    claim: str
    slide: str
    evidence: str
    indicator: str
    beyond: str
    direction: Direction
    threshold: float
    margin: float
    unit: str
    needs: tuple[str, ...]
    since: str

    @property
    def on_main_outcome(self) -> bool:
        """Whether its number is an effect on what the run names as its main outcome."""
        return "tracer_outcome" in self.needs

    @property
    def measured_by(self) -> Message:
        """What is computed, and what the claim says beyond it."""
        if not self.beyond:
            return Message(self.indicator)
        parts = {"indicator": Message(self.indicator), "beyond": Message(self.beyond)}
        return Message("{indicator}. Not compared: {beyond}", parts)

    @property
    def scale(self) -> float:
        """Factor with which a page shows the number: shares in percent."""
        return 100.0 if self.unit == "share" else 1.0


@cache
def ledger() -> Mapping[str, Claim]:
    """All claims by id, in the order of the slides."""
    return {row["id"]: _claim(row) for row in packaged_rows("evaluation/claims/ledger.csv")}


def version() -> str:
    """Version of the ledger: the newest of its lines."""
    return max(claim.since for claim in ledger().values())


def _claim(row: Mapping[str, Any]) -> Claim:
    read = {name: float(row[name]) for name in ("threshold", "margin")}
    needs = tuple(need for need in row["needs"].split(";") if need)
    return Claim(**{**row, **read, "direction": int(row["direction"]), "needs": needs})
