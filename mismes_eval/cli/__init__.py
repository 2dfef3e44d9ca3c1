"""The `mismes` command. Each subcommand is a module of its own, loaded when it is called, so that
`mismes --help` answers at once.

Exit status: 0 done; 1 a report failed, a verification differs or a file cannot be written; 2 bad
input or usage; 130 stopped from the keyboard, 143 and 129 by SIGTERM and SIGHUP.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from typing import cast

import click

from mismes_eval.cli.examples import EXIT_STATUS, epilog
from mismes_eval.cli.terminal import (
    Stopped,
    plain_warnings,
    problem,
    provide_streams,
    stop_on_signals,
    without_reader,
)
from mismes_eval.errors import MismesError

COMMANDS: Mapping[str, str] = {
    "report": "Make country reports.",
    "synthesis": "Compare the countries that have a report.",
    "check": "Say what is missing or wrong in a params file and the data it names.",
    "verify": "Make a report again in a clean folder and compare every number.",
    "sign": "Sign a report with the key of your office.",
    "package": "Pack a report for replication.",
    "new": "Begin a country: a params file with every key explained, and empty templates.",
    "map": "Finish the mapping of an office's own file, question by question.",
    "demo": "Make the synthetic countries.",
    "lab": "Open JupyterLab on the notebooks.",
    "inventory": "Evaluation register and page of the measures.",
    "export": "Hand data, programs and codebook to colleagues.",
    "claims": "Say what a report's evidence says of the claims of the MISMES studies.",
    "advise": "Say which designs the data of a country allow.",
    "plan": "Plan an evaluation before the project starts.",
    "form": "Write questionnaires for tablets and paper.",
    "collect": "Read what came back from the field into the templates.",
    "wave": "Plan a wave of a tracer study, and follow it while it runs.",
    "completion": "Print what your shell needs to complete commands and countries.",
}
RENAMED: Mapping[
    str, str
    # earlier name of a command -> its name now: works for one minor version with a note, then goes
] = {}


class LazyGroup(click.Group):
    """Lists its commands without loading them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in RENAMED:
            now = RENAMED[cmd_name]
            warnings.warn(
                f"mismes {cmd_name} is now mismes {now}; the old name goes with the next minor"
                " version.",
                FutureWarning,
                stacklevel=2,
            )
            cmd_name = now
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"mismes_eval.cli.{cmd_name}").command
        command.epilog = command.epilog or epilog(cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = get_close_matches(args[0], COMMANDS, 1, 0.6)
        if args[0] not in {**COMMANDS, **RENAMED} and near and not args[0].startswith("-"):
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{near[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup, epilog=EXIT_STATUS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="mismes-eval", message="%(prog)s %(version)s")
def group() -> None:
    """Evaluation and impact workbench for migrant support measures.

    Begin with `mismes report --all` (the countries that ship) or `mismes new ISO3` (yours). Every
    command has -h with examples.
    """


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script: problems as paragraphs on standard error, never a
    traceback for bad input.
    """
    # jsonschema builds 35 grammars at import for formats that no notebook uses; None makes it skip
    # them (2.3 s -> 0.5 s)
    cast(dict[str, object], sys.modules).setdefault("rfc3987_syntax", None)
    os.environ.setdefault("MPLBACKEND", "Agg")
    os.environ.setdefault("PYTHONHASHSEED", "0")
    provide_streams()
    plain_warnings()
    stop_on_signals()
    try:
        sys.exit(group.main(args=arguments, prog_name="mismes", standalone_mode=False) or 0)
    except MismesError as error:
        said = sys.argv[1:] if arguments is None else arguments
        words = import_module("mismes_eval.cli.spoken").reader_language(said).whole
        for found in error.problems:
            problem(found, words)
        sys.exit(error.exit_status)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt) as stop:
        asked = stop.__cause__ if isinstance(stop, click.Abort) else stop
        number = asked.number if isinstance(asked, Stopped) else None
        _stopped("Stopped." if number is None else f"Stopped by {asked}.")
        sys.exit(130 if number is None else 128 + number)
    except BrokenPipeError:
        without_reader()
        sys.exit(1)
    except OSError as error:
        where, why = str(error.filename or os.curdir), str(error.strerror or error)
        endings = import_module("mismes_eval.report.factory.endings")
        limit = endings.at_a_limit(error.errno, why, where)
        click.echo(limit or f"cannot read or write: {where}. {why}.", err=True)
        sys.exit(1)


def _stopped(what: str) -> None:
    with suppress(OSError):  # the terminal may be gone
        click.echo(
            f"{what} Reports that were finished are whole; the others keep their earlier version.",
            err=True,
        )
