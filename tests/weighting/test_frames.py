"""Joined frames and shared weights: R's multiframe numbers, and identities that hold without it
(halves of one sample, one report a person).
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me


@pytest.fixture
def area() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 600
    psu = rng.integers(0, 40, n)
    return pd.DataFrame(
        {
            "w": rng.uniform(5, 15, n),
            "psu": psu,
            "stratum": psu % 4,
            "y": rng.normal(10, 2, n),
            "sex": rng.choice(["F", "M"], n),
            "listed": rng.random(n) < 0.3,
        }
    )


@pytest.mark.shared
@pytest.mark.golden
def test_hartley_and_kalton_anderson_equal_r_multiframe(shared: Path) -> None:
    folder = shared / "reference" / "survey"
    reference = {
        r["id"]: r for r in json.loads((folder / "multiframe.json").read_text())["results"]
    }
    a, b = pd.read_csv(folder / "phoneframes_A.csv"), pd.read_csv(folder / "phoneframes_B.csv")
    a = a.assign(
        w=1 / a.ProbA,
        f=a.ProbA,
        listed=a.Domain == "ab",
        other=np.where(a.Domain == "ab", a.ProbB, 0.0),
    )
    b = b.assign(
        w=1 / b.ProbB,
        f=b.ProbB,
        listed=b.Domain == "ba",
        other=np.where(b.Domain == "ba", b.ProbA, 0.0),
    )
    sa, sb = (
        me.Sample.from_frame(a, weights="w", strata="Stratum", fpc="f"),
        me.Sample.from_frame(b, weights="w", fpc="f"),
    )
    for entry, joined in (
        ("mf_total", me.combine_frames([sa, sb], ["listed", "listed"], "hartley", 0.74)),
        ("mf5_total", me.combine_frames([sa, sb], ["listed", "listed"], "hartley", 0.5)),
        ("mk_total", me.combine_frames([sa, sb], ["other", "other"])),
    ):
        e = me.total(joined, ["Lei", "Feed"])
        np.testing.assert_allclose(e.value, list(reference[entry]["estimate"].values()), rtol=1e-8)
        np.testing.assert_allclose(e.se, list(reference[entry]["se"].values()), rtol=1e-8)


@pytest.mark.identity
def test_steps_before_joining_keep_their_variance(area: pd.DataFrame) -> None:
    totals = {"sex": {"F": 3000.0, "M": 3200.0}}
    first = me.calibrate(
        me.Sample.from_frame(area, weights="w", strata="stratum", psu="psu"), totals
    )
    second = me.Sample.from_frame(
        area.assign(y=area["y"] + 1), weights="w", strata="stratum", psu="psu"
    )
    joined = me.stack_samples([first, second], labels=["first", "second"])
    both = me.mean(joined, "y", by="source_sample")
    np.testing.assert_allclose(
        both.se, [me.mean(first, "y").se[0], me.mean(second, "y").se[0]], rtol=1e-12
    )
    np.testing.assert_allclose(both.vcov[0, 1], 0.0, atol=1e-15)


@pytest.mark.identity
def test_theta_one_half_of_the_same_frame_is_the_pooled_sample(area: pd.DataFrame) -> None:
    everybody = area.assign(listed=True)
    s = me.Sample.from_frame(everybody, weights="w", strata="stratum", psu="psu")
    t = me.Sample.from_frame(
        everybody.sample(frac=1, random_state=1, ignore_index=True),
        weights="w",
        strata="stratum",
        psu="psu",
    )
    joined = me.combine_frames([s, t], ["listed", "listed"], "hartley", 0.5)
    assert me.total(joined, "y").value[0] == pytest.approx(me.total(s, "y").value[0], rel=1e-12)
    np.testing.assert_allclose(
        me.total(joined, "y").se[0], me.total(s, "y").se[0] / np.sqrt(2), rtol=1e-12
    )


@pytest.mark.parametrize("theta", [0.5, None])
def test_frames_are_joined_inside_a_domain(area: pd.DataFrame, theta: float | None) -> None:
    """As the rows of the domain alone; rows outside keep their weight and may lack membership."""
    inside = (area["y"] > 9).to_numpy()
    listed = area["listed"].astype("boolean").where(inside)
    frames = area.assign(listed=listed), area.iloc[::-1].assign(listed=True)
    masks = inside, inside[::-1]
    of = [me.Sample.from_frame(f, weights="w", psu="psu") for f in frames]
    alone = [me.Sample.from_frame(f[m], weights="w", psu="psu") for f, m in zip(frames, masks)]
    narrowed = me.combine_frames(
        [s.where(m) for s, m in zip(of, masks)], ["listed", "listed"], "hartley", theta
    )
    rows = me.combine_frames(alone, ["listed", "listed"], "hartley", theta)
    np.testing.assert_allclose(narrowed.weights[narrowed.domain], rows.weights, rtol=1e-12)
    before = np.concatenate([s.weights for s in of])
    np.testing.assert_array_equal(narrowed.weights[~narrowed.domain], before[~narrowed.domain])


@pytest.mark.identity
def test_one_report_each_gives_the_household_total(area: pd.DataFrame) -> None:
    households = area.assign(hhid=np.arange(len(area)), k=(area["y"] > 10).astype(float))
    s = me.Sample.from_frame(households, weights="w", strata="stratum", psu="psu")
    reports = households.loc[households["k"] == 1, ["hhid"]].assign(s_i=1, one=1.0)
    by_report, by_household = me.total(me.weight_share(s, reports), "one"), me.total(s, "k")
    expected = [by_household.value[0], by_household.se[0]]
    np.testing.assert_allclose([by_report.value[0], by_report.se[0]], expected, rtol=1e-12)
    with pytest.raises(me.DesignError, match="not in the sample"):
        me.weight_share(s, reports.assign(hhid=10**6))


@pytest.mark.identity
def test_taking_everybody_in_phase_two_changes_nothing(area: pd.DataFrame) -> None:
    s = me.Sample.from_frame(
        area.assign(chosen=True, prob=1.0), weights="w", strata="stratum", psu="psu"
    )
    for classes in (None, ["sex"]):
        t = me.two_phase(s, "chosen", "prob", classes)
        np.testing.assert_allclose(
            [me.mean(t, "y").value[0], me.mean(t, "y").se[0]],
            [me.mean(s, "y").value[0], me.mean(s, "y").se[0]],
            rtol=1e-12,
        )
    with pytest.raises(me.DesignError, match="without a selection probability"):
        me.two_phase(
            me.Sample.from_frame(area.assign(chosen=True, prob=0.0), weights="w"), "chosen", "prob"
        )


@pytest.mark.identity
def test_phase_two_class_counts_have_their_phase_one_error(area: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    frame = area.assign(
        chosen=rng.random(len(area)) < 0.5, prob=0.5, f=(area["sex"] == "F").astype(float)
    )
    s = me.Sample.from_frame(frame, weights="w", strata="stratum", psu="psu")
    t = me.two_phase(s, "chosen", "prob", ["sex"])
    np.testing.assert_allclose(
        [me.total(t, "f").value[0], me.total(t, "f").se[0]],
        [me.total(s, "f").value[0], me.total(s, "f").se[0]],
        rtol=1e-10,
    )
