"""What a survey does not have is not a fact: without weights, households or a question on migration
the report says so and prints no total; moves under GLD's names alone give a status.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.evaluation.heterogeneity import VULNERABLE, flagged
from mismes_eval.evaluation.readiness import readiness
from mismes_eval.impact.did.heterogeneity import GroupEffects
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.claims import claims
from mismes_eval.report.chapters.description import description, eligible_in_short
from mismes_eval.report.chapters.participation import participation
from mismes_eval.report.chapters.quality import quality
from mismes_eval.report.country import CountryReport
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table

PERSONS = 900


def persons(weight: float) -> pd.DataFrame:
    """Made-up persons, every row a household of its own, one weight for all."""
    r = np.random.default_rng(3)
    moved = r.random(PERSONS) < 0.3
    return pd.DataFrame(
        {
            "countrycode": "MDA",
            "year": 2023,
            "hhid": [f"h{i}" for i in range(PERSONS)],
            "pid": "1",
            "weight": weight,
            "male": r.integers(0, 2, PERSONS),
            "age": r.integers(15, 70, PERSONS),
            "lstatus": r.choice([1, 2, 3], PERSONS, p=[0.6, 0.1, 0.3]),
            "icls_v": "ICLS-19",
            "migrated_binary": moved.astype(int),
            "migrated_from_cat": np.where(moved, 5, np.nan),
            "migrated_years": np.where(moved, 3, np.nan),
        }
    )


def made(folder: Path, weight: float) -> tuple[me.Params, CountryReport]:
    (folder / "params").mkdir()
    (folder / "work").mkdir()
    persons(weight).to_csv(folder / "lfs.csv", index=False)
    path = folder / "params" / "MDA.yaml"
    head = "country: MDA\nsynthetic: true\nyear: 2023\ninputs: {lfs: lfs.csv}\n"
    path.write_text(head + "definitions: {preset: gld}\n", encoding="utf-8")
    params = me.Params.load(path)
    return params, me.country_report(me.Session(params, folder / "work", language("en"), True))


def table(report: CountryReport, chapter: str, name: str) -> pd.DataFrame:
    (found,) = [i for i in report.chapters[chapter].items if getattr(i, "id", "") == name]
    assert isinstance(found, Table)
    return found.cells


@pytest.mark.whole
@pytest.mark.parametrize("weight", [1.0, 120.0])
def test_totals_stand_where_the_weights_add_to_a_population(tmp_path: Path, weight: float) -> None:
    params, report = made(tmp_path, weight)
    whole = weight > 1
    lines = " ".join(readiness(params).lines)
    assert ("do not add to a population" in lines) is not whole
    said = [i for i in report.chapters["data"].items if isinstance(i, str)]
    assert any("used as delivered" in s for s in said) is whole
    unemployed = table(report, "people", "T08c")
    assert (unemployed["status"] == "shown").all() == whole
    quality = table(report, "data", "T06c").set_index("row")
    assert quality.loc["households", "status"] == "not estimable"


@pytest.mark.whole
def test_moves_under_the_names_of_gld_alone_give_a_status(tmp_path: Path) -> None:
    params, report = made(tmp_path, 120.0)
    returned = int(persons(120.0)["migrated_binary"].sum())
    lines = " ".join(readiness(params).lines)
    assert f"RET {returned:,} ({120 * returned:,.0f})" in lines
    shares = table(report, "people", "T07a").set_index("row")["value"]
    assert shares["returnees, % of residents"] == pytest.approx(returned / PERSONS)


def bare_context(evaluation: me.Evaluation, **without: None) -> Context:
    """A run that lacks some of its inputs."""
    lacking = dataclasses.replace(evaluation, kept={}, **without)  # type: ignore[arg-type]
    return Context(lacking, Rules(), language("en"))


@pytest.mark.whole
def test_a_tracer_study_alone_is_not_described_by_what_it_lacks(
    evaluated: Callable[[str], me.Evaluation],
) -> None:
    """No list of what no inventory records; no note on a survey or its figure; sources that are
    there."""
    context = bare_context(evaluated("MDA"), survey=None, inventory=None)
    study = context.evaluation.tracing
    told = description(context, "MDA-001", study)
    assert list(told.frame["Of the measure"]) == ["Comparison group"]
    assert told.notes == ("Not supplied: this run names no inventory.",)
    assert not any("F07" in note or "survey" in note for note in quality(context).notes)
    (numbers,) = [item for item in claims(context).items if getattr(item, "id", "") == "T50"]
    assert isinstance(numbers, Table) and numbers.source == "of this run: tracer study"
    assert eligible_in_short(context, "MDA-001") == "for whom: not recorded"


@pytest.mark.whole
def test_coverage_speaks_of_beneficiaries_where_there_is_an_inventory(
    evaluated: Callable[[str], me.Evaluation],
) -> None:
    whole = evaluated("MDA")
    for without, told in (({}, True), ({"inventory": None}, False)):
        items = participation(bare_context(whole, **without)).items
        (coverage,) = [item for item in items if getattr(item, "id", "") == "T03"]
        assert isinstance(coverage, Table)
        assert any("inventory" in note for note in coverage.notes) is told


def test_effects_by_vulnerability_stand_where_the_study_says_who_is_vulnerable(
    evaluated: Callable[[str], me.Evaluation],
) -> None:
    whole = evaluated("MDA")
    found, study = whole.whom, whole.tracing
    assert found is not None and study is not None
    groups = found.groups["MDA-001", VULNERABLE]
    assert isinstance(groups, GroupEffects) and sorted(groups.effects.names) == ["no", "yes"]
    flags = study.panel.sample.frame[VULNERABLE]
    unflagged = study.panel.sample.frame.drop(columns=VULNERABLE)
    assert flagged(unflagged) == me.NotEstimable(
        "the tracer study does not say who is vulnerable (column 'vulnerable')"
    )
    known = flagged(study.panel.sample.frame)
    assert isinstance(known, pd.Series)
    assert (known == "yes").sum() == flags.astype(bool).sum()
