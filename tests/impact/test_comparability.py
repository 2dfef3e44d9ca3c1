"""Identity: the composition check is att_gt on the traits, and sees a planted change; balance after
inverse-probability tilting weights is what the weighted means say.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.estimate.hypothesis import Test as WaldTest


def cross_sections(shift: float, seed: int = 1) -> me.Sample:
    """SYNTHETIC repeated cross-sections; in treated regions schooling moves by `shift` from
    treatment on.
    """
    rng = np.random.default_rng(seed)
    n = 4000
    frame = pd.DataFrame(
        {
            "t": rng.integers(1, 6, n),
            "g": rng.choice([0, 3, 4], n),
            "w": rng.uniform(1, 2, n),
            "psu": rng.integers(0, 200, n),
            "sex": rng.choice(["f", "m"], n),
        }
    )
    post = (frame["g"] > 0) & (frame["t"] >= frame["g"])
    return me.Sample.from_frame(
        frame.assign(school=rng.normal(size=n) + shift * post), weights="w", psu="psu"
    )


def test_a_planted_change_is_seen_and_none_is_not() -> None:
    same, moved = (
        me.composition_check(cross_sections(0.0), ["school", "sex"], "g", "t"),
        me.composition_check(cross_sections(0.6), ["school", "sex"], "g", "t"),
    )
    assert isinstance(same.test, WaldTest) and isinstance(moved.test, WaldTest)
    assert same.test.ndf == 2 and same.test.p > 0.01 and moved.test.p < 1e-4
    direct = me.att_gt(cross_sections(0.6), "school", "g", "t", method="none").overall("simple")
    assert moved.estimate.value[0] == pytest.approx(direct.value[0])
    assert moved.estimate.se[0] == pytest.approx(direct.se[0])
    assert moved.to_frame()["variable"].tolist() == ["school", "sex", "sex"]
    moved.plot()
    plt.close("all")


def groups(n: int = 3000) -> me.Sample:
    """SYNTHETIC persons whose treatment depends on x and region."""
    rng = np.random.default_rng(2)
    x, region = rng.normal(size=n), rng.choice(["north", "south"], n)
    d = rng.random(n) < 1 / (1 + np.exp(-x - (region == "north")))
    return me.Sample.from_frame(
        pd.DataFrame({"x": x, "region": region, "d": d, "w": rng.uniform(1, 3, n)}), weights="w"
    )


def test_balance_before_and_after() -> None:
    s = groups()
    b = me.balance(s, "d", ["x", "region"])
    table = b.to_frame()
    assert (table["before"].abs() > 0.2).all() and (table["after"].abs() < 0.1).all()
    f, w = s.frame, s.weights
    odds = (w * b.propensity / (1 - b.propensity))[~f["d"]]
    assert table["weighted_comparison"].iloc[0] == pytest.approx(
        np.average(f["x"][~f["d"]], weights=odds)
    )
    assert b.effective < (~f["d"]).sum() and "standardised differences" in b.text
    assert b.love_plot().get_xlim()[0] == 0 and b.overlap_plot().get_xlabel()
    plt.close("all")


def test_the_same_people_in_every_period_have_no_test() -> None:
    """What is left is rounding, and its ratio would be a finding."""
    rng = np.random.default_rng(4)
    people = pd.DataFrame(
        {
            "id": np.arange(120),
            "x": rng.normal(size=120),
            "kind": rng.choice(["a", "b"], 120),
            "w": rng.uniform(1, 3, 120),
            "psu": np.arange(120) // 4,
        }
    )
    people = people.assign(g=np.where(people["psu"] % 2, 2, 0))
    same = me.Sample.from_frame(
        pd.concat([people.assign(t=t) for t in (1, 2, 3)], ignore_index=True),
        weights="w",
        psu="psu",
    )
    still = me.composition_check(same, ["x", "kind"], "g", "t")
    assert still.test == me.NotEstimable(
        "no trait changed at all: the same people stand in every period"
    )
    assert not still.estimate.value.any() and not still.estimate.se.any()
    half = same.with_columns({"x": same.frame["x"] + rng.normal(size=same.n)})
    moving = me.composition_check(half, ["x", "kind"], "g", "t")
    assert (
        isinstance(moving.test, WaldTest) and moving.test.ndf == 1 and moving.test.ddf == 14
    )  # 15 treated PSUs, one cohort
