"""Shift, scale, row order, relabelling, split-and-appended files, zero-weight rows, duplicated
units and list = single = by: unchanged to 1e-10, before and after steps.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismes_eval.estimate.association import rao_scott, variance
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.hypothesis import Test as Result
from mismes_eval.estimate.quantile import quantile
from mismes_eval.estimate.regression import logit, ols, poisson
from mismes_eval.estimate.totals import mean, proportion, ratio, total
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
ESTIMATES: dict[str, Callable[[Sample], Estimate]] = {
    "total": lambda s: total(s, ["y", "z"]),
    "mean": lambda s: mean(s, ["y", "z"], by="sex"),
    "proportion": lambda s: proportion(s, "age"),
    "ratio": lambda s: ratio(s, "y", "x"),
    "quantile": lambda s: quantile(s, "y", [0.3, 0.6]),
    "ols": lambda s: ols(s, "y ~ x + sex"),
    "logit": lambda s: logit(s, "z ~ x + sex"),
    "poisson": lambda s: poisson(s, "k ~ x + sex"),
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


def same(a: Estimate, b: Estimate, rtol: float = 1e-10) -> None:
    np.testing.assert_allclose(b.value, a.value, rtol=rtol, atol=1e-11)
    np.testing.assert_allclose(
        b.vcov,
        a.vcov,
        rtol=rtol,
        atol=max(rtol * np.abs(a.vcov).max(), 1e-24 * np.abs(a.value).max() ** 2),
    )
    np.testing.assert_allclose(b.dof, a.dof)


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("name", ESTIMATES)
@settings(max_examples=4, deadline=None)
@given(seed=SEEDS)
def test_row_order_labels_and_zero_weight_rows_change_nothing(
    steps: str, name: str, seed: int
) -> None:
    f = frame(seed)
    want = ESTIMATES[name](sample(f, steps))
    rng = np.random.default_rng(seed + 1)
    shuffled = f.sample(frac=1.0, random_state=seed)
    same(want, ESTIMATES[name](sample(shuffled, steps)))
    label = rng.permutation(24)
    same(
        want,
        ESTIMATES[name](
            sample(
                f.assign(
                    psu=[f"p{label[p]:03d}" for p in f["psu"]],
                    stratum=[f"s{9 - h}" for h in f["stratum"]],
                ),
                steps,
            )
        ),
    )
    empty = f.iloc[:10].assign(w=0.0, y=np.nan, x=np.nan, z=np.nan, k=-5, sex=None, age=None)
    same(
        want,
        ESTIMATES[name](
            sample(pd.concat([f.iloc[:100], empty, f.iloc[100:]], ignore_index=True), steps)
        ),
    )


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("name", ESTIMATES)
@settings(max_examples=4, deadline=None)
@given(seed=SEEDS)
def test_a_unit_split_in_two_or_repeated_changes_nothing(steps: str, name: str, seed: int) -> None:
    f = frame(seed)
    want = ESTIMATES[name](sample(f, steps))
    half = f.assign(w=f["w"] / 2)
    same(want, ESTIMATES[name](sample(pd.concat([half, half], ignore_index=True), steps)))
    repeated = f.loc[f.index.repeat(f["w"].astype(int))].assign(w=1.0).reset_index(drop=True)
    same(want, ESTIMATES[name](sample(repeated, steps)))


@pytest.mark.parametrize("steps", STEPS)
@settings(max_examples=4, deadline=None)
@given(seed=SEEDS, shift=st.floats(-1e4, 1e4), power=st.floats(-3, 3))
def test_shift_and_scale(steps: str, seed: int, shift: float, power: float) -> None:
    c = 10.0**power
    s = sample(frame(seed), steps)
    t = s.with_columns({"y": c * s.frame["y"] + shift})
    size = abs(shift) + 20 * c
    for statistic in (lambda v: mean(v, "y", by="sex"), lambda v: quantile(v, "y", [0.3, 0.6])):
        a, b = statistic(s), statistic(t)
        np.testing.assert_allclose(b.value, c * a.value + shift, rtol=1e-10, atol=1e-12 * size)
        np.testing.assert_allclose(b.se, c * a.se, rtol=1e-8, atol=1e-11 * size)
    np.testing.assert_allclose(
        variance(t, "y").value, c**2 * variance(s, "y").value, rtol=1e-8, atol=1e-11 * size**2
    )
    a, b = ols(s, "y ~ x + sex"), ols(t, "y ~ x + sex")
    np.testing.assert_allclose(
        b.value - np.array([shift, 0, 0]), c * a.value, rtol=1e-9, atol=1e-11 * size
    )
    np.testing.assert_allclose(b.se, c * a.se, rtol=1e-8, atol=1e-11 * size)


@pytest.mark.parametrize("steps", STEPS)
@settings(max_examples=4, deadline=None)
@given(seed=SEEDS)
def test_list_single_and_by_agree(steps: str, seed: int) -> None:
    s = sample(frame(seed), steps)
    for statistic in (total, mean):
        together = statistic(s, ["y", "x", "z"], by="sex")
        for j, c in enumerate(("y", "x", "z")):
            for d, level in enumerate(("F", "M")):
                alone = statistic(s.where(s.frame["sex"] == level), c)
                k = together.names.index(f"{c}, sex={level}")
                assert k == 3 * d + j
                np.testing.assert_allclose(
                    [together.value[k], together.se[k]], [alone.value[0], alone.se[0]], **TOL
                )
                np.testing.assert_allclose(together.dof[k], alone.dof[0])
    q = quantile(s, "y", [0.25, 0.5], by="sex")
    for d, level in enumerate(("F", "M")):
        alone = quantile(s.where(s.frame["sex"] == level), "y", [0.25, 0.5])
        np.testing.assert_allclose(q.value[2 * d : 2 * d + 2], alone.value, **TOL)
        np.testing.assert_allclose(q.se[2 * d : 2 * d + 2], alone.se, **TOL)
        np.testing.assert_allclose(q.ci().iloc[2 * d : 2 * d + 2], alone.ci(), **TOL)
    r = ratio(s, "y", "x", by=["sex", "age"])
    one = ratio(s.where((s.frame["sex"] == "M") & (s.frame["age"] == "55+")), "y", "x")
    np.testing.assert_allclose([r.value[-1], r.se[-1]], [one.value[0], one.se[0]], **TOL)


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
