"""Golden: 1,222 bilateral labour agreements give 52 records for the five countries; property: the
counts of an import always add up, refused cells are named.
"""

from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
import yaml

from mismes_eval import inventory
from mismes_eval.errors import InputError

pytestmark = pytest.mark.golden

FIVE = ("ARM", "GEO", "MDA", "MAR", "TUN")
REGISTER = {
    "register": "made-up register",
    "source": "SYNTHETIC",
    "record": "id",
    "countries": ["land"],
    "aliases": {"Moldavia": "MDA"},
    "fields": {
        "title_en": {"column": "name"},
        "stage_code": {"column": "kind", "codes": {"before": "BEF", "After": "AFT"}},
        "model_primary": {"constant": "M01"},
        "start_date": {"date": "start", "written": "%d/%m/%Y", "year": "year"},
        "target_group": {"constant": "POT_MIG"},
        "source_type": {"constant": "SYNTHETIC"},
        "service_info": {"any": ["info", "web"]},
        "models_other": {"flags": {"M02": "info", "M03": "web"}},
    },
}
ROWS = [
    {
        "id": "1",
        "name": "a",
        "land": "Moldova",
        "kind": "before",
        "start": "03/04/2021",
        "year": "2021",
        "info": "1",
        "web": "0",
    },
    {
        "id": "2",
        "name": "b",
        "land": "Moldavia",
        "kind": "after",
        "start": "",
        "year": "9999",
        "info": "0",
        "web": "0",
    },
    {
        "id": "3",
        "name": "c",
        "land": "Arm\u00e9nie",
        "kind": "later",
        "start": "",
        "year": "2019",
        "info": "",
        "web": "",
    },
    {
        "id": "4",
        "name": "d",
        "land": "Atlantis",
        "kind": "before",
        "start": "",
        "year": "2019",
        "info": "1",
        "web": "1",
    },
]


@pytest.fixture
def mapped(tmp_path):
    def run(change=None, rows=ROWS, countries=FIVE):
        (tmp_path / "map.yaml").write_text(
            yaml.safe_dump(REGISTER | (change or {})), encoding="utf-8"
        )
        pd.DataFrame(rows).to_csv(tmp_path / "register.csv", index=False)
        return inventory.read_mapped(
            tmp_path / "register.csv", tmp_path / "map.yaml", countries=countries
        )

    return run


@pytest.mark.shared
def test_bilateral_agreements_of_the_five_countries(shared):
    data = shared / "data"
    intake = inventory.read_mapped(
        data / "BLAs_Formation_Data.csv.gz",
        "bilateral_agreements",
        countries=FIVE,
        join=data / "BLAs_Coding_Data.csv.gz",
    )
    counts = intake.counts.set_index("what")["count"]
    assert (
        counts["records read"] == 1222
        and counts["accepted"] == 52
        # 25 name a state of the past (Yugoslavia, Czechoslovakia) and none of the five
        and counts["refused"] == 25
        and counts["outside the selection"] == 1145
    )
    expected = {"TUN": 27, "MAR": 16, "ARM": 4, "GEO": 3, "MDA": 2}
    assert intake.frame["country"].value_counts().to_dict() == expected
    assert intake.lacking.empty
    read = inventory.from_intake(intake)
    assert len(read) == 52 and read.profile().matrix_n.loc["BEF", "M01"] == 52


@pytest.mark.shared
def test_year_9999_is_refused_as_a_year(shared):
    data = shared / "data"
    intake = inventory.read_mapped(
        data / "BLAs_Formation_Data.csv.gz",
        "bilateral_agreements",
        countries=("NZL",),
        join=data / "BLAs_Coding_Data.csv.gz",
    )
    issue = intake.issues[intake.issues["value"] == "9999"]
    assert issue["what"].tolist() == ["not a year"] and issue["done"].tolist() == ["left empty"]
    assert (
        intake.frame.loc[intake.frame["record"] == issue["record"].iloc[0], "start_date"]
        .isna()
        .all()
    )


@pytest.mark.shared
def test_coded_shares_of_agreements(shared):
    # shares published with the data: skills 22.8 %, recognition 8.2 %, migrant information 34.2 %,
    # reintegration 7.2 % of 570 coded texts
    coded = pd.read_csv(shared / "data" / "BLAs_Coding_Data.csv.gz")
    whole = inventory.load_mapping("bilateral_agreements")
    mapping = replace(whole, join={}, fields={"models_other": whole.fields["models_other"]})
    intake = inventory.read_mapped(
        shared / "data" / "BLAs_Coding_Data.csv.gz", mapping, countries=("USA", "DEU", "FRA")
    )
    parts = intake.frame["models_other"].fillna("").str.split(";")
    inside = coded[coded["treatyID"].astype(str).isin(intake.frame["record"])]
    for model, column in (
        ("M03", "mig_human_cap"),
        ("M06", "credentials"),
        ("M02", "migrant_info"),
        ("M09", "reintegration"),
    ):
        assert parts.map(lambda p, m=model: m in p).mean() == pytest.approx(
            (inside[column] == 1).mean()
        )
    assert [
        (coded[c] == 1).mean().round(3)
        for c in ("mig_human_cap", "credentials", "migrant_info", "reintegration")
    ] == [0.228, 0.082, 0.342, 0.072]


def test_counts_add_up_and_issues_are_named(mapped):
    intake = mapped()
    assert intake.counts["count"].tolist()[:4] == [4, 3, 1, 0]
    assert intake.frame["measure_id"].tolist() == ["MDA-001", "MDA-002", "ARM-001"]
    assert intake.frame["start_date"].tolist()[0] == "2021-04-03"
    assert pd.isna(intake.frame["start_date"][1])
    assert intake.frame["start_date"][2] == "2019-01-01"
    named = set(
        zip(intake.issues["record"], intake.issues["field"], intake.issues["value"], strict=True)
    )
    found = {("2", "start_date", "9999"), ("3", "stage_code", "later"), ("3", "start_date", "2019")}
    assert found <= named
    assert intake.frame["service_info"].tolist()[:2] == ["TRUE", "FALSE"]
    assert pd.isna(intake.frame["service_info"][2])
    assert intake.frame["models_other"].tolist()[0] == "M02"


def test_what_a_coder_must_fill_is_listed_and_then_filled(mapped):
    intake = mapped()
    assert intake.lacking["where"].tolist() == ["stage_code"]
    with pytest.raises(InputError, match="stage_code"):
        inventory.from_intake(intake)
    coded = intake.coded(pd.DataFrame({"record": ["3"], "stage_code": ["DUR"]}))
    assert inventory.from_intake(coded).frame["stage_code"].tolist() == ["BEF", "AFT", "DUR"]
    with pytest.raises(InputError) as error:
        intake.coded(pd.DataFrame({"record": ["9", "3", "3"], "stage": ["X", "Y", "Z"]}))
    expected = {"no such record", "a record stands twice", "no such column in the template"}
    assert {p.what for p in error.value.problems} == expected


@pytest.mark.parametrize(("rule", "held"), [("refuse", []), ("each", [None]), ("equal", [50.0])])
def test_an_amount_that_another_country_shares_is_not_the_chosen_country_s(mapped, rule, held):
    """Moldova is chosen, Poland is not: the whole amount is not Moldova's, whatever the rule."""
    intake = mapped(MONEY | {"several": rule}, [project(1, "Moldova; Poland")])
    amounts = [None if pd.isna(v) else float(v) for v in intake.frame.get("budget_total", [])]
    assert amounts == held


@pytest.mark.parametrize(
    "land",
    ["MD; Atlantis", "Atlantis; 498", "Moldova et Atlantide", "Republica Moldova, Ruritania"],
)
@pytest.mark.parametrize(("rule", "held"), [("refuse", []), ("equal", [50.0]), ("each", [None])])
def test_a_country_beside_one_that_cannot_be_read_has_no_whole_amount(mapped, land, rule, held):
    """Also where the two stand in two columns."""
    columns = {"countries": ["land", "other"], "several": rule}
    beside = project(2, "Moldova") | {"other": "Atlantis"}
    for row in (project(1, land) | {"other": ""}, beside):
        intake = mapped(MONEY | columns, [row])
        amounts = [None if pd.isna(v) else float(v) for v in intake.frame.get("budget_total", [])]
        assert amounts == held
        assert intake.issues["what"].str.contains("no country that is known").any()
        counted = intake.balance.to_frame()
        assert counted["EUR"].iloc[0] == 100 == counted.iloc[1:-1]["EUR"].sum()


@pytest.mark.parametrize(
    ("rule", "accepted", "refused"), [("refuse", 0, 2), ("first", 2, 0), ("each", 2, 0)]
)
def test_a_record_in_several_countries_needs_a_stated_rule(mapped, rule, accepted, refused):
    rows = [ROWS[0] | {"other": "Georgia"}, ROWS[2] | {"other": "Atlantis"}]
    intake = mapped({"countries": ["land", "other"], "several": rule}, rows)
    expected = [accepted, refused]
    assert intake.counts.set_index("what")["count"][["accepted", "refused"]].tolist() == expected
    assert len(intake.frame) == accepted + (rule == "each")


MONEY = {
    "fields": REGISTER["fields"]
    | {
        "budget_total": {"column": "cost"},
        "currency": {"constant": "EUR"},
        "parent_id": {"column": "part_of"},
    }
}


def project(number, land, cost="100", part_of=""):
    return ROWS[0] | {"id": str(number), "land": land, "cost": cost, "part_of": part_of}


@pytest.mark.parametrize(
    ("land", "accepted"),
    [
        ("MD", ["MDA"]),
        ("498", ["MDA"]),
        ("Moldova, Republic of", ["MDA"]),
        ("R\u00e9publique de Moldova", ["MDA"]),
        ("Republik Moldau", ["MDA"]),
        ("\u041c\u043e\u043b\u0434\u043e\u0432\u0430", ["MDA"]),
        ("Moldova; Georgia", ["MDA", "GEO"]),
        ("AM, GE", ["ARM", "GEO"]),
        ("Tunisie et Maroc", ["TUN", "MAR"]),
        ("Ukraine / Armenia", ["ARM"]),
    ],
)
def test_countries_of_a_cell_are_read(mapped, land, accepted):
    intake = mapped(MONEY | {"several": "each"}, [project(1, land)])
    assert intake.frame["country"].tolist() == accepted and intake.outside.empty


@pytest.mark.parametrize("land", ["", "Atlantis", "Ukraine; Atlantis"])
def test_outside_holds_only_records_whose_countries_were_read(mapped, land):
    intake = mapped(MONEY, [project(1, land), project(2, "Ukraine")])
    assert intake.outside["record"].tolist() == ["2"]
    assert intake.refused[["record", "amounts"]].to_numpy().tolist() == [["1", "100.00 EUR"]]
    assert intake.issues["what"].str.contains("budget 100.00 EUR").any()


def test_the_split_rule_of_the_mapping_file(mapped):
    rows = [project(1, "Moldova + Georgia")]
    found = mapped(MONEY | {"several": "each", "split": "+"}, rows).frame["country"].tolist()
    assert found == ["MDA", "GEO"]
    with pytest.raises(InputError, match="not a separator"):
        mapped(MONEY | {"split": ""}, rows)


@pytest.mark.parametrize(
    ("rule", "amounts", "held"),
    [("equal", ["25.0", "25.0"], 50), ("each", [], 0), ("first", ["100"], 100)],
)
def test_an_amount_of_several_countries_is_counted_once(mapped, rule, amounts, held):
    # 100 for Moldova, Georgia and two countries that are not chosen
    intake = mapped(MONEY | {"several": rule}, [project(1, "Moldova; Georgia; Ukraine; Poland")])
    assert intake.frame["budget_total"].dropna().tolist() == amounts
    table = intake.balance.to_frame()
    assert table["EUR"].tolist()[0] == 100 and intake.balance.accepted.get("EUR", 0) == held
    assert table.iloc[1:-1]["EUR"].sum() == 100


@pytest.mark.parametrize(
    ("written", "decimal", "held"),
    [
        ("1000.5", ".", 1000.5),
        ("1000,5", ",", 1000.5),
        ("100.000", ".", 0),  # a hundred or a hundred thousand
        ("100,000", ",", 0),
        ("1.000.000", ".", 0),
        ("\u20ac 1000", ".", 0),
    ],
)
def test_an_amount_of_a_text_file_that_can_be_read_in_two_ways_is_not_added(
    mapped, written, decimal, held
):
    rows = [project(1, "Moldova", written)]
    intake = mapped(MONEY | {"read": {"decimal": decimal}}, rows)
    assert intake.balance.accepted.get("EUR", 0) == held
    assert ("not a plain number" in set(intake.issues["what"])) == (held == 0)


@pytest.mark.parametrize(
    ("land", "held"),
    [
        ("Moldova 40%, Georgia 60%", [40.0, 60.0]),
        ("GEO:60;MDA:39,5;UKR:0,5", [60.0, 39.5]),
        ("Moldova 25%; Atlantis 75%", [25.0]),
        ("Moldova 33.3%, Georgia 33.3%, Ukraine 33.3%", [100 / 3, 100 / 3]),
        ("Moldova 40%, Georgia 50%", []),
        ("Moldova 70%, Georgia 60%", []),
        ("Moldova 0%, Georgia 100%", []),
        ("Moldova 40%; Georgia", []),
        ("Moldova/Georgia (40/60)", []),
        ("Moldova (60%)", []),
    ],
)
@pytest.mark.parametrize("rule", ["percentage", "equal"])
def test_percentages_of_a_cell_divide_the_amounts_or_refuse_the_record(mapped, rule, land, held):
    intake = mapped(MONEY | {"several": rule}, [project(1, land)])
    amounts = [float(v) for v in intake.frame.get("budget_total", [])]
    assert amounts == pytest.approx(held)
    assert intake.issues["what"].str.contains("budget 100.00 EUR").any()
    counted = intake.balance.to_frame()
    assert counted["EUR"].iloc[0] == 100 == pytest.approx(counted.iloc[1:-1]["EUR"].sum())


def test_percentages_beside_others_rules(mapped):
    """Nothing is divided where the mapping file asks for it and the record does not say how, or says
    how and the mapping file does not ask."""
    both = "Moldova 40%, Georgia 60%"
    assert mapped(MONEY | {"several": "refuse"}, [project(1, both)]).frame.empty
    assert mapped(MONEY | {"several": "percentage"}, [project(1, "MD; GE")]).frame.empty
    beside = [project(1, "Moldova 40%") | {"other": "Georgia 60%"}]
    columns = {"countries": ["land", "other"], "several": "percentage"}
    assert mapped(MONEY | columns, beside).frame["budget_total"].tolist() == ["40.0", "60.0"]
    alone = mapped(
        MONEY | {"several": "percentage"}, [project(1, "Moldova"), project(2, "GE 100%")]
    )
    assert alone.frame["budget_total"].tolist() == ["100", "100"]


def test_parents_are_translated_with_the_ids_of_the_register(mapped):
    rows = [
        project(10, "Moldova", "300"),
        project(11, "Moldova", "100", "10"),
        project(12, "Georgia", "50", "10"),
        project(13, "Moldova", "50", "99"),
        project(14, "Moldova", "50", "15"),
        project(15, "Ukraine", "50"),
        project(16, "Moldova", "1", "17"),
        project(17, "Moldova", "1", "16"),
    ]
    intake = mapped(MONEY, rows)
    found = intake.frame.set_index("record")["parent_id"]
    assert found["11"] == found["12"] == "MDA-001"
    assert found[["10", "13", "14", "16", "17"]].isna().all()
    named = intake.issues[intake.issues["field"] == "parent_id"].set_index("value")["what"]
    assert named["99"] == "no record of the register has this identifier"
    assert named["15"] == "the parent is not among the records of this country"
    assert named["16"] == named["17"] == "parents that come back to the activity"


def test_the_balance_names_each_fate_with_its_money(mapped):
    rows = [
        project(1, "Moldova", "1000"),
        project(2, "Ukraine", "200"),
        project(3, "", "30"),
        project(4, "Moldova; Armenia", "4"),
        project(5, "Georgia", "about 5"),
    ]
    table = mapped(MONEY, rows).balance.to_frame().set_index("line")
    assert table.loc["read", ["records", "EUR"]].tolist() == [5, 1234]
    assert table.loc["accepted", ["records", "EUR"]].tolist() == [2, 1000]
    assert table.loc["outside", ["records", "EUR"]].tolist() == [1, 200]
    assert sorted(table.loc["refused", "EUR"]) == [4, 30]
    assert table.loc["accounted for", ["records", "EUR"]].tolist() == [5, 1234]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"feilds": {}}, "unknown key"),
        ({"fields": {"titel_en": {"constant": "x"}}}, "no such field in the template"),
        ({"fields": {"title_en": {"colum": "x"}}}, "no such rule"),
        ({"fields": {"title_en": {"column": "nme"}}}, "no such column"),
        ({"countries": ["lnd"]}, "no such column"),
        ({"countries": "land"}, "no list of columns"),
        ({"record": "no"}, "no such column"),  # YAML 1.1 takes it for false
        ({"several": "all"}, "no such rule"),
    ],
)
def test_mistakes_in_a_mapping_file_are_named(mapped, change, what):
    with pytest.raises(InputError, match=what):
        mapped(change)


def test_unknown_country_or_mapping_is_refused(mapped):
    with pytest.raises(InputError, match="not a country"):
        mapped(countries=("XYZ",))
    with pytest.raises(InputError, match="bilateral_agreements"):
        inventory.load_mapping("nothing")


def test_records_that_share_an_identifier_break_the_count(mapped):
    with pytest.raises(InputError, match="do not add up"):
        mapped(rows=[ROWS[0], ROWS[0]])


def test_intake_to_excel(mapped, tmp_path):
    mapped().to_excel(tmp_path / "intake.xlsx")
    found = pd.read_excel(tmp_path / "intake.xlsx", sheet_name="counts")["count"].tolist()[:4]
    assert found == [4, 3, 1, 0]


def test_the_mapping_file_in_the_docs_loads(root, tmp_path):
    page = (root / "docs" / "inventory.md").read_text(encoding="utf-8")
    (tmp_path / "docs.yaml").write_text(
        page.split("```yaml\n")[1].split("```")[0], encoding="utf-8"
    )
    mapping = inventory.load_mapping(tmp_path / "docs.yaml")
    assert mapping.register == "my register"
    assert set(mapping.fields) <= set(inventory.template().names)


@pytest.mark.parametrize(
    ("shown", "fits"), [("[$MDL] #,##0", False), ("0%", False), ("#,##0,", False), ('0 "€"', True)]
)
def test_an_amount_shown_in_another_currency_than_the_mapping_says_is_refused(
    tmp_path, shown, fits
):
    fields = REGISTER["fields"] | {
        "budget_total": {"column": "budget"},
        "currency": {"constant": "EUR"},
    }
    book = openpyxl.Workbook()
    book.active.append([*ROWS[0], "budget"])
    book.active.append([*ROWS[0].values(), 1000])
    book.active.cell(2, len(ROWS[0]) + 1).number_format = shown
    book.save(tmp_path / "register.xlsx")
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(REGISTER | {"fields": fields}))
    arguments = (tmp_path / "register.xlsx", tmp_path / "m.yaml")
    if fits:
        assert inventory.read_mapped(*arguments, countries=("MDA",)).balance.money == {"EUR": 1000}
        return
    with pytest.raises(InputError, match="shown with a sign"):
        inventory.read_mapped(*arguments, countries=("MDA",))


def test_a_budget_that_is_not_its_euros_is_an_issue_of_the_import(tmp_path):
    fields = REGISTER["fields"] | {
        "budget_total": {"column": "budget"},
        "budget_eur": {"column": "euros"},
        "currency": {"column": "money"},
    }
    cells = [(100000, 1, "EUR"), (100000, 99500, "EUR"), (100000, 1, "MDL")]
    lines = [{**ROWS[0], "id": f"r{n}", "budget": b} for n, (b, _, _) in enumerate(cells)]
    table = pd.DataFrame(lines).assign(euros=[c[1] for c in cells], money=[c[2] for c in cells])
    table.to_csv(tmp_path / "register.csv", index=False)
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(REGISTER | {"fields": fields}))
    found = inventory.read_mapped(
        tmp_path / "register.csv", tmp_path / "m.yaml", countries=("MDA",)
    )
    named = found.issues[found.issues["field"] == "budget_eur"]
    assert named[["record", "value"]].to_numpy().tolist() == [["r0", "1"]]
