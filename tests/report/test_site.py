"""Property: the site of the repository works from the file system in Chromium, in both languages;
it shows what reports show and nothing that they hide; made-up data are marked on every page.
"""

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.cli.report import repository
from mismes_eval.errors import InputError
from mismes_eval.evaluation.outside_evidence import read_evidence
from mismes_eval.evaluation.published_effects import DRAW
from mismes_eval.report.document.language import available
from mismes_eval.report.index import write_index
from mismes_eval.report.site import front_page, write_site
from mismes_eval.report.site.evidence import evaluations
from mismes_eval.report.site.html import PAGES, WORDS
from mismes_eval.report.synthesis.published import Origin
from mismes_eval.report.trust.provenance import MANIFEST

from ..some import some

pytestmark = pytest.mark.property

ON = date(2024, 6, 30)
ATTACK = '</title><script>document.title="hacked"</script><img src=x onerror=alert(1)>'
SECRET = 0.123456


def effect(measure, outcome, value, low, high, **more):
    base = {
        "measure": measure,
        "outcome": outcome,
        "months": 12.0,
        "unit_of_outcome": "share",
        "moved_apart": False,
        "model": "M09",
        "design": "tracer panel",
        "value": value,
        "ci_low": low,
        "ci_high": high,
        "status": "shown",
    }
    return base | more


EFFECTS = [
    effect("MDA-001", "employed", 0.09, 0.05, 0.13),
    effect("MDA-001", "employed", 0.01, -0.05, 0.07, months=24.0),
    effect("MDA-002", "employed", -0.09, -0.13, -0.05, moved_apart=True),
    effect("MDA-002", "earnings", SECRET, SECRET, SECRET, status="confidential"),
    effect("MDA-003", "earnings", SECRET, SECRET, SECRET, status="secondary"),
    effect("MDA-003", "earnings", None, None, None, status="not estimable"),
]


def row(number, **cells):
    base = {
        "measure_id": f"MDA-{number:03d}",
        "country": "MDA",
        "title_en": f"SYNTHETIC measure {number}",
        "stage_code": "AFT",
        "model_primary": "M09",
        "start_date": f"20{10 + number}-01-15",
        "budget_total": str(1000 * number),
        "budget_eur": str(1000 * number),
        "currency": "EUR",
        "price_year": "2020",
        "target_group": "RETURNEE_VOL",
        "benef_reached": "10",
        "destinations": "DEU;FRA",
        "source_type": "SYNTHETIC",
        "date_retrieved": "2024-06-30",
    }
    return base | cells


@pytest.fixture
def origin():
    return Origin("MDA", "MDA", True, "2024-07-01", "0" * 64, "a1" * 32, {"effects": EFFECTS})


@pytest.fixture
def measures(tmp_path):
    rows = [row(n) for n in range(1, 6)]
    rows[3] |= {"title_en": ATTACK, "lessons": "<b>Train</b> staff first", "ongoing": "TRUE"}
    rows[3] |= {"documents": "https://example.org/report.pdf; Final report (2020)"}
    rows[4] |= {"country": "GEO", "measure_id": "GEO-001", "benef_reached": ""}
    path = tmp_path / "inventory.csv"
    pd.DataFrame(rows).fillna("").to_csv(path, index=False)
    return inventory.read(path)


@pytest.fixture
def made(measures, origin, tmp_path):
    site = write_site(measures, tmp_path / "out" / "inventory", on=ON, origins=[origin])
    front_page(measures, site, tmp_path / "out" / "inventory.html", "fr")
    return site


def test_every_measure_has_its_address_in_both_languages(made):
    ids = ["GEO-001", *(f"MDA-00{n}" for n in range(1, 5))]
    for code in some(WORDS.languages):
        assert sorted(p.stem for p in (made.folder / code / "measures").iterdir()) == ids
        assert {p.stem for p in (made.folder / code).glob("*.html")} == {name for name, _ in PAGES}
    assert made.pages == len(WORDS.languages) * (7 + 5)


@pytest.mark.whole
def test_an_address_stays_when_other_measures_come_and_go(measures, made, origin):
    before = (made.folder / "en" / "measures" / "MDA-002.html").read_text(encoding="utf-8")
    fewer = measures.where(measures.frame["measure_id"] != "MDA-001")
    write_site(fewer, made.folder, on=ON, origins=[origin])
    assert (made.folder / "en" / "measures" / "MDA-002.html").read_text(encoding="utf-8") == before
    assert not (made.folder / "en" / "measures" / "MDA-001.html").exists()


@pytest.mark.whole
def test_the_address_of_a_merged_measure_leads_to_the_one_that_stayed(measures, tmp_path):
    told = {"decision": "SAME", "decided_by": "ab"}
    drops = [("MDA-001", "MDA-002"), ("MDA-003", "MDA-001")]
    rows = [{"keep": keep, "drop": drop} | told for keep, drop in drops]
    files = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for file, line in zip(files, rows, strict=True):
        pd.DataFrame([line]).to_csv(file, index=False)
    site = write_site(measures.decided(*files), tmp_path / "inventory", on=ON)
    for language in available():
        for old in ("MDA-001", "MDA-002"):
            text = (site.folder / language / "measures" / f"{old}.html").read_text("utf-8")
            assert 'content="3; url=MDA-003.html"' in text and 'href="MDA-003.html"' in text
    listed = pd.read_csv(site.folder / "measures.csv")["measure_id"].tolist()
    assert not {"MDA-001", "MDA-002"} & set(listed) and "MDA-003" in listed
    inputs = json.loads((site.folder / MANIFEST).read_text())["inputs"]
    assert [told["path"] for told in inputs][-2:] == ["one.csv", "two.csv"]


@pytest.mark.whole
def test_every_link_leads_to_a_file(made):
    for page in [made.folder.parent / "inventory.html", *made.folder.rglob("*.html")]:
        for target in some(re.findall(r'href="([^"#]+)"', page.read_text(encoding="utf-8"))):
            if not target.startswith("http"):
                assert (page.parent / target).resolve().is_file(), (page.name, target)


def test_what_reports_hide_is_nowhere(made, measures, origin):
    found = evaluations([origin], measures.frame)
    assert Counter(e.direction for e in found) == {"higher": 1, "unclear": 1, "lower": 1}
    for path in some(made.folder.rglob("*")):
        if path.is_file():
            assert "12.3" not in path.read_text(encoding="utf-8").replace("12.3.", "")
            assert "0.123" not in path.read_text(encoding="utf-8")


def test_effects_are_those_of_measures_of_the_repository(measures, origin):
    georgia = measures.where(measures.frame["country"] == "GEO")
    assert evaluations([origin], georgia.frame) == []
    real = measures.frame.assign(source_type="INTERVIEW")
    with pytest.raises(InputError, match="made-up data for a measure that is not"):
        evaluations([origin], real)


def test_made_up_data_are_marked_on_every_page(made):
    for page in some(made.folder.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        assert re.search("SYNTHETIC|SYNTHÉTIQUE|SINTETIC", text.replace("SYNTHETIC measure", "")), (
            page
        )


@pytest.mark.whole
def test_texts_are_shown_as_text(made):
    for page in some(made.folder.rglob("*.html")):
        assert "<script>document" not in page.read_text(encoding="utf-8")
    lessons = (made.folder / "en" / "lessons.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;Train&lt;/b&gt; staff first" in lessons


@pytest.mark.whole
def test_what_was_learned_stands_on_the_page_of_the_measure(made):
    page = (made.folder / "en" / "measures" / "MDA-004.html").read_text(encoding="utf-8")
    learned = page.split('id="learned"')[1].split("<h2>")[0]
    assert "<dt>Lessons</dt><dd>&lt;b&gt;Train&lt;/b&gt; staff first</dd>" in learned
    assert 'href="https://example.org/report.pdf"' in learned and "Final report (2020)" in learned
    assert page.count("staff first") == 1
    assert 'id="learned"' not in (made.folder / "en" / "measures" / "MDA-001.html").read_text()


@pytest.mark.whole
def test_gap_map_counts_measures_and_says_directions(made):
    text = (made.folder / "en" / "gap-map.html").read_text(encoding="utf-8")
    line = next(r for r in text.split("<tr>") if "M09 " in r)
    assert ">2</span>" in line and line.count("measures/MDA-00") == 2
    assert "MDA-001: effect unproven" in line  # the latest of the measure's effects
    assert "MDA-002: lower" in line and "(a)" in line
    assert text.count("gap</span>") == 2 * 10 + 1  # ten models without an evaluation of any kind


def test_unit_costs_with_their_spread(made):
    text = (made.folder / "en" / "costs.html").read_text(encoding="utf-8")
    line = next(r for r in text.split("<tr>") if "M09 " in r)
    cells = re.findall(r'<td class="number">([^<]*)</td>', line)
    costs = [100, 200, 300, 400]
    quarters = [f"{np.quantile(costs, share):.0f}" for share in (0, 0.25, 0.5, 0.75, 1)]
    assert cells == ["4", "1", *quarters]


@pytest.mark.whole
def test_what_an_additional_job_costs_is_on_the_page_of_costs(measures, tmp_path):
    line = {"model": "M09", "currency": "EUR", "price_year": 2020, "horizon": 2.0, "measured": None}
    shown = {"value": 7654.0, "ci_low": 5000.0, "ci_high": 9000.0, "status": "shown"}
    hidden = {"value": None, "ci_low": None, "ci_high": None, "status": "confidential"}
    facts = {
        "effects": EFFECTS,
        "costs": [
            line | shown | {"measure": "MDA-001"},
            line | hidden | {"measure": "MDA-002"},
            line | shown | {"measure": "MDA-099", "value": 4321.0},
        ],
    }
    report = Origin("MDA", "MDA", True, "2024-07-01", "0" * 64, "a1" * 32, facts)
    site = write_site(measures, tmp_path / "site", on=ON, origins=[report])
    text = (site.folder / "en" / "costs.html").read_text(encoding="utf-8")
    (first,) = [r for r in text.split("<tr>") if "MDA-001" in r]
    (second,) = [r for r in text.split("<tr>") if "MDA-002" in r]
    assert "7,654 (5,000 to 9,000) EUR, prices of 2020" in first and "2 years" in first
    assert "hidden by the report" in second
    assert "MDA-099" not in text and "4,321" not in text  # no measure of this repository


def test_downloads_hold_the_measures_and_the_effects(made):
    table = pd.read_csv(made.folder / "measures.csv")
    records = json.loads((made.folder / "measures.json").read_text(encoding="utf-8"))
    assert len(table) == len(records) == 5
    assert records[0]["start_date"].startswith("2011-01-15")
    assert len(pd.read_csv(made.folder / "evaluations.csv")) == 3 == made.effects
    assert b"BEGIN:VEVENT" in (made.folder / "register.ics").read_bytes()


def test_the_index_of_reports_links_to_the_site(made):
    text = write_index(made.folder.parent, []).read_text(encoding="utf-8")
    assert 'href="inventory/en/gap-map.html"' in text and 'href="inventory.html"' in text


def test_words_are_there_in_every_language_with_the_same_names():
    assert set(WORDS.languages) == set(available())
    english = WORDS.said("en")
    for code in some(WORDS.languages):
        for key, text in WORDS.said(code).items():
            names = sorted(re.findall(r"\{\w+\}", text))
            assert text and names == sorted(re.findall(r"\{\w+\}", english[key])), key


def test_the_site_speaks_romanian(made):
    page = (made.folder / "ro" / "countries.html").read_text(encoding="utf-8")
    assert '<html lang="ro">' in page and "Republica Moldova" in page and "Țări" in page
    assert '<a lang="fr" hreflang="fr" href="../fr/countries.html">Français</a>' in page
    measure = (made.folder / "ro" / "measures" / "MDA-001.html").read_text(encoding="utf-8")
    assert '<h3>Actori</h3><dl><dt>Tipul executantului <code class="quiet">' in measure
    assert 'href="../../en/measures/MDA-001.html">English</a>' in measure
    search = (made.folder / "ro" / "index.html").read_text(encoding="utf-8")
    assert '"Repertoriul măsurilor de sprijin pentru migranți"' in search
    for code in some(WORDS.languages):
        assert all(isinstance(text, str) and text for text in WORDS.said(code).values())


def test_without_a_day_nothing_is_written(tmp_path):
    path = tmp_path / "inventory.csv"
    pd.DataFrame([row(1, date_retrieved="")]).to_csv(path, index=False)
    with pytest.raises(InputError, match="no day"):
        write_site(inventory.read(path), tmp_path / "site")
    assert not (tmp_path / "site").exists()


OUTSIDE = (
    "citation,synthetic,country,measure,model,outcome,unit,effect,se,months,design,risk_of_bias,"
    "manifest_sha256\n"
    "Nobody (2020) SYNTHETIC,TRUE,MDA,MDA-003,M09,employed,POINTS,6,2,12,RCT,LOW,\n"
    "Someone (2021),TRUE,TUN,,M01,employed,SHARE,0.04,0.03,24,MATCH,HIGH,\n"
    ",TRUE,MDA,MDA-001,M09,employed,POINTS,9,,12,DID,SOME,{hash}\n"
)


def evidence_file(folder, sha256="0" * 16):
    path = folder / "evidence.csv"
    path.write_text(OUTSIDE.format(hash=sha256), encoding="utf-8")
    return read_evidence(path)


def test_outside_evaluations_stand_beside_own_ones(measures, origin, tmp_path):
    given = evidence_file(tmp_path)
    site = write_site(measures, tmp_path / "site", on=ON, origins=[origin], evidence=given)
    assert site.effects == 5
    text = (site.folder / "en" / "evidence.html").read_text(encoding="utf-8")
    lines = text.split("<tr>")
    (cited,) = [line for line in lines if "Nobody (2020) SYNTHETIC" in line]
    for part in ("6.0 (2.1 to 9.9) percentage points", "Randomised", "Low risk of bias", "↑"):
        assert part in cited, part
    assert 'href="measures/MDA-003.html"' in cited
    (elsewhere,) = [line for line in lines if "Someone (2021)" in line]
    assert "Someone (2021) (SYNTHETIC)" in elsewhere and "Tunisia" in elsewhere
    (judged,) = [line for line in lines if "Some concerns" in line]
    assert "MDA-001" in judged and "report MDA, manifest 0000000000000000" in judged
    assert "1 measure; 5 needed" in text.replace("1 measures", "1 measure")
    assert text.count('aria-label="2 effects and their mean"') == 0
    assert text.count("effects and their mean") == 2  # a picture for each model with an effect
    gap = (site.folder / "en" / "gap-map.html").read_text(encoding="utf-8")
    line = next(r for r in gap.split("<tr>") if "M09 " in r)
    assert ">3</span>" in line and "dot n2 strong" in line and "MDA-003: higher" in line
    assert "Someone (2021): effect unproven" in next(r for r in gap.split("<tr>") if "M01 " in r)
    page = (site.folder / "fr" / "measures" / "MDA-003.html").read_text(encoding="utf-8")
    assert "Nobody (2020) SYNTHETIC" in page
    due = pd.read_csv(site.folder / "register.csv").set_index("measure_id")["status"]
    search = (site.folder / "en" / "index.html").read_text(encoding="utf-8")
    held = json.loads(re.search(r"<script[^>]*json[^>]*>(.*?)</script>", search, re.DOTALL)[1])
    rows = pd.DataFrame(held["rows"], columns=held["columns"]).set_index("measure_id")["status"]
    assert rows.to_dict() == due.to_dict() and set(due[["MDA-001", "MDA-003"]]) == {"evaluated"}
    table = pd.read_csv(site.folder / "evaluations.csv")
    expected = {"NOT_ASSESSED": 2, "LOW": 1, "HIGH": 1, "SOME": 1}
    assert table["risk_of_bias"].value_counts().to_dict() == expected


def test_a_draw_by_lot_is_told_and_counts_as_a_strong_design(measures, tmp_path):
    drawn = effect("MDA-003", "employed", 0.06, 0.02, 0.10, main=True, design=DRAW)
    drawn |= {"design_code": "RCT", "grade": "strong"}
    older = effect("MDA-001", "employed", 0.09, 0.05, 0.13)
    report = Origin(
        "MDA", "MDA", True, "2024-07-01", "0" * 64, "a1" * 32, {"effects": [drawn, older]}
    )
    site = write_site(measures, tmp_path / "site", on=ON, origins=[report])
    page = (site.folder / "en" / "measures" / "MDA-003.html").read_text(encoding="utf-8")
    assert f"{DRAW} (Randomised controlled trial)" in page and "<td>strong</td>" in page
    assert "6.0 percentage points more (2.0 to 10.0)" in page
    other = (site.folder / "en" / "measures" / "MDA-001.html").read_text(encoding="utf-8")
    assert "tracer panel (Difference in differences)" in other and "not graded" in other
    gap = (site.folder / "en" / "gap-map.html").read_text(encoding="utf-8")
    assert "dot n1 strong" in next(r for r in gap.split("<tr>") if "M09 " in r)


@pytest.mark.whole
def test_the_interval_that_speaks_decides_the_direction(measures, tmp_path):
    wide = effect("MDA-001", "employed", 0.09, 0.05, 0.13, main=True)
    wide |= {"spoken_low": -0.16, "spoken_high": 0.18, "grade": "weak"}
    later = effect("MDA-001", "employed", 0.08, 0.04, 0.12, months=36.0)
    report = Origin(
        "MDA", "MDA", True, "2024-07-01", "0" * 64, "a1" * 32, {"effects": [wide, later]}
    )
    site = write_site(measures, tmp_path / "site", on=ON, origins=[report])
    page = (site.folder / "en" / "measures" / "MDA-001.html").read_text(encoding="utf-8")
    assert "unproven (-16.0 to 18.0 percentage points)" in page
    gap = (site.folder / "en" / "gap-map.html").read_text(encoding="utf-8")
    assert "MDA-001: effect unproven" in gap and "MDA-001: higher" not in gap
    lessons = (site.folder / "en" / "lessons.html").read_text(encoding="utf-8")
    assert "evaluations: 1; higher in 0, lower in 0, unproven in 1" in lessons


@pytest.mark.whole
@pytest.mark.parametrize("source", ["QUESTIONNAIRE", "INTERVIEW"])
def test_an_amount_told_in_confidence_is_on_no_page_and_in_no_download(source, tmp_path):
    amounts = {"budget_total": "987123", "budget_eur": "987123", "cost_direct": "456789"}
    told = amounts | {"source_type": source, "benef_reached": "100"}
    rows = [row(1, source_type="REGISTER"), row(2, **told), row(3, source_type="WEB")]
    path = tmp_path / "inventory.csv"
    pd.DataFrame(rows).fillna("").to_csv(path, index=False)
    given = inventory.read(path)
    site = write_site(given, tmp_path / "site", on=ON)
    front_page(given, site, tmp_path / "site.html", "en")
    given.site(tmp_path / "page.html", on=ON)
    secrets = ("987123", "987,123", "456789", "9871", "9,871", "987\u202f123", "991123", "991,123")
    files = [*site.folder.rglob("*"), tmp_path / "site.html", tmp_path / "page.html"]
    for file in files:
        if file.is_file():
            text = file.read_text(encoding="utf-8").replace("\u00a0", "\u202f")
            assert not any(secret in text for secret in secrets), file
    page = (site.folder / "en" / "measures" / "MDA-002.html").read_text(encoding="utf-8")
    assert page.count("recorded, not shown") >= 2
    public = (site.folder / "en" / "measures" / "MDA-003.html").read_text(encoding="utf-8")
    assert "3,000" in public and "recorded, not shown" not in public
    due = (site.folder / "en" / "due.html").read_text(encoding="utf-8")
    assert due.count("recorded, not shown") == 1
    calendar = (site.folder / "register.ics").read_text(encoding="utf-8").replace("\n ", "")
    assert calendar.count("told in confidence") == 1 and "EUR 3\\,000" in calendar
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "told in confidence, and not shown: 1." in page
    for language, words in (
        ("fr", "liste de participants"),
        ("ro", "list\u0103 a participan\u021bilor"),
    ):
        due = (site.folder / language / "due.html").read_text(encoding="utf-8")
        assert words in due and "participant list" not in due


def test_a_hash_that_names_no_report_stops_the_site(measures, origin, tmp_path):
    given = evidence_file(tmp_path, "f" * 16)
    with pytest.raises(InputError, match="a hash that names no report"):
        write_site(measures, tmp_path / "site", on=ON, origins=[origin], evidence=given)
    assert not (tmp_path / "site").exists()


def test_made_up_evidence_does_not_stand_beside_real_records(measures, tmp_path):
    real = measures.frame.assign(source_type="INTERVIEW")
    path = evidence_file(tmp_path)
    cited = replace(path, frame=path.cited)
    with pytest.raises(InputError, match="made-up data for a measure that is not") as error:
        evaluations([], real, cited)
    assert len(error.value.problems) == 2


BROKEN_DAYS = """[...document.querySelectorAll('time, .day, #asof')].filter(day => {
  const text = document.createRange();
  text.selectNodeContents(day);
  return new Set([...text.getClientRects()].map(line => line.top)).size > 1;
}).length"""


@pytest.mark.slow
@pytest.mark.browser
def test_in_a_browser_from_the_file_system(chromium, made):
    driver = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe").Axe()
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    with driver.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 800})
        asked, errors = [], []
        page.on("request", lambda r: asked.append(r.url))
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        for code in some(WORDS.languages):
            for name in (*(name for name, _ in PAGES), "measures/MDA-001", "measures/MDA-004"):
                page.goto((made.folder / code / f"{name}.html").resolve().as_uri())
                found = axe.run(page, options={"runOnly": rules}).response["violations"]
                assert [v["id"] for v in found] == [], name
                assert page.title() != "hacked"
                assert page.evaluate(BROKEN_DAYS) == 0
        page.goto((made.folder.parent / "inventory.html").resolve().as_uri())
        page.fill("#search", "measure 2")
        driver.expect(page.locator("#rows tr")).to_have_count(1)
        page.click("#rows button")
        page.click("#record-body a")
        assert page.url.endswith("inventory/fr/measures/MDA-002.html")
        page.click("text=Carte des lacunes")
        page.click("footer a[lang=en]")
        assert page.inner_text("h1") == "Evidence-gap map"
        browser.close()
    assert errors == [] and all(url.startswith(("file:", "data:")) for url in asked)


@pytest.mark.whole
def test_the_pages_follow_the_reports(root: Path, tmp_path: Path) -> None:
    """`mismes report --all` writes them from the inventories that params name; outside evaluations
    are not lost.
    """
    said = repository(tmp_path, [root / "params" / "MDA.yaml"])
    assert said.startswith("repository   made") and (tmp_path / "inventory.html").is_file()
    assert (tmp_path / "inventory" / "fr" / "measures" / "MDA-001.html").is_file()
    calendar = (tmp_path / "inventory" / "register.ics").read_text(encoding="utf-8")
    reminded = re.findall(r"DTSTART;VALUE=DATE:(\d{8})", calendar)
    assert reminded and min(reminded) > f"{date.today():%Y%m%d}"
    shown = tmp_path / "inventory" / "evaluations.csv"
    columns = shown.read_text(encoding="utf-8").splitlines()[0]
    shown.write_text(f"{columns}\noutside{',' * columns.count(',')}\n", encoding="utf-8")
    assert "outside evaluations" in repository(tmp_path, [root / "params" / "MDA.yaml"])
