"""What a notebook must look like before it is run, and what is taken out of it before it is
published.
"""

from __future__ import annotations

import ast
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from mismes_eval.errors import InputError, ParamsError, Problem, worded
from mismes_eval.frame.outside import text_of
from mismes_eval.message import Message
from mismes_eval.report.session import PROGRESS

LARGEST_NOTEBOOK = 32 * 2**20  # bytes; one without its outputs has 50 kB


def checked(path: Path) -> NotebookNode:
    """Read a notebook that may be run: exactly one cell tagged `parameters`, and it sets `run` to a
    text and nothing else.
    """
    if not path.is_file():
        raise ParamsError(
            Problem(
                "the notebook is missing",
                path.name,
                "a file in notebooks/",
                fix="Copy notebooks/ of mismes-eval beside params/, or name one with --notebook.",
            )
        )
    try:
        text = text_of(path, LARGEST_NOTEBOOK)
        notebook: NotebookNode = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)  # read only logs what is invalid
    except (
        nbformat.reader.NotJSONError,
        nbformat.ValidationError,
        ValueError,
        AttributeError,
        TypeError,
        KeyError,
        RecursionError,
        InputError,
    ) as error:  # nbformat reads JSON of any shape
        raise ParamsError(
            Problem(
                "the file is no notebook", path.name, "Jupyter notebook format 4", str(error)[:200]
            )
        ) from error
    _in_python(notebook, path.name)
    tagged = [
        cell for cell in notebook.cells if "parameters" in cell.get("metadata", {}).get("tags", [])
    ]
    if len(tagged) != 1 or not _sets_run(tagged[0].source):
        raise ParamsError(
            Problem(
                "the notebook cannot take a report's parameter",
                path.name,
                "one cell tagged 'parameters' with the single line: run = \"params/XXX.yaml\"",
                worded("{tagged} tagged cells", {"tagged": len(tagged)}),
            )
        )
    return notebook


def _in_python(notebook: NotebookNode, name: str) -> None:
    """Raise ParamsError for a notebook that was written for another kernel than Python 3."""
    spec = notebook.metadata.get("kernelspec", {})
    told = notebook.metadata.get("language_info", {})
    kernel = str(spec.get("name", ""))
    spoken = str(spec.get("language") or told.get("name") or "").lower()
    old = kernel.startswith("python2") or str(told.get("version", "")).startswith("2.")
    unsaid = not spoken and (not kernel or kernel.startswith("python"))
    python = spoken == "python" or unsaid
    if old or not python:
        raise ParamsError(
            Problem(
                what="the notebook is for another kernel",
                where=name,
                expected="Python 3",
                got=_kernel(str(kernel), str(spoken or "")),
                fix="Write it in Python, or change its kernel in JupyterLab.",
            )
        )


def _kernel(kernel: str, spoken: str) -> Message:
    """A notebook's kernel and its language, where it names one."""
    if not spoken:
        return worded("kernel '{kernel}'", {"kernel": kernel})
    values = {"kernel": kernel, "language": spoken}
    return worded("kernel '{kernel}', language '{language}'", values)


def without_data(notebook: NotebookNode) -> NotebookNode:
    """A notebook that failed on real data, for its user to read: code, and of the outputs only the
    kind of each error.
    """
    out: NotebookNode = nbformat.from_dict(notebook)
    for cell in out.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.v4.new_output(
                    "error", ename=output.ename, evalue="", traceback=[output.ename]
                )
                for output in cell.outputs
                if output.output_type == "error"
            ]
    return out


def _sets_run(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    if len(body) != 1 or not isinstance(body[0], ast.Assign):
        return False
    target = body[0].targets[0]
    value = body[0].value
    return (
        isinstance(target, ast.Name)
        and target.id == "run"
        and isinstance(value, ast.Constant)
        and isinstance(value.value, str)
    )


def scrub(notebook: NotebookNode, params_name: str, folders: Sequence[str]) -> NotebookNode:
    """The executed notebook without paths of this machine, papermill's records, and with the
    parameter as a reader would set it.
    """
    out: NotebookNode = nbformat.from_dict(notebook)
    out.metadata.pop("papermill", None)
    for cell in out.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = f'# Parameters\nrun = "params/{params_name}"\n'
            cell.id = "injected-parameters"
        outputs = cell.get("outputs", [])
        for output in outputs:
            if output.output_type == "stream":
                output.text = "".join(
                    line
                    for line in output.text.splitlines(keepends=True)
                    if not line.startswith(PROGRESS)
                )
        if outputs:
            cell.outputs = [
                output
                for output in outputs
                if output.output_type != "stream" or output.text.strip()
            ]
        for output in cell.get("outputs", []):
            _scrub_texts(output, [folder for folder in folders if len(folder) > 1])
    return out


def _scrub_texts(node: MutableMapping[str, Any], folders: Sequence[str]) -> None:
    for key, value in node.items():
        if isinstance(value, dict):
            _scrub_texts(value, folders)
        elif isinstance(value, str) and key != "image/png":
            for folder in folders:
                value = value.replace(folder, "<folder>")
            node[key] = value


def shown_html(notebook: NotebookNode) -> dict[str, str]:
    """Id of each code cell -> the HTML that it shows."""
    return {
        cell.id: "".join(
            str(output.data.get("text/html", "")) for output in cell.outputs if "data" in output
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
