"""Every notebook with every country that ships, one kernel each: seconds and errors. `python
benchmarks/notebooks.py [ISO3 ...]`; exit status 1 where one fails or takes over two minutes.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from mismes_eval.report.factory.kernels import kernel_config

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 120.0


def run(path: Path, country: str) -> tuple[float, str]:
    """Seconds, and the error's last line (empty where there is none)."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = cell.source.replace("params/MDA.yaml", f"params/{country}.yaml")
    began = time.monotonic()
    try:
        with TemporaryDirectory() as sockets:
            where = {"metadata": {"path": str(path.parent)}}
            NotebookClient(
                notebook,
                timeout=300,
                resources=where,
                config=kernel_config(Path(sockets), Path(sockets)),
            ).execute()
    except CellExecutionError as error:
        return time.monotonic() - began, str(error).strip().splitlines()[-1]
    return time.monotonic() - began, ""


def main(countries: list[str]) -> int:
    """Print one line a run."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    bad = 0
    for country in countries or sorted(p.stem for p in (ROOT / "params").glob("*.yaml")):
        for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
            seconds, error = run(path, country)
            bad += bool(error) or seconds > LIMIT
            print(f"{country}  {path.stem:<26} {seconds:6.1f} s  {error or 'ok'}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
