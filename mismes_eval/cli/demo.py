"""`mismes demo`: the synthetic countries."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mismes_eval.cli.project import json_of_files, quiet_option
from mismes_eval.synthetic import COUNTRIES, SEED, generate


@click.command("demo")
@click.argument("countries", nargs=-1, metavar="[ISO3 ...]")
@click.option(
    "--seed", type=int, default=SEED, show_default=True, help="Another seed makes other persons."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data_raw"),
    show_default=True,
    help="Folder to write to.",
)
@quiet_option
@json_of_files
def command(countries: tuple[str, ...], seed: int, out: Path, quiet: bool, as_json: bool) -> int:
    """Make the SYNTHETIC countries from their scenarios; the same seed gives the same bytes."""
    made = generate(out, countries or COUNTRIES, seed)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "synthetic": True,
                    "seed": seed,
                    "bytes": made.size,
                    "files": [Path(file).as_posix() for file in made.files],
                }
            )
        )
    elif not quiet:
        click.echo(
            f"SYNTHETIC DATA: {len(made.files)} files, {made.size / 1e6:.1f} MB in"
            f" {out.as_posix()}. Next: mismes report --all"
        )
    return 0
