"""Is a synthesis what it says it is: made again, in a clean folder, from the country reports beside
it, and every number and file compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.report.synthesis.published import EVIDENCE, FOLDER, KIND
from mismes_eval.report.synthesis.synthesis import write_synthesis
from mismes_eval.report.trust.differences import unlike_leaves
from mismes_eval.report.trust.held import is_of_a_report, refuse_lacking
from mismes_eval.report.trust.provenance import (
    MANIFEST,
    Manifest,
    changed_outputs,
    file_hash,
    package_hash,
    read_manifest,
    versions,
)
from mismes_eval.report.trust.verify import (
    Verification,
    numbers_in,
    other_writer,
    places_inside,
    runs_of,
    unlike_numbers,
    unlike_versions,
    unmade,
)

STATED = ("country", "countries", "synthetic", "language", "inputs", "schema")


def is_of_kind(folder: Path, kind: str) -> bool:
    """Whether a folder holds pages whose manifest says that they are of a kind."""
    return (folder / MANIFEST).is_file() and read_manifest(folder).get("kind") == kind


def is_synthesis(folder: Path) -> bool:
    """Whether a folder holds a synthesis."""
    return is_of_kind(folder, KIND)


def verify_synthesis(folder: Path, root: Path) -> Verification:
    """Make a synthesis again and compare.

    Parameters
    ----------
    folder : the synthesis; the reports that it was made of lie beside it.
    root : the project; a file of outside evaluations is looked for in its data_raw.

    Raises
    ------
    ParamsError : a report or the file of outside evaluations is gone.
    ReportError : a report is not what its manifest says.
    """
    record = read_manifest(folder)
    check_stated(record, folder, (*STATED, "started"))
    tampered = list(changed_outputs(folder, record))
    with tempfile.TemporaryDirectory(prefix="mismes-verify-") as clean:
        out = Path(clean)
        names = reports_of(record)
        if not names:
            raise ParamsError(Problem("the manifest names no reports", FOLDER, "folders beside it"))
        for name in names:
            (out / name).symlink_to(folder.parent / name, target_is_directory=True)
        made, _ = write_synthesis(
            out=out,
            names=names,
            lang=str(record["language"]),
            mixed=True,
            force=True,
            evidence=evidence_of(record, root),
            started=str(record["started"]),
        )
        again = read_manifest(made)
        tampered += unmade(folder, made, tampered, [])
        inside = tuple(places_inside(folder, made, runs_of(record, again)))
        reported, repeated = numbers_in(folder), numbers_in(made)
    return Verification(
        name=FOLDER,
        numbers=len(reported),
        tampered=tuple(tampered),
        changed=tuple(changed_code(record)),
        differences=unlike_numbers(reported, repeated),
        inside=inside,
        manifest=tuple(faults(record, again, STATED)),
        uncompared=tuple(other_writer(record)),
    )


def check_stated(record: Manifest, folder: Path, stated: Iterable[str]) -> None:
    """Raise ParamsError where a manifest lacks a field."""
    lacking = [name for name in (*stated, "fingerprint", "outputs") if name not in record]
    refuse_lacking(lacking, f"{folder.name}/{MANIFEST}")


def reports_of(record: Manifest) -> list[str]:
    """Folders of the reports that a manifest names."""
    paths = [i["path"] for i in record["inputs"] if i["key"].startswith("report.")]
    names = list(dict.fromkeys(path.partition("/")[0] for path in paths))
    if not all(map(is_of_a_report, names)):
        raise ParamsError(Problem("the manifest names no reports", FOLDER, "folders beside it"))
    return names


def evidence_of(record: Manifest, root: Path) -> Path | None:
    """The file of outside evaluations."""
    told = [i for i in record["inputs"] if i["key"] == EVIDENCE]
    return input_by_hash(told[0], [root / "data_raw"]) if told else None


def input_by_hash(told: Manifest, folders: Iterable[Path | None]) -> Path:
    """An input, found below data folders by its name and hash. Raises ParamsError where it is
    gone.
    """
    name = Path(told["path"]).name
    sha = told["sha256"]
    for folder in folders:
        there = [] if folder is None else sorted(folder.rglob(name))
        for path in there:
            if path.is_file() and file_hash(path) == sha:
                return path
    raise ParamsError(
        Problem(
            what="a file that the pages were made of is gone or changed",
            where=told["path"],
            expected=worded("sha256 {sha}... below data_raw/", {"sha": sha[:12]}),
            fix="Put it back, or make the pages again.",
        )
    )


def changed_code(record: Manifest) -> Iterator[str]:
    """Code and versions that are others now."""
    if record.get("package_sha256") != package_hash():
        yield "the package's code changed"
    yield from unlike_versions(record.get("versions", {}), versions())


def faults(record: Manifest, again: Manifest, stated: Iterable[str]) -> Iterator[str]:
    """What the manifest says that the repeated run contradicts."""
    for field in stated:
        for place, was, now in unlike_leaves(record[field], again[field], field):
            yield f"{place}: reported {was}, repeated {now}"
    same_code = record.get("package_sha256") == again["package_sha256"]
    if same_code and record["fingerprint"] != again["fingerprint"]:
        yield "the fingerprint is not that of the inputs and the code that it names"
    extra = sorted({*record} - {*again})
    if extra:
        yield f"unknown fields: {', '.join(extra)}"
