"""Plans, design columns, margins and screening at their limits: the numbers of small cases worked
out by hand, and what the last allowed and the first refused value are.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import CalibrationError, DesignError
from mismes_eval.weighting.calibrate import calibrate, tightest_bounds
from mismes_eval.weighting.phases import weight_share
from mismes_eval.weighting.planning import (
    best_ratio,
    compare_plans,
    plan_allocation,
    plan_precision,
    sample_size_for_rate,
)
from mismes_eval.weighting.pseudo import FLAG, pseudo_weights
from mismes_eval.weighting.replicate_weights import ReplicateWeights
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample

# Plans


def test_precision_of_an_oversample() -> None:
    """1,000 persons, a fifth in the areas with 12%: at a ratio of 4 half are drawn there, 60 + 12.5
    migrants with weights as 1/4 to 1.
    """
    plan = plan_precision(
        [1, 4],
        0.2,
        0.12,
        0.025,
        n=1000,
        deff=2.0,
        rate=0.5,
        screening_cost=3.0,
        interview_cost=2.0,
        power=0.9,
        level=0.9,
    )
    row = plan.iloc[1]
    n_eff = (60 / 4 + 12.5) ** 2 / (60 / 16 + 12.5) / 2
    z = 1.6448536269514722 + 1.2815515655446004
    expected = {
        "ratio": 4,
        "n_high": 500,
        "n_low": 500,
        "migrants": 72.5,
        "kish_deff": 72.5 / (2 * n_eff),
        "n_eff": n_eff,
        "cv": n_eff**-0.5,
        "mde": z / np.sqrt(n_eff),
        "cost": 3000 + 145,
    }
    assert row[list(expected)].to_dict() == pytest.approx(expected, rel=1e-12)
    assert plan["best"].tolist() == [False, True]
    found = (plan.iloc[0]["kish_deff"], plan.iloc[0]["migrants"])
    assert found == pytest.approx((1, 44))


def test_precision_by_default() -> None:
    """6,000 persons, a fifth with 12% and the rest with 2.5%: 264 migrants without oversample,
    design effect 1.3, a share of 0.2, 80% power at 5%.
    """
    plan = plan_precision().set_index("ratio")
    assert plan.index.tolist() == [1, 1.5, 2, 2.2, 3, 4, 6, 8]
    n_eff = 264 / 1.3
    expected = [
        1200,
        4800,
        264,
        1,
        n_eff,
        np.sqrt(4 / n_eff),
        (1.959963984540054 + 0.8416212335729143) * np.sqrt(0.64 / n_eff),
        6264,
    ]
    assert plan.loc[1].iloc[:8].tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("share_high", 0.01, 0.0),
        ("share_high", 0.99, 1.0),
        ("prevalence_low", 1.0, 1.01),
        ("prevalence_low", 0.001, 0.0),
        ("prevalence_high", 1.0, 1.01),
        ("prevalence_high", 0.001, 0.0),
        ("rate", 0.99, 1.0),
        ("rate", 0.01, 0.0),
        ("n", 0.5, 0.0),
        ("deff", 0.5, 0.0),
    ],
)
def test_figures_of_precision_at_their_limits(name: str, allowed: float, refused: float) -> None:
    assert np.isfinite(plan_precision([1, 2], **{name: allowed})["n_eff"]).all()  # type: ignore[arg-type]
    with pytest.raises(
        DesignError,
        match=r"^a planning figure does not fit: plan_precision. Expected shares between 0 and 1, n and deff above 0.",
    ):
        plan_precision([1, 2], **{name: refused})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rate", "cv", "deff"), [(0.0, 0.1, 1.0), (1.0, 0.1, 1.0), (0.5, 0.0, 1.0), (0.5, 0.1, 0.0)]
)
def test_a_sample_size_needs_a_share_and_a_spread(rate: float, cv: float, deff: float) -> None:
    with pytest.raises(
        DesignError, match=f"0 < rate < 1, cv > 0, deff > 0, got {rate}, {cv}, {deff}"
    ):
        sample_size_for_rate(rate, cv, deff)
    assert sample_size_for_rate(0.5, 0.1) == pytest.approx(100)


def test_four_plans_of_one_budget() -> None:
    """1,000 for interviews at 4, listing at 1, a list that holds half at 10; half the people live
    where 20% are migrants, the others where 5% are.
    """
    plans = compare_plans(
        1000, 0.5, 0.2, 0.05, 1, 4, deff=2.0, register_cost=10, register_share=0.5, rate=0.2
    ).set_index("plan")
    listed = 1000 / 1.5
    expected = {
        "plain sample": [250, 31.25, 15.625],
        "oversampled areas": [250, 37.5, (50 / 3 + 25 / 6) ** 2 / (25 / 3 + 25 / 6) / 2],
        "two-phase listing": [listed, listed / 8, listed / 16],
        "register supplement": [175, 65.625, 1 / (0.25 / (7.8125 / 2 + 50) + 0.25 / (7.8125 / 2))],
    }
    assert plans.index.tolist() == list(expected)
    for name, numbers in expected.items():
        assert plans.loc[name, ["sampled", "migrants", "n_eff"]].tolist() == pytest.approx(
            numbers, rel=1e-12
        ), name
        assert plans.loc[name, "cv"] == pytest.approx(2 / np.sqrt(numbers[2])), name
    assert plans["note"].tolist() == [
        "sampling-rate ratio 1.00",
        "sampling-rate ratio 2.00",
        "every migrant that the listing finds is interviewed, nobody else",
        "half the budget on a list that holds 50% of migrants",
    ]
    plain = compare_plans(1000, 0.5, 0.2, 0.05, 1, 4)
    assert len(plain) == 3
    assert plain.loc[0, ["n_eff", "cv"]].tolist() == pytest.approx(
        [31.25 / 1.3, np.sqrt(4 * 1.3 / 31.25)]
    )
    for bad in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        with pytest.raises(DesignError, match=r"compare_plans. Expected budget and costs above 0"):
            compare_plans(bad[0], 0.5, 0.2, 0.05, bad[1], bad[2])


def test_a_plan_takes_one_figure_for_all_strata_or_one_each() -> None:
    with pytest.raises(DesignError, match=r"argument 'cost'. Expected 2 positive numbers"):
        plan_allocation([10, 20], 5, cost=[1, 2, 3])
    with pytest.raises(DesignError, match=r"argument 'sd'. Expected 2 positive numbers"):
        plan_allocation([10, 20], 5, sd=[0.0, 1.0])
    with pytest.raises(DesignError, match=r"argument 'size'. Expected positive numbers, got"):
        plan_allocation([10, np.inf], 5)
    for options in (
        {"prevalence": [1.01, 1]},
        {"screening_cost": -0.1},
        {"total": 0},
        {"total": 31},
    ):
        with pytest.raises(
            DesignError,
            match=r"prevalence, total or screening_cost. Expected shares up to 1, a sample up to the population",
        ):
            plan_allocation([10, 20], **{"total": 5, **options})  # type: ignore[arg-type]
    sure = plan_allocation([10, 20], 5, prevalence=[1.0, 1.0], screening_cost=0.0)
    np.testing.assert_allclose(sure["rate"], 1 / 6)
    assert best_ratio(0.16, 0.04) == 2
    with pytest.raises(DesignError, match=r"argument 'prevalence'"):
        best_ratio(0.1, 0.0)


# Design columns


def test_weights_follow_from_counts_and_fractions_of_every_stage() -> None:
    """2 of 8 clusters, then 2 of 4 persons in the first and 1 of 2 in the second: weights 4 x 2."""
    frame = pd.DataFrame({"c": [1, 1, 2], "p": [1, 2, 3], "big": [8, 8, 8], "small": [4, 4, 2]})
    s = Sample.from_frame(frame, psu=["c", "p"], fpc=["big", "small"])
    np.testing.assert_allclose(s.weights, 8)
    assert s.design.notes == (
        "fpc column 'big' read as population counts.",
        "fpc column 'small' read as population counts.",
    )
    share = Sample.from_frame(
        frame.assign(big=0.25, small=[1.0, 1.0, 0.5]), psu=["c", "p"], fpc=["big", "small"]
    )
    np.testing.assert_allclose(share.weights, [4, 4, 8])
    assert share.design.notes[0] == "fpc column 'big' read as sampling fractions."
    assert Sample.from_frame(frame.assign(big=2), fpc="big", psu="c").weights.tolist() == [1, 1, 1]


def test_units_of_three_stages_are_found_again() -> None:
    frame = pd.DataFrame(
        {
            "w": 1.0,
            "s": ["x", "x", "x", "y", "y", "y"],
            "a": [1, 1, 2, 3, 3, 4],
            "b": [1, 2, 3, 4, 4, 5],
            "c": [1, 2, 3, 4, 5, 6],
        }
    )
    s = Sample.from_frame(frame, weights="w", strata="s", psu=["a", "b", "c"])
    assert s.design.psu.tolist() == [0, 0, 1, 2, 2, 3] and s.degf == 2 and len(s.design.stages) == 3
    assert s.where(frame["a"] != 2).degf == 1 and s.where(frame["s"] == "x").degf == 1
    expected = "Variance: linearised, 4 PSUs in 2 strata. Weight: base weight; no weight step."
    assert s.design.describe() == expected


@pytest.mark.parametrize(
    ("persons", "words"), [(1, "PSUs of few persons in 2"), (2, "4 PSUs in 2")]
)
def test_a_count_of_psus_is_no_count_of_persons(persons: int, words: str) -> None:
    frame = pd.DataFrame({"w": 1.0, "s": [1, 1, 2, 2] * persons, "p": [1, 2, 3, 4] * persons})
    design = Sample.from_frame(frame, weights="w", strata="s", psu="p").design
    assert design.published_basis == f"Variance: linearised, {words} strata."
    assert design.basis == "Variance: linearised, 4 PSUs in 2 strata."


def test_restarting_codes_are_told_apart_by_their_stratum_alone_where_asked() -> None:
    frame = pd.DataFrame({"w": 1.0, "s": [1.0, 1.0, 13379.0, 13379.0], "p": [1, 2, 1, 2]})
    with pytest.raises(DesignError, match="2 codes that repeat: 1, 2"):
        Sample.from_frame(frame, weights="w", strata="s", psu="p")
    with pytest.raises(DesignError, match="nest=True"):
        Sample.from_frame(frame, weights="w", strata="s", psu="p", nest=False)
    s = Sample.from_frame(frame, weights="w", strata="s", psu="p", nest=True)
    assert s.design.psus == 4 and s.design.stratum_labels == ("1", "13379")


def test_households_and_rows_stand_in_for_missing_psus() -> None:
    frame = pd.DataFrame({"w": 1.0, "h": [1, 1, 2, 3], "y": [1.0, 2.0, 3.0, 4.0]})
    house = Sample.from_frame(frame, weights="w", household="h")
    assert house.design.describe().startswith(
        "Variance: linearised, household clusters (3) in 1 stratum, no PSU in the file."
    )
    alone = Sample.from_frame(frame, weights="w", cluster_deff=1.5)
    assert alone.design.psus == 4
    assert (
        "independent persons in 1 stratum, no PSU or household in the file, variance times a supplied cluster effect of 1.5."
        in alone.design.describe()
    )
    assert "no cluster effect supplied" in Sample.from_frame(frame, weights="w").design.describe()


def test_lonely_strata_are_named_and_certainties_are_not() -> None:
    frame = pd.DataFrame(
        {"w": 1.0, "s": ["a", "b", "b", "c"], "p": [1, 2, 3, 4], "f": [1.0, 0.5, 0.5, 0.5]}
    )
    s = Sample.from_frame(frame, weights="w", strata="s", psu="p", fpc="f")
    assert s.design.lonely_strata == ("c",)
    assert s.design.notes[-1] == "1 stratum has one PSU and is treated by the rule 'adjust': c."
    with pytest.raises(DesignError, match=r"at least two PSUs in every stratum, got a, c. 2 rows"):
        Sample.from_frame(frame, weights="w", strata="s", psu="p", lonely_psu="error")


def test_a_mask_is_one_boolean_a_row() -> None:
    frame = pd.DataFrame({"w": [1.0, 2.0, 0.0]}, index=[7, 8, 9])
    s = Sample.from_frame(frame, weights="w")
    expected = [True, False, True]
    assert s.where(pd.Series([True, False, True], index=[9, 8, 7])).domain.tolist() == expected
    found = s.where(np.array([True, True, False])).where([False, True, True]).domain.tolist()
    assert found == [False, True, False]
    assert s.active.tolist() == [True, True, False]
    for bad, words in (
        (pd.Series([True, False, True, True], index=[9, 8, 7, 6]), "4 rows"),
        (pd.Series([True, False, True], index=[9, 8, 6]), "another index"),
        (pd.Series([True, False, True], index=[9, 8, 8]), "another index"),
        (pd.Series([True, None, True], index=[7, 8, 9]), "missing"),
        ([1, 0, 1], "int64 of shape"),
        ([True], "bool of shape"),
    ):
        with pytest.raises(DesignError, match=words):
            s.where(bad)


def test_a_sample_is_shown_with_every_note_of_its_own() -> None:
    s = Sample.from_frame(pd.DataFrame({"w": [1.0, 3.0]}), weights="w").flagged("one <b>", "two")
    html = s._repr_html_()
    assert html.startswith("<p><strong>Sample</strong></p><table")
    assert html.endswith(
        "</table>"
        + "".join(
            f"<p><small>{n}</small></p>" for n in (s.design.describe(), "one &lt;b&gt;", "two")
        )
    )


# Replicates of deeper designs and of files whose factors differ inside PSUs


def test_fractions_below_the_first_stage_leave_the_fpc_out() -> None:
    frame = pd.DataFrame(
        {"w": 2.0, "p": [1, 1, 2, 2], "u": [1, 2, 3, 4], "f": 0.5, "g": 0.5, "y": [1.0, 2, 4, 8]}
    )
    flat = Sample.from_frame(frame, weights="w", psu="p", fpc="f")
    deep = Sample.from_frame(frame, weights="w", psu=["p", "u"], fpc=["f", "g"])
    se = {
        name: float(me.total(replicates(s, "jackknife"), "y").se[0])
        for name, s in (("flat", flat), ("deep", deep))
    }
    assert se["deep"] == pytest.approx(18) and se["flat"] == pytest.approx(
        18 * np.sqrt(0.5)
    )  # PSU totals 6 and 24: |6 - 24|
    assert "the fpc is left out" in replicates(deep, "jackknife").design.notes[-1]


def test_factors_that_differ_inside_a_psu_stay_with_their_rows() -> None:
    frame = pd.DataFrame(
        {
            "w": 1.0,
            "p": [1, 1, 2],
            "a": [0.0, 2.0, 1.0],
            "b": [2.0, 0.0, 1.0],
            "y": [1.0, 10.0, 100.0],
        }
    )
    s = Sample.from_frame(
        frame, weights="w", psu="p", replicates=ReplicateWeights(["a", "b"], "jk1")
    )
    np.testing.assert_allclose(me.total(s, "y").parts[0].replicates.ravel(), [120, 102])  # type: ignore[union-attr]
    assert s.design.degf == 1.0


@pytest.mark.parametrize(("second", "rank"), [([2.0, 4.0, 6.0], 0.0), ([2.0, 4.0, 6.1], 1.0)])
def test_degrees_of_freedom_are_the_rank_of_the_columns_less_one(
    second: list[float], rank: float
) -> None:
    frame = pd.DataFrame({"w": [1.0, 1.0, 1.0], "a": [1.0, 2.0, 3.0], "b": second})
    assert (
        Sample.from_frame(
            frame, weights="w", replicates=ReplicateWeights(["a", "b"], "brr")
        ).design.degf
        == rank
    )
    far = frame.assign(a=frame["a"] * 1e-9)
    assert (
        Sample.from_frame(
            far, weights="w", replicates=ReplicateWeights(["a", "b"], "brr")
        ).design.degf
        == rank
    )


# Margins


PEOPLE = pd.DataFrame(
    {
        "w": [1.0, 1.0, 2.0, 4.0, 0.0],
        "sex": ["F", "F", "M", "M", "X"],
        "age": ["o", "y", "o", "y", "o"],
        "x": [1.0, 2.0, 3.0, 4.0, np.nan],
        "h": [1, 1, 2, 3, 4],
    }
)


def base() -> Sample:
    return Sample.from_frame(PEOPLE, weights="w")


def test_categories_numbers_and_the_number_of_units_are_met_together() -> None:
    s = calibrate(base(), {"sex": {"M": 10.0, "F": 6.0}, "x": 50.0})
    w = s.weights
    assert (w[:2].sum(), w[2:4].sum(), w[4], w[:4] @ PEOPLE["x"][:4]) == pytest.approx(
        (6, 10, 0, 50)
    )
    assert s.design.steps[0].name == "linear calibration to sex, x"
    np.testing.assert_allclose(calibrate(base(), {"1": 16.0}).weights, [2, 2, 4, 8, 0])
    one = calibrate(base(), {"1": 9.0, "x": 30.0}).weights
    assert (one.sum(), one[:4] @ PEOPLE["x"][:4]) == pytest.approx((9, 30))


def test_crossed_columns_are_met_cell_by_cell() -> None:
    cells = {("F", "o"): 2.0, ("F", "y"): 3.0, ("M", "o"): 5.0, ("M", "y"): 7.0}
    s = calibrate(base(), {("sex", "age"): cells})
    np.testing.assert_allclose(s.weights, [2, 3, 5, 7, 0])
    table = me.margins_before_after(s)
    assert table["margin"].tolist() == [f"sex x age={sex}, {age}" for sex, age in cells]
    assert table[["rows", "before", "after", "total"]].to_numpy().tolist() == [
        pytest.approx([1, b, t, t]) for b, t in zip([1, 1, 2, 4], cells.values(), strict=True)
    ]


def test_one_factor_a_household() -> None:
    """Households of (1, 1), 2 and 4: the factor of the first is shared, so its two women get 3
    each.
    """
    s = calibrate(base().where(PEOPLE["w"] > 0), {"sex": {"F": 6.0, "M": 12.0}}, unit="h")
    np.testing.assert_allclose(s.weights, [3, 3, 4, 8, 0])


def problems(**options: object) -> list[str]:
    with pytest.raises(CalibrationError) as caught:
        calibrate(base(), **options)  # type: ignore[arg-type]
    return [str(p) for p in caught.value.problems]


def test_margins_may_differ_by_a_billionth() -> None:
    assert calibrate(
        base(), {"sex": {"F": 6.0, "M": 10.0}, "age": {"o": 8.0, "y": 8.0 + 1e-8}}
    ).weights.sum() == pytest.approx(16)
    assert problems(
        totals={"sex": {"F": 6.0, "M": 10.0}, "age": {"o": 8.0, "y": 8.0 + 1e-7}, "1": 17.0}
    ) == [
        "margins do not add up to the same total: argument 'totals'. Expected equal sums, got sex: 16; age: 16; 1: 17. Scale the margins to one total (scale_to='sex'), and say which in the report."
    ]


def test_categories_of_rows_without_weight_need_no_total_and_may_not_have_one() -> None:
    assert calibrate(base(), {"sex": {"F": 6.0, "M": 10.0, "X": 0.0}}).weights[4] == 0
    assert problems(totals={"sex": {"F": 6.0, "M": 9.0, "X": 1.0}})[0].startswith(
        "a total stands for a category without rows: totals['sex']['X']. Expected at least one row"
    )
    assert problems(totals={"sex": {"F": 6.0, "m": 10.0}}) == [
        "a category of the sample has no total: totals['sex']. Expected a total for every category that occurs, got 'M'. 2 rows. Give its total, or recode it."
    ]
    assert problems(totals={"agee": 1.0}) == [
        "a margin names an unknown column: totals['agee']. Expected a column of the sample, got 'agee'. Did you mean 'age'?"
    ]
    assert problems(totals={"sex": {"F": -1.0, "M": 10.0}}) == [
        "a negative total: totals['sex']['F']. Expected 0 or more, got -1.0."
    ]


def test_errors_of_totals_are_squared_and_default_to_none() -> None:
    """A mean calibrated to two counts with errors 3 and 0: total 16, so its own error is (mean of F
    less mean of all) x 3 / 16.
    """
    frame = PEOPLE.assign(y=[4.0, 4.0, 1.0, 1.0, 0.0])
    s = calibrate(
        Sample.from_frame(frame, weights="w"),
        {"sex": {"F": 6.0, "M": 10.0}},
        total_se={"sex": {"F": 3.0}},
    )
    assert float(me.mean(s, "y").se[0]) == pytest.approx(3 * (4 - 34 / 16) / 16)
    assert problems(totals={"sex": {"F": 6.0, "M": 10.0}}, total_se={"sex": {"Q": 1.0}, "age": {}})[
        0
    ].startswith("standard errors of totals do not fit the margin: total_se['sex']")
    assert problems(totals={"x": 50.0}, total_se={"x": 1.0, "z": 1.0}) == [
        "a standard error stands for no margin: total_se['z']. Expected a key of totals."
    ]
    assert "total_se['x']" in problems(totals={"x": 50.0}, total_se={"x": np.nan})[0]


def test_the_tightest_bounds_of_two_cells() -> None:
    """Factors must be 3 on the women and 10/6 on the men: nothing above 10/6 can be a lower bound,
    nothing below 3 an upper one.
    """
    assert tightest_bounds(base(), {"sex": {"F": 6.0, "M": 10.0}}) == pytest.approx((10 / 6, 3))
    with pytest.raises(CalibrationError, match=r"fall to 1.667 and rise to 3 \(each taken alone\)"):
        calibrate(base(), {"sex": {"F": 6.0, "M": 10.0}}, bounds=(0.5, 2.0))
    with pytest.raises(CalibrationError, match="bounds cannot work"):
        calibrate(base(), {"sex": {"F": 6.0, "M": 10.0}}, method="logit", bounds=(1.0, 4.0))
    assert calibrate(
        base(), {"sex": {"F": 6.0, "M": 10.0}}, bounds=(0.0, 3.1)
    ).weights.tolist() == pytest.approx([3, 3, 10 / 3, 20 / 3, 0])


# Screening, absent members, volunteers


def test_reports_share_the_weight_of_their_household() -> None:
    houses = (
        Sample.from_frame(pd.DataFrame({"hhid": ["a", "b"], "w": [6.0, 9.0]}), weights="w")
        .where(np.array([True, False]))
        .flagged("made up")
    )
    s = weight_share(
        houses,
        pd.DataFrame(
            {"hhid": ["b", "a", "a"], "s_i": [3, 1, 2], "y": [1.0, 1.0, 1.0]}, index=[5, 6, 7]
        ),
    )
    np.testing.assert_allclose(s.weights, [3, 6, 3])
    assert s.domain.tolist() == [False, True, True] and s.frame.index.tolist() == [0, 1, 2]
    assert s.flags == (
        "made up",
        "Absent members are those reported by a household still present; households that left as a whole are not covered.",
    )
    assert s.design.steps[0].name == "weight share 1/s_i over reporting households (known factor)"
    with pytest.raises(DesignError) as caught:
        weight_share(houses, pd.DataFrame({"hhid": ["c", "a"], "s_i": [1.0, 0.9]}))
    assert [str(p) for p in caught.value.problems] == [
        "a report names a household that is not in the sample: reports, column 'hhid'. 1 row, first: 0.",
        "the multiplicity is missing or below 1: reports, column 's_i'. 1 row, first: 1.",
    ]


def test_pseudo_weights_of_one_cell_are_inverse_odds() -> None:
    """Reference weights of 30 and 10 beside 3 and 2 volunteers: each stands for 10, and for 5."""
    reference = Sample.from_frame(
        pd.DataFrame({"w": [10.0, 20.0, 4.0, 6.0, 99.0], "g": ["a", "a", "b", "b", "a"]}),
        weights="w",
    ).where(np.arange(5) < 4)
    volunteers = pd.DataFrame({"g": ["a"] * 3 + ["b"] * 2, "site": [1, 1, 2, 2, 2]})
    s = pseudo_weights(volunteers, reference, "g")
    np.testing.assert_allclose(s.weights, [10, 10, 10, 5, 5, 0, 0, 0, 0, 0], rtol=1e-9)
    assert s.frame["source_sample"].tolist() == ["nonprob"] * 5 + ["reference"] * 5
    assert FLAG in s.flags
    assert s.design.steps[-1].name == "pseudo-weight by inverse odds on g"
    at_sites = pseudo_weights(volunteers, reference, ["g"], psu="site")
    assert (s.design.psus, at_sites.design.psus) == (10, 7)
    with pytest.raises(
        DesignError,
        match=r"the covariates tell the two samples apart completely: g. Expected overlap",
    ):
        pseudo_weights(pd.DataFrame({"g": ["c", "c"]}), reference, "g")
