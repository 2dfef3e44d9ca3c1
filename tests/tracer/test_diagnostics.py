"""Attrition diagnostics: Colombia's probit, likelihood ratio and BGLW; influence against
derivatives; balance that the weights restore.
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.estimate.hypothesis import Test
from tests.tracer.conftest import COVARIATES

from ..some import some


@pytest.mark.shared
@pytest.mark.golden
@pytest.mark.parametrize("who", ["men", "women"])
def test_colombia_probit_likelihood_ratio_and_bglw(
    colombia: dict[str, tuple[me.TracerPanel, pd.DataFrame]], shared: Path, who: str
) -> None:
    r = json.loads((shared / "reference" / "panel" / "jea_attrition_ref.json").read_text())[who]
    panel, rows = colombia[who]
    panel = panel.with_columns({"hours": rows["hours_04"].fillna(0).to_numpy()})
    a = me.attrition_tests(panel, "hours", COVARIATES, by="select", link="probit")
    # R stops its iterations at 1e-8 of the deviance; ours go on to rounding
    np.testing.assert_allclose(a.model.value, list(r["probit_coef"].values()), rtol=1e-7)
    np.testing.assert_allclose(
        a.model.extra["classical_se"], list(r["probit_se"].values()), rtol=1e-7
    )
    assert (a.lr.ndf, round(a.lr.statistic, 9)) == (r["LR_df"], round(r["LR"], 9))
    np.testing.assert_allclose(a.lr.p, r["LR_p"], rtol=1e-8)
    b = me.attrition_tests(panel, "empl_04", ["age_lb", "educ_lb", "dmarried_lb"], by="select")
    np.testing.assert_allclose(b.bglw.statistic, r["BGLW_F"], rtol=1e-10)
    assert [b.bglw.ndf, b.bglw.ddf] == r["BGLW_df"]
    np.testing.assert_allclose(b.bglw.p, r["BGLW_p"], rtol=1e-8)
    assert isinstance(b.difference, me.Estimate)
    np.testing.assert_allclose(
        b.difference.value[0], r["attr_treat"] - r["attr_control"], rtol=1e-10
    )


@pytest.fixture
def tested(panel: me.TracerPanel, persons: pd.DataFrame) -> me.TracerPanel:
    return panel.with_columns(
        {"before": np.random.default_rng(0).normal(size=panel.n) + persons["x"].to_numpy()}
    )


@pytest.mark.identity
@pytest.mark.parametrize("link", ["logit", "probit"])
def test_influence_of_model_r_indicator_and_stayers_are_derivatives(
    tested: me.TracerPanel, waves: pd.DataFrame, link: str
) -> None:
    def run(frame: pd.DataFrame) -> list[me.Estimate]:
        p = me.TracerPanel.from_frame(
            waves, sample=me.Sample.from_frame(frame, weights="w"), disposition="disp"
        )
        a = me.attrition_tests(p, "before", ["x", "sex"], by="arm", wave=2, link=link)
        return [a.stayers_minus_all, *([a.model, a.r_indicator] if link == "logit" else [])]

    frame = tested.sample.frame
    here = run(frame)
    for i in (7, 90, 201, 333):
        shifted = []
        for step in (1e-4, -1e-4):
            w = frame["w"].copy()
            w.iloc[i] += step
            shifted.append(run(frame.assign(w=w)))
        for e, up, down in some(zip(here, *shifted, strict=True)):
            np.testing.assert_allclose((up.value - down.value) / 2e-4, e.influence[i], atol=1e-8)


def test_everything_in_one_call(tested: me.TracerPanel) -> None:
    p = me.attrition_weights(tested, ["x", "arm", "sex"])
    a = me.attrition_tests(p, "before", ["x", "sex"], by="arm")
    assert a.wave == 3
    assert a.to_frame()["p"].between(0, 1).all()
    assert isinstance(a.f, Test)
    assert a.lr.p < 0.01  # losses were made to depend on x
    assert 0 < a.r_indicator.value[0] < 1
    table = a.balance.set_index("variable")
    assert table["weighted"].abs().max() < 0.08 < abs(table.loc["x", "base"])
    assert a.overlap["stayers"].is_monotonic_increasing
    axes = a.love_plot()
    assert len(axes.get_yticks()) == len(table)
    plt.close(axes.figure)
    assert "Attrition at wave 3" in a._repr_html_()


def test_what_cannot_be_tested_says_why(tested: me.TracerPanel) -> None:
    a = me.attrition_tests(
        tested.with_columns({"twin": tested.sample.frame["before"]}), "before", ["twin"]
    )
    assert isinstance(a.fgm, me.NotEstimable)
    assert isinstance(a.difference, me.NotEstimable)
    with pytest.raises(me.EstimateError) as error:
        me.attrition_tests(tested, "before", ["before", "nowhere"], wave=0, link="cloglog")
    for word in ("among the covariates", "'nowhere'", "nobody or everybody", "cloglog"):
        assert word in str(error.value)
