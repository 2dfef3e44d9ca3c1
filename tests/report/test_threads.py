"""The same report with another number of threads: sums differ in their last bit, and nothing that
is printed does.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mismes_eval.report.trust.differences import places

MAKE = """
import sys
from pathlib import Path
import mismes_eval as me
report = me.country_report(me.open_report(sys.argv[1]))
pages = [report.findings().html, *(report.chapter(name).html for name in report.chapters)]
Path(sys.argv[2]).write_text("".join(pages), encoding="utf-8")
"""


@pytest.mark.slow
@pytest.mark.parametrize("country", ["ARM", "GEO", "MAR", "MDA", "TUN"])
def test_another_number_of_threads_is_the_same_report(
    country: str, root: Path, tmp_path: Path
) -> None:
    for threads in ("1", "2"):
        many = {name: threads for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        folder = tmp_path / threads
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", MAKE, f"params/{country}.yaml", str(folder / "report.html")],
            cwd=root,
            env=os.environ | many | {"MPLBACKEND": "Agg"},
            check=True,
        )
    assert places(tmp_path / "1" / "report.html", tmp_path / "2" / "report.html") == []
