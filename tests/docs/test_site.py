"""The site builds with strict links and without a network, and works from the file system in
Chromium: search finds, nothing is fetched, no error is logged.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocstrings", reason="the extra 'docs' is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        str(folder),
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    loaded = re.compile(
        r"<(?:script|img|iframe)[^>]+src=\"(?:https?:)?//|<link[^>]+rel=\"(?:stylesheet|preconnect)\"[^>]+href=\"(?:https?:)?//"
    )
    pages = list(site.rglob("*.html"))
    assert len(pages) > 45
    assert [p.name for p in pages if loaded.search(p.read_text(encoding="utf-8"))] == []


@pytest.mark.slow
def test_reference_names_the_public_verbs(site: Path) -> None:
    text = (site / "api" / "weighting.html").read_text(encoding="utf-8")
    assert 'id="mismes_eval.weighting.calibrate.calibrate"' in text
    assert "Deville" in text


@pytest.mark.slow
@pytest.mark.browser
def test_search_works_from_the_file_system(site: Path, chromium: str) -> None:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the extra 'browser' is not installed"
    )
    asked: list[str] = []
    said: list[str] = []
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto((site / "methods" / "bounds.html").as_uri())
        page.fill("input.md-search__input", "raking")
        page.wait_for_selector(".md-search-result__item")
        found = page.inner_text(".md-search-result__list")
        browser.close()
    assert "raking" in found.lower()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))] == []
