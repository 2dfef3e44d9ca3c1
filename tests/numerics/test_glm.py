"""Logit and Poisson fits: score equations hold to rounding, closed forms in saturated models,
separation and collinearity refused.
"""

from __future__ import annotations

import numpy as np
import pytest

from mismes_eval.numerics.glm import fit_poisson
from mismes_eval.numerics.logit import Propensity, Separation, fit_logit
from mismes_eval.numerics.rows import Rows


def data(seed: int = 0, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return (
        np.column_stack([np.ones(n), rng.normal(50, 3, n), rng.normal(size=n) * 1e-4]),
        rng.random(n),
        rng.uniform(1, 1000, n),
    )


@pytest.mark.identity
def test_logit_score_is_zero() -> None:
    x, u, w = data()
    y = (u < 0.3).astype(float)
    fit = fit_logit(x, y, w)
    assert np.abs(x.T @ (w * (y - fit.p)) / (np.abs(x).T @ w)).max() < 1e-13


@pytest.mark.identity
def test_poisson_score_is_zero() -> None:
    x, u, w = data(1)
    y = np.floor(u * 40)
    fit = fit_poisson(x, y, w)
    assert np.abs(x.T @ (w * (y - fit.mu)) / (np.abs(x).T @ (w * fit.mu))).max() < 1e-13


@pytest.mark.identity
def test_saturated_fits_are_cell_means() -> None:
    group = np.arange(300) % 3
    x, w, u = (
        np.eye(3)[group],
        np.random.default_rng(2).uniform(1, 3, 300),
        np.random.default_rng(3).random(300),
    )
    y = (u < 0.4).astype(float)
    share = np.bincount(group, w * y) / np.bincount(group, w)
    np.testing.assert_allclose(fit_logit(x, y, w).beta, np.log(share / (1 - share)), rtol=1e-12)
    np.testing.assert_allclose(
        fit_poisson(x, 100 * u, w).beta,
        np.log(np.bincount(group, w * 100 * u) / np.bincount(group, w)),
        rtol=1e-12,
    )


def test_separation_is_refused() -> None:
    group = np.arange(60) % 3
    x = np.eye(3)[group]
    with pytest.raises(Separation):
        fit_logit(x, (group == 0).astype(float), np.ones(60))
    with pytest.raises(Separation):
        fit_logit(
            np.column_stack([np.ones(60), np.arange(60.0)]),
            (np.arange(60) > 30).astype(float),
            np.ones(60),
        )
    with pytest.raises(Separation):
        fit_poisson(x, (group != 1) * 5.0, np.ones(60))
    with pytest.raises(Separation):
        fit_logit(np.column_stack([x, np.ones(60)]), (np.arange(60) % 2).astype(float), np.ones(60))


@pytest.mark.identity
def test_propensity_on_distinct_rows_is_the_fit_on_all_rows() -> None:
    rng = np.random.default_rng(5)
    x = np.column_stack([np.ones(500), rng.integers(0, 2, (500, 3))]).astype(float)
    x[:20] = 0.0
    r, w = (rng.random(500) < 0.6).astype(float), rng.uniform(1, 5, 500)
    r[:20] = 1.0
    p = Propensity(Rows(x), r).fit(w)
    np.testing.assert_allclose(p[20:], fit_logit(x[20:], r[20:], w[20:]).p, rtol=1e-10)
    assert (p[:20] == 1).all()
