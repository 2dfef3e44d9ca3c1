"""What stands on a terminal: colours only there and never under NO_COLOR, warnings as one line."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from typing import TextIO

import click

from mismes_eval.errors import MismesWarning, Problem

MARKS: Mapping[str, str] = {
    "done": "green",
    "todo": "red",
    "note": "yellow",
    "optional": "bright_black",
}


def coloured(stream: TextIO) -> bool:
    """Colours only for a person at a terminal who did not ask for none (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and stream.isatty()


def mark(kind: str, text: str) -> str:
    """A text in the colour of its kind, where standard output is a terminal."""
    return click.style(text, fg=MARKS[kind]) if coloured(sys.stdout) else text


def problem(found: Problem, prefix: str = "") -> None:
    """A problem as a paragraph on standard error, what is wrong in red."""
    said = str(found)
    if coloured(sys.stderr):
        said = click.style(found.what, fg="red", bold=True) + said.removeprefix(found.what)
    click.echo(f"{prefix}{said}\n", err=True)


def plain_warnings() -> None:
    """Warnings of this package as a line on standard error, without a file and a line number;
    deprecations of the command line say so.
    """

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, (MismesWarning, FutureWarning)):
            click.echo(
                (
                    click.style("note: ", fg="yellow") + str(message)
                    if coloured(sys.stderr)
                    else f"note: {message}"
                ),
                err=True,
            )
        else:
            click.echo(
                warnings.formatwarning(message, category, filename, lineno, line),
                err=True,
                nl=False,
            )

    warnings.showwarning = show
