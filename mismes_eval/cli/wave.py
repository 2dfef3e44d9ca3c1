"""`mismes wave`: a wave of a tracer study before it starts and while it runs."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import click

from mismes_eval.cli.project import (
    country_argument,
    data_root_option,
    params_file,
    project,
)
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.wave_status import read_status, wave_tables
from mismes_eval.report import wave_page
from mismes_eval.report.document.download import csv_text
from mismes_eval.report.document.language import language

EPILOG = """\b
Examples:
  mismes wave plan MDA --wave 4 --months 36
  mismes wave status MDA --wave 3 --on 2021-07-25"""
on_option = click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), help="As of this day (default: today)."
)
out_option = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder to write to (default: data_processed/ISO3/wave_N).",
)
wave_option = click.option("--wave", type=click.IntRange(0, 20), required=True, help="Its number.")
quiet_option = click.option("--quiet", is_flag=True, help="Print nothing.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group("wave", epilog=EPILOG)
def command() -> None:
    """Plan a wave of a tracer study, and follow it while it runs."""


@command.command("plan", epilog=EPILOG)
@country_argument
@wave_option
@click.option(
    "--months", type=click.FloatRange(0), required=True, help="Months from enrolment to the wave."
)
@on_option
@data_root_option
@out_option
@quiet_option
@json_option
def plan(
    name: str,
    wave: int,
    months: float,
    on: datetime | None,
    data_root: Path | None,
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Write the sample file of a wave (earlier answers included), a calendar of who is due in which
    week, and a protocol to edit.
    """
    params, folder = _opened(name, data_root, out, wave)
    t = language(params.language)
    persons, waves = wave_tables(params)
    due = wave_page.due_dates(persons, months)
    sample = wave_page.sample_file(persons, waves, wave, due)
    today = date.today() if on is None else on.date()
    files = {
        "sample.csv": sample.to_csv(index=False),
        "appointments.ics": wave_page.calendar(sample, params.country, wave, today, t),
        "protocol.md": wave_page.protocol(params.country, wave, t),
    }
    _written(folder, {k: content.encode() for k, content in files.items()})
    if as_json:
        click.echo(json.dumps({"folder": folder.as_posix(), "persons": len(sample)}))
    elif not quiet:
        made = (
            "{n:,} {n:=person|persons} over {weeks} {weeks:=week|weeks}; {files} files in {folder}."
            " Attach sample.csv to the form of `mismes form {name}`."
        )
        at = folder.as_posix()
        over = wave_page.weeks(sample)
        click.echo(t(made, n=len(sample), weeks=over, files=len(files), folder=at, name=name))
    return 0


@command.command("status", epilog=EPILOG)
@country_argument
@wave_option
@on_option
@click.option(
    "--cases",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="tracer_wave file of `mismes collect` (default: the one of the params).",
)
@data_root_option
@out_option
@quiet_option
@json_option
def status(
    name: str,
    wave: int,
    on: datetime | None,
    cases: Path | None,
    data_root: Path | None,
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Who is pending and who answered, how the wave will end, whether the arms stay alike, and what
    each next step buys; a page, a workbook, and the random fifth of the lost to be traced.
    """
    params, folder = _opened(name, data_root, out, wave)
    t = language(params.language)
    today = date.today() if on is None else on.date()
    found = read_status(params, wave, today, cases)
    files = {
        "status.html": wave_page.page(found, params.country, params.synthetic, t).encode(),
        "status.xlsx": wave_page.workbook(found, t),
        "trace.csv": csv_text(found.to_trace).encode(),
    }
    _written(folder, files)
    if as_json:
        arms = json.loads(found.arms.to_json(orient="records"))
        click.echo(json.dumps({"folder": folder.as_posix(), "arms": arms}))
    elif not quiet:
        click.echo(t(wave_page.SYNTHETIC) if params.synthetic else "", nl=params.synthetic)
        for title, table in wave_page.tables(found, t).items():
            if title != t("Interviews by day"):
                click.echo(f"{title}\n{table.to_string(index=False)}\n")
        click.echo(t("{files} files in {folder}.", files=len(files), folder=folder.as_posix()))
    return 0


def _opened(name: str, data_root: Path | None, out: Path | None, wave: int) -> tuple[Params, Path]:
    root = project()
    params = Params.load(params_file(root, name), data_root)
    folder = out or root / "data_processed" / params.country / f"wave_{wave}"
    return params, folder


def _written(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
