"""What stands on a terminal: colours only there and never under NO_COLOR, warnings as one line."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TextIO

import click

from mismes_eval.errors import MismesWarning, Problem
from mismes_eval.message import Message, as_message

MARKS: Mapping[str, str] = {
    "done": "green",
    "todo": "red",
    "note": "yellow",
    "optional": "bright_black",
}


STOPPING = ("SIGTERM", "SIGHUP")


def coloured(stream: TextIO) -> bool:
    """Colours only for a person at a terminal who did not ask for none (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and stream.isatty()


def mark(kind: str, text: str) -> str:
    """A text in the colour of its kind, where standard output is a terminal."""
    return click.style(text, fg=MARKS[kind]) if coloured(sys.stdout) else text


def problem(found: Problem, words: Callable[[Message], str], prefix: str = "") -> None:
    """A problem as a paragraph on standard error, what is wrong in red. words : puts it into the
    language of its reader.
    """
    said, what = words(found.message), words(as_message(found.what, "reason"))
    if coloured(sys.stderr) and said.startswith(what):
        said = click.style(what, fg="red", bold=True) + said.removeprefix(what)
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


def provide_streams() -> None:
    """Standard streams that were closed lead nowhere: the next file to be opened would take their
    place, and a kernel that finds none of its own does not start.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def say(text: str) -> None:
    """A line on standard output. Where nobody reads it any more (a closed pipe, `| head`), a line
    on standard error says so once and the work goes on without words.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        without_reader()


def without_reader() -> None:
    """Send what is still written to standard output nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    with suppress(OSError):
        click.echo("note: nobody reads standard output any more; the work goes on.", err=True)


class Stopped(KeyboardInterrupt):
    """The process was asked to end by a signal that is not Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def stop_on_signals() -> None:
    """SIGTERM and SIGHUP end the work as Ctrl-C does: kernels stopped, nothing left half-written.
    A signal that was ignored when the process started (nohup) stays ignored.
    """

    def stop(number: int, frame: object) -> None:
        for name in STOPPING:  # a second signal does not disturb the tidying up
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        raise Stopped(number)

    for name in STOPPING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
