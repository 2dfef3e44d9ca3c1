"""What is no sample is refused by the verb that was called; strata beyond the number of codes keep
their units apart; a division by nothing in a replicate is told, whatever is divided.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import MismesError
from mismes_eval.weighting.calibrate import calibrate, feasibility, tightest_bounds
from mismes_eval.weighting.diagnostics import margins_before_after, provenance, weight_diagnostics
from mismes_eval.weighting.frames import combine_frames, stack_samples
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.phases import two_phase, weight_share
from mismes_eval.weighting.pseudo import pseudo_weights
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.stages import _pair
from mismes_eval.weighting.trim import trim

FRAME = pd.DataFrame({"w": [1.0, 2.0, 3.0], "y": [1, 0, 1]})
CALLS: dict[str, Callable[[Any, str], object]] = {
    "calibrate": lambda s, y: calibrate(s, {y: 1.0}),
    "feasibility": lambda s, y: feasibility(s, {y: 1.0}),
    "tightest_bounds": lambda s, y: tightest_bounds(s, {y: 1.0}),
    "trim": lambda s, y: trim(s, upper=1.0),
    "nonresponse": lambda s, y: nonresponse(s, y, y),
    "replicates": lambda s, y: replicates(s),
    "two_phase": lambda s, y: two_phase(s, y, y),
    "weight_share": lambda s, y: weight_share(s, pd.DataFrame()),
    "pseudo_weights (argument 'reference')": lambda s, y: pseudo_weights(pd.DataFrame(), s, y),
    "combine_frames": lambda s, y: combine_frames([s, s], [y, y]),
    "stack_samples": lambda s, y: stack_samples([s]),
    "weight_diagnostics": lambda s, y: weight_diagnostics(s),
    "margins_before_after": lambda s, y: margins_before_after(s),
    "provenance": lambda s, y: provenance(s),
}


@pytest.mark.parametrize("caller", CALLS)
def test_a_frame_is_no_sample(caller: str) -> None:
    with pytest.raises(MismesError) as caught:
        CALLS[caller](FRAME, "y")
    assert [p.what for p in caught.value.problems] == [f"{caller} takes a Sample"]
    assert caught.value.problems[0].got == "a DataFrame"


def test_pairs_are_numbered_in_order_and_never_meet() -> None:
    """Four strata and codes up to 2: the pair (3, 0) is not the pair (0, 1), whatever they are
    divided by.
    """
    a, b = np.array([3, 0, 0, 3, 1, 2, 1]), np.array([0, 1, 0, 0, 2, 2, 2])
    code, first = _pair(a, b)
    assert code.tolist() == [4, 1, 0, 4, 2, 3, 2] and first.tolist() == [2, 1, 4, 5, 0]


@pytest.mark.parametrize(
    ("number", "said"),
    [(1.0, "divide by zero encountered in divide"), (0.0, "invalid value encountered in divide")],
)
def test_a_division_by_nothing_in_a_replicate_is_told(number: float, said: str) -> None:
    s = me.replicates(
        me.Sample.from_frame(FRAME.assign(p=[0, 1, 2]), weights="w", psu="p"), "jackknife"
    )
    with pytest.raises(MismesError) as caught:
        replicated(s, lambda w: np.full(1, number) / w[:1])
    problem = caught.value.problems[0]
    assert (problem.what, problem.where, problem.got) == (
        "an estimate cannot be made in a replicate",
        "replicate 1 of 3",
        said,
    )
    assert (
        problem.expected == "rows with weight in every group, in every replicate"
        and problem.fix == "Merge groups, or use the linearised design."
    )


def test_prevalences_of_another_number_of_strata_are_refused() -> None:
    with pytest.raises(MismesError) as caught:
        me.plan_allocation([100.0, 200.0], 30.0, prevalence=[0.1, 0.2, 0.3])
    assert (
        str(caught.value)
        == "a planning figure does not fit: argument 'prevalence'. Expected 2 positive numbers, got [0.1, 0.2, 0.3]."
    )
    for share in (0.0, 1.01):
        with pytest.raises(
            MismesError, match=r"a cost above 0 and a share in \(0, 1\], got 5\.0 and"
        ):
            me.compare_plans(
                1000.0, 0.2, 0.1, 0.05, 1.0, 5.0, register_cost=5.0, register_share=share
            )
