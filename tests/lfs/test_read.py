"""One call reads, maps and validates: params give every value as text, identifiers stop the import,
and the codebook counts each value with and without weights.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval import lfs
from mismes_eval.errors import InputError

RAW = "dossier;sexe;âge;situation;poids;téléphone\n001;1;30;1;10,5;+37499111222\n002;2;12;0;20,0;+37499111223\n003;2;41;2;9,5;+37499111224\n"
MAPPING = {
    "name": "essai",
    "columns": {
        "hhid": "dossier",
        "male": "sexe",
        "age": "âge",
        "lstatus": "situation",
        "weight": "poids",
    },
    "recode": {"male": {"1": "1", "2": "0"}, "lstatus": {"0": None, "1": "1", "2": "2", "3": "3"}},
    "units": {"weight": "1000"},
    "constants": {"countrycode": "TUN", "year": "2022"},
    "versions": {"icls": "ICLS-19", "isco": "isco_2008"},
    "row_keys": ["pid"],
}


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "enquete.csv"
    file.write_text(RAW, encoding="latin-1")
    return file


def test_a_raw_file_becomes_a_validated_frame(path):
    frame = lfs.read(
        path, MAPPING, encoding="latin-1", separator=";", decimal=",", drop=["téléphone"]
    )
    assert frame["hhid"].tolist() == ["001", "002", "003"] and frame["male"].tolist() == [1, 0, 0]
    assert frame["weight"].tolist() == [10500, 20000, 9500]
    assert frame["lstatus"].isna().tolist() == [False, True, False]
    assert frame["icls_v"].unique().tolist() == ["ICLS-19"]
    expected = ["1", "2", "3"]
    assert frame["pid"].tolist() == expected
    assert frame.attrs["source"] == "enquete.csv"
    assert frame.attrs["rows"] == 3
    assert frame.attrs["unused"] == ()


def test_personal_identifiers_stop_the_import(path):
    with pytest.raises(InputError, match="telephone number"):
        lfs.read(path, MAPPING, encoding="latin-1", separator=";", decimal=",")
    with pytest.raises(InputError, match="column to drop"):
        lfs.read(path, MAPPING, encoding="latin-1", separator=";", decimal=",", drop=["fax"])


def test_a_code_outside_the_template_is_found_after_mapping(path):
    wrong = {**MAPPING, "recode": {**MAPPING["recode"], "male": {"1": "1", "2": "5"}}}
    with pytest.raises(InputError, match="not a code"):
        lfs.read(path, wrong, encoding="latin-1", separator=";", decimal=",", drop=["téléphone"])


def test_a_gld_file_needs_no_mapping_and_none_is_an_answer(tmp_path):
    frame = pd.DataFrame(
        {
            "countrycode": "GEO",
            "year": 2023,
            "hhid": ["a", "b", "c"],
            "pid": ["1", "2", "3"],
            "weight": [1.0, 2.0, 3.0],
            "male": [1, 0, 1],
            "age": [20, 30, 40],
            "school": [1, 0, 1],
            "msm_aware": ["", "M01;M06", None],
        }
    )
    frame.to_parquet(tmp_path / "gld.parquet")
    out = lfs.read(tmp_path / "gld.parquet")
    assert out["msm_aware"].tolist()[:2] == ["", "M01;M06"] and pd.isna(out["msm_aware"].iloc[2])
    frame.assign(school=[1, 0, 9]).to_parquet(tmp_path / "gld.parquet")
    with pytest.raises(InputError, match="missing="):
        lfs.read(tmp_path / "gld.parquet")
    declared = lfs.read(tmp_path / "gld.parquet", missing={"school": {"9": "REF"}})
    book = lfs.codebook(declared)
    school = book[book["column"] == "school"].set_index("value")
    assert school["rows"].to_dict() == {"0": 1, "1": 1, "missing: REF": 1}
    assert school.loc["missing: REF", "weighted"] == 3
    np.testing.assert_allclose(book.groupby("column")["weighted"].sum(), 6)
    np.testing.assert_allclose(book.groupby("column")["share"].sum(), 1)


def test_params_may_change_a_shipped_layout():
    m = lfs.as_mapping(
        {
            "name": "chile_ene",
            "columns": {"hhid": "hogar"},
            "row_keys": ["pid"],
            "versions": {"isco": "isco_2008"},
        }
    )
    assert m.columns["lstatus"] == "cae_especifico"
    assert m.columns["hhid"] == "hogar"
    assert m.versions == {"icls_v": "ICLS-19", "isco_version": "isco_2008"}
