"""Golden: fixest (event study, Sun-Abraham, weights) at 1e-10, did2s and didimputation at 1e-9,
etwfe; identities: linearmodels with the right degrees of freedom, imputation by dummies.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linearmodels.panel import PanelOLS

import mismes_eval as me

from ..derivative import by_weight

STAGG = {"unit": "id", "time": "year", "covariates": ["x1"], "small_sample": "nested"}


def equal_weights(frame: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(frame.copy().assign(one=1.0), weights="one")


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "reference/did"


@pytest.fixture(scope="module")
def golden(folder: Path) -> dict[str, dict]:
    return {
        **json.loads((folder / "twfe_sunab_bacon.json").read_text()),
        **json.loads((folder / "imputation_did2s_etwfe_sdid.json").read_text()),
    }


@pytest.mark.shared
def test_fixest(folder: Path, golden: dict) -> None:
    stagg, did = pd.read_csv(folder / "base_stagg.csv"), pd.read_csv(folder / "base_did.csv")
    stagg["e"] = np.where(stagg["treated"] == 1, stagg["time_to_treatment"], np.inf)
    did["e"] = np.where(did["treat"] == 1, did["period"] - 5, np.inf)
    s = equal_weights(stagg)
    pairs = [
        (me.sun_abraham(s, "y", "year_treated", **STAGG), "base_stagg_sunab_clid", 1),
        (me.sun_abraham(s, "y", "year_treated", by="att", **STAGG), "base_stagg_sunab_att_clid", 1),
        (me.two_way(s, "y", event_time="e", **STAGG), "base_stagg_twfe_es", 0),
        (
            me.two_way(
                equal_weights(did),
                "y",
                event_time="e",
                unit="id",
                time="period",
                covariates=["x1"],
                reference=(0,),
                small_sample="nested",
            ),
            "base_did_es_clid",
            0,
        ),
    ]
    for estimate, name, first in pairs:
        np.testing.assert_allclose(estimate.value, golden[name]["coef"][first:], atol=1e-10)
        np.testing.assert_allclose(estimate.se, golden[name]["se"][first:], atol=1e-10)
    cohort = me.sun_abraham(s, "y", "year_treated", by="cohort", **STAGG)
    np.testing.assert_allclose(
        cohort.value, golden["base_stagg_sunab_cohort"]["coef"][1:], atol=1e-10
    )


@pytest.mark.shared
@pytest.mark.parametrize(("weights", "name"), [("one", "castle_twfe"), ("popwt", "castle_twfe_w")])
def test_static_with_weights(folder: Path, golden: dict, weights: str, name: str) -> None:
    frame = pd.read_csv(
        folder / "castle.csv.gz", usecols=["state", "year", "post", "l_homicide", "popwt"]
    ).assign(one=1.0)
    e = me.two_way(
        me.Sample.from_frame(frame, weights=weights),
        "l_homicide",
        "post",
        unit="state",
        time="year",
        small_sample="nested",
    )
    np.testing.assert_allclose(
        [e.value[0], e.se[0]], [golden[name]["coef"], golden[name]["se"]], atol=1e-10
    )


@pytest.mark.shared
def test_imputation_against_did2s_and_didimputation(folder: Path, golden: dict) -> None:
    """A cohort with one period before treatment is kept: -0.0477 on mpdta, not -0.0337."""
    mpdta = equal_weights(pd.read_csv(folder / "mpdta.csv"))
    e = me.imputation(mpdta, "lemp", "first.treat", "countyreal", "year")
    assert e.value[0] == pytest.approx(golden["mpdta_did2s_static"]["coef"], abs=1e-8)
    assert e.se[0] * np.sqrt(499 / 500) == pytest.approx(
        golden["mpdta_did2s_static"]["se"], abs=1e-9
    )
    het = pd.read_csv(folder / "df_het.csv.gz", usecols=["unit", "state", "g", "year", "dep_var"])
    s, n = equal_weights(het), het["unit"].nunique()
    by_state = me.imputation(s, "dep_var", "g", "unit", "year", cluster="state")
    assert by_state.value[0] == pytest.approx(golden["df_het_did2s_static"]["coef"], abs=1e-7)
    assert by_state.se[0] * np.sqrt(39 / 40) == pytest.approx(
        golden["df_het_did2s_static"]["se"], abs=1e-9
    )
    careful, r = (
        me.imputation(s, "dep_var", "g", "unit", "year", by="event", errors="conservative"),
        golden["df_het_impute_es"],
    )
    np.testing.assert_allclose(
        careful.value, r["estimate"], atol=2e-7
    )  # didimputation stops its alternating projections at about this distance
    np.testing.assert_allclose(careful.se * np.sqrt((n - 1) / n), r["std.error"], atol=1e-9)


@pytest.mark.shared
def test_imputation_is_extended_two_way_regression(folder: Path) -> None:
    r = json.loads((folder / "etwfe.json").read_text())["mpdta_etwfe_nocov"]
    s = equal_weights(pd.read_csv(folder / "mpdta.csv"))
    for by, name in (("att", "simple"), ("event", "event"), ("cohort", "group")):
        e = me.imputation(s, "lemp", "first.treat", "countyreal", "year", by=by)
        np.testing.assert_allclose(e.value, np.atleast_1d(r[name]["estimate"]), atol=1e-8)


def simulated(n: int = 120, seed: int = 3) -> pd.DataFrame:
    """SYNTHETIC panel, weights that differ between rows."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "person": np.repeat(np.arange(n), 6),
            "period": np.tile(np.arange(1, 7), n),
            "g": np.repeat(rng.choice([0, 3, 5], n), 6),
            "alpha": np.repeat(rng.normal(size=n), 6),
        }
    )
    frame["d"] = ((frame["g"] > 0) & (frame["period"] >= frame["g"])).astype(float)
    frame["x"], frame["w"] = rng.normal(size=len(frame)), rng.uniform(1, 2, len(frame))
    frame["y"] = (
        frame["alpha"]
        + 0.3 * frame["period"]
        + frame["d"] * (frame["period"] - frame["g"] + 1)
        + 0.5 * frame["x"]
        + rng.normal(size=len(frame))
    )
    return frame


@pytest.mark.parametrize("gaps", [False, True])
def test_linearmodels_with_the_right_degrees_of_freedom(gaps: bool) -> None:
    """Its defaults count the nested unit effects and inflate the error; auto_df=False,
    count_effects=False is the design's error times (n - 1)/(n - k).
    """
    frame = simulated()
    frame = (
        frame[(frame["person"] * 7 + frame["period"] * 3) % 11 > 0].reset_index(drop=True)
        if gaps
        else frame
    )
    ours = me.two_way(
        me.Sample.from_frame(frame, weights="w"),
        "y",
        "d",
        unit="person",
        time="period",
        covariates=["x"],
    )
    indexed = frame.set_index(["person", "period"])
    model = PanelOLS(
        indexed["y"],
        indexed[["x", "d"]],
        entity_effects=True,
        time_effects=True,
        weights=indexed["w"],
    )
    theirs = model.fit(
        cov_type="clustered",
        cluster_entity=True,
        auto_df=False,
        count_effects=False,
        group_debias=True,
    )
    np.testing.assert_allclose(ours.value, theirs.params.to_numpy(), atol=1e-10)
    np.testing.assert_allclose(
        ours.se * np.sqrt((len(frame) - 1) / (len(frame) - 2)),
        theirs.std_errors.to_numpy(),
        rtol=1e-9,
    )


def test_rules_of_degrees_of_freedom_are_factors() -> None:
    frame = simulated()
    s = me.Sample.from_frame(frame, weights="w")
    by = {
        rule: me.two_way(s, "y", "d", unit="person", time="period", small_sample=rule).se[0]
        for rule in ("design", "nested", "full")
    }
    n = len(frame)
    assert by["nested"] / by["design"] == pytest.approx(np.sqrt((n - 1) / (n - 1 - 6)))
    assert by["full"] / by["design"] == pytest.approx(np.sqrt((n - 1) / (n - 1 - 120 - 6 + 1)))


def test_missing_zero_and_late_cohorts_are_never_treated() -> None:
    frame = simulated()
    as_missing = frame.assign(g=frame["g"].replace(0, np.nan))
    as_late = frame.assign(g=frame["g"].replace(0, 99))
    for call in (me.imputation, me.sun_abraham):
        values = [
            call(me.Sample.from_frame(f, weights="w"), "y", "g", "person", "period").value
            for f in (frame, as_missing, as_late)
        ]
        np.testing.assert_array_equal(values[0], values[1])
        np.testing.assert_array_equal(values[0], values[2])


def test_replicate_designs_refit_the_regression() -> None:
    """Jackknife errors of two_way, sun_abraham and imputation beside the linearised ones, 24 PSUs
    in 4 strata; a rule for degrees of freedom is refused there.
    """
    rng = np.random.default_rng(6)
    n = 240
    g, person = rng.choice([0, 3, 5], n), np.arange(n)
    alpha, w = rng.normal(size=n), rng.uniform(1, 3, n)
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "person": person,
                    "period": t,
                    "g": g,
                    "w": w,
                    "psu": person % 24,
                    "stratum": person % 4,
                    "event": np.where(g > 0, t - g, np.inf),
                    "y": alpha + 0.2 * t + ((g > 0) & (t >= g)) + rng.normal(size=n),
                }
            )
            for t in range(1, 7)
        ],
        ignore_index=True,
    )
    s = me.Sample.from_frame(frame, weights="w", strata="stratum", psu="psu")
    r = me.replicates(s, method="jackknife")
    for fit in (
        lambda v: me.two_way(v, "y", event_time="event", unit="person", time="period"),
        lambda v: me.sun_abraham(v, "y", "g", unit="person", time="period"),
        lambda v: me.imputation(v, "y", "g", unit="person", time="period", by="event"),
    ):
        linear, jackknife = fit(s), fit(r)
        np.testing.assert_allclose(jackknife.value, linear.value, rtol=1e-12)
        np.testing.assert_allclose(jackknife.se, linear.se, rtol=0.15)
        assert (np.abs(jackknife.se / linear.se - 1) > 1e-9).any()


def test_imputation_with_covariates_and_gaps_is_by_dummies_and_its_influence_is_the_derivative() -> (
    None
):
    rng = np.random.default_rng(9)
    frame = simulated()
    frame = frame.assign(x=rng.normal(size=len(frame)))[rng.random(len(frame)) < 0.85].reset_index(
        drop=True
    )
    frame["y"] += 0.7 * frame["x"]
    call = {
        "outcome": "y",
        "cohort": "g",
        "unit": "person",
        "time": "period",
        "by": "event",
        "covariates": "x",
    }
    e = me.imputation(me.Sample.from_frame(frame, weights="w"), **call)
    x = np.column_stack(
        [pd.get_dummies(frame[["person", "period"]].astype(str), dtype=float), frame["x"]]
    )
    w, y, free = (frame[c].to_numpy(float) for c in ("w", "y", "d"))
    used = free == 0
    beta = np.linalg.lstsq(
        x[used] * np.sqrt(w[used, None]), y[used] * np.sqrt(w[used]), rcond=None
    )[0]
    seen = frame["person"].isin(frame.loc[used, "person"]).to_numpy() & ~used
    since = (frame["period"] - frame["g"]).to_numpy(float)
    direct = [
        np.average((y - x @ beta)[seen & (since == k)], weights=w[seen & (since == k)])
        for k in np.unique(since[seen])
    ]
    np.testing.assert_allclose(e.value, direct, atol=1e-9)
    rows = [0, 7, 100, 301]
    slopes = by_weight(
        lambda v: me.imputation(me.Sample.from_frame(frame.assign(w=v), weights="w"), **call).value,
        frame["w"].to_numpy(),
        rows,
    )
    np.testing.assert_allclose(slopes, e.influence[rows], atol=1e-7)
