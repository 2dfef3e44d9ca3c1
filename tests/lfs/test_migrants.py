"""Who is a migrant: each preset gives the status that its rule says, unknown answers stay unknown,
and migrated_binary is refused with the reason.
"""

import pandas as pd
import pytest

from mismes_eval.errors import InputError, ParamsError
from mismes_eval.lfs import PRESETS, Definition, as_definition, migration_status


def persons(**columns):
    n = len(next(iter(columns.values())))
    base = {
        "age": [30] * n,
        "countrycode": ["MAR"] * n,
        "mig_birth_country": ["MAR"] * n,
        "mig_citizenship": ["MAR"] * n,
        "int_year": [2019] * n,
        "int_month": [6] * n,
        "mig_ever_abroad": [True] * n,
        "mig_worked_abroad": [True] * n,
        "mig_months_abroad_last": [12] * n,
        "mig_last_ret_ym": ["2015-01"] * n,
    }
    return pd.DataFrame(base | columns)


def test_presets_differ_where_their_rules_differ():
    f = persons(
        mig_months_abroad_last=[12, 4, 12, 2, 12, None],
        mig_worked_abroad=[True, True, False, True, True, True],
        mig_last_ret_ym=["2015-01", "2015-01", "2015-01", "2015-01", "1999-12", "2015-01"],
    )
    got = {
        name: ["?" if pd.isna(v) else v for v in migration_status(f, name)]
        for name in ("icls20", "hims_tunisia", "hims_morocco")
    }
    assert got["icls20"] == ["RET", "NON", "NON", "NON", "RET", "?"]
    assert got["hims_tunisia"] == ["RET", "RET", "RET", "NON", "RET", "?"]
    assert got["hims_morocco"] == ["RET", "RET", "RET", "NON", "NON", "?"]


def test_one_question_on_stays_or_work_abroad_is_enough():
    f = pd.DataFrame({"age": [30, 30, 30, 14], "mig_worked_abroad": [1, 0, None, 1]})
    got = ["?" if pd.isna(v) else v for v in migration_status(f, "worked_abroad")]
    assert got == ["RET", "NON", "?", "?"]
    stays = f.rename(columns={"mig_worked_abroad": "mig_ever_abroad"})
    assert ["?" if pd.isna(v) else v for v in migration_status(stays, "ever_abroad")] == got
    with pytest.raises(InputError, match="mig_worked_abroad"):
        migration_status(stays, "worked_abroad")
    both = f.assign(mig_ever_abroad=[1, 0, 0, 1])
    assert migration_status(both, "worked_abroad")[2] == "NON"


def test_a_delivered_status_counts_in_the_ages_of_the_definition():
    f = persons(age=[17, 18, 64, 65, 30], mig_status=["RET", "RET", "NON", "NON", None])
    rule = {"preset": "delivered", "age_min": 18, "age_max": 64}
    status = migration_status(f, rule)
    assert ["?" if pd.isna(v) else v for v in status] == ["?", "RET", "NON", "?", "?"]
    assert status.attrs["unknown"] == 1


def test_gld_needs_another_country():
    f = pd.DataFrame(
        {
            "age": [20] * 5,
            "migrated_binary": [0, 1, 1, 1, 1],
            "migrated_from_cat": [None, 5, 4, 6, 7],
        }
    )
    expected = ["NON", "RET", "INT_INTERNAL", "INT_INTERNAL", "?"]
    assert ["?" if pd.isna(v) else v for v in migration_status(f, "gld")] == expected
    assert migration_status(f, "gld").attrs["unknown"] == 1


def test_migrated_binary_is_refused_with_the_reason():
    f = pd.DataFrame({"age": [20, 30], "migrated_binary": [1, 1]})
    with pytest.raises(InputError, match="mixes internal and international moves") as error:
        migration_status(f, "gld")
    assert any("migrated_from_cat" in str(p) for p in error.value.problems)
    with pytest.raises(InputError, match="refused as 'returnee'"):
        migration_status(f.assign(migrated_from_cat=[None, None]), "gld")


def test_age_limit_immigrants_lookback_and_absent_members():
    f = persons(
        age=[14, 30, 30, 30],
        mig_birth_country=["MAR", "FRA", "MAR", "MAR"],
        mig_ever_abroad=[True, True, True, False],
        mig_absent=[False, False, False, True],
    )
    rule = Definition(lookback_months=24)
    expected = ["?", "IMM", "NON", "CUR_ABS"]
    assert ["?" if pd.isna(v) else v for v in migration_status(f, rule)] == expected
    assert migration_status(f, Definition(lookback_months=60)).tolist()[2] == "RET"


def test_every_missing_column_and_impossible_date_is_named():
    with pytest.raises(InputError) as error:
        migration_status(pd.DataFrame({"age": [20]}), "icls20")
    assert {p.where for p in error.value.problems} == {
        f"column '{c}'"
        for c in ("mig_birth_country", "countrycode", "mig_months_abroad_last", "mig_worked_abroad")
    }
    with pytest.raises(InputError, match="after the interview"):
        migration_status(persons(mig_last_ret_ym=["2020-01"]), Definition(lookback_months=12))
    with pytest.raises(InputError, match="YYYY-MM"):
        migration_status(persons(mig_last_ret_ym=["last year"]), "hims_morocco")


def test_params_are_strict_and_the_text_says_all():
    assert as_definition({"preset": "icls20", "min_months_abroad": 3}).min_months_abroad == 3
    with pytest.raises(ParamsError, match="min_month"):
        as_definition({"preset": "icls20", "min_month": 3})
    with pytest.raises(ParamsError, match="icls21"):
        as_definition("icls21")
    with pytest.raises(ParamsError, match="GLD columns hold neither"):
        as_definition({"preset": "gld", "require_work_abroad": True})
    text = PRESETS["icls20"].text
    assert "6 months" in text and "with work there" in text and "15+" in text and "ICLS" in text
    assert "2000-01" in PRESETS["hims_morocco"].text


def test_grouped_age_must_not_straddle_the_limit():
    f = persons(age=[None, None]).assign(age_group=["10-14", "15-19"])
    assert ["?" if pd.isna(v) else v for v in migration_status(f, "hims_tunisia")] == ["?", "RET"]
    with pytest.raises(InputError, match="straddles"):
        migration_status(f.assign(age_group=["10-19", "15-19"]), "hims_tunisia")


def test_not_applicable_means_that_nobody_moved():
    """GLD leaves the questions on a move out for those who did not migrate: NON, not unknown; other
    reasons stay unknown, and an answer stands before a reason.
    """
    f = pd.DataFrame(
        {
            "age": 30,
            "migrated_from_cat": [5, None, None, None, 2],
            "migrated_from_cat_miss": [None, "NA_notapp", "REF", None, "NA_notapp"],
            "migrated_years": [2, None, None, None, 1],
            "migrated_years_miss": [None, "NA_notapp", "DK", None, None],
        }
    )
    status = migration_status(f, "gld")
    assert ["?" if pd.isna(v) else v for v in status] == ["RET", "NON", "?", "?", "INT_INTERNAL"]
    assert status.attrs["unknown"] == 2
    recent = migration_status(f, {"preset": "gld", "lookback_months": 60})
    assert ["?" if pd.isna(v) else v for v in recent][:3] == ["RET", "NON", "?"]
