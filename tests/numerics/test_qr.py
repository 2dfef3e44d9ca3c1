"""Least squares on the NIST linear sets against exact rational solutions, and collinear columns
refused by number, never solved.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismes_eval.numerics.qr import Collinear, check_rank, least_squares

# Right digits of coefficients and standard errors that must be reached (set: power of x or columns,
# coefficients, SE).
FLOORS = {
    "norris": (1, 12, 13),
    "pontius": (2, 11, 13),
    "noint1": (0, 14.5, 14.5),
    "noint2": (0, 14.5, 14.5),
    "longley": (0, 10.5, 12),
    "wampler1": (5, 9, 9),
    "wampler2": (5, 9, 9),
    "wampler3": (5, 9, 9),
    "wampler4": (5, 7.5, 7.5),
    "wampler5": (5, 5.5, 5.5),
    "filip": (10, 7, 7.5),
}


def digits(got: float, want: float) -> float:
    if got == want or (want == 0 and abs(got) < 1e-8):
        return 16.0
    return float(-np.log10(abs(got - want) / abs(want))) if want else 0.0


@pytest.mark.shared
@pytest.mark.golden
@pytest.mark.parametrize("name", FLOORS)
def test_nist_digits(name: str, shared: Path) -> None:
    folder = shared / "reference" / "panel" / "nist"
    exact = json.loads((folder / "nist_exact.json").read_text())[name]
    data = (
        pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig")
        .dropna(axis=1, how="all")
        .dropna()
        .to_numpy(float)
    )
    y, x, one = data[:, 0], data[:, 1:], np.ones(len(data))
    power, beta_floor, se_floor = FLOORS[name]
    design = (
        np.column_stack([x[:, 0] ** j for j in range(power + 1)])
        if power
        else np.column_stack([one, x])
        if name == "longley"
        else x
    )
    fit = least_squares(design, y, one)
    assert min(map(digits, fit.beta, map(float, exact["beta"]))) >= beta_floor
    assert min(map(digits, fit.classical_se(one), map(float, exact["se"]))) >= se_floor


@pytest.mark.parametrize("n", [8, 500, 20_000])
def test_dependent_columns_are_named(n: int) -> None:
    rng = np.random.default_rng(n)
    a = rng.normal(size=(n, 3)) * [1, 1e6, 1e-3] + [0, 1e7, 5]
    with pytest.raises(Collinear) as caught:
        least_squares(np.column_stack([np.ones(n), a, a @ [1.0, 2.0, 3.0]]), a[:, 0], np.ones(n))
    ((column, made),) = caught.value.dependent
    assert {column, *made} == {1, 2, 3, 4}


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(-8, 8))
def test_scaling_a_column_scales_its_coefficient(seed: int, power: float) -> None:
    rng = np.random.default_rng(seed)
    x, y, w = (
        np.column_stack([np.ones(30), rng.normal(size=(30, 2))]),
        rng.normal(size=30),
        rng.uniform(0.1, 5, 30),
    )
    fit, scaled = least_squares(x, y, w), least_squares(x * [1, 1, 10.0**power], y, w)
    np.testing.assert_allclose(scaled.beta * [1, 1, 10.0**power], fit.beta, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(scaled.residual, fit.residual, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(x.T @ (w * fit.residual), 0.0, atol=1e-11)


def test_dummy_trap_zero_column_and_too_few_rows_are_refused() -> None:
    group = np.eye(3)[np.arange(12) % 3]
    with pytest.raises(Collinear):
        check_rank(np.column_stack([np.ones(12), group]), np.ones(12))
    with pytest.raises(Collinear) as caught:
        check_rank(np.column_stack([np.ones(12), np.zeros(12)]), np.ones(12))
    assert caught.value.dependent == ((1, ()),)
    with pytest.raises(Collinear):
        check_rank(np.random.default_rng(0).normal(size=(3, 5)), np.ones(3))
