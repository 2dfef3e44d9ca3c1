"""Groups, domains, strata, units and cells without any row, without weight, or alone: sums are zero
there and nothing divides by it.
"""

import numpy as np
import pytest

from mismes_eval.numerics import logit
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.logit import Propensity, fit_logit
from mismes_eval.numerics.rows import Columns, Float, Rows, cells, group_sums
from mismes_eval.numerics.two_way import Columns as Regressors
from mismes_eval.numerics.two_way import within
from mismes_eval.numerics.variance import Stage, multistage_vcov, stage_vcov

RNG = np.random.default_rng(21)
N = 12
X, W = RNG.normal(size=(N, 2)), RNG.uniform(0.1, 0.3, N)
GROUP = np.arange(N) % 3
CELL, VALUES = np.arange(N) % 4, RNG.normal(size=(6, 2))  # cells 4 and 5 stand for no row


def looped(x: Float, group: np.ndarray, m: int) -> Float:
    out = np.zeros((m, x.shape[1]))
    for i in range(len(x)):
        out[group[i]] += W[i] * x[i]
    return out


@pytest.mark.parametrize("m", [3, 7])
def test_sums_of_groups_without_rows_are_zero(m: int) -> None:
    for rows in (
        Rows(X),
        Rows(VALUES, CELL),
        Columns((X[:, 0], X[:, 1])),
        Columns((X[:, 0], X[:, 1]), np.ones(2), GROUP > 0),
    ):
        np.testing.assert_allclose(
            rows.sums(W, GROUP, m), looped(rows.dense(), GROUP, m), atol=1e-14
        )


def test_two_groups_are_two_groups() -> None:
    pair = np.arange(N) % 2
    for rows in (Rows(X), Rows(VALUES, CELL), Columns((X[:, 0], X[:, 1]))):
        np.testing.assert_allclose(rows.sums(W, pair, 2), looped(rows.dense(), pair, 2), atol=1e-14)


def test_one_row_is_summed() -> None:
    np.testing.assert_allclose(
        group_sums(X[:1], np.array([1]), 3, W[:1]), [[0, 0], W[0] * X[0], [0, 0]]
    )


def test_weights_of_cells_without_rows_are_zero() -> None:
    np.testing.assert_allclose(
        Rows(VALUES, CELL).collapse(W), [*(W[c == CELL].sum() for c in range(4)), 0.0, 0.0]
    )
    assert Rows(VALUES, CELL).collapse(W).dtype == float


def test_domains_without_rows_add_nothing() -> None:
    domain = np.where(
        np.arange(N) % 2 == 0, 0, 1
    )  # 2 and 3 do not occur, nor rows outside every domain
    b = Block(Rows(X), RNG.normal(size=(8, 3)), domain)
    z = np.array([X[i] @ b.coef[2 * domain[i] : 2 * domain[i] + 2] for i in range(N)])
    for left in (Rows(VALUES, CELL), Rows(X)):
        np.testing.assert_allclose(
            b.basis_cross(left, W) @ b.coef, left.dense().T @ (z * W[:, None]), atol=1e-13
        )
    np.testing.assert_allclose(b.sums(W, GROUP, 5), looped(z, GROUP, 5), atol=1e-13)
    none = Block(Rows(np.zeros((0, 2))), b.coef, np.zeros(0, int))
    np.testing.assert_array_equal(none.sums(np.zeros(0), np.zeros(0, int), 4), np.zeros((4, 3)))


def test_sums_formed_before_a_factor_came_are_not_used_after_it() -> None:
    b = Block(Rows(X), np.eye(2), formed=(W, GROUP, np.full((3, 2), 7.0)))
    factor = RNG.uniform(0.5, 2, N)
    np.testing.assert_allclose(
        Influence((b,), N).scaled(factor).sums(W, GROUP, 3),
        looped(X * factor[:, None], GROUP, 3),
        atol=1e-14,
    )


def test_combinations_need_a_size_a_code() -> None:
    wide, narrow = np.array([8, 0, 8, 3]), np.array([1, 0, 0, 1])
    combination, cell = cells([wide, narrow], [9, 2])
    assert combination.tolist() == [[0, 0], [3, 1], [8, 0], [8, 1]]
    assert cell.tolist() == [3, 0, 2, 1]
    with pytest.raises(ValueError, match="shorter"):
        cells([wide, narrow], [9])


def test_a_response_model_has_cells_without_rows_and_cells_without_weight() -> None:
    values = np.array(
        [[1.0, 0, 2], [1, 1, 0], [1, 0, 1], [1, 1, 1], [1, 2, 2], [1, 3, 0]]
    )  # row 5 stands for nobody
    cell = np.arange(40) % 5
    r = (np.arange(40) % 3 > 0).astype(float)
    w = np.where(cell == 4, 0.0, 0.01 + 0.001 * np.arange(40))
    expected = fit_logit(values[cell], r, w).p
    found = Propensity(Rows(values, cell), r).fit(w)
    np.testing.assert_allclose(
        found, expected, rtol=1e-9
    )  # also in the cell without weight: the model's value


def test_saturated_cells_without_weight_respond_fully() -> None:
    x = np.eye(5)[:4]  # the last group stands for no row
    cell = np.arange(30) % 3  # the last row of x stands for nobody
    r = (np.arange(30) % 4 > 0).astype(float)
    w = np.where(cell == 2, 0.0, 0.001 * (1 + np.arange(30)))
    p = Propensity(Rows(x, cell), r).fit(w)
    for c in range(2):
        np.testing.assert_allclose(p[cell == c], (w * r)[cell == c].sum() / w[cell == c].sum())
    np.testing.assert_array_equal(p[cell == 2], 1.0)
    with pytest.raises(logit.Separation, match=r"^a response cell has no respondent$"):
        Propensity(Rows(x, cell), np.where(cell == 1, 0.0, r)).fit(w)


def test_an_intercept_beside_one_indicator_is_no_set_of_cells() -> None:
    flag = np.arange(24) % 2
    r = ((np.arange(24) * 7) % 5 > flag).astype(float)
    model = Propensity(Rows(np.column_stack([np.ones(24), flag]).astype(float)), r)
    assert not model.saturated
    p = model.fit(np.ones(24))
    for k in (0, 1):
        np.testing.assert_allclose(p[flag == k], r[flag == k].mean(), rtol=1e-10)


def test_equal_rows_are_put_together_and_a_start_is_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.array([[1.0, 0, 2], [1, 1, 0], [1, 0, 1], [1, 1, 1]])
    cell, r = np.arange(40) % 4, (np.arange(40) % 3 > 0).astype(float)
    model = Propensity(Rows(values[cell]), r)
    assert model.x.shape == (4, 3)
    np.testing.assert_array_equal(model.x[model.cell], values[cell])
    handed: list[object] = []

    def watched(x: Float, y: Float, w: Float, start: Float | None = None) -> logit.LogitFit:
        handed.append(start)
        assert len(x) == 4
        return fit_logit(x, y, w, start=start)

    monkeypatch.setattr(logit, "fit_logit", watched)
    start = np.array([0.1, 0.2, 0.3])
    model.fit(np.ones(40), start=start)
    model.fit(np.ones(40))
    assert handed[0] is start and handed[1] is None


def dummies(code: np.ndarray, size: int) -> Float:
    return (code[:, None] == np.arange(size)).astype(float)


@pytest.mark.parametrize("q", [0, 1, 2])
def test_regressors_are_the_matrix_of_their_indicators(q: int) -> None:
    """Codes and units that do not occur, codes outside every indicator, three sets: against the
    matrix written out.
    """
    n, m = 40, 9
    rng = np.random.default_rng(q)
    unit = rng.integers(0, m - 2, n)
    codes = [
        (rng.integers(0, 3, n), 6),
        (np.where(rng.random(n) < 0.3, 4, rng.integers(0, 2, n)), 4),
        (rng.integers(0, 4, n), 5),
    ]
    dense, w = rng.normal(size=(n, q)), rng.uniform(0.01, 0.04, n)
    w[unit == 0] = 0.0
    columns = Regressors(dense, tuple(codes))
    full = np.column_stack([dense, *(dummies(code, size) for code, size in codes)])
    assert columns.k == full.shape[1]
    found = [(s.start, s.stop) for s in columns.spans]
    assert found == [(q, q + 6), (q + 6, q + 10), (q + 10, q + 15)]
    of = dummies(unit, m)
    np.testing.assert_allclose(columns.inside(w, unit, m), of.T @ (full * w[:, None]), atol=1e-14)
    np.testing.assert_allclose(columns.totals(w), w @ full, atol=1e-14)
    np.testing.assert_allclose(columns.gram(w), full.T @ (full * w[:, None]), atol=1e-14)
    b = rng.normal(size=full.shape[1])
    np.testing.assert_allclose(columns.times(b), full @ b, atol=1e-13)
    model = within(w, unit, m, columns)
    size = of.T @ w
    means = np.divide(
        of.T @ (full * w[:, None]),
        size[:, None],
        out=np.zeros((m, full.shape[1])),
        where=size[:, None] > 0,
    )
    swept = full - means[unit]
    assert (model.periods, model.p) == (5, full.shape[1] - 5)
    np.testing.assert_allclose(model.size, size, atol=1e-15)
    np.testing.assert_allclose(model.means, means, atol=1e-13)
    np.testing.assert_allclose(model.gram, swept.T @ (swept * w[:, None]), atol=1e-13)
    np.testing.assert_allclose(model.whole, w @ full**2, atol=1e-14)
    own, periods = (
        swept[:, : model.p] * np.sqrt(w)[:, None],
        swept[:, model.p :] * np.sqrt(w)[:, None],
    )
    left = own - periods @ np.linalg.lstsq(periods, own, rcond=1e-10)[0]
    np.testing.assert_allclose(model.left(), left.T @ left, atol=1e-13)
    v = rng.normal(size=n)
    expected = [0.0 if size[u] == 0 else (w * v)[unit == u].sum() / size[u] for u in range(m)]
    np.testing.assert_allclose(model.unit_mean(v), expected, atol=1e-13)
    coef = rng.normal(size=(full.shape[1], 2))
    z = Influence(model.blocks(v, coef), n).dense()
    np.testing.assert_allclose(z, v[:, None] * (swept @ coef), atol=1e-13)


def deviations(t: Float) -> Float:
    e = t - t.mean(axis=0)
    return len(t) / (len(t) - 1) * e.T @ e


def test_a_stratum_without_units_adds_nothing() -> None:
    t = RNG.normal(size=(5, 2))
    stage = Stage(np.array([0, 0, 1, 1, 1]), np.zeros(5, int), np.array([0.5, 0.0, 0.0]))
    for lonely in ("adjust", "remove"):
        np.testing.assert_allclose(
            stage_vcov(t, stage, np.ones(3), lonely),
            0.5 * deviations(t[:2]) + deviations(t[2:]),
            atol=1e-13,
        )  # type: ignore[arg-type]


def test_the_average_of_one_stratum_stands_for_the_lonely_one() -> None:
    t = RNG.normal(size=(4, 2))
    stage = Stage(np.array([0, 0, 0, 1]), np.zeros(4, int), np.zeros(2))
    np.testing.assert_allclose(stage_vcov(t, stage, np.ones(2), "average"), 2 * deviations(t[:3]))


def test_one_unit_alone_has_no_variance_of_its_own() -> None:
    stage = Stage(np.array([0]), np.zeros(1, int), np.zeros(1))
    for lonely in ("adjust", "remove", "certainty"):
        np.testing.assert_array_equal(
            stage_vcov(np.array([[3.0, 4.0]]), stage, np.ones(1), lonely), np.zeros((2, 2))
        )  # type: ignore[arg-type]


def test_three_stages_are_added_with_the_fractions_above_them() -> None:
    """v = v1 + f1 v2 + f1 f2 v3, each of unit totals one stage up; the lonely rule holds at every
    stage.
    """
    second_of, first_of = np.repeat(np.arange(6), 2), np.repeat(np.arange(3), 2)
    t = RNG.normal(size=(12, 2))
    first = Stage(np.zeros(3, int), np.zeros(3, int), np.array([0.5]))
    second = Stage(first_of, first_of, np.array([0.2, 0.3, 0.4]))
    third = Stage(second_of, second_of, np.full(6, 0.1))
    t2 = np.array([t[second_of == k].sum(axis=0) for k in range(6)])
    t1 = np.array([t2[first_of == k].sum(axis=0) for k in range(3)])
    expected = 0.5 * deviations(t1)
    for k, f in enumerate((0.2, 0.3, 0.4)):
        expected = expected + 0.5 * (1 - f) * deviations(t2[first_of == k])
        for j in (2 * k, 2 * k + 1):
            expected = expected + 0.5 * f * 0.9 * deviations(t[second_of == j])
    np.testing.assert_allclose(multistage_vcov(t, (first, second, third), "adjust"), expected)
    np.testing.assert_allclose(
        multistage_vcov(t, (first, second, third), "adjust", True), np.diag(expected)
    )


def test_the_lonely_rule_reaches_the_stage() -> None:
    t = RNG.normal(size=(4, 2))
    stage = Stage(np.array([0, 0, 0, 1]), np.zeros(4, int), np.zeros(2))
    e = t[3] - t.mean(axis=0)
    np.testing.assert_allclose(
        multistage_vcov(t, (stage,), "adjust"), deviations(t[:3]) + np.outer(e, e)
    )
    np.testing.assert_allclose(multistage_vcov(t, (stage,), "remove"), deviations(t[:3]))
