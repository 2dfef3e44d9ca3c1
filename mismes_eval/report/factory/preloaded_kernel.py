"""The process from which report kernels are forked: it has imported everything, and each kernel
starts as a copy of it.

Started by `factory.forking` as `python -m mismes_eval.report.factory.preloaded_kernel`. Each line
on standard input is one order, JSON with connection (the kernel's connection file), cwd and env
(the whole environment), and the answer is the kernel's process id; or JSON with ended (a process
id), and the answer is how that kernel ended: its exit status, negative for a signal. The end of the
input ends this process, and with it every kernel.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import io
import json
import os
import random
import signal
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from ipykernel.kernelapp import IPKernelApp

from mismes_eval.report.factory.forking import READY, UNKNOWN
from mismes_eval.report.factory.streams import EXTENSION
from mismes_eval.report.figures import canvas

PR_SET_PDEATHSIG = 1  # linux/prctl.h: the kernel ends with its parent
MODULES = (
    "mismes_eval.report.session",
    "mismes_eval.report.country",
    "mismes_eval.evaluation.params",
    "mismes_eval.report.findings",
    "mismes_eval.report.document.results",
    "mismes_eval.synthetic",
    "statsmodels.api",
    "seaborn",
    "pyarrow.parquet",
    "pyarrow.compute",
    "openpyxl",
    "openpyxl.styles",
    "formulaic",
    "babel.numbers",
    "babel.dates",
    "IPython.core.interactiveshell",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
)


def preload() -> None:
    """Import what reports need. A figure is drawn, because the first one is slow; pyplot is left
    alone: which backend it takes is the kernel's choice.
    """
    chapters = sorted(Path(__file__).parent.parent.glob("chapters/*.py"))
    for name in (*MODULES, *(f"mismes_eval.report.chapters.{path.stem}" for path in chapters)):
        importlib.import_module(name.removesuffix(".__init__"))
    figure, axes = canvas()
    axes.set_title("x")
    figure.savefig(io.BytesIO(), format="png")


def serve() -> None:
    """Preload, then fork a kernel for each line of standard input."""
    if not hasattr(os, "fork"):
        raise SystemExit("kernels cannot be forked on this system")
    if sys.path and (sys.path[0] == "" or Path(sys.path[0]) == Path.cwd()):
        del sys.path[0]  # as ipykernel_launcher does
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    preload()
    gc.collect()
    gc.freeze()  # memory shared with the kernels stays shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's
    print(READY, file=out, flush=True)
    here = os.getpid()
    for line in sys.stdin:
        order = json.loads(line)
        if "ended" in order:
            print(_status(int(order["ended"])), file=out, flush=True)
            continue
        kernel = os.fork()
        if kernel == 0:
            try:
                out.close()
                _kernel(here, order["connection"], order["cwd"], order["env"])
            finally:
                os._exit(1)
        print(kernel, file=out, flush=True)


def _status(kernel: int) -> int | str:
    """How a kernel that has ended did."""
    try:
        _, status = os.waitpid(kernel, 0)
    except ChildProcessError:
        return UNKNOWN
    return os.waitstatus_to_exitcode(status)


def _kernel(parent: int, connection: str, cwd: str | None, env: dict[str, str]) -> None:
    """Become the kernel that `python -m ipykernel_launcher -f connection` would be."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    if hasattr(os, "setsid"):
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.environ.clear()
    os.environ.update(env, JPY_PARENT_PID=str(parent))
    if cwd:
        os.chdir(cwd)
    random.seed()  # every kernel has its own randomness, as new processes do
    np.random.seed()  # noqa: NPY002
    mpl.rcParams["backend"] = env["MPLBACKEND"]
    sys.argv = ["ipykernel_launcher.py", "-f", connection, EXTENSION]
    IPKernelApp.launch_instance()
    os._exit(0)


if __name__ == "__main__":
    serve()
