"""Property: the page works from the file system in Chromium (search, filter, sort, record), fetches
nothing, and shows markup in texts as text.
"""

from datetime import date

import pandas as pd
import pytest
from playwright.sync_api import expect, sync_playwright

from mismes_eval import inventory
from mismes_eval.errors import InputError

pytestmark = [pytest.mark.property, pytest.mark.browser]

ATTACK = '</script><script>document.title="hacked"</script><img src=x onerror=alert(1)> & "quoted"'


@pytest.fixture
def made(measure, write, tmp_path):
    rows = [
        measure(
            n,
            budget_total=str(n * 1000),
            budget_eur=str(n * 1000),
            cost_overhead="",
            title_en=f"SYNTHETIC measure number {n}",
            measure_id=f"MDA-{n:03d}",
        )
        for n in range(1, 71)
    ]
    rows[4] |= {
        "title_en": ATTACK,
        "eval_done": "TRUE",
        "eval_type": "FINAL",
        "eval_year": "2023",
        "eval_url": "https://example.org/a?b=1&c=2",
        "model_primary": "M01",
        "stage_code": "BEF",
    }
    rows[6] |= {
        "title_en": "SYNTHETIC Requalification d'infirmi\u00e8res",
        "model_primary": "M03",
        "stage_code": "BEF",
        "budget_total": "",
        "budget_eur": "",
        "currency": "",
        "price_year": "",
    }
    read = inventory.read(write(rows))
    return read.site(tmp_path / "site.html", on=date(2024, 6, 30), title="Measures <test>")


@pytest.fixture
def opened(chromium, made):
    seen = {"requests": [], "errors": [], "page": None}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda r: seen["requests"].append(r.url))
        page.on("pageerror", lambda e: seen["errors"].append(str(e)))
        page.on("console", lambda m: seen["errors"].append(m.text) if m.type == "error" else None)
        page.goto(made.as_uri())
        page.wait_for_selector("#rows tr")
        seen["page"] = page
        yield seen
        browser.close()


def ids(page):
    return page.eval_on_selector_all("#rows tr", "rows => rows.map(r => r.dataset.id)")


@pytest.mark.whole
def test_search_filter_sort_and_record(opened):
    page = opened["page"]
    assert (
        len(ids(page)) == 50
        and "70 of 70 measures" in page.inner_text("#count")
        and "SYNTHETIC: 70 of 70" in page.inner_text("#synthetic")
    )
    page.fill("#search", "INFIRMIERES requalif")
    expect(page.locator("#rows tr")).to_have_count(1)
    assert ids(page) == ["MDA-007"] and "(1 without a budget)" in page.inner_text("#count")
    page.click("#clear")
    page.select_option("#model_primary", "M01")
    assert ids(page) == ["MDA-005"]
    page.click("#clear")
    page.select_option("#sort", "budget_eur")
    page.click("#direction")
    assert ids(page)[:3] == ["MDA-070", "MDA-069", "MDA-068"]
    page.click("#next")
    assert ids(page)[-1] == "MDA-007" and page.is_disabled(
        "#next"
    )  # without a budget: last whatever the order
    page.click("#clear")
    page.click("tr[data-id='MDA-005'] button")
    assert page.is_visible("#record") and ATTACK in page.inner_text("#record-title")
    assert page.get_attribute("#record a", "href") == "https://example.org/a?b=1&c=2"
    page.keyboard.press("Escape")
    assert not page.is_visible("#record")
    page.fill("#search", "nothing fits this")
    expect(page.locator("#rows tr")).to_have_count(0)
    assert page.inner_text("#count") == "No measure fits."
    assert opened["errors"] == []
    assert all(u.startswith("file:") for u in opened["requests"])
    assert page.title() == "Measures <test>"


@pytest.mark.whole
def test_download_keeps_text_as_text(opened):
    page = opened["page"]
    page.fill("#search", "MDA-005")
    expect(page.locator("#rows tr")).to_have_count(1)
    with page.expect_download() as waiting:
        page.click("#download")
    text = waiting.value.path().read_text(encoding="utf-8-sig")
    assert text.count("\n") == 2 and '""quoted""' in text


@pytest.mark.whole
def test_a_record_has_an_address(chromium, made):
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(made.as_uri() + "#MDA-007")
        page.wait_for_selector("#record[open]")
        assert "MDA-007" in page.inner_text("#record-title")
        browser.close()


def test_the_file_itself(made, six, tmp_path):
    text = made.read_text(encoding="utf-8")
    assert text.count("<script") == 2 and "onerror=alert" in text and "<img" not in text
    assert "http://" not in text and text.count("https://") == 1
    assert "<title>Measures &lt;test&gt;</title>" in text and "default-src 'none'" in text
    french = six.site(tmp_path / "fr.html", on=date(2024, 6, 30), language="fr").read_text(
        encoding="utf-8"
    )
    assert 'lang="fr"' in french
    assert "Après la migration" in french
    assert "<title>Répertoire" in french
    assert (
        six.site(tmp_path / "again.html", on=date(2024, 6, 30), language="fr").read_text(
            encoding="utf-8"
        )
        == french
    )


def test_the_page_in_romanian(six, tmp_path):
    page = six.site(tmp_path / "ro.html", on=date(2024, 6, 30), language="ro")
    text = page.read_text(encoding="utf-8")
    assert 'lang="ro"' in text and "<title>Repertoriul" in text and "Republica Moldova" in text


def test_language_and_day_must_be_known(six, tmp_path):
    with pytest.raises(InputError, match="no such language"):
        six.site(tmp_path / "x.html", language="de")
    dateless = inventory.Inventory(six.frame.assign(date_retrieved=pd.NaT), six.sources)
    with pytest.raises(InputError, match="no day"):
        dateless.site(tmp_path / "x.html")
    assert any("give on=" in note for note in dateless.profile().notes)
