"""`mismes verify`: make reports again in a clean folder and compare every number; hold an edited
Word document against the report that it was made of.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from mismes_eval.cli.project import (
    NOTEBOOK,
    data_root_option,
    json_of_result,
    project,
    report_names,
)
from mismes_eval.cli.terminal import say
from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.report.trust.edited import Edited, edited
from mismes_eval.report.trust.provenance import MANIFEST
from mismes_eval.report.trust.signatures import signed_by as signed
from mismes_eval.report.trust.verify import Verification, verify
from mismes_eval.report.trust.verify_index import is_index, verify_index
from mismes_eval.report.trust.verify_site import is_site, verify_site
from mismes_eval.report.trust.verify_synthesis import is_synthesis, verify_synthesis

WORD_FILE = ".docx"


@click.command("verify")
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER|INDEX|DOCX ...",
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
@click.option(
    "--report",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=None,
    help="The report that the Word documents were made of (default: the folder they lie in).",
)
@click.option(
    "--signed-by",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    default=None,
    help="Public Ed25519 key (OpenSSH, PEM, minisign) that the reports must be signed with.",
)
@click.option("--quiet", is_flag=True, help="Print only what differs.")
@json_of_result
def command(
    folders: tuple[Path, ...],
    data_root: Path | None,
    foreign: bool,
    report: Path | None,
    signed_by: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Recompute the hashes of a report (reports/MDA, or MDA), repeat its run in a clean folder, and
    compare every number at 1e-9, every other file that comes out, and the manifest's own fields.

    A synthesis (reports/synthesis), the index of reports (reports/index.html) and the site of all
    measures (reports/inventory) are made again from the reports beside them and the inventories.

    Of a Word document (edited.docx): name every number that was changed by hand, that is missing,
    or that was filled in where the report hides it. Words may differ.

    Only the notebook that the manifest records runs; another one needs --foreign.

    With --signed-by nothing runs before the signature of every report holds (`mismes sign`).

    Exit status 0: reproduced. 1: something differs; the output says which table, cell and number,
    and what changed since. 2: nothing could be run.
    """
    documents = [folder for folder in folders if folder.suffix.lower() == WORD_FILE]
    folders = tuple(folder for folder in folders if folder not in documents)
    if report is not None and not documents:
        raise ParamsError(_report_alone(report))
    signatures = _signatures(folders, signed_by)
    checked = [edited(document, report or _beside(document)) for document in documents]
    if not as_json:
        for name, signature in signatures.items():
            say(f"{name}: signed by the key {signature['signed_by']}, {signature['signed']}")
        for one in checked:
            if not (quiet and one.unchanged):
                say(one.text())
    found = _repeated(folders, data_root, foreign, quiet, as_json) if folders else []
    if as_json:
        told = (_record(verified) | signatures.get(verified.name, {}) for verified in found)
        records = [*(_edited_record(document) for document in checked), *told]
        say(json.dumps(records, ensure_ascii=False, indent=1))
    alike = [document.unchanged for document in checked]
    alike += [verified.reproduced for verified in found]
    return 0 if all(alike) else 1


def _signatures(folders: tuple[Path, ...], key: Path | None) -> dict[str, dict[str, str]]:
    """Name of each report -> the key that signed it, and what was signed beside it."""
    if key is None:
        return {}
    root = project()
    made = {}
    for folder in folders:
        place = (folder if folder.is_dir() else root / "reports" / folder).resolve()
        one = signed(place, key)
        made[place.name] = {"signed_by": one.key, "signed": one.comment}
    return made


def _report_alone(report: Path) -> Problem:
    return Problem(
        what="--report says which report a Word document was made of, and none is named",
        where="--report",
        expected="a .docx among the arguments",
        got=str(report),
        fix=worded("To repeat the report itself: mismes verify {report}", {"report": report}),
    )


def _beside(document: Path) -> Path:
    """The report in whose folder a document lies."""
    folder = document.resolve().parent
    if not (folder / MANIFEST).is_file():
        raise ParamsError(
            Problem(
                what="which report was the document made of?",
                where=document.name,
                expected=worded("a folder with a {manifest}", {"manifest": MANIFEST}),
                got=worded("{name}/ has none", {"name": folder.name}),
                fix=worded(
                    "Name it: mismes verify {document} --report reports/ISO3",
                    {"document": document},
                ),
            )
        )
    return folder


def _repeated(
    folders: tuple[Path, ...], data_root: Path | None, foreign: bool, quiet: bool, as_json: bool
) -> list[Verification]:
    """Every report made again, and told."""
    root = project()
    found: list[Verification] = []
    for folder in folders:
        place = folder if folder.is_dir() else root / "reports" / folder
        page = folder if folder.is_file() else root / "reports" / folder
        if is_index(page):
            result = verify_index(page.resolve().parent)
        elif is_synthesis(place):
            result = verify_synthesis(place.resolve(), root)
        elif is_site(place):
            result = verify_site(place.resolve(), root, data_root)
        else:
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
    return found


def _edited_record(e: Edited) -> dict[str, object]:
    edits = {"changed": e.changed, "hidden": e.hidden}
    told = {name: list(map(asdict, part)) for name, part in edits.items()}
    return {
        "name": e.name,
        "unchanged": e.unchanged,
        "numbers": e.numbers,
        **told,
        "missing": list(e.missing),
        "unknown": list(e.unknown),
        "pictures": list(e.pictures),
        "run": e.run,
        "report": list(e.report),
    }


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
                "table": difference.table,
                "cell": difference.cell,
                "quantity": difference.quantity,
                "reported": difference.reported,
                "repeated": difference.repeated,
            }
            for difference in v.differences
        ],
        "places": [
            {
                "file": difference.table,
                "place": difference.cell,
                "reported": difference.reported,
                "repeated": difference.repeated,
            }
            for difference in v.inside
        ],
    }
