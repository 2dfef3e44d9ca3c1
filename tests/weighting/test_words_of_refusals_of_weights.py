"""What a user reads when weights cannot be made, word by word: arguments of another kind, columns
named twice, replicates and margins that cannot be redone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import MismesError
from mismes_eval.weighting.replicate_weights import ReplicateWeights
from mismes_eval.weighting.replication import replicate_weights, replicated

from .twelve_rows import N, copied, of, rows

SAID = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
CASES: dict[str, Callable[[], object]] = {
    "a column handed over": lambda: of(strata=rows()["s"]),
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
        replicates=ReplicateWeights(["f", "g"], "brr"),
    ),
    "rscales in words": lambda: copied(rscales=["one", "two"], method="jkn"),
    "no degree of freedom": lambda: copied(degf=0.0),
    "lonely strata resampled": lambda: me.replicates(of(strata="i", psu="i"), "jackknife"),
    "a frame for a sample": lambda: me.nonresponse(rows(), "r", ["g"]),
    "a list for a frame": lambda: me.Sample.from_frame([1, 2], weights="w"),
    "replicate columns in a list": lambda: of(replicates=["f", "x"]),
    "a cluster effect in words": lambda: of(cluster_deff="two"),
    "fpc of one stage of two": lambda: me.Sample.from_frame(rows(), psu=["s", "p"], fpc=["f"]),
    "a blank stratum": lambda: of(rows(s=np.where(np.arange(N) < 2, " ", "x")), strata="s"),
    "one sample for two": lambda: me.combine_frames([of()] * 2, ["r", "r"], "hartley"),
    "one sample alone": lambda: me.combine_frames(of(), ["r", "r"]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_says(name: str) -> None:
    with pytest.raises(MismesError) as caught:
        CASES[name]()
    assert [str(p) for p in caught.value.problems] == SAID[name], (
        "if the new words are better: python tests/proof/write_messages.py"
    )
