"""Formats of statistical offices: a SAS transport file, an archive of one file, a workbook with
macros, a web page named .xls, a portable file of SPSS, a text with a record layout; several files in
an archive are refused by name.
"""

import hashlib
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
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
    assert frame.read(path, member="b.csv").frame["x"].tolist() == [1]
    with pytest.raises(InputError, match=r"nearest is 'a\.csv'"):
        frame.read(path, member="aa.csv")
    path.write_bytes(b"PK no archive")
    with pytest.raises(InputError, match="damaged"):
        frame.read(path)


@pytest.mark.parametrize("beside", ["readme.txt", "LISEZ-MOI.txt", "codebook.pdf", "notas.txt"])
def test_what_is_written_about_the_data_is_no_data(tmp_path: Path, beside: str) -> None:
    path = tmp_path / "lfs.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr(beside, "how the survey was made")
        archive.writestr("lfs.csv", "age,sex\n20,1\n")
    assert frame.read(path).frame["age"].tolist() == [20]


def test_a_web_page_or_a_text_named_as_a_workbook_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "export.xls"
    cells = "<tr><th>&Acirc;ge<th>Sexe</tr><tr><td>20</td><td>1<tr><td>30&nbsp;<td>F, M</table>"
    path.write_text(f'<html><meta charset="cp1252"><p>Été<table>{cells}', encoding="cp1252")
    read = frame.read(path).frame
    assert read.columns.tolist() == ["Âge", "Sexe"]
    assert (read["Âge"].tolist(), read["Sexe"].tolist()) == ([20, 30], ["1", "F, M"])
    path.write_text("age\tsexe\n20\t1\n", encoding="utf-16")
    assert frame.read(path).frame["sexe"].tolist() == [1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<table><tr><td>a<tr><td>1</table>" * 2, "2 tables"),
        ("<table><tr><td rowspan=2>a<tr><td>1</table>", "reach over rows"),
        ("<?xml version='1.0'?><Workbook><Table><Row/></Table></Workbook>", "got markup"),
        ("age;sexe\n20;1\n", "wrong separator"),
    ],
)
def test_a_page_that_is_no_one_table_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "export.xls").write_text(text)
    with pytest.raises(InputError, match=said):
        frame.read(tmp_path / "export.xls")


def test_a_portable_file_keeps_the_codes_that_it_declares_missing(tmp_path: Path) -> None:
    path = tmp_path / "lfs.por"
    pyreadstat.write_por(MADE_UP.assign(SEX=[1.0, 9.0, 2.0]), str(path), column_labels=["A", "Sex"])
    plain = path.read_bytes().replace(b"\r", b"").replace(b"\n", b"")
    declared = plain.replace(b"C3/Sex", b"89/C3/Sex")  # the record of a missing value
    path.write_bytes(b"\r\n".join(declared[at : at + 80] for at in range(0, len(declared), 80)))
    read = frame.read(path)
    assert read.frame["SEX"].isna().tolist() == [False, True, False]
    assert read.frame["SEX_miss"].tolist()[1] == "9"
    assert read.labels == {"AGE": "A", "SEX": "Sex"}


LAYOUT = "name,first,last,decimals\nid,1,3,\nage,5,6,\nweight,7,14,4\n"


def test_a_text_without_separators_is_read_by_its_layout(tmp_path: Path) -> None:
    """Digits behind a point that is not written, as in the weights of the US CPS."""
    path, layout = tmp_path / "lfs.dat", tmp_path / "layout.csv"
    path.write_text("001 2500012345\n002 31    -123\n003 45   3.345\n004 60\n")
    layout.write_text(LAYOUT)
    read = frame.read(path, layout=layout).frame
    assert read["age"].tolist() == [25, 31, 45, 60]
    assert read["weight"].tolist()[:3] == [1.2345, -0.0123, 3.345]
    assert read["weight"].isna().tolist()[3] and read["id"].tolist()[0] == "001"


PROGRAMS = {
    "infix.do": """
* what an archive writes for Stata
quietly infix ///
  str id 1-3 /// the person
  byte age 5-6 double weight 7-14 using `"c:/lfs.dat"'
replace weight = weight / 10000
label var age `"Age, "completed""'
label define age_lbl 25 `"twenty-five"'
label define age_lbl 31 `"thirty-one"', add
label values age age_lbl
""",
    "infile.dct": """infile dictionary using lfs.dat {
  _column(1) str3 id %3s "Person"
  _column(5) byte age %2f `"Age, "completed""'
  double weight %8.4f
}""",
    "lfs.sas": """/* input x 1-2; */
proc format; value agef 25='twenty-five' 31="thirty-one" 32-99='more';
  value $other '1'='x'; run;
data a; infile "lfs.dat" lrecl=14;
input @1 id $3. +1 age 2. weight 7-14 .4;
label age='Age, "completed"' weight = "It's a weight; final";
format age agef. weight 8.4; run;""",
    "lfs.sps": """data list file = "c:/data/lfs.dat" /
  id 1-3 (A)
  age 5-6   weight 7-14 (4).
variable labels age 'Age, "completed"' weight "It's a weight; final".
value labels
  id '001' "first" /age 25 "twenty-five" 31 "thirty-one" .
""",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_program_that_an_office_delivers_is_a_layout(tmp_path: Path, program: str) -> None:
    path, layout = tmp_path / "lfs.dat", tmp_path / program
    path.write_text("001 2500012345\n002 31    -123\n003 03   3.345\n004 60       .\n")
    layout.write_text(PROGRAMS[program])
    read = frame.read(path, layout=layout)
    assert read.frame["age"].tolist() == [25, 31, 3, 60] and read.frame["id"][0] == "001"
    assert read.frame["weight"].tolist()[:3] == [1.2345, -0.0123, 3.345]
    assert read.frame["weight"].isna()[3] and read.labels["age"] == 'Age, "completed"'
    if program != "infile.dct":
        assert read.value_labels["age"] == {25: "twenty-five", 31: "thirty-one"}


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("a.sas", "input a 1-2 #2 b 1-3;"),
        ("a.sas", "input @1 a $3. @4 d date9.;"),
        ("a.do", "infix 2 lines 1: a 1-2 2: b 3-4 using x"),
        ("a.sps", "data list file='x' records=2 /1 a 1-2 /2 b 1-3."),
        ("a.sps", "get file='x'."),
        ("a.dct", "dictionary { _column(1) a %9q _newline }"),
    ],
)
def test_a_program_that_does_more_is_refused(tmp_path: Path, program: str, said: str) -> None:
    (tmp_path / "lfs.dat").write_text("001 25\n")
    (tmp_path / program).write_text(said + "\n")
    with pytest.raises(InputError, match="Write the places as a table"):
        frame.read(tmp_path / "lfs.dat", layout=tmp_path / program)


def test_what_is_wrong_with_a_layout_is_said_at_once(tmp_path: Path) -> None:
    path, layout = tmp_path / "lfs.dat", tmp_path / "layout.csv"
    path.write_text("001 2500012345\n002 3100023456\n003 4500023456\n")
    with pytest.raises(InputError, match="text without separators"):
        frame.read(path)
    layout.write_text("name,first,last,decimals\nid,1,3,\nid,5,4,\nw,7,14,99\n")
    with pytest.raises(InputError) as refused:
        frame.read(path, layout=layout)
    assert len(refused.value.problems) == 3
    layout.write_text("name,first,last\nid,1,3\nw,7,15\n")
    with pytest.raises(InputError, match=r"'w'\. Expected places 7 to 15\. 3 rows"):
        frame.read(path, layout=layout)
    with pytest.raises(InputError, match="argument 'member'") as refused:
        frame.read(path, layout=layout, member="a")
    with pytest.raises(InputError, match="argument 'layout'"):
        frame.read(tmp_path / "lfs.dta", layout=layout)


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


def test_parquet_of_other_programs_is_read_whole(tmp_path: Path) -> None:
    """Whole numbers of 64 bits with gaps are no decimals, and bytes of Spark or Impala are text."""
    large = [2**53 + 1, None, 2**53 + 3]
    table = pa.table(
        {
            "number": pa.array(large, pa.int64()),
            "small": pa.array([1, None, 3], pa.int64()),
            "word": pa.array([b"a", "é".encode(), None], pa.binary()),
            "code": pa.array([b"01", b"02", b"03"], pa.binary(2)),
        }
    )
    path = tmp_path / "spark.parquet"
    pq.write_table(table, path)
    read = frame.read(path).frame
    assert read["number"].isna().tolist() == [False, True, False]
    assert [int(n) for n in read["number"].dropna()] == [2**53 + 1, 2**53 + 3]
    assert read["small"].dtype == float
    assert read["word"].dropna().tolist() == ["a", "é"]
    assert read["code"].tolist() == ["01", "02", "03"]
    odd = pa.array([b"\xff"] * 2, pa.binary())
    pq.write_table(pa.table({"a": odd, "b": odd}), path)
    with pytest.raises(InputError, match=r"(?s)bytes that are no text: spark.parquet: a.*: b"):
        frame.read(path)
    pq.write_table(pa.table([[1], [2], [3]], names=["a", "a", "b"]), path)
    with pytest.raises(InputError, match=r"duplicated columns: spark\.parquet: a"):
        frame.read(path)


@pytest.mark.parametrize(
    ("name", "arguments", "what"),
    [
        ("a.parquet", {"separator": ";"}, "nothing about this kind of file: argument 'separator'"),
        ("a.parquet", {"encoding": "cp1252"}, "argument 'encoding'"),
        ("a.csv", {"sheet": "one"}, "argument 'sheet'"),
        ("a.csv", {"separator": "", "decimal": "x"}, "(?s)'separator'.*argument 'decimal'"),
        ("a.csv", {"separator": "::"}, "not one sign"),
        ("a.csv", {"columns": []}, "no column is wanted"),
        ("a.csv", {"columns": {"a", "b"}}, "got a set"),
        ("a.csv", {"missing": {"z": {"9": "DK"}}}, "column that is not there: a.csv: z"),
        ("a.csv", {"missing": {"a": {"9": "dunno"}}}, "unknown reason of missing cells.*'dunno'"),
    ],
)
def test_no_argument_is_passed_over(
    tmp_path: Path, name: str, arguments: dict[str, object], what: str
) -> None:
    path = tmp_path / name
    made = pd.DataFrame({"a": [1, 9], "b": ["x", "y"]})
    made.to_parquet(path) if path.suffix == ".parquet" else made.to_csv(path, index=False)
    with pytest.raises(InputError, match=what):
        frame.read(path, **arguments)


def test_arguments_are_used(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("a|b\n1|2\n9|3\n")
    read = frame.read(path, separator="|", missing={"a": {9: "DK"}}).frame  # type: ignore[dict-item]
    assert read["a_miss"].tolist()[1] == "DK" and read["b"].tolist() == [2, 3]
