"""Country reports as another report may read them: what they published, after a check of every file
against its recorded hash. Light to import.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mismes_eval.errors import ParamsError, Problem, ReportError, worded
from mismes_eval.evaluation.published_effects import Published
from mismes_eval.report.trust.provenance import (
    ESTIMATES,
    MANIFEST,
    changed_outputs,
    file_hash,
    package_hash,
    read_manifest,
    read_results,
)

FOLDER = "synthesis"
KIND = "synthesis"
SITE = "site"  # kind of the manifest of the pages of all measures
EVIDENCE = "evidence"  # key of the file of outside evaluations among the inputs
FACTS = 1  # layout of "comparison" in estimates.json


@dataclass(frozen=True)
class Origin:
    """A country report: folder name, country, when it was made, hashes of its manifest and its
    results, and what it publishes for comparison.
    """

    name: str
    country: str
    synthetic: bool
    started: str
    manifest_sha256: str
    estimates_sha256: str
    facts: Mapping[str, Any]

    @property
    def published(self) -> Published:
        """What a synthesis reads of it."""
        return Published(self.country, self.synthetic, self.facts, self.manifest_sha256)


def read_published(out: Path, names: Sequence[str] = ()) -> list[Origin]:
    """The country reports below `out`, all or the named ones.

    Raises
    ------
    ParamsError : no report of a name; a report without results to compare (of an older version, or
        of another notebook).
    ReportError : a file that is not what its manifest says.
    """
    wanted = list(names) or _all(out)
    lacking = [n for n in wanted if not (out / n / MANIFEST).is_file()]
    if lacking:
        raise ParamsError(
            [
                Problem(
                    "a country has no report",
                    str(out / n),
                    worded("a folder with a {manifest}", {"manifest": MANIFEST}),
                    fix=worded("Make it first: `mismes report {count}`.", {"count": n}),
                )
                for n in lacking
            ]
        )
    found: list[Origin] = []
    broken: list[Problem] = []
    old: list[Problem] = []
    for name in wanted:
        folder = out / name
        again = worded("Make it again: `mismes report {name} --force`.", {"name": name})
        record = read_manifest(folder)
        if "kind" in record:
            continue
        changed = changed_outputs(folder, record)
        broken += [
            Problem(
                "a report is not what its manifest says",
                worded("{name}/{file}", {"name": name, "file": file}),
                fix=again,
            )
            for file in changed
        ]
        if changed:
            continue
        facts = read_results(folder).get("facts", {}).get("comparison")
        if facts is None or facts.get("schema") != FACTS:
            old.append(
                Problem(
                    "a report has no results to compare",
                    name,
                    worded(
                        "'comparison' of layout {facts} in {estimates}",
                        {"facts": FACTS, "estimates": ESTIMATES},
                    ),
                    fix=again,
                )
            )
            continue
        hashes = file_hash(folder / MANIFEST), file_hash(folder / ESTIMATES)
        found.append(
            Origin(
                name,
                record["country"],
                record["synthetic"],
                record["started"],
                *hashes,
                facts,
            )
        )
    ReportError.refuse(broken)
    ParamsError.refuse(old)
    return found


def check_of_a_country(record: Mapping[str, Any], name: str) -> None:
    """Raise ParamsError for the manifest of pages that are made from reports."""
    if "kind" in record:
        raise ParamsError(
            Problem(
                what="these pages are made from reports and inventories, not from data",
                where=name,
                expected="the report of a country",
                got=str(record["kind"]),
                fix="Name the reports of its countries; `mismes verify` takes all three.",
            )
        )


def inputs_of(origins: Sequence[Origin]) -> list[dict[str, str]]:
    """The files of the reports that pages are made of, as their manifest names them."""
    return [
        {"key": f"report.{origin.country}", "path": f"{origin.name}/{file}", "sha256": sha}
        for origin in origins
        for file, sha in ((MANIFEST, origin.manifest_sha256), (ESTIMATES, origin.estimates_sha256))
    ]


def fingerprint(origins: Sequence[Origin], lang: str, beside: Sequence[str] = ()) -> str:
    """One hash over everything that decides what a synthesis says. beside: hashes of other files
    that it reads.
    """
    reports = [f"{origin.name} {origin.estimates_sha256}" for origin in origins]
    return hashlib.sha256("\n".join([lang, package_hash(), *reports, *beside]).encode()).hexdigest()


def evidence_beside(final: Path) -> str:
    """The file of outside evaluations that the synthesis in a folder was made with; "" for none."""
    inputs = _manifest(final).get("inputs", ())
    return next((str(i["path"]) for i in inputs if i["key"] == EVIDENCE), "")


def spoken(final: Path) -> str:
    """The language of the synthesis that is there; English where there is none."""
    return str(_manifest(final).get("language", "en"))


def _manifest(final: Path) -> Mapping[str, Any]:
    """The manifest in a folder; empty where there is none that can be read."""
    try:
        return read_manifest(final)
    except ParamsError:
        return {}


def _all(out: Path) -> list[str]:
    folders = out.iterdir() if out.is_dir() else ()
    return sorted(
        p.name
        for p in folders
        if (p / MANIFEST).is_file() and p.name != FOLDER and not p.name.startswith(".")
    )
