"""How many files a run may have open: raised as far as the system lets it, refused where that is
too few. Event loops and sockets that cannot be opened halfway end in noise.
"""

from __future__ import annotations

import sys
from contextlib import suppress

from mismes_eval.errors import Problem, ReportError, worded
from mismes_eval.report.factory.endings import MORE_FILES

if sys.platform != "win32":
    import resource

OWN, EACH = 128, 32  # files of a run and of each report at once; 72 were enough for two


def provide(jobs: int) -> None:
    """Raise ReportError where the limit of open files is too low for so many reports at once."""
    if sys.platform == "win32":
        return
    needed = OWN + EACH * jobs
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
        return
    raise ReportError(
        Problem(
            what="too few files may be open",
            where=worded("the limit of this process"),
            expected=worded("{n} files", {"n": needed}),
            got=str(soft),
            fix=MORE_FILES,
        )
    )
