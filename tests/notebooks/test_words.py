"""Every notebook of the workbench says its question, who runs it and what it needs, explains each
step with a link that exists, and ends with what to look at next.
"""

import json
import re
from pathlib import Path

import pytest

from ..some import some

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("[0-9]*.ipynb"))
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def cells(path: Path, kind: str) -> list[str]:
    """Sources of the cells of one kind."""
    return [
        "".join(c["source"])
        for c in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if c["cell_type"] == kind
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_opens_with_its_question_and_ends_with_what_is_next(path: Path) -> None:
    text = cells(path, "markdown")
    assert re.match(r"# .+\?\n", text[0])
    assert "**Who runs it:**" in text[0] and "**It needs:**" in text[0]
    assert text[-1].startswith("## What to look at next")
    assert "SYNTHETIC" in text[0] or "not synthetic" in "".join(text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_each_step_is_explained_and_links_to_a_page_that_is_there(path: Path) -> None:
    steps = [
        t
        for t in cells(path, "markdown")[1:-1]
        if t.startswith("## ") and not t.startswith(("## What to conclude", "## The same men"))
    ]
    for step in some(steps):
        assert len(re.findall(r"[.?!:](?=\s|$)", step.split("\n", 2)[-1])) >= 2, step
        assert LINK.search(step), step
    for target in [m for t in cells(path, "markdown") for m in LINK.findall(t)]:
        assert (path.parent / target).resolve().is_file(), target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_country_is_named_in_the_parameters_only(path: Path) -> None:
    code = cells(path, "code")
    assert not [c for c in code[1:] if re.search(r"params/[A-Z]{3}", c)]
