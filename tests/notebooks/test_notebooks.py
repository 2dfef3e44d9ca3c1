"""Every notebook runs top to bottom on the shipped data without an error, in a kernel of its own,
and shows a result in every code cell that ends in an expression.
"""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from mismes_eval.report.factory.kernels import kernel_config

NOTEBOOKS = sorted(
    p.name for p in (Path(__file__).resolve().parents[2] / "notebooks").glob("[0-9]*.ipynb")
)


def test_the_notebooks_of_the_workbench_are_there() -> None:
    assert len(NOTEBOOKS) >= 8


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_runs_top_to_bottom(
    root: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    notebook = nbformat.read(root / "notebooks" / name, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=120,
        resources={"metadata": {"path": str(root / "notebooks")}},
        config=kernel_config(tmp_path, tmp_path),
    )
    client.execute()
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in code)
    assert not [o for c in code for o in c.outputs if o.output_type == "error"]
    shown = [
        o for c in code for o in c.outputs if o.output_type in ("execute_result", "display_data")
    ]
    assert len(shown) >= 2
