"""verify finds a changed number, a changed input and a changed notebook, and passes what is whole;
the archive is the same bytes twice and repeats the run.
"""

import base64
import json
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow
import pytest

from mismes_eval.cli import main
from mismes_eval.errors import ParamsError
from mismes_eval.report.document.blocks import Page
from mismes_eval.report.trust.archive import package
from mismes_eval.report.trust.differences import MOST, places
from mismes_eval.report.trust.spelling import Runs, unlike_text
from mismes_eval.report.trust.verify import Verification, other_writer, same, verify
from mismes_eval.report.trust.verify_index import verify_index


def run(root: Path) -> Verification:
    return verify(root / "reports" / "MDA", root, root / "notebooks", None, lambda name, what: None)


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "copy")


@pytest.mark.whole
def test_a_whole_report_is_reproduced(copy: Path) -> None:
    found = run(copy)
    assert found.reproduced
    assert found.numbers == 14
    assert not found.changed


@pytest.mark.whole
def test_a_changed_number_and_a_changed_input_are_named(copy: Path) -> None:
    path = copy / "reports" / "MDA" / "estimates.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace("120.0", "120.000001"), encoding="utf-8"
    )
    (copy / "data_raw" / "MDA" / "lfs.csv").write_text(
        "place,persons\nnorth,120\nsouth,81\n", encoding="utf-8"
    )
    found = run(copy)
    assert not found.reproduced
    assert [(d.table, d.cell, d.quantity, d.reported, d.repeated) for d in found.differences] == [
        ("T01", "north / persons", "value", 120.000001, 120.0),
        ("T01", "south / persons", "value", 80.0, 81.0),
    ]
    assert found.tampered == ("estimates.json: changed",)
    assert found.changed == ("input 'inputs.lfs' changed",)
    assert "table T01, north / persons, value" in found.text()


@pytest.mark.slow
def test_a_tampered_file_is_named_with_the_place_in_it(copy: Path) -> None:
    """Table, workbook, page and notebook: which cell or text, what stands there and what should."""
    folder = copy / "reports" / "MDA"
    table = pd.read_parquet(folder / "tables" / "T01.parquet")
    table.loc[1, "value"] = 81.0
    table.to_parquet(folder / "tables" / "T01.parquet", index=False)
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    cell = next(c for row in book["T01"].iter_rows() for c in row if c.value == 120)
    cell.value = 121
    book.save(folder / "tables.xlsx")
    page, notebook = folder / "report.html", folder / "report.ipynb"
    page.write_text(page.read_text(encoding="utf-8").replace(">120<", ">130<"), encoding="utf-8")
    cells = json.loads(notebook.read_text(encoding="utf-8"))
    cells["cells"][-1]["source"] = "report.finish()  # not this"
    notebook.write_text(json.dumps(cells), encoding="utf-8")
    (folder / "figures" / "F01.csv").write_text("x\n0\n2\n", encoding="utf-8")
    found = run(copy)
    assert not found.reproduced and found.differences == () and len(found.tampered) == 5
    assert {(d.table, d.cell, d.reported, d.repeated) for d in found.inside} == {
        ("tables/T01.parquet", "T01 / south / persons, value", 81.0, 80.0),
        ("tables.xlsx", f"sheet T01, cell {cell.coordinate}", 121.0, 120.0),
        ("report.html", "text", "130", "120"),
        (
            "report.ipynb",
            f"cell {len(cells['cells'])}, code",
            "report.finish()  # not this",
            "report.finish()",
        ),
        ("figures/F01.csv", "line 3", "2", "1"),
    }
    assert (
        f"tables.xlsx, sheet T01, cell {cell.coordinate}: reported 121.0, repeated 120.0"
        in found.text()
    )


def test_files_that_cannot_be_compared_are_one_place(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.parquet").write_bytes(b"no table " + folder.encode())
        (tmp_path / folder / "x.png").write_bytes(b"")
    assert (
        places(tmp_path / "a" / "x.png", tmp_path / "b" / "x.png")
        == []
        == places(tmp_path / "gone.csv", tmp_path / "a" / "x.png")
    )
    ((what, was, now),) = places(tmp_path / "a" / "x.parquet", tmp_path / "b" / "x.parquet")
    assert what.startswith("cannot be read (") and was is now is None
    pd.DataFrame({"x": range(30)}).to_csv(tmp_path / "a" / "x.csv")
    pd.DataFrame({"x": range(1, 31)}).to_csv(tmp_path / "b" / "x.csv")
    assert len(places(tmp_path / "a" / "x.csv", tmp_path / "b" / "x.csv")) == MOST


@pytest.mark.parametrize(("more", "was", "now"), [(0, "there", None), (1, None, "there")])
def test_a_part_of_a_workbook_that_one_of_two_has_is_named(
    tmp_path: Path, more: int, was: str | None, now: str | None
) -> None:
    two = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    openpyxl.Workbook().save(two[0])
    shutil.copy(two[0], two[1])
    with zipfile.ZipFile(two[more], "a") as book:
        book.writestr("xl/hidden.xml", "<x/>")
    assert places(*two) == [("part xl/hidden.xml", was, now)]


def page_with_numbers(folder: Path, value: str, kind: str = "text/csv") -> Path:
    """A page that holds the numbers of one table as a file."""
    body = base64.b64encode(f"row,value\nnorth,{value}\n".encode()).decode()
    folder.mkdir(exist_ok=True)
    path = folder / "report.html"
    path.write_text(f'<a download="T01.csv" href="data:{kind};base64,{body}">T01</a>')
    return path


def test_files_inside_a_page_are_compared_as_numbers(tmp_path: Path) -> None:
    """Another number of threads changes the last bit of a sum; that is the same report."""
    first = page_with_numbers(tmp_path / "a", "0.30000000000000004")
    assert places(first, page_with_numbers(tmp_path / "b", "0.3")) == []
    assert places(first, page_with_numbers(tmp_path / "b", "0.301")) == [
        ("file T01.csv, line 2", "north,0.30000000000000004", "north,0.301")
    ]
    assert [p for p, *_ in places(first, page_with_numbers(tmp_path / "b", "0.3", "text/x"))] == [
        "file T01.csv, data"
    ]


PAGE_OF_TWO = '<table class="a"><tr><td class="b">12</td><td></td></tr></table>\n'


@pytest.mark.parametrize(
    ("name", "honest", "tampered"),
    [
        ("x.html", PAGE_OF_TWO, PAGE_OF_TWO.replace("12</td><td>", "</td><td>12")),
        (
            "x.html",
            PAGE_OF_TWO,
            PAGE_OF_TWO.replace(' class="b"', "").replace("<tr", '<tr class="b"'),
        ),
        ("x.html", PAGE_OF_TWO, PAGE_OF_TWO.replace("12", " 12")),
        ("x.html", PAGE_OF_TWO, PAGE_OF_TWO.replace("</tr></table>", "</table></tr>")),
        ("x.html", PAGE_OF_TWO, PAGE_OF_TWO.replace("<tr>", "<tr><?x?>")),
        ("x.csv", "a,b\n1,2\n", 'a,b\n1,"2"\n'),
        ("x.json", '{\n "a": 1\n}', '{\n "a": 1,\n "b": null\n}'),
        ("x.json", '{\n "a": 1\n}', '{"a": 1}'),
        ("x.json", '{\n "a": 1,\n "b": 2\n}', '{\n "b": 2,\n "a": 1\n}'),
    ],
)
def test_what_says_the_same_and_is_written_otherwise_is_found(
    tmp_path: Path, name: str, honest: str, tampered: str
) -> None:
    sides = [tmp_path / side / name for side in ("a", "b")]
    for side, text in zip(sides, (tampered, honest), strict=True):
        side.parent.mkdir()
        side.write_text(text, encoding="utf-8")
    assert places(*sides)
    sides[0].write_bytes(sides[1].read_bytes())
    assert places(*sides) == []


def test_the_last_digits_of_a_number_are_no_other_spelling() -> None:
    assert not list(unlike_text("x 0.30000000000000004, 7", "x 0.3, 7"))
    assert list(unlike_text("x 0.30000000000000004, 7", "x 0.3, 8"))
    assert list(unlike_text("007", "7")) and list(unlike_text("1.50", "1.5"))


def test_a_page_of_a_notebook_is_not_told_twice() -> None:
    assert "120" not in repr(Page("<p>120</p>")) and "120" in Page("<p>120</p>")._repr_html_()


def test_tolerance_is_relative() -> None:
    assert same(1e6, 1e6 + 1e-4)
    assert not same(1.0, 1.0 + 1e-8)
    assert same(None, None)
    assert not same(None, 0.0)


def test_a_folder_without_manifest_is_bad_input(copy: Path) -> None:
    (copy / "reports" / "MDA" / "MANIFEST.json").unlink()
    with pytest.raises(ParamsError, match="no report folder"):
        run(copy)


@pytest.mark.whole
def test_the_archive_is_deterministic_and_leaves_real_data_out(made: Path, tmp_path: Path) -> None:
    first = package(made / "reports" / "MDA", made, made / "notebooks", tmp_path / "a.zip", False)
    package(made / "reports" / "MDA", made, made / "notebooks", tmp_path / "b.zip", False)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert first.left_out == ()
    real = package(made / "reports" / "FRA", made, made / "notebooks", tmp_path / "c.zip", False)
    assert real.left_out == ("data_raw/FRA/lfs.csv",)
    with zipfile.ZipFile(tmp_path / "c.zip") as packed:
        assert "data_raw/FRA/lfs.csv" not in packed.namelist()
        readme = packed.read("README.md").decode()
    for heading in (
        "Data availability and provenance statements",
        "Controlled randomness",
        "Instructions to replicators",
        "List of tables, figures and programs",
    ):
        assert heading in readme


def test_a_report_that_was_changed_is_not_packed(copy: Path, tmp_path: Path) -> None:
    (copy / "reports" / "MDA" / "report.html").write_text("x", encoding="utf-8")
    with pytest.raises(ParamsError, match="changed after it was made"):
        package(copy / "reports" / "MDA", copy, copy / "notebooks", tmp_path / "a.zip", False)


def test_the_manifest_names_what_decides_the_report(made: Path) -> None:
    record = json.loads((made / "reports" / "MDA" / "MANIFEST.json").read_text(encoding="utf-8"))
    assert record["inputs"][0]["path"] == "data_raw/MDA/lfs.csv"
    assert record["params"]["file"] == "params/MDA.yaml"
    found = {o["path"] for o in record["outputs"]}
    assert found >= {"report.html", "estimates.json", "tables.xlsx"}
    assert record["versions"]["numpy"]


def test_an_archive_for_a_program_and_for_nobody(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(made)
    with pytest.raises(SystemExit) as done:
        main(["package", "FRA", "--out", str(tmp_path / "a.zip"), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert done.value.code == 0
    assert said["archive"] == str(tmp_path / "a.zip")
    assert said["files"] > 10
    assert said["left_out"] == ["data_raw/FRA/lfs.csv"]
    with pytest.raises(SystemExit):
        main(["package", "FRA", "--out", str(tmp_path / "b.zip"), "--quiet"])
    assert capsys.readouterr().out == ""
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_the_index_is_made_again_from_the_reports_beside_it(copy: Path) -> None:
    reports = copy / "reports"
    whole = verify_index(reports)
    assert whole.reproduced and whole.numbers > 0
    changes = {
        "a number": ("2023", "2024"),
        "a word": ("Country reports", "Country rapports"),
        "a link": ("MDA/report.html", "MDA/other.html"),
        "a mark": ('<aside class="banner">', '<aside class="banner" hidden>'),
        "a program": ("</main>", "</main><script>1</script>"),
    }
    page = reports / "index.html"
    right = page.read_text(encoding="utf-8")
    for what, (was, now) in changes.items():
        assert was in right, what
        page.write_text(right.replace(was, now), encoding="utf-8")
        assert verify_index(reports).inside, what
    page.rename(reports / "index.fr.html")
    expected = ("index.fr.html: no report beside it makes it", "index.html: missing")
    assert verify_index(reports).tampered == expected


def test_a_table_is_written_by_the_writer_that_the_manifest_names(tmp_path: Path) -> None:
    """Where the writers differ the layout may too: then what the file says of its rows is held."""
    one, two = (tmp_path / folder / "x.parquet" for folder in "ab")
    for path in (one, two):
        path.parent.mkdir()
        pd.DataFrame({"x": [1.0, 2.0]}).to_parquet(path, row_group_size=2)
    own, other = pyarrow.__version__, "1" * len(pyarrow.__version__.split(".")[0]) + ".0.0"
    old = Runs(arrow=other.ljust(len(own), "0"))
    assert not places(one, two)
    honest = one.read_bytes().replace(b" version " + own.encode(), f" version {old.arrow}".encode())
    told_twice = pd.DataFrame({"x": [1.0, 2.0]})
    told_twice.to_parquet(two.with_name("y.parquet"), row_group_size=1)
    named = f" version {old.arrow}".encode()
    groups = two.with_name("y.parquet").read_bytes().replace(f" version {own}".encode(), named)
    for content, runs, words in (
        (honest, Runs(), ["written by"]),
        (honest.replace(b"arrow version ", b"arrow version&"), Runs(), ["written by"]),
        (honest, old, []),
        (groups, Runs(), ["written by", "statistics and layout"]),
        (groups, old, ["statistics and layout"]),
    ):
        one.write_bytes(content)
        assert [place[0] for place in places(one, two, runs)] == words
    assert other_writer({"versions": {"pyarrow": own}}) == []
    assert old.arrow in other_writer({"versions": {"pyarrow": old.arrow}})[0]
