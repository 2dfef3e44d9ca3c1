"""A matrix left in its columns gives the sums, rows and cross-products of the same matrix formed in
memory; the diagonal of a covariance is that of the whole.
"""

from __future__ import annotations

import numpy as np
import pytest

from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Columns, Rows, group_sums, in_row_order
from mismes_eval.numerics.variance import Stage, multistage_vcov

N, M = 5_000, 37


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.fixture
def columns(rng: np.random.Generator) -> Columns:
    value = rng.normal(5, 1, N)
    inside = rng.random(N) < 0.7
    value[~inside] = np.nan
    return Columns(
        (value, rng.integers(0, 9, N), rng.random(N) < 0.4), np.array([5.0, 0.0, 0.0]), inside
    )


def test_columns_equal_the_matrix_they_stand_for(
    columns: Columns, rng: np.random.Generator
) -> None:
    value, count, flag = columns.arrays
    whole = np.where(columns.inside[:, None], np.column_stack([value - 5.0, count, flag]), 0.0)
    np.testing.assert_array_equal(columns.dense(), whole)
    np.testing.assert_array_equal(columns.column(0), whole[:, 0])
    some = rng.permutation(N)[:100]
    np.testing.assert_array_equal(columns.take(some).dense(), whole[some])
    weight, group = rng.uniform(1, 9, N), rng.integers(0, M, N)
    for m, code in ((M, group), (1, np.zeros(N, np.intp))):
        np.testing.assert_allclose(
            columns.sums(weight, code, m), Rows(whole).sums(weight, code, m), rtol=1e-13, atol=1e-10
        )


def test_blocks_on_columns_and_on_the_matrix_agree(
    columns: Columns, rng: np.random.Generator
) -> None:
    domain, coef = rng.integers(0, 5, N), rng.normal(size=(4 * 3, 2))
    weight, group = rng.uniform(1, 9, N), rng.integers(0, M, N)
    left = Rows(rng.normal(size=(N, 3)))
    narrow, wide = (
        Block(columns, coef, domain.astype(np.uint8)),
        Block(Rows(columns.dense()), coef, domain),
    )
    a, b = Influence((narrow,), N), Influence((wide,), N)
    np.testing.assert_allclose(a.dense(), b.dense(), rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(
        a.sums(weight, group, M), b.sums(weight, group, M), rtol=1e-12, atol=1e-9
    )
    np.testing.assert_allclose(a.cross(left, weight), b.cross(left, weight), rtol=1e-12, atol=1e-9)


def test_sums_of_domains_need_no_product_between_domains(rng: np.random.Generator) -> None:
    """Coefficients that stay inside each domain are multiplied domain by domain: same answer as the
    full product.
    """
    d, k, p = 6, 4, 3
    own = np.zeros((d, k, d, p))
    own[np.arange(d), :, np.arange(d), :] = rng.normal(size=(d, k, p))
    coef = own.reshape(d * k, d * p)
    block = Block(Rows(rng.normal(size=(N, k))), coef, rng.integers(0, d + 1, N))
    weight, group = rng.uniform(1, 2, N), rng.integers(0, M, N)
    np.testing.assert_allclose(
        block.sums(weight, group, M),
        block.basis_sums(weight, group, M) @ coef,
        rtol=1e-12,
        atol=1e-12,
    )


@pytest.mark.parametrize("p", [1, 16, 40])
@pytest.mark.parametrize("order", ["C", "F"])
def test_group_sums_are_those_of_bincount(p: int, order: str, rng: np.random.Generator) -> None:
    x, weight, group = (
        np.asarray(rng.normal(size=(N, p)), order=order),
        rng.uniform(size=N),
        rng.integers(0, M - 1, N),
    )
    expected = np.column_stack(
        [np.bincount(group, weights=x[:, j] * weight, minlength=M) for j in range(p)]
    )
    np.testing.assert_allclose(group_sums(x, group, M, weight), expected, rtol=1e-13, atol=1e-13)
    np.testing.assert_array_equal(in_row_order(x), x)
    assert group_sums(x[:0], group[:0], M).shape == (M, p)


@pytest.mark.parametrize("lonely", ["adjust", "average", "remove"])
def test_the_diagonal_is_that_of_the_whole_covariance(
    lonely: str, rng: np.random.Generator
) -> None:
    first = Stage(np.array([0, 0, 0, 1, 1, 2]), np.zeros(6, np.intp), np.array([0.1, 0.2, 0.0]))
    second = Stage(np.repeat(np.arange(6), 4), np.repeat(np.arange(6), 4), np.full(6, 0.3))
    t = rng.normal(size=(24, 5))
    whole = multistage_vcov(t, (first, second), lonely)
    np.testing.assert_allclose(
        multistage_vcov(t, (first, second), lonely, diagonal=True), np.diag(whole), rtol=1e-13
    )
