"""Write messages.json: every bad call and bad file of the corpus and the words that its user reads;
beside each file of WRITTEN what it says. Run after a change of words, and read the difference as
that user would.

Run: python tests/proof/write_messages.py, or with the names of files below tests: proof/messages ...
"""

import importlib
import json
import sys
import tempfile
import types
import warnings
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
WRITTEN = ("impact/test_faces_of_effects", "impact/test_notes_of_effects", "proof/test_defaults")


def write(path: Path, said: object) -> None:
    text = json.dumps(said, ensure_ascii=False, indent=1)
    path.write_text(f"{text}\n", encoding="utf-8")


def corpus() -> dict[str, list[str]]:
    catalogue = importlib.import_module("tests.proof.catalogue")
    words = {}
    for name, attempt in (catalogue.CALLS | catalogue.FILES).items():
        with tempfile.TemporaryDirectory() as folder:
            words[name] = catalogue.said(attempt, Path(folder))
    return words


def module(name: str) -> types.ModuleType:
    return importlib.import_module(f"tests.{name.replace('/', '.')}")


def main() -> None:
    sys.path.insert(0, str(HERE.parents[1]))
    warnings.simplefilter("ignore")
    files: dict[str, Callable[[], object]] = {
        "proof/messages": corpus,
        **{name: lambda name=name: module(name).written() for name in WRITTEN},
    }
    for name in sys.argv[1:] or files:
        write(HERE.parent / f"{name}.json", files[name]())


if __name__ == "__main__":
    main()
