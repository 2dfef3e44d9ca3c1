"""Property: validation gathers every failure with column, rows and nearest code, and a valid frame
keeps its rows, columns and missing reasons.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismes_eval.errors import InputError
from mismes_eval.frame import check, problem_frame, references, template, validate

pytestmark = pytest.mark.property

PERSON = {
    "countrycode": "MDA",
    "year": "2024",
    "hhid": "000012",
    "pid": "00001201",
    "weight": "12.5",
    "male": "1",
    "age": "34",
    "lstatus": "1",
}
MEASURE = {
    "measure_id": "ARM-001",
    "country": "ARM",
    "title_en": "SYNTHETIC measure",
    "stage_code": "BEF",
    "model_primary": "M01",
    "target_group": "POT_MIG",
    "source_type": "SYNTHETIC",
}


def persons(n=3, **changes):
    rows = pd.DataFrame([PERSON | {"pid": f"{i:08d}"} for i in range(n)]).astype("str")
    return rows.assign(
        **{
            k: pd.array(v, dtype="str")
            if isinstance(v, list) and all(isinstance(x, str) for x in v)
            else v
            for k, v in changes.items()
        }
    )


def problems(frame, name="lfs_person", **options):
    return check(frame, template(name), **options).problems


def test_valid_rows_are_typed_and_nothing_is_dropped():
    frame = validate(persons(extra=["a", "b", "c"], age=["34", "", "0"]), template("lfs_person"))
    assert len(frame) == 3 and list(frame["extra"]) == ["a", "b", "c"]
    assert frame["hhid"].tolist() == ["000012"] * 3
    assert frame["weight"].dtype == "float64" and frame["male"].dtype == "int64"
    assert np.isnan(frame["age"][1]) and frame["age"].dtype == "float64"


def test_all_failures_at_once():
    frame = persons(
        4,
        age=["34", "abc", "150", "9999"],
        male=["1", "0", "2", "1"],
        weight=["1", "heavy", "-3", "2"],
        lstatus=["1", "2", "3", "9"],
        pid=["1", "2", "2", "4"],
    )
    table = problem_frame(problems(frame))
    found = {(w, c) for w, c in zip(table["what"], table["where"], strict=True)}
    assert ("text in a number column", "age") in found
    assert ("out of range", "age") in found
    assert ("undeclared missing code", "age") in found
    assert ("not a code", "male") in found and ("not a code", "lstatus") in found
    assert ("text in a number column", "weight") in found and ("out of range", "weight") in found
    assert any(w == "duplicated key" for w, _ in found)
    assert table.set_index(["what", "where"]).loc[("text in a number column", "age"), "rows"] == "3"


def test_missing_reasons_are_kept_and_contradictions_named():
    frame = persons(3, age=["34", "", ""], age_miss=["", "DK", "REF"])
    assert validate(frame, template("lfs_person"))["age_miss"].tolist()[1:] == ["DK", "REF"]
    both = problems(persons(3, age=["34", "20", ""], age_miss=["", "DK", "XX"]))
    assert [p.what for p in both] == ["not a code", "a value and a missing reason"]


def test_declared_sentinels_move_to_the_companion():
    frame = validate(
        persons(3, age=["34", "9999", "-8"]),
        template("lfs_person"),
        missing={"age": {"9999": "DK", "-8": "NOTASKED"}},
    )
    assert frame["age"].isna().tolist() == [False, True, True]
    assert frame["age_miss"].tolist()[1:] == ["DK", "NOTASKED"]
    numeric = validate(
        persons(3).assign(age=[34.0, 9999.0, -8.0]),
        template("lfs_person"),
        missing={"age": {"9999": "DK", "-8": "NOTASKED"}},
    )
    pd.testing.assert_series_equal(numeric["age_miss"], frame["age_miss"])


def test_a_declared_code_is_found_however_its_column_is_written():
    """-9 is -9.0 in a text column with gaps; a range takes what lies in it; 01 is another code."""
    given = persons(5, whours=["40.0", "-9.0", "9997", "9999", ""], psu=["1", "01", "2", "3", "4"])
    missing = {"whours": {"-9": "REF", "9990..9999": "DK"}, "psu": {"1": "DK"}}
    frame = validate(given, template("lfs_person"), missing=missing)
    assert frame["whours"].isna().tolist() == [False, True, True, True, True]
    assert frame["whours_miss"].tolist()[1:4] == ["REF", "DK", "DK"]
    assert frame["psu"].isna().tolist() == [True, False, False, False, False]
    (found,) = problems(given.drop(columns="whours"), missing={"whour": {"-9": "REF"}})
    assert (found.what, found.where) == ("missing codes of a column that is not there", "whour")


def test_a_heap_at_99_is_named_until_it_is_declared():
    ages = ["99"] * 12 + ["30"] * 20
    assert problems(persons(32, age=ages))[0].what == "looks like an undeclared missing code"
    assert problems(persons(32, age=ages), missing={"age": {}}) == ()
    assert problems(persons(32, age=ages), missing={"age": {"99": "DK"}}) == ()


@pytest.mark.parametrize("cell", ["1.23457E+12", "2,5E+10"])
def test_scientific_identifiers_lost_digits(cell):
    assert problems(persons(2, hhid=[cell, "7"]))[0].what == "identifiers that lost digits"


def test_float_identifiers_above_2_to_53():
    frame = persons(2).assign(hhid=[2.0**53 + 2, 7.0])
    assert problems(frame)[0].what == "identifiers that lost digits"
    assert validate(persons(2).assign(hhid=[1e12, 7.0]), template("lfs_person"))[
        "hhid"
    ].tolist() == ["1000000000000", "7"]


def test_decimal_comma_is_an_error_unless_declared():
    frame = persons(2, weight=["1,5", "2,25"])
    assert "decimal" in problems(frame)[0].fix
    assert validate(frame, template("lfs_person"), decimal=",")["weight"].tolist() == [1.5, 2.25]
    assert problems(persons(2, weight=["1.500,5", "2"]), decimal=",")[0].count == 1


def test_misspelt_required_column_is_named_once():
    found = problems(persons().rename(columns={"weight": "weigth"}))
    assert [p.what for p in found] == ["unknown column"] and found[0].expected == "'weight'"
    assert problems(persons().drop(columns="weight"))[0].what == "missing column"


def test_duplicated_columns_stop_the_check():
    frame = pd.concat([persons(), persons()[["age"]]], axis=1)
    assert [p.what for p in problems(frame)] == ["duplicated columns"]


def measures(**cells):
    return pd.DataFrame([MEASURE | cells]).astype("str")


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"start_date": "2022-01-01", "end_date": "2021-01-01"}, "rule dates_in_order fails"),
        ({"benef_reached": "10", "benef_completed": "11"}, "rule completed_of_reached fails"),
        ({"benef_completed": "10", "benef_placed": "11"}, "rule placed_of_completed fails"),
        (
            {
                "budget_total": "100",
                "currency": "EUR",
                "price_year": "2020",
                "cost_direct": "90",
                "cost_overhead": "13",
            },
            "rule costs_within_total fails",
        ),
        ({"budget_total": "100"}, "rule amount_has_currency fails"),
        (
            {"budget_total": "100000", "budget_eur": "1", "currency": "EUR", "price_year": "2020"},
            "rule euros_are_the_total fails",
        ),
        ({"eval_done": "TRUE"}, "rule evaluated_has_type fails"),
        (
            {"eval_done": "TRUE", "eval_type": "IMPACT", "eval_year": "2020"},
            "rule impact_has_design fails",
        ),
        ({"models_other": "M02;M01"}, "rule primary_not_repeated fails"),
        ({"country": "GEO"}, "rule id_has_country fails"),
        ({"start_date": "03/04/2021"}, "unreadable dates"),
        ({"start_date": "2021-02-30"}, "unreadable dates"),
        ({"measure_id": "ARM\u2013001"}, "wrong form"),
        ({"models_other": "M02;M99"}, "not a code"),
        ({"target_group": "POT_MIG;POT_MIG"}, "a code twice in one cell"),
        ({"eval_url": "javascript:alert(1)"}, "unreadable cells"),
        ({"title_en": "  "}, "blank cells"),
        ({"benef_reached": "10.5"}, "text in a number column"),
        ({"budget_total": "inf"}, "text in a number column"),
    ],
)
def test_each_inventory_rule_names_its_failure(cells, what):
    found = problems(measures(**cells), "inventory")
    assert what in [p.what for p in found]
    assert found[0].rows in ((2,), ()) or found[0].count == 1


def test_costs_may_exceed_the_total_by_two_percent():
    cells = {
        "budget_total": "100",
        "currency": "EUR",
        "price_year": "2020",
        "cost_direct": "90",
        "cost_overhead": "12",
    }
    assert problems(measures(**cells), "inventory") == ()


def test_whole_numbers_that_a_missing_cell_made_decimal_are_told_as_such():
    found = problems(measures(eval_done="1.0", eval_year="2020.0"), "inventory")
    assert [
        p.fix.startswith("Export the column as whole numbers or as text: a missing cell")
        for p in found
        if p.where == "eval_done"
    ] == [True]
    persons = problems(pd.DataFrame({"occup_isco": ["6000.0", "12345"]}), "lfs_person")
    fixes = [p.fix for p in persons if p.what == "wrong form" and p.where == "occup_isco"]
    assert fixes == [
        "Write '6000'. Export the column as whole numbers or as text: a missing cell has made its numbers decimal."
    ]
    assert [
        p.fix
        for p in problems(pd.DataFrame({"occup_isco": ["12345"]}), "lfs_person")
        if p.where == "occup_isco"
    ] == ["ISCO code, 1 to 4 digits."]


def test_nearest_code_and_plain_hyphen_are_offered():
    found = problems(measures(country="Arm\u00e9nie", measure_id="ARM-001"), "inventory")[0].fix
    assert "ARM" in found
    assert "'ARM-001'" in problems(measures(measure_id="ARM\u2013001"), "inventory")[0].fix


def test_two_open_episodes():
    rows = pd.DataFrame(
        {
            "person_id": ["a", "a", "b"],
            "ep_id": ["1", "2", "1"],
            "start_ym": ["2020-01", "2020-05", "2020-01"],
            "end_ym": [None, None, None],
            "state": ["UNEMP", "EMP_WAGE", "UNEMP"],
            "country": ["MDA"] * 3,
        }
    )
    found = problems(rows.astype("str"), "tracer_episode")
    assert [p.what for p in found] == ["rule one_open_episode fails"] and found[0].count == 2


def test_references_names_the_lost_key():
    child, parent = (
        pd.DataFrame({"measure_id": ["ARM-001", "ARM-0O2", None]}),
        pd.DataFrame({"measure_id": ["ARM-001", "ARM-002"]}),
    )
    found = references(child, "measure_id", parent, "measure_id")
    assert found[0].count == 1
    assert "ARM-002" in found[0].fix
    assert references(child.iloc[:1], "measure_id", parent, "measure_id") == ()


@pytest.mark.whole
@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(st.integers(0, 120).map(str), st.just(""), st.text(max_size=4)),
        min_size=1,
        max_size=12,
    )
)
def test_every_age_cell_is_a_number_or_missing_or_a_named_problem(cells):
    cells = [c.replace("\x00", "") for c in cells]
    frame = persons(len(cells), age=cells)
    checked = check(frame, template("lfs_person"), missing={"age": {}})
    named = sum(p.count for p in checked.problems if p.where == "age")
    blank = sum(not c.strip() for c in cells)
    in_range = checked.frame["age"].between(0, 120).sum()
    assert named + blank + in_range == len(cells)


def test_codes_stored_as_floats_keep_their_spelling():
    frame = pd.DataFrame({"person_id": ["a", "b"], "wave": [1, 2], "disp_code": [1.1, 2.53]})
    assert validate(frame, template("tracer_wave"))["disp_code"].tolist() == ["1.1", "2.53"]


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ("1 000 000", "without signs between the thousands"),
        ("1,000,000.50", "without signs between the thousands"),
        ("1.000.000,50", "without signs between the thousands"),
        ("1\u2019000\u2019000", "without signs between the thousands"),
        ("1000000,50", 'decimal=","'),
        ("1,5", 'decimal=","'),
    ],
)
def test_the_mend_of_a_number_as_text_fits_how_it_is_written(written, mend):
    (problem,) = problems(persons(2, weight=[written, "2"]))
    hints = ("without signs between the thousands", 'decimal=","')
    assert [hint for hint in hints if hint in problem.fix] == [mend]


@pytest.mark.parametrize("negative", ["-1", "-9", "-3.5"])
def test_a_negative_weight_is_no_missing_code_and_the_zeros_beside_it_are_counted(
    negative: str,
) -> None:
    with pytest.raises(InputError) as refused:
        validate(persons(weight=[negative, "0", "2"]), template("lfs_person"))
    (problem,) = refused.value.problems
    assert (problem.what, problem.rows) == ("out of range", (2,))
    assert "row has weight 0: 1, outside the sample" in problem.fix
