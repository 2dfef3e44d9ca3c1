"""A domain without rows is NotEstimable with its reason for every verb of estimation, and a
misspelt column or group never is.
"""

from __future__ import annotations

import inspect
import pickle
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import EmptyDomain, EstimateError
from mismes_eval.estimate import totals
from mismes_eval.public import public
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample

N = 60
VERBS: dict[str, Callable[[Sample, str], object]] = {
    "total": lambda s, y: me.total(s, y, by="area"),
    "mean": lambda s, y: me.mean(s, [y, "sex"]),
    "proportion": lambda s, y: me.proportion(s, [y, "sex"], by="area"),
    "ratio": lambda s, y: me.ratio(s, y, "x", by=["area", "sex"]),
    "quantile": lambda s, y: me.quantile(s, y, [0.5, 0.9], by="sex"),
    "variance": lambda s, y: me.variance(s, [y, "x"]),
    "ols": lambda s, y: me.ols(s, f"x ~ {y}"),
    "logit": lambda s, y: me.logit(s, f"{y} ~ x"),
    "poisson": lambda s, y: me.poisson(s, f"{y} ~ x"),
    "survival": lambda s, y: me.survival(s, "x", y, times=[1.0]),
    "cumulative_incidence": lambda s, y: me.cumulative_incidence(s, "x", y, 1),
    "adjusted_gap": lambda s, y: me.adjusted_gap(s, "x", y, ["area"]),
    "oaxaca_blinder": lambda s, y: me.oaxaca_blinder(s, "x", y, ["area"]),
    "reweighted_gap": lambda s, y: me.reweighted_gap(s, "x", y, ["area"]),
}


@pytest.fixture
def sample() -> Sample:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "w": rng.uniform(1, 3, N),
            "psu": np.arange(N) // 5,
            "sex": rng.choice(["F", "M"], N),
            "area": rng.choice(["r", "u"], N),
            "x": rng.gamma(2.0, 3.0, N),
            "b": np.arange(N) % 3 == 0,
        }
    )
    return Sample.from_frame(frame, weights="w", psu="psu")


@pytest.mark.parametrize("verb", VERBS)
def test_a_domain_without_rows_is_an_answer(sample: Sample, verb: str) -> None:
    for s in (sample, replicates(sample, "jackknife")):
        found = VERBS[verb](s.where(np.zeros(N, bool)), "b")
        assert isinstance(found, me.NotEstimable)
        assert (
            found.reason
            == f"{verb} has an empty domain. Expected at least one row with a weight above 0, got none. Widen the mask of where()."
        )
        assert not isinstance(VERBS[verb](s, "b"), me.NotEstimable)


@pytest.mark.parametrize("verb", VERBS)
def test_a_misspelt_column_stays_an_error_over_a_domain_without_rows(
    sample: Sample, verb: str
) -> None:
    with pytest.raises(EstimateError, match="'bb'") as caught:
        VERBS[verb](sample.where(np.zeros(N, bool)), "bb")
    assert not isinstance(caught.value, EmptyDomain)


@pytest.mark.parametrize("verb", ["total", "mean", "proportion", "quantile", "variance"])
def test_a_misspelt_group_stays_an_error_over_a_domain_without_rows(
    sample: Sample, verb: str
) -> None:
    empty = sample.where(np.zeros(N, bool))
    for by, words in (
        ("arae", "unknown column: column 'arae'"),
        (["sex", "sex"], "twice"),
        (3.5, "argument 'by'"),
    ):
        with pytest.raises(EstimateError, match=words):
            getattr(me, verb)(empty, "x", *([0.5] if verb == "quantile" else []), by=by)


def test_rows_without_weight_are_no_rows(sample: Sample) -> None:
    frame = sample.frame.assign(w=np.where(sample.frame["sex"] == "F", 0.0, 1.0))
    s = Sample.from_frame(frame, weights="w", psu="psu")
    assert isinstance(me.mean(s.where(frame["sex"] == "F"), "x"), me.NotEstimable)
    assert me.mean(s, "x", by="sex").names == ("x, sex=M",)


@public(EstimateError)
def composed(sample: Sample) -> me.Estimate:
    """A verb made of another one."""
    return totals.mean(sample, "x").contrast({"x": 2.0})


def test_what_is_composed_of_estimators_still_stops(sample: Sample) -> None:
    empty = sample.where(np.zeros(N, bool))
    with pytest.raises(EmptyDomain, match="has an empty domain"):
        composed(empty)
    with pytest.raises(
        EstimateError, match=r"stack takes estimates.*NotEstimable \(mean has an empty domain"
    ):
        me.stack(me.mean(sample, "x"), me.mean(empty, "x"))
    (found,) = me.duration_quantile(empty, "x", "b").values()
    assert isinstance(found, me.NotEstimable)
    assert found.reason.startswith("duration_quantile has an empty domain")
    with pytest.raises(EstimateError, match="'bb'"):
        me.duration_quantile(empty, "x", "bb")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(me.rao_scott(empty, "sex", "area"), me.NotEstimable)


def test_verbs_keep_their_name_their_words_and_their_arguments() -> None:
    for name in VERBS:
        verb = getattr(me, name)
        assert pickle.loads(pickle.dumps(verb)) is verb and verb.__doc__ == verb.__wrapped__.__doc__
        here, there = inspect.signature(verb), inspect.signature(verb.__wrapped__)
        assert here.parameters == there.parameters
        assert here.return_annotation == there.return_annotation
