"""Starts a program without network: `python offline.py program argument ...` (Linux).

The program finds no interface but an unconnected loopback; sockets that are files still work. Where
the network cannot be cut off, nothing is started: exit status 97.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
CANNOT = 97


def cut_off() -> bool:
    """Put this process into a network of its own; False where the system does not let it."""
    if sys.platform != "linux":
        return False
    user = os.getuid()
    group = os.getgid()
    unshare = getattr(ctypes.CDLL(None, use_errno=True), "unshare", None)
    if unshare is None:
        return False
    if unshare(CLONE_NEWNET) == 0:
        return True
    if unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    own = Path("/proc/self")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        (own / name).write_text(text, encoding="ascii")
    return True


if __name__ == "__main__":
    if not cut_off():
        sys.exit(CANNOT)
    os.execv(sys.argv[1], sys.argv[1:])
