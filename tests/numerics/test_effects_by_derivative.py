"""Two-period difference-in-differences: values from sums written out, influence from numerical
derivatives by each weight, many periods at once from one at a time.
"""

import numpy as np
import pytest
from scipy.optimize import minimize

from mismes_eval.numerics.did import METHODS, cross_sections, panel, propensity, regression, tilting
from mismes_eval.numerics.did_many import Group, levels, many
from mismes_eval.numerics.logit import Separation
from mismes_eval.numerics.rows import Float


def data(n: int = 60, seed: int = 3) -> tuple[Float, Float, Float, Float, Float]:
    """Weights, treatment, period, outcome and covariates with intercept; the last two rows carry no
    weight.
    """
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=n), rng.integers(0, 2, n)]).astype(float)
    d = (rng.random(n) < 1 / (1 + np.exp(-0.4 * x[:, 1]))).astype(float)
    post = rng.integers(0, 2, n).astype(float)
    y = 1 + x[:, 1] + 0.7 * d * post + rng.normal(size=n)
    w = rng.uniform(0.5, 3, n)
    w[-2:] = 0.0
    return w, d, post, y, x


def maximum(x: Float, d: Float, w: Float) -> Float:
    """Logit coefficients from a general optimiser."""
    found = minimize(
        lambda b: -float(w @ (d * (x @ b) - np.logaddexp(0, x @ b))),
        np.zeros(x.shape[1]),
        method="BFGS",
        options={"gtol": 1e-10},
    )
    return np.asarray(found.x)


def by_hand(w: Float, d: Float, dy: Float, x: Float, method: str) -> float:
    """The panel estimators as the papers write them (Sant'Anna and Zhao 2020, equations 2.2 to 2.4;
    Abadie 2005).
    """
    beta = maximum(x, d, w)
    p = 1 / (1 + np.exp(-x @ beta))
    odds = p / (1 - p)
    c = 1 - d
    slopes = np.linalg.solve((x * (w * c)[:, None]).T @ x, (x * (w * c)[:, None]).T @ dy)
    m = x @ slopes
    treated, control = w * d, w * c * odds
    if method == "none":
        return float(treated @ dy / treated.sum() - (w * c) @ dy / (w * c).sum())
    if method == "or":
        return float(treated @ (dy - m) / treated.sum())
    if method == "ipw_ht":
        return float((w * (d - c * odds)) @ dy / treated.sum())
    if method == "ipw":
        return float(treated @ dy / treated.sum() - control @ dy / control.sum())
    return float(treated @ (dy - m) / treated.sum() - control @ (dy - m) / control.sum())


@pytest.mark.parametrize("method", [m for m in METHODS if m != "dr_improved"])
def test_the_effect_of_changes_is_the_papers_formula(method: str) -> None:
    w, d, _, y, x = data()
    assert panel(w, d, y, x, method).att == pytest.approx(by_hand(w, d, y, x, method), rel=1e-6)


def test_improved_weights_balance_covariates_and_make_the_two_parts_one() -> None:
    w, d, _, y, x = data()
    odds = tilting(w, d, x).odds
    np.testing.assert_allclose(x.T @ (w * (1 - d) * odds), x.T @ (w * d), rtol=1e-9)
    _, m = regression(w, (1 - d) * odds, y, x)
    assert panel(w, d, y, x, "dr_improved").att == pytest.approx(
        float((w * d) @ (y - m) / (w * d).sum()), rel=1e-9
    )


@pytest.mark.identity
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("layout", ["panel", "cross-sections"])
def test_influence_is_the_numerical_derivative(method: str, layout: str) -> None:
    """Also where the mix of covariates differs between the rounds."""
    rng = np.random.default_rng(8)
    n = 300
    x = np.column_stack([np.ones(n), rng.normal(size=n)])
    post = (rng.random(n) < 0.5).astype(float)
    x[:, 1] += 0.8 * post
    d = (rng.random(n) < 1 / (1 + np.exp(-0.7 * x[:, 1]))).astype(float)
    y = x[:, 1] ** 2 + d * post + rng.normal(size=n)
    w = rng.uniform(0.5, 2, n)

    def effect(weights: np.ndarray) -> tuple[float, np.ndarray]:
        made = (
            panel(weights, d, y, x, method)
            if layout == "panel"
            else cross_sections(weights, d, post, y, x, method)
        )
        return made.att, made.z

    z = effect(w)[1]
    assert float(w @ z) == pytest.approx(0, abs=1e-9)
    for i in range(0, n, 17):
        step = 1e-3 * (np.arange(n) == i)
        slope = (effect(w + step)[0] - effect(w - step)[0]) / 2e-3
        assert slope == pytest.approx(z[i], rel=1e-5, abs=1e-6 * np.abs(z).max())


@pytest.mark.parametrize("method", ["none", "or", "ipw", "dr", "dr_improved"])
def test_two_cross_sections_of_the_same_persons_give_the_panels_effect(method: str) -> None:
    """Where each person is in both periods with one weight and one set of covariates, the two
    layouts are one estimator (for ipw, the same propensity).
    """
    w, d, _, y, x = data(80, 9)
    before = np.random.default_rng(1).normal(size=80)
    twice = [np.concatenate([a, a]) for a in (w, d)]
    long = cross_sections(
        *twice,
        np.repeat([0.0, 1.0], 80),
        np.concatenate([before, before + y]),
        np.concatenate([x, x]),
        method,
    )  # type: ignore[arg-type]
    assert long.att == pytest.approx(panel(w, d, y, x, method).att, rel=1e-8)


def test_not_normalised_weights_of_cross_sections_are_abadies() -> None:
    w, d, post, y, x = data()
    p = 1 / (1 + np.exp(-x @ maximum(x, d, w)))
    share = float(w @ post / w.sum())
    expected = w @ ((d - p) / (1 - p) * (post - share) / (share * (1 - share)) * y) / (w @ d)
    assert cross_sections(w, d, post, y, x, "ipw_ht").att == pytest.approx(
        float(expected), rel=1e-6
    )


@pytest.mark.parametrize("method", METHODS)
def test_many_periods_at_once_are_one_at_a_time(method: str) -> None:
    w, d, _, _, x = data(70, 11)
    w = w + 0.2
    outcomes = np.random.default_rng(2).normal(size=(4, 70)) + x[:, 1] * np.arange(4)[:, None]
    inside = d == 1
    one, other = (
        Group(w[k], np.ascontiguousarray(x[k].T), outcomes[:, k]) for k in (inside, ~inside)
    )
    time, base = np.array([1, 2, 3]), np.array([0, 0, 1])
    found = many(one, other, time, base, method)
    for j in range(3):
        single = panel(w, d, outcomes[time[j]] - outcomes[base[j]], x, method)
        assert found.att[j] == pytest.approx(single.att, rel=1e-9)
        np.testing.assert_allclose(found.treated[j], single.z[inside], atol=1e-10)
        np.testing.assert_allclose(found.compared[j], single.z[~inside], atol=1e-10)
        if single.propensity is not None:
            assert found.propensity is not None
            expected = np.concatenate([single.propensity[inside], single.propensity[~inside]])
            np.testing.assert_allclose(np.concatenate(found.propensity), expected, rtol=1e-9)


def test_many_periods_with_an_intercept_alone_need_no_model() -> None:
    w, d, _, _, _ = data(40, 1)
    w, outcomes = w + 0.1, np.random.default_rng(0).normal(size=(2, 40))
    groups = [
        Group(w[d == k], np.ones((1, int((d == k).sum()))), outcomes[:, d == k]) for k in (1, 0)
    ]
    found = many(groups[0], groups[1], np.array([1]), np.array([0]), "dr")
    assert found.propensity is None
    change = outcomes[1] - outcomes[0]
    assert found.att[0] == pytest.approx(
        np.average(change[d == 1], weights=w[d == 1])
        - np.average(change[d == 0], weights=w[d == 0])
    )


def test_regressions_take_negative_weights_by_normal_equations() -> None:
    """Linear calibration can make a replicate weight negative; the fit is then the stationary point
    of the weighted squares.
    """
    rng = np.random.default_rng(8)
    x, y, w = (
        np.column_stack([np.ones(30), rng.normal(size=30)]),
        rng.normal(size=30),
        rng.uniform(1, 2, 30),
    )
    w[:3] = -0.4
    beta = np.linalg.solve(x.T @ (x * w[:, None]), x.T @ (w * y))
    fit, prediction = regression(w, np.ones(30), y, x)
    np.testing.assert_allclose(prediction, x @ beta, rtol=1e-10)
    np.testing.assert_allclose(fit.bread, np.linalg.inv(x.T @ (x * w[:, None])), rtol=1e-9)
    np.testing.assert_allclose(fit.scores, x * (y - x @ beta)[:, None], rtol=1e-9)
    several = levels(Group(np.abs(w), x.T.copy(), np.stack([y, 2 * y])), w)
    np.testing.assert_allclose(several.beta, np.stack([beta, 2 * beta]), rtol=1e-9)
    np.testing.assert_allclose(
        several.residual, np.stack([y - x @ beta, 2 * (y - x @ beta)]), atol=1e-10
    )
    np.testing.assert_allclose(several.bread, np.linalg.inv(x.T @ (x * w[:, None])), rtol=1e-9)


@pytest.mark.parametrize("first", [1.0, -1.0])
def test_collinear_covariates_of_the_comparison_group_are_named(first: float) -> None:
    x = np.column_stack([np.ones(8), np.arange(8.0), 2 * np.arange(8.0) + 1])
    w = np.append(first, np.ones(7))
    with pytest.raises(Separation, match=r"^covariates are collinear in the comparison group$"):
        regression(w, np.ones(8), np.arange(8.0), x)
    with pytest.raises(Separation, match=r"^covariates are collinear in the comparison group$"):
        levels(Group(np.ones(8), x.T.copy(), np.zeros((1, 8))), w)


def test_tilting_refuses_what_no_weights_can_balance() -> None:
    x = np.column_stack([np.ones(12), np.r_[np.full(6, 5.0), np.linspace(0, 4, 6)]])
    x[0, 1] = 1.0
    d = np.repeat([1.0, 0.0], 6)
    with pytest.raises(
        Separation, match="no weights of the comparison group balance the covariates"
    ):
        tilting(np.ones(12), d, x)


def test_the_propensitys_bread_is_the_inverse_information() -> None:
    w, d, _, _, x = data()
    fitted = propensity(w, d, x)
    expected = np.linalg.inv(x.T @ (x * (w * fitted.p * (1 - fitted.p))[:, None]))
    np.testing.assert_allclose(fitted.fit.bread, expected, rtol=1e-8)
    np.testing.assert_allclose(fitted.fit.scores, x * (d - fitted.p)[:, None])
    np.testing.assert_allclose(fitted.odds, fitted.p / (1 - fitted.p))
