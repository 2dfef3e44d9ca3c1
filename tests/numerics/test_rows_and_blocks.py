"""Rows with distinct values, columns left where they stand, influence in blocks and the variance of
totals: each against loops over plain arrays.
"""

from itertools import product

import numpy as np
import pytest

from mismes_eval.numerics import influence
from mismes_eval.numerics.calibration import Gram, distance, projection, psd_solve, solve
from mismes_eval.numerics.influence import Block, Influence, one_above_other, side_by_side
from mismes_eval.numerics.rows import Columns, Float, Rows, cells, group_sums, in_row_order
from mismes_eval.numerics.variance import Stage, multistage_vcov, stage_vcov

RNG = np.random.default_rng(4)
N, M = 37, 5
WEIGHT, GROUP = RNG.uniform(0.5, 2, N), RNG.integers(0, M, N)
DENSE = RNG.normal(size=(N, 3))
CELL, VALUES = RNG.integers(0, 6, N), RNG.normal(size=(6, 3))


def looped(x: Float, group: np.ndarray, m: int, w: Float) -> Float:
    out = np.zeros((m, x.shape[1]))
    for i in range(x.shape[0]):
        out[group[i]] += w[i] * x[i]
    return out


@pytest.mark.parametrize("x", [Rows(DENSE), Rows(VALUES, CELL)], ids=["dense", "distinct"])
def test_rows_behave_as_the_matrix_they_stand_for(x: Rows) -> None:
    full = DENSE if x.cell is None else VALUES[CELL]
    assert (x.n, x.k) == full.shape
    np.testing.assert_array_equal(x.dense(), full)
    np.testing.assert_array_equal(x.column(1), full[:, 1])
    np.testing.assert_allclose(x.dot(np.array([1.0, -2.0, 0.5])), full @ [1, -2, 0.5])
    np.testing.assert_allclose(x.totals(WEIGHT), WEIGHT @ full)
    np.testing.assert_allclose(x.gram(WEIGHT), full.T @ np.diag(WEIGHT) @ full)
    np.testing.assert_allclose(x.sums(WEIGHT, GROUP, M), looped(full, GROUP, M, WEIGHT))
    np.testing.assert_allclose(
        x.sums(WEIGHT, np.zeros(N, int), 1), looped(full, np.zeros(N, int), 1, WEIGHT)
    )
    np.testing.assert_array_equal(x.take(np.arange(5)).dense(), full[:5])
    assert x.collapse(WEIGHT).sum() == pytest.approx(WEIGHT.sum())


@pytest.mark.parametrize(
    ("less", "some"),
    [(None, False), (np.array([1.0, -2.0]), False), (None, True), (np.array([0.5, 3.0]), True)],
)
def test_columns_behave_as_the_matrix_they_stand_for(less: Float | None, some: bool) -> None:
    arrays = (DENSE[:, 0], CELL > 2)
    inside = GROUP != 1 if some else None
    x = Columns(arrays, less, inside)
    full = np.column_stack(arrays) - (0 if less is None else less)
    if inside is not None:
        full = np.where(inside[:, None], full, 0.0)
    assert (x.n, x.k, x.cell) == (N, 2, None)
    np.testing.assert_allclose(x.values, full)
    np.testing.assert_allclose(x.column(0), full[:, 0])
    np.testing.assert_allclose(x.sums(WEIGHT, GROUP, M), looped(full, GROUP, M, WEIGHT))
    np.testing.assert_allclose(
        x.sums(WEIGHT, np.zeros(N, int), 1), looped(full, np.zeros(N, int), 1, WEIGHT)
    )
    np.testing.assert_allclose(x.take(np.array([3, 1])).dense(), full[[3, 1]])


def test_columns_outside_their_rows_may_hold_anything() -> None:
    wild = np.where(GROUP == 1, np.nan, DENSE[:, 0])
    assert np.isfinite(Columns((wild,), None, GROUP != 1).sums(WEIGHT, GROUP, M)).all()


@pytest.mark.parametrize("p", [1, 16, 17, 40])
@pytest.mark.parametrize("order", ["C", "F"])
def test_group_sums_are_a_loop(p: int, order: str) -> None:
    x = np.array(RNG.normal(size=(N, p)), order=order)  # type: ignore[call-overload]
    np.testing.assert_allclose(group_sums(x, GROUP, M + 1, WEIGHT), looped(x, GROUP, M + 1, WEIGHT))
    np.testing.assert_allclose(group_sums(x, GROUP, M), looped(x, GROUP, M, np.ones(N)))


def test_group_sums_of_no_rows_are_zero() -> None:
    np.testing.assert_array_equal(
        group_sums(np.zeros((0, 2)), np.zeros(0, int), 3), np.zeros((3, 2))
    )


def test_rows_are_put_in_order_once() -> None:
    long = np.array(RNG.normal(size=(2500, 3)), order="F")
    out = in_row_order(long)
    assert out.flags.c_contiguous
    np.testing.assert_array_equal(out, long)
    assert in_row_order(out) is out


def test_distinct_combinations_of_codes_are_counted_and_found() -> None:
    codes = [RNG.integers(0, 3, N), RNG.integers(0, 4, N)]
    combination, cell = cells(codes, [3, 4])
    expected = sorted(set(zip(*(c.tolist() for c in codes), strict=True)))
    assert combination.tolist() == [list(e) for e in expected]
    np.testing.assert_array_equal(combination[cell], np.column_stack(codes))


@pytest.mark.parametrize("variables", [7, 19, 20, 25])
def test_more_combinations_than_memory_or_a_number_can_hold_are_still_told_apart(
    variables: int,
) -> None:
    """9 to the 19th is above 2 to the 53rd (a float's whole numbers), 9 to the 20th above 2 to the
    63rd.
    """
    codes = [np.append(8, RNG.integers(0, 9, 499)) for _ in range(variables)]
    codes[0][:250], codes[-1][:250] = codes[0][250:], codes[-1][250:]
    combination, cell = cells(codes, [9] * variables)
    np.testing.assert_array_equal(combination[cell], np.column_stack(codes))
    assert combination.shape[0] == len(set(map(tuple, np.column_stack(codes).tolist())))
    assert combination.tolist() == sorted(combination.tolist())


def blocks() -> list[Block]:
    domain = RNG.integers(0, 4, N)  # 3 stands for no domain
    scale = RNG.uniform(-1, 1, N)
    return [
        Block(Rows(DENSE), RNG.normal(size=(3, 6))),
        Block(Rows(VALUES, CELL), RNG.normal(size=(3, 6)), None, scale),
        Block(Rows(DENSE[:, :2]), RNG.normal(size=(6, 6)), domain),
        Block(
            Columns((DENSE[:, 0], DENSE[:, 2])), np.kron(np.eye(3), np.ones((2, 2))), domain, scale
        ),
        Block(Rows(DENSE[:, :2]), np.eye(6), domain),
    ]


def formed(b: Block) -> Float:
    """scale * (onehot(domain) kron rows) @ coef, row by row."""
    full = b.rows.dense()
    out = np.zeros((N, b.coef.shape[1]))
    for i in range(N):
        place = 0 if b.domain is None else int(b.domain[i])
        if place < b.domains:
            out[i] = (
                (1.0 if b.scale is None else b.scale[i])
                * full[i]
                @ b.coef[place * b.rows.k : (place + 1) * b.rows.k]
            )
    return out


@pytest.mark.parametrize("which", range(5))
def test_a_block_is_the_matrix_it_stands_for(which: int) -> None:
    b = blocks()[which]
    z, left = formed(b), Rows(VALUES, CELL)
    np.testing.assert_allclose(b.dense(), z, atol=1e-12)
    np.testing.assert_allclose(b.extended() @ b.coef, z, atol=1e-12)
    np.testing.assert_allclose(b.sums(WEIGHT, GROUP, M), looped(z, GROUP, M, WEIGHT), atol=1e-12)
    for q in (left, Rows(DENSE)):
        np.testing.assert_allclose(
            b.basis_cross(q, WEIGHT) @ b.coef, q.dense().T @ (z * WEIGHT[:, None]), atol=1e-12
        )
    index = np.array([4, 0, 9])
    np.testing.assert_allclose(b.take(index).dense(), z[index], atol=1e-12)


def test_cross_products_are_the_same_where_the_table_would_be_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    b, left = blocks()[2], Rows(VALUES, CELL)
    expected = b.basis_cross(left, WEIGHT)
    monkeypatch.setattr(influence, "_BINS", 0)
    np.testing.assert_allclose(b.basis_cross(left, WEIGHT), expected, atol=1e-12)


def test_sums_formed_before_are_used_for_the_very_same_arrays_only() -> None:
    b = blocks()[0]
    marked = Block(b.rows, np.eye(3), formed=(WEIGHT, GROUP, np.full((M, 3), 7.0)))
    np.testing.assert_array_equal(marked.sums(WEIGHT, GROUP, M), np.full((M, 3), 7.0))
    np.testing.assert_allclose(
        marked.sums(WEIGHT.copy(), GROUP, M), looped(DENSE, GROUP, M, WEIGHT)
    )
    np.testing.assert_allclose(
        marked.sums(WEIGHT, GROUP.copy(), M), looped(DENSE, GROUP, M, WEIGHT)
    )


def test_an_influence_is_the_sum_of_its_blocks() -> None:
    parts = blocks()
    z = Influence(tuple(parts), N)
    dense = sum(formed(b) for b in parts)
    left, factor, j = Rows(VALUES, CELL), RNG.uniform(0, 2, N), RNG.normal(size=(2, 6))
    assert z.p == 6
    np.testing.assert_allclose(z.dense(), dense, atol=1e-12)
    np.testing.assert_allclose(
        z.sums(WEIGHT, GROUP, M), looped(dense, GROUP, M, WEIGHT), atol=1e-12
    )
    np.testing.assert_allclose(
        z.cross(left, WEIGHT), left.dense().T @ (dense * WEIGHT[:, None]), atol=1e-12
    )
    np.testing.assert_allclose(z.scaled(factor).dense(), dense * factor[:, None], atol=1e-12)
    np.testing.assert_allclose(z.linear(j).dense(), dense @ j.T, atol=1e-12)
    expected = dense + factor[:, None] * left.dense() @ np.ones((3, 6))
    np.testing.assert_allclose(z.plus(left, np.ones((3, 6)), factor).dense(), expected, atol=1e-12)
    np.testing.assert_allclose(z.take(np.array([2, 5])).dense(), dense[[2, 5]], atol=1e-12)
    assert z.take(np.array([2, 5])).n == 2
    other = Influence.of(factor)
    beside = side_by_side([z, other, other])
    np.testing.assert_allclose(beside.dense(), np.column_stack([dense, factor, factor]), atol=1e-12)
    assert (beside.n, beside.p) == (N, 8)
    six = Influence.of(RNG.normal(size=(4, 6)))
    no_columns = Influence(tuple(b for b in parts if isinstance(b.rows, Rows)), N)
    np.testing.assert_allclose(
        one_above_other([six, no_columns, six]).dense(),
        np.vstack([six.dense(), no_columns.dense(), six.dense()]),
        atol=1e-12,
    )
    expected = np.vstack([no_columns.dense(), six.dense()])
    np.testing.assert_allclose(one_above_other([no_columns, six]).dense(), expected, atol=1e-12)


def test_totals_times_coefficients_are_a_product_in_every_layout() -> None:
    s = RNG.normal(size=(4, 6))
    mixed = RNG.normal(size=(6, 4))
    own = np.kron(np.eye(2), RNG.normal(size=(3, 2)))
    large = np.zeros((6, 4000))
    large[RNG.integers(0, 6, 900), RNG.integers(0, 4000, 900)] = 1.5
    nothing = np.zeros((6, 0))  # an estimate of which no value was selected
    for coef, d in ((np.eye(6), 2), (mixed, 2), (own, 2), (large, 1), (nothing, 1), (nothing, 2)):
        np.testing.assert_allclose(influence._times(s, coef, d), s @ coef, atol=1e-12)


def hand_variance(t: Float, stratum: list[int], fraction: list[float], lonely: str) -> Float:
    """Sum over strata of m / (m - 1) (1 - f) times the squared deviations."""
    t, total, single, used = np.asarray(t, float), np.zeros((t.shape[1], t.shape[1])), 0, 0
    for h, f in enumerate(fraction):
        here = t[[k for k, s in enumerate(stratum) if s == h]]
        if len(here) == 1 and f < 1:
            single += 1
            if lonely == "adjust":
                e = here[0] - t.mean(axis=0)
                total += (1 - f) * np.outer(e, e)
            continue
        used += 1
        for row in here:
            e = row - here.mean(axis=0)
            total += len(here) / (len(here) - 1) * (1 - f) * np.outer(e, e) if len(here) > 1 else 0
    return total * ((used + single) / used if lonely == "average" and single else 1.0)


@pytest.mark.parametrize("lonely", ["adjust", "remove", "average", "certainty"])
@pytest.mark.parametrize("stratum", [[0, 0, 0, 1, 1, 2, 2, 2], [0, 0, 0, 1, 2, 2, 2, 2], [0] * 8])
def test_the_variance_of_one_stage_is_written_out(lonely: str, stratum: list[int]) -> None:
    t = RNG.normal(size=(8, 2))
    fraction = [0.1, 0.3, 0.0][: max(stratum) + 1]
    stage = Stage(np.array(stratum), np.zeros(8, int), np.array(fraction))
    expected = hand_variance(t, stratum, fraction, lonely)
    np.testing.assert_allclose(stage_vcov(t, stage, np.ones(len(fraction)), lonely), expected)  # type: ignore[arg-type]
    np.testing.assert_allclose(
        stage_vcov(t, stage, np.ones(len(fraction)), lonely, True), np.diag(expected)
    )  # type: ignore[arg-type]
    np.testing.assert_allclose(
        stage_vcov(t, stage, np.full(len(fraction), 0.25), lonely), expected / 4
    )  # type: ignore[arg-type]


def test_a_unit_taken_with_certainty_is_no_lonely_one() -> None:
    t = RNG.normal(size=(4, 1))
    stage = Stage(np.array([0, 1, 1, 1]), np.zeros(4, int), np.array([1.0, 0.2]))
    expected = 3 / 2 * 0.8 * ((t[1:] - t[1:].mean()) ** 2).sum()
    for lonely in ("adjust", "average", "remove"):
        assert stage_vcov(t, stage, np.ones(2), lonely)[0, 0] == pytest.approx(expected)  # type: ignore[arg-type]


def test_two_stages_add_the_second_times_the_fraction_of_the_first() -> None:
    """v = v1 + f1 v2 (R survey, svyrecvar), with strata of the second stage inside units of the
    first.
    """
    parent = np.repeat(np.arange(4), 3)
    t = RNG.normal(size=(12, 2))
    first = Stage(np.array([0, 0, 1, 1]), np.zeros(4, int), np.array([0.5, 0.0]))
    second = Stage(parent, parent, np.full(4, 0.25))
    units = np.array([t[parent == k].sum(axis=0) for k in range(4)])
    expected = hand_variance(units, [0, 0, 1, 1], [0.5, 0.0], "remove")
    for k, f in product(range(2), [0.5]):
        expected = expected + f * hand_variance(t[parent == k], [0, 0, 0], [0.25], "remove")
    np.testing.assert_allclose(multistage_vcov(t, (first, second), "remove"), expected)
    np.testing.assert_allclose(
        multistage_vcov(t, (first, second), "remove", True), np.diag(expected)
    )
    replaced = Stage(np.array([0, 0, 1, 1]), np.zeros(4, int), np.zeros(2))
    np.testing.assert_allclose(
        multistage_vcov(t, (replaced, second), "remove"),
        hand_variance(units, [0, 0, 1, 1], [0.0, 0.0], "remove"),
    )


@pytest.mark.parametrize(
    ("method", "bounds"),
    [
        ("linear", None),
        ("linear", (0.5, 1.8)),
        ("raking", None),
        ("raking", (0.6, 1.6)),
        ("logit", (0.4, 2.5)),
    ],
)
def test_distances_start_at_one_and_their_slopes_are_derivatives(
    method: str, bounds: tuple[float, float] | None
) -> None:
    f, df = distance(method, bounds)  # type: ignore[arg-type]
    u = np.array([-3.0, -0.3, 0.0, 0.2, 2.0])
    assert f(np.zeros(1))[0] == pytest.approx(1)
    assert df(np.zeros(1))[0] == pytest.approx(1)
    np.testing.assert_allclose(df(u), (f(u + 1e-6) - f(u - 1e-6)) / 2e-6, rtol=1e-6, atol=1e-9)
    if bounds is not None:
        assert f(u).min() >= bounds[0] and f(u).max() <= bounds[1]
        assert f(np.array([1e4]))[0] == pytest.approx(bounds[1])
        assert f(np.array([-1e4]))[0] == pytest.approx(bounds[0])


def test_the_logit_distance_needs_bounds() -> None:
    with pytest.raises(ValueError, match=r"^the logit distance needs bounds$"):
        distance("logit", None)


@pytest.mark.parametrize(
    ("method", "bounds"),
    [
        ("linear", None),
        ("linear", (0.7, 1.4)),
        ("raking", None),
        ("raking", (0.7, 1.4)),
        ("logit", (0.5, 2.0)),
    ],
)
@pytest.mark.parametrize("kind", ["dense", "distinct"])
def test_calibrated_weights_meet_the_totals_by_the_distance(
    method: str, bounds: tuple[float, float] | None, kind: str
) -> None:
    margin = np.column_stack([np.ones(6), [0, 0, 1, 1, 0, 1], [0.2, 0.9, 0.4, 0.7, 0.1, 0.5]])
    x = Rows(margin, CELL) if kind == "distinct" else Rows(margin[CELL])
    full = x.dense()
    totals = (full * WEIGHT[:, None]).sum(axis=0) * np.array([1.05, 1.1, 1.02])
    found = solve(WEIGHT, x, totals, method, bounds)  # type: ignore[arg-type]
    g = found.factor if kind == "dense" else found.factor[CELL]
    np.testing.assert_allclose((full * (WEIGHT * g)[:, None]).sum(axis=0), totals, rtol=1e-10)
    assert np.abs(found.gap).max() < 1e-9 and 1 < found.iterations < 30
    free = slice(None) if bounds is None else (g > bounds[0] + 1e-9) & (g < bounds[1] - 1e-9)
    inverse = {"linear": lambda v: v - 1, "raking": np.log}.get(method)
    if inverse is not None:  # the factors are F of one linear combination of the margins
        lam = np.linalg.lstsq(full[free], inverse(g[free]), rcond=None)[0]
        np.testing.assert_allclose(full[free] @ lam, inverse(g[free]), atol=1e-8)


def test_totals_that_bounds_cannot_meet_leave_a_gap_and_the_worst_is_named() -> None:
    x = Rows(np.column_stack([np.ones(N), CELL == 0]))
    found = solve(WEIGHT, x, np.array([WEIGHT.sum(), 10 * WEIGHT.sum()]), "linear", (0.9, 1.1))
    assert found.worst == 1
    assert found.gap[1] > 1


def test_singular_systems_get_the_smallest_solution() -> None:
    half = RNG.normal(size=(5, 3))
    a = half @ half.T
    b = a @ RNG.normal(size=5)
    np.testing.assert_allclose(a @ psd_solve(a, b), b, atol=1e-9)
    scale = np.sqrt(np.diag(a))
    scaled = a / scale[:, None] / scale
    np.testing.assert_allclose(
        psd_solve(a, b) * scale, np.linalg.pinv(scaled, rcond=1e-10) @ (b / scale), atol=1e-7
    )
    assert Gram.of(a).root.shape == (5, 3)
    expected = np.column_stack([psd_solve(a, b), psd_solve(a, 2 * b)])
    np.testing.assert_allclose(Gram.of(a).solve(np.column_stack([b, 2 * b])), expected)


def test_the_projection_is_weighted_least_squares() -> None:
    z = RNG.normal(size=(N, 2))
    cross = DENSE.T @ (z * WEIGHT[:, None])
    root = np.sqrt(WEIGHT)[:, None]
    expected = np.linalg.lstsq(DENSE * root, z * root, rcond=None)[0]
    np.testing.assert_allclose(projection(Rows(DENSE), WEIGHT, cross), expected, atol=1e-9)


# Which rows stand in a value


def test_rows_stand_in_a_value_where_their_influence_is_not_zero_or_their_domain_carries_it() -> (
    None
):
    values = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    both, first, none = np.array([True, True]), np.array([True, False]), np.array([False, False])
    plain = Block(Rows(values), np.eye(2))
    assert plain.standing(both).tolist() == [True, True, False]
    assert plain.standing(first).tolist() == [True, False, False]
    assert not plain.standing(none).any()
    by_cell = Block(Rows(values, np.array([2, 1, 0, 1])), np.eye(2))
    assert by_cell.standing(both).tolist() == [False, True, True, True]
    assert by_cell.standing(first).tolist() == [False, False, True, False]
    scaled = Block(Rows(values), np.eye(2), None, np.array([0.0, -1.0, 1.0]))
    assert scaled.standing(both).tolist() == [False, True, False]
    # Three domains of one row each, of which value 0 takes the first and value 1 the last; the
    # fourth row is in none.
    domain = np.array([0, 1, 2, 3])
    parts = Block(Rows(np.zeros((4, 1))), np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 5.0]]), domain)
    assert parts.standing(both).tolist() == [True, False, True, False]
    assert parts.standing(first).tolist() == [True, False, False, False]
    beyond = Block(Rows(np.zeros((4, 1))), parts.coef, np.array([0, 1, 2, 7]))
    assert beyond.standing(both).tolist() == [True, False, True, False]
    together = Influence(
        (plain, Block(Rows(np.array([[0.0], [0.0], [3.0]])), np.array([[0.0, 1.0]]))), 3
    )
    assert together.standing(both).all()
    expected = [True, False, False]
    assert together.standing(first).tolist() == expected


def test_a_block_on_narrowed_columns_is_that_of_their_matrix() -> None:
    """Columns less a constant, rows outside with anything in them, domains in a byte."""
    wild = np.where(GROUP == 1, np.nan, DENSE[:, 0])
    columns = Columns((wild, CELL, CELL > 2), np.array([5.0, 0.0, 0.0]), GROUP != 1)
    domain, coef = RNG.integers(0, 5, N), RNG.normal(size=(4 * 3, 2))
    narrow = Influence((Block(columns, coef, domain.astype(np.uint8)),), N)
    whole = Influence((Block(Rows(columns.dense()), coef, domain),), N)
    np.testing.assert_allclose(narrow.dense(), whole.dense(), rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(narrow.sums(WEIGHT, GROUP, M), whole.sums(WEIGHT, GROUP, M))
    left = Rows(VALUES, CELL)
    np.testing.assert_allclose(narrow.cross(left, WEIGHT), whole.cross(left, WEIGHT), atol=1e-12)
