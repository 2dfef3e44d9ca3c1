"""Everything a report leaves behind agrees: Parquet with JSON, the manifest's map of tables with
cells and inputs, the index with the files on disk; no file can be taken for another.
"""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.language import language
from mismes_eval.report.document.plain import escape, file_names, printable, text_cell
from mismes_eval.report.document.results import write_results
from mismes_eval.report.document.tables import COLUMNS, P_VALUE, Table, TextTable, render
from mismes_eval.report.document.workbook import _footnotes, _widths
from mismes_eval.report.index import write_index
from mismes_eval.report.trust.provenance import read_manifest, shown_by


def test_parquet_has_one_row_a_number_and_the_same_numbers(made: Path) -> None:
    folder = made / "reports" / "MDA"
    told = json.loads((folder / "estimates.json").read_text(encoding="utf-8"))["estimates"]
    frame = pd.read_parquet(folder / "estimates.parquet")
    assert len(frame) == len(told) == 2
    assert frame["value"].tolist() == [e["value"] for e in told]
    assert set(
        (
            "country synthetic table row column value se ci_low ci_high n definition unit flag "
            "status"
        ).split()
    ) <= set(frame.columns)
    assert frame["synthetic"].all() and set(frame["country"]) == {"MDA"}


def test_the_workbook_says_what_the_page_says(tmp_path: Path) -> None:
    """A sheet has the mark, the title, the table's notes and as many decimals as the page; the
    cells keep every digit, hidden ones are empty.
    """
    blank = dict.fromkeys(COLUMNS, np.nan) | {
        "column": "estimate",
        "flag": "",
        "kind": "share",
        "unit": "share",
        "definition": "",
        "status": "shown",
    }
    cells = [
        blank | {"row": "employed", "value": 0.123456789, "se": 0.0123, "n": 1234.0, "cv": 0.1},
        blank | {"row": "few", "value": 0.5, "se": 0.1, "n": 4.0, "status": "confidential"},
        blank
        | {
            "row": "persons, thousand",
            "value": 136269.4,
            "se": 5976.9,
            "n": 722.0,
            "kind": "total",
            "unit": "persons",
        },
        blank | {"row": "test", "value": 0.0312, "kind": "effect", "unit": "p"},
        blank | {"row": "effect", "value": 0.0981, "kind": "effect"},
    ]
    table = Table(
        "T08",
        "Labour status",
        pd.DataFrame(cells, columns=list(COLUMNS)),
        "a file",
        ("A note.",),
        100.0,
        1,
        True,
        {"persons, thousand": (0.001, 1), "test": (1.0, 3)},
    )
    words = TextTable(
        "T21", "Limits", pd.DataFrame({"Subject": ["x"], "What": ["y"]}), synthetic=True
    )
    (tmp_path / "data.csv").write_text("x\n1\n", encoding="utf-8")
    (tmp_path / "MDA.yaml").write_text(
        "country: MDA\nsynthetic: true\nyear: 2023\ninputs:\n  lfs: data.csv\n", encoding="utf-8"
    )
    write_results(tmp_path, Params.load(tmp_path / "MDA.yaml"), [table, words], [], {}, [])
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    sheet = book["T08"]
    assert (str(sheet["A1"].value)[:14], sheet["A2"].value) == ("SYNTHETIC DATA", "Labour status")
    heads = ["Group", "estimate", "estimate, SE", "estimate, n"]
    assert [c.value for c in sheet[3]][:4] == heads
    rows = [[sheet.cell(k, column).value for column in range(1, 5)] for k in range(4, 9)]
    assert rows == [
        ["employed", 0.123456789, 0.0123, 1234],
        ["few", "c", None, "c"],
        ["persons, thousand", pytest.approx(136.2694), pytest.approx(5.9769), 722],
        ["test", 0.0312, None, None],
        ["effect", pytest.approx(9.81), None, None],
    ]
    formats = [sheet.cell(k, 2).number_format for k in (4, 6, 7, 8)]
    assert formats == ["0.0%", "#,##0.0", "0.000", "#,##0.0"]
    below = [sheet.cell(k, 1).value for k in range(10, sheet.max_row + 1)]
    assert below == [
        "Standard errors in brackets; n: unweighted persons.",
        "c: not shown, too few persons.",
        "A note.",
        "Source: a file",
    ]
    assert book["T21"]["A2"].value == "Limits" and book["T21"]["A4"].value == "x"
    assert sheet.freeze_panes == "B4" and sheet.print_title_rows == "$3:$3"
    first = book["Contents"]
    assert [first.cell(k, 1).value for k in (4, 5, 6)] == ["T08", "T21", "All numbers"]
    assert first["A4"].hyperlink.location or first["A4"].hyperlink.target == "#'T08'!A1"
    long = book["All numbers"]
    assert [c.value for c in long[3]][:4] == ["table", "row", "column", "value"]
    expected = [0.123456789, None, 136269.4, 0.0312, 0.0981]
    assert [long.cell(k, 4).value for k in range(4, 9)] == expected


def test_the_manifest_says_which_cell_and_inputs_a_table_comes_from(made: Path) -> None:
    record = read_manifest(made / "reports" / "MDA")
    shown = record["shown"]
    assert isinstance(shown, list)
    expected = [("T01", "table", 2), ("F01", "figure", 0)]
    assert [(s["id"], s["kind"], s["numbers"]) for s in shown] == expected
    assert len({s["cell"] for s in shown}) == 2 and None not in {s["cell"] for s in shown}


def test_the_map_follows_ids_and_origins() -> None:
    results = {
        "tables": {"T1": "a", "T<2>": "b"},
        "figures": {"F1": "c"},
        "origins": {"T1": ["inputs.lfs"]},
        "estimates": [{"table": "T1"}, {"table": "T1"}],
    }
    shown = shown_by(
        {"c1": '<div class="table" id="T1">', "c2": '<div id="T&lt;2&gt;"></div>'}, results
    )
    expected = [("T1", "c1", ["inputs.lfs"], 2), ("T<2>", "c2", [], 0), ("F1", None, [], 0)]
    assert [(s["id"], s["cell"], s["inputs"], s["numbers"]) for s in shown] == expected


def test_the_index_links_every_file_and_the_page_of_the_measures(
    made: Path, tmp_path: Path
) -> None:
    shutil.copytree(made / "reports", tmp_path / "reports")
    out = tmp_path / "reports"
    (out / "inventory.html").write_text("<!DOCTYPE html>")
    html = write_index(out, []).read_text(encoding="utf-8")
    links = {unquote(h) for h in re.findall(r'href="([^"]+)"', html)}
    files = {
        p.relative_to(out).as_posix()
        for p in out.rglob("*")
        if p.is_file() and not p.name.startswith(".")
    } - {"index.html"}
    assert links == files


@given(st.lists(st.text(max_size=120), unique=True, max_size=12))
def test_names_of_files_never_collide_and_stay_in_their_folder(identifiers: list[str]) -> None:
    names = file_names(identifiers)
    assert len({n.casefold() for n in names.values()}) == len(identifiers)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", n) and n.strip(".") for n in names.values())


@given(st.text())
def test_text_is_shown_as_text(text: str) -> None:
    assert not re.search(r"[<>\"']", escape(text))
    printable(text).encode("utf-8")
    assert printable(printable(text)) == printable(text)
    cell = str(text_cell(text))
    assert not cell.lstrip(" \n\u00a0\u200b\ufeff").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_p_value_keeps_its_scale_whatever_its_row_and_column_are_shown_in() -> None:
    """A row in percentage points printed p = 0.111 as 11.1."""
    line = dict.fromkeys(COLUMNS, np.nan) | {"row": "effect", "flag": "", "kind": "effect"}
    line |= {"definition": "", "status": "shown"}
    cells = [
        line | {"column": "estimate", "value": 0.0612, "unit": "share"},
        line | {"column": "p", "value": 0.111, "unit": P_VALUE},
    ]
    for units in ({}, {"effect": (100.0, 1)}, {"p": (100.0, 1), "estimate": (100.0, 1)}):
        table = Table(
            id="T1",
            title="t",
            cells=pd.DataFrame(cells, columns=list(COLUMNS)),
            source="",
            notes=(),
            scale=100.0,
            digits=1,
            synthetic=False,
            units=units,
        )
        html = render(table, language("en"))
        assert ">6.1<" in html and ">0.111<" in html and ">11.1<" not in html


def test_long_texts_of_the_workbook_have_the_height_of_their_lines() -> None:
    """A program that prints without being opened takes the heights that stand in the file: 60
    letters in a column of 50 are two lines; a note is as wide as the table and no wider.
    """
    sheet = openpyxl.Workbook().active
    for row, text in ((3, "short"), (4, "eleven more " * 5), (5, "short")):
        sheet.cell(row, 1, text)
        sheet.cell(row, 2, text)
    _widths(sheet, 2, 5)
    heights = [sheet.row_dimensions[row].height for row in (3, 4, 5)]
    assert heights == [None, 30.0, None]
    _footnotes(sheet, ["a note " * 40], 7)
    assert [str(cells) for cells in sheet.merged_cells.ranges] == ["A7:B7"]
    assert sheet.row_dimensions[7].height == 45.0  # 280 letters in columns of 50 and 50


def test_rounding_errors_are_as_wide_as_nothing() -> None:
    """They differ from run to run, and with them the workbook that `mismes verify` makes again."""
    widths = set()
    for noise in (0.0, 2.6674e-13, -2.86112e-13):
        sheet = openpyxl.Workbook().active
        sheet.cell(4, 1, noise)
        _widths(sheet, 1, 4)
        widths.add(sheet.column_dimensions["A"].width)
    assert len(widths) == 1
