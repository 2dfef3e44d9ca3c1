"""A report under its final name is the earlier one or the new one: publishing exchanges them in one
step, also when several publish at once.
"""

import errno
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mismes_eval.report.factory import publish as publishing
from mismes_eval.report.factory.publish import publish, work_folder


def made(out: Path, text: str) -> Path:
    """A finished work folder of two files that say the same."""
    work = work_folder(out, "MDA")
    for name in ("a.txt", "b.txt"):
        (work / name).write_text(text)
    return work


def said(out: Path) -> set[str]:
    return {p.read_text() for p in (out / "MDA").iterdir()}


@pytest.mark.parametrize("exchange", [publishing._exchange, lambda one, other: False])
def test_new_report_replaces_the_earlier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: Callable[[Path, Path], bool]
) -> None:
    monkeypatch.setattr(publishing, "_exchange", exchange)
    for text in ("first", "second"):
        publish(made(tmp_path, text), tmp_path / "MDA")
        assert said(tmp_path) == {text}
    assert not any((tmp_path / ".work").iterdir())


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
    assert said(tmp_path) == {"first"}


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
