"""`mismes inventory`: the evaluation register and the page of the measures."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import click

from mismes_eval import inventory
from mismes_eval.cli.examples import epilog
from mismes_eval.cli.project import (
    FileOf,
    all_params,
    country_names,
    json_of_made,
    params_file,
    project,
    quiet_option,
)
from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.evaluation.outside_evidence import read_evidence
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.reading import mended_in_the_file
from mismes_eval.report.index import INDEX, INVENTORY, write_index
from mismes_eval.report.site import front_page, write_site
from mismes_eval.report.site.html import WORDS
from mismes_eval.report.synthesis.published import read_published

names_argument = click.argument(
    "names", nargs=-1, metavar="[ISO3 | FILE ...]", shell_complete=country_names
)
on_option = click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="Day to count to (default: today).",
)


@click.group("inventory")
def command() -> None:
    """Evaluation register, site of the measures and intake of filled templates, from the
    inventories that params name or from inventory files.
    """


@command.command("due", epilog=epilog("inventory due"))
@names_argument
@on_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Also write register.xlsx, register.csv and register.ics here.",
)
@click.option("--quiet", is_flag=True, help="Print nothing; with --out only the files are made.")
@click.option("--json", "as_json", is_flag=True, help="Print register and balance as JSON.")
def due(
    names: tuple[str, ...],
    on: datetime.datetime | None,
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Which measures are past 24 months without an evaluation, which are due next, and the budget
    at stake.
    """
    day = _day(on)
    measures = _measures(names)
    register = measures.evaluation_due(day)
    if as_json:
        rows = register.table.to_json(orient="records", date_format="iso", force_ascii=False)
        told = {"register": json.loads(rows), "balance": measures.balance().to_dict()}
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    elif not quiet:
        click.echo(
            "Evaluation register on"
            f" {day.isoformat()}\n\n{register.summary.to_string(index=False)}\n"
        )
        click.echo(_work_list(register))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for path in (
            register.to_excel(out / "register.xlsx"),
            register.to_csv(out / "register.csv"),
            register.to_calendar(out / "register.ics"),
        ):
            if not quiet:
                click.echo(f"made {path.as_posix()}", err=as_json)
    return 0


def _work_list(register: inventory.EvaluationRegister) -> str:
    """What is to be evaluated, in the order of the reminders."""
    listed = register.worklist()
    if listed.empty:
        return "Nothing is to be evaluated."
    columns = ["reminder", "measure_id", "title_en", "status", "due_date", "months_overdue"]
    table = listed[[*columns, "score", "not_recorded", "budget_eur"]].copy()
    table["not_recorded"] = table["not_recorded"].str.replace(";", ", ")
    none = "" if (listed["status"] == "overdue").any() else "None is overdue.\n"
    return f"{none}Work list:\n{table.to_string(index=False, na_rep='')}"


@command.command("site", epilog=epilog("inventory site"))
@names_argument
@on_option
@click.option(
    "--out",
    type=FileOf(".html"),
    default=Path("reports/inventory.html"),
    show_default=True,
    help="File to write.",
)
@click.option(
    "--reports",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Folder of country reports whose effects are shown (default: the folder of --out).",
)
@click.option(
    "--evidence",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Effects of outside evaluations (template evidence), shown beside those of the reports.",
)
@click.option("--language", type=click.Choice(WORDS.languages), default="en", show_default=True)
@quiet_option
@json_of_made
def site(
    names: tuple[str, ...],
    on: datetime.datetime | None,
    out: Path,
    reports: Path | None,
    evidence: Path | None,
    language: str,
    quiet: bool,
    as_json: bool,
) -> int:
    """The repository as pages that work without a network: search and filters, a page for each
    measure, every effect of an evaluation, evidence-gap map, countries, unit costs, evaluations
    due, what was learned; in English, French and Romanian, in a folder beside the file.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    measures = _measures(names)
    made = write_site(
        measures,
        out.with_suffix(""),
        on=_day(on),
        origins=read_published(out.parent if reports is None else reports),
        evidence=None if evidence is None else read_evidence(evidence),
    )
    page = front_page(measures, made, out, language)
    index = out.parent / INDEX if out.name == INVENTORY and (out.parent / INDEX).is_file() else None
    if index is not None:
        write_index(out.parent, [])
    if as_json:
        linked = None if index is None else index.as_posix()
        click.echo(
            json.dumps(
                {
                    "page": page.as_posix(),
                    "measures": len(measures.frame),
                    "linked_from": linked,
                    "balance": measures.balance().to_dict(),
                },
                ensure_ascii=False,
                indent=1,
            )
        )
    elif not quiet:
        click.echo(
            f"made {page.as_posix()} and {made.pages} pages in {made.folder.as_posix()},"
            f" {made.effects} effects"
            + ("" if index is None else f"\nlinked from {index.as_posix()}")
        )
        click.echo(f"\nBalance of the import\n{measures.balance()}")
    return 0


@command.command("submit", epilog=epilog("inventory submit"))
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--into",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="inventory.csv of the repository, or its folder.",
)
@click.option(
    "--decisions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Table with a decision (SAME or DIFFERENT) on each probable duplicate.",
)
@on_option
@click.option("--dry-run", is_flag=True, help="Check and compare; write nothing.")
@quiet_option
@click.option("--json", "as_json", is_flag=True, help="Print the lines of the log as JSON.")
def submit(
    file: Path,
    into: Path,
    decisions: Path | None,
    on: datetime.datetime | None,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Take a filled template into the repository: validated, given identifiers, compared with what
    is there, merged as decided; intake_log.csv beside the repository says what was done.
    """
    with mended_in_the_file():
        given = inventory.submit(file, into)
    if decisions is None and len(given.pairs) and not dry_run:
        asked = file.with_name(f"{file.stem}_decisions.csv")
        if not asked.exists():  # one that is there may be filled in
            given.to_decide(asked)
        raise InputError(
            Problem(
                what="probable duplicates without a decision",
                where=given.name,
                expected="SAME or DIFFERENT for each pair",
                got="; ".join(
                    f"{pair.keep} and {pair.drop}: {pair.why}" for pair in given.pairs.itertuples()
                ),
                fix=worded(
                    "Fill in {asked} and give it with --decisions.", {"asked": asked.as_posix()}
                ),
                count=len(given.pairs),
            )
        )
    if dry_run:
        _say_pairs(given, quiet, as_json)
        return 0
    log = inventory.accept(given, on=_day(on), decisions=decisions)
    if as_json:
        click.echo(log.to_json(orient="records", force_ascii=False, indent=1))
    elif not quiet:
        for line in log.to_dict("records"):
            merged = f" into {line['into']}" if line["into"] else ""
            click.echo(f"record {line['record']}: {line['measure_id']} {line['action']}{merged}")
        click.echo(f"written {given.repository.as_posix()}")
    return 0


@command.command("undo", epilog=epilog("inventory undo"))
@click.option(
    "--into",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="inventory.csv of the repository, or its folder.",
)
@click.option("--by", "decided_by", required=True, help="Initials or code of who decided.")
@click.option("--reason", required=True, help="Why.")
@on_option
@quiet_option
@click.option("--json", "as_json", is_flag=True, help="Print the lines of the log as JSON.")
def undo(
    into: Path,
    decided_by: str,
    reason: str,
    on: datetime.datetime | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Take the last submission out of the repository again, as long as nobody has changed its
    records since; intake_log.csv keeps what was done and undone.
    """
    log = inventory.undo(into, on=_day(on), decided_by=decided_by, reason=reason)
    if as_json:
        click.echo(log.to_json(orient="records", force_ascii=False, indent=1))
    elif not quiet:
        for line in log.to_dict("records"):
            place = f" in {line['into']}" if line["into"] else ""
            click.echo(f"record {line['record']}: {line['measure_id']} undone{place}")
    return 0


def _day(on: datetime.datetime | None) -> datetime.date:
    return on.date() if on is not None else datetime.datetime.now(datetime.UTC).date()


def _say_pairs(given: inventory.Submission, quiet: bool, as_json: bool) -> None:
    """What a submission would be called and what it looks like."""
    if as_json:
        pairs = json.loads(given.pairs.to_json(orient="records", force_ascii=False))
        click.echo(json.dumps({"ids": list(given.ids), "pairs": pairs}, ensure_ascii=False))
    elif not quiet:
        click.echo(f"{given.name}: {len(given.ids)} records, {', '.join(given.ids)}")
        for row in given.pairs.itertuples():
            click.echo(f"{row.drop} looks like {row.keep} ({row.score:.0f}): {row.why}")


@command.command("import", epilog=epilog("inventory import"))
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE ...",
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--countries", default="", help="Countries to take, ISO 3166-1 alpha-3, with commas between."
)
@click.option("--mapping", default=None, help="Mapping of a register: a shipped name or a file.")
@click.option(
    "--join",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Second file, where the mapping joins one.",
)
@click.option(
    "--allocation",
    type=click.Choice(["percentage"]),
    default=None,
    help="How IATI activities in several countries are divided (default: they are refused).",
)
@click.option(
    "--out",
    type=FileOf(".xlsx"),
    default=None,
    help="Workbook of the records for a coder, with everything that was refused.",
)
@quiet_option
@click.option("--json", "as_json", is_flag=True, help="Print balance and issues as JSON.")
def import_records(
    files: tuple[Path, ...],
    countries: str,
    mapping: str | None,
    join: Path | None,
    allocation: str | None,
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Records of IATI files (.xml, several are read as one), of a register (with --mapping), or of
    a file of measures, with the balance of records and money.
    """
    file = files[0]
    iati = mapping is None and all(path.suffix.lower() == ".xml" for path in files)
    if len(files) > 1 and not iati:
        raise InputError([Problem("one file at a time", str(path)) for path in files[1:]])
    if mapping is None and file.suffix.lower() != ".xml":
        _refuse_unused(countries=countries, join=join, allocation=allocation, out=out)
        with mended_in_the_file():
            counted = inventory.read(file).balance()
            issues = []
    else:
        chosen = tuple(code.strip().upper() for code in countries.split(",") if code.strip())
        if mapping is None:
            _refuse_unused(join=join)
            intake = inventory.read_iati(files, countries=chosen, allocation=allocation)
        else:
            _refuse_unused(allocation=allocation)
            intake = inventory.read_mapped(file, mapping, countries=chosen, join=join)
        counted = intake.balance
        issues = intake.issues.to_dict("records")
        if out is not None:
            intake.to_excel(str(out))
    if as_json:
        told = {"balance": counted.to_dict(), "issues": issues}
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    elif not quiet:
        for issue in issues:
            click.echo(": ".join(str(said) for said in issue.values()))
        click.echo(f"Balance of the import\n{counted}")
    return 0


def _refuse_unused(**options: object) -> None:
    """Options that this kind of file does not use."""
    given = [f"--{name}" for name, value in options.items() if value]
    if given:
        raise InputError([Problem("an option that this file does not use", name) for name in given])


def _measures(names: tuple[str, ...]) -> inventory.Inventory:
    """The measures of files, and of params with the decisions on duplicates that these name."""
    files = [Path(n) for n in names if Path(n).exists() and Path(n).suffix not in (".yaml", ".yml")]
    decisions: list[Path] = []
    codes = [n for n in names if Path(n) not in files]
    if codes or not names:
        root = project()
        named = [params_file(root, code) for code in codes] if names else all_params(root)
        runs = list(map(Params.load, named))
        inputs = [run.inputs for run in runs if run.inputs.inventory is not None]
        files += [given.inventory for given in inputs if given.inventory is not None]
        told = [given.inventory_decisions for given in inputs]
        decisions = [file for file in told if file is not None]
    if not files:
        raise InputError(
            Problem(
                "no inventory is named",
                ", ".join(names) or "params/*.yaml",
                "inputs.inventory in the params, or a file",
                fix="Make an empty one with `mismes new ISO3`.",
            )
        )
    with mended_in_the_file():
        return inventory.read(files).decided(*decisions)
