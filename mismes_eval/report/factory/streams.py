"""An extension of IPython for report kernels: a cell that takes standard output or error away ends
the kernel at once. Without them a kernel answers nobody, and its run would wait for the clock.
"""

from __future__ import annotations

import os
import sys
from typing import Any

EXTENSION = "--ext=mismes_eval.report.factory.streams"  # an argument of a kernel's command
NO_STREAMS = 98  # exit status of a kernel whose streams are gone


def load_ipython_extension(shell: Any) -> None:
    """IPython calls this once, before the first cell."""
    shell.events.register("post_run_cell", _end_without_streams)


def _end_without_streams(result: object) -> None:
    """Called after every cell."""
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except (AttributeError, TypeError, ValueError, OSError):
            os._exit(NO_STREAMS)
