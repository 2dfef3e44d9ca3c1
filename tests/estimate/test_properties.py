"""Regressions on a dummy are means of domains, and association does not depend on order or labels;
what else must not change an answer: `proof/test_metamorphic_survey.py`.
"""

import gc
import weakref
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismes_eval.estimate.association import rao_scott
from mismes_eval.estimate.hypothesis import Test as Result
from mismes_eval.estimate.regression import logit, ols, poisson
from mismes_eval.estimate.totals import mean, proportion, total
from mismes_eval.weighting.calibrate import calibrate
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.sample import Sample

pytestmark = pytest.mark.property
TOL = {"rtol": 1e-10, "atol": 1e-12}
SEEDS = st.integers(0, 5_000)
MARGINS = {
    "sex": {"F": 1600.0, "M": 1500.0},
    "age": {"15-24": 1000.0, "25-54": 1100.0, "55+": 1000.0},
}
STEPS: dict[str, Callable[[Sample], Sample]] = {
    "base": lambda s: s,
    "raking": lambda s: calibrate(s, MARGINS, method="raking"),
    "response then greg": lambda s: calibrate(nonresponse(s, "responded", "sex"), MARGINS),
}


def frame(seed: int, n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    psu = np.concatenate([np.arange(24), rng.integers(0, 24, n - 24)])
    y = rng.normal(10, 2, n) + rng.normal(0, 1, 24)[psu]
    return pd.DataFrame(
        {
            "w": rng.integers(5, 15, n).astype(float),
            "psu": psu,
            "stratum": psu % 4,
            "y": y,
            "x": rng.uniform(1, 3, n),
            "z": (rng.random(n) < 0.4).astype(float),
            "k": rng.poisson(3, n),
            "sex": rng.choice(["F", "M"], n),
            "age": rng.choice(["15-24", "25-54", "55+"], n),
            "responded": rng.random(n) < 0.8,
        }
    )


def sample(f: pd.DataFrame, steps: str = "base") -> Sample:
    return STEPS[steps](Sample.from_frame(f, weights="w", strata="stratum", psu="psu"))


@pytest.mark.identity
@pytest.mark.parametrize("steps", STEPS)
@settings(max_examples=4, deadline=None)
@given(seed=SEEDS)
def test_regressions_on_a_dummy_are_domain_means(steps: str, seed: int) -> None:
    s = sample(frame(seed), steps)
    means = mean(s, "z", by="sex")
    gap = means.contrast({"z, sex=M": 1, "z, sex=F": -1})
    slope = ols(s, "z ~ sex").select([1])
    np.testing.assert_allclose([slope.value[0], slope.se[0]], [gap.value[0], gap.se[0]], **TOL)
    log_odds = means.through(
        lambda v: np.log(v / (1 - v)), np.diag(1 / (means.value * (1 - means.value)))
    )
    fitted = logit(s, "z ~ 0 + sex")
    np.testing.assert_allclose(fitted.value, log_odds.value, rtol=1e-9)
    np.testing.assert_allclose(fitted.se, log_odds.se, rtol=1e-9)
    logs = means.through(np.log, np.diag(1 / means.value))
    np.testing.assert_allclose(poisson(s, "z ~ 0 + sex").se, logs.se, rtol=1e-9)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_association_does_not_depend_on_the_order_of_rows_columns_or_labels(seed: int) -> None:
    f = frame(seed)
    for statistic in ("F", "Chisq", "Wald", "adjWald"):
        a = rao_scott(sample(f), "sex", "age", statistic)
        b = rao_scott(
            sample(f.assign(age=f["age"].map({"15-24": "z", "25-54": "a", "55+": "k"}))),
            "age",
            "sex",
            statistic,
        )
        assert isinstance(a, Result) and isinstance(b, Result)
        np.testing.assert_allclose(
            [b.statistic, b.p, b.ndf], [a.statistic, a.p, a.ndf], rtol=1e-8, atol=1e-13
        )


def test_an_estimate_that_is_kept_holds_no_frame() -> None:
    """A hundred tables of a large survey are kept beside each other: none keeps the rows it read."""
    s = sample(frame(1))
    kept = [mean(s, "y", by="sex"), proportion(s, "age", by="sex"), total(s, "z", by="age")]
    rows = weakref.ref(s.frame)
    del s
    gc.collect()
    assert rows() is None
    assert all(np.isfinite(e.deff).all() and np.isfinite(e.se).all() for e in kept)
