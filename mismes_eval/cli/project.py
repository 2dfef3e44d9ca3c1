"""Where the project is, and which params files a name on the command line means."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from mismes_eval.errors import ParamsError, Problem, named, worded

NOTEBOOK = "notebooks/country_report.ipynb"


class FileOf(click.Path):
    """A file to write, by its ending."""

    def __init__(self, ending: str) -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self.ending = ending

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if path.suffix.lower() != self.ending:
            self.fail(f"'{path}' does not end in {self.ending}", param, ctx)
        return path


data_root_option = click.option(
    "--data-root",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of data kept outside the project (default: MISMES_DATA_ROOT).",
)
quiet_option = click.option("--quiet", is_flag=True, help="Print nothing.")
json_of_files, json_of_result, json_of_made = (
    click.option("--json", "as_json", is_flag=True, help=f"Print {what} as JSON.")
    for what in ("the files made", "the result", "what was made")
)


def country_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Params files whose name begins so, for the shell's completion; none outside a project."""
    try:
        folder = project() / "params"
    except ParamsError:
        return []
    return sorted(
        p.stem for p in folder.glob("*.yaml") if p.stem.upper().startswith(incomplete.upper())
    )


country_argument = click.argument("name", metavar="ISO3", shell_complete=country_names)


def report_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Reports in reports/ whose name begins so, for the shell's completion; none outside a project."""
    try:
        folder = project() / "reports"
    except ParamsError:
        return []
    return sorted(
        p.parent.name
        for p in folder.glob("*/MANIFEST.json")
        if p.parent.name.upper().startswith(incomplete.upper())
    )


def project() -> Path:
    """The nearest folder upwards that has a `params` folder."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "params").is_dir():
            return folder
    raise ParamsError(
        Problem(
            "this is no project folder",
            str(here),
            "a folder with params/ in it or above it",
            fix="Change to the project, or begin one with `mismes new ISO3`.",
        )
    )


def all_params(root: Path) -> list[Path]:
    """params/*.yaml, without the folders below it."""
    found = sorted((root / "params").glob("*.yaml"))
    if not found:
        raise ParamsError(
            Problem(
                "there is no params file",
                str(root / "params"),
                "ISO3.yaml",
                fix="Make one with `mismes new ISO3`.",
            )
        )
    return found


def params_file(root: Path, name: str) -> Path:
    """The params file of a name: a file, ISO3, or a path below params/ without its ending."""
    tried = (
        Path(name),
        root / name,
        root / "params" / name,
        root / "params" / f"{name}.yaml",
        root / "params" / f"{name.upper()}.yaml",
    )
    for path in tried:
        if path.suffix in (".yaml", ".yml") and path.is_file():
            return path.resolve()
    known = sorted(
        p.relative_to(root / "params").with_suffix("").as_posix()
        for p in (root / "params").rglob("*.yaml")
    )
    near = get_close_matches(name, known, 1, 0.5) or get_close_matches(name.upper(), known, 1, 0.5)
    fix: str = "Make one with `mismes new ISO3`."
    if near:
        fix = worded("Nearest: {near}.", {"near": near[0]})
    elif known:
        fix = worded("There are: {known}.", {"known": named(known)})
    raise ParamsError(
        Problem(
            "there is no params file of this name", name, "ISO3 or a path below params/", fix=fix
        )
    )
