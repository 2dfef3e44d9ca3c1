"""Kernels of report runs: a process each, sockets in a private folder, and all of them stopped when
the run is.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from traitlets.config import Config


class ReportKernel(AsyncKernelManager):
    """A kernel manager that knows which kernels run, so that Ctrl-C ends them at once. Kernels say
    what matters in the notebook; their standard error is dropped.
    """

    running: ClassVar[set[ReportKernel]] = set()
    lock: ClassVar[Lock] = Lock()

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        with Path(os.devnull).open("w") as nowhere:
            await super()._async_launch_kernel(kernel_cmd, **{**kw, "stderr": nowhere})
        with self.lock:
            self.running.add(self)

    _launch_kernel = _async_launch_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        with self.lock:
            self.running.discard(self)
        await super()._async_cleanup_resources(restart)

    cleanup_resources = _async_cleanup_resources


def stop_kernels() -> None:
    """Kill every kernel of this process; their runs end as failed."""
    with ReportKernel.lock:
        for kernel in ReportKernel.running:
            process = getattr(kernel.provisioner, "process", None)
            if process is not None:
                process.kill()


def close_event_loop() -> None:
    """Close the event loop that the execution of a notebook left open in this thread, with the
    tasks that a dead kernel left waiting.
    """
    loop = ensure_event_loop()
    if loop.is_running():
        return
    waiting = asyncio.all_tasks(loop)
    for task in waiting:
        task.cancel()
    if waiting:
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
    loop.close()
    asyncio.set_event_loop(None)


def kernel_config(sockets: Path) -> Config:
    """Sockets in a folder of their own, which only this user may enter. Without a connection file
    of its own every ipc kernel takes the same socket name.
    """
    if os.name != "posix":
        return Config()
    return Config(
        {"KernelManager": {"transport": "ipc", "connection_file": str(sockets / "kernel.json")}}
    )
