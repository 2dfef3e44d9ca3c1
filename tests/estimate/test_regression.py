"""Regression inputs: every problem of a formula named at once, awkward column names, nearly
collinear columns marked; Filip through a formula is right.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.regression import logit, ols
from mismes_eval.weighting.sample import Sample


def sample(n: int = 200) -> Sample:
    rng = np.random.default_rng(4)
    x = rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "w": rng.uniform(1, 2, n),
            "psu": np.arange(n) % 25,
            "x": x,
            "double": 2 * x,
            "y": x + rng.normal(size=n),
            "hours worked": rng.uniform(0, 40, n),
            "group": rng.choice(["a", "b", "c"], n),
            "flag": rng.random(n) < 0.5,
            "gap": np.where(np.arange(n) < 5, np.nan, x),
            "count": rng.poisson(2, n),
        }
    )
    frame["group"] = frame["group"].astype(pd.CategoricalDtype(["a", "b", "c", "never"]))
    return Sample.from_frame(frame, weights="w", psu="psu")


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("y ~ nowhere + neither", "2 problems"),
        ("y ~ x + double", "'double'"),
        ("y ~ gap", "5 rows, first: 0, 1, 2, 3, 4"),
        ("y ~ log(x)", "not a finite number"),
        ("group ~ x", "one outcome"),
        ("x + group", "needs an outcome"),
        ("y ~ x +* group", "cannot read"),
    ],
)
def test_each_problem_is_named(formula: str, words: str) -> None:
    with pytest.raises(EstimateError) as caught:
        ols(sample(), formula)
    if words == "2 problems":
        assert len(caught.value.problems) == 2
    else:
        assert words in str(caught.value)


@pytest.mark.identity
def test_names_booleans_and_unused_categories() -> None:
    s = sample()
    e = logit(s, "flag ~ `hours worked` + group")
    assert e.names == ("Intercept", "hours worked", "group[T.b]", "group[T.c]")
    assert (e.dof == s.degf + 1 - 4).all() and (e.degf <= e.dof).all()
    renamed = s.with_columns(
        {"hours": s.frame["hours worked"], "flag": s.frame["flag"].astype(float)}
    )
    np.testing.assert_array_equal(logit(renamed, "flag ~ hours + group").value, e.value)
    assert ols(s, "y ~ flag + x").names == ("Intercept", "flag", "x")


def test_no_degrees_of_freedom_means_no_interval() -> None:
    s = Sample.from_frame(sample().frame.assign(psu=np.arange(200) % 3), weights="w", psu="psu")
    e = ols(s, "y ~ x + group")
    assert (e.degf <= 0).all()
    assert e.ci().isna().to_numpy().all()
    assert any("no degrees of freedom" in note for note in e.notes)


def test_nearly_collinear_columns_are_marked() -> None:
    s = sample()
    near = s.with_columns({"near": 2 * s.frame["x"] + 1e-10 * s.frame["y"] ** 2})
    assert any("nearly collinear" in note for note in ols(near, "y ~ x + near").notes)


@pytest.mark.shared
@pytest.mark.golden
def test_filip_through_a_formula(shared: Path) -> None:
    folder = shared / "reference" / "panel" / "nist"
    data = pd.read_csv(folder / "filip.csv")[["y", "x1"]].assign(w=1.0)
    exact = json.loads((folder / "nist_exact.json").read_text())["filip"]
    e = ols(
        Sample.from_frame(data, weights="w"),
        "y ~ x1 + " + " + ".join(f"I(x1**{j})" for j in range(2, 11)),
    )
    np.testing.assert_allclose(e.value, [float(v) for v in exact["beta"]], rtol=1e-7)
    np.testing.assert_allclose(
        np.asarray(e.extra["classical_se"]), [float(v) for v in exact["se"]], rtol=10**-7.5
    )
