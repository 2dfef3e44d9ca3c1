"""What a sample is made of: weights, strata and fpc that say something else than they seem to, and
slips that are answered with the line that helps.
"""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignError, DesignWarning


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


@pytest.mark.parametrize("weights", [True, pd.Timestamp("2020-01-01"), 1 + 2j])
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
