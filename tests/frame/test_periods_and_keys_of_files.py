"""What a file says beside its cells: a key in the index of a parquet file, the date formats of
Stata. The expected dates are those that pandas.read_stata gives for the same file.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import mismes_eval as me
from mismes_eval.weighting.order import ordering


@pytest.mark.parametrize("key", [[101, 102, 103], [5, 3, 9], ["a", "b", "c"]])
def test_a_key_in_the_index_of_a_parquet_file_is_a_column(
    tmp_path: Path, key: list[object]
) -> None:
    path = tmp_path / "persons.parquet"
    whole = pd.DataFrame({"pid": key, "w": [1.0, 2.0, 4.0]})
    whole.set_index("pid").to_parquet(path)
    assert me.frame.read(path, allowed=None).frame["pid"].tolist() == key
    some = me.frame.read(path, columns=["w", "pid"], allowed=None).frame
    assert list(some.columns) == ["w", "pid"] and some["pid"].tolist() == key
    whole.set_index(["pid", "w"], drop=False).to_parquet(path)
    again = me.frame.read(path, allowed=None).frame
    assert sorted(again.columns) == ["pid", "w"] and again["pid"].tolist() == key


def test_row_numbers_of_a_parquet_file_are_no_key(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pd.DataFrame({"w": [1.0, 2.0, 4.0]}).iloc[[2, 0]].to_parquet(path)
    read = me.frame.read(path, allowed=None).frame
    assert list(read.columns) == ["w"] and read["w"].tolist() == [4.0, 1.0]


STATA = {
    "month": ("%tm", [756.0, 757.0, np.nan, -1.0], ["2023-01", "2023-02", None, "1959-12"]),
    "quarter": ("%tq", [252.0, 253.0, np.nan, -1.0], ["2023Q1", "2023Q2", None, "1959Q4"]),
    "half": ("%th", [126.0, 127.0, np.nan, -1.0], ["2023h1", "2023h2", None, "1959h2"]),
    "week": ("%tw", [3276.0, 3327.0, np.nan, -1.0], ["2023w01", "2023w52", None, "1959w52"]),
    "year": ("%ty", [2023.0, 2024.0, np.nan, 1959.0], ["2023", "2024", None, "1959"]),
}


@pytest.mark.golden
@pytest.mark.parametrize("name", STATA)
def test_periods_of_stata_arrive_as_periods(tmp_path: Path, name: str) -> None:
    stored, counts, expected = STATA[name]
    path = tmp_path / "survey.dta"
    frame = pd.DataFrame({"when": counts, "count": counts})
    pyreadstat.write_dta(frame, str(path), variable_format={"when": stored})
    read = me.frame.read(path, allowed=None).frame
    shown = [None if pd.isna(v) else str(v) for v in read["when"]]
    assert shown == expected
    assert read["count"].dtype == "float64"
    if name in ("month", "quarter", "year"):
        assert isinstance(read["when"].dtype, pd.PeriodDtype)
        dates = pd.read_stata(path)["when"].dropna().dt.strftime("%Y-%m-%d").tolist()
        starts = read["when"].dropna().dt.start_time.dt.strftime("%Y-%m-%d").tolist()
        assert starts == dates
    in_order = ordering(read["when"])
    assert [str(v) for v in in_order.levels] == sorted(v for v in expected if v)  # type: ignore[union-attr]
