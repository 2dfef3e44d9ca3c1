"""The corpus of bad calls: each ends in the project's own error that names the place and the mend,
never in another exception and never in a number.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mismes_eval.errors import MismesError

from .corpus_calls import CASES as CALLS
from .corpus_calls import Case
from .corpus_refusals import REFUSALS

CASES = [*CALLS, *REFUSALS]
MESSAGES = Path(__file__).with_name("messages.json")


@pytest.mark.parametrize("case", CASES, ids=[f"{c.area}: {c.name}" for c in CASES])
def test_a_bad_call_is_named(case: Case, tmp_path: Path) -> None:
    with pytest.raises(MismesError) as caught:
        case.attempt(tmp_path)
    assert isinstance(caught.value, case.error), type(caught.value).__name__
    said = str(caught.value)
    assert [n for n in case.names if n not in said] == [], said
    assert said == json.loads(MESSAGES.read_text(encoding="utf-8"))[f"{case.area}: {case.name}"], (
        "if the new words are better: python tests/proof/write_messages.py"
    )
    assert caught.value.exit_status != 0 and caught.value.problems and not list(tmp_path.iterdir())


def test_the_corpus_is_large_and_every_case_is_one_fault() -> None:
    names = [(c.area, c.name) for c in CASES]
    assert len(names) == len(set(names)) >= 250
