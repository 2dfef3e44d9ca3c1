"""Tests of hypotheses: one row is the squared t, the form of the hypothesis does not matter, and
what cannot be tested says why.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.estimate.hypothesis import Test as Result


def sample(psus: int = 30) -> me.Sample:
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
    return me.Sample.from_frame(frame, weights="w", psu="psu")


@pytest.mark.identity
def test_one_combination_is_the_squared_t_however_it_is_written() -> None:
    e = me.ols(sample(), "y ~ x + g")
    t = me.wald(e, "x")
    assert isinstance(t, Result)
    np.testing.assert_allclose(
        [t.statistic, t.p], [(e.value[1] / e.se[1]) ** 2, e.pvalue[1]], rtol=1e-10
    )
    for form in (["x"], {"x": 1.0}, [{"x": 2.0}], np.array([[0, 1.0, 0, 0]]), [[0, 1, 0, 0]]):
        again = me.wald(e, form)
        assert isinstance(again, Result)
        np.testing.assert_allclose(again.statistic, t.statistic, rtol=1e-12)
    assert "H0: x = 0" in str(t)
    assert t.to_frame().loc[0, "ddf"] == pytest.approx(e.degf[1])


@pytest.mark.identity
def test_equality_of_domain_means_is_the_regression_on_the_groups() -> None:
    s = sample()
    equal = me.wald(
        me.mean(s, "y", by="g"), [{"y, g=a": 1, "y, g=b": -1}, {"y, g=a": 1, "y, g=c": -1}]
    )
    slopes = me.wald(me.ols(s, "y ~ g"), ["g[T.b]", "g[T.c]"])
    assert isinstance(equal, Result) and isinstance(slopes, Result)
    np.testing.assert_allclose(equal.statistic, slopes.statistic, rtol=1e-9)


def test_what_cannot_be_tested_says_why() -> None:
    e = me.ols(sample(), "y ~ x + g")
    assert "depend on each other" in getattr(me.wald(e, [{"x": 1}, {"x": 3}]), "reason", "")
    few = me.ols(sample(3), "y ~ x + g")
    assert "degrees of freedom" in getattr(me.wald(few, "x"), "reason", "")
    assert isinstance(me.rao_scott(sample(), "one", "g"), me.NotEstimable)


def test_quantile_arguments_and_tails() -> None:
    s = sample()
    for bad in (
        lambda: me.quantile(s, "y", 1.5),
        lambda: me.quantile(s, "y", 0.5, rule="median"),
        lambda: me.quantile(s, "y", 0.5, interval="quantile"),
    ):  # type: ignore[arg-type]
        with pytest.raises(me.EstimateError):
            bad()
    tail = me.quantile(s, "y", [0.002, 0.5])
    assert np.isnan(tail.se[0]) and np.isfinite(tail.se[1])
    assert any("xlogit" in note for note in tail.notes)
    assert np.isfinite(me.quantile(s, "y", [0.02], interval="xlogit").se).all()


@pytest.mark.identity
def test_quantile_contrasts_and_intervals_at_other_levels() -> None:
    s = sample()
    e = me.quantile(s, "y", [0.25, 0.75])
    spread = e.contrast({"y p75": 1, "y p25": -1})
    np.testing.assert_allclose(
        spread.se[0] ** 2, np.array([-1, 1]) @ e.vcov @ np.array([-1, 1]), rtol=1e-12
    )
    assert (e.ci(0.5)["high"] - e.ci(0.5)["low"] < e.ci()["high"] - e.ci()["low"]).all()
    np.testing.assert_array_equal(e.select([1]).ci(), e.ci().iloc[[1]])
    r = me.replicates(s, n=200, seed=3)
    doubled = me.quantile(r, "y", [0.25, 0.75]).through(lambda v: 2 * v, 2 * np.eye(2))
    np.testing.assert_allclose(doubled.se, 2 * me.quantile(r, "y", [0.25, 0.75]).se, rtol=1e-10)
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
    e = me.mean(me.Sample.from_frame(frame, weights="w"), ["y", "x"])
    with pytest.raises(me.EstimateError) as error:
        me.wald(e, hypothesis)  # type: ignore[arg-type]
    assert what in str(error.value)
    with pytest.raises(me.EstimateError, match="NotEstimable \\(too few\\)"):
        me.wald(me.NotEstimable("too few"), "y")  # type: ignore[arg-type]
    one = me.wald(e, pd.DataFrame([[1.0, -1.0]], columns=["y", "x"]))  # type: ignore[arg-type]
    assert one == me.wald(e, {"y": 1.0, "x": -1.0})


def test_joining_and_functions_of_estimates_refuse_what_is_none() -> None:
    frame = pd.DataFrame(
        {"w": 1.0, "g": ["a", "b", "a", "b"], "y": [1.0, 2.0, 4.0, 8.0], "x": [1.0, 0.0, 2.0, 5.0]}
    )
    s = me.Sample.from_frame(frame, weights="w")
    e = me.mean(s, ["y", "x"])
    for attempt, what in (
        (me.stack, "nothing"),
        (lambda: me.independent([e, e]), "a list"),  # type: ignore[arg-type]
        (lambda: me.stack(e, me.NotEstimable("few")), "NotEstimable (few)"),  # type: ignore[arg-type]
        (
            lambda: me.independent(e, me.mean(me.calibrate(s, {"1": 9.0}), "y")),
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
        (lambda: me.quantile(s, "y", "a"), "argument 'probs'"),  # type: ignore[arg-type]
        (lambda: me.quantile(s, ["y"], 0.5), "got a list"),  # type: ignore[arg-type]
        (lambda: me.rao_scott(s, ["g"], "y"), "got a list"),  # type: ignore[arg-type]
        (lambda: me.survival(s, "y", "w", times=["a"]), "argument 'times'"),  # type: ignore[list-item]
    ):
        with pytest.raises(me.EstimateError) as error:
            attempt()  # type: ignore[no-untyped-call]
        assert what in str(error.value)
    assert (
        me.survival(s, "y", "w", times=2).value.tolist()
        == me.survival(s, "y", "w", times=[2.0]).value.tolist()
    )  # type: ignore[arg-type]


def test_a_combination_counts_each_row_behind_it_once() -> None:
    """y and x of the same 240 rows are 240 rows; groups add up; one value keeps its n; two
    overlapping indicators count the rows of either; samples add.
    """
    s = sample()
    rows = s.frame["g"].value_counts()
    both = me.stack(me.mean(s, ["y", "x"]), me.mean(s, "y", by="g"))
    names = both.names
    assert both.contrast({"y": 1, "x": -1}).n.tolist() == [240]
    assert both.contrast({"y, g=a": 1, "y, g=b": -1}).n.tolist() == [rows["a"] + rows["b"]]
    assert both.contrast({"y": 1, "y, g=b": -1}).n.tolist() == [240]
    assert both.contrast({"y, g=b": 2.0}).n.tolist() == [rows["b"]]
    j = np.array([[1.0, -1.0, 0, 0, 0], [0, 0, 0, 1.0, 1.0], [0.0] * 5])
    assert names[3:] == ("y, g=b", "y, g=c")
    expected = [240, rows["b"] + rows["c"], 0]
    assert both.through(lambda v: j @ v, j).n.tolist() == expected
    some = s.where(s.frame["y"] > 0)
    other = s.where(s.frame["x"] > 0)
    two = me.stack(me.total(some, "y"), me.total(other, "x"))
    either = ((s.frame["y"] > 0) | (s.frame["x"] > 0)).sum()
    assert two.contrast(dict.fromkeys(two.names, 1.0)).n.tolist() == [either] < two.n.sum()
    fits = me.stack(me.ols(some, "y ~ x"), me.ols(other, "y ~ x"))
    assert fits.contrast({fits.names[1]: 1.0, fits.names[3]: -1.0}).n.tolist() == [either]
    apart = me.independent(me.mean(s, ["y", "x"]), me.mean(sample(), "x"))
    assert apart.contrast(dict.fromkeys(apart.names, 1.0)).n.tolist() == [480]
    zeros = (
        sample()
        .where(np.arange(240) < 50)
        .with_columns({"none": 0.0, "y": np.r_[np.ones(10), np.zeros(230)]})
    )
    assert me.total(zeros, ["none", "y"]).contrast({"none": 1.0, "y": 1.0}).n.tolist() == [50], (
        "rows of the domain count whatever their value"
    )


def test_without_influence_a_combination_counts_no_more_than_its_largest_value() -> None:
    r = me.replicates(sample(), "jackknife")
    e = me.quantile(r, "y", [0.25, 0.75], interval="mean")
    plain = me.survival(
        r.with_columns({"t": 1.0 + np.arange(240) % 3, "end": 1}), "t", "end", by="g"
    )
    assert e.contrast(dict.fromkeys(e.names, 1.0)).n.tolist() == [240]
    assert plain.parts[0].influence is None
    assert plain.contrast(dict.fromkeys(plain.names, 1.0)).n.tolist() == [plain.n.max()]
