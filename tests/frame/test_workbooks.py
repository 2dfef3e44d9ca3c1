"""Property: what a clerk's workbook or CSV file holds is read whole, or named with its cell; what
only looks like data costs nothing.
"""

import datetime
import re

import openpyxl
import pandas as pd
import pytest
from openpyxl.styles import PatternFill
from openpyxl.styles.numbers import BUILTIN_FORMATS

from mismes_eval.errors import InputError
from mismes_eval.frame import read
from mismes_eval.frame.template import Column, Template

pytestmark = pytest.mark.property

PLACES = Template(
    "places",
    (
        Column("place_id", "id", "yes"),
        Column("opened_on", "date", low=1950, high=2100),
        Column("price_year", "int", low=1990, high=2100, unit="year"),
        Column("budget_total", "float", low=0, unit="currency"),
        Column("persons", "int", low=0, unit="persons"),
        Column("share", "float", low=0, high=100000),
        Column("running", "bool"),
        Column("currency", "cat", codes="currencies"),
    ),
    ("place_id",),
)
HEAD = [c.name for c in PLACES.columns]
DAY = datetime.datetime(2021, 3, 1)


def row(number, **cells):
    whole = {
        "place_id": f"P{number}",
        "opened_on": DAY,
        "price_year": 2021,
        "budget_total": 1000.5,
        "currency": "EUR",
        "persons": 12,
        "share": 0.25,
        "running": True,
    }
    return [(whole | cells)[name] for name in HEAD]


def book(path, rows, above=(), change=None):
    made = openpyxl.Workbook()
    sheet = made.active
    for cells in (*above, HEAD, *rows):
        sheet.append(cells)
    if change is not None:
        change(made, sheet)
    made.save(path)
    return path


def problems(path, **options):
    with pytest.raises(InputError) as error:
        read(path, template=PLACES, **options)
    return error.value.problems


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (["Place_ID", *HEAD[1:-1]], "several sheets of the same shape"),  # other spelling, shorter
        (None, "a further sheet of rows without the names of the columns"),
    ],
)
def test_a_second_sheet_of_the_same_shape_is_named_with_its_rows(tmp_path, head, what):
    def second(made, _):
        sheet = made.create_sheet("2022")
        for cells in (head, row(9)[:-1]):
            if cells:
                sheet.append(cells)

    found = problems(book(tmp_path / "a.xlsx", [row(1)], change=second))
    assert [p.what for p in found] == [what]
    assert "'2022' with 1 rows" in found[0].got


def test_the_sheet_with_the_names_is_the_one_that_is_read(tmp_path):
    def others(made, _):
        made.create_sheet("Instructions", 0).append(["Fill in the other sheet"])
        made.create_sheet("Totals").append(["budget_total", 5])
        made.create_sheet("Empty")

    assert len(read(book(tmp_path / "a.xlsx", [row(1)], change=others), template=PLACES).frame) == 1


def test_a_sheet_that_is_asked_for_is_read_whatever_its_name(tmp_path):
    def codes(made, _):
        sheet = made.create_sheet("codes")
        for cells in (["code"], ["A"]):
            sheet.append(cells)

    given = book(tmp_path / "a.xlsx", [row(1)], change=codes)
    assert read(given, sheet="codes").frame["code"].tolist() == ["A"]


def test_titles_above_the_names_are_left_and_rows_keep_their_numbers(tmp_path):
    titles = [["Ministry of Labour"], [], ["Year", 2021]]
    given = book(tmp_path / "a.xlsx", [row(1), row(2)], above=titles)
    assert len(read(given, template=PLACES).frame) == 2
    wrong = book(tmp_path / "b.xlsx", [row(1), row(2, persons="many")], above=titles)
    found = problems(wrong)
    assert found[0].rows == (6,)
    assert "(E6)" in found[0].where


def test_without_known_names_a_title_is_named(tmp_path):
    given = book(tmp_path / "a.xlsx", [row(1)], above=[["Ministry of Labour"]])
    with pytest.raises(InputError) as error:
        read(given)
    assert error.value.problems[0].what == "titles above the names of the columns"
    assert "rows above" in error.value.problems[0].fix


def test_cells_beside_the_named_columns_are_not_lost(tmp_path):
    given = book(tmp_path / "a.xlsx", [[*row(1), None, "a remark"]])
    assert problems(given)[0].what == "column without a name"
    assert "column J" in problems(given)[0].got


@pytest.mark.parametrize(
    ("heading", "name"), [("Budget", "budget_total"), ("Budget total (EUR)", "budget_total")]
)
def test_a_heading_near_a_known_one_is_named(tmp_path, heading, name):
    made = openpyxl.Workbook()
    made.active.append([heading if n == name else n for n in HEAD])
    made.active.append(row(1))
    made.save(tmp_path / "a.xlsx")
    found = problems(tmp_path / "a.xlsx")
    assert [(p.what, p.where.split(": ")[1]) for p in found] == [("unknown column", heading)]
    assert name in found[0].expected


def test_merged_cells_are_named_but_not_in_the_title(tmp_path):
    def merged(_, sheet):
        sheet.merge_cells("A1:G1")
        sheet.merge_cells("D3:D4")

    title = [["Ministry of Labour"]]
    found = problems(book(tmp_path / "a.xlsx", [row(1), row(2)], title, merged))
    assert [(p.what, p.rows) for p in found] == [("merged cells", ("D3:D4",))]


@pytest.mark.parametrize("name", ["opened_on", "price_year"])
def test_a_year_typed_into_a_date_cell_is_named(tmp_path, name):
    place = HEAD.index(name) + 1

    def typed(_, sheet):
        cell = sheet.cell(2, place)
        cell.value, cell.number_format = 2021, "yyyy-mm-dd"

    found = problems(book(tmp_path / "a.xlsx", [row(1)], change=typed))
    assert found[0].what == "a year in a cell formatted as a date"
    assert found[0].got == "1905-07-13 for 2021"
    assert found[0].rows == (f"{'ABC'[place - 1]}2",)


@pytest.mark.parametrize(
    "day", [datetime.datetime(1905, 12, 31), datetime.datetime(9999, 12, 31), "0000-01-01"]
)
def test_dates_have_bounds(tmp_path, day):
    found = problems(book(tmp_path / "a.xlsx", [row(1, opened_on=day)]))
    assert [(p.what, p.rows) for p in found] == [("out of range", (2,))]


@pytest.mark.parametrize(
    ("column", "shown", "said"),
    [
        ("share", "0%", "%"),
        ("share", "0.00%", "%"),
        ("persons", '#,##0 "%"', "%"),
        ("budget_total", "[$MDL] #,##0", "MDL"),
        ("budget_total", '#,##0\\ "lei"', "lei"),
        ("budget_total", "[$₾-437] #,##0", "₾"),
        ("budget_total", '_-* #,##0.00\\ "$"_-', "$"),
        ("budget_total", '0.0 "thousand"', "thousand"),
        ("persons", "#,##0 [$€-407]", "€"),
        ("persons", '0 "weeks"', "weeks"),
        ("persons", "0,", "÷1,000"),
        ("budget_total", "#,##0.0,,", "÷1,000,000"),
        ("budget_total", "[$EUR] #,##0,.0_)", "EUR ÷1,000"),
    ],
)
def test_a_number_shown_with_another_sign_than_its_column_has_is_named(
    tmp_path, column, shown, said
):
    def change(_, sheet):
        sheet.cell(3, HEAD.index(column) + 1).number_format = shown

    path = book(tmp_path / "f.xlsx", [row(1), row(2)], change=change)
    with pytest.raises(InputError) as error:
        read(path, template=PLACES)
    problem = error.value.problems[0]
    expected = (1, f"f.xlsx: {column} ({'ABCDEFGH'[HEAD.index(column)]}3)")
    assert (problem.count, problem.where) == expected
    assert problem.got.endswith(f"shown with {said}")


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        ("budget_total", "#,##0.00 [$€-407]"),
        ("budget_total", "[$EUR] #,##0"),
        ("budget_total", BUILTIN_FORMATS[44]),
        ("budget_total", "[>=1000]#\\ ##0;[Red]0.00"),
        ("persons", '0 "persons"'),
        ("persons", "0.00E+00"),
        ("persons", "#,##0"),
        ("persons", "#,##0_,"),
    ],
)
def test_a_number_shown_with_the_sign_of_its_column_is_read(tmp_path, column, shown):
    def change(_, sheet):
        sheet.cell(2, HEAD.index(column) + 1).number_format = shown

    found = read(book(tmp_path / "f.xlsx", [row(1)], change=change), template=PLACES)
    assert found.frame.loc[0, column] == row(1)[HEAD.index(column)]


@pytest.mark.parametrize(("shown_as", "said"), [("0%", "%"), ("0,", "÷1,000")])
def test_numbers_shown_otherwise_beside_plain_ones_are_named_without_a_template(
    tmp_path, shown_as, said
):
    def change(_, sheet):
        for number in shown:
            sheet.cell(number, HEAD.index("share") + 1).number_format = shown_as

    shown = [2, 3]
    path = tmp_path / "f.xlsx"
    read(book(path, [row(1), row(2, share=0.5)], change=change))
    shown = [3]
    with pytest.raises(InputError, match=f"shown with {said}"):
        read(book(path, [row(1), row(2, share=0.5)], change=change))


@pytest.mark.parametrize("written", ["100.000", "1.500", "12,345"])
@pytest.mark.parametrize("name", ["budget_total", "persons", "share"])
def test_a_text_number_that_may_be_thousands_is_named(tmp_path, written, name):
    found = problems(book(tmp_path / "a.xlsx", [row(1, **{name: written})]))
    assert [p.what for p in found] == ["a number that can be read in two ways"]
    assert f"Write {re.sub('[.,]', '', written)} if thousands" in found[0].fix


@pytest.mark.parametrize(("written", "value"), [("1000.5", 1000.5), ("0.125", 0.125), ("7", 7.0)])
def test_a_text_number_that_can_be_read_in_one_way_is_read(tmp_path, written, value):
    frame = read(book(tmp_path / "a.xlsx", [row(1, share=written)]), template=PLACES).frame
    assert frame["share"].tolist() == [value]


def test_money_and_counts_in_two_ways_in_a_csv_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("place_id,budget_total,persons,share\nP1,100.000,1.200,1.250\n")
    assert [p.where for p in problems(path)] == ["a.csv: budget_total", "a.csv: persons"]


@pytest.mark.parametrize(
    ("written", "value"),
    [("oui", True), ("Non", False), ("da", True), ("NU", False), ("VRAI", True), ("faux", False)],
)
def test_yes_and_no_in_the_languages_of_the_templates(tmp_path, written, value):
    frame = read(book(tmp_path / "a.xlsx", [row(1, running=written)]), template=PLACES).frame
    assert frame["running"].tolist() == [value]


@pytest.mark.parametrize(
    ("stream", "said"),
    [("EncryptedPackage", "password"), ("Workbook", "old Excel"), ("", "password")],
)
def test_a_locked_or_old_workbook_is_said_as_such(tmp_path, stream, said):
    magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    (tmp_path / "a.xlsx").write_bytes(magic + bytes(500) + stream.encode("utf-16-le"))
    assert said in problems(tmp_path / "a.xlsx")[0].what
    (tmp_path / "a.xls").write_bytes(magic + "Workbook".encode("utf-16-le"))
    assert ".xls of Excel 97" in problems(tmp_path / "a.xls")[0].got


@pytest.mark.whole
def test_blank_formatted_rows_are_no_rows(tmp_path):
    fill = PatternFill("solid", fgColor="FFFF00")

    def coloured(_, sheet):
        for number in (3, *range(5, 300)):
            for column in range(1, 60):
                sheet.cell(number, column).fill = fill

    blank = [None] * len(HEAD)
    given = book(tmp_path / "a.xlsx", [row(1), blank, row(2, persons="x")], change=coloured)
    assert problems(given)[0].rows == (4,)
    fine = book(tmp_path / "b.xlsx", [row(1), blank, row(2)], change=coloured)
    frame = read(fine, template=PLACES).frame
    assert isinstance(frame.index, pd.RangeIndex)
    assert frame["place_id"].tolist() == ["P1", "P2"]


@pytest.mark.parametrize(
    "text",
    [
        "place_id,persons\n,\n,\nP1,5\n,\n",
        "place_id,persons,\nP1,5,\n",
        "sep=;\nplace_id;persons\nP1;5\n",
        "Ministry of Labour\r\n\r\nplace_id,persons\r\nP1,5\r\n",
        "Ministry,\nplace_id,persons\nP1,5\n",
    ],
)
def test_csv_files_of_clerks_are_read(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    frame = read(path, template=PLACES).frame
    assert frame[["place_id", "persons"]].to_numpy().tolist() == [["P1", 5]]


def test_rows_of_a_csv_file_keep_their_numbers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Ministry,\nplace_id,persons\n,\nP1,x\n")
    assert problems(path)[0].rows == (4,)
