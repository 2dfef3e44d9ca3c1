"""`mismes claims`: what a report's evidence says of the claims of the MISMES studies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from mismes_eval.cli.project import json_of_result, project, report_names
from mismes_eval.cli.terminal import mark
from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.evaluation.claims.ledger import ledger
from mismes_eval.report.synthesis.published import read_published

STATE = {
    "supported": "done",
    "contradicted": "todo",
    "undecided": "note",
    "cannot be tested": "optional",
}
DECIDED = ("supported", "contradicted")


@click.command("claims")
@click.argument("name", metavar="ISO3", shell_complete=report_names)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of the reports (default: reports).",
)
@click.option("--quiet", is_flag=True, help="Print only the claims that are decided.")
@json_of_result
def command(name: str, out: Path | None, quiet: bool, as_json: bool) -> int:
    """Say of each claim of the MISMES studies whether the evidence of a country's report supports
    it, contradicts it, leaves it undecided, or cannot test it, and why.

    Reads what the report published (checked against its recorded hashes), so nothing that the
    report hides is told.
    """
    folder = (out or project() / "reports").resolve()
    (origin,) = read_published(folder, [name])
    found = origin.facts.get("claims")
    if found is None:
        raise ParamsError(
            Problem(
                "a report says nothing of the claims",
                name,
                "a report of this version",
                fix=worded("Make it again: `mismes report {name} --force`.", {"name": name}),
            )
        )
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    for one in found:
        if not quiet or one["answer"] in DECIDED:
            _print(one)
    return 0


def _print(one: dict[str, Any]) -> None:
    claim = ledger()[str(one["id"])]
    click.echo(mark(STATE[str(one["answer"])], f"{claim.id} {one['answer']:17}{claim.claim}"))
    click.echo(f"    {claim.measured_by}: {one['said']}")
    click.echo(f"    {one['why']}")
