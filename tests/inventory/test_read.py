"""Property: an inventory is read whole or not at all, its side tables refer to it, and the fillable
workbook reads back what was filled in.
"""

from datetime import date

import openpyxl
import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError
from mismes_eval.frame import codes

from ..some import some

pytestmark = pytest.mark.property


def problems(path):
    with pytest.raises(InputError) as error:
        inventory.read(path)
    return error.value.problems


def test_every_template_column_is_there_and_rows_add_up(six):
    assert list(six.frame.columns[: len(inventory.template().names)]) == list(
        inventory.template().names
    )
    assert len(six) == 6 == six.sources["rows"].sum()


def test_all_problems_of_two_files_at_once(write, measure):
    first = write([measure(1, stage_code="AFTER"), measure(1, measure_id="")], "a/inventory.csv")
    second = write([measure(3, benef_completed="300")], "b/inventory.csv")
    found = problems([first, second])
    expected = ["blank cells", "not a code", "rule completed_of_reached fails"]
    assert [p.what for p in found] == expected
    assert "AFT" in found[1].fix


def test_one_identifier_in_two_files(write, rows_of_six):
    paths = [write(rows_of_six), write(rows_of_six[:1], "a/inventory.csv")]
    assert problems(paths)[0].what == "a measure stands in two files"


def test_folder_with_side_tables(tmp_path, write, rows_of_six):
    write(rows_of_six)
    write(
        [{"measure_id": "MDA-001", "year": "2020", "spent": "5", "benef": "3"}],
        "inventory_year.csv",
    )
    write(
        [
            {"implementer_name": "X", "country": "MDA", "sent_on": "2024-01-01", "answer": a}
            for a in ("FULL",)
        ],
        "inventory_contact.csv",
    )
    read = inventory.read(tmp_path)
    assert len(read.years) == 1 and read.response_rate()["response_rate"].tolist() == [1.0]
    write(
        [{"measure_id": "MDA-099", "year": "2020", "spent": "5", "benef": "3"}],
        "inventory_year.csv",
    )
    assert problems(tmp_path)[0].what == "no such row to refer to"


def test_a_measure_is_not_its_own_ancestor(write, measure):
    rows = [measure(1, parent_id="MDA-002"), measure(2, parent_id="MDA-001")]
    assert problems(write(rows))[0].what == "a measure is part of itself"


def test_fillable_workbook_reads_back(tmp_path, measure):
    path = inventory.workbook(tmp_path / "fill.xlsx", rows=20)
    book = openpyxl.load_workbook(path)
    sheet = book["measures"]
    heads = [c.value for c in sheet[1]]
    assert heads == list(inventory.template().names) and all(c.comment for c in sheet[1])
    listed = [v for v in sheet.data_validations.dataValidation if v.type == "list"]
    assert len(listed) == sum(
        c.kind in ("cat", "code", "bool") for c in inventory.template().columns
    )
    for name, value in measure(
        1,
        benef_reached=200,
        benef_completed=150,
        benef_placed=60,
        benef_women=80,
        budget_total=1e5,
        budget_eur=1e5,
        price_year=2020,
        start_date=date(2020, 1, 15),
        ongoing=False,
    ).items():
        sheet.cell(2, heads.index(name) + 1, value)
    book.save(path)
    read = inventory.read(path)
    assert len(read) == 1
    assert read.frame["benef_reached"][0] == 200
    assert read.frame["start_date"][0] == pd.Timestamp("2020-01-15")


def test_drop_down_lists_hold_every_code(tmp_path):
    book = openpyxl.load_workbook(inventory.workbook(tmp_path / "fill.xlsx", rows=2))
    for validation in some(book["measures"].data_validations.dataValidation):
        if validation.type == "list" and validation.formula1.startswith("=codes!"):
            cells = [
                c.value
                for (c,) in book["codes"][
                    validation.formula1.removeprefix("=codes!").replace("$", "")
                ]
            ]
            column = inventory.template().columns[
                openpyxl.utils.cell.range_boundaries(str(validation.sqref))[0] - 1
            ]
            assert [str(c) for c in cells] == codes(column.codes)["code"].tolist()


def test_combine_and_where(six):
    other = inventory.Inventory(
        six.frame.assign(
            measure_id=six.frame["measure_id"].str.replace("MDA", "GEO"), country="GEO"
        ),
        six.sources,
    )
    both = inventory.combine([six, other])
    assert len(both) == 12 and len(both.where(both.frame["country"] == "GEO")) == 6
    with pytest.raises(InputError, match="two files"):
        inventory.combine([six, six])


@pytest.mark.parametrize("start", ["=1+1", "+cmd", "-2+3", "@SUM(A1)"])
def test_text_stays_text_on_export(tmp_path, start, write, measure):
    title = f"{start} SYNTHETIC"
    read = inventory.read(write([measure(1, title_en=title)]))
    csv = read.to_csv(tmp_path / "out.csv")
    assert pd.read_csv(csv)["title_en"][0] == "'" + title
    assert pd.read_csv(csv)["budget_eur"][0] == 100000
    cell = openpyxl.load_workbook(read.to_excel(tmp_path / "out.xlsx"))["measures"]["D2"]
    assert cell.value == title and cell.data_type == "s" and cell.quotePrefix


def test_html_is_shown_as_text_in_notebooks(six):
    frame = six.frame.assign(funder_main="<b>x</b>")
    found = inventory.Inventory(frame, six.sources).evaluation_due(date(2024, 1, 1))._repr_html_()
    assert "<b>x</b>" not in found
