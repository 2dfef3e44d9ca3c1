"""A report under its final name is the earlier one or the new one: publishing exchanges them in one
step, also when several publish at once.
"""

import errno
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mismes_eval.errors import ReportError
from mismes_eval.report.factory import publish as publishing
from mismes_eval.report.factory.publish import publish, work_folder
from mismes_eval.report.trust.provenance import MANIFEST, SCHEMA, outputs


def made(out: Path, text: str) -> Path:
    """A finished work folder of two files that say the same."""
    work = work_folder(out, "MDA")
    for name in ("a.txt", "b.txt"):
        (work / name).write_text(text)
    record = {"schema": SCHEMA, "outputs": outputs(work)}
    (work / MANIFEST).write_text(json.dumps(record), encoding="utf-8")
    return work


def said(out: Path) -> set[str]:
    return {p.read_text() for p in (out / "MDA").glob("*.txt")}


@pytest.mark.parametrize("exchange", [publishing._exchange, lambda one, other: False])
def test_new_report_replaces_the_earlier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: Callable[[Path, Path], bool]
) -> None:
    monkeypatch.setattr(publishing, "_exchange", exchange)
    for text in ("first", "second"):
        publish(made(tmp_path, text), tmp_path / "MDA")
        assert said(tmp_path) == {text}
    assert not any((tmp_path / ".work").iterdir())


@pytest.mark.parametrize("name", [".work", ".kept", ".failed", "MDA"])
@pytest.mark.parametrize("leads", ["own", "nowhere", None])
def test_where_a_link_or_a_file_stands_nothing_is_cleared_or_made(
    tmp_path: Path, name: str, leads: str | None
) -> None:
    old = tmp_path / "own" / "years"
    old.mkdir(parents=True)
    (old / "book.txt").write_text("mine")
    os.utime(old, (0, 0))
    out = tmp_path / "reports"
    out.mkdir()
    if leads is None:
        (out / name).write_text("mine")
    else:
        (out / name).symlink_to(tmp_path / leads)
    with pytest.raises(ReportError, match=f"{name}.*Expected a folder"):
        made(out, "first")
    assert (old / "book.txt").read_text() == "mine" and not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("exchange", [publishing._exchange, lambda one, other: False])
@pytest.mark.parametrize("whole", [True, False])
def test_files_of_persons_are_kept_and_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    exchange: Callable[[Path, Path], bool],
    whole: bool,
) -> None:
    monkeypatch.setattr(publishing, "_exchange", exchange)
    final = tmp_path / "MDA"
    assert publish(made(tmp_path, "first"), final) == []
    (final / "mine" / "deep").mkdir(parents=True)
    own = {"mine/deep/notes.txt": "notes", "b.txt": "edited by hand", "été.md": "x"}
    for name, text in own.items():
        (final / name).write_text(text, encoding="utf-8")
    (final / "link").symlink_to("/etc/hostname")
    if not whole:
        (final / MANIFEST).write_text("no manifest", encoding="utf-8")
        own |= {MANIFEST: "no manifest", "a.txt": "first"}
    (problem,) = publish(made(tmp_path, "second"), final)
    assert problem.got.split(", ") == sorted([*own, "link"])
    assert ".kept/MDA-1" in problem.fix and said(tmp_path) == {"second"}
    kept = tmp_path / ".kept" / "MDA-1"
    assert {name: (kept / name).read_text(encoding="utf-8") for name in own} == own
    assert (kept / "link").readlink() == Path("/etc/hostname")
    assert publish(made(tmp_path, "third"), final) == []
    (final / "again.txt").write_text("third", encoding="utf-8")
    assert ".kept/MDA-2" in publish(made(tmp_path, "fourth"), final)[0].fix


def test_a_failed_move_leaves_the_earlier_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(made(tmp_path, "first"), tmp_path / "MDA")
    work = made(tmp_path, "second")

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(OSError, match="No space"):
        publish(work, tmp_path / "MDA")
    assert said(tmp_path) == {"first"} and not (tmp_path / ".kept").exists()


def test_eight_at_once_leave_one_whole_report(tmp_path: Path) -> None:
    works = [made(tmp_path, str(k)) for k in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda work: publish(work, tmp_path / "MDA"), works))
    assert len(said(tmp_path)) == 1
    assert not any((tmp_path / ".work").iterdir())


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="folders are exchanged in one step on Linux"
)
def test_the_name_is_never_empty_on_linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(made(tmp_path, "first"), tmp_path / "MDA")
    monkeypatch.setattr(publishing, "_set_aside", lambda work, final: pytest.fail("set aside"))
    publish(made(tmp_path, "second"), tmp_path / "MDA")
    assert said(tmp_path) == {"second"}
