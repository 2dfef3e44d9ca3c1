"""A message keeps its words and values: translated by template, chosen by kind, English to the eye."""

import copy
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from mismes_eval import errors
from mismes_eval.errors import MismesError, Problem
from mismes_eval.estimate.caution import Caution
from mismes_eval.message import Message, Quantity, as_message, chosen, listed
from mismes_eval.report.document.language import Language, language

FRENCH = Language(
    "fr",
    {
        "{n:,} persons in {where}": "{n:,} personnes dans {where}",
        "region {r}": "la région {r}",
        "; ": " ; ",
        "{what}: {where}.": "{what} : {where}.",
        "{what}.": "{what}.",
        "Expected {expected}, got {got}.": "Attendu : {expected} ; obtenu : {got}.",
        "no weight": "pas de poids",
    },
)


@pytest.mark.property
def test_a_message_is_its_english_text() -> None:
    m = Message("{n:,} persons in {where}", {"n": 1234, "where": "Cahul"})
    assert m == "1,234 persons in Cahul" and f"{m}!" == "1,234 persons in Cahul!"
    assert m.template == "{n:,} persons in {where}" and m.values["n"] == 1234


@pytest.mark.property
def test_it_is_translated_by_template_with_the_numbers_of_the_language() -> None:
    inner = Message("region {r}", {"r": "Cahul {x}"})
    m = Message("{n:,} persons in {where}", {"n": 1234, "where": inner})
    assert FRENCH(m) == "1\u202f234 personnes dans la région Cahul {x}"
    assert FRENCH(FRENCH(m)) == FRENCH(m)


@pytest.mark.property
def test_a_list_of_messages_is_translated_part_by_part() -> None:
    m = listed([Message("region {r}", {"r": "A"}), "no weight"])
    assert m == "region A; no weight" and FRENCH(m) == "la région A\u202f; pas de poids"


@pytest.mark.property
def test_messages_are_chosen_by_kind_and_keep_it_through_copies() -> None:
    note, variance = Message("a note"), Message("{n} PSUs", {"n": 3}, "variance")
    assert chosen([note, variance, "plain"], "variance") == (variance,)
    for twin in (copy.deepcopy(variance), pickle.loads(pickle.dumps(variance))):
        assert twin == variance and twin.kind == "variance" and twin.values == variance.values
    caution = pickle.loads(pickle.dumps(Caution("few {n}", {"n": 2})))
    assert isinstance(caution, Caution) and caution == "few 2" and caution.kind == "caution"


@pytest.mark.property
def test_a_text_with_braces_stays_as_it_is() -> None:
    assert as_message("column '{x}'") == "column '{x}'"
    assert listed(["{x}", "y"]) == "{x}; y"


@pytest.mark.property
@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("no weight"), "no weight."),
        (Problem("no weight", "row {3}", "1", "0"), "no weight: row {3}. Expected 1, got 0."),
        (
            Problem("no weight", got="0", fix="Give it.", count=2, rows=(1, 5)),
            "no weight. Got 0. 2 rows, first: 1, 5. Give it.",
        ),
        (Problem("no weight", expected="one", count=1), "no weight. Expected one. 1 row."),
    ],
)
def test_a_problem_is_a_message(problem: Problem, text: str) -> None:
    assert str(problem) == text == problem.message
    assert problem.message.kind == "reason" and str(MismesError(problem)) == text


@pytest.mark.property
def test_a_problem_is_translated_sentence_by_sentence() -> None:
    problem = Problem("no weight", "f.csv", "1", "0")
    expected = "pas de poids\u00a0: f.csv. Attendu\u00a0: 1\u202f; obtenu\u00a0: 0."
    assert FRENCH(problem.message) == expected


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 measure is"), (0, "0 measures are"), (2, "2 measures are")]
)
def test_a_word_is_chosen_by_its_number(n: int, said: str) -> None:
    words = "{n} {n:=measure is|measures are} on record"
    assert Message(words, {"n": n}) == Message(words, {"n": f"{n:,}"}) == f"{said} on record"
    assert language("en")(Message(words, {"n": n})) == f"{said} on record"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_could_not_be_computed_is_a_dash_without_unit(value: float) -> None:
    quantity = Quantity(value, "point", "points")
    assert str(quantity) == "–"
    assert {language(code).quantity(quantity) for code in ("en", "fr", "ro")} == {"–"}


def test_a_problem_has_all_rows_that_fail_and_says_the_first() -> None:
    problem = Problem("no weight").in_rows(np.arange(100, 180))
    assert problem.rows == tuple(range(100, 180))
    assert str(problem) == "no weight. 80 rows, first: 100, 101, 102, 103, 104."


def test_no_problem_is_made_of_a_part_of_its_rows() -> None:
    cut = re.compile(r"(\brows=|\.in_rows\().*\[:\w")
    sources = sorted(Path(errors.__file__).parent.rglob("*.py"))
    assert len(sources) > 300
    lines = ((path, line) for path in sources for line in path.read_text("utf-8").splitlines())
    assert not [(path.name, line) for path, line in lines if cut.search(line)]
