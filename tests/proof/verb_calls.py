"""One good call of every verb of the package: small data and the arguments by name, so that a test
can spoil one argument at a time.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

import mismes_eval as me
from mismes_eval.impact.sensitivity.robustness import every_combination

N = 120


@dataclass(frozen=True)
class Call:
    """A verb and the arguments of a good call."""

    name: str
    verb: Callable[..., Any]
    arguments: dict[str, Any]

    def spoilt(self, argument: str, value: object) -> object:
        """The call with one argument replaced."""
        return self.verb(**{**self.arguments, argument: value})


def named(name: str, verb: Callable[..., Any], /, **given: Any) -> Call:
    """A call with what is left out written out as well."""
    left_out = {
        p.name: p.default
        for p in inspect.signature(verb).parameters.values()
        if p.default is not p.empty
    }
    return Call(name, verb, left_out | given)


def call(verb: Callable[..., Any], /, **given: Any) -> Call:
    return named(verb.__qualname__, verb, **given)


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    i = np.arange(N)
    d = i % 2
    return pd.DataFrame(
        {
            "w": rng.uniform(1, 3, N),
            "psu": i % 40,
            "h": (i % 40) // 10,
            "y": rng.normal(5, 1, N) + d,
            "x": rng.gamma(2.0, 3.0, N),
            "d": d,
            "b": rng.random(N) < 0.4,
            "s": rng.random(N) < 0.8,
            "sex": rng.choice(["F", "M"], N),
            "age": rng.choice(["a", "b", "c"], N),
            "p2": 0.5,
            "sel": i % 3 > 0,
            "len": 1.0 + i % 7,
            "end": (i % 5 > 1).astype(int),
            "y0": rng.normal(5, 1, N),
            "cause": np.where(i % 5 == 0, None, np.where(i % 2, "job", "abroad")),
            "elig": (i // 2) % 2,
            "e0": (rng.random(N) < 0.5).astype(int),
            "e1": (rng.random(N) < 0.6).astype(int),
            "try": rng.random(N) < 0.9,
            "rec": rng.random(N) < 0.1,
            "grp": i % 4,
            "hours": d * (1.0 + (i * 7) % 40),
            "gap": np.where(i % 6 == 1, np.nan, rng.normal(5, 1, N)),
        }
    )


@cache
def cross() -> me.Sample:
    """120 persons in 40 PSUs of four strata."""
    return me.Sample.from_frame(_frame(), weights="w", strata="h", psu="psu")


@cache
def long() -> me.Sample:
    """80 persons in 40 PSUs over five periods; cohorts 3, 4 and never."""
    rng = np.random.default_rng(4)
    i = np.repeat(np.arange(80), 5)
    t = np.tile(np.arange(1, 6), 80)
    cohort = np.array([0, 3, 4, 0])[i % 4]
    frame = pd.DataFrame(
        {
            "id": i,
            "t": t,
            "g": cohort,
            "psu": i % 40,
            "w": 1.0 + i % 3,
            "x": rng.normal(size=80)[i],
            "trait": rng.random(400) < 0.5,
        }
    )
    on = ((cohort > 0) & (t >= cohort)).astype(int)
    frame = frame.assign(
        on=on,
        e=np.where(cohort > 0, t - cohort, np.inf),
        tr=(cohort > 0).astype(int),
        since=np.where(cohort > 0, t - cohort, np.inf),
        y=rng.normal(size=400) + 0.2 * t + on,
        post=(t >= 3).astype(int),
    )
    return me.Sample.from_frame(frame, weights="w", psu="psu")


@cache
def panel() -> me.TracerPanel:
    """60 persons, three waves, some lost."""
    rng = np.random.default_rng(6)
    i, wave = np.repeat(np.arange(60), 3), np.tile([0, 1, 2], 60)
    kept = (wave == 0) | (rng.random(180) < 0.8)
    frame = pd.DataFrame(
        {
            "person_id": i,
            "wave": wave,
            "w": 1.0 + i % 2,
            "psu": i % 20,
            "x": rng.normal(size=60)[i],
            "sex": np.where(i % 2, "F", "M"),
            "y": rng.normal(size=180),
            "state": rng.choice(["job", "none"], 180),
        }
    )[kept]
    return me.TracerPanel.from_frame(frame, unit="person_id", wave="wave", weights="w", psu="psu")


@cache
def event() -> me.Estimate:
    """An event study."""
    return me.att_gt(long(), "y", "g", time="t", unit="id", base="universal").aggregate("event")


@cache
def effect() -> me.Estimate:
    """One effect."""
    return me.att_2x2(cross(), ("y0", "y"), "d")


def _mean_of_y(sample: me.Sample) -> Any:
    return me.mean(sample, "y")


@cache
def _fitted() -> Any:
    frame = cross().frame
    return smf.wls("y ~ x", frame, weights=cross().weights).fit()


def _effect_of(data: Any, **_: object) -> Any:
    return me.att_2x2(data, ("y0", "y"), "d")


def calls() -> list[Call]:
    """Every verb with arguments that are right."""
    s, t, p = cross(), long(), panel()
    frame = _frame()
    two = {"sample": s, "outcome": "y", "treated": "d", "selected": "s"}
    plan: dict[str, Any] = {
        "share_treated": 0.5,
        "sd": 1.0,
        "icc": 0.1,
        "cluster_size": 10,
        "rho": 0.3,
        "attrition": 0.1,
        "deff": 1.1,
        "alpha": 0.05,
        "power": 0.8,
        "estimator": "did",
        "cluster_rho": 0.5,
        "waves_before": 1,
        "waves_after": 1,
        "take_up": 0.9,
        "r2": 0.1,
        "assigned": "cluster",
    }
    groups = {"data": t, "outcome": "y", "cohort": "g", "unit": "id", "time": "t"}
    households = me.Sample.from_frame(pd.DataFrame({"hhid": range(40), "w": 2.0}), weights="w")
    return [
        call(me.balance_weights, sample=s, treated="d", covariates=["x"], estimand="att"),
        call(
            me.censoring_weights,
            sample=s,
            duration="len",
            event="end",
            tau=2.0,
            covariates=["x"],
            by="sex",
        ),
        call(
            me.itt,
            sample=s,
            outcome="y",
            assigned="d",
            covariates=["x"],
            blocks="h",
            adjustment="additive",
        ),
        call(
            me.late,
            sample=s,
            outcome="y",
            takeup="s",
            assigned="d",
            covariates=["x"],
            blocks=[],
            adjustment="interacted",
            level=0.9,
        ),
        call(
            me.late_bounds,
            sample=s,
            outcome="y",
            takeup="d",
            assigned="d",
            selected="sel",
            covariates=["x"],
            blocks=[],
            adjustment="additive",
            level=0.9,
        ),
        call(
            me.match,
            sample=s,
            outcome="y",
            treated="d",
            covariates=["x"],
            neighbours=2,
            metric="mahalanobis",
            caliper=50.0,
        ),
        call(
            me.dose_response,
            sample=s,
            outcome=("y0", "y"),
            dose="hours",
            doses=[5.0, 20.0],
            degree=2,
            knots=[15.0],
        ),
        call(
            me.switching_effects,
            sample=long(),
            outcome="y",
            treated="on",
            time="t",
            unit="id",
            covariates=["x"],
        ),
        call(
            me.impute, sample=s, columns=["gap"], predictors=["x", "sex"], imputations=2, rounds=1
        ),
        Call(
            "over_imputations",
            me.over_imputations,
            {"samples": (s, s.with_columns({"y": s.frame["y"] + 1})), "verb": _mean_of_y},
        ),
        call(me.combine_imputations, estimates=[_mean_of_y(s), _mean_of_y(s)]),
        call(me.hot_deck, sample=s, item="gap", cells=["sex"]),
        call(me.from_fit, fit=_fitted(), sample=s),
        call(me.Sample.from_frame, frame=frame, weights="w", strata="h", psu="psu"),
        call(me.replicates, sample=s, n=5, seed=1),
        named(
            "fay",
            me.replicates,
            sample=me.Sample.from_frame(
                frame.assign(u=2 * frame["h"] + frame["psu"] % 2), weights="w", strata="h", psu="u"
            ),
            method="fay",
        ),
        call(
            me.calibrate,
            sample=s,
            totals={"sex": {"F": 130.0, "M": 110.0}},
            method="logit",
            bounds=(0.3, 3.0),
        ),
        call(me.feasibility, sample=s, totals={"sex": {"F": 130.0, "M": 110.0}}),
        call(me.poststratify, sample=s, by="sex", totals={"F": 130.0, "M": 110.0}),
        call(me.tightest_bounds, sample=s, totals={"sex": {"F": 130.0, "M": 110.0}}),
        call(me.nonresponse, sample=s, responded="s", covariates=["sex"]),
        call(me.trim, sample=s, lower=1.1, upper=2.9),
        call(me.two_phase, sample=s, selected="sel", phase2_prob="p2"),
        call(
            me.weight_share,
            households=households,
            reports=pd.DataFrame({"hhid": range(20), "s_i": 2}),
        ),
        call(
            me.combine_frames,
            samples=_frames(),
            on_frame=["on_a", "on_b"],
            method="hartley",
            theta=0.5,
        ),
        call(
            me.stack_samples,
            samples=[s, s.where(frame["d"] == 1)],
            source="source",
            labels=["a", "b"],
        ),
        call(me.pseudo_weights, frame=frame.head(30), reference=s, covariates=["sex"]),
        call(me.kish_deff, weights=s.weights),
        call(me.margins_before_after, sample=s),
        call(me.provenance, sample=s),
        call(me.weight_diagnostics, sample=s, by="sex"),
        call(me.best_ratio, prevalence_high=0.12, prevalence_low=0.025),
        call(
            me.compare_plans,
            budget=1e5,
            share_high=0.2,
            prevalence_high=0.12,
            prevalence_low=0.025,
            cost_listing=1.0,
            cost_interview=10.0,
            register_cost=12.0,
            register_share=0.2,
        ),
        call(
            me.plan_allocation,
            size=[100.0, 50.0],
            total=30.0,
            prevalence=[0.1, 0.2],
            screening_cost=0.5,
            labels=["a", "b"],
        ),
        call(me.plan_precision, ratios=(1, 2)),
        call(me.sample_size_for_rate, rate=0.1, cv=0.1, deff=1.2),
        call(me.mean, sample=s, columns="y", by="sex"),
        call(me.proportion, sample=s, columns="age", by="sex", interval="beta"),
        call(me.ratio, sample=s, numerator="y", denominator="x", by="sex"),
        call(me.total, sample=s, columns="y", by="sex"),
        call(me.quantile, sample=s, column="y", probs=0.5, by="sex"),
        call(me.variance, sample=s, columns="y", by="sex"),
        call(me.logit, sample=s, formula="d ~ x"),
        call(me.ols, sample=s, formula="y ~ x"),
        call(me.poisson, sample=s, formula="d ~ x"),
        call(me.wald, estimate=me.ols(s, "y ~ x"), L="x"),
        call(me.rao_scott, sample=s, row="sex", column="age"),
        call(me.adjusted_gap, sample=s, outcome="y", group="d", covariates=["x"]),
        call(
            me.oaxaca_blinder, sample=s, outcome="y", group="d", covariates=["x"], reference="group"
        ),
        call(me.reweighted_gap, sample=s, outcome="y", group="d", covariates=["x"]),
        call(me.rmst, sample=s, duration="len", event="end", tau=2.0, by="sex"),
        call(me.survival, sample=s, duration="len", event="end", by="sex", times=[2.0]),
        call(
            me.cumulative_incidence,
            sample=s,
            duration="len",
            cause="cause",
            of="job",
            by="sex",
            times=[2.0],
        ),
        call(me.duration_quantile, sample=s, duration="len", event="end", by="sex"),
        call(me.mean(s, "y").ci),
        call(me.mean(s, "y").to_frame),
        call(me.mean(s, ["y", "x"]).contrast, weights={"y": 1.0, "x": -1.0}),
        call(me.mean(s, ["y", "x"]).select, which=[0]),
        call(me.mean(s, "y").through, function=np.log, jacobian=[[0.2]], names=("log",)),
        call(s.where, mask=frame["d"] == 1),
        call(me.TracerPanel.from_frame, frame=p.to_long(), weights="w", psu="psu"),
        call(me.attrition_tests, panel=p, outcome="y", covariates=["x"], by="sex", wave=1),
        call(me.attrition_weights, panel=p, covariates=["x"]),
        named("outcome_rates", p.outcome_rates, by="sex"),
        call(
            me.calendar,
            spells=pd.DataFrame(
                {"person_id": [1], "start_ym": ["2021-01"], "end_ym": ["2021-02"], "state": ["job"]}
            ),
            first="2021-01",
            last="2021-03",
        ),
        call(
            me.episodes,
            frame=pd.DataFrame({"person_id": [1, 2], "m1": ["a", "b"], "m2": ["a", "a"]}),
            columns=["m1", "m2"],
        ),
        call(me.transitions, panel=p, state="state", waves=[0, 1], minimum=1),
        call(
            me.att_2x2,
            data=s,
            outcome=("y0", "y"),
            treated="d",
            covariates=["x"],
            method="ipw",
            estimand="capped",
            cap=1.5,
        ),
        named(
            "att_2x2 long",
            me.att_2x2,
            data=t,
            outcome="y",
            treated="tr",
            time="post",
            covariates=["x"],
            method="or",
        ),
        call(me.att_gt, **groups, covariates=["x"], method="or"),
        call(me.att_gt(**groups).aggregate, min_event=-1, max_event=1),
        call(me.att_gt(**groups).bands, seed=1),
        call(me.sup_t, estimate=event(), seed=1, draws=200),
        call(me.sun_abraham, **groups, covariates=[]),
        call(me.two_way, data=t, outcome="y", treated="on", unit="id", time="t", covariates=[]),
        named(
            "two_way event",
            me.two_way,
            data=t,
            outcome="y",
            event_time="e",
            unit="id",
            time="t",
            reference=(-1,),
        ),
        call(me.imputation, **groups, by="event", covariates=[]),
        call(me.panel_ols, data=t, outcome="y", treated="on", unit="id", time="t", covariates=[]),
        named(
            "panel_ols event",
            me.panel_ols,
            data=t,
            outcome="y",
            event_time="since",
            unit="id",
            time="t",
            reference=(-1,),
        ),
        Call("bacon", me.bacon, groups),
        call(
            me.triple_difference,
            data=s,
            outcome=("y0", "y"),
            treated="d",
            eligible="elig",
            covariates=[],
        ),
        call(me.balance, sample=s, treated="d", covariates=["x"]),
        call(me.composition_check, sample=t, traits="trait", cohort="g", time="t"),
        call(me.lee_bounds, **two, tighten="sex"),
        call(me.delta_sensitivity, **two, shifts=[0.0, 1.0]),
        call(me.manski_bounds, **two, low=0.0, high=12.0, poststratify="sex"),
        call(me.imbens_manski, bounds=me.manski_bounds(**two, low=0.0, high=12.0)),
        call(me.wild_bootstrap, estimate=effect(), draws=99),
        call(
            me.wild_bootstrap_ols,
            sample=s,
            formula="y ~ x",
            coefficient="x",
            cluster="psu",
            draws=99,
        ),
        call(
            me.ferman_pinto,
            estimate=effect(),
            cluster=np.arange(effect().parts[0].design.base.size),
            draws=99,
        ),
        call(
            me.randomisation_test, data=s, statistic=_effect_of, assignment="d", strata="h", draws=9
        ),
        call(me.adjust_pvalues, estimate=event(), draws=200),
        call(me.by_group, function=_effect_of, data=s, column="sex", reference="F"),
        call(me.honest_did, event_study=event(), grid=[0.5], target="first"),
        named(
            "honest_did smooth",
            me.honest_did,
            event_study=event(),
            method="smoothness",
            grid=[0.01],
            target="first",
        ),
        call(me.pretrend_power, event_study=event(), powers=(0.5,), draws=200),
        call(me.placebo_dates, function=_effect_of_date, data=s, dates=[1, 2]),
        call(
            me.placebo_groups,
            function=partial(_of_treated, "elig"),
            data=s,
            treated="elig",
            group="grp",
        ),
        call(me.placebo_outcomes, function=_effect_on, data=s, outcomes=["y", "x"]),
        call(me.donut, function=_effect_of, data=s, column="len", widths=[1.0]),
        call(me.leave_one_out, function=_effect_of, data=s, column="h"),
        call(
            me.robustness,
            data=s,
            function=me.att_2x2,
            specifications={"a": {"method": "dr"}},
            common={"outcome": ("y0", "y"), "treated": "d"},
            reference="a",
            choices={"a": {"method": "dr"}},
        ),
        call(every_combination, options={"method": {"dr": "dr"}}),
        call(me.oster, sample=s, outcome="y", treatment="d", controls=["x"], always=["age"]),
        call(
            me.recall_sensitivity,
            sample=s,
            before="e0",
            after="e1",
            treated="d",
            sensitivity=[0.9],
            specificity=[0.95],
        ),
        call(me.minimum_detectable_effect, n=1000, **plan),
        named("minimum_detectable_effect share", me.minimum_detectable_effect, n=1000, share=0.3),
        call(me.sample_size, effect=0.3, **plan),
        call(
            me.cost_effectiveness,
            att=effect(),
            cost=500.0,
            participants=100,
            cost_se=10.0,
            value=100.0,
            unit="job",
            currency="EUR",
            draws=100,
        ),
        call(me.random_effects, value=[0.1, 0.3, 0.2], se=[0.1, 0.1, 0.2], interval="normal"),
        call(
            me.meta_regression,
            value=[0.1, 0.3, 0.2, 0.25, 0.15],
            se=[0.1, 0.1, 0.2, 0.1, 0.1],
            features=pd.DataFrame({"feature": [0.0, 1.0, 1.0, 0.0, 1.0]}),
            permutations=100,
        ),
        call(me.concentration, sample=s, participant="d", rank="x"),
        call(me.coverage, beneficiaries=20.0, target=me.total(s, "d")),
        call(me.leakage, sample=s, participant="d", target="elig"),
        call(me.targeting, sample=s, participant="d", by="sex"),
    ]


def _frames() -> list[me.Sample]:
    rows = pd.DataFrame({"w": 2.0 + np.arange(40) % 3, "on_a": 1, "on_b": np.arange(40) % 2})
    return [
        me.Sample.from_frame(rows, weights="w"),
        me.Sample.from_frame(rows.assign(on_a=np.arange(40) % 2, on_b=1), weights="w"),
    ]


def _effect_of_date(data: Any, date: object) -> Any:
    return _effect_of(data)


def _effect_on(data: Any, outcome: str) -> Any:
    return me.att_2x2(data, ("y0", outcome), "d")


def _of_treated(treated: str, data: Any) -> Any:
    return me.att_2x2(data, ("y0", "y"), treated)
