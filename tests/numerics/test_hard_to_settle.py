"""Fits whose last steps are rounding alone, or that can't settle at all: calendar years as
covariates end at the fit of centred years; a missing number is never a fit.
"""

import numpy as np
import pytest

from mismes_eval.numerics.glm import fit_poisson
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.probit import fit_probit

RNG = np.random.default_rng(51)
N = 200
YEAR = RNG.integers(2004, 2024, N).astype(float)
W = RNG.uniform(0.5, 2, N)
BINARY = (RNG.random(N) < 1 / (1 + np.exp(-0.1 * (YEAR - 2014)))).astype(float)
COUNTS = RNG.poisson(np.exp(0.05 * (YEAR - 2000))).astype(float)
FITS = [(fit_logit, BINARY), (fit_probit, BINARY), (fit_poisson, COUNTS)]


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
