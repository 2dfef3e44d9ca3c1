"""Triple difference: without covariates the four-way difference of mean changes; with them it
recovers a known effect where separate adjustment fails; influence is the derivative; refusals.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me


def made(n: int = 400, seed: int = 2) -> pd.DataFrame:
    """Effect 1 on eligible units in treated places; trends depend on place, on eligibility and on
    x; x depends on both.
    """
    rng = np.random.default_rng(seed)
    f = pd.DataFrame(
        {
            "id": np.arange(n),
            "d": rng.integers(0, 2, n),
            "e": rng.integers(0, 2, n),
            "w": rng.uniform(0.5, 2, n),
            "psu": np.arange(n) // 4,
            "stratum": np.arange(n) // (n // 2),
        }
    )
    f["x"] = rng.normal(size=n) + 0.5 * f["d"] * f["e"] + 0.3 * f["d"]
    f["y0"] = rng.normal(size=n) + f["d"] + f["x"]
    f["y1"] = (
        f["y0"]
        + 1
        + 0.7 * f["d"]
        + 0.4 * f["e"]
        + f["x"] * (1 + 0.5 * f["e"])
        + f["d"] * f["e"]
        + 0.3 * rng.normal(size=n)
    )
    return f


@pytest.mark.identity
def test_without_covariates_it_is_the_difference_of_two_differences() -> None:
    f = made()
    s = me.Sample.from_frame(f, "w", strata="stratum", psu="psu", nest=False)
    t = me.triple_difference(s, ("y0", "y1"), "d", "e", method="none")
    two = me.stack(
        *(me.att_2x2(s.where(f["e"] == k), ("y0", "y1"), "d", method="none") for k in (1, 0))
    )
    apart = two.contrast({two.names[0]: 1.0, two.names[1]: -1.0})
    assert t.value[0] == pytest.approx(apart.value[0], rel=1e-12)
    assert t.se[0] == pytest.approx(apart.se[0], rel=1e-12)
    assert t.value[1] == pytest.approx(two.value[1], rel=1e-12)
    assert t.se[1] == pytest.approx(two.se[1], rel=1e-12)
    long = pd.concat([f.assign(t=k, y=f[f"y{k}"]) for k in (0, 1)], ignore_index=True)
    rc = me.triple_difference(
        me.Sample.from_frame(long, "w", strata="stratum", psu="psu", nest=False),
        "y",
        "d",
        "e",
        time="t",
        method="none",
    )
    np.testing.assert_allclose(rc.value, t.value, rtol=1e-12)
    np.testing.assert_allclose(rc.se, t.se, rtol=1e-10)
    panel = me.TracerPanel.from_frame(
        long, unit="id", wave="t", weights="w", strata="stratum", psu="psu"
    )
    p = me.triple_difference(panel, "y", "d", "e", time=(0, 1), method="none")
    np.testing.assert_allclose(p.value, t.value, rtol=1e-12)
    np.testing.assert_allclose(p.se, t.se, rtol=1e-10)


@pytest.mark.parametrize("method", ["dr", "or", "ipw", "dr_improved"])
def test_covariates_of_the_target_group(method: str) -> None:
    """The slope of the trend in x differs by eligibility: two separately adjusted estimates miss
    the effect by that difference, the three comparisons do not.
    """
    f = made(6000, 4)
    s = me.Sample.from_frame(f, "w")
    t = me.triple_difference(s, ("y0", "y1"), "d", "e", covariates="x", method=method)
    assert abs(t.value[0] - 1) < 4 * t.se[0] and t.se[0] < 0.1


@pytest.mark.identity
def test_replicates_agree() -> None:
    s = me.Sample.from_frame(made(), "w", strata="stratum", psu="psu", nest=False)
    linear, jackknife = (
        me.triple_difference(v, ("y0", "y1"), "d", "e", covariates=("x",))
        for v in (s, me.replicates(s, method="jackknife"))
    )
    np.testing.assert_allclose(jackknife.se, linear.se, rtol=0.1)
