"""Where a report comes from: hashes of inputs, code, lock file and outputs, versions, seed,
machine. No user, no host, no absolute path.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from mismes_eval.errors import InputError, ParamsError, Problem, named, worded
from mismes_eval.evaluation.params import Params
from mismes_eval.frame.outside import json_of
from mismes_eval.report.document.plain import escape
from mismes_eval.report.trust.held import check_fields

Manifest = Mapping[str, Any]
Fields = dict[str, object]

ESTIMATES = "estimates.json"
MANIFEST = "MANIFEST.json"
# may lie beside the manifest: a detached signature of it (minisign, OpenSSH, OpenPGP)
_LINK, _ODD = "a link", "no plain file"
SIGNATURES = tuple(f"{MANIFEST}.{ending}" for ending in ("minisig", "sig", "asc"))
LARGEST_MANIFEST = 32 * 2**20  # bytes; a report of 300 tables has 200 kB
SCHEMA = 1
PACKAGE = Path(__file__).resolve().parents[2]
LOCK = "requirements.lock"
COUNTED = (
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "linearmodels",
    "formulaic",
    "matplotlib",
    "seaborn",
    "papermill",
    "nbclient",
    "nbconvert",
    "pyarrow",
    "openpyxl",
)


@dataclass(frozen=True)
class Ingredients:
    """Everything that decides what a report says. fingerprint: one hash over all of it."""

    notebook: str
    notebook_sha256: str
    params_file: str
    params_sha256: str
    inputs: tuple[Manifest, ...]
    package_sha256: str
    lock_sha256: str | None
    versions: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        parts = [
            self.notebook_sha256,
            self.params_sha256,
            *(f"{i['key']} {i['sha256']}" for i in self.inputs),
            self.package_sha256,
            str(self.lock_sha256),
            *(f"{name} {version}" for name, version in sorted(self.versions.items())),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def file_hash(path: Path) -> str:
    """sha256 of a file, in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def package_hash() -> str:
    """sha256 over every source and data file of the installed package, names included."""
    digest = hashlib.sha256()
    for path in sorted(package_files()):
        digest.update(f"{path.relative_to(PACKAGE).as_posix()} {file_hash(path)}\n".encode())
    return digest.hexdigest()


def package_files() -> list[Path]:
    """Every source and data file of the installed package."""
    files = (p for p in PACKAGE.rglob("*") if "__pycache__" not in p.parts)
    return [p for p in files if p.is_file() and p.suffix != ".pyc"]


def ingredients(params: Params, params_path: Path, notebook: Path) -> Ingredients:
    """Hash what goes into a report."""
    lock = params.root / LOCK
    inputs = []
    for key, value in sorted(params.values.items()):
        if isinstance(value, Path):
            inputs.append(
                {
                    "key": key,
                    "path": params.portable(value),
                    "sha256": file_hash(value),
                    "bytes": value.stat().st_size,
                }
            )
    return Ingredients(
        notebook=notebook.name,
        notebook_sha256=file_hash(notebook),
        params_file=_below(params_path, params.root),
        params_sha256=params.fingerprint(),
        inputs=tuple(inputs),
        package_sha256=package_hash(),
        lock_sha256=file_hash(lock) if lock.is_file() else None,
        versions=versions(),
    )


def versions() -> dict[str, str]:
    """Installed versions of what computes."""
    out = {"python": platform.python_version()}
    for name in ("mismes-eval", *COUNTED):
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return out


def shown_by(cells: Mapping[str, str], results: Manifest) -> list[Fields]:
    """Table -> notebook cell -> inputs: for every table and figure of a report, the cell that
    showed it and the keys of the inputs behind it.

    cells : id of a notebook cell -> the HTML that it shows.
    results : what estimates.json holds.
    """
    origins = results.get("origins", {})
    counted = Counter(str(entry["table"]) for entry in results.get("estimates", []))
    out: list[Fields] = []
    for kind in ("tables", "figures"):
        for id_, title in results.get(kind, {}).items():
            mark = f'id="{escape(id_)}"'
            out.append(
                {
                    "id": id_,
                    "kind": kind[:-1],
                    "title": title,
                    "cell": next((cell for cell, html in cells.items() if mark in html), None),
                    "inputs": list(origins.get(id_, [])),
                    "numbers": counted[id_],
                }
            )
    return out


def manifest(
    params: Params,
    made_of: Ingredients,
    folder: Path,
    started: str,
    seconds: float,
    chapters: list[Fields],
    shown: list[Fields],
) -> Fields:
    """The record of one finished run, with a hash of every file in the folder. shown: see
    `shown_by`.
    """
    return {
        "schema": SCHEMA,
        "country": params.country,
        "synthetic": params.synthetic,
        "fingerprint": made_of.fingerprint,
        "started": started,
        "seconds": round(seconds, 1),
        "seed": params.impact.seed,
        "notebook": {"name": made_of.notebook, "sha256": made_of.notebook_sha256},
        "params": {
            "file": made_of.params_file,
            "sha256": made_of.params_sha256,
            "values": json.loads(params.to_json()),
        },
        "inputs": list(made_of.inputs),
        "package_sha256": made_of.package_sha256,
        "lock_sha256": made_of.lock_sha256,
        "versions": dict(made_of.versions),
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "processors": os.cpu_count(),
            "memory_bytes": _memory(),
            "threads": os.environ.get("OMP_NUM_THREADS", ""),
        },
        "chapters": chapters,
        "shown": shown,
        "outputs": outputs(folder),
    }


def outputs(folder: Path) -> list[Fields]:
    """Name, sha256 and size of every file of a report but its manifest."""
    files = sorted(folder / path for path in published_files(folder))
    return [
        {
            "path": p.relative_to(folder).as_posix(),
            "sha256": file_hash(p),
            "bytes": p.stat().st_size,
        }
        for p in files
    ]


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a report folder, with every field of its kind and every path held (see
    `trust.held`).

    Raises
    ------
    ParamsError : there is none, it is no JSON, it has another layout, or a path in it leads out.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ParamsError(
            Problem(
                "this is no report folder",
                str(folder),
                worded("a folder with a {manifest}", {"manifest": MANIFEST}),
                fix="Make the report first: `mismes report`.",
            )
        )
    try:
        found = json_of(path, LARGEST_MANIFEST)
    except (InputError, OSError) as error:
        raise ParamsError(
            Problem("the manifest cannot be read", str(path), "JSON", str(error))
        ) from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ParamsError(
            Problem(
                "the manifest has another layout",
                str(path),
                worded("schema {schema}", {"schema": SCHEMA}),
                worded("another"),
            )
        )
    check_fields(found, f"{folder.name}/{MANIFEST}", (MANIFEST, *SIGNATURES))
    return found


def read_results(folder: Path) -> dict[str, Any]:
    """The results of a report folder. Raises ParamsError where they cannot be read."""
    path = folder / ESTIMATES
    try:
        found = json_of(path)
    except (InputError, OSError) as error:
        raise ParamsError(
            Problem("the report's numbers cannot be read", str(path), "JSON", str(error))
        ) from error
    if not isinstance(found, dict):
        raise ParamsError(Problem("the report's numbers have another layout", str(path)))
    return found


def changed_outputs(folder: Path, record: Manifest) -> list[str]:
    """Files of a report that are missing, or differ from their recorded hash, or are not recorded;
    links and files that are no plain files, which a report has none of.
    """
    told = record.get("outputs")
    outputs_told = told if isinstance(told, list) else []
    listed = {output["path"]: output for output in outputs_told}
    odd = [p for p in folder.rglob("*") if p.is_symlink() or not (p.is_file() or p.is_dir())]
    links = {p.relative_to(folder).as_posix() for p in odd}
    out = [f"{path}: {_LINK if (folder / path).is_symlink() else _ODD}" for path in sorted(links)]
    for path, output in listed.items():
        if any(path == link or path.startswith(f"{link}/") for link in links):
            continue
        if not (folder / path).is_file():
            out.append(f"{path}: missing")
        elif not _is_recorded(folder / path, output):
            out.append(f"{path}: changed")
    unknown = published_files(folder) - set(listed) - links
    return out + [f"{path}: not in the manifest" for path in sorted(unknown)]


def _is_recorded(path: Path, output: Manifest) -> bool:
    """A file of another size is not read, however large it is."""
    return path.stat().st_size == output["bytes"] and file_hash(path) == str(output["sha256"])


def check_unchanged(folder: Path, touched: Sequence[str]) -> None:
    """Raise ParamsError where files of a report were changed after it was made."""
    if touched:
        raise ParamsError(
            Problem(
                what="the report was changed after it was made",
                where=folder.name,
                expected="files as the manifest records them",
                got=named(touched),
                fix="Make it again: mismes report.",
            )
        )


def unchanged(folder: Path, fingerprint: str) -> bool:
    """Whether what stands in a folder is whole, and made of exactly this."""
    try:
        record = read_manifest(folder)
    except ParamsError:
        return False
    return record.get("fingerprint") == fingerprint and not changed_outputs(folder, record)


def own_files(folder: Path) -> list[str]:
    """Files and links below a folder that its manifest does not name, or that are not as it
    recorded them: a person put them there. Without a manifest that is all of them.
    """
    made: dict[str, Manifest] = {}
    apart: set[str] = set()
    with suppress(ParamsError):
        record = read_manifest(folder)
        made = {row["path"]: row for row in record.get("outputs", ())}
        apart = {MANIFEST, *SIGNATURES}
    places = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if not _is_folder(p)}
    return [
        name
        for name, path in sorted(places.items())
        if name not in apart and not _is_as_made(path, made.get(name))
    ]


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _is_as_made(path: Path, output: Manifest | None) -> bool:
    plain = output is not None and path.is_file() and not path.is_symlink()
    return plain and _is_recorded(path, output or {})


def published_files(folder: Path) -> set[str]:
    """Every file of a report but its manifest and the manifest's signature."""
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    return files - {MANIFEST, *SIGNATURES}


def _below(path: Path, root: Path) -> str:
    whole = path.resolve()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else path.name


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
