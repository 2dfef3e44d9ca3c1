"""Property: IATI activities keep their money once (types and statuses of budgets, parents, several
countries and regions, several currencies), counts add up, and hostile XML is refused. Amounts are
worked by hand from the code lists of IATI 2.03.
"""

import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError

pytestmark = pytest.mark.property

ACTIVITY = """<iati-activity default-currency="EUR" xml:lang="{language}"><iati-identifier>{id}</iati-identifier>
<reporting-org ref="XM-TEST" type="10"><narrative>Agency</narrative></reporting-org><title><narrative>{title}</narrative><narrative xml:lang="fr">Titre</narrative></title>
<description><narrative>SYNTHETIC</narrative></description>
<participating-org role="1" type="10" ref="XI-IATI-EC_NEAR"><narrative>European Commission</narrative></participating-org>
<participating-org role="4" type="{kind}"><narrative>Agency</narrative></participating-org>
<activity-status code="2"/><activity-date type="1" iso-date="2019-01-01"/><activity-date type="2" iso-date="2019-03-01"/><activity-date type="3" iso-date="2022-12-31"/>
{countries}{sectors}{money}{transactions}{related}</iati-activity>"""
SECTOR = '<sector vocabulary="1" code="15190"/>'
BUDGET = '<budget type="{kind}" status="{status}"><period-start iso-date="{start}"/><period-end iso-date="{end}"/><value value-date="{day}" currency="{currency}">{value}</value></budget>'


def budget(value, start="2019-01-01", end="2019-12-31", kind=1, status=1, currency="EUR", day=None):
    return BUDGET.format(
        kind=kind,
        status=status,
        start=start,
        end=end,
        day=day or start,
        currency=currency,
        value=value,
    )


HUNDRED = budget(100)


def transaction(value, kind=2, places="", sector=""):
    return (
        f'<transaction><transaction-type code="{kind}"/><transaction-date iso-date="2020-02-01"/>'
        f'<value value-date="2020-02-01">{value}</value>{sector}{places}</transaction>'
    )


def place(code, percentage=None, kind="country"):
    share = "" if percentage is None else f' percentage="{percentage}"'
    return f'<recipient-{kind} code="{code}"{share}/>'


def related(*pairs):
    return "".join(f'<related-activity ref="{ref}" type="{kind}"/>' for ref, kind in pairs)


def activity(
    identifier="X-1",
    countries=(("MD", None),),
    money=HUNDRED,
    related="",
    title="SYNTHETIC activity",
    kind="40",
    sectors=SECTOR,
    transactions="",
    regions=(),
    language="en",
):
    places = [place(c, p) for c, p in countries] + [place(c, p, "region") for c, p in regions]
    return ACTIVITY.format(
        id=identifier,
        title=title,
        countries="".join(places),
        money=money,
        related=related,
        kind=kind,
        sectors=sectors,
        transactions=transactions,
        language=language,
    )


@pytest.fixture
def iati(tmp_path):
    def read(
        *activities,
        countries=("MDA", "ARM"),
        allocation=None,
        head='<?xml version="1.0" encoding="UTF-8"?>',
        version="2.03",
    ):
        path = tmp_path / "a.xml"
        path.write_text(
            f'{head}<iati-activities version="{version}">{"".join(activities)}</iati-activities>',
            encoding="utf-8",
        )
        return inventory.read_iati(path, countries=countries, allocation=allocation)

    return read


def test_fields_of_one_activity(iati):
    row = iati(activity(money=budget(100, end="2019-06-30") + budget(50, "2019-07-01"))).frame.iloc[
        0
    ]
    wanted = {
        "measure_id": "MDA-001",
        "title_en": "SYNTHETIC activity",
        "title_orig": "Titre",
        "start_date": "2019-03-01",
        "end_date": "2022-12-31",
        "ongoing": "TRUE",
        "implementer_type": "IO",
        "funder_type": "EU",
        "crs_purpose": "15190",
        "budget_total": 150,
        "price_year": 2019,
    }
    assert {k: row[k] for k in wanted} == wanted


@pytest.mark.parametrize(
    ("budgets", "total"),
    [
        # IATI 2.03, BudgetType: 2, revised, stands in place of 1, original, of its period
        (budget(100) + budget(150, kind=2), 150),
        (budget(150, kind=2) + budget(100), 150),
        (budget(150, kind=2), 150),
        (budget(100) + budget(200, "2020-01-01", "2020-12-31") + budget(150, kind=2), 350),
        # two originals of half a year each, the revised budget of the year covers both
        (budget(40, end="2019-06-30") + budget(60, "2019-07-01") + budget(130, kind=2), 130),
        # the year in two revised halves
        (
            budget(100) + budget(70, end="2019-06-30", kind=2) + budget(60, "2019-07-01", kind=2),
            130,
        ),
        # a period may end on the day on which the next begins
        (budget(100, end="2020-01-01") + budget(150, "2020-01-01", "2021-01-01", kind=2), 250),
        # the later of two states of one revised budget
        (
            budget(100)
            + budget(150, kind=2, day="2019-02-01")
            + budget(160, kind=2, day="2019-09-01"),
            160,
        ),
        # BudgetStatus: indicative and committed are both counted
        (
            budget(100, status=2)
            + budget(200, "2020-01-01", "2020-12-31")
            + budget(300, "2021-01-01", "2021-12-31"),
            600,
        ),
        (budget(600), 600),
        (budget(100, status=1) + budget(150, kind=2, status=2), 150),
    ],
)
def test_budget_by_type_and_status(iati, budgets, total):
    assert iati(activity(money=budgets)).frame["budget_total"].tolist() == [total]


def test_indicative_and_committed_are_kept_apart(iati):
    money = budget(100, status=2) + budget(200, "2020-01-01", "2020-12-31")
    intake = iati(
        activity(money=money, countries=(("MD", 50), ("UA", 50))), allocation="percentage"
    )
    row = intake.frame.iloc[0]
    assert row[["budget_total", "budget_committed", "budget_indicative"]].tolist() == [150, 50, 100]
    assert "indicative 200.00 EUR; committed 100.00 EUR" in intake.issues["value"].tolist()


def test_version_2_01_knows_no_status_of_budgets(iati):
    plain = activity(money=budget(100).replace(' status="1"', ""))
    row = iati(plain, version="2.01").frame.iloc[0]
    assert row["budget_total"] == 100
    assert row[["budget_indicative", "budget_committed"]].isna().all()
    assert iati(plain).frame["budget_indicative"].tolist() == [100]


def test_a_revised_budget_of_part_of_a_period_leaves_the_total_open(iati):
    intake = iati(activity(money=budget(100) + budget(80, end="2019-06-30", kind=2)))
    assert pd.isna(intake.frame["budget_total"][0])
    assert any("part of the period" in w for w in intake.issues["what"])
    assert intake.balance.money == {"EUR": 180}


@pytest.mark.parametrize("value", ["NaN", "inf", "1e5", "1_000", "1,000,000", ""])
def test_an_amount_is_a_decimal_number_or_is_named(iati, value):
    intake = iati(activity(money=budget(value) + budget(50, "2020-01-01", "2020-12-31")))
    assert pd.isna(intake.frame["budget_total"][0])
    assert any("not a decimal number" in w for w in intake.issues["what"])
    assert intake.balance.to_frame()["EUR"].tolist()[0] == 50


def test_commitments_where_there_is_no_budget_and_never_disbursements(iati):
    both = transaction(600) + transaction(-100) + transaction(70, kind=3) + transaction(9, kind=11)
    assert iati(activity(money="", transactions=both)).frame["budget_total"].tolist() == [500]
    assert iati(activity(transactions=both)).frame["budget_total"].tolist() == [100]
    spent = iati(activity(money="", transactions=transaction(600, kind=3)))
    assert pd.isna(spent.frame["budget_total"][0])
    assert "600.00 EUR" in spent.issues["value"].tolist()


def test_several_currencies_are_not_added(iati):
    intake = iati(activity(money=budget(100) + budget(80, "2020-01-01", currency="USD")))
    assert pd.isna(intake.frame["budget_total"][0])
    assert intake.issues["what"].tolist() == ["amounts in several currencies, or in none"]
    assert intake.balance.money == {"EUR": 100, "USD": 80}


@pytest.mark.parametrize(
    ("countries", "regions", "total"),
    [
        ([("MD", 40)], [], 400_000),
        ([("MD", 40)], [("89", 60)], 400_000),
        ([("MD", 25), ("MD", 15)], [("89", 60)], 400_000),
        ([("md", None)], [], 1_000_000),
        ([("MD", None), ("MD", None)], [], 1_000_000),
        ([("MDA", 100)], [], 1_000_000),
        ([("498", 12.5)], [("89", 87.5)], 125_000),
    ],
)
def test_the_share_of_one_country(iati, countries, regions, total):
    intake = iati(activity(money=budget(1_000_000), countries=countries, regions=regions))
    assert intake.frame["budget_total"].tolist() == pytest.approx([total])
    line = intake.balance.to_frame().set_index(["line", "reason"])["EUR"]
    assert line["accepted", ""] == pytest.approx(total) and line["read", ""] == 1_000_000


def test_shares_of_countries_and_regions_add_up_to_100_together(iati):
    three = activity(countries=[("MD", 30), ("AM", 30)], regions=[("89", 40)])
    assert iati(three, allocation="percentage").frame["budget_total"].tolist() == [30, 30]
    assert "no allocation rule" in iati(three).refused["reason"][0]
    over = activity(countries=[("MD", 70)], regions=[("89", 70)])
    assert "do not add up to 100" in iati(over).refused["reason"][0]
    silent = activity(countries=[("MD", None)], regions=[("89", None)])
    refused = iati(silent).refused.iloc[0]
    assert "has a percentage" in refused["reason"] and refused["amounts"] == "100.00 EUR"


def test_what_is_not_in_a_country_is_refused_and_never_outside(iati):
    intake = iati(
        activity("X-1", countries=(), regions=[("89", None), ("298", None)]),
        activity("X-2", countries=()),
        activity("X-3", countries=(("ZZ", None),)),
        activity("X-4", countries=(("UA", None),)),
    )
    assert intake.refused["reason"].tolist() == [
        "regions only (89, 298): no country is named",
        "neither a country nor a region",
        "a country that cannot be read: code ZZ",
    ]
    assert intake.outside["record"].tolist() == ["X-4"]


def test_countries_and_sectors_of_transactions(iati):
    places = [place("MD"), place("AM"), place("89", kind="region")]
    sectors = ['<sector code="15190"/>', '<sector code="11330"/>', '<sector code="11330"/>']
    split = "".join(
        transaction(value, places=where, sector=sector)
        for value, where, sector in zip((50, 30, 20), places, sectors, strict=True)
    )
    whole = activity(countries=(), sectors="", money=budget(1000), transactions=split)
    intake = iati(whole, allocation="percentage")
    assert intake.frame["budget_total"].tolist() == pytest.approx([500, 300])
    assert intake.frame["crs_purpose"].tolist() == ["15190:50;11330:50"] * 2
    assert "in transactions" in iati(whole).refused["reason"][0]
    # 60% and 40% of 1,000, and 500 more for a third
    shared = transaction(1000, places=place("MD", 60) + place("UA", 40))
    several = activity(
        countries=(), money="", transactions=shared + transaction(500, places=place("AM"))
    )
    amounts = iati(several, allocation="percentage").frame["budget_total"].tolist()
    assert amounts == pytest.approx([600, 500])
    undivided = shared.replace(' percentage="40"', "")
    refused = iati(
        activity(countries=(), money="", transactions=undivided), allocation="percentage"
    )
    assert refused.refused["amounts"].tolist() == ["1,000.00 EUR"]
    one = activity(countries=(), money="", transactions=transaction(50, places=place("MD")))
    assert iati(one).frame["budget_total"].tolist() == [50]


@pytest.mark.parametrize(
    ("sectors", "cell"),
    [
        ((("15190", "60"), ("11330", "40")), "15190:60;11330:40"),
        ((("15190", "33.3"), ("11330", "33.3"), ("15190", "33.4")), "15190:66.7;11330:33.3"),
        ((("15190", "60"), ("11330", "60")), None),
        ((("15190", "60"), ("11330", "")), None),
        ((("15190", "120"), ("11330", "-20")), None),
        ((("15190", ""),), "15190"),
        ((("15190", "100"), ("1519", "100")), "15190"),
        ((("15190", "40"),), "15190:40"),
    ],
)
def test_percentages_of_sectors_divide_or_are_named(iati, sectors, cell):
    """IATI 2.03, element sector: the percentages of a vocabulary add up to 100."""
    written = "".join(
        f'<sector vocabulary="{1 if len(code) == 5 else 2}" code="{code}"'
        + (f' percentage="{share}"/>' if share else "/>")
        for code, share in sectors
    )
    intake = iati(activity(sectors=written))
    (found,) = intake.frame["crs_purpose"]
    assert found == cell
    named = intake.issues.loc[intake.issues["field"] == "crs_purpose", "done"].tolist()
    expected = {None: ["left empty"], "15190:40": ["the rest is not said"]}
    assert named == expected.get(cell, [])


def test_titles_of_languages_are_kept_apart(iati):
    row = iati(activity(title="Proiect", language="ro")).frame.iloc[0]
    assert row["title_en"] is None and row["title_orig"] == "Proiect"
    assert row["iati_titles"] == "ro: Proiect | fr: Titre"


@pytest.mark.parametrize("stated", ["parent", "child", "both"])
def test_parents_and_children_from_either_side(iati, stated):
    down = related(("X-1", 2), ("X-2", 2)) if stated != "child" else ""
    up = related(("X-0", 1)) if stated != "parent" else ""
    intake = iati(
        activity("X-0", related=down), activity("X-1", related=up), activity("X-2", related=up)
    )
    assert intake.frame["parent_id"].tolist()[1:] == ["MDA-001", "MDA-001"]
    assert pd.isna(intake.frame["parent_id"][0])


@pytest.mark.parametrize(
    "budgets",
    [
        budget(100, "2020-01-01", "2020-12-31") + budget(200, "2020-01-01", "2021-12-31"),
        budget(100, "2020-01-01", "2020-12-31", kind=2)
        + budget(200, "2020-07-01", "2021-06-30", kind=2),
        budget(50, "2019-01-01", "2019-12-31")
        + budget(100, "2020-01-01", "2020-12-31", kind=2)
        + budget(300, "2020-01-01", "2021-12-31", kind=2),
    ],
)
def test_budgets_of_one_type_that_overlap_are_not_added(iati, budgets):
    intake = iati(activity(money=budgets))
    assert intake.frame["budget_total"].isna().all()
    (issue,) = intake.issues.to_dict("records")
    assert issue["what"] == "periods of budgets of one type overlap"


def test_periods_that_touch_do_not_overlap(iati):
    two = budget(100, "2020-01-01", "2020-12-31") + budget(50, "2020-12-31", "2021-12-31")
    assert iati(activity(money=two)).frame["budget_total"].tolist() == [150.0]


@pytest.mark.parametrize("kind", [1, 2])
def test_parents_in_a_circle_are_left_out_and_named(iati, kind):
    ring = [("A", "B"), ("B", "C"), ("C", "A")]
    parts = [activity(name, related=related((other, kind))) for name, other in ring]
    below = activity("D", related=related(("A", 1)))
    intake = iati(*parts, below)
    frame = intake.frame.set_index("record")
    assert frame.loc[["A", "B", "C"], "parent_id"].isna().all()
    assert frame.loc["D", "parent_id"] == frame.loc["A", "measure_id"]
    named = intake.issues[intake.issues["what"] == "parents that come back to the activity"]
    assert sorted(named["record"]) == ["A", "B", "C"]


def test_a_parent_or_part_that_is_not_there_is_named(iati):
    intake = iati(activity("X-1", related=related(("P", 1), ("C", 2), ("X-1", 1))))
    named = intake.issues[intake.issues["field"] == "parent_id"]
    assert set(named["value"]) == {"P", "C", "X-1"} and pd.isna(intake.frame["parent_id"][0])


def test_structure_is_held_to_the_version(iati):
    good = activity()
    assert iati(good).issues["what"].str.contains("structure").sum() == 0
    bad = (
        good.replace(
            '<reporting-org ref="XM-TEST" type="10"><narrative>Agency</narrative></reporting-org>',
            "",
        )
        .replace('<period-end iso-date="2019-12-31"/>', "")
        .replace(SECTOR, SECTOR + place("AM", 0) + '<tag vocabulary="1" code="1"/>')
    )
    named = {v for v in iati(bad, version="2.02").issues["value"]}
    assert {
        "iati-activity without reporting-org",
        "budget without period-end",
        "elements in another order",
        "tag is not an element of 2.02",
    } <= named
    assert "tag is not an element of 2.02" not in set(iati(bad).issues["value"])


def test_a_file_without_a_version_says_so_and_another_version_is_refused(iati, tmp_path):
    path = tmp_path / "n.xml"
    path.write_text(f"<iati-activities>{activity()}</iati-activities>")
    issues = inventory.read_iati(path, countries=("MDA",)).issues
    assert issues["done"].tolist()[0] == "read as 2.03"
    with pytest.raises(InputError, match="another version"):
        iati(activity(), version="2.04")
    path.write_text(
        "<iati-activities><iati-activity><title>a</title></iati-activity></iati-activities>"
    )
    with pytest.raises(InputError, match="another version"):
        inventory.read_iati(path, countries=("MDA",))


def test_a_day_that_is_not_in_the_calendar_is_named(iati):
    intake = iati(activity().replace("2019-03-01", "2019-02-31"))
    assert intake.frame["start_date"].tolist() == ["2019-01-01"]
    assert "2019-02-31" in intake.issues["value"].tolist()


def test_several_countries_need_a_rule(iati):
    two = activity("X-1", countries=(("MD", 40), ("UA", 60)))
    refused = iati(two, activity("X-2"))
    assert refused.counts["count"].tolist()[:4] == [2, 1, 1, 0]
    assert "no allocation rule" in refused.refused["reason"][0]
    shared = iati(two, allocation="percentage")
    assert shared.frame["budget_total"].tolist() == [40]
    assert shared.frame["country"].tolist() == ["MDA"]
    stated = iati(two, allocation={"X-1": {"MDA": 0.1, "ARM": 0.9}})
    assert stated.frame["budget_total"].tolist() == pytest.approx([10, 90])
    assert stated.frame["measure_id"].tolist() == ["MDA-001", "ARM-001"]
    assert (
        "do not add up"
        in iati(
            activity("X-1", countries=(("MD", 40), ("UA", 50))), allocation="percentage"
        ).refused["reason"][0]
    )
    with pytest.raises(InputError, match="no such allocation rule"):
        iati(two, allocation="equal")


def test_parent_and_child_are_added_up_once(iati):
    parent = activity("X-0", money=budget(300), related=related(("X-1", 2)))
    child = activity("X-1", related=related(("X-0", 1)), title="SYNTHETIC part")
    intake = iati(parent, child)
    coded = intake.coded(
        pd.DataFrame(
            {
                "record": ["X-0", "X-1"],
                "stage_code": "AFT",
                "model_primary": "M09",
                "target_group": "RETURNEE_VOL",
            }
        )
    )
    read = inventory.from_intake(coded)
    euro, _ = read.to_euro(
        pd.DataFrame(
            {"currency": ["USD"], "year": [2019], "eur_per_unit": [0.9], "source": ["SYNTHETIC"]}
        )
    )
    assert read.counted.tolist() == [False, True]
    assert euro.profile().budget_tree["budget_eur"].sum() == 100


def test_an_inventory_made_of_an_import_accounts_for_what_was_refused(iati):
    shared = activity("A", countries=(("MD", 40), ("AM", 30)), regions=(("89", 30),))
    away = activity("B", countries=(("UA", None),), money=budget(70))
    nowhere = activity("C", countries=(), money=budget(5))
    coding = {"record": ["A"], "stage_code": "AFT", "model_primary": "M09"}
    coding |= {"target_group": "RETURNEE_VOL"}
    intake = iati(shared, away, nowhere, allocation="percentage").coded(pd.DataFrame(coding))
    whole = inventory.from_intake(intake)
    assert str(whole.balance()) == str(intake.balance)
    lines = whole.where(whole.frame["country"] == "MDA").balance().to_frame()
    assert lines["EUR"].tolist() == pytest.approx([175, 40, 30, 5, 70, 30, 175])
    assert "left out by a selection" in set(lines["reason"])


def test_activities_elsewhere_are_counted_outside(iati):
    intake = iati(activity("X-1", countries=(("UA", None),)), activity("X-2"))
    assert intake.counts["count"].tolist()[:4] == [2, 1, 0, 1]
    expected = [1, 0, 0, 1]
    assert iati(activity("X-1", countries=(("UA", None),))).counts["count"].tolist()[:4] == expected


def test_stage_and_model_are_left_to_a_coder(iati):
    assert {"model_primary", "stage_code", "target_group"} <= {
        w.split(".")[-1] for w in iati(activity("X-1")).lacking["where"]
    }


@pytest.mark.parametrize(
    ("head", "body", "version", "what"),
    [
        ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>', "", "2.03", "entities"),
        (
            '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            "<iati-activity>&x;</iati-activity>",
            "2.03",
            "entities",
        ),
        ('<?xml version="1.0"?>', "<iati-activity>", "2.03", "damaged XML"),
        ('<?xml version="1.0"?>', "", "1.05", "another version"),
        ('<?xml version="1.0"?>', "<a>" * 40 + "</a>" * 40, "2.03", "nested too deeply"),
    ],
)
def test_hostile_or_other_xml_is_refused(iati, head, body, version, what):
    with pytest.raises(InputError, match=what):
        iati(body, head=head, version=version)


def test_an_activity_twice_and_another_file(iati, tmp_path):
    with pytest.raises(InputError, match="stands twice"):
        iati(activity("X-1"), activity("X-1"))
    (tmp_path / "b.xml").write_text("<html/>")
    with pytest.raises(InputError, match="not an IATI"):
        inventory.read_iati(tmp_path / "b.xml", countries=("MDA",))
    with pytest.raises(InputError, match="no such file"):
        inventory.read_iati(tmp_path / "c.xml", countries=("MDA",))


def test_a_part_in_another_country_than_its_only_whole(iati):
    whole = activity("X-0", money=budget(1000), related=related(("X-1", 2)))
    intake = iati(whole, activity("X-1", countries=(("AM", None),), money=budget(300)))
    assert intake.frame["parent_id"].tolist()[1] == "MDA-001"


def test_a_stated_reason_for_no_budget_and_an_amount_without_its_own_currency(iati):
    silent = activity(money="").replace(
        "<iati-activity ", '<iati-activity budget-not-provided="2" '
    )
    assert "BudgetNotProvided" in iati(silent).issues["what"][0]
    assert iati(activity(money=budget(100, currency=""))).frame["currency"].tolist() == ["EUR"]


def test_files_read_together(tmp_path):
    def file(name, *activities):
        path = tmp_path / name
        path.write_text(f'<iati-activities version="2.03">{"".join(activities)}</iati-activities>')
        return path

    def state(day, value):
        stamp = f'<iati-activity last-updated-datetime="{day}T00:00:00" '
        return activity("A", money=budget(value)).replace("<iati-activity ", stamp)

    part = activity("K", money=budget(40), related=related(("P", 1)))
    first = file("1.xml", state("2020-01-01", 100), part)
    second = file("2.xml", state("2021-01-01", 120), activity("P", money=budget(90)))
    for order in ([first, second], [second, first]):
        intake = inventory.read_iati(order, countries=("MDA",))
        amounts = intake.frame.set_index("record")["budget_total"].to_dict()
        assert amounts == {"A": 120, "K": 40, "P": 90}
        assert intake.frame.set_index("record")["parent_id"].notna().to_dict()["K"]
        lines = intake.balance.to_frame().set_index("line")["EUR"]
        assert lines["merged"] == 100 and lines["read"] == 350
    with pytest.raises(InputError, match="two files that say different things"):
        inventory.read_iati(
            [first, file("3.xml", part.replace(">40<", ">41<"))], countries=("MDA",)
        )


def test_a_large_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mismes_eval.inventory.iati_file.LARGEST_FILE", 10)
    (tmp_path / "a.xml").write_text("<iati-activities version='2.03'/>")
    with pytest.raises(InputError, match="too large"):
        inventory.read_iati(tmp_path / "a.xml", countries=("MDA",))
