"""Property: each format gives back the frame that was written, and each kind of damaged file is
named instead of guessed around.
"""

import gzip
import hashlib

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from mismes_eval.errors import InputError
from mismes_eval.frame import Dataset, read

pytestmark = pytest.mark.property

FRAME = pd.DataFrame(
    {
        "hhid": ["001", "002", "003"],
        "age": [31, 45, 60],
        "wage": [10.5, np.nan, 7.25],
        "name_of_job": ["a;b", 'say "x"', "l\u00ef\nne"],
    }
)


def written(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def fails(path, **options):
    with pytest.raises(InputError) as error:
        read(path, **options)
    return error.value.problems


def same(frame):
    pd.testing.assert_frame_equal(frame.reset_index(drop=True), FRAME, check_dtype=False)
    return True


def test_csv_round_trip_with_hash(tmp_path):
    path = tmp_path / "a.csv"
    FRAME.to_csv(path, index=False)
    data = read(path)
    assert isinstance(data, Dataset) and same(data.frame)
    assert data.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert data.rows == 3
    assert data.name == "a.csv"
    FRAME.to_csv(tmp_path / "b.csv.gz", index=False)
    assert same(read(tmp_path / "b.csv.gz").frame)


def test_parquet_and_excel_round_trip(tmp_path):
    FRAME.to_parquet(tmp_path / "a.parquet")
    assert same(read(tmp_path / "a.parquet").frame)
    FRAME.to_excel(tmp_path / "a.xlsx", index=False)
    assert same(read(tmp_path / "a.xlsx").frame)


def test_stata_and_spss_keep_labels(tmp_path):
    frame = FRAME.drop(columns="name_of_job")
    pyreadstat.write_dta(
        frame,
        str(tmp_path / "a.dta"),
        column_labels=["Household", "Age", "Wage"],
        variable_value_labels={"age": {31: "young"}},
    )
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "a.sav"),
        column_labels=["Household", "Age", "Wage"],
        variable_value_labels={"age": {31: "young"}},
    )
    for name in ("a.dta", "a.sav"):
        data = read(tmp_path / name)
        assert data.labels["age"] == "Age" and data.value_labels["age"] == {31: "young"}
        assert data.frame["age"].tolist() == [31, 45, 60]
        expected = ["001", "002", "003"]
        assert data.frame["hhid"].tolist() == expected


def test_user_missing_codes_keep_their_code(tmp_path):
    frame = pd.DataFrame({"age": [31.0, -8.0, 99.0]})
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), missing_ranges={"age": [-8, 99]})
    got = read(tmp_path / "a.sav").frame
    assert got["age"].tolist()[0] == 31
    assert got["age"].isna().sum() == 2
    assert got["age_miss"].tolist()[1:] == ["-8", "99"]
    pyreadstat.write_dta(
        pd.DataFrame({"age": [31, "a", "b"]}),
        str(tmp_path / "a.dta"),
        missing_user_values={"age": ["a", "b"]},
    )
    got = read(tmp_path / "a.dta").frame
    assert got["age"].dtype == "float64" and got["age_miss"].tolist()[1:] == [".a", ".b"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "the file is empty"),
        ("a,b\n1,2\n3", "truncated file or rows of uneven length"),
        ('a,b\n1,"2\n3,4\n', "truncated file"),
        ("a,a\n1,2\n", "duplicated columns"),
        ("a,\n1,2\n", "column without a name"),
        ("a;b\n1;2\n", "wrong separator"),
        ("a,b\nn\u00e9,1\n".encode("latin-1"), "wrong encoding"),
        ("a,b\n\ufffd,1\n", "damaged text"),
        (b"PK\x03\x04 and so on", "a file is not what its name says"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "a file is not what its name says"),
    ],
)
def test_damaged_text_files_are_named(tmp_path, text, what):
    assert fails(written(tmp_path, "a.csv", text))[0].what == what


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.zip"])
def test_a_text_under_another_ending_is_named(tmp_path, name):
    (problem,) = fails(written(tmp_path, name, "a,b\n1,2\n"))
    assert problem.what == "a file is not what its name says" and ".csv" in problem.fix


def test_declared_encoding_separator_and_decimal(tmp_path):
    data = read(
        written(tmp_path, "a.csv", "nom;x\nn\u00e9;1,5\n".encode("cp1252")),
        encoding="cp1252",
        separator=";",
        decimal=",",
        allowed=["nom"],
    )
    assert data.frame.iloc[0].tolist() == ["n\u00e9", 1.5]


def test_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    assert list(read(written(tmp_path, "a.csv", b"\xef\xbb\xbfa,b\n1,2\n")).frame) == ["a", "b"]


def test_truncated_archives(tmp_path):
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 1000)
    assert fails(written(tmp_path, "a.csv.gz", whole[:-20]))[0].what == "truncated or damaged file"
    FRAME.to_parquet(tmp_path / "a.parquet")
    assert (
        fails(written(tmp_path, "b.parquet", (tmp_path / "a.parquet").read_bytes()[:200]))[0].what
        == "truncated or damaged file"
    )
    FRAME.to_excel(tmp_path / "a.xlsx", index=False)
    found = fails(written(tmp_path, "b.xlsx", (tmp_path / "a.xlsx").read_bytes()[:900]))[0].what
    assert found == "truncated or damaged file"
    pyreadstat.write_dta(FRAME[["age"]], str(tmp_path / "a.dta"))
    found = fails(written(tmp_path, "b.dta", (tmp_path / "a.dta").read_bytes()[:300]))[0].what
    assert "damaged" in found


def test_missing_file_names_its_neighbour(tmp_path):
    written(tmp_path, "inventory.csv", "a,b\n1,2\n")
    assert "inventory.csv" in fails(tmp_path / "inventry.csv")[0].fix
    assert fails(tmp_path / "a.pdf")[0].what == "unknown file format"


def test_text_in_a_number_column_is_named_with_rows(tmp_path):
    rows = "".join(f"{i}\n" for i in range(30))
    path = written(tmp_path, "a.csv", "x\n" + rows + "n.a.\n")
    found = fails(path)
    assert found[0].what == "text in a number column" and found[0].rows == (32,)
    assert read(path, text_columns=["x"]).frame["x"].tolist()[-1] == "n.a."
    declared = read(path, missing={"x": {"n.a.": "DK"}}).frame
    assert declared["x"].dtype == "float64" and declared["x_miss"].tolist()[-1] == "DK"


def test_digits_are_never_lost(tmp_path):
    data = read(
        written(tmp_path, "a.csv", "hhid,big\n007,12345678901234567\n008,12345678901234568\n")
    )
    assert data.frame["hhid"].tolist() == ["007", "008"]
    expected = ["12345678901234567", "12345678901234568"]
    assert data.frame["big"].tolist() == expected
    expected = "identifiers that lost digits"
    assert fails(written(tmp_path, "b.csv", "hhid,x\n1.2E+12,1\n1.3E+12,2\n"))[0].what == expected


def test_formula_and_error_cells_are_named(tmp_path):
    book = openpyxl.Workbook()
    for row in (["a", "b"], [1, "=1+1"], [2, "#N/A"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert [p.what for p in fails(tmp_path / "a.xlsx")] == ["formula cells", "error cells"]


def test_one_of_several_sheets_must_be_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append([1])
    book.create_sheet("other")
    book.save(tmp_path / "a.xlsx")
    assert fails(tmp_path / "a.xlsx")[0].what == "several sheets"
    assert read(tmp_path / "a.xlsx", sheet="Sheet").frame["a"].tolist() == [1]
    assert fails(tmp_path / "a.xlsx", sheet="third")[0].what == "no such sheet"


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "padded.csv", "a.csv.gz"])
def test_names_below_titles_are_read_where_their_row_is_said(tmp_path, name):
    rows = [["Institute", None, None], ["Survey 2024", None, None], [None] * 3]
    rows += [["hh", "sex", "age"], ["1", "F", "31"], ["2", "M", "42"]]
    path = tmp_path / name
    if name == "a.xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append([int(c) if c and c.isdigit() else c for c in row])
        book.save(path)
    else:
        lines = [",".join(cell or "" for cell in row) for row in rows]
        text = "\n".join(lines if name == "padded.csv" else [s.rstrip(",") for s in lines])
        path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    found = read(path, names_row=4).frame
    assert found.to_dict("list") == {"hh": [1, 2], "sex": ["F", "M"], "age": [31, 42]}
    for said, what, got in (
        (None, "titles above the names of the columns", "row 4 looks like the names"),
        (3, "the row of names has no cells", "3"),
        (99, "the row of names has no cells", "99"),
    ):
        (problem,) = fails(path, names_row=said)
        assert (problem.what, str(problem.got)) == (what, got)


def test_columns_are_chosen_or_named_as_lost(tmp_path):
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    assert list(read(tmp_path / "a.csv", columns=["age"]).frame) == ["age"]
    assert fails(tmp_path / "a.csv", columns=["agee"])[0].what == "no such column"


def test_template_problems_name_the_file(tmp_path):
    path = written(
        tmp_path, "m.csv", "country,year,margin,category,total,source\nMDA,2024,sex,F,many,NBS\n"
    )
    found = fails(path, template="margins")
    assert found[0].where == "m.csv: total"
    assert read(
        written(tmp_path, "n.csv", path.read_text().replace("many", "1200")), template="margins"
    ).frame["total"].tolist() == [1200.0]
