"""Where hiding turns: cells that nobody knows cost nothing, one person suffices as room, a move
keeps every sum, and a hidden cell that could be computed stops the report.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from mismes_eval.errors import DisclosureError
from mismes_eval.report.document import protect as disclosure
from mismes_eval.report.document.protect import (
    Partition,
    Protection,
    Relation,
    _cheapest_move,
    attack,
    protect,
    protect_tables,
    protected_levels,
    recovered,
)
from mismes_eval.report.document.tables import COLUMNS, Table

FIELDS = {"value": 0.5, "se": 0.01, "flag": "", "kind": "share", "unit": "", "definition": ""}


def table(id: str, cells: dict[tuple[str, str], float]) -> Table:
    """Shares behind which n persons stand; fewer than ten are confidential."""
    made = [
        dict.fromkeys(COLUMNS, np.nan)
        | FIELDS
        | {"row": r, "column": c, "n": n, "status": "confidential" if 0 < n < 10 else "shown"}
        for (r, c), n in cells.items()
    ]
    return Table(id, "Persons", pd.DataFrame(made)[list(COLUMNS)], "made up", synthetic=True)


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


def test_a_report_hides_the_neighbour_that_gives_room_for_one() -> None:
    """The neighbour of 10 is cheapest and enough; nothing else goes."""
    t = table("T1", {("a", "rate"): 3, ("b", "rate"): 10, ("c", "rate"): 500, ("all", "rate"): 513})
    (out,), audit = protect_tables([t], {"T1": [Partition("persons", "all", ("a", "b", "c"))]})
    assert out.cells["status"].tolist() == ["confidential", "secondary", "shown", "shown"]
    assert audit.index.tolist() == [0, 1] and list(audit.columns) == [
        "table",
        "row",
        "column",
        "kind",
        "status",
    ]
    two = [t, table("T2", {("x", "rate"): 4, ("y", "rate"): 40})]
    _, both = protect_tables(two, {"T1": [Partition("persons", "all", ("a", "b", "c"))]})
    assert both.index.tolist() == [0, 1, 2] and both["table"].tolist() == ["T1", "T1", "T2"]


def test_persons_in_no_group_are_room_for_a_small_group() -> None:
    """Low: 10 in all, 1 and 8 in the groups, so that one person is in none; high: 90 in all, 30 and
    50 in the groups.
    """
    counts = pd.DataFrame({"all": [10, 90], "g": [1, 30], "h": [8, 50]}, index=["low", "high"])
    found = protected_levels(counts, 5, "all")
    assert (
        found["g"].tolist() == ["confidential", "secondary"]
        and found["h"].tolist() == ["shown", "shown"]
        and found["all"].tolist() == ["shown", "shown"]
    )
    nobody = counts.assign(h=[9, 60])
    hidden = protected_levels(nobody, 5, "all")
    assert (
        hidden["g"].tolist() == ["confidential", "secondary"]
        and (hidden[["h", "all"]] == "secondary").sum().sum() == 2
    )


def test_levels_counted_elsewhere_stay_and_groups_without_a_way_out_go() -> None:
    counts = pd.DataFrame({"g": [3, 20, 40]}, index=["young", "middle", "old"])
    assert protected_levels(counts, 5, elsewhere=["middle"])["g"].tolist() == [
        "confidential",
        "shown",
        "secondary",
    ]
    assert protected_levels(counts, 5, elsewhere=["young"])["g"].tolist() == [
        "confidential",
        "secondary",
        "shown",
    ]
    assert protected_levels(counts, 5, elsewhere=["middle", "old"])["g"].tolist() == [
        "confidential",
        "secondary",
        "secondary",
    ]
    assert protected_levels(counts, 3)["g"].tolist() == ["shown"] * 3


def test_a_hidden_cell_that_can_be_computed_stops_the_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last check of a report, whatever the search for neighbours found."""
    t = table("T1", {(r, "rate"): 5 for r in "abcdefg"})
    known = {("persons", r, "rate"): (5.0, 5.4) for r in "abcdefg"}
    monkeypatch.setattr(disclosure, "_protected", lambda s: Protection((), known))
    with pytest.raises(DisclosureError) as caught:
        protect_tables([t], {"T1": [Partition("persons", "", tuple("abcdefg"))]})
    p = caught.value.problems[0]
    assert (p.what, p.expected, p.fix) == (
        "a hidden cell can be computed from published ones",
        "an interval",
        "Merge rows of the table.",
    )
    assert p.where == ", ".join(str(("persons", r, "rate")) for r in "abcde")


def test_half_a_person_is_not_uncertain() -> None:
    known = {"a": (1.0, 1.0), "b": (1.0, 1.49), "c": (1.0, 1.5), "d": (0.0, np.inf)}
    assert recovered(known) == ["a", "b"] and recovered(known, 0.6) == ["a", "b", "c"]


def test_an_attacker_without_a_limit_knows_no_limit() -> None:
    values = {"a": 3.0, "b": 4.0, "all": 7.0}
    assert attack(values, [], [Relation("all", ("a", "b"))]) == {}
    free = attack(values, ["a", "all"], [Relation("all", ("a", "b"))])
    assert free == {"a": (0.0, np.inf), "all": (4.0, np.inf)}
