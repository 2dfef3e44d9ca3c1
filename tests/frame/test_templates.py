"""Property: every template and code list of the package is well formed, and a valid row of a
template passes it unchanged.
"""

import pytest

from mismes_eval.errors import InputError
from mismes_eval.frame import code_lists, codes, labels, nearest_code, template, template_names
from mismes_eval.frame.rules import CHECKS
from mismes_eval.frame.template import KINDS

pytestmark = pytest.mark.property


@pytest.mark.parametrize("name", template_names())
def test_template_is_well_formed(name):
    declared = template(name)
    assert len(set(declared.names)) == len(declared.names)
    assert set(declared.keys) <= set(declared.names)
    for column in declared.columns:
        assert column.kind in KINDS and column.required in ("yes", "expected", "no")
        assert column.description
        assert not column.codes or len(codes(column.codes)) > 1
        assert (column.kind in ("cat", "code", "multi")) == bool(column.codes)
    for rule in declared.rules:
        assert rule.rule in CHECKS and {*rule.left, *rule.right} <= set(declared.names)


@pytest.mark.parametrize("name", code_lists()["name"].tolist())
def test_code_list_is_well_formed(name):
    table = codes(name)
    assert list(table.columns[:5]) == ["code", "label_en", "label_fr", "source", "status"]
    assert table["code"].is_unique
    assert (table.iloc[:, :5] != "").all().all()


def test_models_8_to_11_say_that_their_titles_are_unconfirmed():
    models = codes("models").set_index("code")["status"]
    assert models.loc[["M08", "M09", "M10", "M11"]].eq("title to be confirmed").all()
    assert models.loc["M01":"M07"].eq("confirmed").all()


def test_crosswalk_from_nine_categories_reaches_every_model():
    crosswalk = codes("prelim_categories")
    assert len(crosswalk) == 9
    reached = {m for row in crosswalk["models"] for m in row.split(";")}
    assert reached == set(codes("models")["code"]) - {"M11"}


@pytest.mark.parametrize(
    ("name", "written", "code"),
    [
        ("countries", "Arménie", "ARM"),
        ("countries", "Moldavie", "MDA"),
        ("countries", "TUNISIA", "TUN"),
        ("stages", "bef", "BEF"),
        ("models", "M09_AVRR", "M09"),
        ("lstatus", "9", ""),
    ],
)
def test_nearest_code_reads_english_french_and_case(name, written, code):
    assert nearest_code(name, written) == code


def test_labels_in_two_languages_and_unknown_names():
    assert labels("stages", "fr")["AFT"] == "Après la migration"
    with pytest.raises(InputError, match="'stages'"):
        codes("stage")
    with pytest.raises(InputError, match="'inventory'"):
        template("inventry")
    with pytest.raises(InputError, match="benef_reached"):
        template("inventory")["benef_reach"]
    with pytest.raises(InputError, match="language"):
        labels("stages", "de")


def test_a_code_table_is_a_copy():
    table = codes("stages")
    table.loc[0, "code"] = "X"
    assert codes("stages").loc[0, "code"] == "BEF"
