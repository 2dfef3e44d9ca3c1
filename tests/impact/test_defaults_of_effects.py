"""An argument left out has its stated default: every effect, test, band and picture equals the same
call with all of it written out, and differs where another seed or choice is named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.impact.bounds.lee import lee_bounds
from mismes_eval.impact.bounds.manski import delta_sensitivity, manski_bounds
from mismes_eval.impact.bounds.partial_identification import imbens_manski
from mismes_eval.impact.did.balance import balance
from mismes_eval.impact.did.breaks import starts_at_breaks
from mismes_eval.impact.did.periods import plan
from mismes_eval.impact.did.triple import triple_difference
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap, wild_bootstrap_ols
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.imputation import imputation
from mismes_eval.impact.regression.sun_abraham import sun_abraham
from mismes_eval.weighting.order import Ordering, ordering
from mismes_eval.weighting.timeline import of_ordering

from .made_up import long as panel

N = 60
P, U, T = np.arange(N), np.repeat(np.arange(30), 5), np.tile(np.arange(1, 6), 30)


def wide(**columns: object) -> me.Sample:
    """Sixty persons in fifteen villages, every second one treated."""
    f = pd.DataFrame(
        {
            "w": 1.0 + P % 3,
            "y0": np.sin(P),
            "y1": np.cos(2 * P) + P % 2,
            "d": P % 2,
            "x": np.tan(P / 45),
            "s": P % 11 > 0,
            "g": P // 20,
            "h": P // 4,
            "e": P // 2 % 2,
            "b": P % 3 // 2,
            "a": P % 5 // 2 % 2,
            "m": P % 9 - 4,
        }
    )
    return me.Sample.from_frame(f.assign(**columns), weights="w")


def long() -> me.Sample:
    """Thirty persons in periods 1 to 5, treated from 3, from 4 or never."""
    return panel(30, 5, y=np.sin(U * 7.0 + T * T), w=1.0 + U % 2, z=np.cos(U * T))


def gt(**words: object) -> me.GroupTime:
    return me.att_gt(long(), "y", "g", "t", "u", **words)  # type: ignore[arg-type]


def event() -> Estimate:
    return gt(base="universal").aggregate("event")


def att(s: me.Sample) -> Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


def bounds() -> Estimate:
    return lee_bounds(wide(), "y1", "d", "s")


def flat(result: object) -> list[object]:
    """Everything that a result holds, as numbers and words."""
    if isinstance(result, Estimate):
        return [
            result.value.tolist(),
            result.se.tolist(),
            result.names,
            result.n.tolist(),
            result.dof.tolist(),
            result.keys.to_dict("list"),
            result.kind,
            result.definition,
            result.notes,
        ]
    if isinstance(result, pd.DataFrame):
        return [result.to_csv()]
    if isinstance(result, np.ndarray):
        return [result.tolist()]
    if is_dataclass(result):
        return [v for f in fields(result) for v in flat(getattr(result, f.name))]
    return list(result) if isinstance(result, tuple | list) else [result]


KEY = {"unit": "u", "time": "t"}
ORDER = ordering(pd.Series(np.arange(1.0, 6), name="t"))
assert isinstance(ORDER, Ordering)
TIME = of_ordering(ORDER)
CALLS: dict[str, tuple[Callable[..., object], tuple[object, ...], dict[str, object]]] = {
    "two periods": (
        me.att_2x2,
        (wide(), ("y0", "y1"), "d"),
        {
            "time": None,
            "covariates": (),
            "method": "dr",
            "series_breaks": (),
            "acknowledge_breaks": False,
        },
    ),
    "triple": (
        triple_difference,
        (wide(), ("y0", "y1"), "d", "e"),
        {"method": "dr", "acknowledge_breaks": False},
    ),
    "group-time": (
        me.att_gt,
        (long(), "y", "g", "t", "u"),
        {
            "covariates": (),
            "control": "never",
            "base": "varying",
            "anticipation": 0,
            "method": "dr",
            "unbalanced": "balanced",
            "series_breaks": (),
            "acknowledge_breaks": False,
        },
    ),
    "averages": (
        gt().aggregate,
        (),
        {"kind": "event", "min_event": None, "max_event": None, "balance": None},
    ),
    "average": (
        gt().overall,
        (),
        {"kind": "simple", "min_event": None, "max_event": None, "balance": None},
    ),
    "table of group-time effects": (gt().to_frame, (), {"level": 0.95}),
    "band of group-time effects": (
        gt().bands,
        (),
        {"level": 0.95, "seed": 0, "draws": 10_000, "method": "covariance"},
    ),
    "band": (
        me.sup_t,
        (event(),),
        {"level": 0.95, "seed": 0, "draws": 10_000, "method": "covariance"},
    ),
    "two-way": (
        two_way,
        (long(), "y", "on"),
        {**KEY, "small_sample": "design", "acknowledge_breaks": False},
    ),
    "two-way events": (
        two_way,
        (long(), "y", None, "e"),
        {**KEY, "reference": (-1,), "cluster": None},
    ),
    "cohorts and events": (
        sun_abraham,
        (long(), "y", "g"),
        {**KEY, "by": "event", "small_sample": "design", "acknowledge_breaks": False},
    ),
    "imputation": (
        imputation,
        (long(), "y", "g"),
        {**KEY, "by": "att", "errors": "influence", "acknowledge_breaks": False},
    ),
    "linear panel": (
        me.panel_ols,
        (long(), "y", "on"),
        {**KEY, "errors": "unit", "rule": "nested", "acknowledge_breaks": False},
    ),
    "table of a linear panel": (
        me.panel_ols(long(), "y", "on", **KEY).to_frame,
        (),
        {"level": 0.95},
    ),  # type: ignore[arg-type]
    "trimming": (lee_bounds, (wide(), "y1", "d", "s"), {"tighten": None, "rule": "exact"}),
    "worst case": (
        manski_bounds,
        (wide(), "y1", "d", "s", -2.0, 3.0),
        {
            "attempted": None,
            "recovered": None,
            "poststratify": None,
            "delta": 1.0,
            "variance": "design",
        },
    ),
    "shifts": (delta_sensitivity, (wide(), "y1", "d", "s", [0.0, 0.5]), {"arm": "treated"}),
    "interval between bounds": (imbens_manski, (bounds(),), {"level": 0.95}),
    "recall": (me.recall_sensitivity, (wide(), "b", "a", "d", [0.9], [0.9]), {"arm": "both"}),
    "make-up": (me.composition_check, (long(), "z", "g", "t"), {"control": "never"}),
    "cost": (
        me.cost_effectiveness,
        (att(wide()), 100.0),
        {
            "participants": None,
            "years": 1.0,
            "cost_se": 0.0,
            "correlation": 0.0,
            "value": None,
            "unit": "job-year",
            "currency": "currency units",
            "level": 0.95,
            "draws": 10_000,
            "seed": 1,
        },
    ),
    "wild bootstrap": (
        wild_bootstrap,
        (att(wide()), wide().frame["h"]),
        {"null": 0.0, "points": "auto", "draws": 9999, "level": 0.95, "seed": 1},
    ),
    "wild bootstrap of a regression": (
        wild_bootstrap_ols,
        (wide(), "y1 ~ d + x", "d", "h"),
        {"null": 0.0, "points": "auto", "draws": 9999, "level": 0.95, "seed": 1},
    ),
    "robust interval": (
        me.honest_did,
        (event(),),
        {"method": "relative_magnitude", "grid": None, "target": "average", "level": 0.95},
    ),
    "power of the pre-trend test": (
        me.pretrend_power,
        (event(),),
        {"powers": (0.5, 0.8), "level": 0.95},
    ),
    "summary": (
        me.random_effects,
        ([0.1, 0.3, 0.9], [0.1, 0.1, 0.2]),
        {"method": "reml", "interval": "hartung_knapp", "level": 0.95},
    ),
    "p-values": (
        me.adjust_pvalues,
        (me.mean(wide(), ["y0", "y1"]),),
        {"method": "romano_wolf", "draws": 20_000, "seed": 1},
    ),
    "p-values of groups": (me.by_group(att, wide(), "g").adjusted, (), {"method": "romano_wolf"}),
    "oster": (me.oster, (wide(), "y1", "d", ["x"]), {"always": (), "r2_factor": 1.3, "null": 0.0}),
    "randomisation": (
        me.randomisation_test,
        (wide(), lambda s: float(s.frame["y1"] @ s.frame["d"]), "d"),
        {"cluster": None, "strata": None, "draws": 999, "seed": 1},
    ),
    "donut": (me.donut, (att, wide(), "m", [1.0, 2.0]), {"centre": 0.0}),
    "table of specifications": (me.leave_one_out(att, wide(), "g").to_frame, (), {"level": 0.95}),
    "starts at breaks": (
        starts_at_breaks,
        (np.arange(1.0, 6), [3.0, 4.0], [3.0]),
        {"anticipation": 0.0},
    ),
    "plan of cells": (
        plan,
        (TIME, np.array([3.0, 4.0, np.inf]), "never", "varying", 0.0),
        {"breaks": (), "acknowledged": False},
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_left_out_is_the_stated_default(name: str) -> None:
    verb, arguments, defaults = CALLS[name]
    needed = {k: v for k, v in defaults.items() if k in KEY}
    assert str(flat(verb(*arguments, **needed))) == str(flat(verb(*arguments, **defaults)))


OTHERS: dict[str, dict[str, object]] = {
    "two periods": {"method": "none", "covariates": ()},
    "group-time": {"control": "not_yet"},
    "averages": {"kind": "cohort"},
    "average": {"kind": "event"},
    "band": {"seed": 1},
    "band of group-time effects": {"draws": 10_001},
    "two-way": {**KEY, "small_sample": "nested"},
    "cohorts and events": {**KEY, "by": "cohort"},
    "imputation": {**KEY, "errors": "conservative"},
    "linear panel": {**KEY, "rule": "full"},
    "trimming": {"rule": "type7"},
    "worst case": {"delta": 0.5},
    "shifts": {"arm": "both"},
    "interval between bounds": {"level": 0.9},
    "recall": {"arm": "treated"},
    "cost": {"seed": 2},
    "wild bootstrap": {"seed": 2},
    "wild bootstrap of a regression": {"seed": 2},
    "robust interval": {"target": "first"},
    "summary": {"method": "dl"},
    "p-values": {"seed": 2},
    "oster": {"r2_factor": 2.0},
    "donut": {"centre": 1.0},
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_choice_is_another_result(name: str) -> None:
    verb, arguments, defaults = CALLS[name]
    needed = {k: v for k, v in defaults.items() if k in KEY}
    assert str(flat(verb(*arguments, **needed))) != str(flat(verb(*arguments, **OTHERS[name])))


def test_other_assignments_follow_their_seed() -> None:
    by_seed = [
        me.randomisation_test(
            wide(), lambda s: float(s.frame["y1"] @ s.frame["d"]), "d", draws=30, seed=k
        ).distribution.tolist()
        for k in (1, 1, 2)
    ]
    assert by_seed[0] == by_seed[1] != by_seed[2] and len(by_seed[0]) == 30


def test_pictures_left_to_themselves() -> None:
    g = gt()
    drawn, named = g.plot(), g.plot("event", seed=0)
    for a, b in zip(drawn.collections, named.collections, strict=True):
        np.testing.assert_array_equal(np.array(a.get_segments()), np.array(b.get_segments()))
    assert not np.array_equal(
        np.array(g.plot(seed=3).collections[0].get_segments()),
        np.array(drawn.collections[0].get_segments()),
    )
    found = balance(wide(), "d", "x")
    assert (
        found.plot().get_xlabel()
        == found.plot("love").get_xlabel()
        == "Absolute standardised difference"
    )
    plt.close("all")
