"""Property: personal identifiers are found by name and shape, never shown, and pass once hashed;
survey ids and organisations are left alone.
"""

from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismes_eval.errors import InputError
from mismes_eval.frame import (
    find_identifiers,
    hash_ids,
    identifiers,
    read,
    template,
    template_names,
)

pytestmark = pytest.mark.property

SALT = "0123456789abcdef"


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("first_name", "Ana"),
        ("surname", "Rusu"),
        ("nom_famille", "Rusu"),
        ("phone", "069123456"),
        ("x", "+373 69 123 456"),
        ("x", "00212 612-345678"),
        ("comment", "write to ana@example.org"),
        ("passport_no", "1"),
        ("x", "AB1234567"),
        ("x", "12AB34567"),
        ("x", "AB123456"),
        ("x", "Z123456"),
        ("gps_lat", "41.1"),
        ("x", "41.71510, 44.82710"),
        ("IDNP", "2001"),
        ("adresse", "rue 1"),
    ],
)
def test_an_identifier_is_an_error_that_does_not_show_it(column, cell):
    frame = pd.DataFrame({column: [cell, cell], "age": [3, 4]})
    with pytest.raises(InputError) as error:
        identifiers(frame)
    assert error.value.problems[0].where == column
    assert cell not in str(error.value).replace(column, "")
    assert identifiers(frame, allowed=[column]) is frame


SHAPED = import_module("mismes_eval.frame.identifiers")


@pytest.mark.parametrize("kind", sorted(SHAPED.SHAPES))
def test_what_has_a_shape_passes_the_screen_before_it(kind):
    """The quick look over a whole column never hides a text that the pattern itself finds."""
    pattern = SHAPED.SHAPES[kind][0]

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.from_regex(pattern), st.lists(st.text(max_size=20), max_size=3))
    def holds(text, others):
        lines = "\n".join([*others, text])
        assert SHAPED._may_hold(kind, lines, lines.casefold())

    holds()


def test_the_word_before_a_token_may_be_written_in_letters_that_fold():
    for word in ("TOKEN", "to\u212aen", "\u017fecret", "AP\u0131_key", "BEARER"):
        frame = pd.DataFrame({"note": [f"{word}: abcdefgh12345678"]})
        assert find_identifiers(frame), word


def test_birth_date_with_village():
    frame = pd.DataFrame({"birth_date": ["1990-01-02"], "village": ["X"]})
    assert len(find_identifiers(frame)) == 1
    assert find_identifiers(frame[["village"]]) == ()
    assert find_identifiers(frame[["birth_date"]]) == ()


@pytest.mark.parametrize("name", template_names())
def test_no_template_asks_for_a_personal_identifier(name):
    frame = pd.DataFrame({c: ["1"] for c in template(name).names})
    assert find_identifiers(frame) == ()


def test_survey_codes_pass():
    frame = pd.DataFrame(
        {
            "hhid": ["000123456789"],
            "pid": ["01"],
            "psu": ["A12"],
            "measure_id": ["ARM-001"],
            "implementer_name": ["IOM"],
        }
    )
    assert identifiers(frame) is frame


def test_small_whole_numbers_are_answers_not_numbers_of_persons():
    """ "Long" opens long-term, "mobile" a question on assets; degrees with places are coordinates."""
    answers = {
        "Long_term_unempl": [1, 2, None],
        "mobile_phone": [1, 2, 2],
        "national_id": [0, 1, 1],
    }
    assert find_identifiers(pd.DataFrame(answers)) == ()
    held = {"long": [28.81, 47.02, 28.9], "mobile_phone": [69123456, 69123457, 69123458]}
    assert [p.where for p in find_identifiers(pd.DataFrame(held))] == ["long", "mobile_phone"]


def test_hashing_keeps_equality_and_missing_and_hides_the_value():
    frame = pd.DataFrame(
        {"passport": ["AB1234567", "AB1234567", None, "CD7654321"], "x": [1, 2, 3, 4]}
    )
    hashed = hash_ids(frame, ["passport"], SALT)
    assert hashed["passport"][0] == hashed["passport"][1] != hashed["passport"][3]
    assert pd.isna(hashed["passport"][2])
    assert identifiers(hashed)["x"].tolist() == [1, 2, 3, 4]
    assert hash_ids(frame, ["passport"], SALT[::-1])["passport"][0] != hashed["passport"][0]


def test_bad_hashing_is_refused():
    with pytest.raises(InputError) as error:
        hash_ids(pd.DataFrame({"a": [1.0]}), ["a", "b"], "short")
    assert len(error.value.problems) == 3


@pytest.mark.parametrize("column", ["region", "gone"])
def test_a_permission_that_permits_nothing_is_refused(column: str, tmp_path: Path) -> None:
    """SYNTHETIC."""
    path = tmp_path / "persons.csv"
    path.write_text("village,dob,region\nA,2000-01-02,1\nB,2001-03-04,2\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read(path, allowed=["village", "dob", column])
    assert [problem.what for problem in refused.value.problems] == [
        "a column said to be harmless is not suspected of anything"
    ]
    assert column in refused.value.problems[0].where
    assert list(read(path, allowed=["village", "dob"]).frame) == ["village", "dob", "region"]
