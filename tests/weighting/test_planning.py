"""Planning formulas against the worked cases of the literature: Kalton-Anderson rates, Kish loss,
sample size for a rate.
"""

import numpy as np
import pytest

import mismes_eval as me


@pytest.mark.golden
def test_screening_allocation_has_the_kalton_anderson_rates() -> None:
    plan = me.plan_allocation(
        [1e6] * 3, 3000, prevalence=[0.005, 0.03, 0.12], screening_cost=1, cost=10
    )
    np.testing.assert_allclose(plan["rate_relative"], [1, 2.2014, 3.3845], atol=5e-5)
    assert plan["n"].sum() == pytest.approx(3000)


@pytest.mark.golden
def test_kish_loss_of_the_household_survey_of_three_classes() -> None:
    n, size = np.array([8144, 4072, 2860]), np.array([600_000, 170_000, 7_230_000])
    assert me.kish_deff(np.repeat(size / n, n)) == pytest.approx(4.3175, abs=5e-5)


@pytest.mark.golden
@pytest.mark.parametrize(
    ("deff", "expected"), [(1.5, [2434, 687, 317, 138, 84]), (2.5, [4057, 1144, 528, 229, 141])]
)
def test_sample_size_for_a_rate(deff: float, expected: list[int]) -> None:
    assert [
        round(me.sample_size_for_rate(p, 0.3, deff)) for p in (0.0068, 0.0237, 0.05, 0.108, 0.165)
    ] == pytest.approx(expected, abs=1)


def test_beyond_the_best_ratio_more_migrants_tell_less() -> None:
    plan = me.plan_precision(
        n=6000, deff=1.3, share_high=0.2, prevalence_high=0.12, prevalence_low=0.025
    ).set_index("ratio")
    assert me.best_ratio(0.12, 0.025) == pytest.approx(2.19, abs=0.005)
    assert plan.index[plan["best"]].tolist() == [2.2]
    assert plan.loc[8, "migrants"] == pytest.approx(2 * plan.loc[1, "migrants"], rel=0.01)
    assert plan.loc[8, "n_eff"] < plan.loc[1, "n_eff"]


def test_strata_taken_wholly_leave_the_rest_to_others() -> None:
    plan = me.plan_allocation([10, 1000], 100, sd=[100, 1])
    assert plan["rate"].tolist()[0] == 1.0
    assert plan["n"].sum() == pytest.approx(100)


def test_a_register_has_a_cost_and_may_hold_everybody() -> None:
    for wrong in (
        {"register_share": 0.3},
        {"register_cost": -5.0, "register_share": 0.3},
        {"register_cost": 5.0, "register_share": 3.0},
    ):
        with pytest.raises(me.DesignError, match="register_cost"):
            me.compare_plans(1e4, 0.2, 0.12, 0.025, 1, 10, **wrong)
    plans = me.compare_plans(
        1e4, 0.2, 0.12, 0.025, 1, 10, register_cost=5.0, register_share=1.0
    ).set_index("plan")
    half = me.plan_precision([1.0], 0.2, 0.12, 0.025, 500, 1.3).iloc[0]["n_eff"]
    np.testing.assert_allclose(plans.loc["register supplement", "n_eff"], half + 1000)


def test_costs_below_one_and_of_nothing_are_costs() -> None:
    """6,000 persons screened at 1/2 and 264 migrants interviewed at 1/4; and both for nothing."""
    assert me.plan_precision([1.0], screening_cost=0.5, interview_cost=0.25)["cost"].tolist() == [
        3000 + 66
    ]
    assert me.plan_precision([1.0], screening_cost=0.0, interview_cost=0.0)["cost"].tolist() == [0]
    free = me.plan_allocation([100.0, 50.0], 30.0, screening_cost=0.0)
    assert free["n"].tolist() == [20, 10]
    assert free["cost"].tolist() == [20, 10]
    assert free["stratum"].tolist() == [1, 2]
