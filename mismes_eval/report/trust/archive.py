"""The replication archive of a report: data (where they may be given), code, results, and a README
in the headings that social science data editors ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from jinja2 import Template

from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.evaluation.conversion import TRUE
from mismes_eval.evaluation.yaml_text import read_yaml
from mismes_eval.report.document.language import country_name
from mismes_eval.report.factory.zipped import write_zip
from mismes_eval.report.synthesis.published import check_of_a_country
from mismes_eval.report.trust.differences import keys_twice
from mismes_eval.report.trust.held import (
    DATA_ROOT,
    PATH,
    check_complete,
    is_relative,
    own_params,
    within,
)
from mismes_eval.report.trust.provenance import (
    ESTIMATES,
    LOCK,
    MANIFEST,
    PACKAGE,
    SIGNATURES,
    Manifest,
    changed_outputs,
    check_unchanged,
    file_hash,
    package_files,
    read_manifest,
    read_results,
)

README = Path(__file__).parent.parent / "templates" / "archive.md.j2"
NO_MEMORY = "memory not recorded"
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
    """Pack a whole report. The same report gives the same bytes. Every file comes from the project,
    the report or this package; the archive holds relative names only.

    Parameters
    ----------
    folder : the report.
    root : project.
    to : zip file, replaced.
    with_data : put in the inputs of real countries as well; synthetic inputs are always in. Inputs
        from outside the project never are.

    Raises
    ------
    ParamsError : the report has no manifest, was changed after it was made, an input or the
        notebook differs from the one it was made from, a path of the manifest leads out of the
        project, or manifest, params and results disagree on whether the data are made up.
    """
    record = read_manifest(folder)
    _whole_country_report(folder, record)
    inputs = _records(record["inputs"])
    params_file = own_params(folder, root, _text(record, "params", "file"))
    notebook = within(notebooks, _text(record, "notebook", "name"), "notebook.name")
    _as_recorded(params_file, notebook, record, folder)
    may_be_given = with_data or record["synthetic"]
    given = [i for i in inputs if may_be_given and not i["path"].startswith(DATA_ROOT)]
    _named_by_params(root, params_file, given)
    _same_inputs(root, given)
    members = {i["path"]: within(root, i["path"], i["key"]) for i in given}
    members[_text(record, "params", "file")] = params_file
    members[f"notebooks/{notebook.name}"] = notebook
    members |= {f"mismes_eval/{p.relative_to(PACKAGE).as_posix()}": p for p in package_files()}
    members |= _project_files(root) | _report_files(folder, record)
    left_out = tuple(i["path"] for i in inputs if i not in given)
    results = read_results(folder)
    _titles(results)
    _write(to, readme_text(record, results, folder.name, left_out), members)
    return Archive(to, len(members) + 1, left_out)


def _whole_country_report(folder: Path, record: Manifest) -> None:
    """Raise ParamsError for a synthesis, a manifest with gaps, a report that was changed."""
    check_of_a_country(record, folder.name)
    check_complete(record, f"{folder.name}/{MANIFEST}")
    touched = changed_outputs(folder, record)
    if keys_twice((folder / MANIFEST).read_bytes()):
        touched = [*touched, worded("{manifest}: keys stand twice", {"manifest": MANIFEST})]
    check_unchanged(folder, touched)


def _as_recorded(params_file: Path, notebook: Path, record: Manifest, folder: Path) -> None:
    """Raise ParamsError where the notebook is another than the recorded one, or the params, the
    manifest and the results do not agree on whose data these are and whether they are made up.
    Whether data may be given hangs on that.
    """
    problems = []
    if file_hash(notebook) != _text(record, "notebook", "sha256"):
        problems.append(
            Problem(
                "the notebook is not the one that the report was made with",
                notebook.name,
                worded("sha256 {text}...", {"text": _text(record, "notebook", "sha256")[:12]}),
                fix="Make the report again: mismes report.",
            )
        )
    written = read_yaml(params_file)
    made_up = str(written.get("synthetic") or "false").lower() in TRUE
    results = read_results(folder)
    for where, country, synthetic in (
        (params_file.name, written.get("country"), made_up),
        (ESTIMATES, results.get("country"), results.get("synthetic")),
    ):
        if (country, synthetic) != (record["country"], record["synthetic"]):
            problems.append(
                Problem(
                    what="the manifest says something else of the data",
                    where=where,
                    expected=worded(
                        "country {record}, synthetic {synthetic}",
                        {"record": record["country"], "synthetic": record["synthetic"]},
                    ),
                    got=worded(
                        "country {country}, synthetic {synthetic}",
                        {"country": country, "synthetic": synthetic},
                    ),
                    fix="Make the report again: mismes report.",
                )
            )
    ParamsError.refuse(problems)


def _titles(results: Manifest) -> None:
    """Raise ParamsError where the lists of tables and figures, which the README prints, are none."""
    ParamsError.refuse(
        Problem("the report's numbers have another layout", ESTIMATES, "id and title", name)
        for name in ("tables", "figures")
        if not isinstance(results.get(name), dict)
    )


def _project_files(root: Path) -> dict[str, Path]:
    wanted = [name for name in PROJECT_FILES if name != "README.md"]
    return {name: within(root, name, name) for name in wanted if (root / name).is_file()}


def _report_files(folder: Path, record: Manifest) -> dict[str, Path]:
    """The files that the manifest lists, the manifest, and a signature of it."""
    names = [o["path"] for o in _records(record["outputs"])]
    names += [n for n in (MANIFEST, *SIGNATURES) if (folder / n).is_file()]
    return {f"reports/{folder.name}/{n}": within(folder, n, n) for n in names}


def _write(to: Path, readme: str, members: Mapping[str, Path]) -> None:
    outside = [name for name in members if not is_relative(name)]
    if outside:
        raise ParamsError(Problem("a name would leave the archive", outside[0], PATH))
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(f".{to.name}.part")
    contents = ((name, path.read_bytes()) for name, path in sorted(members.items()))
    try:
        write_zip(part, chain([("README.md", readme.encode())], contents))
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def _named_by_params(root: Path, params_file: Path, given: Sequence[Manifest]) -> None:
    """Raise ParamsError for an input that the params of the report do not name: with hashes of
    other reports, a manifest could ask for the data of another country.
    """
    named_there = {
        (root / text).resolve() for text in _texts(read_yaml(params_file)) if is_relative(text)
    }
    problems = [
        Problem(
            "an input is not one that the params name",
            i["path"],
            worded("a file of {name}", {"name": params_file.name}),
            fix="Make the report again: mismes report.",
        )
        for i in given
        if (root / i["path"]).resolve() not in named_there
    ]
    ParamsError.refuse(problems)


def _texts(node: object) -> Iterator[str]:
    """Every value of nested params."""
    if isinstance(node, Mapping):
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _texts(part)
    elif isinstance(node, str):
        yield node.removeprefix("./")


def _same_inputs(root: Path, given: Sequence[Manifest]) -> None:
    problems = []
    for i in given:
        path = root / i["path"]
        if (
            not path.resolve().is_relative_to(root.resolve())
            or not path.is_file()
            or file_hash(path) != i["sha256"]
        ):
            problems.append(
                Problem(
                    "an input is not the one that the report was made from",
                    i["path"],
                    worded("sha256 {number}...", {"number": i["sha256"][:12]}),
                    "" if path.is_file() else worded("no file"),
                )
            )
    ParamsError.refuse(problems)


def readme_text(record: Manifest, results: Manifest, name: str, left_out: Sequence[str]) -> str:
    """README of the archive. Headings: Social Science Data Editors, template README for replication
    packages.
    """
    memory = _mapping(record["machine"]).get("memory_bytes")
    template = Template(
        README.read_text(encoding="utf-8"), keep_trailing_newline=True, finalize=_as_words
    )
    text: str = template.render(
        record=record,
        results=results,
        name=name,
        left_out=left_out,
        country=country_name(str(record["country"]), "en"),
        memory=(
            f"{memory / 2**30:.0f} GB of memory" if isinstance(memory, int | float) else NO_MEMORY
        ),
    )
    return text


def _as_words(value: object) -> object:
    """A value as words of Markdown on one line: no tag, no cell of a table, no heading."""
    if not isinstance(value, str):
        return value
    return " ".join(value.split()).replace("<", "&lt;").replace("|", "\\|")


def _mapping(value: object) -> Manifest:
    return value if isinstance(value, dict) else {}


def _records(value: object) -> list[Manifest]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(record: Manifest, section: str, key: str) -> str:
    return str(_mapping(record[section])[key])
