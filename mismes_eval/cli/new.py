"""`mismes new`: begin a country."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import click
import pandas as pd

from mismes_eval import frame as frames
from mismes_eval import inventory, lfs
from mismes_eval.cli.project import NOTEBOOK, json_of_files, quiet_option
from mismes_eval.errors import (
    InputError,
    ParamsError,
    Problem,
    in_column,
    in_place,
    worded,
)
from mismes_eval.evaluation.evaluator_words import SUBJECTS, outline
from mismes_eval.evaluation.params_template import blank_params
from mismes_eval.evaluation.reading import sign
from mismes_eval.frame.codes import codes, labels, nearest_code
from mismes_eval.frame.dataset import Dataset
from mismes_eval.frame.template import template
from mismes_eval.inventory.workbook import fillable_workbook
from mismes_eval.report.factory.publish import write_whole

PACKAGE = Path(__file__).resolve().parents[1]
NOTEBOOKS = next(
    (folder for folder in (PACKAGE / "notebooks", PACKAGE.parent / "notebooks") if folder.is_dir()),
    PACKAGE.parent / "notebooks",
)  # of a wheel, or of a checkout
DOCS_LINK = re.compile(r"\[([^\[\]\n]+)\]\(\.\./(docs/[^)\s]+)\)")
ARGUMENT = re.compile(
    r"\b(separator|decimal|encoding|sheet|member|layout|names_row)=(\"[^\"]*\"|'[^']*'|\d+)"
)
UNITS = {
    "lfs_person": "person",
    "tracer_person": "person",
    "tracer_wave": "person and wave",
    "tracer_outcome": "person and wave",
    "tracer_service": "service received",
    "tracer_episode": "episode",
}
STEPS = """# {code}: from empty to a report

Run `mismes check {name}` after every step; it says what is missing and how to mend it.

- [ ] Params: country, year and data vintage in `params/{name}.yaml`. Every key is explained there.
- [ ] Evidence, at least one of three; what you leave out is said in the report:
  - [ ] Labour force survey: `data_raw/{code}/lfs_person.xlsx`, or the office's own file with `data_raw/{code}/mapping.xlsx` (name it as `mapping.workbook`).
  - [ ] Tracer study: `data_raw/{code}/tracer_person.xlsx`, `tracer_wave.xlsx`, `tracer_outcome.xlsx`; services and episodes where you have them.
    Persons of arm C carry the id of the measure that they are compared with; `tracer.attrition_covariates` and `impact.covariates` name what your file knows of enrolment.
  - [ ] Inventory of measures: `data_raw/{code}/inventory.xlsx`.
- [ ] Mapping: compare the counts that `mismes check {name} --codebook` prints with the office's own tables.
- [ ] Design: `design.strata` and `design.psu`; else `design.household`; else `design.cluster_deff` from the office's report.
- [ ] Control totals: `inputs.margins` (margin, category, total, source), or `calibration.method: none`.
- [ ] Who is a migrant: `definitions.preset`, chosen before looking at results.
- [ ] Before looking at results: how the measure is meant to work (`theory_of_change`), and the pre-analysis plan where there is one (`inputs.analysis_plan`).
- [ ] One published number of the office, reproduced.
- [ ] What no table can say, signed and dated: purpose, questions, conclusions and the others in `words/{name}/`; a number is written as a reference to its cell, `{{T17.MDA-001.24.estimate}}`. What stays empty stands as "not supplied".
- [ ] `mismes report {name}`, then `mismes verify {name}`.

Personal identifiers (names, telephone numbers, addresses) do not belong in any of these files; they are refused.
"""


@click.command("new")
@click.argument("country", metavar="[ISO3]", required=False)
@click.option(
    "--name",
    default=None,
    help=(
        "Name of the params file, for a second run of the same country (default: the code as"
        " given)."
    ),
)
@click.option("--synthetic", is_flag=True, help="The data will be made up; the report says so.")
@click.option(
    "--lfs",
    "survey",
    default=None,
    metavar="FILE",
    help="Labour force survey, relative to the project or the data root.",
)
@click.option(
    "--inventory", "measures", default=None, metavar="FILE", help="Inventory of measures."
)
@click.option(
    "--mapping",
    default=None,
    metavar="NAME",
    help="Layout that ships, or your mapping workbook (.xlsx).",
)
@click.option(
    "--year", default=None, type=click.IntRange(1900, 2100), help="Reference year of the survey."
)
@click.option(
    "--weights", default=None, metavar="COLUMN", help="Column of weights after the mapping."
)
@click.option(
    "--strata", multiple=True, metavar="COLUMN", help="Stratum column; once a sampling stage."
)
@click.option("--psu", multiple=True, metavar="COLUMN", help="PSU column; once a sampling stage.")
@click.option(
    "--separator", default=None, metavar="SIGN", help="Between the columns of a text file; or tab."
)
@click.option(
    "--decimal", default=None, type=click.Choice([".", ","]), help="Decimal sign in a text file."
)
@click.option("--encoding", default=None, metavar="NAME", help="Of a text, Stata or SPSS file.")
@click.option("--sheet", default=None, metavar="NAME", help="Sheet of a workbook with several.")
@click.option("--member", default=None, metavar="NAME", help="File of a .zip with several.")
@click.option(
    "--layout",
    default=None,
    metavar="FILE",
    help="Stata, SAS or SPSS program, or table of name, first, last and decimals, of a text without separators.",
)
@click.option(
    "--names-row",
    default=None,
    type=click.IntRange(min=1),
    help="Row of the sheet, or line of the text, with the names, where titles stand above it.",
)
@quiet_option
@json_of_files
def command(
    country: str | None,
    name: str | None,
    synthetic: bool,
    survey: str | None,
    measures: str | None,
    mapping: str | None,
    year: int | None,
    weights: str | None,
    strata: tuple[str, ...],
    psu: tuple[str, ...],
    separator: str | None,
    decimal: str | None,
    encoding: str | None,
    sheet: str | None,
    member: str | None,
    layout: str | None,
    names_row: int | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Write params/ISO3.yaml with every key explained, a checklist, and empty Excel templates with
    drop-downs in data_raw/ISO3/.

    With --lfs the mapping workbook lists the columns of your file and what they may be; write yes
    beside what is right.
    In a folder of its own the project also gets the notebooks. A figure after the code begins a
    second run of a country (MDA2).
    Nothing that exists is touched. Without a code it asks for one.
    """
    country = country or _asked()
    _refuse_outside({"--lfs": survey, "--inventory": measures, "--layout": layout})
    code = _country(country)
    file = _new_file(name or country.upper())
    folder = Path("data_raw") / code
    written = {
        "separator": separator,
        "decimal": decimal,
        "encoding": encoding,
        "sheet": sheet,
        "member": member,
        "layout": layout,
    }
    reading = {name: said for name, said in written.items() if said is not None}
    data = None
    if survey is not None and mapping is None:
        data = _delivered(survey, reading, names_row)
    if data is not None:
        mapping = (folder / "mapping.xlsx").as_posix()
    outlines = {
        f"evaluator.{subject}": Path("words") / file.stem / f"{subject}.md" for subject in SUBJECTS
    }
    given = _given(survey, measures, mapping, year, weights, strata, psu)
    named = {name: json.dumps(path.as_posix()) for name, path in outlines.items()}
    said_of_file = reading if names_row is None else {**reading, "names_row": names_row}
    read_as = {f"reading.{name}": json.dumps(said) for name, said in said_of_file.items()}
    text = blank_params(code, synthetic, given | named | read_as)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(file, text)
    made = [
        file,
        *_outlines(outlines),
        *_templates(folder, code, file.stem, data),
        *_notebooks(Path(NOTEBOOK).parent, file.stem),
    ]
    if as_json:
        click.echo(json.dumps([p.as_posix() for p in made]))
    elif not quiet:
        click.echo("\n".join(f"made {p.as_posix()}" for p in made))
        click.echo(_next(file, mapping if data is not None else None))
    return 0


def _asked() -> str:
    """The country, from whoever sits at the terminal."""
    if not sys.stdin.isatty():
        raise ParamsError(
            Problem(
                what="which country?",
                where="mismes new",
                expected="an ISO 3166 alpha-3 code",
                got=worded("none"),
                fix="For instance: mismes new JOR.",
            )
        )
    return str(click.prompt("Country (ISO 3166 alpha-3 code, for instance JOR)"))


def _refuse_outside(given: Mapping[str, str | None]) -> None:
    """Paths that the params would refuse are refused before anything is written."""
    here = Path.cwd()
    outside = {
        option: Path(path)
        for option, path in given.items()
        if path is not None and (Path(path).is_absolute() or ".." in Path(path).parts)
    }
    inside = {
        option: path.resolve().relative_to(here).as_posix()
        for option, path in outside.items()
        if path.resolve().is_relative_to(here)
    }
    ParamsError.refuse(
        Problem(
            what="a path leaves the project",
            where=option,
            expected="a path below the project or the data root, without '..'",
            got=repr(str(path)),
            fix=worded("From here it is {path}.", {"path": inside[option]})
            if option in inside
            else "Put the file into the project, or name its folder in MISMES_DATA_ROOT.",
        )
        for option, path in outside.items()
    )


def _new_file(name: str) -> Path:
    """The params file of that name, which must not exist yet."""
    file = Path("params") / f"{name}.yaml"
    outside = file.parent.resolve() != Path("params").resolve()
    if file.exists() or outside:
        raise ParamsError(
            Problem(
                what="the params file cannot be made",
                where=str(file),
                expected="a new name without folders",
                got=worded("it exists") if file.exists() else name,
                fix="Choose another with --name.",
            )
        )
    return file


def _next(file: Path, mapping: str | None) -> str:
    """What to do next, in a sentence."""
    if mapping is None:
        return (
            f"Next: fill what you have, name the files in {file.as_posix()}, then: mismes check"
            f" {file.stem}"
        )
    return (
        f"Next: say what the columns of your file are, in {mapping} or with: mismes map {file.stem}"
    )


def _country(word: str) -> str:
    """The ISO3 code that a word is, or begins with before a figure (MDA2). A country's name is no
    code: "Austria" is not AUS.
    """
    known = set(codes("countries")["code"])
    code, suffix = word.upper()[:3], word[3:]
    if code in known and word.isalnum() and (not suffix or suffix[0].isdigit()):
        return code
    named = {
        name.casefold(): iso
        for language in ("en", "fr")
        for iso, name in labels("countries", language).items()
    }
    near = named.get(word.casefold()) or nearest_code("countries", word.upper())
    fix = (
        worded("Nearest: {near} ({labels}).", {"near": near, "labels": labels("countries")[near]})
        if near
        else ""
    )
    raise ParamsError(
        Problem(
            "unknown country code",
            word,
            "an ISO 3166 alpha-3 code, for a second run with a figure after it (MDA2)",
            fix=fix,
        )
    )


def _notebooks(folder: Path, name: str) -> list[Path]:
    """Copies of the notebooks that the project lacks, set to the new params. Links into the
    documentation become its pages' names where the project has none.
    """
    made = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        mine = folder / path.name
        if not mine.exists():
            folder.mkdir(exist_ok=True)
            text = path.read_text(encoding="utf-8").replace(
                "params/MDA.yaml", f"params/{name}.yaml"
            )
            write_whole(
                mine,
                DOCS_LINK.sub(
                    lambda link: (
                        link[0]
                        if Path(link[2].partition("#")[0]).exists()
                        else f"{link[1]} ({link[2]} of mismes-eval)"
                    ),
                    text,
                ),
            )
            made.append(mine)
    return made


def _outlines(files: Mapping[str, Path]) -> list[Path]:
    """Files for the evaluator's words that are not there yet: empty, they count as not supplied."""
    made = []
    for name, path in files.items():
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, outline(name.removeprefix("evaluator.")))
            made.append(path)
    return made


def _given(
    survey: str | None,
    measures: str | None,
    mapping: str | None,
    year: int | None,
    weights: str | None,
    strata: tuple[str, ...],
    psu: tuple[str, ...],
) -> dict[str, str]:
    """Params key -> value as YAML text, of what was said on the command line. Any text goes in
    quotes, so that it stays one value.
    """
    workbook = mapping is not None and mapping.endswith(".xlsx")
    said = {
        "inputs.lfs": survey,
        "inputs.inventory": measures,
        "mapping.workbook": mapping if workbook else None,
        "mapping.name": None if workbook else mapping,
        "year": None if year is None else year,
        "design.weights": weights,
        "design.strata": list(strata) or None,
        "design.psu": list(psu) or None,
    }
    return {
        key: json.dumps(value, ensure_ascii=False)
        for key, value in said.items()
        if value is not None
    }


def _delivered(name: str, reading: Mapping[str, str], names_row: int | None) -> Dataset | None:
    """The office's own file, for its columns to be listed in the mapping; None where it has the
    template's names already. A file that is not there, or is written otherwise than was said, is
    refused before anything is written.
    """
    path = _found(name)
    try:
        data = frames.read(
            path,
            encoding=reading.get("encoding", "utf-8"),
            separator=sign(reading.get("separator", ",")),
            decimal=reading.get("decimal", "."),
            sheet=reading.get("sheet"),
            member=reading.get("member"),
            layout=None if "layout" not in reading else _found(reading["layout"]),
            names_row=names_row,
            allowed=None,
        )
    except InputError as error:
        raise InputError([_as_option(found) for found in error.problems]) from error
    if "decimal" not in reading:
        InputError.refuse(_decimal_commas(data))
    needed = {"hhid", "pid", "weight", "age", "male"}
    return None if needed <= set(data.frame.columns) else data


def _decimal_commas(data: Dataset) -> Iterator[Problem]:
    """Columns of text that would be numbers if the comma were the decimal sign."""
    for name, cells in data.frame.items():
        written = cells.dropna()
        if pd.api.types.is_numeric_dtype(cells) or written.empty:
            continue
        numbers = written.astype(str).str.fullmatch(r"-?\d+(,\d+)?")
        if numbers.all() and written.astype(str).str.contains(",").any():
            yield Problem(
                what="numbers with a decimal comma, or lists of numbers",
                where=in_place(data.name, in_column(str(name))),
                expected="what the comma is",
                got=repr(str(written[written.astype(str).str.contains(",")].iloc[0])),
                fix="Say --decimal , for numbers, --decimal . where they are lists.",
            )


def _found(name: str) -> Path:
    """A file of the project, or of the data root."""
    outside = os.environ.get("MISMES_DATA_ROOT")
    places = [Path(name), *([Path(outside) / name] if outside else [])]
    return next((p for p in places if p.is_file()), places[0])


def _as_option(found: Problem) -> Problem:
    """A problem whose remedy is an argument of `read`, with the option that says it here."""
    option = ARGUMENT.sub(lambda said: f"--{said[1].replace('_', '-')} {said[2]}", found.fix)
    return replace(found, fix=option)


def _templates(folder: Path, code: str, name: str, data: Dataset | None) -> list[Path]:
    """The workbooks and the checklist that are not there yet."""
    made = []
    for path in (
        folder / "inventory.xlsx",
        folder / "mapping.xlsx",
        folder / "CHECKLIST.md",
        *(folder / f"{form}.xlsx" for form in UNITS),
    ):
        if path.exists():
            continue
        made.append(path)
        if path.suffix == ".md":
            write_whole(path, STEPS.format(code=code, name=name))
        elif path.stem == "inventory":
            inventory.workbook(path)
        elif path.stem == "mapping":
            lfs.mapping_workbook(path, data=data)
        else:
            fillable_workbook(template(path.stem), path, sheet_name="data", unit=UNITS[path.stem])
    return made
