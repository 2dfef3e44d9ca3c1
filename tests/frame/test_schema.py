"""Identity: JSON Schema accepts and refuses the same records as the validator; the data dictionary
page in docs is the one that the templates give.
"""

from pathlib import Path

import jsonschema
import pytest

from mismes_eval.frame import json_schema, template, template_names
from mismes_eval.frame.dictionary import data_dictionary

pytestmark = pytest.mark.identity

MEASURE = {
    "measure_id": "ARM-001",
    "country": "ARM",
    "title_en": "SYNTHETIC measure",
    "stage_code": "BEF",
    "model_primary": "M01",
    "target_group": ["POT_MIG"],
    "source_type": "SYNTHETIC",
}


@pytest.mark.parametrize("name", template_names())
def test_schema_is_a_schema(name):
    schema = json_schema(template(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(template(name).names)


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"benef_reached": 3}, True),
        ({"benef_reached": None}, True),
        ({"benef_reached": -1}, False),
        ({"stage_code": "X"}, False),
        ({"measure_id": "1"}, False),
        ({"models_other": ["M01", "M01"]}, False),
        ({"title_en": ""}, False),
        ({"linked_job_offer": 4}, False),
    ],
)
def test_schema_refuses_what_the_validator_refuses(change, valid):
    validator = jsonschema.Draft202012Validator(json_schema(template("inventory")))
    assert validator.is_valid(MEASURE | change) is valid


def test_the_page_in_docs_is_current():
    page = Path(__file__).parents[2] / "docs" / "data-dictionary.md"
    assert page.read_text(encoding="utf-8") == data_dictionary()
