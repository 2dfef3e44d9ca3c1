"""`mismes verify`: make reports again in a clean folder and compare every number."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mismes_eval.cli.project import NOTEBOOK, data_root_option, project, report_names
from mismes_eval.cli.terminal import say
from mismes_eval.report.trust.verify import Verification, verify


@click.command("verify")
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER ...",
    shell_complete=report_names,
)
@data_root_option
@click.option(
    "--foreign",
    is_flag=True,
    help=(
        "Run the notebook also where it is not the recorded one, without network and with a scratch"
        " home."
    ),
)
@click.option("--quiet", is_flag=True, help="Print only what differs.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    folders: tuple[Path, ...], data_root: Path | None, foreign: bool, quiet: bool, as_json: bool
) -> int:
    """Recompute the hashes of a report (reports/MDA, or MDA), repeat its run in a clean folder, and
    compare every number at 1e-9, every other file that comes out, and the manifest's own fields.

    Only the notebook that the manifest records runs; another one needs --foreign.

    Exit status 0: reproduced. 1: something differs; the output says which table, cell and number,
    and what changed since. 2: nothing could be run.
    """
    root = project()
    found: list[Verification] = []
    for folder in folders:
        place = folder if folder.is_dir() else root / "reports" / folder
        result = verify(
            place.resolve(),
            root,
            (root / NOTEBOOK).parent,
            data_root,
            lambda name, what: None if quiet or as_json else say(f"{name:<12} {what}"),
            foreign,
        )
        found.append(result)
        if not as_json and not (quiet and result.reproduced):
            say(result.text())
    if as_json:
        say(json.dumps([_record(v) for v in found], ensure_ascii=False, indent=1))
    return 0 if all(v.reproduced for v in found) else 1


def _record(v: Verification) -> dict[str, object]:
    return {
        "name": v.name,
        "reproduced": v.reproduced,
        "numbers": v.numbers,
        "foreign_code_ran": v.foreign,
        "manifest": list(v.manifest),
        "not_compared": list(v.uncompared),
        "tampered": list(v.tampered),
        "changed": list(v.changed),
        "differences": [
            {
                "table": d.table,
                "cell": d.cell,
                "quantity": d.quantity,
                "reported": d.reported,
                "repeated": d.repeated,
            }
            for d in v.differences
        ],
        "places": [
            {"file": d.table, "place": d.cell, "reported": d.reported, "repeated": d.repeated}
            for d in v.inside
        ],
    }
