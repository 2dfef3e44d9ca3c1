"""The watch over the tests finds those that change what they share: a frame, an array in a result, a
file; a result that keeps what it computed is left alone; and assertions that are never reached.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).resolve().parents[2]
SUITE = """
import dataclasses
import numpy as np
import pandas as pd
import pytest

@dataclasses.dataclass(frozen=True)
class Result:
    values: np.ndarray
    kept: dict

@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame({"x": [1.0, 2.0], "t": ["a", "b"]})

@pytest.fixture(scope="module")
def result():
    return Result(np.arange(3.0), {})

@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("made")
    (made / "a.txt").write_text("a")
    return made

def test_good_reading(frame, result, folder):
    assert frame["x"].sum() == 3 and result.values.size == 3 and folder.is_dir()

def test_good_keeping(result):
    result.kept["again"] = 1
    np.testing.assert_allclose(result.values[0], 0)

def test_bad_column(frame):
    frame["y"] = 1
    assert len(frame) == 2

def test_bad_cell(frame):
    frame.loc[0, "t"] = "c"
    assert len(frame) == 2

def test_bad_array(result):
    result.values[0] = 5
    assert result.values.size == 3

def test_bad_file(folder):
    (folder / "a.txt").write_text("b")
    assert folder.is_dir()
"""
EMPTY = """
def test_good_loop():
    for x in [1]:
        assert x

def test_bad_loop():
    for x in []:
        assert x
"""


def test_the_watch_finds_what_it_is_for(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    (tmp_path / "test_empty.py").write_text(EMPTY, encoding="utf-8")
    options = ("-p", "no:cacheprovider", "-p", "tests.watch", "-o")
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, "enable_assertion_pass_hook=true", "-rA"],
        cwd=tmp_path,
        env={**plain, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    failed = {line.split("::")[1].split()[0] for line in lines if line.startswith("FAILED")}
    passed = {line.split("::")[1].split()[0] for line in lines if line.startswith("PASSED")}
    assert failed == {f"test_bad_{what}" for what in ("column", "cell", "array", "file", "loop")}
    assert passed == {f"test_good_{what}" for what in ("reading", "keeping", "loop")}
