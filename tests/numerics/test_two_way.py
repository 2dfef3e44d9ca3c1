"""Sweeping units and periods out of indicators gives the coefficients of least squares with all
dummies, in unbalanced weighted panels; influence is the derivative.
"""

import numpy as np
import pytest

from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.two_way import Columns, codes, within


def made() -> tuple[np.ndarray, ...]:
    """180 rows of 40 units and 6 periods with gaps; weights, a covariate, event codes 0..3 (4:
    none), an outcome.
    """
    rng = np.random.default_rng(8)
    unit, period = np.repeat(np.arange(40), 6), np.tile(np.arange(6), 40)
    keep = np.sort(rng.choice(240, 180, replace=False))
    unit, period = unit[keep], period[keep]
    event = np.where(unit % 2 == 0, np.clip(period - 2 - unit % 3, -2, 2), -1)
    x, w = rng.normal(size=180), rng.uniform(0, 2, 180)
    w[::17] = 0.0
    return (
        unit,
        period,
        x,
        w,
        codes(event.astype(float), [-2.0, 0.0, 1.0, 2.0]),
        rng.normal(size=180) + 0.1 * unit + event,
    )


@pytest.mark.identity
def test_equal_to_all_dummies() -> None:
    unit, period, x, w, event, y = made()
    model = within(w, unit, 40, Columns(x[:, None], ((event, 4), (period, 6))))
    bread = np.linalg.inv(model.left())
    beta, residual = model.fit(y, bread)
    full = np.column_stack(
        [
            x,
            event[:, None] == np.arange(4),
            unit[:, None] == np.arange(40),
            period[:, None] == np.arange(6),
        ]
    ).astype(float)
    root = np.sqrt(w)
    direct, *_ = np.linalg.lstsq(full * root[:, None], y * root, rcond=None)
    np.testing.assert_allclose(beta, direct[:5], atol=1e-11)
    np.testing.assert_allclose(residual[w > 0], (y - full @ direct)[w > 0], atol=1e-11)
    assert np.abs(np.bincount(unit, weights=w * residual)).max() < 1e-11


@pytest.mark.identity
def test_influence_is_the_derivative() -> None:
    unit, period, x, w, event, y = made()
    columns = Columns(x[:, None], ((event, 4), (period, 6)))

    def fit(v: np.ndarray) -> np.ndarray:
        model = within(v, unit, 40, columns)
        return model.fit(y, np.linalg.inv(model.left()))[0]

    model = within(w, unit, 40, columns)
    bread = np.linalg.inv(model.left())
    z = Influence(model.blocks(model.fit(y, bread)[1], model.coefficients(bread)), y.size).dense()
    for i in (1, 30, 100, 179):
        h = np.zeros(y.size)
        h[i] = 1e-6
        np.testing.assert_allclose((fit(w + h) - fit(w - h)) / 2e-6, z[i], atol=1e-7)


def test_codes_of_labels() -> None:
    assert codes(np.array([3.0, 1.0, 9.0, np.inf]), [1.0, 3.0]).tolist() == [1, 0, 2, 2]
    assert codes(np.array([3.0, 1.0]), []).tolist() == [0, 0]
