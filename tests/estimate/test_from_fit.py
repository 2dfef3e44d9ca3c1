"""Fits of statsmodels and linearmodels as estimates: the same coefficients, influence that is the
derivative by the weights, and the package's own regressions where both exist.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from linearmodels import IV2SLS, PanelOLS
from linearmodels.iv.absorbing import AbsorbingLS
from statsmodels.miscmodels.ordinal_model import OrderedModel

import mismes_eval as me
from mismes_eval.errors import EstimateError

N = 240
Fitter = Callable[[pd.DataFrame, np.ndarray], Any]


def frame(alike: bool = False) -> pd.DataFrame:
    r = np.random.default_rng(11)
    f = pd.DataFrame(
        {
            "x": r.normal(size=N),
            "z1": r.normal(size=N),
            "z2": r.normal(size=N),
            "unit": np.repeat(np.arange(N // 4), 4),
            "year": np.tile(np.arange(4), N // 4),
            "psu": np.repeat(np.arange(N // 8), 8),
            "stratum": np.repeat(np.arange(N // 40), 40),
            "w": np.ones(N) if alike else r.uniform(0.5, 3, N),
        }
    )
    f["d"] = 0.6 * f.z1 + 0.4 * f.z2 + 0.5 * r.normal(size=N)
    f["y"] = 1 + 0.5 * f.x + f.d + r.normal(size=N)
    f["b"] = (f.y > 1).astype(int)
    f["k"] = r.poisson(np.exp(0.3 + 0.3 * f.x))
    f["level"] = np.digitize(f.y, [0.0, 1.5])
    return f


def sample(f: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu")


def panel(f: pd.DataFrame, w: np.ndarray) -> Any:
    indexed = f.assign(w=w).set_index(["unit", "year"])
    model = PanelOLS(
        indexed["y"], indexed[["x"]], entity_effects=True, time_effects=True, weights=indexed["w"]
    )
    return model.fit()


def iv(f: pd.DataFrame, w: np.ndarray) -> Any:
    exog = sm.add_constant(f[["x"]])
    return IV2SLS(f["y"], exog, f[["d"]], f[["z1", "z2"]], weights=pd.Series(w, f.index)).fit()


def absorbing(f: pd.DataFrame, w: np.ndarray) -> Any:
    effects = pd.DataFrame({"u": pd.Categorical(f["unit"]), "t": pd.Categorical(f["year"])})
    return AbsorbingLS(f["y"], f[["x"]], absorb=effects, weights=pd.Series(w, f.index)).fit()


def glm(family: Any, formula: str) -> Fitter:
    return lambda f, w: smf.glm(formula, f, family=family, freq_weights=np.asarray(w)).fit(
        tol=0, tol_criterion="params", atol=1e-13, maxiter=60
    )


def with_constant(f: pd.DataFrame, w: np.ndarray) -> Any:
    indexed = f.assign(w=w).set_index(["unit", "year"])
    return PanelOLS.from_formula(
        "y ~ 1 + x + EntityEffects + TimeEffects", indexed, weights=indexed["w"]
    ).fit()


def absorbing_with_constant(f: pd.DataFrame, w: np.ndarray) -> Any:
    effects = pd.DataFrame({"u": pd.Categorical(f["unit"])})
    exog = sm.add_constant(f[["x"]])
    return AbsorbingLS(f["y"], exog, absorb=effects, weights=pd.Series(w, f.index)).fit()


WEIGHTED: dict[str, Fitter] = {
    "WLS": lambda f, w: smf.wls("y ~ x + d", f, weights=w).fit(),
    "GLM logit": glm(sm.families.Binomial(), "b ~ x"),
    "GLM probit": glm(sm.families.Binomial(sm.families.links.Probit()), "b ~ x"),
    "GLM poisson": glm(sm.families.Poisson(), "k ~ x"),
    "PanelOLS": panel,
    "IV2SLS": iv,
    "AbsorbingLS": absorbing,
    "PanelOLS with a constant": with_constant,
    "AbsorbingLS with a constant": absorbing_with_constant,
}
ALIKE: dict[str, Fitter] = {
    "OLS": lambda f, w: smf.ols("y ~ x + d", f).fit(),
    "Logit": lambda f, w: smf.logit("b ~ x", f).fit(disp=0, tol=1e-12),
    "Probit": lambda f, w: smf.probit("b ~ x", f).fit(disp=0, tol=1e-12),
    "Poisson": lambda f, w: smf.poisson("k ~ x", f).fit(disp=0, tol=1e-12),
}


def derivative(fit: Fitter, f: pd.DataFrame, row: int) -> np.ndarray:
    step = 1e-4 * f["w"].iloc[row]
    ends = []
    for sign in (1, -1):
        w = f["w"].to_numpy().copy()
        w[row] += sign * step
        ends.append(np.asarray(fit(f, w).params, float))
    return (ends[0] - ends[1]) / (2 * step)


@pytest.mark.identity
@pytest.mark.parametrize("name", list(WEIGHTED))
def test_influence_is_the_derivative_by_the_weight(name: str) -> None:
    f = frame()
    fit = WEIGHTED[name](f, f["w"].to_numpy())
    e = me.from_fit(fit, sample(f))
    assert np.allclose(e.value, np.asarray(fit.params, float), rtol=0, atol=1e-13)
    assert list(e.names) == list(map(str, fit.params.index))
    z = e.influence
    for row in (0, 17, 101, N - 1):
        numeric = derivative(WEIGHTED[name], f, row)
        assert np.allclose(z[row], numeric, rtol=1e-5, atol=1e-8), (name, row)


@pytest.mark.identity
def test_the_packages_own_regressions_are_the_same() -> None:
    f = frame()
    s, w = sample(f), f["w"].to_numpy()
    pairs = [
        (me.ols(s, "y ~ x + d"), WEIGHTED["WLS"]),
        (me.logit(s, "b ~ x"), WEIGHTED["GLM logit"]),
        (me.poisson(s, "k ~ x"), WEIGHTED["GLM poisson"]),
    ]
    for own, fit in pairs:
        outside = me.from_fit(fit(f, w), s)
        assert np.allclose(outside.value, own.value, rtol=1e-8)
        assert np.allclose(outside.vcov, own.vcov, rtol=1e-7)
        assert np.allclose(outside.degf, own.degf, rtol=1e-6)


@pytest.mark.identity
@pytest.mark.parametrize("name", list(ALIKE))
def test_models_without_weights_fit_samples_whose_weights_are_alike(name: str) -> None:
    f = frame(alike=True)
    with_weights = {
        "OLS": WEIGHTED["WLS"],
        "Logit": WEIGHTED["GLM logit"],
        "Probit": WEIGHTED["GLM probit"],
        "Poisson": WEIGHTED["GLM poisson"],
    }[name]
    s = sample(f)
    own, other = me.from_fit(ALIKE[name](f, f["w"]), s), me.from_fit(with_weights(f, f["w"]), s)
    assert np.allclose(own.value, other.value, rtol=1e-6)
    assert np.allclose(own.se, other.se, rtol=1e-5)


@pytest.mark.identity
@pytest.mark.parametrize("name", ["NegativeBinomial", "OrderedModel"])
def test_scores_and_information_of_other_likelihoods(name: str) -> None:
    """With equal weights and one person a PSU the standard error is the fit's sandwich."""
    f = frame(alike=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name == "NegativeBinomial":
            fit = smf.negativebinomial("k ~ x", f).fit(disp=0, maxiter=200, cov_type="HC0")
        else:
            model = OrderedModel(f["level"], f[["x", "d"]], distr="logit")
            fit = model.fit(method="bfgs", disp=0, gtol=1e-9, cov_type="HC0")
    s = me.Sample.from_frame(f, weights="w")
    e = me.from_fit(fit, s)
    assert np.allclose(e.value, np.asarray(fit.params, float))
    assert np.allclose(e.se * np.sqrt((N - 1) / N), np.asarray(fit.bse, float), rtol=2e-4)


@pytest.mark.whole
@pytest.mark.property
def test_quantile_regression_covers() -> None:
    """Standard errors of the median regression against its spread over 300 samples."""
    r, values, errors = np.random.default_rng(5), [], []
    for _ in range(300):
        x = r.normal(size=400)
        f = pd.DataFrame({"x": x, "y": 1 + x + r.normal(size=400), "w": 1.0})
        e = me.from_fit(
            smf.quantreg("y ~ x", f).fit(q=0.5, p_tol=1e-4), me.Sample.from_frame(f, weights="w")
        )
        values.append(e.value[1])
        errors.append(e.se[1])
    assert abs(np.mean(errors) / np.std(values) - 1) < 0.12


def test_domains_and_weight_steps_reach_the_error() -> None:
    f = frame()
    s = sample(f)
    narrow = s.where(f["x"] > -1)
    inside = narrow.active
    fit = smf.wls("y ~ x", f[inside], weights=f["w"][inside]).fit()
    assert np.allclose(me.from_fit(fit, narrow).se, me.ols(narrow, "y ~ x").se, rtol=1e-9)
    c = me.calibrate(s, {"1": float(f["w"].sum()), "d": 10.0})
    fit = smf.wls("y ~ x", f, weights=c.weights).fit()
    assert np.allclose(me.from_fit(fit, c).se, me.ols(c, "y ~ x").se, rtol=1e-9)


def twice(f: pd.DataFrame) -> Any:
    """A regressor that is another's double: statsmodels divides the coefficient between them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return smf.wls("y ~ x + I(2 * x)", f, weights=f.w).fit()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda f: smf.ols("y ~ x", f).fit(), "other weights"),
        (lambda f: smf.wls("y ~ x", f.iloc[:200], weights=f.w.iloc[:200]).fit(), "lacks rows"),
        (lambda f: smf.wls("y ~ x", f.assign(y=f.y + 1), weights=f.w).fit(), "outcome"),
        (lambda f: sm.WLS(f.y.to_numpy(), f[["x"]].to_numpy(), weights=f.w).fit(), "told"),
        (lambda f: sm.RLM(f.y, f[["x"]]).fit(), "does not know"),
        (
            lambda f: smf.wls("y ~ x", f.assign(x=2 * f.x), weights=f.w).fit(),
            "regressor of the fit",
        ),
        (twice, "combination of"),
        (lambda f: glm(sm.families.Binomial(), "b ~ x")(f, f.w).model.fit(maxiter=1), "solve"),
        (lambda f: smf.wls("y ~ x", f, weights=f.w).fit_regularized(alpha=0.5), "solve"),
        (lambda f: "y ~ x", "does not know"),
    ],
)
def test_what_cannot_be_taken_is_refused(make: Callable[[pd.DataFrame], Any], words: str) -> None:
    f = frame()
    with pytest.raises(EstimateError, match=words):
        me.from_fit(make(f), sample(f))
