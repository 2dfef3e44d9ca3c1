"""Tests of one file run in one process, so that what they share is made once: how `make test` deals
them out is tried on two small files.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.conftest import room

ROOT = Path(__file__).resolve().parents[2]
ONE = """import os, pathlib, pytest

@pytest.mark.parametrize("number", range(6))
def test_one(number):
    with pathlib.Path("{seen}").open("a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


def test_a_file_is_dealt_to_one_process(tmp_path: Path) -> None:
    how = re.search(r"-n 2 --dist \w+", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert how is not None
    seen = [tmp_path / f"{name}.txt" for name in "ab"]
    for path in seen:
        test = tmp_path / f"test_{path.stem}.py"
        test.write_text(ONE.format(seen=path.as_posix()), encoding="utf-8")
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *how[0].split(), "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=plain,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    for path in seen:
        workers = path.read_text(encoding="utf-8").split()
        assert len(workers) == 6 and len(set(workers)) == 1


def test_files_that_read_one_report_are_dealt_to_one_process() -> None:
    files = [p.relative_to(ROOT).as_posix() for p in (ROOT / "tests").rglob("test_*.py")]
    rooms = Counter(map(room, files))
    shared = {name: n for name, n in rooms.items() if name not in files}
    assert set(shared) == {"whole reports", "reports of notebooks"} and min(shared.values()) > 2
    assert room("tests/report/test_sheets.py") == room("tests/report/test_romanian.py")
