"""What a sample is made of: weights, strata and fpc that say something else than they seem to, and
slips that are answered with the line that helps.
"""

import warnings
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignError, DesignWarning, EstimateError


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "w": rng.uniform(50, 150, 80),
            "h": np.repeat(list("AB"), 40),
            "psu": np.repeat(np.arange(20), 4),
            "age": rng.integers(10, 60, 80),
            "y": rng.normal(size=80),
        }
    )


def test_an_fpc_of_the_sampled_units_is_warned_about(frame: pd.DataFrame) -> None:
    """10 of 10 PSUs in every stratum: "10" meant per cent, and the standard error is 0."""
    with pytest.warns(DesignWarning, match="every PSU of every stratum is in the sample"):
        s = me.Sample.from_frame(frame.assign(f=10), weights="w", strata="h", psu="psu", fpc="f")
    assert me.mean(s, "y").se[0] == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        me.Sample.from_frame(frame.assign(f=100), weights="w", strata="h", psu="psu", fpc="f")
        me.Sample.from_frame(frame.assign(f=10, w=1), weights="w", strata="h", psu="psu", fpc="f")


@pytest.mark.parametrize("column", ["h", "psu"])
@pytest.mark.parametrize("other", ["{} ", " {}", "{}\u200b"])
def test_codes_that_differ_in_blanks_are_refused(
    frame: pd.DataFrame, column: str, other: str
) -> None:
    text = frame[column].astype(str)
    odd = np.where(np.arange(80) % 2 == 0, text, text.map(other.format))
    with pytest.raises(DesignError, match=rf"two spellings: column '{column}'"):
        me.Sample.from_frame(frame.assign(**{column: odd}), weights="w", strata="h", psu="psu")


def test_numbers_and_text_of_one_code_are_refused(frame: pd.DataFrame) -> None:
    odd = frame["psu"].astype(object).where(frame.index % 2 == 0, frame["psu"].astype(str))
    with pytest.raises(DesignError, match=r"two spellings: column 'psu'"):
        me.Sample.from_frame(frame.assign(psu=odd), weights="w", strata="h", psu="psu")


def test_other_tables_are_refused_with_the_line_that_converts(frame: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match=r"a pyarrow Table.*frame\.to_pandas\(\)"):
        me.Sample.from_frame(pa.Table.from_pandas(frame), weights="w")
    polars = type("DataFrame", (), {"__module__": "polars.dataframe", "to_pandas": lambda self: 0})
    with pytest.raises(DesignError, match=r"a polars DataFrame.*frame\.to_pandas\(\)"):
        me.Sample.from_frame(polars(), weights="w")


def test_weights_of_mean_1_say_that_sums_are_no_counts(frame: pd.DataFrame) -> None:
    def notes(w: object) -> str:
        return " ".join(me.Sample.from_frame(frame.assign(w=w), weights="w").notes)

    assert "cannot be population counts" in notes(frame["w"] / frame["w"].mean())
    assert "cannot be population counts" in notes(frame["w"] / frame["w"].sum())
    assert "population counts" not in notes(frame["w"])
    assert "population counts" not in notes(1.0)


def sorted_rows(frame: pd.DataFrame) -> None:
    order = frame["y"].argsort()
    frame[:] = frame.iloc[order].set_axis(frame.index)


EDITS = {
    "cells": lambda frame: frame.isetitem(4, 1.0),
    "weights": lambda frame: frame.loc.__setitem__((slice(0, 9), "w"), 1e6),
    "a row more": lambda frame: frame.loc.__setitem__(80, frame.loc[0]),
    "rows dropped": lambda frame: frame.drop(index=frame.index[:20], inplace=True),
    "rows sorted": sorted_rows,
}


@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("edit", EDITS)
def test_what_is_done_to_a_frame_later_does_not_reach_its_sample(
    frame: pd.DataFrame, edit: str
) -> None:
    """Its weights would be those of other persons, or of nobody."""
    truth = np.average(frame["y"], weights=frame["w"])
    s = me.Sample.from_frame(frame, weights="w", strata="h", psu="psu")
    index, weights = frame.index, frame["w"].to_numpy().copy()
    EDITS[edit](frame)
    assert me.mean(s, "y").value[0] == pytest.approx(truth, rel=1e-12)
    EDITS[edit](s.frame)
    assert (s.weights == weights).all()
    if not s.frame.index.equals(index):
        with pytest.raises(EstimateError, match="rows were sorted, dropped"):
            me.mean(s, "y")


@pytest.mark.parametrize("column", ["w", "h", "psu", "household", "f"])
def test_a_column_of_the_design_may_be_named_0(frame: pd.DataFrame, column: str) -> None:
    """As those of a file without a line of names are."""
    frame = frame.assign(f=400.0)
    names = {"w": "weights", "h": "strata", "psu": "psu", "f": "fpc", "household": "household"}
    of = [name for name in ("w", "h", "psu", "f") if name != "psu" or column != "household"]
    design = {names[name]: name for name in of}
    other = dict(design, **{names[column]: 0})
    if column == "household":
        frame, design["household"], column = frame.rename(columns={"psu": "hh"}), "hh", "hh"
    plain = me.Sample.from_frame(frame, **design)
    named = me.Sample.from_frame(frame.rename(columns={column: 0}), **other)
    assert me.mean(named, "y").se[0] == me.mean(plain, "y").se[0] > 0
    assert (named.weights == plain.weights).all()


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({"z": [1, 2]}, "not one value a row: column 'z'.*80 values.*shape \\(2,\\)"),
        ({"z": np.ones((80, 2))}, r"shape \(80, 2\)"),
        ({"z": pd.Series(1.0, range(1, 81))}, "another index than the frame: column 'z'"),
        ({"z": {0: 1.0}}, "another index than the frame"),
        ({"z": [1], "v": [2]}, "(?s)column 'z'.*column 'v'"),
    ],
)
def test_new_columns_are_of_the_samples_rows(
    frame: pd.DataFrame, columns: dict[str, object], what: str
) -> None:
    s = me.Sample.from_frame(frame, weights="w")
    with pytest.raises(DesignError, match=what):
        s.with_columns(columns)
    shuffled = frame["y"].sample(frac=1, random_state=1)
    more = s.with_columns({"z": shuffled, 3: 1.0, "twice": lambda f: 2 * f["z"]})
    assert me.mean(more, ["z", "twice", 3]).value == pytest.approx(
        np.array([1, 2, 0]) * np.average(frame["y"], weights=frame["w"]) + [0, 0, 1]
    )


@pytest.mark.parametrize(
    "mask",
    [
        pd.array([True, None] * 40, dtype="boolean"),
        np.ma.array([True] * 80, mask=[False, True] * 40),
        [True, None] * 40,
        pd.Series([True, None] * 40, dtype="bool[pyarrow]"),
    ],
    ids=["nullable", "masked", "list", "arrow"],
)
def test_a_mask_that_does_not_know_is_refused(frame: pd.DataFrame, mask: object) -> None:
    s = me.Sample.from_frame(frame, weights="w")
    with pytest.raises(DesignError, match=r"missing for some rows.*40 rows, first: 1, 3, 5"):
        s.where(mask)  # type: ignore[arg-type]


LISTS = {
    "generator": iter,
    "index": pd.Index,
    "array": np.array,
    "keys": lambda names: dict.fromkeys(names).keys(),
}


@pytest.mark.identity
@pytest.mark.parametrize("kind", LISTS)
def test_names_may_be_any_list(frame: pd.DataFrame, kind: str) -> None:
    """A generator was gone through by the first look at it, and the effect had no covariates."""
    frame = frame.assign(d=frame["age"] % 2, y0=frame["y"].rank(), more=frame["age"] > 30)
    names = ["age", "more"]
    s = me.Sample.from_frame(frame, weights="w", psu=LISTS[kind](["psu"]))
    plain = me.Sample.from_frame(frame, weights="w", psu="psu")
    for verb in (
        lambda s, listed: me.att_2x2(s, ("y0", "y"), "d", covariates=listed),
        lambda s, listed: me.adjusted_gap(s, "y", "d", covariates=listed),
        me.mean,
        lambda s, listed: me.mean(s, "y", by=listed),
    ):
        one, other = verb(s, LISTS[kind](names)), verb(plain, names)
        np.testing.assert_array_equal(one.value, other.value)
        np.testing.assert_array_equal(one.se, other.se)


def test_names_in_no_order_are_refused(frame: pd.DataFrame) -> None:
    """A set of stages, or of (before, after), is another one in the next session."""
    with pytest.raises(DesignError, match=r"argument 'psu'.*got a set"):
        me.Sample.from_frame(frame, weights="w", psu={"psu", "h"})  # type: ignore[arg-type]
    s = me.Sample.from_frame(frame, weights="w")
    with pytest.raises(EstimateError, match=r"argument 'columns'.*got a set"):
        me.mean(s, {"y", "age"})  # type: ignore[arg-type]
    with pytest.raises(EstimateError, match=r"argument 'covariates'.*a list with 0"):
        me.adjusted_gap(s, "y", "d", ["age", 0])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "weights", [True, pd.Timestamp("2020-01-01"), 1 + 2j, pd.Period("2020Q1"), date(2020, 1, 1)]
)
def test_weights_are_numbers(frame: pd.DataFrame, weights: object) -> None:
    with pytest.raises(DesignError, match="not numbers"):
        me.Sample.from_frame(frame.assign(w=weights), weights="w")


def test_the_smallest_weights_have_a_summary(frame: pd.DataFrame) -> None:
    s = me.Sample.from_frame(frame.assign(w=1e-300), weights="w")
    assert s.summary().loc["Kish design effect", ""] == "1.000"


def older(frame: pd.DataFrame) -> pd.Series:
    return frame["age"] > 16


@pytest.mark.parametrize(
    ("mask", "rows"),
    [
        ("age > 16", 3),
        ("age > 14 and sex == 'm'", 2),
        ("age > 14 & sex == 'm'", 2),
        ("not (sex == 'm')", 3),
        ("15 <= age < 17", 2),
        ("age in [15, 16]", 2),
        ("sex", 3),
        ("arm", 3),
        ("~arm", 3),
        ("df.age > 30", 5),
        ("age between 15 and 17", 5),
        ("sex = 'm'", 3),
        ("no such", 5),
        ("1 > 0", 5),
        ("", 5),
        (None, 5),
        (30, 5),
        ([1, 0] * 3, 3),
        (older, 3),
    ],
)
def test_the_line_that_a_refusal_offers_works(mask: object, rows: int) -> None:
    """The line works on the frame as it stands."""
    frame = pd.DataFrame({"w": 1.0, "sex": ["m", "f"] * 3, "arm": [0, 1] * 3, "age": range(14, 20)})
    sample = me.Sample.from_frame(frame, weights="w")
    with pytest.raises(DesignError) as refused:
        sample.where(mask)  # type: ignore[arg-type]
    (problem,) = refused.value.problems
    line = str(problem.fix).partition(": ")[2].removesuffix(".")
    known = {"sample": sample, "mask": pd.Series(mask) if isinstance(mask, list) else 0}
    told = eval(line, {**known, "function": older})
    assert int(told.active.sum()) == rows
