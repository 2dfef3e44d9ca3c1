"""Attrition weights: Colombia's published-data reference, the refit of every weight as the truth of
the linearisation, any set of waves, deaths, fixed weights.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import DesignError
from mismes_eval.estimate.regression import ols
from mismes_eval.estimate.totals import mean, total
from mismes_eval.tracer import TracerPanel, attrition_weights, weight_history
from mismes_eval.weighting.calibrate import calibrate
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.trim import trim
from tests.tracer.conftest import COVARIATES, small

OPTIONS: list[dict[str, object]] = [
    {},
    {"stabilised": False},
    {"restricted": ["arm"]},
    {"method": "probit"},
    {"method": "probit", "restricted": ["arm"]},
    {"method": "cells", "covariates": ["arm", "sex"]},
    {"lagged": ["y"]},
]


def weighted(panel: TracerPanel, **options: object) -> TracerPanel:
    covariates = options.pop("covariates", ["x", "arm"])
    return attrition_weights(panel, covariates, **options)  # type: ignore[arg-type]


def outcome(panel: TracerPanel, waves: object) -> Sample:
    last = panel.chosen(waves)[-1]
    s = panel.weight_sample(waves)
    return s.with_columns({"outcome": np.nan_to_num(panel.values("y", last))})


@pytest.mark.shared
@pytest.mark.golden
@pytest.mark.parametrize("who", ["men", "women"])
def test_colombia_effects_with_weights_fixed_and_estimated(
    colombia: dict[str, tuple[TracerPanel, pd.DataFrame]], shared: Path, who: str
) -> None:
    r = json.loads((shared / "reference" / "panel" / "jea_attrition_ref.json").read_text())[who]
    panel, rows = colombia[who]
    n, seen = len(rows), int(rows["empl_06"].notna().sum())

    def effect(**options: object) -> tuple[float, float, np.ndarray]:
        p = attrition_weights(panel, COVARIATES, method="probit", **options)  # type: ignore[arg-type]
        s = p.weight_sample([0, 1]).with_columns({"y": p.values("empl_06", 1)})
        e = ols(s.where(s.weights > 0), "y ~ select")
        return float(e.value[1]), float(e.se[1]), s.weights[s.weights > 0]

    value, se, w = effect(stabilised=False)
    np.testing.assert_allclose(value, r["effect_ipw"], rtol=1e-6)
    np.testing.assert_allclose([w.min(), w.max()], r["w_range"], rtol=1e-7)
    np.testing.assert_allclose(w.sum() ** 2 / (w**2).sum(), r["n_eff"], rtol=1e-8)
    # the reference sums squares over all n without n / (n - 1)
    np.testing.assert_allclose(
        se * np.sqrt((n - 1) / n), r["se_ipw_with_estimated_weights"], rtol=1e-8
    )
    value, se, _ = effect(fixed_weights=True)
    # HC1: n / (n - 2) over those seen instead of n / (n - 1) over all
    np.testing.assert_allclose(
        se * np.sqrt((n - 1) / n * seen / (seen - 2)), r["se_hc1_ipw_weights_fixed"], rtol=1e-8
    )
    stabilised = attrition_weights(panel, COVARIATES, method="probit", restricted=["select"])
    step = stabilised.weight_sample([0, 1]).design.steps[-1]
    ratio = step.ratio[step.ratio > 0]  # type: ignore[attr-defined]
    np.testing.assert_allclose(
        [ratio.mean(), ratio.min(), ratio.max()], [r["ws_mean"], *r["ws_range"]], rtol=1e-6
    )
    np.testing.assert_allclose(
        effect(restricted=["select"])[0], r["effect_ipw_stabilised"], rtol=1e-6
    )


@pytest.mark.identity
@pytest.mark.parametrize("options", OPTIONS)
def test_influence_is_the_derivative_with_every_weight_made_anew(
    panel: TracerPanel, persons: pd.DataFrame, waves: pd.DataFrame, options: dict[str, object]
) -> None:
    told = waves.assign(y=waves["y"].fillna(0.0))
    s = outcome(
        weighted(TracerPanel.from_frame(told, sample=panel.sample, disposition="disp"), **options),
        [1, 3],
    )
    e = mean(s.where(s.weights > 0), "outcome")
    z = s.design.pull_back(e.parts[0].influence).dense()[:, 0]

    def refit(i: int, step: float) -> float:
        w = persons["w"].copy()
        w.iloc[i] += step
        again = TracerPanel.from_frame(
            told,
            sample=Sample.from_frame(persons.assign(w=w), weights="w", strata="stratum", psu="psu"),
            disposition="disp",
        )
        t = outcome(weighted(again, **options), [1, 3])
        return float(np.average(t.frame["outcome"], weights=t.weights))

    rows = [3, 40, 77, 150, 221, 300]
    measured = [(refit(i, 1e-4) - refit(i, -1e-4)) / 2e-4 for i in rows]
    # probit: the expected information stands for the observed one (the convention of the Colombian
    # reference)
    np.testing.assert_allclose(
        measured, z[rows], atol=2e-5 if options.get("method") == "probit" else 1e-8
    )


@pytest.mark.identity
@pytest.mark.parametrize("options", OPTIONS)
def test_steps_redone_with_their_own_weights_give_their_factors(
    panel: TracerPanel, waves: pd.DataFrame, options: dict[str, object]
) -> None:
    told = TracerPanel.from_frame(
        waves.assign(y=waves["y"].fillna(0.0)), sample=panel.sample, disposition="disp"
    )
    design = weighted(told, **options).weight_sample([1, 3]).design
    assert design.steps
    for k, step in enumerate(design.steps):
        np.testing.assert_allclose(step.refit(design.weights_after(k)), step.factor, rtol=1e-8)


def test_a_missed_wave_throws_nobody_out(panel: TracerPanel) -> None:
    p = weighted(panel)
    for waves in ([3], [1, 3], [0, 1, 2, 3], None):
        key = [panel.waves.index(w) for w in panel.chosen(waves)]
        np.testing.assert_array_equal(
            p.weight_sample(waves).weights > 0, panel.responded[:, key].all(axis=1)
        )
    assert (p.weight_sample(3).weights > 0).sum() > (p.weight_sample(None).weights > 0).sum()
    assert p.weight_sample([3, 0]) is p.weight_sample([0, 3])


def test_stabilised_weights_keep_the_sum_and_the_dead_leave(panel: TracerPanel) -> None:
    s = weighted(panel).weight_sample([1, 3])
    dead = panel.dead[:, 3]
    assert dead.sum() == 5
    assert (s.weights[dead] == 0).all()
    history = weight_history(weighted(panel), [1, 3])
    assert history["step"].tolist()[0] == "at enrolment"
    np.testing.assert_allclose(history["sum"].iloc[1], history["sum"].iloc[0], rtol=1e-12)
    np.testing.assert_allclose(history["sum"].iloc[3], history["sum"].iloc[2], rtol=1e-12)
    plain, stable = outcome(weighted(panel, stabilised=False), 3), outcome(weighted(panel), 3)
    for a, b in zip(
        mean(plain.where(plain.weights > 0), ["outcome", "x"]).se,
        mean(stable.where(stable.weights > 0), ["outcome", "x"]).se,
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-10)  # a constant does not matter to a mean


def test_weights_restore_the_covariate_and_its_error_vanishes_after_calibration(
    panel: TracerPanel,
) -> None:
    s = outcome(weighted(panel, stabilised=False, covariates=["x"]), 2)
    full = panel.sample
    target = float(full.weights @ full.frame["x"])
    lost = panel.weight_sample(2)
    assert abs(mean(lost, "x").value[0] - mean(full, "x").value[0]) > 0.1
    assert abs(mean(s, "x").value[0] - mean(full, "x").value[0]) < 0.05
    chained = weighted(
        panel,
        then=lambda t: calibrate(
            trim(t, upper=12.0), {"x": target, "1": float(full.weights.sum())}
        ),
    )
    c = chained.weight_sample(2)
    expected = ["StabilisedPropensity", "KnownFactor", "Calibration"]
    assert [type(step).__name__ for step in c.design.steps] == expected
    e = total(c, "x")
    np.testing.assert_allclose(e.value[0], target, rtol=1e-9)
    assert e.se[0] < 1e-6


def test_fixed_weights_show_the_difference(panel: TracerPanel) -> None:
    s, f = (
        outcome(weighted(panel, covariates=["x"]), 3),
        outcome(weighted(panel, covariates=["x"], fixed_weights=True), 3),
    )
    a, b = mean(s, "outcome"), mean(f, "outcome")
    np.testing.assert_allclose(a.value, b.value, rtol=1e-12)
    assert abs(a.se[0] / b.se[0] - 1) > 1e-3
    assert any("treated as fixed" in note for note in b.notes)


def test_the_domain_narrows_the_estimate_and_not_the_weights(panel: TracerPanel) -> None:
    p = weighted(panel)
    women = (p.sample.frame["sex"] == "f").to_numpy()
    np.testing.assert_array_equal(
        p.where(women).weight_sample(3).weights, p.weight_sample(3).weights
    )
    np.testing.assert_array_equal(p.where(women).weight_sample(3).domain, women)


def test_every_bad_argument_is_named(panel: TracerPanel) -> None:
    gaps = panel.with_columns({"gap": panel.sample.frame["x"].where(panel.sample.frame.index > 2)})
    with pytest.raises(DesignError) as error:
        attrition_weights(
            gaps,
            ["gap", "nowhere"],
            method="forest",
            stabilised=False,
            restricted=["arm"],
            lagged=["elsewhere"],
        )
    for word in ("'gap'", "p0000", "'nowhere'", "'forest'", "restricted", "'elsewhere'"):
        assert word in str(error.value)
    with pytest.raises(DesignError, match="cannot be fitted"):
        attrition_weights(
            panel.with_columns({"twin": panel.sample.frame["x"] * 2}), ["x", "twin"]
        ).weight_sample(3)


def test_a_narrowed_panel_is_modelled_as_it_is_and_not_as_everybody():
    """Two programmes that lose different people: the weights of one are those of a panel that
    holds nobody else, and narrowing afterwards keeps the weights of everybody.
    """
    persons, waves = small()
    long = waves.merge(persons, on="person_id")
    named = {"wave": "wave", "weights": "w", "psu": "psu", "disposition": "disp"}
    panel = TracerPanel.from_frame(long, "person_id", **named)
    women = (panel.sample.frame["sex"] == "f").to_numpy()
    alone = TracerPanel.from_frame(long[long["sex"] == "f"], "person_id", **named)
    for method in ("logit", "probit"):
        narrowed = attrition_weights(panel.where(women), ["x", "arm"], method)
        of_women = attrition_weights(alone, ["x", "arm"], method)
        for waves_asked in ([1], [1, 3]):
            inside, own = narrowed.weight_sample(waves_asked), of_women.weight_sample(waves_asked)
            np.testing.assert_allclose(inside.weights[women], own.weights, rtol=1e-10)
            outside = ~women & ~panel.refreshed
            np.testing.assert_allclose(
                inside.weights[outside], panel.sample.weights[outside], rtol=1e-12
            )
            assert any("outside the domain keep" in s.name for s in inside.design.steps)
    later = attrition_weights(panel, ["x", "arm"]).where(women)
    of_all = attrition_weights(panel, ["x", "arm"])
    np.testing.assert_array_equal(
        later.weight_sample([1]).weights, of_all.weight_sample([1]).weights
    )
