"""Lee, Manski and double-sampling bounds equal published numbers, and their influence columns are
the derivatives with respect to the weights.
"""

import json

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import EstimateError
from mismes_eval.impact.bounds.lee import lee_bounds
from mismes_eval.impact.bounds.manski import delta_sensitivity, manski_bounds
from mismes_eval.impact.bounds.partial_identification import imbens_manski
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample

from ..derivative import by_weight


def hand() -> pd.DataFrame:
    """Treated respondents 3, 5, 6, 8, 9 of six; comparison 2, 4, 5, 7 of six."""
    y = [3, 5, 6, 8, 9, np.nan, 2, 4, 5, 7, np.nan, np.nan]
    return pd.DataFrame(
        {"y": y, "d": [1] * 6 + [0] * 6, "s": [1] * 5 + [0] + [1] * 4 + [0] * 2, "w": 1.0}
    )


def drawn(seed: int = 1, n: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    d, x = rng.integers(0, 2, n), rng.integers(0, 2, n)
    s = rng.random(n) < 0.6 + 0.2 * d + 0.1 * x
    y = np.where(s, rng.normal(size=n) + 0.5 * d + x, np.nan)
    tried = ~s & (rng.random(n) < 0.6)
    found = tried & (rng.random(n) < 0.7)
    y = np.where(found, rng.normal(size=n), y)
    return pd.DataFrame(
        {
            "y": np.clip(y, -3, 4),
            "d": d,
            "x": x,
            "s": s,
            "tried": tried,
            "found": found,
            "w": rng.uniform(1, 3, n),
            "psu": np.arange(n) // 8,
            "h": np.arange(n) // 80,
        }
    )


def test_lee_by_hand():
    b = lee_bounds(Sample.from_frame(hand(), weights="w"), "y", "d", "s")
    np.testing.assert_allclose(b.value, [1.0, 2.5], atol=1e-14)
    assert b.extra["trimming_share"] == pytest.approx(0.2, abs=1e-14)
    swapped = hand().assign(d=lambda f: 1 - f.d)
    other = lee_bounds(Sample.from_frame(swapped, weights="w"), "y", "d", "s")
    np.testing.assert_allclose(other.value, [-2.5, -1.0], atol=1e-14)
    assert other.extra["trimmed_arm"] == "comparison"
    np.testing.assert_allclose(other.se, b.se[::-1], rtol=1e-12)


@pytest.mark.shared
@pytest.mark.golden
@pytest.mark.parametrize("week", ["45", "90", "104", "135", "180", "208"])
def test_job_corps(shared, week):
    folder = shared / "reference" / "panel"
    wage = pd.read_csv(folder / "jobcorps_lee2009_logwage_selected_weeks.csv.gz")[f"week_{week}"]
    person = pd.read_csv(
        folder / "jobcorps_lee2009_weekly_employment.csv.gz", usecols=["TREATMNT.y", f"emp_{week}"]
    )
    reference = json.loads((folder / "lee_jobcorps_unweighted.json").read_text())[week]
    frame = pd.DataFrame(
        {"y": wage, "d": person["TREATMNT.y"], "s": person[f"emp_{week}"], "w": 1.0}
    )
    whole = Sample.from_frame(frame, weights="w")
    if reference["n_inf_dropped"]:
        with pytest.raises(EstimateError, match="infinite") as error:
            lee_bounds(whole, "y", "d", "s")
        assert error.value.problems[0].count == int((np.isinf(wage) & (frame.s == 1)).sum())
    finite = Sample.from_frame(frame[np.isfinite(frame.y)].reset_index(drop=True), weights="w")
    b = lee_bounds(finite, "y", "d", "s")
    mine = reference["mine"]
    np.testing.assert_allclose(b.value, [mine["lower"], mine["upper"]], rtol=0, atol=1e-12)
    n = finite.n
    np.testing.assert_allclose(
        b.se * np.sqrt((n - 1) / n), [mine["se_lower"], mine["se_upper"]], rtol=2e-5
    )  # the reference divides by n, and in cells by n - 1
    assert b.extra["trimmed_arm"] == mine["trimmed_arm"].replace("control", "comparison")
    inside = lee_bounds(whole.where(np.isfinite(frame.y)), "y", "d", "s")
    np.testing.assert_allclose(inside.value, b.value, rtol=0, atol=1e-12)
    if (
        week != "180"
        # there the share ends at a whole row within rounding, and the peer's rounding keeps one more
    ):
        quantile = reference["statspai_quantile"]
        np.testing.assert_allclose(
            lee_bounds(finite, "y", "d", "s", rule="stata").value,
            [quantile["lower_bound"], quantile["upper_bound"]],
            rtol=0,
            atol=1e-12,
        )


@pytest.mark.shared
@pytest.mark.golden
def test_jovenes_en_accion(shared):
    frame = pd.read_csv(shared / "data" / "colombia_jea_panel.csv")
    reference = json.loads((shared / "reference" / "panel" / "lee_jea.json").read_text())
    assert len(reference) == 8
    for key, r in reference.items():
        sex, outcome = key.split(":")
        f = frame.assign(seen=frame[outcome].notna(), one=1.0)
        sample = Sample.from_frame(f, weights="one").where(
            (f["dwomen"] == (sex == "women")) & f["codigo_ecap"].notna()
        )
        b = lee_bounds(sample, outcome, "select", "seen")
        np.testing.assert_allclose(b.value, [r["lower"], r["upper"]], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(b.se, [r["se_lower"], r["se_upper"]], rtol=1e-3)
        assert b.extra["trimming_share"] == pytest.approx(r["p"], abs=1e-12)


def test_type7_is_numpys_quantile():
    f = drawn().assign(w=1.0)
    f["y"] = f["y"].where(f["s"])
    b = lee_bounds(Sample.from_frame(f, weights="w"), "y", "d", "s", rule="type7")
    t, c = f.y[f.s & (f.d == 1)].to_numpy(), f.y[f.s & (f.d == 0)].mean()
    q = 1 - f.s[f.d == 0].mean() / f.s[f.d == 1].mean()
    expected = [t[t <= np.quantile(t, 1 - q)].mean() - c, t[t >= np.quantile(t, q)].mean() - c]
    np.testing.assert_allclose(b.value, expected, rtol=1e-12)


def estimate(frame: pd.DataFrame, what: str, sample: Sample | None = None):
    sample = sample or Sample.from_frame(frame, weights="w", strata="h", psu="psu", nest=True)
    if what == "lee":
        return lee_bounds(sample, "y", "d", "s")
    if what == "lee tightened":
        return lee_bounds(sample, "y", "d", "s", tighten="x")
    if what == "manski":
        return manski_bounds(sample, "y", "d", "s", -3, 4, delta=0.4)
    if what == "double sampling":
        return manski_bounds(sample, "y", "d", "s", -3, 4, "tried", "found")
    return delta_sensitivity(sample, "y", "d", "s", [-1.0, 0.5], arm="both")


@pytest.mark.identity
@pytest.mark.parametrize("what", ["lee", "lee tightened", "manski", "double sampling", "delta"])
def test_influence_is_the_derivative(what):
    frame = drawn(3)
    z = estimate(frame, what).influence
    np.testing.assert_allclose(frame.w.to_numpy() @ z, 0, atol=1e-10)
    rows = [0, 5, 50, 111, 239]
    slopes = by_weight(lambda w: estimate(frame.assign(w=w), what).value, frame.w.to_numpy(), rows)
    np.testing.assert_allclose(z[rows], slopes, atol=2e-8)


@pytest.mark.shared
@pytest.mark.golden
def test_coppock_table_3(shared):
    frame = pd.read_csv(shared / "reference" / "panel" / "levendusky.csv")
    frame = frame[frame["Z1"].notna()].reset_index(drop=True).assign(w=1.0)
    sample = Sample.from_frame(frame, weights="w")
    b = manski_bounds(sample, "L_dif_w2", "Z1", "R1", 0, 6, variance="neyman")
    np.testing.assert_allclose(b.value, [-1.53914496339566, 1.70966762747749], atol=1e-10)
    np.testing.assert_allclose(b.se**2, [0.0062401008346893, 0.00588785669626299], atol=1e-10)
    np.testing.assert_allclose(imbens_manski(b), [-1.66907903885775, 1.83588114554598], atol=1e-10)
    double = manski_bounds(sample, "L_dif_w2", "Z1", "R1", 0, 6, "Attempt", "R2", variance="neyman")
    np.testing.assert_allclose(double.value, [-0.34174537662934, 0.571815728388134], atol=1e-10)
    np.testing.assert_allclose(
        imbens_manski(double), [-0.52830967410789, 0.745174826433894], atol=1e-10
    )
    strata = manski_bounds(
        sample,
        "L_dif_w2",
        "Z1",
        "R1",
        0,
        6,
        "Attempt",
        "R2",
        poststratify="pid_3_recoded",
        variance="neyman",
    )
    np.testing.assert_allclose(strata.value, [-0.344389910863888, 0.525683688852529], atol=1e-10)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99])
def test_imbens_manski_between_one_and_two_sided(level):
    b = estimate(drawn(5), "lee")
    low, high = imbens_manski(b, level)
    two = b.ci(level)
    one = b.ci(2 * level - 1)
    assert two["low"].iloc[0] <= low <= one["low"].iloc[0] + 0.02 * b.se[0]
    assert one["high"].iloc[1] - 0.02 * b.se[1] <= high <= two["high"].iloc[1]


@pytest.mark.parametrize("what", ["lee", "lee tightened", "manski", "double sampling", "delta"])
def test_replicates_redo_the_bounds(what):
    frame = drawn(13)
    plain = estimate(frame, what)
    sample = replicates(
        Sample.from_frame(frame, weights="w", strata="h", psu="psu", nest=True), method="jackknife"
    )
    again = estimate(frame, what, sample)
    np.testing.assert_allclose(again.value, plain.value, rtol=1e-12)
    assert not np.array_equal(again.se, plain.se)
    np.testing.assert_allclose(again.se, plain.se, rtol=0.15)


def test_manski_without_loss_is_the_difference_of_means():
    f = drawn(7).assign(y=lambda g: g.y.fillna(0.0), s=True)
    b = manski_bounds(Sample.from_frame(f, weights="w"), "y", "d", "s", -3, 4)
    expected = np.average(f.y[f.d == 1], weights=f.w[f.d == 1]) - np.average(
        f.y[f.d == 0], weights=f.w[f.d == 0]
    )
    np.testing.assert_allclose(b.value, [expected, expected], rtol=1e-12)


def test_bounds_hold_each_other():
    f = drawn(9)
    sample = Sample.from_frame(f, weights="w")
    worst = manski_bounds(sample, "y", "d", "s", -3, 4).value
    half = manski_bounds(sample, "y", "d", "s", -3, 4, delta=0.5).value
    none = manski_bounds(sample, "y", "d", "s", -3, 4, delta=0.0).value
    assert worst[0] < half[0] < none[0] < half[1] < worst[1]
    assert none[0] == pytest.approx(none[1], abs=1e-12)
    shifted = delta_sensitivity(sample, "y", "d", "s", [0.0])
    assert shifted.value[0] == pytest.approx(none[0], abs=1e-12)
    tipping = float(shifted.extra["tipping_shift"])
    assert delta_sensitivity(sample, "y", "d", "s", [tipping]).value[0] == pytest.approx(
        0, abs=1e-12
    )
