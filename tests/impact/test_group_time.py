"""Golden: the 24 specifications of R did 2.5.1 on mpdta at 1e-9 (and anticipation, weights,
balanced events, cross-sections); identities of bands, designs and panels; every guard refuses by
name.
"""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.estimate.hypothesis import Test as WaldTest
from mismes_eval.impact.did.bands import sup_t
from mismes_eval.impact.did.group_time import att_gt
from mismes_eval.impact.did.group_time_result import GroupTime
from mismes_eval.weighting.calibrate import calibrate
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample

AGGREGATES = (
    ("simple", "simple"),
    ("cohort", "group_agg"),
    ("event", "dynamic"),
    ("calendar", "calendar"),
)
R_METHOD = {"dr": "dr", "ipw": "ipw", "reg": "or"}


@pytest.fixture(scope="module")
def mpdta(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "reference/did/mpdta.csv").assign(w=1.0)


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, dict]:
    return json.loads((shared / "reference/did/cs_mpdta.json").read_text())


def numbers(values: object) -> np.ndarray:
    return np.array(
        [np.nan if v is None else v for v in np.atleast_1d(np.asarray(values, object))], float
    )


def same_as_r(g: GroupTime, r: dict, units: int, se_tolerance: float = 1e-9) -> None:
    """R divides by n where a design of independent units divides by n - 1."""
    factor = np.sqrt(units / (units - 1))
    table = g.to_frame()
    assert table["cohort"].tolist() == r["group"] and table["time"].tolist() == r["t"]
    np.testing.assert_allclose(table["att"], numbers(r["att"]), atol=1e-9)
    np.testing.assert_allclose(table["se"] / factor, numbers(r["se"]), atol=se_tolerance)
    for kind, name in AGGREGATES:
        overall, each = g.overall(kind), g.aggregate(kind)
        np.testing.assert_allclose(overall.value, r[name]["overall_att"], atol=1e-9)
        np.testing.assert_allclose(overall.se / factor, r[name]["overall_se"], atol=se_tolerance)
        if "egt" in r[name]:
            np.testing.assert_allclose(each.value, numbers(r[name]["att"]), atol=1e-9)
            moving = np.isfinite(numbers(r[name]["se"]))
            np.testing.assert_allclose(
                (each.se / factor)[moving], numbers(r[name]["se"])[moving], atol=se_tolerance
            )


def panel_sample(frame: pd.DataFrame) -> Sample:
    return Sample.from_frame(frame, weights="w")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("method", "control", "x", "base"),
    list(
        product(
            R_METHOD, ("nevertreated", "notyettreated"), ("x1", "xlpop"), ("varying", "universal")
        )
    ),
)
def test_the_24_specifications(
    mpdta: pd.DataFrame, golden: dict, method: str, control: str, x: str, base: str
) -> None:
    r = golden[f"mpdta__{method}__{control}__{x}__{base}"]
    g = att_gt(
        panel_sample(mpdta),
        "lemp",
        "first.treat",
        "year",
        "countyreal",
        ["lpop"] if x == "xlpop" else (),
        control.removesuffix("treated").replace("notyet", "not_yet"),
        base,
        method=R_METHOD[method],
    )
    same_as_r(g, r, 500)
    test = g.pretrend_test()
    assert isinstance(test, WaldTest) and test.ndf == 5
    np.testing.assert_allclose(test.statistic * 5 * 500 / 499, r["W"][0][0], atol=1e-6)


@pytest.mark.shared
def test_anticipation_weights_and_balanced_events(mpdta: pd.DataFrame, golden: dict) -> None:
    arguments = ("lemp", "first.treat", "year", "countyreal", ["lpop"])
    ahead = att_gt(panel_sample(mpdta), *arguments, anticipation=1)
    same_as_r(
        ahead, golden["mpdta__dr__nevertreated__xlpop__anticip1"], 500
    )  # the cohort left out stays in the design, outside the domain
    assert any("2004" in note and "left out" in note for note in ahead.estimate.notes)
    weighted = Sample.from_frame(mpdta.assign(w=np.exp(mpdta["lpop"])), weights="w")
    same_as_r(
        att_gt(weighted, *arguments),
        golden["mpdta__dr__nevertreated__xlpop__weights_exp_lpop"],
        500,
    )
    r, g = golden["mpdta_dynamic_balance1"], att_gt(panel_sample(mpdta), *arguments)
    each, overall = g.aggregate("event", balance=1), g.overall("event", balance=1)
    assert each.keys["event_time"].tolist() == r["egt"]
    np.testing.assert_allclose(
        np.append(each.value, overall.value), [*r["att"], r["overall_att"]], atol=1e-9
    )
    np.testing.assert_allclose(
        np.append(each.se, overall.se) / np.sqrt(500 / 499), [*r["se"], r["overall_se"]], atol=1e-9
    )


@pytest.mark.shared
def test_repeated_cross_sections(mpdta: pd.DataFrame, golden: dict) -> None:
    """Effects at 1e-9. R's standard errors carry the sign slip of DRDID::drdid_rc (see
    test_two_by_two), here up to 0.1%.
    """
    r = golden["mpdta__dr__nevertreated__xlpop__rc"]
    g = att_gt(panel_sample(mpdta), "lemp", "first.treat", "year", None, ["lpop"])
    assert "repeated cross-sections" in str(g.estimate.notes[0])
    same_as_r(g, r, 2500, se_tolerance=1e-4)


@pytest.mark.shared
def test_influence_is_that_of_r(mpdta: pd.DataFrame, golden: dict) -> None:
    g = att_gt(panel_sample(mpdta), "lemp", "first.treat", "year", "countyreal", ["lpop"])
    z = g.estimate.influence
    expected = golden["mpdta__dr__nevertreated__xlpop__inffunc_crossprod"]
    np.testing.assert_allclose(500 * z.T @ z, expected, rtol=1e-8, atol=1e-9)


def simulated(n: int = 240, seed: int = 4) -> pd.DataFrame:
    """SYNTHETIC panel of n persons in 6 periods, starts in 3 and 5, 24 PSUs in 4 strata."""
    rng = np.random.default_rng(seed)
    g = rng.choice([0, 3, 5], n, p=[0.5, 0.25, 0.25])
    x, alpha, w = rng.normal(size=n) + (g == 3), rng.normal(size=n), rng.uniform(1, 3, n)
    person = np.arange(n)
    rows = [
        pd.DataFrame(
            {
                "person": person,
                "period": t,
                "g": g,
                "x": x,
                "w": w,
                "psu": person % 24,
                "stratum": person % 4,
                "y": alpha
                + 0.2 * t * (1 + 0.3 * x)
                + ((g > 0) & (t >= g)) * (1 + 0.5 * (t - g))
                + rng.normal(size=n),
            }
        )
        for t in range(1, 7)
    ]
    return pd.concat(rows, ignore_index=True)


def test_calibration_reaches_the_standard_error_and_replicates_agree() -> None:
    frame = simulated(480)
    base = Sample.from_frame(frame, weights="w", psu="psu", strata="stratum")
    total = {"x": float((frame["w"] * frame["x"]).sum() * 1.01), "1": float(frame["w"].sum())}
    calibrated = calibrate(base, total)
    linear = att_gt(calibrated, "y", "g", "period", "person", ["x"])
    jackknife = att_gt(
        replicates(calibrated, method="jackknife"), "y", "g", "period", "person", ["x"]
    )
    np.testing.assert_allclose(jackknife.estimate.value, linear.estimate.value, atol=1e-12)
    for kind, _ in AGGREGATES:
        np.testing.assert_allclose(jackknife.overall(kind).se, linear.overall(kind).se, rtol=0.08)
    assert (
        np.abs(linear.overall().se - att_gt(base, "y", "g", "period", "person", ["x"]).overall().se)
        > 0
    )


def test_unbalanced_panels_by_either_rule() -> None:
    frame = simulated()
    gap = frame.drop(frame.index[(frame["person"] < 12) & (frame["period"] == 6)]).reset_index(
        drop=True
    )
    sample = Sample.from_frame(gap, weights="w")
    whole = Sample.from_frame(frame[frame["person"] >= 12].reset_index(drop=True), weights="w")
    balanced = att_gt(sample, "y", "g", "period", "person", ["x"])
    expected = att_gt(whole, "y", "g", "period", "person", ["x"]).estimate.value
    np.testing.assert_allclose(balanced.estimate.value, expected, atol=1e-12)
    assert any("12 of 240 units" in note for note in balanced.estimate.notes)
    pairs = att_gt(sample, "y", "g", "period", "person", ["x"], unbalanced="pairs").to_frame()
    full = att_gt(
        Sample.from_frame(frame, weights="w"), "y", "g", "period", "person", ["x"]
    ).to_frame()
    early = (pairs["time"] < 6).to_numpy()
    np.testing.assert_allclose(pairs["att"][early], full["att"][early], atol=1e-12)


def test_bands_cover_more_than_pointwise_and_methods_agree() -> None:
    g = att_gt(Sample.from_frame(simulated(1200), weights="w"), "y", "g", "period", "person", ["x"])
    e = g.aggregate("event")
    a, b = sup_t(e, seed=1), sup_t(e, seed=1, draws=4000, method="multiplier")
    assert 1.97 < a.critical < 3.2 and a.critical == pytest.approx(b.critical, abs=0.15)
    assert sup_t(e, seed=1).critical == a.critical
    one = sup_t(g.overall("simple"), draws=200_000)
    assert one.critical == pytest.approx(1.962, abs=0.02)


@pytest.mark.whole
def test_pretrend_test_keeps_its_size_with_few_treated_psus() -> None:
    """Two cohorts of six PSUs among 36, shocks by PSU and period, no effect: the design's degrees
    of freedom reject a quarter of 200 true nulls.
    """
    rejected, plain = 0, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        psu = np.repeat(np.arange(36), 3)
        g = np.where(psu % 3 == 0, 4 + psu % 2, 0)
        unit, shock = rng.normal(size=108), rng.normal(scale=0.4, size=(36, 6))
        parts = [
            pd.DataFrame(
                {
                    "id": np.arange(108),
                    "t": t,
                    "g": g,
                    "psu": psu,
                    "w": 1.0,
                    "y": unit + shock[psu, t] + rng.normal(scale=0.7, size=108),
                }
            )
            for t in range(1, 6)
        ]
        effects = att_gt(
            Sample.from_frame(pd.concat(parts, ignore_index=True), weights="w", psu="psu"),
            "y",
            "g",
            "t",
            "id",
            base="universal",
            method="none",
        )
        test = effects.pretrend_test()
        assert isinstance(test, WaldTest) and effects.free == 10 and (test.ndf, test.ddf) == (5, 6)
        assert test.p == pytest.approx(stats.f.sf(test.statistic * 6 / 10, 5, 6))
        rejected, plain = (
            rejected + (test.p < 0.05),
            plain + (stats.f.sf(test.statistic, 5, 35) < 0.05),
        )
    assert rejected / 200 < 0.08 and plain / 200 > 0.15


def test_too_few_psus_for_a_pretrend_test() -> None:
    psu = np.repeat(np.arange(20), 4)
    rng = np.random.default_rng(1)
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "id": np.arange(80),
                    "t": t,
                    "g": np.where(psu < 3, 5, 0),
                    "psu": psu,
                    "w": 1.0,
                    "y": rng.normal(size=80),
                }
            )
            for t in range(1, 7)
        ],
        ignore_index=True,
    )
    test = att_gt(
        Sample.from_frame(frame, weights="w", psu="psu"), "y", "g", "t", "id"
    ).pretrend_test()
    assert test == NotEstimable(
        "3 effects cannot be tested together with 2 degrees of freedom between PSUs",
        "Pre-trend test",
    )


def test_overlap_is_the_worst_of_a_cohorts_comparisons() -> None:
    """Cross-sections of x and cohort: with a binary covariate the propensity is the share treated."""
    treated = {1: (5, 5), 2: (6, 5), 3: (8, 5)}  # of 10 with x = 1 and x = 0, by period
    rows = [
        (t, 2 if place < counts[1 - x] else 0, x, float(place))
        for t, counts in treated.items()
        for x in (1, 0)
        for place in range(10)
    ]
    frame = pd.DataFrame(rows, columns=["t", "g", "x", "y"]).assign(w=1.0)
    s = Sample.from_frame(frame, weights="w")
    overlap = att_gt(s, "y", "g", "t", covariates=["x"], method="ipw").overlap
    assert overlap["cohort"].tolist() == [2]
    np.testing.assert_allclose(overlap["largest"], [(5 + 8) / 20], rtol=1e-9)
