"""Textbook errors of two-way regressions: R fixest 0.14.2 at 1e-11 (clustered, two-way clustered,
independent, weighted), statsmodels' dummy regression as Stata's areg; two waves are not inflated.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.panel_ols import panel_ols
from mismes_eval.weighting.sample import Sample


@pytest.mark.golden
@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "errors"),
    [
        ("base_did_es_clid", "unit"),
        ("base_did_es_twoway", "unit_and_period"),
        ("base_did_es_iid", "independent"),
    ],
)
def test_event_study_as_in_fixest(shared: Path, name: str, errors: str) -> None:
    f = pd.read_csv(shared / "reference/did/base_did.csv").assign(w=1.0)
    f["event"] = np.where(f["treat"] == 1, f["period"], np.inf)
    fit = panel_ols(
        Sample.from_frame(f, "w"),
        "y",
        event_time="event",
        unit="id",
        time="period",
        covariates="x1",
        reference=(5,),
        errors=errors,
    )
    r = json.loads((shared / "reference/did/twfe_sunab_bacon.json").read_text())[name]
    np.testing.assert_allclose(fit.value, r["coef"], atol=1e-11)
    np.testing.assert_allclose(fit.se, r["se"], rtol=1e-11)
    assert "no survey design" in fit.note and len(fit.to_frame()) == 10


@pytest.mark.golden
@pytest.mark.shared
@pytest.mark.parametrize(("weights", "name"), [("one", "castle_twfe"), ("popwt", "castle_twfe_w")])
def test_static_as_in_fixest_and_areg(shared: Path, weights: str, name: str) -> None:
    """Cheng and Hoekstra's castle laws. areg counts all dummies, as the clustered error of the
    dummy regression does in statsmodels.
    """
    f = pd.read_csv(
        shared / "reference/did/castle.csv.gz",
        usecols=["state", "year", "l_homicide", "post", "popwt", "sid"],
    ).assign(one=1.0)
    s, r = (
        Sample.from_frame(f, weights),
        json.loads((shared / "reference/did/twfe_sunab_bacon.json").read_text())[name],
    )
    fit = panel_ols(s, "l_homicide", "post", unit="state", time="year")
    assert fit.value[0] == pytest.approx(r["coef"], rel=1e-11)
    assert fit.se[0] == pytest.approx(r["se"], rel=1e-11)
    carried = two_way(s, "l_homicide", "post", unit="state", time="year", small_sample="nested")
    assert carried.value[0] == pytest.approx(fit.value[0], rel=1e-11)
    assert carried.se[0] == pytest.approx(fit.se[0], rel=1e-10)
    areg = panel_ols(s, "l_homicide", "post", unit="state", time="year", rule="full")
    x = pd.get_dummies(f[["state", "year"]].astype(str), drop_first=True, dtype=float).assign(
        post=f["post"], one=1.0
    )
    dummies = sm.WLS(f["l_homicide"], x, weights=f[weights]).fit(
        cov_type="cluster", cov_kwds={"groups": f["sid"]}
    )
    assert areg.se[0] == pytest.approx(dummies.bse["post"], rel=1e-10)


@pytest.mark.identity
def test_two_waves_are_not_inflated() -> None:
    """With two waves the clustered error is that of the difference of mean changes, up to G / (G -
    1); counting unit effects would add 41%.
    """
    rng = np.random.default_rng(1)
    person, d = np.arange(200), rng.integers(0, 2, 200)
    change = rng.normal(size=200) + d
    alpha = rng.normal(size=200)
    frame = pd.concat(
        [
            pd.DataFrame({"id": person, "t": t, "w": 1.0, "on": d * t, "y": alpha + t * change})
            for t in (0, 1)
        ],
        ignore_index=True,
    )
    s = Sample.from_frame(frame, "w")
    arms = [change[d == k] for k in (0, 1)]
    robust = np.sqrt(sum(a.var() / a.size for a in arms))
    assert panel_ols(s, "y", "on", unit="id", time="t", rule="none").se[0] == pytest.approx(
        robust, rel=1e-10
    )
    assert panel_ols(s, "y", "on", unit="id", time="t").se[0] == pytest.approx(robust, rel=0.01)
    assert panel_ols(s, "y", "on", unit="id", time="t", rule="full").se[0] == pytest.approx(
        robust * np.sqrt(2), rel=0.02
    )
