"""Balanced half-samples and Fay's method against R survey 4.1.1: equal with R's half-samples and,
with ours, equal to R's numbers on ours; only the Hadamard matrix differs.

Any balanced matrix gives a total the linearised variance exactly. What is no linear function of
totals depends on which half-samples are drawn: R looks its matrix up among those it ships, this
package takes Sylvester's, and the standard errors part by up to a tenth here. Data and numbers:
r_half_samples.R beside this file.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mismes_eval.estimate.regression import logit, ols
from mismes_eval.estimate.totals import mean, ratio, total
from mismes_eval.weighting.replicate_weights import ReplicateWeights
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample

RHO = {"brr": 0.0, "fay": 0.3}
NUMBERS = {
    "total": lambda s: total(s, ["y", "x"]),
    "mean": lambda s: mean(s, ["y", "b"]),
    "ratio": lambda s: ratio(s, "y", "x"),
    "ols": lambda s: ols(s, "y ~ x + b"),
    "logit": lambda s: logit(s, "b ~ x"),
    "domain": lambda s: mean(s, "y", by="b"),
}


@cache
def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        Path(__file__).with_name("r_half_samples.json").read_text(encoding="utf-8")
    )
    return found


def frame() -> pd.DataFrame:
    return pd.DataFrame(told()["data"])


def ours(method: str) -> Sample:
    s = Sample.from_frame(frame(), weights="w", strata="stratum", psu="psu")
    return replicates(s, method, rho=RHO[method]) if method == "fay" else replicates(s, method)


def of_r(method: str) -> Sample:
    """The sample with the factors that R made."""
    factor = np.array(told()[method]["factor"])[frame()["psu"].to_numpy(int)]
    names = [f"f{j}" for j in range(factor.shape[1])]
    rho = {"rho": RHO[method]} if method == "fay" else {}
    made = ReplicateWeights(names, method, combined=False, **rho)
    return Sample.from_frame(
        frame().join(pd.DataFrame(factor, columns=names)), weights="w", replicates=made
    )


@pytest.mark.golden
@pytest.mark.parametrize("method", RHO)
@pytest.mark.parametrize("number", NUMBERS)
def test_the_same_half_samples_give_the_same_numbers(method: str, number: str) -> None:
    np.testing.assert_allclose(
        NUMBERS[number](of_r(method)).se, told()[method]["picked"][number], rtol=1e-9
    )
    np.testing.assert_allclose(
        NUMBERS[number](ours(method)).se, told()[method]["sylvester"][number], rtol=1e-9
    )


@pytest.mark.golden
@pytest.mark.parametrize("method", RHO)
def test_the_matrices_differ_and_both_are_balanced(method: str) -> None:
    made = ours(method).design.replicates
    theirs, mine = (
        np.sign(np.asarray(factor)[::2] - 1) for factor in (told()[method]["factor"], made.factor)
    )  # of the first PSU of each stratum
    assert theirs.shape == mine.shape == (12, 16)
    for half in (theirs, mine):
        np.testing.assert_array_equal(half @ half.T, 16 * np.eye(12))
        np.testing.assert_array_equal(half.sum(axis=1), 0)
    assert {tuple(row * row[0]) for row in theirs.T} != {tuple(row * row[0]) for row in mine.T}
    linearised = told()["linearised_total"]
    np.testing.assert_allclose(told()[method]["picked"]["total"], linearised, rtol=1e-12)
    np.testing.assert_allclose(total(ours(method), ["y", "x"]).se, linearised, rtol=1e-12)
    parted = np.abs(
        np.array(told()[method]["picked"]["ratio"]) / ratio(ours(method), "y", "x").se - 1
    )
    assert 0.05 < parted.max() < 0.15
