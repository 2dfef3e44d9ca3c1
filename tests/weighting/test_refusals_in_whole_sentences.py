"""Every sentence of what weights refuse: what, where, expected, found, how many rows and which, and
how to mend it; several problems in their order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import MismesError

from .twelve_rows import N, copied, of, rows

HALVES = {"g": {"a": 6.0, "b": 12.0}}


CASES: dict[str, tuple[Callable[[], object], list[str]]] = {
    "an unknown method and bounds that are none": (
        lambda: me.calibrate(of(), HALVES, method="ipf", bounds=3),
        [
            "unknown calibration method: argument 'method'. Expected one of linear, raking, logit, got 'ipf'.",
            "bounds cannot work: argument 'bounds'. Expected (lowest, highest) with 0 <= lowest < 1 < highest, got 3.",
        ],
    ),
    "logit without bounds": (
        lambda: me.calibrate(of(), HALVES, method="logit"),
        [
            "the logit method needs bounds: argument 'bounds'. Expected (lowest, highest) with lowest < 1 < highest, got None."
        ],
    ),
    "logit with an open end": (
        lambda: me.calibrate(of(), HALVES, method="logit", bounds=(0.5, np.inf)),
        [
            "bounds cannot work: argument 'bounds'. Expected (lowest, highest) with 0 <= lowest < 1 < highest, both finite, got (0.5, inf)."
        ],
    ),
    "bounds that leave out 1": (
        lambda: me.calibrate(of(), HALVES, bounds=(1.0, 2.0)),
        [
            "bounds cannot work: argument 'bounds'. Expected (lowest, highest) with 0 <= lowest < 1 < highest, got (1.0, 2.0)."
        ],
    ),
    "margins that contradict each other": (
        lambda: me.calibrate(
            of(h=rows()["g"]),
            {"g": {"a": 9.0, "b": 9.0}, "h": {"a": 8.0, "b": 10.0}},
            method="raking",
        ),
        [
            "calibration does not meet its totals: margin 'h=a'. Expected 8, got 8.5. The margins 'g' and 'h' contradict each other in this sample: correct or drop one of them."
        ],
    ),
    "bounds too tight": (
        lambda: me.calibrate(of(), HALVES, bounds=(0.9, 1.1)),
        [
            "calibration does not meet its totals: margin 'g=a'. Expected 6, got 10.8. Bounds must at least let factors fall to 0.5 and rise to 2 (each taken alone)."
        ],
    ),
    "bounds that no factor can keep": (
        lambda: me.calibrate(
            of(h=rows()["g"]),
            {"g": {"a": 9.0, "b": 9.0}, "h": {"a": 8.0, "b": 10.0}},
            bounds=(0.5, 2.0),
        ),
        [
            "calibration does not meet its totals: margin 'h=a'. Expected 8, got 8.5. The margins 'g' and 'h' contradict each other in this sample: correct or drop one of them."
        ],
    ),
    "diagnostics by an unknown column": (
        lambda: me.weight_diagnostics(of(), ["age", "g"]),
        [
            "weight_diagnostics names an unknown column: column 'age'. Expected a column of the sample."
        ],
    ),
    "one sample as two frames": (
        lambda: me.combine_frames([of()], ["g", "g"]),
        [
            "combine_frames joins two samples: arguments 'samples' and 'on_frame'. Expected two samples and two columns, got 1 and 2."
        ],
    ),
    "frames that are no list": (
        lambda: me.combine_frames(of(), "g"),
        [
            "combine_frames joins two samples: arguments 'samples' and 'on_frame'. Expected two samples and two columns, got a Sample and a str."
        ],
    ),
    "an unknown way to join and a share beyond 1": (
        lambda: me.combine_frames([of(), of()], ["m", "m"], method="union", theta=1.5),
        [
            "unknown method for overlapping frames: argument 'method'. Expected 'kalton_anderson' or 'hartley', got 'union'.",
            "theta does not fit: argument 'theta'. Expected a share in [0, 1], with method='hartley', got 1.5 with union.",
            "membership of the other frame is unknown: sample 1, column 'm'. Expected a column of the sample, got none. Ask for it in the interview (on the list or not); without it the overlap is counted twice.",
            "membership of the other frame is unknown: sample 2, column 'm'. Expected a column of the sample, got none. Ask for it in the interview (on the list or not); without it the overlap is counted twice.",
        ],
    ),
    "a share with another method": (
        lambda: me.combine_frames([of(m=0.5), of(m=0.5)], ["m", "m"], theta=0.5),
        [
            "theta does not fit: argument 'theta'. Expected a share in [0, 1], with method='hartley', got 0.5 with kalton_anderson."
        ],
    ),
    "the same design twice": (
        lambda: me.combine_frames([of()] * 2, ["f", "f"]),
        [
            "one sample stands for two: argument 'samples'. Expected two samples, drawn independently, got the same design twice."
        ],
    ),
    "membership not asked for": (
        lambda: me.combine_frames([of(), of()], ["f", "listed"]),
        [
            "membership of the other frame is unknown: sample 2, column 'listed'. Expected a column of the sample, got none. Ask for it in the interview (on the list or not); without it the overlap is counted twice."
        ],
    ),
    "membership missing for some": (
        lambda: me.combine_frames(
            [
                of(m=np.where(np.arange(N) > 8, np.nan, 0.5)),
                of(m=np.where(np.arange(N) == 1, 1.1, 0.5)),
            ],
            ["m", "m"],
        ),
        [
            "membership of the other frame is unknown for some rows: sample 1, column 'm'. Expected True or False, or a probability from 0 to 1, got missing or out of range. 3 rows, first: 9, 10, 11.",
            "membership of the other frame is unknown for some rows: sample 2, column 'm'. Expected True or False, or a probability from 0 to 1, got missing or out of range. 1 row, first: 1.",
        ],
    ),
    "yes and no instead of probabilities": (
        lambda: me.combine_frames([of(m=True), of(m=0.5)], ["m", "m"]),
        [
            "Kalton-Anderson needs selection probabilities: sample 1, column 'm'. Expected the probability of selection from the other frame, 0 where not listed, got yes or no. Give probabilities, or use method='hartley'."
        ],
    ),
    "probabilities instead of yes and no": (
        lambda: me.combine_frames([of(m=True), of(m=0.5)], ["m", "m"], method="hartley"),
        [
            "Hartley needs membership: sample 2, column 'm'. Expected True or False, got numbers between 0 and 1."
        ],
    ),
    "no overlap": (
        lambda: me.combine_frames([of(m=False), of(m=False)], ["m", "m"], method="hartley"),
        [
            "no row is on both frames: argument 'on_frame'. Expected an overlap, or an explicit theta."
        ],
    ),
    "a sample that is no list": (
        lambda: me.stack_samples(of()),
        [
            "stack_samples joins samples: argument 'samples'. Expected a list of samples, got a Sample."
        ],
    ),
    "labels of another number": (
        lambda: me.stack_samples([of()], labels=["a", "b"]),
        [
            "stack_samples joins samples: arguments 'samples' and 'labels'. Expected one sample at least, and a label for each, got 1 samples, 2 labels."
        ],
    ),
    "nothing to stack": (
        lambda: me.stack_samples([]),
        [
            "stack_samples joins samples: arguments 'samples' and 'labels'. Expected one sample at least, and a label for each, got 0 samples."
        ],
    ),
    "two rules for lonely PSUs": (
        lambda: me.stack_samples([of(), of(lonely_psu="average")]),
        [
            "samples with different rules for lonely PSUs: argument 'samples'. Expected one rule, got adjust, average."
        ],
    ),
    "replicates stacked": (
        lambda: me.stack_samples([of(), me.replicates(of(psu="p"), "jackknife")]),
        [
            "replicate designs cannot be joined: argument 'samples'. Expected linearised designs. Join first, then call replicates()."
        ],
    ),
    "two cluster effects": (
        lambda: me.stack_samples([of(), of(cluster_deff=2.0)]),
        [
            "samples with different cluster effects: argument 'samples'. Expected one cluster_deff, got 1, 2."
        ],
    ),
    "a category without rows": (
        lambda: me.calibrate(of(), {"g": {"a": 9.0, "b": 9.0, "c": 1.0}}),
        [
            "a total stands for a category without rows: totals['g']['c']. Expected at least one row that carries weight, got none. Merge it with a neighbouring category in both the sample and the totals."
        ],
    ),
    "a category below zero": (
        lambda: me.calibrate(of(), {"g": {"a": 19.0, "b": -1.0}}),
        ["a negative total: totals['g']['b']. Expected 0 or more, got -1.0."],
    ),
    "a category without a total": (
        lambda: me.calibrate(of(), {"g": {"a": 9.0, "B": 9.0}}),
        [
            "a category of the sample has no total: totals['g']. Expected a total for every category that occurs, got 'b'. 6 rows. Give its total, or recode it."
        ],
    ),
    "a category spelt otherwise": (
        lambda: me.calibrate(
            of(k=np.where(np.arange(N) % 2, "north", "south")), {"k": {"North": 12.0, "south": 6.0}}
        ),
        [
            "a category of the sample has no total: totals['k']. Expected a total for every category that occurs, got 'north'. 6 rows. Nearest is 'North'."
        ],
    ),
    "a category of another type": (
        lambda: me.calibrate(of(), {"s": {"0": 9.0, "1": 9.0}}),
        [
            "a category of the sample has no total: totals['s']. Expected a total for every category that occurs, got 0. 6 rows. Nearest is '0' (another type).",
            "a category of the sample has no total: totals['s']. Expected a total for every category that occurs, got 1. 6 rows. Nearest is '1' (another type).",
        ],
    ),
    "a margin of missing values": (
        lambda: me.calibrate(of(g=rows()["g"].where(np.arange(N) % 3 > 0)), HALVES),
        [
            "a calibration column is missing for rows that carry weight: column 'g'. Expected a value in every such row, got missing. 4 rows, first: 0, 3, 6, 9. Complete it, or make missing a category with a total of its own."
        ],
    ),
    "a total that is no number": (
        lambda: me.calibrate(of(), {"g": {"a": "many", "b": 9.0}, "x": np.inf}),
        [
            "a total is not a finite number: totals['g=a']. Expected a number, or a mapping of category to number, got 'many'.",
            "a total is not a finite number: totals['x']. Expected a number, or a mapping of category to number, got inf.",
        ],
    ),
    "one number for categories": (
        lambda: me.calibrate(of(), {"g": 18.0, ("g", "s"): 18.0}),
        [
            "one number is given for a categorical margin: totals['g']. Expected a mapping of category to total, got a number.",
            "one number is given for a categorical margin: totals['g x s']. Expected a mapping of category to total, got a number.",
        ],
    ),
    "errors of another shape": (
        lambda: me.calibrate(of(), HALVES, total_se={"g": 3.0, "age": 1.0}),
        [
            "standard errors of totals do not fit the margin: total_se['g']. Expected a mapping with levels among ('a', 'b'), got 3.0.",
            "a standard error stands for no margin: total_se['age']. Expected a key of totals.",
        ],
    ),
    "errors of another category": (
        lambda: me.calibrate(of(), HALVES, total_se={"g": {"c": 3.0}}),
        [
            "standard errors of totals do not fit the margin: total_se['g']. Expected a mapping with levels among ('a', 'b'), got {'c': 3.0}."
        ],
    ),
    "an unknown household": (
        lambda: me.calibrate(of(), HALVES, unit="family"),
        [
            "the unit of constant weights is unknown: argument 'unit'. Expected a column of the sample, got 'family'."
        ],
    ),
    "households of several weights": (
        lambda: me.calibrate(of(), HALVES, unit="p"),
        [
            "weights differ inside units: column 'p'. Expected one weight and a code in every unit, got 6 units with several weights. Calibrate before the step that parted them, or persons, without unit=."
        ],
    ),
    "no totals": (
        lambda: me.calibrate(of(), {}),
        ["no totals to calibrate to: argument 'totals'. Expected at least one margin."],
    ),
    "an unknown margin": (
        lambda: me.calibrate(of(), {"gg": {"a": 9.0}, ("g", "age"): {}}),
        [
            "a margin names an unknown column: totals['gg']. Expected a column of the sample, got 'gg'. Did you mean 'g'?",
            "a margin names an unknown column: totals['g x age']. Expected a column of the sample, got 'age'.",
        ],
    ),
    "margins of two sums": (
        lambda: me.calibrate(of(), {"g": {"a": 9.0, "b": 9.0}, "1": 12345678.0}),
        [
            "margins do not add up to the same total: argument 'totals'. Expected equal sums, got g: 18; 1: 1.23457e+07. Scale the margins to one total (scale_to='g'), and say which in the report."
        ],
    ),
    "response to an unknown question": (
        lambda: me.nonresponse(of(), "answered", ["age"], eligible="there"),
        [
            "nonresponse names an unknown column: column 'answered'. Expected a column of the sample.",
            "nonresponse names an unknown column: column 'age'. Expected a column of the sample.",
            "nonresponse names an unknown column: column 'there'. Expected a column of the sample.",
        ],
    ),
    "response that is neither": (
        lambda: me.nonresponse(of(r=2.0 * (np.arange(N) > 9)), "r", "g"),
        [
            "the response column is not yes or no: column 'r'. Expected True or False, 1 or 0, in every row with weight, got something else. 2 rows, first: 10, 11."
        ],
    ),
    "nobody responded": (
        lambda: me.nonresponse(of(r=0.0), "r", "g"),
        ["nobody responded: column 'r'. Expected at least one respondent."],
    ),
    "a covariate of response missing": (
        lambda: me.nonresponse(of(g=rows()["g"].where(np.arange(N) > 1)), "r", "g"),
        [
            "a response covariate is missing: column 'g'. Expected a value for respondents and nonrespondents, got missing. 2 rows, first: 0, 1. Make missing a category."
        ],
    ),
    "a cell without respondents": (
        lambda: me.nonresponse(of(), "r", ["s", "i"], method="cells"),
        [
            "a response cell has no respondent: s=0, i=0; s=0, i=3; s=1, i=6; s=1, i=9. Expected at least one respondent in every cell, got 4 empty. Merge cells."
        ],
    ),
    "nobody in the one cell": (
        lambda: me.nonresponse(
            of(r=(np.arange(N) == 0) * 1.0, e=np.arange(N) > 0),
            "r",
            [],
            method="cells",
            eligible="e",
        ),
        [
            "a response cell has no respondent: all. Expected at least one respondent in every cell, got 1 empty. Merge cells."
        ],
    ),
    "response by a tree": (
        lambda: me.nonresponse(of(), "r", "g", method="tree"),
        ["unknown nonresponse method: argument 'method'. Expected 'logit' or 'cells', got 'tree'."],
    ),
    "response told apart by its model": (
        lambda: me.nonresponse(of(r=(rows()["g"] == "a") * 1.0), "r", "g"),
        [
            "the response propensity cannot be fitted: nonresponse (logit) on g. Expected respondents and nonrespondents in every combination the model can tell apart, got fitted probabilities run to 0 or 1: g=b. Merge categories or drop a covariate."
        ],
    ),
    "a listing without its columns": (
        lambda: me.two_phase(of(), "chosen", "f", ["g", "class"]),
        [
            "two_phase names an unknown column: column 'chosen'. Expected a column of the listing.",
            "two_phase names an unknown column: column 'class'. Expected a column of the listing.",
        ],
    ),
    "a class of the listing missing": (
        lambda: me.two_phase(of(g=rows()["g"].where(np.arange(N) > 2)), "r", "f", "g"),
        [
            "a screening class is missing: column 'g'. Expected a class for every listed row, got missing. 3 rows, first: 0, 1, 2."
        ],
    ),
    "chosen perhaps": (
        lambda: me.two_phase(of(r="perhaps"), "r", "f"),
        [
            "the selection column is not yes or no: column 'r'. Expected True or False for every listed row."
        ],
    ),
    "chosen without a probability": (
        lambda: me.two_phase(
            of(f=np.where(np.arange(N) == 2, 0.0, np.where(np.arange(N) == 4, 1.5, 1.0))), "r", "f"
        ),
        [
            "selected rows without a selection probability: column 'f'. Expected a probability in (0, 1], got missing or out of range. 2 rows, first: 2, 4."
        ],
    ),
    "nobody chosen": (
        lambda: me.two_phase(of(r=False), "r", "f"),
        ["no listed row was selected: column 'r'. Expected at least one."],
    ),
    "a class without an interview": (
        lambda: me.two_phase(of(), "r", "f", "i"),
        [
            "a screening class has no interview: i. Expected at least one selected row in every class, got 4 empty. Merge classes."
        ],
    ),
    "reports without their columns": (
        lambda: me.weight_share(of(), pd.DataFrame({"house": [1]}), key="i"),
        [
            "weight_share names an unknown column: reports, column 'i'. Expected a column of it.",
            "weight_share names an unknown column: reports, column 's_i'. Expected a column of it.",
        ],
    ),
    "a household twice": (
        lambda: me.weight_share(of(), pd.DataFrame({"p": [1], "s_i": [1.0]}), key="p"),
        [
            "a household stands in more than one row: column 'p'. Expected one row a household. 6 rows. Keep one row a household."
        ],
    ),
    "reports that do not fit": (
        lambda: me.weight_share(
            of(), pd.DataFrame({"i": [0, 50, 60], "s_i": [0.5, 1.0, np.inf]}), key="i"
        ),
        [
            "a report names a household that is not in the sample: reports, column 'i'. 2 rows, first: 1, 2.",
            "the multiplicity is missing or below 1: reports, column 's_i'. 2 rows, first: 0, 2.",
        ],
    ),
    "volunteers without the columns": (
        lambda: me.pseudo_weights(rows(), of(), ["g", "h"]),
        [
            "pseudo_weights names an unknown column: frame, column 'h'. Expected a column of both samples.",
            "pseudo_weights names an unknown column: reference, column 'h'. Expected a column of both samples.",
        ],
    ),
    "volunteers who did not say": (
        lambda: me.pseudo_weights(rows(g=None), of(), "g"),
        [
            "a covariate is missing: frame, column 'g'. Expected a value in every row, got missing. 12 rows. Make missing a category."
        ],
    ),
    "volunteers told apart": (
        lambda: me.pseudo_weights(rows(g="a"), of(g="b"), "g"),
        [
            "the covariates tell the two samples apart completely: g. Expected overlap, got fitted probabilities run to 0 or 1: g=b. Merge categories or drop a covariate."
        ],
    ),
    "a scale that is no number": (
        lambda: copied(scale="x", degf=np.inf),
        [
            "scale is not a finite number: argument 'scale'. Expected a number, or None, got 'x'.",
            "degf is not a finite number: argument 'degf'. Expected a number, or None, got inf.",
        ],
    ),
    "rscales that are no list": (
        lambda: copied(rscales=2.0),
        ["rscales are not numbers: argument 'rscales'. Expected a list of numbers, got 2.0."],
    ),
    "everything wrong with replicates of a file": (
        lambda: copied(("w", "gone"), "jkn", rho=0.2, scale=0.0, degf=0.0),
        [
            "a replicate weight column is not in the frame: column 'gone'. Expected one of the frame's columns.",
            "rho belongs to Fay's method: argument 'rho'. Expected None, got 0.2.",
            "JKn needs rscales: argument 'rscales'. Expected (n_h - 1) / n_h of the stratum of each replicate, got None.",
            "the scale is not positive: argument 'scale'. Expected a number above 0, got 0.0.",
            "the degrees of freedom are not positive: argument 'degf'. Expected a number above 0, or None, got 0.0.",
        ],
    ),
    "Fay's method without its factor": (
        lambda: copied(("w",), "fay"),
        [
            "too few replicate weights: argument 'columns'. Expected at least two, got 1.",
            "Fay's method needs rho: argument 'rho'. Expected a number in [0, 1) from the survey's documentation, got None.",
        ],
    ),
    "an unknown method of a file": (
        lambda: copied(method="jk9", rscales=[1.0, 2.0, -1.0]),
        [
            "unknown replicate method: argument 'method'. Expected one of bootstrap, jk1, jk2, jkn, brr, fay, successive-difference, got 'jk9'.",
            "rscales do not fit: argument 'rscales'. Expected 2 numbers of 0 or more, got 3.",
        ],
    ),
    "an unknown method of replicates": (
        lambda: me.replicates(of(psu="p"), "delete-a-group"),
        [
            "unknown replicate method: argument 'method'. Expected one of bootstrap, jackknife, brr, fay, got 'delete-a-group'."
        ],
    ),
    "replicates of replicates without a seed": (
        lambda: me.replicates(me.replicates(of(psu="p"), "jackknife"), rho=1.0, n=1),
        [
            "the sample has replicates already. Start from the linearised sample.",
            "the bootstrap needs a seed: argument 'seed'. Expected an integer, so that the result can be made again, got None.",
            "the number of replicates does not fit: argument 'n'. Expected 2 or more, for the bootstrap only, got 1 with bootstrap.",
            "rho is out of range: argument 'rho'. Expected 0 <= rho < 1, got 1.0.",
        ],
    ),
    "a number of jackknives": (
        lambda: me.replicates(of(psu="p"), "jackknife", n=8),
        [
            "the number of replicates does not fit: argument 'n'. Expected 2 or more, for the bootstrap only, got 8 with jackknife."
        ],
    ),
    "replicates of a supplied effect": (
        lambda: me.replicates(of(cluster_deff=1.5), "jackknife"),
        [
            "replicates cannot carry a supplied cluster effect: argument 'cluster_deff' of the design. Expected 1, got 1.5. Use the linearised design."
        ],
    ),
    "half samples of six": (
        lambda: me.replicates(of(psu="p"), "brr"),
        [
            "balanced half samples need two PSUs in every stratum: strata. Expected 2 in each, got 1 stratum with another number. Use the bootstrap or the jackknife."
        ],
    ),
    "a lonely PSU resampled": (
        lambda: me.replicates(
            of(s=np.where(np.arange(N) < 2, "one", "two"), strata="s", psu="p"), "jackknife"
        ),
        [
            "strata with one PSU cannot be resampled: strata. Expected at least two PSUs in each, got one. 1 row. Merge strata, or choose lonely_psu='certainty' or 'remove', which keep their factor at 1."
        ],
    ),
    "a key that is not there": (
        lambda: of(unit=["who", "i"]),
        ["the key of a row is not in the frame: column 'who'. Expected a column of the frame."],
    ),
    "a key that repeats": (
        lambda: of(unit="p"),
        [
            "rows repeat a key: columns p. Expected every key once, got 0, 1, 2, 3, 4, 5. 12 rows, first: 0, 1, 2, 3, 4. Mend the merge that made them; no row is dropped."
        ],
    ),
    "an unknown rule, a list and an effect in words": (
        lambda: of(lonely_psu="drop", replicates=["w"], cluster_deff="big"),
        [
            "unknown rule for lonely PSUs: argument 'lonely_psu'. Expected one of adjust, remove, average, certainty, error, got 'drop'.",
            "replicate weights are described, not listed: argument 'replicates'. Expected ReplicateWeights([columns], 'bootstrap'), got a list.",
            "the cluster effect is not a number: argument 'cluster_deff'. Expected a number above 0, got 'big'.",
        ],
    ),
    "a sample of a list": (
        lambda: me.Sample.from_frame([1.0], weights="w"),
        [
            "a sample is made of a frame: argument 'frame'. Expected a pandas DataFrame, got a list. Sample.from_frame(pd.DataFrame(frame), ...)"
        ],
    ),
    "a mask of other rows": (
        lambda: of().where(pd.Series(True, index=range(20, 33))),
        [
            "the mask has another index than the frame: argument 'mask'. Expected 12 rows with the frame's index, got 13 rows."
        ],
    ),
    "a mask with gaps": (
        lambda: of().where(pd.Series([True] * 10 + [None] * 2, dtype="boolean")),
        [
            "the mask is missing for some rows: argument 'mask'. Expected True or False in every row, got missing. 2 rows, first: 10, 11. Decide what missing means, e.g. mask.fillna(False)."
        ],
    ),
    "a mask of numbers": (
        lambda: of().where(np.arange(N)),
        [
            "the mask is not boolean: argument 'mask'. Expected 12 booleans, got int64 of shape (12,). Compare a column: sample.where(sample.frame['age'] >= 15)."
        ],
    ),
    "design columns that are not there": (
        lambda: of(strata="region", psu="town", fpc="N"),
        [
            "a design column is not in the frame: column 'region'. Expected one of the frame's columns. The frame has: w, i, p, s, g, x, r, f, y.",
            "a design column is not in the frame: column 'town'. Expected one of the frame's columns. The frame has: w, i, p, s, g, x, r, f, y.",
            "a design column is not in the frame: column 'N'. Expected one of the frame's columns. The frame has: w, i, p, s, g, x, r, f, y.",
        ],
    ),
    "a column twice": (
        lambda: of(rows().iloc[:, [0, 1, 1]]),
        ["a column name stands more than once: i. Rename or drop the repeated columns."],
    ),
    "no weights": (
        lambda: me.Sample.from_frame(rows()),
        [
            "no weights and no fpc: argument 'weights'. Expected a column of weights, or fpc from which weights follow. Name the weight column."
        ],
    ),
    "too many stages": (
        lambda: of(strata=["s", "g"], fpc=["f", "f"]),
        [
            "more fpc columns than sampling stages: argument 'fpc'. Expected at most 1, got 2.",
            "more strata columns than sampling stages: argument 'strata'. Expected at most 1, got 2. To cross two stratifiers make one column of their combinations.",
        ],
    ),
    "weights from one stage only": (
        lambda: me.Sample.from_frame(rows(), psu=["s", "p"], fpc="f"),
        [
            "weights do not follow from the fpc of some stages only: arguments 'weights' and 'fpc'. Expected fpc for each of 2 stages, or a column of weights, got 1 fpc column."
        ],
    ),
    "no rows": (
        lambda: of(rows().iloc[:0]),
        ["the frame has no rows."],
    ),
    "a count that differs inside a stratum": (
        lambda: of(f=np.where(np.arange(N) < 4, 50.0, 60.0), strata="s", psu="p", fpc="f"),
        [
            "fpc differs inside a stratum: column 'f'. Expected one value per stratum. 2 rows, first: 4, 5."
        ],
    ),
    "a count below the sample": (
        lambda: of(f=2.0, strata="s", psu="p", fpc="f"),
        [
            "fpc is smaller than the sample: column 'f'. Expected counts of at least the sampled units (3 in the stratum of row 0), or fractions in (0, 1] throughout, got 2. 2 rows, first: 0, 6."
        ],
    ),
    "neither counts nor fractions": (
        lambda: of(f=np.where(np.arange(N) < 6, 0.5, 2.0), strata="s", psu="p", fpc="f"),
        [
            "fpc is neither population counts nor sampling fractions: column 'f'. Expected counts of at least the sampled units (3 in the stratum of row 0), or fractions in (0, 1] throughout, got 0.5. 2 rows, first: 0, 6."
        ],
    ),
    "PSUs in two strata": (
        lambda: of(strata="g", psu="p"),
        [
            "PSU codes stand in more than one stratum: columns 'p' and 'g'. Expected each PSU in one stratum, got 6 codes that repeat, first: 0, 1, 2, 3, 4. Say nest=True (in params: design.nest: true) if codes restart in every stratum; mend the strata if they do not."
        ],
    ),
    "codes missing and blank": (
        lambda: of(p=np.where(np.arange(N) < 3, None, " "), psu="p"),
        [
            "a design column is missing for some rows: column 'p'. Expected a code in every row, got missing. 3 rows, first: 0, 1, 2. Complete the codes; rows are never dropped.",
            "a design column is blank for some rows: column 'p'. Expected a code in every row, got empty text. 9 rows, first: 3, 4, 5, 6, 7. Complete the codes; rows are never dropped.",
        ],
    ),
    "a fraction that is none": (
        lambda: of(f=np.where(np.arange(N) == 3, 0.0, np.nan), fpc="f"),
        [
            "fpc is not a positive number: column 'f'. Expected population counts, or sampling fractions in (0, 1], got missing, zero, negative or text. 12 rows, first: 0, 1, 2, 3, 4."
        ],
    ),
    "a cluster effect of nothing beside PSUs": (
        lambda: of(psu="p", cluster_deff=0.0),
        [
            "the cluster effect is not positive: argument 'cluster_deff'. Expected a number above 0, got 0.0.",
            "a cluster effect beside PSUs: argument 'cluster_deff'. Expected 1 where PSUs carry the clustering, got 0.0. Drop one of the two.",
        ],
    ),
    "strata with one PSU": (
        lambda: of(
            s=["one"] * 2 + ["two"] * 8 + ["three"] * 2, strata="s", psu="p", lonely_psu="error"
        ),
        [
            "strata with one PSU: column 's'. Expected at least two PSUs in every stratum, got one, three. 2 rows. Merge strata, or choose lonely_psu='adjust', 'average', 'remove' or 'certainty'."
        ],
    ),
    "weights of yes and no": (
        lambda: of(w=True),
        [
            "weights that are not numbers: column 'w'. Expected a finite number of 0 or more in every row, got bool. 12 rows, first: 0. Name the weight column."
        ],
    ),
    "weights of every bad kind": (
        lambda: of(w=pd.Series([1.0, "x", None, "inf", "-2"] + [1.0] * 7, dtype=object)),
        [
            "missing weights: column 'w'. Expected a finite number of 0 or more in every row, got None. 1 row, first: 2. Where it means outside the sample, write 0: frame['w'].fillna(0). Mend the file; no row is dropped.",
            "weights that are not numbers: column 'w'. Expected a finite number of 0 or more in every row, got x. 1 row, first: 1. Mend the file; no row is dropped.",
            "infinite weights: column 'w'. Expected a finite number of 0 or more in every row, got inf. 1 row, first: 3. Mend the file; no row is dropped.",
            "negative weights: column 'w'. Expected a finite number of 0 or more in every row, got -2. 1 row, first: 4. Mend the file; no row is dropped.",
        ],
    ),
    "weights that sum to zero": (
        lambda: of(w=0.0),
        ["the weights sum to zero: column 'w'. Expected a positive sum, got 0.0."],
    ),
    "no cap": (
        lambda: me.trim(of()),
        ["no cap given: arguments 'lower' and 'upper'. Expected at least one."],
    ),
    "caps that cross and are none": (
        lambda: me.trim(of(), 3.0, -1.0),
        [
            "the caps cross: arguments 'lower' and 'upper'. Expected lower < upper, got 3.0 and -1.0.",
            "a cap is not a weight: arguments 'lower' and 'upper'. Expected finite numbers of 0 or more.",
        ],
    ),
    "every weight capped": (
        lambda: me.trim(of(), upper=0.5),
        [
            "every weight is capped: arguments 'lower' and 'upper'. Expected caps that leave some weights free, got none left to take the excess."
        ],
    ),
    "no sample to weight": (
        lambda: me.calibrate(rows(), HALVES),
        [
            "calibrate takes a Sample: first argument. Expected a Sample, got a DataFrame. Make one: Sample.from_frame(frame, weights=...)."
        ],
    ),
    "a list of names for one": (
        lambda: me.nonresponse(of(), ["r"], "g"),
        [
            "a column is named, not handed over: argument 'responded'. Expected one column name, got a list. Columns stand in the sample's frame: give their names."
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_sentence_of_a_refusal(name: str) -> None:
    attempt, sentences = CASES[name]
    with pytest.raises(MismesError) as caught:
        attempt()
    assert [str(p) for p in caught.value.problems] == sentences
