"""Negative weights are refused by the verb that was called, and taken by those that can use them."""

from collections.abc import Callable

import numpy as np
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignWarning

from .made_up import long as panel
from .made_up import wide as persons

P, U, T = np.arange(40), np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)


def wide(**columns: object) -> me.Sample:
    return persons(y=np.sin(P), y0=np.cos(P), s=P < 34, t=P // 20, **columns)


def long() -> me.Sample:
    return panel(text="a", z=U % 5)


def problems(attempt: Callable[[], object]) -> list[str]:
    with pytest.raises(me.MismesError) as caught:
        attempt()
    return [p.what for p in caught.value.problems]


def test_negative_weights_are_refused_by_name() -> None:
    with pytest.warns(DesignWarning, match="weights negative"):
        s = me.calibrate(wide(v=np.where(P < 39, P % 4, 90.0)), {"v": 20.0})
    with pytest.warns(DesignWarning, match="weights negative"):
        panel = me.calibrate(long().with_columns({"v": np.where(U < 11, U % 4, 90.0)}), {"v": 20.0})
    assert problems(lambda: me.lee_bounds(s, "y", "d", "s")) == [
        "lee_bounds cannot use negative weights"
    ]
    assert problems(lambda: me.reweighted_gap(s, "y", "d", ["x"])) == [
        "reweighted_gap cannot use negative weights"
    ]
    for method in ("dr", "dr_improved", "ipw", "ipw_ht"):
        assert problems(
            lambda m=method: me.att_2x2(s, ("y0", "y"), "d", covariates="x", method=m)
        ) == [f"method '{method}' cannot use negative weights"]
    assert problems(lambda: me.triple_difference(s, ("y0", "y"), "d", "e", covariates="x")) == [
        "method 'dr' cannot use negative weights"
    ]
    assert problems(lambda: me.att_gt(panel, "y", "g", "t", "u", covariates="z")) == [
        "method 'dr' cannot use negative weights"
    ]
    assert problems(lambda: me.bacon(panel, "y", "g", unit="u", time="t")) == [
        "bacon cannot use negative weights"
    ]
    me.att_2x2(s, ("y0", "y"), "d", covariates="x", method="or")  # a regression takes them
    plain = me.att_2x2(s, ("y0", "y"), "d", method="none")
    assert me.att_2x2(s, ("y0", "y"), "d").value[0] == pytest.approx(plain.value[0], rel=1e-12)
