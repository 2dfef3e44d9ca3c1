"""Bad designs, weights, totals, panels and effects that are not identified: each plants one fault
in good data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import mismes_eval as me
from mismes_eval.errors import (
    CalibrationError,
    DesignError,
    EstimateError,
    IdentificationError,
    MismesError,
)
from mismes_eval.impact.did.group_time import att_gt
from mismes_eval.impact.did.triple import triple_difference
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.regression.bacon import bacon
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.imputation import imputation


@dataclass(frozen=True)
class Case:
    """attempt: what a user does, in an empty folder. error: its class. names: what the message must
    say, each part; place, value or mend.
    """

    area: str
    name: str
    attempt: Callable[[Path], object]
    error: type[MismesError]
    names: tuple[str, ...]


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


def case(
    area: str, error: type[MismesError], name: str, attempt: Callable[[], object], *names: str
) -> Case:
    return Case(area, name, lambda folder: attempt(), error, names)


DESIGNS = [
    case("design", DesignError, name, attempt, *names)
    for name, attempt, names in (
        ("a negative weight", lambda: design(w=at(-1.0)), ("negative weights", "'w'", "3")),
        ("a missing weight", lambda: design(w=at(None)), ("missing weights", "'w'", "1")),
        ("an infinite weight", lambda: design(w=at(np.inf)), ("infinite weights", "'w'")),
        ("a weight in words", lambda: design(w=at("twelve")), ("not numbers", "twelve")),
        ("weights that sum to zero", lambda: design(w=0.0), ("sum to zero", "'w'")),
        ("no such weight column", lambda: design({"weights": "wgt"}), ("wgt", "frame has")),
        ("no such stratum column", lambda: design({"strata": "straat"}), ("straat",)),
        ("no such PSU column", lambda: design({"psu": "cluster"}), ("cluster",)),
        (
            "a stratum missing in a row",
            lambda: design(stratum=at(None, column="stratum")),
            ("missing", "'stratum'", "3"),
        ),
        (
            "a PSU missing in a row",
            lambda: design(psu=at(None, column="psu")),
            ("missing", "'psu'"),
        ),
        (
            "PSU codes that restart in every stratum",
            lambda: design(psu=np.arange(60) // 4 % 3),
            ("more than one stratum", "nest=True"),
        ),
        (
            "a frame without rows",
            lambda: me.Sample.from_frame(survey().iloc[:0], weights="w"),
            ("no rows",),
        ),
        ("neither weights nor fpc", lambda: me.Sample.from_frame(survey()), ("no weights",)),
        (
            "fpc smaller than the sample",
            lambda: design({"fpc": "n1"}, n1=2.0),
            ("smaller than the sample", "'n1'"),
        ),
        (
            "fpc neither count nor fraction",
            lambda: design({"fpc": "n1"}, n1=np.where(np.arange(60) % 4 == 0, 0.5, 1.5)),
            ("neither", "'n1'"),
        ),
        (
            "fpc that differs inside a stratum",
            lambda: design({"fpc": "n1"}, n1=40.0 + np.arange(60)),
            ("differs inside a stratum",),
        ),
        (
            "fpc that is negative",
            lambda: design({"fpc": "n1"}, n1=at(-5.0, column="n1")),
            ("not a positive number", "'n1'"),
        ),
        (
            "more fpc columns than stages",
            lambda: design({"fpc": ["n1", "n1"]}),
            ("more fpc columns",),
        ),
        (
            "an unknown rule for lonely PSUs",
            lambda: design({"lonely_psu": "ignore"}),
            ("unknown rule", "ignore", "adjust"),
        ),
        (
            "a lonely PSU where none is allowed",
            lambda: design(
                {"lonely_psu": "error"},
                stratum=np.where(
                    np.arange(60) % 12 == 0, 9, np.arange(60) % 4 + 10 * (np.arange(60) % 12 == 4)
                ),
            ),
            ("one PSU",),
        ),
        (
            "a column name that stands twice",
            lambda: me.Sample.from_frame(
                pd.concat([survey(), survey()[["w"]]], axis=1), weights="w"
            ),
            ("more than once", "w"),
        ),
        ("rows that repeat a key", lambda: design({"unit": "house"}), ("repeat a key", "house")),
        ("a key that is not there", lambda: design({"unit": "person"}), ("person",)),
        (
            "a cluster effect beside PSUs",
            lambda: design({"cluster_deff": 1.5}),
            ("cluster effect beside PSUs",),
        ),
        (
            "a cluster effect of zero",
            lambda: design({"cluster_deff": 0.0, "psu": None}),
            ("not positive", "cluster_deff"),
        ),
        (
            "a mask of another frame",
            lambda: design().where(pd.Series([True] * 5)),
            ("another index", "60"),
        ),
        (
            "a mask with missing values",
            lambda: design().where(pd.Series([True, None] * 30, dtype="boolean")),
            ("missing", "fillna"),
        ),
        ("a mask of numbers", lambda: design().where(np.arange(60)), ("not boolean",)),
        ("caps of trimming that cross", lambda: me.trim(design(), lower=5, upper=2), ("cross",)),
        ("no cap to trim to", lambda: me.trim(design()), ("no cap",)),
        ("every weight capped", lambda: me.trim(design(), upper=1.0), ("every weight is capped",)),
        ("a cap that is no number", lambda: me.trim(design(), upper=np.nan), ("not a weight",)),
        ("an unknown replicate method", lambda: me.replicates(design(), method="boot"), ("boot",)),
        (
            "a bootstrap without a seed",
            lambda: me.replicates(design(), method="bootstrap"),
            ("seed",),
        ),
        (
            "half-samples with three PSUs in a stratum",
            lambda: me.replicates(design(), method="brr"),
            ("two",),
        ),
    )
]

GOOD = {"sex": {"F": 300.0, "M": 360.0}}
TOTALS = [
    case("calibration", CalibrationError, name, attempt, *names)
    for name, attempt, names in (
        (
            "an unknown margin",
            lambda: me.calibrate(design(), {"sexe": GOOD["sex"]}),
            ("sexe", "Did you mean 'sex'"),
        ),
        (
            "a category without a total",
            lambda: me.calibrate(design(), {"sex": {"F": 300.0}}),
            ("no total", "'M'", "30"),
        ),
        (
            "a total without rows",
            lambda: me.calibrate(design(), {"sex": {"F": 300.0, "M": 300.0, "X": 60.0}}),
            ("without rows", "'X'"),
        ),
        (
            "categories of another type",
            lambda: me.calibrate(design(), {"d": {"0": 300.0, "1": 360.0}}),
            ("another type",),
        ),
        (
            "margins with different sums",
            lambda: me.calibrate(design(), {**GOOD, "age": {"young": 300.0, "old": 400.0}}),
            ("same total", "660", "700"),
        ),
        (
            "a negative total",
            lambda: me.calibrate(design(), {"sex": {"F": -5.0, "M": 665.0}}),
            ("negative total", "'F'"),
        ),
        (
            "a total that is no number",
            lambda: me.calibrate(design(), {"sex": {"F": "many", "M": 360.0}}),
            ("not a finite number", "many"),
        ),
        (
            "one number for a categorical margin",
            lambda: me.calibrate(design(), {"sex": 660.0}),
            ("one number", "categorical"),
        ),
        (
            "a margin that is missing in a row",
            lambda: me.calibrate(design(sex=at(None, column="sex")), GOOD),
            ("missing", "'sex'", "3"),
        ),
        ("no margin at all", lambda: me.calibrate(design(), {}), ("no totals",)),
        (
            "an unknown method",
            lambda: me.calibrate(design(), GOOD, method="ipf"),
            ("unknown calibration method", "ipf"),
        ),
        (
            "logit without bounds",
            lambda: me.calibrate(design(), GOOD, method="logit"),
            ("needs bounds",),
        ),
        (
            "bounds that do not hold 1",
            lambda: me.calibrate(design(), GOOD, method="logit", bounds=(1.1, 2.0)),
            ("bounds cannot work",),
        ),
        (
            "bounds that are too tight",
            lambda: me.calibrate(
                design(), {"sex": {"F": 600.0, "M": 60.0}}, method="logit", bounds=(0.9, 1.1)
            ),
            ("does not meet", "Bounds must at least"),
        ),
        (
            "a unit that is not there",
            lambda: me.calibrate(design(), GOOD, unit="family"),
            ("unit", "family"),
        ),
        (
            "weights that differ inside a unit",
            lambda: me.calibrate(design(), GOOD, unit="house"),
            ("differ inside units", "house"),
        ),
        (
            "standard errors of another margin",
            lambda: me.calibrate(design(), GOOD, total_se={"age": {"young": 5.0}}),
            ("no margin", "age"),
        ),
        (
            "two faults at once",
            lambda: me.calibrate(
                design(), {"sexe": {"F": 1.0}, "age": {"young": -3.0, "old": 5.0}}
            ),
            ("sexe", "negative total"),
        ),
    )
]

ESTIMATES = [
    case("estimate", EstimateError, name, attempt, *names)
    for name, attempt, names in (
        ("an unknown column", lambda: me.mean(design(), "income"), ("income", "frame has")),
        (
            "a missing value in the domain",
            lambda: me.mean(design(y=at(np.nan, column="y").astype(float)), "y"),
            ("missing", "'y'", "notna"),
        ),
        (
            "an infinite value in the domain",
            lambda: me.total(design(y=at(np.inf, column="y").astype(float)), "y"),
            ("infinite", "'y'"),
        ),
        ("a ratio by zero", lambda: me.ratio(design(x=0.0), "y", "x"), ("zero denominator", "'x'")),
        ("a median of words", lambda: me.quantile(design(), "sex", 0.5), ("numbers", "'sex'")),
        ("a quantile above 1", lambda: me.quantile(design(), "y", 50), ("50",)),
        (
            "a misspelt group over an empty domain",
            lambda: me.mean(design().where(survey()["y"] > 1e6), "y", by="sx"),
            ("unknown column", "sx"),
        ),
        (
            "a breakdown with missing values",
            lambda: me.mean(design(sex=at(None, column="sex")), "y", by="sex"),
            ("missing", "sex"),
        ),
        ("a breakdown that is not there", lambda: me.mean(design(), "y", by="gender"), ("gender",)),
        (
            "collinear regressors",
            lambda: me.ols(design(z=survey()["x"] * 2), "y ~ x + z"),
            ("combination of others", "'z'", "Drop one"),
        ),
        ("a formula with an unknown column", lambda: me.ols(design(), "y ~ income"), ("income",)),
        ("a formula that cannot be read", lambda: me.ols(design(), "y ~ + *"), ("formula",)),
        (
            "separation in a logit",
            lambda: me.logit(design(z=survey()["d"] * 1.0), "d ~ z"),
            ("no finite solution", "Merge categories"),
        ),
        (
            "an outcome of a logit that is not 0 or 1",
            lambda: me.logit(design(), "y ~ x"),
            ("0 or 1", "'y'"),
        ),
        (
            "a negative count",
            lambda: me.poisson(design(k=-1.0 - survey()["y"]), "k ~ x"),
            ("0 or more",),
        ),
        (
            "a contrast of unknown values",
            lambda: me.mean(design(), "y", by="sex").contrast({"y, sex=Z": 1.0}),
            ("names no value", "sex=Z"),
        ),
        ("a level of confidence of 95", lambda: me.mean(design(), "y").ci(95), ("level", "95")),
        (
            "estimates of two designs stacked",
            lambda: me.stack(me.mean(design(), "y"), me.mean(design(), "y")),
            ("same design",),
        ),
        (
            "one design called independent",
            lambda: me.independent(*[me.mean(design(), "y")] * 2),
            ("independent",),
        ),
        (
            "an unknown statistic of association",
            lambda: me.rao_scott(design(), "sex", "age", statistic="chi2"),
            ("chi2",),
        ),
    )
]


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


EFFECTS = [
    case("impact", error, name, attempt, *names)
    for name, error, attempt, names in (
        (
            "everyone treated",
            IdentificationError,
            lambda: att_2x2(wide(d=1), ("y0", "y1"), "d"),
            ("d",),
        ),
        (
            "nobody treated",
            IdentificationError,
            lambda: att_2x2(wide(d=0), ("y0", "y1"), "d"),
            ("d",),
        ),
        (
            "treatment in three values",
            IdentificationError,
            lambda: att_2x2(wide(d=np.arange(80) % 3), ("y0", "y1"), "d"),
            ("d",),
        ),
        (
            "an unknown outcome",
            MismesError,
            lambda: att_2x2(wide(), ("y0", "income"), "d"),
            ("income",),
        ),
        (
            "an unknown method",
            MismesError,
            lambda: att_2x2(wide(), ("y0", "y1"), "d", method="psm"),
            ("psm",),
        ),
        (
            "a covariate that is the treatment",
            IdentificationError,
            lambda: att_2x2(wide(z=np.arange(80) % 2 * 1.0), ("y0", "y1"), "d", covariates=("z",)),
            ("z",),
        ),
        (
            "collinear covariates",
            IdentificationError,
            lambda: att_2x2(
                wide(z=2 * np.tan(np.arange(80) / 50)), ("y0", "y1"), "d", covariates=("x", "z")
            ),
            ("collinear",),
        ),
        (
            "an outcome that is missing",
            MismesError,
            lambda: att_2x2(wide(y1=np.nan), ("y0", "y1"), "d"),
            ("y1",),
        ),
        (
            "a covariate that is missing",
            MismesError,
            lambda: att_2x2(
                wide(x=np.where(np.arange(80) == 5, np.nan, 1.0 * np.arange(80))),
                ("y0", "y1"),
                "d",
                covariates=("x",),
            ),
            ("x",),
        ),
        (
            "no never treated",
            IdentificationError,
            lambda: gt(long(cohort=np.where(panel()["unit"] % 2 == 0, 3.0, 4.0)), control="never"),
            ("never",),
        ),
        (
            "treated from the first period on",
            IdentificationError,
            lambda: gt(long(cohort=np.where(panel()["unit"] % 2 == 0, 1.0, 0.0))),
            ("no cohort starts inside the window", "after 1"),
        ),
        (
            "two rows of one unit and period",
            IdentificationError,
            lambda: gt(
                long(t=np.where((panel()["unit"] == 0) & (panel()["t"] == 2), 1, panel()["t"]))
            ),
            ("one row a unit and period", "2 rows", "Remove duplicates"),
        ),
        (
            "a start that changes",
            IdentificationError,
            lambda: gt(
                long(
                    cohort=np.where(
                        (panel()["unit"] == 0) & (panel()["t"] == 4), 0.0, panel()["cohort"]
                    )
                )
            ),
            ("cohort",),
        ),
        (
            "a covariate that changes",
            IdentificationError,
            lambda: gt(long(x=panel()["t"] * 1.0), covariates=("x",)),
            ("x",),
        ),
        (
            "starts after the last period only",
            IdentificationError,
            lambda: gt(long(cohort=np.where(panel()["unit"] % 2 == 0, 9.0, 0.0))),
            ("cohort",),
        ),
        (
            "a start at a series break",
            IdentificationError,
            lambda: gt(long(), series_breaks=(3,)),
            ("break", "3"),
        ),
        (
            "an unknown control group",
            IdentificationError,
            lambda: gt(long(), control="all"),
            ("all",),
        ),
        ("an unknown base", IdentificationError, lambda: gt(long(), base="first"), ("first",)),
        (
            "an unknown aggregation",
            IdentificationError,
            lambda: gt(long()).aggregate("dynamic"),
            ("dynamic", "event"),
        ),
        (
            "an event window with nothing in it",
            IdentificationError,
            lambda: gt(long()).aggregate("event", 20, 30),
            ("Widen",),
        ),
        (
            "no time column",
            MismesError,
            lambda: att_gt(long(), "y", "cohort", "year", unit="unit"),
            ("year",),
        ),
        (
            "an unbalanced panel where it is refused",
            IdentificationError,
            lambda: att_gt(
                me.Sample.from_frame(panel().iloc[1:], weights="w", psu="unit"),
                "y",
                "cohort",
                "t",
                unit="unit",
                unbalanced="refuse",
            ),
            ("balanced",),
        ),
        (
            "imputation without untreated rows",
            IdentificationError,
            lambda: imputation(long(cohort=1.0), "y", "cohort", unit="unit", time="t"),
            ("cohort",),
        ),
        (
            "two-way treatment that never changes",
            IdentificationError,
            lambda: two_way(
                long(on=(panel()["unit"] % 2).astype(float)),
                "y",
                treated="on",
                unit="unit",
                time="t",
            ),
            ("on",),
        ),
        (
            "Bacon with one cohort only",
            IdentificationError,
            lambda: bacon(long(cohort=3.0), "y", "cohort", unit="unit", time="t"),
            ("cohort",),
        ),
        (
            "triple difference with everyone eligible",
            IdentificationError,
            lambda: triple_difference(wide(e=True), ("y0", "y1"), "d", "e"),
            ("e",),
        ),
        (
            "a wild bootstrap with two clusters",
            MismesError,
            lambda: me.wild_bootstrap(
                att_2x2(wide(g=np.arange(80) % 2), ("y0", "y1"), "d"),
                cluster=pd.Series(np.arange(80) % 2),
            ),
            ("cluster",),
        ),
        (
            "Ferman and Pinto with five groups",
            MismesError,
            lambda: me.ferman_pinto(
                att_2x2(wide(), ("y0", "y1"), "d"), cluster=pd.Series(np.arange(80) % 5)
            ),
            ("cluster",),
        ),
        (
            "bounds with nobody seen",
            MismesError,
            lambda: me.lee_bounds(wide(s=False), "y1", "d", "s"),
            ("s",),
        ),
        (
            "a study without an outcome",
            MismesError,
            lambda: me.minimum_detectable_effect(500),
            ("sd",),
        ),
        (
            "a study with an impossible loss",
            MismesError,
            lambda: me.minimum_detectable_effect(500, share=0.4, attrition=1.4),
            ("attrition", "1.4"),
        ),
        (
            "a study too small for a test",
            MismesError,
            lambda: me.minimum_detectable_effect(20, share=0.4, cluster_size=20),
            ("too few clusters",),
        ),
        ("no effect to find", MismesError, lambda: me.sample_size(0.0, share=0.4), ("no effect",)),
    )
]

CASES = [*DESIGNS, *TOTALS, *ESTIMATES, *EFFECTS]
