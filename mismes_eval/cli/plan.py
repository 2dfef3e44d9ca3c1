"""`mismes plan`: an evaluation planned before the project starts, on the country's own figures."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mismes_eval.cli.project import data_root_option, params_file, project, quiet_option
from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.evaluation.evaluation import evaluate
from mismes_eval.evaluation.evaluation_plan import PLAN_FILE, plan
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.plan_documents import analysis_plan, digest_of, markdown, stub, word


@click.command("plan")
@click.argument("measure", metavar="MEASURE")
@data_root_option
@click.option(
    "--persons", type=click.FloatRange(20), required=True, help="Persons enrolled in all."
)
@click.option(
    "--regions",
    type=click.IntRange(3),
    default=8,
    show_default=True,
    help="Regions that a roll-out could start in one after the other.",
)
@click.option(
    "--months",
    type=click.FloatRange(1),
    default=24.0,
    show_default=True,
    help="Months from enrolment to the outcome.",
)
@click.option("--interview-cost", type=click.FloatRange(0), help="Cost of one interview.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder to write to (default: data_processed/ISO3/plan/MEASURE).",
)
@quiet_option
@click.option("--json", "as_json", is_flag=True, help="Print the designs as JSON.")
def command(
    measure: str,
    data_root: Path | None,
    persons: float,
    regions: int,
    months: float,
    interview_cost: float | None,
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Plan the evaluation of a measure (MDA-001) before it starts.

    Base rate, likeness inside PSUs and loss come from the country's own tracer study; designs stand
    side by side with what each would find. Writes the plan (Word, Markdown), analysis_plan.csv for
    the report to compare with, and keys for the params. A plan that is there is never overwritten.
    """
    root = project()
    country = measure.partition("-")[0]
    params = Params.load(params_file(root, country), data_root)
    folder = out or root / "data_processed" / params.country / "plan" / measure
    if (folder / PLAN_FILE).exists():
        raise ParamsError(
            Problem(
                what="this plan was laid down already",
                where=(folder / PLAN_FILE).as_posix(),
                expected="a measure without a plan, or another folder",
                got=worded("a plan"),
                fix="A plan that changes after the fact is none: choose another folder with --out.",
            )
        )
    made = plan(
        evaluate(params), measure, persons, regions, months, interview_cost, params.impact.seed
    )
    choices = analysis_plan(made, params.impact.groups)
    digest = digest_of(choices)
    files = {
        PLAN_FILE: choices.encode(),
        "plan.md": markdown(made, digest).encode(),
        "plan.docx": word(made, digest),
        "params_stub.yaml": stub(made, digest).encode(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    if as_json:
        designs = json.loads(made.to_frame().to_json(orient="records"))
        click.echo(json.dumps({"folder": folder.as_posix(), "sha256": digest, "designs": designs}))
    elif not quiet:
        click.echo(markdown(made, digest))
        click.echo(f"{len(files)} files in {folder.as_posix()}.")
    return 0
