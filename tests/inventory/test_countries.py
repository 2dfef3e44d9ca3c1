"""Property: the five synthetic countries pass every template that they have a file for, and
together are one inventory in which nothing is lost.
"""

from datetime import date

import pytest

from mismes_eval import inventory
from mismes_eval.frame import read, template_names

pytestmark = [pytest.mark.property, pytest.mark.whole]
FIVE = ("ARM", "GEO", "MDA", "MAR", "TUN")


@pytest.mark.parametrize(
    "country", [pytest.param(c, marks=[pytest.mark.slow] * (c != "MDA")) for c in FIVE]
)
def test_every_file_passes_its_template(root, country):
    files = [
        p
        for p in sorted((root / "data_raw" / country).iterdir())
        if p.name.split(".")[0] in template_names()
    ]
    assert len(files) >= 10
    for path in files:
        assert read(path, template=path.name.split(".")[0]).rows > 0


def test_five_inventories_together(root):
    whole = inventory.read([root / "data_raw" / country for country in FIVE])
    alone = [len(inventory.read(root / "data_raw" / country)) for country in FIVE]
    assert len(whole) == sum(alone) and set(whole.frame["country"]) == set(FIVE)
    profile = whole.profile()
    assert profile.matrix_n.to_numpy().sum() == len(whole)
    assert profile.notes[0].startswith("SYNTHETIC")
    assert whole.evaluation_due(on=date(2026, 12, 31)).summary["measures"].sum() == len(whole)
    assert whole.response_rate("country")["response_rate"].between(0, 1).all()
    assert whole.to_euro()[1].differing.empty
