"""PDF of a report: Chromium's print of its page where it is installed, typst from its wheel
otherwise, which sets the same blocks. Nothing is fetched.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from mismes_eval.errors import ParamsError, Problem, ReportError, worded
from mismes_eval.libraries import installed
from mismes_eval.report.document.blocks import Manuscript
from mismes_eval.report.document.typeset import typeset

PDF = "report.pdf"
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
SECONDS = 120
OFFLINE = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-extensions",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)


@dataclass(frozen=True)
class Printer:
    """What prints. program: the browser's file; empty for typst."""

    name: Literal["chromium", "typst"]
    program: str = ""


def printer() -> Printer:
    """The best printer of this machine. Raises ParamsError where there is none."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    browser = browser or next((place for place in PLACES if Path(place).is_file()), None)
    if browser is not None:
        return Printer("chromium", browser)
    if installed("typst"):
        return Printer("typst")
    raise ParamsError(
        Problem(
            what="nothing here can make a PDF",
            where="--pdf",
            expected="Chromium (or Chrome, Edge), or typst",
            got=worded("neither"),
            fix="pip install 'mismes-eval[pdf]', or install Chromium.",
        )
    )


def write_pdf(page: Path, report: Manuscript, to: Path, by: Printer | None = None) -> None:
    """Print a report.

    Parameters
    ----------
    page : report.html, which a browser prints.
    report : the same, which typst sets.
    to : the PDF, replaced.
    by : None takes the best printer of this machine.

    Raises
    ------
    ParamsError : no printer.
    ReportError : the printer failed.
    """
    chosen = by or printer()
    if chosen.name == "typst":
        to.write_bytes(typeset(report))
        return
    html = page.read_text(encoding="utf-8")
    printed = _chromium(chosen.program, html)
    told: dict[str, int] = {}
    for _ in range(
        2
        # the page numbers of the contents are known after a first print; a second shows them, a third
        # settles a line that moved
    ):
        found = page_numbers(printed)
        if found == told:
            break
        told = found
        printed = _chromium(chosen.program, with_page_numbers(html, told))
    to.write_bytes(printed)


def _chromium(program: str, html: str) -> bytes:
    """One print, in a folder and with a browser profile of its own."""
    with TemporaryDirectory(prefix="mismes-pdf-", ignore_cleanup_errors=True) as folder:
        source, out = Path(folder) / "report.html", Path(folder) / PDF
        source.write_text(html, encoding="utf-8")
        root = (
            ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        )  # Chromium refuses to run as root with its sandbox
        command = [
            program,
            *OFFLINE,
            *root,
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={out}",
            source.as_uri(),
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ReportError(
                Problem(
                    "the page could not be printed",
                    Path(program).name,
                    got=type(error).__name__,
                    fix="Try again without --pdf.",
                )
            ) from error
        if not out.is_file() or not out.stat().st_size:
            said = (
                done.stderr.decode("utf-8", "replace")
                .replace(folder, "<folder>")
                .strip()
                .splitlines()
            )
            raise ReportError(
                Problem(
                    "the page could not be printed",
                    Path(program).name,
                    "a PDF",
                    said[-1][:200]
                    if said
                    else worded("status {returncode}", {"returncode": done.returncode}),
                )
            )
        return out.read_bytes()


_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_REFERENCE = re.compile(rb"(\d+) 0 R")


def page_numbers(pdf: bytes) -> dict[str, int]:
    """Anchor -> page, from the named destinations of a PDF that Chromium wrote; empty where they
    cannot be read.
    """
    objects = {int(m[1]): m[2] for m in _OBJECT.finditer(pdf)}
    catalog = next((item for item in objects.values() if b"/Type /Catalog" in item), b"")
    root, named = re.search(rb"/Pages (\d+) 0 R", catalog), re.search(rb"/Dests (\d+) 0 R", catalog)
    if root is None or named is None:
        return {}
    order = {page: number for number, page in enumerate(_leaves(objects, int(root[1])), 1)}
    found = re.findall(rb"/([^\s/\[\]<>()]+) \[(\d+) 0 R", objects.get(int(named[1]), b""))
    return {_name(anchor): order[int(page)] for anchor, page in found if int(page) in order}


def _leaves(objects: Mapping[int, bytes], at: int) -> list[int]:
    kids = re.search(rb"/Kids \[(.*?)\]", objects.get(at, b""), re.DOTALL)
    if kids is None:
        return [at]
    return [leaf for kid in _REFERENCE.findall(kids[1]) for leaf in _leaves(objects, int(kid))]


def _name(raw: bytes) -> str:
    """A PDF name as text: #xx stands for a byte."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), raw).decode(
        "utf-8", "replace"
    )


def with_page_numbers(html: str, pages: Mapping[str, int]) -> str:
    """The page with a number behind each entry of its table of contents."""

    def numbered(match: re.Match[str]) -> str:
        page = pages.get(unescape(match[2]))
        return match[0] if page is None else f'{match[1]}<span class="page">{page}</span></a>'

    def entries(contents: re.Match[str]) -> str:
        entry = r'(<a href="#([^"]*)">(?:(?!</a>).)*)</a>'
        return re.sub(entry, numbered, contents[0], flags=re.DOTALL)

    return re.sub(r'<nav class="contents[^"]*".*?</nav>', entries, html, flags=re.DOTALL)
