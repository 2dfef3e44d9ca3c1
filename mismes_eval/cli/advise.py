"""`mismes advise`: which designs the data of a country allow."""

from __future__ import annotations

from pathlib import Path

import click

from mismes_eval.cli.project import (
    country_argument,
    data_root_option,
    json_of_result,
    params_file,
    project,
)
from mismes_eval.cli.terminal import mark
from mismes_eval.evaluation.advice import advice, to_frame
from mismes_eval.evaluation.evaluation import evaluate
from mismes_eval.evaluation.params import Params

STATE = {"yes": "done", "with care": "note", "no": "optional"}


@click.command("advise")
@country_argument
@data_root_option
@click.option("--quiet", is_flag=True, help="Print only the designs that the data allow.")
@json_of_result
def command(name: str, data_root: Path | None, quiet: bool, as_json: bool) -> int:
    """Say which designs the data allow, why, how each is called, and by which lines of the params
    it comes into the report. It chooses none: a design is chosen before the outcomes are looked at,
    and the params name it.
    """
    found = advice(evaluate(Params.load(params_file(project(), name), data_root)))
    if as_json:
        click.echo(to_frame(found).to_json(orient="records", indent=1))
        return 0
    for a in found:
        if quiet and a.allowed == "no":
            continue
        click.echo(mark(STATE[a.allowed], f"{a.allowed:10}{a.design}"))
        click.echo(f"          {a.why}\n          {a.call}   docs/methods/{a.page}.md")
        if a.allowed != "no":
            click.echo(f"          params: {a.params}")
    return 0
