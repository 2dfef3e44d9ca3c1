"""`mismes lab`: JupyterLab on the notebooks, for this machine only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click
from jupyterlab.labapp import LabApp

from mismes_eval.cli.project import project

SETTINGS = Path(__file__).parent / "jupyter"  # JupyterLab asks nobody about news or updates


@click.command("lab")
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    default=8888,
    show_default=True,
    help="Port on 127.0.0.1; the next free one is taken.",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser; print the address.")
@click.option(
    "--quiet",
    is_flag=True,
    help="Print warnings and errors only; without a browser the address is then not printed.",
)
def command(port: int, no_browser: bool, quiet: bool) -> int:
    """Open JupyterLab in the project. It listens on 127.0.0.1, the token is not on the command
    line, and nothing is asked of the network.
    """
    root = project()
    os.environ.setdefault("JUPYTER_TOKEN", secrets.token_hex(24))
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        p for p in (str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH")) if p
    )
    os.environ["JUPYTER_PREFER_ENV_PATH"] = (
        "1"  # the kernel of this installation, before one of the same name in the user's folder
    )
    os.environ.setdefault(
        "OMP_NUM_THREADS", "1"
    )  # as reports are made; threads slow small products down
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    LabApp.launch_instance(argv=arguments(str(root), port, no_browser, quiet))
    return 0


def arguments(root: str, port: int, no_browser: bool, quiet: bool = False) -> list[str]:
    """Loopback, this project as root, no news, no update check, no extension downloads."""
    out = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={root}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LabApp.default_url=/lab/tree/notebooks",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        out.append("--ServerApp.allow_root=True")
    if quiet:
        out.append("--ServerApp.log_level=WARN")
    return [*out, "--ServerApp.open_browser=False"] if no_browser else out
