"""A wheel carries all that the package reads, and the notebooks of the checkout for projects that
are begun with it.
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.mark.whole
def test_a_wheel_has_the_notebooks_and_every_file_of_the_package(
    root: Path, tmp_path: Path
) -> None:
    pytest.importorskip("setuptools")
    source = tmp_path / "source"
    for part in ("mismes_eval", "notebooks"):
        shutil.copytree(
            root / part, source / part, ignore=shutil.ignore_patterns("__pycache__", ".*")
        )
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        str(source),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        carried = set(packed.namelist())
        assert all(
            packed.read(f"mismes_eval/notebooks/{p.name}") == p.read_bytes()
            for p in (root / "notebooks").glob("*.ipynb")
        )
    wanted = {
        p.relative_to(source).as_posix() for p in (source / "mismes_eval").rglob("*") if p.is_file()
    }
    assert wanted - carried == set()
