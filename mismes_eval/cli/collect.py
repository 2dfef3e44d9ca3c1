"""`mismes collect`: exports of survey servers in the templates."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pandas as pd

from mismes_eval.cli.project import (
    country_argument,
    json_of_made,
    params_file,
    project,
    quiet_option,
)
from mismes_eval.cli.terminal import mark
from mismes_eval.evaluation.params import Params
from mismes_eval.fieldwork import FORMS, collect
from mismes_eval.fieldwork.exports import read_export

PERSONAL = "PERSONAL_keep_in_the_office.csv"
README = """Made by `mismes collect` and `mismes export`: safe to delete, made again from the exports.

PERSONAL_keep_in_the_office.csv holds names, telephone numbers and coordinates. Nothing in this
project reads it, and no report or archive takes it along.
"""
file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("collect")
@country_argument
@click.argument("form", type=click.Choice(list(FORMS)))
@click.argument("export", type=file)
@click.option("--sample", type=file, help="Tracer wave: the sample file, one row a person.")
@click.option("--attempts", type=file, help="Tracer wave: export of the form 'contact'.")
@click.option("--episodes", type=file, help="Tracer wave: export of the repeat of episodes.")
@click.option("--wave", type=int, help="Tracer wave: its number.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder to write to (default: data_processed/ISO3).",
)
@quiet_option
@json_of_made
def command(
    name: str,
    form: str,
    export: Path,
    sample: Path | None,
    attempts: Path | None,
    episodes: Path | None,
    wave: int | None,
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Read an export of ODK, KoboToolbox, SurveyCTO or Survey Solutions into the templates.

    Every sampled case gets a row and a disposition, also those whom nobody reached. Columns that
    nobody reads are named. Names, telephone numbers and coordinates go to a file apart that nothing
    reads. Nothing is written where an answer cannot be read.
    """
    root = project()
    country = Params.load(params_file(root, name)).country
    found = collect(
        form,
        read_export(export),
        None if sample is None else read_export(sample),
        None if attempts is None else read_export(attempts),
        None if episodes is None else read_export(episodes),
        wave,
    )
    folder = out or root / "data_processed" / country
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.txt").write_text(README, encoding="utf-8")
    end = "" if wave is None else f"_{wave}"
    rows = {}
    for table, frame in found.tables.items():
        frame.to_csv(folder / f"{table}{end}.csv", index=False, encoding="utf-8")
        rows[f"{table}{end}.csv"] = len(frame)
    if len(found.personal):
        _private(found.personal, folder / PERSONAL)
    if as_json:
        made = {"folder": folder.as_posix(), "rows": rows}
        click.echo(json.dumps({**made, "unused": found.unused, "notes": found.notes}))
    elif not quiet:
        for table, count in rows.items():
            click.echo(f"{count:,} rows  {(folder / table).as_posix()}")
        for note in found.notes:
            click.echo(mark("note", f"note: {note}"))
        if found.unused:
            click.echo(mark("note", f"not used: {', '.join(found.unused)}"))
    return 0


def _private(personal: pd.DataFrame, path: Path) -> None:
    """Readable by its owner alone."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    personal.to_csv(path, index=False, encoding="utf-8")
