"""Bad designs, weights, totals, panels and effects that are not identified: each plants one fault
in good data.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

import mismes_eval as me
from mismes_eval.impact.did.group_time import att_gt
from mismes_eval.impact.did.triple import triple_difference
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.regression.bacon import bacon
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.imputation import imputation

Attempts = dict[str, Callable[[], object]]


def survey() -> pd.DataFrame:
    """Sixty persons in twelve PSUs and four strata."""
    n = 60
    return pd.DataFrame(
        {
            "psu": np.arange(n) % 12,
            "stratum": np.arange(n) % 4,
            "w": 10.0 + np.arange(n) % 3,
            "y": np.arange(n, dtype=float),
            "x": np.cos(np.arange(n)),
            "d": np.arange(n) % 2,
            "sex": np.where(np.arange(n) % 2 == 0, "F", "M"),
            "age": np.where(np.arange(n) < 30, "young", "old"),
            "n1": 40.0,
            "house": np.arange(n) // 2,
        }
    )


def design(words: dict[str, object] | None = None, **columns: object) -> object:
    """A sample of the survey with some columns replaced."""
    return me.Sample.from_frame(
        survey().assign(**columns),
        **({"weights": "w", "strata": "stratum", "psu": "psu"} | (words or {})),
    )


def at(value: object, row: int = 3, column: str = "w") -> pd.Series:
    """A column with one cell replaced."""
    series = survey()[column].astype(object)
    series.iloc[row] = value
    return series


DESIGNS: Attempts = {
    "a negative weight": lambda: design(w=at(-1.0)),
    "a missing weight": lambda: design(w=at(None)),
    "an infinite weight": lambda: design(w=at(np.inf)),
    "a weight in words": lambda: design(w=at("twelve")),
    "weights that sum to zero": lambda: design(w=0.0),
    "no such weight column": lambda: design({"weights": "wgt"}),
    "no such stratum column": lambda: design({"strata": "straat"}),
    "no such PSU column": lambda: design({"psu": "cluster"}),
    "a stratum missing in a row": lambda: design(stratum=at(None, column="stratum")),
    "a PSU missing in a row": lambda: design(psu=at(None, column="psu")),
    "PSU codes that restart in every stratum": lambda: design(psu=np.arange(60) // 4 % 3),
    "a frame without rows": lambda: me.Sample.from_frame(survey().iloc[:0], weights="w"),
    "neither weights nor fpc": lambda: me.Sample.from_frame(survey()),
    "fpc smaller than the sample": lambda: design({"fpc": "n1"}, n1=2.0),
    "fpc neither count nor fraction": lambda: design(
        {"fpc": "n1"}, n1=np.where(np.arange(60) % 4 == 0, 0.5, 1.5)
    ),
    "fpc that differs inside a stratum": lambda: design({"fpc": "n1"}, n1=40.0 + np.arange(60)),
    "fpc that is negative": lambda: design({"fpc": "n1"}, n1=at(-5.0, column="n1")),
    "more fpc columns than stages": lambda: design({"fpc": ["n1", "n1"]}),
    "an unknown rule for lonely PSUs": lambda: design({"lonely_psu": "ignore"}),
    "a lonely PSU where none is allowed": lambda: design(
        {"lonely_psu": "error"},
        stratum=np.where(
            np.arange(60) % 12 == 0, 9, np.arange(60) % 4 + 10 * (np.arange(60) % 12 == 4)
        ),
    ),
    "a column name that stands twice": lambda: me.Sample.from_frame(
        pd.concat([survey(), survey()[["w"]]], axis=1), weights="w"
    ),
    "rows that repeat a key": lambda: design({"unit": "house"}),
    "a key that is not there": lambda: design({"unit": "person"}),
    "a cluster effect beside PSUs": lambda: design({"cluster_deff": 1.5}),
    "a cluster effect of zero": lambda: design({"cluster_deff": 0.0, "psu": None}),
    "a mask of another frame": lambda: design().where(pd.Series([True] * 5)),
    "a mask with missing values": lambda: design().where(
        pd.Series([True, None] * 30, dtype="boolean")
    ),
    "a mask of numbers": lambda: design().where(np.arange(60)),
    "caps of trimming that cross": lambda: me.trim(design(), lower=5, upper=2),
    "no cap to trim to": lambda: me.trim(design()),
    "every weight capped": lambda: me.trim(design(), upper=1.0),
    "a cap that is no number": lambda: me.trim(design(), upper=np.nan),
    "an unknown replicate method": lambda: me.replicates(design(), method="boot"),
    "a bootstrap without a seed": lambda: me.replicates(design(), method="bootstrap"),
    "half-samples with three PSUs in a stratum": lambda: me.replicates(design(), method="brr"),
}

GOOD = {"sex": {"F": 300.0, "M": 360.0}}
TOTALS: Attempts = {
    "an unknown margin": lambda: me.calibrate(design(), {"sexe": GOOD["sex"]}),
    "a category without a total": lambda: me.calibrate(design(), {"sex": {"F": 300.0}}),
    "a total without rows": lambda: me.calibrate(
        design(), {"sex": {"F": 300.0, "M": 300.0, "X": 60.0}}
    ),
    "categories of another type": lambda: me.calibrate(design(), {"d": {"0": 300.0, "1": 360.0}}),
    "margins with different sums": lambda: me.calibrate(
        design(), {**GOOD, "age": {"young": 300.0, "old": 400.0}}
    ),
    "a negative total": lambda: me.calibrate(design(), {"sex": {"F": -5.0, "M": 665.0}}),
    "a total that is no number": lambda: me.calibrate(design(), {"sex": {"F": "many", "M": 360.0}}),
    "one number for a categorical margin": lambda: me.calibrate(design(), {"sex": 660.0}),
    "a margin that is missing in a row": lambda: me.calibrate(
        design(sex=at(None, column="sex")), GOOD
    ),
    "no margin at all": lambda: me.calibrate(design(), {}),
    "an unknown method": lambda: me.calibrate(design(), GOOD, method="ipf"),
    "logit without bounds": lambda: me.calibrate(design(), GOOD, method="logit"),
    "bounds that do not hold 1": lambda: me.calibrate(
        design(), GOOD, method="logit", bounds=(1.1, 2.0)
    ),
    "bounds that are too tight": lambda: me.calibrate(
        design(), {"sex": {"F": 600.0, "M": 60.0}}, method="logit", bounds=(0.9, 1.1)
    ),
    "a unit that is not there": lambda: me.calibrate(design(), GOOD, unit="family"),
    "weights that differ inside a unit": lambda: me.calibrate(design(), GOOD, unit="house"),
    "standard errors of another margin": lambda: me.calibrate(
        design(), GOOD, total_se={"age": {"young": 5.0}}
    ),
    "two faults at once": lambda: me.calibrate(
        design(), {"sexe": {"F": 1.0}, "age": {"young": -3.0, "old": 5.0}}
    ),
}

ESTIMATES: Attempts = {
    "an unknown column": lambda: me.mean(design(), "income"),
    "a missing value in the domain": lambda: me.mean(
        design(y=at(np.nan, column="y").astype(float)), "y"
    ),
    "an infinite value in the domain": lambda: me.total(
        design(y=at(np.inf, column="y").astype(float)), "y"
    ),
    "a ratio by zero": lambda: me.ratio(design(x=0.0), "y", "x"),
    "a median of words": lambda: me.quantile(design(), "sex", 0.5),
    "a quantile above 1": lambda: me.quantile(design(), "y", 50),
    "a misspelt group over an empty domain": lambda: me.mean(
        design().where(survey()["y"] > 1e6), "y", by="sx"
    ),
    "a breakdown with missing values": lambda: me.mean(
        design(sex=at(None, column="sex")), "y", by="sex"
    ),
    "a breakdown that is not there": lambda: me.mean(design(), "y", by="gender"),
    "collinear regressors": lambda: me.ols(design(z=survey()["x"] * 2), "y ~ x + z"),
    "a formula with an unknown column": lambda: me.ols(design(), "y ~ income"),
    "a formula that cannot be read": lambda: me.ols(design(), "y ~ + *"),
    "separation in a logit": lambda: me.logit(design(z=survey()["d"] * 1.0), "d ~ z"),
    "an outcome of a logit that is not 0 or 1": lambda: me.logit(design(), "y ~ x"),
    "a negative count": lambda: me.poisson(design(k=-1.0 - survey()["y"]), "k ~ x"),
    "a contrast of unknown values": lambda: me.mean(design(), "y", by="sex").contrast(
        {"y, sex=Z": 1.0}
    ),
    "a level of confidence of 95": lambda: me.mean(design(), "y").ci(95),
    "estimates of two designs stacked": lambda: me.stack(
        me.mean(design(), "y"), me.mean(design(), "y")
    ),
    "one design called independent": lambda: me.independent(*[me.mean(design(), "y")] * 2),
    "an unknown statistic of association": lambda: me.rao_scott(
        design(), "sex", "age", statistic="chi2"
    ),
}


def panel() -> pd.DataFrame:
    """Forty persons, four periods, starts in period 3 for half of them."""
    n = 40
    unit, t = np.repeat(np.arange(n), 4), np.tile(np.arange(1, 5), n)
    cohort = np.where(unit % 2 == 0, 3.0, 0.0)
    y = np.sin(unit * 7.0 + t) + (t >= 3) * (cohort > 0)
    return pd.DataFrame(
        {
            "unit": unit,
            "t": t,
            "cohort": cohort,
            "on": ((cohort > 0) & (t >= cohort)).astype(float),
            "y": y,
            "x": np.cos(unit * 1.0),
            "w": 1.0,
            "e": unit % 3 == 0,
        }
    )


def long(words: dict[str, object] | None = None, **columns: object) -> me.Sample:
    f = panel().assign(**columns)
    return me.Sample.from_frame(f, weights="w", psu="unit")


def wide(**columns: object) -> me.Sample:
    n = 80
    d = np.arange(n) % 2
    f = pd.DataFrame(
        {
            "y0": np.sin(np.arange(n)),
            "y1": np.cos(np.arange(n)) + d,
            "d": d,
            "x": np.tan(np.arange(n) / 50),
            "w": 1.0,
            "e": np.arange(n) % 3 == 0,
        }
    ).assign(**columns)
    return me.Sample.from_frame(f, weights="w")


def gt(sample: me.Sample, **words: object) -> object:
    return att_gt(sample, "y", "cohort", "t", unit="unit", **words)


EFFECTS: Attempts = {
    "everyone treated": lambda: att_2x2(wide(d=1), ("y0", "y1"), "d"),
    "nobody treated": lambda: att_2x2(wide(d=0), ("y0", "y1"), "d"),
    "treatment in three values": lambda: att_2x2(wide(d=np.arange(80) % 3), ("y0", "y1"), "d"),
    "an unknown outcome": lambda: att_2x2(wide(), ("y0", "income"), "d"),
    "an unknown method": lambda: att_2x2(wide(), ("y0", "y1"), "d", method="psm"),
    "a covariate that is the treatment": lambda: att_2x2(
        wide(z=np.arange(80) % 2 * 1.0), ("y0", "y1"), "d", covariates=("z",)
    ),
    "collinear covariates": lambda: att_2x2(
        wide(z=2 * np.tan(np.arange(80) / 50)), ("y0", "y1"), "d", covariates=("x", "z")
    ),
    "an outcome that is missing": lambda: att_2x2(wide(y1=np.nan), ("y0", "y1"), "d"),
    "a covariate that is missing": lambda: att_2x2(
        wide(x=np.where(np.arange(80) == 5, np.nan, 1.0 * np.arange(80))),
        ("y0", "y1"),
        "d",
        covariates=("x",),
    ),
    "no never treated": lambda: gt(
        long(cohort=np.where(panel()["unit"] % 2 == 0, 3.0, 4.0)), control="never"
    ),
    "treated from the first period on": lambda: gt(
        long(cohort=np.where(panel()["unit"] % 2 == 0, 1.0, 0.0))
    ),
    "two rows of one unit and period": lambda: gt(
        long(t=np.where((panel()["unit"] == 0) & (panel()["t"] == 2), 1, panel()["t"]))
    ),
    "a start that changes": lambda: gt(
        long(cohort=np.where((panel()["unit"] == 0) & (panel()["t"] == 4), 0.0, panel()["cohort"]))
    ),
    "a covariate that changes": lambda: gt(long(x=panel()["t"] * 1.0), covariates=("x",)),
    "starts after the last period only": lambda: gt(
        long(cohort=np.where(panel()["unit"] % 2 == 0, 9.0, 0.0))
    ),
    "a start at a series break": lambda: gt(long(), series_breaks=(3,)),
    "an unknown control group": lambda: gt(long(), control="all"),
    "an unknown base": lambda: gt(long(), base="first"),
    "an unknown aggregation": lambda: gt(long()).aggregate("dynamic"),
    "an event window with nothing in it": lambda: gt(long()).aggregate("event", 20, 30),
    "no time column": lambda: att_gt(long(), "y", "cohort", "year", unit="unit"),
    "an unbalanced panel where it is refused": lambda: att_gt(
        me.Sample.from_frame(panel().iloc[1:], weights="w", psu="unit"),
        "y",
        "cohort",
        "t",
        unit="unit",
        unbalanced="refuse",
    ),
    "imputation without untreated rows": lambda: imputation(
        long(cohort=1.0), "y", "cohort", unit="unit", time="t"
    ),
    "two-way treatment that never changes": lambda: two_way(
        long(on=(panel()["unit"] % 2).astype(float)),
        "y",
        treated="on",
        unit="unit",
        time="t",
    ),
    "Bacon with one cohort only": lambda: bacon(
        long(cohort=3.0), "y", "cohort", unit="unit", time="t"
    ),
    "triple difference with everyone eligible": lambda: triple_difference(
        wide(e=True), ("y0", "y1"), "d", "e"
    ),
    "a wild bootstrap with two clusters": lambda: me.wild_bootstrap(
        att_2x2(wide(g=np.arange(80) % 2), ("y0", "y1"), "d"),
        cluster=pd.Series(np.arange(80) % 2),
    ),
    "Ferman and Pinto with five groups": lambda: me.ferman_pinto(
        att_2x2(wide(), ("y0", "y1"), "d"), cluster=pd.Series(np.arange(80) % 5)
    ),
    "bounds with nobody seen": lambda: me.lee_bounds(wide(s=False), "y1", "d", "s"),
    "a study without an outcome": lambda: me.minimum_detectable_effect(500),
    "a study with an impossible loss": lambda: me.minimum_detectable_effect(
        500, share=0.4, attrition=1.4
    ),
    "a study too small for a test": lambda: me.minimum_detectable_effect(
        20, share=0.4, cluster_size=20
    ),
    "no effect to find": lambda: me.sample_size(0.0, share=0.4),
}
