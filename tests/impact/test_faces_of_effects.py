"""The face of every effect: its names, the columns of its keys, its kind, its definition and every note, word by word, and the columns of every table of results."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.impact.bacon import bacon
from mismes_eval.impact.balance import balance
from mismes_eval.impact.bounds import lee_bounds
from mismes_eval.impact.few_clusters import wild_bootstrap, wild_bootstrap_ols
from mismes_eval.impact.fixed_effects import sun_abraham, two_way
from mismes_eval.impact.imputation import imputation
from mismes_eval.impact.manski import delta_sensitivity, manski_bounds
from mismes_eval.impact.triple import triple_difference
from mismes_eval.tracer.panel import TracerPanel

N = 40


def wide(**columns: object) -> me.Sample:
    """Forty persons, every second one treated; the last three of each arm not observed."""
    i = np.arange(N)
    f = pd.DataFrame(
        {
            "w": 1.0 + i % 2 * (i % 3),
            "y0": np.sin(i),
            "y1": np.cos(i) + i % 2,
            "d": i % 2,
            "x": np.tan(i / 30),
            "s": i < 34,
            "g": i // 20,
            "h": i // 4,
            "b": i % 3 == 0,
            "a": i % 5 > 1,
        }
    )
    return me.Sample.from_frame(f.assign(tried=i >= 36, found=i >= 38, el=(i // 2) % 2, **columns), weights="w")


def long(**columns: object) -> me.Sample:
    """Twelve persons in periods 1 to 4, treated from 3, from 4 or never."""
    u, t = np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)
    g = np.array([0.0, 3.0, 4.0])[u % 3]
    f = pd.DataFrame(
        {
            "u": u,
            "t": t,
            "g": g,
            "y": np.sin(u * 7.0 + t),
            "w": 1.0,
            "on": 1.0 * ((g > 0) & (t >= g)),
            "k": u // 2,
            "e": np.where(g > 0, t - g, np.inf),
            "z": np.cos(u * t),
        }
    )
    return me.Sample.from_frame(f.assign(**columns), weights="w", psu="u")


def gt(**words: object) -> me.GroupTime:
    return me.att_gt(long(), "y", "g", "t", "u", **words)  # type: ignore[arg-type]


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


def face(e: me.Estimate) -> tuple[object, ...]:
    return e.names, tuple(e.keys.columns), e.kind, e.definition, e.notes


FACES: dict[str, tuple[Callable[[], me.Estimate], tuple[object, ...]]] = {
    "two periods, wide": (
        lambda: me.att_2x2(wide(), ("y0", "y1"), "d", covariates=["x"], method="ipw"),
        (
            ("ATT",),
            ("variable",),
            "effect",
            "Average effect of the treatment on the treated.",
            (
                "Difference-in-differences, inverse probability weighted, normalised, one row a unit; covariates: x; 20 treated and 20 comparison rows.",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "two periods, cross-sections": (
        lambda: me.att_2x2(wide(t=np.arange(40) % 4 // 2), "y1", "d", "t"),
        (
            ("ATT",),
            ("variable",),
            "effect",
            "Average effect of the treatment on the treated.",
            (
                "Difference-in-differences, doubly robust, repeated cross-sections; covariates: none; 20 treated and 20 comparison rows.",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "group-time": (
        lambda: gt().estimate,
        (
            ("ATT(3,2)", "ATT(3,3)", "ATT(3,4)", "ATT(4,2)", "ATT(4,3)", "ATT(4,4)"),
            ("cohort", "time", "event_time", "base", "n_treated", "n_comparison"),
            "effect",
            "Average effect of the treatment on the treated, by cohort and period.",
            (
                "Group-time effects of y, doubly robust, panel; comparison: never treated; base: varying; anticipation: 0; covariates: none; 2 cohorts, 4 periods, 12 units.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: cohort 3 in 4 PSUs, cohort 4 in 4 PSUs, comparison in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "group-time, not yet": (
        lambda: gt(control="not_yet", base="universal", anticipation=1).estimate,
        (
            ("ATT(3,1)", "ATT(3,2)", "ATT(3,3)", "ATT(3,4)", "ATT(4,1)", "ATT(4,2)", "ATT(4,3)", "ATT(4,4)"),
            ("cohort", "time", "event_time", "base", "n_treated", "n_comparison"),
            "effect",
            "Average effect of the treatment on the treated, by cohort and period.",
            (
                "Group-time effects of y, doubly robust, panel; comparison: not yet treated; base: universal; anticipation: 1; covariates: none; 2 cohorts, 4 periods, 12 units.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: cohort 3 in 4 PSUs, cohort 4 in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "group-time, joint": (
        lambda: gt().joint,
        (
            ("ATT(3,2)", "ATT(3,3)", "ATT(3,4)", "ATT(4,2)", "ATT(4,3)", "ATT(4,4)", "size(3)", "size(4)"),
            ("cohort", "time", "event_time", "base", "n_treated", "n_comparison"),
            "effect",
            "",
            (
                "Group-time effects of y, doubly robust, panel; comparison: never treated; base: varying; anticipation: 0; covariates: none; 2 cohorts, 4 periods, 12 units.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: cohort 3 in 4 PSUs, cohort 4 in 4 PSUs, comparison in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "event": (
        lambda: gt().aggregate("event"),
        (
            ("-2", "-1", "0", "1"),
            ("variable", "event_time"),
            "effect",
            "Average effect by time since treatment.",
            (
                "Group-time effects of y, doubly robust, panel; comparison: never treated; base: varying; anticipation: 0; covariates: none; 2 cohorts, 4 periods, 12 units.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: cohort 3 in 4 PSUs, cohort 4 in 4 PSUs, comparison in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "simple": (
        lambda: gt().aggregate("simple"),
        (
            ("ATT",),
            ("variable",),
            "effect",
            "Average over all post-treatment group-time effects, weighted by the size of the cohort.",
            (
                "Group-time effects of y, doubly robust, panel; comparison: never treated; base: varying; anticipation: 0; covariates: none; 2 cohorts, 4 periods, 12 units.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: cohort 3 in 4 PSUs, cohort 4 in 4 PSUs, comparison in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "cohort": (
        lambda: gt().aggregate("cohort"),
        (
            ("3", "4"),
            ("variable", "cohort"),
            "effect",
            "Average effect of each cohort over its treated periods.",
            (
                "Group-time effects of y, doubly robust, panel; comparison: never treated; base: varying; anticipation: 0; covariates: none; 2 cohorts, 4 periods, 12 units.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: cohort 3 in 4 PSUs, cohort 4 in 4 PSUs, comparison in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "calendar": (
        lambda: gt().aggregate("calendar"),
        (
            ("3", "4"),
            ("variable", "time"),
            "effect",
            "Average effect in each period over the cohorts treated by then.",
            (
                "Group-time effects of y, doubly robust, panel; comparison: never treated; base: varying; anticipation: 0; covariates: none; 2 cohorts, 4 periods, 12 units.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: cohort 3 in 4 PSUs, cohort 4 in 4 PSUs, comparison in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "overall event": (
        lambda: gt().overall("event"),
        (
            ("overall",),
            ("variable",),
            "effect",
            "Equal average over event times from 0.",
            (
                "Group-time effects of y, doubly robust, panel; comparison: never treated; base: varying; anticipation: 0; covariates: none; 2 cohorts, 4 periods, 12 units.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: cohort 3 in 4 PSUs, cohort 4 in 4 PSUs, comparison in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "overall cohort": (
        lambda: gt().overall("cohort"),
        (
            ("overall",),
            ("variable",),
            "effect",
            "Average effect over cohorts, weighted by their size.",
            (
                "Group-time effects of y, doubly robust, panel; comparison: never treated; base: varying; anticipation: 0; covariates: none; 2 cohorts, 4 periods, 12 units.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: cohort 3 in 4 PSUs, cohort 4 in 4 PSUs, comparison in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "overall calendar": (
        lambda: gt().overall("calendar"),
        (
            ("overall",),
            ("variable",),
            "effect",
            "Equal average over periods.",
            (
                "Group-time effects of y, doubly robust, panel; comparison: never treated; base: varying; anticipation: 0; covariates: none; 2 cohorts, 4 periods, 12 units.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: cohort 3 in 4 PSUs, cohort 4 in 4 PSUs, comparison in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "two-way": (
        lambda: two_way(long(), "y", "on", unit="u", time="t", covariates=["z"]),
        (
            ("z", "ATT"),
            ("variable",),
            "effect",
            "",
            (
                "Two-way fixed effects, static, of y on on. 12 units, 4 periods, 48 rows. Small-sample factor: the design's.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: never treated in 4 PSUs; set randomisation_test beside it.",
            ),
        ),
    ),
    "two-way events": (
        lambda: two_way(long(), "y", event_time="e", unit="u", time="t", cluster="k"),
        (
            ("-3", "-2", "0", "1"),
            ("variable", "event_time"),
            "effect",
            "",
            (
                "Two-way fixed effects event study of y; reference -1. 12 units, 4 periods, 48 rows. Small-sample factor: the design's.",
                "Standard errors are clustered by 'k', 6 clusters; strata are not used.",
                "Variance: linearised, 6 PSUs in 1 strata. Weight: base weight; no weight step.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: ever treated in 6 PSUs, never treated in 4 PSUs; set randomisation_test beside it.",
            ),
        ),
    ),
    "cells of cohorts": (
        lambda: sun_abraham(long(), "y", "g", unit="u", time="t"),
        (
            ("-3", "-2", "0", "1"),
            ("variable", "event_time"),
            "effect",
            "",
            (
                "Sun-Abraham regression of y. 12 units, 4 periods, 48 rows. Small-sample factor: the design's.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: never treated in 4 PSUs; set randomisation_test beside it.",
            ),
        ),
    ),
    "imputation": (
        lambda: imputation(long(), "y", "g", unit="u", time="t"),
        (
            ("ATT",),
            ("variable",),
            "effect",
            "",
            (
                "Imputation from untreated rows, y; covariates: none; 12 treated and 36 untreated rows, 12 units; errors: influence.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: never treated in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "imputation by event": (
        lambda: imputation(long(), "y", "g", unit="u", time="t", by="event"),
        (
            ("0", "1"),
            ("variable", "event_time"),
            "effect",
            "",
            (
                "Imputation from untreated rows, y; covariates: none; 12 treated and 36 untreated rows, 12 units; errors: influence.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: never treated in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "imputation by cohort": (
        lambda: imputation(long(), "y", "g", unit="u", time="t", by="cohort", errors="conservative"),
        (
            ("3", "4"),
            ("variable", "cohort"),
            "effect",
            "",
            (
                "Imputation from untreated rows, y; covariates: none; 12 treated and 36 untreated rows, 12 units; errors: conservative.",
                "Few for a standard error, which comes out too small below 8 PSUs in each arm: never treated in 4 PSUs; set randomisation_test beside it.",
                "Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "triple": (
        lambda: triple_difference(wide(), ("y0", "y1"), "d", "el"),
        (
            ("ATT", "placebo"),
            ("variable", "effect"),
            "effect",
            "Average effect of the treatment on eligible treated units.",
            (
                "Triple difference, doubly robust; covariates: none; 10 eligible and 10 other rows in treated places, 10 and 10 elsewhere.",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "trimming": (
        lambda: lee_bounds(wide(), "y1", "d", "s"),
        (
            ("lower", "upper"),
            ("variable", "bound"),
            "bounds on an effect",
            "Effect of 'd' on 'y1' for those observed whatever their treatment; observation depends on treatment in one direction only.",
            (
                "Imbens-Manski 95% interval of the effect: [0.445384, 1.58308].",
                "Lee bounds, rule 'exact': 0.45% of the observed comparison arm is trimmed (observed: treated 84.62%, comparison 85.00%, difference -0.38 points, standard error 12.04; the direction of trimming is not certain).",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "trimming in cells": (
        lambda: lee_bounds(wide(s=np.arange(40) % 7 > 0), "y1", "d", "s", tighten="g", rule="type7"),
        (
            ("lower", "upper"),
            ("variable", "bound"),
            "bounds on an effect",
            "Effect of 'd' on 'y1' for those observed whatever their treatment; observation depends on treatment in one direction only.",
            (
                "Imbens-Manski 95% interval of the effect: [0.434799, 1.69169].",
                "Lee bounds, rule 'type7': 0.45% of the observed comparison arm is trimmed (observed: treated 84.62%, comparison 85.00%, difference -0.38 points, standard error 12.04; the direction of trimming is not certain).",
                "Tightened by g: 2 cells; trimmed in the other arm: g=0.",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "worst case": (
        lambda: manski_bounds(wide(), "y1", "d", "s", low=-2, high=3),
        (
            ("lower", "upper"),
            ("variable", "bound"),
            "bounds on an effect",
            "Effect of 'd' on 'y1' on everybody, whatever the missing outcomes are.",
            (
                "Imbens-Manski 95% interval of the effect: [-0.594322, 2.15792].",
                "Worst-case (Manski) bounds for outcomes between -2 and 3; treated: 3 of 20 not observed; comparison: 3 of 20 not observed.",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "worst case, searched": (
        lambda: manski_bounds(wide(), "y1", "d", "s", low=-2, high=3, attempted="tried", recovered="found"),
        (
            ("lower", "upper"),
            ("variable", "bound"),
            "bounds on an effect",
            "Effect of 'd' on 'y1' on everybody, whatever the missing outcomes are.",
            (
                "Imbens-Manski 95% interval of the effect: [-0.213369, 1.83493].",
                "Double sampling and worst-case bounds for outcomes between -2 and 3; treated: 3 of 20 not observed, 2 tried again, 1 found; comparison: 3 of 20 not observed, 2 tried again, 1 found.",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "shifts": (
        lambda: delta_sensitivity(wide(), "y1", "d", "s", [0.0, 0.5]),
        (
            ("shift 0", "shift 0.5"),
            ("variable", "shift"),
            "effect",
            "Effect of 'd' on 'y1' for a stated difference of the missing.",
            (
                "Missing of the treated arm shifted against the observed of the arm; treated: 3 of 20 not observed; comparison: 3 of 20 not observed.",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "recall": (
        lambda: me.recall_sensitivity(wide(b=(np.arange(40) % 3 == 0) * 1, a=(np.arange(40) % 5 > 1) * 1), "b", "a", "d", [0.9], [0.95], "treated"),
        (
            ("sensitivity 0.9, specificity 0.95",),
            ("variable", "sensitivity", "specificity", "possible"),
            "effect",
            "Difference-in-differences with the status before corrected for stated recall error.",
            (
                "Only the treated arm errs in recalling 'b'; 'a' is taken as right.",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "make-up": (
        lambda: me.composition_check(long(), ["z"], "g", "t").estimate,
        (
            ("z",),
            ("variable", "level"),
            "change in the make-up",
            "Change of a trait's mean among the treated beyond that of the comparison group: 0 if the same kind of people was asked before and after.",
            ("Variance: linearised, 12 PSUs in 1 strata. Weight: base weight; no weight step.",),
        ),
    ),
    "groups": (
        lambda: me.by_group(att, wide(), "g").effects,
        (
            ("0", "1"),
            ("variable",),
            "effect",
            "Average effect of the treatment on the treated.",
            (
                "Difference-in-differences, doubly robust, one row a unit; covariates: none; 10 treated and 10 comparison rows.",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
    "differences of groups": (
        lambda: me.by_group(att, wide(), "g").differences,
        (
            ("1 minus 0",),
            ("variable", "group"),
            "effect",
            "Average effect of the treatment on the treated.",
            (
                "Difference-in-differences, doubly robust, one row a unit; covariates: none; 10 treated and 10 comparison rows.",
                "Variance: linearised, independent persons in 1 strata, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step.",
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", FACES)
def test_an_effect_has_its_names_keys_and_notes(name: str) -> None:
    make, expected = FACES[name]
    assert face(make()) == expected


WILD = ["variable", "value", "se", "t", "p", "ci_low", "ci_high", "clusters", "draws"]
COLUMNS: dict[str, tuple[Callable[[], pd.DataFrame], list[str]]] = {
    "band": (lambda: gt().bands().to_frame(), ["cohort", "time", "event_time", "base", "n_treated", "n_comparison", "value", "se", "low", "high"]),
    "group-time": (lambda: gt().to_frame(), ["cohort", "time", "event_time", "base", "n_treated", "n_comparison", "att", "se", "ci_low", "ci_high"]),
    "decomposition": (lambda: bacon(long(), "y", "g", unit="u", time="t").to_frame(), ["treated", "comparison", "kind", "estimate", "weight"]),
    "kinds": (lambda: bacon(long(), "y", "g", unit="u", time="t").by_kind(), ["kind", "estimate", "weight"]),
    "balance": (
        lambda: balance(wide(), "d", ["x"]).to_frame(),
        ["variable", "level", "treated", "comparison", "weighted_comparison", "before", "after"],
    ),
    "adjusted": (lambda: me.adjust_pvalues(me.mean(wide(), ["y0", "y1"]), "holm").to_frame(), ["variable", "value", "se", "p", "p_adjusted"]),
    "wild": (
        lambda: wild_bootstrap(att(wide()), cluster=wide().frame["h"], draws=99).to_frame(),
        WILD,
    ),
    "wild, regression": (
        lambda: wild_bootstrap_ols(wide(), "y1 ~ d", "d", "h", draws=99).to_frame(),
        WILD,
    ),
    "honest": (lambda: me.honest_did(gt(base="universal").aggregate("event"), grid=[0.0]).to_frame(), ["m", "set_low", "set_high", "ci_low", "ci_high"]),
    "pre-trend": (lambda: me.pretrend_power(gt(base="universal").aggregate("event"), draws=200).to_frame(), ["test", "power", "slope", "bias"]),
    "oster": (
        lambda: me.oster(wide(), "y1", "d", ["x"]).to_frame(),
        ["uncontrolled", "controlled", "adjusted", "r2_uncontrolled", "r2_controlled", "r2_max", "delta", "null", "robust"],
    ),
    "randomisation": (lambda: me.randomisation_test(wide(), att, "d", draws=19).to_frame(), ["statistic", "p", "assignments", "enumerated", "failed"]),
    "linear panel": (
        lambda: me.panel_ols(long(), "y", treated="on", unit="u", time="t").to_frame(),
        ["coefficient", "value", "se", "t", "p", "ci_low", "ci_high"],
    ),
    "make-up": (lambda: me.composition_check(long(), ["z"], "g", "t").to_frame().iloc[:, -1:], ["p"]),
    "left out": (
        lambda: me.leave_one_out(att, wide(), "g").to_frame(),
        ["specification", "left out", "value", "se", "ci_low", "ci_high", "p", "n", "degf", "reason"],
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_of_results_has_its_columns(name: str) -> None:
    make, expected = COLUMNS[name]
    assert list(make().columns) == expected


def test_rows_left_out_are_named_and_the_whole_comes_first() -> None:
    t = me.leave_one_out(att, wide(), "g").to_frame()
    assert t["specification"].tolist() == ["all", "without 0", "without 1"] and t["left out"].tolist() == ["none", "0", "1"]


def test_one_covariate_may_be_a_plain_name_and_two_waves_a_list() -> None:
    data = long(zz=np.cos(np.repeat(np.arange(12), 4) * np.tile(np.arange(1, 5), 12)))
    assert two_way(data, "y", "on", unit="u", time="t", covariates="zz").names == ("zz", "ATT")  # type: ignore[arg-type]
    f = long().frame.rename(columns={"u": "person_id", "t": "wave"}).assign(d=lambda r: (r["g"] > 0) * 1.0, el=lambda r: r["person_id"] // 3 % 2 * 1.0)
    panel = TracerPanel.from_frame(f, weights="w")
    pair, listed = (triple_difference(panel, "y", "d", "el", time=t) for t in ((2, 4), [2, 4]))  # type: ignore[arg-type]
    assert listed.value.tolist() == pair.value.tolist() and listed.names == ("ATT", "placebo")
