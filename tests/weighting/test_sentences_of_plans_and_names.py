"""Every sentence of what plans of a sample refuse, and the argument that is named where values
stand in the place of a column.
"""

from __future__ import annotations

from collections.abc import Callable

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

CASES: dict[str, tuple[Callable[[], object], list[str]]] = {
    "figures of a plan that are none": (
        lambda: plan_precision(n=float("nan"), rate="much"),
        [
            "a planning figure is not a finite number: argument 'n'. Expected a number, got nan.",
            "a planning figure is not a finite number: argument 'rate'. Expected a number, got 'much'.",
        ],
    ),
    "shares of a plan out of range": (
        lambda: plan_precision(power=1.0, level=0.0),
        [
            "a planning figure is out of range: argument 'power'. Expected a share between 0 and 1, got 1.0.",
            "a planning figure is out of range: argument 'level'. Expected a share between 0 and 1, got 0.0.",
        ],
    ),
    "costs of a plan below zero": (
        lambda: plan_precision(screening_cost=-1.0, interview_cost=-0.5),
        [
            "a planning figure is out of range: argument 'screening_cost'. Expected a cost of 0 or more, got -1.0.",
            "a planning figure is out of range: argument 'interview_cost'. Expected a cost of 0 or more, got -0.5.",
        ],
    ),
    "no ratio": (
        lambda: plan_precision([]),
        [
            "a planning figure does not fit: argument 'ratios'. Expected at least one ratio, got none."
        ],
    ),
    "a ratio of zero": (
        lambda: plan_precision([1.0, 0.0]),
        [
            "a planning figure does not fit: argument 'ratios'. Expected positive numbers, got [1.0, 0.0]."
        ],
    ),
    "a share of all": (
        lambda: plan_precision(share_high=1.0),
        [
            "a planning figure does not fit: plan_precision. Expected shares between 0 and 1, n and deff above 0."
        ],
    ),
    "sizes in words": (
        lambda: plan_allocation(["a"], 5.0),
        ["a planning figure does not fit: argument 'size'. Expected positive numbers, got ['a']."],
    ),
    "labels of another number of strata": (
        lambda: plan_allocation([100.0, 50.0], 5.0, labels=["one"]),
        ["a planning figure does not fit: argument 'labels'. Expected 2 labels, got 1."],
    ),
    "spreads of another number of strata": (
        lambda: plan_allocation([100.0, 50.0], 5.0, sd=[1.0, 2.0, 3.0]),
        [
            "a planning figure does not fit: argument 'sd'. Expected 2 positive numbers, got [1.0, 2.0, 3.0]."
        ],
    ),
    "costs of another number of strata": (
        lambda: plan_allocation([100.0, 50.0], 5.0, cost=[1.0, 2.0, 3.0]),
        [
            "a planning figure does not fit: argument 'cost'. Expected 2 positive numbers, got [1.0, 2.0, 3.0]."
        ],
    ),
    "a cost of nothing": (
        lambda: plan_allocation([100.0, 50.0], 5.0, cost=0.0),
        ["a planning figure does not fit: argument 'cost'. Expected 2 positive numbers, got 0.0."],
    ),
    "a sample beyond the population": (
        lambda: plan_allocation([100.0, 50.0], 151.0),
        [
            "a planning figure does not fit: prevalence, total or screening_cost. Expected shares up to 1, a sample up to the population, a cost of 0 or more."
        ],
    ),
    "a prevalence beyond all": (
        lambda: plan_allocation([100.0, 50.0], 5.0, prevalence=[1.5, 0.5]),
        [
            "a planning figure does not fit: prevalence, total or screening_cost. Expected shares up to 1, a sample up to the population, a cost of 0 or more."
        ],
    ),
    "screening below zero": (
        lambda: plan_allocation([100.0, 50.0], 5.0, screening_cost=-1.0),
        [
            "a planning figure does not fit: prevalence, total or screening_cost. Expected shares up to 1, a sample up to the population, a cost of 0 or more."
        ],
    ),
    "a prevalence of three": (
        lambda: best_ratio(3.0, 0.1),
        [
            "a planning figure does not fit: argument 'prevalence'. Expected shares up to 1, got 3.0 and 0.1."
        ],
    ),
    "a prevalence in words": (
        lambda: best_ratio("high", 0.1),
        [
            "a planning figure is not a finite number: argument 'prevalence_high'. Expected a number, got 'high'."
        ],
    ),
    "a rate of nothing": (
        lambda: sample_size_for_rate(0.0, 0.1),
        [
            "a planning figure does not fit: sample_size_for_rate. Expected 0 < rate < 1, cv > 0, deff > 0, got 0.0, 0.1, 1.0."
        ],
    ),
    "a register without a cost": (
        lambda: compare_plans(1000.0, 0.2, 0.1, 0.05, 1.0, 5.0, register_share=0.3),
        [
            "a register without the cost of its interviews: arguments 'register_cost' and 'register_share'. Expected both or neither, got share 0.3."
        ],
    ),
    "a register that costs nothing": (
        lambda: compare_plans(
            1000.0, 0.2, 0.1, 0.05, 1.0, 5.0, register_cost=0.0, register_share=0.3
        ),
        [
            "a register does not fit: arguments 'register_cost' and 'register_share'. Expected a cost above 0 and a share in (0, 1], got 0.0 and 0.3."
        ],
    ),
    "no budget": (
        lambda: compare_plans(0.0, 0.2, 0.1, 0.05, 1.0, 5.0),
        ["a planning figure does not fit: compare_plans. Expected budget and costs above 0."],
    ),
    "figures of plans in words": (
        lambda: compare_plans("all", 0.2, 0.1, 0.05, 1.0, None, deff="one"),
        [
            "a planning figure is not a finite number: argument 'budget'. Expected a number, got 'all'.",
            "a planning figure is not a finite number: argument 'cost_interview'. Expected a number, got None.",
            "a planning figure is not a finite number: argument 'deff'. Expected a number, got 'one'.",
        ],
    ),
    "diagnostics by values": (
        lambda: weight_diagnostics(of(), rows()["g"]),
        [
            "a column is named, not handed over: argument 'by'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "classes of a listing by values": (
        lambda: two_phase(of(), "r", "f", rows()["g"]),
        [
            "a column is named, not handed over: argument 'classes'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "selection by values": (
        lambda: two_phase(of(), rows()["r"], "f"),
        [
            "a column is named, not handed over: argument 'selected'. Expected one column name, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "chances by values": (
        lambda: two_phase(of(), "r", rows()["f"]),
        [
            "a column is named, not handed over: argument 'phase2_prob'. Expected one column name, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "covariates by values": (
        lambda: nonresponse(of(), "r", rows()["g"]),
        [
            "a column is named, not handed over: argument 'covariates'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "eligibility by values": (
        lambda: nonresponse(of(), "r", "g", eligible=rows()["r"]),
        [
            "a column is named, not handed over: argument 'eligible'. Expected one column name, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "post-strata by values": (
        lambda: poststratify(of(), rows()["g"], {"a": 1.0}),
        [
            "a column is named, not handed over: argument 'by'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "volunteers by values": (
        lambda: pseudo_weights(rows(), of(), rows()["g"]),
        [
            "a column is named, not handed over: argument 'covariates'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "frames by values": (
        lambda: combine_frames([of(), of()], [rows()["f"], "f"]),
        [
            "a column is named, not handed over: argument 'on_frame'. Expected one column name, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "weights by values": (
        lambda: me.Sample.from_frame(rows(), weights=rows()["w"]),
        [
            "a column is named, not handed over: argument 'weights'. Expected one column name, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "strata by values": (
        lambda: of(strata=rows()["s"]),
        [
            "a column is named, not handed over: argument 'strata'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "PSUs by values": (
        lambda: of(psu=rows()["p"]),
        [
            "a column is named, not handed over: argument 'psu'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "counts by values": (
        lambda: of(fpc=rows()["f"]),
        [
            "a column is named, not handed over: argument 'fpc'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "households by values": (
        lambda: me.Sample.from_frame(rows(), weights="w", household=rows()["p"]),
        [
            "a column is named, not handed over: argument 'household'. Expected one column name, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "keys by values": (
        lambda: of(unit=rows()["i"]),
        [
            "a column is named, not handed over: argument 'unit'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
    "replicates by values": (
        lambda: copied(rows()["w"]),
        [
            "a column is named, not handed over: argument 'columns'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names."
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_sentence_of_a_refusal(name: str) -> None:
    attempt, sentences = CASES[name]
    with pytest.raises(MismesError) as caught:
        attempt()
    assert [str(p) for p in caught.value.problems] == sentences


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
