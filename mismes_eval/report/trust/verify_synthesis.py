"""Is a synthesis what it says it is: made again, in a clean folder, from the country reports beside
it, and every number and file compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.report.synthesis.published import FOLDER, KIND
from mismes_eval.report.synthesis.synthesis import write_synthesis
from mismes_eval.report.trust.differences import Runs, unlike_leaves
from mismes_eval.report.trust.held import is_of_a_report
from mismes_eval.report.trust.provenance import (
    MANIFEST,
    changed_outputs,
    file_hash,
    package_hash,
    read_manifest,
    versions,
)
from mismes_eval.report.trust.verify import (
    Verification,
    numbers_in,
    places_inside,
    unlike_numbers,
    unmade,
)

STATED = ("country", "countries", "synthetic", "language", "inputs", "schema")
EVIDENCE = "evidence"  # key of the file of outside evaluations


def is_synthesis(folder: Path) -> bool:
    """Whether a folder holds a synthesis."""
    return (folder / MANIFEST).is_file() and read_manifest(folder).get("kind") == KIND


def verify_synthesis(folder: Path, root: Path) -> Verification:
    """Make a synthesis again and compare.

    Parameters
    ----------
    folder : the synthesis; the reports that it was made of lie beside it.  root : the project; a
        file of outside evaluations is looked for in its data_raw.

    Raises
    ------
    ParamsError : a report or the file of outside evaluations is gone.  ReportError : a report is
        not what its manifest says.
    """
    record = read_manifest(folder)
    _complete(record, folder)
    tampered = list(changed_outputs(folder, record))
    with tempfile.TemporaryDirectory(prefix="mismes-verify-") as clean:
        out = Path(clean)
        names = _reports(record)
        for name in names:
            (out / name).symlink_to(folder.parent / name, target_is_directory=True)
        made, _ = write_synthesis(
            out=out,
            names=names,
            lang=str(record["language"]),
            mixed=True,
            force=True,
            evidence=_evidence(record, root),
            started=str(record["started"]),
        )
        again = read_manifest(made)
        tampered += unmade(folder, made, tampered, [])
        runs = Runs(str(record["fingerprint"])[:12], str(again["fingerprint"])[:12])
        inside = tuple(places_inside(folder, made, runs))
        reported, repeated = numbers_in(folder), numbers_in(made)
    return Verification(
        name=FOLDER,
        numbers=len(reported),
        tampered=tuple(tampered),
        changed=tuple(_changed(record)),
        differences=unlike_numbers(reported, repeated),
        inside=inside,
        manifest=tuple(_faults(record, again)),
    )


def _complete(record: Mapping[str, Any], folder: Path) -> None:
    lacking = [
        name for name in (*STATED, "fingerprint", "started", "outputs") if name not in record
    ]
    if lacking:
        where = f"{folder.name}/{MANIFEST}"
        raise ParamsError(
            Problem("the manifest lacks fields", where, "every field", ", ".join(lacking))
        )


def _reports(record: Mapping[str, Any]) -> list[str]:
    """Folders of the reports that a synthesis names."""
    paths = [str(i["path"]) for i in record["inputs"] if i["key"] != EVIDENCE]
    names = list(dict.fromkeys(path.partition("/")[0] for path in paths))
    if not names or not all(is_of_a_report(name) for name in names):
        raise ParamsError(Problem("the manifest names no reports", FOLDER, "folders beside it"))
    return names


def _evidence(record: Mapping[str, Any], root: Path) -> Path | None:
    """The file of outside evaluations, found by its name and hash."""
    told = [i for i in record["inputs"] if i["key"] == EVIDENCE]
    if not told:
        return None
    name, sha = Path(str(told[0]["path"])).name, str(told[0]["sha256"])
    there = [p for p in sorted((root / "data_raw").rglob(name)) if file_hash(p) == sha]
    if not there:
        raise ParamsError(
            Problem(
                "the file of outside evaluations is gone",
                name,
                worded("sha256 {sha}... below data_raw/", {"sha": sha[:12]}),
                fix="Put it back, or make the synthesis again: mismes synthesis --force.",
            )
        )
    return there[0]


def _changed(record: Mapping[str, Any]) -> Iterator[str]:
    """Code and versions that are others now."""
    if record.get("package_sha256") != package_hash():
        yield "the package's code changed"
    then, now = record.get("versions", {}), versions()
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield f"{name} {then.get(name, 'absent')} became {now.get(name, 'absent')}"


def _faults(record: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    """What the manifest says that the repeated run contradicts."""
    for field in STATED:
        for place, was, now in unlike_leaves(record[field], again[field], field):
            yield f"{place}: reported {was}, repeated {now}"
    same_code = record.get("package_sha256") == again["package_sha256"]
    if same_code and record["fingerprint"] != again["fingerprint"]:
        yield "the fingerprint is not that of the reports and the code that it names"
    extra = sorted({*record} - {*again})
    if extra:
        yield f"unknown fields: {', '.join(extra)}"
