"""Every sentence of what effects refuse: what, where, expected, found, how many rows and which, and
how to mend it; several problems in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import MismesError
from mismes_eval.impact.bounds.lee import lee_bounds
from mismes_eval.impact.bounds.manski import delta_sensitivity, manski_bounds
from mismes_eval.impact.bounds.partial_identification import imbens_manski
from mismes_eval.impact.did.balance import balance
from mismes_eval.impact.did.bands import sup_t
from mismes_eval.impact.did.event_path import event_path
from mismes_eval.impact.did.triple import triple_difference
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap, wild_bootstrap_ols
from mismes_eval.impact.planning.meta_analysis import random_effects
from mismes_eval.impact.regression.bacon import bacon
from mismes_eval.impact.regression.fixed_effects import sun_abraham, two_way
from mismes_eval.impact.regression.imputation import imputation
from mismes_eval.impact.sensitivity.robustness import every_combination
from mismes_eval.tracer.panel import TracerPanel

N = 40
P, U, T = np.arange(N), np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)
ALTERNATE = P % 2


def wide(**words: object) -> me.Sample:
    """Forty persons, every second one treated; words that are no argument of a sample are columns."""
    design = ("strata", "psu")
    f = pd.DataFrame(
        {
            "w": 1.0,
            "y0": np.sin(P),
            "y1": np.cos(P) + ALTERNATE,
            "d": ALTERNATE,
            "x": np.tan(P / 30),
            "s": P < 34,
            "g": P // 20,
            "h": P // 4,
        }
    )
    return me.Sample.from_frame(
        f.assign(**{k: v for k, v in words.items() if k not in design}),
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


def tracer(**columns: object) -> TracerPanel:
    return TracerPanel.from_frame(
        rows(**columns).rename(columns={"u": "person_id", "t": "wave"}), weights="w"
    )


def att(s: me.Sample | None = None, **words: object) -> me.Estimate:
    return me.att_2x2(wide() if s is None else s, ("y0", "y1"), "d", **words)  # type: ignore[arg-type]


def event() -> me.Estimate:
    return gt(base="universal").aggregate("event")


def without_freedom() -> me.Estimate:
    return replace(event(), dof=np.zeros(event().p))


def once() -> TracerPanel:
    """A panel whose persons have a height and an arm, and no treatment in their waves."""
    persons = pd.DataFrame({"person_id": range(12), "w": 1.0, "tall": 1.0, "on": [0, 1] * 6})
    waves = tracer().long[["person_id", "wave", "y"]]
    return TracerPanel.from_frame(waves, sample=me.Sample.from_frame(persons, weights="w"))


CASES: dict[str, tuple[Callable[[], object], list[str]]] = {
    "an unknown aggregation": (
        lambda: gt().aggregate("dynamic"),
        [
            "unknown aggregation: argument 'kind'. Expected one of simple, event, cohort, calendar, got 'dynamic'."
        ],
    ),
    "nothing in the window": (
        lambda: gt().aggregate("event", min_event=7),
        [
            "no group-time effect is left to average: aggregate('event'). Expected at least one, got none. Widen min_event, max_event or balance."
        ],
    ),
    "balance of cohorts": (
        lambda: gt().aggregate("cohort", balance=1),
        [
            "balance belongs to the event study: argument 'balance'. Expected None unless kind is 'event', got 1."
        ],
    ),
    "a decomposition of one cohort": (
        lambda: bacon(long(rows(g=3.0)), "y", "g", unit="u", time="t"),
        [
            "nothing to compare: column 'g'. Expected two cohorts, one of which starts inside the window, got 3."
        ],
    ),
    "an unknown picture of balance": (
        lambda: balance(wide(), "d", "x").plot("histogram"),
        ["unknown plot: argument 'kind'. Expected 'love' or 'overlap', got 'histogram'."],
    ),
    "an unknown picture of effects": (
        lambda: gt().plot("pie"),
        [
            "unknown plot: argument 'kind'. Expected 'event', 'cohort', 'calendar' or 'heat', got 'pie'."
        ],
    ),
    "everything wrong with a band": (
        lambda: sup_t(event(), level=95, draws=10, method="bonferroni"),
        [
            "unknown way to a band: argument 'method'. Expected 'covariance' or 'multiplier', got 'bonferroni'.",
            "the level is not a probability: argument 'level'. Expected between 0 and 1, got 95.",
            "too few draws: argument 'draws'. Expected 100 or more, got 10.",
        ],
    ),
    "a multiplier band of replicates": (
        lambda: sup_t(att(me.replicates(wide(), "jackknife")), method="multiplier"),
        [
            "the multiplier bootstrap needs one linearised design: argument 'method'. Expected 'covariance' here."
        ],
    ),
    "a start at a break": (
        lambda: gt(series_breaks=[3]),
        [
            "treatment starts at a break of the series: cohort 3, break at 3. Expected no break after 2 and up to 3, got 3. Bridge the series, or pass acknowledge_breaks=True and say so in the text."
        ],
    ),
    "a break between": (
        lambda: me.att_2x2(
            wide(t=np.where(P < 20, 2010, 2012)), "y1", "d", "t", series_breaks=[2011]
        ),
        [
            "a break of the series lies between the two periods: break at 2011. Expected none after 2010 and up to 2012, got 2011. Bridge the series, or pass acknowledge_breaks=True and say so in the text."
        ],
    ),
    "a break of two columns": (
        lambda: att(series_breaks=[2011]),
        [
            "breaks of the series cannot be placed: argument 'series_breaks'. Expected two periods that are numbers, got None. Leave it out for outcomes named by column."
        ],
    ),
    "no event study": (
        lambda: event_path(gt()),
        [
            "not an event study: argument 'event_study'. Expected an Estimate with the keys column 'event_time', got GroupTime. Aggregate with aggregate('event')."
        ],
    ),
    "an effect that is no event study": (
        lambda: event_path(att()),
        [
            "not an event study: argument 'event_study'. Expected an Estimate with the keys column 'event_time', got keys variable. Aggregate with aggregate('event')."
        ],
    ),
    "no degrees of freedom": (
        lambda: event_path(without_freedom()),
        [
            "the event study has no degrees of freedom: argument 'event_study'. Expected more PSUs than strata, got 0."
        ],
    ),
    "clusters across strata": (
        lambda: wild_bootstrap(att(), cluster=wide().frame["h"], strata=wide().frame["d"]),
        [
            "clusters cross strata: argument 'strata'. Expected every cluster in one stratum, got clusters in several. 10 rows."
        ],
    ),
    "a bootstrap of a sample": (
        lambda: wild_bootstrap(wide()),
        [
            "the wild bootstrap takes an estimate: argument 'estimate'. Expected an Estimate, got a Sample."
        ],
    ),
    "a bootstrap of replicates": (
        lambda: wild_bootstrap(att(me.replicates(wide(), "jackknife"))),
        [
            "the wild bootstrap needs influence columns on one design: argument 'estimate'. Expected a linearised design, one sample, got 1 designs or replicates."
        ],
    ),
    "strata without clusters": (
        lambda: wild_bootstrap(att(), strata=wide().frame["g"]),
        [
            "strata come with clusters: argument 'strata'. Expected None without 'cluster': the design's strata are used."
        ],
    ),
    "treatment of another length": (
        lambda: wild_bootstrap(att(), cluster=wide().frame["h"], treated=[1, 0]),
        ["treatment has another length: argument 'treated'. Expected 40 rows, got 2."],
    ),
    "treatment that is neither": (
        lambda: wild_bootstrap(att(), cluster=wide().frame["h"], treated=P),
        [
            "treatment is not yes or no: argument 'treated'. Expected 0 or 1 in every row behind the estimate, got other values."
        ],
    ),
    "treatment of nobody": (
        lambda: wild_bootstrap(att(), cluster=wide().frame["h"], treated=np.zeros(N)),
        [
            "nobody is treated: argument 'treated'. Expected treated rows behind the estimate, got none."
        ],
    ),
    "clusters of another length": (
        lambda: wild_bootstrap(att(), cluster=[1, 2, 3]),
        ["cluster has another length: argument 'cluster'. Expected 40 rows, got 3 rows."],
    ),
    "clusters missing": (
        lambda: wild_bootstrap(att(), cluster=wide().frame["h"].where(P > 1)),
        [
            "cluster is missing: argument 'cluster'. Expected a label in every row, got missing. 2 rows, first: 0, 1."
        ],
    ),
    "two clusters": (
        lambda: wild_bootstrap(att(), cluster=wide().frame["g"]),
        [
            "the wild bootstrap cannot be drawn. Expected 3 clusters or more, a level between 0.5 and 1, 99 draws or more, got 2 clusters, level 0.95, 9999 draws. Two clusters say nothing of how clusters differ: take smaller ones (the design's PSUs), or randomisation_test where the assignment was random."
        ],
    ),
    "a level and draws out of range": (
        lambda: wild_bootstrap(att(), cluster=wide().frame["h"], level=0.5, draws=98),
        [
            "the wild bootstrap cannot be drawn. Expected 3 clusters or more, a level between 0.5 and 1, 99 draws or more, got 10 clusters, level 0.5, 98 draws."
        ],
    ),
    "unknown points": (
        lambda: wild_bootstrap(att(), cluster=wide().frame["h"], points="mammen"),
        [
            "unknown bootstrap weights: argument 'points'. Expected auto, rademacher or webb, got 'mammen'."
        ],
    ),
    "clusters that are no column": (
        lambda: wild_bootstrap_ols(wide(), "y1 ~ d", "d", "area"),
        ["unknown column: column 'area'. Expected a column of the frame."],
    ),
    "a covariate that does not change": (
        lambda: two_way(
            long(rows(flat=1.0 * U)), "y", "on", unit="u", time="t", covariates=["flat"]
        ),
        [
            "a column is explained by unit and period effects and the columns before it: 'flat'. Expected variation of its own, got none. Leave it out; in an event study without never-treated units leave out two event times."
        ],
    ),
    "a covariate that does not change in a replicate": (
        lambda: two_way(
            me.replicates(long(rows(x=1.0 * ((U == 1) & (T == 2)))), "jackknife"),
            "y",
            "on",
            unit="u",
            time="t",
            covariates="x",
        ),
        [
            "a column is explained by unit and period effects and the columns before it: 'x' in a replicate. Expected variation of its own, got none. Leave it out; in an event study without never-treated units leave out two event times."
        ],
    ),
    "cohorts by region": (
        lambda: sun_abraham(long(), "y", "g", unit="u", time="t", by="region"),
        [
            "unknown average: argument 'by'. Expected 'event', 'cohort', 'att' or 'cells', got 'region'."
        ],
    ),
    "cohorts without never treated": (
        lambda: sun_abraham(long(rows(g=np.where(U % 2, 2.0, 3.0))), "y", "g", unit="u", time="t"),
        [
            "no never-treated group: argument 'cohort'. Expected units with 0, or a start after the last period, got none. Drop the periods from the last cohort's start on."
        ],
    ),
    "cohorts treated at once": (
        lambda: sun_abraham(
            long(rows(g=np.array([0.0, 1.0, 0.5, 3.0])[U % 4])), "y", "g", unit="u", time="t"
        ),
        [
            "a cohort has no period before treatment: column 'g'. Expected starts after 1, got 0.5, 1. Narrow the domain to the other cohorts."
        ],
    ),
    "no time": (
        lambda: me.att_gt(long(), "y", "g", unit="u"),
        ["a long sample needs its time column: argument 'time'. Expected a column, got None."],
    ),
    "an empty domain": (
        lambda: gt(long().where(np.zeros(48, bool))),
        ["the domain is empty. Expected rows with weight, got none."],
    ),
    "collinear covariates of cohorts": (
        lambda: gt(long(rows(x=U % 5, z=2 * (U % 5))), covariates=["x", "z"]),
        [
            "the comparison cannot be fitted: cohort 3, 1 to 2, 2 to 3, 2 to 4; covariates x, z, method 'dr'. Expected overlap between cohort and comparison group, covariates not collinear, got covariates are collinear in the comparison group: z. Merge categories, drop a covariate, merge cohorts, choose control='not_yet', or leave its cells out: impossible='leave_out'."
        ],
    ),
    "a cohort never seen in a period": (
        lambda: gt(
            long(rows(y=np.where((U % 2 == 0) & (T == 4), np.nan, 1.0 * U))), unbalanced="pairs"
        ),
        [
            "a group-time comparison has no rows: cohort 3, 2 to 4. Expected treated and comparison rows in both periods, got 0 treated, 6 comparison. Merge cohorts, narrow the periods, choose unbalanced='balanced', or leave its cells out: impossible='leave_out'."
        ],
    ),
    "groups of unknown columns": (
        lambda: me.by_group(att, wide(), ["region", "sex"]),
        [
            "unknown column: column 'region'. Expected a column of the frame.",
            "unknown column: column 'sex'. Expected a column of the frame.",
        ],
    ),
    "periods that do not connect": (
        lambda: imputation(long(rows(z=1.0 * U)), "y", "g", unit="u", time="t", covariates="z"),
        [
            "untreated rows do not connect all periods, or do not hold a covariate: unit and period effects, z. Expected untreated units seen across periods, covariates that vary inside units, got separate groups or collinear columns. Narrow the periods, or drop the covariate."
        ],
    ),
    "a covariate of cohorts missing": (
        lambda: gt(long(rows(k=np.where(U == 1, np.nan, 1.0))), covariates=["k"]),
        [
            "a covariate is missing: column 'k'. Expected a value in every row of the domain, got missing. 1 row. Narrow the domain, or make missing a category."
        ],
    ),
    "a cohort that changes": (
        lambda: gt(long(rows(g=np.where((U == 2) & (T > 2), 4.0, rows()["g"])))),
        [
            "a column changes inside units: column 'g'. Expected one first treated period for each unit, got 1 units with several. 2 rows, first: 10, 11. A cohort is the first treated period and treatment stays on."
        ],
    ),
    "a covariate that changes": (
        lambda: gt(long(rows(k=1.0 * T)), covariates="k"),
        [
            "the comparison cannot be fitted: cohort 3, 1 to 2, 2 to 3, 2 to 4; covariates k, method 'dr'. Expected overlap between cohort and comparison group, covariates not collinear, got covariates are collinear in the comparison group: k. Merge categories, drop a covariate, merge cohorts, choose control='not_yet', or leave its cells out: impossible='leave_out'."
        ],
    ),
    "an infinite outcome": (
        lambda: gt(long(rows(y=np.where(U == 3, np.inf, 1.0)))),
        [
            "att_gt meets an infinite value: column 'y'. Expected finite numbers, got inf. 4 rows, first: 12, 13, 14, 15."
        ],
    ),
    "a unit missing": (
        lambda: gt(long(rows(u=np.where(U == 1, np.nan, U)), psu="k")),
        [
            "att_gt meets missing values in the domain: column 'u'. Expected a value in every row of the domain that carries weight, got missing. 4 rows, first: 4, 5, 6, 7. Narrow the domain: sample.where(sample.frame['u'].notna())."
        ],
    ),
    "a unit twice in a period": (
        lambda: gt(long(rows(t=np.where((U == 3) & (T == 2), 1, T)))),
        [
            "a unit has several rows in one period: columns 'u' and 't'. Expected one row a unit and period, got 2 rows, of 3. 2 rows, first: 3, 3. Remove duplicates."
        ],
    ),
    "time in words": (
        lambda: gt(long(rows(t=np.array(list("abcd"))[T - 1]))),
        [
            "the order of periods is not stated: column 't'. Expected numbers, dates, ordered categories, or text that is one kind of period throughout, got 'a', 'b', 'c', 'd'. Say time={\"t\": (first, ..., last)}, or make it an ordered categorical: frame['t'] = pd.Categorical(..., categories=[first, ..., last], ordered=True)."
        ],
    ),
    "time missing": (
        lambda: gt(long(rows(t=np.where(U < 2, np.nan, T)))),
        [
            "att_gt meets missing values in the domain: column 't'. Expected a value in every row of the domain that carries weight, got missing. 8 rows, first: 0, 1, 2, 3, 4. Narrow the domain: sample.where(sample.frame['t'].notna())."
        ],
    ),
    "a cohort in words": (
        lambda: gt(long(rows(g="soon"))),
        [
            "a cohort is not of the kind of the periods: column 'g'. Expected the first treated period, written like 1; missing for never, got 'soon'. 12 rows, first: 0, 1, 2, 3, 4. Write it as the time column does, or leave it empty for never treated."
        ],
    ),
    "a panel with gaps": (
        lambda: gt(long(rows(y=np.where((U > 8) & (T == 2), np.nan, 1.0))), unbalanced="refuse"),
        [
            "the panel is unbalanced: columns 'u' and 't'. Expected every unit with 'y' in all 4 periods, got 3 units with gaps. 3 rows, first: 9, 10, 11. Weight for attrition in a TracerPanel, or choose unbalanced='balanced' (complete units) or 'pairs' (units seen in both periods of a comparison)."
        ],
    ),
    "a tracer panel with gaps": (
        lambda: me.att_gt(
            tracer(y=np.where((U > 8) & (T == 2), np.nan, 1.0)), "y", "g", unbalanced="refuse"
        ),
        [
            "the panel is unbalanced: 'y'. Expected every person with 'y' in all 4 waves, got 3 persons with gaps. 3 rows. Choose unbalanced='balanced' (those who answered all waves, weighted for attrition) or 'pairs'."
        ],
    ),
    "values missing in a regression": (
        lambda: two_way(
            long(rows(y=np.where(U == 1, np.nan, 1.0), e=np.where(U == 11, np.nan, 1.0))),
            "y",
            event_time="e",
            unit="u",
            time="t",
        ),
        [
            "two_way meets missing values in the domain: column 'y'. Expected a value in every row of the domain that carries weight, got missing. 4 rows, first: 4, 5, 6, 7. Narrow the domain: sample.where(sample.frame['y'].notna()).",
            "the time since treatment is missing for persons who answered: column 'e'. Expected a number in every wave, infinite for never, got missing. 4 rows, first: 44, 45, 46, 47. Where missing means never treated: frame['e'].fillna(numpy.inf).",
        ],
    ),
    "words in a regression": (
        lambda: two_way(long(rows(y="much", t="early")), "y", "on", unit="u", time="t"),
        [
            "two_way needs numbers: column 'y'. Expected a numeric or boolean column, got str. frame['y'] = pd.to_numeric(frame['y'])",
            "the order of periods is not stated: column 't'. Expected numbers, dates, ordered categories, or text that is one kind of period throughout, got 'early'. Say time={\"t\": (first, ..., last)}, or make it an ordered categorical: frame['t'] = pd.Categorical(..., categories=[first, ..., last], ordered=True).",
        ],
    ),
    "infinite values in a regression": (
        lambda: two_way(long(rows(y=np.where(U == 1, np.inf, 1.0))), "y", "on", unit="u", time="t"),
        [
            "two_way meets an infinite value: column 'y'. Expected finite numbers, got inf. 4 rows, first: 4, 5, 6, 7."
        ],
    ),
    "time since treatment missing": (
        lambda: two_way(tracer(e=np.where((U < 3) & (T == 1), np.nan, -1.0)), "y", event_time="e"),
        [
            "the time since treatment is missing for persons who answered: column 'e'. Expected a number in every wave, infinite for never, got missing. 3 rows, first: 0, 1, 2. Where missing means never treated: frame['e'].fillna(numpy.inf)."
        ],
    ),
    "a cohort that changes in a regression": (
        lambda: sun_abraham(
            long(rows(g=np.where((U == 2) & (T > 2), 4.0, rows()["g"]))),
            "y",
            "g",
            unit="u",
            time="t",
        ),
        [
            "a column changes inside units: column 'g'. Expected one first treated period for each unit, got 1 units with several. 2 rows, first: 10, 11. A cohort is the first treated period and treatment stays on."
        ],
    ),
    "a unit twice in a regression": (
        lambda: two_way(
            long(rows(t=np.where((U == 3) & (T == 2), 1, T))), "y", "on", unit="u", time="t"
        ),
        [
            "a unit has several rows in one period: columns 'u' and 't'. Expected one row a unit and period, got 2 rows, of 3. 2 rows, first: 3, 3. Remove duplicates."
        ],
    ),
    "no key": (
        lambda: two_way(long(), "y", "on", time="t"),
        [
            "two_way needs the panel's key: arguments 'unit' and 'time'. Expected two columns, got None, 't'."
        ],
    ),
    "bounds in between by the closed form": (
        lambda: manski_bounds(wide(), "y1", "d", "s", low=-3, high=3, delta=0.5, variance="neyman"),
        [
            "the closed form covers delta 0 and 1 only: argument 'variance'. Expected 'design' for a delta in between, got 'neyman'."
        ],
    ),
    "a share beyond 1": (
        lambda: manski_bounds(wide(), "y1", "d", "s", low=-3, high=3, delta=2.0),
        ["delta is not a share: argument 'delta'. Expected a number between 0 and 1, got 2."],
    ),
    "found without being tried": (
        lambda: manski_bounds(
            wide(a=P > 37, f=P > 30), "y1", "d", "s", low=-3, high=3, attempted="a", recovered="f"
        ),
        [
            "recovered rows that were not tried, or were observed at once: column 'f'. Expected attempted yes and selected no, got other rows. 7 rows, first: 31, 32, 33, 34, 35."
        ],
    ),
    "outcomes outside": (
        lambda: manski_bounds(wide(y1=1.0 * P), "y1", "d", "s", low=3.0, high=31.5),
        [
            "outcomes outside their range: column 'y1'. Expected 3 to 31.5, got 0 to 33. 5 rows, first: 0, 1, 2, 32, 33. Widen low and high."
        ],
    ),
    "an unknown arm": (
        lambda: delta_sensitivity(wide(), "y1", "d", "s", [0.0], arm="all"),
        ["unknown arm: argument 'arm'. Expected treated, comparison or both, got 'all'."],
    ),
    "no shift": (
        lambda: delta_sensitivity(wide(), "y1", "d", "s", []),
        [
            "the shifts are not numbers: argument 'shifts'. Expected one finite number or more, got []."
        ],
    ),
    "names of other studies": (
        lambda: me.random_effects([0.1, 0.2], [0.1, 0.1]).plot(["one"]),
        ["names and studies do not match: argument 'names'. Expected 2 names, got 1."],
    ),
    "collinear controls": (
        lambda: me.oster(wide(z=2 * np.tan(P / 30)), "y1", "d", ["x", "z"]),
        [
            "controls are collinear: controls x, z. Expected columns none of which follows from the others, got column 2 is made of columns 1. Drop one of them."
        ],
    ),
    "a treatment that does not vary": (
        lambda: me.oster(wide(d=1.0), "y1", "d", ["x"]),
        [
            "treatment or outcome does not vary: columns 'd' and 'y1'. Expected variation beyond the controls, got none."
        ],
    ),
    "pairs of waves with estimated totals": (
        lambda: me.att_gt(
            TracerPanel.from_frame(
                tracer().long,
                sample=me.calibrate(tracer().sample, {"1": 12.0}, total_se={"1": 1.0}),
            ),
            "y",
            "g",
            unbalanced="pairs",
        ),
        [
            "pairs of waves and totals with an error of their own cannot be had together: linear calibration to 1. Expected exact totals, or unbalanced='balanced', got estimated totals."
        ],
    ),
    "pairs of waves with replicates": (
        lambda: me.att_gt(
            TracerPanel.from_frame(
                tracer().long, sample=me.replicates(tracer().sample, "jackknife")
            ),
            "y",
            "g",
            unbalanced="pairs",
        ),
        [
            "pairs of waves and replicate weights cannot be had together: argument 'unbalanced'. Expected 'balanced' for replicate designs, got 'pairs'."
        ],
    ),
    "nobody treated is observed": (
        lambda: lee_bounds(wide(s=P % 2 == 0), "y1", "d", "s"),
        [
            "lee_bounds has no observed treated rows: column 'd'. Expected observed outcomes in both arms, got 0 of 20."
        ],
    ),
    "nobody treated": (
        lambda: lee_bounds(wide(d=0), "y1", "d", "s"),
        ["lee_bounds has no treated rows: column 'd'. Expected both arms, got none."],
    ),
    "bounds of one effect at a level of 40%": (
        lambda: imbens_manski(att(), 0.4),
        [
            "imbens_manski needs two bounds: argument 'bounds'. Expected an Estimate of 'lower' and 'upper', got ATT."
        ],
    ),
    "a level of 40%": (
        lambda: imbens_manski(lee_bounds(wide(), "y1", "d", "s"), 0.4),
        [
            "the level is no probability above one half: argument 'level'. Expected a number between 0.5 and 1, got 0.4."
        ],
    ),
    "bounds of words": (
        lambda: manski_bounds(wide(y1="much"), "y1", "d", "s", low=0, high=1),
        [
            "manski_bounds needs numbers: column 'y1'. Expected a numeric or boolean column, got str."
        ],
    ),
    "outcomes missing and infinite": (
        lambda: lee_bounds(
            wide(y1=np.where(P < 3, np.nan, np.where(P < 5, np.inf, 1.0))), "y1", "d", "s"
        ),
        [
            "lee_bounds meets missing outcomes among observed rows: column 'y1'. Expected a finite number in every row that counts as observed, got missing. 3 rows, first: 0, 1, 2. Count these rows as not observed, or narrow the domain: sample.where(numpy.isfinite(frame['y1'])).",
            "lee_bounds meets infinite outcomes among observed rows: column 'y1'. Expected a finite number in every row that counts as observed, got infinite. 2 rows, first: 3, 4. Count these rows as not observed, or narrow the domain: sample.where(numpy.isfinite(frame['y1'])).",
        ],
    ),
    "observed perhaps": (
        lambda: lee_bounds(wide(s=P // 17), "y1", "d", "s"),
        [
            "lee_bounds needs a yes or no: column 's'. Expected True or False, 1 or 0, got other values. 6 rows, first: 34, 35, 36, 37, 38."
        ],
    ),
    "nobody never treated": (
        lambda: gt(long(rows(g=np.where(U % 2, 2.0, 3.0)))),
        [
            "no never-treated group: argument 'control'. Expected units whose cohort is 0, missing or infinite, got none. Use control='not_yet'."
        ],
    ),
    "no date": (
        lambda: me.placebo_dates(lambda s, date: att(s), wide(), []),
        ["no placebo date: argument 'dates'. Expected one or more, got none."],
    ),
    "no placebo": (
        lambda: me.placebo_outcomes(lambda s, y: att(s), wide(), []),
        ["no placebo outcome: argument 'outcomes'. Expected one or more columns, got none."],
    ),
    "groups of an unknown column": (
        lambda: me.placebo_groups(att, wide(), "d", "region"),
        ["unknown column: column 'region'. Expected a column of the frame."],
    ),
    "one group without the measure": (
        lambda: me.placebo_groups(att, wide(g="a"), "d", "g"),
        ["too few groups without the measure: column 'g'. Expected two or more, got ['a']."],
    ),
    "a study of nobody": (
        lambda: me.minimum_detectable_effect(
            0,
            share_treated=1.5,
            attrition=1.0,
            r2=-0.1,
            cluster_size=0.5,
            power=0.01,
            estimator="rdd",
            take_up=1.1,
        ),
        [
            "the spread of the outcome is needed once: arguments 'sd' and 'share'. Expected one of the two, got neither.",
            "a planning figure is out of range: argument 'n'. Expected above 0 and below inf, got 0.",
            "a planning figure is out of range: argument 'share_treated'. Expected above 0 and below 1, got 1.5.",
            "a planning figure is out of range: argument 'take_up'. Expected above 0 and below 1, got 1.1.",
            "a planning figure is out of range: argument 'power'. Expected above 0.05 and below 1, got 0.01.",
            "a planning figure is out of range: argument 'attrition'. Expected 0 or more and below 1, got 1.",
            "a planning figure is out of range: argument 'r2'. Expected 0 or more and below 1, got -0.1.",
            "a planning figure is out of range: cluster_size, waves_before, waves_after. Expected 1 or more, got 0.5, 1, 1.",
            "unknown choice: arguments 'estimator' and 'assigned'. Expected post, did or ancova; cluster or person, got 'rdd', 'cluster'.",
        ],
    ),
    "a spread twice": (
        lambda: me.minimum_detectable_effect(100, sd=1.0, share=0.5),
        [
            "the spread of the outcome is needed once: arguments 'sd' and 'share'. Expected one of the two, got both."
        ],
    ),
    "two clusters of a study": (
        lambda: me.minimum_detectable_effect(20, sd=1.0, cluster_size=10),
        [
            "too few clusters for a test: arguments 'n' and 'cluster_size'. Expected 3 clusters or more, got 2. Enrol more clusters."
        ],
    ),
    "no effect to look for": (
        lambda: me.sample_size(0.0, sd=1.0),
        ["no effect to look for: argument 'effect'. Expected a number other than 0, got 0.0."],
    ),
    "an effect too small to look for": (
        lambda: me.sample_size(1e-12, sd=1.0),
        [
            "no number of persons is enough: argument 'effect'. Expected an effect that is not vanishing, got 1e-12."
        ],
    ),
    "a power below the size of the test": (
        lambda: me.pretrend_power(event(), powers=(0.5, 0.01)),
        [
            "a power is out of range: argument 'powers'. Expected between 0.05 and 1, got [0.5, 0.01]."
        ],
    ),
    "no period before the reference": (
        lambda: me.honest_did(
            gt(long(rows(g=np.where(U % 2 == 0, 2.0, 0.0))), base="universal").aggregate("event")
        ),
        [
            "an event study needs periods on both sides of its reference: keys column 'event_time'. Expected periods before and after -1, got 0, 1, 2. Estimate with more periods before treatment."
        ],
    ),
    "an assignment that is no column": (
        lambda: me.randomisation_test(wide(), att, "lot", cluster="village"),
        [
            "unknown column: column 'lot'. Expected a column of the frame.",
            "unknown column: column 'village'. Expected a column of the frame.",
        ],
    ),
    "left out by an unknown column": (
        lambda: me.leave_one_out(att, wide(), "region"),
        [
            "unknown column: column 'region'. Expected a column of the frame. The frame has: w, y0, y1, d, x, s, g, h."
        ],
    ),
    "one value to leave out": (
        lambda: me.leave_one_out(att, wide(g="a"), "g"),
        ["nothing to leave out: column 'g'. Expected two values or more in the domain, got ['a']."],
    ),
    "two values of a specification": (
        lambda: me.leave_one_out(lambda s: me.mean(s, ["y0", "y1"]), wide(), "g"),
        [
            "a specification needs one value: argument 'function'. Expected an Estimate of one value, got 2 values. Choose one with select([i])."
        ],
    ),
    "a donut of an unknown column": (
        lambda: me.donut(att, wide(), "weeks", [1.0]),
        ["unknown column: column 'weeks'. Expected a column of the frame."],
    ),
    "a donut of words": (
        lambda: me.donut(att, wide(g="a"), "g", [1.0]),
        ["a time from enrolment is not a number: column 'g'. Expected a numeric column, got str."],
    ),
    "an unknown specification": (
        lambda: me.robustness(
            wide(), me.att_2x2, {"a": {"outcome": ("y0", "y1"), "treated": "d"}}
        ).result("b"),
        ["no such specification: argument 'name' = 'b'. Expected one of a."],
    ),
    "an unknown reference": (
        lambda: me.robustness(wide(), me.att_2x2, {"a": {}, "b": {}}, reference="c"),
        [
            "no such specification: arguments 'specifications' and 'reference'. Expected one of a, b, got 'c'."
        ],
    ),
    "choices of no specification": (
        lambda: me.robustness(
            wide(), me.att_2x2, {"a": {}, "b": ["x"]}, choices={"a": "x", "c": {}}
        ),
        [
            "a specification is no set of arguments: argument 'specifications', 'b'. Expected a mapping, got a list.",
            "a specification is no set of arguments: argument 'choices', 'a'. Expected a mapping, got a str.",
            "no such specification: argument 'choices', 'c'. Expected one of a, b.",
        ],
    ),
    "options without labels": (
        lambda: every_combination({"method": ["dr", "or"], "covariates": {"none": ()}, "time": 3}),
        [
            "options of an argument are not labelled: argument 'options', 'method'. Expected a mapping of label to value, got a list.",
            "options of an argument are not labelled: argument 'options', 'time'. Expected a mapping of label to value, got a int.",
        ],
    ),
    "an argument that the function has not": (
        lambda: me.robustness(
            wide(),
            me.att_2x2,
            {"a": {"colour": "red"}},
            common={"outcome": ("y0", "y1"), "treated": "d"},
        ),
        [
            "a specification does not fit the function: arguments 'specifications' and 'common'. Expected arguments of att_2x2, got an unexpected keyword argument 'colour'."
        ],
    ),
    "studies in words": (
        lambda: random_effects("ten", ["a", 0.1]),
        [
            "estimates are not numbers: arguments 'value' and 'se'. Expected two lists of numbers, got a str and a list."
        ],
    ),
    "no specification": (
        lambda: me.robustness(wide(), me.att_2x2, {}),
        [
            "no such specification: arguments 'specifications' and 'reference'. Expected one of none given, got None."
        ],
    ),
    "a triple difference of three groups": (
        lambda: triple_difference(wide(e=(P % 4 == 1) * 1), ("y0", "y1"), "d", "d"),
        [
            "one of the four groups has no rows: d = 0, d = 1. Expected rows in all four groups, got none.",
            "one of the four groups has no rows: d = 1, d = 0. Expected rows in all four groups, got none.",
        ],
    ),
    "a triple difference without a time": (
        lambda: triple_difference(wide(), "y0", "d", "g"),
        [
            "repeated cross-sections need a time column: argument 'time'. Expected the name of a column with two values, got None."
        ],
    ),
    "a triple difference with a time too many": (
        lambda: triple_difference(wide(), ("y0", "y1"), "d", "g", time="x"),
        [
            "a wide sample has no time column: argument 'time'. Expected None with outcome=(before, after), got 'x'."
        ],
    ),
    "a triple difference by magic": (
        lambda: triple_difference(wide(), ("y0", "y1"), "d", "g", method="magic"),
        [
            "unknown method: argument 'method'. Expected one of dr, dr_improved, ipw, ipw_ht, or, none, got 'magic'."
        ],
    ),
    "a triple difference without overlap": (
        lambda: triple_difference(
            wide(z=2 * np.tan(P / 30)), ("y0", "y1"), "d", "g", covariates=["x", "z"]
        ),
        [
            "a comparison cannot be fitted: covariates x, z, method 'dr'. Expected overlap between the four groups, covariates not collinear, got covariates are collinear: z. Merge categories or drop a covariate."
        ],
    ),
    "a covariate missing": (
        lambda: att(wide(x=np.where(P < 2, np.nan, 1.0)), covariates="x"),
        [
            "a covariate is missing: column 'x'. Expected a value in every row of the domain that carries weight, got missing. 2 rows. Narrow the domain, or make missing a category."
        ],
    ),
    "a wide sample with a time": (
        lambda: att(time="t"),
        [
            "a wide sample has no time column: argument 'time'. Expected None with outcome=(before, after), got 't'."
        ],
    ),
    "cross-sections without a time": (
        lambda: me.att_2x2(wide(), "y1", "d"),
        [
            "repeated cross-sections need a time column: argument 'time'. Expected the name of a column with two values, got None."
        ],
    ),
    "an effect by magic": (
        lambda: att(method="best"),
        [
            "unknown method: argument 'method'. Expected one of dr, dr_improved, ipw, ipw_ht, or, none, got 'best'."
        ],
    ),
    "no overlap": (
        lambda: att(wide(x=ALTERNATE), covariates="x"),
        [
            "the comparison cannot be fitted: covariates x, method 'dr'. Expected overlap between the groups and covariates that are not collinear, got fitted probabilities run to 0 or 1: x. Merge categories, drop a covariate, or choose a comparison group that overlaps."
        ],
    ),
    "covariates of no method": (
        lambda: att(method="none", covariates=["x", "g"]),
        ["method 'none' takes no covariates: argument 'covariates'. Expected (), got x, g."],
    ),
    "an effect of a frame": (
        lambda: att(wide().frame),
        [
            "att_2x2 takes a Sample or a tracer panel: first argument. Expected one of them, got a DataFrame. Make one: Sample.from_frame(frame, weights=...), or TracerPanel.from_frame(frame, ...)."
        ],
    ),
    "treatment of three kinds": (
        lambda: att(wide(d=P % 3)),
        [
            "att_2x2 needs a yes or no: column 'd'. Expected True or False, 1 or 0, got 2. 13 rows, first: 2, 5, 8, 11, 14."
        ],
    ),
    "one arm": (
        lambda: att(wide(d=0)),
        ["no treated rows: column 'd'. Expected both groups, got 0 treated, 40 comparison."],
    ),
    "one arm in one period": (
        lambda: me.att_2x2(wide(t=np.where(P % 2, 1, P // 2 % 2)), "y1", "d", "t"),
        ["no treated rows in t 0: column 'd'. Expected both groups, got 0 treated, 10 comparison."],
    ),
    "an outcome of the persons": (
        lambda: me.att_2x2(once(), "tall", "on", (1, 2)),
        [
            "an outcome is known of persons once, not at each wave: column 'tall'. Expected a column of the waves, got a column of the persons."
        ],
    ),
    "one period of two": (
        lambda: me.att_2x2(wide(t=1), "y1", "d", "t"),
        [
            "two periods are needed: column 't'. Expected two values and none missing in the domain, got 1 values: 1. Narrow the domain, or use att_gt."
        ],
    ),
    "lost waves in time order": (
        lambda: me.att_2x2(tracer(), "y", "on", (1, 9)),
        [
            "a panel needs one outcome and two waves: arguments 'outcome' and 'time'. Expected time=(before, after) among waves (1, 2, 3, 4), got 'y', (1, 9)."
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_sentence_of_a_refusal(name: str) -> None:
    attempt, sentences = CASES[name]
    with pytest.raises(MismesError) as caught:
        attempt()
    assert [str(p) for p in caught.value.problems] == sentences
