"""Weights and totals in any unit: thousands of persons, shares that sum to one, or less;
calibration reaches the same factors to rounding.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.numerics.calibration import sizes
from mismes_eval.numerics.rows import Rows


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    n = 240
    return pd.DataFrame(
        {
            "w": rng.uniform(1, 9, n),
            "psu": np.arange(n) // 12,
            "stratum": np.arange(n) // 60,
            "sex": rng.choice(["F", "M"], n),
            "age": rng.choice(["a", "b", "c"], n),
            "x": rng.gamma(2.0, 3.0, n),
            "y": rng.normal(20, 4, n),
        }
    )


def _calibrated(unit: float, method: str) -> me.Sample:
    frame = _frame().assign(w=lambda f: f["w"] * unit)
    size = float(frame["w"].sum())
    totals: dict[object, object] = {
        "sex": {"F": 0.55 * size, "M": 0.45 * size},
        "age": {"a": 0.3 * size, "b": 0.4 * size, "c": 0.3 * size},
    }
    if method != "raking":
        totals["x"] = 1.05 * float((frame["w"] * frame["x"]).sum())
    sample = me.Sample.from_frame(frame, weights="w", strata="stratum", psu="psu")
    return me.calibrate(
        sample, totals, method=method, bounds=(0.3, 3.0) if method == "logit" else None
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["linear", "raking", "logit"])
@pytest.mark.parametrize("unit", [1e-12, 1e-30, 1e-100, 1e12])
def test_factors_do_not_depend_on_the_unit_of_the_weights(method: str, unit: float) -> None:
    one, other = _calibrated(1.0, method), _calibrated(unit, method)
    np.testing.assert_allclose(other.weights / unit, one.weights, rtol=1e-10)
    a, b = me.mean(one, ["y", "x"], by="sex"), me.mean(other, ["y", "x"], by="sex")
    np.testing.assert_allclose(b.value, a.value, rtol=1e-10)
    np.testing.assert_allclose(b.se, a.se, rtol=1e-9)
    np.testing.assert_allclose(
        me.mean(me.replicates(other, "jackknife"), "y").se,
        me.mean(me.replicates(one, "jackknife"), "y").se,
        rtol=1e-9,
    )


def test_a_total_of_zero_is_met_and_margins_that_contradict_each_other_are_refused_in_any_unit() -> (
    None
):
    frame = _frame().assign(w=lambda f: f["w"] * 1e-15, centred=lambda f: f["x"] - 6.0)
    sample = me.Sample.from_frame(frame, weights="w", psu="psu")
    size = float(frame["w"].sum())
    met = me.calibrate(sample, {"centred": 0.0, "1": size})
    assert abs(met.weights @ frame["centred"]) < 1e-14 * (met.weights @ frame["centred"].abs())
    with pytest.raises(me.CalibrationError, match="does not meet"):
        me.calibrate(sample, {"sex": {"F": 0.5 * size, "M": 0.5 * size}}, bounds=(0.99, 1.01))


def test_a_gap_is_measured_against_its_total_or_the_mass_of_a_centred_variable() -> None:
    x = Rows(np.array([[1.0, -2.0], [1.0, 2.0]]))
    np.testing.assert_allclose(sizes(np.array([3.0, 5.0]), x, np.array([8.0, 0.0])), [8.0, 0.016])
    np.testing.assert_allclose(
        sizes(np.array([3e-20, 5e-20]), x, np.array([8e-23, 0.0])), [8e-23, 1.6e-25]
    )
    np.testing.assert_allclose(sizes(np.array([0.0, 0.0]), x, np.array([0.0, 0.0])), [1.0, 1.0])
