"""`mismes completion`: what a shell needs to complete commands, options and countries."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

VARIABLE = "_MISMES_COMPLETE"
SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
PLACE = {
    "bash": 'eval "$(mismes completion bash)"   # in ~/.bashrc; bash 4.4 or newer',
    "zsh": 'eval "$(mismes completion zsh)"   # in ~/.zshrc, after compinit',
    "fish": "mismes completion fish > ~/.config/fish/completions/mismes.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script of a shell. Say where it goes: see the examples."""
    script = SHELLS[shell](ctx.find_root().command, {}, "mismes", VARIABLE)
    click.echo(f"# {PLACE[shell]}\n{script.source_template % script.source_vars()}")
    return 0
