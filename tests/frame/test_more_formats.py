"""Formats of statistical offices: a SAS transport file, an archive of one file, a workbook with
macros; several files in an archive are refused by name.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pyreadstat
import pytest

from mismes_eval import frame, lfs
from mismes_eval.errors import InputError
from mismes_eval.lfs.proposals import file_columns, proposed_reasons

MADE_UP = pd.DataFrame({"AGE": [20.0, 31.0, 45.0], "SEX": [1.0, 2.0, 1.0]})


def test_a_sas_transport_file_has_its_values_and_labels(tmp_path: Path) -> None:
    path = tmp_path / "lfs.xpt"
    pyreadstat.write_xport(MADE_UP, str(path), column_labels=["Age", "Sex"])
    read = frame.read(path)
    assert read.frame["AGE"].tolist() == [20.0, 31.0, 45.0]
    assert read.labels == {"AGE": "Age", "SEX": "Sex"}


def test_a_stata_file_in_capitals_is_a_stata_file(tmp_path: Path) -> None:
    path = tmp_path / "LFS.DTA"
    pyreadstat.write_dta(MADE_UP, str(path))
    assert frame.read(path).frame["SEX"].tolist() == [1.0, 2.0, 1.0]


def test_an_archive_of_one_file_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "lfs.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("folder/lfs.csv", "age;sex\n20;1\n31;2\n")
    read = frame.read(path, separator=";")
    assert read.frame["age"].tolist() == [20, 31]
    assert read.name == "lfs.zip"
    assert read.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_archive_of_several_files_is_refused_with_their_names(tmp_path: Path) -> None:
    path = tmp_path / "lfs.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x\n1\n")
        archive.writestr("b.csv", "x\n1\n")
    with pytest.raises(InputError, match=r"one file, got a\.csv, b\.csv"):
        frame.read(path)
    path.write_bytes(b"PK no archive")
    with pytest.raises(InputError, match="damaged"):
        frame.read(path)


def test_a_workbook_with_macros_is_a_workbook(tmp_path: Path) -> None:
    plain, macros = tmp_path / "lfs.xlsx", tmp_path / "lfs.xlsm"
    MADE_UP.to_excel(plain, index=False)
    macros.write_bytes(plain.read_bytes())
    assert frame.read(macros).frame["AGE"].tolist() == [20, 31, 45]


def test_a_compressed_spss_file_keeps_labels_and_user_missing(tmp_path: Path) -> None:
    persons = pd.DataFrame({"sexe": [1.0, 2.0, 9.0], "âge_révolu": [30.5, 40.0, 50.0]})
    path = tmp_path / "enquete.zsav"
    pyreadstat.write_sav(
        persons,
        str(path),
        compress=True,
        column_labels=["Sexe de l’enquêté", ""],
        variable_value_labels={"sexe": {1.0: "Homme", 2.0: "Femme", 9.0: "Non déclaré"}},
        missing_ranges={"sexe": [{"lo": 8, "hi": 9}]},
    )
    data = frame.read(path)
    assert data.labels["sexe"] == "Sexe de l’enquêté"
    assert data.frame["sexe_miss"].tolist()[2] == "9" and data.frame["sexe"].isna()[2]
    assert data.frame["âge_révolu"].tolist() == [30.5, 40.0, 50.0]


def test_letters_of_stata_keep_the_reason_that_a_mapping_says(tmp_path: Path) -> None:
    persons = pd.DataFrame({"h": [1.0, 2.0, 3.0], "a": [30.0, 40.0, 50.0], "m": [1.0, "a", "b"]})
    path = tmp_path / "lfs.dta"
    pyreadstat.write_dta(
        persons,
        str(path),
        missing_user_values={"m": ["a", "b"]},
        variable_value_labels={"m": {1.0: "Married", "a": "Refused", "b": "Does not know"}},
    )
    codes = {".a": "REF", ".b": "DK"}
    mapping = {
        "name": "made up",
        "columns": {"hhid": "h", "pid": "h", "age": "a", "marital": "m"},
        "constants": {"countrycode": "MDA", "year": 2023, "weight": 1, "male": 1},
        "missing": {"marital": codes},
    }
    read = lfs.read(path, mapping)
    assert read["marital_miss"].tolist()[1:] == ["REF", "DK"]
    columns = {column.name: column for column in file_columns(frame.read(path))}
    assert proposed_reasons(columns["m"].codes) == codes
