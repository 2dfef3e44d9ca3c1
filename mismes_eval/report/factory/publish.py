"""A folder under its final name only when it is whole: built in a hidden folder beside it, written
through to disk, then renamed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

HIDDEN = ".work"
STALE_SECONDS = 24 * 3600.0
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h


def work_folder(out: Path, name: str) -> Path:
    """A fresh hidden folder on the same disk as the final one; leftovers of killed runs older than
    a day are removed.
    """
    hidden = out / HIDDEN
    hidden.mkdir(parents=True, exist_ok=True)
    for old in hidden.iterdir():
        if old.is_dir() and time.time() - old.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    return Path(mkdtemp(prefix=f"{name}-", dir=hidden)).resolve()


def publish(work: Path, final: Path) -> None:
    """Move a finished folder to its final name. Where a report stands there already the two change
    places in one step, so that a kill leaves one of them, whole.

    The earlier report is removed afterwards, under the name of `work`. Systems that cannot exchange
    folders set it aside first, and put it back if the move fails.
    """
    for path in [*work.rglob("*"), work]:
        _sync(path)
    work.chmod(0o755)
    try:
        os.rename(work, final)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EACCES):
            raise
        if not _exchange(work, final):
            _set_aside(work, final)
    _sync(final.parent)
    shutil.rmtree(work, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change names in one step (Linux 3.15, glibc 2.28); False where that cannot be
    done.
    """
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return (
        rename is not None
        and rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0
    )


def _set_aside(work: Path, final: Path) -> None:
    aside = Path(mkdtemp(prefix=f"{final.name}-old-", dir=work.parent)) / final.name
    os.rename(final, aside)
    try:
        os.rename(work, final)
    except OSError:
        os.rename(aside, final)
        raise
    shutil.rmtree(aside.parent, ignore_errors=True)


def tidy(out: Path) -> None:
    """Remove the hidden work folder, and `out` itself, where nothing is in them."""
    for folder in (out / HIDDEN, out):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    _sync(part)
    os.replace(part, path)


def _sync(path: Path) -> None:
    """Write through to disk; folders cannot be opened for that on Windows."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
