"""`mismes form`: questionnaires for a country, for tablets and on paper."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mismes_eval import inventory as inventories
from mismes_eval.cli.project import (
    country_argument,
    json_of_files,
    params_file,
    project,
    quiet_option,
)
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.reading import mended_in_the_file
from mismes_eval.fieldwork import FORMS, LANGUAGES, categories, compiled, paper, xlsform
from mismes_eval.fieldwork.xlsform import Measure, measures_of


@click.command("form")
@country_argument
@click.option(
    "--form",
    "forms",
    multiple=True,
    type=click.Choice(list(FORMS)),
    help="Which form; several may be named (default: all that the country can have).",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    type=click.Choice(list(LANGUAGES)),
    help="Languages of the form, the first one shown first (default: all).",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder to write to (default: data_processed/ISO3/forms).",
)
@quiet_option
@json_of_files
def command(
    name: str,
    forms: tuple[str, ...],
    languages: tuple[str, ...],
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Write questionnaires: XLSForm workbooks and compiled XForms for ODK, KoboToolbox and
    SurveyCTO, a page to print in each language, and the numbers of the answers for Survey
    Solutions.

    The participation module offers the country's own measures, from its inventory, so that a
    person's measure is known. Answers come back with `mismes collect`.
    """
    root = project()
    params = Params.load(params_file(root, name))
    measures = _measures(params, params.country)
    wanted = forms or tuple(form for form in FORMS if form != "lfs_module" or measures)
    folder = out or root / "data_processed" / params.country / "forms"
    made = {form: xlsform(form, params.country, measures, languages) for form in wanted}
    forms_as_xml = {form: compiled(workbook) for form, workbook in made.items()}
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for form, workbook in made.items():
        files = {f"{form}.xlsx": workbook, f"{form}.xml": forms_as_xml[form].encode()}
        for language in languages or tuple(LANGUAGES):
            page = paper(form, language, params.country, measures)
            files[f"{form}.{language}.html"] = page.encode()
        for file, content in files.items():
            (folder / file).write_bytes(content)
            written.append((folder / file).as_posix())
    numbers = folder / "survey_solutions_codes.csv"
    categories(wanted).to_csv(numbers, index=False)
    written.append(numbers.as_posix())
    if as_json:
        click.echo(json.dumps({"country": params.country, "files": written}))
    elif not quiet:
        click.echo(f"{len(written)} files in {folder.as_posix()}. Answers come back with:")
        click.echo(f"  mismes collect {params.country} {wanted[0]} EXPORT.csv")
    return 0


def _measures(params: Params, country: str) -> tuple[Measure, ...]:
    path = params.inputs.inventory
    if path is None:
        return ()
    with mended_in_the_file():
        return measures_of(inventories.read(path).frame, country)
