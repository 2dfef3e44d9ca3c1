"""`mismes new`: begin a country."""

from __future__ import annotations

from pathlib import Path

import click

from mismes_eval import inventory
from mismes_eval.errors import ParamsError, Problem
from mismes_eval.evaluation.blank import blank_params
from mismes_eval.frame.codes import codes, nearest_code
from mismes_eval.frame.template import template
from mismes_eval.inventory.workbook import fillable_workbook
from mismes_eval.report.publish import write_whole

TRACER = ("tracer_person", "tracer_wave", "tracer_outcome", "tracer_service", "tracer_episode")


@click.command("new")
@click.argument("country", metavar="ISO3")
@click.option("--name", default=None, help="Name of the params file, for a second run of the same country (default: the code).")
@click.option("--synthetic", is_flag=True, help="The data will be made up; the report says so.")
def command(country: str, name: str | None, synthetic: bool) -> int:
    """Write params/ISO3.yaml with every key explained, and empty templates with drop-downs in data_raw/ISO3/. Nothing that exists is touched."""
    code = country.upper()
    if code not in set(codes("countries")["code"]):
        near = nearest_code("countries", code)
        raise ParamsError(Problem("unknown country code", country, "an ISO 3166 alpha-3 code", fix=f"Nearest: {near}." if near else ""))
    file = Path("params") / f"{name or code}.yaml"
    if file.exists() or file.parent.resolve() != Path("params").resolve():
        raise ParamsError(
            Problem(
                "the params file cannot be made",
                str(file),
                "a new name without folders",
                "it exists" if file.exists() else str(name),
                "Choose another with --name.",
            )
        )
    folder = Path("data_raw") / code
    folder.mkdir(parents=True, exist_ok=True)
    made = [file]
    write_whole(file, blank_params(code, synthetic))
    for path, form in ((folder / "inventory.xlsx", None), (folder / "lfs_person.xlsx", "lfs_person"), *((folder / f"{t}.xlsx", t) for t in TRACER)):
        if path.exists():
            continue
        made.append(inventory.workbook(path) if form is None else fillable_workbook(template(form), path))
    click.echo("\n".join(f"made {p.as_posix()}" for p in made))
    click.echo(f"Next: fill what you have, name the files in {file.as_posix()}, then: mismes check {file.stem}")
    return 0
