"""What an outcome is comes from the template: its kind, and who has it. Outcomes that only some have
are made everybody's where nothing of them is 0, and are never a plain difference otherwise.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval.frame.template import template
from mismes_eval.tracer import TracerPanel
from mismes_eval.tracer.outcomes import Outcome, composites, declared, outcome_of

WORKS = [1, 2, 3, 1]


def panel(**columns: object) -> TracerPanel:
    frame = pd.DataFrame({"person_id": range(4), "wave": 0, "lstatus": WORKS, **columns})
    return TracerPanel.from_frame(frame)


def test_every_outcome_of_the_template_has_a_kind_that_is_known() -> None:
    columns = template("tracer_outcome").columns
    kinds = {c.outcome for c in columns} - {""}
    assert kinds == {"share", "score", "money", "months", "hours", "count"}
    assert {c.universe for c in columns} == {"", "employed", "business", "home", "participants"}
    yes_no = [c for c in columns if c.kind == "bool" or c.codes == "yesno"]
    assert yes_no and all(c.outcome == "share" for c in yes_no)
    assert all(c.outcome for c in columns if c.kind in ("int", "float") and c.name != "wave")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("intend_remig", "share"),
        ("earnings", "money"),
        ("earn_home_ppp", "money"),
        ("months_employed_12m", "months"),
        ("life_sat", "score"),
        ("employed_home", "share"),
    ],
)
def test_kinds_are_those_of_the_template(name: str, kind: str) -> None:
    found = declared(name)
    assert found is not None and found.kind == kind and found.comparable


@pytest.mark.parametrize("dtype", ["float64", "int8", "Int64", "bool", "boolean", "object"])
def test_a_column_of_the_office_is_a_share_where_it_says_yes_and_no(dtype: str) -> None:
    answers = pd.Series([1, 0, 0, 1]).astype(dtype)
    assert outcome_of(panel(own=answers), "own").kind == "share"
    assert outcome_of(panel(own=[1, 0, 2, 1]), "own") == Outcome("own")


def test_what_only_workers_have_counts_zero_for_the_others() -> None:
    """By hand: workers 40 and 30 hours, one contract; of the others nothing."""
    asked = {"whours": [40.0, np.nan, np.nan, 30.0], "contract": [1.0, np.nan, np.nan, np.nan]}
    made, outcomes = composites(panel(**asked), ["whours", "contract", "lstatus"])
    np.testing.assert_array_equal(made.values("whours", 0), [40, 0, 0, 30])
    np.testing.assert_array_equal(made.values("contract", 0), [1, 0, 0, np.nan])
    assert outcomes["whours"].composite and outcomes["whours"].comparable
    assert any("'whours': persons without work count as 0" in n for n in made.sample.flags)


def test_scores_of_workers_are_no_difference_of_the_same_persons() -> None:
    made, outcomes = composites(panel(skill_use=[4.0, np.nan, np.nan, 2.0]), ["skill_use"])
    assert not outcomes["skill_use"].comparable
    np.testing.assert_array_equal(made.values("skill_use", 0), [4, np.nan, np.nan, 2])
    own = outcome_of(panel(own_score=[7.5, np.nan, np.nan, 3.0]), "own_score")
    assert own.universe == "employed" and not own.comparable
    everybody = outcome_of(panel(own_score=[7.5, 1.0, np.nan, 3.0]), "own_score")
    assert everybody.comparable


def test_without_a_status_nothing_is_filled() -> None:
    frame = pd.DataFrame({"person_id": range(3), "wave": 0, "contract": [1.0, np.nan, 0.0]})
    made, outcomes = composites(TracerPanel.from_frame(frame), ["contract"])
    assert not outcomes["contract"].comparable
    assert np.isnan(made.values("contract", 0)[1])
