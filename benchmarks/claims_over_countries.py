"""How often the verdicts over all countries are wrong: `nice python benchmarks/claims_over_countries.py
[--runs 1000] [--write]`.

True numbers of countries are drawn about a planted mean, each country's number about its true one;
the records are put to `evaluation.claims.overall` as those of reports are. --write puts the table
into docs/trust.md.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from mismes_eval.estimate.claim_verdict import ANSWERS
from mismes_eval.evaluation.claims.census import interval
from mismes_eval.evaluation.claims.ledger import Claim, ledger
from mismes_eval.evaluation.claims.overall import overall
from mismes_eval.evaluation.published_effects import Published
from mismes_eval.numerics.rows import Float

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "trust.md"
BEGIN = "<!-- over all: benchmarks/claims_over_countries.py --write -->"
END = "<!-- end of over all -->"
HEAD = (
    "| claim | countries | they differ by | planted | supported | contradicted | undecided |\n"
    "|---|---|---|---|---|---|---|\n"
)
SEED = 20262
Draw = Callable[[np.random.Generator, int], Float]
NORMAL = float(special.ndtri(0.975))
PLANTED = (("true, twice the margin", 2.0), ("true, at the margin", 1.0), ("null", 0.0))
FALSE = ("false, the margin the other way", -1.0)
ERRORS = (0.3, 0.9)  # of a country's number, in margins
MEASURES = 60  # of a register


def sample(claim: Claim, true: float, rng: np.random.Generator) -> dict[str, Any]:
    """The record of a country whose true number lies `true` margins from the threshold."""
    error = claim.margin * rng.uniform(*ERRORS)
    side = claim.direction or 1
    value = claim.threshold + claim.margin * true * side + error * rng.standard_normal()
    return {
        "id": claim.id,
        "answer": "undecided",
        "missing": [],
        "value": value,
        "low": value - NORMAL * error,
        "high": value + NORMAL * error,
        "n": 500.0,
        "of": "",
        "doubtful": False,
    }


def register(claim: Claim, true: float, rng: np.random.Generator) -> dict[str, Any]:
    """The record of a register whose true share lies `true` margins from the threshold."""
    share = np.clip(claim.threshold + claim.direction * claim.margin * true, 0.0, 1.0)
    yes = float(rng.binomial(MEASURES, share))
    made = interval(yes, MEASURES, 0, (0.0, 1.0))
    ends = {"low": made.low, "high": made.high, "least": 0.0, "most": 1.0}
    return sample(claim, true, rng) | ends | {"value": made.value, "n": made.n, "silent": 0}


def answer(claim: Claim, true: Float, rng: np.random.Generator) -> str:
    """The verdict over countries at these true numbers, in margins."""
    record = register if claim.evidence == "inventory" else sample
    reports = [
        Published(f"C{at}", True, {"claims": [record(claim, one, rng)]})
        for at, one in enumerate(true)
    ]
    return next(one.verdict.answer for one in overall(reports, ()) if one.claim.id == claim.id)


def worlds(claim: Claim) -> Iterator[tuple[str, str, Draw]]:
    """How countries differ, what is planted, and the true numbers of k
    countries in margins. Samples speak of countries like these, so the true numbers are drawn;
    registers and sizes of these countries, so theirs have the planted mean or size.
    """
    planted = (*PLANTED, FALSE) if claim.direction else PLANTED
    for name, mean in planted:
        yield "nothing", name, partial(alike, mean)
    for name, mean in planted:
        if not claim.direction:
            yield "their signs", name, partial(on_both_sides, mean)
        elif claim.evidence == "inventory":
            yield "1 margin", name, partial(about_their_mean, mean)
        else:
            yield "1 margin", name, partial(drawn_about, mean)
    if claim.direction:
        yield "4 margins", "half on each side", partial(on_both_sides, 2.0)


def alike(mean: float, _: np.random.Generator, k: int) -> Float:
    return np.full(k, mean)


def on_both_sides(size: float, _: np.random.Generator, k: int) -> Float:
    return size * np.resize([1.0, -1.0], k)


def drawn_about(mean: float, rng: np.random.Generator, k: int) -> Float:
    return mean + rng.standard_normal(k)


def about_their_mean(mean: float, rng: np.random.Generator, k: int) -> Float:
    deviation = rng.standard_normal(k)
    return mean + deviation - deviation.mean()


def lines(claim: Claim, runs: int) -> Iterator[str]:
    """A line of the table for each number of countries and each world."""
    for k in (3, 5, 12):
        for at, (differ, name, draw) in enumerate(worlds(claim)):
            rng = np.random.default_rng([SEED, k, at])
            tally = Counter(answer(claim, draw(rng, k), rng) for _ in range(runs))
            shares = " | ".join(f"{100 * tally[verdict] / runs:.1f}%" for verdict in ANSWERS[:3])
            made = f"| {claim.id} | {k} | {differ} | {name} | {shares} |"
            print(made, flush=True)
            yield made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    claims: Mapping[str, Claim] = ledger()
    print(HEAD, end="")
    table = [made for id_ in ("C14", "C29", "C26") for made in lines(claims[id_], given.runs)]
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        rows = "\n".join(table)
        PAGE.write_text(f"{before}{BEGIN}\n{HEAD}{rows}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
