"""Indicators T1 to T12 of a made-up country: each equals its definition written out, in all of
them, and says why where it cannot be had.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.tracer import DEFINITIONS, Clock, TracerPanel, attrition_weights, indicators, read
from mismes_eval.tracer.histories import EMPLOYED, monthly

COVARIATES = ["male", "base_employed", "base_earn", "n_contacts_given"]


@pytest.fixture(scope="module")
def country(root: Path) -> TracerPanel:
    folder = root / "data_raw" / "MDA"
    p = read(
        *[
            folder / f"tracer_{name}.parquet"
            for name in ("person", "wave", "outcome", "service", "episode")
        ],
        strata="strata",
        psu="psu",
    )
    return attrition_weights(
        p.where((p.sample.frame["event_type"] == "RETURN").to_numpy()), COVARIATES
    )


@pytest.fixture(scope="module")
def results(country: TracerPanel) -> dict[str, Estimate | NotEstimable]:
    return indicators(country, by="arm")


@pytest.mark.whole
def test_all_are_estimates_with_words(results: dict[str, Estimate | NotEstimable]) -> None:
    assert {name.split("_")[0] for name in results} == set(DEFINITIONS)
    for name, e in results.items():
        assert isinstance(e, Estimate), f"{name}: {e}"
        assert e.definition
        assert np.isfinite(e.value).all()
        assert (e.se >= 0).all()
        assert any("SYNTHETIC" in note for note in e.notes)
        assert len(e.keys) == e.p


def one(e: Estimate | NotEstimable, **keys: object) -> float:
    assert isinstance(e, Estimate)
    chosen = np.ones(e.p, bool)
    for column, value in keys.items():
        chosen &= (e.keys[column] == value).to_numpy()
    assert chosen.sum() == 1
    return float(e.value[chosen][0])


def test_values_are_their_definitions(
    country: TracerPanel, results: dict[str, Estimate | NotEstimable]
) -> None:
    frame = country.sample.frame
    s = country.weight_sample(3)
    treated = (frame["arm"] == "T").to_numpy()
    inside = s.active & treated

    def average(v: np.ndarray, rows: np.ndarray) -> float:
        return float(np.average(v[rows], weights=s.weights[rows]))

    status = country.values("lstatus", 3)
    assert np.isclose(
        one(results["T4"], arm="T", months=24, variable="employed"), average(status == 1, inside)
    )
    match = pd.Series(country.values("match_level", 3))
    told = inside & match.notna().to_numpy() & pd.notna(country.values("match_field", 3))
    assert np.isclose(
        one(results["T6"], arm="T", months=24, variable="level matches"),
        average((match == "MATCH").to_numpy(), told),
    )
    state = monthly(country, after=24)
    known = inside & ~pd.isna(state[:, 1:25]).any(axis=1)
    work = np.isin(np.where(pd.isna(state), "", state), EMPLOYED)
    assert np.isclose(
        one(results["T7"], arm="T", months=24), average(work[:, 1:25].mean(axis=1), known)
    )
    last = inside & ~pd.isna(state[:, 19:25]).any(axis=1)
    assert np.isclose(
        one(results["T8"], arm="T", months=24), average(work[:, 19:25].all(axis=1), last)
    )
    score = country.values("rsi_total", 3)
    scored = inside & np.isfinite(score)
    assert np.isclose(
        one(results["T11"], arm="T", months=24, variable="rsi_total mean"),
        average(np.nan_to_num(score), scored),
    )
    assert np.isclose(
        one(results["T11"], arm="T", months=24, variable="rsi_total at least 0.66"),
        average(score >= 0.66, scored),
    )
    pay = country.values("earn_home_ppp", 3)
    assert np.isclose(
        one(results["T12"], arm="T", months=24),
        average(np.nan_to_num(pay), inside & np.isfinite(pay) & (status == 1)),
    )
    base = country.sample.weights
    answered = {
        arm: np.average(
            country.responded[rows & country.sample.active, 4],
            weights=base[rows & country.sample.active],
        )
        for arm, rows in (("T", treated), ("C", ~treated))
    }
    assert np.isclose(one(results["T3"], wave=4), answered["T"] - answered["C"])
    assert one(results["T9"], arm="T", time=36.0) > one(results["T9"], arm="T", time=12.0)


def test_parts_of_t4_add_up_with_their_covariance(
    results: dict[str, Estimate | NotEstimable],
) -> None:
    e = results["T4"]
    assert isinstance(e, Estimate)
    names = [n for n in e.names if "arm=T" in n and "24 months" in n]
    gap = e.contrast({names[0]: 1.0, names[1]: -1.0, names[2]: -1.0})
    assert abs(gap.value[0]) < 1e-12
    assert gap.se[0] < 1e-9


def test_what_cannot_be_had_says_why(country: TracerPanel) -> None:
    bare = TracerPanel.from_frame(
        country.long.drop(columns=["business", "match_level", "match_field", "rsi_total"]),
        sample=country.sample,
        disposition="disp_code",
    )
    out = indicators(bare, arm="nowhere", clock=Clock(since="enrol_date", months=(60,)))
    for name in ("T3", "T4", "T5", "T6", "T7", "T9", "T10", "T11"):
        e = out[name]
        assert isinstance(e, NotEstimable), name
        assert e.reason
        assert e.definition == DEFINITIONS[name]
    assert isinstance(out["T1"], Estimate)
