"""Identity: an amount is added once whatever the tree of parents and parts, worked by hand; the
profile, the register, the page and the report have the same sum.
"""

import json
import re
from datetime import date

import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError
from mismes_eval.inventory.tree import Tree
from mismes_eval.report.chapters.portfolio import WHOLE, budgets

pytestmark = pytest.mark.identity


@pytest.fixture
def grown(write, measure):
    """An inventory of (budget, parent number) by number from 1."""

    def read(*rows, **cells):
        table = [
            measure(
                number,
                budget_total=budget,
                budget_eur=budget,
                cost_overhead="",
                parent_id=f"MDA-{parent:03d}" if parent else "",
                **({} if budget else {"currency": "", "price_year": ""}),
                **cells,
            )
            for number, (budget, parent) in enumerate(rows, start=1)
        ]
        return inventory.read(write(table))

    return read


CASES = [
    # the whole alone has a budget
    ([("1000000", 0), ("", 1), ("", 1)], 1_000_000),
    # whole and parts have it: the parts
    ([("1000000", 0), ("400000", 1), ("600000", 1)], 1_000_000),
    # parts in part: what is recorded of them
    ([("1000000", 0), ("400000", 1), ("", 1)], 400_000),
    # three levels: the grandchild has one, so neither wholes count
    ([("1000000", 0), ("", 1), ("300000", 2)], 300_000),
    # the middle has one, the leaf has none
    ([("1000000", 0), ("700000", 1), ("", 2)], 700_000),
    # two branches at different depths
    ([("1000000", 0), ("", 1), ("200000", 2), ("500000", 1), ("", 4)], 700_000),
    # a part that is recorded as 0 is recorded
    ([("1000000", 0), ("0", 1)], 0),
    # apart
    ([("1000000", 0), ("5", 0)], 1_000_005),
]


@pytest.mark.parametrize(("rows", "total"), CASES)
def test_every_sum_is_the_same(grown, rows, total, tmp_path):
    read = grown(*rows)
    profile = read.profile()
    assert read.tree.total("budget_eur") == total
    assert profile.budget_tree["budget_eur"].sum() == total
    assert profile.matrix_budget.to_numpy().sum() == total
    assert profile.funders["budget_eur"].sum() == total
    assert profile.indicators.query("indicator == 'budget' and group == 'stage AFT'")[
        "value"
    ].tolist() == [total]
    assert read.evaluation_due(on=date(2024, 1, 1)).summary["budget_eur"].sum() == total
    assert budgets(read.tree.amounts()).amount[WHOLE] == total
    assert f"{total:,.0f} EUR" in str(read.facts()["budget"])
    page = read.site(tmp_path / "p.html", on=date(2024, 1, 1)).read_text(encoding="utf-8")
    data = json.loads(re.search(r'type="application/json"[^>]*>(.*?)</script>', page, re.S)[1])
    at = data["columns"].index("budget_once")
    assert sum(row[at] or 0 for row in data["rows"]) == total


def test_the_order_of_rows_does_not_matter(grown):
    read = grown(("300", 3), ("", 1), ("1000", 0), ("50", 2))
    assert read.tree.total("budget_eur") == 50
    expected = [False, False, False, True]
    assert read.counted.tolist() == expected


def test_each_amount_has_its_own_sum(write, measure):
    nobody = {k: "" for k in ("benef_women", "benef_completed", "benef_placed", "benef_reached")}
    rows = [
        measure(1, budget_total="900", budget_eur="900", cost_overhead="", **nobody),
        measure(
            2,
            parent_id="MDA-001",
            budget_total="",
            budget_eur="",
            cost_overhead="",
            currency="",
            price_year="",
        ),
        measure(
            3,
            parent_id="MDA-001",
            budget_total="",
            budget_eur="",
            cost_overhead="",
            currency="",
            price_year="",
        ),
    ]
    tree = inventory.read(write(rows)).tree
    assert tree.total("budget_eur") == 900 and tree.total("benef_reached") == 400
    assert tree.lacking(tree.has("budget_eur")).sum() == 0


def test_a_part_of_an_inventory_keeps_the_tree_of_the_whole(grown):
    read = grown(("1000", 0), ("400", 1), ("600", 1), ("5", 0))
    tree = Tree.of(read.frame)
    first = tree.where(read.frame["measure_id"].isin(["MDA-001", "MDA-004"]))
    assert first.total("budget_eur") == 5 and len(first.measures) == 1
    assert read.profile(by="country").indicators["value"].notna().any()


@pytest.mark.whole
def test_what_the_parts_lack_is_shown(grown):
    read = grown(("1000000", 0), ("400000", 1), ("", 1), ("50", 3))
    line = read.parent_differences().set_index("measure_id").loc["MDA-001"]
    assert line[
        ["parts", "parts_without", "budget_parent", "budget_parts", "difference"]
    ].tolist() == [2, 0, 1_000_000, 400_050, 599_950]
    assert any("599,950 EUR" in note for note in read.profile().notes)
    nothing = grown(("1000000", 0), ("400000", 1), ("", 1)).parent_differences().iloc[0]
    assert nothing["parts_without"] == 1 and nothing["difference"] == 600_000


def test_an_id_that_names_no_row_is_a_problem(write, measure):
    with pytest.raises(InputError, match=r"parent_id names no measure.*MDA-900.*MDA-001"):
        inventory.read(write([measure(1), measure(2, parent_id="MDA-900")]))
    with pytest.raises(InputError, match="part of itself"):
        inventory.read(write([measure(1, parent_id="MDA-002"), measure(2, parent_id="MDA-001")]))


def test_a_budget_in_euro_is_its_own_amount_in_euro(write, measure):
    whole = measure(1, budget_total="1000000", budget_eur="", cost_overhead="")
    nothing = {
        k: "" for k in ("budget_total", "budget_eur", "currency", "price_year", "cost_overhead")
    }
    parts = [measure(n, parent_id="MDA-001", **nothing) for n in (2, 3)]
    other = measure(4, budget_total="5000", budget_eur="", currency="MDL", cost_overhead="")
    read = inventory.read(write([whole, *parts, other]))
    assert read.tree.total("budget_eur") == 1_000_000
    assert read.profile().budget_tree["budget_eur"].sum() == 1_000_000
