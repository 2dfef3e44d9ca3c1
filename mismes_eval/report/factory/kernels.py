"""Kernels of report runs: a process each in a world of its own, sockets in a private folder, and
all of them stopped when the run is.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import ensure_event_loop
from traitlets import Unicode
from traitlets.config import Config

from mismes_eval.report.factory.hermetic import environment
from mismes_eval.report.factory.streams import EXTENSION

STDERR = "stderr.txt"  # in a kernel's home: what it says where nobody reads


class ReportProvisioner(LocalProvisioner):
    """Jupyter's local kernels; how one ended is kept for the run to tell."""

    parent: Any

    async def poll(self) -> int | None:
        running = self.has_process
        status = await super().poll()
        if running and status is not None:
            self.parent.ended.setdefault(self.parent.home, status)
        return status


class ReportKernel(AsyncKernelManager):
    """A kernel manager that knows which kernels run, so that Ctrl-C ends them at once.

    home : folder of one run, the kernel's home and working folder.
    ended : home -> exit status of its kernel (negative: a signal).
    before : what is put before the command that starts it.
    The kernel is the interpreter of this process, whatever kernels are registered on the machine.
    """

    running: ClassVar[set[ReportKernel]] = set()
    ended: ClassVar[dict[str, int]] = {}
    lock: ClassVar[Lock] = Lock()
    before: ClassVar[tuple[str, ...]] = ()
    provisioner_class: ClassVar[type[LocalProvisioner]] = ReportProvisioner
    home = Unicode().tag(config=True)

    @property
    def kernel_spec(self) -> KernelSpec:
        launcher = [sys.executable, "-m", "ipykernel_launcher"]
        command = [*launcher, "-f", "{connection_file}", EXTENSION]
        return KernelSpec(argv=command, display_name="Python 3", language="python")

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        if self.provisioner is None:
            self.kernel_id = self.kernel_id or kw.get("kernel_id", "")
            self.provisioner = self.provisioner_class(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
        world = {"env": environment(Path(self.home)), "cwd": self.home}
        return await super()._async_pre_start_kernel(**{**kw, **world})

    pre_start_kernel: Callable[..., Any] = _async_pre_start_kernel

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        with (Path(self.home) / STDERR).open("w", encoding="utf-8") as kept:
            await super()._async_launch_kernel(
                [*self.before, *kernel_cmd], **{**kw, "stderr": kept}
            )
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


def kernel_config(home: Path, sockets: Path | None) -> Config:
    """The kernel's home, and its sockets in a folder of their own, which only this user may enter;
    None: on the loopback interface. Without a connection file of its own every ipc kernel takes the
    same socket name.
    """
    own = {"ReportKernel": {"home": str(home)}}
    if os.name != "posix" or sockets is None:
        return Config({**own, "KernelManager": {"connection_file": str(home / "kernel.json")}})
    files = {"transport": "ipc", "connection_file": str(sockets / "kernel.json")}
    return Config({**own, "KernelManager": files})
