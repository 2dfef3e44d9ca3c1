"""The corpus of bad files: each ends in the project's own error that names the place and the mend;
good files that look odd are read whole.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from mismes_eval.errors import MismesError

_SPEC = importlib.util.spec_from_file_location(
    "corpus_files", Path(__file__).with_name("corpus_files.py")
)
assert _SPEC is not None and _SPEC.loader is not None
corpus = importlib.util.module_from_spec(_SPEC)
sys.modules["corpus_files"] = corpus
_SPEC.loader.exec_module(corpus)


@pytest.mark.parametrize("case", corpus.CASES, ids=[f"{c.area}: {c.name}" for c in corpus.CASES])
def test_a_bad_file_is_named(case: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    with pytest.raises(MismesError) as caught:
        case.attempt(tmp_path)
    assert isinstance(caught.value, case.error), type(caught.value).__name__
    said = str(caught.value)
    assert [n for n in case.names if n not in said] == [], said
    assert caught.value.exit_status != 0 and caught.value.problems


@pytest.mark.parametrize("case", corpus.GOOD, ids=[c.name for c in corpus.GOOD])
def test_a_good_file_is_read(case: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    assert case.attempt(tmp_path) is not None


def test_the_corpus_is_large_and_every_case_is_one_fault() -> None:
    names = [(c.area, c.name) for c in corpus.CASES]
    assert len(names) == len(set(names)) >= 110
