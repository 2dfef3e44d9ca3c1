"""Groups made alike: the balance is met, an independent algorithm gives the same weights, the
influence is the derivative, and what cannot be balanced is refused.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize

import mismes_eval as me
from mismes_eval.errors import DesignError

from ..derivative import by_weight

HOW = [
    ("entropy", "att"),
    ("cbps", "att"),
    ("cbps", "ate"),
    ("ipw", "att"),
    ("ipw", "ate"),
    ("overlap", "ato"),
]


def frame(n: int = 300) -> pd.DataFrame:
    r = np.random.default_rng(8)
    f = pd.DataFrame({"age": r.normal(35, 9, n), "sex": r.choice(["F", "M"], n)})
    f["earned"] = np.exp(r.normal(5, 1, n))
    index = -0.4 + 0.04 * (f.age - 35) + 0.5 * (f.sex == "F")
    f["d"] = r.random(n) < 1 / (1 + np.exp(-index))
    f["y"] = f.age + 3.0 * f.d + r.normal(size=n)
    f["w"] = r.uniform(0.5, 4, n)
    f["psu"] = np.arange(n) // 6
    return f


def sample(f: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(f, weights="w", psu="psu")


X = ["age", "sex", "earned"]


@pytest.mark.identity
@pytest.mark.parametrize(("method", "estimand"), HOW)
def test_influence_is_the_derivative(method: str, estimand: str) -> None:
    f = frame()

    def difference(w: np.ndarray) -> me.Estimate:
        s = me.balance_weights(sample(f.assign(w=w)), "d", X, method, estimand)
        e = me.mean(s, "y", by="d")
        return e.contrast({e.names[1]: 1.0, e.names[0]: -1.0})

    w, rows = f["w"].to_numpy(), [0, 5, 77, 299]
    (part,) = difference(w).parts
    z = part.design.pull_back(part.influence).dense()
    slopes = by_weight(lambda v: difference(v).value, w, rows, 1e-4)
    np.testing.assert_allclose(z[rows], slopes, rtol=1e-6, atol=1e-9)


@pytest.mark.identity
@pytest.mark.parametrize(("method", "estimand"), HOW)
def test_covariates_balance(method: str, estimand: str) -> None:
    s = me.balance_weights(sample(frame()), "d", X, method, estimand)
    if method == "ipw":
        return
    for column in ("age", "earned"):
        e = me.mean(s, column, by="d")
        assert e.value[0] == pytest.approx(e.value[1], rel=1e-9)
    e = me.proportion(s, "sex", by="d")
    by = e.keys.assign(v=e.value).pivot(index="level", columns="d", values="v").to_numpy()
    assert np.allclose(by[:, 0], by[:, 1], rtol=1e-9)


@pytest.mark.golden
def test_entropy_balancing_by_another_algorithm() -> None:
    """The dual of Hainmueller (2012), equation 8, minimised by scipy's trust-region method."""
    f = frame()
    x = np.column_stack([f.age, f.sex == "M", f.earned]).astype(float)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    w, d = f.w.to_numpy(), f.d.to_numpy()
    target = w[d] @ x[d] / w[d].sum()

    def dual(b: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        q = w[~d] * np.exp((x[~d] - target) @ b)
        return q.sum(), (x[~d] - target).T @ q, q

    fit = minimize(lambda b: dual(b)[:2], np.zeros(3), jac=True, method="BFGS", tol=1e-12)
    q = dual(fit.x)[2]
    reference = q / q.sum() * w[d].sum()
    s = me.balance_weights(sample(f), "d", X, "entropy")
    assert np.allclose(s.weights[~d], reference, rtol=1e-5)
    assert np.array_equal(s.weights[d], w[d])


@pytest.mark.golden
def test_overlap_and_odds_are_those_of_a_logit() -> None:
    f = frame()
    x = sm.add_constant(np.column_stack([f.age, f.sex == "M", f.earned]).astype(float))
    p = sm.GLM(f.d.astype(float), x, sm.families.Binomial(), freq_weights=f.w).fit(tol=1e-12)
    p = p.fittedvalues.to_numpy()
    overlap = me.balance_weights(sample(f), "d", X, "overlap").weights / f.w
    assert np.allclose(overlap, np.where(f.d, 1 - p, p), rtol=1e-7)
    odds = me.balance_weights(sample(f), "d", X, "ipw").weights / f.w
    assert np.allclose(odds, np.where(f.d, 1.0, p / (1 - p)), rtol=1e-7)


def test_rows_outside_the_domain_keep_their_weight() -> None:
    f = frame()
    s = sample(f).where(f["age"] > 30)
    after = me.balance_weights(s, "d", X)
    outside = ~s.domain
    assert np.array_equal(after.weights[outside], s.weights[outside])
    e = me.mean(after, "age", by="d")
    assert e.value[0] == pytest.approx(e.value[1], rel=1e-9)


@pytest.mark.whole
@pytest.mark.property
def test_the_interval_covers_the_effect_on_the_treated() -> None:
    """Effect 3 for everybody; 300 samples of 400 persons, selection on observed covariates."""
    r, hits = np.random.default_rng(4), 0
    for _ in range(300):
        x = r.normal(size=400)
        d = r.random(400) < 1 / (1 + np.exp(0.5 - 0.8 * x))
        f = pd.DataFrame({"x": x, "d": d, "y": x + 3.0 * d + r.normal(size=400), "w": 1.0})
        s = me.balance_weights(me.Sample.from_frame(f, weights="w"), "d", ["x"])
        e = me.mean(s, "y", by="d")
        ci = e.contrast({e.names[1]: 1.0, e.names[0]: -1.0}).ci()
        hits += bool(ci["low"].iloc[0] <= 3 <= ci["high"].iloc[0])
    assert 0.915 < hits / 300 < 0.985


def test_what_cannot_be_balanced_is_refused() -> None:
    f = frame()
    with pytest.raises(DesignError, match="age"):
        me.balance_weights(sample(f.assign(age=f.age + 100 * f.d)), "d", ["age"])
    with pytest.raises(DesignError, match="one group"):
        me.balance_weights(sample(f.assign(d=True)), "d", X)
    with pytest.raises(DesignError, match="method"):
        me.balance_weights(sample(f), "d", X, "overlap", "att")
    with pytest.raises(DesignError, match="unknown column"):
        me.balance_weights(sample(f), "treated", ["ages"])
    with pytest.raises(DesignError, match="depend"):
        me.balance_weights(sample(f.assign(twice=2 * f.age)), "d", ["age", "twice"])


@pytest.mark.identity
def test_differences_in_differences_on_the_weighted_sample() -> None:
    """The weighted mean change of the treated less that of the comparison, the step's error inside."""
    r = np.random.default_rng(4)
    x = r.normal(size=300)
    f = pd.DataFrame({"x": x, "d": (r.random(300) < 1 / (1 + np.exp(-x))).astype(int), "w": 1.0})
    f["y0"] = x + r.normal(size=300)
    f["y1"] = f["y0"] + 0.5 * x + f["d"] + r.normal(size=300)
    f["change"] = f["y1"] - f["y0"]
    s = me.balance_weights(me.Sample.from_frame(f, weights="w"), "d", "x")
    found = me.att_2x2(s, ("y0", "y1"), "d", method="none")
    by = me.mean(s, "change", by="d")
    expected = by.contrast({by.names[1]: 1.0, by.names[0]: -1.0})
    assert found.value[0] == pytest.approx(expected.value[0], abs=1e-12)
    assert found.se[0] == pytest.approx(expected.se[0], rel=1e-9)
