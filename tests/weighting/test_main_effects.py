"""Main effects of a model are the columns that formulaic makes, for every kind of column."""

import numpy as np
import pandas as pd
import pytest
from formulaic import model_matrix

from mismes_eval.errors import DesignError
from mismes_eval.tracer.response_model import design_matrix
from mismes_eval.weighting.covariates import occurring
from mismes_eval.weighting.nonresponse import main_effects
from mismes_eval.weighting.sample import Sample

FRAME = pd.DataFrame(
    {
        "number": [1.5, -2.0, 0.0, 4.0, 9.0],
        "whole": [3, 1, 2, 1, 5],
        "nullable": pd.array([3, 1, 2, 1, 5], dtype="Int64"),
        "yes": [True, False, True, True, False],
        "maybe": pd.array([True, False, True, True, False], dtype="boolean"),
        "text": ["b", "a", "c", "a", "z"],
        "old text": pd.Series(["b", "a", "c", "a", "z"], dtype=object),
        "ordered": pd.Categorical(
            ["low", "high", "mid", "low", "never"], categories=["low", "mid", "high", "never"]
        ),
        "one": ["only"] * 5,
        "always": [True] * 5,
    }
)
ROWS = np.array([True, True, True, True, False])


@pytest.mark.parametrize(
    "columns", [[], *([c] for c in FRAME.columns), ["text", "number", "ordered", "yes"]]
)
def test_columns_of_a_model_as_formulaic_makes_them(columns: list[str]) -> None:
    found = main_effects(FRAME, columns, ROWS).dense()
    plain = occurring(FRAME.loc[ROWS, columns]).set_axis(
        [f"c{j}" for j in range(len(columns))], axis=1
    )
    expected = (
        model_matrix(" + ".join(["1", *plain.columns]), plain).to_numpy(float)
        if columns
        else np.ones((4, 1))
    )
    assert np.array_equal(found[ROWS], expected)
    assert not found[~ROWS].any()


@pytest.mark.parametrize(
    ("column", "absent"),
    [
        ("text", None),
        ("number", np.nan),
        ("nullable", pd.NA),
        ("maybe", pd.NA),
        ("ordered", np.nan),
    ],
)
def test_a_missing_value_of_a_row_in_the_model_is_refused_by_name(
    column: str, absent: object
) -> None:
    frame = FRAME.copy()
    frame.loc[1, column] = absent
    with pytest.raises(DesignError) as refused:
        main_effects(frame, ["one", column], ROWS)
    assert [(p.what, p.where, p.count, p.rows) for p in refused.value.problems] == [
        ("a response covariate is missing", f"column '{column}'", 1, (1,))
    ]
    frame.loc[1, column] = FRAME.loc[1, column]
    frame.loc[4, column] = absent
    assert np.isfinite(main_effects(frame, ["one", column], ROWS).dense()).all(), (
        "a row outside the model may be missing"
    )


def test_coefficients_are_named_by_the_category_of_their_column() -> None:
    sample = Sample.from_frame(FRAME.assign(w=1.0), weights="w")
    x, names = design_matrix(sample, ["ordered", "yes"])
    assert names == ("Intercept", "ordered=mid", "ordered=high", "ordered=never", "yes")
    assert x[:, 1].tolist() == [0, 0, 1, 0, 0]
    assert x[:, 2].tolist() == [0, 1, 0, 0, 0]
    assert x[:, 4].tolist() == [1, 0, 1, 1, 0]
