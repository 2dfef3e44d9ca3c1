"""Publishing killed before every change that it makes to a file, as `kill -9` would: under the final
name stands the earlier report or the new one, whole, or (on a mount point, whose folder cannot be
renamed) nothing that claims to be a report; publishing again mends it.
"""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mismes_eval.report.factory import publish as publishing
from mismes_eval.report.factory.publish import FILLING, publish, work_folder
from mismes_eval.report.trust.provenance import (
    MANIFEST,
    SCHEMA,
    changed_outputs,
    outputs,
    read_manifest,
)

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processes are forked and killed"
)
CHANGES = (
    *("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.utime", "os.symlink"),
    *("shutil.rmtree", "shutil.copyfile", "shutil.copytree", "ctypes.call_function"),
)
FILES = 8
Way = Callable[[pytest.MonkeyPatch], None]


def report(out: Path, text: str) -> Path:
    """A finished report in its work folder, with files in folders as a country's has them."""
    work = work_folder(out, "MDA")
    for folder in ("tables", "figures"):
        (work / folder).mkdir()
    names = [f"{folder}/{k}.csv" for folder in ("tables", "figures") for k in range(FILES)]
    for name in [*names, "report.html", "estimates.json"]:
        (work / name).write_text(f"{text} {name}", encoding="utf-8")
    record = {"schema": SCHEMA, "outputs": outputs(work)}
    (work / MANIFEST).write_text(json.dumps(record), encoding="utf-8")
    return work


def whole(final: Path) -> bool:
    """Whether every file is there that the manifest names, and no other but a person's notes."""
    record = read_manifest(final)
    left = changed_outputs(final, record)
    return not [path for path in left if not path.startswith((FILLING, "notes.txt"))]


def says(final: Path) -> str:
    return (final / "report.html").read_text(encoding="utf-8").partition(" ")[0]


def killed_before(point: int, work: Path, final: Path) -> bool:
    """Publish in a forked process that is killed before its point-th change; False where it makes
    fewer.
    """
    child = os.fork()
    if child == 0:
        seen = 0

        def watch(event: str, args: tuple[object, ...]) -> None:
            nonlocal seen
            writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wxa+")
            if event in CHANGES or writes:
                seen += 1
                if seen == point:
                    os.kill(os.getpid(), signal.SIGKILL)

        with suppress(BaseException):
            sys.addaudithook(watch)
            publish(work, final)
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def in_one_step(patch: pytest.MonkeyPatch) -> None:
    """Folders change names in one step, as on Linux."""


def set_aside(patch: pytest.MonkeyPatch) -> None:
    """Systems that cannot do that."""
    patch.setattr(publishing, "_exchange", lambda one, other: False)


def mounted(patch: pytest.MonkeyPatch) -> None:
    """The final folder is a mount point: it cannot be renamed."""
    rename = os.rename

    def refuse(source: str | Path, target: str | Path) -> None:
        if Path(target).name == "MDA":
            raise OSError(errno.EBUSY, "Device or resource busy")
        rename(source, target)

    patch.setattr(os, "rename", refuse)


def points(out: Path) -> Iterator[int]:
    """1, 2, ... as long as publishing over an earlier report makes so many changes."""
    point = 1
    while True:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        yield point
        point += 1


@pytest.mark.whole
@pytest.mark.parametrize(
    ("way", "least"),
    [
        (in_one_step, 20),
        pytest.param(set_aside, 20, marks=pytest.mark.slow),
        pytest.param(mounted, 60, marks=pytest.mark.slow),
    ],
)
def test_a_kill_before_any_change_leaves_a_whole_report(
    way: Way, least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, count = tmp_path / "reports", 0
    for point in points(out):
        final = out / "MDA"
        shutil.move(report(out, "earlier"), final)
        (final / "notes.txt").write_text("mine")
        work = report(out, "new")
        with monkeypatch.context() as patch:
            way(patch)
            if not killed_before(point, work, final):
                break
        count += 1
        if way is set_aside and not final.exists():
            aside = list((out / ".work").rglob(MANIFEST))
            assert len(aside) >= 1  # between two renames the earlier report lies beside
        elif way is not mounted or (final / MANIFEST).exists():
            assert whole(final) and says(final) in ("earlier", "new"), point
        own = [*out.rglob("notes.txt")]
        assert own and all(path.read_text() == "mine" for path in own), point
        if point % 7 == 0:
            with monkeypatch.context() as patch:
                way(patch)
                publish(report(out, "again"), final)
            assert whole(final) and says(final) == "again", point
    assert count >= least
    assert whole(out / "MDA") and says(out / "MDA") == "new"


def test_a_full_disk_leaves_the_report_on_its_mount_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, copied, limit = shutil.copyfile, 0, 0

    def full(source: str, target: str, **how: bool) -> str:
        nonlocal copied
        copied += 1
        if copied == limit:
            raise OSError(errno.ENOSPC, "No space left on device")
        return copy(source, target, **how)

    for limit in (1, 2, 10, 19):
        out, copied = tmp_path / str(limit), 0
        shutil.move(report(out, "earlier"), out / "MDA")
        work = report(out, "new")
        with monkeypatch.context() as patch:
            mounted(patch)
            patch.setattr(shutil, "copyfile", full)
            with pytest.raises(OSError) as full_disk:
                publish(work, out / "MDA")
        assert full_disk.value.errno == errno.ENOSPC
        assert whole(out / "MDA") and says(out / "MDA") == "earlier"
        assert not list((out / "MDA").glob(".new-*"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount")
def test_an_empty_mount_point_is_filled_and_filled_again(tmp_path: Path) -> None:
    final = tmp_path / "reports" / "MDA"
    final.mkdir(parents=True)
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(final)],
        check=False,
        capture_output=True,
    )
    if mount.returncode:
        pytest.skip("this system does not let a test mount a folder")
    try:
        for text in ("first", "second"):
            publish(report(tmp_path / "reports", text), final)
            assert whole(final) and says(final) == text
        assert not list(final.glob(".new-*"))
    finally:
        subprocess.run(["umount", str(final)], check=True)
