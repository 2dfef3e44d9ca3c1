"""Disclosure: a linear-programming attack on random tables and on a whole report recovers no hidden cell, and no output holds a hidden number."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import DisclosureError, ParamsError
from mismes_eval.evaluation.params import Params
from mismes_eval.report.country import CountryReport, country_report
from mismes_eval.report.disclosure import Partition, Relation, attack, dominance, protect, protect_tables, recovered
from mismes_eval.report.language import language
from mismes_eval.report.rules import Rules
from mismes_eval.report.session import Session
from mismes_eval.report.tables import COLUMNS, HIDDEN, POOR, Table


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


def test_a_group_hidden_in_one_table_is_hidden_in_every_table_that_counts_the_same_persons() -> None:
    rows = [("men", 40.0, 0.5, "shown"), ("women", 6.0, 0.25, "confidential"), ("all", 46.0, 0.47, "shown")]
    first = Table("A", "first", pd.DataFrame([cell(*r) for r in rows], columns=list(COLUMNS)))
    second = Table("B", "second", pd.DataFrame([cell(r[0], r[1], r[2], "shown") for r in rows], columns=list(COLUMNS)))
    part = [Partition("persons", "all", ("men", "women"))]
    (a, b), audit = protect_tables([first, second], {"A": part, "B": part})
    assert b.cells.set_index("row").loc["women", "status"] == "confidential"
    assert a.cells.set_index("row").loc["men", "status"] == "secondary" or a.cells.set_index("row").loc["all", "status"] == "secondary"
    assert {"women"} <= set(audit["row"])
    html, published = a.to_html(), a.published().set_index("row")
    assert "25.0" not in html
    assert "0.25" not in html
    assert np.isnan(published.loc["women", "value"])
    assert np.isnan(published.loc["women", "n"])


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
        small = shown[shown["kind"].isin(["share", "proportion", "total"]) & (shown["n"] > 0) & (shown["n"] < 10)]
        assert small.empty, table.id
        means = shown[shown["kind"].isin(["mean", "quantile", "ratio"]) & (shown["n"] > 0) & (shown["n"] < 30)]
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
            estimated = table.cells[(table.cells["status"] == "shown") & table.cells["kind"].isin(["share", "proportion", "total", "mean", "quantile"])]
            assert estimated["n"].notna().all(), table.id
            assert estimated["se"].notna().all(), table.id
            assert table.synthetic
            assert "SYNTHETIC" in table.to_html()
