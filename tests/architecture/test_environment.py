"""environment.yml, pyproject.toml and requirements.lock agree; the lock pins everything with hashes
and names no address; make help lists every target.
"""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .clear_notebooks import cleared

pytestmark = pytest.mark.architecture


def project(root: Path) -> dict[str, object]:
    content: dict[str, object] = tomllib.loads(
        (root / "pyproject.toml").read_text(encoding="utf-8")
    )["project"]
    return content


def specifiers(lines: list[str]) -> dict[str, str]:
    return {canonicalize_name(r.name): str(r.specifier) for r in map(Requirement, lines)}


def locked(root: Path) -> dict[str, list[Requirement]]:
    out: dict[str, list[Requirement]] = {}
    for line in (root / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            r = Requirement(line.rstrip(" \\"))
            out.setdefault(canonicalize_name(r.name), []).append(r)
    return out


def test_conda_file_agrees_with_the_project(root: Path) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    plain = [d for d in environment["dependencies"] if isinstance(d, str)]
    by_pip = [
        d
        for group in environment["dependencies"]
        if isinstance(group, dict)
        for d in group["pip"]
        if not d.startswith("-e")
    ]
    found = specifiers(plain + by_pip)
    python = found.pop("python")
    del found["pip"]
    content = project(root)
    assert python == str(Requirement(f"python{content['requires-python']}").specifier)
    wanted = specifiers(content["dependencies"])  # type: ignore[arg-type]
    extras = specifiers([d for group in content["optional-dependencies"].values() for d in group])  # type: ignore[attr-defined]
    assert {k: v for k, v in found.items() if k in wanted} == wanted
    assert {k: v for k, v in found.items() if k not in wanted}.items() <= extras.items()


def test_lock_meets_every_requirement(root: Path) -> None:
    content, pins = project(root), locked(root)
    groups = [content["dependencies"], *content["optional-dependencies"].values()]  # type: ignore[attr-defined]
    for r in (Requirement(d) for group in groups for d in group):  # type: ignore[attr-defined]
        found = pins.get(canonicalize_name(r.name))
        assert found, f"{r.name} is not locked: make lock"
        for pin in found:
            (version,) = [s.version for s in pin.specifier]
            assert r.specifier.contains(version, prereleases=True), (
                f"{pin} does not meet {r}: make lock"
            )


def test_lock_pins_with_hashes_and_names_no_address(root: Path) -> None:
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//|index-url|find-links", text)
    blocks = re.split(r"\n(?=\S)", text.strip())
    unhashed = [
        b.splitlines()[0] for b in blocks if not b.startswith("#") and "--hash=sha256:" not in b
    ]
    assert not unhashed


def test_make_help_has_a_line_for_every_target(root: Path) -> None:
    text = (root / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)
    told = re.findall(r"^([a-z]+):.*## \S", text, flags=re.MULTILINE)
    assert set(told) == set(phony.split())
    assert set("report test check lab demo bench coverage prove docs lock clean".split()) <= set(
        told
    )


def test_clearing_a_notebook_keeps_what_belongs_to_it() -> None:
    cell = {
        "cell_type": "code",
        "id": "a",
        "source": "1",
        "metadata": {"tags": ["parameters"], "papermill": {"x": 1}},
        "outputs": [{}],
        "execution_count": 3,
    }
    out = cleared(
        {
            "cells": [cell],
            "metadata": {"papermill": {}, "kernelspec": {"name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    assert out["cells"][0] == {
        "cell_type": "code",
        "id": "a",
        "source": "1",
        "metadata": {"tags": ["parameters"]},
        "outputs": [],
        "execution_count": None,
    }
    assert out["metadata"] == {"kernelspec": {"name": "python3"}}
