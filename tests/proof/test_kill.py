"""A small part of benchmarks/kill.py: a report killed, without room or made twice at once leaves
the earlier report or the new one, whole, and a second run mends it.
"""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_no_report_is_half_made(root: Path) -> None:
    spec = importlib.util.spec_from_file_location("kill_study", root / "benchmarks" / "kill.py")
    assert spec is not None and spec.loader is not None
    kill = importlib.util.module_from_spec(spec)
    sys.modules["kill_study"] = kill
    spec.loader.exec_module(kill)
    found = kill.series(fixed=1, drawn=0, sizes=1, together=2, seed=4)
    assert {name: broken for name, (_, _, broken) in found.items()} == dict.fromkeys(found, 0)
    assert found["killed at a call to the system"][:2] == (1, 1)
    assert found["disk full"][:2] == (1, 1)
