"""How fits move: the number of steps they say they took is the number they need, starts are first
steps, far starts and flat weights come home, calendar years end at the fit of centred years, a
missing number is never a fit, and what is refused is refused in any unit.
"""

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import norm

from mismes_eval.numerics import glm, logit
from mismes_eval.numerics.calibration import Gram, distance, psd_solve, solve
from mismes_eval.numerics.glm import fit_poisson
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.probit import fit_probit, probit_information
from mismes_eval.numerics.qr import Collinear, check_rank, least_squares
from mismes_eval.numerics.rows import Float, Rows

RNG = np.random.default_rng(41)
N = 60
X = np.column_stack([np.ones(N), RNG.normal(2, 1, N)])
W = RNG.uniform(0.2, 4, N)
BINARY = (RNG.random(N) < 1 / (1 + np.exp(2 - X[:, 1]))).astype(float)
COUNTS = RNG.poisson(np.exp(0.4 * X[:, 1])).astype(float)
FITS = [(fit_logit, BINARY), (fit_probit, BINARY), (fit_poisson, COUNTS)]
YEAR = RNG.integers(2004, 2024, N).astype(float)
LINE = np.column_stack([np.ones(20), np.arange(20.0)])


@pytest.mark.parametrize(("fit", "y"), FITS)
def test_the_steps_a_fit_reports_are_the_steps_it_needs(fit, y: Float) -> None:
    found = fit(X, y, W)
    assert fit(X, y, W, steps=found.iterations).iterations == found.iterations
    with pytest.raises(Separation, match=r"^the fit does not settle$"):
        fit(X, y, W, steps=found.iterations - 1)


@pytest.mark.parametrize(
    ("fit", "y"), [(fit_logit, [0.0, 1.0]), (fit_probit, [0.0, 1.0]), (fit_poisson, [3.0, 3.0])]
)
def test_a_start_at_the_maximum_takes_one_step(fit, y: list[float]) -> None:
    assert fit(np.ones((2, 1)), np.array(y), np.ones(2), steps=1).iterations == 1


def test_the_poisson_start_is_one_weighted_least_squares_step() -> None:
    """Working response log m + (y - m) / m with weights w m, m half way between outcome and
    weighted average.
    """
    m = (COUNTS + (W @ COUNTS) / W.sum()) / 2
    gram = X.T @ (X * (W * m)[:, None])
    expected = np.linalg.solve(gram, X.T @ (W * m * (np.log(m) + (COUNTS - m) / m)))
    np.testing.assert_allclose(glm._first(X, COUNTS, W), expected, rtol=1e-10)


@pytest.mark.parametrize("fit", [fit_logit, fit_probit])
def test_rows_without_weight_neither_save_nor_spoil_a_fit(fit) -> None:
    """One row of the other outcome without weight does not make an outcome vary; one far away
    without weight is no separation.
    """
    y = np.append(np.zeros(19), 1.0)
    with pytest.raises(Separation, match=r"^the outcome is 0 in every row$"):
        fit(LINE, y, np.append(np.ones(19), 0.0))
    far = np.vstack([X, [[1.0, 500.0]]])
    np.testing.assert_allclose(
        fit(far, np.append(BINARY, 0.0), np.append(W, 0.0)).beta, fit(X, BINARY, W).beta, rtol=1e-9
    )


def test_whole_numbers_are_covariates_too() -> None:
    whole = np.column_stack([np.ones(20, int), np.arange(20) % 7])
    y = (np.arange(20) % 3 > 0).astype(float)
    for fit in (fit_logit, fit_probit, fit_poisson):
        expected = fit(whole.astype(float), y, np.ones(20)).beta
        np.testing.assert_allclose(fit(whole, y, np.ones(20)).beta, expected, rtol=1e-12)


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e10])
def test_collinear_covariates_are_refused_in_any_unit_of_the_weights(unit: float) -> None:
    x = np.column_stack([LINE, 3 * LINE[:, 1] - 2])
    y = LINE[:, 1] % 2
    for fit in (fit_logit, fit_probit):
        with pytest.raises(Separation, match=r"^covariates are collinear$"):
            fit(x, y, np.full(20, unit))


def test_a_matrix_that_has_no_root_is_collinear_at_first_and_separation_later() -> None:
    for first, words in (
        (True, "covariates are collinear"),
        (False, "fitted probabilities run to 0 or 1"),
    ):
        with pytest.raises(Separation, match=f"^{words}$"):
            logit._newton(np.array([[1.0, 1.0], [1.0, 0.5]]), np.ones(2), first)
    np.testing.assert_allclose(
        logit._newton(np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([3.0, 4.0]), True), [1.0, 1.0]
    )
    np.testing.assert_allclose(
        logit._newton(np.diag([1.0, 1e-20]), np.array([1.0, 0.0]), False), [1.0, 0.0]
    )
    with pytest.raises(
        Separation, match=r"^fitted means run to 0: the outcome is 0 throughout some group of rows$"
    ):
        glm._newton(np.ones((2, 2)), np.ones(2))


def test_probits_that_overshoot_are_halved() -> None:
    """One far row of the wrong kind makes the second step too long; the likelihood equations hold
    at the end all the same.
    """
    x = np.column_stack([np.ones(3), [-15.8, 1.7, 6.9]])
    y, w = np.array([1.0, 0.0, 1.0]), np.array([0.1, 1.0, 1.0])
    fitted = fit_probit(x, y, w)
    eta = x @ fitted.beta
    score = x.T @ (
        w * np.where(y == 1, norm.pdf(eta) / norm.cdf(eta), -norm.pdf(eta) / norm.sf(eta))
    )
    np.testing.assert_allclose(score, 0, atol=1e-8)


def test_a_row_far_out_has_no_information_and_is_no_division_by_zero() -> None:
    eta = np.array([-500.0, -40.0, -8.0, 0.0, 8.0, 40.0, 500.0])
    found = probit_information(eta)
    np.testing.assert_array_equal(found, found[::-1])
    assert found[0] == 0.0 and found[3] == pytest.approx(2 / np.pi, rel=1e-14)
    assert found[2] == pytest.approx(norm.pdf(8) ** 2 / norm.cdf(8) / norm.sf(8), rel=1e-12)
    assert found[1] == pytest.approx(np.exp(2 * norm.logpdf(40) - norm.logsf(40)), rel=1e-12)


@pytest.mark.parametrize("fit", [fit_logit, fit_probit, fit_poisson])
def test_a_group_with_one_outcome_is_refused(fit) -> None:
    x = np.eye(2)[np.arange(40) % 2]
    y = np.where(np.arange(40) % 2 == 0, 0.0, np.arange(40) % 3 % 2)
    words = (
        "fitted means run to 0: the outcome is 0 throughout some group of rows"
        if fit is fit_poisson
        else "fitted probabilities run to 0 or 1"
    )
    with pytest.raises(Separation, match=f"^{words}$"):
        fit(x, y, np.ones(40))


# Calibration


def test_a_linear_calibration_is_one_step() -> None:
    d = RNG.uniform(1e5, 3e5, N)
    totals = (X * d[:, None]).sum(axis=0) * np.array([1.1, 1.2])
    lam = np.linalg.solve(X.T @ (X * d[:, None]), totals - X.T @ d)
    found = solve(d, Rows(X), totals, "linear")
    assert found.iterations == 2
    np.testing.assert_allclose(found.factor, 1 + X @ lam, rtol=1e-10)
    once = solve(d, Rows(X), totals, "linear", steps=1)
    assert once.iterations == 1
    np.testing.assert_allclose(once.factor, found.factor, rtol=1e-9)
    met = solve(d, Rows(X), X.T @ d, "raking")
    assert met.iterations == 1
    np.testing.assert_allclose(met.factor, 1.0, rtol=1e-15)


def test_one_total_is_met_by_one_factor() -> None:
    for method, bounds in (("linear", None), ("raking", None), ("logit", (0.1, 9.0))):
        found = solve(W, Rows(np.ones((N, 1))), np.array([3 * W.sum()]), method, bounds)  # type: ignore[arg-type]
        np.testing.assert_allclose(found.factor, 3.0, rtol=1e-10)


@pytest.mark.parametrize("far", [300.0, 3e4])
def test_raking_to_totals_far_away_comes_home_by_shorter_steps(far: float) -> None:
    """The first step would multiply weights by exp(far): too much, or infinitely much beside a row
    of weight 0. None of it is accepted or warned about.
    """
    d = np.append(np.ones(9), 0.0)
    found = solve(d, Rows(np.ones((10, 1))), np.array([9 * far]), "raking")
    np.testing.assert_allclose(found.factor, far, rtol=1e-9)
    assert found.iterations < 60


def test_bounded_slopes_are_zero_outside_and_one_inside() -> None:
    f, df = distance("linear", (0.5, 1.8))
    np.testing.assert_array_equal(
        df(np.array([-0.8, -0.6, -0.4, 0.0, 0.7, 0.9])), [0, 0, 1, 1, 1, 0]
    )
    assert df(np.zeros(3)).dtype == float
    np.testing.assert_allclose(f(np.array([-0.8, -0.4, 0.9])), [0.5, 0.6, 1.8])


def test_a_system_of_one_equation_and_one_of_very_unlike_sizes() -> None:
    assert psd_solve(np.array([[4.0]]), np.array([2.0]))[0] == pytest.approx(0.5)
    np.testing.assert_allclose(
        psd_solve(np.diag([1e12, 1e-12]), np.array([1e12, 3e-12])), [1.0, 3.0]
    )
    a = np.array([[1.0, 1.0], [1.0, 1.0]])
    np.testing.assert_allclose(psd_solve(a, np.array([2.0, 2.0])), [1.0, 1.0])


def test_solutions_are_refined() -> None:
    """A root with an error of 1 in a thousand: one refinement leaves the error's square."""
    a = np.diag([4.0, 9.0])
    rough = Gram(a, np.diag([0.5, 1 / 3]) * np.sqrt(1.001))
    np.testing.assert_allclose(rough.solve(np.array([4.0, 9.0])), 1 - 1e-6, rtol=1e-12)


# Least squares


def exact(x: list[list[int]], y: list[int]) -> list[Fraction]:
    """Least squares in whole fractions, by elimination of the normal equations."""
    q = len(x[0])
    a = [
        [Fraction(sum(r[i] * r[j] for r in x)) for j in range(q)]
        + [Fraction(sum(r[i] * v for r, v in zip(x, y, strict=True)))]
        for i in range(q)
    ]
    for i in range(q):
        a[i] = [v / a[i][i] for v in a[i]]
        for k in range(q):
            if k != i:
                a[k] = [u - a[k][i] * v for u, v in zip(a[k], a[i], strict=True)]
    return [row[-1] for row in a]


@pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18, reason="no extended precision on this machine"
)
def test_coefficients_of_powers_have_their_digits() -> None:
    """Powers 0 to 5 of 0..20, as Wampler (1970): refinement in extended precision keeps digits that
    one solution loses.
    """
    x = [[k**j for j in range(6)] for k in range(21)]
    y = [7 * k**5 - 3 * k**2 + (-1) ** k * 1000 for k in range(21)]
    fit = least_squares(np.array(x, float), np.array(y, float), np.ones(21))
    want = exact(x, y)
    error = max(
        abs(float((Fraction(float(b)) - t) / t)) for b, t in zip(fit.beta, want, strict=True)
    )
    assert error < 3e-12
    residual = [
        v - sum(c * t for c, t in zip(row, want, strict=True)) for row, v in zip(x, y, strict=True)
    ]
    np.testing.assert_allclose(fit.residual, [float(r) for r in residual], rtol=1e-11)


def test_every_dependent_column_is_named() -> None:
    t = np.arange(8.0)
    x = np.column_stack([np.ones(8), t, np.zeros(8), t**2, 3 * t**2, np.zeros(8)])
    with pytest.raises(Collinear) as caught:
        check_rank(x, np.ones(8))
    assert [column for column, _ in caught.value.dependent] in ([2, 3, 5], [2, 4, 5])
    made = dict(caught.value.dependent)
    assert made[2] == () == made[5]
    assert {3, 4} == {c for c in (3, 4) if c in made} | {
        o for c in (3, 4) if c in made for o in made[c]
    }
    assert str(caught.value) == "; ".join(
        f"column {c} is made of columns {', '.join(map(str, of))}"
        for c, of in caught.value.dependent
    )
    with pytest.raises(Collinear) as caught:
        check_rank(np.zeros((4, 2)), np.ones(4))
    assert caught.value.dependent == ((0, ()), (1, ()))


def test_a_column_seen_only_in_rows_without_weight_is_refused() -> None:
    x = np.column_stack([np.ones(6), np.arange(6.0) == 5])
    check_rank(x, np.ones(6))
    with pytest.raises(Collinear) as caught:
        check_rank(x, np.array([1.0, 1, 1, 1, 1, 0]))
    assert caught.value.dependent == ((1, ()),)


@pytest.mark.parametrize("unit", [1e-30, 1e-15, 1e15])
def test_the_unit_of_a_column_makes_no_column_dependent(unit: float) -> None:
    x = np.column_stack([np.ones(6), unit * np.arange(6.0)])
    check_rank(x, np.ones(6))
    fit = least_squares(x, 2 + 3 * np.arange(6.0), np.ones(6))
    np.testing.assert_allclose(fit.beta * [1, unit], [2, 3], rtol=1e-12)
    assert fit.condition < 10


def test_nearly_dependent_columns_are_dependent_below_rounding_only() -> None:
    t = np.linspace(0, 1, 50)
    for shift, refused in ((1e-10, False), (1e-16, True)):
        x = np.column_stack([np.ones(50), 1e6 * t, 1e6 * (t + shift * np.sin(40 * t))])
        if refused:
            with pytest.raises(Collinear):
                check_rank(x, np.ones(50))
        else:
            check_rank(x, np.ones(50))


@pytest.mark.parametrize("zero", [0.0, -50_000.0])
@pytest.mark.parametrize(("fit", "y"), FITS)
def test_years_count_from_any_zero(fit, y: np.ndarray, zero: float) -> None:
    plain = fit(np.column_stack([np.ones(N), YEAR - zero]), y, W)
    centred = fit(np.column_stack([np.ones(N), YEAR - 2014]), y, W)
    assert plain.beta[1] == pytest.approx(centred.beta[1], rel=1e-5)
    assert plain.beta[0] + plain.beta[1] * (2014 - zero) == pytest.approx(centred.beta[0], abs=1e-5)
    assert plain.iterations <= centred.iterations + 3


@pytest.mark.parametrize(("fit", "y"), FITS)
def test_a_missing_outcome_is_never_a_fit(fit, y: np.ndarray) -> None:
    x = np.column_stack([np.ones(N), YEAR - 2014])
    with pytest.raises((Separation, np.linalg.LinAlgError)):
        fit(x, np.append(y[:-1], np.nan), W)


def test_a_poisson_fit_of_a_missing_outcome_does_not_settle() -> None:
    with pytest.raises(Separation, match=r"^the fit does not settle$"):
        fit_poisson(np.ones((2, 1)), np.array([1.0, np.nan]), np.ones(2), start=np.zeros(1))
