"""More bad calls: an argument, a column or a table that the weighting, impact and tracer parts must
refuse by name. Each plants one fault in good data.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

import mismes_eval as me
from mismes_eval.errors import (
    DesignWarning,
)
from mismes_eval.impact.bounds.manski import delta_sensitivity
from mismes_eval.impact.did.bands import sup_t
from mismes_eval.impact.did.event_path import event_path
from mismes_eval.impact.did.triple import triple_difference
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.inference.wild_draws import signs
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.imputation import imputation
from mismes_eval.impact.regression.sun_abraham import sun_abraham
from mismes_eval.impact.sensitivity.robustness import Specification, SpecificationCurve

from .corpus_calls import Attempts, at, design, gt, long, panel, survey, wide


def listed() -> pd.DataFrame:
    """Phase 1 of a two-phase sample: who was listed, who selected, with what probability."""
    return survey().assign(
        taken=np.arange(60) % 3 == 0, p=0.5, cls=np.where(np.arange(60) < 30, "a", "b")
    )


def phases(
    selected: str = "taken", prob: str = "p", classes: str | None = None, **columns: object
) -> object:
    return me.two_phase(
        me.Sample.from_frame(listed().assign(**columns), weights="w", strata="stratum", psu="psu"),
        selected,
        prob,
        classes,
    )


def homes() -> pd.DataFrame:
    return pd.DataFrame({"hhid": np.arange(10), "w": 5.0, "psu": np.arange(10) % 5})


def reports(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(
        {"hhid": [0, 1, 2, 2], "s_i": [1, 2, 1, 1], "age": [20, 30, 40, 50]}
    ).assign(**columns)


def shared_weights(frame: pd.DataFrame | None = None, house: pd.DataFrame | None = None) -> object:
    return me.weight_share(
        me.Sample.from_frame(homes() if house is None else house, weights="w", psu="psu"),
        reports() if frame is None else frame,
    )


def replicated_design() -> object:
    return me.replicates(design(), "jackknife")


def in_both(**columns: object) -> object:
    return design(
        both=np.arange(60) % 2 == 0,
        none=False,
        prob=0.2,
        share=np.where(np.arange(60) % 2, 0.3, 0.0),
        **columns,
    )


def answered(**columns: object) -> object:
    return design(r=(np.arange(60) % 5 > 0).astype(float), **columns)


def files(
    columns: Sequence[str] = ("r1", "r2", "r3"), method: str = "jk1", **words: object
) -> object:
    frame = survey().assign(r1=9.0, r2=11.0, r3=10.0)
    return me.Sample.from_frame(
        frame, weights="w", replicates=me.ReplicateWeights(list(columns), method, **words)
    )  # type: ignore[arg-type]


WEIGHTING: Attempts = {
    "replicates without a design of their own": lambda: files(method="delta"),
    "one replicate weight": lambda: files(("r1",)),
    "Fay without rho": lambda: files(method="fay"),
    "rho where there is no Fay": lambda: files(rho=0.5),
    "JKn without rscales": lambda: files(method="jkn"),
    "rscales of another length": lambda: files(rscales=[1.0, 1.0]),
    "a scale of zero": lambda: files(scale=0.0),
    "replicate columns that are not there": lambda: files(("r1", "r9")),
    "rho of one": lambda: me.replicates(design(), "fay", rho=1.0),
    "a number of jackknife replicates": lambda: me.replicates(design(), "jackknife", n=50),
    "replicates of replicates": lambda: me.replicates(replicated_design(), "jackknife"),
    "replicates under a cluster effect": lambda: me.replicates(
        me.Sample.from_frame(survey(), weights="w", cluster_deff=1.5), "jackknife"
    ),
    "replicates too many for memory": lambda: me.replicates(design(), "bootstrap", n=10**9, seed=1),
    "diagnostics by a column that is not there": lambda: me.weight_diagnostics(
        design(), by="gender"
    ),
    "samples with different rules for lonely PSUs": lambda: me.stack_samples(
        [design(), design({"lonely_psu": "average"})]
    ),
    "replicate designs stacked": lambda: me.stack_samples(
        [replicated_design(), replicated_design()]
    ),
    "samples with different cluster effects": lambda: me.stack_samples(
        [me.Sample.from_frame(survey(), weights="w", cluster_deff=k) for k in (1.0, 2.0)]
    ),
    "labels that are too few": lambda: me.stack_samples([design(), design()], labels=["a"]),
    "no samples stacked": lambda: me.stack_samples([]),
    "one sample combined": lambda: me.combine_frames([in_both()], ["both"]),
    "an unknown method for frames": lambda: me.combine_frames(
        [in_both(), in_both()], ["both", "both"], "pooling"
    ),
    "theta above one": lambda: me.combine_frames(
        [in_both(), in_both()], ["both", "both"], "hartley", 1.5
    ),
    "theta where Kalton and Anderson need none": lambda: me.combine_frames(
        [in_both(), in_both()], ["share", "share"], theta=0.5
    ),
    "membership where probabilities are needed": lambda: me.combine_frames(
        [in_both(), in_both()], ["both", "both"]
    ),
    "probabilities where membership is needed": lambda: me.combine_frames(
        [in_both(), in_both()], ["share", "share"], "hartley"
    ),
    "frames without an overlap": lambda: me.combine_frames(
        [in_both(), in_both()], ["none", "none"], "hartley"
    ),
    "frame membership unknown": lambda: me.combine_frames(
        [design(m=at(None, column="d")), in_both()], ["m", "both"], "hartley"
    ),
    "an unknown method of nonresponse": lambda: me.nonresponse(
        answered(), "r", "sex", method="tree"
    ),
    "nonresponse by columns that are not there": lambda: me.nonresponse(answered(), "rr", ["sexe"]),
    "a response of several values": lambda: me.nonresponse(answered(), "y", "sex"),
    "nobody responded": lambda: me.nonresponse(answered(z=0.0), "z", "sex"),
    "a response covariate that is missing": lambda: me.nonresponse(
        answered(sex=at(None, column="sex")), "r", "sex"
    ),
    "a response cell without respondents": lambda: me.nonresponse(
        answered(z=(survey()["sex"] == "F").astype(float)), "z", "sex", method="cells"
    ),
    "response that a covariate tells apart": lambda: me.nonresponse(
        answered(z=(survey()["sex"] == "F").astype(float)), "z", "sex"
    ),
    "a second phase by a column that is not there": lambda: phases("chosen"),
    "a selection in three values": lambda: phases(taken=np.arange(60) % 3),
    "a selection that is missing": lambda: phases(taken=at(None, column="d")),
    "a selection probability above one": lambda: phases(p=1.5),
    "nobody selected": lambda: phases(taken=False),
    "a class that is missing": lambda: phases(classes="cls", cls=at(None, column="sex")),
    "a class in which nobody was selected": lambda: phases(classes="cls", taken=np.arange(60) < 10),
    "reports without multiplicity": lambda: shared_weights(reports().drop(columns="s_i")),
    "households that stand twice": lambda: shared_weights(
        house=pd.concat([homes(), homes().iloc[:1]]).assign(visit=range(len(homes()) + 1))
    ),
    "reports of households that are not there": lambda: shared_weights(reports(hhid=[0, 1, 2, 99])),
    "a multiplicity of zero": lambda: shared_weights(reports(s_i=[1, 0, 1, 1])),
    "volunteers without the covariate": lambda: me.pseudo_weights(
        pd.DataFrame({"age": ["old"]}), design(), "sex"
    ),
    "volunteers with a missing covariate": lambda: me.pseudo_weights(
        pd.DataFrame({"sex": ["F", None]}), design(), "sex"
    ),
    "volunteers unlike the reference": lambda: me.pseudo_weights(
        pd.DataFrame({"x": 50.0 + np.arange(10)}), design(), "x"
    ),
    "strata of more stages than there are": lambda: design({"strata": ["stratum", "sex"]}),
    "a mask with another length": lambda: design().where(
        pd.Series([True] * 61, index=np.arange(61)).iloc[1:]
    ),
    "allocation with a size of zero": lambda: me.plan_allocation([100, 0], 20),
    "allocation with deviations of another number": lambda: me.plan_allocation(
        [100, 200], 20, sd=[1, 2, 3]
    ),
    "a precision with a share of two": lambda: me.plan_precision(share_high=2.0),
    "a plan without a budget": lambda: me.compare_plans(0, 0.2, 0.12, 0.025, 1, 10),
}

TOTALS: Attempts = {
    "a standard error that is no number": lambda: me.calibrate(
        design(), {"x": 10.0}, total_se={"x": "some"}
    ),
    "standard errors of levels that are not there": lambda: me.calibrate(
        design(), {"sex": {"F": 300.0, "M": 360.0}}, total_se={"sex": {"X": 1.0}}
    ),
    "feasibility of an unknown margin": lambda: me.feasibility(design(), {"sexe": {"F": 1.0}}),
    "linear bounds that are too tight": lambda: me.calibrate(
        design(), {"sex": {"F": 600.0, "M": 60.0}}, bounds=(0.9, 1.1)
    ),
    "raking that cannot meet a total": lambda: me.calibrate(
        design(x=np.abs(survey()["x"])), {"x": -50.0}, method="raking"
    ),
}


def negative() -> object:
    """A sample that linear calibration has given negative weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DesignWarning)
        return me.calibrate(
            design(
                z=np.where(survey()["psu"] == 0, 9.0, 1.0),
                died=survey()["d"],
                months=1.0 + survey()["y"],
            ),
            {"z": 300.0, "1": 660.0},
        )


NEGATIVE: Attempts = {
    "a quantile of negative weights": lambda: me.quantile(negative(), "y", 0.5),
    "a regression with negative weights": lambda: me.ols(negative(), "y ~ x"),
    "a logit with negative weights": lambda: me.logit(negative(), "d ~ x"),
    "a survival curve with negative weights": lambda: me.survival(negative(), "months", "died"),
}


def event_study(sample: me.Sample | None = None) -> me.Estimate:
    return gt(long() if sample is None else sample).aggregate("event")  # type: ignore[attr-defined, no-any-return]


def two(sample: me.Sample | None = None, **words: object) -> me.Estimate:
    return att_2x2(wide() if sample is None else sample, ("y0", "y1"), "d", **words)  # type: ignore[arg-type]


def nothing(data: object) -> me.Estimate:
    return me.mean(wide(), "y0")


GROUPS = wide(g=np.arange(80) % 8)
EFFECTS: Attempts = {
    "balance of cohorts outside the event study": lambda: gt(long()).aggregate("cohort", balance=1),
    "an unknown way to a band": lambda: sup_t(event_study(), method="bonferroni"),
    "a band at 95": lambda: sup_t(event_study(), level=95),
    "a band from ten draws": lambda: sup_t(event_study(), draws=10),
    "a band of replicate errors by multipliers": lambda: sup_t(
        me.mean(replicated_design(), "y"), method="multiplier"
    ),
    "bounds that take everybody away": lambda: me.lee_bounds(
        wide(s=np.where(np.arange(80) % 2 == 1, True, False)), "y1", "d", "s"
    ),
    "breaks between periods in words": lambda: two(series_breaks=(2019,)),
    "a cost that is no number": lambda: me.cost_effectiveness(two(), np.nan),
    "a negative error of the cost": lambda: me.cost_effectiveness(two(), 100.0, cost_se=-1.0),
    "a correlation of two": lambda: me.cost_effectiveness(
        two(), 100.0, cost_se=1.0, correlation=2.0
    ),
    "no participants": lambda: me.cost_effectiveness(two(), 100.0, participants=0),
    "cost-effectiveness at 95": lambda: me.cost_effectiveness(two(), 100.0, level=95),
    "an estimated cost with an error beside it": lambda: me.cost_effectiveness(
        two(), me.mean(wide(), "y0"), cost_se=3.0
    ),
    "an event path of one effect": lambda: event_path(two()),
    "an event study without a common reference": lambda: event_path(event_study()),
    "a wild bootstrap of replicates": lambda: me.wild_bootstrap(me.mean(replicated_design(), "y")),
    "strata without clusters": lambda: me.wild_bootstrap(
        two(), strata=pd.Series(np.arange(80) % 2)
    ),
    "treatment of another length": lambda: me.wild_bootstrap(
        two(GROUPS), cluster=GROUPS.frame["g"], treated=[0, 1]
    ),
    "treatment in three values behind the estimate": lambda: me.wild_bootstrap(
        two(GROUPS), cluster=GROUPS.frame["g"], treated=np.arange(80) % 3
    ),
    "nobody treated behind the estimate": lambda: me.wild_bootstrap(
        two(GROUPS), cluster=GROUPS.frame["g"], treated=np.zeros(80)
    ),
    "clusters that cross strata": lambda: me.wild_bootstrap(
        two(GROUPS), cluster=GROUPS.frame["g"], strata=pd.Series(np.arange(80) // 40)
    ),
    "clusters that are missing": lambda: me.wild_bootstrap(
        two(GROUPS), cluster=GROUPS.frame["g"].where(GROUPS.frame.index != 3)
    ),
    "clusters of another length": lambda: me.wild_bootstrap(two(GROUPS), cluster=[1, 2, 3]),
    "unknown bootstrap weights": lambda: signs(8, "mammen", 99, 1),
    "two-way treatment in three values": lambda: two_way(
        long(k=panel()["unit"] % 3 * 1.0), "y", treated="k", unit="unit", time="t"
    ),
    "an unknown small-sample rule": lambda: two_way(
        long(), "y", treated="on", unit="unit", time="t", small_sample="hc3"
    ),
    "Sun-Abraham by region": lambda: sun_abraham(
        long(), "y", "cohort", unit="unit", time="t", by="region"
    ),
    "Sun-Abraham with a cohort from the first period": lambda: sun_abraham(
        long(
            cohort=np.where(
                panel()["unit"] % 3 == 0, 1.0, np.where(panel()["unit"] % 3 == 1, 3.0, 0.0)
            )
        ),
        "y",
        "cohort",
        unit="unit",
        time="t",
    ),
    "two-way without its key": lambda: two_way(long(), "y", treated="on"),
    "two-way with text for an outcome": lambda: two_way(
        long(word="a"), "word", treated="on", unit="unit", time="t"
    ),
    "two-way with a missing outcome": lambda: two_way(
        long(y=panel()["y"].where(panel().index != 3)), "y", treated="on", unit="unit", time="t"
    ),
    "a cluster that is missing": lambda: two_way(
        long(c=(panel()["unit"] % 10).where(panel().index != 3)),
        "y",
        treated="on",
        unit="unit",
        time="t",
        cluster="c",
    ),
    "an unknown plot of effects": lambda: gt(long()).plot("funnel"),
    "group-time effects by an unknown method": lambda: gt(long(), method="matching"),
    "covariates with a method that takes none": lambda: gt(
        long(), method="none", covariates=("x",)
    ),
    "group-time effects without time": lambda: me.att_gt(long(), "y", "cohort", unit="unit"),
    "group-time effects of nobody": lambda: gt(long().where(np.zeros(160, bool))),
    "cohorts in words": lambda: gt(long(cohort="soon")),
    "periods in words": lambda: gt(long(t=panel()["t"].map({1: "a", 2: "b", 3: "c", 4: "d"}))),
    "periods that are missing": lambda: gt(long(t=panel()["t"].where(panel().index != 3))),
    "units that are missing": lambda: me.att_gt(
        me.Sample.from_frame(
            panel().assign(u2=panel()["unit"].where(panel().index != 3)), weights="w"
        ),
        "y",
        "cohort",
        "t",
        unit="u2",
    ),
    "group-time covariates that are missing": lambda: gt(
        long(x=panel()["x"].where(panel()["unit"] != 3)), covariates=("x",)
    ),
    "groups by a column that is not there": lambda: me.by_group(two, wide(), "region"),
    "groups that are missing": lambda: me.by_group(
        two, wide(g=pd.Series(np.arange(80) % 2).where(np.arange(80) != 3)), "g"
    ),
    "groups of several values each": lambda: me.by_group(
        lambda s: me.mean(s, ["y0", "y1"]), GROUPS, "g"
    ),
    "no group with an estimate": lambda: me.by_group(two, wide(g=np.arange(80)), "g"),
    "an unknown restriction": lambda: me.honest_did(event_study(), method="smooth"),
    "a grid that falls": lambda: me.honest_did(
        gt(long(), base="universal").aggregate("event"), grid=[1.0, 0.5]
    ),
    "an unknown target": lambda: me.honest_did(
        gt(long(), base="universal").aggregate("event"), target="last"
    ),
    "imputation by region": lambda: imputation(
        long(), "y", "cohort", unit="unit", time="t", by="region"
    ),
    "imputation with unknown errors": lambda: imputation(
        long(), "y", "cohort", unit="unit", time="t", errors="robust"
    ),
    "sensitivity of an unknown arm": lambda: delta_sensitivity(
        wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", [0.0], arm="all"
    ),
    "bounds of an empty range": lambda: me.manski_bounds(
        wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", 1.0, 0.0
    ),
    "bounds with a delta of two": lambda: me.manski_bounds(
        wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", -9.0, 9.0, delta=2.0
    ),
    "bounds with an unknown variance": lambda: me.manski_bounds(
        wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", -9.0, 9.0, variance="robust"
    ),
    "the closed form between nothing and everything": lambda: me.manski_bounds(
        wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", -9.0, 9.0, delta=0.5, variance="neyman"
    ),
    "a follow-up without its attempt": lambda: me.manski_bounds(
        wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", -9.0, 9.0, recovered="s"
    ),
    "recovered without an attempt": lambda: me.manski_bounds(
        wide(s=np.arange(80) % 3 > 0, a=False, r=np.arange(80) % 3 == 0),
        "y1",
        "d",
        "s",
        -9.0,
        9.0,
        "a",
        "r",
    ),
    "nobody seen in an arm": lambda: me.manski_bounds(
        wide(s=np.arange(80) % 2 == 1), "y1", "d", "s", -9.0, 9.0
    ),
    "an outcome in words": lambda: me.manski_bounds(
        wide(y1="a", s=np.arange(80) % 3 > 0), "y1", "d", "s", -9.0, 9.0
    ),
    "seen in three values": lambda: me.manski_bounds(
        wide(s=np.arange(80) % 3), "y1", "d", "s", -9.0, 9.0
    ),
    "an interval of something else than bounds": lambda: me.imbens_manski(two()),
    "bounds at a level of 0.4": lambda: me.imbens_manski(
        me.lee_bounds(wide(s=np.arange(80) % 5 > 0), "y1", "d", "s"), 0.4
    ),
    "one estimate for a meta-analysis": lambda: me.random_effects([1.0], [1.0]),
    "estimates and errors of different number": lambda: me.random_effects([1.0, 2.0], [1.0]),
    "an unknown interval of the summary": lambda: me.random_effects(
        [1.0, 2.0], [1.0, 1.0], interval="bayes"
    ),
    "an unknown way to the variance between studies": lambda: me.random_effects(
        [1.0, 2.0], [1.0, 1.0], method="ml"
    ),
    "a summary at 95": lambda: me.random_effects([1.0, 2.0], [1.0, 1.0], level=95),
    "an unknown adjustment": lambda: me.adjust_pvalues(me.mean(wide(), ["y0", "y1"]), "sidak"),
    "Oster with a missing control": lambda: me.oster(
        wide(x=survey()["x"].reindex(range(80))), "y1", "d", ["x"]
    ),
    "Oster with the treatment as a control": lambda: me.oster(
        wide(z=np.arange(80) % 2 * 1.0), "y1", "d", ["z"]
    ),
    "Oster with an outcome that does not vary": lambda: me.oster(wide(y1=1.0), "y1", "d", ["x"]),
    "no placebo outcome": lambda: me.placebo_outcomes(lambda s, o: two(s), wide(), []),
    "no placebo date": lambda: me.placebo_dates(lambda s, o: two(s), wide(), []),
    "placebo groups by a column that is not there": lambda: me.placebo_groups(
        two, wide(), "d", "g"
    ),
    "one placebo group": lambda: me.placebo_groups(two, wide(g="a"), "d", "g"),
    "a cluster of half a person": lambda: me.minimum_detectable_effect(
        500, share=0.4, cluster_size=0.5
    ),
    "an unknown estimator in a plan": lambda: me.minimum_detectable_effect(
        500, share=0.4, estimator="rdd"
    ),
    "an effect that no sample finds": lambda: me.sample_size(1e-12, share=0.4),
    "a power of one half a percent": lambda: me.pretrend_power(
        gt(long(), base="universal").aggregate("event"), powers=(0.005,)
    ),
    "a statistic of several values": lambda: me.randomisation_test(
        wide(), lambda s: me.mean(s, ["y0", "y1"]), "d", draws=19
    ),
    "recall of an unknown arm": lambda: me.recall_sensitivity(
        wide(b=np.arange(80) % 3 == 0, a=np.arange(80) % 4 == 0),
        "b",
        "a",
        "d",
        [0.9],
        [0.9],
        arm="all",
    ),
    "a specification of several values": lambda: me.robustness(
        wide(), lambda s: me.mean(s, ["y0", "y1"]), {"a": {}}
    ),
    "a specification that gives no estimate": lambda: me.robustness(
        wide(), lambda s: 3.0, {"a": {}}
    ),
    "a specification that is not there": lambda: SpecificationCurve(
        (Specification("a", {}, me.NotEstimable("no")),), "a", ()
    ).result("b"),
    "leave out of a column that is not there": lambda: me.leave_one_out(two, wide(), "region"),
    "leave out of one value": lambda: me.leave_one_out(two, wide(g="a"), "g"),
    "a donut in a column that is not there": lambda: me.donut(two, wide(), "weeks", [1.0]),
    "a triple difference that cannot be fitted": lambda: triple_difference(
        wide(z=np.arange(80) % 2 * 1.0), ("y0", "y1"), "d", "e", covariates=("z",)
    ),
    "a wide sample with a time column": lambda: att_2x2(wide(t=1), ("y0", "y1"), "d", time="t"),
    "cross-sections without a time column": lambda: att_2x2(wide(), "y1", "d"),
    "cross-sections of three periods": lambda: att_2x2(
        wide(t=np.arange(80) % 3), "y1", "d", time="t"
    ),
}
