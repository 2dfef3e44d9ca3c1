"""Property: the site of all measures is made again from the inventories and reports that its manifest
names; whatever was changed in it, also with new hashes, is found, and paths lead nowhere.
"""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.errors import MismesWarning, ParamsError
from mismes_eval.report.site import front_page, write_site
from mismes_eval.report.synthesis.published import read_published
from mismes_eval.report.trust.archive import package
from mismes_eval.report.trust.provenance import MANIFEST, file_hash, outputs
from mismes_eval.report.trust.verify_site import is_site, verify_site

from .test_site import row
from .test_synthesis import facts, write_report

ON = date(2024, 6, 30)
Tamper = Callable[[Path], object]


def append(name: str, text: str) -> Tamper:
    return lambda site: (site / name).write_text((site / name).read_text("utf-8") + text, "utf-8")


def swap(name: str, was: str, now: str) -> Tamper:
    def change(site: Path) -> None:
        text = (site / name).read_text("utf-8")
        assert was in text
        (site / name).write_text(text.replace(was, now, 1), "utf-8")

    return change


def stated(**fields: object) -> Tamper:
    def change(site: Path) -> None:
        record = json.loads((site / MANIFEST).read_text("utf-8"))
        (site / MANIFEST).write_text(json.dumps({**record, **fields}), "utf-8")

    return change


# file of the site -> what is done to it
CHANGES: dict[str, Tamper] = {
    "fr/measures/MDA-002.html": swap("fr/measures/MDA-002.html", "SYNTHETIC", "Real"),
    "en/measures/MDA-002.html": swap("en/measures/MDA-002.html", "2,000", "9,000"),
    "evaluations.csv": swap("evaluations.csv", "MDA", "GEO"),
    "register.csv": swap("register.csv", "MDA-001", "MDA-009"),
    "register.ics": append("register.ics", "BEGIN:VEVENT\r\n"),
    "measures.json": swap("measures.json", "MDA-001", "MDA-009"),
    "en/costs.html": append("en/costs.html", "<script>x</script>"),
    "inventory.html": swap("../inventory.html", "SYNTHETIC", "Real"),
    "notes.txt": lambda site: (site / "notes.txt").write_text("mine"),
    "en/lessons.html": lambda site: (site / "en" / "lessons.html").unlink(),
}
REFUSED: dict[str, Tamper] = {
    "a path": stated(page={"name": "../evil.html", "sha256": "0" * 64, "language": "en"}),
    "a language": stated(page={"name": "inventory.html", "sha256": "0" * 64, "language": "../x"}),
    "a day": stated(on="soon"),
    "no inventory": stated(inputs=[]),
    "an inventory elsewhere": stated(
        inputs=[{"key": "inventory", "path": "../../etc/passwd", "sha256": "0" * 64}]
    ),
    "another inventory": stated(
        inputs=[{"key": "inventory", "path": "MDA/inventory.csv", "sha256": "0" * 64}]
    ),
}


@pytest.fixture(scope="module")
def project_with_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An inventory of two files with a table beside it, a report and the site of both."""
    root = tmp_path_factory.mktemp("with_site")
    folder = root / "data_raw" / "MDA"
    folder.mkdir(parents=True)
    rows = [row(n, budget_total=str(1000 * n)) for n in range(1, 4)]
    pd.DataFrame(rows).to_csv(folder / "inventory.csv", index=False)
    years = [{"measure_id": "MDA-001", "year": 2012, "spent_eur": 500}]
    pd.DataFrame(years).to_csv(folder / "inventory_year.csv", index=False)
    write_report(root / "reports", "MDA", facts(0.5, 0.06, "ICLS-19", "MDA", False))
    made_from_files(root)
    return root


def made_from_files(root: Path) -> None:
    measures = inventory.read(root / "data_raw" / "MDA")
    origins = read_published(root / "reports")
    site = write_site(measures, root / "reports" / "inventory", on=ON, origins=origins)
    front_page(measures, site, root / "reports" / "inventory.html", "fr")


@pytest.fixture
def site(project_with_site: Path, tmp_path: Path) -> Path:
    return shutil.copytree(project_with_site, tmp_path / "copy") / "reports" / "inventory"


@pytest.mark.whole
def test_the_site_as_it_was_made_is_reproduced(site: Path, tmp_path: Path) -> None:
    found = verify_site(site, site.parents[1])
    assert is_site(site) and found.reproduced and found.numbers > 100, found.text()
    with pytest.raises(ParamsError, match="made from reports and inventories"):
        package(site, site.parents[1], site, tmp_path / "a.zip", True)
    assert [origin.name for origin in read_published(site.parent)] == ["MDA"]


@pytest.mark.whole
@pytest.mark.parametrize("hidden", [False, True])
def test_every_changed_file_of_the_site_is_named(site: Path, hidden: bool) -> None:
    for change in CHANGES.values():
        change(site)
    if hidden:
        record = json.loads((site / MANIFEST).read_text("utf-8"))
        front = {**record["page"], "sha256": file_hash(site.parent / "inventory.html")}
        stated(outputs=outputs(site), page=front)(site)
    told = verify_site(site, site.parents[1]).text(shown=1_000)
    assert [name for name in CHANGES if name not in told] == []


@pytest.mark.whole
def test_a_changed_manifest_of_the_site_is_named(site: Path) -> None:
    stated(on="2020-01-01", synthetic=False, seed=3)(site)
    told = "\n".join(verify_site(site, site.parents[1]).manifest)
    assert "synthetic: reported False" in told and "unknown fields: seed" in told
    assert "the fingerprint is not that of the inputs" in told


@pytest.mark.parametrize("change", REFUSED)
def test_a_manifest_that_cannot_be_followed_is_refused(site: Path, change: str) -> None:
    REFUSED[change](site)
    with pytest.raises(ParamsError):
        verify_site(site, site.parents[1])


@pytest.mark.whole
def test_files_of_persons_in_the_site_are_kept(site: Path) -> None:
    (site / "en" / "measures" / "notes.txt").write_text("mine", "utf-8")
    with pytest.warns(MismesWarning, match="en/measures/notes.txt"):
        made_from_files(site.parents[1])
    assert (site.parent / ".kept/inventory-1/en/measures/notes.txt").read_text("utf-8") == "mine"
    assert verify_site(site, site.parents[1]).reproduced
