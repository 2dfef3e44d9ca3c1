"""The order of periods is stated by the values or by the caller, and never by the alphabet."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mismes_eval.errors import Problem
from mismes_eval.weighting.order import Ordering, ordering

IN_ORDER = [
    ["w1", "w2", "w10"],
    ["wave 9", "wave 10", "wave 11"],
    ["Round-3", "Round-12"],
    ["Q4 2019", "Q1 2020"],
    ["2019Q4", "2020Q1"],
    ["T4 2019", "T1 2020"],
    ["2019H2", "2020H1"],
    ["2019-11", "2020-02"],
    ["11/2019", "02/2020"],
    ["Dec 2018", "January 2019", "Feb 2019"],
    ["juil. 2019", "août 2019"],
    ["déc. 2019", "janv. 2020", "févr. 2020"],
    ["2019M9", "2019M10"],
    ["2019W9", "2019W10"],
    ["2018-12-31", "2019-01-05"],
    ["2018/19", "2019/20"],
    ["9", "10", "11"],
    [9, 10, 11],
    [2018.9, 2019.1],
    [False, True],
    [pd.Period("2019Q4"), pd.Period("2020Q1")],
    [pd.Timestamp("2019-12-01"), pd.Timestamp("2020-01-01")],
]
WITHOUT = [
    ["pre", "post"],
    ["baseline", "midline", "endline"],
    ["before", "after"],
    ["first", "second"],
    ["I", "II", "IX"],
    ["2019Q4", "2020-01"],
    ["w1", "round 2"],
    ["before 1", "after 2"],
    ["2010-11", "2011-12"],  # a month, or a school year
    ["1st", "2nd", "10th"],
    ["t-3", "t-2", "t-1", "t0"],  # a hyphen that is a minus
    ["wave -1", "wave 0", "wave 1"],
    ["M-12", "M-6"],
    ["wave-1", "wave 2"],
    ["before 2", "before 1"],  # counts backwards
]


@pytest.mark.parametrize("levels", IN_ORDER, ids=str)
@pytest.mark.parametrize("kind", ["object", "as it is", "category", "dictionary"])
def test_values_that_state_their_order(levels: list[object], kind: str) -> None:
    shuffled = pd.Series([*levels[::-1], levels[0], None], name="period", dtype=object)
    if kind == "as it is":
        shuffled = shuffled.infer_objects().convert_dtypes()
    if kind == "category":
        shuffled = shuffled.astype("category")
    if kind == "dictionary" and isinstance(levels[0], str):
        arrow = pa.array(shuffled, pa.string()).dictionary_encode()
        shuffled = pd.Series(pd.arrays.ArrowExtensionArray(arrow), name="period")
    found = ordering(shuffled)
    assert isinstance(found, Ordering), str(found)
    assert [str(v) for v in found.levels] == [str(v) for v in levels]
    assert found.code.tolist() == [*range(len(levels))[::-1], 0, -1]
    assert (np.diff(found.scale) > 0).all()


@pytest.mark.parametrize("levels", WITHOUT, ids=str)
def test_other_text_is_refused_until_the_order_is_stated(levels: list[str]) -> None:
    column = pd.Series(levels[::-1], name="period")
    refused = ordering(column, argument="time=(first, second)")
    assert isinstance(refused, Problem)
    assert "period" in refused.where and "time=(first, second)" in refused.fix
    stated = ordering(column, stated=levels)
    assert isinstance(stated, Ordering) and list(stated.levels) == levels
    assert stated.code.tolist() == [*range(len(levels))[::-1]]
    ordered = pd.Series(pd.Categorical(levels[::-1], categories=levels, ordered=True))
    by_category = ordering(ordered)
    assert isinstance(by_category, Ordering) and by_category.code.tolist() == stated.code.tolist()


def test_quarters_lie_a_quarter_apart_across_years() -> None:
    found = ordering(pd.Series(["2019Q4", "2020Q1", "2021Q1"]))
    assert isinstance(found, Ordering)
    assert np.diff(found.scale).tolist() == [1.0, 4.0] and not found.even
    assert found.unit == "quarter"


def test_decimal_times_that_rounding_tells_apart_are_one() -> None:
    times = pd.Series([2019.1, 2019 + 0.1, 2019.2, 2019.1 + 0.1])
    found = ordering(times)
    assert isinstance(found, Ordering)
    assert len(found.levels) == 2 and found.code.tolist() == [0, 0, 1, 1]


def test_a_stated_order_is_held_against_the_values() -> None:
    column = pd.Series(["pre", "post"])
    for stated in (("pre", "end"), ("pre", "pre")):
        assert isinstance(ordering(column, stated), Problem)
    assert isinstance(ordering(pd.Series(["w1", "W 1"])), Problem)  # two spellings of one


def test_a_stated_order_may_leave_periods_out() -> None:
    found = ordering(pd.Series(["pre", "mid", "post"]), ("pre", "post"))
    assert isinstance(found, Ordering) and found.code.tolist() == [0, -1, 1]
