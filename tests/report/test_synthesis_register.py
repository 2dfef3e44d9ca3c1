"""Disclosure: the evaluation register hides a budget that is one funder's, and what would give it
away.
"""

import pandas as pd

from mismes_eval.report.chapters.portfolio import hidden_groups


def test_the_register_hides_a_budget_that_is_one_funder_s_and_what_would_give_it_away() -> None:
    alone = pd.DataFrame(
        {
            "status": ["evaluated"] + ["overdue"] * 6,
            "budget_eur": [5.0, 1, 2, 3, 2, 1, 2],
            "funder_main": list("abcdefg"),
        }
    )
    assert hidden_groups(alone, "status") == {"evaluated", "overdue"}
    many = pd.DataFrame(
        {
            "status": ["evaluated"] * 5 + ["overdue"] * 6,
            "budget_eur": [5.0, 4, 5, 4, 5, 1, 2, 3, 2, 1, 2],
            "funder_main": list("abcdefghijk"),
        }
    )
    assert hidden_groups(many, "status") == set()


def test_published_amounts_are_not_hidden_and_hide_nothing() -> None:
    """One funder's own amount beside published ones: the other own amounts cover it, a published
    one does not, since everybody can subtract it.
    """
    frame = pd.DataFrame(
        {
            "status": ["evaluated", "overdue", "overdue", "later", "later", "later", "later"],
            "budget_eur": [5.0, 6, 7, 4, 5, 6, 5],
            "funder_main": list("abcdefg"),
            "source_type": ["INTERVIEW", "REGISTER", "WEB", *["QUESTIONNAIRE"] * 4],
        }
    )
    assert hidden_groups(frame, "status") == {"evaluated", "later"}
    everybody_knows = frame.assign(source_type="REGISTER")
    assert hidden_groups(everybody_knows, "status") == set()
