"""Arguments of estimators in every form, and those that mean nothing: every problem of one call in
one error.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from mismes_eval.estimate.totals import mean, proportion, total
from mismes_eval.weighting.sample import Sample

N = 200
THREE = [mean, total, proportion]


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(31)
    return pd.DataFrame(
        {
            "w": rng.uniform(1, 9, N),
            "psu": np.arange(N) // 10,
            "sex": rng.choice(["F", "M"], N),
            "age": rng.choice(["a", "b", "c"], N),
            "x": rng.gamma(2.0, 3.0, N),
            "y": rng.normal(20, 4, N),
            "b": rng.random(N) < 0.4,
            "day": pd.Timestamp("2020-01-01"),
        }
    )


@pytest.fixture
def sample(frame: pd.DataFrame) -> Sample:
    return Sample.from_frame(frame, weights="w", psu="psu")


@pytest.mark.parametrize("statistic", THREE)
def test_columns_are_a_name_or_names(sample: Sample, statistic: Callable[..., object]) -> None:
    one = statistic(
        sample, ["b", "x"] if statistic is not proportion else ["b", "sex"], by=["sex"]
    ).to_frame()  # type: ignore[attr-defined]
    two = statistic(
        sample,
        ("b", "x") if statistic is not proportion else pd.Index(["b", "sex"]),
        by=np.array(["sex"]),
    ).to_frame()  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(one, two)


def test_a_level_that_nobody_or_everybody_in_a_domain_has_is_exactly_0_or_1(sample: Sample) -> None:
    for e in (
        mean(sample, "sex", by="sex"),
        proportion(sample, "sex", by="sex"),
        mean(sample, ["b"], by="b"),
        proportion(sample, "b", by="b"),
    ):
        assert set(e.value) == {0.0, 1.0}
        assert (e.se < 1e-15).all()
    numbers = sample.with_columns({"b": sample.frame["b"].astype(int)})
    assert proportion(numbers, "b", by="b").value.tolist() == [0.0, 1.0]
    assert proportion(numbers.where(~sample.frame["b"]), "b").value.tolist() == [0.0]
