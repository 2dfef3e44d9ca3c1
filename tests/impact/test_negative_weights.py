"""Negative weights are refused by the verb that was called, and taken by those that can use them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignWarning, MismesError
from mismes_eval.impact.bounds.lee import lee_bounds
from mismes_eval.impact.did.group_time import att_gt
from mismes_eval.impact.did.triple import triple_difference
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.regression.bacon import bacon
from mismes_eval.weighting.calibrate import calibrate

from .made_up import long as panel
from .made_up import wide as persons

P, U, T = np.arange(40), np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)


def wide(**columns: object) -> me.Sample:
    return persons(y=np.sin(P), y0=np.cos(P), s=P < 34, t=P // 20, **columns)


def long() -> me.Sample:
    return panel(text="a", z=U % 5)


def problems(attempt: Callable[[], object]) -> list[str]:
    with pytest.raises(MismesError) as caught:
        attempt()
    return [p.what for p in caught.value.problems]


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
