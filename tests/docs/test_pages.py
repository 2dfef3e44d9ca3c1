"""The site is whole and asks nothing of the network: no address is loaded, no page is lost, each
floor and key is described.
"""

import importlib.util
import re
import sys
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
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_navigation_names_each_page_once(make_pages: ModuleType) -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    named = make_pages.listed(nav)
    pages = {p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md")}
    assert len(named) == len(set(named))
    assert set(named) | set(make_pages.unlisted(nav)) >= pages
    assert {p for p in named if p not in pages} <= {"gallery.md"} | {
        p for p in named if p.startswith("api/")
    }


def test_the_site_asks_nothing_of_the_network() -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in settings
    assert "use_directory_urls: false" in settings
    assert not re.search(r"https?://", settings)
    loaded = re.compile(r"<(?:script|link|img|iframe)[^>]+https?://|!\[[^\]]*\]\(https?://")
    assert [
        p.name
        for p in (ROOT / "docs").rglob("*.md")
        if loaded.search(p.read_text(encoding="utf-8"))
    ] == []


@pytest.mark.whole
def test_every_floor_is_in_the_reference(make_pages: ModuleType) -> None:
    floors = {
        p.name
        for p in (ROOT / "mismes_eval").iterdir()
        if p.is_dir() and (p / "__init__.py").exists()
    } - {"cli"}
    assert floors == set(make_pages.FLOORS)
    assert all(make_pages.modules(floor) for floor in floors)
    assert "mismes_eval.weighting.sample" in make_pages.api_page("weighting")


def test_parameters_page_lists_every_key(make_pages: ModuleType) -> None:
    from_schema = make_pages.parameters_page()
    assert (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8") == from_schema, (
        "python docs/make_pages.py"
    )


def report(
    folder: Path, language: str, tables: list[str], figures: list[str], finished: bool = True
) -> None:
    """A report's folder with the least that the gallery reads."""
    (folder / "figures").mkdir(parents=True)
    page = f'<!DOCTYPE html>\n<html lang="{language}">'
    for name in tables:
        page += f'<div class="table" tabindex="0" id="{name}"><table><caption>{name}</caption></table><ul class="notes"><li>{folder.name}</li></ul></div>'
    for name in figures:
        page += f'<figure id="{name}"><img alt="x" src="data:image/png;base64,AAAA"></figure>'
        (folder / "figures" / f"{name}.png").write_bytes(b"")
    (folder / "report.html").write_text(page, encoding="utf-8")
    if finished:
        (folder / "MANIFEST.json").write_text("{}", encoding="utf-8")


def test_gallery_shows_each_kind_of_table_and_figure_once(
    make_pages: ModuleType, tmp_path: Path
) -> None:
    report(tmp_path / "AAA", "fr", ["T01", "T02"], ["F01"])
    report(tmp_path / "MDA", "en", ["T01", "T17-MDA-001", "T17-MDA-002"], ["F01"])
    report(tmp_path / "half", "en", ["T90"], [], finished=False)
    report(tmp_path / ".unfinished", "en", ["T91"], [])
    pieces = make_pages.gallery(tmp_path)
    expected = [("MDA", "T01"), ("MDA", "T17-MDA-001"), ("MDA", "F01"), ("AAA", "T02")]
    assert [(p.report, p.id) for p in pieces] == expected
    page = make_pages.gallery_page(pieces)
    assert 'src="gallery/MDA/F01.png"' in page and "base64" not in page
    assert (
        page.index("## Figures of report MDA")
        < page.index("## Tables of report MDA")
        < page.index("## Tables of report AAA")
    )
    assert page.count("<li>MDA</li>") == 2 and "SYNTHETIC" in page


def test_gallery_tells_how_to_make_what_is_not_there(
    make_pages: ModuleType, tmp_path: Path
) -> None:
    assert "make report" in make_pages.gallery_page(make_pages.gallery(tmp_path))


def test_docstrings_become_lists(house_docstrings: ModuleType) -> None:
    text = house_docstrings.as_markdown(
        'Sum.\n\nParameters\n----------\ntotals : {"a": 1}: a mapping\n    of names.  low, high : limits, 0 < low.\n\nReturns\n-------\nx_y (n, p).'
    )
    assert text.splitlines() == [
        "Sum.",
        "",
        "",
        "**Parameters**",
        "",
        '- **totals**: &#123;"a": 1}: a mapping of names',
        "- **low, high**: limits, 0 &lt; low.",
        "",
        "**Returns**",
        "",
        "x\\_y (n, p).",
    ]
    expected = ["- **by**: groups", "- **level**: of the interval."]
    assert house_docstrings.block(["by : groups.  level : of the interval."]) == expected


def test_the_glossary_speaks_the_french_of_the_reports() -> None:
    """A term that a report prints as it stands has the report's French in the glossary; no term
    stands twice, none lacks its French or its meaning.
    """
    rows = [
        [c.strip() for c in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()[4:]
    ]
    assert all(len(r) == 3 and all(r) for r in rows)
    assert len({r[0] for r in rows}) == len(rows) > 80
    catalogue = (ROOT / "mismes_eval" / "report" / "locale" / "fr.po").read_text(encoding="utf-8")
    french = {
        a.lower(): b.lower()
        for a, b in re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', catalogue, re.MULTILINE)
    }
    shared = [(r[0], r[1].lower(), french[r[0].lower()]) for r in rows if r[0].lower() in french]
    assert len(shared) > 8
    assert [(term, said) for term, said, printed in shared if printed not in said] == []


def test_every_formula_is_set_as_mathematics(make_pages: ModuleType) -> None:
    """No formula is left as rows of text, and no LaTeX command is printed as it stands."""
    count = 0
    for page in (ROOT / "docs").rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert 'class="formula"' not in text, page.name
        shown = make_pages.as_mathml(text)
        assert "$$" not in shown, page.name
        for formula in re.findall(r"<math .*?</math>", shown, re.DOTALL):
            count += 1
            assert "\\" not in formula, f"{page.name}: {formula}"
    assert count >= 26
