"""`mismes sign`: say whose report it is."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mismes_eval.cli.project import project, quiet_option, report_names
from mismes_eval.report.trust.signatures import SIGNATURE, PasswordNeeded, Signed, sign


@click.command("sign")
@click.argument("names", nargs=-1, required=True, metavar="REPORT...", shell_complete=report_names)
@click.option(
    "--key",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Private Ed25519 key, of OpenSSH or in PEM.",
)
@quiet_option
@click.option("--json", "as_json", is_flag=True, help="Print what was signed as JSON.")
def command(names: tuple[str, ...], key: Path, quiet: bool, as_json: bool) -> int:
    """Sign reports (MDA, or reports/MDA): the signature of the manifest, which names the hash of
    every file, is written beside it as minisign writes it.

    Whoever has the public key checks it with `mismes verify --signed-by`, or with minisign and the
    key that is printed here. A report that was changed after it was made is not signed.
    """
    root = project()
    places = [Path(n) if Path(n).is_dir() else root / "reports" / n for n in names]
    made = {place: _signed(place.resolve(), key) for place in places}
    if as_json:
        records = [
            {"report": place.name, "signature": SIGNATURE, "key": m.key, "comment": m.comment}
            for place, m in made.items()
        ]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
    elif not quiet:
        for place, one in made.items():
            click.echo(f"{place.name:<12} signed with {one.key}")
    return 0


def _signed(folder: Path, key: Path) -> Signed:
    """A signed report; a password is asked for where the key has one."""
    try:
        return sign(folder, key)
    except PasswordNeeded:
        password = click.prompt(f"Password of {key.name}", hide_input=True, err=True)
        return sign(folder, key, str(password).encode("utf-8"))
