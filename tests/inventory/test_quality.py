"""Golden: kappa equals published worked examples; identity: completeness counts cells; missing
reasons NA_notapp leave the denominator.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError

pytestmark = pytest.mark.golden


def coders(table, field, levels):
    """Two coders' frames with the given cross-table of counts."""
    pairs = [
        (levels[i], levels[j])
        for i, line in enumerate(table)
        for j, n in enumerate(line)
        for _ in range(n)
    ]
    ids = [f"MDA-{k:03d}" for k in range(len(pairs))]
    return [pd.DataFrame({"measure_id": ids, field: [p[k] for p in pairs]}) for k in (0, 1)]


def test_kappa_of_cohens_two_by_two():
    # 20, 5 / 10, 15 of 50: agreement 0.70, chance 0.50, kappa 0.40 (worked example of many
    # textbooks)
    first, second = coders([[20, 5], [10, 15]], "stage_code", ["BEF", "AFT"])
    result = inventory.kappa(first, second, ("stage_code",)).iloc[0]
    assert (result["n"], result["agreement"]) == (50, 0.7) and result["kappa"] == pytest.approx(0.4)


def test_linear_weights_by_hand():
    table = np.array([[4, 1, 0, 0], [0, 3, 2, 0], [0, 1, 5, 1], [0, 0, 0, 3]])
    first, second = coders(table.tolist(), "linked_job_offer", [0, 1, 2, 3])
    p = table / table.sum()
    weights = 1 - np.abs(np.subtract.outer(np.arange(4), np.arange(4))) / 3
    by_hand = ((weights * p).sum() - (weights * np.outer(p.sum(1), p.sum(0))).sum()) / (
        1 - (weights * np.outer(p.sum(1), p.sum(0))).sum()
    )
    result = inventory.kappa(first, second, ("linked_job_offer",)).iloc[0]
    assert result["kappa"] == pytest.approx(by_hand) and result["weights"] == "linear"


def test_kappa_is_not_defined_where_both_used_one_code():
    first, second = coders([[5, 0], [0, 0]], "stage_code", ["BEF", "AFT"])
    result = inventory.kappa(first, second, ("stage_code",)).iloc[0]
    assert np.isnan(result["kappa"]) and "single code" in result["reason"]


def test_kappa_refuses_strangers(six):
    other = inventory.Inventory(
        six.frame.assign(measure_id=[f"GEO-{i:03d}" for i in range(6)]), six.sources
    )
    with pytest.raises(InputError, match="no measure was coded by both"):
        six.kappa(other)
    assert six.kappa(six).set_index("field").loc["stage_code", "kappa"] == 1


def test_completeness_counts_cells(six, rows_of_six):
    done = six.completeness()
    expected = inventory.template().expected
    by_hand = sum(bool(str(r.get(f, "")) != "") for r in rows_of_six for f in expected)
    assert done.overall == pytest.approx(by_hand / (6 * len(expected)))
    assert done.measures["filled"].sum() == done.fields["filled"].sum() == by_hand
    assert six.profile().value("template completeness") == pytest.approx(done.overall)


def test_not_applicable_is_not_asked(write, measure):
    rows = [
        measure(1, benef_placed="", benef_placed_miss="NA_notapp"),
        measure(2, benef_placed="", benef_placed_miss="DK"),
    ]
    read = inventory.read(write(rows))
    fields = read.completeness().fields.set_index("field").loc["benef_placed"]
    assert fields["asked"] == 1 and fields["filled"] == 0
    missing = read.item_missing().set_index("field").loc["benef_placed"]
    assert missing["n_missing"] == 2 and missing["DK"] == 1 and missing["NA_notapp"] == 1


def test_response_rate():
    contacts = pd.DataFrame(
        {
            "implementer_type": ["IO", "IO", "NGO", "NGO"],
            "answer": ["FULL", "NONE", "PARTIAL", "REFUSED"],
        }
    )
    assert inventory.response_rate(contacts)["response_rate"].tolist() == [0.5]
    assert inventory.response_rate(contacts, "implementer_type")["full"].tolist() == [1, 0]
