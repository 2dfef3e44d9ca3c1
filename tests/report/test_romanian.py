"""Romanian reports are written as Romanian is: counts with "de" from 20 on, decimal comma and point
of thousands, letters with a comma below.
"""

from __future__ import annotations

from datetime import date

import pytest

from mismes_eval.message import Message, Quantity
from mismes_eval.report.document.language import Language, country_name, language, typeset

POINTS = {"percentage point": "punct procentual", "percentage points": "puncte procentuale"}


def test_numbers_and_dates_are_those_of_romanian() -> None:
    t = language("ro")
    assert t.number(1234567.891, 2) == "1.234.567,89"
    assert t.number(-3.25) == "−3,2"
    assert t("{x:.1%} and {n:,}", x=0.153, n=12345) == "15,3\u00a0% and 12.345"
    assert t.date(date(2023, 12, 31)) == "31 decembrie 2023"
    assert country_name("MDA", "ro") == "Republica Moldova"
    assert country_name("MDA", "fr") == "Moldavie"


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "0 măsuri"),
        (1, "1 măsură"),
        (2, "2 măsuri"),
        (19, "19 măsuri"),
        (20, "20 de măsuri"),
        (100, "100 de măsuri"),
        (101, "101 măsuri"),
        (119, "119 măsuri"),
        (120, "120 de măsuri"),
        (1200, "1.200 de măsuri"),
        (1201, "1.201 măsuri"),
        (2019, "2.019 măsuri"),
        (-20, "−20 de măsuri"),
        ("1.200", "1.200 de măsuri"),
        ("1,5", "1,5 măsuri"),
    ],
)
def test_a_count_has_de_where_romanian_has_it(n: int | str, said: str) -> None:
    words = "{n:,} {n:=mesure}" if isinstance(n, int) else "{n} {n:=mesure}"
    to = words.replace("mesure", "măsură|măsuri|de măsuri")
    assert Language("ro", {words: to})(words, n=n) == said


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (1.0, 0, "1 punct procentual"),
        (1.0, 1, "1,0 puncte procentuale"),
        (-5.25, 1, "−5,2 puncte procentuale"),
        (20.0, 0, "20 de puncte procentuale"),
        (20.5, 1, "20,5 puncte procentuale"),
        (119.0, 0, "119 puncte procentuale"),
        (1234.0, 0, "1.234 de puncte procentuale"),
    ],
)
def test_a_quantity_is_counted_as_it_is_shown(value: float, digits: int, said: str) -> None:
    t = Language("ro", {**POINTS, "{q} more": "{q} în plus"})
    many = Quantity(value, "percentage point", "percentage points", digits)
    assert t.quantity(many) == said
    assert t(Message("{q} more", {"q": many})) == f"{said} în plus"


def test_letters_have_a_comma_below_and_signs_their_spaces() -> None:
    once = typeset("ac\u0163iune \u015fi 12 % (-3,2)", "ro")
    assert once == "ac\u021biune \u0219i 12\u00a0% (−3,2)"
    assert typeset(once, "ro") == once
