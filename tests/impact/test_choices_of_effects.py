"""A choice is made: every effect, test, band and picture is the same twice, and differs where another
seed, rule or method is named. What is left out: `proof/test_defaults.py`.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me

from .made_up import long as panel
from .made_up import wide as persons

N = 60
P, U, T = np.arange(N), np.repeat(np.arange(30), 5), np.tile(np.arange(1, 6), 30)


def wide() -> me.Sample:
    """Sixty persons in fifteen villages."""
    more = {"b": P % 3 // 2, "a": P % 5 // 2 % 2, "m": P % 9 - 4}
    return persons(N, w=1.0 + P % 3, y1=np.cos(2 * P) + P % 2, s=P % 11 > 0, **more)


def long() -> me.Sample:
    """Thirty persons in periods 1 to 5, treated from 3, from 4 or never."""
    return panel(30, 5, y=np.sin(U * 7.0 + T * T), w=1.0 + U % 2, z=np.cos(U * T))


def gt(**words: object) -> me.GroupTime:
    return me.att_gt(long(), "y", "g", "t", "u", **words)  # type: ignore[arg-type]


def event() -> me.Estimate:
    return gt(base="universal").aggregate("event")


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


def bounds() -> me.Estimate:
    return me.lee_bounds(wide(), "y1", "d", "s")


def flat(result: object) -> list[object]:
    """Everything that a result holds, as numbers and words."""
    if isinstance(result, me.Estimate):
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
# a call with one choice left out, and another one than its default
OTHERS: dict[str, tuple[Callable[..., object], dict[str, object]]] = {
    "two periods": (partial(me.att_2x2, wide(), ("y0", "y1"), "d"), {"method": "none"}),
    "group-time": (partial(me.att_gt, long(), "y", "g", "t", "u"), {"control": "not_yet"}),
    "averages": (gt().aggregate, {"kind": "cohort"}),
    "average": (gt().overall, {"kind": "event"}),
    "band": (partial(me.sup_t, event()), {"seed": 1}),
    "band of group-time effects": (gt().bands, {"draws": 10_001}),
    "two-way": (partial(me.two_way, long(), "y", "on", **KEY), {"small_sample": "nested"}),
    "cohorts and events": (partial(me.sun_abraham, long(), "y", "g", **KEY), {"by": "cohort"}),
    "imputation": (partial(me.imputation, long(), "y", "g", **KEY), {"errors": "conservative"}),
    "linear panel": (partial(me.panel_ols, long(), "y", "on", **KEY), {"rule": "full"}),
    "trimming": (partial(me.lee_bounds, wide(), "y1", "d", "s"), {"rule": "type7"}),
    "worst case": (partial(me.manski_bounds, wide(), "y1", "d", "s", -2.0, 3.0), {"delta": 0.5}),
    "shifts": (partial(me.delta_sensitivity, wide(), "y1", "d", "s", [0.0, 0.5]), {"arm": "both"}),
    "interval between bounds": (partial(me.imbens_manski, bounds()), {"level": 0.9}),
    "recall": (
        partial(me.recall_sensitivity, wide(), "b", "a", "d", [0.9], [0.9]),
        {"arm": "treated"},
    ),
    "cost": (partial(me.cost_effectiveness, att(wide()), 100.0), {"seed": 2}),
    "wild bootstrap": (partial(me.wild_bootstrap, att(wide()), wide().frame["h"]), {"seed": 2}),
    "wild bootstrap of a regression": (
        partial(me.wild_bootstrap_ols, wide(), "y1 ~ d + x", "d", "h"),
        {"seed": 2},
    ),
    "robust interval": (partial(me.honest_did, event()), {"target": "first"}),
    "summary": (partial(me.random_effects, [0.1, 0.3, 0.9], [0.1, 0.1, 0.2]), {"method": "dl"}),
    "p-values": (partial(me.adjust_pvalues, me.mean(wide(), ["y0", "y1"])), {"seed": 2}),
    "oster": (partial(me.oster, wide(), "y1", "d", ["x"]), {"r2_factor": 2.0}),
    "donut": (partial(me.donut, att, wide(), "m", [1.0, 2.0]), {"centre": 1.0}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_choice_is_another_result(name: str) -> None:
    verb, choice = OTHERS[name]
    assert str(flat(verb())) == str(flat(verb())) != str(flat(verb(**choice)))


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
    found = me.balance(wide(), "d", "x")
    assert (
        found.plot().get_xlabel()
        == found.plot("love").get_xlabel()
        == "Absolute standardised difference"
    )
    plt.close("all")
