"""Transition matrices: the person-clustered reference of the Job Corps panel, rows that sum to 1,
and a mean as the two-state case.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.totals import mean
from mismes_eval.estimate.transitions import Pair, on_enrolment, pooled_transitions, transitions
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.sample import Sample


@pytest.mark.shared
@pytest.mark.golden
def test_pooled_transitions_equal_the_clustered_reference(shared: Path) -> None:
    folder = shared / "reference" / "panel"
    raw = pd.read_csv(
        folder / "jobcorps_lee2009_weekly_employment.csv.gz",
        usecols=["row", "emp_52", "emp_104", "emp_156", "emp_208"],
    )
    reference = json.loads((folder / "jobcorps_duration_ref.json").read_text())[
        "transitions_52wk_pooled"
    ]
    frame = raw.assign(one=1.0, w=1 + 0.5 * (raw["row"] % 5))
    for weight, suffix in (("one", ""), ("w", "_weighted")):
        e = transitions(
            Sample.from_frame(frame, weights=weight),
            [("emp_52", "emp_104"), ("emp_104", "emp_156"), ("emp_156", "emp_208")],
        )
        np.testing.assert_allclose(
            e.value, [v[f"p{suffix}"] for v in reference.values()], rtol=1e-8
        )
        np.testing.assert_allclose(e.se, [v[f"se{suffix}"] for v in reference.values()], rtol=1e-8)
        assert e.keys["transitions"].tolist() == [v["count"] for v in reference.values()]


@pytest.fixture
def states() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    n = 400
    frame = pd.DataFrame(
        {
            c: rng.choice(["home", "abroad", "out"], n, p=[0.6, 0.35, 0.05])
            for c in ("s1", "s2", "s3")
        }
    )
    frame.loc[rng.random(n) < 0.2, "s3"] = None
    return frame.assign(
        w=rng.uniform(1, 3, n),
        psu=np.arange(n) // 10,
        x=rng.normal(size=n),
        answered=rng.random(n) < 0.7,
    )


def test_rows_sum_to_one_and_small_ones_are_withheld(states: pd.DataFrame) -> None:
    e = transitions(
        Sample.from_frame(states, weights="w", psu="psu"), [("s1", "s2"), ("s2", "s3")], minimum=60
    )
    assert set(e.keys["origin"]) == {"home", "abroad"}
    assert e.extra["withheld"]["out"] < 60
    assert any("Withheld" in note for note in e.notes)
    np.testing.assert_allclose(e.value.reshape(2, 3).sum(axis=1), 1.0)
    with pytest.raises(EstimateError, match="every row"):
        transitions(Sample.from_frame(states, weights="w"), [("s1", "s2")], minimum=10_000)


@pytest.mark.identity
def test_one_pair_is_a_domain_mean(states: pd.DataFrame) -> None:
    s = Sample.from_frame(states, weights="w", psu="psu")
    e = transitions(s, [("s1", "s2")], minimum=0)
    row = np.flatnonzero((e.keys["origin"] == "home") & (e.keys["destination"] == "abroad"))
    m = mean(
        s.with_columns({"gone": (states["s2"] == "abroad").astype(float)}).where(
            states["s1"] == "home"
        ),
        "gone",
    )
    np.testing.assert_allclose([e.value[row][0], e.se[row][0]], [m.value[0], m.se[0]], rtol=1e-12)


@pytest.mark.identity
def test_pairs_with_weight_steps_of_their_own_keep_their_uncertainty(states: pd.DataFrame) -> None:
    base = Sample.from_frame(states, weights="w", psu="psu")
    after = nonresponse(base, "answered", ["x"])
    code = {c: states[c].astype(object).to_numpy() for c in ("s1", "s2")}
    pooled = pooled_transitions(base, [Pair(after, code["s1"], code["s2"])], minimum=0)
    alone = transitions(after, [("s1", "s2")], minimum=0)
    np.testing.assert_allclose(pooled.se, alone.se, rtol=1e-12)
    moved = on_enrolment(base, mean(after, "x"))
    np.testing.assert_allclose(moved.se, mean(after, "x").se, rtol=1e-12)
    other = Sample.from_frame(states, weights="w")
    with pytest.raises(EstimateError, match="base sample"):
        pooled_transitions(other, [Pair(after, code["s1"], code["s2"])])
