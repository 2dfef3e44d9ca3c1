"""`mismes export`: data, programs and codebook for colleagues who work elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mismes_eval.cli.project import (
    country_argument,
    data_root_option,
    json_of_files,
    params_file,
    project,
    quiet_option,
)
from mismes_eval.evaluation.evaluation import evaluate
from mismes_eval.evaluation.hand_over import (
    CODEBOOK,
    REPLICATES,
    codebook,
    datasets,
    write,
)
from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.language import language


@click.command("export")
@country_argument
@data_root_option
@click.option(
    "--microdata",
    is_flag=True,
    help="Write persons and programs too. Only where they may be handed on.",
)
@click.option(
    "--replicates",
    "count",
    type=click.IntRange(0, 2000),
    default=REPLICATES,
    show_default=True,
    help="Bootstrap replicate weights, every weight step redone in each.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder to write to (default: data_processed/ISO3/export).",
)
@quiet_option
@json_of_files
def command(
    name: str,
    data_root: Path | None,
    microdata: bool,
    count: int,
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Hand a country over: survey and panel with base and final weight, the factor of each step and
    replicate weights (.dta, .sav, .parquet), programs for R and Stata that reprint the report's
    numbers, and a DDI codebook with the weights marked.
    """
    root = project()
    params = Params.load(params_file(root, name), data_root)
    folder = out or root / "data_processed" / params.country / "export"
    t = language(params.language)
    sets = datasets(evaluate(params), params.language, count if microdata else 0, t)
    if microdata:
        written = write(sets, folder, params.country, params.synthetic)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / CODEBOOK]
        written[0].write_bytes(codebook(sets, params.country, params.synthetic))
    if as_json:
        click.echo(json.dumps({"files": [p.as_posix() for p in written]}))
    elif not quiet:
        mark = f"{t('SYNTHETIC DATA')}: " if params.synthetic else ""
        said = t("{files} files in {folder}.", files=len(written), folder=folder.as_posix())
        click.echo(f"{mark}{said}")
        if not microdata:
            click.echo(t("The codebook alone: say --microdata where persons may be handed on."))
        for note in dict.fromkeys(note for made in sets for note in made.notes):
            click.echo(f"{t('note')}: {note}")
    return 0
