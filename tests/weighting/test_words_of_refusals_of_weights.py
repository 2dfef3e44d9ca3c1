"""What a user reads when weights cannot be made, word by word: arguments of another kind, columns
named twice, replicates and margins that cannot be redone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import MismesError
from mismes_eval.weighting.replication import replicate_weights, replicated
from mismes_eval.weighting.resampling import ReplicateWeights

from .twelve_rows import N, copied, of, rows

CASES: dict[str, tuple[Callable[[], object], str]] = {
    "a column handed over": (
        lambda: of(strata=rows()["s"]),
        "a column is named, not handed over: argument 'strata'. Expected a column name, or a list of names, got a Series. Columns stand in the sample's frame: give their names.",
    ),
    "post-stratified by no column": (
        lambda: me.poststratify(of(), [], {}),
        "post-stratification names no column: argument 'by'. Expected a column, or a list of columns.",
    ),
    "totals in a list": (
        lambda: me.calibrate(of(), [1.0, 2.0]),
        "totals are stated by column: argument 'totals'. Expected a mapping such as {'age': 1234.0, 'sex': {'F': 610, 'M': 590}}, got a list.",
    ),
    "errors in a list": (
        lambda: me.calibrate(of(), {"x": 1.0}, total_se=[1.0]),
        "standard errors of totals are stated by column: argument 'total_se'. Expected a mapping shaped as totals, got a list.",
    ),
    "an error below zero": (
        lambda: me.calibrate(of(), {"x": 1.0}, total_se={"x": -1.0}),
        "a standard error is not a finite number of 0 or more: total_se['x']. Expected the standard error of that total, got -1.0.",
    ),
    "a category's error below zero": (
        lambda: me.calibrate(of(), {"g": {"a": 9.0, "b": 9.0}}, total_se={"g": {"a": np.inf}}),
        "a standard error is not a finite number of 0 or more: total_se['g']['a']. Expected the standard error of that total, got inf.",
    ),
    "an infinite number to calibrate": (
        lambda: me.calibrate(of(rows(x=np.where(np.arange(N) == 4, np.inf, 1.0))), {"x": 9.0}),
        "a calibration column is infinite for rows that carry weight: column 'x'. Expected a finite number in every such row, got infinite. 1 row, first: 4.",
    ),
    "cells in a list": (
        lambda: me.poststratify(of(), "g", [9.0, 9.0]),
        "totals are stated by cell: argument 'totals'. Expected a mapping or Series of cell to number, got a list.",
    ),
    "a covariate named twice": (
        lambda: me.nonresponse(of(), "r", ["x", "x"]),
        "a covariate is named twice: column 'x'. Expected every column once, got 2 times. Name it once.",
    ),
    "a covariate that is infinite": (
        lambda: me.nonresponse(of(rows(x=np.where(np.arange(N) > 9, np.inf, 1.0))), "r", ["x"]),
        "a covariate is infinite: column 'x'. Expected a finite number in every row of the domain that carries weight, got infinite. 2 rows, first: 10, 11. Narrow the domain, or mend the column.",
    ),
    "a covariate that is a date": (
        lambda: me.nonresponse(of(rows(x=pd.Timestamp("2020-01-01"))), "r", ["x"]),
        "a covariate is a date: column 'x'. Expected numbers or categories, got datetime64[us]. Count months or years from a fixed date.",
    ),
    "diagnostics by a column twice": (
        lambda: me.weight_diagnostics(of(), ["g", "g"]),
        "weight_diagnostics names a column twice: column 'g'. Expected every column once.",
    ),
    "eligible perhaps": (
        lambda: me.nonresponse(of(rows(e="perhaps")), "r", ["g"], eligible="e"),
        "the eligibility column is not yes, no or missing: column 'e'. Expected True or False, 1 or 0, or missing where it is unknown, got something else. 12 rows, first: 0, 1, 2, 3, 4.",
    ),
    "reports in a list": (
        lambda: me.weight_share(of(), [1, 2]),
        "weight_share reads reports from a frame: argument 'reports'. Expected a pandas DataFrame, one row a report, got a list.",
    ),
    "volunteers in a list": (
        lambda: me.pseudo_weights([1, 2], of(), "g"),
        "pseudo_weights reads volunteers from a frame: argument 'frame'. Expected a pandas DataFrame, got a list.",
    ),
    "volunteers without a covariate": (
        lambda: me.pseudo_weights(rows(), of(), []),
        "pseudo_weights has no covariate: argument 'covariates'. Expected columns that explain who was reached, known in both samples.",
    ),
    "no replicates": (
        lambda: list(replicate_weights(of().design)),
        "the design has no replicate weights. Make them with replicates().",
    ),
    "a step that fails in a replicate": (
        lambda: list(
            replicate_weights(
                me.replicates(
                    me.calibrate(of(psu="p"), {"i": {k: 2.0 for k in range(N)}}, method="raking"),
                    "jackknife",
                ).design
            )
        ),
        "a weight step cannot be redone in a replicate: replicate 1 of 6, step 'raking to i'. Expected categories with respondents in every replicate, got raking to i: margin 'i=0' cannot be met. Merge small categories, or use the linearised design.",
    ),
    "calibration that fails in a replicate": (
        lambda: me.total(
            me.replicates(
                me.calibrate(of(psu="p"), {"i": {k: 2.0 for k in range(N)}}), "jackknife"
            ),
            "y",
        ),
        "calibration cannot be redone in a replicate: replicate 1 of 6, step 'linear calibration to i'. Expected rows in every category, got an empty category. 6 rows. Merge small categories, or use the linearised design.",
    ),
    "a statistic that fails in a replicate": (
        lambda: replicated(
            me.replicates(of(psu="p"), "jackknife"), lambda w: w[:1] * np.ones(1) / w[:1]
        ),
        "an estimate cannot be made in a replicate: replicate 1 of 6. Expected rows with weight in every group, in every replicate, got invalid value encountered in divide. Merge groups, or use the linearised design.",
    ),
    "a replicate column twice": (
        lambda: copied(("w", "w")),
        "a replicate weight column is named twice: column 'w'. Expected every column once.",
    ),
    "half a replicate": (
        lambda: me.replicates(of(psu="p"), n=2.5, seed=1),
        "the number of replicates is not a whole number: argument 'n'. Expected 2 or more, for the bootstrap only, got 2.5.",
    ),
    "half a seed": (
        lambda: me.replicates(of(psu="p"), n=20, seed=0.5),
        "the seed is not a whole number of 0 or more: argument 'seed'. Expected an integer, so that the result can be made again, got 0.5.",
    ),
    "rho in words": (
        lambda: me.replicates(of(psu="p"), "jackknife", rho="half"),
        "rho is not a number: argument 'rho'. Expected 0 <= rho < 1, got 'half'.",
    ),
    "weights beside zero": (
        lambda: of(
            rows(w=np.where(np.arange(N) == 3, 0.0, 1.0), f=1.0, g=2.0),
            replicates=ReplicateWeights(["f", "g"], "brr"),
        ),
        "replicate weights stand beside a zero weight: replicate columns. Expected 0 where the weight is 0. 1 row, first: 3.",
    ),
    "rscales in words": (
        lambda: copied(rscales=["one", "two"], method="jkn"),
        "rscales are not numbers: argument 'rscales'. Expected a list of numbers, got ['one', 'two'].",
    ),
    "no degree of freedom": (
        lambda: copied(degf=0.0),
        "the degrees of freedom are not positive: argument 'degf'. Expected a number above 0, or None, got 0.0.",
    ),
    "lonely strata resampled": (
        lambda: me.replicates(of(strata="i", psu="i"), "jackknife"),
        "strata with one PSU cannot be resampled: strata. Expected at least two PSUs in each, got 0, 1, 2, 3, 4, 5, 6, 7, 8, 9. 12 rows. Merge strata, or choose lonely_psu='certainty' or 'remove', which keep their factor at 1.",
    ),
    "a frame for a sample": (
        lambda: me.nonresponse(rows(), "r", ["g"]),
        "nonresponse takes a Sample: first argument. Expected a Sample, got a DataFrame. Make one: Sample.from_frame(frame, weights=...).",
    ),
    "a list for a frame": (
        lambda: me.Sample.from_frame([1, 2], weights="w"),
        "a sample is made of a frame: argument 'frame'. Expected a pandas DataFrame, got a list. Sample.from_frame(pd.DataFrame(frame), ...)",
    ),
    "replicate columns in a list": (
        lambda: of(replicates=["f", "x"]),
        "replicate weights are described, not listed: argument 'replicates'. Expected ReplicateWeights([columns], 'bootstrap'), got a list.",
    ),
    "a cluster effect in words": (
        lambda: of(cluster_deff="two"),
        "the cluster effect is not a number: argument 'cluster_deff'. Expected a number above 0, got 'two'.",
    ),
    "fpc of one stage of two": (
        lambda: me.Sample.from_frame(rows(), psu=["s", "p"], fpc=["f"]),
        "weights do not follow from the fpc of some stages only: arguments 'weights' and 'fpc'. Expected fpc for each of 2 stages, or a column of weights, got 1 fpc column.",
    ),
    "a blank stratum": (
        lambda: of(rows(s=np.where(np.arange(N) < 2, " ", "x")), strata="s"),
        "a design column is blank for some rows: column 's'. Expected a code in every row, got empty text. 2 rows, first: 0, 1. Complete the codes; rows are never dropped.",
    ),
    "one sample for two": (
        lambda: me.combine_frames([of()] * 2, ["r", "r"], "hartley"),
        "one sample stands for two: argument 'samples'. Expected two samples, drawn independently, got the same design twice.",
    ),
    "one sample alone": (
        lambda: me.combine_frames(of(), ["r", "r"]),
        "combine_frames joins two samples: arguments 'samples' and 'on_frame'. Expected two samples and two columns, got a Sample and a list.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_says(name: str) -> None:
    attempt, said = CASES[name]
    with pytest.raises(MismesError) as caught:
        attempt()
    assert str(caught.value) == said
