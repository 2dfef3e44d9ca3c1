"""Every sentence of what effects refuse: what, where, expected, found, how many rows and which, and
how to mend it; several problems in their order.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

import mismes_eval as me
from mismes_eval.impact.did.event_path import event_path
from mismes_eval.impact.sensitivity.robustness import every_combination

from ..impact.made_up import persons
from .corpus_calls import Attempts

N = 40
P, U, T = np.arange(N), np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)
ALTERNATE = P % 2


def wide(**words: object) -> me.Sample:
    """Forty persons, every second one treated; words that are no argument of a sample are columns."""
    design = ("strata", "psu")
    columns = {k: v for k, v in words.items() if k not in design}
    return me.Sample.from_frame(
        persons(**{"s": P < 34, **columns}),
        weights="w",
        **{k: v for k, v in words.items() if k in design},
    )  # type: ignore[arg-type]


def rows(**columns: object) -> pd.DataFrame:
    """Twelve persons in periods 1 to 4, treated from 3 or never."""
    g = np.where(U % 2 == 0, 3.0, 0.0)
    f = {
        "u": U,
        "t": T,
        "g": g,
        "y": np.sin(U * 7.0 + T),
        "w": 1.0,
        "on": 1.0 * ((g > 0) & (g <= T)),
        "k": U // 3,
        "e": np.where(g > 0, T - g, np.inf),
    }
    return pd.DataFrame(f).assign(**columns)


def long(frame: pd.DataFrame | None = None, **words: object) -> me.Sample:
    return me.Sample.from_frame(
        rows() if frame is None else frame, weights="w", **{"psu": "u", **words}
    )  # type: ignore[arg-type]


def gt(sample: me.Sample | None = None, **words: object) -> me.GroupTime:
    return me.att_gt(long() if sample is None else sample, "y", "g", "t", **{"unit": "u", **words})  # type: ignore[arg-type]


def tracer(**columns: object) -> me.TracerPanel:
    return me.TracerPanel.from_frame(
        rows(**columns).rename(columns={"u": "person_id", "t": "wave"}), weights="w"
    )


def att(s: me.Sample | None = None, **words: object) -> me.Estimate:
    return me.att_2x2(wide() if s is None else s, ("y0", "y1"), "d", **words)  # type: ignore[arg-type]


def event() -> me.Estimate:
    return gt(base="universal").aggregate("event")


def without_freedom() -> me.Estimate:
    return replace(event(), dof=np.zeros(event().p))


def once() -> me.TracerPanel:
    """A panel whose persons have a height and an arm, and no treatment in their waves."""
    persons = pd.DataFrame({"person_id": range(12), "w": 1.0, "tall": 1.0, "on": [0, 1] * 6})
    waves = tracer().long[["person_id", "wave", "y"]]
    return me.TracerPanel.from_frame(waves, sample=me.Sample.from_frame(persons, weights="w"))


CASES: Attempts = {
    "an unknown aggregation": lambda: gt().aggregate("dynamic"),
    "nothing in the window": lambda: gt().aggregate("event", min_event=7),
    "balance of cohorts": lambda: gt().aggregate("cohort", balance=1),
    "a decomposition of one cohort": lambda: me.bacon(
        long(rows(g=3.0)), "y", "g", unit="u", time="t"
    ),
    "an unknown picture of balance": lambda: me.balance(wide(), "d", "x").plot("histogram"),
    "an unknown picture of effects": lambda: gt().plot("pie"),
    "everything wrong with a band": lambda: me.sup_t(
        event(), level=95, draws=10, method="bonferroni"
    ),
    "a multiplier band of replicates": lambda: me.sup_t(
        att(me.replicates(wide(), "jackknife")), method="multiplier"
    ),
    "a start at a break": lambda: gt(series_breaks=[3]),
    "a break between": lambda: me.att_2x2(
        wide(t=np.where(P < 20, 2010, 2012)), "y1", "d", "t", series_breaks=[2011]
    ),
    "a break of two columns": lambda: att(series_breaks=[2011]),
    "no event study": lambda: event_path(gt()),
    "an effect that is no event study": lambda: event_path(att()),
    "no degrees of freedom": lambda: event_path(without_freedom()),
    "clusters across strata": lambda: me.wild_bootstrap(
        att(), cluster=wide().frame["h"], strata=wide().frame["d"]
    ),
    "a bootstrap of a sample": lambda: me.wild_bootstrap(wide()),
    "a bootstrap of replicates": lambda: me.wild_bootstrap(att(me.replicates(wide(), "jackknife"))),
    "strata without clusters": lambda: me.wild_bootstrap(att(), strata=wide().frame["g"]),
    "treatment of another length": lambda: me.wild_bootstrap(
        att(), cluster=wide().frame["h"], treated=[1, 0]
    ),
    "treatment that is neither": lambda: me.wild_bootstrap(
        att(), cluster=wide().frame["h"], treated=P
    ),
    "treatment of nobody": lambda: me.wild_bootstrap(
        att(), cluster=wide().frame["h"], treated=np.zeros(N)
    ),
    "clusters of another length": lambda: me.wild_bootstrap(att(), cluster=[1, 2, 3]),
    "clusters missing": lambda: me.wild_bootstrap(att(), cluster=wide().frame["h"].where(P > 1)),
    "two clusters": lambda: me.wild_bootstrap(att(), cluster=wide().frame["g"]),
    "a level and draws out of range": lambda: me.wild_bootstrap(
        att(), cluster=wide().frame["h"], level=0.5, draws=98
    ),
    "unknown points": lambda: me.wild_bootstrap(att(), cluster=wide().frame["h"], points="mammen"),
    "clusters that are no column": lambda: me.wild_bootstrap_ols(wide(), "y1 ~ d", "d", "area"),
    "a covariate that does not change": lambda: me.two_way(
        long(rows(flat=1.0 * U)), "y", "on", unit="u", time="t", covariates=["flat"]
    ),
    "a covariate that does not change in a replicate": lambda: me.two_way(
        me.replicates(long(rows(x=1.0 * ((U == 1) & (T == 2)))), "jackknife"),
        "y",
        "on",
        unit="u",
        time="t",
        covariates="x",
    ),
    "cohorts by region": lambda: me.sun_abraham(long(), "y", "g", unit="u", time="t", by="region"),
    "cohorts without never treated": lambda: me.sun_abraham(
        long(rows(g=np.where(U % 2, 2.0, 3.0))), "y", "g", unit="u", time="t"
    ),
    "cohorts treated at once": lambda: me.sun_abraham(
        long(rows(g=np.array([0.0, 1.0, 0.5, 3.0])[U % 4])), "y", "g", unit="u", time="t"
    ),
    "no time": lambda: me.att_gt(long(), "y", "g", unit="u"),
    "an empty domain": lambda: gt(long().where(np.zeros(48, bool))),
    "collinear covariates of cohorts": lambda: gt(
        long(rows(x=U % 5, z=2 * (U % 5))), covariates=["x", "z"]
    ),
    "a cohort never seen in a period": lambda: gt(
        long(rows(y=np.where((U % 2 == 0) & (T == 4), np.nan, 1.0 * U))), unbalanced="pairs"
    ),
    "groups of unknown columns": lambda: me.by_group(att, wide(), ["region", "sex"]),
    "periods that do not connect": lambda: me.imputation(
        long(rows(z=1.0 * U)), "y", "g", unit="u", time="t", covariates="z"
    ),
    "a covariate of cohorts missing": lambda: gt(
        long(rows(k=np.where(U == 1, np.nan, 1.0))), covariates=["k"]
    ),
    "a cohort that changes": lambda: gt(
        long(rows(g=np.where((U == 2) & (T > 2), 4.0, rows()["g"])))
    ),
    "a covariate that changes": lambda: gt(long(rows(k=1.0 * T)), covariates="k"),
    "an infinite outcome": lambda: gt(long(rows(y=np.where(U == 3, np.inf, 1.0)))),
    "a unit missing": lambda: gt(long(rows(u=np.where(U == 1, np.nan, U)), psu="k")),
    "a unit twice in a period": lambda: gt(long(rows(t=np.where((U == 3) & (T == 2), 1, T)))),
    "time in words": lambda: gt(long(rows(t=np.array(list("abcd"))[T - 1]))),
    "time missing": lambda: gt(long(rows(t=np.where(U < 2, np.nan, T)))),
    "a cohort in words": lambda: gt(long(rows(g="soon"))),
    "a panel with gaps": lambda: gt(
        long(rows(y=np.where((U > 8) & (T == 2), np.nan, 1.0))), unbalanced="refuse"
    ),
    "a tracer panel with gaps": lambda: me.att_gt(
        tracer(y=np.where((U > 8) & (T == 2), np.nan, 1.0)), "y", "g", unbalanced="refuse"
    ),
    "values missing in a regression": lambda: me.two_way(
        long(rows(y=np.where(U == 1, np.nan, 1.0), e=np.where(U == 11, np.nan, 1.0))),
        "y",
        event_time="e",
        unit="u",
        time="t",
    ),
    "words in a regression": lambda: me.two_way(
        long(rows(y="much", t="early")), "y", "on", unit="u", time="t"
    ),
    "infinite values in a regression": lambda: me.two_way(
        long(rows(y=np.where(U == 1, np.inf, 1.0))), "y", "on", unit="u", time="t"
    ),
    "time since treatment missing": lambda: me.two_way(
        tracer(e=np.where((U < 3) & (T == 1), np.nan, -1.0)), "y", event_time="e"
    ),
    "a cohort that changes in a regression": lambda: me.sun_abraham(
        long(rows(g=np.where((U == 2) & (T > 2), 4.0, rows()["g"]))), "y", "g", unit="u", time="t"
    ),
    "a unit twice in a regression": lambda: me.two_way(
        long(rows(t=np.where((U == 3) & (T == 2), 1, T))), "y", "on", unit="u", time="t"
    ),
    "no key": lambda: me.two_way(long(), "y", "on", time="t"),
    "bounds in between by the closed form": lambda: me.manski_bounds(
        wide(), "y1", "d", "s", low=-3, high=3, delta=0.5, variance="neyman"
    ),
    "a share beyond 1": lambda: me.manski_bounds(wide(), "y1", "d", "s", low=-3, high=3, delta=2.0),
    "found without being tried": lambda: me.manski_bounds(
        wide(a=P > 37, f=P > 30), "y1", "d", "s", low=-3, high=3, attempted="a", recovered="f"
    ),
    "outcomes outside": lambda: me.manski_bounds(
        wide(y1=1.0 * P), "y1", "d", "s", low=3.0, high=31.5
    ),
    "an unknown arm": lambda: me.delta_sensitivity(wide(), "y1", "d", "s", [0.0], arm="all"),
    "no shift": lambda: me.delta_sensitivity(wide(), "y1", "d", "s", []),
    "names of other studies": lambda: me.random_effects([0.1, 0.2], [0.1, 0.1]).plot(["one"]),
    "collinear controls": lambda: me.oster(wide(z=2 * np.tan(P / 30)), "y1", "d", ["x", "z"]),
    "a treatment that does not vary": lambda: me.oster(wide(d=1.0), "y1", "d", ["x"]),
    "pairs of waves with estimated totals": lambda: me.att_gt(
        me.TracerPanel.from_frame(
            tracer().long, sample=me.calibrate(tracer().sample, {"1": 12.0}, total_se={"1": 1.0})
        ),
        "y",
        "g",
        unbalanced="pairs",
    ),
    "pairs of waves with replicates": lambda: me.att_gt(
        me.TracerPanel.from_frame(
            tracer().long, sample=me.replicates(tracer().sample, "jackknife")
        ),
        "y",
        "g",
        unbalanced="pairs",
    ),
    "nobody treated is observed": lambda: me.lee_bounds(wide(s=P % 2 == 0), "y1", "d", "s"),
    "nobody treated": lambda: me.lee_bounds(wide(d=0), "y1", "d", "s"),
    "bounds of one effect at a level of 40%": lambda: me.imbens_manski(att(), 0.4),
    "a level of 40%": lambda: me.imbens_manski(me.lee_bounds(wide(), "y1", "d", "s"), 0.4),
    "bounds of words": lambda: me.manski_bounds(wide(y1="much"), "y1", "d", "s", low=0, high=1),
    "outcomes missing and infinite": lambda: me.lee_bounds(
        wide(y1=np.where(P < 3, np.nan, np.where(P < 5, np.inf, 1.0))), "y1", "d", "s"
    ),
    "observed perhaps": lambda: me.lee_bounds(wide(s=P // 17), "y1", "d", "s"),
    "nobody never treated": lambda: gt(long(rows(g=np.where(U % 2, 2.0, 3.0)))),
    "no date": lambda: me.placebo_dates(lambda s, date: att(s), wide(), []),
    "no placebo": lambda: me.placebo_outcomes(lambda s, y: att(s), wide(), []),
    "groups of an unknown column": lambda: me.placebo_groups(att, wide(), "d", "region"),
    "one group without the measure": lambda: me.placebo_groups(att, wide(g="a"), "d", "g"),
    "a study of nobody": lambda: me.minimum_detectable_effect(
        0,
        share_treated=1.5,
        attrition=1.0,
        r2=-0.1,
        cluster_size=0.5,
        power=0.01,
        estimator="rdd",
        take_up=1.1,
    ),
    "a spread twice": lambda: me.minimum_detectable_effect(100, sd=1.0, share=0.5),
    "two clusters of a study": lambda: me.minimum_detectable_effect(20, sd=1.0, cluster_size=10),
    "no effect to look for": lambda: me.sample_size(0.0, sd=1.0),
    "an effect too small to look for": lambda: me.sample_size(1e-12, sd=1.0),
    "a power below the size of the test": lambda: me.pretrend_power(event(), powers=(0.5, 0.01)),
    "no period before the reference": lambda: me.honest_did(
        gt(long(rows(g=np.where(U % 2 == 0, 2.0, 0.0))), base="universal").aggregate("event")
    ),
    "an assignment that is no column": lambda: me.randomisation_test(
        wide(), att, "lot", cluster="village"
    ),
    "left out by an unknown column": lambda: me.leave_one_out(att, wide(), "region"),
    "one value to leave out": lambda: me.leave_one_out(att, wide(g="a"), "g"),
    "two values of a specification": lambda: me.leave_one_out(
        lambda s: me.mean(s, ["y0", "y1"]), wide(), "g"
    ),
    "a donut of an unknown column": lambda: me.donut(att, wide(), "weeks", [1.0]),
    "a donut of words": lambda: me.donut(att, wide(g="a"), "g", [1.0]),
    "an unknown specification": lambda: me.robustness(
        wide(), me.att_2x2, {"a": {"outcome": ("y0", "y1"), "treated": "d"}}
    ).result("b"),
    "an unknown reference": lambda: me.robustness(
        wide(), me.att_2x2, {"a": {}, "b": {}}, reference="c"
    ),
    "choices of no specification": lambda: me.robustness(
        wide(), me.att_2x2, {"a": {}, "b": ["x"]}, choices={"a": "x", "c": {}}
    ),
    "options without labels": lambda: every_combination(
        {"method": ["dr", "or"], "covariates": {"none": ()}, "time": 3}
    ),
    "an argument that the function has not": lambda: me.robustness(
        wide(),
        me.att_2x2,
        {"a": {"colour": "red"}},
        common={"outcome": ("y0", "y1"), "treated": "d"},
    ),
    "studies in words": lambda: me.random_effects("ten", ["a", 0.1]),
    "no specification": lambda: me.robustness(wide(), me.att_2x2, {}),
    "a triple difference of three groups": lambda: me.triple_difference(
        wide(e=(P % 4 == 1) * 1), ("y0", "y1"), "d", "d"
    ),
    "a triple difference without a time": lambda: me.triple_difference(wide(), "y0", "d", "g"),
    "a triple difference with a time too many": lambda: me.triple_difference(
        wide(), ("y0", "y1"), "d", "g", time="x"
    ),
    "a triple difference by magic": lambda: me.triple_difference(
        wide(), ("y0", "y1"), "d", "g", method="magic"
    ),
    "a triple difference without overlap": lambda: me.triple_difference(
        wide(z=2 * np.tan(P / 30)), ("y0", "y1"), "d", "g", covariates=["x", "z"]
    ),
    "a covariate missing": lambda: att(wide(x=np.where(P < 2, np.nan, 1.0)), covariates="x"),
    "a wide sample with a time": lambda: att(time="t"),
    "cross-sections without a time": lambda: me.att_2x2(wide(), "y1", "d"),
    "an effect by magic": lambda: att(method="best"),
    "no overlap": lambda: att(wide(x=ALTERNATE), covariates="x"),
    "covariates of no method": lambda: att(method="none", covariates=["x", "g"]),
    "an effect of a frame": lambda: att(wide().frame),
    "treatment of three kinds": lambda: att(wide(d=P % 3)),
    "one arm": lambda: att(wide(d=0)),
    "one arm in one period": lambda: me.att_2x2(
        wide(t=np.where(P % 2, 1, P // 2 % 2)), "y1", "d", "t"
    ),
    "an outcome of the persons": lambda: me.att_2x2(once(), "tall", "on", (1, 2)),
    "one period of two": lambda: me.att_2x2(wide(t=1), "y1", "d", "t"),
    "lost waves in time order": lambda: me.att_2x2(tracer(), "y", "on", (1, 9)),
}
