"""Property: likely duplicates are shown and never merged without a decision; shares of an activity
add up to the whole.
"""

import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError

pytestmark = pytest.mark.property


@pytest.fixture
def alike(write, measure):
    rows = [
        measure(1, title_en="Return and reintegration of skilled migrants", implementer_name=""),
        measure(2, title_en="Reintegration and return of skilled migrants", implementer_name="IOM"),
        measure(3, title_en="Language courses phase 1"),
        measure(4, title_en="Language courses phase 2"),
        measure(5, title_en="Something else"),
    ]
    return inventory.read(write(rows))


def test_pairs_and_reasons(alike):
    pairs = alike.likely_duplicates()
    assert pairs[["keep", "drop"]].to_numpy().tolist() == [["MDA-002", "MDA-001"]]
    assert "similar title" in pairs["why"][0] and "same budget" in pairs["why"][0]
    assert len(alike) == 5
    looser = alike.likely_duplicates(threshold=75)
    assert "another number in the title" in looser.set_index("keep").loc["MDA-003", "why"]


def decisions(*rows):
    return pd.DataFrame(
        [dict(zip(("keep", "drop", "decision", "decided_by"), r, strict=True)) for r in rows]
    )


def test_only_decided_pairs_are_merged_and_blanks_filled(alike):
    merged = alike.merge(
        decisions(("MDA-001", "MDA-002", "SAME", "AB"), ("MDA-003", "MDA-004", "DIFFERENT", "AB"))
    )
    assert merged.frame["measure_id"].tolist() == ["MDA-001", "MDA-003", "MDA-004", "MDA-005"]
    assert merged.frame["implementer_name"][0] == "IOM"
    assert merged.frame["title_en"][0].startswith("Return and")
    assert merged.merged["filled"].tolist() == ["implementer_name"]
    assert len(merged) + len(merged.merged) == len(alike)
    assert merged.frame.dtypes.equals(alike.frame.dtypes)


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([("MDA-001", "MDA-009", "SAME", "A")], "no such measure"),
        (
            [("MDA-001", "MDA-002", "SAME", "A"), ("MDA-003", "MDA-002", "SAME", "A")],
            "merged twice",
        ),
        (
            [("MDA-001", "MDA-002", "SAME", "A"), ("MDA-002", "MDA-003", "SAME", "A")],
            "dropped in another",
        ),
    ],
)
def test_contradictory_decisions_are_refused(alike, rows, what):
    with pytest.raises(InputError, match=what):
        alike.merge(decisions(*rows))


def test_merging_keeps_the_tree_and_mixes_no_amounts(write, measure):
    """MDA-003 is part of MDA-002, MDA-002 the same as MDA-001, whose currency is another."""
    kept = {"currency": "USD", "price_year": ""} | dict.fromkeys(
        ("budget_total", "budget_eur", "cost_overhead", "benef_women"), ""
    )
    rows = [measure(1, **kept), measure(2, benef_reached="250"), measure(3, parent_id="MDA-002")]
    read = inventory.read(write(rows))
    merged = read.merge(decisions(("MDA-001", "MDA-002", "SAME", "A")))
    frame = merged.frame.set_index("measure_id")
    assert frame.loc["MDA-003", "parent_id"] == "MDA-001"
    assert frame.loc["MDA-001", ["budget_total", "budget_eur", "benef_women"]].isna().all()
    assert merged.balance().accepted == {"EUR": 100_000}
    for pair in (("MDA-002", "MDA-003"), ("MDA-003", "MDA-002")):
        with pytest.raises(InputError, match="a measure and a part of it"):
            read.merge(decisions((*pair, "SAME", "A")))


def test_allocation_keeps_the_total():
    frame = pd.DataFrame(
        {"record": ["a", "b"], "country": ["MDA", "GEO"], "budget_total": [100.0, 50.0]}
    )
    divided = inventory.allocate(frame, "record", {"a": {"MDA": 0.25, "ARM": 0.75}})
    assert divided["budget_total"].sum() == 150
    expected = ["MDA", "ARM", "GEO"]
    assert divided["country"].tolist() == expected
    with pytest.raises(InputError, match="add up to 1"):
        inventory.allocate(frame, "record", {"a": {"MDA": 0.25}})
    with pytest.raises(InputError, match="no such activity"):
        inventory.allocate(frame, "record", {"c": {"MDA": 1.0}})
