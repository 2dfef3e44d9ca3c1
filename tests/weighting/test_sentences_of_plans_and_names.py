"""Every sentence of what plans of a sample refuse, and the argument that is named where values
stand in the place of a column.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import mismes_eval as me
from mismes_eval.errors import MismesError
from mismes_eval.weighting.calibrate import poststratify
from mismes_eval.weighting.diagnostics import weight_diagnostics
from mismes_eval.weighting.frames import combine_frames
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.phases import two_phase
from mismes_eval.weighting.planning import (
    best_ratio,
    compare_plans,
    plan_allocation,
    plan_precision,
    sample_size_for_rate,
)
from mismes_eval.weighting.pseudo import pseudo_weights

from .twelve_rows import copied, of, rows

SAID = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
CASES: dict[str, Callable[[], object]] = {
    "figures of a plan that are none": lambda: plan_precision(n=float("nan"), rate="much"),
    "shares of a plan out of range": lambda: plan_precision(power=1.0, level=0.0),
    "costs of a plan below zero": lambda: plan_precision(screening_cost=-1.0, interview_cost=-0.5),
    "no ratio": lambda: plan_precision([]),
    "a ratio of zero": lambda: plan_precision([1.0, 0.0]),
    "a share of all": lambda: plan_precision(share_high=1.0),
    "sizes in words": lambda: plan_allocation(["a"], 5.0),
    "labels of another number of strata": lambda: plan_allocation(
        [100.0, 50.0], 5.0, labels=["one"]
    ),
    "spreads of another number of strata": lambda: plan_allocation(
        [100.0, 50.0], 5.0, sd=[1.0, 2.0, 3.0]
    ),
    "costs of another number of strata": lambda: plan_allocation(
        [100.0, 50.0], 5.0, cost=[1.0, 2.0, 3.0]
    ),
    "a cost of nothing": lambda: plan_allocation([100.0, 50.0], 5.0, cost=0.0),
    "a sample beyond the population": lambda: plan_allocation([100.0, 50.0], 151.0),
    "a prevalence beyond all": lambda: plan_allocation([100.0, 50.0], 5.0, prevalence=[1.5, 0.5]),
    "screening below zero": lambda: plan_allocation([100.0, 50.0], 5.0, screening_cost=-1.0),
    "a prevalence of three": lambda: best_ratio(3.0, 0.1),
    "a prevalence in words": lambda: best_ratio("high", 0.1),
    "a rate of nothing": lambda: sample_size_for_rate(0.0, 0.1),
    "a register without a cost": lambda: compare_plans(
        1000.0, 0.2, 0.1, 0.05, 1.0, 5.0, register_share=0.3
    ),
    "a register that costs nothing": lambda: compare_plans(
        1000.0, 0.2, 0.1, 0.05, 1.0, 5.0, register_cost=0.0, register_share=0.3
    ),
    "no budget": lambda: compare_plans(0.0, 0.2, 0.1, 0.05, 1.0, 5.0),
    "figures of plans in words": lambda: compare_plans(
        "all", 0.2, 0.1, 0.05, 1.0, None, deff="one"
    ),
    "diagnostics by values": lambda: weight_diagnostics(of(), rows()["g"]),
    "classes of a listing by values": lambda: two_phase(of(), "r", "f", rows()["g"]),
    "selection by values": lambda: two_phase(of(), rows()["r"], "f"),
    "chances by values": lambda: two_phase(of(), "r", rows()["f"]),
    "covariates by values": lambda: nonresponse(of(), "r", rows()["g"]),
    "eligibility by values": lambda: nonresponse(of(), "r", "g", eligible=rows()["r"]),
    "post-strata by values": lambda: poststratify(of(), rows()["g"], {"a": 1.0}),
    "volunteers by values": lambda: pseudo_weights(rows(), of(), rows()["g"]),
    "frames by values": lambda: combine_frames([of(), of()], [rows()["f"], "f"]),
    "weights by values": lambda: me.Sample.from_frame(rows(), weights=rows()["w"]),
    "strata by values": lambda: of(strata=rows()["s"]),
    "PSUs by values": lambda: of(psu=rows()["p"]),
    "counts by values": lambda: of(fpc=rows()["f"]),
    "households by values": lambda: me.Sample.from_frame(
        rows(), weights="w", household=rows()["p"]
    ),
    "keys by values": lambda: of(unit=rows()["i"]),
    "replicates by values": lambda: copied(rows()["w"]),
}


@pytest.mark.parametrize("name", CASES)
def test_every_sentence_of_a_refusal(name: str) -> None:
    with pytest.raises(MismesError) as caught:
        CASES[name]()
    assert [str(p) for p in caught.value.problems] == SAID[name], (
        "if the new words are better: python tests/proof/write_messages.py"
    )


def test_costs_below_one_and_of_nothing_are_costs() -> None:
    """6,000 persons screened at 1/2 and 264 migrants interviewed at 1/4; and both for nothing."""
    assert plan_precision([1.0], screening_cost=0.5, interview_cost=0.25)["cost"].tolist() == [
        3000 + 66
    ]
    assert plan_precision([1.0], screening_cost=0.0, interview_cost=0.0)["cost"].tolist() == [0]
    free = plan_allocation([100.0, 50.0], 30.0, screening_cost=0.0)
    assert (
        free["n"].tolist() == [20, 10]
        and free["cost"].tolist() == [20, 10]
        and free["stratum"].tolist() == [1, 2]
    )
