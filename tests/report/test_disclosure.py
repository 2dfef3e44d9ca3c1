"""Disclosure: a linear-programming attack on random tables and on a whole report recovers no hidden
cell, and no output holds a hidden number.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import DisclosureError, ParamsError
from mismes_eval.evaluation.params import Params
from mismes_eval.report.country import CountryReport, country_report
from mismes_eval.report.document.language import language
from mismes_eval.report.document.protect import (
    Partition,
    Relation,
    attack,
    attack_report,
    dominance,
    protect,
    protect_tables,
    protected_levels,
    recovered,
    system,
)
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import COLUMNS, HIDDEN, POOR, Table
from mismes_eval.report.session import Session


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


def test_no_hidden_cell_of_200_random_tables_is_recovered() -> None:
    rng = np.random.default_rng(20150601)
    protected = 0
    for _ in range(200):
        values, relations = random_table(rng)
        small = [k for k, v in values.items() if 0 < v < 10]
        done = protect(values, small, relations)
        assert not recovered(done.interval)
        for cell in small:
            low, high = done.interval[cell]
            assert low <= values[cell] - min(1.0, values[cell]) + 1e-6
            assert high >= values[cell] + 1.0 - 1e-6
        protected += len(small)
    assert protected > 200


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


def cell(row: str, n: float, value: float, status: str) -> dict[str, object]:
    return dict.fromkeys(COLUMNS, np.nan) | {
        "row": row,
        "column": "rate",
        "value": value,
        "se": 0.01,
        "n": n,
        "flag": "",
        "kind": "share",
        "unit": "share",
        "definition": "",
        "status": status,
    }


def test_a_group_hidden_in_one_table_is_hidden_in_every_table_that_counts_the_same_persons() -> (
    None
):
    rows = [
        ("men", 40.0, 0.5, "shown"),
        ("women", 6.0, 0.25, "confidential"),
        ("all", 46.0, 0.47, "shown"),
    ]
    first = Table("A", "first", pd.DataFrame([cell(*r) for r in rows], columns=list(COLUMNS)))
    second = Table(
        "B",
        "second",
        pd.DataFrame([cell(r[0], r[1], r[2], "shown") for r in rows], columns=list(COLUMNS)),
    )
    part = [Partition("persons", "all", ("men", "women"))]
    (a, b), audit = protect_tables([first, second], {"A": part, "B": part})
    assert b.cells.set_index("row").loc["women", "status"] == "confidential"
    assert (
        a.cells.set_index("row").loc["men", "status"] == "secondary"
        or a.cells.set_index("row").loc["all", "status"] == "secondary"
    )
    assert {"women"} <= set(audit["row"])
    html, published = a.to_html(), a.published().set_index("row")
    assert "25.0" not in html
    assert "0.25" not in html
    assert np.isnan(published.loc["women", "value"])
    assert np.isnan(published.loc["women", "n"])


def test_a_difference_gives_nothing_away() -> None:
    """Of a, b and a - b, none is hidden alone."""
    cells = pd.DataFrame(
        [
            cell("age", n, 0.5, status) | {"column": c}
            for c, n, status in (
                ("a", 6.0, "confidential"),
                ("b", 40.0, "shown"),
                ("gap", 44.0, "shown"),
            )
        ],
        columns=list(COLUMNS),
    )
    (table,), _ = protect_tables(
        [Table("A", "first", cells)],
        {"A": [Partition("p", "gap", ("a", "b"), "columns", contrast=True)]},
    )
    assert (table.cells["status"] != "shown").sum() >= 2


def test_groups_that_are_everybody_and_groups_with_others_besides() -> None:
    def tables(n_all: float) -> list[Table]:
        rows = [
            cell("rate", n, 0.5, s) | {"column": c}
            for c, n, s in (
                ("ret", 6.0, "confidential"),
                ("non", 40.0, "shown"),
                ("all", n_all, "shown"),
            )
        ]
        return [Table("A", "first", pd.DataFrame(rows, columns=list(COLUMNS)))]

    part = {"A": [Partition("p", "all", ("ret", "non"), "columns", rest=True)]}
    closed, _ = protect_tables(tables(46.0), part)
    assert (closed[0].cells["status"] == "secondary").sum() == 1
    open_, _ = protect_tables(tables(60.0), part)
    assert (open_[0].cells["status"] == "secondary").sum() == 0
    assert attack_report(tables(46.0), part) == [("p", "rate", "ret")]
    assert attack_report(closed, part) == []


def test_parts_of_a_whole_that_stands_elsewhere() -> None:
    rows = [
        cell(r, n, 1.0, s)
        for r, n, s in (
            ("age: young", 20.0, "confidential"),
            ("age: old", 50.0, "shown"),
            ("age: middle", 90.0, "shown"),
        )
    ]
    table = Table("A", "first", pd.DataFrame(rows, columns=list(COLUMNS)))
    part = {"A": [Partition("p", "", ("age: young", "age: old", "age: middle"))]}
    assert attack_report([table], part) == [("p", "age: young", "rate")]
    done, _ = protect_tables([table], part)
    assert attack_report(done, part) == []


def test_levels_of_a_profile_over_random_counts() -> None:
    """No small count follows from the sizes of the groups and the other levels, with and without
    persons in no group.
    """
    rng = np.random.default_rng(7)
    hidden = 0
    for _ in range(40):
        parts = pd.DataFrame(
            rng.negative_binomial(1, 0.03, (5, 2)),
            columns=["ret", "non"],
            index=[f"l{i}" for i in range(5)],
        )
        counts = parts.assign(all=parts.sum(axis=1) + rng.integers(0, 2) * rng.integers(0, 30, 5))
        status = protected_levels(counts, 10, "all")
        small = (counts > 0) & (counts < 10)
        assert (status[small] != "shown").where(small, True).all(axis=None)
        for group in counts:
            line = status[group] != "shown"
            assert not (small[group].any() and line.sum() == 1)
        for level in counts.index:
            if (
                counts.loc[level, "all"] == counts.loc[level, ["ret", "non"]].sum()
                and small.loc[level].any()
            ):
                assert (status.loc[level] != "shown").sum() != 1
        hidden += int(small.to_numpy().sum())
    assert hidden > 50


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
def report(root: Path, tmp_path_factory: pytest.TempPathFactory) -> CountryReport:
    params = Params.load(root / "params" / "MDA.yaml")
    return country_report(Session(params, tmp_path_factory.mktemp("work"), language("en"), True))


def test_a_whole_report_shows_no_small_cell_and_lists_what_it_hides(report: CountryReport) -> None:
    tables = [i for c in report.chapters.values() for i in c.items if isinstance(i, Table)]
    assert len(tables) >= 20
    hidden = 0
    for table in tables:
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


def test_every_number_with_sampling_error_carries_n_and_definition(report: CountryReport) -> None:
    for chapter in report.chapters.values():
        for table in (i for i in chapter.items if isinstance(i, Table)):
            estimated = table.cells[
                (table.cells["status"] == "shown")
                & table.cells["kind"].isin(["share", "proportion", "total", "mean", "quantile"])
            ]
            assert estimated["n"].notna().all(), table.id
            assert estimated["se"].notna().all(), table.id
            assert table.synthetic
            assert "SYNTHETIC" in table.to_html()


def test_an_attack_on_the_whole_report_recovers_no_hidden_cell(report: CountryReport) -> None:
    tables = [i for c in report.chapters.values() for i in c.items if isinstance(i, Table)]
    partitions = {k: v for c in report.chapters.values() for k, v in c.partitions.items()}
    s = system(tables, partitions)
    assert len(s.relations) >= 20
    assert s.primary
    assert attack_report(tables, partitions) == []
    naive = attack(s.values, [*s.primary, *s.unpublished], s.relations)
    assert recovered({k: naive[k] for k in s.primary})  # without the secondary cells it would


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
    assert known.isna().sum() != 1
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
    stages = found["T01"][found["T01"]["unit"] == "EUR"].set_index("row")["status"]
    assert (stages.drop("All stages") != "shown").sum() != 1
    models = found["T01b"][(found["T01b"]["unit"] == "EUR") & found["T01b"]["value"].notna()]
    for stage, lines in models.groupby(models["row"].str.split(", M").str[0]):
        assert stages[stage] != "shown" or (lines["status"] != "shown").sum() != 1, stage
    for _, line in found["T02"][found["T02"]["unit"] == "share"].groupby("row"):
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
    register = found["T05b"][(found["T05b"]["unit"] == "EUR") & (found["T05b"]["value"] > 0)]
    assert (register["status"] != "shown").sum() != 1
