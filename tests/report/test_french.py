"""French reports read as a francophone writes: no English word in any sentence, table, alternative
text or sheet; spaces, apostrophes, minus; the singular below 2.
"""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from mismes_eval.estimate.verdict import Span
from mismes_eval.report.country import CountryReport
from mismes_eval.report.document.language import language, typeset
from mismes_eval.report.truth import truth_message

from .conftest import ENGLISH, WholeReport, texts

pytestmark = pytest.mark.whole

ROOT = Path(__file__).parents[2]
# words of this list that French has as well, or that stand in a name
FRENCH_TOO = frozenset({"or", "no", "if", "men", "lower", "has", "sample"})


@pytest.fixture(scope="module", params=["MAR", pytest.param("TUN", marks=pytest.mark.slow)])
def report(
    request: pytest.FixtureRequest, whole_report: Callable[[str, str], WholeReport]
) -> CountryReport:
    return whole_report(request.param, "fr").report


def test_no_english_word_is_left(report: CountryReport) -> None:
    """But in a title that the register has in English only, which says so."""
    left = [
        (where, match[0], text)
        for where, text in texts(report)
        if not text.endswith("(en anglais)")
        for match in ENGLISH.finditer(text)
        if match[0].lower() not in FRENCH_TOO
    ]
    assert not left, "\n".join(f"{w}: '{word}' in {text[:160]}" for w, word, text in left[:40])
    assert not report.session.language.unknown


def test_signs_and_spaces_are_those_of_french(report: CountryReport) -> None:
    wrong = re.compile(r"\w'\w| [;?!:»%]|« |\w[;?!](\s|$)|(?<![\w.)\]%-])-\d")
    found = [(w, m[0], text) for w, text in texts(report) for m in wrong.finditer(text)]
    found = [f for f in found if "http" not in f[2]]
    assert not found, "\n".join(f"{w}: {sign!r} in {text[:160]}" for w, sign, text in found[:40])


def test_the_singular_is_below_two(report: CountryReport) -> None:
    plural = re.compile(
        r"(?<![\d,.\u202f\u00a0 -])[−]?[01](,\d+)?[ \u00a0](mesures|points|régions|strates|personnes|effets"
        r"|unités|doublons|tableaux|bailleurs|intervalles|ans|années|euros)(?!\w)"
    )
    found = [(w, m[0]) for w, text in texts(report) for m in plural.finditer(text)]
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "l'effet : 5,2 % ; « en emploi, au pays ou à l'étranger » ?",
        "31; fiches lues: 31",
        "https://example.org/a;b",
        "-3,2 (-7 à -1)",
        "2019-05-31",
    ],
)
def test_what_is_typeset_stays(text: str) -> None:
    once = typeset(text, "fr")
    assert typeset(once, "fr") == once and typeset(text, "en") == text


def test_a_word_follows_its_number() -> None:
    t = language("fr")
    words = "{n} {n:=mesure|mesures}"
    french = type(t)("fr", {words: words})
    assert [french(words, n=n) for n in (0, 1, 2)] == ["0 mesure", "1 mesure", "2 mesures"]
    assert french(words, n="1,5") == "1,5 mesure" and french(words, n="2,0") == "2,0 mesures"


def test_a_planted_effect_below_two_is_in_the_singular() -> None:
    units = ("percentage point", "percentage points")
    for planted, said in ((0.96, "1,0 point de"), (8.6, "8,6 points de")):
        one = truth_message(planted, Span(planted, -3.4, 6.4), {"o": "emploi"}, units)
        assert said in language("fr")(one).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("day", "said"), [("2019-01-01", "1er janvier 2019"), ("2011-11-11", "11 novembre 2011")]
)
def test_the_first_of_a_month_is_an_ordinal(day: str, said: str) -> None:
    assert language("fr").date(date.fromisoformat(day)) == said
    assert language("en").date(date(2019, 1, 1)) == "1 January 2019"
