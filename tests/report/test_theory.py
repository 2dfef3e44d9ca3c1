"""Identity: the theory of change of the params is the report's table, each step beside what
measures it; what is missing is said there and among the limitations.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest

from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.params import Params
from mismes_eval.report.chapters import Context
from mismes_eval.report.chapters.limits import limits
from mismes_eval.report.chapters.plan import deviations
from mismes_eval.report.chapters.theory import ABSENT, explained, shortfalls, theory
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import TextTable

ROOT = Path(__file__).resolve().parents[2]
SHOWN = {
    "T17-MDA-001": "Effects of MDA-001",
    "T17-MDA-002": "Effects of MDA-002",
    "T20": "Cost",
    "T170": "Another",
}


@pytest.fixture(scope="module")
def context(evaluated: Callable[[str], Evaluation]) -> Context:
    return Context(evaluated("MDA"), Rules(), language("en"))


def with_values(context: Context, values: Mapping[str, object]) -> Context:
    p = context.evaluation.params
    params = p.changed(values)
    return dataclasses.replace(
        context, evaluation=dataclasses.replace(context.evaluation, params=params)
    )


def chain(
    context: Context, measures: tuple[str, ...] = (), **parts: Mapping[str, tuple[str, ...]]
) -> Context:
    names = ("inputs", "activities", "outputs", "outcomes", "assumptions")
    values = {f"theory_of_change.{n}": parts.get(n, {}) for n in names}
    return with_values(context, {**values, "theory_of_change.measures": measures})


def the_table(context: Context) -> TextTable:
    (found,) = theory(context, SHOWN)
    assert isinstance(found, TextTable)
    return found


def test_each_step_stands_beside_what_measures_it(context: Context) -> None:
    told = chain(
        context,
        outputs={"Courses are completed": ("T20",), "A plan is written": ()},
        outcomes={"People work": ("T17", "F99")},
    )
    t = the_table(told)
    assert t.frame.to_numpy().tolist() == [
        ["outputs", "Courses are completed", "T20 Cost"],
        ["outputs", "A plan is written", "not measured here"],
        ["outcomes", "People work", "T17-MDA-001, T17-MDA-002; F99: not in this report"],
    ]
    assert any(n.startswith("Nothing is said of: inputs, activities, assumptions") for n in t.notes)
    assert any("MDA-001, MDA-002, MDA-003" in n for n in t.notes)
    expected = ("MDA-001", "MDA-002", "MDA-003")
    assert explained(told) == expected


@pytest.mark.whole
def test_without_one_the_report_says_so_there_and_among_the_limitations(context: Context) -> None:
    none = chain(context)
    assert the_table(none).frame.iloc[0, 1] == ABSENT
    limitations = limits(dataclasses.replace(none, shown=SHOWN)).items[1]
    assert isinstance(limitations, TextTable)
    assert ABSENT in limitations.frame["What to keep in mind"].tolist()


@pytest.mark.whole
def test_what_stays_unmeasured_or_unexplained_is_a_limitation(context: Context) -> None:
    told = chain(
        context,
        ("MDA-001",),
        outputs={"Courses are completed": ("T20",), "A plan is written": ()},
        outcomes={"People work": ("F99",)},
    )
    said = [text for _, text in shortfalls(dataclasses.replace(told, shown=SHOWN))]
    assert said == [
        "2 of 3 steps are measured by nothing in this report (T05d).",
        "None was given for MDA-002, MDA-003.",
    ]
    whole = chain(context, outcomes={"People work": ("T17",)})
    assert shortfalls(dataclasses.replace(whole, shown=SHOWN)) == []


@pytest.mark.parametrize("name", ["ARM", "GEO", "MDA", "MAR", "TUN"])
def test_the_shipped_countries_have_one(name: str) -> None:
    p = Params.load(ROOT / "params" / f"{name}.yaml")
    parts = [
        getattr(p.theory_of_change, part)
        for part in ("inputs", "activities", "outputs", "outcomes", "assumptions")
    ]
    assert all(parts) and any(not ids for part in parts for ids in part.values())
    inventory = pd.read_csv(ROOT / "data_raw" / name / "inventory.csv")
    assert set(p.theory_of_change.measures) <= set(inventory["measure_id"])


def test_the_shipped_plan_is_compared_and_says_that_it_is_made_up(context: Context) -> None:
    t = deviations(context)
    assert isinstance(t, TextTable)
    rows = t.frame.set_index(["Subject", "Value"])
    assert rows.loc[("registration", "SYNTHETIC-PAP-MDA-2019"), "Deviation"] == "not compared"
    found = rows.loc[("registration", "SYNTHETIC-PAP-MDA-2019"), "Reason given in the plan file"]
    assert "Made up" in found
    assert rows.loc[("outcome", "job_match"), "Deviation"] == "planned, not done"
    assert rows.loc[("group", "vulnerable"), "Deviation"] == "as planned"  # T18 and T27 have it
    assert rows.loc[("group", "isced"), "Deviation"] == "done, not planned"
    assert rows.loc[("group", "isced"), "In words"] == "skill level"
    assert rows.loc[("outcome", "months_employed_12m"), "Deviation"] == "done, not planned"
    assert rows.loc[("main wave", "3"), "In words"] == "24 months"
    assert rows.loc[("covariate", "male"), "In words"] == "sex"
    kept = int((t.frame["Deviation"] == "as planned").sum())
    assert any(
        n.startswith(f"{kept} of {len(t.frame) - 2} choices are as planned") for n in t.notes
    )
    assert not any("no registration" in n for n in t.notes)


def test_a_plan_without_registration_says_so(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text("item,value\noutcome,employed\n", encoding="utf-8")
    t = deviations(with_values(context, {"inputs.analysis_plan": path}))
    assert isinstance(t, TextTable)
    assert any("names no registration" in n for n in t.notes)
