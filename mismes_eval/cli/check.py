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
    json_of_result,
    params_file,
    project,
)
from mismes_eval.cli.spoken import reader_language
from mismes_eval.cli.terminal import mark, problem
from mismes_eval.errors import SHOWN, MismesError, MismesWarning, Problem
from mismes_eval.evaluation.checklist import Step, checklist
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.readiness import readiness
from mismes_eval.message import Message
from mismes_eval.report.document.language import Language, language
from mismes_eval.report.rehearsal import Rehearsal, refusals, rehearse

CODEBOOK = "After the mapping (compare with the office's own tables):"
ALL_ROWS = "The numbers of all rows: mismes check {name} --json"
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
    language: str = "en"
    chapters: tuple[str, ...] = ()
    rehearsed: bool = False


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
@click.option(
    "--quick",
    is_flag=True,
    help="Read the data only: the report is not made for trial, and nothing is called ready.",
)
@click.option("--quiet", is_flag=True, help="Print only problems.")
@json_of_result
def command(
    names: tuple[str, ...],
    data_root: Path | None,
    codebook: bool | None,
    quick: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Check params files (default: all), read the data they name and make the report for trial.

    Every problem is listed, none stops the search for the next. [x] is done, [ ] must be mended,
    [-] is optional. "ready" means that `mismes report` makes the report. Exit status 2 where
    something must be mended.
    """
    root = project()
    paths = [params_file(root, n) for n in names] or all_params(root)
    records = [_checked(path, data_root, quick) for path in paths]
    if as_json:
        click.echo(
            json.dumps(
                [_plain(record, codebook) for record in records], ensure_ascii=False, indent=1
            )
        )
    for record in () if as_json else records:
        _print(
            record, quiet, codebook if codebook is not None else record.mapped and len(names) == 1
        )
    return 2 if any(record.problems for record in records) else 0


def _checked(path: Path, data_root: Path | None, quick: bool) -> Record:
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", MismesWarning)
        try:
            params, refused = Params.partly(path, data_root)
            if refused:
                return Record(path.name, refusals(path, data_root))
        except MismesError as error:
            return Record(path.name, tuple(error.problems))
        ready = readiness(params)
        trial = Rehearsal((), ())
        if ready.evaluation is not None and not quick:
            trial = rehearse(ready.evaluation)
    said = [str(w.message) for w in raised if issubclass(w.category, MismesWarning)]
    problems = tuple(dict.fromkeys((*ready.problems, *trial.problems)))
    return Record(
        file=path.name,
        language=params.language,
        problems=problems,
        steps=checklist(params, problems),
        read=ready.lines,
        absent=ready.absent,
        warnings=tuple(dict.fromkeys(said)),
        codebook=ready.codebook,
        mapped=any(name.startswith("mapping.") for name in params.given),
        chapters=trial.lines,
        rehearsed=not quick,
    )


def _plain(record: Record, codebook: bool | None) -> dict[str, object]:
    """The record as JSON takes it; the codebook only where it was asked for."""
    out: dict[str, object] = {
        "file": record.file,
        "problems": [str(p) for p in record.problems],
        "rows": [[str(row) for row in p.rows] for p in record.problems],
        "steps": [asdict(step) for step in record.steps],
        "read": list(record.read),
        "absent": list(record.absent),
        "chapters": list(record.chapters),
        "ready": record.rehearsed and not record.problems,
        "warnings": list(record.warnings),
    }
    if codebook and record.codebook is not None:
        out["codebook"] = json.loads(record.codebook.to_json(orient="records"))
    return out


def _print(record: Record, quiet: bool, codebook: bool) -> None:
    words = reader_language([record.file]).whole
    if quiet:
        for found in record.problems:
            problem(found, words, f"{record.file}: ")
        return
    click.echo(record.file)
    t = language(record.language)
    for step in record.steps:
        if step.state != "todo":
            click.echo(
                mark(step.state, f"  {BOXES[step.state]} {t(step.what)}")
                + (f"\n        {t(step.mend)}" if step.mend else "")
            )
    for line in record.read:
        click.echo(f"      {t(line)}")
    for line in record.warnings:
        click.echo(mark("note", f"      note: {line}"))
    for line in record.chapters:
        click.echo(f"      {line}")
    if codebook and record.codebook is not None:
        click.echo(f"\n{t(CODEBOOK)}\n{_codebook_text(record.codebook, t)}\n")
    for found in record.problems:
        problem(found, words, "  [ ] ")
    if any(len(found.rows) > SHOWN for found in record.problems):
        click.echo(t(ALL_ROWS, name=record.file.removesuffix(".yaml")), err=True)
    if not record.problems:
        click.echo(mark("done", f"  {_next(record)}"))


def _next(record: Record) -> str:
    """What to do when nothing must be mended."""
    t = language(record.language)
    if not record.rehearsed:
        return t("read without a problem. The report was not made for trial: leave out --quick.")
    name = record.file.removesuffix(".yaml")
    if (project() / NOTEBOOK).is_file():
        return t("ready. Next: mismes report {name}", name=name)
    return (
        f"ready. Next: mismes report {name}. The project has no {NOTEBOOK}: copy notebooks/ of"
        " mismes-eval beside params/, or name one with --notebook"
    )


def _codebook_text(book: pd.DataFrame, t: Language) -> str:
    """The codebook as a table: does each count look like the office's?"""
    shown = book.assign(
        column=book["column"].where(~book["column"].duplicated(), ""),
        value=[(t(v) if isinstance(v, Message) else str(v))[:48] for v in book["value"]],
        label=book["label"].str.slice(0, 32),
        rows=[f"{count:,}" for count in book["rows"]],
        weighted=[f"{count:,.0f}" for count in book["weighted"]],
        share=[f"{100 * share:.1f}%" for share in book["share"]],
    )
    return shown.to_string(index=False, justify="left")
