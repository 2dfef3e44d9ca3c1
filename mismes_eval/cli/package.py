"""`mismes package`: the replication archive of a report."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mismes_eval.cli.project import NOTEBOOK, FileOf, project, quiet_option, report_names
from mismes_eval.report.trust.archive import package


@click.command("package")
@click.argument("name", metavar="REPORT", shell_complete=report_names)
@click.option(
    "--out",
    type=FileOf(".zip"),
    default=None,
    help="Zip file to write (default: reports/NAME-replication.zip).",
)
@click.option(
    "--with-data",
    is_flag=True,
    help="Put in the input files of a real country as well; only where you may.",
)
@quiet_option
@click.option("--json", "as_json", is_flag=True, help="Print what was packed as JSON.")
def command(name: str, out: Path | None, with_data: bool, quiet: bool, as_json: bool) -> int:
    """Pack a report (MDA, or reports/MDA) with its params, notebook, code, lock file and results.
    Synthetic inputs are in; real ones only with --with-data.
    """
    root = project()
    folder = Path(name) if Path(name).is_dir() else root / "reports" / name
    to = out or folder.parent / f"{folder.name}-replication.zip"
    made = package(folder.resolve(), root, (root / NOTEBOOK).parent, to, with_data)
    if as_json:
        click.echo(
            json.dumps(
                {"archive": str(to), "files": made.files, "left_out": list(made.left_out)},
                ensure_ascii=False,
                indent=1,
            )
        )
    elif not quiet:
        click.echo(f"{made.files} files in {to}")
        for path in made.left_out:
            click.echo(f"left out, named in README.md with its hash: {path}")
    return 0
