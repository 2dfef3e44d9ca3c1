"""`mismes check`: from an empty params file to a report, step by step: what is missing or wrong,
how to mend it, and what a mapping made of the file.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import pandas as pd

from mismes_eval.cli.project import (
    NOTEBOOK,
    all_params,
    country_names,
    data_root_option,
    params_file,
    project,
)
from mismes_eval.cli.terminal import mark, problem
from mismes_eval.errors import MismesError, MismesWarning, Problem
from mismes_eval.evaluation.checklist import Step, checklist
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.readiness import readiness
from mismes_eval.report.document.language import language

BOXES = {"done": "[x]", "todo": "[ ]", "optional": "[-]"}


@dataclass(frozen=True)
class Record:
    """What was found of one params file."""

    file: str
    problems: tuple[Problem, ...]
    steps: tuple[Step, ...] = ()
    read: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    codebook: pd.DataFrame | None = None
    mapped: bool = False


@click.command("check")
@click.argument("names", nargs=-1, metavar="[ISO3 | FILE ...]", shell_complete=country_names)
@data_root_option
@click.option(
    "--codebook/--no-codebook",
    default=None,
    help=(
        "Count every value of every column after the mapping, with and without weights (default:"
        " where one file is named and it maps)."
    ),
)
@click.option("--quiet", is_flag=True, help="Print only problems.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    names: tuple[str, ...],
    data_root: Path | None,
    codebook: bool | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Check params files (default: all) and read the data they name.

    Every problem is listed, none stops the search for the next. [x] is done, [ ] must be mended,
    [-] is optional. Exit status 2 where something must be mended.
    """
    root = project()
    paths = [params_file(root, n) for n in names] or all_params(root)
    records = [_checked(path, data_root) for path in paths]
    if as_json:
        click.echo(json.dumps([_plain(r, codebook) for r in records], ensure_ascii=False, indent=1))
    for record in () if as_json else records:
        _print(
            record, quiet, codebook if codebook is not None else record.mapped and len(names) == 1
        )
    return 2 if any(r.problems for r in records) else 0


def _checked(path: Path, data_root: Path | None) -> Record:
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", MismesWarning)
        try:
            params = Params.load(path, data_root)
            language(params.language)
        except MismesError as error:
            return Record(path.name, tuple(error.problems))
        ready = readiness(params)
    said = tuple(
        dict.fromkeys(str(w.message) for w in raised if issubclass(w.category, MismesWarning))
    )
    mapped = any(name.startswith("mapping.") for name in params.given)
    return Record(
        path.name,
        ready.problems,
        checklist(params, ready),
        ready.lines,
        ready.absent,
        said,
        ready.codebook,
        mapped,
    )


def _plain(record: Record, codebook: bool | None) -> dict[str, object]:
    """The record as JSON takes it; the codebook only where it was asked for."""
    out: dict[str, object] = {
        "file": record.file,
        "problems": [str(p) for p in record.problems],
        "steps": [asdict(s) for s in record.steps],
        "read": list(record.read),
        "absent": list(record.absent),
        "warnings": list(record.warnings),
    }
    if codebook and record.codebook is not None:
        out["codebook"] = json.loads(record.codebook.to_json(orient="records"))
    return out


def _print(record: Record, quiet: bool, codebook: bool) -> None:
    if quiet:
        for found in record.problems:
            problem(found, f"{record.file}: ")
        return
    click.echo(record.file)
    for step in record.steps:
        if step.state != "todo":
            click.echo(
                mark(step.state, f"  {BOXES[step.state]} {step.what}")
                + (f"\n        {step.mend}" if step.mend else "")
            )
    for line in record.read:
        click.echo(f"      {line}")
    for line in record.warnings:
        click.echo(mark("note", f"      note: {line}"))
    if codebook and record.codebook is not None:
        click.echo(f"\n{_codebook_text(record.codebook)}\n")
    for found in record.problems:
        problem(found, "  [ ] ")
    if not record.problems:
        name = record.file.removesuffix(".yaml")
        here = (project() / NOTEBOOK).is_file()
        lacking = (
            f". The project has no {NOTEBOOK}: copy notebooks/ of mismes-eval beside params/, or"
            " name one with --notebook"
        )
        click.echo(mark("done", f"  ready. Next: mismes report {name}{'' if here else lacking}"))


def _codebook_text(book: pd.DataFrame) -> str:
    """The codebook as a table: does each count look like the office's?"""
    shown = book.assign(
        column=book["column"].where(~book["column"].duplicated(), ""),
        value=book["value"].astype(str).str.slice(0, 48),
        rows=[f"{v:,}" for v in book["rows"]],
        weighted=[f"{v:,.0f}" for v in book["weighted"]],
        share=[f"{100 * v:.1f}%" for v in book["share"]],
    )
    return "After the mapping (compare with the office's own tables):\n" + shown.to_string(
        index=False, justify="left"
    )
