"""A folder under its final name only when it is whole: built in a hidden folder beside it, written
through to disk, then renamed. Permissions are those that the user's umask and the folder around it
give, so that a group that shares a folder can go on with each other's reports. What a person put
into the folder, or changed in it, is kept beside the reports and named.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from mismes_eval.errors import MismesWarning, Problem, ReportError, named, worded
from mismes_eval.report.factory.orders import FAILED
from mismes_eval.report.trust.provenance import MANIFEST, own_files

HIDDEN = ".work"
KEPT = ".kept"  # what persons had put into folders of reports that were made again
FILLING = ".new-"  # begins the folder of a report on its way to a mount point
STALE_SECONDS = 24 * 3600.0
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h
TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.EACCES)
MOUNTED = (errno.EBUSY, errno.EXDEV)


def work_folder(out: Path, name: str) -> Path:
    """A fresh folder on the same disk as the final one, inside a hidden folder that only this user
    may enter; leftovers of killed runs older than a day are removed.

    Raises
    ------
    ReportError : a link or a file stands in the place of a folder. Where a link leads is nobody's
        to clear: what is old there may be a person's own.
    """
    hidden = out / HIDDEN
    ReportError.refuse(
        Problem(
            what="a link or a file stands where a folder of the reports belongs",
            where=folder.as_posix(),
            expected="a folder, or nothing",
            fix="Take it away; to publish in another place, name it with --out.",
        )
        for folder in (hidden, out / KEPT, out / FAILED, out / name)
        if folder.is_symlink() or (folder.exists() and not folder.is_dir())
    )
    hidden.mkdir(parents=True, exist_ok=True)
    for old in hidden.iterdir():
        with suppress(OSError):
            if old.is_dir() and time.time() - old.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    work = Path(mkdtemp(prefix=f"{name}-", dir=hidden)).resolve() / name
    work.mkdir()
    return work


def discard(work: Path) -> None:
    """Remove a work folder with the hidden folder around it."""
    shutil.rmtree(work.parent, ignore_errors=True)


def publish(work: Path, final: Path) -> list[Problem]:
    """Move a finished folder to its final name. Where a report stands there already the two change
    places in one step, so that a kill leaves one of them, whole.

    The earlier report is removed afterwards, under the name of `work`. Systems that cannot exchange
    folders set it aside first, and put it back if the move fails. A final folder that is a mount
    point is filled, its manifest first taken away and last put back.

    Files of persons in the earlier folder are kept first; a line names them all.
    """
    kept = _kept(final)
    for path in [*work.rglob("*"), work]:
        _sync(path)
    try:
        os.rename(work, final)
    except OSError as error:
        if error.errno in MOUNTED and final.is_dir():
            _fill(work, final)
        elif error.errno not in TAKEN:
            raise
        elif not _exchange(work, final):
            _set_aside(work, final)
    _sync(final.parent)
    discard(work)
    return kept


def publish_with_notes(work: Path, final: Path) -> None:
    """Publish what is no order of a run: what was kept is said in warnings."""
    for problem in publish(work, final):
        warnings.warn(str(problem), MismesWarning, stacklevel=2)


def _kept(final: Path) -> list[Problem]:
    """Keep what no report made in a folder that is about to be replaced. Links and copies, not
    moves: where publishing fails, everything is where it was.
    """
    own = [name for name in own_files(final) if not name.startswith((FILLING, "lost+found/"))]
    if not own:
        return []
    aside = _numbered(final.parent / KEPT, final.name)
    try:
        for name in own:
            twin = aside / name
            twin.parent.mkdir(parents=True, exist_ok=True)
            _link_or_copy(final / name, twin)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return [
        Problem(
            what="files in the report's folder that no report made are kept elsewhere",
            where=f"{final.name}/",
            expected="files of the report alone: the folder is replaced when the report is made",
            got=named(own),
            fix=worded("They are in {folder}.", {"folder": aside.as_posix()}),
        )
    ]


def _numbered(folder: Path, name: str) -> Path:
    """A new folder NAME-1, NAME-2 and so on."""
    number = 1
    while True:
        new = folder / f"{name}-{number}"
        try:
            new.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return new


def _link_or_copy(path: Path, twin: Path) -> None:
    """The same file under a second name, or its copy where the disk gives no second names."""
    try:
        os.link(path, twin, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(path, twin, follow_symlinks=False)


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
    aside = Path(mkdtemp(prefix=f"{final.name}-old-", dir=work.parent.parent)) / final.name
    os.rename(final, aside)
    try:
        os.rename(work, final)
    except OSError:
        os.rename(aside, final)
        raise
    shutil.rmtree(aside.parent, ignore_errors=True)


def _fill(work: Path, final: Path) -> None:
    """Put a report into a folder that cannot be renamed. Its files are first copied whole into a
    hidden folder on the other disk; without a manifest the folder is no report meanwhile.
    """
    copy = Path(mkdtemp(prefix=FILLING, dir=final))
    try:
        for path in sorted(work.rglob("*")):  # not copytree, which hides why a copy failed
            twin = copy / path.relative_to(work)
            if path.is_dir():
                twin.mkdir()
            else:
                shutil.copy2(path, twin)
        for path in copy.rglob("*"):
            _sync(path)
        (final / MANIFEST).unlink(missing_ok=True)
        for earlier in final.iterdir():
            if earlier != copy and earlier.name != "lost+found":
                _remove(earlier)
        for part in sorted(copy.iterdir(), key=lambda p: p.name == MANIFEST):
            os.rename(part, final / part.name)
        _sync(final)
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def tidy(out: Path) -> None:
    """Remove the hidden work folder, and `out` itself, where nothing is in them; what another run
    fills meanwhile, or a mount point, stays.
    """
    for folder in (out / HIDDEN, out):
        with suppress(OSError):
            folder.rmdir()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8")
        _sync(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Write through to disk; folders cannot be opened for that on Windows."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
