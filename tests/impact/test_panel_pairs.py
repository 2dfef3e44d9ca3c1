"""A tracer panel with losses: each comparison by the persons of its two waves equals att_2x2 on
those waves, value and error; averages carry all attrition steps; refusals are named.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me


def panel(losses: bool = True, n: int = 400) -> me.TracerPanel:
    """SYNTHETIC tracer of n persons in 4 waves, treated from wave 2 or 3 or never; a quarter is
    missed at each wave after the first, more often with high x.
    """
    rng = np.random.default_rng(12)
    person, g = np.arange(n), rng.choice([0, 2, 3], n, p=[0.5, 0.25, 0.25])
    x, alpha, w = rng.normal(size=n), rng.normal(size=n), rng.uniform(1, 3, n)
    waves = []
    for t in range(4):
        seen = (rng.random(n) > 0.25 + 0.1 * (x > 0)) | (t == 0) | (not losses)
        waves.append(
            pd.DataFrame(
                {
                    "person_id": person,
                    "wave": t,
                    "g": g,
                    "x": x,
                    "w": w,
                    "psu": person % 40,
                    "stratum": person % 4,
                    "y": alpha
                    + 0.2 * t * (1 + x)
                    + ((g > 0) & (t >= g)) * 1.0
                    + rng.normal(size=n),
                }
            )[seen]
        )
    made = me.TracerPanel.from_frame(
        pd.concat(waves, ignore_index=True), weights="w", strata="stratum", psu="psu"
    )
    return me.attrition_weights(made, ["x"]) if losses else made


@pytest.mark.identity
@pytest.mark.parametrize("method", ["dr", "or", "ipw"])
def test_every_cell_is_a_two_wave_comparison(method: str) -> None:
    data = panel()
    g = me.att_gt(data, "y", "g", covariates=["x"], unbalanced="pairs", method=method)
    table = g.to_frame()
    for _, row in table.iterrows():
        cohort = data.sample.frame["g"].isin([0, row["cohort"]])
        two = data.with_columns(
            {"d": (data.sample.frame["g"] == row["cohort"]).astype(float)}
        ).where(cohort)
        e = me.att_2x2(two, "y", "d", (int(row["base"]), int(row["time"])), ["x"], method)
        assert row["att"] == pytest.approx(e.value[0], rel=1e-11)
        assert row["se"] == pytest.approx(e.se[0], rel=1e-10)
    fewer = me.att_gt(data, "y", "g", covariates=["x"], method=method).to_frame()
    assert (table["n_treated"] > fewer["n_treated"]).all()
    assert np.isfinite(g.overall("event").se).all()


@pytest.mark.identity
def test_without_losses_it_is_the_balanced_panel() -> None:
    data = panel(losses=False)
    a, b = (
        me.att_gt(data, "y", "g", covariates=["x"], unbalanced=how) for how in ("pairs", "balanced")
    )
    np.testing.assert_allclose(a.estimate.value, b.estimate.value, rtol=1e-11)
    np.testing.assert_allclose(a.vcov, b.vcov, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(a.aggregate("event").se, b.aggregate("event").se, rtol=1e-9)
    np.testing.assert_allclose(a.overall("cohort").se, b.overall("cohort").se, rtol=1e-9)
    np.testing.assert_allclose(a.estimate.degf, b.estimate.degf)
