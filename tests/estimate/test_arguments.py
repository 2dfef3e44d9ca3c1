"""Arguments of estimators in every form, and those that mean nothing: every problem of one call in
one error.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.totals import mean, proportion, ratio, total
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


@pytest.mark.parametrize("statistic", THREE)
@pytest.mark.parametrize(
    ("columns", "by", "what"),
    [
        ([], None, "names no column"),
        (None, None, "argument 'columns'"),
        (3, None, "column '3'"),
        (
            pd.Series([1.0, 2.0]),
            None,
            "argument 'columns'. Expected a name or a list of names, got a Series",
        ),
        (["x", ["y"]], None, "argument 'columns'"),
        ("x", pd.Series(["F"]), "argument 'by'"),
        ("x", 3, "column '3'"),
        ("x", ["sex", "sex"], "names a column of 'by' twice"),
    ],
)
def test_arguments_that_name_nothing(
    sample: Sample, statistic: Callable[..., object], columns: object, by: object, what: str
) -> None:
    with pytest.raises(EstimateError) as error:
        statistic(sample, columns, by=by)
    assert what in str(error.value)
    assert len(error.value.problems) == 1


@pytest.mark.parametrize("statistic", THREE)
def test_every_column_that_is_unknown_or_has_gaps_is_told_at_once(
    frame: pd.DataFrame, statistic: Callable[..., object]
) -> None:
    gaps = frame.assign(
        x=frame["x"].where(frame.index != 3),
        sex=frame["sex"].where(frame.index != 4),
        age=frame["age"].where(frame.index != 5),
    )
    s = Sample.from_frame(gaps, weights="w", psu="psu")
    with pytest.raises(EstimateError) as error:
        statistic(s, ["x", "sex"], by="age")
    assert [p.rows for p in error.value.problems] == [(3,), (4,), (5,)]
    with pytest.raises(EstimateError) as error:
        statistic(s, ["nope", "y"], by="neither")
    assert [p.where for p in error.value.problems] == ["column 'nope'", "column 'neither'"]
    with pytest.raises(EstimateError) as error:
        statistic(gaps, "y")
    assert str(error.value).startswith(
        f"{statistic.__name__} takes a Sample: first argument. Expected a Sample, got a DataFrame."
    )


@pytest.mark.parametrize("statistic", [mean, total])
def test_dates_and_complex_numbers_have_no_mean(
    sample: Sample, statistic: Callable[..., object]
) -> None:
    with pytest.raises(EstimateError, match="meets dates"):
        statistic(sample, "day")
    with pytest.raises(EstimateError, match="needs numbers"):
        statistic(sample.with_columns({"z": sample.frame["y"] * 1j}), "z")


def test_both_columns_of_a_ratio_are_told(sample: Sample) -> None:
    with pytest.raises(EstimateError) as error:
        ratio(sample, "sex", "age")
    assert [p.where for p in error.value.problems] == ["column 'sex'", "column 'age'"]
    with pytest.raises(EstimateError, match="got a list"):
        ratio(sample, ["y"], "x")  # type: ignore[arg-type]


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
