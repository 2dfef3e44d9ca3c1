"""Golden: bacondecomp on math reform and castle doctrine at 1e-10; identity: weights times
estimates are the two-way coefficient.
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mismes_eval.impact.regression.bacon import bacon
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.weighting.sample import Sample

KINDS = {
    "Earlier vs Later Treated": "earlier vs later treated",
    "Later vs Earlier Treated": "later vs earlier treated",
    "Treated vs Untreated": "treated vs never treated",
}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "outcome", "cohort", "unit", "time", "name"),
    [
        ("math_reform.csv", "incearn_ln", "reformyr_math", "state", "class", "math_reform_bacon"),
        ("castle.csv.gz", "l_homicide", "post", "state", "year", "castle_bacon"),
    ],
)
def test_bacondecomp(
    shared: Path, file: str, outcome: str, cohort: str, unit: str, time: str, name: str
) -> None:
    folder = shared / "reference/did"
    frame = pd.read_csv(folder / file, usecols=lambda c: c in {outcome, cohort, unit, time}).assign(
        w=1.0
    )
    if cohort == "post":
        frame["first"] = (
            frame[unit].map(frame[frame["post"] == 1].groupby(unit)[time].min()).fillna(0)
        )
        cohort = "first"
    b = bacon(Sample.from_frame(frame, weights="w"), outcome, cohort, unit, time)
    r = pd.DataFrame(
        json.loads((folder / "twfe_sunab_bacon.json").read_text())[name]["two_by_twos"]
    )
    r = r.assign(kind=r["type"].map(KINDS), comparison=r["untreated"].replace(99999, np.inf))
    both = b.to_frame().merge(r, on=["treated", "comparison", "kind"], suffixes=("", "_r"))
    assert len(both) == len(r) == len(b.table)
    np.testing.assert_allclose(both["estimate"], both["estimate_r"], atol=1e-10)
    np.testing.assert_allclose(both["weight"], both["weight_r"], atol=1e-10)


def simulated(n: int = 90, seed: int = 5) -> pd.DataFrame:
    """SYNTHETIC balanced panel, weights by person, one cohort treated throughout."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "person": np.repeat(np.arange(n), 6),
            "period": np.tile(np.arange(1, 7), n),
            "g": np.repeat(rng.choice([0, 1, 3, 5], n), 6),
            "w": np.repeat(rng.uniform(1, 3, n), 6),
        }
    )
    frame["d"] = ((frame["g"] > 0) & (frame["period"] >= frame["g"])).astype(float)
    return frame.assign(y=rng.normal(size=len(frame)) + frame["d"] * frame["period"])


def test_weights_times_estimates_are_the_coefficient() -> None:
    frame = simulated()
    s = Sample.from_frame(frame, weights="w", psu="person")
    b = bacon(s, "y", "g", "person", "period")
    assert b.table["weight"].sum() == pytest.approx(1)
    assert float((b.table["weight"] * b.table["estimate"]).sum()) == pytest.approx(
        b.coefficient, abs=1e-12
    )
    assert two_way(s, "y", "d", unit="person", time="period").value[0] == pytest.approx(
        b.coefficient, abs=1e-12
    )
    assert 0 < b.forbidden < 1
    assert "already treated" in b.text
    assert set(b.by_kind()["kind"]) == set(b.table["kind"])
    assert b.plot().get_xlabel() == "Weight"
    plt.close("all")
