"""A small part of benchmarks/fuzz.py: damaged files are read or named, never another exception, and
the damage is real.
"""

import importlib.util
import random
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_damaged_files_are_read_or_named(root: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("fuzz_study", root / "benchmarks" / "fuzz.py")
    assert spec is not None and spec.loader is not None
    fuzz = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_study"] = fuzz
    spec.loader.exec_module(fuzz)
    table, failures = fuzz.run(90, 7, None)
    assert failures == []
    assert table["named"].sum() > 0.7 * table["files"].sum() >= 60
    for kind in fuzz.kinds(tmp_path).values():
        assert fuzz.damaged(kind.good, random.Random(1)) != kind.good
