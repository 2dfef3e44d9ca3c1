"""Kernels forked from one process that has imported everything (Linux): a report starts in a
twentieth of a second instead of three seconds.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Any

from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.report.factory.hermetic import environment
from mismes_eval.report.factory.kernels import ReportKernel, ReportProvisioner

ZYGOTE = "mismes_eval.report.factory.preloaded_kernel"
READY, UNKNOWN = "ready", "unknown"


def can_fork() -> bool:
    """Whether this system can: Linux, for processes that are watched by descriptor."""
    return sys.platform.startswith("linux") and hasattr(os, "pidfd_open")


def refuse_where_impossible() -> None:
    """Raise ParamsError where this system cannot fork kernels."""
    if not can_fork():
        raise ParamsError(
            Problem(
                what="kernels cannot be forked here",
                where="--forked",
                expected="Linux",
                got=worded("another system"),
                fix="Leave --forked out: the reports are the same.",
            )
        )


@contextmanager
def kernels(forked: bool) -> Iterator[type[ReportKernel]]:
    """The class of kernels for one run of the factory: a new process each, or forked from a
    preloaded one that lives as long as this context.

    Raises
    ------
    ParamsError : `forked` where the system cannot.
    """
    if not forked:
        yield ReportKernel
        return
    refuse_where_impossible()
    opened = Zygote()

    class Kernel(ForkedKernel):
        zygote = opened

    try:
        yield Kernel
    finally:
        opened.close()


class Zygote:
    """The preloaded process, and orders to it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._home = Path(mkdtemp(prefix="mismes-home-"))
        self._process = subprocess.Popen(
            [sys.executable, "-m", ZYGOTE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(self._home),
            cwd=self._home,
        )
        self._ready = False

    def fork(self, connection: str, cwd: str | None, env: dict[str, str]) -> Forked:
        """A kernel of its own for one connection file."""
        with self._lock:
            if not self._ready and self._answer() != READY:
                raise RuntimeError("kernel zygote did not start")
            self._ready = True
            assert self._process.stdin is not None
            self._process.stdin.write(
                json.dumps({"connection": connection, "cwd": cwd, "env": env}) + "\n"
            )
            self._process.stdin.flush()
            return Forked(int(self._answer()), self.status)

    def status(self, pid: int) -> int | None:
        """How a kernel that has ended did: its exit status, negative for a signal; None where
        nobody knows.
        """
        with self._lock:
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(json.dumps({"ended": pid}) + "\n")
                self._process.stdin.flush()
                told = self._answer()
            except (OSError, RuntimeError, ValueError):
                return None
            return int(told) if told != UNKNOWN else None

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("kernel zygote died")
        return line.strip()

    def close(self) -> None:
        """End the process; kernels that still run end with it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)


class Forked:
    """A process that is not our child, watched by descriptor, with the part of subprocess.Popen's
    interface that Jupyter uses. Its exit status is what its parent says, 1 where that is gone.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, status: Callable[[int], int | None]) -> None:
        self.pid, self._status = pid, status
        self.returncode: int | None = None
        self._watch: int | None = None
        with suppress(ProcessLookupError):
            self._watch = os.pidfd_open(pid)

    def poll(self) -> int | None:
        if self._watch is not None and select.select([self._watch], [], [], 0)[0]:
            os.close(self._watch)
            self._watch = None
            self.returncode = self._status(self.pid)
        if self._watch is not None:
            return None
        return 1 if self.returncode is None else self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self._watch is not None and not select.select([self._watch], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return self.poll() or 0

    def send_signal(self, number: int) -> None:
        if self.poll() is None and self._watch is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._watch, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkedProvisioner(ReportProvisioner):
    """Jupyter's local kernels, launched by the zygote."""

    process: Any

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        env = {str(name): str(value) for name, value in (kwargs.get("env") or os.environ).items()}
        process = self.parent.zygote.fork(
            self.parent.connection_file,
            None if kwargs.get("cwd") is None else str(kwargs["cwd"]),
            env,
        )
        self.process, self.pid = process, process.pid
        if hasattr(os, "getpgid"):
            with suppress(OSError):
                self.pgid = self.pid if os.getpgid(self.pid) == self.pid else None
        return self.connection_info


class ForkedKernel(ReportKernel):
    """A report kernel that the zygote of its run forks."""

    zygote: Zygote
    provisioner_class = ForkedProvisioner
