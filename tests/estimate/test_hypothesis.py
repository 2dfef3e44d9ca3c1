"""Tests of hypotheses: one row is the squared t, the form of the hypothesis does not matter, and
what cannot be tested says why.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.association import rao_scott
from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.estimate.hypothesis import Test as Result
from mismes_eval.estimate.hypothesis import wald
from mismes_eval.estimate.joint import independent, stack
from mismes_eval.estimate.quantile import quantile
from mismes_eval.estimate.regression import ols
from mismes_eval.estimate.survival import survival
from mismes_eval.estimate.totals import mean, total
from mismes_eval.weighting.calibrate import calibrate
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample


def sample(psus: int = 30) -> Sample:
    rng = np.random.default_rng(8)
    n = 240
    frame = pd.DataFrame(
        {
            "w": rng.uniform(1, 3, n),
            "psu": np.arange(n) % psus,
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "g": rng.choice(["a", "b", "c"], n),
            "one": "all",
        }
    )
    return Sample.from_frame(frame, weights="w", psu="psu")


@pytest.mark.identity
def test_one_combination_is_the_squared_t_however_it_is_written() -> None:
    e = ols(sample(), "y ~ x + g")
    t = wald(e, "x")
    assert isinstance(t, Result)
    np.testing.assert_allclose(
        [t.statistic, t.p], [(e.value[1] / e.se[1]) ** 2, e.pvalue[1]], rtol=1e-10
    )
    for form in (["x"], {"x": 1.0}, [{"x": 2.0}], np.array([[0, 1.0, 0, 0]]), [[0, 1, 0, 0]]):
        again = wald(e, form)
        assert isinstance(again, Result)
        np.testing.assert_allclose(again.statistic, t.statistic, rtol=1e-12)
    assert "H0: x = 0" in str(t)
    assert t.to_frame().loc[0, "ddf"] == pytest.approx(e.degf[1])


@pytest.mark.identity
def test_equality_of_domain_means_is_the_regression_on_the_groups() -> None:
    s = sample()
    equal = wald(mean(s, "y", by="g"), [{"y, g=a": 1, "y, g=b": -1}, {"y, g=a": 1, "y, g=c": -1}])
    slopes = wald(ols(s, "y ~ g"), ["g[T.b]", "g[T.c]"])
    assert isinstance(equal, Result) and isinstance(slopes, Result)
    np.testing.assert_allclose(equal.statistic, slopes.statistic, rtol=1e-9)


def test_what_cannot_be_tested_says_why() -> None:
    e = ols(sample(), "y ~ x + g")
    assert "depend on each other" in getattr(wald(e, [{"x": 1}, {"x": 3}]), "reason", "")
    few = ols(sample(3), "y ~ x + g")
    assert "degrees of freedom" in getattr(wald(few, "x"), "reason", "")
    assert isinstance(rao_scott(sample(), "one", "g"), NotEstimable)
    with pytest.raises(EstimateError, match="names no value"):
        wald(e, ["x", "nothing"])
    with pytest.raises(EstimateError, match="does not fit"):
        wald(e, np.eye(3))
    with pytest.raises(EstimateError, match="unknown statistic"):
        rao_scott(sample(), "g", "one", "G2")


def test_quantile_arguments_and_tails() -> None:
    s = sample()
    for bad in (
        lambda: quantile(s, "y", 1.5),
        lambda: quantile(s, "y", 0.5, rule="median"),
        lambda: quantile(s, "y", 0.5, interval="quantile"),
    ):  # type: ignore[arg-type]
        with pytest.raises(EstimateError):
            bad()
    tail = quantile(s, "y", [0.002, 0.5])
    assert np.isnan(tail.se[0]) and np.isfinite(tail.se[1])
    assert any("xlogit" in note for note in tail.notes)
    assert np.isfinite(quantile(s, "y", [0.02], interval="xlogit").se).all()


@pytest.mark.identity
def test_quantile_contrasts_and_intervals_at_other_levels() -> None:
    s = sample()
    e = quantile(s, "y", [0.25, 0.75])
    spread = e.contrast({"y p75": 1, "y p25": -1})
    np.testing.assert_allclose(
        spread.se[0] ** 2, np.array([-1, 1]) @ e.vcov @ np.array([-1, 1]), rtol=1e-12
    )
    assert (e.ci(0.5)["high"] - e.ci(0.5)["low"] < e.ci()["high"] - e.ci()["low"]).all()
    np.testing.assert_array_equal(e.select([1]).ci(), e.ci().iloc[[1]])
    r = replicates(s, n=200, seed=3)
    doubled = quantile(r, "y", [0.25, 0.75]).through(lambda v: 2 * v, 2 * np.eye(2))
    np.testing.assert_allclose(doubled.se, 2 * quantile(r, "y", [0.25, 0.75]).se, rtol=1e-10)
    np.testing.assert_allclose(doubled.value, 2 * e.value)


@pytest.mark.parametrize(
    ("hypothesis", "what"),
    [
        (None, "no hypothesis"),
        (5, "no hypothesis"),
        ({}, "no hypothesis"),
        ([{}], "an empty mapping"),
        ([["y"]], "names, mappings, or rows of 2 finite numbers"),
        ([[np.nan, 1.0]], "finite numbers"),
        ([[1.0, 0.0, 0.0]], "shape (1, 3)"),
        ({"y": np.nan, "none": 1.0}, "wald names no value: 'none'"),
        ({"y": "1"}, "a weight is not a finite number: 'y'"),
    ],
)
def test_hypotheses_that_mean_nothing(hypothesis: object, what: str) -> None:
    frame = pd.DataFrame({"w": 1.0, "y": [1.0, 2.0, 4.0, 8.0], "x": [1.0, 0.0, 2.0, 5.0]})
    e = mean(Sample.from_frame(frame, weights="w"), ["y", "x"])
    with pytest.raises(EstimateError) as error:
        wald(e, hypothesis)  # type: ignore[arg-type]
    assert what in str(error.value)
    with pytest.raises(EstimateError, match="NotEstimable \\(too few\\)"):
        wald(NotEstimable("too few"), "y")  # type: ignore[arg-type]
    one = wald(e, pd.DataFrame([[1.0, -1.0]], columns=["y", "x"]))  # type: ignore[arg-type]
    assert one == wald(e, {"y": 1.0, "x": -1.0})


def test_joining_and_functions_of_estimates_refuse_what_is_none() -> None:
    frame = pd.DataFrame(
        {"w": 1.0, "g": ["a", "b", "a", "b"], "y": [1.0, 2.0, 4.0, 8.0], "x": [1.0, 0.0, 2.0, 5.0]}
    )
    s = Sample.from_frame(frame, weights="w")
    e = mean(s, ["y", "x"])
    for attempt, what in (
        (stack, "nothing"),
        (lambda: independent([e, e]), "a list"),  # type: ignore[arg-type]
        (lambda: stack(e, NotEstimable("few")), "NotEstimable (few)"),  # type: ignore[arg-type]
        (
            lambda: independent(e, mean(calibrate(s, {"1": 9.0}), "y")),
            "two estimates on one design",
        ),
        (lambda: e.contrast(["y"]), "a mapping of name to weight"),  # type: ignore[arg-type]
        (lambda: e.contrast({}), "a mapping of name to weight"),
        (lambda: e.contrast({"y": np.nan, "q": 1.0}), "contrast names no value: q"),
        (lambda: e.contrast({"y": np.inf}), "a weight is not a finite number: 'y'"),
        (
            lambda: e.through(np.log, np.diag(1 / e.value), ("one",)),
            "argument 'names'. Expected 2 names, got 1",
        ),
        (
            lambda: e.through(np.log, np.diag(1 / e.value), n=np.ones(3)),
            "argument 'n'. Expected 2 numbers, got 3",
        ),
        (lambda: e.select([2]), "positions 0 to 1"),
        (lambda: e.ci("95"), "the level is not a probability"),  # type: ignore[arg-type]
        (lambda: quantile(s, "y", "a"), "argument 'probs'"),  # type: ignore[arg-type]
        (lambda: quantile(s, ["y"], 0.5), "got a list"),  # type: ignore[arg-type]
        (lambda: rao_scott(s, ["g"], "y"), "got a list"),  # type: ignore[arg-type]
        (lambda: survival(s, "y", "w", times=["a"]), "argument 'times'"),  # type: ignore[list-item]
    ):
        with pytest.raises(EstimateError) as error:
            attempt()  # type: ignore[no-untyped-call]
        assert what in str(error.value)
    assert (
        survival(s, "y", "w", times=2).value.tolist()
        == survival(s, "y", "w", times=[2.0]).value.tolist()
    )  # type: ignore[arg-type]


def test_a_combination_counts_each_row_behind_it_once() -> None:
    """y and x of the same 240 rows are 240 rows; groups add up; one value keeps its n; two
    overlapping indicators count the rows of either; samples add.
    """
    s = sample()
    rows = s.frame["g"].value_counts()
    both = stack(mean(s, ["y", "x"]), mean(s, "y", by="g"))
    names = both.names
    assert both.contrast({"y": 1, "x": -1}).n.tolist() == [240]
    assert both.contrast({"y, g=a": 1, "y, g=b": -1}).n.tolist() == [rows["a"] + rows["b"]]
    assert both.contrast({"y": 1, "y, g=b": -1}).n.tolist() == [240]
    assert both.contrast({"y, g=b": 2.0}).n.tolist() == [rows["b"]]
    j = np.array([[1.0, -1.0, 0, 0, 0], [0, 0, 0, 1.0, 1.0], [0.0] * 5])
    assert names[3:] == ("y, g=b", "y, g=c") and both.through(lambda v: j @ v, j).n.tolist() == [
        240,
        rows["b"] + rows["c"],
        0,
    ]
    some = s.where(s.frame["y"] > 0)
    other = s.where(s.frame["x"] > 0)
    two = stack(total(some, "y"), total(other, "x"))
    either = ((s.frame["y"] > 0) | (s.frame["x"] > 0)).sum()
    assert two.contrast(dict.fromkeys(two.names, 1.0)).n.tolist() == [either] < two.n.sum()
    fits = stack(ols(some, "y ~ x"), ols(other, "y ~ x"))
    assert fits.contrast({fits.names[1]: 1.0, fits.names[3]: -1.0}).n.tolist() == [either]
    apart = independent(mean(s, ["y", "x"]), mean(sample(), "x"))
    assert apart.contrast(dict.fromkeys(apart.names, 1.0)).n.tolist() == [480]
    zeros = (
        sample()
        .where(np.arange(240) < 50)
        .with_columns({"none": 0.0, "y": np.r_[np.ones(10), np.zeros(230)]})
    )
    assert total(zeros, ["none", "y"]).contrast({"none": 1.0, "y": 1.0}).n.tolist() == [50], (
        "rows of the domain count whatever their value"
    )


def test_without_influence_a_combination_counts_no_more_than_its_largest_value() -> None:
    r = replicates(sample(), "jackknife")
    e = quantile(r, "y", [0.25, 0.75], interval="mean")
    plain = survival(r.with_columns({"t": 1.0 + np.arange(240) % 3, "end": 1}), "t", "end", by="g")
    assert e.contrast(dict.fromkeys(e.names, 1.0)).n.tolist() == [240]
    assert plain.parts[0].influence is None
    assert plain.contrast(dict.fromkeys(plain.names, 1.0)).n.tolist() == [plain.n.max()]
