"""The index shows what reports published, and nothing that they hide: counts, the interval and grade
of the headline, the gap in employment, small pictures on one axis, one page a language.
"""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from mismes_eval.evaluation.published_effects import ROLLOUT
from mismes_eval.report.dashboard import small_picture, span_of, summary
from mismes_eval.report.document.language import ENGLISH, language
from mismes_eval.report.index import Entry, _effect_in_words, _page

NUMBERS = {"status": "shown", "unit_of_outcome": "share", "outcome": "employed"}


def effect(months: float, value: float, **more: Any) -> dict[str, Any]:
    ends = {"ci_low": value - 0.05, "ci_high": value + 0.05}
    about = {"measure": "AAA-001", "months": months, "value": value, "main": False}
    return NUMBERS | about | ends | more


@pytest.fixture
def results() -> dict[str, Any]:
    main = effect(24, 0.1, main=True, spoken_low=-0.02, spoken_high=0.22, grade="weak")
    rates = [("returnees", 0.6), ("non-migrants", 0.4)]
    facts = {
        "register": [
            {"status": "evaluated", "measures": 3},
            {"status": "overdue", "measures": 5},
            {"status": "later", "measures": 2},
        ],
        "effects": [effect(12, 0.03), main],
        "indicators": [
            {"id": "L3.employment", "group": g, "value": v, "status": "shown"} for g, v in rates
        ],
    }
    return {"facts": {"comparison": facts}}


def test_a_row_has_what_the_report_published(results: dict[str, Any]) -> None:
    s = summary(results)
    assert (s.measures, s.evaluated, s.due) == (10, 3, 5)
    assert s.gap is not None and s.gap.value == pytest.approx(20.0)
    (main,) = s.effects
    assert (main.value, main.low, main.high) == pytest.approx((10, -2, 22))
    assert main.grade == "weak" and [p.months for p in main.path] == [12.0, 24.0]
    assert (main.path[-1].low, main.path[-1].high) == (main.low, main.high)


def test_what_is_hidden_is_not_there(results: dict[str, Any]) -> None:
    facts = results["facts"]["comparison"]
    for record in (*facts["effects"], *facts["indicators"]):
        record |= {"status": "confidential", "value": None}
    s = summary(results)
    assert s.effects == () and s.gap is None
    assert summary({"facts": {}}).measures is None


def test_small_pictures_share_an_axis_and_say_their_numbers(results: dict[str, Any]) -> None:
    s = summary(results)
    larger = dataclasses.replace(
        s.effects[0],
        path=tuple(dataclasses.replace(p, high=p.high + 50) for p in s.effects[0].path),
    )
    span = span_of([s, dataclasses.replace(s, effects=(larger,))])
    assert span == pytest.approx((-2.0, 72.0))
    picture = small_picture(s.effects[0], span, ENGLISH)
    assert picture.count("<circle") == 2 and "24 months: 10.0 (-2.0 to 22.0)" in picture
    assert small_picture(dataclasses.replace(s.effects[0], path=()), span, ENGLISH) == ""


def test_every_language_has_its_page_and_a_way_to_the_others(
    results: dict[str, Any], tmp_path: Path
) -> None:
    entry = Entry(
        name="MDA",
        country="MDA",
        synthetic=True,
        started="2026-11-29",
        year="2023",
        tables=1,
        numbers=1,
        files=("report.html",),
        lang="fr",
        summary=summary(results),
    )
    pages = {"en": "index.html", "fr": "index.fr.html", "ro": "index.ro.html"}
    english = _page(tmp_path, [entry], {}, language("en"), pages)
    french = _page(tmp_path, [entry], {}, language("fr"), pages)
    assert '<a lang="fr" hreflang="fr" href="index.fr.html">Français</a>' in english
    assert '<a lang="en" hreflang="en" href="index.html">English</a>' in french
    assert '<a lang="ro" hreflang="ro" href="index.ro.html">Română</a>' in english
    romanian = _page(tmp_path, [entry], {}, language("ro"), pages)
    assert '<html lang="ro">' in romanian and ">Republica Moldova<" in romanian
    assert "−2,0" in romanian and not re.search(r"\b(weak|unproven|incertain)\b", romanian)
    bare = re.sub("</?span[^>]*>", "", english)
    assert '<span class="whole">AAA-001</span>' in english
    assert "AAA-001: unproven (-2.0 to 22.0 percentage points) after 24 months, weak" in bare
    words = re.sub(r'aria-label="[^"]*"', "", english)  # a picture may say the value it draws
    assert "10.0 (-2.0" not in words
    assert "incertain (−2,0\u202f; 22,0 points de pourcentage)" in french
    assert "Moldavie" in french and "faible" in french and "weak" in english


def test_a_roll_out_has_a_line_in_the_words_of_the_first_page(results: dict[str, Any]) -> None:
    """Also in a country that has no other effect; its interval is the one that speaks."""
    rolled = effect(0, 0.014, design=ROLLOUT, grade="weak", measure="AAA-003") | {"months": None}
    results["facts"]["comparison"]["effects"] = [rolled]
    (main,) = summary(results).effects
    assert main.rolled_out and main.months is None and main.path == ()
    said = _effect_in_words(main, ENGLISH)
    assert said == "AAA-003: unproven (-3.6 to 6.4 percentage points) residents, all rounds, weak"
    french = _effect_in_words(main, language("fr"))
    assert "résidents, toutes vagues" in french
    rolled["status"] = "confidential"
    assert summary(results).effects == ()
