"""The way in for columns: every dtype gives float64, every problem of a call is told at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignError, EstimateError, IdentificationError
from mismes_eval.public import public
from mismes_eval.weighting.columns import (
    Category,
    Cohort,
    Key,
    Number,
    Order,
    Stated,
    YesNo,
    read,
)
from mismes_eval.weighting.levels import levels_of
from mismes_eval.weighting.read_once import once

DTYPES = [
    *("int8", "uint8", "int16", "int32", "int64", "uint64", "float16", "float32", "float64"),
    *("Int8", "UInt8", "Int64", "Float32", "Float64"),
    *("int8[pyarrow]", "uint8[pyarrow]", "int64[pyarrow]", "float[pyarrow]", "double[pyarrow]"),
    *("halffloat[pyarrow]", ">i2", ">f8", "object", "category"),
]
NUMBERS = [0, 1, 1, 0, 1, 100]


def sample(**columns: object) -> me.Sample:
    frame = pd.DataFrame({"w": 1.0, **columns}, index=range(len(NUMBERS)))
    return me.Sample.from_frame(frame, weights="w")


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_of_numbers_is_float64(dtype: str) -> None:
    values = pd.Series(NUMBERS).astype(dtype)
    s = sample(y=values)
    c = read(s, y=Number("y"))
    assert me.Sample.from_frame(s.frame, weights="y").weights.tolist() == NUMBERS
    assert c.y.dtype == np.float64 and c.y.tolist() == NUMBERS


@pytest.mark.parametrize("dtype", ["int8", "uint64", "int64", "float32", "float64", "bool"])
@pytest.mark.parametrize("start", [0, -3, 10**6, 2**53 - 2, 2**60, 0.25])
def test_numbers_that_are_counted_have_the_levels_that_hashing_gives(
    dtype: str, start: float
) -> None:
    draws = np.random.default_rng(5).choice([0, 1, 3, 12], 2_000) + start
    with np.errstate(invalid="ignore"):
        values = pd.Series(draws.astype(dtype))
    if values.dtype.kind == "f":
        values[::7] = np.nan
        values[:5] = np.inf if start == 0.25 else start
    code, level = levels_of(values)
    hashed, sorted_levels = pd.factorize(values, sort=True)
    assert code.tolist() == hashed.tolist() and level.equals(pd.Index(sorted_levels))


@pytest.mark.parametrize("kind", ["int64", "str", "category", "object", "Int64", "datetime64[s]"])
def test_a_column_is_read_once_for_all_samples_of_a_frame_until_it_is_written_to(kind: str) -> None:
    s = sample(g=pd.Series([1, 2, 1, 2, 1, 2]).astype(kind))
    seen: list[int] = []

    def levels(values: pd.Series) -> list[object]:
        seen.append(1)
        return values.unique().tolist()

    first = once(s.frame, "g", levels)
    assert once(s.where(s.frame["w"] > 0).frame, "g", levels) is first
    assert once(s.frame, "w", levels) == [1.0] and len(seen) == 2
    changed = s.with_columns({"x": 1, "w": 2.0})
    assert once(changed.frame, "w", levels) == [2.0]
    assert once(changed.frame, "g", levels) is first or kind == "Int64"
    assert once(changed.frame, "x", levels) == [1]
    assert once(s.with_columns({"x": 2}).frame, "x", levels) == [2]
    assert me.proportion(s, "g", interval="t").value.tolist() == [0.5, 0.5]
    s.frame.loc[[0, 2, 4], "g"] = s.frame["g"].iloc[1]  # a person changes the frame of a sample
    assert once(s.frame, "g", levels) == [s.frame["g"].iloc[1]]
    assert me.proportion(s, "g", interval="t").value.tolist() == [1.0]


@pytest.mark.parametrize(
    "values",
    [
        [True, False, True, True, False, False],
        pd.array([True, False, True, True, False, False], dtype="boolean"),
        np.array([True, False, True, True, False, False], dtype=object),
        pd.array([True, False, True, True, False, False], dtype="bool[pyarrow]"),
        [1, 0, 1, 1, 0, 0],
        np.array([1.0, 0.0, 1, 1, 0, 0], dtype="float16"),
        [Decimal(1), Decimal(0), Decimal(1), Decimal(1), Decimal(0), Decimal(0)],
        pd.Categorical([True, False, True, True, False, False]),
    ],
    ids=lambda v: str(getattr(v, "dtype", type(v[0]).__name__)),
)
def test_yes_and_no_of_every_dtype(values: object) -> None:
    c = read(sample(d=values), d=YesNo("d"))
    assert c.d.dtype == np.float64 and c.d.tolist() == [1, 0, 1, 1, 0, 0]


def test_all_problems_of_a_call_in_one_error_that_names_the_verb() -> None:
    @public(IdentificationError)
    def compare(data: me.Sample, outcome: str) -> None:
        read(data, y=Number(outcome), d=YesNo("d"), t=Order("t"), w=Number("w", within=(2, 3)))

    bad = sample(
        y=["a"] * 6, d=[0, 1, 2, 0, 1, 0], t=["pre", "post"] * 3, x=[1, 2, np.nan, 4, 5, 6]
    )
    with pytest.raises(IdentificationError) as refused:
        compare(bad, "y")
    text = str(refused.value)
    assert len(refused.value.problems) == 4
    assert text.count("compare") == 3 and all(f"column '{c}'" in text for c in "ydtw")
    with pytest.raises(IdentificationError, match="no_such"):
        compare(bad, "no_such")
    with pytest.raises(IdentificationError, match="by name"):
        compare(bad, "y", "more")  # type: ignore[call-arg]


def test_where_says_which_rows_need_a_value() -> None:
    s = sample(seen=[1, 0, 1, 1, 0, 1], y=[1, np.nan, 2, 3, np.nan, 4], id=list("abcdef"))
    c = read(s, seen=YesNo("seen"), y=Number("y", where="seen"))
    assert np.isnan(c.y).sum() == 2
    with pytest.raises(EstimateError, match="missing"):
        read(s, y=Number("y"))
    inside = s.where(s.frame["seen"] == 1)
    assert read(inside, y=Number("y")).y[0] == 1.0


@pytest.mark.parametrize("one", [1, "1.0", "1 ", "\uff11", [1]], ids=repr)
def test_two_spellings_of_one_code_are_refused(one: object) -> None:
    what = "several values" if isinstance(one, list) else "two spellings"
    s = sample(g=[one, "1", "2", "2", "1", "1"])
    with pytest.raises(EstimateError, match=what):
        read(s, g=Category("g"))
    with pytest.raises(DesignError, match=what):
        me.Sample.from_frame(s.frame, weights="w", psu="g")
    for kind in (Key("g"), Order("g"), Stated("g")):  # a unit would be two, each in some periods
        with pytest.raises(EstimateError, match=what):
            read(s, g=kind)


def test_letters_that_look_alike_are_one() -> None:
    for other in ("e\u0301 ", "a\u00a0b"):
        s = sample(g=["\u00e9 ", "a b", other] * 2)
        with pytest.raises(EstimateError, match=r"two spellings.*str\.normalize\('NFKC'\)"):
            read(s, g=Category("g"))


ODD = {
    "complex": ([1 + 0j] * 6, "a complex number"),
    "dates one by one": ([date(2020, 1, 1)] * 6, "a date"),
    "durations": ([pd.Timedelta(days=1)] * 6, "a date"),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_neither_number_nor_category_is_no_covariate(odd: str) -> None:
    values, what = ODD[odd]
    s = sample(c=values, y=[1.0, 2, 3, 4, 5, 7], d=[0, 1] * 3, r=[0, 1, 1, 1, 0, 1])
    for verb in (
        lambda: me.ols(s, "y ~ c"),
        lambda: me.ols(s, "c ~ y"),
        lambda: me.nonresponse(s, "r", ["c"]),
        lambda: me.adjusted_gap(s, "y", "d", ["c"]),
        lambda: me.impute(s.with_columns({"v": [1, np.nan] * 3}), ["v"], ["c"]),
    ):
        with pytest.raises(me.MismesError, match=f"is {what}: column 'c'"):
            verb()


def test_whether_is_not_when() -> None:
    """Who is treated, where the first treated period is asked for."""
    s = sample(t=[1, 2, 3] * 2, g=[True, False] * 3)
    with pytest.raises(EstimateError, match=r"not of the kind of the periods.*got True, False"):
        read(s, t=Order("t"), g=Cohort("g", order="t"))


def test_columns_may_have_names_that_are_numbers() -> None:
    s = sample()
    s = me.Sample.from_frame(s.frame.assign(**{"z": 2.0}).rename(columns={"z": 7}), weights="w")
    assert read(s, y=Number(7)).y.tolist() == [2.0] * 6


def test_cohorts_stand_on_the_scale_of_their_periods() -> None:
    time = ["2019Q1", "2019Q2", "2019Q3", "2019Q4", "2020Q1", "2020Q2"]
    s = sample(t=time, g=["2019Q3", None, "2020Q1", "2021Q1", "2019Q3", None])
    c = read(s, t=Order("t"), g=Cohort("g", order="t"))
    first = c.t.scale[0]
    assert (c.g - first).tolist() == [2, np.inf, 4, 8, 2, np.inf]
    numbers = sample(
        t=[2001, 2003, 2007, 2001, 2003, 2007], g=[0, np.nan, np.inf, 2003, 2005, 2007]
    )
    c = read(numbers, t=Order("t"), g=Cohort("g", order="t"))
    assert c.g.tolist() == [np.inf, np.inf, np.inf, 2003, 2005, 2007]
    decimal = sample(t=[0.1, 0.2, 0.3, 0.1, 0.2, 0.3], g=[0.1 + 0.2] * 6)
    c = read(decimal, t=Order("t"), g=Cohort("g", order="t"))
    assert (c.g == c.t.scale[2]).all()


def test_never_is_0_however_numbers_are_written() -> None:
    for time, g in (
        ([1, 2, 3] * 2, [Decimal(0), Decimal("0.0"), Decimal(2), Decimal(3), None, Decimal("NaN")]),
        (["1", "2", "3"] * 2, ["0", "0.0", "2", "3", None, None]),
    ):
        c = read(sample(t=time, g=g), t=Order("t"), g=Cohort("g", order="t"))
        assert c.g.tolist() == [np.inf, np.inf, 2, 3, np.inf, np.inf]


@pytest.mark.parametrize(
    ("time", "g"),
    [
        ([1, 2, 3] * 2, ["0", "3"] * 3),
        (["1", "2", "3"] * 2, [2, 3] * 3),
        (list(pd.to_datetime(["2019-01-01", "2020-01-01"])) * 3, [0, 2020] * 3),
    ],
)
def test_a_cohort_is_written_as_its_periods_are(time: list[object], g: list[object]) -> None:
    """Text beside numbers, or numbers beside dates (2020 days after 1970), would be read as a start
    before the first period.
    """
    with pytest.raises(EstimateError, match="not of the kind of the periods"):
        read(sample(t=time, g=g), t=Order("t"), g=Cohort("g", order="t"))


def test_whole_float_keys_are_the_numbers_they_are() -> None:
    c = read(sample(u=[3.0, 1.0, 3.0, 2.0, 1.0, 2.0]), u=Key("u"))
    assert c.u.code.tolist() == [0, 1, 0, 2, 1, 2] and list(c.u.levels) == [3, 1, 2]
    with pytest.raises(EstimateError, match="decimals"):
        read(sample(u=[1.5] * 6), u=Key("u"))


COLUMNS = {
    "from zero": pd.Series([2, 0, 1, 2]),
    "gaps and negative": pd.Series([7, -3, 7, 2], dtype="int32"),
    "one value": pd.Series([5, 5], dtype="uint8"),
    "wide": pd.Series([10**12, -(10**12), 3]),
    "large": pd.Series([2**63 + 2, 2**63, 2**63 + 2], dtype="uint64"),
    "all of a byte": pd.Series([127, -128, 0, 127], dtype="int8"),
    "floats": pd.Series([1.5, np.nan, 0.5]),
    "text": pd.Series(["b", None, "a"]),
    "booleans": pd.Series([True, False, True]),
    "nullable": pd.Series([3, None, 1], dtype="Int64"),
    "ordered categories": pd.Categorical(
        ["low", "high", None], categories=["low", "middle", "high"], ordered=True
    ),
    "empty": pd.Series([], dtype="int64"),
}


@pytest.mark.parametrize("column", COLUMNS, ids=list(COLUMNS))
def test_each_row_gets_the_code_of_its_level(column: str) -> None:
    series = pd.Series(COLUMNS[column])
    code, level = levels_of(series)
    missing = series.isna().to_numpy()
    assert (code[missing] == -1).all() and (code[~missing] >= 0).all()
    assert [level[c] for c in code[~missing]] == list(series[~missing])
    assert len(level) == series.nunique()
    if not isinstance(series.dtype, pd.CategoricalDtype):
        assert list(level) == sorted(level)
    else:
        assert list(level) == ["low", "high"]
