"""Libraries that most runs do without: loaded where one is needed first, so that start-up, and a
report in which nothing changed, pay for none of them.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

# what reads one kind of file, what draws, what a notebook shows, what makes pages; the extras
Library = Literal[
    "openpyxl",
    "pyreadstat",
    "rdata.parser",
    "matplotlib.pyplot",
    "ipywidgets",
    "nbconvert",
    "mistune",
    "typst",
    "cryptography.exceptions",
    "cryptography.hazmat.primitives.serialization",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
]


def library(name: Library) -> Any:
    """The library. Raises ModuleNotFoundError where an extra is not installed."""
    return import_module(name)


def installed(name: Library) -> bool:
    """Whether a library can be loaded, without loading it."""
    return find_spec(name) is not None
