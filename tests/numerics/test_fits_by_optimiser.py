"""Logit, probit, Poisson, response propensities and least squares: maxima found by a general
optimiser, information by differences, refusals with their words.
"""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize
from scipy.stats import norm

from mismes_eval.numerics import logit
from mismes_eval.numerics.glm import fit_poisson
from mismes_eval.numerics.logit import Propensity, Separation, fit_logit
from mismes_eval.numerics.probit import density, fit_probit, probit_information, probit_score
from mismes_eval.numerics.qr import Collinear, check_rank, least_squares
from mismes_eval.numerics.rows import Float, Rows

RNG = np.random.default_rng(12)
N = 120
X = np.column_stack([np.ones(N), RNG.normal(3, 1, N), RNG.normal(size=N) / 100])
W = RNG.uniform(0.2, 4, N)
BINARY = (RNG.random(N) < 1 / (1 + np.exp(-0.5 * (X[:, 1] - 3)))).astype(float)
COUNTS = RNG.poisson(np.exp(0.3 * X[:, 1])).astype(float)
SIDED = np.column_stack([np.ones(20), np.arange(20.0)])


def likelihood(kind: str, beta: Float, y: Float) -> float:
    eta = X @ beta
    if kind == "poisson":
        return float(W @ (y * eta - np.exp(eta)))
    p = 1 / (1 + np.exp(-eta)) if kind == "logit" else norm.cdf(eta)
    return float(W @ (y * np.log(p) + (1 - y) * np.log(1 - p)))


@pytest.mark.parametrize(
    ("kind", "fit", "y"),
    [
        ("logit", fit_logit, BINARY),
        ("probit", fit_probit, BINARY),
        ("poisson", fit_poisson, COUNTS),
    ],
)
def test_no_optimiser_finds_a_higher_likelihood(kind: str, fit, y: Float) -> None:
    found = fit(X, y, W)
    scale = np.array([1.0, 1.0, 100.0])
    other = minimize(
        lambda b: -likelihood(kind, b * scale, y),
        np.zeros(3),
        method="BFGS",
        options={"gtol": 1e-9},
    )
    np.testing.assert_allclose(found.beta, other.x * scale, rtol=2e-5, atol=1e-5)
    assert likelihood(kind, found.beta, y) >= likelihood(kind, other.x * scale, y) - 1e-9
    fitted = found.mu if kind == "poisson" else found.p
    eta = X @ found.beta
    np.testing.assert_allclose(
        fitted,
        {"logit": 1 / (1 + np.exp(-eta)), "probit": norm.cdf(eta), "poisson": np.exp(eta)}[kind],
        rtol=1e-9,
    )
    assert 2 < found.iterations < 15


@pytest.mark.parametrize(
    ("kind", "fit", "y"), [("logit", fit_logit, BINARY), ("poisson", fit_poisson, COUNTS)]
)
def test_information_is_the_curvature_of_the_likelihood(kind: str, fit, y: Float) -> None:
    found = fit(X, y, W)

    def slope(b: Float) -> Float:
        mean = np.exp(X @ b) if kind == "poisson" else 1 / (1 + np.exp(-X @ b))
        return X.T @ (W * (mean - y))

    step = np.array([1e-6, 1e-6, 1e-4])
    curvature = np.column_stack(
        [
            (slope(found.beta + step * e) - slope(found.beta - step * e)) / (2 * step @ e)
            for e in np.eye(3)
        ]
    )
    np.testing.assert_allclose(found.information, curvature, rtol=1e-6, atol=1e-6)


def test_expected_information_of_the_probit() -> None:
    found = fit_probit(X, BINARY, W)
    eta = X @ found.beta
    expected = X.T @ (X * (W * norm.pdf(eta) ** 2 / (norm.cdf(eta) * norm.cdf(-eta)))[:, None])
    np.testing.assert_allclose(found.information, expected, rtol=1e-10)
    assert found.loglik == pytest.approx(likelihood("probit", found.beta, BINARY))


def test_probit_score_is_the_derivative_of_each_rows_likelihood() -> None:
    eta, y = np.array([-2.0, -0.1, 0.4, 3.0]), np.array([0.0, 1.0, 0.0, 1.0])
    each = [
        approx_fprime(np.array([e]), lambda v, k=k: float(norm.logcdf((2 * k - 1) * v[0])), 1e-7)[0]
        for e, k in zip(eta, y, strict=True)
    ]
    np.testing.assert_allclose(probit_score(eta, y), each, rtol=1e-5)
    np.testing.assert_allclose(density(eta), norm.pdf(eta), rtol=1e-12)
    np.testing.assert_allclose(
        probit_information(eta), norm.pdf(eta) ** 2 / norm.cdf(eta) / norm.sf(eta), rtol=1e-10
    )


@pytest.mark.parametrize("fit", [fit_logit, fit_poisson])
def test_a_start_changes_the_path_not_the_end(fit) -> None:
    y = BINARY if fit is fit_logit else COUNTS
    cold = fit(X, y, W)
    warm = fit(X, y, W, start=cold.beta)
    np.testing.assert_allclose(warm.beta, cold.beta, rtol=1e-10)
    assert warm.iterations < cold.iterations
    far = (
        fit(X, y, W, start=cold.beta * 3 + 1)
        if fit is fit_logit
        else fit(X, y, W, start=cold.beta + 2)
    )
    np.testing.assert_allclose(far.beta, cold.beta, rtol=1e-9)


def test_one_coefficient_has_a_closed_form() -> None:
    y, w, one = np.array([1.0, 0, 0, 1, 1]), np.array([1.0, 2, 3, 4, 5]), np.ones((5, 1))
    share = 10 / 15
    assert fit_logit(one, y, w).beta[0] == pytest.approx(np.log(share / (1 - share)), rel=1e-13)
    assert fit_probit(one, y, w).beta[0] == pytest.approx(norm.ppf(share), rel=1e-12)
    assert fit_poisson(one, 3 * y, w).beta[0] == pytest.approx(np.log(3 * share), rel=1e-13)


REFUSED = [
    (fit_logit, SIDED, np.zeros(20), "the outcome is 0 in every row"),
    (fit_logit, SIDED, np.ones(20), "the outcome is 1 in every row"),
    (
        fit_logit,
        np.column_stack([np.ones(20), np.zeros(20)]),
        SIDED[:, 1] % 2,
        "column 1 is zero in every row",
    ),
    (
        fit_logit,
        np.column_stack([SIDED, 3 * SIDED[:, 1] - 2]),
        SIDED[:, 1] % 2,
        "covariates are collinear",
    ),
    (fit_logit, SIDED, (SIDED[:, 1] > 9).astype(float), "fitted probabilities run to 0 or 1"),
    (fit_probit, SIDED, np.zeros(20), "the outcome is 0 in every row"),
    (fit_probit, SIDED, np.ones(20), "the outcome is 1 in every row"),
    (
        fit_probit,
        np.column_stack([np.ones(20), np.zeros(20)]),
        SIDED[:, 1] % 2,
        "column 1 is zero in every row",
    ),
    (
        fit_probit,
        np.column_stack([SIDED, 3 * SIDED[:, 1] - 2]),
        SIDED[:, 1] % 2,
        "covariates are collinear",
    ),
    (fit_probit, SIDED, (SIDED[:, 1] > 9).astype(float), "fitted probabilities run to 0 or 1"),
    (fit_poisson, SIDED, np.zeros(20), "the outcome is 0 in every row"),
    (
        fit_poisson,
        np.column_stack([SIDED[:, 1] < 5, SIDED[:, 1] >= 5]).astype(float),
        (SIDED[:, 1] >= 5).astype(float),
        "fitted means run to 0: the outcome is 0 throughout some group of rows",
    ),
]


@pytest.mark.parametrize(("fit", "x", "y", "words"), REFUSED)
def test_what_cannot_be_fitted_is_named(fit, x: Float, y: Float, words: str) -> None:
    with pytest.raises(Separation, match=f"^{words}$"):
        fit(x, y, np.ones(len(y)))


@pytest.mark.parametrize("fit", [fit_logit, fit_probit, fit_poisson])
def test_too_few_steps_are_not_called_a_fit(fit) -> None:
    with pytest.raises(Separation, match=r"^the fit does not settle$"):
        fit(X, COUNTS if fit is fit_poisson else BINARY, W, steps=1)


def test_steps_are_halved_where_the_likelihood_would_fall() -> None:
    """A far start overshoots: the fit still climbs to the maximum."""
    start = np.array([12.0, -9.0, 0.0])
    np.testing.assert_allclose(
        fit_logit(X, BINARY, W, start=start).beta, fit_logit(X, BINARY, W).beta, rtol=1e-8
    )
    np.testing.assert_allclose(
        fit_poisson(X, COUNTS, W, start=np.array([-8.0, 0.0, 0.0])).beta,
        fit_poisson(X, COUNTS, W).beta,
        rtol=1e-8,
    )


def test_a_response_propensity_is_the_logit_of_its_rows() -> None:
    cell = RNG.integers(0, 6, N)
    values = np.column_stack([np.ones(6), [0.0, 1, 0, 1, 2, 2], [1.0, 0, 1, 1, 0, 1]])
    values[5] = 0.0  # not at risk
    r = (RNG.random(N) < 0.6).astype(float)
    at_risk = cell != 5
    expected = np.ones(N)
    expected[at_risk] = fit_logit(values[cell[at_risk]], r[at_risk], W[at_risk]).p
    for x in (Rows(values, cell), Rows(values[cell])):
        model = Propensity(x, r)
        assert not model.saturated
        np.testing.assert_allclose(model.fit(W), expected, rtol=1e-9)
        np.testing.assert_allclose(model.fit(2 * W), expected, rtol=1e-9)
        np.testing.assert_allclose(
            model.fit(W, start=fit_logit(values[cell[at_risk]], r[at_risk], W[at_risk]).beta),
            expected,
            rtol=1e-9,
        )


def test_rows_that_no_projection_tells_apart_are_kept_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Blind:
        def normal(self, size: int) -> Float:
            return np.zeros(size)

    r = (RNG.random(N) < 0.5).astype(float)
    expected = Propensity(Rows(X), r).fit(W)
    monkeypatch.setattr(logit.np.random, "default_rng", lambda seed: Blind())
    np.testing.assert_allclose(Propensity(Rows(X), r).fit(W), expected, rtol=1e-9)


def test_saturated_propensities_are_weighted_rates_and_empty_cells_are_refused() -> None:
    group = np.arange(30) % 3
    x = np.eye(3)[group]
    x[27:] = 0.0
    r, w = (np.arange(30) % 4 > 0).astype(float), np.arange(1.0, 31)
    model = Propensity(Rows(x), r)
    assert model.saturated
    p = model.fit(w)
    for g in range(3):
        rows = (group == g) & (np.arange(30) < 27)
        np.testing.assert_allclose(p[rows], (w * r)[rows].sum() / w[rows].sum())
    np.testing.assert_array_equal(p[27:], 1.0)
    with pytest.raises(Separation, match=r"^a response cell has no respondent$"):
        Propensity(Rows(x), np.where(group == 1, 0.0, r)).fit(w)
    everybody = Propensity(Rows(np.column_stack([np.ones(4), np.arange(4.0)])), np.ones(4))
    np.testing.assert_array_equal(everybody.fit(np.ones(4)), np.ones(4))


def test_least_squares_of_small_numbers_by_normal_equations() -> None:
    y = X @ [1.0, 2.0, -3.0] + RNG.normal(size=N)
    found = least_squares(X, y, W)
    gram = X.T @ (X * W[:, None])
    np.testing.assert_allclose(found.beta, np.linalg.solve(gram, X.T @ (W * y)), rtol=1e-9)
    np.testing.assert_allclose(found.residual, y - X @ found.beta, atol=1e-11)
    np.testing.assert_allclose(found.inverse, np.linalg.inv(gram), rtol=1e-8)
    sigma = W @ found.residual**2 / (N - 3)
    np.testing.assert_allclose(
        found.classical_se(W), np.sqrt(np.diag(np.linalg.inv(gram)) * sigma), rtol=1e-9
    )
    assert least_squares(np.eye(4), np.arange(4.0), np.ones(4)).condition == pytest.approx(1)
    skewed = np.array([[1.0, 1.0], [0.0, 1e-3], [0.0, 0.0]])
    assert least_squares(skewed, np.ones(3), np.ones(3)).condition == pytest.approx(2e3, rel=0.6)


def test_dependent_columns_are_named_with_what_they_are_made_of() -> None:
    x = np.column_stack([np.ones(6), np.arange(6.0), 2 * np.arange(6.0) - 1, np.arange(6.0) ** 2])
    for call in (
        lambda: least_squares(x, np.zeros(6), np.ones(6)),
        lambda: check_rank(x, np.ones(6)),
    ):
        with pytest.raises(Collinear) as caught:
            call()
        ((column, of),) = caught.value.dependent
        assert {column, *of} == {0, 1, 2}
        assert str(caught.value) == f"column {column} is made of columns {', '.join(map(str, of))}"
    check_rank(x[:, [0, 1, 3]], np.ones(6))
    with pytest.raises(Collinear):
        check_rank(np.ones((2, 3)), np.ones(2))


@pytest.mark.identity
@pytest.mark.parametrize("fit", [fit_logit, fit_poisson])
def test_score_equations_hold_to_rounding_in_columns_of_any_size(fit) -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(400), rng.normal(50, 3, 400), rng.normal(size=400) * 1e-4])
    u, w = rng.random(400), rng.uniform(1, 1000, 400)
    if fit is fit_logit:
        y = (u < 0.3).astype(float)
        mean = fit(x, y, w).p
        size = np.abs(x).T @ w
    else:
        y = np.floor(u * 40)
        mean = fit(x, y, w).mu
        size = np.abs(x).T @ (w * mean)
    assert np.abs(x.T @ (w * (y - mean)) / size).max() < 1e-13


@pytest.mark.identity
def test_saturated_fits_are_cell_means() -> None:
    group, rng = np.arange(300) % 3, np.random.default_rng(2)
    x, w, u = np.eye(3)[group], rng.uniform(1, 3, 300), rng.random(300)
    y = (u < 0.4).astype(float)
    share, mean = (np.bincount(group, w * v) / np.bincount(group, w) for v in (y, 100 * u))
    np.testing.assert_allclose(fit_logit(x, y, w).beta, np.log(share / (1 - share)), rtol=1e-12)
    np.testing.assert_allclose(fit_poisson(x, 100 * u, w).beta, np.log(mean), rtol=1e-12)
