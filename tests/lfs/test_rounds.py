"""Rounds: an unchanged panel has a change of exactly zero, independent rounds add their variances,
breaks stop a comparison, and broken panel links are counted.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

from mismes_eval import lfs
from mismes_eval.errors import DesignError, DesignWarning, EstimateError, InputError, ParamsError
from mismes_eval.estimate.totals import mean
from mismes_eval.weighting.sample import Sample


def one_round(year, seed=0, n=600):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "countrycode": "ARM",
            "year": year,
            "hhid": [f"h{i // 3}" for i in range(n)],
            "psu": np.arange(n) // 15,
            "strata": np.where(np.arange(n) < n // 2, "a", "b"),
            "weight": rng.uniform(10, 20, n),
            "age": rng.integers(15, 70, n),
            "male": rng.integers(0, 2, n),
            "lstatus": rng.choice([1, 2, 3], n),
        }
    )


def test_an_unchanged_panel_does_not_change():
    f = one_round(2022)
    s = lfs.stack_rounds(
        {"q1": f, "q2": f}, strata="strata", psu="psu", household="hhid", same_psus=True
    )
    e = lfs.change(
        lfs.indicators(s, by=["round", "sex"], which="L3.employment")["L3.employment"], "q1", "q2"
    )
    np.testing.assert_allclose(e.value, 0, atol=1e-15)
    np.testing.assert_allclose(e.se, 0, atol=1e-15)
    assert list(e.keys["sex"]) == ["men", "women"] and "q1 to q2" in e.definition


def test_shared_households_tie_rounds_whose_psu_codes_differ():
    a, b = one_round(2022), one_round(2022, seed=1)
    b["lstatus"] = a["lstatus"]
    tied = lfs.stack_rounds(
        {"q1": a, "q2": b.assign(psu=b["psu"] + 1000)}, strata="strata", psu="psu", household="hhid"
    )
    apart = lfs.stack_rounds(
        {"q1": a, "q2": b.assign(psu=b["psu"] + 1000, hhid="x" + b["hhid"])},
        strata="strata",
        psu="psu",
        household="hhid",
    )
    ses = [
        lfs.change(
            lfs.indicators(s, by="round", which="L3.employment")["L3.employment"], "q1", "q2"
        ).se[0]
        for s in (tied, apart)
    ]
    assert tied.design.psus == 40 and apart.design.psus == 80 and ses[0] < 0.8 * ses[1]


def test_independent_rounds_add_their_variances():
    a, b = one_round(2022), one_round(2023, seed=1)
    s = lfs.stack_rounds({"2022": a, "2023": b}, strata="strata", psu="psu")
    rates = lfs.indicators(s, by="round", which="L3.employment")["L3.employment"]
    e = lfs.change(rates, "2022", "2023")
    assert lfs.change(rates.on_design_df(), "2022", "2023").df == "design"
    each = [
        lfs.indicators(
            Sample.from_frame(f, weights="weight", strata="strata", psu="psu"),
            which="L3.employment",
        )["L3.employment"]
        for f in (a, b)
    ]
    np.testing.assert_allclose(e.se[0] ** 2, each[0].se[0] ** 2 + each[1].se[0] ** 2, rtol=1e-10)
    other = lfs.change_between(*each)
    np.testing.assert_allclose([other.value[0], other.se[0]], [e.value[0], e.se[0]], rtol=1e-10)


def test_pooling_is_the_weighted_average_of_rounds():
    a, b = one_round(2022), one_round(2023, seed=1)
    s = lfs.stack_rounds({"2022": a, "2023": b}, strata="strata", psu="psu")
    half = lfs.pool(s, "equal")
    np.testing.assert_allclose(half.weights.sum(), (a["weight"].sum() + b["weight"].sum()) / 2)
    kish = [f["weight"].sum() ** 2 / (f["weight"] ** 2).sum() for f in (a, b)]
    np.testing.assert_allclose(lfs.pool(s).weights[0] / a["weight"][0], kish[0] / sum(kish))
    assert mean(half, "age").value[0] == pytest.approx(
        np.average(pd.concat([a, b])["age"], weights=pd.concat([a, b])["weight"])
    )
    with pytest.raises(DesignError, match="add to 1"):
        lfs.pool(s, {"2022": 0.7, "2023": 0.7})


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_a_domain_is_pooled_as_its_rows_alone(scale):
    """The rounds' shares and sums are those of the domain; rows outside keep their weight."""
    rounds = {"2022": one_round(2022), "2023": one_round(2023, seed=1)}
    rounds["2023"]["weight"] *= scale
    inside = {name: frame[frame["age"] >= 40] for name, frame in rounds.items()}
    whole = lfs.stack_rounds(rounds, strata="strata", psu="psu")
    domain = (whole.frame["age"] >= 40).to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DesignWarning)
        narrowed = lfs.pool(whole.where(domain))
        alone = lfs.pool(lfs.stack_rounds(inside, strata="strata", psu="psu"))
    np.testing.assert_allclose(narrowed.weights[domain], alone.weights, rtol=1e-12)
    np.testing.assert_array_equal(narrowed.weights[~domain], whole.weights[~domain])
    assert "inside the domain" in narrowed.design.steps[-1].name
    np.testing.assert_allclose(mean(narrowed, "age").value, mean(alone, "age").value, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-4, 0.5, 1.0, 1.2, 2.0, 1e4])
def test_shares_of_rounds_hold_whatever_the_unit_of_their_weights(scale):
    """Closed form: nobody works in one round, everybody in the other; half of each is 0.5."""
    a, b = one_round(2022), one_round(2023, seed=1)
    b["weight"] *= scale * a["weight"].sum() / b["weight"].sum()
    rounds = {"2022": a.assign(works=0.0), "2023": b.assign(works=1.0)}
    s = lfs.stack_rounds(rounds, strata="strata", psu="psu")
    if max(scale, 1 / scale) > 1.3:
        with pytest.warns(DesignWarning, match="do not count the same population"):
            half = lfs.pool(s, {"2022": 0.5, "2023": 0.5})
        assert mean(half, "works").value[0] == pytest.approx(0.5, rel=1e-12)
        assert any("same population" in note for note in half.notes)
    else:
        half = lfs.pool(s, "equal")
        assert mean(half, "works").value[0] == pytest.approx(scale / (1 + scale), rel=1e-12)


def test_error_of_rounds_on_two_scales_is_that_of_the_average_of_their_means():
    """Independent rounds: var of (a m1 + (1 - a) m2) is a2 v1 + (1 - a)2 v2, whatever the scale."""
    a, b = one_round(2022), one_round(2023, seed=1)
    b["weight"] *= 1000
    s = lfs.stack_rounds({"2022": a, "2023": b}, strata="strata", psu="psu")
    with pytest.warns(DesignWarning):
        e = mean(lfs.pool(s, {"2022": 0.3, "2023": 0.7}), "age")
    each = [
        mean(Sample.from_frame(f, weights="weight", strata="strata", psu="psu"), "age")
        for f in (a, b)
    ]
    np.testing.assert_allclose(e.value[0], 0.3 * each[0].value[0] + 0.7 * each[1].value[0])
    np.testing.assert_allclose(
        e.se[0] ** 2, 0.09 * each[0].se[0] ** 2 + 0.49 * each[1].se[0] ** 2, rtol=1e-9
    )


def test_a_break_stops_a_comparison_until_acknowledged():
    a, b = one_round(2017), one_round(2019, seed=1)
    with pytest.raises(EstimateError, match="12 months"):
        lfs.stack_rounds({"2017": a, "2019": b}, psu="psu")
    s = lfs.stack_rounds({"2017": a, "2019": b}, psu="psu", acknowledge_breaks=True)
    e = lfs.indicators(s, by="round", which="L3.employment")["L3.employment"]
    assert "Series break 2018" in " ".join(lfs.change(e, "2017", "2019").notes)
    with pytest.raises(EstimateError, match="icls_v"):
        lfs.stack_rounds(
            {
                "2022": one_round(2022).assign(icls_v="ICLS-13"),
                "2023": one_round(2023).assign(icls_v="ICLS-19"),
            },
            psu="psu",
        )
    with pytest.raises(EstimateError, match="new questionnaire"):
        lfs.check_breaks("XXX", [2010, 2012], ["2011: new questionnaire"])
    assert lfs.check_breaks("ARM", [2018, 2020]) == ()
    assert lfs.check_breaks("ARM", [2021, 2023]) == ()
    with pytest.raises(ParamsError, match="cannot be read"):
        lfs.check_breaks("ARM", [2022, 2023], ["ICLS 19"])


def test_change_and_clusters_refuse_what_they_cannot_do():
    a = one_round(2022)
    s = lfs.stack_rounds({"q1": a, "q2": a}, psu="psu", same_psus=True)
    with pytest.raises(EstimateError, match="by round"):
        lfs.change(mean(s, "age"), "q1", "q2")
    with pytest.raises(EstimateError, match="no key"):
        lfs.change(mean(s, "age", by="round"), "q1", "q9")
    with pytest.raises(DesignError, match="two strata"):
        lfs.stack_rounds(
            {"q1": a, "q2": a.assign(strata=a["strata"].map({"a": "b", "b": "a"}))},
            strata="strata",
            psu="psu",
            same_psus=True,
        )
    with pytest.raises(DesignError, match="no comparison"):
        lfs.stack_rounds({"q1": a})


def test_link_check_counts_persons_that_cannot_be_the_same():
    f = pd.DataFrame(
        {
            "panel": list("aabbccdde"),
            "pid": 1,
            "wave": [1, 5, 1, 5, 5, 1, 1, 5, 1],
            "male": [1, 1, 0, 1, 0, 0, 1, 1, 0],
            "age": [30, 31, 40, 41, 50, 55, 20, 23, 9],
        }
    )
    check = lfs.link_check(f)
    assert check.keep.tolist() == [True, True, False, False, False, False, False, False, True]
    assert check.share_dropped == 0.75 and check.table["persons"].tolist() == [1, 2, 3, 1]
    assert "75.00%" in check.text
    with pytest.raises(InputError, match="twice in one round"):
        lfs.link_check(pd.concat([f, f]))
    with pytest.raises(InputError, match="unknown column"):
        lfs.link_check(f.drop(columns="age"))
