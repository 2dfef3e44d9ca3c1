"""The files of a repository: the measures, the log of what was taken in, and a copy of each state
before; put in place whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError, Problem
from mismes_eval.frame.outside import table_of
from mismes_eval.inventory.inventory import read as read_inventory

LOG = "intake_log.csv"
BEFORE = "intake_before"  # folder of the repository as it was, a file for each state, by its hash
UNFINISHED = ".intake_log.*.csv"  # a log that waits for the repository with the hash in its name
DIGITS = 16  # of a hash in the log
LOG_COLUMNS = (
    *("taken_on", "submission", "sha256", "record", "measure_id", "action", "into", "filled"),
    *("not_taken_over", "decided_by", "reason", "written", "before"),
)


def read_log(repository: Path) -> pd.DataFrame:
    """The log beside a repository, as text; without lines where there is none."""
    path = repository.with_name(LOG)
    if not path.is_file():
        return pd.DataFrame(columns=list(LOG_COLUMNS), dtype="str")
    return table_of(path).reindex(columns=list(LOG_COLUMNS), fill_value="")


def repository_file(path: Path) -> Path:
    """The file of a repository that is named by itself or by its folder."""
    file = path / "inventory.csv" if path.is_dir() else path
    if file.suffix != ".csv":
        fix = "Save the repository as inventory.csv; submissions may be workbooks."
        raise InputError(
            Problem("the repository is not a CSV file", str(path), "inventory.csv", fix=fix)
        )
    return file


def encoded(table: pd.DataFrame) -> bytes:
    """A table as the bytes of its file."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def state_of(repository: Path) -> str:
    """Hash of a repository and its log."""
    log = repository.with_name(LOG)
    content = repository.read_bytes() + b"\0" + (log.read_bytes() if log.is_file() else b"")
    return hashlib.sha256(content).hexdigest()


def hash_of(path: Path) -> str:
    """Hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def replace_both(repository: Path, state: str, content: bytes, log: pd.DataFrame) -> None:
    """Repository and log written beside themselves, read again, and only then put in place, the log
    last: one that waits is put in place by the next submission (`_finish`). A copy of the
    repository as it was is kept.
    """
    part = repository.with_name(f".{os.getpid()}.{repository.name}")
    waiting = part
    try:
        part.write_bytes(content)
        read_inventory(part)
        waiting = repository.with_name(UNFINISHED.replace("*", hash_of(part)))
        waiting.write_bytes(encoded(log))
        if state_of(repository) != state:
            raise InputError(
                Problem(
                    what="the repository has changed since the submission was read",
                    where=repository.name,
                    expected="the repository as it was",
                    got="another file, or another log",
                    fix="Submit the file again.",
                )
            )
        kept = repository.with_name(BEFORE) / f"{hash_of(repository)[:DIGITS]}.csv"
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(repository.read_bytes())
        os.replace(part, repository)
    except BaseException:
        waiting.unlink(missing_ok=True)
        raise
    finally:
        part.unlink(missing_ok=True)
    os.replace(waiting, repository.with_name(LOG))


def finish(repository: Path) -> None:
    """Puts a log in place that an interrupted intake left waiting, if the repository is the one it
    belongs to; else the intake changed nothing, and the log is left out.
    """
    for waiting in repository.parent.glob(UNFINISHED):
        if waiting.name == UNFINISHED.replace("*", hash_of(repository)):
            os.replace(waiting, repository.with_name(LOG))
        else:
            waiting.unlink()
