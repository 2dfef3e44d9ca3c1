"""Disclosure: a linear-programming attack on random tables and on a whole report recovers no hidden
cell, and no output holds a hidden number.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import DisclosureError, ParamsError, ReportError
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.report.chapters import Context
from mismes_eval.report.chapters.people import people
from mismes_eval.report.country import CountryReport, release
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.suppression import Relation, attack, dominance, protect, recovered
from mismes_eval.report.document.tables import HIDDEN, POOR, Table

from ..some import some
from .conftest import WholeReport


def random_table(rng: np.random.Generator) -> tuple[dict[object, float], list[Relation]]:
    """A table with two or three ways and all its margins."""
    sizes = tuple(rng.integers(2, 5, rng.integers(2, 4)))
    x = rng.negative_binomial(1, 0.05, sizes).astype(float)
    values: dict[object, float] = {}
    for index in itertools.product(*[[*range(d), "all"] for d in sizes]):
        values[index] = float(x[tuple(slice(None) if i == "all" else i for i in index)].sum())
    relations = [
        Relation(index, tuple((*index[:a], j, *index[a + 1 :]) for j in range(sizes[a])))
        for index in values
        for a, i in enumerate(index)  # type: ignore[arg-type, var-annotated]
        if i == "all"
    ]
    return values, relations


@pytest.mark.parametrize("number", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_no_hidden_cell_of_random_tables_is_recovered(number: int) -> None:
    rng = np.random.default_rng(20150601)
    protected = 0
    for _ in range(number):
        values, relations = random_table(rng)
        small = [k for k, v in values.items() if 0 < v < 10]
        done = protect(values, small, relations)
        assert not recovered(done.interval)
        for cell in small:
            low, high = done.interval[cell]
            assert low <= values[cell] - min(1.0, values[cell]) + 1e-6
            assert high >= values[cell] + 1.0 - 1e-6
        protected += len(small)
    assert protected > number


def test_a_single_hidden_cell_of_a_row_would_be_recovered_without_protection() -> None:
    values: dict[object, float] = {"a": 4.0, "b": 20.0, "c": 30.0, "all": 54.0}
    rule = [Relation("all", ("a", "b", "c"))]
    assert recovered(attack(values, ["a"], rule)) == ["a"]
    done = protect(values, ["a"], rule)
    assert len(done.secondary) == 1
    assert protect({"a": 4.0, "all": 4.0}, ["a"], [Relation("all", ("a",))]).secondary == ("all",)
    with pytest.raises(DisclosureError, match="unknown cell"):
        protect({"a": 4.0}, ["a"], [Relation("all", ("a",))])


def test_dominance_by_one_funder() -> None:
    assert dominance(np.array([100.0, 30.0, 5.0]))
    assert not dominance(np.array([100.0, 90.0, 80.0]))
    assert dominance(np.array([50.0]))
    assert not dominance(np.array([]))


def test_rules_say_what_a_number_may_be() -> None:
    rules = Rules()
    assert rules.confidential("share", 9)
    assert not rules.confidential("share", 10)
    assert rules.confidential("mean", 29)
    assert not rules.confidential("share", 0)
    assert [rules.flag("share", cv) for cv in (0.1, 0.2, 0.4)] == ["", "u", POOR]
    assert rules.flag("effect", 3.0) == ""
    assert Rules(min_weighted=7500).flag("total", 0.05, 7000) == "u"
    with pytest.raises(ParamsError):
        Rules(min_cell=1)


@pytest.fixture(scope="module")
def report(whole_report: Callable[[str, str], WholeReport]) -> CountryReport:
    return whole_report("MDA", "en").report


def test_a_whole_report_shows_no_small_cell_and_lists_what_it_hides(report: CountryReport) -> None:
    tables = [i for c in report.chapters.values() for i in c.items if isinstance(i, Table)]
    assert len(tables) >= 20
    hidden = 0
    for table in some(tables):
        shown = table.cells[table.cells["status"] == "shown"]
        small = shown[
            shown["kind"].isin(["share", "proportion", "total"])
            & (shown["n"] > 0)
            & (shown["n"] < 10)
        ]
        assert small.empty, table.id
        means = shown[
            shown["kind"].isin(["mean", "quantile", "ratio"]) & (shown["n"] > 0) & (shown["n"] < 30)
        ]
        assert means.empty, table.id
        published = table.published()
        gone = published[published["status"] != "shown"]
        assert gone["value"].isna().all(), table.id
        hidden += int(table.cells["status"].isin(["confidential", "secondary"]).sum())
        if table.cells["status"].isin(["confidential", "secondary"]).any():
            assert f">{HIDDEN}<" in table.to_html()
    assert hidden == int(report.audit["status"].isin(["confidential", "secondary"]).sum())
    assert hidden > 0


def test_every_number_carries_a_unit_and_with_an_error_its_n(report: CountryReport) -> None:
    for chapter in some(report.chapters.values()):
        for table in (i for i in chapter.items if isinstance(i, Table)):
            estimated = table.cells[
                (table.cells["status"] == "shown")
                & table.cells["kind"].isin(["share", "proportion", "total", "mean", "quantile"])
            ]
            shown = table.cells[table.cells["status"] == "shown"]
            assert (shown["unit"] != "").all() and shown["unit"].notna().all(), table.id
            withheld = estimated["n"].isna()
            html = table.to_html()
            for column in estimated.loc[withheld, "column"].unique():
                assert "n = c" in html and html.count(">n</th>"), (table.id, column)
                assert f'<td class="num n">{HIDDEN}</td>' in html, (table.id, column)
            assert estimated["se"].notna().all(), table.id
            assert table.synthetic
            assert "SYNTHETIC" in table.to_html()


def test_no_count_of_an_age_follows_from_the_other_tables(report: CountryReport) -> None:
    """T03b counts returnees by age, T08 the young as the base of a rate, T07a all of them: what is
    left over is never a single age of few persons.
    """
    tables = {
        i.id: i.published()
        for c in report.chapters.values()
        for i in c.items
        if isinstance(i, Table)
    }
    ages = tables["T03b"][tables["T03b"]["row"].str.startswith("age: ")].set_index("row")["n"]
    young = tables["T08"].set_index(["row", "column"])["n"][
        "Young people not in employment, education or training", "returnees"
    ]
    known = ages.fillna(pd.Series({"age: 15-24": young}))
    profile = tables["T07"][
        tables["T07"]["row"].str.startswith("age: ") & (tables["T07"]["column"] == "returnees")
    ]
    if known.isna().sum() == 1:
        # alone among the ages: how many returnees were asked is then known from no other table
        sexes = tables["T03b"][tables["T03b"]["row"].str.startswith("sex: ")]["n"]
        took = tables["T10"].set_index(["row", "column"])["n"]
        assert sexes.isna().any()
        assert np.isnan(took["any measure", "returnees who took part"])
    assert (
        len(profile[profile["status"] == "confidential"]) == 0
        or (profile["status"].isin(["confidential", "secondary"])).sum() > 1
    )
    assert profile.set_index("row")["status"]["age: 15-24"] == "shown"


def test_no_budget_follows_from_the_others(report: CountryReport) -> None:
    """Of the parts of a published budget none is hidden alone: stages, models of a stage, sides,
    states of the register.
    """
    found = {
        i.id: i.cells for c in report.chapters.values() for i in c.items if isinstance(i, Table)
    }
    stages = found["T01"][found["T01"]["unit"] == "million EUR"].set_index("row")["status"]
    assert (stages.drop("All stages") != "shown").sum() != 1
    models = found["T01b"][
        (found["T01b"]["unit"] == "million EUR") & found["T01b"]["value"].notna()
    ]
    for stage, lines in some(models.groupby(models["row"].str.split(", M").str[0])):
        assert stages[stage] != "shown" or (lines["status"] != "shown").sum() != 1, stage
    for _, line in some(found["T02"][found["T02"]["unit"] == "share"].groupby("row")):
        assert (line["status"] != "shown").sum() != 1
    hidden = {
        (r.row != "All measures", r.column.split(",")[0])
        for r in found["T02"].itertuples()
        if r.status == "confidential"
    }
    again = {
        ("return measures" in r.row, r.row.split("-")[0])
        for r in found["T05"].itertuples()
        if r.status == "confidential"
    }
    assert hidden == again
    register = found["T05b"][
        (found["T05b"]["unit"] == "million EUR") & (found["T05b"]["value"] > 0)
    ]
    assert (register["status"] != "shown").sum() != 1


@pytest.mark.whole
def test_a_survey_with_groups_of_age_only_has_a_profile_by_age(
    evaluated: Callable[[str], Evaluation],
) -> None:
    """Armenia's file has no single years."""
    survey = evaluated("ARM")
    assert survey.survey is not None and "age" not in survey.survey.sample.frame.columns
    context = Context(survey, Rules(), language("en"))
    tables = {i.id: i for i in people(context).items if isinstance(i, Table)}
    ages = [row for row in tables["T07"].rows if row.startswith("age: ")]
    assert {"age: 25-34", "age: 65+"} <= set(ages)


def test_two_tables_of_one_id_are_refused(report: CountryReport) -> None:
    """The cells of one of the two would be decided on and the other's shown."""
    name, chapter = next((n, c) for n, c in report.chapters.items() if n == "data")
    table = next(item for item in chapter.items if isinstance(item, Table))
    again = replace(chapter, items=(*chapter.items, replace(table, title="Another")))
    with pytest.raises(ReportError, match=f"one id: {table.id}"):
        release(report.context, {name: again})
