"""Kaplan-Meier with its robust error (R survival), cumulative incidence, and influence columns
equal to numerical derivatives by the weights.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me

from ..derivative import by_weight


@pytest.fixture(scope="module")
def jobcorps(shared: Path) -> pd.DataFrame:
    """Weeks to the first employed week (208 where there is none), with the reference's made-up
    weights.
    """
    raw = pd.read_csv(shared / "reference" / "panel" / "jobcorps_lee2009_weekly_employment.csv.gz")
    work = raw[[f"emp_{k}" for k in range(1, 209)]].to_numpy()
    ever = work.any(axis=1)
    columns = {
        "duration": np.where(ever, work.argmax(axis=1) + 1.0, 208.0),
        "event": ever.astype(int),
        "arm": raw["TREATMNT.y"],
        "one": 1.0,
        "w": 1 + 0.5 * (raw["row"] % 5),
    }
    return pd.DataFrame(columns)


def reference(shared: Path) -> dict[str, dict[str, list[float]]]:
    return json.loads((shared / "reference" / "panel" / "jobcorps_duration_ref.json").read_text())


@pytest.mark.shared
@pytest.mark.golden
@pytest.mark.parametrize(("name", "weight"), [("km_all", "one"), ("km_all_weighted_robust", "w")])
def test_kaplan_meier_equals_r_survival(
    jobcorps: pd.DataFrame, shared: Path, name: str, weight: str
) -> None:
    r = reference(shared)[name]
    e = me.survival(
        me.Sample.from_frame(jobcorps, weights=weight), "duration", "event", times=r["time"]
    )
    n = len(jobcorps)
    np.testing.assert_allclose(e.value, r["surv"], rtol=1e-12)
    # R's robust error sums squared influence without the n / (n - 1) of a design with replacement
    np.testing.assert_allclose(e.se * np.sqrt((n - 1) / n), r["se"], rtol=1e-8)


@pytest.mark.shared
@pytest.mark.golden
def test_curves_and_medians_by_arm_equal_r(jobcorps: pd.DataFrame, shared: Path) -> None:
    s = me.Sample.from_frame(jobcorps, weights="one")
    medians = me.duration_quantile(s, "duration", "event", by="arm")
    e = me.survival(s, "duration", "event", by="arm", times=reference(shared)["km_treat"]["time"])
    for arm, name in ((0, "km_control"), (1, "km_treat")):
        r = reference(shared)[name]
        rows = np.flatnonzero(e.keys["arm"] == arm)
        np.testing.assert_allclose(e.value[rows], r["surv"], rtol=1e-12)
        np.testing.assert_allclose(
            e.se[rows], r["se"], rtol=1e-3
        )  # the same but for the degrees of freedom of a domain
        median = medians[f"arm={arm}"]
        assert isinstance(median, me.Estimate)
        assert median.value[0] == r["median"]


@pytest.fixture
def spells() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 200
    length = rng.integers(2, 16, n).astype(float)
    entry = np.where(rng.random(n) < 0.4, np.floor(rng.random(n) * length), 0.0)
    cause = rng.choice(np.array(["job", "abroad", None], dtype=object), n)
    return pd.DataFrame(
        {
            "length": length,
            "entry": entry,
            "cause": cause,
            "event": pd.notna(cause).astype(int),
            "w": rng.uniform(1, 4, n),
            "arm": rng.choice(["T", "C"], n),
        }
    )


def curve(sample: me.Sample, kind: str) -> me.Estimate:
    if kind == "survival":
        return me.survival(sample, "length", "event", times=[3, 7, 12], entry="entry", by="arm")
    return me.cumulative_incidence(
        sample, "length", "cause", "abroad", times=[3, 7, 12], entry="entry", by="arm"
    )


@pytest.mark.identity
@pytest.mark.parametrize("kind", ["survival", "incidence"])
def test_influence_is_the_derivative_by_each_weight(spells: pd.DataFrame, kind: str) -> None:
    def found(w: np.ndarray) -> me.Estimate:
        return curve(me.Sample.from_frame(spells.assign(w=w), weights="w"), kind)

    w, rows = spells["w"].to_numpy(), range(0, len(spells), 9)
    slopes = by_weight(lambda v: found(v).value, w, rows)
    np.testing.assert_allclose(slopes, found(w).influence[rows], atol=1e-9)


@pytest.mark.identity
def test_incidences_and_survival_sum_to_one(spells: pd.DataFrame) -> None:
    s = me.Sample.from_frame(spells, weights="w")
    total = (
        sum(
            me.cumulative_incidence(s, "length", "cause", c, times=[4, 9]).value
            for c in ("job", "abroad")
        )
        + me.survival(s, "length", "event", times=[4, 9]).value
    )
    np.testing.assert_allclose(total, 1.0, atol=1e-13)


@pytest.mark.identity
def test_without_censoring_survival_is_a_mean(spells: pd.DataFrame) -> None:
    s = me.Sample.from_frame(
        spells.assign(event=1, longer=(spells["length"] > 6).astype(float)), weights="w"
    )
    a, b = me.survival(s, "length", "event", times=[6]), me.mean(s, "longer")
    np.testing.assert_allclose([a.value[0], a.se[0]], [b.value[0], b.se[0]], rtol=1e-12)


@pytest.mark.identity
def test_replicates_agree_with_the_linearised_error(spells: pd.DataFrame) -> None:
    s = me.Sample.from_frame(spells.assign(psu=np.arange(len(spells)) // 5), weights="w", psu="psu")
    r = me.replicates(s, method="jackknife")
    for kind in ("survival", "incidence"):
        a, b = curve(s, kind), curve(r, kind)
        np.testing.assert_allclose(a.value, b.value, rtol=1e-12)
        np.testing.assert_allclose(a.se, b.se, rtol=0.05)
    answer = me.duration_quantile(r, "length", "event")[""]
    assert isinstance(answer, me.NotEstimable)


def test_a_quantile_that_was_not_reached_says_so(spells: pd.DataFrame) -> None:
    rare = spells.assign(event=(spells.index < 5).astype(int))
    answer = me.duration_quantile(me.Sample.from_frame(rare, weights="w"), "length", "event")[""]
    assert isinstance(answer, me.NotEstimable)
    assert "50% are needed" in answer.reason


def test_bad_durations_are_all_named(spells: pd.DataFrame) -> None:
    bad = spells.assign(
        length=spells["length"].where(spells.index != 3, 0.0),
        entry=spells["entry"].where(spells.index != 4, 99.0),
    )
    with pytest.raises(me.EstimateError) as error:
        me.survival(me.Sample.from_frame(bad, weights="w"), "length", "event", entry="entry")
    assert "not above 0" in str(error.value)
    assert "enters after it leaves" in str(error.value)
    with pytest.raises(me.EstimateError, match="after the last observation"):
        me.survival(me.Sample.from_frame(spells, weights="w"), "length", "event", times=[99])
