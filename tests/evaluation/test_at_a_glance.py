"""What an economist leaves as the last line of a cell shows itself in a few lines: params,
evidence, inventory, effects, the design; never a printed array.
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval import inventory as inventories
from mismes_eval import lfs
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.frame.summary_html import as_html, as_text


@pytest.fixture(scope="module")
def params(root: Path) -> me.Params:
    return me.Params.load(root / "params" / "MDA.yaml")


def test_facts_are_escaped_and_notes_stand_once() -> None:
    html = as_html("a < b", {"rows": "1 & 2"}, ("x", "x", "y"))
    assert "a &lt; b" in html and "1 &amp; 2" in html
    assert html.count("<small>x</small>") == 1
    assert as_text("t", {"a": 1, "long": 2}) == "t\na     1\nlong  2"


def test_params_show_what_the_file_gives_and_no_place_of_this_machine(
    params: me.Params, root: Path
) -> None:
    for shown in (params._repr_html_(), repr(params)):
        assert "data_raw/MDA/lfs_person.parquet" in shown
        assert str(root) not in shown
        assert "keys" in shown
    assert all(k in repr(params) for k in params.given)


def test_evidence_that_is_not_supplied_is_said(params: me.Params) -> None:
    empty = me.Evaluation(params, None, None, None, None, None, None, None, None)
    assert repr(empty).count("not supplied") == 6
    assert "Evaluation of MDA" in empty._repr_html_()


def test_an_inventory_counts_its_measures_and_budgets(params: me.Params) -> None:
    register = inventories.read(params.inputs.inventory)
    known = int(register.frame.loc[register.counted, "budget_eur"].notna().sum())
    assert f"EUR of {known} measures" in repr(register)
    assert f"measures      {len(register):,}" in repr(register)
    assert len(repr(register).splitlines()) < 10
    html = register.completeness()._repr_html_()
    assert f"Completeness {register.completeness().overall:.1%}" in html
    assert html.count("<tr>") == 10


def test_effects_are_a_table_with_reasons() -> None:
    frame = pd.DataFrame({"w": 1.0, "y": [1.0, 2.0, 3.0, 5.0]})
    found = me.mean(me.Sample.from_frame(frame, weights="w"), "y")
    both = Effects(
        "A<1",
        {("employed", 1): found, ("employed", 2): me.NotEstimable("nobody answered")},
        {},
        {},
        {},
        1234,
        10,
    )
    table = both.to_frame()
    assert table["why not"].tolist() == ["", "nobody answered"]
    assert table["value"].iloc[0] == pytest.approx(2.75)
    html = both._repr_html_()
    assert "A&lt;1" in html and "1,234 treated" in html and "NaN" not in html
    assert replace(both, by_wave={}).to_frame().empty


def test_a_definition_and_a_design_speak_in_sentences() -> None:
    assert "3 months" in lfs.as_definition("hims_tunisia")._repr_html_()
    sample = me.Sample.from_frame(pd.DataFrame({"w": 1.0, "y": range(5000)}), weights="w")
    assert repr(sample.design).startswith("SurveyDesign of 5,000 rows. Variance: linearised")
    assert "array" not in repr(sample.design)
