"""Kernels for code that is not the project's own: without network."""

from __future__ import annotations

import sys
from pathlib import Path

from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.report.factory import offline
from mismes_eval.report.factory.kernels import ReportKernel


class IsolatedKernel(ReportKernel):
    """A report kernel in a network of its own, where nothing answers."""

    before = (sys.executable, str(Path(offline.__file__)))


def isolated_kernel() -> type[ReportKernel]:
    """The class of kernels without network. Raises ParamsError where this system has none."""
    if not sys.platform.startswith("linux"):
        raise ParamsError(
            Problem(
                what="the network cannot be cut off here",
                where="--foreign",
                expected="Linux",
                got=worded("another system"),
                fix="Run it in a container or a virtual machine without network.",
            )
        )
    return IsolatedKernel
