"""How often the verdicts on claims are wrong: `nice python benchmarks/claims_errors.py [--runs 300]
[--write]`.

Samples of PSUs are drawn with replacement from the made-up survey of Moldova (SYNTHETIC), in which
the employment of returnees is planted so that a claim is true, false or null by a known distance;
each sample is put to the rule of `estimate.claim_verdict`. Registers are drawn from a made-up world
of measures with known shares, and a tenth of their records does not say. --write puts the table into
docs/trust.md.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import mismes_eval as me
from mismes_eval.estimate.claim_verdict import ANSWERS, Measured, judge
from mismes_eval.evaluation.claims.census import Census
from mismes_eval.evaluation.claims.ledger import Claim, ledger

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "trust.md"
BEGIN = "<!-- claims: benchmarks/claims_errors.py --write -->"
END = "<!-- end of claims -->"
HEAD = (
    "| claim | planted | runs | supported | contradicted | undecided |\n|---|---|---|---|---|---|\n"
)
SEED = 20261
BASE = 0.55  # employment of those who never left, in the planted world
PLANTED = (
    ("true, twice the margin", 2.0),
    ("true, at the margin", 1.0),
    ("too small, half the margin", 0.5),
    ("null", 0.0),
    ("false, the margin the other way", -1.0),
)
SMALL, LARGE, SILENT = 25, 60, 0.1


def persons() -> pd.DataFrame:
    """Returnees and those who never left, with design and a number that plants their work."""
    frame = me.lfs.read(ROOT / "data_raw" / "MDA" / "lfs_person.parquet")
    status = me.lfs.migration_status(frame, "hims_tunisia").astype("string")
    kept = status.isin(["RET", "NON"]).fillna(False)
    columns = frame.loc[kept, ["d1_nr", "strata", "psu"]].reset_index(drop=True)
    return columns.assign(group=status[kept].to_numpy(str))


@dataclass(frozen=True)
class World:
    """frame: the persons; strata: for each stratum the rows of each of its PSUs."""

    frame: pd.DataFrame
    strata: tuple[tuple[np.ndarray, ...], ...]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> World:
        """The PSUs of a frame."""
        strata = []
        for _, stratum in frame.groupby("strata"):
            strata.append(tuple(rows.index.to_numpy() for _, rows in stratum.groupby("psu")))
        return cls(frame, tuple(strata))

    def drawn(self, rng: np.random.Generator) -> pd.DataFrame:
        """PSUs with replacement within strata; one that is drawn twice is two."""
        rows, psus = [], []
        for blocks in self.strata:
            for at in rng.integers(0, len(blocks), len(blocks)):
                psus.append(np.full(blocks[at].size, len(rows)))
                rows.append(blocks[at])
        sample = self.frame.take(np.concatenate(rows)).reset_index(drop=True)
        return sample.assign(psu=np.concatenate(psus))


def gap(world: World, distance: float, claim: Claim, rng: np.random.Generator) -> str:
    """The verdict on a difference of groups, planted at a distance in the claim's direction. A part
    of each PSU's luck is shared, as in a real cluster.
    """
    sample = world.drawn(rng)
    blocks = sample["psu"].to_numpy()
    luck = rng.normal(0.0, 0.05, blocks.max() + 1)[blocks]
    returned = (sample["group"] == "RET").to_numpy(float)
    chance = BASE + luck + returned * claim.direction * distance
    working = rng.random(len(sample)) < chance
    survey = me.Sample.from_frame(
        sample.assign(working=working.astype(float)),
        weights="d1_nr",
        strata="strata",
        psu="psu",
        nest=True,
    )
    rates = me.mean(survey, "working", by="group")
    name = dict(zip(rates.keys["group"].astype(str), rates.names, strict=True))
    found = rates.contrast({name["RET"]: 1.0, name["NON"]: -1.0})
    low, high = found.ends()
    measured = Measured(
        value=float(found.value[0]),
        low=float(low[0]),
        high=float(high[0]),
        n=float(found.n[0]),
        doubtful=found.doubtful,
    )
    return judge(measured, claim.direction, claim.threshold, claim.margin).answer


def register(size: int) -> Callable[[float, Claim, np.random.Generator], str]:
    """The verdict on a share of measures, in a register of a size of which a tenth is silent."""

    def verdict(distance: float, claim: Claim, rng: np.random.Generator) -> str:
        share = claim.threshold + claim.direction * distance
        yes = (rng.random(size) < share).astype(float)
        yes[rng.random(size) < SILENT] = np.nan
        measured = Census(yes).measured()
        return judge(measured, claim.direction, claim.threshold, claim.margin).answer

    return verdict


def counted(
    claim: Claim,
    name: str,
    runs: int,
    verdict: Callable[[float, Claim, np.random.Generator], str],
) -> list[str]:
    """A line of the table for each planted distance."""
    lines = []
    for planted, margins in PLANTED:
        rng = np.random.default_rng([SEED, len(name), int(10 * margins) + 10])
        tally = Counter(verdict(margins * claim.margin, claim, rng) for _ in range(runs))
        shares = " | ".join(f"{100 * tally[answer] / runs:.1f}%" for answer in ANSWERS[:3])
        lines.append(f"| {name} | {planted} | {runs} | {shares} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    world, claims = World.of(persons()), ledger()
    print(HEAD, end="")
    lines = counted(
        claims["C14"],
        "C14, survey, margin 5 points",
        given.runs,
        lambda distance, claim, rng: gap(world, distance, claim, rng),
    )
    for size in (SMALL, LARGE):
        name = f"C26, register of {size} measures, margin 10 points"
        lines += counted(claims["C26"], name, 10 * given.runs, register(size))
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        table = HEAD + "\n".join(lines)
        PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
