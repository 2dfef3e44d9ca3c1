"""`mismes synthesis`: one report across countries, from the country reports that are there."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mismes_eval.cli.project import json_of_made, project, quiet_option, report_names
from mismes_eval.report.document.language import available
from mismes_eval.report.factory.orders import PAGE
from mismes_eval.report.index import write_index
from mismes_eval.report.synthesis.synthesis import write_synthesis


@click.command("synthesis")
@click.argument("names", nargs=-1, metavar="[ISO3 ...]", shell_complete=report_names)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of the reports (default: reports).",
)
@click.option("--language", "lang", type=click.Choice(available()), default="en", show_default=True)
@click.option(
    "--mixed",
    is_flag=True,
    help="Allow made-up and real data beside one another; the page names them.",
)
@click.option(
    "--evidence",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Effects of outside evaluations (template evidence), shown beside those of the reports.",
)
@click.option("--force", is_flag=True, help="Make it again even where nothing changed.")
@quiet_option
@json_of_made
def command(
    names: tuple[str, ...],
    out: Path | None,
    lang: str,
    mixed: bool,
    evidence: Path | None,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Compare the named countries, or all that have a report: indicators, effects and their
    summary, what was never evaluated.

    Reads published results only, and checks them against their recorded hashes first.
    """
    target = (out or project() / "reports").resolve()
    folder, made = write_synthesis(target, names, lang, mixed, force, evidence)
    write_index(target, [])
    where = folder / PAGE
    here = Path.cwd()
    status = "made" if made else "unchanged"
    shown = where.relative_to(here).as_posix() if where.is_relative_to(here) else str(where)
    if as_json:
        click.echo(json.dumps({"status": status, "page": shown}, ensure_ascii=False, indent=1))
    elif not quiet:
        click.echo(f"synthesis    {status} {shown}")
    return 0
