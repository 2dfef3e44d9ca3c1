"""From an office's own file: `mismes new ISO3 --lfs FILE` lists its columns with labels and says what
they may be; what is taken becomes the mapping, what is not taken stays out.
"""

from pathlib import Path

import nbformat
import pandas as pd
import pyreadstat
import pytest
from openpyxl import load_workbook

from mismes_eval import lfs
from mismes_eval.cli import main
from mismes_eval.errors import InputError
from mismes_eval.evaluation.params import Params

SEX = {1: "Male", 2: "Female"}
MARITAL = {1: "Single", 2: "Married", 3: "Widowed", 8: "Unknown"}


@pytest.fixture
def delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """SYNTHETIC persons in a Stata file with labels, as offices deliver them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    n = 40
    frame = pd.DataFrame(
        {
            "C04_SEX": [1 + i % 2 for i in range(n)],
            "C05_AGE": [20 + i for i in range(n)],
            "C06_MSTAT": [(1, 2, 3, 8)[i % 4] for i in range(n)],
            "PWGT": [100.5] * n,
            "QX1": list(range(n)),
        }
    )
    pyreadstat.write_dta(
        frame,
        str(tmp_path / "lfs.dta"),
        column_labels=["C04-Sex", "C05-Age as of last birthday", "Marital status", "Weight", ""],
        variable_value_labels={"C04_SEX": SEX, "C06_MSTAT": MARITAL},
    )
    return tmp_path


def new(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["new", *arguments])
    return int(str(stop.value.code))


def rows(book: Path, sheet: str) -> list[dict[str, object]]:
    head, *body = load_workbook(book)[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in body]


def test_a_file_that_is_not_there_is_refused_and_nothing_is_written(
    delivered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new("PHL", "--lfs", "lsf.dta") == 2
    assert "lfs.dta" in capsys.readouterr().err
    assert not (delivered / "params").exists() and not (delivered / "data_raw").exists()


@pytest.mark.whole
def test_the_workbook_lists_the_file_and_proposes(delivered: Path) -> None:
    assert new("PHL", "--lfs", "lfs.dta", "--year", "2020") == 0
    book = delivered / "data_raw" / "PHL" / "mapping.xlsx"
    listed = {r["column"]: r for r in rows(book, "file")}
    assert "1 Male (20)" in str(listed["C04_SEX"]["commonest codes"])
    assert listed["C05_AGE"]["label"] == "C05-Age as of last birthday"
    offered = rows(book, "proposals")
    heads = {r["gld_column"]: r for r in offered if r["confidence"]}
    expected = {"male": "C04_SEX", "age": "C05_AGE", "marital": "C06_MSTAT", "weight": "PWGT"}
    assert {g: r["file_column"] for g, r in heads.items()} == expected
    assert heads["male"]["confidence"] == "high"
    assert "8 (Unknown)" in str(heads["marital"]["why"])
    assert heads["marital"]["confidence"] != "high"
    single = next(r for r in offered if r["file_code_label"] == "Single")
    expected = ("1", "2", "Never married")
    assert (single["file_code"], single["gld_code"], single["gld_code_label"]) == expected
    assert {"hhid", "lstatus"} <= {r["gld_column"] for r in rows(book, "not found")}
    assert "workbook:" in (delivered / "params" / "PHL.yaml").read_text(encoding="utf-8")


@pytest.mark.whole
def test_nothing_is_taken_until_somebody_says_yes(delivered: Path) -> None:
    new("PHL", "--lfs", "lfs.dta")
    path = delivered / "data_raw" / "PHL" / "mapping.xlsx"
    with pytest.raises(InputError, match="the mapping is empty"):
        lfs.read_mapping(path)
    book = load_workbook(path)
    for row in book["proposals"].iter_rows(min_row=2):
        if row[1].value in ("male", "age") and row[3].value:
            row[0].value = "yes"
    book.save(path)
    read = lfs.read_mapping(path)
    assert read["columns"] == {"male": "C04_SEX", "age": "C05_AGE"}
    assert read["recode"] == {"male": {"1": "1", "2": "0"}}


@pytest.mark.whole
def test_check_speaks_of_the_mapping_first(
    delivered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new("PHL", "--lfs", "lfs.dta")
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(["check", "PHL"])
    assert stop.value.code == 2
    err = capsys.readouterr().err
    assert "the mapping is empty" in err and "Add the column" not in err


@pytest.mark.whole
def test_a_file_that_is_written_otherwise_is_refused_with_the_option_that_reads_it(
    delivered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "Encuesta\nsexo;edad;nación;ingreso\n1;30;AR;1500,50\n2;40;UY;20,25\n"
    (delivered / "eph.txt").write_bytes(text.encode("cp1252"))
    assert new("ARG", "--lfs", "eph.txt") == 2
    assert "--encoding" in capsys.readouterr().err
    assert new("ARG", "--lfs", "eph.txt", "--encoding", "cp1252") == 2
    assert "--separator ';'" in capsys.readouterr().err
    said = ("--encoding", "cp1252", "--separator", ";")
    assert new("ARG", "--lfs", "eph.txt", *said) == 2
    assert "--names-row 2" in capsys.readouterr().err
    said = (*said, "--names-row", "2")
    assert new("ARG", "--lfs", "eph.txt", *said) == 2
    assert "--decimal ," in capsys.readouterr().err
    assert not (delivered / "params").exists()
    assert new("ARG", "--lfs", "eph.txt", *said, "--decimal", ",") == 0
    params = Params.load(delivered / "params" / "ARG.yaml")
    assert (params.reading.separator, params.reading.decimal) == (";", ",")
    assert (params.reading.encoding, params.reading.names_row) == ("cp1252", 2)
    listed = rows(delivered / "data_raw" / "ARG" / "mapping.xlsx", "file")
    assert {r["column"]: r["type"] for r in listed}["ingreso"] == "number"


@pytest.mark.whole
def test_the_notebooks_of_a_new_project_can_be_opened(delivered: Path) -> None:
    assert new("PHL", "--lfs", "lfs.dta") == 0
    copies = sorted((delivered / "notebooks").glob("*.ipynb"))
    assert len(copies) > 10
    for copy in copies:
        cells = nbformat.read(copy, as_version=4).cells  # type: ignore[no-untyped-call]
        assert not any("](../docs/" in cell.source for cell in cells), copy.name
    text = (delivered / "notebooks" / "mapping.ipynb").read_text(encoding="utf-8")
    assert "the first afternoon (docs/start/first-afternoon.md of mismes-eval)" in text
    assert "PHL" in text and "MDA" not in text


@pytest.mark.parametrize("path", ["../lfs.dta", "/srv/lfs.dta"])
def test_a_path_that_the_params_would_refuse_is_refused_before_anything_is_written(
    delivered: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["new", "MAR", "--lfs", path])
    assert ended.value.code == 2 and not (delivered / "params").exists()
    assert "MISMES_DATA_ROOT" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["new", "MAR", "--lfs", str(delivered / "lfs.dta")])
    assert "From here it is lfs.dta." in capsys.readouterr().err
