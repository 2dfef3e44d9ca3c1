"""An estimate as economists take it away: p-values and whole counts in its table, broom's names in
tidy and glance; the numbers are R survey's.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mismes_eval as me
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.number_format import chance, whole

BROOM = ["term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high"]


def sample() -> me.Sample:
    frame = pd.DataFrame(
        {
            "w": [1.0, 2, 3, 1, 2, 3, 2, 2, 1, 1, 3, 2],
            "st": np.repeat([1, 2], 6),
            "psu": np.repeat(np.arange(6), 2),
            "y": [0.4, 1.1, -0.3, 0.9, 2.0, 0.2, -0.5, 0.7, 1.6, 0.1, 0.8, -1.2],
            "g": ["a", "b"] * 6,
        }
    )
    return me.Sample.from_frame(frame, weights="w", strata="st", psu="psu")


@pytest.mark.golden
def test_tidy_is_what_r_survey_gives() -> None:
    """R 4, survey 4.1: svyby(~y, ~g, s, svymean), confint(df = degf(s)), 2 * pt(-|t|, degf(s))."""
    tidy = me.mean(sample(), "y", by="g").on_design_df().tidy()
    assert list(tidy) == BROOM
    assert list(tidy["term"]) == ["y, g=a", "y, g=b"]
    expected = {
        "estimate": [0.541666666666667, 0.254545454545455],
        "std.error": [0.466837146440058, 0.342012988592278],
        "statistic": [1.160290415613310, 0.744256689177685],
        "p.value": [0.310463885049692, 0.498066780982643],
        "conf.low": [-0.754481043491338, -0.695034833545646],
        "conf.high": [1.83781437682467, 1.20412574263655],
    }
    for name, numbers in expected.items():
        assert tidy[name].to_numpy() == pytest.approx(numbers, rel=1e-10), name


@pytest.mark.identity
def test_the_table_has_p_values_and_whole_counts() -> None:
    found = me.ols(sample(), "y ~ C(g)")
    frame = found.to_frame()
    assert frame["n"].dtype == np.int64 and list(frame["n"]) == [12, 12]
    t = frame["value"] / frame["se"]
    assert frame["p"].to_numpy() == pytest.approx(2 * stats.t.sf(np.abs(t), frame["degf"]))
    assert list(found.tidy(0.9)["conf.low"]) == list(found.ci(0.9)["low"])


def test_a_count_that_is_not_known_is_missing_and_no_number() -> None:
    found = me.mean(sample(), "y", by="g")
    one = Estimate(
        value=found.value,
        names=found.names,
        parts=found.parts,
        keys=found.keys,
        n=np.array([6.0, np.nan]),
        dof=found.dof,
    )
    assert one.to_frame()["n"].isna().tolist() == [False, True]
    assert one.to_frame()["n"].dtype == "Int64"
    assert one.glance()["nobs"].tolist() == [6]


def test_glance_is_one_row_on_the_whole() -> None:
    row = me.mean(sample(), "y", by="g").glance().iloc[0]
    assert (row["nobs"], row["terms"], row["n.psu"], row["n.strata"]) == (12, 2, 6, 2)
    assert row["df.residual"] == me.mean(sample(), "y", by="g").degf.min()
    assert "6 PSUs in 2 strata" in row["variance"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.04321, "0.0432"), (3e-44, "<0.0001"), (float("nan"), ""), (1.0, "1.0000"), ("a", "a")],
)
def test_a_p_value_in_a_table(value: object, text: str) -> None:
    assert chance(value) == text


def test_a_count_in_a_table() -> None:
    assert [whole(12345), whole(np.int64(7)), whole(pd.NA), whole("n")] == ["12,345", "7", "", "n"]


def test_averages_of_domains_are_the_same_whether_sums_were_made_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sums of weights that the means made on the way stand in for a second pass over the rows."""
    made = me.mean(sample(), "y", by="g").degf
    monkeypatch.setattr("mismes_eval.estimate.totals._weights_of_units", lambda part, k: None)
    assert made == pytest.approx(me.mean(sample(), "y", by="g").degf, rel=1e-13)
