"""Property: a balance that does not hold stops the import, with what was read and what was found."""

import pandas as pd
import pytest

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
    assert table["line"].tolist() == [
        "read",
        "accepted",
        "accepted",
        "refused",
        "outside",
        "accounted for",
    ]
    assert table["records"].tolist() == [3, 1, 0, 1, 1, 3]
    assert table["EUR"].tolist() == [100, 40, 60, 0, 0, 100]
    assert table["USD"].tolist() == [7, 0, 0, 7, 0, 7]


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
