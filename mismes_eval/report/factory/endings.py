"""Why a notebook did not come to its end, in words: the signal or exit status of its kernel, the
memory, the output, the input that nobody gives.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from pathlib import Path

from mismes_eval.errors import Problem, worded
from mismes_eval.message import Message, Name
from mismes_eval.report.factory.offline import CANNOT
from mismes_eval.report.factory.streams import NO_STREAMS

if sys.platform != "win32":
    import resource

LARGEST_OUTPUT = 32 * 2**20  # characters that one cell may show; a figure has 200,000
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL)
MORE_FILES = "Raise the limit of open files: ulimit -n 1024."
FULL = ("the disk is full", "room for the report", "Make room, and make the report again.")
TOO_MANY = ("too many files are open", "a limit above what a report opens", MORE_FILES)
TOO_LARGE = (
    "a file of the report is larger than files may be here",
    "a limit above the size of the report's files",
    "Raise it (ulimit -f unlimited), or write to a disk that takes larger files.",
)
# number of an OSError -> what is wrong, what is expected, how to mend it
LIMITS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: TOO_LARGE,
    errno.EMFILE: TOO_MANY,
    errno.ENFILE: TOO_MANY,
}
LEAVES = "Take exit(), quit() and os._exit() out of the notebook."
LIMITED = (
    "Raise the limit of memory (ulimit -v unlimited), or take exit(), quit() and os._exit() out of"
    " the notebook."
)
SIGNALLED = "Another program or an alarm stopped it: make the report again, and see what sent it."
MEMORY = "Close other programs, use --jobs 1, or give the machine more memory."


def killed_for_memory() -> int:
    """How many processes Linux has killed for want of memory since it started; 0 elsewhere."""
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    counts = [line.partition(" ")[2] for line in lines if line.startswith("oom_kill ")]
    return int(counts[0]) if counts else 0


def kernel_ended(status: int | None, where: str, for_memory: bool, last_words: str) -> Problem:
    """The end of a kernel before that of its notebook.

    status : exit status, negative for a signal, None where it is not known.
    for_memory: Linux killed a process for want of memory meanwhile.
    last_words: of its standard error, where it never came to a cell.
    """
    if status == CANNOT:
        fix = "Run it in a container or a virtual machine without network."
        return Problem("the network cannot be cut off here", where, "a namespace of Linux", fix=fix)
    if status == NO_STREAMS:
        expected = "sys.stdout and sys.stderr as the kernel has them"
        fix = "Take what closes or replaces sys.stdout and sys.stderr out of the notebook."
        return Problem("the notebook took its own output away", where, expected, fix=fix)
    got: str = last_words
    expected, fix = "a kernel that runs to the end", MEMORY
    if status is not None and status < 0:
        name = _signal_name(-status)
        signalled = worded("killed by signal {number} ({name})", {"number": -status, "name": name})
        said = _with_last_words(signalled, last_words)
        if status == -signal.SIGKILL:
            expected = "enough memory, and nobody who kills it"
            got = said.extended(" while the system was out of memory") if for_memory else said
        else:
            got = said
            fix = SIGNALLED
            if -status in CRASHES:
                fix = "A library that is not Python crashed: look at what this chapter calls."
    elif status is not None:
        ended = worded("it ended itself with exit status {status}", {"status": status})
        got = _with_last_words(ended, last_words)
        fix = _mend_of_an_exit(last_words)
    return Problem(what="the kernel died", where=where, expected=expected, got=got, fix=fix)


def _mend_of_an_exit(last_words: str) -> str:
    """What helps where a kernel ended itself; one with last words never came to a cell, so that
    nothing in the notebook ended it.
    """
    if os.strerror(errno.EMFILE) in last_words:
        return MORE_FILES
    if last_words:
        return "Make the environment again (make setup): its kernel does not start."
    return LIMITED if _memory_is_limited() else LEAVES


def _memory_is_limited() -> bool:
    """Whether this process, and so its kernels, may have so much memory only: a library that gets
    none may end its process without a word.
    """
    if sys.platform == "win32":
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def _with_last_words(got: Message, last_words: str) -> Message:
    """How a kernel ended, and what it said before."""
    return got.extended(": {words}", {"words": Name(last_words)}) if last_words else got


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def output_too_large(where: str) -> Problem:
    """A cell that shows more than a page can hold; its kernel was stopped."""
    return Problem(
        what="a cell's output is too large",
        where=where,
        expected=worded(
            "at most {largest_output} million characters",
            {"largest_output": LARGEST_OUTPUT // 2**20},
        ),
        got=worded("more; the kernel was stopped"),
        fix="Show less, or write it to a file of its own.",
    )


def took_too_long(where: str, seconds: int) -> Problem:
    """A cell that was stopped by the clock."""
    expected = worded("at most {seconds} seconds a cell", {"seconds": seconds})
    return Problem("a chapter took too long", where, expected, fix="Raise --timeout.")


def error_of_a_cell(name: str, text: str, where: str) -> Problem:
    """An error that a cell raised and that is none of this package's."""
    if name == "StdinNotImplementedError":
        fix = "Take input() and getpass() out of the notebook; what it needs stands in the params."
        return Problem("the notebook waits for input", where, "no question", fix=fix)
    if name == "MemoryError":
        got = worded("MemoryError: {text}", {"text": text}) if text else worded("MemoryError")
        return Problem(
            what="the notebook ran out of memory",
            where=where,
            expected="enough memory",
            got=got,
            fix=MEMORY,
        )
    if name == "SystemExit":
        fix = "Take exit(), quit() and sys.exit() out of the notebook."
        got = worded("SystemExit: {text}", {"text": text})
        return Problem(
            what="the notebook ended itself",
            where=where,
            expected="every cell executed",
            got=got,
            fix=fix,
        )
    if name == "CellExecutionError":
        fix = "Run the notebook in JupyterLab as far as this chapter, and read it there."
        return Problem("a cell failed, and its error could not be shown", where, fix=fix)
    if name == "KeyboardInterrupt":
        return Problem("the notebook was interrupted", where, "nobody who stops it")
    told = re.match(r"\[Errno (\d+)\]", text) if name == "OSError" else None
    limit = at_a_limit(int(told[1]), text, where) if told else None
    return limit or Problem(
        "the notebook failed", where, got=worded("{name}: {text}", {"name": name, "text": text})
    )


def at_a_limit(number: int | None, text: str, where: str) -> Problem | None:
    """The problem of an OSError that a limit of the system raised: disk, size or number of files."""
    if number is None or number not in LIMITS:
        return None
    what, expected, fix = LIMITS[number]
    return Problem(what=what, where=where, expected=expected, got=text, fix=fix)


def cannot_write(error: OSError, where: str) -> Problem:
    """Why a report could not be written."""
    reason = str(error.strerror or error)
    if error.errno in (errno.EACCES, errno.EPERM) and where == sys.executable:
        return Problem(
            what="a kernel cannot be started",
            where=where,
            expected="a Python that you may run",
            got=reason,
            fix="Set the project up in a folder of your own: make setup.",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return Problem(
            what="the report cannot be written",
            where=where,
            expected="a folder to write in",
            got=reason,
            fix="It is yours: chmod -R u+rwX, and umask 022."
            if _is_ours(where)
            else "Ask its owner to let the group write: chmod -R g+ws, and umask 002.",
        )
    limit = at_a_limit(error.errno, reason, where)
    return limit or Problem("the report cannot be written", where, got=reason)


def _is_ours(place: str) -> bool:
    """Whether a file or folder, or the nearest folder above it that can be seen, belongs to whoever
    runs this.
    """
    if sys.platform == "win32":
        return True
    for folder in (Path(place), *Path(place).parents):
        try:
            return folder.stat().st_uid == os.geteuid()
        except OSError:
            continue
    return False
