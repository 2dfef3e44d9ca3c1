"""What users read when they are refused: every bad call and bad file, and its words in messages.json.

The words are written by `python tests/proof/write_messages.py` after a change of words, to be read
as that user would read them.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from mismes_eval.errors import MismesError
from mismes_eval.report.document.language import language

from . import corpus_calls, corpus_designs, corpus_effects, corpus_files, corpus_weights

FILE = Path(__file__).with_name("messages.json")
PRINTED = language("en")
Attempt = Callable[[Path], object]


def _area(area: str, attempts: Mapping[str, Attempt]) -> dict[str, Attempt]:
    return {f"{area}: {name}": attempt for name, attempt in attempts.items()}


def _calls(area: str, calls: corpus_calls.Attempts) -> dict[str, Attempt]:
    return _area(area, {name: lambda _, call=call: call() for name, call in calls.items()})


CALLS = {
    **_calls("arguments", corpus_calls.ARGUMENTS),
    **_calls("attrition", corpus_calls.ATTRITION),
    **_calls("estimate", corpus_calls.ESTIMATES),
    **_calls("impact", corpus_calls.EFFECTS | corpus_effects.CASES | corpus_designs.CASES),
    **_calls("weighting", corpus_calls.WEIGHTING | corpus_weights.WEIGHTS),
    **_calls("plans", corpus_weights.PLANS),
}
FILES = {
    **_area("survey", corpus_files.SURVEYS),
    **_area("tracer", corpus_files.STUDIES),
    **_area("inventory", corpus_files.INVENTORIES),
    **_area("params", corpus_files.PARAMS),
    **_area("notebook", corpus_files.NOTEBOOKS),
}


def said(attempt: Attempt, folder: Path) -> list[str]:
    """The class of a refusal and its problems, and each that the command line would print with
    other words; empty where nothing is refused.
    """
    try:
        attempt(folder)
    except MismesError as error:
        words = [str(problem) for problem in error.problems]
        printed = [PRINTED(problem.message) for problem in error.problems]
        words += [other for other, word in zip(printed, words, strict=True) if other != word]
        return [type(error).__name__, *(word.replace(str(folder), "FOLDER") for word in words)]
    return []


@cache
def expected() -> dict[str, list[str]]:
    """The words that stand written."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))
