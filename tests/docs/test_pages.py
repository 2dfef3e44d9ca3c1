"""The site is whole and asks nothing of the network: no address is loaded, no page is lost, each floor and key is described."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def make_pages() -> ModuleType:
    pytest.importorskip("mkdocs", reason="the extra 'docs' is not installed")
    return _script("make_pages")


@pytest.fixture(scope="module")
def house_docstrings() -> ModuleType:
    pytest.importorskip("griffe", reason="the extra 'docs' is not installed")
    return _script("house_docstrings")


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_navigation_names_each_page_once(make_pages: ModuleType) -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    named = make_pages.listed(nav)
    pages = {p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md")}
    assert len(named) == len(set(named))
    assert set(named) | set(make_pages.unlisted(nav)) >= pages
    assert {p for p in named if p not in pages} <= {"gallery.md"} | {p for p in named if p.startswith("api/")}


def test_the_site_asks_nothing_of_the_network() -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in settings
    assert "use_directory_urls: false" in settings
    assert not re.search(r"https?://", settings)
    loaded = re.compile(r"<(?:script|link|img|iframe)[^>]+https?://|!\[[^\]]*\]\(https?://")
    assert [p.name for p in (ROOT / "docs").rglob("*.md") if loaded.search(p.read_text(encoding="utf-8"))] == []


def test_every_floor_is_in_the_reference(make_pages: ModuleType) -> None:
    floors = {p.name for p in (ROOT / "mismes_eval").iterdir() if p.is_dir() and (p / "__init__.py").exists()} - {"cli"}
    assert floors == set(make_pages.FLOORS)
    assert all(make_pages.modules(floor) for floor in floors)
    assert "mismes_eval.weighting.sample" in make_pages.api_page("weighting")


def test_parameters_page_lists_every_key(make_pages: ModuleType) -> None:
    from_schema = make_pages.parameters_page()
    assert (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8") == from_schema, "python docs/make_pages.py"


def test_gallery_shows_pictures_or_tells_how_to_make_them(make_pages: ModuleType, tmp_path: Path) -> None:
    assert "make report" in make_pages.gallery_page(tmp_path)
    for place in ("MDA/figures/F01.png", ".unfinished/figures/F02.png", "MDA/figures/F01.csv"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(b"")
    page = make_pages.gallery_page(tmp_path)
    assert "![Figure F01 of report MDA](gallery/MDA/F01.png)" in page
    assert "F02" not in page
    assert "SYNTHETIC" in page


def test_docstrings_become_lists(house_docstrings: ModuleType) -> None:
    text = house_docstrings.as_markdown(
        'Sum.\n\nParameters\n----------\ntotals : {"a": 1}: a mapping\n    of names.  low, high : limits, 0 < low.\n\nReturns\n-------\nx_y (n, p).'
    )
    assert text.splitlines() == [
        "Sum.", "", "", "**Parameters**", "", '- **totals**: &#123;"a": 1}: a mapping of names', "- **low, high**: limits, 0 &lt; low.", "", "**Returns**", "", "x\\_y (n, p).",
    ]  # fmt: skip
    assert house_docstrings.block(["by : groups.  level : of the interval."]) == ["- **by**: groups", "- **level**: of the interval."]
