"""Write messages.json: every bad call and bad file of the corpus and the words that its user reads; and beside
each file of SENTENCES the problems of its refusals. Run after a change of words, and read the
difference as that user would.

Run: python tests/proof/write_messages.py
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import types
import warnings
from collections.abc import Callable
from pathlib import Path

from mismes_eval.errors import MismesError

HERE = Path(__file__).parent
SENTENCES = (
    "impact/test_sentences_of_refused_effects",
    "impact/test_words_of_refusals_of_effects",
    "weighting/test_refusals_in_whole_sentences",
    "weighting/test_sentences_of_plans_and_names",
    "weighting/test_words_of_refusals_of_weights",
)


def write(path: Path, said: object) -> None:
    text = json.dumps(said, ensure_ascii=False, indent=1)
    path.write_text(f"{text}\n", encoding="utf-8")


def problems(attempt: Callable[[], object]) -> list[str]:
    """What a refused call says, problem by problem."""
    try:
        attempt()
    except MismesError as error:
        return [str(p) for p in error.problems]
    return []


def main() -> None:
    package = types.ModuleType("proof")
    package.__path__ = [str(HERE)]
    sys.modules["proof"] = package
    catalogue = importlib.import_module("proof.catalogue")
    warnings.simplefilter("ignore")
    words = {}
    for name, attempt in (catalogue.CALLS | catalogue.FILES).items():
        with tempfile.TemporaryDirectory() as folder:
            words[name] = catalogue.said(attempt, Path(folder))
    write(catalogue.FILE, words)
    sys.path.insert(0, str(HERE.parents[1]))
    for name in SENTENCES:
        cases = importlib.import_module(f"tests.{name.replace('/', '.')}").CASES
        found = {case: problems(attempt) for case, attempt in cases.items()}
        write(HERE.parent / f"{name}.json", found)


if __name__ == "__main__":
    main()
