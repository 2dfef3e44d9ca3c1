"""Decompositions add up, equal statsmodels' values, and their standard errors equal the jackknife
that redoes every step.
"""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.oaxaca import OaxacaBlinder

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.decomposition import adjusted_gap, oaxaca_blinder, reweighted_gap
from mismes_eval.estimate.totals import mean
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample

X = ["educ", "exper", "urban"]


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    n = 1200
    psu = np.arange(n) // 10
    f = pd.DataFrame(
        {
            "psu": psu,
            "strata": psu // 20,
            "w": rng.uniform(1, 5, n),
            "educ": rng.integers(4, 18, n),
            "exper": rng.integers(0, 40, n),
            "urban": rng.choice(["u", "r"], n),
        }
    )
    place = rng.normal(0, 0.3, psu.max() + 1)[psu]
    f["ret"] = rng.random(n) < 1 / (1 + np.exp(1.5 - 0.1 * f["educ"] - place))
    f["y"] = (
        0.08 * f["educ"]
        + 0.01 * f["exper"]
        + 0.2 * (f["urban"] == "u")
        + f["ret"] * (0.1 + 0.01 * f["educ"])
        + place
        + rng.normal(0, 0.4, n)
    )
    return f


@pytest.fixture(scope="module")
def sample(frame):
    return Sample.from_frame(frame, weights="w", strata="strata", psu="psu")


def jackknife(frame, statistic):
    """Covariance from deleting each PSU and reweighting its stratum (JKn, centred on the full
    estimate).
    """
    full = statistic(Sample.from_frame(frame, weights="w", strata="strata", psu="psu")).value
    out = np.zeros((full.size, full.size))
    for h, rows in frame.groupby("strata"):
        m = rows["psu"].nunique()
        for p in rows["psu"].unique():
            w = (
                frame["w"]
                .where(frame["strata"] != h, frame["w"] * m / (m - 1))
                .where(frame["psu"] != p, 0.0)
            )
            d = (
                statistic(
                    Sample.from_frame(frame.assign(w=w), weights="w", strata="strata", psu="psu")
                ).value
                - full
            )
            out += np.outer(d, d) * (m - 1) / m
    return np.sqrt(np.diag(out))


def test_parts_add_to_the_gap_and_the_gap_is_a_difference_of_means(sample):
    gap = mean(sample, "y", by="ret").contrast({"y, ret=True": 1, "y, ret=False": -1})
    for e in (oaxaca_blinder(sample, "y", "ret", X), reweighted_gap(sample, "y", "ret", X)):
        np.testing.assert_allclose(e.value[0], gap.value[0], rtol=1e-10)
        np.testing.assert_allclose(e.se[0], gap.se[0], rtol=1e-10)
        np.testing.assert_allclose(e.value[1] + e.value[2], e.value[0], rtol=1e-12)
        np.testing.assert_allclose(
            e.contrast({e.names[1]: 1, e.names[2]: 1}).se, e.se[0], rtol=1e-10
        )
    detail = oaxaca_blinder(sample, "y", "ret", X, detail=True)
    np.testing.assert_allclose(detail.value[3:].sum(), detail.value[1], rtol=1e-12)


def test_values_equal_statsmodels_without_weights(frame):
    s = Sample.from_frame(frame.assign(w=1.0), weights="w")
    x = np.column_stack(
        [np.ones(len(frame)), frame["educ"], frame["exper"], frame["urban"] == "u", frame["ret"]]
    ).astype(float)
    model = OaxacaBlinder(frame["y"].to_numpy(), x, 4, hasconst=True, swap=False)
    unexplained, explained, gap = model.two_fold(two_fold_type="pooled").params
    np.testing.assert_allclose(
        np.abs(oaxaca_blinder(s, "y", "ret", X, reference="pooled").value),
        np.abs([gap, explained, unexplained]),
        rtol=1e-8,
    )


@pytest.mark.whole
@pytest.mark.parametrize(
    "statistic",
    [
        lambda s: oaxaca_blinder(s, "y", "ret", X),
        lambda s: reweighted_gap(s, "y", "ret", X),
        pytest.param(
            lambda s: oaxaca_blinder(s, "y", "ret", X, reference="pooled"), marks=pytest.mark.slow
        ),
        pytest.param(lambda s: adjusted_gap(s, "y", "ret", X), marks=pytest.mark.slow),
    ],
    ids=["comparison", "reweighted", "pooled", "regression"],
)
def test_standard_errors_equal_the_jackknife(frame, sample, statistic):
    np.testing.assert_allclose(statistic(sample).se, jackknife(frame, statistic), rtol=0.03)


@pytest.mark.whole
def test_replicate_weights_redo_every_step(frame):
    frame = frame.head(400)
    r = replicates(
        Sample.from_frame(frame, weights="w", strata="strata", psu="psu"),
        method="jackknife",
        mse=True,
    )
    for f in (oaxaca_blinder, reweighted_gap, adjusted_gap):
        np.testing.assert_allclose(
            f(r, "y", "ret", X).se, jackknife(frame, lambda s, f=f: f(s, "y", "ret", X)), rtol=1e-9
        )


def test_reweighting_on_one_category_is_standardisation(frame, sample):
    e = reweighted_gap(sample, "y", "ret", ["urban"])
    w, y, a = frame["w"], frame["y"], frame["ret"]
    share = w[a].groupby(frame["urban"][a]).sum() / w[a].sum()
    cell = (w * y)[~a].groupby(frame["urban"][~a]).sum() / w[~a].groupby(frame["urban"][~a]).sum()
    np.testing.assert_allclose(
        e.value[2], np.average(y[a], weights=w[a]) - (share * cell).sum(), rtol=1e-9
    )


def test_what_cannot_be_decomposed_is_said(frame, sample):
    with pytest.raises(EstimateError, match="both groups"):
        oaxaca_blinder(sample.where(frame["ret"]), "y", "ret", X)
    with pytest.raises(EstimateError, match="reweighted"):
        reweighted_gap(
            Sample.from_frame(frame.assign(twin=frame["ret"].astype(int)), weights="w"),
            "y",
            "ret",
            ["twin"],
        )
    with pytest.raises(EstimateError, match="'double' is made of"):
        adjusted_gap(
            Sample.from_frame(frame.assign(double=2 * frame["educ"]), weights="w"),
            "y",
            "ret",
            ["educ", "double"],
        )
    with pytest.raises(EstimateError, match="missing values"):
        adjusted_gap(
            Sample.from_frame(frame.assign(educ=frame["educ"].where(frame.index > 3)), weights="w"),
            "y",
            "ret",
            X,
        )
    with pytest.raises(EstimateError, match="reference"):
        oaxaca_blinder(sample, "y", "ret", X, reference="reimers")
