"""Whatever an inner check refuses names the verb that was called: something else than a sample, a
column that is not there, text for numbers, negative weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignWarning, MismesError
from mismes_eval.impact.bounds.lee import lee_bounds
from mismes_eval.impact.bounds.manski import delta_sensitivity, manski_bounds
from mismes_eval.impact.did.balance import balance
from mismes_eval.impact.did.composition import composition_check
from mismes_eval.impact.did.group_time import att_gt
from mismes_eval.impact.did.triple import triple_difference
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap_ols
from mismes_eval.impact.regression.bacon import bacon
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.imputation import imputation
from mismes_eval.impact.regression.panel_ols import panel_ols
from mismes_eval.impact.regression.sun_abraham import sun_abraham
from mismes_eval.impact.sensitivity.oster import oster
from mismes_eval.impact.sensitivity.placebo import placebo_groups
from mismes_eval.impact.sensitivity.recall import recall_sensitivity
from mismes_eval.weighting.calibrate import calibrate

from .made_up import long as panel

P, U, T = np.arange(40), np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)
Verb = Callable[[me.Sample, str], object]


def wide(**columns: object) -> me.Sample:
    f = pd.DataFrame(
        {
            "w": 1.0,
            "y": np.sin(P),
            "y0": np.cos(P),
            "d": P % 2,
            "e": P // 2 % 2,
            "s": P < 34,
            "x": np.tan(P / 30),
            "t": P // 20,
            "g": P // 8,
            "text": "a",
        }
    )
    return me.Sample.from_frame(f.assign(**columns), weights="w")


def long() -> me.Sample:
    return panel(text="a", z=U % 5)


def att(s: me.Sample) -> me.Estimate:
    return att_2x2(s, ("y0", "y"), "d")


WIDE: dict[str, tuple[str, Verb]] = {
    "two columns": ("att_2x2", lambda s, y: att_2x2(s, ("y0", y), "d")),
    "two columns, the first": ("att_2x2", lambda s, y: att_2x2(s, (y, "y0"), "d")),
    "cross-sections": ("att_2x2", lambda s, y: att_2x2(s, y, "d", "t")),
    "treatment": ("att_2x2", lambda s, y: att_2x2(s, ("y0", "x"), y)),
    "triple, columns": (
        "triple_difference",
        lambda s, y: triple_difference(s, ("y0", y), "d", "e"),
    ),
    "triple, the first": (
        "triple_difference",
        lambda s, y: triple_difference(s, (y, "y0"), "d", "e"),
    ),
    "triple, cross-sections": (
        "triple_difference",
        lambda s, y: triple_difference(s, y, "d", "e", time="t"),
    ),
    "cohorts in cross-sections": ("att_gt", lambda s, y: att_gt(s, y, "d", "t")),
    "trimming": ("lee_bounds", lambda s, y: lee_bounds(s, y, "d", "s")),
    "trimming, treatment": ("lee_bounds", lambda s, y: lee_bounds(s, "y0", y, "s")),
    "trimming, observed": ("lee_bounds", lambda s, y: lee_bounds(s, "y0", "d", y)),
    "worst case": ("manski_bounds", lambda s, y: manski_bounds(s, y, "d", "s", -2.0, 2.0)),
    "worst case, treatment": (
        "manski_bounds",
        lambda s, y: manski_bounds(s, "y0", y, "s", -2.0, 2.0),
    ),
    "worst case, observed": (
        "manski_bounds",
        lambda s, y: manski_bounds(s, "y0", "d", y, -2.0, 2.0),
    ),
    "oster": ("oster", lambda s, y: oster(s, y, "d", ["x"])),
    "oster, treatment": ("oster", lambda s, y: oster(s, "y0", y, ["x"])),
    "recall, before": (
        "recall_sensitivity",
        lambda s, y: recall_sensitivity(s, y, "e", "d", [0.9], [0.9]),
    ),
    "recall, after": (
        "recall_sensitivity",
        lambda s, y: recall_sensitivity(s, "e", y, "d", [0.9], [0.9]),
    ),
    "recall, treatment": (
        "recall_sensitivity",
        lambda s, y: recall_sensitivity(s, "e", "e", y, [0.9], [0.9]),
    ),
    "placebo groups": ("placebo_groups", lambda s, y: placebo_groups(att, s, y, "g")),
}
LONG: dict[str, tuple[str, Verb]] = {
    "two-way": ("two_way", lambda s, y: two_way(s, y, "on", unit="u", time="t")),
    "two-way, treatment": ("two_way", lambda s, y: two_way(s, "z", y, unit="u", time="t")),
    "two-way, covariate": (
        "two_way",
        lambda s, y: two_way(s, "z", "on", unit="u", time="t", covariates=[y]),
    ),
    "cells": ("sun_abraham", lambda s, y: sun_abraham(s, y, "g", unit="u", time="t")),
    "imputation": ("imputation", lambda s, y: imputation(s, y, "g", unit="u", time="t")),
    "decomposition": ("bacon", lambda s, y: bacon(s, y, "g", unit="u", time="t")),
    "linear panel": ("panel_ols", lambda s, y: panel_ols(s, y, "on", unit="u", time="t")),
}


def problems(attempt: Callable[[], object]) -> list[str]:
    with pytest.raises(MismesError) as caught:
        attempt()
    return [p.what for p in caught.value.problems]


@pytest.mark.parametrize("name", [*WIDE, *LONG])
def test_a_column_that_is_not_there_and_one_of_text(name: str) -> None:
    (caller, verb), sample = (WIDE[name], wide()) if name in WIDE else (LONG[name], long())
    assert problems(lambda: verb(sample, "gone")) == [f"{caller} names an unknown column"]
    refused = problems(lambda: verb(sample, "text"))
    assert refused in ([f"{caller} needs a yes or no"], [f"{caller} needs numbers"])


OTHERS: dict[str, Verb] = {
    "lee_bounds": WIDE["trimming"][1],
    "manski_bounds": WIDE["worst case"][1],
    "oster": WIDE["oster"][1],
    "balance": lambda s, y: balance(s, "d", y),
    "composition_check": lambda s, y: composition_check(s, y, "g", "t"),
}


@pytest.mark.parametrize("caller", OTHERS)
def test_a_frame_is_no_sample(caller: str) -> None:
    assert problems(lambda: OTHERS[caller](wide().frame, "y")) == [f"{caller} takes a Sample"]  # type: ignore[arg-type]


EITHER: dict[str, Verb] = {
    "att_2x2": WIDE["two columns"][1],
    "triple_difference": WIDE["triple, columns"][1],
    "att_gt": WIDE["cohorts in cross-sections"][1],
    **{caller: verb for caller, verb in LONG.values()},
}


@pytest.mark.parametrize("caller", EITHER)
def test_a_frame_is_neither_a_sample_nor_a_panel(caller: str) -> None:
    assert problems(lambda: EITHER[caller](long().frame, "y")) == [
        f"{caller} takes a Sample or a tracer panel"
    ]  # type: ignore[arg-type]


def test_negative_weights_are_refused_by_name() -> None:
    with pytest.warns(DesignWarning, match="weights negative"):
        s = calibrate(wide(v=np.where(P < 39, P % 4, 90.0)), {"v": 20.0})
    with pytest.warns(DesignWarning, match="weights negative"):
        panel = calibrate(long().with_columns({"v": np.where(U < 11, U % 4, 90.0)}), {"v": 20.0})
    assert problems(lambda: lee_bounds(s, "y", "d", "s")) == [
        "lee_bounds cannot use negative weights"
    ]
    assert problems(lambda: att_2x2(s, ("y0", "y"), "d", covariates="x", method="ipw")) == [
        "method 'ipw' cannot use negative weights"
    ]
    assert problems(lambda: triple_difference(s, ("y0", "y"), "d", "e", covariates="x")) == [
        "method 'dr' cannot use negative weights"
    ]
    assert problems(lambda: att_gt(panel, "y", "g", "t", "u", covariates="z")) == [
        "method 'dr' cannot use negative weights"
    ]
    assert problems(lambda: bacon(panel, "y", "g", unit="u", time="t")) == [
        "bacon cannot use negative weights"
    ]
    att_2x2(s, ("y0", "y"), "d", covariates="x", method="or")  # a regression takes them
    att_2x2(s, ("y0", "y"), "d")


def test_other_places_name_their_caller() -> None:
    assert problems(lambda: wild_bootstrap_ols(wide(), "y ~ gone", "gone", "g"))[0].startswith(
        "wild_bootstrap_ols "
    )
    assert problems(lambda: lee_bounds(wide(), "y", "d", "s", tighten="gone")) == [
        "lee_bounds names an unknown column"
    ]
    assert problems(
        lambda: manski_bounds(wide(), "y", "d", "s", -2.0, 2.0, poststratify=["gone"])
    ) == ["manski_bounds names an unknown column"]
    assert problems(
        lambda: delta_sensitivity(wide(y=np.where(P == 3, np.nan, 1.0)), "y", "d", "s", [0.0])
    ) == ["manski_bounds meets missing outcomes among observed rows"]
    assert problems(
        lambda: manski_bounds(
            wide(a="x", r=True), "y", "d", "s", -2.0, 2.0, attempted="a", recovered="r"
        )
    ) == ["manski_bounds needs a yes or no"]
    assert problems(
        lambda: manski_bounds(
            wide(a=P > 33, r="x"), "y", "d", "s", -2.0, 2.0, attempted="a", recovered="r"
        )
    ) == ["manski_bounds needs a yes or no"]
    assert problems(lambda: recall_sensitivity(wide(d=0), "e", "e", "d", [0.9], [0.9])) == [
        "recall_sensitivity has no treated rows"
    ]
    assert problems(lambda: manski_bounds(wide(d=1), "y", "d", "s", -2.0, 2.0)) == [
        "manski_bounds has no comparison rows"
    ]
    for caller, verb in LONG.values():
        if caller != "bacon":
            assert problems(
                lambda v=verb: v(long().with_columns({"y": np.where(U == 1, np.nan, 1.0)}), "y")
            ) == [f"{caller} meets missing values in the domain"]
    for verb, caller in (
        (sun_abraham, "sun_abraham"),
        (imputation, "imputation"),
        (bacon, "bacon"),
    ):
        assert problems(lambda v=verb: v(long(), "y", "g")) == [f"{caller} needs the panel's key"]
