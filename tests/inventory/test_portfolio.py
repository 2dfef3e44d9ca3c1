"""Identity: each portfolio indicator equals its formula worked by hand on six measures, with its n
and missing n; shares of a whole add up to 1.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError

pytestmark = pytest.mark.identity


def row(profile, indicator, group="all"):
    found = profile.indicators[
        (profile.indicators["indicator"] == indicator) & (profile.indicators["group"] == group)
    ]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture(scope="module")
def profile(six):
    return six.profile()


@pytest.mark.parametrize(
    ("indicator", "group", "value", "n", "missing"),
    [
        ("measures", "stage AFT", 4, 4, 0),
        ("share of measures", "model M01", 1 / 6, 1, 0),
        ("share of budget", "stage AFT", 6 / 7, 4, 1),
        ("cost per beneficiary, median", "all", (500 + 500) / 2, 4, 2),
        ("cost per beneficiary, budget-weighted", "all", 600000 / 700, 4, 2),
        ("cost per completer, median", "all", 100000 / 150, 3, 3),
        ("overhead ratio, median", "all", 0.2, 4, 2),
        ("destination-funded share of budget", "all measures", 3 / 7, 5, 1),
        ("destination-funded share of measures", "all measures", 4 / 6, 6, 0),
        ("destination-funded share of measures", "return measures (stage AFT)", 3 / 4, 4, 0),
        ("completion rate", "all", 0.75, 4, 2),
        ("placement rate", "all", 0.4, 4, 2),
        ("Herfindahl index of funders, by budget", "all", (4 / 7) ** 2 + (3 / 7) ** 2, 5, 1),
        ("Herfindahl index of funders, by measures", "all", (5 / 6) ** 2 + (1 / 6) ** 2, 6, 0),
        ("evaluated share", "all", 1 / 6, 6, 0),
        ("evaluated share, 24 months and older", "all", 1 / 4, 4, 1),
        ("share with a comparison group", "all", 1 / 6, 6, 0),
        ("success factor qual_attention, mean", "all", 3, 5, 1),
        ("success factors, mean of all", "all", 7 / 5, 5, 1),
    ],
)
def test_indicator_by_hand(profile, indicator, group, value, n, missing):
    found = row(profile, indicator, group)
    assert found["value"] == pytest.approx(value)
    assert found["n"] == n
    assert found["n_missing"] == missing
    assert found["definition"]


def test_shares_add_up(profile):
    table = profile.indicators
    for name in ("share of measures", "share of budget", "share of beneficiaries"):
        for by in ("stage", "model"):
            part = table[(table["indicator"] == name) & table["group"].str.startswith(by)]
            assert part["value"].sum() == pytest.approx(1)
    sides = table[
        (table["group"] == "all measures") & table["indicator"].str.endswith("share of budget")
    ]
    assert sides["value"].sum() == pytest.approx(1)


def test_matrix_has_every_stage_and_model_and_adds_up(profile):
    assert profile.matrix_n.shape == (4, 11) and profile.matrix_n.to_numpy().sum() == 6
    assert profile.matrix_budget.to_numpy().sum() == pytest.approx(700000)
    assert profile.budget_tree["measures"].sum() == 6
    assert profile.budget_tree["budget_eur"].sum() == pytest.approx(700000)


def test_timeline_counts_each_measure_once_as_started(profile):
    table = profile.timeline
    assert table["started"].sum() == 5 and table["year"].tolist() == [2020, 2021, 2022, 2023, 2024]
    assert table["active"].tolist() == [4, 4, 4, 5, 5]


def test_parents_are_not_added_up_again(write, measure):
    rows = [
        measure(1, budget_total="250000", budget_eur="250000"),
        measure(2, parent_id="MDA-001"),
        measure(3, parent_id="MDA-001"),
        measure(4),
    ]
    read = inventory.read(write(rows))
    assert read.counted.tolist() == [False, True, True, True]
    assert read.profile().budget_tree["budget_eur"].sum() == 300000
    assert read.parent_differences().iloc[0][["parts", "difference"]].tolist() == [2, 50000]
    assert any("not added up again" in n for n in read.profile().notes)


def test_profile_by_country_equals_the_profile_of_each(six):
    other = inventory.Inventory(
        six.frame.iloc[:3].assign(measure_id=["GEO-001", "GEO-002", "GEO-003"], country="GEO"),
        six.sources,
    )
    table = inventory.combine([six, other]).profile(by="country").indicators
    alone = other.profile().indicators.sort_values(["indicator", "group"], ignore_index=True)
    part = (
        table[table["country"] == "GEO"]
        .drop(columns="country")
        .sort_values(["indicator", "group"], ignore_index=True)
    )
    pd.testing.assert_frame_equal(part, alone, check_dtype=False)


def test_notes_say_synthetic_and_what_is_missing(write, measure):
    read = inventory.read(write([measure(1, currency="MDL", budget_eur="")]))
    notes = " ".join(read.profile().notes)
    assert "SYNTHETIC: 1 of 1" in notes
    assert "1 measures have a budget without a euro amount" in notes
    assert "M09" in notes


def test_alike_funder_names_are_shown(write, measure):
    rows = [
        measure(1, funder_main="Ministry of Labour"),
        measure(2, funder_main="Ministry of Labor"),
        measure(3, funder_main="Fund 1"),
        measure(4, funder_main="Fund 2"),
    ]
    pairs = inventory.read(write(rows)).profile().spellings
    assert pairs[["name", "looks_like"]].to_numpy().tolist() == [
        ["Ministry of Labor", "Ministry of Labour"]
    ]


def test_an_inventory_without_amounts_gives_missing_numbers_not_zeros(write, measure):
    empty = {
        k: ""
        for k in (
            "budget_total budget_eur currency price_year cost_overhead benef_reached "
            "benef_women benef_completed benef_placed funder_side funder_main"
        ).split()
    }
    profile = inventory.read(write([measure(1, **empty)])).profile()
    for name in (
        "cost per beneficiary, median",
        "completion rate",
        "overhead ratio, median",
        "Herfindahl index of funders, by budget",
    ):
        assert np.isnan(profile.value(name)) and row(profile, name)["n_missing"] == 1


def test_workbook_of_tables(six, tmp_path):
    path = inventory.to_excel(six.profile().tables(), tmp_path / "p.xlsx")
    assert len(pd.read_excel(path, sheet_name="indicators")) == len(six.profile().indicators)


def test_six_is_what_the_hand_worked_numbers_assume(rows_of_six):
    assert sum(float(r["budget_eur"] or 0) for r in rows_of_six) == 700000


@pytest.mark.whole
def test_budgets_are_divided_over_purposes(write, measure):
    """60% and 40% of 100,000, 25% of 200,000, all of 50,000; a whole whose part has the amount."""
    rows = [
        measure(1, crs_purpose="11330:60;16020:40"),
        measure(2, crs_purpose="11330:25", budget_total="200000", budget_eur="200000"),
        measure(3, crs_purpose="16020", budget_total="50000", budget_eur="50000"),
        measure(4),
        measure(5, crs_purpose="16020", budget_total="9000000", budget_eur="9000000"),
        measure(6, crs_purpose="16020", parent_id="MDA-005"),
    ]
    read = inventory.read(write(rows))
    table = read.profile().purposes
    assert table["budget_eur"].sum() == pytest.approx(read.tree.total("budget_eur"))
    found = table.set_index("purpose")["budget_eur"].to_dict()
    assert found == pytest.approx({"": 250_000, "16020": 190_000, "11330": 110_000})
    assert table.set_index("purpose")["measures"].to_dict() == {"": 2, "16020": 3, "11330": 2}
    for wrong in ("11330:60;16020:60", "11330:60;16020", "11330:50;11330:50", "11330;16020"):
        with pytest.raises(InputError, match="percentages of purposes that divide nothing"):
            inventory.read(write([measure(1, crs_purpose=wrong)]))
