"""The replication archive of a report: data (where they may be given), code, results, and a README
in the headings that social science data editors ask for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mismes_eval.errors import ParamsError, Problem
from mismes_eval.report.document.language import country_name
from mismes_eval.report.factory.zipped import write_zip
from mismes_eval.report.synthesis.published import KIND
from mismes_eval.report.trust.provenance import (
    ESTIMATES,
    LOCK,
    PACKAGE,
    changed_outputs,
    file_hash,
    read_manifest,
)

PROJECT_FILES = (
    "pyproject.toml",
    LOCK,
    "Makefile",
    "environment.yml",
    "LICENSE",
    "CITATION.cff",
    "README.md",
)


@dataclass(frozen=True)
class Archive:
    """path of the zip; files in it; left_out: inputs that are named and hashed in the README but
    not given.
    """

    path: Path
    files: int
    left_out: tuple[str, ...]


def package(folder: Path, root: Path, notebooks: Path, to: Path, with_data: bool) -> Archive:
    """Pack a whole report. The same report gives the same bytes.

    Parameters
    ----------
    folder : the report.  root : project.  to : zip file, replaced.
    with_data : put in the inputs of real countries as well; synthetic inputs are always in. Inputs
        from outside the project never are.

    Raises
    ------
    ParamsError : the report has no manifest, was changed after it was made, or an input differs
        from the one it was made from.
    """
    record = read_manifest(folder)
    if record.get("kind") == KIND:
        raise ParamsError(
            Problem(
                "a synthesis is made from reports, not from data",
                folder.name,
                "the report of a country",
                fix="Pack the reports of its countries.",
            )
        )
    touched = changed_outputs(folder, record)
    if touched:
        raise ParamsError(
            Problem(
                "the report was changed after it was made",
                folder.name,
                "files as the manifest records them",
                "; ".join(touched[:5]),
                "Make it again: mismes report.",
            )
        )
    inputs = _records(record["inputs"])
    given = [
        i
        for i in inputs
        if (with_data or record["synthetic"]) and not str(i["path"]).startswith("<")
    ]
    _same_inputs(root, given)
    members: dict[str, Path] = {str(i["path"]): root / str(i["path"]) for i in given}
    params_file = _text(record, "params", "file")
    notebook = _text(record, "notebook", "name")
    members |= {params_file: root / params_file, f"notebooks/{notebook}": notebooks / notebook}
    members |= {
        name: root / name
        for name in PROJECT_FILES
        if (root / name).is_file() and name != "README.md"
    }
    members |= {
        f"mismes_eval/{p.relative_to(PACKAGE).as_posix()}": p
        for p in PACKAGE.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    members |= {
        f"reports/{folder.name}/{p.relative_to(folder).as_posix()}": p
        for p in folder.rglob("*")
        if p.is_file()
    }
    left_out = tuple(str(i["path"]) for i in inputs if i not in given)
    readme = readme_text(
        record, json.loads((folder / ESTIMATES).read_text(encoding="utf-8")), folder.name, left_out
    )
    _write(to, readme, members)
    return Archive(to, len(members) + 1, left_out)


def _write(to: Path, readme: str, members: Mapping[str, Path]) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(f".{to.name}.part")
    write_zip(
        part,
        [
            ("README.md", readme.encode()),
            *((name, path.read_bytes()) for name, path in sorted(members.items())),
        ],
    )
    part.replace(to)


def _same_inputs(root: Path, given: Sequence[Mapping[str, object]]) -> None:
    problems = []
    for i in given:
        path = root / str(i["path"])
        if not path.is_file() or file_hash(path) != i["sha256"]:
            problems.append(
                Problem(
                    "an input is not the one that the report was made from",
                    str(i["path"]),
                    f"sha256 {str(i['sha256'])[:12]}...",
                    "" if path.is_file() else "no file",
                )
            )
    if problems:
        raise ParamsError(problems)


def readme_text(
    record: Mapping[str, object], results: Mapping[str, object], name: str, left_out: Sequence[str]
) -> str:
    """README of the archive. Headings: Social Science Data Editors, template README for replication
    packages.
    """
    country = country_name(str(record["country"]), "en")
    synthetic = bool(record["synthetic"])
    versions, machine = _mapping(record["versions"]), _mapping(record["machine"])
    inputs = _records(record["inputs"])
    rows = "\n".join(
        f"| `{i['path']}` | {i['key']} | {i['bytes']:,} | `{i['sha256']}` |"
        f" {'no' if i['path'] in left_out else 'yes'} |"
        for i in inputs
    )
    tables, figures = _mapping(results["tables"]), _mapping(results["figures"])
    notebook = _text(record, "notebook", "name")
    programs = "\n".join(
        f"| {key} | {title} | `notebooks/{notebook}` | `reports/{name}/tables.xlsx`, sheet {key} |"
        for key, title in tables.items()
    )
    programs += "\n" + "\n".join(
        f"| {key} | {title} | `notebooks/{notebook}` | `reports/{name}/figures/{key}.png` |"
        for key, title in figures.items()
    )
    memory = machine.get("memory_bytes")
    ram = f"{float(str(memory)) / 2**30:.0f} GB of memory" if memory else "memory not recorded"
    software = "\n".join(f"- {package} {version}" for package, version in versions.items())
    chapters = ", ".join(f"{c['title']} {c['seconds']} s" for c in _records(record["chapters"]))
    banner = (
        "**SYNTHETIC DATA: made-up persons, no finding about the real country.**\n\n"
        if synthetic
        else ""
    )
    access = (
        "All data are synthetic. They were made by `mismes demo` from public aggregates, which"
        " `data_raw/SOURCES.md` of the project lists, and may be redistributed under the licence of"
        " the code."
        if synthetic
        else (
            "The data belong to their producers. State here who gives access, under what"
            " conditions, and for how long they keep the files."
        )
    )
    missing = "".join(
        f"\n- `{path}`: put the file of the hash below into this place." for path in left_out
    )
    return f"""# Replication archive: {country}, evaluation of migrant support measures

{banner}## Data availability and provenance statements

{access}{chr(10) + chr(10) + "Not in this archive:" + missing if left_out else ""}

### Statement about rights

{"The authors of the archive have the right to use and redistribute all data in it." if synthetic else "State here that the authors had legitimate access to the data and permission to use them, and to redistribute those that are in the archive."}

### Dataset list

| file | role | bytes | sha256 | in the archive |
|---|---|---|---|---|
{rows}

## Computational requirements

### Software requirements

`requirements.lock` pins every package with its hash. The report was made with:

{software}

### Controlled randomness

Every random draw starts from the seed {record["seed"]} (params, key `impact.seed`).

### Memory, runtime, storage requirements

{record["seconds"]} seconds on {machine.get("processors")} processors with {ram} ({machine.get("system")}, {machine.get("architecture")}), threads per process: {machine.get("threads") or "as installed"}. By chapter: {chapters}.

## Description of programs

- `{_text(record, "params", "file")}`: every choice of the run.
- `notebooks/{notebook}`: the report, chapter by chapter.
- `mismes_eval/`: the package that computes (sha256 of its source {str(record["package_sha256"])[:16]}...).

### License for code

BSD-3-Clause, see `LICENSE`.

## Instructions to replicators

1. Python 3.11 or newer. In this folder: `python3 -m venv .venv`, then `.venv/bin/pip install --require-hashes --no-deps -r requirements.lock` and `.venv/bin/pip install --no-deps --no-build-isolation -e .`
2. `.venv/bin/mismes verify reports/{name}` repeats the run in a clean folder and compares every number at 1e-9.
3. `.venv/bin/mismes report {name} --force` makes the report again; open `reports/{name}/report.html`.

## List of tables, figures and programs

| id | title | program | output |
|---|---|---|---|
{programs}

## References

Cite the data producers above and the software as in `CITATION.cff`.
"""


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _records(value: object) -> list[Mapping[str, object]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _text(record: Mapping[str, object], section: str, key: str) -> str:
    return str(_mapping(record[section])[key])
