"""The table of attacks in docs/trust.md is what benchmarks/attacks.py wrote: rows of its kinds, each
with a script that is there, and none where an attack succeeded.
"""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def attacks(root: Path) -> ModuleType:
    spec = spec_from_file_location("attacks", root / "benchmarks" / "attacks.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["attacks"] = module
    spec.loader.exec_module(module)
    return module


def test_every_row_of_the_page_is_a_row_of_the_script(attacks: ModuleType, root: Path) -> None:
    page = attacks.PAGE.read_text(encoding="utf-8")
    rows = attacks.rows_of(page)
    by_kind = {a.kind: a for a in attacks.ATTACKS}
    assert len(by_kind) == len(attacks.ATTACKS) and len(rows) >= 8
    for kind, line in rows.items():
        _, script, tried, held, day = (part.strip() for part in line.strip("| ").split(" | "))
        assert script.strip("`").split()[0] == by_kind[kind].script
        assert int(tried.replace(",", "")) == int(held.replace(",", "")) > 0
        assert len(day) == len("2026-01-31")
    assert [a.script for a in attacks.ATTACKS if not (root / a.script).is_file()] == []
    assert attacks.written(page, {}) == page


def test_what_is_counted_is_what_ran(attacks: ModuleType) -> None:
    assert attacks.counted("x\n=== 1 failed, 7 passed, 2 skipped in 3s ===\nFAILED a\n") == (8, 7)
    assert attacks.counted("no tests ran in 0.1s\n") == (0, 0)
    assert attacks.study("a\n1,200 tried, 1,199 held\n") == (1_200, 1_199)
    assert attacks.study("Traceback\n") == (1, 0)
