"""What a user reads when an effect is refused, word by word: designs that are not identified,
periods, waves and units that do not fit, statistics without an error.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import MismesError
from mismes_eval.impact.bounds.lee import lee_bounds
from mismes_eval.impact.bounds.manski import manski_bounds
from mismes_eval.impact.did.balance import balance
from mismes_eval.impact.did.base_design import on_base
from mismes_eval.impact.did.event_path import event_path
from mismes_eval.impact.did.heterogeneity import joint
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap_ols
from mismes_eval.impact.regression.bacon import bacon
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.imputation import imputation
from mismes_eval.tracer.panel import TracerPanel

N = 40


def people(**columns: object) -> pd.DataFrame:
    """Forty persons, every second one treated."""
    i = np.arange(N)
    return pd.DataFrame(
        {
            "w": 1.0,
            "y0": np.sin(i),
            "y1": np.cos(i) + i % 2,
            "d": i % 2,
            "x": np.tan(i / 30),
            "s": True,
            "g": i // 20,
            "h": i // 4,
        }
    ).assign(**columns)


def wide(frame: pd.DataFrame | None = None, **words: object) -> me.Sample:
    return me.Sample.from_frame(people() if frame is None else frame, weights="w", **words)  # type: ignore[arg-type]


def rows(**columns: object) -> pd.DataFrame:
    """Twelve persons in periods 1 to 4, treated from 3 or never."""
    u, t = np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)
    g = np.where(u % 2 == 0, 3.0, 0.0)
    return pd.DataFrame(
        {
            "u": u,
            "t": t,
            "g": g,
            "y": np.sin(u * 7.0 + t),
            "w": 1.0,
            "on": 1.0 * ((g > 0) & (t >= g)),
            "k": u // 3,
            "e": np.where(g > 0, t - g, np.inf),
        }
    ).assign(**columns)


def long(frame: pd.DataFrame | None = None, **words: object) -> me.Sample:
    return me.Sample.from_frame(
        rows() if frame is None else frame, weights="w", **{"psu": "u", **words}
    )  # type: ignore[arg-type]


def gt(sample: me.Sample, **words: object) -> me.GroupTime:
    return me.att_gt(sample, "y", "g", "t", "u", **words)  # type: ignore[arg-type]


def tracer(**columns: object) -> TracerPanel:
    return TracerPanel.from_frame(
        rows(**columns).rename(columns={"u": "person_id", "t": "wave"}), weights="w"
    )


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


def event() -> me.Estimate:
    return gt(long(), base="universal").aggregate("event")


def timed(times: list[object]) -> me.Estimate:
    e = event()
    return me.Estimate(
        e.value, e.names, e.parts, e.keys.assign(event_time=times), e.n, e.dof, e.kind
    )


def still() -> me.Estimate:
    return me.mean(wide(people(one=1.0)), "one")


CASES: dict[str, tuple[Callable[[], object], str]] = {
    "nothing after treatment": (
        lambda: gt(long()).overall("event", max_event=-1),
        "no effect after treatment is left to average: aggregate('event'). Expected event times of 0 or later, got none.",
    ),
    "decomposition with gaps": (
        lambda: bacon(long(rows()[np.arange(48) != 5]), "y", "g", unit="u", time="t"),
        "the decomposition needs a balanced panel: arguments 'unit' and 'time'. Expected every unit in every period with one weight, got gaps or weights that change. Narrow the domain to complete units.",
    ),
    "balance of one arm": (
        lambda: balance(wide(people(d=1)), "d", ["x"]),
        "treatment is not yes or no, or has one value: column 'd'. Expected 0 and 1 in the domain, got 1.0.",
    ),
    "balance of separated arms": (
        lambda: balance(wide(people(x=np.arange(N) % 2)), "d", ["x"]),
        "the propensity cannot be fitted: covariates x. Expected overlap, covariates that are not collinear, got fitted probabilities run to 0 or 1: x. Merge categories or drop a covariate.",
    ),
    "band of what does not move": (
        lambda: me.sup_t(still()),
        "no value has a standard error: argument 'estimate'. Expected one at least.",
    ),
    "nothing to join": (
        lambda: on_base([]),
        "no estimate to join: argument 'estimates'. Expected one or more, got none.",
    ),
    "replicates joined": (
        lambda: on_base([att(me.replicates(wide(), "jackknife"))]),
        "an estimate does not stand on one linearised design: ATT. Expected influence columns of one sample.",
    ),
    "samples joined": (
        lambda: on_base([att(wide()), att(wide(people(w=2.0)))]),
        "the estimates stand on different samples: ATT. Expected one sample, its weights before any step.",
    ),
    "totals with an error joined": (
        lambda: on_base(
            [att(me.calibrate(wide(), {"g": {0: 20.0, 1: 20.0}}, total_se={"g": {0: 1.0}}))]
        ),
        "a weight step has an error of its own: ATT. Expected steps to exact totals, got estimated totals or a second phase.",
    ),
    "trimming by another rule": (
        lambda: lee_bounds(wide(), "y1", "d", "s", rule="sas"),
        "unknown trimming rule: argument 'rule'. Expected one of exact, type7, stata, got 'sas'.",
    ),
    "one row seen": (
        lambda: lee_bounds(
            wide(people(s=(np.arange(N) % 2 == 0) | (np.arange(N) == 7))), "y1", "d", "s"
        ),
        "a single observed treated row has no standard error: column 'd'. Expected two observed rows in each arm, got one.",
    ),
    "a cell nobody is seen in": (
        lambda: lee_bounds(
            wide(people(s=(np.arange(N) % 2 == 0) | (np.arange(N) < 20))),
            "y1",
            "d",
            "s",
            tighten="g",
        ),
        "a cell has no observed treated rows: g=1. Expected observed rows of both arms in every cell, got none. Merge cells.",
    ),
    "no trait": (
        lambda: me.composition_check(long(), [], "g", "t"),
        "no trait to compare: argument 'traits'. Expected one column or more, got none.",
    ),
    "cost of two effects": (
        lambda: me.cost_effectiveness(me.mean(wide(), ["y0", "y1"]), 10.0),
        "one value is needed: argument 'att'. Expected an Estimate of one value, got 2 values. Choose it with select([i]).",
    ),
    "cost of no effect": (
        lambda: me.cost_effectiveness(me.NotEstimable("nobody was treated"), "ten"),
        "one value is needed: argument 'att'. Expected an Estimate of one value, got not estimable: nobody was treated.\none value is needed: argument 'cost'. Expected an Estimate of one value, or a number, got str.",
    ),
    "cost out of range": (
        lambda: me.cost_effectiveness(
            att(wide()),
            np.nan,
            participants=0.0,
            years=-1.0,
            cost_se=-1.0,
            correlation=1.5,
            value=0.0,
            level=1.0,
            draws=10,
        ),
        "the cost is not a number: argument 'cost'. Expected a finite number, got nan.\na figure is out of range: argument 'participants'. Expected above 0, got 0.\na figure is out of range: argument 'years'. Expected above 0, got -1.\na figure is out of range: argument 'value'. Expected above 0, got 0.\na standard error is negative: argument 'cost_se'. Expected 0 or more, got -1.\nno correlation: argument 'correlation'. Expected -1 to 1, got 1.5.\na figure is out of range: arguments 'level' and 'draws'. Expected 0 < level < 1, at least 100 draws, got 1, 10.",
    ),
    "an Estimate of the cost with an error": (
        lambda: me.cost_effectiveness(
            att(wide()), me.mean(wide(), "x"), cost_se=1.0, correlation=0.5
        ),
        "an Estimate brings its own error: arguments 'cost_se' and 'correlation'. Expected 0 with an Estimate of the cost, got 1, 0.5.",
    ),
    "an event time twice": (
        lambda: event_path(timed([-2, -1, 0, 0])),
        "event times are not numbers, each once: keys column 'event_time'. Expected distinct numbers, got [-2, -1, 0, 0].",
    ),
    "no reference period": (
        lambda: event_path(gt(long()).aggregate("event")),
        "the coefficients have no common reference period: argument 'event_study'. Expected a universal base, got a varying base. Estimate with base='universal'.",
    ),
    "no such coefficient": (
        lambda: wild_bootstrap_ols(wide(), "y1 ~ d + x", "age", "h", draws=99),
        "the formula has no such coefficient: argument 'coefficient' = 'age'. Expected one of Intercept, d, x.",
    ),
    "two descriptions": (
        lambda: two_way(long(), "y", "on", "e", unit="u", time="t"),
        "two_way needs one of two descriptions of treatment: arguments 'treated' and 'event_time'. Expected exactly one of them, got 'on', 'e'.",
    ),
    "no description": (
        lambda: two_way(long(), "y", unit="u", time="t"),
        "two_way needs one of two descriptions of treatment: arguments 'treated' and 'event_time'. Expected exactly one of them, got None, None.",
    ),
    "replicates with another rule": (
        lambda: two_way(
            me.replicates(long(), "jackknife"), "y", "on", unit="u", time="t", small_sample="full"
        ),
        "replicates carry their own degrees of freedom: argument 'small_sample'. Expected 'design', got 'full'.",
    ),
    "an unknown small-sample rule": (
        lambda: two_way(long(), "y", "on", unit="u", time="t", small_sample="stata"),
        "unknown small-sample rule: argument 'small_sample'. Expected one of design, nested, full, got 'stata'.",
    ),
    "treatment that ends": (
        lambda: two_way(
            long(rows(on=(np.arange(48) % 4 == 1) * 1.0)), "y", "on", unit="u", time="t"
        ),
        "treatment switches off: column 'on'. Expected treatment that stays on, got 12 units that leave. Define the cohort by the first treatment.",
    ),
    "treatment of two in a panel": (
        lambda: two_way(long(rows(on=np.arange(48) % 3)), "y", "on", unit="u", time="t"),
        "treatment is not yes or no: column 'on'. Expected 0 or 1, got other values. 16 rows.",
    ),
    "an unknown treatment of gaps": (
        lambda: gt(long(), unbalanced="drop", method="magic"),
        "unknown treatment of unbalanced panels: argument 'unbalanced'. Expected 'refuse', 'balanced' or 'pairs', got 'drop'.\nunknown method: argument 'method'. Expected one of dr, dr_improved, ipw, ipw_ht, or, none, got 'magic'.",
    ),
    "no adjustment with covariates": (
        lambda: gt(long(), method="none", covariates=["k"]),
        "method 'none' takes no covariates: argument 'covariates'. Expected (), got k.",
    ),
    "a tracer panel with a unit": (
        lambda: me.att_gt(tracer(), "y", "g", unit="village"),
        "a tracer panel knows its units and waves: arguments 'unit' and 'time'. Expected None, or its own columns 'person_id' and 'wave', got 'village', None.",
    ),
    "a tracer panel with a time in a regression": (
        lambda: two_way(tracer(), "y", "on", time="year"),
        "a tracer panel knows its units and waves: arguments 'unit' and 'time'. Expected None, or its own columns 'person_id' and 'wave', got None, 'year'.",
    ),
    "no such reference group": (
        lambda: me.by_group(att, wide(), "g", reference=5),
        "no such reference group: argument 'reference'. Expected one of 0, 1, got 5.",
    ),
    "no group with an estimate": (
        lambda: me.by_group(att, wide(people(g=np.arange(N) % 2)), "g"),
        "no group has an estimate: 0. Got no treated rows: column 'd'. Expected both groups, got 0 treated, 20 comparison.\nno group has an estimate: 1. Got no comparison rows: column 'd'. Expected both groups, got 20 treated, 0 comparison.",
    ),
    "a group missing": (
        lambda: me.by_group(att, wide(people(g=np.where(np.arange(N) < 3, np.nan, 1.0))), "g"),
        "the group is missing for some rows: column 'g'. Expected a group in every row of the domain, got missing. 3 rows. Make missing a group, or narrow the domain.",
    ),
    "two values a group": (
        lambda: me.by_group(lambda s: me.mean(s, ["y0", "y1"]), wide(), "g"),
        "a group needs one value: argument 'function'. Expected an Estimate of one value, got 2 values. Choose one with select([i]).",
    ),
    "estimates of two designs": (
        lambda: joint([att(wide()), att(wide(people(w=2.0)))]),
        "the estimates stand on different designs: argument 'function'. Expected one sample, narrowed by where(), got other weights, units or strata. Use independent() for separate samples.",
    ),
    "weights of no period": (
        lambda: me.honest_did(event(), target={7: 1.0}),
        "weights name no period after treatment: argument 'target'. Expected event times among [0, 1], got [7].",
    ),
    "an unknown target": (
        lambda: me.honest_did(event(), target="last"),
        "unknown target: argument 'target'. Expected 'average', 'first' or weights by event time, got 'last'.",
    ),
    "an unknown restriction": (
        lambda: me.honest_did(event(), "magnitude"),
        "unknown restriction: argument 'method'. Expected relative_magnitude or smoothness, got 'magnitude'.",
    ),
    "a level of one half": (
        lambda: me.honest_did(event(), level=0.5),
        "the level is no probability above one half: argument 'level'. Expected a number between 0.5 and 1, got 0.5.",
    ),
    "a grid that falls": (
        lambda: me.honest_did(event(), grid=[1.0, 0.5]),
        "the grid does not fit: argument 'grid'. Expected increasing values of 0 or more, got [1.0, 0.5].",
    ),
    "all treated": (
        lambda: imputation(long(rows(g=1.0)), "y", "g", unit="u", time="t"),
        "imputation needs treated and untreated rows: column 'g'. Expected both, got 48 of 48 treated.",
    ),
    "none imputed": (
        lambda: imputation(
            long(rows(g=np.where(np.repeat(np.arange(12), 4) % 2 == 0, 1.0, 0.0))),
            "y",
            "g",
            unit="u",
            time="t",
        ),
        "no treated row can be imputed: column 'g'. Expected units seen before treatment, in periods in which others are untreated, got none.",
    ),
    "an unknown average and errors": (
        lambda: imputation(long(), "y", "g", unit="u", time="t", by="year", errors="iid"),
        "unknown average: argument 'by'. Expected 'att', 'event' or 'cohort', got 'year'.\nunknown errors: argument 'errors'. Expected 'influence' or 'conservative', got 'iid'.",
    ),
    "an outcome in words": (
        lambda: gt(long(rows(y="x"))),
        "att_gt needs numbers: column 'y'. Expected a numeric or boolean column, got str. frame['y'] = pd.to_numeric(frame['y'])",
    ),
    "a cohort that is a date": (
        lambda: gt(long(rows(g=pd.Timestamp("2020-01-01")))),
        "a cohort is not of the kind of the periods: column 'g'. Expected the first treated period, written like 1; missing for never, got a date (datetime64[us]). Write it as the time column does, or leave it empty for never treated.",
    ),
    "waves in words": (
        lambda: me.att_gt(
            TracerPanel.from_frame(
                rows()
                .rename(columns={"u": "person_id"})
                .assign(wave=lambda f: "w" + f["t"].astype(str)),
                weights="w",
            ),
            "y",
            "g",
        ),
        "a cohort is not of the kind of the periods: column 'g'. Expected the first treated period, written like w1; missing for never, got 3.0, 0.0. 12 rows, first: 0, 1, 2, 3, 4. Write it as the time column does, or leave it empty for never treated.",
    ),
    "no unit complete": (
        lambda: gt(
            long(rows(y=np.where(np.arange(48) % 4 == np.arange(48) // 4 % 4, np.nan, 1.0)))
        ),
        "no unit is complete: columns 'u' and 't'. Expected units with 'y' in all 4 periods, got none. Narrow the domain to the periods that were asked, or choose unbalanced='pairs'.",
    ),
    "one cluster": (
        lambda: two_way(long(rows(k=1)), "y", "on", cluster="k", unit="u", time="t"),
        "one cluster has no standard error: column 'k'. Expected two clusters or more, got one.",
    ),
    "a cluster missing": (
        lambda: two_way(
            long(rows(k=np.where(np.arange(48) < 4, np.nan, 1.0))),
            "y",
            "on",
            cluster="k",
            unit="u",
            time="t",
        ),
        "a cluster is missing: column 'k'. Expected a value in every row, got missing. 4 rows.",
    ),
    "no ends": (
        lambda: manski_bounds(wide(), "y1", "d", "s", low=-np.inf, high=3.0),
        "an outcome without ends has no worst case: arguments 'low' and 'high'. Expected finite numbers, got -inf, 3.",
    ),
    "everything wrong with bounds": (
        lambda: manski_bounds(
            wide(), "y1", "d", "s", low=3.0, high=3.0, variance="iid", attempted="g"
        ),
        "the range of the outcome is empty: arguments 'low' and 'high'. Expected low < high, got 3, 3.\nunknown variance: argument 'variance'. Expected 'design' or 'neyman', got 'iid'.\ndouble sampling needs both columns: arguments 'attempted' and 'recovered'. Expected both or neither, got 'g', None.",
    ),
    "a closed form with clusters": (
        lambda: manski_bounds(wide(psu="h"), "y1", "d", "s", low=-3.0, high=3.0, variance="neyman"),
        "the closed form needs a plain experiment: argument 'variance'. Expected equal weights, no strata, no clusters, no narrowed domain, got Variance: linearised, 10 PSUs in 1 stratum. Weight: base weight; no weight step. Use variance='design'.",
    ),
    "nobody observed": (
        lambda: manski_bounds(
            wide(people(s=(np.arange(N) % 2 == 0) | (np.arange(N) < 20))),
            "y1",
            "d",
            "s",
            low=-3.0,
            high=3.0,
            poststratify="g",
        ),
        "nobody is observed: treated arm, g=1. Expected observed rows in every arm and cell, got none. Merge cells.",
    ),
    "nobody found again": (
        lambda: manski_bounds(
            wide(people(s=np.arange(N) > 3, a=np.arange(N) < 4, f=False)),
            "y1",
            "d",
            "s",
            low=-3.0,
            high=3.0,
            attempted="a",
            recovered="f",
        ),
        "nobody of the lost was found again: treated arm. Expected recovered rows in every arm and cell that lost some, got none. Merge cells, or leave out the follow-up.\nnobody of the lost was found again: comparison arm. Expected recovered rows in every arm and cell that lost some, got none. Merge cells, or leave out the follow-up.",
    ),
    "a study without an error": (
        lambda: me.random_effects(
            [0.1, np.nan, 0.3], [0.1, 0.2, 0.0], method="ml", interval="wald", level=0.0
        ),
        "an effect cannot be weighted: random_effects. Expected finite values and standard errors above 0, got 2 that are not. 2 rows.\nunknown way to the variance between studies: argument 'method'. Expected 'dl', 'pm' or 'reml', got 'ml'.\nunknown interval: argument 'interval'. Expected 'hartung_knapp', 'hartung_knapp_adhoc' or 'normal', got 'wald'.\nthe level is not a probability: argument 'level'. Expected a number between 0 and 1, got 0.0.",
    ),
    "one study": (
        lambda: me.random_effects([0.1], [0.1]),
        "a summary needs several studies: random_effects. Expected two or more, got 1. Show the one effect by itself.",
    ),
    "studies of two lengths": (
        lambda: me.random_effects([0.1, 0.2], [0.1]),
        "estimates and standard errors do not match: random_effects. Expected two lists of one length, got 2 and 1.",
    ),
    "p-values of what does not move": (
        lambda: me.adjust_pvalues(still(), "holm"),
        "no value has a standard error and degrees of freedom: argument 'estimate'. Expected at least one p-value, got none.",
    ),
    "an unknown adjustment": (
        lambda: me.adjust_pvalues(still(), "sidak"),
        "unknown adjustment: argument 'method'. Expected one of romano_wolf, holm, benjamini_hochberg, bonferroni, got 'sidak'.",
    ),
    "no control": (
        lambda: me.oster(wide(), "y1", "d", [], r2_factor=1.0),
        "an argument does not fit: arguments 'controls' and 'r2_factor'. Expected one control or more, a factor above 1, got [], 1.",
    ),
    "a control missing": (
        lambda: me.oster(wide(people(x=np.where(np.arange(N) < 2, np.nan, 1.0))), "y1", "d", ["x"]),
        "a control is missing: column 'x'. Expected a value in every row of the domain, got missing. 2 rows.",
    ),
    "an unknown rule": (
        lambda: me.panel_ols(
            long(), "y", treated="on", unit="u", time="t", rule="hc1", errors="unit"
        ),
        "unknown rule or errors: arguments 'rule' and 'errors'. Expected one of nested, full, none; 'unit', 'unit_and_period' or 'independent', got 'hc1', 'unit'.",
    ),
    "one period": (
        lambda: gt(long(rows(t=1)[np.arange(48) % 4 == 0])),
        "one period only: argument 'time'. Expected two periods or more, got 1.\nno cohort starts inside the window: argument 'cohort'. Expected a start after 1 and not after 1, got 3, never.",
    ),
    "no comparison in any period": (
        lambda: gt(long(rows(g=3.0)), control="not_yet"),
        "no comparison group in any period: argument 'control'. Expected a cohort that is not yet treated when another starts, got none.",
    ),
    "anticipation without end": (
        lambda: gt(long(), anticipation=np.inf, control="late", base="first"),
        "unknown comparison group: argument 'control'. Expected 'never' or 'not_yet', got 'late'.\nunknown base period: argument 'base'. Expected 'varying' or 'universal', got 'first'.\nanticipation is no number of periods: argument 'anticipation'. Expected 0 or more periods, got inf.",
    ),
    "a correlation without clusters": (
        lambda: me.minimum_detectable_effect(100, sd=1.0, icc=0.1),
        "a correlation inside clusters without clusters: arguments 'icc' and 'cluster_size'. Expected cluster_size above 1 where icc is above 0, got 0.1, 1.",
    ),
    "an assignment missing": (
        lambda: me.randomisation_test(
            wide(people(d=np.where(np.arange(N) < 2, np.nan, np.arange(N) % 2))), lambda s: 1.0, "d"
        ),
        "a label is missing: column 'd'. Expected a value in every row of the domain, got missing. 2 rows. Narrow the domain.",
    ),
    "an assignment inside a cluster": (
        lambda: me.randomisation_test(wide(), lambda s: 1.0, "d", cluster="h", strata="x"),
        "the assignment varies inside a cluster: column 'd'. Expected one value in each cluster, got several. 10 rows, first: 0, 1, 2, 3, 4.\na cluster lies in several strata: column 'x'. Expected one value in each cluster, got several. 10 rows, first: 0, 1, 2, 3, 4.",
    ),
    "not a sample": (
        lambda: me.randomisation_test(people(), lambda s: 1.0, "d"),
        "neither a sample nor a panel: argument 'data'. Expected a Sample, or a panel with one row a person in .sample, got DataFrame.",
    ),
    "no draw": (
        lambda: me.randomisation_test(wide(), att, "d", draws=0),
        "no assignment is drawn: argument 'draws'. Expected 1 or more, got 0.",
    ),
    "one assignment": (
        lambda: me.randomisation_test(wide(people(d=1)), lambda s: 1.0, "d"),
        "there is only one possible assignment: column 'd'. Expected labels that differ between clusters inside a stratum, got all the same.",
    ),
    "a statistic that is not estimable": (
        lambda: me.randomisation_test(wide(), lambda s: me.NotEstimable("too few"), "d"),
        "the statistic cannot be estimated: argument 'statistic'. Expected an Estimate of one value, or a number, got too few.",
    ),
    "a statistic of two values": (
        lambda: me.randomisation_test(wide(), lambda s: me.mean(s, ["y0", "y1"]), "d"),
        "the statistic has several values: argument 'statistic'. Expected an Estimate of one value, or a number, got 2 values. Choose one with select([i]).",
    ),
    "a statistic that does not move": (
        lambda: me.randomisation_test(wide(people(one=1.0)), lambda s: me.mean(s, "one"), "d"),
        "the statistic has no standard error: argument 'statistic'. Expected a standard error above 0, got 0. Return the number itself: float(e.value[0]).",
    ),
    "a statistic that is no number": (
        lambda: me.randomisation_test(wide(), lambda s: float("nan"), "d"),
        "the statistic is no number: argument 'statistic'. Expected a finite number, got nan.",
    ),
    "answers that say nothing": (
        lambda: me.recall_sensitivity(wide(), "d", "d", "d", [0.5, 0.4, 1.2, 0.3], [0.5]),
        "answers of this kind say nothing: arguments 'sensitivity' and 'specificity'. Expected shares with a sum above 1, got [(0.5, 0.5), (0.4, 0.5), (1.2, 0.5)].",
    ),
    "an unknown arm": (
        lambda: me.recall_sensitivity(wide(), "d", "d", "d", [0.9], [0.9], arm="men"),
        "unknown arm: argument 'arm'. Expected both, treated or comparison, got 'men'.",
    ),
    "one outcome of a wide sample": (
        lambda: me.att_2x2(wide(), ("y0", "y0"), "d"),
        "a wide sample needs its outcome twice: argument 'outcome'. Expected two different columns, (before, after), got ('y0', 'y0').",
    ),
    "one wave": (
        lambda: me.att_2x2(tracer(), "y", "on", (1,)),
        "a panel needs one outcome and two waves: arguments 'outcome' and 'time'. Expected time=(before, after) among waves (1, 2, 3, 4), got 'y', (1,).",
    ),
    "waves in reverse": (
        lambda: me.att_2x2(tracer(), "y", "on", (3, 1)),
        "the two waves are not in time order: argument 'time'. Expected (before, after), the wave before treatment first, got (3, 1).",
    ),
    "a column of words in the waves": (
        lambda: me.att_2x2(tracer(y="x"), "y", "on", (1, 3)),
        "a column of the waves is not a number: column 'y'. Expected a numeric or boolean column, got str.",
    ),
    "an infinite value in the waves": (
        lambda: me.att_2x2(tracer(y=np.where(np.arange(48) == 2, np.inf, 1.0)), "y", "on", (1, 3)),
        "a column of the waves is infinite: column 'y'. Expected finite numbers, or missing where there is none, got infinite. 1 row, first: 0. Mend the column.",
    ),
    "periods of several kinds": (
        lambda: me.att_2x2(wide(people(t=[1, "b"] * 20)), "y1", "d", "t"),
        "the order of periods is not stated: column 't'. Expected numbers, dates, ordered categories, or text that is one kind of period throughout, got 1, 'b'. Say time=(1, 'b') or time=('b', 1), the earlier first, or make it an ordered categorical: frame['t'] = pd.Categorical(..., categories=[first, ..., last], ordered=True).",
    ),
    "rows without a PSU after a step": (
        lambda: gt(me.trim(long(psu=None), upper=5.0)),
        "rows of one unit are taken for independent: the design of the long sample. Expected a PSU that holds whole units, got no PSU. Give psu='u' (or a larger cluster).",
    ),
    "units in two PSUs": (
        lambda: gt(long(rows(p=np.arange(48) // 3), psu="p")),
        "units lie in several PSUs: the design of the long sample. Expected a PSU that holds whole units, got 12 units that do not. Freeze the PSU at the first period.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_says(name: str) -> None:
    attempt, said = CASES[name]
    with pytest.raises(MismesError) as caught:
        attempt()
    assert str(caught.value) == said
