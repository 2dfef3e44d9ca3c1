"""Write messages.json: every bad call and bad file of the corpus and the words that its user reads;
beside each file of SENTENCES the problems of its refusals, of WRITTEN what it says. Run after a
change of words, and read the difference as that user would.

Run: python tests/proof/write_messages.py, or with the names of files below tests: proof/messages ...
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import types
import warnings
from collections.abc import Callable
from functools import partial
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
WRITTEN = ("impact/test_faces_of_effects", "impact/test_notes_of_effects", "proof/test_defaults")


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


def corpus() -> dict[str, list[str]]:
    catalogue = importlib.import_module("tests.proof.catalogue")
    words = {}
    for name, attempt in (catalogue.CALLS | catalogue.FILES).items():
        with tempfile.TemporaryDirectory() as folder:
            words[name] = catalogue.said(attempt, Path(folder))
    return words


def module(name: str) -> types.ModuleType:
    return importlib.import_module(f"tests.{name.replace('/', '.')}")


def sentences(name: str) -> dict[str, list[str]]:
    return {case: problems(attempt) for case, attempt in module(name).CASES.items()}


def main() -> None:
    sys.path.insert(0, str(HERE.parents[1]))
    warnings.simplefilter("ignore")
    files: dict[str, Callable[[], object]] = {
        "proof/messages": corpus,
        **{name: partial(sentences, name) for name in SENTENCES},
        **{name: lambda name=name: module(name).written() for name in WRITTEN},
    }
    for name in sys.argv[1:] or files:
        write(HERE.parent / f"{name}.json", files[name]())


if __name__ == "__main__":
    main()
