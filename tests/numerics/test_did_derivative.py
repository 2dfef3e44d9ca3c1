"""The influence of every two-period estimator is the derivative of its value by the weights, also
where the mix of covariates differs between the rounds.
"""

from __future__ import annotations

import numpy as np
import pytest

from mismes_eval.numerics.did import METHODS, Method, cross_sections, panel


@pytest.mark.identity
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("layout", ["panel", "cross-sections"])
def test_influence_is_the_numerical_derivative(method: Method, layout: str) -> None:
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
    for i in range(0, n, 17):
        step = 1e-3 * (np.arange(n) == i)
        slope = (effect(w + step)[0] - effect(w - step)[0]) / 2e-3
        assert slope == pytest.approx(z[i], rel=1e-5, abs=1e-6 * np.abs(z).max())
