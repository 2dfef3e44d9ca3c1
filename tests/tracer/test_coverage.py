"""The coverage study of attrition weights in small: complete cases miss the truth, ours keeps its
level, an unrecorded cause of loss is seen to hurt.
"""

import pytest

from benchmarks.coverage_tracer import run

pytestmark = pytest.mark.whole


def test_coverage_in_small() -> None:
    table = run(40, seed=3).set_index(["population", "method"])
    ours, plain = "weights, PSUs, weights estimated", "complete cases"
    first = table.loc["loss by the outcome at enrolment"]
    assert first.loc[plain, "coverage"] < 0.25
    assert first.loc[ours, "coverage"] >= 0.85
    assert abs(first.loc[ours, "bias_over_se"]) < 0.6
    assert 0.75 < first.loc[ours, "se_ratio"] < 1.3
    found = first.loc["weights, persons independent, weights known", "se_ratio"]
    assert found < first.loc[ours, "se_ratio"]
    assert table.loc[("unrecorded contactability", ours), "bias_over_se"] > 0.4
