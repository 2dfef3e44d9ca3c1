"""Cells and weights that are allowed and look wrong are named, with how many rows; good ones are
not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.frame.strange_cells import strange_cells, strange_weights


def test_what_nobody_sees_is_named() -> None:
    frame = pd.DataFrame(
        {"region": ["A", "A\u200b", "\ufeffA", "B"], "note": ["x" * 10_000] + ["y"] * 3}
    )
    first, second = strange_cells(frame)
    assert "'region'" in first and "2 rows" in first
    assert "'note'" in second and "1 rows" in second and "10,000" in second


def test_years_that_stand_for_open_are_named() -> None:
    text = pd.DataFrame({"end": ["9999-12-31", "2024-01-01", None], "start_ym": ["2024-01"] * 3})
    (said,) = strange_cells(text)
    assert "'end'" in said and "9999" in said and "1 rows" in said
    assert strange_cells(pd.DataFrame({"end": pd.to_datetime(["2024-01-01"])})) == ()


def test_one_row_with_nearly_all_of_a_total_is_named() -> None:
    pay = np.r_[np.full(30, 100.0), 1e9]
    (said,) = strange_cells(pd.DataFrame({"earn": pay, "age": np.linspace(20, 60, 31)}))
    assert said.startswith("Row 31 has 100.0% of the total of column 'earn'")
    (weight,) = strange_weights(pay)
    assert weight.startswith("Row 31 has")


def test_strata_without_weight_are_named() -> None:
    strata = pd.Series(["a", "a", "b", "b"])
    rows, said = strange_weights(np.array([1.0, 2.0, 0.0, 0.0]), strata)
    assert "2 of 4 rows have weight 0 (rows 3, 4)" in rows
    assert "nobody has weight: 1 (b)" in said
    assert strange_weights(np.ones(4), strata) == ()


def test_letters_of_another_encoding_and_labels_that_look_alike_are_named() -> None:
    broken, alike = strange_cells(
        pd.DataFrame({"place": ["Chișinău", "ChiÈ™inÃ£u"], "region": ["North", "NORTH "]})
    )
    assert "'place'" in broken and "1 rows" in broken
    assert "'North', 'NORTH '" in alike
    assert strange_cells(pd.DataFrame({"pid": ["A-1", "A1"], "p": ["São", "Łódź"]})) == ()
