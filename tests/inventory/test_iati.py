"""Property: IATI activities keep their money once (parents, several countries, several currencies),
counts add up, and hostile XML is refused.
"""

import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError

pytestmark = pytest.mark.property

ACTIVITY = """<iati-activity default-currency="EUR" xml:lang="en"><iati-identifier>{id}</iati-identifier>
<title><narrative>{title}</narrative><narrative xml:lang="fr">Titre</narrative></title>
<participating-org role="1" type="10" ref="XI-IATI-EC_NEAR"><narrative>European Commission</narrative></participating-org>
<participating-org role="4" type="{kind}"><narrative>Agency</narrative></participating-org>
<activity-status code="2"/><activity-date type="1" iso-date="2019-01-01"/><activity-date type="2" iso-date="2019-03-01"/><activity-date type="3" iso-date="2022-12-31"/>
{countries}<sector vocabulary="1" code="15190"/>{money}{related}</iati-activity>"""
BUDGET = '<budget type="1" status="{status}"><value value-date="{day}" currency="{currency}">{value}</value></budget>'


def activity(
    identifier,
    countries=(("MD", None),),
    money=(("1", "2019-01-01", "EUR", "100"),),
    related="",
    title="SYNTHETIC activity",
    kind="40",
):
    places = "".join(
        f'<recipient-country code="{c}"' + (f' percentage="{p}"' if p is not None else "") + "/>"
        for c, p in countries
    )
    budgets = "".join(BUDGET.format(status=s, day=d, currency=c, value=v) for s, d, c, v in money)
    return ACTIVITY.format(
        id=identifier, title=title, countries=places, money=budgets, related=related, kind=kind
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
    row = iati(
        activity("X-1", money=(("1", "2019-01-01", "EUR", "100"), ("1", "2019-06-01", "EUR", "50")))
    ).frame.iloc[0]
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


def test_revised_budgets_replace_the_original(iati):
    assert (
        iati(
            activity(
                "X-1", money=(("1", "2019-01-01", "EUR", "100"), ("2", "2019-01-01", "EUR", "80"))
            )
        ).frame["budget_total"][0]
        == 80
    )


def test_several_currencies_are_not_added(iati):
    intake = iati(
        activity("X-1", money=(("1", "2019-01-01", "EUR", "100"), ("1", "2019-01-01", "USD", "80")))
    )
    assert pd.isna(intake.frame["budget_total"][0]) and intake.issues["what"][0].startswith(
        "amounts in several currencies"
    )


def test_several_countries_need_a_rule(iati):
    two = activity("X-1", countries=(("MD", 40), ("UA", 60)))
    refused = iati(two, activity("X-2"))
    assert (
        refused.counts["count"].tolist()[:4] == [2, 1, 1, 0]
        and "no allocation rule" in refused.refused["reason"][0]
    )
    shared = iati(two, allocation="percentage")
    assert shared.frame["budget_total"].tolist() == [40] and shared.frame["country"].tolist() == [
        "MDA"
    ]
    stated = iati(two, allocation={"X-1": {"MDA": 0.1, "ARM": 0.9}})
    assert stated.frame["budget_total"].tolist() == pytest.approx([10, 90]) and stated.frame[
        "measure_id"
    ].tolist() == ["MDA-001", "ARM-001"]
    assert (
        "do not add up"
        in iati(
            activity("X-1", countries=(("MD", 40), ("UA", 50))), allocation="percentage"
        ).refused["reason"][0]
    )
    with pytest.raises(InputError, match="no such allocation rule"):
        iati(two, allocation="equal")


def test_parent_and_child_are_added_up_once(iati):
    parent = activity(
        "X-0",
        money=(("1", "2019-01-01", "EUR", "300"),),
        related='<related-activity ref="X-1" type="2"/>',
    )
    child = activity(
        "X-1", related='<related-activity ref="X-0" type="1"/>', title="SYNTHETIC part"
    )
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
    assert (
        read.counted.tolist() == [False, True]
        and euro.profile().budget_tree["budget_eur"].sum() == 100
    )


def test_activities_elsewhere_are_counted_outside(iati):
    intake = iati(activity("X-1", countries=(("UA", None),)), activity("X-2"))
    assert intake.counts["count"].tolist()[:4] == [2, 1, 0, 1]
    assert iati(activity("X-1", countries=(("UA", None),))).counts["count"].tolist()[:4] == [
        1,
        0,
        0,
        1,
    ]


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


def test_a_large_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mismes_eval.inventory.iati.LARGEST_FILE", 10)
    (tmp_path / "a.xml").write_text("<iati-activities version='2.03'/>")
    with pytest.raises(InputError, match="too large"):
        inventory.read_iati(tmp_path / "a.xml", countries=("MDA",))
