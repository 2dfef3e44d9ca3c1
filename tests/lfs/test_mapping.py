"""A mapping translates values exactly as declared, and every column, value and unit that it cannot
translate is listed at once.
"""

import pandas as pd
import pytest

from mismes_eval.errors import InputError, ParamsError
from mismes_eval.lfs import Mapping, map_columns, shipped, unused_columns
from mismes_eval.lfs.mapping import as_mapping

RAW = pd.DataFrame(
    {
        "sex": [1.0, 2.0, 1.0, None],
        "cae": [1, 9, 12, 0],
        "inc": [1500.0, -8.0, 99.0, 20.0],
        "note": list("abcd"),
    }
)
SPEC = {
    "name": "toy",
    "columns": {"male": "sex", "lstatus": "cae", "wage_no_compen": "inc"},
    "recode": {"male": {1: 1, 2: 0}, "lstatus": {0: None, "1..7": 1, "8..9": 2, "10..28": 3}},
    "missing": {"wage_no_compen": {-8: "REF", 99: "DK"}},
    "units": {"wage_no_compen": 0.001},
    "versions": {"icls_v": "ICLS-19"},
    "constants": {"countrycode": "XXX"},
}


def test_values_reasons_units_and_constants():
    out = map_columns(RAW, SPEC)
    assert out["male"].tolist()[:3] == [1, 0, 1]
    expected = [False, False, False, True]
    assert out["male"].isna().tolist() == expected
    assert out["lstatus"].tolist()[:3] == [1, 2, 3] and pd.isna(out["lstatus"].iloc[3])
    assert out["wage_no_compen"].dropna().tolist() == [1.5, 0.02]
    assert out["wage_no_compen_miss"].dropna().tolist() == ["REF", "DK"]
    assert out["icls_v"].unique().tolist() == ["ICLS-19"]
    assert out["countrycode"].unique().tolist() == ["XXX"]
    assert unused_columns(RAW, SPEC) == ("note",)


def test_all_untranslatable_values_are_listed_at_once():
    raw = RAW.assign(sex=[1, 2, 3, 4], cae=[1, 99, 2, 3], inc=["12", "a lot", "13", "14"])
    with pytest.raises(InputError) as error:
        map_columns(raw, SPEC)
    assert [p.where.split("'")[1] for p in error.value.problems] == ["sex", "cae", "inc"]
    assert error.value.problems[0].count == 2 and "'3'" in error.value.problems[0].got
    with pytest.raises(InputError, match="lacks a mapped column") as error:
        map_columns(RAW.drop(columns=["sex", "cae"]), SPEC)
    assert len(error.value.problems) >= 2 and str(error.value).count("The file has: ") == 1


def test_params_are_strict():
    bad = {
        **SPEC,
        "column": {},
        "recode": {"age": {1: 2}},
        "versions": {"iscoo": 8},
        "units": {"male": -1},
        "missing": {"male": {9: "LOST"}},
    }
    with pytest.raises(ParamsError, match=r"mapping\.column\b"):
        Mapping.from_dict(bad)
    del bad["column"]
    with pytest.raises(ParamsError) as error:
        Mapping.from_dict(bad)
    assert len(error.value.problems) == 4
    with pytest.raises(ParamsError, match="shipped layout"):
        as_mapping("atlantis")


def test_absent_members_are_marked_not_dropped():
    out = map_columns(RAW, {**SPEC, "absent": {"column": "note", "values": ["b"]}})
    assert out["mig_absent"].tolist() == [False, True, False, False]


def test_every_shipped_layout_is_valid():
    names = shipped()
    assert {"chile_ene", "brazil_pnadc"} <= set(names)
    assert all(as_mapping(name).source for name in names)
