"""Write messages.json: every bad call of the corpus and the words that its user reads. Run after a
change of words, and read the difference as that user would.

Run: python tests/proof/write_messages.py
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import types
import warnings
from pathlib import Path

from mismes_eval.errors import MismesError

HERE = Path(__file__).parent


def main() -> None:
    package = types.ModuleType("proof")
    package.__path__ = [str(HERE)]
    sys.modules["proof"] = package
    cases = [
        *importlib.import_module("proof.corpus_calls").CASES,
        *importlib.import_module("proof.corpus_refusals").REFUSALS,
    ]
    said = {}
    warnings.simplefilter("ignore")
    for case in cases:
        try:
            case.attempt(Path(tempfile.gettempdir()))
        except MismesError as error:
            said[f"{case.area}: {case.name}"] = str(error)
    (HERE / "messages.json").write_text(
        json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
