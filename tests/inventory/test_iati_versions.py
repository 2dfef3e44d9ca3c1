"""Golden: files of IATI 2.01, 2.02 and 2.03 written by the published rules. What is valid by the
schemas of https://github.com/IATI/IATI-Schemas (branches version-2.01 to version-2.03, read with
lxml 6) departs in nothing; what they refuse is named.
"""

from xml.etree.ElementTree import fromstring

import pytest

from mismes_eval import inventory
from mismes_eval.errors import InputError
from mismes_eval.inventory.iati_structure import VERSIONS, departures

pytestmark = pytest.mark.golden

WHOLE = """<iati-activity xml:lang="en" default-currency="EUR">
<iati-identifier>X-1</iati-identifier>
<reporting-org ref="X" type="40"><narrative>SYNTHETIC</narrative></reporting-org>
<title><narrative>SYNTHETIC</narrative></title>
<description type="1"><narrative>SYNTHETIC</narrative></description>
<participating-org ref="X" role="1" type="40"/>
<activity-status code="2"/>
<activity-date type="1" iso-date="2020-01-01"/>
<recipient-country code="MD" percentage="60"/>
<recipient-region code="89" vocabulary="1" percentage="40"/>
<sector code="11220" vocabulary="1"/>
<default-aid-type code="C01"/>
<budget type="1"><period-start iso-date="2020-01-01"/><period-end iso-date="2020-12-31"/><value value-date="2020-01-01">1000.50</value></budget>
<planned-disbursement type="1"><period-start iso-date="2020-01-01"/><value value-date="2020-01-01">10</value></planned-disbursement>
<transaction><transaction-type code="2"/><transaction-date iso-date="2020-01-01"/><value value-date="2020-01-01">100</value><aid-type code="C01"/></transaction>
<conditions attached="0"/>
</iati-activity>"""
TAG = '<tag code="1" vocabulary="1"/>'
SCOPE = '<humanitarian-scope type="1" vocabulary="1-2" code="X"/>'
SECTOR = '<sector code="11220" vocabulary="1"/>'
AID = '<default-aid-type code="C01"/>'
START = '<period-start iso-date="2020-01-01"/>'
NARRATIVE = "<narrative>SYNTHETIC</narrative>"
DEPARTS = [  # (what stands there, what is written instead, what is named)
    (f'type="40">{NARRATIVE}', 'type="40">', "reporting-org without narrative"),
    (
        f'<description type="1">{NARRATIVE}',
        '<description type="1">',
        "description without narrative",
    ),
    (
        f'<planned-disbursement type="1">{START}',
        '<planned-disbursement type="1">',
        "planned-disbursement without period-start",
    ),
    ('value-date="2020-01-01">10<', ">10<", "value without value-date"),
    (
        '<transaction-type code="2"/><transaction-date iso-date="2020-01-01"/>',
        '<transaction-date iso-date="2020-01-01"/><transaction-type code="2"/>',
        "elements in another order in transaction",
    ),
    ("1000.50", "1,000.50", "value of budget is no decimal number"),
    ("1000.50", "1e3", "value of budget is no decimal number"),
    ("1000.50", "", "value of budget is no decimal number"),
    (
        f'<budget type="1">{START}',
        '<budget type="1"><period-start iso-date="01/01/2020"/>',
        "iso-date of period-start is no day",
    ),
    (
        '<activity-date type="1" iso-date="2020-01-01"/>',
        '<activity-date type="1" iso-date="2020-02-30"/>',
        "iso-date of activity-date is no day",
    ),
    (
        '<conditions attached="0"/>',
        '<conditions attached="0"/><conditions attached="0"/>',
        "iati-activity with 2 of conditions, at most 1",
    ),
    ('<conditions attached="0"/>', "<activity-website/>", "activity-website is not an element of"),
    (AID, '<o:own xmlns:o="http://own"/>' + AID, "elements in another order"),
]


def departing(text, version):
    return departures(fromstring(text), version)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_of_each_version_is_read_and_departs_in_nothing(tmp_path, version):
    assert departing(WHOLE, version) == ()
    path = tmp_path / "a.xml"
    path.write_text(f'<iati-activities version="{version}">{WHOLE}</iati-activities>')
    intake = inventory.read_iati(path, countries=("MDA",))
    assert intake.frame["budget_total"].tolist() == [pytest.approx(0.6 * 1000.5)]
    assert not intake.issues["what"].str.contains("structure").any()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("there", "instead", "named"), DEPARTS)
def test_what_the_schemas_refuse_is_named(version, there, instead, named):
    assert WHOLE.count(there) == 1
    (found,) = departing(WHOLE.replace(there, instead), version)
    assert found.startswith(named)


@pytest.mark.parametrize(("added", "since"), [(TAG, "2.03"), (SCOPE, "2.02"), (AID, "2.03")])
def test_what_a_later_version_brought_departs_from_the_earlier_ones(added, since):
    text = WHOLE.replace(SECTOR, SECTOR + added) if added != AID else WHOLE.replace(AID, AID + AID)
    for version in VERSIONS:
        assert (departing(text, version) == ()) == (version >= since), version


def test_a_file_of_organisations_is_said_as_that(tmp_path):
    path = tmp_path / "o.xml"
    path.write_text('<iati-organisations version="2.03"/>')
    with pytest.raises(InputError, match="IATI organisation file"):
        inventory.read_iati(path, countries=("MDA",))
