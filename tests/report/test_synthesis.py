"""Identity: a synthesis says what the country reports published and nothing else, after a check of
their hashes; one page without script in English and French, made whole or not at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mismes_eval.cli.report import _together
from mismes_eval.cli.synthesis import command
from mismes_eval.errors import MismesWarning, ParamsError, ReportError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.synthesis import CONCEPTS
from mismes_eval.impact.planning.meta_analysis import RandomEffects, random_effects
from mismes_eval.report.chapters import Chapter, Context
from mismes_eval.report.chapters.costs import cost_row, worth_items
from mismes_eval.report.chapters.impact import _effects
from mismes_eval.report.chapters.measures import measures
from mismes_eval.report.chapters.participation import participation
from mismes_eval.report.chapters.people import people
from mismes_eval.report.chapters.rollout import rollout_items
from mismes_eval.report.document.language import language
from mismes_eval.report.document.results import ESTIMATES
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table
from mismes_eval.report.factory.orders import PAGE
from mismes_eval.report.factory.publish import HIDDEN, KEPT
from mismes_eval.report.factory.run import Outcome
from mismes_eval.report.index import write_index
from mismes_eval.report.synthesis.comparable import comparable
from mismes_eval.report.synthesis.effects import findings
from mismes_eval.report.synthesis.published import FOLDER, read_published
from mismes_eval.report.synthesis.synthesis import synthesis, write_synthesis
from mismes_eval.report.synthesis.tables import Words
from mismes_eval.report.trust.archive import package
from mismes_eval.report.trust.provenance import MANIFEST, file_hash, outputs, read_manifest
from mismes_eval.report.trust.verify import verify
from mismes_eval.report.trust.verify_synthesis import is_synthesis, verify_synthesis

ROOT = Path(__file__).resolve().parents[2]


def facts(
    rate: float, effect: float, icls: str, country: str, apart: bool = False
) -> dict[str, Any]:
    """What a country publishes: an employment rate of two groups, one effect, an inventory."""
    number = {
        "ci_low": 0.1,
        "ci_high": 0.2,
        "n": 400.0,
        "degf": 90.0,
        "flag": "",
        "kind": "proportion",
        "unit": "share",
        "definition": "",
        "status": "shown",
        "table": "T08",
        "se": 0.02,
    }
    rates = [
        {
            "id": "L3.employment",
            "title": "Employment rate",
            "group": g,
            "value": rate + 0.1 * (g == "returnees"),
        }
        | number
        for g in ("returnees", "all residents")
    ]
    main = {
        "measure": f"{country}-001",
        "model": "M08",
        "outcome": "employed",
        "unit_of_outcome": "share",
        "design": "tracer panel",
        "method": "dr",
        "covariates": [],
        "months": 24.0,
        "main": True,
        "moved_apart": apart,
        "value": effect,
        "table": "T17",
    }
    models = [
        {"model": "M08", "measures": 3, "evaluated": 1, "with_comparison": 0},
        {"model": "M09", "measures": 2, "evaluated": 0, "with_comparison": 0},
    ]
    register = [
        {"status": "evaluated", "measures": 1, "budget_million": 2.0},
        {"status": "overdue", "measures": 4, "budget_million": 6.0},
    ]
    said = {**dict.fromkeys(CONCEPTS, "2023"), "icls": icls, "basis": ""}
    return {
        "schema": 1,
        "definitions": said,
        "indicators": rates,
        "effects": [number | main],
        "models": models,
        "register": register,
        "register_day": "2023-12-31",
        "price_years": [2020],
        "without_price_year": 0,
        "budget_total": 8.0,
        "without_budget": 1,
    }


def write_report(
    out: Path, country: str, published: Mapping[str, Any], synthetic: bool = True
) -> Path:
    """A report folder as the runner leaves it, without what a synthesis does not read."""
    folder = out / country
    folder.mkdir(parents=True)
    (folder / ESTIMATES).write_text(
        json.dumps({"schema": 1, "facts": {"comparison": published}, "tables": {}, "estimates": []})
    )
    (folder / PAGE).write_text("<html></html>")
    record = {
        "schema": 1,
        "country": country,
        "synthetic": synthetic,
        "started": "2026-01-02T03:04:05Z",
        "params": {"values": {"year": 2023}},
        "outputs": outputs(folder),
    }
    (folder / MANIFEST).write_text(json.dumps(record))
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Three countries; Georgia counts employment otherwise, and its groups moved apart."""
    for country, rate, effect, icls in (
        ("ARM", 0.50, 0.06, "ICLS-19"),
        ("GEO", 0.45, 0.02, "ICLS-13"),
        ("MDA", 0.42, 0.10, "ICLS-19"),
    ):
        write_report(
            tmp_path / "reports", country, facts(rate, effect, icls, country, country == "GEO")
        )
    return tmp_path / "reports"


def numbers(folder: Path) -> pd.DataFrame:
    """estimates.json by table, row and column."""
    return pd.DataFrame(json.loads((folder / ESTIMATES).read_text())["estimates"]).set_index(
        ["table", "row", "column"]
    )


@pytest.mark.whole
def test_a_synthesis_is_made_again_and_compared(out: Path, tmp_path: Path) -> None:
    """Also where the manifest was given the hash of a changed page, and what it says of itself."""
    folder, _ = write_synthesis(out, lang="fr")
    assert is_synthesis(folder) and not is_synthesis(out / "ARM")
    assert verify_synthesis(folder, tmp_path).reproduced
    page, manifest = folder / PAGE, folder / MANIFEST
    page.write_text(page.read_text(encoding="utf-8").replace("<td", "<td ", 1), encoding="utf-8")
    record = json.loads(manifest.read_text(encoding="utf-8"))
    record["outputs"] = outputs(folder)
    record["synthetic"] = not record["synthetic"]
    manifest.write_text(json.dumps(record), encoding="utf-8")
    found = verify_synthesis(folder, tmp_path)
    assert not found.reproduced and not found.tampered and not found.differences
    assert {d.table for d in found.inside} == {PAGE} and len(found.manifest) == 1
    (out / "GEO" / ESTIMATES).write_text("{}", encoding="utf-8")
    with pytest.raises(ReportError, match="not what its manifest says"):
        verify_synthesis(folder, tmp_path)


def test_the_numbers_are_those_of_the_reports_and_of_the_estimators(out: Path) -> None:
    folder, made = write_synthesis(out)
    assert made
    found = numbers(folder)
    assert found.loc[("S03", "Employment rate, returnees", "Armenia"), "value"] == 0.50 + 0.1
    gap = found.loc[("S04", "Employment rate, all residents: Armenia minus Moldova", "difference")]
    assert gap["value"] == pytest.approx(8.0) and gap["unit"] == "percentage points"
    assert (found.loc[found["status"] == "shown", "unit"] != "").all()
    assert gap["se"] == pytest.approx(100 * np.hypot(0.02, 0.02))
    r = random_effects([0.06, 0.02, 0.10], [0.02] * 3, "reml", "hartung_knapp_adhoc")
    row = next(x for _, x, _ in found.index if "mean effect, REML" in x)
    assert found.loc[("S06", row, "estimate"), "value"] == pytest.approx(100 * r.value)
    assert found.loc[("S06", row, "95% to"), "value"] == pytest.approx(100 * r.high)
    assert (
        found.loc[("S08", "All countries", "without an evaluation, million euro"), "value"] == 18.0
    )


def test_differences_are_in_points_where_the_first_country_has_no_number(tmp_path: Path) -> None:
    nothing = {"unit": "", "status": "not estimable", "value": None, "se": None}
    for country, rate in (("ARM", 0.5), ("GEO", 0.45), ("MDA", 0.42)):
        published = facts(rate, 0.05, "ICLS-19", country)
        if country == "ARM":
            published["indicators"] = [x | nothing for x in published["indicators"]]
        write_report(tmp_path / "reports", country, published)
    folder, _ = write_synthesis(tmp_path / "reports")
    row = "Employment rate, all residents: Georgia minus Moldova"
    gap = numbers(folder).loc[("S04", row, "difference")]
    assert gap["value"] == pytest.approx(3.0) and gap["unit"] == "percentage points"


def test_countries_with_other_definitions_are_neither_compared_nor_ranked(out: Path) -> None:
    folder, _ = write_synthesis(out)
    assert not [x for t, x, _ in numbers(folder).index if t.startswith("S04") and "Georgia" in x]
    html = (folder / PAGE).read_text()
    assert "Countries differ in: ICLS version. They are not ranked." in html
    assert "Armenia, Moldova" in html


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_page_stands_alone_and_says_that_its_data_are_made_up(out: Path, lang: str) -> None:
    folder, _ = write_synthesis(out, lang=lang)
    html = (folder / PAGE).read_text(encoding="utf-8")
    assert f'<html lang="{lang}">' in html
    assert not re.search(r"<script|<link|https?://(?!www\.w3\.org)", html)
    assert html.count("SYNTHETIC DATA") > 10
    assert re.findall(r"<h1\b", html) == ["<h1"]
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
    for id_ in ("S01", "S02", "S03", "S04", "S05", "S06", "S07", "S08", "S09", "S10", "G01", "G02"):
        assert id_ in ids


@pytest.mark.whole
def test_the_french_page_has_no_untranslated_text(out: Path) -> None:
    folder, _ = write_synthesis(out, lang="fr")
    results = json.loads((folder / ESTIMATES).read_text())
    assert results["untranslated"] == []
    assert results["language"] == "fr"
    assert "Ils ne sont pas classés" in (folder / PAGE).read_text()


@pytest.mark.whole
def test_it_is_made_again_only_when_a_report_changed_and_leaves_nothing_behind(out: Path) -> None:
    folder, _ = write_synthesis(out)
    before = file_hash(folder / ESTIMATES)
    assert write_synthesis(out) == (folder, False)
    (folder / PAGE).write_text("changed by hand")
    with pytest.warns(MismesWarning, match=f"kept elsewhere.*{PAGE}"):
        assert write_synthesis(out)[1]
    assert (out / KEPT / f"{FOLDER}-1" / PAGE).read_text() == "changed by hand"
    assert file_hash(folder / ESTIMATES) == before
    expected = ["ARM", "GEO", "MDA", FOLDER]
    assert sorted(p.name for p in out.iterdir() if p.name not in (HIDDEN, KEPT)) == expected
    assert not list((out / ".work").iterdir())


@pytest.mark.whole
def test_its_manifest_names_the_reports_by_their_hashes(out: Path) -> None:
    folder, _ = write_synthesis(out)
    record = read_manifest(folder)
    told = {i["path"]: i["sha256"] for i in record["inputs"]}  # type: ignore[attr-defined]
    assert told == {
        f"{c}/{f}": file_hash(out / c / f)
        for c in ("ARM", "GEO", "MDA")
        for f in (MANIFEST, ESTIMATES)
    }
    book = openpyxl.load_workbook(folder / "tables.xlsx", read_only=True)
    assert {"S03", "S04", "S06", "S07b"} <= set(book.sheetnames)
    book.close()


def test_a_changed_report_a_missing_one_and_an_old_one_are_refused(out: Path) -> None:
    (out / "ARM" / PAGE).write_text("tampered")
    (out / "MDA" / "new.txt").write_text("added")
    with pytest.raises(ReportError) as caught:
        read_published(out)
    expected = [f"ARM/{PAGE}: changed", "MDA/new.txt: not in the manifest"]
    assert [p.where for p in caught.value.problems] == expected
    with pytest.raises(ParamsError, match="TUN"):
        write_synthesis(out, ["GEO", "TUN"])
    write_report(out, "JOR", {"schema": 0})
    with pytest.raises(ParamsError, match="no results to compare"):
        read_published(out, ["JOR"])
    assert not (out / FOLDER).exists()


@pytest.mark.whole
def test_made_up_and_real_countries_are_mixed_only_when_asked_and_named(out: Path) -> None:
    write_report(out, "TUN", facts(0.4, 0.1, "ICLS-19", "TUN"), synthetic=False)
    with pytest.raises(ParamsError, match="made-up and real"):
        write_synthesis(out)
    folder, _ = write_synthesis(out, mixed=True)
    assert (
        "SYNTHETIC DATA: the numbers of Armenia, Georgia, Moldova are made up; those of the other countries are real."
        in (folder / PAGE).read_text()
    )


@pytest.mark.whole
def test_names_with_markup_are_shown_as_text(out: Path) -> None:
    odd = facts(0.4, 0.1, "<script>alert(1)</script>", "TUN")
    odd["effects"][0]["measure"] = "<img src=x onerror=alert(1)>"
    write_report(out, "TUN", odd)
    html = (write_synthesis(out)[0] / PAGE).read_text()
    assert "<script" not in html
    assert "<img src=x" not in html


@pytest.mark.whole
def test_it_stands_on_the_index_and_is_no_country_report(out: Path) -> None:
    folder, _ = write_synthesis(out)
    assert f'href="{FOLDER}/{PAGE}"' in write_index(out, []).read_text()
    with pytest.raises(ParamsError, match="made from reports"):
        verify(folder, out, out, None, lambda name, what: None)
    with pytest.raises(ParamsError, match="made from reports"):
        package(folder, out, out, out / "x.zip", with_data=False)
    assert synthesis(out).countries == ("ARM", "GEO", "MDA")


@pytest.mark.whole
def test_after_all_reports_the_synthesis_is_made_or_the_missing_country_named(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = [Outcome(c, "made", 1.0, out / c) for c in ("ARM", "GEO", "MDA")]
    assert "MDA failed" in _together(out, [*done[:2], Outcome("MDA", "failed", 1.0)])
    assert not (out / FOLDER).exists()
    assert "made" in _together(out, done)
    assert "unchanged" in _together(out, done)
    assert (
        command.main(["--out", str(out), "--force", "--language", "fr"], standalone_mode=False) == 0
    )
    assert "made" in capsys.readouterr().out
    assert "unchanged" in _together(out, done), (
        "the language of the synthesis that is there is kept"
    )


@pytest.fixture(scope="module")
def context(evaluated: Callable[[str], Evaluation]) -> Context:
    """The evidence of a made-up country of the repository."""
    return Context(evaluated("ARM"), Rules(), language("fr"))


def chapters(context: Context) -> dict[str, Chapter]:
    """The chapters that publish for comparison, before they are shown."""
    study = context.evaluation.tracing
    assert study is not None
    made = {c.id: c for c in (measures(context), people(context), participation(context))}
    return made | {
        "impact": Chapter(
            "impact", "", tuple(_effects(context, study, e) for e in context.evaluation.effects)
        )
    }


@pytest.mark.whole
def test_what_is_published_for_comparison_are_the_numbers_of_the_tables(context: Context) -> None:
    published: Any = comparable(context, chapters(context))
    rate = next(
        i
        for i in published["indicators"]
        if (i["id"], i["group"]) == ("L3.employment", "returnees")
    )
    e = context.evaluation.indicators(by=("status",), which=("L3",))["L3.employment"]
    assert isinstance(e, Estimate)
    k = e.keys["status"].astype(str).tolist().index("returnee")
    expected = (float(e.value[k]), float(e.se[k]), float(e.n[k]))
    assert (rate["value"], rate["se"], rate["n"]) == expected
    main = [x for x in published["effects"] if x["main"]]
    own = context.evaluation.effects[0].by_wave["employed", 3]
    assert isinstance(own, Estimate)
    assert [(x["measure"], x["model"], x["value"], x["months"]) for x in main] == [
        ("ARM-001", "M08", float(own.value[0]), 24.0)
    ]
    assert published["definitions"]["icls"] == "ICLS-19"
    assert sum(m["measures"] for m in published["models"]) == sum(
        r["measures"] for r in published["register"]
    )


@pytest.mark.whole
def test_what_a_report_hides_is_hidden_in_what_it_publishes_for_comparison(
    context: Context,
) -> None:
    strict = replace(context, rules=Rules(min_cell=600, min_mean=100_000))
    published: Any = comparable(strict, chapters(strict))
    hidden = [
        x
        for x in (*published["indicators"], *published["effects"])
        if x["status"] == "confidential"
    ]
    assert len(hidden) > 20
    assert all(x[k] is None for x in hidden for k in ("value", "se", "ci_low", "ci_high", "n"))
    assert {x["status"] for x in published["effects"]} == {"confidential"}
    tables = {i.id: i for c in chapters(strict).values() for i in c.items if isinstance(i, Table)}
    assert all(
        tables[x["table"]].published()["value"].eq(x["value"]).any()
        for x in published["indicators"]
        if x["value"] is not None
    )


def test_a_summary_knows_its_studies(out: Path) -> None:
    (summary,) = synthesis(out).summaries
    assert isinstance(summary.main, RandomEffects)
    assert summary.main.k == 3
    assert isinstance(summary.alike_before, RandomEffects)
    assert summary.alike_before.k == 2


@pytest.mark.parametrize(
    ("effect_of_georgia", "said"), [(0.06, True), (0.065, True), (-0.02, False)]
)
def test_a_mean_effect_that_hangs_on_groups_that_moved_apart_says_so(
    tmp_path: Path, effect_of_georgia: float, said: bool
) -> None:
    """Three effects that agree exclude zero together; without the one whose groups moved apart two
    countries do not. One that disagrees leaves nothing to doubt.
    """
    for country, effect in (("ARM", 0.075), ("GEO", effect_of_georgia), ("MDA", 0.055)):
        write_report(
            tmp_path / "reports", country, facts(0.5, effect, "ICLS-19", country, country == "GEO")
        )
    evidence = synthesis(tmp_path / "reports")
    (line,) = [
        text for text, anchor in findings(Words(evidence, language("en"))) if anchor == "S06"
    ]
    main = evidence.summaries[0].main
    assert isinstance(main, RandomEffects) and (main.low > 0) == said
    assert (
        ("higher than without the measures" in line)
        == said
        == ("without them no effect could be shown" in line)
    )
    assert ("no effect on 'employed, at home or abroad' could be shown" in line) != said
    assert ("In another country there may be no effect" in line) == (
        said and main.prediction[0] <= 0
    )


def _effects_of(published: Any) -> list[dict[str, Any]]:
    return list(published["effects"])


@pytest.mark.whole
def test_a_roll_out_is_compared_with_the_error_that_its_report_speaks_with(
    evaluated: Callable[[str], Evaluation],
) -> None:
    """One of the sides has one region: no bootstrap over regions can be had, and the synthesis takes
    the design's interval as the country report does.
    """
    own = Context(evaluated("MDA"), Rules(), language("en"))
    rolled = own.evaluation.rollout
    assert rolled is not None and isinstance(rolled.overall, Estimate)
    assert isinstance(rolled.wild, NotEstimable)
    items = tuple(rollout_items(own, rolled))
    published: Any = comparable(own, {"impact": Chapter("impact", "", items)})
    assert not any(x["measure"] == "MDA-003" for x in _effects_of(comparable(own, {})))
    (line,) = [x for x in published["effects"] if x["measure"] == "MDA-003"]
    low, high = (float(v) for v in rolled.overall.ci().iloc[0])
    assert (line["value"], line["ci_low"], line["ci_high"]) == pytest.approx(
        (float(rolled.overall.value[0]), low, high)
    )


def cost(country: str, status: str) -> dict[str, Any]:
    """What a report publishes of the cost of an additional job-year."""
    shown = status == "shown"
    numbers_of = {"value": 7654.0, "ci_low": 5000.0, "ci_high": 9000.0}
    about = {"measure": f"{country}-001", "model": "M08", "currency": "EUR", "price_year": 2020}
    assumed = {"horizon": 3.0, "measured": None if country == "ARM" else 36.0, "status": status}
    return about | assumed | (numbers_of if shown else dict.fromkeys(numbers_of))


@pytest.fixture
def with_costs(tmp_path: Path) -> Path:
    """Three reports: one shows its cost, one hides it, one has none to give."""
    for country, status in (("ARM", "shown"), ("GEO", "confidential"), ("MDA", "not estimable")):
        published = facts(0.5, 0.06, "ICLS-19", country) | {"costs": [cost(country, status)]}
        write_report(tmp_path / "reports", country, published)
    return tmp_path / "reports"


@pytest.mark.whole
def test_costs_of_an_additional_job_stand_side_by_side_and_hidden_ones_say_so(
    with_costs: Path,
) -> None:
    folder, _ = write_synthesis(with_costs)
    html = (folder / PAGE).read_text(encoding="utf-8")
    table = html[html.index('id="S06c"') :]
    table = table[: table.index("</table>")]
    lines = [line for line in table.split("<tr") if "-001" in line]
    assert "7,654 (5,000 to 9,000) EUR, prices of 2020" in lines[0]
    assert "assumes that the effect lasts 3 years" in lines[0]
    assert "hidden by the report" in lines[1] and "up to 36 months after enrolment" in lines[1]
    assert "not given: the report shows no gain in jobs that has a price" in lines[2]
    assert html.count("7,654") == 1


@pytest.mark.whole
def test_the_costs_are_french(with_costs: Path) -> None:
    folder, _ = write_synthesis(with_costs, lang="fr")
    assert json.loads((folder / ESTIMATES).read_text())["untranslated"] == []


def test_published_costs_are_those_of_the_table_of_costs(context: Context) -> None:
    study = context.evaluation.tracing
    assert study is not None
    table = worth_items(context, study)[0]
    assert isinstance(table, Table)
    published: Any = comparable(context, {"worth": Chapter("worth", "", (table,))})
    rows = table.published().set_index(["row", "column"])
    name = cost_row(context, "ARM-001", "cost per additional job-year")
    cell = rows.loc[(name, "estimate")]
    (line,) = [x for x in published["costs"] if x["measure"] == "ARM-001"]
    assert line["status"] == cell["status"] and line["currency"] == "EUR"
    assert line["value"] == (float(cell["value"]) if np.isfinite(cell["value"]) else None)
    strict = replace(table, cells=table.cells.assign(status="confidential", value=np.nan))
    hidden: Any = comparable(context, {"worth": Chapter("worth", "", (strict,))})
    assert {x["value"] for x in hidden["costs"]} == {None}
