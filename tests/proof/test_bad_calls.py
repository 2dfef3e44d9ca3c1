"""The corpus of bad calls and bad files: each ends in the project's own error, with the words of
messages.json, never in another exception and never in a number; good files that look odd are read.
"""

from pathlib import Path

import pytest

from mismes_eval import errors

from .catalogue import CALLS, FILES, Attempt, expected, said
from .corpus_files import GOOD

ASK = "if the new words are better: python tests/proof/write_messages.py"


@pytest.mark.parametrize("name", CALLS)
def test_a_bad_call_is_named(name: str, tmp_path: Path) -> None:
    assert said(CALLS[name], tmp_path) == expected()[name], ASK
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    assert said(FILES[name], tmp_path) == expected()[name], ASK


@pytest.mark.parametrize("attempt", GOOD.values(), ids=GOOD)
def test_a_good_file_is_read(
    attempt: Attempt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    assert attempt(tmp_path) is not None


def test_everything_that_is_written_is_refused() -> None:
    assert set(expected()) == {*CALLS, *FILES} and all(len(w) > 1 for w in expected().values())
    assert all(getattr(errors, name).exit_status != 0 for name, *_ in expected().values())
    assert len(CALLS) >= 380 and len(FILES) >= 110
