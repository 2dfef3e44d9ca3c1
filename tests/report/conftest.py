"""A small project with two countries, and notebooks that end well or badly."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

TABLE = """import pandas as pd
from mismes_eval.report.tables import counts
from mismes_eval.report.figures import canvas, finish
"""
SHOW = """report.progress("data", 1, 2)
data = pd.read_csv(report.params.path("inputs.lfs"))
report.add_table(counts("T01", "Persons & places", data.set_index("place")[["persons"]], "made up", synthetic=True))"""
FIGURE = """report.progress("impact", 2, 2)
fig, ax = canvas()
ax.plot([0, 1], [0, 1])
report.add_figure(finish("F01", "A line", fig, "A line that rises", pd.DataFrame({"x": [0, 1]}), synthetic=True))"""
OPEN = "from mismes_eval.report import session\nreport = session.open(run)"
FINISH = "report.finish()"


def notebook(path: Path, *middle: str, last: str = FINISH) -> Path:
    """A report notebook with extra code cells in its second chapter."""
    new = nbformat.v4.new_notebook()
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    parameters = code('run = "params/MDA.yaml"')
    parameters.metadata["tags"] = ["parameters"]
    new.cells = [
        text("# Country report"),
        parameters,
        code(TABLE + OPEN),
        text("## Definitions & data\n\nWhat was used."),
        code(SHOW),
        text("## Impact"),
        *map(code, middle),
        code(FIGURE),
        code(last),
    ]
    for i, cell in enumerate(new.cells):
        cell.id = f"cell{i}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new, path)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """params/MDA.yaml and params/TUN.yaml with an input each, and notebooks/country_report.ipynb."""
    for code in ("MDA", "TUN"):
        (tmp_path / "data_raw" / code).mkdir(parents=True)
        (tmp_path / "data_raw" / code / "lfs.csv").write_text("place,persons\nnorth,120\nsouth,80\n", encoding="utf-8")
        (tmp_path / "params").mkdir(exist_ok=True)
        (tmp_path / "params" / f"{code}.yaml").write_text(
            f"country: {code}\nsynthetic: true\nyear: 2023\ninputs:\n  lfs: data_raw/{code}/lfs.csv\n", encoding="utf-8"
        )
    notebook(tmp_path / "notebooks" / "country_report.ipynb")
    return tmp_path
