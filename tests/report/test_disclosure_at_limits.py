"""Where hiding turns: cells that nobody knows cost nothing, one person suffices as room, a move
keeps every sum.
"""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from mismes_eval.report.document.suppression import (
    Relation,
    _cheapest_move,
    attack,
    protect,
    recovered,
)


def test_a_move_keeps_every_sum_and_takes_the_cheapest_way() -> None:
    """all = a + b + c; one more in a is one fewer in b (cost 1), not in c (cost 2) nor one more in
    all (cost 5).
    """
    matrix, value = csr_matrix([[-1.0, 1, 1, 1]]), np.array([10.0, 3, 5, 2])
    cost, free = np.array([5.0, 0, 1, 2]), np.zeros(4, bool)
    np.testing.assert_allclose(_cheapest_move(matrix, value, 1, 1.0, cost, free), [0, 1, -1, 0])  # type: ignore[arg-type]
    np.testing.assert_allclose(_cheapest_move(matrix, value, 1, -2.0, cost, free), [0, -2, 2, 0])  # type: ignore[arg-type]
    np.testing.assert_allclose(_cheapest_move(matrix, value, 1, 6.0, cost, free), [0, 6, -5, -1])  # type: ignore[arg-type]
    held = np.array([True, False, True, False])
    np.testing.assert_allclose(_cheapest_move(matrix, value, 1, 1.0, cost, held), [0, 1, 0, -1])  # type: ignore[arg-type]
    assert _cheapest_move(matrix, value, 1, 3.0, cost, held) is None
    alone = _cheapest_move(csr_matrix((0, 4)), value, 1, 1.0, cost, free)
    np.testing.assert_allclose(alone, [0, 1, 0, 0])  # type: ignore[arg-type]


def test_a_large_cell_that_nobody_knows_is_taken_before_a_small_published_one() -> None:
    values = {"a": 3.0, "b": 10.0, "nobody": 1000.0, "all": 1013.0}
    sums = [Relation("all", ("a", "b", "nobody"))]
    done = protect(values, ["a"], sums, unpublished=["nobody"], fixed=["all"])
    assert done.secondary == () and done.interval == {"a": pytest.approx((0, 1003))}
    assert protect(values, ["a"], sums, fixed=["all"]).secondary == ("b",)


@pytest.mark.parametrize(
    ("width", "secondary"), [(1.0, ("b",)), (1.5, ("b", "c")), (6.0, ("b", "c"))]
)
def test_room_for_one_person_is_the_width_of_a_report(
    width: float, secondary: tuple[str, ...]
) -> None:
    values = {"a": 3.0, "b": 1.0, "c": 50.0, "all": 54.0}
    sums = [Relation("all", ("a", "b", "c"))]
    assert protect(values, ["a"], sums, width, fixed=["all"]).secondary == secondary
    if width == 1:
        assert protect(values, ["a"], sums, fixed=["all"]).secondary == secondary


def test_half_a_person_is_not_uncertain() -> None:
    known = {"a": (1.0, 1.0), "b": (1.0, 1.49), "c": (1.0, 1.5), "d": (0.0, np.inf)}
    assert recovered(known) == ["a", "b"] and recovered(known, 0.6) == ["a", "b", "c"]


def test_an_attacker_without_a_limit_knows_no_limit() -> None:
    values = {"a": 3.0, "b": 4.0, "all": 7.0}
    assert attack(values, [], [Relation("all", ("a", "b"))]) == {}
    free = attack(values, ["a", "all"], [Relation("all", ("a", "b"))])
    assert free == {"a": (0.0, np.inf), "all": (4.0, np.inf)}
