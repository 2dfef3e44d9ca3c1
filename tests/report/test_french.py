"""French reports read as a francophone writes: no English word in any sentence, table, alternative
text or sheet; spaces, apostrophes, minus; the singular below 2.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mismes_eval.report.country import CountryReport
from mismes_eval.report.document.language import language, typeset
from mismes_eval.report.document.tables import Table, TextTable, footnotes
from mismes_eval.report.figures import Figure

from .conftest import WholeReport

ROOT = Path(__file__).parents[2]
# words that no French sentence has; names of files, codes and titles of measures stand apart
ENGLISH = re.compile(
    r"(?<![\w./_-])(the|of|and|with|from|which|who|whose|is|are|was|were|has|have|not|by|for|between"
    r"|than|this|these|those|there|their|to|in|at|if|or|no|none|each|every|both|year|years|month"
    r"|months|share|weights?|measures? of|wild|sample|survey|estimates?|value|values|effects?|higher"
    r"|lower|inside|outside|shown|hidden|men|women|rural and|returnees?|employed|unemployed|persons?"
    r"|households?|because|more|less|few|many|does|do|can|cannot|could|would|its|it)(?![\w_-])",
    re.IGNORECASE,
)
# words of this list that French has as well, or that stand in a name
FRENCH_TOO = frozenset({"or", "no", "if", "men", "lower", "has", "sample"})


@pytest.fixture(scope="module", params=("TUN", "MAR"))
def report(
    request: pytest.FixtureRequest, whole_report: Callable[[str, str], WholeReport]
) -> CountryReport:
    return whole_report(request.param, "fr").report


def texts(report: CountryReport) -> list[tuple[str, str]]:
    """(where, text) of everything that the report says."""
    t, out = report.session.language, []
    for name, chapter in report.chapters.items():
        for item in chapter.items:
            if isinstance(item, str):
                out.append((name, item))
                continue
            assert isinstance(item, (Table, TextTable, Figure))
            said = item.in_language(t)
            out += [(said.id, said.title), (said.id, said.source)]
            if isinstance(said, Figure):
                out += [(said.id, text) for text in (said.alt, *said.notes)]
                continue
            out += [(said.id, note) for note in footnotes(said, t)]
            if isinstance(said, Table):
                words = (*said.rows, *said.columns, *map(t, said.cells["unit"].dropna().unique()))
                out += [(said.id, str(word)) for word in words if word]
            else:
                out += [(said.id, str(v)) for line in said.frame.to_numpy() for v in line]
                out += [(said.id, str(c)) for c in said.frame.columns]
    return out


def test_no_english_word_is_left(report: CountryReport) -> None:
    left = [
        (where, match[0], text)
        for where, text in texts(report)
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
