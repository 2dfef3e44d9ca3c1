"""Property: a balance that does not hold stops the import, with what was read and what was found."""

from copy import deepcopy
from dataclasses import replace

import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError
from mismes_eval.inventory.balance import balance

pytestmark = pytest.mark.property
FATES = [("a", "accepted", ""), ("b", "refused", "no country"), ("c", "outside", "elsewhere")]
AMOUNTS = [
    ("a", "accepted", "", "EUR", 40.0),
    ("a", "accepted", "in other countries", "EUR", 60.0),
    ("b", "refused", "no country", "USD", 7.0),
]


def test_lines_by_reason_and_currency():
    table = balance(FATES, AMOUNTS, 3, {"EUR": 100.0, "USD": 7.0}).to_frame()
    expected = ["read", "accepted", "accepted", "refused", "outside", "accounted for"]
    assert table["line"].tolist() == expected
    assert table["records"].tolist() == [3, 1, 0, 1, 1, 3]
    assert table["EUR"].tolist() == [100, 40, 60, 0, 0, 100]
    assert table["USD"].tolist() == [7, 0, 0, 7, 0, 7]


def test_reasons_of_one_kind_are_one_line():
    said = [
        "several territories (MDA, TUN) whose percentages do not add up to 100: 90",
        "several territories (ARM, FRA) whose percentages do not add up to 100: 80.5",
        "a country that cannot be read: code XX",
        "a country that cannot be read: code 99",
        "regions only (89): no country is named",
    ]
    fates = [(str(number), "refused", reason) for number, reason in enumerate(said)]
    amounts = [(*fate, "EUR", 10.0) for fate in fates]
    table = balance(fates, amounts, 5, {"EUR": 50.0})
    lines = table.to_frame().iloc[1:-1]
    assert lines["reason"].tolist() == [
        "several territories whose percentages do not add up to 100",
        "a country that cannot be read",
        "regions only: no country is named",
    ]
    assert lines["records"].tolist() == [2, 2, 1] and lines["EUR"].tolist() == [20, 20, 10]
    assert table.of_fate("refused")["reason"].tolist() == said


@pytest.mark.parametrize(
    ("fates", "read", "money", "what"),
    [
        (FATES[:2], 3, {"EUR": 100.0, "USD": 7.0}, "records of the import do not add up"),
        ([*FATES[:2], FATES[0]], 3, {"EUR": 100.0, "USD": 7.0}, "records of the import"),
        (FATES, 3, {"EUR": 100.01, "USD": 7.0, "MDL": 1.0}, "balance: MDL"),
        (FATES, 3, {"EUR": 101.0, "USD": 7.0}, r"balance: EUR\. Expected 101\.00, got 100\.00"),
    ],
)
def test_what_does_not_add_up_stops_the_import(fates, read, money, what):
    with pytest.raises(InputError, match=what):
        balance(fates, AMOUNTS, read, money)


def test_rows_hold_what_is_called_accepted():
    counted = balance(FATES, AMOUNTS, 3, {"EUR": 100.0, "USD": 7.0})
    made = pd.DataFrame({"budget_total": [40.0], "currency": ["EUR"]})
    assert counted.held_by(made) is counted
    with pytest.raises(InputError, match=r"balance: EUR\. Expected 40\.00, got 80\.00"):
        counted.held_by(pd.concat([made, made]))


def test_an_inventory_accounts_for_what_was_read(six, tmp_path):
    # six measures, of which one has no budget: 5 x 100,000 and 300,000 less 100,000
    table = six.balance().to_frame().set_index("line")
    assert table.loc["read", ["records", "EUR"]].tolist() == [6, 700_000]
    assert table.loc["accepted", ["records", "EUR"]].tolist() == [6, 700_000]
    decision = {"keep": "MDA-003", "drop": "MDA-001", "decision": "SAME", "decided_by": "AB"}
    other = decision | {"keep": "MDA-004", "drop": "MDA-005"}
    merged = six.merge(pd.DataFrame([decision, other]))
    line = merged.balance().to_frame().set_index("line")
    # the budget of the first fills the one kept, that of the second is there already
    assert line.loc["merged", ["records", "EUR"]].tolist() == [2, 100_000]
    assert line.loc["accepted", ["records", "EUR"]].tolist() == [4, 600_000]
    apart = six.where(six.frame["stage_code"] == "AFT").balance().to_frame().set_index("line")
    assert apart.loc["outside", ["records", "EUR"]].tolist() == [2, 100_000]


@pytest.mark.whole
def test_inventories_that_are_combined_keep_what_each_accounts_for(six):
    decision = {"keep": "MDA-003", "drop": "MDA-001", "decision": "SAME", "decided_by": "AB"}
    merged = six.merge(pd.DataFrame([decision]))
    away = [("1", "refused", "no country", "EUR", 5.0)]
    fates = [("1", "refused", "no country"), ("MDA-002", "outside", "elsewhere")]
    rest = [(m, "accepted", "") for m in six.frame["measure_id"].str.replace("MDA", "GEO")]
    frame = six.frame.assign(measure_id=[name for name, _, _ in rest], country="GEO")
    held = [
        (*fate, "EUR", amount)
        for fate, amount in zip(rest, frame["budget_total"], strict=True)
        if pd.notna(amount)
    ]
    imported = balance([*fates, *rest], [*away, *held], 8, {"EUR": 700_005.0})
    other = replace(six, frame=frame, read=None, imported=imported)
    both = inventory.combine([merged, other, other_part(six)])
    lines = both.balance().to_frame().groupby("line")[["records", "EUR"]].sum()
    assert lines.loc["read"].tolist() == [20, 2_100_005]
    assert lines.loc["accepted"].tolist() == [17, 2_100_000]
    assert lines.loc["merged"].tolist() == [1, 0]
    assert lines.loc["refused"].tolist() == [1, 5]
    assert lines.loc["outside"].tolist() == [1, 0]
    assert both.merged["drop"].tolist() == ["MDA-001"]


def other_part(six):
    frame = six.frame.assign(measure_id=six.frame["measure_id"].str.replace("MDA", "ARM"))
    return replace(six, frame=frame.assign(country="ARM"), read=None)


def test_an_amount_that_changes_on_the_way_is_found(six):
    moved = deepcopy(six)
    moved.frame.loc[0, "budget_total"] += 1
    with pytest.raises(InputError, match=r"Expected 700,000\.00, got 700,001\.00"):
        moved.balance()


def test_the_page_shows_the_balance_in_its_language(six, tmp_path):
    for language, title in (("en", "Balance of the import"), ("fr", "Bilan de l&#x27;import")):
        path = six.site(tmp_path / f"{language}.html", language=language)
        text = path.read_text(encoding="utf-8")
        assert title in text and "700,000" in text.split('id="balance"')[1].split("</details>")[0]


def test_a_second_file_with_a_lost_row_is_found(six):
    lost = inventory.Inventory(six.frame.iloc[1:], six.sources, read=six.frame)
    assert lost.balance().to_frame().set_index("line").loc["outside", "records"] == 1
