"""What is no sample is refused by the verb that was called; strata beyond the number of codes keep
their units apart; a division by nothing in a replicate is told, whatever is divided.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import MismesError
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.stages import _pair

FRAME = pd.DataFrame({"w": [1.0, 2.0, 3.0], "y": [1, 0, 1]})


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
