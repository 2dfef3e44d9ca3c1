"""The influence of every smooth estimator, pulled back through every weight step in every layout, is
the derivative of its value by the base weights.

Weights are moved together in random directions and the whole chain is made again, so that one
figure speaks of all rows. Without a derivative, by name: quantiles, bounds that trim at a quantile,
capped weights, the cohorts' shares of sun_abraham (fixed, as in fixest); panel_ols has classical
errors of its rows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me

Value = Callable[[me.Sample], me.Estimate]
Step = Callable[[me.Sample], me.Sample]
PERSONS, PERIODS = 150, 4
WAY = 2e-4  # how far the weights are moved, as a share of each
CLOSE = 1e-6
SOME = 6


def persons() -> pd.DataFrame:
    """One row a person: traits, answers, outcomes before and after, spells."""
    rng = np.random.default_rng(18)
    i = np.arange(PERSONS)
    x = rng.normal(3, 1, PERSONS)
    f = pd.DataFrame({"id": i, "psu": i % 30, "h": i % 3, "w": rng.uniform(5, 15, PERSONS), "x": x})
    f["sex"] = np.where(rng.random(PERSONS) < 0.5, "F", "M")
    f["age"] = np.where(rng.random(PERSONS) < 0.4, "old", "young")
    f["d"] = (rng.random(PERSONS) < 1 / (1 + np.exp(1.2 - 0.4 * x))).astype(int)
    f["elig"] = (rng.random(PERSONS) < 0.5).astype(int)
    f["taken"] = ((f["d"] == 1) & (rng.random(PERSONS) < 0.8)).astype(int)
    f["y0"] = x + rng.normal(size=PERSONS)
    f["y"] = 1.3 * x + f["d"] + (f["sex"] == "F") + rng.normal(size=PERSONS)
    f["yes"] = (rng.random(PERSONS) < 1 / (1 + np.exp(2 - 0.6 * x))).astype(int)
    f["months"] = 1.0 + rng.integers(0, 9, PERSONS)
    f["left"] = (rng.random(PERSONS) < 0.7).astype(int)
    f["way"] = np.where(f["left"] == 1, np.where(rng.random(PERSONS) < 0.5, "job", "abroad"), None)
    f["r"] = (rng.random(PERSONS) < 1 / (1 + np.exp(-0.6 - 0.3 * x))).astype(int)
    f["p"], f["asked"] = rng.uniform(0.4, 0.9, PERSONS), rng.random(PERSONS) < 0.7
    f["round"] = rng.integers(0, 2, PERSONS)
    f["yr"] = f["x"] * (1 + 0.3 * f["round"]) + f["d"] * f["round"] + rng.normal(size=PERSONS)
    return f


def periods() -> pd.DataFrame:
    """One row a person and period; cohorts 3, 4 and never."""
    rng = np.random.default_rng(19)
    one = persons()
    f = one.loc[one.index.repeat(PERIODS)].reset_index(drop=True)
    f["t"] = np.tile(np.arange(1, PERIODS + 1), PERSONS)
    f["g"] = np.array([0, 3, 4])[f["id"] % 3]
    f["on"] = ((f["g"] > 0) & (f["t"] >= f["g"])).astype(int)
    f["e"] = np.where(f["g"] > 0, f["t"] - f["g"], np.inf)
    f["z"] = rng.normal(size=len(f))
    f["y"] = f["x"] * (1 + 0.2 * f["t"]) + f["on"] + 0.4 * f["z"] + rng.normal(size=len(f))
    return f


def rounds() -> pd.DataFrame:
    """The same rows as four cross-sections of different persons."""
    return periods().assign(w=lambda f: f["w"] * (1 + 0.1 * f["t"]))


SEX = {"sex": {"F": 830.0, "M": 790.0}}
BOTH = {**SEX, "age": {"old": 700.0, "young": 920.0}}
NUMBER = {**SEX, "x": 5050.0}


def inside(s: me.Sample) -> me.Sample:
    return s.where(s.frame["x"] > 1.7)


def times(totals: dict[str, object], factor: float) -> dict[str, object]:
    """Totals for a sample with so many rows a person."""
    out: dict[str, object] = {}
    for column, total in totals.items():
        levels = isinstance(total, dict)
        out[column] = (
            {k: v * factor for k, v in total.items()} if levels else float(total) * factor  # type: ignore[union-attr,arg-type]
        )
    return out


def steps(many: float) -> dict[str, Step]:
    """Weight steps; totals are those of a sample with so many rows a person."""
    both, number, sex = times(BOTH, many), times(NUMBER, many), times(SEX, many)
    other = times(number, 30.0)
    return {
        "no step": lambda s: s,
        "linear": lambda s: me.calibrate(s, number),
        "linear between bounds": lambda s: me.calibrate(s, number, bounds=(0.8, 1.35)),
        "raking": lambda s: me.calibrate(s, number, method="raking"),
        "raking between bounds": lambda s: me.calibrate(
            s, both, method="raking", bounds=(0.5, 1.7)
        ),
        "logit": lambda s: me.calibrate(s, number, method="logit", bounds=(0.5, 2.0)),
        "logit, weights in another unit": lambda s: me.calibrate(
            s, other, method="logit", bounds=(0.5, 2.0)
        ),
        "poststratified": lambda s: me.poststratify(s, "sex", sex["sex"]),  # type: ignore[arg-type]
        "response": lambda s: me.nonresponse(s, "r", ["sex", "x"]),
        "response by cells": lambda s: me.nonresponse(s, "r", ["sex", "age"], method="cells"),
        "response, raking on a number": lambda s: me.calibrate(
            me.nonresponse(s, "r", ["sex"]), number, method="raking"
        ),
        "raking of respondents": lambda s: me.calibrate(
            me.two_phase(s, "asked", "p"), number, method="raking"
        ),
        "second phase by class": lambda s: me.two_phase(s, "asked", "p", "sex"),
        "balance": lambda s: me.balance_weights(s, "elig", ["sex", "x"]),
        "overlap": lambda s: me.balance_weights(s, "elig", ["x"], method="overlap", estimand="ato"),
        "still observed": lambda s: me.censoring_weights(
            s, "months", "left", 6.0, ["x", "sex"], "d"
        ),
        "still observed, then raking": lambda s: me.calibrate(
            me.censoring_weights(s, "months", "left", 4.0, "x"), number, method="raking"
        ),
        "raking in a domain": lambda s: me.calibrate(
            inside(s), times(sex, 0.9), method="raking"
        ).everybody(),
        "response in a domain": lambda s: me.nonresponse(inside(s), "r", ["x"]).everybody(),
    }


DESCRIBED: dict[str, Value] = {
    "total": lambda s: me.total(s, ["y", "x"]),
    "mean": lambda s: me.mean(s, "y", by="sex"),
    "share": lambda s: me.proportion(s, "age", by="sex"),
    "ratio": lambda s: me.ratio(s, "y", "x", by="age"),
    "variance": lambda s: me.variance(s, "y"),
    "ols": lambda s: me.ols(s, "y ~ x * sex"),
    "logit": lambda s: me.logit(s, "yes ~ x"),
    "poisson": lambda s: me.poisson(s, "yes ~ x"),
    "gap": lambda s: me.adjusted_gap(s, "y", "d", ["x", "sex"]),
    "decomposition": lambda s: me.oaxaca_blinder(s, "y", "d", ["x"]),
    "reweighted gap": lambda s: me.reweighted_gap(s, "y", "d", ["x"]),
    "survival": lambda s: me.survival(s, "months", "left", by="sex", times=[3.0, 6.0]),
    "incidence": lambda s: me.cumulative_incidence(s, "months", "way", "job", times=[3.0, 6.0]),
    "time within": lambda s: me.rmst(s, "months", "left", 6.0),
    "time lost": lambda s: me.rmst(s, "months", "way", 6.0, by="sex", of="job"),
    "leakage": lambda s: me.leakage(s, "d", "elig"),
    "difference of means": lambda s: me.mean(s, "y", by="sex").contrast(
        {"y, sex=F": 1.0, "y, sex=M": -1.0}
    ),
}
WIDE: dict[str, Value] = {
    **{
        f"wide {m}": (lambda s, m=m: me.att_2x2(s, ("y0", "y"), "d", covariates=["x"], method=m))
        for m in ("dr", "dr_improved", "ipw", "ipw_ht", "or")
    },
    "wide overlap": lambda s: me.att_2x2(
        s, ("y0", "y"), "d", covariates=["x"], method="ipw", estimand="overlap"
    ),
    "wide capped": lambda s: me.att_2x2(
        s, ("y0", "y"), "d", covariates=["x"], method="ipw", estimand="capped", cap=1.25
    ),
    "wide none": lambda s: me.att_2x2(s, ("y0", "y"), "d", method="none"),
    "triple": lambda s: me.triple_difference(s, ("y0", "y"), "d", "elig", covariates=["x"]),
    "itt": lambda s: me.itt(s, "y", "d", covariates=["x"]),
    "itt in blocks": lambda s: me.itt(s, ["y", "taken"], "d", ["x"], "sex", "additive"),
    "late": lambda s: me.late(s, "y", "taken", "d", covariates=["x"]),
    "late in blocks": lambda s: me.late(s, "y", "taken", "d", ["x"], "sex", "additive"),
    "late bounds": lambda s: me.late_bounds(s, "y", "taken", "d", "elig", covariates=["x"]),
    "late bounds in blocks": lambda s: me.late_bounds(
        s, "y", "taken", "d", "elig", "x", "sex", "additive"
    ),
    "worst case": lambda s: me.manski_bounds(s, "y", "d", "elig", low=-9.0, high=20.0),
}
SECTIONS: dict[str, Value] = {
    f"sections {m}": (lambda s, m=m: me.att_2x2(s, "yr", "d", "round", covariates=["x"], method=m))
    for m in ("dr", "dr_improved", "ipw", "ipw_ht", "or")
}
SECTIONS |= {
    f"sections {estimand}": (
        lambda s, estimand=estimand, cap=cap: me.att_2x2(
            s, "yr", "d", "round", ["x"], method="ipw", estimand=estimand, cap=cap
        )
    )
    for estimand, cap in (("overlap", None), ("capped", 1.25))
}
WHO = {"cohort": "g", "time": "t", "unit": "id"}
LONG: dict[str, Value] = {
    "group-time dr": lambda s: me.att_gt(s, "y", **WHO, covariates=["x"], method="dr").estimate,
    "group-time ipw": lambda s: me.att_gt(s, "y", **WHO, covariates=["x"], method="ipw").estimate,
    "event study": lambda s: me.att_gt(s, "y", **WHO).aggregate("event"),
    "overall": lambda s: me.att_gt(s, "y", **WHO, method="or", covariates=["x"]).overall("simple"),
    "two-way": lambda s: me.two_way(s, "y", "on", unit="id", time="t", covariates=["z"]),
    "sun-abraham": lambda s: me.sun_abraham(s, "y", **WHO, by="cells"),
    "imputation": lambda s: me.imputation(s, "y", **WHO, by="event"),
}
OVER_ROUNDS: dict[str, Value] = {
    "rounds dr": lambda s: me.att_gt(s, "y", "g", "t", covariates=["x"], method="dr").estimate,
    "rounds, event": lambda s: me.att_gt(s, "y", "g", "t").aggregate("event"),
    "rounds, overall": lambda s: me.att_gt(s, "y", "g", "t").overall("simple"),
}


@dataclass(frozen=True)
class Layout:
    """Rows, their steps, and what is estimated on them; weights are one a person or one a row."""

    frame: pd.DataFrame
    estimators: dict[str, Value]
    steps: dict[str, Step]
    of_persons: bool

    def sample(self, weights: np.ndarray) -> me.Sample:
        return me.Sample.from_frame(
            self.frame.assign(w=weights), weights="w", strata="h", psu="psu"
        )


LAYOUTS = {
    "persons": Layout(persons(), {**DESCRIBED, **WIDE, **SECTIONS}, steps(1.0), False),
    "panel": Layout(periods(), LONG, steps(float(PERIODS)), True),
    "rounds": Layout(rounds(), OVER_ROUNDS, steps(1.25 * PERIODS), False),
}
CASES = [(layout, step) for layout, of in LAYOUTS.items() for step in of.steps]


def answers() -> pd.DataFrame:
    """A tracer study: three waves of the same persons, some lost."""
    rng = np.random.default_rng(20)
    one = persons()
    f = one.loc[one.index.repeat(3)].reset_index(drop=True)
    f["wave"] = np.tile([0, 1, 2], PERSONS)
    f["state"] = rng.choice(["job", "none", "abroad"], len(f))
    f["y"] = f["x"] * (1 + 0.2 * f["wave"]) + f["d"] * (f["wave"] > 0) + rng.normal(size=len(f))
    lost = (f["wave"] > 0) & (rng.random(len(f)) > 1 / (1 + np.exp(-1.0 - 0.4 * f["x"])))
    return f[~lost].reset_index(drop=True)


Traced = Callable[[me.TracerPanel], me.Estimate]
TRACED: dict[str, Traced] = {
    "mean of a wave": lambda p: me.mean(p.long_sample("y", [1]), "y@1"),
    "change": lambda p: me.att_2x2(p, "y", "d", time=(0, 1), covariates=["x"]),
    "change, improved": lambda p: me.att_2x2(
        p, "y", "d", time=(0, 2), covariates=["x"], method="dr_improved"
    ),
    "transitions": lambda p: me.transitions(p, "state", waves=[0, 1]),
}
LOSS: dict[str, Callable[[me.TracerPanel], me.TracerPanel]] = {
    "as asked": lambda p: p,
    "attrition": lambda p: me.attrition_weights(p, ["x", "sex"]),
}


def directions(layout: Layout) -> np.ndarray:
    """(rows,) relative changes of the weights; of a panel the same in all periods of a person."""
    rng = np.random.default_rng(7)
    if not layout.of_persons:
        return rng.uniform(-1, 1, len(layout.frame))
    return rng.uniform(-1, 1, PERSONS)[layout.frame["id"]]


def slopes(value: Callable[[np.ndarray], np.ndarray], w: np.ndarray, v: np.ndarray) -> np.ndarray:
    """(p,) derivative at w in the direction w v, by central differences of two widths."""

    def across(h: float) -> np.ndarray:
        out: np.ndarray = (value(w * (1 + h * v)) - value(w * (1 - h * v))) / (2 * h)
        return out

    return (4 * across(WAY) - across(2 * WAY)) / 3


def gap(
    made: Callable[[np.ndarray], me.Estimate], w: np.ndarray, v: np.ndarray, own: np.ndarray
) -> float:
    """Largest distance between the derivative in the direction w v and what the influence says of
    it, against the length of its terms. own: v of the rows that have base weights.
    """
    (part,) = made(w).parts
    assert part.influence is not None
    z, base = part.design.pull_back(part.influence).dense(), part.design.base
    direction = v if z.shape[0] == v.size else own
    terms = (base * direction)[:, None] * z
    length = np.linalg.norm(terms, axis=0)
    moved = slopes(lambda x: made(x).value, w, v)
    far = np.abs(moved - terms.sum(axis=0)) / np.maximum(length, 1e-3 * length.max())
    return float(far.max())


@pytest.mark.slow
@pytest.mark.property
@pytest.mark.parametrize(("kind", "step"), CASES)
def test_influence_is_the_derivative(kind: str, step: str) -> None:
    assert far_off(kind, step, LAYOUTS[kind].estimators) == {}


@pytest.mark.property
@pytest.mark.parametrize(("kind", "step"), CASES)
def test_influence_is_the_derivative_of_some(kind: str, step: str) -> None:
    """Each step with every sixth estimator, others at the next step: all of both."""
    every = min(SOME, len(LAYOUTS[kind].estimators))
    begin = list(LAYOUTS[kind].steps).index(step) % every
    some = list(LAYOUTS[kind].estimators)[begin::every]
    assert some and far_off(kind, step, some) == {}


def far_off(kind: str, step: str, names: Iterable[str]) -> dict[str, float]:
    """Estimators whose influence after a step is not the derivative, and how far it is from it."""
    layout = LAYOUTS[kind]
    make, w, v = layout.steps[step], layout.frame["w"].to_numpy(float), directions(layout)
    own = v[::PERIODS] if layout.of_persons else v
    stepped: dict[bytes, me.Sample] = {}  # every estimator sees the same few samples

    def sample(weights: np.ndarray) -> me.Sample:
        key = weights.tobytes()
        if key not in stepped:
            stepped[key] = make(layout.sample(weights))
        return stepped[key]

    gaps = {
        name: gap(lambda x, of=layout.estimators[name]: of(sample(x)), w, v, own) for name in names
    }
    return {name: size for name, size in gaps.items() if not size < CLOSE}


@pytest.mark.property
@pytest.mark.parametrize("loss", LOSS)
def test_influence_of_a_tracer_study_is_the_derivative(loss: str) -> None:
    f = answers()
    v = np.random.default_rng(7).uniform(-1, 1, PERSONS)
    w = f["w"].to_numpy(float)

    def study(weights: np.ndarray) -> me.TracerPanel:
        rows = f.assign(w=weights)
        return LOSS[loss](
            me.TracerPanel.from_frame(
                rows, unit="id", wave="wave", weights="w", strata="h", psu="psu"
            )
        )

    gaps = {
        name: gap(lambda x, of=of: of(study(x)), w, v[f["id"]], v) for name, of in TRACED.items()
    }
    assert not {name: size for name, size in gaps.items() if not size < CLOSE}


@pytest.mark.identity
def test_the_slope_of_r_is_another_one_where_raking_corrects_nonresponse() -> None:
    """By argument; the derivative agrees with the jackknife that rakes anew in each replicate."""
    rng = np.random.default_rng(5)
    x, women = rng.normal(size=600), rng.random(600) < 0.5
    answered = rng.random(600) < 1 / (1 + np.exp(-0.2 - x))
    f = pd.DataFrame({"w": 10.0, "x": x, "sex": np.where(women, "F", "M"), "y": x**2 + x})
    s = me.Sample.from_frame(f[answered].reset_index(drop=True), weights="w")
    totals = {"sex": {"F": 3000.0, "M": 3000.0}, "x": 0.0}
    raked = {
        slope: me.calibrate(s, totals, method="raking", slope=slope)  # type: ignore[arg-type]
        for slope in ("derivative", "before")
    }
    exact, as_r = (me.mean(raked[slope], "y").se[0] for slope in ("derivative", "before"))
    jackknife = me.mean(me.replicates(raked["derivative"], method="jackknife"), "y").se[0]
    assert abs(exact / jackknife - 1) < 0.05
    assert as_r > 1.15 * jackknife
    linear = [
        me.mean(me.calibrate(s, {"sex": totals["sex"]}, slope=slope), "y").se  # type: ignore[arg-type,dict-item]
        for slope in ("derivative", "before")
    ]
    np.testing.assert_allclose(*linear, rtol=1e-12)
