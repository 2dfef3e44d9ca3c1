"""A sheet for each evaluated measure; the main part and the annex together hold every item once."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.evaluation.tracer_study import TREATED
from mismes_eval.report.chapters.annex import behind, cells_of_notebook, core
from mismes_eval.report.chapters.base import Sheet
from mismes_eval.report.chapters.description import NOT_RECORDED, description
from mismes_eval.report.country import CountryReport
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.figures import Figure

from .conftest import WholeReport

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def report(whole_report: Callable[[str, str], WholeReport]) -> CountryReport:
    """A made-up country with two measures followed and one rolled out."""
    return whole_report("MDA", "en").report


def test_each_evaluated_measure_has_a_sheet(report: CountryReport) -> None:
    items = report.chapters["sheets"].items
    heads = [str(i).partition(" ")[0] for i in items if isinstance(i, Sheet)]
    assert heads == ["MDA-001", "MDA-002", "MDA-003"]
    ids = [i.id for i in items if not isinstance(i, str)]
    for measure in heads[:2]:
        assert {f"{t}-{measure}" for t in ("T25", "T26", "T27", "F14")} <= set(ids)
    assert "T25-MDA-003" in ids and "T26-MDA-003" not in ids


def test_the_flow_counts_the_measures_own_persons(report: CountryReport) -> None:
    """Each shown number of T26 is the count of the file; wave after wave out of those enrolled."""
    study = report.context.evaluation.tracing
    panel = study.of("MDA-001")
    treated = panel.sample.active & (panel.sample.frame[TREATED].to_numpy(float) == 1)
    cell = report.published.get("T26-MDA-001", "enrolled", "participants")
    assert cell is not None and cell.shown and cell.value == treated.sum()
    for wave in study.waves:
        row = f"interviewed after {study.months[wave]:.0f} months"
        cell = report.published.get("T26-MDA-001", row, "participants")
        assert cell is not None and cell.value == (treated & study.responded(wave)).sum()


def test_the_path_is_of_the_measures_own_groups(report: CountryReport) -> None:
    """Two arms at enrolment and every wave, each mean of one measure, not of all together."""
    figures = {i.id: i for i in report.chapters["sheets"].items if isinstance(i, Figure)}
    one, two = figures["F14-MDA-001"].data, figures["F14-MDA-002"].data
    study = report.context.evaluation.tracing
    assert study is not None and len(one) == 2 * (1 + len(study.waves))
    assert not np.allclose(one["value"], two["value"], equal_nan=True)


def test_what_the_inventory_lacks_is_not_recorded(report: CountryReport) -> None:
    context = report.context
    inventory = context.evaluation.inventory
    assert inventory is not None
    bare = dataclasses.replace(context.evaluation, kept={})
    blank = inventory.frame.copy()
    others = [column for column in blank.columns if column not in ("measure_id", "country")]
    blank.loc[blank["measure_id"] == "MDA-001", others] = pd.NA
    object.__setattr__(bare, "inventory", dataclasses.replace(inventory, frame=blank))
    table = description(dataclasses.replace(context, evaluation=bare), "MDA-001", None)
    told = dict(table.frame.itertuples(index=False))
    comparison = told.pop("Comparison group")
    assert set(told.values()) == {NOT_RECORDED} and "regions" in comparison


def test_what_the_register_counts_stands_as_its_implementer_stated_it(
    report: CountryReport,
) -> None:
    """Few as they are: T01b and the site of the register print the same numbers."""
    context = report.context
    inventory = context.evaluation.inventory
    assert inventory is not None
    frame = inventory.frame.copy()
    frame.loc[frame["measure_id"] == "MDA-001", ["benef_reached", "benef_completed"]] = [7, 3]
    few = dataclasses.replace(context.evaluation, kept={})
    object.__setattr__(few, "inventory", dataclasses.replace(inventory, frame=frame))
    table = description(dataclasses.replace(context, evaluation=few), "MDA-001", None)
    told = " ".join(table.frame["On record"])
    assert "7 reached, 3 completed" in told


def test_a_budget_of_one_payer_is_not_printed(report: CountryReport) -> None:
    items = {i.id: i for i in report.chapters["sheets"].items if isinstance(i, TextTable)}
    told = dict(items["T25-MDA-001"].frame.itertuples(index=False))
    assert not any(sign.isdigit() for sign in told["Budget"])
    assert told["Dates"] == "1 January 2019 to 30 April 2021"


def test_main_part_and_annex_hold_every_item_once(report: CountryReport, tmp_path: Path) -> None:
    for chapter in report.chapters.values():
        parts = [*core(chapter), *behind(chapter)]
        assert sorted(map(id, parts)) == sorted(map(id, chapter.items))
    session = dataclasses.replace(report.session, work=tmp_path, tables={}, figures={}, origins={})
    report = dataclasses.replace(report, session=session)
    pages = [report.main(name).html for name in report.chapters]
    annex = report.annex().html
    every = {i.id for c in report.chapters.values() for i in c.items if not isinstance(i, str)}
    assert set(report.session.tables) | set(report.session.figures) == every
    assert 'id="T12b"' in annex and 'id="T12b"' not in "".join(pages)
    assert any('id="T20"' in page for page in pages) and 'id="T20"' not in annex
    cells = cells_of_notebook(report.chapters)
    assert cells["people"] == 'report.main("people"), report.annex()'
    assert cells["sheets"] == 'report.main("sheets")'


def test_no_note_prints_a_bare_fraction(report: CountryReport) -> None:
    """Why a job-year has no price is said without numbers, which T20 may hide."""
    table = next(i for i in report.chapters["impact"].items if getattr(i, "id", "") == "T20")
    assert isinstance(table, Table)
    reasons = [str(r) for r in table.cells["definition"] if "covers 0" in str(r)]
    assert reasons and not any(re.search(r"\d\.\d", r) for r in reasons)
