"""Formulas of regressions: every kind of column and transformation is read alike, and what is no
formula is told in the package's own words.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me

N = 180


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(19)
    x = rng.gamma(2.0, 3.0, N)
    return pd.DataFrame(
        {
            "w": rng.uniform(1, 9, N),
            "psu": np.arange(N) // 9,
            "x": x,
            "y": 2 + x + rng.normal(0, 2, N),
            "sex": rng.choice(["F", "M"], N),
            "b": rng.random(N) < 0.4,
            "k": rng.poisson(2, N),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N), unit="D"),
            "obj": pd.Series(x).astype(object),
        }
    )


def _sample(**changed: object) -> me.Sample:
    return me.Sample.from_frame(_frame().assign(**changed), weights="w", psu="psu")


@pytest.mark.parametrize("kind", ["string", "string[pyarrow]", "object", "category"])
def test_text_of_every_kind_is_categories(kind: str) -> None:
    f = _frame()
    plain = me.ols(_sample(), "y ~ x + sex + b + k")
    dtype = pd.CategoricalDtype(["F", "M", "unused"]) if kind == "category" else kind
    other = me.ols(
        _sample(
            sex=f["sex"].astype(dtype),
            b=f["b"].astype("boolean"),
            k=f["k"].astype("Int64"),
            x=f["x"].astype("double[pyarrow]"),
            y=f["y"].astype("Float64"),
        ),
        "y ~ x + sex + b + k",
    )
    assert other.names == plain.names
    np.testing.assert_allclose(other.value, plain.value, rtol=1e-12)
    np.testing.assert_allclose(other.se, plain.se, rtol=1e-12)
    text = pd.Series(np.where(f["sex"] == "F", "F", "M"), dtype="string").astype("category")
    np.testing.assert_allclose(
        me.ols(_sample(sex=text), "y ~ x + sex + b + k").se, plain.se, rtol=1e-12
    )


def test_transformations_find_their_columns() -> None:
    s, x = _sample(), _frame()["x"]
    scaled = me.ols(s, "y ~ scale(x) + center(k)")
    raw = me.ols(s, "y ~ x + k")
    np.testing.assert_allclose(scaled.value[1:], [raw.value[1] * x.std(), raw.value[2]], rtol=1e-10)
    np.testing.assert_allclose(scaled.se[1:], [raw.se[1] * x.std(), raw.se[2]], rtol=1e-10)
    curved, powers = me.ols(s, "y ~ poly(x, 2)"), me.ols(s, "y ~ x + I(x**2)")
    expected = [*(curved.value[1:2] / curved.se[1:2]), powers.value[2] / powers.se[2]]
    np.testing.assert_allclose(curved.value[1:] / curved.se[1:], expected, rtol=1e-8)
    assert me.ols(s, "y ~ bs(x, df=4) + np.log(x) + x.rank()").p == 7
    renamed = me.Sample.from_frame(
        _frame().rename(columns={"x": "hours worked"}), weights="w", psu="psu"
    )
    np.testing.assert_allclose(
        me.ols(renamed, "y ~ scale(`hours worked`) + center(k)").value, scaled.value, rtol=1e-12
    )
    months = me.ols(s, "y ~ I((day - day.min()).dt.days)")
    np.testing.assert_allclose(
        months.value, me.ols(s.with_columns({"t": np.arange(N)}), "y ~ t").value, rtol=1e-10
    )


def test_a_column_called_like_a_function_does_not_stand_in_its_way() -> None:
    f = _frame()
    s = _sample(log=f["k"], np=f["k"], scale=f["k"])
    expected = me.ols(_sample(), "y ~ log(x) + np.sqrt(x) + scale(x)").value
    np.testing.assert_array_equal(me.ols(s, "y ~ log(x) + np.sqrt(x) + scale(x)").value, expected)


@pytest.mark.parametrize("fit", [me.ols, me.logit, me.poisson])
@pytest.mark.parametrize(
    ("formula", "what"),
    [
        (None, "argument 'formula'. Expected a text, got None"),
        (["y", "x"], "got a list"),
        ("b ~ x | k", "one equation"),
        ("b ~ 0", "no term on the right"),
        ("b ~ day", "a covariate is a date: column 'day'"),
        ("b ~ nobody(x)", "column 'nobody'"),
        ("b ~ hashed(sex)", "cannot evaluate the formula"),
    ],
)
def test_what_is_no_formula(fit: Callable[..., me.Estimate], formula: object, what: str) -> None:
    with pytest.raises(me.EstimateError) as error:
        fit(_sample(), formula)
    assert what in str(error.value)
    assert len(error.value.problems) == 1
    with pytest.raises(me.EstimateError, match="takes a Sample"):
        fit(_frame(), "y ~ x")


def test_gaps_and_unreadable_columns_are_told_together_and_undefined_terms_by_the_frames_rows() -> (
    None
):
    f = _frame()
    s = _sample(x=f["x"].where(f.index != 7), k=f["k"] - 1)
    with pytest.raises(me.EstimateError) as error:
        me.ols(s, "y ~ x + day")
    expected = [("ols meets missing values in the domain", (7,)), ("a covariate is a date", ())]
    assert [(p.what, p.rows[:1]) for p in error.value.problems] == expected
    with pytest.raises(me.EstimateError) as error:
        me.ols(s.where((f["k"] > 0) | (f.index == 20)), "y ~ log(k - k.min())")
    assert error.value.problems[0].rows[0] == int(
        np.flatnonzero(
            ((f["k"] > 0) | (f.index == 20))
            & (f["k"] == f["k"][(f["k"] > 0) | (f.index == 20)].min())
        )[0]
    )
