"""`mismes check`: everything that is missing or wrong before a report is made."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import click

from mismes_eval.cli.project import all_params, data_root_option, params_file, project
from mismes_eval.errors import MismesError, MismesWarning
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.readiness import readiness


@click.command("check")
@click.argument("names", nargs=-1, metavar="[ISO3 | FILE ...]")
@data_root_option
@click.option("--quiet", is_flag=True, help="Print only problems.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(names: tuple[str, ...], data_root: Path | None, quiet: bool, as_json: bool) -> int:
    """Check params files (default: all) and read the data they name. Every problem is listed, none stops the search for the next. Exit status 2 where there is one."""
    root = project()
    records = []
    for path in [params_file(root, n) for n in names] or all_params(root):
        record = _checked(path, data_root)
        records.append(record)
        if not as_json:
            _print(record, quiet)
    if as_json:
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
    return 2 if any(r["problems"] for r in records) else 0


def _checked(path: Path, data_root: Path | None) -> dict[str, list[str] | str]:
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", MismesWarning)
        try:
            ready = readiness(Params.load(path, data_root))
        except MismesError as error:
            return {"file": path.name, "problems": [str(p) for p in error.problems], "read": [], "absent": [], "warnings": []}
    said = list(dict.fromkeys(str(w.message) for w in raised if issubclass(w.category, MismesWarning)))
    return {"file": path.name, "problems": [str(p) for p in ready.problems], "read": list(ready.lines), "absent": list(ready.absent), "warnings": said}


def _print(record: dict[str, list[str] | str], quiet: bool) -> None:
    for problem in record["problems"]:
        click.echo(f"{record['file']}: {problem}\n", err=True)
    if quiet:
        return
    for line in record["read"]:
        click.echo(f"{record['file']}: {line}")
    for line in record["warnings"]:
        click.echo(f"{record['file']}: note: {line}")
    for kind in record["absent"]:
        click.echo(f"{record['file']}: not supplied: {kind}")
    if not record["problems"]:
        click.echo(f"{record['file']}: ready. Next: mismes report {str(record['file']).removesuffix('.yaml')}")
