"""A weight step on a narrowed sample acts on the domain: its totals are the domain's, rows outside
keep their weight, and the name of the step says so.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import CalibrationError, DesignError

N = 200
Step = Callable[[me.Sample], me.Sample]


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    f = pd.DataFrame(
        {
            "w": rng.uniform(10, 30, N),
            "h": np.repeat(list("AB"), N // 2),
            "psu": np.repeat(np.arange(20), 10),
            "sex": rng.choice(["F", "M"], N),
            "age": rng.integers(15, 70, N),
            "y": rng.normal(size=N),
            "r": (rng.random(N) < 0.7).astype(int),
            "p": rng.uniform(0.4, 0.9, N),
        }
    )
    f["g"] = rng.integers(0, 2, N)
    return f


def sample(f: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(f, weights="w", strata="h", psu="psu")


STEPS: dict[str, Step] = {
    "calibrate": lambda s: me.calibrate(s, {"sex": {"F": 900.0, "M": 1100.0}}),
    "raking": lambda s: me.calibrate(
        s, {"sex": {"F": 900.0, "M": 1100.0}, "h": {"A": 1000.0, "B": 1000.0}}, method="raking"
    ),
    "calibrate to a number": lambda s: me.calibrate(s, {"1": 2000.0, "age": 90_000.0}),
    "poststratify": lambda s: me.poststratify(s, "sex", {"F": 900.0, "M": 1100.0}),
    "nonresponse": lambda s: me.nonresponse(s, "r", ["sex", "age"]),
    "nonresponse by cells": lambda s: me.nonresponse(s, "r", ["sex"], method="cells"),
    "trim": lambda s: me.trim(s, upper=25.0),
    "trim strictly": lambda s: me.trim(s, upper=25.0, strict=True),
    "two_phase": lambda s: me.two_phase(s, "r", "p", "sex"),
    "balance": lambda s: me.balance_weights(s, "g", ["sex", "age"]),
}


@pytest.mark.identity
@pytest.mark.parametrize("name", STEPS)
def test_a_step_in_a_domain_is_the_step_on_its_rows(frame: pd.DataFrame, name: str) -> None:
    inside = (frame["age"] >= 30).to_numpy()
    step = STEPS[name]
    s = step(sample(frame).where(inside))
    alone = step(sample(frame[inside].reset_index(drop=True)))
    np.testing.assert_allclose(s.weights[inside], alone.weights, rtol=1e-9)
    np.testing.assert_array_equal(s.weights[~inside], frame["w"][~inside])
    assert "inside the domain" in s.design.steps[-1].name
    assert "inside the domain" not in alone.design.steps[-1].name
    a, b = me.mean(s, "y"), me.mean(alone, "y")
    np.testing.assert_allclose(a.value, b.value, rtol=1e-9)


@pytest.mark.golden
@pytest.mark.shared
def test_calibration_of_a_subset_as_in_r(shared: Path) -> None:
    """R survey: svytotal(~sex, calibrate(subset(b, age >= 30), ~0 + sex, c(14000, 16000)))."""
    f = pd.read_csv(shared / "cases/survey/people.csv")
    s = me.Sample.from_frame(f, weights="w", strata="region", psu="psu").where(f["age"] >= 30)
    totals = {"sex": {"F": 14000, "M": 16000}}
    e = me.total(me.calibrate(s, totals), "sex")
    np.testing.assert_allclose(e.value, [14000, 16000], rtol=1e-12)
    np.testing.assert_allclose(e.se, 0, atol=1e-6)
    table = me.feasibility(s, totals)
    np.testing.assert_allclose(table["before"], me.total(s, "sex").value, rtol=1e-12)
    after = me.margins_before_after(me.calibrate(s, totals))
    np.testing.assert_allclose(after["after"], [14000, 16000], rtol=1e-12)
    assert after["rows"].sum() == (f["age"] >= 30).sum()


def test_a_domain_that_cuts_through_households_is_refused(frame: pd.DataFrame) -> None:
    f = frame.assign(w=frame["psu"] + 10.0, hh=frame.index // 2)
    s = sample(f.assign(w=f["hh"] + 1.0)).where(frame.index % 3 > 0)
    with pytest.raises(CalibrationError, match="the domain cuts through units"):
        me.calibrate(s, {"sex": {"F": 900.0, "M": 1100.0}}, unit="hh")


def test_households_after_nonresponse_of_persons_name_the_two_ways(frame: pd.DataFrame) -> None:
    f = frame.assign(hh=frame.index // 2)
    s = me.nonresponse(sample(f.assign(w=f["hh"] + 1.0)), "r", ["sex"])
    with pytest.raises(CalibrationError, match=r"calibrate before the step.*or calibrate persons"):
        me.calibrate(s, {"sex": {"F": 900.0, "M": 1100.0}}, unit="hh")


@pytest.mark.property
@pytest.mark.parametrize("ratio", [1e-9, 1e-4, 0.3, 1.0, 40.0, 1e5, 1e7, 1e9])
@pytest.mark.parametrize("method", ["raking", "logit", "linear"])
def test_raking_starts_at_the_sum_of_the_totals(
    frame: pd.DataFrame, method: str, ratio: float
) -> None:
    """The unit of the weights changes no share."""
    totals = {"sex": {"F": 1900.0, "M": 2000.0}, "h": {"A": 2100.0, "B": 1800.0}}
    bounds = (0.2, 5.0) if method == "logit" else None
    if method == "logit" and 0.1 < ratio < 10:
        bounds = (0.1, 12.0)
    s = sample(frame)
    scaled = sample(frame.assign(w=frame["w"] / ratio))
    made = me.calibrate(scaled, totals, method=method, bounds=bounds)  # type: ignore[arg-type]
    np.testing.assert_allclose(me.total(made, "sex").value, [1900, 2000], rtol=1e-8)
    np.testing.assert_allclose(me.total(made, "h").value, [2100, 1800], rtol=1e-8)
    if method == "raking":
        plain = me.calibrate(s, totals, method="raking")
        np.testing.assert_allclose(made.weights, plain.weights, rtol=1e-7)
        np.testing.assert_allclose(me.mean(made, "y").se, me.mean(plain, "y").se, rtol=1e-7)
    if method == "logit" and not 0.1 < ratio < 10:
        assert "all weights first multiplied by" in made.design.steps[-1].name


@pytest.mark.golden
@pytest.mark.shared
def test_raking_of_weights_that_add_to_1_as_in_r(shared: Path) -> None:
    """R survey: svymean(~inc, rake(y, ...)) = 319.3136, sum of weights 4.5e7."""
    f = pd.read_csv(shared / "cases/survey/rake_weights_sum_to_one.csv")
    s = me.Sample.from_frame(f, weights="w", strata="region", psu="psu")
    totals = {"sex": {"F": 23e6, "M": 22e6}, "region": {"A": 1e7, "B": 1e7, "C": 1e7, "D": 1.5e7}}
    raked = me.calibrate(s, totals, method="raking")
    np.testing.assert_allclose(me.mean(raked, "inc").value, [319.3136], rtol=2e-7)
    np.testing.assert_allclose(raked.weights.sum(), 4.5e7, rtol=1e-9)


@pytest.mark.parametrize("method", ["linear", "raking"])
def test_margins_that_contradict_each_other_are_both_named(
    frame: pd.DataFrame, method: str
) -> None:
    f = frame.assign(gender=frame["sex"].map({"F": "w", "M": "m"}))
    totals = {
        "h": {"A": 2000.0, "B": 2000.0},
        "sex": {"F": 1900.0, "M": 2100.0},
        "gender": {"w": 2100.0, "m": 1900.0},
    }
    with pytest.raises(CalibrationError, match="margins 'sex' and 'gender' contradict each other"):
        me.calibrate(sample(f), totals, method=method)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["linear", "raking"])
def test_a_total_of_0_for_rows_is_refused(frame: pd.DataFrame, method: str) -> None:
    with pytest.raises(CalibrationError, match=r"a total of 0 .*\['M'\].*rows"):
        me.calibrate(sample(frame), {"sex": {"F": 4000.0, "M": 0.0}}, method=method)  # type: ignore[arg-type]


@pytest.mark.identity
def test_totals_in_thousands_are_said(frame: pd.DataFrame) -> None:
    full = me.calibrate(
        sample(frame), {"sex": {"F": 1900.0, "M": 2100.0}}, total_se={"sex": {"F": 50.0, "M": 40.0}}
    )
    small = me.calibrate(
        sample(frame),
        {"sex": {"F": 1.9, "M": 2.1}},
        total_se={"sex": {"F": 0.05, "M": 0.04}},
        totals_unit=1000,
    )
    np.testing.assert_allclose(small.weights, full.weights, rtol=1e-12)
    np.testing.assert_allclose(me.total(small, "y").se, me.total(full, "y").se, rtol=1e-10)
    assert "in units of 1,000" in small.design.steps[-1].name
    with pytest.raises(CalibrationError, match="looks as if it stood in thousands"):
        me.calibrate(sample(frame), {"sex": {"F": 1900.0, "M": 2100.0}, "h": {"A": 2.0, "B": 2.0}})


def test_margins_that_rounding_parts_are_scaled_to_one_by_name(frame: pd.DataFrame) -> None:
    totals = {"sex": {"F": 1901.0, "M": 2100.0}, "h": {"A": 2000.0, "B": 2000.0}}
    with pytest.raises(CalibrationError, match="scale_to='sex'"):
        me.calibrate(sample(frame), totals)
    s = me.calibrate(sample(frame), totals, scale_to="h")
    np.testing.assert_allclose(me.total(s, "h").value, [2000, 2000], rtol=1e-9)
    np.testing.assert_allclose(
        me.total(s, "sex").value, np.array([1901, 2100]) * 4000 / 4001, rtol=1e-9
    )
    assert "scaled to that of h" in s.design.steps[-1].name


@pytest.mark.golden
@pytest.mark.shared
def test_strict_caps_as_in_r(shared: Path) -> None:
    """R survey: range(weights(trimWeights(b, upper=120, strict=TRUE))) ends at 120."""
    f = pd.read_csv(shared / "cases/survey/people.csv")
    s = me.Sample.from_frame(f, weights="w", strata="region", psu="psu")
    strict = me.trim(s, upper=120, strict=True)
    np.testing.assert_allclose(strict.weights.max(), 120, rtol=1e-12)
    np.testing.assert_allclose(strict.weights.sum(), s.weights.sum(), rtol=1e-12)
    assert me.trim(s, upper=120).weights.max() > 120
    with pytest.raises(DesignError, match=r"every weight is capped|caps cannot be kept"):
        me.trim(s, upper=90, strict=True)


@pytest.mark.whole
def test_caps_and_totals_hold_together(frame: pd.DataFrame) -> None:
    totals = {"sex": {"F": 1900.0, "M": 2100.0}, "h": {"A": 2100.0, "B": 1900.0}}
    s = me.trim(sample(frame), upper=28.0, totals=totals)
    assert s.weights.max() < 28.0 * (1 + 1e-5)
    np.testing.assert_allclose(me.total(s, "sex").value, [1900, 2100], rtol=1e-9)
    np.testing.assert_allclose(me.total(s, "sex").se, 0, atol=1e-6)
    with pytest.raises(CalibrationError, match="cannot be met within the caps"):
        me.trim(sample(frame), upper=15.0, totals=totals)
