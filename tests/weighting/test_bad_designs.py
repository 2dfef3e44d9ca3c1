"""Bad survey designs: one error that lists every problem with its place, or a named warning that
the design's notes carry.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import CalibrationError, DesignError
from mismes_eval.weighting.calibrate import calibrate, tightest_bounds
from mismes_eval.weighting.sample import Sample


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    psu = np.repeat(np.arange(20), 10)
    return pd.DataFrame(
        {
            "w": rng.uniform(1, 3, 200),
            "psu": psu,
            "stratum": psu % 4,
            "sex": rng.choice(["F", "M"], 200),
            "id": np.arange(200),
            "N": 50.0,
        }
    )


def test_fpc_are_counts_or_fractions(frame: pd.DataFrame) -> None:
    counts = Sample.from_frame(frame, weights="w", strata="stratum", psu="psu", fpc="N")
    assert "population counts" in " ".join(counts.notes)
    share = Sample.from_frame(
        frame.assign(N=0.1), weights="w", strata="stratum", psu="psu", fpc="N"
    )
    assert "sampling fractions" in " ".join(share.notes)
    np.testing.assert_allclose(counts.design.stages[0].fraction, share.design.stages[0].fraction)


def test_margins_that_bounds_cannot_meet_are_met_within_the_tightest(frame: pd.DataFrame) -> None:
    s = Sample.from_frame(frame, weights="w")
    low, high = tightest_bounds(s, {"sex": {"F": 900.0, "M": 100.0}})
    assert high > 1
    with pytest.raises(CalibrationError, match=r"fall to .* rise to"):
        calibrate(s, {"sex": {"F": 900.0, "M": 100.0}}, method="logit", bounds=(0.9, 1.1))
    done = calibrate(
        s, {"sex": {"F": 900.0, "M": 100.0}}, method="logit", bounds=(low * 0.9, high * 1.1)
    )
    assert done.weights.sum() == pytest.approx(1000)


@pytest.mark.parametrize("weights", [True, pd.Timestamp("2020-01-01"), 1 + 2j])
def test_weights_are_numbers(frame: pd.DataFrame, weights: object) -> None:
    with pytest.raises(DesignError, match="not numbers"):
        Sample.from_frame(frame.assign(w=weights), weights="w")


def test_weights_follow_from_fpc_of_every_stage_only(frame: pd.DataFrame) -> None:
    s = Sample.from_frame(frame.assign(M=40), strata="stratum", psu=["psu", "id"], fpc=["N", "M"])
    np.testing.assert_allclose(s.weights, 50 / 5 * 40 / 10)


def test_the_smallest_weights_have_a_summary(frame: pd.DataFrame) -> None:
    assert (
        Sample.from_frame(frame.assign(w=1e-300), weights="w")
        .summary()
        .loc["Kish design effect", ""]
        == "1.000"
    )


def test_the_tightest_bounds_of_many_distinct_rows() -> None:
    """By hand: women's total is 1.5 times their weight and men's half of theirs, so that factors
    reach from 0.5 to 1.5; the total of x is what those factors give.
    """
    n = 4_000
    data = pd.DataFrame({"w": 1.0, "sex": ["F", "M"] * (n // 2), "x": np.arange(n) % 3_999})
    s = Sample.from_frame(data, weights="w")
    x = float((data["x"] * np.where(data["sex"] == "F", 1.5, 0.5)).sum())
    totals = {"sex": {"F": 0.75 * n, "M": 0.25 * n}, "x": x}
    assert tightest_bounds(s, totals) == pytest.approx((0.5, 1.5), rel=1e-8)
