"""Effects from two cross-sections as Sant'Anna and Zhao (2020) write them; the improved estimators'
influence holds what was fitted fixed; which methods report a propensity.
"""

import numpy as np
import pytest
from scipy.optimize import minimize

from mismes_eval.numerics.did import METHODS, cross_sections, panel, regression, tilting
from mismes_eval.numerics.did_many import Group, levels, many
from mismes_eval.numerics.logit import Separation
from mismes_eval.numerics.rows import Float

RNG = np.random.default_rng(31)
N = 100
X = np.column_stack([np.ones(N), RNG.normal(size=N), RNG.integers(0, 2, N)]).astype(float)
D = (RNG.random(N) < 1 / (1 + np.exp(-0.6 * X[:, 1]))).astype(float)
POST = (RNG.random(N) < 0.4 + 0.2 * (X[:, 1] > 0)).astype(float)
Y = 1 + X[:, 1] + 0.5 * POST * X[:, 1] + 0.7 * D * POST + RNG.normal(size=N)
W = RNG.uniform(0.5, 3, N)
C, PRE = 1 - D, 1 - POST


def odds(improved: bool) -> Float:
    """Logit by maximum likelihood, or the odds exp(x g) that balance covariates, by a general
    optimiser of the dual.
    """

    def loss(g: Float) -> float:
        eta = X @ g
        return (
            float(W @ (C * np.exp(eta) - D * eta))
            if improved
            else float(W @ (np.logaddexp(0, eta) - D * eta))
        )

    return np.exp(X @ minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-10}).x)


def line(on: Float) -> Float:
    """Prediction for every row by weighted least squares among the rows of `on`."""
    root = np.sqrt(W * on)
    return X @ np.linalg.lstsq(X * root[:, None], Y * root, rcond=None)[0]


def parts(improved: bool) -> list[tuple[float, Float, Float]]:
    """(sign, weight, value) of the eight means of the locally efficient estimator."""
    a = C * odds(improved)
    on = a if improved else C
    c1, c0, t1, t0 = line(on * POST), line(on * PRE), line(D * POST), line(D * PRE)
    return [
        (1, D * POST, Y - c1),
        (-1, D * PRE, Y - c0),
        (-1, a * POST, Y - c1),
        (1, a * PRE, Y - c0),
        (1, D, t1 - c1),
        (-1, D * POST, t1 - c1),
        (-1, D, t0 - c0),
        (1, D * PRE, t0 - c0),
    ]


@pytest.mark.parametrize("method", ["dr", "dr_improved"])
def test_the_locally_efficient_effect_is_eight_weighted_means(method: str) -> None:
    expected = sum(
        sign * np.average(v, weights=W * on) for sign, on, v in parts(method == "dr_improved")
    )
    assert cross_sections(W, D, POST, Y, X, method).att == pytest.approx(expected, rel=1e-6)  # type: ignore[arg-type]


def test_the_improved_effects_influence_in_a_panel_holds_the_fits_fixed() -> None:
    """Sant'Anna and Zhao (2020), section 3.2: estimating the nuisance parameters that way leaves no
    first-order trace in a panel. In cross-sections it does where the mix of covariates changes.
    """
    a = C * odds(True)
    e = Y - line(a)
    z = D * (e - np.average(e, weights=W * D)) / (W @ D) - a * (
        e - np.average(e, weights=W * a)
    ) / (W @ a)
    np.testing.assert_allclose(panel(W, D, Y, X, "dr_improved").z, z, rtol=1e-5, atol=1e-8)


def test_regression_and_weighting_from_cross_sections() -> None:
    def mean(on: Float, v: Float) -> float:
        return float(np.average(v, weights=W * on))

    change = mean(D * POST, Y) - mean(D * PRE, Y)
    a = C * odds(False)
    for method, expected in {
        "none": change - mean(C * POST, Y) + mean(C * PRE, Y),
        "or": change - mean(D, line(C * POST) - line(C * PRE)),
        "ipw": change - mean(a * POST, Y) + mean(a * PRE, Y),
    }.items():
        assert cross_sections(W, D, POST, Y, X, method).att == pytest.approx(expected, rel=1e-6)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_a_propensity_is_reported_where_one_was_fitted(method: str) -> None:
    for found in (panel(W, D, Y, X, method), cross_sections(W, D, POST, Y, X, method)):
        if method in ("none", "or"):
            assert found.propensity is None
        else:
            g = odds(method == "dr_improved")
            np.testing.assert_allclose(found.propensity, g / (1 + g), rtol=1e-5)


def test_not_normalised_weights_report_the_treated_share_with_an_intercept_alone() -> None:
    groups = [
        Group(W[k == D], np.ones((1, int((k == D).sum()))), np.stack([Y, 2 * Y])[:, k == D])
        for k in (1, 0)
    ]
    found = many(groups[0], groups[1], np.array([1]), np.array([0]), "ipw_ht")
    assert found.propensity is not None
    for p in found.propensity:
        np.testing.assert_allclose(p, (W @ D) / W.sum(), rtol=1e-12)


def test_balancing_odds_do_not_depend_on_the_unit_of_the_weights() -> None:
    np.testing.assert_allclose(tilting(1e7 * W, D, X).p, tilting(W, D, X).p, rtol=1e-9)


def test_many_regressions_of_rows_without_weight_and_of_as_few_rows_as_coefficients() -> None:
    x, y = np.stack([np.ones(8), np.arange(8.0), np.arange(8.0) % 3]), np.stack([Y[:8], Y[8:16]])
    w = np.array([0.4, 0.2, 0, 0.3, 0.6, 0, 0.5, 0.1])
    found = levels(Group(w, x, y))
    root = np.sqrt(w)
    for t in range(2):
        expected = np.linalg.lstsq(x.T * root[:, None], y[t] * root, rcond=None)[0]
        np.testing.assert_allclose(found.beta[t], expected, rtol=1e-9)
        np.testing.assert_allclose(found.residual[t], y[t] - found.beta[t] @ x, atol=1e-12)
    np.testing.assert_allclose(found.bread, np.linalg.inv((x * w) @ x.T), rtol=1e-9)
    few = levels(
        Group(
            np.full(3, 0.5), np.array([[1.0, 1, 1], [0, 1, 2], [0, 0, 1]]), np.array([[1.0, 3, 7]])
        )
    )
    np.testing.assert_allclose(few.beta, [[1.0, 2.0, 2.0]], atol=1e-12)
    with pytest.raises(Separation, match=r"^covariates are collinear in the comparison group$"):
        levels(
            Group(
                np.array([1.0, 1, 0]),
                np.array([[1.0, 1, 1], [0, 1, 2], [0, 0, 1]]),
                np.zeros((1, 3)),
            )
        )


@pytest.mark.parametrize("size", [1.0, 1e9])
def test_collinear_covariates_are_named_in_any_unit(size: float) -> None:
    x = size * np.column_stack([np.ones(8), np.arange(8.0), 2 * np.arange(8.0) + 1])
    with pytest.raises(Separation, match=r"^covariates are collinear in the comparison group$"):
        regression(np.ones(8), np.ones(8), np.arange(8.0), x)
    with pytest.raises(Separation, match=r"^covariates are collinear in the comparison group$"):
        levels(Group(np.ones(8), x.T.copy(), np.zeros((1, 8))))
    independent = size * np.column_stack([np.ones(8), np.arange(8.0), np.arange(8.0) ** 2])
    _, prediction = regression(np.ones(8), np.ones(8), np.arange(8.0), independent)
    np.testing.assert_allclose(prediction, np.arange(8.0), atol=1e-9)
