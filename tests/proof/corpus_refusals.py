"""More bad calls: an argument, a column or a table that the weighting, impact and tracer parts must
refuse by name. Each plants one fault in good data.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

import mismes_eval as me
from mismes_eval.errors import (
    CalibrationError,
    DesignError,
    DesignWarning,
    EstimateError,
    IdentificationError,
    MismesError,
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

from .corpus_calls import Case, at, case, design, gt, long, panel, survey, wide

Row = tuple[str, Callable[[], object], tuple[str, ...]]


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


WEIGHTING: list[Row] = [
    (
        "replicates without a design of their own",
        lambda: files(method="delta"),
        ("unknown replicate method", "delta"),
    ),
    ("one replicate weight", lambda: files(("r1",)), ("too few replicate weights",)),
    ("Fay without rho", lambda: files(method="fay"), ("Fay's method needs rho",)),
    ("rho where there is no Fay", lambda: files(rho=0.5), ("rho belongs to Fay's method",)),
    ("JKn without rscales", lambda: files(method="jkn"), ("JKn needs rscales",)),
    (
        "rscales of another length",
        lambda: files(rscales=[1.0, 1.0]),
        ("rscales do not fit", "3 numbers"),
    ),
    ("a scale of zero", lambda: files(scale=0.0), ("the scale is not positive",)),
    ("replicate columns that are not there", lambda: files(("r1", "r9")), ("r9",)),
    ("rho of one", lambda: me.replicates(design(), "fay", rho=1.0), ("rho is out of range",)),
    (
        "a number of jackknife replicates",
        lambda: me.replicates(design(), "jackknife", n=50),
        ("number of replicates does not fit",),
    ),
    (
        "replicates of replicates",
        lambda: me.replicates(replicated_design(), "jackknife"),
        ("replicate",),
    ),
    (
        "replicates under a cluster effect",
        lambda: me.replicates(
            me.Sample.from_frame(survey(), weights="w", cluster_deff=1.5), "jackknife"
        ),
        ("cluster effect",),
    ),
    (
        "replicates too many for memory",
        lambda: me.replicates(design(), "bootstrap", n=10**9, seed=1),
        ("too many replicate factors", "60,000,000"),
    ),
    (
        "diagnostics by a column that is not there",
        lambda: me.weight_diagnostics(design(), by="gender"),
        ("unknown column", "gender"),
    ),
    (
        "samples with different rules for lonely PSUs",
        lambda: me.stack_samples([design(), design({"lonely_psu": "average"})]),
        ("different rules", "adjust, average"),
    ),
    (
        "replicate designs stacked",
        lambda: me.stack_samples([replicated_design(), replicated_design()]),
        ("replicate designs cannot be joined", "Join first"),
    ),
    (
        "samples with different cluster effects",
        lambda: me.stack_samples(
            [me.Sample.from_frame(survey(), weights="w", cluster_deff=k) for k in (1.0, 2.0)]
        ),
        ("cluster effect",),
    ),
    (
        "labels that are too few",
        lambda: me.stack_samples([design(), design()], labels=["a"]),
        ("2 samples, 1 labels",),
    ),
    ("no samples stacked", lambda: me.stack_samples([]), ("0 samples",)),
    (
        "one sample combined",
        lambda: me.combine_frames([in_both()], ["both"]),
        ("joins two samples", "1 and 1"),
    ),
    (
        "an unknown method for frames",
        lambda: me.combine_frames([in_both(), in_both()], ["both", "both"], "pooling"),
        ("unknown method", "pooling"),
    ),
    (
        "theta above one",
        lambda: me.combine_frames([in_both(), in_both()], ["both", "both"], "hartley", 1.5),
        ("theta does not fit", "1.5"),
    ),
    (
        "theta where Kalton and Anderson need none",
        lambda: me.combine_frames([in_both(), in_both()], ["share", "share"], theta=0.5),
        ("theta does not fit",),
    ),
    (
        "membership where probabilities are needed",
        lambda: me.combine_frames([in_both(), in_both()], ["both", "both"]),
        ("needs selection probabilities", "hartley"),
    ),
    (
        "probabilities where membership is needed",
        lambda: me.combine_frames([in_both(), in_both()], ["share", "share"], "hartley"),
        ("needs membership", "between 0 and 1"),
    ),
    (
        "frames without an overlap",
        lambda: me.combine_frames([in_both(), in_both()], ["none", "none"], "hartley"),
        ("no row is on both frames",),
    ),
    (
        "frame membership unknown",
        lambda: me.combine_frames(
            [design(m=at(None, column="d")), in_both()], ["m", "both"], "hartley"
        ),
        ("m",),
    ),
    (
        "an unknown method of nonresponse",
        lambda: me.nonresponse(answered(), "r", "sex", method="tree"),
        ("unknown nonresponse method", "tree"),
    ),
    (
        "nonresponse by columns that are not there",
        lambda: me.nonresponse(answered(), "rr", ["sexe"]),
        ("'rr'", "'sexe'"),
    ),
    (
        "a response of several values",
        lambda: me.nonresponse(answered(), "y", "sex"),
        ("not yes or no", "'y'"),
    ),
    (
        "nobody responded",
        lambda: me.nonresponse(answered(z=0.0), "z", "sex"),
        ("nobody responded",),
    ),
    (
        "a response covariate that is missing",
        lambda: me.nonresponse(answered(sex=at(None, column="sex")), "r", "sex"),
        ("covariate is missing", "'sex'", "3"),
    ),
    (
        "a response cell without respondents",
        lambda: me.nonresponse(
            answered(z=(survey()["sex"] == "F").astype(float)), "z", "sex", method="cells"
        ),
        ("no respondent", "sex=M"),
    ),
    (
        "response that a covariate tells apart",
        lambda: me.nonresponse(answered(z=(survey()["sex"] == "F").astype(float)), "z", "sex"),
        ("cannot be fitted", "Merge categories"),
    ),
    (
        "a second phase by a column that is not there",
        lambda: phases("chosen"),
        ("unknown column", "chosen"),
    ),
    (
        "a selection in three values",
        lambda: phases(taken=np.arange(60) % 3),
        ("selection column is not yes or no",),
    ),
    (
        "a selection that is missing",
        lambda: phases(taken=at(None, column="d")),
        ("selection column is not yes or no",),
    ),
    (
        "a selection probability above one",
        lambda: phases(p=1.5),
        ("without a selection probability",),
    ),
    ("nobody selected", lambda: phases(taken=False), ("no listed row was selected",)),
    (
        "a class that is missing",
        lambda: phases(classes="cls", cls=at(None, column="sex")),
        ("cls", "missing"),
    ),
    (
        "a class in which nobody was selected",
        lambda: phases(classes="cls", taken=np.arange(60) < 10),
        ("cls",),
    ),
    (
        "reports without multiplicity",
        lambda: shared_weights(reports().drop(columns="s_i")),
        ("unknown column", "'s_i'"),
    ),
    (
        "households that stand twice",
        lambda: shared_weights(
            house=pd.concat([homes(), homes().iloc[:1]]).assign(visit=range(len(homes()) + 1))
        ),
        ("hhid",),
    ),
    (
        "reports of households that are not there",
        lambda: shared_weights(reports(hhid=[0, 1, 2, 99])),
        ("hhid",),
    ),
    ("a multiplicity of zero", lambda: shared_weights(reports(s_i=[1, 0, 1, 1])), ("s_i",)),
    (
        "volunteers without the covariate",
        lambda: me.pseudo_weights(pd.DataFrame({"age": ["old"]}), design(), "sex"),
        ("sex",),
    ),
    (
        "volunteers with a missing covariate",
        lambda: me.pseudo_weights(pd.DataFrame({"sex": ["F", None]}), design(), "sex"),
        ("covariate is missing",),
    ),
    (
        "volunteers unlike the reference",
        lambda: me.pseudo_weights(pd.DataFrame({"x": 50.0 + np.arange(10)}), design(), "x"),
        ("tell the two samples apart",),
    ),
    (
        "strata of more stages than there are",
        lambda: design({"strata": ["stratum", "sex"]}),
        ("more strata columns", "combinations"),
    ),
    (
        "a mask with another length",
        lambda: design().where(pd.Series([True] * 61, index=np.arange(61)).iloc[1:]),
        ("another index",),
    ),
    (
        "allocation with a size of zero",
        lambda: me.plan_allocation([100, 0], 20),
        ("planning figure does not fit", "'size'"),
    ),
    (
        "allocation with deviations of another number",
        lambda: me.plan_allocation([100, 200], 20, sd=[1, 2, 3]),
        ("2 positive numbers", "'sd'"),
    ),
    (
        "a precision with a share of two",
        lambda: me.plan_precision(share_high=2.0),
        ("shares between 0 and 1",),
    ),
    (
        "a plan without a budget",
        lambda: me.compare_plans(0, 0.2, 0.12, 0.025, 1, 10),
        ("budget and costs above 0",),
    ),
]

TOTALS: list[Row] = [
    (
        "a standard error that is no number",
        lambda: me.calibrate(design(), {"x": 10.0}, total_se={"x": "some"}),
        ("total_se", "some"),
    ),
    (
        "standard errors of levels that are not there",
        lambda: me.calibrate(
            design(), {"sex": {"F": 300.0, "M": 360.0}}, total_se={"sex": {"X": 1.0}}
        ),
        ("standard errors of totals do not fit",),
    ),
    (
        "feasibility of an unknown margin",
        lambda: me.feasibility(design(), {"sexe": {"F": 1.0}}),
        ("sexe",),
    ),
    (
        "linear bounds that are too tight",
        lambda: me.calibrate(design(), {"sex": {"F": 600.0, "M": 60.0}}, bounds=(0.9, 1.1)),
        ("does not meet", "Bounds must at least"),
    ),
    (
        "raking that cannot meet a total",
        lambda: me.calibrate(design(x=np.abs(survey()["x"])), {"x": -50.0}, method="raking"),
        ("x",),
    ),
]


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


NEGATIVE: list[Row] = [
    (
        "a quantile of negative weights",
        lambda: me.quantile(negative(), "y", 0.5),
        ("negative weights", "bounds=", "5 rows"),
    ),
    (
        "a regression with negative weights",
        lambda: me.ols(negative(), "y ~ x"),
        ("negative weights", "raking"),
    ),
    ("a logit with negative weights", lambda: me.logit(negative(), "d ~ x"), ("negative weights",)),
    (
        "a survival curve with negative weights",
        lambda: me.survival(negative(), "months", "died"),
        ("negative weights",),
    ),
]


def event_study(sample: me.Sample | None = None) -> me.Estimate:
    return gt(long() if sample is None else sample).aggregate("event")  # type: ignore[attr-defined, no-any-return]


def two(sample: me.Sample | None = None, **words: object) -> me.Estimate:
    return att_2x2(wide() if sample is None else sample, ("y0", "y1"), "d", **words)  # type: ignore[arg-type]


def nothing(data: object) -> me.Estimate:
    return me.mean(wide(), "y0")


GROUPS = wide(g=np.arange(80) % 8)
EFFECTS: list[tuple[str, type[MismesError], Callable[[], object], tuple[str, ...]]] = [
    (
        "balance of cohorts outside the event study",
        IdentificationError,
        lambda: gt(long()).aggregate("cohort", balance=1),
        ("balance belongs to the event study",),
    ),
    (
        "an unknown way to a band",
        EstimateError,
        lambda: sup_t(event_study(), method="bonferroni"),
        ("unknown way to a band", "bonferroni"),
    ),
    (
        "a band at 95",
        EstimateError,
        lambda: sup_t(event_study(), level=95),
        ("not a probability", "95"),
    ),
    (
        "a band from ten draws",
        EstimateError,
        lambda: sup_t(event_study(), draws=10),
        ("too few draws", "10"),
    ),
    (
        "a band of replicate errors by multipliers",
        EstimateError,
        lambda: sup_t(me.mean(replicated_design(), "y"), method="multiplier"),
        ("one linearised design",),
    ),
    (
        "bounds that take everybody away",
        IdentificationError,
        lambda: me.lee_bounds(
            wide(s=np.where(np.arange(80) % 2 == 1, True, False)), "y1", "d", "s"
        ),
        ("comparison",),
    ),
    (
        "breaks between periods in words",
        IdentificationError,
        lambda: two(series_breaks=(2019,)),
        ("breaks of the series cannot be placed",),
    ),
    (
        "a cost that is no number",
        EstimateError,
        lambda: me.cost_effectiveness(two(), np.nan),
        ("cost is not a number",),
    ),
    (
        "a negative error of the cost",
        EstimateError,
        lambda: me.cost_effectiveness(two(), 100.0, cost_se=-1.0),
        ("standard error is negative",),
    ),
    (
        "a correlation of two",
        EstimateError,
        lambda: me.cost_effectiveness(two(), 100.0, cost_se=1.0, correlation=2.0),
        ("no correlation", "2"),
    ),
    (
        "no participants",
        EstimateError,
        lambda: me.cost_effectiveness(two(), 100.0, participants=0),
        ("participants", "above 0"),
    ),
    (
        "cost-effectiveness at 95",
        EstimateError,
        lambda: me.cost_effectiveness(two(), 100.0, level=95),
        ("0 < level < 1",),
    ),
    (
        "an estimated cost with an error beside it",
        EstimateError,
        lambda: me.cost_effectiveness(two(), me.mean(wide(), "y0"), cost_se=3.0),
        ("brings its own error",),
    ),
    ("an event path of one effect", IdentificationError, lambda: event_path(two()), ("event",)),
    (
        "an event study without a common reference",
        IdentificationError,
        lambda: event_path(event_study()),
        ("reference",),
    ),
    (
        "a wild bootstrap of replicates",
        EstimateError,
        lambda: me.wild_bootstrap(me.mean(replicated_design(), "y")),
        ("linearised",),
    ),
    (
        "strata without clusters",
        EstimateError,
        lambda: me.wild_bootstrap(two(), strata=pd.Series(np.arange(80) % 2)),
        ("strata come with clusters",),
    ),
    (
        "treatment of another length",
        EstimateError,
        lambda: me.wild_bootstrap(two(GROUPS), cluster=GROUPS.frame["g"], treated=[0, 1]),
        ("another length",),
    ),
    (
        "treatment in three values behind the estimate",
        EstimateError,
        lambda: me.wild_bootstrap(
            two(GROUPS), cluster=GROUPS.frame["g"], treated=np.arange(80) % 3
        ),
        ("not yes or no",),
    ),
    (
        "nobody treated behind the estimate",
        EstimateError,
        lambda: me.wild_bootstrap(two(GROUPS), cluster=GROUPS.frame["g"], treated=np.zeros(80)),
        ("nobody is treated",),
    ),
    (
        "clusters that cross strata",
        EstimateError,
        lambda: me.wild_bootstrap(
            two(GROUPS), cluster=GROUPS.frame["g"], strata=pd.Series(np.arange(80) // 40)
        ),
        ("clusters cross strata",),
    ),
    (
        "clusters that are missing",
        EstimateError,
        lambda: me.wild_bootstrap(
            two(GROUPS), cluster=GROUPS.frame["g"].where(GROUPS.frame.index != 3)
        ),
        ("cluster", "missing"),
    ),
    (
        "clusters of another length",
        EstimateError,
        lambda: me.wild_bootstrap(two(GROUPS), cluster=[1, 2, 3]),
        ("another length", "80 rows"),
    ),
    (
        "unknown bootstrap weights",
        EstimateError,
        lambda: signs(8, "mammen", 99, 1),
        ("unknown bootstrap weights", "mammen"),
    ),
    (
        "two-way treatment in three values",
        IdentificationError,
        lambda: two_way(long(k=panel()["unit"] % 3 * 1.0), "y", treated="k", unit="unit", time="t"),
        ("not yes or no", "'k'"),
    ),
    (
        "an unknown small-sample rule",
        IdentificationError,
        lambda: two_way(long(), "y", treated="on", unit="unit", time="t", small_sample="hc3"),
        ("small-sample rule", "hc3"),
    ),
    (
        "Sun-Abraham by region",
        IdentificationError,
        lambda: sun_abraham(long(), "y", "cohort", unit="unit", time="t", by="region"),
        ("unknown average", "region"),
    ),
    (
        "Sun-Abraham with a cohort from the first period",
        IdentificationError,
        lambda: sun_abraham(
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
        ("1",),
    ),
    (
        "two-way without its key",
        IdentificationError,
        lambda: two_way(long(), "y", treated="on"),
        ("panel's key", "two columns"),
    ),
    (
        "two-way with text for an outcome",
        IdentificationError,
        lambda: two_way(long(word="a"), "word", treated="on", unit="unit", time="t"),
        ("needs numbers", "'word'"),
    ),
    (
        "two-way with a missing outcome",
        IdentificationError,
        lambda: two_way(
            long(y=panel()["y"].where(panel().index != 3)), "y", treated="on", unit="unit", time="t"
        ),
        ("'y'",),
    ),
    (
        "a cluster that is missing",
        IdentificationError,
        lambda: two_way(
            long(c=(panel()["unit"] % 10).where(panel().index != 3)),
            "y",
            treated="on",
            unit="unit",
            time="t",
            cluster="c",
        ),
        ("cluster is missing", "'c'"),
    ),
    (
        "an unknown plot of effects",
        IdentificationError,
        lambda: gt(long()).plot("funnel"),
        ("unknown plot", "funnel"),
    ),
    (
        "group-time effects by an unknown method",
        IdentificationError,
        lambda: gt(long(), method="matching"),
        ("unknown method", "matching"),
    ),
    (
        "covariates with a method that takes none",
        IdentificationError,
        lambda: gt(long(), method="none", covariates=("x",)),
        ("takes no covariates", "x"),
    ),
    (
        "group-time effects without time",
        IdentificationError,
        lambda: me.att_gt(long(), "y", "cohort", unit="unit"),
        ("needs its time column",),
    ),
    (
        "group-time effects of nobody",
        IdentificationError,
        lambda: gt(long().where(np.zeros(160, bool))),
        ("domain is empty",),
    ),
    ("cohorts in words", IdentificationError, lambda: gt(long(cohort="soon")), ("cohort", "soon")),
    (
        "periods in words",
        IdentificationError,
        lambda: gt(long(t=panel()["t"].map({1: "a", 2: "b", 3: "c", 4: "d"}))),
        ("the order of periods is not stated",),
    ),
    (
        "periods that are missing",
        IdentificationError,
        lambda: gt(long(t=panel()["t"].where(panel().index != 3))),
        ("'t'",),
    ),
    (
        "units that are missing",
        IdentificationError,
        lambda: me.att_gt(
            me.Sample.from_frame(
                panel().assign(u2=panel()["unit"].where(panel().index != 3)), weights="w"
            ),
            "y",
            "cohort",
            "t",
            unit="u2",
        ),
        ("u2",),
    ),
    (
        "group-time covariates that are missing",
        IdentificationError,
        lambda: gt(long(x=panel()["x"].where(panel()["unit"] != 3)), covariates=("x",)),
        ("'x'",),
    ),
    (
        "groups by a column that is not there",
        EstimateError,
        lambda: me.by_group(two, wide(), "region"),
        ("unknown column", "region"),
    ),
    (
        "groups that are missing",
        EstimateError,
        lambda: me.by_group(
            two, wide(g=pd.Series(np.arange(80) % 2).where(np.arange(80) != 3)), "g"
        ),
        ("g",),
    ),
    (
        "groups of several values each",
        EstimateError,
        lambda: me.by_group(lambda s: me.mean(s, ["y0", "y1"]), GROUPS, "g"),
        ("a group needs one value", "2 values"),
    ),
    (
        "no group with an estimate",
        EstimateError,
        lambda: me.by_group(two, wide(g=np.arange(80)), "g"),
        ("no group has an estimate",),
    ),
    (
        "an unknown restriction",
        EstimateError,
        lambda: me.honest_did(event_study(), method="smooth"),
        ("unknown restriction", "smooth"),
    ),
    (
        "a grid that falls",
        EstimateError,
        lambda: me.honest_did(gt(long(), base="universal").aggregate("event"), grid=[1.0, 0.5]),
        ("grid does not fit",),
    ),
    (
        "an unknown target",
        EstimateError,
        lambda: me.honest_did(gt(long(), base="universal").aggregate("event"), target="last"),
        ("unknown target", "last"),
    ),
    (
        "imputation by region",
        IdentificationError,
        lambda: imputation(long(), "y", "cohort", unit="unit", time="t", by="region"),
        ("unknown average", "region"),
    ),
    (
        "imputation with unknown errors",
        IdentificationError,
        lambda: imputation(long(), "y", "cohort", unit="unit", time="t", errors="robust"),
        ("unknown errors", "robust"),
    ),
    (
        "sensitivity of an unknown arm",
        EstimateError,
        lambda: delta_sensitivity(wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", [0.0], arm="all"),
        ("unknown arm", "all"),
    ),
    (
        "bounds of an empty range",
        EstimateError,
        lambda: me.manski_bounds(wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", 1.0, 0.0),
        ("range of the outcome is empty", "1, 0"),
    ),
    (
        "bounds with a delta of two",
        EstimateError,
        lambda: me.manski_bounds(
            wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", -9.0, 9.0, delta=2.0
        ),
        ("delta is not a share", "2"),
    ),
    (
        "bounds with an unknown variance",
        EstimateError,
        lambda: me.manski_bounds(
            wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", -9.0, 9.0, variance="robust"
        ),
        ("unknown variance", "robust"),
    ),
    (
        "the closed form between nothing and everything",
        EstimateError,
        lambda: me.manski_bounds(
            wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", -9.0, 9.0, delta=0.5, variance="neyman"
        ),
        ("closed form",),
    ),
    (
        "a follow-up without its attempt",
        EstimateError,
        lambda: me.manski_bounds(
            wide(s=np.arange(80) % 3 > 0), "y1", "d", "s", -9.0, 9.0, recovered="s"
        ),
        ("attempted",),
    ),
    (
        "recovered without an attempt",
        EstimateError,
        lambda: me.manski_bounds(
            wide(s=np.arange(80) % 3 > 0, a=False, r=np.arange(80) % 3 == 0),
            "y1",
            "d",
            "s",
            -9.0,
            9.0,
            "a",
            "r",
        ),
        ("'r'",),
    ),
    (
        "nobody seen in an arm",
        IdentificationError,
        lambda: me.manski_bounds(wide(s=np.arange(80) % 2 == 1), "y1", "d", "s", -9.0, 9.0),
        ("no observed comparison rows",),
    ),
    (
        "an outcome in words",
        EstimateError,
        lambda: me.manski_bounds(wide(y1="a", s=np.arange(80) % 3 > 0), "y1", "d", "s", -9.0, 9.0),
        ("needs numbers", "'y1'"),
    ),
    (
        "seen in three values",
        EstimateError,
        lambda: me.manski_bounds(wide(s=np.arange(80) % 3), "y1", "d", "s", -9.0, 9.0),
        ("'s'",),
    ),
    (
        "an interval of something else than bounds",
        EstimateError,
        lambda: me.imbens_manski(two()),
        ("needs two bounds",),
    ),
    (
        "bounds at a level of 0.4",
        EstimateError,
        lambda: me.imbens_manski(me.lee_bounds(wide(s=np.arange(80) % 5 > 0), "y1", "d", "s"), 0.4),
        ("above one half", "0.4"),
    ),
    (
        "one estimate for a meta-analysis",
        EstimateError,
        lambda: me.random_effects([1.0], [1.0]),
        ("two",),
    ),
    (
        "estimates and errors of different number",
        EstimateError,
        lambda: me.random_effects([1.0, 2.0], [1.0]),
        ("do not match",),
    ),
    (
        "an unknown interval of the summary",
        EstimateError,
        lambda: me.random_effects([1.0, 2.0], [1.0, 1.0], interval="bayes"),
        ("unknown interval", "bayes"),
    ),
    (
        "an unknown way to the variance between studies",
        EstimateError,
        lambda: me.random_effects([1.0, 2.0], [1.0, 1.0], method="ml"),
        ("between studies", "ml"),
    ),
    (
        "a summary at 95",
        EstimateError,
        lambda: me.random_effects([1.0, 2.0], [1.0, 1.0], level=95),
        ("95",),
    ),
    (
        "an unknown adjustment",
        EstimateError,
        lambda: me.adjust_pvalues(me.mean(wide(), ["y0", "y1"]), "sidak"),
        ("unknown adjustment", "sidak"),
    ),
    (
        "Oster with a missing control",
        EstimateError,
        lambda: me.oster(wide(x=survey()["x"].reindex(range(80))), "y1", "d", ["x"]),
        ("'x'",),
    ),
    (
        "Oster with the treatment as a control",
        EstimateError,
        lambda: me.oster(wide(z=np.arange(80) % 2 * 1.0), "y1", "d", ["z"]),
        ("does not vary",),
    ),
    (
        "Oster with an outcome that does not vary",
        EstimateError,
        lambda: me.oster(wide(y1=1.0), "y1", "d", ["x"]),
        ("vary",),
    ),
    (
        "no placebo outcome",
        EstimateError,
        lambda: me.placebo_outcomes(lambda s, o: two(s), wide(), []),
        ("no placebo outcome",),
    ),
    (
        "no placebo date",
        EstimateError,
        lambda: me.placebo_dates(lambda s, o: two(s), wide(), []),
        ("no placebo date",),
    ),
    (
        "placebo groups by a column that is not there",
        EstimateError,
        lambda: me.placebo_groups(two, wide(), "d", "g"),
        ("unknown column", "'g'"),
    ),
    (
        "one placebo group",
        EstimateError,
        lambda: me.placebo_groups(two, wide(g="a"), "d", "g"),
        ("too few groups",),
    ),
    (
        "a cluster of half a person",
        EstimateError,
        lambda: me.minimum_detectable_effect(500, share=0.4, cluster_size=0.5),
        ("planning figure is out of range", "0.5"),
    ),
    (
        "an unknown estimator in a plan",
        EstimateError,
        lambda: me.minimum_detectable_effect(500, share=0.4, estimator="rdd"),
        ("unknown choice", "rdd"),
    ),
    (
        "an effect that no sample finds",
        EstimateError,
        lambda: me.sample_size(1e-12, share=0.4),
        ("no number of persons is enough",),
    ),
    (
        "a power of one half a percent",
        EstimateError,
        lambda: me.pretrend_power(gt(long(), base="universal").aggregate("event"), powers=(0.005,)),
        ("power is out of range",),
    ),
    (
        "a statistic of several values",
        EstimateError,
        lambda: me.randomisation_test(wide(), lambda s: me.mean(s, ["y0", "y1"]), "d", draws=19),
        ("one value", "select"),
    ),
    (
        "recall of an unknown arm",
        EstimateError,
        lambda: me.recall_sensitivity(
            wide(b=np.arange(80) % 3 == 0, a=np.arange(80) % 4 == 0),
            "b",
            "a",
            "d",
            [0.9],
            [0.9],
            arm="all",
        ),
        ("unknown arm", "all"),
    ),
    (
        "a specification of several values",
        EstimateError,
        lambda: me.robustness(wide(), lambda s: me.mean(s, ["y0", "y1"]), {"a": {}}),
        ("a specification needs one value", "2 values"),
    ),
    (
        "a specification that gives no estimate",
        EstimateError,
        lambda: me.robustness(wide(), lambda s: 3.0, {"a": {}}),
        ("a specification needs one value", "float"),
    ),
    (
        "a specification that is not there",
        EstimateError,
        lambda: SpecificationCurve(
            (Specification("a", {}, me.NotEstimable("no")),), "a", ()
        ).result("b"),
        ("no such specification", "one of a"),
    ),
    (
        "leave out of a column that is not there",
        EstimateError,
        lambda: me.leave_one_out(two, wide(), "region"),
        ("unknown column", "region", "The frame has"),
    ),
    (
        "leave out of one value",
        EstimateError,
        lambda: me.leave_one_out(two, wide(g="a"), "g"),
        ("nothing to leave out",),
    ),
    (
        "a donut in a column that is not there",
        EstimateError,
        lambda: me.donut(two, wide(), "weeks", [1.0]),
        ("unknown column", "weeks"),
    ),
    (
        "a triple difference that cannot be fitted",
        IdentificationError,
        lambda: triple_difference(
            wide(z=np.arange(80) % 2 * 1.0), ("y0", "y1"), "d", "e", covariates=("z",)
        ),
        ("cannot be fitted",),
    ),
    (
        "a wide sample with a time column",
        IdentificationError,
        lambda: att_2x2(wide(t=1), ("y0", "y1"), "d", time="t"),
        ("wide sample has no time column",),
    ),
    (
        "cross-sections without a time column",
        IdentificationError,
        lambda: att_2x2(wide(), "y1", "d"),
        ("need a time column",),
    ),
    (
        "cross-sections of three periods",
        IdentificationError,
        lambda: att_2x2(wide(t=np.arange(80) % 3), "y1", "d", time="t"),
        ("t",),
    ),
]

REFUSALS: list[Case] = [
    *(case("weighting", DesignError, name, attempt, *names) for name, attempt, names in WEIGHTING),
    *(
        case("calibration", CalibrationError, name, attempt, *names)
        for name, attempt, names in TOTALS
    ),
    *(case("estimate", EstimateError, name, attempt, *names) for name, attempt, names in NEGATIVE),
    *(case("impact", error, name, attempt, *names) for name, error, attempt, names in EFFECTS),
]
