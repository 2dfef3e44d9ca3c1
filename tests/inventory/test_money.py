"""Identity: an amount in euro is amount x rate x index ratio; a missing rate, index or year is an
error that names it.
"""

import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError

pytestmark = pytest.mark.identity

RATES = pd.DataFrame(
    {
        "currency": ["MDL", "MDL"],
        "year": [2020, 2021],
        "eur_per_unit": [0.05, 0.048],
        "source": ["SYNTHETIC", "SYNTHETIC"],
    }
)
INDEX = pd.DataFrame(
    {"year": [2020, 2021, 2024], "index": [100.0, 105.0, 120.0], "source": ["SYNTHETIC"] * 3}
)


@pytest.fixture
def three(write, measure):
    rows = [
        measure(1, currency="MDL", budget_eur=""),
        measure(2, currency="MDL", price_year="2021", budget_eur="9999"),
        measure(3),
        measure(4, budget_total="", currency="", price_year="", budget_eur="", cost_overhead=""),
    ]
    return inventory.read(write(rows))


def test_rates_of_the_price_year(three):
    new, done = three.to_euro(RATES)
    assert new.frame["budget_eur"].tolist()[:3] == pytest.approx([5000, 4800, 100000])
    assert pd.isna(new.frame["budget_eur"][3])
    assert done.differing["measure_id"].tolist() == ["MDA-002"] and done.used["measures"].sum() == 3


def test_prices_of_a_stated_year(three):
    new, _ = three.to_euro(RATES, year=2024, index=INDEX)
    assert new.frame["budget_eur"].tolist()[:3] == pytest.approx(
        [5000 * 1.2, 4800 * 120 / 105, 120000]
    )
    assert new.frame["price_year_eur"].tolist()[:3] == [2024] * 3


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"rates": RATES.iloc[1:]}, "rates: MDL 2020"),
        ({"rates": RATES, "year": 2024}, "no price index"),
        ({"rates": RATES, "year": 2023, "index": INDEX}, "index: 2023"),
        ({"rates": pd.concat([RATES, RATES])}, "duplicated key"),
    ],
)
def test_what_is_missing_is_an_error(three, options, what):
    with pytest.raises(InputError, match=what):
        three.to_euro(**options)


def test_no_rate_table_at_all(three):
    with pytest.raises(InputError, match="no rate table"):
        three.to_euro()
