"""Is the site of all measures what it says it is: made again, in a clean folder, from the
inventories and the country reports that its manifest names, and every page and download compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from mismes_eval import inventory
from mismes_eval.errors import ParamsError, Problem
from mismes_eval.evaluation.outside_evidence import read_evidence
from mismes_eval.inventory.inventory import SIDE_TABLES
from mismes_eval.report.site.build import front_page, write_site
from mismes_eval.report.site.html import WORDS
from mismes_eval.report.site.manifest import DECISIONS, INVENTORY
from mismes_eval.report.synthesis.published import SITE, read_published
from mismes_eval.report.trust.held import is_file_name
from mismes_eval.report.trust.provenance import Manifest, changed_outputs, file_hash, read_manifest
from mismes_eval.report.trust.spelling import NO_RUNS
from mismes_eval.report.trust.verify import Verification, places_inside, unmade
from mismes_eval.report.trust.verify_index import numbers_on, unlike_page
from mismes_eval.report.trust.verify_synthesis import (
    changed_code,
    check_stated,
    evidence_of,
    faults,
    input_by_hash,
    is_of_kind,
    reports_of,
)

STATED = ("synthetic", "on", "page", "inputs", "schema")


def is_site(folder: Path) -> bool:
    """Whether a folder holds the site of all measures."""
    return is_of_kind(folder, SITE)


def verify_site(folder: Path, root: Path, data_root: Path | None = None) -> Verification:
    """Make the site again and compare.

    Parameters
    ----------
    folder : the site; its front page and the reports whose effects it shows lie beside it.  root :
        the project; inventories are looked for in its data by name and hash, and in `data_root`.

    Raises
    ------
    ParamsError : an inventory, a report or the file of outside evaluations is gone or changed.
    """
    record = read_manifest(folder)
    check_stated(record, folder, STATED)
    front = _front_page(record, folder.name)
    names = reports_of(record)
    data = [root / "data_raw", root / "data_processed", data_root]
    merges = [input_by_hash(told, data) for told in record["inputs"] if told["key"] == DECISIONS]
    measures = inventory.read(_inventories(record, data)).decided(*merges)
    evidence = evidence_of(record, root)
    tampered = list(changed_outputs(folder, record))
    with tempfile.TemporaryDirectory(prefix="mismes-verify-") as clean:
        site = write_site(
            measures,
            Path(clean) / folder.name,
            on=_day(record["on"], folder.name),
            origins=read_published(folder.parent, names) if names else (),
            evidence=None if evidence is None else read_evidence(evidence),
        )
        page = Path(clean) / front["name"]
        front_page(measures, site, page, front["language"])
        again = read_manifest(site.folder)
        tampered += unmade(folder, site.folder, tampered, [])
        numbers = sum(map(numbers_on, [page, *site.folder.rglob("*.html")]))
        beside = folder.parent / page.name
        tampered += _changed_page(beside, front["sha256"])
        inside = (*places_inside(folder, site.folder, NO_RUNS), *unlike_page(beside, page))
    return Verification(
        name=folder.name,
        numbers=numbers,
        tampered=tuple(tampered),
        changed=tuple(changed_code(record)),
        differences=(),
        inside=inside,
        manifest=tuple(faults(record, again, STATED)),
    )


def _front_page(record: Manifest, name: str) -> Mapping[str, str]:
    """Name, hash and language of the page beside the site, each of its kind."""
    front: Mapping[str, str] = record["page"]
    fit = isinstance(front, Mapping) and is_file_name(front.get("name"))
    if not fit or front.get("language") not in WORDS.languages:
        raise ParamsError(
            Problem("the manifest names no front page", name, "name, sha256 and language")
        )
    return front


def _day(text: object, name: str) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise ParamsError(
            Problem("the manifest names no day", name, "YYYY-MM-DD", repr(text))
        ) from error


def _inventories(record: Manifest, data: Sequence[Path | None]) -> Sequence[Path]:
    """The files of measures, and the folders of those with tables beside them."""
    found: list[Path] = []
    parent = ""
    for told in record["inputs"]:
        if told["key"] != INVENTORY:
            continue
        path = Path(told["path"])
        beside = path.name.partition(".")[0] in SIDE_TABLES and str(path.parent) == parent
        parent = str(path.parent)
        if not beside:
            found.append(input_by_hash(told, data))
        elif found[-1].is_file():
            found[-1] = found[-1].parent
    if not found:
        raise ParamsError(Problem("the manifest names no inventory", SITE, "files of measures"))
    return found


def _changed_page(page: Path, sha: str) -> list[str]:
    if not page.is_file():
        return [f"{page.name}: missing"]
    return [] if file_hash(page) == sha else [f"{page.name}: changed"]
