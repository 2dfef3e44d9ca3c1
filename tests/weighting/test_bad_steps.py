"""Arguments of weight steps in every form, and those that mean nothing: one error of the package,
never a wrong weight.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import DesignError, DesignWarning
from mismes_eval.estimate.totals import mean
from mismes_eval.tracer.attrition import response_step
from mismes_eval.weighting.calibrate import calibrate, poststratify
from mismes_eval.weighting.diagnostics import kish_deff, weight_diagnostics
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.phases import two_phase
from mismes_eval.weighting.replicate_weights import ReplicateWeights
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.trim import trim

N = 240


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    return pd.DataFrame(
        {
            "w": rng.uniform(1, 9, N),
            "psu": np.arange(N) // 12,
            "sex": rng.choice(["F", "M"], N),
            "age": rng.choice(["a", "b", "c"], N),
            "x": rng.gamma(2.0, 3.0, N),
            "y": rng.normal(20, 4, N),
            "came": rng.random(N) < 0.7,
            "day": pd.Timestamp("2020-01-01"),
            "text": "yes",
        }
    )


@pytest.fixture
def sample(frame: pd.DataFrame) -> Sample:
    return Sample.from_frame(frame, weights="w", psu="psu")


def test_totals_as_series_are_totals_as_mappings(sample: Sample) -> None:
    known, size = {"F": 600.0, "M": 500.0}, 7000.0
    wanted = calibrate(sample, {"sex": known, "x": size}).weights
    np.testing.assert_array_equal(
        calibrate(sample, {"sex": pd.Series(known), "x": size}).weights, wanted
    )
    np.testing.assert_array_equal(
        calibrate(sample, pd.Series({"sex": known, "x": size})).weights, wanted
    )  # type: ignore[arg-type]
    one = poststratify(sample, ["sex"], {("F",): 600.0, ("M",): 500.0}).weights  # type: ignore[dict-item]
    np.testing.assert_array_equal(one, poststratify(sample, "sex", known).weights)  # type: ignore[arg-type]
    se = mean(calibrate(sample, {"sex": known}, total_se={"sex": {"F": 30.0, "M": 20.0}}), "y").se
    np.testing.assert_array_equal(
        mean(
            calibrate(sample, {"sex": known}, total_se={"sex": pd.Series({"F": 30.0, "M": 20.0})}),
            "y",
        ).se,
        se,
    )  # type: ignore[dict-item]


@pytest.mark.parametrize("covariate", ["category", "string", "string[pyarrow]", "object"])
def test_a_response_model_reads_every_kind_of_text_and_leaves_out_categories_without_rows(
    frame: pd.DataFrame, covariate: str
) -> None:
    plain = nonresponse(Sample.from_frame(frame, weights="w"), "came", ["sex", "x"])
    kind = pd.CategoricalDtype(["M", "F", "unused"]) if covariate == "category" else covariate
    other = nonresponse(
        Sample.from_frame(
            frame.assign(sex=frame["sex"].astype(kind), x=frame["x"].astype("Float64")), weights="w"
        ),
        "came",
        ["sex", "x"],
    )
    np.testing.assert_allclose(other.weights, plain.weights, rtol=1e-12)


def test_columns_of_a_response_model_have_any_name(frame: pd.DataFrame) -> None:
    plain = nonresponse(Sample.from_frame(frame, weights="w"), "came", ["sex", "x"])
    odd = nonresponse(
        Sample.from_frame(frame.rename(columns={"sex": "a `b` + c", "x": "3 x"}), weights="w"),
        "came",
        ["a `b` + c", "3 x"],
    )
    np.testing.assert_array_equal(odd.weights, plain.weights)


@pytest.mark.parametrize("method", ["logit", "cells"])
def test_without_covariates_there_is_one_response_rate(
    sample: Sample, frame: pd.DataFrame, method: str
) -> None:
    s = nonresponse(sample, "came", [], method=method)
    rate = frame.loc[frame["came"], "w"].sum() / frame["w"].sum()
    np.testing.assert_allclose(
        s.weights, np.where(frame["came"], frame["w"] / rate, 0.0), rtol=1e-12
    )
    assert "the overall rate" in s.design.steps[-1].name
    constant = nonresponse(sample.with_columns({"one": "all"}), "came", "one", method="cells")
    np.testing.assert_allclose(mean(s, "y").se, mean(constant, "y").se, rtol=1e-12)


def test_eligibility_is_yes_no_or_missing(sample: Sample, frame: pd.DataFrame) -> None:
    eligible = frame["x"] > 2
    flags = [
        eligible,
        eligible.astype(int),
        eligible.astype("boolean"),
        eligible.astype(float),
        eligible.astype(object),
    ]
    weights = [
        nonresponse(sample.with_columns({"e": e}), "came", "sex", eligible="e").weights
        for e in flags
    ]
    for w in weights[1:]:
        np.testing.assert_array_equal(w, weights[0])
    np.testing.assert_array_equal(weights[0][~eligible], frame["w"][~eligible])
    unknown = eligible.astype("boolean").where(frame.index > 5)
    assert (
        nonresponse(sample.with_columns({"e": unknown}), "came", "sex", eligible="e").weights[:6][
            ~frame["came"][:6]
        ]
        == 0
    ).all()


def test_selection_is_yes_or_no(sample: Sample, frame: pd.DataFrame) -> None:
    wanted = two_phase(sample.with_columns({"p": 0.5}), "came", "p").weights
    np.testing.assert_array_equal(wanted, np.where(frame["came"], 2 * frame["w"], 0.0))
    for flag in (
        frame["came"].astype(object),
        frame["came"].astype(int).astype(str),
        frame["came"].astype("boolean"),
    ):
        np.testing.assert_array_equal(
            two_phase(sample.with_columns({"p": "0.5", "came": flag}), "came", "p").weights, wanted
        )


def test_trimming_raises_negative_weights_and_keeps_the_sum(
    sample: Sample, frame: pd.DataFrame
) -> None:
    size = float(frame["w"].sum())
    with pytest.warns(DesignWarning, match="negative"):
        s = calibrate(sample, {"x": 0.35 * float(frame["w"] @ frame["x"]), "1": size})
    before, lower = s.weights, 0.5
    assert (before < 0).any()
    t = trim(s, lower=lower)
    moved = before < lower
    wanted = np.where(
        moved, lower, before - (lower - before[moved]).sum() / (~moved).sum()
    )  # R survey: trimWeights
    np.testing.assert_allclose(t.weights, wanted, rtol=1e-12)
    np.testing.assert_allclose(t.weights.sum(), size, rtol=1e-12)
    pushed = int((wanted < lower - 1e-12).sum())
    assert pushed > 0
    assert f"{pushed} weights pushed beyond a cap" in t.design.steps[-1].name
    assert "pushed" not in trim(sample, upper=8.0, redistribute=False).design.steps[-1].name


def test_diagnostics_by_several_columns(sample: Sample, frame: pd.DataFrame) -> None:
    table = weight_diagnostics(trim(sample, upper=8.0), by=["sex", "age"])
    assert len(table) == 2 * (1 + 6)
    row = table[(table["step"] == 0) & (table["sex"] == "M") & (table["age"] == "b")].iloc[0]
    w = frame.loc[(frame["sex"] == "M") & (frame["age"] == "b"), "w"].to_numpy()
    expected = [w.size, w.sum(), kish_deff(w), w.max() / w.min()]
    np.testing.assert_allclose([row["n"], row["sum"], row["kish_deff"], row["ratio"]], expected)
    pd.testing.assert_frame_equal(
        weight_diagnostics(sample, by=["sex"]), weight_diagnostics(sample, by="sex")
    )


def test_diagnostics_count_negative_weights(sample: Sample, frame: pd.DataFrame) -> None:
    with pytest.warns(DesignWarning, match="negative"):
        s = calibrate(sample, {"x": 0.35 * float(frame["w"] @ frame["x"]), "1": 1000.0})
    last = weight_diagnostics(s).iloc[-1]
    assert last["n"] == N
    np.testing.assert_allclose(last["sum"], 1000.0)
    np.testing.assert_allclose(last["kish_deff"], N * (s.weights**2).sum() / 1000.0**2)
    assert np.isnan(last["ratio"])


def _replicated(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    rng = np.random.default_rng(3)
    names = [f"r{j}" for j in range(6)]
    return pd.concat(
        [
            frame,
            pd.DataFrame(frame["w"].to_numpy()[:, None] * rng.poisson(1.0, (N, 6)), columns=names),
        ],
        axis=1,
    ), names


def test_replicate_columns_are_a_list_or_an_index(frame: pd.DataFrame) -> None:
    wide, names = _replicated(frame)
    listed = Sample.from_frame(wide, weights="w", replicates=ReplicateWeights(names, "bootstrap"))
    indexed = Sample.from_frame(
        wide, weights="w", replicates=ReplicateWeights(pd.Index(names), "bootstrap")
    )  # type: ignore[arg-type]
    np.testing.assert_array_equal(mean(listed, "y").se, mean(indexed, "y").se)


@pytest.mark.parametrize("method", ["logit", "probit"])
def test_a_response_that_is_the_same_for_everybody_says_so_and_what_to_do(
    sample: Sample, method: str
) -> None:
    risk = np.ones(N, bool)
    for r, what, fix in (
        (
            np.ones(N),
            "everybody responded: a wave. Expected respondents and nonrespondents, got no nonrespondent.",
            "Leave the step out: no weight would change.",
        ),
        (
            np.zeros(N),
            "nobody responded: a wave. Expected respondents and nonrespondents, got no respondent.",
            "Look whether answers are coded as they should be",
        ),
        (
            (sample.frame["sex"] == "F").to_numpy(float),
            "the response propensity cannot be fitted: a wave.",
            "Merge categories or drop a covariate.",
        ),
    ):
        with pytest.raises(DesignError) as caught:
            response_step("a wave", method, sample.frame, ["sex"], r, sample.weights, risk)
        assert what in str(caught.value) and fix in str(caught.value)
    everybody = sample.with_columns({"came": True})
    if method == "logit":
        with pytest.raises(
            DesignError,
            match=r"everybody responded: nonresponse \(logit\) on sex.*Leave the step out",
        ):
            nonresponse(everybody, "came", ["sex"])
        np.testing.assert_array_equal(
            nonresponse(everybody, "came", ["sex"], method="cells").weights, sample.weights
        )
