"""Bad calls of estimates, some of effects and weights: each plants one fault in good data."""

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

import mismes_eval as me
from mismes_eval.errors import DesignWarning
from mismes_eval.impact.sensitivity.robustness import every_combination

from .verb_calls import cross, effect, event
from .verb_calls import long as traced
from .verb_calls import panel as followed

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


def design(**columns: object) -> me.Sample:
    """A sample of the survey with some columns replaced."""
    return me.Sample.from_frame(
        survey().assign(**columns), weights="w", strata="stratum", psu="psu"
    )


def at(value: object, row: int = 3, column: str = "w") -> pd.Series:
    """A column with one cell replaced."""
    series = survey()[column].astype(object)
    series.iloc[row] = value
    return series


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


ESTIMATES: Attempts = {
    "an unknown column": lambda: me.mean(design(), "income"),
    "a missing value in the domain": lambda: me.mean(
        design(y=at(np.nan, column="y").astype(float)), "y"
    ),
    "an infinite value in the domain": lambda: me.total(
        design(y=at(np.inf, column="y").astype(float)), "y"
    ),
    "no column": lambda: me.mean(design(), []),
    "columns of nothing": lambda: me.mean(design(), None),
    "a number for a column": lambda: me.total(design(), 3),
    "values for a column": lambda: me.proportion(design(), pd.Series([1.0, 2.0])),
    "a list of lists": lambda: me.mean(design(), ["x", ["y"]]),
    "groups by values": lambda: me.total(design(), "x", by=pd.Series(["F"])),
    "groups by a number": lambda: me.mean(design(), "x", by=3),
    "groups named twice": lambda: me.mean(design(), "x", by=["sex", "sex"]),
    "gaps in three columns": lambda: me.proportion(
        design(x=at(None, 3, "x"), sex=at(None, 4, "sex"), age=at(None, 5, "age")),
        ["x", "sex"],
        by="age",
    ),
    "two unknown columns": lambda: me.total(design(), ["nope", "y"], by="neither"),
    "a table for a sample": lambda: me.mean(survey(), "y"),
    "a mean of dates": lambda: me.mean(design(day=pd.Timestamp("2020-01-01")), "day"),
    "a total of complex numbers": lambda: me.total(design(z=survey()["y"] * 1j), "z"),
    "a ratio of words": lambda: me.ratio(design(), "sex", "age"),
    "a ratio of a list": lambda: me.ratio(design(), ["y"], "x"),
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
    "a quantile of negative weights": lambda: me.quantile(negative(), "y", 0.5),
    "a regression with negative weights": lambda: me.ols(negative(), "y ~ x"),
    "a logit with negative weights": lambda: me.logit(negative(), "d ~ x"),
    "a survival curve with negative weights": lambda: me.survival(negative(), "months", "died"),
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


def long() -> me.Sample:
    return me.Sample.from_frame(panel(), weights="w", psu="unit")


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


EFFECTS: Attempts = {
    "an unknown outcome": lambda: me.att_2x2(wide(), ("y0", "income"), "d"),
    "an outcome that is missing": lambda: me.att_2x2(wide(y1=np.nan), ("y0", "y1"), "d"),
    "no time column": lambda: me.att_gt(long(), "y", "cohort", "year", unit="unit"),
    "Ferman and Pinto with five groups": lambda: me.ferman_pinto(
        me.att_2x2(wide(), ("y0", "y1"), "d"), cluster=pd.Series(np.arange(80) % 5)
    ),
    "bounds with nobody seen": lambda: me.lee_bounds(wide(s=False), "y1", "d", "s"),
    "bounds that take everybody away": lambda: me.lee_bounds(
        wide(s=np.where(np.arange(80) % 2 == 1, True, False)), "y1", "d", "s"
    ),
    "nobody seen in an arm": lambda: me.manski_bounds(
        wide(s=np.arange(80) % 2 == 1), "y1", "d", "s", -9.0, 9.0
    ),
    "seen in three values": lambda: me.manski_bounds(
        wide(s=np.arange(80) % 3), "y1", "d", "s", -9.0, 9.0
    ),
}
WEIGHTING: Attempts = {
    "replicates too many for memory": lambda: me.replicates(design(), "bootstrap", n=10**9, seed=1)
}
ARGUMENTS: Attempts = {
    "plans in words": lambda: me.minimum_detectable_effect("a", sd="b"),
    "a power in words": lambda: me.minimum_detectable_effect(100, sd=1, power="x"),
    "a seed below zero": lambda: me.wild_bootstrap(effect(), seed=-1),
    "a seed and a level": lambda: me.pretrend_power(event(), seed=-1, level=1.0),
    "a band of nothing": lambda: me.sup_t(me.NotEstimable("too few")),
    "p-values from no draws": lambda: me.adjust_pvalues(event(), draws=0),
    "a number for covariates": lambda: me.att_2x2(cross(), ("y0", "y"), "d", covariates=3),
    "half a seed of bands": lambda: me.att_gt(traced(), "y", "g", time="t", unit="id").bands(
        seed=1.5
    ),
    "an event in words": lambda: me.att_gt(traced(), "y", "g", time="t", unit="id").overall(
        min_event="0"
    ),
    "a file for spells": lambda: me.calendar("a.csv", "2021-01", "2021-02"),
    "a number for labels": lambda: me.stack_samples([cross()], labels=4),
    "weights that are missing": lambda: me.kish_deff([1.0, np.nan]),
    "an unknown interval of shares": lambda: me.proportion(cross(), "sex", interval="wald"),
    "half a duration": lambda: me.duration_quantile(cross(), "len", "end", prob="half"),
    "a number for a panel": lambda: me.attrition_tests(3, "y", "x"),
    "a number for a function": lambda: me.robustness(cross(), 3, {"a": {}}),
    "a specification in a list": lambda: me.robustness(cross(), me.att_2x2, {"a": ["y"]}),
    "a specification that lacks an argument": lambda: me.robustness(cross(), me.att_2x2, {"a": {}}),
    "a specification misspelt": lambda: me.robustness(
        cross(), me.att_2x2, {"a": {"methd": 1}}, {"outcome": "y", "treated": "d"}
    ),
    "a choice of no specification": lambda: me.robustness(
        cross(), me.att_2x2, {"a": {}}, choices={"b": {}}
    ),
    "options in a list": lambda: every_combination({"method": ["dr"]}),
    "a function without arguments": lambda: me.leave_one_out(effect, cross(), "h"),
    "recall of an unknown column": lambda: me.recall_sensitivity(
        cross(), "e0", "nope", "d", [0.9], [0.9]
    ),
    "a jacobian that is not finite": lambda: me.mean(cross(), "y").through(
        np.log, np.array([[np.nan]])
    ),
}
ATTRITION: Attempts = {
    "an unknown method": lambda: me.attrition_weights(followed(), ["x"], method="tree"),
    "no covariate": lambda: me.attrition_weights(followed(), ()),
    "restricted without stabilising": lambda: me.attrition_weights(
        followed(), "x", restricted="x", stabilised=False
    ),
    "restricted to what is no covariate": lambda: me.attrition_weights(
        followed(), "x", restricted="sex"
    ),
    "an unknown covariate": lambda: me.attrition_weights(followed(), "age"),
    "an unknown lag": lambda: me.attrition_weights(followed(), "x", lagged="wage"),
    "an unknown answer": lambda: me.attrition_weights(followed(), "x", answered="useful"),
    "a covariate with gaps": lambda: me.attrition_weights(
        followed().with_columns({"x": np.where(np.arange(60) % 7 == 3, np.nan, 1.0)}), "x"
    ),
}
