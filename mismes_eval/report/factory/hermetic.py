"""The world of a kernel: the same for every user and machine, whatever their own settings are.

A home of its own for one run (no IPython profile, no startup file, no user site), UTC, the C locale
in UTF-8, matplotlib's own defaults. Only what a program needs to start is taken over.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir, mkdtemp

from mismes_eval.report.trust.provenance import PACKAGE

TAKEN = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
FIXED = {
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
LONGEST_SOCKET = 90  # of the 107 characters of a socket's name (unix(7)), without what Jupyter adds


def environment(home: Path) -> dict[str, str]:
    """Environment variables of a kernel whose home is `home`."""
    taken = {name: os.environ[name] for name in TAKEN if name in os.environ}
    own = {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(home / "jupyter"),
        "MPLCONFIGDIR": str(_font_cache(home)),
        "MATPLOTLIBRC": str(_defaults_of_matplotlib()),
    }
    return {**taken, **FIXED, **own, **_where_the_package_is()}


def _where_the_package_is() -> dict[str, str]:
    """The kernel runs the package of this process, also from a checkout."""
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    folder = str(PACKAGE.parent)
    return {} if folder in installed else {"PYTHONPATH": folder}


def _defaults_of_matplotlib() -> Path:
    """The settings file that matplotlib ships, which goes before a user's."""
    found = find_spec("matplotlib")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "mpl-data" / "matplotlibrc"


def _font_cache(home: Path) -> Path:
    """A folder of ours for matplotlib's list of fonts, which takes a second to make; the run's own
    home where none can be had.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "mismes-eval" / "matplotlib"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return home / "matplotlib"
    return folder if os.access(folder, os.W_OK) else home / "matplotlib"


def socket_folder() -> Path | None:
    """A new private folder whose name is short enough for sockets, in the folder for temporary
    files or, where its name is too long, in one of the system's; None where there is none.
    """
    bases = [str(Path(gettempdir()).resolve())]
    if sys.platform != "win32":
        bases += ["/tmp", "/var/tmp"]
    for base in bases:
        if len(base) + len("/mismes-12345678/kernel.json-ipc-1") > LONGEST_SOCKET:
            continue
        try:
            return Path(mkdtemp(prefix="mismes-", dir=base))
        except OSError:
            continue
    return None
