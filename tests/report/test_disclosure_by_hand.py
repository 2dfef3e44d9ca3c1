"""Disclosure worked out on small tables by hand: what is hidden beside a small cell, what an
attacker knows, sums across tables, rules and their whole messages.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import DisclosureError, ParamsError
from mismes_eval.report.document.protect import (
    Partition,
    Relation,
    attack,
    attack_report,
    dominance,
    protect,
    protect_tables,
    protected_levels,
    recovered,
    system,
)
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import COLUMNS, Table

ROW = [Relation("all", ("a", "b", "c"))]


def table(id: str, cells: dict[tuple[str, str], float], least: float = 10.0) -> Table:
    """Shares behind which n persons stand; fewer than `least` are confidential."""
    rows = [
        dict.fromkeys(COLUMNS, np.nan)
        | {
            "row": r,
            "column": c,
            "value": 0.5,
            "se": 0.01,
            "n": n,
            "flag": "",
            "kind": "share",
            "unit": "",
            "definition": "",
            "status": "confidential" if 0 < n < least else "shown",
        }
        for (r, c), n in cells.items()
    ]
    return Table(id, "Persons", pd.DataFrame(rows)[list(COLUMNS)], "made up", synthetic=True)


def status(t: Table) -> dict[tuple[str, str], str]:
    return {(str(r["row"]), str(r["column"])): str(r["status"]) for _, r in t.cells.iterrows()}


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
    assert attack(values, ["a", "b"], ROW) == {
        "a": pytest.approx((0, 24)),
        "b": pytest.approx((0, 24)),
    }
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


def test_shares_of_a_profile_with_few_persons_hide_another_of_their_group() -> None:
    counts = pd.DataFrame(
        {"men": [4, 40, 56], "women": [30, 40, 30]}, index=["low", "middle", "high"]
    )
    found = protected_levels(counts, 10)
    assert found["women"].tolist() == ["shown"] * 3
    assert found["men"].tolist() == ["confidential", "secondary", "shown"]
    assert (protected_levels(counts + 10, 10) == "shown").all(axis=None)
    assert protected_levels(counts.assign(men=[10, 34, 56]), 10)["men"].tolist() == ["shown"] * 3


def test_groups_of_a_whole_hide_one_another() -> None:
    counts = pd.DataFrame(
        {"men": [4, 60], "women": [50, 50], "all": [54, 110]}, index=["low", "high"]
    )
    found = protected_levels(counts, 10, "all")
    assert found.loc["low", "men"] == "confidential"
    assert (found.loc["high", "men"], found.loc["low", "women"], found.loc["high", "women"]) == (
        "secondary",
    ) * 3 or found.loc["low", "all"] == "secondary"
    others = pd.DataFrame(
        {"men": [4, 60], "women": [50, 50], "all": [80, 140]}, index=["low", "high"]
    )
    assert protected_levels(others, 10, "all").loc["low", "women"] == "shown"


def test_a_group_with_one_level_is_hidden_whole() -> None:
    found = protected_levels(pd.DataFrame({"men": [4], "women": [50]}, index=["low"]), 10)
    assert found.loc["low", "men"] == "confidential" and found.loc["low", "women"] == "shown"
    two = protected_levels(
        pd.DataFrame({"men": [4, 0], "women": [50, 9]}, index=["low", "high"]), 10
    )
    assert two["men"].tolist()[0] == "confidential"


ROWS = Partition("persons", "all", ("men", "women"))


def test_rows_of_a_table_hide_each_other_and_the_audit_lists_them() -> None:
    t = table("T1", {("men", "rate"): 5, ("women", "rate"): 50, ("all", "rate"): 55})
    (out,), audit = protect_tables([t], {"T1": [ROWS]})
    assert status(out) == {
        ("men", "rate"): "confidential",
        ("women", "rate"): "secondary",
        ("all", "rate"): "shown",
    }
    assert audit.to_dict("list") == {
        "table": ["T1", "T1"],
        "row": ["men", "women"],
        "column": ["rate", "rate"],
        "kind": ["share", "share"],
        "status": ["confidential", "secondary"],
    }
    assert status(t)[("women", "rate")] == "shown"
    assert attack_report([t], {"T1": [ROWS]}) == [("persons", "men", "rate")]
    assert attack_report([out], {"T1": [ROWS]}) == []


def test_columns_may_be_the_parts() -> None:
    t = table("T1", {("rate", "men"): 5, ("rate", "women"): 50, ("rate", "all"): 55})
    (out,), _ = protect_tables(
        [t], {"T1": [Partition("persons", "all", ("men", "women"), "columns")]}
    )
    assert status(out)[("rate", "women")] == "secondary"


def test_the_same_cell_in_two_tables_is_hidden_in_both() -> None:
    first = table("T1", {("men", "rate"): 5, ("women", "rate"): 50, ("all", "rate"): 55})
    second = table("T2", {("women", "rate"): 50, ("men", "rate"): 5})
    out, audit = protect_tables([first, second], {"T1": [ROWS], "T2": [ROWS]})
    assert status(out[1]) == {("women", "rate"): "secondary", ("men", "rate"): "confidential"}
    assert len(audit) == 4
    shown = replace_status(second)
    out, _ = protect_tables([first, shown], {"T1": [ROWS], "T2": [ROWS]})
    assert status(out[1])[("men", "rate")] == "confidential"


def replace_status(t: Table) -> Table:
    """The table with every cell shown: another rule may have let it."""
    return Table(t.id, t.title, t.cells.assign(status="shown"), t.source, synthetic=True)


def test_a_table_without_a_small_cell_or_without_sums_stays() -> None:
    t = table("T1", {("men", "rate"): 15, ("women", "rate"): 50, ("all", "rate"): 65})
    (out,), audit = protect_tables([t], {"T1": [ROWS]})
    assert set(status(out).values()) == {"shown"} and audit.empty
    alone = table("T1", {("men", "rate"): 5, ("women", "rate"): 50})
    (out,), audit = protect_tables([alone], {})
    assert (
        status(out) == {("men", "rate"): "confidential", ("women", "rate"): "shown"}
        and len(audit) == 1
    )
    assert protect_tables([], {})[1].empty


def test_sums_are_made_only_where_they_hold() -> None:
    t = table(
        "T1",
        {
            ("men", "rate"): 5,
            ("women", "rate"): 50,
            ("all", "rate"): 55,
            ("men", "other"): 20,
            ("women", "other"): 30,
            ("all", "other"): 90,
        },
    )
    s = system([t], {"T1": [ROWS]})
    assert [(r.total, r.parts) for r in s.relations] == [
        (("persons", "all", "rate"), (("persons", "men", "rate"), ("persons", "women", "rate")))
    ]
    rest = system([t], {"T1": [Partition("persons", "all", ("men", "women"), rest=True)]})
    assert len(rest.relations) == 2 and rest.unpublished == (
        ("shown nowhere", "persons", "other", "men", "women"),
    )
    assert rest.values[rest.unpublished[0]] == 40
    assert (
        system([t], {"T1": [Partition("persons", "everybody", ("men", "women"))]}).relations == ()
    )
    assert system([t], {"T1": [Partition("persons", "all", ("boys",))]}).relations == ()
    assert system([t], {"T1": [Partition("persons", "", ("men",))]}).relations == ()
    elsewhere = system([t], {"T1": [Partition("persons", "", ("men", "women"))]})
    assert [r.total for r in elsewhere.relations] == [
        ("published elsewhere", "persons", c, "men", "women") for c in ("rate", "other")
    ]
    assert elsewhere.fixed == tuple(r.total for r in elsewhere.relations)
    assert [elsewhere.values[k] for k in elsewhere.fixed] == [55, 50]
    assert s.primary == (("persons", "men", "rate"),) and s.where[s.primary[0]] == ((0, 0),)


def test_persons_that_another_table_counts_protect_nobody() -> None:
    """The young are the base of a rate elsewhere: were they hidden with the nine old, 9 = 722 - 34
    - 195 - 248 - 169 - 67 would be known.
    """
    ages = {"15-24": 34, "25-34": 195, "35-44": 248, "45-54": 169, "55-64": 67, "65+": 9}
    t = table("T1", {(a, "index"): n for a, n in ages.items()})
    part = Partition("persons", "", tuple(ages))
    (plain,), _ = protect_tables([t], {"T1": [part]})
    assert [k[0] for k, v in status(plain).items() if v == "secondary"] == ["15-24"]
    counted = dataclasses.replace(part, elsewhere=("15-24", "no such row"))
    (out,), _ = protect_tables([t], {"T1": [counted]})
    assert [k[0] for k, v in status(out).items() if v == "secondary"] == ["55-64"]
    assert (
        attack_report([plain], {"T1": [counted]}) == [("persons", "65+", "index")]
        and attack_report([out], {"T1": [counted]}) == []
    )
    counts = pd.DataFrame({"returnees": ages})
    assert protected_levels(counts, 10)["returnees"].tolist() == [
        "secondary",
        "shown",
        "shown",
        "shown",
        "shown",
        "confidential",
    ]
    assert protected_levels(counts, 10, elsewhere=("15-24",))["returnees"].tolist() == [
        "shown",
        "shown",
        "shown",
        "shown",
        "secondary",
        "confidential",
    ]
    assert (
        protected_levels(counts, 40, elsewhere=("15-24",))["returnees"].tolist()[0]
        == "confidential"
    )  # too few themselves: they are hidden everywhere


def test_a_difference_follows_from_two_cells() -> None:
    t = table("T1", {("men", "rate"): 5, ("women", "rate"): 50, ("gap", "rate"): 55})
    gap = Partition("persons", "gap", ("men", "women"), contrast=True)
    (out,), _ = protect_tables([t], {"T1": [gap]})
    assert "secondary" in status(out).values()
    assert (
        system([t], {"T1": [Partition("persons", "gap", ("men",), contrast=True)]}).relations == ()
    )
    assert (
        system(
            [t], {"T1": [Partition("persons", "none", ("men", "women"), contrast=True)]}
        ).relations
        == ()
    )


def test_a_group_that_is_everybody_is_hidden_alone() -> None:
    """Its sum stands elsewhere and has no other part with anybody in it: nothing beside it could be
    hidden.
    """
    t = table("T1", {("men", "rate"): 5, ("women", "rate"): 0})
    (out,), audit = protect_tables([t], {"T1": [Partition("persons", "", ("men", "women"))]})
    assert status(out)[("men", "rate")] == "confidential"
    assert audit["status"].tolist()[0] == "confidential"


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
    [{"min_cell": 2}, {"min_mean": 9}, {"cv_flag": 0.0}, {"cv_flag": 0.31}, {"min_weighted": -1.0}],
)
def test_rules_that_contradict_each_other_are_refused(words: dict[str, float]) -> None:
    with pytest.raises(ParamsError) as caught:
        Rules(**words)  # type: ignore[arg-type]
    assert str(caught.value).startswith(
        "disclosure rules contradict each other: params, section 'disclosure'. Expected min_cell >= 3, min_mean >= min_cell, 0 < cv_flag <= cv_suppress, min_weighted >= 0, got Rules("
    )
    assert Rules(min_cell=3, min_mean=3, cv_flag=0.3).min_cell == 3
