"""Disclosure worked out on small tables by hand: what is hidden beside a small amount, what an
attacker knows, rules and their whole messages.
"""

import numpy as np
import pytest

from mismes_eval.errors import DisclosureError, ParamsError
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.suppression import Relation, attack, dominance, protect, recovered

ROW = [Relation("all", ("a", "b", "c"))]


def test_the_cheapest_neighbour_is_hidden() -> None:
    done = protect({"a": 4.0, "b": 20.0, "c": 300.0, "all": 324.0}, ["a"], ROW)
    assert done.secondary == ("b",)
    assert done.interval == {"a": pytest.approx((0, 24)), "b": pytest.approx((0, 24))}
    assert protect({"a": 4.0, "b": 300.0, "c": 20.0, "all": 324.0}, ["a"], ROW).secondary == ("c",)


def test_two_small_cells_may_protect_each_other_or_need_a_third() -> None:
    assert protect({"a": 4.0, "b": 6.0, "c": 300.0, "all": 310.0}, ["a", "b"], ROW).secondary == ()
    assert protect(
        {"a": 1.0, "b": 0.0, "c": 30.0, "all": 31.0}, ["a"], ROW, width=3.0
    ).secondary == ("c",)


def test_a_cell_of_nobody_needs_room_upwards_only() -> None:
    done = protect(
        {"a": 0.0, "b": 20.0, "all": 20.0}, ["a"], [Relation("all", ("a", "b"))], fixed=["all"]
    )
    assert done.secondary == ("b",)
    assert done.interval["a"] == pytest.approx((0, 20))


def test_a_total_that_stands_elsewhere_is_never_hidden() -> None:
    done = protect(
        {"a": 4.0, "b": 20.0, "all": 24.0}, ["a"], [Relation("all", ("a", "b"))], fixed=["all"]
    )
    assert done.secondary == ("b",)
    with pytest.raises(DisclosureError) as caught:
        protect({"a": 4.0, "all": 4.0}, ["a"], [Relation("all", ("a",))], fixed=["all"])
    assert str(caught.value) == (
        "a small cell cannot be protected: cell 'a'. Expected a neighbour to hide with it, got its total has no other part. Drop the row or merge it with another."
    )


def test_a_cell_that_no_table_shows_hides_the_others() -> None:
    done = protect(
        {"a": 4.0, "rest": 50.0, "all": 54.0},
        ["a"],
        [Relation("all", ("a", "rest"))],
        fixed=["all"],
        unpublished=["rest"],
    )
    assert done.secondary == () and set(done.interval) == {"a"}


def test_an_attacker_computes_what_the_sums_leave() -> None:
    values = {"a": 4.0, "b": 20.0, "c": 30.0, "all": 54.0}
    assert attack(values, [], ROW) == {}
    assert attack(values, ["a"], ROW) == {"a": pytest.approx((4, 4))}
    expected = {"a": pytest.approx((0, 24)), "b": pytest.approx((0, 24))}
    assert attack(values, ["a", "b"], ROW) == expected
    low, high = attack(values, ["a", "all"], ROW)["a"]
    assert low == pytest.approx(0) and high == np.inf
    assert recovered({"a": (1.0, 1.4), "b": (1.0, 1.5), "c": (0.0, 9.0)}) == ["a"]
    assert recovered({"a": (1.0, 1.4)}, tolerance=0.3) == []


def test_a_sum_of_an_unknown_cell_is_refused() -> None:
    with pytest.raises(DisclosureError) as caught:
        protect({"a": 1.0}, ["a"], [Relation("all", ("a",))])
    assert (
        str(caught.value) == "a relation names an unknown cell: 'all'. Expected cells with a value."
    )


@pytest.mark.parametrize(
    ("x", "hidden"),
    [
        ([], False),
        ([5], True),
        ([5, 5], True),
        ([100, 50, 10], False),
        ([100, 50, 9.99], True),
        ([100, 50, 5, 5], False),
        ([0, 0, 0], False),
    ],
)
def test_a_budget_that_one_funder_could_learn(x: list[float], hidden: bool) -> None:
    assert dominance(np.array(x, float)) is hidden
    assert dominance(np.array([100, 50, 15.0]), 20.0) is True


@pytest.mark.parametrize(
    ("kind", "n", "hidden"),
    [
        ("share", 9, True),
        ("share", 10, False),
        ("share", 0, False),
        ("total", 3, True),
        ("mean", 29, True),
        ("mean", 30, False),
        ("quantile", 29, True),
        ("ratio", 29, True),
        ("regression", 29, True),
        ("effect", 29, True),
        ("effect", 30, False),
        ("proportion", 29, False),
    ],
)
def test_how_few_persons_are_too_few(kind: str, n: float, hidden: bool) -> None:
    assert Rules().confidential(kind, n) is hidden


@pytest.mark.parametrize(
    ("kind", "cv", "weighted", "flag"),
    [
        ("share", 0.15, np.inf, ""),
        ("share", 0.1501, np.inf, "u"),
        ("share", 0.30, np.inf, "u"),
        ("share", 0.3001, np.inf, ":"),
        ("share", np.nan, np.inf, ":"),
        ("total", np.inf, np.inf, ":"),
        ("effect", 5.0, np.inf, ""),
        ("difference", np.nan, 0.0, ""),
        ("share", 0.1, 7499, "u"),
        ("share", 0.1, 7500, ""),
        ("mean", 0.2, 9000, "u"),
        ("quantile", 0.4, 9000, ":"),
        ("ratio", 0.2, 9000, "u"),
        ("proportion", 0.2, 9000, "u"),
    ],
)
def test_how_uncertain_is_too_uncertain(kind: str, cv: float, weighted: float, flag: str) -> None:
    assert Rules(min_weighted=7500.0 if weighted < np.inf else 0.0).flag(kind, cv, weighted) == flag


@pytest.mark.parametrize(
    "words",
    [
        {"min_cell": 2},
        {"min_mean": 9},
        {"cv_flag": -0.1},
        {"cv_flag": 0.31},
        {"min_weighted": -1.0},
    ],
)
def test_rules_that_contradict_each_other_are_refused(words: dict[str, float]) -> None:
    with pytest.raises(ParamsError) as caught:
        Rules(**words)  # type: ignore[arg-type]
    assert str(caught.value).startswith(
        "disclosure rules contradict each other: params, section 'disclosure'. Expected min_cell >= 3, min_mean >= min_cell, 0 <= cv_flag <= cv_suppress, min_weighted >= 0, got Rules("
    )
    assert Rules(min_cell=3, min_mean=3, cv_flag=0.3).min_cell == 3
