"""Every sentence of what weights and plans of a sample refuse: what, where, expected, found, how many
rows and which, and how to mend it; several problems in their order; values in the place of a column.
"""

import numpy as np
import pandas as pd

import mismes_eval as me
from mismes_eval.weighting.replication import replicate_weights, replicated

from ..weighting.twelve_rows import N, copied, of, rows
from .corpus_calls import Attempts

HALVES = {"g": {"a": 6.0, "b": 12.0}}
WEIGHTS: Attempts = {
    "an unknown method and bounds that are none": lambda: me.calibrate(
        of(), HALVES, method="ipf", bounds=3
    ),
    "logit without bounds": lambda: me.calibrate(of(), HALVES, method="logit"),
    "logit with an open end": lambda: me.calibrate(
        of(), HALVES, method="logit", bounds=(0.5, np.inf)
    ),
    "bounds that leave out 1": lambda: me.calibrate(of(), HALVES, bounds=(1.0, 2.0)),
    "margins that contradict each other": lambda: me.calibrate(
        of(h=rows()["g"]), {"g": {"a": 9.0, "b": 9.0}, "h": {"a": 8.0, "b": 10.0}}, method="raking"
    ),
    "bounds too tight": lambda: me.calibrate(of(), HALVES, bounds=(0.9, 1.1)),
    "bounds that no factor can keep": lambda: me.calibrate(
        of(h=rows()["g"]),
        {"g": {"a": 9.0, "b": 9.0}, "h": {"a": 8.0, "b": 10.0}},
        bounds=(0.5, 2.0),
    ),
    "diagnostics by an unknown column": lambda: me.weight_diagnostics(of(), ["age", "g"]),
    "one sample as two frames": lambda: me.combine_frames([of()], ["g", "g"]),
    "frames that are no list": lambda: me.combine_frames(of(), "g"),
    "an unknown way to join and a share beyond 1": lambda: me.combine_frames(
        [of(), of()], ["m", "m"], method="union", theta=1.5
    ),
    "a share with another method": lambda: me.combine_frames(
        [of(m=0.5), of(m=0.5)], ["m", "m"], theta=0.5
    ),
    "the same design twice": lambda: me.combine_frames([of()] * 2, ["f", "f"]),
    "membership not asked for": lambda: me.combine_frames([of(), of()], ["f", "listed"]),
    "membership missing for some": lambda: me.combine_frames(
        [
            of(m=np.where(np.arange(N) > 8, np.nan, 0.5)),
            of(m=np.where(np.arange(N) == 1, 1.1, 0.5)),
        ],
        ["m", "m"],
    ),
    "yes and no instead of probabilities": lambda: me.combine_frames(
        [of(m=True), of(m=0.5)], ["m", "m"]
    ),
    "probabilities instead of yes and no": lambda: me.combine_frames(
        [of(m=True), of(m=0.5)], ["m", "m"], method="hartley"
    ),
    "no overlap": lambda: me.combine_frames(
        [of(m=False), of(m=False)], ["m", "m"], method="hartley"
    ),
    "a sample that is no list": lambda: me.stack_samples(of()),
    "labels of another number": lambda: me.stack_samples([of()], labels=["a", "b"]),
    "nothing to stack": lambda: me.stack_samples([]),
    "two rules for lonely PSUs": lambda: me.stack_samples([of(), of(lonely_psu="average")]),
    "replicates stacked": lambda: me.stack_samples([of(), me.replicates(of(psu="p"), "jackknife")]),
    "two cluster effects": lambda: me.stack_samples([of(), of(cluster_deff=2.0)]),
    "a category without rows": lambda: me.calibrate(of(), {"g": {"a": 9.0, "b": 9.0, "c": 1.0}}),
    "a category below zero": lambda: me.calibrate(of(), {"g": {"a": 19.0, "b": -1.0}}),
    "a category without a total": lambda: me.calibrate(of(), {"g": {"a": 9.0, "B": 9.0}}),
    "a category spelt otherwise": lambda: me.calibrate(
        of(k=np.where(np.arange(N) % 2, "north", "south")), {"k": {"North": 12.0, "south": 6.0}}
    ),
    "a category of another type": lambda: me.calibrate(of(), {"s": {"0": 9.0, "1": 9.0}}),
    "a margin of missing values": lambda: me.calibrate(
        of(g=rows()["g"].where(np.arange(N) % 3 > 0)), HALVES
    ),
    "a total that is no number": lambda: me.calibrate(
        of(), {"g": {"a": "many", "b": 9.0}, "x": np.inf}
    ),
    "one number for categories": lambda: me.calibrate(of(), {"g": 18.0, ("g", "s"): 18.0}),
    "errors of another shape": lambda: me.calibrate(of(), HALVES, total_se={"g": 3.0, "age": 1.0}),
    "errors of another category": lambda: me.calibrate(of(), HALVES, total_se={"g": {"c": 3.0}}),
    "an unknown household": lambda: me.calibrate(of(), HALVES, unit="family"),
    "households of several weights": lambda: me.calibrate(of(), HALVES, unit="p"),
    "no totals": lambda: me.calibrate(of(), {}),
    "an unknown margin": lambda: me.calibrate(of(), {"gg": {"a": 9.0}, ("g", "age"): {}}),
    "margins of two sums": lambda: me.calibrate(of(), {"g": {"a": 9.0, "b": 9.0}, "1": 12345678.0}),
    "response to an unknown question": lambda: me.nonresponse(
        of(), "answered", ["age"], eligible="there"
    ),
    "response that is neither": lambda: me.nonresponse(of(r=2.0 * (np.arange(N) > 9)), "r", "g"),
    "nobody responded": lambda: me.nonresponse(of(r=0.0), "r", "g"),
    "a covariate of response missing": lambda: me.nonresponse(
        of(g=rows()["g"].where(np.arange(N) > 1)), "r", "g"
    ),
    "a cell without respondents": lambda: me.nonresponse(of(), "r", ["s", "i"], method="cells"),
    "nobody in the one cell": lambda: me.nonresponse(
        of(r=(np.arange(N) == 0) * 1.0, e=np.arange(N) > 0), "r", [], method="cells", eligible="e"
    ),
    "response by a tree": lambda: me.nonresponse(of(), "r", "g", method="tree"),
    "response told apart by its model": lambda: me.nonresponse(
        of(r=(rows()["g"] == "a") * 1.0), "r", "g"
    ),
    "a listing without its columns": lambda: me.two_phase(of(), "chosen", "f", ["g", "class"]),
    "a class of the listing missing": lambda: me.two_phase(
        of(g=rows()["g"].where(np.arange(N) > 2)), "r", "f", "g"
    ),
    "chosen perhaps": lambda: me.two_phase(of(r="perhaps"), "r", "f"),
    "chosen without a probability": lambda: me.two_phase(
        of(f=np.where(np.arange(N) == 2, 0.0, np.where(np.arange(N) == 4, 1.5, 1.0))), "r", "f"
    ),
    "nobody chosen": lambda: me.two_phase(of(r=False), "r", "f"),
    "a class without an interview": lambda: me.two_phase(of(), "r", "f", "i"),
    "reports without their columns": lambda: me.weight_share(
        of(), pd.DataFrame({"house": [1]}), key="i"
    ),
    "a household twice": lambda: me.weight_share(
        of(), pd.DataFrame({"p": [1], "s_i": [1.0]}), key="p"
    ),
    "reports that do not fit": lambda: me.weight_share(
        of(), pd.DataFrame({"i": [0, 50, 60], "s_i": [0.5, 1.0, np.inf]}), key="i"
    ),
    "volunteers without the columns": lambda: me.pseudo_weights(rows(), of(), ["g", "h"]),
    "volunteers who did not say": lambda: me.pseudo_weights(rows(g=None), of(), "g"),
    "volunteers told apart": lambda: me.pseudo_weights(rows(g="a"), of(g="b"), "g"),
    "a scale that is no number": lambda: copied(scale="x", degf=np.inf),
    "rscales that are no list": lambda: copied(rscales=2.0),
    "everything wrong with replicates of a file": lambda: copied(
        ("w", "gone"), "jkn", rho=0.2, scale=0.0, degf=0.0
    ),
    "Fay's method without its factor": lambda: copied(("w",), "fay"),
    "an unknown method of a file": lambda: copied(method="jk9", rscales=[1.0, 2.0, -1.0]),
    "an unknown method of replicates": lambda: me.replicates(of(psu="p"), "delete-a-group"),
    "replicates of replicates without a seed": lambda: me.replicates(
        me.replicates(of(psu="p"), "jackknife"), rho=1.0, n=1
    ),
    "a number of jackknives": lambda: me.replicates(of(psu="p"), "jackknife", n=8),
    "replicates of a supplied effect": lambda: me.replicates(of(cluster_deff=1.5), "jackknife"),
    "half samples of six": lambda: me.replicates(of(psu="p"), "brr"),
    "a key that is not there": lambda: of(unit=["who", "i"]),
    "a key that repeats": lambda: of(unit="p"),
    "an unknown rule, a list and an effect in words": lambda: of(
        lonely_psu="drop", replicates=["w"], cluster_deff="big"
    ),
    "a sample of a list": lambda: me.Sample.from_frame([1.0], weights="w"),
    "a mask of other rows": lambda: of().where(pd.Series(True, index=range(20, 33))),
    "a mask with gaps": lambda: of().where(pd.Series([True] * 10 + [None] * 2, dtype="boolean")),
    "a mask of numbers": lambda: of().where(np.arange(N)),
    "design columns that are not there": lambda: of(strata="region", psu="town", fpc="N"),
    "a column twice": lambda: of(rows().iloc[:, [0, 1, 1]]),
    "no weights": lambda: me.Sample.from_frame(rows()),
    "too many stages": lambda: of(strata=["s", "g"], fpc=["f", "f"]),
    "weights from one stage only": lambda: me.Sample.from_frame(rows(), psu=["s", "p"], fpc="f"),
    "no rows": lambda: of(rows().iloc[:0]),
    "a count that differs inside a stratum": lambda: of(
        f=np.where(np.arange(N) < 4, 50.0, 60.0), strata="s", psu="p", fpc="f"
    ),
    "a count below the sample": lambda: of(f=2.0, strata="s", psu="p", fpc="f"),
    "neither counts nor fractions": lambda: of(
        f=np.where(np.arange(N) < 6, 0.5, 2.0), strata="s", psu="p", fpc="f"
    ),
    "PSUs in two strata": lambda: of(strata="g", psu="p"),
    "codes missing and blank": lambda: of(p=np.where(np.arange(N) < 3, None, " "), psu="p"),
    "a fraction that is none": lambda: of(f=np.where(np.arange(N) == 3, 0.0, np.nan), fpc="f"),
    "a cluster effect of nothing beside PSUs": lambda: of(psu="p", cluster_deff=0.0),
    "strata with one PSU": lambda: of(
        s=["one"] * 2 + ["two"] * 8 + ["three"] * 2, strata="s", psu="p", lonely_psu="error"
    ),
    "weights of yes and no": lambda: of(w=True),
    "weights of every bad kind": lambda: of(
        w=pd.Series([1.0, "x", None, "inf", "-2"] + [1.0] * 7, dtype=object)
    ),
    "weights that sum to zero": lambda: of(w=0.0),
    "no cap": lambda: me.trim(of()),
    "caps that cross and are none": lambda: me.trim(of(), 3.0, -1.0),
    "every weight capped": lambda: me.trim(of(), upper=0.5),
    "no sample to weight": lambda: me.calibrate(rows(), HALVES),
    "a list of names for one": lambda: me.nonresponse(of(), ["r"], "g"),
    "post-stratified by no column": lambda: me.poststratify(of(), [], {}),
    "totals in a list": lambda: me.calibrate(of(), [1.0, 2.0]),
    "errors in a list": lambda: me.calibrate(of(), {"x": 1.0}, total_se=[1.0]),
    "an error below zero": lambda: me.calibrate(of(), {"x": 1.0}, total_se={"x": -1.0}),
    "a category's error below zero": lambda: me.calibrate(
        of(), {"g": {"a": 9.0, "b": 9.0}}, total_se={"g": {"a": np.inf}}
    ),
    "an infinite number to calibrate": lambda: me.calibrate(
        of(rows(x=np.where(np.arange(N) == 4, np.inf, 1.0))), {"x": 9.0}
    ),
    "cells in a list": lambda: me.poststratify(of(), "g", [9.0, 9.0]),
    "a covariate named twice": lambda: me.nonresponse(of(), "r", ["x", "x"]),
    "a covariate that is infinite": lambda: me.nonresponse(
        of(rows(x=np.where(np.arange(N) > 9, np.inf, 1.0))), "r", ["x"]
    ),
    "a covariate that is a date": lambda: me.nonresponse(
        of(rows(x=pd.Timestamp("2020-01-01"))), "r", ["x"]
    ),
    "diagnostics by a column twice": lambda: me.weight_diagnostics(of(), ["g", "g"]),
    "eligible perhaps": lambda: me.nonresponse(of(rows(e="perhaps")), "r", ["g"], eligible="e"),
    "reports in a list": lambda: me.weight_share(of(), [1, 2]),
    "volunteers in a list": lambda: me.pseudo_weights([1, 2], of(), "g"),
    "volunteers without a covariate": lambda: me.pseudo_weights(rows(), of(), []),
    "no replicates": lambda: list(replicate_weights(of().design)),
    "a step that fails in a replicate": lambda: list(
        replicate_weights(
            me.replicates(
                me.calibrate(of(psu="p"), {"i": {k: 2.0 for k in range(N)}}, method="raking"),
                "jackknife",
            ).design
        )
    ),
    "calibration that fails in a replicate": lambda: me.total(
        me.replicates(me.calibrate(of(psu="p"), {"i": {k: 2.0 for k in range(N)}}), "jackknife"),
        "y",
    ),
    "a statistic that fails in a replicate": lambda: replicated(
        me.replicates(of(psu="p"), "jackknife"), lambda w: w[:1] * np.ones(1) / w[:1]
    ),
    "a replicate column twice": lambda: copied(("w", "w")),
    "half a replicate": lambda: me.replicates(of(psu="p"), n=2.5, seed=1),
    "half a seed": lambda: me.replicates(of(psu="p"), n=20, seed=0.5),
    "rho in words": lambda: me.replicates(of(psu="p"), "jackknife", rho="half"),
    "weights beside zero": lambda: of(
        rows(w=np.where(np.arange(N) == 3, 0.0, 1.0), f=1.0, g=2.0),
        replicates=me.ReplicateWeights(["f", "g"], "brr"),
    ),
    "a frame for a sample": lambda: me.nonresponse(rows(), "r", ["g"]),
    "totals of nothing": lambda: me.calibrate(of(), None),
    "a margin named by a number": lambda: me.calibrate(of(), {7: 1.0}),
    "an error in words": lambda: me.calibrate(
        of(), {"g": {"a": 9.0, "b": 9.0}}, total_se={"g": {"a": "x"}}
    ),
    "a scale without end": lambda: copied(scale=np.inf),
    "a degree of freedom in words": lambda: copied(degf="x"),
    "rscales that are text": lambda: copied(rscales="abc"),
    "frames of nothing": lambda: me.combine_frames(None, None),
    "a unit that is a number": lambda: me.calibrate(of(), {"1": 18.0}, unit=5),
    "a source and labels of another kind": lambda: me.stack_samples([of()], source=5, labels="ab"),
    "a key that is a number": lambda: me.weight_share(
        of(), pd.DataFrame({"hhid": [1], "s_i": [1]}), key=1, multiplicity=["s_i"]
    ),
    "weights in words": lambda: me.kish_deff("heavy"),
    "nobody in the model responded": lambda: me.nonresponse(
        of(r=np.arange(N) < 2, e=np.arange(N) > 1), "r", "x", eligible="e"
    ),
    "everybody responded": lambda: me.nonresponse(of(r=1), "r", "x"),
    "two covariates missing": lambda: me.nonresponse(
        of(x=rows()["x"].where(np.arange(N) > 1), g=None), "r", ["g", "x"]
    ),
}
PLANS: Attempts = {
    "a total in words": lambda: me.plan_allocation([10.0, 20.0], "5", screening_cost=np.nan),
    "a rate in a list": lambda: me.sample_size_for_rate([0.1], 0.3),
    "a ratio in words": lambda: me.plan_precision(["a"]),
    "prevalences of three strata": lambda: me.plan_allocation(
        [100.0, 200.0], 30.0, prevalence=[0.1, 0.2, 0.3]
    ),
    "a register share above one": lambda: me.compare_plans(
        1000.0, 0.2, 0.1, 0.05, 1.0, 5.0, register_cost=5.0, register_share=1.01
    ),
    "a register cost in words and a rate without end": lambda: me.compare_plans(
        1e4, 0.2, 0.12, 0.025, 1, 10, register_cost="5", rate=np.inf
    ),
    "labels that are a text": lambda: me.plan_allocation([10.0, 20.0], 5.0, labels="ab"),
    "a share in words": lambda: me.compare_plans(1000.0, "half", 0.1, 0.05, 1.0, 5.0),
    "figures of a plan that are none": lambda: me.plan_precision(n=float("nan"), rate="much"),
    "shares of a plan out of range": lambda: me.plan_precision(power=1.0, level=0.0),
    "costs of a plan below zero": lambda: me.plan_precision(
        screening_cost=-1.0, interview_cost=-0.5
    ),
    "no ratio": lambda: me.plan_precision([]),
    "a ratio of zero": lambda: me.plan_precision([1.0, 0.0]),
    "a share of all": lambda: me.plan_precision(share_high=1.0),
    "sizes in words": lambda: me.plan_allocation(["a"], 5.0),
    "labels of another number of strata": lambda: me.plan_allocation(
        [100.0, 50.0], 5.0, labels=["one"]
    ),
    "spreads of another number of strata": lambda: me.plan_allocation(
        [100.0, 50.0], 5.0, sd=[1.0, 2.0, 3.0]
    ),
    "costs of another number of strata": lambda: me.plan_allocation(
        [100.0, 50.0], 5.0, cost=[1.0, 2.0, 3.0]
    ),
    "a cost of nothing": lambda: me.plan_allocation([100.0, 50.0], 5.0, cost=0.0),
    "a sample beyond the population": lambda: me.plan_allocation([100.0, 50.0], 151.0),
    "a prevalence beyond all": lambda: me.plan_allocation(
        [100.0, 50.0], 5.0, prevalence=[1.5, 0.5]
    ),
    "screening below zero": lambda: me.plan_allocation([100.0, 50.0], 5.0, screening_cost=-1.0),
    "a prevalence of three": lambda: me.best_ratio(3.0, 0.1),
    "a prevalence in words": lambda: me.best_ratio("high", 0.1),
    "a rate of nothing": lambda: me.sample_size_for_rate(0.0, 0.1),
    "a register without a cost": lambda: me.compare_plans(
        1000.0, 0.2, 0.1, 0.05, 1.0, 5.0, register_share=0.3
    ),
    "a register that costs nothing": lambda: me.compare_plans(
        1000.0, 0.2, 0.1, 0.05, 1.0, 5.0, register_cost=0.0, register_share=0.3
    ),
    "no budget": lambda: me.compare_plans(0.0, 0.2, 0.1, 0.05, 1.0, 5.0),
    "figures of plans in words": lambda: me.compare_plans(
        "all", 0.2, 0.1, 0.05, 1.0, None, deff="one"
    ),
    "diagnostics by values": lambda: me.weight_diagnostics(of(), rows()["g"]),
    "classes of a listing by values": lambda: me.two_phase(of(), "r", "f", rows()["g"]),
    "selection by values": lambda: me.two_phase(of(), rows()["r"], "f"),
    "chances by values": lambda: me.two_phase(of(), "r", rows()["f"]),
    "covariates by values": lambda: me.nonresponse(of(), "r", rows()["g"]),
    "eligibility by values": lambda: me.nonresponse(of(), "r", "g", eligible=rows()["r"]),
    "post-strata by values": lambda: me.poststratify(of(), rows()["g"], {"a": 1.0}),
    "volunteers by values": lambda: me.pseudo_weights(rows(), of(), rows()["g"]),
    "frames by values": lambda: me.combine_frames([of(), of()], [rows()["f"], "f"]),
    "weights by values": lambda: me.Sample.from_frame(rows(), weights=rows()["w"]),
    "strata by values": lambda: of(strata=rows()["s"]),
    "PSUs by values": lambda: of(psu=rows()["p"]),
    "counts by values": lambda: of(fpc=rows()["f"]),
    "households by values": lambda: me.Sample.from_frame(
        rows(), weights="w", household=rows()["p"]
    ),
    "keys by values": lambda: of(unit=rows()["i"]),
    "replicates by values": lambda: copied(rows()["w"]),
}
