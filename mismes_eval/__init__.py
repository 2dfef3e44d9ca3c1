"""Weights, tracer panels and impact on one variance engine.

`import mismes_eval as me` gives the verbs of the package as a flat language. `__init__.pyi` says
which they are and where each is at home, for editors and type checkers and for this module: each is
loaded when it is first used, so that the command line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

try:
    __version__ = version("mismes-eval")
except PackageNotFoundError:
    __version__ = "0+source"

_STUB = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")
_LINES = [line.split() for line in _STUB.splitlines() if line.startswith("from ")]
_HOME = {name: (home, own) for _, home, _, own, _, name in _LINES if home != __name__}
_FLOORS = [name for _, home, _, _, _, name in _LINES if home == __name__]

__all__ = ["__version__", *_HOME]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    if name in _HOME:
        home, own = _HOME[name]
        value = getattr(import_module(home), own)
        globals()[name] = value
        return value
    if name in _FLOORS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"mismes_eval has no '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, *_FLOORS])
